"""Control portfolios: the return of others, not a regression, stands for what was to be expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal.models.old_names import controls_are_donors
from eventstudy.abnormal.models.protocol import Split
from eventstudy.errors import StudyError


@controls_are_donors
@dataclass(frozen=True, slots=True)
class ControlPortfolio:
    """AR = R - weighted mean of donor returns; sigma is the sd of the difference; df = M - 1.

    Parameters
    ----------
    donors : sequence of str
        Symbols of the donors; they are not studied themselves.
    weights : sequence of float, optional
        One a donor, summing to one: market values, or weights fitted elsewhere. Equal by default.

    Notes
    -----
    A bar on which a donor has no return is missing. With market-adjusted or factor models estimates are biased when the
    event is correlated with factor realisations or loadings; a donor that shares them is not (Goldsmith-Pinkham and
    Lyu, "Causal Inference in Financial Event Studies").

    Examples
    --------
    >>> ControlPortfolio(("KO", "PEP")).weights
    (0.5, 0.5)
    """

    donors: Sequence[str]
    weights: Sequence[float] | None = None

    k: ClassVar[int] = 1
    forecast: ClassVar[bool] = False

    def __post_init__(self) -> None:
        donors = tuple(self.donors)
        weights = (1 / max(1, len(donors)),) * len(donors) if self.weights is None else tuple(self.weights)
        if not donors or len(weights) != len(donors) or abs(sum(weights) - 1) > 1e-9:
            msg = f"{len(donors)} donors and weights {weights}: give at least one donor, and one weight each, summing to 1"
            raise StudyError(msg)
        object.__setattr__(self, "donors", donors)
        object.__setattr__(self, "weights", weights)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The donors."""
        return tuple(self.donors)

    def split(self, series: Floats | None) -> Split:
        """Return no design row, and the portfolio to subtract."""
        if series is None or self.weights is None:
            msg = "a control portfolio needs the returns of its donors: regressors=(K, B)"
            raise StudyError(msg)
        return None, np.einsum("k,...kb->...b", np.asarray(self.weights), series)


@dataclass(frozen=True, slots=True)
class MatchedPortfolio:
    """AR = R - R of the security's own match: one firm, or the equal-weighted mean of several.

    Parameters
    ----------
    match : mapping of str to str or sequence of str
        For each symbol studied, the symbols it is compared with.

    Notes
    -----
    A control firm takes away the biases of new listing, rebalancing and skewness (Barber and Lyon 1997; Lyon, Barber and
    Tsai 1999). A bar on which a member of the match has no return is missing. ``regressors`` is (S, 1, B).
    """

    match: Mapping[str, str | Sequence[str]] = field(hash=False)

    k: ClassVar[int] = 1
    forecast: ClassVar[bool] = False
    symbols: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        held = {name: (to,) if isinstance(to, str) else tuple(to) for name, to in self.match.items()}
        for name, to in held.items():
            if not to or name in to:
                msg = f"match of {name!r} is {list(to)}; name at least one other symbol"
                raise StudyError(msg)
        object.__setattr__(self, "match", MappingProxyType(held))

    def members(self, symbol: str) -> tuple[str, ...]:
        """Return the match of `symbol`.

        Raises
        ------
        StudyError
            If it has none.
        """
        if symbol not in self.match:
            msg = f"match= names no match for {symbol!r}; add one, or leave the symbol out of the study"
            raise StudyError(msg)
        return tuple(self.match[symbol])

    def split(self, series: Floats | None) -> Split:
        """Return no design row, and the match of each security to subtract."""
        if series is None:
            msg = "a matched portfolio needs the match of each security: regressors=(S, 1, B)"
            raise StudyError(msg)
        return None, series[..., 0, :]
