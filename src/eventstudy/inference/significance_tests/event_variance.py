"""How much an event raised the variance of one security: each security-event's own estimate, from its tested window."""

from __future__ import annotations

import numpy as np

from eventstudy._typing import Floats

HALVINGS = 60
"""Of the bracket: its width falls by 2^60, below the last digit of a float."""


def event_variance(ar: Floats, variance: Floats) -> Floats:
    """Return the rise d of the variance over the tested window that is most likely, for each security-event.

    Parameters
    ----------
    ar : (..., N, L) float
        Abnormal returns, decimals; NaN is left out.
    variance : (..., N, L) float
        Their variances h_t without the event: of a GARCH model the forecasts, of a linear one sigma² (1 + h).

    Returns
    -------
    (..., N) float
        d >= 0, decimals squared: the maximum of the normal likelihood of AR_t ~ N(m, h_t + d) over m and d. 0 for a single
        bar, which cannot tell its mean from its variance; NaN for none.

    Notes
    -----
    The event dummies in mean and variance of Savickas's (2003) GARCH market model, in two steps: h_t is estimated on the
    estimation window and held, as Bremer and Zhang (2007) do, so that the event cannot take part in its own yardstick.

    References
    ----------
    Savickas (2003); Bremer and Zhang (2007).

    Examples
    --------
    >>> import numpy as np
    >>> event_variance(np.array([[0.03, -0.03], [0.01, 0.02]]), np.full((2, 2), 0.0004)).round(6).tolist()
    [0.0005, 0.0]
    """
    used = np.isfinite(ar) & np.isfinite(variance) & (variance > 0)
    x, h = np.where(used, ar, 0.0), np.where(used, variance, 1.0)

    def score(rise: Floats) -> Floats:
        """Slope of the likelihood in d at its best m, up to a positive factor."""
        weight = np.where(used, 1 / (h + rise[..., None]), 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            centre = (weight * x).sum(axis=-1) / weight.sum(axis=-1)
        return np.asarray(((weight * (x - centre[..., None])) ** 2 - weight).sum(axis=-1))

    low, high = np.zeros(x.shape[:-1]), (x**2).sum(axis=-1)  # at the sum of squares the slope is not positive any more
    rises = score(low) > 0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        up = score(middle) > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return np.where(used.any(axis=-1), np.where(rises, (low + high) / 2, 0.0), np.nan)
