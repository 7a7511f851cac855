"""A mean and its interval, as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints


@dataclass(frozen=True, slots=True)
class Average:
    """A mean of CARs, of one sample or of each sample of a batch.

    Attributes
    ----------
    mean, se, df : (...) float
        NaN without a value; `se` and `df` NaN where nothing tells them.
    n, sessions : (...) int
        Security-events, and different days 0 among them.
    how : (...) str
        What the standard error is: ``cross_sectional``, ``clustered``, ``portfolio``, ``time_series`` or ``covariance``
        (`eventstudy.inference.beyond.average.average`); empty without a value.
    """

    mean: Floats
    se: Floats
    df: Floats
    n: Ints
    sessions: Ints
    how: NDArray[np.str_]

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return the ends of the interval of Student's t, each (...)."""
        from scipy import special  # noqa: PLC0415  slow to import

        reach = special.stdtrit(self.df, 0.5 + level / 2) * self.se
        return self.mean - reach, self.mean + reach
