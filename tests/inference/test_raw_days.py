"""Models that subtract no fitted mean: tests that rank or count days set raw days against raw days."""

import math

import numpy as np
import pytest
from scipy import stats

from eventstudy.abnormal import MarketAdjusted, MarketModel, estimate
from eventstudy.errors import StudyError
from eventstudy.inference.registry import run

RTOL = 1e-10


def drifting(seed=0, drift=0.004, n=8, window=(0, 0), model=None, keep=None):
    """Give returns that drift off the market and their sample; events apart."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, 400)
    returns = drift + market + rng.normal(0, 0.02, (n, 400))
    day0 = 140 + (240 // max(n, 1)) * np.arange(n)
    fitted = estimate(
        returns,
        market[None],
        security=np.arange(n),
        day0=day0,
        model=model or MarketAdjusted("m"),
        window=keep or window,
        estimation=(-120, -11),
        minimum=50,
    )
    return returns - market, day0, fitted.sample(*window, estimation=True)


def test_corrado_ranks_the_return_less_the_market():
    raw, day0, sample = drifting()
    ranks = np.array([stats.rankdata(np.r_[row[d - 120 : d - 10], row[d]]) for row, d in zip(raw, day0, strict=True)])
    score = (ranks / (111 + 1) - 0.5).mean(axis=0)
    expected = score[-1] / math.sqrt((score**2).mean())
    np.testing.assert_allclose(run("corrado", sample).statistic, expected, rtol=RTOL)


def test_the_expected_share_of_positives_is_that_of_raw_days():
    raw, day0, sample = drifting()
    share = np.mean([(row[d - 120 : d - 10] > 0).mean() for row, d in zip(raw, day0, strict=True)])
    np.testing.assert_allclose(run("generalized_sign", sample).details["expected_share"], share, rtol=RTOL)


def test_sq_ranks_a_raw_day():
    raw, day0, sample = drifting(n=1)
    past, own = raw[0, day0[0] - 120 : day0[0] - 10], raw[0, day0[0]]
    assert run("sq", sample).pvalue == pytest.approx((1 + (np.abs(past) >= abs(own)).sum()) / 111)


@pytest.mark.parametrize("window", [(0, 0), (-1, 1)])
def test_all_days_of_the_study_ranked_together(window):
    """Corrado (1989) as R estudy2 and R EventStudy do it: one ranking of estimation and event window, any of its days tested."""
    raw, day0, sample = drifting(window=window, keep=(-3, 3))
    days = [np.r_[row[d - 120 : d - 10], row[d - 3 : d + 4]] for row, d in zip(raw, day0, strict=True)]
    score = (stats.rankdata(days, axis=1) / (117 + 1) - 0.5).mean(axis=0)
    inside = score[110 + 3 + window[0] : 110 + 4 + window[1]]
    expected = inside.mean() * math.sqrt(inside.size) / math.sqrt((score**2).mean())
    np.testing.assert_allclose(run("corrado", sample, ranked="study").statistic, expected, rtol=RTOL)
    with pytest.raises(StudyError, match=r"ranked=.all. is not one of"):
        run("corrado", sample, ranked="all")


def test_a_drift_does_not_reject():
    """A day like any other: the size of rank and sign tests at a drift of 0.4 % a day."""
    rejected = dict.fromkeys(("corrado", "grank_t", "corrado_zivney_sign"), 0)
    for seed in range(120):
        sample = drifting(seed=seed, n=30, drift=0.004)[2]
        for name in rejected:
            rejected[name] += run(name, sample).pvalue <= 0.05
    assert max(rejected.values()) <= 15  # of 120, 6 expected; with demeaned days about 50


def test_least_squares_keep_one_record():
    sample = drifting(model=MarketModel("m"))[2]
    assert sample.estimation.forecast
    assert sample.estimation.abnormal is sample.estimation.residual
