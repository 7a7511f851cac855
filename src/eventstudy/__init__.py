"""Market-reaction event studies: events, returns, abnormal returns, inference, and one hypothesis tested.

The public names are imported when first used (PEP 562), so that ``import eventstudy`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstudy._lazy import lazily
from eventstudy._version import __version__

if TYPE_CHECKING:
    from eventstudy.abnormal import (
        CAPM,
        ControlPortfolio,
        Dimson,
        DimsonSum,
        FactorModel,
        GarchMarketModel,
        MarketAdjusted,
        MarketModel,
        MatchedPortfolio,
        MeanAdjusted,
        RobustMarketModel,
        ScholesWilliams,
        SyntheticControl,
        TradeToTrade,
    )
    from eventstudy.errors import EventStudyError, InputError, SourceError
    from eventstudy.events import Event, EventCatalog, load_episodes, load_events, load_macro_calendar
    from eventstudy.hypothesis import SelloffForcesSoftening, Verdict
    from eventstudy.inference import TestResult
    from eventstudy.returns import (
        FredSource,
        FrenchSource,
        PricePanel,
        PriceSource,
        ReturnPanel,
        StooqSource,
        YahooSource,
        adjust_prices,
        freeze,
        load_prices,
        load_returns,
    )
    from eventstudy.study import EstimationWindow, EventStudy, StudyResult

_HOMES = {
    "Event": "events",
    "EventCatalog": "events",
    "load_episodes": "events",
    "load_events": "events",
    "load_macro_calendar": "events",
    "FredSource": "returns",
    "FrenchSource": "returns",
    "PricePanel": "returns",
    "PriceSource": "returns",
    "ReturnPanel": "returns",
    "StooqSource": "returns",
    "YahooSource": "returns",
    "adjust_prices": "returns",
    "freeze": "returns",
    "load_prices": "returns",
    "load_returns": "returns",
    "CAPM": "abnormal",
    "ControlPortfolio": "abnormal",
    "Dimson": "abnormal",
    "DimsonSum": "abnormal",
    "FactorModel": "abnormal",
    "GarchMarketModel": "abnormal",
    "MarketAdjusted": "abnormal",
    "MarketModel": "abnormal",
    "MatchedPortfolio": "abnormal",
    "MeanAdjusted": "abnormal",
    "RobustMarketModel": "abnormal",
    "ScholesWilliams": "abnormal",
    "SyntheticControl": "abnormal",
    "TradeToTrade": "abnormal",
    "TestResult": "inference",
    "EstimationWindow": "study",
    "EventStudy": "study",
    "StudyResult": "study",
    "SelloffForcesSoftening": "hypothesis",
    "Verdict": "hypothesis",
    "EventStudyError": "errors",
    "InputError": "errors",
    "SourceError": "errors",
}

__all__ = [
    "CAPM",
    "ControlPortfolio",
    "Dimson",
    "DimsonSum",
    "EstimationWindow",
    "Event",
    "EventCatalog",
    "EventStudy",
    "EventStudyError",
    "FactorModel",
    "FredSource",
    "FrenchSource",
    "GarchMarketModel",
    "InputError",
    "MarketAdjusted",
    "MarketModel",
    "MatchedPortfolio",
    "MeanAdjusted",
    "PricePanel",
    "PriceSource",
    "ReturnPanel",
    "RobustMarketModel",
    "ScholesWilliams",
    "SelloffForcesSoftening",
    "SourceError",
    "StooqSource",
    "StudyResult",
    "SyntheticControl",
    "TestResult",
    "TradeToTrade",
    "Verdict",
    "YahooSource",
    "__version__",
    "adjust_prices",
    "freeze",
    "load_episodes",
    "load_events",
    "load_macro_calendar",
    "load_prices",
    "load_returns",
]


__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
