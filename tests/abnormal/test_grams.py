"""Bars and products of a pool of donors, date by date, against plain loops: however the dates share their work."""

import numpy as np
import pytest

from eventstudy.abnormal import LatentFactorModel
from eventstudy.abnormal.engine.engine import prepared
from eventstudy.abnormal.engine.grams import Bars, bars_of_date, grams, runs_of_dates
from eventstudy.abnormal.models.donor_pool import Donor, DonorEvents, Pool

BARS, DONORS = 80, 12
CLOSE = 1e-12  # of the largest product: sums of a dozen terms in another order
LEVELLED = 1e-7  # of the products that are left where the donors stand a million times higher


def inputs_of(pool_returns, *, masked=None, after=None, estimation=(-20, -4), window=(-2, 3)):
    names = tuple(f"D{at}" for at in range(len(pool_returns)))
    return prepared(
        np.zeros((1, pool_returns.shape[1])), pool_returns, security=np.array([0]), day0=np.array([30]), window=window,
        estimation=estimation, after=after, model=LatentFactorModel(names), minimum=5, masked=masked,
    ).inputs  # fmt: skip


@pytest.mark.parametrize("after", [None, (6, 12)])
@pytest.mark.parametrize("mask", ["none", "bars", "own"])
@pytest.mark.parametrize("day0", [30, 3, 20, 22, 74, 77, 90])
def test_bars_are_those_on_which_some_donor_has_a_return_and_none_is_masked_for_all(day0, mask, after):
    rng = np.random.default_rng(1)
    returns = rng.normal(size=(DONORS, BARS))
    returns[:, [15, 31, 77]] = np.nan  # nobody trades
    returns[3:, [16, 32]] = np.nan  # some do
    masked = None if mask == "none" else rng.random(BARS if mask == "bars" else (1, BARS)) < 0.2
    inputs = inputs_of(returns, masked=masked, after=after)
    found = bars_of_date(inputs, inputs.pool, day0)
    pieces = [(-20, -4)] + ([] if after is None else [after])
    estimation = [(day0 + day, day + 20) for first, last in pieces for day in range(first, last + 1)]
    window = [(day0 + day, day + 2) for day in range(-2, 4)]

    def kept(pairs, leave):
        some = np.isfinite(returns).any(axis=0)
        return [(bar, at) for bar, at in pairs if 0 <= bar < BARS and some[bar] and not leave[bar]]

    nothing = np.zeros(BARS, dtype=bool)
    used = kept(estimation, masked if mask == "bars" else nothing)
    tested = kept(window, nothing)  # a mask is of estimation windows
    assert list(zip(found.estimation.tolist(), found.place.tolist(), strict=True)) == used
    assert list(zip(found.window.tolist(), found.window_place.tolist(), strict=True)) == tested
    assert found.day0 == day0
    assert found.all.tolist() == [bar for bar, _ in used + tested]


def bars(day0, size):
    at = np.arange(day0, day0 + size)
    return Bars(day0, at[: size // 2], at[size // 2 :], at, at)


@pytest.mark.parametrize(
    ("dates", "runs"),
    [
        ([(0, 10), (15, 10), (30, 10)], [(0, 3)]),  # from bar 0 to bar 39: four windows
        ([(0, 10), (15, 10), (31, 10)], [(0, 2), (2, 3)]),  # one bar more
        ([(0, 10), (31, 10), (61, 10), (62, 10), (92, 10), (93, 10)], [(0, 1), (1, 3), (3, 5), (5, 6)]),
        ([(5, 0), (8, 0), (9, 0)], [(0, 2), (2, 3)]),  # without bars as if of one
        ([(7, 10)], [(0, 1)]),
        ([], []),
    ],
)
def test_dates_share_a_matrix_that_covers_four_windows_at_most(dates, runs):
    assert list(runs_of_dates([bars(day0, size) for day0, size in dates])) == runs


def by_loop(returns, one, used):
    """Products of the donors in use on the bars of a date, each donor less its mean over the estimation bars."""
    total = np.zeros((one.all.size, one.all.size))
    for donor in np.flatnonzero(used):
        row = returns[donor, one.all] - returns[donor, one.estimation].mean()
        total += np.outer(row, row)
    return total


def centred(gram, one):
    """The same from products of donors at any level."""
    weight = np.zeros(one.all.size)
    weight[: one.estimation.size] = 1 / one.estimation.size
    take = np.eye(weight.size) - weight
    return take @ gram @ take.T


STATES = {
    "the same donors on every date": lambda _: np.zeros((6, DONORS), dtype=np.int8),
    "one donor more or less": lambda rng: np.where(rng.random((6, DONORS)) < 0.1, Donor.OWN_EVENT, Donor.USED).astype(
        np.int8
    ),
    "other donors on each date": lambda rng: rng.integers(0, 3, (6, DONORS)).astype(np.int8),
    "two donors that only two dates have": lambda _: np.where(
        np.isin(np.arange(6), (0, 1, 3, 5))[:, None] & (np.arange(DONORS) > 9), Donor.OWN_EVENT, Donor.USED
    ).astype(np.int8),
    "one date with few donors": lambda _: np.where(
        (np.arange(6) == 2)[:, None] & (np.arange(DONORS) > 1), Donor.HOLES, Donor.USED
    ).astype(np.int8),
}


@pytest.mark.parametrize("level", [0.0, 1e6])
@pytest.mark.parametrize("apart", [1, 11], ids=["near dates", "dates apart"])
@pytest.mark.parametrize("states", STATES.values(), ids=STATES)
def test_products_of_each_date_are_those_of_its_own_donors(states, apart, level):
    rng = np.random.default_rng(2)
    returns = rng.normal(size=(DONORS, BARS))
    dates = [bars(3 + at * apart, 12) for at in range(6)]
    state = states(rng)
    held = returns + level * (1 + np.arange(DONORS))[:, None]
    there = np.ones((DONORS, BARS), dtype=bool)
    there[rng.random(DONORS) < 0.3, 0] = False  # outside every window
    there[0, 70:] = False
    pool = Pool(np.where(there, held, np.nan), there, DonorEvents(np.full(DONORS, -1)), "overlap")
    made = grams(pool, dates, state)
    for at in (5, 0, 2, 2, 1, 3, 4):  # in any order, and again
        expected = by_loop(returns, dates[at], state[at] == Donor.USED)
        tolerance = (CLOSE if level == 0 else LEVELLED) * max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(centred(made(at), dates[at]), expected, rtol=0, atol=tolerance)


def test_holes_outside_the_bars_of_a_date_do_not_matter():
    """A donor is read on the bars between its dates, too, where it may have none."""
    rng = np.random.default_rng(3)
    returns = rng.normal(size=(DONORS, BARS)) + 1e6
    dates = [bars(5, 12), bars(40, 12)]
    there = np.ones((DONORS, BARS), dtype=bool)
    there[:4, 17:40] = False
    pool = Pool(np.where(there, returns, np.nan), there, DonorEvents(np.full(DONORS, -1)), "overlap")
    made = grams(pool, dates, np.zeros((2, DONORS), dtype=np.int8))
    for at, one in enumerate(dates):
        expected = by_loop(returns, one, np.ones(DONORS, dtype=bool))
        np.testing.assert_allclose(centred(made(at), one), expected, rtol=0, atol=LEVELLED * np.abs(expected).max())


def test_dates_without_bars_have_no_products():
    pool = Pool(np.zeros((2, 5)), np.zeros((2, 5), dtype=bool), DonorEvents(np.full(2, -1)), "overlap")
    nowhere = Bars(9, *(np.zeros(0, dtype=np.int64) for _ in range(4)))
    made = grams(pool, [nowhere], np.zeros((1, 2), dtype=np.int8))
    assert made(0).shape == (0, 0)
