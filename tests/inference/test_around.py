"""What stands around the tests: many tests, bands, equivalence, leakage, power, explaining CARs, identification."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.multivariate import test_mvmean as mvmean  # a name that no test runner takes for a test
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from eventstudy import inference as room
from eventstudy.errors import StudyError
from eventstudy.inference import adjust_pvalues, equivalence, events_needed, power, run, sample_of
from eventstudy.inference.beyond.bands import caar_band
from eventstudy.inference.beyond.cross_sectional_regression import explain
from eventstudy.inference.beyond.equivalence import equivalence_of
from eventstudy.inference.beyond.leakage import fieller, leakage_share, pre_event, quadratic_set
from eventstudy.inference.beyond.multiple_testing import romano_wolf
from eventstudy.inference.beyond.power import inject_power
from eventstudy.inference.beyond.rigobon_sack import rigobon_sack

RTOL = 1e-10  # the same formulas in another order
MONTE_CARLO = 3.5  # standard errors: a fixed seed that lies within them
SOLVER = 1e-5  # solve_power looks for its root to 1e-6 or so, by the version


class TestMany:
    @pytest.mark.parametrize(
        ("ours", "theirs"), [("bonferroni", "bonferroni"), ("holm", "holm"), ("bh", "fdr_bh"), ("by", "fdr_by")]
    )
    def test_adjustments_are_statsmodels(self, ours, theirs):
        p = np.random.default_rng(0).uniform(size=25) ** 3
        np.testing.assert_allclose(adjust_pvalues(p, ours), multipletests(p, method=theirs)[1], rtol=RTOL)

    def test_a_test_that_did_not_apply_is_not_counted(self):
        np.testing.assert_allclose(adjust_pvalues([0.01, np.nan, 0.04], "bonferroni"), [0.02, np.nan, 0.08])

    def test_errors(self):
        with pytest.raises(StudyError, match="bonferroni, holm, bh, by"):
            adjust_pvalues([0.1], "sidak")
        with pytest.raises(StudyError, match="between 0 and 1"):
            adjust_pvalues([1.2])
        with pytest.raises(StudyError, match="one column a test"):
            romano_wolf([1.0, 2.0], np.zeros((9, 3)))

    def test_romano_wolf_is_its_definition(self):
        rng = np.random.default_rng(1)
        t, draws = rng.normal(size=5) * 2, rng.normal(size=(99, 5))
        order = sorted(range(5), key=lambda k: -abs(t[k]))
        expected, last = [0.0] * 5, 0.0
        for j, k in enumerate(order):
            left = order[j:]
            hits = sum(max(abs(row[i]) for i in left) >= abs(t[k]) for row in draws)
            last = max(last, (1 + hits) / 100)
            expected[k] = last
        np.testing.assert_allclose(romano_wolf(t, draws), expected, rtol=RTOL)

    def test_romano_wolf_leaves_a_test_out_of_the_draws_in_which_it_is_missing(self):
        rng = np.random.default_rng(2)
        t, draws = np.array([0.4, np.nan, 0.9, 0.1]), 0.5 * rng.normal(size=(199, 4))
        draws[rng.random(draws.shape) < 0.5] = np.nan
        order, last = [2, 0, 3], 0.0
        found = romano_wolf(t, draws)
        assert math.isnan(found[1])
        for j, k in enumerate(order):
            there = [[abs(row[i]) for i in order[j:] if not math.isnan(row[i])] for row in draws]
            last = max(last, (1 + sum(max(some, default=0.0) >= t[k] for some in there)) / 200)
            assert found[k] == last


class TestBands:
    def test_path_and_errors(self, make_sample):
        sample = make_sample(12, window=(-1, 3))
        band = caar_band(sample, seed=0)
        np.testing.assert_allclose(band.path, np.cumsum(sample.ar, axis=1).mean(axis=0), rtol=RTOL)
        expected = np.cumsum(sample.ar, axis=1).std(axis=0, ddof=1) / math.sqrt(12)
        np.testing.assert_allclose(band.se, expected, rtol=RTOL)
        assert band.critical > band.pointwise == pytest.approx(stats.t.ppf(0.975, 11))

    @pytest.mark.parametrize("level", [0.95, 0.7])
    def test_the_critical_value_by_a_loop(self, level):
        """Studentised draws: means and standard errors of groups of independent random walks, as of the events themselves."""
        rng = np.random.default_rng(3)
        band = caar_band(sample_of(ar=rng.normal(0, 0.01, (6, 4))), level=level, draws=4000, seed=8)
        largest = []
        for _ in range(4000):
            walks = np.cumsum(rng.standard_normal((6, 4)), axis=1)
            largest.append(np.abs(walks.mean(axis=0) / (walks.std(axis=0, ddof=1) / math.sqrt(6))).max())
        assert band.critical == pytest.approx(np.quantile(largest, level), rel=0.08)  # two draws of 4,000
        np.testing.assert_allclose(band.high - band.path, band.critical * band.se)

    def test_windows_that_share_bars_have_wider_errors_and_a_smoother_path(self, make_sample):
        apart, near = (make_sample(10, dates=dates, window=(-3, 3), seed=4) for dates in ("apart", "staggered"))
        found = caar_band(near, seed=1)
        assert found.how == "covariance"
        assert np.isfinite(found.low).all()
        assert caar_band(apart, seed=1).how == "cross_sectional"

    @pytest.mark.slow
    def test_the_whole_path_is_covered_as_often_as_said(self):
        rng, covered, tries = np.random.default_rng(2), 0, 400
        for _ in range(tries):
            band = caar_band(sample_of(ar=rng.normal(0, 0.01, (40, 8))), draws=399, seed=rng)
            covered += bool(((band.low <= 0) & (band.high >= 0)).all())
        error = math.sqrt(0.05 * 0.95 / tries)
        assert abs(covered / tries - 0.95) < MONTE_CARLO * error

    def test_one_session_takes_its_portfolio_or_says_why_there_is_no_band(self, make_sample):
        sample = make_sample(5, dates="one")
        assert caar_band(sample, seed=0).how == "portfolio"
        band = caar_band(replace(sample, estimation=None))
        assert "two sessions" in band.reason
        assert np.isnan(band.low).all()
        assert np.isfinite(band.path).all()

    def test_same_seed_same_band(self, make_sample):
        first, again = (caar_band(make_sample(12), seed=4).critical for _ in range(2))
        assert first == again


class TestEquivalence:
    def test_it_is_statsmodels_tost(self):
        x = np.random.default_rng(3).normal(0.001, 0.01, 30)
        p, lower, upper = DescrStatsW(x).ttost_mean(-0.004, 0.004)
        result = equivalence(x.mean(), x.std(ddof=1) / math.sqrt(30), 0.004, df=29)
        np.testing.assert_allclose(result.pvalue, p, rtol=RTOL)
        np.testing.assert_allclose(result.statistic, min(lower[0], -upper[0]), rtol=RTOL)

    @pytest.mark.parametrize("margin", [0.002, 0.004, 0.01])
    def test_it_rejects_just_when_the_interval_lies_inside(self, margin):
        result = equivalence(0.001, 0.002, margin, df=20)
        inside = -margin < result.ci[0] and result.ci[1] < margin
        assert (result.pvalue <= 0.05) == inside
        again = equivalence(0.001, 0.002, result.details["smallest_margin"], df=20)
        assert again.pvalue == pytest.approx(0.05, rel=1e-9)

    @pytest.mark.parametrize("df", [1, 5, 10, 60])
    @pytest.mark.parametrize("margin", [0.5, 1.2, 2.5, 3.0, 6.0])
    def test_its_power_is_the_share_of_studies_that_reject(self, df, margin):
        """400,000 studies without effect: z of known variance, the standard error estimated with df degrees."""
        rng, draws = np.random.default_rng(df), 400_000
        z, s = rng.standard_normal(draws), np.sqrt(rng.chisquare(df, draws) / df)
        rate = np.mean(np.abs(z) + stats.t.ppf(0.95, df) * s < margin)
        told = equivalence(0.0, 0.002, 0.002 * margin, df=df).details["power"]
        assert abs(told - rate) <= MONTE_CARLO * math.sqrt(max(rate * (1 - rate), 1 / draws) / draws)

    def test_its_power_is_owens_integral(self):
        """Against the double integral over z and s, by its density, in another order and by another rule."""
        for df, margin, level in ((3, 2.0, 0.9), (8, 3.0, 0.95), (25, 2.2, 0.975)):
            critical = stats.t.ppf(level, df)
            z = np.linspace(-margin, margin, 20_001)
            room = stats.chi2.cdf(df * ((margin - np.abs(z)) / critical) ** 2, df)  # P(s < (margin - |z|)/critical)
            expected = np.trapezoid(stats.norm.pdf(z) * room, z)
            told = equivalence(0.7, 1.0, margin, df=df, alpha=1 - level).details["power"]  # whatever the estimate
            assert told == pytest.approx(expected, abs=1e-7)  # the trapezia's own error

    def test_limits_of_its_power(self):
        def told(margin, **options):
            return equivalence(0.0, 1.0, margin, **options).details["power"]

        normal = 2 * stats.norm.cdf(3.0 - stats.norm.ppf(0.95)) - 1
        assert told(3.0) == pytest.approx(normal, rel=1e-12)
        assert told(3.0, df=1e8) == pytest.approx(normal, rel=1e-7)
        assert told(1.6) == 0.0  # the interval of 90 % is always wider than that
        assert told(1e-9, df=3) == pytest.approx(0.0, abs=1e-9)
        assert told(1e6, df=3) == pytest.approx(1.0)
        assert told(1.0, df=4, alpha=0.5) == pytest.approx(2 * stats.norm.cdf(1.0) - 1)  # no interval but the point

    def test_of_another_test(self, make_sample):
        base = run("portfolio", make_sample(6, dates="one"))
        result = equivalence_of(base, 0.1)
        assert (result.n, result.n_clusters, result.df) == (6, 1, base.df)
        assert not equivalence_of(run("bmp", make_sample(1)), 0.1).applicable
        with pytest.raises(StudyError, match="t or normal"):
            equivalence_of(run("sign", make_sample(6)), 0.1)
        with pytest.raises(StudyError, match="positive"):
            equivalence(0.0, 1.0, 0.0)


class TestLeakage:
    def test_joint_test_is_statsmodels_hotelling(self, make_sample):
        sample = make_sample(20, window=(-3, -1))
        theirs = mvmean(sample.ar)
        ours = pre_event(sample)
        np.testing.assert_allclose(ours.statistic, theirs.statistic, rtol=RTOL)
        np.testing.assert_allclose(ours.pvalue, theirs.pvalue, rtol=1e-8)
        assert ours.df == (3.0, 17.0)

    @pytest.mark.parametrize("n", [5, 20])
    def test_the_detectable_return_is_that_of_a_t_of_one_day(self, make_sample, n):
        sample = make_sample(n, window=(-3, -1))
        error = sample.ar.std(axis=0, ddof=1).mean() / math.sqrt(n)
        size = TTestPower().solve_power(nobs=n, power=0.8, alpha=0.05)  # in standard deviations of one session
        assert pre_event(sample).details["detectable"] == pytest.approx(size * math.sqrt(n) * error, rel=SOLVER)

    def test_too_few_sessions(self, make_sample):
        assert "more than 3 sessions" in pre_event(make_sample(9, window=(-3, -1), dates="one")).reason

    @pytest.mark.parametrize(("top", "bottom"), [(1.0, 4.0), (0.1, 0.2), (2.0, 0.5)])
    def test_fiellers_set_is_where_its_t_does_not_reject(self, top, bottom):
        covariance = np.array([[0.05, 0.02], [0.02, 0.08]])
        region = fieller(top, bottom, covariance)
        for ratio in np.linspace(-20, 20, 4001):
            t = (top - ratio * bottom) / math.sqrt(
                covariance[0, 0] - 2 * ratio * covariance[0, 1] + ratio**2 * covariance[1, 1]
            )
            assert (abs(t) <= stats.norm.ppf(0.975)) == any(low <= ratio <= high for low, high in region)

    def test_the_set_of_a_quadratic_is_where_it_is_not_positive(self):
        grid = np.linspace(-8, 8, 257)  # of eighths: every root of these lies on it or between two
        for a, b, c in itertools.product([-2.0, -1.0, 0.0, 1.0, 2.0], [-3.0, -1.0, 0.0, 1.0, 3.0], [-2.0, 0.0, 1.0]):
            region = quadratic_set(a, b, c)
            for g in grid:
                value = a * g * g + b * g + c
                inside = any(low - 1e-12 <= g <= high + 1e-12 for low, high in region)
                assert inside == (value <= 1e-12), (a, b, c, g)
            assert list(region) == sorted(region)

    def test_share(self, make_sample):
        before, whole = make_sample(12, window=(-2, -1), shift=0.05), make_sample(12, window=(-2, 0), shift=0.05)
        result = leakage_share(before, whole)
        np.testing.assert_allclose(result.estimate, before.car.mean() / whole.car.mean(), rtol=RTOL)
        np.testing.assert_allclose(result.statistic, run("cross_sectional", before).statistic, rtol=RTOL)
        assert result.ci[0] < result.estimate < result.ci[1]
        nothing = leakage_share(before, replace(whole, car=whole.car - whole.car.mean() + 1e-6))
        assert nothing.ci == (-math.inf, math.inf)
        assert "unbounded" in nothing.warnings[0]


class TestPower:
    def test_noncentral_t_is_statsmodels(self):
        for side, theirs in (("two-sided", "two-sided"), ("greater", "larger")):
            expected = TTestPower().power(0.4, 20, 0.05, alternative=theirs)
            ours = power(0.4, 1 / math.sqrt(20), df=19, alternative=side)
            np.testing.assert_allclose(ours, expected, rtol=1e-8)
        assert power(-0.4, 0.1, alternative="less") == power(0.4, 0.1, alternative="greater")

    @pytest.mark.parametrize("effect", [0.15, 0.3, 0.5, 0.8, 1.2])
    def test_a_t_needs_one_to_three_more_events_than_the_normal(self, effect):
        known = next(
            n
            for n in itertools.count(1)
            if stats.norm.sf(stats.norm.ppf(0.975) - effect * math.sqrt(n)) >= 0.8  # the far tail is not counted
        )
        estimated = next(
            n for n in itertools.count(2) if TTestPower().power(effect, n, 0.05, alternative="two-sided") >= 0.8
        )
        assert events_needed(effect, 1.0) == known
        assert 1 <= estimated - known <= 3

    def test_injection_finds_what_the_formula_says(self):
        past, scale = np.random.default_rng(0).normal(0, 0.02, (30, 4000)), 0.02 / math.sqrt(30)
        sample = replace(
            sample_of(car=past[:, 0]),
            refit=lambda security, day0: sample_of(car=past[security, day0]),
            admissible=np.ones(past.shape, dtype=bool),
        )
        effects = [0.0, 1.5 * scale, 2.8 * scale, 5 * scale]
        found = inject_power(sample, effects, test="cross_sectional", draws=1000, seed=1)
        expected = np.array([power(e, scale, df=29) for e in effects])
        error = np.sqrt(expected * (1 - expected) / 1000)
        assert (abs(found.power - expected) < MONTE_CARLO * error + 1e-3).all()
        assert 2.6 * scale < found.detectable(0.8) < 3.4 * scale  # 2.8 to 5 is a coarse grid
        assert found.detectable(0.9999) in (math.inf, pytest.approx(5 * scale))
        again = inject_power(sample, effects, test="cross_sectional", draws=1000, seed=1)
        np.testing.assert_array_equal(found.power, again.power)

    def test_errors(self, make_sample):
        with pytest.raises(StudyError, match="cross_sectional"):
            inject_power(make_sample(4), [0.0], test="kp_bmp")
        with pytest.raises(StudyError, match="refit"):
            inject_power(sample_of(car=[0.1, 0.2]), [0.0])


class TestExplain:
    @pytest.fixture
    def data(self):
        rng = np.random.default_rng(7)
        size, chip = rng.normal(size=40), (rng.random(40) < 0.4).astype(float)
        return 0.01 * size - 0.02 * chip + rng.normal(0, 0.02, 40), {"size": size, "chip": chip}, rng

    def test_hc3_is_its_formula(self, data):
        y, columns, _ = data
        found = explain(y, columns)
        x = np.column_stack([np.ones(40), *columns.values()])
        bread = np.linalg.inv(x.T @ x)
        beta = bread @ x.T @ y
        meat = sum(
            np.outer(row, row) * ((yi - row @ beta) / (1 - row @ bread @ row)) ** 2
            for row, yi in zip(x, y, strict=True)
        )
        np.testing.assert_allclose(found.coefficient, beta, rtol=1e-9)
        np.testing.assert_allclose(found.se, np.sqrt(np.diag(bread @ meat @ bread)), rtol=1e-9)
        np.testing.assert_allclose(found.pvalue, 2 * stats.t.sf(abs(found.statistic), 37), rtol=1e-9)
        assert [row["term"] for row in found.rows()] == ["const", "size", "chip"]

    def test_clusters_and_weights(self, data, cr2_matrices):
        y, columns, rng = data
        session, se = rng.integers(0, 9, 40), rng.uniform(0.01, 0.05, 40)
        found = explain(y, columns, errors="cluster", cluster=session, car_se=se)
        x = np.column_stack([np.ones(40), *columns.values()])
        theirs = sm.WLS(y, x, weights=se**-2.0).fit()
        error, df = cr2_matrices(theirs.model.wexog, theirs.model.wendog, session)
        np.testing.assert_allclose([found.se, found.df], [error, df], rtol=1e-8)
        np.testing.assert_allclose(found.pvalue, 2 * stats.t.sf(abs(theirs.params / error), df), rtol=1e-7)
        np.testing.assert_allclose(found.high - found.coefficient, stats.t.ppf(0.975, df) * error, rtol=1e-7)
        assert found.n_clusters == 9

    def test_a_regressor_that_one_cluster_alone_has(self, data, cr2_matrices):
        y, _, rng = data
        session = rng.integers(0, 9, 40)
        columns = {"first": (session == 0).astype(float), "size": rng.normal(size=40)}
        found = explain(y, columns, errors="cluster", cluster=session)
        error, df = cr2_matrices(np.column_stack([np.ones(40), *columns.values()]), y, session)
        np.testing.assert_allclose([found.se[2], found.df[2]], [error[2], df[2]], rtol=1e-8)

    def test_missing_rows_are_counted(self, data):
        y, columns, _ = data
        y[3] = np.nan
        columns["size"][5] = np.nan
        assert (explain(y, columns).n, explain(y, columns).left_out) == (38, 2)

    def test_errors(self, data):
        y, columns, _ = data
        for given, options, words in [
            ({"one": np.ones(40)}, {}, "collinear"),
            ({"short": np.ones(3)}, {}, "one value a security-event"),
            (columns, {"errors": "cluster"}, "membership"),
            (columns, {"errors": "HC9"}, "HC3, cluster, wild_cluster, nonrobust"),
        ]:
            with pytest.raises(StudyError, match=words):
                explain(y, given, **options)
        with pytest.raises(StudyError, match="cannot determine"):
            explain(y[:2], {"size": columns["size"][:2]})


class TestIdentification:
    @staticmethod
    def days(rng, *, rise, days=200, effect=-2.0):
        event = np.arange(2 * days) < days
        news = rng.normal(0, np.where(event, rise, 1.0))
        other = rng.normal(0, 1.0, 2 * days)
        policy = news + 0.5 * other + rng.normal(0, 0.3, 2 * days)  # both move with a common cause, on all days
        return policy, effect * news + other + rng.normal(0, 0.5, 2 * days), event

    def test_it_is_the_instrumental_variable_estimate(self):
        """Rigobon and Sack (2004): the instrument is p on event days and -p on control days, over their numbers."""
        p, s, event = self.days(np.random.default_rng(0), rise=3.0)
        x, y = (np.where(event, v - v[event].mean(), v - v[~event].mean()) for v in (p, s))
        z = np.where(event, x / (event.sum() - 1), -x / ((~event).sum() - 1))
        np.testing.assert_allclose(rigobon_sack(p, s, event).effect, (z @ y) / (z @ x), rtol=RTOL)

    def test_the_robust_set_is_where_its_statistic_does_not_reject(self):
        for rise in (3.0, 1.2, 1.0):
            p, s, event = self.days(np.random.default_rng(1), rise=rise, days=60)
            found = rigobon_sack(p, s, event)
            for g in np.linspace(-30, 30, 1201):
                parts = []
                for side in (event, ~event):
                    products = (p[side] - p[side].mean()) * ((s - g * p)[side] - (s - g * p)[side].mean())
                    parts.append((products.sum() / (side.sum() - 1), products.var(ddof=1) / side.sum()))
                t = (parts[0][0] - parts[1][0]) / math.sqrt(parts[0][1] + parts[1][1])
                inside = any(low <= g <= high for low, high in found.robust_set)
                assert (abs(t) <= self.critical(p, s, event, found.effect)) == inside

    @staticmethod
    def critical(p, s, event, effect):
        """Student's, with Satterthwaite's degrees of freedom from a quarter of the days of either kind."""
        spread, free = [], []
        for side in (event, ~event):
            u = (s - effect * p)[side]
            spread.append(((p[side] - p[side].mean()) * (u - u.mean())).var(ddof=1) / side.sum())
            free.append(side.sum() / 4)
        return stats.t.ppf(0.975, sum(spread) ** 2 / sum(v**2 / f for v, f in zip(spread, free, strict=True)))

    @pytest.mark.slow
    @pytest.mark.parametrize(("on", "off"), [(8, 40), (20, 100)])
    def test_the_set_holds_for_few_event_days(self, on, off):
        rng, tries = np.random.default_rng(9), 1500
        event = np.arange(on + off) < on
        covered = 0
        for _ in range(tries):
            news, other = rng.normal(0, np.where(event, 2.0, 1.0)), rng.normal(size=on + off)
            p = (news + 0.3 * other) / 1.45
            found = rigobon_sack(p, -1.5 * p + other, event)
            covered += any(low <= -1.5 <= high for low, high in found.robust_set)
        assert 0.93 <= covered / tries <= 0.985

    @pytest.mark.slow
    @pytest.mark.parametrize(("on", "off"), [(8, 40), (15, 60), (40, 200)])
    def test_the_set_holds_where_news_and_returns_move_one_another(self, on, off):
        rng, tries = np.random.default_rng(10), 2000
        event = np.arange(on + off) < on
        covered = 0
        for _ in range(tries):
            news, other, common = rng.normal(0, np.where(event, 2.0, 1.0)), *rng.normal(size=(2, on + off))
            s = (-(common + news) + common + other) / 1.5  # s = -p + common + other; p = s / 2 + common + news
            found = rigobon_sack(s / 2 + common + news, s, event)
            covered += any(low <= -1.0 <= high for low, high in found.robust_set)
        assert 0.93 <= covered / tries <= 0.97

    def test_it_finds_the_truth_where_ols_does_not(self):
        rng, covered, slopes, ols = np.random.default_rng(2), 0, [], []
        for _ in range(300):
            found = rigobon_sack(*self.days(rng, rise=3.0))
            covered += any(low <= -2.0 <= high for low, high in found.robust_set)
            slopes.append(found.effect)
            ols.append(found.ols)
        assert abs(covered / 300 - 0.95) < MONTE_CARLO * math.sqrt(0.05 * 0.95 / 300)
        assert abs(np.median(slopes) + 2.0) < 0.05
        assert np.mean(ols) > -1.95 + 0.05  # biased towards the common cause

    def test_weak_identification_is_said_and_the_set_is_wide(self):
        found = rigobon_sack(*self.days(np.random.default_rng(3), rise=1.0))
        assert found.weak
        assert any(math.isinf(end) for part in found.robust_set for end in part)

    def test_errors(self):
        with pytest.raises(StudyError, match="3 days of either kind"):
            rigobon_sack(np.arange(4.0), np.arange(4.0), np.array([True, True, True, False]))
        with pytest.raises(StudyError, match="one length"):
            rigobon_sack(np.arange(4.0), np.arange(3.0), np.ones(4, dtype=bool))


def test_days_with_holes_are_left_out_of_identification():
    p, s, event = TestIdentification.days(np.random.default_rng(0), rise=3.0)
    p[7], s[300] = np.nan, np.nan
    keep = np.ones(400, dtype=bool)
    keep[[7, 300]] = False
    assert rigobon_sack(p, s, event).effect == rigobon_sack(p[keep], s[keep], event[keep]).effect


def test_every_public_name_is_documented():
    for name in itertools.chain(room.__all__):
        assert getattr(room, name).__doc__ or name in ("TESTS", "Alternative"), name
