"""The page on calibration says what the committed tables say: in words, in tables and in pictures."""

from __future__ import annotations

import csv
import importlib.util
import re
from itertools import product
from pathlib import Path

import pytest

from eventstudy.calibration import Row, draw_table, read_table, shipped_tables
from eventstudy.inference import DAILY, TESTS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "calibration.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def drawing():
    """The script that draws the page."""
    spec = importlib.util.spec_from_file_location("calibration_tables", DOCS / "calibration_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> dict[str, tuple[str, tuple[Row, ...]]]:
    folder = tmp_path_factory.mktemp("tables")
    found = {}
    for name, text in shipped_tables().items():
        (folder / name).write_text(text, encoding="utf-8")
        found[name] = read_table(folder / name)
    return found


def test_every_table_is_drawn_with_the_command_that_made_it(tables, drawing):
    for name, (command, rows) in tables.items():
        assert command in PAGE
        for (n, first, last), group in drawing.tables_of(name, rows):
            assert draw_table(group, n, (first, last)) in PAGE, (name, n, first, last)
        assert sum(len(group) for _, group in drawing.tables_of(name, rows)) == len(rows)


def test_the_table_of_tests_is_that_of_their_specifications(drawing):
    assert drawing.registered() in (DOCS / "tests.md").read_text(encoding="utf-8")


def test_what_is_withdrawn_is_said_in_words():
    words = (DOCS / "tests.md").read_text(encoding="utf-8").split("| condition | measured as |")[0]
    for name, spec in TESTS.items():
        assert (f"`{name}`" in words) or not spec.withdrawn, name


def test_the_counts_of_claims_are_those_of_the_tables(tables):
    for name, (_, rows) in tables.items():
        if name.startswith("power"):
            continue
        claims = [row for row in rows if row.claimed]
        failed = [row for row in claims if not row.held]
        assert f"{len(claims)} cells in which a test is claimed to hold; {len(failed)} of them" in PAGE, name
        for row in failed:
            line = f"| {row.test} | {row.scenario} | {row.n} | ({row.first}, {row.last}) | {100 * row.rate:.2f} |"
            assert line in PAGE


def test_every_picture_shows_the_figures_of_its_table(tables, drawing):
    """Each cell's text stands in the SVG, row by row."""
    seen = set()
    for name, (_, rows) in tables.items():
        for (n, *days), group in drawing.tables_of(name, rows) if not name.startswith("power") else ():
            window = tuple(days)
            if window not in drawing.PICTURED:
                continue
            path = drawing.picture_path(name, n, window)
            seen.add(path.name)
            assert f"]({path.relative_to(DOCS).as_posix()})" in PAGE
            chosen = {(row.test, row.scenario): row for row in group}
            scenarios, tests = (list(dict.fromkeys(key[at] for key in chosen)) for at in (1, 0))
            said = re.findall(r"<text[^>]*>(.*?)</text>", path.read_text(encoding="utf-8"))
            assert said[: len(scenarios) + len(tests)] == [*scenarios, *tests]
            cells = [text for text in said if re.fullmatch(r"–|\d+\.\d[▲▼]?", text)]
            assert cells == [mark(chosen.get(key)) for key in product(tests, scenarios)], path.name
    seen |= {drawing.advice_picture(name)[0].name for name in drawing.ADVICE}
    assert {path.name for path in drawing.PICTURES.glob("*.svg")} == seen  # and no picture is left over


def test_the_tables_of_advice_and_of_prices_are_those_of_their_files(drawing):
    for name, files in drawing.ADVICE.items():
        for part in (drawing.commands(*files), drawing.advice_table(*files), drawing.outside(*files)):
            assert part in PAGE, name
    assert drawing.prices_drawn() in PAGE


def test_a_line_of_advice_counts_the_studies_of_its_file(drawing):
    """By the rows of the file, read as plain text."""
    lines = (drawing.PICTURES / "advice.csv").read_text(encoding="utf-8").splitlines()
    counts = {}
    for line in csv.DictReader(lines[1:]):
        counts[line["scenario"], line["test"]] = int(line["replications"]), int(line["rejected"])
    studies = counts["common", "kp_bmp"][0]
    believed, rejected = counts["common, believed", "kp_bmp"]
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| common, 30 |")]
    assert f"`kp_bmp` {believed / studies:.2f}; {100 * rejected / believed:.1f}" in row
    believed, rejected = counts["common, believed", "reported"]
    assert row.startswith(f"| common, 30 | {100 * rejected / believed:.1f}")
    assert f"`bmp` {100 * counts['common', 'bmp'][1] / studies:.0f}" in row.split("|")[4]


def test_a_picture_of_advice_shows_the_figures_of_its_table(drawing):
    for name in drawing.ADVICE:
        path, rows = drawing.advice_picture(name)
        assert f"]({path.relative_to(DOCS).as_posix()})" in PAGE
        chosen = {(row.test, row.scenario): row for row in rows}
        scenarios, tests = (list(dict.fromkeys(key[at] for key in chosen)) for at in (1, 0))
        said = re.findall(r"<text[^>]*>(.*?)</text>", path.read_text(encoding="utf-8"))
        cells = [text for text in said if re.fullmatch(r"–|\d+\.\d[▲▼]?", text)]
        assert cells == [mark(chosen.get(key)) for key in product(tests, scenarios)]


def mark(row):
    if row is None:
        return "–"
    gap = row.rate - 0.05
    return f"{100 * row.rate:.1f}" + ("" if abs(gap) <= row.tolerance else "▲" if gap > 0 else "▼")


def test_a_picture_has_the_same_bytes_every_time(tables, drawing, tmp_path):
    rows = [row for row in tables["resampling.csv"][1] if (row.first, row.last) == (0, 0)]
    for name in ("one.svg", "two.svg"):
        drawing.save(drawing.picture(rows), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_the_commands_make_the_tables_that_they_head(tables):
    """Every test that the command asks for has rows, and none but those."""
    for command, rows in tables.values():
        named = re.findall(r"--tests (\S+)", command)
        default = [spec.name for spec in DAILY.values() if not spec.draws and "one event" not in spec.needs]
        assert {row.test for row in rows} == set(named or default)
        assert {row.n for row in rows} == {int(n) for n in re.findall(r"--events (\d+)", command)}
        assert {row.cell.replications for row in rows if row.test == "bmp"} <= {
            int(re.search(r"--replications (\d+)", command)[1])
        }
