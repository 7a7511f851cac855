"""Names and places of the version before: they still answer, with a warning that says what is meant now."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


def with_old_names(package: str, get: Callable[[str], Any], old: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package that also answers to `old`, name -> module within the package."""

    def answer(name: str) -> Any:
        if name not in old:
            return get(name)
        place = f"{package}.{old[name]}"
        msg = f"{package}.{name} will go in the next version; import it from {place}"
        warnings.warn(msg, DeprecationWarning, stacklevel=2)
        return getattr(import_module(place), name)

    return answer


def renamed(**old: str | tuple[str, Callable[[Any], Any]]) -> Callable[[F], F]:
    """Return a decorator: arguments of the version before, old name -> new name, perhaps with what turns the value."""

    def decorate(function: F) -> F:
        @wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            for name, meant in old.items():
                if name in named:
                    new, turn = (meant, None) if isinstance(meant, str) else meant
                    msg = f"{function.__name__}({name}=…) will go in the next version; it is {new}="
                    warnings.warn(msg, DeprecationWarning, stacklevel=2)
                    value = named.pop(name)
                    named[new] = turn(value) if turn is not None else value
            return function(*given, **named)

        return cast("F", call)

    return decorate


def ax_by_name(function: F) -> F:
    """Return a method that draws: an ``ax`` given by place, as in the version before, is taken by its name."""

    @wraps(function)
    def draw(*given: Any, **named: Any) -> Any:
        axes = [one for one in given[1:] if hasattr(one, "get_figure")]
        if axes:
            warnings.warn("give ax by its name: ax=…", DeprecationWarning, stacklevel=2)
            named["ax"], given = axes[0], tuple(one for one in given if one is not axes[0])
        return function(*given, **named)

    return cast("F", draw)
