"""Discrete-time hazard by penalised likelihood: complementary log-log, for a handful of events.

With some twenty reliefs an ordinary fit runs off to infinity as soon as a covariate separates them. Firth's penalty,
half the log determinant of the information, keeps every estimate finite and takes out the first-order bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize, stats

from eventstudy._typing import Bools, Floats

Link = Literal["cloglog", "logit"]

_ETA = 30.0  # beyond it a hazard is 0 or 1 to machine precision

_TINY = 1e-12

_GRADIENT = 1e-6

_RIDGE = 1e-9  # keeps the information of a nearly collinear design invertible


@dataclass(frozen=True, slots=True)
class HazardFit:
    """A fitted hazard h = F(X b).

    Attributes
    ----------
    coefficients, se : (k,) float
        Log cumulative-hazard ratios (cloglog) or log odds (logit) per unit of each column, and their standard errors
        from the expected information.
    loglik, penalised : float
        Log likelihood without and with the penalty, at the penalised estimates.
    n, events : int
        Rows and reliefs.
    """

    coefficients: Floats
    se: Floats
    loglik: float
    penalised: float
    converged: bool
    n: int
    events: int


def fit_hazard(
    X: Floats, y: Bools, *, link: Link = "cloglog", penalty: bool = True, held: Sequence[int] = ()
) -> HazardFit:
    """Fit a hazard by maximum (penalised) likelihood.

    l(b) + 1/2 log det I(b), I the expected information (Firth 1993; Heinze and Schemper 2002; for other links than the
    canonical one the same penalty is Jeffreys' prior, Kosmidis and Firth 2009). The grouped proportional-hazards
    reading of the complementary log-log link is Prentice and Gloeckler 1978.

    X, (R, k), is the design, intercepts included, without a missing value. The coefficients of the columns that are
    `held` stay 0 while the penalty is that of the whole design: the restricted fit of a likelihood-ratio test.

    Examples
    --------
    Three reliefs in ten rows, an intercept alone, logit: Firth's estimate is that of 3.5 in 11.

    >>> fit = fit_hazard(np.ones((10, 1)), np.arange(10) < 3, link="logit")
    >>> round(float(1 / (1 + np.exp(-fit.coefficients[0]))), 6), round(3.5 / 11, 6)
    (0.318182, 0.318182)
    """
    X, target = np.ascontiguousarray(X, dtype=float), y.astype(float)
    free = np.setdiff1d(np.arange(X.shape[1]), np.asarray(held, dtype=np.int64))

    def whole(b: Floats) -> Floats:
        filled = np.zeros(X.shape[1])
        filled[free] = b
        return filled

    def objective(b: Floats) -> tuple[float, Floats]:
        at = whole(b)
        slope = _gradient(X, target, at, link, penalty=penalty)[free]
        return -_value(X, target, at, link, penalty=penalty)[1], -slope

    # from the constant hazard: a start at zero, where every second row is relieved, takes twice as many steps
    share = np.clip(target.mean(), _TINY, 1.0 - _TINY)
    level = np.log(share / (1.0 - share)) if link == "logit" else np.log(-np.log1p(-share))
    start = np.linalg.lstsq(X[:, free], np.full(len(X), level), rcond=None)[0]
    found = optimize.minimize(objective, start, method="BFGS", jac=True, options={"gtol": _GRADIENT})
    b = whole(found.x)
    loglik, penalised = _value(X, target, b, link, penalty=penalty)
    information = _information(X, b, link)
    covariance = np.linalg.pinv(information)
    error = np.sqrt(np.clip(np.diag(covariance), 0, None))
    return HazardFit(b, error, loglik, penalised, _at_top(found, penalised), len(y), int(y.sum()))


def _at_top(found: optimize.OptimizeResult, height: float) -> bool:
    """Say whether a search ended at the top: BFGS reports a loss of precision where it is flat, and a small gradient counts."""
    return bool(found.success or np.max(np.abs(found.jac)) < 1e-3 * max(1.0, abs(height)))


def likelihood_ratio(full: HazardFit, restricted: HazardFit, df: int = 1) -> float:
    """P-value of the penalised likelihood-ratio test (Heinze and Schemper 2002), two-sided, chi2(df).

    `restricted` is a fit of the same design with the columns in question held at 0.
    """
    return float(stats.chi2.sf(max(0.0, 2 * (full.penalised - restricted.penalised)), df))


def _mean(eta: Floats, link: Link) -> tuple[Floats, Floats]:
    """Hazard and its derivative with respect to the linear predictor."""
    eta = np.clip(eta, -_ETA, _ETA)
    if link == "logit":
        h = 1.0 / (1.0 + np.exp(-eta))
        return h, h * (1.0 - h)
    rate = np.exp(np.minimum(eta, 4.0))  # beyond e^4 the hazard is 1 to 1e-23
    return -np.expm1(-rate), rate * np.exp(-rate)


def _information(X: Floats, b: Floats, link: Link) -> Floats:
    h, slope = _mean(X @ b, link)
    weight = slope**2 / np.clip(h * (1.0 - h), _TINY, None)
    return np.asarray((X * weight[:, None]).T @ X, dtype=float)


def _value(X: Floats, y: Floats, b: Floats, link: Link, *, penalty: bool) -> tuple[float, float]:
    h, _ = _mean(X @ b, link)
    h = np.clip(h, _TINY, 1.0 - _TINY)
    loglik = float(np.sum(np.where(y > 0, np.log(h), np.log1p(-h))))
    if not penalty:
        return loglik, loglik
    information = _information(X, b, link) + _RIDGE * np.eye(X.shape[1])
    sign, logdet = np.linalg.slogdet(information)
    return loglik, loglik + 0.5 * float(logdet) if sign > 0 else -1e10


def _gradient(X: Floats, y: Floats, b: Floats, link: Link, *, penalty: bool) -> Floats:
    """Differentiate the (penalised) log likelihood; of the penalty, 1/2 sum_i w'_i x_i (x_i' I^-1 x_i)."""
    eta = X @ b
    h, slope = _mean(eta, link)
    h = np.clip(h, _TINY, 1.0 - _TINY)
    score = np.where(y > 0, slope / h, -slope / (1.0 - h))
    if penalty:
        weight = slope**2 / np.clip(h * (1.0 - h), _TINY, None)
        rate = np.exp(np.clip(eta, -_ETA, 4.0))
        bend = 1.0 - 2.0 * h if link == "logit" else 2.0 - rate / h  # w' / w
        inverse = np.linalg.pinv((X * weight[:, None]).T @ X + _RIDGE * np.eye(X.shape[1]))
        score = score + 0.5 * weight * bend * ((X @ inverse) * X).sum(axis=1)
    return np.asarray(X.T @ score, dtype=float)
