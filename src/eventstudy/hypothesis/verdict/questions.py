"""Charts of what commentary of 2025 asked: what relief goes with, how threats end, when the recovery came."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy import stats

from eventstudy import plots
from eventstudy.hypothesis.verdict.findings import Findings, interval_level
from eventstudy.plots.canvas import canvas, drawn
from eventstudy.plots.chart import Chart, chart
from eventstudy.plots.style import fitted, headline, mark_of, percent_axis
from eventstudy.words import percent

RIVAL_NAMES = {
    "drawdown": "stocks lower",
    "fading": "lower, to May 2025",
    "fear": "fear gauge higher",
    "yield": "bond yield higher",
    "retaliation": "rival retaliates",
    "deadline": "date within a week",
    "talks": "talks lately",
    "target": "aimed at the rival",
}


def rivals(findings: Findings, sample: str = "all") -> Chart:
    """Draw how much likelier relief is by each account of it, with intervals, on a scale of doublings."""
    own = findings.tables()["race"].reindex(columns=["sample", "rival", "hazard_ratio", "log_se", "reliefs"])
    own = own.astype({"hazard_ratio": float, "log_se": float})  # objects where nothing was fitted
    own = own[(own["sample"] == sample) & own["hazard_ratio"].notna()].sort_values("hazard_ratio", ascending=False)
    half = stats.norm.ppf((1 + interval_level(findings)) / 2) * own["log_se"] / np.log(2)
    shown = pd.DataFrame(
        {"label": [RIVAL_NAMES.get(name, name) for name in own["rival"]], "estimate": np.log2(own["hazard_ratio"])}
    )
    shown["low"], shown["high"] = (shown["estimate"] + side * half.to_numpy() for side in (-1, 1))
    data = plots.forest_data(shown)
    times, relief = dict(zip(own["rival"], own["hazard_ratio"], strict=True)), findings.definitions.everyday.relief
    said = (("deadline", "as likely within a week of the announced date"), ("drawdown", "with stocks lower"))
    finding = ", ".join(f"{times[name]:.1f} times {when}" for name, when in said if name in times)
    finding = f"{relief[:1].upper()}{relief[1:]} is {finding}" if finding else "No rival was fitted"

    def draw(**options: Any) -> Axes:
        quantity = f"how many times as likely {relief} is"
        axes: Axes = plots.forest(shown, **{"title": finding, "quantity": quantity, "unit": "doublings", **options})
        ticks = [tick for tick in axes.get_xticks() if tick == round(tick)]
        axes.set_xticks(ticks, [f"{2**tick:g}" if tick >= 0 else f"1/{2**-tick:g}" for tick in ticks])
        fitted(axes.xaxis, quantity)
        values = [text for text in axes.texts if text.get_gid() == "forest.value"]
        for text, ratio in zip(values, own["hazard_ratio"], strict=False):
            text.set_text(f"{ratio:.1f} times")
        return axes

    caption = (
        f"Each account alone; hazard a session at equal age; {percent(interval_level(findings))} intervals; 1: as likely as else. Yes "
        f"against no, or a standard deviation more. Sample “{sample}”, {int(own['reliefs'].max()) if len(own) else 0} episodes relieved."
    )
    return chart("rivals", f"What {relief} goes with", finding, draw, data, caption=caption)


RISE = {"2025-04-02": "", "2025-04-08": "8 April: lowest", "2025-04-09": "9 April: pause",
        "2025-05-12": "12 May: Geneva", "2025-06-09": "9 June"}  # fmt: skip
"""Sessions of the recovery of 2025, as claim 12 has them: the close before the threat, then what is named in the chart."""


def recovery(findings: Findings) -> Chart:
    """Draw the index from the threat of April 2025 to June, and say how much of the rise came after Geneva."""
    closes = findings.frame("index").set_index("session")["level"]
    base, low, pause, geneva, end = (pd.Timestamp(day) for day in RISE)
    known = findings.definitions.ledger == "us-china" and {base, low, pause, geneva, end} <= set(closes.index)
    since = closes.loc[base:end] if known else closes.iloc[:0]
    own = pd.concat([closes.loc[:base].iloc[-6:-1], since]) if known else since
    day = np.arange(len(own)) - 6
    labels = [RISE.get(f"{session:%Y-%m-%d}", "") for session in own.index]
    shown = pd.DataFrame({"episode": "S&P 500", "relative_day": day, "level": own.to_numpy(), "label": labels})
    data = plots.overlay_data(shown)
    finding = ""
    if known:
        rise, before = own[end] - own[low], float(own[own.index < geneva].iloc[-1])
        late, first = (own[end] - before) / rise, (own[pause] - own[low]) / rise
        finding = (
            f"{percent(first)} of the rise from 8 April to 9 June 2025 came on 9 April, {percent(late)} after Geneva"
        )
    draw = partial(
        plots.overlay,
        shown,
        title=finding,
        quantity="index against the close before the threat",
        subtitle="closes of the S&P 500",
    )
    caption = "Closes; 0: the first session after the threat of 2 April 2025. What came after a date need not have come of it."
    return chart("recovery", "The recovery after April 2025", finding, draw, data, caption=caption)


def ends(findings: Findings, targets: str = "within the scopes") -> Chart:
    """Draw how threats ended over time: relieved, in force or still open, and how many were open until then."""
    own = findings.frame("incidence")
    own = own[own["targets"] == targets].reset_index(drop=True)
    relief, limit = findings.definitions.everyday.relief, findings.definitions.episodes.censor_days
    shown = {"relieved": relief, "implemented": "in force", "open": "still open"}
    after = own[own["day"] <= limit / 2]
    known = [percent(float(after[column].iloc[-1]) if len(after) else 0.0) for column in ("relieved", "implemented")]
    finding = (
        f"{limit // 2} days on, {known[0]} of {own['at_risk'].iloc[0]:.0f} threats had found {relief}, {known[1]} were in force"
        if len(own)
        else "No threat ended"
    )

    def draw(**options: Any) -> Axes:
        own_words = {"title": finding, "subtitle": "share of threats, by days since the threat"}
        words = [options.pop(name, usual) for name, usual in own_words.items()]
        with canvas(options.pop("ax", None), options.pop("style", "screen"), (1.0, 0.9), options) as axes:
            headline(axes, *words)
            for column, said in shown.items():
                mark = mark_of(said, list(shown.values()))
                usual = drawn(options, color=mark.color, linestyle=mark.line, label=said)
                start = 1.0 if column == "open" else 0.0
                axes.step([0, *own["day"]], [start, *own[column]], where="post", gid=f"ends.{column}", **usual)
            marks = [round(limit * quarter / 4) for quarter in range(5)]
            left = [np.nan_to_num(own.loc[own["day"] >= day, "at_risk"].max()) for day in marks]
            axes.set_xticks(marks, [f"{day}\n{n:.0f}" for day, n in zip(marks, left, strict=True)])
            axes.set_xlim(0, limit)
            axes.set_ylim(0, 1)
            percent_axis(axes.yaxis)
            fitted(axes.xaxis, "days since the threat; below: threats open until then")
            axes.legend(loc="upper right")
        return axes

    caption = (
        f"Each threat of the decider to its first end; Aalen-Johansen. A threat without an end counts as open for {limit} days. "
        "How many lie behind each share stands below the days."
    )
    return chart("ends", f"How threats end: {relief}, or in force", finding, draw, own, caption=caption)
