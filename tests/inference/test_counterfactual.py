"""The doubt about the counterfactual: its numbers by a loop, its rate in a world with an omitted factor and without."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import eventstudy as es
from eventstudy.inference.core.counterfactual import DateResiduals, judge_counterfactual

RTOL = 1e-9  # float64 on both sides, the smaller components lose digits
M, LENGTH, DONORS, STUDIED = 120, 3, 60, 8


def world(rng, *, omitted=1.0, push=0.0, bars=M + LENGTH):
    """Residuals of a market model that lacks a factor, whose event bars are pushed."""
    factor = rng.normal(0, 0.006, bars) * omitted
    factor[M:] += push
    loading = rng.normal(1, 0.3, DONORS + STUDIED)
    market = rng.normal(0, 0.01, bars)
    return market, np.outer(factor, loading) + rng.normal(0, 0.014, (bars, DONORS + STUDIED)) + market[:, None]


def date_of(market, returns):
    x = sm.add_constant(market)
    beta = np.linalg.lstsq(x[:M], returns[:M], rcond=None)[0]
    residual = returns - x @ beta
    ahead = x[M:].sum(axis=0)
    factor = LENGTH + ahead @ np.linalg.solve(x[:M].T @ x[:M], ahead)
    return DateResiduals(
        residual[:M, DONORS:].mean(axis=1), residual[:M, :DONORS], residual[M:, :DONORS], 2, factor, STUDIED
    )


def by_loop(date):
    both = np.vstack([date.donors, date.donors_window])
    u, s, _ = np.linalg.svd(both, full_matrices=False)
    t, j = both.shape
    left = np.array([(s[r:] ** 2).sum() for r in range(7)]) / (t * j)
    criterion = np.log(left) + np.arange(7) * (t + j) / (t * j) * np.log(min(t, j))
    r = max(1, int(criterion.argmin()))
    fit = sm.OLS(date.treated, u[:M, :r]).fit()
    common, ahead = fit.fittedvalues, u[M:, :r] @ fit.params
    z = ahead.sum() / np.sqrt(common @ common / (M - date.k) * date.factor)
    sums = [common[at : at + LENGTH].sum() for at in range(M - LENGTH + 1)]
    kurtosis = max(3, np.mean(np.power(sums, 4)) / np.mean(np.power(sums, 2)) ** 2)
    return z, ahead.sum(), (common @ common) / (date.treated @ date.treated), kurtosis


def test_one_date_is_the_loop():
    for seed in range(5):
        date = date_of(*world(np.random.default_rng(seed), push=0.004))
        z, total, share, _ = by_loop(date)
        found = judge_counterfactual([date])
        expected = [z, total, share, 2 * stats.t.sf(abs(z), M - 2)]
        np.testing.assert_allclose(
            [found.deviations, found.predicted, found.share, found.pvalue_mean], expected, rtol=RTOL
        )
        assert (found.status == "withdrawn") == (expected[3] < 0.04 and share > 0.1)
        assert np.isnan(found.pvalue_spread)


def test_several_dates_add_up_and_from_three_on_their_size_is_judged():
    dates = [date_of(*world(np.random.default_rng(seed))) for seed in range(5)]
    z, _, _, kurtosis = np.array([by_loop(date) for date in dates]).T
    found = judge_counterfactual(dates)
    together = z.sum() / np.sqrt(5)
    df = 2 * 5**2 / (kurtosis - 1).sum()  # a chi-squared with the mean and the variance of the sum of squares
    expected = [2 * stats.norm.sf(abs(together)), stats.chi2.sf(z @ z * df / 5, df)]
    np.testing.assert_allclose([found.pvalue_mean, found.pvalue_spread], expected, rtol=1e-7)
    assert np.isnan(judge_counterfactual(dates[:2]).pvalue_spread)


def test_fat_tails_of_what_is_common_make_the_judgement_of_size_milder():
    dates = [date_of(*world(np.random.default_rng(seed), push=0.004 * (-1) ** seed)) for seed in range(6)]
    jump = np.zeros(M)
    jump[[40, 90]] = 0.05, -0.05  # two bars on which everyone moved: days like these are no surprise
    wild = [
        replace(one, donors=one.donors + jump[:, None], treated=one.treated + jump, donors_window=one.donors_window * 3)
        for one in dates
    ]
    calm = [replace(one, donors_window=one.donors_window * 3) for one in dates]
    milder, stricter = judge_counterfactual(wild), judge_counterfactual(calm)
    z, kurtosis = np.array([by_loop(one) for one in wild]).T[[0, 3]]
    assert (kurtosis > 6).all()
    assert milder.pvalue_spread > stats.chi2.sf(z @ z, 6)
    assert stricter.pvalue_spread < milder.pvalue_spread


def test_dates_on_which_the_factor_moved_are_named_by_size():
    dates = [date_of(*world(np.random.default_rng(seed), push=0.012 * (-1) ** seed)) for seed in range(6)]
    found = judge_counterfactual(dates)
    assert found.status == "withdrawn"
    assert "times as far as usual" in found.reason
    assert "or the event reached them" in found.said


@pytest.mark.parametrize(
    ("omitted", "push", "low", "high"), [(1.0, 0.0, 0.0, 0.06), (0.0, 0.0, 0.0, 0.02), (1.0, 0.012, 0.9, 1.0)]
)
def test_it_speaks_where_a_factor_moved_and_is_silent_elsewhere(omitted, push, low, high):
    rng = np.random.default_rng(7)
    rate = np.mean(
        [
            judge_counterfactual([date_of(*world(rng, omitted=omitted, push=push))]).status == "withdrawn"
            for _ in range(150)
        ]
    )
    assert low <= rate <= high


def exact(date, *, size=None, share=None):
    """The same date with |z| of this size, by its factor, and this share, by what the studied mean has apart from all donors."""
    z = by_loop(date)[0]
    treated, factor = date.treated, date.factor
    if share is not None:
        x = date.donors
        common = x @ np.linalg.lstsq(x, treated, rcond=None)[0]
        apart = treated - common
        both = np.vstack([date.donors, date.donors_window])
        u = np.linalg.svd(both, full_matrices=False)[0][:M, :1]
        told = u @ np.linalg.lstsq(u, common, rcond=None)[0]
        left = common - told  # what the smaller components have of it
        wanted = (told @ told) * (1 / share - 1) - left @ left
        treated = common + apart * np.sqrt(wanted / (apart @ apart))
    if size is not None:
        factor = factor * (z / size) ** 2
    return replace(date, treated=treated, factor=factor)


class TestLimits:
    """The level is 4 %, from three dates on 2 % for the mean and 2 % for the size; the share is a tenth."""

    @pytest.mark.parametrize(("beside", "status"), [(1e-6, "withdrawn"), (-1e-6, "holds")])
    def test_one_date(self, beside, status):
        date = exact(date_of(*world(np.random.default_rng(0))), size=stats.t.isf(0.02, M - 2) * (1 + beside))
        found = judge_counterfactual([date])
        assert found.pvalue_mean == pytest.approx(0.04, rel=1e-4)
        assert (found.status, found.share > 0.1) == (status, True)

    @pytest.mark.parametrize(("dates", "level"), [(2, 0.04), (3, 0.02), (4, 0.02)])
    @pytest.mark.parametrize(("beside", "status"), [(1e-6, "withdrawn"), (-1e-6, "holds")])
    def test_the_mean_of_several_dates(self, dates, level, beside, status):
        given = [date_of(*world(np.random.default_rng(seed), push=0.004)) for seed in range(dates)]
        together = sum(by_loop(one)[0] for one in given) / np.sqrt(dates)
        wanted = stats.norm.isf(level / 2) * (1 + beside)
        given = [replace(one, factor=one.factor * (together / wanted) ** 2) for one in given]
        found = judge_counterfactual(given)
        assert found.pvalue_mean == pytest.approx(level, rel=1e-4)
        assert found.status == status
        predicted = np.mean([by_loop(one)[1] for one in given])
        assert found.predicted == pytest.approx(predicted, rel=RTOL)
        said = f"on these {dates} dates untreated securities with the same exposures moved {100 * predicted:+.1f} points on average"
        assert found.reason.startswith(f"{said} ({wanted:.1f} usual deviations)" if status == "withdrawn" else "")

    @pytest.mark.parametrize(("beside", "status"), [(1e-6, "withdrawn"), (-1e-6, "holds")])
    def test_the_size_of_several_dates(self, beside, status):
        given = [date_of(*world(np.random.default_rng(seed), push=0.006 * (-1) ** seed)) for seed in range(4)]
        z, _, _, kurtosis = np.array([by_loop(one) for one in given]).T
        df = 2 * 16 / (kurtosis - 1).sum()
        wanted = stats.chi2.isf(0.02, df) * 4 / df * (1 + beside)
        given = [replace(one, factor=one.factor * (z @ z) / wanted) for one in given]
        found = judge_counterfactual(given)
        assert found.pvalue_mean > 0.1
        assert found.pvalue_spread == pytest.approx(0.02, rel=1e-4)
        assert found.status == status
        said = f"on these 4 dates untreated securities with the same exposures moved {np.sqrt(wanted / 4):.1f} times as far as usual"
        assert found.reason.startswith(said if status == "withdrawn" else "")

    @pytest.mark.parametrize(("share", "status"), [(0.1001, "withdrawn"), (0.0999, "holds")])
    def test_the_share(self, share, status):
        found = judge_counterfactual([exact(date_of(*world(np.random.default_rng(1), push=0.02)), share=share)])
        assert found.share == pytest.approx(share, rel=1e-6)
        assert found.pvalue_mean < 0.001
        assert found.status == status

    def test_one_date_is_told_with_its_move(self):
        found = judge_counterfactual([date_of(*world(np.random.default_rng(1), push=-0.02))])
        said = f"on this date untreated securities with the same exposures moved {100 * found.predicted:.1f} points"
        assert found.reason.startswith(
            f"{said} ({-found.deviations:.1f} usual deviations), or the event reached them; "
        )
        assert found.predicted < -0.03  # three bars of -0.02
        assert found.said == f"withdrawn: {found.reason}"
        assert f"{found.share:.0%} of the residual variance of the studied mean is common with them" in found.reason


class TestWhatDonorsDid:
    def test_their_mean_their_first_component_and_what_it_would_be_by_chance(self):
        dates = [date_of(*world(np.random.default_rng(seed), push=0.004)) for seed in range(4)]
        dates[0] = replace(dates[0], donors=dates[0].donors[:, :50], donors_window=dates[0].donors_window[:, :50])
        found = judge_counterfactual(dates)
        z, first, chance = [], [], []
        for one in dates:
            mean = one.donors.mean(axis=1)
            z.append(one.donors_window.mean(axis=1).sum() / np.sqrt(mean @ mean / (M - 2) * one.factor))
            s = np.linalg.svd(one.donors, compute_uv=False)
            first.append(s[0] ** 2 / (s**2).sum())
            j = one.donors.shape[1]
            chance.append((1 + np.sqrt(j / M)) ** 2 / j)
        np.testing.assert_allclose(
            [found.donors_z, found.first_share, found.first_share_if_none],
            [sum(z) / 2, np.median(first), np.median(chance)],
            rtol=RTOL,
        )
        assert (found.dates, found.donors) == (4, 60)
        assert found.share == pytest.approx(np.median([by_loop(one)[2] for one in dates]), rel=RTOL)

    @pytest.mark.parametrize("bars", [40, 80])
    def test_the_first_component_is_the_same_with_fewer_bars_than_donors(self, bars):
        rng = np.random.default_rng(2)
        donors = rng.normal(size=(bars, 60)) + rng.normal(size=(bars, 1))
        donors[3, 4] = 0.0  # a bar on which one stood still
        date = DateResiduals(donors.mean(axis=1), donors, rng.normal(size=(2, 60)), 1, 2.0)
        s = np.linalg.svd(donors, compute_uv=False) ** 2
        assert judge_counterfactual([date]).first_share == pytest.approx(s[0] / s.sum(), rel=RTOL)

    @pytest.mark.parametrize("push", [0.0, 0.02])
    def test_a_group_of_all_donors_is_their_mean(self, push):
        date = replace(date_of(*world(np.random.default_rng(3), push=push)), securities=DONORS + 5)
        found = judge_counterfactual([date, date])
        assert found.groups_rejected == float(abs(found.donors_z) > stats.norm.isf(0.025)) == float(push > 0)

    def test_groups_of_one_are_donors_drawn_alike(self):
        """499 draws: the share is a multiple of 1/499 and near the share of donors that are significant themselves."""
        date = replace(date_of(*world(np.random.default_rng(4), push=0.012)), securities=1)
        found = judge_counterfactual([date])
        each = date.donors_window.sum(axis=0) / np.sqrt((date.donors**2).sum(axis=0) / (M - 2) * date.factor)
        share = (np.abs(each) > stats.norm.isf(0.025)).mean()
        assert 0.1 < share < 0.9
        assert found.groups_rejected == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 499))
        assert found.groups_rejected * 499 == pytest.approx(round(found.groups_rejected * 499), abs=1e-9)
        assert found.groups_rejected != judge_counterfactual([date], seed=1).groups_rejected
        assert found == judge_counterfactual([date], seed=0)

    def test_groups_are_as_many_as_there_are_securities(self):
        """A mean of four independent donors, each pushed by half a deviation, stands out more often than one."""
        rng = np.random.default_rng(5)
        donors, window = rng.normal(size=(M, 60)), np.full((1, 60), 1.3)
        rates = [
            judge_counterfactual([DateResiduals(donors.mean(axis=1), donors, window, 1, 1.0, size)]).groups_rejected
            for size in (1, 4)
        ]
        assert rates == [0.0, 1.0]


class TestHowManyComponents:
    """At most one for 20 bars and one for three donors, but one always."""

    @pytest.mark.parametrize(
        ("bars", "donors", "most"), [(60, 30, 3), (59, 30, 2), (100, 9, 3), (100, 8, 2), (19, 30, 1), (100, 2, 1)]
    )
    def test_by_loop(self, bars, donors, most):
        rng = np.random.default_rng(6)
        factors = rng.normal(size=(bars + 1, 5)) * [5, 4, 3.5, 3, 2.5]
        both = factors @ rng.normal(size=(5, donors)) + 1e-3 * rng.normal(size=(bars + 1, donors))
        treated = factors[:bars] @ np.arange(1.0, 6.0)
        u = np.linalg.svd(both, full_matrices=False)[0][:bars]
        shares = []
        for r in range(1, 5):
            fit = sm.OLS(treated, u[:, :r]).fit()
            shares.append((fit.fittedvalues @ fit.fittedvalues) / (treated @ treated))
        found = judge_counterfactual([DateResiduals(treated, both[:bars], both[bars:], 1, 1.0)])
        assert found.share == pytest.approx(shares[most - 1], rel=1e-6)
        assert shares[most - 1] < 0.999 * shares[most] or donors == 2


@pytest.mark.parametrize("number", [1, 4])
def test_a_fall_of_the_donors_is_judged_as_a_rise(number):
    """All that they did in the window, turned round: the same doubts, and what has a sign has the other one."""
    dates = [date_of(*world(np.random.default_rng(seed), push=0.02)) for seed in range(number)]
    rise = judge_counterfactual(dates)
    fall = judge_counterfactual([replace(date, donors_window=-date.donors_window) for date in dates])
    assert rise.donors_z > 2
    assert rise.groups_rejected > 0.5
    for name in ("pvalue_mean", "pvalue_spread", "share", "first_share", "groups_rejected"):
        np.testing.assert_allclose(getattr(fall, name), getattr(rise, name), rtol=1e-6)  # by eigenvectors of both
    for name in ("predicted", "deviations", "donors_z"):
        assert getattr(fall, name) == pytest.approx(-getattr(rise, name), rel=1e-6)
    assert (fall.status, rise.status) == ("withdrawn", "withdrawn")


def test_nothing_in_common_is_no_doubt():
    rng = np.random.default_rng(8)
    donors = rng.normal(size=(M, 30))
    still = judge_counterfactual([DateResiduals(np.zeros(M), donors, donors[:2], 1, 2.0)] * 3)
    assert (still.status, still.share, still.deviations, still.pvalue_mean) == ("holds", 0.0, 0.0, 1.0)
    assert still.pvalue_spread == 1.0
    flat = judge_counterfactual([DateResiduals(donors[:, 0], np.zeros((M, 30)), np.zeros((2, 30)), 1, 2.0)])
    assert np.isnan(flat.first_share)
    assert (flat.status, flat.donors_z, flat.groups_rejected) == ("holds", 0.0, 0.0)


@pytest.mark.parametrize("k", [2, 3])
def test_one_degree_of_freedom_is_the_least(k):
    donors = np.array([[1.0, 2.0], [-2.0, 1.0], [1.0, 1.0]])
    found = judge_counterfactual([DateResiduals(donors[:, 0], donors, np.array([[3.0, 1.0]]), k, 1.0)])
    mean = donors.mean(axis=1)
    assert found.donors_z == pytest.approx(2 / np.sqrt(mean @ mean))


def panel(push=0.02, seed=0):
    rng = np.random.default_rng(seed)
    market, returns = world(rng, push=0.0, bars=M + 40)
    returns[M + 20] += push  # on one day the omitted factor moves everybody
    names = [f"S{i}" for i in range(STUDIED + DONORS)]
    index = pd.bdate_range("2024-01-01", periods=M + 40)
    return pd.DataFrame(np.column_stack([market, returns]), index=index, columns=["M", *names]), names


def fit(frame, model, symbols, days=(M + 20,)):
    events = pd.DataFrame({"event_id": [f"e{day}" for day in days for _ in symbols], "symbol": list(symbols) * len(days),
                           "bar": frame.index[np.repeat(days, len(symbols))]})  # fmt: skip
    study = es.EventStudy(model=model, calendar=None, window=(0, 0), estimation=es.EstimationWindow(100, -2))
    return study.fit(events, frame)


def test_a_study_asks_the_other_securities_of_its_panel():
    frame, names = panel()
    frame.loc[frame.index[60], names[-1]] = np.nan
    result = fit(frame, es.MarketModel("M"), names[:STUDIED])
    found = result.counterfactual()
    assert found.status == "withdrawn"
    assert found.donors == DONORS - 1
    e, w = slice(M + 20 - 101, M + 19), slice(M + 20, M + 21)
    x, donors = sm.add_constant(frame["M"].to_numpy()), frame[names[STUDIED:-1]].to_numpy()
    beta = np.linalg.lstsq(x[e], donors[e], rcond=None)[0]
    own = frame[names[:STUDIED]].to_numpy()[e]
    residual = own - x[e] @ np.linalg.lstsq(x[e], own, rcond=None)[0]
    factor = 1 + x[w][0] @ np.linalg.solve(x[e].T @ x[e], x[w][0])
    date = DateResiduals(residual.mean(axis=1), donors[e] - x[e] @ beta, donors[w] - x[w] @ beta, 2, factor, STUDIED)
    expected = judge_counterfactual([date])
    np.testing.assert_allclose([found.predicted, found.pvalue_mean, found.share, found.first_share],
                               [expected.predicted, expected.pvalue_mean, expected.share, expected.first_share], rtol=1e-8)  # fmt: skip
    assert set(result.tests(full=True)["counterfactual"]) == {found.said}
    assert set(result.tests()["counterfactual"]) == {found.status}
    assert f"counterfactual {found.said}" in " ".join(result.summary().split())


@pytest.mark.parametrize("model", ["factors", "mixture", "adjusted", "robust", "did"])
def test_every_model_is_judged_and_components_fall_silent(model):
    frame, names = panel()
    made = {"factors": es.LatentFactorModel(names), "mixture": es.SyntheticControl(names), "adjusted": es.MarketAdjusted("M"),
            "robust": es.RobustMarketModel("M"), "did": es.SyntheticDiD(names)}[model]  # fmt: skip
    found = fit(frame, made, names[:STUDIED]).counterfactual()
    assert found.status == ("withdrawn" if model in ("adjusted", "robust") else "holds")
    assert found.donors >= 20


def test_without_donors_it_is_unknown_and_says_why():
    frame, names = panel()
    found = fit(frame, es.MarketModel("M"), names).counterfactual()
    assert found.said.startswith("unknown: fewer than 10 untreated securities")
    match = es.MatchedPortfolio(dict.fromkeys(names[:3], names[-1]))
    assert "regressors of its own" in fit(frame, match, names[:3]).counterfactual().said


def test_donors_in_an_event_window_of_their_own_are_not_asked():
    frame, _ = panel()
    events = pd.DataFrame(
        {"event_id": ["a", "b", "c"], "symbol": ["S0", "S1", "S2"], "bar": frame.index[[M + 20, M + 21, M + 35]]}
    )
    study = es.EventStudy(
        model=es.MarketModel("M"), calendar=None, window=(-1, 1), estimation=es.EstimationWindow(100, -2)
    )
    found = study.fit(events, frame).counterfactual()
    assert found.dates == 2  # the windows of the first two overlap
    assert found.donors == DONORS + STUDIED - 1 - 0.5 - 0.5  # less S0 and S1 on the first date, less S2 on the last
