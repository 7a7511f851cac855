"""Donors for the doubt about the counterfactual: the other securities of the panel, under the study's own model."""

from __future__ import annotations

from typing import Final

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal import AbnormalReturns
from eventstudy.abnormal.engine.factor_fit import FactorFit
from eventstudy.abnormal.engine.mixture_fit import MixtureFit, date_pool
from eventstudy.abnormal.models.latent_factors import FEWEST_DONORS
from eventstudy.abnormal.models.protocol import is_own
from eventstudy.abnormal.models.synthetic_control import SyntheticControl, SyntheticDiD, mixture
from eventstudy.abnormal.orthonormal import orthonormal
from eventstudy.abnormal.windows import cut_flags
from eventstudy.inference.core.counterfactual import Counterfactual, DateResiduals, judge_counterfactual
from eventstudy.study.fitted import Fitted, Part, Window

MOST_DATES: Final = 100
"""Dates looked at, evenly spaced, of those whose windows share no bar."""

MIXED: Final = 60
"""Donors, evenly spaced, that are mixed from the others where the model is a mixture."""


def counterfactual_of(result: Fitted, window: Window) -> Counterfactual:
    """Return whether untreated securities of the panel say that the model left something out on the event dates."""
    found: list[DateResiduals] = []
    why = "there are no untreated securities to ask"
    for part in result.parts:
        if not part.rows.size:
            continue
        if part.aligned.hours is not None:
            why = "inside the day each session has its own estimation; the session before and after (shift_24h) are what to look at"
            continue
        inputs = part.abnormal.inputs
        own = inputs.own_design or (inputs.offset is not None and inputs.offset.ndim == 2)
        if own or inputs.spans is not None:
            why = "each security has regressors of its own, which no other security can be held against"
            continue
        outside = _untreated(result, part)
        for day in _apart(part.abnormal.day0, window):
            date = _date(part, int(day), window, outside)
            if date is not None:
                found.append(date)
        if not found:
            why = f"fewer than {FEWEST_DONORS} untreated securities of the panel have their returns on the event dates"
    return judge_counterfactual(found) if found else Counterfactual("unknown", why)


def _apart(day0: Ints, window: Window) -> Ints:
    """Return dates whose windows share no bar, the first of each chain, at most `MOST_DATES` of them."""
    length = window[1] - window[0] + 1
    kept: list[int] = []
    for day in np.unique(day0).tolist():
        if not kept or day - kept[-1] >= length:
            kept.append(day)
    at = np.linspace(0, len(kept) - 1, min(len(kept), MOST_DATES)).round().astype(np.int64)
    return np.array(kept, dtype=np.int64)[at]


def _untreated(result: Fitted, part: Part) -> Bools:
    """Return (S, B): where no event of a security's own begins, for the series that may be donors."""
    aligned = part.aligned
    free = np.ones(aligned.returns.shape, dtype=bool)
    model = result.study.model
    pooled = hasattr(model, "donors")
    named = {*model.symbols, *(name for one in result.parts for name in one.abnormal.model.symbols)}
    outside = [name in named for name in aligned.symbols]
    free[np.array(outside) != pooled] = False  # a model's own donors, or everything but a model's benchmarks
    code = {name: at for at, name in enumerate(aligned.symbols)}
    of_symbol = np.array([code.get(name, -1) for name in result.symbols], dtype=np.int64)
    position = part.placed.position[result.event[part.asked]]
    who = of_symbol[result.symbol[part.asked]]
    real = (position >= 0) & (who >= 0) & (result.status[part.asked] == 0)
    free[who[real], position[real]] = False
    return free


def _date(part: Part, day: int, window: Window, free: Bools) -> DateResiduals | None:
    """Return the residuals of the studied and of their donors on one date; None without donors."""
    abnormal = part.abnormal
    rows = np.flatnonzero(abnormal.day0 == day)
    one = abnormal.take(rows)
    if isinstance(abnormal.pool, MixtureFit):
        return _mixed_date(abnormal, one, day, window)
    x, ahead, there, after = _columns(one, day, window)
    length = window[1] - window[0] + 1
    near = slice(max(0, day - length + 1), day + length)
    donors = np.flatnonzero(free[:, near].all(axis=1))
    estimation, late = _both(one, donors, day, window)
    whole = np.isfinite(estimation[:, there]).all(axis=1) & np.isfinite(late[:, after]).all(axis=1)
    treated = one.whole_record(*window).residual[:, there]
    if whole.sum() < FEWEST_DONORS or not after.any():
        return None
    y, moved = estimation[whole][:, there], late[whole][:, after]
    k, factor = len(x), float(after.sum())
    if one.inputs.forecast:
        basis = orthonormal(x[None, :, there].copy(), ahead[None, :, after].copy())
        share = y @ basis.q[0].T
        y, moved = y - share @ basis.q[0], moved - share @ basis.ahead[0]
        total = basis.ahead[0].sum(axis=1)
        factor += float(total @ total)
    else:
        y, k = y - y.mean(axis=1, keepdims=True), 1
    mean = _mean(treated)
    return DateResiduals(mean, y.T, moved.T, k, factor, rows.size)


def _columns(one: AbnormalReturns, day: int, window: Window) -> tuple[Floats, Floats, Bools, Bools]:
    """Return the design of a date on both windows, and which of their bars can be used."""
    inputs, at = one.inputs, np.array([day])
    none = np.zeros(1, dtype=np.int64)
    if isinstance(one.pool, FactorFit):
        design, later = (part[0] for part in one.pool.columns(at))
        ahead = later[:, one.columns(*window)]
        there = design[0] > 0
    else:
        design = inputs.columns_at(none, at + inputs.estimation[0], inputs.planned)[0]
        ahead = inputs.columns_at(none, at + window[0], window[1] - window[0] + 1)[0]
        if is_own(one.model):
            columns = list(one.model.forecast_columns)
            design, ahead = design[columns], ahead[columns]
        there = np.isfinite(design).all(axis=0)
        if inputs.kept is not None:
            there &= inputs.kept
        if inputs.masked_days is not None:
            there &= ~cut_flags(inputs.masked_days, none, at + inputs.estimation[0], inputs.planned)[0]
    used = np.flatnonzero(np.abs(np.nan_to_num(design)).any(axis=1) | (np.arange(len(design)) == 0))
    design, ahead = design[used], ahead[used]
    after = np.isfinite(ahead).all(axis=0)
    early = inputs.offset_at(none, at + inputs.estimation[0], inputs.planned)
    late = inputs.offset_at(none, at + window[0], window[1] - window[0] + 1)
    if early is not None and late is not None:  # where the market is missing, nobody has an abnormal return
        there, after = there & np.isfinite(early[0]), after & np.isfinite(late[0])
    return design, ahead, there, after


def _mean(residual: Floats) -> Floats:
    """Return (M,): the mean over securities of each bar; zero where none has a return."""
    there = np.isfinite(residual)
    mean: Floats = np.where(there, residual, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return mean


def _both(one: AbnormalReturns, donors: Ints, day: int, window: Window) -> tuple[Floats, Floats]:
    """Return the responses of donors over both windows, (J, T) and (J, L)."""
    inputs, at = one.inputs, np.full(donors.size, day)
    early = inputs.response(donors, at + inputs.estimation[0], inputs.planned)
    return early, inputs.response(donors, at + window[0], window[1] - window[0] + 1)


def _mixed_date(abnormal: AbnormalReturns, one: AbnormalReturns, day: int, window: Window) -> DateResiduals | None:
    """Return the residuals of a mixture: some donors are mixed from the others."""
    inputs, model = abnormal.inputs, abnormal.model
    assert isinstance(model, (SyntheticControl, SyntheticDiD))  # noqa: S101  for the type checker
    _, date = date_pool(inputs, model, day, one.security)
    if date is None or date.donor.size < FEWEST_DONORS + 1:
        return None
    columns = abnormal.columns(*window)
    tested = np.flatnonzero((date.bars.window_place >= columns.start) & (date.bars.window_place < columns.stop))
    chosen = np.unique(np.linspace(0, date.donor.size - 1, MIXED).astype(np.int64))
    made = [mixture(date.windows.estimation[at], date.windows.less(at)) for at in chosen.tolist()]
    residual = np.array([mix.residual for mix in made])
    ahead = np.array([date.windows.window[at] - mix.expected for at, mix in zip(chosen.tolist(), made, strict=True)])[
        :, tested
    ]
    own = one.whole_record(*window).residual[:, date.bars.place]
    df = np.array([mix.df for mix in made])
    total = np.array([mix.ahead[:, tested].sum(axis=1) @ mix.ahead[:, tested].sum(axis=1) for mix in made])
    mean = _mean(own)
    k = int(residual.shape[1] - np.median(df))
    return DateResiduals(mean, residual.T, ahead.T, k, float(tested.size + np.median(total)), one.day0.size)
