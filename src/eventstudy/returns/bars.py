"""What a source knows of one symbol: its bars, unadjusted for dividends, and what they are bars of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["COLUMNS", "Bars"]

#: close: the traded price, split-adjusted as the source gives it · adj_close: the source's own adjusted close ·
#: volume: shares · dividend: paid on the ex-day, on the basis of close · split: new shares for one old, on its day.
COLUMNS: Final = ("close", "adj_close", "volume", "dividend", "split")


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """One symbol's days.

    Attributes
    ----------
    frame : pandas.DataFrame
        Days (naive midnights, sorted, each once) x some of `COLUMNS`, always with `close`; NaN where the source had a row
        without a price.
    meta : dict of str to str
        currency, timezone, exchange, instrument; what the source says.
    notes : tuple of str
        What the reader should know: bars left out, gaps that could not be filled.
    failure : str
        Why these are not all that was asked for, if the source failed after it had given some of them.
    """

    frame: pd.DataFrame
    meta: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    failure: str = ""

    def between(self, start: pd.Timestamp, end: pd.Timestamp) -> Bars:
        """Return the bars from `start` to `end`, both included."""
        inside = (self.frame.index >= start) & (self.frame.index <= end)
        return replace(self, frame=self.frame.loc[inside])

    def noting(self, *notes: str) -> Bars:
        """Return the same bars with more notes."""
        return replace(self, notes=(*self.notes, *notes))
