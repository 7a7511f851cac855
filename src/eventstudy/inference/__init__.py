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
    "CalendarPortfolio": "families.calendar_time",
    "Conditions": "core.validity",
    "CrossSection": "beyond.cross_sectional_regression",
    "Identification": "beyond.rigobon_sack",
    "InjectedPower": "beyond.power",
    "advice": "advice",
    "bmp": "families.parametric",
    "bootstrap_t": "families.bootstrap",
    "caar_band": "beyond.bands",
    "caar_se": "beyond.power",
    "calendar_portfolio": "families.calendar_time",
    "calendar_time": "families.calendar_time",
    "clm_j1": "families.parametric",
    "cluster_bootstrap": "families.sign_flips",
    "clustered_mean": "families.clustered",
    "compare_magnitudes": "beyond.differences",
    "compare_means": "beyond.differences",
    "corrado": "families.ranks",
    "cross_sectional": "families.parametric",
    "driscoll_kraay_mean": "families.clustered",
    "each_day": "core.sample_of",
    "equivalence_of": "beyond.equivalence",
    "event_variance": "families.event_variance",
    "explain": "beyond.cross_sectional_regression",
    "fieller": "beyond.leakage",
    "generalized_sign": "families.generalized_sign",
    "grank": "families.ranks",
    "hall": "families.bootstrap",
    "inject_power": "beyond.power",
    "jackknife": "families.jackknife",
    "kp_bmp": "families.kolari_pynnonen",
    "kp_patell": "families.kolari_pynnonen",
    "leakage_share": "beyond.leakage",
    "magnitude": "beyond.differences",
    "mean_correlation": "core.residual_correlation",
    "measure": "core.validity",
    "median_sign": "families.ranks",
    "panel": "families.clustered",
    "patell": "families.parametric",
    "permutation": "families.placebo",
    "placebo_dates": "families.placebo",
    "portfolio": "families.common_date",
    "positive_share": "families.generalized_sign",
    "pre_event": "beyond.leakage",
    "rigobon_sack": "beyond.rigobon_sack",
    "romano_wolf": "beyond.multiple_testing",
    "sign": "families.signs",
    "single": "families.parametric",
    "skewness_adjusted": "families.bootstrap",
    "sq": "families.single_event",
    "sur_f": "families.common_date",
    "time_series": "families.common_date",
    "trend": "beyond.differences",
    "wilcoxon": "families.signs",
    "wild_bootstrap": "families.sign_flips",
}

_get, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__getattr__ = with_old_names(__name__, _get, _OLD)
