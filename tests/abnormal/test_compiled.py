"""The compiled loop against numpy: the same numbers, the same exclusions, bits that do not depend on the company."""

import numpy as np
import pytest

from eventstudy.abnormal import Exclusion, FactorModel, MarketAdjusted, MarketModel, MeanAdjusted, estimate
from eventstudy.abnormal.fused import WORTHWHILE, compiled
from eventstudy.errors import StudyError

pytest.importorskip("numba", reason="the extra `fast` is not installed")

RTOL = 1e-11  # the sums run in another order: a few units of 1e-16 times the square root of 250 terms, and a margin
MODELS = [MeanAdjusted(), MarketModel("m"), FactorModel(("m", "f")), MarketAdjusted("m")]


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(44)
    series = rng.normal(0, 0.01, (2, 500))
    returns = rng.normal(0.9, 0.3, (30, 1)) * series[0] + 0.01 * rng.standard_t(4, (30, 500))
    returns[rng.random(returns.shape) < 0.001] = np.nan
    returns[3] = series[0]  # tracks the market: needs the residuals
    returns[4] = 0.0
    returns[5, 250] = np.inf
    returns[6, 400:] = np.nan
    returns[7, 300] = 25.0
    series[:, 100] = np.nan
    security, day0 = rng.integers(0, 30, 4000), rng.integers(0, 500, 4000)
    return returns, series, security, day0


def run(world, model, kernel, chosen=slice(None), **options):
    returns, series, security, day0 = world
    used = series[: len(model.symbols)] if model.symbols else None
    return estimate(returns, used, security=security[chosen], day0=day0[chosen], window=(-5, 5), estimation=(-125, -6),
                    model=model, minimum=60, kernel=kernel, **options)  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("mask", [False, True])
def test_both_kernels_agree(world, model, mask):
    masked = (np.arange(500) % 17 == 0) if mask else None
    plain, fast = (run(world, model, kernel, masked=masked) for kernel in ("numpy", "numba"))
    for name in ("status", "m", "df", "degenerate", "suspect"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(fast, name))
    sound = plain.studied & ~plain.degenerate
    np.testing.assert_allclose(fast.ar[sound], plain.ar[sound], rtol=RTOL, atol=1e-16)
    np.testing.assert_allclose(fast.sigma[sound], plain.sigma[sound], rtol=RTOL)
    np.testing.assert_allclose(fast.car(-2, 3)[1][sound], plain.car(-2, 3)[1][sound], rtol=RTOL)
    assert {Exclusion.STUDIED, Exclusion.TOO_FEW_BARS, Exclusion.INFINITE_RETURN} <= set(plain.status.tolist())


def test_a_security_event_has_the_same_bits_in_any_company(world):
    whole = run(world, MarketModel("m"), "numba")
    order = np.random.default_rng(1).permutation(4000)[:700]
    some = run(world, MarketModel("m"), "numba", chosen=order)
    np.testing.assert_array_equal(whole.ar[order], some.ar)
    np.testing.assert_array_equal(whole.sigma[order], some.sigma)
    np.testing.assert_array_equal(whole.car(0, 2)[1][order], some.car(0, 2)[1])


def test_when_it_is_used():
    assert not compiled("auto", WORTHWHILE - 1)
    assert compiled("auto", WORTHWHILE)
    assert compiled("numba", 1)
    assert not compiled("numpy", 10**9)
    with pytest.raises(StudyError, match="not one of"):
        compiled("fortran", 1)
