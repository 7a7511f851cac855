"""A table of firms and dates: what is read, what is found and told, and what is refused in one line with the way out."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError, StudyError
from eventstudy.study.pairs.pairs import MARK, as_in_prices, calendar_for, refuse_few
from eventstudy.study.pairs.reading import column_named, nothing, read_table
from firm_files import EARNINGS
from panels import small_panel

NEW_YORK = "America/New_York"


@pytest.fixture
def table(tmp_path):
    def write(text, name="events.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


ASKED = {"symbol": "Ticker", "date": "Event Date", "date_format": "%m/%d/%Y", "timing": "When"}


def test_a_messy_table_by_its_columns(table, capsys):
    pairs = es.load_pairs(table(EARNINGS), **ASKED)
    assert capsys.readouterr().out == ""  # nothing was guessed
    assert list(pairs.columns) == ["event_id", "symbol", "announced_at", "Deal Type", "When", "beat", "size"]
    assert pairs["symbol"].tolist()[:3] == ["FA", "FB", "FC"]
    assert pairs["event_id"].tolist()[:2] == ["FA 2024-05-22", "FB 2024-07-30"]
    assert pairs["announced_at"].iloc[2] == pd.Timestamp("2024-10-31 16:20", tz=NEW_YORK)
    assert pairs["announced_at"].iloc[7] == pd.Timestamp("2024-09-18 07:30", tz=NEW_YORK)
    assert pairs["beat"].dtype == "int64"
    assert pairs["size"].dtype == "float64"


def test_names_and_the_one_format_are_found_and_told(table, capsys):
    found = es.load_pairs(table(EARNINGS))
    said = capsys.readouterr().out
    for word in ("'Ticker'", "'Event Date'", "%m/%d/%Y", "'When'", NEW_YORK, "14 events of 12 firms"):
        assert word in said
    pd.testing.assert_frame_equal(found, es.load_pairs(table(EARNINGS), **ASKED))


@pytest.mark.parametrize(
    "name", ["ticker", "TICKER", "tickers", "Symbol", "permno", "RIC", "ISIN", "tic", "Ticker Symbol"]
)
def test_every_usual_name_of_a_ticker(table, name):
    assert es.load_pairs(table(f"{name},Event Date\nFA,2024-05-22\n"))["symbol"].tolist() == ["FA"]


def test_by_content_alone(table):
    text = "x,y,z\nFA,2024-05-22,big deal\nFB.L,2024-05-23,small deal\n"
    assert es.load_pairs(table(text))["symbol"].tolist() == ["FA", "FB.L"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ticker,Symbol,date\nA,B,2024-01-03\n", ["'Ticker' and 'Symbol'", "symbol='Ticker'"]),
        ("Target,Acquirer,date\nA,B,2024-01-03\n", ["'Target' and 'Acquirer'", "symbol="]),
        ("Ticker,date,filing\nA,2024-01-03,2024-01-04\n", ["'date' and 'filing'", "date='date'"]),
        (
            "Ticker,date\nA,2024-01-03\nB,01/04/2024\n",
            ["row 3", "'date'", "'01/04/2024'", "no single format", "date_format="],
        ),
        ("Ticker,date\nA,05/13/2024\nB,13/05/2024\n", ["row 3", "'13/05/2024'", "no single format", "date_format="]),
        ("Ticker,date\nA,07/07/2024\nB,05/06/2024\n", ["row 3", "5 June 2024", "6 May 2024", "date_format="]),
        ("Ticker,date\nA,45783\nB,45784\n", ["row 2", "'45783'", "date_format="]),
        ("Ticker,date\nA,2024-01-03\nB,\n", ["row 3", "'date'", "there is no date"]),
        ("Ticker,date\nA,2024-01-03\n,2024-01-04\n", ["row 3", "'Ticker'", "there is no symbol"]),
        ("Ticker,date,timing\nA,2024-01-03,soon\n", ["row 2", "'timing'", "'soon'", "bmo, amc or during"]),
        ("Ticker,date,timing\nA,2024-01-03 16:20,amc\n", ["row 2", "'timing'", "only one may"]),
        ("Ticker,date,timing\nA,2024-01-03,26:61\n", ["row 2", "'26:61'"]),
        ("Ticker,what\nA,b\n", ["no column holds dates", "date="]),
        ("Firm Name,date\nAlpha Inc,2024-01-03\n", ["no column is called after a ticker", "symbol="]),
        ("Ticker,date,Ticker\nA,2024-01-03,B\n", ["'Ticker' stands twice"]),
        ("Ticker,date\nA,2024-01-03,x\n", ["row 2", "3 cells"]),
        ("Ticker,date\n", ["a header and no row"]),
        ("", ["no row"]),
        ("Ticker,date\nA,2024-03-10 02:30\n", ["row 2", "was skipped"]),  # the clocks changed
        ("Ticker,date\nA,0024-03-10\n", ["row 2"]),
    ],
)
def test_what_is_doubtful_is_refused(table, text, words):
    with pytest.raises(DataError) as error:
        es.load_pairs(table(text))
    for word in ["events.csv", *words]:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("symbol", "Tikcer", ["symbol=", "did you mean 'Ticker'"]),
        ("date", "Evnt Date", ["date=", "did you mean 'Event Date'"]),
        ("timing", "Whne", ["timing=", "did you mean 'When'"]),
        ("date_format", "%d/%m/%Y", ["row 2", "'05/22/2024'", "%d/%m/%Y"]),
        ("timezone", "America/New York", ["timezone=", "America/New_York"]),
        ("symbol", 3, ["symbol=3", "no text"]),
        ("timing", "Ticker", ["both name column 'Ticker'"]),
    ],
)
def test_a_wrong_option_is_named_with_the_way_out(table, option, value, words):
    with pytest.raises(DataError) as error:
        es.load_pairs(table(EARNINGS), **{**ASKED, option: value})
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("word", "clock"),
    [
        *((word, "06:00") for word in ("bmo", "BMO", "before open", "Before Market Open", "pre-market", "before", "time-pre-market")),
        *((word, "23:00") for word in ("amc", "AMC", "after close", "After-Hours", "post market", "after")),
        *((word, "12:00") for word in ("during", "DMH", "intraday", "in session")),
        ("16:20", "16:20"), ("4:20 PM", "16:20"), ("4:20pm", "16:20"), ("12:05 am", "00:05"), ("09:31:15", "09:31:15"),
    ],
)  # fmt: skip
def test_words_and_clocks_of_timing(table, word, clock):
    pairs = es.load_pairs(table(f"ticker,date,when\nFA,2024-05-22,{word}\n"))
    assert pairs["announced_at"].iloc[0] == pd.Timestamp(f"2024-05-22 {clock}", tz=NEW_YORK)


def test_timing_words_are_of_the_firms_own_market_and_clocks_of_the_zone_asked(table):
    text = "ticker,date,when\nFA,2024-05-22,amc\nSAP.DE,2024-05-22,amc\nSAP.DE,2024-05-23,16:20\n"
    pairs = es.load_pairs(table(text), timezone="Europe/London")
    zones = [str(moment.tzinfo) for moment in pairs["announced_at"]]
    assert zones == [NEW_YORK, "Europe/Berlin", "Europe/London"]


def test_a_row_without_timing_is_a_date_alone_and_told(table, capsys):
    pairs = es.load_pairs(table("ticker,date,when\nFA,2024-05-22,amc\nFB,2024-05-22,\nFC,2024-05-22,TNS\n"))
    assert pairs["announced_at"].dt.hour.tolist() == [23, 0, 0]
    assert "2 without timing" in capsys.readouterr().out


def test_flags_of_truth_say_it_by_their_name(table):
    pairs = es.load_pairs(table("ticker,date,after_close\nFA,2024-05-22,True\nFB,2024-05-22,False\n"))
    assert pairs["announced_at"].dt.hour.tolist() == [23, 12]


def test_dates_alone_are_bars(table):
    pairs = es.load_pairs(table("ticker,date\nFA,2024-05-22\n"))
    assert pairs["bar"].tolist() == [pd.Timestamp("2024-05-22")]
    assert "announced_at" not in pairs


@pytest.mark.parametrize(
    "dates",
    [
        ["2024-05-22", "2024-05-23"], ["20240522", "20240523"], ["05/22/2024", "05/23/2024"], ["22.05.2024", "23.05.2024"],
        ["22/05/2024", "23/05/2024"], ["22-May-2024", "23-May-2024"], ["May 22, 2024", "May 23, 2024"], ["22 May 2024", "23 May 2024"],
        ["2024/05/22", "2024/05/23"], ["5/22/24", "5/23/24"],
    ],
)  # fmt: skip
def test_every_way_of_writing_the_same_dates(table, dates):
    text = "ticker|date\n" + "".join(f"F{at}|{day}\n" for at, day in enumerate(dates))
    assert es.load_pairs(table(text))["bar"].tolist() == [pd.Timestamp("2024-05-22"), pd.Timestamp("2024-05-23")]


def test_repeated_rows_are_left_out_and_told_but_two_events_of_one_day_stay(table, capsys):
    text = "ticker,date,kind\nFA,2024-05-22,x\nFA,2024-05-22,x\nFA,2024-05-22,y\n"
    pairs = es.load_pairs(table(text))
    assert pairs["event_id"].tolist() == ["FA 2024-05-22", "FA 2024-05-22 #2"]
    said = capsys.readouterr().out
    assert "1 row that repeats" in said
    assert "1 share firm and day" in said


def test_the_same_events_from_every_kind_of_file_and_frame(table, tmp_path):
    text = "event_id,ticker,date,beat\ne1,FA,2024-05-22,1\ne2,FB,2024-05-23,0\n"
    wanted = es.load_pairs(table(text))
    frame = pd.DataFrame(
        {
            "event_id": ["e1", "e2"],
            "ticker": ["FA", "FB"],
            "date": pd.to_datetime(["2024-05-22", "2024-05-23"]),
            "beat": [1, 0],
        }
    )
    frame.to_excel(tmp_path / "e.xlsx", index=False)
    frame.to_parquet(tmp_path / "e.parquet")
    given = [frame, frame.set_index("event_id"), tmp_path / "e.xlsx", tmp_path / "e.parquet", table(text.replace(",", "\t"), "e.tsv"),
             table(text.replace(",", ";"), "s.csv"), frame.assign(date=[dt.date(2024, 5, 22), dt.date(2024, 5, 23)])]  # fmt: skip
    for source in given:
        found = es.load_pairs(source)
        pd.testing.assert_frame_equal(found[list(wanted.columns)], wanted, check_dtype=False)


def test_a_european_file_and_its_decimal_commas(table):
    pairs = es.load_pairs(table("Ticker;Datum;Quote;Code\nSAP.DE;22.05.2024;1,5;0100\nBMW.DE;23.05.2024;-2,25;0200\n"))
    assert pairs["Quote"].tolist() == [1.5, -2.25]
    assert pairs["Code"].tolist() == ["0100", "0200"]  # a code is no number


def test_old_excel_text_is_refused_with_the_way_out_and_read_by_it(tmp_path):
    (tmp_path / "e.csv").write_bytes("ticker,date,Börse\nFA,2024-05-22,Zürich\n".encode("cp1252"))
    with pytest.raises(DataError, match="encoding='cp1252'"):
        es.load_pairs(tmp_path / "e.csv")
    assert es.load_pairs(tmp_path / "e.csv", encoding="cp1252")["Börse"].tolist() == ["Zürich"]


def test_what_is_no_table_is_refused():
    for source in (3, None, {"a": 1}):
        with pytest.raises(DataError, match="is not a table of events"):
            es.load_pairs(source)
    with pytest.raises(DataError, match="does not exist"):
        es.load_pairs("nowhere.csv")


@pytest.mark.parametrize("name", ["earliest", "latest"])
def test_a_column_that_would_bound_the_moment_and_holds_none_is_named(table, name):
    pairs = es.load_pairs(table(f"ticker,date,when,{name}\nA,2022-06-01,amc,soon\n"), date="date")
    panel = es.ReturnPanel(small_panel())
    with pytest.raises(StudyError, match=f"column '{name}', row 0: 'soon' is no moment"):
        es.EventStudy(model=es.MarketModel("M")).fit(pairs, panel)


@pytest.mark.parametrize("late", [False, True])
def test_a_date_alone_leaves_its_session_open_and_flags_it(table, late):
    panel = small_panel()
    day = panel.index[-20]
    name = panel.columns[-1]
    text = f"ticker,date{',timing' if late else ''}\n{name},{day:%Y-%m-%d}{',amc' if late else ''}\n"
    pairs = es.load_pairs(table(text))
    assert ("precision" in pairs.columns) != late
    study = es.EventStudy(model=es.MeanAdjusted(), estimation=es.EstimationWindow(60, end=-6), window=(-5, 5))
    result = study.fit(pairs, panel)
    assert ("session_uncertain" in result.car((0, 1))["flag"].item()) != late
    doubts = result.tests((0, 1), full=True)["doubts"]
    assert any("session_uncertain" in doubt for one in doubts for doubt in one) != late


def test_two_marks_in_the_header_are_told_apart_by_the_rows(table):
    pairs = es.load_pairs(table("symbol;date;size, in mn\nAA;2024-05-22;5\nBB;2024-05-23;6\n"))
    assert list(pairs.columns) == ["event_id", "symbol", "bar", "precision", "size, in mn"]
    with pytest.raises(DataError, match=r"row 1: .*',' or by ';'; say which: sep=','"):
        es.load_pairs(table("symbol;date;size, in mn\nAA;2024-05-22;5,1\n"))


@pytest.mark.parametrize("name", ["bar", "announced_at", "event_id"])
@pytest.mark.parametrize("day", ["2024-05-22", "2024-05-22 10:00"])
def test_a_column_that_would_say_what_another_says_is_refused(table, name, day):
    text = f"Ticker,Event Date,{name}\nAA,{day},x\nBB,{day},y\n"
    asked = {"symbol": "Ticker", "date": "Event Date", "timezone": NEW_YORK if ":" in day else None}
    if name == "event_id":
        assert es.load_pairs(table(text), **asked)["event_id"].tolist() == ["x", "y"]
        return
    with pytest.raises(DataError, match=f"column '{name}' stands beside 'Event Date'"):
        es.load_pairs(table(text), **asked)


def read(path):
    return read_table(path, sep=None, decimal=None, encoding="utf-8-sig")


def test_rows_are_numbered_as_a_reader_of_the_file_counts_them(table, tmp_path):
    text = 'ticker,date,note\nFA,2024-05-22,"two\nlines"\n\n , ,\nFB,2024-05-23,one\n'
    found = read(table(text))
    assert found.rows == [2, 6]  # the header is row 1, a text of two lines takes two
    assert (found.place(1), found.place(1, "date")) == ("events.csv, row 6", "events.csv, row 6, column 'date'")
    frame = pd.DataFrame({"ticker": ["FA", " ", "FB"], "date": ["2024-05-22", None, "2024-05-23"]})
    held = read(frame)
    assert (held.rows, held.name, len(held.frame)) == ([0, 2], "the frame", 2)
    assert held.place(1) == "the frame, row 2"
    frame.to_excel(tmp_path / "e.xlsx", index=False)
    assert read(tmp_path / "e.xlsx").rows == [2, 4]
    frame.to_parquet(tmp_path / "e.pq")
    assert read(tmp_path / "e.pq").rows == [0, 2]


def test_the_mark_between_cells_is_told_from_the_header_and_fifty_rows(table):
    rows = [f"A{at};2024-05-22;{at}" for at in range(60)]
    for odd, words in ((49, "say which: sep="), (50, "row 52: 4 cells, where the header has 3")):
        lines = [*rows[:odd], rows[odd] + ";x", *rows[odd + 1 :]]
        with pytest.raises(DataError, match=words):
            read(table("\n".join(["symbol;date;size, in mn", *lines])))
    one = read(table("symbol|date\nA,B|2024-05-22\n"))
    assert one.frame.iloc[0].tolist() == ["A,B", "2024-05-22"]
    assert read(table("symbol\nA\n")).frame.columns.tolist() == ["symbol"]
    assert read(table("symbol,x\tdate\nA,1\t2\n", "e.tab")).frame.columns.tolist() == ["symbol,x", "date"]


def test_the_decimal_mark_is_a_comma_where_semicolons_part_the_cells(table):
    for text, mark in (("a;b\n1;2\n", ","), ("a,b\n1,2\n", "."), ("a\tb\n1\t2\n", ".")):
        found = read(table(text))
        assert (found.decimal, found.text) == (mark, True)
    assert read_table(table("a;b\n1;2\n"), sep=None, decimal=".", encoding="utf-8").decimal == "."
    assert read(pd.DataFrame({"a": [1]})).text is False


def test_a_table_without_a_row_says_which_it_lacks(table):
    with pytest.raises(DataError, match="the file has a header and no row"):
        read(table("a,b\n"))
    with pytest.raises(DataError, match="the file has no row"):
        read(table("\n \n"))
    with pytest.raises(DataError, match="the table has no row"):
        read(pd.DataFrame({"a": [None], "b": [""]}))


def test_a_column_without_a_name_stays_out_where_it_is_empty_or_counts_the_rows(table):
    for first in ("0,1", "1,2", ","):
        one, two = first.split(",")
        found = read(table(f",ticker,date\n{one},FA,2024-05-22\n{two},FB,2024-05-23\n"))
        assert found.frame.columns.tolist() == ["ticker", "date"]
    for one, two in (("2", "3"), ("0", "2"), ("1", "1")):
        with pytest.raises(DataError, match="column 3 has no name"):
            read(table(f"ticker,date,\nFA,2024-05-22,{one}\nFB,2024-05-23,{two}\n"))
    with pytest.raises(DataError, match="column 4 has no name"):  # counted as in the file
        read(table(",ticker,date,\n0,FA,2024-05-22,7\n1,FB,2024-05-23,8\n"))
    two = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]))
    with pytest.raises(DataError, match="2 rows of column names"):
        read(two)


def test_a_column_is_named_in_any_letters_where_one_alone_is_meant(table):
    found = read(table("Event Date,ticker,Kind,kind \n2024-05-22,FA,x,y\n".replace("kind ", "KIND")))
    assert column_named(found, "event date", "date") == "Event Date"
    assert column_named(found, "Kind", "by") == "Kind"
    with pytest.raises(DataError, match="there is no column 'kind'"):
        column_named(found, "kind", "by")
    for count, dots in ((12, False), (13, True)):
        wide = read(pd.DataFrame([range(count)], columns=[f"c{at}" for at in range(count)]))
        with pytest.raises(DataError) as error:
            column_named(wide, "zz", "by")
        assert ("'c11'" in str(error.value), str(error.value).endswith(", …")) == (True, dots)
        assert "'c12'" not in str(error.value)


@pytest.mark.parametrize(("value", "expected"), [(None, True), (pd.NaT, True), (pd.NA, True), (float("nan"), True),
                                                 (0.0, False), ("", False), (0, False), (False, False)])  # fmt: skip
def test_what_holds_nothing(value, expected):
    assert nothing(value) is expected


def named(symbols, source="events.csv"):
    pairs = pd.DataFrame({"symbol": list(symbols)})
    pairs.attrs[MARK] = {"source": source}
    return pairs


def test_nine_in_ten_tickers_must_be_in_the_prices():
    names = [f"S{at}" for at in range(20)]
    refuse_few(named(names), names[:18])
    refuse_few(named([*names[:10], *names[:10]]), names[:9])  # each ticker counts once
    with pytest.raises(DataError, match=r"events.csv: only 17 of 20 tickers are in the returns; not S17"):
        refuse_few(named(names), names[:17])
    with pytest.raises(DataError, match="only 8 of 9 tickers"):
        refuse_few(named(names[:9]), names[:8])
    refuse_few(named(names).rename(columns={"symbol": "firm"}), [])
    bare = named(names)
    bare.attrs.clear()
    refuse_few(bare, [])
    with pytest.raises(DataError) as error:
        refuse_few(named(["AAAA", "BBBB", "CCCC", "DDDD", "EEEE", "FFFF", "GGGG"]), ["AAAAA"])
    assert "not AAAA (did you mean 'AAAAA'?), BBBB, CCCC, DDDD, EEEE and 2 more;" in str(error.value)
    with pytest.raises(DataError) as error:
        refuse_few(named(["AAAA", "BBBB", "CCCC", "DDDD", "EEEE"]), [])
    assert "not AAAA, BBBB, CCCC, DDDD, EEEE; load them" in str(error.value)


def priced(*names):
    return es.ReturnPanel(pd.DataFrame(np.zeros((3, len(names))), columns=list(names)), check=False)


def test_tickers_in_other_letters_are_the_same_firm_where_one_alone_is_meant():
    pairs, said = as_in_prices(named(["abc", "ABC", "Def", "xyz"]), priced("ABC", "DEF", "XYZ", "xYZ"))
    assert pairs["symbol"].tolist() == ["ABC", "ABC", "DEF", "xyz"]
    assert said.startswith(
        "abc read as ABC, as the prices have it; Def read as DEF, as the prices have it; 1 of 4 tickers is not in the prices: xyz"
    )
    assert pairs.attrs[MARK] == {"source": "events.csv"}
    same, nothing_said = as_in_prices(named(["ABC"]), priced("ABC"))
    assert (same["symbol"].tolist(), nothing_said) == (["ABC"], "")
    _, several = as_in_prices(named(["q1", "q2", "ABC"]), priced("ABC"))
    assert several == "2 of 3 tickers are not in the prices: q1, q2"
    small = [f"firm{at}" for at in range(7)]
    _, told = as_in_prices(named(small), priced(*(name.upper() for name in small)))
    assert told.count("as the prices have it") == 5


def test_the_calendar_of_a_firm_is_the_one_given_or_that_of_its_ending():
    assert [calendar_for("SAP.DE", given) for given in ("auto", None, "XNYS", {"SAP.DE": "XLON"}, {"A": "XLON"})] == [
        "XETR", "XETR", "XNYS", "XLON", "XNYS",
    ]  # fmt: skip
    assert calendar_for("A", "auto") == "XNYS"


def test_what_is_told_of_a_table_counts_events_firms_repeats_and_closed_days(table, capsys):
    text = "ticker,date,kind\nFA,2024-05-22,x\nFA,2024-05-22,x\nFA,2024-05-22,x\nFA,2024-05-22,y\nFB,2024-05-25,x\nSAP.DE,2024-05-09,x\n"
    pairs = es.load_pairs(table(text))
    said = capsys.readouterr().out.splitlines()
    assert said == [
        (
            "firms: column 'ticker' of events.csv, 4 events of 3 firms; 2 rows that repeat another in every cell left out; "
            "1 share firm and day with another"
        ),
        (
            "dates: column 'date', without timing: the day itself is day 0, flagged session_uncertain; "
            "1 date on a day without a session (FB 2024-05-25): the next session is day 0"
        ),
    ]  # Ascension is no holiday of Frankfurt's exchange
    assert pairs.columns.tolist() == ["event_id", "symbol", "bar", "precision", "kind"]
    es.load_pairs(table("ticker,date\nFA,2024-05-25\nFB,2024-05-27\nFC,2024-05-28\n"))
    assert (
        capsys.readouterr()
        .out.splitlines()[1]
        .endswith("2 dates on a day without a session (FA 2024-05-25 …): the next session is day 0")
    )
    es.load_pairs(table("ticker,date\nFA,2024-05-25\n"), calendar=None)
    assert "without a session" not in capsys.readouterr().out
    es.load_pairs(table("ticker,date\nFA,05/22/2024\n"))
    one = capsys.readouterr().out.splitlines()
    assert one[0] == "firms: column 'ticker' of events.csv, 1 event of 1 firm"
    assert "column 'date' read as %m/%d/%Y" in one[1]


def test_what_is_named_by_the_caller_is_not_told_and_a_format_that_was_found_is(table, capsys):
    plain = table("event_id,ticker,date\ne1,FA,2024-05-22\n")
    es.load_pairs(plain, symbol="ticker", date="date")
    assert capsys.readouterr().out == ""  # an id that was found is no guess
    slashes = table("ticker,date\nFA,05/22/2024\n")
    es.load_pairs(slashes, symbol="ticker", date="date")
    assert "read as %m/%d/%Y" in capsys.readouterr().out
    es.load_pairs(slashes, symbol="ticker", date="date", date_format="%m/%d/%Y")
    assert capsys.readouterr().out == ""


def test_moments_are_of_the_zone_asked_else_of_the_firms_exchange(table, capsys):
    text = "ticker,date\nFA,2024-05-22 10:00\nSAP.DE,2024-05-22\n"
    asked = es.load_pairs(table(text), timezone="Europe/London")
    assert [str(moment) for moment in asked["announced_at"]] == [
        "2024-05-22 10:00:00+01:00",
        "2024-05-22 00:00:00+01:00",
    ]
    assert ", moments in Europe/London" in capsys.readouterr().out
    own = es.load_pairs(table(text))
    assert [str(moment) for moment in own["announced_at"]] == ["2024-05-22 10:00:00-04:00", "2024-05-22 00:00:00+02:00"]
    assert ", moments in the time of each firm's exchange" in capsys.readouterr().out
    assert own["announced_at"].dtype == object
    assert asked["announced_at"].dt.tz is not None
    zoned = es.load_pairs(table("ticker,date\nFA,2024-05-22T00:00:00Z\n"))
    assert str(zoned["announced_at"].iloc[0]) == "2024-05-22 00:00:00+00:00"  # a moment, though at midnight


def test_events_of_one_firm_and_day_are_numbered_and_ids_of_the_table_are_kept(table):
    text = "ticker,date,kind\nFA,2024-05-22,a\nFA,2024-05-22,b\nFB,2024-05-22,a\nFA,2024-05-22,c\n"
    assert es.load_pairs(table(text))["event_id"].tolist() == [
        "FA 2024-05-22", "FA 2024-05-22 #2", "FB 2024-05-22", "FA 2024-05-22 #3",
    ]  # fmt: skip
    same = table("event_id,ticker,date\ne,FA,2024-05-22\ne,FA,2024-05-22\n")
    assert es.load_pairs(same)["event_id"].tolist() == ["e", "e"]  # with ids of their own no row is left out
    with pytest.raises(DataError, match="row 3, column 'event_id': there is no id"):
        es.load_pairs(table("event_id,ticker,date\ne,FA,2024-05-22\n,FB,2024-05-22\n"))
