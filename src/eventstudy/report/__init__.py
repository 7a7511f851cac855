"""One folder that answers: results, tables, charts and one self-contained page; and comparing two such folders."""

from __future__ import annotations

from eventstudy.report.document import UNITS, Chart, Document, Fact, Section, Table, safe_name

__all__ = ["UNITS", "Chart", "Document", "Fact", "Section", "Table", "safe_name"]
