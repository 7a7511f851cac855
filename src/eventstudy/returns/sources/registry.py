"""From what a caller names a source by to the source itself; another package adds its own by an entry point."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final

import pandas as pd

from eventstudy import plugins
from eventstudy.border import is_there
from eventstudy.errors import DataError
from eventstudy.replace import put_right
from eventstudy.returns.bundled import BUNDLED
from eventstudy.returns.protocol import BundledSource, PriceSource, Source
from eventstudy.returns.remote.remote import RemoteSource
from eventstudy.returns.sources.files import FileSource, FrameSource
from eventstudy.returns.sources.frozen import FROZEN, FrozenSource
from eventstudy.words import nearest

#: The entry-point group in which another package names its sources.
ENTRY_POINTS: Final = plugins.SOURCES

LONGEST_NAME: Final = 255  # characters; what is longer is meant as a path

HOMES: Final = {
    "yahoo": ("eventstudy.returns.sources.yahoo", "YahooSource"),
    "french": ("eventstudy.returns.sources.french", "FrenchSource"),
    "fred": ("eventstudy.returns.sources.fred_stooq", "FredSource"),
    "stooq": ("eventstudy.returns.sources.fred_stooq", "StooqSource"),
}


def source_names() -> list[str]:
    """Return the names that ``source=`` accepts, plugins included."""
    return sorted({BUNDLED, *HOMES, *(point.name for point in entry_points(group=ENTRY_POINTS))})


def is_network(name: str) -> bool:
    """Return whether a source asks over the network: it says so by a class attribute ``network``, a plugin's too."""
    point = _plugin(name)
    return name in HOMES or (point is not None and bool(getattr(plugins.load(point), "network", False)))


def resolve(source: Any, options: dict[str, Any]) -> Source:
    """Return the source that `source` names, made with `options`."""
    if isinstance(source, pd.DataFrame):
        return FrameSource(source, **options)
    if isinstance(source, (str, os.PathLike)):
        return _named(os.fspath(source), options)
    if isinstance(source, PriceSource):
        if set(options) - {"levels"}:
            msg = f"option {min(options)!r} cannot be given with a source object; give it to {type(source).__name__}(…)"
            raise DataError(msg)
        return source
    msg = (
        f"source of type {type(source).__name__} cannot be used; pass a name ({', '.join(source_names())}), a path, a "
        "DataFrame, or an object with a fetch method"
    )
    raise DataError(msg)


def remote_source(name: str, options: dict[str, Any]) -> RemoteSource:
    """Return a source over the network by its name."""
    if name not in HOMES:
        msg = f"source {name!r} is not one to fetch from; use one of: {', '.join(HOMES)}"
        raise DataError(msg)
    module, maker = HOMES[name]
    return _made(getattr(import_module(module), maker), name, options)  # type: ignore[return-value]  # they all are


def _plugin(name: str) -> EntryPoint | None:
    return next((point for point in entry_points(group=ENTRY_POINTS) if point.name == name), None)


def _named(name: str, options: dict[str, Any]) -> Source:
    within_days = options.get("interval", "1d") != "1d"
    if name == BUNDLED and within_days:
        msg = f"interval={options['interval']!r}: the bundled figures are days; bars within days come from source='yahoo', a file or a frame"
        raise DataError(msg)
    if name == "yahoo" and within_days:
        maker = getattr(import_module("eventstudy.returns.sources.yahoo_bars"), "YahooBars")  # noqa: B009  slow to import
        return _made(maker, name, {key: value for key, value in options.items() if key != "levels"})
    if name in (BUNDLED, "yahoo"):
        options = {key: value for key, value in options.items() if key != "interval"}
    if name == BUNDLED:
        return _made(BundledSource, name, {key: value for key, value in options.items() if key != "levels"})
    plugin = _plugin(name)
    if name in HOMES or plugin is not None:
        maker = plugins.load(plugin) if plugin is not None else getattr(import_module(HOMES[name][0]), HOMES[name][1])
        if plugin is not None and not callable(getattr(maker, "fetch", None)):
            raise plugins.fault(plugin, "has no method fetch(symbols, start, end)")
        kept = {"cache": True} if name in HOMES else {}  # by name, what was fetched once is kept
        return _made(maker, name, {**kept, **{key: value for key, value in options.items() if key != "levels"}})
    path = Path(name)
    put_right(path, FROZEN)
    if is_there(path.is_dir):
        return _made(FrozenSource, name, options, name)
    if path.suffix or len(name) > LONGEST_NAME or is_there(path.is_file):
        return _made(FileSource, name, options, name)
    msg = f"source {name!r} is neither a file nor one of {', '.join(source_names())}{nearest(name, source_names())}"
    raise DataError(msg)


def _made(maker: Any, name: str, options: dict[str, Any], *positional: Any) -> Source:
    try:
        return maker(*positional, **options)  # type: ignore[no-any-return]
    except TypeError as error:
        msg = f"source {name!r} does not take these options ({', '.join(sorted(options))}): {error}"
        raise DataError(msg) from error
