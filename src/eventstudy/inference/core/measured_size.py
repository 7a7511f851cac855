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
        "common_t4": frozenset[Condition]({"dependence", "fat tails"}),
        "staggered_t4": frozenset[Condition]({"staggered dependence", "fat tails"}),
        "unequal": frozenset[Condition]({"staggered dependence", "few clusters"}),
        "consecutive": frozenset[Condition]({"staggered dependence"}),
        "blocks": frozenset[Condition]({"dependence"}),
        "dispersed": frozenset[Condition](),
        "left_out": frozenset[Condition]({"dependence"}),
        "staggered_volatility": frozenset[Condition]({"staggered dependence", "fat tails", "volatility clustering"}),
        "shared_volatility": frozenset[Condition]({"dependence", "fat tails", "volatility clustering"}),
    }
)
"""What departs from the textbook in each scenario of the shipped tables; `calibration.scenarios` draws them."""

TABLES: Final = ("analytic_5.csv", "analytic.csv", "analytic_200.csv", "further.csv", "resampling.csv")
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
    the window. Scenarios that were measured at less than half or more than twice as near a number are left out.

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
    away = {scenario: abs(math.log(cell.n / max(n, 1))) for scenario, cell in near.items()}
    near = {scenario: cell for scenario, cell in near.items() if away[scenario] < min(away.values()) + NEAR}
    worst = max(near, key=lambda scenario: abs(near[scenario].rate - ALPHA))
    cell = near[worst]
    lacking = sorted(present - frozenset().union(*(SCENARIOS[scenario] for scenario in near)))
    untold = f"; not measured: {', '.join(lacking)}" if lacking else ""
    days = f"{cell.first}..{cell.last}"
    return cell.rate, f"{worst}: n = {cell.n}, days {days}, {cell.replications} samples{untold}"


SOUND: Final = (0.03, 0.065)
"""Measured sizes at 5 % with which a test is believed under a condition that it does not claim to bear."""

NEAR: Final = 0.69
"""Logarithm of twice, nearly."""

DEPENDENT: Final[frozenset[Condition]] = frozenset({"dependence", "staggered dependence"})

BY_SIZE: Final[frozenset[Condition]] = frozenset({"fat tails", "skewness", "volatility clustering"})
"""Conditions that speak against a test by its measured size there, where there is one, not by what it claims."""


def upheld(
    name: str, condition: Condition, present: Iterable[Condition], n: int, bars: int, *, discrete: bool = False
) -> str | None:
    """Say what the lab has against a test under a condition: nothing where its sizes there are sound, None if there are none.

    Scenarios count that have the condition, the dependence that the sample shows (more of it for a test that is only done where
    events depend) and nothing that it does not show; of their cells those with the numbers of security-events next below and above, and the nearest window.

    Examples
    --------
    >>> upheld("bmp", "fat tails", ["fat tails"], 50, 1), upheld("patell", "fat tails", ["fat tails"], 60, 21)
    ('', '')
    """
    known, found = _tables().get(name, {}), frozenset(present)
    like = {scenario: SCENARIOS[scenario] for scenario in known if condition in SCENARIOS[scenario]}
    exact = [scenario for scenario, its in like.items() if its <= found and its & DEPENDENT == found & DEPENDENT]
    more = [
        scenario for scenario, its in like.items() if its - DEPENDENT <= found and found & DEPENDENT < its & DEPENDENT
    ]
    cells = [cell for scenario in exact or more for cell in known[scenario]]
    if not cells:
        return None
    numbers = {cell.n for cell in cells}
    below = max((number for number in numbers if number <= n), default=min(numbers))
    above = min((number for number in numbers if number >= n), default=max(numbers))
    rates = [
        min((cell for cell in cells if cell.n == number), key=lambda cell: abs(cell.last - cell.first + 1 - bars)).rate
        for number in (below, above)
    ]
    unsound = [rate for rate in rates if rate > SOUND[1] or (rate < SOUND[0] and not discrete)]
    if not unsound:
        return ""
    return (
        f"the test rejected {max(unsound, key=lambda rate: abs(rate - ALPHA)):.1%} of true nulls there in calibration"
    )


@cache
def _tables() -> dict[str, dict[str, list[_Measured]]]:
    """Return the shipped rates by test and scenario."""
    found: dict[str, dict[str, list[_Measured]]] = {}
    for table in TABLES:
        lines = shipped_text("eventstudy.calibration", f"tables/{table}").splitlines()[1:]  # the first is the command
        for row in csv.DictReader(lines):
            if row["scenario"] not in SCENARIOS:  # its departure shows in no condition
                continue
            n, first, last, replications = (int(row[key]) for key in ("n", "first", "last", "replications"))
            cell = _Measured(n, first, last, replications, float(row["rate"]))
            found.setdefault(row["test"], {}).setdefault(row["scenario"], []).append(cell)
    return found
