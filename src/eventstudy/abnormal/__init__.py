"""Abnormal returns: one batched regression for every linear normal-return model, with its exact forecast variance.

Models with an estimator of their own (thin trading, robust, GARCH) run in the same frame. Pure numbers: arrays in,
frozen dataclasses of arrays out. The names are imported when first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    "control": ("ControlPortfolio", "MatchedPortfolio", "SyntheticControl"),
    "engine": ("estimate",),
    "garch": ("GarchMarketModel",),
    "models": ("CAPM", "FactorModel", "MarketAdjusted", "MarketModel", "MeanAdjusted", "Model"),
    "result": ("AbnormalReturns",),
    "robust": ("RobustMarketModel",),
    "sample": ("EstimationRecord", "WindowSample"),
    "status": ("Exclusion",),
    "thin": ("Dimson", "DimsonSum", "ScholesWilliams", "TradeToTrade"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{home}"), name)
            globals()[name] = value
            return value
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
