"""A small table of prices or returns: how it is made, how it is written to a file, and what it says.

The reference is a loop over the cells as they were written: a number may be in the panel only where a cell of that day
and that symbol holds it; while nothing but the spelling was changed, every such number must be there.
"""

from __future__ import annotations

import csv
import decimal
import io
import math
import numbers
import random
import re
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from hostile import PACKINGS, damage_bytes, pack, zipped
from verdict import WrongNumber

WHOLE = re.compile(r"\d+\.0")  # how a spreadsheet writes a security that is a whole number
DAYS = ("2025-03-24", "2025-03-25", "2025-03-26", "2025-03-27", "2025-03-28", "2025-03-31", "2025-04-01", "2025-04-02")
SYMBOLS = (
    "AAA",
    "BB",
    "0005",
    "000001",
    "5",
    "600519",
    "1E5",
    "BRK-B",
    "^VIX",
    "^GSPC",
    "A B",
    "NAN",
    "TRUE",
    "SYM",
    "x",
    "名",
)
IDENTIFIERS = ("symbol", "ticker", "permno", "cusip", "isin", "ric", "security", "asset", "sym")
CLOSE = 1e-15  # relative: the last bit of a fast reader of decimals


@dataclass
class Table:
    """A table of texts, how it is laid out, and how it is written and loaded."""

    header: list[str]
    rows: list[list[str]]
    long: bool
    truth: bool | None = True  # every number must arrive
    facts: bool = True  # no other number may arrive
    options: dict[str, Any] = field(default_factory=dict)
    style: dict[str, Any] = field(default_factory=dict)
    stem: str = "prices"
    ending: str = ".csv"
    packing: str = ""
    damages: list[int] = field(default_factory=list)
    returns: bool = False


def start(rng):
    days = DAYS[: rng.randrange(2, len(DAYS) + 1)]
    symbols = rng.sample(SYMBOLS, rng.randrange(1, 4))
    returns = rng.random() < 0.25
    low, high, digits = (-0.04, 0.04, 5) if returns else (5, 300, 2)
    values = {(one, name): repr(round(rng.uniform(low, high), digits)) for one in days for name in symbols}
    options = {"holds": "returns"} if returns else {}
    if rng.random() < 0.4:
        header = ["date", rng.choice(IDENTIFIERS), "return" if returns else rng.choice(("close", "price", "adj_close"))]
        return Table(
            header,
            [[one, name, values[one, name]] for one in days for name in symbols],
            long=True,
            options=options,
            returns=returns,
        )
    header = ["date", *symbols]
    return Table(
        header,
        [[one, *(values[one, name] for name in symbols)] for one in days],
        long=False,
        options=options,
        returns=returns,
    )


def written(thing):
    """Return the bytes of the file."""
    if "instead" in thing.style:
        content = thing.style["instead"].encode("utf-8", "surrogatepass")
    elif "parquet" in thing.style and thing.ending in {".parquet", ".pq"}:
        content = _parquet(thing)
    else:
        content = _text(thing).encode("utf-8", "surrogatepass")
    if thing.packing in PACKINGS:
        rest = [random.Random(seed) for seed in thing.damages]
        inside = rest and thing.damages[0] % 3 == 0
        if inside:
            content = damage_bytes(content, rest.pop(0))
        if not thing.style.get("unpacked"):
            members = thing.style.get("members")
            content = pack(content, thing.packing) if members is None else zipped(content, "inner.csv", members)
        for one in rest:
            content = damage_bytes(content, one)
        return content
    for seed in thing.damages:
        content = damage_bytes(content, random.Random(seed))
    return content


def _text(thing):
    held = io.StringIO()
    quoting = thing.style.get("quoting", csv.QUOTE_MINIMAL)
    out = csv.writer(
        held,
        lineterminator=thing.style.get("newline", "\n"),
        delimiter=thing.style.get("delimiter", ","),
        quoting=quoting,
    )
    if thing.style.get("bom"):
        held.write("\ufeff")
    if "two" in thing.style:
        out.writerow(thing.style["two"])
    out.writerow(thing.header)
    for row in thing.rows:
        out.writerow(
            [*row[:-1], *(cell.replace(".", ",") if thing.style.get("decimal") else cell for cell in row[-1:])]
            if thing.long
            else [*row[:1], *(cell.replace(".", ",") if thing.style.get("decimal") else cell for cell in row[1:])]
        )
    return held.getvalue() + thing.style.get("tail", "")


def _parquet(thing):
    frame = pd.DataFrame(thing.rows, columns=thing.header)
    kind = thing.style["parquet"]
    if kind != "text":
        for at in range(2 if thing.long else 1, len(thing.header)):
            frame[thing.header[at]] = [
                float(cell) if number_of(cell) is not None else math.nan for cell in frame.iloc[:, at]
            ]
    if kind == "dates" and thing.header:
        frame[thing.header[0]] = pd.to_datetime(frame.iloc[:, 0])
    held = io.BytesIO()
    frame.to_parquet(held)
    return held.getvalue()


def number_of(cell):
    """Return the finite number that a text, or a Python or numpy number, plainly is; None for all else."""
    plain = isinstance(cell, str | numbers.Real | decimal.Decimal) and not isinstance(cell, bool)
    try:
        value = float(cell) if plain and "_" not in str(cell)[:40] else math.nan
    except (TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def _day(text):
    try:
        moment = pd.Timestamp(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if moment is pd.NaT else moment


def bare(name):
    """Return a name without what stands around it and nobody sees."""
    return name.strip().lstrip("\ufeff").strip()


def facts_of(thing):
    """Return what the cells say, by day and symbol: a loop over all of them. None where a date can be read in two ways."""
    found = {}
    whole = thing.long and all(WHOLE.fullmatch(bare(row[1])) for row in thing.rows if len(row) > 1)
    for row in thing.rows:
        if not row or not any(cell.strip() for cell in row):
            continue
        moment = _day(row[0])
        if moment is None or len(row[0]) != 10 or row[0][4:5] != "-":  # a date that can be read in more than one way
            return None
        cells = [tuple(row[1:3])] * (len(row) > 2) if thing.long else list(zip(thing.header[1:], row[1:], strict=False))
        for symbol, cell in cells:
            if (value := number_of(cell)) is not None:
                name = bare(symbol)
                found.setdefault((moment, name.removesuffix(".0") if whole else name), set()).add(value)
    return found


def compare(frame, facts, *, whole, zone_free=True):
    """Hold a panel against the facts; `whole`: every fact must be there."""
    seen = set()
    index = frame.index.tz_localize(None) if zone_free and getattr(frame.index, "tz", None) is not None else frame.index
    for symbol in frame.columns:
        for moment, value in zip(index, frame[symbol].tolist(), strict=True):
            if value != value:  # noqa: PLR0124  NaN
                continue
            said = facts.get((moment.normalize(), str(symbol)), set())
            if not whole and math.isinf(value):  # of a damaged frame: a study leaves the security out, and says so
                continue
            if not any(abs(value - one) <= CLOSE * abs(one) for one in said):
                msg = f"{value!r} of {symbol!r} on {moment} came; the table says {sorted(said)}"
                raise WrongNumber(msg)
            seen.add((moment.normalize(), str(symbol)))
    if whole and (lost := set(facts) - seen):
        msg = f"{min(lost, key=str)} is lost; the table says {facts[min(lost, key=str)]}"
        raise WrongNumber(msg)
