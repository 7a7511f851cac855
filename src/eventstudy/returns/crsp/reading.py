"""Tables of CRSP read by their columns: only those needed, only the dates and securities asked for."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Floats
from eventstudy.border import existing_file, file_name, guarded
from eventstudy.errors import DataError
from eventstudy.frames import as_pandas
from eventstudy.returns.tables.cells import unlike_numbers
from eventstudy.words import brief, in_a_row, nearest

WAY: Final = "check the file, or write it anew"

LARGEST_WHOLE: Final = 2.0**53  # every whole number below is a float of its own

NO_RETURN: Final = (-44.0, -55.0, -66.0, -77.0, -88.0, -99.0)
"""What CRSP writes for a return that it does not have."""

LETTERS: Final = ("A", "B", "C", "D", "E", "P", "S", "T")
"""The same in text files, of returns and of delisting returns."""


def read_columns(
    given: Any,
    what: str,
    wanted: Mapping[str, tuple[str, ...]],
    *,
    optional: Collection[str] = (),
    between: tuple[pd.Timestamp | None, pd.Timestamp | None] = (None, None),
    permnos: Collection[int] | None = None,
) -> tuple[pd.DataFrame, str]:
    """Return the columns `wanted` of a Parquet or CSV file, a folder of Parquet files, or a frame, under our names; and its name.

    Parameters
    ----------
    given : path or frame
        A frame, of any library.
    what : str
        For messages: ``"daily"``.
    wanted : mapping of str to tuple of str
        Our name -> the names that CRSP has for it, in any case.
    optional : collection of str
        Of them, those that may be missing.
    between : (Timestamp or None, Timestamp or None)
        Dates of ``date`` kept while reading.
    permnos : collection of int, optional
        Securities kept while reading.
    """
    if isinstance(given, (str, os.PathLike)):
        return _read_file(Path(given), what, wanted, optional, between, permnos)
    frame = as_pandas(given, DataError)
    if not isinstance(frame, pd.DataFrame):
        msg = f"{what}={brief(repr(given))} is no table; pass a path (.parquet, .csv, a folder of Parquet files) or a DataFrame"
        raise DataError(msg)
    frame = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    names = _names(list(map(str, frame.columns)), what, wanted, optional)
    frame = frame.set_axis(list(map(str, frame.columns)), axis=1)[list(names.values())].set_axis(list(names), axis=1)
    return _kept(frame, what, between, permnos), what


def _names(
    columns: list[str], place: str, wanted: Mapping[str, tuple[str, ...]], optional: Collection[str]
) -> dict[str, str]:
    """Return our name -> the column that holds it."""
    lower = {name.strip().lower(): name for name in reversed(columns)}
    found = {}
    for name, known in wanted.items():
        there = [lower[one] for one in known if one in lower]
        if there:
            found[name] = there[0]
        elif name not in optional:
            msg = f"{place}: no column {known[0].upper()!r}{nearest(known[0], list(lower))} The columns: {in_a_row(columns)}"
            raise DataError(msg)
    return found


def _read_file(
    path: Path,
    what: str,
    wanted: Mapping[str, tuple[str, ...]],
    optional: Collection[str],
    between: tuple[pd.Timestamp | None, pd.Timestamp | None],
    permnos: Collection[int] | None,
) -> tuple[pd.DataFrame, str]:
    import pyarrow.dataset as ds  # noqa: PLC0415  slow to import
    from pyarrow import csv  # noqa: PLC0415  the same

    parquet = path.is_dir() or path.suffix.lower() in (".parquet", ".pq")
    place = f"{what} ({file_name(path)})"
    if not path.is_dir():
        path = existing_file(path, DataError)
    if parquet:
        with guarded(place, "Parquet", DataError, WAY):
            data = ds.dataset(str(path), format="parquet")
        names = _names(data.schema.names, place, wanted, optional)
        with guarded(place, "Parquet", DataError, WAY):
            table = data.to_table(columns=list(names.values()), filter=_filter(data.schema, names, between, permnos))
            frame = table.to_pandas(date_as_object=False, self_destruct=True)
    else:
        with guarded(place, "CSV", DataError, WAY), csv.open_csv(path) as reader:
            columns = reader.schema.names
        names = _names(columns, place, wanted, optional)
        with guarded(place, "CSV", DataError, WAY):
            text = dict.fromkeys(names.values(), "string")  # letters among numbers, zeros before codes
            options = csv.ConvertOptions(
                include_columns=list(names.values()), column_types=text, strings_can_be_null=True
            )
            frame = csv.read_csv(path, convert_options=options).to_pandas()
    return _kept(frame.set_axis(list(names), axis=1), place, between, permnos), place


def _filter(schema: Any, names: dict[str, str], between: tuple[Any, Any], permnos: Collection[int] | None) -> Any:
    """Return what Parquet leaves unread: other dates, where they are dates, and other securities, where they are numbers."""
    import pyarrow as pa  # noqa: PLC0415  slow to import
    import pyarrow.dataset as ds  # noqa: PLC0415  the same

    parts = []
    if "date" in names and pa.types.is_temporal(schema.field(names["date"]).type):
        kind = schema.field(names["date"]).type
        for value, low in zip(between, (True, False), strict=True):
            if value is not None:
                at = pa.scalar(value.date(), pa.date32()).cast(kind)
                field = ds.field(names["date"])
                parts.append(field >= at if low else field <= at)
    if permnos is not None and not pa.types.is_string(schema.field(names["permno"]).type):
        kind = schema.field(names["permno"]).type
        parts.append(ds.field(names["permno"]).isin(pa.array(sorted(permnos)).cast(kind)))
    found = None
    for part in parts:
        found = part if found is None else found & part
    return found


def _kept(frame: pd.DataFrame, place: str, between: tuple[Any, Any], permnos: Collection[int] | None) -> pd.DataFrame:
    """Return the frame with PERMNO as numbers and dates as dates, less the rows not asked for."""
    frame = frame.reset_index(drop=True)
    if "permno" in frame:
        frame["permno"] = whole(frame["permno"], place, "PERMNO")
        if permnos is not None:
            frame = frame[frame["permno"].isin(list(permnos))]
    if "date" in frame:
        frame["date"] = dates(frame["date"], place, "DATE", empty=False)
        low, high = between
        frame = frame[(frame["date"] >= low) if low is not None else slice(None)]
        frame = frame[(frame["date"] <= high) if high is not None else slice(None)]
    return frame.reset_index(drop=True)


def _refuse_strange(column: pd.Series[Any], place: str, name: str) -> None:
    strange = unlike_numbers(column.dtype)
    if strange and len(column):
        msg = f"{place}, column {name!r} holds {strange}; give numbers"
        raise DataError(msg)


def whole(column: pd.Series[Any], place: str, name: str) -> pd.Series[Any]:
    """Return a column of whole numbers; a cell that is none is refused with its row."""
    _refuse_strange(column, place, name)
    found = pd.to_numeric(column, errors="coerce")
    bad = np.flatnonzero((found.isna() | (found % 1 != 0) | (found.abs() > LARGEST_WHOLE)).to_numpy())
    if bad.size:
        msg = f"{place}, row {int(bad[0])}, column {name!r}: {brief(column.iloc[int(bad[0])])} is no whole number; mend or leave out the row"
        raise DataError(msg)
    return found.astype(np.int64)


def dates(column: pd.Series[Any], place: str, name: str, *, empty: bool) -> pd.Series[Any]:
    """Return a column of days: dates, ``2020-01-31``, ``20200131`` or ``31JAN2020``; `empty`: an open end may be missing."""
    if pd.api.types.is_datetime64_any_dtype(column):
        found = column
    elif pd.api.types.is_numeric_dtype(column):
        _refuse_strange(column, place, name)
        value = column.to_numpy(dtype=float, na_value=np.nan)
        fine = (value % 1 == 0) & (value > 0) & (value < LARGEST_WHOLE)
        text = pd.Series(np.where(fine, value, 0).astype(np.int64), index=column.index).astype("string")
        found = pd.to_datetime(text.where(fine), format="%Y%m%d", errors="coerce")
    else:
        text = column.astype("string").str.strip()
        text = text.mask(text.isin(["", ".", "E", "e"]))
        found = pd.to_datetime(text, format="%Y%m%d", errors="coerce")
        for form in ("ISO8601", "%d%b%Y", "%m/%d/%Y"):
            left = found.isna() & text.notna()
            if not left.any():
                break
            found = found.where(~left, pd.to_datetime(text.where(left), format=form, errors="coerce"))
        column = text
    bad = np.flatnonzero((found.isna() & (column.notna() if empty else True)).to_numpy())
    if bad.size:
        msg = f"{place}, row {int(bad[0])}, column {name!r}: {brief(repr(column.iloc[int(bad[0])]))} is no date; write 2020-01-31 or 20200131"
        raise DataError(msg)
    plain: pd.Series[Any] = found.dt.normalize().astype("datetime64[ns]")
    return plain


def returns(column: pd.Series[Any], place: str, name: str) -> tuple[Floats, pd.Series[Any]]:
    """Return a column of returns, NaN for CRSP's codes; and the code of each cell, "" where there is none."""
    _refuse_strange(column, place, name)
    numbers = pd.to_numeric(column, errors="coerce") if not pd.api.types.is_numeric_dtype(column) else column
    value = numbers.to_numpy(dtype=float, na_value=np.nan)
    coded = np.isin(value, NO_RETURN)
    told = np.full(value.shape, "", dtype=object)
    told[coded] = [f"{code:g}" for code in value[coded]]
    if numbers is not column:
        words = column.astype("string").str.strip().fillna("")
        lettered = words.isin(LETTERS).to_numpy(dtype=bool)
        told[lettered] = words.to_numpy(dtype=object)[lettered]
        odd = np.flatnonzero(np.isnan(value) & ~lettered & ~words.isin(["", ".", "nan", "NaN"]).to_numpy(dtype=bool))
        if odd.size:
            msg = f"{place}, row {int(odd[0])}, column {name!r}: {brief(repr(column.iloc[int(odd[0])]))} is neither a return nor a code of CRSP ({', '.join(LETTERS)})"
            raise DataError(msg)
    value = np.where(coded, np.nan, value)
    odd = np.flatnonzero((value < -1.0) | np.isinf(value))
    if odd.size:
        msg = f"{place}, row {int(odd[0])}, column {name!r}: {value[odd[0]]:g} is no return: a decimal of -1 or more, or one of CRSP's codes {NO_RETURN}"
        raise DataError(msg)
    return value, pd.Series(told, index=column.index)
