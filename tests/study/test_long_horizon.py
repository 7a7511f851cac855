"""Long horizons by placebo firms: the matching and the table against loops; the bias of a made-up reversion taken off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import eventstudy as es
from eventstudy.study.firms.long_horizon import closest

M, L = 150, 60
STUDY = {"window": (0, L - 1), "estimation": es.EstimationWindow(M, -1), "calendar": None}


def world(seed, *, firms=200, events=20, dates=4, effect=0.0, life=120.0, noise=0.02, chosen="any"):
    """Return firms whose prices hold noise and a part that reverts; events are of firms that have run up, if so chosen."""
    rng = np.random.default_rng(seed)
    bars = M + L + 20 * dates + 5
    market = rng.normal(0.0003, 0.01, bars)
    decay = np.exp(-np.log(2) / life)
    slow = np.zeros((firms, bars))
    step = rng.normal(0, 0.012, (firms, bars))
    for t in range(1, bars):
        slow[:, t] = decay * slow[:, t - 1] + step[:, t]
    price = (
        np.cumsum(market + rng.normal(0, noise, (firms, bars)), axis=1) + slow + rng.normal(0, noise / 2, (firms, bars))
    )
    returns = np.expm1(np.diff(price, axis=1, prepend=0.0))
    names = [f"F{at:03d}" for at in range(firms)]
    rows = []
    for date in range(dates):
        day = M + 20 * date
        runup = price[:, day - 1] - price[:, day - M]
        order = np.argsort(-runup) if chosen == "winners" else rng.permutation(firms)
        some = rng.choice(order[: firms // 3], events // dates, replace=False)
        returns[some, day : day + L] += effect / L
        rows += [(f"e{date}-{at}", names[at], day) for at in some]
    frame = pd.DataFrame(returns.T, columns=names)
    return frame, pd.DataFrame(rows, columns=["event_id", "symbol", "bar"]).drop_duplicates("symbol")


def test_pairs_are_the_closest_first_each_once():
    rng = np.random.default_rng(0)
    own, others, scale = rng.normal(size=(5, 2)), rng.normal(size=(30, 2)), np.array([1.0, 2.0])
    left, expected = {(i, j) for i in range(5) for j in range(30)}, []
    while True:
        far = {
            (i, j): np.hypot(*((own[i] - others[j]) / scale))
            for i, j in left
            if (np.abs((own[i] - others[j]) / scale) <= 0.25).all()
        }
        if not far:
            break
        best = min(far, key=far.get)
        expected.append((*best, far[best]))
        left = {pair for pair in left if pair[0] != best[0] and pair[1] != best[1]}
    found = closest(own, others, scale, 0.25)
    assert [pair[:2] for pair in found] == [pair[:2] for pair in expected]
    assert [pair[2] for pair in found] == pytest.approx([pair[2] for pair in expected], abs=1e-12)


def test_the_table_is_that_of_a_loop():
    frame, pairs = world(1)
    study = es.EventStudy(model=es.MeanAdjusted(), mask_events=False, **STUDY)
    found = study.fit(pairs, es.ReturnPanel(frame)).long_horizon(within=0.5)
    used = found.pairs.merge(pairs, on=["event_id", "symbol"])

    def car(name, day):
        past = frame[name].iloc[day - M : day]
        return (frame[name].iloc[day : day + L] - past.mean()).sum()

    t, r, m = (
        np.array([car(row[name], row["bar"]) for _, row in used.iterrows()]) for name in ("symbol", "random", "matched")
    )
    table = found.table.set_index(["measure", "part"])
    expected = {"naive": t, "mechanical": r, "reversion": m - r, "corrected": t - m}
    for part, x in expected.items():
        assert table.loc[("sum", part), "estimate"] == pytest.approx(x.mean(), abs=1e-10)
    d, g = t - m, used["bar"].to_numpy()
    score = sum(((d - d.mean())[g == one].sum()) ** 2 / (1 - (g == one).mean()) for one in np.unique(g))
    assert table.loc[("sum", "corrected"), "se"] == pytest.approx(np.sqrt(score) / d.size, abs=1e-10)
    row = table.loc[("sum", "corrected")]
    assert row["pvalue"] == pytest.approx(2 * stats.t.sf(abs(row["estimate"] / row["se"]), row["df"]), rel=1e-9)
    assert found.paths.iloc[-1][["events", "corrected"]].tolist() == pytest.approx([t.mean(), d.mean()], abs=1e-10)

    def bhar(name, day):
        mean = frame[name].iloc[day - M : day].mean()
        return np.prod(1 + frame[name].iloc[day : day + L]) - (1 + mean) ** L

    b = np.array([bhar(row["symbol"], row["bar"]) - bhar(row["matched"], row["bar"]) for _, row in used.iterrows()])
    assert table.loc[("bhar", "corrected"), "estimate"] == pytest.approx(b.mean(), abs=1e-10)
    runup = [np.prod(1 + frame[row["symbol"]].iloc[row["bar"] - M : row["bar"]]) - 1 for _, row in used.iterrows()]
    balance = found.balance.set_index("characteristic")
    assert balance.loc["runup", "events"] == pytest.approx(np.mean(runup), abs=1e-10)
    assert (balance["difference"].abs() < 0.2).all()


def test_placebo_firms_have_no_event_of_their_own_and_are_used_once_a_date():
    frame, pairs = world(2)
    study = es.EventStudy(model=es.MeanAdjusted(), **STUDY)
    found = study.fit(pairs, es.ReturnPanel(frame)).long_horizon()
    for _, part in found.pairs.groupby("session"):
        assert part["matched"].is_unique
        assert part["random"].is_unique
    assert not set(found.pairs["matched"]) & set(pairs["symbol"])
    assert len(found.pairs) + len(found.unmatched) == len(pairs)
    *paths, zero = found.plot().lines
    for line, name in zip(paths, ("events", "random", "matched", "corrected"), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), 100 * found.paths[name])
    assert zero.get_linewidth() < min(line.get_linewidth() for line in paths)
    assert paths[-1].get_linewidth() == max(line.get_linewidth() for line in paths)  # what is left is what is read
    with pytest.raises(es.EventStudyError, match="larger within="):
        study.fit(pairs, es.ReturnPanel(frame)).long_horizon(within=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.0, -0.05])
def test_the_drift_of_winners_is_taken_off(effect):
    naive, corrected, cover = [], [], []
    for seed in range(30):
        frame, pairs = world(100 + seed, firms=300, events=40, effect=effect, chosen="winners")
        study = es.EventStudy(model=es.MeanAdjusted(), **STUDY)
        table = study.fit(pairs, es.ReturnPanel(frame)).long_horizon().table.set_index(["measure", "part"])
        naive.append(table.loc[("sum", "naive"), "estimate"])
        row = table.loc[("sum", "corrected")]
        corrected.append(row["estimate"])
        cover.append(row["low"] <= effect <= row["high"])
    assert np.mean(naive) - effect < -0.04
    assert abs(np.mean(corrected) - effect) < 0.02
    assert np.mean(cover) > 0.8
