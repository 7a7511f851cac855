"""Conventions of other packages: every option of the table in docs/tests.md gives the other side's number."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from eventstudy.inference import run
from eventstudy.inference.significance_tests.bootstrap import skewness_adjusted

RTOL = 1e-10  # two orders of summation of a few hundred float64 numbers
PAGE = (Path(__file__).parents[2] / "docs" / "tests.md").read_text(encoding="utf-8")


@pytest.fixture
def sample(make_sample, holes):
    return make_sample(10, holes=holes, window=(-1, 2), dates="staggered")


def used(sample):
    return [i for i in range(sample.car.size) if math.isfinite(sample.car[i])]


def bars(sample, i):
    return int(np.isfinite(sample.ar[i]).sum())


def plain_scar(sample):
    """CAR / (sigma sqrt(L)): no forecast error (MacKinlay 1997, eq. 11)."""
    return [sample.car[i] / (sample.sigma[i] * math.sqrt(bars(sample, i))) for i in used(sample)]


def summed_sar(sample):
    """Daily SARs summed over sqrt(L): the shared estimation error left out (Dodd and Warner 1983)."""
    return [np.nansum(sample.ar[i] / sample.ar_se[i]) / math.sqrt(bars(sample, i)) for i in used(sample)]


def t_of(x, ddof=1):
    return np.mean(x) / (np.std(x, ddof=ddof) / math.sqrt(len(x)))


def q(sample):
    return math.sqrt(sum(sample.df[i] / (sample.df[i] - 2) for i in used(sample)))


@pytest.mark.parametrize(("option", "scar"), [("forecast_error", plain_scar), ("serial_cov", summed_sar)])
def test_standardization_without_forecast_error_or_serial_covariance(sample, option, scar):
    off, x = {option: False}, scar(sample)
    n = len(x)
    np.testing.assert_allclose(run("patell", sample, **off).statistic, sum(x) / q(sample), rtol=RTOL)
    np.testing.assert_allclose(run("bmp", sample, **off).statistic, t_of(x), rtol=RTOL)
    r = run("kp_bmp", sample, floor=False).details["correlation"]
    adjusted = run("kp_bmp", sample, floor=False, **off).statistic
    np.testing.assert_allclose(adjusted, t_of(x) * math.sqrt((1 - r) / (1 + (n - 1) * r)), rtol=RTOL)
    adjusted = run("kp_patell", sample, floor=False, **off).statistic
    np.testing.assert_allclose(adjusted, sum(x) / q(sample) / math.sqrt(1 + (n - 1) * r), rtol=RTOL)


@pytest.mark.parametrize("name", ["cross_sectional", "bmp", "kp_bmp"])
def test_normal_in_place_of_t(sample, name):
    t, z = run(name, sample), run(name, sample, normal=True)
    assert (z.distribution, z.df) == ("normal", None)
    assert z.statistic == t.statistic
    np.testing.assert_allclose(z.pvalue, 2 * stats.norm.sf(abs(t.statistic)), rtol=RTOL)


@pytest.mark.parametrize("name", ["cross_sectional", "bmp"])
def test_divisor_n(sample, name):
    x = [sample.car[i] / (sample.car_se[i] if name == "bmp" else 1.0) for i in used(sample)]
    np.testing.assert_allclose(run(name, sample, ddof=0).statistic, t_of(x, ddof=0), rtol=RTOL)


def test_time_series_without_the_forecast_term(make_sample, holes):
    sample = make_sample(8, holes=holes, window=(-1, 2), dates="one")
    series = np.nanmean(sample.estimation.residual[used(sample)], axis=0)
    expected = np.mean(sample.car[used(sample)]) / (np.std(series, ddof=1) * math.sqrt(4))
    np.testing.assert_allclose(run("time_series", sample, forecast_error=False).statistic, expected, rtol=RTOL)


def test_portfolio_weighted_by_precision(make_sample):
    """GLS where residuals are independent: weights 1 / sigma²."""
    sample = make_sample(8, window=(-1, 2), dates="one")
    weight = 1 / sample.sigma**2 / sum(1 / sample.sigma**2)
    np.testing.assert_allclose(run("portfolio", sample, weighted=True).estimate, weight @ sample.car, rtol=1e-8)


def test_resamples_of_a_quarter(make_sample):
    sample = make_sample(40)
    options = {"size": 10, "draws": 99}
    ours = run("skewness_adjusted", sample, seed=np.random.default_rng(1), **options)
    same = skewness_adjusted(sample.car, rng=np.random.default_rng(1), **options)
    assert ours.pvalue == same.p_two
    assert ours.pvalue != run("skewness_adjusted", sample, seed=np.random.default_rng(1), draws=99).pvalue


def test_every_option_that_the_documentation_names_runs(make_sample):
    table = PAGE.split("## Conventions of other packages")[1]
    calls = re.findall(r'`test\("(\w+)", ([^`]+)\)`', table)
    for names, option in (
        (("clm_j1", "patell", "bmp", "kp_patell", "kp_bmp", "time_series"), "forecast_error=False"),
        (("patell", "bmp", "kp_patell", "kp_bmp"), "serial_cov=False"),
        (("cross_sectional", "bmp", "kp_bmp"), "normal=True"),
    ):
        assert f"`{option}` in" in table
        calls += [(name, option) for name in names]
    assert len(calls) >= 20
    for name, options in calls:
        sample = make_sample(12, dates="one" if name == "time_series" else "staggered", window=(0, 1))
        given = eval(f"dict({options})", {"n": 12})  # noqa: S307  our own page
        assert run(name, sample, seed=0, **given).applicable, (name, options)
