"""What is measured of a sample once: how many independent security-events it counts for, and whose ranks it takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.errors import StudyError
from eventstudy.inference.core.sample_facts import EstimationFacts, SampleFacts
from eventstudy.inference.core.sample_of import sample_of

RTOL = 1e-9  # correlations of 250 bars


def alike(make_sample, signs):
    """A sample on one date whose residuals are one series, with these signs."""
    sample = make_sample(len(signs), dates="one")
    record = sample.estimation
    return replace(sample, estimation=replace(record, residual=np.outer(signs, record.residual[0])))


@pytest.mark.parametrize("n", [1, 2, 5, 0])
def test_copies_count_as_one(make_sample, n):
    assert SampleFacts(alike(make_sample, [1, 1, 1])).effective(n) == pytest.approx(min(n, 1), rel=RTOL)


def test_half_a_correlation_counts_by_its_formula(make_sample):
    """Three copies and an independent one: three pairs of six are alike, r = 1/2."""
    sample = make_sample(4, dates="one")
    record = sample.estimation
    bars = np.arange(record.residual.shape[1])
    wave, other = (np.sin(2 * np.pi * k * bars / bars.size) for k in (3, 7))  # uncorrelated over whole periods
    facts = SampleFacts(replace(sample, estimation=replace(record, residual=np.array([wave, wave, wave, other]))))
    assert float(facts.correlation) == pytest.approx(0.5, rel=RTOL)
    assert facts.effective(4) == pytest.approx(4 / 2.5, rel=RTOL)
    assert facts.effective(1) == 1


def test_opposites_do_not_count_for_more_than_there_are(make_sample):
    facts = SampleFacts(alike(make_sample, [1, 1, -1]))
    assert float(facts.correlation) == pytest.approx(-1 / 3, rel=RTOL)
    assert facts.effective(3) == 3


def test_without_estimation_windows_nothing_is_known():
    facts = SampleFacts(sample_of(car=[0.01, 0.02]))
    assert np.isnan(facts.effective(2))
    with pytest.raises(StudyError, match="does not carry its estimation windows"):
        facts.estimation  # noqa: B018  asking is the test


def test_ranks_and_standardized_residuals_are_those_of_the_sample_or_of_what_is_shared(make_sample):
    sample = make_sample(3, holes=0.1)
    facts = SampleFacts(sample).estimation
    record = sample.estimation
    expected = record.residual / (sample.sigma[:, None] * np.sqrt(1 - record.leverage))
    np.testing.assert_allclose(facts.standardized, expected, rtol=RTOL)
    for found, values in ((facts.day_ranks, record.residual), (facts.standardized_ranks, expected)):
        np.testing.assert_array_equal(found, stats.rankdata(values, axis=-1, nan_policy="omit"))
    shared = EstimationFacts(record, sample.sigma)
    assert SampleFacts(sample, shared).estimation is shared
