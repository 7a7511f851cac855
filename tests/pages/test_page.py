import json
import re
import unicodedata
from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy import plots
from eventstudy.pages.svg import inline, style_rules
from eventstudy.report import Chart, Document, Fact, Section, Table, write_document


class Reader(HTMLParser):
    """Collects tags, ids and text as a browser would see them."""

    def __init__(self):
        super().__init__()
        self.tags, self.ids, self.links, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if "id" in attrs:
            self.ids.append(attrs["id"])
        self.links += [attrs[k] for k in ("href", "src", "xlink:href", "action") if k in attrs]

    def handle_data(self, data):
        self.text.append(data)


def read(document, folder):
    write_document(document, folder)
    page = (folder / "report.html").read_bytes().decode("utf-8")
    reader = Reader()
    reader.feed(page)
    return page, reader


def test_the_answer_comes_first_then_facts_then_sections(document, tmp_path):
    page, _ = read(document, tmp_path / "out")
    places = [
        page.index(text)
        for text in ("It holds.", "−4.84%", "What it did.", "The ledger.", "Thirty rows", "eventstudy run")
    ]
    assert places == sorted(places)
    assert "More tables" in page, "what no section names is shown at the end"


def test_nothing_in_the_page_points_to_a_network(document, tmp_path):
    page, reader = read(document, tmp_path / "out")
    assert not re.findall(r"""(?:src|href|url\()\s*=?\s*["'(]?\s*(?:https?:|//)""", page)
    assert all(link.startswith(("#", "charts/", "tables/", "data:,")) for link in reader.links)
    for link in reader.links:
        if link.startswith(("charts/", "tables/")):
            assert (tmp_path / "out" / link).is_file()
        elif link.startswith("#"):
            assert link[1:] in reader.ids


def test_ids_are_unique_even_with_the_same_drawing_twice(make, tmp_path):
    document = make()
    one = document.charts[0]
    two = Chart("again", "Again", "again", one.figure, one.data)
    document = type(document)("t", ("a",), {}, charts=(one, two))
    _, reader = read(document, tmp_path / "out")
    assert len(reader.ids) == len(set(reader.ids))


def test_charts_have_alternative_texts_and_tables_have_heads(document, tmp_path):
    _, reader = read(document, tmp_path / "out")
    drawings = [attrs for tag, attrs in reader.tags if tag == "svg"]
    assert [attrs["aria-label"] for attrs in drawings] == ["The index falls on 3 April and jumps on 9 April."]
    assert drawings[0]["role"] == "img"
    heads = [attrs for tag, attrs in reader.tags if tag == "th"]
    assert heads
    assert all(attrs.get("scope") == "col" for attrs in heads)


def test_numbers_are_shown_with_their_units_and_sorted_in_full(document, tmp_path):
    page, _ = read(document, tmp_path / "out")
    assert "<td>−4.84%</td>" in page  # the script reads the number from it
    assert "#table-claims td:nth-child(4),#table-claims td:nth-child(5)" in page  # set to the right, like every number
    assert "&lt; 0.001" in page
    assert "value, days" in page
    assert "<option>not supported</option><option>supported</option>" in page


def test_only_our_script_may_run(document, tmp_path):
    page, reader = read(document, tmp_path / "out")
    policy = next(
        a["content"] for t, a in reader.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", policy)
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert page.count("<script>") == 1


def test_hostile_texts_are_text(make, hostile, tmp_path):
    document = make(names=(hostile["script"], hostile["close"]))
    table = Table(
        "evil", hostile["script"], hostile["template"], document.tables[0].frame.rename(columns={"n": hostile["close"]})
    )
    one = document.charts[0]
    chart = Chart(
        "evil", hostile["close"], hostile["script"] + '" onload="alert(3)', one.figure, one.data, hostile["marks"]
    )
    document = type(document)(
        hostile["script"],
        tuple(hostile.values()),
        {"x": hostile["surrogate"]},
        charts=(chart,),
        tables=(table,),
        sections=(Section(hostile["script"], (hostile["close"],)),),
        command=hostile["close"],
        manifest={"note": hostile["script"]},
    )
    page, reader = read(document, tmp_path / "out")
    assert [attrs.get("type") for tag, attrs in reader.tags if tag == "script"] == [None]
    assert not any(tag == "img" for tag, _ in reader.tags)
    assert not any(name.startswith("on") for _, attrs in reader.tags for name in attrs)
    assert "{{ 7 * 7 }}" in page, "text is not a template"
    assert "49" not in page[page.index("{{ 7 * 7 }}") : page.index("{{ 7 * 7 }}") + 20]


def test_long_tables_keep_all_their_rows_in_the_page(make, tmp_path):
    frame = make().tables[1].frame
    long = Table("long", "Long", "", frame.loc[frame.index.repeat(50)].reset_index(drop=True), filters=("group",))
    page, _ = read(Document("t", ("a",), {}, tables=(long,)), tmp_path / "out")
    later = json.loads(re.search(r'<script type="application/json" data-rows="table-long">(.*?)</script>', page)[1])
    assert page.count("<tr>") - 1 + len(later["rows"]) == 1500
    assert page.count("<tr>") == 51
    assert later["rows"][-1] == ["29", "c", "43.5"]
    assert (tmp_path / "out/tables/long.csv").read_text().count("\n") == 1501


def test_a_row_that_comes_later_ends_no_block(hostile, tmp_path):
    frame = pd.DataFrame({"a": [*hostile.values()] * 20}, dtype=object)
    page, reader = read(Document("t", ("a",), {}, tables=(Table("evil", "E", "", frame),)), tmp_path / "out")
    block = re.search(r'data-rows="table-evil">(.*?)</script>', page)[1]
    assert not [c for row in json.loads(block)["rows"] for c in str(row[0]) if unicodedata.category(c) in {"Cf", "Cs"}]
    assert "<" not in block
    assert [attrs.get("type") for tag, attrs in reader.tags if tag == "script"] == ["application/json", None]


def test_a_table_of_many_columns_shows_eight_and_knows_the_rest(tmp_path):
    frame = pd.DataFrame([range(12)], columns=[f"c{i}" for i in range(12)])
    page, _ = read(
        Document("t", ("a",), {}, tables=(Table("w", "W", "", frame, main=("c0", "c11")),)), tmp_path / "out"
    )
    assert "All 12 columns" in page
    hidden = re.search(r"((?:#table-w\.few tr>:nth-child\(\d+\),?)+)\{display:none\}", page)[1]
    assert re.findall(r"nth-child\((\d+)\)", hidden) == [str(i) for i in range(2, 12)]


def test_units_of_a_row_are_said_in_its_cell(tmp_path):
    frame = pd.DataFrame(
        {
            "test": ["t", "bmp", "sign"],
            "estimate": [-0.0085, -0.6727, 0.302],
            "unit": ["return", "standardized", "share"],
        }
    )
    page, _ = read(
        Document("t", ("a",), {}, tables=(Table("u", "U", "", frame, {"estimate": "@unit"}),)), tmp_path / "out"
    )
    for said in (">−0.85%</td>", ">−0.673 sd</td>", ">0.302 of events</td>"):
        assert said in page


def test_sections_are_linked_by_their_names_and_what_few_look_up_stands_behind(tmp_path):
    document = Document(
        "t", ("a",), {}, sections=(Section("Methods", ("How.",), behind=True), Section("On average", ("What.",)))
    )
    page, reader = read(document, tmp_path / "out")
    assert page.index("What.") < page.index("How.")
    assert {"section-on-average", "section-methods"} <= set(reader.ids)
    assert '<details class="behind" id="section-methods">' in page


def test_a_doi_is_a_link(tmp_path):
    frame = pd.DataFrame({"doi": ["10.1016/0304-405X(91)90032-F", "no doi"]})
    _, reader = read(Document("t", ("a",), {}, tables=(Table("m", "M", "", frame),)), tmp_path / "out")
    assert [link for link in reader.links if "doi.org" in link] == ["https://doi.org/10.1016/0304-405X(91)90032-F"]


def test_an_empty_cell_is_no_choice_of_a_filter(make, tmp_path):
    table = Table("t", "T", "", pd.DataFrame({"believe": ["yes", "", "no"]}), filters=("believe",))
    page, _ = read(type(make())("t", ("a",), {}, tables=(table,)), tmp_path / "out")
    assert re.findall("<option[^>]*>([^<]*)</option>", page) == ["(any)", "no", "yes"]


def test_an_empty_table_says_so(make, tmp_path):
    document = make()
    none = Table("none", "None", "", document.tables[0].frame.iloc[:0], filters=("verdict",))
    page, _ = read(type(document)("t", ("a",), {}, tables=(none,)), tmp_path / "out")
    assert "no rows" in page


@pytest.mark.parametrize("reference", ['xlink:href="#m1"', "url(#m1)"])
def test_inlining_renames_ids_and_what_points_to_them(reference):
    attribute = reference if "href" in reference else f'clip-path="{reference}"'
    drawing = f'<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg viewBox="0 0 100 50" width="1pt"><path id="m1"/><use {attribute}/></svg>\n'
    out = inline(drawing, "c", "alt text", {})
    assert 'id="c.m1"' in out
    assert "#c.m1" in out
    assert "#m1" not in out
    assert out.startswith("<svg")
    assert 'aria-label="alt text"' in out


def test_looks_are_written_once_for_all_drawings():
    styles = {}
    mark = (
        '<svg viewBox="0 0 9 9"><g id="caar.line"><path d="M 0.123 0" style="fill: none; stroke: #333333"/></g></svg>'
    )
    one, two = (inline(mark, stem, "", styles) for stem in ("a", "b"))
    assert style_rules(styles) == ".s0{fill:none;stroke:#333333}\n"
    for drawing, stem in ((one, "a"), (two, "b")):
        assert f'<g id="{stem}.caar.line"><path d="M0.1 0" class="s0"/></g>' in drawing


def test_text_of_a_chart_is_text_and_its_marks_have_titles(tmp_path):
    frame = pd.DataFrame({"event_id": ["a", "b"], "name": ["Truce <1>", "Tweet"], "stance": "talks", "session": pd.to_datetime(["2025-04-02", "2025-04-03"]),
                          "estimate": [0.03, -0.01], "low": [0.01, -0.03], "high": [0.05, 0.01]})  # fmt: skip
    chart = Chart("one", "One", "one", plots.reactions(frame), frame)
    page, reader = read(Document("t", ("a",), {}, charts=(chart,)), tmp_path / "out")
    assert "abnormal return" in re.findall(r"<text[^>]*>([^<]*)", page)[-1] or "abnormal return" in page
    assert "<title>Truce &lt;1&gt;, 2025-04-02: +3.00% (+1.00% to +5.00%)</title>" in page
    assert [attrs["data-key"] for tag, attrs in reader.tags if tag == "use" and "data-key" in attrs] == ["a", "b"]


def test_what_no_eye_can_see_stands_nowhere_in_the_page(tmp_path):
    evil = "\x1b]0;pwned\x07\x85\x9b \u202egnp\u2066\u2028\x00<b>"
    figure = Figure()
    figure.subplots().set_title(evil, parse_math=False)
    frame = pd.DataFrame({evil: [evil], "x": [1.0]})
    document = Document(
        title=evil,
        answer=(evil,),
        results={},
        charts=(Chart("one", evil, evil, figure, frame, caption=evil),),
        tables=(Table("two", evil, evil, frame, filters=(evil,)),),
        sections=(Section(evil, (evil,), charts=("one",), facts=(Fact(evil, evil, evil, "yes"),)),),
        manifest={"study": evil},
        command=evil,
    )
    page, reader = read(document, tmp_path / "out")
    left = {character for character in page if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}}
    assert left <= {"\n", "\t"}
    assert "\\x1b]0;pwned\\x07" in "".join(reader.text)
    assert "\\u202egnp" in page
    assert not any(tag == "b" and "pwned" in str(attrs) for tag, attrs in reader.tags)
