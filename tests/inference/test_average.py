"""The mean and its one variance: by loops over definitions, by matrices, and by coverage under known truth."""

import itertools
import math
from dataclasses import fields, replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import linalg, stats

from eventstudy.abnormal import MarketAdjusted, MarketModel, MeanAdjusted, estimate
from eventstudy.abnormal.window_sample import WindowSample, take
from eventstudy.inference.beyond import average as module
from eventstudy.inference.beyond.average import average, manner
from eventstudy.inference.core.car_covariance import car_covariance, scaled_covariance
from eventstudy.inference.core.few_clusters import cr2_mean
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.sample_of import sample_of
from samples import batch_of, with_residuals

RTOL = 1e-9  # sums of a few hundred float64 products


class TestCr2:
    @pytest.mark.parametrize("sizes", [(1, 1, 1), (3, 3), (1, 4, 2, 2), (9, 1, 1)])
    def test_by_matrices(self, sizes, cr2_matrices):
        rng = np.random.default_rng(len(sizes))
        code = rng.permutation(np.repeat(np.arange(len(sizes)) * 7, sizes))
        x = rng.normal(0.01, 0.03, code.size)
        (error,), (df,) = cr2_matrices(np.ones((x.size, 1)), x, code)
        np.testing.assert_allclose(cr2_mean(x, code), (error, df), rtol=RTOL)

    def test_clusters_of_one_size_are_those_of_cr1(self):
        x, code = np.random.default_rng(1).normal(size=12), np.repeat(np.arange(4), 3)
        error = math.sqrt(4 / 3 * (np.bincount(code, x - x.mean()) ** 2).sum()) / 12
        np.testing.assert_allclose(cr2_mean(x, code), (error, 3), rtol=RTOL)

    def test_a_batch_with_holes_is_each_sample_alone(self):
        rng = np.random.default_rng(2)
        x, code = rng.normal(size=(2, 3, 9)), rng.integers(0, 4, (2, 3, 9))
        x[rng.random(x.shape) < 0.2] = np.nan
        found = cr2_mean(x, code)
        for at in np.ndindex(2, 3):
            there = np.isfinite(x[at])
            alone = cr2_mean(x[at][there], code[at][there])
            np.testing.assert_allclose([found[0][at], found[1][at]], alone, rtol=RTOL)

    @pytest.mark.parametrize("x", [[], [1.0], [1.0, 2.0]])
    def test_one_cluster_has_no_error(self, x):
        assert np.isnan(cr2_mean(np.array(x), np.zeros(len(x), dtype=int))[0])


def covariance_by_loops(returns, market, events, window, estimation, model):
    """Cov(CAR_i, CAR_j) from CAR = a'R, a by least squares on the bars that are there, and the residuals' mean products."""
    bars = returns.shape[1]
    forms, residuals, scales = [], [], []
    for who, when in events:
        past = [t for t in range(when + estimation[0], when + estimation[1] + 1) if math.isfinite(returns[who, t])]
        ahead = [t for t in range(when + window[0], when + window[1] + 1) if math.isfinite(returns[who, t])]

        def rows(t):
            return [1.0, market[t]] if model == "market" else [1.0]

        x = np.array([rows(t) for t in past])
        y = returns[who, past] - (market[past] if model == "adjusted" else 0)
        left = np.full(bars, np.nan)
        left[past] = y - x @ np.linalg.lstsq(x, y)[0]
        form = np.zeros(bars)
        form[ahead] = 1
        if model != "adjusted":
            form[past] -= x @ np.linalg.inv(x.T @ x) @ np.sum([rows(t) for t in ahead], axis=0)
        forms.append(form)
        residuals.append(left)
        scales.append(math.sqrt(len(past) / (len(past) - x.shape[1])))
    out = np.zeros((len(events), len(events)))
    for i, j in itertools.product(range(len(events)), repeat=2):
        both = np.isfinite(residuals[i]) & np.isfinite(residuals[j])
        if both.sum() >= 30:
            product = (residuals[i][both] * residuals[j][both]).mean() * scales[i] * scales[j]
            out[i, j] = product * (forms[i] @ forms[j])
    return out


@pytest.mark.parametrize("missing", [0.0, 0.05])
@pytest.mark.parametrize("model", ["market", "mean", "adjusted"])
def test_covariances_by_loops(model, missing):
    rng = np.random.default_rng(5)
    market = rng.normal(0, 0.01, 260)
    returns = rng.normal(0, 0.02, (4, 260)) + rng.normal(0, 0.02, 260) + market
    returns[rng.random(returns.shape) < missing] = np.nan
    events = [(0, 150), (1, 150), (2, 153), (3, 154), (0, 160), (1, 240)]
    who, when = map(np.array, zip(*events, strict=True))
    chosen = {"market": MarketModel("m"), "mean": MeanAdjusted(), "adjusted": MarketAdjusted("m")}[model]
    given = () if model == "mean" else (market[None],)
    keep = {"window": (0, 6), "estimation": (-110, -11), "minimum": 60}
    sample = estimate(returns, *given, security=who, day0=when, model=chosen, **keep).sample(0, 6, estimation=True)
    found = car_covariance(sample)
    np.testing.assert_allclose(
        found, covariance_by_loops(returns, market, events, (0, 6), (-110, -11), model), rtol=1e-7, atol=1e-12
    )
    np.testing.assert_allclose(np.diag(found), sample.car_se**2, rtol=RTOL)


def test_scale_and_degrees_of_freedom_by_matrices():
    rng = np.random.default_rng(6)
    root = rng.normal(size=(7, 9))
    v, w, x = root @ root.T, rng.uniform(0.5, 2, 7), rng.normal(size=7)
    w /= w.sum()
    basis = linalg.orth(np.column_stack([np.ones(7), v @ w]))
    p = np.eye(7) - basis @ basis.T
    free = np.trace(p @ v) ** 2 / np.trace(p @ v @ p @ v)
    error = math.sqrt(x @ p @ x / np.trace(p @ v) * (w @ v @ w))
    if free < 3:
        pytest.fail("the draw must leave three degrees of freedom")
    np.testing.assert_allclose(
        scaled_covariance(x, w, v, np.asarray(98.0)), (error, 1 / (1 / free + 1 / 98)), rtol=RTOL
    )


def test_too_little_left_to_tell_the_scale_takes_that_of_the_estimation_windows():
    v = np.array([[2.0, 1.0], [1.0, 3.0]])
    error, df = scaled_covariance(np.array([5.0, -5.0]), np.full(2, 0.5), v, np.asarray(98.0))
    assert (float(error), float(df)) == pytest.approx((math.sqrt(7 / 4), 98))


class TestManner:
    def test_events_apart_are_the_ordinary_t(self, make_sample):
        sample = make_sample(12)
        found = average(sample)
        low, high = found.interval()
        told = stats.t.interval(0.95, 11, sample.car.mean(), stats.sem(sample.car))
        np.testing.assert_allclose([low, high], told, rtol=RTOL)
        assert found.how == "cross_sectional"

    def test_one_session_is_its_portfolio(self, make_sample):
        assert average(make_sample(6, dates="one")).how == "portfolio"
        assert np.isfinite(average(make_sample(1)).se)  # of one event too

    def test_few_sessions_and_shared_bars_take_the_covariances(self, make_sample):
        staggered = make_sample(20, dates="staggered", window=(-5, 5))
        assert average(staggered).how == "covariance"
        assert average(make_sample(12), weights=np.arange(1.0, 13.0)).how == "covariance"
        assert average(make_sample(6, dates="one"), values=np.arange(6.0)).how == "covariance"

    def test_a_batch_is_each_sample_alone(self, make_sample):
        parts = [make_sample(8, dates="staggered", window=(-5, 5), seed=seed) for seed in (1, 2)]
        whole = batch_of(parts)
        found = average(whole)
        for at, part in enumerate(parts):
            alone = average(part)
            np.testing.assert_allclose([found.se[at], found.df[at]], [alone.se, alone.df], rtol=RTOL)

    def test_weights_of_nought_are_no_events(self, make_sample):
        sample = make_sample(10, dates="staggered", window=(-5, 5))
        w = np.r_[np.ones(7), np.zeros(3)]
        found, told = average(sample, weights=w), average(take(sample, np.arange(7)), weights=np.ones(7))
        np.testing.assert_allclose([found.mean, found.se, found.df], [told.mean, told.se, told.df], rtol=RTOL)
        assert int(found.n) == 7

    def test_very_many_events_are_told_by_some(self, make_sample, monkeypatch):
        sample = make_sample(120, dates="staggered", window=(-5, 5))
        exact = average(sample)
        monkeypatch.setattr(module, "MOST", 60)
        thin = average(sample)
        assert float(thin.se) == pytest.approx(float(exact.se), rel=0.15)  # half of the events tell the scale
        assert thin.mean == exact.mean

    def test_by_hand_without_estimation_windows_the_sessions_tell(self):
        found = average(sample_of(car=[0.01, 0.02, 0.04, 0.01], day0=[1, 1, 2, 3]))
        assert (str(found.how), int(found.sessions)) == ("clustered", 3)
        assert np.isfinite(found.se)


class TestMannerOf:
    """By which spread a mean is judged, from numbers alone: each row of the table in `average`, and its edges."""

    @pytest.mark.parametrize(
        ("n", "sessions", "apart", "df", "alone", "how"),
        [
            (5, 5, True, 4.0, "", "cross_sectional"),
            (2, 2, True, 1.0, "", "cross_sectional"),
            (1, 1, True, np.nan, "", "covariance"),  # one event has no spread
            (5, 4, True, 9.999, "", "covariance"),
            (20, 11, True, 10.0, "", "clustered"),  # ten degrees of freedom are enough
            (20, 11, False, 10.0, "", "covariance"),
            (5, 5, False, 4.0, "", "covariance"),
            (30, 30, True, 29.0, "portfolio", "cross_sectional"),
            (6, 1, True, np.nan, "portfolio", "portfolio"),
            (6, 1, False, np.nan, "time_series", "time_series"),
            (6, 2, True, 1.0, "portfolio", "covariance"),
            (0, 0, True, np.nan, "portfolio", ""),
            (0, 0, True, 12.0, "", ""),
        ],
    )
    def test_each_kind(self, n, sessions, apart, df, alone, how):
        given = (np.asarray(n), np.asarray(sessions), np.asarray(apart), np.asarray(df))
        assert str(module.manner_of(*given, alone)) == how

    @pytest.mark.parametrize(
        ("day0", "sessions", "overlap"),
        [
            ([5, 5, 8], 2, False),  # three bars later the window of three has ended
            ([7, 5, 5], 2, True),
            ([9, 5, 13, 5], 3, False),
            ([9, 5, 11, 5], 3, True),
            ([4, 4, 4], 1, False),
        ],
    )
    def test_sessions_and_whether_windows_of_three_bars_meet(self, day0, sessions, overlap):
        sample = sample_of(ar=np.zeros((len(day0), 3)), day0=day0)
        found = module.sessions_of(sample, np.ones(len(day0), dtype=bool))
        assert [one.item() for one in found] == [sessions, overlap]

    def test_events_left_out_have_no_session(self):
        sample = sample_of(ar=np.zeros((4, 3)), day0=[5, 6, 9, 5])
        used = np.array(
            [[True, False, True, True], [True, True, False, False], [False] * 4, [False, True, True, False]]
        )
        found = module.sessions_of(sample, used)
        assert [one.tolist() for one in found] == [[2, 2, 0, 2], [False, True, False, False]]

    def test_weights_other_values_and_other_models(self, make_sample):
        one, apart = make_sample(6, dates="one"), make_sample(12)
        w = np.ones(6)
        other = replace(one, least_squares=False)
        told = [
            module.manner(one),
            module.manner(one, weights=w),
            module.manner(one, values=w),
            module.manner(other),
            module.manner(other, weights=w),
            module.manner(apart, weights=np.ones(12)),
            module.manner(apart, values=np.arange(12.0)),
            module.manner(apart, weights=np.r_[1.0, np.zeros(11)]),
        ]
        assert [str(how) for how in told] == [
            "portfolio", "portfolio", "covariance", "time_series", "covariance", "covariance", "cross_sectional",
            "portfolio",
        ]  # fmt: skip


class TestWithoutEstimationWindows:
    def test_a_weighted_mean_leaves_out_what_has_no_value_or_no_weight(self):
        sample = sample_of(car=[0.01, np.nan, 0.04, 0.02, 0.07])
        found = average(sample, weights=np.array([1.0, 5.0, 2.0, 0.0, np.nan]))
        assert (float(found.mean), int(found.n), int(found.sessions)) == (pytest.approx(0.03), 2, 2)
        assert str(found.how) == "covariance"  # weights, and nothing that tells the covariances
        assert np.isnan([found.se, found.df]).all()

    def test_other_values_take_the_place_of_cars(self):
        values = np.array([0.2, np.nan, 0.4, 0.9])
        found = average(sample_of(car=[np.nan, 0.0, 0.0, 0.0]), values=values)
        assert (float(found.mean), int(found.n)) == (pytest.approx(0.5), 3)
        assert float(found.se) == pytest.approx(stats.sem([0.2, 0.4, 0.9]))

    def test_nothing_has_no_mean(self):
        found = average(sample_of(car=[np.nan, np.nan]))
        assert (int(found.n), int(found.sessions), str(found.how)) == (0, 0, "")
        assert np.isnan([found.mean, found.se, found.df]).all()

    def test_one_session_tells_no_error(self):
        sample = sample_of(car=[0.01, 0.02, 0.04], day0=[3, 3, 3])
        for options, how in (({}, "portfolio"), ({"values": np.arange(3.0)}, "covariance")):
            found = average(sample, **options)
            assert (str(found.how), int(found.sessions)) == (how, 1)
            assert np.isnan([found.se, found.df]).all()


def by_matrices(x, w, v, df, own=None):
    """The mean's error and degrees of freedom, P the projection off the constant and off Vw."""
    basis = linalg.orth(np.column_stack([np.ones(x.size), v @ w]))
    p = np.eye(x.size) - basis @ basis.T
    free = np.trace(p @ v) ** 2 / np.trace(p @ v @ p @ v)
    return math.sqrt(x @ p @ x / np.trace(p @ v) * (w @ v @ w if own is None else own)), 1 / (1 / free + 1 / df)


class TestCovarianceOfAll:
    def test_weights_and_degrees_of_freedom_are_those_of_the_events_used(self, make_sample):
        sample = make_sample(14, dates="staggered", window=(-5, 5))
        sample = replace(sample, df=np.r_[np.full(7, 60), np.full(7, 90)])
        w = np.r_[np.linspace(1, 2, 11), 0.0, np.nan, 3.0]
        kept = np.r_[0:11, 13]
        found = average(sample, weights=w)
        share = w[kept] / w[kept].sum()
        v = car_covariance(sample)[np.ix_(kept, kept)]
        told = by_matrices(sample.car[kept], share, v, (7 * 60 + 5 * 90) / 12)
        np.testing.assert_allclose([found.se, found.df], told, rtol=1e-8)
        assert found.mean == pytest.approx(share @ sample.car[kept])

    def test_many_events_are_told_by_evenly_spaced_ones_and_by_the_mean_correlation(self, make_sample, monkeypatch):
        """Of 39 events every other one; the variance of all is that of their errors, each pair with the mean correlation."""
        sample = make_sample(39, dates="staggered", window=(-5, 5))
        exact = average(sample)
        monkeypatch.setattr(module, "MOST", 39)
        np.testing.assert_array_equal(average(sample).se, exact.se)
        monkeypatch.setattr(module, "MOST", 20)
        found = average(sample)
        r = float(SampleFacts(sample).correlation)
        assert 0 < r < 1
        error = sample.car_se / 39
        own = sum(error[i] * error[j] * (1 if i == j else r) for i in range(39) for j in range(39))
        some = np.arange(0, 39, 2)
        v = car_covariance(sample)[np.ix_(some, some)]
        told = by_matrices(sample.car[some], np.full(20, 1 / 20), v, sample.df.mean(), own)
        np.testing.assert_allclose([found.se, found.df], told, rtol=1e-8)
        bare = replace(sample, estimation=None)
        known = average(bare, among=(some, take(sample, some)))
        rest = float(SampleFacts(take(sample, some)).correlation)
        square = (error**2).sum()
        variance = square + rest * (error.sum() ** 2 - square)
        np.testing.assert_allclose(known.se, found.se * math.sqrt(variance / own), rtol=1e-8)
        assert known.df == pytest.approx(float(found.df), rel=1e-9)

    def test_a_negative_mean_correlation_is_taken_as_none(self):
        rng = np.random.default_rng(1)
        past = rng.normal(0, 0.02, (1, 150))
        returns = np.vstack([past, -past]) + rng.normal(0, 0.001, (2, 150))
        day0 = np.array([140, 140])
        fitted = estimate(
            returns, security=np.arange(2), day0=day0, window=(0, 0), estimation=(-120, -11), model=MeanAdjusted()
        )
        sample = fitted.sample(0, 0, estimation=True)
        assert SampleFacts(sample).correlation < -0.9
        assert module.variance_of_all(3.0, 2.5, sample) == 3.0

    def test_a_batch_of_unlike_samples_is_each_alone(self, make_sample):
        """One session, shared bars and events apart in one batch."""
        parts = [make_sample(12, dates=dates, window=(-2, 2), seed=5) for dates in ("one", "staggered", "apart")]
        whole = batch_of(parts)
        found = average(whole)
        assert found.how.tolist() == ["portfolio", "covariance", "cross_sectional"]
        for at, part in enumerate(parts):
            alone = average(part)
            for name in ("mean", "se", "df", "n", "sessions"):
                np.testing.assert_allclose(getattr(found, name)[at], getattr(alone, name), rtol=RTOL)

    def test_of_more_than_a_thousand_some_stand_for_all(self, make_sample):
        """Their estimation windows are enough: those of the others are not asked for."""
        some = make_sample(40, dates="staggered", window=(-5, 5))
        many = replace(take(some, np.arange(1001) % 40), estimation=None)
        found = average(many, among=(np.arange(40), some))
        assert str(found.how) == "covariance"
        error = many.car_se / 1001
        square, r = (error**2).sum(), float(SampleFacts(some).correlation)
        told = by_matrices(
            some.car,
            np.full(40, 1 / 40),
            car_covariance(some),
            some.df.mean(),
            square + r * (error.sum() ** 2 - square),
        )
        np.testing.assert_allclose([found.se, found.df], told, rtol=1e-7)

    def test_another_value_of_one_event_has_the_error_of_its_window(self, make_sample):
        sample = make_sample(1)
        found = average(sample, values=np.array([0.03]))
        assert (float(found.mean), str(found.how)) == (0.03, "covariance")
        np.testing.assert_allclose([found.se, found.df], [sample.car_se[0], sample.df[0]], rtol=RTOL)


@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 0.0, 3.0, 1.5]])
def test_one_session_is_the_forecast_error_of_its_weighted_portfolio(weights):
    """By statsmodels: the portfolio's return on the market, and the error of its sum over the window."""
    rng = np.random.default_rng(8)
    market = rng.normal(0, 0.01, 160)
    returns = market + rng.normal(0, 0.02, (5, 160))
    keep = {"window": (0, 2), "estimation": (-110, -11), "minimum": 60, "model": MarketModel("m")}
    fitted = estimate(returns, market[None], security=np.arange(5), day0=np.full(5, 140), **keep)
    given = None if weights is None else np.array(weights)
    found = average(fitted.sample(0, 2, estimation=True), weights=given)
    w = np.full(5, 0.2) if given is None else given / given.sum()
    design = sm.add_constant(market)
    ols = sm.OLS(w @ returns[:, 30:130], design[30:130]).fit()
    total = design[140:143].sum(axis=0)
    error = math.sqrt(3 * ols.scale + total @ ols.cov_params() @ total)
    assert str(found.how) == "portfolio"
    assert int(found.n) == (5 if given is None else 4)
    estimate_of = (w @ returns[:, 140:143]).sum() - total @ ols.params
    np.testing.assert_allclose([found.mean, found.se, found.df], [estimate_of, error, 98], rtol=1e-8)


DESIGNS = {
    "unequal dates": (np.repeat(np.arange(6) * 20, [50, 2, 2, 2, 2, 2]), 0.3, (0, 1)),
    "consecutive days": (np.repeat(np.arange(10), 4), 0.3, (-5, 5)),
}


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_coverage(design):
    days, rho, window = DESIGNS[design]
    rng, hits, tries = np.random.default_rng(4), 0, 600
    n, bars = days.size, 290 + days.max()
    for _ in range(tries):
        returns = math.sqrt(1 - rho) * rng.standard_normal((n, bars)) + math.sqrt(rho) * rng.standard_normal(bars)
        fitted = estimate(
            returns, security=np.arange(n), day0=265 + days, window=window, estimation=(-260, -11), model=MeanAdjusted()
        )
        low, high = average(fitted.sample(*window, estimation=True)).interval()
        hits += bool(low <= 0 <= high)
    assert 0.93 <= hits / tries <= 0.97


def test_a_sample_is_of_least_squares_unless_it_says_otherwise():
    sample = with_residuals(np.random.default_rng(5).normal(size=(4, 60)), day0=np.full(4, 500))
    given = {field.name: getattr(sample, field.name) for field in fields(sample) if field.name != "least_squares"}
    assert str(manner(WindowSample(**given))) == "portfolio"
    assert str(manner(WindowSample(**given, least_squares=False))) == "time_series"
