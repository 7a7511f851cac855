"""Draw the committed calibration tables into docs/calibration.md, between its markers, and as pictures beside it.

The table of tests in docs/tests.md is drawn from their specifications; the tables of advice and of prices from their own files in
docs/calibration.

Run it from the root of the repository: ``python docs/calibration_tables.py``.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from eventstudy.calibration import Row, draw_table, read_table
from eventstudy.calibration.believed import BELIEVED, REPORTED
from eventstudy.inference import TESTS
from eventstudy.inference.core.measured_size import ALPHA, SOUND
from eventstudy.inference.core.spec import ALWAYS, MANY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HERE = Path(__file__).parent
TABLES = HERE.parent / "src" / "eventstudy" / "calibration" / "tables"
START, END = "<!-- {}: start -->", "<!-- {}: end -->"
ADVICE = {
    "advice": ("advice.csv",),
    "advice-rows": ("advice_8.csv", "advice_20.csv", "advice_40.csv", "advice_50.csv", "advice_60.csv"),
}
"""Tables of advice, each from one file or several; they lie beside the pictures, as those of prices do."""
PRICES = ("prices_one.csv", "prices_own.csv", "prices_consecutive.csv")
SEEN = 0.01
"""Share of studies from which a test counts as believed."""
TITLES = {
    "analytic.csv": "Size of the tests that do not draw, N = 10 and 50",
    "analytic_5.csv": "Size of the tests that do not draw, N = 5",
    "analytic_200.csv": "Size of the tests that do not draw, N = 200",
    "further.csv": "Size in further scenarios, N = 10, 30 and 60",
    "resampling.csv": "Size of the tests that draw",
    "power.csv": "Power of the tests that do not draw: an abnormal return of 0.5 % on day 0",
}
INTERVALS = ("intervals.csv", "sessions.csv", "bands.csv")
"""Tables that stand in a section of their own, between markers of their name."""
PICTURES = HERE / "calibration"
PICTURED = ((0, 0), (-10, 10))
"""The windows that are drawn as pictures: the shortest and the longest; all are there as tables."""


def drawn(name: str) -> str:
    """Return one table file as Markdown: the claims that failed first, then a table for each N and window."""
    command, rows = read_table(TABLES / name)
    size = not name.startswith("power")
    title = [f"## {TITLES[name]}"] if name in TITLES else []
    parts = [*title, f"`{command}`", *([said(rows)] if size else [])]
    for (n, first, last), group in tables_of(name, rows):
        parts += [f"### N = {n}, window ({first}, {last})"] if n else []
        if size and (first, last) in PICTURED:
            path = picture_path(name, n, (first, last))
            axes = picture(group)
            save(axes, path)
            parts.append(f"![{heading(group)}]({path.relative_to(HERE).as_posix()})")
        parts.append(draw_table(group, n, (first, last)))
    return "\n\n".join(parts)


def tables_of(name: str, rows: tuple[Row, ...]) -> list[tuple[tuple[int, int, int], list[Row]]]:
    """Return the sub-tables of a file: one for each N and window; of bands one for each window, a line for each N (as N = 0)."""
    if name == "bands.csv":
        rows = tuple(replace(row, test=f"{row.test}, N = {row.n}", n=0) for row in rows)
    return [(where, list(group)) for where, group in groupby(rows_by_place(rows), key=place)]


def heading(rows: list[Row]) -> str:
    """Say what a picture shows."""
    some = rows[0]
    number = f"N = {some.n}, " if some.n else ""
    return f"Sizes at {number}window ({some.first}, {some.last})"


def picture_path(name: str, n: int, window: tuple[int, int]) -> Path:
    """Return where the picture of one sub-table lies."""
    kind = Path(name).stem if Path(name).stem in ("resampling", "further", "intervals", "sessions", "bands") else "size"
    days = "day0" if window == (0, 0) else f"days{window[0]}to{window[1]}"
    return PICTURES / "-".join([kind, *([f"n{n}"] if n else []), f"{days}.svg"])


def picture(rows: list[Row], title: str = "", of: str = "") -> Axes:
    """Draw the sizes of one sub-table as a map of tests by scenarios; a mark is three Monte-Carlo errors out."""
    from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

    frame = pd.DataFrame(
        {
            "test": row.test,
            "scenario": row.scenario,
            "size": row.rate,
            "low": row.rate - row.tolerance,
            "high": row.rate + row.tolerance,
            "nominal": 0.05,
        }
        for row in rows
    )
    some = rows[0]
    number = f"N = {some.n}, " if some.n else ""
    title = title or f"True nulls rejected at 5%: {number}window ({some.first}, {some.last})"
    small = f"in %, of {of or f'{some.cell.replications:,}'}; ▲ too often, ▼ too seldom by three Monte-Carlo errors"
    return plots.size_map(frame, title=title, subtitle=small)


def save(axes: Axes, path: Path) -> None:
    """Write a picture; the same figures give the same bytes."""
    from eventstudy import plots  # noqa: PLC0415

    path.parent.mkdir(exist_ok=True)
    plots.save(axes.figure, path)  # type: ignore[arg-type]  # a figure, not a part of one


def advised(*names: str) -> list[tuple[str, dict[str, Row], dict[str, Row]]]:
    """Return what tables of advice hold: scenario with N, the tests on all studies, those on studies where they are believed."""
    cells: dict[tuple[str, int, int, int], tuple[dict[str, Row], dict[str, Row]]] = {}
    for row in (row for name in names for row in read_table(PICTURES / name)[1]):
        scenario = row.scenario.removesuffix(BELIEVED)
        found = cells.setdefault((scenario, row.n, row.first, row.last), ({}, {}))
        found[scenario != row.scenario][row.test] = row
    usual = min(key[2:] for key in cells) if len({key[2:] for key in cells}) == 1 else (0, 1)
    return [
        (f"{scenario}, {n}" + ("" if (first, last) == usual else f", days {first} to {last}"), *found)
        for (scenario, n, first, last), found in cells.items()
    ]


def share(believed: dict[str, Row], everywhere: dict[str, Row], name: str) -> float:
    """Return the share of studies in which a test is believed; of the reported one: in which one is named."""
    of = max(row.cell.replications for row in everywhere.values())
    return believed[name].cell.replications / of if name in believed else 0.0


def commands(*names: str) -> str:
    """Return the commands that made some tables."""
    return "\n\n".join(f"`{read_table(PICTURES / name)[0]}`" for name in names)


def advice_table(*names: str) -> str:
    """Return the table of advice: what is reported, what is believed how often and rejects there, what is refused."""
    lines = [
        "| scenario, N | reported, % | believed (share of studies; % rejected there) | refused (% rejected in all studies) |",
        "|---|---|---|---|",
    ]
    for where, everywhere, believed in advised(*names):
        often = [test for test in everywhere if share(believed, everywhere, test) >= SEEN]
        told = share(believed, everywhere, REPORTED)
        first = f"{100 * believed[REPORTED].rate:.1f}" + (f" (in {told:.4f})" if told < 1 else "") if told else ""
        sure = ", ".join(
            f"`{test}` {share(believed, everywhere, test):.2f}; {100 * believed[test].rate:.1f}" for test in often
        )
        no = ", ".join(f"`{test}` {100 * row.rate:.0f}" for test, row in everywhere.items() if test not in often)
        lines.append(f"| {where} | {first} | {sure} | {no} |")
    return "\n".join(lines)


def outside(*names: str) -> str:
    """Say in which cells what is believed rejects more than 6.5 % or less than 3 %, by more than two Monte-Carlo errors."""
    cells = [
        (where, test, row)
        for where, everywhere, believed in advised(*names)
        for test, row in believed.items()
        if share(believed, everywhere, test) >= SEEN
    ]
    low, high = SOUND
    out = [
        f"`{test}` in {where} ({100 * row.rate:.1f} % of {row.cell.replications:,})"
        for where, test, row in cells
        if row.rate - 2 * row.error > high or (row.rate + 2 * row.error < low and not row.discrete)
    ]
    return (
        f"Of {len(cells)} cells in which a test is believed in one study of a hundred or more, {len(out)} lie outside 3 to 6.5 % by "
        f"more than two Monte-Carlo errors{': ' + ', '.join(out) if out else ''}."
    )


def advice_picture(name: str) -> tuple[Path, list[Row]]:
    """Return where the picture of a table of advice lies, and its rows: each test on the studies where it is believed."""
    rows = [
        replace(row, scenario=where)
        for where, everywhere, believed in advised(*ADVICE[name])
        for test, row in believed.items()
        if share(believed, everywhere, test) >= SEEN
    ]
    order = [REPORTED, *(test for test in TESTS if test in {row.test for row in rows})]
    places = list(dict.fromkeys(row.scenario for row in rows))
    return PICTURES / f"{name}.svg", sorted(rows, key=lambda row: (order.index(row.test), places.index(row.scenario)))


def advice_drawn(name: str) -> str:
    """Return a table of advice with its commands and its picture, drawn anew."""
    path, rows = advice_picture(name)
    save(
        picture(rows, title="True nulls rejected at 5% where the test is believed", of="the studies where it is"), path
    )
    image = f"![Sizes where tests are believed]({path.relative_to(HERE).as_posix()})"
    names = ADVICE[name]
    return "\n\n".join((commands(*names), image, advice_table(*names), outside(*names)))


def prices_drawn() -> str:
    """Return the table of placebo events on prices, with its command."""
    lines = ["| events, N | test | rejects, % | believed in | rejects where believed, % |", "|---|---|---|---|---|"]
    for where, everywhere, believed in advised(*PRICES):
        for test in (*everywhere, REPORTED):
            every = f"{100 * everywhere[test].rate:.2f}" if test in everywhere else ""
            sure = f"{100 * believed[test].rate:.2f}" if test in believed else ""
            lines.append(f"| {where} | `{test}` | {every} | {share(believed, everywhere, test):.2f} | {sure} |")
    return commands(*PRICES) + "\n\n" + "\n".join(lines)


def place(row: Row) -> tuple[int, int, int]:
    """Return the sub-table that a row belongs to."""
    return row.n, row.first, row.last


def rows_by_place(rows: tuple[Row, ...]) -> list[Row]:
    """Return rows by number of events, then by length of the window."""
    return sorted(rows, key=lambda row: (row.n, row.last - row.first, row.first))


def said(rows: tuple[Row, ...]) -> str:
    """Say how many claims were measured and which failed."""
    claims = [row for row in rows if row.claimed]
    failed = [row for row in claims if not row.held]
    text = (
        f"{len(claims)} cells in which a test is claimed to hold; {len(failed)} of them "
        f"({len(failed) / len(claims):.1%}) lie out by more than three Monte-Carlo standard errors."
    )
    if not failed:
        return text
    lines = ["| test | scenario | N | window | size, % | three errors, points |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row.test} | {row.scenario} | {row.n} | ({row.first}, {row.last}) | {100 * row.rate:.2f} | "
        f"± {100 * row.tolerance:.2f} |"
        for row in sorted(failed, key=lambda row: (row.test, row.scenario, row.n))
    ]
    low = all(row.rate < ALPHA for row in failed)
    what = "They err on the side of caution" if low else "These claims are withdrawn"
    return text + f" {what}:\n\n" + "\n".join(lines)


NEEDS = {
    "estimation": "estimation windows",
    "refit": "placebo dates",
    "least squares": "a least-squares model",
    "one date": "one common date",
    "two dates": "two sessions",
    "one event": "one security-event",
    "clock": "bars within days",
}


def registered() -> str:
    """Return the table of tests: null, what each is claimed to bear, limits, source."""
    lines = ["| name | null | bears | limits | source |", "|---|---|---|---|---|"]
    for spec in TESTS.values():
        bears = ", ".join(sorted(spec.holds_under - ALWAYS))
        later = ", ".join(sorted(spec.holds_with_many))
        bears += ("; " if bears and later else "") + (f"from {MANY}: {later}" if later else "")
        limits = [f"N ≥ {spec.smallest}"] if spec.smallest else []
        limits += [f"L ≤ {spec.longest}"] if spec.longest else []
        needs = ", ".join(NEEDS[need] for need in spec.needs)
        lost = (
            "withdrawn: " + ", ".join(" with ".join(sorted(some)) for some in spec.withdrawn) if spec.withdrawn else ""
        )
        said = "; ".join(part for part in (*limits, needs, lost) if part)
        lines.append(f"| `{spec.name}` | {spec.null} | {bears} | {said} | {spec.reference} |")
    return "\n".join(lines)


def redraw(page: Path, body: str, name: str = "tables") -> None:
    """Rewrite what stands between the markers of a page."""
    start, end = START.format(name), END.format(name)
    before, rest = page.read_text(encoding="utf-8").split(start)
    after = rest.split(end)[1]
    page.write_text(f"{before}{start}\n\n{body}\n\n{end}{after}", encoding="utf-8")


def main() -> None:
    """Rewrite the drawn parts of docs/calibration.md and docs/tests.md."""
    redraw(HERE / "calibration.md", "\n\n".join(drawn(name) for name in TITLES if (TABLES / name).exists()))
    for name in ADVICE:
        redraw(HERE / "calibration.md", advice_drawn(name), name)
    redraw(HERE / "calibration.md", prices_drawn(), "prices")
    for name in INTERVALS:
        redraw(HERE / "calibration.md", drawn(name), Path(name).stem)
    redraw(HERE / "tests.md", registered())


if __name__ == "__main__":
    main()
