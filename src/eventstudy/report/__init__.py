"""One folder that answers: results, tables, charts and one self-contained page; and comparing two such folders."""

from __future__ import annotations

from eventstudy.report.document import UNITS, Chart, Document, Fact, Section, Table, safe_name
from eventstudy.report.write import check_target, read_manifest, write_document

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
    "write_document",
]
