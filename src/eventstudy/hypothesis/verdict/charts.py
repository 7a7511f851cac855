"""The charts of a verdict: each is made once, by one function, with its title, caption, numbers and drawing.

``verdict.plot`` draws them, ``verdict.charts()`` lists those of the report. A new one is a function here that takes the
findings, and a line in :class:`Plots`, which says where the report shows it.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, get_args

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy import stats

from eventstudy import plots
from eventstudy.hypothesis.links.test_results import own_sign
from eventstudy.hypothesis.verdict.drawn import Drawn, Where
from eventstudy.hypothesis.verdict.findings import Findings
from eventstudy.inference.core.result import Alternative
from eventstudy.plots.chart import Chart, chart
from eventstudy.plots.drawdown import drawdown_finding, hazard_finding
from eventstudy.plots.episodes import overlay_finding
from eventstudy.plots.forest import forest_finding
from eventstudy.plots.placebo_and_power import placebo_finding
from eventstudy.plots.specifications import specification_finding
from eventstudy.plots.style import fitted, say
from eventstudy.words import percent, pvalue_words

CHOICES = ["window", "scale", "variant", "statistic"]

SCHEMES = {
    "permutation": "against random dates",
    "matched": "against dates of like volatility, weekday and prior drawdown",
    "shift": "against the calendar shifted",
    "left_out": "without the session or cluster that speaks most for it, against random dates",
    "sessions": "against the decisions shifted along the sessions at risk",
}

_SD = "sd"  # standard deviations of an ordinary session; axes say so in words

_REACTION = "mean reaction in standard deviations of an ordinary session"


def links(findings: Findings) -> Chart:
    """Draw the two reactions with their intervals, sample by sample."""
    own = findings.frame("links")
    own = own[own["link"].isin(["H1", "H3"]) & own["estimate"].notna()]
    names = {link: f"{link}: {words}" for link, words in findings.link_names.items()}
    shown = pd.DataFrame(
        {
            "group": own["link"].map(names),
            "label": "sample " + own["sample"],
            "estimate": own["estimate"],
            "low": own["low"],
            "high": own["high"],
            "n": own["n"],
        }
    ).sort_values("group", kind="stable", ignore_index=True)
    level = percent(interval_level(findings))
    lead = own[own["sample"] == findings.headline]
    said = ", ".join(
        f"{link} {say(estimate, _SD, 2)}" for link, estimate in zip(lead["link"], lead["estimate"], strict=True)
    )
    finding = f"Sample “{findings.headline}”: {said}" if said else forest_finding(plots.forest_data(shown), _SD)
    subject = "The two reactions, sample by sample"
    draw = partial(plots.forest, shown, title=finding, quantity=_REACTION, unit=_SD)
    caption = f"{level} intervals; sd: standard deviations of an ordinary session; n counts independent sessions. {samples_words(findings)}"
    return chart("links", subject, finding, draw, plots.forest_data(shown), caption=caption)


def samples_words(findings: Findings) -> str:
    """Say which dates the samples hold."""
    dated = [f"“{name}” {first} to {last}" for name, (first, last) in findings.definitions.periods.items()]
    return f"Samples: “all” dates; {'; '.join(dated)}."


def interval_level(findings: Findings) -> float:
    """Return the level of the intervals: a one-sided test at the level of the definitions says the same."""
    return 1 - 2 * findings.definitions.alpha


class PlaceboDraws(NamedTuple):
    """The scheme whose p-value is the largest of those with draws, its draws, the value observed, and the p-value."""

    scheme: str
    draws: pd.Series
    observed: float
    pvalue: float


def placebo_draws(findings: Findings, link: str, sample: str | None = None) -> PlaceboDraws:
    """Give the draws that count: those of the scheme with the largest p-value; none if the test does not apply.

    Of H1 and H3 this p-value is the headline's; that of H2 may rest on the hazard's score test, whose draws are not
    kept.
    """
    sample = sample or findings.headline
    own = findings.frame("placebos")
    own = own[(own["sample"] == sample) & (own["link"] == link)]
    test = findings.samples[sample].links[link]
    if own.empty or not test.applicable:
        return PlaceboDraws("", own["value"].iloc[:0], 0.0, float("nan"))
    counted = [name for name in own["scheme"].unique() if link == "H2" or name in findings.definitions.placebo.primary]
    scheme = max(counted, key=lambda name: test.details[f"p_{name}"])
    own = own[own["scheme"] == scheme]
    return PlaceboDraws(scheme, own["value"], float(own["observed"].iloc[0]), float(test.details[f"p_{scheme}"]))


def placebo(findings: Findings, link: str = "H1", sample: str | None = None) -> Chart:
    """Draw a link's observed value among chance ones, in the scheme with the largest p-value."""
    sample = sample or findings.headline
    scheme, draws, observed, pvalue = placebo_draws(findings, link, sample)
    whole = findings.samples[sample].links[link].pvalue
    rests = (
        (
            "the test of the link"
            if len(findings.definitions.placebo.primary) == 1
            else "the largest p of its schemes, which counts"
        )
        if pvalue == whole
        else f"what counts is the larger p of the hazard's score test, {pvalue_words(whole)}"
    )
    quantity = "loss before decisions less that on other days at risk, standardized" if link == "H2" else _REACTION
    down = own_sign(link) < 0
    side: Alternative = "less" if down else "greater"
    data = plots.placebo_data(draws, observed, alternative=side)
    finding = f"{link}: {placebo_finding(data, observed, _SD)}"
    draw = partial(plots.placebo, draws, observed, pvalue=pvalue, alternative=side)
    test = findings.samples[sample].links[link]
    part = (
        f" Shown is the mean of the sessions left; with all {test.n_clusters} it is {say(test.estimate, _SD, 2)}."
        if scheme == "left_out"
        else ""
    )
    caption = (
        f"Sample “{sample}”, {SCHEMES.get(scheme, 'no draws')}: {rests}. To the {'left' if down else 'right'} is what the link "
        f"claims.{part}"
    )
    subject = f"{link}, {findings.link_names[link]}: the observed value among chance ones"
    draw = partial(draw, title=finding, quantity=quantity, unit=_SD)
    return chart(f"placebo-{link}", subject, finding, draw, data, caption=caption)


def reaction_by_drawdown(findings: Findings) -> Chart:
    """Draw each session's reaction against the change of the index since the threat before it."""
    own = findings.frame("reactions").dropna(subset=["loss_before"])
    words = findings.definitions.stances
    shown = pd.DataFrame(
        {
            "event_id": own["event_ids"],
            "name": own["event_ids"],
            "stance": own["link"].map({"H1": words.trigger, "H3": words.relief}),
            "drawdown": -own["loss_before"],
            "estimate": own["car"],
        }
    )
    data = plots.reaction_by_drawdown_data(shown)
    finding = drawdown_finding(data.dropna(subset=["drawdown", "estimate"]))

    def draw(**options: Any) -> Axes:
        axes: Axes = plots.reaction_by_drawdown(shown, **{"title": finding, **options})
        fitted(axes.xaxis, "change of the index from the close before the threat to the close before the event")
        return axes

    caption = "Change of the index from the last close before the latest open threat to the close before."
    subject = "Reaction, and the loss since the threat before it"
    return chart("reaction-by-drawdown", subject, finding, draw, data, caption=caption)


def hazard(findings: Findings, sample: str = "all") -> Chart:
    """Draw the chance of a decision in a session, by the change of the index since the threat."""
    own = findings.frame("hazard_by_drawdown")
    own = own[own["sample"] == sample]
    shown = pd.DataFrame(
        {
            "drawdown": -(own["loss_from"] + own["loss_to"]) / 2,
            "hazard": own["rate"],
            "low": own["low"],
            "high": own["high"],
            "n": own["sessions"],
            "events": own["decisions"],
        }
    )
    relief = findings.definitions.stances.relief
    finding = f"{relief}: {hazard_finding(shown)}"
    draw = partial(
        plots.hazard, shown, title=finding, band=f"{percent(interval_level(findings))} interval",
        quantity="change of the index since the threat", outcome=relief,
    )  # fmt: skip
    caption = "Sessions with an open threat of the decider, all samples; bins hold about the same number of sessions; Wilson intervals."
    subject = f"Does {relief} come sooner the deeper the loss?"
    return chart("hazard", subject[:-1], finding, draw, plots.hazard_data(shown), caption=caption)


def curve(findings: Findings, link: str = "H1", sample: str | None = None) -> Chart:
    """Draw every declared specification of a link that has a standardized estimate; a composite, so it gives a Figure."""
    sample = sample or findings.headline
    shown = findings.frame("curve")
    if "standardized" in shown and not shown.empty:
        shown = shown[(shown["sample"] == sample) & (shown["link"] == link)]
        shown = shown.assign(estimate=shown["standardized"]).dropna(subset=["estimate"])
    else:
        shown = pd.DataFrame({column: pd.Series(dtype=float) for column in ["estimate", "pvalue", *CHOICES]})
    alpha = findings.definitions.alpha
    data = plots.specification_curve_data(shown, CHOICES)
    finding = f"{link}: {specification_finding(data, alpha, 'standard errors')}"
    draw = partial(plots.specification_curve, shown, CHOICES, alpha=alpha, title=finding)
    draw = partial(draw, quantity="standardized estimate, positive in the link's direction", unit="standard errors")
    caption = f"Sample “{sample}”; positive: in the link's direction."
    subject = f"{link}, {findings.link_names[link]}: every declared specification"
    return chart(f"curve-{link}", subject, finding, draw, data, caption=caption)


def power(findings: Findings, sample: str | None = None) -> Chart:
    """Draw what these data could have shown: power of the links and of the chain by the size of the true effect."""
    sample = sample or findings.headline
    own = findings.frame("power")
    own = own[own["sample"] == sample]
    names = {link: f"{link}: {words}" for link, words in findings.link_names.items()}
    names["chain"] = "the chain: all three links"
    shown = pd.DataFrame({"test": own["link"].map(names), "effect": own["multiple"], "power": own["power"]})
    rules = findings.definitions
    known = {link: power.power for link, power in findings.samples[sample].power.items() if np.isfinite(power.power)}
    said = ", ".join(f"{link} {percent(value)}" for link, value in known.items())
    finding = f"Power at the declared effects: {said}" if said else "Power was not computed"
    draw = partial(plots.power_curve, shown, alpha=rules.alpha, target=rules.power.target, title=finding)
    draw = partial(draw, effect="true effect", unit="multiples of the declared one")
    caption = f"Sample “{sample}”, effects injected into the study's own series. Once the declared effect is {declared_effects(findings)}."
    return chart(
        "power", "What these data could have shown", finding, draw, plots.power_curve_data(shown), caption=caption
    )


def declared_effects(findings: Findings) -> str:
    """Say in words what a multiple of one stands for."""
    aim = findings.definitions.power
    return (
        f"{aim.reaction:g} standard deviations of an ordinary session (H1, H3), an odds ratio of {aim.odds_ratio:g} per standard "
        "deviation of drawdown (H2; a multiple is a power of it)"
    )


def overlay(findings: Findings) -> Chart:
    """Draw the index around one threat over that around another, with the band of all others."""
    band, words = findings.frame("overlay").rename(columns={"day": "relative_day"}), findings.facts["overlay"]
    rows = [
        pd.DataFrame({"episode": name, "relative_day": band["relative_day"], "level": 1 + band[column]})
        for column, name in words.items()
    ]
    shown = pd.concat(rows, ignore_index=True)
    if shown["level"].isna().all():
        shown = shown.iloc[:0]
    data = plots.overlay_data(shown)
    finding = overlay_finding(data)
    others = int(band["others"].max()) if len(band) else 0
    caption = f"Band: {others} other threats without the lowest and the highest tenth; dotted: their median."
    draw = partial(plots.overlay, shown, band=band, title=finding, quantity="index against the close before")
    return chart(
        "overlay", f"The index: {words['second']} laid over {words['first']}", finding, draw, data, caption=caption
    )


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
    own = findings.tables()["race"]
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


class Plots:
    """The charts of one verdict, in the order of the report; each takes ``ax=None`` and gives its Axes back."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    links = Drawn(links, where="chain")
    placebo = Drawn(placebo, ())  # drawn when asked for: a page of more than a dozen charts is not read
    reaction_by_drawdown = Drawn(reaction_by_drawdown, ())
    hazard = Drawn(hazard, ())
    curve = Drawn(curve, ())
    power = Drawn(power, where="chain")
    overlay = Drawn(overlay, where="alike")
    rivals = Drawn(rivals, where="chain")
    recovery = Drawn(recovery, where="alike")


def charts_of(findings: Findings) -> tuple[Chart, ...]:
    """Make the charts of the report; one without a number is left out."""
    return tuple(chart for charts in placed_charts(findings).values() for chart in charts)


def placed_charts(findings: Findings) -> dict[Where, tuple[Chart, ...]]:
    """Make the charts of the report by where it shows them."""
    drawn = [entry for entry in vars(Plots).values() if isinstance(entry, Drawn)]
    made = [(entry.where, entry.make(findings, **choices)) for entry in drawn for choices in entry.shown]
    places: tuple[Where, ...] = get_args(Where)
    return {place: tuple(chart for where, chart in made if where == place and not chart.data.empty) for place in places}
