"""From events and returns to tables: the whole room on the bundled figures and on small panels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from matplotlib import pyplot as plt

import eventstudy as es
from eventstudy.abnormal import FactorModel
from eventstudy.calendars import first_sessions, sessions
from eventstudy.errors import StudyError
from panels import pairs, small_panel

RTOL = 1e-10  # float64 least squares on both sides; issue 2 asks for this digit


@pytest.fixture(scope="module")
def catalog():
    return es.load_events("us-china")


@pytest.fixture(scope="module")
def prices():
    return es.load_prices(["^GSPC", "^VIX"], start=None, end=None, source="bundled")


@pytest.fixture(scope="module")
def market(prices):
    return es.ReturnPanel.from_prices(prices)


@pytest.fixture(scope="module")
def index_result(catalog, market):
    return es.EventStudy(model=es.MeanAdjusted(), mask_events=catalog).fit(catalog, market)


def test_every_event_with_a_price_on_its_first_session_is_studied(index_result, catalog, market):
    session = first_sessions(pd.DatetimeIndex(catalog.to_frame()["announced_at"]), "XNYS")
    priced = pd.Series(session).isin(market.frame["^GSPC"].dropna().index).to_numpy()
    wanted = set(catalog.to_frame().index[priced])
    assert set(index_result.car()["event_id"]) == wanted
    years = session[priced].year
    assert {2018, 2019, 2020, 2025} <= set(years)
    assert set(index_result.excluded["event_id"]) == set(catalog.to_frame().index) - wanted
    assert set(index_result.excluded["reason"]) <= {"outside_data"}
    assert index_result.excluded["detail"].str.contains("2026-08-20").all()


def test_a_window_cut_by_the_end_of_the_figures_says_so(index_result):
    table = index_result.car((-10, 10)).set_index("event_id")
    last = pd.Timestamp("2026-08-20")
    left = (sessions("XNYS", pd.Timestamp("2026-07-01"), last) > table["session"].max()).sum()
    assert left < 10
    cut = table["flag"].str.split().map(lambda words: "cut" in words)
    assert cut.any()
    assert not cut[table["session"] <= pd.Timestamp("2026-08-05")].any()
    assert (table.loc[cut, "n_bars"] < 21).all()
    assert not index_result.car((0, 0))["flag"].str.contains("cut").any()


@pytest.mark.parametrize(
    ("event", "percent"),
    [
        ("2025-04-02_liberation", -4.84),
        ("2025-04-09_pause", 9.52),
        ("2025-05-12_geneva", 3.26),
        ("2025-10-26_kl", 1.23),
    ],
)
def test_first_session_returns_to_the_basis_point(index_result, market, event, percent):
    row = index_result.car((0, 0)).set_index("event_id").loc[event]
    assert round(100 * market.frame.loc[row["session"], "^GSPC"], 2) == percent


def test_selecting_a_stance_does_not_change_the_abnormal_returns(index_result, catalog, market):
    chosen = es.EventStudy(model=es.MeanAdjusted(), mask_events=catalog).fit(catalog.select(stance="softening"), market)
    part, whole = (result.car((0, 1)).set_index("event_id") for result in (chosen, index_result))
    columns = ["car", "se", "df"]
    pd.testing.assert_frame_equal(part[columns], whole.loc[part.index, columns])


@pytest.mark.parametrize("mask", [True, False])
def test_car_equals_statsmodels_on_the_bundled_panel(mask):
    catalog = es.load_events("us-china").select(since="2025-06-01", lead=True)
    panel = es.load_returns(["Mkt-RF", "SMB", "BusEq", "Durbl"], source="bundled")
    study = es.EventStudy(model=FactorModel(("Mkt-RF", "SMB")), window=(-2, 5), mask_events=mask,
                          estimation=es.EstimationWindow(length=120, end=-3))  # fmt: skip
    table = study.fit(catalog, panel).car((0, 3))
    frame = panel.frame
    event_days = first_sessions(pd.DatetimeIndex(catalog.to_frame()["announced_at"]), "XNYS")
    at_event = frame.index.get_indexer(event_days)
    blocked = np.union1d(at_event, at_event + 1) if mask else np.empty(0, int)
    assert len(table) > 20
    for row in table.itertuples():
        day0 = frame.index.get_loc(row.session)
        used = np.setdiff1d(np.arange(day0 - 122, day0 - 2), blocked)
        x = sm.add_constant(frame[["Mkt-RF", "SMB"]].to_numpy())
        y = frame[row.symbol].to_numpy()
        fit = sm.OLS(y[used], x[used]).fit()
        window = np.arange(day0, min(day0 + 4, len(frame)))
        total = x[window].sum(axis=0)
        variance = fit.scale * window.size + total @ fit.cov_params() @ total
        assert row.n_bars == window.size
        np.testing.assert_allclose(row.car, (y[window] - x[window] @ fit.params).sum(), rtol=RTOL, atol=1e-15)
        np.testing.assert_allclose(row.se, np.sqrt(variance), rtol=RTOL)
        assert row.df == used.size - 3


def test_tidy_and_car_agree_and_carry_labels():
    panel = small_panel()
    result = es.EventStudy(model=es.MarketModel("M"), window=(-1, 2), calendar=None,
                           estimation=es.EstimationWindow(length=100, end=-2)).fit(pairs(panel, [200, 320]), panel)  # fmt: skip
    tidy, car = result.tidy(), result.car((0, 2))
    assert list(tidy.columns[:7]) == ["event_id", "symbol", "relative_day", "session", "ar", "se", "sar"]
    assert list(car.columns[:10]) == [
        "event_id", "symbol", "session", "car", "se", "scar", "t", "df", "pvalue", "n_bars",
    ]  # fmt: skip
    summed = tidy[tidy["relative_day"] >= 0].groupby(["event_id", "symbol"])["ar"].sum()
    np.testing.assert_allclose(
        car.set_index(["event_id", "symbol"])["car"],
        summed.loc[list(zip(car["event_id"], car["symbol"], strict=True))],
        rtol=1e-12,
    )
    day1 = tidy.query("event_id == 'e200' and symbol == 'A' and relative_day == 1")
    assert day1["session"].item() == panel.index[201]
    np.testing.assert_allclose(tidy["sar"], tidy["ar"] / tidy["se"])


def test_the_benchmark_and_unknown_symbols_are_excluded_with_their_reason():
    panel = small_panel()
    result = es.EventStudy(model=es.MarketModel("M")).fit(pairs(panel, [350], symbols=("M", "A", "ZZZ")), panel)
    assert result.car()["symbol"].tolist() == ["A"]
    assert result.excluded.set_index("symbol")["reason"].to_dict() == {"M": "benchmark", "ZZZ": "unknown_symbol"}


def test_ids_keep_their_kind():
    panel = small_panel()
    for ids in ([1, 2], ["a", "b"], [("x", 1), ("y", 2)]):
        events = pd.DataFrame({"event_id": pd.Series(ids), "symbol": ["A", "B"], "bar": panel.index[[300, 350]]})
        assert es.EventStudy(model=es.MarketModel("M")).fit(events, panel).car()["event_id"].tolist() == ids


def test_two_events_on_one_bar_stay_two_rows_and_one_observation_of_a_single_series():
    panel = small_panel()
    frame = pd.DataFrame({"event_id": ["a", "b", "c"], "bar": panel.index[[300, 300, 350]]})
    study = es.EventStudy(model=es.MeanAdjusted(), window=(0, 1), estimation=es.EstimationWindow(end=-1))
    result = study.fit(frame, panel[["A"]])
    assert result.car()["flag"].tolist() == ["same_bar", "same_bar", ""]
    table = result.caar()
    assert (table["n"].item(), table["n_sessions"].item()) == (2, 2)
    assert table["caar"].item() == pytest.approx(result.car()["car"].iloc[[0, 2]].mean(), rel=1e-12)
    assert result.test("cross_sectional").n == 2


def test_strict_gives_no_car_where_available_sums_what_is_there():
    panel = small_panel()
    panel.iloc[351, 1] = np.nan
    study = es.EventStudy(model=es.MarketModel("M"), window=(0, 2), estimation=es.EstimationWindow(end=-1))
    result = study.fit(pairs(panel, [350], symbols=("A",)), panel)
    loose, strict = result.car(), result.car(missing="strict")
    assert loose["n_bars"].item() == 2
    assert loose["flag"].item() == "missing"
    assert np.isfinite(loose["car"].item())
    assert np.isnan(strict["car"].item())


def test_a_hole_in_the_index_is_missing_bars_not_closer_neighbours():
    panel = small_panel()
    holed = panel.drop(panel.index[[349, 351]])
    study = es.EventStudy(model=es.MarketModel("M"), window=(-1, 1), estimation=es.EstimationWindow(end=-2))
    result = study.fit(pairs(panel, [350], symbols=("A",)), holed)
    assert result.car()["n_bars"].item() == 1
    whole = study.fit(pairs(panel, [350], symbols=("A",)), panel)
    assert result.car((0, 0))["car"].item() == pytest.approx(whole.car((0, 0))["car"].item(), rel=1e-12)


@pytest.mark.parametrize(
    ("policy", "session", "moved"),
    [("next", "2023-02-21", True), ("previous", "2023-02-17", True), ("drop", None, False)],
)
def test_a_bar_that_is_no_session_follows_the_policy(policy, session, moved):
    panel = small_panel()
    frame = pd.DataFrame({"event_id": ["a"], "symbol": ["A"], "bar": ["2023-02-20"]})  # Presidents' Day
    study = es.EventStudy(
        model=es.MarketModel("M"), window=(0, 0), non_session=policy, estimation=es.EstimationWindow(end=-1)
    )
    result = study.fit(frame, panel)
    if session is None:
        assert result.excluded["reason"].tolist() == ["not_a_session"]
        return
    row = result.car().iloc[0]
    assert row["session"] == pd.Timestamp(session)
    assert row["flag"] == "moved"
    assert result.events["moved"].tolist() == [moved]


def test_error_is_the_fourth_policy():
    panel = small_panel()
    frame = pd.DataFrame({"event_id": ["a"], "symbol": ["A"], "bar": ["2023-02-20"]})
    with pytest.raises(StudyError, match="2023-02-20 is no session of XNYS"):
        es.EventStudy(model=es.MarketModel("M"), non_session="error").fit(frame, panel)


def test_clustered_interval_is_that_of_statsmodels():
    panel = small_panel(symbols=("M", "A", "B", "C", "D"))
    result = es.EventStudy(model=es.MarketModel("M"), window=(0, 1), estimation=es.EstimationWindow(end=-1)).fit(
        pairs(panel, [*range(264, 400, 12)], symbols=("A", "B", "C", "D")), panel
    )
    car, table = result.car(), result.caar().iloc[0]
    fit = sm.OLS(car["car"].to_numpy(), np.ones(len(car))).fit()
    groups = pd.factorize(car["event_id"])[0]
    robust = fit.get_robustcov_results("cluster", groups=groups, use_correction=True, df_correction=True)
    # statsmodels' correction is G/(G-1) (N-1)/(N-k); with k = 1 the second factor is one
    np.testing.assert_allclose(table["se"], robust.bse[0], rtol=1e-10)
    assert table["test"] == "clustered"
    np.testing.assert_allclose([table["low"], table["high"]], robust.conf_int()[0], rtol=1e-8)


def test_provenance_is_the_same_twice_and_moves_with_the_data():
    panel = small_panel()
    study = es.EventStudy(model=es.MarketModel("M"))
    first = study.fit(pairs(panel, [350]), panel).provenance
    assert first == study.fit(pairs(panel, [350]), panel.copy()).provenance
    panel.iloc[10, 1] += 1e-9
    assert first["data"]["returns"] != study.fit(pairs(panel, [350]), panel).provenance["data"]["returns"]


def test_nothing_given_is_changed():
    panel, events = small_panel(), pairs(small_panel(), [300, 350])
    before = panel.copy(), events.copy()
    result = es.EventStudy(model=es.MarketModel("M")).fit(events, panel)
    result.car(), result.tidy(), result.tests((0, 1), seed=1)
    pd.testing.assert_frame_equal(panel, before[0])
    pd.testing.assert_frame_equal(events, before[1])


def test_texts_say_what_was_studied(index_result):
    text = index_result.summary()
    assert "outside_data: 17" in text
    assert repr(index_result).splitlines()[0] in text
    assert "CAAR" in text
    assert "<table" in index_result._repr_html_()


def test_plot_returns_its_axes(index_result):

    figure, axes = plt.subplots()
    assert index_result.plot.caar(ax=axes) is axes
    assert axes.lines
    plt.close(figure)


def test_a_window_without_any_return_is_a_result_that_says_so():
    panel = small_panel()
    at = 350
    panel.iloc[at, panel.columns.get_loc("A")] = np.nan
    result = es.EventStudy(model=es.MarketModel("M"), window=(0, 1)).fit(pairs(panel, [at], symbols=("A",)), panel)
    found = result.test("cross_sectional", (0, 0))
    assert not found.applicable
    assert "none of the 1 security-events has an abnormal return" in found.reason
