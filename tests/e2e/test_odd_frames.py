# ruff: noqa: ARG005, PLW0108
"""Frames without columns, without rows, with odd labels or cells, and what is no frame: at every public door an answer or one error of ours."""

from __future__ import annotations

import decimal
import warnings
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.returns import apply_delisting, convert_currency
from eventstudy.study import abnormal_volume, lumped_returns, without_stale

DAYS = sessions("XNYS", pd.Timestamp("2024-06-03"), pd.Timestamp("2024-12-31"))


@cache
def clean():
    rng = np.random.default_rng(0)
    returns = pd.DataFrame(rng.normal(0, 0.01, (len(DAYS), 3)), index=DAYS, columns=list("MAB"))
    events = pd.DataFrame({"event_id": ["e", "f"], "symbol": ["A", "B"], "bar": [DAYS[-20]] * 2})
    study = es.EventStudy(model=es.MarketModel("M"), estimation=es.EstimationWindow(60, end=-6), window=(-5, 5))
    return SimpleNamespace(
        returns=returns, prices=100 * (1 + returns).cumprod(), events=events, study=study, result=study.fit(events, returns)
    )  # fmt: skip


def rows(labels):
    return lambda r: r.iloc[: len(labels)].set_axis(labels)


def columns(labels):
    return lambda r: r.iloc[:, : len(labels)].set_axis(labels, axis=1)


def objects(values):
    return pd.Index(values, dtype=object, tupleize_cols=False)


THINGS = {
    "nothing": lambda r: pd.DataFrame(),
    "a row of nothing": lambda r: pd.DataFrame([{}]),
    "rows without columns": lambda r: pd.DataFrame(index=r.index),
    "columns without rows": lambda r: r.iloc[:0],
    "names alone": lambda r: pd.DataFrame(columns=list("MAB")),
    "two rows of names alone": lambda r: pd.DataFrame(columns=pd.MultiIndex.from_tuples([("a", "b")])),
    "levels without rows": lambda r: pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []])),
    "dates across, no rows": lambda r: r.iloc[:, :0].T,
    "nothing but NaN": lambda r: r * np.nan,
    "one row": lambda r: r.iloc[:1],
    "levels of rows": rows(pd.MultiIndex.from_product([["x"], DAYS])),
    "periods": rows(DAYS.to_period("D")),
    "months": rows(pd.period_range("2000-01", periods=len(DAYS), freq="M")),
    "spans of time": rows(pd.to_timedelta(np.arange(len(DAYS)), "D")),
    "intervals": rows(pd.interval_range(0, len(DAYS))),
    "categories of dates": rows(pd.CategoricalIndex(DAYS)),
    "yes and no as rows": rows([True, False]),
    "fractions": rows(np.arange(len(DAYS)) / 3),
    "a row without a date": rows(pd.DatetimeIndex([pd.NaT, *DAYS[1:]])),
    "tuples as rows": rows(objects([(1, 2)] * len(DAYS))),
    "lists as rows": rows(objects([[1]] * len(DAYS))),
    "labels once": lambda r: r.set_flags(allows_duplicate_labels=False),
    "dates across": lambda r: r.T,
    "numbers as names": columns([1, 2, 3]),
    "a column without a name": columns(["M", np.nan, "B"]),
    "a name twice": columns(["M", "A", "A"]),
    "tuples as names": columns(objects([("a", 1), ("b", 1), ("c", 1)])),
    "lists as names": columns(objects([[1], [2], [3]])),
    "intervals as names": columns(pd.interval_range(0, 3)),
    "complex": lambda r: r.astype(complex),
    "yes and no": lambda r: r > 0,
    "text": lambda r: r.astype(str),
    "categories": lambda r: r.astype("category"),
    "Arrow": lambda r: r.astype("double[pyarrow]"),
    "decimals": lambda r: r.map(lambda x: decimal.Decimal(str(x))),
    "lists": lambda r: r.map(lambda x: [x]),
    "mappings": lambda r: r.map(lambda x: {1: x}),
    "spans": lambda r: r.apply(lambda column: pd.to_timedelta(column, "D")),
    "None": lambda r: None,
    "a number": lambda r: 3,
    "a word": lambda r: "x",
    "an empty word": lambda r: "",
    "bytes": lambda r: b"x",
    "a mapping": lambda r: {"A": [1]},
    "a list": lambda r: [1, 2],
    "an empty list": lambda r: [],
    "a set": lambda r: {1},
    "a column": lambda r: r["A"],
    "an empty column": lambda r: pd.Series(dtype=float),
    "an array": lambda r: r.to_numpy(),
    "an index": lambda r: r.index,
    "a function": lambda r: len,
    "a class": lambda r: pd.DataFrame,
    "a panel": lambda r: es.ReturnPanel(r),
    "a panel of prices": lambda r: es.PricePanel(100 * (1 + r).cumprod()),
    "a result": lambda r: clean().result,
}
DOORS = {
    "load_prices": es.load_prices,
    "load_prices(source=)": lambda x: es.load_prices(source=x),
    "load_returns": es.load_returns,
    "load_returns(source=)": lambda x: es.load_returns(source=x, holds="returns"),
    "symbols": lambda x: es.load_returns(x, source=clean().prices),
    "ReturnPanel": es.ReturnPanel,
    "levels": lambda x: es.ReturnPanel(clean().returns, levels=x),
    "quality of returns": lambda x: es.ReturnPanel(clean().returns, quality=x),
    "quality of prices": lambda x: es.PricePanel(clean().prices, quality=x),
    "PricePanel": es.PricePanel,
    "from_prices": es.ReturnPanel.from_prices,
    "select": lambda x: es.ReturnPanel(clean().returns).select(x),
    "join": lambda x: es.ReturnPanel(clean().returns).join(x),
    "freeze": lambda x: es.freeze(x, "frozen"),
    "fit, events": lambda x: clean().study.fit(x, clean().returns),
    "fit, returns": lambda x: clean().study.fit(clean().events, x),
    "fit, symbols": lambda x: clean().study.fit(clean().events.drop(columns="symbol"), clean().returns, symbols=x),
    "load_events": es.load_events,
    "lumped_returns": lumped_returns,
    "without_stale, returns": lambda x: without_stale(x, clean().prices),
    "without_stale, volume": lambda x: without_stale(clean().returns, x),
    "abnormal_volume": abnormal_volume,
    "shares": lambda x: abnormal_volume(clean().prices, shares=x),
    "convert_currency": lambda x: convert_currency(x, "USD", clean().prices),
    "rates": lambda x: convert_currency(es.PricePanel(clean().prices), "USD", x, currencies={"M": "EUR"} | dict.fromkeys("AB", "USD")),
    "apply_delisting": lambda x: apply_delisting(x, {"A": -0.3}),
    "delisting": lambda x: apply_delisting(es.ReturnPanel(clean().returns), x),
    "suggest_donors": lambda x: es.suggest_donors(x, clean().events),
    "suggest_donors, pairs": lambda x: es.suggest_donors(clean().returns, x),
    "weights": lambda x: clean().result.caar((0, 1), weights=x),
    "explain": lambda x: clean().result.explain(x),
}  # fmt: skip


def _hold(door, things, folder, monkeypatch):
    monkeypatch.chdir(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in things:
            thing = THINGS[name](clean().returns)
            try:
                DOORS[door](thing)
            except es.EventStudyError as refusal:
                assert "\n" not in str(refusal).split("\n  ")[0]  # noqa: PT017
            except Exception as fault:  # noqa: BLE001
                pytest.fail(f"{name}: {type(fault).__name__}: {fault}")


@pytest.mark.parametrize("door", DOORS)
def test_frames_without_columns_or_rows_are_answered(door, tmp_path, monkeypatch):
    _hold(door, list(THINGS)[:8], tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_odd_frames_and_other_things_are_answered(door, tmp_path, monkeypatch):
    _hold(door, list(THINGS)[8:], tmp_path, monkeypatch)


def test_events_without_columns_are_told_what_they_need():
    with pytest.raises(es.EventStudyError, match="announced_at"):
        es.load_events(pd.DataFrame([{}]))
