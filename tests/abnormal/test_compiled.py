"""The compiled loop against numpy: the same numbers, the same exclusions, bits that do not depend on the company."""

import numpy as np
import pytest

from eventstudy.abnormal import Exclusion, FactorModel, MarketAdjusted, MarketModel, MeanAdjusted, estimate
from eventstudy.abnormal.engine import kernel as kernels
from eventstudy.abnormal.engine.kernel import compiled
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
@pytest.mark.parametrize("mask", ["none", "bars", "own"])
def test_both_kernels_agree(world, model, mask):
    rng = np.random.default_rng(7)
    masked = {"none": None, "bars": np.arange(500) % 17 == 0, "own": rng.random((30, 500)) < 0.05}[mask]
    plain, fast = (run(world, model, kernel, masked=masked) for kernel in ("numpy", "numba"))
    for name in ("status", "m", "df", "degenerate", "suspect"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(fast, name))
    sound = plain.studied & ~plain.degenerate
    np.testing.assert_allclose(fast.ar[sound], plain.ar[sound], rtol=RTOL, atol=1e-16)
    np.testing.assert_allclose(fast.sigma[sound], plain.sigma[sound], rtol=RTOL)
    np.testing.assert_allclose(fast.car(-2, 3)[1][sound], plain.car(-2, 3)[1][sound], rtol=RTOL)
    assert {Exclusion.STUDIED, Exclusion.TOO_FEW_BARS, Exclusion.INFINITE_RETURN} <= set(plain.status.tolist())


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("first", [-22, 5], ids=["estimated before the event", "estimated after it"])
def test_what_the_loop_leaves_behind_are_sums_over_the_windows(k, first):
    """Not through `estimate`, which does anew what looks wrong: each sum by numpy, and NaN where it must look."""
    from eventstudy.abnormal.engine._kernel_numba import fit_windows  # noqa: PLC0415  numba is an extra

    rng = np.random.default_rng(3)
    returns, (T, L, ahead_first) = rng.normal(size=(3, 60)), (20, 4, -1)
    returns[2, 30] = np.nan
    returns[0, 33] = -9.0  # the largest of its window in absolute value
    security, day0, design = (
        np.array([0, 1, 2, 0, 0, 1, 0, 1, 1]),
        np.array([34, 40, 50, 21, 22, 58, 35, 57, 36]),
        np.array([0, 1, 1, 0, 1, 0, 1, 1, 0]),
    )
    rows = np.array([5, 3, 0, 1, 2, 4, 8, 7, 6])
    basis, ahead, valid = rng.normal(size=(2, k, T)), rng.normal(size=(2, k, L)), np.ones((2, T))
    valid[1, [3, 7]] = 0.0
    basis[1][:, [3, 7]] = 0.0
    ar, share, sums = np.full((9, L), -9.5), np.full((9, k), -9.5), np.empty((9, 4))
    count = valid.sum(axis=1).astype(np.int64)
    fit_windows(
        returns,
        (security, day0, design),
        rows,
        basis,
        (valid, count),
        ahead,
        (first, T, ahead_first, L),
        (ar, share, sums),
    )
    beyond = []
    for i in range(9):
        begin, start = day0[i] + first, day0[i] + ahead_first
        beyond.append(begin < 0 or start + L > 60 or begin + T > 60)
        if beyond[-1]:
            assert np.isnan(sums[i]).all()
            assert (ar[rows[i]] == -9.5).all()
            continue
        window, d = returns[security[i], begin : begin + T], design[i]
        coordinate = basis[d] @ window
        expected = returns[security[i], start : start + L] - coordinate @ ahead[d]
        told = [(valid[d] * window**2).sum(), coordinate @ coordinate, expected.sum()]
        np.testing.assert_allclose(sums[i, :3], told, rtol=1e-12)
        if np.isfinite(told).all():
            np.testing.assert_allclose(share[rows[i]], coordinate, rtol=1e-12)
            np.testing.assert_allclose(ar[rows[i]], expected, rtol=1e-12)
            assert sums[i, 3] == np.abs(returns[security[i], start : start + L]).max()
    # bars 0 to 59: a window may begin on the first and end on the last of them
    none = [day0[i] in ((21, 58) if first < 0 else (36, 40, 50, 57, 58)) for i in range(9)]
    assert beyond == none
    holes = [security[i] == 2 and not none[i] for i in range(9)]
    assert np.isnan(sums[:, 0]).tolist() == [out or hole for out, hole in zip(none, holes, strict=True)]


def test_a_security_event_has_the_same_bits_in_any_company(world):
    whole = run(world, MarketModel("m"), "numba")
    order = np.random.default_rng(1).permutation(4000)[:700]
    some = run(world, MarketModel("m"), "numba", chosen=order)
    np.testing.assert_array_equal(whole.ar[order], some.ar)
    np.testing.assert_array_equal(whole.sigma[order], some.sigma)
    np.testing.assert_array_equal(whole.car(0, 2)[1][order], some.car(0, 2)[1])


def test_when_it_is_used(world):
    assert not compiled("auto", 199_999)
    assert compiled("auto", 200_000)  # as the documentation of `estimate` says
    assert compiled("numba", 1)
    assert not compiled("numpy", 10**9)
    with pytest.raises(StudyError, match="not one of"):
        run(world, MarketModel("m"), "fortran")


def test_without_numba_only_who_asks_for_it_by_name_is_refused(monkeypatch):
    monkeypatch.setattr(kernels, "find_spec", lambda _: None)
    kernels._installed.cache_clear()
    try:
        assert not compiled("auto", 10**9)
        assert not compiled("numpy", 1)
        with pytest.raises(StudyError, match=r"pip install 'eventstudykit\[fast\]'"):
            compiled("numba", 1)
    finally:
        kernels._installed.cache_clear()
