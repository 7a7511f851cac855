"""What the engine asks of a model: the symbols that it reads, and its regressors or its own estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeGuard, runtime_checkable

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.errors import StudyError

Split = tuple[Floats | None, Floats | None]


@runtime_checkable
class Model(Protocol):
    """What the engine asks of a normal-return model.

    Attributes
    ----------
    symbols : tuple of str
        The series it reads, in the order in which `split` gets them.
    k : int
        Mean parameters; the residual degrees of freedom are M - k.
    forecast : bool
        Whether the estimated mean is subtracted in the event window (False for the market-adjusted return).
    """

    @property
    def symbols(self) -> tuple[str, ...]:
        """The series it reads."""
        ...

    @property
    def k(self) -> int:
        """Mean parameters."""
        ...

    @property
    def forecast(self) -> bool:
        """Whether the estimated mean is subtracted in the event window."""
        ...

    def split(self, series: Floats | None) -> Split:
        """Return the (K, B) or (S, K, B) design rows beside the constant, and what to take from the return."""
        ...


def _needed(series: Floats | None, rows: int) -> Floats:
    if series is None or series.shape[-2] != rows:
        given = 0 if series is None else series.shape[-2]
        msg = f"the model needs {rows} regressor series, {given} given: regressors=(K, B) or (S, K, B)"
        raise StudyError(msg)
    return series


@dataclass(frozen=True, slots=True)
class Windows:
    """The estimation windows of n security-events.

    Attributes
    ----------
    y : (n, T) float
        Responses; zero where not usable.
    x : (n, K + 1, T) float
        All columns of the design, the constant first; zero where not usable.
    usable : (n, T) bool
    span : (n, T) float
        Bars that each return covers: 1, or more after missing prices in a panel of lumped returns.
    steps : (L,) int
        How many bars each bar of the event window lies after the end of the estimation window.
    key : (n, 2) int
        Security and bar of relative day 0: what a random stream of this security-event is seeded with.
    """

    y: Floats
    x: Floats
    usable: Bools
    span: Floats
    steps: Ints
    key: Ints


@dataclass(frozen=True, slots=True)
class OwnFit:
    """What an estimator found in n windows.

    Attributes
    ----------
    coef : (n, c) float
        Coefficients of the columns that forecast, the constant first.
    factor : (n, c, c) float
        The variance of the forecast mean is sigma^2 times the squared length of factor x*.
    sigma : (n,) float
        Scale of the residuals, decimals.
    m, df : (n,) int
        Usable bars, and residual degrees of freedom.
    ok : (n,) bool
        Whether there is an estimate.
    fallback : (n,) bool or None
        Where ordinary least squares stands in.
    variance : (n, L) float or None
        Variance of the disturbance at each bar of the event window, where it moves.
    """

    coef: Floats
    factor: Floats
    sigma: Floats
    m: Ints
    df: Ints
    ok: Bools
    fallback: Bools | None = None
    variance: Floats | None = None


class OwnModel(Protocol):
    """A normal-return model with an estimator of its own.

    Attributes
    ----------
    forecast_columns : tuple of int
        Columns of the design (0 is the constant) that enter the forecast.
    """

    @property
    def forecast_columns(self) -> tuple[int, ...]:
        """Columns of the design that enter the forecast."""
        ...

    def fit(self, windows: Windows) -> OwnFit:
        """Fit the windows."""
        ...


def is_own(model: object) -> TypeGuard[OwnModel]:
    """Return whether a model has an estimator of its own; an `isinstance` of a protocol, a hundred times as fast."""
    return hasattr(model, "forecast_columns")
