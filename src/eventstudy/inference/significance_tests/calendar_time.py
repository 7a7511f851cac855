"""Calendar-time tests: one portfolio of the events open on each session, so that what moves together is one observation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import NEGLIGIBLE, Statistic, from_normal, from_t

Method = Literal["ols", "wls", "hac", "jaffe"]


@dataclass(frozen=True, slots=True)
class CalendarPortfolio:
    """The portfolio of open events on each session.

    Attributes
    ----------
    bar : (D,) int
        Calendar positions, ascending.
    ar : (D,) float
        Mean abnormal return of the open securities, decimals.
    open : (D,) int
        How many securities are open.
    """

    bar: Ints
    ar: Floats
    open: Ints


@checked()
def calendar_portfolio(ar: Floats, bar: Ints, security: Ints, *, least: int = 1) -> CalendarPortfolio:
    """Average abnormal returns by session; a security that is open twice on a session counts once, with its mean.

    Parameters
    ----------
    ar : (N, L) float
        Abnormal returns; NaN is left out.
    bar : (N, L) int
        Their calendar positions; negative outside the data.
    security : (N,) int
        Codes.
    least : int
        Sessions with fewer open securities are left out.

    Returns
    -------
    CalendarPortfolio

    Examples
    --------
    >>> import numpy as np
    >>> p = calendar_portfolio(np.array([[0.01, 0.03], [0.05, 0.0]]), np.array([[4, 5], [5, 6]]), np.array([0, 1]))
    >>> p.bar.tolist(), p.ar.round(3).tolist(), p.open.tolist()
    ([4, 5, 6], [0.01, 0.04, 0.0], [1, 2, 1])
    """
    row, column = np.nonzero(np.isfinite(ar) & (bar >= 0))
    when, who, value = bar[row, column], security[row], ar[row, column]
    order = np.lexsort((who, when))
    when, who, value = when[order], who[order], value[order]
    fresh = (
        np.concatenate([[True], (np.diff(when) != 0) | (np.diff(who) != 0)]) if when.size else np.zeros(0, dtype=bool)
    )
    unit = np.cumsum(fresh) - 1
    each = np.bincount(unit, value) / np.bincount(unit) if when.size else value
    days, day = np.unique(when[fresh], return_inverse=True)
    number = np.bincount(day, minlength=days.size)
    average = np.bincount(day, each, minlength=days.size) / np.maximum(number, 1)
    keep = number >= least
    return CalendarPortfolio(days[keep], average[keep], number[keep])


@checked()
def calendar_time(portfolio: CalendarPortfolio, *, method: Method = "ols", scale: Floats | None = None) -> Statistic:
    """Test the mean abnormal return of the calendar-time portfolio.

    Parameters
    ----------
    portfolio : CalendarPortfolio
        Sessions on which events are open.
    method : {"ols", "wls", "hac", "jaffe"}
        ``ols``: mean / (sd / sqrt D), t(D - 1), every session alike; ``wls``: sessions weighted by the number of open
        securities (weights sqrt(n_t) on the regression); ``hac``: Newey-West with lag floor(4 (D/100)^(2/9));
        ``jaffe``: sum of AR_pt / sd_pt over sqrt(D), standard normal, sd_pt from `scale`.
    scale : (D,) float, optional
        For ``jaffe``: the portfolio's standard deviation of each session, from its past.

    Returns
    -------
    Statistic
        ``n`` is the number of sessions D; ``estimate`` the mean abnormal return of a session. NaN for D < 2 (``jaffe``:
        D < 1) or no variance.

    References
    ----------
    Jaffe (1974); Mandelker (1974); Fama (1998); Newey and West (1987).
    """
    x, d = portfolio.ar, portfolio.ar.size
    sessions = np.asarray(d)
    if method == "jaffe":
        if scale is None:
            msg = "calendar_time: method 'jaffe' needs scale, the past standard deviation of each session's portfolio"
            raise StudyError(msg)
        good = np.isfinite(scale) & (scale > 0)
        used = int(good.sum())
        value = (x[good] / scale[good]).sum() / np.sqrt(used) if used else np.nan
        return from_normal(value, np.asarray(used), estimate=value / np.sqrt(max(used, 1)), unit="standardized")
    if d < 2:
        return from_t(np.nan, np.nan, sessions)
    w = portfolio.open.astype(float) if method == "wls" else np.ones(d)
    centre = float((w * x).sum() / w.sum())
    left = x - centre
    if method == "hac":
        lag = int(4 * (d / 100) ** (2 / 9))
        error = np.sqrt(newey_west(left, lag)) / d
    else:
        error = np.sqrt((w * left**2).sum() / (d - 1) / w.sum())
    error = error if error > NEGLIGIBLE * np.abs(x).max() else np.nan
    return from_t(centre / error, d - 1, sessions, estimate=centre, se=error)


def newey_west(score: Floats, lag: int) -> float:
    """Return the long-run variance of the sum of a series with mean 0, Bartlett weights, small-sample factor D/(D - 1).

    Parameters
    ----------
    score : (D,) float
        Deviations.
    lag : int
        Truncation.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> newey_west(np.array([1.0, -1.0, 1.0, -1.0]), 0)
    5.333333333333333
    """
    return bartlett(score, lag) * score.size / (score.size - 1)


def bartlett(score: Floats, lag: int) -> float:
    """Return the sum of all products of a series with itself up to a lag, those j apart weighted by 1 - j/(lag + 1)."""
    total = float(score @ score)
    for j in range(1, min(lag, score.size - 1) + 1):
        total += 2 * (1 - j / (lag + 1)) * float(score[j:] @ score[:-j])
    return total


def past_scale(sample: WindowSample, portfolio: CalendarPortfolio) -> Floats:
    """Return, for each session, the standard deviation of its open portfolio over the estimation windows of its members.

    Parameters
    ----------
    sample : WindowSample
        One sample with estimation windows.
    portfolio : CalendarPortfolio
        Its sessions.

    Returns
    -------
    (D,) float
        Over calendar bars that every member's estimation window has; NaN with fewer than 30 of them.
    """
    record = sample.estimation
    assert record is not None  # noqa: S101  the caller has looked; this is for the type checker
    there = np.isfinite(sample.ar)
    out = np.full(portfolio.bar.size, np.nan)
    for at, session in enumerate(portfolio.bar):
        rows = np.flatnonzero((there & (sample.bar == session)).any(axis=1))
        _, first = np.unique(sample.security[rows], return_index=True)
        out[at] = _shared_sd(record.residual[rows[first]], record.bar[rows[first]])
    return out


def _shared_sd(residual: Floats, bar: Ints, least: int = 30) -> float:
    begin, end = int(bar[bar >= 0].min()), int(bar.max()) + 1
    total = np.zeros(end - begin)
    number = np.zeros(end - begin, dtype=int)
    used = np.isfinite(residual) & (bar >= 0)
    np.add.at(total, bar[used] - begin, residual[used])
    np.add.at(number, bar[used] - begin, 1)
    whole = number == len(residual)
    return float((total[whole] / len(residual)).std(ddof=1)) if whole.sum() >= least else np.nan


def _calendar_time(sample: WindowSample, *, method: Method = "ols", least: int = 1) -> Statistic:
    if sample.car.ndim > 1:
        return _batch(sample, method)
    ar = np.where(np.isfinite(sample.car)[:, None], sample.ar, np.nan)
    portfolio = calendar_portfolio(ar, sample.bar, sample.security, least=least)
    scale = None
    if method == "jaffe":
        if sample.estimation is None:
            none = np.asarray(np.nan)
            reason = "method 'jaffe' needs the estimation windows, which this sample does not carry"
            return Statistic(none, none, none, none, "", np.asarray(0), reason=reason)
        scale = past_scale(sample, portfolio)
    outcome = calendar_time(portfolio, method=method, scale=scale)
    n = int(np.isfinite(sample.car).sum())
    fields = {name: getattr(outcome, name) for name in outcome.__dataclass_fields__}
    return Statistic(**{**fields, "n": np.asarray(n), "details": {"sessions": int(outcome.n), "method": method}})


def _batch(sample: WindowSample, method: Method) -> Statistic:
    """Do ``ols`` on every sample of a batch at once: one bin for each session of each sample."""
    if method != "ols" or (np.diff(np.sort(sample.security, axis=-1), axis=-1) == 0).any():
        msg = "calendar_time: a batch takes method='ols' and securities that do not recur within a sample"
        raise StudyError(msg)
    shape = sample.car.shape[:-1]
    total, number = session_sums(sample.ar, sample.bar)
    there = number > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        x = np.where(there, total / number, np.nan)
        d = there.sum(axis=1)
        centre = np.nansum(x, axis=1) / d
        error = np.sqrt(np.nansum((x - centre[:, None]) ** 2, axis=1) / (d - 1) / d)  # 0/0 of one session
        value = np.where(error > 0, centre / error, np.nan)
    return from_t(value.reshape(shape), (d - 1).reshape(shape), np.isfinite(sample.car).sum(axis=-1))


def session_sums(values: Floats, bar: Ints) -> tuple[Floats, Ints]:
    """Return the sum and the number of finite values of each session, for each sample of a batch.

    Parameters
    ----------
    values : (..., N, L) float
        NaN is left out.
    bar : (..., N, L) int
        Calendar positions.

    Returns
    -------
    (R, B) float, (R, B) int
        R samples, the batch axes made one; B sessions from the first to the last.
    """
    flat, when = values.reshape(-1, *values.shape[-2:]), bar.reshape(-1, *bar.shape[-2:])
    origin, width = int(when.min()), int(when.max() - when.min()) + 1
    used = np.isfinite(flat)
    key = (np.arange(len(flat))[:, None, None] * width + when - origin)[used]
    size = len(flat) * width
    total = np.asarray(np.bincount(key, flat[used], minlength=size), dtype=np.float64)
    number = np.asarray(np.bincount(key, minlength=size), dtype=np.int64)
    return total.reshape(-1, width), number.reshape(-1, width)


SPECS = (
    TestSpec(
        name="calendar_time",
        title="Calendar-time portfolio (Jaffe-Mandelker)",
        null="the mean abnormal return of the open portfolio is 0",
        assumptions=("abnormal returns of different sessions independent", "many sessions"),
        reference="Jaffe (1974); Mandelker (1974); Fama (1998)",
        compute=_calendar_time,
        undefined="events are open on fewer than two sessions, or the portfolio has no variance",
        minimum=1,
        holds_under=ALWAYS | {"staggered dependence", "event variance"},
        holds_with_many=frozenset({"fat tails", "volatility clustering"}),
        longest=5,
        smallest=50,
        withdrawn=(
            frozenset({"staggered dependence", "few clusters"}),
        ),  # 6.3 % of 50 events on one date, 10 on five others
    ),
)
