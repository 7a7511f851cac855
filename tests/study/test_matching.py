"""Matched firms and reference portfolios: against loops written from Barber and Lyon (1997)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import StudyError


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
