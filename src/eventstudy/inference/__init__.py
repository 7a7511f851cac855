"""Significance: is a mean abnormal return more than noise, by which test, and is that test to be trusted on this sample.

Pure numbers: a `WindowSample` of arrays in, a `TestResult` out. A test that does not apply is a result that says why.
"""

from __future__ import annotations

from eventstudy.inference.build import sample_of
from eventstudy.inference.parametric import bmp, cross_sectional, patell, single
from eventstudy.inference.placebo import permutation, placebo_dates
from eventstudy.inference.registry import TESTS, run, run_all
from eventstudy.inference.result import Alternative, TestResult
from eventstudy.inference.signs import sign, wilcoxon
from eventstudy.inference.spec import TestSpec
from eventstudy.inference.statistic import Statistic

__all__ = [
    "TESTS",
    "Alternative",
    "Statistic",
    "TestResult",
    "TestSpec",
    "bmp",
    "cross_sectional",
    "patell",
    "permutation",
    "placebo_dates",
    "run",
    "run_all",
    "sample_of",
    "sign",
    "single",
    "wilcoxon",
]
