"""Companions of H2 that ask the same question another way, or a question whose answer should be no.

Asymmetry, a fixed landmark, the competing end, selloffs that have nothing to do with the threat, and reliefs by those
who are not said to watch the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.hypothesis.links.decision import score_test
from eventstudy.hypothesis.links.placebo_draws import differences, pvalue
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.risk_sets import Rows
from eventstudy.hypothesis.record.threats import Spells
from eventstudy.hypothesis.rivals.horse_race import unexplained
from eventstudy.inference.beyond.rigobon_sack import rigobon_sack

_RECORDS = 1000  # simulated records behind `silent`

_FEWEST_DAYS = 3  # of either kind

_WIDE = 50.0  # log odds between which the level is sought


@dataclass(frozen=True, slots=True)
class Check:
    """One companion test.

    Attributes
    ----------
    name, question : str
    estimate : float
    unit : str
    pvalue : float
    alternative : str
    n, events : int
    expected : str
        What the chain predicts.
    note : str
    silent : float
        Chance of an estimate of the wrong sign although the declared effect is there; NaN where not computed.
    """

    name: str
    question: str
    estimate: float
    unit: str
    pvalue: float
    alternative: str
    n: int
    events: int
    expected: str
    note: str = ""
    silent: float = float("nan")


def after_selloffs(
    at_risk: Bools,
    decided: Bools,
    loss: Floats,
    selloffs: Ints,
    window: int,
    *,
    odds_ratio: float,
    rng: np.random.Generator,
) -> Check:
    """Compare how often relief fell within `window` sessions after an unrelated selloff with the other sessions at risk.

    `at_risk`, (B,), are the sessions with an open threat inside the sample, `decided` those with a formal decision of
    the decider. Fisher's exact test, one-sided. With a handful of selloffs it can hardly reject, so the sign is what is
    asked for, and ``silent`` says how often the sign would be wrong although the declared effect (`odds_ratio`, per
    standard deviation of the loss over the sessions at risk) is there: reliefs are dealt out over these very sessions,
    as many on average as there were.
    """
    near = np.zeros(at_risk.shape, dtype=bool)
    for t in selloffs:
        near[t + 1 : t + 1 + window] = True
    inside, outside = at_risk & near, at_risk & ~near
    table = [[int((decided & s).sum()), int((~decided & s).sum())] for s in (inside, outside)]
    n, events = int(inside.sum()), table[0][0]
    question = f"after selloffs by other news, is relief more frequent within {window} sessions?"
    if n == 0 or not outside.any():
        nan = float("nan")
        return Check(
            "other selloffs", question, nan, "share a session", nan, "greater", n, events, "> 0", "none at risk"
        )
    rate, base = float(decided[inside].mean()), float(decided[outside].mean())
    p = float(stats.fisher_exact(np.array(table), alternative="greater").pvalue)
    note = f"{events} of {n} sessions against {table[1][0]} of {sum(table[1])}"
    silent = _silent(loss[at_risk], near[at_risk], float(decided[at_risk].sum()), float(np.log(odds_ratio)), rng)
    return Check(
        "other selloffs", question, rate - base, "share a session", p, "greater", n, events, "> 0", note, silent
    )


def selloff_sessions(
    index: pd.DatetimeIndex, z: Floats, busy: Bools, dates: Sequence[tuple[str, str]], fall: float
) -> Ints:
    """Find the sessions of the declared selloffs in a record, ascending; entries that it does not hold are left out.

    An entry names a day, or a month: then its first session on which no event of the catalogue fell and the index lost
    at least `fall` standard deviations. The rule knows of that session no more than its close.
    """
    found = []
    for entry, _ in dates:
        if len(entry) == len("2026-02-01"):
            hit = np.flatnonzero(index == pd.Timestamp(entry))
        else:
            month = (index.year == int(entry[:4])) & (index.month == int(entry[5:]))
            hit = np.flatnonzero(month & ~busy & (z <= -fall))
        found.append(hit[:1])
    return np.unique(np.concatenate([*found, np.zeros(0, dtype=np.int64)])).astype(np.int64)


def macro_news(market: Market, at_risk: Bools, decided: Bools, window: int) -> Check:
    """Test the effect of a fall on relief by the falls that macro releases bring (Rigobon and Sack 2004).

    Within open threats, returns vary more on days of a release, for reasons that have nothing to do with the threat.
    The effect of a loss on relief within the next `window` sessions is (cov_M - cov_O)/(var_M - var_O) over days M with
    and O without a release.

    The p-value turns the reliefs along the sessions at risk and takes every turn, by the rise of the covariance. The
    note says how strong the rise of the variance is; below an F of 10 the size of the effect means little (Staiger and
    Stock 1997).
    """
    question = f"do falls on days of macro releases bring relief within {window} sessions?"
    name, unit = "macro news", "points of chance per 1% of loss"
    day = np.flatnonzero(at_risk & np.isfinite(market.returns))
    release = np.zeros(day.size, dtype=bool) if market.macro is None else market.macro[day] == 1
    known = np.ones(day.size, dtype=bool) if market.macro is None else market.macro[day] >= 0
    day, release = day[known], release[known]
    soon = np.asarray([decided[t + 1 : t + 1 + window].any() for t in day], dtype=float)
    n, events = int(release.sum()), int(decided[day].sum())
    if min(n, day.size - n) < _FEWEST_DAYS or soon.sum() in {0, day.size}:
        nan = float("nan")
        note = f"{n} days of releases among {day.size} with an open threat, {soon.sum():.0f} with relief soon after"
        return Check(name, question, nan, unit, nan, "greater", n, events, "> 0", note)
    loss = -market.returns[day]
    found = rigobon_sack(loss, soon, release)
    turned = np.asarray([_rise(loss, np.roll(soon, k), release) for k in range(day.size)])
    note = f"F of the rise of the variance {found.first_stage:.1f}{', weak' if found.weak else ''}"
    p = pvalue(turned[0], turned[1:])
    return Check(name, question, found.effect, unit, p, "greater", n, events, "> 0", note)


def _rise(x: Floats, y: Floats, release: Bools) -> float:
    """Covariance on days with a release less that on the others."""
    on, off = (np.cov(x[side], y[side])[0, 1] for side in (release, ~release))
    return float(on - off)


def _silent(x: Floats, near: Bools, reliefs: float, slope: float, rng: np.random.Generator) -> float:
    """Share of records with the declared slope in which relief is no more frequent near the selloffs than elsewhere."""
    known = np.isfinite(x)
    x, near = x[known], near[known]
    if not near.any() or near.all() or x.std() == 0 or not 0 < reliefs < x.size:
        return float("nan")
    tilt = slope * (x - x.mean()) / x.std()
    level = optimize.brentq(lambda a: special.expit(a + tilt).sum() - reliefs, -_WIDE, _WIDE)
    drawn = rng.random((_RECORDS, x.size)) < special.expit(level + tilt)
    return float(np.mean(drawn[:, near].mean(axis=1) <= drawn[:, ~near].mean(axis=1)))


def asymmetry(x: Floats, rows: Rows, bins: Ints, *, draws: int, rng: np.random.Generator) -> tuple[Check, Check]:
    """Test losses and gains apart: a put asks for a slope on losses and none on gains (Cieslak, Vissing-Jorgensen 2021).

    Each part beside the other: where there is a gain there is no loss, so either alone would carry the other's slope.
    """
    found = []
    loss, gain = np.maximum(x, 0), np.maximum(-x, 0)
    sides = (("losses", _beside(loss, gain), "> 0"), ("gains", _beside(gain, loss), "= 0"))
    for (name, part, expected), stream in zip(sides, rng.spawn(len(sides)), strict=True):
        test = score_test(part, rows.relieved, bins, draws=draws, rng=stream)
        p = test.pvalue
        side = "greater"
        if name == "gains":
            p = pvalue(abs(test.statistic), np.abs(test.null)) if test.null.size else float("nan")
            side = "two-sided"
        found.append(
            Check(
                f"asymmetry: {name}",
                f"does relief depend on {name} since the threat?",
                test.slope * spread_of(part),
                "log odds per SD",
                p,
                side,
                int(np.isfinite(part).sum()),
                test.n,
                expected,
            )
        )
    return found[0], found[1]


def spread_of(x: Floats) -> float:
    """Return the standard deviation of the values that are known; NaN without any row."""
    return float(np.nanstd(x)) if x.size else float("nan")


def _beside(part: Floats, other: Floats) -> Floats:
    """Take out of a covariate what another says of it, over the rows where both are known."""
    known = np.isfinite(part) & np.isfinite(other)
    if known.sum() < 3:
        return part
    result = np.full(part.shape, np.nan)
    result[known] = unexplained(part[known], other[known])
    return result


def implementation(x: Floats, rows: Rows, bins: Ints, *, draws: int, rng: np.random.Generator) -> Check:
    """Test the competing end: whether a threat is less often carried out after losses."""
    test = score_test(-x, rows.implemented, bins, draws=draws, rng=rng)
    return Check(
        "competing end",
        "is a threat carried out less often after losses?",
        -test.slope * spread_of(x),
        "log odds per SD",
        test.pvalue,
        "less",
        int(np.isfinite(x).sum()),
        test.n,
        "< 0",
    )


def landmark(
    spells: Spells, z: Floats, softened_days: Floats, days: int, *, draws: int, rng: np.random.Generator
) -> Check:
    """Compare the first session's reaction of threats relieved within `days` with that of the others.

    The predictor is fixed at the first session for every threat, so that none has to survive to be counted. Threats
    relieved before a close could follow are not in the sample. `softened_days`, (E,), are calendar days from threat to
    relief, infinite without.
    """
    x = -z[spells.start]
    known = np.isfinite(x)
    x, early = x[known], (softened_days <= days)[known]
    n, marks = int(known.sum()), int(early.sum())
    question = f"do threats that the index fell on get relief within {days} days more often?"
    if marks in {0, n}:
        nan = float("nan")
        return Check(
            "landmark", question, nan, "SD of first reaction", nan, "greater", n, marks, "> 0", "one outcome only"
        )
    null = differences(x, marks, draws, rng)
    estimate = float(x[early].mean() - x[~early].mean())
    return Check(
        "landmark", question, estimate, "SD of first reaction", pvalue(estimate, null), "greater", n, marks, "> 0"
    )
