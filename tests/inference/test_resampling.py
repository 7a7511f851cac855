"""Tests that draw: exact where all draws can be listed, loops where they cannot, and the same numbers for the same seed."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from eventstudy.errors import StudyError
from eventstudy.inference import DAILY, run, sample_of
from eventstudy.inference.core.wild_cluster import WEBB, drawn
from eventstudy.inference.significance_tests.bootstrap import _hall_t, _spread, bootstrap_t, hall, skewness_adjusted
from eventstudy.inference.significance_tests.placebo import permutation, placebo_dates
from eventstudy.inference.significance_tests.sign_flips import _every_flip, cluster_bootstrap, wild_bootstrap

RTOL = 1e-10  # the same sums in another order
DRAWS = 199
DRAWN = [spec.name for spec in DAILY.values() if spec.draws]


@pytest.fixture
def car():
    return np.random.default_rng(5).normal(0.01, 0.03, 9)


def test_wild_bootstrap_lists_all_flips_of_few_events(car):
    t = stats.ttest_1samp(car, 0).statistic
    flipped = [
        stats.ttest_1samp(car * np.array(signs), 0).statistic for signs in itertools.product([1.0, -1.0], repeat=9)
    ]
    outcome = wild_bootstrap(car, rng=np.random.default_rng(0))
    np.testing.assert_allclose(outcome.value, t, rtol=RTOL)
    tie = 1e-9  # flips that repeat the sample up to rounding
    assert outcome.p_two == np.mean(np.abs(flipped) >= abs(t) - tie)
    assert outcome.p_greater == np.mean(np.array(flipped) >= t - tie)
    assert outcome.p_less == np.mean(np.array(flipped) <= t + tie)


def test_cluster_bootstrap_flips_sessions_together(car):
    cluster = np.array([0, 0, 0, 1, 1, 2, 3, 3, 4])

    def t_of(x):
        centre = x.mean()
        sums = [sum(x[i] - centre for i in range(9) if cluster[i] == g) for g in range(5)]
        return centre / (math.sqrt(5 / 4 * sum(s**2 for s in sums)) / 9)

    flipped = [t_of(car * np.array(v)[cluster]) for v in itertools.product([1.0, -1.0], repeat=5)]
    outcome = cluster_bootstrap(car, cluster, rng=np.random.default_rng(0))
    np.testing.assert_allclose(outcome.value, t_of(car), rtol=RTOL)
    assert outcome.p_two == np.mean(np.abs(flipped) >= abs(t_of(car)) - 1e-9)


@pytest.mark.parametrize("n", [19, 20])
def test_all_flips_of_twenty_events_equal_the_exact_law_of_their_sum(n):
    """With one event a cluster |t| grows with |sum|, and the law of a sum of signed whole numbers can be counted out."""
    whole = np.random.default_rng(n).integers(1, 40, n)
    x = 0.001 * np.where(np.arange(n) % 3, whole, -whole)
    law = np.ones(1)
    for value in whole:  # position s of the law: how many flips make the sum s - (what is passed so far)
        law = np.convolve(law, np.bincount([0, 2 * value]))
    sums = np.arange(law.size) - whole.sum()
    observed = round(1000 * x.sum())
    assert 0 < abs(observed) < whole.sum()
    outcome = wild_bootstrap(x, rng=np.random.default_rng(0))
    assert outcome.details["draws"] == 2**n == law.sum()
    assert outcome.p_two == law[np.abs(sums) >= abs(observed)].sum() / 2**n
    assert outcome.p_greater == law[sums >= observed].sum() / 2**n
    assert outcome.p_less == law[sums <= observed].sum() / 2**n


def test_flips_put_together_from_halves_equal_flips_one_by_one():
    rng = np.random.default_rng(2)
    cluster = rng.integers(0, 11, 40)
    x = rng.normal(0.002, 0.01, 40)
    x[cluster == 3] = x[cluster == 3].mean()
    sums = np.bincount(cluster, x)
    sizes = np.bincount(cluster)
    groups = sums.size

    def t_of(flipped):
        centre = flipped.sum() / 40
        return centre / (math.sqrt(groups / (groups - 1) * ((flipped - sizes * centre) ** 2).sum()) / 40)

    flipped = [t_of(sums * np.array(v)) for v in itertools.product([1.0, -1.0], repeat=groups)]
    observed = t_of(sums)
    outcome = cluster_bootstrap(x, cluster, rng=np.random.default_rng(0))
    assert outcome.p_two == np.mean(np.abs(flipped) >= abs(observed) - 1e-9)
    assert outcome.p_less == np.mean(np.array(flipped) <= observed + 1e-9)


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_flips_that_leave_hardly_any_variance_keep_their_digits(scale):
    """Means of clusters that are equal to five digits: the variance is a difference of squares that are equal to ten."""
    rng = np.random.default_rng(6)
    sizes = rng.integers(1, 5, 7)
    sums = scale * sizes * (1 + 1e-5 * rng.normal(size=7))
    whole = [Fraction(float(v)) for v in sums]
    n = int(sizes.sum())

    def t_of(flipped):
        centre = sum(flipped) / n
        square = Fraction(7, 6) * sum((v - int(m) * centre) ** 2 for v, m in zip(flipped, sizes, strict=True)) / n**2
        return float(centre) / math.sqrt(square)

    expected = [
        t_of([s * v for s, v in zip(signs, whole, strict=True)]) for signs in itertools.product([1, -1], repeat=7)
    ]
    np.testing.assert_allclose(
        np.sort(_every_flip(sums, sizes, n)), np.sort(expected), rtol=1e-9
    )  # five of 16 digits go
    car, cluster = np.repeat(sums / sizes, sizes), np.repeat(np.arange(7), sizes)
    outcome = cluster_bootstrap(car, cluster, rng=np.random.default_rng(0))
    np.testing.assert_allclose(outcome.value, max(expected), rtol=1e-9)
    assert outcome.p_two == 2 / 2**7  # no other flip is as far out


def test_flips_without_variance_count_against_rejection():
    x = np.array([0.01, 0.01, 0.01, -0.01])  # two of the sixteen flips make all values equal
    outcome = wild_bootstrap(x, rng=np.random.default_rng(0))
    assert "2 of 16 draws have no variance" in outcome.warnings[0]
    assert outcome.p_greater == 6 / 16  # t as large for four choices of the odd one, and the two without variance


def test_hall_is_the_formula_of_the_paper(car):
    n, mean, sd = 9, car.mean(), car.std(ddof=1)
    g = n / ((n - 1) * (n - 2)) * sum(((x - mean) / sd) ** 3 for x in car)
    s = mean / sd
    expected = math.sqrt(n) * (s + g * s**2 / 3 + g**2 * s**3 / 27 + g / (6 * n))
    np.testing.assert_allclose(hall(car), expected, rtol=RTOL)
    np.testing.assert_allclose(stats.skew(car, bias=False), g, rtol=RTOL)  # the same estimate of skewness


@pytest.mark.parametrize(("function", "measure"), [(skewness_adjusted, hall), (bootstrap_t, None)])
def test_percentile_bootstraps_equal_a_loop_over_the_same_draws(car, function, measure):
    def t_of(x):
        return x.mean() / (x.std(ddof=1) / math.sqrt(x.size))

    measure = measure or t_of
    chosen = np.random.default_rng(3).integers(0, 9, (DRAWS, 9))
    drawn = [measure((car - car.mean())[row]) for row in chosen]
    outcome = function(car, rng=np.random.default_rng(3), draws=DRAWS)
    np.testing.assert_allclose(outcome.value, measure(car), rtol=RTOL)
    assert outcome.p_two == (1 + sum(abs(t) >= abs(outcome.value) for t in drawn)) / (DRAWS + 1)
    assert outcome.p_greater == (1 + sum(t >= outcome.value for t in drawn)) / (DRAWS + 1)


def test_percentile_t_interval_turns_the_quantiles_round(car):
    outcome = bootstrap_t(car, rng=np.random.default_rng(3), draws=DRAWS)
    chosen = np.random.default_rng(3).integers(0, 9, (DRAWS, 9))
    centred = (car - car.mean())[chosen]
    drawn = centred.mean(axis=1) / (centred.std(axis=1, ddof=1) / 3)
    se = car.std(ddof=1) / 3
    np.testing.assert_allclose(outcome.low, car.mean() - np.quantile(drawn, 0.975) * se, rtol=RTOL)
    np.testing.assert_allclose(outcome.high, car.mean() - np.quantile(drawn, 0.025) * se, rtol=RTOL)


def test_resamples_without_variance_count_against_rejection():
    outcome = bootstrap_t(np.array([0.01, 0.01, 0.02]), rng=np.random.default_rng(0), draws=DRAWS)
    assert outcome.p_two > 0.05
    assert "no variance" in outcome.warnings[0]


@pytest.mark.parametrize("name", DRAWN)
def test_a_seed_repeats_and_does_not_depend_on_other_tests(make_sample, name):
    sample = make_sample(24, window=(0, 1), dates="apart")  # more than are enumerated
    first, again = (run(name, sample, seed=1, draws=DRAWS) for _ in range(2))
    assert first.pvalue == again.pvalue
    assert first.details == again.details
    others = {run(name, sample, seed=seed, draws=DRAWS).pvalue for seed in range(2, 8)}
    assert others != {first.pvalue}


@pytest.mark.parametrize("name", DRAWN)
def test_pieces_that_fit_in_memory_change_nothing(make_sample, monkeypatch, name):
    sample = make_sample(24, window=(0, 1), dates="apart")
    whole = run(name, sample, seed=1, draws=DRAWS)
    monkeypatch.setattr("eventstudy.inference.core.wild_cluster.CELLS", 14 * 10)
    monkeypatch.setattr("eventstudy.inference.significance_tests.placebo.CHUNK_EVENTS", 14 * 10)
    assert run(name, sample, seed=1, draws=DRAWS).pvalue == whole.pvalue


class TestPlacebo:
    def test_every_placebo_mean_is_that_of_a_study_made_there(self, make_sample):
        sample = make_sample(3, window=(0, 1), dates="apart")
        rng = np.random.default_rng(0)
        dates, scheme = placebo_dates(
            sample.security, sample.day0, sample.admissible, bars=2, draws=20, scheme="independent", rng=rng
        )
        assert scheme == "independent"
        means = [sample.refit(sample.security, row).car.mean() for row in dates]
        result = permutation(sample, rng=np.random.default_rng(0), draws=20, scheme="independent")
        observed = sample.car.mean()
        np.testing.assert_allclose(result.details["placebo_mean"], np.mean(means), rtol=RTOL)
        assert result.p_two == (1 + sum(abs(m) >= abs(observed) for m in means)) / 21
        assert result.p_greater == (1 + sum(m >= observed for m in means)) / 21

    def test_dates_are_admissible(self, make_sample):
        sample = make_sample(6, dates="staggered")
        for scheme in ("independent", "cluster", "shift"):
            dates, used = placebo_dates(
                sample.security,
                sample.day0,
                sample.admissible,
                bars=3,
                draws=50,
                scheme=scheme,
                rng=np.random.default_rng(1),
            )
            assert used == scheme
            assert sample.admissible[sample.security, dates].all()

    def test_a_shift_keeps_common_dates_and_spacing(self, make_sample):
        sample = make_sample(6, dates="staggered")
        dates, _ = placebo_dates(
            sample.security,
            sample.day0,
            sample.admissible,
            bars=3,
            draws=30,
            scheme="shift",
            rng=np.random.default_rng(1),
        )
        moved = dates - sample.day0
        assert (moved == moved[:, :1]).all()
        assert len(np.unique(moved[:, 0])) == len(moved)  # without repetition: each shift is one placebo study

    def test_auto_shifts_what_overlaps_and_frees_what_does_not(self):
        free = np.ones((4, 400), dtype=bool)
        who, rng = np.arange(4), np.random.default_rng(0)
        apart = placebo_dates(who, np.array([200, 220, 240, 260]), free, bars=3, draws=9, scheme="auto", rng=rng)
        crowded = placebo_dates(who, np.array([200, 200, 201, 260]), free, bars=3, draws=9, scheme="auto", rng=rng)
        tight = placebo_dates(who, np.array([1, 1, 398, 398]), free, bars=3, draws=9, scheme="auto", rng=rng)
        assert [apart[1], crowded[1], tight[1]] == ["independent", "shift", "cluster"]

    def test_matched_dates_share_the_group(self):
        groups = np.arange(400) % 5
        dates, _ = placebo_dates(
            np.arange(2),
            np.array([203, 311]),
            np.ones((2, 400), dtype=bool),
            bars=1,
            draws=40,
            scheme="matched",
            groups=groups,
            rng=np.random.default_rng(0),
        )
        assert (groups[dates[:, 0]] == 3).all()
        assert (groups[dates[:, 1]] == 1).all()

    def test_nowhere_to_go_is_a_reason(self, make_sample):
        sample = make_sample(3)
        none = replace(sample, admissible=np.zeros_like(sample.admissible))
        assert "no admissible placebo date" in run("permutation", none).reason
        assert "no single shift" in run("permutation", none, scheme="shift").reason

    def test_errors_name_the_way_out(self, make_sample):
        sample = make_sample(3)
        with pytest.raises(StudyError, match="independent, cluster, shift, matched"):
            run("permutation", sample, scheme="bootstrap")
        with pytest.raises(StudyError, match="needs groups"):
            run("permutation", sample, scheme="matched")
        with pytest.raises(StudyError, match="draw"):
            run("permutation", sample, drawz=10)


@pytest.mark.parametrize("name", [name for name in DRAWN if name != "permutation"])
def test_missing_cars_are_as_if_they_were_not_there(name):
    rng = np.random.default_rng(8)
    car, session = rng.normal(0.002, 0.03, 26), rng.integers(0, 22, 26)
    car[[3, 17]] = np.nan
    known = np.isfinite(car)
    ragged = run(name, sample_of(car=car, day0=session), seed=4, draws=DRAWS)
    complete = run(name, sample_of(car=car[known], day0=session[known]), seed=4, draws=DRAWS)
    assert (ragged.n, ragged.pvalue) == (24, complete.pvalue)
    np.testing.assert_allclose(ragged.statistic, complete.statistic, rtol=RTOL)


def test_weights_of_webb_have_unit_variance():
    points = np.concatenate([WEBB, -WEBB])
    assert points.mean() == 0
    np.testing.assert_allclose((points**2).mean(), 1.0, rtol=RTOL)
    assert run("wild_bootstrap", sample_of(car=np.linspace(-0.01, 0.03, 14)), weights="webb").applicable
    with pytest.raises(StudyError, match="rademacher, webb"):
        run("wild_bootstrap", sample_of(car=np.linspace(-0.01, 0.03, 14)), weights="normal")


@pytest.mark.parametrize("name", DRAWN)
def test_as_many_draws_as_are_documented_are_made(make_sample, name):
    """1999, of placebo studies 999; all kinds through `run` and from the kernel."""
    expected = 999 if name == "permutation" else 1999
    sample = make_sample(24, window=(0, 0))
    given = {"scheme": "independent"} if name == "permutation" else {}
    assert run(name, sample, **given).details["draws"] == expected
    rng = np.random.default_rng(0)
    kernels = {
        "skewness_adjusted": lambda: skewness_adjusted(sample.car, rng=rng),
        "bootstrap_t": lambda: bootstrap_t(sample.car, rng=rng),
        "wild_bootstrap": lambda: wild_bootstrap(sample.car, rng=rng),
        "cluster_bootstrap": lambda: cluster_bootstrap(sample.car, sample.day0, rng=rng),
        "permutation": lambda: permutation(sample, rng=rng, **given),
    }
    assert kernels[name]().details["draws"] == expected


class TestHall:
    def test_three_values_have_a_skewness_and_two_have_none(self):
        """(0, 1, 5): mean 2, variance 7, sum of cubes -8 - 1 + 27 = 18, g = 3/2 18/7^1.5."""
        g, s = 1.5 * 18 / 7**1.5, 2 / math.sqrt(7)
        expected = math.sqrt(3) * (s + g * s**2 / 3 + g**2 * s**3 / 27 + g / 18)
        np.testing.assert_allclose(hall(np.array([0.0, 1.0, 5.0])), expected, rtol=RTOL)
        assert np.isnan(hall(np.array([0.0, 1.0])))

    def test_missing_values_are_as_if_they_were_not_there(self):
        rows = np.random.default_rng(1).normal(0.3, 1.0, (3, 9))
        rows[0, 2], rows[1, 5:], rows[2] = np.nan, np.nan, 0.7  # the last has no variance
        found = hall(rows)
        np.testing.assert_allclose(found[0], hall(np.delete(rows[0], 2)), rtol=RTOL)
        np.testing.assert_allclose(found[1], hall(rows[1, :5]), rtol=RTOL)
        assert np.isnan(found[2])


@pytest.mark.parametrize("n", [3, 4, 9])
def test_halls_t_from_moments_is_halls_t(n):
    rows = np.random.default_rng(n).gamma(1.0, 1.0, (20, n)) - 0.8
    found = _hall_t(rows.mean(axis=1), (rows**2).mean(axis=1), (rows**3).mean(axis=1), n)
    np.testing.assert_allclose(found, hall(rows), rtol=1e-8)  # moments about 0 lose digits
    pair = rows[:, :2]
    assert np.isnan(_hall_t(pair.mean(axis=1), (pair**2).mean(axis=1), (pair**3).mean(axis=1), 2)).all()


@pytest.mark.parametrize("size", [3, 5])
def test_resamples_of_another_size_equal_a_loop_over_them(car, size):
    """Lyon, Barber and Tsai: fewer security-events in a resample than in the sample; three are the fewest that have a skewness."""
    chosen = np.random.default_rng(3).integers(0, 9, (DRAWS, size))
    drawn = [hall((car - car.mean())[row]) for row in chosen]
    outcome = skewness_adjusted(car, rng=np.random.default_rng(3), draws=DRAWS, size=size)
    lost = sum(math.isnan(t) for t in drawn)
    assert outcome.p_two == (1 + lost + sum(abs(t) >= abs(outcome.value) for t in drawn)) / (DRAWS + 1)
    assert outcome.p_less == (1 + lost + sum(t <= outcome.value for t in drawn)) / (DRAWS + 1)
    told = [f"{lost} of {DRAWS} draws have no variance and count against rejection"] if lost else []
    assert list(outcome.warnings) == told
    assert (size == 3) == bool(lost)  # some of three copies


def test_resamples_of_two_have_no_skewness(car):
    outcome = skewness_adjusted(car, rng=np.random.default_rng(3), draws=DRAWS, size=2)
    assert outcome.p_two == outcome.p_less == outcome.p_greater == 1.0


@pytest.mark.parametrize("function", [skewness_adjusted, bootstrap_t])
def test_what_is_told_of_the_mean(car, function):
    outcome = function(np.append(car, np.nan), rng=np.random.default_rng(3), draws=DRAWS)
    np.testing.assert_allclose([outcome.estimate, outcome.se], [car.mean(), car.std(ddof=1) / 3], rtol=RTOL)
    assert outcome.n == 9
    assert np.isfinite([outcome.low, outcome.high]).all() == (
        function is bootstrap_t
    )  # Hall's is no t to be turned round


@pytest.mark.parametrize("function", [skewness_adjusted, bootstrap_t])
@pytest.mark.parametrize("scale", [1e-7, 1e7])
def test_the_unit_of_the_returns_does_not_change_which_resamples_have_a_variance(function, scale):
    x = np.array([0.01, 0.01, 0.01, 0.03, 0.0, 0.02])
    one, other = (function(k * x, rng=np.random.default_rng(0), draws=DRAWS) for k in (1.0, scale))
    assert (one.p_two, one.p_less, one.p_greater) == (other.p_two, other.p_less, other.p_greater)


def test_a_spread_of_nothing_is_none():
    """No value but zeros: the deviation is unknown, not 0."""
    assert np.isnan(_spread(np.array(0.0), np.array(0.0), 4))
    for function in (skewness_adjusted, bootstrap_t):
        outcome = function(np.zeros(5), rng=np.random.default_rng(0), draws=DRAWS)
        assert np.isnan([outcome.value, outcome.p_two]).all()
        assert outcome.n == 5


def cluster_t(x, cluster):
    """Mean over its cluster-robust error, from the loop of its definition."""
    names = np.unique(cluster)
    g, n = names.size, x.size
    sums = [sum(v - x.mean() for v, c in zip(x, cluster, strict=True) if c == name) for name in names]
    return x.mean() / (math.sqrt(g / (g - 1) * sum(s**2 for s in sums)) / n)


@pytest.mark.parametrize("weights", ["rademacher", "webb"])
@pytest.mark.parametrize("groups", [4, 21])
def test_random_multipliers_equal_a_loop_over_them(weights, groups):
    """All signs are tried only up to twenty clusters; Webb's points are always drawn."""
    rng = np.random.default_rng(groups)
    cluster = np.concatenate([np.arange(groups), rng.integers(0, groups, 20)])
    x = rng.normal(0.01, 0.03, cluster.size)
    outcome = cluster_bootstrap(x, cluster, rng=np.random.default_rng(9), draws=DRAWS, weights=weights)
    if weights == "rademacher" and groups == 4:
        assert outcome.distribution == "sign flips of 4 clusters, all of them, 16 draws"
        assert outcome.details["draws"] == 2**4
        multipliers = np.array(list(itertools.product([1.0, -1.0], repeat=4)))
        more = 0
    else:
        assert outcome.distribution == f"sign flips of {groups} clusters, {DRAWS} draws"
        (multipliers,) = drawn(groups, DRAWS, np.random.default_rng(9), weights)
        more = 1
    found = np.array([cluster_t(x * row[cluster], cluster) for row in multipliers])
    observed = cluster_t(x, cluster)
    tie = 1e-9 * abs(observed)
    np.testing.assert_allclose(outcome.value, observed, rtol=RTOL)
    assert outcome.p_two == (more + (np.abs(found) >= abs(observed) - tie).sum()) / (found.size + more)
    assert outcome.p_less == (more + (found <= observed + tie).sum()) / (found.size + more)
    assert outcome.p_greater == (more + (found >= observed - tie).sum()) / (found.size + more)
    error = x.mean() / observed
    np.testing.assert_allclose([outcome.estimate, outcome.se], [x.mean(), error], rtol=RTOL)
    np.testing.assert_allclose(outcome.low, x.mean() - np.quantile(found, 0.975) * error, rtol=1e-9)
    np.testing.assert_allclose(outcome.high, x.mean() - np.quantile(found, 0.025) * error, rtol=1e-9)


@pytest.mark.parametrize("groups", [2, 3, 4, 5])
def test_flips_of_a_few_clusters_are_all_of_them(groups):
    x = np.random.default_rng(groups).normal(0.01, 0.03, groups)
    found = _every_flip(x, np.ones(groups, int), groups)
    expected = [cluster_t(x * np.array(v), np.arange(groups)) for v in itertools.product([1.0, -1.0], repeat=groups)]
    np.testing.assert_allclose(np.sort(found), np.sort(expected), rtol=1e-9)


def test_one_cluster_or_none_cannot_be_flipped():
    for car, n in (([0.01, 0.02, 0.05], 3), ([np.nan, np.nan, np.nan], 0)):
        outcome = cluster_bootstrap(np.array(car), np.zeros(3, int), rng=np.random.default_rng(0))
        assert np.isnan([outcome.value, outcome.p_two]).all()
        assert outcome.n == n
    two = cluster_bootstrap(np.array([0.01, 0.03]), np.arange(2), rng=np.random.default_rng(0))
    np.testing.assert_allclose([two.value, two.se], [2.0, 0.01], rtol=RTOL)
    assert two.p_two == 2 / 4  # (+, +) and (-, -); t of the others is 0.5
    assert two.p_greater == 1 / 4


@pytest.mark.parametrize("scale", [1e-3, -1e-3, 1.0, -1.0, 1e3, -1e3])
@pytest.mark.parametrize(("error", "there"), [(4.5e-13, False), (1.2e-12, True)])
def test_an_error_that_is_rounding_is_none(scale, error, there):
    """Clusters of one and of three, all -1 but one value that is d off: an error of d/8, against 1e-12 of the largest sum over n, 3/4."""
    x = scale * np.array([-1.0, -1.0, -1.0, -1.0 + 8 * error])
    outcome = cluster_bootstrap(x, np.array([0, 1, 1, 1]), rng=np.random.default_rng(0))
    assert np.isfinite(outcome.value) == there
    still = cluster_bootstrap(np.zeros(4), np.array([0, 1, 1, 1]), rng=np.random.default_rng(0))
    assert np.isnan(still.value)
