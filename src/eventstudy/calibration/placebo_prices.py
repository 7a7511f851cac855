"""Sizes on a user's own prices: random securities on random dates, where nothing in particular happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal import MarketModel, WindowSample, estimate
from eventstudy.abnormal.placebo_refit import Again, admissible
from eventstudy.calibration.believed import count_study, rows_of
from eventstudy.calibration.lab import Plan, Row, Tally
from eventstudy.calibration.scenarios import Geometry
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.words import brief, nearest

PLACES = {"one": "prices, one date", "own": "prices, dates apart", "consecutive": "prices, consecutive"}
"""Where placebo events stand, and what that is called in a table. ``consecutive``: three on each of consecutive sessions."""

A_SESSION = 3
BATCH = 20
"""Studies that are drawn from one stream of chance."""


@dataclass(frozen=True, slots=True)
class _Panel:
    """Log returns of securities (S, B), of their market (1, B), and where a placebo event can stand (S, B)."""

    returns: Floats
    market: Floats
    free: Bools


@checked()
def calibrate_prices(
    prices: pd.DataFrame,
    plan: Plan,
    *,
    market: str | None = None,
    places: tuple[str, ...] = ("one", "own"),
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Row, ...]:
    """Count how often tests reject on random dates of prices of one's own, and whether they are rightly believed there.

    Parameters
    ----------
    prices : DataFrame
        Bars x symbols, levels.
    plan : Plan
        Its tests, windows, numbers of events, replications, draws and seed. Scenarios and an effect have no meaning here.
    market : str, optional
        The symbol of the market; by default the mean return of all the others.
    places : tuple of {"one", "own", "consecutive"}
        Where events stand: all on one random date, each on a random date, three on each of consecutive sessions.
    progress : callable, optional
        ``progress(done, total)`` after every batch of studies.

    Returns
    -------
    tuple of Row
        Scenario ``prices, one date`` and so on: each test on all studies. With ``, believed``: on the studies where
        `recommend` believes it, and ``reported``: the test that `eventstudy.inference.reported` names, where it names one.

    Raises
    ------
    StudyError
        A market or place that is not there, or too few securities with a whole history on any date.

    Notes
    -----
    Market model, 250 estimation bars that end 11 bars before day 0. A placebo date may be one on which something did happen to a
    security: a size of 5 % is that of a random date, not of a day without news (Brown and Warner 1985).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> prices = pd.DataFrame(np.exp(0.01 * rng.normal(size=(600, 12)).cumsum(axis=0)), columns=list("abcdefghijkl"))
    >>> plan = Plan(tests=("bmp",), windows=((0, 0),), events=(5,), replications=40)
    >>> [(row.scenario, row.test, row.cell.replications) for row in calibrate_prices(prices, plan, places=("own",))]
    [('prices, dates apart', 'bmp', 40), ('prices, dates apart, believed', 'bmp', 40), ('prices, dates apart, believed', 'reported', 40)]
    """
    panel = _panel(prices, market)
    for place in places:
        if place not in PLACES:
            msg = f"there is no place {brief(repr(place))}{nearest(place, PLACES)} The places: {', '.join(PLACES)}"
            raise StudyError(msg)
    if plan.scenarios or plan.effect:
        msg = "prices have no scenario and no effect: leave scenario and effect out"
        raise StudyError(msg)
    tally: Tally = Counter()
    total, done = len(places) * len(plan.events) * plan.replications, 0
    for at, place in enumerate(places):
        for n in plan.events:
            for low in range(0, plan.replications, BATCH):
                studies = min(BATCH, plan.replications - low)
                seed = np.random.SeedSequence([plan.seed, at, n, low])
                _batch(panel, plan, (PLACES[place], place), (studies, n), seed, tally)
                done += studies
                if progress:
                    progress(done, total)
    return tuple(rows_of(plan, tuple(PLACES[place] for place in places), tally))


def _panel(prices: pd.DataFrame, market: str | None) -> _Panel:
    if market is not None and market not in prices.columns:
        msg = f"market {brief(repr(market))} is no column of the prices{nearest(market, map(str, prices.columns))}"
        raise StudyError(msg)
    level = prices.to_numpy(dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        change = np.diff(np.log(np.where(level > 0, level, np.nan)), axis=0).T
    own = np.array([name != market for name in prices.columns])
    returns = np.ascontiguousarray(change[own])
    series = change[~own] if market is not None else np.nanmean(returns, axis=0)[None]
    geometry = Geometry()
    there = np.isfinite(returns) & np.isfinite(series)
    whole = np.zeros(there.shape, dtype=bool)
    width = geometry.before + geometry.reach + 1
    if there.shape[1] >= width:
        total = np.pad(np.cumsum(there, axis=1), ((0, 0), (1, 0)))
        full = total[:, width:] - total[:, :-width] == width
        whole[:, geometry.before : geometry.before + full.shape[1]] = full
    return _Panel(returns, series, whole)


def _drawn(panel: _Panel, place: str, n: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw the securities and dates of one study, each (n,)."""
    if place == "own":
        rows, bars = np.nonzero(panel.free)
        if not rows.size:
            _refuse(1)
        some = rng.choice(rows.size, size=n)
        return rows[some], bars[some]
    sessions = 1 if place == "one" else -(-n // A_SESSION)
    run = panel.free
    if sessions > 1:
        run = np.asarray(np.lib.stride_tricks.sliding_window_view(panel.free, sessions, axis=1).all(axis=-1))
    dates = np.flatnonzero(run.sum(axis=0) >= n)
    if not dates.size:
        _refuse(n)
    first = int(rng.choice(dates))
    who = rng.choice(np.flatnonzero(run[:, first]), size=n, replace=False)
    return who, first + (np.zeros(n, dtype=np.int64) if sessions == 1 else np.arange(n) // A_SESSION)


def _refuse(n: int) -> None:
    geometry = Geometry()
    bars = geometry.before + geometry.reach + 2
    msg = f"no date of these prices has {n} securities with {bars} prices in a row around it; give longer prices, or ask for fewer events"
    raise StudyError(msg)


def _batch(
    panel: _Panel,
    plan: Plan,
    place: tuple[str, str],
    size: tuple[int, int],
    seed: np.random.SeedSequence,
    tally: Tally,
) -> None:
    """Draw, estimate and count some studies."""
    studies, n = size
    rng = np.random.default_rng(seed)
    geometry = Geometry()
    last = -geometry.gap - 1
    for chance in seed.spawn(studies):
        security, day0 = _drawn(panel, place[1], n, rng)
        who, own = np.unique(security, return_inverse=True)  # placebo dates are looked for on these alone
        fitted = estimate(
            panel.returns[who],
            panel.market,
            security=own,
            day0=day0,
            window=(-geometry.reach, geometry.reach),
            estimation=(last - geometry.estimation + 1, last),
            model=MarketModel("market"),
        )
        real = np.zeros(panel.returns.shape[1], dtype=bool)
        real[day0] = True
        for window in plan.windows:
            refit, free = Again(fitted, *window, "available"), admissible(fitted, *window, real)
            sample: WindowSample = replace(fitted.sample(*window, estimation=True), refit=refit, admissible=free)
            count_study(tally, (place[0], n, window), sample, plan.specs(), draws=plan.draws, seed=chance)
