"""Columns of kinds that nobody meant, at every door that takes a frame: numbers, or one error of ours; never a foreign one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import EventStudyError

DAYS = pd.bdate_range("2025-01-06", periods=6)
COUNT = np.arange(1, 7)
KINDS = {
    "complex": COUNT + 1j,
    "complex without an imaginary part": COUNT + 0j,
    "spans": pd.to_timedelta(COUNT, unit="D"),
    "spans as objects": [dt.timedelta(1)] * 6,
    "truth": COUNT % 2 == 0,
    "truth or nothing": pd.array([True, False, None] * 2, dtype="boolean"),
    "dates": DAYS,
    "periods": pd.period_range("2025-01", periods=6, freq="D"),
    "intervals": pd.interval_range(0, 6),
    "decimals": [Decimal(1), Decimal("NaN")] * 3,
    "a signaling NaN": [Decimal(1)] * 5 + [Decimal("sNaN")],
    "fractions": [Fraction(1, 3)] * 6,
    "bytes": [b"1"] * 6,
    "bytes of one length": pd.Series([b"1"] * 6).astype("S3"),
    "lists": [[1]] * 6,
    "mappings": [{}] * 6,
    "nothing": [None] * 6,
    "categories": pd.Categorical(COUNT),
    "large whole numbers": COUNT.astype("uint64") + np.uint64(2**63),
    "half": COUNT.astype("float16"),
    "long double": COUNT.astype("longdouble"),
    "whole numbers or nothing": pd.array([1, 2, 3, 4, 5, None], dtype="Int64"),
    "sparse": pd.arrays.SparseArray(COUNT * 1.0),
    "texts of numpy": [np.str_("1.5")] * 6,
}
WIDE = pd.DataFrame({"A": COUNT * 1.0, "B": 1.5}, index=DAYS)
LONG = pd.DataFrame({"date": DAYS, "symbol": "A", "close": COUNT * 1.0})
EVENTS = pd.DataFrame({"id": list("abcdef"), "name": "A", "announced_at": "2025-04-02 10:00", "stance": "talks"})
EARNINGS = pd.DataFrame(
    {"symbol": ["A", "B"] * 3, "announced_at": DAYS, "actual": 1.0, "forecast": 1.25, "price": 10.0}
)
CRSP = pd.DataFrame({"PERMNO": 10001, "date": DAYS, "RET": 0.01, "PRC": COUNT * 1.0, "SHROUT": 100})
STUDY = es.EventStudy(model=es.MeanAdjusted(), window=(0, 0), estimation=es.EstimationWindow(30, end=-2), calendar=None)
PANEL = es.ReturnPanel(
    pd.DataFrame(
        np.random.default_rng(0).normal(0, 0.01, (80, 2)),
        index=pd.bdate_range("2024-10-01", periods=80),
        columns=["A", "B"],
    ),
    calendar=None,
)
PAIRS = pd.DataFrame({"event_id": list("abcdef"), "symbol": ["A", "B"] * 3, "bar": PANEL.frame.index[60:66]})
DOORS = {
    "price panel": lambda values: es.PricePanel(WIDE.assign(B=values)),
    "return panel": lambda values: es.ReturnPanel(WIDE.assign(B=values)),
    "two rows of names": lambda values: es.ReturnPanel(two_rows(values)),
    "two rows of names, loaded": lambda values: es.load_returns(source=two_rows(values)),
    "returns of prices": lambda values: es.ReturnPanel.from_prices(WIDE.assign(B=values)),
    "prices": lambda values: es.load_prices(source=WIDE.assign(B=values)),
    "returns": lambda values: es.load_returns(source=WIDE.assign(B=values)),
    "dates": lambda values: es.load_prices(source=WIDE.assign(date=values)),
    "dates of a format": lambda values: es.load_prices(source=WIDE.assign(date=values), date_format="%Y%m%d"),
    "row labels": lambda values: es.load_prices(source=labelled(values)),
    "row labels of a panel": lambda values: es.PricePanel(labelled(values), calendar=None),
    **{f"long, {name}": lambda values, name=name: es.load_prices(source=LONG.assign(**{name: values})) for name in LONG},
    **{f"events, {name}": lambda values, name=name: es.load_events(EVENTS.assign(**{name: values}), timezone="UTC")
       for name in (*EVENTS, "level", "rate_after", "precision", "timezone")},
    **{f"earnings, {name}": lambda values, name=name: es.load_earnings(EARNINGS.assign(**{name: values})) for name in EARNINGS},
    **{f"pairs, {name}": lambda values, name=name: es.load_pairs(EARNINGS[["symbol", "announced_at"]].assign(**{name: values}))
       for name in ("symbol", "announced_at")},
    **{f"crsp, {name}": lambda values, name=name: es.load_crsp(CRSP.assign(**{name: values})) for name in CRSP},
    **{f"study, {name}": lambda values, name=name: STUDY.fit(PAIRS.assign(**{name: values}), PANEL) for name in PAIRS},
    "explained": lambda values: STUDY.fit(PAIRS.assign(size=values), PANEL).explain(["size"]),
    "compared": lambda values: STUDY.fit(PAIRS.assign(size=values), PANEL).compare(by="size"),
}  # fmt: skip


def two_rows(values):
    return pd.DataFrame({("Close", "A"): COUNT * 1.0, ("Close", "B"): values}, index=DAYS)


def labelled(values):
    odd = getattr(values, "dtype", None) in (np.float16, np.dtype("S3"))  # pandas has no labels of those kinds
    return WIDE.set_axis(pd.Index(values.tolist() if odd else values))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("door", DOORS)
def test_a_column_of_any_kind_is_read_or_refused_in_words(door):
    told = {}
    for kind, values in KINDS.items():
        try:
            DOORS[door](values)
        except EventStudyError as fault:
            told[kind] = str(fault)
    assert "a signaling NaN" in told
    assert all(0 < len(words) < 1100 for words in told.values())


def test_a_signaling_nan_is_told_with_its_place():
    with pytest.raises(EventStudyError, match=r"column 'B', row 6: Decimal\('sNaN'\) is no number"):
        DOORS["prices"](KINDS["a signaling NaN"])


def test_numbers_that_no_permno_is_are_refused():
    with pytest.raises(EventStudyError, match=r"column 'PERMNO': .* is no whole number"):
        DOORS["crsp, PERMNO"](KINDS["large whole numbers"])
    with pytest.raises(EventStudyError, match="column 'RET' holds complex numbers"):
        DOORS["crsp, RET"](KINDS["complex without an imaginary part"])


@pytest.mark.parametrize(
    "door",
    [
        lambda frame: STUDY.fit(frame.rename(columns={"bar": "x"}), PANEL),
        lambda frame: STUDY.fit(frame, PANEL).explain(["size"]),
        lambda frame: STUDY.fit(frame, PANEL).caar(by="size"),
        lambda frame: es.load_earnings(frame.drop(columns="bar")),
    ],
    ids=["study", "explain", "by", "earnings"],
)
def test_the_columns_that_a_message_names_are_on_its_line_and_not_all_of_thousands(door):
    more = pd.DataFrame(0.0, index=PAIRS.index, columns=["two\nlines", *(f"c{at}" for at in range(5000))])
    with pytest.raises(EventStudyError) as caught:
        door(pd.concat([PAIRS, more], axis=1))
    assert "two lines" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
