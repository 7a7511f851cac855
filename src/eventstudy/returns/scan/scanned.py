"""A panel on disk: symbols and bars are known, returns are read when they are asked for."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from eventstudy._typing import Floats
from eventstudy.calendars import AUTO
from eventstudy.checks import checked
from eventstudy.errors import DataError
from eventstudy.returns._describe import day_of
from eventstudy.returns._price_returns import price_returns
from eventstudy.returns._sessions import Label, auto_calendars, label_side, lay_on_sessions
from eventstudy.returns.panel import ReturnPanel
from eventstudy.returns.quality.plausible import ENOUGH, PERCENT_MEDIAN, PRICE_MEDIAN, check_returns, without_codes
from eventstudy.returns.scan.blocks import laid
from eventstudy.returns.scan.parquet import PanelFile, look_at
from eventstudy.returns.scan.relation import Relation, is_relation, look_into
from eventstudy.returns.sources.files import table_options
from eventstudy.returns.tables.names import MARKETS, plain
from eventstudy.returns.tables.options import Holds, TableOptions
from eventstudy.words import brief

TRADED: Final = "\0traded"
"""Stands for the securities that are not read: on each day of the files something was traded."""

SAMPLE: Final = 8
"""Symbols whose numbers say whether they are prices or returns, where no name does."""

MEMORY: Final = 1 << 30


@dataclass(frozen=True, eq=False)
class ScannedPanel:
    """Returns of many securities that stay in their files; `scan_returns` makes it, `EventStudy.fit` takes it.

    Attributes
    ----------
    symbols : list of str
        Every symbol of the files.
    index : pandas.DatetimeIndex
        Every day, or moment, of the files.
    holds : {"prices", "returns", "log", "percent"}
        What the cells are.
    calendar : str or None
        As in `ReturnPanel`; of prices, the exchange of their sessions.
    memory : int
        Bytes up to which a study of it is an ordinary result in memory.
    """

    symbols: list[str]
    index: pd.DatetimeIndex
    holds: Holds
    calendar: str | None
    memory: int
    _sources: tuple[PanelFile | Relation, ...]
    _options: TableOptions
    _beside: pd.DataFrame | None = None
    _unlisted: frozenset[str] = frozenset()  # columns beside the symbols of a long table, read where a model names them

    @property
    def digest(self) -> str:
        """SHA-256 of what is scanned: of the footers of the files, in the order of their names (hex)."""
        parts = [source.digest for source in self._sources]
        return hashlib.sha256("\n".join([self.holds, str(self.calendar), *parts]).encode()).hexdigest()

    @property
    def files(self) -> int:
        """Files, or 0 of a relation."""
        return sum(isinstance(source, PanelFile) for source in self._sources)

    @property
    def bytes(self) -> int:
        """Bytes of the files."""
        return sum(source.size for source in self._sources if isinstance(source, PanelFile))

    @property
    def frame_columns(self) -> list[str]:
        """Symbols that are no levels."""
        return [name for name in self.symbols if name not in self._options.levels]

    def load(self, symbols: Iterable[str] | None = None) -> ReturnPanel:
        """Read some symbols, all if none are named, as a panel in memory; those that the files lack are left out.

        Raises
        ------
        eventstudy.errors.DataError
            If a file is damaged or has been changed since, a day of a symbol stands twice, or the numbers are not what
            they are said to be.
        """
        known = {*self.symbols, *self._unlisted}
        wanted = self.symbols if symbols is None else [name for name in dict.fromkeys(symbols) if name in known]
        frame = pd.DataFrame(self._read(wanted), index=self.index, columns=wanted, copy=False)
        return self._panel(frame)

    def only(self, symbols: Sequence[str]) -> ScannedPanel:
        """Return what a worker needs to read some symbols for itself; those that the files lack are left out.

        Of a relation, which knows its connection only here, they are read here.
        """
        known = {*self.symbols, *self._unlisted}
        asked = [name for name in dict.fromkeys(symbols) if name in known]
        if any(isinstance(source, Relation) for source in self._sources):
            frame = pd.DataFrame(self._read(asked), index=self.index, columns=asked, copy=False)
            return replace(self, symbols=asked, _sources=(), _beside=frame)
        some = set(asked)
        files = [file.only(some) for file in self._sources if isinstance(file, PanelFile)]
        return replace(self, symbols=asked, _sources=tuple(file for file in files if file.symbols or file.columns.wide))

    def beside(self, other: ScannedPanel) -> ScannedPanel:
        """Return the panel with all symbols of another of the same files, which are read here."""
        frame = pd.DataFrame(other._read(other.symbols), index=self.index, columns=other.symbols, copy=False)
        own = [name for name in self.symbols if name not in frame.columns]
        if self._beside is not None:
            frame = frame.join(self._beside[own])
        return replace(self.only(own) if self._beside is None else self, symbols=[*own, *other.symbols], _beside=frame)

    def _read(self, symbols: Sequence[str]) -> Floats:
        """Return (B, S), as it stands in the files."""
        held = [] if self._beside is None else [name for name in symbols if name in self._beside.columns]
        asked = [name for name in symbols if name not in set(held)]
        blocks = (block for source in self._sources for block in source.read(asked, self._options))
        values = laid(blocks, self.index, asked)
        if not held or self._beside is None:
            return values
        frame: pd.DataFrame = pd.DataFrame(values, columns=asked, copy=False)
        for name in held:
            frame[name] = self._beside[name].to_numpy()
        return frame[list(symbols)].to_numpy()

    def _panel(self, frame: pd.DataFrame) -> ReturnPanel:
        levels = [name for name in frame.columns if name in self._options.levels]
        state, held = frame[levels], frame.drop(columns=levels)
        if self.holds == "prices":
            return self._from_prices(held, state)
        if self.holds == "percent":
            held = held / 100.0
        if self.holds == "log":
            held = pd.DataFrame(np.expm1(held))
        codes: dict[str, str] = {}
        if self._options.check:
            held, codes = without_codes(held)
            _check(held)
        quality = pd.DataFrame({"codes": pd.Series(codes, dtype="str").reindex(frame.columns).fillna("")})
        return ReturnPanel(held, levels=state, calendar=self.calendar, quality=quality, check=False)

    def _from_prices(self, held: pd.DataFrame, state: pd.DataFrame) -> ReturnPanel:
        """Turn prices into returns on the sessions on which anything of the files was traded."""
        calendar = self.calendar
        whole = held.assign(**{TRADED: 1.0}, **{name: state[name] for name in state.columns})
        laid_, notes = lay_on_sessions(whole, calendar, {}, None, guessed=self._guessed)
        return ReturnPanel(
            price_returns(laid_[list(held.columns)], "simple"),
            levels=laid_[list(state.columns)],
            calendar=calendar,
            label=self._label,
            notes=notes,
            quality=pd.DataFrame(index=held.columns),
            check=False,
        )

    @property
    def _guessed(self) -> bool:
        return self.calendar is not None

    @property
    def _label(self) -> Label | None:
        return label_side(self.index)

    def __repr__(self) -> str:
        plural = "" if len(self.symbols) == 1 else "s"
        span = f"{day_of(self.index[0])} .. {day_of(self.index[-1])}"
        where = f"{self.files} file{'' if self.files == 1 else 's'}" if self.files else "a relation"
        return f"ScannedPanel: {len(self.index)} bars x {len(self.symbols)} symbol{plural}, {span}, {self.holds} in {where}"


def _check(frame: pd.DataFrame) -> None:
    """Refuse prices and percent as every panel does, looking only at columns of which half the values are large."""
    values = frame.to_numpy()
    finite = np.isfinite(values)
    large = (np.abs(values) > PERCENT_MEDIAN) & finite
    doubtful = (2 * large.sum(axis=0) >= finite.sum(axis=0)) & (finite.sum(axis=0) >= ENOUGH)
    if doubtful.any():
        check_returns(frame.loc[:, doubtful], simple=True)


@checked(DataError)
def scan_returns(
    source: Any,
    *,
    holds: Literal["prices", "returns", "log", "percent"] | None = None,
    calendar: str | None = AUTO,
    memory: int = MEMORY,
    levels: Iterable[str] | None = None,
    **options: Any,
) -> ScannedPanel:
    """Look at returns, or prices, on disk, as a panel for `EventStudy.fit`: columns are read when they are needed.

    Parameters
    ----------
    source : str, path, list of them, or a relation of DuckDB
        ``"panel/*.parquet"``, a folder, a file, several; or what ``duckdb.sql("…")`` gives (the extra ``duckdb``). Wide: one
        row a day, one column a symbol; files may hold other symbols or other days. Long: columns of days, symbols (``symbol``,
        ``PERMNO``, …) and values (``ret``, ``close``, …); sorted by symbol, so that row groups without a symbol are not read. Of
        a file with the bars of one symbol the symbol is the file's name.
    holds : {"prices", "returns", "log", "percent"}, optional
        What the cells are. By default what the name of the value says (``ret``, ``close``), and of a wide table the numbers of
        the first symbols: some below zero are returns; none, with a median above 1, prices.
    calendar : str or None, default "auto"
        As in `load_prices` for prices. Returns take that of the study; naming one here is naming it there.
    memory : int
        Bytes up to which a study is an ordinary result in memory; a larger one is written in parts
        (`LargeResult.to_parquet`).
    levels : iterable of str, optional
        Symbols that are levels, besides ``^VIX`` and its like.
    **options
        `date_column`, `symbol_column`, `column`, `date_format`, `timezone`, `check`: the attributes of `TableOptions`.

    Returns
    -------
    ScannedPanel

    Raises
    ------
    eventstudy.errors.DataError
        If there is no file, a file cannot be read or lacks a column that the others have, or what it holds cannot be told.

    Notes
    -----
    A day that stands in the files is a day of trade: it is not looked for in the prices of every symbol, as a panel in memory
    does. Prices of several exchanges are refused.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> from eventstudy import scan_returns
    >>> frame = pd.DataFrame({"A": [0.01, -0.02], "B": [0.0, 0.01]}, index=pd.to_datetime(["2025-01-08", "2025-01-10"]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     frame.rename_axis("date").reset_index().to_parquet(f"{folder}/panel.parquet")
    ...     scan = scan_returns(f"{folder}/*.parquet")
    ...     scan, scan.load(["B"]).frame["B"].tolist()
    (ScannedPanel: 2 bars x 2 symbols, 2025-01-08 .. 2025-01-10, returns in 1 file, [0.0, 0.01])
    """
    if levels is not None:
        options["levels"] = levels
    told = table_options({**options, "holds": "returns" if holds is None else holds})
    found: list[tuple[PanelFile | Relation, pd.DatetimeIndex]]
    found = [look_into(source, told)] if is_relation(source) else [look_at(path, told) for path in _paths(source)]
    sources = tuple(one for one, _ in found)
    _alike(sources)
    index = _index_of([days for _, days in found])
    symbols = list(dict.fromkeys(name for one in sources for name in one.symbols))
    beside = {name for one in sources if one.columns.symbol is not None for name in one.columns.wide} - set(symbols)
    markets = sorted(name for name in beside if plain(name) in MARKETS)
    panel = ScannedPanel(symbols, index, holds or "returns", None, memory, sources, told)
    if holds is None:
        panel = replace(panel, holds=_told(panel))
    panel = replace(
        panel,
        _options=replace(told, holds=panel.holds),
        symbols=[*symbols, *markets],
        _unlisted=frozenset(beside.difference(markets)),
    )
    if panel.holds != "prices":
        return replace(panel, calendar=None if calendar == AUTO else calendar)
    own, several = auto_calendars(calendar, {}, panel.frame_columns)
    if several and set(several.values()) != {own}:
        name, other = next((name, other) for name, other in several.items() if other != own)
        msg = (
            f"the prices are of several exchanges ({name!r} of {other}, others of {own}), whose sessions differ: scan them one by "
            "one, name calendar=, or turn them into returns first"
        )
        raise DataError(msg)
    return replace(panel, calendar=own)


def _paths(source: Any) -> list[str]:
    """Return the files that a caller names, sorted."""
    given = [source] if isinstance(source, str | os.PathLike) else source
    if not isinstance(given, list | tuple) or not all(isinstance(one, str | os.PathLike) for one in given) or not given:
        msg = f"source={brief(repr(source))} names no files; give a path such as 'panel/*.parquet', several, or a relation of DuckDB"
        raise DataError(msg)
    paths: list[str] = []
    for one in given:
        text = os.fspath(one)
        if Path(text).is_dir():
            text = str(Path(glob.escape(text)) / "*.parquet")
        there = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) and not Path(text).is_file() else [text]  # noqa: PTH207  a Path has no absolute pattern
        if not there:
            msg = f"no file is called {brief(repr(text))}; check the path"
            raise DataError(msg)
        paths += there
    return list(dict.fromkeys(paths))


def _alike(sources: Sequence[PanelFile | Relation]) -> None:
    """Refuse files of several layouts, and a long one whose columns have other names."""
    first = sources[0].columns
    for one in sources[1:]:
        mine = one.columns
        if (mine.symbol is None) != (first.symbol is None):
            msg = f"{one.place} is {_layout(mine)} table and {sources[0].place} {_layout(first)}; scan them one by one"
            raise DataError(msg)
        if first.symbol is not None and (mine.symbol, mine.value) != (first.symbol, first.value):
            msg = (
                f"{one.place} has the columns {mine.symbol!r} and {mine.value!r} where {sources[0].place} has {first.symbol!r} and "
                f"{first.value!r}; name the columns alike"
            )
            raise DataError(msg)


def _layout(columns: Any) -> str:
    return "a wide" if columns.symbol is None else "a long"


def _index_of(parts: Sequence[pd.DatetimeIndex]) -> pd.DatetimeIndex:
    index = parts[0]
    for days in parts[1:]:
        if (days.tz is None) != (index.tz is None):
            msg = f"some files hold days and others moments ({index[0]}, {days[0]}); scan them one by one"
            raise DataError(msg)
        if not days.equals(index):
            index = pd.DatetimeIndex(index.union(days))
    return pd.DatetimeIndex(index.sort_values(), name="date")


def _told(panel: ScannedPanel) -> Literal["prices", "returns"]:
    """Return what the cells are, by the name of the value or by the numbers of the first symbols."""
    said = {one.columns.returns for one in panel._sources}  # noqa: SLF001  the panel is made here
    if said == {True}:
        return "returns"
    if said == {False}:
        return "prices"
    some = panel.frame_columns[:SAMPLE]
    values = panel._read(some)  # noqa: SLF001  the same
    finite = values[np.isfinite(values)]
    if (finite < 0).any():
        return "returns"
    if finite.size and np.median(finite) > PRICE_MEDIAN:
        return "prices"
    msg = f"the numbers of {', '.join(map(repr, some[:3]))} do not say whether they are prices or returns; say holds='prices' or holds='returns'"
    raise DataError(msg)
