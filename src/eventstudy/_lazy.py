"""Names of the version before: they still answer, with a warning that says where they are now."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


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
