"""One change in a copy of the tree: a fork of this process, in which the heavy libraries are loaded, runs the tests."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from mutants.reach import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from mutants.sites import Site

LEAST_TEST, LEAST_TRIAL, TIMES = 60.0, 600.0, 10.0
"""A test hangs after so many seconds of the processor and so many times what it took without a change; so does a trial."""
LONGEST = 7200.0
"""Seconds of the clock after which what waits for nothing is ended: on a busy machine the clock says little."""
MEMORY = 12 << 30
"""Bytes that a change may ask for."""
OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
"""What ends a trial from outside: it says nothing about the change."""
HEAVY = (
    "numpy", "pandas", "scipy.stats", "scipy.optimize", "scipy.sparse", "statsmodels.api", "pyarrow", "arch",
    "matplotlib.pyplot", "exchange_calendars", "numba", "coverage",
)  # fmt: skip


def load_heavy() -> None:
    """Load what every trial needs, before the first fork, with one thread for linear algebra (threads survive no fork)."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    for name in HEAVY:
        importlib.import_module(name)


def copy_tree(root: Path, place: Path) -> Path:
    """Copy what git knows, or would add, of `root` into `place`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607  the git of the path
        cwd=root,
        capture_output=True,
        check=True,
    )
    for name in sorted(set(listed.stdout.decode().split("\0")) - {""}):
        if (root / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, place / name, follow_symlinks=False)
    return place


def start(tree: Path, work: Callable[[], Any], answer: Path) -> int:
    """Do `work` in a fork that stands in `tree` and imports the package from there; its result becomes JSON in `answer`."""
    answer.unlink(missing_ok=True)
    if child := os.fork():
        with contextlib.suppress(OSError):  # the fork has done so itself
            os.setpgid(child, child)
        return child
    code = 1
    try:
        os.setpgid(0, 0)  # one group with whatever the tests start, to be ended together
        os.chdir(tree)
        sys.path.insert(0, str(tree / "src"))
        os.environ.update(PYTHONPATH=str(tree / "src"), NUMBA_CACHE_DIR=str(tree / ".numba"))
        with (tree / "output.txt").open("w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        answer.write_text(json.dumps(work()))
        code = 0
    except BaseException:  # noqa: BLE001  nothing of a fork may go on in the caller's name
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def wait(children: dict[int, float]) -> tuple[int, str]:
    """Wait for one of the children, each with its start; return which, and "", "hung", "crashed" or "outside"."""
    while True:
        for child, since in children.items():
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
                return (
                    child,
                    "outside" if by in OUTSIDE else "hung" if by == signal.SIGXCPU else "crashed" if by else "",
                )
            if time.monotonic() > since + LONGEST:
                stop([child])
                return child, "hung"
        time.sleep(0.05)


def stop(children: Iterable[int]) -> None:
    """End forks, and what they have started."""
    for child in children:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)


class _Chosen:
    """A pytest plugin: run the chosen tests only, file by file in the order given, and keep the first that fails."""

    def __init__(self, tests: list[str], seconds: dict[str, float]) -> None:
        files = list(dict.fromkeys(test.split("::")[0] for test in tests))
        self.place = {name: at for at, name in enumerate(files)}
        self.seconds = {test: seconds.get(test, 0.0) for test in tests}
        self.failed, self.hung, self.ran = "", False, 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self.seconds]
        items[:] = sorted(chosen, key=lambda item: self.place[item.nodeid.split("::")[0]])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        signal.signal(signal.SIGPROF, self._hang)
        signal.setitimer(signal.ITIMER_PROF, LEAST_TEST + TIMES * self.seconds[item.nodeid])
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    def _hang(self, *_: object) -> None:
        self.hung = True
        pytest.fail("it hung", pytrace=False)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran += report.when == "call"
        if report.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = f"{report.nodeid} (collection)"


def run_tests(tests: list[str], seconds: dict[str, float]) -> dict[str, Any]:
    """Run tests until one fails."""
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    longest = int(LEAST_TRIAL + TIMES * sum(seconds.values()))
    resource.setrlimit(resource.RLIMIT_CPU, (longest, longest + 60))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    chosen = _Chosen(tests, seconds)
    code = pytest.main(["-x", "-q", *PLAIN, "--timeout=0", *chosen.place], plugins=[chosen])
    return {"code": int(code), "failed": chosen.failed, "hung": chosen.hung, "ran": chosen.ran}


def collect(files: list[str]) -> int:
    """Collect the tests of files by their names and run none; return what pytest ends with."""
    return int(pytest.main(["--collect-only", "-q", *PLAIN, *files]))


def change(path: Path, site: Site) -> Callable[[], None]:
    """Change a module and return what puts it back. It gets another time, so that no compiled copy is taken for it."""
    before, stat = path.read_bytes(), path.stat()

    def write(text: bytes, moment: float) -> None:
        path.write_bytes(text)
        os.utime(path, (stat.st_atime, moment))

    write(site.apply(before), stat.st_mtime + 10)
    return lambda: write(before, stat.st_mtime)
