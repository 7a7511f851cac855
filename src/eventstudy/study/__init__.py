"""The study: where events, returns, the engine and the tests meet. Labels in, labels out."""

from __future__ import annotations

from eventstudy.study.config import EstimationWindow, EventStudy
from eventstudy.study.result import StudyResult

__all__ = ["EstimationWindow", "EventStudy", "StudyResult"]
