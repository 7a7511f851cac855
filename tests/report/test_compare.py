import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from eventstudy.errors import DataError, InputError
from eventstudy.plots.save import render
from eventstudy.report import check_document, compare_folders, write_document
from eventstudy.report.gate.compare import PATCH_TOLERANCE
from eventstudy.report.gate.compare_charts import largest_patch
from eventstudy.report.gate.compare_json import flatten, is_same
from eventstudy.report.gate.compare_tables import compare_tables
from eventstudy.report.gate.differences import Rule
from eventstudy.returns import freeze, load_prices


@pytest.fixture
def accepted(make, tmp_path):
    write_document(make(), tmp_path / "accepted")
    return tmp_path / "accepted"


def kinds(found):
    return {(row.kind, row.what) for row in found.moved}


def edit(folder, change):
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_nothing_changed_is_true_and_empty(make, accepted):
    found = check_document(make(), accepted)
    assert found
    assert found.frame.empty
    assert str(found) == "nothing moved"


def test_another_close_names_series_numbers_table_and_chart(make, accepted, tmp_path):
    found = check_document(make(first_close=5656.0, extra=0.01), accepted, images=tmp_path / "moved")
    assert not found
    assert kinds(found) >= {
        ("input", "inputs.^GSPC"),
        ("number", "car.lib"),
        ("table", "tables/claims.csv"),
        ("table", "tables/chart-market.csv"),
        ("chart", "charts/market.png"),
    }
    row = found.frame.set_index("what").loc["car.lib"]
    assert float(row["old"]) == -0.0484
    assert row["difference"].startswith("+0.01, relative 2.1e-01")
    with Image.open(tmp_path / "moved" / "market.png") as picture, Image.open(accepted / "charts/market.png") as one:
        assert picture.width == 3 * one.width + 24
        assert picture.height == one.height


def test_pictures_replace_those_of_an_earlier_comparison_and_nothing_else(make, accepted, tmp_path):
    moved = tmp_path / "moved"
    check_document(make(first_close=5656.0), accepted, images=moved)
    assert {path.name for path in moved.iterdir()} == {"market.png", "manifest.json"}
    check_document(make(), accepted, images=moved)
    assert not moved.exists(), "no chart moved: pictures of an earlier comparison would mislead"
    moved.mkdir()
    (moved / "market.png").write_text("a photo of the market")
    with pytest.raises(InputError, match=r"moved holds market\.png, which no comparison wrote; move it away"):
        check_document(make(first_close=5656.0), accepted, images=moved)
    assert (moved / "market.png").read_text() == "a photo of the market"
    with pytest.raises(InputError, match=r"accepted holds .*results\.json, .* and \d+ more|which no comparison wrote"):
        check_document(make(first_close=5656.0), accepted, images=accepted)
    with pytest.raises(InputError, match=r"lies in .*, which holds what is accepted and nothing else"):
        check_document(make(first_close=5656.0), accepted, images=accepted / "moved")


def test_a_report_is_no_frozen_panel_and_the_other_way_round(make, accepted, tmp_path):
    before = {path: path.read_bytes() for path in accepted.rglob("*") if path.is_file()}
    prices = load_prices("^GSPC", "2025-04-01", "2025-04-30")
    with pytest.raises(DataError, match=r"accepted holds manifest\.json, .*, which no freeze wrote"):
        freeze(prices, accepted)
    assert {path: path.read_bytes() for path in accepted.rglob("*") if path.is_file()} == before
    freeze(prices, tmp_path / "frozen")
    with pytest.raises(InputError, match=r"frozen holds manifest\.json, .*, which no report wrote"):
        write_document(make(), tmp_path / "frozen")
    with pytest.raises(InputError, match="is not a folder that `eventstudy run` wrote"):
        check_document(make(), tmp_path / "frozen")
    assert load_prices(source=tmp_path / "frozen").digest == prices.digest


def test_an_input_that_moves_nothing_is_reported_alone(make, accepted, tmp_path):
    write_document(make(), tmp_path / "new")
    edit(tmp_path / "new", lambda m: m["inputs"].update({"^GSPC": "other"}))
    found = compare_folders(accepted, tmp_path / "new")
    assert kinds(found) == {("input", "inputs.^GSPC")}


def write_pair(make, tmp_path, changes):
    """Two folders of one study whose input hashes differ; the results and the cells of the second are changed as asked."""
    write_document(make(), tmp_path / "old")
    write_document(make(), tmp_path / "new")
    edit(tmp_path / "new", lambda m: m["inputs"].update({"^GSPC": "other"}))
    for name, old, new in changes:
        path = tmp_path / "new" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
    found = compare_folders(tmp_path / "old", tmp_path / "new")
    return kinds(found) - {("input", "inputs.^GSPC")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "old", "new", "listed"),
    [
        ("results.json", "-0.0484", "-0.048499", False),  # prints as a decimal of four places
        ("results.json", "-0.0484", "-0.04855", True),
        ("results.json", '"x": 1.0', '"x": 1.009', False),  # three digits
        ("results.json", '"x": 1.0', '"x": 1.011', True),
        ("tables/claims.csv", "0.0952", "0.09529", False),  # percent of two places
        ("tables/claims.csv", "0.0952", "0.09531", True),
        ("tables/claims.csv", "0.0004", "0.0013", False),  # a chance of three places
        ("tables/claims.csv", "0.0004", "0.0015", True),
        ("tables/claims.csv", "12345", "12346", True),  # a count
        ("tables/claims.csv", "not supported", "supported", True),
        ("tables/chart-market.csv", "5396", "5396.01", False),  # a cent of a span of 700
        ("tables/chart-market.csv", "5396", "5398", True),
    ],
)
def test_when_an_input_changed_what_a_reader_sees_is_listed(make, tmp_path, name, old, new, listed):
    kind, what = ("number", None) if name == "results.json" else ("table", name)
    found = write_pair(make, tmp_path, [(name, old, new)])
    assert bool(found) is listed
    assert {k for k, _ in found} <= {kind}
    assert what is None or {w for _, w in found} <= {what}


def test_a_picture_that_moved_by_less_than_one_sees_is_not_listed_beside_its_input(make, tmp_path):
    write_document(make(), tmp_path / "old")
    for close, listed in ((5600.01, False), (5656.0, True)):
        write_document(make(first_close=close), tmp_path / f"{close}")
        found = kinds(compare_folders(tmp_path / "old", tmp_path / f"{close}"))
        assert (("chart", "charts/market.png") in found) is listed
        assert ("input", "inputs.^GSPC") in found
        assert (len(found) == 1) is not listed


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("t = 2.50, n = 9", "t = 2.51, n = 9", True),
        ("t = 2.50, n = 9", "t = 2.52, n = 9", False),
        ("t = 2.50, n = 9", "t = 2.50, n = 10", False),
        ("2025-04-03", "2025-04-04", False),
        ("p = 0.05", "p = 0.050", False),
        ("t = 2.50", "z = 2.50", False),
    ],
)
def test_words_are_the_same_but_for_one_unit_of_a_last_decimal(old, new, same):
    assert Rule(1e-6, reader=True).same(old, new, 0.0) is same
    assert not Rule(1e-6).same(old, new, 0.0)


def test_a_hash_among_the_results_is_an_input(make, accepted, tmp_path):
    write_document(make(), tmp_path / "new")
    for folder, digest in ((accepted, "one"), (tmp_path / "new", "two")):
        results = json.loads((folder / "results.json").read_text())
        results["provenance"] = {"prices_digest": digest}
        (folder / "results.json").write_text(json.dumps(results))
    found = compare_folders(accepted, tmp_path / "new")
    assert kinds(found) == {("input", "provenance.prices_digest")}


def test_a_change_below_the_tolerance_is_no_number_that_moved(make, accepted):
    assert check_document(make(extra=-0.0484e-7), accepted)
    assert not check_document(make(extra=-0.0484e-5), accepted)
    assert check_document(make(extra=-0.0484e-5), accepted, tolerance=1e-4)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("charts/market.svg", "chart"),
        ("charts/market.png", "chart"),
        ("tables/claims.csv", "table"),
        ("report.html", "file"),
        ("results.json", "file"),
    ],
)
def test_a_deleted_file_is_named(make, accepted, name, kind):
    (accepted / name).unlink()
    found = check_document(make(), accepted)
    assert kinds(found) == {(kind, name)}
    assert found.moved[0].old == "missing"


def test_one_byte_of_a_chart_counts_under_the_same_versions_only(make, accepted):
    svg = accepted / "charts/market.svg"
    svg.write_bytes(svg.read_bytes() + b"\n")
    assert kinds(check_document(make(), accepted)) == {("chart", "charts/market.svg")}
    edit(accepted, lambda m: m["versions"].update(numpy="1.0"))
    found = check_document(make(), accepted)
    assert found
    assert "versions differ: numpy" in found.notes


def test_another_picture_counts_under_other_versions_too(make, accepted):
    edit(accepted, lambda m: m["versions"].update(numpy="1.0"))
    path = accepted / "charts/market.png"
    with Image.open(path) as picture:
        Image.new("RGB", picture.size, "black").save(path)
    found = check_document(make(), accepted)
    assert kinds(found) == {("chart", "charts/market.png")}


def test_an_edited_page_is_named_when_nothing_else_moved(make, accepted):
    page = accepted / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("It holds.", "It does not."), encoding="utf-8")
    assert kinds(check_document(make(), accepted)) == {("page", "report.html")}


def test_an_edited_page_is_named_beside_a_cell_of_rounding(make, accepted):
    """A last digit of another processor, in a table, must not hide what the page says."""
    page = accepted / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("It holds.", "It does not."), encoding="utf-8")
    assert kinds(check_document(make(extra=-0.0484e-7), accepted)) == {("page", "report.html")}


@pytest.mark.parametrize(("old", "new"), [(20250402, 20250403), (10_000_000, 10_000_001)])
def test_whole_numbers_are_the_same_only_if_equal(old, new):
    assert not is_same(old, new, 1e-6)
    assert is_same(float(old), float(new), 1e-6)


def test_another_setting_is_named(make, accepted):
    edit(accepted, lambda m: m.update(seed=1))
    assert kinds(check_document(make(), accepted)) == {("setting", "seed")}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("lib", "LIB"), "1 cell"),
        (lambda text: text.replace("event_id", "id"), "other columns"),
        (lambda text: text + text.splitlines()[-1] + "\n", "-1"),
    ],
)
def test_tables_say_how_they_moved(make, accepted, change, said):
    path = accepted / "tables/claims.csv"
    path.write_text(change(path.read_text()))
    (row,) = check_document(make(), accepted).moved
    assert row.kind == "table"
    assert said in row.difference


HEAD = "stance,window,test,estimate,sessions"
ROWS = ["up,day 0,bmp,0.01,3", "up,day 0,sign,0.6,3", "down,day 0,bmp,-0.02,4", "down,day 0,sign,0.4,4"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (ROWS, [*ROWS, "up,day 0,acme_trimmed,0.02,3"], "+1 rows; new: up / day 0 / acme_trimmed"),
        (ROWS, ROWS[1:], "-1 rows; gone: up / day 0 / bmp"),
        (
            ROWS,
            [*ROWS[:3], "down,day 0,wilcoxon,0.5,4"],
            "+0 rows; new: down / day 0 / wilcoxon; gone: down / day 0 / sign",
        ),
        (
            ROWS,
            [ROWS[0], "up,day 0,sign,0.7,3", *ROWS[2:], "up,day 0,acme_trimmed,0.02,3"],
            "+1 rows; new: up / day 0 / acme_trimmed; of the others, 1 cell; first: row 2 (up / day 0 / sign), estimate, +0.1, relative 1.4e-01",
        ),
        (ROWS, [*ROWS, *(f"up,day {day},bmp,0.02,3" for day in range(1, 8))], "up / day 4 / bmp and 3 more"),
        (
            ROWS,
            [ROWS[0].replace("bmp", "bmp2"), *ROWS[1:]],
            "1 cell; first: row 1 (up / day 0 / bmp), test, other text",
        ),
        (ROWS[:1], [], "-1 rows; gone: up"),
        (["a,1,x,0.5,2", "a,1,x,0.5,2"], ["a,1,x,0.5,2"], "-1 rows; gone: a / 1 / x, no. 2"),
    ],
)
def test_rows_that_came_or_went_are_named(tmp_path, old, new, said):
    for name, rows in (("old", old), ("new", new)):
        (tmp_path / name).write_text("\n".join([HEAD, *rows]) + "\n")
    (moved,) = compare_tables(tmp_path / "old", tmp_path / "new", "t.csv", Rule(1e-6), {})
    assert said in moved.difference


def test_a_record_that_came_or_went_is_one_line(make, accepted):
    path = accepted / "results.json"
    told = json.loads(path.read_text())
    told["tests"] = {"acme": {"pvalue": 0.1, "n": 9}, "one": {"pvalue": 0.2}, "list": [1.0, 2.0]}
    path.write_text(json.dumps(told))
    lines = {(row.what, row.old, row.difference) for row in check_document(make(), accepted).moved}
    assert {
        ("tests.acme", "2 values", "gone"),
        ("tests.one.pvalue", "0.2", "gone"),
        ("tests.list[0]", "1.0", "gone"),
    } <= lines


def test_columns_that_came_or_went_are_named(tmp_path):
    (tmp_path / "old").write_text("test,pvalue\nbmp,0.1\n")
    (tmp_path / "new").write_text("test,size\nbmp,0.1\n")
    (moved,) = compare_tables(tmp_path / "old", tmp_path / "new", "t.csv", Rule(1e-6), {})
    assert moved.difference == "other columns; new: size; gone: pvalue"


def test_records_are_matched_by_what_they_are_about_not_by_their_place():
    old = [{"event_id": "a", "x": 1}, {"event_id": "b", "x": 2}]
    one, two = flatten(old, old[1:])
    assert set(one) - set(two) == {"[a].event_id", "[a].x"}
    assert {k: v for k, v in one.items() if k in two} == two


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (1.0, 1.0 + 0.9e-6, True),
        (1.0, 1.0 + 1.1e-6, False),
        (0.0, 1e-15, True),
        (float("nan"), float("nan"), True),
        (float("nan"), 1.0, False),
        (1, 1.0, True),
        (True, 1, False),
        ("1", 1, False),
        (None, None, True),
    ],
)
def test_same_within_the_tolerance(old, new, same):
    assert is_same(old, new, 1e-6) is same


def test_null_and_missing_are_two_things(make, accepted):
    results = json.loads((accepted / "results.json").read_text())
    results["gone"] = None
    (accepted / "results.json").write_text(json.dumps(results))
    (row,) = check_document(make(), accepted).moved
    assert (row.what, row.old, row.new) == ("gone", "null", "missing")


def test_wrong_input(make, accepted, tmp_path):
    with pytest.raises(InputError, match="is not a folder that"):
        check_document(make(), tmp_path)
    with pytest.raises(InputError, match="tolerance"):
        compare_folders(accepted, accepted, tolerance=-1)
    (accepted / "results.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        check_document(make(), accepted)


def test_the_largest_patch_is_found_wherever_it_is(tmp_path):
    one = Image.new("L", (100, 61), 255)
    one.save(tmp_path / "one.png")
    one.paste(0, (96, 56, 100, 61))  # a corner that fills half of the width and five eighths of the height of its patch
    one.save(tmp_path / "two.png")
    assert largest_patch(tmp_path / "one.png", tmp_path / "one.png") == 0
    assert largest_patch(tmp_path / "one.png", tmp_path / "two.png") == pytest.approx(255 * 20 / 64)


@pytest.mark.parametrize(("pixels", "seen"), [(0, False), (1, False), (2, True), (5, True)])
@pytest.mark.parametrize("place", [12, 15, 16])  # within a patch, at its edge, over two
def test_what_lies_one_pixel_further_is_the_same(tmp_path, pixels, seen, place):
    for name, at in (("one", place), ("two", place + pixels)):
        picture = Image.new("L", (64, 64), 255)
        picture.paste(0, (at, 0, at + 1, 64))
        picture.save(tmp_path / f"{name}.png")
    for pair in (("one", "two"), ("two", "one")):
        found = largest_patch(*(tmp_path / f"{name}.png" for name in pair))
        assert found >= 255 / 8 if seen else found == 0


@pytest.mark.parametrize(("now", "seen"), [("\u22122.9", False), ("\u22122.8", True), ("3.0", True)])
def test_a_number_in_a_chart_counts_as_in_a_table(tmp_path, now, seen):
    for name, text in (("one", "\u22123.0"), ("two", now)):
        figure, ax = plt.subplots(figsize=(4, 3))
        ax.text(0.5, 0.5, text, fontsize=11, ha="center")
        (tmp_path / f"{name}.png").write_bytes(render(figure, "png"))
        (tmp_path / f"{name}.svg").write_bytes(render(figure, "svg"))
        plt.close(figure)
    found = largest_patch(tmp_path / "one.png", tmp_path / "two.png")
    assert found > PATCH_TOLERANCE if seen else found == 0


def test_a_broken_picture_is_an_input_error(make, accepted):
    (accepted / "charts/market.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="cannot be read as a picture"):
        check_document(make(), accepted)


@pytest.mark.slow
def test_the_pytest_plugin_passes_and_fails(accepted, tmp_path):
    """A user's own suite, in a process of its own, with the study's building replaced by the small document."""
    here = Path(__file__).parent
    (tmp_path / "suite").mkdir()
    shutil.copy(here.parent / "support" / "small_report.py", tmp_path / "suite" / "small.py")
    (tmp_path / "suite" / "test_mine.py").write_text(
        "import pytest, small\n"
        "pytest_plugins = []\n"
        "@pytest.mark.parametrize('close', [5600.0, 5656.0])\n"
        "def test_study(eventstudy_check, monkeypatch, close):\n"
        "    import eventstudy.report.build as build, eventstudy.study.pairs.firm_file as files\n"
        "    def built(*_, **__):\n"
        "        return small.make_document(close), None\n"
        "    monkeypatch.setattr(build, 'build_document', built)\n"
        "    monkeypatch.setattr(files, 'load_study', lambda name: name)\n"
        f"    eventstudy_check('small', {str(accepted)!r})\n"
    )
    options = ["-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir", str(tmp_path / "suite")]
    plugin = ["-p", "eventstudy.report.gate.pytest_plugin"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *plugin, str(tmp_path / "suite")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "inputs.^GSPC: sha-5600.0 -> sha-5656.0" in done.stdout


def test_the_plugin_loads_no_pandas():
    program = "import sys, eventstudy.report.gate.pytest_plugin; assert 'pandas' not in sys.modules and 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


DAMAGE = {
    "no JSON": ("results.json", b"{"),
    "not UTF-8": ("results.json", b"\xff\xfe{}"),
    "nested without end": ("results.json", b"[" * 100_000),
    "a number without end": ("results.json", b'{"a": ' + b"9" * 5000 + b"}"),
    "an empty table": ("tables/*.csv", b""),
    "a table with a blank row": ("tables/*.csv", b"a,b\n\n1,2\n"),
    "a table that is not UTF-8": ("tables/*.csv", b"\xff\xfe\x00"),
    "a table with a cell without end": ("tables/*.csv", b'a,b\n"' + b"x" * 200_000 + b'",1\n'),
    "no picture": ("charts/*.png", b"no picture"),
    "half a picture": ("charts/*.png", None),
    "units that are none": ("manifest.json", b'{"generator": "eventstudy", "files": {}, "shown": {"a": 7}, "inputs": []}'),
    "versions that are none": ("manifest.json", b'{"generator": "eventstudy", "files": {}, "versions": 7}'),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_folder_is_one_input_error_or_a_difference(make, accepted, kind):
    pattern, content = DAMAGE[kind]
    path = next(iter(sorted(accepted.glob(pattern))))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if content is None else content)
    try:
        found = check_document(make(), accepted)
    except InputError as error:
        assert path.name in str(error)  # noqa: PT017  either is right
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert not found
        assert kind in (
            "an empty table",
            "a table with a cell without end",
            "a number without end",
            "units that are none",
        )


@pytest.mark.parametrize("mark", ["\x1b[2J", "\x00", "\x85", "\u2028", "\u202e"])
def test_what_no_eye_can_see_is_written_out(make, accepted, mark):
    edit(accepted, lambda content: content.update({f"se{mark}ed": 1}))
    results = accepted / "results.json"
    results.write_text(json.dumps({**json.loads(results.read_text()), f"a{mark}b": f"x{mark}"}))
    path = accepted / "tables/claims.csv"
    path.write_text(path.read_text().replace("lib", f"l{mark}b"), encoding="utf-8")
    found = check_document(make(), accepted)
    assert len(found.moved) >= 3
    said = str(found).replace("\n", "") + "".join(map(str, found.frame.to_numpy().ravel()))
    assert said.isprintable()
    assert repr(mark)[1:-1] in said


@pytest.mark.parametrize("mark", ["\x85", "\u2028", "\x0b", "\x0c", "\x1c"])
def test_only_an_end_of_line_ends_a_row(tmp_path, mark):
    for name, cell in (("old", "a"), ("new", f"a{mark}b")):
        (tmp_path / name).write_text(f"event,figure\n{cell},1.0\n", encoding="utf-8")
    (moved,) = compare_tables(tmp_path / "old", tmp_path / "new", "t.csv", Rule(0.0), {})
    assert (moved.old, moved.new) == ("a", f"a{repr(mark)[1:-1]}b")
    assert compare_tables(tmp_path / "new", tmp_path / "new", "t.csv", Rule(0.0), {}) == []
