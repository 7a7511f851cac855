"""What a portfolio did before its event: each way to judge a sum, by loops over the bars written out here."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eventstudy.inference.core.history import (
    History,
    default,
    joint_f,
    levels,
    product,
    rank_pvalue,
    shared_variance,
    sums,
    variance,
)

RTOL = 1e-10  # sums of some hundred float64 products in another order


def past_of(series, *, length=2, gap=None, factor=None, k=1, first=0, start=None):
    """A history whose bars follow one another from `first` on, and whose window follows the gap."""
    series = np.asarray(series, dtype=float)
    gap = np.zeros((0, series.shape[1])) if gap is None else np.asarray(gap, dtype=float)
    bars = first + np.arange(len(series))
    start = bars[-1] + 1 + len(gap) if start is None else start
    return History(series, gap, bars, start + np.arange(length), float(length if factor is None else factor), k)


def drawn(bars=70, columns=2, seed=0, missing=()):
    series = np.random.default_rng(seed).normal(0, 0.02, (bars, columns))
    series[list(missing)] = np.nan
    return series


def test_length_and_bars_in_use():
    past = past_of([[1.0, 2.0], [np.nan, 1.0], [3.0, 4.0], [5.0, np.nan]], length=3)
    assert (past.length, past.m) == (3, 2)


@pytest.mark.parametrize(("length", "expected"), [(1, [1, 2, 4, 8]), (2, [3, 6, 12]), (3, [7, 14]), (4, [15]), (5, [])])
def test_sums_of_bars_in_a_row(length, expected):
    found = sums(np.array([[1.0], [2.0], [4.0], [8.0]]), length)
    assert found.shape == (len(expected), 1)
    assert found[:, 0].tolist() == expected


def test_a_missing_bar_makes_the_sums_over_it_missing():
    found = sums(np.array([[1.0], [np.nan], [4.0], [8.0], [16.0]]), 2)[:, 0]
    np.testing.assert_array_equal(found, [np.nan, np.nan, 12.0, 24.0])


def test_lagged_products_of_what_is_there():
    one, other = np.array([[1.0], [2.0], [3.0], [np.nan]]), np.array([[10.0], [np.nan], [100.0], [1000.0]])
    assert product(one, other).tolist() == [1 * 10 + 3 * 100]
    assert product(one, other, 1).tolist() == [2 * 10]  # 3 meets a hole, and a hole meets 100
    assert product(one, other, 2).tolist() == [3 * 10]
    assert product(one, one).tolist() == [1 + 4 + 9]  # without a word each bar meets itself


class TestVariance:
    @pytest.mark.parametrize("missing", [(), (3, 40)])
    def test_portfolio(self, missing):
        series = drawn(missing=missing)
        found, df = variance(past_of(series, factor=3.5, k=2), "portfolio")
        free = 70 - len(missing) - 2
        np.testing.assert_allclose(found, np.nansum(series**2, axis=0) / free * 3.5, rtol=RTOL)
        assert df.tolist() == [free, free]

    @pytest.mark.parametrize("k", [3, 4])
    def test_one_degree_of_freedom_is_the_least(self, k):
        found, df = variance(past_of([[1.0], [2.0], [3.0], [1.0]], k=k, factor=1.0), "portfolio")
        assert (found.tolist(), df.tolist()) == ([15.0], [1.0])

    @pytest.mark.parametrize("length", [1, 2, 4])
    @pytest.mark.parametrize("missing", [(), (5, 6, 60)])
    def test_long_run(self, length, missing):
        series = drawn(seed=1, missing=missing)
        found, df = variance(past_of(series, length=length, factor=7.0, k=2), "long_run")
        m = 70 - len(missing)
        for at in range(2):
            x = np.where(np.isfinite(series[:, at]), series[:, at], 0.0)
            g = [sum(x[t] * x[t - j] for t in range(j, 70)) / (m - 2) for j in range(length)]
            total = length * g[0] + 2 * sum((length - j) * g[j] for j in range(1, length))
            assert found[at] == pytest.approx(total * 7.0 / length, rel=RTOL)
        # overlapping sums count as fewer (METHODS-2, section 7)
        np.testing.assert_allclose(df, (m - length + 1) * 3 * length / (2 * length**2 + 1) - 1, rtol=RTOL)

    def test_the_effective_number_of_sums_is_one_at_least(self):
        _, df = variance(past_of(drawn(bars=5), length=5), "long_run")  # 15/51 - 1
        assert df.tolist() == [1.0, 1.0]
        _, df = variance(past_of(drawn(bars=4), length=2), "long_run")  # 3 * 6/9 - 1 = 1 just so
        assert df.tolist() == [1.0, 1.0]
        _, df = variance(past_of(drawn(bars=5), length=2), "long_run")
        np.testing.assert_allclose(df, 4 * 6 / 9 - 1, rtol=RTOL)

    def test_reversals_make_a_sum_calmer_than_its_bars(self):
        """x, -x, x, -x: sums of two are nought inside; what is left are the ends of the series."""
        x = np.where(np.arange(50) % 2, -1.0, 1.0)[:, None]
        found, _ = variance(past_of(x, length=2, factor=2.0, k=1), "long_run")
        assert found.tolist() == pytest.approx([(2 * 50 - 2 * 49) / 49])

    def test_the_sum_of_autocovariances_is_never_negative(self):
        """It is the sum of squares of all sums of L in a row, those that reach over an end of the history too."""
        series = drawn(seed=6, missing=(11,))
        found, _ = variance(past_of(series, length=4, factor=1.0), "long_run")
        padded = np.vstack([np.zeros((3, 2)), np.nan_to_num(series), np.zeros((3, 2))])
        every = np.array([padded[at : at + 4].sum(axis=0) for at in range(73)])
        np.testing.assert_allclose(found, (every**2).sum(axis=0) / 68 / 4, rtol=RTOL)

    @pytest.mark.parametrize("length", [1, 3])
    def test_scaled(self, length):
        series, gap = drawn(bars=80, seed=2, missing=(50,)), drawn(bars=4, seed=3)
        found, df = variance(past_of(series, length=length, gap=gap, factor=5.0, k=2), "scaled")
        for at in range(2):
            x = series[:, at]
            level = [np.nanmean(x**2)]
            for value in [*x, *gap[:, at]]:
                level.append(level[-1] if math.isnan(value) else 0.97 * level[-1] + 0.03 * value**2)
            ratio = [x[t : t + length].sum() ** 2 / level[t] for t in range(30, 80 - length + 1)]
            assert found[at] == pytest.approx(np.nanmean(ratio) * level[-1] * 5.0 / length, rel=RTOL)
        np.testing.assert_allclose(df, (79 - length + 1) * 3 * length / (2 * length**2 + 1) - 1, rtol=RTOL)

    def test_before_the_event(self):
        series = drawn(bars=9, missing=(4,))
        found, df = variance(past_of(series, length=3, factor=99.0), "pre_event")
        for at in range(2):
            every = [series[t : t + 3, at].sum() for t in (0, 1, 5, 6)]  # those without the missing bar
            assert found[at] == pytest.approx(np.var(every, ddof=1), rel=RTOL)
        assert np.isnan(df).all()
        assert df.shape == (2,)


def test_levels_forget_three_percent_a_day_and_wait_at_a_hole():
    past = past_of([[1.0], [3.0], [np.nan], [0.0]], gap=[[2.0]])
    start = 10 / 3
    second = 0.97 * start + 0.03 * 1
    third = 0.97 * second + 0.03 * 9
    fifth = 0.97 * third
    expected = [start, second, third, third, fifth, 0.97 * fifth + 0.03 * 4]
    np.testing.assert_allclose(levels(past)[:, 0], expected, rtol=RTOL)


class TestRank:
    past = np.array([[-2.0, 10.0], [-1.0, 20.0], [0.0, 30.0], [1.0, 40.0], [2.0, 50.0]])

    @pytest.mark.parametrize(
        ("total", "expected"),
        [(0.0, 6 / 6), (0.5, 5 / 6), (-1.0, 5 / 6), (1.5, 3 / 6), (2.0, 3 / 6), (-2.1, 1 / 6), (9.0, 1 / 6)],
    )
    def test_windows_as_far_from_their_mean(self, total, expected):
        found = rank_pvalue(np.array([total, 30 + 10 * total]), self.past)
        np.testing.assert_allclose(found, [expected, expected], rtol=RTOL)

    def test_as_far_but_for_rounding_is_as_far(self):
        """0.1 + 0.2 and 0.3 are one number, and so are two sums of the same bars in another order."""
        past = np.array([[0.1 + 0.2], [-(0.1 + 0.2)], [0.0]])
        assert rank_pvalue(np.array([0.1 + 0.2 + 1e-15]), past).tolist() == [3 / 4]
        assert rank_pvalue(np.array([0.3 * (1 + 1e-9)]), past).tolist() == [1 / 4]

    def test_tiny_numbers_are_ranked_as_large_ones(self):
        past, total = self.past * 1e-9, np.array([1.5e-9, 30e-9 + 11e-9])
        np.testing.assert_allclose(rank_pvalue(total, past), [3 / 6, 3 / 6], rtol=RTOL)


def clustered(bars, *, run):
    """Bars of storm and of calm, so many of each at a time."""
    size = np.where(np.arange(bars) // run % 2, 1.0, 3.0)
    return size * np.where(np.arange(bars) % 2, -0.01, 0.01)


class TestDefault:
    def test_one_bar_by_its_portfolio_and_more_by_autocovariances(self):
        calm = np.random.default_rng(4).normal(size=(100, 2))
        assert default([past_of(calm, length=1)]) == ["portfolio", "portfolio"]
        assert default([past_of(calm, length=2)]) == ["long_run", "long_run"]

    def test_squares_that_cluster_take_the_level_each_column_by_itself(self):
        calm = np.random.default_rng(4).normal(size=200)
        both = np.column_stack([calm, clustered(200, run=20)])
        assert default([past_of(both, length=1)]) == ["portfolio", "scaled"]
        assert default([past_of(both, length=3)]) == ["long_run", "scaled"]

    @pytest.mark.parametrize(
        ("bars", "length", "told"), [(61, 1, "scaled"), (60, 1, "portfolio"), (64, 4, "scaled"), (63, 4, "long_run")]
    )
    def test_a_level_is_believed_with_two_burn_ins_and_a_window(self, bars, length, told):
        assert default([past_of(clustered(bars, run=10)[:, None], length=length)]) == [told]

    def test_the_shortest_history_of_the_dates_decides(self):
        long, short = (past_of(clustered(bars, run=10)[:, None], length=1) for bars in (120, 50))
        assert default([long, short]) == ["portfolio"]

    @pytest.mark.parametrize(("unlike", "told"), [(30, "scaled"), (31, "portfolio"), (32, "portfolio")])
    def test_the_limit_of_the_autocorrelation_is_a_tenth(self, unlike, told):
        """70 squares of 4 and 0: their autocorrelation about 2 is (neighbours alike - neighbours unlike)/70, here 9, 7, 5 of 70."""
        series = np.sqrt(2 + 2 * balanced(unlike))[:, None]
        assert default([past_of(series, length=1)]) == [told]

    def test_of_several_dates_the_middle_one_decides(self):
        storms, calm = (past_of(np.sqrt(2 + 2 * balanced(unlike))[:, None], length=1) for unlike in (10, 60))
        assert default([storms, calm, storms]) == ["scaled"]
        assert default([calm, storms, calm]) == ["portfolio"]


def balanced(unlike):
    """70 signs, 35 of each, of which `unlike` neighbours differ."""
    signs, left = [], {1.0: 35, -1.0: 35}
    for run in range(unlike + 1):
        sign = -1.0 if run % 2 else 1.0
        size = 1 if run + 2 <= unlike else left[sign]  # the last run of each sign takes what is left
        signs += [sign] * size
        left[sign] -= size
    return np.array(signs)


class TestSharedBars:
    def test_windows_apart_share_nothing(self):
        one, other = past_of(drawn(), start=80, length=3), past_of(drawn(seed=1), start=83, length=3)
        assert shared_variance(one, other).tolist() == [0.0, 0.0]

    @pytest.mark.parametrize("first", [0, 4])
    def test_the_covariance_of_the_shared_history_counts_once_a_shared_bar(self, first):
        """Twice the covariance: the variance of a sum of two sums has it twice."""
        one = past_of(drawn(missing=(20,)), start=80, length=3, k=2, first=100)
        other = past_of(drawn(seed=1, missing=(30,)), start=81, length=3, k=2, first=100 + first)
        product = np.zeros(2)
        bars = 0
        for bar in range(100 + first, 170):
            a, b = one.series[bar - 100], other.series[bar - 100 - first]
            if np.isfinite(a * b).all():
                product, bars = product + a * b, bars + 1
        np.testing.assert_allclose(shared_variance(one, other), 2 * 2 * product / (bars - 2), rtol=RTOL)
        np.testing.assert_allclose(shared_variance(other, one), 2 * 2 * product / (bars - 2), rtol=RTOL)

    def test_bars_that_are_nought_count_and_those_with_a_hole_in_any_column_do_not(self):
        one = past_of([[1.0, 1.0], [0.0, 2.0], [3.0, np.nan], [0.0, 0.0], [2.0, 0.0]], start=9, length=1)
        np.testing.assert_allclose(shared_variance(one, one), [2 * 14 / 3, 2 * 5 / 3], rtol=RTOL)

    @pytest.mark.parametrize("k", [2, 3])
    def test_one_degree_of_freedom_is_the_least(self, k):
        one = past_of([[1.0], [2.0], [4.0]], k=k, start=9, length=1)
        assert shared_variance(one, one).tolist() == [2 * 21.0]


class TestJointF:
    def test_it_is_hotellings_of_the_history(self):
        """With the residuals' covariance S of divisor M - k: F = (M - k - p + 1)/(p (M - k)) b'S^-1 b / factor."""
        series, total = drawn(bars=40, columns=3, seed=5), np.array([0.03, -0.02, 0.05])
        series[7, 1] = np.nan
        past = past_of(series, factor=2.5, k=2)
        free = 39 - 2
        kept = np.delete(series, 7, axis=0)
        square = total @ np.linalg.inv(kept.T @ kept / free) @ total / 2.5
        value = (free - 3 + 1) / (3 * free) * square
        found, df, p = joint_f(total, past)
        assert df == (3, free - 2)
        assert (found, p) == pytest.approx((value, stats.f.sf(value, 3, free - 2)), rel=1e-9)

    def test_of_one_series_it_is_the_square_of_its_t(self):
        series = drawn(bars=20, columns=1)
        past = past_of(series, factor=3.0, k=2)
        t = 0.1 / math.sqrt((series**2).sum() / 18 * 3.0)
        found, df, p = joint_f(np.array([0.1]), past)
        assert df == (1, 18)
        assert (found, p) == pytest.approx((t**2, 2 * stats.t.sf(t, 18)), rel=1e-9)

    @pytest.mark.parametrize(("bars", "finite"), [(5, True), (4, False)])
    def test_it_needs_one_degree_of_freedom_beside_the_series(self, bars, finite):
        value, df, p = joint_f(np.full(3, 0.01), past_of(drawn(bars=bars, columns=3), k=2))
        assert df == (3, bars - 2 - 3 + 1)
        assert math.isfinite(value) == math.isfinite(p) == finite
