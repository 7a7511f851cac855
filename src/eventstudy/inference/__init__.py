"""Significance: is a mean abnormal return more than noise, by which test, and is that test to be trusted on this sample.

Pure numbers: a `WindowSample` of arrays in, a `TestResult` out. A test that does not apply is a result that says why.
`TESTS` names them all; around them stand multiple testing, bands, equivalence, leakage, power, explaining CARs, and
identification through heteroskedasticity.
"""

from __future__ import annotations

from eventstudy.inference.bands import Band, caar_band
from eventstudy.inference.build import each_day, sample_of
from eventstudy.inference.clustering import clustered_mean, driscoll_kraay_mean, panel
from eventstudy.inference.compare import compare_magnitudes, compare_means, magnitude, trend
from eventstudy.inference.conditions import Conditions, measure
from eventstudy.inference.correlation import kp_bmp, kp_patell, mean_correlation
from eventstudy.inference.cowan import generalized_sign, positive_share
from eventstudy.inference.cross_section import CrossSection, explain
from eventstudy.inference.detect import InjectedPower, caar_se, events_needed, inject_power, minimum_detectable, power
from eventstudy.inference.event_variance import event_variance
from eventstudy.inference.flips import cluster_bootstrap, wild_bootstrap
from eventstudy.inference.identification import Identification, rigobon_sack
from eventstudy.inference.leakage import fieller, leakage_share, pre_event
from eventstudy.inference.leave_out import jackknife
from eventstudy.inference.multiple import adjust_pvalues, romano_wolf
from eventstudy.inference.one_date import portfolio, sur_f, time_series
from eventstudy.inference.parametric import bmp, clm_j1, cross_sectional, patell, single
from eventstudy.inference.placebo import permutation, placebo_dates
from eventstudy.inference.ranks import corrado, grank, median_sign
from eventstudy.inference.registry import TESTS, Recommendation, recommend, run, run_all
from eventstudy.inference.resampling import bootstrap_t, hall, skewness_adjusted
from eventstudy.inference.result import Alternative, TestResult
from eventstudy.inference.sessions import CalendarPortfolio, calendar_portfolio, calendar_time
from eventstudy.inference.signs import sign, wilcoxon
from eventstudy.inference.single_event import sq
from eventstudy.inference.spec import TestSpec
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.telling import advice
from eventstudy.inference.tost import equivalence, equivalence_of

__all__ = [
    "TESTS",
    "Alternative",
    "Band",
    "CalendarPortfolio",
    "Conditions",
    "CrossSection",
    "Identification",
    "InjectedPower",
    "Recommendation",
    "Statistic",
    "TestResult",
    "TestSpec",
    "adjust_pvalues",
    "advice",
    "bmp",
    "bootstrap_t",
    "caar_band",
    "caar_se",
    "calendar_portfolio",
    "calendar_time",
    "clm_j1",
    "cluster_bootstrap",
    "clustered_mean",
    "compare_magnitudes",
    "compare_means",
    "corrado",
    "cross_sectional",
    "driscoll_kraay_mean",
    "each_day",
    "equivalence",
    "equivalence_of",
    "event_variance",
    "events_needed",
    "explain",
    "fieller",
    "generalized_sign",
    "grank",
    "hall",
    "inject_power",
    "jackknife",
    "kp_bmp",
    "kp_patell",
    "leakage_share",
    "magnitude",
    "mean_correlation",
    "measure",
    "median_sign",
    "minimum_detectable",
    "panel",
    "patell",
    "permutation",
    "placebo_dates",
    "portfolio",
    "positive_share",
    "power",
    "pre_event",
    "recommend",
    "rigobon_sack",
    "romano_wolf",
    "run",
    "run_all",
    "sample_of",
    "sign",
    "single",
    "skewness_adjusted",
    "sq",
    "sur_f",
    "time_series",
    "trend",
    "wilcoxon",
    "wild_bootstrap",
]
