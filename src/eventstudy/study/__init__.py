"""The study: where events, returns, the engine and the tests meet. Labels in, labels out.

The room itself can be called: ``es.study("earnings.csv", "prices.parquet", market="^GSPC")`` is a study in one call.
"""

import sys
from types import ModuleType
from typing import Any

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


class _Room(ModuleType):
    """A room with a door: called, it is `eventstudy.study.pairs.one_call.study`."""

    def __call__(self, events: Any, prices: Any, **options: Any) -> Any:
        from eventstudy.study.pairs.one_call import study  # noqa: PLC0415  a room must not pay for what stands in it

        return study(events, prices, **options)


sys.modules[__name__].__class__ = _Room
