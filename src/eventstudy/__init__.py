"""Market-reaction event studies: events, returns, abnormal returns, inference, and one hypothesis tested.

The public names are imported when first used (PEP 562), so that ``import eventstudy`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from eventstudy._version import __version__

if TYPE_CHECKING:
    from eventstudy.abnormal import MarketAdjusted, MarketModel, MeanAdjusted
    from eventstudy.errors import EventStudyError
    from eventstudy.events import Event, EventCatalog, load_events
    from eventstudy.hypothesis import SelloffForcesSoftening
    from eventstudy.inference import TestResult
    from eventstudy.returns import PricePanel, ReturnPanel, YahooSource, load_prices, load_returns
    from eventstudy.study import EstimationWindow, EventStudy, StudyResult

_HOMES = {
    "Event": "events",
    "EventCatalog": "events",
    "load_events": "events",
    "PricePanel": "returns",
    "ReturnPanel": "returns",
    "YahooSource": "returns",
    "load_prices": "returns",
    "load_returns": "returns",
    "MarketAdjusted": "abnormal",
    "MarketModel": "abnormal",
    "MeanAdjusted": "abnormal",
    "TestResult": "inference",
    "EstimationWindow": "study",
    "EventStudy": "study",
    "StudyResult": "study",
    "SelloffForcesSoftening": "hypothesis",
    "EventStudyError": "errors",
}

__all__ = [
    "EstimationWindow",
    "Event",
    "EventCatalog",
    "EventStudy",
    "EventStudyError",
    "MarketAdjusted",
    "MarketModel",
    "MeanAdjusted",
    "PricePanel",
    "ReturnPanel",
    "SelloffForcesSoftening",
    "StudyResult",
    "TestResult",
    "YahooSource",
    "__version__",
    "load_events",
    "load_prices",
    "load_returns",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module 'eventstudy' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"eventstudy.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
