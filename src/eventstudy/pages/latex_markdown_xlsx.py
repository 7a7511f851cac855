"""Tables for elsewhere: LaTeX for a paper, Markdown for a page, XLSX for a desk."""

from __future__ import annotations

import io
import re
import textwrap
import zipfile
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.errors import InputError
from eventstudy.pages.document import UNITS, Table, safe_name
from eventstudy.pages.formats import column_texts, row_units, shown, unit_of
from eventstudy.pages.frames import as_table
from eventstudy.replace import write_whole

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$", "−": "$-$", "—": "---", "–": "--", "∞": r"$\infty$", "≥": r"$\geq$", "≤": r"$\leq$", "×": r"$\times$", "→": r"$\rightarrow$",
    "†": r"\dag{}", "“": "``", "”": "''", "’": "'", "…": r"\ldots{}", "·": r"$\cdot$", "±": r"$\pm$",
    "\n": " ", "\r": " ", "\t": " ",
}  # fmt: skip


def _heads(table: Table) -> list[str]:
    heads = []
    for name in map(str, table.frame.columns):
        unit, label = unit_of(table, name), table.labels.get(name, name.replace("_", " "))
        heads.append(label if unit in UNITS or unit.startswith("@") else f"{label}, {unit}")
    return heads


def _rows(table: Table) -> list[list[str]]:
    return [list(row) for row in zip(*(column_texts(table, name) for name in table.frame.columns), strict=True)]


def _numeric(table: Table) -> list[bool]:
    return [unit_of(table, str(name)) != "text" for name in table.frame.columns]


def to_latex(table: Table | pd.DataFrame) -> str:
    r"""Write a table in LaTeX, with the rules of the package booktabs; every text is escaped.

    Parameters
    ----------
    table : Table or DataFrame
        Of a frame, returns are shown in percent, and what has another unit in that of its row.

    Returns
    -------
    str
        A ``table`` environment with caption, label ``tab:NAME`` and small print. Long texts are broken in their cells. A table
        that is wider than the text of an article is scaled to it: its document loads ``graphicx``, too.

    Examples
    --------
    >>> from eventstudy.report import Table
    >>> frame = pd.DataFrame({"event": ["R&D_1"], "car": [-0.0484]})
    >>> print(to_latex(Table("cars", "CARs", "", frame, {"car": "percent"})))
    \begin{table}[htbp]
    \centering
    \caption{CARs}\label{tab:cars}
    \begin{tabular}{lr}
    \toprule
    event & car \\
    \midrule
    R\&D\_1 & $-$4.84\% \\
    \bottomrule
    \end{tabular}
    \end{table}
    """
    table = as_table(table)
    heads, rows, numeric = _heads(table), _rows(table), _numeric(table)
    longest = [max((len(row[i]) for row in rows), default=0) for i in range(len(heads))]
    align, said, wide = _columns(heads, longest, numeric, broken=False)
    if wide > _TEXT:
        align, said, wide = _columns(heads, longest, numeric, broken=True)
    scaled = _TEXT < wide < _SCALED * _TEXT
    lines = [r"\begin{table}[htbp]", r"\centering"]
    lines += [rf"\caption{{{_tex(table.title)}}}\label{{tab:{safe_name(table.name)}}}"] if table.title else []
    lines += [r"\resizebox{\linewidth}{!}{%"] if scaled else []
    top = " & ".join(map(_tex_head, said))
    lines += [rf"\begin{{tabular}}{{{align}}}", r"\toprule", top + r" \\", r"\midrule"]
    lines += [*map(_tex_row, rows), r"\bottomrule", r"\end{tabular}" + ("}" if scaled else "")]
    lines += [rf"\par\footnotesize {_tex(table.caption)}"] if table.caption else []
    return "\n".join([*lines, r"\end{table}"])


_TEXT = 345.0  # points of a line of an article
_SCALED = 2.5  # times that: wider tables would be too small to read, and are left to who chooses their columns
_LETTER, _GAP = 5.0, 6.0  # points of a letter, and beside a column
_LONG, _LONG_PT = 30, 150  # letters from which a text is broken, and the width that it then has


def _columns(
    heads: list[str], longest: list[int], numeric: list[bool], *, broken: bool
) -> tuple[str, list[list[str]], float]:
    """Give how columns stand, the lines of their heads, and their width in points; `broken`: long texts and heads are."""
    long = [broken and not number and most > _LONG for number, most in zip(numeric, longest, strict=True)]
    said = [_stacked(head, most) if broken else [head] for head, most in zip(heads, longest, strict=True)]
    letters = [max(most, *map(len, head)) for most, head in zip(longest, said, strict=True)]
    wide = sum(_LONG_PT if cut else _LETTER * most for cut, most in zip(long, letters, strict=True))
    align = (
        "r" if number else rf"p{{{_LONG_PT}pt}}" if cut else "l" for number, cut in zip(numeric, long, strict=True)
    )
    return "".join(align), said, wide + 2 * _GAP * len(heads)


def _stacked(head: str, letters: int) -> list[str]:
    """Break the head of a column that is longer than what stands below it."""
    longest = max(letters, *map(len, head.split()), 1) if head.split() else 1
    return textwrap.wrap(head, longest, break_long_words=False, break_on_hyphens=False) or [head]


def _tex_head(lines: list[str]) -> str:
    return _tex(lines[0]) if len(lines) == 1 else rf"\shortstack{{{(chr(92) * 2).join(map(_tex, lines))}}}"


def _tex(text: str) -> str:
    return "".join(_LATEX.get(c, c if c.isprintable() else "") for c in text)


def _tex_row(cells: list[str]) -> str:
    return " & ".join(map(_tex, cells)) + r" \\"


def to_markdown(table: Table | pd.DataFrame) -> str:
    r"""Write a table in Markdown (GitHub's pipe table); text that Markdown or HTML would read is escaped.

    Parameters
    ----------
    table : Table or DataFrame
        Of a frame, returns are shown in percent, and what has another unit in that of its row.

    Returns
    -------
    str

    Examples
    --------
    >>> from eventstudy.report import Table
    >>> frame = pd.DataFrame({"event": ["a|b"], "car": [0.0952]})
    >>> print(to_markdown(Table("cars", "CARs", "", frame, {"car": "percent"})))
    | event | car |
    |:---|---:|
    | a\|b | 9.52% |
    """
    table = as_table(table)
    rule = "|" + "|".join("---:" if numeric else ":---" for numeric in _numeric(table)) + "|"
    return "\n".join([_md_row(_heads(table)), rule, *map(_md_row, _rows(table))])


def _md_row(cells: list[str]) -> str:
    return "| " + " | ".join(map(_md, cells)) + " |"


def _md(text: str) -> str:
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    escaped = re.sub(r"([\\`*_\[\]|~])", r"\\\1", flat)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_html(table: Table | pd.DataFrame) -> str:
    """Write a table as an HTML table, for a notebook or a page of one's own; every text is escaped.

    Parameters
    ----------
    table : Table or DataFrame
        As in :func:`to_markdown`.

    Returns
    -------
    str

    Examples
    --------
    >>> print(to_html(pd.DataFrame({"event": ["a<b"], "car": [0.0952]})))
    <table><thead><tr><th>event</th><th>car</th></tr></thead><tbody>
    <tr><td>a&lt;b</td><td style="text-align:right">9.52%</td></tr>
    </tbody></table>
    """
    table = as_table(table)
    right = [' style="text-align:right"' if numeric else "" for numeric in _numeric(table)]
    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    head = "".join(f"<th>{escape(text)}</th>" for text in _heads(table))
    rows = [
        "<tr>" + "".join(f"<td{side}>{escape(text)}</td>" for text, side in zip(row, right, strict=True)) + "</tr>"
        for row in _rows(table)
    ]
    note = f"<p><small>{escape(table.caption)}</small></p>" if table.caption else ""
    return "\n".join([f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>", *rows, f"</tbody></table>{note}"])


def write_docx(table: Table | pd.DataFrame, path: str | Path) -> Path:
    """Write a table as a Word document: its title, the table, its notes; the same bytes each time.

    Parameters
    ----------
    table : Table or DataFrame
    path : str or pathlib.Path

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If python-docx is not installed (``pip install 'eventstudykit[docx]'``), or the file cannot be written.
    """
    try:
        import docx  # noqa: PLC0415  an extra
    except ImportError:
        msg = "writing .docx needs python-docx: pip install 'eventstudykit[docx]'"
        raise InputError(msg) from None
    table = as_table(table)
    page = docx.Document()
    if table.title:
        page.add_paragraph(table.title, style="Caption")
    heads, rows = _heads(table), _rows(table)
    grid = page.add_table(rows=1 + len(rows), cols=len(heads), style="Light List")
    for i, row in enumerate([heads, *rows]):
        for j, text in enumerate(row):
            grid.cell(i, j).text = "".join(c for c in text if c.isprintable())
    if table.caption:
        page.add_paragraph(table.caption)
    raw = io.BytesIO()
    page.save(raw)
    return write_whole(path, _without_clock(raw.getvalue()))


def write_xlsx(tables: Iterable[Table | pd.DataFrame], path: str | Path) -> Path:
    """Write tables to one workbook, a sheet each: numbers as numbers, no text that is a formula, the same bytes each time.

    Parameters
    ----------
    tables : iterable of Table or DataFrame
    path : str or pathlib.Path

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If openpyxl is not installed (``pip install 'eventstudykit[xlsx]'``), there is no table, or the file cannot be written.
    """
    try:
        import openpyxl  # type: ignore[import-untyped]  # noqa: PLC0415  # an extra
    except ImportError:
        msg = "writing .xlsx needs openpyxl: pip install 'eventstudykit[xlsx]'"
        raise InputError(msg) from None
    book = openpyxl.Workbook()
    book.remove(book.active)
    used: set[str] = set()
    for table in map(as_table, tables):
        sheet = book.create_sheet(_sheet_name(table.title, used))
        _fill(sheet, table)
    if not used:
        msg = "there is no table to write"
        raise InputError(msg)
    raw = io.BytesIO()
    book.save(raw)
    return write_whole(path, _without_clock(raw.getvalue()))


def _sheet_name(title: str, used: set[str]) -> str:
    base = "".join(c for c in re.sub(r"[\[\]:*?/\\']", " ", title) if c.isprintable()).strip()[:27] or "table"
    name, number = base, 2
    while name.lower() in used:
        name, number = f"{base} {number}", number + 1
    used.add(name.lower())
    return name


_FORMATS = {"percent": "0.00%", "pvalue": "0.000", "count": "#,##0"}
_EXCEL_TEXT = 32_767  # characters that a cell holds


def _fill(sheet: Any, table: Table) -> None:
    for j, head in enumerate(_heads(table), start=1):
        _text(sheet.cell(1, j), head)
    for j, name in enumerate(table.frame.columns, start=1):
        units = [unit.removeprefix("@") for unit in row_units(table, str(name))]
        values = table.frame.iloc[:, j - 1].tolist()
        for i, (value, unit) in enumerate(zip(values, units, strict=True), start=2):
            cell = sheet.cell(i, j)
            if isinstance(value, int | float | np.number) and not isinstance(value, bool) and np.isfinite(value):
                cell.value = float(value) * (10_000 if unit == "bp" else 1)
                cell.number_format = _FORMATS.get(unit, "General")
            elif not pd.isna(value):
                _text(cell, shown(value, unit))
    sheet.freeze_panes = "A2"


def _text(cell: Any, text: str) -> None:
    cell.value = "".join(c for c in text if c.isprintable() or c == "\n")[:_EXCEL_TEXT]
    cell.data_type = "s"  # a text that begins with = is a text


def _without_clock(content: bytes) -> bytes:
    """Write the archive anew with fixed dates: openpyxl notes when it saved, and zip when each member was made."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for name in sorted(old.namelist()):
            data = old.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2000-01-01T00:00:00Z", data)
            new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()
