"""Intervals in the lab are those that a result gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calibration.intervals import INTERVALS
from eventstudy.study.tables.means import Means

DAYS = pd.bdate_range("2023-01-02", periods=420)


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ([0] * 12, "long_run"),  # one session that determines the difference
        ([0] * 3 + [8] * 3 + [16] * 6, "portfolio"),  # sessions that do not
        (list(range(0, 48, 4)), "HC3"),  # each its own
        ([i // 4 for i in range(12)], "portfolio"),  # windows that share bars
        ([4 * (i // 2) for i in range(64)], "cluster"),
    ],
)
def test_the_comparison_is_that_of_a_result(place, kind):
    rng = np.random.default_rng(1)
    names = [f"S{i}" for i in range(len(place))]
    market = rng.normal(0, 0.01, DAYS.size)
    frame = pd.DataFrame({name: market + rng.normal(0, 0.02, DAYS.size) for name in names} | {"M": market}, index=DAYS)
    half = np.arange(len(place)) < len(place) // 2
    pairs = pd.DataFrame(
        {"event_id": names, "symbol": names, "bar": DAYS[280 + np.array(place)], "half": np.where(half, "a", "b")}
    )
    study = es.EventStudy(
        model=es.MarketModel("M"), estimation=es.EstimationWindow(length=200, end=-11), window=(0, 1), calendar=None
    )
    result = study.fit(pairs, es.ReturnPanel(frame))
    theirs = result.compare(by="half").iloc[0]
    sample = Means(result._fitted, once=False).sample((0, 1))
    assert theirs["errors"] == kind
    assert float(INTERVALS["compare"].compute(sample).p_two) == pytest.approx(theirs["pvalue"], rel=1e-9)
