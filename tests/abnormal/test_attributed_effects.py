"""One regression that tells events apart, array by array: against statsmodels, and at the edge of what the bars tell."""

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.abnormal import attribution
from eventstudy.abnormal.attribution import attribute

RTOL = 1e-9  # two least squares of the same columns by other decompositions


def alone(response, columns, total, *, regressors=None, nuisance=None, usable=None, **options):
    """`attribute` without what a test does not need."""
    bars = response.size
    none = np.zeros((0, bars))
    there = np.ones(bars, dtype=bool) if usable is None else usable
    return attribute(response, none if regressors is None else regressors, none if nuisance is None else nuisance,
                     np.asarray(columns, dtype=float), np.asarray(total, dtype=float), there, **options)  # fmt: skip


def world(bars, seed=0):
    """A response with a market, a nuisance dummy and three columns that overlap; some bars are not usable."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, (1, bars))
    nuisance = np.zeros((1, bars))
    nuisance[0, 20:23] = 1.0
    columns = np.zeros((3, bars))
    columns[0, 40:44], columns[1, 42:47], columns[2, 30] = 1.0, [0.5, 0.25, 0.5, 1.0, 1.0], 2.0
    response = 0.001 + 0.8 * market[0] + rng.normal(0, 0.01, bars) + 0.02 * columns[0]
    usable = rng.random(bars) > 0.1
    usable[[30, 40, 41, 42, 43, 44, 45, 46, 21, 22]] = True
    return response, market, nuisance, columns, usable


@pytest.mark.parametrize(("bars", "lags"), [(120, None), (100, 3), (200, 4), (300, 4), (304, 5), (600, 5)])
def test_effects_errors_and_shares_are_those_of_one_regression(bars, lags):
    response, market, nuisance, columns, usable = world(bars)
    if lags == 5 and bars == 304:  # 4 (n/100)^(2/9) passes 5 at 272.99 bars
        usable[:] = True
        usable[np.arange(50, 81)] = False
    elif lags == 4 and bars == 300:
        usable[:] = True
        usable[np.arange(50, 78)] = False
        assert usable.sum() == 272
    total = np.array([[1.0, 0.5, 0.0], [0.0, 0.0, -2.0]])
    found = alone(response, columns, total, regressors=market, nuisance=nuisance, usable=usable, hac=lags is not None)
    design = np.column_stack([*columns, np.ones(bars), market[0], nuisance[0]])[usable]
    kind = {} if lags is None else {"cov_type": "HAC", "cov_kwds": {"maxlags": lags, "use_correction": True}}
    fit = sm.OLS(response[usable], design).fit(**kind)
    weight = np.column_stack([total, np.zeros((2, 3))])
    np.testing.assert_allclose(found.effect, weight @ fit.params, rtol=RTOL)
    np.testing.assert_allclose(found.covariance, weight @ fit.cov_params() @ weight.T, rtol=RTOL, atol=1e-15)
    np.testing.assert_allclose(found.se, np.sqrt(np.diag(weight @ fit.cov_params() @ weight.T)), rtol=RTOL)
    assert (found.df, found.bars) == (usable.sum() - 6, usable.sum())
    assert found.group.tolist() == [-1, -1]
    whole = np.linalg.inv(design.T @ design)
    for event, own in enumerate(([0, 1, 3, 4, 5], [2, 3, 4, 5])):  # the variance without the other event's columns
        mine = np.linalg.inv(design[:, own].T @ design[:, own])
        left = weight[event, own] @ mine @ weight[event, own] / (weight[event] @ whole @ weight[event])
        assert found.share_left[event] == pytest.approx(left, rel=RTOL)
    assert found.share_left[0] < 1 - 1e-6
    if lags == 4 and bars == 300:
        assert int(4 * (usable.sum() / 100) ** (2 / 9)) == 4


@pytest.mark.parametrize(("bars", "known"), [(7, True), (6, False)])
def test_no_error_is_told_with_fewer_than_five_degrees_of_freedom(bars, known):
    response = np.random.default_rng(1).normal(size=bars)
    for hac in (False, True):
        found = alone(response, np.eye(bars)[[2]], [[1.0]], hac=hac)
        assert found.df == bars - 2
        assert np.isfinite(found.se[0]) == known
        assert found.effect[0] == pytest.approx(response[2] - np.delete(response, 2).mean())


def nearly(bars, share):
    """A column whose part outside the constant is `share` of its length."""
    return 1.0 + np.tan(np.arcsin(share)) * np.where(np.arange(bars) % 2, -1.0, 1.0)


@pytest.mark.parametrize(("share", "told"), [(1.2e-4, True), (0.8e-4, False), (0.0, False)])
def test_a_column_that_the_constant_holds_but_for_a_ten_thousandth_is_lost(share, told):
    rng = np.random.default_rng(2)
    response = rng.normal(size=40)
    event = np.eye(40)[7]
    found = alone(response, [nearly(40, share), event], np.eye(2))
    assert np.isfinite(found.effect).tolist() == [told, True]
    assert np.isfinite(found.se).tolist() == [told, True]
    assert np.isfinite(found.covariance).tolist() == [[told, told], [told, True]]
    assert (found.share_left[0] > 0) == told
    assert found.share_left[1] > 0
    assert found.df == 40 - 2 - told


def test_a_column_without_a_usable_bar_is_lost_and_takes_no_degree_of_freedom():
    response = np.random.default_rng(3).normal(size=30)
    usable = np.arange(30) != 4
    found = alone(response, np.eye(30)[[4, 9]], [[3.0, 0.0], [0.0, 1.0]], usable=usable)
    assert np.isnan(found.effect).tolist() == [True, False]
    assert found.share_left.tolist() == pytest.approx([0.0, 1.0])
    assert (found.df, found.bars) == (29 - 2, 29)
    assert found.effect[1] == pytest.approx(response[9] - np.delete(response, [4, 9]).mean())
    both = alone(response, np.eye(30)[[4, 9]], [[3.0, 1.0], [0.0, 1.0]], usable=usable)
    assert np.isnan(both.effect).tolist() == [True, False]  # one of its two columns is enough


@pytest.mark.parametrize(("apart", "told"), [(2.4e-4, True), (1.7e-4, False)])
def test_columns_are_told_apart_down_to_a_ten_thousandth_of_the_largest_singular_value(apart, told):
    """Two columns at an angle a: the singular values of the pair are sqrt(1 + cos a) and sqrt(1 - cos a)."""
    bars = 60
    one, other = np.zeros(bars), np.zeros(bars)
    one[[3, 4]], other[[10, 11]] = [1.0, -1.0], [1.0, -1.0]
    second = np.cos(apart) * one + np.sin(apart) * other
    low, high = np.sqrt(1 - np.cos(apart)), np.sqrt(1 + np.cos(apart))
    assert (low > 1e-4 * high) == told
    response = np.random.default_rng(4).normal(size=bars) * 0.01 + one
    found = alone(response, [one, second], np.eye(2))
    assert found.df == bars - 2 - told
    assert found.group.tolist() == ([-1, -1] if told else [0, 0])
    if told:
        fit = sm.OLS(response, np.column_stack([np.ones(bars), one, second])).fit()
        np.testing.assert_allclose(found.effect, fit.params[1:], rtol=1e-6)  # the angle takes digits
    else:
        np.testing.assert_allclose(found.effect, found.effect[0])
        assert (found.share_left == 0).all()


def test_events_that_share_a_bar_have_their_sum_and_the_rest_their_own():
    bars = 50
    response = np.random.default_rng(5).normal(size=bars)
    days = np.eye(bars)
    columns = [days[10], 2 * days[10], days[20], days[30], days[30]]
    found = alone(response, columns, np.diag([1.0, 2.0, 1.0, 1.0, 1.0]))
    assert found.group.tolist() == [0, 0, -1, 3, 3]
    rest = np.delete(response, [10, 20, 30])
    level = rest.mean()
    np.testing.assert_allclose(found.effect, response[[10, 10, 20, 30, 30]] - level, rtol=RTOL)
    assert (found.share_left == 0).tolist() == [True, True, False, True, True]
    assert found.df == bars - 4
    variance = ((rest - level) ** 2).sum() / (bars - 4)
    np.testing.assert_allclose(found.se**2, variance * (1 + 1 / rest.size), rtol=RTOL)
    np.testing.assert_allclose(found.covariance[0, [1, 2, 3]], variance * np.array([1 + 1 / 47, 1 / 47, 1 / 47]))


@pytest.mark.parametrize("unit", [1.0, 1e-5])
def test_what_the_bars_leave_open_even_of_the_sum_is_missing(unit):
    """A column and its double: gamma + 2 delta is known, gamma + delta is not."""
    response = np.random.default_rng(6).normal(size=40)
    days = np.eye(40)
    found = alone(response, [days[5], 2 * days[5], days[9]], unit * np.eye(3))
    assert found.group.tolist() == [0, 0, -1]
    assert np.isnan(found.effect).tolist() == [True, True, False]
    assert np.isnan(found.se).tolist() == [True, True, False]
    assert np.isnan(found.covariance).sum() == 8
    assert found.share_left.tolist()[:2] == [0, 0]


@pytest.mark.parametrize(("again", "rank"), [("twice", 2), ("nothing", 2), (1.5e-10, 2), (2.6e-10, 3)])
def test_regressors_that_others_hold_take_no_degree_of_freedom(again, rank):
    rng = np.random.default_rng(7)
    market, other = rng.normal(0, 0.01, (2, 50))
    if isinstance(again, str):
        second = 3 * market - 0.5 if again == "twice" else 0 * market
    else:  # at an angle: the singular values of the pair are 1.41 and 0.71 of the angle, a share of 1e-10 counts
        one, other = (part - part.mean() for part in (market, other))
        market = one / np.linalg.norm(one)
        other -= (other @ market) * market
        second = market + again * other / np.linalg.norm(other)
    response = market + rng.normal(0, 0.01, 50)
    event = np.eye(50)[[20]]
    found = alone(response, event, [[1.0]], regressors=np.array([market, second]))
    assert found.df == 50 - rank - 1
    if rank == 2:
        plain = alone(response, event, [[1.0]], regressors=market[None])
        np.testing.assert_allclose([found.effect, found.se], [plain.effect, plain.se], rtol=1e-6)
    constant = alone(response, event, [[1.0]], regressors=np.full((1, 50), 0.3))
    assert constant.df == 50 - 2


def test_the_unit_of_a_regressor_is_no_matter():
    rng = np.random.default_rng(8)
    market = rng.normal(0, 0.01, (1, 50))
    response = market[0] + rng.normal(0, 0.01, 50)
    event = np.eye(50)[[20]]
    plain, tiny = (alone(response, event, [[1.0]], regressors=unit * market) for unit in (1.0, 1e-14))
    assert plain.df == tiny.df == 50 - 3
    np.testing.assert_allclose([tiny.effect, tiny.se], [plain.effect, plain.se], rtol=RTOL)


def test_events_that_are_linked_by_others_are_one_group():
    def links(pairs, size):
        together = np.zeros((size, size), dtype=bool)
        for one, other in pairs:
            together[one, other] = together[other, one] = together[one, one] = together[other, other] = True
        return together

    own = np.eye(6, dtype=bool)
    chain = links([(1, 5), (5, 4), (4, 3)], 6)
    assert attribution._groups(own, chain).tolist() == [-1, 1, -1, 1, 1, 1]
    assert attribution._groups(own, links([(0, 4), (2, 3)], 6)).tolist() == [0, -1, 2, 2, 0, -1]
    # an event of two columns links what each of them is linked with
    holds = np.array([[True, False, False, False], [False, True, True, False], [False, False, False, True]])
    assert attribution._groups(holds, links([(0, 1), (2, 3)], 4)).tolist() == [0, 0, 0]
    assert attribution._groups(holds, links([(2, 3)], 4)).tolist() == [-1, 1, 1]
    # a column that is barely blind itself links nobody who is not
    barely = np.zeros((6, 6), dtype=bool)
    barely[2, 2] = barely[2, 4] = barely[4, 2] = True
    assert attribution._groups(own, barely).tolist() == [-1, -1, 2, -1, -1, -1]
