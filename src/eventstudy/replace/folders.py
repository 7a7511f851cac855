"""Folders that the package replaces or clears: only what their manifest names, by renames, whole or not at all.

A folder of ours holds a manifest that names every file in it. A folder that holds anything else is refused. What is new is
written beside its place and renamed into it; what was there is renamed aside first and removed last. A process that is
killed at any moment leaves the old or the new, at worst under a name beside its place, which the next run puts right.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, Final

from eventstudy.border import too_deep
from eventstudy.errors import EventStudyError, InputError
from eventstudy.replace.locks import alone_in
from eventstudy.replace.names import beside, is_plain, leftovers, shown, told

MANIFEST: Final = "manifest.json"
LISTED: Final = 20
"""Strangers that a refusal lists; of the rest it says how many."""
ENOUGH: Final = 10_000
"""Strangers after which counting ends: a home folder has a million."""
LARGEST: Final = 64 << 20
"""Bytes of a manifest; ours have some ten thousand."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of folder that the package writes.

    Attributes
    ----------
    noun : str
        What wrote it: "no NOUN wrote this".
    names : callable
        Manifest -> the files that it names; None if it is not one of this kind.
    error : type
        What is raised when a folder is refused.
    """

    noun: str
    names: Callable[[dict[str, Any]], Iterable[str] | None]
    error: type[InputError] = InputError


def are_digests(files: Any) -> bool:
    """Say whether `files` is a mapping of names within a folder to SHA-256 digests, as our manifests have it."""
    return isinstance(files, dict) and all(
        _is_within(name) and isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest)
        for name, digest in files.items()
    )


def _is_within(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and parts[0] != "/" and ".." not in parts


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object of a plain file; None if there is none."""
    try:
        if not is_plain(path) or path.stat().st_size > LARGEST:
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and not too_deep(found) else None


def manifest_of(folder: Path, kind: Kind) -> dict[str, Any] | None:
    """Return the manifest of a folder of this kind; None if it is not one."""
    found = read_json(folder / MANIFEST)
    return found if found is not None and kind.names(found) is not None else None


def check_folder(folder: str | os.PathLike[str], kind: Kind) -> Path:
    """Return a folder's true place, if it may be replaced: it is new, empty, or of this kind and holds nothing else.

    An earlier folder that a killed process has left beside its place is put back first.

    Raises
    ------
    eventstudy.errors.InputError
        Or the kind's own: naming what is in the way; that stays as it is.
    """
    put_right(folder, kind)
    return _checked(folder, kind)


def _checked(folder: str | os.PathLike[str], kind: Kind, *, within: bool = True) -> Path:
    """Check a folder's place and what is `within`; while another process may write it, the place alone can be judged."""
    try:
        target = _true_place(Path(folder))
        if why := _unfit(target):
            msg = f"{shown(folder)} {why}; name a folder that is new, empty, or an earlier {kind.noun}"
            raise kind.error(msg)
        if within and target.exists():
            _check_holding(target, folder, kind)
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, EventStudyError):
            raise
        reason = getattr(error, "strerror", None) or error
        msg = f"{shown(folder)} cannot be looked through ({reason}); name another folder"
        raise kind.error(msg) from error
    return target


def _check_holding(target: Path, named: str | os.PathLike[str], kind: Kind) -> None:
    """Refuse a folder that holds what its manifest does not name; list what that is."""
    strangers = list(islice(_strangers(target, _names(target, kind)), ENOUGH))
    if strangers:
        listed = ", ".join(map(shown, strangers[:LISTED]))
        more = len(strangers) - LISTED
        some = f" and {more}{' or more' if len(strangers) == ENOUGH else ''} more" if more > 0 else ""
        them = "them" if len(strangers) > 1 else "it"
        msg = (
            f"{shown(named)} holds {listed}{some}, which no {kind.noun} wrote; move {them} away or name another folder"
        )
        raise kind.error(msg)


def replace_folder(folder: str | os.PathLike[str], files: Mapping[str, bytes], kind: Kind) -> None:
    """Write a folder anew: the new one stands there whole, or what was there stands there still.

    Parameters
    ----------
    folder : path
        New, empty, or an earlier one of this kind. Folders above it are made.
    files : mapping of str to bytes
        Name within the folder -> content; with the manifest, which names the others.
    kind : Kind

    Raises
    ------
    eventstudy.errors.InputError
        Or the kind's own: if the folder holds anything else, or cannot be written.
    """
    target = _checked(folder, kind, within=False)
    with told(folder, kind.error):
        target.parent.mkdir(parents=True, exist_ok=True)
        with alone_in(
            target.parent
        ) as alone:  # who writes here at the same time waits; what lies about is a dead one's
            _put_right(target, kind, alone=alone)
            _checked(folder, kind)  # only now: nobody else writes it
            staging = beside(target, "partial")
            try:
                _write_all(staging, files)
                if target.exists():
                    staging.chmod(stat.S_IMODE(target.stat().st_mode))
                _exchange(target, staging, kind)
            finally:
                _remove(staging, files)


def remove_folder(folder: str | os.PathLike[str], kind: Kind) -> None:
    """Remove an earlier folder of this kind, if there is one, as a whole; refuse as `check_folder` does."""
    target = check_folder(folder, kind)
    if target.exists():
        with told(folder, kind.error), alone_in(target.parent):
            _discard(target, kind)


def put_right(folder: str | os.PathLike[str], kind: Kind) -> None:
    """Put right what a killed process has left beside a folder: the earlier one back in its place, what is half made away."""
    with suppress(OSError, ValueError, RuntimeError):
        target = _true_place(Path(folder))
        if any(leftovers(target, ending) for ending in ("old", "gone", "partial")):
            with alone_in(target.parent) as alone:
                _put_right(target, kind, alone=alone)


def _true_place(path: Path) -> Path:
    """Follow links above the last part of a path, not the last part itself."""
    return path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name


def _unfit(target: Path) -> str:
    """Say why a folder cannot be replaced whatever it holds; empty if it can."""
    with suppress(FileNotFoundError, NotADirectoryError):
        # one look: between two another process may rename it; a name that no file can have is told here, not later
        if not stat.S_ISDIR(target.lstat().st_mode):
            return "is not a folder"
    with suppress(FileNotFoundError):  # of a folder that was removed under us
        here = Path.cwd()
        if target == here or target in here.parents:
            return "is the folder in which this runs, or one above it"
    if target.exists() and os.path.ismount(target):
        return "is a disk of its own and cannot be renamed"
    above = next(path for path in target.parents if path.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        return f"cannot be made: {above} is no folder that can be written"
    return ""


def _names(folder: Path, kind: Kind) -> set[str]:
    """Return the names of the files that are ours in a folder."""
    manifest = manifest_of(folder, kind)
    return set() if manifest is None else {MANIFEST, *(kind.names(manifest) or ())}


def _strangers(folder: Path, names: Collection[str]) -> Iterator[str]:
    """Yield what lies in a folder and is not named, in order: files, links, and folders that hold nothing."""
    ours = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}
    for at, folders, files in os.walk(folder, onerror=_raise):
        folders.sort()
        lead = Path(at).relative_to(folder).as_posix()
        links = [name for name in folders if Path(at, name).is_symlink()]
        for name in sorted([*files, *links]):
            full = name if lead == "." else f"{lead}/{name}"
            if full not in names or not is_plain(Path(at, name)):
                yield full
        if not files and not folders and lead != "." and lead not in ours:
            yield f"{lead}/"


def _raise(error: OSError) -> None:
    raise error


def _exchange(target: Path, staging: Path, kind: Kind) -> None:
    """Put the new folder in the place of the old one, if there is one."""
    if not target.exists():
        staging.replace(target)
        return
    old = beside(target, "old")
    target.replace(old)
    try:
        _check_holding(old, target, kind)  # once more: what came while this was written
        staging.replace(target)
    except BaseException:
        old.replace(target)
        raise
    _discard(old, kind, target)


def _discard(folder: Path, kind: Kind, target: Path | None = None) -> None:
    """Remove a folder of ours: out of its place in one step, then file by file."""
    names, gone = _names(folder, kind), beside(target or folder, "gone")
    folder.replace(gone)
    _remove(gone, names)


def _put_right(target: Path, kind: Kind, *, alone: bool) -> None:
    for left in _left(target, "old", kind):
        if not os.path.lexists(target):
            left.replace(target)
        elif alone:
            _discard(left, kind, target)
    if alone:
        for left in (*_left(target, "gone", kind), *_left(target, "partial", kind)):
            _remove(left, {MANIFEST, *_names(left, kind)})  # a manifest is written first: it may be cut


def _left(target: Path, ending: str, kind: Kind) -> list[Path]:
    """Return what has been left beside a folder and is of its kind, as far as its manifest can be read."""
    found = leftovers(target, ending)
    return [left for left in found if read_json(left / MANIFEST) is None or manifest_of(left, kind) is not None]


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name in [MANIFEST, *sorted(set(files) - {MANIFEST})]:  # the manifest first: what a kill leaves is known by it
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])


def _remove(folder: Path, names: Collection[str]) -> None:
    """Remove the files that are named, the manifest last, and folders that are empty then; all else stays."""
    for at, folders, files in os.walk(folder, topdown=False):
        lead = Path(at).relative_to(folder)
        ours = [name for name in files if (lead / name).as_posix() in names and is_plain(Path(at, name))]
        for name in sorted(ours, key=lambda name: name == MANIFEST):
            with suppress(OSError):
                Path(at, name).unlink()
        for name in folders:
            with suppress(OSError):
                Path(at, name).rmdir()
    with suppress(OSError):
        folder.rmdir()
