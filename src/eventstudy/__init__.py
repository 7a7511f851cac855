"""Market-reaction event studies: events, returns, abnormal returns, inference, and one hypothesis tested.

The rooms and the public names are imported when first used, so that ``import eventstudy`` costs next to nothing; the
names stand in ``__init__.pyi``, which type checkers read too.
"""

import copyreg
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import lazy_loader

from eventstudy._version import __version__ as __version__

_named, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Return a room or a public name; `study` is the room, which can be called."""
    return import_module("eventstudy.study") if name == "study" else _named(name)


def _by_name(room: ModuleType) -> tuple[Any, tuple[str]]:
    return import_module, (room.__name__,)


# functions that name a room travel to the workers of Dask, Ray and joblib: lazy-loader makes rooms a kind of module of its own,
# which none of them knows how to send
if type(sys.modules[__name__]) is not ModuleType:
    copyreg.pickle(type(sys.modules[__name__]), _by_name)

__all__ += ["__version__"]
