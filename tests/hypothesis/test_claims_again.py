"""p-values of ten claims again, with pandas and scipy alone, from the figures and tables that ship; nothing of the study's own code.

What is printed in the gallery is held against it: within four standard errors of 1,999 draws there and as many here.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy import load_events, load_prices

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "gallery" / "tables"
SHIPPED = ROOT / "src" / "eventstudy" / "events" / "catalogues" / "episodes"
DRAWS = 1999
SCOPES, US = {"china", "global"}, {"US", "both"}
PERIODS = [("2018-01-02", "2020-01-31"), ("2025-01-02", "2025-05-02"), ("2025-05-03", "2026-12-31")]
RNG = np.random.default_rng(18)


def chance(observed, null):
    return (1 + np.count_nonzero(np.asarray(null) >= observed - 1e-12)) / (len(null) + 1)


@pytest.fixture(scope="module")
def printed():
    with (TABLES / "chain_claims.csv").open(encoding="utf-8") as file:
        figures = {int(row["number"]): row["figure"] for row in csv.DictReader(file)}
    return {number: [float(p) for p in re.findall(r"p = (\d\.\d+)", text)] for number, text in figures.items()}


def alike(again, shown):
    for p, q in zip(np.atleast_1d(again), shown, strict=True):
        assert abs(p - q) <= 4 * np.sqrt(2 * max(q, 0.01) * (1 - min(q, 0.99)) / DRAWS) + 0.0006, (p, q)


@pytest.fixture(scope="module")
def market():
    """Closes, fear gauge, and what every session's return is in standard deviations of an ordinary one."""
    frame = load_prices(["^GSPC", "^VIX"], start="2016-01-04", source="bundled").frame.loc[:"2026-08-20"]
    events = load_events("us-china")
    table = events.to_frame()
    table["session"] = events.sessions("XNYS")["session"]
    at = frame.index.get_indexer(pd.DatetimeIndex(table["session"]))
    table["at"] = at
    busy = np.zeros(len(frame), bool)
    busy[at[at >= 0]] = True
    busy[np.minimum(at[at >= 0] + 1, len(frame) - 1)] = True
    frame["r"] = frame["^GSPC"].pct_change()
    usable = frame["r"].where(~busy)
    window = usable.rolling(250, min_periods=100)
    mean, var, n = (found.shift(11) for found in (window.mean(), window.var(), window.count()))
    daily = (frame["^VIX"].shift() / 100) ** 2 / 252
    frame["z"] = (frame["r"] - mean) / np.sqrt(daily + var / n)
    frame["busy"] = busy
    return frame, table


@pytest.fixture(scope="module")
def quiet(market):
    frame, _ = market
    return frame.loc[~frame["busy"] & frame["z"].notna(), "z"].to_numpy()


def read(name):
    """Give a table that ships, its days as days."""
    table = pd.read_csv(SHIPPED / f"us-china-{name}.csv", comment="#", keep_default_na=False)
    for column in table.columns.intersection(["relief_session", "start_first_session", "from_session", "to_session"]):
        table[column] = pd.to_datetime(table[column])
    return table


@pytest.fixture(scope="module")
def pairs(market):
    """One row an episode and a session at risk: place of the session, its age, and the loss since the episode's own base."""
    frame, _ = market
    days, close, rows = frame.index, frame["^GSPC"].to_numpy(), []
    for one in read("stretches").to_dict("records"):
        if one["actor"] not in US or one["scope"] not in SCOPES or str(one["open_only"]) in {"1", "True"}:
            continue
        start, last = days.searchsorted(one["start_first_session"]), one["to_session"]
        if one["start_first_session"] < pd.Timestamp("2024-11-01"):
            last = min(last, pd.Timestamp("2024-10-31"))
        rows += [
            (one["episode"], t, t - start, np.log(close[start - 1] / close[t - 1]))
            for t in np.flatnonzero((days >= one["from_session"]) & (days <= last))
            if start >= 1
        ]
    table = pd.DataFrame(rows, columns=["episode", "at", "age", "loss"]).sort_values(
        ["at", "episode"], ignore_index=True
    )
    spans = [
        (days.searchsorted(pd.Timestamp(a)), days.searchsorted(pd.Timestamp(b), side="right") - 1) for a, b in PERIODS
    ]
    table["span"] = -1
    for number, (a, b) in enumerate(spans):
        table.loc[table["at"].between(a, b), "span"] = number
    return table[table["span"] >= 0].reset_index(drop=True), spans


def reliefs(market, pairs, *, words=False):
    """Give the rows that each relief relieves, in the order of sessions."""
    frame, _ = market
    table = read("reliefs")
    mine = table["actor"].isin(US) & table["scope"].isin(SCOPES) & (words | (table["formal_or_words"] == "formal"))
    own = table[table["measure_actor"].isin(US) & table["relief_cluster"].isin(table.loc[mine, "relief_cluster"])]
    place = {(e, t): i for i, (e, t) in enumerate(zip(pairs["episode"], pairs["at"], strict=True))}
    found = []
    for _, chain in own.groupby("relief_cluster", sort=False):
        at = frame.index.get_indexer([chain["relief_session"].iloc[0]])[0]
        keep = chain[
            chain["counts"].astype(str).isin(["1", "True"]) & ~chain["open_only"].astype(str).isin(["1", "True"])
        ]
        hit = [place[e, at] for e in keep["episode"] if (e, at) in place]
        if hit:
            found.append((at, hit))
    return sorted(found, key=lambda one: one[0])


def shifted(values, pairs, acts):
    """p of the mean over reliefs, all moved together along the sessions at risk of each period."""
    observed = np.mean([values[hit].mean() for _, hit in acts])
    total = np.zeros(DRAWS)
    for span in range(3):
        own = pairs[pairs["span"] == span]
        days = own["at"].unique()
        open_at = {t: values[group.index] for t, group in own.groupby("at")}
        inside = [(np.searchsorted(days, at), len(hit)) for at, hit in acts if at in open_at]
        for draw, turn in enumerate(RNG.integers(0, len(days), DRAWS)):
            for place, number in inside:
                there = open_at[days[(place + turn) % len(days)]]
                total[draw] += RNG.choice(there, min(number, len(there)), replace=False).mean()
    return chance(observed, total / len(acts))


def ages(age):
    """Exact ages; those with fewer than ten pairs join the next older ones."""
    label, held, current = {}, 0, 0
    for value, count in age.value_counts().sort_index().items():
        label[value] = current
        held += count
        if held >= 10:
            held, current = 0, current + 1
    if held:
        label = {value: min(one, current - 1) for value, one in label.items()}
    return age.map(label).to_numpy()


def within_ages(values, relieved, age):
    """Score of the relieved pairs against pairs of their age drawn at random: observed and null."""
    observed, null = 0.0, np.zeros(DRAWS)
    for one in np.unique(age[relieved]):
        own = np.flatnonzero(age == one)
        centred, number = values[own] - values[own].mean(), int(relieved[own].sum())
        observed += centred[relieved[own]].sum()
        order = np.argsort(RNG.random((DRAWS, own.size)), axis=1)[:, :number]
        null += centred[order].sum(axis=1)
    return observed, null


def as_acts(values, pairs, acts, age):
    """Score where a relief of several moves as one: one of its pairs to another of its age, its company beside that."""
    centred = values - pd.Series(values).groupby(age).transform("mean").to_numpy()
    mates = {t: group.index.to_numpy() for t, group in pairs.groupby("at")}
    at, null = pairs["at"].to_numpy(), np.zeros(DRAWS)
    strata = {one: np.flatnonzero(age == one) for one in np.unique(age)}
    for _, hit in acts:
        for draw in range(DRAWS):
            first = RNG.choice(strata[age[RNG.choice(hit)]])
            rest = mates[at[first]][mates[at[first]] != first]
            more = RNG.permutation(rest)[: len(hit) - 1]
            null[draw] += centred[first] + centred[more].sum()
    return chance(sum(centred[hit].sum() for _, hit in acts), null)


def marked(pairs, acts):
    relieved = np.zeros(len(pairs), bool)
    relieved[[row for _, hit in acts for row in hit]] = True
    return relieved


def least_squares_rest(part, other):
    return part - np.polyval(np.polyfit(other, part, 1), other)


def test_words_and_acts_come_after_volatility(market, pairs, printed):
    rows, _ = pairs
    acts = reliefs(market, rows, words=True)
    assert len(acts) == 33
    fear = market[0]["^VIX"].to_numpy()[rows["at"] - 1]
    alike([shifted(fear, rows, acts), shifted(rows["loss"].to_numpy(), rows, acts)], printed[2])


def test_triple_digits_against_the_worst_of_as_many_quiet_sessions(market, quiet, printed):
    frame, table = market
    high = table[
        (table["stance"] == "escalation")
        & (table["rate_after"] >= 100)
        & table["actor"].isin(US)
        & table["scope"].isin(SCOPES)
    ]
    at = np.unique(high["at"][high["at"] >= 0])
    z = frame["z"].iloc[at].dropna()
    assert len(z) == 16
    low = int((quiet <= z.min()).sum())
    again = 1 - stats.hypergeom.pmf(0, quiet.size, low, len(z))  # one of as many, drawn without replacement, is as low
    alike(again, printed[4][:1])


def test_the_middle_link_and_its_landmark(market, pairs, printed):
    rows, spans = pairs
    acts, loss = reliefs(market, rows), rows["loss"].to_numpy()
    assert len(acts) == 23
    h2 = max(shifted(loss, rows, acts), as_acts(loss, rows, acts, ages(rows["age"])))
    frame, _ = market
    threats = pd.read_csv(TABLES / "chain_threats.csv", parse_dates=["start", "last"])
    threats = threats[threats["used"]]
    start = frame.index.get_indexer(threats["start"])
    inside = np.any([(start >= a) & (start <= b) for a, b in spans], axis=0)
    fall, days = -frame["z"].to_numpy()[start], (threats["last"] - threats["start"]).dt.days.to_numpy()
    early = (threats["outcome"] == "softened").to_numpy() & (days <= 14)
    keep = inside & np.isfinite(fall)
    assert (keep.sum(), early[keep].sum()) == (48, 7)
    tested = stats.permutation_test(
        (fall[keep & early], fall[keep & ~early]), lambda a, b, axis: a.mean(axis) - b.mean(axis),
        n_resamples=DRAWS, alternative="greater", vectorized=True, rng=RNG,
    )  # fmt: skip
    alike([h2, tested.pvalue], printed[5])


def test_near_the_record(market, pairs, printed):
    rows, _ = pairs
    acts = reliefs(market, rows)
    close = market[0]["^GSPC"]
    fall = (1 - close / close.rolling(252, min_periods=1).max()).shift().to_numpy()[rows["at"]]
    late = (rows["span"] == 2).to_numpy()
    age = ages(rows.loc[late, "age"])
    alike(chance(*within_ages(fall[late], marked(rows, acts)[late], age)), printed[7])


def test_beijing_and_the_fear_gauge(market, pairs, printed):
    frame, table = market
    _, spans = pairs
    leads = table[(table["stance"] == "escalation") & table["lead"] & (table["at"] >= 0)]
    theirs = np.unique(leads["at"][leads["actor"] == "China"])
    ours = np.unique(leads["at"][leads["actor"].isin(US) & leads["scope"].isin(SCOPES)])
    alone = [t for t in theirs if not ((ours <= t) & (ours >= t - 3)).any()]
    fear = frame["^VIX"].shift().to_numpy()
    total, null, n = 0.0, np.zeros(DRAWS), 0
    for a, b in spans:
        own = np.array([t for t in alone if a <= t <= b], dtype=int)
        total, n, length = total + fear[own].sum(), n + own.size, b - a + 1
        null += fear[a + (own[None, :] - a + RNG.integers(0, length, DRAWS)[:, None]) % length].sum(axis=1)
    assert (theirs.size, n) == (22, 7)
    alike(chance(-total / n, -null / n), printed[8])


def test_retaliation_within_ages(market, pairs, printed):
    rows, _ = pairs
    frame, _ = market
    threats = pd.read_csv(TABLES / "chain_threats.csv", parse_dates=["start", "last"])
    theirs = threats[threats["reason"] == "the rival's threat"]
    day = frame.index[rows["at"]].to_numpy()
    answered = np.any([(a < day) & (b >= day) for a, b in zip(theirs["start"], theirs["last"], strict=True)], axis=0)
    relieved = marked(rows, reliefs(market, rows))
    alike(chance(*within_ages(answered.astype(float), relieved, ages(rows["age"]))), printed[9])


@pytest.fixture(scope="module")
def sessions(market):
    """Sessions of threats, formal reliefs, words and talks, a row of the catalogue at a time."""
    table = market[1]
    table = table[(table["at"] >= 0) & table["scope"].isin(SCOPES)]
    best = market[1].assign(level=market[1]["level"].fillna("")).groupby(["cluster", "stance"])["level"].max()
    moves = {at: set(own["stance"]) for at, own in table[table["actor"] != "none"].groupby("at")}
    clash = {at for at, held in moves.items() if "mixed" in held or {"escalation", "softening"} <= held}
    found = {name: set() for name in ("threats", "acts", "words", "talks")}
    for row in table[table["lead"]].to_dict("records"):
        if row["stance"] == "talks":
            found["talks"].add(row["at"])
        if row["actor"] in {"none", "court"} or row["at"] in clash or row["stance"] not in {"escalation", "softening"}:
            continue
        formal = best[row["cluster"], row["stance"]] in {"S2", "S3"}
        found["threats" if row["stance"] == "escalation" else "acts" if formal else "words"].add(row["at"])
    return {name: np.array(sorted(own)) for name, own in found.items()}


def test_acts_against_words(market, sessions, printed):
    z = market[0]["z"].to_numpy()
    acts, words = (own[np.isfinite(own)] for own in (z[sessions["acts"]], z[sessions["words"]]))
    assert (acts.size, words.size) == (23, 10)
    tested = stats.permutation_test(
        (acts, words), lambda a, b, axis: a.mean(axis) - b.mean(axis), n_resamples=DRAWS, alternative="greater", rng=RNG
    )
    alike(tested.pvalue, printed[21])


def test_the_fear_gauge_on_threats_and_reliefs(market, sessions, printed):
    frame, _ = market
    step = frame["^VIX"].diff().to_numpy()
    calm = step[(~frame["busy"] & frame["z"].notna()).to_numpy()]
    up, down, calm = (x[np.isfinite(x) & (x != 0)] for x in (step[sessions["threats"]], step[sessions["acts"]], calm))
    base = (calm > 0).mean()
    assert (up.size, down.size) == (78, 24)
    again = [
        stats.binomtest(int((up > 0).sum()), up.size, base, alternative="greater").pvalue,
        stats.binomtest(int((down < 0).sum()), down.size, 1 - base, alternative="greater").pvalue,
    ]
    assert again == pytest.approx(printed[27], abs=0.0006)


def test_talks_against_quiet_sessions(market, quiet, sessions, printed):
    z = np.abs(market[0]["z"].to_numpy()[sessions["talks"]])
    z = z[np.isfinite(z)]
    assert z.size == 18
    null = [np.abs(RNG.choice(quiet, z.size, replace=False)).mean() for _ in range(DRAWS)]
    alike(chance(z.mean(), null), printed[34])


def test_gains_beside_losses(market, pairs, printed):
    rows, _ = pairs
    x, relieved = rows["loss"].to_numpy(), marked(rows, reliefs(market, rows))
    gain = least_squares_rest(np.maximum(-x, 0), np.maximum(x, 0))
    observed, null = within_ages(gain, relieved, ages(rows["age"]))
    assert relieved.sum() == 34
    alike(chance(abs(observed), np.abs(null)), printed[50])
