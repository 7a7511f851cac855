"""A market for each security: one study, the bits of separate fits, one average and one set of tests over all."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.abnormal import Dimson, GarchMarketModel, RobustMarketModel, ScholesWilliams
from eventstudy.errors import StudyError
from panels import small_panel

PANEL = small_panel(bars=420, symbols=("^GSPC", "A", "B", "C", "D"))
PANEL.insert(1, "^GDAXI", np.random.default_rng(5).normal(0, 0.01, len(PANEL)))
PANEL["C"] += 0.8 * PANEL["^GDAXI"]
PANEL.iloc[150:153, 3] = np.nan
MARKETS = {"A": "^GSPC", "B": "^GDAXI", "C": "^GDAXI", "D": "^GSPC"}
PAIRS = pd.DataFrame(
    [(f"e{at}", symbol, PANEL.index[at + shift]) for at in (260, 300, 390) for shift, symbol in enumerate("ABCD")],
    columns=["event_id", "symbol", "bar"],
)
OPTIONS = {"window": (-3, 3), "estimation": es.EstimationWindow(150, end=-6)}


def fit(model, pairs=PAIRS, panel=PANEL, **options):
    return es.EventStudy(model=model, **{**OPTIONS, **options}).fit(pairs, panel)


def separate(make, table=lambda result: result.car((0, 1)), pairs=PAIRS, **options):
    """Return a table of two fits, each of the securities of one market."""
    own = pairs["symbol"].map(MARKETS)
    parts = [table(fit(make(market), pairs[own == market], **options)) for market in ("^GSPC", "^GDAXI")]
    return pd.concat(parts).sort_values(["event_id", "symbol"], kind="stable").reset_index(drop=True)


@pytest.mark.parametrize(
    "make",
    [
        es.MarketModel, es.MarketAdjusted, Dimson, ScholesWilliams, RobustMarketModel,
        lambda market: es.CAPM(market, risk_free="RF"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("overlap", ["flag", "first"])
def test_the_cars_are_those_of_separate_fits_to_the_last_bit(make, overlap):
    panel = PANEL.assign(RF=0.0001)
    found = fit(make(MARKETS), panel=panel, overlap=overlap).car((0, 1))
    expected = pd.concat(
        [
            fit(make(market), PAIRS[PAIRS["symbol"].map(MARKETS) == market], panel, overlap=overlap).car((0, 1))
            for market in ("^GSPC", "^GDAXI")
        ]
    )
    key = ["event_id", "symbol"]
    expected = expected.sort_values(key).reset_index(drop=True)
    found = found.sort_values(key).reset_index(drop=True)
    assert found["market"].tolist() == [MARKETS[name] for name in found["symbol"]]
    pd.testing.assert_frame_equal(found.drop(columns="market"), expected, check_exact=True)


def test_every_table_of_rows_is_that_of_separate_fits():
    for table in (lambda r: r.tidy(), lambda r: r.bhar((0, 2)), lambda r: r.diagnostics()):
        found = table(fit(es.MarketModel(MARKETS)))
        sort = [name for name in ("event_id", "symbol", "relative_day") if name in found]
        expected = separate(es.MarketModel, table).sort_values(sort).reset_index(drop=True)
        pd.testing.assert_frame_equal(found.sort_values(sort).reset_index(drop=True), expected, check_exact=True)


def test_one_average_and_one_set_of_tests_over_all():
    result = fit(es.MarketModel(MARKETS))
    cars = result.car((0, 1))["car"]
    row = result.caar((0, 1)).iloc[0]
    assert row["n"] == 12
    assert row["caar"] == pytest.approx(cars.mean(), abs=1e-15)
    tests = result.tests((0, 1), seed=1, full=True).set_index("name")
    assert tests.loc["cross_sectional", "statistic"] == pytest.approx(
        cars.mean() / (cars.std(ddof=1) / 12**0.5), rel=1e-12
    )
    assert (tests.loc[["bmp", "corrado", "kp_bmp", "sign", "grank_t"], "n"] == 12).all()
    assert "^GDAXI" in result.summary()
    assert result.events["event_id"].tolist() == PAIRS["event_id"].tolist()  # once, not once a market


def test_a_column_says_the_market_of_each_row():
    stated = PAIRS.assign(market=PAIRS["symbol"].map(MARKETS))
    expected = fit(es.MarketModel(MARKETS)).car((0, 1))
    pd.testing.assert_frame_equal(fit(es.MarketModel("^GSPC"), stated).car((0, 1)), expected, check_exact=True)
    holes = stated.assign(Market=stated["market"].where(stated["market"] != "^GSPC")).drop(columns="market")
    pd.testing.assert_frame_equal(fit(es.MarketModel("^GSPC"), holes).car((0, 1)), expected, check_exact=True)
    pd.testing.assert_frame_equal(fit(es.MarketModel(MARKETS), stated).car((0, 1)), expected, check_exact=True)


def test_one_security_may_have_two_markets_and_stays_one_security():
    stated = PAIRS.assign(market=np.where(PAIRS["event_id"] == "e300", "^GDAXI", "^GSPC"))
    result = fit(es.MarketModel("^GSPC"), stated)
    for market in ("^GSPC", "^GDAXI"):
        alone = fit(es.MarketModel(market)).car((0, 1)).set_index(["event_id", "symbol"])["car"]
        found = result.car((0, 1)).set_index(["event_id", "symbol"])
        chosen = found.index[found["market"] == market]
        assert np.array_equal(found.loc[chosen, "car"], alone[chosen])  # the events of the other market are masked, too
    sample = result.sample((0, 1))
    assert np.unique(sample.security).size == 4
    assert np.isfinite(result.test("permutation", (0, 1), seed=1).pvalue)


def test_a_catalogue_crossed_with_a_panel_leaves_the_markets_out():
    moments = PANEL.index[[260, 300]].tz_localize("America/New_York") + pd.Timedelta(hours=10)
    catalog = es.load_events(
        pd.DataFrame({"id": ["a", "b"], "name": ["A", "B"], "announced_at": moments, "stance": ["talks", "talks"]}),
        timezone="America/New_York",
    )
    result = fit(es.MarketModel(MARKETS), catalog)
    assert result.n == 8
    assert result.excluded["reason"].tolist() == ["benchmark"] * 4


def test_peers_that_are_markets_of_each_other_are_studied():
    peers = {"A": "B", "B": "A"}
    pairs = PAIRS[PAIRS["symbol"].isin(list(peers))]
    result = fit(es.MarketModel(peers), pairs)
    alone = fit(es.MarketModel("B"), pairs[pairs["symbol"] == "A"]).car((0, 1))["car"]
    assert np.array_equal(result.car((0, 1)).query("symbol == 'A'")["car"], alone)
    assert result.n == len(pairs)


@pytest.mark.parametrize(
    ("markets", "said"),
    [
        ({**MARKETS, "B": "^GDAXX"}, r"the market of 'B' is '\^GDAXX'.*did you mean '\^GDAXI'"),
        ({"A": "^GSPC", "B": "^GDAXI", "C": "^GDAXI"}, "market= names no market for 'D'"),
        ({**MARKETS, "a": "^GSPC"}, "market= names 'a', which the panel does not hold; did you mean 'A'"),
        ({}, "it names no security"),
        ({"A": 3}, "the market of 'A' is '3', which the panel does not hold"),
        ({"A": 3.5}, r"3\.5 is no symbol"),
        ({"A": None}, "None is no symbol"),
    ],
)
def test_wrong_names_are_refused_with_the_nearest(markets, said):
    with pytest.raises(StudyError, match=said):
        fit(es.MarketModel(markets))


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (["^GDAXX"] * 12, r"column 'market', row 0: '\^GDAXX' is no symbol of the panel; did you mean '\^GDAXI'"),
        (["^GSPC", "US", *["^GSPC"] * 10], "row 1: 'US' is no symbol of the panel"),
    ],
)
def test_a_wrong_name_in_the_column_is_refused(column, said):
    with pytest.raises(StudyError, match=said):
        fit(es.MarketModel("^GSPC"), PAIRS.assign(market=column))


def test_numbers_name_securities_as_in_a_panel():
    numbered = PANEL.rename(columns={"A": 10001, "B": 10002})
    pairs = PAIRS[PAIRS["symbol"].isin(["A", "B"])]
    found = fit(
        es.MarketModel({10001: "^GSPC", "10002 ": "^GDAXI"}),
        pairs.replace({"symbol": {"A": 10001, "B": 10002}}),
        numbered,
    )
    assert np.array_equal(found.car((0, 1))["car"], fit(es.MarketModel(MARKETS), pairs).car((0, 1))["car"])
    with pytest.raises(StudyError, match="names '10001' twice"):
        es.MarketModel({10001: "^GSPC", "10001": "^GDAXI"})


def test_the_models_own_market_need_not_be_there_where_every_row_names_one():
    panel = PANEL.drop(columns="^GSPC")
    stated = PAIRS.assign(market="^GDAXI")
    assert fit(es.MarketModel("^GSPC"), stated, panel).n == 12
    with pytest.raises(StudyError, match=r"needs '\^GSPC', which the panel does not hold"):
        fit(es.MarketModel("^GSPC"), stated.assign(market=[None, *["^GDAXI"] * 11]), panel)


def test_column_and_mapping_must_agree():
    with pytest.raises(StudyError, match=r"row 0: the market of 'A' is '\^GDAXI' there and '\^GSPC' in the model"):
        fit(es.MarketModel(MARKETS), PAIRS.assign(market="^GDAXI"))


def test_a_model_without_a_market_takes_the_column_for_a_characteristic():
    stated = PAIRS.assign(market=["US", "DE"] * 6)
    assert fit(es.MeanAdjusted(), stated).explain(["market"], (0, 1)).shape[0] == 2


def test_exchanges_of_their_own_go_with_markets_of_their_own():
    calendars = {"A": "XNYS", "D": "XNYS", "B": "XETR", "C": "XETR"}
    found = fit(es.MarketModel(MARKETS), calendar=calendars)
    assert found.n == 12
    assert len(found.events) == 24


def test_a_model_with_markets_can_be_kept_hashed_and_copied_and_says_them_briefly():
    model = es.MarketModel(MARKETS)
    assert pickle.loads(pickle.dumps(model)) == copy.deepcopy(model) == model  # noqa: S301  our own bytes
    assert hash(model) == hash(es.MarketModel(dict(MARKETS)))
    many = es.MarketModel({f"S{at}": f"^I{at % 9}" for at in range(300)})
    assert len(repr(many)) < 160
    with pytest.raises(TypeError):
        model.market["A"] = "^GDAXI"


@pytest.mark.slow
def test_garch_on_two_markets():
    found = fit(GarchMarketModel(MARKETS, minimum=100)).car((0, 1)).drop(columns="market")
    expected = separate(lambda market: GarchMarketModel(market, minimum=100))
    pd.testing.assert_frame_equal(found.sort_values(["event_id", "symbol"]).reset_index(drop=True), expected)


TABLES = {
    **{name: {} for name in ("tidy", "car", "bhar", "aar", "caar", "abhar", "joint", "attribute", "diagnostics", "abnormal_variance")},
    **{name: {} for name in ("tests", "events", "excluded", "conformal")},
    "compare": {"by": "size"},
    "horizons": {"windows": [(0, 0), (0, 1)], "draws": 3},
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_every_table_counts_its_rows_from_zero_and_keeps_the_order_of_the_pairs(name):
    """Two markets are two parts: what is put together of parts has one row after another, in the order asked for."""
    pairs = PAIRS.assign(size=["small", "large"] * 6)
    pairs.loc[12] = ("x", "B", PANEL.index[20], "small")  # too little history
    result = fit(es.MarketModel(MARKETS), pairs)
    assert len(result._fitted.parts) == 2
    asked = getattr(result, name)
    table = asked if isinstance(asked, pd.DataFrame) else asked(**TABLES[name])
    assert table.index.tolist() == list(range(len(table))) != []
    if {"event_id", "symbol"} <= set(table.columns):
        told = list(zip(table["event_id"], table["symbol"], strict=True))
        every = list(zip(pairs["event_id"], pairs["symbol"], strict=True))
        assert list(dict.fromkeys(told)) == (every[12:] if name == "excluded" else every[:12])
