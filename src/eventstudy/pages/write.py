"""Writing a report: everything into a folder beside the target, and into place when it is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventstudy.errors import InputError
from eventstudy.pages.document import Document, Table, only, safe_name
from eventstudy.pages.formats import csv_text, json_text, unit_of
from eventstudy.pages.page import render_page
from eventstudy.pages.render_charts import draw_all
from eventstudy.replace import (
    MANIFEST,
    Kind,
    are_digests,
    check_folder,
    manifest_of,
    put_right,
    replace_folder,
    same_place,
    write_whole,
)
from eventstudy.returns.cache.store import default_folder

GENERATOR = "eventstudy"  # the mark by which a manifest is known to be ours


def _names(manifest: dict[str, Any]) -> dict[str, str] | None:
    """Return the files that a report's manifest names; None if it is not one."""
    files: dict[str, str] | None = manifest.get("files")
    return files if manifest.get("generator") == GENERATOR and are_digests(files) else None


REPORT: Final = Kind("report", _names)


def write_document(document: Document, out: str | Path) -> None:
    """Write a report: results.json, report.html, charts, tables and manifest.json.

    Parameters
    ----------
    document : Document
    out : str or pathlib.Path
        The folder. It may be new, empty, or the folder of an earlier report, which is replaced as a whole. Folders
        above it are made.

    Raises
    ------
    InputError
        If ``out`` is a file, or a folder that holds files which no report of ours has written. Nothing is changed.

    Notes
    -----
    The files are written into a hidden folder beside ``out`` and moved into place when all are there: an interrupted
    run leaves the old report, and a killed one folders whose names begin with a dot, which the next run puts right: the
    old report back in its place, the unfinished one away. The same document gives the same bytes.
    """
    check_target(out)
    replace_folder(out, _files(document), REPORT)


def write_page(document: Document, path: str | Path, sections: Sequence[str] | None = None) -> Path:
    """Write a document as one page, with no file beside it.

    Parameters
    ----------
    document : Document
    path : str or pathlib.Path
        An ``.html`` file; one of that name is replaced.
    sections : sequence of str, optional
        Headings of the sections to show; all by default.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If a heading is none of the document's, the name does not end in .html, or the file cannot be written.
    """
    if Path(path).suffix.lower() not in {".html", ".htm"}:
        msg = f"{path}: a page is an .html file; name one, such as out.html"
        raise InputError(msg)
    if sections is not None:
        document = only(document, sections)
    return write_whole(path, _page(document, _drawn(document), files=False))


def check_target(out: str | Path) -> None:
    """Refuse a target that holds anything but an earlier report of ours; ask before a long run, too.

    Raises
    ------
    InputError
        Naming what is in the way.
    """
    check_folder(out, REPORT)
    if same_place(out, default_folder()):
        msg = f"{out} is the folder of the cache; name another folder"
        raise InputError(msg)


def read_manifest(folder: str | Path) -> dict[str, Any] | None:
    """Give the manifest of a report's folder; None if the folder is not one of ours."""
    put_right(folder, REPORT)
    return manifest_of(Path(folder), REPORT)


def _files(document: Document) -> dict[str, bytes]:
    files: dict[str, bytes] = {"results.json": _bytes(json_text(document.results))}
    drawn = _drawn(document)
    for chart in document.charts:
        stem = safe_name(chart.name)
        files.update({f"charts/{stem}.{kind}": content for kind, content in drawn[chart.name][0].items()})
        files[f"tables/chart-{stem}.csv"] = _bytes(csv_text(chart.data))
    for table in document.tables:
        files[f"tables/{safe_name(table.name)}.csv"] = _bytes(csv_text(table.frame))
    files["report.html"] = _page(document, drawn, files=True)
    manifest = {
        **document.manifest,
        "generator": GENERATOR,
        "title": document.title,
        "command": document.command,
        "shown": {safe_name(table.name): _units(table) for table in document.tables},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    files[MANIFEST] = _bytes(json_text(manifest, "manifest"))
    return files


def _drawn(document: Document) -> dict[str, list[dict[str, bytes]]]:
    """Draw each chart, and once more for narrow screens where that can be done."""
    charts = document.charts
    again = [chart for chart in charts if not isinstance(chart.drawn, Axes | Figure)]
    wide, small = (
        [partial(getattr, chart, size) for chart in own] for own, size in ((charts, "figure"), (again, "narrow"))
    )
    drawn = draw_all(wide, small)
    narrow = {chart.name: own for chart, own in zip(again, drawn[len(charts) :], strict=True) if own}
    return {
        chart.name: [own, *([narrow[chart.name]] if chart.name in narrow else [])]
        for chart, own in zip(charts, drawn, strict=False)
    }


def _page(document: Document, drawn: dict[str, list[dict[str, bytes]]], *, files: bool) -> bytes:
    drawings = {name: [one["svg"].decode("utf-8") for one in own] for name, own in drawn.items()}
    return render_page(document, drawings, files=files).encode("utf-8", errors="xmlcharrefreplace")


def _units(table: Table) -> dict[str, str]:
    """Column -> how its numbers are printed, for who reads the file, and for the gate."""
    units = {str(name): unit_of(table, str(name)) for name in table.frame.columns}
    return {name: unit for name, unit in units.items() if unit != "text"}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="backslashreplace")  # half a surrogate pair in a name must not stop a report
