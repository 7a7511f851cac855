"""Single files: whole or not at all, never a folder, never one that is read-only."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from eventstudy.errors import DataError, InputError
from eventstudy.replace import check_file, clear_parts, put_file, write_whole
from eventstudy.replace.names import beside


def test_a_file_is_written_and_replaced_with_its_rights(tmp_path):
    path = tmp_path / "a.txt"
    assert write_whole(path, b"one") == path
    path.chmod(0o640)
    write_whole(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_stays_a_link_and_its_file_is_written(tmp_path):
    (tmp_path / "real.txt").write_text("one")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write_whole(tmp_path / "link.txt", b"two")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_bytes() == b"two"


def test_a_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_whole(tmp_path / "pipe", b"one")
    reader.join()
    assert read == [b"one"]


def test_what_cannot_be_written_is_one_error(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "locked.txt").write_text("mine")
    (tmp_path / "locked.txt").chmod(0o444)
    for name, why in {
        "folder": "is a folder; name a file",
        "locked.txt": "is read-only; make it writable",
        "nowhere/a.txt": "its folder is not there",
        "locked.txt/a.txt": "its folder is not there",
        "a\0b": "null byte",
        "x" * 5000: "(?i)name too long",
    }.items():
        with pytest.raises(InputError, match=why):
            write_whole(tmp_path / name, b"one")
    assert (tmp_path / "locked.txt").read_text() == "mine"
    with pytest.raises(DataError, match="is a folder"):
        check_file(tmp_path / "folder", DataError)


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, failure):
    path = tmp_path / "a.txt"
    path.write_text("one")

    def broken(*_):
        raise failure

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(
        (InputError, KeyboardInterrupt), match="No space left" if isinstance(failure, OSError) else None
    ):
        write_whole(path, b"two")
    assert path.read_text() == "one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_what_a_kill_has_left_of_a_file_goes_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    beside(path, "part").write_text("half")
    mine = [".a.txt.part", ".a.txt.0123456789abcdef.part", beside(tmp_path / "b.txt", "part").name]
    for name in mine:
        (tmp_path / name).write_text("mine")
    write_whole(path, b"one")
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.txt", *mine}
    clear_parts(tmp_path)  # of whichever file
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.txt", *mine[:2]}


def test_a_file_is_put_on_the_disk(tmp_path):
    put_file(tmp_path / "a", b"one", sync=True)
    assert (tmp_path / "a").read_bytes() == b"one"
