"""Cells: what is a number and what is the name of a security, whatever the column's type; one line for what is neither."""

from __future__ import annotations

import numbers
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._typing import Floats
from eventstudy.errors import DataError
from eventstudy.words import brief, writable

NOTHING: Final = (
    "",
    "#N/A",
    "N/A",
    "NA",
    "NaN",
    "nan",
    "null",
    "NULL",
    "None",
    "n/a",
    "-",
    ".",
    "<NA>",
    "NaT",
    "n.a.",
    "--",
)

#: What a vendor writes for a value that it does not have: Bloomberg, Excel, and CRSP in a column of returns.
CODES: Final = re.compile(r"#(?:N/?A\b(?! Requesting).*|VALUE!|DIV/0!|REF!|NUM!|NAME\?|NULL!)", re.IGNORECASE)
LETTERS: Final = ("A", "B", "C", "D", "E")  # of CRSP's returns

NO_SYMBOL: Final = frozenset({"", "nan", "NaN", "None", "<NA>", "NaT"})  # a missing cell, and how pandas writes one

STRANGE: Final = {"b": "truth values", "M": "dates", "m": "spans of time", "c": "complex numbers"}

WHOLE: Final = re.compile(r"\d+\.0")

SHOWN: Final = 60  # characters of a cell that a message repeats


@dataclass(slots=True)
class Codes:
    """Rows of a column that hold a vendor's word or number for nothing; `letters`: B and C are such words, in returns."""

    letters: bool = False
    rows: list[int] = field(default_factory=list)


def unlike_numbers(dtype: Any) -> str:
    """Return what a column of this type holds, if that can be no price and no return; else nothing."""
    if isinstance(dtype, pd.PeriodDtype):
        return "dates"
    return STRANGE.get(getattr(dtype, "kind", "O"), "")


def as_numbers(values: pd.Series, where: Callable[[int], str], codes: Codes | None = None) -> Floats:
    """Return a column as floats, NaN where a cell is missing; `codes` takes note of cells that hold a vendor's word for that."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    strange = unlike_numbers(values.dtype)
    if strange and len(values):
        row = int(values.notna().to_numpy().argmax())
        msg = f"{where(row)}: {cell(values.iloc[row])} is not a number: the column holds {strange}; leave it out"
        raise DataError(msg)
    if pd.api.types.is_numeric_dtype(values.dtype):
        found = values.to_numpy(dtype=float, na_value=np.nan)
    else:
        found = _from_objects(values, where, codes)
    infinite = np.isinf(found)
    if infinite.any():
        row = int(infinite.argmax())
        msg = (
            f"{where(row)}: {cell(found[row])} is not a number that can be used; leave the cell empty if it is missing"
        )
        raise DataError(msg)
    return np.asarray(found, dtype=np.float64)


def _from_objects(values: pd.Series, where: Callable[[int], str], codes: Codes | None) -> Floats:
    """Texts, decimals and numbers as Python objects."""
    if isinstance(values.dtype, pd.StringDtype):
        return text_numbers(values, where, codes=codes)
    there = values.notna().to_numpy()
    odd = {kind for kind in map(type, values[there]) if not _numeric(kind)}
    if odd:
        row = [type(value) in odd for value in values].index(True)
        msg = f"{where(row)}: {cell(values.iloc[row])} is not a number; leave the column out, or mend it"
        raise DataError(msg)
    if any(issubclass(kind, str) for kind in set(map(type, values[there]))):
        texts = values.where(there, "")
        refuse_unwritable(texts, where)
        return text_numbers(texts.astype(str), where, codes=codes)
    found = np.full(len(values), np.nan)
    for row in np.flatnonzero(there).tolist():
        try:
            found[row] = float(values.iloc[row])
        except (OverflowError, ValueError):
            found[row] = np.inf
    return found


def refuse_unwritable(values: Iterable[Any], where: Callable[[int], str]) -> None:
    """Stop at a text that holds half of a surrogate pair; `where` says what the value of a number is."""
    for at, value in enumerate(values):
        if isinstance(value, str) and not writable(value):
            msg = f"{where(at)}: {value!r} is no text that can be written; mend it"
            raise DataError(msg)


def _numeric(kind: type) -> bool:
    odd = (bool, np.bool_, np.timedelta64)
    return issubclass(kind, (str, numbers.Real, Decimal)) and not issubclass(kind, odd)


def text_numbers(
    values: pd.Series,
    where: Callable[[int], str],
    *,
    decimal: str = ".",
    thousands: str | None = None,
    nothing: bool = False,
    codes: Codes | None = None,
) -> Floats:
    """Return numbers that are written as text; rows that hold a vendor's code for nothing are noted in `codes`."""
    if decimal == "." and thousands is None and (all_plain := _plain_numbers(values)) is not None:
        return all_plain
    text = values.str.strip()
    blank = (values.isna() | text.isin(NOTHING if nothing else ("",))).to_numpy(dtype=bool)
    if codes is not None:
        coded_rows = text.str.fullmatch(CODES.pattern, case=False).fillna(False).to_numpy(dtype=bool) & ~blank
        if codes.letters:
            coded_rows |= text.isin(LETTERS).to_numpy(dtype=bool)
        codes.rows += np.flatnonzero(coded_rows).tolist()
        blank = blank | coded_rows
    bare = text if thousands is None else text.str.replace(thousands, "", regex=False)
    if decimal != ".":
        bare = bare.where(~bare.str.contains(".", regex=False).fillna(False), "?").str.replace(
            decimal, ".", regex=False
        )
    found = pd.to_numeric(bare.mask(pd.Series(blank, index=bare.index)), errors="coerce").to_numpy(
        dtype=float, na_value=np.nan
    )
    bad = np.isnan(found) & ~blank
    if bad.any():
        row = int(bad.argmax())
        msg = f"{where(row)}: {_not_a_number(str(values.iloc[row]))}"
        raise DataError(msg)
    return found


def _plain_numbers(values: pd.Series) -> Floats | None:
    """Return the numbers where each cell is one or missing, some thirty times as fast; nothing where a cell must be looked at."""
    try:
        found = pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if (np.isnan(found) & values.notna().to_numpy(dtype=bool)).any() else found


def _not_a_number(value: str) -> str:
    text, shown = value.strip(), cell(value)
    if "%" in text:
        return f"{shown} is a percentage, not a price; remove the sign and pass holds='percent'"
    if "," in text and text.replace(",", "").replace(".", "").lstrip("+-").isdigit():
        return f"{shown} is not a number as it stands; if the comma is the decimal mark pass decimal=',', else thousands=','"
    return f"{shown} is not a number; mend it, or leave the cell empty if it is missing"


def cell(value: Any) -> str:
    """Return a cell as messages show it."""
    if isinstance(value, (float, np.floating)):
        return f"{value:g}"
    try:
        shown = repr(value) if isinstance(value, str) else brief(str(value), SHOWN)
    except ValueError:  # Python writes no number of more than 4300 digits
        return "a number of thousands of digits"
    return shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 1]}…"


def coded(values: pd.Series, where: Callable[[int], str]) -> tuple[Any, Any]:
    """Return codes and the distinct cells in order of appearance; a missing cell has the code -1."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy(dtype=np.intp), values.cat.categories
    try:
        codes, distinct = pd.factorize(values)
    except TypeError as fault:
        row = next((at for at, value in enumerate(values) if getattr(value, "__hash__", None) is None), 0)
        msg = f"{where(row)}: {cell(values.iloc[row])} is a {type(values.iloc[row]).__name__}; one cell holds one thing"
        raise DataError(msg) from fault
    return codes, distinct


def symbol_codes(values: pd.Series, where: Callable[[int], str]) -> tuple[NDArray[np.intp], list[str]]:
    """Return a column of symbols as codes and their names: text as it stands, without blanks around it.

    10001 and 10001.0 are ``"10001"``; ``000001``, ``NA``, ``TRUE`` and ``1E5`` stay.
    """
    codes, distinct = coded(values, where)

    def first(code: int) -> int:
        return int((codes == code).argmax())

    texts = []
    for code, value in enumerate(distinct):
        text = _symbol(value)
        if text is None:
            msg = f"{where(first(code))}: {cell(value)} is not the name of a security; keep such columns as text"
            raise DataError(msg)
        texts.append(text)
    refuse_unwritable(texts, lambda code: where(first(code)))
    used = np.zeros(len(texts) + 1, dtype=bool)  # a category that no row has is none; the last is a missing cell's, -1
    used[codes] = True
    blank = [code for code in range(-1, len(texts)) if used[code] and (code < 0 or texts[code] in NO_SYMBOL)]
    if blank:
        row = min(first(code) for code in blank)
        msg = f"{where(row)}: there is no symbol; fill it in or drop the row"
        raise DataError(msg)
    there = {text for text, seen in zip(texts, used, strict=False) if seen}
    texts, there = without_points(texts), set(without_points(there))
    names = sorted(there)
    place = {text: at for at, text in enumerate(names)}
    return np.array([place.get(text, -1) for text in texts], dtype=np.intp)[codes], names


def without_points(texts: Collection[str]) -> list[str]:
    """Return the texts of symbols, 10001.0 as 10001 where all are such: whole numbers that were floats once.

    Examples
    --------
    >>> without_points(["10001.0", "10002.0"]), without_points(["10001.0", "A"])
    (['10001', '10002'], ['10001.0', 'A'])
    """
    whole = all(WHOLE.fullmatch(text) for text in texts)
    return [text.removesuffix(".0") if whole else text for text in texts]


def _symbol(value: Any) -> str | None:
    """Return a cell as a symbol; None if it cannot be one."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (bool, np.bool_, np.timedelta64)):
        return None
    return whole_text(value)


def whole_text(value: Any) -> str | None:
    """Return a whole number as text, every digit of it, 10001.0 as 10001; None for anything else."""
    if not isinstance(value, (numbers.Real, Decimal)):
        return None
    try:
        whole: Any = int(value)  # type: ignore[arg-type]  # so do real numbers and decimals
        return str(whole) if whole == value else None
    except (ValueError, OverflowError):  # NaN, infinity, thousands of digits
        return None
