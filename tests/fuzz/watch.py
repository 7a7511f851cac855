"""The parent's side: children are started, watched, ended and replaced; what they say is kept in a journal."""

from __future__ import annotations

import hashlib
import json
import os
import re
import selectors
import shutil
import subprocess
import sys
import time
from pathlib import Path

from verdict import SLACK, queued

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src" / "eventstudy"
CHUNK = 12_000  # inputs of one child: what it remembers does not grow for ever
START = 300.0  # seconds until a child is ready
GRACE = 8.0  # seconds beyond the limit until a child that does not answer is ended


class Child:
    """One worker process, and the lines that come from it."""

    def __init__(self, border, seed, first, stop, limit):
        command = [sys.executable, str(HERE / "worker.py"), border, str(seed), str(first), str(stop), str(limit)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.held = b""
        self.inputs = stop - first
        self.folder = None

    def line(self, patience):
        """Return the next line; None if the child has ended; raises TimeoutError."""
        until = time.monotonic() + patience - queued(self.process.pid)
        while b"\n" not in self.held:
            left = until + queued(self.process.pid) - time.monotonic()
            if left <= 0 or not self.selector.select(left):
                raise TimeoutError
            piece = os.read(self.process.stdout.fileno(), 1 << 16)
            if not piece:
                return None
            self.held += piece
        line, self.held = self.held.split(b"\n", 1)
        return json.loads(line)

    def end(self):
        self.process.kill()
        self.process.wait()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.selector.close()
        self.process.stdout.close()


def run_border(border, seed, numbers, limit, told):
    """Take a border's inputs through children; `told` gets each line about an input, in order."""
    at, lost = numbers.start, []
    while at < numbers.stop:
        child = Child(border, seed, at, min(numbers.stop, at + CHUNK), limit)
        fault = None
        try:
            for line in _lines(child, border, limit):
                told(line)
                at = line["number"] + 1
        except _Lost as ended:
            fault = ended.args
        finally:
            child.end()
        if fault and at in lost:  # it may have been anyone's doing: an input must end its process twice
            line = dict(zip(("kind", "type", "where", "said"), fault, strict=True))
            told({"number": at, "mutations": [], "keep": None, **line})
            at += 1
        elif fault:
            lost.append(at)


HANG, CRASH = ("hang", ""), "crash"


class _Lost(Exception):
    """A child is gone, or does not answer: kind, type, where, what is said."""


def _lines(child, border, limit):
    """Yield the lines about inputs that come from a child, until it has done all of them."""
    patience, stuck, left = START, None, child.inputs
    while left:
        try:
            line = child.line(patience)
        except TimeoutError:
            if stuck is None:
                raise
            raise _Lost(*HANG, _stuck_at(stuck), "the process had to be ended") from None
        if line is None:
            code = child.process.wait()
            if stuck is None:
                msg = f"the worker of {border} does not start (exit code {code})"
                raise RuntimeError(msg)
            raise _Lost(CRASH, f"exit {code}", "", "")
        if "broken" in line:
            msg = f"the harness itself fails at border {border}:\n{line['broken']}"
            raise RuntimeError(msg)
        if "ready" in line:
            stuck = Path(line["ready"])
            child.folder = stuck.parent
        patience = (8 if "busy" in line else 2) * SLACK * limit + GRACE
        if "number" in line:
            left -= 1
            yield line


def _stuck_at(path):
    """Return the innermost line of the package in the traceback that a stuck child has left."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, AttributeError):
        return "?"
    found = re.search(r'File "[^"]*/src/eventstudy/([^"]+)", line (\d+) in (\S+)', text)  # the innermost stands first
    return f"{found[1]}:{found[2]} {found[3]}" if found else "in foreign code"


class Journal:
    """What is known of a border's inputs: one line each, and none from an earlier state of the code."""

    def __init__(self, folder, border, seed):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{border}-{seed}.jsonl"
        self.lines = []
        head = {"code": code_digest()}
        if self.path.exists():
            kept = [
                json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines() if line.endswith("}")
            ]
            if kept and kept[0] == head:
                self.lines = kept[1:]
        if not self.lines:
            self.path.write_text(json.dumps(head) + "\n", encoding="utf-8")
        self._file = self.path.open("a", encoding="utf-8")

    def add(self, line):
        self.lines.append(line)
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self):
        self._file.close()


def code_digest():
    """Return a short name of the code under test and of the harness."""
    found = hashlib.sha256()
    for root in (SOURCE, HERE):
        for path in sorted(root.rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:16]
