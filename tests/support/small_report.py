"""A small report, made anew for each test: figures are drawn, numbers are written out."""

import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy import plots
from eventstudy.report import Chart, Document, Fact, Section, Table

HOSTILE = {
    "script": '<script>alert(1)</script><img src=x onerror="alert(2)">',
    "formula": "=1+1",
    "marks": "\u202egnp.exe\u202c \x00 \u200f",
    "long": "x" * 10_000,
    "path": "../../etc/passwd",
    "surrogate": "half \ud800 pair",
    "template": "{{ 7 * 7 }} {% for x in y %}",
    "math": "$\\frac{1}{$",
    "close": "</script></style></svg>-->",
}


def _figure(levels):
    """A plain line: what charts draw is another room's test, and this is drawn some hundred times."""
    figure = Figure(figsize=(4, 2.5))
    ax = figure.subplots()
    ax.plot(levels.to_numpy())
    ax.set_title("The market")
    return figure


def make_document(first_close=5600.0, names=("Liberation Day", "90-day pause"), extra=0.0):
    days = pd.bdate_range("2025-03-31", periods=10, unit="us")
    levels = pd.Series([first_close, 5610, 5670, 5396, 5074, 5062, 4982, 5456, 5268, 5363], index=days, dtype=float)
    events = pd.DataFrame(
        {
            "event_id": ["lib", "pause"],
            "name": list(names),
            "session": days[[3, 7]],
            "stance": ["escalation", "softening"],
        }
    )
    chart = Chart(
        "market",
        "The market and its events",
        "The index falls on 3 April and jumps on 9 April.",
        _figure(levels),
        plots.market_data(levels, events),
        caption="n = 2 events",
    )
    frame = pd.DataFrame(
        {
            "event_id": ["lib", "pause"],
            "name": list(names),
            "verdict": ["supported", "not supported"],
            "car": [-0.0484 + extra, 0.0952],
            "pvalue": [0.0004, float("nan")],
            "n": [1, 12345],
            "session": days[[3, 7]],
        }
    )
    tall = pd.DataFrame({"row": range(30), "group": ["a", "b", "c"] * 10, "value": [i * 1.5 for i in range(30)]})
    return Document(
        title="A study",
        answer=("It holds.", "On two events."),
        results={"car": {"lib": -0.0484 + extra}, "events": [{"event_id": n, "x": 1.0} for n in ("lib", "pause")]},
        charts=(chart,),
        tables=(
            Table(
                "claims", "Claims", "The ledger.", frame, {"car": "percent", "pvalue": "pvalue"}, filters=("verdict",)
            ),
            Table("tall", "Thirty rows", "", tall, {"value": "days"}, filters=("group",), open=False),
        ),
        sections=(Section("The market", ("What it did.",), charts=("market",), tables=("claims",)),),
        manifest={"inputs": {"^GSPC": f"sha-{first_close}"}, "versions": {"numpy": "2.0"}, "seed": 0},
        command="eventstudy run us-china --out out",
        facts=(
            Fact("H1", "−4.84%", "p < 0.001, n = 1", "yes"),
            Fact("H2", "?", tone="open"),
            Fact("H3", "no", tone="no"),
        ),
    )


@pytest.fixture
def document():
    return make_document()


@pytest.fixture
def make():
    return make_document


@pytest.fixture
def hostile():
    return dict(HOSTILE)
