"""The steps below the models: orthonormal bases of many designs, and windows with few and with many holes."""

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.abnormal import FactorModel, estimate
from eventstudy.abnormal.basis import orthonormal

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


def test_an_infinite_return_among_holes_is_found_in_its_own_row_only():
    rng = np.random.default_rng(4)
    returns, market = rng.normal(0, 0.01, (3, 200)), rng.normal(0, 0.01, (1, 200))
    returns[:, 60:70] = np.nan
    returns[1, 80] = -np.inf
    fitted = estimate(returns, market, security=np.arange(3), day0=np.full(3, 180), window=(0, 1), estimation=(-150, -1),
                      model=FactorModel(("m",)))  # fmt: skip
    assert [int(code) for code in fitted.status] == [0, 8, 0]
    assert fitted.m.tolist() == [140, 139, 140]
