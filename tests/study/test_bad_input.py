"""Input that cannot be meant is one clear error, or an exclusion that says why; never a silent number."""

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError, EventStudyError, InputError, StudyError
from eventstudy.study.request import moments_of
from panels import pairs, small_panel

BAD = {
    "estimation inside the window": (
        lambda: es.EventStudy(model=es.MeanAdjusted(), window=(-20, 5)),
        "end it on -21 or before",
    ),
    "window reversed": (lambda: es.EventStudy(model=es.MeanAdjusted(), window=(5, -5)), "runs backwards"),
    "no model": (lambda: es.EventStudy(model="market"), "is no normal-return model"),
    "policy unknown": (lambda: es.EventStudy(model=es.MeanAdjusted(), non_session="later"), "not one of"),
    "minimum above length": (lambda: es.EstimationWindow(length=60, minimum=100), "cannot be met"),
    "longer than the data": (
        lambda: es.EventStudy(model=es.MarketModel("M"), estimation=es.EstimationWindow(length=500)).fit(
            pairs(small_panel(), [300]), small_panel()
        ),
        "estimation window of 500 bars is longer than the data",
    ),
    "event window longer than the data": (
        lambda: es.EventStudy(model=es.MarketModel("M"), window=(-5, 2000)).fit(
            pairs(small_panel(), [300]), small_panel()
        ),
        "event window of 2006 bars is longer than the data",
    ),
    "benchmark without a figure": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(
            pairs(small_panel(), [300]), small_panel().assign(M=np.nan)
        ),
        "'M', which MarketModel.*has no figure on any of the",
    ),
    "benchmark not in the panel": (
        lambda: es.EventStudy(model=es.MarketModel("^GSPC")).fit(pairs(small_panel(), [300]), small_panel()),
        r"needs '\^GSPC', which the panel does not hold",
    ),
    "no event": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(pairs(small_panel(), []), small_panel()),
        "no event to study",
    ),
    "no date column": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(
            pairs(small_panel(), [300]).drop(columns="bar"), small_panel()
        ),
        "'announced_at'",
    ),
    "moment without a zone": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(
            pairs(small_panel(), [300]).rename(columns={"bar": "announced_at"}), small_panel()
        ),
        "has no time zone",
    ),
    "bar that is no date": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(
            pairs(small_panel(), [300]).assign(bar="someday"), small_panel()
        ),
        "no date",
    ),
    "window outside the study's": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(pairs(small_panel(), [300]), small_panel()).car((0, 20)),
        "inside the event window",
    ),
    "level missing": (
        lambda: es.EventStudy(model=es.MeanAdjusted(volatility="^VIX")).fit(pairs(small_panel(), [300]), small_panel()),
        "variance from",
    ),
    "returns of another kind": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(pairs(small_panel(), [300]), small_panel().to_numpy()),
        "must be a ReturnPanel, a PricePanel or a DataFrame",
    ),
    "infinite benchmark": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(
            pairs(small_panel(), [300]), small_panel().assign(M=np.inf)
        ),
        "infinite",
    ),
    "duplicate bars": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(
            pairs(small_panel(), [300]), pd.concat([small_panel(), small_panel().iloc[[5]]]).sort_index()
        ),
        "stands 2 times",
    ),
    "prices for returns": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(
            pairs(small_panel(), [300]), 100 * (1 + small_panel()).cumprod()
        ),
        "prices",
    ),
    "percent for decimals": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(pairs(small_panel(), [300]), 100 * small_panel()),
        "holds percent; returns are decimals here: divide by 100",
    ),
    "id for event_id": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(
            pairs(small_panel(), [300]).rename(columns={"event_id": "id"}), small_panel()
        ),
        "rename 'id' to 'event_id'",
    ),
    "date for bar": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(
            pairs(small_panel(), [300]).rename(columns={"bar": "date"}), small_panel()
        ),
        "rename 'date' to 'bar'",
    ),
    "symbols in a column of another name": (
        lambda: es.EventStudy(model=es.MarketModel("M")).fit(
            pairs(small_panel(), [300]).rename(columns={"symbol": "peer"}), small_panel()
        ),
        "column 'peer' holds symbols of the panel, and is not read; rename it to 'symbol'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_error(case):
    call, words = BAD[case]
    with pytest.raises(InputError, match=words) as caught:
        call()
    assert isinstance(caught.value, StudyError | DataError)
    assert "\n" not in str(caught.value)


def test_an_unsorted_index_gives_the_same_study():
    panel = small_panel()
    shuffled = panel.iloc[np.random.default_rng(3).permutation(len(panel))]
    study = es.EventStudy(model=es.MarketModel("M"), window=(0, 1), estimation=es.EstimationWindow(end=-1))
    events = pairs(panel, [300, 350])
    pd.testing.assert_frame_equal(study.fit(events, panel).car(), study.fit(events, shuffled).car())


def test_an_infinite_return_excludes_its_security_event_and_no_other():
    panel = small_panel()
    panel.iloc[250, 1] = np.inf
    result = es.EventStudy(
        model=es.MarketModel("M"), window=(0, 1), estimation=es.EstimationWindow(length=100, end=-1)
    ).fit(pairs(panel, [200, 300]), panel)
    assert result.excluded[["event_id", "symbol", "reason"]].to_numpy().tolist() == [["e300", "A", "infinite_return"]]


def test_a_symbol_without_returns_is_told_why():
    panel = small_panel()
    panel["B"] = np.nan
    held = es.ReturnPanel(panel, levels=panel[["A"]].rename(columns={"A": "^VIX"}), failures={"GONE": "no such ticker"})
    result = es.EventStudy(model=es.MarketModel("M")).fit(pairs(panel, [350], symbols=("A", "B", "GONE", "^VIX")), held)
    assert result.excluded.set_index("symbol")["detail"].to_dict() == {
        "B": "all its returns are missing in the panel",
        "GONE": "its prices did not come: no such ticker",
        "^VIX": "the panel holds it as a level, not as a return",
    }
    for other in (held, panel):  # with levels and without
        table = es.EventStudy(model=es.MarketModel("M")).fit(pairs(panel, [350], symbols=("A", "NOPE")), other).excluded
        assert table.set_index("symbol").loc["NOPE", "reason"] == "unknown_symbol"
        assert "level" not in table.set_index("symbol").loc["NOPE", "detail"]


def test_a_design_that_is_singular_is_an_exclusion_with_its_reason():
    panel = small_panel().assign(M=0.001)
    result = es.EventStudy(model=es.MarketModel("M")).fit(pairs(panel, [350]), panel)
    assert set(result.excluded["reason"]) == {"rank_deficient"}
    assert result.n == 0


def test_a_row_that_stands_twice_is_refused():
    bars = pd.bdate_range("2024-01-01", periods=300)
    frame = pd.DataFrame({"A": np.linspace(-0.01, 0.01, 300)}, index=bars)
    pairs = pd.DataFrame({"event_id": ["a", "b", "a"], "symbol": "A", "bar": bars[[280, 280, 280]]})
    study = es.EventStudy(
        model=es.MeanAdjusted(), window=(0, 1), estimation=es.EstimationWindow(100, end=-1), calendar=None
    )
    with pytest.raises(StudyError, match=r"row 2 repeats an earlier one \(event_id a"):
        study.fit(pairs, frame)
    assert study.fit(pairs.iloc[:2], frame).n == 2


def test_moments_may_stand_in_several_time_zones_but_none_may_lack_one():
    given = ["2024-03-01T09:30-05:00", "2024-03-01T21:00+08:00", pd.Timestamp("2024-03-01 14:30", tz="UTC")]
    told = moments_of(pd.Series(given, dtype=object))
    hours = [pd.Timedelta(t - told[0]) / pd.Timedelta(hours=1) for t in told]
    assert hours == [0.0, -1.5, 0.0]
    with pytest.raises(StudyError, match=r"row 1: 2024-03-01 10:00 has no time zone"):
        moments_of(pd.Series([given[0], "2024-03-01 10:00"], dtype=object))
    with pytest.raises(StudyError, match="is empty in row 1; give a moment"):
        moments_of(pd.Series([given[0], None, given[1]], dtype=object))


@pytest.fixture(scope="module")
def fitted():
    """Return a small fitted study with the window (-2, 2)."""
    design = es.EventStudy(model=es.MarketModel("M"), window=(-2, 2), estimation=es.EstimationWindow(100, -3))
    return design.fit(pairs(small_panel(), [300]), small_panel())


@pytest.mark.parametrize("window", [(), (0,), (0, 1, 2), (float("nan"), 1), (0.5, 1.5), ("a", "b"), "01", 3, (None, 1)])
def test_a_window_is_two_whole_days(fitted, window):
    for table in (fitted.car, fitted.caar, fitted.abnormal_variance, fitted.tests):
        with pytest.raises(StudyError, match=r"^window=.* is not two whole relative days.* window \(-2, 2\)"):
            table(window)


def test_two_whole_days_may_be_of_any_number_kind(fitted):
    for window in ([0, 1], np.array([0, 1]), (0.0, np.float64(1))):
        assert fitted.car(window).equals(fitted.car((0, 1)))


@pytest.mark.parametrize("window", [(-60, 60), (1, 0), (-3, 0), (0, 10**30)])
def test_the_variance_ratio_keeps_inside_the_event_window(fitted, window):
    with pytest.raises(StudyError, match=r"must lie inside the event window \(-2, 2\)"):
        fitted.abnormal_variance(window)


UNLIKE = [["bmp"], {}, {"a": 1}, ("x", ["y"]), {"x"}, b"x", 7.5]
NAMED = {
    "test": lambda result, value: result.test(value),
    "explain": lambda result, value: result.explain([value]),
    "bhar": lambda result, value: result.bhar(benchmark=value),
    "calendar": lambda _, value: es.load_events("us-china").sessions(value),
    "market": lambda _, value: fit_with(model=es.MarketModel(value)),
    "lags": lambda _, value: fit_with(model=es.Dimson(value)),
    "currency": lambda _, value: es.load_prices("^GSPC", "2025-03-03", "2025-04-01", currency=value),
    "panel": lambda _, value: es.freeze(value, "nowhere"),
    "estimation": lambda _, value: es.EventStudy(estimation=value),
}


def fit_with(**given):
    panel = small_panel()
    return es.EventStudy(window=(-2, 2), calendar=None, **given).fit(pairs(panel, [300]), panel)


@pytest.mark.parametrize("value", UNLIKE, ids=repr)
@pytest.mark.parametrize("door", NAMED)
def test_what_is_no_name_is_one_clear_error(fitted, door, value):
    with pytest.raises(EventStudyError) as caught:
        NAMED[door](fitted, value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("value", [7, 7.5, object()], ids=["whole", "number", "object"])
def test_what_names_nothing_at_all_is_one_clear_error(fitted, value):
    for ask in (
        lambda: fitted.explain(value),
        lambda: es.load_prices(object() if value == 7 else value),
        lambda: es.load_returns(levels=value),
        lambda: es.load_prices("^GSPC", calendars=value),
        lambda: es.ReturnPanel.from_prices(1 + small_panel(), levels=value),
        lambda: es.EventStudy(calendar=value),
        lambda: es.FactorModel(value),
        lambda: es.load_events("us-china", stances=value),
        lambda: es.load_episodes(value),
        lambda: es.ReturnPanel(small_panel(), calendar=[value]),
        lambda: es.PricePanel(1 + small_panel(), calendar=value),
    ):
        with pytest.raises(EventStudyError):
            ask()


@pytest.mark.parametrize(
    "level", [95, 1, 0, -0.5, np.nan, np.inf, "0.95", None, [0.95], 10**400], ids=lambda level: repr(level)[:8]
)
def test_a_level_is_a_share(fitted, level):
    for ask in (fitted.aar, fitted.caar, fitted.abhar, lambda level: fitted.explain(["bar"], level=level)):
        with pytest.raises(
            StudyError, match=r"level=.* is not (the coverage of an interval, above 0 and below 1|a number)"
        ):
            ask(level=level)
    weighted = np.ones(len(fitted.car()))
    with pytest.raises(StudyError, match="level="):
        fitted.caar(weights=weighted, level=level)


def test_one_level_is_named_as_it_is():
    prices = 100 * (1 + small_panel()).cumprod()
    panel = es.ReturnPanel.from_prices(prices, levels="M")
    assert list(panel.levels.columns) == ["M"]


ODD = "a\nb\r\n\x1b[31m" + "c" * 5000
LINE = 700  # letters of one message


def _told(act):
    with pytest.raises(InputError) as caught:
        act()
    said = str(caught.value)
    assert len(said.splitlines()) == 1, said
    assert len(said) < LINE, len(said)
    return said


def test_a_message_that_names_the_symbols_of_a_panel_keeps_to_its_line():
    frame = small_panel().rename(columns={"M": ODD})
    panel, events = es.ReturnPanel(frame), pairs(frame, [300])
    assert "needs 'M'" in _told(lambda: es.EventStudy(model=es.MarketModel("M")).fit(events, panel))
    twice = pairs(frame, [300], symbols=[ODD, ODD]).assign(event_id=ODD)
    assert "repeats an earlier one" in _told(lambda: es.EventStudy(model=es.MeanAdjusted()).fit(twice, panel))
    assert "no returns of" in _told(lambda: panel.select(["Z"]))
    assert "donors are" in _told(lambda: es.SyntheticControl((ODD, ODD)))


def test_row_labels_under_a_name_that_cannot_be_written_are_refused():
    panel, name = small_panel(), "a\ud800"
    events = pairs(panel, [300]).rename_axis(index=[name])
    said = _told(lambda: es.EventStudy(model=es.MeanAdjusted()).fit(events, es.ReturnPanel(panel)))
    assert "no text that can be written" in said
    frame = pd.DataFrame({"symbol": ["A"], "date": ["2022-06-01"]}).rename_axis(index=[name])
    assert "no text that can be written" in _told(lambda: es.study(frame, panel, model="mean"))


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
@pytest.mark.parametrize("label", ["start", "end"])
@pytest.mark.parametrize("far", ["0001-01-02", "1600-01-01", "9990-01-01"])
def test_news_of_years_that_nanoseconds_do_not_hold_is_outside_the_data(unit, label, far):
    bars = pd.date_range("2025-04-03 09:30", periods=200, freq="min", tz="America/New_York").as_unit(unit)
    panel = es.ReturnPanel(pd.DataFrame({"A": np.resize([0.01, -0.02, 0.005], 200)}, index=bars), calendar=None)
    moments = pd.DatetimeIndex(["2025-04-03 15:00", far]).as_unit("us").tz_localize("UTC")
    events = pd.DataFrame({"event_id": ["near", "far"], "announced_at": moments, "symbol": "A"})
    design = es.EventStudy(model=es.MeanAdjusted(), estimation=(-60, -10), window=(0, 2), label=label)
    result = design.fit(events, panel)
    assert result.car()["event_id"].tolist() == ["near"]
    assert result.excluded[["event_id", "reason"]].to_numpy().tolist() == [["far", "outside_data"]]
