"""The band around a path of CAAR: the parts of a window, how its days go together, and the law of its critical value."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.inference import sample_of
from eventstudy.inference.beyond import bands as module
from eventstudy.inference.beyond.bands import band_around, caar_band, path_of
from eventstudy.inference.core.car_covariance import residual_covariance
from samples import batch_of

RTOL = 1e-10  # the same sums in another order
DRAWN = 0.025  # relative: a quantile of thousands of draws, of a fixed seed


class TestPath:
    def test_missing_bars_add_nothing_to_a_path(self):
        nan = np.nan
        ar = np.array([[0.01, nan, 0.03], [nan, 0.02, -0.01], [nan, nan, nan], [0.02, 0.01, nan], [0.0, 0.01, 0.02]])
        band = caar_band(sample_of(ar=ar, first=-1), seed=0)
        paths = np.array([[1, 1, 4], [0, 2, 1], [2, 3, 3], [0, 1, 3]]) / 100  # the third event has no bar at all
        np.testing.assert_allclose(band.path, paths.mean(axis=0), rtol=RTOL)
        np.testing.assert_allclose(band.se, stats.sem(paths, axis=0), rtol=RTOL)
        assert band.relative_day.tolist() == [-1, 0, 1]
        assert (band.how, band.reason, band.level) == ("cross_sectional", "", 0.95)
        np.testing.assert_allclose(band.low, band.path - band.critical * band.se, rtol=RTOL)
        np.testing.assert_allclose(band.high, band.path + band.critical * band.se, rtol=RTOL)

    def test_the_first_days_of_a_window_are_a_window(self, make_sample):
        """Errors by the bars that are there: the variance of a sum of L bars is taken to grow with their number."""
        sample = make_sample(6, window=(-2, 2), holes=0.2, seed=3)
        sample = replace(sample, car=np.r_[np.nan, sample.car[1:]])
        for days in range(1, 6):
            part = module._until(sample, days)
            assert part.relative_day.tolist() == list(range(-2, days - 2))
            for name in ("bar", "ar", "ar_se"):
                np.testing.assert_array_equal(getattr(part, name), getattr(sample, name)[:, :days])
            np.testing.assert_array_equal(part.estimation.window_design, sample.estimation.window_design[:, :days])
            assert math.isnan(part.car[0])
            for event in range(6):
                row = sample.ar[event]
                bars, whole = np.isfinite(row[:days]).sum(), np.isfinite(row).sum()
                if event:
                    assert part.car[event] == pytest.approx(np.nansum(row[:days]), rel=1e-12)
                assert part.car_se[event] == pytest.approx(sample.car_se[event] * math.sqrt(bars / whole), rel=1e-12)

    def test_a_batch_of_samples_has_the_path_of_each(self):
        ar = np.random.default_rng(1).normal(0, 0.01, (2, 5, 3))
        ar[0, 1, 1] = ar[1, 4, 0] = np.nan
        parts = [sample_of(ar=one) for one in ar]
        whole = batch_of(parts)
        for day, found in enumerate(path_of(whole)):
            for at, part in enumerate(parts):
                alone = path_of(part)[day]
                assert (found.mean[at], found.se[at], found.df[at]) == (alone.mean, alone.se, alone.df)
        for days in (1, 2):
            errors = np.stack([module._until(part, days).car_se for part in parts])
            np.testing.assert_array_equal(module._until(whole, days).car_se, errors)

    def test_a_path_that_has_not_begun_has_no_error(self):
        part = module._until(sample_of(ar=[[np.nan, 0.01], [np.nan, np.nan]]), 1)
        assert part.car[0] == 0.0
        assert part.car_se.tolist() == [0.0, 0.0]

    def test_a_day_on_which_nothing_happened_has_no_band_and_the_others_do(self):
        ar = np.random.default_rng(2).normal(0, 0.01, (8, 4))
        ar[:, 0] = np.nan
        band, later = caar_band(sample_of(ar=ar), seed=1), caar_band(sample_of(ar=ar[:, 1:]), seed=1)
        assert band.path[0] == 0.0
        assert np.isnan([band.se[0], band.low[0], band.high[0]]).all()
        np.testing.assert_allclose(band.low[1:], later.low, rtol=0.05)  # draws of another path of three days
        assert np.isfinite(band.low[1:]).all()
        assert band.pointwise == later.pointwise

    def test_the_widest_single_day_is_the_least_degrees_of_freedom(self):
        sample = sample_of(ar=np.random.default_rng(4).normal(0, 0.01, (9, 3)))
        found = [replace(one, df=np.asarray(df)) for one, df in zip(path_of(sample), (8.0, 5.0, 7.0), strict=True)]
        band = band_around(found, sample, level=0.8, draws=99, seed=0)
        assert band.pointwise == pytest.approx(stats.t.ppf(0.9, 5))

    def test_without_an_error_there_is_the_path_alone(self):
        band = caar_band(sample_of(ar=[[0.01, 0.02], [0.03, 0.01]], day0=[4, 4]), level=0.9)
        np.testing.assert_allclose(band.path, [0.02, 0.035])
        assert "two sessions or the estimation windows; the sample has 1 session" in band.reason
        assert np.isnan([*band.se, *band.low, *band.high, band.critical, band.pointwise]).all()
        assert band.level == 0.9


class TestDaysTogether:
    @staticmethod
    def walk(days):
        """Sums of s and t independent bars correlate by the square root of s over t."""
        return np.array([[math.sqrt(min(s, t) / max(s, t)) for t in range(1, days + 1)] for s in range(1, days + 1)])

    @staticmethod
    def of(sample):
        return module._correlation(sample, path_of(sample)[-1])

    def test_thirty_events_apart_tell_it_themselves_and_fewer_do_not(self):
        ar = np.random.default_rng(5).normal(0, 0.01, (30, 4))
        np.testing.assert_allclose(
            self.of(sample_of(ar=ar)), np.corrcoef(np.cumsum(ar, axis=1), rowvar=False), rtol=RTOL
        )
        np.testing.assert_allclose(self.of(sample_of(ar=ar[:29])), self.walk(4), rtol=RTOL)
        holed = np.vstack([ar, np.full(4, np.nan)])
        holed[3, 1] = np.nan
        told = np.corrcoef(np.nancumsum(holed[:30], axis=1), rowvar=False)
        np.testing.assert_allclose(self.of(sample_of(ar=holed)), told, rtol=RTOL)

    def test_a_day_without_spread_goes_with_no_other(self):
        ar = np.random.default_rng(6).normal(0, 0.01, (31, 3))
        ar[:, 0] = 0.0
        found = self.of(sample_of(ar=ar))
        assert found[0].tolist() == [1.0, 0.0, 0.0]
        assert found[1, 2] == pytest.approx(np.corrcoef(ar[:, 1], ar[:, 1] + ar[:, 2])[0, 1])

    def test_one_bar_goes_with_itself(self):
        assert self.of(sample_of(ar=np.random.default_rng(7).normal(0, 0.01, (35, 1)))).tolist() == [[1.0]]

    def test_clusters_of_sessions_apart_are_a_random_walk(self):
        day0 = np.repeat(np.arange(20) * 9, 2)
        sample = sample_of(ar=np.random.default_rng(8).normal(0, 0.01, (40, 4)), day0=day0)
        assert path_of(sample)[-1].how == "clustered"
        np.testing.assert_allclose(self.of(sample), self.walk(4), rtol=RTOL)

    def test_windows_that_share_bars_by_a_loop_over_pairs(self, make_sample, monkeypatch):
        sample = make_sample(9, dates="staggered", window=(-3, 2), seed=9)
        sample = replace(sample, car=np.r_[sample.car[:8], np.nan])
        last = path_of(sample)[-1]
        assert last.how == "covariance"
        sigma = residual_covariance(sample)
        shared = np.zeros((6, 6))
        for i, j in itertools.product(range(8), repeat=2):
            for s, t in itertools.product(range(6), repeat=2):
                one, other = (sample.day0[e] + np.arange(length + 1) for e, length in ((i, s), (j, t)))
                shared[s, t] += sigma[i, j] * np.intersect1d(one, other).size
        error = np.sqrt(np.diag(shared))
        found = module._correlation(sample, last)
        np.testing.assert_allclose(found, shared / np.outer(error, error), rtol=1e-9)
        assert np.abs(found - self.walk(6)).max() > 0.01
        monkeypatch.setattr(module, "MOST", 8)  # all pairs of eight events are still formed
        np.testing.assert_array_equal(module._correlation(sample, last), found)
        monkeypatch.setattr(module, "MOST", 7)
        np.testing.assert_allclose(module._correlation(sample, last), self.walk(6), rtol=RTOL)
        bare = replace(sample, estimation=None)
        monkeypatch.setattr(module, "MOST", 1000)
        np.testing.assert_allclose(module._correlation(bare, last), self.walk(6), rtol=RTOL)

    def test_events_that_cancel_one_another_leave_a_random_walk(self, make_sample):
        sample = make_sample(2, dates="one", window=(0, 2))
        past = sample.estimation.residual[:1]
        sample = replace(sample, estimation=replace(sample.estimation, residual=np.vstack([past, -past])))
        last = replace(path_of(sample)[-1], how=np.asarray("covariance"))
        np.testing.assert_allclose(module._correlation(sample, last), self.walk(3), rtol=RTOL)


class TestCriticalValue:
    @pytest.mark.parametrize(("df", "level"), [(3.0, 0.95), (12.0, 0.8), (60.0, 0.95)])
    def test_days_that_are_independent_have_t_of_their_own(self, df, level):
        """P(all of 5 independent |t| below c) = P(|t| < c)^5; each day's variance is told by `df` draws of its own."""
        expected = stats.t.ppf((1 + level ** (1 / 5)) / 2, df)
        found = module._draw(np.eye(5), df, level, 20_000, np.random.default_rng(1))
        assert found == pytest.approx(expected, rel=DRAWN)

    def test_one_day_is_students(self):
        for df in (1.0, 4.4, 61.0):
            found = module._draw(np.eye(1), df, 0.9, 20_000, np.random.default_rng(2))
            assert found == pytest.approx(stats.t.ppf(0.95, round(df)), rel=DRAWN)
        least = module._draw(np.eye(1), 0.3, 0.9, 20_000, np.random.default_rng(2))  # never fewer than one
        assert least == pytest.approx(stats.t.ppf(0.95, 1), rel=2 * DRAWN)

    def test_up_to_sixty_degrees_of_freedom_each_day_is_studentised_by_its_own_draws(self):
        """So that the size of the paths does not matter; beyond, they are taken to have a standard deviation of one."""
        for df, times in ((60.0, 1), (60.5, 2)):
            found = module._draw(4.0 * np.eye(1), df, 0.9, 20_000, np.random.default_rng(3))
            assert found == pytest.approx(times * stats.t.ppf(0.95, df), rel=DRAWN)

    def test_days_that_go_together_are_one_day(self):
        found = module._draw(np.ones((4, 4)), 7.0, 0.95, 20_000, np.random.default_rng(4))
        assert found == pytest.approx(stats.t.ppf(0.975, 7), rel=DRAWN)

    @pytest.mark.parametrize("free", [2, 3, 4, 9])
    def test_the_spread_of_normal_paths_is_wisharts(self, free):
        """Mean 1, variance 2/df, and covariance of two days 2 r^2/df: fewer draws than days, as many, and more."""
        r = TestDaysTogether.walk(3)
        value, vector = np.linalg.eigh(r)
        root = (vector * np.sqrt(value)).T
        found = module._mean_squares(root, free, 60_000, np.random.default_rng(5))
        assert found.shape == (60_000, 3)
        np.testing.assert_allclose(found.mean(axis=0), 1.0, atol=0.02)
        np.testing.assert_allclose(np.cov(found, rowvar=False) * free / 2, r**2, atol=0.06)

    def test_it_is_never_below_that_of_a_single_day(self):
        """Few draws of one day's |t| often fall below its quantile."""
        sample = sample_of(ar=np.random.default_rng(9).normal(0, 0.01, (12, 1)))
        for seed in range(6):
            band = caar_band(sample, draws=3, seed=seed)
            assert band.critical >= band.pointwise == pytest.approx(stats.t.ppf(0.975, 11))

    def test_seeds(self):
        sample = sample_of(ar=np.random.default_rng(9).normal(0, 0.01, (12, 4)))

        def drawn(seed, **options):
            return caar_band(sample, draws=299, seed=seed, **options).critical

        assert drawn(5) == drawn(5) == drawn(np.random.default_rng(5))
        assert drawn(5) != drawn(6)
        assert caar_band(sample, seed=5).critical == caar_band(sample, seed=5, level=0.95, draws=9999).critical
        assert drawn(5) > drawn(5, level=0.8)
        assert drawn(None) != drawn(None)  # each asks chance anew
        stream = np.random.default_rng(5)
        assert drawn(stream) != drawn(stream)
