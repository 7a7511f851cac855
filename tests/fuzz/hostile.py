"""What hostile inputs are made of: texts, numbers, dates, damaged bytes, damaged trees; every choice is drawn from a seed."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import json
import lzma
import zipfile

TEXTS = (
    *("", " ", "\t", "\n", "\r\n", "a\nb", "\x00", "a\x00b", "\x07", "\x7f", "\x9b2J", "\ufeff", "\u2028"),
    *("\x1b[2J\x1b]0;pwned\x07", "\x1b]8;;http://evil\x07x", "\u202egnp", "e\u0301", "名前", "😀", "\ud800", "İ", "ß"),
    *("[/b]", "[red]x", "[link=http://evil]", "<script>alert(1)</script>", "</svg>", "&amp;", "]]>", "$x$", "\\n", "%s"),
    *("{}", "{0.__class__}", "=HYPERLINK(1)", "@SUM(A1)", "+1", "-1+2", "'", '"', '""', ",", ";", "|", "#", "//", "--"),
    *("../../x", "C:\\x", "/dev/null", "con", ".", "..", "*", "nan", "NaN", "NaT", "None", "null", "NULL", "NA", "<NA>"),
    *("inf", "-inf", "Infinity", "1e400", "1e-400", "-0", "0", "00", "0005", "000001", "5", "1E5", "1e5", "10001.0", "1."),
    *("1_000", "0x10", "1,5", "1.234,5", "1,234.5", "1.5%", "$5", "5 USD", "(5)", "−5", "٣", "½", "1 000", "true", "False"),
    *("99999999999999999999", "9" * 400, "a" * 300, "x" * 6000, "é" * 3000, "date", "Date", "symbol", "close", "Unnamed: 0"),
    *("permno", "index", "level_0", "event_id", "bar", "M", "A", "^VIX", "UST10Y", "a.b", "a/b", "a b", "__proto__"),
)  # fmt: skip
DATES = (
    *("2025-04-03", "2025-04-03 16:00", "2025-04-03T16:00:00-04:00", "2025-04-03T16:00:00Z", "2025-04-03 16:00+09:00"),
    *("2025-4-3", "03.04.2025", "04/03/2025", "2025/04/03", "3 Apr 2025", "20250403", "2025-04", "2025", "2025-W14-4"),
    *("0001-01-01", "1000-01-01", "1500-06-01", "1600-01-01", "1677-09-20", "1677-09-22", "1800-01-02", "1899-12-31"),
    *("1900-01-01", "2025-02-30", "2025-13-01", "2024-02-29", "2025-04-05", "2025-12-25", "2099-12-31", "2105-04-03"),
    *("2200-01-01", "2262-04-11", "2262-04-12", "2300-01-01", "2925-04-03", "8550-01-01", "9999-12-31", "10000-01-01"),
    *("2025-03-09 02:30", "2025-11-02 01:30", "24:00", "2025-04-03 24:00", "2025-04-03 23:59:60", "now", "today", "NaT"),
    *("2025-04-03 16:00:00.123456789", "-2025-04-03", "+2025-04-03", "1735689600", "1.7e9", "45750", "２０２５-04-03"),
)  # fmt: skip
NUMBERS = (
    *(0, 0.0, -0.0, 1, -1, 2, 5, 0.5, -0.5, 1e-3, 100, 1e6, 1e15, 1e16, 1e100, 1e308, 1.7e308, -1e308, 5e-324, 1e-300),
    *(
        float("inf"),
        float("-inf"),
        float("nan"),
        2**31,
        2**53 + 1,
        2**63,
        -(2**63) - 1,
        2**64,
        10**30,
        10**300,
        10**400,
    ),
    *(20250403, 1735689600, True, False),
)


class Raw(str):
    """A piece of text that the writers of JSON and TOML put down as it stands."""

    __slots__ = ()


RAWS = tuple(
    map(Raw, ("9" * 5000, "-" + "1" * 4400, "1e999", "NaN", "Infinity", "0x1F", "1_000", "nan", "+inf", "07", "1."))
)


def words(rng):
    """Return a text: often one of the known bad ones, sometimes letters of all alphabets."""
    if rng.random() < 0.8:
        return rng.choice(TEXTS)
    return "".join(
        chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x2FFF)))) for _ in range(rng.randrange(1, 12))
    )


def day(rng):
    """Return a text that is, or is almost, a date."""
    return rng.choice(DATES) if rng.random() < 0.7 else words(rng)


def scalar(rng):
    """Return one value of any plain kind."""
    kind = rng.randrange(8)
    if kind < 3:
        return words(rng)
    if kind < 5:
        return rng.choice(NUMBERS)
    if kind == 5:
        return day(rng)
    return rng.choice((None, True, dt.date(2025, 4, 3), dt.datetime(2025, 4, 3, 16), dt.time(9, 30), *RAWS))  # noqa: DTZ001  naive is meant


def nested(rng):  # noqa: PLR0911  a list of kinds
    """Return a value with an inside, perhaps a very deep one."""
    kind = rng.randrange(7)
    if kind == 0:
        return [scalar(rng) for _ in range(rng.randrange(4))]
    if kind == 1:
        return {words(rng): scalar(rng) for _ in range(rng.randrange(4))}
    if kind == 2:
        depth = rng.choice((3, 60, 400, 1500, 20_000))
        return Raw("[" * depth + "]" * depth)
    if kind == 3:
        depth = rng.choice((3, 60, 1500))
        return Raw('{"a":' * depth + "1" + "}" * depth)
    if kind == 4:
        return [[scalar(rng)], {words(rng): [scalar(rng)]}]
    if kind == 5:
        return [scalar(rng)] * rng.choice((100, 5000))
    return {f"k{i}": i for i in range(rng.choice((100, 5000)))}


def anything(rng):
    """Return a scalar, or now and then something nested."""
    return nested(rng) if rng.random() < 0.25 else scalar(rng)


# ---- trees: what TOML and JSON hold -----------------------------------------------------------------------------------


def _places(tree, found):
    if isinstance(tree, dict):
        for key, value in tree.items():
            found.append((tree, key))
            _places(value, found)
    elif isinstance(tree, list):
        for at, value in enumerate(tree):
            found.append((tree, at))
            _places(value, found)
    return found


def damage_tree(tree, rng):
    """Change one place of a tree: another value, a lost key, a strange key, a doubled or a swapped one."""
    places = _places(tree, [])
    if not places:
        return
    holder, at = rng.choice(places)
    kind = rng.randrange(8)
    if kind < 4:
        holder[at] = anything(rng)
    elif kind == 4:
        del holder[at]
    elif kind == 5:
        other, there = rng.choice(places)
        value = holder[at]
        if not isinstance(value, dict | list):  # a tree in itself has no end
            other[there] = value
    elif isinstance(holder, dict):
        value = holder.pop(at) if kind == 6 else anything(rng)
        holder[words(rng)] = value
    else:
        holder.insert(at, anything(rng))


def to_json(value):
    """Write JSON, with what the standard writer would not write: raw pieces, dates as texts, endless numbers."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{json.dumps(str(key), ensure_ascii=False)}:{to_json(item)}" for key, item in value.items())
            + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(to_json, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dt.date | dt.time):
        return json.dumps(value.isoformat())
    return json.dumps(value)


def to_toml(tree):
    """Write TOML: plain keys first, then tables, then lists of tables."""
    lines, later = [], []
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            later.append(f"\n[{_key(key)}]")
            later += [f"{_key(name)} = {_toml(item)}" for name, item in value.items()]
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            for item in value:
                later.append(f"\n[[{_key(key)}]]")
                later += [f"{_key(name)} = {_toml(inner)}" for name, inner in item.items()]
        else:
            lines.append(f"{_key(key)} = {_toml(value)}")
    return "\n".join([*lines, *later, ""])


def _key(key):
    return json.dumps(str(key), ensure_ascii=False)


def _toml(value):  # noqa: PLR0911  a list of kinds
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return {"Infinity": "inf", "-Infinity": "-inf", "NaN": "nan"}.get(json.dumps(value), repr(value))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return '""' if value is None else json.dumps(value, ensure_ascii=False)


# ---- bytes -----------------------------------------------------------------------------------------------------------


def damage_bytes(content, rng):
    """Return bytes with one damage: cut, flipped, doubled, in another encoding, packed into each other."""
    return rng.choice(DAMAGES)(content, rng)


def _span(content, rng):
    low = rng.randrange(len(content) + 1)
    return low, min(len(content), low + rng.choice((1, 2, 8, 64)))


def _flip(content, rng):
    if not content:
        return b"\x00"
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]


def _cut(content, rng):
    return content[: rng.randrange(len(content) + 1)]


def _lose(content, rng):
    low, high = _span(content, rng)
    return content[:low] + content[high:]


def _double(content, rng):
    low, high = _span(content, rng)
    return content[:high] + content[low:high] * rng.choice((1, 2, 500)) + content[high:]


def _insert(content, rng):
    low, _ = _span(content, rng)
    extra = rng.choice(
        (b"\x00", b"\xff", b"\r", b'"', b",", b"\n\n", b"\x1a", b"\xef\xbb\xbf", b"\x1b[2J", rng.randbytes(16))
    )
    return content[:low] + extra + content[low:]


def _noise(_, rng):
    return rng.randbytes(rng.choice((0, 1, 4, 100, 3000)))


def _other_encoding(content, rng):
    text = content.decode("utf-8", "replace")
    name = rng.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-7", "cp037", "latin-1", "cp932"))
    return text.encode(name, "replace")


def _newlines(content, rng):
    return content.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b"\r\r\n", b"\x0b", b"")))


def _web_page(content, rng):
    return (
        rng.choice((b"<html><body>", b"<?xml?>", b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"%PDF", b"BZh9", b"")) + content
    )


def _packed(content, rng):
    return rng.choice((gzip.compress, bz2.compress, lzma.compress, zipped))(content)


def _trailing(content, rng):
    return content.replace(b"\n", rng.choice((b",\n", b" \n", b"\t\n", b";\n", b",,,\n")))


def _much(content, rng):
    return content + rng.choice((b" ", b"\n", b",", b"\x00", b"a", content[-20:] or b"x")) * rng.choice((1000, 100_000))


DAMAGES = (
    _flip,
    _flip,
    _cut,
    _cut,
    _lose,
    _double,
    _insert,
    _noise,
    _other_encoding,
    _newlines,
    _web_page,
    _packed,
    _trailing,
    _much,
)
PACKINGS = (".gz", ".bz2", ".xz", ".zip")


def zipped(content, name="inner.csv", more=()):
    """Return a zip archive of one file, or of more."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in (name, *more):
            archive.writestr(each, content)
    return held.getvalue()


def pack(content, ending):
    """Return content compressed as its ending says."""
    return {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zip": zipped}[ending](content)


FILE_NAMES = (
    "a",
    "[/b]",
    "[red]x",
    "a b",
    "é",
    "名",
    "=1+1",
    "-x",
    "x\x1b[2Jy",
    "x\ny",
    "a" * 200,
    ".",
    "a.b",
    "%s",
    "{0}",
)
