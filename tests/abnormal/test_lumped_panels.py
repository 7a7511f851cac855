"""Returns that reach over missing prices, and models with an estimator of their own: each event by its own weighted fit."""

import numpy as np
import pytest

from eventstudy.abnormal import (
    CAPM,
    Exclusion,
    FactorModel,
    MarketAdjusted,
    MarketModel,
    MeanAdjusted,
    RobustMarketModel,
    ScholesWilliams,
    TradeToTrade,
    estimate,
)
from eventstudy.abnormal.models.lumped import lump, spans_of

RTOL = 1e-9  # two least squares of the same bars
BARS, MINIMUM = 140, 30
WINDOW, ESTIMATION, AFTER, TESTED = (-2, 4), (-48, -4), (7, 25), (-1, 3)
MODELS = {
    "mean": MeanAdjusted(),
    "market": MarketModel("m"),
    "adjusted": MarketAdjusted("m"),
    "excess": CAPM("m", "rf"),
    "factors": FactorModel(("m", "f")),
    "trade to trade": TradeToTrade("m"),
}


def world(own):
    rng = np.random.default_rng(12)
    series = rng.normal(0, 0.01, (3, 2, BARS) if own else (2, BARS))
    price = np.exp(np.cumsum(rng.normal(0.001, 0.012, (3, BARS)), axis=1))
    price[rng.random(price.shape) < 0.15] = np.nan
    price[0, 60:64] = np.nan
    returns = lump(price)
    return returns, spans_of(returns), series


def what_is_read(name, lines):
    """What is taken from a return on each bar, and the columns of the design."""
    if name == "adjusted":
        return lines[0], np.ones((1, BARS))
    if name == "excess":
        return lines[1], np.vstack([np.ones(BARS), lines[0] - lines[1]])
    return np.zeros(BARS), np.vstack([np.ones(BARS), lines])


def covered(line, t):
    """A return less its offset, its columns and how many bars it covers; None where there is none."""
    returns, spans, offset, x = line
    if not (0 <= t < BARS and np.isfinite(returns[t])):
        return None
    n = int(spans[t])
    at = range(t - n + 1, t + 1)
    return returns[t] - sum(offset[b] for b in at), sum(x[:, b] for b in at), n


def estimated_on(line, when, days, masked, weighs):
    """The relative days that are estimated on, with the returns, columns and spans of each."""
    found = [(day, covered(line, when + day)) for day in days]
    kept = [
        (day, *part) for day, part in found if part is not None and not masked[when + day] and (weighs or part[2] == 1)
    ]
    used, y, design, n = zip(*kept, strict=True) if kept else ([], [], [], [])
    return list(used), *(np.array(part, dtype=float) for part in (y, design, n))


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("after", [None, AFTER])
@pytest.mark.parametrize("name", MODELS)
def test_the_normal_return_is_summed_over_the_bars_that_a_return_covers(name, after, masked, own):
    model, (returns, spans, series) = MODELS[name], world(own)
    rows, weighs = len(model.symbols), isinstance(model, TradeToTrade)
    mask = np.random.default_rng(3).random((3, BARS)) < 0.1 if masked else None
    day0 = np.array([*range(2, BARS, 5), 61, 62, 64])
    security = np.arange(day0.size) % 3
    given = None if not rows else series[..., :rows, :]
    fitted = estimate(returns, given, security=security, day0=day0, window=WINDOW, estimation=ESTIMATION, after=after,
                      model=model, minimum=MINIMUM, masked=mask, spans=spans, chunk=6)  # fmt: skip
    car, car_se, count = fitted.car(*TESTED)
    ar_se, record = fitted.ar_se(), fitted.record(*TESTED)
    days = [*range(ESTIMATION[0], ESTIMATION[1] + 1)] + ([] if after is None else [*range(after[0], after[1] + 1)])
    studied = 0
    for i, (who, when) in enumerate(zip(security, day0, strict=True)):
        offset, x = what_is_read(name, np.zeros((0, BARS)) if not rows else (series[who] if own else series)[:rows])
        line = (returns[who], spans[who], offset, x)
        used, y, design, n = estimated_on(line, when, days, mask[who] if masked else np.zeros(BARS, dtype=bool), weighs)
        assert fitted.m[i] == len(used)
        if len(used) < MINIMUM:
            assert fitted.status[i] == Exclusion.TOO_FEW_BARS
            continue
        inverse = np.linalg.inv((design / n[:, None]).T @ design)
        theta = inverse @ (design / n[:, None]).T @ y
        left = (y - design @ theta) / np.sqrt(n)
        sigma2 = left @ left / (len(used) - len(x))
        if name == "adjusted":
            theta = 0 * theta
        ahead = [covered(line, when + day) for day in range(WINDOW[0], WINDOW[1] + 1)]
        if all(part is None for part in ahead):
            assert fitted.status[i] == Exclusion.NO_RETURNS_IN_WINDOW
            continue
        studied += 1
        own_inverse = 0 * inverse if name == "adjusted" else inverse
        np.testing.assert_allclose(
            fitted.ar[i],
            [np.nan if part is None else part[0] - part[1] @ theta for part in ahead],
            rtol=RTOL,
            atol=1e-15,
        )
        error = [
            np.nan if part is None else np.sqrt(sigma2 * (part[2] + part[1] @ own_inverse @ part[1])) for part in ahead
        ]
        np.testing.assert_allclose(ar_se[i], error, rtol=RTOL)
        np.testing.assert_allclose(fitted.sigma[i] ** 2, sigma2, rtol=RTOL)
        inside = [part for part in ahead[TESTED[0] - WINDOW[0] : TESTED[1] - WINDOW[0] + 1] if part is not None]
        assert count[i] == len(inside)
        if inside:
            reach = sum(part[1] for part in inside)
            variance = sigma2 * (sum(part[2] for part in inside) + reach @ own_inverse @ reach)
            np.testing.assert_allclose(car[i], sum(part[0] - part[1] @ theta for part in inside), rtol=RTOL, atol=1e-15)
            np.testing.assert_allclose(car_se[i] ** 2, variance, rtol=RTOL)
        there = np.flatnonzero(np.isfinite(record.residual[i]))
        assert [days[at] for at in there] == used
        np.testing.assert_allclose(record.abnormal[i, there], (y - design @ theta) / np.sqrt(n), rtol=RTOL, atol=1e-15)
        np.testing.assert_array_equal(record.bar[i, there], when + np.array(used))
        np.testing.assert_allclose(record.design[i, there], design, rtol=RTOL)
        hat = np.einsum("tk,kl,tl->t", design, inverse, design) / n
        np.testing.assert_allclose(record.leverage[i, there], 0 * hat if name == "adjusted" else hat, rtol=RTOL)
        tested = [(at, when + day) for at, day in enumerate(range(TESTED[0], TESTED[1] + 1)) if 0 <= when + day < BARS]
        for at, t in tested:  # a bar without a return stands for itself
            expected = x[:, t] if covered(line, t) is None else covered(line, t)[1]
            np.testing.assert_allclose(record.window_design[i, at], expected, rtol=RTOL)
        assert not fitted.fallback[i]
    assert studied > 5


def robust(stock, market, **options):
    return estimate(stock[None], market[None], security=np.array([0]), day0=np.array([100]), window=(0, 2),
                    estimation=(-60, -1), model=ScholesWilliams("m"), **{"minimum": 40, **options})  # fmt: skip


@pytest.fixture
def pair():
    rng = np.random.default_rng(6)
    market = rng.normal(0, 0.01, 130)
    return market + rng.normal(0, 0.01, 130), market


def test_each_reason_to_exclude_a_model_of_its_own_and_which_goes_first(pair):
    stock, market = pair
    assert robust(stock, market).status[0] == Exclusion.STUDIED

    def status(change, **options):
        moved, other = stock.copy(), market.copy()
        change(moved, other)
        fitted = robust(moved, other, **options)
        if fitted.status[0]:
            assert np.isnan([*fitted.ar[0], fitted.sigma[0], *fitted.coef[0]]).all()
            assert not fitted.degenerate[0]
        return fitted.status[0]

    def put(value, *places):
        def change(moved, _):
            for at in places:
                moved[at] = value

        return change

    assert status(put(np.nan, 100, 101, 102)) == Exclusion.NO_RETURNS_IN_WINDOW
    assert status(put(np.nan, 100, 101)) == Exclusion.STUDIED
    assert status(put(np.inf, 101)) == Exclusion.INFINITE_RETURN
    assert status(put(-np.inf, 50)) == Exclusion.INFINITE_RETURN
    assert status(put(np.inf, 39)) == Exclusion.STUDIED  # one bar before the estimation window
    few = put(np.nan, *range(41, 62))
    assert (status(few), status(put(np.nan, *range(41, 60)))) == (Exclusion.TOO_FEW_BARS, Exclusion.STUDIED)
    assert status(lambda moved, _: (few(moved, _), put(np.inf, 101)(moved, _))) == Exclusion.TOO_FEW_BARS

    def still(_, other):
        other[30:110] = 0.001

    assert status(still) == Exclusion.RANK_DEFICIENT
    assert status(lambda moved, other: (still(moved, other), few(moved, other))) == Exclusion.TOO_FEW_BARS


def test_enough_bars_are_exactly_the_minimum(pair):
    stock, market = pair
    fitted = robust(stock, market)
    assert fitted.m[0] < 60  # its beta reads a bar before and one after
    for least, studied in ((int(fitted.m[0]), True), (60, True), (61, False)):
        assert (robust(stock, market, minimum=least).status[0] == Exclusion.STUDIED) == studied


@pytest.mark.parametrize(("noise", "degenerate"), [(0.0, True), (0.3e-10, True), (3e-10, False), (1e-3, False)])
def test_a_fit_to_a_ten_billionth_of_the_largest_return_is_degenerate(pair, noise, degenerate):
    _, market = pair
    wave = np.where(np.arange(130) % 2, 1.0, -1.0)
    market = market - (market @ wave) / 130 * wave
    stock = 0.5 + noise * wave
    fitted = estimate(stock[None], market[None], security=np.array([0]), day0=np.array([100]), window=(0, 2),
                      estimation=(-60, -1), model=RobustMarketModel("m", method="theil-sen"), minimum=40)  # fmt: skip
    if fitted.status[0] == Exclusion.STUDIED:
        assert fitted.degenerate[0] == degenerate
        assert np.isfinite(fitted.ar).all()
    else:
        assert degenerate


def test_a_return_of_a_thousand_percent_is_flagged_by_models_of_their_own_too(pair):
    stock, market = pair
    assert not robust(stock, market).suspect[0]
    stock[101] = -10.0
    assert robust(stock, market).suspect[0]
    stock[101], stock[99] = 0.0, 10.0  # in the estimation window
    assert not robust(stock, market).suspect[0]


def test_a_bar_that_its_own_regressor_fits_has_a_leverage_just_below_one(pair):
    stock, market = pair
    alone = np.eye(130)[70]
    fitted = estimate(stock[None], np.stack([market, alone]), security=np.array([0]), day0=np.array([100]), window=(0, 2),
                      estimation=(-60, -1), model=FactorModel(("m", "f")), minimum=40, spans=np.ones((1, 130)))  # fmt: skip
    leverage = fitted.record(0, 2).leverage[0]
    assert leverage[30] == pytest.approx(1 - 1e-9, abs=1e-12)
    assert leverage.argmax() == 30
