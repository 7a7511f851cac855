"""Panels of returns that reach over missing prices, and panels without the returns of days on which nothing traded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from eventstudy.abnormal.models.lumped import lump
from eventstudy.calendars import AUTO
from eventstudy.errors import DataError
from eventstudy.returns import LEVEL_SYMBOLS, PricePanel, ReturnPanel
from eventstudy.returns._given import of_frame


@dataclass(frozen=True, eq=False)
class LumpedReturns(ReturnPanel):
    """Log returns since the last price, however many sessions ago; a return after n - 1 missing prices covers n sessions.

    Only `TradeToTrade` and ``EventStudy(missing="lump")`` know what to do with them, and only they accept this panel.
    """

    reaches_over: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class LogVolume(ReturnPanel):
    """Log volume or turnover in place of returns: what is suspicious of a return says nothing of it, and no money grows by it."""


def lumped_returns(
    prices: PricePanel | pd.DataFrame, *, levels: Iterable[str] | None = None, calendar: str | None = AUTO
) -> LumpedReturns:
    """Return the lumped log returns of prices, for thinly traded securities (METHODS 2.4).

    Parameters
    ----------
    prices : PricePanel or DataFrame
        Bars x symbols.
    levels : iterable of str, optional
        Symbols to keep as levels.
    calendar : str or None
        For a frame; a panel knows its own.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2025-01-06", "2025-01-07", "2025-01-08", "2025-01-10"])
    >>> panel = lumped_returns(pd.DataFrame({"A": [1.0, None, None, 2.718281828]}, index=days))
    >>> panel.frame["A"].round(6).tolist()
    [nan, nan, nan, 1.0]
    """
    panel = prices if isinstance(prices, PricePanel) else PricePanel(prices, calendar=calendar)
    wanted = LEVEL_SYMBOLS if levels is None else frozenset(levels)
    state = [name for name in panel.frame.columns if name in wanted]
    held = panel.frame.drop(columns=state)
    values = held.to_numpy(dtype=np.float64)
    if (values <= 0).any():
        row, column = np.argwhere(values <= 0)[0]
        msg = f"column {held.columns[column]!r}, row {held.index[row]}: {values[row, column]:g} is not a price"
        raise DataError(msg)
    frame = pd.DataFrame(lump(values.T).T, index=held.index, columns=held.columns)
    return LumpedReturns(
        frame,
        levels=panel.frame[state],
        kind="log",
        quality=panel.quality,
        failures=panel.failures,
        calendar=panel.calendar,
        calendars=panel.calendars,
        sources=panel.sources,
        label=panel.label,
        notes=panel.notes,
        check=False,
    )


def without_stale(returns: ReturnPanel | pd.DataFrame, volume: pd.DataFrame) -> ReturnPanel:
    """Return the panel with returns made missing where volume is zero: a price carried forward is no news.

    A zero return by itself is not missing; it takes a volume of zero to say that nothing traded. The return of the next
    day on which something traded is missing too, since it reaches back over the untraded ones.

    Parameters
    ----------
    returns : ReturnPanel or DataFrame
    volume : DataFrame
        Bars x symbols; symbols that it lacks are left as they are.
    """
    panel = returns if isinstance(returns, ReturnPanel) else ReturnPanel(returns)
    known = of_frame(volume, "volume")
    traded = known.reindex(index=panel.frame.index, columns=panel.frame.columns)
    stale = traded.to_numpy(dtype=np.float64) == 0
    after = np.zeros_like(stale)
    after[1:] = stale[:-1]
    return replace(panel, frame=panel.frame.mask(stale | after), check=False)


def abnormal_volume(volume: pd.DataFrame, *, shares: pd.DataFrame | None = None) -> LogVolume:
    """Return log volume (or log turnover) as responses for the engine: what is abnormal about trading.

    Study it with ``MeanAdjusted()``, or a market model on the log volume of the market (Ajinkya and Jain 1989).

    Parameters
    ----------
    volume : DataFrame
        Bars x symbols, shares or money; zero is kept as log(1 + 0).
    shares : DataFrame, optional
        Shares outstanding, for turnover.

    Raises
    ------
    DataError
        If a volume is negative.
    """
    volume = of_frame(volume, "volume")
    values = volume.to_numpy(dtype=np.float64)
    if (values < 0).any():
        row, column = np.argwhere(values < 0)[0]
        msg = f"column {volume.columns[column]!r}, row {volume.index[row]}: a volume of {values[row, column]:g} is none"
        raise DataError(msg)
    ratio = np.log1p(volume) if shares is None else np.log(volume.where(volume > 0) / of_frame(shares, "shares"))
    return LogVolume(pd.DataFrame(ratio, index=volume.index, columns=volume.columns), kind="log", check=False)
