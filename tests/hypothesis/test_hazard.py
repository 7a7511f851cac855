"""The hazard and the race: against statsmodels, exact cases, and data with a known answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from eventstudy.hypothesis.links.decision import Rows, age_stratum, episode_rows
from eventstudy.hypothesis.record.risk_sets import Relief
from eventstudy.hypothesis.record.threats import Spells
from eventstudy.hypothesis.rivals.firth_hazard import _gradient, _value, fit_hazard, likelihood_ratio
from eventstudy.hypothesis.rivals.horse_race import CONTROLS, RIVALS, run_race, surviving

OPTIMUM = 2e-4  # two optimisers stop at slightly different places of a flat likelihood


def data(n=400, seed=4):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 2))
    hazard = 1 - np.exp(-np.exp(-2.0 + 0.8 * x[:, 0]))
    return np.column_stack([np.ones(n), x]), rng.random(n) < hazard


def test_cloglog_without_penalty_is_statsmodels():
    X, y = data()
    family = sm.families.Binomial(link=sm.families.links.CLogLog())
    expected = sm.GLM(y.astype(float), X, family=family).fit()
    fit = fit_hazard(X, y, penalty=False)
    assert np.allclose(fit.coefficients, expected.params, atol=OPTIMUM)
    assert fit.loglik == pytest.approx(expected.llf, abs=1e-6)
    # statsmodels reports expected information for a GLM as well
    assert np.allclose(fit.se, expected.bse, rtol=1e-2)


def test_firth_logit_of_a_two_by_two_table_adds_half_to_each_cell():
    """Firth 1993: for a saturated logit the penalised estimates are those of the table with 1/2 added to each cell."""
    x = np.repeat([0.0, 1.0], [20, 12])
    y = np.concatenate([np.arange(20) < 3, np.arange(12) < 12])  # separation: infinite without the penalty
    fit = fit_hazard(np.column_stack([np.ones(32), x]), y, link="logit")
    first = np.log(3.5 / 17.5)
    second = np.log(12.5 / 0.5)
    assert np.allclose(fit.coefficients, [first, second - first], atol=OPTIMUM)
    assert fit.converged


def test_penalised_cloglog_maximises_what_it_says():
    X, y = data(n=60, seed=9)

    def penalised(b):
        eta = X @ b
        h = 1 - np.exp(-np.exp(eta))
        slope = np.exp(eta - np.exp(eta))
        information = (X.T * (slope**2 / (h * (1 - h)))) @ X
        return -(np.sum(np.log(np.where(y, h, 1 - h))) + 0.5 * np.linalg.slogdet(information)[1])

    expected = optimize.minimize(
        penalised, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 5000}
    )
    fit = fit_hazard(X, y)
    assert np.allclose(fit.coefficients, expected.x, atol=OPTIMUM)
    assert fit.penalised == pytest.approx(-expected.fun, abs=1e-6)


@pytest.mark.parametrize("link", ["cloglog", "logit"])
@pytest.mark.parametrize("penalty", [True, False])
def test_the_gradient_is_the_slope_of_the_likelihood(link, penalty):
    rng = np.random.default_rng(8)
    X = np.column_stack([np.ones(200), rng.standard_normal((200, 2)), rng.random(200) < 0.3]).astype(float)
    y, b, step = (rng.random(200) < 0.1).astype(float), np.array([-2.0, 0.4, -0.3, 0.2]), 1e-6
    slope = [
        (_value(X, y, b + e, link, penalty=penalty)[1] - _value(X, y, b - e, link, penalty=penalty)[1]) / (2 * step)
        for e in step * np.eye(4)
    ]
    # central differences of a sum of 200 terms
    assert np.allclose(_gradient(X, y, b, link, penalty=penalty), slope, atol=1e-6)


def test_likelihood_ratio_keeps_the_penalty_of_the_whole_design():
    rng = np.random.default_rng(1)
    rejections = []
    for _ in range(150):
        X = np.column_stack([np.ones(120), rng.standard_normal(120)])
        y = rng.random(120) < 0.08
        p = likelihood_ratio(fit_hazard(X, y), fit_hazard(X, y, held=[1]))
        rejections.append(p <= 0.05)
    # four standard errors of a simulated share
    assert abs(np.mean(rejections) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 150)


def spells(starts, lasts, outcomes):
    n = len(starts)
    far = np.full(n, 10**6)
    return Spells(np.array(starts), np.array(lasts), np.array(outcomes), far, np.zeros(n, int), tuple("abcdefgh"[:n]))


def test_episode_rows_by_hand():
    rows = episode_rows(spells([3, 10], [5, 12], [0, 1]))
    assert rows.day.tolist() == [4, 5, 11, 12]
    assert rows.age.tolist() == [1, 2, 1, 2]
    assert rows.relieved.tolist() == [False, True, False, False]
    assert rows.implemented.tolist() == [False, False, False, True]
    assert rows.base.tolist() == [2, 2, 9, 9]


def test_spells_within_are_cut_and_censored():
    cut = spells([3, 10], [5, 30], [0, 0]).within(3, 20)
    assert cut.last.tolist() == [5, 20]
    assert cut.outcome.tolist() == [0, 2]


def test_age_bins(rules):
    assert age_stratum(np.array([1, 5, 6, 15, 16]), rules.decision.age_bins).tolist() == [0, 0, 1, 1, 2]


def made_up(truth, n=500, seed=0):
    """Episode-days on which one rival drives relief."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "drawdown": rng.standard_normal(n),
            "fear": rng.standard_normal(n),
            "yield": rng.standard_normal(n),
            "retaliation": (rng.random(n) < 0.4).astype(float),
        }
    )
    eta = -3.0 + (1.4 * frame[truth] if truth != "constant" else 0.0)
    relieved = rng.random(n) < 1 - np.exp(-np.exp(eta))
    blank = np.zeros(n, dtype=np.int64)
    rows = Rows(np.arange(n), blank, np.ones(n, dtype=np.int64), relieved, blank.astype(bool), blank, blank, blank)
    return frame, rows


def penalised_fit(X, y, held=()):
    """Maximise Firth's penalised cloglog likelihood without a line of the package; return coefficients and both likelihoods."""

    def parts(b):
        eta = X @ b
        h = np.clip(1 - np.exp(-np.exp(eta)), 1e-12, 1 - 1e-12)
        slope = np.exp(eta - np.exp(eta))
        information = (X.T * (slope**2 / (h * (1 - h)))) @ X
        plain = np.sum(np.log(np.where(y, h, 1 - h)))
        return plain, plain + 0.5 * np.linalg.slogdet(information)[1], information

    free = [j for j in range(X.shape[1]) if j not in held]

    def whole(b):
        full = np.zeros(X.shape[1])
        full[free] = b
        return full

    found = optimize.minimize(
        lambda b: -parts(whole(b))[1], np.full(len(free), -0.5), method="BFGS", options={"gtol": 1e-7}
    )
    b = whole(found.x)
    plain, penalised, information = parts(b)
    return b, plain, penalised, np.sqrt(np.diag(np.linalg.inv(information)))


def test_the_table_of_the_race_is_that_of_the_likelihood(rules):
    frame, rows = made_up("fear", n=250, seed=6)
    race = run_race(frame, rows, bins_of(rows, rules), draws=9, rng=np.random.default_rng(0))
    table, y = race.table.set_index("rival"), rows.relieved
    ones, bic = np.ones((y.size, 1)), {}
    for name in ("constant", "drawdown", "fear", "yield", "retaliation"):
        x = frame[name] if name != "constant" else None
        if x is not None and name != "retaliation":  # that one is 0 or 1
            x = (x - x.mean()) / x.std(ddof=0)
        X = ones if x is None else np.column_stack([ones, x])
        b, plain, penalised, se = penalised_fit(X, y)
        bic[name] = -2 * plain + X.shape[1] * np.log(y.sum())
        row = table.loc[name]
        assert row["bic"] == pytest.approx(bic[name], abs=1e-3)
        assert (row["rows"], row["reliefs"]) == (250, y.sum())
        if x is not None:
            held = penalised_fit(X, y, held=[1])[2]  # the penalty of the whole design
            assert row["hazard_ratio"] == pytest.approx(np.exp(b[1]), rel=1e-3)
            assert row["log_se"] == pytest.approx(se[1], rel=1e-3)
            assert row["p_likelihood_ratio"] == pytest.approx(
                stats.chi2.sf(2 * (penalised - held), 1), rel=1e-2, abs=1e-9
            )
    order = sorted(bic, key=bic.get)
    assert table.index.tolist() == order
    assert race.favourite == order[0]
    assert race.margin == pytest.approx(bic[order[1]] - bic[order[0]], abs=2e-3)
    best = np.array([np.exp(-(bic[name] - bic[order[0]]) / 2) for name in order])
    assert table["weight"].tolist() == pytest.approx((best / best.sum()).tolist(), abs=1e-3)
    scaled = [(frame[n] - frame[n].mean()) / frame[n].std(ddof=0) for n in ("drawdown", "fear", "yield")]
    X = np.column_stack([ones, *scaled, frame["retaliation"]])
    b, _, whole, se = penalised_fit(X, y)
    joint = race.joint.set_index("rival")
    for at, name in enumerate(("drawdown", "fear", "yield", "retaliation"), start=1):
        held = penalised_fit(X, y, held=[at])[2]
        assert joint.loc[name, "hazard_ratio"] == pytest.approx(np.exp(b[at]), rel=2e-3)
        assert joint.loc[name, "log_se"] == pytest.approx(se[at], rel=2e-3)
        assert joint.loc[name, "p_likelihood_ratio"] == pytest.approx(
            stats.chi2.sf(2 * (whole - held), 1), rel=2e-2, abs=1e-9
        )
    assert joint["converged"].all()


def bins_of(rows, rules):
    return age_stratum(rows.age, rules.decision.age_bins)


@pytest.mark.parametrize("truth", ["drawdown", "fear", "retaliation"])
def test_the_race_names_the_true_rival(rules, truth):
    frame, rows = made_up(truth)
    race = run_race(frame, rows, bins_of(rows, rules), draws=99, rng=np.random.default_rng(0))
    assert race.favourite == truth
    assert race.table["weight"].sum() == pytest.approx(1)
    assert race.reliefs == rows.relieved.sum()
    assert set(race.joint["rival"]) == {"drawdown", *CONTROLS}
    assert set(race.table["rival"]) <= set(RIVALS)


def test_a_drawdown_that_only_mirrors_the_fear_gauge_does_not_survive(rules):
    frame, rows = made_up("fear", seed=3)
    frame["drawdown"] = frame["fear"] + 0.5 * frame["drawdown"]
    alone = run_race(frame, rows, bins_of(rows, rules), draws=499, rng=np.random.default_rng(0)).table.set_index(
        "rival"
    )
    assert alone.loc["drawdown", "p_permutation"] < 0.05
    beside = surviving(frame, rows, np.zeros(len(frame), int), draws=499, rng=np.random.default_rng(0))
    assert beside.pvalue > 0.05
    assert beside.reason == ""


def test_an_act_that_takes_several_is_one_act_beside_the_controls_too():
    """Sixteen reliefs of all four episodes open in a session: twice as uncertain as their sixty-four pairs would say."""
    rng = np.random.default_rng(4)
    day = np.repeat(np.arange(100, 500), 4)
    blank = np.zeros(day.size, dtype=np.int64)
    acts = np.sort(rng.choice(np.arange(100, 500), 16, replace=False))
    relieved = np.isin(day, acts)
    rows = Rows(np.tile(np.arange(4), 400), day, day - 100, relieved, blank > 0, blank, blank, blank)
    common = np.repeat(rng.standard_normal(400).cumsum(), 4)
    frame = pd.DataFrame({"drawdown": common, "fear": rng.standard_normal(day.size)}).assign(
        **{"yield": 0.0, "retaliation": 0.0}
    )
    reliefs = [Relief(int(t), f"R{t}", tuple(np.flatnonzero(day == t).tolist())) for t in acts]
    stratum = np.zeros(day.size, dtype=np.int64)
    alone = surviving(frame, rows, stratum, draws=1999, rng=np.random.default_rng(0))
    whole = surviving(frame, rows, stratum, draws=1999, rng=np.random.default_rng(0), reliefs=reliefs)
    assert np.ptp(whole.interval) == pytest.approx(2 * np.ptp(alone.interval), rel=0.1)
    assert alone.pvalue != whole.pvalue
    # a session without a value of a control is left out, and with it its relief
    gap = frame.assign(fear=frame["fear"].where(day != acts[3]))
    fewer = surviving(gap, rows, stratum, draws=1999, rng=np.random.default_rng(0), reliefs=reliefs)
    assert np.isfinite(fewer.pvalue)
    assert np.ptp(fewer.interval) > np.ptp(whole.interval) * 0.9


def test_a_control_that_is_missing_is_not_left_out_in_silence():
    frame, rows = made_up("drawdown", seed=3)
    bins = np.zeros(len(frame), int)
    whole = surviving(frame, rows, bins, draws=199, rng=np.random.default_rng(0))
    assert np.isfinite(whole.pvalue)
    blind = surviving(frame.assign(**{"yield": np.nan}), rows, bins, draws=199, rng=np.random.default_rng(0))
    assert np.isnan(blind.pvalue)
    assert blind.reason == "no yield in these prices"
    both = frame.assign(**{"yield": np.nan, "fear": np.nan})
    assert surviving(both, rows, bins, draws=9, rng=np.random.default_rng(0)).reason == (
        "no fear gauge and no yield in these prices"
    )
    # one that never varies explains nothing: the test without it is the same test
    flat = surviving(frame.assign(retaliation=0.0), rows, bins, draws=199, rng=np.random.default_rng(0))
    assert np.isfinite(flat.pvalue)


def test_a_rival_more_changes_no_other_rivals_draws(rules):
    frame, rows = made_up("drawdown", seed=3)
    with_it, without = (
        run_race(part, rows, bins_of(rows, rules), draws=199, rng=np.random.default_rng(0), fits=False).table.set_index(
            "rival"
        )
        for part in (frame.assign(talks=np.arange(len(frame)) % 3 == 0), frame)
    )
    assert "talks" in with_it.index
    shared = without.index.drop("constant")
    assert len(shared) > 2
    assert with_it.loc[shared, "p_permutation"].tolist() == without.loc[shared, "p_permutation"].tolist()


def test_too_few_reliefs_have_no_favourite(rules):
    frame, rows = made_up("constant", n=8, seed=5)
    rows.relieved[:] = False
    race = run_race(frame, rows, bins_of(rows, rules), draws=9, rng=np.random.default_rng(0))
    assert race.favourite == "none"
