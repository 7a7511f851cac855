"""Who works for a command: processes of this machine, or a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from eventstudy.border import said
from eventstudy.errors import InputError, StudyError, WorkersLost
from eventstudy.words import brief
from eventstudy.workers import pool

MOST_WORKERS: Final = 61
"""Processes: the most that Windows lets one wait for."""

PATIENCE: Final = 15
"""Seconds in which a scheduler must answer."""


@contextmanager
def workers_for(workers: int, scheduler: str | None) -> Iterator[Any]:
    """Yield what shares out the work; None: this process does it alone."""
    if not 1 <= workers <= MOST_WORKERS:
        msg = f"workers must be 1 to {MOST_WORKERS}, not {brief(workers)}"
        raise StudyError(msg)
    if scheduler is None:
        if workers == 1:
            yield None
            return
        with pool(workers) as executor:
            yield executor
        return
    if workers > 1:
        msg = "--workers starts processes here and --scheduler uses a cluster; give one of the two"
        raise InputError(msg)
    with _client(scheduler) as client:
        yield client


def _client(scheduler: str) -> Any:
    """Return a client of a Dask scheduler."""
    try:
        from distributed import Client  # noqa: PLC0415  an extra
    except ImportError as error:
        msg = "--scheduler needs the package distributed: pip install 'eventstudykit[dask]'"
        raise InputError(msg) from error
    try:
        return Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        msg = (
            f"no Dask scheduler answers at {brief(scheduler)} ({said(error)}); start one: dask scheduler, and its workers: "
            "dask worker tcp://HOST:8786"
        )
        raise WorkersLost(msg) from error
