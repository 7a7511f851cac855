"""Latent factors: what moves a pool of donors, found in their returns, stands for what was to be expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import numpy as np

from eventstudy._typing import Bools, Floats
from eventstudy.abnormal.models.donor_pool import Exclude, described, named, no_rows
from eventstudy.abnormal.models.eigenvectors import leading
from eventstudy.abnormal.models.protocol import Split
from eventstudy.checks import check_fields, word
from eventstudy.errors import StudyError

Criterion = Literal["cv", "ic", "er"]
Axes = Literal["joint", "projected"]
Fit = Literal["pc", "interactive"]

MOST: Final = 8
"""Components that a criterion may choose at most (METHODS-2, section 8)."""

FEWEST_DONORS: Final = 10
"""Fewer donors on a date, or fewer than three a component, give no factors to speak of."""


@dataclass(frozen=True, slots=True)
class LatentFactorModel:
    """AR = R - a - b'F, F the principal components of a pool of donors; k = 1 + components.

    Parameters
    ----------
    donors : sequence of str
        Symbols of the panel. A donor that is studied itself is left out on the dates of its own events.
    components : {"cv", "ic", "er"} or int
        How many: the number with the least leave-one-out error of the studied securities of the date (``"cv"``), by
        Bai and Ng's ICp2 (``"ic"``), by Ahn and Horenstein's eigenvalue ratio (``"er"``), or a number. The criteria choose
        up to 8, a twentieth of the bars and a third of the donors.
    factors : {"joint", "projected"}
        Components of the estimation and event bars together, or those of the estimation bars, and the donors of the event
        bars projected on them; the latter shrinks weak factors in the event window (Lee, Zou and Wright 2010).
    fit : {"pc", "interactive"}
        Donors centred at their means over the estimation bars (``"pc"``), or unit effects and factors found together over all
        bars, the interactive fixed effects of Bai (2009) in the two steps of Xu (2017).
    exclude : {"overlap", "ever_treated", "never"}
        Which donors with events of their own are left out: those whose event window meets that of the date, all, or none.

    Notes
    -----
    Given F, loadings are least squares on [1, F] over the estimation bars, so that AR, its variance
    sigma^2 (I + X* (X'X)^-1 X*') and t(M - 1 - r) are those of a factor model. The estimation error of F, of order
    J^-1/2, is the same in both windows (``"joint"``) and stands in sigma^2; neglected is the dependence of the studied
    through it, of order 1/J. A donor lacking up to 2 % of the estimation bars is filled by a rank-r expectation
    maximisation; with more holes, or one in the event window, it is left out. Fewer than 10 donors, or 3 a component:
    the date is excluded, ``few_donors``. Donors that react to the event themselves pull the abnormal return towards 0.

    With a criterion the number is chosen once a date, for all securities studied on it; placebo dates take the number most
    often chosen at the real ones.

    Raises
    ------
    StudyError
        No donor, one twice, a word that is none of those above, a negative number of components.

    Examples
    --------
    >>> LatentFactorModel(("KO", "PEP", "KDP"), components=1).k
    2
    """

    donors: Sequence[str]
    components: Criterion | int = "cv"
    factors: Axes = "joint"
    fit: Fit = "pc"
    exclude: Exclude = "overlap"

    forecast: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_fields(self)
        object.__setattr__(self, "donors", named(self.donors, 1))
        if isinstance(self.components, (bool, float)) or (isinstance(self.components, int) and self.components < 0):
            msg = f"components={self.components!r} is neither a criterion nor a number of 0 or more"
            raise StudyError(msg)
        if not isinstance(self.components, (int, np.integer)):
            word(self.components, Criterion, "components")
        if self.fit == "interactive" and self.factors == "projected":
            msg = (
                "fit='interactive' finds the factors of both windows together; leave factors='joint', or take fit='pc'"
            )
            raise StudyError(msg)

    def __repr__(self) -> str:
        return described(self)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The donors."""
        return tuple(self.donors)

    @property
    def most(self) -> int:
        """The most components that there can be."""
        return MOST if isinstance(self.components, str) else int(self.components)

    @property
    def k(self) -> int:
        """The most mean parameters: the constant and the components."""
        return 1 + self.most

    def split(self, series: Floats | None) -> Split:
        """Return nothing: the factors of a date are found from the donors of that date."""
        return no_rows(series)


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The leading axes of the donors of one date.

    Attributes
    ----------
    estimation : (M, q) float
        Scores on the estimation bars, the largest axis first.
    window : (V, q) float
        Scores on the bars of the event window.
    value : (q,) float
        Eigenvalues: sums of squares along the axes.
    total : float
        Sum of squares of all donors.
    donors, bars : int
        Donors, and bars on which the axes were found.
    """

    estimation: Floats
    window: Floats
    value: Floats
    total: float
    donors: int
    bars: int

    def share(self, number: int) -> float:
        """Return the share of the donors' sum of squares that so many components have."""
        return float(self.value[:number].sum() / self.total) if self.total > 0 else np.nan


def centred(gram: Floats, weight: Floats) -> Floats:
    """Return the Gram matrix (n, n) of donors less their means by `weight` (n,), from that of the donors as they are."""
    mean = gram @ weight
    both: Floats = gram - mean[:, None] - mean[None, :] + weight @ mean
    return both


def means_over(bars: int, window: int, *, everywhere: bool) -> Floats:
    """Return the weights (bars + window,) by which donors are centred: over the estimation bars, or over all."""
    weight = np.zeros(bars + window)
    part = slice(None) if everywhere else slice(bars)
    weight[part] = 1.0 / weight[part].size
    return weight


def spectrum(gram: Floats, bars: int, count: int, axes: Axes, donors: int) -> Spectrum:
    """Return the leading axes from the centred Gram matrix (bars + V, bars + V), the estimation bars first."""
    if axes == "joint":
        value, vector = leading(gram, count)
        return Spectrum(vector[:bars], vector[bars:], value, float(np.trace(gram)), donors, len(gram))
    value, vector = leading(gram[:bars, :bars], count)
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead = np.where(value > 0, gram[bars:, :bars] @ vector / value, 0.0)
    return Spectrum(vector, ahead, value, float(np.trace(gram[:bars, :bars])), donors, bars)


def ceiling(bars: int, donors: int) -> int:
    """Return how many components a criterion may choose from."""
    return int(min(MOST, bars // 20, donors // 3))


def bai_ng(found: Spectrum, most: int) -> int:
    """Return the number of components that minimises ICp2 = ln V(r) + r (J + T)/(JT) ln min(J, T) (Bai and Ng 2002)."""
    j, t = found.donors, found.bars
    left = found.total - np.concatenate([[0.0], np.cumsum(found.value[:most])])
    with np.errstate(divide="ignore", invalid="ignore"):
        criterion = np.log(left / (j * t)) + np.arange(left.size) * (j + t) / (j * t) * np.log(min(j, t))
    return int(np.nanargmin(criterion)) if np.isfinite(criterion).any() else 0


def eigenvalue_ratio(found: Spectrum, most: int) -> int:
    """Return the number r with the largest ratio of eigenvalue r to r + 1, mu_0 = sum(mu)/ln min(J, T).

    Ahn and Horenstein (2013), with their mock eigenvalue, so that 0 can be chosen.
    """
    mock = found.total / np.log(min(found.donors, found.bars))
    value = np.concatenate([[mock], found.value[: most + 1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = value[:-1] / value[1:]
    return int(np.nanargmax(ratio)) if np.isfinite(ratio).any() else 0


def leave_one_out(response: Floats, there: Bools, scores: Floats, most: int) -> int:
    """Return the number of components with the least sum of squared leave-one-out errors (e/(1 - h))^2.

    Shapes: response (n, M), there (n, M), scores (M, q). The number is one for all n securities (Xu 2017, section 3.3).
    """
    press = np.zeros(most + 1)
    whole = there.all(axis=1)
    if whole.any():
        press += _press(response[whole], scores[:, :most])
    for row in np.flatnonzero(~whole):
        own = there[row]
        if own.sum() > most + 1:
            press += _press(response[row, own][None], scores[own, :most])
    return int(press.argmin())


def _press(response: Floats, scores: Floats) -> Floats:
    """Return (q + 1,): the sum over securities and bars of (e/(1 - h))^2 with 0, 1, .., q components."""
    basis, _ = np.linalg.qr(np.column_stack([np.ones(len(scores)), scores]))
    share = response @ basis
    # a column at a time: sum_i (e_i - c_i q)^2 = sum_i e_i^2 - 2 q sum_i c_i e_i + q^2 sum_i c_i^2 on each bar
    along, between = response.T @ share, share.T @ share
    square = np.vecdot(response.T, response.T)
    leverage = np.zeros(len(scores))
    found = np.empty(basis.shape[1])
    for at in range(found.size):
        column = basis[:, at]
        cross = along[:, at] - basis[:, :at] @ between[:at, at]
        square = square - 2.0 * column * cross + column * column * between[at, at]
        leverage += column * column
        found[at] = (square / (1.0 - leverage) ** 2).sum()
    return found


def choose(model: Any, found: Spectrum, response: Floats, there: Bools) -> int:
    """Return the number of components of one date: by the model's criterion, or as it says."""
    if not isinstance(model.components, str):
        return int(model.components)
    most = min(ceiling(len(found.estimation), found.donors), found.value.size)
    if model.components == "cv" and there.any():
        return leave_one_out(response, there, found.estimation, most)
    return eigenvalue_ratio(found, most) if model.components == "er" else bai_ng(found, most)


def fill(complete: Floats, holed: Floats, missing: Bools, weight: Floats, number: int) -> Floats:
    """Return donors (n, f) with their `missing` cells filled by a rank-`number` expectation maximisation.

    Shapes: complete (n, n), the centred Gram matrix of the donors without holes; holed (n, f), missing (n, f).

    Notes
    -----
    Each step centres the donors, projects them on the leading axes of all donors and puts the projection into the holes
    (Stock and Watson 2002, appendix A), until no hole moves by 1e-8 of the donors' scale, 200 steps at most.
    """
    filled = np.where(missing, 0.0, holed)
    there = (~missing) * weight[:, None]
    filled = np.where(missing, (there * filled).sum(axis=0) / there.sum(axis=0), filled)
    scale = float(np.abs(filled).max(initial=0.0))
    for _ in range(200):
        mean = weight @ filled
        moved = filled - mean
        _, axes = leading(complete + moved @ moved.T, max(number, 1))
        guess = axes @ (axes.T @ moved) + mean
        step = float(np.abs(np.where(missing, guess - filled, 0.0)).max(initial=0.0))
        filled = np.where(missing, guess, filled)
        if step <= 1e-8 * scale:
            break
    return filled
