"""Shrinking many values: against loops and integrals, and with known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

import eventstudy as es
from eventstudy.inference.beyond.shrinkage import corrected, grid_of, shrink

N = 60


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(1)
    se = rng.uniform(0.01, 0.04, N)
    return rng.normal(0.01, 0.015, N) + se * rng.normal(size=N), se


def test_the_normal_prior_is_the_double_integral(values):
    x, s = values[0][:12], values[1][:12]
    found = shrink(x, s, prior="normal")
    top = 4 * x.std(ddof=1)
    step = top / 500
    tau = (np.arange(500) + 0.5) * step
    mu = np.linspace(-0.2, 0.2, 801)
    log = sum(stats.norm.logpdf(one, mu[None], np.hypot(tau[:, None], error)) for one, error in zip(x, s, strict=True))
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    for at in (0, 7):
        kept = tau[:, None] ** 2 / (tau[:, None] ** 2 + s[at] ** 2)
        mean = kept * x[at] + (1 - kept) * mu
        second = mean**2 + kept * s[at] ** 2
        centre = (weight * mean).sum()
        assert found.estimate[at] == pytest.approx(centre, abs=1e-6)
        assert found.sd[at] == pytest.approx(np.sqrt((weight * second).sum() - centre**2), rel=1e-3)


def test_the_mixture_is_the_likeliest(values):
    x, s = values
    grid = grid_of(x, s)
    likely = stats.norm.pdf(x[:, None], 0, np.sqrt(s[:, None] ** 2 + grid**2))
    found = shrink(x, s, prior="mixture")

    def loss(raw):
        pi = np.exp(raw - raw.max())
        return -np.log(likely @ (pi / pi.sum())).sum()

    best = optimize.minimize(loss, np.zeros(grid.size), method="BFGS")
    pi = np.exp(best.x - best.x.max())
    pi /= pi.sum()
    post = likely * pi / (likely @ pi)[:, None]
    mean = (post * grid**2 / (grid**2 + s[:, None] ** 2) * x[:, None]).sum(axis=1)
    np.testing.assert_allclose(found.estimate, mean, atol=2e-4)


def test_interval_and_sign_are_those_of_the_posterior(values):
    x, s = values
    found = shrink(x, s, prior="normal", level=0.9)
    z = stats.norm.ppf(0.95)
    np.testing.assert_allclose(found.high - found.low, 2 * z * found.sd, rtol=0.02)  # nearly normal
    np.testing.assert_allclose(
        found.wrong_sign, stats.norm.sf(np.abs(found.estimate) / found.sd), atol=0.03
    )  # a mixture of normals, nearly one
    heavy = shrink(x, s, prior="mixture")
    assert (heavy.wrong_sign <= 1).all()
    assert (heavy.low <= heavy.estimate).all()
    assert (heavy.estimate <= heavy.high).all()


def test_the_correction_is_the_truncated_normal():
    for x, se, cut in ((0.06, 0.02, 0.05), (-0.051, 0.02, 0.05), (0.3, 0.02, 0.05)):
        middle, low, high = corrected(x, se, cut)

        def share(theta, x=x, se=se, cut=cut):
            law = stats.norm(theta, se)
            whole = law.cdf(-cut) + law.sf(cut)
            return (law.cdf(x) if x < 0 else law.cdf(-cut) + law.cdf(x) - law.cdf(cut)) / whole

        assert [share(middle), share(low), share(high)] == pytest.approx([0.5, 0.975, 0.025], abs=1e-6)
    assert corrected(0.3, 0.02, 0.05)[0] == pytest.approx(0.3, abs=1e-6)  # far beyond the cut nothing is corrected


@pytest.mark.slow
@pytest.mark.parametrize("law", ["normal", "t3", "zeros"])
def test_it_errs_less_and_does_not_overstate_the_largest(law):
    rng = np.random.default_rng(5)
    raw, kept, top, cover = [], [], [], []
    for _ in range(40):
        se = rng.uniform(0.01, 0.04, 500)
        theta = {
            "normal": lambda: rng.normal(0, 0.01, 500),
            "t3": lambda: 0.0058 * rng.standard_t(3, 500),
            "zeros": lambda: rng.normal(0, 0.03, 500) * (rng.random(500) < 0.1),
        }[law]()
        x = theta + se * rng.normal(size=500)
        found = shrink(x, se)
        raw.append(np.mean((x - theta) ** 2))
        kept.append(np.mean((found.estimate - theta) ** 2))
        at = np.abs(x).argmax()
        top.append((np.abs(found.estimate[at]) - np.sign(x[at]) * theta[at]) * 100)
        cover.append(np.mean((found.low <= theta) & (theta <= found.high)))
    assert np.sqrt(np.mean(kept) / np.mean(raw)) < 0.45  # 0.35 by METHODS-2, section 13
    assert abs(np.mean(top)) < 1.0  # 0.4, -0.1, 0.1 points there
    assert np.mean(cover) > 0.90


def test_missing_ones_stay_in_place_and_few_are_refused(values):
    x, s = (one.copy() for one in values)
    x[3], s[5] = np.nan, 0.0
    found = shrink(x, s)
    assert np.flatnonzero(np.isnan(found.estimate)).tolist() == [3, 5]
    with pytest.raises(es.EventStudyError, match="9 values with a standard error tell no mixture prior; it needs 10"):
        shrink(x[10:19], s[10:19], prior="mixture")


def test_degrees_of_freedom_widen_the_error():
    x, s = np.array([0.05, 0.01, -0.02, 0.0]), np.full(4, 0.02)
    wide = shrink(x, s, df=np.full(4, 4))
    assert (np.abs(wide.estimate[0]) < np.abs(shrink(x, s).estimate[0])).all()
    z = -stats.norm.ppf(stats.t.sf(2.5, 4))
    same = shrink(x, np.array([0.05 / z, 0.02, 0.02, 0.02]), df=np.array([1e9] * 4))
    one = shrink(x, s, df=np.array([4, 1e9, 1e9, 1e9]))
    assert one.estimate[0] == pytest.approx(same.estimate[0], rel=1e-6)
