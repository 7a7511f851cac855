"""What cannot be seen from a table itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eventstudy.checks import check_fields
from eventstudy.errors import DataError
from eventstudy.returns.quality.possible import LEVEL_SYMBOLS

Holds = Literal["prices", "returns", "log", "percent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """What cannot be seen from a table itself.

    Attributes
    ----------
    holds : {"prices", "returns", "log", "percent"}
        What the cells are: prices (and levels), simple returns (decimals), log returns, or simple returns in percent.
    date_column, symbol_column, column : str or None
        The names of the date, the symbol (long tables) and the value column, when they are not the usual ones.
    date_format : str or None
        As for `datetime.strptime`, when dates are not ISO.
    timezone : str or None
        The zone of moments that carry none.
    levels : frozenset of str
        Symbols that may be zero or negative.
    invalid : {"raise", "missing"}
        What a price of zero or less does: stop with its place, or count as missing (and be counted in the quality table).
    check : bool
        Whether to refuse returns that look like percent.
    """

    holds: Holds = "prices"
    date_column: str | None = None
    symbol_column: str | None = None
    column: str | None = None
    date_format: str | None = None
    timezone: str | None = None
    levels: frozenset[str] = LEVEL_SYMBOLS
    invalid: Literal["raise", "missing"] = "raise"
    check: bool = True

    def __post_init__(self) -> None:
        check_fields(self, DataError)
