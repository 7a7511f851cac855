"""From what was asked to what is estimated: rows, calendars, overlaps, donors' events, splits, and what is refused."""

from types import SimpleNamespace
from zlib import crc32

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.abnormal import IntradayModel, MatchedPortfolio, SyntheticControl, TradeToTrade
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.intraday.clock import Clock, ClockBars
from eventstudy.calendars import sessions
from eventstudy.errors import DataError, StudyError
from eventstudy.returns import ReturnPanel
from eventstudy.study.fit.align import _off
from eventstudy.study.fit.donors import donor_events, pool_names
from eventstudy.study.fit.enough import _no_rate, long_enough, regressors_known
from eventstudy.study.fit.fit import _codes, calendars_of, displaced, rows_asked, settled
from eventstudy.study.fit.inside_day import (
    _refuse_all,
    _refused,
    free_sessions,
    place_inside,
    place_on_hours,
)
from eventstudy.study.fit.mask import days_shared
from eventstudy.study.fit.splits import splits_of
from eventstudy.study.request import read_request
from panels import pairs, small_panel

PANEL = small_panel(bars=160, symbols=("M", "A", "B", "C"))


def study(**options):
    return es.EventStudy(
        **{"model": es.MarketModel("M"), "window": (-1, 2), "estimation": es.EstimationWindow(60, end=-6), **options}
    )


# ----------------------------------------------------------------------------------------------------------------- rows asked for


def test_events_meet_every_symbol_of_the_panel_or_those_named_and_pairs_their_own():
    days = pd.DataFrame({"event_id": ["e", "f"], "bar": PANEL.index[[90, 100]]})
    for given, names in ((("B", "A"), ["B", "A"]), ("all", ["M", "A", "B", "C"])):
        request = read_request(days, set(PANEL.columns), given)
        symbols, event, symbol = rows_asked(request, list(PANEL.columns))
        assert symbols == names
        assert event.tolist() == [0] * len(names) + [1] * len(names)
        assert symbol.tolist() == list(range(len(names))) * 2
    request = read_request(pairs(PANEL, [90, 100], ("C", "A")), set(PANEL.columns))
    symbols, event, symbol = rows_asked(request, list(PANEL.columns))
    assert (symbols, event.tolist(), symbol.tolist()) == (["C", "A"], [0, 1, 2, 3], [0, 1, 0, 1])


def test_a_number_and_its_text_are_one_symbol_and_an_empty_one_is_none():
    def asked(*symbols):
        request = SimpleNamespace(symbol=pd.Series(symbols, dtype=object), event_id=list(symbols), crossed=())
        return rows_asked(request, ["10001", "10002"])

    symbols, event, symbol = asked(10002, "10001", "10002", 10001.0)
    assert (symbols, event.tolist(), symbol.tolist()) == (["10002", "10001"], [0, 1, 2, 3], [0, 1, 0, 1])
    for empty in (None, np.nan, ""):
        with pytest.raises(StudyError, match="column 'symbol' is empty in row 2"):
            asked("10001", "10002", empty, "10001", empty)
    with pytest.raises(StudyError, match="what is no symbol"):
        asked("10001", ["A"])
    with pytest.raises(StudyError, match="no text that can be written"):
        asked("10001", "\udc80")


def test_symbols_by_calendar():
    model = es.MarketModel("M")
    one = SimpleNamespace(calendar="XNYS", model=model)
    assert calendars_of(one, ["A", "B"], {"A"}) == {"XNYS": None}
    matched = SimpleNamespace(calendar=None, model=MatchedPortfolio({"A": "B"}))
    assert calendars_of(matched, ["A"], {"A"}) == {None: {"A"}}
    two = SimpleNamespace(calendar={"A": "XNYS", "B": "XTKS", "C": "XNYS"}, model=model)
    assert calendars_of(two, ["A", "B", "C"], {"A", "B", "C"}) == {"XNYS": {"A", "C"}, "XTKS": {"B"}}
    # the market needs none, nor does a symbol that nobody knows; every other one does
    assert calendars_of(two, ["A", "M", "Z"], {"A", "M"}) == {"XNYS": {"A"}, None: {"M", "Z"}}
    with pytest.raises(StudyError, match="names no calendar for 'D'"):
        calendars_of(two, ["A", "D"], {"A", "D"})


def test_a_study_takes_calendar_and_labels_from_the_panel_where_it_has_none_of_its_own():
    panel = ReturnPanel(PANEL)
    assert settled(study(), panel).calendar == "XNYS"
    assert settled(study(calendar=None), panel).calendar is None
    assert settled(study(calendar="XLON"), ReturnPanel(PANEL, calendar="XNYS")).calendar == "XLON"
    assert settled(study(), ReturnPanel(PANEL, calendar="XTKS")).calendar == "XTKS"
    own = ReturnPanel(PANEL, calendar="XNYS", calendars={"B": "XTKS"})
    assert settled(study(), own).calendar == {"M": "XNYS", "A": "XNYS", "B": "XTKS", "C": "XNYS"}
    weeks = ReturnPanel(PANEL.set_axis(pd.date_range("2020-01-03", periods=160, freq="W-FRI")))
    assert settled(study(), weeks).calendar is None
    tokyo = sessions("XTKS", pd.Timestamp("2023-01-04"), pd.Timestamp("2023-12-29"))[:160]
    with pytest.raises(DataError, match="XTKS"):
        settled(study(), ReturnPanel(PANEL.set_axis(tokyo)))
    labelled = SimpleNamespace(label="end", calendar="XNYS", calendars={}, frame=PANEL, bars="sessions")
    assert settled(study(), labelled).label == "end"
    assert settled(study(label="start"), labelled).label == "start"


def test_random_streams_are_seeded_with_the_name_of_a_security():
    assert _codes(SimpleNamespace(symbols=("A", "B"))).tolist() == [crc32(b"A"), crc32(b"B")]


# ----------------------------------------------------------------------------------------------------------------- fates


def test_every_row_has_a_fate_also_of_the_first_column_and_on_the_first_bar():
    asked = pairs(PANEL, [100], ("A", "M", "Z"))
    early = pd.concat([asked, pairs(PANEL, [0], ("A", "B")), pairs(PANEL, [120], ("B",)).assign(bar="2030-01-02")])
    for panel in (PANEL, PANEL[["A", "M", "B", "C"]], PANEL[["B", "A", "M", "C"]]):
        result = study().fit(early, panel)
        assert result.car()["symbol"].tolist() == ["A"]
        fates = result.excluded.set_index(["event_id", "symbol"])["reason"].to_dict()
        assert fates == {
            ("e100", "M"): "benchmark",
            ("e100", "Z"): "unknown_symbol",
            ("e0", "A"): "too_few_bars",
            ("e0", "B"): "too_few_bars",
            ("e120", "B"): "outside_data",
        }


def test_a_catalogue_crossed_with_the_panel_leaves_its_market_out_wherever_it_stands():
    days = pd.DataFrame({"event_id": ["e"], "bar": PANEL.index[[100]]})
    for panel in (PANEL, PANEL[["A", "M", "B", "C"]]):
        result = study().fit(days, panel, symbols="all")
        assert sorted(result.car()["symbol"]) == ["A", "B", "C"]
        assert result.excluded[["symbol", "reason"]].to_numpy().tolist() == [["M", "benchmark"]]


def test_a_study_of_rows_that_the_data_lack_has_tables_without_rows():
    result = study().fit(pairs(PANEL, [100], ("A",)).assign(bar="2030-01-02"), PANEL)
    assert (result.n, result.excluded["reason"].tolist(), len(result.car())) == (0, ["outside_data"], 0)


def test_data_must_be_long_enough_for_the_shortest_window_only():
    asked = pairs(PANEL[:90], [70], ("A", "B")).assign(estimation_start=[np.nan, -40], estimation_end=[np.nan, -7])
    result = study(estimation=es.EstimationWindow(300, end=-6)).fit(asked, PANEL[:90])
    assert result.car()["symbol"].tolist() == ["B"]
    assert result.excluded["reason"].tolist() == ["too_few_bars"]


def test_a_bar_given_for_a_date_alone_is_unsure_unless_it_was_moved():
    sunday = next(day for day in pd.date_range(PANEL.index[100], periods=7) if day.day_name() == "Sunday")
    asked = pairs(PANEL, [100, 110, 120], ("A",)).assign(precision=["date_only", "exact_min", "date_only"])
    asked.loc[2, "bar"] = sunday
    flags = study().fit(asked, PANEL).car().set_index("event_id")["flag"]
    assert ["session_uncertain" in flags[name] for name in ("e100", "e110", "e120")] == [True, False, False]


# ----------------------------------------------------------------------------------------------------------------- overlaps


@pytest.mark.parametrize("rule", ["first", "merge"])
def test_what_gives_way_to_what_is_noted(rule):
    """A window of four bars: 10, 13 and 16 overlap one after the other, 14 only with its neighbours, 20 not with 16."""
    plan = SimpleNamespace(window=(-1, 2), overlap=rule)
    day0 = np.array([13, 10, 16, 20, 14])
    placed = SimpleNamespace(position=day0)
    event, security = np.array([0, 1, 2, 3, 4, 1]), np.array([0, 0, 0, 0, 0, 1])
    rows = np.array([5, 6, 7, 8, 9, 3])
    status, merged = np.zeros(10, dtype=np.int8), {}
    stay = displaced(plan, rows, (event, security), placed, status, merged)
    if rule == "first":  # 10 displaces 13; 14 is kept and displaces 16; 20 is kept
        assert stay.tolist() == [1, 3, 4, 5]
        assert np.flatnonzero(status).tolist() == [5, 7]
        assert set(status[[5, 7]]) == {Exclusion.OVERLAP}
        assert merged == {}
    else:  # a chain 10, 13, 14, 16; then 20
        assert stay.tolist() == [1, 3, 5]
        assert np.flatnonzero(status).tolist() == [5, 7, 9]
        assert set(status[[5, 7, 9]]) == {Exclusion.MERGED}
        assert merged == {6: [0, 4, 2]}  # in the order of time


def test_a_merged_chain_is_one_event_and_the_others_say_so():
    panel = PANEL
    asked = pairs(panel, [100, 102, 120], ("A",))
    for rule, reason, first in (("first", "overlap", "e100"), ("merge", "merged", "e100+e102")):
        result = study(overlap=rule).fit(asked, panel)
        assert result.car()["event_id"].tolist() == [first, "e120"]
        assert result.excluded["reason"].tolist() == [reason]
        assert result.excluded["event_id"].tolist() == ["e102"]


def test_windows_of_other_securities_and_windows_that_only_touch_do_not_overlap():
    asked = pd.concat([pairs(PANEL, [100, 104], ("A",)), pairs(PANEL, [102], ("B",))])
    assert study(overlap="first").fit(asked, PANEL).n == 3
    assert study(overlap="first", window=(-1, 3)).fit(asked, PANEL).n == 2


# ----------------------------------------------------------------------------------------------------------------- donors


def aligned_of(bars=12, symbols=("A", "B")):
    return SimpleNamespace(bars=pd.RangeIndex(bars), symbols=symbols)


@pytest.mark.parametrize("mask", [(0, 0), (-1, 2), (2, 3), (-20, -1), (0, 30)])
def test_events_of_donors_begin_on_their_bars_and_hide_the_bars_of_their_mask(mask):
    model = SyntheticControl(("D", "B", "E"))
    names = ["A", "B", "Z", "D"]
    asked = [("A", 3), ("B", 0), ("D", 11), ("D", 4), ("Z", 5), ("B", -1), ("D", 4)]
    symbol = np.array([names.index(name) for name, _ in asked])
    position = np.array([at for _, at in asked])
    for masked in (True, False):
        plan = SimpleNamespace(model=model, mask_events=masked, mask=mask)
        found = donor_events(plan, aligned_of(), names, symbol, position)
        assert found.row.tolist() == [-1, 1, -1]
        begins, hidden = np.zeros((3, 12), dtype=bool), np.zeros((3, 12), dtype=bool)
        for name, at in asked:
            if name in model.donors and at >= 0:
                begins[model.donors.index(name), at] = True
                for bar in range(at + mask[0], at + mask[1] + 1):
                    if 0 <= bar < 12:
                        hidden[model.donors.index(name), bar] = True
        np.testing.assert_array_equal(found.begins, begins)
        if masked:
            np.testing.assert_array_equal(found.hidden, hidden)
        else:
            assert found.hidden is None


def test_donors_without_events_hide_nothing_and_other_models_have_no_donors():
    plan = SimpleNamespace(model=SyntheticControl(("D", "B")), mask_events=True, mask=(0, 1))
    for position in (np.array([3, -1]), np.array([-1, -1])):
        found = donor_events(plan, aligned_of(), ["A", "B"], np.array([0, 1]), position)
        assert (found.begins, found.hidden, found.row.tolist()) == (None, None, [-1, 1])
    assert pool_names(SyntheticControl(("D", "B"))) == ("D", "B")
    assert pool_names(es.ControlPortfolio(("D", "B"))) == ()  # it leaves nobody out
    assert pool_names(es.MarketModel("M")) == ()
    plain = SimpleNamespace(model=es.MarketModel("M"), mask_events=True, mask=(0, 1))
    assert donor_events(plain, aligned_of(), ["A"], np.array([0]), np.array([3])) is None


# ----------------------------------------------------------------------------------------------------------------- enough


@pytest.mark.parametrize(("bars", "kind"), [(59, "estimation"), (60, None)])
def test_an_estimation_window_as_long_as_the_data_is_just_possible(bars, kind):
    short = SimpleNamespace(bars=PANEL.index[:bars], hours=None)
    plan = SimpleNamespace(estimation_window=SimpleNamespace(length=60), window=(-1, 2))
    if kind is None:
        long_enough(plan, short)
    else:
        with pytest.raises(StudyError, match=r"the estimation window of 60 bars is longer than the data \(59 bars"):
            long_enough(plan, short)
    long_enough(plan, SimpleNamespace(bars=PANEL.index[:bars], hours=object()))  # inside the day sessions are counted
    wide = SimpleNamespace(estimation_window=SimpleNamespace(length=1), window=(-20, 39))
    if kind is None:
        long_enough(wide, short)
    else:
        with pytest.raises(StudyError, match="the event window of 60 bars"):
            long_enough(wide, short)


@pytest.mark.parametrize(
    ("rates", "kind", "said"),
    [
        ([0.0001] * 20, "sessions", None),
        ([-0.01] * 3 + [0.01] * 17, "sessions", "looks like a share: 15% of its returns are negative"),
        ([-0.01] * 2 + [0.01] * 18, "weeks", None),  # a tenth below nought is not often
        ([-0.01] * 3 + [0.0005] * 17, "sessions", None),  # half of them no larger than 0.05 %
        ([-0.01] * 3 + [0.0006] * 17, "sessions", "half of them beyond 0.06% in size"),
        ([-0.0004] * 20, "sessions", None),
        ([0.0] * 5 + [0.001] * 15, "sessions", None),  # nought is not below nought
        ([0.002] * 20, "sessions", None),
        ([0.0021] * 20, "sessions", "is 0.21% a session: it looks like percent"),
        ([0.01] * 20, "weeks", None),
        ([0.0101] * 20, "weeks", "is 1.01% a week"),
        ([0.04] * 20, "months", None),
        ([0.0401] * 20, "months", "is 4.01% a month"),
        ([0.0021] * 20, "minutes", "is 0.21% a bar"),
        ([np.nan] * 20, "sessions", None),
        ([0.0001, np.nan, np.inf] * 3, "sessions", None),
    ],
)
def test_what_is_no_risk_free_rate(rates, kind, said):
    for source, came in (("", ""), ("given", ""), ("bundled:RF", " came from bundled:RF and")):
        if said is None:
            _no_rate("RF", np.array(rates), source, kind)
        else:
            with pytest.raises(StudyError, match=f"the risk-free rate 'RF'.*{said}") as told:
                _no_rate("RF", np.array(rates), source, kind)
            if "share" in said:
                assert f"'RF'{came} looks like a share" in str(told.value)


def test_a_regressor_without_any_figure_is_refused_and_a_donor_is_not():
    def asked(model, series):
        bars = PANEL.index[: series.shape[1]]
        regressors_known(SimpleNamespace(model=model), SimpleNamespace(series=series, bars=bars), "")

    gone = np.full(30, np.nan)
    some = np.where(np.arange(30) == 29, 0.01, np.nan)
    asked(es.MarketModel("M"), some[None])
    with pytest.raises(StudyError, match=r"'M'.*has no figure on any of the 30 bars"):
        asked(es.MarketModel("M"), gone[None])
    with pytest.raises(StudyError, match=r"'N'.*has no figure"):
        asked(es.FactorModel(("M", "N")), np.stack([some, gone]))
    asked(SyntheticControl(("A", "B")), np.stack([some, gone]))
    with pytest.raises(StudyError, match="looks like percent"):
        asked(es.CAPM("M", risk_free="RF"), np.stack([some, np.full(30, 0.05)]))
    asked(es.CAPM("M", risk_free="RF"), np.stack([np.full(30, 0.05), np.full(30, 0.0001)]))  # of the rate alone
    regressors_known(SimpleNamespace(model=es.MeanAdjusted()), SimpleNamespace(series=None, bars=PANEL.index), "")


# ----------------------------------------------------------------------------------------------------------------- shared days


@pytest.mark.parametrize("seed", range(8))
def test_days_are_shared_where_every_security_with_an_event_has_all_of_them(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 9))
    security, day0 = rng.integers(0, 3, count), rng.integers(0, 2, count)
    own = [set(day0[security == who].tolist()) for who in np.unique(security)]
    where = days_shared(security, day0, (3, 5))
    if all(days == own[0] for days in own):
        assert [one.tolist() for one in where] == [sorted(own[0])]
    else:
        np.testing.assert_array_equal(where, [security, day0])


# ----------------------------------------------------------------------------------------------------------------- off calendar


def test_bars_that_hold_a_day_that_is_no_session_are_marked_for_who_had_a_return_on_it():
    bars = pd.DatetimeIndex(["2024-03-01", "2024-03-04", "2024-03-05", "2024-03-06"])
    days = pd.DatetimeIndex(["2024-02-29", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-09"])
    off = pd.DataFrame(
        {"A": [True, True, False, True, True], "B": [False, False, True, False, False], "M": [False] * 5}, index=days
    )
    panel = SimpleNamespace(notes=SimpleNamespace(off=off))
    found = _off(panel, bars, ("A", "B", "C"), ("M",))
    assert [np.flatnonzero(row).tolist() for row in found] == [[1], [1], []]
    # a session of its own (5 March), and days before the first bar or after the last, are in no bar
    regressor = _off(panel, bars, ("C", "A"), ("B", "Z"))
    assert [np.flatnonzero(row).tolist() for row in regressor] == [[1], [1]]
    matched = _off(panel, bars, ("C", "B"), (), [("A",), ()])
    assert [np.flatnonzero(row).tolist() for row in matched] == [[1], [1]]
    assert _off(panel, bars, ("C",), ("M",)) is None
    assert _off(panel, bars[:0], ("A",), ()) is None
    assert _off(SimpleNamespace(notes=SimpleNamespace(off=off[:0])), bars, ("A",), ()) is None


# ----------------------------------------------------------------------------------------------------------------- splits


def splits(asked, model=None, panel=PANEL, **options):
    plan = study(model=model or es.MarketModel("M"), **options)
    request = read_request(asked, set(panel.columns))
    names, event, symbol = rows_asked(request, list(panel.columns))
    return splits_of(plan, request, ReturnPanel(panel), names, (event, symbol))


def test_one_market_and_one_window_are_fitted_together():
    found = splits(pairs(PANEL, [90, 100]))
    assert (len(found.studies), found.code, found.benchmarks) == (1, None, {"M"})
    stated = splits(pairs(PANEL, [90, 100]).assign(market="C"))
    assert ([one.model.market for one in stated.studies], stated.code.tolist()) == (["C"], [0] * 4)


def test_markets_and_windows_are_split_by_what_occurs():
    asked = pairs(PANEL, [90, 100]).assign(
        market=["C", None, "M", "C"], estimation_start=[np.nan, -40, -40, -40], estimation_end=[np.nan, -7, -7, -8]
    )
    found = splits(asked)
    each = [(one.model.market, one.estimation_window.before) for one in found.studies]
    wanted = [("C", (-65, -6)), ("M", (-40, -7)), ("M", (-40, -7)), ("C", (-40, -8))]
    assert [each[code] for code in found.code] == wanted
    assert len(found.studies) == 3
    assert found.benchmarks == {"M", "C"} - set()
    shared = splits(pairs(PANEL, [90, 100], ("A", "C")).assign(market=["C", "M", "C", "M"]))
    assert [shared.studies[code].model.market for code in shared.code] == ["C", "M", "C", "M"]
    assert shared.benchmarks == {"M"}  # C has a market of its own


def test_a_market_for_each_symbol_and_who_is_only_a_market():
    found = splits(pairs(PANEL, [90], ("A", "B")), es.MarketModel({"A": "M", "B": "C"}))
    assert [found.studies[code].model.market for code in found.code] == ["M", "C"]
    assert found.benchmarks == {"M", "C"}
    itself = splits(pairs(PANEL, [90], ("A", "C")), es.MarketModel({"A": "C", "C": "C"}))
    assert itself.benchmarks == {"C"}
    with pytest.raises(StudyError, match="market= names no market for 'B'"):
        splits(pairs(PANEL, [90], ("A", "B")), es.MarketModel({"A": "M"}))


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ([-40, None], [-7, -6], "row 1: estimation_start and estimation_end must both be there or both be empty"),
        ([None, -40], [None, -1], "row 1, estimation_start -40 and estimation_end -1"),
        ([1, -40], [30, -7], "row 0, estimation_start 1 and estimation_end 30"),
        ([2, -40], [30, -7], "row 0, estimation_start 2 and estimation_end 30"),
        ([3, -40.5], [60, -7], "column 'estimation_start', row 1: .*is no relative day"),
    ],
)
def test_windows_of_their_own_that_cannot_be(first, last, said):
    asked = pairs(PANEL, [90], ("A", "B")).assign(estimation_start=first, estimation_end=last)
    with pytest.raises(StudyError, match=said):
        splits(asked)


def test_a_window_after_the_event_begins_after_it_and_keeps_a_stated_minimum():
    asked = pairs(PANEL, [90], ("A", "B")).assign(estimation_start=[3, -90], estimation_end=[47, -7])
    after, before = splits(asked).studies
    assert (after.estimation_window.before, after.estimation_window.after) == (None, (3, 47))
    assert before.estimation_window.before == (-90, -7)
    for minimum, expected in ((50, [45, 50]), (40, [40, 40])):  # of 45 bars no more than 45 can be asked for
        stated = splits(asked, estimation=es.EstimationWindow(60, end=-6, minimum=minimum))
        assert [one.estimation_window.minimum for one in stated.studies] == expected
    usual = [es.EstimationWindow(before=None, after=(3, 47)).minimum, es.EstimationWindow(before=(-90, -7)).minimum]
    assert [one.estimation_window.minimum for one in (after, before)] == usual
    with pytest.raises(StudyError, match="needs both columns"):
        splits(pairs(PANEL, [90]).assign(estimation_start=-40))
    with pytest.raises(StudyError, match="are both 'estimation_end'"):
        splits(pairs(PANEL, [90]).assign(estimation_end=-7, Estimation_End=-7, estimation_start=-40))


def test_lumped_returns_and_plain_ones_are_not_taken_for_each_other():
    with pytest.raises(StudyError, match="needs returns over missing prices"):
        study(model=TradeToTrade("M")).fit(pairs(PANEL, [90]), PANEL)
    with pytest.raises(StudyError, match="needs returns over missing prices"):
        study(missing="lump").fit(pairs(PANEL, [90]), PANEL)


# ----------------------------------------------------------------------------------------------------------------- inside the day

OPEN, STEP = pd.Timestamp("2024-01-16 09:30", tz="America/New_York"), pd.Timedelta(minutes=30)


def within_days(days=3, slots=4, *, night=False):
    """Bars of 30 minutes on sessions from 16 January 2024, a Tuesday; the first slot is the night's, if there is one."""
    dates = pd.to_datetime(["2024-01-16", "2024-01-17", "2024-01-19", "2024-01-22"])[:days]  # the 18th is missing
    start = [
        (day.tz_localize("America/New_York") + pd.Timedelta(hours=9, minutes=30) + STEP * (slot - night)).tz_convert(
            "UTC"
        )
        for day in dates
        for slot in range(slots)
    ]
    bars = pd.DatetimeIndex(start).as_unit("us")
    regular = np.ones(slots, dtype=bool)
    regular[0] = not night
    day, slot = np.divmod(np.arange(days * slots), slots)
    date = np.array([one.value // (86_400 * 10**9) for one in dates])
    clock = Clock(day, slot, regular, np.zeros(days, dtype=bool), 30.0, date, 570 + 30 * (np.arange(slots) - night))
    hours = ClockBars(clock, bars.asi8 + 30 * 60_000_000, bars.asi8[::slots])
    return SimpleNamespace(bars=bars, hours=hours, calendar="XNYS", returns=np.zeros((3, len(bars))))


@pytest.mark.parametrize(
    ("moment", "bar", "outside"),
    [
        ("2024-01-12 10:00", -1, True),  # of a session before the data
        ("2024-01-16 09:29", 0, True),
        ("2024-01-16 09:30", 0, False),
        ("2024-01-16 09:59:59", 0, False),
        ("2024-01-16 10:00", 1, False),
        ("2024-01-16 11:29", 3, False),
        (
            "2024-01-16 11:30",
            -1,
            True,
        ),  # these sessions are cut: the news is still of this session, which has no bar left
        ("2024-01-16 16:00", 4, True),
        ("2024-01-17 15:59", -1, True),
        ("2024-01-17 16:01", -1, True),  # of the 18th, which the data lack
        ("2024-01-18 16:00", 8, True),
        ("2024-01-19 09:00", 8, True),
        ("2024-01-19 11:30", -1, True),
        ("2024-01-25 11:30", -1, True),
    ],
)
def test_a_moment_goes_to_the_first_bar_that_ends_after_it_in_the_session_that_is_its_own(moment, bar, outside):
    placed = place_on_hours(pd.DatetimeIndex([moment]).tz_localize("America/New_York"), within_days())
    assert placed.position.tolist() == [bar]
    assert placed.status.tolist() == [Exclusion.STUDIED if bar >= 0 else Exclusion.OUTSIDE_DATA]
    assert placed.outside.tolist() == [outside]


def test_news_of_the_night_goes_to_the_bar_of_the_night():
    with_night = within_days(night=True)
    given = pd.DatetimeIndex(["2024-01-16 18:00", "2024-01-17 09:10", "2024-01-17 09:30"]).tz_localize(
        "America/New_York"
    )
    placed = place_on_hours(given, with_night)
    assert placed.position.tolist() == [4, 4, 5]
    assert placed.outside.tolist() == [True, True, False]


def test_sessions_are_free_of_the_events_of_the_call_or_of_the_catalogue():
    aligned = within_days(4)
    placed = SimpleNamespace(position=np.array([1, -1, 9]), asked=None)
    everyone = (np.array([0, 1, 2, 0]), np.array([0, 0, 2, -1]))
    free = free_sessions(aligned, placed, True, everyone)
    assert free.tolist() == [[False, True, True, True], [True] * 4, [True, True, False, True]]
    known = SimpleNamespace(position=np.array([-1, -1, 9]), asked=np.array([1, 5, 9]))  # two are refused, and have been
    assert free_sessions(aligned, known, True, everyone).tolist() == [
        [False, False, True, True], [True] * 4, [True, True, False, True]]  # fmt: skip
    same = free_sessions(aligned, placed, True, (np.array([0, 2, 0, 2]), np.array([0, 0, 2, 2])))
    assert same.tolist() == [[False, True, False, True]]
    assert free_sessions(aligned, placed, False, everyone).tolist() == [[True] * 4]
    pool = pd.DatetimeIndex(["2024-01-19 10:10", "2024-01-10 10:00", "2024-01-16 16:30"]).tz_localize(
        "America/New_York"
    )
    assert free_sessions(aligned, placed, pool, everyone).tolist() == [[True, False, False, True]]
    nobody = free_sessions(aligned, SimpleNamespace(position=np.array([-1]), asked=None), True,
                           (np.array([0]), np.array([0])))  # fmt: skip
    assert nobody.all()


def test_a_moment_is_refused_where_it_is_known_less_well_than_half_the_window_is_long():
    """Bars of 5 minutes: a window of six bars is half an hour, and a moment that leaves open an hour lies half an hour off."""
    from eventstudy.calibration import simulate_bars  # noqa: PLC0415  only here

    frame = simulate_bars(symbols=1, days=60, event_every=10_000, jumps_a_day=0).frame
    day = str(frame.index.tz_convert("America/New_York")[-20].date())

    def fitted(*events, window):
        asked = pd.DataFrame(
            {
                "event_id": [str(at) for at in range(len(events))],
                "symbol": "A",
                "announced_at": [pd.Timestamp(f"{day} {clock}", tz="America/New_York") for clock, _ in events],
                "precision": [words for _, words in events],
            }
        )
        model = IntradayModel(base=es.MarketModel("MKT"), days=20)
        result = es.EventStudy(model=model, window=window, calendar="XNYS").fit(asked, ReturnPanel(frame, kind="log"))
        return result.car().set_index("event_id")["flag"], result.excluded.set_index("event_id")["reason"].to_dict()

    events = [("11:00", "exact_min"), ("12:02", "approx_30min"), ("13:00", "date_only"), ("14:02", "approx_hour")]
    flags, refused = fitted(*events, window=(0, 5))  # thirty minutes
    assert refused == {"2": "too_coarse", "3": "too_coarse"}
    assert "session_uncertain" not in flags["0"]
    assert "session_uncertain" in flags["1"]
    _, refused = fitted(*events, window=(-5, 5))  # what lies before the moment does not make it longer
    assert refused == {"2": "too_coarse", "3": "too_coarse"}
    flags, refused = fitted(*events, window=(-12, 12))
    assert refused == {"2": "too_coarse"}
    assert not any("session_uncertain" in flag for flag in flags)  # an hour to either side is in the window


def coarse(window, off, precision, allow=()):
    """Why events are refused whose moments leave open so many minutes, on bars of 30 minutes."""
    asked = SimpleNamespace(window=window, model=IntradayModel(base=es.MeanAdjusted(), allow=allow))
    frame = pd.DataFrame({"precision": precision} if precision else {}, index=range(len(off)))
    request = SimpleNamespace(frame=frame, event_id=list("efgh")[: len(off)])
    return _refused(asked, request, within_days(), pd.to_timedelta(off, unit="min").to_numpy()).tolist()


def test_half_of_what_a_moment_leaves_open_is_held_against_the_bars_from_day_0_on():
    fine, much, circular = Exclusion.STUDIED, Exclusion.TOO_COARSE, Exclusion.CIRCULAR
    words = ["exact_min"] * 3
    assert coarse((0, 1), [120, 121, 0], words) == [fine, much, fine]  # two bars: an hour
    assert coarse((-3, 1), [120, 121, 0], words) == [fine, much, fine]  # what lies before makes it no longer
    assert coarse((1, 1), [60, 61, 0], words) == [fine, much, fine]  # one bar
    assert coarse((2, 3), [120, 121, 0], words) == [fine, much, fine]
    assert coarse((0, 1), [0, 121], None) == [fine, much]
    assert coarse((0, 9), [0, 0, 0], ["date_only", "exact_min", "approx_5min"]) == [much, fine, circular]
    # who names a precision or an event takes its moment as it is, but not a day for a moment
    assert coarse((0, 9), [0, 0], ["approx_5min"] * 2, ("approx_5min",)) == [fine, fine]
    assert coarse((0, 9), [0, 0], ["approx_5min"] * 2, ("f",)) == [circular, fine]
    assert coarse((0, 9), [0, 0], ["date_only"] * 2, ("f", "date_only")) == [much, much]


@pytest.mark.parametrize(("window", "minutes"), [((0, 1), 60), ((-4, 1), 60), ((1, 3), 90), ((0, 0), 30)])
def test_where_no_event_can_be_studied_the_first_says_why(window, minutes):
    asked = SimpleNamespace(window=window, model=IntradayModel(base=es.MeanAdjusted()))
    given = {
        "announced_at": [pd.Timestamp("2024-01-16 10:00", tz="UTC")] * 2,
        "precision": ["approx_hour", "exact_min"],
    }
    one = SimpleNamespace(frame=pd.DataFrame(given)[:1], event_id=["e"])
    two = SimpleNamespace(frame=pd.DataFrame(given), event_id=["e", "f"])
    much, circular = int(Exclusion.TOO_COARSE), int(Exclusion.CIRCULAR)
    with pytest.raises(
        StudyError, match=rf"^event 'e' \(2024-01-16 10:00:00\+00:00, approx_hour\): .* window of {minutes} minutes"
    ):
        _refuse_all(asked, one, within_days(), np.array([much]))
    with pytest.raises(
        StudyError, match=r"^not one of 2 events can be studied; event 'e' .*so that a test of that price"
    ):
        _refuse_all(asked, two, within_days(), np.array([circular, much]))
    bare = SimpleNamespace(frame=pd.DataFrame(given)[["announced_at"]], event_id=["e", "f"])
    with pytest.raises(StudyError, match=r"2 events .*, a date without a time\).*is known less well"):
        _refuse_all(asked, bare, within_days(), np.array([much, circular]))


def test_a_moment_is_unsure_where_its_bounds_lie_out_of_the_window_to_either_side():
    """Bars of 30 minutes; an approximate hour leaves open an hour, half of it to either side."""
    asked = SimpleNamespace(
        window=(-1, 1), model=IntradayModel(base=es.MeanAdjusted()), label="start", non_session="next"
    )
    moments = pd.DatetimeIndex(["2024-01-17 10:30"] * 2).tz_localize("America/New_York")

    def unsure(low, high, window=(-1, 1)):
        asked.window = window
        frame = pd.DataFrame(
            {
                "announced_at": moments,
                "earliest": pd.DatetimeIndex([f"2024-01-17 {low}", moments[0].strftime("%Y-%m-%d %H:%M")]).tz_localize(
                    "America/New_York"
                ),
                "latest": pd.DatetimeIndex([f"2024-01-17 {high}", moments[0].strftime("%Y-%m-%d %H:%M")]).tz_localize(
                    "America/New_York"
                ),
            }
        )
        request = SimpleNamespace(bars=None, moments=moments, frame=frame, event_id=["e", "f"])
        placed = place_inside(asked, request, within_days())
        assert placed.position.tolist() == [6, 6]  # the third bar of the second session
        return placed.uncertain.tolist()

    assert unsure("10:00", "11:00") == [False, False]
    assert unsure("09:45", "10:35") == [True, False]
    assert unsure("10:20", "11:00") == [False, False]
    assert unsure("10:20", "11:00", (-1, 0)) == [True, False]
    assert unsure("10:20", "10:40", (0, 1)) == [True, False]
    assert unsure("10:30", "10:59", (0, 0)) == [False, False]


def test_real_events_begin_on_the_bars_that_are_studied_and_on_no_other():
    from eventstudy.calibration import simulate_bars  # noqa: PLC0415  only here

    frame = simulate_bars(symbols=1, days=40, event_every=10_000, jumps_a_day=0).frame
    moments = [frame.index[-100], frame.index[-200]]
    asked = pd.DataFrame({"event_id": [1, 2], "symbol": "A", "announced_at": moments})
    model = IntradayModel(base=es.MarketModel("MKT"), days=20)
    result = es.EventStudy(model=model, window=(0, 1), calendar="XNYS").fit(asked, ReturnPanel(frame, kind="log"))
    part = result._fitted.parts[0]
    assert part.aligned.bars[part.real].tolist() == sorted(moments)
