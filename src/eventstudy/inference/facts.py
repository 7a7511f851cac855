"""What a sample is like: how many independent sessions, and how much its security-events move together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from eventstudy.inference.correlation import batch_correlation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eventstudy.abnormal.sample import WindowSample

__all__ = ["SampleFacts"]


@dataclass(frozen=True)
class SampleFacts:
    """Measured properties of a sample, each worked out when first asked for.

    Attributes
    ----------
    sample : WindowSample
        One sample, or a batch with leading axes.
    """

    sample: WindowSample

    @cached_property
    def correlation(self) -> NDArray[np.float64]:
        """Mean residual correlation over all pairs weighted by shared bars, shape (...); NaN without estimation windows."""
        return batch_correlation(self.sample)

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
        r = float(self.correlation)
        return n / (1 + max(n - 1, 0) * max(r, 0.0)) if np.isfinite(r) else np.nan
