"""One event on one series: its abnormal return among the quantiles of its own past."""

from __future__ import annotations

from operator import itemgetter

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import EstimationRecord, WindowSample
from eventstudy.checks import checked
from eventstudy.inference.core.ranking import standardized_residuals
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import Statistic


@checked()
def sq(reaction: float, past: Floats, *, level: float = 0.95) -> Statistic:
    """Test a single reaction against the sample quantiles of the past: p = (1 + #{|e| >= |e_0|})/(M + 1).

    Parameters
    ----------
    reaction : float
        The event's abnormal return, or its sum, scaled like `past`.
    past : (M,) float
        The same quantity on days of the estimation window; NaN is left out.
    level : float
        Coverage of the interval: reaction minus the order statistics ceil(alpha/2 M) of both ends.

    Returns
    -------
    Statistic
        The smallest attainable p is 1/(M + 1). NaN without a past.

    References
    ----------
    Gelbach, Helland and Klick (2013).

    Examples
    --------
    >>> import numpy as np
    >>> float(sq(10.0, np.arange(99.0) - 49).p_two)
    0.81
    """
    known = past[np.isfinite(past)]
    none = np.asarray(np.nan)
    if known.size == 0 or not np.isfinite(reaction):
        return Statistic(none, none, none, none, "", np.asarray(0))
    size = known.size
    two, less, greater = (
        (1 + count) / (size + 1)
        for count in ((np.abs(known) >= abs(reaction)).sum(), (known <= reaction).sum(), (known >= reaction).sum())
    )
    ordered = np.sort(known)
    at = max(int(np.ceil((1 - level) / 2 * size)), 1) - 1
    return Statistic(
        np.asarray(reaction),
        np.asarray(two),
        np.asarray(less),
        np.asarray(greater),
        f"{size} values of the estimation window",
        np.asarray(1),
        estimate=float(reaction),
        se=float(known.std(ddof=1)) if size > 1 else np.nan,
        low=float(reaction - ordered[size - 1 - at]),
        high=float(reaction - ordered[at]),
        unit="standardized",
        details={"past": size, "resolution": 1 / (size + 1)},
    )


def _sq(sample: WindowSample) -> Statistic:
    record = sample.estimation
    assert record is not None  # noqa: S101  the registry has said so in words; this is for the type checker
    row = int(np.flatnonzero(np.isfinite(sample.car))[0])
    bars = int(np.isfinite(sample.ar[row]).sum())
    past = standardized_residuals(record.map(itemgetter([row])), sample.sigma[[row]])[0]
    if bars > 1:  # the window's sum is compared with the sums of all runs of as many bars
        past = _runs(record.map(itemgetter(row)), float(sample.sigma[row]), bars)
    outcome = sq(float(sample.scar[row]), past)
    known = int(np.isfinite(record.residual[row]).sum())
    if bars == 1 or known >= 40 * bars:
        return outcome
    text = f"runs of {bars} bars overlap: {known} bars hold about {known // bars} independent ones, 40 are advised"
    return Statistic(
        **{name: getattr(outcome, name) for name in outcome.__dataclass_fields__ if name != "warnings"},
        warnings=(text,),
    )


def _runs(record: EstimationRecord, sigma: float, bars: int) -> Floats:
    """Return the sums of all runs of `bars` abnormal returns without a hole, each over its own standard deviation."""
    value = record.abnormal
    if value.size < bars or not sigma > 0:
        return np.empty(0)
    known = np.isfinite(record.residual)
    # of the fit: a sum of residuals is that much less than one of errors
    share = np.zeros((value.size, record.design.shape[-1]))
    if record.forecast:
        share[known] = np.linalg.qr(record.design[known])[0]
    total = np.lib.stride_tricks.sliding_window_view(value, bars).sum(axis=1)
    fitted = np.lib.stride_tricks.sliding_window_view(share, bars, axis=0).sum(axis=-1)
    return np.asarray(total / (sigma * np.sqrt(np.maximum(bars - (fitted**2).sum(axis=1), 1e-12))))


SPECS = (
    TestSpec(
        name="sq",
        title="Sample quantiles, single event (SQ)",
        null="the event's abnormal return is drawn like those of the estimation window",
        assumptions=("abnormal returns are stationary", "no change of variance at the event"),
        reference="Gelbach, Helland and Klick (2013)",
        compute=_sq,
        undefined="no estimation window has a hole-free run as long as the tested window",
        needs=("one event", "estimation"),
        minimum=1,
        basis="scar",
        discrete=True,
        holds_under=ALWAYS | {"fat tails", "skewness", "volatility clustering", "few"},
        longest=5,
        exact=True,
    ),
)
