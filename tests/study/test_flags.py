"""What a table says of each security-event: flags by a loop over every pair."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.returns import apply_delisting, convert_currency
from eventstudy.study import lumped_returns, without_stale
from panels import small_panel


@pytest.mark.parametrize("seed", range(4))
def test_flags_by_a_loop_over_pairs(seed):
    rng = np.random.default_rng(seed)
    panel = small_panel(bars=150, symbols=("M", "A", "B", "C"))
    panel.iloc[rng.integers(60, 150, 6), 2] = np.nan
    at = np.concatenate(
        [rng.choice(np.arange(60, 150), 12), [61, 149, 148, 60]]
    )  # some days twice; both ends of the data
    symbol = np.concatenate([rng.choice(["A", "B", "C"], 12), ["A", "B", "C", "C"]])
    events = pd.DataFrame({"event_id": [f"e{i}" for i in range(16)], "symbol": symbol, "bar": panel.index[at]})
    events = events.drop_duplicates(["symbol", "bar"], ignore_index=True)
    twice = events.iloc[[2, 5]].assign(event_id=["x", "y"])  # the same security on the same day by another event
    events = pd.concat([events, twice], ignore_index=True)
    study = es.EventStudy(
        model=es.MarketModel("M"), window=(-1, 4), calendar=None, mask_events=False,
        estimation=es.EstimationWindow(length=40, end=-5, minimum=30),
    )  # fmt: skip
    for window in ((-1, 4), (0, 1), (0, 0)):
        table = study.fit(events, panel).car(window)
        place = {label: i for i, label in enumerate(panel.index)}
        rows = [(row.symbol, place[row.session]) for row in table.itertuples()]
        length = window[1] - window[0] + 1
        for i, (name, day) in enumerate(rows):
            gaps = [abs(other - day) for j, (who, other) in enumerate(rows) if j != i and who == name]
            bars = [day + shift for shift in range(window[0], window[1] + 1)]
            known = [b for b in bars if 0 <= b < 150 and np.isfinite(panel[name].iloc[b])]
            expected = {
                "same_bar": 0 in gaps,
                "overlap": any(0 < gap < length for gap in gaps),
                "cut": bars[0] < 0 or bars[-1] >= 150,
                "missing": len(known) < length,
            }
            assert table["n_bars"].iloc[i] == len(known)
            assert table["flag"].iloc[i] == " ".join(word for word, yes in expected.items() if yes)


# ------------------------------------------------------------------------------------------- flags travel with the panel

DAYS = sessions("XNYS", pd.Timestamp("2024-01-02"), pd.Timestamp("2024-12-31"))
SHUT = pd.Timestamp("2024-08-14")


def _marked_prices():
    """Prices with a word for nothing (A), a lost split (B), a price that stands still (C), a Saturday, and a day without trade."""
    rng = np.random.default_rng(0)
    market = rng.normal(0, 0.008, len(DAYS))
    moves = {"M": market} | {name: market + rng.normal(0, 0.01, len(DAYS)) for name in "ABCDG"}
    prices = (100 * (1 + pd.DataFrame(moves, index=DAYS)).cumprod()).round(4)
    prices.loc[pd.Timestamp("2024-10-12")] = prices.loc["2024-10-11"] * 1.01
    prices = prices.sort_index().drop(SHUT)
    prices.loc["2024-10-14":, "B"] /= 2
    prices.loc["2024-10-07":"2024-10-16", "C"] = prices.loc["2024-10-07", "C"]
    prices = prices.astype(object)
    prices.loc["2024-10-15", "A"] = "#N/A N/A"
    prices.loc["2024-12-02":, "G"] = None
    return prices


def _told(panel, **options):
    study = es.EventStudy(model=es.MarketModel("M"), estimation=(-65, -6), window=(-5, 5), **options)
    events = pd.DataFrame({"event_id": list("abcd"), "symbol": list("ABCD"), "bar": [pd.Timestamp("2024-10-15")] * 4})
    table = study.fit(events, panel).car((-2, 2)).set_index("symbol")
    return table["flag"].to_dict(), table["car"].round(12).to_dict()


def _frozen(panel, load, folder, **options):
    return load(source=es.freeze(panel, folder / "frozen"), **options)


class _Vendor:
    def __init__(self, panel):
        self.panel = panel

    def fetch(self, symbols, start, end):
        del symbols, start, end
        return self.panel


DOLLARS = dict.fromkeys("MABCDG", "USD")
WAYS = {
    "from_prices": lambda p, _: es.ReturnPanel.from_prices(p),
    "select": lambda p, _: es.ReturnPanel.from_prices(p).select(list("MABCD")),
    "apply_delisting": lambda p, _: apply_delisting(es.ReturnPanel.from_prices(p), {"G": -0.3}),
    "without_stale": lambda p, _: without_stale(es.ReturnPanel.from_prices(p), p.frame * 0 + 1),
    "convert_currency": lambda p, _: convert_currency(p, "USD", pd.DataFrame(), currencies=DOLLARS),
    "currency=": lambda _, __: es.load_prices(source=_marked_prices(), currency="USD", currencies=DOLLARS),
    "frozen prices": lambda p, folder: _frozen(p, es.load_prices, folder),
    "frozen prices, returns": lambda p, folder: _frozen(p, es.load_returns, folder),
    "frozen returns": lambda p, folder: _frozen(es.ReturnPanel.from_prices(p), es.load_returns, folder),
    "a vendor's prices": lambda p, _: es.load_returns("*", source=_Vendor(p)),
    "a vendor's returns": lambda p, _: es.load_returns("*", source=_Vendor(es.ReturnPanel.from_prices(p))),
    "a copy": lambda p, _: copy.deepcopy(p),
    "a pickle": lambda p, _: pickle.loads(pickle.dumps(es.ReturnPanel.from_prices(p))),  # noqa: S301  our own
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_from_panel_to_panel_carries_every_flag(way, tmp_path):
    panel = es.load_prices(source=_marked_prices())
    flags, car = _told(panel)
    assert flags == {
        "A": "missing off_calendar missing_code",
        "B": "off_calendar split_like",
        "C": "off_calendar stale",
        "D": "off_calendar",
    }
    assert _told(WAYS[way](panel, tmp_path)) == (flags, car)


def test_lumped_returns_carry_what_the_prices_know():
    flags, _ = _told(lumped_returns(es.load_prices(source=_marked_prices())), missing="lump")
    assert flags["A"] == "missing off_calendar missing_code"
    assert flags["B"] == "off_calendar split_like"


@pytest.mark.parametrize("turned", [False, True])
def test_panels_that_are_joined_are_as_if_loaded_together(turned):
    """A day that one panel takes for closed was a session if the other has it: its next return is of two sessions, and missing."""
    prices = _marked_prices()
    more = pd.DataFrame({"Z": 100 + np.arange(len(DAYS)) % 7, "Y": 50 + np.arange(len(DAYS)) % 5}, index=DAYS)
    together = es.load_returns(source=prices.join(more, how="outer"))
    one, other = es.load_returns(source=prices), es.load_returns(source=more)
    joined = other.join(one) if turned else one.join(other)
    found, expected = joined.frame.loc[SHUT:][:3], together.frame.loc[SHUT:][:3]
    assert found["A"].isna().tolist() == [True, True, False]
    pd.testing.assert_frame_equal(found[together.symbols], expected, check_freq=False)
    assert SHUT not in joined.notes.closed.get("XNYS", [])
    event = pd.DataFrame({"event_id": ["z"], "symbol": ["Z"], "bar": [SHUT]})
    study = es.EventStudy(model=es.MarketModel("Y"), estimation=(-65, -6), window=(-5, 5))
    for panel in (joined, together):
        assert study.fit(event, panel).car((0, 1))["session"].tolist() == [SHUT]


def test_frozen_logs_and_calendars_come_back_as_they_were(tmp_path):
    frame = pd.DataFrame({"A": [0.01, -0.02, 0.03]}, index=pd.to_datetime(["2025-05-02", "2025-05-07", "2025-05-08"]))
    panel = es.ReturnPanel(frame, kind="log", calendar="XTKS")  # Tokyo was closed from the 3rd to the 6th
    folder = es.freeze(panel, tmp_path / "frozen")
    log, simple = es.load_returns(source=folder, kind="log"), es.load_returns(source=folder)
    assert (log.calendar, log.frame["A"].tolist()) == ("XTKS", [0.01, -0.02, 0.03])
    assert simple.frame["A"].tolist() == pytest.approx(np.expm1([0.01, -0.02, 0.03]), abs=1e-16)
