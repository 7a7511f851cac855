"""What each of several events of one security contributed, where their windows overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy import checks
from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.attribution import LEAST_DF, Attribution, attribute
from eventstudy.abnormal.models.protocol import is_own
from eventstudy.checks import not_one_of
from eventstudy.errors import StudyError
from eventstudy.inference.beyond.shrinkage import FEWEST_NORMAL, shrink_together
from eventstudy.study.fitted import Fitted, Part, Window
from eventstudy.study.rows import gather, keys, studied_rows
from eventstudy.study.tables.explain import one_a_row
from eventstudy.study.tables.paths import groups_of
from eventstudy.words import brief, in_a_row

SHAPES: Final = ("impulse", "flat", "decay", "path")
COLUMNS: Final = ("event_id", "symbol", "car", "se", "low", "high", "pvalue", "share_left", "note")
NEARLY: Final = 0.2  # share left below which two events are nearly not separable
MOST: Final = 5  # bars an event column, at least


def attributed(
    result: Fitted,
    shape: Any,
    *,
    dose: Any = None,
    by: str | None = None,
    window: Window | None = None,
    shrink: bool = False,
    errors: str = "nonrobust",
    level: float = 0.95,
    others: Sequence[Ints] = (),
) -> pd.DataFrame:
    """See `StudyResult.attribute`; `others` are, by part, bars of events that are not studied."""
    checks.level(level)
    days, vector = _shape(result, shape, window)
    if errors == "HAC" and days[0] == days[1]:
        msg = "errors='HAC' needs a shape of several days: a column of one day leaves no residual on it; say shape='flat' or another"
        raise StudyError(msg)
    rows = studied_rows(result)
    frame = keys(result, rows)[["event_id", "symbol"]]
    if not rows.size:
        return pd.DataFrame(columns=list(COLUMNS))
    amount = _dose(result, dose, rows.size)
    label = np.arange(rows.size) if by is None else pd.factorize(groups_of(result, by))[0]
    names = frame["event_id"].to_numpy(dtype=object)
    again = [(form, *_shape(result, form, None)) for form in SHAPES[:3]]
    pieces = []
    for at, part in enumerate(result.parts):
        mine = np.searchsorted(rows, part.rows)
        outside = others[at] if at < len(others) else np.empty(0, dtype=np.int64)
        given = (amount[mine], label[mine])
        found = _of_part(result, part, (days, vector), given, outside, hac=errors == "HAC", all_told=shrink)
        note = _notes(part, found, names[mine], shape == "path")
        if vector is not None and by is None:
            _add(note, dict(enumerate(_by_shape(result, part, again, given, outside))))
        figures = np.full((part.rows.size, len(COLUMNS) - 3), np.nan)  # those between the keys and the note
        for where, one in found:
            told = _shrunken(one, given[0][where], given[1][where], level) if shrink else None
            if shrink and told is None:
                few = f"not shrunken: fewer than {FEWEST_NORMAL} reactions of this security"
                _add(note, dict.fromkeys(where.tolist(), few))
            figures[where, :-1] = _least_squares(one, level) if told is None else told
            figures[where, -1] = one.share_left
        pieces.append([*figures.T, np.array(note, dtype=object)])
    columns = {name: gather(result, [piece[at] for piece in pieces]) for at, name in enumerate(COLUMNS[2:])}
    frame = frame.assign(**columns)
    return frame.rename(columns={"pvalue": "wrong_sign"}) if shrink else frame


def _least_squares(one: Attribution, level: float) -> Floats:
    """Return contribution, standard error, interval and p-value of each event, (E, 5)."""
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415  a tenth of the import time of scipy.stats

    with np.errstate(invalid="ignore", divide="ignore"):
        reach = stdtrit(one.df, 0.5 + level / 2) * one.se
        pvalue = 2.0 * stdtr(one.df, -np.abs(one.effect / one.se))
    return np.column_stack([one.effect, one.se, one.effect - reach, one.effect + reach, pvalue])


def _shrunken(one: Attribution, dose: Floats, label: Ints, level: float) -> Floats | None:
    """Return what each event is likely to have done, given all of them, (E, 5); None where they are too few.

    Reactions a unit of the dose are shrunken, one for each label; events that cannot be told apart stay as they are.
    """
    table = _least_squares(one, level)
    table[:, 4] = np.nan
    known = np.flatnonzero(np.isfinite(one.effect) & np.isfinite(one.se) & (one.group < 0))
    _, first, place = np.unique(label[known], return_index=True, return_inverse=True)
    if first.size < FEWEST_NORMAL:
        return None
    lead = known[first]
    unit = dose[lead]
    found = shrink_together(
        one.effect[lead] / unit, one.covariance[np.ix_(lead, lead)] / np.outer(unit, unit), level=level
    )
    size = dose[known]
    ends = np.sort(np.column_stack([found.low[place] * size, found.high[place] * size]), axis=1)
    table[known] = np.column_stack(
        [found.estimate[place] * size, found.sd[place] * np.abs(size), ends, found.wrong_sign[place]]
    )
    return table


def _shape(result: Fitted, shape: Any, window: Window | None) -> tuple[Window, Floats | None]:
    """Return the relative days of a shape and its weights, which sum to one; None: a column a day."""
    begin, end = result.study.window
    if window is not None:
        window = checks.window(window, within=result.study.window)
        if not begin <= window[0] <= window[1] <= end:
            msg = f"window={window} must lie inside the event window ({begin}, {end}) of the study"
            raise StudyError(msg)
    if isinstance(shape, str):
        if shape not in SHAPES:
            msg = f"shape={not_one_of(shape, SHAPES)}, nor a list of weights"
            raise StudyError(msg)
        if shape == "impulse":
            return (0, 0), np.ones(1)
        first, last = window or ((begin, end) if shape == "path" else (max(0, begin), max(0, end)))
        length = last - first + 1
        if shape == "path":
            return (first, last), None
        weight = np.ones(length) if shape == "flat" else 0.5 ** np.arange(length)
        return (first, last), weight / weight.sum()
    try:
        weight = np.asarray(list(shape), dtype=np.float64)
    except (TypeError, ValueError):
        weight = np.empty(0)
    days = window or (0, weight.size - 1)
    if (
        not weight.size
        or not np.isfinite(weight).all()
        or weight.size != days[1] - days[0] + 1
        or abs(weight.sum()) < 1e-12
    ):
        msg = f"shape={brief(repr(shape))} is not a weight for each of the days {days[0]} to {days[1]}, with a sum that is not zero"
        raise StudyError(msg)
    return days, weight / weight.sum()


def _dose(result: Fitted, dose: Any, count: int) -> Floats:
    if dose is None:
        return np.ones(count)
    frame = result.request.frame
    if isinstance(dose, str):
        if dose not in frame.columns:
            msg = f"dose={dose!r} is no column of the fitted events; they have {in_a_row(frame.columns)}"
            raise StudyError(msg)
        dose = frame[dose].to_numpy()[result.event[studied_rows(result)]]
    try:
        values = one_a_row(result, "dose", dose, count).to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as fault:
        msg = f"dose holds what is no number ({brief(fault)}); give a signed number for each event, such as -0.25 for a cut"
        raise StudyError(msg) from fault
    bad = np.flatnonzero(~np.isfinite(values) | (values == 0))
    if bad.size:
        msg = f"dose: row {int(bad[0])} of car() has {values[bad[0]]:g}; give each event a number that is not zero"
        raise StudyError(msg)
    return values


Found = list[tuple[Ints, Attribution]]


def _of_part(
    result: Fitted,
    part: Part,
    shape: tuple[Window, Floats | None],
    given: tuple[Floats, Ints],
    outside: Ints,
    *,
    hac: bool,
    all_told: bool,
) -> Found:
    """Return, for each security, its rows of the part and what its events contributed."""
    inputs = part.abnormal.inputs
    if inputs.pool is not None or not inputs.forecast or inputs.spans is not None or is_own(part.abnormal.model):
        msg = f"{result.study.model!r}: events are told apart by one regression a security, which needs a linear model that is estimated, such as MarketModel"
        raise StudyError(msg)
    found: Found = []
    for code in np.unique(part.abnormal.security):
        where = np.flatnonzero(part.abnormal.security == code)
        beside = np.unique(np.concatenate([*_elsewhere(result, part, int(code)), outside]))
        one = one_security(part, int(code), where, shape, given, beside, hac=hac, all_told=all_told)
        found.append((where, one))
    return found


def _elsewhere(result: Fitted, part: Part, code: int) -> list[Ints]:
    """Return the bars of a security's events that could not be studied, or that are estimated apart from those of the part."""
    alike = [
        one
        for one in result.parts
        if one is not part
        and one.aligned.symbols == part.aligned.symbols
        and one.aligned.bars.equals(part.aligned.bars)
    ]
    here = part.attempted.day0[(part.attempted.security == code) & ~part.attempted.studied]
    return [here, *(one.attempted.day0[one.attempted.security == code] for one in alike)]


def one_security(
    part: Part,
    code: int,
    where: Ints,
    shape: tuple[Window, Floats | None],
    given: tuple[Floats, Ints],
    beside: Ints,
    *,
    hac: bool = False,
    all_told: bool = False,
) -> Attribution:
    """Return what the events `where` of one security contributed; events on the bars `beside` are nuisance columns.

    More columns than a fifth of the bars are told only where `all_told`.
    """
    inputs = part.abnormal.inputs
    (first, last), vector = shape
    amount, label = given[0][where], given[1][where]
    day0, bars = part.abnormal.day0[where], inputs.bars
    response = inputs.response(np.array([code]), np.array([0]), bars)[0]
    rows = [row[code if len(row) > 1 else 0] for row in inputs.design_rows()]
    regressors = np.stack(rows) if rows else np.zeros((0, bars))
    sampled = np.zeros(bars, dtype=bool)
    for day, (low, high) in ((day, piece) for day in day0 for piece in inputs.pieces):
        sampled[max(0, day + low) : max(0, day + high + 1)] = True
    if vector is None:
        columns = np.zeros((day0.size * (last - first + 1), bars))
        total = np.zeros((day0.size, len(columns)))
        for event, day in enumerate(day0):
            for shift in range(first, last + 1):
                at = event * (last - first + 1) + shift - first
                if 0 <= day + shift < bars and np.isfinite(response[day + shift]):
                    columns[at, day + shift] = total[event, at] = 1.0
    else:
        groups, place = np.unique(label, return_inverse=True)
        columns, total = np.zeros((groups.size, bars)), np.zeros((day0.size, groups.size))
        for event, day in enumerate(day0):
            _lay(columns[place[event]], day + first, amount[event] * vector)
            total[event, place[event]] = amount[event]
    nuisance = np.zeros((beside.size, bars))
    for row, day in enumerate(beside):
        _lay(nuisance[row], day + (0 if vector is None else first), np.ones(1) if vector is None else vector)
    covered: Bools = (columns != 0).any(axis=0) | (nuisance != 0).any(axis=0)
    usable = (sampled | covered) & np.isfinite(response) & np.isfinite(regressors).all(axis=0)
    nuisance = nuisance[(nuisance[:, usable] != 0).any(axis=1)]
    if not all_told and len(columns) * MOST > int(usable.sum()):
        none = np.full(day0.size, np.nan)
        lone = np.full(day0.size, -1)
        return Attribution(none, none, np.full((day0.size, day0.size), np.nan), none, lone, 0, int(usable.sum()))
    return attribute(response, regressors, nuisance, columns, total, usable, hac=hac)


def _lay(column: Floats, start: int, weight: Floats) -> None:
    """Add weights to a column from the bar `start` on, as far as there are bars."""
    low, high = max(0, start), min(column.size, start + weight.size)
    if low < high:
        column[low:high] += weight[low - start : high - start]


def _notes(part: Part, found: Found, names: Any, path: bool) -> list[str]:  # noqa: FBT001  two readers, both here
    note = [""] * part.rows.size
    for where, one in found:
        for at, row in enumerate(where.tolist()):
            fellows = [names[other] for other in where[(one.group == one.group[at]) & (np.arange(where.size) != at)]]
            if one.group[at] >= 0 and fellows:
                whole = (
                    "the figure is of all of them together" if np.isfinite(one.effect[at]) else "nor is their sum known"
                )
                why = ", whose bars it shares" if path else ""
                note[row] = f"not separable from {', '.join(map(str, fellows))}{why}; {whole}"
            elif one.df <= 0 and not np.isfinite(one.effect[at]):
                note[row] = f"too many events: {where.size} in {one.bars} bars"
            elif not np.isfinite(one.effect[at]):
                note[row] = "not separable from events that are not studied, or its return is missing"
            elif one.share_left[at] < NEARLY:
                note[row] = f"nearly not separable (VIF {1 / one.share_left[at]:.1f})"
            elif one.df < LEAST_DF:
                note[row] = f"{one.df} degrees of freedom: no test"
    return note


def _by_shape(
    result: Fitted,
    part: Part,
    forms: Sequence[tuple[str, Window, Floats | None]],
    given: tuple[Floats, Ints],
    outside: Ints,
) -> list[str]:
    """Say where events overlap and the shapes disagree on the sign: then the shape decides, not the data."""
    said = [""] * part.rows.size
    length = result.study.window[1] - result.study.window[0] + 1
    key = part.abnormal.security * (part.abnormal.inputs.bars + length) + part.abnormal.day0
    order = np.argsort(key, kind="stable")
    near = np.diff(key[order]) < length
    meets = np.zeros(key.size, dtype=bool)
    meets[order[1:][near]] = meets[order[:-1][near]] = True
    if not meets.any() or all(days == (0, 0) for _, days, _ in forms):
        return said
    effect = np.full((len(forms), part.rows.size), np.nan)
    for at, (_, days, vector) in enumerate(forms):
        for where, one in _of_part(result, part, (days, vector), given, outside, hac=False, all_told=False):
            effect[at, where] = np.where(one.group < 0, one.effect, np.nan)
    with np.errstate(invalid="ignore"):
        differ = meets & (np.nanmin(np.where(np.isnan(effect), np.inf, effect), axis=0) < 0)
        differ &= np.nanmax(np.where(np.isnan(effect), -np.inf, effect), axis=0) > 0
    for row in np.flatnonzero(differ):
        told = ", ".join(
            f"{form} {100 * effect[at, row]:+.2f} %"
            for at, (form, _, _) in enumerate(forms)
            if np.isfinite(effect[at, row])
        )
        said[row] = f"depends on the shape ({told})"
    return said


def _add(note: list[str], more: Mapping[int, str]) -> None:
    for at, text in more.items():
        note[at] = "; ".join(filter(None, (note[at], text)))
