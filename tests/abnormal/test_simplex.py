"""Weights that sum to one, by hand: where the search begins, who enters, when it ends, and what it certifies."""

from itertools import combinations

import numpy as np
import pytest

from eventstudy.abnormal.models.simplex import Weights, _Face, _level, _lowest, simplex_weights

CLOSE = 1e-10  # of a weight: small systems in float64


def by_faces(response, donors, ridge=0.0):
    """The least objective over all sets of donors, by least squares on each, where no weight is negative."""
    best, found = np.inf, None
    for size in range(1, len(donors) + 1):
        for who in combinations(range(len(donors)), size):
            rows = donors[list(who)]
            system = np.zeros((size + 1, size + 1))
            system[:size, :size] = rows @ rows.T + ridge * np.eye(size)
            system[size, :size] = system[:size, size] = 1.0
            if np.linalg.matrix_rank(system) <= size:
                continue
            weight = np.linalg.solve(system, np.append(rows @ response, 1.0))[:size]
            value = ((response - weight @ rows) ** 2).sum() + ridge * (weight**2).sum()
            if (weight > 0).all() and value < best:
                best, found = value, np.zeros(len(donors))
                found[list(who)] = weight
    return best, found


def whole(found, count):
    weight = np.zeros(count)
    weight[found.donor] = found.weight
    return weight


@pytest.mark.parametrize("ridge", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(12))
def test_weights_are_the_best_of_all_faces(seed, ridge):
    rng = np.random.default_rng(seed)
    donors = rng.normal(size=(6, 8))
    response = rng.dirichlet(np.ones(6)) @ donors + rng.normal(0, 0.7, 8)
    best, weight = by_faces(response, donors, ridge)
    found = simplex_weights(response, donors, ridge=ridge)
    np.testing.assert_allclose(
        whole(found, 6), weight, atol=1e-7
    )  # where the objective is flat a gap moves the weights
    assert (np.diff(found.donor) > 0).all()
    assert found.size == pytest.approx(response @ response)
    assert 0 <= found.gap <= 1e-10 * found.size
    mine = ((response - found.weight @ donors[found.donor]) ** 2).sum() + ridge * (found.weight**2).sum()
    assert mine - best > -CLOSE
    given = simplex_weights(response, donors, ridge=ridge, square=(donors**2).sum(axis=1))
    np.testing.assert_array_equal(given.weight, found.weight)
    start = Weights(np.array([4, 1, 0]), np.array([0.2, 0.5, 0.3]), np.inf, 1.0, 0)
    again = simplex_weights(response, donors, ridge=ridge, start=start)
    np.testing.assert_allclose(whole(again, 6), weight, atol=1e-7)
    assert start.weight.tolist() == [0.2, 0.5, 0.3]


def test_the_search_begins_with_the_donor_that_is_nearest_by_itself():
    alone = simplex_weights(np.array([0.5, 0.5]), np.array([[3.0, 0.0], [1.0, 1.0], [0.0, 3.0]]))
    assert (alone.donor.tolist(), alone.weight.tolist(), alone.steps) == ([1], [1.0], 0)


def corner(gain):
    """A response at distance 1e-6 from the first donor; the way to the second lowers half the objective by `gain` a unit."""
    response = np.array([1.0, 0.0, 0.0])
    return response, np.array([[1.0, 1e-6, 0.0], [1.0, 1e-6 - gain * 1e6, 3.0]])


def test_the_certificate_is_twice_the_steepest_way_down_and_ends_the_search_below_1e_10():
    """Frank and Wolfe: with half gradients 1e-12 and 1e-12 - gain the objective is above its minimum by 2 gain at most."""
    found = simplex_weights(*corner(4e-11))
    assert (found.donor.tolist(), found.steps) == ([0], 0)
    assert found.gap == pytest.approx(8e-11, rel=1e-6)
    found = simplex_weights(*corner(6e-11))  # 1.2e-10 is too much
    assert (found.donor.tolist(), found.steps) == ([0, 1], 1)
    assert found.weight[1] == pytest.approx(6e-11 / 9, rel=1e-4)  # the gain over the squared distance of the donors
    assert found.gap < 1e-15


def test_the_search_ends_at_a_share_of_the_response_s_own_size():
    response, donors = corner(6e-11)
    found = simplex_weights(2 * response, 2 * donors)
    assert (found.size, found.steps) == (4.0, 1)  # all four times as large
    response, donors = np.array([2.0, 0.0, 0.0]), corner(6e-11)[1] + [1.0, 0.0, 0.0]
    assert simplex_weights(response, donors).steps == 0  # 1.2e-10 is less than 1e-10 of four


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e3])
def test_the_nearest_donor_is_told_by_the_distance_and_not_by_its_size_or_its_angle(scale):
    """From (10, 1) the first donor is the nearest and best alone; the second is shorter, the third points further that way."""
    donors = np.array([[10.0, 0.0], [0.1, -0.1], [13.0, -0.1]])
    found = simplex_weights(scale * np.array([10.0, 1.0]), scale * donors)
    assert (found.donor.tolist(), found.weight.tolist(), found.steps) == ([0], [1.0], 0)


def test_a_certificate_is_believed_up_to_a_ten_millionth_of_the_response():
    def weights(gap):
        return Weights(np.array([0]), np.array([1.0]), gap, 4.0, 1)

    assert weights(0.0).optimal
    assert weights(1e-7 * 4.0).optimal
    assert not weights(4.1e-7).optimal


def test_with_a_perfect_fit_the_penalty_alone_spreads_the_weights():
    """Four donors on a line, the response in their middle: of the many mixtures the most even one has the least penalty."""
    donors = np.array([[0.5], [1.0], [1.5], [2.0]])
    for ridge in (1e-3, 1e-8, 1e-11):
        found = simplex_weights(np.array([1.25]), donors, ridge=ridge)
        np.testing.assert_allclose(whole(found, 4), 0.25, atol=0.02)  # a gap of 1e-15 of the response is rounding
        assert found.optimal


def test_a_penalty_counts_in_the_certificate():
    """One dimension, response 0, donors 1 and 1.5, penalty 1: half gradients at the first alone are 1 + 1 and 1.5."""
    found = simplex_weights(np.zeros(1), np.array([[1.0], [1.5]]), ridge=1.0)
    # (w + 1.5 (1 - w))^2 + w^2 + (1 - w)^2 is least where -0.5 (1.5 - 0.5 w) + w - (1 - w) = 0, w = 1.75/2.25
    np.testing.assert_allclose(found.weight, [7 / 9, 2 / 9], atol=1e-9)
    assert found.steps == 1


def test_the_lowest_slopes_below_the_level_come_first_and_so_many_at_most():
    slope = np.array([0.3, -0.4, np.inf, 0.1, -0.9, 0.2, -0.1])
    assert _lowest(slope, 0.2, 3).tolist() == [4, 1, 6]
    assert _lowest(slope, 0.2, 2).tolist() == [4, 1]
    assert _lowest(slope, 0.2, 1).tolist() == [4]
    assert _lowest(slope, 0.2, 99).tolist() == [4, 1, 6, 3]  # a slope at the level does not go down
    assert _lowest(slope, -0.9, 4).tolist() == []
    assert _lowest(np.array([2.0]), 3.0, 8).tolist() == [0]
    for seed in range(20):
        many = np.random.default_rng(seed).normal(size=500)
        for count in (1, 2, 8, 40):
            assert _lowest(many, 0.5, count).tolist() == np.argsort(many)[:count].tolist()


def test_donors_in_the_affine_hull_of_those_in_use_do_not_enter():
    donors = np.array(
        [[0.0, 0, 0], [1, 0, 0], [3, 0, 0], [0, 1, 0], [2, -5, 0], [0, 0, 1], [4, 4, 4], [1, 0, 0], [0.5, 0.5, 0]]
    )
    face = _Face(np.zeros(3), donors, 0.0)
    assert face.apart(np.array([0]), np.array([1, 7, 2])).tolist() == [1]  # a copy, and one on the same line
    assert face.apart(np.array([0, 1]), np.array([2, 3, 4])).tolist() == [3]  # then all of a plane
    assert face.apart(np.array([1, 3]), np.array([0, 2])).tolist() == [0]
    assert face.apart(np.array([0, 1]), np.array([3, 5, 6])).tolist() == [3, 5]  # then all of space
    assert face.apart(np.array([2]), np.array([2])).tolist() == []
    assert face.apart(np.array([1, 3]), np.array([8, 5])).tolist() == [5]  # on the line through the two
    with_penalty = _Face(np.zeros(3), donors, 1e-9)
    assert with_penalty.apart(np.array([0]), np.array([1, 7, 2])).tolist() == [1, 7, 2]


@pytest.mark.parametrize(("height", "kept"), [(2e-6, True), (0.5e-6, False)])
def test_a_donor_is_outside_the_hull_from_a_trillionth_of_its_square(height, kept):
    donors = np.array([[0.0, 0, 0], [1, 0, 0], [2, height * 2, 0], [0, 1, 0]])
    found = _Face(np.zeros(3), donors, 0.0).apart(np.array([0, 1]), np.array([2, 3]))
    assert found.tolist() == ([2] if kept else [3])


def test_the_nearest_point_of_an_affine_hull():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(4, 6))
    inverse = np.linalg.inv(rows @ rows.T)
    for scale in (1.0, 1e-8, 1e8):
        np.testing.assert_allclose(_level(scale * rows @ rows.T), inverse.sum(axis=0) / inverse.sum(), rtol=1e-9)
    assert _level(np.array([[7.0]])).tolist() == [1.0]
    np.testing.assert_allclose(
        _level(np.zeros((2, 2))), 0.5, atol=CLOSE
    )  # all points are the nearest: the even mixture
    np.testing.assert_allclose(_level(np.full((3, 3), 2.0)), 1 / 3, atol=CLOSE)


def test_descent_drops_the_donor_whose_weight_reaches_zero_first():
    """On a line: response 0, donors 1, 2 and -1, and weights that start with none on the last."""
    donors = np.array([[1.0, 0.0], [2.0, 0.1], [-1.0, 0.0]])
    face = _Face(np.zeros(2), donors, 0.0)
    active, weight = face.descend(np.array([0, 1, 2]), np.array([0.6, 0.4, 0.0]))
    assert active.tolist() == [0, 2]
    np.testing.assert_allclose(weight, [0.5, 0.5], atol=CLOSE)
    active, weight = face.descend(np.array([0, 1]), np.array([0.5, 0.5]))
    assert (active.tolist(), weight.tolist()) == ([0], [1.0])
    active, weight = face.descend(np.array([1, 0]), np.array([1.0, 0.0]))  # the old one goes, the new one stays
    assert (active.tolist(), weight.tolist()) == ([0], [1.0])
    active, weight = face.descend(np.array([0, 1]), np.array([1.0, 0.0]))  # the new one would be negative: back
    assert (active.tolist(), weight.tolist()) == ([0], [1.0])


def test_descent_with_a_penalty_holds_weights_together():
    donors = np.array([[1.0], [3.0]])
    active, weight = _Face(np.zeros(1), donors, 8.0).descend(np.array([0, 1]), np.array([1.0, 0.0]))
    # (w + 3 (1 - w))^2 + 8 (w^2 + (1 - w)^2) is least where -4 (3 - 2w) + 16 w - 16 (1 - w) = 0, w = 28/40
    assert active.tolist() == [0, 1]
    np.testing.assert_allclose(weight, [0.7, 0.3], atol=CLOSE)


def test_many_donors_that_fit_as_well_do_not_keep_the_search_from_its_end():
    rng = np.random.default_rng(2)
    base = rng.normal(size=(5, 30))
    donors = np.concatenate([base, base, base + 1e-9 * rng.normal(size=(5, 30)), 0.5 * (base + base[::-1])])
    response = rng.dirichlet(np.ones(5)) @ base + rng.normal(0, 0.2, 30)
    best, _ = by_faces(response, base)
    found = simplex_weights(response, donors)
    assert ((response - found.weight @ donors[found.donor]) ** 2).sum() == pytest.approx(best, rel=1e-8)
    assert found.optimal
    assert found.steps < 60


@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_with_more_donors_than_bars_no_step_that_leads_nowhere_ends_the_search(ridge):
    """The slopes at the end say whether it is one: none lies below that of the donors in use (Karush, Kuhn and Tucker)."""
    for seed in range(120):
        rng = np.random.default_rng(seed)
        bars = int(rng.integers(2, 5))
        donors = rng.normal(size=(30, 2)) @ rng.normal(size=(2, bars)) + 0.01 * rng.normal(size=(30, bars))
        response = rng.normal(size=bars) * 1.5
        weight = whole(simplex_weights(response, donors, ridge=ridge), 30)
        slope = donors @ (weight @ donors - response) + ridge * weight
        assert weight @ slope - slope.min() < 1e-9 * (response @ response), seed


def test_a_donor_whose_best_weight_is_exactly_none_leaves_and_the_others_are_solved_anew():
    donors = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [3.0, 0.0, 0.0]])
    face = _Face(np.zeros(3), donors, 0.0)
    active, weight = face.descend(np.array([0, 1]), np.array([1.0, 0.0]))  # the foot of the line lies on the first
    assert (active.tolist(), weight.tolist()) == ([0], [1.0])
    active, weight = face.descend(np.array([0, 2]), np.array([1.0, 0.0]))  # beyond the first: below zero for the other
    assert (active.tolist(), weight.tolist()) == ([0], [1.0])
