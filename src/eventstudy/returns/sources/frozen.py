"""Freezing a study's figures: a folder that anyone can read, that CI reads back, and that tells if it was touched."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from eventstudy._version import __version__
from eventstudy.border import guarded, parse_json, read_bytes, read_text
from eventstudy.calendars import SESSION_UNIT
from eventstudy.errors import DataError, error_told, told
from eventstudy.replace import MANIFEST, Kind, are_digests, check_folder, replace_folder, same_place
from eventstudy.returns._index import normal_index
from eventstudy.returns._sessions import SessionNotes
from eventstudy.returns.cache.store import default_folder
from eventstudy.returns.panel import PricePanel, ReturnPanel
from eventstudy.returns.protocol import Delivery, lacks
from eventstudy.returns.quality.quality import knowledge
from eventstudy.words import brief

FORMAT: Final = 1
FILES: Final = frozenset({"prices.csv", "returns.csv", "levels.csv", "quality.csv"})


def _names(manifest: dict[str, Any]) -> dict[str, str] | None:
    """Return the files that a frozen panel's manifest names; None if it is not one."""
    files: dict[str, str] | None = manifest.get("sha256")
    ours = type(manifest.get("format")) is int and {"holds", "digest", "sources", "versions"} <= manifest.keys()
    return files if files and ours and are_digests(files) and files.keys() <= FILES else None


HOLDS: Final = ("prices", "simple returns", "log returns")

FROZEN: Final = Kind("freeze", _names, DataError)


def freeze(panel: PricePanel | ReturnPanel, folder: str | os.PathLike[str]) -> Path:
    """Write a panel into a folder of CSV files with a manifest and checksums.

    Parameters
    ----------
    panel : PricePanel or ReturnPanel
    folder : path
        New, empty, or an earlier frozen panel, which is replaced as a whole. One that holds anything else is refused.

    Returns
    -------
    pathlib.Path
        The folder; pass it as ``source=`` to read the same panel back.

    Raises
    ------
    eventstudy.errors.DataError
        If the folder holds something else, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from eventstudy.returns import load_prices
    >>> prices = load_prices("^GSPC", start="2025-04-01", end="2025-04-30")
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = freeze(prices, f"{place}/april")
    ...     load_prices(source=folder).digest == prices.digest
    True
    """
    given: object = panel
    if not isinstance(given, (PricePanel, ReturnPanel)):
        msg = f"a {type(given).__name__} is no panel; freeze what load_prices() or load_returns() gave, or PricePanel(frame)"
        raise DataError(msg)
    check_frozen(folder)
    frames = {"prices.csv": panel.frame} if isinstance(panel, PricePanel) else {"returns.csv": panel.frame}
    if isinstance(panel, ReturnPanel) and panel.levels.shape[1]:
        frames["levels.csv"] = panel.levels
    texts = {name: _csv(frame) for name, frame in frames.items()}
    texts["quality.csv"] = panel.quality.to_csv(lineterminator="\n")
    manifest = {
        "format": FORMAT,
        "holds": "prices" if isinstance(panel, PricePanel) else f"{panel.kind} returns",
        "digest": panel.digest,
        "calendar": panel.calendar,
        "calendars": panel.calendars,
        "label": panel.label,
        "zone": panel.notes.zone,
        "off": {f"{day:%Y-%m-%d}": list(row.index[row]) for day, row in panel.notes.off.iterrows()},
        "closed": {name: [str(day.date()) for day in days] for name, days in panel.notes.closed.items()},
        "sources": panel.sources,
        "failures": {symbol: told(error) for symbol, error in panel.failures.items()},
        "sha256": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
        "versions": {"eventstudy": __version__, "pandas": pd.__version__},
    }
    texts[MANIFEST] = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    replace_folder(folder, {name: text.encode() for name, text in texts.items()}, FROZEN)
    return Path(folder)


def check_frozen(folder: str | os.PathLike[str], cache: str | os.PathLike[str] | None = None) -> None:
    """Refuse a folder that holds anything but an earlier frozen panel, or is the cache's; ask before fetching, too."""
    check_folder(folder, FROZEN)
    if any(same_place(folder, kept) for kept in (default_folder(), cache) if kept is not None):
        msg = f"{os.fspath(folder)} is the folder of the cache; name another folder"
        raise DataError(msg)


class FrozenSource:
    """A folder that `freeze` wrote, as a source.

    Raises
    ------
    eventstudy.errors.DataError
        When read: if a file is missing or is not what was frozen.
    """

    def __init__(self, folder: str | os.PathLike[str], **options: Any) -> None:
        self.folder = Path(folder)
        self.name = self.folder.name
        if set(options) - {"levels"}:
            msg = f"option {min(options)!r} has no meaning for a frozen folder: what it holds is settled"
            raise DataError(msg)

    def deliver(self, symbols: Sequence[str] | None) -> Delivery:
        """Return what there is of `symbols`, under the names of the sources that it came from."""
        manifest, frames = self._read()
        with guarded(str(self.folder / MANIFEST), "a manifest", DataError, "freeze it anew"):
            held = [symbol for name, frame in frames.items() if name != "quality.csv" for symbol in frame.columns]
            wanted = held if symbols is None else list(symbols)
            empty = pd.DataFrame()
            prices = frames.get("prices.csv", frames.get("levels.csv", empty))
            returns = frames.get("returns.csv", empty)
            earlier = {symbol: error_told(text) for symbol, text in manifest["failures"].items()}
            quality = frames["quality.csv"]
            return Delivery(
                prices=prices[[symbol for symbol in wanted if symbol in prices.columns]],
                returns=returns[[symbol for symbol in wanted if symbol in returns.columns]],
                failures={s: earlier.get(s, lacks(s, self.name, held)) for s in wanted if s not in held}
                | ({s: why for s, why in earlier.items() if symbols is None and s not in held}),
                sources={symbol: manifest["sources"].get(symbol, self.name) for symbol in wanted if symbol in held},
                calendars=dict(manifest["calendars"]),
                quality=knowledge(quality),
                notes=_notes(manifest),
                calendar=manifest["calendar"],
                label=manifest.get("label"),
                log=manifest["holds"] == "log returns",
            )

    def _read(self) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
        where = self._part(MANIFEST)
        manifest = parse_json(read_text(where, DataError), str(where), DataError)
        if not isinstance(manifest, dict) or _names(manifest) is None:
            msg = f"{str(self.folder)!r} is not a frozen panel: no freeze wrote its {MANIFEST}; name one that is"
            raise DataError(msg)
        with guarded(str(where), "a manifest", DataError, "freeze it anew"):
            frames = {str(name): self._frame(name, digest) for name, digest in manifest["sha256"].items()}
            for key in ("sources", "failures", "calendars"):
                _texts(key, list(dict(manifest[key]).values()))
            _texts("holds", [manifest["holds"]], among=HOLDS)
            _texts("calendar", [manifest["calendar"]], none=True)
            for key in ("label", "zone"):  # not known to folders of the version before
                _texts(key, [manifest.get(key)], none=True)
            _notes(manifest)
            _ = frames["quality.csv"]  # it must be there
        return manifest, frames

    def _part(self, name: str) -> Path:
        path = self.folder / Path(name).name  # never outside
        if not path.is_file():
            msg = f"{str(self.folder)!r} is not a frozen panel: {path.name} is missing; freeze it anew"
            raise DataError(msg)
        return path

    def _frame(self, name: str, digest: str) -> pd.DataFrame:
        path = self._part(name)
        if hashlib.sha256(read_bytes(path, DataError)).hexdigest() != digest:
            msg = f"{path}: the file is not the one that was frozen (its checksum differs); restore it, or freeze anew"
            raise DataError(msg)
        with guarded(str(path), "a frozen table", DataError, "freeze it anew"):
            if name == "quality.csv":
                return pd.read_csv(path, index_col=0, keep_default_na=False, low_memory=False)
            frame = pd.read_csv(path, index_col=0, dtype=str, keep_default_na=False)
            frame.index = normal_index(pd.DatetimeIndex(pd.to_datetime(frame.index, format="ISO8601")))
            exact = {name: [float(cell) if cell else float("nan") for cell in frame[name]] for name in frame.columns}
            return pd.DataFrame(
                exact, index=frame.index, columns=frame.columns
            )  # Python reads every digit; fast readers may not


def _texts(key: str, values: list[Any], *, none: bool = False, among: tuple[str, ...] = ()) -> None:
    """Refuse values of a manifest that are no texts, or others than there can be."""
    for value in values:
        if not (isinstance(value, str) or (none and value is None)) or (among and value not in among):
            msg = f"{key} is {brief(repr(value))}, not {' or '.join(among) or 'a text'}"
            raise TypeError(msg)


def _notes(manifest: dict[str, Any]) -> SessionNotes:
    """Return what became of days that are no session; nothing is known of it in folders of the version before."""
    off = {pd.Timestamp(day): dict.fromkeys(names, True) for day, names in manifest.get("off", {}).items()}
    closed = {name: pd.DatetimeIndex(days).as_unit(SESSION_UNIT) for name, days in manifest.get("closed", {}).items()}
    table = pd.DataFrame.from_dict(off, orient="index").eq(True) if off else pd.DataFrame()
    return SessionNotes(table, closed, manifest.get("zone"))


def _csv(frame: pd.DataFrame) -> str:
    if isinstance(frame.index, pd.DatetimeIndex):
        daily = frame.index.tz is None
        index = frame.index.strftime("%Y-%m-%d") if daily else [label.isoformat() for label in frame.index]
        frame = frame.set_axis(pd.Index(index, name="date"))
    return frame.rename_axis(columns=None).to_csv(lineterminator="\n")
