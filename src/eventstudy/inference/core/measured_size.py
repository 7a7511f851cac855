"""How often a test rejected true nulls in the calibration lab, on samples like the one at hand: a size with its source."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from eventstudy._shipped import shipped_text
from eventstudy.inference.core.spec import Condition

SCENARIOS: Final[Mapping[str, frozenset[Condition]]] = MappingProxyType(
    {
        "normal": frozenset[Condition](),
        "t4": frozenset[Condition]({"fat tails"}),
        "skewed": frozenset[Condition]({"skewness"}),
        "garch": frozenset[Condition]({"volatility clustering"}),
        "event_variance": frozenset[Condition]({"event variance"}),
        "common": frozenset[Condition]({"dependence"}),
        "common_event_variance": frozenset[Condition]({"dependence", "event variance"}),
        "staggered": frozenset[Condition]({"staggered dependence"}),
        "missing": frozenset[Condition]({"missing"}),
    }
)
"""What departs from the textbook in each scenario of the shipped tables; `calibration.scenarios` draws them."""

TABLES: Final = ("analytic_5.csv", "analytic.csv", "analytic_200.csv", "resampling.csv")
ALPHA: Final = 0.05  # of the tables


class _Measured(NamedTuple):
    n: int
    first: int
    last: int
    replications: int
    rate: float


def measured_size(name: str, present: Iterable[Condition], n: int, bars: int) -> tuple[float, str]:
    """Return the measured size of a test at 5 %, and where it was measured.

    Of the scenarios that hold nothing but what the sample shows, the one in which the test did worst (of all of them, where the
    test is measured in none of these); of its cells that with the nearest number of security-events, and then the nearest length of
    the window.

    Examples
    --------
    >>> measured_size("patell", ["event variance"], 60, 5)
    (0.1639, 'event_variance: n = 50, days 0..4, 10000 samples')
    """
    return _size(name, frozenset(present), n, bars)


@lru_cache(maxsize=4096)
def _size(name: str, present: frozenset[Condition], n: int, bars: int) -> tuple[float, str]:
    known = _tables().get(name, {})
    alike = {scenario for scenario in known if SCENARIOS[scenario] <= present} or set(known)
    near = {
        scenario: min(cells, key=lambda cell: (abs(math.log(cell.n / max(n, 1))), abs(cell.last - cell.first + 1 - bars)))
        for scenario, cells in known.items()
        if scenario in alike
    }  # fmt: skip
    if not near:
        return math.nan, ""
    worst = max(near, key=lambda scenario: abs(near[scenario].rate - ALPHA))
    cell = near[worst]
    lacking = sorted(present - frozenset().union(*(SCENARIOS[scenario] for scenario in near)))
    untold = f"; not measured: {', '.join(lacking)}" if lacking else ""
    days = f"{cell.first}..{cell.last}"
    return cell.rate, f"{worst}: n = {cell.n}, days {days}, {cell.replications} samples{untold}"


@cache
def _tables() -> dict[str, dict[str, list[_Measured]]]:
    """Return the shipped rates by test and scenario."""
    found: dict[str, dict[str, list[_Measured]]] = {}
    for table in TABLES:
        lines = shipped_text("eventstudy.calibration", f"tables/{table}").splitlines()[1:]  # the first is the command
        for row in csv.DictReader(lines):
            n, first, last, replications = (int(row[key]) for key in ("n", "first", "last", "replications"))
            cell = _Measured(n, first, last, replications, float(row["rate"]))
            found.setdefault(row["test"], {}).setdefault(row["scenario"], []).append(cell)
    return found
