"""The study: where events, returns, the engine and the tests meet. Labels in, labels out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstudy._lazy import lazily
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


__getattr__ = lazily(__name__, _HOMES)
