"""What a source knows of one symbol: its bars, unadjusted for dividends, and what they are bars of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from eventstudy.errors import SourceError

if TYPE_CHECKING:
    import pandas as pd


#: close: the traded price, split-adjusted as the source gives it · adj_close: the source's own adjusted close ·
#: volume: shares · dividend: paid on the ex-day, on the basis of close · split: new shares for one old, on its day; NaN: some, but how many is
#: not known.
COLUMNS: Final = ("close", "adj_close", "volume", "dividend", "split")


#: Prices quoted in a hundredth of a currency.
MINOR: Final = {"GBp": "GBP", "GBX": "GBP", "ZAc": "ZAR", "ILA": "ILS"}


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
        What the reader should know: bars left out, gaps that could not be filled. A note about one day begins with it:
        ``2025-03-04: close -9.5 is …``.
    failure : SourceError or None
        Why these are not all that was asked for, if the source failed after it had given some of them.
    """

    frame: pd.DataFrame
    meta: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    failure: SourceError | None = None

    def between(self, start: pd.Timestamp, end: pd.Timestamp) -> Bars:
        """Return the bars from `start` to `end`, both included, without the notes about other days."""
        inside = (self.frame.index >= start) & (self.frame.index <= end)
        first, last = f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}"
        notes = tuple(note for note in self.notes if first <= (day_of_note(note) or first) <= last)
        return replace(self, frame=self.frame.loc[inside], notes=notes)

    def noting(self, *notes: str) -> Bars:
        """Return the same bars with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def day_of_note(note: str) -> str:
    """Return the day that a note is about; empty if it is about none.

    Examples
    --------
    >>> day_of_note("2025-03-04: close -9.5 is not a price above zero; not taken"), day_of_note("nothing newer")
    ('2025-03-04', '')
    """
    found = re.match(r"(\d{4}-\d{2}-\d{2}): ", note)
    return found[1] if found else ""
