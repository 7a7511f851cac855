"""Did anything move? Two folders of one study, compared by what they hold: inputs, numbers, tables, charts, files."""

from __future__ import annotations

import csv
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.errors import InputError
from eventstudy.report.numbers import flatten, is_same, relative
from eventstudy.report.pictures import picture_difference, side_by_side
from eventstudy.report.write import MANIFEST, read_manifest, write_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from eventstudy.report.document import Document

__all__ = ["Comparison", "Moved", "check_document", "compare_folders"]

TOLERANCE = 1e-6  # relative: far above what another processor's rounding does, far below what a person would quote
PICTURE_TOLERANCE = 2.0  # root mean square of the difference of grey values, 0 to 255, as pytest-mpl's default


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that differs.

    Attributes
    ----------
    kind : str
        ``"input"``, ``"setting"``, ``"number"``, ``"table"``, ``"chart"``, ``"page"`` or ``"file"``.
    what : str
        A key path of manifest.json or results.json, or the name of a file.
    old, new : str
        What stood there and what stands there now; ``"missing"`` if nothing.
    difference : str
        How much, in words.
    """

    kind: str
    what: str
    old: str
    new: str
    difference: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found; false if anything moved.

    Attributes
    ----------
    moved : tuple of Moved
        Inputs first, then settings, numbers, tables, charts, the page, other files.
    notes : tuple of str
        What differs without being a failure: versions of libraries, and that pictures were therefore compared by eye.
    """

    moved: tuple[Moved, ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.moved

    @property
    def frame(self) -> pd.DataFrame:
        """One row a difference: ``kind``, ``what``, ``old``, ``new``, ``difference``."""
        columns = ["kind", "what", "old", "new", "difference"]
        return pd.DataFrame([[getattr(row, column) for column in columns] for row in self.moved], columns=columns)

    def __str__(self) -> str:
        lines = [f"{m.kind:<8} {m.what}: {m.old} -> {m.new} ({m.difference})" for m in self.moved]
        return "\n".join([*(lines or ["nothing moved"]), *self.notes])


def compare_folders(
    old: str | Path, new: str | Path, *, tolerance: float = TOLERANCE, images: str | Path | None = None
) -> Comparison:
    """Compare two folders written by :func:`eventstudy.report.write_document`.

    Parameters
    ----------
    old, new : str or pathlib.Path
        The accepted folder and the new one.
    tolerance : float
        Relative: two numbers are the same if they differ by at most ``tolerance`` times the larger one.
    images : str or pathlib.Path, optional
        A folder for a picture of each moved chart: old, new, and their difference side by side.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If a folder is not a report of ours, or the tolerance is negative.

    Notes
    -----
    Charts are compared byte by byte when inputs and versions are the same, and as pictures otherwise (root mean
    square of the difference above 2 of 255): another version of matplotlib draws the same thing in other bytes, and
    an input that changed by less than the tolerance must not be reported by each chart.
    """
    if not tolerance >= 0:
        msg = f"tolerance must be 0 or more, not {tolerance}"
        raise InputError(msg)
    before, after = _manifest(old), _manifest(new)
    inputs = _keys("input", before.get("inputs"), after.get("inputs"), "inputs", 0.0)
    moved = [*inputs, *_settings(before, after)]
    versions = sorted(set(_versions(before).items()) ^ set(_versions(after).items()))
    notes = [f"versions differ: {', '.join(sorted({name for name, _ in versions}))}"] if versions else []
    by_bytes = not versions and not inputs
    if not by_bytes:
        notes.append("charts were compared as pictures, not byte by byte")
    if _there(old, "results.json") and _there(new, "results.json"):
        moved += _keys("number", _json(old, "results.json"), _json(new, "results.json"), "", tolerance)
    moved += _tables(Path(old), Path(new), tolerance)
    moved += _charts(Path(old), Path(new), by_bytes=by_bytes, images=Path(images) if images else None)
    moved += _others(Path(old), Path(new), by_bytes=by_bytes, quiet=bool(moved))
    return Comparison(tuple(moved), tuple(notes))


def check_document(
    document: Document, against: str | Path, *, tolerance: float = TOLERANCE, images: str | Path | None = None
) -> Comparison:
    """Write a document to a temporary folder and compare it with an accepted one.

    Parameters
    ----------
    document : Document
    against : str or pathlib.Path
        The accepted folder; it is only read.
    tolerance, images
        As in :func:`compare_folders`.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If ``against`` is not a report of ours.
    """
    _manifest(against)  # before the work of drawing
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / "new"
        write_document(document, new)
        return compare_folders(against, new, tolerance=tolerance, images=images)


def _manifest(folder: str | Path) -> dict[str, Any]:
    manifest = read_manifest(folder)
    if manifest is None:
        msg = f"{folder} is not a folder that `eventstudy run` wrote: it has no {MANIFEST} of ours"
        raise InputError(msg)
    return manifest


def _versions(manifest: dict[str, Any]) -> dict[str, str]:
    versions = manifest.get("versions")
    return {str(k): str(v) for k, v in versions.items()} if isinstance(versions, dict) else {}


def _settings(before: dict[str, Any], after: dict[str, Any]) -> list[Moved]:
    """Everything else in the manifests: configuration, seed, command."""
    apart = {"inputs", "versions", "files", "generator", "title"}
    one, two = ({k: v for k, v in m.items() if k not in apart} for m in (before, after))
    return _keys("setting", one, two, "", 0.0)


def _keys(kind: str, old: Any, new: Any, at: str, tolerance: float) -> list[Moved]:
    one, two = flatten(old, new, at)
    found = []
    for key in sorted(one.keys() | two.keys()):
        sort = "input" if key.endswith(_HASHES) else kind
        a, b = one.get(key, _ABSENT), two.get(key, _ABSENT)
        if a is _ABSENT or b is _ABSENT:
            found.append(Moved(sort, key, _say(a), _say(b), "new" if a is _ABSENT else "gone"))
        elif not is_same(a, b, tolerance):
            found.append(Moved(sort, key, _say(a), _say(b), relative(a, b)))
    return found


_HASHES = ("digest", "sha256", "hash")  # a hash among the results is no number of theirs


class _Absent:
    """What stands where a key is missing: null is a value."""


_ABSENT = _Absent()


def _say(value: Any) -> str:
    if value is _ABSENT:
        return "missing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"


def _there(folder: str | Path, name: str) -> bool:
    return (Path(folder) / name).is_file()


def _json(folder: str | Path, name: str) -> Any:
    try:
        return json.loads((Path(folder) / name).read_text(encoding="utf-8"))
    except ValueError as error:
        msg = f"{Path(folder) / name} is not JSON any more ({error}); write the report anew"
        raise InputError(msg) from None


def _names(folder: Path, pattern: str) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file()}


def _pairs(old: Path, new: Path, pattern: str, kind: str, found: list[Moved]) -> Iterator[str]:
    """Give the files that both have; note those that one lacks."""
    one, two = _names(old, pattern), _names(new, pattern)
    for name in sorted(one | two):
        if name in one and name in two:
            yield name
        else:
            there = ("there", "missing", "gone") if name in one else ("missing", "there", "new")
            found.append(Moved(kind, name, *there))


def _tables(old: Path, new: Path, tolerance: float) -> list[Moved]:
    found: list[Moved] = []
    for name in _pairs(old, new, "tables/*.csv", "table", found):
        one, two = (
            list(csv.reader((f / name).read_text(encoding="utf-8").splitlines(keepends=True))) for f in (old, new)
        )
        if one[:1] != two[:1]:
            found.append(Moved("table", name, _columns(one), _columns(two), "other columns"))
        elif len(one) != len(two):
            found.append(
                Moved("table", name, f"{len(one) - 1} rows", f"{len(two) - 1} rows", f"{len(two) - len(one):+d}")
            )
        else:
            found += _cells(name, one, two, tolerance)
    return found


def _columns(rows: list[list[str]]) -> str:
    return f"{len(rows[0])} columns" if rows else "empty"


def _cells(name: str, one: list[list[str]], two: list[list[str]], tolerance: float) -> list[Moved]:
    """Give one line for a table: how many cells moved, and the first of them."""
    differ = [
        (i, j)
        for i, (a, b) in enumerate(zip(one, two, strict=True))
        for j in range(max(len(a), len(b)))
        if len(a) != len(b) or not is_same(_number(a[j]), _number(b[j]), tolerance)
    ]
    if not differ:
        return []
    i, j = differ[0]
    a, b = (rows[i][j] if j < len(rows[i]) else "" for rows in (one, two))
    head = one[0][j] if j < len(one[0]) else f"column {j + 1}"
    size = relative(_number(a), _number(b))
    said = f"{len(differ)} cell{'s' if len(differ) > 1 else ''}; first: row {i} ({_say(one[i][0])}), {head}, {size}"
    return [Moved("table", name, _say(a), _say(b), said)]


def _number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _charts(old: Path, new: Path, *, by_bytes: bool, images: Path | None) -> list[Moved]:
    found: list[Moved] = []
    for name in _pairs(old, new, "charts/*", "chart", found):
        if _same_bytes(old / name, new / name):
            continue
        seen = picture_difference(old / name, new / name) if name.endswith(".png") else None
        if by_bytes:
            said = "other bytes" if seen is None else f"other bytes; pictures differ by {seen:.2f} of 255"
            found.append(Moved("chart", name, "accepted", "other", said))
        elif seen is not None and seen > PICTURE_TOLERANCE:
            found.append(Moved("chart", name, "accepted", "other", f"pictures differ by {seen:.2f} of 255"))
    if images is not None:
        _show(old, new, [m.what for m in found if m.old == "accepted"], images)
    return found


def _show(old: Path, new: Path, names: list[str], images: Path) -> None:
    for stem in sorted({Path(name).stem for name in names}):
        one, two = (folder / "charts" / f"{stem}.png" for folder in (old, new))
        if one.is_file() and two.is_file():
            images.mkdir(parents=True, exist_ok=True)
            side_by_side(one, two, images / f"{stem}.png")


def _others(old: Path, new: Path, *, by_bytes: bool, quiet: bool) -> list[Moved]:
    """Compare what is left. The page shows what is compared above: its bytes are news only if all those are the same."""
    found: list[Moved] = []
    both = list(_pairs(old, new, "*", "file", found))
    shown = [
        *(name for name in both if name == "results.json"),
        *sorted(_names(old, "tables/*") & _names(new, "tables/*")),
    ]
    if quiet or not by_bytes or any(not _same_bytes(old / name, new / name) for name in shown):
        return found
    found += [
        Moved("page" if name == "report.html" else "file", name, "accepted", "other", "other bytes")
        for name in both
        if name not in {MANIFEST, "results.json"} and not _same_bytes(old / name, new / name)
    ]
    return found


def _same_bytes(one: Path, two: Path) -> bool:
    return one.read_bytes() == two.read_bytes()
