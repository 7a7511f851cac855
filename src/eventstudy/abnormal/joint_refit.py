"""One security-event refitted on its estimation and event bars together, a constant effect taken out of the latter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.engine.factor_fit import FactorFit
from eventstudy.abnormal.engine.inputs import Inputs
from eventstudy.abnormal.engine.mixture_fit import MixtureFit, date_pool, estimation_bars
from eventstudy.abnormal.engine.result import AbnormalReturns
from eventstudy.abnormal.models.protocol import OwnModel, Windows, is_own
from eventstudy.abnormal.models.simplex import Weights
from eventstudy.abnormal.models.synthetic_control import (
    DonorWindows,
    SyntheticControl,
    SyntheticDiD,
    donor_windows,
    mixture,
)
from eventstudy.abnormal.orthonormal import orthonormal
from eventstudy.errors import StudyError


@dataclass(frozen=True, slots=True)
class JointRefit:
    """The bars of one security-event, the V of the tested window last.

    Attributes
    ----------
    residual : callable
        ``residual(theta)``: (M + V,) residuals of the model fitted on all bars, theta taken out of the event bars.
    length : int
        V, event bars with a return.
    linear : bool
        Whether residuals are linear in theta.
    """

    residual: Callable[[float], Floats]
    length: int
    linear: bool


def joint_refit(abnormal: AbnormalReturns, row: int, first: int, last: int) -> JointRefit:
    """Return how the residuals of security-event `row` move with an effect on relative days `first` .. `last`.

    Raises
    ------
    StudyError
        If there is no bar to refit on.
    """
    inputs = abnormal.inputs
    who = np.array([row])
    security, day0 = inputs.security[who], inputs.day0[who]
    early, there = estimation_bars(inputs, security, day0)
    days = np.arange(first, last + 1)
    late = inputs.response(security, day0 + first, days.size)[0]
    columns = abnormal.columns(first, last)
    after = np.isfinite(abnormal.ar[row, columns])
    if isinstance(abnormal.pool, MixtureFit):
        return _mixed(abnormal, row, np.append(early[abnormal.pool.bars[row]], late[after]), days[after])
    if isinstance(abnormal.pool, FactorFit):
        design, ahead = (part[0] for part in abnormal.pool.columns(day0))
        there &= design[0] > 0
        ahead = ahead[:, columns]
    else:
        design = inputs.columns_at(security, day0 + inputs.estimation[0], inputs.planned)[0]
        ahead = inputs.columns_at(security, day0 + first, days.size)[0]
        there &= np.isfinite(design).all(axis=0)
    y = np.append(early[there], late[after])
    x = np.hstack([design[:, there], ahead[:, after]])
    effect = np.append(np.zeros(int(there.sum())), np.ones(int(after.sum())))
    if not after.any():
        msg = f"the security-event has no return on the relative days {first} .. {last}"
        raise StudyError(msg)
    if is_own(abnormal.model):
        return _own(abnormal.model, inputs, (security, day0), (y, x, effect))
    if not inputs.forecast:
        return JointRefit(lambda theta: y - theta * effect, int(after.sum()), linear=True)
    basis = orthonormal(x[None].copy()).q[0]

    def rest(values: Floats) -> Floats:
        left = values
        for _ in range(2):  # the second pass takes out what rounding left of the first
            left = left - (basis @ left) @ basis
        return left

    given, moved = rest(y), rest(effect)
    return JointRefit(lambda theta: given - theta * moved, int(after.sum()), linear=True)


def _own(model: OwnModel, inputs: Inputs, where: tuple[Ints, Ints], data: tuple[Floats, Floats, Floats]) -> JointRefit:
    """Refit a model with an estimator of its own."""
    y, x, effect = data
    length = int(effect.sum())
    usable = np.ones(y.shape, dtype=bool)[None]
    key = np.stack(where, axis=1)
    chosen = x[list(model.forecast_columns)]

    def residual(theta: float) -> Floats:
        moved = (y - theta * effect)[None]
        fit = model.fit(Windows(moved, x[None], usable, np.ones_like(moved), np.arange(1, length + 1), key))
        left: Floats = moved[0] - fit.coef[0] @ chosen
        return left

    del inputs
    return JointRefit(residual, length, linear=False)


def _mixed(abnormal: AbnormalReturns, row: int, y: Floats, days: Ints) -> JointRefit:
    """Refit a mixture of donors, each time from the weights before."""
    inputs, model = abnormal.inputs, abnormal.model
    fit = abnormal.pool
    assert isinstance(model, (SyntheticControl, SyntheticDiD))  # noqa: S101  for the type checker
    assert isinstance(fit, MixtureFit)  # noqa: S101  the same
    assert inputs.pool is not None  # noqa: S101  the same
    day0 = int(inputs.day0[row])
    same = inputs.security[inputs.day0 == day0]
    _, date = date_pool(inputs, model, day0, same)
    if date is None or not days.size:
        msg = "the security-event has no donors or no return to be refitted on"
        raise StudyError(msg)
    at = np.append(day0 + inputs.estimation[0] + fit.bars[row], day0 + days)
    donors = inputs.pool.returns[np.ix_(date.donor, at)]
    split = y.size - days.size
    pool: DonorWindows = donor_windows(model, donors, donors[:, split:])
    effect = np.append(np.zeros(split), np.ones(days.size))
    start: list[Weights] = []

    def residual(theta: float) -> Floats:
        found = mixture(y - theta * effect, pool, start=start[-1] if start else None)
        start[:] = [found.weights]
        return found.residual

    return JointRefit(residual, days.size, linear=False)
