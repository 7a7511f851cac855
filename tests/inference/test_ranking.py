"""Joint ranks by insertion equal ranks by sorting, with ties and holes."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.abnormal.window_sample import EstimationRecord
from eventstudy.inference.core import ranking
from eventstudy.inference.core.ranking import (
    pseudo_day,
    rank_portfolio,
    row_ranks,
    sign_portfolio,
    standardized_residuals,
)

RTOL = 1e-12  # the same few sums


@pytest.fixture(params=["apart", "tied", "ragged"])
def table(request):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 6, 44))
    if request.param != "apart":
        x = np.round(x, 1)  # many ties
    if request.param == "ragged":
        x[rng.random(x.shape) < 0.15] = np.nan
        x[1, 3, 40:] = np.nan  # an event without any value in the window
    return x


def test_row_ranks_are_scipys(table):
    np.testing.assert_array_equal(row_ranks(table), stats.rankdata(table, axis=-1, nan_policy="omit"))


def test_inserting_equals_sorting(table, monkeypatch):
    inserted = rank_portfolio(table[..., :40], table[..., 40:])
    monkeypatch.setattr(ranking, "INSERTED", 0)
    ordered = rank_portfolio(table[..., :40], table[..., 40:])
    np.testing.assert_allclose(inserted.window, ordered.window, rtol=RTOL, atol=1e-15)
    np.testing.assert_allclose(inserted.spread, ordered.spread, rtol=RTOL)
    np.testing.assert_array_equal(inserted.n, ordered.n)
    np.testing.assert_array_equal(inserted.days, ordered.days)


def test_known_ranks_spare_the_sorting_and_change_nothing(table):
    ranks = row_ranks(table[..., :40])
    one, other = (
        rank_portfolio(table[..., :40], table[..., 40:], ranks),
        rank_portfolio(table[..., :40], table[..., 40:]),
    )
    np.testing.assert_array_equal(one.window, other.window)
    np.testing.assert_array_equal(ranks, row_ranks(table[..., :40]))  # not changed in place


def test_scores_have_mean_zero_whatever_the_ties():
    """A window that ties with everything scores 0: the middle of the ranks."""
    flat = rank_portfolio(np.zeros((3, 20)), np.zeros((3, 1)))
    assert flat.window.tolist() == [0.0]
    assert np.isnan(flat.spread)  # no variance of scores, no test


def by_day(estimation, window, score):
    """Mean scores of the window's days, S, T and N of one sample: event by event, day by day, in plain Python."""
    length = window.shape[1]
    kept = [list(a) + list(b) for a, b in zip(estimation, window, strict=True) if np.isfinite(b).any()]
    scores = []
    for row in kept:
        known = [value for value in row if math.isfinite(value)]
        scores.append([score(value, known) if math.isfinite(value) else None for value in row])
    means, squares, days = [], 0.0, 0
    for at in range(estimation.shape[1] + length):
        there = [row[at] for row in scores if row[at] is not None]
        means.append(sum(there) / len(there) if there else math.nan)
        if there:
            days += 1
            squares += len(there) / len(kept) * means[-1] ** 2
    spread = math.sqrt(squares / days) if days and squares else math.nan
    return means[-length:], spread, days, len(kept)


def rank_score(value, known):
    place = sum(other < value for other in known) + (sum(other == value for other in known) + 1) / 2
    return place / (len(known) + 1) - 0.5


def sign_score(value, known):
    return np.sign(value - statistics.median(known))


@pytest.mark.parametrize(("made", "score"), [(rank_portfolio, rank_score), (sign_portfolio, sign_score)])
@pytest.mark.parametrize("length", [1, 6, 7])
@pytest.mark.parametrize("kind", ["whole", "tied", "ragged", "ragged and tied"])
def test_portfolios_are_those_of_a_loop(made, score, length, kind):
    rng = np.random.default_rng(length)
    x = rng.normal(size=(2, 5, 14 + length))
    if "tied" in kind:
        x = np.round(2 * x)
    if "ragged" in kind:
        x[rng.random(x.shape) < 0.25] = np.nan
        x[0, 2, 14:] = np.nan  # an event without a day of the window
        x[1, :, 3] = np.nan  # a day without an event
        x[0, :, -1] = np.nan
        x[0, 0, 14] = 0.0
    found = made(x[..., :14], x[..., 14:])
    for at in range(2):
        means, spread, days, n = by_day(x[at, :, :14], x[at, :, 14:], score)
        np.testing.assert_allclose(found.window[at], means, rtol=RTOL, atol=1e-15)
        np.testing.assert_allclose(found.spread[at], spread, rtol=RTOL)
        assert (found.days[at], found.n[at]) == (days, n)


@pytest.mark.parametrize("rows", [256, 257, 513])
def test_more_rows_than_are_sorted_at_a_time(rows):
    x = np.random.default_rng(2).normal(size=(rows, 6))
    x[-1, 2] = x[-1, 3]  # a tie and a hole in the last block
    x[-1, 5] = np.nan
    np.testing.assert_array_equal(row_ranks(x), stats.rankdata(x, axis=-1, nan_policy="omit"))
    for made, score in ((rank_portfolio, rank_score), (sign_portfolio, sign_score)):
        means, spread, days, n = by_day(x[:, :5], x[:, 5:], score)
        found = made(x[:, :5], x[:, 5:])
        np.testing.assert_allclose([*found.window, found.spread], [*means, spread], rtol=1e-9)
        assert (found.days, found.n) == (days, n)


def test_one_hole_has_no_rank_and_takes_none():
    np.testing.assert_array_equal(row_ranks(np.array([[3.0, np.nan, 1.0]])), [[2.0, np.nan, 1.0]])


def test_a_value_at_the_median_has_no_side_and_one_beside_it_has():
    """Of 1, 2, 3 | 2 the median is 2; of 1, 2, 3 | 4 it is 2.5; of the first alone with a hole it is 2."""
    found = sign_portfolio(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), np.array([[2.0, np.nan], [4.0, np.nan]]))
    assert found.window[0] == 0.5  # 0 and 1
    assert np.isnan(found.window[1])
    assert found.spread == pytest.approx(math.sqrt((1 + 0.5**2 + 1 + 0.5**2) / 4))
    assert (int(found.days), int(found.n)) == (4, 2)


class TestStandardized:
    record = EstimationRecord(
        residual=np.array([[0.02, -0.01, np.nan], [0.03, 0.0, 0.01]]),
        leverage=np.array([[0.19, 0.0, np.nan], [0.36, 1.0, 0.0]]),
        bar=np.zeros((2, 3), dtype=int),
        design=np.ones((2, 3, 1)),
        window_design=np.ones((2, 1, 1)),
    )

    def test_a_residual_is_over_its_own_deviation(self):
        found = standardized_residuals(self.record, np.array([0.1, 0.5]))
        expected = [[0.02 / (0.1 * 0.9), -0.01 / 0.1, np.nan], [0.03 / (0.5 * 0.8), np.nan, 0.01 / 0.5]]
        np.testing.assert_allclose(found, expected, rtol=RTOL)

    def test_where_no_mean_is_taken_out_the_raw_return_is_over_sigma(self):
        found = standardized_residuals(replace(self.record, mean=np.array([0.1, -0.2])), np.array([0.1, 0.5]))
        expected = [[1.2, 0.9, np.nan], [-0.17 / 0.5, -0.2 / 0.5, -0.19 / 0.5]]
        np.testing.assert_allclose(found, expected, rtol=RTOL)

    @pytest.mark.parametrize("mean", [0.0, 0.1])
    def test_a_security_that_never_moves_has_none(self, mean):
        record = replace(self.record, mean=np.full(2, mean))
        assert np.isnan(standardized_residuals(record, np.array([0.0, np.nan]))).all()


def test_the_generalized_return_is_the_scar_over_their_spread():
    found = pseudo_day(np.array([[1.0, 2.0, 4.0, np.nan], [3.0, 3.0, 3.0, 3.0]]))
    assert found.shape == (2, 4, 1)
    np.testing.assert_allclose(found[0, :, 0], np.array([1, 2, 4, np.nan]) / math.sqrt(7 / 3), rtol=RTOL)
    assert np.isnan(found[1]).all()
