"""Mixtures of donors of many security-events and dates, each by non-negative least squares on its own bars and donors."""

import numpy as np
import pytest
from scipy.optimize import nnls

from eventstudy.abnormal import Exclusion, SyntheticControl, estimate
from eventstudy.abnormal.engine.mixture_fit import date_pool
from eventstudy.abnormal.models.donor_pool import Donor

RTOL = 1e-8  # two solvers of the same program, and least squares on what they choose
ATOL = 1e-11  # of returns of a hundredth
BARS, MINIMUM, DONORS = 130, 32, 7
WINDOW, ESTIMATION = (-2, 3), (-45, -4)
NAMES = tuple("ABCDEFG")


def world():
    rng = np.random.default_rng(21)
    common = rng.normal(0, 0.01, BARS)
    pool = rng.uniform(0.5, 1.5, (DONORS, 1)) * common + rng.normal(0, 0.008, (DONORS, BARS))
    weight = np.array([[0.5, 0.5, 0, 0, 0, 0, 0], [0, 0.2, 0.3, 0.5, 0, 0, 0], [0, 0, 0, 0, 0.6, 0.2, 0.2]])
    own = weight @ pool + rng.normal(0, 0.006, (3, BARS))
    return own, pool


def run(own, pool, security, day0, *, after=None, intercept=False, **options):
    return estimate(own, pool, security=np.asarray(security), day0=np.asarray(day0), window=WINDOW, estimation=ESTIMATION,
                    after=after, model=SyntheticControl(NAMES[: len(pool)], intercept=intercept), minimum=MINIMUM, **options)  # fmt: skip


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("after", [None, (6, 16)])
@pytest.mark.parametrize("mask", ["none", "bars", "own"])
def test_each_security_event_is_the_mixture_of_the_donors_of_its_date(mask, after, intercept):
    own, pool = world()
    own[1, [50, 71, 80]] = np.nan
    pool[2, 66] = np.nan  # no donor on the dates that read this bar
    pool[:, [60, 92]] = np.nan  # nobody trades
    rng = np.random.default_rng(3)
    masked = {"none": None, "bars": rng.random(BARS) < 0.1, "own": rng.random((3, BARS)) < 0.1}[mask]
    security, day0 = np.array([0, 1, 2, 1, 0, 2, 1]), np.array([90, 90, 55, 110, 115, 128, 82])
    fitted = run(own, pool, security, day0, masked=masked, after=after, intercept=intercept)
    tested = (0, 2)
    car, car_se, count = fitted.car(*tested)
    ar_se, record = fitted.ar_se(), fitted.record(*tested)
    days = np.array(
        [*range(ESTIMATION[0], ESTIMATION[1] + 1)] + ([] if after is None else [*range(after[0], after[1] + 1)])
    )
    some = np.isfinite(pool).any(axis=0)
    sizes = set()
    for i, (who, when) in enumerate(zip(security, day0, strict=True)):
        assert fitted.status[i] == Exclusion.STUDIED
        read = when + days[(when + days >= 0) & (when + days < BARS)]
        read = read[some[read]]
        if mask == "bars":
            read = read[~masked[read]]
        ahead = when + np.arange(WINDOW[0], WINDOW[1] + 1)
        ahead = ahead[(ahead < BARS) & some[np.minimum(ahead, BARS - 1)]]
        use = np.isfinite(pool[:, read]).all(axis=1) & np.isfinite(pool[:, ahead]).all(axis=1)
        e = read[
            np.isfinite(own[who, read]) & ~(masked[who, read] if mask == "own" else np.zeros(read.size, dtype=bool))
        ]
        donors = pool[use]
        y, d = own[who, e], donors[:, e]
        if intercept:
            y, d = y - y.mean(), d - d.mean(axis=1, keepdims=True)
        rows = (d - y).T / np.sqrt(((d - y) ** 2).mean())
        weight, _ = nnls(np.vstack([rows, np.ones(len(d))]), np.append(np.zeros(e.size), 1.0))
        chosen = np.flatnonzero(weight > 1e-9)
        sizes.add(chosen.size)
        dense = np.zeros(DONORS)
        dense[np.flatnonzero(use)] = weight / weight.sum()
        np.testing.assert_allclose(fitted.coef[i], dense, atol=1e-7)
        base, rest = donors[chosen[0]], donors[chosen[1:]] - donors[chosen[0]]
        ones = np.ones((int(intercept), BARS))
        x = np.vstack([ones, rest])
        beta, *_ = np.linalg.lstsq(x[:, e].T, (own[who] - base)[e], rcond=None)
        left = (own[who] - base)[e] - beta @ x[:, e]
        df = e.size - len(x)
        assert (fitted.m[i], fitted.df[i]) == (e.size, df)
        np.testing.assert_allclose(fitted.sigma[i] ** 2, left @ left / df, rtol=RTOL)
        inverse = np.linalg.inv(x[:, e] @ x[:, e].T)
        total, many, reach = 0.0, 0, np.zeros(len(x))
        for at, day in enumerate(range(WINDOW[0], WINDOW[1] + 1)):
            t = when + day
            if t not in ahead or not np.isfinite(own[who, t]):
                assert np.isnan([fitted.ar[i, at], ar_se[i, at]]).all()
                continue
            ar = own[who, t] - base[t] - beta @ x[:, t]
            np.testing.assert_allclose(fitted.ar[i, at], ar, rtol=RTOL, atol=ATOL)
            error = left @ left / df * (1 + x[:, t] @ inverse @ x[:, t])
            np.testing.assert_allclose(ar_se[i, at] ** 2, error, rtol=RTOL)
            if tested[0] <= day <= tested[1]:
                total, many, reach = total + ar, many + 1, reach + x[:, t]
        assert count[i] == many
        if many:
            np.testing.assert_allclose(car[i], total, rtol=RTOL, atol=ATOL)
            np.testing.assert_allclose(car_se[i] ** 2, left @ left / df * (many + reach @ inverse @ reach), rtol=RTOL)
        there = np.isfinite(record.residual[i])
        np.testing.assert_array_equal(record.bar[i, there], e)
        np.testing.assert_allclose(record.residual[i, there], left, rtol=RTOL, atol=ATOL)
        np.testing.assert_allclose(
            record.leverage[i, there], np.einsum("kt,kl,lt->t", x[:, e], inverse, x[:, e]), rtol=RTOL
        )
        assert (record.design[i, there] == 1).all()
        assert np.isnan(record.design[i, ~there]).all()
        assert (record.window_design[i] == 1).all()
        assert record.window_design.shape[1:] == (3, 1)
    assert len(sizes) > 1  # faces of different sizes beside each other


def test_each_reason_to_exclude_and_which_goes_first():
    own, pool = world()

    def status(who=0, when=90, gone=(), thin=None, **cells):
        mine, theirs = own.copy(), pool.copy()
        for value, places in (
            ("nan", cells.get("nan", ())),
            ("inf", cells.get("inf", ())),
            ("-inf", cells.get("low", ())),
        ):
            mine[who, list(places)] = float(value)
        theirs[:, list(gone)] = np.nan
        if thin is not None:
            theirs[thin:, 70] = np.nan
        fitted = run(mine, theirs, [2, who], [100, when])
        if fitted.status[1]:
            assert np.isnan([*fitted.ar[1], fitted.sigma[1], *fitted.coef[1]]).all()
            assert not fitted.degenerate[1]
            if fitted.status[1] in {Exclusion.TOO_FEW_BARS, Exclusion.FEW_DONORS}:
                assert fitted.df[1] == fitted.m[1] - 1  # the bars less the sum of the weights: no donor was chosen
        return fitted.status[1]

    assert status() == Exclusion.STUDIED
    assert status(inf=[60]) == status(low=[60]) == status(inf=[91]) == status(low=[93]) == Exclusion.INFINITE_RETURN
    assert status(inf=[44]) == Exclusion.STUDIED  # the bar before the estimation window
    assert status(nan=range(45, 55)) == Exclusion.STUDIED  # 32 bars of 42 are left
    assert status(nan=range(45, 56)) == Exclusion.TOO_FEW_BARS
    assert status(nan=range(45, 56), inf=[60]) == Exclusion.INFINITE_RETURN
    assert status(nan=range(88, 94)) == Exclusion.NO_RETURNS_IN_WINDOW
    assert status(nan=range(88, 93)) == Exclusion.STUDIED
    assert status(nan=range(88, 93), gone=[93]) == Exclusion.NO_RETURNS_IN_WINDOW
    assert status(gone=range(88, 94)) == Exclusion.FEW_DONORS
    assert status(thin=2) == Exclusion.STUDIED  # two donors are enough
    assert status(thin=1) == Exclusion.FEW_DONORS
    assert status(thin=1, nan=range(45, 56)) == Exclusion.TOO_FEW_BARS


def test_a_date_has_a_pool_with_two_donors_and_as_many_bars_as_are_needed():
    own, pool = world()
    pool[:, :48] = np.nan  # 39 bars from bar 48 to bar 86 are left of day 0 on bar 90
    inputs = run(own, pool, [0], [90]).inputs
    model = SyntheticControl(NAMES, intercept=False)
    state, date = date_pool(inputs, model, 90, np.array([0]))
    assert (state == Donor.USED).all()
    assert date.donor.tolist() == list(range(DONORS))
    np.testing.assert_array_equal(date.windows.estimation, pool[:, 48:87])
    np.testing.assert_array_equal(date.windows.window, pool[:, 88:94])
    assert date_pool(inputs, model, 83, np.array([0]))[1] is not None  # 32 bars
    assert date_pool(inputs, model, 82, np.array([0]))[1] is None  # 31


def test_some_security_events_keep_their_own_mixtures():
    own, pool = world()
    own[2, 44:90] = np.nan
    fitted = run(own, pool, [0, 2, 1], [90, 90, 110])
    part = fitted.pool.take(np.array([2, 0, 1]))
    np.testing.assert_array_equal(part.coef, fitted.pool.coef[[2, 0, 1]])
    assert np.isnan(part.coef).any(axis=1).tolist() == [False, False, True]
    assert [None if one is None else one.tolist() for one in part.bars] == [
        None if one is None else one.tolist() for one in (fitted.pool.bars[at] for at in (2, 0, 1))
    ]
    assert fitted.pool.day0.tolist() == [90, 110]


@pytest.mark.parametrize(("noise", "degenerate"), [(0.0, True), (1e-13, True), (1e-10, False)])
def test_a_mixture_without_noise_to_speak_of_is_degenerate(noise, degenerate):
    own, pool = world()
    own[0] = 0.4 * pool[0] + 0.6 * pool[3] + noise * np.random.default_rng(1).normal(size=BARS)
    own[0, 91] = -12.0
    fitted = run(own, pool, [0, 1], [90, 90])
    assert fitted.degenerate.tolist() == [degenerate, False]
    assert fitted.suspect.tolist() == [True, False]


def test_a_bar_that_a_donor_fits_alone_has_a_leverage_just_below_one():
    own, pool = world()
    pool[1] = pool[0]
    pool[1, 60] += 1e4
    own[0] = (pool[0] + pool[1]) / 2 + own[1]
    fitted = run(own[:1], pool[:2], [0], [90])
    leverage = fitted.record(0, 1).leverage[0]
    assert leverage[60 - 45] == pytest.approx(1 - 1e-9, abs=1e-12)
