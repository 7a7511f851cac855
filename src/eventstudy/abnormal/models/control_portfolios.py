"""Control portfolios: the return of others, not a regression, stands for what was to be expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal.models.protocol import OwnFit, Split, Windows
from eventstudy.abnormal.orthonormal import orthonormal
from eventstudy.errors import StudyError


@dataclass(frozen=True, slots=True)
class ControlPortfolio:
    """AR = R - weighted mean of control returns; sigma is the sd of the difference; df = M - 1.

    Parameters
    ----------
    controls : sequence of str
        Symbols of the control securities; they are not studied themselves.
    weights : sequence of float, optional
        One a control, summing to one: market values, or weights fitted elsewhere. Equal by default.

    Notes
    -----
    A bar on which a control has no return is missing. With market-adjusted or factor models estimates are biased when the
    event is correlated with factor realisations or loadings; a control that shares them is not (Goldsmith-Pinkham and
    Lyu, "Causal Inference in Financial Event Studies").

    Examples
    --------
    >>> ControlPortfolio(("KO", "PEP")).weights
    (0.5, 0.5)
    """

    controls: Sequence[str]
    weights: Sequence[float] | None = None

    k: int = field(default=1, init=False, repr=False, compare=False)
    forecast: bool = field(default=False, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        controls = tuple(self.controls)
        weights = (1 / max(1, len(controls)),) * len(controls) if self.weights is None else tuple(self.weights)
        if not controls or len(weights) != len(controls) or abs(sum(weights) - 1) > 1e-9:
            msg = f"{len(controls)} controls and weights {weights}: give at least one control, and one weight each, summing to 1"
            raise StudyError(msg)
        object.__setattr__(self, "controls", controls)
        object.__setattr__(self, "weights", weights)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The controls."""
        return tuple(self.controls)

    def split(self, series: Floats | None) -> Split:
        """Return no design row, and the portfolio to subtract."""
        if series is None or self.weights is None:
            msg = "a control portfolio needs the returns of its controls: regressors=(K, B)"
            raise StudyError(msg)
        return None, np.einsum("k,...kb->...b", np.asarray(self.weights), series)


@dataclass(frozen=True, slots=True)
class MatchedPortfolio:
    """AR = R - R of the security's own match: one firm, or the equal-weighted mean of several.

    Parameters
    ----------
    match : mapping of str to str or sequence of str
        For each symbol studied, the symbols it is compared with.

    Notes
    -----
    A control firm takes away the biases of new listing, rebalancing and skewness (Barber and Lyon 1997; Lyon, Barber and
    Tsai 1999). A bar on which a member of the match has no return is missing. ``regressors`` is (S, 1, B).
    """

    match: Mapping[str, str | Sequence[str]] = field(hash=False)

    k: int = field(default=1, init=False, repr=False, compare=False)
    forecast: bool = field(default=False, init=False, repr=False, compare=False)
    symbols: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        held = {name: (to,) if isinstance(to, str) else tuple(to) for name, to in self.match.items()}
        for name, to in held.items():
            if not to or name in to:
                msg = f"match of {name!r} is {list(to)}; name at least one other symbol"
                raise StudyError(msg)
        object.__setattr__(self, "match", MappingProxyType(held))

    def members(self, symbol: str) -> tuple[str, ...]:
        """Return the match of `symbol`.

        Raises
        ------
        StudyError
            If it has none.
        """
        if symbol not in self.match:
            msg = f"match= names no match for {symbol!r}; add one, or leave the symbol out of the study"
            raise StudyError(msg)
        return tuple(self.match[symbol])

    def split(self, series: Floats | None) -> Split:
        """Return no design row, and the match of each security to subtract."""
        if series is None:
            msg = "a matched portfolio needs the match of each security: regressors=(S, 1, B)"
            raise StudyError(msg)
        return None, series[..., 0, :]


@dataclass(frozen=True, slots=True)
class SyntheticControl:
    """AR = R - sum w_j R_j; weights that are not negative and sum to one, fitted on each estimation window.

    Parameters
    ----------
    controls : sequence of str
        Symbols of the control securities, two at least; they are not studied themselves.

    Notes
    -----
    The weights minimise the sum of squared residuals (Abadie, Diamond and Hainmueller 2010, without covariates; for event
    studies Goldsmith-Pinkham and Lyu, "Causal Inference in Financial Event Studies"). There is no constant: a drift that
    no mixture of controls has stays in the abnormal return.

    With p positive weights p - 1 parameters are free: df = M - (p - 1), sigma^2 = SSE/df, and the forecast variance is
    that of least squares on those controls, sigma^2 (1 + d'(D'D)^-1 d), d the returns of the others less that of one.
    Not accounted for: which weights are positive was found on the same bars, so that the standard error is that of a model
    known beforehand, somewhat too small where weights are close to zero; and controls that react to the event themselves.
    `k` is the most parameters there can be, one less than the controls; tests that regress anew on one common date
    (`time_series`, and `caar` there) count all of them.

    Examples
    --------
    >>> SyntheticControl(("KO", "PEP", "KDP")).k
    2
    """

    controls: Sequence[str]

    forecast: bool = field(default=True, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        controls = tuple(self.controls.split() if isinstance(self.controls, str) else self.controls)
        if len(controls) < 2 or len(set(controls)) < len(controls):
            msg = f"controls are {list(controls)}; name two at least, each once"
            raise StudyError(msg)
        object.__setattr__(self, "controls", controls)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The controls."""
        return tuple(self.controls)

    @property
    def k(self) -> int:
        """The most mean parameters: one less than the controls."""
        return len(self.controls) - 1

    @property
    def forecast_columns(self) -> tuple[int, ...]:
        """The controls, without a constant."""
        return tuple(range(1, len(self.controls) + 1))

    def split(self, series: Floats | None) -> Split:
        """Return the controls as design rows, and nothing to subtract."""
        if series is None or series.shape[-2] != len(self.controls):
            msg = f"a synthetic control needs the returns of its {len(self.controls)} controls: regressors=(K, B)"
            raise StudyError(msg)
        return series, None

    def fit(self, windows: Windows) -> OwnFit:
        """Fit the windows."""
        n, size = len(windows.y), len(self.controls)
        weights, factor = np.full((n, size), np.nan), np.zeros((n, size, size))
        sigma, free, ok = np.full(n, np.nan), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=bool)
        m = windows.usable.sum(axis=1)
        for i in range(n):
            there = windows.usable[i]
            found = simplex_weights(windows.y[i, there], windows.x[i, 1:, there].T)
            if found is None:
                continue
            weights[i], spread = found
            free[i] = len(spread)
            factor[i, : len(spread)] = spread
            residual = windows.y[i, there] - weights[i] @ windows.x[i, 1:, there].T
            sigma[i] = np.sqrt(residual @ residual / (m[i] - free[i]))
            ok[i] = True
        return OwnFit(weights, factor, sigma, m, m - free, ok)


def simplex_weights(response: Floats, controls: Floats) -> tuple[Floats, Floats] | None:
    """Return the weights, not negative and summing to one, that come closest to `response`.

    Shapes: response (M,), controls (K, M).

    Notes
    -----
    With weights that sum to one the residual is -Z'w, Z the controls less the response. The non-negative u that minimises
    |Z'u|^2 + c^2 (1'u - 1)^2 is a multiple of w, whatever c > 0: for u = s w the best s leaves q c^2/(q + c^2), which grows
    with q = |Z'w|^2. So one run of non-negative least squares (Lawson and Hanson 1974, chapter 23) gives the positive
    weights exactly, without a penalty, and least squares on those their digits.

    Examples
    --------
    >>> import numpy as np
    >>> controls = np.array([[0.01, -0.02, 0.0, 0.03], [0.02, 0.01, -0.01, 0.0], [0.0, 0.03, 0.02, -0.01]])
    >>> simplex_weights(0.25 * controls[0] + 0.75 * controls[1], controls)[0].round(6)
    array([0.25, 0.75, 0.  ])
    """
    from scipy.optimize import nnls  # noqa: PLC0415  slow to import: only those who use it pay

    distance = controls - response
    scale = float(np.sqrt(np.vecdot(distance, distance).mean())) or 1.0
    rows = np.vstack([distance.T / scale, np.ones(len(controls))])
    try:
        found, _ = nnls(rows, np.append(np.zeros(response.size), 1.0))
    except RuntimeError:  # no convergence: controls that are nearly the same
        return None
    chosen = np.flatnonzero(found > 0)
    weights = np.zeros(len(controls))
    last = chosen[np.argmax(found[chosen])]
    others = chosen[chosen != last]
    apart = np.zeros((others.size, len(controls)))
    apart[np.arange(others.size), others], apart[:, last] = 1.0, -1.0
    if not others.size:
        weights[last] = 1.0
        return weights, apart
    basis = orthonormal((apart @ controls)[None], np.eye(others.size)[None].copy())
    if not basis.full_rank[0]:
        return None
    share = basis.to_coef[0] @ (basis.q[0] @ (response - controls[last]))
    # of a weight on the border the last digit decides: what rounds below zero is zero
    weights[others] = np.maximum(share, 0.0)
    weights[last] = 1.0 - weights[others].sum()
    return weights, basis.ahead[0] @ apart
