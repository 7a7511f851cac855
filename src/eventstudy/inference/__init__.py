"""Significance: is a mean abnormal return more than noise, by which test, and is that test to be trusted on this sample.

Pure numbers: a `WindowSample` of arrays in, a `TestResult` out. A test that does not apply is a result that says why.
`TESTS` names them all; around them stand multiple testing, bands, equivalence, leakage, power, explaining CARs, and
identification through heteroskedasticity.
"""

import lazy_loader

from eventstudy._lazy import with_old_names

_OLD = {
    "Alternative": "core.result",
    "Band": "beyond.bands",
    "CalendarPortfolio": "significance_tests.calendar_time",
    "Conditions": "core.validity",
    "CrossSection": "beyond.cross_sectional_regression",
    "Identification": "beyond.rigobon_sack",
    "InjectedPower": "beyond.power",
    "advice": "advice",
    "bmp": "significance_tests.parametric",
    "bootstrap_t": "significance_tests.bootstrap",
    "caar_band": "beyond.bands",
    "caar_se": "beyond.power",
    "calendar_portfolio": "significance_tests.calendar_time",
    "calendar_time": "significance_tests.calendar_time",
    "clm_j1": "significance_tests.parametric",
    "cluster_bootstrap": "significance_tests.sign_flips",
    "clustered_mean": "significance_tests.clustered",
    "compare_magnitudes": "beyond.differences",
    "compare_means": "beyond.differences",
    "corrado": "significance_tests.ranks",
    "cross_sectional": "significance_tests.parametric",
    "driscoll_kraay_mean": "significance_tests.clustered",
    "each_day": "core.sample_of",
    "equivalence_of": "beyond.equivalence",
    "event_variance": "significance_tests.event_variance",
    "explain": "beyond.cross_sectional_regression",
    "fieller": "beyond.leakage",
    "generalized_sign": "significance_tests.generalized_sign",
    "grank": "significance_tests.ranks",
    "hall": "significance_tests.bootstrap",
    "inject_power": "beyond.power",
    "jackknife": "significance_tests.jackknife",
    "kp_bmp": "significance_tests.kolari_pynnonen",
    "kp_patell": "significance_tests.kolari_pynnonen",
    "leakage_share": "beyond.leakage",
    "magnitude": "beyond.differences",
    "mean_correlation": "core.residual_correlation",
    "measure": "core.validity",
    "median_sign": "significance_tests.ranks",
    "panel": "significance_tests.clustered",
    "patell": "significance_tests.parametric",
    "permutation": "significance_tests.placebo",
    "placebo_dates": "significance_tests.placebo",
    "portfolio": "significance_tests.common_date",
    "positive_share": "significance_tests.generalized_sign",
    "pre_event": "beyond.leakage",
    "rigobon_sack": "beyond.rigobon_sack",
    "romano_wolf": "beyond.multiple_testing",
    "sign": "significance_tests.signs",
    "single": "significance_tests.parametric",
    "skewness_adjusted": "significance_tests.bootstrap",
    "sq": "significance_tests.single_event",
    "sur_f": "significance_tests.common_date",
    "time_series": "significance_tests.common_date",
    "trend": "beyond.differences",
    "wilcoxon": "significance_tests.signs",
    "wild_bootstrap": "significance_tests.sign_flips",
}

_get, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__getattr__ = with_old_names(__name__, _get, _OLD)
