"""Folders: only one that is new, empty, or wholly ours is replaced; everything else is refused and stays as it was."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path

import pytest

from eventstudy.errors import InputError
from eventstudy.replace import Kind, are_digests, check_folder, put_right, remove_folder, replace_folder
from eventstudy.replace.names import beside
from trees import tree

KIND = Kind("test", lambda manifest: manifest["files"] if are_digests(manifest.get("files")) else None)


def contents(word: str) -> dict[str, bytes]:
    files = {"a.txt": word.encode(), "deep/er/b.txt": b"b" * len(word)}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return {**files, "manifest.json": json.dumps({"files": digests}).encode()}


def plain(folder: Path) -> dict[str, object]:
    return {name: content for name, content in tree(folder).items() if content is not None}


def test_new_empty_and_earlier_folders_are_written_whole(tmp_path):
    for word in ("one", "two"):
        replace_folder(tmp_path / "x" / "out", contents(word), KIND)
        assert plain(tmp_path / "x" / "out") == contents(word)
    (tmp_path / "empty").mkdir(mode=0o700)
    replace_folder(tmp_path / "empty", contents("one"), KIND)
    assert plain(tmp_path / "empty") == contents("one")
    assert (tmp_path / "empty").stat().st_mode & 0o777 == 0o700  # what was private stays private
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "x"]
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["out"]


STRANGERS = {
    "a file": lambda out: (out / "thesis.tex").write_text("years"),
    "a file deep in a folder of ours": lambda out: (out / "deep" / "note.txt").write_text("years"),
    "a file in a folder of its own": lambda out: [(out / "src").mkdir(), (out / "src" / "main.c").write_text("x")],
    "an empty folder": lambda out: (out / "plans").mkdir(),
    "a link": lambda out: (out / "link").symlink_to("/"),
    "a link in the place of a file": lambda out: [
        (out / "a.txt").unlink(),
        (out / "a.txt").symlink_to("/etc/hostname"),
    ],
    "a link in the place of a folder": lambda out: [
        (out / "deep").rename(out.parent / "deep"),
        (out / "deep").symlink_to(out.parent / "deep"),
    ],
    "a folder in the place of a file": lambda out: [(out / "a.txt").unlink(), (out / "a.txt").mkdir()],
    "a pipe": lambda out: os.mkfifo(out / "pipe"),
    "another program's manifest": lambda out: (out / "manifest.json").write_text('{"name": "my web app"}'),
    "a manifest of nothing": lambda out: (out / "manifest.json").write_text("{}"),
    "a manifest that is no text": lambda out: (out / "manifest.json").write_bytes(b"\xff\xfe"),
    "a manifest a thousand deep": lambda out: (out / "manifest.json").write_text("[" * 100_000),
    "a manifest without digests": lambda out: (out / "manifest.json").write_text('{"files": {"a.txt": "mine"}}'),
    "a manifest that reaches out": lambda out: (out / "manifest.json").write_text(
        json.dumps({"files": dict.fromkeys(["../precious.txt", "a.txt", "deep/er/b.txt"], "0" * 64)})
    ),
}


@pytest.mark.parametrize("what", STRANGERS)
def test_a_folder_with_anything_else_is_refused_and_stays(tmp_path, what):
    out = tmp_path / "out"
    replace_folder(out, contents("one"), KIND)
    (tmp_path / "precious.txt").write_text("precious")
    STRANGERS[what](out)
    before = tree(tmp_path)
    for change in (lambda: replace_folder(out, contents("two"), KIND), lambda: remove_folder(out, KIND)):
        with pytest.raises(InputError, match=r"out holds .*, which no test wrote; move (it|them) away or name another"):
            change()
        assert tree(tmp_path) == before


def test_twenty_strangers_are_listed_and_the_others_counted(tmp_path):
    for number in range(30):
        (tmp_path / f"{number:02d}.txt").write_text("x")
    (tmp_path / "00.txt").rename(tmp_path / "00\x1b[2J.txt")
    listed = ", ".join(["'00\\x1b[2J.txt'", *(f"{number:02d}.txt" for number in range(1, 20))])
    with pytest.raises(InputError) as caught:
        check_folder(tmp_path, KIND)
    assert str(caught.value) == (
        f"{tmp_path} holds {listed} and 10 more, which no test wrote; move them away or name another folder"
    )


def test_places_that_cannot_be_replaced(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    (tmp_path / "here" / "below").mkdir(parents=True)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nowhere").symlink_to("not there")
    monkeypatch.chdir(tmp_path / "here" / "below")
    before = tree(tmp_path)
    for target, why in {
        ".": "in which this runs, or one above",
        "": "in which this runs",
        "..": "in which this runs, or one above",
        "../../here": "in which this runs, or one above",
        "/": "in which this runs, or one above",
        str(tmp_path / "here"): "in which this runs, or one above",
        str(tmp_path / "link"): "is not a folder",
        str(tmp_path / "nowhere"): "is not a folder",
        str(tmp_path / "loop"): "is not a folder",
        str(tmp_path / "loop" / "out"): "loop",
        str(tmp_path / "file"): "is not a folder",
        str(tmp_path / "file" / "deep" / "out"): "file is no folder that can be written",
        "/proc": "is a disk of its own",
        "a\0b": "null byte",
        "x" * 5000: "name too long",
        "\ud800": "surrogates",
    }.items():
        with pytest.raises(InputError, match=f"(?i){why}"):
            replace_folder(target, contents("one"), KIND)
    assert tree(tmp_path) == before


def test_a_folder_below_a_linked_one_is_written_there(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    replace_folder(tmp_path / "link" / "out", contents("one"), KIND)
    assert plain(tmp_path / "real" / "out") == contents("one")


def test_what_comes_while_the_new_one_is_written_is_not_lost(tmp_path, monkeypatch):
    out = tmp_path / "out"
    replace_folder(out, contents("one"), KIND)
    real = Path.replace

    def replace(self, target):
        if self == out:  # at the last moment
            (out / "late.txt").write_text("late")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(InputError, match=r"out holds late\.txt"):
        replace_folder(out, contents("two"), KIND)
    assert plain(out) == {**contents("one"), "late.txt": b"late"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_interruption_between_the_renames_puts_the_old_one_back(tmp_path, monkeypatch):
    out = tmp_path / "out"
    replace_folder(out, contents("one"), KIND)
    real = Path.replace

    def replace(self, target):
        if self.suffix == ".partial":
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        replace_folder(out, contents("two"), KIND)
    assert plain(out) == contents("one")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def left(out: Path, ending: str, files: dict[str, bytes]) -> Path:
    place = beside(out, ending)
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


def test_what_a_kill_has_left_is_put_right_by_whoever_comes_next(tmp_path):
    out = tmp_path / "out"
    left(out, "old", contents("one"))  # killed between the two renames
    left(out, "partial", contents("two"))
    put_right(out, KIND)
    assert plain(out) == contents("one")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    half = contents("three")
    half.pop("deep/er/b.txt")
    left(out, "partial", half)  # killed while writing
    left(out, "partial", {"manifest.json": b'{"fil'})
    left(out, "gone", {"manifest.json": contents("four")["manifest.json"], "a.txt": b"four"})  # killed while removing
    left(out, "old", contents("five"))  # killed after both renames
    replace_folder(out, contents("six"), KIND)
    assert plain(out) == contents("six")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_only_looks_like_a_leftover_is_not_touched(tmp_path):
    out = tmp_path / "out"
    for name in (
        ".out.1.old",
        ".out.0123456789abcdef.gone",
        ".out.partial",
        f"{beside(tmp_path / 'other', 'old').name}",
    ):
        left(tmp_path / "x", "old", {}).with_name(name).mkdir()
        (tmp_path / name / "manifest.json").write_bytes(contents("one")["manifest.json"])
        (tmp_path / name / "a.txt").write_text("mine")
    full = left(out, "partial", {**contents("one"), "mine.txt": b"mine"})  # someone keeps a file in ours
    (tmp_path / "linked").mkdir()
    beside(out, "old").symlink_to("linked")
    before = plain(tmp_path)
    replace_folder(out, contents("two"), KIND)
    after = plain(tmp_path)
    gone = {name: content for name, content in before.items() if name not in after}
    assert set(gone) == {f"{full.name}/{name}" for name in contents("one")}
    assert {name: after[name] for name in before if name not in gone} == {n: before[n] for n in before if n not in gone}


def test_long_names_are_written_too(tmp_path):
    out = tmp_path / ("ü" * 120)
    for word in ("one", "two"):
        replace_folder(out, contents(word), KIND)
    assert plain(out) == contents("two")
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_many_writers_at_once_leave_one_whole_folder(tmp_path):
    words = [f"{'w' * (number + 1)}" for number in range(8)]
    failed = []

    def write(word):
        for _ in range(10):
            try:
                replace_folder(tmp_path / "out", contents(word), KIND)
            except InputError as error:  # pragma: no cover  what must not happen
                failed.append(error)

    writers = [threading.Thread(target=write, args=(word,)) for word in words]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failed == []
    assert plain(tmp_path / "out") in [contents(word) for word in words]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_earlier_folder_is_removed_and_none_is_no_fault(tmp_path):
    replace_folder(tmp_path / "out", contents("one"), KIND)
    remove_folder(tmp_path / "out", KIND)
    remove_folder(tmp_path / "out", KIND)
    assert list(tmp_path.iterdir()) == []
