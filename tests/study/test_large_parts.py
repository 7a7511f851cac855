"""Studies in parts: which rows make a share, what a part keeps, and that all of it reads back as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.abnormal.engine.coordinates import Coordinates
from eventstudy.errors import StudyError
from eventstudy.study.design import Design
from eventstudy.study.large import parts, plan, samples
from eventstudy.study.large.parts import _designs, _moved_keys, file_names
from eventstudy.study.large.plan import is_split, matches, planned
from eventstudy.study.large.samples import _joined, _on_all
from eventstudy.study.request import read_request

SAME = 1e-11  # sums in another order
NAMES = [f"S{at:02d}" for at in range(8)]
DAYS = pd.bdate_range("2020-01-01", periods=330, name="date")


@pytest.fixture(autouse=True)
def small_shares(monkeypatch):
    monkeypatch.setattr(plan, "ROWS", 12)


def returns(names=NAMES, seed=1):
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, len(DAYS))
    frame = pd.DataFrame(market[:, None] + rng.normal(0, 0.02, (len(DAYS), len(names))), index=DAYS, columns=names)
    frame.insert(0, "MKT", market)
    frame.iloc[rng.integers(150, 330, 30), 3] = np.nan  # holes
    frame.iloc[200:215, -3] = 0.0  # prices that stand still
    frame.iloc[250, -2] = 1.0  # as after a lost split
    return frame


def pairs(count=50, seed=2, names=(*NAMES, "UNKNOWN", "MKT")):
    rng = np.random.default_rng(seed)
    who, bars = rng.choice(list(names), count), DAYS[rng.integers(100, len(DAYS), count)]
    return pd.DataFrame({"event_id": np.arange(count), "symbol": who, "bar": bars}).drop_duplicates(["symbol", "bar"])


def study(**asked):
    given = {"model": es.MarketModel("MKT"), "window": (-2, 2), "estimation": (-80, -11), "calendar": None}
    return es.EventStudy(**{**given, **asked})


VARIANTS = {
    "pairs": {},
    "unmasked": {"mask_events": False},
    "first of overlaps": {"overlap": "first"},
    "merged": {"overlap": "merge"},
    "strict": {"missing": "strict"},
    "known variance": {"model": es.MeanAdjusted(volatility="ewma")},
    "own estimator": {"model": es.ScholesWilliams("MKT")},
    "no forecast": {"model": es.MarketAdjusted("MKT")},
    "two matches": {"model": es.MatchedPortfolio({name: [one for one in NAMES[1:4] if one != name] for name in NAMES})},
}


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=VARIANTS)
def test_what_is_written_in_several_parts_reads_back_to_the_last_bit(asked, tmp_path):
    names = (
        NAMES if "model" in asked and isinstance(asked["model"], es.MatchedPortfolio) else (*NAMES, "UNKNOWN", "MKT")
    )
    events = pairs(names=names)
    memory = study(**asked).fit(events, es.ReturnPanel(returns()))
    memory.to_parquet(tmp_path / "out")
    found = es.open_result(tmp_path / "out")
    assert len(list((tmp_path / "out").glob("part-*"))) >= 3
    pd.testing.assert_frame_equal(found.tidy(), memory.tidy(), check_exact=True)
    pd.testing.assert_frame_equal(pd.concat(found.iter_tidy()).sort_values(["event_id", "relative_day"], ignore_index=True),
                                  memory.tidy().sort_values(["event_id", "relative_day"], ignore_index=True))  # fmt: skip
    for window in ((-2, 2), (0, 1), (2, 2)):
        pd.testing.assert_frame_equal(found.car(window), memory.car(window), check_exact=True)
    pd.testing.assert_frame_equal(found.excluded, memory.excluded, check_dtype=False)
    assert (found.n, found.n_sessions) == (memory.n, memory.n_sessions)
    mine, theirs = found.caar((0, 1)), memory.caar((0, 1))
    for name in ("first", "last", "n", "n_sessions", "test"):
        assert mine[name].item() == theirs[name].item()
    assert mine["caar"].item() == pytest.approx(theirs["caar"].item(), abs=SAME)
    np.testing.assert_allclose(mine[["se", "low", "high"]], theirs[["se", "low", "high"]], rtol=1e-6)
    own, kept = memory.sample((0, 1), placebo=False), found.sample((0, 1))
    for name in ("car", "car_se", "ar", "day0", "bar", "sigma", "m", "df", "degenerate"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(own, name))
    for name in ("residual", "leverage", "design", "window_design", "mean", "bar"):
        np.testing.assert_array_equal(getattr(kept.estimation, name), getattr(own.estimation, name))
    assert kept.study_first == own.study_first == -2
    np.testing.assert_array_equal(kept.study_ar, own.study_ar)
    # the same security has the same number, another another
    pairs_of = {tuple(one) for one in np.column_stack([kept.security, own.security]).tolist()}
    assert len(pairs_of) == len(set(own.security.tolist())) == len(set(kept.security.tolist()))
    assert kept.doubts == own.doubts
    assert (
        f"StoredResult: {memory.n} security-events in {memory.n_sessions} sessions, {len(memory.excluded)} excluded, "
        in repr(found)
    )


def test_without_all_estimation_windows_none_is_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "KEPT", 25)
    events = pairs(names=NAMES).reset_index(drop=True)
    memory = study().fit(events, es.ReturnPanel(returns()))
    memory.to_parquet(tmp_path / "out")
    found = es.open_result(tmp_path / "out")
    sample, own = found.sample((0, 1)), memory.sample((0, 1), placebo=False)
    assert sample.estimation is None
    assert sample.study_ar is None
    np.testing.assert_array_equal(sample.car, own.car)
    kept = [found_kept for _, found_kept in found._with_kept()]
    rows = sorted(row for share in range(found._store.shares) for line in found._store.frame(share)["kept"].to_pylist()
                  for row in found._store.table(share)["row"].to_numpy()[line].tolist())  # fmt: skip
    even = set(np.linspace(0, len(events) - 1, 25).astype(int).tolist())
    studied = {
        row for share in range(found._store.shares) for row in found._store.table(share)["row"].to_numpy().tolist()
    }
    assert rows == sorted(even & studied)
    assert sum(one.m.size for held in kept for one, _ in held) == len(rows)


def test_designs_are_kept_once_in_the_order_in_which_they_come():
    """Of the designs 0 to 4 the first is not used; 1 and 3 are alike, 2 and 4 differ in what leads to coefficients alone."""
    ahead = np.array([9.0, 1.0, 2.0, 1.0, 2.0])[:, None, None] * np.ones((5, 1, 3))
    to_coef = np.array([9.0, 5.0, 6.0, 5.0, 7.0])[:, None, None]
    design = np.array([3, 2, 2, 1, 4, 3, 2])
    code, kept = _designs(Coordinates(np.zeros((7, 1)), ahead, to_coef, design, None))
    assert code.tolist() == [0, 1, 1, 0, 2, 0, 1]
    assert kept.tolist() == [3, 2, 4]
    np.testing.assert_array_equal(ahead[kept][code], ahead[design])
    np.testing.assert_array_equal(to_coef[kept][code], to_coef[design])


def test_a_share_of_which_nobody_is_studied_keeps_one_calendar(tmp_path):
    names = ["AAA", "SAP.DE"]
    events = pd.DataFrame({"event_id": [1, 2], "symbol": names, "bar": DAYS[[3, 4]]})  # before any estimation window
    memory = study(calendar="auto").fit(events, es.ReturnPanel(returns([*names, "BBB", "BMW.DE"])))
    assert (memory.n, len(memory._fitted.parts)) == (0, 2)
    memory.to_parquet(tmp_path / "out")
    found = es.open_result(tmp_path / "out")
    assert found._store.frame(0).num_rows == 1
    assert found.tidy().empty
    assert found.excluded["symbol"].tolist() == names


@pytest.mark.parametrize("kind", ["apart", "same days", "one day", "overlapping"])
@pytest.mark.parametrize("model", [es.MarketModel("MKT"), es.ScholesWilliams("MKT")], ids=["least squares", "own"])
def test_means_by_session_are_told_as_in_memory_or_why_not(kind, model, tmp_path):
    rows = {
        "apart": [(bar, 0) for bar in range(150, 310, 20)],
        "same days": [(bar, place) for bar in range(150, 320, 7) for place in range(1 + bar % 3)],
        "one day": [(200, place) for place in range(8)],
        "overlapping": [(bar, 0) for bar in range(200, 208)],
    }[kind]
    who = [NAMES[(bar + place) % 8] for bar, place in rows]
    events = pd.DataFrame({"event_id": range(len(rows)), "symbol": who, "bar": DAYS[[bar for bar, _ in rows]]})
    memory = study(model=model, mask_events=False).fit(events, es.ReturnPanel(returns().fillna(0.001)))
    memory.to_parquet(tmp_path / "out")
    found = es.open_result(tmp_path / "out")
    for window in ((-2, 2), (0, 0), (1, 2)):
        mine, theirs = found.caar(window, level=0.9).iloc[0], memory.caar(window, level=0.9).iloc[0]
        same = ["first", "last", "n", "n_sessions", "test"]
        assert mine[same].tolist() == theirs[same].tolist()
        assert mine["caar"] == pytest.approx(theirs["caar"], abs=SAME)
        if kind == "one day":  # the spread between sessions does not tell it
            assert np.isnan([mine["se"], mine["low"], mine["high"]]).all()
            assert f"estimation windows of all security-events ({mine['test']})" in mine["why"]
            continue
        assert mine["why"] == ""
        np.testing.assert_allclose(
            mine[["se", "low", "high"]].astype(float), theirs[["se", "low", "high"]].astype(float), rtol=1e-6
        )
    alone = "portfolio" if isinstance(model, es.MarketModel) else "time_series"
    told = {"apart": "cross_sectional", "same days": "clustered", "one day": alone, "overlapping": "covariance"}
    assert found.caar((-2, 2))["test"].item() == told[kind]


@pytest.mark.parametrize("kind", ["two calendars", "one series", "one event"])
def test_samples_and_means_of_other_makes(kind, tmp_path):
    names = ["AAA", "BBB", "SAP.DE", "BMW.DE"]
    frame = returns(names, seed=3)
    if kind == "two calendars":
        events = pd.DataFrame({"event_id": range(12), "symbol": names * 3, "bar": DAYS[200:320:10]})
        asked = {"calendar": "auto"}
    elif kind == "one series":
        events = pd.DataFrame(
            {"event_id": range(8), "symbol": "AAA", "bar": DAYS[[200, 200, 220, 240, 240, 260, 280, 300]]}
        )
        asked = {}
    else:
        events, asked = pd.DataFrame({"event_id": ["e"], "symbol": ["BBB"], "bar": DAYS[[250]]}), {}
    memory = study(**asked).fit(events, es.ReturnPanel(frame))
    memory.to_parquet(tmp_path / "out")
    found = es.open_result(tmp_path / "out")
    pd.testing.assert_frame_equal(found.tidy(), memory.tidy(), check_exact=True)
    own, kept = memory.sample((0, 1), placebo=False), found.sample((0, 1))
    mine, theirs = np.argsort(kept.car), np.argsort(own.car)  # in memory those of one calendar stand together
    for name in ("car", "car_se", "ar", "day0", "bar"):
        np.testing.assert_array_equal(getattr(kept, name)[mine], getattr(own, name)[theirs])
    if kind == "two calendars":
        np.testing.assert_array_equal(kept.car, memory.car((0, 1))["car"])  # in the order of the request
        assert kept.estimation is None  # bars of several calendars do not make one estimation window
        assert kept.study_ar is None
    mine, theirs = found.aar(), memory.aar()
    for name in ("aar", "caar"):
        np.testing.assert_allclose(mine[name], theirs[name], atol=SAME)
    for name in ("relative_day", "n", "n_sessions", "test", "caar_test"):
        assert mine[name].tolist() == theirs[name].tolist()
    if kind == "one series":
        assert mine["n_sessions"].tolist() == [6] * 5


def test_the_tests_of_too_many_abnormal_returns_are_refused(tmp_path, monkeypatch):
    memory = study().fit(pairs(names=NAMES), es.ReturnPanel(returns()))
    memory.to_parquet(tmp_path / "out")
    found = es.open_result(tmp_path / "out")
    monkeypatch.setattr(samples, "CELLS", 2 * memory.n)
    assert found.sample((0, 1)).car.size == memory.n
    monkeypatch.setattr(samples, "CELLS", 2 * memory.n - 1)
    with pytest.raises(StudyError, match=r"the tests of window \(0, 1\) would hold"):
        found.sample((0, 1))


def test_an_empty_study_has_empty_tables(tmp_path):
    memory = study().fit(pairs(5, names=("UNKNOWN",)), es.ReturnPanel(returns()))
    memory.to_parquet(tmp_path / "out")
    found = es.open_result(tmp_path / "out")
    assert (found.n, found.n_sessions, len(found.excluded)) == (0, 0, len(memory.excluded))
    assert found.caar().empty
    assert found.caar().columns.tolist()[-1] == "why"
    assert found.aar().empty
    with pytest.raises(StudyError, match="no security-event was studied"):
        found.sample()
    assert f"excluded, {memory.excluded['reason'].iloc[0]}: {len(memory.excluded)}" in found.summary()


def test_files_of_a_share_are_named_by_its_number():
    assert file_names(7) == ("excluded-00007.parquet", "frame-00007.arrow", "part-00007.parquet")


def test_keys_of_securities_that_stay_get_their_new_numbers():
    keys = np.array([0, 3, 5, 9, 10])  # of bars of five: A on 0 and 3, B on 0 and 4, C on 0
    assert _moved_keys(keys, ("A", "B", "C"), ["B", "C"], 5).tolist() == [0, 4, 5]
    assert _moved_keys(keys, ("A", "B", "C"), ["C", "A"], 5).tolist() == [0, 5, 8]
    assert _moved_keys(keys[:0], ("A",), ["A"], 5).size == 0
    assert _moved_keys(keys, ("A", "B", "C"), [], 5).size == 0


def design(**asked):
    given = {"model": es.MarketModel("MKT"), "window": (-2, 2), "estimation": es.EstimationWindow(70, -11)}
    return Design(**{**given, "calendar": None, **asked})


def asked_for(symbols):
    frame = pd.DataFrame({"event_id": [f"e{at}" for at in range(len(symbols))], "symbol": symbols, "bar": 5})
    return read_request(frame, set(symbols))


@pytest.mark.parametrize("rows", [1, 3, 4, 100])
@pytest.mark.parametrize("cells", [1, 40, 79, 80, 10_000])
def test_a_share_holds_whole_securities_until_it_is_full(rows, cells, monkeypatch):
    monkeypatch.setattr(plan, "ROWS", rows)
    monkeypatch.setattr(plan, "CELLS", cells)
    symbols = ["C", "A", "D", "B"]
    codes = np.array([0, 1, 1, 2, 0, 3, 1, 0])
    names = [symbols[code] for code in codes]
    found = planned(design(), asked_for(names), symbols, codes, bars=20)
    most = 1
    while most * 2 <= cells // 20:
        most *= 2
    blocks, held = [], []
    for name in sorted(symbols):
        held.append(name)
        if sum(names.count(one) for one in held) >= rows or len(held) >= most:
            blocks.append(held)
            held = []
    blocks += [held] if held else []
    assert [found.names(share) for share in range(len(found.blocks))] == blocks
    assert found.size == 8
    for share, block in enumerate(blocks):
        own = [at for at, name in enumerate(names) if name in block]
        assert found.rows(share).tolist() == own
        events = found.events(found.rows(share))
        assert events["event_id"].tolist() == [f"e{at}" for at in own]
        assert events["symbol"].tolist() == [names[at] for at in own]


def test_where_every_event_meets_every_symbol_rows_are_events_times_symbols(monkeypatch):
    monkeypatch.setattr(plan, "ROWS", 4)
    frame = pd.DataFrame({"event_id": ["e", "f"], "bar": [5, 6]})
    symbols = ["C", "A", "B"]
    found = planned(design(), read_request(frame, set(symbols), "all"), symbols, None, bars=20)
    assert [found.names(share) for share in range(len(found.blocks))] == [["A", "B"], ["C"]]
    assert found.size == 6
    assert found.rows(0).tolist() == [1, 2, 4, 5]
    assert found.rows(1).tolist() == [0, 3]
    events = found.events(found.rows(0))
    assert events["event_id"].tolist() == ["e", "e", "f", "f"]
    assert events["symbol"].tolist() == ["A", "B", "A", "B"]
    assert events["bar"].tolist() == [5, 5, 6, 6]


def test_the_digest_of_a_plan_tells_other_questions_apart():
    symbols, codes = ["A", "B"], np.array([0, 1])

    def digest(names=("A", "B"), **asked):
        return planned(design(**asked), asked_for(list(names)), symbols, codes, 20).digest()

    assert digest() == digest()
    assert len({digest(), digest(window=(-1, 2)), digest(names=("B", "A"))}) == 3


def test_what_is_fitted_row_by_row_is_split():
    plain = asked_for(["A", "B"])
    assert is_split(design(), plain) is False
    market = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [5], "market": ["MKT"]})
    assert is_split(design(), read_request(market, {"A"})) is True
    after = es.EstimationWindow(before=(-80, -11), after=(11, 40))
    assert is_split(design(estimation=after), plain) is True
    assert is_split(design(model=es.MarketModel({"A": "MKT", "B": "M2"})), plain) is True
    matched = es.MatchedPortfolio({"A": ["B", "C"], "D": ["E"]})
    assert matches(design(model=matched), ["D", "A"]) == ["E", "B", "C"]
    assert matches(design(), ["A"]) == []


def test_samples_of_two_calendars_are_laid_on_the_bars_of_both():
    memory = study().fit(pairs(names=NAMES), es.ReturnPanel(returns()))
    one = memory.sample((0, 1), placebo=False)
    first, second = DAYS[:-1], DAYS[1:]
    moved = _on_all([one, one], [first, second])
    assert moved[0].day0.tolist() == one.day0.tolist()
    assert moved[1].day0.tolist() == (one.day0 + 1).tolist()
    assert moved[1].bar.tolist() == np.where(one.bar >= 0, one.bar + 1, -1).tolist()
    outside = replace(one, bar=np.where(np.arange(one.bar.size).reshape(one.bar.shape) % 3, one.bar, -1))
    for piece, shift in zip(_on_all([outside, outside], [first, second]), (0, 1), strict=True):
        assert piece.bar.tolist() == np.where(outside.bar >= 0, one.bar + shift, -1).tolist()
    assert _on_all([one, one], [first, first]) == [one, one]
    both = _joined([one, one])
    assert both.car.tolist() == [*one.car.tolist(), *one.car.tolist()]
    assert both.security.tolist() == [*one.security.tolist(), *(one.security + one.security.max() + 1).tolist()]
    assert both.estimation.mean.tolist() == [*one.estimation.mean.tolist()] * 2


@pytest.mark.parametrize("window", [(0, 1), (0, 0), (-1, 1)])
@pytest.mark.parametrize("numbers", [False, True])
def test_short_windows_read_back_in_order_on_dates_and_on_numbers(window, numbers, tmp_path):
    frame, events = returns(), pairs(30, names=NAMES)
    if numbers:
        frame, events = frame.reset_index(drop=True), events.assign(bar=DAYS.get_indexer(events["bar"]))
    memory = study(window=window).fit(events, es.ReturnPanel(frame))
    memory.to_parquet(tmp_path / "out")
    found = es.open_result(tmp_path / "out")
    pd.testing.assert_frame_equal(found.tidy(), memory.tidy(), check_exact=True)
    mine, theirs = found.test("cross_sectional", (0, 0)), memory.test("cross_sectional", (0, 0))
    assert (mine.name, mine.n) == ("cross_sectional", theirs.n)
    assert mine.pvalue == pytest.approx(theirs.pvalue, rel=1e-9)
    if window == (0, 0):  # once is enough: it takes its time
        pd.testing.assert_frame_equal(found.tests((0, 0)), found.tests((0, 0), level=0.95))
