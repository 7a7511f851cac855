"""Joint ranks by insertion equal ranks by sorting, with ties and holes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eventstudy.inference.core import ranking
from eventstudy.inference.core.ranking import rank_portfolio, row_ranks

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
