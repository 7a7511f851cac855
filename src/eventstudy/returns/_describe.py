"""What a panel says of itself: a digest of its content, one line, a little HTML."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.errors import EventStudyError


def content_digest(what: str, *frames: pd.DataFrame | None) -> str:
    """Return the SHA-256 of labels and values (hex)."""
    total = hashlib.sha256(what.encode())
    for frame in frames:
        if frame is None or frame.shape[1] == 0:
            continue
        index = frame.index
        bars = index.asi8 if isinstance(index, pd.DatetimeIndex) else [str(label) for label in index]
        total.update(repr([str(symbol) for symbol in frame.columns]).encode())
        total.update(bars.tobytes() if isinstance(bars, np.ndarray) else repr(bars).encode())
        values = frame.to_numpy(dtype=float, copy=True)
        values[np.isnan(values)] = np.nan  # one bit pattern for what is missing
        total.update(np.ascontiguousarray(values + 0.0).tobytes())  # and one for zero
    return total.hexdigest()


def day_of(label: Any) -> str:
    return (
        label.strftime("%Y-%m-%d" if label == label.normalize() else "%Y-%m-%d %H:%M %Z")
        if isinstance(label, pd.Timestamp)
        else str(label)
    )


def line_of(name: str, frame: pd.DataFrame, failures: Mapping[str, EventStudyError] | None) -> str:
    plural = "" if frame.shape[1] == 1 else "s"
    span = f", {day_of(frame.index[0])} .. {day_of(frame.index[-1])}" if len(frame) else ""
    failed = f", {len(failures)} failed" if failures else ""
    return f"{name}: {len(frame)} bars x {frame.shape[1]} symbol{plural}{span}{failed}"


def html_of(line: str, quality: pd.DataFrame | None) -> str:
    return f"<p>{line}</p>{'' if quality is None else quality.to_html(max_rows=20)}"
