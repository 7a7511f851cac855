"""No text meets another or leaves the figure: every chart, crowded, in both styles, at its full size."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy import plots
from texts import collisions, shown_texts


def rng():
    """Give the same draws whichever test runs first."""
    return np.random.default_rng(11)


DAYS = pd.bdate_range("2024-11-01", periods=260, unit="us")
LEVELS = pd.Series(5600 * np.exp(np.cumsum(rng().normal(0, 0.012, 260))), index=DAYS)
NAMES = ["Liberation Day", "China 34%", "90-day pause", "145% in force", "Geneva", "London talks open", "Section 301 hearings", "“Massive increase”"]  # fmt: skip
STANCES = ["escalation", "softening", "talks", "mixed"]


def events(count):
    at = np.sort(rng().choice(np.arange(90, 130), count, replace=count > 40))  # crowded into eight weeks of a year
    size = rng().normal(0, 0.02, count)
    return pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(count)],
            "name": [f"{NAMES[i % len(NAMES)]} {i}" for i in range(count)],
            "session": DAYS[at],
            "stance": [STANCES[i % 4] for i in range(count)],
            "estimate": size,
            "low": size - 0.02,
            "high": size + 0.02,
            "drawdown": -rng().uniform(0, 0.2, count),
        }
    )


def paths():
    day = np.arange(-10, 11)
    own = [
        pd.DataFrame({"stance": s, "relative_day": day, "caar": k * day / 500, "n": 9 + k})
        for k, s in enumerate(STANCES)
    ]
    frame = pd.concat(own, ignore_index=True)
    return frame.assign(low=frame["caar"] - 0.01, high=frame["caar"] + 0.01)


def cells(rows, columns):
    pairs = [
        (f"2025-04-{i + 1:02} {NAMES[i % 8]} +1", f"Business equipment {j}"[: 9 + j])
        for i in range(rows)
        for j in range(columns)
    ]
    return pd.DataFrame(pairs, columns=["event", "symbol"]).assign(estimate=rng().normal(0, 0.03, rows * columns))


def estimates(count):
    frame = events(count)
    return frame.assign(label=frame["name"], group=frame["stance"], n=40, summary=False)


def hazards():
    at = np.linspace(-0.2, 0.02, 6)
    return pd.DataFrame(
        {"drawdown": at, "hazard": 0.05, "low": 0.01, "high": np.linspace(0.12, 0.3, 6), "n": 77, "events": 4}
    )


def specifications():
    choices = [
        (w, s, v)
        for w in ("(0, 0)", "(0, 1)", "(−1, 1)")
        for s in ("ewma", "fear", "none")
        for v in ("main", "no doubtful labels", "doubtful labels flipped")
    ]
    frame = pd.DataFrame(choices, columns=["window", "scale", "variant"])
    return frame.assign(estimate=rng().normal(0, 1, len(frame)), pvalue=rng().uniform(size=len(frame)))


def sizes():
    pairs = [(f"cross_sectional_{i}", f"clustered dates {j}") for i in range(12) for j in range(9)]
    size = rng().uniform(0, 0.2, len(pairs))
    return pd.DataFrame(pairs, columns=["test", "scenario"]).assign(
        size=size, low=size - 0.01, high=size + 0.01, nominal=0.05
    )


def episodes():
    day = np.arange(-5, 31)
    own = [
        pd.DataFrame({"episode": f"{month} 2025", "relative_day": day, "level": 100 + rng().normal(0, 1, 36).cumsum()})
        for month in ("April", "October")
    ]
    frame = pd.concat(own, ignore_index=True)
    return frame.assign(label=[NAMES[i % 8] if i % 5 == 0 else "" for i in range(len(frame))])


def moments(count):
    """Paths by five minutes, each with its band."""
    bars = np.arange(-3, 13)
    pieces = [
        pd.DataFrame(
            {"minutes": 5 * bars, "path": np.cumsum(rng().normal(0.001, 0.004, bars.size)) * (i + 1) / 3}
        ).assign(event=f"{NAMES[i % len(NAMES)]} · SPX {i}", low=-0.01, high=0.01)
        for i in range(count)
    ]
    return pd.concat(pieces, ignore_index=True)


def clock():
    """Volatility by time of day of three securities."""
    times = [f"{9 + (30 + 5 * k) // 60:02d}:{(30 + 5 * k) % 60:02d}" for k in range(78)]
    shape = 1 + np.linspace(-1, 1, 78) ** 2
    pieces = [
        pd.DataFrame({"symbol": name, "time": times, "volatility": shape * scale})
        for name, scale in (("SPX", 1), ("NVDA", 1.4), ("TSLA", 1.7))
    ]
    return pd.concat(pieces, ignore_index=True)


def rates():
    steps = pd.DataFrame({"date": DAYS[[60, 100, 103, 105, 106, 140]], "rate": [10.0, 34, 84, 125, 145, 30]})
    return steps.assign(series="US on China", label=NAMES[:6])


def quality():
    pairs = [(symbol, str(year)) for symbol in ("^GSPC", "^VIX", "UST10Y", "NoDur") for year in range(2012, 2026)]
    return pd.DataFrame(pairs, columns=["symbol", "period"]).assign(expected=252, present=250)


STAGES = pd.DataFrame({"stage": ["in the catalogue", "in the study's sample", "with a reaction"], "n": [1730, 140, 9], "reason": ["", "not selected by the study file, nor by any other", "no price, or too little history"]})  # fmt: skip
TERMS = pd.DataFrame(
    {"term": NAMES, "estimate": 0.01, "low": -0.02, "high": 0.03, "pvalue": 0.04, "n": 45, "errors": "HC3"}
)
POWER = pd.DataFrame({"test": ["H1: escalation → selloff", "H3: softening → rally"] * 8, "effect": np.repeat(np.linspace(0, 2, 8), 2), "power": np.linspace(0.05, 1, 16)})  # fmt: skip

CHARTS = {
    "attrition": lambda style: plots.attrition(STAGES, style=style),
    "caar": lambda style: plots.caar(paths(), style=style),
    "coefficients": lambda style: plots.coefficients(TERMS, style=style),
    "forest": lambda style: plots.forest(estimates(24), style=style),
    "hazard": lambda style: plots.hazard(hazards(), style=style),
    "heatmap": lambda style: plots.heatmap(cells(20, 12), style=style),
    "industries": lambda style: plots.industries(cells(4, 12).assign(low=-0.05, high=0.05), style=style),
    "market": lambda style: plots.market(LEVELS, events(60), style=style),
    "moment": lambda style: plots.moment(moments(1), style=style),
    "moments": lambda style: plots.moments(moments(9), style=style),
    "clock": lambda style: plots.clock(clock(), style=style),
    "overlay": lambda style: plots.overlay(episodes(), style=style),
    "placebo": lambda style: plots.placebo(rng().normal(0, 1, 500), 2.2, pvalue=0.03, unit="sd", style=style),
    "power_curve": lambda style: plots.power_curve(POWER, style=style),
    "quality_calendar": lambda style: plots.quality_calendar(quality(), style=style),
    "reaction_by_drawdown": lambda style: plots.reaction_by_drawdown(events(60), style=style),
    "reactions, columns": lambda style: plots.reactions(events(90), style=style),
    "reactions, rows": lambda style: plots.reactions(events(30), style=style),
    "size_map": lambda style: plots.size_map(sizes(), style=style),
    "specification_curve": lambda style: plots.specification_curve(
        specifications(), ["window", "scale", "variant"], style=style
    ),
    "tariff_ladder": lambda style: plots.tariff_ladder(rates(), LEVELS, style=style),
}


def test_every_chart_is_here():
    charts = {name for name in plots.__all__ if f"{name}_data" in plots.__all__}
    assert {name.split(",")[0] for name in CHARTS} == charts


@pytest.mark.slow
@pytest.mark.parametrize("style", ["screen", "paper"])
@pytest.mark.parametrize("chart", CHARTS)
def test_no_text_meets_another_or_leaves_the_figure(chart, style):
    drawn = CHARTS[chart](style)
    figure = drawn if isinstance(drawn, Figure) else drawn.figure
    assert len(shown_texts(figure)) > 5, "there are texts to be looked at"
    assert collisions(figure) == []


def test_texts_that_collide_are_found():
    figure = Figure(figsize=(4, 3))
    ax = figure.subplots()
    ax.text(0.5, 0.5, "one label")
    ax.text(0.52, 0.5, "another label")
    ax.text(0.9, 0.2, "a label that is too long for the figure")
    found = " ".join(collisions(figure))
    assert "'one label' meets 'another label'" in found
    assert "too long for the figure' leaves the figure" in found
    assert len(collisions(figure)) == 2
