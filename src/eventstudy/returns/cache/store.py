"""The cache on disk: per source, adjustment and symbol a folder with one Parquet file and one manifest.

The Parquet file is named by its own checksum and written first; the manifest is then replaced in one step and names it. A
process that is killed at any moment leaves either the old pair or the new one, at worst with a file that nobody names.

A folder is an entry if its manifest names the source, the adjustment and the symbol by which the folder is named. Nothing
is written into a folder that holds another manifest, and only files that the cache wrote are ever removed: the manifest, the
Parquet file that it names, one that is named by its own checksum, and a lock that holds our mark.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

import pandas as pd

from eventstudy._version import versions_of
from eventstudy.errors import DataError
from eventstudy.replace import LOCK_MARK, MANIFEST, clear_parts, is_plain, locked, put_file, read_json
from eventstudy.returns.bars import Bars
from eventstudy.returns.quality.possible import damage
from eventstudy.words import brief

FORMAT: Final = 1
LOCK: Final = "lock"
PARQUET: Final = re.compile(r"[0-9a-f]{16}\.parquet")


def default_folder() -> Path:
    """Return where the cache lives: ``EVENTSTUDY_CACHE_DIR``, or the user's cache folder of this system."""
    named = os.environ.get("EVENTSTUDY_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs  # noqa: PLC0415  only those who fetch need it

    return Path(platformdirs.user_cache_dir("eventstudy", appauthor=False))


@dataclass(frozen=True, slots=True)
class Key:
    """What an entry is of."""

    source: str
    adjustment: str
    symbol: str


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What is kept of one symbol.

    Attributes
    ----------
    bars : Bars
    first, last : pandas.Timestamp
        The days that are covered: asked for and answered, whether or not there was a bar on each.
    as_of : str
        When the newest part was fetched (ISO, UTC).
    """

    bars: Bars
    first: pd.Timestamp
    last: pd.Timestamp
    as_of: str


class Store:
    """A folder of entries.

    Parameters
    ----------
    folder : path
        Made when the first entry is written.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def place(self, key: Key) -> Path:
        """Return the folder of an entry; a symbol's odd characters are percent-encoded."""
        return self.folder / key.source / key.adjustment / quote(key.symbol, safe="^=-. ").replace(".", "%2E")

    def read(self, key: Key, *, mend: bool = True) -> Entry | None:
        """Return an entry; None if there is none or it is damaged (then it is removed, to be fetched anew).

        Without `mend`, a damaged one stays where it is, and a ValueError says what is wrong.
        """
        place = self.place(key)
        if not self._is_entry(key):
            return None
        with _held(place):
            return self._healed(key) if mend else _load(place)

    def update(self, key: Key, change: Callable[[Entry | None], Entry]) -> Entry:
        """Replace an entry by what `change` makes of the present one; nobody else writes meanwhile."""
        place = self.place(key)
        self._is_entry(key)  # a stranger's folder does not even get a lock
        with _held(place):
            entry = change(self._healed(key))
            self._write(place, key, entry)
        return entry

    def keys(self) -> Iterator[Key]:
        """Yield what there are entries of, in order."""
        yield from (key for key in self._places() if self._belongs(key))

    def _places(self) -> Iterator[Key]:
        """Yield the keys of all folders where entries could be."""
        for place in sorted(self.folder.glob("*/*/*")):
            key = Key(place.parts[-3], place.parts[-2], unquote(place.parts[-1]))
            linked = any(path.is_symlink() for path in (place, place.parent, place.parent.parent))
            if not linked and place.is_dir() and self.place(key) == place:
                yield key

    def _is_entry(self, key: Key) -> bool:
        """Say whether there is an entry, sound or damaged; refuse if another program's manifest is in its place."""
        there = os.path.lexists(self.place(key) / MANIFEST)
        if there and not self._belongs(key):
            what = f"{str(self.place(key) / MANIFEST)!r} is not of this cache"
            msg = f"{what}, which keeps {key.symbol!r} there; move it away, or pass another folder: cache="
            raise DataError(msg)
        return there

    def _belongs(self, key: Key) -> bool:
        """Say whether a folder's manifest is ours: by its keys, or where it cannot be read by what lies beside it."""
        place = self.place(key)
        if not is_plain(place / MANIFEST):
            return False
        found = self.manifest(key)
        if found:
            told = tuple(found.get(name) for name in ("source", "adjustment", "symbol"))
            return told == (key.source, key.adjustment, key.symbol) and type(found.get("format")) is int
        return _is_cut(place / MANIFEST) and (_has_mark(place / LOCK) or any(map(_is_kept, place.glob("*.parquet"))))

    def manifest(self, key: Key) -> dict[str, Any]:
        """Return an entry's manifest, empty if it cannot be read."""
        return read_json(self.place(key) / MANIFEST) or {}

    def damage(self, key: Key) -> str:
        """Return what is wrong with an entry; empty if nothing is."""
        try:
            _load(self.place(key))
        except (OSError, ValueError, KeyError, TypeError) as error:
            return " ".join(str(error).split()) or type(error).__name__
        return ""

    def remove(self, key: Key) -> None:
        """Remove an entry; what else lies in its folder stays."""
        place = self.place(key)
        if not self._belongs(key):  # a stranger's folder does not even get a lock
            return
        with _held(place):
            if not self._belongs(key):
                return
            named = self._named(key)
            (place / MANIFEST).unlink(missing_ok=True)  # first: whatever is left after a kill is nobody's
            _clear(place, named)
        self._leave(place)

    def tidy(self) -> None:
        """Remove what killed processes have left in folders that hold no entry any more."""
        for key in self._places():
            place = self.place(key)
            if not os.path.lexists(place / MANIFEST) and _has_mark(place / LOCK):
                with _held(place):
                    if not os.path.lexists(place / MANIFEST):
                        _clear(place, "")
                self._leave(place)

    def _leave(self, place: Path) -> None:
        """Remove the folders of an entry that are empty now."""
        for folder in (place, place.parent, place.parent.parent):
            with suppress(OSError):
                folder.rmdir()

    def _named(self, key: Key) -> str:
        """Return the Parquet file that a manifest names; empty if it is not one of our names."""
        name = self.manifest(key).get("file")
        return name if isinstance(name, str) and PARQUET.fullmatch(name) else ""

    def _healed(self, key: Key) -> Entry | None:
        """Return an entry; remove one that is damaged."""
        place = self.place(key)
        if not self._is_entry(key):  # once more, now that nobody else writes
            return None
        try:
            return _load(place)
        except (OSError, ValueError, KeyError, TypeError):
            named = place / (self._named(key) or MANIFEST)
            (place / MANIFEST).unlink(missing_ok=True)
            if is_plain(named):
                named.unlink()
        return None

    def _write(self, place: Path, key: Key, entry: Entry) -> None:
        buffer = io.BytesIO()
        entry.bars.frame.to_parquet(buffer)
        content = buffer.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        name = f"{digest[:16]}.parquet"
        days = entry.bars.frame.index
        manifest = {
            "format": FORMAT,
            "source": key.source,
            "adjustment": key.adjustment,
            "symbol": key.symbol,
            "file": name,
            "sha256": digest,
            "rows": len(days),
            "first": f"{days[0]:%Y-%m-%d}" if len(days) else "",
            "last": f"{days[-1]:%Y-%m-%d}" if len(days) else "",
            "covered": [f"{entry.first:%Y-%m-%d}", f"{entry.last:%Y-%m-%d}"],
            "as_of": entry.as_of,
            "meta": entry.bars.meta,
            "notes": list(entry.bars.notes),
            "versions": versions_of("pandas", "pyarrow", "yfinance"),
        }
        before = self._named(key)
        try:
            put_file(place / name, content, sync=True)
            put_file(place / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False).encode(), sync=True)
            _clear(place, before, keep=name)
        except OSError as error:
            msg = f"the cache cannot write {str(place)!r} ({error.strerror}); make room, or pass another folder: cache="
            raise DataError(msg) from error


@contextmanager
def _held(place: Path) -> Iterator[None]:
    """Hold the lock of an entry."""
    lock = locked(place / LOCK)
    try:
        lock.__enter__()
    except OSError as error:
        msg = f"the cache cannot hold {str(place / LOCK)!r} ({error.strerror}); pass another folder: cache="
        raise DataError(msg) from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _clear(place: Path, named: str, keep: str = "") -> None:
    """Remove the Parquet files of ours but the one to keep, and if none is kept the lock that is held."""
    for path in place.glob("*.parquet"):
        if path.name != keep and is_plain(path) and (path.name == named or _is_kept(path)):
            path.unlink(missing_ok=True)
    clear_parts(place)
    if not keep and _has_mark(place / LOCK):
        with suppress(OSError):  # Windows keeps what is open
            (place / LOCK).unlink()


def _is_kept(path: Path) -> bool:
    """Say whether a Parquet file is one that the cache wrote: it is named by its own checksum."""
    if not PARQUET.fullmatch(path.name) or not is_plain(path):
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem)


def _has_mark(lock: Path) -> bool:
    try:
        return is_plain(lock) and lock.stat().st_size == len(LOCK_MARK) and lock.read_bytes() == LOCK_MARK
    except OSError:
        return False


def _is_cut(manifest: Path) -> bool:
    """Say whether a manifest says nothing: cut short or overwritten, not another program's."""
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError:
        return True
    except (OSError, RecursionError):
        return False
    return bool(found == {})


def _load(place: Path) -> Entry:
    """Read an entry."""
    try:
        return _sound(place)
    except FileNotFoundError:
        raise
    except Exception as error:  # whatever a file that is not ours makes of its reader
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error


def _sound(place: Path) -> Entry:
    manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    said, here = (
        [manifest[name] for name in ("source", "adjustment", "symbol")],
        [*place.parts[-3:-1], unquote(place.name)],
    )
    if said != here:
        msg = f"the manifest is of {'/'.join(map(str, said))}"
        raise ValueError(msg)
    if not PARQUET.fullmatch(manifest["file"]):
        msg = f"{manifest['file']!r} is no name of a kept file"
        raise ValueError(msg)
    content = (place / manifest["file"]).read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
        msg = f"the checksum of {manifest['file']} is not that of the manifest"
        raise ValueError(msg)
    first, last = (pd.Timestamp(day) for day in manifest["covered"])
    notes = manifest["notes"]
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        msg = f"its notes are {brief(notes)}, not a list of texts"
        raise ValueError(msg)
    bars = Bars(pd.read_parquet(io.BytesIO(content)), dict(manifest["meta"]), tuple(notes))
    wrong = damage(bars, here[2], here[1]) if first <= last else f"it covers {first} to {last}"
    if not wrong and len(bars.frame) != manifest["rows"]:
        wrong = f"{manifest['file']} has {len(bars.frame)} rows, its manifest says {manifest['rows']!r}"
    if wrong:
        raise ValueError(wrong)
    return Entry(bars, first, last, str(manifest["as_of"]))
