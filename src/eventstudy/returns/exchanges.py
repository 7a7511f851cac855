"""Which exchange a symbol trades on, from the source's own code or from the ending of the symbol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from eventstudy.calendars import closes, get_calendar

#: Yahoo's endings -> ISO 10383 codes of exchange_calendars.
ENDINGS: Final = {
    "HK": "XHKG", "T": "XTKS", "SS": "XSHG", "SZ": "XSHG", "L": "XLON", "IL": "XLON", "DE": "XETR", "F": "XFRA", "PA": "XPAR",
    "AS": "XAMS", "BR": "XBRU", "LS": "XLIS", "MI": "XMIL", "MC": "XMAD", "SW": "XSWX", "ST": "XSTO", "CO": "XCSE",
    "HE": "XHEL", "OL": "XOSL", "VI": "XWBO", "IR": "XDUB", "WA": "XWAR", "PR": "XPRA", "BD": "XBUD", "AT": "ASEX",
    "TO": "XTSE", "V": "XTSE", "AX": "XASX", "NZ": "XNZE", "KS": "XKRX", "KQ": "XKRX", "TW": "XTAI", "TWO": "XTAI",
    "NS": "XBOM", "BO": "XBOM", "SI": "XSES", "KL": "XKLS", "BK": "XBKK", "JK": "XIDX", "SA": "BVMF", "MX": "XMEX",
    "BA": "XBUE", "SN": "XSGO", "JO": "XJSE", "TA": "XTAE", "IS": "XIST", "SR": "XSAU",
}  # fmt: skip

#: Yahoo's exchange codes of indices, which have no ending.
EXCHANGES: Final = {
    "HKG": "XHKG", "OSA": "XTKS", "JPX": "XTKS", "TYO": "XTKS", "SHH": "XSHG", "SHZ": "XSHG", "LSE": "XLON", "FGI": "XLON",
    "GER": "XETR", "PAR": "XPAR", "AMS": "XAMS", "EBS": "XSWX", "STO": "XSTO", "MIL": "XMIL", "MCE": "XMAD", "TOR": "XTSE",
    "ASX": "XASX", "KSC": "XKRX", "KOE": "XKRX", "TAI": "XTAI", "NSI": "XBOM", "BSE": "XBOM", "SES": "XSES", "SAO": "BVMF",
    "MEX": "XMEX", "JNB": "XJSE",
}  # fmt: skip

#: Yahoo's names of indices -> the exchange whose sessions they have.
INDICES: Final = {
    "^GDAXI": "XETR", "^MDAXI": "XETR", "^SDAXI": "XETR", "^TECDAX": "XETR", "^FCHI": "XPAR", "^SBF120": "XPAR", "^FTSE": "XLON",
    "^FTMC": "XLON", "^FTAS": "XLON", "^AEX": "XAMS", "^BFX": "XBRU", "^SSMI": "XSWX", "^IBEX": "XMAD", "^OMX": "XSTO", "^OMXS30": "XSTO",
    "^OMXC25": "XCSE", "^OMXH25": "XHEL", "^ATX": "XWBO", "^N225": "XTKS", "^HSI": "XHKG", "^HSCE": "XHKG", "^AXJO": "XASX", "^AORD": "XASX",
    "^NZ50": "XNZE", "^KS11": "XKRX", "^KS200": "XKRX", "^KQ11": "XKRX", "^TWII": "XTAI", "^BSESN": "XBOM", "^NSEI": "XBOM", "^STI": "XSES",
    "^KLSE": "XKLS", "^JKSE": "XIDX", "^BVSP": "BVMF", "^MXX": "XMEX", "^GSPTSE": "XTSE", "^MERV": "XBUE", "^IPSA": "XSGO",
}  # fmt: skip

SETTLED: Final = pd.Timedelta(minutes=20)  # after the close: the closing auction is in


def calendar_of(symbol: str, meta: Mapping[str, str] | None = None) -> str | None:
    """Return the calendar of a symbol that is not American, or None: that of the panel.

    Futures, currencies and funds of other exchanges that are not listed here follow the panel's calendar, unless
    ``calendars=`` says otherwise.

    Examples
    --------
    >>> calendar_of("0700.HK"), calendar_of("^N225"), calendar_of("BRK-B"), calendar_of("EURUSD=X")
    ('XHKG', 'XTKS', None, None)
    """
    if "=" in symbol:
        return None
    if symbol in INDICES:
        return INDICES[symbol]
    ending = symbol.rsplit(".", 1)[1] if "." in symbol else ""
    return ENDINGS.get(ending) or EXCHANGES.get((meta or {}).get("exchange", ""))


def calendar_zone(name: str) -> str:
    """Return the time zone of an exchange calendar."""
    year = pd.Timestamp("2024-01-01")  # any year: an exchange does not move
    return str(get_calendar(name, year, year).tz)


def last_complete_session(name: str, end: pd.Timestamp, now: pd.Timestamp) -> pd.Timestamp | None:
    """Return the last session of `name` on or before `end` whose close has passed at `now` (aware); None if there is none.

    A bar of a session that is still open is a price, not a close.

    Examples
    --------
    >>> noon = pd.Timestamp("2025-04-09 12:00", tz="America/New_York")
    >>> last_complete_session("XNYS", pd.Timestamp("2025-12-31"), noon).strftime("%Y-%m-%d")
    '2025-04-08'
    """
    utc = now.tz_convert("UTC")
    upper = min(end.normalize(), utc.tz_localize(None).normalize() + pd.Timedelta(days=1))
    close = closes(name, upper - pd.Timedelta(days=31), upper)
    over = close[(close + SETTLED <= utc).to_numpy()]
    return pd.Timestamp(over.index[-1]) if len(over) else None
