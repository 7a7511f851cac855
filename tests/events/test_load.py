"""What load_events takes, and what it says of every way of getting it wrong."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import CatalogError
from eventstudy.events import EventCatalog, load_events, shipped_catalogues

NEW_YORK = "America/New_York"
SMALL = {"id": "a", "name": "A", "announced_at": "2025-04-02 16:26", "stance": "escalation"}


def frame(**columns) -> pd.DataFrame:
    """One event in a frame, with columns changed or (None) left out."""
    cells = {key: value for key, value in (SMALL | columns).items() if value is not None}
    return pd.DataFrame({key: [value] for key, value in cells.items()})


def problems(source, **options) -> list[tuple[str, str, str, str]]:
    with pytest.raises(CatalogError) as caught:
        load_events(source, **options)
    return [(item.place, item.column, item.value, item.expected) for item in caught.value.problems]


def only_problem(source, **options) -> tuple[str, str, str, str]:
    (found,) = problems(source, **options)
    return found


# --- what is taken


def test_shipped_names():
    assert shipped_catalogues() == ("fomc", "us-china", "us-china-v1")


def test_a_catalogue_is_returned_as_it_is():
    catalog = load_events("fomc")
    assert load_events(catalog) is catalog
    assert load_events(catalog, timezone=NEW_YORK, stances=["hike", "hold", "cut"]) is catalog


def test_the_smallest_catalogue_and_its_defaults():
    event = load_events(frame(), timezone=NEW_YORK)["a"]
    assert (event.announced_at, event.precision) == (pd.Timestamp("2025-04-02 16:26", tz=NEW_YORK), "exact_min")
    assert (event.cluster, event.lead, event.scheduled, event.doubtful) == ("a", True, False, False)
    assert (event.rate_before, event.effective_date, event.earliest, event.actor) == (None, None, None, "")


def test_the_same_catalogue_from_every_kind_of_source(tmp_path):
    toml = tmp_path / "x.toml"
    toml.write_text(
        'timezone = "America/New_York"\n[[event]]\nid = "a"\nname = "A"\nannounced_at = 2025-04-02T16:26:00\n'
        'stance = "escalation"\nrate_after = 54\neffective_date = 2025-04-09\nscheduled = true\n'
    )
    csv = tmp_path / "x.csv"
    csv.write_bytes(  # as a spreadsheet saves it: byte order mark, CRLF, trailing blank line
        b"\xef\xbb\xbfevent_id,name,announced_at,timezone,stance,rate_after,effective_date,scheduled\r\n"
        b"a,A,2025-04-02 16:26,America/New_York,escalation,54.0,2025-04-09,TRUE\r\n\r\n"
    )
    entry = SMALL | {"rate_after": 54, "effective_date": "2025-04-09", "scheduled": 1}
    listed, keyed = tmp_path / "list.json", tmp_path / "x.json"
    listed.write_text(json.dumps([entry]))
    keyed.write_text(json.dumps({"timezone": NEW_YORK, "events": [entry]}))
    table = frame(rate_after=54, effective_date=pd.Timestamp("2025-04-09"), scheduled=np.True_)
    catalogs = [
        load_events(toml),
        load_events(str(csv)),
        load_events(listed, timezone=NEW_YORK),
        load_events(keyed),
        load_events(table, timezone=NEW_YORK),
        load_events(table.set_index("id"), timezone=NEW_YORK),
        load_events(table.rename(columns={"id": "event_id"}).set_index("event_id"), timezone=NEW_YORK),
    ]
    assert len({catalog.digest for catalog in catalogs}) == 1
    assert [catalog.name for catalog in catalogs] == ["x", "x", "list", "x", "events", "events", "events"]
    assert catalogs[0]["a"].effective_date == date(2025, 4, 9)


@pytest.mark.parametrize(
    ("value", "shown", "precision"),
    [
        ("2025-04-02 16:26", "2025-04-02 16:26:00-04:00", "exact_min"),
        ("2025-04-02T16:26:05", "2025-04-02 16:26:05-04:00", "exact_sec"),
        ("2025-04-02 16:26:00", "2025-04-02 16:26:00-04:00", "exact_sec"),
        ("2025-04-02 20:26Z", "2025-04-02 16:26:00-04:00", "exact_min"),
        ("2025-04-03T04:26:00.5+0800", "2025-04-02 16:26:00.500000-04:00", "exact_sec"),
        ("2025-04-02", "2025-04-02 00:00:00-04:00", "date_only"),
        ("2025-04-02 00:00", "2025-04-02 00:00:00-04:00", "exact_min"),
        (date(2025, 4, 2), "2025-04-02 00:00:00-04:00", "date_only"),
        (datetime(2025, 4, 2), "2025-04-02 00:00:00-04:00", "date_only"),  # noqa: DTZ001
        (datetime(2025, 4, 2, 16, 26), "2025-04-02 16:26:00-04:00", "exact_min"),  # noqa: DTZ001
        (pd.Timestamp("2025-04-02 20:26:01", tz="UTC"), "2025-04-02 16:26:01-04:00", "exact_sec"),
        (np.datetime64("2025-04-02T16:26:00.000000000"), "2025-04-02 16:26:00-04:00", "exact_min"),
        ("2025-11-02 01:30-05:00", "2025-11-02 01:30:00-05:00", "exact_min"),  # the second 01:30 of that night
    ],
)
def test_moments_in_every_form(value, shown, precision):
    event = load_events(frame(announced_at=value), timezone=NEW_YORK)["a"]
    assert (str(event.announced_at), event.precision) == (shown, precision)


def test_the_time_zone_of_a_frame_is_the_catalogues():
    table = frame(announced_at=pd.Timestamp("2025-04-03 04:26", tz="Asia/Shanghai"))
    assert load_events(table).timezone == "Asia/Shanghai"
    mixed = pd.concat([table, frame(id="b", announced_at=pd.Timestamp("2025-04-03 04:26", tz=NEW_YORK))])
    assert load_events(mixed).timezone == "UTC"
    offset = frame(announced_at="2025-04-03 04:26+08:00")
    assert load_events(offset).timezone == "UTC"


def test_a_date_elsewhere_stays_the_day_elsewhere():
    table = frame(announced_at="2025-04-04", timezone="Asia/Shanghai")
    event = load_events(table, timezone=NEW_YORK)["a"]
    assert event.precision == "date_only"
    assert [str(moment) for moment in event.interval] == [
        "2025-04-03 12:00:00-04:00",
        "2025-04-04 11:59:59.999999-04:00",
    ]


def test_a_date_whose_midnight_the_clocks_skipped():
    # Cairo's clocks went from 00:00 to 01:00 on 25 April 2025
    event = load_events(frame(announced_at="2025-04-25"), timezone="Africa/Cairo")["a"]
    assert str(event.announced_at) == "2025-04-25 01:00:00+03:00"
    assert [str(moment) for moment in event.interval] == [
        "2025-04-25 01:00:00+03:00",
        "2025-04-25 23:59:59.999999+03:00",
    ]


def test_stances_of_ones_own(tmp_path):
    table = frame(stance="hike", level="25bp")
    assert only_problem(table, timezone=NEW_YORK, stances=["hike", "cut"])[1] == "level"
    catalog = load_events(frame(stance="hike"), timezone=NEW_YORK, stances=["hike", "cut"])
    assert (catalog.vocabulary.stances, catalog.vocabulary.opposed) == (("hike", "cut"), ())
    path = tmp_path / "own.toml"
    path.write_text(
        'timezone = "UTC"\nstances = ["hike", "cut"]\nopposed = ["hike", "cut"]\nlevels = { hike = ["25bp"] }\n[[event]]\n'
        'id = "a"\nname = "A"\nannounced_at = 2025-01-01T10:00:00\nstance = "hike"\nlevel = "25bp"\n'
    )
    assert load_events(path).select(level="25bp")["a"].stance == "hike"


def test_input_is_not_changed():
    table = frame()
    before = table.copy(deep=True)
    load_events(table, timezone=NEW_YORK)
    pd.testing.assert_frame_equal(table, before)


# --- what is refused


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("announced_at", "2 April 2025", "a moment such as"),
        ("announced_at", "2025-13-02 16:26", "a moment such as"),
        ("announced_at", "2025-04-02 25:26", "a moment such as"),
        ("announced_at", "20251302", "a moment such as"),
        ("announced_at", "02/04/2025", "a moment such as"),
        ("announced_at", 45749.5, "a moment such as"),
        ("announced_at", "2025-03-09 02:30", "was skipped when the clocks changed in America/New_York"),
        ("announced_at", "2025-11-02 01:30", "happened twice when the clocks changed in America/New_York"),
        ("announced_at", "", "there: every event needs it"),
        ("stance", "escalaton", "did you mean 'escalation'?"),
        ("stance", "Escalation", "one of: escalation, softening, talks, mixed"),
        ("level", "S1", "a level of stance 'escalation', one of: (empty), E1, E2, E3"),
        ("tier", "D", "one of: (empty), A, B, C"),
        ("precision", "exact", "did you mean 'exact_sec'?"),
        ("confidence", "sure", "one of: (empty), high, medium, low"),
        ("lead", "maybe", "a flag"),
        ("scheduled", 2, "a flag"),
        ("doubtful", 0.5, "a flag"),
        ("rate_before", "25%", "a number of percent"),
        ("rate_after", float("inf"), "a number of percent"),
        ("rate_after", True, "a number of percent"),
        ("effective_date", "soon", "a date such as"),
        ("effective_date", "2025-02-30", "a date such as"),
        ("effective_date", "2025-02-03 10:00", "a date such as"),
        ("effective_date", pd.Timestamp("2025-02-03 10:00"), "without a time of day"),
        ("effective_date", 3, "a date such as"),
        ("earliest", "2025-04-02 16:27", "at or before announced_at"),
        ("latest", "2025-04-02 16:25", "at or after announced_at"),
        ("timezone", "Mars/Olympus", "a time zone of the IANA list"),
        ("timezone", "America", "a time zone of the IANA list"),
        ("timezone", "../../etc/passwd", "a time zone of the IANA list"),
        ("name", " ", "a text that says something"),
        ("id", 7, "a text"),
        ("source", ["a", "b"], "a text"),
    ],
)
def test_a_bad_cell_is_named(column, value, expected):
    place, found, _, text = only_problem(frame(**{column: value}), timezone=NEW_YORK)
    assert (place, found) == ("DataFrame, row 0", column)
    assert expected in text


def test_every_bad_row_at_once_with_its_line(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(
        "id,name,announced_at,stance,tier,summary\n"
        'a,A,2025-04-02 16:26,escalation,A,"two\nlines"\n'
        "b,B,2025-04-99 16:26,sofetning,Z,\n"
        "a,C,2025-04-02 16:26,talks,,\n"
        ",D,2025-04-02 16:26,talks,,\n"
    )
    assert [(place.removeprefix(f"{path}, "), column, value) for place, column, value, _ in problems(path, timezone="UTC")] == [
        ("line 4", "tier", "Z"),
        ("line 4", "announced_at", "2025-04-99 16:26"),
        ("line 4", "stance", "sofetning"),
        ("line 5", "id", "a"),
        ("line 6", "id", ""),
    ]  # fmt: skip
    with pytest.raises(
        CatalogError, match=r"bad\.csv: the catalogue has 5 problems\n  .*line 4, column 'tier': 'Z' is not"
    ) as caught:
        load_events(path, timezone="UTC")
    assert "line 2 has it already" in str(caught.value)


def test_entries_of_toml_and_json_are_named_by_number_and_id(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(
        'timezone = "Europe/Berlin"\nstancs = ["a"]\n[[event]]\nid = "x"\nnme = "q"\nannounced_at = 2025-01-01\nstance = "talks"\n'
    )
    found = problems(path)
    assert [(place.removeprefix(f"{path}, "), column) for place, column, _, _ in found] == [
        ("header", "stancs"),
        ("event 1 'x'", "name"),
        ("event 1 'x'", "nme"),
    ]
    assert "did you mean 'stances'?" in found[0][3]
    assert "did you mean 'name'?" in found[2][3]
    other = tmp_path / "bad.json"
    other.write_text(json.dumps([SMALL, 3]))
    assert only_problem(other, timezone="UTC") == (f"{other}, event 2", "", "3", "a table of keys and values")


def test_half_a_character_is_refused_and_can_be_printed(tmp_path):
    path = tmp_path / "half.json"
    path.write_text(json.dumps([SMALL | {"id": "\ud800", "summary": "\ud800"}]))  # JSON can write it, UTF-8 cannot
    with pytest.raises(CatalogError, match="a text that UTF-8 can write") as caught:
        load_events(path, timezone="UTC")
    assert [item.column for item in caught.value.problems] == ["id", "summary"]
    assert "'\\ud800'" in str(caught.value).encode().decode()


def test_missing_unknown_and_doubled_columns():
    assert [(place, column) for place, column, _, _ in problems(frame(name=None, nam="A"), timezone="UTC")] == [
        ("DataFrame, header", "nam"),
        ("DataFrame, header", "name"),
    ]
    assert only_problem(frame(event_id="a"), timezone="UTC")[3].startswith("there once")
    doubled = pd.DataFrame([["a", "a"]], columns=["id", "id"])
    with pytest.raises(CatalogError, match="column 'id' stands twice"):
        load_events(doubled)


def test_a_missing_time_zone_is_said_once():
    table = pd.concat([frame(id=name) for name in "abc"], ignore_index=True)
    place, column, value, expected = only_problem(table)
    assert (place, column, value) == ("DataFrame, row 0", "announced_at", "2025-04-02 16:26")
    assert "pass timezone=" in expected
    assert "(and 2 more like it)" in expected


def test_a_time_zone_that_does_not_exist():
    place, column, value, expected = only_problem(frame(), timezone="America/NewYork")
    assert (place, column, value) == ("load_events", "timezone", "America/NewYork")
    assert "did you mean 'America/New_York'?" in expected


def test_two_time_zones_for_one_catalogue(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"timezone": "UTC", "events": [SMALL]}))
    assert "leave that out" in only_problem(path, timezone=NEW_YORK)[3]
    with pytest.raises(CatalogError, match="has timezone 'America/New_York' already; leave timezone= out"):
        load_events("us-china", timezone="UTC")
    with pytest.raises(CatalogError, match=r"has stances .* already; leave stances= out"):
        load_events("us-china", stances=["up"])


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("name = 3", "name"),
        ('stances = "talks"', "stances"),
        ('stances = ["talks", "talks"]', "stances"),
        ('stances = ["talks", ""]', "stances"),
        ("levels = 3", "levels"),
        ('levels = { talk = ["T1"] }', "levels"),
        ('levels = { talks = "T1" }', "levels"),
        ('opposed = ["talks"]', "opposed"),
        ('opposed = ["talks", "tlaks"]', "opposed"),
        ('principal = ["US"]', "principal"),
        ("timezone = 3", "timezone"),
    ],
)  # fmt: skip
def test_a_bad_header_key_is_named(tmp_path, header, column):
    path = tmp_path / "x.toml"
    zone = "" if column == "timezone" else 'timezone = "UTC"\n'
    path.write_text(
        f'{zone}{header}\n[[event]]\nid = "a"\nname = "A"\nannounced_at = 2025-01-01T10:00:00\nstance = "talks"\n'
    )
    assert only_problem(path)[:2] == (f"{path}, header", column)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.toml", b"a = ", r"a\.toml: this cannot be read as TOML \(Invalid value"),
        ("a.toml", b'timezone = "UTC"', "the catalogue is empty"),
        ("a.toml", b'event = "x"', r"events stand in \[\[event\]\] tables"),
        ("a.json", b"{", r"a\.json: this cannot be read as JSON \(.*line 1 column 2"),
        ("a.json", b"[]", "the catalogue is empty"),
        ("a.json", b"3", "expected a list of events"),
        ("a.json", b'[{"id": "a", "id": "b"}]', "key 'id' stands twice"),
        ("a.json", b"[" * 100_000, "cannot be read as JSON .*nested too deeply"),
        ("a.csv", b"", "the file is empty; its first line names the columns"),
        ("a.csv", b"id,name,announced_at,stance\n", "the catalogue is empty"),
        ("a.csv", b"id,name\na,b,c\n", "line 2: '3 cells' is not 2 cells, as the header has"),
        ("a.csv", b'id,name\n"a,b\n', "line 2: not readable as CSV: unexpected end of data"),
        ("a.csv", b"id,name\n\xff\xfe,b\n", "line 2: this is not UTF-8 text"),
        ("a.xls", b"x", r"a catalogue file ends in \.toml, \.csv, \.json, not '\.xls'"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CatalogError, match=message):
        load_events(tmp_path / name)


def test_a_source_that_is_not_there(tmp_path):
    with pytest.raises(
        CatalogError,
        match=r"catalogue 'us-chnia' is not one of: fomc, us-china, us-china-v1; did you mean 'us-china'\?",
    ):
        load_events("us-chnia")
    with pytest.raises(CatalogError, match=r"nope\.csv' does not exist; check the path"):
        load_events(tmp_path / "nope.csv")
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    with pytest.raises(CatalogError, match=r"folder\.toml' is a folder, not a file"):
        load_events(folder)
    with pytest.raises(CatalogError, match="int 3 is not a shipped name, a path, a DataFrame or an EventCatalog"):
        load_events(3)
    with pytest.raises(CatalogError, match="empty"):
        load_events(pd.DataFrame(SMALL, index=[]))


def test_a_message_repeats_only_the_start_of_a_long_value():
    assert len(only_problem(frame(tier="x" * 10_000), timezone="UTC")[2]) == 80


def test_the_catalogue_is_a_value_error_for_those_who_do_not_know_us():
    with pytest.raises(ValueError, match="us-chnia"):
        load_events("us-chnia")


def test_shipped_files_are_read_as_the_same_content(tmp_path):
    shipped = Path(__file__).parents[2] / "src/eventstudy/events/catalogues"
    for name in shipped_catalogues():
        copy = tmp_path / f"{name}.toml"
        copy.write_bytes((shipped / f"{name}.toml").read_bytes())
        assert load_events(copy) == load_events(name)
        assert isinstance(load_events(copy), EventCatalog)
