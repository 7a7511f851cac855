"""Stated policies: what happens when a share is delisted, and when prices are in several currencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.checks import number
from eventstudy.errors import DataError
from eventstudy.returns._given import of_frame
from eventstudy.returns.bars import MINOR
from eventstudy.returns.panel import PricePanel, ReturnPanel
from eventstudy.returns.quality.possible import LEVEL_SYMBOLS
from eventstudy.returns.quality.quality import knowledge
from eventstudy.returns.tables.columns import by_symbol

RATE_DAYS: Final = 5  # an exchange rate is used for at most so many calendar days after it was quoted


def apply_delisting(returns: ReturnPanel, delisting: Mapping[str, float]) -> ReturnPanel:
    """Put delisting returns on the first bar after each symbol's last return.

    Without this the policy is: the last return of a delisted share is its last traded one, and from then on it is missing.
    That overstates what its holders got (Shumway 1997); who has delisting returns, as CRSP does, states them here.

    Parameters
    ----------
    returns : ReturnPanel
    delisting : mapping of str to float
        Symbol -> decimal return from the last close to what was got after delisting.

    Returns
    -------
    ReturnPanel

    Raises
    ------
    eventstudy.errors.DataError
        If a symbol is not in the panel, its returns run to the last bar, or a return is below -1.

    References
    ----------
    Shumway, T. (1997), The Delisting Bias in CRSP Data, Journal of Finance 52, 327-340.

    Examples
    --------
    >>> days = pd.bdate_range("2025-03-03", periods=4)
    >>> panel = ReturnPanel(pd.DataFrame({"GONE": [0.01, -0.02, None, None]}, index=days))
    >>> apply_delisting(panel, {"GONE": -0.3}).frame["GONE"].tolist()
    [0.01, -0.02, -0.3, nan]
    """
    _a_panel(returns, ReturnPanel)
    frame = returns.frame.copy()
    for symbol, given in by_symbol(delisting, "delisting").items():
        value = number(given, f"delisting[{symbol!r}]", DataError)
        if symbol not in frame.columns:
            msg = f"a delisting return is given for {symbol!r}, which the panel does not have; remove it or load the symbol"
            raise DataError(msg)
        if not value >= -1.0:
            msg = f"the delisting return of {symbol!r} is {value}; a decimal of -1 (nothing left) or more is needed"
            raise DataError(msg)
        there = np.flatnonzero(frame[symbol].notna().to_numpy())
        if not len(there) or int(there[-1]) + 1 == len(frame):
            msg = f"{symbol!r} has a return on the last bar of the panel, so it has not been delisted within it"
            raise DataError(msg)
        frame.loc[frame.index[int(there[-1]) + 1], symbol] = np.log1p(value) if returns.kind == "log" else value
    return replace(returns, frame=frame, check=False)


def rate_symbols(currencies: Mapping[str, str], to: str) -> list[str]:
    """Return the symbols of the exchange rates that a conversion needs, such as ``"HKDUSD=X"``.

    Examples
    --------
    >>> rate_symbols({"0700.HK": "HKD", "VOD.L": "GBp", "NVDA": "USD"}, "USD")
    ['GBPUSD=X', 'HKDUSD=X']
    """
    needed = {MINOR.get(currency, currency) for currency in currencies.values() if currency}
    return sorted(f"{currency}{to}=X" for currency in needed - {to})


def convert_currency(
    prices: PricePanel,
    to: str,
    rates: PricePanel | pd.DataFrame,
    *,
    currencies: Mapping[str, str] | None = None,
) -> PricePanel:
    """Convert prices into one currency; without this they stay in their own, and so do returns.

    Parameters
    ----------
    prices : PricePanel
    to : str
        ISO code, such as ``"USD"``.
    rates : PricePanel or DataFrame
        Days x rates named as `rate_symbols` names them: units of `to` for one of the other. Of a day without a rate, the
        last one of up to five calendar days before counts.
    currencies : mapping of str to str, optional
        By symbol; by default those of the quality table.

    Returns
    -------
    PricePanel
        Indices and other levels of `LEVEL_SYMBOLS` stay as they are.

    Raises
    ------
    eventstudy.errors.DataError
        If a symbol's currency or a rate is not known.
    """
    _a_panel(prices, PricePanel)
    table = prices.quality
    known: dict[Any, str] = dict(table["currency"]) if "currency" in table else {}
    known |= by_symbol(currencies, "currencies")
    quotes = of_frame(rates, "rates")
    frame = prices.frame.copy()
    for symbol in [name for name in frame.columns if name not in LEVEL_SYMBOLS]:
        currency = known.get(symbol)
        if not isinstance(currency, str) or not currency:
            msg = f"the currency of {symbol!r} is not known; state it: currencies={{{symbol!r}: 'USD'}}"
            raise DataError(msg)
        whole = MINOR.get(currency, currency)
        unit = 0.01 if currency in MINOR else 1.0
        if whole == to:
            frame[symbol] = frame[symbol] * unit
            continue
        pair = f"{whole}{to}=X"
        if pair not in quotes.columns:
            msg = f"{symbol!r} is in {currency}, and the rates lack {pair!r}; load it too, or leave the symbol in {currency}"
            raise DataError(msg)
        frame[symbol] = frame[symbol] * unit * _on_or_before(quotes[pair], frame.index)
    now = [known.get(symbol, "") if symbol in LEVEL_SYMBOLS else to for symbol in frame.columns]
    return PricePanel(
        frame,
        calendar=prices.calendar,
        calendars=prices.calendars,
        label=prices.label,
        notes=prices.notes,
        sources=prices.sources,
        failures=prices.failures,
        quality=knowledge(table).assign(currency=pd.Series(now, index=frame.columns)),
    )


def _a_panel(given: object, kind: type) -> None:
    if not isinstance(given, kind):
        msg = f"a {type(given).__name__} is no {kind.__name__}; make one: {kind.__name__}(frame)"
        raise DataError(msg)


def _on_or_before(rate: pd.Series, days: pd.Index) -> pd.Series:
    quoted = rate.dropna().sort_index()
    return quoted.reindex(days, method="ffill", tolerance=pd.Timedelta(days=RATE_DAYS))
