"""The jackknife: how far the mean CAR moves when one session is left out."""

from __future__ import annotations

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import NEGLIGIBLE, Statistic, from_t


def jackknife(car: Floats, cluster: Ints) -> Statistic:
    """Test the mean CAR by leaving one session out at a time.

    Parameters
    ----------
    car : (..., N) float
        Cumulative abnormal returns; NaN is left out.
    cluster : (..., N) int
        Session of each.

    Returns
    -------
    Statistic
        t = CAAR / se, se² = (G - 1)/G sum_g (CAAR_(g) - mean)², t(G - 1). With one event a session it is the
        cross-sectional t. NaN for one session.

    References
    ----------
    Efron and Tibshirani (1993), ch. 11; MacKinnon, Nielsen and Webb (2023) for clusters.
    """
    shape = car.shape[:-1]
    rows = []
    for at in np.ndindex(*shape):
        used = np.isfinite(car[at])
        x = car[at][used]
        sessions, code = np.unique(cluster[at][used], return_inverse=True)
        g = sessions.size
        if g < 2:
            rows.append((np.nan, np.nan, np.nan, np.nan))
            continue
        sums, sizes = np.bincount(code, x), np.bincount(code)
        left_out = (x.sum() - sums) / (x.size - sizes)
        error = np.sqrt((g - 1) / g * ((left_out - left_out.mean()) ** 2).sum())
        error = error if error > NEGLIGIBLE * np.abs(x).max() else np.nan
        rows.append((x.mean() / error, g - 1, x.mean(), error))
    value, df, centre, error = (np.array(column).reshape(shape) for column in zip(*rows, strict=True))
    return from_t(value, df, np.isfinite(car).sum(axis=-1), estimate=centre, se=error)


def _jackknife(sample: WindowSample) -> Statistic:
    return jackknife(sample.car, sample.day0)


SPECS = (
    TestSpec(
        name="jackknife",
        title="Jackknife of sessions",
        mean=True,
        null="mean CAR = 0",
        assumptions=("CARs of different sessions independent", "30 sessions or more"),
        reference="Efron and Tibshirani (1993), ch. 11; MacKinnon, Nielsen and Webb (2023)",
        compute=_jackknife,
        undefined="the CARs have no variance across the sessions",
        needs=("two dates",),
        holds_under=(ALWAYS - {"few clusters"}) | {"event variance", "few"},
        holds_with_many=frozenset({"fat tails", "volatility clustering"}),
    ),
)
