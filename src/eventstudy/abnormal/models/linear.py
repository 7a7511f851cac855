"""The linear normal-return models, as values: which series they need and which design matrix they make of them.

All of them are the same batched regression (`eventstudy.abnormal.estimate`). A model says which symbols it reads
(`symbols`), which rows of the design follow the constant, and what is taken from the return first (`split`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from eventstudy._typing import Floats
from eventstudy.abnormal.models.markets import MarketName, market_of, market_symbols
from eventstudy.abnormal.models.protocol import Split, _needed
from eventstudy.checks import share
from eventstudy.errors import StudyError


@dataclass(frozen=True, slots=True)
class MeanAdjusted:
    """Constant mean: AR = R - mean of the estimation window; k = 1, df = M - 1.

    Parameters
    ----------
    volatility : str or None
        None: the variance of the estimation window, Var(CAR) = sigma^2 (L + L^2/M). ``"ewma"``: the exponentially
        weighted variance of the abnormal returns; any other word: a level symbol of the panel in percent a year, such
        as ``"^VIX"``, read as (level/100)^2/252. Either is the variance known at the last close before the tested
        window, and before relative day 0 whatever the window, held flat: Var(CAR) = L h + L^2 sigma^2/M.
    decay : float
        Weight of yesterday in the exponentially weighted variance (0.94: RiskMetrics 1996).

    Notes
    -----
    Brown and Warner (1980, 1985); MacKinlay (1997, section 4.A). The scaled form is for an index without a benchmark,
    whose variance on the day says more than that of the past year.

    Examples
    --------
    >>> MeanAdjusted().k, MeanAdjusted(volatility="^VIX").volatility
    (1, '^VIX')
    """

    volatility: str | None = None
    decay: float = 0.94

    symbols: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)
    k: int = field(default=1, init=False, repr=False, compare=False)
    forecast: bool = field(default=True, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        share(self.decay, "decay")

    def split(self, series: Floats | None) -> Split:
        """Return no design row beside the constant, and nothing to subtract."""
        del series
        return None, None


@dataclass(frozen=True, slots=True)
class MarketAdjusted:
    """Market-adjusted return: AR = R - Rm; sigma is the sd of the difference; df = M - 1; Var(CAR) = L sigma^2.

    Parameters
    ----------
    market : str, or mapping of str to str
        Symbol of the market in the panel; or that of each security, by its symbol.

    Notes
    -----
    Brown and Warner (1980). Nothing is estimated but sigma, so that no forecast term enters.
    """

    market: MarketName

    k: int = field(default=1, init=False, repr=False, compare=False)
    forecast: bool = field(default=False, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "market", market_of(self.market))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return market_symbols(self.market)

    def split(self, series: Floats | None) -> Split:
        """Return no design row, and the market to subtract."""
        return None, _needed(series, 1)[..., 0, :]


@dataclass(frozen=True, slots=True)
class MarketModel:
    """OLS market model: AR = R - a - b Rm; k = 2, df = M - 2.

    Parameters
    ----------
    market : str, or mapping of str to str
        Symbol of the market in the panel; or that of each security, by its symbol.

    Notes
    -----
    Var(CAR) = sigma^2 (L + L^2/M + (sum_W (Rm - mean))^2 / Sxx), the mean and Sxx over the M usable bars of that
    security (Patell 1976; MacKinlay 1997, eq. 8; Mikkelson and Partch 1988).
    """

    market: MarketName

    k: int = field(default=2, init=False, repr=False, compare=False)
    forecast: bool = field(default=True, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "market", market_of(self.market))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return market_symbols(self.market)

    def split(self, series: Floats | None) -> Split:
        """Return the market as design row, and nothing to subtract."""
        return _needed(series, 1), None


@dataclass(frozen=True, slots=True)
class CAPM:
    """CAPM in excess returns: AR = (R - Rf) - a - b (Rm - Rf); k = 2.

    Parameters
    ----------
    market : str, or mapping of str to str
        Symbol of the market return (not yet in excess of the risk-free rate).
    risk_free : str
        Symbol of the risk-free return, ``"RF"`` in the bundled figures.
    """

    market: MarketName
    risk_free: str = "RF"

    k: int = field(default=2, init=False, repr=False, compare=False)
    forecast: bool = field(default=True, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "market", market_of(self.market))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market and the risk-free rate."""
        return (*market_symbols(self.market), self.risk_free)

    def split(self, series: Floats | None) -> Split:
        """Return the excess market return as design row, and the risk-free return to subtract."""
        values = _needed(series, 2)
        return values[..., :1, :] - values[..., 1:, :], values[..., 1, :]


@dataclass(frozen=True, slots=True)
class FactorModel:
    """Any linear factor model: AR = (R - Rf) - a - sum b_j F_j; k = 1 + number of factors.

    Parameters
    ----------
    factors : sequence of str
        Symbols of the factor returns, such as ``("Mkt-RF", "SMB", "HML")`` (Fama and French 1993).
    risk_free : str or None
        Symbol of the return to subtract from the security's; None if the returns are in excess already.

    Examples
    --------
    >>> FactorModel(("Mkt-RF", "SMB", "HML", "Mom"), risk_free="RF").k
    5
    """

    factors: Sequence[str]
    risk_free: str | None = None

    forecast: bool = field(default=True, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        given: object = self.factors
        if not isinstance(given, Iterable):
            msg = f"factors={given!r:.80} names no factors; give their columns, such as ('Mkt-RF', 'SMB', 'HML')"
            raise StudyError(msg)
        names = tuple(self.factors.split() if isinstance(self.factors, str) else self.factors)
        object.__setattr__(self, "factors", names)
        if not names or len(set(names)) < len(names):
            msg = f"factors are {list(names)}; name at least one, each once"
            raise StudyError(msg)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The factors, then the risk-free return if there is one."""
        return (*self.factors,) if self.risk_free is None else (*self.factors, self.risk_free)

    @property
    def k(self) -> int:
        """Mean parameters: the constant and the factors."""
        return 1 + len(self.factors)

    def split(self, series: Floats | None) -> Split:
        """Return the factors as design rows, and the risk-free return to subtract."""
        values = _needed(series, len(self.symbols))
        rows = len(self.factors)
        return values[..., :rows, :], None if self.risk_free is None else values[..., rows, :]
