"""Reactions in units of their clock time: against the same clock on other days, the day before and after, and the normal."""

from __future__ import annotations

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import ClockRecord, WindowSample
from eventstudy.checks import checked
from eventstudy.inference.core.few_clusters import cr2_mean
from eventstudy.inference.core.spec import ALWAYS, MANY, Condition, TestSpec
from eventstudy.inference.core.statistic import Statistic, from_normal, from_t

FEWEST_PLACEBOS = 20
"""Fewer event-free sessions than this say nothing at 5 %."""

_DAY: frozenset[Condition] = ALWAYS | {"within the day", "volatility clustering", "few"}
_MANY_DAYS: frozenset[Condition] = frozenset(
    {"within the day", "volatility clustering", "few", "missing", "staggered dependence"}
)
_RISE: frozenset[Condition] = _MANY_DAYS | {"event variance"}


def clock_of(sample: WindowSample) -> ClockRecord:
    """Return the clock record of a sample, which the registry has asked for."""
    record = sample.clock
    assert record is not None  # noqa: S101  the registry has said so in words; this is for the type checker
    return record


@checked()
def matched_clock(
    sample: WindowSample, *, rng: np.random.Generator, draws: int = 999, level: float = 0.95
) -> Statistic:
    """Compare the mean score with the same clock times on event-free sessions before, each with a past of its own.

    Parameters
    ----------
    sample : WindowSample
        One window with its ``clock``.
    rng : Generator
        For joint draws.
    draws : int
        Joint placebo calendars B where events lie on several sessions: each session draws one of its own event-free sessions,
        which all its security-events share. Of one session all its B placebo sessions are used.
    level : float
        Of the interval: the mean CAR less the placebo quantiles.

    Returns
    -------
    Statistic
        p = (1 + #{|T_b| >= |T|})/(B + 1), T the mean of z = sum AR / (v sqrt(sum phi^2)). ``details`` has the same
        mean one session earlier and later (the 24-hour shift), where those are free of events.

    Notes
    -----
    Events of several sessions share placebo sessions, so that the mean m of all draws is itself uncertain: T - m is compared
    with (T_b - m) sqrt(B/(B - 1) + Var(m)/Var(T_b)), Var(m) clustered by placebo session.

    Exact up to the estimation of level and pattern if scores at one clock time are exchangeable over days. Not where
    placebo days have releases at the same clock, nor where the event raises the variance.

    References
    ----------
    Boudt, Croux and Laurent (2011) for the pattern; Nguyen and Wolf (2023) for placebo dates.
    """
    clock = clock_of(sample)
    used = np.isfinite(sample.car) & np.isfinite(clock.score)
    n = int(used.sum())
    none = np.asarray(np.nan)
    score, placebo, scale = clock.score[used], clock.placebo[used], clock.scale[used]
    sessions, code = np.unique(clock.session[used], return_inverse=True)
    place = code.ravel()
    sums, counts, moneys = _by_session(place, sessions.size, placebo, scale)
    enough = (counts > 0).sum(axis=1)
    least = int(enough.min()) if n else 0
    if least < FEWEST_PLACEBOS:
        reason = f"a session has {least} event-free sessions before it to compare with, {FEWEST_PLACEBOS} are needed"
        return Statistic(none, none, none, none, "", np.asarray(n), reason=reason)
    value = center = float(score.mean())
    if sessions.size == 1:
        there = counts[0] > 0
        drawn, money = sums[0, there] / counts[0, there], moneys[0, there] / counts[0, there]
    else:
        total, size, cash = np.zeros(draws), np.zeros(draws), np.zeros(draws)
        for row in range(sessions.size):
            pick = rng.choice(np.flatnonzero(counts[row] > 0), size=draws)
            total, size, cash = total + sums[row, pick], size + counts[row, pick], cash + moneys[row, pick]
        day = np.empty(counts.shape, dtype=clock.day.dtype)
        day[place] = clock.day[used]
        mean, drawn = _widened(total / size, sums, counts, day)
        middle, money = _widened(cash / size, moneys, counts, day)
        center, money = value - mean, money + middle
    count = np.array([(np.abs(drawn) >= abs(center)).sum(), (drawn <= center).sum(), (drawn >= center).sum()])
    two, less, greater = (np.asarray(share) for share in (1 + count) / (drawn.size + 1))
    estimate = float(sample.car[used].mean())
    low, high = np.quantile(money, [0.5 - level / 2, 0.5 + level / 2], method="weibull")
    beside = {name: _known_mean(getattr(clock, name)[used]) for name in ("before", "after")}
    return Statistic(
        np.asarray(value),
        two,
        less,
        greater,
        f"same clock on other days, {drawn.size} draws",
        np.asarray(n),
        estimate=estimate,
        se=float(money.std(ddof=1)),
        low=estimate - float(high),
        high=estimate - float(low),
        details={
            "draws": drawn.size,
            "resolution": 1 / (drawn.size + 1),
            "session_before": beside["before"],
            "session_after": beside["after"],
        },
    )


def placebo_pvalues(score: Floats, placebo: Floats) -> Floats:
    """Return (N,): p of each score by itself among its own placebo scores (N, B), two-sided; NaN where there are too few.

    Examples
    --------
    >>> placebo_pvalues(np.array([9.0]), np.arange(19.0)[None] - 9)
    array([nan])
    >>> placebo_pvalues(np.array([9.5]), np.arange(39.0)[None] / 4).tolist()
    [0.05]
    """
    known = np.isfinite(placebo)
    count = known.sum(axis=1)
    larger = (np.abs(np.where(known, placebo, 0.0)) >= np.abs(score)[:, None]) & known
    share = (1 + larger.sum(axis=1)) / (count + 1)
    return np.asarray(np.where((count >= FEWEST_PLACEBOS) & np.isfinite(score), share, np.nan))


def _known_mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else np.nan


def _by_session(code: Ints, groups: int, placebo: Floats, scale: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the sums of scores, their counts and the sums in decimals by session and placebo session, (G, B) each."""
    there = np.isfinite(placebo)
    filled = np.where(there, placebo, 0.0)
    out = []
    for value in (filled, there.astype(float), filled * np.where(np.isfinite(scale), scale, 0.0)[:, None]):
        held = np.zeros((groups, placebo.shape[1]))
        np.add.at(held, code, value)
        out.append(held)
    return out[0], out[1], out[2]


def _widened(drawn: Floats, sums: Floats, counts: Floats, day: Ints) -> tuple[float, Floats]:
    """Return the mean m of all draws, and the draws about it, as much wider as m is uncertain; sums and counts (G, B) by `day`."""
    there = counts > 0
    each = there.sum(axis=1, keepdims=True)
    size = float((counts / each).sum())
    mean = float((sums / each).sum()) / size
    part = np.bincount(np.unique(day[there], return_inverse=True)[1], ((sums - mean * counts) / (each * size))[there])
    spread = float(drawn.var())
    wider = float(part @ part) * part.size / max(part.size - 1, 1)
    own = float(np.mean(each / (each - 1)))  # draws from B sessions vary by (B - 1)/B of what sessions do
    return mean, (drawn - mean) * np.sqrt(own + wider / spread if spread > 0 else 1)


def _clock_scaled(sample: WindowSample) -> Statistic:
    """Sum of scores over the root of their number against the normal; security-events of one session count as one."""
    clock = clock_of(sample)
    used = np.isfinite(sample.car) & np.isfinite(clock.score)
    code = np.unique(clock.session[used], return_inverse=True)[1]
    mean = np.bincount(code.ravel(), clock.score[used]) / np.maximum(np.bincount(code.ravel()), 1)
    value = mean.sum() / np.sqrt(mean.size) if mean.size else np.nan
    unit = float(sample.car[used].mean()) if used.any() else np.nan
    return from_normal(value, np.asarray(used.sum()), estimate=unit, se=abs(unit / value) if value else np.nan)


def _day_clusters(sample: WindowSample) -> Statistic:
    """Mean score with CR2 errors clustered by session."""
    clock = clock_of(sample)
    score = np.where(np.isfinite(sample.car), clock.score, np.nan)
    return _clustered(score, clock)


def _shift_24h(sample: WindowSample) -> Statistic:
    """Mean difference of the score and that of the sessions before and after at the same clock, clustered by session."""
    clock = clock_of(sample)
    beside = np.stack([clock.before, clock.after])
    there = np.isfinite(beside)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, beside, 0.0).sum(axis=0) / there.sum(axis=0)
    return _clustered(np.where(np.isfinite(sample.car), clock.score - mean, np.nan), clock)


def _clustered(score: Floats, clock: ClockRecord) -> Statistic:
    known = np.isfinite(score)
    n = int(known.sum())
    if np.unique(clock.session[known]).size < 2:
        none = np.asarray(np.nan)
        return Statistic(none, none, none, none, "", np.asarray(n), reason="needs two sessions or more with a score")
    se, df = cr2_mean(score[known], clock.session[known])
    mean = float(score[known].mean())
    return from_t(mean / se, df, np.asarray(n), estimate=mean, se=float(se), unit="standardized")


SPECS = (
    TestSpec(
        name="matched_clock",
        title="Same clock on other days",
        null="the score of the event's clock time is drawn like those of other days",
        assumptions=(
            "scores at one clock time are exchangeable over days, given level and pattern",
            "no release at the same clock on placebo days",
            "no change of variance at the event",
        ),
        reference="Boudt, Croux and Laurent (2011); Nguyen and Wolf (2023)",
        compute=matched_clock,
        needs=("clock",),
        minimum=1,
        draws=True,
        discrete=True,
        holds_under=_DAY | {"dependence", "staggered dependence", "fat tails", "skewness"},
        exact=True,
    ),
    TestSpec(
        name="clock_scaled",
        title="Scaled by the clock",
        null="mean score = 0",
        assumptions=("normal returns, given level and pattern", "the level of the day is known"),
        reference="Andersen and Bollerslev (1997)",
        compute=_clock_scaled,
        needs=("clock",),
        minimum=1,
        holds_under=ALWAYS | {"within the day", "dependence"},
    ),
    TestSpec(
        name="day_clusters",
        title="Scores clustered by day",
        null="mean score = 0",
        assumptions=("sessions independent", "session means near normal"),
        reference="Liang and Zeger (1986); Bell and McCaffrey (2002)",
        compute=_day_clusters,
        needs=("clock", "two dates"),
        holds_under=_RISE,
        holds_with_many=frozenset({"fat tails", "skewness"}),
        smallest=MANY,  # of ten events with fat tails it rejects 3.9 %
    ),
    TestSpec(
        name="shift_24h",
        title="The same clock a session earlier and later",
        null="mean score = that of the sessions before and after at the same clock",
        assumptions=("sessions independent", "session means near normal"),
        reference="Boudt, Croux and Laurent (2011); Brown and Warner (1985)",
        compute=_shift_24h,
        needs=("clock", "two dates"),
        holds_under=_MANY_DAYS | {"fat tails"},
        holds_with_many=frozenset({"skewness"}),
        smallest=10,
    ),
)
