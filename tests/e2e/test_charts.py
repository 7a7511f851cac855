"""The flagship's own charts as a client sees them: no text meets another or leaves its picture."""

import pytest

from eventstudy.report.build import build_document
from eventstudy.study.pairs.firm_file import load_study
from texts import collisions

pytestmark = pytest.mark.slow  # a whole run


def test_no_text_of_the_flagship_meets_another():
    document, _ = build_document(load_study("us-china"), quick=True)
    assert {chart.name: found for chart in document.charts if (found := collisions(chart.figure))} == {}
