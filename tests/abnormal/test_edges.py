"""The edge policy of METHODS 1.1, row by row (what needs labels is tested with the study), and ill-conditioned designs."""

from fractions import Fraction

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.abnormal import (
    Exclusion,
    FactorModel,
    MarketAdjusted,
    MarketModel,
    MeanAdjusted,
    SyntheticControl,
    estimate,
)
from eventstudy.abnormal.windows import bars_of
from eventstudy.errors import StudyError

BARS, DAY0 = 320, 290
WINDOW, ESTIMATION = (-2, 5), (-253, -4)


@pytest.fixture
def data():
    rng = np.random.default_rng(31)
    market = rng.normal(0, 0.01, BARS)
    return 0.0003 + 0.9 * market + rng.normal(0, 0.012, BARS), market


def run(stock, market, model=None, day0=DAY0, **options):
    options = {"window": WINDOW, "estimation": ESTIMATION, **options}
    return estimate(np.atleast_2d(stock), np.atleast_2d(market), security=np.array([0]), day0=np.array([day0]),
                    model=model or MarketModel("m"), **options)  # fmt: skip


@pytest.mark.parametrize("day0", [[3, 5], [0, 5], [3, 9], [1, 2, 8]])
def test_bars_of_windows_and_what_lies_outside_the_data(day0):
    wanted = [[at + shift if 0 <= at + shift < 10 else -1 for shift in range(-2, 3)] for at in day0]
    assert bars_of(np.array(day0), -2, 2, 10).tolist() == wanted


def test_missing_estimation_returns_shrink_m(data):
    stock, market = data
    stock[100:150] = np.nan
    fitted = run(stock, market)
    assert (fitted.m[0], fitted.df[0]) == (200, 198)


@pytest.mark.parametrize(("usable", "status"), [(100, Exclusion.STUDIED), (99, Exclusion.TOO_FEW_BARS)])
def test_the_minimum_is_met_or_missed_by_one_bar(data, usable, status):
    stock, market = data
    stock[: DAY0 - 3 - usable] = np.nan
    fitted = run(stock, market)
    assert (fitted.m[0], fitted.status[0]) == (usable, status)


@pytest.mark.parametrize(
    ("model", "planned", "minimum", "needed"),
    [
        (MarketModel("m"), 250, 1, 30),  # the hard floor
        (MarketModel("m"), 20, 1, 20),  # a shorter window must be whole
        (MarketModel("m"), 4, 1, 5),  # k + 3, which a window of four bars cannot meet
        (MeanAdjusted(), 250, 60, 60),
    ],
)
def test_the_floor_under_any_minimum(data, model, planned, minimum, needed):
    fitted = run(*data, model=model, estimation=(-3 - planned, -4), minimum=minimum)
    assert fitted.inputs.minimum == needed
    assert fitted.status[0] == (Exclusion.TOO_FEW_BARS if planned < needed else Exclusion.STUDIED)


def test_missing_in_the_event_window_stays_missing_and_the_variance_is_of_what_is_there(data):
    stock, market = data
    stock[DAY0 + 1] = np.nan
    fitted = run(stock, market)
    car, error, count = fitted.car(0, 2)
    assert np.isnan(fitted.ar[0, 3])
    at, window = np.arange(DAY0 - 253, DAY0 - 3), np.array([DAY0, DAY0 + 2])
    x = sm.add_constant(market)
    ols = sm.OLS(stock[at], x[at]).fit()
    total = x[window].sum(axis=0)
    np.testing.assert_allclose(error[0] ** 2, 2 * ols.scale + total @ ols.cov_params() @ total, rtol=1e-10)
    assert count[0] == 2
    assert np.isnan(fitted.car(0, 2, "strict")[0][0])
    assert np.isnan(fitted.car(0, 2, "strict")[1][0])
    assert np.isfinite(car[0])


@pytest.mark.parametrize("model", [MarketModel("m"), MarketAdjusted("m")])
def test_a_bar_without_market_is_usable_for_nobody(data, model):
    stock, market = data
    market[[200, DAY0]] = np.nan
    fitted = run(stock, market, model=model)
    assert fitted.m[0] == 249
    assert np.isnan(fitted.ar[0, 2])


def test_a_price_that_does_not_move_keeps_its_return_and_has_no_standardized_one(data):
    stock, market = data
    stock[: DAY0 - 1] = 0.0
    for model in (MeanAdjusted(), MarketModel("m")):
        fitted = run(stock, market, model=model)
        sample = fitted.sample(0, 1)
        assert (fitted.status[0], fitted.degenerate[0]) == (Exclusion.STUDIED, True)
        assert np.isfinite(sample.car[0])
        assert np.isnan(sample.scar[0])
        assert np.isnan(sample.sar).all()


def test_an_index_that_tracks_itself_is_degenerate(data):
    _, market = data
    assert run(market, market).degenerate[0]
    assert run(2 * market + 0.001, market).degenerate[0]
    assert not run(market + np.random.default_rng(0).normal(0, 1e-8, BARS), market).degenerate[0]


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize(
    ("level", "noise", "degenerate"),
    [(0.01, 0.5e-12, True), (-0.01, 0.5e-12, True), (0.01, 2e-12, False), (0.0, 2e-12, False)],
)
def test_a_return_that_hardly_differs_from_bar_to_bar_is_degenerate(data, level, noise, degenerate, holes):
    """METHODS 1.1: sigma of 1e-10 of the largest return, whatever share that is of what the returns differ by."""
    _, market = data
    wave = np.random.default_rng(1).normal(size=BARS)
    stock = level + noise * wave
    if holes:
        stock[100:110] = np.nan
    for model in (MeanAdjusted(), MarketModel("m")):
        fitted = run(stock, market, model=model)
        assert fitted.degenerate[0] == degenerate
        assert (fitted.sigma[0] <= 1e-10 * abs(level)) == degenerate
        assert fitted.status[0] == Exclusion.STUDIED


@pytest.mark.parametrize(("share", "degenerate"), [(0.5e-14, True), (3e-14, False)])
def test_residuals_of_a_hundred_trillionth_of_the_squares_are_degenerate(data, share, degenerate):
    """One return is so small a part of all that sigma is far above 1e-10 of it."""
    _, market = data
    wave = np.where(np.arange(BARS) % 2, 1.0, -1.0)
    fitted = run(market + np.sqrt(share) * 0.01 * wave, market)
    at = np.arange(DAY0 - 253, DAY0 - 3)
    ratio = fitted.sigma[0] ** 2 * 248 / ((market[at] - market[at].mean()) ** 2).sum()
    assert ratio == pytest.approx(share, rel=0.2)
    assert fitted.sigma[0] > 1.5e-10 * np.abs(market[at]).max()
    assert fitted.degenerate[0] == degenerate


def test_regressors_that_do_not_vary_are_rank_deficient(data):
    stock, market = data
    assert run(stock, np.full(BARS, 0.002)).status[0] == Exclusion.RANK_DEFICIENT
    twins = np.stack([market, 3 * market - 0.001])
    assert run(stock, twins, model=FactorModel(("a", "b"))).status[0] == Exclusion.RANK_DEFICIENT
    # varying in general, but not on the bars that this security can use
    still = market.copy()
    still[DAY0 - 253 : DAY0 - 60] = 0.001
    thin = stock.copy()
    thin[DAY0 - 60 : DAY0 - 3] = np.nan
    assert run(thin, still).status[0] == Exclusion.RANK_DEFICIENT


def test_masked_bars_leave_the_estimation_window_only(data):
    stock, market = data
    masked = np.zeros(BARS, dtype=bool)
    masked[[150, 151, DAY0, DAY0 + 1]] = True
    wild = stock.copy()
    wild[[150, 151]] = 0.7
    fitted, clean = run(wild, market, masked=masked), run(stock, market, masked=masked)
    assert fitted.m[0] == 248
    assert np.isfinite(fitted.ar).all()
    np.testing.assert_array_equal(fitted.ar, clean.ar)
    assert run(stock, market).m[0] == 250


def test_an_event_near_the_edge_of_the_data_keeps_what_is_there(data):
    fitted = run(*data, day0=150)
    assert (fitted.m[0], fitted.status[0]) == (147, Exclusion.STUDIED)
    end = run(*data, day0=BARS - 2)
    assert end.car(0, 5)[2][0] == 2
    assert np.isnan(end.car(0, 5, "strict")[0][0])
    assert np.isfinite(end.car(0, 1, "strict")[0][0])
    assert run(*data, day0=50).status[0] == Exclusion.TOO_FEW_BARS


def test_a_thousandfold_return_is_kept_and_flagged(data):
    stock, market = data
    stock[DAY0] = 12.0
    fitted = run(stock, market)
    assert fitted.suspect[0]
    assert fitted.ar[0, 2] == pytest.approx(12.0, abs=0.1)
    assert not run(np.where(stock > 10, 0.0, stock), market).suspect[0]


def test_infinities_exclude(data):
    stock, market = data
    for at in (100, DAY0):
        odd = stock.copy()
        odd[at] = np.inf
        assert run(odd, market).status[0] == Exclusion.INFINITE_RETURN
    odd = stock.copy()
    odd[5] = -np.inf  # outside every window
    assert run(odd, market).status[0] == Exclusion.STUDIED


def test_no_return_in_the_window_excludes(data):
    stock, market = data
    stock[DAY0 - 2 : DAY0 + 6] = np.nan
    assert run(stock, market).status[0] == Exclusion.NO_RETURNS_IN_WINDOW


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"estimation": (-250, -2)}, "end it on -3 or before"),
        ({"window": (3, 1)}, "runs backwards"),
        ({"masked": np.zeros(7, dtype=bool)}, "masked has 7 bars"),
        ({"day0": BARS}, "must point into returns"),
        ({"estimation": (-253, 0)}, "end it on -3 or before"),
        ({"after": (5, 40)}, "begin it on 6 or after|begin it on 6"),
        ({"after": (0, 40)}, "inside or before the event window"),
        ({"after": (40, 20)}, "runs backwards"),
        ({"estimation": (-4, -253)}, "runs backwards"),
        ({"estimation": None}, "estimation=None: name the window after the event then"),
        (
            {"spans": np.ones((1, BARS)), "model": SyntheticControl(("A", "B"))},
            "no form for returns over missing prices",
        ),
    ],
)
def test_arguments_that_cannot_be_meant(data, change, words):
    with pytest.raises(StudyError, match=words):
        run(*data, **change)


def test_windows_may_touch_and_one_after_the_event_may_stand_alone(data):
    stock, market = data
    touching = run(stock, market, estimation=(-253, -3), after=(6, 20))
    assert (touching.m[0], touching.status[0]) == (251 + 15, Exclusion.STUDIED)
    alone = run(stock, market, estimation=None, after=(6, 29), minimum=20)
    assert (alone.m[0], alone.inputs.minimum, alone.inputs.kept) == (24, 24, None)
    assert touching.inputs.gap == (-2, 5)
    assert touching.inputs.pieces == [(-253, -3), (6, 20)]
    assert touching.inputs.kept.sum() == 251 + 15


def test_a_hundred_bars_are_needed_unless_said_otherwise(data):
    for planned, status in ((100, Exclusion.STUDIED), (99, Exclusion.TOO_FEW_BARS)):
        assert run(*data, estimation=(-3 - planned, -4)).status[0] == status


@pytest.mark.parametrize(
    ("returns", "security", "day0"),
    [
        (np.zeros(40), [0], [20]),
        (np.zeros((1, 2, 40)), [0], [20]),
        (np.zeros((2, 40)), [[0]], [[20]]),
        (np.zeros((2, 40)), [0, 1], [20]),
    ],
)
def test_shapes_that_do_not_fit_are_refused(returns, security, day0):
    with pytest.raises(StudyError, match=r"returns must be \(securities, bars\), security and day0 one length"):
        estimate(
            returns,
            None,
            security=np.array(security),
            day0=np.array(day0),
            window=(0, 1),
            estimation=(-15, -1),
            model=MeanAdjusted(),
        )


def test_no_security_event_is_a_study_of_none(data):
    stock, market = data
    none = np.zeros(0, dtype=np.int64)
    fitted = estimate(
        stock[None],
        market[None],
        security=none,
        day0=none,
        window=WINDOW,
        estimation=ESTIMATION,
        model=MarketModel("m"),
    )
    assert (fitted.ar.shape, fitted.coef.shape, fitted.car(0, 1)[0].shape) == ((0, 8), (0, 2), (0,))


@pytest.mark.parametrize(("first", "last"), [(-3, 0), (0, 6), (2, 1), (6, 7)])
def test_a_tested_window_outside_the_event_window_or_reversed_is_refused(data, first, last):
    fitted = run(*data)
    with pytest.raises(StudyError, match=r"must lie inside the event window \(-2, 5\)"):
        fitted.car(first, last)
    assert (fitted.columns(-2, 5), fitted.columns(0, 0)) == (slice(0, 8), slice(2, 3))


@pytest.mark.parametrize("wrong", [{"security": -1}, {"security": 2}, {"day0": -1}, {"day0": 40}])
def test_one_event_outside_the_panel_among_others_is_refused(wrong):
    given = {"security": np.array([0, 1, 1]), "day0": np.array([0, 39, 20])}
    options = {"window": (0, 1), "estimation": (-15, -1), "model": MeanAdjusted()}
    returns = np.random.default_rng(0).normal(size=(2, 40))
    assert estimate(returns, None, **given, **options).status.size == 3
    for name, value in wrong.items():
        given[name][1] = value
    with pytest.raises(StudyError, match=r"must point into returns of shape \(2, 40\)"):
        estimate(returns, None, **given, **options)


def test_a_model_must_get_its_series(data):
    stock, market = data
    with pytest.raises(StudyError, match="needs 2 regressor series, 1 given"):
        run(stock, market, model=FactorModel(("a", "b")))


def exact_prediction(y, x, ahead):
    """AR, sigma^2 and leverage by rational arithmetic: no rounding whatever the condition of the design."""
    rows = [[Fraction(float(value)) for value in row] for row in x]
    target = [Fraction(float(value)) for value in y]
    k = len(rows[0])
    gram = [[sum(row[i] * row[j] for row in rows) for j in range(k)] for i in range(k)]
    new = [Fraction(float(value)) for value in ahead]
    right = [[sum(row[i] * value for row, value in zip(rows, target, strict=True)), new[i]] for i in range(k)]
    for i in range(k):
        for j in range(i + 1, k):
            ratio = gram[j][i] / gram[i][i]
            gram[j] = [a - ratio * b for a, b in zip(gram[j], gram[i], strict=True)]
            right[j] = [a - ratio * b for a, b in zip(right[j], right[i], strict=True)]
    solved = [[Fraction(0), Fraction(0)] for _ in range(k)]
    for i in reversed(range(k)):
        for c in range(2):
            known = sum((gram[i][j] * solved[j][c] for j in range(i + 1, k)), Fraction(0))
            solved[i][c] = (right[i][c] - known) / gram[i][i]
    theta = [pair[0] for pair in solved]
    sse = sum(
        (value - sum(a * b for a, b in zip(row, theta, strict=True))) ** 2
        for row, value in zip(rows, target, strict=True)
    )
    leverage = sum(a * pair[1] for a, pair in zip(new, solved, strict=True))
    return theta, float(sse / (len(rows) - k)), float(leverage)


@pytest.mark.parametrize("gap", [1e-3, 1e-5])
@pytest.mark.parametrize("holes", [0, 3])
def test_near_collinear_factors_against_exact_arithmetic(gap, holes):
    rng = np.random.default_rng(17)
    market = rng.normal(0, 0.01, 80)
    series = np.stack([market, market + gap * rng.normal(0, 0.01, 80)])
    stock = 0.8 * market + rng.normal(0, 0.01, 80)
    stock[[20, 30, 44][:holes]] = np.nan
    fitted = estimate(stock[None], series, security=np.array([0]), day0=np.array([70]), window=(0, 0),
                      estimation=(-60, -1), model=FactorModel(("a", "b")), minimum=30)  # fmt: skip
    at = np.arange(10, 70)
    at = at[np.isfinite(stock[at])]
    design = np.column_stack([np.ones(80), *series])
    theta, sigma2, leverage = exact_prediction(stock[at], design[at], design[70])
    expected = float(
        Fraction(float(stock[70])) - sum(a * Fraction(float(b)) for a, b in zip(theta, design[70], strict=True))
    )
    # the data's own last digits are worth gap^-1 times more here: 1e-16/1e-5, with a margin
    tolerance = 1e-10 if gap >= 1e-3 else 1e-9
    np.testing.assert_allclose(fitted.sigma[0] ** 2, sigma2, rtol=1e-10)
    np.testing.assert_allclose(fitted.ar[0, 0], expected, rtol=tolerance)
    np.testing.assert_allclose(fitted.ar_se()[0, 0] ** 2, sigma2 * (1 + leverage), rtol=1e-10)
