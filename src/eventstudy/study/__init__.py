"""The study: where events, returns, the engine and the tests meet. Labels in, labels out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from eventstudy.study.config import EstimationWindow, EventStudy
from eventstudy.study.result import StudyResult

if TYPE_CHECKING:
    from eventstudy.study.lumped import LumpedReturns, abnormal_volume, lumped_returns, without_stale

__all__ = [
    "EstimationWindow",
    "EventStudy",
    "LumpedReturns",
    "StudyResult",
    "abnormal_volume",
    "lumped_returns",
    "without_stale",
]

_LUMPED = ("LumpedReturns", "abnormal_volume", "lumped_returns", "without_stale")


def __getattr__(name: str) -> Any:
    """Import what needs the room of returns when it is first asked for."""
    if name not in _LUMPED:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module("eventstudy.study.lumped"), name)
