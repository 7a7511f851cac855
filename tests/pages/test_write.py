import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eventstudy.errors import InputError
from eventstudy.pages import write as write_module
from eventstudy.pages.write import read_manifest
from eventstudy.report import Chart, write_document


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(Path(folder).rglob("*")) if p.is_file()}


def test_everything_is_there_and_the_manifest_lists_it(document, tmp_path):
    write_document(document, tmp_path / "deep" / "out")
    files = tree(tmp_path / "deep" / "out")
    assert set(files) == {
        "results.json",
        "report.html",
        "manifest.json",
        "charts/market.svg",
        "charts/market.png",
        "tables/chart-market.csv",
        "tables/claims.csv",
        "tables/tall.csv",
    }
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert manifest["seed"] == 0
    assert json.loads(files["results.json"])["car"]["lib"] == -0.0484
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["out"], "no staging folder is left"


def test_the_same_study_gives_the_same_bytes_and_no_path(make, tmp_path):
    write_document(make(), tmp_path / "one")
    write_document(make(), tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert not [name for name, content in tree(tmp_path / "one").items() if str(tmp_path).encode() in content]


@pytest.mark.slow
def test_the_same_bytes_whatever_the_hash_seed_zone_and_locale(tmp_path):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from small_report import make_document; "
        "from eventstudy.report import write_document; write_document(make_document(), sys.argv[2])"
    )
    for name, env in (
        ("one", {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"}),
        ("two", {"PYTHONHASHSEED": "99", "TZ": "Australia/Lord_Howe", "LC_ALL": "C.UTF-8"}),
    ):
        subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parents[1] / "support"), str(tmp_path / name)],
            env={**os.environ, **env},
            check=True,
        )
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_an_earlier_report_is_replaced_as_a_whole(make, tmp_path):
    write_document(make(), tmp_path / "out")
    (tmp_path / "out" / "tables" / "tall.csv").unlink()
    write_document(make(first_close=5601.0), tmp_path / "out")
    assert read_manifest(tmp_path / "out")["inputs"] == {"^GSPC": "sha-5601.0"}
    assert (tmp_path / "out" / "tables" / "tall.csv").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_is_not_ours_is_never_touched(document, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match=r"thesis\.tex, which no report wrote"):
        write_document(document, tmp_path / "mine")
    write_document(document, tmp_path / "out")
    (tmp_path / "out" / "charts" / "note.txt").write_text("a note")
    with pytest.raises(InputError, match=r"charts/note\.txt"):
        write_document(document, tmp_path / "out")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="not a folder"):
        write_document(document, tmp_path / "file")
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years of work"


def test_an_empty_folder_is_taken(document, tmp_path):
    (tmp_path / "out").mkdir()
    write_document(document, tmp_path / "out")
    assert read_manifest(tmp_path / "out")


def test_a_failure_half_way_leaves_the_old_report_and_nothing_else(make, tmp_path, monkeypatch):
    write_document(make(), tmp_path / "out")
    before = tree(tmp_path / "out")

    def broken(*_, **__):
        msg = "disk full"
        raise OSError(msg)

    monkeypatch.setattr(write_module, "render_page", broken)
    with pytest.raises(OSError, match="disk full"):
        write_document(make(first_close=1.0), tmp_path / "out")
    assert tree(tmp_path / "out") == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_failure_while_moving_puts_the_old_report_back(make, tmp_path, monkeypatch):
    write_document(make(), tmp_path / "out")
    before = tree(tmp_path / "out")
    real = Path.replace

    def replace(self, target):
        if self.name.endswith(".partial"):
            msg = "no"
            raise OSError(msg)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(InputError, match=r"out cannot be written \(no\); make room"):
        write_document(make(first_close=1.0), tmp_path / "out")
    assert tree(tmp_path / "out") == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from small_report import make_document
from eventstudy.report import write_document
real = Path.replace
def replace(self, target):
    if self.name.endswith(".partial"):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, target)
Path.replace = replace
write_document(make_document(first_close=2.0), sys.argv[2])
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_run_killed_between_its_two_renames_is_put_right_by_the_next(make, tmp_path, monkeypatch):
    write_document(make(), tmp_path / "out")
    before = tree(tmp_path / "out")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(Path(__file__).parents[1] / "support"), str(tmp_path / "out")], check=False
    )
    assert done.returncode == -9
    assert sorted(path.name.rpartition(".")[2] for path in tmp_path.iterdir()) == ["old", "partial"]

    def broken(*_, **__):
        msg = "disk full"
        raise OSError(msg)

    with monkeypatch.context() as patch:
        patch.setattr(write_module, "render_page", broken)
        with pytest.raises(OSError, match="disk full"):
            write_document(make(first_close=3.0), tmp_path / "out")
    assert tree(tmp_path / "out") == before, "the report from before the killed run is back"
    write_document(make(first_close=3.0), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_running_process_or_another_program_has_left_is_not_touched(make, tmp_path):
    mine = [f".out.{os.getpid()}.note", f".out.{os.getppid()}.partial", ".out.partial", ".other.1.old"]
    for name in mine:
        (tmp_path / name).mkdir()
    write_document(make(), tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*mine, "out"])


def test_hostile_texts_give_safe_names_and_safe_cells(make, hostile, tmp_path):
    document = make(names=(hostile["script"], hostile["formula"]))
    one = document.charts[0]
    evil = tuple(Chart(text, text, text, one.figure, one.data, text) for text in hostile.values())
    write_document(
        type(document)(**{**_fields(document), "charts": evil, "sections": (), "title": hostile["close"]}),
        tmp_path / "out",
    )
    names = sorted(p.name for p in (tmp_path / "out" / "charts").iterdir())
    assert len(names) == 2 * len(hostile)
    assert all(len(name) < 90 and name.replace("-", "").replace("_", "").replace(".", "").isalnum() for name in names)
    assert "'=1+1" in (tmp_path / "out" / "tables" / "claims.csv").read_text(encoding="utf-8")
    assert not (tmp_path.parent / "etc").exists()


def _fields(document):
    return {name: getattr(document, name) for name in document.__dataclass_fields__}


@pytest.mark.parametrize("content", ["{", "[]", '{"generator": "other", "files": {}}', '{"generator": "eventstudy"}'])
def test_a_foreign_manifest_is_not_ours(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    assert read_manifest(tmp_path) is None
