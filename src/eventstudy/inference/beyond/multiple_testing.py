"""Many tests at once: p-values that allow for how many were tried."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from eventstudy._typing import Floats
from eventstudy.checks import checked
from eventstudy.errors import StudyError

Adjustment = Literal["bonferroni", "holm", "bh", "by"]


@checked()
def adjust_pvalues(pvalues: ArrayLike, method: Adjustment = "holm") -> Floats:
    """Adjust p-values for the number of tests.

    Parameters
    ----------
    pvalues : (m,) float
        One p-value a test; NaN (a test that did not apply) stays NaN and is not counted in m.
    method : {"bonferroni", "holm", "bh", "by"}
        Family-wise error: Bonferroni, Holm (1979). False discovery rate: Benjamini and Hochberg (1995) for independent
        or positively dependent tests, Benjamini and Yekutieli (2001) for any dependence.

    Returns
    -------
    (m,) float
        Adjusted p-values in the order given, at most 1.

    Raises
    ------
    StudyError
        Unknown method; a p-value outside [0, 1].

    Examples
    --------
    >>> adjust_pvalues([0.01, 0.04, 0.03], "holm").round(4).tolist()
    [0.03, 0.06, 0.06]
    >>> adjust_pvalues([0.01, 0.04, 0.03], "bh").round(4).tolist()
    [0.03, 0.04, 0.04]
    """
    p = np.array(pvalues, dtype=float)
    used = np.flatnonzero(np.isfinite(p))
    if ((p[used] < 0) | (p[used] > 1)).any():
        msg = f"p-values must lie between 0 and 1; {p[used].min()} to {p[used].max()} given"
        raise StudyError(msg)
    m = used.size
    order = used[np.argsort(p[used], kind="stable")]
    rank = np.arange(1, m + 1)
    sorted_p = p[order]
    if method == "bonferroni":
        adjusted = m * sorted_p
    elif method == "holm":
        adjusted = np.maximum.accumulate((m - rank + 1) * sorted_p)
    else:
        factor = (1 / rank).sum() if method == "by" else 1.0
        adjusted = np.minimum.accumulate((factor * m * sorted_p / rank)[::-1])[::-1]
    p[order] = np.minimum(adjusted, 1.0)
    return p


@checked()
def romano_wolf(statistics: ArrayLike, draws: ArrayLike) -> Floats:
    """Return step-down p-values of two-sided tests from joint resamples, which keep how the tests depend on one another.

    Parameters
    ----------
    statistics : (K,) float
        Studentized statistics of K tests; NaN stays NaN.
    draws : (B, K) float
        The same under the null, centred: all K from one resample in a row (resample whole sessions).

    Returns
    -------
    (K,) float
        adj p_(j) = max(adj p_(j-1), (1 + #{b: max_{k >= j} |t*_bk| >= |t_(j)|})/(B + 1)), the largest |t| first.

    Raises
    ------
    StudyError
        Shapes that do not fit.

    References
    ----------
    Romano and Wolf (2005, 2016).

    Examples
    --------
    >>> import numpy as np
    >>> draws = np.random.default_rng(0).normal(size=(999, 3))
    >>> romano_wolf([4.0, 0.1, 2.6], draws).round(2).tolist()
    [0.0, 0.93, 0.02]
    """
    t, resampled = np.abs(np.asarray(statistics, dtype=float)), np.abs(np.asarray(draws, dtype=float))
    if resampled.ndim != 2 or resampled.shape[1] != t.size:
        msg = f"draws must be (B, {t.size}), one column a test; got {resampled.shape}"
        raise StudyError(msg)
    adjusted = np.full(t.size, np.nan)
    used = np.flatnonzero(np.isfinite(t))
    order = used[np.argsort(-t[used], kind="stable")]
    # the largest of the tests that are still in: a running maximum from the smallest statistic up
    largest = np.maximum.accumulate(np.nan_to_num(resampled[:, order[::-1]], nan=0.0), axis=1)[:, ::-1]
    p = (1 + (largest >= t[order]).sum(axis=0)) / (resampled.shape[0] + 1)
    adjusted[order] = np.maximum.accumulate(p)
    return adjusted
