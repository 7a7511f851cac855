"""Every headline figure again, from the tables of the catalogue and the closes, by loops that share no code with it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy.events import load_episodes

TOLERANCE = 1e-9  # figures that went through a table
MC = 4  # standard errors of two simulated p-values


@pytest.fixture(scope="module")
def record(flagship):
    """Scores of all sessions by a loop, and the sessions near any event."""
    catalog, prices, _ = flagship
    close, fear = prices.frame["^GSPC"], prices.frame["^VIX"].to_numpy()
    r = close.pct_change(fill_method=None).to_numpy()
    index = close.index
    busy = set()
    for session in catalog.sessions("XNYS")["session"]:
        if session in index:
            busy |= {index.get_loc(session), index.get_loc(session) + 1}
    z = np.full(len(r), np.nan)
    for t in range(111, len(r)):
        history = [r[i] for i in range(max(1, t - 260), t - 10) if i not in busy]
        if len(history) >= 100:
            mean, variance = np.mean(history), np.var(history, ddof=1)
            z[t] = (r[t] - mean) / np.sqrt((fear[t - 1] / 100) ** 2 / 252 + variance / len(history))
    return index, close.to_numpy(), z, busy


def period(rules, index, name):
    start, end = (pd.Timestamp(d) for d in rules.periods[name])
    inside = [i for i, day in enumerate(index) if start <= day <= end]
    return inside[0], inside[-1]


def clipped(z, pool):
    low, high = np.quantile(z[pool], [0.01, 0.99])
    return np.clip(z, low, high)


@pytest.mark.parametrize(("link", "sign"), [("H1", -1), ("H3", 1)])
@pytest.mark.parametrize("name", ["earlier", "after"])
def test_reactions(flagship, record, rules, name, link, sign):
    index, _, z, busy = record
    verdict = flagship[2]
    used = verdict.tables()["events_used"].query("link == @link and period == @name")
    at = [index.get_loc(day) for day in used["session"]]
    first, last = period(rules, index, name)
    pool = [t for t in range(first - 250, last + 1) if t not in busy and np.isfinite(z[t])]
    scored = sign * clipped(z, pool)
    estimate = np.mean([scored[t] for t in at])
    found = verdict.samples[name].links[link]
    assert found.estimate == pytest.approx(sign * estimate, abs=TOLERANCE)
    # the circular shift is exact: every turn of the calendar within the period
    length = last - first + 1
    turns = [np.nanmean([scored[first + (t - first + k) % length] for t in at]) for k in range(length)]
    exact = np.mean(np.array(turns) >= estimate - 1e-12)
    assert found.details["p_shift"] == pytest.approx(exact, abs=TOLERANCE)
    # the permutation is simulated anew, with other draws
    rng = np.random.default_rng(99)
    both = np.array(sorted({*pool, *at}))
    null = np.array([scored[rng.choice(both, len(at), replace=False)].mean() for _ in range(3000)])
    p = (1 + (null >= estimate).sum()) / 3001
    draws = verdict.provenance["draws"]
    spread = np.sqrt(max(p * (1 - p), 1e-3) * (1 / 3000 + 1 / draws))
    assert abs(found.details["p_permutation"] - p) < MC * spread


@pytest.mark.slow
@pytest.mark.parametrize("name", ["earlier", "before", "after"])
def test_drawdown_before_decisions(flagship, record, rules, name):
    """H2: sessions at risk, losses and the exact circular shift, from the episodes as they ship."""
    catalog, _, verdict = flagship
    index, close, _, _ = record
    sessions = catalog.sessions("XNYS")
    first, last = period(rules, index, name)
    base = {}
    threats = []
    episodes = load_episodes("us-china-v1")
    for row in episodes.itertuples():
        if row.actor not in {"US", "both"} or sessions.loc[row.start_event, "scope"] not in rules.sample.scopes:
            continue
        start = sessions.loc[row.start_event, "session"]
        if start not in index:
            continue
        s = index.get_loc(start)
        closes = [
            i for i in range(len(index)) if index[i].tz_localize("America/New_York") + pd.Timedelta("16h") <= row.end_et
        ]
        # the session that could react to relief is the last at risk; otherwise the last one over at the end
        end = closes[-1] + 1 if row.end == "softened" else closes[-1]
        end = min(end, len(index) - 1)
        if end > s:
            threats.append((s, end, row.end == "softened"))
    for s, end, _ in sorted(threats, key=lambda item: item[0]):
        for t in range(s + 1, end + 1):
            base[t] = s - 1
    ring = [t for t in range(first, last + 1) if t in base]
    loss = np.array([1 - close[t - 1] / close[base[t]] for t in ring])
    used = verdict.tables()["events_used"].query("link == 'H2' and period == @name")
    marks = [ring.index(index.get_loc(day)) for day in used["session"]]
    test = verdict.samples[name].decisions
    assert test.day.tolist() == ring
    assert np.allclose(test.loss, loss, atol=TOLERANCE)
    assert np.flatnonzero(test.decided).tolist() == marks
    differences = []
    for k in range(len(ring)):
        turned = np.zeros(len(ring), bool)
        turned[[(m + k) % len(ring) for m in marks]] = True
        differences.append(loss[turned].mean() - loss[~turned].mean())
    assert test.estimate == pytest.approx(differences[0], abs=TOLERANCE)
    assert test.pvalue == pytest.approx(np.mean(np.array(differences) >= differences[0] - 1e-12), abs=TOLERANCE)


def test_cycles(flagship, record):
    index, close, z, _ = record
    table = flagship[2].tables()["cycles"]
    count = dict.fromkeys(
        ("threats", "index fell first", "ended in relief", "relief after a fall", "still below", "complete"), 0
    )
    for row in table.itertuples():
        s, e = index.get_loc(row.start), index.get_loc(row.last)
        relieved = row.outcome == "softened"
        came = [True, z[s] < 0, relieved, relieved and z[s] < 0]
        came += [came[3] and close[e - 1] < close[s - 1], came[3] and close[e - 1] < close[s - 1] and z[e] > 0]
        assert (row.fell, row.complete) == (came[1], came[5])
        assert row.first_sar == pytest.approx(z[s], abs=TOLERANCE)
        expected = (1 - close[e - 1] / close[s - 1], z[e]) if relieved else (np.nan, np.nan)
        assert (row.loss_at_relief, row.relief_sar) == pytest.approx(expected, abs=TOLERANCE, nan_ok=True)
        # the abnormal returns have the signs of the scores; their ratio has none where the index did not fall first
        assert np.isfinite(row.reversal) == bool(came[3])
        assert not came[3] or np.sign(row.reversal) == np.sign(z[e])
        for name, yes in zip(count, came, strict=True):
            count[name] += bool(yes)
    assert list(count.values()) == list(flagship[2].facts["cycles"].values())


def test_frames_of_charts_are_numbered_afresh(flagship):
    for name, frame in flagship[2].frames().items():
        assert frame.index.tolist() == list(range(len(frame))), name


def test_decisions_by_fifths_of_the_loss(flagship):
    """Counts by sorting, and Wilson's interval of 90 % by its formula."""
    table = flagship[2].frames()["hazard_by_drawdown"]
    for name, shown in table.groupby("sample"):
        test = flagship[2].samples[name].decisions
        edges = sorted(set(np.quantile(test.loss, [0, 0.2, 0.4, 0.6, 0.8, 1.0])))
        assert [*shown["loss_from"], shown["loss_to"].iloc[-1]] == pytest.approx(edges, abs=TOLERANCE)
        assert (shown["loss_to"].iloc[:-1].to_numpy() == shown["loss_from"].iloc[1:].to_numpy()).all()
        edges = [*shown["loss_from"], shown["loss_to"].iloc[-1]]
        for at, row in enumerate(shown.itertuples()):
            last = at == len(edges) - 2
            inside = [
                d
                for x, d in zip(test.loss, test.decided, strict=True)
                if edges[at] <= x and (last or x < edges[at + 1])
            ]
            n, k, z = len(inside), sum(inside), stats.norm.ppf(0.95)
            assert (row.sessions, row.decisions, row.rate) == (n, k, k / n)
            centre = (k + z**2 / 2) / (n + z**2)
            half = z * np.sqrt(k * (n - k) / n + z**2 / 4) / (n + z**2)
            assert (row.low, row.high) == pytest.approx((centre - half, centre + half), abs=TOLERANCE)


def test_median_and_share(flagship):
    verdict = flagship[2]
    used = verdict.tables()["events_used"].query("link == 'H3' and period == 'after'")
    link = verdict.samples["after"].links["H3"]
    assert link.details["share"] == pytest.approx((used["sar"] > 0).mean())
    assert link.details["p_sign"] == pytest.approx(
        stats.binomtest(int((used["sar"] > 0).sum()), len(used), alternative="greater").pvalue
    )


def test_calendar_shifts_give_uniform_pvalues(flagship, record, rules):
    """Turn the real calendar of 2018-19 against the returns: single p-values uniform, the largest never below."""
    index, _, z, busy = record
    used = flagship[2].tables()["events_used"].query("link == 'H1' and period == 'earlier'")
    at = np.array([index.get_loc(day) for day in used["session"]])
    first, last = period(rules, index, "earlier")
    length = last - first + 1
    pool = np.array([t for t in range(first - 250, last + 1) if t not in busy and np.isfinite(z[t])])
    scored = -clipped(z, pool)
    every = np.array([np.mean(scored[first + (at - first + k) % length]) for k in range(length)])
    rng = np.random.default_rng(5)
    single, largest = [], []
    # turns far enough apart to be nearly independent of one another
    for k in range(7, length, 9):
        placed = first + (at - first + k) % length
        both = np.union1d(pool, placed)
        null = np.array([scored[rng.choice(both, placed.size, replace=False)].mean() for _ in range(199)])
        by_draw = (1 + (null >= every[k]).sum()) / 200
        by_turn = np.mean(every >= every[k] - 1e-12)
        single.append(by_turn)
        largest.append(max(by_draw, by_turn))
    assert stats.kstest(single, "uniform").pvalue > 0.01
    assert stats.kstest(largest, "uniform", alternative="greater").pvalue > 0.01
