"""The engine on estimation windows before, after and around the event, each security-event by a regression of its own bars."""

import numpy as np
import pytest

from eventstudy.abnormal import CAPM, Exclusion, FactorModel, MarketAdjusted, MarketModel, MeanAdjusted, estimate
from eventstudy.abnormal.engine import linear

RTOL = 1e-9  # two least squares of the same bars
BARS, MINIMUM = 130, 32
LAYOUTS = {  # window, before, after, tested window
    "before": ((-2, 3), (-42, -4), None, (-1, 2)),
    "just before": ((-1, 2), (-40, -2), None, (-1, -1)),
    "after": ((-3, 1), None, (5, 44), (0, 1)),
    "around": ((-2, 2), (-30, -5), (6, 25), (-2, 2)),
    "a window long after day 0": ((8, 12), (-45, -4), None, (9, 11)),
    "far before": ((0, 1), (-110, -70), None, (0, 0)),
}
MODELS = {
    "mean": MeanAdjusted(),
    "market": MarketModel("m"),
    "adjusted": MarketAdjusted("m"),
    "excess": CAPM("m", "rf"),
    "factors": FactorModel(("m", "f")),
}


def world(own):
    rng = np.random.default_rng(9)
    series = rng.normal(0, 0.01, (3, 2, BARS) if own else (2, BARS))
    returns = rng.normal(0.001, 0.01, (3, BARS)) + 0.8 * (series[:, 0] if own else series[0])
    returns[1, rng.random(BARS) < 0.08] = np.nan
    returns[2, 95:] = np.nan
    series[..., 77] = np.nan
    return returns, series


def one_event(y, x, offset, masked, day0, layout, *, forecast):
    """M, AR, sigma, their standard errors and those of the tested window's CAR, bar by bar."""
    window, before, after, tested = layout
    used = [
        day0 + day
        for piece in (before, after)
        if piece is not None
        for day in range(piece[0], piece[1] + 1)
        if 0 <= day0 + day < BARS and not masked[day0 + day]
    ]
    used = [t for t in used if np.isfinite(y[t] - offset[t]) and np.isfinite(x[:, t]).all()]
    design, response = x[:, used].T, (y - offset)[used]
    k = x.shape[0]
    if len(used) < MINIMUM:
        return {"m": len(used), "status": Exclusion.TOO_FEW_BARS}
    inverse = np.linalg.inv(design.T @ design)
    theta = inverse @ design.T @ response
    left = response - design @ theta
    sigma2 = left @ left / (len(used) - k)
    ar, error, total, count, reach = [], [], 0.0, 0, np.zeros(k)
    for day in range(window[0], window[1] + 1):
        t = day0 + day
        there = 0 <= t < BARS and np.isfinite(y[t] - offset[t]) and (not forecast or np.isfinite(x[:, t]).all())
        ahead = x[:, t] if there and forecast else np.zeros(k)
        ar.append(y[t] - offset[t] - ahead @ theta if there else np.nan)
        error.append(np.sqrt(sigma2 * (1 + ahead @ inverse @ ahead)) if there else np.nan)
        if there and tested[0] <= day <= tested[1]:
            total, count, reach = total + ar[-1], count + 1, reach + ahead
    if not np.isfinite(ar).any():
        return {"m": len(used), "status": Exclusion.NO_RETURNS_IN_WINDOW}
    spread = np.sqrt(sigma2 * (count + reach @ inverse @ reach)) if count else np.nan
    hat = np.einsum("tk,kl,tl->t", design, inverse, design)
    return {"m": len(used), "status": Exclusion.STUDIED, "ar": ar, "ar_se": error, "sigma": np.sqrt(sigma2),
            "car": total if count else np.nan, "car_se": spread, "count": count, "theta": theta, "used": used,
            "left": left, "hat": hat}  # fmt: skip


@pytest.mark.parametrize("mask", ["none", "bars", "own"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", MODELS)
def test_every_security_event_is_the_regression_of_its_own_bars(name, layout, mask):
    own = name in ("market", "excess") and mask != "bars"
    model, (window, before, after, tested) = MODELS[name], LAYOUTS[layout]
    returns, series = world(own)
    rng = np.random.default_rng(4)
    masked = {"none": None, "bars": rng.random(BARS) < 0.1, "own": rng.random((3, BARS)) < 0.1}[mask]
    day0 = rng.permutation(np.r_[0:BARS:4, 40, 41, 41, 90, BARS - 1])
    security = np.arange(day0.size) % 3
    rows = len(model.symbols)
    given = None if not rows else series[..., :rows, :]
    fitted = estimate(returns, given, security=security, day0=day0, window=window, estimation=before, after=after,
                      model=model, minimum=MINIMUM, masked=masked, chunk=7)  # fmt: skip
    forecast = not isinstance(model, MarketAdjusted)
    car, car_se, count = fitted.car(*tested)
    strict, strict_se, _ = fitted.car(*tested, "strict")
    ar_se, record = fitted.ar_se(), fitted.record(*tested)
    days = [day for piece in (before, after) if piece is not None for day in range(piece[0], piece[1] + 1)]
    seen = set()
    for i, (who, when) in enumerate(zip(security, day0, strict=True)):
        lines = np.zeros((0, BARS)) if not rows else (series[who] if own else series)[:rows]
        offset, x = np.zeros(BARS), np.vstack([np.ones(BARS), lines])
        if name == "adjusted":
            offset, x = lines[0], np.ones((1, BARS))
        elif name == "excess":
            offset, x = lines[1], np.vstack([np.ones(BARS), lines[0] - lines[1]])
        hidden = np.zeros(BARS, dtype=bool) if masked is None else masked if masked.ndim == 1 else masked[who]
        told = one_event(returns[who], x, offset, hidden, when, LAYOUTS[layout], forecast=forecast)
        assert (fitted.m[i], fitted.df[i]) == (told["m"], told["m"] - len(x))
        assert fitted.status[i] == told["status"]
        assert record.bar[i].tolist() == [when + day if 0 <= when + day < BARS else -1 for day in days]
        seen.add(int(fitted.status[i]))
        if told["status"]:
            assert np.isnan([*fitted.ar[i], fitted.sigma[i], *ar_se[i], *fitted.coef[i]]).all()
            continue
        np.testing.assert_allclose(fitted.ar[i], told["ar"], rtol=RTOL, atol=1e-15)
        np.testing.assert_allclose(fitted.sigma[i], told["sigma"], rtol=RTOL)
        np.testing.assert_allclose(ar_se[i], told["ar_se"], rtol=RTOL)
        np.testing.assert_allclose([car[i], car_se[i]], [told["car"], told["car_se"]], rtol=RTOL, atol=1e-15)
        np.testing.assert_allclose(fitted.coef[i], told["theta"], rtol=RTOL, atol=1e-14)
        assert count[i] == told["count"]
        whole = told["count"] == tested[1] - tested[0] + 1
        assert (np.isfinite(strict[i]), np.isfinite(strict_se[i])) == (whole, whole)
        there = np.isfinite(record.residual[i])
        assert record.bar[i, there].tolist() == told["used"]
        np.testing.assert_allclose(record.residual[i, there], told["left"], rtol=RTOL, atol=1e-15)
        np.testing.assert_allclose(record.leverage[i, there], told["hat"], rtol=RTOL)
        np.testing.assert_array_equal(record.design[i, there], x[:, told["used"]].T)
        ahead = np.full((tested[1] - tested[0] + 1, len(x)), np.nan)
        inside = when + np.arange(tested[0], tested[1] + 1)
        good = (inside >= 0) & (inside < BARS)
        ahead[good] = x[:, inside[good]].T
        ahead[:, 0] = 1.0
        np.testing.assert_array_equal(record.window_design[i], ahead)
        mean = 0.0 if forecast else told["theta"][0]
        np.testing.assert_allclose(record.mean[i], mean, rtol=RTOL, atol=1e-15)
        assert not fitted.degenerate[i]
        assert not fitted.suspect[i]
    assert {0, int(Exclusion.TOO_FEW_BARS)} <= seen


@pytest.mark.parametrize("sorted_", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_the_number_of_designs_that_are_held_at_once_changes_no_bit(monkeypatch, own, sorted_):
    returns, series = world(own)
    rng = np.random.default_rng(2)
    security, day0 = rng.integers(0, 3, 60), rng.integers(40, 90, 60)
    if sorted_:
        day0.sort()
    options = {
        "security": security,
        "day0": day0,
        "window": (-2, 3),
        "estimation": (-40, -4),
        "minimum": 30,
        "chunk": 8,
    }
    alone = estimate(returns, series, model=MODELS["factors"], **options)
    for designs in (1, 2, 7):
        monkeypatch.setattr(linear, "DESIGNS", designs)
        cut = estimate(returns, series, model=MODELS["factors"], **options)
        np.testing.assert_array_equal(cut.ar, alone.ar)
        np.testing.assert_array_equal(cut.ar_se(), alone.ar_se())
        np.testing.assert_array_equal(cut.coef, alone.coef)


def test_a_block_ends_where_its_designs_do(monkeypatch):
    monkeypatch.setattr(linear, "DESIGNS", 3)
    for day0 in ([1, 1, 2, 3, 3, 4, 5, 6, 6, 7], [1, 2, 3], [1, 2, 3, 3], [4], [4, 4, 4, 4]):
        at, ends = 0, []
        while at < len(day0):
            end = at
            while end < len(day0) and len(set(day0[at : end + 1])) <= 3:
                end += 1
            assert linear._block_end(np.array(day0), at, own=False) == end
            ends.append(end)
            at = end
        assert linear._block_end(np.array(day0), 0, own=True) == min(3, len(day0))
        assert ends[-1] == len(day0)
    assert linear._block_end(np.arange(10), 5, own=True) == 8


def test_dates_are_sorted_in_the_order_given_and_beyond_sixteen_bits():
    assert linear.by_date(np.array([1, 1, 2, 5])) is None
    assert linear.by_date(np.zeros(0, dtype=np.int64)) is None
    assert linear.by_date(np.array([3, 1, 3, 1, 2])).tolist() == [1, 3, 4, 0, 2]
    assert linear.by_date(np.array([70000, 5, 70000 - 65536])).tolist() == [1, 2, 0]
    assert linear.by_date(np.array([65536, 5])).tolist() == [1, 0]
    assert linear.by_date(np.array([65535, 5, 65535])).tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("planned", "there", "bare"),
    [
        (40, 30, False),
        (40, 29, True),
        (10, 10, False),
        (10, 9, True),
        (4, 4, False),
        (4, 3, True),
        (3, 3, True),
        (40, 0, True),
    ],
)
def test_a_market_adjusted_return_stands_without_a_history_but_has_no_standard_error(planned, there, bare):
    rng = np.random.default_rng(3)
    returns, market = rng.normal(0, 0.01, (1, 100)), rng.normal(0, 0.01, (1, 100))
    returns[0, 70 - planned : 70 - there] = np.nan
    fitted = estimate(returns, market, security=np.array([0]), day0=np.array([70]), window=(0, 2),
                      estimation=(-planned, -1), model=MarketAdjusted("m"), minimum=0)  # fmt: skip
    assert (fitted.status[0], fitted.m[0], fitted.df[0]) == (Exclusion.STUDIED, there, max(there - 1, 0))
    np.testing.assert_allclose(fitted.ar[0], returns[0, 70:73] - market[0, 70:73], rtol=RTOL)
    assert np.isnan(fitted.sigma[0]) == fitted.degenerate[0] == bare
    if not bare:
        own = (returns - market)[0, 70 - there : 70]
        np.testing.assert_allclose(fitted.sigma[0], own.std(ddof=1), rtol=RTOL)
    mean = (returns - market)[0, 70 - there : 70].sum() / max(there, 1)  # nothing of nothing is nothing
    np.testing.assert_allclose(fitted.record(0, 2).mean, [mean], rtol=RTOL)


def test_a_nearly_perfect_fit_with_just_enough_bars_keeps_its_digits():
    """The residuals are a millionth of the returns: a difference of squares would have four digits of theirs."""
    rng = np.random.default_rng(5)
    market = rng.normal(0, 0.01, (1, 100))
    returns = 0.001 + 1.5 * market + 1e-8 * rng.normal(size=(1, 100))
    returns[0, 20:50] = np.nan
    fitted = estimate(returns, market, security=np.array([0]), day0=np.array([90]), window=(0, 1), estimation=(-80, -1),
                      model=MarketModel("m"), minimum=50)  # fmt: skip
    used = np.r_[10:20, 50:90]
    x = np.column_stack([np.ones(50), market[0, used]])
    left = returns[0, used] - x @ np.linalg.lstsq(x, returns[0, used], rcond=None)[0]
    assert fitted.m[0] == 50
    np.testing.assert_allclose(fitted.sigma[0], np.sqrt(left @ left / 48), rtol=1e-6)
    assert not fitted.degenerate[0]


@pytest.mark.parametrize("still", [slice(20, 60), slice(70, 110)], ids=["the first date", "the last date"])
@pytest.mark.parametrize("minimum", [30, 0])
def test_a_date_without_a_moving_market_beside_others_is_found(still, minimum):
    rng = np.random.default_rng(6)
    returns, market = rng.normal(0, 0.01, (2, 130)), rng.normal(0, 0.01, (1, 130))
    market[0, still] = 0.002
    returns[0, 50] = np.nan
    day0 = np.array([62, 62, 85, 112, 112])
    fitted = estimate(returns, market, security=np.array([0, 1, 0, 1, 0]), day0=day0, window=(0, 2), estimation=(-40, -4),
                      model=MarketModel("m"), minimum=minimum)  # fmt: skip
    gone = [day - 40 >= still.start and day - 4 < still.stop for day in day0]
    assert sum(gone) == 2
    assert (fitted.status == Exclusion.RANK_DEFICIENT).tolist() == gone
    assert np.isnan(fitted.sigma).tolist() == gone
