"""``eventstudy run`` and ``eventstudy check``: what can be asked of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from eventstudy.cli.firm_options import (
    By,
    Date,
    DateFormat,
    Events,
    Factor,
    Factors,
    FactorsHold,
    Horizon,
    Market,
    OfFirms,
    Prices,
    PricesDateFormat,
    RiskFree,
    Symbol,
    Timing,
    Zone,
    of_firms,
)
from eventstudy.cli.options import Quick, Scheduler, Source, Workers


def run(
    study: OfFirms = None,
    *,
    out: Annotated[Path, typer.Option(help="The folder to write; made anew as a whole, or left as it was.")] = Path(
        "out"
    ),
    source: Source = None,
    quick: Quick = False,
    events: Events = None,
    prices: Prices = None,
    market: Market = None,
    factor: Factor = None,
    risk_free: RiskFree = None,
    factors: Factors = None,
    factors_hold: FactorsHold = None,
    horizon: Horizon = None,
    prices_date_format: PricesDateFormat = None,
    symbol: Symbol = None,
    date: Date = None,
    date_format: DateFormat = None,
    timing: Timing = None,
    timezone: Zone = None,
    by: By = None,
    bars: Annotated[
        Optional[Path],
        typer.Option(
            help="A .parquet or .csv of bars within days that holds the market: adds a section to the minute."
        ),
    ] = None,
    workers: Workers = 1,
    scheduler: Scheduler = None,
) -> None:
    """Run a study and write its report, results, charts and tables.

    A study is shipped, a file, or a table of firms and dates with prices and a market:

    eventstudy run --events earnings.csv --prices prices.parquet --market ^GSPC --out out
    """
    from eventstudy.cli.running import named_study, run_study  # noqa: PLC0415  --help must not pay for pandas

    asked = of_firms(locals())
    named = named_study(study, events, prices, asked)
    raise typer.Exit(
        run_study(named, out=out, source=source, quick=quick, bars=bars, workers=workers, scheduler=scheduler)
    )


def check(
    study: OfFirms = None,
    *,
    against: Annotated[Path, typer.Option(help="The accepted folder, such as gallery.")],
    source: Source = None,
    tolerance: Annotated[float, typer.Option(help="Relative: numbers that differ by no more are the same.")] = 1e-6,
    update: Annotated[bool, typer.Option("--update", help="Accept what moved: write the folder anew.")] = False,
    images: Annotated[
        Optional[Path],
        typer.Option(help="A folder for side-by-side pictures of the charts that moved."),
    ] = None,
    quick: Quick = False,
    events: Events = None,
    prices: Prices = None,
    market: Market = None,
    factor: Factor = None,
    risk_free: RiskFree = None,
    factors: Factors = None,
    factors_hold: FactorsHold = None,
    horizon: Horizon = None,
    prices_date_format: PricesDateFormat = None,
    symbol: Symbol = None,
    date: Date = None,
    date_format: DateFormat = None,
    timing: Timing = None,
    timezone: Zone = None,
    by: By = None,
) -> None:
    """Run a study again and compare it with an accepted folder; exit 1 and a table of what moved.

    With the same inputs nothing may move: no number by more than the tolerance, no chart by a byte.

    When an input has changed the check fails whatever follows, and lists what a reader would see of it.

    These are numbers that moved by more than the tolerance and by more than one unit of their last printed digit,

    and charts whose picture moved. A cent on one close is then the hash of its series alone.
    """
    from eventstudy.cli.running import check_study, named_study  # noqa: PLC0415  --help must not pay for pandas

    asked = of_firms(locals())
    raise typer.Exit(
        check_study(
            named_study(study, events, prices, asked),
            against=against,
            source=source,
            tolerance=tolerance,
            update=update,
            images=images,
            quick=quick,
        )
    )
