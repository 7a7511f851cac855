"""The study: where events, returns, the engine and the tests meet. Labels in, labels out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from eventstudy.study.config import EstimationWindow, EventStudy

if TYPE_CHECKING:
    from eventstudy.study.lumped import LumpedReturns, abnormal_volume, lumped_returns, without_stale
    from eventstudy.study.result import StudyResult

__all__ = [
    "EstimationWindow",
    "EventStudy",
    "LumpedReturns",
    "StudyResult",
    "abnormal_volume",
    "lumped_returns",
    "without_stale",
]

_HOMES = {
    "LumpedReturns": "lumped",
    "StudyResult": "result",
    "abnormal_volume": "lumped",
    "lumped_returns": "lumped",
    "without_stale": "lumped",
}


def __getattr__(name: str) -> Any:
    """Import what a study needs only once it is fitted when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
