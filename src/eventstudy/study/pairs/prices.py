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
from eventstudy.study.pairs.reading import any_frame

TEXT: Final = (".csv", ".tsv", ".txt", ".tab")
HEAD: Final = 1 << 16  # bytes by which the marks of a text file are told
OWN_WORDS: Final = "; or load them yourself and pass what comes: es.study(events, es.load_returns(source=…, …), …)"


def firm_returns(
    prices: Any,
    firms: Sequence[str],
    against: Sequence[str],
    *,
    factors: Any = None,
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
    if factors is not None:
        wanted, source = list(against), factors
    else:
        # factors come together: where one is lacking, what the prices hold under another's name is a share
        wanted = [name for name in against if name in lacking or (name in FACTORS and set(lacking) & set(FACTORS))]
        wanted = [name for name in wanted if name in (*PRICE_SYMBOLS, *RETURN_SYMBOLS)]
        source = BUNDLED
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
    return own.join(load_returns(wanted, source=source)), note


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
        options = {**_marks(Path(name)), **options}
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
        msg = f"{whole}{OWN_WORDS}"
        raise DataError(msg) from fault
    return panel, f"what else the prices hold is left out: {whole}"


def _marks(path: Path) -> dict[str, str]:
    """Return the marks of a text file whose cells are parted by semicolons, and whose numbers have a decimal comma."""
    if path.suffix.lower() not in TEXT or not is_there(path.is_file):
        return {}
    with opened(path, DataError) as file:
        lines = file.read(HEAD).decode("utf-8", errors="replace").splitlines()[:3]
    if len(lines) < 2 or ";" not in lines[0] or "," in lines[0]:
        return {}
    return {"sep": ";", "decimal": "," if any("," in line for line in lines[1:]) else "."}


def from_where(panel: ReturnPanel, names: Iterable[str]) -> str:
    """Return where series come from, in words."""
    sources = list(dict.fromkeys(str(panel.sources.get(name, "")) for name in names))
    said = ["bundled figures" if source == BUNDLED else source for source in sources if source not in ("", "given")]
    return f" ({', '.join(said)})" if said else ""
