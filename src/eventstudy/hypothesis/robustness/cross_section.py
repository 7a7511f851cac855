"""The cross-section: which securities fell on threats and rose on relief, and whether they moved before the news.

Each is taken raw, and adjusted for the market; placebo sessions are the same for all, which keeps their dependence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from eventstudy._typing import Floats, Ints
from eventstudy.hypothesis.links.matching import Cells, match_cells
from eventstudy.hypothesis.links.placebo_draws import pvalue
from eventstudy.hypothesis.links.reaction import react
from eventstudy.hypothesis.record.market import Market, Scores, scores
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.sections import Pair, Placebos, ReactionRules
from eventstudy.hypothesis.record.strata import Stratum, inside
from eventstudy.inference.beyond.multiple_testing import adjust_pvalues

_FEWEST = 3


def adjusted_market(security: Floats, market: Floats, weekday: Ints) -> tuple[Market, Market]:
    """Turn returns, (B,), into two paths: raw, and market-adjusted (AR = R - R_m), on which scores can be made."""
    blank = np.full(security.shape, np.nan)
    excess = security - market
    return (
        Market(_path(security), blank, blank, weekday, security),
        Market(_path(excess), blank, blank, weekday, excess),
    )


def _path(returns: Floats) -> Floats:
    """Chain a level of returns, for prior returns only; it stands still over what is missing."""
    return np.asarray(100.0 * np.cumprod(np.where(np.isfinite(returns), 1.0 + returns, 1.0)), dtype=float)


def reactions_by_security(
    returns: pd.DataFrame,
    record: Record,
    strata: Sequence[Stratum],
    rule: ReactionRules,
    *,
    window: Pair,
    draws: int,
    seed: np.random.SeedSequence,
) -> pd.DataFrame:
    """Mean reaction of each security, raw and market-adjusted, with placebo p-values and multiplicity control.

    The table: group (the link), symbol, adjusted (bool), n, mean_car, z, pvalue (two-sided for adjusted, one-sided for
    raw), p_holm and p_step (Holm 1979; Romano and Wolf 2005, on common draws) within group and adjustment.
    """
    weekday, market = record.market.weekday, record.market.returns
    groups = {"H1": (record.trigger, -1), "H3": (record.relief, 1)}
    rows = []
    for (name, (position, sign)), stream in zip(groups.items(), seed.spawn(len(groups)), strict=True):
        for adjusted in (False, True):
            records, observed, nulls = [], [], []
            for symbol in returns.columns:
                pair = adjusted_market(returns[symbol].to_numpy(dtype=float), market, weekday)
                scored = scores(pair[int(adjusted)], record.busy, rule, window=window, scale="ewma")
                # one stream for all securities: the same placebo dates, so that their dependence is kept
                rng = np.random.default_rng(stream)
                found = _placebo(scored.z, position, strata, draws, rng)
                if found is None:
                    continue
                estimate, null, at = found
                side = 1.0 if adjusted else float(sign)
                statistic = abs(estimate) if adjusted else side * estimate
                placebo = np.abs(null) if adjusted else side * null
                car, p = float(scored.car[at].mean()), pvalue(statistic, placebo)
                records.append((name, symbol, adjusted, at.size, car, estimate, p))
                observed.append(statistic)
                nulls.append(placebo)
            frame = pd.DataFrame(records, columns=["group", "symbol", "adjusted", "n", "mean_car", "z", "pvalue"])
            if len(frame):
                frame["p_holm"] = adjust_pvalues(frame["pvalue"].to_numpy())
                frame["p_step"] = step_down(np.array(observed), np.stack(nulls))
            rows.append(frame)
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _placebo(
    z: Floats, position: Ints, strata: Sequence[Stratum], draws: int, rng: np.random.Generator
) -> tuple[float, Floats, Ints] | None:
    """Mean score at the events and on random sets of as many quiet sessions; None with too few of either."""
    within = position[inside(position, strata)]
    quiet = np.unique(np.concatenate([s.pool for s in strata])) if strata else position[:0]
    keys = rng.random((draws, quiet.size))
    at = within[np.isfinite(z[within])]
    usable = np.isfinite(z[quiet])
    if at.size < _FEWEST or usable.sum() < 2 * at.size:
        return None
    keys = np.where(usable[None, :], keys, 2.0)
    chosen = quiet[np.argpartition(keys, at.size - 1, axis=1)[:, : at.size]]
    return float(z[at].mean()), np.asarray(z[chosen].mean(axis=1), dtype=float), at


def step_down(statistics: Floats, nulls: Floats) -> Floats:
    """Step-down p-values from common draws, by the smallest p-value (Westfall and Young 1993; Romano and Wolf 2005).

    P-values, not statistics, are compared between securities: their placebo distributions have different tails.

    `statistics` are (S,), and `nulls`, (S, B), the same under the null, one column a draw.
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
    record: Record,
    strata: Sequence[Stratum],
    rule: ReactionRules,
    how: Placebos,
    *,
    windows: Mapping[str, Pair],
    signs: Mapping[str, int],
    seed: np.random.SeedSequence,
) -> pd.DataFrame:
    """Drift before the news, signed by what was to come, against matched placebo windows and a shift by one session.

    `windows` are those of "pvalue" and of "p_shifted", the same one session earlier: a leak of the last day should
    weaken, a slow trend should not. `signs` are the expected directions of the adjusted return on a threat by symbol:
    -1, or +1 for those that gain by scarcity. The market itself is taken raw. The table: symbol, n, drift (mean signed
    CAR before), z, pvalue (one-sided, the largest of the schemes), p_shifted.
    """
    weekday, market = record.market.weekday, record.market.returns
    position = np.concatenate([record.trigger, record.relief])
    way = np.concatenate([np.full(record.trigger.size, 1.0), np.full(record.relief.size, -1.0)])
    # a session is one observation: where both moves precede, the row was dropped by the sample
    rows = []
    for symbol, stream in zip(returns.columns, seed.spawn(len(returns.columns)), strict=True):
        values = returns[symbol].to_numpy(dtype=float)
        known = np.isfinite(values - market)
        is_market = bool(known.any() and not np.any((values - market)[known]))
        path = adjusted_market(values, market, weekday)[0 if is_market else 1]
        found = {}
        for label, window in windows.items():
            scored = scores(path, record.busy, rule, window=window, scale="ewma")
            cells = match_cells(path, scored.z, record.busy, how.prior_sessions)
            found[label] = _signed(scored, position, way * signs.get(symbol, -1), cells, strata, how, stream)
        rows.append((symbol, *found["pvalue"], found["p_shifted"][3]))
    return pd.DataFrame(rows, columns=["symbol", "n", "drift", "z", "pvalue", "p_shifted"])


def _signed(
    scored: Scores,
    position: Ints,
    way: Floats,
    cells: Cells,
    strata: Sequence[Stratum],
    how: Placebos,
    stream: np.random.SeedSequence,
) -> tuple[int, float, float, float]:
    """Both moves in one mean: the threats with the expected sign, the reliefs with the opposite."""
    total, n, drift, nulls = 0.0, 0, 0.0, []
    for sign in (-1, 1):
        rng = np.random.default_rng(stream)
        found = react(scored, position[way == sign], strata, cells, how, sign=sign, rng=rng)
        if found.n:
            nulls.append((found.n, found.nulls))
            total, n, drift = total + found.n * found.estimate, n + found.n, drift + sign * float(found.car.sum())
    if n < _FEWEST:
        return n, np.nan, np.nan, np.nan
    drawn = [sum(size * null[scheme] for size, null in nulls) / n for scheme in ("permutation", "matched")]
    return n, drift / n, total / n, max(pvalue(total / n, np.asarray(null)) for null in drawn)
