"""The options of a study of firms on the command line: ``eventstudy run --events … --prices … --market …``, and ``check`` alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Optional

import typer

OfFirms = Annotated[
    Optional[str],
    typer.Argument(
        help="A study shipped with the package (us-china), or the path of a study file. Leave it out with --events."
    ),
]
Events = Annotated[Optional[Path], typer.Option(help="A table of firms and dates: .csv, .xlsx or .parquet.")]
Prices = Annotated[
    Optional[str], typer.Option(help="With --events: prices of the firms, a .csv or .parquet file, or yahoo.")
]
Market = Annotated[
    Optional[list[str]],
    typer.Option(
        help="With --events: the index they are measured against, such as ^GSPC; or one for each exchange, given again: XETR=^GDAXI."
    ),
]
Factor = Annotated[
    Optional[list[str]],
    typer.Option(help="With --events: a factor in place of an index, such as Mkt-RF; given again for the next."),
]
RiskFree = Annotated[Optional[str], typer.Option(help="With --factor: the risk-free rate, such as RF.")]
Factors = Annotated[
    Optional[str],
    typer.Option(help="With --events: a file of the factors, or of the index; by default bundled figures."),
]
FactorsHold = Annotated[
    Optional[str],
    typer.Option(
        help="What --factors holds: returns (decimals), percent, log or prices; told from its size where plain."
    ),
]
Horizon = Annotated[
    Optional[list[str]],
    typer.Option(help="With --events: a window to report, such as --horizon=-1,1; given again for the next."),
]
PricesDateFormat = Annotated[
    Optional[str],
    typer.Option(help="With --events: how dates of the prices are written, such as %d.%m.%Y; found where it is plain."),
]
Symbol = Annotated[
    Optional[str], typer.Option(help="With --events: the column of the firm's ticker; found where it is plain.")
]
Date = Annotated[Optional[str], typer.Option(help="With --events: the column of the date; found where it is plain.")]
DateFormat = Annotated[Optional[str], typer.Option(help="With --events: how dates are written, such as %m/%d/%Y.")]
Timing = Annotated[Optional[str], typer.Option(help="With --events: the column of bmo, amc, during, or clock times.")]
Zone = Annotated[
    Optional[str], typer.Option(help="With --events: the time zone of its clock times; by default the market's.")
]
By = Annotated[
    Optional[list[str]], typer.Option(help="With --events: a column whose groups are compared; may be given again.")
]

#: What is asked of a study of firms beside its events and prices.
ASKED: Final = (
    "market", "factor", "risk_free", "factors", "factors_hold", "horizon", "prices_date_format", "symbol", "date", "date_format", "timing",
    "timezone", "by",
)  # fmt: skip


def of_firms(given: dict[str, Any]) -> dict[str, Any]:
    """Return, of all that a command was given, what is asked of a study of firms."""
    return {name: given[name] for name in ASKED}
