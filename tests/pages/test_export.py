import re
import sys

import openpyxl
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.report import Table, to_latex, to_markdown, write_xlsx


@pytest.fixture
def table():
    frame = pd.DataFrame(
        {
            "name": ["R&D_1 {50%} $x$ #2 ~^\\", "=1+1", "a|b <i>*c*</i>\nd"],
            "car": [-0.0484, float("nan"), 0.5],
            "pvalue": [0.0001, 0.05, 1.0],
            "wait": [1.5, 2.0, float("inf")],
            "sure": [True, False, True],
        }
    )
    return Table(
        "cars", "CARs: a [table]", "n = 3 & more", frame, {"car": "percent", "pvalue": "pvalue", "wait": "days"}
    )


def test_latex_escapes_everything(table):
    text = to_latex(table)
    lines = text.splitlines()
    assert r"R\&D\_1 \{50\%\} \$x\$ \#2 \textasciitilde{}\textasciicircum{}\textbackslash{} & $-$4.84\%" in text
    assert r"$<$ 0.001" in text
    assert lines[3] == r"\begin{tabular}{lrrrl}"
    assert r"name & car & pvalue & wait, days & sure \\" in text
    assert all(line.count(" & ") == 4 for line in lines[7:10])
    assert r"\par\footnotesize n = 3 \& more" in text


def test_markdown_keeps_its_columns(table):
    lines = to_markdown(table).splitlines()
    assert lines[1] == "|:---|---:|---:|---:|:---|"
    assert len(lines) == 5
    assert r"a\|b &lt;i&gt;\*c\*&lt;/i&gt; d" in lines[4]
    assert "—" in lines[3]


def test_a_workbook_holds_numbers_and_no_formula(table, tmp_path):
    sheet = openpyxl.load_workbook(write_xlsx([table], tmp_path / "t.xlsx")).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == ["name", "car", "pvalue", "wait, days", "sure"]
    assert rows[1][1:] == [-0.0484, 0.0001, 1.5, "yes"]
    assert rows[2][:2] == ["=1+1", None]
    assert sheet["A3"].data_type == "s"
    assert sheet["B2"].number_format == "0.00%"
    assert rows[3][3] == "∞"


def test_sheets_have_names_that_a_workbook_takes(table, tmp_path):
    many = [
        Table(f"t{i}", title, "", table.frame) for i, title in enumerate(["x" * 50, "x" * 50, "a/b:c*d?", "\x00", ""])
    ]
    names = openpyxl.load_workbook(write_xlsx(many, tmp_path / "t.xlsx")).sheetnames
    assert len(set(names)) == 5
    assert all(1 <= len(name) <= 31 for name in names)


def test_hostile_texts_fit_into_cells(tmp_path, hostile):
    table = Table("t", "t", "", pd.DataFrame({"a": [*hostile.values(), "y" * 40_000]}, dtype=object))
    sheet = openpyxl.load_workbook(write_xlsx([table], tmp_path / "t.xlsx")).worksheets[0]
    assert {cell.data_type for (cell,) in sheet.iter_rows(min_row=2)} == {"s"}


def hostile_table(hostile):
    frame = pd.DataFrame({"a": list(hostile.values()), "x": 0.5}, dtype=object)
    return Table(hostile["path"], hostile["template"], hostile["close"], frame.assign(**{hostile["math"]: 1}))


def test_hostile_texts_are_text_in_latex(hostile):
    text = to_latex(hostile_table(hostile))
    ours = r"\\centering|\[htbp\]|\\(?:begin|end)\{(?:table|tabular)\}|\\(?:caption|label)|\{(?:l|r|p\{150pt\})+\}|\\resizebox\{\\linewidth\}\{!\}\{%|\\end\{tabular\}\}|\\shortstack|\\(?:top|mid|bottom)rule|\\par\\footnotesize| & |\\\\"
    escaped = r"\\text\w+\{\}|\\[&%$#_{}]|\$(?:-|<|>|\\infty|\\\w+)\$|\\dag\{\}|\\ldots\{\}"
    rest = re.sub(rf"{escaped}|{ours}", "", text)
    assert set(re.sub(r"[{}]", "", rest, count=4 + 2 * text.count(r"\shortstack"))) & set("\\&%$#_{}~^") == set(), (
        "no command of a name's own"
    )
    assert "\u202e" not in text
    assert "\x00" not in text
    assert r"\label{tab:etc-passwd}" in text


def test_hostile_texts_are_text_in_markdown(hostile):
    lines = to_markdown(hostile_table(hostile)).splitlines()
    assert len(lines) == 2 + len(hostile), "a name makes no row"
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {4}, "and no column"
    assert not set("<>") & set("".join(lines))
    assert not re.search("[\u200f\u202e\u202c\x00]", "".join(lines))


def test_a_workbook_is_the_same_bytes_each_time(table, tmp_path):
    assert (
        write_xlsx([table], tmp_path / "a.xlsx").read_bytes() == write_xlsx([table], tmp_path / "b.xlsx").read_bytes()
    )


def test_wrong_input_and_a_missing_extra(table, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="no table"):
        write_xlsx([], tmp_path / "t.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"eventstudykit\[xlsx\]"):
        write_xlsx([table], tmp_path / "t.xlsx")


def test_a_frame_of_a_result_is_a_table_with_returns_in_percent(tmp_path):
    frame = pd.DataFrame(
        {"car": [0.0123], "se": [0.01], "t": [1.2], "pvalue": [0.2]}, index=pd.Index(["a_1"], name="event_id")
    )
    assert r"a\_1 & 1.23\% & 1.00\% & 1.20 & 0.200 \\" in to_latex(frame)
    assert r"\caption" not in to_latex(frame)
    assert to_markdown(frame).splitlines()[-1] == r"| a\_1 | 1.23% | 1.00% | 1.20 | 0.200 |"
    sheet = openpyxl.load_workbook(write_xlsx([frame, frame], tmp_path / "cars.xlsx")).worksheets[1]
    assert (sheet["A2"].value, sheet["B2"].value, sheet["B2"].number_format) == ("a_1", 0.0123, "0.00%")


def test_a_table_wider_than_a_page_is_broken_and_scaled_and_a_narrow_one_is_left():
    wide = pd.DataFrame({f"a_long_name_{i}": [0.5] for i in range(12)} | {"why": ["because of this and that " * 4]})
    text = to_latex(wide)
    assert r"\resizebox{\linewidth}{!}{%" in text
    assert r"\end{tabular}}" in text
    assert r"\shortstack{a\\long\\name\\" in text
    assert "p{150pt}" in text
    assert "resizebox" not in to_latex(wide.iloc[:, :2])
