"""The child process: it takes inputs through a border one after the other and writes a line about each.

    python worker.py BORDER SEED FIRST STOP LIMIT

Lines are JSON on the first standard output; what a border prints goes nowhere.
"""

from __future__ import annotations

import faulthandler
import functools
import gc
import json
import os
import resource
import shutil
import sys
import tempfile
import traceback
from dataclasses import asdict
from pathlib import Path

ROOM = 3 * 1024**3  # bytes of address space that the inputs may take beyond what the process has at the start


def prepare(folder):
    """Set what must stand before numpy and yfinance are imported: one thread, no network, a home of one's own."""
    nowhere = "http://127.0.0.1:9"
    names = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
    os.environ.update(dict.fromkeys((*names, *map(str.lower, names)), nowhere))
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_IO_THREADS")
    os.environ.update(dict.fromkeys(threads, "1"))
    os.environ.update(
        {
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "MPLBACKEND": "Agg",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "EVENTSTUDY_CACHE_DIR": str(folder / "cache" / "eventstudy"),
        }
    )


def own_folder():
    """Make the child's folder, in memory where the system has such a place: a disk makes every input wait for it."""
    memory = Path("/dev/shm")  # noqa: S108  a folder of its own is made there
    return Path(tempfile.mkdtemp(prefix="fuzz-", dir=memory if os.access(memory, os.W_OK) else None))


def ask_once():
    """Keep what the package asks anew in every call and no input can change: what is installed, and the commands."""
    import typer.main  # noqa: PLC0415  after `prepare`

    from eventstudy.returns.sources import registry  # noqa: PLC0415  the same

    registry.entry_points = functools.cache(registry.entry_points)
    typer.main.get_command = functools.cache(typer.main.get_command)


def attempt(name, seed, number, folder, limit, keep=None):
    """Take one input through its border, in an empty folder."""
    from cases import border_of, build  # noqa: PLC0415  after `prepare`
    from verdict import judge  # noqa: PLC0415  the same

    case = build(name, seed, number, keep)
    place = folder / "deep" / "down" / "input"  # so that ../.. is no place of anyone
    place.mkdir(parents=True, exist_ok=True)
    here = Path.cwd()
    os.chdir(place)
    try:
        return case, judge(lambda: border_of(name).door(case.thing, place), limit=limit)
    finally:
        os.chdir(here)
        if _used(folder / "deep"):
            shutil.rmtree(folder / "deep", ignore_errors=True)


def _used(deep):
    """Whether anything lies in an input's folder or beside it; such a one is not used again."""
    try:
        there = [entry.name for folder in (deep, deep / "down", deep / "down" / "input") for entry in folder.iterdir()]
    except OSError:
        there = []
    return there != ["down", "input"]


def shrunk(name, seed, number, folder, limit, count, verdict):
    """Return the mutations that the fault needs: each is left out in turn."""
    keep = list(range(count))
    for place in range(count):
        fewer = [at for at in keep if at != place]
        if attempt(name, seed, number, folder, limit, fewer)[1].group == verdict.group:
            keep = fewer
    return keep


def warm(name, seed, folder):
    """Take some valid things through the border: what it imports and reads once is no input's fault."""
    from cases import border_of  # noqa: PLC0415  after `prepare`

    ask_once()
    getattr(border_of(name), "warm", lambda _: None)(folder)
    for number in range(-8, 0):
        attempt(name, seed, number, folder, 60.0, [])


def bound_memory():
    """Let a blow-up end as a MemoryError, before the machine feels it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main():
    name, seed, first, stop, limit = (
        sys.argv[1],
        int(sys.argv[2]),
        int(sys.argv[3]),
        int(sys.argv[4]),
        float(sys.argv[5]),
    )
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    folder = own_folder()
    prepare(folder)

    def say(**line):
        out.write(json.dumps(line) + "\n")
        out.flush()

    try:
        from cases import border_of  # noqa: PLC0415  the same
        from verdict import SLACK  # noqa: PLC0415  the same

        warm(name, seed, folder)
        border = border_of(name)
        if getattr(border, "BOUNDED", True):
            bound_memory()
        gc.collect()
        gc.freeze()  # what is imported is not searched for garbage at every input
        gc.set_threshold(20_000, 20, 50)
        stuck = (folder / "stuck.txt").open("w+", encoding="utf-8")
        say(ready=stuck.name)
        known = set()
        for number in range(first, stop):
            faulthandler.dump_traceback_later(2 * SLACK * limit, file=stuck)
            case, verdict = attempt(name, seed, number, folder, limit)
            faulthandler.cancel_dump_traceback_later()
            if verdict.kind == "hang" and "clock" in verdict.said:  # a busy machine is no hang: it must be slow twice
                case, verdict = attempt(name, seed, number, folder, limit)
            keep = None
            if verdict.fault and (verdict.group not in known or verdict.kind == "wrong"):
                known.add(verdict.group)
                say(busy=number)
                keep = (
                    shrunk(name, seed, number, folder, limit, len(case.mutations), verdict)
                    if verdict.kind != "hang"
                    else None
                )
            line = {"number": number, "kind": verdict.kind, "warned": verdict.warned, "valid": not case.mutations}
            say(**line | ({**asdict(verdict), "mutations": case.mutations, "keep": keep} if verdict.fault else {}))
    except Exception:
        say(broken=traceback.format_exc())
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
