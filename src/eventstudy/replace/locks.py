"""Locks between processes that a killed process cannot leave behind: the system frees them when it ends, however it ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from eventstudy.replace.names import beside

LOCK_MARK: Final = b"a lock of eventstudy\n"
"""What a lock file of ours holds, so that it can be told from another program's when the cache is cleared."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, which is made if it is not there; one that is there is not changed.

    Works between processes and between threads: each use opens the file anew.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        if not path.exists():
            _make(path)
        with open(path, "a+b", opener=_not_through_a_link) as file:
            _take(file.fileno())
            try:
                if _is_at(file.fileno(), path):  # else who held it has removed it: another one has been made since
                    yield
                    return
            finally:
                _leave(file.fileno())


@contextmanager
def alone_in(folder: Path) -> Iterator[bool]:
    """Hold a folder itself, without a file; False where that is not possible (Windows, some network disks)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        try:
            _take(descriptor)
        except OSError:
            yield False
            return
        try:
            yield True
        finally:
            _leave(descriptor)
    finally:
        os.close(descriptor)


def _not_through_a_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _make(path: Path) -> None:
    """Make a lock file with its mark in one step; another process may be the first."""
    staged = beside(path, "part")
    try:
        staged.write_bytes(LOCK_MARK)
        with suppress(OSError):  # some disks know no second name of a file: there the lock stays without a mark
            os.link(staged, path)
    finally:
        staged.unlink(missing_ok=True)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


if sys.platform == "win32":  # pragma: no cover  the same promise by other means
    import msvcrt

    _FAR = 1 << 20  # beyond the mark: what is locked cannot be read there

    def _take(descriptor: int) -> None:
        while True:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except OSError:
                time.sleep(0.01)
            else:
                return

    def _leave(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _leave(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
