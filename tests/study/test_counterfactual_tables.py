"""Donors, their fate and placebos among them, against loops with non-negative least squares."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

import eventstudy as es
from eventstudy.abnormal.in_space import InSpace, in_space
from eventstudy.calendars import sessions
from eventstudy.errors import StudyError
from eventstudy.study.tables.counterfactual import judged_in_space

BARS, DAY0, LENGTH, DONORS = 150, 130, 100, 24
NAMES = [f"D{i}" for i in range(DONORS)]
CLOSE = 1e-7  # of a t value: two solvers of the same program


def world(seed=0, reaction=0.0):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.01, BARS)
    frame = pd.DataFrame({name: rng.uniform(0.5, 1.5) * common + rng.normal(0, 0.01, BARS) for name in ["A", *NAMES]},
                         index=pd.bdate_range("2024-01-01", periods=BARS))  # fmt: skip
    frame.loc[frame.index[DAY0], "A"] += reaction
    return frame


def fit(frame, model, symbols=("A",)):
    events = pd.DataFrame({"event_id": "e", "symbol": symbols, "bar": frame.index[DAY0]})
    study = es.EventStudy(model=model, calendar=None, window=(0, 2), estimation=es.EstimationWindow(LENGTH, -5))
    return study.fit(events, frame)


def t_and_ratio(stock, others, first=DAY0, length=3):
    """The statistic of one unit by a general program and least squares on the face that it finds."""
    before, after = np.arange(DAY0 - 4 - LENGTH, DAY0 - 4), np.arange(first, first + length)
    y = stock[before] - stock[before].mean()
    d = others[:, before] - others[:, before].mean(axis=1, keepdims=True)
    scale = np.sqrt(((d - y) ** 2).mean())
    found, _ = nnls(np.vstack([(d - y).T / scale, np.ones(len(d))]), np.append(np.zeros(LENGTH), 1.0))
    chosen = np.flatnonzero(found > 1e-9)
    base, rest = others[chosen[0]], others[chosen[1:]] - others[chosen[0]]
    x, ahead = (np.vstack([np.ones(at.size), rest[:, at]]).T for at in (before, after))
    beta = np.linalg.lstsq(x, (stock - base)[before], rcond=None)[0]
    residual, ar = (stock - base)[before] - x @ beta, (stock - base)[after] - ahead @ beta
    total = ahead.sum(axis=0)
    variance = residual @ residual / (LENGTH - chosen.size) * (length + total @ np.linalg.solve(x.T @ x, total))
    return abs(ar.sum()) / np.sqrt(variance), np.sqrt((ar**2).mean() / (residual**2).mean())


@pytest.mark.parametrize(("statistic", "at"), [("t", 0), ("rmspe", 1)])
@pytest.mark.parametrize(("reaction", "window"), [(0.03, (0, 2)), (-0.03, (0, 0)), (-0.03, (0, 1)), (0.0, (2, 2))])
def test_placebos_in_space_are_the_loop_over_donors(statistic, at, reaction, window):
    frame = world(1, reaction=reaction)
    others = frame[NAMES].to_numpy().T
    part = (DAY0 + window[0], window[1] - window[0] + 1)
    own = t_and_ratio(frame["A"].to_numpy(), others, *part)[at]
    placebo = [t_and_ratio(others[j], np.delete(others, j, axis=0), *part)[at] for j in range(DONORS)]
    row = fit(frame, es.SyntheticControl(NAMES)).in_space(window, statistic=statistic).iloc[0]
    assert row["statistic"] == pytest.approx(own, rel=CLOSE)
    assert row["pvalue"] == (1 + sum(value >= own for value in placebo)) / (DONORS + 1)
    assert row["placebos"] == DONORS
    assert not row["poor_fit"]


def test_the_studied_are_no_placebos_and_few_donors_give_no_p():
    frame = world(2)
    result = fit(frame, es.SyntheticControl(NAMES), symbols=("A", *NAMES[:5]))
    assert result.in_space()["placebos"].tolist() == [DONORS - 5] * 6
    few = fit(frame, es.SyntheticControl(NAMES[:18])).in_space().iloc[0]
    assert few["placebos"] == 18
    assert np.isnan(few["pvalue"])
    enough = fit(frame, es.SyntheticControl(NAMES[:19])).in_space().iloc[0]
    assert (enough["placebos"], 20 * enough["pvalue"] % 1) == (19, 0)
    drawn = fit(frame, es.SyntheticControl(NAMES)).in_space(draws=20, seed=1)
    assert drawn["placebos"].tolist() == [20]


def test_placebos_that_are_drawn_are_donors_each_once():
    abnormal = fit(world(2), es.SyntheticControl(NAMES))._fitted.parts[0].abnormal
    every, some = (in_space(abnormal, 0, 0, 2, draws, np.random.default_rng(1)) for draws in (DONORS, DONORS - 1))
    assert every.placebo_t.size == DONORS
    assert np.unique(some.placebo_t).size == DONORS - 1
    assert np.isin(some.placebo_t, every.placebo_t).all()


@pytest.mark.parametrize(("count", "placebos"), [(2, 0), (3, 3)])
def test_two_donors_have_no_placebos_and_three_have(count, placebos):
    row = fit(world(2), es.SyntheticControl(NAMES[:count])).in_space().iloc[0]
    assert row["placebos"] == placebos
    assert np.isfinite(row["statistic"]) == (placebos > 0)
    assert np.isnan(row["pvalue"])


def test_a_donor_studied_on_another_date_is_a_donor_here():
    frame = world(2)
    pairs = pd.DataFrame({"event_id": ["e", "f"], "symbol": ["A", "D0"], "bar": frame.index[[DAY0, DAY0 - 8]]})
    window = {"window": (0, 2), "estimation": es.EstimationWindow(LENGTH, -5), "calendar": None}
    study = es.EventStudy(model=es.SyntheticControl(NAMES), mask_events=False, **window)
    alone, both = (study.fit(some, frame) for some in (pairs.iloc[:1], pairs))
    assert both.n == 2
    pd.testing.assert_frame_equal(both.in_space().iloc[[0]], alone.in_space())
    pd.testing.assert_frame_equal(both.conformal(seed=0).iloc[[0]], alone.conformal(seed=0))


def test_a_poor_fit_is_said_and_its_ratio_not_judged():
    frame = world(3)
    frame["A"] *= 5
    row = fit(frame, es.SyntheticControl(NAMES)).in_space(statistic="rmspe").iloc[0]
    assert row["poor_fit"]
    assert np.isnan(row["pvalue"])


def test_each_donor_has_its_fate():
    frame = world(4)
    frame.loc[frame.index[50], "D1"] = np.nan
    frame.loc[frame.index[DAY0 + 1], "D2"] = np.nan
    for model in (es.SyntheticControl(NAMES), es.LatentFactorModel(NAMES)):
        result = fit(frame, model, symbols=("A", "D0"))
        table = result.donors().set_index("donor")
        said = table["status"].loc[["D0", "D1", "D2", "D3"]].tolist()
        filled = "filled" if isinstance(model, es.LatentFactorModel) else "holes"
        assert said == ["studied_here", filled, "hole_in_window", "used"]
        fitted = result.donor_fit()
        assert fitted["donors"].tolist() == [table["status"].isin(["used", "filled"]).sum()] * 2
        assert (fitted["donors"] + fitted["left_out"] == DONORS).all()
        assert fitted["filled"].tolist() == [(table["status"] == "filled").sum()] * 2
        if isinstance(model, es.SyntheticControl):
            assert table["weight"].sum() == pytest.approx(1)
            assert (fitted["gap"] < 1e-10).all()
        else:
            assert (fitted["components"] >= 1).all()
            assert fitted["share"].between(0, 1).all()


def test_who_is_studied_beside_is_no_donor_unless_named_as_one():
    """Two securities are studied and no donor is: none is left out, though the donors trade in another city."""
    frame = world(4).assign(B=lambda table: table["D0"] * 0.5 + table["D1"] * 0.5)
    frame.index = sessions("XNYS", pd.Timestamp("2024-01-02"), pd.Timestamp("2024-12-31"))[:BARS]
    pairs = pd.DataFrame({"event_id": "e", "symbol": ["A", "B"], "bar": frame.index[DAY0]})
    for calendar in ("XNYS", {name: "XNYS" if name in ("A", "B") else "XTSE" for name in frame.columns}):
        study = es.EventStudy(
            model=es.SyntheticControl(NAMES),
            calendar=calendar,
            window=(0, 2),
            estimation=es.EstimationWindow(LENGTH, -5),
        )
        result = study.fit(pairs, frame)
        assert result.n == 2
        assert set(result.donors()["status"]) == {"used"}


def test_models_without_donors_say_so():
    result = fit(world(5), es.MarketModel("D0"))
    for ask in (result.donors, result.donor_fit, result.in_space):
        with pytest.raises(StudyError, match="no pool of donors"):
            ask()
    with pytest.raises(StudyError, match="for mixtures"):
        fit(world(5), es.LatentFactorModel(NAMES)).in_space()
    with pytest.raises(StudyError, match="statistic"):
        fit(world(5), es.SyntheticControl(NAMES)).in_space(statistic="z")


def test_a_mixture_gives_every_table_and_its_placebo_dates():
    result = fit(world(6), es.SyntheticControl(NAMES), symbols=("A", "D0", "D1"))
    table = result.tests(seed=0, full=True).set_index("name")
    assert table.loc["kp_bmp", "applicable"]
    assert not table.loc["portfolio", "applicable"]
    assert "least squares" in table.loc["portfolio", "reason"]
    assert np.isfinite(result.bhar()["bhar"]).all()
    assert result.caar()["test"].tolist() == ["time_series"]
    assert result.diagnostics().shape[0] == 3
    with pytest.raises(StudyError, match="joint regression"):
        fit(world(6), es.LatentFactorModel(NAMES)).joint()


def test_donors_stand_date_by_date_and_each_date_has_its_own_weights():
    frame = world(6)
    pairs = pd.DataFrame(
        {"event_id": list("efg"), "symbol": ["A", "D0", "A"], "bar": frame.index[[DAY0, DAY0, DAY0 + 6]]}
    )
    study = es.EventStudy(
        model=es.SyntheticControl(NAMES),
        calendar=None,
        window=(0, 2),
        estimation=es.EstimationWindow(LENGTH, -5),
        mask_events=False,
    )
    table = study.fit(pairs, frame).donors()
    assert table.index.tolist() == list(range(2 * DONORS))
    assert table["donor"].tolist() == NAMES * 2
    assert table["session"].tolist() == [frame.index[DAY0]] * DONORS + [frame.index[DAY0 + 6]] * DONORS
    np.testing.assert_allclose(table.groupby("session")["weight"].sum(), 1)
    late = study.fit(pairs.iloc[[2]], frame).donors()
    pd.testing.assert_frame_equal(table.iloc[DONORS:].reset_index(drop=True), late)
    assert fit(frame, es.LatentFactorModel(NAMES)).donors()["weight"].isna().all()


def test_how_a_mixture_was_made_is_told_by_its_weights():
    frame = world(6)
    result = fit(frame, es.SyntheticControl(NAMES))
    row, weight = result.donor_fit().iloc[0], result.donors()["weight"].to_numpy()
    assert row["active"] == (weight > 0).sum()
    stock, others = frame["A"].to_numpy(), frame[NAMES].to_numpy().T
    before = np.arange(DAY0 - 4 - LENGTH, DAY0 - 4)
    y = stock[before] - stock[before].mean()
    d = others[:, before] - others[:, before].mean(axis=1, keepdims=True)
    residual = y - weight @ d
    slope = (
        -2 * d @ residual
    )  # the objective's gradient: what moving all weight to the best donor would gain is the certificate
    assert row["gap"] == pytest.approx((weight @ slope - slope.min()) / (y @ y), abs=1e-8)
    assert 0 <= row["gap"] < 1e-8
    assert row["steps"] >= 1
    assert row["left_out"] == 0


def test_of_prices_that_all_gain_alike_no_gap_is_left():
    """Nothing is to be fitted and nothing is missed: the gap would be a share of nothing, and is none."""
    frame = world(6)
    frame.iloc[: DAY0 - 4] = 2.0**-10  # exact: so are the means
    row = fit(frame, es.SyntheticControl(NAMES)).donor_fit().iloc[0]
    assert (row["gap"], row["active"], row["donors"]) == (0.0, 1, DONORS)


def test_donors_of_two_calendars_are_one_table():
    """Each part has the dates of its own bars; the rows are counted through."""
    days = sessions("XNYS", pd.Timestamp("2024-01-02"), pd.Timestamp("2024-12-31"))[:BARS]
    frame = world(6).set_axis(days).assign(B=np.random.default_rng(1).normal(0, 0.01, BARS))
    pairs = pd.DataFrame({"event_id": list("ef"), "symbol": ["A", "B"], "bar": days[[DAY0, DAY0]]})
    study = es.EventStudy(
        model=es.SyntheticControl(NAMES), calendar={"A": "XNYS", "B": "XNAS"}, window=(0, 2),
        estimation=es.EstimationWindow(LENGTH, -5),
    )  # fmt: skip
    result = study.fit(pairs, frame)
    assert len(result._fitted.parts) == 2
    table = result.donors()
    assert table.index.tolist() == list(range(2 * DONORS))
    assert table["donor"].tolist() == NAMES * 2


def facts(rmse, placebo, t=3.0, ratio=2.0, count=20):
    """One security among donors whose statistics are 1 to 20."""
    return InSpace(
        t,
        ratio,
        rmse,
        np.arange(1.0, count + 1),
        np.arange(1.0, count + 1),
        np.full(count, 1.0) if placebo is None else placebo,
    )


@pytest.mark.parametrize(
    ("found", "statistic", "expected"),
    [
        (facts(1.0, None, t=18.0), "t", (18.0, 4 / 21, 20, 0.0)),  # three as large, and itself
        (facts(1.0, None, t=18.5), "t", (18.5, 3 / 21, 20, 0.0)),
        (facts(1.0, None, t=99.0), "t", (99.0, 1 / 21, 20, 0.0)),
        (facts(2.0, None), "t", (3.0, 19 / 21, 20, 0.0)),  # twice the usual residual is no poor fit
        (facts(2.1, None), "t", (3.0, 19 / 21, 20, 1.0)),
        (facts(1.0, None), "rmspe", (2.0, 20 / 21, 20, 0.0)),  # at both ends of the donors' fits
        (facts(0.9, None), "rmspe", (2.0, np.nan, 20, 0.0)),
        (facts(1.1, None), "rmspe", (2.0, np.nan, 20, 0.0)),
        (facts(1.0, np.linspace(1.0, 2.0, 20)), "rmspe", (2.0, 20 / 21, 20, 0.0)),
        (facts(2.0, np.linspace(1.0, 2.0, 20)), "rmspe", (2.0, 20 / 21, 20, 0.0)),
        (facts(0.9, None), "t", (3.0, 19 / 21, 20, 0.0)),  # a t is judged whatever the fit
        (facts(1.0, None, count=19), "t", (3.0, 18 / 20, 19, 0.0)),
        (facts(1.0, None, count=18), "t", (3.0, np.nan, 18, 0.0)),
        (None, "t", (np.nan, np.nan, 0, np.nan)),
    ],
)
def test_a_rank_among_donors_by_hand(found, statistic, expected):
    assert judged_in_space(found, statistic) == pytest.approx(expected, nan_ok=True)


def test_a_donor_without_a_statistic_is_no_placebo():
    found = replace(facts(1.0, None), placebo_t=np.r_[np.arange(1.0, 20), np.nan])
    assert judged_in_space(found, "t") == pytest.approx((3.0, 18 / 20, 19, 0.0))


def test_a_window_without_a_return_has_no_exact_test_and_one_of_several_bars_has():
    frame = world(7)
    frame.loc[frame.index[DAY0 + 1], "A"] = np.nan
    result = fit(frame, es.MarketModel("D0"))
    none, some = result.conformal((1, 1)).iloc[0], result.conformal((0, 2)).iloc[0]
    assert none[["car", "pvalue", "low", "high", "smallest_p"]].isna().all()
    assert (none["n_bars"], none["permuted"]) == (0, 0)
    assert np.isfinite(some["pvalue"])
    assert some["n_bars"] == 2
    assert some["car"] == pytest.approx(result.car((0, 2))["car"].item(), abs=1e-15)


def test_the_usual_coverage_of_the_exact_interval_is_95_percent():
    result = fit(world(8), es.MarketModel("D0"))
    pd.testing.assert_frame_equal(result.conformal((0, 0)), result.conformal((0, 0), level=0.95))
    assert result.conformal((0, 0), level=0.9)["high"].item() < result.conformal((0, 0))["high"].item()


def test_the_exact_interval_holds_the_effects_that_a_second_fit_does_not_reject():
    """By brute force: the effect is taken out, the model fitted again, and the test asked for its p on either side of each end."""
    frame = world(8)
    result = fit(frame, es.MarketModel("D0"))
    row = result.conformal((0, 1), level=0.9).iloc[0]

    def pvalue(total):
        moved = frame.copy()
        moved.loc[frame.index[DAY0 : DAY0 + 2], "A"] -= total / 2
        return fit(moved, es.MarketModel("D0")).conformal((0, 1)).iloc[0]["pvalue"]

    width = row["high"] - row["low"]
    assert row["pvalue"] == pvalue(0.0)
    assert pvalue(row["low"] + width / 200) > 0.1 >= pvalue(row["low"] - width / 200)
    assert pvalue(row["high"] - width / 200) > 0.1 >= pvalue(row["high"] + width / 200)
