"""Cutting a batch into pieces that fit the cache, and running them on threads where that is quicker."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from importlib.util import find_spec
from typing import Any, Final

THREADS: Final = min(4, os.cpu_count() or 1)

THREADED: Final = 20_000
"""Security-events of a block from which on threads share its chunks; each writes rows of its own."""


def each_chunk(one: Callable[[int], None], size: int, chunk: int) -> None:
    """Do `one` for the begin of every chunk of `size` security-events, on threads where there are many."""
    spread_out(one, range(0, size, chunk), threads=size >= THREADED)


def spread_out(one: Callable[[int], None], items: range, *, threads: bool) -> None:
    """Do `one` for each item, on threads if they are worth it."""
    if not threads:
        for item in items:
            one(item)
        return
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(one, items):
            pass


def blas_on_one_thread() -> AbstractContextManager[Any] | None:
    """Return what holds BLAS to one thread of its own, or None without threadpoolctl (extra `fast`).

    Threads of ours that each call a BLAS of many threads wait for each other: slower than one alone.
    """
    if find_spec("threadpoolctl") is None:
        return None
    import scipy.linalg  # noqa: F401, PLC0415  brings a BLAS of its own, which must be there to be held
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  an extra

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits
