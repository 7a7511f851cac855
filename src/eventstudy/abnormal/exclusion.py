"""How a security-event ends: studied, or excluded for one of a closed list of reasons."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Exclusion(IntEnum):
    """Why a security-event is not studied; ``STUDIED`` (0) if it is.

    Examples
    --------
    >>> Exclusion.TOO_FEW_BARS.reason
    'too_few_bars'
    """

    STUDIED = 0
    UNKNOWN_SYMBOL = 1
    BENCHMARK = 2
    OUTSIDE_DATA = 3
    NOT_A_SESSION = 4
    TOO_FEW_BARS = 5
    NO_RETURNS_IN_WINDOW = 6
    RANK_DEFICIENT = 7
    INFINITE_RETURN = 8
    OVERLAP = 9
    NO_CONVERGENCE = 10
    MERGED = 11
    FEW_DONORS = 12
    TOO_COARSE = 13
    CIRCULAR = 14

    @property
    def reason(self) -> str:
        """The word that tables print."""
        return self.name.lower()

    @property
    def meaning(self) -> str:
        """One line for a reader."""
        return MEANING[self]


MEANING: Final = {
    Exclusion.STUDIED: "studied",
    Exclusion.UNKNOWN_SYMBOL: "the panel has no such symbol",
    Exclusion.BENCHMARK: "the benchmark is not studied against itself; ask for it with MeanAdjusted()",
    Exclusion.OUTSIDE_DATA: "relative day 0 lies outside the data",
    Exclusion.NOT_A_SESSION: "the bar asked for is no session of the calendar and the policy is to drop it",
    Exclusion.TOO_FEW_BARS: "too few usable bars in the estimation window",
    Exclusion.NO_RETURNS_IN_WINDOW: "not one return in the event window",
    Exclusion.RANK_DEFICIENT: "the regressors do not vary, or depend on one another, in the estimation window",
    Exclusion.INFINITE_RETURN: "an infinite return in the estimation or event window",
    Exclusion.OVERLAP: "its event window overlaps an earlier one of the same security",
    Exclusion.NO_CONVERGENCE: "the model has no estimate in this estimation window",
    Exclusion.MERGED: "merged with an earlier event of the same security, whose event window it overlaps",
    Exclusion.FEW_DONORS: "too few donors have their returns and no event of their own: 10 are needed, 3 a component, 2 for a synthetic control",
    Exclusion.TOO_COARSE: "its moment is known less well than the window is long",
    Exclusion.CIRCULAR: "its moment was read from the price itself; IntradayModel(allow=…) studies it by name",
}
