"""The one page: a template of the package, filled with a document's values, every text escaped."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from eventstudy._shipped import shipped_text
from eventstudy.pages.document import UNITS, Document, Section, Table, safe_name
from eventstudy.pages.formats import MISSING, column_texts, json_text, sort_key, unit_of
from eventstudy.pages.svg import inline, style_rules
from eventstudy.plots.chart import Chart
from eventstudy.words import visible

ROWS_SHOWN = 50  # of a longer table; the others come when somebody looks for them
ROWS_KEPT = 5000  # of a table in a page; of more, the CSV file has the rest
COLUMNS_SHOWN = 8
TEXT_SHOWN = 300  # characters of a cell
_WORD = 30  # longer words may be broken anywhere
_SIGNS = {"yes": "✓ holds", "no": "✗ not shown", "open": "? cannot be told"}


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    label: str
    kind: str
    choices: tuple[str, ...]


def render_page(document: Document, drawings: Mapping[str, Sequence[str]], *, files: bool = True) -> str:
    """Fill the template; of each chart a drawing, and perhaps a second for narrow screens.

    `files`: whether the files of charts and tables lie beside the page.
    """
    script, style = _read("page.js"), _read("page.css")
    styles: dict[str, str] = {}
    charts = {chart.name: _chart(chart, drawings[chart.name], styles) for chart in document.charts}
    tables = {table.name: _table(table) for table in document.tables}
    style += style_rules(styles) + "".join(table["rules"] for table in tables.values())
    sections = _sections(document)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_said,
    )
    return environment.get_template("page.html.j2").render(
        document=document,
        script=Markup(script),  # noqa: S704  # ours
        style=Markup(style),  # noqa: S704  # ours
        script_hash=digest,
        sections=sections,
        anchors=_anchors(sections),
        numbers=_numbers(document),
        charts=charts,
        tables=tables,
        doi=_doi,
        manifest=json_text(document.manifest, "manifest"),
        signs=_SIGNS,
        files=files,
    )


def _said(value: Any) -> Any:
    """Make each text visible on its way into the page; what is markup is ours."""
    return visible(value, keep="\t\n") if isinstance(value, str) and not isinstance(value, Markup) else value


def _read(name: str) -> str:
    return shipped_text("eventstudy.pages", f"template/{name}")


def _sections(document: Document) -> list[Section]:
    """Give the sections, and at the end what no section has named."""
    named = {name for section in document.sections for name in (*section.charts, *section.tables)}
    charts = tuple(chart.name for chart in document.charts if chart.name not in named)
    tables = tuple(table.name for table in document.tables if table.name not in named)
    rest = [Section("More charts", charts=charts)] if charts else []
    rest += [Section("More tables", tables=tables)] if tables else []
    first = [section for section in document.sections if not section.behind]
    return [*first, *rest, *(section for section in document.sections if section.behind)]


def _numbers(document: Document) -> dict[str, int]:
    """Give each chart its number, in the order of the page."""
    order = [name for section in _sections(document) for name in section.charts]
    return {name: i for i, name in enumerate(order, start=1)}


def _chart(chart: Chart, drawings: Sequence[str], styles: dict[str, str]) -> dict[str, Any]:
    stem, alt = safe_name(chart.name), _attribute(chart.alt)
    made = [
        Markup(inline(drawing, f"{stem}{size}", alt, styles))  # noqa: S704  drawn by us, see inline()
        for drawing, size in zip(drawings, ("", ".narrow"), strict=False)
    ]
    return {"stem": stem, "chart": chart, "svg": made[0], "narrow": made[1] if len(made) > 1 else ""}


def _attribute(text: str) -> str:
    return str(Markup.escape(visible(" ".join(text.split()))))


def _anchors(sections: list[Section]) -> dict[str, str]:
    """Give each section the anchor by which others can point to it: its heading, told apart where two read alike."""
    anchors: dict[str, str] = {}
    for section in sections:
        stem = f"section-{safe_name(section.heading)}"
        taken = sum(other == stem or other.startswith(f"{stem}-again-") for other in anchors.values())
        anchors[section.heading] = f"{stem}-again-{taken}" if taken else stem
    return anchors


_DOI = re.compile(r"10\.\d{4,}/\S+")


def _doi(text: str) -> list[tuple[str, str]]:
    """Give the parts of a cell, each with its address if it is a DOI; nothing for a cell without one."""
    if "10." not in text:
        return []
    parts = [(part, f"https://doi.org/{part}" if _DOI.fullmatch(part) else "") for part in text.split("; ")]
    return parts if any(address for _, address in parts) else []


def _table(table: Table) -> dict[str, Any]:
    stem = safe_name(table.name)
    top = table.frame.head(ROWS_KEPT)
    texts = [
        [visible(_cut(text), keep="\t\n") for text in column_texts(table, str(name))[:ROWS_KEPT]]
        for name in table.frame.columns
    ]
    columns = [_column(table, str(name), own) for name, own in zip(table.frame.columns, texts, strict=True)]
    keys = [
        [_sorted_by(value, text) for value, text in zip(top.iloc[:, i].tolist(), own, strict=True)]
        for i, own in enumerate(texts)
    ]
    rows = list(zip(*([*zip(*pair, strict=True)] for pair in zip(texts, keys, strict=True)), strict=True))
    marks = list(map(str, top["event_id"])) if "event_id" in top.columns else None
    shown = rows if len(rows) <= 1.2 * ROWS_SHOWN else rows[:ROWS_SHOWN]
    later = [[text if key is None else [text, key] for text, key in row] for row in rows[len(shown) :]]
    return {
        "stem": stem,
        "table": table,
        "columns": columns,
        "rows": shown,
        "marks": marks,
        "later": Markup(_block(later)),  # noqa: S704  JSON, see _block()
        "later_marks": Markup(_block(marks[len(shown) :] if marks else None)),  # noqa: S704  the same
        "kept": len(rows),
        "total": len(table.frame),
        "search": len(rows) > 8,
        "more": len(columns) > COLUMNS_SHOWN,
        "rules": _rules(stem, columns, _behind(table)),
    }


def _block(value: Any) -> str:
    """Write a value as JSON that may stand in a page: visible, and nothing that ends the block."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _behind(table: Table) -> list[int]:
    """Give the columns that are shown only when asked for, by place."""
    names = [str(name) for name in table.frame.columns]
    main = set((table.main or tuple(names))[:COLUMNS_SHOWN])
    return [at for at, name in enumerate(names) if name not in main]


def _rules(stem: str, columns: list[_Column], behind: list[int]) -> str:
    """Say how the columns of a table are set, in rules of its own: a class in every cell would be half of a page."""
    looks = {
        "n": "text-align:right;white-space:nowrap",
        "s": "white-space:nowrap",
        "m": "min-width:11rem",
        "l": "min-width:18rem",
        "w": "min-width:18rem;overflow-wrap:anywhere",
    }
    rules = []
    for kind, look in looks.items():
        places = [at for at, column in enumerate(columns, start=1) if column.kind == kind]
        if places:
            rules.append(",".join(f"#table-{stem} td:nth-child({at})" for at in places) + f"{{{look}}}")
    if behind:
        rules.append(",".join(f"#table-{stem}.few tr>:nth-child({at + 1})" for at in behind) + "{display:none}")
    return "\n".join(rules) + "\n" if rules else ""


def _column(table: Table, name: str, texts: list[str]) -> _Column:
    unit = unit_of(table, name)
    label = table.labels.get(name, name.replace("_", " "))
    choices = (
        sorted(set(texts) - {""}) if name in table.filters else []
    )  # no text is no choice: the page has "any" for it
    head = label if unit in UNITS or unit.startswith("@") else f"{label}, {unit}"
    return _Column(name, head, _kind(unit, texts), tuple(choices))


def _kind(unit: str, texts: list[str]) -> str:
    """Say how a column is set: numbers to the right, short words in one line, long texts with room to break."""
    if unit != "text":
        return "n"
    if any(len(word) > _WORD for text in texts for word in text.split()):
        return "w"
    longest = max(map(len, texts), default=0)
    return "s" if longest <= 18 else "m" if longest <= 60 else "l"


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_SHOWN else text[:TEXT_SHOWN] + " …"


_SHOWN_NUMBER = re.compile(r"−?[\d,]+(?:\.\d+)?%?")


def _sorted_by(value: Any, text: str) -> str | None:
    """Give what to sort by, where the script of the page cannot read it from what is shown."""
    if _SHOWN_NUMBER.fullmatch(text) or text == MISSING:
        return None
    key = f"{value:.7g}" if isinstance(value, float) and math.isfinite(value) else sort_key(value)
    return None if key == text else key
