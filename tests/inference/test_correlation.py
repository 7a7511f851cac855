"""The mean correlation where many windows meet, against a loop over pairs, and the tests that it adjusts."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.abnormal.window_sample import EstimationRecord
from eventstudy.errors import StudyError
from eventstudy.inference import TESTS, run, sample_of
from eventstudy.inference.core import residual_correlation
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.significance_tests.kolari_pynnonen import _distinct, kp_bmp, kp_patell
from samples import batch_of

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


def loop(residual, bar, window_bar, present):
    """As `pair_loop`, of those with a day in the window; days outside the data are none, and a series that never moves has r = 0."""
    rows = [i for i in range(len(residual)) if present[i].any()]
    total = 0.0
    for i, j in itertools.combinations(rows, 2):
        windows = [{b for b in window_bar[k][present[k]].tolist() if b >= 0} for k in (i, j)]
        if not windows[0] & windows[1]:
            continue
        meet = len(windows[0] & windows[1]) / math.sqrt(len(windows[0]) * len(windows[1]))
        series = [
            {b: e for b, e in zip(bar[k].tolist(), residual[k], strict=True) if b >= 0 and math.isfinite(e)}
            for k in (i, j)
        ]
        shared = sorted(series[0].keys() & series[1].keys())
        a, b = ([one[day] for day in shared] for one in series)
        if len(shared) >= 30 and np.ptp(a) and np.ptp(b):
            total += meet * np.corrcoef(a, b)[0, 1]
    return 2 * total / (len(rows) * (len(rows) - 1))


def irregular(kind):
    """Seven events, more than a block of four, that the quick way must not be taken for."""
    residual, bar, window_bar, present = events([200, 201, 202, 203, 204, 204, 205], 60, 4)
    if kind == "another gap":
        bar[2] -= 5
    if kind == "a day is missing":
        present[3, 1] = False
    if kind == "a bar is missing":
        residual[5, 7] = np.nan
    if kind == "bars outside the data":
        bar[0, :6], window_bar[6, -1] = -1, -1
        residual[0, :6] = np.nan
        present[6, -1] = False
    if kind == "the last day is outside the data":
        window_bar[6, -1] = -1
    if kind == "an event without a day":
        present[1] = False
    if kind == "a series that never moves":
        residual[4] = 0.25
    return residual, bar, window_bar, present


@pytest.mark.parametrize("block", [2, 4, 50])
@pytest.mark.parametrize(
    "kind",
    [
        *("regular", "another gap", "a day is missing", "a bar is missing", "bars outside the data"),
        *("the last day is outside the data", "an event without a day"),
    ],
)
def test_what_is_not_regular_equals_the_pair_loop(monkeypatch, block, kind):
    monkeypatch.setattr(residual_correlation, "BLOCK", block)
    given = irregular(kind)
    assert residual_correlation.mean_correlation(*given) == pytest.approx(loop(*given), rel=RTOL)


@pytest.mark.parametrize(
    "kind", ["regular", "a day is missing", "a bar is missing", "an event without a day", "a series that never moves"]
)
def test_one_date_equals_the_pair_loop(kind):
    residual, bar, window_bar, present = irregular(kind)
    given = residual, np.tile(bar[:1], (7, 1)), np.tile(window_bar[:1], (7, 1)), present
    assert residual_correlation.mean_correlation(*given) == pytest.approx(loop(*given), rel=RTOL)


def test_of_fewer_than_two_there_is_no_pair():
    residual, bar, window_bar, present = events([200, 200], 40, 1)
    assert residual_correlation.mean_correlation(residual[:1], bar[:1], window_bar[:1], present[:1]) == 0.0
    present[1] = False
    assert residual_correlation.mean_correlation(residual, bar, window_bar, present) == 0.0
    present[0] = False
    assert residual_correlation.mean_correlation(residual, bar, window_bar, present) == 0.0


def own_moments(residual):
    """The mean correlation of series with holes, each standardized over its own bars."""
    z = residual - np.nanmean(residual, axis=1, keepdims=True)
    z = np.nan_to_num(z / np.sqrt(np.nansum(z**2, axis=1, keepdims=True)))
    n = len(z)
    return ((z.sum(axis=0) ** 2).sum() - n) / (n * (n - 1))


def test_above_two_thousand_on_one_date_each_series_is_taken_by_its_own_moments():
    """With a hole the correlation over shared bars is another."""
    residual, bar, window_bar, present = events([200] * 2001, 31, 1)
    residual[0, 0] = np.nan
    residual[0, 1] = 40.0  # by far the largest
    expected = pytest.approx(own_moments(residual), rel=1e-12)
    assert residual_correlation.mean_correlation(residual, bar, window_bar, present) == expected
    made = sample_of(car=np.ones(2001), day0=[200] * 2001)
    record = EstimationRecord(residual, residual, bar, residual[..., None], np.ones((2001, 1, 1)))
    assert residual_correlation.relative_correlation(replace(made, estimation=record)) == expected


def sampled(residual, bar, window_bar, present, start):
    """The same events as a sample."""
    made = sample_of(ar=np.where(present, 0.01, np.nan), day0=start)
    record = EstimationRecord(residual, residual, bar, residual[..., None], np.ones((*present.shape, 1)))
    return replace(made, bar=window_bar, estimation=record)


@pytest.mark.parametrize("start", [[200] * 5, [200, 201, 203, 203, 210]])
@pytest.mark.parametrize("holes", [False, True])
def test_a_batch_is_each_sample_by_the_pair_loop(start, holes):
    parts, expected = [], []
    for seed in (1, 2):
        residual, bar, window_bar, present = events(start, 40, 3, seed)
        present[1, 0] = False
        present[4] = False
        if holes:
            residual[0, 3] = residual[2, 5] = np.nan
        parts.append(sampled(residual, bar, window_bar, present, start))
        expected.append(loop(residual, bar, window_bar, present))
    found = residual_correlation.batch_correlation(batch_of(parts))
    np.testing.assert_allclose(found, expected, rtol=RTOL)
    assert float(residual_correlation.batch_correlation(parts[1])) == pytest.approx(expected[1], rel=RTOL)


def test_of_a_batch_of_single_events_there_is_no_pair():
    parts = [sampled(*events([200], 40, 2, seed), [200]) for seed in (1, 2)]
    assert residual_correlation.batch_correlation(batch_of(parts)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("apart", "meet"), [(3, False), (2, True)])
def test_windows_that_follow_one_another_have_nothing_in_common(apart, meet):
    start = [200, 200 + apart, 200 + 2 * apart]
    residual, bar, window_bar, present = events(start, 60, 3)
    made = sampled(residual, bar, window_bar, present, start)
    assert (float(residual_correlation.batch_correlation(made)) != 0) == meet
    middle = present & (np.arange(3) != 1)[:, None]  # without the one in the middle windows lie apart
    assert float(residual_correlation.batch_correlation(sampled(residual, bar, window_bar, middle, start))) == 0.0


@pytest.mark.parametrize("start", [[200, 200], [200, 202]])
def test_two_events_are_a_pair(start):
    given = events(start, 60, 3)
    assert residual_correlation.mean_correlation(*given) == pytest.approx(loop(*given), rel=RTOL)
    found = residual_correlation.batch_correlation(sampled(*given, start))
    assert float(found) == pytest.approx(loop(*given), rel=RTOL)
    assert abs(float(found)) > 0.01


def test_a_day_that_is_missing_does_not_part_two_windows():
    residual, bar, window_bar, present = events([200, 201], 60, 3)
    present[0, 0] = present[1, 2] = False  # what is left of both are days 201 and 202
    found = residual_correlation.batch_correlation(sampled(residual, bar, window_bar, present, [200, 201]))
    assert float(found) == pytest.approx(loop(residual, bar, window_bar, present), rel=RTOL)
    assert float(found) == pytest.approx(np.corrcoef(residual[0, 1:], residual[1, :-1])[0, 1], rel=RTOL)


def test_on_relative_days_two_with_a_hole_are_paired_over_the_bars_that_both_have():
    residual, bar, window_bar, present = events([200, 230], 40, 1)
    residual[0, 4], residual[1, 4] = np.nan, 9.0
    both = np.delete(residual, 4, axis=1)
    found = residual_correlation.relative_correlation(sampled(residual, bar, window_bar, present, [200, 230]))
    assert float(found) == pytest.approx(np.corrcoef(both)[0, 1], rel=RTOL)


def test_a_series_without_a_scar_is_in_no_pair():
    residual, bar, window_bar, present = events([200] * 4, 40, 2)
    made = sampled(residual, bar, window_bar, present, [200] * 4)
    found = residual_correlation.batch_correlation(replace(made, degenerate=np.array([False, False, True, False])))
    present[2] = False
    assert float(found) == pytest.approx(loop(residual, bar, window_bar, present), rel=RTOL)


def test_without_estimation_windows_it_is_not_known():
    made = sample_of(car=[0.1, 0.2])
    assert np.isnan(residual_correlation.batch_correlation(made))
    batch = replace(made, car=np.ones((4, 2)))
    assert residual_correlation.batch_correlation(batch).shape == (4,)


@pytest.mark.parametrize("holes", [0, 1, 13])
def test_on_relative_days_the_bars_of_one_distance_are_paired(holes):
    """Of 42 bars 13 holes that differ leave fewer than 30 in common: such a pair counts as 0."""
    start = [200, 210, 220, 230]
    residual, bar, window_bar, present = events(start, 42, 2)
    residual[0, :holes] = np.nan
    present[3] = False
    made = sampled(residual, bar, window_bar, present, start)
    expected = []
    for i, j in itertools.combinations(range(3), 2):
        both = np.isfinite(residual[i] * residual[j])
        expected.append(np.corrcoef(residual[i][both], residual[j][both])[0, 1] if both.sum() >= 30 else 0.0)
    found = residual_correlation.relative_correlation(made)
    assert float(found) == pytest.approx(np.mean(expected), rel=RTOL)
    alone = sampled(residual, bar, window_bar, present & (np.arange(4) == 0)[:, None], start)
    assert float(residual_correlation.relative_correlation(alone)) == 0.0


def test_on_relative_days_a_batch_is_each_sample():
    parts = [sampled(*events([200, 230, 260], 40, 1, seed), [200, 230, 260]) for seed in (1, 2)]
    found = residual_correlation.relative_correlation(batch_of(parts))
    alone = [float(residual_correlation.relative_correlation(one)) for one in parts]
    np.testing.assert_allclose(found, alone, rtol=RTOL)


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


@pytest.mark.parametrize("length", [1, 2])
def test_a_window_on_the_first_bar_of_the_data_is_a_window(length):
    """Estimation windows after the event: two windows begin on bar 0, one lies elsewhere and meets neither."""
    start = np.array([0, 0, 7])
    rng = np.random.default_rng(3)
    bar = 20 + np.tile(np.arange(40), (3, 1))
    residual = rng.normal(size=(3, 40)) + rng.normal(size=40)
    window_bar = start[:, None] + np.arange(length)
    present = np.ones((3, length), dtype=bool)
    rho = np.corrcoef(residual[:2])[0, 1]
    found = residual_correlation.mean_correlation(residual, bar, window_bar, present)
    assert found == pytest.approx(rho / 3, rel=RTOL)
    assert abs(rho) > 0.1
