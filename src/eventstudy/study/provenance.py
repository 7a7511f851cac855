"""What a result rests on: versions, hashes and configuration. No clock, no path, no host."""

from __future__ import annotations

import hashlib
import platform
from typing import Any

import numpy as np
import pandas as pd

from eventstudy._version import __version__
from eventstudy.study.design import Design
from eventstudy.study.fitted import Fitted
from eventstudy.study.rows import calendars, estimated_on


def provenance(result: Fitted) -> dict[str, Any]:
    """Return versions, data hashes and the configuration of a fitted study, JSON-able and the same every time."""
    import scipy  # noqa: PLC0415  only for its version

    study = result.study
    return {
        "versions": {
            "eventstudy": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "pandas": pd.__version__,
            "scipy": scipy.__version__,
        },
        "data": {
            "returns": result.panel.digest,
            "kind": result.panel.kind,
            "events": _events_digest(result),
            "rows_outside_calendar": sum(part.aligned.strange for part in calendars(result)),
        },
        "config": config_of(study, _in_words(result)),
    }


def config_of(study: Design, used: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what a study is, JSON-able; `used` says more of its estimation windows."""
    mask: Any = study.mask_events
    return {
        "model": repr(study.model),
        "estimation": {"sessions": study.estimation_words}
        if study.estimation_words
        else {
            "length": study.estimation_window.length,
            "end": study.estimation_window.end,
            "minimum": study.estimation_window.minimum,
            **(used or {}),
        },
        "window": list(study.window),
        "calendar": study.calendar
        if study.calendar is None or isinstance(study.calendar, str)
        else dict(study.calendar),
        "mask_events": mask if isinstance(mask, bool) else getattr(mask, "digest", repr(mask)),
        "mask": list(study.mask),
        "non_session": study.non_session,
        "missing": study.missing,
        "overlap": study.overlap,
        **({} if study.label is None else {"label": study.label}),
    }


def _in_words(result: Fitted) -> dict[str, Any]:
    """Return the estimation windows that were asked for in words: before, after, and those of single pairs."""
    window, own = result.study.estimation_window, estimated_on(result)
    if not own:
        return {}
    around = {"before": window.before and list(window.before), "after": window.after and list(window.after)}
    return {**around, "used": sorted(set(own))}


def _events_digest(result: Fitted) -> str:
    request = result.request
    when = request.moments if request.moments is not None else request.bars
    lines = [f"{event}\t{at}" for event, at in zip(request.event_id, when if when is not None else (), strict=True)]
    if request.symbol is not None:
        lines = [f"{line}\t{symbol}" for line, symbol in zip(lines, request.symbol, strict=True)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
