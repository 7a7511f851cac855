"""What became of one input: accepted, refused as it should be, or one of the faults."""

from __future__ import annotations

import os
import re
import signal
import time
import traceback
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import eventstudy
from eventstudy.errors import CatalogError, EventStudyError

SOURCE = str(Path(eventstudy.__file__).parent)
LONGEST = 5_000  # characters of a message
ROWS = 60  # lines of a message that lists rows
MOST_MEMORY = 1024**3  # bytes
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|\r")
SLACK = 4  # times as long by the clock where other work holds the processors
FAULTS = ("foreign", "hang", "memory", "wrong", "message", "crash")


class WrongNumber(Exception):
    """The harness knows the truth, and what came is something else."""


class BadText(Exception):
    """What was printed or drawn cannot be shown: a control character, a broken page."""


class Hang(BaseException):
    """Raised by the alarm clock; no `except Exception` on the way takes it."""


@dataclass(frozen=True)
class Verdict:
    """One word, and for a fault what and where it was."""

    kind: str
    type: str = ""
    where: str = ""
    said: str = ""
    warned: str = ""

    @property
    def fault(self):
        return self.kind in FAULTS

    @property
    def group(self):
        """What makes two faults the same: the line moves, the function stays."""
        return self.kind, self.type, re.sub(r":\d+", "", self.where)


def judge(act, *, limit):
    """Call `act` and say what became of it; its memory is that of this process while it ran."""
    _forget_peak()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        verdict = _called(act, limit)
    peak = _peak()
    warned = ", ".join(
        sorted({f"{w.category.__name__} {_short_path(w.filename)}" for w in heard if "fuzz" not in w.filename})
    )
    if peak > MOST_MEMORY and verdict.kind != "memory":
        verdict = Verdict("memory", verdict.type, verdict.where, f"peak {peak / 1024**2:.0f} MB; {verdict.said}")
    return Verdict(verdict.kind, verdict.type, verdict.where, verdict.said, warned)


def _called(act, limit):
    try:
        with _alarm(limit):
            said = act()
    except Hang as stop:
        return Verdict("hang", "", _where(stop), f"more than {limit:g} s of {stop}")
    except (MemoryError, BufferError) as fault:
        return Verdict("memory", type(fault).__name__, _where(fault), _said(fault))
    except (WrongNumber, BadText) as fault:
        return Verdict(
            "wrong" if isinstance(fault, WrongNumber) else "message", type(fault).__name__, _own(fault), _said(fault)
        )
    except EventStudyError as fault:
        complaint = _complaint(fault)
        return Verdict("message" if complaint else "refused", complaint, _where(fault), _said(fault))
    except BaseException as fault:  # noqa: BLE001  whatever it is, it is the finding
        return Verdict("foreign", type(fault).__name__, _where(fault), _said(fault))
    return Verdict(said or "accepted")


def _complaint(error):
    """Return what is wrong with a message of ours, empty if nothing is."""
    text = str(error)
    lines = text.split("\n")
    rows = isinstance(error, CatalogError)
    found = {
        "too long": max(map(len, lines)) > LONGEST or len(text) > (ROWS * 1000 if rows else LONGEST),
        "too many lines": len(lines) > (ROWS if rows else 1),
        "says nothing": len(text.strip()) < 10,
        "control characters": CONTROL.search(text) is not None,
    }
    return ", ".join(name for name, there in found.items() if there)


def queued(process="self"):
    """Return for how many seconds a process has waited for a processor that others held; 0 where no system tells."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


@contextmanager
def _alarm(limit):
    """Raise `Hang` after `limit` seconds, of the clock or of the processor; waiting for a processor is no hang."""
    began, waited, rung = time.monotonic(), queued(), []

    def ring(number, _):
        if rung and time.monotonic() - rung[-1] < limit / 2:  # both clocks may have run out
            return
        passed, busy = time.monotonic() - began, os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1)
        if number == signal.SIGALRM and (passed - (queued() - waited) < limit or (busy and passed < SLACK * limit)):
            return  # the second: other threads of ours may be waiting
        rung.append(time.monotonic())  # it rings again: foreign code may have swallowed it
        raise Hang("the clock" if number == signal.SIGALRM else "the processor")

    before = signal.signal(signal.SIGALRM, ring), signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_REAL, limit, limit)
    signal.setitimer(signal.ITIMER_PROF, limit, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGALRM, before[0])
        signal.signal(signal.SIGPROF, before[1])


def _where(fault):
    """Return the innermost line of the package that a fault passed, with its function."""
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if frame.filename.startswith(SOURCE)]
    return f"{_short_path(frames[-1].filename)}:{frames[-1].lineno} {frames[-1].name}" if frames else _own(fault)


def _own(fault):
    frames = traceback.extract_tb(fault.__traceback__)
    return f"{_short_path(frames[-1].filename)}:{frames[-1].lineno} {frames[-1].name}" if frames else "?"


def _short_path(name):
    return name.removeprefix(SOURCE + "/") if name.startswith(SOURCE) else "/".join(Path(name).parts[-2:])


def _said(fault):
    try:
        text = str(fault)
    except Exception as worse:  # noqa: BLE001  a message that cannot be made is one more finding
        return f"(its own message fails: {worse!r})"
    return ascii(text)[:400]


def _forget_peak():
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak():
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
