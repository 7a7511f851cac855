"""What pools were called in the version before: `controls`, now `donors`."""

from __future__ import annotations

import warnings
from functools import wraps
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)


def controls_are_donors(cls: Class) -> Class:
    """Let a model answer to ``controls=`` and ``.controls`` for one version, with a warning."""
    init: Any = cls.__init__  # type: ignore[misc]

    @wraps(init)
    def renamed(self: Any, *args: Any, **given: Any) -> None:
        if "controls" in given:
            _warn(cls, "controls=", "donors=")
            given["donors"] = given.pop("controls")
        init(self, *args, **given)

    def controls(self: Any) -> tuple[str, ...]:
        _warn(cls, "controls", "donors")
        return tuple(self.donors)

    renamed_class: Any = cls
    renamed_class.__init__ = renamed
    renamed_class.controls = property(controls)
    return cls


def _warn(cls: type, old: str, new: str) -> None:
    msg = f"{cls.__name__}: {old} will go in the next version; it is called {new}"
    warnings.warn(msg, DeprecationWarning, stacklevel=3)
