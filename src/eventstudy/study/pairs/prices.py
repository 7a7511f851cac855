"""The returns of the firms and of what they are measured against: one panel, from whatever the prices are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from eventstudy.border import is_there, opened
from eventstudy.errors import DataError
from eventstudy.returns import PricePanel, ReturnPanel, load_returns
from eventstudy.returns.bundled import BUNDLED, FACTORS, PRICE_SYMBOLS, RETURN_SYMBOLS
from eventstudy.returns.protocol import ALL
from eventstudy.returns.sources.registry import is_network, source_names
from eventstudy.study.pairs.dates import other_date, read_dates
from eventstudy.study.pairs.reading import any_frame

LARGEST_USUAL: Final = 0.03  # median size of a daily return in decimals: above it the numbers are percent
TEXT: Final = (".csv", ".tsv", ".txt", ".tab")
HEAD: Final = 1 << 16  # bytes by which the marks of a text file are told
OWN_WORDS: Final = "; or load them yourself and pass what comes: es.study(events, es.load_returns(source=…, …), …)"


def firm_returns(
    prices: Any,
    firms: Sequence[str],
    against: Sequence[str],
    *,
    factors: Any = None,
    factors_holds: str | None = None,
    span: tuple[pd.Timestamp, pd.Timestamp] | None = None,
    calendar: Any = "auto",
    **options: Any,
) -> tuple[ReturnPanel, str]:
    """Return the panel of the firms and of the series `against`; what the prices lack of these comes from `factors`, or is bundled.

    `span`: first and last day asked of a source over the network; a file gives all that it holds, for the other securities
    tell whether the model leaves something out. The second value says what was left out all the same, and why.
    """
    if options and isinstance(prices, (PricePanel, ReturnPanel)):
        msg = f"{next(iter(options))}= says how a file of prices is written, and a panel was given; leave it out"
        raise DataError(msg)
    if isinstance(prices, PricePanel):
        prices = ReturnPanel.from_prices(prices)
    panel, note = (
        (prices, "") if isinstance(prices, ReturnPanel) else _loaded(prices, firms, against, span, calendar, options)
    )
    held = {*panel.frame.columns, *panel.levels.columns}
    lacking = [name for name in against if name not in held]
    if factors is None and factors_holds is not None:
        msg = f"factors_holds={factors_holds!r} says what a file of factors holds, and none is given: factors='factors.csv'"
        raise DataError(msg)
    if factors is not None:
        wanted = list(against)
    else:
        # factors come together: where one is lacking, what the prices hold under another's name is a share
        wanted = [name for name in against if name in lacking or (name in FACTORS and set(lacking) & set(FACTORS))]
        wanted = [name for name in wanted if name in (*PRICE_SYMBOLS, *RETURN_SYMBOLS)]
    if not wanted:
        return panel, note
    both = [name for name in wanted if name in firms]
    if both:
        msg = (
            f"{both[0]!r} is the ticker of an event and the name of a factor of the model; rename the factor in a file of factors of your own: "
            "factors='factors.csv'"
        )
        raise DataError(msg)
    own = panel.select([name for name in panel.frame.columns if name not in wanted])
    if factors is None:
        return own.join(load_returns(wanted, source=BUNDLED)), note
    beside, said = _factors(factors, wanted, factors_holds)
    return own.join(beside), "; ".join(filter(None, (said, note)))


def _factors(factors: Any, wanted: list[str], holds: str | None) -> tuple[ReturnPanel, str]:
    """Return the series of a model from a file or frame of their own, and what their numbers were taken for, where that was not said.

    Factors come as returns, in decimals or in percent; an index comes as prices. Returns in percent are refused as decimals (a day
    of -1 % would be a loss of all), and a calm file shows by its size.
    """
    if isinstance(factors, PricePanel):
        factors = ReturnPanel.from_prices(factors)
    if isinstance(factors, ReturnPanel):
        return factors.select(wanted), ""
    if is_source(factors):
        return load_returns(wanted, source=factors), ""
    name = os.fspath(factors) if isinstance(factors, (str, os.PathLike)) else ""
    options: dict[str, Any] = _marks(Path(name)) if name else {}
    source = factors if name else any_frame(factors)
    if holds is not None:
        return load_returns(wanted, source=source, holds=holds, **options), ""
    refused: DataError | None = None
    for kind in ("prices", "returns", "percent"):
        try:
            panel = load_returns(wanted, source=source, holds=kind, **options)
        except DataError as fault:
            # what is no matter of units is the same whatever they hold: the first refusal of returns is told
            refused = fault if refused is None or kind == "returns" else refused
            continue
        if kind == "returns" and float(panel.frame.abs().median().max()) > LARGEST_USUAL:
            continue
        told = f"factors of {Path(name).name or 'the frame'} read as " + {
            "returns": "returns in decimals",
            "percent": "returns in percent",
        }.get(kind, kind)
        return panel, told
    msg = f"{refused}; what a file of factors holds may be said: factors_holds='returns' (decimals) or factors_holds='percent'"
    raise DataError(msg) from refused


def is_source(prices: Any) -> bool:
    """Whether prices come from a named source or an object that fetches, and not from a file, a frame or a panel."""
    return hasattr(prices, "fetch") or (isinstance(prices, str) and prices in source_names())


def _loaded(
    prices: Any,
    firms: Sequence[str],
    against: Sequence[str],
    span: tuple[pd.Timestamp, pd.Timestamp] | None,
    calendar: Any,
    options: dict[str, Any],
) -> tuple[ReturnPanel, str]:
    plain = calendar is None or isinstance(calendar, str)
    given: dict[str, Any] = {"calendar": calendar} if plain else {"calendars": calendar}
    name = os.fspath(prices) if isinstance(prices, (str, os.PathLike)) else ""
    if name in source_names() and name != BUNDLED and is_network(name):
        start, end = span if span is not None else (None, None)
        wanted = [*firms, *(one for one in against if one not in firms)]
        return load_returns(wanted, start, end, source=name, **given, **options), ""
    if name and name != BUNDLED:
        options = {**_marks(Path(name), dated="date_format" in options), **options}
    if not name and not hasattr(prices, "fetch"):
        prices = any_frame(prices)
    try:
        return load_returns([ALL], source=prices, **given, **options), ""
    except DataError as fault:
        whole = fault
    wanted = [*firms, *(name for name in against if name not in firms and name not in FACTORS)]
    try:  # what is wrong may be with a series that nobody asked for
        panel = load_returns(wanted, source=prices, **given, **options)
    except DataError as fault:
        if "=" not in str(whole).rsplit(";", maxsplit=1)[-1]:
            raise whole from fault
        msg = f"{whole}{OWN_WORDS}".replace(" date_format=", " prices_date_format=")  # the other one is of the events
        raise DataError(msg) from fault
    return panel, f"what else the prices hold is left out: {whole}"


def _marks(path: Path, *, dated: bool = False) -> dict[str, str]:
    """Return how a text file is written, where that is plain: semicolons between cells, a decimal comma, and the one format of its dates."""
    if path.suffix.lower() not in TEXT or not is_there(path.is_file):
        return {}
    with opened(path, DataError) as file:
        lines = file.read(HEAD).decode("utf-8", errors="replace").splitlines()[:3]
    if len(lines) < 2:
        return {}
    parted = ";" in lines[0] and "," not in lines[0]
    found = {"sep": ";", "decimal": "," if any("," in line for line in lines[1:]) else "."} if parted else {}
    return (
        found if dated else {**found, **_date_format(path, lines, ";" if parted else "\t" if "\t" in lines[0] else ",")}
    )


def _date_format(path: Path, lines: Sequence[str], sep: str) -> dict[str, str]:
    """Return the format by which the dates of a text file are read, where the year does not stand first and one format reads them all."""
    cells = [cell.strip().strip('"') for cell in lines[1].split(sep)]
    column = next((at for at, cell in enumerate(cells) if other_date(cell)), None)
    if column is None:
        return {}
    try:
        dates = pd.read_csv(
            path, sep=sep, usecols=[column], dtype=str, encoding="utf-8-sig", skipinitialspace=True
        ).iloc[:, 0]
    except (ValueError, OSError):  # the reader of prices says what is wrong with the file
        return {}
    known = dates.dropna()
    name = str(dates.name)

    def place(at: int) -> str:
        return f"{path.name}, row {int(known.index[at]) + 1}, column {name!r}"

    try:
        _, form = read_dates(known.tolist(), place, None)
    except DataError as fault:
        raise DataError(str(fault).replace("date_format=", "prices_date_format=")) from fault
    return {"date_format": form} if form.startswith("%") else {}


def from_where(panel: ReturnPanel, names: Iterable[str]) -> str:
    """Return where series come from, in words."""
    sources = list(dict.fromkeys(str(panel.sources.get(name, "")) for name in names))
    said = ["bundled figures" if source == BUNDLED else source for source in sources if source not in ("", "given")]
    return f" ({', '.join(said)})" if said else ""
