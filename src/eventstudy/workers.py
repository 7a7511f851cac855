"""Work shared out to workers, one way for every executor; what is lost with a worker is done again, and said.

An executor is any of ``concurrent.futures``, a client of Dask ``distributed`` or its executor, or the module ``ray`` after
``ray.init()``. Results come as they are ready, each with the number of its task, so that nobody depends on their order.
"""

from __future__ import annotations

import copyreg
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from types import MappingProxyType
from typing import Any, Final

from eventstudy.errors import EventStudyError, StudyError, WorkersLost
from eventstudy.words import brief

MOST_LOST: Final = 12
"""Times that one task may be lost with its worker: a task that kills its workers must come to an end."""

PATIENCE: Final = 60.0
"""Seconds that a scheduler which does not answer may take to come back."""

FOREIGN: Final = ("distributed", "dask", "ray", "tornado")
"""Packages whose errors, raised in place of a result, tell of workers and connections, not of the work."""


def _proxy(held: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(held)


copyreg.pickle(MappingProxyType, lambda held: (_proxy, (dict(held),)))  # else no process can be sent one

said = logging.getLogger("eventstudy")


def spread(
    work: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], executor: Any = None
) -> Iterator[tuple[int, Any]]:
    """Yield number and result of ``work(*task)`` for each task, as they come.

    Parameters
    ----------
    work : callable
        A function of a module, so that processes can be sent its name.
    tasks : iterable of tuple
        Made one by one: twice as many as there are workers are under way at once.
    executor : Executor, distributed.Client, or the module ray, optional
        None: one task after the other, here.

    Raises
    ------
    WorkersLost
        If a task is lost `MOST_LOST` times, or the scheduler does not come back.

    Examples
    --------
    >>> sorted(spread(divmod, [(7, 2), (9, 4)]))
    [(0, (3, 1)), (1, (2, 1))]
    """
    if executor is None:
        for number, task in enumerate(tasks):
            yield number, work(*task)
        return
    yield from _Spread(work, executor).run(tasks)


def each(
    calls: Iterable[tuple[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]]],
    executor: Any = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Return, by name, what calls of different functions give; `say` is told the name of each, up to a colon, as it begins.

    Examples
    --------
    >>> each([("half", divmod, (7, 2), {}), ("sum", sum, ([1, 2],), {})])
    {'half': (3, 1), 'sum': 3}
    """
    names: list[str] = []

    def tasks() -> Iterator[tuple[Any, ...]]:
        for name, function, given, named in calls:
            names.append(name)
            say(name.partition(":")[0])
            yield function, given, named

    found = dict(spread(_call, tasks(), executor))
    return {name: found[at] for at, name in enumerate(names)}


def _call(function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return function(*given, **named)


def usable(executor: Any) -> Any:
    """Return an executor as `spread` takes it; refuse what is none."""
    if executor is None or isinstance(executor, Executor) or _is_ray(executor):
        return executor
    if hasattr(executor, "get_executor"):  # a client of Dask
        return executor.get_executor(pure=False)
    if hasattr(executor, "submit"):
        return executor
    msg = (
        f"executor={brief(repr(executor))} is none; pass one of concurrent.futures, a client of Dask distributed, or the module "
        "ray after ray.init()"
    )
    raise StudyError(msg)


def _is_ray(executor: Any) -> bool:
    return getattr(executor, "__name__", "") == "ray" and hasattr(executor, "remote")


def workers_of(executor: Any) -> int:
    """Return how many tasks an executor does at once; 1 if it does not say."""
    if executor is None:
        return 1
    if _is_ray(executor):
        return max(1, int(executor.cluster_resources().get("CPU", 1)))
    client = getattr(executor, "_client", None)
    if client is not None:
        try:
            return max(1, int(sum(client.nthreads().values())))
        except Exception as error:  # the scheduler is away: its tasks come back as lost, and are waited for then
            if not _foreign(error):
                raise
            return 1
    return max(1, int(getattr(executor, "_max_workers", 1) or 1))


class _Spread:
    """Tasks under way on one executor, and how often each was lost."""

    def __init__(self, work: Callable[..., Any], executor: Any) -> None:
        self.work = work
        self.executor = usable(executor)
        self.own: ProcessPoolExecutor | None = None  # a pool made here in the place of one that broke
        self.under_way: dict[Any, tuple[int, tuple[Any, ...]]] = {}
        self.lost: dict[int, int] = {}

    def run(self, tasks: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        waiting = enumerate(tasks)
        left = True
        try:
            while left or self.under_way:
                room = 2 * workers_of(self.executor) - len(self.under_way)
                while left and room > 0:
                    number, task = next(waiting, (-1, ()))
                    left = number >= 0
                    if left:
                        self.submit(number, task)
                    room -= 1
                own = [future for future in self.under_way if not isinstance(future, Future)]  # asked one by one
                for future in own or wait(self.under_way, return_when=FIRST_COMPLETED).done:
                    if future in self.under_way:
                        yield from self.taken(future)
        finally:
            for future in self.under_way:
                if isinstance(future, Future):
                    future.cancel()
            if self.own is not None:
                self.own.shutdown(wait=True, cancel_futures=True)

    def submit(self, number: int, task: tuple[Any, ...]) -> None:
        if _is_ray(self.executor):
            remote = self.executor.remote(self.work).options(max_retries=MOST_LOST)
            self.under_way[remote.remote(*task).future()] = number, task
            return
        try:
            future = self.executor.submit(self.work, *task)
        except BrokenExecutor as error:
            self.again(number, task, error)
            return
        except Exception as error:
            if isinstance(error, RuntimeError) and "shutdown" in str(error):
                msg = "the executor has been shut down; fit and write within its with statement"
                raise StudyError(msg) from error
            if not _foreign(error):
                raise
            self.again(number, task, error)
            return
        self.under_way[future] = number, task

    def taken(self, future: Future[Any]) -> Iterator[tuple[int, Any]]:
        number, task = self.under_way.pop(future)
        try:
            result = future.result()
        except EventStudyError:
            raise
        except (BrokenExecutor, CancelledError) as error:
            self.again(number, task, error)
        except Exception as error:
            if not _foreign(error):
                raise
            self.again(number, task, error)
        else:
            yield number, result

    def again(self, number: int, task: tuple[Any, ...], error: BaseException) -> None:
        """Do a task again that was lost with its worker."""
        self.lost[number] = self.lost.get(number, 0) + 1
        why = f"{type(error).__name__}: {brief(str(error))}" if str(error) else type(error).__name__
        if self.lost[number] > MOST_LOST:
            msg = (
                f"task {number + 1} was lost {self.lost[number]} times with the worker that did it ({why}); what is done is kept: "
                "give the workers more memory, or see what ends them, then run again"
            )
            raise WorkersLost(msg) from error
        said.warning("task %d was lost with its worker (%s); it is done again", number + 1, why)
        self.renew(error)
        self.submit(number, task)

    def renew(self, error: BaseException) -> None:
        """Put a new pool in the place of one that broke; wait for a scheduler that is away."""
        client = getattr(self.executor, "_client", None)
        if client is not None:
            _wait_for(client, error)
        elif isinstance(self.executor, ProcessPoolExecutor) and isinstance(error, BrokenExecutor):
            if not getattr(self.executor, "_broken", True):
                return  # renewed when another of its tasks was lost
            broken: Any = self.executor
            self.executor = self.own = ProcessPoolExecutor(
                broken._max_workers,  # noqa: SLF001  the new pool is like the old one
                mp_context=broken._mp_context,  # noqa: SLF001
                initializer=broken._initializer,  # noqa: SLF001
                initargs=broken._initargs,  # noqa: SLF001
            )


def _foreign(error: BaseException) -> bool:
    """Say whether an error tells of workers and connections; one that wraps an error of the work does not."""
    if isinstance(error.__cause__, EventStudyError):
        return False
    kind = type(error)
    lost = kind.__name__ != "RayTaskError" and kind.__module__.split(".")[0] in FOREIGN
    return lost or isinstance(error, ConnectionError)


def _wait_for(client: Any, error: BaseException) -> None:
    """Wait until a client of Dask is connected again."""
    end = time.monotonic() + PATIENCE
    while client.status != "running":
        if client.status == "closed" or time.monotonic() > end:
            msg = (
                f"the scheduler does not come back ({type(error).__name__}); what is done is kept: start it and its workers, then "
                "run again"
            )
            raise WorkersLost(msg) from error
        time.sleep(0.1)


def pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of processes, each with one thread for its linear algebra.

    Its processes are started anew: a fork of a process that has threads can hang.
    """
    import multiprocessing  # noqa: PLC0415  only those who start processes pay

    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
