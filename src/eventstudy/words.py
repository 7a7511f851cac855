"""Text of others on its way to a person: what no eye can see is written as an escape, and nothing is endless.

A catalogue, a study file or a price file is a text that one gets from somebody. What stands in it may hold orders to a
terminal, marks that turn the direction of reading, or what no XML file may hold. It is kept as it is in what is counted
with, and made plain here where it is shown.
"""

from __future__ import annotations

import unicodedata

__all__ = ["brief", "stripped", "visible"]

JOINERS = "\u200c\u200d"  # they shape letters of some scripts, and pictures of several people; they hide nothing
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, marks of direction, half surrogates, odd ends of lines


def visible(text: str, keep: str = "") -> str:
    r"""Return a text with everything that no eye can see written as Python writes it.

    Parameters
    ----------
    text : str
    keep : str
        Characters that stay: ``"\n"`` where a text of several lines is wanted.

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


def brief(value: object, most: int = 80) -> str:
    """Return any value as a message repeats it: on one line, and not longer than `most` characters.

    Examples
    --------
    >>> brief("two" + chr(10) + "lines"), brief("x" * 90, 10)
    ('two lines', 'xxxxxxxxx…')
    """
    try:
        text = str(value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits, lists in lists without end
        text = f"a {type(value).__name__} too large to be shown"
    text = " ".join(text[: 10 * most].split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
