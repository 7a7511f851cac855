"""Bars on the hours of an exchange: lunch, half days, changed clocks, holes, labels, and moments on them."""

import warnings
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calibration import simulate_bars
from eventstudy.errors import DataError, StudyError
from eventstudy.returns import DataWarning


@lru_cache(maxsize=16)
def made(days=70, symbols=1, **options):
    return simulate_bars(symbols=symbols, days=days, event_every=10_000, jumps_a_day=0, **options).frame


def study(window=(0, 2), calendar="XNYS", base=None, **options):
    design = {name: options.pop(name) for name in ("label", "mask_events") if name in options}
    model = es.IntradayModel(base=base or es.MarketModel("MKT"), days=options.pop("days", 40), **options)
    return es.EventStudy(model=model, window=window, calendar=calendar, **design)


def at(moment, zone="America/New_York", symbol="A", **more):
    return pd.DataFrame(
        {"event_id": ["e"], "symbol": [symbol], "announced_at": [pd.Timestamp(moment, tz=zone)], **more}
    )


def fitted(frame, moment, zone="America/New_York", symbol="A", panel=None, **options):
    return study(**options).fit(at(moment, zone, symbol), es.ReturnPanel(frame, kind="log") if panel is None else panel)


def start(result, zone="America/New_York"):
    return str(result.car().session.dt.tz_convert(zone).iloc[0])[:16]


@pytest.mark.parametrize(
    ("moment", "bar"),
    [
        ("2024-04-10 10:57:52", "2024-04-10 10:55"),
        ("2024-04-10 11:00:00", "2024-04-10 11:00"),  # the bar before ended as the news came
        ("2024-04-10 15:59:59", "2024-04-10 15:55"),
        ("2024-04-10 16:00:00", "2024-04-11 09:30"),
        ("2024-04-10 09:29:59", "2024-04-10 09:30"),
        ("2024-04-13 12:00:00", "2024-04-15 09:30"),
    ],
)
def test_a_moment_goes_to_the_first_bar_that_could_react(moment, bar):
    result = fitted(made(80), moment)
    assert start(result) == bar
    assert ("outside_session" in result.car().flag[0]) == (not bar.startswith(moment[:10]) or "09:29" in moment)


@pytest.mark.parametrize("minutes", [1, 2, 5, 10, 15, 30, 60])
def test_every_length_of_a_bar(minutes):
    result = fitted(made(75, minutes=minutes), "2024-04-10 12:31:00", window=(0, 1))
    assert start(result) == ("2024-04-10 12:31" if minutes == 1 else "2024-04-10 12:30")
    assert result.n == 1


@pytest.mark.parametrize(
    ("date", "utc"),
    [("2024-03-08", "14:30"), ("2024-03-12", "13:30"), ("2024-10-31", "13:30"), ("2024-11-05", "14:30")],
)
def test_the_weeks_in_which_new_york_and_london_differ(date, utc):
    """10:00 of New York is one slot in March and November, whatever UTC says; London's 14:30 is its own."""
    frame = made(230)
    result = fitted(frame, f"{date} 09:31", days=40)
    assert result.car().session[0].strftime("%H:%M") == utc
    london = simulate_bars(symbols=1, days=230, calendar="XLON", event_every=10_000).frame
    there = fitted(london, f"{date} 14:31", "Europe/London", calendar="XLON")
    assert start(there, "Europe/London") == f"{date} 14:30"


def test_the_pattern_follows_the_exchange_s_clock_over_a_change_of_clocks():
    frame = made(100)
    inside = fitted(frame, "2024-04-10 12:00")._fitted.parts[0].abnormal.inside
    phi = inside.fits.held["phi"][0]
    assert phi.size == 78  # no slot stands twice because UTC moved
    assert phi[:3].min() > phi[36:42].max()


def test_a_window_ends_with_its_session_and_runs_on_by_option():
    frame = made(80)
    row = fitted(frame, "2024-04-10 15:51", window=(0, 5)).car().iloc[0]
    assert (row.n_bars, "to_close" in row.flag) == (2, True)
    both = fitted(frame, "2024-04-10 15:51", window=(0, 5), overnight="continue").car().iloc[0]
    assert (both.n_bars, "to_close" in both.flag) == (6, True)


def test_a_half_day_ends_at_one_and_is_no_part_of_the_pattern():
    frame = made(230)
    row = fitted(frame, "2024-07-03 12:51", window=(0, 5)).car().iloc[0]
    assert row.n_bars == 2
    assert start(fitted(frame, "2024-07-03 13:00")) == "2024-07-05 09:30"
    clock = fitted(frame, "2024-07-10 12:51")._fitted.parts[0].aligned.hours.clock
    assert clock.half.sum() == 1  # 3 July


class TestTokyo:
    frame = simulate_bars(symbols=1, days=80, calendar="XTKS", start="2024-09-02", event_every=10_000).frame

    @pytest.mark.parametrize(
        ("moment", "bar"), [("11:31", "12:30"), ("12:29:59", "12:30"), ("11:29", "11:25"), ("15:05", "15:05")]
    )
    def test_lunch_and_the_new_close(self, moment, bar):
        result = fitted(self.frame, f"2024-12-10 {moment}", "Asia/Tokyo", calendar="XTKS")
        assert start(result, "Asia/Tokyo") == f"2024-12-10 {bar}"

    def test_before_the_change_the_close_is_at_three(self):
        result = fitted(self.frame, "2024-11-01 15:05", "Asia/Tokyo", calendar="XTKS")
        assert start(result, "Asia/Tokyo") == "2024-11-05 09:00"

    def test_slots_with_few_days_take_their_neighbours(self):
        phi = (
            fitted(self.frame, "2024-11-08 15:10", "Asia/Tokyo", calendar="XTKS")
            ._fitted.parts[0]
            .abnormal.inside.fits.held["phi"]
        )
        assert np.isfinite(phi).all()
        assert np.ptp(phi[0, -6:]) == 0  # 15:00 to 15:25 had three sessions


def test_a_typhoon_s_morning_in_hong_kong():
    frame = simulate_bars(symbols=1, days=70, calendar="XHKG", start="2024-01-02", event_every=10_000).frame
    morning = (frame.index.strftime("%Y-%m-%d") == "2024-04-10") & (frame.index.hour < 13)
    result = fitted(frame[~morning], "2024-04-10 10:00", "Asia/Hong_Kong", calendar="XHKG")
    hours = result._fitted.parts[0].aligned.hours
    assert hours.clock.half.sum() == 1 + 1  # the typhoon, and the eve of the new year
    assert result.excluded.reason.tolist() == ["no_returns_in_window"]
    later = fitted(frame[~morning], "2024-04-10 13:00:30", "Asia/Hong_Kong", calendar="XHKG")
    assert start(later, "Asia/Hong_Kong") == "2024-04-10 13:00"


class TestLabels:
    def test_ends_are_starts_one_step_later(self):
        frame = made(80)
        ends = frame.set_axis(frame.index + pd.Timedelta("5min"))
        one, other = fitted(frame, "2024-04-10 10:57:52"), fitted(ends, "2024-04-10 10:57:52", label="end")
        pd.testing.assert_frame_equal(one.car(), other.car())

    @pytest.mark.parametrize("daily", [False, True])
    def test_labels_that_look_like_ends_are_asked_for(self, daily):
        frame = made(80)
        ends = frame.set_axis(frame.index + pd.Timedelta("5min"))
        when = "2024-04-10 10:57:52"
        design = es.EventStudy(
            model=es.MarketModel("MKT"), estimation=es.EstimationWindow(300, end=-5), window=(-2, 2), calendar=None
        )
        with pytest.raises(StudyError, match=r"look labelled with their ends.*label='end'.*or label='start'"):
            design.fit(at(when), es.ReturnPanel(ends, kind="log")) if daily else fitted(ends, when)
        if daily:
            one = design.fit(at(when), es.ReturnPanel(frame, kind="log")).car((0, 1))["car"].item()
            other = es.EventStudy(
                model=es.MarketModel("MKT"), estimation=design.estimation, window=(-2, 2), calendar=None, label="end"
            )
            assert other.fit(at(when), es.ReturnPanel(ends, kind="log")).car((0, 1))["car"].item() == one
        else:
            with pytest.warns(DataWarning, match="look labelled with their ends"):
                fitted(ends, when, label="start")

    def test_labels_that_look_like_starts_warn(self):
        with pytest.warns(DataWarning, match="look labelled with their starts"):
            fitted(made(80), "2024-04-10 10:57:52", label="end")

    def test_a_bar_asked_for_by_its_end(self):
        frame = made(80)
        ends = frame.set_axis(frame.index + pd.Timedelta("5min"))
        pairs = pd.DataFrame(
            {"event_id": ["e"], "symbol": ["A"], "bar": [pd.Timestamp("2024-04-10 11:00", tz="America/New_York")]}
        )
        assert start(study(label="end").fit(pairs, es.ReturnPanel(ends, kind="log"))) == "2024-04-10 10:55"


class TestHoles:
    def test_a_missing_hour_is_missing_bars_and_no_return_crosses_it(self):
        frame = made(80)
        local = frame.index.tz_convert("America/New_York").strftime("%Y-%m-%d %H")
        with pytest.warns(DataWarning, match="12 bars are missing within 1 session"):
            result = fitted(frame[local != "2024-04-10 12"], "2024-04-10 11:56", window=(0, 14))
        row = result.car().iloc[0]
        assert row.n_bars == 15 - 12 - 1  # and the return after the hole
        assert "missing" in row.flag

    def test_duplicate_bars_are_refused(self):
        frame = made(50)
        with pytest.raises(DataError, match="stands 2 times"):
            es.ReturnPanel(pd.concat([frame, frame.iloc[[100]]]).sort_index())

    def test_a_last_live_bar_is_left_out_and_told(self):
        frame = made(80)
        live = frame.iloc[[-1]].set_axis([frame.index[-1] + pd.Timedelta("2min17s")])
        with pytest.warns(DataWarning, match="1 row within the session stands between two bars"):
            result = fitted(pd.concat([frame, live]), "2024-04-10 10:57")
        pd.testing.assert_frame_equal(result.car(), fitted(frame, "2024-04-10 10:57").car())

    def test_a_halted_stock_has_no_return_and_the_others_have(self):
        frame = made(80, symbols=2)
        halted = frame.copy()
        moment = "2024-04-10 10:57"
        halted.loc[
            pd.Timestamp("2024-04-10 10:55", tz="America/New_York") : pd.Timestamp(
                "2024-04-10 11:55", tz="America/New_York"
            ),
            "A",
        ] = np.nan
        result = fitted(halted, moment)
        assert result.excluded.reason.tolist() == ["no_returns_in_window"]
        pd.testing.assert_frame_equal(fitted(halted, moment, symbol="B").car(), fitted(frame, moment, symbol="B").car())

    @pytest.mark.slow
    def test_news_of_a_session_that_the_data_lack_is_outside(self):
        frame = made(80)
        gone = frame[frame.index.tz_convert("America/New_York").strftime("%Y-%m-%d") != "2024-04-10"]
        result = fitted(gone, "2024-04-10 10:57")
        assert result.excluded.reason.tolist() == ["outside_data"]


class TestClosures:
    def test_an_overnight_return_in_a_bar_of_its_own(self):
        frame = made(80)
        local = frame.index.tz_convert("America/New_York")
        first = frame[local.strftime("%H:%M") == "09:30"]
        night = (first * 0 + np.random.default_rng(0).normal(0, 0.01, first.shape)).set_axis(
            first.index - pd.Timedelta("5min")
        )
        both = pd.concat([frame, night]).sort_index()
        result = fitted(both, "2024-04-09 18:00")
        assert start(result) == "2024-04-10 09:25"
        clock = result._fitted.parts[0].aligned.hours.clock
        assert (~clock.regular).sum() == 1
        held = result._fitted.parts[0].abnormal.inside.fits.held
        assert held["phi"][0, 0] > 3 * held["phi"][0, 1]  # ten times as volatile, and no part of the day's level
        dropped = fitted(both, "2024-04-09 18:00", overnight="drop")
        assert start(dropped) == "2024-04-10 09:30" or dropped.car().n_bars[0] == 2

    def test_without_one_the_opening_bar_is_left_out_by_option(self):
        row = fitted(made(80), "2024-04-09 18:00", overnight="drop").car().iloc[0]
        assert row.n_bars == 2

    def test_extended_hours_are_left_out_and_kept_by_option(self):
        frame = made(80)
        local = frame.index.tz_convert("America/New_York")
        early = frame[local.hour < 11].copy()
        early = early.set_axis(early.index - pd.Timedelta("90min"))  # 08:00 to 09:25
        both = pd.concat([frame, early]).sort_index()
        without = fitted(both, "2024-04-10 08:31")
        assert start(without) == "2024-04-10 09:30"
        assert "rows of the panel are no sessions of the calendar and were left out" in without.summary()
        assert start(fitted(both, "2024-04-10 08:31", extended=True)) == "2024-04-10 08:30"


class TestRefusals:
    def test_an_estimation_window_in_bars_beside_the_model(self):
        with pytest.raises(StudyError, match="last 60 event-free sessions; leave estimation= out"):
            es.EventStudy(model=es.IntradayModel(), estimation=es.EstimationWindow(300, end=-5), window=(0, 2))

    def test_days_are_refused(self):
        days = pd.DataFrame({"A": 0.0, "MKT": 0.0}, index=pd.bdate_range("2024-01-02", periods=80))
        with pytest.raises(StudyError, match="needs bars within days"):
            study().fit(at("2024-04-10 10:57"), es.ReturnPanel(days, check=False))

    def test_no_calendar(self):
        with pytest.raises(StudyError, match="calendar='XNYS'"):
            fitted(made(50), "2024-02-20 10:57", calendar=None)

    def test_a_clock_without_a_zone(self):
        frame = made(50).tz_localize(None)
        with pytest.raises(DataError, match="moments without a time zone"):
            fitted(frame, "2024-02-20 10:57")

    def test_a_daily_model_on_bars_names_the_way_out(self):
        daily = es.EventStudy(model=es.MarketModel("MKT"), window=(0, 2), calendar="XNYS")
        with pytest.raises(StudyError, match="IntradayModel"):
            daily.fit(at("2024-02-20 10:57"), es.ReturnPanel(made(50), kind="log"))


class TestPrecision:
    frame = made(80)

    def test_an_hour_is_refused_for_half_an_hour(self):
        events = at("2024-04-10 10:57", precision=["approx_hour"])
        with pytest.raises(StudyError, match="known less well than the window of 30 minutes"):
            study(window=(0, 5)).fit(events, es.ReturnPanel(self.frame, kind="log"))
        row = study(window=(0, 30)).fit(events, es.ReturnPanel(self.frame, kind="log")).car().iloc[0]
        assert "session_uncertain" in row.flag  # it may have come before the window

    def test_a_date_has_no_minute(self):
        with pytest.raises(StudyError, match="known less well"):
            fitted(self.frame, "2024-04-10")

    def test_a_moment_read_from_the_price_is_circular(self):
        events = at("2024-04-10 10:57", precision=["approx_5min"])
        panel = es.ReturnPanel(self.frame, kind="log")
        with pytest.raises(StudyError, match=r"circular.*allow=\('approx_5min',\)"):
            study().fit(events, panel)
        assert study(allow=("approx_5min",)).fit(events, panel).n == 1
        assert study(allow=("e",)).fit(events, panel).n == 1

    def test_beside_others_it_is_excluded_with_the_reason(self):
        both = pd.concat(
            [
                at("2024-04-10 10:57", precision=["approx_5min"]),
                at("2024-04-11 10:57", precision=["exact_sec"]).assign(event_id="f"),
            ]
        )
        result = study().fit(both, es.ReturnPanel(self.frame, kind="log"))
        assert result.n == 1
        assert result.excluded[["event_id", "reason"]].values.tolist() == [["e", "circular"]]
        # its session is kept out of the past of the other all the same
        free = result._fitted.parts[0].abnormal.inside.fits.sessions.free
        assert (~free).sum() == 2


def test_events_of_the_call_leave_their_sessions_out_of_the_past():
    frame = made(80)
    jump = frame.copy()
    jump.loc[pd.Timestamp("2024-04-09 11:00", tz="America/New_York"), "A"] += 0.5
    two = pd.concat([at("2024-04-09 11:00"), at("2024-04-10 11:00").assign(event_id="f")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        clean = study().fit(two, es.ReturnPanel(frame, kind="log")).tidy()
        hit = study().fit(two, es.ReturnPanel(jump, kind="log")).tidy()
    later = clean.event_id == "f"
    np.testing.assert_allclose(clean.ar[later], hit.ar[later])
