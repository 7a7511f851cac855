"""Writing a report: everything into a folder beside the target, and into place when it is whole."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventstudy.errors import InputError
from eventstudy.report.document import safe_name
from eventstudy.report.drawing import draw_all
from eventstudy.report.page import render_page
from eventstudy.report.values import csv_text, json_text, unit_of

if TYPE_CHECKING:
    from eventstudy.report.document import Document, Table

__all__ = ["read_manifest", "write_document"]

GENERATOR = "eventstudy"  # the mark by which a manifest is known to be ours
MANIFEST = "manifest.json"


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
    target = Path(out)
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _tidy_after_others(target)
    staging = target.parent / f".{target.name}.{os.getpid()}.partial"
    old = target.parent / f".{target.name}.{os.getpid()}.old"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        _write_files(document, staging)
        if target.exists():
            target.replace(old)
        try:
            staging.replace(target)
        except OSError:
            if old.exists():
                old.replace(target)
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _tidy_after_others(target: Path) -> None:
    """Put right what a run that was killed has left: between its two renames the earlier report lies beside its place."""
    for left in sorted(target.parent.glob(f".{glob.escape(target.name)}.*")):
        found = re.fullmatch(r"\.(\d+)\.(old|partial)", left.name[len(target.name) + 1 :])
        if found is None or not left.is_dir() or left.is_symlink() or _is_running(int(found[1])):
            continue
        if found[2] == "old" and not target.exists() and read_manifest(left) is not None:
            left.replace(target)
        else:
            shutil.rmtree(left, ignore_errors=True)


def _is_running(process: int) -> bool:
    """Say whether a process is there; on Windows, where asking would end it, always yes: nothing is touched."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def check_target(target: Path) -> None:
    """Refuse a target that holds anything but an earlier report of ours; ask before a long run, too.

    Raises
    ------
    InputError
        Naming the file that is in the way.
    """
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        msg = f"{target} is not a folder; name one that is new, empty, or an earlier report"
        raise InputError(msg)
    if not target.exists():
        above = next(path for path in target.absolute().parents if path.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            msg = f"{target} cannot be made: {above} is no folder that can be written; name another folder"
            raise InputError(msg)
        return
    there = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir())
    if not there:
        return
    manifest = read_manifest(target)
    ours = {MANIFEST, *manifest["files"]} if manifest else set()
    foreign = [name for name in there if name not in ours]
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        msg = f"{target} holds {foreign[0]}{more}, which no report wrote; move it away or name another folder"
        raise InputError(msg)


def read_manifest(folder: str | Path) -> dict[str, Any] | None:
    """Give the manifest of a report's folder; None if the folder is not one of ours."""
    try:
        manifest = json.loads((Path(folder) / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    ours = isinstance(manifest, dict) and manifest.get("generator") == GENERATOR
    return manifest if ours and isinstance(manifest.get("files"), dict) else None


def _write_files(document: Document, folder: Path) -> None:
    files: dict[str, bytes] = {"results.json": _bytes(json_text(document.results))}
    drawings: dict[str, str] = {}
    for chart, drawn in zip(document.charts, draw_all([chart.figure for chart in document.charts]), strict=True):
        stem = safe_name(chart.name)
        drawings[chart.name] = drawn["svg"].decode("utf-8")
        files.update({f"charts/{stem}.{kind}": content for kind, content in drawn.items()})
        files[f"tables/chart-{stem}.csv"] = _bytes(csv_text(chart.data))
    for table in document.tables:
        files[f"tables/{safe_name(table.name)}.csv"] = _bytes(csv_text(table.frame))
    files["report.html"] = render_page(document, drawings).encode("utf-8", errors="xmlcharrefreplace")
    manifest = {
        **document.manifest,
        "generator": GENERATOR,
        "title": document.title,
        "command": document.command,
        "shown": {safe_name(table.name): _units(table) for table in document.tables},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    files[MANIFEST] = _bytes(json_text(manifest, "manifest"))
    for name, content in sorted(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _units(table: Table) -> dict[str, str]:
    """Column -> how its numbers are printed, for who reads the file, and for the gate."""
    units = {str(name): unit_of(table, str(name)) for name in table.frame.columns}
    return {name: unit for name, unit in units.items() if unit != "text"}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="backslashreplace")  # half a surrogate pair in a name must not stop a report
