"""A hostile catalogue through the whole main job: what comes out is safe to open, in a browser and in a spreadsheet."""

import csv
import json
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from eventstudy.cli import main

NAMES = {
    "../../../etc/passwd": '<script>alert(1)</script><img src=x onerror="alert(2)">',
    "=1+1": '=HYPERLINK("http://evil.example","click")',
    "@SUM(A1)": "\u202egnp.exe\u202c and \u200fmarks",
    "a/b\\c": "x" * 10_000,
    "$x^{": "$\\frac{1}{ {{ 7*7 }} {% raw %}",
    "</script>": "</style></script></svg>-->",
    "关税": "美国对中国加征关税",
}

STUDY = """
title = "</title><script>alert(3)</script>"
[catalog]
source = "events.csv"
[prices]
source = "bundled"
symbols = ["^GSPC", "^VIX"]
start = "2023-06-01"
[market]
symbol = "^GSPC"
fear = "^VIX"
[windows]
event = [-2, 2]
reported = [[0, 0]]
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    rows = pd.DataFrame(
        {
            "id": list(NAMES),
            "name": list(NAMES.values()),
            "announced_at": [f"2025-0{3 + i // 3}-1{i % 3 + 1} 10:00" for i in range(len(NAMES))],
            "timezone": "America/New_York",
            "stance": ["escalation", "softening", "talks", "mixed", "escalation", "softening", "talks"],
        }
    )
    rows.to_csv(folder / "events.csv", index=False)
    (folder / "study.toml").write_text(STUDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["eventstudy", "run", "study.toml", "--out", "out"])
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code in {0, None}
    return folder / "out"


def test_the_page_holds_the_texts_as_texts(out):
    tags = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append((tag, dict(attrs)))

    page = (out / "report.html").read_text(encoding="utf-8")
    Reader().feed(page)
    acting = [
        attrs for tag, attrs in tags if tag == "script" and attrs.get("type") != "application/json"
    ]  # the rest are rows
    assert acting == [{}]
    assert not [attrs for tag, attrs in tags if tag == "img" or any(key.startswith("on") for key in attrs)]
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ 7*7 }}" in page


def test_no_cell_is_a_formula(out):
    cells = [
        cell
        for path in sorted((out / "tables").glob("*.csv"))
        for row in csv.reader(path.read_text(encoding="utf-8").splitlines())
        for cell in row
    ]
    assert "'=1+1" in cells
    risky = [cell for cell in cells if cell[:1] in set("=+@\t\r")]
    assert [cell for cell in risky if not cell.lstrip("+").replace(".", "").isdigit()] == []


def test_file_names_are_plain_and_nothing_lies_outside(out):
    names = [path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()]
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_./") for name in names)
    assert sorted(path.name for path in out.parent.iterdir()) == ["events.csv", "out", "study.toml"]


def test_the_results_keep_the_texts_whole(out):
    results = (out / "results.json").read_text(encoding="utf-8")
    json.loads(results)
    assert "../../../etc/passwd" in results


def test_the_command_names_the_study_file_and_no_folder(out):
    assert json.loads((out / "manifest.json").read_text())["command"] == "eventstudy run study.toml --out out"


def test_svg_files_are_whole_and_hold_only_drawings(out):
    for path in (out / "charts").glob("*.svg"):
        tree = ET.fromstring(path.read_bytes())  # noqa: S314  our own file; that it is whole is the question
        for part in tree.iter():
            name = part.tag.rpartition("}")[2]
            assert name not in {"script", "foreignObject", "a"}, path.name
            assert not [key for key in part.attrib if key.startswith("on")]
            links = [value for key, value in part.attrib.items() if key.endswith("href")]
            own = "data:image/png;base64," if name == "image" else "#"  # the shades of a colour bar
            assert all(link.startswith(own) for link in links)


def test_charts_are_drawn_without_reading_names_as_formulas(out):
    for path in (out / "charts").glob("*.svg"):
        assert "<script" not in Path(path).read_text(encoding="utf-8")
    assert (out / "charts" / "reactions.png").stat().st_size > 10_000
