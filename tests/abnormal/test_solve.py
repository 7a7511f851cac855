"""The steps below the models: orthonormal bases of many designs, and windows with few and with many holes."""

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.abnormal import FactorModel, estimate
from eventstudy.abnormal.engine import solve
from eventstudy.abnormal.orthonormal import orthonormal

ORTHOGONAL = 2e-15  # a few units in the last place of sums of 200 products
RTOL = 1e-10  # two backward-stable least squares


def designs(offset, rng, count=40, bars=200):
    columns = rng.standard_normal((count, 4, bars))
    columns[:, 0] = 1.0
    columns[:, 1] += offset  # hardly anything but the constant, where it is large
    columns[:, 3] = columns[:, 2] + columns[:, 3] / max(1.0, offset)
    return columns


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("offset", [0.0, 1.0, 1e3, 1e6])
def test_bases_are_orthonormal_and_span_the_design(offset, whole):
    given = designs(offset, np.random.default_rng(1))
    columns = given.copy()
    if whole:
        columns[:, 0] = np.nan  # it need not be filled in
    basis = orthonormal(columns, given[:, :, :5].copy(), whole=whole)
    gram = basis.q @ basis.q.swapaxes(1, 2)
    assert np.abs(gram - np.eye(4)).max() < ORTHOGONAL
    assert basis.full_rank.all()
    # coefficients in the basis give the design's own back: theta = to_coef c solves X'theta = q'c
    again = np.linalg.solve(basis.to_coef.swapaxes(1, 2), basis.q)
    assert (np.abs(again - given) / np.abs(given).max()).max() < 1e-12
    assert (np.abs(basis.ahead - basis.q[:, :, :5])).max() < 1e-14 * max(1.0, offset)  # rounding times the condition


def test_a_basis_has_the_same_bits_in_any_company():
    rng = np.random.default_rng(2)
    easy, hard = designs(0.0, rng, count=3), designs(1e6, rng, count=3)
    mixed = orthonormal(np.concatenate([easy, hard]), np.zeros((6, 4, 0)))
    for part, rows in ((easy, slice(0, 3)), (hard, slice(3, 6))):
        alone = orthonormal(part.copy(), np.zeros((3, 4, 0)))
        np.testing.assert_array_equal(mixed.q[rows], alone.q)
        np.testing.assert_array_equal(mixed.to_coef[rows], alone.to_coef)


@pytest.mark.parametrize(("left", "whole"), [(1.3e-11, True), (0.7e-11, False), (0.0, False)])
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_a_column_adds_rank_if_one_part_in_a_hundred_billion_is_its_own(left, whole, size):
    axes = np.linalg.qr(np.random.default_rng(3).standard_normal((200, 3)))[0].T
    columns = np.stack([size * axes[0], axes[1], size * axes[0] + left * size * axes[2]])
    basis = orthonormal(np.stack([columns, axes]))
    assert basis.full_rank.tolist() == [whole, True]


@pytest.mark.parametrize("at", [0, 1])
def test_a_column_of_noughts_adds_no_rank_and_no_number_that_is_none(at):
    columns = np.random.default_rng(4).standard_normal((2, 2, 30))
    columns[1, at] = 0.0
    basis = orthonormal(columns)
    assert basis.full_rank.tolist() == [True, False]
    assert not basis.q[1, at].any()
    assert np.isfinite(basis.to_coef).all()
    assert basis.ahead.shape == (2, 2, 0)


@pytest.mark.parametrize("masked", [False, True])
def test_windows_with_few_and_with_many_holes_are_least_squares_side_by_side(masked):
    rng = np.random.default_rng(3)
    bars, day0 = 330, 300
    factors = rng.normal(0.0002, 0.01, (3, bars))
    factors[1, 100] = np.nan
    returns = rng.normal(0.5, 0.3, (8, 3)) @ np.nan_to_num(factors) + rng.standard_t(4, (8, bars)) * 0.01
    for row, share in enumerate([0, 0.004, 0.02, 0.1, 0.124, 0.13, 0.4, 0.6]):
        returns[row, 50:300][rng.random(250) < share] = np.nan
    mask = rng.random(bars) < 0.05 if masked else np.zeros(bars, dtype=bool)
    options = {"window": (0, 3), "estimation": (-250, -1), "model": FactorModel(("a", "b", "c")), "minimum": 40}
    rows = np.arange(8)
    fitted = estimate(returns, factors, security=rows, day0=np.full(8, day0), masked=mask, **options)
    design = sm.add_constant(factors.T)
    at = np.arange(50, 300)
    for row in rows:
        used = at[np.isfinite(returns[row, at]) & np.isfinite(design[at]).all(axis=1) & ~mask[at]]
        fit = sm.OLS(returns[row, used], design[used]).fit()
        assert fitted.m[row] == used.size
        np.testing.assert_allclose(fitted.coef[row], fit.params, rtol=RTOL, atol=RTOL)
        np.testing.assert_allclose(fitted.sigma[row], np.sqrt(fit.scale), rtol=RTOL)
        ahead = design[day0 : day0 + 4]
        np.testing.assert_allclose(fitted.ar_se()[row], fit.get_prediction(ahead).se_obs, rtol=RTOL)
        alone = estimate(returns, factors, security=np.array([row]), day0=np.array([day0]), masked=mask, **options)
        np.testing.assert_array_equal(fitted.ar[row], alone.ar[0])
        np.testing.assert_array_equal(fitted.sigma[row], alone.sigma[0])


def test_the_normal_equations_are_the_products_of_the_bars_that_are_left():
    rng = np.random.default_rng(5)
    q = rng.normal(size=(3, 3, 40))
    q = np.stack([np.linalg.qr(one.T)[0].T for one in q])
    design = np.array([0, 0, 1, 1, 2])
    holes = [[3], [0, 39], [], [5, 6, 7, 8, 9, 30, 31], list(range(20))]  # one, few, none, more than an eighth, half
    row = np.repeat(np.arange(5), [len(some) for some in holes])
    bar = np.array([b for some in holes for b in some])
    start = np.flatnonzero(np.diff(row, prepend=-1))
    found = solve._gram(q, design, row, bar, start)
    for at, event in enumerate((0, 1, 3, 4)):
        left = np.delete(q[design[event]], holes[event], axis=1)
        np.testing.assert_allclose(found[:, at], (left @ left.T)[np.tril_indices(3)], rtol=RTOL, atol=1e-15)


def test_ordinary_windows_with_holes_need_no_second_solution(monkeypatch):
    """The careful way gives the same numbers, so that only its not being taken shows that the quick one is right."""
    rng = np.random.default_rng(6)
    market, bars = rng.normal(0, 0.01, (1, 300)), np.arange(40)
    returns = market + rng.normal(0, 0.02, (40, 300))
    returns[rng.random(returns.shape) < np.linspace(0, 0.6, 40)[:, None]] = np.nan
    taken = []
    monkeypatch.setattr(solve, "_exact", lambda *given: taken.append(given[3]))
    fitted = estimate(returns, market, security=bars, day0=np.full(40, 290), window=(0, 1), estimation=(-250, -1),
                      model=FactorModel(("m",)), minimum=40)  # fmt: skip
    assert taken == []
    assert (fitted.m < 250).sum() >= 38


def test_an_infinite_return_among_holes_is_found_in_its_own_row_only():
    rng = np.random.default_rng(4)
    returns, market = rng.normal(0, 0.01, (3, 200)), rng.normal(0, 0.01, (1, 200))
    returns[:, 60:70] = np.nan
    returns[1, 80] = -np.inf
    fitted = estimate(returns, market, security=np.arange(3), day0=np.full(3, 180), window=(0, 1), estimation=(-150, -1),
                      model=FactorModel(("m",)))  # fmt: skip
    assert [int(code) for code in fitted.status] == [0, 8, 0]
    assert fitted.m.tolist() == [140, 139, 140]


@pytest.mark.parametrize(
    "design", [[0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2], [3, 3, 3, 3, 3, 3, 3, 3, 4], [0, 1, 2, 5], [7]]
)
def test_products_and_weights_of_each_window_are_those_of_its_design(design):
    rng = np.random.default_rng(7)
    design = np.array(design)
    window, rows, weight = rng.normal(size=(design.size, 9)), rng.normal(size=(8, 3, 9)), rng.normal(size=(8, 9))
    expected = [[window[n] @ rows[d, j] for j in range(3)] for n, d in enumerate(design)]
    np.testing.assert_allclose(solve._dots(window, rows, design), expected, rtol=RTOL)
    weighted = window.copy()
    solve._scale(weighted, weight, design)
    np.testing.assert_array_equal(weighted, [window[n] * weight[d] for n, d in enumerate(design)])
    runs = [(d, int((design < d).sum()), int((design <= d).sum())) for d in sorted(set(design.tolist()))]
    assert solve._runs(design) == runs


@pytest.mark.parametrize("many", [False, True])
def test_holes_become_noughts_and_infinite_returns_are_told(many):
    window = np.random.default_rng(8).normal(size=(6, 5))
    holes = [(1, 0), (1, 4), (4, 2)] + ([(0, 1), (2, 2), (5, 3)] if many else [])
    for at in holes:
        window[at] = np.nan
    window[4, 0], window[1, 2] = np.inf, -np.inf
    square = np.vecdot(window, window)
    rows = np.flatnonzero(~np.isfinite(square))
    cells = sorted([*holes, (4, 0), (1, 2)])
    plain = np.where(np.isfinite(window), window, 0.0)
    row, bar, infinite = solve._take_out_holes(window, square, rows)
    assert list(zip(row.tolist(), bar.tolist(), strict=True)) == cells
    assert infinite.tolist() == [1, 4]
    np.testing.assert_array_equal(window, plain)
    np.testing.assert_allclose(square, (plain**2).sum(axis=1), rtol=RTOL)


@pytest.mark.parametrize("cells", [1, 500, 2_000_000])
def test_fits_that_lose_digits_are_done_anew_from_their_residuals(monkeypatch, cells):
    """Nearly perfect fits, with holes and with weights, as many at once as there is room for."""
    monkeypatch.setattr(solve, "EXACT_CELLS", cells)
    rng = np.random.default_rng(9)
    T, k, n = 40, 3, 9
    q = np.stack([np.linalg.qr(np.column_stack([np.ones(T), rng.normal(size=(T, k - 1))]))[0].T for _ in range(2)])
    q *= np.sign(q[:, :1, :1])
    valid = np.ones((2, T))
    valid[1, [4, 5]] = 0.0
    q[1] = np.linalg.qr((q[1] * valid[1]).T)[0].T
    design = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1])
    mean = rng.normal(size=(n, k))
    y = np.stack([mean[i] @ q[design[i]] for i in range(n)]) + 1e-7 * rng.normal(size=(n, T))
    y[3] += 10.0 * rng.normal(size=T)  # one that is no close fit
    y[[1, 6, 6], [7, 0, 9]] = np.nan
    fits = solve.solve_chunk(y.copy(), q, valid, valid.sum(axis=1).astype(int), design, 20, all_valid=False)
    for i in range(n):
        used = np.isfinite(y[i]) & (valid[design[i]] > 0)
        x, own = q[design[i]][:, used].T, y[i, used]
        theta = np.linalg.lstsq(x, own, rcond=None)[0]
        left = own - x @ theta
        assert fits.m[i] == used.sum()
        np.testing.assert_allclose(fits.sse[i], left @ left, rtol=1e-6)  # squares of a ten-millionth
        np.testing.assert_allclose(fits.square[i], ((own - own.mean()) ** 2).sum(), rtol=1e-6)
        np.testing.assert_allclose(fits.whole[i], own @ own, rtol=RTOL)
        np.testing.assert_allclose(fits.coordinate[i] @ fits.mix[i], theta, rtol=1e-9)
        np.testing.assert_allclose(fits.mix[i] @ x.T @ x @ fits.mix[i].T, np.eye(k), atol=1e-12)
    assert fits.full_rank.all()
