"""The schemes of the hold-out that decide it, again by loops: matched dates, what is left out, the hazard, and power.

Positions of events come from the verdict's own tables, prices and episodes from the files; nothing else is shared.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventstudy.events import load_episodes, load_macro_calendar

MC = 4  # standard errors of two simulated shares
DRAWS = 4000
LEVEL = 0.05


@pytest.fixture(scope="module")
def record(flagship, rules):
    """Scores of every session, its state before it, and the quiet sessions, from closes alone."""
    catalog, prices, _ = flagship
    frame = prices.frame
    close, fear, index = frame["^GSPC"], frame["^VIX"], frame.index
    r = close.pct_change(fill_method=None)
    hit = pd.Series(0, index=index)
    for session in catalog.sessions("XNYS")["session"]:
        if session in index:
            hit.iloc[index.get_loc(session) : index.get_loc(session) + 2] = 1
    kept = r.where(hit == 0)
    history = kept.rolling(250, min_periods=100)
    mean, variance, m = (x.shift(11) for x in (history.mean(), history.var(), history.count()))
    z = (r - mean) / np.sqrt((fear.shift(1) / 100) ** 2 / 252 + variance / m)
    prior = (close.shift(1) / close.shift(6) - 1) / (fear.shift(6) / 100 * np.sqrt(5 / 252))
    pool = (hit == 0) & z.notna()

    def tercile(values):
        low, high = values[pool].quantile([1 / 3, 2 / 3])
        return (values >= low).astype(int) + (values >= high).astype(int)

    release = pd.Series(index.isin(load_macro_calendar()["date"]), index=index).astype(int)
    release[index.year < 2018] = -1
    state = pd.DataFrame(
        {
            "prior": tercile(prior),
            "fear": tercile(fear.shift(1)),
            "macro": release,
            "day": index.day_of_week,
        },
        index=index,
    )
    first, last = (pd.Timestamp(d) for d in rules.periods["after"])
    inside = np.flatnonzero((index >= first) & (index <= last))
    stretch = np.arange(inside[0] - rules.placebo.pool_before, inside[-1] + 1)
    own = stretch[pool.to_numpy()[stretch]]
    low, high = np.quantile(z.to_numpy()[own], rules.reaction.winsor)
    return z.to_numpy(), state, np.flatnonzero(pool), own, (low, high)


def positions(flagship, link):
    used = flagship[2].tables()["events_used"]
    used = used[(used["link"] == link) & (used["period"] == "after")]
    index = flagship[1].frame.index
    return np.array([index.get_loc(day) for day in used["session"]])


def spread(p, draws):
    return np.sqrt(max(p * (1 - p), 1e-3) * (1 / DRAWS + 1 / draws))


@pytest.mark.parametrize(("link", "sign"), [("H1", -1), ("H3", 1)])
def test_matched_dates(flagship, record, rules, link, sign):
    z, state, pool, _, (low, high) = record
    at = positions(flagship, link)
    rng = np.random.default_rng(17)
    columns = []
    for t in at:
        like = state.iloc[pool]
        for names in (["prior", "fear", "macro", "day"], ["prior", "fear", "macro"], ["prior", "fear"], ["prior"]):
            keep = (like[names] == state.iloc[t][names]).all(axis=1).to_numpy()
            if keep.sum() >= rules.placebo.matched_minimum:
                break
        columns.append(rng.choice(np.append(pool[keep], t), DRAWS))
    null = (sign * np.clip(z[np.stack(columns)], low, high)).mean(axis=0)
    estimate = (sign * np.clip(z[at], low, high)).mean()
    p = (1 + (null >= estimate - 1e-12).sum()) / (DRAWS + 1)
    found = flagship[2].samples["after"].links[link]
    assert abs(found.details["p_matched"] - p) < MC * spread(p, flagship[2].provenance["draws"])


@pytest.mark.parametrize(("link", "sign"), [("H1", -1), ("H3", 1)])
def test_what_is_left_out(flagship, record, rules, link, sign):
    """The worst of all sessions, and of all runs of sessions no more than five apart, left out in turn."""
    z, _, _, own, (low, high) = record
    at = np.sort(positions(flagship, link))
    score = sign * np.clip(z, low, high)
    runs = np.split(np.arange(at.size), np.flatnonzero(np.diff(at) > rules.placebo.cluster_gap) + 1)
    rng = np.random.default_rng(23)
    both = np.union1d(own, at)
    worst = 0.0
    for group in [*np.arange(at.size)[:, None], *(run for run in runs if run.size > 1)]:
        stay = np.delete(at, group)
        if stay.size < 2:
            continue
        null = np.array([score[rng.choice(both, stay.size, replace=False)].mean() for _ in range(1000)])
        worst = max(worst, (1 + (null >= score[stay].mean() - 1e-12).sum()) / 1001)
    found = flagship[2].samples["after"].links[link].details["p_left_out"]
    # the largest of a dozen simulated p-values lies a little high in both
    assert abs(found - worst) < MC * np.sqrt(0.25 * (1 / 1000 + 1 / flagship[2].provenance["draws"]))


def episode_days(flagship, rules):
    """Each session of each open threat of the hold-out: loss before it, age bin, whether relief came in it."""
    catalog, prices, _ = flagship
    close, index = prices.frame["^GSPC"].to_numpy(), prices.frame.index
    sessions = catalog.sessions("XNYS")
    first, last = (pd.Timestamp(d) for d in rules.periods["after"])
    ends = pd.DatetimeIndex(index).tz_localize("America/New_York") + pd.Timedelta("16h")
    loss, age, relief = [], [], []
    for row in load_episodes("us-china-v1").itertuples():
        start = sessions.loc[row.start_event, "session"]
        if row.actor not in {"US", "both"} or sessions.loc[row.start_event, "scope"] not in rules.sample.scopes:
            continue
        if start not in index or not first <= start <= last:
            continue
        s = index.get_loc(start)
        over = int((ends <= row.end_et).sum()) - 1
        soft = row.end == "softened" and over + 1 < len(index)
        for t in range(s + 1, min(over + 1 if row.end == "softened" else over, len(index) - 1) + 1):
            loss.append(1 - close[t - 1] / close[s - 1])
            age.append(int(t - s > rules.decision.age_bins[0]) + int(t - s > rules.decision.age_bins[1]))
            relief.append(soft and t == over + 1)
    return np.array(loss), np.array(age), np.array(relief)


def test_hazard_of_relief(flagship, rules):
    """The score statistic and its permutation within ages, one deal at a time."""
    loss, age, relief = episode_days(flagship, rules)
    sample = flagship[2].samples["after"]
    assert loss.size == sample.rows.day.size
    assert relief.sum() == sample.hazard.n

    def score(marks):
        return sum(loss[m] - loss[age == age[m]].mean() for m in np.flatnonzero(marks))

    assert sample.hazard.score == pytest.approx(score(relief), abs=1e-12)
    rng = np.random.default_rng(31)
    null = []
    for _ in range(DRAWS):
        dealt = np.zeros(loss.size, bool)
        for a in np.unique(age):
            rows = np.flatnonzero(age == a)
            dealt[rng.choice(rows, relief[rows].sum(), replace=False)] = True
        null.append(score(dealt))
    p = (1 + (np.array(null) >= score(relief) - 1e-12).sum()) / (DRAWS + 1)
    found = sample.links["H2"].details["p_hazard"]
    assert abs(found - p) < MC * spread(p, flagship[2].provenance["draws"])
    # and the headline is the larger of it and the turned decisions
    assert sample.links["H2"].pvalue == max(found, sample.links["H2"].details["p_sessions"])


@pytest.mark.parametrize(("link", "sign"), [("H1", -1), ("H3", 1)])
def test_power_of_a_reaction(flagship, record, rules, link, sign):
    """Effects put on random quiet dates: how often the mean goes beyond the strictest of the verdict's own draws."""
    z, _, _, own, (low, high) = record
    sample = flagship[2].samples["after"]
    reaction, n = sample.reactions[link], sample.links[link].n_clusters
    nulls = list(reaction.nulls.values())
    critical = max(np.sort(null)[::-1][int(LEVEL * (null.size + 1) + 1e-9) - 1] for null in nulls)
    rng = np.random.default_rng(41)
    both = np.union1d(own, positions(flagship, link))
    found = []
    for _ in range(DRAWS):
        moved = np.clip(
            sign * z[rng.choice(both, n, replace=False)] + rules.power.reaction, *sorted((sign * low, sign * high))
        )
        found.append(moved.mean() > critical)
    stated = sample.power[link].power
    # what is stated also asks every session, and every cluster, to be dispensable: it can only be less
    assert stated <= np.mean(found) + MC * spread(np.mean(found), flagship[2].provenance["draws"])
    assert stated > 0.2
