"""A frame of a result as a table to be read: what is a return, what has the unit of its row, what stands in one column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from eventstudy.frames import as_pandas
from eventstudy.pages.document import Table

_RETURNS = re.compile(r"(ar|car|aar|caar|bhar|abhar)(_se|_low|_high)?")
"""Columns of a result's tables that hold returns, which people read in percent."""

_BESIDE = ("estimate", "se", "low", "high")
"""Columns in the unit of the row or, beside a return, returns."""


def as_table(given: Table | pd.DataFrame) -> Table:
    """Return a table; a frame of a result becomes one, its named index first."""
    if isinstance(given, Table):
        return given
    frame: pd.DataFrame = as_pandas(given)
    frame = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    frame = _plain(frame)
    return Table("table", "", "", frame, units_of(frame))


def units_of(frame: pd.DataFrame) -> dict[str, str]:
    """Give the units of a result's frame: returns in percent, p-values, and by row where a column ``unit`` says them.

    Examples
    --------
    >>> units_of(pd.DataFrame({"caar": [0.01], "low": [0.0], "n": [3]}))
    {'caar': 'percent', 'low': 'percent'}
    >>> units_of(pd.DataFrame({"estimate": [0.01], "pvalue": [0.5], "unit": ["rank"]}))
    {'estimate': '@unit', 'pvalue': 'pvalue'}
    """
    names = [str(name) for name in frame.columns]
    returns = {name: "percent" for name in names if _RETURNS.fullmatch(name)}
    beside = "@unit" if "unit" in names else "percent" if returns else ""
    units = returns | {name: beside for name in names if name in _BESIDE and beside}
    return units | {name: "pvalue" for name in names if name in {"pvalue", "p"}}


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Take apart what a cell holds several of: an interval becomes two columns, texts one text; mappings are left out."""
    columns: dict[str, Any] = {}
    for key, own in frame.items():
        name = str(key)
        held = [value for value in own.tolist() if isinstance(value, tuple | list | Mapping)]
        if name == "ci" and held:
            columns["low"], columns["high"] = ([pair[at] for pair in own] for at in (0, 1))
        elif held and isinstance(held[0], Mapping):
            continue
        elif held:
            columns[name] = ["; ".join(map(str, v)) if isinstance(v, tuple | list) else v for v in own.tolist()]
        else:
            columns[name] = own
    return pd.DataFrame(columns, index=frame.index) if columns else frame
