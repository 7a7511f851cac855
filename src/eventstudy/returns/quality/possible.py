"""What bars can be, whoever gave them: looked at when they come over the network, and when the cache gives them back.

One value that cannot be is missing, and a note names its day. Bars whose form cannot be are refused as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.errors import BadPayload, DataError, EventStudyError
from eventstudy.returns._index import at_midnight
from eventstudy.returns.bars import COLUMNS, Bars
from eventstudy.words import a_few

#: Yields, in percent: they have been zero and below. Other levels (the VIX) cannot.
RATES: Final = frozenset({"UST10Y", "^TNX", "^FVX", "^IRX", "^TYX"})

#: Symbols that are states, not things one can hold: a change of the VIX is not a return.
LEVEL_SYMBOLS: Final = frozenset(
    {"^VIX", "^VIX9D", "^VIX3M", "^VIX6M", "^VXN", "^VVIX", "UST10Y", "^TNX", "^FVX", "^IRX", "^TYX"}
)
DATES: Final = (pd.Timestamp("1800-01-01"), pd.Timestamp("2200-01-01"))  # no exchange is older, no bar is that young
PRICES: Final = (
    1e-12,
    1e15,
)  # from the smallest coin to a fund after many reverse splits; beyond them a ratio says nothing
VOLUMES: Final = (0.0, 1e18)
SPLITS: Final = (1e-6, 1e6)
NAMED: Final = 10  # days of one kind that are named one by one
DAILY: Final = 4  # days from bar to bar, by the median, beyond which bars are not daily

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]


def judged(bars: Bars, symbol: str, holds: str, source: str) -> Bars:
    """Return the bars with what cannot be taken out, and a note for each value.

    Examples
    --------
    >>> days = pd.to_datetime(["2025-03-03", "2025-03-04"])
    >>> found = judged(Bars(pd.DataFrame({"close": [10.0, -9.5]}, index=days)), "A", "raw", "vendor")
    >>> found.frame["close"].tolist(), found.notes
    ([10.0, nan], ('2025-03-04: close -9.5 is not a price above zero; not taken',))
    """
    why = _form(bars)
    if why:
        raise _refusal(symbol, source, why)
    frame = bars.frame[[name for name in COLUMNS if name in bars.frame]].astype(float)
    twice = frame.index.duplicated(keep="last")
    if twice.any():
        day, values = _contradiction(frame["close"])
        if values:
            raise _refusal(symbol, source, f"two closes for {day}: {values}")
        frame = frame.groupby(level=0).last()  # the last value that is there, column by column
    had = bool(frame["close"].notna().any())
    notes: list[str] = []
    for name in frame.columns:
        bad, words = _impossible(frame, name, symbol, holds)
        if bad.any():
            notes += day_notes(list(np.flatnonzero(bad)), partial(_said, frame[name], words))
            frame[name] = frame[name].mask(bad)
    if had and not frame["close"].notna().any():
        raise _refusal(symbol, source, f"not one value that can be ({notes[0]})")
    return replace(bars, frame=frame, notes=tuple(dict.fromkeys((*bars.notes, *notes))))


def damage(bars: Bars, symbol: str, holds: str) -> str:
    """Return what bars that were kept hold that `judged` would not have kept; empty if nothing."""
    unknown = [name for name in bars.frame.columns if name not in COLUMNS]
    if unknown:
        return f"column {unknown[0]!r} is none of {', '.join(COLUMNS)}"
    if bars.frame.index.has_duplicates:
        return f"{bars.frame.index[bars.frame.index.duplicated()][0]} stands twice"
    try:
        found = judged(replace(bars, notes=()), symbol, holds, "the cache")
    except BadPayload as error:
        return str(error)
    return next(iter(found.notes), "")


def possible_frame(
    frame: pd.DataFrame, source: str, levels: Iterable[str], *, returns: bool = False
) -> tuple[pd.DataFrame, dict[str, EventStudyError], dict[str, str]]:
    """Judge a frame (bars x symbols) of a source that is not a file, symbol by symbol."""
    if frame.columns.has_duplicates or frame.columns.nlevels > 1:
        twice = [*frame.columns[frame.columns.duplicated()], *frame.columns]
        msg = (
            f"source {source!r} returned columns that are not one for each symbol ({twice[0]!r}); return bars x symbols"
        )
        raise DataError(msg)
    state = frozenset(levels)
    failures: dict[str, EventStudyError] = {}
    notes: dict[str, str] = {}
    kept: dict[Any, pd.Series] = {}
    for symbol, values in frame.items():
        why = _no_numbers(values)
        if why:
            failures[str(symbol)] = BadPayload(f"{source} answered {symbol!r} with {why}, not numbers")
            continue
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        holds = "returns" if returns else "level" if symbol in state else "raw"
        good, words = _value_rule("", holds)
        bad = ~np.isnan(numbers) & ~good(numbers)
        if bad.any():
            said = partial(_said, values, [words] * len(values))
            notes[str(symbol)] = "; ".join(day_notes(list(np.flatnonzero(bad)), said))
            if bad.sum() == (~np.isnan(numbers)).sum():
                why = (
                    f"not one value that can be ({notes.pop(str(symbol)).split('; ')[0]}); a level is named in levels="
                )
                failures[str(symbol)] = BadPayload(f"{source} answered {symbol!r} with {why}")
                continue
        kept[symbol] = values.mask(bad) if bad.any() else values
    if len(kept) == frame.shape[1] and not notes:
        return frame, failures, notes
    return pd.DataFrame(kept, index=frame.index), failures, notes


def day_notes(rows: Sequence[int], say: Callable[[int], tuple[str, str]]) -> list[str]:
    """Return one note a row, and beyond `NAMED` of them a count: nobody reads ten thousand.

    Examples
    --------
    >>> day_notes([7], lambda row: ("2025-03-04", f"row {row} is wrong"))
    ['2025-03-04: row 7 is wrong; not taken']
    """
    notes = [f"{day}: {words}; not taken" for day, words in map(say, rows[:NAMED])]
    if len(rows) > NAMED:
        notes.append(f"{say(rows[-1])[0]}: the last of {len(rows) - NAMED} more such values; not taken")
    return notes


def spacing(frame: pd.DataFrame) -> str:
    """Return a note if the bars are so far apart that they are not daily; empty if they are near."""
    days = frame.index[frame["close"].notna()]
    if len(days) < 4:
        return ""
    apart = float(np.median(np.diff(days.to_numpy()).astype("timedelta64[D]").astype(float)))
    return f"its values stand {apart:g} days apart: they are not daily" if apart > DAILY else ""


def _form(bars: Any) -> str:
    """Return what is wrong with the form of bars; empty if nothing."""
    if not isinstance(bars, Bars) or not isinstance(bars.frame, pd.DataFrame):
        return f"{type(bars).__name__} instead of bars"
    frame: Any = bars.frame
    if "close" not in frame or frame.columns.has_duplicates:
        return f"columns {a_few(frame.columns)}, not one close"
    for name in COLUMNS:
        why = _no_numbers(frame[name]) if name in frame else ""
        if why:
            return f"{why} as {name}, not numbers"
    said: Any = bars.meta
    texts = [*said, *said.values(), *bars.notes] if isinstance(said, dict) else [said]
    strange = [type(text).__name__ for text in texts if not isinstance(text, str)]
    return f"{strange[0]} among its words" if strange else _days_wrong(frame.index)


def _days_wrong(index: pd.Index) -> str:
    """Return why the rows are not days in order; empty if they are."""
    if not isinstance(index, pd.DatetimeIndex) or index.tz is not None or index.hasnans:
        return f"rows that are no days without a zone ({index.dtype})"
    if len(index) and not (DATES[0] <= index.min() and index.max() < DATES[1]):
        wrong = index[(index < DATES[0]) | (index >= DATES[1])][0]
        return f"a bar of {wrong:%Y-%m-%d}, which no exchange has"
    days = at_midnight(index)
    if not days.all():
        return f"a bar of {index[~days][0]}, which is no day"
    back = np.flatnonzero(np.diff(index.to_numpy()) < np.timedelta64(0))
    return f"days out of order: {index[back[0] + 1]:%Y-%m-%d} after {index[back[0]]:%Y-%m-%d}" if len(back) else ""


def _no_numbers(values: pd.Series) -> str:
    """Return what a column holds if it is not numbers; empty if it is."""
    numeric = pd.api.types.is_numeric_dtype(values.dtype)
    odd = pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_complex_dtype(values.dtype)
    return "" if numeric and not odd else f"values of type {values.dtype}"


def _impossible(frame: pd.DataFrame, name: str, symbol: str, holds: str) -> tuple[Flags, list[str]]:
    """Return which values of a column cannot be, and of each row why."""
    values = frame[name].to_numpy()
    there = ~np.isnan(values)
    if name == "dividend":
        before = frame["close"].ffill().shift(1).to_numpy()
        sound = (values == 0) | ((values >= PRICES[0]) & (values <= PRICES[1]))
        above = there & sound & (values >= before)
        words = [
            f"is not below the close before it ({price:.10g})" if high else "is not cash for a share"
            for price, high in zip(before, above, strict=True)
        ]
        return (there & ~sound) | above, words
    good, said = _value_rule(name, _price_or(symbol, holds))
    return there & ~good(values), [said] * len(values)


def _price_or(symbol: str, holds: str) -> str:
    """Return what a symbol's values are by what its source keeps."""
    if holds in ("raw", "adjusted") and symbol in RATES:
        return "rate" if holds == "raw" else "level"
    return "raw" if holds == "level" and symbol.startswith("^") and symbol not in RATES else holds


def _value_rule(name: str, holds: str) -> tuple[Any, str]:
    """Return which values of a column can be, and what the others are not."""
    if name == "volume":
        return _within(VOLUMES), "is not a volume"
    if name == "split":
        return lambda x: (x == 0) | _within(SPLITS)(x), "is not a ratio of shares"
    if holds == "returns":
        return lambda x: np.isfinite(x) & (x >= -1.0), "is not a return: nobody loses more than all"
    if holds == "level":
        return np.isfinite, "is not a finite number"
    if holds == "rate":  # zero is Yahoo's other word for nothing
        return lambda x: np.isfinite(x) & (x != 0), "is not a rate"
    return _within(PRICES), "is not a price above zero"


def _within(bounds: tuple[float, float]) -> Any:
    return lambda x: (x >= bounds[0]) & (x <= bounds[1])


def _contradiction(close: pd.Series) -> tuple[str, str]:
    """Return the first day with two different closes, and these; empty if there is none."""
    for day, values in close[close.index.duplicated(keep=False)].groupby(level=0):
        found = values.dropna().unique()
        if len(found) > 1:
            return f"{day:%Y-%m-%d}", f"{found[0]:.10g} and {found[1]:.10g}"
    return "", ""


def _said(values: pd.Series, words: list[str], row: int) -> tuple[str, str]:
    """Return the day of a value that cannot be, and the value with what is wrong."""
    label = values.index[row]
    day = f"{label:%Y-%m-%d}" if isinstance(label, pd.Timestamp) else str(label)
    return day, f"{values.name} {values.iloc[row]:.10g} {words[row]}"


def _refusal(symbol: str, source: str, why: str) -> BadPayload:
    return BadPayload(f"{source} answered {symbol!r} with {why}; the symbol was left out")
