"""Bars that look wrong, and the security-events that rest on them: what the quality of the data says, brought to each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal import AbnormalReturns
from eventstudy.abnormal.engine.factor_fit import FactorFit
from eventstudy.abnormal.engine.mixture_fit import MixtureFit
from eventstudy.abnormal.models.control_portfolios import MatchedPortfolio
from eventstudy.abnormal.models.donor_pool import Donor
from eventstudy.abnormal.models.intraday import base_of
from eventstudy.abnormal.windows import cut
from eventstudy.returns.quality.suspicions import FAR, JUMP, MAD_TO_SD, ROBUST, STALE, like_splits
from eventstudy.returns.tables.names import label_text, label_texts
from eventstudy.study.aligned import _rows
from eventstudy.study.fitted import Fitted, Part
from eventstudy.study.panels import LogVolume, LumpedReturns

#: missing_code: a vendor's word or number for nothing stood there · impossible_return: a loss of everything or more ·
#: split_like: a leap by the ratio of a split or a unit, as after a lost split or pence for pounds · suspect_return: another leap out of
#: all measure · stale: prices that stand still.
KINDS: Final = ("missing_code", "impossible_return", "split_like", "suspect_return", "stale")
GRAVE: Final = ("impossible_return", "split_like", "suspect_return")
MEASURE: Final = (0.01, 11.0)  # growth of one bar out of all measure: a loss of 99 % or more, a gain of 1000 % or more
PIECE: Final = 1 << 15
FEW: Final = 0.05  # share of security-events below which standing prices and codes are no doubt about a test

#: Share of zeros from which on a regressor is no market that stands still but a series that is mostly nothing, as a dummy is.
MOSTLY: Final = 0.5

FEW_BARS: Final = 0.25
"""Share of a panel below which the bars that events rest on are looked at alone."""

Stretches = tuple[Ints, Ints, int]
"""Security (n,) and first bar (n,) of stretches of bars, and their length."""

Marks = dict[str, tuple[Ints, Ints]]
"""kind -> sorted keys security x bars + bar (its match among them), and sorted bars of the regressors, or keys donor x bars + bar."""

_NONE: Final = np.empty(0, dtype=np.int64)
_known: WeakKeyDictionary[Fitted, list[Marks]] = WeakKeyDictionary()


def flags_of(result: Fitted, window: tuple[int, int]) -> list[dict[str, NDArray[np.bool_]]]:
    """Return, for each part, which of its studied rows rest on bars that look wrong: in the estimation window or in `window`."""
    return [
        _touched(part.abnormal, part, marks, window) for part, marks in zip(result.parts, marks_of(result), strict=True)
    ]


def attempted_flags(result: Fitted) -> list[dict[str, NDArray[np.bool_]]]:
    """Return the same of all rows that were attempted, over the event window."""
    return [
        _touched(part.attempted, part, marks, result.study.window)
        for part, marks in zip(result.parts, marks_of(result), strict=True)
    ]


def data_doubts(result: Fitted, window: tuple[int, int]) -> tuple[str, ...]:
    """Return what speaks against every test of a window because of the data that it rests on."""
    return doubts_of(counts_of(result, window), result.n)


def counts_of(result: Fitted, window: tuple[int, int]) -> Counter[str]:
    """Return how many studied rows rest on bars that look wrong, by kind."""
    found = flags_of(result, window)
    return Counter({kind: sum(int(part[kind].sum()) for part in found if kind in part) for kind in KINDS})


def doubts_of(counts: Counter[str], n: int) -> tuple[str, ...]:
    """Return the same from the counts among n security-events."""
    doubts = []
    for kind in KINDS:
        count = counts[kind]
        if count and (kind in GRAVE or count > FEW * n):
            rest = "rests" if count == 1 else "rest"
            doubts.append(
                f"data: {count} of {n} security-events {rest} on bars flagged {kind}; see the column flag of car()"
            )
    return tuple(doubts)


def marks_of(result: Fitted) -> list[Marks]:
    """Return, for each part, the bars that look wrong; they are looked for once."""
    if result not in _known:
        _known[result] = [_of_part(result, part) for part in result.parts]
    return _known[result]


def hand_on(result: Fitted, some: Fitted) -> None:
    """Let a result of some rows of another have its marks: they are of the same returns."""
    known = {id(part.aligned): found for part, found in zip(result.parts, marks_of(result), strict=True)}
    _known[some] = [known[id(part.aligned)] for part in some.parts]


def hand_over(result: Fitted, found: list[Marks]) -> None:
    """Let a result whose returns are not there have the marks that were found when they were."""
    _known[result] = found


def _of_part(result: Fitted, part: Part) -> Marks:
    panel, aligned = result.panel, part.aligned
    if isinstance(panel, LogVolume):
        return {}
    own = _wrong(result, aligned.returns, aligned.symbols, part, _rested_on(part, result.study.window))
    model, series, wanted = base_of(part.abnormal.model), aligned.series, part.abnormal.model.symbols
    bars = len(aligned.bars)
    common: dict[str, Ints] = {}
    if isinstance(model, MatchedPortfolio):
        members = [model.members(name) for name in aligned.symbols]
        others = tuple(dict.fromkeys(name for names in members for name in names))
        rows = _rows((aligned.laid or panel).frame, others, aligned.bars) if others else np.empty((0, bars))
        place = {name: at for at, name in enumerate(others)}
        theirs = _wrong(result, rows, others, part)
        for kind, keys in theirs.items():
            of_members = [
                _of_match(keys, [place[name] for name in names], at, bars) for at, names in enumerate(members)
            ]
            own[kind] = np.unique(np.concatenate([own.get(kind, _NONE), *of_members]))
    elif series is not None and series.ndim == 2 and len(series) == len(wanted):
        common = _wrong(result, series, wanted, part)
        if "stale" in common:
            rate = [name == getattr(model, "risk_free", None) for name in wanted]
            still = ~np.array(rate) & ((series == 0.0).mean(axis=1) < MOSTLY)
            common["stale"] = common["stale"][still[common["stale"] // bars]]
        if not hasattr(part.abnormal.pool, "state"):
            common = {kind: np.unique(keys % bars) for kind, keys in common.items()}
    found = {kind: (own.get(kind, _NONE), common.get(kind, _NONE)) for kind in KINDS}
    return {kind: both for kind, both in found.items() if both[0].size or both[1].size}


def _rested_on(part: Part, window: tuple[int, int]) -> Stretches | None:
    """Return what the attempted rows rest on, with room for a price that stands still across an end; None where that is most."""
    rows, ends = part.attempted, (*part.attempted.inputs.pieces, window)
    first, last = min(first for first, _ in ends) - STALE, max(last for _, last in ends) + STALE
    length, bars = last - first + 1, part.aligned.returns.shape[1]
    if length > bars or rows.day0.size * length > FEW_BARS * part.aligned.returns.size:
        return None
    return rows.security, (rows.day0 + first).clip(0, bars - length), length


def _wrong(
    result: Fitted, returns: Floats, names: Sequence[str], part: Part, stretches: Stretches | None = None
) -> dict[str, Ints]:
    """Return the keys row x bars + bar of what looks wrong in returns (S, B) of the symbols `names`, by kind."""
    found = _looking_wrong(returns, stretches, log=result.panel.kind == "log")
    if isinstance(result.panel, LumpedReturns):
        found.pop("stale", None)
    found["missing_code"] = _coded(result.panel.quality, names, part.aligned.bars)
    return found


def _of_match(keys: Ints, members: Sequence[int], security: int, bars: int) -> Ints:
    """Return the keys of members, row x bars + bar, as those of the security that is compared with them."""
    found = [keys[slice(*np.searchsorted(keys, [at * bars, (at + 1) * bars]))] % bars for at in members]
    return np.concatenate(found) + security * bars


def _looking_wrong(returns: Floats, stretches: Stretches | None, *, log: bool) -> dict[str, Ints]:
    """Return the keys row x bars + bar of what looks wrong in returns (S, B), or in some stretches of them."""
    flat = returns.ravel()
    found: dict[str, Ints] = {}
    lowest, highest = (-JUMP, JUMP) if log else (np.expm1(-JUMP), np.expm1(JUMP))
    if stretches is None:
        leaps, still = _leaps_and_zeros(flat, lowest, highest)
    else:
        values = cut(returns, *stretches)
        leaps, still = (
            _keys(at, stretches, returns.shape[1]) for at in _leaps_and_zeros(values.ravel(), lowest, highest)
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        if leaps.size:
            size = flat[leaps] if log else np.log1p(flat[leaps])
            if not log:
                found["impossible_return"] = leaps[flat[leaps] <= -1.0]
            near = like_splits(np.abs(size), FAR)
            near[near] = _like_splits(returns, leaps[near], np.abs(size[near]), log=log)
            wild = (size >= np.log(MEASURE[1])) | ((size <= np.log(MEASURE[0])) & np.isfinite(size))
            found["suspect_return"] = leaps[wild & ~near]
            found["split_like"] = leaps[near]
    if still.size >= STALE - 1:
        bars = returns.shape[1]
        run = np.concatenate([[0], np.cumsum((np.diff(still) != 1) | (still[1:] % bars == 0))])
        found["stale"] = still[np.bincount(run)[run] >= STALE - 1]
    return found


def _leaps_and_zeros(flat: Floats, lowest: float, highest: float) -> tuple[Ints, Ints]:
    """Return where values lie outside two bounds, and where they are zero; piece by piece, as a processor holds them."""
    leaps, zeros = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.intp)]
    for start in range(0, flat.size, PIECE):
        piece = flat[start : start + PIECE]
        if not (piece.min() >= lowest and piece.max() <= highest):  # also where one is missing
            leaps.append(np.flatnonzero((piece < lowest) | (piece > highest)) + start)
        if np.count_nonzero(piece) < piece.size:
            zeros.append(np.flatnonzero(piece == 0.0) + start)
    return np.concatenate(leaps), np.concatenate(zeros)


def _keys(at: Ints, stretches: Stretches, bars: int) -> Ints:
    """Return the sorted keys row x bars + bar of places in stretches that are laid end to end."""
    row, start, length = stretches
    which, day = np.divmod(at, length)
    return np.unique(row[which] * bars + start[which] + day)


def _like_splits(returns: Floats, keys: Ints, size: Floats, *, log: bool) -> NDArray[np.bool_]:
    """Whether each leap has the ratio of a split, and is one also for the security: ten robust standard deviations of its own."""
    bars = returns.shape[1]
    spread = np.zeros(len(returns))
    for row in np.unique(keys // bars).tolist():
        change = returns[row][np.isfinite(returns[row])]
        change = change if log else np.log1p(change[change > -1.0])
        spread[row] = MAD_TO_SD * float(np.median(np.abs(change - np.median(change))))
    usual = spread[keys // bars]
    return np.asarray((size > ROBUST * usual) & like_splits(size, usual))


def _coded(quality: Any, symbols: Sequence[str], bars: pd.Index) -> Ints:
    """Return the keys of bars at which a vendor's code stood; the quality table names their days."""
    if (
        not isinstance(quality, pd.DataFrame)
        or "codes" not in quality.columns
        or not isinstance(bars, pd.DatetimeIndex)
    ):
        return np.empty(0, dtype=np.int64)
    texts = quality["codes"]
    texts = texts[texts.fillna("").astype(str) != ""]
    place = {name: at for at, name in enumerate(label_texts(symbols))}
    keys = []
    for symbol, text in texts.items():
        if label_text(symbol) in place:
            days = pd.DatetimeIndex(pd.to_datetime(str(text).split(), format="ISO8601"), tz=bars.tz).as_unit(bars.unit)
            at = bars.get_indexer(days)
            keys.append(place[label_text(symbol)] * len(bars) + at[at >= 0])
    return np.sort(np.concatenate(keys)).astype(np.int64) if keys else np.empty(0, dtype=np.int64)


def _touched(
    abnormal: AbnormalReturns, part: Part, marks: Marks, window: tuple[int, int]
) -> dict[str, NDArray[np.bool_]]:
    bars = part.aligned.returns.shape[1]
    found = {}
    for kind, (own, common) in marks.items():
        touched = np.zeros(abnormal.day0.size, dtype=bool)
        for first, last in (*abnormal.inputs.pieces, window):
            low, high = (abnormal.day0 + first).clip(0, bars), (abnormal.day0 + last + 1).clip(0, bars)
            base = abnormal.security * bars
            touched |= np.searchsorted(own, base + low) < np.searchsorted(own, base + high)
            touched |= _of_common(abnormal, common, low, high, bars)
        found[kind] = touched
    return found


def _of_common(abnormal: AbnormalReturns, common: Ints, low: Ints, high: Ints, bars: int) -> Bools:
    """Whether a regressor, or a donor that took part, looks wrong on one of the bars low .. high - 1 of each row."""
    pool = abnormal.pool
    if not isinstance(pool, (MixtureFit, FactorFit)):
        return np.asarray(np.searchsorted(common, low) < np.searchsorted(common, high))
    touched = np.zeros(low.size, dtype=bool)
    date = np.searchsorted(pool.day0, abnormal.day0).clip(0, pool.day0.size - 1)
    for donor in np.unique(common // bars).tolist():
        if isinstance(pool, MixtureFit):
            used = np.array([donor in some for some in pool.donors], dtype=bool)
        else:
            used = pool.state[date, donor] <= Donor.FILLED
        base = donor * bars
        touched |= used & (np.searchsorted(common, base + low) < np.searchsorted(common, base + high))
    return touched
