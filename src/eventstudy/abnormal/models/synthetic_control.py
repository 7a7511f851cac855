"""Synthetic controls: the mixture of donors that moved as the studied security did stands for what was to be expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal.models.donor_pool import Exclude, described, named, no_rows
from eventstudy.abnormal.models.old_names import controls_are_donors
from eventstudy.abnormal.models.protocol import Split
from eventstudy.abnormal.models.simplex import Weights, simplex_weights
from eventstudy.abnormal.orthonormal import RANK_TOLERANCE
from eventstudy.checks import check_fields
from eventstudy.errors import StudyError


@controls_are_donors
@dataclass(frozen=True, slots=True)
class SyntheticControl:
    """AR = R - a - sum w_j R_j; weights that are not negative and sum to one, fitted on each estimation window.

    Parameters
    ----------
    donors : sequence of str
        Symbols of the donors, two at least; there may be ten thousand. One that is studied itself is left out on the dates of
        its own events.
    intercept : bool
        Whether a constant is fitted along (demeaned synthetic control: Doudchenko and Imbens 2016; Ferman and Pinto 2021).
        Without it a drift that no mixture of donors has stays in the abnormal return.
    ridge : float
        Penalty zeta on the sum of squared weights, in squared returns: the weights minimise (y - D'w)'(y - D'w) + zeta w'w.
    exclude : {"overlap", "ever_treated", "never"}
        Which donors with events of their own are left out: those whose event window meets that of the date, all, or none.

    Notes
    -----
    Abadie, Diamond and Hainmueller (2010), without covariates; for event studies Goldsmith-Pinkham and Lyu, "Causal
    Inference in Financial Event Studies". The weights come with a certificate of optimality (`StudyResult.donors`). A donor
    with a missing return in the estimation or event window is left out.

    With a positive weights, a - 1 parameters are free, and the constant: df = M - (a - 1) - 1, sigma^2 = SSE/df, and the
    forecast variance is that of least squares on the face of those donors, sigma^2 (1 + x'(X'X)^-1 x), x = (1, d_j - d_1).
    Donors of weight zero cost nothing (the dimension of the active face, as for the lasso: Zou, Hastie and Tibshirani 2007).
    With a ridge, a - 1 and the forecast variance are those of ridge regression on the face (Hastie, Tibshirani and Friedman 2009, 3.4.1).
    On one common date, `time_series` counts the constant alone. Securities whose loadings lie at the edge of the donors' are
    pulled to the middle: `LatentFactorModel` is not. Donors that react to the event themselves are no donors.

    Raises
    ------
    StudyError
        Fewer than two donors, one twice, a negative penalty.

    Examples
    --------
    >>> SyntheticControl(("KO", "PEP", "KDP"), intercept=False)
    SyntheticControl(('KO', 'PEP', 'KDP'), intercept=False, ridge=0.0, exclude='overlap')
    """

    donors: Sequence[str]
    intercept: bool = True
    ridge: float = 0.0
    exclude: Exclude = "overlap"

    k: ClassVar[int] = 1
    forecast: ClassVar[bool] = True
    forecast_columns: ClassVar[tuple[int, ...]] = ()

    def __post_init__(self) -> None:
        check_fields(self)
        object.__setattr__(self, "donors", named(self.donors, 2))
        if not 0 <= self.ridge < np.inf:
            msg = f"ridge={self.ridge!r} is no penalty; give a number of 0 or more, in squared returns"
            raise StudyError(msg)

    def __repr__(self) -> str:
        return described(self)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The donors."""
        return tuple(self.donors)

    def split(self, series: Floats | None) -> Split:
        """Return nothing: the mixture is found for each security-event."""
        return no_rows(series)


@dataclass(frozen=True, slots=True)
class SyntheticDiD:
    """Synthetic difference-in-differences: donors weighted to move as the security, estimation bars to resemble the window.

    Parameters
    ----------
    donors : sequence of str
        Symbols of the donors, two at least.
    exclude : {"overlap", "ever_treated", "never"}
        Which donors with events of their own are left out, as in `SyntheticControl`.

    Notes
    -----
    Arkhangelsky, Athey, Hirshberg, Imbens and Wager (2021), algorithm 1, for one studied security: donor weights omega with an
    intercept and the ridge zeta^2 M, zeta = L^(1/4) times the standard deviation of the donors' first differences over the
    estimation bars; bar weights lambda with an intercept and 1e-6 of that standard deviation.
    AR_t = R_t - omega'R_t,donors less its lambda-weighted mean over the estimation bars, so that the CAR of the event window is L tau.
    Returns have no trend for lambda to balance: offered, no default.

    sigma^2 is that of the demeaned synthetic control with these weights; the variance counts lambda'lambda in place of 1/M
    and the face of the donors as if their weights were least squares: approximate, `StudyResult.in_space` is not.

    Examples
    --------
    >>> SyntheticDiD(("KO", "PEP", "KDP")).symbols
    ('KO', 'PEP', 'KDP')
    """

    donors: Sequence[str]
    exclude: Exclude = "overlap"

    k: ClassVar[int] = 1
    forecast: ClassVar[bool] = True
    forecast_columns: ClassVar[tuple[int, ...]] = ()

    def __post_init__(self) -> None:
        check_fields(self)
        object.__setattr__(self, "donors", named(self.donors, 2))

    def __repr__(self) -> str:
        return described(self)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The donors."""
        return tuple(self.donors)

    def split(self, series: Floats | None) -> Split:
        """Return nothing: the mixture is found for each security-event."""
        return no_rows(series)


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a mixture of donors says of one security-event.

    Attributes
    ----------
    weights : Weights
    expected : (L,) float
        Normal return of the event bars.
    residual : (M,) float
        Of the estimation bars.
    basis, ahead : (c, M) and (c, L) float
        Orthonormal columns of the face on the estimation bars, and the event bars in their coordinates: the variance of the
        forecast is sigma^2 |ahead_t|^2.
    df : int
        Residual degrees of freedom.
    """

    weights: Weights
    expected: Floats
    residual: Floats
    basis: Floats
    ahead: Floats
    df: int

    @property
    def sigma(self) -> float:
        """Residual standard deviation."""
        return float(np.sqrt(self.residual @ self.residual / self.df)) if self.df > 0 else np.nan


@dataclass(frozen=True, slots=True)
class DonorWindows:
    """The donors of one date, ready to be mixed.

    Attributes
    ----------
    estimation, window : (J, M) and (J, L) float
        Returns, complete.
    centred : (J, M) float
        Those of the estimation bars less the donor's mean, where the model has a constant.
    square : (J,) float
        Sums of squares of `centred`.
    lam : (M,) float or None
        Weights of the estimation bars, of a `SyntheticDiD`.
    ridge : float
    intercept : bool
    """

    estimation: Floats
    window: Floats
    centred: Floats
    square: Floats
    lam: Floats | None
    ridge: float
    intercept: bool

    def less(self, donor: int) -> DonorWindows:
        """Return the pool without one donor; bar weights stay, which one donor of many does not move much."""
        return replace(
            self,
            estimation=np.delete(self.estimation, donor, axis=0),
            window=np.delete(self.window, donor, axis=0),
            centred=np.delete(self.centred, donor, axis=0),
            square=np.delete(self.square, donor),
        )


def donor_windows(model: SyntheticControl | SyntheticDiD, estimation: Floats, window: Floats) -> DonorWindows:
    """Return the donors of one date; shapes: estimation (J, M), window (J, L)."""
    if isinstance(model, SyntheticControl):
        intercept, ridge, lam = model.intercept, model.ridge, None
    else:
        noise = float(np.diff(estimation, axis=1).std(ddof=1))
        intercept, ridge = True, np.sqrt(window.shape[1]) * noise**2 * estimation.shape[1]
        lam = bar_weights(estimation, window, noise)
    centred = estimation - estimation.mean(axis=1, keepdims=True) if intercept else estimation
    return DonorWindows(estimation, window, centred, np.vecdot(centred, centred), lam, ridge, intercept)


def bar_weights(estimation: Floats, window: Floats, noise: float) -> Floats:
    """Return (M,): the weights of the estimation bars that come closest to the donors' mean over the event bars."""
    target = window.mean(axis=1)
    bars = estimation - estimation.mean(axis=0)
    ridge = (1e-6 * noise) ** 2 * len(estimation)
    found = simplex_weights(target - target.mean(), np.ascontiguousarray(bars.T), ridge=ridge)
    lam = np.zeros(estimation.shape[1])
    lam[found.donor] = found.weight
    return lam


def mixture(response: Floats, donors: DonorWindows, *, start: Weights | None = None) -> Mixture:
    """Return the mixture of `donors` that comes closest to `response` (M,) over the estimation bars."""
    mean = response.mean() if donors.intercept else 0.0
    found = simplex_weights(response - mean, donors.centred, ridge=donors.ridge, square=donors.square, start=start)
    order = found.donor[np.argsort(-found.weight, kind="stable")]
    m, base, ahead = response.size, donors.estimation[order[0]], donors.window[order[0]]
    ones = int(donors.intercept)
    rows = np.vstack([np.ones((ones, m)), donors.estimation[order[1:]] - base])
    later = np.vstack([np.ones((ones, ahead.size)), donors.window[order[1:]] - ahead])
    columns, triangle = np.linalg.qr(rows.T)
    size = np.abs(np.diag(triangle))
    basis = columns.T
    sound = not size.size or size.min() > RANK_TOLERANCE * size.max()
    face = np.linalg.solve(triangle.T, later) if sound else np.zeros_like(later)
    df = m - len(rows)
    if donors.ridge:
        # weights that are held together cost less than free ones: the trace of what maps returns to fitted returns
        held = triangle.T @ triangle
        held[ones:, ones:] += donors.ridge * (np.eye(len(rows) - ones) + 1)
        face = triangle @ np.linalg.solve(held, later)
        df = m - round(float(np.trace(triangle @ np.linalg.solve(held, triangle.T))))
    if donors.lam is None and donors.ridge == 0 and sound:
        share = basis @ (response - base)
        residual = response - base - share @ basis
        again = basis @ residual  # what rounding left of the mean
        residual -= again @ basis
        return Mixture(found, ahead + (share + again) @ face, residual, basis, face, df)
    path = found.weight @ donors.estimation[found.donor]
    level = (response - path).mean() if donors.intercept else 0.0
    residual = response - path - level
    if donors.lam is not None:
        level = float(donors.lam @ (response - path))
        # the level of the window is that of the bars in lambda: their noise, and the face seen from them
        face = face - (basis @ donors.lam)[:, None]
        face[0] = np.sqrt(donors.lam @ donors.lam)
    expected = found.weight @ donors.window[found.donor] + level
    return Mixture(found, expected, residual, basis, face, df)
