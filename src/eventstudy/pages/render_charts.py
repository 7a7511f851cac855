"""Drawing all charts of a report, two at a time where that is safe."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final

from eventstudy.plots import render_each

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS: Final = ("svg", "png")
FEW: Final = 6
"""Charts up to which a second process costs more than it saves."""

Drawn = dict[str, bytes]
Made = Callable[[], "Figure | None"]
Jobs = Sequence[tuple[Made, Sequence[str]]]


def draw_all(figures: Sequence[Made], narrow: Sequence[Made] = ()) -> list[Drawn]:
    """Make and draw each figure as SVG and PNG, the narrow ones as SVG alone, with nothing where none is made.

    Whether a helper process drew it does not show.

    A process is copied only on Linux, from a program with one thread: elsewhere a copy could wait for a lock that nobody
    holds any more.
    """
    jobs: Jobs = [*((make, KINDS) for make in figures), *((make, KINDS[:1]) for make in narrow)]
    alone = threading.active_count() == 1 and (os.cpu_count() or 1) > 1
    if sys.platform != "linux" or not alone or len(figures) <= FEW:
        return _drawn(jobs)
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)
    helper = fork.Process(target=_send, args=(here, there, jobs[1::2]), daemon=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from 3.12 on: of threads that numpy keeps asleep
        helper.start()
    there.close()
    try:
        own = _drawn(jobs[::2])
        try:
            others = here.recv()
        except (EOFError, OSError):  # the helper failed or was killed: what is wrong shows where it can be read
            others = _drawn(jobs[1::2])
    finally:
        here.close()
        helper.kill()  # a handler of SIGTERM that the program set would be the helper's too
        helper.join()
    return [(own if at % 2 == 0 else others)[at // 2] for at in range(len(jobs))]


def _drawn(jobs: Jobs) -> list[Drawn]:
    made = ((make(), kinds) for make, kinds in jobs)
    return [{} if figure is None else render_each(figure, kinds) for figure, kinds in made]


def _send(here: Connection, there: Connection, jobs: Jobs) -> None:
    """Draw in the helper process, then hand over: a pipe holds little, and nobody reads while the other half is drawn."""
    here.close()  # a copy of the reader's end: with it open, a pipe whose reader was killed would never break
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  for the rest of this process
    there.send(_drawn(jobs))
