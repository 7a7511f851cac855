"""Hidden names beside a place, by which what a killed process has left is known to be ours.

::

    .NAME.TOKEN.partial    a folder that is being written       .NAME.TOKEN.old    the earlier one, until the new one stands
    .NAME.TOKEN.part       a file that is being written         .NAME.TOKEN.gone   one that is being removed

The second half of TOKEN is a digest of the first and of NAME: no other program makes such a name.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventstudy.errors import InputError


def _stem(name: str) -> str:
    raw = os.fsencode(name)
    return name if len(raw) < 200 else hashlib.sha256(raw).hexdigest()  # a file's name has 255 bytes at most


def beside(path: Path, ending: str) -> Path:
    """Return a new hidden name beside a path that only this package can have made."""
    stem, nonce = _stem(path.name), os.urandom(4).hex()
    return path.with_name(f".{stem}.{nonce}{_proof(stem, nonce)}.{ending}")


def _proof(stem: str, nonce: str) -> str:
    return hashlib.sha256(os.fsencode(f"eventstudy {stem} {nonce}")).hexdigest()[:8]


_MADE = re.compile(r"\.(.+)\.([0-9a-f]{8})([0-9a-f]{8})\.(partial|part|old|gone)", re.DOTALL)


def made_by_us(name: str, ending: str, stem: str | None = None) -> bool:
    """Say whether a name is one that `_beside` gives."""
    found = _MADE.fullmatch(name)
    if found is None or found[4] != ending or stem not in (None, found[1]):
        return False
    return found[3] == _proof(found[1], found[2])


def leftovers(path: Path, ending: str) -> list[Path]:
    """Return what lies beside a path under a name of ours."""
    stem = _stem(path.name)
    found = (left for left in path.parent.iterdir() if made_by_us(left.name, ending, stem))
    return sorted(left for left in found if not left.is_symlink())


def is_plain(path: Path) -> bool:
    """Say whether there is a file that is no link, no pipe and no folder: what the package writes is that."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def same_place(one: str | os.PathLike[str], two: str | os.PathLike[str]) -> bool:
    """Say whether two paths name one place, whether or not there is anything."""
    return os.path.realpath(one) == os.path.realpath(two)


def shown(name: str | os.PathLike[str]) -> str:
    """Return a name for a message: as it is, or escaped if a terminal would not print it."""
    text = os.fspath(name)
    return text if text.isprintable() else repr(text)


@contextmanager
def told(path: str | os.PathLike[str], error: type[InputError]) -> Iterator[None]:
    """Turn an error of the system into one of ours."""
    try:
        yield
    except OSError as problem:
        msg = f"{shown(path)} cannot be written ({problem.strerror or problem}); make room, or name another place"
        raise error(msg) from problem
