"""What stands around the tests: many tests, bands, equivalence, leakage, power, explaining CARs, identification."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, special, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.multivariate import test_mvmean as mvmean  # a name that no test runner takes for a test
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from eventstudy import inference as room
from eventstudy.errors import StudyError
from eventstudy.inference import TESTS, adjust_pvalues, equivalence, events_needed, power, run, sample_of
from eventstudy.inference.beyond.bands import caar_band
from eventstudy.inference.beyond.cross_sectional_regression import explain
from eventstudy.inference.beyond.equivalence import equivalence_of
from eventstudy.inference.beyond.leakage import fieller, leakage_share, pre_event, quadratic_set
from eventstudy.inference.beyond.multiple_testing import romano_wolf
from eventstudy.inference.beyond.power import InjectedPower, caar_se, inject_power, minimum_detectable
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

    def test_by_hand_ties_bounds_and_the_usual_method(self):
        p = [0.04, 0.0, 0.02, 1.0, 0.02]
        np.testing.assert_allclose(adjust_pvalues(p), [0.08, 0.0, 0.08, 1.0, 0.08])  # Holm: 5p, 4p, 3p, 2p, p, running
        np.testing.assert_allclose(adjust_pvalues(p, "bonferroni"), [0.2, 0.0, 0.1, 1.0, 0.1])
        np.testing.assert_allclose(adjust_pvalues(p, "bh"), [0.05, 0.0, 0.1 / 3, 1.0, 0.1 / 3])
        harmonic = 1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5
        np.testing.assert_allclose(
            adjust_pvalues(p, "by"), [0.05 * harmonic, 0.0, 0.1 / 3 * harmonic, 1.0, 0.1 / 3 * harmonic]
        )
        assert adjust_pvalues([np.nan, np.nan]).tolist() == pytest.approx([np.nan, np.nan], nan_ok=True)
        assert adjust_pvalues([]).size == 0
        assert adjust_pvalues([0.3]).tolist() == [0.3]

    @pytest.mark.parametrize("wrong", [-1e-9, 1 + 1e-9])
    def test_what_is_no_chance_is_refused(self, wrong):
        with pytest.raises(StudyError, match="between 0 and 1"):
            adjust_pvalues([0.5, wrong, np.nan])

    def test_what_was_given_is_left_as_it_is(self):
        p = np.array([0.01, 0.04])
        adjust_pvalues(p, "bonferroni")
        assert p.tolist() == [0.01, 0.04]

    def test_romano_wolf_by_hand(self):
        """|t| of 3, 2 and 1, of either sign; a draw that is as large counts; what is out is out of the maximum."""
        draws = np.array([[3.0, 0.0, 0.0], [0.0, -2.0, 0.0], [0.5, 9.0, 0.5], [0.0, 0.0, -1.0]])
        # the largest of all: 3, 2, 9, 1; without the first: 0, 2, 9, 1; the last alone: 0, 0, 0.5, 1
        np.testing.assert_allclose(romano_wolf([-3.0, 2.0, -1.0], draws), [3 / 5, 3 / 5, 3 / 5])
        np.testing.assert_allclose(romano_wolf([-9.5, 2.0, -1.0], draws), [1 / 5, 3 / 5, 3 / 5])
        np.testing.assert_allclose(romano_wolf([1.0, -3.0, 9.5], draws), [3 / 5, 3 / 5, 1 / 5])

    @pytest.mark.parametrize("shape", [(2,), (4, 3), (5, 2, 1)])
    def test_draws_are_rows_of_one_column_a_test(self, shape):
        with pytest.raises(StudyError, match="one column a test"):
            romano_wolf([1.0, 2.0], np.zeros(shape))


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

    def test_either_side_and_the_normal(self):
        """The nearer end decides: (margin - |estimate|)/se, against the normal where no degrees of freedom are given."""
        for sign in (1, -1):
            found = equivalence(sign * 0.002, 0.001, 0.005)
            assert (found.statistic, found.pvalue) == pytest.approx((3.0, stats.norm.sf(3.0)))
            reach = stats.norm.ppf(0.95) * 0.001
            assert found.ci == pytest.approx((sign * 0.002 - reach, sign * 0.002 + reach))
            assert found.details["smallest_margin"] == pytest.approx(0.002 + reach)
            assert found.details["margin"] == 0.005
            assert (found.distribution, found.df, found.level, found.alternative) == ("normal", None, 0.9, "greater")
            assert (found.n, found.n_clusters, found.unit) == (0, 0, "return")
        found = equivalence(0.002, 0.001, 0.005, df=7, alpha=0.1, n=8, n_clusters=3, unit="share")
        assert found.pvalue == pytest.approx(stats.t.sf(3.0, 7))
        assert found.ci[1] == pytest.approx(0.002 + stats.t.ppf(0.9, 7) * 0.001)
        assert (found.distribution, found.df, found.n, found.n_clusters, found.unit) == ("t", 7, 8, 3, "share")
        assert found.level == pytest.approx(0.8)
        assert "at least 0.005" in found.null

    @pytest.mark.parametrize(("estimate", "se"), [(np.nan, 0.1), (0.1, np.nan)])
    def test_nothing_is_equivalent_without_an_error(self, estimate, se):
        found = equivalence(estimate, se, 0.5, n=4)
        assert (found.applicable, found.n) == (False, 4)
        assert found.reason == "the estimate has no standard error"

    def test_sessions_all_alike_have_no_error(self):
        found = equivalence_of(replace(equivalence(0.0, 1.0, 1.0), se=0.0), 0.5)
        assert found.reason == "the estimate has no standard error"
        with pytest.raises(StudyError, match="above zero"):
            equivalence(0.1, 0.0, 0.5)

    @pytest.mark.parametrize("margin", [0.0, -0.1, np.nan])
    def test_a_margin_is_positive(self, margin):
        with pytest.raises(StudyError, match="positive"):
            equivalence(0.0, 1.0, margin)

    def test_a_size_beyond_one_half_has_an_interval_turned_inside_out(self):
        """P(|z| < reach - c s) with c below nought, by the density of s."""
        c, df = stats.t.ppf(0.4, 6), 6
        s = np.linspace(1e-9, 5, 40_001)
        density = 2 * df * s * stats.chi2.pdf(df * s * s, df)
        expected = np.trapezoid((2 * stats.norm.cdf(0.8 - c * s) - 1) * density, s)
        assert equivalence(0.0, 1.0, 0.8, df=df, alpha=0.6).details["power"] == pytest.approx(expected, abs=1e-7)

    def test_of_a_test_with_a_normal_law(self, make_sample):
        base = run("patell", make_sample(6))
        found, told = equivalence_of(base, 4.0, alpha=0.1), equivalence(base.estimate, base.se, 4.0, alpha=0.1)
        assert (base.distribution, base.df) == ("normal", None)
        assert (found.pvalue, found.ci, found.distribution) == (told.pvalue, told.ci, "normal")
        assert (found.unit, found.n) == (base.unit, 6)
        assert not equivalence_of(run("sur_f", make_sample(4)), 0.1).applicable  # an F that does not apply is no error


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
        region, critical = fieller(top, bottom, covariance), stats.norm.ppf(0.975)
        for ratio in np.linspace(-20, 20, 4001):
            t = (top - ratio * bottom) / math.sqrt(
                covariance[0, 0] - 2 * ratio * covariance[0, 1] + ratio**2 * covariance[1, 1]
            )
            assert (abs(t) <= critical) == any(low <= ratio <= high for low, high in region)

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

    @staticmethod
    def clustered(values, session):
        """Mean of each column, and the covariance of the means: sessions are independent, their members are not."""
        sessions, columns = np.unique(session), range(values.shape[1])
        mean = np.array([np.mean([v for v in values[:, d] if math.isfinite(v)]) for d in columns])
        count = [sum(map(math.isfinite, values[:, d])) for d in columns]
        score = np.zeros((sessions.size, values.shape[1]))
        for g, day in enumerate(sessions):
            for d in columns:
                score[g, d] = sum(v - mean[d] for v in values[session == day, d] if math.isfinite(v)) / count[d]
        return mean, score.T @ score * sessions.size / (sessions.size - 1)

    def test_events_of_one_session_are_one_and_holes_are_borne(self):
        rng = np.random.default_rng(4)
        session = np.array([9, 9, 9, 4, 4, 1, 7, 7, 12, 15])
        ar = rng.normal(0.002, 0.01, (10, 3)) + 0.01 * rng.normal(size=20)[session][:, None]
        ar[1, 0] = ar[4, 2] = np.nan
        ar = np.vstack([ar, np.full(3, np.nan)])  # an event without any return is none
        found = pre_event(sample_of(ar=ar, day0=np.r_[session, 99], first=-4))
        mean, covariance = self.clustered(ar[:10], session)
        f = 3 / (3 * 5) * mean @ np.linalg.inv(covariance) @ mean  # G = 6 sessions, L = 3 days
        np.testing.assert_allclose([found.statistic, found.pvalue], [f, stats.f.sf(f, 3, 3)], rtol=1e-9)
        assert (found.df, found.n, found.n_clusters) == ((3.0, 3.0), 10, 6)
        np.testing.assert_allclose(found.details["aar"], mean, rtol=1e-12)
        np.testing.assert_allclose(found.details["se"], np.sqrt(np.diag(covariance)), rtol=1e-12)
        size = TTestPower().solve_power(nobs=6, power=0.8, alpha=0.05) * math.sqrt(6)  # in errors of a t(5)
        assert found.details["detectable"] == pytest.approx(size * np.mean(found.details["se"]), rel=SOLVER)
        assert found.null.endswith("relative day -4 .. -2")

    def test_one_session_more_than_days_is_enough(self):
        ar = np.random.default_rng(5).normal(0, 0.01, (4, 3))
        assert pre_event(sample_of(ar=ar, first=-3)).df == (3.0, 1.0)
        few = pre_event(sample_of(ar=ar[:3], first=-3))
        assert few.reason == "3 days are tested together, which needs more than 3 sessions; the sample has 3"
        nothing = pre_event(sample_of(ar=np.full((2, 1), np.nan), first=-1))
        assert (nothing.n, nothing.n_clusters) == (0, 0)

    def test_a_day_without_returns_cannot_be_tested(self):
        ar = np.random.default_rng(6).normal(0, 0.01, (9, 3))
        ar[:, 1] = np.nan
        assert "no abnormal return at all" in pre_event(sample_of(ar=ar, first=-3)).reason

    @pytest.mark.parametrize(("condition", "applies"), [(0.8e12, True), (1.25e12, False)])
    def test_days_that_are_one_another_to_twelve_digits_are_collinear(self, condition, applies):
        """Two days without correlation, their variances as unlike as said."""
        one, other = np.tile([1.0, 1.0, -1.0, -1.0], 2), np.tile([1.0, -1.0, 1.0, -1.0], 2)
        ar = 0.01 * np.column_stack([one, other / math.sqrt(condition)])
        found = pre_event(sample_of(ar=ar, first=-2))
        assert found.applicable == applies
        assert applies or "collinear" in found.reason

    def test_fiellers_set_of_few_degrees_of_freedom(self):
        covariance = np.array([[0.04, 0.01], [0.01, 0.03]])
        ((low, high),) = fieller(1.0, 2.0, covariance, level=0.8, df=4)
        for ratio in (low, high):
            error = math.sqrt(covariance[0, 0] - 2 * ratio * covariance[0, 1] + ratio**2 * covariance[1, 1])
            assert abs(1.0 - ratio * 2.0) / error == pytest.approx(stats.t.ppf(0.9, 4))

    @pytest.mark.parametrize("level", [0.95, 0.6])
    def test_a_share_counts_sessions_and_takes_events_that_have_both(self, level):
        rng = np.random.default_rng(7)
        session = np.array([2, 2, 5, 5, 5, 8, 11, 14])
        x = rng.normal([0.02, 0.05], 0.01, (8, 2)) + 0.01 * rng.normal(size=20)[session][:, None]
        before, whole = (sample_of(car=np.r_[x[:, at], extra], day0=np.r_[session, 17, 20])
                         for at, extra in ((0, [0.5, np.nan]), (1, [np.nan, 0.5])))  # fmt: skip
        found = leakage_share(before, whole, **({} if level == 0.95 else {"level": level}))
        mean, covariance = self.clustered(x, session)
        t = mean[0] / math.sqrt(covariance[0, 0])
        assert (found.statistic, found.estimate) == pytest.approx((t, mean[0] / mean[1]))
        assert found.pvalue == pytest.approx(2 * stats.t.sf(abs(t), 4))
        assert (found.df, found.n, found.n_clusters, found.level) == (4.0, 8, 5, level)
        assert (found.details["caar_before"], found.details["caar"]) == pytest.approx(tuple(mean))
        (region,) = found.details["set"]
        assert found.ci == region
        assert found.warnings == ()
        for ratio in region:
            error = math.sqrt(covariance[0, 0] - 2 * ratio * covariance[0, 1] + ratio**2 * covariance[1, 1])
            assert abs(mean[0] - ratio * mean[1]) / error == pytest.approx(stats.t.ppf(0.5 + level / 2, 4))

    def test_a_share_of_two_rays_has_the_whole_line_as_hull(self):
        before, whole = (sample_of(car=car) for car in ([0.03, 0.031, 0.029, 0.03], [0.02, -0.01, 0.01, -0.016]))
        found = leakage_share(before, whole)
        assert len(found.details["set"]) == 2
        assert found.ci == (-math.inf, math.inf)
        assert "unbounded" in found.warnings[0]

    @pytest.mark.parametrize(
        ("car", "day0", "words"),
        [([0.01, 0.02], [3, 3], "needs two sessions, the sample has 1"), ([0.01, 0.01], [3, 4], "have no variance"),
         ([np.nan, np.nan], [3, 4], "needs two sessions, the sample has 0")],
    )  # fmt: skip
    def test_a_share_that_cannot_be_told(self, car, day0, words):
        found = leakage_share(sample_of(car=car, day0=day0), sample_of(car=[0.03, 0.01], day0=day0))
        assert words in found.reason
        assert leakage_share(sample_of(car=[0.01, 0.02], day0=[3, 4]), sample_of(car=[0.03, 0.01])).df == 1.0


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

    def test_the_error_of_a_mean_car_is_that_of_its_pairs(self):
        """Each CAR has sigma² (L + L²/M), each pair a correlation: by a double loop."""
        own = 0.02**2 * (3 + 9 / 50)
        total = sum(own if i == j else 0.3 * own for i in range(4) for j in range(4)) / 16
        assert caar_se(0.02, 4, bars=3, m=50, correlation=0.3) == pytest.approx(math.sqrt(total))
        assert caar_se(0.02, 4) == pytest.approx(0.01)
        assert caar_se(0.02, 1, bars=9) == pytest.approx(0.06)

    @pytest.mark.parametrize("effect", [0.0, 0.3, -1.1, 2.5])
    @pytest.mark.parametrize("df", [math.inf, 6])
    def test_power_is_the_chance_beyond_the_critical_values(self, effect, df):
        """On one hand scipy's normal or noncentral t, both tails by themselves."""
        law = stats.norm(effect / 0.5) if df == math.inf else stats.nct(df, effect / 0.5)
        zero = stats.norm if df == math.inf else stats.t(df)
        for alpha in (0.05, 0.2):
            expected = {
                "two-sided": law.sf(zero.ppf(1 - alpha / 2)) + law.cdf(zero.ppf(alpha / 2)),
                "greater": law.sf(zero.ppf(1 - alpha)),
                "less": law.cdf(zero.ppf(alpha)),
            }
            for side, chance in expected.items():
                assert power(effect, 0.5, alpha=alpha, df=df, alternative=side) == pytest.approx(chance, rel=1e-7)
        assert power(effect, 0.5, df=df) == power(effect, 0.5, df=df, alpha=0.05, alternative="two-sided")

    @pytest.mark.parametrize("options", [{}, {"target": 0.99}, {"target": 0.1}, {"df": 1}, {"alpha": 0.01, "df": 3, "target": 0.9},
                                         {"alternative": "greater"}, {"alternative": "less", "df": 5}])  # fmt: skip
    def test_the_least_effect_has_just_the_power_asked_for(self, options):
        """Far beyond four errors too, where few degrees of freedom ask for that."""
        found = minimum_detectable(0.02, **options)
        options, side = dict(options), options.get("alternative", "two-sided")
        target = options.pop("target", 0.8)
        assert found > 0
        assert power(-found if side == "less" else found, 0.02, **options) == pytest.approx(target, abs=1e-9)

    @pytest.mark.parametrize("df", [1, 3, 5, 20])
    def test_power_of_an_effect_of_many_errors(self, df):
        """Squared, a noncentral t is a noncentral F: no tail that is too small to be told."""
        for effect in (0.5, -8.0, 16.0, -30.0, 40.0):
            expected = 1 - special.ncfdtr(1, df, effect**2, stats.t.ppf(0.975, df) ** 2)
            assert power(effect, 1.0, df=df) == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize("target", [0.05, 0.01])
    def test_a_target_lies_between_the_size_and_one(self, target):
        with pytest.raises(StudyError, match=r"between the size 0\.05 and 1"):
            minimum_detectable(1.0, target=target)

    def test_events_needed_by_the_formula_s_own_words(self):
        """The least n whose mean CAR has an error small enough: 1.96 + 0.84 errors make the effect."""
        for options in ({}, {"bars": 3, "m": 40}, {"target": 0.95}, {"alpha": 0.01}):
            z = stats.norm.ppf(1 - options.get("alpha", 0.05) / 2) + stats.norm.ppf(options.get("target", 0.8))
            windows = {key: value for key, value in options.items() if key in ("bars", "m")}
            least = next(n for n in itertools.count(1) if z * caar_se(0.03, n, **windows) <= 0.01)
            assert events_needed(0.01, 0.03, **options) == events_needed(-0.01, 0.03, **options) == least
        with pytest.raises(StudyError, match="effect of 0"):
            events_needed(0.0, 0.03)

    def test_the_detectable_effect_is_on_the_line_between_two_that_were_tried(self):
        def told(effect, rates, *target):
            return InjectedPower(np.array(effect), np.array(rates), np.zeros(len(effect)), 9).detectable(*target)

        assert told([0.0, 0.01, 0.02], [0.1, 0.6, 1.0]) == pytest.approx(0.015)
        assert told([-0.02, 0.0, -0.01], [1.0, 0.1, 0.6], 0.7) == pytest.approx(0.0125)  # by size, in any order
        assert told([0.01, 0.02, 0.04], [0.5, 0.8, 0.9]) == pytest.approx(0.02)
        assert told([0.01, 0.02], [0.9, 1.0]) == 0.01
        assert told([0.01, 0.02], [0.2, 0.79]) == math.inf
        assert told([0.01, 0.02, 0.03, 0.04], [0.2, 0.6, 0.5, 1.0]) == pytest.approx(0.035)  # a dip of chance is filled

    @staticmethod
    def placebos(past, window, **parts):
        """A sample of events that all have one history, by windows of `window` bars; the last one has no return."""
        n, bars = past.shape

        def refit(security, day0):
            ar = past[np.asarray(security)[:, None], np.asarray(day0)[:, None] + np.arange(window)]
            return replace(sample_of(ar=ar, day0=day0), security=np.asarray(security))

        admissible = np.zeros((n, bars), dtype=bool)
        admissible[:, : bars - window] = True
        ar = np.vstack([past[: n - 1, :window], np.full(window, np.nan)])
        return replace(sample_of(ar=ar), refit=refit, admissible=admissible, **parts)

    def test_injection_adds_the_effect_to_sums_and_its_share_to_days(self):
        """Placebo returns of nearly nothing: an effect is found always, or never by the other side."""
        past = 1e-6 * np.random.default_rng(3).normal(size=(9, 300))
        sample = self.placebos(past, 4)
        for test in ("cross_sectional", "bmp", "sign"):
            found = inject_power(sample, [0.02, -0.02], test=test, draws=20, alternative="greater", seed=0)
            assert found.power.tolist() == [1.0, 0.0], test
            assert found.draws == 20
            assert found.effect.tolist() == [0.02, -0.02]

    @pytest.mark.parametrize("test", ["cross_sectional", "panel_date", "calendar_time"])
    def test_injection_of_2_8_errors_is_found_about_four_times_in_five(self, test):
        """Sums of four days of eight firms: what is put on a day is a fourth of the effect, for tests of days as for those of sums."""
        past = np.random.default_rng(6).normal(size=(9, 900))
        found = inject_power(self.placebos(past, 4), [2.8 * math.sqrt(4 / 8)], test=test, draws=150, seed=0)
        assert 0.55 < found.power[0] < 0.9  # 0.70 for a t(7), a little more with more degrees of freedom

    def test_the_usual_injection(self):
        past = np.random.default_rng(7).normal(size=(9, 300))
        found = inject_power(self.placebos(past, 1), [0.0], seed=0)
        told = inject_power(
            self.placebos(past, 1), [0.0], test="bmp", draws=500, alpha=0.05, alternative="two-sided", seed=0
        )
        assert (found.draws, found.power[0]) == (500, told.power[0])
        assert 0.01 < found.power[0] < 0.12

    def test_injection_counts_p_at_the_size_and_tells_its_error(self):
        """Eight signs: p of 1/256, 9/256, 37/256 ...; with the size at one of them that p rejects."""
        past = np.random.default_rng(4).normal(size=(9, 900))
        found = inject_power(self.placebos(past, 1), [0.0, 0.5], test="sign", draws=400, alpha=37 / 256,
                             alternative="greater", seed=0)  # fmt: skip
        share = stats.norm.cdf(0.5)
        expected = np.array([37 / 256, sum(math.comb(8, k) * share**k * (1 - share) ** (8 - k) for k in (6, 7, 8))])
        assert (np.abs(found.power - expected) < MONTE_CARLO * np.sqrt(expected * (1 - expected) / 400)).all()
        np.testing.assert_allclose(found.error, np.sqrt(found.power * (1 - found.power) / 400), rtol=1e-12)

    @pytest.mark.parametrize("gone", ["refit", "admissible"])
    def test_injection_needs_other_dates(self, gone):
        sample = self.placebos(np.random.default_rng(5).normal(size=(5, 60)), 1)
        with pytest.raises(StudyError, match="refit and admissible"):
            inject_power(replace(sample, **{gone: None}), [0.0], test="bmp")
        with pytest.raises(StudyError, match="power by injection: "):
            inject_power(replace(sample, admissible=np.zeros((5, 60), dtype=bool)), [0.0], test="bmp")
        drawn = next(name for name, spec in TESTS.items() if spec.draws)
        for test in ("no_test", drawn, "portfolio", "kp_bmp"):
            with pytest.raises(StudyError, match=f"takes a test of CARs or SCARs: .*; not '{test}'") as said:
                inject_power(sample, [0.0], test=test)
            named = str(said.value).split(": ")[1].split("; not")[0].split(", ")
            assert {"cross_sectional", "bmp", "sign"} <= set(named)
            assert not {drawn, "portfolio", "kp_bmp"} & set(named)


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
            critical = self.critical(p, s, event, found.effect)
            for g in np.linspace(-30, 30, 1201):
                parts = []
                for side in (event, ~event):
                    products = (p[side] - p[side].mean()) * ((s - g * p)[side] - (s - g * p)[side].mean())
                    parts.append((products.sum() / (side.sum() - 1), products.var(ddof=1) / side.sum()))
                t = (parts[0][0] - parts[1][0]) / math.sqrt(parts[0][1] + parts[1][1])
                inside = any(low <= g <= high for low, high in found.robust_set)
                assert (abs(t) <= critical) == inside

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

    @staticmethod
    def moments(p, s):
        """Second moments of one kind of days by loops, and the sampling covariance of (p², ps) over the number of days."""
        p, s = p - np.mean(p), s - np.mean(s)
        pairs = np.array([(a * a, a * b) for a, b in zip(p, s, strict=True)])
        spread = sum(np.outer(one, one) for one in pairs - pairs.mean(axis=0)) / (len(p) - 1) / len(p)
        return [sum(v) / (len(p) - 1) for v in (p * p, p * s, s * s)], spread

    @pytest.mark.parametrize(("days", "rise"), [(3, 2.0), (7, 4.0), (40, 3.0)])
    def test_every_number_by_loops(self, days, rise):
        p, s, event = self.days(np.random.default_rng(days), rise=rise, days=days)
        p, s, event = np.r_[p, 0.1, -0.4], np.r_[s, 0.3, -0.2], np.r_[event, False, False]  # unlike numbers of days
        found = rigobon_sack(p, s, event)
        (pp, ps, ss), on = self.moments(p[event], s[event])
        (qq, qs, tt), off = self.moments(p[~event], s[~event])
        gamma, spread = (ps - qs) / (pp - qq), on + off
        form = np.array([-gamma, 1.0])  # of ps - gamma pp
        assert found.effect == pytest.approx(gamma)
        assert found.se == pytest.approx(math.sqrt(form @ spread @ form) / abs(pp - qq))
        assert found.effect_asset == pytest.approx((ss - tt) / (ps - qs))
        assert found.ols == pytest.approx(ps / pp)
        assert found.first_stage == pytest.approx((pp - qq) ** 2 / spread[0, 0])
        assert (found.n_event, found.n_control, found.level) == (days, days + 2, 0.95)
        free = spread[1, 1] ** 2 / (on[1, 1] ** 2 / (days / 4) + off[1, 1] ** 2 / ((days + 2) / 4))
        assert found.pvalue == pytest.approx(2 * stats.t.sf(abs(ps - qs) / math.sqrt(spread[1, 1]), free))

    def test_the_set_of_another_level(self):
        p, s, event = self.days(np.random.default_rng(1), rise=3.0, days=60)
        found = rigobon_sack(p, s, event, level=0.8)
        ((low, high),) = found.robust_set
        for g in (low, high):
            parts = []
            for side in (event, ~event):
                products = (p[side] - p[side].mean()) * ((s - g * p)[side] - (s - g * p)[side].mean())
                parts.append((products.sum() / (side.sum() - 1), products.var(ddof=1) / side.sum()))
            t = abs(parts[0][0] - parts[1][0]) / math.sqrt(parts[0][1] + parts[1][1])
            free = stats.t.ppf(0.9, 1e9), self.critical(p, s, event, found.effect)
            assert free[0] < t < free[1]  # 80 %: more than the normal's value and less than the 95 % of Student's
        assert found.level == 0.8

    @pytest.mark.parametrize(("first", "weak"), [(9.8, True), (10.2, False)])
    def test_a_first_stage_below_ten_is_weak(self, first, weak):
        p, s, event = self.days(np.random.default_rng(8), rise=1.0, days=80)

        def gap(scale):
            parts = [self.moments(part, part) for part in (p[event] * scale, p[~event])]
            return (parts[0][0][0] - parts[1][0][0]) ** 2 / sum(spread[0, 0] for _, spread in parts) - first

        scale = optimize.brentq(gap, 1.2, 4.0)
        found = rigobon_sack(np.where(event, scale * p, p), s, event)
        assert found.first_stage == pytest.approx(first)
        assert found.weak == weak
        assert rigobon_sack(np.where(event, scale * p, p), s, ~event).weak  # a variance that falls identifies nothing

    @pytest.mark.parametrize(("shapes", "words"), [
        ((5, 5, 4), "one length"), ((4, 5, 5), "one length"), (((2, 3), (2, 3), (2, 3)), "one length"),
    ])  # fmt: skip
    def test_shapes_that_do_not_fit(self, shapes, words):
        one, other, flag = (np.ones(shape) for shape in shapes)
        with pytest.raises(StudyError, match=words):
            rigobon_sack(one, other, flag.astype(bool))


def test_days_with_holes_are_left_out_of_identification():
    p, s, event = TestIdentification.days(np.random.default_rng(0), rise=3.0)
    p[7], s[300] = np.nan, np.nan
    keep = np.ones(400, dtype=bool)
    keep[[7, 300]] = False
    assert rigobon_sack(p, s, event).effect == rigobon_sack(p[keep], s[keep], event[keep]).effect


def test_every_public_name_is_documented():
    for name in itertools.chain(room.__all__):
        assert getattr(room, name).__doc__ or name in ("TESTS", "Alternative"), name
