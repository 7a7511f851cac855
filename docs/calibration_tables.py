"""Draw the committed calibration tables into docs/calibration.md, between its markers.

Run it from the root of the repository: ``python docs/calibration_tables.py``.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from eventstudy.calibration import Row, draw_table, read_table

HERE = Path(__file__).parent
TABLES = HERE.parent / "src" / "eventstudy" / "calibration" / "tables"
START, END = "<!-- tables: start -->", "<!-- tables: end -->"
TITLES = {
    "analytic.csv": "Size of the tests that do not draw, N = 10 and 50",
    "analytic_200.csv": "Size of the tests that do not draw, N = 200",
    "resampling.csv": "Size of the tests that draw",
    "power.csv": "Power of the tests that do not draw: an abnormal return of 0.5 % on day 0",
}


def drawn(name: str) -> str:
    """Return one table file as Markdown: the claims that failed first, then a table for each N and window."""
    command, rows = read_table(TABLES / name)
    size = not name.startswith("power")
    parts = [f"## {TITLES[name]}", f"`{command}`", *([said(rows)] if size else [])]
    for (n, first, last), _ in groupby(rows_by_place(rows), key=place):
        parts += [f"### N = {n}, window ({first}, {last})", draw_table(rows, n, (first, last))]
    return "\n\n".join(parts)


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
    return text + " These claims are withdrawn:\n\n" + "\n".join(lines)


def main() -> None:
    """Rewrite the drawn part of docs/calibration.md."""
    page = HERE / "calibration.md"
    before, rest = page.read_text(encoding="utf-8").split(START)
    after = rest.split(END)[1]
    body = "\n\n".join(drawn(name) for name in TITLES if (TABLES / name).exists())
    page.write_text(f"{before}{START}\n\n{body}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
