"""The study: where events, returns, the engine and the tests meet. Labels in, labels out.

The room itself can be called: a study in one call, ``help(es.study.__call__)``::

    es.study(events, prices, *, market=None, symbol=None, date=None, date_format=None, timing=None, timezone=None, event_id=None,
             model=None, factors=None, factors_holds=None, window=(-10, 10), estimation=None, calendar="auto",
             prices_date_format=None, quiet=False, encoding="utf-8-sig", **options)

    es.study("earnings.csv", "prices.parquet", market="^GSPC")

``events`` is a table of firms and dates, ``prices`` a file, a frame, a panel or a source such as ``"yahoo"``; ``**options`` are those of
`EventStudy` (``mask_events=False`` …) and of `load_returns` (``holds="returns"`` …). It gives a `StudyResult`.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


class _Room(ModuleType):
    """A room with a door: called, it is `eventstudy.study.pairs.one_call.study`."""

    def __call__(self, events: Any, prices: Any, **options: Any) -> Any:
        """Study a table of firms on prices, in one call; `eventstudy.study.pairs.one_call.study` says each option."""
        from eventstudy.study.pairs.one_call import study  # noqa: PLC0415  a room must not pay for what stands in it

        return study(events, prices, **options)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Travel by name, like any module."""
        return import_module, (self.__name__,)


sys.modules[__name__].__class__ = _Room
