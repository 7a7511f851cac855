"""How the command line ends: each kind of fault in one line and with its exit code, and 1 for a difference alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eventstudy.cli import listing, main
from eventstudy.errors import InputError, SourceDown

FULL = Path("/dev/full")
PROGRAM = [sys.executable, "-m", "eventstudy"]


@pytest.fixture
def ended(monkeypatch, capsys):
    """Let `eventstudy tests` raise something; give its exit code and what it said on standard error."""

    def run(fault: BaseException, *options: str) -> tuple[int, str]:
        def fail(**_: object) -> None:
            raise fault

        monkeypatch.setattr(listing, "list_tests", fail)
        monkeypatch.setattr(sys, "argv", ["eventstudy", *options, "tests"])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        assert said.out == ""
        return stop.value.code, said.err

    return run


@pytest.mark.parametrize(
    "fault",
    [
        *(ValueError("no such thing"), KeyError("x"), TypeError(), RecursionError("too deep"), AssertionError("never")),
        *(
            EOFError("the stream ended"),
            ZeroDivisionError("by zero"),
            UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        ),
        *(OSError("without a number"), RuntimeError("two\nlines"), NotImplementedError(), SystemError("x" * 10_000)),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_what_is_not_ours_is_one_line_and_exit_code_70(ended, fault):
    code, said = ended(fault)
    assert code == 70
    assert said.count("\n") == 1
    assert said.startswith(f"eventstudy: this is a fault of eventstudy, please report: {type(fault).__name__}: ")
    assert len(said) < 500
    assert "Traceback" not in said


@pytest.mark.parametrize("fault", [ValueError("no such thing"), EOFError("the stream ended"), InputError("mend it")])
def test_debug_shows_where_it_happened(ended, fault):
    code, said = ended(fault, "--debug")
    assert code == (2 if isinstance(fault, InputError) else 70)
    assert "Traceback (most recent call last)" in said
    assert "in fail" in said
    assert said.splitlines()[-1].startswith("eventstudy: ")


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (InputError("mend the file"), 2, "eventstudy: mend the file\n"),
        (SourceDown("the source is down"), 3, "eventstudy: the source is down\n"),
        (
            FileNotFoundError(2, "No such file or directory", "a.csv"),
            2,
            "eventstudy: a.csv: No such file or directory\n",
        ),
        (OSError(28, "No space left on device"), 2, "eventstudy: the disk: No space left on device\n"),
        (KeyboardInterrupt(), 130, "eventstudy: stopped; what was complete is kept\n"),
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
    ],
)
def test_what_is_foreseen_has_its_own_code(ended, fault, code, words):
    assert ended(fault) == (code, words)


def test_too_little_memory_is_one_line(ended):
    code, said = ended(MemoryError("Unable to allocate 7.45 GiB"))
    assert code == 70
    assert (
        said
        == "eventstudy: there is not enough memory for this (Unable to allocate 7.45 GiB); ask for less, or use a larger machine\n"
    )


def test_a_fault_says_nothing_to_the_terminal(ended):
    _, said = ended(ValueError("\x1b]0;pwned\x07\u202e\x9b2J"), "--debug")
    assert all(character.isprintable() or character == "\n" for character in said)


def program(*words: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run([*PROGRAM, *words], check=False, **given)


@pytest.mark.skipif(os.name != "posix", reason="closes streams by number")
@pytest.mark.parametrize("closed", [1, 2])
def test_a_closed_stream_swallows_what_is_said(closed):
    pipe = {2: "stdout", 1: "stderr"}[closed]
    done = program(
        "--version", **{"stdout": None, "stderr": None} | {pipe: subprocess.PIPE}, preexec_fn=lambda: os.close(closed)
    )
    assert done.returncode == 0
    assert b"Traceback" not in (done.stdout or b"") + (done.stderr or b"")


PLAIN = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}


@pytest.mark.slow
def test_an_output_that_lacks_letters_gets_them_escaped():
    refused = program("run", "关税.toml", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert refused.returncode == 2
    assert b"no study '\\u5173\\u7a0e.toml'" in refused.stderr


@pytest.mark.slow
def test_so_does_a_table():
    done = program("tests", env=os.environ | PLAIN)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"Kolari and Pynn\xf6nen" in done.stdout


@pytest.mark.parametrize("words", ["--version", "--help"])
def test_a_reader_that_goes_ends_it_quietly(words):
    with subprocess.Popen([*PROGRAM, words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()  # as `| head` does, before anything is written
        said = running.stderr.read()
    assert (running.returncode, said) == (141, b"")


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is full")
def test_a_full_disk_is_no_difference():
    with FULL.open("wb") as full:
        done = program("--version", stdout=full)
    assert done.returncode == 2
    assert done.stderr == b"eventstudy: the disk: No space left on device\n"


@pytest.mark.slow
def test_a_listener_to_errors_that_goes_changes_no_code():
    with subprocess.Popen([*PROGRAM, "events", "--validate", "nowhere.csv"], stderr=subprocess.PIPE) as running:
        running.stderr.close()
    assert running.returncode == 2
