# ruff: noqa: ARG001
"""Bars that look wrong reach the security-event: as a flag, in the excluded, and in the doubts of the tests."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.abnormal.models.donor_pool import Donor
from eventstudy.calendars import sessions
from eventstudy.errors import StudyError
from eventstudy.study import abnormal_volume
from eventstudy.study.tables.marks import _coded, _leaps_and_zeros, _looking_wrong, _rested_on, _touched, doubts_of

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


# ------------------------------------------------------------------------------------------------ the kernels, by loops

RATIOS = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50, 100, 1000)


def wrong_by_loops(returns, *, log):
    """What looks wrong, cell by cell: the words of the module in the order of their definitions."""
    found = {"impossible_return": [], "split_like": [], "suspect_return": [], "stale": []}
    rows, bars = returns.shape
    for row in range(rows):
        own = returns[row][np.isfinite(returns[row])]
        moves = own if log else np.log(1 + own[own > -1])
        usual = 1.4826 * np.median(np.abs(moves - np.median(moves)))
        run = []
        for bar in range(bars):
            value, key = returns[row, bar], row * bars + bar
            run = [*run, key] if value == 0 else []
            if len(run) >= 4:
                found["stale"] += run if len(run) == 4 else run[-1:]
            if not log and value <= -1:
                found["impossible_return"].append(key)
            growth = np.exp(value) if log else 1 + value
            if not growth > 0 or abs(np.log(growth)) <= 0.25:
                continue
            size = abs(np.log(growth))
            near = min(max(3 * usual, 0.03), 0.07)
            like = [abs(np.exp(size) / ratio - 1) < (0.03 if ratio == 1.5 else near) for ratio in RATIOS]
            if any(like) and size > 10 * usual:
                found["split_like"].append(key)
            elif growth >= 11 or growth <= 0.01:
                found["suspect_return"].append(key)
    return {kind: keys for kind, keys in found.items() if keys}


PLANTED = {
    "calm": [1.02, -0.492, 0.475, 0.55, 8.9, -0.55, 10.5, -0.9901, -1.0, -1.3, 0.3, 4.3, 0.5],
    "lively": [1.06, -0.485, 0.53, 2.15, 8.4, -0.76, 11.4, -0.989, -0.995, -1.0, 19.0],
    "wild": [1.0, -0.99, 12.0, 98.0, 0.6, -0.999, 30.0],
}


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_what_looks_wrong_by_loops_over_the_cells(log, seed):
    rng = np.random.default_rng(seed)
    returns = np.stack([rng.normal(0, sd, 120) for sd in (0.01, 0.02, 0.9, 0.004)])
    if not log:
        returns = np.expm1(returns)
    for row, values in enumerate(PLANTED.values()):
        at = rng.choice(np.arange(8, 110), len(values), replace=False)
        returns[row, at] = np.log1p([max(value, -0.9999) for value in values]) if log else values
    returns[0, -3:] = returns[1, :2] = 0.0  # five zeros in a row of memory, of two securities: neither stands still
    returns[3, [0, 1, 2, 3, 10, 11, 12, 20, 21, 23, 24]] = 0.0  # four are enough and three are not
    returns[3, 116:] = 0.0
    returns[3, 50:60] = 0.0
    returns[1, 40] = np.nan
    expected = wrong_by_loops(returns, log=log)
    found = {kind: keys.tolist() for kind, keys in _looking_wrong(returns, None, log=log).items() if keys.size}
    assert found == expected
    assert {"split_like", "suspect_return", "stale"} <= set(found)
    everything = (np.repeat(np.arange(4), 2), np.tile([0, 50], 4), 70)  # in stretches that share bars
    again = {kind: keys.tolist() for kind, keys in _looking_wrong(returns, everything, log=log).items() if keys.size}
    assert again == expected


def test_growth_at_the_very_measure_is_out_of_it():
    """Eleven times and a hundredth, of a security for which each is no split: its own moves are as large."""
    moves = np.resize([0.7, -0.7], 40)
    moves[[5, 9]] = np.log(11.0), np.log(0.01)
    moves[[15, 19]] = np.nextafter(np.log(11.0), 0), np.nextafter(np.log(0.01), 0)
    assert _looking_wrong(moves[None], None, log=True)["suspect_return"].tolist() == [5, 9]


def test_nothing_looks_wrong_of_what_is_quiet():
    assert _looking_wrong(np.full((2, 9), 0.01), None, log=False) == {}
    few = np.full((1, 9), 0.01)
    few[0, 3:6] = 0.0
    assert _looking_wrong(few, None, log=False) == {}
    few[0, 6] = 0.0
    assert {kind: keys.tolist() for kind, keys in _looking_wrong(few, None, log=False).items()} == {
        "stale": [3, 4, 5, 6]
    }


def test_leaps_and_zeros_of_a_long_row_are_those_of_its_pieces():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.1, 70_000)
    values[40_000:] = 0.01  # the last piece, of which not one leaps or is nought
    values[[0, 32_767, 32_768, 33_000, 69_999]] = [0.0, -0.5, 0.5, np.nan, 0.0]
    values[[100, 101]] = -0.2, 0.3  # the bounds themselves are inside
    leaps, zeros = _leaps_and_zeros(values, -0.2, 0.3)
    assert leaps.tolist() == [at for at, value in enumerate(values) if value < -0.2 or value > 0.3]
    assert zeros.tolist() == [0, 69_999]
    assert {32_767, 32_768} <= set(leaps.tolist())
    assert not {100, 101} & set(leaps.tolist())
    for one in (0.4, -0.4):  # alone in its piece
        lone = np.full(10, 0.01)
        lone[7] = one
        assert [found.tolist() for found in _leaps_and_zeros(lone, -0.2, 0.3)] == [[7], []]


def test_codes_stand_on_the_bars_of_their_days():
    bars = pd.date_range("2024-01-01", periods=6)
    quality = pd.DataFrame(
        {"codes": ["2024-01-06 2024-01-01", "2024-01-03 2023-12-31", "", None, "2024-01-04"]},
        index=["B", "A", "C", "D", "of another panel"],
    )
    keys = [0 * 6 + 2, 1 * 6 + 0, 1 * 6 + 5]
    assert _coded(quality, ["A", "B", "C", "D"], bars).tolist() == keys
    assert _coded(quality, ["A", "B", "C", "D"], bars.tz_localize("Asia/Tokyo")).tolist() == keys
    for nothing in (
        _coded(quality, ["C", "D"], bars),
        _coded(None, ["A"], bars),
        _coded(quality.rename(columns={"codes": "notes"}), ["A"], bars),
        _coded(quality, ["A"], pd.RangeIndex(6)),
    ):
        assert (nothing.tolist(), nothing.dtype) == ([], np.int64)


def test_a_kind_is_a_doubt_when_grave_or_of_more_than_a_twentieth():
    assert doubts_of(Counter(stale=2), 40) == ()
    assert doubts_of(Counter(), 40) == ()
    assert doubts_of(Counter(stale=3, missing_code=2), 40) == (
        "data: 3 of 40 security-events rest on bars flagged stale; see the column flag of car()",
    )
    assert doubts_of(Counter(split_like=1), 40) == (
        "data: 1 of 40 security-events rests on bars flagged split_like; see the column flag of car()",
    )
    both = doubts_of(Counter(stale=4, missing_code=4, suspect_return=1, impossible_return=2), 40)
    assert [one.split("flagged ")[1].split(";")[0] for one in both] == [
        "missing_code", "impossible_return", "suspect_return", "stale",
    ]  # fmt: skip


def few_bars(symbols, bars=60, length=20, rows=(26, 40, 58, 26), names="AABB"):
    """Two securities of a panel, each with events early and late; the estimation window is days -22 to -3."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.normal(0, 0.01, (bars, symbols)), columns=["M", "A", "B", *map(str, range(symbols - 3))])
    events = pd.DataFrame({"event_id": range(len(rows)), "symbol": list(names), "bar": rows})
    study = es.EventStudy(
        model=es.MarketModel("M"), estimation=es.EstimationWindow(length, end=-3), window=(-1, 3), calendar=None,
        mask_events=False,
    )  # fmt: skip
    return study, events, frame


def test_each_bar_flags_the_windows_that_hold_it_and_no_other():
    """A mark on each bar in turn, of a security or of the market: flagged as a loop over the windows says."""
    study, events, frame = few_bars(3)
    part = study.fit(events, frame)._fitted.parts[0]
    none = np.empty(0, dtype=np.int64)
    own = part.abnormal.security.tolist()
    rests = [{*range(day - 22, day - 2), day, day + 1} for day in events["bar"]]
    for bar in range(60):
        for code in np.unique(own).tolist():
            marks = {"stale": (np.array([code * 60 + bar]), none), "split_like": (none, np.array([bar]))}
            touched = _touched(part.abnormal, part, marks, (0, 1))
            assert touched["split_like"].tolist() == [bar in held for held in rests], bar
            its = [bar in held and code == one for held, one in zip(rests, own, strict=True)]
            assert touched["stale"].tolist() == its, bar


def test_the_bars_that_few_events_rest_on_reach_over_both_ends_as_far_as_the_data_go():
    """Three standing prices before the first bar, and after the last, make one of four with it: that room is there."""
    study, events, frame = few_bars(40)
    part = study.fit(events, frame)._fitted.parts[0]
    security, start, length = _rested_on(part, (-1, 3))
    assert security.tolist() == part.abnormal.security.tolist()
    assert start.min() >= 0
    assert start.max() + length <= 60
    for first, day in zip(start.tolist(), events["bar"], strict=True):
        assert first <= max(day - 22 - 3, 0)
        assert first + length >= min(day + 3 + 3, 59) + 1
    assert _rested_on(study.fit(events, frame[["M", "A", "B"]])._fitted.parts[0], (-1, 3)) is None  # of so few, all


@pytest.mark.parametrize("bar", [0, 3, 4, 19, 20, 21, 23, 24, 25, 29, 30])
@pytest.mark.parametrize("symbols", [3, 40])
def test_a_leap_flags_alike_in_a_wide_panel_and_in_a_narrow_one(bar, symbols):
    """One event rests on bars 4 to 23 and 25 to 29, the other on the first bar of all to bar 19 and on 21 to 25."""
    study, events, frame = few_bars(symbols, rows=(26, 22), names="AA")
    frame.iloc[bar, 1] = 12.5
    flag = study.fit(events, frame).car()["flag"].str.contains("suspect_return").tolist()
    assert flag == [4 <= bar <= 23 or 25 <= bar <= 29, bar <= 19 or 21 <= bar <= 25]


def test_windows_longer_than_the_data_are_looked_at_as_a_whole():
    study, events, frame = few_bars(40, bars=45, length=34, rows=(41, 41), names="AB")
    frame.iloc[6, 1] = 12.5
    assert study.fit(events, frame).car()["flag"].tolist() == ["suspect_return", ""]


def test_a_series_that_is_mostly_nothing_is_no_market_that_stands_still():
    """A dummy of zeros flags nobody; zeros on less than half of the bars do, and those of the risk-free rate never."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(rng.normal(0, 0.01, (80, 4)), columns=["M", "F", "rf", "A"])
    events = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [70]})
    windows = {"estimation": es.EstimationWindow(60, end=-3), "window": (0, 2), "calendar": None}
    rows = np.arange(80)
    for share, word in (((rows % 8 < 4), ""), ((rows % 9 < 4), "stale")):  # forty of eighty, and fewer
        quiet = frame.assign(F=frame["F"].where(~share, 0.0))
        assert share.mean() == 0.5 or share.mean() < 0.5
        result = es.EventStudy(model=es.FactorModel(["M", "F"]), **windows).fit(events, quiet)
        assert result.car()["flag"].item() == word
    quiet = frame.assign(rf=frame["rf"].where(rows % 9 >= 4, 0.0))
    result = es.EventStudy(model=es.FactorModel(["M"], risk_free="rf"), **windows).fit(events, quiet)
    assert result.car()["flag"].item() == ""


def test_a_donor_that_looks_wrong_flags_the_dates_on_which_it_took_part():
    """Of components each date has donors of its own: the state on the date of the event decides, and the bars decide."""
    study, events, frame = few_bars(40, rows=(26, 40, 58), names="ABA")
    study = es.EventStudy(
        model=es.LatentFactorModel([str(name) for name in range(37)]), estimation=study.estimation, window=study.window,
        calendar=None, mask_events=False,
    )  # fmt: skip
    part = study.fit(events, frame)._fitted.parts[0]
    pool = part.abnormal.pool
    assert pool.day0.tolist() == [26, 40, 58]
    state = np.full(pool.state.shape, Donor.USED, dtype=np.int8)
    state[[0, 1, 2], [5, 6, 7]] = Donor.OWN_EVENT, Donor.FILLED, Donor.STUDIED_HERE
    abnormal = replace(part.abnormal, pool=replace(pool, state=state))
    none = np.empty(0, dtype=np.int64)
    rests = [{*range(day - 22, day - 2), day, day + 1} for day in abnormal.day0.tolist()]
    for donor in (0, 5, 6, 7, 36):
        takes_part = [(date, donor) not in ((0, 5), (2, 7)) for date in range(3)]
        for bar in range(60):
            touched = _touched(abnormal, part, {"stale": (none, np.array([donor * 60 + bar]))}, (0, 1))["stale"]
            assert touched.tolist() == [bar in held and taken for held, taken in zip(rests, takes_part, strict=True)]
