"""Windows cut out of panels: relative days become bars, and bars outside the data become missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from eventstudy._typing import Bools, Floats, Ints


def cut(panel: Floats, row: Ints, start: Ints, length: int) -> Floats:
    """Return the (n, length) windows of `panel` that begin at bar `start` of row `row`; NaN outside the data.

    Shapes: panel (S, B).

    Examples
    --------
    >>> import numpy as np
    >>> cut(np.arange(8.0).reshape(2, 4), np.array([1, 0]), np.array([1, 3]), 2)
    array([[ 5.,  6.],
           [ 3., nan]])
    """
    bars = panel.shape[1]
    if _inside(start, length, bars):
        inside: Floats = _windows(panel, length)[row, start]
        return inside
    at = start[:, None] + np.arange(length)
    window: Floats = panel[row[:, None], at.clip(0, bars - 1)]
    window[(at < 0) | (at >= bars)] = np.nan
    return window


def cut_flags(flags: Bools, row: Ints, start: Ints, length: int) -> Bools:
    """Return the (n, length) windows of boolean `flags` (S, B); False outside the data."""
    bars = flags.shape[1]
    if _inside(start, length, bars):
        inside: Bools = _windows(flags, length)[row, start]
        return inside
    at = start[:, None] + np.arange(length)
    window: Bools = flags[row[:, None], at.clip(0, bars - 1)] & (at >= 0) & (at < bars)
    return window


def bars_of(day0: Ints, first: int, last: int, bars: int) -> Ints:
    """Return the (n, L) calendar positions of relative days `first` .. `last`; -1 outside the data."""
    at = day0[:, None] + np.arange(first, last + 1)
    if not _inside(day0 + first, last - first + 1, bars):
        at[(at < 0) | (at >= bars)] = -1
    return at


def _windows(panel: NDArray[Any], length: int) -> NDArray[Any]:
    """Return the (S, B - length + 1, length) view of all windows; `sliding_window_view` without its checks."""
    rows, bars = panel.shape
    step = panel.strides
    return as_strided(panel, (rows, bars - length + 1, length), (*step, step[1]), writeable=False)


def _inside(start: Ints, length: int, bars: int) -> bool:
    return length <= bars and (start.size == 0 or bool(start.min() >= 0 and start.max() + length <= bars))
