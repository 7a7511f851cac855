"""What a significance test may look at: one window of a study, as arrays.

N is the number of security-events, L the bars of the tested window, T the planned bars of the estimation window and k
the mean parameters of the normal-return model. Rows are security-events; NaN is missing; nothing here has a label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints


@dataclass(frozen=True, slots=True)
class EstimationRecord:
    """The estimation windows of a sample, kept only where a test asks for them.

    Attributes
    ----------
    residual : (N, T) float
        OLS residuals e_t, decimals; NaN where the bar was not used.
    leverage : (N, T) float
        h_t = x_t'(X'X)^-1 x_t; NaN where the bar was not used.
    bar : (N, T) int
        Calendar position of each bar; -1 outside the data.
    design : (N, T, k) float
        Rows x_t of the design, the constant first; NaN where the bar was not used.
    window_design : (N, L, k) float
        Rows x_t of the tested window; NaN where a regressor is missing.
    mean : (N,) float, optional
        The fitted mean where it is not subtracted in the tested window (of R - Rm of a market-adjusted return); 0, the
        default, where it is: residuals are then abnormal returns like those of the window.
    """

    residual: Floats
    leverage: Floats
    bar: Ints
    design: Floats
    window_design: Floats
    mean: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        if not self.mean.size:
            object.__setattr__(self, "mean", np.zeros(self.residual.shape[:-1]))

    @property
    def forecast(self) -> bool:
        """Whether the fitted mean is subtracted in the tested window."""
        return not self.mean.any()

    @property
    def abnormal(self) -> Floats:
        """(N, T) abnormal returns of the estimation window that are like those of the tested window."""
        return self.residual if self.forecast else self.residual + self.mean[..., None]

    def map(self, move: Callable[[Any], Any]) -> EstimationRecord:
        """Return the record with `move` done to each of its arrays."""
        return EstimationRecord(*(move(getattr(self, one.name)) for one in fields(self)))


@dataclass(frozen=True, slots=True)
class ClockRecord:
    """What the tests inside the day see of one tested window: the same clock times on other, event-free sessions.

    Attributes
    ----------
    score : (N,) float
        Sum of AR / (v sqrt(sum phi^2)): the level v known before the event, the pattern phi of the clock.
    session : (N,) int
        Session of the event, as a position.
    placebo : (N, B) float
        The same score on event-free sessions before, each with a past of its own, the newest first; NaN where there is none.
        Security-events of one session have the same sessions in a column.
    day : (N, B) int
        The session of each placebo, counted as `session`; -1 where there is none.
    before, after : (N,) float
        The same score one session earlier and later; NaN where that session has an event.
    scale : (N,) float
        v sqrt(sum phi^2), in decimals.
    past : (N, H) float
        AR / phi of the bars before the window, the newest last, from earlier sessions too; NaN is missing. Of one
        security-event only, else empty.
    around : (N, 2 M) float
        AR / phi of M bars before the moment and M from it on, of the event's own session. Of one security-event only.
    within : (N, L) float
        AR / phi of the tested window. Of one security-event only.
    session_bars : int
        Bars of a session.
    """

    score: Floats
    session: Ints
    placebo: Floats
    day: Ints
    before: Floats
    after: Floats
    scale: Floats
    past: Floats
    around: Floats
    within: Floats
    session_bars: int


@dataclass(frozen=True, slots=True)
class WindowSample:
    """One tested window of N security-events.

    Attributes
    ----------
    relative_day : (L,) int
        The relative days of the window, both ends included.
    bar : (N, L) int
        Calendar position of each bar of the window; -1 outside the data.
    security : (N,) int
        Code of the security; a security that recurs has the same code.
    day0 : (N,) int
        Calendar position of relative day 0. Security-events with the same value share a session (a cluster).
    ar : (N, L) float
        Abnormal returns, decimals; NaN where missing.
    ar_se : (N, L) float
        Forecast standard error of each abnormal return, sigma_i sqrt(1 + h_t).
    car : (N,) float
        Cumulative abnormal return over the finite bars; NaN without any.
    car_se : (N,) float
        Its exact forecast standard error (METHODS: VC).
    sigma : (N,) float
        Residual standard deviation, divisor M - k.
    m : (N,) int
        Usable estimation bars M.
    df : (N,) int
        Residual degrees of freedom M - k.
    k : int
        Mean parameters of the model.
    estimation : EstimationRecord or None
        The estimation windows; None if they were not kept.
    refit : callable or None
        ``refit(security, day0) -> WindowSample``: the same model and window at other dates, for placebo tests.
    admissible : (S, B) bool or None
        For each security code and calendar position, whether a placebo event may be put there: enough history and
        clear of every real event of that security.
    degenerate : (N,) bool or None
        Security-events whose residual variance is zero for all that the figures can tell: they stay in unstandardised
        tests and have no standardised returns.
    least_squares : bool
        Whether the normal return is that of plain least squares on the design.
    doubts : tuple of str
        What speaks against every test on these data.
    study_ar : (N, W) float or None
        Abnormal returns of all relative days of the study's event window; None if the estimation windows were not kept.
    study_first : int
        The first of those days.
    within_day : bool
        Whether the bars lie within days, whose variance follows the clock.
    clock : ClockRecord or None
        What the tests inside the day see; None without an `IntradayModel`.
    """

    relative_day: Ints
    bar: Ints
    security: Ints
    day0: Ints
    ar: Floats
    ar_se: Floats
    car: Floats
    car_se: Floats
    sigma: Floats
    m: Ints
    df: Ints
    k: int
    estimation: EstimationRecord | None = None
    refit: Callable[[Ints, Ints], WindowSample] | None = None
    admissible: NDArray[np.bool_] | None = None
    degenerate: NDArray[np.bool_] | None = None
    least_squares: bool = True
    doubts: tuple[str, ...] = ()
    study_ar: Floats | None = None
    study_first: int = 0
    within_day: bool = False
    clock: ClockRecord | None = None

    @property
    def sar(self) -> Floats:
        """(N, L) standardized abnormal returns AR / (sigma sqrt(1 + h)); NaN where sigma is degenerate."""
        return _ratio(self.ar, self.ar_se, self.degenerate)

    @property
    def scar(self) -> Floats:
        """(N,) standardized cumulative abnormal returns CAR / sqrt(Var(CAR)); NaN where sigma is degenerate."""
        return _ratio(self.car, self.car_se, self.degenerate)


def take(sample: WindowSample, rows: Ints) -> WindowSample:
    """Return the security-events `rows` of one sample, without what placebo tests need."""
    names = ("bar", "security", "day0", "ar", "ar_se", "car", "car_se", "sigma", "m", "df")
    given: dict[str, Any] = {name: getattr(sample, name)[rows] for name in names}
    for name in ("degenerate", "study_ar"):
        if getattr(sample, name) is not None:
            given[name] = getattr(sample, name)[rows]
    if sample.estimation is not None:
        given["estimation"] = sample.estimation.map(lambda array: array[rows])
    return replace(sample, refit=None, admissible=None, **given)


def _ratio(value: Floats, error: Floats, degenerate: NDArray[np.bool_] | None) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(error > 0, value / error, np.nan)
    if degenerate is not None:
        ratio[degenerate] = np.nan
    return ratio
