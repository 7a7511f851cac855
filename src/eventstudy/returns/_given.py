"""What a panel is given, made its own: frames with normal bars, numbers, and each label once; failures as errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from pandas.api.types import is_hashable

from eventstudy.errors import DataError, EventStudyError, error_told
from eventstudy.frames import unflagged, with_bars
from eventstudy.returns._index import in_order_of_bars, normal_index, refuse_naive, refuse_odd_labels
from eventstudy.returns.tables.cells import unlike_numbers
from eventstudy.returns.tables.columns import by_symbol
from eventstudy.returns.tables.headers import one_level, refuse_dates
from eventstudy.returns.tables.names import PRICE_NAMES, label_text
from eventstudy.words import brief


class HandedOut:
    """A frame of a frozen dataclass: who asks gets a copy of his own, so that no edit in place changes the panel."""

    def __init__(self, *default: Any) -> None:
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = f"_{name}"

    def __get__(self, instance: Any, owner: type | None = None) -> pd.DataFrame:
        if instance is None and not self._default:
            raise AttributeError(self._name)  # dataclasses ask the class for the default
        held: Any = self._default[0] if instance is None else vars(instance)[self._name]
        handed: pd.DataFrame = held.copy(deep=False) if isinstance(held, pd.DataFrame) else held
        return handed

    def __set__(self, instance: Any, value: Any) -> None:
        held = with_bars(value, DataError)
        vars(instance)[self._name] = unflagged(held) if isinstance(held, pd.DataFrame) else held


def errors_of(failures: Any) -> dict[str, EventStudyError]:
    """Return failures as errors, by symbol."""
    given: Mapping[str, Any] = by_symbol(failures, "failures")
    return {name: why if isinstance(why, EventStudyError) else error_told(str(why)) for name, why in given.items()}


def labelled(frame: Any, fields: tuple[str, ...] = PRICE_NAMES) -> pd.DataFrame:
    """Return a copy with normal bars, numbers as float64, and every label once; of two rows of labels one of `fields`."""
    if not isinstance(frame, pd.DataFrame):
        msg = f"a panel is made of a DataFrame (bars x symbols), not of {type(frame).__name__}"
        raise DataError(msg)
    frame = one_level(unflagged(frame), fields)
    columns = frame.columns
    refuse_dates(columns, "the frame")
    refuse_odd_labels(columns, "column")
    names = (
        columns if columns.inferred_type == "string" else pd.Index([label_text(name) for name in columns], dtype=object)
    )
    twice = columns[columns.duplicated() | names.duplicated()]  # 10001 as a number and as text are one
    if len(twice):
        msg = f"column {twice[0]!r} stands twice; keep one"
        raise DataError(msg)
    for name, kind in frame.dtypes.items():
        strange = unlike_numbers(kind)
        if strange or not pd.api.types.is_numeric_dtype(kind):
            msg = f"column {name!r} holds {strange or f'{kind} values'}, not numbers; leave it out, or turn it into numbers first"
            raise DataError(msg)
    result = frame.astype(float)
    result.index = normal_index(frame.index)
    refuse_naive(result.index)
    return in_order_of_bars(result).rename_axis(columns="symbol")


def of_frame(given: Any, option: str) -> pd.DataFrame:
    """Return numbers (bars x symbols) that stand beside a panel, such as volumes; of a panel its frame."""
    frame = with_bars(getattr(given, "frame", given), DataError)
    if not isinstance(frame, pd.DataFrame):
        msg = f"{option}={brief(given)} is no table of bars x symbols; give a DataFrame"
        raise DataError(msg)
    return labelled(frame)


def widened(table: pd.DataFrame, extra: Any) -> pd.DataFrame:
    """Return a quality table with the columns of another."""
    fine = isinstance(extra, pd.DataFrame) and all(map(is_hashable, (*extra.index, *extra.columns)))
    if not fine or not (extra.index.is_unique and extra.columns.is_unique):
        msg = f"quality={brief(extra)} is no table of one row a symbol; give a DataFrame, or leave it out"
        raise DataError(msg)
    known = extra.reindex(table.index)
    return pd.DataFrame(dict(table.items()) | dict(known.items()), index=table.index)
