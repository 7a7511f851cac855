"""Whether the event raised the variance: the limits, the chances and the ranks, on samples whose moments are known."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.abnormal.window_sample import ClockRecord
from eventstudy.inference.core.raised_variance import (
    _past,
    _ranked_variance,
    find_event_variance,
    limit,
    unscaled,
)
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.sample_of import sample_of
from samples import with_residuals as sample

RTOL = 1e-9  # a few sums and quantiles
BESIDE = 1e-6  # relative, on either side of a limit


def gamma_limit(error, surely=0.98):
    return stats.gamma.ppf(surely, 1 / error**2, scale=error**2)


def chance(bound, mean, sd):
    return stats.gamma.sf(bound, (mean / sd) ** 2, scale=sd**2 / mean)


def scores(n, variance):
    """n scores of exactly this variance, divisor n - 1."""
    x = np.random.default_rng(n).normal(size=n)
    return (x - x.mean()) / x.std(ddof=1) * np.sqrt(variance)


def found(made, score, *present):
    told, unseen = dict.fromkeys(present, "as measured"), {}
    find_event_variance(made, SampleFacts(made), np.asarray(score), told, unseen)
    return told.get("event variance"), unseen.get("event variance")


def told(ratio, how=""):
    return f"the variance in the window{how} is x{ratio:.2f} that of the estimation window"


@pytest.mark.parametrize("error", [0.1, 0.5, 1.0, 1.4])
def test_an_estimated_variance_of_one_stays_below_its_limit_in_98_of_100(error):
    assert limit(error) == pytest.approx(gamma_limit(error), rel=RTOL)
    assert limit(error, 0.5) == pytest.approx(gamma_limit(error, 0.5), rel=RTOL)


class TestBySpread:
    @pytest.mark.parametrize("n", [3, 10, 30, 80])
    @pytest.mark.parametrize("beside", [BESIDE, -BESIDE])
    def test_normal_scores(self, n, beside):
        """Variance of t(99) is 99/97; the variance of n normals has a standard error of sqrt(2/n)."""
        ratio = gamma_limit(np.sqrt(2 / n)) * (1 + beside)
        said, unseen = found(sample_of(car=np.zeros(n)), scores(n, ratio * 99 / 97))
        assert said == (told(ratio) if beside > 0 else None)
        share = chance(gamma_limit(np.sqrt(2 / n)), 2, 2 * np.sqrt(2 / n))
        assert (unseen is None) == (beside > 0 or share >= 0.95)
        if unseen is not None:
            assert unseen.chance == pytest.approx(share, rel=1e-6)
            assert unseen.blind == (share < 0.7)

    @pytest.mark.parametrize(
        ("n", "blind", "silent"), [(24, True, False), (25, False, False), (56, False, False), (57, False, True)]
    )
    def test_from_25_on_it_is_no_blindness_and_from_57_on_nothing_is_said(self, n, blind, silent):
        said, unseen = found(sample_of(car=np.zeros(n)), scores(n, 1.0))
        assert said is None
        assert (unseen is None) == silent
        assert silent or unseen.blind == blind

    def test_two_scores_and_scores_without_a_spread_show_nothing(self):
        assert found(sample_of(car=np.zeros(2)), [0.0, 1e6])[0] is None
        assert found(sample_of(car=np.zeros(6)), np.ones(6))[0] is None
        none = found(sample_of(car=np.zeros(3)), np.full(3, np.nan))
        assert none[0] is None
        assert none[1].chance == pytest.approx(chance(gamma_limit(np.sqrt(2)), 2, 2 * np.sqrt(2)), rel=1e-6)

    def test_missing_scores_do_not_count(self):
        score = np.append(scores(12, 50.0), [np.nan] * 3)
        assert found(sample_of(car=np.zeros(15)), score)[0] == told(50 * 97 / 99)

    @pytest.mark.parametrize(("df", "expected"), [(4, 99 / 97), (5, (5 / 3 + 5 * 99 / 97) / 6)])
    def test_four_degrees_of_freedom_have_no_usable_variance(self, df, expected):
        made = replace(sample_of(car=np.zeros(6)), df=np.array([df, 99, 99, 99, 99, 99]))
        assert found(made, scores(6, 30.0))[0] == told(30 / expected)
        assert found(replace(made, df=np.full(6, 4)), scores(6, 1e4))[0] is None


class TestByEstimationWindow:
    def test_the_tails_of_the_past_widen_the_limit_and_their_sums_less(self):
        """Values -a, 0, a of kurtosis 4 make the standard error sqrt(3/n), of sums of runs by the kurtosis of those sums."""
        for bars in (1, 2):
            rng = np.random.default_rng(bars)
            residual = rng.permuted(np.tile([1.0, -1.0, *np.zeros(6)], (20, 12)), axis=1)
            runs = np.lib.stride_tricks.sliding_window_view(residual, bars, axis=1).sum(axis=-1)
            kurtosis = max((runs**4).mean() / (runs**2).mean() ** 2, 3)
            error = np.sqrt((kurtosis - 1) / 20)
            expected = (residual.shape[1] - 1) / (residual.shape[1] - 3)
            for beside in (BESIDE, -BESIDE):
                ratio = gamma_limit(error) * (1 + beside)
                said, unseen = found(sample(residual, bars), scores(20, ratio * expected))
                assert said == (told(ratio) if beside > 0 else None)
            share = chance(gamma_limit(error), 2, 2 * error)
            assert unseen.chance == pytest.approx(share, rel=1e-6)
            plain = np.sqrt(2 / 20)  # whether so few would be blind is told of ranks, which know no tails
            assert unseen.blind == (chance(gamma_limit(plain), 2, 2 * plain) < 0.7)

    @pytest.mark.parametrize(("past", "runs"), [(60, True), (59, False)])
    def test_a_short_past_gives_the_tails_of_a_bar_by_their_number(self, past, runs):
        """30 windows of two bars, or else the excess of one bar over two."""
        residual = np.random.default_rng(3).standard_t(4, size=(12, past))
        kurtosis = (residual**4).mean() / (residual**2).mean() ** 2
        sums = residual[:, 1:] + residual[:, :-1]
        of_sums = (sums**4).mean() / (sums**2).mean() ** 2
        error = np.sqrt(((of_sums if runs else 3 + (kurtosis - 3) / 2) - 1) / 12)
        _, unseen = found(sample(residual, 2), scores(12, 1.0))
        assert unseen.chance == pytest.approx(chance(gamma_limit(error), 2, 2 * error), rel=1e-6)
        assert (_past(SampleFacts(sample(residual, 2)), np.arange(12), 2) is None) != runs
        least = np.sqrt(2 / 12) if runs else error
        assert unseen.blind == (chance(gamma_limit(least), 2, 2 * least) < 0.7)

    def test_residuals_of_nought_have_no_tails(self):
        _, unseen = found(sample(np.zeros((10, 40))), scores(10, 1.0))
        assert unseen.chance == pytest.approx(chance(gamma_limit(np.sqrt(0.2)), 2, 2 * np.sqrt(0.2)), rel=1e-6)

    @pytest.mark.parametrize("mirrored", [False, True])
    def test_what_moves_together_is_expected_to_spread_less_and_opposites_not_more(self, mirrored):
        rng = np.random.default_rng(4)
        residual = 0.5 * rng.normal(size=(10, 100)) + rng.normal(size=100)
        residual = np.where(np.arange(10)[:, None] % 2, -residual, residual) if mirrored else residual
        made = sample(residual, day0=np.full(10, 500))
        r = float(SampleFacts(made).correlation)
        assert (r < 0) == mirrored
        expected = 99 / 97 * (1 - max(r, 0))
        assert found(made, scores(10, 40.0))[0] == told(40 / expected)


class TestByRanks:
    residual = np.random.default_rng(5).standard_t(3, size=(40, 120))

    @pytest.mark.parametrize("condition", ["fat tails", "volatility clustering"])
    def test_where_tails_or_volatility_move_ranks_tell(self, condition):
        made = sample(self.residual, df=np.full(40, 6))  # t(6) has a variance of 3/2
        for size, raised in ((1.0, False), (16.0, True)):
            score = 5 + scores(40, size)
            own = (score - score.mean()) / np.sqrt(6 / 4 * (1 - 1 / 40))
            ratio, shown = _ranked_variance(own, self.residual)
            said, unseen = found(made, score, condition)
            assert (ratio > gamma_limit(np.sqrt(2 / 40))) == raised
            assert said == (told(ratio, ", by ranks,") if raised else None)
        bound = gamma_limit(np.sqrt(2 / 40))
        _, unseen = found(made, scores(40, 1.0), condition)
        assert unseen.chance == pytest.approx(chance(bound, *shown), rel=1e-6)
        assert "by ranks" not in found(made, scores(40, 1e3), "skewness")[0]

    def test_whether_normal_ones_would_be_too_few_is_told_of_ranks_which_know_no_tails(self):
        for n, blind in ((24, True), (30, False)):
            _, unseen = found(sample(self.residual[:n]), scores(n, 1.0), "fat tails")
            assert unseen.blind == blind

    def test_sums_that_are_all_of_one_size_show_a_doubling_for_certain(self):
        residual = np.where(np.arange(120) % 2, 1.0, -1.0) * np.ones((40, 1))
        assert found(sample(residual), scores(40, 1.0), "fat tails")[1] is None

    def test_a_ratio_by_a_loop(self):
        """Normal scores of the ranks in size: those below, half of the equals, and a half, over one more than there are."""
        past = np.round(np.random.default_rng(6).normal(size=(5, 30)), 1)
        past[0, :7] = np.nan
        past[3, 1:] = np.nan  # one is enough for a rank
        past[4] = np.nan
        score = np.array([0.3, -1.2, 2.0, -0.5, 1.0])
        square = []
        for s, row in zip(score[:4], past[:4], strict=True):
            size = np.abs(row[np.isfinite(row)])
            rank = (size < abs(s)).sum() + 0.5 * (size == abs(s)).sum() + 0.5
            square.append(stats.norm.ppf(0.5 + rank / (size.size + 1) / 2) ** 2)
        pooled = np.sort(np.abs(past[np.isfinite(past)]))
        doubled = [
            stats.norm.ppf(0.5 + (pooled < np.sqrt(2) * one).sum() / (pooled.size + 1) / 2) ** 2 for one in pooled
        ]
        ratio, (mean, error) = _ranked_variance(score, past)
        assert ratio == pytest.approx(np.mean(square), rel=RTOL)
        assert (mean, error) == pytest.approx((np.mean(doubled), np.std(doubled) / np.sqrt(5)), rel=RTOL)

    def test_of_twenty_thousand_sums_every_second_tells(self):
        past = np.random.default_rng(7).normal(size=(4, 5000))
        pooled = sorted(np.abs(past).ravel().tolist())
        higher = np.array([bisect_left(pooled, np.sqrt(2) * one) for one in pooled[::2]]) / 20_001
        doubled = stats.norm.ppf(0.5 + higher / 2) ** 2
        mean, error = _ranked_variance(np.ones(4), past)[1]
        assert (mean, error) == pytest.approx((doubled.mean(), doubled.std() / 2), rel=RTOL)

    def test_runs_are_standardized_and_none_is_whole_in_a_past_of_holes(self):
        z = np.random.default_rng(8).normal(size=(3, 70))
        z[1, 5] = np.nan
        facts = SampleFacts(sample(z, 2))
        np.testing.assert_allclose(_past(facts, np.array([0, 1]), 2), (z[:2, 1:] + z[:2, :-1]) / np.sqrt(2), rtol=RTOL)
        np.testing.assert_allclose(_past(facts, np.array([2]), 1), z[2:], rtol=RTOL)
        z[:, ::2] = np.nan
        assert _past(SampleFacts(sample(z, 2)), np.arange(3), 2) is None


def clocked(score, placebo):
    n = len(score)
    none = np.full(n, np.nan)
    record = ClockRecord(
        *(np.asarray(score), np.arange(n), placebo, np.zeros(placebo.shape, dtype=int), none, none),
        *(np.ones(n), np.empty((n, 0)), np.empty((n, 0)), np.empty((n, 0)), 78),
    )
    return replace(sample_of(car=np.zeros(n)), clock=record)


def test_inside_the_day_scores_are_held_against_the_same_clock_on_other_days():
    placebo = 3 * np.random.default_rng(9).standard_t(5, size=(20, 50))
    placebo[2, 4] = np.nan
    known = placebo[np.isfinite(placebo)]
    error = np.sqrt(((known**4).mean() / (known**2).mean() ** 2 - 1) / 20)
    score = scores(20, 1.0)
    for beside in (BESIDE, -BESIDE):
        ratio = gamma_limit(error) * (1 + beside)
        given = score * np.sqrt(ratio * 99 / 97) * known.std(ddof=1)
        said, _ = found(clocked(given, placebo), given)
        assert said == (told(ratio) if beside > 0 else None)
    still = clocked(score, np.zeros((20, 50)))  # other days that do not move say nothing of scale or tails
    assert found(still, score * 10)[0] == told(100 * 97 / 99)


class TestUnscaled:
    def made(self, factor, **fields):
        one = sample(np.random.default_rng(10).normal(size=(3, 50)), 2)
        return replace(
            one, car=np.array([1.0, 2.0, np.nan]), car_se=factor * np.sqrt(2 + 4 / 50) * np.ones(3), **fields
        )

    @pytest.mark.parametrize(
        ("factor", "scaled"), [(1.009, False), (1.011, True), (0.991, False), (0.989, True), (6.0, True)]
    )
    def test_errors_that_differ_by_a_hundredth_are_those_of_a_model_that_scales(self, factor, scaled):
        made = self.made(factor)
        got = unscaled(made, np.isfinite(made.car))
        if scaled:
            np.testing.assert_allclose(got[:2], np.array([1.0, 2.0]) / np.sqrt(2 + 4 / 50), rtol=RTOL)
            assert np.isnan(got[2])
        else:
            assert got is None

    def test_only_days_that_are_there_and_events_in_use_are_counted(self):
        made = self.made(6.0)
        ar = made.ar.copy()
        ar[0, 1] = np.nan
        got = unscaled(replace(made, ar=ar), np.array([True, True, False]))
        np.testing.assert_allclose(got[:2], [1 / np.sqrt(1 + 1 / 50), 2 / np.sqrt(2 + 4 / 50)], rtol=RTOL)

    def test_without_a_forecast_the_days_alone_vary(self):
        made = self.made(6.0)
        raw = replace(made, estimation=replace(made.estimation, mean=np.full(3, 0.1)))
        np.testing.assert_allclose(unscaled(raw, np.isfinite(made.car))[:2], np.array([1, 2]) / np.sqrt(2), rtol=RTOL)

    def test_without_estimation_windows_inside_the_day_or_of_nobody_it_is_not_asked(self):
        made, used = self.made(6.0), np.array([True, True, False])
        assert unscaled(replace(made, estimation=None), used) is None
        assert unscaled(replace(made, within_day=True), used) is None
        assert unscaled(replace(made, clock=clocked([1.0], np.ones((1, 2))).clock), used) is None
        assert unscaled(made, np.zeros(3, dtype=bool)) is None

    def test_a_security_without_a_variance_has_no_score(self):
        made = self.made(6.0)
        got = unscaled(replace(made, sigma=np.array([0.0, 1.0, 1.0])), np.array([True, True, False]))
        assert np.isnan(got).tolist() == [True, False, True]
