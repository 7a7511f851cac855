"""What a caller may give, checked in one place: words, windows, levels, counts, seeds.

`checked` reads the annotations of a function, `check_fields` those of a data class; so that an option is checked where it is
declared, and nowhere else. An error names the argument, the value, what may stand there and the nearest of it.
"""

from __future__ import annotations

import operator
import re
import sys
import types
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import fields
from functools import cache, partial, wraps
from inspect import Parameter, signature, unwrap
from typing import Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin

from eventstudy.errors import InputError, StudyError
from eventstudy.words import brief, nearest

F = TypeVar("F", bound=Callable[..., Any])
Check = Callable[[Any, str, type[InputError]], Any]

LEAST: Final = {
    "bars": 1,
    "chunk": 1,
    "ddof": 0,
    "draws": 1,
    "lag": 0,
    "least": 1,
    "length": 1,
    "max_labels": 0,
    "minimum": 0,
    "n": 0,
    "replications": 1,
    "workers": 1,
}
"""The smallest whole number that an argument of that name may be."""


LEAST_COVERAGE: Final = 0.5
"""An interval that holds less than half is nobody's wish."""


def not_one_of(value: object, allowed: Collection[str]) -> str:
    """Return "… is not one of …; did you mean …?" for a message.

    Examples
    --------
    >>> not_one_of("two sided", ("two-sided", "less"))
    "'two sided' is not one of two-sided, less; did you mean 'two-sided'?"
    """
    return f"{brief(repr(value), 200)} is not one of {', '.join(map(str, allowed))}{nearest(value, allowed)}"


def words_of(problem: Mapping[str, Any]) -> list[str]:
    """Return the words that pydantic would have taken, of one of its problems with a `Literal`."""
    return re.findall(r"'([^']*)'", problem["ctx"]["expected"])


def word(value: Any, allowed: Any, name: str, error: type[InputError] = StudyError) -> Any:
    """Return a word that is one of `allowed`: a `Literal`, or a collection of words.

    Examples
    --------
    >>> word("less", Literal["less", "greater"], "alternative")
    'less'
    """
    words = tuple(allowed) if isinstance(allowed, Collection) else literals(allowed)
    if not isinstance(value, str) or value not in words:
        msg = f"{name}={not_one_of(value, words)}"
        raise error(msg)
    return value


def whole(value: Any) -> int | None:
    """Return a whole number as an int, and None for anything else; True is no number."""
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return None
    try:
        return operator.index(value)
    except TypeError:
        return int(value) if isinstance(value, float) and value.is_integer() else None


def number(value: Any, name: str, error: type[InputError] = StudyError) -> float:
    """Return a number; what is text, missing or a list is refused."""
    try:
        return float(value if not isinstance(value, str | bytes) else "")
    except (TypeError, ValueError, OverflowError):
        msg = f"{name}={brief(repr(value))} is not a number"
        raise error(msg) from None


def count(value: Any, name: str, error: type[InputError] = StudyError, *, least: int | None = None) -> int:
    """Return a whole number, not below `least`."""
    found = whole(value)
    if found is None or (least is not None and found < least):
        more = "" if least is None else f" of {least} or more"
        msg = f"{name}={brief(repr(value))} is not a whole number{more}; pass one"
        raise error(msg)
    return found


def level(value: Any, name: str = "level", error: type[InputError] = StudyError) -> float:
    """Return the coverage of an interval: half or more, and below 1; 0.05 is the size of a test.

    Examples
    --------
    >>> level(95)
    Traceback (most recent call last):
    eventstudy.errors.StudyError: level=95 is not the coverage of an interval, above 0 and below 1; did you mean 0.95?
    """
    found = _between(value, name, error, "the coverage of an interval")
    if found < LEAST_COVERAGE:
        msg = f"{name}={brief(repr(value))} is the coverage of an interval, not the size of a test; did you mean {1 - found:.6g}?"
        raise error(msg)
    return found


def alpha(value: Any, name: str = "alpha", error: type[InputError] = StudyError) -> float:
    """Return the size of a test: above 0 and below 1."""
    return _between(value, name, error, "the size of a test")


def share(value: Any, name: str, error: type[InputError] = StudyError) -> float:
    """Return a share: above 0 and below 1."""
    return _between(value, name, error, "a share")


def spread(value: Any, name: str, error: type[InputError] = StudyError) -> float:
    """Return a standard error or deviation: above zero and finite, or NaN where there is none."""
    found = number(value, name, error)
    if found <= 0 or found == float("inf"):
        msg = f"{name}={brief(repr(value))} is no standard error or deviation; it must be above zero"
        raise error(msg)
    return found


def _between(value: Any, name: str, error: type[InputError], what: str) -> float:
    found = number(value, name, error)
    if isinstance(value, bool) or not 0 < found < 1:
        hint = f"; did you mean {found / 100:.6g}?" if 1 < found < 100 else ""
        msg = f"{name}={brief(repr(value))} is not {what}, above 0 and below 1{hint}"
        raise error(msg)
    return found


FARTHEST: Final = 1_000_000
"""Bars that a window may lie from its event: ten years of minutes."""


def window(
    value: Any,
    name: str = "window",
    error: type[InputError] = StudyError,
    *,
    within: tuple[int, int] | None = None,
) -> tuple[int, int]:
    """Return a window as (first, last): two whole relative days, in that order; `within` names the event window it is part of.

    Examples
    --------
    >>> window([-1, 1.0])
    (-1, 1)
    """
    such = {"estimation": (-250, -11), "before": (-250, -11), "after": (11, 120)}.get(name, (0, 1))
    try:
        days = [] if isinstance(value, str | bytes | Mapping | set) else [whole(day) for day in value]
    except TypeError:
        days = []
    if len(days) != 2 or None in days:
        part = "" if within is None else f"; it must lie inside the event window {within}"
        msg = f"{name}={brief(repr(value))} is not two whole relative days; give (first, last), such as {name}={such}{part}"
        raise error(msg)
    first, last = days
    assert first is not None and last is not None  # noqa: S101, PT018  looked at just above
    if first > last:
        part = "" if within is None else f"; it must lie inside the event window {within}"
        msg = f"{name}=({first}, {last}) runs backwards; give the first relative day first{part}"
        raise error(msg)
    if within is None and max(-first, last) > FARTHEST:
        msg = f"{name} reaches more than {FARTHEST:,} bars from the event; give relative days, such as {name}={such}"
        raise error(msg)
    return first, last


def seed(value: Any, name: str = "seed", error: type[InputError] = StudyError) -> Any:
    """Return a source of chance: a whole number of zero or more, what numpy draws from, or None."""
    if value is None or type(value).__module__.startswith("numpy.random"):
        return value
    found = whole(value)
    if found is None or found < 0:
        msg = f"{name}={brief(repr(value))} is no whole number of zero or more; pass one, a numpy Generator, or None"
        raise error(msg)
    return found


def literals(annotation: Any) -> tuple[str, ...]:
    """Return the words of a `Literal`, also of one that stands beside None or inside a tuple."""
    if get_origin(annotation) is Literal:
        return tuple(one for one in get_args(annotation) if isinstance(one, str))
    return tuple(one for part in get_args(annotation) for one in literals(part))


def checked(error: type[InputError] = StudyError) -> Callable[[F], F]:
    """Return a decorator: what a function is given is checked by its annotations before it runs; a default is trusted.

    Checked are each `Literal`; ``level``, ``alpha`` and ``target`` (power); pairs of relative days; ``seed``; whole numbers and
    numbers.
    """

    def decorate(function: F) -> F:
        names = list(signature(function).parameters)

        @wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            for name, (optional, check) in _rules_of(function).items():
                at = names.index(name)
                if name in named or at < len(given):
                    value = named[name] if name in named else given[at]
                    if value is not None or not optional:
                        check(value, name, error)
            return function(*given, **named)

        return cast("F", call)

    return decorate


def check_fields(self: Any, error: type[InputError] = StudyError) -> None:
    """Check the fields of a data class by their annotations, as `checked` does arguments."""
    for name, (optional, check) in _rules_of_class(cast("Hashable", type(self))).items():
        value = getattr(self, name)
        if value is not None or not optional:
            check(value, name, error)


@cache
def _rules_of(function: Callable[..., Any]) -> dict[str, tuple[bool, Check]]:
    found = {
        name: _rule(name, one.annotation, unwrap(function).__globals__)
        for name, one in signature(function).parameters.items()
        if one.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    }
    return {name: rule for name, rule in found.items() if rule is not None}


@cache
def _rules_of_class(kind: Any) -> dict[str, tuple[bool, Check]]:
    places = {
        name: vars(sys.modules[base.__module__])
        for base in reversed(kind.__mro__)
        for name in vars(base).get("__annotations__", {})
    }
    found = {one.name: _rule(one.name, one.type, places[one.name]) for one in fields(kind) if one.init}
    return {name: rule for name, rule in found.items() if rule is not None}


def _rule(name: str, annotation: Any, place: dict[str, Any]) -> tuple[bool, Check] | None:
    """Return whether an argument may be None, and how it is checked; None where its annotation says nothing to check."""
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, place)  # noqa: S307  an annotation of our own
        except NameError:  # a type that is imported for type checkers alone
            return None
    parts = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    kinds = [one for one in parts if one is not types.NoneType]
    kind = kinds[0] if len(kinds) == 1 else None
    if kind == tuple[int, int] and len(kinds) < len(parts):
        return None  # None stands for the window of the study, which checks its parts itself
    check = _check(name, kind)
    if check is None and any(getattr(one, "__name__", "") == "Generator" for one in kinds):
        check = seed
    return None if check is None else (len(kinds) < len(parts), check)


_FLOATS: Final[dict[str, Check]] = {"level": level, "alpha": alpha, "target": share, "se": spread, "sd": spread}


def _check(name: str, kind: Any) -> Check | None:
    if kind == tuple[int, int]:
        return window
    origin = get_origin(kind)
    if origin is Literal:
        return lambda value, name, error: word(value, kind, name, error)
    if origin in (tuple, list, set, frozenset, Sequence):
        inner = [one for one in get_args(kind) if one is not Ellipsis]
        each = _check(name, inner[0]) if len(inner) == 1 else None
        return None if each is None else lambda value, name, error: _each(value, name, error, each)
    if kind is int:
        return seed if name == "seed" else partial(count, least=LEAST.get(name))
    return _FLOATS.get(name, number) if kind is float else None


def _each(values: Any, name: str, error: type[InputError], check: Check) -> None:
    if isinstance(values, str) or not isinstance(values, Collection):
        msg = f"{name}={brief(repr(values))} is not a list; give one, such as [{brief(repr(values))}]"
        raise error(msg)
    for value in values:
        check(value, name, error)
