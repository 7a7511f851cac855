"""P-values from draws under the null, by counting."""

import math

import numpy as np
import pytest

from eventstudy.inference.core.wild_cluster import pieces
from eventstudy.inference.significance_tests.draws import from_draws


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("observed", [1.7, -0.4, -2.5, 0.0])
@pytest.mark.parametrize("lost", [0, 4])
def test_p_values_by_counting(whole, observed, lost):
    drawn = np.random.default_rng(0).normal(size=199)
    drawn[:3] = [observed * (1 + 1e-12), -observed * (1 - 1e-12), observed]  # ties, whatever the order of summation
    drawn[10 : 10 + lost] = np.nan
    outcome = from_draws(observed, drawn, "flips", n=9, estimate=0.01, se=0.02, studentized=True, whole=whole)
    more = 0 if whole else 1
    near = 1e-9 * abs(observed)

    def share(hit):  # a draw without variance counts against rejection, on either side
        return (more + sum(hit(v) or math.isnan(v) for v in drawn)) / (199 + more)

    assert outcome.p_two == share(lambda v: abs(v) >= abs(observed) - near)
    assert outcome.p_greater == share(lambda v: v >= observed - near)
    assert outcome.p_less == share(lambda v: v <= observed + near)
    known = drawn[np.isfinite(drawn)]
    assert outcome.low == pytest.approx(0.01 - np.quantile(known, 0.975) * 0.02)
    assert outcome.high == pytest.approx(0.01 - np.quantile(known, 0.025) * 0.02)
    told = [f"{lost} of 199 draws have no variance and count against rejection"] if lost else []
    assert list(outcome.warnings) == told
    assert (outcome.details["draws"], outcome.n) == (199, 9)
    assert outcome.distribution == "flips, 199 draws"


def test_an_interval_needs_a_studentized_statistic_and_its_level():
    drawn = np.random.default_rng(1).normal(size=99)
    plain = from_draws(1.0, drawn, "", n=3, estimate=0.0, se=1.0, studentized=False)
    assert np.isnan([plain.low, plain.high]).all()
    narrow = from_draws(1.0, drawn, "", n=3, estimate=0.0, se=1.0, studentized=True, level=0.5)
    assert (narrow.low, narrow.high) == pytest.approx((-np.quantile(drawn, 0.75), -np.quantile(drawn, 0.25)))
    none = from_draws(1.0, np.full(9, np.nan), "", n=3, estimate=0.0, se=1.0, studentized=True)
    assert np.isnan([none.low, none.high]).all()
    assert none.p_two == none.p_greater == none.p_less == 1.0


@pytest.mark.parametrize(
    ("draws", "width", "cells"), [(10, 3, 9), (9, 3, 9), (1, 100, 9), (7, 0, 9), (5, 2, 4), (0, 1, 9)]
)
def test_pieces_make_all_draws_and_none_is_larger_than_memory(monkeypatch, draws, width, cells):
    monkeypatch.setattr("eventstudy.inference.core.wild_cluster.CELLS", cells)
    told = list(pieces(draws, width))
    assert sum(told) == draws
    assert all(0 < piece <= max(1, cells // max(1, width)) for piece in told)
    assert len(told) == math.ceil(draws / max(1, cells // max(1, width)))
