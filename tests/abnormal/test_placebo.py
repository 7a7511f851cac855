"""Where placebo events may lie, and what the tests get, against brute force."""

import numpy as np
import pytest

from eventstudy.abnormal import MarketAdjusted, MarketModel, MeanAdjusted, estimate, placebo_refit as placebo
from eventstudy.abnormal.engine.engine import estimate_again
from eventstudy.abnormal.placebo_refit import _counts, admissible


@pytest.fixture
def fitted():
    rng = np.random.default_rng(4)
    market = rng.normal(0, 0.01, 260)
    returns = np.array([0.5, 1.2, 0.9])[:, None] * market + rng.normal(0, 0.01, (3, 260))
    returns[1, :120] = np.nan
    returns[2, 200] = np.nan
    masked = np.zeros(260, dtype=bool)
    masked[[100, 101, 150, 151]] = True
    return estimate(returns, market[None], security=np.array([0, 1, 2]), day0=np.array([190, 250, 190]), window=(-3, 3),
                    estimation=(-63, -4), model=MarketModel("m"), minimum=50, masked=masked)  # fmt: skip


@pytest.mark.parametrize("buffer", [None, 5])
def test_admissible_is_history_window_and_distance(fitted, buffer):
    inputs = fitted.inputs
    real = np.zeros((3, 260), dtype=bool)
    real[[0, 1, 2], [190, 250, 190]] = True
    got = admissible(fitted, 0, 2, real, buffer=buffer)
    near = 3 if buffer is None else buffer
    for s in range(3):
        for d in range(260):
            history = [
                t
                for t in range(d - 63, d - 3)
                if 0 <= t < 260 and np.isfinite(inputs.returns[s, t]) and not inputs.masked[t]
            ]
            window = [0 <= t < 260 and np.isfinite(inputs.returns[s, t]) for t in range(d, d + 3)]
            clear = all(abs(d - other) >= near for other in np.flatnonzero(real[s]))
            assert got[s, d] == (len(history) >= 50 and all(window) and clear)
    assert got.any(axis=1).all()


@pytest.mark.parametrize("buffer", [None, 0, 1, 7])
@pytest.mark.parametrize("kind", ["mean", "adjusted", "own market, masks of their own", "before and after"])
@pytest.mark.parametrize(("first", "last"), [(-1, 3), (1, 1)])
def test_admissible_asks_for_all_that_the_model_reads(kind, first, last, buffer):
    rng = np.random.default_rng(6)
    returns, market = rng.normal(0, 0.01, (3, 120)), rng.normal(0, 0.01, (3, 1, 120))
    returns[rng.random(returns.shape) < 0.06] = np.nan
    market[rng.random(market.shape) < 0.02] = np.nan
    masked = rng.random((3, 120)) < 0.1 if kind.startswith("own") else rng.random(120) < 0.1
    model = {"mean": MeanAdjusted(), "adjusted": MarketAdjusted("m")}.get(kind, MarketModel("m"))
    own = kind.startswith("own")
    given = None if kind == "mean" else market if own else market[0]
    after = (5, 14) if kind == "before and after" else None
    fitted = estimate(returns, given, security=np.array([0, 1]), day0=np.array([70, 80]), window=(-2, 4), estimation=(-42, -4),
                      after=after, model=model, minimum=30, masked=masked)  # fmt: skip
    real = rng.random(120) < 0.05
    near = last - first + 1 if buffer is None else buffer
    line = np.zeros((3, 120)) if kind == "mean" else market[:, 0] if own else np.repeat(market[0], 3, axis=0)
    there, hidden = np.isfinite(returns) & np.isfinite(line), np.broadcast_to(masked, (3, 120))
    days = [*range(-42, -3)] + ([] if after is None else [*range(5, 15)])
    expected = [
        [
            sum(0 <= d + day < 120 and there[s, d + day] and not hidden[s, d + day] for day in days) >= 30
            and all(0 <= t < 120 and there[s, t] for t in range(d + first, d + last + 1))
            and all(abs(d - other) >= near for other in np.flatnonzero(real))
            for d in range(120)
        ]
        for s in range(3)
    ]
    found = admissible(fitted, first, last, real, buffer=buffer)
    assert found.tolist() == expected
    assert found.any()
    assert not found.all(axis=1).any()


@pytest.mark.parametrize(("low", "high"), [(0, 0), (-2, 3), (-9, -7), (7, 9), (-20, 20), (3, 2)])
def test_flags_are_counted_where_the_data_are(low, high):
    flags = np.random.default_rng(3).random((3, 8)) < 0.5
    flags[:, [0, -1]] = [[True, False], [False, True], [True, True]]
    expected = [[row[max(0, d + low) : max(0, d + high + 1)].sum() for d in range(8)] for row in flags]
    assert _counts(flags, low, high).tolist() == expected


def test_estimating_again_is_estimating_there(fitted):
    security, day0 = np.array([2, 0]), np.array([230, 150])
    again = estimate_again(fitted, security, day0)
    inputs = fitted.inputs
    fresh = estimate(inputs.returns, inputs.design, security=security, day0=day0, window=(-3, 3), estimation=(-63, -4),
                     model=MarketModel("m"), minimum=50, masked=inputs.masked)  # fmt: skip
    np.testing.assert_array_equal(again.ar, fresh.ar)
    np.testing.assert_array_equal(again.car(0, 2)[1], fresh.car(0, 2)[1])


def test_the_estimation_record_is_the_regression(fitted):
    record = fitted.sample(0, 2, estimation=True).estimation
    inputs = fitted.inputs
    for i, (s, d) in enumerate(zip(fitted.security, fitted.day0, strict=True)):
        at = np.arange(d - 63, d - 3)
        np.testing.assert_array_equal(record.bar[i], at)
        usable = np.isfinite(inputs.returns[s, at]) & ~inputs.masked[at]
        x = np.column_stack([np.ones(at.size), inputs.design[0, at]])
        y = inputs.returns[s, at]
        hat = x[usable] @ np.linalg.pinv(x[usable])
        np.testing.assert_allclose(record.residual[i, usable], y[usable] - hat @ y[usable], atol=1e-16)
        np.testing.assert_allclose(record.leverage[i, usable], np.diag(hat), rtol=1e-10)
        assert np.isnan(record.residual[i, ~usable]).all()
        np.testing.assert_array_equal(record.design[i, usable], x[usable])
        np.testing.assert_array_equal(record.window_design[i, :, 1], inputs.design[0, d : d + 3])
        assert fitted.m[i] == usable.sum()


def test_what_is_remembered_of_other_dates_has_the_same_bits_and_is_estimated_once(monkeypatch):
    rng = np.random.default_rng(8)
    returns, market = rng.normal(0, 0.01, (3, 200)), rng.normal(0, 0.01, (1, 200))
    returns[1, 70] = np.nan
    returns[2] = 0.0  # degenerate: it has a CAR and no SCAR
    fitted = estimate(
        returns, market, security=np.array([0]), day0=np.array([150]), window=(-1, 2), estimation=(-60, -2),
        model=MarketModel("m"), minimum=40,
    )  # fmt: skip
    security, day0 = rng.integers(0, 3, 300), rng.integers(60, 197, 300)
    plain = placebo.Again(fitted, -1, 1, "available")(security, day0)
    again, fits = placebo.Again(fitted, -1, 1, "available"), []
    original = placebo.estimate_again

    def counted(frame, who, when):
        fits.append(who.size)
        return original(frame, who, when)

    monkeypatch.setattr(placebo, "estimate_again", counted)
    for part in (slice(0, 100), slice(50, 300), slice(0, 300)):
        car, scar = again.cars(security[part], day0[part])
        np.testing.assert_array_equal(car, plain.car[part])
        np.testing.assert_array_equal(scar, plain.scar[part])
    assert sum(fits) == len({*zip(security.tolist(), day0.tolist(), strict=True)})
    monkeypatch.setattr(placebo, "REMEMBERED", 10)
    np.testing.assert_array_equal(placebo.Again(fitted, -1, 1, "available").cars(security, day0)[1], plain.scar)
    assert np.isnan(plain.scar).any()
    assert np.isfinite(plain.car).all()
