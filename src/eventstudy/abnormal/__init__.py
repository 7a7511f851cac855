"""Abnormal returns: one batched regression for every linear normal-return model, with its exact forecast variance.

Pure numbers: arrays in, frozen dataclasses of arrays out.
"""

from __future__ import annotations

from eventstudy.abnormal.engine import estimate
from eventstudy.abnormal.models import CAPM, FactorModel, MarketAdjusted, MarketModel, MeanAdjusted, Model
from eventstudy.abnormal.result import AbnormalReturns
from eventstudy.abnormal.sample import EstimationRecord, WindowSample
from eventstudy.abnormal.status import Exclusion

__all__ = [
    "CAPM",
    "AbnormalReturns",
    "EstimationRecord",
    "Exclusion",
    "FactorModel",
    "MarketAdjusted",
    "MarketModel",
    "MeanAdjusted",
    "Model",
    "WindowSample",
    "estimate",
]
