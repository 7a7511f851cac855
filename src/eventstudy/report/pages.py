"""What is written and how it is written, made in the room `pages`; users find it in `eventstudy.report`."""

from eventstudy.pages.document import UNITS, Document, Fact, Section, Table, safe_name
from eventstudy.pages.latex_markdown_xlsx import to_html, to_latex, to_markdown, write_docx, write_xlsx
from eventstudy.pages.write import check_target, read_manifest, write_document, write_page
from eventstudy.plots.chart import Chart

__all__ = [
    "UNITS",
    "Chart",
    "Document",
    "Fact",
    "Section",
    "Table",
    "check_target",
    "read_manifest",
    "safe_name",
    "to_html",
    "to_latex",
    "to_markdown",
    "write_document",
    "write_docx",
    "write_page",
    "write_xlsx",
]
