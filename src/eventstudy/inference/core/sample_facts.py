"""What a sample is like: how many independent sessions, and how much its security-events move together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal.window_sample import EstimationRecord, WindowSample
from eventstudy.errors import StudyError
from eventstudy.inference.core.ranking import (
    RankPortfolio,
    pseudo_day,
    rank_portfolio,
    row_ranks,
    standardized_residuals,
)
from eventstudy.inference.core.residual_correlation import batch_correlation


@dataclass(frozen=True)
class EstimationFacts:
    """What the rank tests of every window take from the estimation windows, worked out once.

    Attributes
    ----------
    record : EstimationRecord
        The estimation windows, (..., N, T).
    sigma : (..., N) float
        Residual standard deviations.
    """

    record: EstimationRecord
    sigma: NDArray[np.float64]

    @cached_property
    def standardized(self) -> NDArray[np.float64]:
        """e_t / (sigma sqrt(1 - h_t)), (..., N, T)."""
        return standardized_residuals(self.record, self.sigma)

    @cached_property
    def day_ranks(self) -> NDArray[np.float64]:
        """Ranks of the abnormal returns within each event, (..., N, T)."""
        return row_ranks(self.record.abnormal)

    @cached_property
    def standardized_ranks(self) -> NDArray[np.float64]:
        """Ranks of the standardized residuals within each event, (..., N, T)."""
        return row_ranks(self.standardized)


@dataclass(frozen=True)
class SampleFacts:
    """Measured properties of a sample, each worked out when first asked for.

    Attributes
    ----------
    sample : WindowSample
        One sample, or a batch with leading axes.
    shared : EstimationFacts or None
        Those of another window of the same study, to spare doing them again.
    """

    sample: WindowSample
    shared: EstimationFacts | None = None

    @cached_property
    def estimation(self) -> EstimationFacts:
        """Ranks and standardized residuals of the estimation windows, which the sample must carry."""
        if self.shared is not None:
            return self.shared
        record = self.sample.estimation
        if record is None:
            msg = "this sample does not carry its estimation windows: sample(..., estimation=True)"
            raise StudyError(msg)
        return EstimationFacts(record, self.sample.sigma)

    @cached_property
    def correlation(self) -> NDArray[np.float64]:
        """Mean residual correlation over all pairs weighted by shared bars, shape (...); NaN without estimation windows."""
        return batch_correlation(self.sample)

    @cached_property
    def grank(self) -> RankPortfolio:
        """The portfolio of generalized ranks, shared by GRANK-T and GRANK-Z."""
        facts = self.estimation
        return rank_portfolio(facts.standardized, pseudo_day(self.sample.scar), facts.standardized_ranks)

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
