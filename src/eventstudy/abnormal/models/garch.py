"""Market models whose variance moves: GARCH and EGARCH, estimated by `arch` on the estimation window only."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.models.least_squares import least_squares
from eventstudy.abnormal.models.linear import MarketModel
from eventstudy.abnormal.models.markets import MarketName, market_of, market_symbols
from eventstudy.abnormal.models.protocol import OwnFit, Split, Windows
from eventstudy.checks import check_fields
from eventstudy.errors import StudyError

SCALE: Final = 100.0
"""`arch` converges on percent, not on decimals."""

LEAST: Final = 250

PERSISTENT: Final = 0.9999

PATHS: Final = 1000


@dataclass(frozen=True, slots=True)
class GarchMarketModel:
    """Market model with GARCH(1,1) or EGARCH(1,1) errors: AR = R - a - b Rm, Var(AR_t) = h_t as known before the event.

    Parameters
    ----------
    market : str, or mapping of str to str
        Symbol of the market in the panel; or that of each security, by its symbol.
    kind : {"garch", "egarch"}
        h_t = w + p e_{t-1}^2 + q h_{t-1} (Bollerslev 1986), or ln h_t = w + p (abs z - E abs z) + g z + q ln h_{t-1}
        (Nelson 1991).
    distribution : {"normal", "t"}
        Of the standardised errors.
    minimum : int
        Usable bars below which least squares stands in; with fewer a GARCH estimate is mostly noise.
    seed : int
        For the simulated forecasts of EGARCH; each security-event has a stream of its own.

    Notes
    -----
    The variance is frozen at the end of the estimation window and forecast through the gap: h_{T+1} from the filter,
    h_{T+j} = s + (p + q)^{j-1} (h_{T+1} - s), s = w/(1 - p - q); EGARCH by simulation. Var(CAR) = sum h + x*' Cov(a, b) x*.
    A variance that learnt from the event itself would take its effect away. Where `arch` does not converge, p + q >=
    0.9999, or there are too few bars, least squares stands in and the security-event is flagged. Needs the extra `garch`.
    """

    market: MarketName
    kind: Literal["garch", "egarch"] = "garch"
    distribution: Literal["normal", "t"] = "normal"
    minimum: int = LEAST
    seed: int = 0

    k: ClassVar[int] = 2
    forecast: ClassVar[bool] = True
    forecast_columns: ClassVar[tuple[int, ...]] = (0, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "market", market_of(self.market))
        check_fields(self)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return market_symbols(self.market)

    def split(self, series: Floats | None) -> Split:
        """Return the market."""
        return MarketModel(self.market).split(series)

    def fit(self, windows: Windows) -> OwnFit:
        """Fit the windows, one after another."""
        if windows.steps.size and windows.steps[0] < 1:
            msg = "GarchMarketModel forecasts the variance from bars before the event; leave the estimation window after it out"
            raise StudyError(msg)
        plain = least_squares(windows.y, windows.x, windows.usable, self.k)
        coef, factor, sigma = plain.coef.copy(), plain.factor.copy(), plain.sigma.copy()
        variance = np.repeat(sigma[:, None] ** 2, windows.steps.size, axis=1)
        fallback = np.ones(sigma.size, dtype=bool)
        for i in range(sigma.size):
            there = windows.usable[i]
            if plain.m[i] < self.minimum or not plain.ok[i] or not sigma[i] > 0:
                continue
            found = _fit_one(self, windows.y[i, there], windows.x[i, 1, there], windows.steps, windows.key[i])
            if found is not None:
                coef[i], covariance, variance[i] = found
                residual = windows.y[i, there] - coef[i, 0] - coef[i, 1] * windows.x[i, 1, there]
                sigma[i] = np.sqrt(residual @ residual / plain.df[i])
                factor[i] = np.linalg.cholesky(covariance).T / sigma[i]
                fallback[i] = False
        return OwnFit(coef, factor, sigma, plain.m, plain.df, plain.ok, fallback, variance)


def garch_forecast(omega: float, alpha: float, beta: float, next_variance: float, steps: Ints) -> Floats:
    """Return the variance forecasts of GARCH(1,1), h_{T+j} = s + (alpha + beta)^{j-1} (h_{T+1} - s).

    Shapes: steps (L,).

    Examples
    --------
    >>> import numpy as np
    >>> garch_forecast(0.1, 0.1, 0.8, 2.0, np.array([1, 2, 1000])).round(3)
    array([2. , 1.9, 1. ])
    """
    level = omega / (1.0 - alpha - beta)
    return np.asarray(level + (alpha + beta) ** (steps - 1.0) * (next_variance - level))


def _fit_one(
    model: GarchMarketModel, y: Floats, x: Floats, steps: Ints, key: Ints
) -> tuple[Floats, Floats, Floats] | None:
    """Return coefficients, their covariance and the variance forecasts in decimals; None if `arch` found nothing."""
    fitted = _arch(model, y * SCALE, x * SCALE)
    if fitted is None:
        return None
    value = fitted.params.to_numpy()
    covariance = fitted.param_cov.to_numpy()[:2, :2].copy()
    coef = np.array([value[0] / SCALE, value[1]])
    covariance *= np.outer([1 / SCALE, 1.0], [1 / SCALE, 1.0])
    last, shock = float(fitted.conditional_volatility[-1] ** 2), float(fitted.resid[-1])
    if model.kind == "garch":
        omega, alpha, beta = value[2:5]
        if alpha + beta >= PERSISTENT:
            return None
        variance = garch_forecast(omega, alpha, beta, omega + alpha * shock**2 + beta * last, steps)
    else:
        if value[5] >= PERSISTENT:  # arch does not look below 0
            return None
        rng = np.random.default_rng([model.seed, int(key[0]), int(key[1])])
        nu = float(value[6]) if model.distribution == "t" else None
        variance = _egarch_forecast(value[2:6], last, shock, steps, rng, nu)
    definite = np.isfinite(covariance).all() and np.linalg.eigvalsh(covariance)[0] > 0
    return (coef, covariance, variance / SCALE**2) if definite and np.isfinite(variance).all() else None


def _arch(model: GarchMarketModel, y: Floats, x: Floats) -> Any:
    try:
        from arch.univariate import ARX, EGARCH, GARCH, Normal, StudentsT  # noqa: PLC0415  an extra, and slow to import
    except ImportError as error:
        msg = "GarchMarketModel needs the package arch: pip install 'eventstudykit[garch]'"
        raise StudyError(msg) from error
    volatility = GARCH(1, 0, 1) if model.kind == "garch" else EGARCH(1, 1, 1)
    errors = Normal() if model.distribution == "normal" else StudentsT()
    mean = ARX(y, x=x[:, None], lags=0, constant=True, volatility=volatility, distribution=errors, rescale=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it did not converge is read off the result, and flagged
        try:
            fitted = mean.fit(disp="off", show_warning=False)
        except (ValueError, np.linalg.LinAlgError):
            return None
    return fitted if fitted.convergence_flag == 0 and np.isfinite(fitted.params).all() else None


def _egarch_forecast(
    value: Floats, last: float, shock: float, steps: Ints, rng: np.random.Generator, nu: float | None
) -> Floats:
    """Return the mean variance of simulated paths of ln h = w + p (|z| - sqrt(2/pi)) + g z + q ln h."""
    omega, alpha, gamma, beta = value
    half = np.sqrt(2.0 / np.pi)  # arch centres |z| with the normal's mean whatever the distribution
    z = shock / np.sqrt(last)
    log_variance = np.full(PATHS, omega + alpha * (abs(z) - half) + gamma * z + beta * np.log(last))
    path = np.empty(int(steps[-1]))
    for step in range(path.size):
        path[step] = np.exp(log_variance).mean()
        draw = rng.standard_normal(PATHS) if nu is None else rng.standard_t(nu, PATHS) * np.sqrt((nu - 2) / nu)
        log_variance = omega + alpha * (np.abs(draw) - half) + gamma * draw + beta * log_variance
    return np.asarray(path[steps - 1])
