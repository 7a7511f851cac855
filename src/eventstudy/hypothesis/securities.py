"""The cross-section: which securities fell on threats and rose on relief, and whether they moved before the news.

Each is taken raw, and adjusted for the market; placebo sessions are the same for all, which keeps their dependence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from eventstudy.hypothesis.market import Market, Scores, scores
from eventstudy.hypothesis.reactions import Stratum, match_cells, react
from eventstudy.hypothesis.resampling import pvalue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eventstudy.hypothesis.definitions import Definitions, Pair

__all__ = ["adjusted_market", "holm", "reactions_by_security", "step_down", "tells"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_FEWEST = 3


def adjusted_market(security: Floats, market: Floats, weekday: Ints, fear: Floats) -> tuple[Market, Market]:
    """Turn returns into two paths: raw, and market-adjusted (AR = R - R_m), on which scores can be made.

    Parameters
    ----------
    security, market : (B,) float
        Simple returns; NaN where missing.
    weekday : (B,) int
    fear : (B,) float
        Only for matching; the scale is the security's own.
    """
    nothing = np.full(security.shape, np.nan)
    excess = security - market
    return (
        Market(_path(security), nothing, fear, weekday, security),
        Market(_path(excess), nothing, fear, weekday, excess),
    )


def _path(returns: Floats) -> Floats:
    """Chain a level of returns, for prior returns only; it stands still over what is missing."""
    return np.asarray(100.0 * np.cumprod(np.where(np.isfinite(returns), 1.0 + returns, 1.0)), dtype=float)


def reactions_by_security(
    returns: pd.DataFrame,
    market: Floats,
    busy: Bools,
    groups: Mapping[str, tuple[Ints, int]],
    strata: Sequence[Stratum],
    rules: Definitions,
    *,
    window: Pair,
    draws: int,
    seed: np.random.SeedSequence,
) -> pd.DataFrame:
    """Mean reaction of each security, raw and market-adjusted, with placebo p-values and multiplicity control.

    Parameters
    ----------
    returns : pandas.DataFrame
        (B, S) simple returns.
    market : (B,) float
    busy : (B,) bool
    groups : mapping of str to (positions, sign)
        Sessions of each link and the direction that the chain predicts for the raw return.
    strata : sequence of Stratum
    rules : Definitions
    window : (int, int)
    draws : int
    seed : numpy.random.SeedSequence

    Returns
    -------
    pandas.DataFrame
        group, symbol, adjusted (bool), n, mean_car, z, pvalue (two-sided for adjusted, one-sided for raw), p_holm and
        p_step (Holm 1979; Romano and Wolf 2005, on common draws) within group and adjustment.
    """
    weekday = np.asarray(pd.DatetimeIndex(returns.index).day_of_week, dtype=np.int64)
    blank = np.full(len(returns), np.nan)
    rows = []
    for (name, (position, sign)), stream in zip(groups.items(), seed.spawn(len(groups)), strict=True):
        for adjusted in (False, True):
            records, observed, nulls = [], [], []
            for symbol in returns.columns:
                pair = adjusted_market(returns[symbol].to_numpy(dtype=float), market, weekday, blank)
                scored = scores(pair[int(adjusted)], busy, rules, window=window, scale="ewma")
                # one stream for all securities: the same placebo dates, so that their dependence is kept
                rng = np.random.default_rng(stream)
                found = _placebo(scored.z, position, strata, draws, rng)
                if found is None:
                    continue
                estimate, null, at = found
                side = 1.0 if adjusted else float(sign)
                statistic = abs(estimate) if adjusted else side * estimate
                placebo = np.abs(null) if adjusted else side * null
                records.append(
                    (
                        name,
                        symbol,
                        adjusted,
                        at.size,
                        float(scored.car[at].mean()),
                        estimate,
                        pvalue(statistic, placebo),
                    )
                )
                observed.append(statistic)
                nulls.append(placebo)
            frame = pd.DataFrame(records, columns=["group", "symbol", "adjusted", "n", "mean_car", "z", "pvalue"])
            if len(frame):
                frame["p_holm"] = holm(frame["pvalue"].to_numpy())
                frame["p_step"] = step_down(np.array(observed), np.stack(nulls))
            rows.append(frame)
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _placebo(
    z: Floats, position: Ints, strata: Sequence[Stratum], draws: int, rng: np.random.Generator
) -> tuple[float, Floats, Ints] | None:
    """Mean score at the events and on random sets of as many quiet sessions; None with too few of either."""
    lows, highs = [s.first for s in strata], [s.last for s in strata]
    inside = (
        position[np.any([(position >= a) & (position <= b) for a, b in zip(lows, highs, strict=True)], axis=0)]
        if strata
        else position[:0]
    )
    quiet = np.unique(np.concatenate([s.pool for s in strata])) if strata else position[:0]
    keys = rng.random((draws, quiet.size))
    at = inside[np.isfinite(z[inside])]
    usable = np.isfinite(z[quiet])
    if at.size < _FEWEST or usable.sum() < 2 * at.size:
        return None
    keys = np.where(usable[None, :], keys, 2.0)
    chosen = quiet[np.argpartition(keys, at.size - 1, axis=1)[:, : at.size]]
    return float(z[at].mean()), np.asarray(z[chosen].mean(axis=1), dtype=float), at


def holm(pvalues: Floats) -> Floats:
    """Holm's (1979) step-down adjustment.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(pvalues, kind="stable")
    factor = np.arange(len(pvalues), 0, -1)
    result = np.empty(len(pvalues))
    result[order] = np.minimum(1.0, np.maximum.accumulate(pvalues[order] * factor))
    return result


def step_down(statistics: Floats, nulls: Floats) -> Floats:
    """Step-down p-values from common draws, by the smallest p-value (Westfall and Young 1993; Romano and Wolf 2005).

    P-values, not statistics, are compared between securities: their placebo distributions have different tails.

    Parameters
    ----------
    statistics : (S,) float
    nulls : (S, B) float
        The same statistics under the null, one column a draw.

    Returns
    -------
    (S,) float
    """
    draws = nulls.shape[1]
    own = np.array([pvalue(x, null) for x, null in zip(statistics, nulls, strict=True)])
    ranks = (draws + 1 - stats.rankdata(nulls, method="min", axis=1)) / draws
    order = np.argsort(own, kind="stable")
    result, previous = np.empty(len(own)), 0.0
    for place, s in enumerate(order):
        smallest = ranks[order[place:]].min(axis=0)
        previous = max(previous, float((1 + np.count_nonzero(smallest <= own[s] + 1e-12)) / (draws + 1)))
        result[s] = previous
    return result


def tells(
    returns: pd.DataFrame,
    market: Floats,
    busy: Bools,
    trigger: Ints,
    relief: Ints,
    strata: Sequence[Stratum],
    rules: Definitions,
    *,
    signs: Mapping[str, int],
    draws: int,
    seed: np.random.SeedSequence,
) -> pd.DataFrame:
    """Drift before the news, signed by what was to come, against matched placebo windows and a shift by one session.

    Parameters
    ----------
    signs : mapping of str to int
        Expected direction of the adjusted return on a threat: -1, or +1 for those that gain by scarcity. The market
        itself is taken raw.

    Returns
    -------
    pandas.DataFrame
        symbol, n, drift (mean signed CAR before), z, pvalue (one-sided, the largest of the schemes), p_shifted (the
        same window one session earlier: a leak of the last day should weaken, a slow trend should not).
    """
    weekday = np.asarray(pd.DatetimeIndex(returns.index).day_of_week, dtype=np.int64)
    blank = np.full(len(returns), np.nan)
    first, last = rules.tells.window
    by = rules.tells.shift
    position = np.concatenate([trigger, relief])
    way = np.concatenate([np.full(trigger.size, 1.0), np.full(relief.size, -1.0)])
    # a session is one observation: where both moves precede, the row was dropped by the sample
    rows = []
    for symbol, stream in zip(returns.columns, seed.spawn(len(returns.columns)), strict=True):
        values = returns[symbol].to_numpy(dtype=float)
        own = bool(np.nanmax(np.abs(values - market)) == 0) if np.isfinite(values - market).any() else False
        pair = adjusted_market(values, market, weekday, blank)
        path = pair[0] if own else pair[1]
        result = {}
        for label, window in (("pvalue", (first, last)), ("p_shifted", (first - by, last - by))):
            scored = scores(path, busy, rules, window=window, scale="ewma")
            result[label] = _signed(
                scored, position, way * signs.get(symbol, -1), path, busy, strata, rules, draws=draws, stream=stream
            )
        real, shifted = result["pvalue"], result["p_shifted"]
        rows.append((symbol, real[0], real[1], real[2], real[3], shifted[3]))
    return pd.DataFrame(rows, columns=["symbol", "n", "drift", "z", "pvalue", "p_shifted"])


def _signed(
    scored: Scores,
    position: Ints,
    way: Floats,
    path: Market,
    busy: Bools,
    strata: Sequence[Stratum],
    rules: Definitions,
    *,
    draws: int,
    stream: np.random.SeedSequence,
) -> tuple[int, float, float, float]:
    """Both moves in one mean: the threats with the expected sign, the reliefs with the opposite."""
    cells = match_cells(path, scored.z, busy, rules)
    total, p, n, drift = 0.0, [], 0, 0.0
    nulls = []
    for sign in (-1.0, 1.0):
        mine = position[way == sign]
        found = react(
            scored.z,
            scored.car,
            mine,
            strata,
            cells,
            rules,
            sign=int(sign),
            draws=draws,
            rng=np.random.default_rng(stream),
        )
        if found.n:
            nulls.append((found.n, found.null_permutation, found.null_matched))
            total, n, drift = total + found.n * found.estimate, n + found.n, drift + sign * float(found.car.sum())
    if n < _FEWEST:
        return n, np.nan, np.nan, np.nan
    for scheme in (1, 2):
        null = sum(parts[0] * parts[scheme] for parts in nulls) / n
        p.append(pvalue(total / n, np.asarray(null)))
    return n, drift / n, total / n, max(p)
