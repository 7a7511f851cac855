import re
import unicodedata
from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy.pages.svg import inline, letter_block
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
    drawings = [attrs for tag, attrs in reader.tags if tag == "svg" and attrs.get("class") != "letters"]
    assert [attrs["aria-label"] for attrs in drawings] == ["The index falls on 3 April and jumps on 9 April."]
    assert drawings[0]["role"] == "img"
    heads = [attrs for tag, attrs in reader.tags if tag == "th"]
    assert heads
    assert all(attrs.get("scope") == "col" for attrs in heads)


def test_numbers_are_shown_with_their_units_and_sorted_in_full(document, tmp_path):
    page, _ = read(document, tmp_path / "out")
    assert '<td class="n" data-key="-0.0484">−4.84%</td>' in page
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
    assert sum(tag == "script" for tag, _ in reader.tags) == 1
    assert not any(tag == "img" for tag, _ in reader.tags)
    assert not any(name.startswith("on") for _, attrs in reader.tags for name in attrs)
    assert "{{ 7 * 7 }}" in page, "text is not a template"
    assert "49" not in page[page.index("{{ 7 * 7 }}") : page.index("{{ 7 * 7 }}") + 20]


def test_long_tables_say_that_they_are_cut(make, tmp_path):
    document = make()
    frame = document.tables[1].frame
    long = Table("long", "Long", "", frame.loc[frame.index.repeat(50)].reset_index(drop=True))
    page, _ = read(type(document)("t", ("a",), {}, tables=(long,)), tmp_path / "out")
    assert "The first 250 of 1500 rows" in page
    assert page.count("<tr>") == 251
    assert (tmp_path / "out/tables/long.csv").read_text().count("\n") == 1501


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


def letter(outline, name="Sans-1"):
    glyph = f'<defs><path id="{name}" d="{outline}" transform="scale(0.015625)"/></defs>'
    return f'<svg viewBox="0 0 9 9"><g id="text_1"><g id="title">{glyph}<use xlink:href="#{name}"/></g></g></svg>'


def test_letters_stand_once_in_the_page_and_every_drawing_finds_them():
    letters = {}
    one, two = (inline(letter("M 0 0 \nL 1 1 \nz\n"), stem, "", letters) for stem in ("a", "b"))
    assert letter_block(letters).count("<path") == 1
    assert 'd="M0 0L1 1z"' in letter_block(letters)
    for drawing, stem in ((one, "a"), (two, "b")):
        assert '<use href="#letter.Sans-1"/>' in drawing
        assert "<path" not in drawing
        assert f'id="{stem}.title"' in drawing, "ids of ours stay, for those who look for a part"
        assert "text_1" not in drawing, "ids that are only counted go"


def test_another_letter_of_the_same_name_stays_with_its_drawing():
    letters = {}
    inline(letter("M 0 0"), "a", "", letters)
    other = inline(letter("M 5 5"), "b", "", letters)
    assert '<path id="b.Sans-1" d="M5 5"' in other
    assert '<use href="#b.Sans-1"/>' in other
    assert letter_block({}) == ""


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
