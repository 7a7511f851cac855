"""Cowan's generalized sign test: the share of positive CARs against the share that the estimation window leads to expect."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import Statistic, from_normal, mean

Share = Literal["window", "daily"]


@checked()
def positive_share(estimation: Floats, bars: int = 1) -> Floats:
    """Return, for each event, the share of positive sums over all hole-free runs of `bars` estimation bars.

    Parameters
    ----------
    estimation : (..., N, T) float
        Estimation-window abnormal returns; NaN is a hole.
    bars : int
        Length of the runs; 1 is Cowan's daily share.

    Returns
    -------
    (..., N) float
        NaN for an event without any hole-free run.

    Examples
    --------
    >>> import numpy as np
    >>> positive_share(np.array([[1.0, -2.0, 3.0, np.nan, 1.0, 1.0]]), bars=2).tolist()
    [0.6666666666666666]
    """
    if bars == 1:
        sums = estimation
    elif estimation.shape[-1] < bars:
        return np.full(estimation.shape[:-1], np.nan)
    else:
        # a running sum would carry the rounding of all earlier bars, and NaN with it; a view of the runs does not
        sums = np.lib.stride_tricks.sliding_window_view(estimation, bars, axis=-1).sum(axis=-1)
    known = np.isfinite(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((sums > 0).sum(axis=-1) / known.sum(axis=-1))


def generalized_sign(car: Floats, share: Floats) -> Statistic:
    """Test the number of positive CARs: z = (w - n p)/sqrt(n p (1 - p)) ~ N(0, 1).

    Parameters
    ----------
    car : (..., N) float
        Cumulative abnormal returns; NaN is left out.
    share : (..., N) float
        Expected share of positives of each event (`positive_share`); p is their mean over the events used.

    Returns
    -------
    Statistic
        ``estimate`` is w/n - p; NaN for n = 0 or p of 0 or 1.

    References
    ----------
    Cowan (1992).

    Examples
    --------
    >>> import numpy as np
    >>> round(float(generalized_sign(np.array([1.0, 2.0, 3.0, -1.0]), np.full(4, 0.5)).value), 12)
    1.0
    """
    used = np.isfinite(car)
    n = used.sum(axis=-1)
    positive = (used & (car > 0)).sum(axis=-1)
    p = mean(np.where(used, share, np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(np.where((p > 0) & (p < 1), p * (1 - p), np.nan) / n)
        estimate = positive / n - p
        value = estimate / error
    details = {"positive": positive, "expected_share": p}
    return from_normal(value, n, estimate=estimate, se=error, unit="share", details=details)


def _generalized_sign(sample: WindowSample, *, phat: Share = "window") -> Statistic:
    if phat not in get_args(Share):
        msg = f"generalized_sign: phat is {phat!r}; it is 'window' (runs as long as the window) or 'daily' (Cowan 1992)"
        raise StudyError(msg)
    assert sample.estimation is not None  # noqa: S101  the registry has said so in words; this is for the type checker
    bars = int(sample.relative_day.size) if phat == "window" else 1
    return generalized_sign(sample.car, positive_share(sample.estimation.abnormal, bars))


SPECS = (
    TestSpec(
        name="generalized_sign",
        title="Generalized sign (Cowan)",
        null="CARs are positive as often as in the estimation window",
        assumptions=("CARs independent across security-events", "many of them: the normal stands for the binomial"),
        reference="Cowan (1992); expected share from runs as long as the window",
        compute=_generalized_sign,
        undefined="no estimation window has a hole-free run as long as the tested window, or all such sums have one sign",
        needs=("estimation",),
        discrete=True,
        holds_under=ALWAYS | {"event variance", "fat tails", "skewness", "volatility clustering"},
        smallest=200,
        withdrawn=(frozenset({"missing"}),),  # its runs are as long as the window; a CAR with holes sums fewer bars
    ),
)
