"""Bars with known truth: volatility that follows the clock, levels that move from day to day, fat tails, jumps, one known event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Floats
from eventstudy.calendars import hours
from eventstudy.checks import checked, seed as check_seed
from eventstudy.errors import StudyError

MARKET: Final = "MKT"
SIGMA: Final = 0.001  # of a bar at noon
SHAPE: Final = 1.5  # volatility 1 + 1.5 z^2 over the session, z from -1 to 1
PERSISTENCE: Final = 0.9  # of the log level of a day, an AR(1)
SPREAD: Final = 0.2  # sd of its shocks
TAILS: Final = 5.0  # degrees of freedom of a bar
HOUR_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class SimulatedBars:
    """What was simulated, and the truth.

    Attributes
    ----------
    frame : DataFrame
        Bars x symbols, log returns; the index is the start of each bar, New York time unless another exchange is asked for.
    events : DataFrame
        ``event_id``, ``symbol``, ``announced_at``, ``precision``, ``jump`` (decimals): the known events.
    jumps : DataFrame
        ``bar``, ``symbol``, ``jump``: jumps without news.
    """

    frame: pd.DataFrame
    events: pd.DataFrame
    jumps: pd.DataFrame


def clock_shape(bars: int, shape: float = SHAPE) -> Floats:
    """Return (K,): volatility by clock time, 1 + shape z^2, mean square 1.

    Examples
    --------
    >>> clock_shape(5).round(2).tolist()
    [1.34, 0.74, 0.54, 0.74, 1.34]
    """
    curve = 1 + shape * np.linspace(-1, 1, bars) ** 2
    return np.asarray(curve / np.sqrt((curve**2).mean()))


def levels(rng: np.random.Generator, rows: int, days: int) -> Floats:
    """Return (rows, days): levels of the day, exp of an AR(1), median 1."""
    log = np.empty((rows, days))
    state = rng.standard_normal(rows) * SPREAD / np.sqrt(1 - PERSISTENCE**2)
    for day in range(days):
        state = PERSISTENCE * state + SPREAD * rng.standard_normal(rows)
        log[:, day] = state
    return np.exp(log)


def noise(rng: np.random.Generator, shape: tuple[int, ...], tails: float = TAILS) -> Floats:
    """Return Student's t of unit variance."""
    return np.asarray(rng.standard_t(tails, shape) / np.sqrt(tails / (tails - 2)))


@checked()
def simulate_bars(
    symbols: int = 3,
    days: int = 250,
    *,
    calendar: str = "XNYS",
    start: str = "2024-01-02",
    minutes: int = 5,
    jump: float = 0.02,
    event_every: int = 20,
    jumps_a_day: float = 0.02,
    seed: int = 0,
) -> SimulatedBars:
    """Simulate bars of a market and of securities on it, with known events.

    Parameters
    ----------
    symbols : int
        Securities, called A, B, C, …; beside them the market, ``MKT``.
    days : int
        Sessions of the calendar from `start` on, half days and lunch breaks as they are.
    calendar : str
        The exchange.
    start : str
        First day.
    minutes : int
        Length of a bar.
    jump : float
        Log return of an event, in the bar of its moment; every other event has the other sign.
    event_every : int
        Sessions between two events; each has a moment drawn at random within the session.
    jumps_a_day : float
        Jumps without news, a security and day, of ten times the usual bar.
    seed : int
        Of all chance.

    Returns
    -------
    SimulatedBars

    Raises
    ------
    StudyError
        Numbers that leave nothing to simulate.

    Notes
    -----
    The volatility of a bar is ``level of the day x (1 + 1.5 z^2)``, z from -1 at the open to 1 at the close; the log level is an
    AR(1); a bar is Student's t(5). Beta is 1. There is no overnight return.

    Examples
    --------
    >>> made = simulate_bars(symbols=1, days=5, event_every=2)
    >>> made.frame.shape, list(made.frame.columns)
    ((390, 2), ['MKT', 'A'])
    """
    if not (1 <= minutes <= HOUR_MINUTES and symbols >= 1 and days >= 1 and event_every >= 1):
        msg = (
            "simulate_bars needs at least one symbol, one day, one session between events, and bars of 1 to 60 minutes"
        )
        raise StudyError(msg)
    rng = np.random.default_rng(check_seed(seed))
    first = pd.Timestamp(start)
    table = hours(calendar, first, first + pd.Timedelta(days=int(days * 1.6) + 30))
    table = table.loc[table.index >= first].iloc[:days]
    names = [MARKET, *(_letter(at) for at in range(symbols))]
    market, own = levels(rng, 1, days)[0], levels(rng, symbols, days)
    stamps: list[pd.DatetimeIndex] = []
    rows: list[Floats] = []
    for day, session in enumerate(table.itertuples()):
        bars = _bars(session, minutes)
        scale = SIGMA * clock_shape(len(bars))
        common = market[day] * scale * noise(rng, (len(bars),))
        single = own[:, day] * scale[:, None] * noise(rng, (len(bars), symbols))
        stamps.append(bars)
        rows.append(np.column_stack([common, common[:, None] + single]))
    values = np.concatenate(rows)
    index = pd.DatetimeIndex(stamps[0].append(stamps[1:])).tz_convert(str(table.attrs["zone"]))
    day_of_bar = np.repeat(np.arange(days), [len(one) for one in stamps])
    jumps = _add_jumps(rng, values, index, names, jumps_a_day / max(len(stamps[0]), 1))
    events = []
    for number, day in enumerate(range(event_every, days, event_every)):
        bar = int(rng.choice(np.flatnonzero(day_of_bar == day)))
        at = number % symbols
        size = jump if number % 2 == 0 else -jump
        values[bar, 1 + at] += size
        moment = index[bar] + pd.Timedelta(seconds=int(rng.integers(0, minutes * 60)))
        events.append((f"event {number + 1}", names[1 + at], moment, "exact_sec", size))
    frame = pd.DataFrame(values, index=index, columns=names)
    columns = ["event_id", "symbol", "announced_at", "precision", "jump"]
    return SimulatedBars(frame, pd.DataFrame(events, columns=columns), jumps)


def _letter(number: int) -> str:
    return chr(ord("A") + number % 26) + (str(number // 26) if number >= 26 else "")


def _bars(session: Any, minutes: int) -> pd.DatetimeIndex:
    """Return the starts of the bars of one session."""
    step = f"{minutes}min"
    all_ = pd.date_range(session.open, session.close, freq=step, inclusive="left")
    if pd.isna(session.break_start):
        return all_
    return pd.DatetimeIndex(all_[(all_ < session.break_start) | (all_ >= session.break_end)])


def _add_jumps(
    rng: np.random.Generator, values: Floats, index: pd.DatetimeIndex, names: list[str], share: float
) -> pd.DataFrame:
    """Add jumps without news to the securities, and return them."""
    at = np.argwhere(rng.random((len(values), values.shape[1] - 1)) < share)
    size = 10 * SIGMA * rng.choice([-1.0, 1.0], len(at))
    values[at[:, 0], 1 + at[:, 1]] += size
    return pd.DataFrame({"bar": index[at[:, 0]], "symbol": [names[1 + column] for column in at[:, 1]], "jump": size})
