"""Bars that look wrong, and the security-events that rest on them: what the quality of the data says, brought to each row."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal import AbnormalReturns
from eventstudy.returns.quality.suspicions import JUMP, MAD_TO_SD, NEAR, ROBUST, SPLITS, STALE
from eventstudy.returns.tables.names import label_text
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

Marks = dict[str, tuple[Ints, Ints]]  # kind -> sorted keys security x bars + bar, and sorted bars of the regressors

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
    panel, returns = result.panel, part.aligned.returns
    if isinstance(panel, LogVolume):
        return {}
    log = panel.kind == "log"
    own = _looking_wrong(returns, log=log)
    if isinstance(panel, LumpedReturns):
        own.pop("stale", None)
    own["missing_code"] = _coded(panel.quality, part.aligned.symbols, part.aligned.bars)
    series = part.aligned.series
    wanted = part.abnormal.model.symbols
    common: dict[str, Ints] = {}
    if series is not None and series.ndim == 2 and len(series) == len(wanted):
        bars = series.shape[1]
        common = {
            kind: np.unique(keys % bars) for kind, keys in _looking_wrong(series, log=log).items() if kind in GRAVE
        }
        common["missing_code"] = np.unique(_coded(panel.quality, wanted, part.aligned.bars) % bars)
    none = np.empty(0, dtype=np.int64)
    found = {kind: (own.get(kind, none), common.get(kind, none)) for kind in KINDS}
    return {kind: both for kind, both in found.items() if both[0].size or both[1].size}


def _looking_wrong(returns: Floats, *, log: bool) -> dict[str, Ints]:
    """Return the keys row x bars + bar of what looks wrong in returns (S, B)."""
    flat = returns.ravel()
    found: dict[str, Ints] = {}
    lowest, highest = (-JUMP, JUMP) if log else (np.expm1(-JUMP), np.expm1(JUMP))
    leaps, still = _leaps_and_zeros(flat, lowest, highest)
    with np.errstate(invalid="ignore", divide="ignore"):
        if leaps.size:
            size = flat[leaps] if log else np.log1p(flat[leaps])
            if not log:
                found["impossible_return"] = leaps[flat[leaps] <= -1.0]
            ratio = np.exp(np.abs(size))
            near = np.min(np.abs(ratio[:, None] / np.array(SPLITS) - 1.0), axis=1) < NEAR
            wild = (size >= np.log(MEASURE[1])) | ((size <= np.log(MEASURE[0])) & np.isfinite(size))
            found["suspect_return"] = leaps[wild & ~near]
            found["split_like"] = leaps[near][_beyond_usual(returns, leaps[near], size[near], log=log)]
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


def _beyond_usual(returns: Floats, keys: Ints, size: Floats, *, log: bool) -> NDArray[np.bool_]:
    """Whether each leap is one also for the security: ten robust standard deviations of its own returns."""
    bars = returns.shape[1]
    limit = np.zeros(len(returns))
    for row in np.unique(keys // bars).tolist():
        change = returns[row][np.isfinite(returns[row])]
        change = change if log else np.log1p(change[change > -1.0])
        limit[row] = ROBUST * MAD_TO_SD * float(np.median(np.abs(change - np.median(change))))
    return np.asarray(np.abs(size) > limit[keys // bars])


def _coded(quality: Any, symbols: tuple[str, ...], bars: pd.Index) -> Ints:
    """Return the keys of bars at which a vendor's code stood; the quality table names their days."""
    if (
        not isinstance(quality, pd.DataFrame)
        or "codes" not in quality.columns
        or not isinstance(bars, pd.DatetimeIndex)
    ):
        return np.empty(0, dtype=np.int64)
    texts = quality["codes"]
    texts = texts[texts.fillna("").astype(str) != ""]
    place = {label_text(name): at for at, name in enumerate(symbols)}
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
            touched |= np.searchsorted(common, low) < np.searchsorted(common, high)
        found[kind] = touched
    return found
