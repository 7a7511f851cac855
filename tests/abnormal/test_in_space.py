"""Placebos in space on arrays: each donor mixed from the others by non-negative least squares, as the studied security is."""

import numpy as np
import pytest
from scipy.optimize import nnls

from eventstudy.abnormal import SyntheticControl, estimate
from eventstudy.abnormal.in_space import in_space
from eventstudy.abnormal.models.donor_pool import DonorEvents

CLOSE = 1e-7  # of a t value: two solvers of the same program
BARS, DONORS, WINDOW, ESTIMATION = 110, 8, (-1, 3), (-45, -4)
DAYS = (70, 90)


def world(seed=0):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.01, BARS)
    pool = rng.uniform(0.5, 1.5, (DONORS, 1)) * common + rng.normal(0, 0.008, (DONORS, BARS))
    own = common + rng.normal(0, 0.008, (2, BARS))
    return own, pool


def run(own, pool, **options):
    names = tuple(f"D{at}" for at in range(len(pool)))
    return estimate(own, pool, security=np.array([0, 1]), day0=np.array(DAYS), window=WINDOW, estimation=ESTIMATION,
                    model=SyntheticControl(names), minimum=30, **options)  # fmt: skip


def facts(stock, others, before, tested):
    """|CAR|/se, the ratio of root mean squares and the root mean square before, on the face that least squares finds."""
    before = before[np.isfinite(stock[before])]
    y = stock[before] - stock[before].mean()
    d = others[:, before] - others[:, before].mean(axis=1, keepdims=True)
    scale = np.sqrt(((d - y) ** 2).mean())
    weight, _ = nnls(np.vstack([(d - y).T / scale, np.ones(len(d))]), np.append(np.zeros(before.size), 1.0))
    chosen = np.flatnonzero(weight > 1e-9)
    base, rest = others[chosen[0]], others[chosen[1:]] - others[chosen[0]]
    x = np.vstack([np.ones(BARS), rest])
    beta = np.linalg.lstsq(x[:, before].T, (stock - base)[before], rcond=None)[0]
    left = stock - base - beta @ x
    tested = tested[np.isfinite(stock[tested])]
    reach = x[:, tested].sum(axis=1)
    residual, ar = left[before], left[tested]
    spread = tested.size + reach @ np.linalg.solve(x[:, before] @ x[:, before].T, reach)
    error = np.sqrt(residual @ residual / (before.size - chosen.size) * spread)
    rmse = np.sqrt((residual**2).mean())
    return abs(ar.sum()) / error, np.sqrt((ar**2).mean()) / rmse, rmse


@pytest.mark.parametrize(("first", "last"), [(-1, 3), (0, 1), (3, 3), (0, 2)])
def test_the_security_and_each_donor_are_mixed_from_the_others(first, last):
    own, pool = world()
    own[1, [60, 91]] = np.nan  # a bar of the estimation window, and relative day 1
    pool[:, 92] = np.nan  # relative day 2: nobody trades
    beside = DonorEvents(np.array([-1, -1, 0, -1, 1, -1, -1, -1]))  # donor 4 is studied on the date, donor 2 on another
    fitted = run(own, pool, donors=beside)
    found = in_space(fitted, 1, first, last, 100, np.random.default_rng(0))
    before = np.arange(DAYS[1] + ESTIMATION[0], DAYS[1] + ESTIMATION[1] + 1)
    tested = np.setdiff1d(np.arange(DAYS[1] + first, DAYS[1] + last + 1), [92])
    donors = np.delete(pool, 4, axis=0)
    mine = facts(own[1], donors, before, tested)
    np.testing.assert_allclose([found.t, found.ratio, found.rmse], mine, rtol=CLOSE)
    others = [facts(donors[j], np.delete(donors, j, axis=0), before, tested) for j in range(DONORS - 1)]
    placebo = np.stack([found.placebo_t, found.placebo_ratio, found.placebo_rmse], axis=1)
    np.testing.assert_allclose(placebo, others, rtol=CLOSE)


def test_fewer_placebos_than_donors_are_drawn_once_each_in_the_order_of_the_donors():
    fitted = run(*world(1))
    every = in_space(fitted, 0, 0, 2, DONORS, np.random.default_rng(3))
    assert every.placebo_t.size == DONORS
    for draws in (1, 3, DONORS - 1):
        some = in_space(fitted, 0, 0, 2, draws, np.random.default_rng(3))
        at = [int(np.flatnonzero(every.placebo_t == value)[0]) for value in some.placebo_t]
        assert len(at) == draws
        assert at == sorted(set(at))
        np.testing.assert_array_equal(some.placebo_rmse, every.placebo_rmse[at])
        assert some.t == every.t
    seeds = [in_space(fitted, 0, 0, 2, 3, np.random.default_rng(seed)).placebo_t.tolist() for seed in range(4)]
    assert len({tuple(one) for one in seeds}) > 1


def test_two_donors_are_too_few_for_placebos_and_the_excluded_have_none():
    own, pool = world(2)
    assert in_space(run(own, pool[:3]), 0, 0, 2, 10, np.random.default_rng(0)).placebo_t.size == 3
    assert in_space(run(own, pool[:2]), 0, 0, 2, 10, np.random.default_rng(0)) is None
    own[1, 50:80] = np.nan
    fitted = run(own, pool)
    assert in_space(fitted, 1, 0, 2, 10, np.random.default_rng(0)) is None
    assert in_space(fitted, 0, 0, 2, 10, np.random.default_rng(0)) is not None
