"""Which interval stands beside a mean, and whether it is to be believed: by hand, a case of the rule each."""

import numpy as np
import pandas as pd
import pytest

from eventstudy.study.tables.believed import believed

MEAN = {"caar": 0.01, "se": 0.004, "low": 0.002, "high": 0.018, "n": 9, "df": 8.0, "test": "cross_sectional"}
REPORTED = {"name": "jackknife", "report": "yes", "valid": True, "unit": "return", "estimate": 0.01, "se": 0.001, "low": 0.008,
            "high": 0.012, "df": 5.0}  # fmt: skip
OTHER = {**REPORTED, "name": "cross_sectional", "report": "", "se": 0.004, "low": 0.002, "high": 0.018, "df": 8.0}


def judged(mean=None, *tests):
    found = believed(pd.DataFrame([MEAN | (mean or {})]), pd.DataFrame(list(tests), columns=list(REPORTED)))
    return found.iloc[0]


def test_nothing_studied_has_the_column_and_no_row():
    found = believed(pd.DataFrame(columns=list(MEAN)), pd.DataFrame([REPORTED]))
    assert (len(found), list(found.columns)) == (0, [*MEAN, "believe"])


@pytest.mark.parametrize(("valid", "believe"), [(True, "yes"), (False, "no")])
def test_the_interval_is_that_of_the_test_to_report_and_as_sure_as_it_is(valid, believe):
    row = judged(None, OTHER, REPORTED | {"valid": valid})
    assert row[["caar", "se", "low", "high", "df", "test"]].tolist() == [0.01, 0.001, 0.008, 0.012, 5.0, "jackknife"]
    assert row["believe"] == believe


@pytest.mark.parametrize("valid", [True, False])
def test_the_interval_of_the_mean_stays_where_its_own_test_is_the_one_to_report(valid):
    row = judged(
        None, REPORTED | {"name": "cross_sectional", "valid": valid}, OTHER | {"name": "sign", "valid": not valid}
    )
    assert row[["se", "low", "high", "df", "test"]].tolist() == [0.004, 0.002, 0.018, 8.0, "cross_sectional"]
    assert row["believe"] == ("yes" if valid else "no")


@pytest.mark.parametrize(
    "other", [{"unit": "standardized"}, {"low": np.nan}, {"estimate": 0.01 * (1 + 1e-6)}, {"estimate": -0.01}]
)
@pytest.mark.parametrize("sure", [True, False])
def test_of_another_mean_or_without_an_interval_the_own_test_decides(other, sure):
    """The test to report is valid throughout: it says nothing of the mean that is shown."""
    row = judged(None, REPORTED | other, OTHER | {"valid": sure})
    assert row[["se", "low", "high", "df", "test"]].tolist() == [0.004, 0.002, 0.018, 8.0, "cross_sectional"]
    assert row["believe"] == ("yes" if sure else "no")


@pytest.mark.parametrize("sure", [True, False])
def test_where_no_test_is_to_report_the_own_one_decides(sure):
    row = judged(None, OTHER | {"valid": sure}, REPORTED | {"report": "", "valid": True})
    assert (row["test"], row["believe"]) == ("cross_sectional", "yes" if sure else "no")


@pytest.mark.parametrize(
    ("tests", "believe"),
    [([REPORTED], "yes"), ([REPORTED | {"valid": False}, OTHER], "no"), ([OTHER], "no"), ([OTHER, REPORTED], "yes")],
)
def test_an_interval_that_knows_overlapping_windows_stays_and_is_believed_if_any_test_is(tests, believe):
    row = judged({"test": "covariance"}, *tests)
    assert row[["se", "low", "high", "df", "test"]].tolist() == [0.004, 0.002, 0.018, 8.0, "covariance"]
    assert row["believe"] == believe


def test_a_test_without_degrees_of_freedom_gives_none():
    tests = pd.DataFrame([REPORTED]).drop(columns="df")
    assert np.isnan(believed(pd.DataFrame([MEAN]), tests)["df"].item())
