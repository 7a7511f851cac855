"""What the tests look at: standardised returns, estimation windows and parts of a sample, on arrays written out."""

import numpy as np
import pytest

from eventstudy.abnormal import MarketModel, MeanAdjusted, SyntheticControl, TradeToTrade, estimate
from eventstudy.abnormal.engine.coordinates import Coordinates, leverage
from eventstudy.abnormal.engine.draft import Draft
from eventstudy.abnormal.engine.engine import prepared
from eventstudy.abnormal.orthonormal import Basis
from eventstudy.abnormal.window_sample import EstimationRecord, WindowSample, take


def sample(**more):
    """Three security-events of two bars."""
    given = {
        "relative_day": np.array([0, 1]),
        "bar": np.array([[5, 6], [7, 8], [9, -1]]),
        "security": np.array([4, 2, 4]),
        "day0": np.array([5, 7, 9]),
        "ar": np.array([[0.02, -0.01], [0.03, np.nan], [0.06, 0.01]]),
        "ar_se": np.array([[0.01, 0.02], [0.0, np.nan], [0.02, 0.02]]),
        "car": np.array([0.01, 0.03, 0.07]),
        "car_se": np.array([0.02, 0.0, 0.035]),
        "sigma": np.array([0.01, 0.0, 0.02]),
        "m": np.array([50, 51, 52]),
        "df": np.array([48, 49, 50]),
        "k": 2,
    }
    return WindowSample(**{**given, **more})


def record(**more):
    bars = np.arange(12).reshape(3, 4)
    given = {
        "residual": bars / 100.0,
        "leverage": bars / 50.0,
        "bar": bars,
        "design": np.ones((3, 4, 1)),
        "window_design": np.ones((3, 2, 1)),
    }
    return EstimationRecord(**{**given, **more})


def test_standardised_returns_are_ratios_and_missing_without_an_error_or_of_the_degenerate():
    plain = sample()
    np.testing.assert_allclose(plain.sar, [[2.0, -0.5], [np.nan, np.nan], [3.0, 0.5]])
    np.testing.assert_allclose(plain.scar, [0.5, np.nan, 2.0])
    marked = sample(degenerate=np.array([False, False, True]))
    np.testing.assert_allclose(marked.sar, [[2.0, -0.5], [np.nan, np.nan], [np.nan, np.nan]])
    np.testing.assert_allclose(marked.scar, [0.5, np.nan, np.nan])
    np.testing.assert_array_equal(marked.ar, plain.ar)


def test_a_sample_is_by_default_of_least_squares_on_days_and_without_more():
    plain = sample()
    assert plain.least_squares
    assert not plain.within_day
    assert plain.study_first == 0
    assert (plain.doubts, plain.estimation, plain.refit, plain.clock) == ((), None, None, None)


def test_residuals_are_abnormal_returns_unless_the_mean_is_not_forecast():
    plain = record()
    assert plain.mean.tolist() == [0.0, 0.0, 0.0]
    assert plain.forecast
    np.testing.assert_array_equal(plain.abnormal, plain.residual)
    adjusted = record(mean=np.array([0.0, 0.5, -0.1]))
    assert not adjusted.forecast
    np.testing.assert_allclose(adjusted.abnormal, np.arange(12).reshape(3, 4) / 100 + [[0.0], [0.5], [-0.1]])


def test_part_of_a_sample_has_its_rows_of_everything_and_nothing_for_placebos():
    whole = sample(
        estimation=record(mean=np.array([0.1, 0.2, 0.3])), degenerate=np.array([True, False, False]),
        study_ar=np.arange(9.0).reshape(3, 3), study_first=-1, admissible=np.ones((5, 9), dtype=bool), refit=lambda *_: None,
    )  # fmt: skip
    part = take(whole, np.array([2, 0]))
    for name in (
        "bar",
        "security",
        "day0",
        "ar",
        "ar_se",
        "car",
        "car_se",
        "sigma",
        "m",
        "df",
        "degenerate",
        "study_ar",
    ):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[[2, 0]], err_msg=name)
    for name in ("residual", "leverage", "bar", "design", "window_design", "mean"):
        np.testing.assert_array_equal(getattr(part.estimation, name), getattr(whole.estimation, name)[[2, 0]])
    assert (part.refit, part.admissible, part.study_first, part.k) == (None, None, -1, 2)
    assert part.relative_day.tolist() == [0, 1]
    bare = take(sample(), np.array([1]))
    assert (bare.estimation, bare.degenerate, bare.study_ar) == (None, None, None)


@pytest.mark.parametrize("k", [1, 3])
def test_leverage_is_the_squared_length_of_the_rows_in_the_events_own_coordinates(k):
    rng = np.random.default_rng(1)
    ahead, mix = rng.normal(size=(4, k, 5)), rng.normal(size=(4, k, k))
    mix[0] = np.tril(mix[0])
    mix[1] = np.eye(k)
    expected = [[sum(ahead[n, i, t] ** 2 for i in range(k)) for t in range(5)] for n in range(4)]
    np.testing.assert_allclose(leverage(ahead), expected)
    own = [[((mix[n] @ ahead[n, :, t]) ** 2).sum() for t in range(5)] for n in range(4)]
    np.testing.assert_allclose(leverage(ahead, mix), own)


def test_normal_returns_and_coefficients_are_products_with_the_designs_of_each_event():
    rng = np.random.default_rng(2)
    share, ahead, to_coef, design = (
        rng.normal(size=(3, 2)),
        rng.normal(size=(2, 2, 4)),
        rng.normal(size=(2, 2, 2)),
        np.array([1, 0, 1]),
    )
    given, mix = rng.normal(size=(3, 4)), rng.normal(size=(3, 2, 2))
    fit = Coordinates(share, ahead, to_coef, design, mix, given)
    for n in range(3):
        np.testing.assert_allclose(fit.expected[n], share[n] @ ahead[design[n]] + given[n])
        np.testing.assert_allclose(fit.coef[n], to_coef[design[n]] @ share[n])
    part = fit.take(np.array([2, 0]))
    np.testing.assert_array_equal(part.expected, fit.expected[[2, 0]])
    np.testing.assert_array_equal(part.coef, fit.coef[[2, 0]])
    np.testing.assert_array_equal(part.mix, mix[[2, 0]])
    plain = Coordinates(share, ahead, to_coef, design, None)
    np.testing.assert_allclose(plain.expected, fit.expected - given)
    assert (plain.take(slice(1, 3)).mix, plain.take(slice(1, 3)).given) == (None, None)


def draft(columns=1):
    rng = np.random.default_rng(3)
    model = MeanAdjusted() if columns == 1 else MarketModel("m")
    market = None if columns == 1 else rng.normal(size=(1, 60))
    inputs = prepared(rng.normal(size=(4, 60)), market, security=np.arange(4), day0=np.full(4, 50), window=(0, 2),
                      estimation=(-40, -1), model=model).inputs  # fmt: skip
    return Draft(inputs, model, None)


def test_returns_of_a_thousand_percent_are_noted_from_that_very_size_on():
    out = draft()
    out.note_suspects(slice(0, 4), np.array([[9.999, np.nan, 0], [0, -10.0, np.nan], [10.0, 0, 0], [-9.999, 0, 0]]))
    assert out.suspect.tolist() == [False, True, True, False]
    out = draft()
    out.note_suspects(np.array([3, 1]), np.array([[0, 0, 11.0], [0, 0, 9.0]]))
    assert out.suspect.tolist() == [False, False, False, True]
    out.note_suspects(slice(2, 3), np.array([[0, -10.0, 9.0]]))
    assert out.suspect.tolist() == [False, False, True, True]
    out.suspect[2] = False
    out.note_suspects(slice(0, 0), np.zeros((0, 3)))
    assert out.suspect.tolist() == [False, False, False, True]


def basis(designs, columns, seed):
    rng = np.random.default_rng(seed)
    return Basis(
        np.empty((designs, columns, 0)),
        rng.normal(size=(designs, columns, 3)),
        rng.normal(size=(designs, columns, columns)),
        np.ones(designs, dtype=bool),
    )


def test_designs_are_gathered_in_order_and_lacking_columns_count_for_nothing():
    out = draft(columns=2)
    assert [part.shape for part in out.gathered()] == [(0, 2, 3), (0, 2, 2)]
    full, narrow = basis(3, 2, 0), basis(2, 1, 1)
    assert [out.add_basis(full), out.add_basis(narrow), out.add_basis(full)] == [0, 3, 5]
    ahead, to_coef = out.gathered()
    assert (ahead.shape, to_coef.shape) == ((8, 2, 3), (8, 2, 2))
    for at in (0, 5):
        np.testing.assert_array_equal(ahead[at : at + 3], full.ahead)
        np.testing.assert_array_equal(to_coef[at : at + 3], full.to_coef)
    np.testing.assert_array_equal(ahead[3:5, 0], narrow.ahead[:, 0])
    np.testing.assert_array_equal(to_coef[3:5, 0, 0], narrow.to_coef[:, 0, 0])
    assert not ahead[3:5, 1].any()
    assert not to_coef[3:5, 1].any()
    assert not to_coef[3:5, 0, 1].any()


def test_mixing_matrices_are_those_given_and_else_the_unit():
    out = draft(columns=2)
    assert out.mix is None
    out.set_mix(np.array([1]), np.array([[[5.0]]]))
    out.set_mix(slice(2, 4), np.full((2, 2, 2), 7.0))
    expected = np.stack([np.eye(2), np.diag([5.0, 1.0]), np.full((2, 2), 7.0), np.full((2, 2), 7.0)])
    np.testing.assert_array_equal(out.mix, expected)
    assert out.variance is None
    out.set_variance(slice(1, 2), np.array([[1.0, 2.0, 3.0]]))
    np.testing.assert_array_equal(out.variance, [[np.nan] * 3, [1.0, 2.0, 3.0], [np.nan] * 3, [np.nan] * 3])


def test_the_normal_return_of_a_mixture_is_there_without_a_return_of_its_own():
    rng = np.random.default_rng(4)
    pool = rng.normal(0, 0.01, (6, 120))
    own = pool[:2].mean(axis=0) + rng.normal(0, 0.005, 120)
    holed = own.copy()
    holed[101] = np.nan
    fitted = estimate(holed[None], pool, security=np.array([0]), day0=np.array([100]), window=(0, 2), estimation=(-60, -1),
                      model=SyntheticControl(tuple("ABCDEF"), intercept=False), minimum=40)  # fmt: skip
    expected = fitted.coordinates.expected
    np.testing.assert_allclose(expected[0], fitted.coef[0] @ pool[:, 100:103], atol=1e-10)
    np.testing.assert_allclose(fitted.ar[0, [0, 2]], (own[100:103] - expected[0])[[0, 2]], rtol=1e-12)


MODELS = {
    "mean": MeanAdjusted(),
    "market with holes": MarketModel("m"),
    "known variance": MeanAdjusted(volatility="ewma"),
    "an estimator of its own": TradeToTrade("m"),
    "donors": SyntheticControl(("A", "B", "C")),
}


@pytest.mark.parametrize("name", MODELS)
def test_some_security_events_are_what_the_engine_finds_of_them_alone(name):
    rng = np.random.default_rng(5)
    model = MODELS[name]
    returns, series = rng.normal(0, 0.01, (3, 120)), rng.normal(0, 0.01, (3, 120))
    returns += series[0]
    returns[1, 50:55] = np.nan
    returns[0, 101] = 12.0
    returns[2] = 0.0
    security, day0 = np.array([2, 0, 1, 0, 1]), np.array([90, 101, 80, 20, 102])
    given = series[: len(model.symbols)] if model.symbols and name != "known variance" else None
    options = {"window": (-1, 2), "estimation": (-60, -3), "model": model, "minimum": 40}
    whole = estimate(returns, given, security=security, day0=day0, **options)
    rows = np.array([4, 0, 3, 1])
    part, alone = whole.take(rows), estimate(returns, given, security=security[rows], day0=day0[rows], **options)
    for one in (
        "ar",
        "sigma",
        "m",
        "df",
        "status",
        "degenerate",
        "suspect",
        "fallback",
        "coef",
        "security",
        "day0",
        "studied",
        "variance",
    ):
        np.testing.assert_array_equal(getattr(part, one), getattr(alone, one), err_msg=one)
    np.testing.assert_array_equal(part.ar_se(), alone.ar_se())
    np.testing.assert_array_equal(part.sar(), alone.sar())
    for mine, theirs in zip(part.car(0, 1), alone.car(0, 1), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(part.record(0, 1).residual, alone.record(0, 1).residual)
    assert part.relative_day.tolist() == [-1, 0, 1, 2]
    assert part.suspect.tolist() == [False, False, False, True]
    assert part.studied.tolist() == [True, True, False, True]
    assert part.degenerate.tolist() == [False, name != "donors", False, False]
    with np.errstate(invalid="ignore"):
        expected = np.where(part.degenerate[:, None], np.nan, part.ar / part.ar_se())
    np.testing.assert_array_equal(part.sar(), expected)


def test_errors_of_complete_windows_are_those_of_a_forecast():
    """No hole anywhere: the security-events of a date share its design, whose forecast errors are sigma sqrt(1 + h)."""
    rng = np.random.default_rng(6)
    market = rng.normal(0, 0.01, (1, 90))
    returns = market + rng.normal(0, 0.01, (2, 90))
    day0 = np.array([70, 60, 70])
    fitted = estimate(returns, market, security=np.array([0, 0, 1]), day0=day0, window=(-1, 2), estimation=(-45, -3),
                      model=MarketModel("m"), minimum=40)  # fmt: skip
    assert fitted.coordinates.mix is None
    for i, day in enumerate(day0):
        x = np.column_stack([np.ones(90), market[0]])
        used, ahead = x[day - 45 : day - 2], x[day - 1 : day + 3]
        h = np.einsum("tk,kl,tl->t", ahead, np.linalg.inv(used.T @ used), ahead)
        np.testing.assert_allclose(fitted.ar_se()[i], fitted.sigma[i] * np.sqrt(1 + h))
        total = ahead[1:].sum(axis=0)
        variance = fitted.sigma[i] ** 2 * (3 + total @ np.linalg.solve(used.T @ used, total))
        np.testing.assert_allclose(fitted.car(0, 2)[1][i], np.sqrt(variance))
