"""Frames of other libraries: polars, Arrow, DuckDB, Modin and cuDF come in as pandas, and pandas leaves as polars or Arrow.

What comes in is converted once, at the door; nothing behind it knows of another library.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
from pandas.api.types import is_object_dtype

from eventstudy.border import said
from eventstudy.dates import read_stamp
from eventstudy.errors import InputError

OUR_OWN: Final = frozenset({"builtins", "pathlib", "pandas", "numpy", "eventstudy", "datetime"})
"""Packages whose objects are no foreign frames: they need no look, and no import of narwhals."""

BAR_NAMES: Final = frozenset({"date", "dates", "datetime", "timestamp", "time", "day", "session", "bar", "index"})
"""What a column of bars is called where its kind does not tell."""

INDEX: Final = frozenset({"__index_level_0__", "None"})
"""What Arrow and polars call a pandas index without a name; pandas makes it the column "index"."""


def unflagged(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame that may hold a label twice while it is read: what stands twice is told by us, not by pandas."""
    return frame if frame.flags.allows_duplicate_labels else pd.DataFrame(frame)


def as_pandas(given: Any, error: type[InputError] = InputError) -> Any:
    """Return a frame of any library as a pandas DataFrame, and whatever is no frame as it is.

    Examples
    --------
    >>> import pyarrow as pa
    >>> as_pandas(pa.table({"car": [0.5, None]}))["car"].tolist(), as_pandas("events.csv")
    ([0.5, nan], 'events.csv')
    """
    if isinstance(given, pd.DataFrame):
        _refuse_signals(given, error)
        return _without_odd_arrays(given)
    if given is None or type(given).__module__.partition(".")[0] in OUR_OWN:
        return given
    import narwhals as nw  # noqa: PLC0415  only who brings a frame of another library pays

    try:
        frame: Any = nw.from_native(given, pass_through=True)
        if isinstance(frame, nw.LazyFrame):
            frame = frame.collect("pyarrow")
        if isinstance(frame, nw.DataFrame):
            # a frame like those of pandas has row labels, which Arrow would lose
            return frame.to_pandas() if frame.implementation.is_pandas_like() else _from_arrow(frame.to_arrow())
        if hasattr(given, "__arrow_c_stream__") or hasattr(given, "__arrow_c_array__"):
            import pyarrow as pa  # noqa: PLC0415  slow to import

            return _from_arrow(pa.table(given))
    except Exception as fault:  # the readers of others raise what they like
        kind = type(given)
        msg = (
            f"this {kind.__module__.partition('.')[0]} {kind.__name__} cannot be read as a table ({said(fault)}); pass a frame of "
            "polars, pandas or Arrow"
        )
        raise error(msg) from fault
    return given


def _refuse_signals(frame: pd.DataFrame, error: type[InputError]) -> None:
    """Stop at a decimal that raises an exception wherever it is looked at, a signaling NaN."""
    held: list[tuple[str, Any]] = []
    for at, kind in enumerate(frame.dtypes):
        if kind.kind == "O" and is_object_dtype(kind):
            held.append((f"column {frame.columns[at]!r}", frame.iloc[:, at]))
    if is_object_dtype(frame.index.dtype):
        held.append(("the row labels", frame.index))
    for what, cells in held:
        for row, cell in enumerate(cells):
            if isinstance(cell, Decimal) and cell.is_snan():
                msg = f"{what}, row {row + 1}: Decimal('sNaN') is no number that can be used; leave the cell empty if it is missing"
                raise error(msg)


def _without_odd_arrays(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose arrays pandas can label rows with: bytes of one length as objects, halves as floats."""
    odd = {
        kind: np.float64 if kind == np.float16 else object
        for kind in set(frame.dtypes)
        if kind.kind in "SV" or kind == np.float16
    }
    if not odd:
        return frame
    columns = [frame.iloc[:, at].astype(odd.get(kind, kind)) for at, kind in enumerate(frame.dtypes)]
    return pd.concat(columns, axis=1).set_axis(frame.columns, axis=1)


def _from_arrow(table: Any) -> pd.DataFrame:
    """Return an Arrow table as pandas; words of a dictionary as words, decimals as floats, dates as timestamps."""
    import pyarrow as pa  # noqa: PLC0415  slow to import

    decimals = []
    for at, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(at, field.name, table.column(at).cast(field.type.value_type))
        if pa.types.is_decimal(field.type):
            decimals.append(at)
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    for at in decimals:
        if at < frame.shape[1]:  # each to the nearest float; Arrow's own cast may be one off
            name = frame.columns[at]
            frame[name] = [float("nan") if cell is None else float(cell) for cell in frame[name]]
    first = str(frame.columns[0]) if frame.shape[1] else ""
    return frame.rename(columns={first: "index"}) if first in INDEX else frame


def with_bars(given: Any, error: type[InputError] = InputError) -> Any:
    """Return a frame of any library as pandas, a foreign one labelled by its column of bars: they have no row labels.

    That is the one column of dates or moments, else the first column if its name says so and it holds no fractions; a
    frame without any is numbered from 0, as pandas numbers it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> with_bars(pa.table({"bar": [7, 8], "A": [0.5, None]})).index.tolist()
    [7, 8]
    """
    frame = as_pandas(given, error)
    if frame is given or not isinstance(frame, pd.DataFrame) or not isinstance(frame.index, pd.RangeIndex):
        return frame
    dated = [name for name in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[name])]
    if len(dated) > 1:
        msg = f"columns {dated[0]!r} and {dated[1]!r} both hold dates; keep the one that names the bars"
        raise error(msg)
    named = [name for name in frame.columns[:1] if str(name).lower() in BAR_NAMES]
    bars = dated or [name for name in named if not pd.api.types.is_float_dtype(frame[name])]
    if not bars:
        return frame
    frame = frame.set_index(bars[0]).rename_axis(index=None if bars[0] == "index" else bars[0])
    return frame.set_axis(_read(frame.index)) if pd.api.types.is_string_dtype(frame.index.dtype) else frame


def _read(texts: pd.Index) -> pd.Index:
    """Return row labels that are all dates in ISO form as dates, others as they are."""
    try:
        return pd.DatetimeIndex([read_stamp(text) for text in texts], name=texts.name)
    except (ValueError, TypeError):
        return texts


def named_levels_as_columns(frame: pd.DataFrame, name: str, error: type[InputError]) -> pd.DataFrame:
    """Return a frame with its named row labels as columns; one that is both is refused, under the frame's `name`."""
    levels = [level for level in frame.index.names if level is not None]
    try:
        "".join(map(str, levels)).encode()
    except UnicodeEncodeError as fault:
        msg = f"{name}: a name of the row labels is no text that can be written ({str(levels)[:60]}); rename them"
        raise error(msg) from fault
    both = [level for level in levels if level in frame.columns]
    if both:
        msg = f"{name}: {both[0]!r} is a level of the row labels and a column; drop one"
        raise error(msg)
    return frame.reset_index(level=levels) if levels else frame


def to_arrow(frame: pd.DataFrame) -> Any:
    """Return a table as a pyarrow Table; what is missing is null, and row labels that have a name are columns."""
    import pyarrow as pa  # noqa: PLC0415  slow to import

    named = [name for name in frame.index.names if name is not None]
    table = frame.reset_index() if named else frame
    return pa.Table.from_pandas(table.rename(columns=str), preserve_index=False)


def to_polars(frame: pd.DataFrame) -> Any:
    """Return a table as a polars DataFrame, as `to_arrow`; polars is no dependency and has to be there."""
    try:
        import polars as pl  # noqa: PLC0415  only who asks for polars has it
    except ImportError as fault:
        msg = "polars is not installed: pip install polars; to_arrow() needs nothing more"
        raise InputError(msg) from fault
    return pl.from_arrow(to_arrow(frame))


class Leaving:
    """A panel that leaves as a table of another library: its bars are the first column."""

    frame: Any

    def to_arrow(self) -> Any:
        """Return the frame as a pyarrow Table, the bars in its first column; what is missing is null."""
        return to_arrow(self.frame)

    def to_polars(self) -> Any:
        """Return the frame as a polars DataFrame, the bars in its first column; what is missing is null."""
        return to_polars(self.frame)
