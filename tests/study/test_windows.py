"""Estimation windows after and around the event, a pair's own, and returns that need none: against statsmodels."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import eventstudy as es
from eventstudy.abnormal import GarchMarketModel, LatentFactorModel, RobustMarketModel, SyntheticControl, estimate
from eventstudy.errors import StudyError
from panels import small_panel

PANEL = small_panel(bars=520, symbols=("M", "A", "B", "C"))
HOLES = np.random.default_rng(3).random(PANEL.shape) < 0.02
HOLES[:, 0] = False
PANEL = PANEL.mask(HOLES)
WINDOW = (-3, 4)
WITHIN = 1e-10  # two ways of the same least squares on returns of a percent


def pairs(rows=(300, 350), symbols=("A", "B", "C"), **columns):
    found = [(f"e{at}", name, PANEL.index[at]) for at in rows for name in symbols]
    return pd.DataFrame(found, columns=["event_id", "symbol", "bar"]).assign(**columns)


def by_statsmodels(symbol, day0, pieces, first, last, masked=()):
    """Return CAR and its forecast standard error: OLS on the pooled bars, prediction of the window's sum."""
    at = np.concatenate([np.arange(day0 + low, day0 + high + 1) for low, high in pieces])
    at = np.array([bar for bar in at if bar not in set(masked)])
    y, x = PANEL[symbol].to_numpy(), sm.add_constant(PANEL["M"].to_numpy())
    at = at[np.isfinite(y[at])]
    fitted = sm.OLS(y[at], x[at]).fit()
    window = np.arange(day0 + first, day0 + last + 1)
    window = window[np.isfinite(y[window])]
    total = x[window].sum(axis=0)
    car = (y[window] - x[window] @ fitted.params).sum()
    return car, np.sqrt(fitted.mse_resid * window.size + total @ fitted.cov_params() @ total), len(at)


CASES = {
    "before": (es.EstimationWindow(before=(-200, -11)), [(-200, -11)]),
    "after": (es.EstimationWindow(before=None, after=(11, 120)), [(11, 120)]),
    "around": (es.EstimationWindow(before=(-200, -11), after=(11, 120)), [(-200, -11), (11, 120)]),
    "close": (es.EstimationWindow(before=(-100, -4), after=(5, 100)), [(-100, -4), (5, 100)]),
    "by length": (es.EstimationWindow(190, end=-11), [(-200, -11)]),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("mask", [False, True])
def test_cars_and_errors_are_those_of_least_squares_on_the_pooled_bars(case, mask):
    estimation, pieces = CASES[case]
    study = es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=estimation, mask_events=mask)
    result = study.fit(pairs(), PANEL)
    table = result.car((0, 2)).set_index(["event_id", "symbol"])
    sample = result.sample((0, 2))
    assert sample.estimation.residual.shape[1] == estimation.length
    for day0 in (300, 350):
        masked = [bar for event in (300, 350) for bar in (event, event + 1)] if mask else ()
        for symbol in "ABC":
            car, error, m = by_statsmodels(symbol, day0, pieces, 0, 2, masked)
            row = table.loc[(f"e{day0}", symbol)]
            assert row["car"] == pytest.approx(car, abs=WITHIN)
            assert row["se"] == pytest.approx(error, abs=WITHIN)
            assert row["df"] == m - 2


@pytest.mark.parametrize("case", ["after", "around"])
@pytest.mark.parametrize(
    "model", [es.MarketAdjusted("M"), es.MeanAdjusted(), RobustMarketModel("M"), es.FactorModel(("M", "C"))]
)
def test_other_models_bear_them_in_every_table(case, model):
    estimation, _ = CASES[case]
    study = es.EventStudy(model=model, window=WINDOW, estimation=estimation)
    result = study.fit(pairs(symbols=("A", "B")), PANEL)
    assert result.n == 4
    for table in (result.tests((0, 1), seed=1), result.bhar((0, 1)), result.diagnostics(), result.aar()):
        assert len(table)
    assert (result.diagnostics()["missing_share"] < 0.1).all()


def test_a_mean_after_the_event_is_that_of_the_bars_after():
    study = es.EventStudy(model=es.MeanAdjusted(), window=WINDOW, estimation=CASES["after"][0], mask_events=False)
    found = study.fit(pairs((300,), ("A",)), PANEL).car((0, 0))["car"].iloc[0]
    mean = PANEL["A"].iloc[311:421].mean()
    assert found == pytest.approx(PANEL["A"].iloc[300] - mean, abs=WITHIN)


@pytest.mark.slow
def test_counterfactuals_from_donors_use_the_bars_on_both_sides():
    rng = np.random.default_rng(9)
    wide = pd.DataFrame(
        rng.normal(0, 0.01, (len(PANEL), 12)), index=PANEL.index, columns=[f"D{at}" for at in range(12)]
    )
    common = rng.normal(0, 0.01, len(PANEL))
    wide = wide.add(common, axis=0).assign(A=common + rng.normal(0, 0.002, len(PANEL)))
    donors = tuple(f"D{at}" for at in range(12))
    for model in (SyntheticControl(donors), LatentFactorModel(donors, components=1)):
        study = es.EventStudy(model=model, window=WINDOW, estimation=CASES["around"][0])
        result = study.fit(pairs((300,), ("A",)), wide)
        assert result.sample((0, 0)).m.tolist() == [300]
        assert len(result.tests((0, 1), seed=1))


def test_the_compiled_loop_leaves_the_gap_out_too():
    pytest.importorskip("numba")
    filled = PANEL.fillna(0.0).to_numpy().T
    given = {
        "security": np.array([1, 2, 3, 1]),
        "day0": np.array([300, 300, 300, 350]),
        "window": WINDOW,
        "estimation": (-200, -11),
        "after": (11, 120),
    }
    one, other = (
        estimate(filled, filled[:1], model=es.MarketModel("M"), kernel=kernel, **given) for kernel in ("numpy", "numba")
    )
    np.testing.assert_allclose(other.ar, one.ar, atol=1e-15)
    assert np.array_equal(one.m, other.m)


# ----------------------------------------------------------------------------------------------------------------- a pair's own


def own(**columns):
    return pairs((300, 350), ("A", "B"), **columns)


def test_a_pair_with_a_window_of_its_own():
    starts, ends = [-150, np.nan, 11, -80], [-20, np.nan, 100, -6]
    study = es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=(-200, -11), mask_events=False)
    result = study.fit(own(estimation_start=starts, estimation_end=ends), PANEL)
    table = result.car((0, 2))
    used = [(-150, -20), (-200, -11), (11, 100), (-80, -6)]
    for row, (day0, symbol), window in zip(
        table.itertuples(), [(300, "A"), (300, "B"), (350, "A"), (350, "B")], used, strict=True
    ):
        car, error, m = by_statsmodels(symbol, day0, [window], 0, 2)
        assert (row.car, row.se) == (pytest.approx(car, abs=WITHIN), pytest.approx(error, abs=WITHIN))
        assert row.df == m - 2
    assert table["estimation"].tolist() == [
        "days −150 to −20",
        "days −200 to −11",
        "days +11 to +100",
        "days −80 to −6",
    ]
    assert "3 of 4 security-events have a window of their own" in result.summary()
    assert "3 of 4 security-events have a window of their own" in repr(result)
    assert len(result.tests((0, 2), seed=1)) > 20
    assert np.isfinite(result.test("permutation", (0, 2), seed=1).pvalue)


def test_other_events_of_the_security_are_masked_whatever_their_window():
    frame = own(estimation_start=[-150, -150, np.nan, np.nan], estimation_end=[-20, -20, np.nan, np.nan])
    study = es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=(-200, -11))
    found = study.fit(frame, PANEL).car((0, 2))
    car, _, _ = by_statsmodels("A", 350, [(-200, -11)], 0, 2, masked=(300, 301, 350, 351))
    assert found["car"].iloc[2] == pytest.approx(car, abs=WITHIN)


def test_windows_of_their_own_need_no_data_for_the_studys():
    short = PANEL.iloc[200:420]
    study = es.EventStudy(model=es.MarketModel("M"), window=WINDOW)  # 250 bars
    frame = own(estimation_start=-90, estimation_end=-11)
    assert study.fit(frame, short).n == 4
    with pytest.raises(StudyError, match="estimation window of 250 bars is longer than the data"):
        study.fit(own(), short)
    one = frame.assign(estimation_start=[-400, *[-90] * 3])
    assert study.fit(one, short).excluded["reason"].tolist() == ["too_few_bars"]


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (-150, 2, "row 0.*ends on relative day 2, but the event window begins on -3"),
        (2, 100, "row 0.*ends on relative day 100"),
        (-20, -150, "row 0.*runs backwards"),
        ("long ago", -20, "column 'estimation_start', row 0: 'long ago' is no relative day"),
        (-150.5, -20, "row 0: -150.5 is no relative day"),
        (-150, None, "row 0: estimation_start and estimation_end must both be there or both be empty"),
    ],
)
def test_a_pairs_window_that_cannot_be_is_refused_with_its_row(start, end, said):
    study = es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=(-200, -11))
    frame = own(estimation_start=[start, *[-100] * 3], estimation_end=[end, *[-20] * 3])
    with pytest.raises(StudyError, match=said):
        study.fit(frame, PANEL)


def test_one_column_alone_is_refused():
    study = es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=(-200, -11))
    with pytest.raises(StudyError, match="needs both columns, 'estimation_start' and 'estimation_end'"):
        study.fit(own(estimation_start=-100), PANEL)


def test_what_is_left_out_names_the_window():
    few = es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=CASES["after"][0])
    gone = few.fit(pairs((505,), ("A",)), PANEL).excluded["detail"].iloc[0]
    assert "of 110 estimation bars (days +11 to +120) usable, 44 needed" in gone


# ------------------------------------------------------------------------------------------------------ said in every output


def test_every_output_names_the_windows():
    result = es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=CASES["around"][0]).fit(pairs(), PANEL)
    assert "estimation window (-200, -11) and (11, 120), at least 120 usable bars" in result.summary()
    assert "300 bars on days −200 to −11 and +11 to +120, pooled, at least 120 usable" in repr(result)
    assert set(result.car()["estimation"]) == {"days −200 to −11 and +11 to +120"}
    assert result.provenance["config"]["estimation"]["after"] == [11, 120]


def test_a_page_names_the_windows(tmp_path):
    result = es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=CASES["after"][0]).fit(pairs(), PANEL)
    assert "days +11 to +120" in result.report(tmp_path / "page.html").read_text("utf-8")


# --------------------------------------------------------------------------------------------------- what cannot be asked for


def test_a_window_after_the_event_by_its_end_alone_stays_an_error():
    with pytest.raises(
        StudyError, match=r"ends on relative day 130, .* in words: EstimationWindow\(before=None, after=\(11, 130\)\)"
    ):
        es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=es.EstimationWindow(120, end=130))
    with pytest.raises(StudyError, match="ends on relative day 5"):
        es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=(-100, 5))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"before": (-200, -2)}, "ends on relative day -2, but the event window begins on -3"),
        ({"after": (4, 100)}, "begins on relative day 4, but the event window ends on 4"),
    ],
)
def test_windows_that_reach_into_the_event_are_refused(given, said):
    with pytest.raises(StudyError, match=said):
        es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=es.EstimationWindow(**given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"before": (-20, -200)}, "runs backwards"),
        ({"after": 120}, "not two whole relative days"),
        ({"before": (-200, 20), "after": (11, 120)}, "overlap"),
        ({"length": 100, "after": (11, 120)}, "leave one of the two out"),
        ({"end": -6, "before": (-100, -6)}, "leave one of the two out"),
        ({"after": (11, 20), "minimum": 30}, "minimum=30 usable bars cannot be met by an estimation window of 10 bars"),
    ],
)
def test_windows_that_contradict_themselves_are_refused(given, said):
    with pytest.raises(StudyError, match=said):
        es.EstimationWindow(**given)


def test_a_variance_that_is_known_before_the_event_needs_bars_before_it():
    for model, said in (
        (es.MeanAdjusted(volatility="ewma"), "known before the event"),
        (GarchMarketModel("M"), "before the event"),
    ):
        if isinstance(model, GarchMarketModel):
            pytest.importorskip("arch")
        with pytest.raises(StudyError, match=said):
            es.EventStudy(model=model, window=WINDOW, estimation=CASES["after"][0]).fit(pairs(), PANEL)


def test_a_window_keeps_what_it_is():
    plain = es.EstimationWindow(120, end=-6)
    assert replace(plain, minimum=5) == es.EstimationWindow(120, end=-6, minimum=5)
    assert replace(plain, length=60).before == (-65, -6)
    around = es.EstimationWindow(before=(-200, -11), after=(11, 120))
    assert (around.before, around.after, around.pieces) == ((-200, -11), (11, 120), ((-200, -11), (11, 120)))
    assert es.EstimationWindow(before=None, after=(11, 120)).before is None
    assert eval(repr(around), {"EstimationWindow": es.EstimationWindow}) == pickle.loads(pickle.dumps(around)) == around  # noqa: S301, S307  our own
    with pytest.raises(StudyError, match="leave one of the two out"):
        replace(around, length=100)


def test_the_work_shared_out_has_the_same_bits():
    study = es.EventStudy(
        model=es.MarketModel({"A": "M", "B": "M", "C": "A"}), window=WINDOW, estimation=CASES["around"][0]
    )
    frame = pairs().assign(estimation_start=[-90, *[np.nan] * 5], estimation_end=[-9, *[np.nan] * 5])
    with ThreadPoolExecutor(2) as pool:
        found = study.fit(frame, PANEL, executor=pool).car((0, 2))
    pd.testing.assert_frame_equal(found, study.fit(frame, PANEL).car((0, 2)), check_exact=True)


# ------------------------------------------------------------------------------------------------------------ a new listing


def listed(day=295):
    panel = PANEL[["M", "A", "B"]].fillna(0.001)
    panel.iloc[:day, 1] = np.nan
    return panel


@pytest.mark.parametrize("estimation", [None, es.EstimationWindow(minimum=0, end=-11)])
def test_a_new_listing_has_a_market_adjusted_car_and_no_standard_error(estimation):
    study = es.EventStudy(model=es.MarketAdjusted("M"), window=WINDOW, estimation=estimation)
    result = study.fit(pairs((300,), ("A", "B")), listed())
    table = result.car((0, 2)).set_index("symbol")
    for symbol in "AB":
        raw = (listed()[symbol] - listed()["M"]).iloc[300:303].sum()
        assert table.loc[symbol, "car"] == pytest.approx(raw, abs=WITHIN)
    assert np.isnan(table.loc["A", "se"])
    assert "no_history" in table.loc["A", "flag"]
    assert table.loc["B", "se"] > 0
    assert result.caar((0, 2))["caar"].iloc[0] == pytest.approx(table["car"].mean(), abs=WITHIN)
    assert len(result.tests((0, 2), seed=1))


def test_without_asking_a_new_listing_is_left_out_with_the_way_out():
    study = es.EventStudy(model=es.MarketAdjusted("M"), window=WINDOW, estimation=(-200, -11))
    detail = study.fit(pairs((300,), ("A",)), listed()).excluded["detail"].iloc[0]
    assert detail == "0 of 190 estimation bars usable, 76 needed; estimation=None studies it without a standard error"


def test_a_study_of_new_listings_alone_is_tested_by_what_needs_no_history():
    panel = listed()
    panel["B"] = panel["B"].where(panel.index >= panel.index[290])
    result = es.EventStudy(model=es.MarketAdjusted("M"), window=WINDOW, estimation=None).fit(
        pairs((300, 320, 340, 360), ("A", "B")).groupby("event_id").head(1).assign(symbol=list("ABAB")), panel
    )
    assert result.n == 4
    assert np.isfinite(result.caar((0, 1))["caar"].iloc[0])
    assert np.isfinite(result.test("cross_sectional", (0, 1)).pvalue)
    assert result.summary()


def test_after_the_event_a_new_listing_has_a_standard_error_too():
    study = es.EventStudy(model=es.MarketAdjusted("M"), window=WINDOW, estimation=es.EstimationWindow(after=(11, 120)))
    table = study.fit(pairs((300,), ("A",)), listed()).car((0, 2))
    assert table["se"].iloc[0] > 0


def test_a_model_that_must_be_estimated_needs_a_window():
    with pytest.raises(StudyError, match="only a market-adjusted return can do without"):
        es.EventStudy(model=es.MarketModel("M"), window=WINDOW, estimation=None)
