"""The other columns of a table of events: text of a file turned into numbers and truth values where all of a column is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from eventstudy.study.pairs.reading import Table, nothing

TRUTH: Final = {"true": True, "false": False}
WHOLE: Final = re.compile(r"[+-]?(?:0|[1-9]\d*)")
POINT: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
COMMA: Final = re.compile(r"[+-]?(?:\d+(?:,\d*)?|,\d+)(?:[eE][+-]?\d+)?")
CODE: Final = re.compile(r"[+-]?0\d+")


def characteristics(table: Table, names: Sequence[str]) -> pd.DataFrame:
    """Return the columns `names`; a number that begins with zeros, such as the code 0100, stays text."""
    if not table.text:
        return table.frame[list(names)]
    return pd.DataFrame({name: _typed(table.frame[name], table.decimal) for name in names}, index=table.frame.index)


def _typed(cells: pd.Series[Any], decimal: str) -> Any:
    filled = [str(value) for value in cells if not nothing(value)]
    if not filled:
        return cells
    if all(text.lower() in TRUTH for text in filled):
        made = [None if nothing(value) else TRUTH[str(value).lower()] for value in cells]
        return pd.array(made, dtype="bool" if len(filled) == len(cells) else "boolean")
    number = COMMA if decimal == "," else POINT
    if any(CODE.fullmatch(text) for text in filled):
        return pd.array([None if nothing(value) else value for value in cells], dtype="str")
    if all(WHOLE.fullmatch(text) for text in filled) and len(filled) == len(cells):
        return pd.array([int(text) for text in filled]) if max(map(len, filled)) > 15 else pd.Series(map(int, filled))
    if all(number.fullmatch(text) for text in filled):
        return pd.Series([float("nan") if nothing(value) else float(str(value).replace(",", ".")) for value in cells])
    return pd.array([None if nothing(value) else value for value in cells], dtype="str")
