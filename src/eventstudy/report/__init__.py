"""One folder that answers: results, tables, charts and one self-contained page; and comparing two such folders.

The public names are imported when first used: the pytest plugin of this room is loaded by every pytest run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstudy._lazy import lazily

if TYPE_CHECKING:
    from eventstudy.report.compare import check_document, compare_folders
    from eventstudy.report.document import UNITS, Chart, Document, Fact, Section, Table, safe_name
    from eventstudy.report.export import to_latex, to_markdown, write_xlsx
    from eventstudy.report.keep import Kept, join_characteristics, keep_result, load_kept, save_kept
    from eventstudy.report.moved import Comparison, Moved
    from eventstudy.report.write import check_target, read_manifest, write_document

_HOMES = {
    "Comparison": "moved",
    "Moved": "moved",
    "check_document": "compare",
    "compare_folders": "compare",
    "UNITS": "document",
    "Chart": "document",
    "Document": "document",
    "Fact": "document",
    "Section": "document",
    "Table": "document",
    "safe_name": "document",
    "to_latex": "export",
    "to_markdown": "export",
    "write_xlsx": "export",
    "Kept": "keep",
    "join_characteristics": "keep",
    "save_kept": "keep",
    "keep_result": "keep",
    "load_kept": "keep",
    "check_target": "write",
    "read_manifest": "write",
    "write_document": "write",
}

__all__ = [
    "UNITS",
    "Chart",
    "Comparison",
    "Document",
    "Fact",
    "Kept",
    "Moved",
    "Section",
    "Table",
    "check_document",
    "check_target",
    "compare_folders",
    "join_characteristics",
    "keep_result",
    "load_kept",
    "read_manifest",
    "safe_name",
    "save_kept",
    "to_latex",
    "to_markdown",
    "write_document",
    "write_xlsx",
]


__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
