"""What the command line says: every text is made visible on its way out, and the streams bear whatever comes."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Final, TextIO

from eventstudy.words import visible

READER_GONE: Final = 141  # as of a program that SIGPIPE ends: neither "done" nor "a difference"


def say(text: str) -> None:
    """Print a line of the answer."""
    print(visible(text))


def note(text: str) -> None:
    """Print a line beside the answer, on standard error and at once: progress, failures, the one line of an error."""
    try:
        print(visible(text, keep="\n"), file=sys.stderr, flush=True)
    except BrokenPipeError:  # nobody listens any more; the answer may still have its reader
        _forget(sys.stderr)


def make_ready() -> None:
    """Let both streams bear every text: what their encoding lacks is escaped, and one that is closed swallows it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or stream.closed:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  for the rest of this process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def finished(code: int) -> int:
    """Write out what is still held back, and return the exit code: another one if nobody is there to read it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = READER_GONE
    except OSError:
        _forget(sys.stdout)
        raise
    if code == READER_GONE:
        _forget(sys.stdout)
    return code


def _forget(stream: TextIO) -> None:
    """Point a stream at nothing: Python would try once more on its way out, and complain."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
