"""One file, written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from eventstudy.errors import InputError
from eventstudy.replace.locks import alone_in
from eventstudy.replace.names import beside, is_plain, leftovers, made_by_us, shown, told


def check_file(path: str | os.PathLike[str], error: type[InputError] = InputError) -> Path:
    """Return the true place of a file that may be written: its folder is there, and it is not a folder or read-only.

    Raises
    ------
    eventstudy.errors.InputError
        Or `error`.
    """
    place = Path(path)
    try:
        if not place.exists() or place.is_file():  # a pipe or a terminal is written to as it is named
            place = Path(os.path.realpath(place))
        why = _unwritable(place)
    except (OSError, ValueError, RuntimeError) as problem:
        why = f"cannot be written ({getattr(problem, 'strerror', None) or problem}); name another file"
    if why:
        msg = f"{shown(path)} {why}"
        raise error(msg)
    return place


def _unwritable(place: Path) -> str:
    """Say why a file cannot be written; empty if it can."""
    if place.is_dir():
        return "is a folder; name a file"
    if not place.parent.is_dir():
        return "cannot be written: its folder is not there; make it first, or name another file"
    if place.exists() and not place.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        return "is read-only; make it writable, or name another file"
    return ""


def write_whole(path: str | os.PathLike[str], content: bytes, error: type[InputError] = InputError) -> Path:
    """Write a file that the user has named: whole, or what was there stays.

    Raises
    ------
    eventstudy.errors.InputError
        Or `error`: if it is a folder, read-only, or cannot be written.
    """
    place = check_file(path, error)
    with told(path, error):
        if place.exists() and not place.is_file():  # a pipe, a terminal: there is nothing to keep
            place.write_bytes(content)
        else:
            with alone_in(place.parent) as alone:
                if alone:
                    _unlink(leftovers(place, "part"))
                put_file(place, content)
    return Path(path)


def put_file(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Write a file in one step: there is the old one, or the new one, never half of one.

    Parameters
    ----------
    path : pathlib.Path
    content : bytes
    sync : bool
        Wait until it is on the disk, so that it outlives a power cut.
    """
    staged = beside(path, "part")
    try:
        with staged.open("xb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        if path.exists():
            staged.chmod(stat.S_IMODE(path.stat().st_mode))
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


def clear_parts(folder: Path) -> None:
    """Remove what killed processes have left of files in a folder; the caller is the only one that writes there."""
    _unlink(path for path in folder.iterdir() if made_by_us(path.name, "part"))


def _unlink(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if is_plain(path):
            with suppress(OSError):
                path.unlink()
