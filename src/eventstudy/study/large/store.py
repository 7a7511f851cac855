"""A folder of parts: what it is meant to hold, what is there, and what is missing; no half-written part is ever read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from eventstudy._version import __version__
from eventstudy.border import said
from eventstudy.errors import InputError
from eventstudy.replace import (
    MANIFEST,
    Kind,
    check_folder,
    clear_parts,
    locked,
    manifest_of,
    remove_folder,
    write_whole,
)
from eventstudy.study.large.parts import file_names

LOCK: Final = "lock"
FORMAT: Final = 1


def _names(manifest: dict[str, Any]) -> list[str] | None:
    shares = manifest.get("shares")
    if manifest.get("format") != FORMAT or not isinstance(shares, int) or shares < 0:
        return None
    return [LOCK, *(name for share in range(shares) for name in file_names(share))]


KIND: Final = Kind("result of eventstudy", _names)


@dataclass(frozen=True, slots=True)
class Store:
    """A folder and its manifest.

    Attributes
    ----------
    folder : Path
    manifest : mapping
        ``plan`` and ``data``, the digests of what is asked and of the returns; ``shares``; ``study``; ``model``; ``rows``.
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def shares(self) -> int:
        """How many parts there are to be."""
        return int(self.manifest["shares"])

    def missing(self) -> list[int]:
        """Return the shares whose files are not there or cannot be read."""
        return [share for share in range(self.shares) if self.fault(share)]

    def fault(self, share: int) -> str:
        """Say what is wrong with the files of a share, by their ends alone; nothing if they are there."""
        for name in file_names(share):
            path = self.folder / name
            try:
                if name.endswith(".arrow"):
                    with pa.memory_map(str(path)) as file:
                        pa.ipc.open_file(file)
                    continue
                told = json.loads(pq.read_metadata(path).metadata[b"eventstudy"])
                if told["plan"] != self.manifest["plan"] or told["share"] != share:
                    return f"{name} belongs to another result"
            except FileNotFoundError:
                return f"{name} is not there"
            except (OSError, ValueError, KeyError, TypeError) as error:
                return f"{name} cannot be read ({said(error)})"
        return ""

    def table(self, share: int, columns: list[str] | None = None) -> Any:
        """Return the rows of a share; its pages are held to their checksums."""
        name = file_names(share)[2]
        return self._read(name, lambda path: pq.read_table(path, columns=columns, page_checksum_verification=True))

    def frame(self, share: int) -> Any:
        """Return what the rows of a share have in common."""
        name = file_names(share)[1]
        return self._read(name, lambda path: pa.ipc.open_file(path.read_bytes()).read_all())

    def excluded(self, share: int) -> Any:
        """Return the rows of a share that were not studied."""
        name = file_names(share)[0]
        return self._read(name, lambda path: pq.read_table(path, page_checksum_verification=True))

    def _read(self, name: str, how: Any) -> Any:
        try:
            return how(self.folder / name)
        except (OSError, ValueError, pa.ArrowException) as error:
            msg = f"{self.folder / name} cannot be read ({said(error)}); write the result again, with resume: only this part is made anew"
            raise InputError(msg) from error


@contextmanager
def store_for(folder: Path, manifest: dict[str, Any], *, resume: bool) -> Iterator[Store]:
    """Hold a folder for a result: a new one, or with `resume` one that holds parts of the same.

    Another process that writes the same is waited for.

    Raises
    ------
    InputError
        If the folder holds anything else, or another result.
    """
    known = manifest_of(folder, KIND) if folder.is_dir() else None
    if known is not None:
        clear_parts(folder)
    target = check_folder(folder, KIND)
    if known is not None and not resume:
        remove_folder(target, KIND)
        known = None
    if known is not None:
        for key, what in (("plan", "study or its events"), ("data", "returns")):
            if known.get(key) != manifest[key]:
                msg = f"{folder} holds a result of other {what}; name another folder, or replace it: resume=False"
                raise InputError(msg)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder} cannot be made ({said(error)}); name another folder"
        raise InputError(msg) from error
    if known is None:
        write_whole(target / MANIFEST, _written(manifest))
    with locked(target / LOCK):
        yield Store(target, manifest)


def _written(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()


def manifest_for(
    plan: str, data: str, shares: int, rows: int, study: dict[str, Any], model: dict[str, Any]
) -> dict[str, Any]:
    """Return the manifest of a result: what it is, and nothing of when or by whom it is made."""
    return {
        "format": FORMAT,
        "eventstudy": __version__,
        "plan": plan,
        "data": data,
        "shares": shares,
        "rows": rows,
        "study": study,
        "model": model,
    }


def opened(folder: Path) -> Store:
    """Return the store of a folder; refuse one that is none, or that is not whole."""
    known = manifest_of(folder, KIND) if folder.is_dir() else None
    if known is None:
        msg = f"{folder} holds no result of eventstudy; name a folder that result.to_parquet wrote"
        raise InputError(msg)
    store = Store(folder, known)
    faults = [fault for fault in map(store.fault, range(store.shares)) if fault]
    if faults:
        msg = (
            f"{folder}: {len(faults)} of {store.shares} parts are not whole: {'; '.join(faults[:3])}{' …' if len(faults) > 3 else ''}; "
            "write the result again into it: only these are made anew"
        )
        raise InputError(msg)
    return store
