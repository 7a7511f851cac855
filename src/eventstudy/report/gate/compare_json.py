"""Two trees of values side by side: key paths that survive a reordering, and numbers that are the same within a tolerance."""

from __future__ import annotations

import math
from typing import Any

#: What tells the records of a list apart, the first that does.
_IDENTITIES = (
    ("id",),
    ("event_id",),
    ("event_id", "symbol"),
    ("event_id", "symbol", "relative_day"),
    ("claim",),
    ("key",),
    ("name",),
    ("symbol",),
    ("stance",),
    ("stance", "relative_day"),
    ("stance", "window"),
    ("stance", "test"),
    ("test",),
    ("relative_day",),
    ("session",),
    ("date",),
)


def flatten(old: Any, new: Any, at: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the leaves of two JSON trees by key path, records of a list by what identifies them in both.

    Examples
    --------
    >>> flatten({"a": [{"id": "x", "p": 1}]}, {"a": [{"id": "y", "p": 2}, {"id": "x", "p": 1}]})[0]
    {'a[x].id': 'x', 'a[x].p': 1}
    """
    one: dict[str, Any] = {}
    two: dict[str, Any] = {}
    if isinstance(old, dict) and isinstance(new, dict):
        branches = [(_join(at, str(k)), old.get(k, _GAP), new.get(k, _GAP)) for k in sorted(old.keys() | new.keys())]
    elif isinstance(old, list) and isinstance(new, list):
        a, b = _named(old, new)
        branches = [(f"{at}[{k}]", a.get(k, _GAP), b.get(k, _GAP)) for k in [*a, *(k for k in b if k not in a)]]
    else:
        branches = []
        _leaves(old, at, one)
        _leaves(new, at, two)
    if not branches and isinstance(old, dict | list) and isinstance(new, dict | list):
        one[at], two[at] = old, new
    for path, left, right in branches:
        if left is _GAP or right is _GAP:
            _leaves(left, path, one)
            _leaves(right, path, two)
        else:
            for mine, theirs in zip((one, two), flatten(left, right, path), strict=True):
                mine.update(theirs)
    return one, two


class _Gap:
    """What stands where one tree has nothing: null is a value."""


_GAP = _Gap()


def _join(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _leaves(tree: Any, at: str, into: dict[str, Any]) -> None:
    if isinstance(tree, dict) and tree:
        for key in sorted(tree):
            _leaves(tree[key], _join(at, str(key)), into)
    elif isinstance(tree, list) and tree:
        for i, item in enumerate(tree):
            _leaves(item, f"{at}[{i}]", into)
    elif tree is not _GAP:
        into[at] = tree


def _named(old: list[Any], new: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    if all(isinstance(item, dict) for item in (*old, *new)):
        for identity in _IDENTITIES:
            names = [["/".join(str(item.get(key, "")) for key in identity) for item in side] for side in (old, new)]
            known = all(key in item for item in (*old, *new) for key in identity)
            if known and all(len(set(side)) == len(side) for side in names):
                return dict(zip(names[0], old, strict=True)), dict(zip(names[1], new, strict=True))
    return {str(i): item for i, item in enumerate(old)}, {str(i): item for i, item in enumerate(new)}


def is_same(old: Any, new: Any, tolerance: float) -> bool:
    """Say whether two leaves are the same: numbers within a relative tolerance, whole ones and all else exactly.

    Examples
    --------
    >>> is_same(1.0, 1.0 + 1e-9, 1e-6), is_same(0.0, 1e-9, 1e-6), is_same("a", "a", 0), is_same(None, 0.0, 1e-6)
    (True, False, True, False)
    >>> is_same(20250402, 20250403, 1e-6)
    False
    """
    whole = isinstance(old, int) and isinstance(new, int)  # counts, and dates written as numbers
    if is_number(old) and is_number(new) and not whole:
        if math.isnan(old) or math.isnan(new):
            return math.isnan(old) and math.isnan(new)
        return bool(
            old == new or abs(old - new) <= max(tolerance * max(abs(old), abs(new)), _NOTHING * (tolerance > 0))
        )
    return type(old) is type(new) and bool(old == new)


_NOTHING = 1e-12  # sums that are zero on paper come out as this on another processor


def is_number(value: Any) -> bool:
    """Say whether a leaf is a number: truth values are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def relative(old: Any, new: Any) -> str:
    """Say how far apart two leaves are, in words.

    Examples
    --------
    >>> relative(2.0, 2.5), relative("a", "b")
    ('+0.5, relative 2.0e-01', 'other text')
    """
    if is_number(old) and is_number(new):
        largest = max(abs(old), abs(new))
        return f"{new - old:+.6g}, relative {abs(new - old) / largest:.1e}" if largest else "the same"
    return "other text" if isinstance(old, str) and isinstance(new, str) else "other kind"
