"""The variance of a series known before its event: exponentially weighted, or read off a volatility index."""

from __future__ import annotations

from typing import Final

import numpy as np

from eventstudy._typing import Floats, Ints

SESSIONS_A_YEAR: Final = 252


def level_variance(level: Floats) -> Floats:
    """Return the daily variance that a volatility index in percent a year stands for, (level/100)^2/252.

    Examples
    --------
    >>> import numpy as np
    >>> level_variance(np.array([15.874507866387544])).round(12)
    array([0.0001])
    """
    return (np.asarray(level, dtype=np.float64) / 100.0) ** 2 / SESSIONS_A_YEAR


def known_bar(relative_day: Ints) -> Ints:
    """Return, for a tested window that begins at each relative day, the last relative day whose close is known.

    The bar before the window, and never later than relative day -1: the news of day 0 must not enter its own variance.

    Examples
    --------
    >>> import numpy as np
    >>> known_bar(np.array([-2, 0, 5]))
    array([-3, -1, -1])
    """
    return np.minimum(relative_day, 0) - 1


def ewma_before(series: Floats, start: Floats, decay: float) -> Floats:
    """Return the exponentially weighted variance after each bar, h_t = decay h_{t-1} + (1 - decay) e_t^2.

    Shapes: series (n, T).

    Notes
    -----
    RiskMetrics (1996, section 5.2).
    """
    variance = np.empty_like(series)
    state = np.array(start, dtype=np.float64)
    for t in range(series.shape[1]):
        shock = series[:, t]
        state = np.where(np.isfinite(shock), decay * state + (1.0 - decay) * shock * shock, state)
        variance[:, t] = state
    return variance
