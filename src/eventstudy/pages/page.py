"""The one page: a template of the package, filled with a document's values, every text escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from eventstudy._shipped import shipped_text
from eventstudy.pages.document import UNITS, Document, Section, Table, safe_name
from eventstudy.pages.formats import column_texts, json_text, shown, sort_key, unit_of
from eventstudy.pages.svg import inline, letter_block
from eventstudy.plots.chart import Chart
from eventstudy.words import visible

ROWS_SHOWN = 250  # more rows than these make a page heavy and nobody reads them there; the CSV file has them all
TEXT_SHOWN = 300  # characters of a cell
_WORD = 30  # longer words may be broken anywhere
_SIGNS = {"yes": "✓ holds", "no": "✗ does not hold", "open": "? cannot be told"}


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    label: str
    kind: str
    choices: tuple[str, ...]


def render_page(document: Document, drawings: Mapping[str, str]) -> str:
    """Fill the template."""
    script, style = _read("page.js"), _read("page.css")
    letters: dict[str, str] = {}
    charts = {chart.name: _chart(chart, drawings[chart.name], letters) for chart in document.charts}
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
        sections=_sections(document),
        numbers=_numbers(document),
        charts=charts,
        letters=Markup(letter_block(letters)),  # noqa: S704  drawn by us, see letter_block()
        tables={table.name: _table(table) for table in document.tables},
        manifest=json_text(document.manifest, "manifest"),
        signs=_SIGNS,
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
    return [*document.sections, *rest]


def _numbers(document: Document) -> dict[str, int]:
    """Give each chart its number, in the order of the page."""
    order = [name for section in _sections(document) for name in section.charts]
    return {name: i for i, name in enumerate(order, start=1)}


def _chart(chart: Chart, drawing: str, letters: dict[str, str]) -> dict[str, Any]:
    stem = safe_name(chart.name)
    return {
        "stem": stem,
        "chart": chart,
        "svg": Markup(inline(drawing, stem, _attribute(chart.alt), letters)),  # noqa: S704  drawn by us, see inline()
    }


def _attribute(text: str) -> str:
    return str(Markup.escape(visible(" ".join(text.split()))))


def _table(table: Table) -> dict[str, Any]:
    top = table.frame.head(ROWS_SHOWN)
    values = [top.iloc[:, i].tolist() for i in range(top.shape[1])]
    texts = [[_cut(text) for text in column_texts(table, str(name))[:ROWS_SHOWN]] for name in table.frame.columns]
    columns = [_column(table, str(name), own) for name, own in zip(table.frame.columns, texts, strict=True)]
    keys = [
        [_sorted_by(value, text) for value, text in zip(*pair, strict=True)] for pair in zip(values, texts, strict=True)
    ]
    cells = [list(zip(*pair, strict=True)) for pair in zip(texts, keys, strict=True)]
    rows = list(zip(*cells, strict=True))
    return {
        "stem": safe_name(table.name),
        "table": table,
        "columns": columns,
        "rows": rows,
        "total": len(table.frame),
        "cut": len(table.frame) > ROWS_SHOWN,
        "search": len(rows) > 8,
    }


def _column(table: Table, name: str, texts: list[str]) -> _Column:
    unit = unit_of(table, name)
    label = table.labels.get(name, name.replace("_", " "))
    found = {_cut(shown(v, unit)) for v in table.frame[name].tolist()} if name in table.filters else set()
    choices = sorted(found - {""})  # no text is no choice: the page has "all" for it
    return _Column(
        name, label if unit in UNITS or unit.startswith("@") else f"{label}, {unit}", _kind(unit, texts), tuple(choices)
    )


def _kind(unit: str, texts: list[str]) -> str:
    """Say how a column is set: numbers to the right, short words in one line, long texts with room to break."""
    if unit != "text":
        return "n"
    if any(len(word) > _WORD for text in texts for word in text.split()):
        return "l w"
    longest = max(map(len, texts), default=0)
    return "s" if longest <= 18 else "m" if longest <= 60 else "l"


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_SHOWN else text[:TEXT_SHOWN] + " …"


def _sorted_by(value: Any, text: str) -> str | None:
    """Give what to sort by where it differs from what is shown."""
    key = sort_key(value)
    return None if key == text else key
