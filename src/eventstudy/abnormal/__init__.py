"""Abnormal returns: one batched regression for every linear normal-return model, with its exact forecast variance.

Models with an estimator of their own (thin trading, robust, GARCH) run in the same frame. Pure numbers: arrays in,
frozen dataclasses of arrays out. The names are imported when first used (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstudy._lazy import lazily

if TYPE_CHECKING:
    from eventstudy.abnormal.control import ControlPortfolio, MatchedPortfolio, SyntheticControl
    from eventstudy.abnormal.engine import estimate
    from eventstudy.abnormal.garch import GarchMarketModel
    from eventstudy.abnormal.models import CAPM, FactorModel, MarketAdjusted, MarketModel, MeanAdjusted, Model
    from eventstudy.abnormal.result import AbnormalReturns
    from eventstudy.abnormal.robust import RobustMarketModel
    from eventstudy.abnormal.sample import EstimationRecord, WindowSample
    from eventstudy.abnormal.status import Exclusion
    from eventstudy.abnormal.thin import Dimson, DimsonSum, ScholesWilliams, TradeToTrade

__all__ = [
    "CAPM",
    "AbnormalReturns",
    "ControlPortfolio",
    "Dimson",
    "DimsonSum",
    "EstimationRecord",
    "Exclusion",
    "FactorModel",
    "GarchMarketModel",
    "MarketAdjusted",
    "MarketModel",
    "MatchedPortfolio",
    "MeanAdjusted",
    "Model",
    "RobustMarketModel",
    "ScholesWilliams",
    "SyntheticControl",
    "TradeToTrade",
    "WindowSample",
    "estimate",
]

_HOMES = {
    "AbnormalReturns": "result",
    "CAPM": "models",
    "ControlPortfolio": "control",
    "Dimson": "thin",
    "DimsonSum": "thin",
    "EstimationRecord": "sample",
    "Exclusion": "status",
    "FactorModel": "models",
    "GarchMarketModel": "garch",
    "MarketAdjusted": "models",
    "MarketModel": "models",
    "MatchedPortfolio": "control",
    "MeanAdjusted": "models",
    "Model": "models",
    "RobustMarketModel": "robust",
    "ScholesWilliams": "thin",
    "SyntheticControl": "control",
    "TradeToTrade": "thin",
    "WindowSample": "sample",
    "estimate": "engine",
}


__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
