# ruff: noqa: ARG001
"""Bars that look wrong reach the security-event: as a flag, in the excluded, and in the doubts of the tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import StudyError
from eventstudy.study import abnormal_volume

DAYS = sessions("XNYS", pd.Timestamp("2024-06-03"), pd.Timestamp("2025-06-30"))
RNG = np.random.default_rng(5)
MARKET = RNG.normal(0, 0.008, len(DAYS))
RETURNS = pd.DataFrame({"M": MARKET, **{name: MARKET + RNG.normal(0, 0.01, len(DAYS)) for name in "ABC"}}, index=DAYS)
AT = len(DAYS) - 20  # of the event
STUDY = es.EventStudy(model=es.MarketModel("M"), estimation=es.EstimationWindow(120, end=-11), window=(-5, 5))
EVENTS = pd.DataFrame({"event_id": ["a", "b", "c"], "symbol": list("ABC"), "bar": DAYS[AT]})
ESTIMATION, GAP, WINDOW, BEFORE = AT - 60, AT - 8, AT + 1, AT - 200


def lost_split(prices, at, ratio):
    prices.iloc[at:, prices.columns.get_loc("A")] /= ratio


def other_unit(prices, at, ratio):
    prices.iloc[at : at + 11, prices.columns.get_loc("A")] /= ratio


def padded(prices, at, ratio):
    prices.iloc[at : at + 6, prices.columns.get_loc("A")] = prices["A"].iloc[at]


def flags(frame, window=(0, 1)):
    return STUDY.fit(EVENTS, frame).car(window).set_index("symbol")["flag"].to_dict()


@pytest.mark.parametrize("ratio", [2, 3, 4, 10, 20, 1.5, 1 / 4, 1 / 10])
@pytest.mark.parametrize(("at", "flagged"), [(ESTIMATION, True), (WINDOW, True), (GAP, False), (BEFORE, False)])
@pytest.mark.parametrize("door", ["prices", "returns", "log"])
def test_a_lost_split_flags_the_events_that_rest_on_it(ratio, at, flagged, door):
    prices = 100 * (1 + RETURNS).cumprod()
    lost_split(prices, at, ratio)
    kind = "log" if door == "log" else "simple"
    panel = es.ReturnPanel.from_prices(es.load_prices(source=prices), kind)
    found = flags(panel if door != "returns" else panel.frame)
    assert found == {"A": "split_like" if flagged else "", "B": "", "C": ""}


@pytest.mark.parametrize("ratio", [100, 1000, 1 / 100])
@pytest.mark.parametrize("at", [ESTIMATION, WINDOW])
def test_pence_for_pounds_flags(ratio, at):
    prices = 100 * (1 + RETURNS).cumprod()
    other_unit(prices, at, ratio)
    assert "split_like" in flags(es.load_prices(source=prices))["A"]


@pytest.mark.parametrize(("at", "flagged"), [(ESTIMATION, True), (WINDOW, True), (BEFORE, False)])
def test_prices_that_stand_still_flag(at, flagged):
    prices = 100 * (1 + RETURNS).cumprod()
    padded(prices, at, 1)
    assert flags(es.load_prices(source=prices), (0, 5)) == {"A": "stale" if flagged else "", "B": "", "C": ""}


@pytest.mark.parametrize(
    ("value", "word"),
    [(-99.0, "missing_code"), (-66.0, "missing_code"), (-1.0, "impossible_return"), (-1.4, "impossible_return")],
)
@pytest.mark.parametrize("at", [ESTIMATION, WINDOW])
def test_codes_and_impossible_returns_flag(value, word, at):
    frame = RETURNS.copy()
    frame.iloc[at, 1] = value
    found = flags(frame)
    assert word in found["A"].split()
    assert found["B"] == found["C"] == ""


@pytest.mark.parametrize("value", [-99.0, -1.5, -0.75])
def test_a_benchmark_that_looks_wrong_flags_everybody(value):
    frame = RETURNS.copy()
    frame.iloc[ESTIMATION, 0] = value
    assert all(flag for flag in flags(frame).values())


def test_grave_marks_are_doubts_of_every_test_and_others_from_a_share_on():
    clean = STUDY.fit(EVENTS, RETURNS)
    prices = 100 * (1 + RETURNS).cumprod()
    lost_split(prices, ESTIMATION, 4)
    result = STUDY.fit(EVENTS, es.load_prices(source=prices))
    words = "data: 1 of 3 security-events rests on bars flagged split_like"
    tests = result.tests((0, 1), full=True)
    judged = tests[tests["applicable"]]
    assert judged["doubts"].map(lambda doubts: any(words in doubt for doubt in doubts)).all()
    assert not judged["valid"].any()
    assert (
        not clean.tests((0, 1), full=True)["doubts"].map(lambda doubts: any("data:" in doubt for doubt in doubts)).any()
    )
    assert words in str(result.test("sign", (0, 1)))
    assert words in " ".join(result.summary().split())
    standing = 100 * (1 + RETURNS).cumprod()
    padded(standing, ESTIMATION, 1)
    many = pd.concat([EVENTS.assign(event_id=f"{at}{EVENTS['event_id']}", bar=DAYS[AT - at]) for at in range(8)]).iloc[
        :24
    ]
    few = many.assign(event_id=range(24), symbol=["A", *["B", "C"] * 11, "B"])
    found = STUDY.fit(few, es.load_prices(source=standing))
    assert (found.car((0, 1))["flag"].str.contains("stale")).sum() == 1
    assert "stale" not in found.summary()


def test_the_excluded_say_what_their_bars_are_like():
    frame = RETURNS.copy()
    frame.iloc[AT - 130 : AT - 40, 1] = -99.0
    result = STUDY.fit(EVENTS, frame)
    assert result.excluded["reason"].tolist() == ["too_few_bars"]
    assert "it rests on bars flagged missing_code" in result.excluded["detail"].item()
    frame.iloc[AT - 100, 2] = -1.5  # of another, which is studied: no word about it here
    other = STUDY.fit(EVENTS, frame)
    assert other.excluded["detail"].item().endswith("it rests on bars flagged missing_code")
    assert other.car((0, 1)).set_index("symbol")["flag"].to_dict() == {"B": "impossible_return", "C": ""}


@pytest.mark.parametrize("at", [0, 1, 119, 120])
def test_the_first_bars_of_the_data_are_bars(at):
    """The estimation window holds the first 120 bars: what looks wrong on any of them flags, and on the next does not."""
    early = EVENTS.assign(bar=DAYS[130])
    frame = RETURNS.copy()
    frame.iloc[at, 1] = -99.0
    for column in (1, 0):  # of the security alone, and of the market
        wrong = RETURNS.copy()
        wrong.iloc[at, column] = -99.0
        found = STUDY.fit(early, wrong).car((0, 1))["flag"].str.contains("missing_code")
        assert found.tolist() == [at < 120 and (column == 0 or name == "A") for name in "ABC"]


def test_leaps_of_news_are_no_lost_splits():
    frame = RETURNS.copy()
    for value in (0.38, -0.29, 0.62, -0.40):
        frame.iloc[WINDOW, 1] = value
        assert flags(frame)["A"] == ""
    wild = RETURNS.assign(A=RNG.normal(0, 0.3, len(DAYS)).clip(-0.9))  # of a security for which a doubling is nothing
    assert "split_like" not in flags(wild)["A"]


def test_volumes_are_no_returns():
    volume = np.exp(14 + 40 * RETURNS[["A", "B", "C"]]).round()
    study = es.EventStudy(model=es.MeanAdjusted(), estimation=es.EstimationWindow(120, end=-11), window=(-5, 5))
    result = study.fit(EVENTS, abnormal_volume(volume))
    assert result.car((0, 0))["flag"].tolist() == ["", "", ""]
    with pytest.raises(StudyError, match="log volumes, and nothing is bought and held"):
        result.bhar()


OTHERS = [f"D{at:02}" for at in range(14)]
WIDE = RETURNS.assign(**{name: MARKET + RNG.normal(0, 0.01, len(DAYS)) for name in OTHERS})
COMPARED = {
    "match of A": (es.MatchedPortfolio({"A": ["D01", "D02"], "B": "D03", "C": ["D03", "D04"]}), "D02", "A"),
    "match of two": (es.MatchedPortfolio({"A": ["D01", "D02"], "B": "D03", "C": ["D03", "D04"]}), "D03", "BC"),
    "controls": (es.ControlPortfolio(("D01", "D02")), "D02", "ABC"),
    "latent factors": (es.LatentFactorModel(OTHERS), "D05", "ABC"),
    "own markets": (es.MarketModel({"A": "M", "B": "D01", "C": "M"}), "D01", "B"),
    "no member": (es.MatchedPortfolio({"A": ["D01", "D02"], "B": "D03", "C": "D03"}), "D09", ""),
}


@pytest.mark.parametrize("damage", [lost_split, padded, "code", "saturday"])
@pytest.mark.parametrize("case", COMPARED)
def test_what_a_security_is_compared_with_flags_it(case, damage):
    model, name, flagged = COMPARED[case]
    prices = 100 * (1 + WIDE).cumprod()
    word = {lost_split: "split_like", padded: "stale", "code": "missing_code"}.get(damage, "off_calendar")
    if damage == "code":
        panel = es.ReturnPanel(WIDE.assign(**{name: WIDE[name].where(WIDE.index != DAYS[ESTIMATION], -99.0)}))
    elif damage == "saturday":
        day = DAYS[AT - 1 : AT + 5][DAYS[AT - 1 : AT + 5].day_of_week == 4][0] + pd.Timedelta(days=1)
        prices.loc[day, name] = prices[name].loc[:day].iloc[-1] * 1.01
        panel = es.load_returns(source=prices.sort_index())
    else:
        prices = prices.rename(columns={name: "A", "A": name})  # the helpers above damage A
        damage(prices, ESTIMATION, 4)
        panel = es.load_returns(source=prices.rename(columns={name: "A", "A": name}))
    found = es.EventStudy(model=model, estimation=STUDY.estimation, window=(-5, 5)).fit(EVENTS, panel)
    assert found.car((0, 5)).set_index("symbol")["flag"].to_dict() == {
        one: word if one in flagged else "" for one in "ABC"
    }
    if damage is lost_split:
        assert ("flagged split_like" in str(found.test("sign", (0, 5)))) == bool(flagged)


def test_a_donor_that_takes_no_part_flags_nobody():
    study = es.EventStudy(model=es.SyntheticControl(OTHERS), estimation=STUDY.estimation, window=(-5, 5))
    events = EVENTS.iloc[:1]
    weights = study.fit(events, WIDE).donors().set_index("donor")["weight"].sort_values()
    assert weights.iloc[0] == 0
    for name in (weights.index[0], weights.index[-1]):
        prices = 100 * (1 + WIDE).cumprod()
        prices.iloc[AT + 1 :, prices.columns.get_loc(name)] /= 4  # after the estimation window: the weights stay
        flag = study.fit(events, es.load_returns(source=prices)).car((0, 5))["flag"].item()
        assert flag == ("split_like" if weights[name] > 0 else "")


@pytest.mark.parametrize("move", [0.06, -0.06])
def test_a_split_lost_on_a_day_that_moves_much_flags(move):
    returns = RETURNS.assign(A=MARKET + RNG.normal(0, 0.03, len(DAYS)))
    returns.iloc[WINDOW, 1] = move
    prices = 100 * (1 + returns).cumprod()
    lost_split(prices, WINDOW, 4)
    panel = es.load_prices(source=prices)
    assert panel.quality.loc["A", "split_like"] == f"{DAYS[WINDOW]:%Y-%m-%d}"
    assert flags(panel)["A"] == "split_like"


@pytest.mark.parametrize("seed", range(6))
def test_a_few_events_in_a_wide_panel_have_the_flags_that_the_whole_panel_gives(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    wide = RETURNS.copy()
    for at, length in zip(rng.integers(0, len(DAYS), 12), rng.integers(1, 9, 12), strict=True):
        wide.iloc[at : at + length, rng.integers(1, 4)] = rng.choice([0.0, 0.0, -0.5, 30.0, np.nan])
    events = pd.DataFrame(
        {"event_id": list("abcd"), "symbol": list("ABCA"), "bar": DAYS[[AT, AT - 60, AT - 120, len(DAYS) - 2]]}
    )
    study = es.EventStudy(
        model=es.MarketModel("M"), estimation=es.EstimationWindow(60, end=-8, minimum=20), window=(-2, 2)
    )
    told = []
    for share in (0.0, 9.0):  # all of the panel, and the stretches that the events rest on
        monkeypatch.setattr("eventstudy.study.tables.marks.FEW_BARS", share)
        told.append([study.fit(events, wide).car(window)["flag"].tolist() for window in ((-2, 2), (0, 0))])
    assert told[0] == told[1]
    assert any(told[0][0])
