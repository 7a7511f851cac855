"""A study in one call is the study in four steps, says what it took, and refuses what is doubtful."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError, StudyError
from firm_files import EARNINGS, FIRMS, firm_prices, write_firm_files


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_firm_files(tmp_path_factory.mktemp("firms"))


@pytest.fixture(scope="module")
def steps(files):
    pairs = es.load_pairs(files[0], symbol="Ticker", date="Event Date", date_format="%m/%d/%Y", timing="When")
    returns = es.load_returns(source=files[1])
    return es.EventStudy(model=es.MarketModel("^GSPC")).fit(pairs, returns)


def test_one_call_is_the_four_steps_and_says_so_in_three_lines(files, steps, capsys):
    result = es.study(*files, market="^GSPC")
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said] == ["firms", "dates", "against"]
    for word in ("'Ticker'", "'Event Date'", "XNYS", "^GSPC"):
        assert word in "\n".join(said)
    pd.testing.assert_frame_equal(result.tidy(), steps.tidy())
    assert result.n == 14
    assert set(said) <= set(result.summary().splitlines())


def test_the_day_0_of_each_timing_is_the_first_session_that_could_react(steps):
    session = dict(zip(steps.car()["event_id"], steps.car()["session"].dt.strftime("%Y-%m-%d"), strict=True))
    assert session["FA 2024-05-22"] == "2024-05-23"  # after the close
    assert session["FB 2024-07-30"] == "2024-07-30"  # before the open
    assert session["FC 2024-10-31"] == "2024-11-01"  # 16:20
    assert session["FH 2024-09-18"] == "2024-09-18"  # 7:30 AM
    assert session["FI 2024-11-13"] == "2024-11-13"  # during


def test_every_kind_of_prices_gives_the_same(files, steps, tmp_path):
    prices = firm_prices()
    long = prices.reset_index().melt("date", var_name="symbol", value_name="close")
    prices.to_csv(tmp_path / "wide.csv")
    prices.to_csv(tmp_path / "europe.csv", sep=";", decimal=",")
    for given in (
        prices,
        long,
        tmp_path / "wide.csv",
        tmp_path / "europe.csv",
        es.load_prices(source=prices),
        es.load_returns(source=prices),
    ):
        found = es.study(files[0], given, market="^GSPC", quiet=True)
        np.testing.assert_allclose(found.car((0, 1))["car"], steps.car((0, 1))["car"], atol=1e-12)


def test_quiet_prints_nothing_and_the_summary_still_says_it(files, capsys):
    result = es.study(*files, market="^GSPC", quiet=True)
    assert capsys.readouterr().out == ""
    assert "column 'Ticker'" in result.summary()


def test_the_prices_tell_which_column_names_the_firm(files):
    table = pd.read_csv(files[0]).rename(columns={"Ticker": "who"}).assign(rating="AAA")
    with pytest.raises(DataError, match="may each name the firm"):
        es.load_pairs(table)
    assert es.study(table, es.load_returns(source=files[1]), market="^GSPC", quiet=True).n == 14


def test_too_few_tickers_are_refused_by_name(files, tmp_path):
    text = EARNINGS.replace("FA,", "ZZ,").replace("FB,", "YY,")
    (tmp_path / "e.csv").write_text(text)
    with pytest.raises(DataError, match=r"only 10 of 12 tickers .* not ZZ.*YY"):
        es.study(tmp_path / "e.csv", files[1], market="^GSPC", quiet=True)
    (tmp_path / "e.csv").write_text(EARNINGS.replace("FA,", "ZZ,"))  # 11 of 12 are enough, and the other is listed
    result = es.study(tmp_path / "e.csv", files[1], market="^GSPC", quiet=True)
    assert set(result.excluded["reason"]) == {"unknown_symbol"}


def test_firms_abroad_must_say_their_market(files):
    table = pd.read_csv(files[0]).assign(Ticker="SAP.DE")
    with pytest.raises(StudyError, match=r"'SAP.DE' trades on XETR.*market="):
        es.study(table, files[1], quiet=True)
    assert es.study(*files, quiet=True).n == 14  # American ones have theirs


def test_factors_come_from_the_bundled_figures_and_never_from_a_share():
    rng = np.random.default_rng(0)
    days = es.calendars.sessions("XNYS", pd.Timestamp("2024-06-03"), pd.Timestamp("2025-11-14"))
    moves = rng.normal(0, 0.01, (len(days), 4))
    prices = pd.DataFrame(100 * np.cumprod(1 + moves, axis=0), index=days, columns=["FA", "FB", "FC", "RF"])
    table = pd.DataFrame({"ticker": ["FA", "FB", "FC"], "date": ["2025-09-03", "2025-09-10", "2025-09-17"]})
    model = es.FactorModel(("Mkt-RF", "SMB", "HML"), risk_free="RF")
    result = es.study(table, prices, model=model, quiet=True)
    assert result.panel.sources["RF"] == "bundled"
    assert result.n == 3
    with pytest.raises(DataError, match="'RF' is the ticker of an event and the name of a factor"):
        es.study(table.assign(ticker=["FA", "FB", "RF"]), prices, model=model, quiet=True)


PLACES = {"XETR": "^GDAXI", "XPAR": "^FCHI"}
EUROPE = "Symbol;Datum;Zeitpunkt;Quote\nSAP.DE;22.04.2024;nach;1,5\nBMW.DE;08.05.2024;before;-0,5\nMC.PA;16.04.2024;after;0,25\n"


@pytest.fixture(scope="module")
def europe(tmp_path_factory):
    """Semicolons, decimal commas, two exchanges with their indices."""
    folder, rng, columns = tmp_path_factory.mktemp("europe"), np.random.default_rng(5), {}
    for place, names in {"XETR": ["^GDAXI", "SAP.DE", "BMW.DE"], "XPAR": ["^FCHI", "MC.PA"]}.items():
        days = es.calendars.sessions(place, pd.Timestamp("2022-01-03"), pd.Timestamp("2024-12-30"))
        columns |= {name: pd.Series(rng.normal(0, 0.01, len(days)), days) for name in names}
    prices = (100 * (1 + pd.DataFrame(columns)).cumprod()).rename_axis("Datum")
    prices.to_csv(folder / "kurse.csv", sep=";", decimal=",")
    (folder / "termine.csv").write_text(EUROPE)
    return folder / "termine.csv", folder / "kurse.csv"


def test_a_european_list_with_an_index_for_each_exchange(europe):
    result = es.study(*europe, market=PLACES, quiet=True)
    assert result.n == 3
    assert result.car((0, 1))["session"].dt.strftime("%d.%m.").tolist() == ["23.04.", "08.05.", "17.04."]
    assert result._fitted.request.frame["Quote"].tolist() == [1.5, -0.5, 0.25]
    table = es.load_pairs(europe[0]).assign(market=["^GDAXI", "^GDAXI", "^FCHI"])
    by_column = es.study(table, europe[1], quiet=True)
    np.testing.assert_array_equal(by_column.car((0, 1))["car"], result.car((0, 1))["car"])
    each = {"SAP.DE": "^GDAXI", "BMW.DE": "^GDAXI", "MC.PA": "^FCHI"}
    np.testing.assert_array_equal(
        es.study(*europe, market=each, quiet=True).car((0, 1))["car"], result.car((0, 1))["car"]
    )
    alone = es.study(table.iloc[[2]].drop(columns="market"), europe[1], market="^FCHI", quiet=True)
    np.testing.assert_allclose(alone.car((0, 1))["car"], result.car((0, 1))["car"].iloc[[2]], atol=1e-14)


def test_an_exchange_without_an_index_is_named(europe):
    with pytest.raises(StudyError, match=r"no index for 'MC.PA', which trades on XPAR"):
        es.study(*europe, market={"XETR": "^GDAXI"}, quiet=True)
    with pytest.raises(StudyError, match=r"'XLON', which is no firm"):
        es.study(*europe, market={**PLACES, "XLON": "^FTSE"}, quiet=True)


def test_charts_name_each_event_by_its_own_firm(files):
    """Two firms with news on one session: each row is its own, not the other's."""
    table = pd.DataFrame({"ticker": ["FA", "FB", "FC"], "date": ["2024-05-22", "2024-05-22", "2024-06-12"]})
    result = es.study(table, files[1], market="^GSPC", quiet=True)
    axes = result.plot.forest((0, 1))
    said = " ".join(text.get_text() for text in axes.findobj(lambda one: hasattr(one, "get_text")))
    assert all(f"{name} 2024-05-22" in said for name in ("FA", "FB"))
    assert "FB FA" not in said
    assert "FA 2024-05-22 +1" not in said


def test_contradictions_are_refused(files):
    with pytest.raises(StudyError, match="both say what is expected"):
        es.study(*files, market="^GSPC", model=es.MarketModel("^GSPC"))
    pairs = es.load_pairs(files[0], symbol="Ticker", date="Event Date", date_format="%m/%d/%Y", timing="When")
    with pytest.raises(DataError, match="belongs to load_pairs"):
        es.study(pairs, files[1], market="^GSPC", timing="When")
    es.study(pairs, files[1], market="^GSPC", quiet=True)
    assert len(pairs.attrs["pairs"]["said"]) == 2  # the caller's frame is as it was
    with pytest.raises(DataError, match="column= says how a file"):
        es.study(pairs, es.load_returns(source=files[1]), market="^GSPC", column="close")
    with pytest.raises(StudyError, match="window"):
        es.study(*files, market="^GSPC", window=3)


def test_the_room_is_a_room_and_a_door():
    assert es.study.EventStudy is es.EventStudy
    assert callable(es.study)
    import eventstudy.study  # noqa: PLC0415

    assert eventstudy.study is es.study
    assert FIRMS


def factor_frame(prices):
    rng = np.random.default_rng(1)
    market = prices["^GSPC"].pct_change().iloc[1:]
    return pd.DataFrame(
        {
            "Mkt-RF": market,
            "SMB": rng.normal(0, 0.005, len(market)),
            "HML": rng.normal(0, 0.005, len(market)),
            "RF": 0.0001,
        },
        index=market.index,
    ).round(6)


THREE = es.FactorModel(("Mkt-RF", "SMB", "HML"), risk_free="RF")


@pytest.fixture(scope="module")
def wanted(files):
    panel = es.load_returns(source=firm_prices()).join(
        es.load_returns(source=factor_frame(firm_prices()), holds="returns")
    )
    return es.study(files[0], panel, model=THREE, quiet=True).tidy()


class TestFactors:
    @pytest.mark.parametrize(
        "kind", ["decimals", "percent", "percent frame", "panel", "days as in the library", "semicolons"]
    )
    def test_factors_of_ones_own_are_returns_in_percent_or_decimals(self, kind, files, wanted, tmp_path, capsys):
        factors, file = factor_frame(firm_prices()), tmp_path / "factors.csv"
        percent = (100 * factors).round(4)
        given = file
        if kind == "decimals":
            factors.to_csv(file)
        elif kind == "percent":
            percent.to_csv(file)
        elif kind == "percent frame":
            given = percent
        elif kind == "panel":
            given = es.load_returns(source=factors, holds="returns")
        elif kind == "days as in the library":
            percent.set_axis(percent.index.strftime("%Y%m%d")).rename_axis("").to_csv(file)
        else:
            percent.to_csv(file, sep=";", decimal=",")
        found = es.study(*files, model=THREE, factors=given)
        pd.testing.assert_frame_equal(found.tidy(), wanted, atol=1e-12, rtol=0)
        said = capsys.readouterr().out
        if kind != "panel":
            assert ("read as returns in decimals" if kind == "decimals" else "read as returns in percent") in said

    def test_what_they_hold_may_be_said(self, files, wanted, tmp_path):
        factor_frame(firm_prices()).to_csv(tmp_path / "factors.csv")
        found = es.study(*files, model=THREE, factors=tmp_path / "factors.csv", factors_holds="returns", quiet=True)
        pd.testing.assert_frame_equal(found.tidy(), wanted, atol=1e-12, rtol=0)
        with pytest.raises(DataError, match="none is given"):
            es.study(*files, model=THREE, factors_holds="returns", quiet=True)

    def test_a_calm_file_in_percent_shows_by_its_size(self, files, tmp_path):
        calm = (100 * factor_frame(firm_prices())).clip(-0.9, 0.9)
        calm.to_csv(tmp_path / "factors.csv")
        es.study(*files, model=THREE, factors=tmp_path / "factors.csv").summary()
        wanted = es.study(*files, model=THREE, factors=calm / 100, quiet=True)
        found = es.study(*files, model=THREE, factors=tmp_path / "factors.csv", quiet=True)
        np.testing.assert_allclose(found.car((0, 1))["car"], wanted.car((0, 1))["car"], atol=1e-12)

    def test_a_factor_that_the_file_lacks_is_named(self, files, tmp_path):
        factor_frame(firm_prices()).drop(columns="HML").to_csv(tmp_path / "factors.csv")
        with pytest.raises(DataError, match="HML"):
            es.study(*files, model=THREE, factors=tmp_path / "factors.csv", quiet=True)


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%m/%d/%Y", "%d %b %Y"])
def test_prices_whose_day_or_month_stands_first_are_read_where_one_format_reads_them(form, files, steps, tmp_path):
    prices = firm_prices()
    prices.set_axis(prices.index.strftime(form)).rename_axis("Datum").to_csv(tmp_path / "prices.csv")
    found = es.study(files[0], tmp_path / "prices.csv", market="^GSPC", quiet=True)
    np.testing.assert_allclose(found.car((0, 1))["car"], steps.car((0, 1))["car"], atol=1e-12)


def test_prices_whose_dates_two_formats_read_are_refused_and_the_format_may_be_said(files, tmp_path):
    prices = firm_prices()
    early = prices[prices.index.day <= 12]
    early.set_axis(early.index.strftime("%d/%m/%Y")).rename_axis("day").to_csv(tmp_path / "prices.csv")
    with pytest.raises(DataError, match=r"say which: prices_date_format='%d/%m/%Y' or prices_date_format='%m/%d/%Y'"):
        es.study(files[0], tmp_path / "prices.csv", market="^GSPC", quiet=True)
    read = es.study(files[0], tmp_path / "prices.csv", market="^GSPC", prices_date_format="%d/%m/%Y", quiet=True)
    assert read.panel.frame["^GSPC"].notna().sum() > 0.2 * len(early)  # days in a row; a return across a hole is none
    assert read.panel.frame.index[0] == early.index[0]


def test_a_ticker_in_other_letters_is_found_and_told_and_one_that_is_not_there_is_named(files, steps, tmp_path, capsys):
    (tmp_path / "e.csv").write_text(EARNINGS.replace("FC ,", "fc ,"))
    found = es.study(tmp_path / "e.csv", files[1], market="^GSPC")
    assert "fc read as FC, as the prices have it" in capsys.readouterr().out
    np.testing.assert_array_equal(found.car((0, 1))["car"], steps.car((0, 1))["car"])
    (tmp_path / "e.csv").write_text(EARNINGS.replace("FL,", "FLX,"))
    found = es.study(tmp_path / "e.csv", files[1], market="^GSPC")
    assert "1 of 12 tickers is not in the prices: FLX" in capsys.readouterr().out
    assert found.excluded["symbol"].tolist() == ["FLX"]


def test_options_of_the_study_are_taken_and_words_that_nobody_knows_are_refused(files):
    found = es.study(*files, market="^GSPC", mask_events=False, quiet=True)
    assert not found.study.mask_events
    bounded = es.study(*files, market="^GSPC", largest=10**9, start="2022-01-03", quiet=True)  # of the reader of prices
    assert bounded.n == 14
    with pytest.raises(StudyError, match="did you mean 'mask_events'"):
        es.study(*files, market="^GSPC", mask_event=False, quiet=True)
    with pytest.raises(StudyError, match=r"did you mean '\^GSPC'"):
        es.study(*files, market="^GSPX", quiet=True)


def test_a_date_without_a_session_is_told(files, tmp_path, capsys):
    (tmp_path / "e.csv").write_text(EARNINGS.replace("FD,03/13/2024", "FD,03/16/2024"))  # a Saturday
    es.study(tmp_path / "e.csv", files[1], market="^GSPC")
    assert "1 date on a day without a session (FD 2024-03-16): the next session is day 0" in capsys.readouterr().out


def test_the_table_for_a_paper_says_its_windows_and_what_is_cut(files, steps):
    assert "days −260 to −11" in steps.table([(0, 1)]).caption
    assert "cut" not in steps.table([(0, 1)]).caption
    prices = firm_prices()
    short = es.study(files[0], prices[prices.index <= "2024-11-15"], market="^GSPC", quiet=True)
    assert "cut by the end of the data: 1 of days 0 to +5" in short.table([(0, 1), (0, 5)]).caption
    with pytest.raises(StudyError, match="give its path first"):
        steps.to_docx([(0, 1)])


def said(ax):
    return " ".join(text.get_text() for text in ax.figure.findobj(plt.Text))


def test_groups_that_are_numbers_are_drawn_as_what_they_are(steps):
    drawn = said(steps.plot.caar(by="beat"))
    assert "beat = 0" in drawn
    assert "beat = 1" in drawn
    named = said(steps.plot.caar(by="beat", labels={0: "missed", 1: "beaten"}))
    assert "missed" in named
    assert "beat = 0" not in named
    assert "Deal Type = " not in said(steps.plot.caar(by="Deal Type"))  # words speak for themselves
