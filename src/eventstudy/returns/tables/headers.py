"""One row of names where there are two, as yfinance, Bloomberg, Refinitiv and spreadsheets write them; and names that cannot be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.dates import WRITTEN
from eventstudy.errors import DataError
from eventstudy.returns.tables.cells import refuse_unwritable
from eventstudy.returns.tables.names import (
    DATE_NAMES,
    FIRST_DATE_NAMES,
    PRICE_NAMES,
    RETURN_NAMES,
    fields_of,
    is_field,
    label_text,
    plain,
)
from eventstudy.returns.tables.options import TableOptions

LONGEST_NAME: Final = 1000  # characters of a column's name
FIELD_LEVELS: Final = (
    "price",
    "field",
    "fields",
    "attributes",
    "attribute",
    "variable",
)  # what a row of fields is called
TICKER_LEVELS: Final = ("ticker", "tickers", "symbol", "symbols", "security", "securities", "instrument")
NO_LABEL: Final = re.compile(r"[\d\s.,:+\-/%()]*")


def pick_field(
    levels: Sequence[Any], names: Sequence[Any], fields: Iterable[str], place: str
) -> tuple[list[int], list[str]]:
    """Return the positions and the symbols of one field of two rows of labels, in either order.

    A ticker may be a word for a field too (PX, LAST): the row of fields is the one that holds nothing else.
    """
    wanted = list(fields)
    second = next((str(label) for row in levels for label in row if plain(label_text(label)) in DATE_NAMES), None)
    if second is not None:
        msg = (
            f"{place}: a second column is called {second!r}: each security has dates of its own, and they need not be the same; give one "
            "column of dates for all, or load each security from a table of its own"
        )
        raise DataError(msg)
    rows = [_filled(row) for row in levels]
    if len(rows) == 2:
        at = _level_of_fields(rows, names, wanted, place)
        if at is not None:
            words = [plain(word) for word in rows[at]]
            found = next(field for field in wanted if field in words)
            positions = [column for column, word in enumerate(words) if word == found]
            return positions, [rows[1 - at][column] for column in positions]
    shown = ", ".join(repr(pair) for pair in list(zip(*levels, strict=True))[:2])
    msg = (
        f"{place}: the columns have {len(levels)} levels ({shown} …) and none of two holds {wanted[0]} or the like; keep "
        "one level (frame.columns.droplevel, or frame['Close']), or say which: column="
    )
    raise DataError(msg)


def _filled(row: Sequence[Any]) -> list[str]:
    """Return one row of labels as text; a merged cell stands once, and counts for the blank ones after it."""
    texts: list[str] = []
    for label in row:
        text = label_text(label)
        texts.append(text or (texts[-1] if texts else ""))
    return texts


def _level_of_fields(rows: Sequence[list[str]], names: Sequence[Any], wanted: Sequence[str], place: str) -> int | None:
    holding = [at for at, row in enumerate(rows) if not {plain(word) for word in row}.isdisjoint(wanted)]
    if len(holding) < 2:
        return holding[0] if holding else None
    called = [plain(name) if name is not None else "" for name in names]
    for at in holding:
        if called[at] in FIELD_LEVELS or called[1 - at] in TICKER_LEVELS:
            return at
    share = [np.mean([is_field(word) for word in set(row)]) for row in rows]
    if share[0] == share[1]:
        msg = f"{place}: both rows of names may be fields ({rows[0][0]!r}, {rows[1][0]!r} …); keep one level: frame.columns.droplevel"
        raise DataError(msg)
    return int(np.argmax(share))


def of_tuples(columns: Any) -> Any:
    """Return labels that are all tuples of one length as rows of labels, which they were."""
    if isinstance(columns, pd.MultiIndex) or not len(columns) or not all(isinstance(label, tuple) for label in columns):
        return columns
    lengths = {len(label) for label in columns}
    return pd.MultiIndex.from_tuples(columns) if len(lengths) == 1 and lengths != {1} else columns


def one_level(frame: pd.DataFrame, fields: tuple[str, ...]) -> pd.DataFrame:
    """Return a frame with one row of labels: of two rows, as `yfinance.download` gives them, one of `fields`."""
    columns: Any = of_tuples(frame.columns)
    if not isinstance(columns, pd.MultiIndex):
        return frame
    if columns.nlevels == 1:
        flat: pd.DataFrame = frame.set_axis(columns.get_level_values(0), axis=1)
        return flat
    levels = [columns.get_level_values(level) for level in range(columns.nlevels)]
    wanted = (*RETURN_NAMES, *PRICE_NAMES) if fields == RETURN_NAMES else fields
    positions, labels = pick_field(levels, columns.names, wanted, "the frame")
    chosen = pd.DataFrame(frame.iloc[:, positions].set_axis(labels, axis=1))
    called = {plain(level[at]) for level in levels for at in positions}
    if (
        fields == RETURN_NAMES
        and called.isdisjoint(RETURN_NAMES)
        and not any((chosen.iloc[:, at] < 0).any() for at, kind in enumerate(chosen.dtypes) if kind.kind in "iuf")
    ):
        msg = (
            f"the columns have two rows of labels, {columns[positions[0]]!r} …, and hold prices, as yfinance.download gives them, not "
            "returns; use ReturnPanel.from_prices(frame)"
        )
        raise DataError(msg)
    return chosen


def one_header(table: pd.DataFrame, name: str, options: TableOptions) -> pd.DataFrame:
    """Return a table whose columns are texts, each once: one field of two rows of labels, blanks around them gone."""
    columns: Any = of_tuples(table.columns)
    refuse_dates(columns, name)
    if columns.nlevels > 1:
        levels = [columns.get_level_values(level) for level in range(columns.nlevels)]
        first = _date_label([level[0] for level in levels]) if len(columns) else None
        dated = first is not None and not isinstance(table.index, (pd.DatetimeIndex, pd.PeriodIndex))
        skip = 1 if dated else 0
        fields = [plain(options.column)] if options.column else fields_of(options.holds)
        positions, labels = pick_field([level[skip:] for level in levels], columns.names, fields, name)
        table = table.iloc[:, [*range(skip), *(at + skip for at in positions)]]
        labels = [*([first or "date"] * skip), *labels]
    else:
        labels = [label_text(label) for label in columns.get_level_values(0)]
    refuse_labels(labels, name)
    return table.set_axis(pd.Index(labels, dtype=object), axis=1)


def _date_label(labels: Sequence[Any]) -> str | None:
    """Return what the first column is called, if that is a column of dates in two rows of names."""
    words = [label_text(label) for label in labels]
    known = (*DATE_NAMES, *FIRST_DATE_NAMES, *FIELD_LEVELS, *TICKER_LEVELS)
    if any(plain(word) in DATE_NAMES for word in words) or (not any(words)):
        return next((word for word in words if plain(word) in DATE_NAMES), "date")
    return None if any(plain(word) not in known for word in words) else "date"


def two_rows(
    head: Sequence[Sequence[str]], options: TableOptions, name: str
) -> tuple[list[int], list[str], int] | None:
    """Return positions, names and the number of the first row of cells, where the first two rows of text are names; else None.

    The second one is when it holds words where numbers and a date would stand.
    """
    if len(head) < 2 or not (_is_names(head[1]) or _fields_again(head[0], head[1])):
        return None
    width = len(head[0])
    second = [*head[1], *[""] * width][:width]
    levels = [head[0][1:], second[1:]]
    corner = [label_text(head[0][0]), label_text(second[0])]
    fields = [plain(options.column)] if options.column else fields_of(options.holds)
    positions, labels = pick_field(levels, corner, fields, name)
    third = len(head) > 2 and not any(str(word).strip() for word in head[2][1:])
    refuse_labels(["date", *labels], name)
    return [0, *(at + 1 for at in positions)], ["date", *labels], 4 if third else 3


def _fields_again(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the first row is fields that stand there again and again, over tickers that are numbers."""
    words = [label_text(word) for word in first[1:] if label_text(word)]
    corner = str(second[0])
    return len(set(words)) < len(first) - 1 and all(map(is_field, words)) and not any(map(str.isdigit, corner))


def _is_names(row: Sequence[str]) -> bool:
    first, rest = str(row[0]).strip(), [str(word).strip() for word in row[1:]]
    if any(character.isdigit() for character in first):  # a date, or a number of a row
        return False
    if plain(first) in TICKER_LEVELS or plain(first) in DATE_NAMES or plain(first) in FIELD_LEVELS:
        return any(rest)
    words = [word for word in rest if word]
    return bool(words) and all(is_field(word) or not _is_cell(word) for word in words) and len(words) > len(rest) // 2


def _is_cell(word: str) -> bool:
    """Whether a text is a number, a date or a word for nothing, as cells are."""
    return (
        bool(NO_LABEL.fullmatch(word) or WRITTEN.fullmatch(word))
        or not any(letter.isalpha() for letter in word)
        or _number(word)
    )


def _number(word: str) -> bool:
    try:
        float(word)  # also nan and inf
    except ValueError:
        return word.upper() in ("NA", "N/A", "#N/A", "NULL", "NONE")
    return True


def refuse_dates(columns: pd.Index, place: str) -> None:
    """Stop at a table that lies on its side."""
    if len(columns) and columns.inferred_type in ("datetime64", "datetime", "date", "period"):
        msg = f"{place}: the columns are dates ({columns[0]} …); bars go down and symbols across: pass frame.T"
        raise DataError(msg)


def refuse_labels(labels: Sequence[str], place: str) -> None:
    """Stop at a column that stands twice, or that has no name and is not the first."""
    longest = max(labels, key=len, default="")
    if len(longest) > LONGEST_NAME:
        msg = f"{place}: the name of column {labels.index(longest) + 1} has {len(longest)} characters; this is no table"
        raise DataError(msg)
    refuse_unwritable(labels, lambda at: f"{place}: the name of column {at + 1}")
    twice = next((label for label, count in Counter(labels).items() if count > 1 and label), None)
    if twice is not None:
        msg = f"{place}: column {twice!r} stands twice; keep one"
        raise DataError(msg)
    nameless = next((at for at, label in enumerate(labels) if not label and at), None)
    if nameless is not None:
        ends = nameless == len(labels) - 1
        hint = "; if there is a comma at the end of each row, remove it there" if ends else ""
        msg = f"{place}: column {nameless + 1} has no name; name it or leave it out{hint}"
        raise DataError(msg)
