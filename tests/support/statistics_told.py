"""A statistic held against a number from elsewhere: value, degrees of freedom and two-sided p."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from eventstudy.inference import run

RTOL = 1e-10  # two orders of summation of a few hundred float64 numbers


def rows(sample, field="car"):
    return [i for i, value in enumerate(getattr(sample, field)) if math.isfinite(value)]


def check(name, sample, expected, *, df=None, **options):
    result = run(name, sample, **options)
    assert result.applicable, result.reason
    np.testing.assert_allclose(result.statistic, expected, rtol=RTOL)
    if df is not None:
        np.testing.assert_allclose(result.df, df, rtol=RTOL)
        p = 2 * stats.t.sf(abs(expected), df)
    else:
        p = 2 * stats.norm.sf(abs(expected))
    np.testing.assert_allclose(result.pvalue, p, rtol=1e-8)
