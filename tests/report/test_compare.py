import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from eventstudy.errors import InputError
from eventstudy.report import check_document, compare_folders, write_document
from eventstudy.report.numbers import flatten, is_same


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


def test_an_input_that_moves_nothing_is_reported_alone(make, accepted, tmp_path):
    write_document(make(), tmp_path / "new")
    edit(tmp_path / "new", lambda m: m["inputs"].update({"^GSPC": "other"}))
    found = compare_folders(accepted, tmp_path / "new")
    assert kinds(found) == {("input", "inputs.^GSPC")}


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
    with pytest.raises(InputError, match="is not JSON any more"):
        check_document(make(), accepted)


def test_a_broken_picture_is_an_input_error(make, accepted):
    (accepted / "charts/market.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="is not a picture any more"):
        check_document(make(), accepted)


def test_the_pytest_plugin_passes_and_fails(accepted, tmp_path):
    """A user's own suite, in a process of its own, with the study's building replaced by the small document."""
    here = Path(__file__).parent
    (tmp_path / "suite").mkdir()
    shutil.copy(here / "conftest.py", tmp_path / "suite" / "small.py")
    (tmp_path / "suite" / "test_mine.py").write_text(
        "import pytest, small\n"
        "pytest_plugins = []\n"
        "@pytest.mark.parametrize('close', [5600.0, 5656.0])\n"
        "def test_study(eventstudy_check, monkeypatch, close):\n"
        "    import eventstudy.report.build as build, eventstudy.study.files as files\n"
        "    monkeypatch.setattr(build, 'build_document', lambda *_, **__: (small.make_document(close), None))\n"
        "    monkeypatch.setattr(files, 'load_study', lambda name: name)\n"
        f"    eventstudy_check('small', {str(accepted)!r})\n"
    )
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path / "suite")]
    plugin = ["-p", "eventstudy.report.pytest_plugin"]
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
    program = "import sys, eventstudy.report.pytest_plugin; assert 'pandas' not in sys.modules and 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
