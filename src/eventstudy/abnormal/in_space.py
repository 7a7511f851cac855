"""In-space placebos: each donor as if it were the studied security, compared with the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.engine.mixture_fit import DatePool, MixtureFit, date_pool
from eventstudy.abnormal.engine.result import AbnormalReturns
from eventstudy.abnormal.models.synthetic_control import Mixture, SyntheticControl, SyntheticDiD, mixture


@dataclass(frozen=True, slots=True)
class InSpace:
    """One security-event among B donors.

    Attributes
    ----------
    t, ratio : float
        |CAR|/se, and the root mean squared abnormal return of the window over that of the estimation bars.
    rmse : float
        Root mean squared residual of the estimation bars.
    placebo_t, placebo_ratio, placebo_rmse : (B,) float
        The same of the donors.
    """

    t: float
    ratio: float
    rmse: float
    placebo_t: Floats
    placebo_ratio: Floats
    placebo_rmse: Floats


def in_space(
    abnormal: AbnormalReturns, row: int, first: int, last: int, draws: int, rng: np.random.Generator
) -> InSpace | None:
    """Return security-event `row` among at most `draws` donors of its date, each mixed from the others; None if excluded.

    The studied securities of the date are never among the donors.
    """
    inputs, model, fit = abnormal.inputs, abnormal.model, abnormal.pool
    assert isinstance(model, (SyntheticControl, SyntheticDiD))  # noqa: S101  the caller has said so in words
    assert isinstance(fit, MixtureFit)  # noqa: S101  the same
    assert inputs.pool is not None  # noqa: S101  the same
    day0 = int(inputs.day0[row])
    _, date = date_pool(inputs, model, day0, inputs.security[inputs.day0 == day0])
    own = fit.found[row]
    if own is None or date is None or date.donor.size < 3:
        return None
    columns = abnormal.columns(first, last)
    tested = np.flatnonzero((date.bars.window_place >= columns.start) & (date.bars.window_place < columns.stop))
    ar = abnormal.ar[row, date.bars.window_place[tested]]
    mine = _facts(own, ar, own.ahead[:, tested])
    count = date.donor.size
    chosen = np.arange(count) if count <= draws else np.sort(rng.choice(count, draws, replace=False))
    placebo = np.array([_placebo(date, donor, tested) for donor in chosen.tolist()])
    return InSpace(*mine, *placebo.T)


def _placebo(date: DatePool, donor: int, tested: Ints) -> tuple[float, float, float]:
    """Return the facts of one donor, mixed from the others."""
    windows = date.windows
    one = mixture(windows.estimation[donor], windows.less(donor))
    ar = windows.window[donor] - one.expected
    return _facts(one, ar[tested], one.ahead[:, tested])


def _facts(one: Mixture, ar: Floats, ahead: Floats) -> tuple[float, float, float]:
    """Return |CAR|/se, the ratio of root mean squares, and that of the estimation bars."""
    there = np.isfinite(ar)
    total = ahead[:, there].sum(axis=1)
    error = one.sigma * np.sqrt(there.sum() + total @ total)
    rmse = float(np.sqrt(np.mean(one.residual**2)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.abs(ar[there].sum()) / error), float(np.sqrt(np.mean(ar[there] ** 2)) / rmse), rmse
