"""Shrinking many values: against loops and integrals, and with known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

import eventstudy as es
from eventstudy.inference.beyond import shrinkage as module
from eventstudy.inference.beyond.shrinkage import corrected, grid_of, shrink, shrink_together

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


def mixed(weight, mean, sd, atom):
    """The distribution function of a mixture of normals, some of them exactly 0."""

    def below(t):
        parts = [
            w * (float(t >= 0) if a else stats.norm.cdf(t, m, s))
            for w, m, s, a in zip(weight, mean, sd, atom, strict=True)
        ]
        return sum(parts)

    return below


class TestSummary:
    """What is told of a posterior whose parts are written down."""

    weight = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.7, 0.1, 0.2]])
    mean = np.array([[0.0, 0.02, 0.05], [0.0, -0.03, -0.01], [0.0, 0.01, -0.02]])
    sd = np.array([[0.0, 0.01, 0.03], [0.0, 0.02, 0.01], [0.0, 0.01, 0.01]])
    atom = np.array([[1.0, 0.0, 0.0]] * 3)

    @pytest.mark.parametrize("level", [0.95, 0.5])
    def test_moments_quantiles_and_signs(self, level):
        found = module._summary((self.weight, self.mean, self.sd, self.atom), level)
        for at in range(3):
            w, m, s, a = (part[at] for part in (self.weight, self.mean, self.sd, self.atom))
            centre = w @ m
            assert found["estimate"][at] == pytest.approx(centre)
            assert found["sd"][at] == pytest.approx(math.sqrt(w @ (s**2 + (m - centre) ** 2)))
            below = mixed(w, m, s, a)
            positive = sum(w[k] * stats.norm.sf(0, m[k], s[k]) for k in (1, 2))
            negative = 1 - w[0] - positive
            assert found["wrong_sign"][at] == pytest.approx(min(w[0] + positive, w[0] + negative))
            for name, share in (("low", (1 - level) / 2), ("high", (1 + level) / 2)):
                end = found[name][at]
                step = 1e-9
                assert below(end - step) < share <= below(end + step)  # the atom takes its steps at 0

    def test_a_quantile_inside_the_atom_is_nought_itself(self):
        found = module._summary((self.weight, self.mean, self.sd, self.atom), 0.2)
        assert found["low"][2] == found["high"][2] == 0.0
        assert found["low"][0] == 0.0

    def test_parts_without_spread_are_steps(self):
        weight, mean = np.array([[0.3, 0.7]]), np.array([[0.01, 0.02]])
        found = module._summary((weight, mean, np.zeros((1, 2)), np.zeros((1, 2))), 0.9)
        assert (found["low"][0], found["high"][0]) == (pytest.approx(0.01), pytest.approx(0.02))
        assert found["wrong_sign"][0] == 0.0
        assert found["sd"][0] == pytest.approx(0.01 * math.sqrt(0.21))

    def test_a_point_has_no_spread(self):
        found = module._summary((np.array([[1.0]]), np.array([[0.3]]), np.array([[0.0]]), np.array([[0.0]])), 0.9)
        assert [float(found[name][0]) for name in ("estimate", "sd", "low", "high")] == pytest.approx(
            [0.3, 0, 0.3, 0.3]
        )


class TestNormalPrior:
    @staticmethod
    def by_integral(x, s):
        """400 spreads in the middles of steps up to four standard deviations of x, and a fine grid of means, both flat."""
        step = 4 * np.std(x, ddof=1) / 400
        tau = (np.arange(400) + 0.5) * step
        mu = np.linspace(x.mean() - 8 * (x.std() + s.max()), x.mean() + 8 * (x.std() + s.max()), 1501)[:, None]
        total = s[:, None, None] ** 2 + tau**2
        log = -0.5 * (np.log(total) + (x[:, None, None] - mu) ** 2 / total).sum(axis=0)
        weight = np.exp(log - log.max())
        weight /= weight.sum()
        kept = tau**2 / total
        mean = kept * x[:, None, None] + (1 - kept) * mu
        centre = (weight * mean).sum(axis=(1, 2))
        second = (weight * (mean**2 + kept * s[:, None, None] ** 2)).sum(axis=(1, 2))
        return centre, np.sqrt(second - centre**2)

    def test_mean_and_spread_of_each_value_by_the_double_integral(self):
        x, s = np.array([0.05, -0.01, 0.02, 0.0]), np.array([0.02, 0.01, 0.03, 0.015])
        found = shrink(x, s)
        centre, sd = self.by_integral(x, s)
        np.testing.assert_allclose(found.estimate, centre, rtol=1e-8)
        np.testing.assert_allclose(found.sd, sd, rtol=1e-6)
        assert found.prior == "normal"
        assert found.mean == pytest.approx(centre.mean(), rel=1e-8)
        assert found.spread == pytest.approx(math.sqrt(np.mean(sd**2 + (centre - centre.mean()) ** 2)), rel=1e-6)

    def test_values_all_alike_share_their_mean_and_its_error(self):
        found = shrink([0.1, 0.1, 0.1], [0.03, 0.03, 0.03])
        np.testing.assert_allclose(found.estimate, 0.1)
        np.testing.assert_allclose(found.sd, 0.03 / math.sqrt(3), rtol=1e-6)
        np.testing.assert_allclose(found.high - found.low, 2 * 1.959964 * 0.03 / math.sqrt(3), rtol=1e-6)
        assert found.spread == pytest.approx(0.03 / math.sqrt(3), rel=1e-6)

    @pytest.mark.parametrize("prior", ["normal", "mixture"])
    def test_the_unit_does_not_matter(self, values, prior):
        x, s = values[0][:20], values[1][:20]
        found, tiny = shrink(x, s, prior=prior), shrink(1e-13 * x, 1e-13 * s, prior=prior)
        for name in ("estimate", "sd", "low", "high"):
            np.testing.assert_allclose(getattr(tiny, name) * 1e13, getattr(found, name), rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(tiny.wrong_sign, found.wrong_sign, rtol=1e-6)
        flipped = shrink(-x, s, prior=prior)
        np.testing.assert_allclose(flipped.low, -found.high, rtol=1e-6, atol=1e-10)
        np.testing.assert_allclose(flipped.wrong_sign, found.wrong_sign, rtol=1e-6)


class TestMixture:
    def test_the_grid_of_spreads(self):
        """A tenth of the least error, each the root of two times the one before, until twice what the largest value needs."""
        found = grid_of(np.array([0.5, -0.1]), np.array([0.1, 0.2]))
        last = 2 * math.sqrt(0.5**2 - 0.1**2)
        expected = [0.0, 0.01]
        while expected[-1] < last:
            expected.append(expected[-1] * math.sqrt(2))
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        small = grid_of(np.array([0.05, 0.0]), np.array([0.1, 0.2]))  # nothing beyond the errors: eight times the least
        np.testing.assert_allclose(small, [0.0, *(0.01 * 2 ** (k / 2) for k in range(7))], rtol=1e-12)

    @pytest.mark.parametrize("factor", [0.0, 1.0, 3.0])
    def test_no_weight_can_be_moved_to_gain(self, factor):
        """At the likeliest weights the mean of likely_k / (likely @ pi) is 1 where pi is, and no more elsewhere."""
        rng = np.random.default_rng(3)
        self.likeliest(np.exp(-0.5 * (rng.normal(size=(80, 6)) + factor * np.arange(6) / 3) ** 2))

    @pytest.mark.parametrize(("seed", "near"), [(5, 1e-4), (17, 1.5e-5)])
    def test_nor_of_values_with_long_tails(self, seed, near):
        """Once a part that a lengthened step brought to nought was lost; and steps that are not lengthened come to 2e-4 only."""
        rng = np.random.default_rng(seed)
        s = rng.uniform(0.01, 0.04, 500)
        x = 0.0058 * rng.standard_t(3, 500) + s * rng.normal(size=500)
        total = s[:, None] ** 2 + grid_of(x, s) ** 2
        log = -0.5 * (np.log(total) + x[:, None] ** 2 / total)
        self.likeliest(np.exp(log - log.max(axis=1, keepdims=True)), near)

    @staticmethod
    def likeliest(likely, near=1e-5):
        pi = module._likeliest(likely)
        assert pi.sum() == pytest.approx(1.0)
        assert (pi >= 0).all()
        gain = (likely / (likely @ pi)[:, None]).mean(axis=0)
        assert gain.max() < 1 + near
        np.testing.assert_allclose(gain[pi > 0.05], 1.0, atol=1e-4)

    def test_one_part_alone(self):
        assert module._likeliest(np.array([[0.3], [0.7]])).tolist() == [1.0]

    def test_the_posterior_of_each_value_by_loops(self, values):
        x, s = values[0][:30], values[1][:30]
        grid = grid_of(x, s)
        likely = np.array([[stats.norm.pdf(v, 0, math.hypot(e, g)) for g in grid] for v, e in zip(x, s, strict=True)])
        pi = module._likeliest(likely)
        found = shrink(x, s, prior="mixture", level=0.8)
        for at in (0, 11, 29):
            w = likely[at] * pi / (likely[at] @ pi)
            kept = grid**2 / (grid**2 + s[at] ** 2)
            m, sd = kept * x[at], np.sqrt(kept) * s[at]
            assert found.estimate[at] == pytest.approx(w @ m, rel=1e-5)
            assert found.sd[at] == pytest.approx(math.sqrt(w @ (sd**2 + m**2) - (w @ m) ** 2), rel=1e-5)
            below = mixed(w, m, np.where(grid > 0, sd, 1.0), grid == 0)
            for end, share in ((found.low[at], 0.1), (found.high[at], 0.9)):
                assert below(end - 1e-6) < share < below(end + 1e-6)
            positive = sum(w[k] * stats.norm.sf(0, m[k], sd[k]) for k in range(1, grid.size))
            assert found.wrong_sign[at] == pytest.approx(min(w[0] + positive, 1 - positive), rel=1e-4)


class TestTogether:
    @pytest.mark.parametrize("level", [0.95, 0.7])
    def test_it_is_the_integral_over_the_spread_by_dense_matrices(self, level):
        rng = np.random.default_rng(4)
        root = rng.normal(size=(4, 6))
        v, x = 1e-4 * root @ root.T, np.array([0.05, -0.03, 0.02, -0.06])
        found = shrink_together(x, v, **({} if level == 0.95 else {"level": level}))
        top = 6 * 0.06
        tau = (np.arange(200) + 0.5) * top / 200
        log = np.array([stats.multivariate_normal.logpdf(x, np.zeros(4), v + t**2 * np.eye(4)) for t in tau])
        weight = np.exp(log - log.max())
        weight /= weight.sum()
        post = [np.linalg.inv(np.linalg.inv(v) + np.eye(4) / t**2) for t in tau]
        mean = np.array([p @ np.linalg.solve(v, x) for p in post])
        sd = np.array([np.sqrt(np.diag(p)) for p in post])
        centre = weight @ mean
        np.testing.assert_allclose(found.estimate, centre, rtol=1e-8)
        np.testing.assert_allclose(found.sd, np.sqrt(weight @ (sd**2 + mean**2) - centre**2), rtol=1e-8)
        assert (found.prior, found.mean) == ("normal", 0.0)
        assert found.spread == pytest.approx(weight @ tau)
        negative = weight @ stats.norm.cdf(0, mean, sd)
        np.testing.assert_allclose(found.wrong_sign, np.minimum(negative, 1 - negative), rtol=1e-8)
        for end, share in ((found.low, (1 - level) / 2), (found.high, (1 + level) / 2)):
            np.testing.assert_allclose(weight @ stats.norm.cdf(end, mean, sd), share, rtol=1e-8)

    def test_values_without_error_stay_as_they_are(self):
        found = shrink_together([0.05, -0.03, 0.02], np.zeros((3, 3)))
        np.testing.assert_allclose(found.estimate, [0.05, -0.03, 0.02])
        np.testing.assert_allclose(found.low, found.high)
        assert found.wrong_sign.tolist() == [0.0, 0.0, 0.0]

    def test_a_covariance_is_read_from_both_of_its_halves(self):
        v = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 2.0]]) * 1e-4
        tilted = v + np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 0]]) * 1e-5
        x = [0.02, 0.01, -0.03]
        np.testing.assert_allclose(shrink_together(x, tilted).estimate, shrink_together(x, v).estimate, rtol=1e-9)

    def test_nothing_but_noughts(self):
        found = shrink_together(np.zeros(3), 1e-4 * np.eye(3))
        np.testing.assert_allclose([found.estimate, found.sd], 0.0, atol=1e-12)

    @pytest.mark.parametrize(
        ("x", "v", "words"),
        [
            ([1.0, 2.0], np.eye(2), "2 values tell no prior; it needs 3"),
            ([1.0, 2.0, np.nan], np.eye(3), "none of them missing"),
            ([1.0, 2.0, 3.0], np.diag([1.0, np.inf, 1.0]), "none of them missing"),
            ([1.0, 2.0, 3.0], np.eye(2), "n values and a covariance of n by n"),
            ([[1.0, 2.0, 3.0]], np.eye(3), "n values and a covariance of n by n"),
        ],
    )
    def test_what_is_none(self, x, v, words):
        with pytest.raises(es.EventStudyError, match=words):
            shrink_together(x, v)
        assert np.isfinite(shrink_together([1.0, 2.0, 3.0], np.eye(3)).estimate).all()


class TestAsked:
    def test_the_usual_prior_is_a_mixture_from_fifty_values_on(self, values):
        x, s = values
        assert shrink(x[:49], s[:49]).prior == "normal"
        assert shrink(x[:50], s[:50]).prior == "mixture"
        assert shrink(x[:50], s[:50], prior="normal").prior == "normal"
        assert shrink(x[:10], s[:10], prior="mixture").prior == "mixture"  # ten are enough where it is asked for
        holed = np.where(np.arange(50) == 7, np.nan, x[:50])
        assert shrink(holed, s[:50]).prior == "normal"

    def test_three_values_are_enough_and_two_are_not(self, values):
        x, s = values
        assert np.isfinite(shrink(x[:3], s[:3]).estimate).all()
        with pytest.raises(es.EventStudyError, match="2 values with a standard error tell no normal prior; it needs 3"):
            shrink(x[:2], s[:2])

    @pytest.mark.parametrize(("x", "s"), [([1.0, 2.0, 3.0], [1.0, 2.0]), ([[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]])])
    def test_one_error_for_each_value(self, x, s):
        with pytest.raises(es.EventStudyError, match="one standard error for each of n values"):
            shrink(x, s)

    def test_the_usual_interval_holds_95_of_100(self, values):
        x, s = values[0][:12], values[1][:12]
        usual, told, other = shrink(x, s), shrink(x, s, level=0.95), shrink(x, s, level=0.5)
        np.testing.assert_array_equal(usual.low, told.low)
        assert (usual.low < other.low).all()

    def test_an_error_by_degrees_of_freedom_has_the_p_of_a_t(self):
        x, se, df = (
            np.array([0.05, -0.02, 0.0, 5.0]),
            np.array([0.02, 0.02, 0.02, 1e-3]),
            np.array([4.0, 9.0, 5.0, 200.0]),
        )
        found = module.normal_error(x, se, df)
        np.testing.assert_allclose(stats.norm.sf(np.abs(x[:2]) / found[:2]), stats.t.sf(np.abs(x[:2]) / se[:2], df[:2]))
        wide = stats.t.ppf(0.975, df) / stats.norm.ppf(0.975)  # where p is no help: that of an interval of 95 %
        np.testing.assert_allclose(found[2:], (se * wide)[2:])
        given = shrink(x[:3], se[:3], df=4.0)
        told = shrink(x[:3], module.normal_error(x[:3], se[:3], np.full(3, 4.0)))
        np.testing.assert_array_equal(given.estimate, told.estimate)

    def test_a_correction_of_another_level(self):
        def share(theta):
            law = stats.norm(theta, 0.02)
            whole = law.cdf(-0.05) + law.sf(0.05)
            return (law.cdf(-0.05) + law.cdf(0.07) - law.cdf(0.05)) / whole

        usual, other = corrected(0.07, 0.02, 0.05), corrected(0.07, 0.02, 0.05, level=0.6)
        assert [share(end) for end in other] == pytest.approx([0.5, 0.8, 0.2], abs=1e-9)
        assert [share(end) for end in usual] == pytest.approx([0.5, 0.975, 0.025], abs=1e-9)
