"""Numbers in words: p-values, percent, signs."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import islice

JOINERS = "\u200c\u200d"  # they shape letters of some scripts, and pictures of several people; they hide nothing

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, marks of direction, half surrogates, odd ends of lines


def visible(text: str, keep: str = "") -> str:
    r"""Return a text with everything that no eye can see written as Python writes it.

    Examples
    --------
    >>> visible("a\x1b[2Jb\u202ec\n"), visible("a\nb", keep="\n")
    ('a\\x1b[2Jb\\u202ec\\n', 'a\nb')
    """
    if text.isprintable():
        return text
    return "".join(c if c in keep or c in JOINERS or not _unseen(c) else repr(c)[1:-1] for c in text)


def stripped(text: str) -> str:
    r"""Return a text without what no eye can see, for a title or a label; the ends of its lines stay.

    Examples
    --------
    >>> stripped("a\x1b[2Jb\u202ec")
    'a[2Jbc'
    """
    return text if text.isprintable() else "".join(c for c in text if c == "\n" or not _unseen(c))


def _unseen(character: str) -> bool:
    code = ord(character)
    no_character = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # XML has none of them either
    return no_character or unicodedata.category(character) in UNSEEN


def writable(text: str) -> bool:
    """Whether UTF-8 can write a text: half of a surrogate pair it cannot.

    Examples
    --------
    >>> writable("é"), writable(chr(0xD800))
    (True, False)
    """
    return text.isascii() or text.encode(errors="ignore").decode() == text


def brief(value: object, most: int = 80) -> str:
    """Return any value as a message repeats it: on one line, and not longer than `most` characters.

    Examples
    --------
    >>> brief("two" + chr(10) + "lines"), brief("x" * 90, 10)
    ('two lines', 'xxxxxxxxx…')
    """
    try:
        text = str(value)
    except (
        ValueError,
        RecursionError,
        TypeError,
    ):  # a number of thousands of digits, lists without end, a frame of odd labels
        text = f"a {type(value).__name__} that cannot be shown"
    text = " ".join(text[: 10 * most].split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


SHOWN = 50  # names that one message repeats
FEW = 8  # names of what is there, beside one that is not


def in_a_row(names: Collection[object]) -> str:
    """Return names for a message, each on one line; of a long list the first ones and their number.

    Examples
    --------
    >>> in_a_row(["bar", "two" + chr(10) + "lines"]), in_a_row(range(9_000))[-24:]
    ('bar, two lines', '48, 49, … (9,000 in all)')
    """
    more = f", … ({len(names):,} in all)" if len(names) > SHOWN else ""
    return ", ".join(brief(name) or "(empty)" for name in islice(names, SHOWN)) + more


def a_few(names: Collection[object]) -> str:
    """Return the first eight names for a message, each on one line, and how many more there are.

    Examples
    --------
    >>> a_few(list("ABCDEFGHIJ"))
    'A, B, C, D, E, F, G, H and 2 more'
    """
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return in_a_row(list(islice(names, FEW))) + more


LONGEST_WORD = 200  # characters of a word whose like is looked for
MANY_WORDS = 2_000  # more are not all compared: each takes 20 microseconds, and 50 unknown words are told at once


def nearest(value: object, known: Iterable[str], most: int = 1, *, cutoff: float = 0.6) -> str:
    """Return "; did you mean …?" for what is nearly a known word, whatever its case; or nothing.

    Of more than `MANY_WORDS` only those that begin with its letter and are nearly as long are looked at.

    Examples
    --------
    >>> nearest("Two sided", ["two-sided", "less"]), nearest("x", ["less"])
    ("; did you mean 'two-sided'?", '')
    """
    from difflib import get_close_matches  # noqa: PLC0415  only where something is wrong

    text = str(value) if isinstance(value, str) else ""
    if not 0 < len(text) <= LONGEST_WORD:
        return ""
    by_case = {name.lower().lstrip("^"): name for name in reversed([str(name) for name in known])}
    meant, words = text.lower().lstrip("^"), list(by_case)[::-1]
    if len(words) > MANY_WORDS:
        words = [word for word in words if word[:1] == meant[:1] and abs(len(word) - len(meant)) <= 2]
    found = get_close_matches(meant, words, n=most, cutoff=cutoff)
    return f"; did you mean {' or '.join(repr(by_case[name]) for name in found)}?" if found else ""


def pvalue_words(p: float) -> str:
    """Write a p-value for a sentence: three places, "< 0.001" below.

    Examples
    --------
    >>> pvalue_words(0.0123), pvalue_words(0.0005)
    ('p = 0.012', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def percent(value: float, digits: int = 0) -> str:
    """Write a share or a return as percent."""
    return "n/a" if not math.isfinite(value) else f"{value * 100:z.{digits}f}%"


def typeset(line: str) -> str:
    """Write arrows and minus signs as print has them; sentences keep to what any terminal can show.

    Examples
    --------
    >>> typeset("H1 -> H3: -0.5 to +0.5")
    'H1 → H3: −0.5 to +0.5'
    """
    return re.sub(r"(?<![\w-])-(?=\d)", "−", line.replace("->", "→"))


def signed(value: float) -> str:
    """Write a return with its sign, in percent; what rounds to zero has none.

    Examples
    --------
    >>> signed(0.0057), signed(-0.00001)
    ('+0.57%', '0.00%')
    """
    text = f"{value * 100:+z.2f}%"
    return "0.00%" if text == "+0.00%" else text
