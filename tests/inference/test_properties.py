"""What must not change a test, and what must turn it round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventstudy.abnormal import MarketModel, estimate
from eventstudy.errors import StudyError
from eventstudy.inference import DAILY, TESTS, adjust_pvalues, run
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.significance_tests.signs import wilcoxon
from hypothesis import given, settings, strategies as st
from samples import PER_EVENT, batch_of

RTOL = 1e-9  # the same sums in another order, through ratios and square roots
COMPUTED = [s.name for s in DAILY.values() if not s.draws and "one event" not in s.needs]
SIDED = [name for name in COMPUTED if TESTS[name].sided]


def sample_for(make_sample, name, **options):
    return make_sample(9, dates="one" if "one date" in TESTS[name].needs else "staggered", **options)


def take(sample, rows):
    record = sample.estimation
    return replace(
        sample,
        **{field: getattr(sample, field)[rows] for field in (*PER_EVENT, "degenerate")},
        estimation=replace(record, **{field: getattr(record, field)[rows] for field in record.__dataclass_fields__}),
    )


def scaled(sample, factor):
    """Every return of an event times its factor."""
    f, record = np.asarray(factor), sample.estimation
    return replace(
        sample,
        ar=sample.ar * f[:, None],
        ar_se=sample.ar_se * np.abs(f)[:, None],
        car=sample.car * f,
        car_se=sample.car_se * np.abs(f),
        sigma=sample.sigma * np.abs(f),
        estimation=replace(record, residual=record.residual * f[:, None]),
    )


@pytest.mark.parametrize("name", SIDED)
def test_odd_under_sign_reversal(make_sample, holes, name):
    sample = sample_for(make_sample, name, holes=holes)
    up, down = run(name, sample), run(name, scaled(sample, np.full(9, -1.0)))
    np.testing.assert_allclose(up.statistic, -down.statistic, rtol=RTOL)
    np.testing.assert_allclose(up.pvalue, down.pvalue, rtol=RTOL)
    less, greater = run(name, sample, alternative="less"), run(name, scaled(sample, -np.ones(9)), alternative="greater")
    np.testing.assert_allclose(less.pvalue, greater.pvalue, rtol=RTOL)


def test_the_joint_test_does_not_see_the_sign(make_sample):
    sample = make_sample(5, dates="one")
    np.testing.assert_allclose(
        run("sur_f", sample).statistic, run("sur_f", scaled(sample, [1, -1, 1, -1, -1])).statistic, rtol=RTOL
    )


@pytest.mark.parametrize("name", COMPUTED)
def test_order_of_events_does_not_matter(make_sample, holes, name):
    sample = sample_for(make_sample, name, holes=holes)
    mixed = take(sample, np.random.default_rng(1).permutation(9))
    np.testing.assert_allclose(run(name, sample).statistic, run(name, mixed).statistic, rtol=RTOL)


@pytest.mark.parametrize(
    "name",
    [
        *("patell", "bmp", "kp_patell", "kp_bmp", "corrado", "corrado_zivney", "grank_t", "grank_z"),
        *("corrado_zivney_sign", "sign_gsar_t", "sign", "generalized_sign", "sur_f"),
    ],
)
def test_rescaling_a_security_changes_nothing_where_returns_are_standardized(make_sample, name):
    sample = sample_for(make_sample, name)
    factors = np.random.default_rng(2).uniform(0.1, 10.0, 9)
    np.testing.assert_allclose(run(name, sample).statistic, run(name, scaled(sample, factors)).statistic, rtol=RTOL)


@pytest.mark.parametrize("name", COMPUTED)
def test_another_unit_changes_nothing(make_sample, holes, name):
    sample = sample_for(make_sample, name, holes=holes)
    np.testing.assert_allclose(
        run(name, sample).statistic, run(name, scaled(sample, np.full(9, 1e4))).statistic, rtol=RTOL
    )


@pytest.mark.parametrize("name", COMPUTED)
def test_an_event_without_returns_is_as_if_it_were_not_there(make_sample, name):
    sample = sample_for(make_sample, name)
    ar, car = sample.ar.copy(), sample.car.copy()
    ar[4], car[4] = np.nan, np.nan
    gone = replace(sample, ar=ar, car=car)
    rest = take(sample, np.array([0, 1, 2, 3, 5, 6, 7, 8]))
    one, other = run(name, gone), run(name, rest)
    np.testing.assert_allclose(one.statistic, other.statistic, rtol=RTOL)
    assert (one.n, one.df) == (other.n, other.df)


@pytest.mark.parametrize("dates", ["one", "staggered", "apart"])
def test_returns_outside_both_windows_change_nothing(dates):
    rng = np.random.default_rng(3)
    returns, market = rng.normal(0, 0.02, (9, 420)), rng.normal(0, 0.01, (1, 420))
    day0 = {"one": np.full(9, 350), "staggered": rng.integers(340, 350, 9), "apart": 290 + 12 * np.arange(9)}[dates]
    keep = {"window": (0, 2), "estimation": (-260, -11), "model": MarketModel("m"), "minimum": 100}
    unused = np.ones(returns.shape, dtype=bool)
    for i, day in enumerate(day0):
        unused[i, day - 260 : day - 10] = unused[i, day : day + 3] = False
    other = np.where(unused, rng.normal(0, 0.5, returns.shape), returns)
    one, two = (
        estimate(x, market, security=np.arange(9), day0=day0, **keep).sample(0, 2, estimation=True)
        for x in (returns, other)
    )
    for name in COMPUTED:
        first, second = run(name, one), run(name, two)
        assert first.applicable == second.applicable
        np.testing.assert_allclose(first.statistic, second.statistic, rtol=RTOL)
        assert first.valid == second.valid


@pytest.mark.parametrize("name", ["kp_patell", "kp_bmp"])
@pytest.mark.parametrize("dates", ["one", "staggered", "apart"])
def test_copies_do_not_create_information(make_sample, name, dates):
    sample = make_sample(9, dates=dates)
    twice = take(sample, np.repeat(np.arange(9), 2))
    once, copied = run(name, sample), run(name, twice)
    np.testing.assert_allclose(once.statistic, copied.statistic, rtol=RTOL)
    np.testing.assert_allclose(once.pvalue, copied.pvalue, rtol=RTOL)
    assert run("bmp", twice).pvalue < run("bmp", sample).pvalue  # as a test without the adjustment does


@pytest.mark.parametrize("shape", [(4,), (2, 2)])
@pytest.mark.parametrize("name", COMPUTED)
def test_batches_equal_samples_one_by_one(make_sample, holes, name, shape):
    """The calibration lab runs the very statistics of a study."""
    dates = "one" if "one date" in TESTS[name].needs else "staggered"
    each = [make_sample(9, holes=holes, dates=dates, seed=seed) for seed in range(4)]
    batch = batch_of(each, shape)
    extra = {"facts": SampleFacts(batch)} if TESTS[name].facts else {}
    outcome = TESTS[name].compute(batch, **extra)
    singles = [run(name, s) for s in each]
    assert outcome.value.shape == shape
    np.testing.assert_allclose(outcome.value.ravel(), [r.statistic for r in singles], rtol=RTOL)
    np.testing.assert_allclose(outcome.p_two.ravel(), [r.pvalue for r in singles], rtol=1e-8)


def test_calendar_time_refuses_a_batch_in_which_a_security_recurs(make_sample):
    batch = batch_of([make_sample(4, dates="staggered", seed=seed) for seed in range(6)], (3, 2))
    again = np.broadcast_to([0, 0, 1, 2], batch.security.shape)
    with pytest.raises(StudyError, match="do not recur within a sample"):
        TESTS["calendar_time"].compute(replace(batch, security=again))
    assert np.isfinite(TESTS["calendar_time"].compute(batch).value).all()


floats = st.lists(st.floats(-1, 1, allow_nan=False).map(lambda v: round(v, 2)), min_size=2, max_size=14)


@given(floats)
@settings(max_examples=60, deadline=None)
def test_signed_rank_tails_are_probabilities_that_overlap_in_one_point(values):
    outcome = wilcoxon(np.array(values))
    if outcome.n:
        assert 0 <= outcome.p_less <= 1
        assert outcome.p_less + outcome.p_greater >= 1 - 1e-12  # the observed value belongs to both tails
        mirrored = wilcoxon(-np.array(values))
        np.testing.assert_allclose(outcome.p_less, mirrored.p_greater, rtol=RTOL)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.sampled_from(["bonferroni", "holm", "bh", "by"]))
@settings(max_examples=60, deadline=None)
def test_adjusted_p_values_keep_the_order_and_never_fall(values, method):
    p = np.array(values)
    adjusted = adjust_pvalues(p, method)
    assert ((adjusted >= p - 1e-15) & (adjusted <= 1)).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= -1e-15).all()


@pytest.mark.parametrize("name", ["kp_patell", "kp_bmp"])
def test_securities_that_never_move_change_no_adjusted_test(make_sample, name):
    sample = make_sample(9, dates="one")
    flat = np.arange(9) >= 6  # a price that stands still: a CAR of zero, no residual variance, no SCAR
    still = replace(
        sample,
        ar=np.where(flat[:, None], 0.0, sample.ar),
        ar_se=np.where(flat[:, None], np.nan, sample.ar_se),
        car=np.where(flat, 0.0, sample.car),
        car_se=np.where(flat, np.nan, sample.car_se),
        estimation=replace(sample.estimation, residual=np.where(flat[:, None], 0.0, sample.estimation.residual)),
    )
    gone = replace(
        still,
        ar=np.where(flat[:, None], np.nan, sample.ar),
        car=np.where(flat, np.nan, sample.car),
    )
    assert run(name, still).statistic == pytest.approx(run(name, gone).statistic, rel=1e-12)
    assert run(name, still).n == run(name, gone).n == 6


def test_a_result_as_a_row_has_the_fields_and_nothing_else(make_sample):
    row = run("bmp", make_sample(9)).to_dict()
    assert list(row)[:3] == ["name", "null", "statistic"]
    assert not [key for key in row if key.startswith("_")]
