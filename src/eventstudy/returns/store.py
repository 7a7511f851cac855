"""The cache on disk: per source, adjustment and symbol a folder with one Parquet file and one manifest.

The Parquet file is named by its own checksum and written first; the manifest is then replaced in one step and names it. A
process that is killed at any moment leaves either the old pair or the new one, at worst with a file that nobody names.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

import pandas as pd

from eventstudy._version import __version__
from eventstudy.errors import DataError
from eventstudy.returns.bars import Bars
from eventstudy.returns.locks import locked
from eventstudy.returns.possible import damage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Entry", "Key", "Store", "default_folder"]

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
LOCK: Final = "lock"


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
        if not (place / MANIFEST).exists():
            return None
        with locked(place / LOCK):
            return self._healed(place) if mend else _load(place)

    def update(self, key: Key, change: Callable[[Entry | None], Entry]) -> Entry:
        """Replace an entry by what `change` makes of the present one; nobody else writes meanwhile."""
        place = self.place(key)
        with locked(place / LOCK):
            entry = change(self._healed(place))
            self._write(place, key, entry)
        return entry

    def keys(self) -> Iterator[Key]:
        """Yield what there are entries of, in order."""
        for manifest in sorted(self.folder.glob(f"*/*/*/{MANIFEST}")):
            yield Key(manifest.parts[-4], manifest.parts[-3], unquote(manifest.parts[-2]))

    def manifest(self, key: Key) -> dict[str, Any]:
        """Return an entry's manifest, empty if it cannot be read."""
        try:
            found = json.loads((self.place(key) / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def damage(self, key: Key) -> str:
        """Return what is wrong with an entry; empty if nothing is."""
        try:
            _load(self.place(key))
        except (OSError, ValueError, KeyError, TypeError) as error:
            return " ".join(str(error).split()) or type(error).__name__
        return ""

    def remove(self, key: Key) -> None:
        """Remove an entry."""
        place = self.place(key)
        with locked(place / LOCK):
            (place / MANIFEST).unlink(missing_ok=True)  # first: whatever is left after a kill is nobody's
            for file in place.glob("*.parquet*"):
                file.unlink(missing_ok=True)
        shutil.rmtree(place, ignore_errors=True)

    def _healed(self, place: Path) -> Entry | None:
        try:
            return _load(place)
        except FileNotFoundError:
            if not (place / MANIFEST).exists():
                return None
        except (OSError, ValueError, KeyError, TypeError):
            pass
        (place / MANIFEST).unlink(missing_ok=True)
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
            "versions": _versions(),
        }
        _replace(place / name, content)
        _replace(place / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False).encode())
        for other in place.glob("*.parquet*"):
            if other.name != name:
                other.unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    """Write a file in one step: there is the old one, or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f"{path.name}.part")  # one writer at a time: the caller holds the lock
    try:
        with staged.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except OSError as error:
        msg = f"the cache cannot write {str(path)!r} ({error.strerror}); make room, or pass another folder: cache="
        raise DataError(msg) from error


def _load(place: Path) -> Entry:
    """Read an entry.

    Raises
    ------
    ValueError
        If it cannot be read, is not of its place, or holds what would not be kept today.
    FileNotFoundError
        If a file is not there.
    """
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
    content = (place / Path(manifest["file"]).name).read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
        msg = f"the checksum of {manifest['file']} is not that of the manifest"
        raise ValueError(msg)
    first, last = (pd.Timestamp(day) for day in manifest["covered"])
    bars = Bars(pd.read_parquet(io.BytesIO(content)), dict(manifest["meta"]), tuple(manifest["notes"]))
    wrong = damage(bars, here[2], here[1]) if first <= last else f"it covers {first} to {last}"
    if wrong:
        raise ValueError(wrong)
    return Entry(bars, first, last, str(manifest["as_of"]))


def _versions() -> dict[str, str]:
    found = {"eventstudy": __version__}
    for name in ("pandas", "pyarrow", "yfinance"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
