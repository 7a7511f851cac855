"""Labels of bars: dates, zones and datetime units are made one here, when data comes in, and never again."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_hashable

from eventstudy.calendars import SESSION_UNIT, known_years, outside
from eventstudy.errors import DataError
from eventstudy.returns.tables.cells import refuse_unwritable
from eventstudy.words import brief, in_a_row

DAILY: Final = pd.Timedelta(hours=20)  # a typical step from which on bars are days


def normal_index(index: pd.Index, *, unique: bool = True) -> pd.Index:
    """Return an index of bars in the project's one form.

    Days become naive midnights (a day that carries a zone keeps its own date: Tokyo's 3 April stays the 3rd);
    moments within a day become UTC; anything that holds no dates is left as it is, if every label stands once.
    """
    result = _as_dates(index.astype(float) if index.dtype.kind == "f" else index)  # pandas finds no label of longdouble
    if isinstance(result, pd.DatetimeIndex):
        far = outside(result)
        if far.any():
            row = int(far.argmax())
            msg = f"row {row + 1}: {str(result[row])[:10]} lies outside the years {known_years()}; mend the date"
            raise DataError(msg)
        wall = result.tz_localize(None)
        if bool(at_midnight(wall).all()):
            result = wall.as_unit(SESSION_UNIT)
        else:
            result = (result.tz_convert("UTC") if result.tz is not None else result).as_unit(SESSION_UNIT)
        result = pd.DatetimeIndex(result, name="date")
    refuse_odd_labels(result)
    twice = result[result.duplicated()]
    if unique and len(twice):
        times = sum(label == twice[0] for label in result)  # one by one: a tuple would be taken for an array of labels
        msg = f"row label {twice[0]!s:.60} stands {times} times; keep one row for each bar"
        raise DataError(msg)
    return result


def in_order_of_bars(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its rows in order; labels that have none are refused."""
    try:
        return frame.sort_index()
    except (TypeError, ValueError) as fault:  # ValueError: a tuple beside a number of numpy
        msg = f"the row labels are of several kinds, such as {brief(repr(frame.index[0]))}, and have no order; bring them to one"
        raise DataError(msg) from fault


def refuse_odd_labels(index: pd.Index, what: str = "row") -> None:
    """Stop at a label under which nothing can be found: a list, a mapping or the like, or a text that cannot be written."""
    if index.dtype != object:
        return
    row = next((at for at, label in enumerate(index) if not is_hashable(label)), None)
    if row is not None:
        kind = type(index[row]).__name__
        words = "dates, numbers or text" if what == "row" else "text"
        msg = f"{what} {row + 1}: its label {brief(repr(index[row]))} is a {kind}; label {what}s with {words}"
        raise DataError(msg)
    refuse_unwritable(index, lambda at: f"{what} {at + 1}")


def _as_dates(index: pd.Index) -> pd.Index:
    """Return labels that are dates, as Python objects or as days of a period index, as timestamps; others as they are."""
    if index.nlevels > 1:
        names = in_a_row(index.names)
        msg = (
            f"the rows have {index.nlevels} levels of labels ({names}); a panel has one row a bar and one column a symbol: "
            "use frame[column].unstack(), or load_prices(source=frame) for a long table"
        )
        raise DataError(msg)
    if isinstance(index, pd.MultiIndex):
        index = index.get_level_values(0)
    if index.hasnans:
        msg = f"row {int(index.isna().argmax()) + 1} has no date; fill it in or drop the row"
        raise DataError(msg)
    if isinstance(index, pd.PeriodIndex) and index.freqstr in ("D", "B"):
        return index.to_timestamp()
    if index.dtype != object or not len(index) or not all(isinstance(label, dt.date) for label in index):
        return index
    zones = {str(getattr(label, "tzinfo", None)) for label in index}
    if len(zones) > 1:
        msg = (
            f"the dates mix time zones ({', '.join(sorted(zones))}); bring them to one, or drop the zone of daily dates"
        )
        raise DataError(msg)
    try:
        return pd.DatetimeIndex(index)
    except (ValueError, TypeError) as fault:
        msg = f"the row labels ({index[0]} …) cannot be read as dates ({fault}); use pd.to_datetime(frame.index)"
        raise DataError(msg) from fault


def at_midnight(index: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Whether each moment (n) is a midnight of its own zone; NaT is none."""
    ticks = np.timedelta64(1, "D") // np.timedelta64(1, index.unit)
    midnight: NDArray[np.bool_] = (
        index.tz_localize(None).asi8 % ticks == 0
    )  # `normalize` would look for a frequency, too
    return midnight


def is_intraday(index: pd.Index) -> bool:
    """Whether the bars are moments within days rather than days."""
    return isinstance(index, pd.DatetimeIndex) and (index.tz is not None or not at_midnight(index).all())


def stamped_days(index: pd.Index) -> bool:
    """Whether the bars seem to be days that carry an hour, such as that of the close: moments a day or more apart."""
    if not is_intraday(index) or len(index) < 2:
        return False
    return bool(pd.Timedelta(pd.Series(index).diff().median()) >= DAILY)


def refuse_naive(index: pd.Index) -> None:
    """Stop at moments within days without a time zone: whose clock they tell, nobody can know."""
    if isinstance(index, pd.DatetimeIndex) and index.tz is None and is_intraday(index) and not stamped_days(index):
        msg = (
            f"the rows are moments without a time zone ({index[0]}); name the zone of their clock: "
            "frame.index = frame.index.tz_localize('America/New_York'), or timezone= for a file"
        )
        raise DataError(msg)


def refuse_no_name(calendar: object, option: str) -> None:
    """Stop at a calendar that is neither a name nor None."""
    if calendar is not None and not isinstance(calendar, str):
        msg = f"{option}={brief(repr(calendar))} is no name of a calendar; use one such as 'XNYS' or '24/7', or None"
        raise DataError(msg)


def refuse_undated(index: pd.Index) -> None:
    """Stop at rows whose labels are no dates, where a calendar is to say which sessions there were."""
    if not isinstance(index, pd.DatetimeIndex):
        msg = f"the rows are labelled {brief(repr(index[0]))}, not with dates; pass calendar=None to take them as bars"
        raise DataError(msg)


def refuse_rows(index: pd.Index) -> None:
    """Stop at rows that no calendar can be laid over."""
    refuse_undated(index)
    if stamped_days(index):
        msg = (
            f"the rows are days that carry an hour ({index[0]}); take the dates of the exchange: "
            "frame.index = frame.index.tz_convert(zone).tz_localize(None).normalize()"
        )
        raise DataError(msg)
    if is_intraday(index):
        msg = f"the rows are moments within days ({index[0]}); pass calendar=None to take them as bars"
        raise DataError(msg)
