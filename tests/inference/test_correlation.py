"""The mean correlation where many windows meet, against a loop over pairs, and the tests that it adjusts."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.errors import StudyError
from eventstudy.inference import TESTS, run, sample_of
from eventstudy.inference.core import residual_correlation
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.significance_tests.kolari_pynnonen import _distinct, kp_bmp, kp_patell

RTOL = 1e-10  # sums of some thousand products in another order


def pair_loop(residual, bar, window_bar, present):
    """Sum over pairs of Pearson's r over shared bars (30 at least) times the share of the windows that meet."""
    total, n = 0.0, len(residual)
    for i, j in itertools.combinations(range(n), 2):
        windows = [set(window_bar[k][present[k]].tolist()) for k in (i, j)]
        meet = len(windows[0] & windows[1]) / math.sqrt(len(windows[0]) * len(windows[1]))
        series = [{b: e for b, e in zip(bar[k].tolist(), residual[k], strict=True) if math.isfinite(e)} for k in (i, j)]
        shared = sorted(series[0].keys() & series[1].keys())
        if meet and len(shared) >= 30:
            total += meet * np.corrcoef([series[0][b] for b in shared], [series[1][b] for b in shared])[0, 1]
    return 2 * total / (n * (n - 1))


def events(start, bars, length, seed=0):
    """Residuals of securities that share a factor, on the bars before each window."""
    rng = np.random.default_rng(seed)
    start = np.asarray(start)
    bar = start[:, None] - bars - 3 + np.arange(bars)
    residual = rng.normal(size=bar.shape) + rng.normal(size=1000)[bar]
    return residual, bar, start[:, None] + np.arange(length), np.ones((start.size, length), dtype=bool)


@pytest.mark.parametrize("way", ["by lag", "by pairs"])
@pytest.mark.parametrize(
    ("start", "bars", "length"),
    [
        ([200, 201, 202, 203, 204, 204, 205], 60, 4),  # windows that just meet, and just do not
        ([200, 205, 209, 210, 211, 212, 219], 40, 20),  # ten bars apart the estimation windows share 30 bars, eleven 29
        ([200, 200, 200, 240, 240, 240], 50, 3),  # two dates apart
        ([212, 200, 211, 200, 201, 212], 45, 30),  # in no order
    ],
)
def test_windows_that_meet_equal_the_pair_loop(monkeypatch, way, start, bars, length):
    monkeypatch.setattr(residual_correlation, "BLOCK", {"by lag": 4, "by pairs": 50}[way])
    given = events(start, bars, length)
    found = residual_correlation.mean_correlation(*given)
    assert found == pytest.approx(pair_loop(*given), rel=RTOL, abs=1e-15)
    assert (found > 0.01) == (max(start) - min(start) < 2 * length or length == 3)


@pytest.mark.parametrize("block", [1, 2, 3, 5, 64])
def test_blocks_of_pairs_with_holes_equal_the_pair_loop(monkeypatch, block):
    monkeypatch.setattr(residual_correlation, "BLOCK", block)
    residual, bar, window_bar, present = events([200, 201, 201, 203, 203, 206, 230, 231], 45, 4)
    rng = np.random.default_rng(1)
    residual[rng.random(residual.shape) < 0.1] = np.nan
    present[rng.random(present.shape) < 0.2] = False
    present[:, 0] = True
    given = (residual, bar, window_bar, present)
    assert residual_correlation.mean_correlation(*given) == pytest.approx(pair_loop(*given), rel=RTOL)


class TestWhatItAdjusts:
    """Kolari and Pynnönen's two statistics from their formulas, on SCARs and a correlation that are written down."""

    scar = np.array([1.0, 2.0, -0.5, 1.5, np.nan])
    df = np.array([98.0, 48.0, 98.0, 13.0, 98.0])

    def z(self):
        """Patell: the sum over sqrt(sum (M - k)/(M - k - 2))."""
        return 4.0 / math.sqrt(98 / 96 + 48 / 46 + 98 / 96 + 13 / 11)

    def t(self):
        known = self.scar[:4]
        return known.mean() / (known.std(ddof=1) / 2)

    @pytest.mark.parametrize(
        ("r", "floor", "used"), [(0.2, True, 0.2), (-0.1, True, 0.0), (-0.1, False, -0.1), (0.2, False, 0.2)]
    )
    def test_patell_over_the_inflation(self, r, floor, used):
        outcome = kp_patell(self.scar, self.df, np.array(r), floor=floor)
        inflation = math.sqrt(1 + 3 * used)
        error = 1.0 / self.z() * inflation  # the mean SCAR is 1
        np.testing.assert_allclose(
            [outcome.value, outcome.estimate, outcome.se], [self.z() / inflation, 1.0, error], rtol=RTOL
        )
        assert (outcome.n, outcome.distribution, outcome.unit) == (4, "normal", "standardized")
        assert outcome.details["correlation"] == r
        np.testing.assert_allclose(outcome.details["unadjusted"], self.z(), rtol=RTOL)

    @pytest.mark.parametrize(("r", "floor", "used"), [(0.2, True, 0.2), (-0.1, True, 0.0), (-0.1, False, -0.1)])
    def test_bmp_times_the_shrinkage(self, r, floor, used):
        outcome = kp_bmp(self.scar, np.array(r), floor=floor)
        shrink = math.sqrt((1 - used) / (1 + 3 * used))
        np.testing.assert_allclose(
            [outcome.value, outcome.estimate, outcome.se], [self.t() * shrink, 1.0, 1 / (self.t() * shrink)], rtol=RTOL
        )
        assert (outcome.n, outcome.df, outcome.distribution) == (4, 3, "t")
        np.testing.assert_allclose(outcome.p_two, 2 * stats.t.sf(outcome.value, 3), rtol=RTOL)
        np.testing.assert_allclose(outcome.details["unadjusted"], self.t(), rtol=RTOL)
        z = kp_bmp(self.scar, np.array(r), floor=floor, normal=True)
        np.testing.assert_allclose([z.value, z.p_greater], [outcome.value, stats.norm.sf(outcome.value)], rtol=RTOL)

    def test_a_negative_correlation_is_floored_where_nothing_else_is_said(self):
        low = np.array(-0.2)
        assert kp_patell(self.scar, self.df, low).value == kp_patell(self.scar, self.df, low, floor=True).value
        assert kp_bmp(self.scar, low).value == kp_bmp(self.scar, low, floor=True).value

    @pytest.mark.parametrize("r", [-1 / 3, -0.5])
    def test_a_correlation_that_leaves_no_variance_leaves_no_test(self, r):
        """1 + (N - 1) r of 0 or less."""
        scar, df = np.array([1.0, 2.0, 0.5, 1.5]), np.full(4, 98.0)
        for outcome in (kp_patell(scar, df, np.array(r), floor=False), kp_bmp(scar, np.array(r), floor=False)):
            assert np.isnan([outcome.value, outcome.p_two]).all()
        three = np.array([1.0, 2.0, 0.5])
        assert np.isnan(kp_patell(three, df[:3], np.array(-0.5), floor=False).value)
        assert np.isnan(kp_bmp(three, np.array(-0.5), floor=False).value)

    def test_nothing_but_copies_is_no_sample(self):
        outcome = kp_bmp(self.scar, np.array(1.0))
        assert np.isnan([outcome.value, outcome.se]).all()

    def test_the_degrees_of_freedom_are_the_fewest_that_are_known(self):
        def df(**given):
            return kp_bmp(self.scar, np.array(0.2), **given).df

        assert (df(), df(distinct=np.array(3)), df(free=1.7), df(free=9.0)) == (3, 2, 1.7, 3)
        assert df(distinct=np.array(3), free=1.7) == 1.7
        assert df(distinct=np.array(2), free=1.7) == 1

    def test_through_a_study_a_negative_correlation_is_floored_unless_asked(self, make_sample):
        sample = make_sample(5, dates="one", window=(0, 0))
        record = sample.estimation
        residual = record.residual - 0.95 * record.residual.mean(axis=0)  # what is left sums to nearly nothing
        sample = replace(sample, estimation=replace(record, residual=residual))
        r = np.mean([np.corrcoef(a, b)[0, 1] for a, b in itertools.combinations(residual, 2)])
        assert r < -0.1
        plain = {name: run(name, sample).statistic for name in ("patell", "bmp")}
        assert run("kp_patell", sample).statistic == pytest.approx(plain["patell"], rel=RTOL)
        assert run("kp_bmp", sample).statistic == pytest.approx(plain["bmp"], rel=RTOL)
        loose = run("kp_patell", sample, floor=False).statistic
        assert loose == pytest.approx(plain["patell"] / math.sqrt(1 + 4 * r), rel=1e-8)
        loose = run("kp_bmp", sample, floor=False).statistic
        assert loose == pytest.approx(plain["bmp"] * math.sqrt((1 - r) / (1 + 4 * r)), rel=1e-8)
        with pytest.raises(StudyError, match="alignment"):
            TESTS["kp_bmp"].compute(sample, facts=SampleFacts(sample), alignment="daily")

    @pytest.mark.parametrize(
        ("security", "day0", "copies"),
        [
            ([0, 1, 2, 3], [5, 5, 5, 5], 0),
            ([0, 0, 1, 1], [5, 5, 5, 5], 2),
            ([0, 0, 1, 1], [5, 6, 5, 6], 0),
            ([0, 0, 0, 1], [1, 0, 2, 1], 0),  # days in a row
            ([0, 1, 0, 2], [1, 0, 3, 0], 0),
            ([0, 2, 1, 0], [1, 0, 1, 0], 0),
            ([0, 0, 0, 0], [0, 0, 0, 0], 3),
            ([0, 0, 2, 2], [1, 1, 1, 1], 2),
        ],
    )
    @pytest.mark.parametrize("gone", [None, 0, 3])
    def test_copies_are_those_of_one_security_on_one_day(self, security, day0, copies, gone):
        sample = replace(sample_of(car=[0.01, 0.05, -0.02, 0.04], day0=day0), security=np.array(security))
        keys = list(zip(security, day0, strict=True))
        assert len(keys) - len(set(keys)) == copies
        if gone is not None:
            sample = replace(sample, car=np.where(np.arange(4) == gone, np.nan, sample.car))
            keys.pop(gone)
        assert _distinct(sample) == len(set(keys))
