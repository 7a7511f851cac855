"""Files and frames of others as catalogues: each fault is one CatalogError with its place, whatever the reader raised."""

from __future__ import annotations

import difflib
import functools
import gc
import json
import time

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import LISTED, CatalogError, InputError
from eventstudy.events import Event, EventCatalog, Vocabulary, load_events

ROW = {"id": "a", "name": "A", "announced_at": "2025-04-02 16:26", "stance": "escalation"}
TOML = 'timezone = "UTC"\n[[event]]\nid = "a"\nname = "A"\nannounced_at = 2025-04-02T16:26:00\nstance = "talks"\n'
DIGITS = "9" * 5000
HALF = "a\ud800"  # half of a surrogate pair
DEEP = 20_000

FILES = {
    "deep list.toml": f"x = {'[' * DEEP}{']' * DEEP}",
    "deep table.toml": f"x = {'{a=' * DEEP}1{'}' * DEEP}",
    "deep key.toml": f"{'a.' * DEEP}a = 1",
    "deep quoted key.toml": '"a".' * DEEP + "a = 1",
    "deep header.toml": f"[{'a.' * DEEP}a]\n",
    "digits.toml": f"{TOML}rate_after = {DIGITS}\n",
    "hexadecimal.toml": f"{TOML}rate_after = 0x{'f' * 6000}\n",
    "hexadecimal name.toml": f"name = 0x{'f' * 6000}\n{TOML}",
    "hexadecimal zone.toml": f"{TOML}timezone = 0x{'f' * 6000}\n",
    "hexadecimal level.toml": f"{TOML}level = 0x{'f' * 6000}\n",
    "nul.toml": f"{TOML}\0",
    "deep list.json": "[" * DEEP + "]" * DEEP,
    "deep object.json": '{"a":' * DEEP + "1" + "}" * DEEP,
    "deep value.json": json.dumps([ROW])[:-2] + f', "name": {"[" * 200}{"]" * 200}}}]',
    "digits.json": f'[{{"id": {DIGITS}}}]',
    "nul.json": "[\0]",
    "nul.csv": "id,name\0,announced_at,stance\na,A,2025-04-02,talks\n",
    "quote.csv": 'id,name,announced_at,stance\na,"A,2025-04-02,talks\n',
    "utf-16.csv": "id,name,announced_at,stance\n".encode("utf-16"),
    "utf-16.toml": TOML.encode("utf-16"),
    "latin.json": '[{"id": "é"}]'.encode("latin-1"),
    "picture.csv": bytes(range(256)) * 10,
    "empty.json": b"",
    "empty.csv": b"",
    "empty.toml": b"",
}


@pytest.mark.timeout(60)  # a key of 100,000 parts took tomllib minutes
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read_is_one_error_with_its_name(tmp_path, name):
    content = FILES[name]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CatalogError) as caught:
        load_events(path, timezone="UTC")
    assert name in str(caught.value)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("ending", ["toml", "csv", "json", "nothing"])
@pytest.mark.parametrize("stem", ["x" * 5000, "a\0b", "folder/../nowhere/x", "\ud800"])
def test_a_path_that_no_system_has_is_one_error(ending, stem):
    with pytest.raises(CatalogError) as caught:
        load_events(f"{stem}.{ending}")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "moment", ["0001-01-01 10:00", "1677-12-31 10:00", "2262-01-01 10:00", "2300-01-01", "9999-12-31 23:59"]
)
def test_a_moment_outside_the_years_of_calendars_is_refused_with_its_row(moment):
    frame = pd.DataFrame([ROW, ROW | {"id": "b", "announced_at": moment}])
    with pytest.raises(CatalogError, match=r"row 1, column 'announced_at': .* of the years 1678 to 2261"):
        load_events(frame, timezone="America/New_York")


@pytest.mark.parametrize("value", [np.datetime64("20000-01-01"), np.datetime64("9999-12-31", "us"), pd.Timestamp.max.as_unit("us"), np.datetime64(2**62, "s")])  # fmt: skip
def test_so_is_one_that_no_datetime_holds(value):
    frame = pd.DataFrame({key: pd.Series([cell], dtype=object) for key, cell in ROW.items()})
    frame["announced_at"] = pd.Series([value], dtype=object)
    with pytest.raises(CatalogError, match=r"row 0, column 'announced_at': .* 1678 to 2261"):
        load_events(frame, timezone="UTC")


@pytest.mark.parametrize("year", ["1678-01-03 12:00", "2261-12-30 12:00"])
def test_the_first_and_the_last_years_have_sessions(year):
    catalog = load_events(pd.DataFrame([ROW | {"announced_at": year}]), timezone="UTC")
    assert str(catalog.sessions("24/7")["session"].iloc[0].date()) == year[:10]


def test_an_event_of_its_own_knows_the_years_too():
    with pytest.raises(CatalogError, match="1678 to 2261"):
        Event(id="a", name="A", stance="talks", announced_at=pd.Timestamp(2300, 1, 1, tz="UTC"))


@pytest.mark.parametrize(
    "condition", [{"since": "0000-01-01"}, {"since": "1600-01-01"}, {"until": "9999-12-31"}, {"until": "-1"}]
)
def test_a_selection_by_a_day_that_is_none_is_refused(condition):
    with pytest.raises(InputError, match=f"select: {next(iter(condition))} "):
        load_events("fomc").select(**condition)


@pytest.mark.parametrize("calendar", ["ASEX", "XTAE"])
def test_a_calendar_whose_own_rules_fail_is_one_error(calendar):
    catalog = load_events(pd.DataFrame([ROW | {"announced_at": "1900-04-02 16:26"}]), timezone="UTC")
    try:
        catalog.sessions(calendar)
    except InputError as error:  # with older versions of the calendars the rules hold
        assert calendar in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame([ROW]).set_index(["id", "name"]),
        pd.DataFrame([ROW]).set_index(["name", "id"]),
        pd.DataFrame([ROW, ROW | {"id": "b"}], index=["x", "x"]),
        pd.DataFrame([ROW]).astype("category"),
        pd.DataFrame([ROW]).convert_dtypes(dtype_backend="pyarrow"),
        pd.DataFrame([ROW]).assign(announced_at=pd.Timestamp("2025-04-02 16:26", tz="Asia/Tokyo")),
        pd.DataFrame([ROW]).assign(announced_at=pd.Timestamp("2025-04-02 16:26").as_unit("s")),
        pd.DataFrame([ROW]).assign(level=pd.NA, rate_after=np.float32(7.5), lead=pd.array([True], dtype="boolean")),
    ],
)
def test_frames_of_odd_kinds_are_read(frame):
    catalog = load_events(frame, timezone="UTC")
    assert catalog.events[0].name == "A"
    assert catalog.events[0].announced_at.minute == 26


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame([ROW], index=pd.Index(["a"], name="id")),  # an index and a column of one name
        pd.DataFrame([list(ROW.values())], columns=pd.MultiIndex.from_product([list(ROW), [""]])),
        pd.DataFrame([[*ROW.values(), "B"]], columns=[*ROW, "name"]),
        pd.DataFrame([ROW | {"announced_at": 20251302}]),
        pd.DataFrame([ROW | {"announced_at": 1.5}]),
        pd.DataFrame([ROW | {"announced_at": pd.Period("2025-04-02")}]),
        pd.DataFrame([ROW | {"stance": np.array(["talks", "mixed"])}]),
        pd.DataFrame([ROW | {"level": np.array(["E1", "E2"])}]),
        pd.DataFrame([ROW | {"tier": np.array(["A", "B"])}]),
        pd.DataFrame([ROW | {"name": 10**5000}], dtype=object),
        pd.DataFrame([ROW | {"rate_after": 10**5000}], dtype=object),
        pd.DataFrame([ROW | {"timezone": 10**5000}], dtype=object),
        pd.DataFrame([ROW | {"id": b"a"}]),
        pd.DataFrame([ROW | {"lead": "perhaps"}]),
        pd.DataFrame([ROW | {"name": float("nan")}]),
        pd.DataFrame(),
    ],
)
def test_frames_that_cannot_be_meant_are_one_error(frame):
    with pytest.raises(CatalogError) as caught:
        load_events(frame, timezone="UTC")
    assert "DataFrame" in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_a_header_in_attrs_that_is_none_is_one_error():
    frame = pd.DataFrame([ROW])
    frame.attrs["catalog"] = 3
    with pytest.raises(CatalogError, match=r"attrs\['catalog'\] is '3'"):
        load_events(frame, timezone="UTC")


@pytest.mark.parametrize("name", [5, ["a"], None, HALF])
def test_the_name_of_a_catalogue_is_a_text_that_can_be_written(name):
    frame = pd.DataFrame([ROW])
    frame.attrs["catalog"] = {"name": name}
    with pytest.raises(CatalogError, match=r"(?s)header, column 'name': .* is not a text"):
        load_events(frame, timezone="UTC")
    event = Event(id="a", name="A", stance="talks", announced_at=pd.Timestamp("2025-04-02", tz="UTC"))
    with pytest.raises(CatalogError, match=r"name=.* is not a text"):
        EventCatalog([event], name)


@pytest.mark.parametrize(
    "words",
    [
        {"stances": 5},
        {"stances": "hike"},
        {"stances": ("hike", HALF), "opposed": ()},
        {"opposed": (1, 2)},
        {"levels": 3},
        {"levels": {"escalation": ("E1", HALF)}},
        {"principal": HALF},
        {"principal": None},
    ],
)
def test_the_words_of_a_vocabulary_are_texts_that_can_be_written(words):
    with pytest.raises(CatalogError, match=f"{next(iter(words))}.* expected") as caught:
        Vocabulary(**words)
    str(caught.value).encode()
    frame = pd.DataFrame([ROW])
    frame.attrs["catalog"] = words
    with pytest.raises(CatalogError, match=rf"header, column '{next(iter(words))}'"):
        load_events(frame, timezone="UTC")
    event = Event(id="a", name="A", stance="talks", announced_at=pd.Timestamp("2025-04-02", tz="UTC"))
    with pytest.raises(CatalogError, match="is no Vocabulary"):
        EventCatalog([event], vocabulary=words)


def test_whatever_a_name_holds_is_read_again_from_what_is_written(tmp_path):
    event = Event(id="a", name="A", stance="talks", announced_at=pd.Timestamp("2025-04-02", tz="UTC"))
    name = "".join(chr(code) for code in (*range(0xD800), *range(0xE000, 0x11000))) + "9" * 2_000_000
    EventCatalog([event], name).to_toml(tmp_path / "a.toml")
    assert load_events(tmp_path / "a.toml").name == name


def test_a_catalogue_in_a_zone_that_is_none_is_one_error():
    event = Event(id="a", name="A", stance="talks", announced_at=pd.Timestamp("2025-04-02", tz="UTC"))
    with pytest.raises(CatalogError, match="timezone 'Mars' is not a time zone"):
        EventCatalog([event], timezone="Mars")
    with pytest.raises(CatalogError, match="'a' is not an Event"):
        EventCatalog(["a"])


def test_a_file_that_cannot_be_written_is_one_error():
    for path in ("a\0b.toml", "x" * 5000):
        with pytest.raises(InputError, match="cannot be written"):
            load_events("fomc").to_toml(path)


# --- many


MANY = 2000


def bad_rows(count):
    return "id,name,announced_at,stance\n" + "".join(f"e{i},N,2025-04-02 16:26,escal{i}\n" for i in range(count))


def bad_zones(count):
    return "id,name,announced_at,stance,timezone\n" + "".join(f"e{i},N,2025-04-02,talks,America/New{i}\n" for i in range(count))  # fmt: skip


def bad_columns(count):
    return ",".join(("id,name,announced_at,stance", *(f"c{i}" for i in range(count)))) + "\na,A,2025-04-02,talks" + "," * count  # fmt: skip


def bad_header(count):
    return json.dumps({f"k{i}": i for i in range(count)} | {"events": [ROW]})


def bad_keys(count):
    return json.dumps([ROW | {f"k{i}": i for i in range(count)}])


def bad_levels(count):
    return json.dumps({"stances": [f"s{i}" for i in range(count)], "levels": {f"x{i}": ["a"] for i in range(count)}, "events": [ROW | {"stance": "s1"}]})  # fmt: skip


@pytest.mark.parametrize(
    ("make", "name"),
    [(bad_rows, "x.csv"), (bad_zones, "x.csv"), (bad_columns, "x.csv"), (bad_header, "x.json"), (bad_keys, "x.json"), (bad_levels, "x.json")],
)  # fmt: skip
def test_of_many_problems_fifty_are_listed_and_all_are_kept(tmp_path, monkeypatch, make, name):
    path = tmp_path / name
    path.write_text(make(MANY), encoding="utf-8")
    looked = []
    monkeypatch.setattr(difflib, "get_close_matches", lambda *given, **_: looked.append(given) or [])
    with pytest.raises(CatalogError) as caught:
        load_events(path, timezone="UTC")
    assert 0 < len(looked) <= LISTED  # looking for a near word takes longer than reading a row
    lines = str(caught.value).splitlines()
    assert len(caught.value.problems) == MANY
    assert lines[-1] == f"  and {MANY - LISTED:,} more"
    assert len(lines) == LISTED + 2


def test_near_words_are_told_for_the_problems_that_are_listed(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,name,announced_at,stance\n" + "a,A,2025-04-02,escalatoin\n" * 60)
    with pytest.raises(CatalogError) as caught:
        load_events(path, timezone="UTC")
    stances = [problem.expected for problem in caught.value.problems if problem.column == "stance"]
    assert stances[0].endswith("; did you mean 'escalation'?")
    assert stances[-1] == "one of: escalation, softening, talks, mixed"


def test_words_of_ones_own_are_refused_once_with_the_way_out(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,name,announced_at,stance\na,A,2025-04-02,hot\nb,B,2025-04-03,cool\n")
    with pytest.raises(
        CatalogError, match=r"'hot' is not one of: .*; words of your own: load_events\(…, stances=\[…\]\)"
    ) as caught:
        load_events(path, timezone="UTC")
    assert str(caught.value).count("words of your own") == 1
    assert len(load_events(path, timezone="UTC", stances=["hot", "cool"])) == 2


def test_a_list_of_thousands_of_columns_is_no_message():
    columns = [*ROW, "c1", *(f"c{i}" for i in range(5000))]
    with pytest.raises(CatalogError, match=r"'c1' stands twice; one of: .* \(5,004 in all\)") as caught:
        load_events(pd.DataFrame([[*ROW.values(), *([""] * 5001)]], columns=columns), timezone="UTC")
    assert len(str(caught.value)) < 1000


def least_growth(read, small, large, rounds):
    """Give how many times longer the large one takes, the least of pairs: a busy neighbour slows some of them."""

    def seconds(path):
        started = time.process_time()
        read(path)
        return time.process_time() - started

    gc.collect()
    gc.freeze()  # what other tests left in this process is not looked through again and again
    try:
        return min(seconds(large) / seconds(small) for _ in range(rounds))
    finally:
        gc.unfreeze()


@pytest.mark.slow
@pytest.mark.parametrize("make", [bad_rows, bad_columns, bad_header, bad_keys, bad_levels])
def test_the_time_that_problems_take_does_not_grow_with_the_square_of_their_number(tmp_path, make):
    """A hundred thousand took minutes."""
    suffix = "csv" if make in {bad_rows, bad_columns} else "json"
    paths = [tmp_path / f"{count}.{suffix}" for count in (3_000, 24_000)]
    for path in paths:
        path.write_text(make(int(path.stem)), encoding="utf-8")

    def refused(path):
        with pytest.raises(CatalogError):
            load_events(path, timezone="UTC")

    assert least_growth(refused, *paths, rounds=3) < 20  # 8 of a straight line, 64 of the square


@pytest.mark.slow
def test_twice_the_rows_take_twice_the_time(tmp_path):
    paths = [tmp_path / f"{count}.csv" for count in (10_000, 20_000)]
    for path in paths:
        rows = "".join(f"e{i},N,2025-04-02 16:26,talks\n" for i in range(int(path.stem)))
        path.write_text(f"id,name,announced_at,stance\n{rows}")
    read = functools.partial(load_events, timezone="America/New_York")
    assert least_growth(read, *paths, rounds=5) < 2.6  # 2.3 on a quiet machine


def test_a_frame_that_allows_no_label_twice_is_told_by_us():
    frame = pd.DataFrame([list(ROW.values())] * 2, columns=list(ROW), index=[0, 0]).assign(id=["a", "b"])
    strict = pd.DataFrame(frame.reset_index(drop=True)).set_flags(allows_duplicate_labels=False)
    assert len(load_events(strict, timezone="UTC")) == 2
    with pytest.raises(CatalogError, match="'a'"):
        load_events(strict.assign(id="a"), timezone="UTC")
