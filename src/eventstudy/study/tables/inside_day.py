"""Averages inside the day: their interval is that of the same clock times on other days."""

from __future__ import annotations

from typing import Any

from eventstudy.errors import StudyError
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.window_sample import window_sample


def is_inside(result: Fitted) -> bool:
    """Whether a result is of bars within days under an `IntradayModel`."""
    return any(part.aligned.hours is not None for part in result.parts)


def refuse_inside(result: Fitted, what: str) -> None:
    """Stop where a table needs one estimation window an event."""
    if is_inside(result):
        msg = f"{what} needs one estimation window an event, and inside the day each session has its own; ask car(), caar(), tests() or speed()"
        raise StudyError(msg)


def mean_inside(result: Fitted, window: Window, level: float) -> dict[str, Any]:
    """Return the cells of one average: the mean CAR, with the interval of `matched_clock`."""
    from eventstudy.inference.registry import run  # noqa: PLC0415  slow to import: only those who test pay

    found = run("matched_clock", window_sample(result, window, placebo=False, empty=True), level=level)
    return {
        "caar": found.estimate,
        "se": found.se,
        "low": found.ci[0],
        "high": found.ci[1],
        "n": found.n,
        "n_sessions": found.n_clusters,
        "df": float("nan"),
        "test": "matched_clock",
    }
