"""The charts of a verdict: each is made once, by one function, with its title, caption, numbers and drawing.

``verdict.plot`` draws them, ``verdict.charts()`` lists those of the report. A new one is a function here that takes the
findings, and a line in :class:`Plots`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from inspect import signature
from typing import Any, NamedTuple
from warnings import warn

import pandas as pd
from matplotlib.axes import Axes

from eventstudy import plots
from eventstudy.hypothesis.verdict.findings import Findings
from eventstudy.plots.chart import Chart
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
    title, level = "The two reactions, sample by sample", percent(interval_level(findings))
    return Chart(
        "links",
        title,
        alt=f"Mean standardized reaction with {level} interval in {len(shown)} samples and links.",
        drawn=partial(plots.forest, shown, title=title, quantity=_REACTION, unit=_SD),
        data=plots.forest_data(shown),
        caption=f"{level} intervals; n counts independent sessions.",
    )


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
    scheme = max(own["scheme"].unique(), key=lambda name: test.details[f"p_{name}"])
    own = own[own["scheme"] == scheme]
    return PlaceboDraws(scheme, own["value"], float(own["observed"].iloc[0]), float(test.details[f"p_{scheme}"]))


def placebo(findings: Findings, link: str = "H1", sample: str | None = None) -> Chart:
    """Draw a link's observed value among chance ones, in the scheme with the largest p-value."""
    sample = sample or findings.headline
    scheme, draws, observed, pvalue = placebo_draws(findings, link, sample)
    whole = findings.samples[sample].links[link].pvalue
    rests = (
        "the largest p of its schemes, which counts"
        if pvalue == whole
        else f"what counts is the larger p of the hazard's score test, {pvalue_words(whole)}"
    )
    title = f"{link}, {findings.link_names[link]}: the observed value among chance ones"
    quantity = "loss before decisions less that on other days at risk, standardized" if link == "H2" else _REACTION
    draw = partial(plots.placebo, draws, observed, pvalue=pvalue, alternative="greater")
    return Chart(
        f"placebo-{link}",
        title,
        alt=f"Histogram of {len(draws)} chance values; the observed one is marked.",
        drawn=partial(draw, title=title, quantity=quantity, unit=_SD),
        data=plots.placebo_data(draws, observed, alternative="greater"),
        caption=f"Sample “{sample}”, {SCHEMES.get(scheme, 'no draws')}: {rests}. To the right is what the link claims.",
    )


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
    title = "Reaction, and the loss since the threat before it"

    def draw(**options: Any) -> Axes:
        axes: Axes = plots.reaction_by_drawdown(shown, **{"title": title, **options})
        axes.set_xlabel("change of the index from the close before the threat to the close before the event")
        return axes

    return Chart(
        "reaction-by-drawdown",
        title,
        alt=f"Scatter of {len(shown)} sessions by prior change of the index and reaction.",
        drawn=draw,
        data=plots.reaction_by_drawdown_data(shown),
        caption="Change of the index from the last close before the latest open threat to the close before.",
    )


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
    title = f"Does {findings.definitions.stances.relief} come sooner the deeper the loss?"
    band = f"{percent(interval_level(findings))} interval"
    return Chart(
        "hazard",
        title,
        alt=f"Share of sessions with a decision in {len(shown)} bins of the loss.",
        drawn=partial(plots.hazard, shown, title=title, band=band, quantity="change of the index since the threat"),
        data=plots.hazard_data(shown),
        caption="Sessions with an open threat of the decider, all samples; bins hold about the same number of sessions; Wilson intervals.",
    )


def curve(findings: Findings, link: str = "H1", sample: str | None = None) -> Chart:
    """Draw every declared specification of a link that has a standardized estimate; a composite, so it gives a Figure."""
    sample = sample or findings.headline
    shown = findings.frame("curve")
    if "standardized" in shown and not shown.empty:
        shown = shown[(shown["sample"] == sample) & (shown["link"] == link)]
        shown = shown.assign(estimate=shown["standardized"]).dropna(subset=["estimate"])
    else:
        shown = pd.DataFrame({column: pd.Series(dtype=float) for column in ["estimate", "pvalue", *CHOICES]})
    title = f"{link}, {findings.link_names[link]}: every declared specification"
    draw = partial(plots.specification_curve, shown, CHOICES, alpha=findings.definitions.alpha, title=title)
    return Chart(
        f"curve-{link}",
        title,
        alt=f"{len(shown)} specifications by estimate, and their choices below.",
        drawn=partial(draw, quantity="standardized estimate", unit="standard errors"),
        data=plots.specification_curve_data(shown, CHOICES),
        caption=f"Sample “{sample}”; positive: in the link's direction.",
    )


def power(findings: Findings, sample: str | None = None) -> Chart:
    """Draw what these data could have shown: power of the links and of the chain by the size of the true effect."""
    sample = sample or findings.headline
    own = findings.frame("power")
    own = own[own["sample"] == sample]
    names = {link: f"{link}: {words}" for link, words in findings.link_names.items()}
    names["chain"] = "the chain: all three links"
    shown = pd.DataFrame({"test": own["link"].map(names), "effect": own["multiple"], "power": own["power"]})
    title = "What these data could have shown"
    draw = partial(plots.power_curve, shown, alpha=findings.definitions.alpha, title=title)
    return Chart(
        "power",
        title,
        alt="Power of the three links and of the chain against the size of the true effect.",
        drawn=partial(draw, effect="true effect", unit="multiples of the declared one"),
        data=plots.power_curve_data(shown),
        caption=f"Sample “{sample}”, effects injected into the study's own series. Once the declared effect is {declared_effects(findings)}.",
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
    title = f"The index: {words['second']} laid over {words['first']}"
    return Chart(
        "overlay",
        title,
        alt=f"The index around {' and around '.join(words.values())}, and the band of other threats.",
        drawn=partial(plots.overlay, shown, band=band, title=title),
        data=plots.overlay_data(shown),
        caption=f"Band: 10th to 90th percentile of {int(band['others'].max()) if len(band) else 0} other threats.",
    )


class Drawn:
    """The function that makes a chart, as a method that draws it; `shown` are the choices that the report shows."""

    def __init__(self, make: Callable[..., Chart], shown: Sequence[Mapping[str, str]] = ({},)) -> None:
        self.make, self.shown, self.choices = make, shown, signature(make).parameters

    def __get__(self, owner: Plots, kind: type[Plots]) -> Callable[..., Any]:
        """Give the method: it takes the choices, the ``ax`` to draw on and the options of the plot function."""

        @wraps(self.make)
        def draw(*given: Any, **options: Any) -> Any:
            if given and isinstance(given[-1], Axes):
                warn("give ax by its name: ax=…", DeprecationWarning, stacklevel=2)
                options["ax"], given = given[-1], given[:-1]
            named = {name: options.pop(name) for name in self.choices if name in options}
            return self.make(owner.findings, *given, **named).draw(**options)

        return draw


class Plots:
    """The charts of one verdict, in the order of the report; each takes ``ax=None`` and gives its Axes back."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    links = Drawn(links)
    placebo = Drawn(placebo, [{"link": link} for link in ("H1", "H2", "H3")])
    reaction_by_drawdown = Drawn(reaction_by_drawdown)
    hazard = Drawn(hazard)
    curve = Drawn(curve, [{"link": link} for link in ("H1", "H3")])
    power = Drawn(power)
    overlay = Drawn(overlay)


def charts_of(findings: Findings) -> tuple[Chart, ...]:
    """Make the charts of the report; one without a number is left out."""
    drawn = [entry for entry in vars(Plots).values() if isinstance(entry, Drawn)]
    made = [entry.make(findings, **choices) for entry in drawn for choices in entry.shown]
    return tuple(chart for chart in made if not chart.data.empty)
