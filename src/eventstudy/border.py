"""The border: files of others are read here, within bounds, and whatever goes wrong there becomes one error of ours."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import re
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from eventstudy.errors import EventStudyError, InputError
from eventstudy.words import visible

T = TypeVar("T")
LARGEST: Final = 2 * 1024**3  # bytes of a file, after it is expanded
MOST_COLUMNS: Final = 20_000
DEEPEST: Final = 100  # levels of lists and mappings: who reads them by hand sees five, Python's own stack ends at 1000
CHUNK: Final = 1 << 18  # bytes that are read at a time
SAID: Final = 300  # characters of a foreign message that are repeated
# a key of hundreds of parts, such as a.b.c.d; tomllib takes the square of their number: minutes
DOTTED: Final = re.compile(r"""(?<![\w."'-])(?:["']?+[\w-]++["']?+\s*+\.\s*+){200}""")
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
FORMATS: Final = (
    (b"PK\x03\x04", "the file is a ZIP archive or an Excel workbook; save the sheet as CSV, or name the archive .zip"),
    (b"\xd0\xcf\x11\xe0", "the file is an Excel workbook; save the sheet as CSV"),
    (b"PAR1", "the file is Parquet; name it .parquet"),
    (b"ARROW1", "the file is Feather; read it with pandas.read_feather and pass the frame"),
    (b"\x1f\x8b", "the file is compressed with gzip; name it .gz"),
    (b"BZh", "the file is compressed with bzip2; name it .bz2"),
    (b"\xfd7zXZ", "the file is compressed with xz; name it .xz"),
    (b"\x28\xb5\x2f\xfd", "the file is compressed with zstd; name it .zst"),
    (b"%PDF", "the file is a PDF; save the table as CSV"),
)


@contextmanager
def guarded(place: str, what: str, error: type[InputError], way_out: str) -> Iterator[None]:
    """Turn every exception of a foreign reader into one line of ours."""
    place = visible(place)
    try:
        yield
    except (EventStudyError, NameError, Warning):  # a name that is not there is a fault of ours
        raise
    except MemoryError as fault:  # also of a damaged file that claims to be huge
        msg = f"{place}: this does not fit into memory as {what}; {way_out}"
        raise error(msg) from fault
    except RecursionError as fault:
        msg = f"{place}: this cannot be read as {what} (it is nested too deeply); {way_out}"
        raise error(msg) from fault
    except Exception as fault:  # the readers of others raise what they like
        msg = f"{place}: this cannot be read as {what} ({said(fault)}); {way_out}"
        raise error(msg) from fault


def said(fault: BaseException) -> str:
    """Return what a foreign exception says, on one line and not too long; its kind if it says nothing."""
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    text = " ".join(str(fault).split()) or type(fault).__name__
    return text if len(text) <= SAID else f"{text[: SAID - 1]}…"


def existing_file(path: str | os.PathLike[str], error: type[InputError]) -> Path:
    """Return the path of a file that is there; one that is not, or that no system can name, is refused."""
    found = Path(path)
    shown = repr(str(path) if len(str(path)) <= SAID else f"{str(path)[:SAID]}…")
    try:
        folder, there = found.is_dir(), found.is_file()
    except (OSError, ValueError) as fault:  # a name too long, a NUL in it
        msg = f"{shown} is not the name of a file ({said(fault)}); check the path"
        raise error(msg) from fault
    if folder:
        msg = f"{shown} is a folder, not a file; name the file in it"
        raise error(msg)
    if not there:
        msg = f"file {shown} does not exist; check the path"
        raise error(msg)
    return found


def file_name(path: Path) -> str:
    """Return a file's name without its folder, as messages and tables show it: on one line."""
    return visible(path.name)


def is_there(asked: Callable[[], bool]) -> bool:
    """Ask a path what it is, such as `path.is_file`; one that no system can name is nothing: who opens it says so."""
    try:
        return asked()
    except (OSError, ValueError):
        return False


@contextmanager
def opened(path: Path, error: type[InputError], *, largest: int = LARGEST) -> Iterator[IO[bytes]]:
    """Open a file of bytes, expanded if its name says that it is compressed, for `largest` bytes at the most.

    The opening and the reading are guarded; what the caller does with the bytes is not.
    """
    with _reading(path, error):
        inner = _expanded(path, error)
    with inner:
        yield io.BufferedReader(_Bounded(inner, path, error, largest), CHUNK)


def _reading(path: Path, error: type[InputError]) -> AbstractContextManager[None]:
    return guarded(file_name(path), "a file", error, "check that it is whole")


def read_bytes(path: Path, error: type[InputError], *, largest: int = LARGEST) -> bytes:
    """Return the bytes of a file, expanded if its name says that it is compressed."""
    with opened(path, error, largest=largest) as file:
        return file.read()


def read_text(path: Path, error: type[InputError], *, largest: int = LARGEST) -> str:
    """Return the text of a UTF-8 file; a file in another encoding is refused with its first bad line."""
    content = read_bytes(path, error, largest=largest)
    if content[:2] in UTF16:
        msg = f"{visible(str(path))}: the file is UTF-16 text; save it as UTF-8"
        raise error(msg)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        msg = f"{visible(str(path))}, line {line}: this is not UTF-8 text; save the file as UTF-8"
        raise error(msg) from fault


def foreign_format(start: bytes, encoding: str = "utf-8") -> str:
    """Return what the first bytes of a file show it to be, if that is no text in this encoding; else nothing."""
    for mark, what in FORMATS:
        if start[: len(mark)] == mark:
            return what
    wide = encoding.lower().replace("-", "").replace("_", "").startswith(("utf16", "utf32", "u16", "u32"))
    if start[:2] in UTF16 and not wide:
        return "the file is UTF-16 text; save it as UTF-8, or pass encoding='utf-16' where that is an option"
    if b"\0" in start and not wide:
        return "the file holds NUL bytes, so that it is no text; save it as UTF-8 text"
    if start.lstrip()[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "the file is a web page (HTML or XML), not a table; download the file itself"
    return ""


def parse_toml(text: str, place: str, error: type[InputError]) -> dict[str, Any]:
    """Return the content of a TOML text."""
    if DOTTED.search(text):
        msg = f"{place}: this cannot be read as TOML (it is nested too deeply); mend it there"
        raise error(msg)
    with guarded(place, "TOML", error, "mend it there"):
        return _shallow(tomllib.loads(text))


def parse_json(text: str, place: str, error: type[InputError], **options: Any) -> Any:
    """Return the content of a JSON text; `options` are those of `json.loads`."""
    with guarded(place, "JSON", error, "mend it there"):
        return _shallow(json.loads(text, **options))


def _shallow(content: T) -> T:
    """Return what was read; too many lists and mappings in each other would stop whoever walks it by calling itself."""
    if too_deep(content):
        raise RecursionError
    return content


def too_deep(content: Any) -> bool:
    """Say whether lists and mappings lie in each other more than `DEEPEST` levels deep."""
    level = [content] if isinstance(content, (dict, list, tuple)) else []
    for _ in range(DEEPEST):
        inside = (outer.values() if isinstance(outer, dict) else outer for outer in level)
        level = [inner for part in inside for inner in part if isinstance(inner, (dict, list, tuple))]
        if not level:
            return False
    return True


def _expanded(path: Path, error: type[InputError]) -> IO[bytes] | io.BufferedIOBase:
    ending = path.suffix.lower()
    if ending == ".gz":
        return gzip.open(path)
    if ending == ".bz2":
        return bz2.open(path)
    if ending == ".xz":
        return lzma.open(path)
    if ending == ".zip":
        return _only_member(path, error)
    if ending == ".zst":
        import pyarrow as pa  # noqa: PLC0415  slow to import

        return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")  # type: ignore[no-any-return]  # it has no types
    return path.open("rb")


def _only_member(path: Path, error: type[InputError]) -> IO[bytes]:
    packed = zipfile.ZipFile(path)
    members = [item for item in packed.infolist() if not item.is_dir() and not item.filename.startswith("__MACOSX/")]
    if len(members) != 1:
        msg = f"{file_name(path)}: the archive holds {len(members)} files; keep the one that is meant"
        raise error(msg)
    return packed.open(members[0])


class _Bounded(io.RawIOBase):
    """A stream that stops with an error of ours once more than the bound has come."""

    def __init__(self, inner: IO[bytes] | io.BufferedIOBase, path: Path, error: type[InputError], largest: int) -> None:
        self._inner, self._path, self._error, self._left = inner, path, error, largest
        self._largest = largest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _reading(self._path, self._error):
            chunk = self._inner.read(len(buffer))
        self._left -= len(chunk)
        if self._left < 0:
            msg = f"{file_name(self._path)}: the file holds more than {self._largest / 1024**3:.3g} GB expanded; split it, or raise the bound (largest=)"
            raise self._error(msg)
        buffer[: len(chunk)] = chunk
        return len(chunk)
