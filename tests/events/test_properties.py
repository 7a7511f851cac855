"""What holds for any catalogue: no order, no format and no text changes what it says."""

from __future__ import annotations

import csv
import json
import tempfile
from datetime import date
from pathlib import Path

import pandas as pd

from eventstudy.calendars import closes
from eventstudy.events import Event, EventCatalog, Vocabulary, load_events
from eventstudy.events.vocabulary import CONFIDENCES, PRECISIONS, TIERS
from hypothesis import HealthCheck, given, settings, strategies as st

ZONES = ("America/New_York", "Asia/Shanghai", "Europe/Berlin", "UTC")

texts = st.text(max_size=40)  # every character that UTF-8 can write, line ends and direction marks too
labels = texts.filter(str.strip)
# whole seconds of years that every calendar has; the hours of a clock change come up and are kept by their offset
seconds = st.integers(min_value=1_514_800_000, max_value=1_767_200_000)
rates = st.none() | st.floats(min_value=-1000, max_value=1000)


@st.composite
def events(draw, identity: str, zone: str) -> Event:
    stance, level = draw(
        st.sampled_from([("escalation", "E1"), ("escalation", ""), ("softening", "S3"), ("talks", ""), ("mixed", "")])
    )
    moment = pd.Timestamp(draw(seconds), unit="s", tz="UTC").as_unit("us").tz_convert(zone)
    precision = draw(st.sampled_from(PRECISIONS))
    hours = st.none() | st.integers(min_value=0, max_value=72)
    earlier, later = draw(hours), draw(hours)
    return Event(
        id=identity,
        name=draw(labels),
        announced_at=moment,
        stance=stance,
        level=level,
        precision=precision,
        earliest=None if earlier is None else moment - pd.Timedelta(hours=earlier),
        latest=None if later is None else moment + pd.Timedelta(hours=later),
        tier=draw(st.sampled_from(TIERS)),
        confidence=draw(st.sampled_from(CONFIDENCES)),
        lead=draw(st.booleans()),
        scheduled=draw(st.booleans()),
        doubtful=draw(st.booleans()),
        rate_before=draw(rates),
        rate_after=draw(rates),
        effective_date=draw(st.none() | st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))),
        **{key: draw(texts) for key in ("actor", "target", "scope", "instrument", "cluster", "confound", "summary", "source")},
    )  # fmt: skip


@st.composite
def catalogs(draw) -> EventCatalog:
    zone = draw(st.sampled_from(ZONES))
    identities = draw(st.lists(labels, min_size=1, max_size=5, unique=True))
    vocabulary = Vocabulary(principal=draw(texts))
    return EventCatalog(
        [draw(events(identity, zone)) for identity in identities], draw(texts), timezone=zone, vocabulary=vocabulary
    )


few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(catalogs(), st.randoms())
def test_the_order_of_the_rows_does_not_matter(catalog, chance):
    shuffled = list(catalog)
    chance.shuffle(shuffled)
    again = EventCatalog(shuffled, timezone=catalog.timezone, vocabulary=catalog.vocabulary)
    assert again == catalog
    pd.testing.assert_frame_equal(again.sessions(), catalog.sessions())


@few
@given(catalogs())
def test_toml_gives_back_every_text_exactly(catalog):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "copy.toml"
        written = catalog.to_toml(path)
        assert path.read_bytes() == written.encode()
        copy = load_events(path)
    assert copy == catalog
    assert copy.name == catalog.name
    assert copy.events == catalog.events
    assert copy.to_toml() == written


@few
@given(catalogs())
def test_frames_csv_and_json_give_the_same_catalogue(catalog):
    frame = catalog.to_frame()
    assert load_events(frame) == catalog
    pd.testing.assert_frame_equal(load_events(frame).to_frame(), frame)
    bare = EventCatalog(catalog, timezone=catalog.timezone)  # a table has no column for the principal
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "copy.csv"
        frame.to_csv(path, lineterminator="\n", quoting=csv.QUOTE_ALL)  # pandas leaves a lone carriage return bare
        assert load_events(path, timezone=catalog.timezone) == bare
        path = Path(folder) / "copy.json"
        rows = [
            {key: str(value) if isinstance(value, pd.Timestamp) else value for key, value in row.items() if not pd.isna(value)}
            for row in frame.assign(effective_date=frame["effective_date"].dt.strftime("%Y-%m-%d")).reset_index().to_dict("records")
        ]  # fmt: skip
        path.write_text(json.dumps(rows))
        assert load_events(path, timezone=catalog.timezone) == bare


@few
@given(catalogs(), st.sampled_from(["XNYS", "XHKG", "XTKS"]))
def test_the_session_is_the_first_whose_close_lies_after_the_moment(catalog, calendar):
    table = catalog.sessions(calendar)
    first, last = table["session"].min(), table["session"].max()
    official = closes(calendar, first - pd.Timedelta(days=31), last)
    for moment, session in zip(table["announced_at"], table["session"], strict=True):
        assert official[session] > moment
        assert (official[official.index < session] <= moment).all()


@few
@given(catalogs())
def test_bounds_hold_the_session_and_settle_it_when_they_agree(catalog):
    table = catalog.sessions()
    assert (table["session_earliest"] <= table["session"]).all()
    assert (table["session"] <= table["session_latest"]).all()
    assert (table["session_certain"] == (table["session_earliest"] == table["session_latest"])).all()


@few
@given(catalogs())
def test_a_selection_and_its_complement_make_the_whole(catalog):
    parts = [catalog.select(stance=stance) for stance in catalog.vocabulary.stances]
    assert sorted(event.id for part in parts for event in part) == sorted(event.id for event in catalog)
    for part in parts:
        assert [event for event in catalog if event in part] == list(part)


def test_minus_zero_is_zero():
    moment = pd.Timestamp("2025-04-02 16:26", tz="America/New_York")
    minus, plain = (
        EventCatalog([Event(id="a", name="A", announced_at=moment, stance="escalation", rate_after=rate)])
        for rate in (-0.0, 0.0)
    )
    assert minus.digest == plain.digest
