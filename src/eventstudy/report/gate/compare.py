"""Did anything move? Two folders of one study, compared by what they hold: inputs, numbers, tables, charts, files."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from eventstudy.border import guarded, parse_json, read_bytes, read_text
from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.pages.document import Document
from eventstudy.pages.write import GENERATOR, read_manifest, write_document
from eventstudy.replace import MANIFEST, Kind, are_digests, check_folder, remove_folder, replace_folder
from eventstudy.report.gate.compare_charts import largest_patch, picture_difference, side_by_side
from eventstudy.report.gate.compare_json import flatten, is_number, relative
from eventstudy.report.gate.compare_tables import compare_tables
from eventstudy.report.gate.differences import Comparison, Moved, Rule, brief, step_of_result

TOLERANCE = 1e-6  # relative: far above what another processor's rounding does, far below what a person would quote
PATCH_TOLERANCE = 8.0  # grey values of 255, mean of 8 by 8 pixels: a thin black line two pixels further is 32 or more
PICTURE_TOLERANCE = 2.0  # root mean square of the difference of grey values, 0 to 255, as pytest-mpl's default


@checked(InputError)
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
        A folder for a picture of each moved chart: old, new, and their difference side by side. New, empty, or that of
        an earlier comparison, which is replaced as a whole.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If a folder is not a report of ours, the tolerance is negative, or the folder for pictures holds anything else.

    Notes
    -----
    With the same inputs nothing may move: a number by more than the tolerance, a chart by a byte (under other versions
    of libraries: by the root mean square of the difference of the pictures, above 2 of 255).

    When an input has changed the comparison fails whatever follows from it, and the list says what a reader would see:
    a number is listed if it moved by more than the tolerance and by more than one unit of the last digit in which it is
    printed, a chart if its picture did where it differs most (the mean of 8 by 8 pixels, above 8 of 255; what lies one pixel
    further is the same). So one cent on one close is one hash that differs, not a hundred numbers in their seventh digit.
    """
    check_tolerance(tolerance)
    before, after = _manifest(old), _manifest(new)
    if images is not None:
        check_images(images, old)
    inputs = _keys("input", before.get("inputs"), after.get("inputs"), "inputs", _EXACT)
    moved = [*inputs, *_settings(before, after)]
    rule = Rule(tolerance, reader=bool(inputs))
    versions = sorted(set(_versions(before).items()) ^ set(_versions(after).items()))
    notes = [f"versions differ: {', '.join(sorted({name for name, _ in versions}))}"] if versions else []
    by_bytes = not versions and not inputs
    if inputs:
        notes.append("an input has changed: listed is what a reader sees of it, to the last digit printed")
    if not by_bytes:
        notes.append("charts were compared as pictures, not byte by byte")
    if _there(old, "results.json") and _there(new, "results.json"):
        with guarded(str(Path(old) / "results.json"), "the results of a report", InputError, "write the report anew"):
            moved += _keys("number", _json(old, "results.json"), _json(new, "results.json"), "", rule)
    moved += _tables(Path(old), Path(new), rule, _units(after))
    seen = _by_bytes if by_bytes else _by_sight if versions else _by_patch
    moved += _charts(Path(old), Path(new), seen, images=Path(images) if images else None)
    moved += _others(Path(old), Path(new), by_bytes=by_bytes, quiet=bool(moved))
    return Comparison(tuple(moved), tuple(notes))


compare = compare_folders  # its name in a notebook: `es.compare(old, new)`


def check_tolerance(tolerance: float) -> None:
    """Refuse a tolerance that is none; ask before a long run, too."""
    if not tolerance >= 0:
        msg = f"tolerance must be 0 or more, not {tolerance}"
        raise InputError(msg)


@checked(InputError)
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
    if images is not None:
        check_images(images, against)
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / "new"
        write_document(document, new)
        return compare_folders(against, new, tolerance=tolerance, images=images)


def check_images(images: str | Path, against: str | Path) -> None:
    """Refuse a folder for pictures that holds anything but those of an earlier comparison, or lies in the accepted folder."""
    place, accepted = check_folder(images, PICTURES), Path(against).resolve()
    if accepted == place or accepted in place.parents:
        msg = f"{images} lies in {against}, which holds what is accepted and nothing else; name another folder"
        raise InputError(msg)


def _manifest(folder: str | Path) -> dict[str, Any]:
    manifest = read_manifest(folder)
    if manifest is None:
        msg = f"{folder} is not a folder that `eventstudy run` wrote: it has no {MANIFEST} of ours"
        raise InputError(msg)
    for key in ("inputs", "versions", "shown"):
        if not isinstance(manifest.get(key, {}), dict):
            msg = f"{Path(folder) / MANIFEST}: {key!r} holds a {type(manifest[key]).__name__}, not a table; write the report anew"
            raise InputError(msg)
    return manifest


def _versions(manifest: dict[str, Any]) -> dict[str, str]:
    versions = manifest.get("versions")
    return {str(k): str(v) for k, v in versions.items()} if isinstance(versions, dict) else {}


def _units(manifest: dict[str, Any]) -> dict[str, dict[str, str]]:
    """File of a table -> column -> how it is printed; nothing for what charts draw."""
    shown = manifest.get("shown")
    if not isinstance(shown, dict):
        return {}
    return {f"tables/{stem}.csv": units for stem, units in shown.items() if isinstance(units, dict)}


def _settings(before: dict[str, Any], after: dict[str, Any]) -> list[Moved]:
    """Everything else in the manifests: configuration, seed, command."""
    apart = {"inputs", "versions", "files", "generator"}
    one, two = ({k: v for k, v in m.items() if k not in apart} for m in (before, after))
    return _keys("setting", one, two, "", _EXACT)


def _keys(kind: str, old: Any, new: Any, at: str, rule: Rule) -> list[Moved]:
    one, two = flatten(old, new, at)
    found = []
    for key in sorted(one.keys() & two.keys()):
        sort = _sort(kind, key)
        if not (rule if sort == "number" else _EXACT).same(one[key], two[key], _step(key, one[key], two[key])):
            found.append(Moved(sort, key, brief(one[key]), brief(two[key]), relative(one[key], two[key])))
    found += [Moved(_sort(kind, key), key, "missing", brief(value), "new") for key, value in _alone(two, one)]
    found += [Moved(_sort(kind, key), key, brief(value), "missing", "gone") for key, value in _alone(one, two)]
    return sorted(found, key=lambda moved: moved.what)


def _alone(these: dict[str, Any], those: dict[str, Any]) -> list[tuple[str, Any]]:
    """Give the leaves that the other tree lacks; a record that it lacks whole is one, told by its keys."""
    there = {key[:end] for key in those for end in range(len(key) + 1) if key[end : end + 1] in {".", "["}}
    records: dict[str, list[str]] = {}
    for key in sorted(these.keys() - those.keys()):
        record, _, last = key.rpartition(".")
        whole = record and record not in there and "]" not in last and not key.endswith(_HASHES)
        records.setdefault(record if whole else key, []).append(key)
    found: list[tuple[str, Any]] = []
    for record, keys in sorted(records.items()):
        found.append((keys[0], these[keys[0]]) if len(keys) == 1 else (record, f"{len(keys)} values"))
    return found


def _sort(kind: str, key: str) -> str:
    return "input" if key.endswith(_HASHES) else kind


def _step(key: str, old: Any, new: Any) -> float:
    return step_of_result(key, old, new) if is_number(old) and is_number(new) else 0.0


_EXACT = Rule(0.0)
_HASHES = ("digest", "sha256", "hash")  # a hash among the results is no number of theirs


def _there(folder: str | Path, name: str) -> bool:
    return (Path(folder) / name).is_file()


def _json(folder: str | Path, name: str) -> Any:
    path = Path(folder) / name
    return parse_json(read_text(path, InputError), str(path), InputError)


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


def _tables(old: Path, new: Path, rule: Rule, units: dict[str, dict[str, str]]) -> list[Moved]:
    found: list[Moved] = []
    for name in _pairs(old, new, "tables/*.csv", "table", found):
        if not _same_bytes(old / name, new / name):
            found += compare_tables(old / name, new / name, name, rule, units.get(name))
    return found


def _charts(old: Path, new: Path, look: Callable[[Path, Path], str], *, images: Path | None) -> list[Moved]:
    found: list[Moved] = []
    for name in _pairs(old, new, "charts/*", "chart", found):
        if not _same_bytes(old / name, new / name):
            said = look(old / name, new / name)
            found += [Moved("chart", name, "accepted", "other", said)] if said else []
    if images is not None:
        _show(old, new, [m.what for m in found if m.old == "accepted"], images)
    return found


def _by_bytes(old: Path, new: Path) -> str:
    """Say how two files of other bytes differ."""
    seen = f"; pictures differ by {picture_difference(old, new):.2f} of 255" if old.suffix == ".png" else ""
    return f"other bytes{seen}"


def _by_sight(old: Path, new: Path) -> str:
    """Say how two pictures differ on the whole, if they do: another version sets every letter a little elsewhere."""
    seen = picture_difference(old, new) if old.suffix == ".png" else 0.0
    return f"pictures differ by {seen:.2f} of 255" if seen > PICTURE_TOLERANCE else ""


def _by_patch(old: Path, new: Path) -> str:
    """Say how two pictures of the same versions differ where they differ most, if one can see it."""
    seen = largest_patch(old, new) if old.suffix == ".png" else 0.0
    return f"pictures differ by {seen:.0f} of 255 where they differ most" if seen > PATCH_TOLERANCE else ""


def _show(old: Path, new: Path, names: list[str], images: Path) -> None:
    """Write pictures of the charts that moved in the place of those of an earlier comparison."""
    files = {}
    for stem in sorted({Path(name).stem for name in names}):
        one, two = (folder / "charts" / f"{stem}.png" for folder in (old, new))
        if one.is_file() and two.is_file():
            files[f"{stem}.png"] = side_by_side(one, two)
    if not files:
        remove_folder(images, PICTURES)
        return
    manifest = {"pictures": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}}
    text = json.dumps({"generator": GENERATOR, **manifest}, indent=1) + "\n"
    replace_folder(images, {**files, MANIFEST: text.encode()}, PICTURES)


def _pictures(manifest: dict[str, Any]) -> dict[str, str] | None:
    """Return the files that the manifest of a folder of pictures names; None if it is not one."""
    files: dict[str, str] | None = manifest.get("pictures")
    return files if manifest.get("generator") == GENERATOR and are_digests(files) else None


PICTURES: Final = Kind("comparison", _pictures)


def _others(old: Path, new: Path, *, by_bytes: bool, quiet: bool) -> list[Moved]:
    """Compare what is left. The page shows what is compared above: its bytes are news only if all those are the same."""
    found: list[Moved] = []
    both = list(_pairs(old, new, "*", "file", found))
    shown = [
        *(name for name in both if name == "results.json"),
        *sorted(_names(old, "tables/*") & _names(new, "tables/*")),
    ]
    if quiet or not by_bytes:
        return found
    if any(not _same_bytes(old / name, new / name) for name in shown):  # within the tolerance: so may the page's be
        if "report.html" in both and _words(old / "report.html") != _words(new / "report.html"):
            found.append(Moved("page", "report.html", "accepted", "other", "other words"))
        return found
    found += [
        Moved("page" if name == "report.html" else "file", name, "accepted", "other", "other bytes")
        for name in both
        if name not in {MANIFEST, "results.json"} and not _same_bytes(old / name, new / name)
    ]
    return found


_NO_WORDS = re.compile(r"<(svg|script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)


def _words(page: Path) -> list[str]:
    """Return what a page says; its drawings are compared by their files."""
    return _NO_WORDS.sub(" ", read_text(page, InputError)).split()


def _same_bytes(one: Path, two: Path) -> bool:
    return read_bytes(one, InputError) == read_bytes(two, InputError)
