"""Values as files and people read them: JSON, CSV cells that no spreadsheet runs, cells of a page."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import enum
import hashlib
import io
import json
import math
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.errors import InputError
from eventstudy.pages.document import UNITS, Table

MISSING = "—"


def jsonable(value: Any, at: str = "results") -> Any:
    """Turn a value into what JSON knows: NaN, NaT and infinities become null, moments and dates become text.

    Examples
    --------
    >>> jsonable({"t": np.float64("nan"), 1: (pd.Timestamp("2025-04-03"), np.int64(3))})
    {'t': None, '1': ['2025-04-03', 3]}
    """
    if isinstance(value, Mapping):
        keys = [str(key) for key in value]
        if len(set(keys)) < len(keys):
            msg = f"{at} has two keys of one text among {keys}; make them differ"
            raise InputError(msg)
        return {key: jsonable(item, f"{at}.{key}") for key, item in zip(keys, value.values(), strict=True)}
    if isinstance(value, list | tuple | np.ndarray | pd.Series | pd.Index):
        return [jsonable(item, f"{at}[{i}]") for i, item in enumerate(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: jsonable(getattr(value, f.name), f"{at}.{f.name}") for f in dataclasses.fields(value)}
    return _scalar(value.item() if isinstance(value, np.generic) else value, at)


def _scalar(value: Any, at: str) -> Any:
    value = value.value if isinstance(value, enum.Enum) else value
    if _is_missing(value) or (isinstance(value, float) and math.isinf(value)):
        return None
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dt.date):  # pd.Timestamp and datetime too
        return moment(value)
    msg = f"{at} is a {type(value).__name__}, which JSON does not know; give numbers, text, lists or mappings"
    raise InputError(msg)


def json_text(value: Any, at: str = "results") -> str:
    """Write a value as JSON: keys sorted, floats in full precision, no NaN."""
    return json.dumps(jsonable(value, at), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def moment(value: dt.date) -> str:
    """Write a session as its date and a moment in ISO 8601 with its zone."""
    if isinstance(value, dt.datetime) and (value.tzinfo is not None or value.time() != dt.time(0)):
        return value.isoformat()
    return value.strftime("%Y-%m-%d")


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def csv_text(frame: pd.DataFrame) -> str:
    r"""Write a frame as CSV: newline ``\n``, 12 significant digits, nothing that a spreadsheet would run.

    Examples
    --------
    >>> csv_text(pd.DataFrame({"name": ["=1+1"], "x": [0.1]}))
    "name,x\n'=1+1,0.1\n"
    """
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([_tame(str(column)) for column in frame.columns])
    columns = [frame.iloc[:, i].tolist() for i in range(frame.shape[1])]
    writer.writerows([[_cell(value) for value in row] for row in zip(*columns, strict=True)])
    return target.getvalue()


def _cell(value: Any) -> str:
    if _is_missing(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dt.date):
        return moment(value)
    return _tame(str(value.value if isinstance(value, enum.Enum) else value))


def _tame(text: str) -> str:
    start = next((i for i, c in enumerate(text) if not c.isspace() and unicodedata.category(c)[0] not in "CZ"), None)
    folded = unicodedata.normalize("NFKC", text[start]) if start is not None else ""
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # a lone carriage return ends a row for some readers
    if text[:1] in {"\t", "\n"} or (folded[:1] in set("=+-@") and not _is_number(text)):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def unit_of(table: Table, column: str) -> str:
    """Give a column's unit: the one named, or the one that its dtype suggests."""
    if column in table.units:
        return table.units[column]
    dtype = table.frame[column].dtype
    if pd.api.types.is_bool_dtype(dtype) or not pd.api.types.is_numeric_dtype(dtype):
        return "text"
    return "count" if pd.api.types.is_integer_dtype(dtype) else "number"


#: How the units of a test's result are said: of a return, of standard deviations, of scaled ranks, of mean signs, of events.
ROW_UNITS: Mapping[str, str] = {"return": "percent", "standardized": "sd", "sign": "mean sign", "share": "of events"}


def row_units(table: Table, column: str) -> list[str]:
    """Give the unit of each cell of a column: the column's own, or what another column says of each row."""
    unit = unit_of(table, column)
    if not unit.startswith("@"):
        return [unit] * len(table.frame)
    return [f"@{ROW_UNITS.get(str(said), str(said))}" for said in table.frame[unit[1:]].tolist()]


def column_texts(table: Table, column: str) -> list[str]:
    """Write a column as people read it."""
    units = row_units(table, column)
    return [shown(value, unit) for value, unit in zip(table.frame[column].tolist(), units, strict=True)]


def text_lines(table: Table, hide: tuple[str, ...] = ()) -> list[str]:
    """Write a table in lines of plain text: words to the left, numbers to the right.

    Examples
    --------
    >>> text_lines(Table("t", "", "", pd.DataFrame({"day": ["0", "+1"], "caar": [-0.0484, 0.5]}), {"caar": "percent"}))
    ['day    caar', '0    −4.84%', '+1   50.00%']
    """
    names = [str(name) for name in table.frame.columns if name not in hide]
    columns = [[table.labels.get(name, name), *column_texts(table, name)] for name in names]
    wide = [max(map(len, column)) for column in columns]
    left = [unit_of(table, name) == "text" for name in names]
    return [
        "  ".join(
            cell.ljust(w) if side else cell.rjust(w) for cell, w, side in zip(row, wide, left, strict=True)
        ).rstrip()
        for row in zip(*columns, strict=True)
    ]


def shown(value: Any, unit: str = "text") -> str:
    """Write one value as a person reads it, in a unit of :data:`eventstudy.report.UNITS`.

    Examples
    --------
    >>> shown(-0.0484, "percent"), shown(0.0004, "pvalue"), shown(float("nan"), "number"), shown(12345, "count")
    ('−4.84%', '< 0.001', '—', '12,345')
    >>> shown(-0.6727, "@sd"), shown(-0.00001, "@percent")
    ('−0.673 sd', '0.00%')
    """
    if _is_missing(value):
        return MISSING
    if unit.startswith("@"):  # said in the cell, since other rows have another one
        return shown(value, unit[1:]) + ("" if unit[1:] in UNITS else f" {unit[1:]}")
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float | np.number):
        return _number(float(value), unit)
    if isinstance(value, dt.date):
        return moment(value)
    return str(value.value if isinstance(value, enum.Enum) else value)


def _number(value: float, unit: str) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if unit == "percent":
        text = f"{100 * value:z,.2f}%"
    elif unit == "bp":
        text = f"{10_000 * value:z,.1f} bp"
    elif unit == "pvalue":
        text = "< 0.001" if value < 0.001 else f"{value:.3f}"
    elif unit == "count" or (value == round(value) and abs(value) < 1e15 and unit == "text"):
        text = f"{value:z,.0f}"
    else:
        digits = places(value)
        text = f"{value:z,.{digits}f}" if digits <= _PLACES and abs(value) < 1e7 else f"{value:.2e}"
        text = "0" if value == 0 else text
    return text.replace("-", "−")


_PLACES = 4  # a basis point of a decimal


def places(value: float) -> int:
    """Give the decimals of a number of no named unit: three significant digits, whole numbers whole, four decimals at most.

    Numbers below 0.0001, which are written with an exponent, have as many as three digits need.

    Examples
    --------
    >>> places(5396.5), places(25.31), places(-0.584), places(0.0005), places(0.000012)
    (0, 1, 3, 4, 7)
    """
    if not value or not math.isfinite(value):
        return _PLACES
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return min(digits, _PLACES) if abs(value) >= 10.0**-_PLACES else digits


def sort_key(value: Any) -> str:
    """Give what a column is sorted by: a number in full, a date as it is written; empty sorts last."""
    if _is_missing(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "1" if value else "0"
    if isinstance(value, int | float | np.number):
        return repr(float(value))
    return shown(value)[:200]


def series_digests(frame: pd.DataFrame) -> dict[str, str]:
    """Give a hash of each column with its index, so that a comparison can name the series that changed.

    Examples
    --------
    >>> one = pd.DataFrame({"A": [1.0, 2.0], "B": [3.0, 4.0]})
    >>> two = one.assign(B=[3.0, 4.01])
    >>> [a == b for a, b in zip(series_digests(one).values(), series_digests(two).values())]
    [True, False]
    """
    index = frame.index
    bars = index.asi8.tobytes() if isinstance(index, pd.DatetimeIndex) else repr([str(bar) for bar in index]).encode()
    digests = {}
    for name in frame.columns:
        values = frame[name].to_numpy(dtype=float, copy=True)
        values[np.isnan(values)] = np.nan  # one bit pattern for what is missing
        digests[str(name)] = hashlib.sha256(bars + (values + 0.0).tobytes()).hexdigest()
    return digests
