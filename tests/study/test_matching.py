"""Matched firms and reference portfolios: against loops written from Barber and Lyon (1997)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import StudyError
from eventstudy.study.firms.matching import balance_of


@pytest.fixture(scope="module")
def firms():
    rng = np.random.default_rng(0)
    names = [f"F{at:03d}" for at in range(200)]
    return pd.DataFrame(
        {
            "symbol": names,
            "size": np.exp(rng.normal(5, 1, 200)),
            "book_to_market": np.exp(rng.normal(-0.5, 0.5, 200)),
            "industry": rng.integers(0, 3, 200),
        }
    )


def events_of(firms, number=20):
    return pd.DataFrame({"event_id": [f"e{at}" for at in range(number)], "symbol": firms["symbol"][:number]})


def test_the_match_is_the_nearest_of_like_size(firms):
    events = events_of(firms)
    for industry in (None, "industry"):
        found = es.match_firms(events, firms, industry=industry)
        rows = firms.set_index("symbol")
        for event in events.itertuples():
            own, best = rows.loc[event.symbol], None
            for name, other in rows.iterrows():
                like = 0.7 <= other["size"] / own["size"] <= 1.3 and name not in set(events["symbol"])
                like = like and (industry is None or other["industry"] == own["industry"])
                far = abs(other["book_to_market"] - own["book_to_market"])
                if like and (best is None or far < best[1]):
                    best = (name, far)
            mine = found.pairs[found.pairs["event_id"] == event.event_id]
            if best is None:
                assert mine.empty
                assert event.event_id in set(found.unmatched["event_id"])
            else:
                assert mine["match"].tolist() == [best[0]]
                assert mine["distance"].iloc[0] == pytest.approx(best[1], abs=1e-12)


def test_balance_is_that_of_a_loop(firms):
    found = es.match_firms(events_of(firms), firms, number=2)
    rows = firms.set_index("symbol")["book_to_market"]
    own = [rows[part["symbol"].iloc[0]] for _, part in found.pairs.groupby("event_id", sort=False)]
    match = [rows[part["match"]].mean() for _, part in found.pairs.groupby("event_id", sort=False)]
    row = found.balance.set_index("characteristic").loc["book_to_market"]
    spread = np.sqrt((np.var(own, ddof=1) + np.var(match, ddof=1)) / 2)
    assert row["difference"] == pytest.approx((np.mean(own) - np.mean(match)) / spread, abs=1e-12)
    assert row["variance_ratio"] == pytest.approx(np.var(own, ddof=1) / np.var(match, ddof=1), rel=1e-12)
    assert abs(row["difference"]) < 0.2


def test_only_what_was_known_before_the_event_counts(firms):
    early = firms.assign(date=pd.Timestamp("2020-01-31"))
    late = firms.assign(date=pd.Timestamp("2020-06-30"), size=firms["size"].to_numpy()[::-1])
    events = events_of(firms, 3).assign(
        bar=[pd.Timestamp("2020-06-30"), pd.Timestamp("2020-07-01"), pd.Timestamp("2020-01-31")]
    )
    found = es.match_firms(events, pd.concat([early, late]))
    assert found.pairs.set_index("event_id")["match"].to_dict() == {
        "e0": one(es.match_firms(events_of(firms, 3), early.drop(columns="date")), "e0"),
        "e1": one(es.match_firms(events_of(firms, 3), late.drop(columns="date")), "e1"),
    }
    assert found.unmatched["reason"].tolist() == ["its characteristics are not known before the event"]


def one(matched, event):
    return matched.pairs.set_index("event_id").loc[event, "match"]


def test_the_model_is_the_return_less_that_of_the_match(firms):
    rng = np.random.default_rng(1)
    panel = es.ReturnPanel(pd.DataFrame(rng.normal(0, 0.01, (300, 200)), columns=firms["symbol"]))
    found = es.match_firms(events_of(firms), firms)
    events = events_of(firms).assign(bar=280)
    events = events[events["event_id"].isin(found.pairs["event_id"])]
    study = es.EventStudy(model=found.model(), window=(0, 1), estimation=es.EstimationWindow(200, -11), calendar=None)
    car = study.fit(events, panel).car().set_index("event_id")["car"]
    frame = panel.frame
    for row in found.pairs.itertuples():
        expected = (frame[row.symbol] - frame[row.match])[280:282].sum()
        assert car[row.event_id] == pytest.approx(expected, abs=1e-12)


def test_reference_portfolios_are_sorted_within_and_held_from_the_next_bar(firms):
    rng = np.random.default_rng(2)
    days = pd.bdate_range("2020-01-02", periods=150)
    panel = es.ReturnPanel(pd.DataFrame(rng.normal(0, 0.01, (150, 200)), columns=firms["symbol"], index=days))
    early = firms.assign(date=days[40])
    late = firms.assign(date=days[90], size=firms["size"].to_numpy()[::-1])
    found = es.reference_portfolios(pd.concat([early, late]), panel, sorts={"size": 4, "book_to_market": 2})
    assert len(found.returns.symbols) == 8
    assert found.returns.frame.iloc[:41].isna().all(axis=None)
    for table, bar in ((early, 60), (early, 90), (late, 91)):
        edges = np.quantile(table["size"], [0.25, 0.5, 0.75])
        small = table[(table["size"] > edges[0]) & (table["size"] <= edges[1])]
        high = small[small["book_to_market"] > np.quantile(small["book_to_market"], 0.5)]
        expected = panel.frame.iloc[bar][high["symbol"]].mean()
        assert found.returns.frame.iloc[bar]["size2-book_to_market2"] == pytest.approx(expected, abs=1e-14)
    event = pd.DataFrame({"event_id": ["a"], "symbol": ["F000"], "bar": [days[100]]})
    model = found.model(event)
    study = es.EventStudy(model=model, window=(0, 0), estimation=es.EstimationWindow(50, -1), calendar=None)
    result = study.fit(event, panel.join(found.returns))
    own = model.members("F000")[0]
    assert result.car().loc[0, "car"] == pytest.approx(
        panel.frame["F000"].iloc[100] - found.returns.frame[own].iloc[100], abs=1e-14
    )


def test_what_does_not_fit_is_told(firms):
    events = events_of(firms, 2)
    with pytest.raises(StudyError, match="characteristics: no column 'size'"):
        es.match_firms(events, firms.drop(columns="size"))
    with pytest.raises(StudyError, match="'F000' stands twice"):
        es.match_firms(events, pd.concat([firms, firms.head(1)]))
    lonely = es.match_firms(events, firms, band=(0.9999, 1.0001))
    assert lonely.unmatched["reason"].tolist() == ["0 firms are of like size"] * 2
    with pytest.raises(StudyError, match="no event has a match"):
        lonely.model()


def three(sizes, values=(0.5, 0.7, 0.6), **columns):
    """A firm with an event, and others."""
    names = [chr(ord("A") + at) for at in range(len(sizes))]
    return pd.DataFrame({"symbol": names, "size": sizes, "book_to_market": list(values)[: len(sizes)], **columns})


OF_A = pd.DataFrame({"event_id": ["e"], "symbol": ["A"]})


def test_sizes_of_70_and_130_per_cent_are_alike_and_none_beyond():
    edge = es.match_firms(OF_A, three([10.0, 7.0, 13.0]), number=2)
    assert edge.pairs[["match", "place"]].to_numpy().tolist() == [["C", 1], ["B", 2]]
    assert edge.pairs["distance"].tolist() == pytest.approx([0.1, 0.2])
    beyond = es.match_firms(OF_A, three([10.0, 6.99, 13.01]))
    assert beyond.pairs.empty
    assert beyond.unmatched["reason"].tolist() == ["0 firms are of like size"]
    short = es.match_firms(OF_A, three([10.0, 7.0, 13.01]), number=2)
    assert short.unmatched["reason"].tolist() == ["1 firms are of like size"]


def test_what_is_missing_is_no_match_and_has_none():
    table = three([10.0, 10.0, 11.0, 10.0], (0.5, np.nan, 0.9, 0.6), industry=["x", "x", "x", None])
    assert es.match_firms(OF_A, table).pairs["match"].tolist() == ["D"]
    assert es.match_firms(OF_A, table, industry="industry").pairs["match"].tolist() == ["C"]
    gone = es.match_firms(OF_A, table.assign(size=[np.nan, 10, 11, 10]))
    assert gone.unmatched["reason"].tolist() == ["its characteristics are not known before the event"]
    unknown = es.match_firms(OF_A.assign(symbol="Z"), table)
    assert unknown.unmatched["symbol"].tolist() == ["Z"]
    with pytest.raises(StudyError, match="number"):
        es.match_firms(OF_A, table, number=0)


def test_of_dates_the_last_before_the_day_counts_whatever_the_order():
    days = pd.to_datetime(["2020-03-31", "2020-01-31", "2020-02-29"])
    table = pd.concat(
        [
            three([10.0, 10.0, 10.0], values, date=day)
            for day, values in zip(days, ((5, 5, 9), (5, 9, 5), (5, 5, 9)), strict=True)
        ]
    )
    for bar, match in (("2020-02-15", "C"), ("2020-02-29", "C"), ("2020-03-01", "B"), ("2020-04-01", "B")):
        events = OF_A.assign(bar=pd.Timestamp(bar))
        assert es.match_firms(events, table).pairs["match"].tolist() == [match]
    with pytest.raises(StudyError, match="'A' stands twice on 2020-01-31"):
        es.match_firms(events, pd.concat([table, table.iloc[[3]]]))
    with pytest.raises(StudyError, match="events: no column 'bar'"):
        es.match_firms(OF_A, table)


def test_balance_needs_two_and_is_told_for_none():
    own, match, every = [[1.0, 2.0], [3.0, 8.0]], [[2.0, 1.0], [3.0, 2.0]], [[4.0, 4.0], [6.0, 5.0]]
    table = balance_of(["a", "b"], own, match, every)
    assert table["events"].tolist() == [2.0, 5.0]
    assert table["matches"].tolist() == [2.5, 1.5]
    assert table["candidates"].tolist() == [5.0, 4.5]
    # variances: 2 and 18 of the events, 1/2 and 1/2 of the matches
    assert table["difference"].tolist() == pytest.approx([-0.5 / np.sqrt(1.25), 3.5 / np.sqrt(9.25)])
    assert table["variance_ratio"].tolist() == pytest.approx([4.0, 36.0])
    assert table["n"].tolist() == [2, 2]
    single = balance_of(["a", "b"], own[:1], match[:1], every[:1])
    assert single[["events", "matches"]].to_numpy().tolist() == [[1.0, 2.0], [2.0, 1.0]]
    assert single[["difference", "variance_ratio"]].isna().all(axis=None)
    nothing = balance_of(["a", "b"], [], [], [])
    assert nothing[["events", "matches", "candidates", "difference", "variance_ratio"]].isna().all(axis=None)
    assert nothing["n"].tolist() == [0, 0]


def test_one_firm_with_other_matches_for_another_event_is_refused():
    table = pd.concat(
        [
            three([10.0, 10.0, 10.0], values, date=pd.Timestamp(day))
            for day, values in (("2020-01-31", (5, 5, 9)), ("2020-02-29", (5, 9, 5)))
        ]
    )
    bars = pd.to_datetime(["2020-02-15", "2020-02-16", "2020-03-15"])
    events = pd.DataFrame({"event_id": ["e", "f", "g"], "symbol": "A", "bar": bars})
    assert es.match_firms(events.iloc[:2], table).model().members("A") == ("B",)
    with pytest.raises(StudyError, match="'A' has other matches for event 'g'"):
        es.match_firms(events, table).model()


def flat_panel(names, days):
    """Each firm earns its own number, in thousandths, and one more each day."""
    values = np.arange(1.0, len(names) + 1) / 1000 + np.arange(len(days))[:, None] / 1000
    return es.ReturnPanel(pd.DataFrame(values, columns=names, index=days))


def test_ten_sizes_and_five_values_within_each_are_the_usual_portfolios():
    rng = np.random.default_rng(0)
    names = [f"F{at:03d}" for at in range(200)]
    table = pd.DataFrame({"symbol": names, "size": rng.permutation(200), "book_to_market": rng.permutation(200)})
    found = es.reference_portfolios(table, flat_panel(names, pd.bdate_range("2020-01-01", periods=3)))
    expected = sorted(f"size{one}-book_to_market{other}" for one in range(1, 11) for other in range(1, 6))
    assert list(found.returns.symbols) == expected
    assert (found.members.groupby("portfolio").size() == 4).all()
    small = table.nsmallest(20, "size").nsmallest(4, "book_to_market")["symbol"]
    members = found.members.loc[found.members["portfolio"] == "size1-book_to_market1", "symbol"]
    assert set(members) == set(small)


def test_a_firm_on_a_breakpoint_is_of_the_lower_group_and_breakpoints_may_be_of_some():
    days = pd.bdate_range("2020-01-01", periods=2)
    table = pd.DataFrame({"symbol": list("ABCDE"), "size": [1.0, 2.0, 3.0, 4.0, 5.0]})
    panel = flat_panel(list("ABCDE"), days)
    found = es.reference_portfolios(table, panel, sorts={"size": 2})  # the median is 3
    assert dict(zip(found.members["symbol"], found.members["portfolio"], strict=True)) == dict(
        zip("ABCDE", ["size1"] * 3 + ["size2"] * 2, strict=True)
    )
    assert found.returns.frame["size1"].tolist() == pytest.approx([0.002, 0.003])
    assert found.returns.frame["size2"].tolist() == pytest.approx([0.0045, 0.0055])
    some = es.reference_portfolios(table, panel, sorts={"size": 2}, breakpoints=["A", "B"])  # 1.5
    assert some.members["portfolio"].tolist() == ["size1", *["size2"] * 4]
    whole = es.reference_portfolios(table, panel, sorts={"size": 1})
    assert whole.members["portfolio"].tolist() == ["size1"] * 5
    assert whole.returns.frame["size1"].tolist() == pytest.approx([0.003, 0.004])
    with pytest.raises(StudyError, match="no firm of breakpoints="):
        es.reference_portfolios(table, panel, sorts={"size": 2}, breakpoints=["Z"])
    with pytest.raises(StudyError, match="sorts"):
        es.reference_portfolios(table, panel, sorts={"size": 0})
    gaps = panel.frame.copy()
    gaps.iloc[0, 0] = np.nan
    told = es.reference_portfolios(table.assign(size=[1, 2, 3, 4, np.nan]), es.ReturnPanel(gaps), sorts={"size": 2})
    assert told.members["symbol"].tolist() == list("ABCD")  # who has no size is in no portfolio
    assert told.returns.frame["size1"].tolist() == pytest.approx([0.002, 0.0025])  # who has no return is left out


def test_portfolios_are_held_from_the_bar_after_their_date_up_to_the_next_date():
    days = pd.bdate_range("2020-01-01", periods=6)
    panel = flat_panel(list("ABZ"), days)
    table = pd.DataFrame(
        {
            "symbol": ["A", "B", "A", "B", "Q"],
            "date": days[[1, 1, 3, 3, 3]],
            "size": [1.0, 2.0, 2.0, 1.0, 9.0],  # Q has no returns
        }
    )
    found = es.reference_portfolios(table.iloc[::-1], panel, sorts={"size": 2})
    # the small firm is A on bars 2 and 3, and B from bar 4 on
    expected = [np.nan, np.nan, 0.003, 0.004, 0.006, 0.007]
    assert found.returns.frame["size1"].tolist() == pytest.approx(expected, nan_ok=True)
    assert found.members["date"].tolist() == [*days[[1, 1]], *days[[3, 3]]]
    assert "Q" not in set(found.members["symbol"])
    own = found.model(pd.DataFrame({"event_id": ["e", "f"], "symbol": "A", "bar": days[[2, 3]]}))
    assert own.members("A") == ("size1",)
    later = found.model(pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [days[4]]}))
    assert later.members("A") == ("size2",)
    with pytest.raises(StudyError, match="before an earlier one; study these events apart"):
        found.model(pd.DataFrame({"event_id": ["e", "f"], "symbol": "A", "bar": days[[2, 4]]}))
    with pytest.raises(StudyError, match="is in no portfolio before it"):
        found.model(pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [days[1]]}))


def test_portfolios_that_are_formed_once_need_no_day_of_the_event_and_dated_ones_do():
    days = pd.bdate_range("2020-01-01", periods=4)
    table = pd.DataFrame({"symbol": ["A", "B"], "size": [1.0, 2.0]})
    panel = flat_panel(["A", "B"], days)
    events = pd.DataFrame({"event_id": ["e", "f"], "symbol": ["A", "B"]})
    once = es.reference_portfolios(table, panel, sorts={"size": 2})
    model = once.model(events)
    assert (model.members("A"), model.members("B")) == (("size1",), ("size2",))
    dated = es.reference_portfolios(table.assign(date=days[1]), panel, sorts={"size": 2})
    with pytest.raises(StudyError, match="events: no column 'bar'"):
        dated.model(events)
