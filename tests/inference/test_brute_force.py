"""Every statistic against a loop written from its paper, on complete and ragged samples.

The loops are slow and dull on purpose: one security-event, one day, one pair at a time, with nothing of the package but
the sample's own fields.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventstudy.inference import TESTS, run
from eventstudy.inference.significance_tests.signs import wilcoxon
from statistics_told import RTOL, check, rows

WINDOWS = [(0, 0), (-1, 3)]


@pytest.mark.parametrize("window", WINDOWS)
class TestMeans:
    def test_cross_sectional_is_scipys(self, make_sample, holes, window):
        sample = make_sample(12, holes=holes, window=window)
        car = sample.car[rows(sample)]
        check("cross_sectional", sample, stats.ttest_1samp(car, 0).statistic, df=len(car) - 1)

    def test_j1_and_its_conventions(self, make_sample, holes, window):
        sample = make_sample(12, holes=holes, window=window)
        used = rows(sample)
        total = sum(sample.car[i] for i in used)
        check("clm_j1", sample, total / math.sqrt(sum(sample.car_se[i] ** 2 for i in used)))
        found = run("clm_j1", sample)
        spread = math.sqrt(sum(sample.car_se[i] ** 2 for i in used)) / len(used)
        assert found.estimate == pytest.approx(total / len(used), rel=1e-9)
        assert found.se == pytest.approx(spread, rel=1e-9)
        # a well-known package: sum of L times the residual variance with divisor M, t with the sum of M - 1
        variance = 0.0
        for i in used:
            e = [v for v in sample.estimation.residual[i] if math.isfinite(v)]
            variance += np.isfinite(sample.ar[i]).sum() * np.mean(np.square(e))
        options = {"forecast_error": False, "divisor": "m", "student": True}
        check("clm_j1", sample, total / math.sqrt(variance), df=sum(sample.m[i] - 1 for i in used), **options)

    def test_patell(self, make_sample, holes, window):
        sample = make_sample(12, holes=holes, window=window)
        total = scale = 0.0
        for i in rows(sample):
            total += sample.car[i] / sample.car_se[i]
            free = sample.m[i] - sample.k
            scale += free / (free - 2)
        check("patell", sample, total / math.sqrt(scale))

    def test_patell_conventions(self, make_sample, holes, window):
        sample = make_sample(12, holes=holes, window=window)
        equal = sum(
            sample.car[i] / sample.car_se[i] / math.sqrt(sample.df[i] / (sample.df[i] - 2)) for i in rows(sample)
        )
        check("patell", sample, equal / math.sqrt(len(rows(sample))), equal_length=True)
        q = sum(sample.df[i] / (sample.df[i] - 2) for i in rows(sample))
        daily = plain = 0.0
        for i in rows(sample):
            days = [j for j in range(sample.ar.shape[1]) if math.isfinite(sample.ar[i, j])]
            daily += sum(sample.ar[i, j] / sample.ar_se[i, j] for j in days) / math.sqrt(len(days))
            plain += sample.car[i] / (sample.sigma[i] * math.sqrt(len(days)))
        check("patell", sample, daily / math.sqrt(q), serial_cov=False)
        check("patell", sample, plain / math.sqrt(q), forecast_error=False)

    def test_bmp_is_scipys_on_scars(self, make_sample, holes, window):
        sample = make_sample(12, holes=holes, window=window)
        scar = [sample.car[i] / sample.car_se[i] for i in rows(sample)]
        check("bmp", sample, stats.ttest_1samp(scar, 0).statistic, df=len(scar) - 1)

    def test_jackknife(self, make_sample, holes, window):
        sample = make_sample(12, holes=holes, window=window, dates="staggered")
        used = rows(sample)
        sessions = sorted({int(sample.day0[i]) for i in used})
        left_out = [np.mean([sample.car[i] for i in used if sample.day0[i] != s]) for s in sessions]
        g = len(sessions)
        error = math.sqrt((g - 1) / g * sum((x - np.mean(left_out)) ** 2 for x in left_out))
        check("jackknife", sample, np.mean(sample.car[used]) / error, df=g - 1)


@pytest.mark.parametrize("window", WINDOWS)
class TestOneDate:
    def test_time_series(self, make_sample, holes, window):
        sample = make_sample(8, holes=holes, window=window, dates="one")
        record = sample.estimation
        series, x = [], []
        for t in range(record.residual.shape[1]):
            there = [i for i in rows(sample) if math.isfinite(record.residual[i, t])]
            series.append(np.mean([record.residual[i, t] for i in there]))
            x.append(record.design[there[0], t])
        m = len(series)
        s = math.sqrt(sum((a - np.mean(series)) ** 2 for a in series) / (m - 1))
        market, ahead = np.array(x)[:, 1], record.window_design[0][:, 1]
        length = len(ahead)
        sxx = sum((v - market.mean()) ** 2 for v in market)
        forecast = length + length**2 / m + sum(v - market.mean() for v in ahead) ** 2 / sxx
        check("time_series", sample, np.mean(sample.car[rows(sample)]) / (s * math.sqrt(forecast)), df=m - 2)

    def test_portfolio_is_one_statsmodels_regression(self, make_sample, window):
        sample = make_sample(8, window=window, dates="one")
        record = sample.estimation
        theta = 0.01 * np.arange(16).reshape(8, 2)  # any coefficients: returns that leave these residuals
        past = np.mean([record.residual[i] + record.design[i] @ theta[i] for i in range(8)], axis=0)
        ahead = np.mean([sample.ar[i] + record.window_design[i] @ theta[i] for i in range(8)], axis=0)
        fit = sm.OLS(past, record.design[0]).fit()
        x = record.window_design[0]
        car = (ahead - x @ fit.params).sum()
        ones = np.ones(len(ahead))
        variance = fit.mse_resid * len(ahead) + ones @ x @ fit.cov_params() @ x.T @ ones
        check("portfolio", sample, car / math.sqrt(variance), df=fit.df_resid)

    def test_portfolio_with_holes_regresses_the_mean_of_those_present(self, make_sample, window):
        sample = make_sample(8, holes=0.06, window=window, dates="one")
        record = sample.estimation
        there = rows(sample)
        past = [np.mean([e for e in record.residual[there, t] if math.isfinite(e)]) for t in range(250)]
        columns = [j for j in range(sample.ar.shape[1]) if any(math.isfinite(a) for a in sample.ar[there, j])]
        ahead = [np.mean([a for a in sample.ar[there, j] if math.isfinite(a)]) for j in columns]
        design = [next(x for x in record.design[:, t] if all(map(math.isfinite, x))) for t in range(250)]
        fit = sm.OLS(past, np.array(design)).fit()
        x = record.window_design[0][columns]
        total = x.sum(axis=0)
        variance = fit.mse_resid * (len(columns) + total @ np.linalg.inv(np.array(design).T @ design) @ total)
        check("portfolio", sample, (np.array(ahead) - x @ fit.params).sum() / math.sqrt(variance), df=fit.df_resid)

    def test_sur_f_is_hotellings(self, make_sample, holes, window):
        sample = make_sample(6, holes=holes, window=window, dates="one", seed=3)
        record = sample.estimation
        bars = [t for t in range(250) if all(math.isfinite(e) for e in record.residual[:, t])]
        days = [j for j in range(sample.ar.shape[1]) if all(math.isfinite(a) for a in sample.ar[:, j])]
        x, ahead = record.design[0][bars], record.window_design[0][days]
        gamma, left = [], []
        for i in range(6):  # regressions on the bars that all have
            fit = sm.OLS(record.residual[i, bars], x).fit()
            gamma.append((sample.ar[i, days] - ahead @ fit.params).sum())
            left.append(fit.resid)
        free = len(bars) - 2
        s = np.array([[np.dot(a, b) / free for a in left] for b in left])
        total = ahead.sum(axis=0)
        factor = len(days) + total @ np.linalg.inv(x.T @ x) @ total
        t2 = np.array(gamma) @ np.linalg.inv(s) @ np.array(gamma) / factor
        f = (free - 6 + 1) / (6 * free) * t2
        result = run("sur_f", sample)
        np.testing.assert_allclose(result.statistic, f, rtol=1e-8)  # a 6 x 6 inverse costs two digits
        np.testing.assert_allclose(result.pvalue, stats.f.sf(f, 6, free - 5), rtol=1e-7)


def pair_correlation(sample, i, j):
    """Pearson's over the calendar bars that both estimation windows have."""
    record = sample.estimation
    first = {b: e for b, e in zip(record.bar[i], record.residual[i], strict=True) if b >= 0 and math.isfinite(e)}
    other = {b: e for b, e in zip(record.bar[j], record.residual[j], strict=True) if b >= 0 and math.isfinite(e)}
    shared = sorted(set(first) & set(other))
    if len(shared) < 30:
        return 0.0
    return stats.pearsonr([first[b] for b in shared], [other[b] for b in shared]).statistic


def mean_correlation(sample):
    used = rows(sample)
    bars = {i: {b for b, a in zip(sample.bar[i], sample.ar[i], strict=True) if math.isfinite(a)} for i in used}
    total = 0.0
    for i, j in itertools.combinations(used, 2):
        total += pair_correlation(sample, i, j) * len(bars[i] & bars[j]) / math.sqrt(len(bars[i]) * len(bars[j]))
    return total / (len(used) * (len(used) - 1) / 2)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("dates", ["one", "staggered", "apart"])
class TestKolariPynnonen:
    def test_patell_and_bmp(self, make_sample, holes, window, dates):
        sample = make_sample(9, holes=holes, window=window, dates=dates)
        r = mean_correlation(sample)
        if dates != "apart":
            assert r > 0  # the fixture's factor: the adjustment must do something
        n = len(rows(sample))
        z, t = run("patell", sample).statistic, run("bmp", sample).statistic
        floored = max(r, 0.0)
        check("kp_patell", sample, z / math.sqrt(1 + (n - 1) * floored))
        check("kp_bmp", sample, t * math.sqrt((1 - floored) / (1 + (n - 1) * floored)), df=n - 1)
        check("kp_bmp", sample, t * math.sqrt((1 - r) / (1 + (n - 1) * r)), df=n - 1, floor=False)


def test_alignment_on_relative_days_is_an_option_to_reconcile(make_sample):
    sample = make_sample(6, dates="staggered")
    pairs = itertools.combinations(sample.estimation.residual, 2)
    r = np.mean([stats.pearsonr(a, b).statistic for a, b in pairs])
    result = run("kp_patell", sample, alignment="relative", floor=False)
    np.testing.assert_allclose(result.details["correlation"], r, rtol=RTOL)
    assert result.statistic != run("kp_patell", sample, floor=False).statistic


@pytest.mark.slow
@pytest.mark.parametrize("dates", ["staggered", "one"])
def test_many_events_on_blocks_of_dates_equal_the_pair_loop(make_sample, holes, dates):
    sample = make_sample(150, window=(0, 1), dates=dates, holes=holes)  # more than one block of pairs
    r = mean_correlation(sample)
    np.testing.assert_allclose(run("kp_patell", sample).details["correlation"], r, rtol=RTOL)


@pytest.mark.parametrize("window", WINDOWS)
class TestSigns:
    def test_sign_is_scipys_binomial(self, make_sample, holes, window):
        sample = make_sample(12, holes=holes, window=window, shift=0.02)
        car = sample.car[rows(sample)]
        positive = int((car > 0).sum())
        for side in ("two-sided", "less", "greater"):
            expected = stats.binomtest(positive, len(car), alternative=side).pvalue
            np.testing.assert_allclose(run("sign", sample, alternative=side).pvalue, expected, rtol=RTOL)

    def test_wilcoxon_is_scipys_exact(self, make_sample, holes, window):
        sample = make_sample(12, holes=holes, window=window, shift=0.02)
        car = sample.car[rows(sample)]
        for side in ("two-sided", "less", "greater"):
            expected = stats.wilcoxon(car, alternative=side, method="exact").pvalue
            np.testing.assert_allclose(run("wilcoxon", sample, alternative=side).pvalue, expected, rtol=RTOL)

    def test_generalized_sign(self, make_sample, holes, window):
        sample = make_sample(12, holes=holes, window=window, shift=0.02)
        length = sample.ar.shape[1]
        for phat, run_length in (("window", length), ("daily", 1)):
            shares = []
            for i in rows(sample):
                e = sample.estimation.residual[i]
                sums = [sum(e[t : t + run_length]) for t in range(250 - run_length + 1)]
                known = [v for v in sums if math.isfinite(v)]
                shares.append(sum(v > 0 for v in known) / len(known))
            p, n = np.mean(shares), len(rows(sample))
            w = sum(sample.car[i] > 0 for i in rows(sample))
            check("generalized_sign", sample, (w - n * p) / math.sqrt(n * p * (1 - p)), phat=phat)


def test_wilcoxon_with_ties_counts_every_flip_of_sign():
    x = np.array([0.01, -0.01, 0.02, 0.02, -0.03, 0.04, 0.02, 0.0])
    used = x[x != 0]
    ranks = stats.rankdata(np.abs(used))
    observed = ranks[used > 0].sum()
    flips = [sum(r for r, s in zip(ranks, signs, strict=True) if s) for signs in itertools.product([0, 1], repeat=7)]
    greater = np.mean([f >= observed for f in flips])
    np.testing.assert_allclose(wilcoxon(x).p_greater, greater, rtol=RTOL)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("dates", ["one", "staggered"])
class TestCalendar:
    def sessions(self, sample):
        """Open securities of each session; one that is open twice counts once, with its mean."""
        table = {}
        for i in rows(sample):
            for b, a in zip(sample.bar[i], sample.ar[i], strict=True):
                if math.isfinite(a):
                    table.setdefault(int(b), {}).setdefault(int(sample.security[i]), []).append(a)
        return {b: [np.mean(v) for v in who.values()] for b, who in sorted(table.items())}

    @pytest.mark.parametrize("repeat", [False, True])
    def test_ols_wls_hac(self, make_sample, holes, window, dates, repeat):
        if window == (0, 0) and dates == "one":
            assert "fewer than two sessions" in run("calendar_time", make_sample(12, dates="one", window=window)).reason
            return
        sample = make_sample(12, holes=holes, window=window, dates=dates, repeat=repeat)
        table = self.sessions(sample)
        y, weights = np.array([np.mean(v) for v in table.values()]), np.array([len(v) for v in table.values()])
        d = len(y)
        check("calendar_time", sample, stats.ttest_1samp(y, 0).statistic, df=d - 1)
        wls = sm.WLS(y, np.ones(d), weights=weights).fit()
        check("calendar_time", sample, wls.tvalues[0], df=d - 1, method="wls")
        hac = sm.OLS(y, np.ones(d)).fit(
            cov_type="HAC", cov_kwds={"maxlags": int(4 * (d / 100) ** (2 / 9)), "use_correction": True}
        )
        check("calendar_time", sample, hac.tvalues[0], df=d - 1, method="hac")

    def test_clustered_errors_are_their_definitions(self, make_sample, holes, window, dates, cr2_matrices):
        if dates == "one":
            return
        sample = make_sample(12, holes=holes, window=window, dates=dates, repeat=True)
        y, when, who = [], [], []
        for i in rows(sample):
            for b, a in zip(sample.bar[i], sample.ar[i], strict=True):
                if math.isfinite(a):
                    y.append(a), when.append(b), who.append(sample.security[i])
        ones = np.ones(len(y))
        # statsmodels adds (n - 1)/(n - k), which is 1 for a constant; the factor G/(G - 1) is its own
        (error,), (df,) = cr2_matrices(ones[:, None], np.array(y), np.array(when))
        check("panel_date", sample, np.mean(y) / error, df=df)
        both = sm.OLS(y, ones).fit(cov_type="cluster", cov_kwds={"groups": np.column_stack([when, who]).astype(int)})
        if both.bse[0] > 0:
            check("panel_two_way", sample, both.tvalues[0], df=min(len(set(when)), len(set(who))) - 1)


@pytest.mark.parametrize("window", WINDOWS)
def test_single_is_the_t_of_a_regression_with_a_dummy(make_sample, holes, window):
    """Salkever (1976): estimation and event bars together, a dummy for each event bar; their sum is the CAR."""
    sample = make_sample(1, window=window, holes=holes)
    record = sample.estimation
    bars = [t for t in range(250) if math.isfinite(record.residual[0, t])]
    days = [j for j in range(sample.ar.shape[1]) if math.isfinite(sample.ar[0, j])]
    y = np.concatenate([record.residual[0, bars], sample.ar[0, days]])
    x = np.concatenate([record.design[0, bars], record.window_design[0, days]])
    dummies = np.concatenate([np.zeros((len(bars), len(days))), np.eye(len(days))])
    fit = sm.OLS(y, np.column_stack([x, dummies])).fit()
    test = fit.t_test(np.r_[np.zeros(2), np.ones(len(days))])
    check("single", sample, float(np.squeeze(test.tvalue)), df=len(bars) - 2)


def test_every_registered_test_is_checked_somewhere():
    """A new test must come with its loop: this list is kept by hand."""
    here = """single cross_sectional clm_j1 patell bmp time_series portfolio sur_f kp_patell kp_bmp corrado corrado_zivney
    grank_t grank_z corrado_zivney_sign sign_gsar_t sign wilcoxon generalized_sign jackknife calendar_time panel_date
    panel_two_way sq"""  # those by rank and quantile in test_brute_ranks
    in_test_resampling = "skewness_adjusted bootstrap_t wild_bootstrap cluster_bootstrap permutation"
    in_intraday = "matched_clock clock_scaled day_clusters shift_24h bugni_li_li lee_mykland"
    assert set(TESTS) == {*here.split(), *in_test_resampling.split(), *in_intraday.split()}
