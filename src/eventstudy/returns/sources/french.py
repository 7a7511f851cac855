"""The Kenneth R. French Data Library: daily factors and industry portfolios, as returns."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import IO, Any, ClassVar, Final

import numpy as np
import pandas as pd

from eventstudy.errors import BadPayload, NoSuchTicker
from eventstudy.returns.bars import Bars
from eventstudy.returns.panel import ReturnPanel
from eventstudy.returns.protocol import Delivery, near
from eventstudy.returns.remote.bodies import ARCHIVE
from eventstudy.returns.remote.http import get
from eventstudy.returns.remote.remote import RemoteSource
from eventstudy.returns.remote.retries import Deadline

LIBRARY: Final = "https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/ftp"
DATASETS: Final = (
    "F-F_Research_Data_5_Factors_2x3_daily",
    "F-F_Momentum_Factor_daily",
    "12_Industry_Portfolios_daily",
)
REGIONS: Final = {
    "Developed": ("Developed_5_Factors_Daily", "Developed_Mom_Factor_Daily"),
    "Developed ex US": ("Developed_ex_US_5_Factors_Daily", "Developed_ex_US_Mom_Factor_Daily"),
    "Europe": ("Europe_5_Factors_Daily", "Europe_Mom_Factor_Daily"),
    "Japan": ("Japan_5_Factors_Daily", "Japan_Mom_Factor_Daily"),
    "Asia Pacific ex Japan": ("Asia_Pacific_ex_Japan_5_Factors_Daily", "Asia_Pacific_ex_Japan_MOM_Factor_Daily"),
    "North America": ("North_America_5_Factors_Daily", "North_America_Mom_Factor_Daily"),
}
"""Region -> its files; a symbol such as ``"Europe:SMB"`` is of one. The library has no daily factors of emerging markets."""
MISSING: Final = (-99.99, -999.0)  # the library's codes
ROW: Final = re.compile(r"\d{8}\s*,")
MOST_LINES: Final = 100_000  # of prose and the first section: two centuries of days
LONGEST_LINE: Final = 2**16  # bytes; a hundred portfolios take a thousand


class FrenchSource(RemoteSource):
    """Daily returns of the library's factors and portfolios; percent there, decimals here.

    Parameters
    ----------
    datasets : sequence of str
        Names of the library's files without ``_CSV.zip``; of a name that several have, the first counts.
    base : str, optional
        Another server that has the same files.
    **options
        The parameters of `RemoteSource`.

    Notes
    -----
    Copyright Eugene F. Fama and Kenneth R. French; for research use, cite the library. Of a portfolio file, the section of
    value-weighted daily returns is read. Factors of other regions are asked for by name, ``"Europe:Mkt-RF"``, ``"Japan:SMB"``:
    Developed, Developed ex US, Europe, Japan, Asia Pacific ex Japan, North America; in dollars, momentum as ``Mom``. The library is revised: `cache_verify` says by how much since the snapshot.
    """

    name: ClassVar[str] = "french"
    kept: ClassVar[str] = "returns"

    def __init__(self, *, datasets: Sequence[str] = DATASETS, base: str = LIBRARY, **options: Any) -> None:
        super().__init__(**options)
        self.datasets, self.base = tuple(datasets), base
        self._tables: dict[str, pd.DataFrame] = {}
        self._lock = threading.Lock()

    def fetch(self, symbols: Sequence[str] | None, start: pd.Timestamp | None, end: pd.Timestamp | None) -> Any:
        """Return the returns of `symbols` (None: the usual factors and the 12 industries) as a `ReturnPanel`."""
        got = self._deliver_between(list(USUAL) if symbols is None else symbols, start, end)
        return ReturnPanel(got.returns, sources=got.sources, failures=got.failures, check=False)

    def _deliver_between(
        self, symbols: Sequence[str], start: pd.Timestamp | None, end: pd.Timestamp | None
    ) -> Delivery:
        """Return the days of every symbol, as returns."""
        with self._lock:
            self._tables.clear()  # one download of each file for one question
        got = super()._deliver_between(symbols, start, end)
        got.returns, got.prices = got.prices, pd.DataFrame()
        return got

    def _close(self, symbol: str, bars: Bars) -> pd.Series:
        """Return the returns, which are what the bars hold."""
        return bars.frame["close"].rename(symbol)

    def one(self, symbol: str, start: pd.Timestamp, end: pd.Timestamp, deadline: Deadline) -> Bars:  # noqa: ARG002  a file has all dates
        """Get one symbol's returns, downloading its file if no other symbol has."""
        region, colon, factor = symbol.rpartition(":")
        if colon and region not in REGIONS:
            msg = f"the French library has no daily factors of the region {region!r}{near(region, list(REGIONS))}; it has {', '.join(REGIONS)}"
            raise NoSuchTicker(msg)
        datasets, known = REGIONS[region] if colon else self.datasets, list[str]()
        for name in datasets:
            table = self._table(name, deadline)
            table = table.rename(columns={"WML": "Mom"}) if colon else table
            if factor in table.columns:
                return Bars(table[[factor]].set_axis(["close"], axis=1), {"instrument": name})
            known += list(table.columns)
        msg = f"the French library's files {', '.join(datasets)} do not have {factor!r}{near(factor, known)}"
        raise NoSuchTicker(msg)

    def _table(self, name: str, deadline: Deadline) -> pd.DataFrame:
        with self._lock:
            if name not in self._tables:
                body = get(f"{self.base}/{name}_CSV.zip", name, "the French library", deadline, ARCHIVE)
                self._tables[name] = read_french(body, name)
            return self._tables[name]


USUAL: Final = (
    "Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF", "Mom",
    "NoDur", "Durbl", "Manuf", "Enrgy", "Chems", "BusEq", "Telcm", "Utils", "Shops", "Hlth", "Money", "Other",
)  # fmt: skip


def read_french(archive: bytes, name: str) -> pd.DataFrame:
    """Return the daily returns of one of the library's archives."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed, packed.open(packed.infolist()[0]) as file:
            table = _first_section(_lines(file))
    except Exception as error:  # of a broken archive, each way of packing has its own
        msg = f"the French library's {name} is not the archive of daily returns that it should be ({error!r:.200})"
        raise BadPayload(msg) from error
    return table.mask(table.isin(MISSING)) / 100.0


def _lines(file: IO[bytes]) -> Iterator[str]:
    """Yield the lines of an unpacked file, of no more and no longer ones than it can have."""
    size = count = 0
    while line := file.readline(LONGEST_LINE):
        size, count = size + len(line), count + 1
        if size > ARCHIVE or count > MOST_LINES or len(line) == LONGEST_LINE:
            msg = f"it unpacks to more than {ARCHIVE / 2**20:.0f} MB, {MOST_LINES} lines, or a line without end"
            raise ValueError(msg)
        yield line.decode("latin-1").strip()


def _first_section(lines: Iterator[str]) -> pd.DataFrame:
    """Return the first table whose rows are days, in percent; each row is judged as it comes, so that none is too many."""
    head = ""
    days: list[str] = []
    rows: list[np.ndarray[Any, np.dtype[np.float64]]] = []
    for line in lines:
        if ROW.match(line):
            break
        head = line or head
    else:
        msg = "no row begins with a day"
        raise ValueError(msg)
    names = [word.strip() for word in head.split(",")][1:]
    if not names or not all(names) or len(set(names)) < len(names):
        msg = f"the columns are {head[:80]!r}, not names that stand once"
        raise ValueError(msg)
    for row in chain([line], lines):
        if not ROW.match(row):
            break
        day, *words = (word.strip() for word in row.split(","))
        values = np.array([float(word) for word in words])
        if len(words) != len(names) or "_" in row:  # Python reads 1_0 as ten
            msg = f"row {day} has {len(words)} values for {len(names)} columns, or one that is no number"
            raise ValueError(msg)
        if days and day <= days[-1]:
            if day == days[-1] and np.array_equal(values, rows[-1], equal_nan=True):
                continue
            msg = f"{day} stands after {days[-1]}, or twice with other returns"
            raise ValueError(msg)
        days.append(day)
        rows.append(values)
    index = pd.DatetimeIndex(pd.to_datetime(days, format="%Y%m%d"), name="date").as_unit("us")
    return pd.DataFrame(np.array(rows), index=index, columns=names)
