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

from eventstudy import plots
from eventstudy.hypothesis.links.test_results import own_sign
from eventstudy.hypothesis.verdict.drawn import Drawn, Where
from eventstudy.hypothesis.verdict.findings import Findings, interval_level
from eventstudy.hypothesis.verdict.questions import ends, recovery, rivals
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
    ends = Drawn(ends, where="chain")
    recovery = Drawn(recovery, where="alike")


def charts_of(findings: Findings) -> tuple[Chart, ...]:
    """Make the charts of the report; one without a number is left out."""
    return tuple(chart for charts in placed_charts(findings).values() for chart in charts)


def placed_charts(findings: Findings) -> dict[Where, tuple[Chart, ...]]:
    """Make the charts of the report by where it shows them."""
    entries = [entry for entry in vars(Plots).values() if isinstance(entry, Drawn)]
    made = [(entry.where, entry.make(findings, **choices)) for entry in entries for choices in entry.shown]
    places: tuple[Where, ...] = get_args(Where)
    return {place: tuple(chart for where, chart in made if where == place and not chart.data.empty) for place in places}
