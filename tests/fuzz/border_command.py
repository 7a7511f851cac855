"""The command line, in this process: words, files and folders that nobody should give it. Its exit code says what was wrong.

Every run ends by `SystemExit` with 0, 1, 2 or 3; what it prints holds no control character, and one line of it says what
is wrong.
"""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import Any

import border_catalogue
import price_table
from hostile import FILE_NAMES, damage_bytes, day, words
from verdict import CONTROL, LONGEST, BadText, WrongNumber

CODES = {0, 1, 2, 3}
CHANGED = {("check",), ("cache", "verify")}  # only these may end with 1


@dataclass
class Call:
    """The words of a command, and the files that lie in the folder where it is called."""

    words: list[str]
    files: dict[str, bytes] = field(default_factory=dict)
    truth: Any = None


def _catalogue(rng):
    made = border_catalogue.start(rng)
    made.kind = rng.choice(("csv", "json", "toml"))
    for event in made.events:
        if rng.random() < 0.5:
            event[rng.choice(("name", "actor", "id", "summary"))] = words(rng)
    return made.kind, border_catalogue.written(made)


def start(rng):  # noqa: PLR0911  a list of commands
    kind = rng.randrange(10)
    if kind < 4:
        ending, content = _catalogue(rng)
        name = f"{rng.choice(('mine', 'mine', *FILE_NAMES))}.{ending}"
        options = rng.sample((["--csv"], ["--timezone", "America/New_York"], ["--calendar", "XTKS"]), rng.randrange(3))
        target = ["--validate", name] if rng.random() < 0.2 else [name]
        return Call(
            ["events", *target, "--timezone", "America/New_York", *(part for option in options for part in option)],
            {name: content},
        )
    if kind == 4:
        return Call(
            [
                "fetch",
                "GOOD",
                words(rng),
                "--offline",
                "--cache",
                "store",
                "--start",
                "2025-03-03",
                "--end",
                "2025-03-14",
            ]
        )
    if kind == 5:
        return Call(
            [
                *rng.choice((["cache", "list"], ["cache", "verify"], ["cache", "clear"], ["cache", "clear", "GOOD"])),
                "--cache",
                "store",
            ]
        )
    if kind == 6:
        words_of = [
            "calibrate",
            "--scenario",
            "normal",
            "--tests",
            "bmp",
            "--events",
            "10",
            "--window",
            "0,0",
            "--replications",
            "20",
        ]
        return Call(
            words_of
            + rng.choice(
                ([], ["--out", "table.csv"], ["--resume", "journal.jsonl"], ["--seed", "3"], ["--effect", "0.01"])
            )
        )
    if kind == 7:
        table = price_table.start(rng)
        study = b'title = "T"\n[catalog]\nsource = "us-china"\n[prices]\nsource = "prices.csv"\nsymbols = ["NOPE"]\n[market]\nsymbol = "NOPE"\n'
        return Call(
            [rng.choice(("run", "claims")), "mine.toml", *(["--source", "prices.csv"] if rng.random() < 0.5 else [])],
            {"mine.toml": study, "prices.csv": price_table.written(table)},
        )
    if kind == 8:
        return Call(
            ["check", rng.choice(("mine.toml", "us-china")), "--against", rng.choice(("nowhere", "."))],
            {"mine.toml": b"x"},
        )
    return Call(
        rng.choice((["tests", "--csv"], ["--help"], ["--version"], ["events", "--help"], ["tests"], ["cache"], []))
    )


def put_word(thing, rng):
    thing.words[rng.randrange(1, len(thing.words))] = rng.choice(
        (words(rng), day(rng), "-1", "0", "1e400", "nan", "9" * 50, "9" * 5000, "x" * 5000, "a\x00b", "--", "")
    )


def add_word(thing, rng):
    thing.words.insert(
        rng.randrange(len(thing.words) + 1),
        rng.choice((words(rng), "--csv", "--nonsense", "-h", "--debug", "--quick", "--source", "--cache", "--out")),
    )


def drop_word(thing, rng):
    del thing.words[rng.randrange(len(thing.words))]


def put_option(thing, rng):
    command = thing.words[0]
    names = {
        "events": ("--calendar", "--timezone", "--validate"),
        "fetch": ("--start", "--end", "--source", "--cache", "--freeze"),
        "cache": ("--cache", "--source"),
        "calibrate": (
            "--seed",
            "--events",
            "--window",
            "--replications",
            "--draws",
            "--effect",
            "--scenario",
            "--tests",
            "--out",
            "--resume",
            "--workers",
        ),
        "run": ("--out", "--source"),
        "check": ("--against", "--tolerance", "--images", "--source"),
        "claims": ("--source",),
    }
    value = rng.choice(
        (
            words(rng),
            day(rng),
            "-1",
            "0",
            "1.5",
            "nan",
            "inf",
            "",
            "9" * 50,
            "mine.toml",
            "folder",
            "x" * 5000,
            "0,0",
            "5,1",
            "-999,999",
            "1,2,3",
            "/dev/null",
            "/proc/x",
            "NOPE",
            "fred",
        )
    )
    name = rng.choice(names[command])
    if (command, name) == ("calibrate", "--replications") and value.isdigit():
        value = "7"  # more is slow, and meant
    if name == "--workers":
        value = rng.choice(("-3", "0", "1", "x"))
    if name == "--source" and command in {"fetch", "cache"}:
        value = rng.choice(("bundled", "nonsense", words(rng), ""))  # no real source is asked
    thing.words += [name, value]


def files(thing, rng):
    thing.files[
        rng.choice(
            ("mine.toml", "table.csv", "journal.jsonl", "prices.csv", "store/x/y/z/manifest.json", "folder/a.txt")
        )
    ] = rng.choice(
        (
            b"",
            b"my notes\n",
            b"\xff\xfe",
            b"{}",
            b'{"plan": 1}\n',
            rng.randbytes(50),
            words(rng).encode("utf-8", "surrogatepass"),
        )
    )


def damaged(thing, rng):
    name = rng.choice(sorted(thing.files))
    thing.files[name] = damage_bytes(thing.files[name], rng)


MUTATIONS = (
    put_word,
    put_word,
    put_option,
    put_option,
    put_option,
    put_option,
    add_word,
    drop_word,
    files,
    files,
    damaged,
    damaged,
)


def _command(called):
    """Return the words from the command on: the option of the whole program may stand before it."""
    return list(dropwhile("--debug".__eq__, called))


def _long(called):
    """Whether a command does real work for seconds or minutes; such ones are run elsewhere."""
    from eventstudy.study.study_file import shipped_studies  # noqa: PLC0415  the child prepares itself first

    called = _command(called)
    called = called[: called.index("--")] if "--" in called else called  # what stands behind it is no option
    command = called[0] if called else ""
    if command in {"run", "claims"}:
        return len(called) < 2 or called[1].startswith("-") or bool(set(called) & set(shipped_studies()))
    if command == "calibrate":
        return not {"--replications", "--scenario", "--tests", "--events"} <= set(called)
    return command == "fetch" and "--offline" not in called


def warm(folder):
    """Leave no pause between attempts: a source that no network leads to is asked as often, and nobody waits."""
    from eventstudy.returns.remote.retries import Patience  # noqa: PLC0415  the child prepares itself first

    del folder
    Patience.__init__.__kwdefaults__["wait"] = 0.0


def door(thing, folder):
    from eventstudy.cli.app import main  # noqa: PLC0415  the child prepares itself first

    if _long(thing.words):
        return "accepted"
    for name, content in thing.files.items():
        with contextlib.suppress(OSError, ValueError):  # no system has such a file; its name is tried all the same
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    code, out, err = _run(main, thing.words)
    _look(code, out, err, thing.words)
    return "refused" if code in {2, 3} else "accepted"


def _look(code, out, err, called):
    """Judge what came back: the exit code, and every text."""
    command = _command(called)
    if code not in CODES or (code == 1 and not {tuple(command[:1]), tuple(command[:2])} & CHANGED):
        msg = f"exit code {code!r} of {called[:2]}: {err[-300:]!r}"
        raise WrongNumber(msg)
    for stream in (out, err):
        if found := CONTROL.search(stream):
            msg = f"{found[0]!r} is printed: {stream[max(0, found.start() - 60) : found.end() + 60]!r}"
            raise BadText(msg)
    complaints = {
        f"exit code {code} without a word": code in {2, 3} and not (err + out).strip(),
        f"an error message of {len(err)} characters": code == 2 and len(err) > 20 * LONGEST,
        f"a traceback is printed: {err[-300:]!r}": "Traceback" in err and "--debug" not in called,
    }
    for msg, there in complaints.items():
        if there:
            raise BadText(msg)


def _run(main, called):
    """Run the command line as the shell would, and return its exit code and what it printed."""
    before = sys.argv
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["eventstudy", *called]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as left:
        code = left.code
        return (0 if code is None else code), out.getvalue(), err.getvalue()
    finally:
        sys.argv = before
    return 0, out.getvalue(), err.getvalue()
