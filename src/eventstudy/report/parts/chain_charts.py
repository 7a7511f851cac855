"""The charts of the hypothesis: its frames, in the form that each chart asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from eventstudy import plots
from eventstudy.report.parts.part import chart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from eventstudy.hypothesis import Verdict
    from eventstudy.report.document import Chart
    from eventstudy.report.parts.part import Inputs

__all__ = ["chain_charts"]

LINKS = {"H1": "escalation → selloff", "H2": "drawdown → softening", "H3": "softening → rally"}
SD = "sd"  # standard deviations of an ordinary session; axes say so in words
CHOICES = ["window", "scale", "variant", "statistic"]


def chain_charts(verdict: Verdict, inputs: Inputs) -> tuple[Chart, ...]:
    """Draw what the verdict rests on; a chart whose frame is empty is left out."""
    frames = verdict.frames()
    makers: tuple[Callable[[], Chart | None], ...] = (
        lambda: _links(frames),
        lambda: _placebo(frames, verdict, "H1"),
        lambda: _placebo(frames, verdict, "H2"),
        lambda: _placebo(frames, verdict, "H3"),
        lambda: _by_drawdown(frames),
        lambda: _hazard(frames),
        lambda: _curve(frames, verdict, "H1"),
        lambda: _curve(frames, verdict, "H3"),
        lambda: _power(frames, verdict),
        lambda: _overlay(frames),
        lambda: _ladder(inputs),
    )
    return tuple(chart for chart in (make() for make in makers) if chart is not None)


def _links(frames: Mapping[str, pd.DataFrame]) -> Chart | None:
    own = frames["links"]
    own = own[own["link"].isin(["H1", "H3"]) & own["estimate"].notna()]
    if own.empty:
        return None
    shown = pd.DataFrame(
        {
            "group": own["link"].map(lambda link: f"{link}: {LINKS[link]}"),
            "label": "sample " + own["sample"],
            "estimate": own["estimate"],
            "low": own["ci_low"],
            "high": own["ci_high"],
            "n": own["n"],
        }
    ).sort_values("group", kind="stable")
    axes = plots.forest(
        shown,
        quantity="mean reaction in standard deviations of an ordinary session",
        unit=SD,
        title="The two reactions, sample by sample",
    )
    return chart(
        "links",
        "The two reactions, sample by sample",
        axes,
        plots.forest_data(shown),
        alt=f"Mean standardized reaction with 90% interval in {len(own)} samples and links.",
        caption="90% intervals; n counts independent sessions.",
    )


def _placebo(frames: Mapping[str, pd.DataFrame], verdict: Verdict, link: str) -> Chart | None:
    own = frames["placebos"]
    own = own[(own["sample"] == verdict.headline) & (own["link"] == link)]
    test = verdict.samples[verdict.headline].links[link]
    if own.empty or not test.applicable:
        return None
    schemes = {str(name): part for name, part in own.groupby("scheme", sort=False)}
    # the scheme that the headline p-value rests on: the largest
    worst = max(schemes, key=lambda name: test.details.get(f"p_{name}", test.pvalue))
    part = schemes[worst]
    observed = float(part["observed"].iloc[0])
    of_days = "loss before decisions less that on other days at risk, standardized"
    quantity = of_days if link == "H2" else "mean reaction in standard deviations of an ordinary session"
    title = f"{link}, {LINKS[link]}: the observed value among chance ones"
    pvalue = test.details.get(f"p_{worst}", test.pvalue)
    axes = plots.placebo(
        part["value"], observed, alternative="greater", pvalue=pvalue, quantity=quantity, unit=SD, title=title
    )
    return chart(
        f"placebo-{link}",
        title,
        axes,
        plots.placebo_data(part["value"], observed, alternative="greater"),
        alt=f"Histogram of {len(part)} chance values; the observed one is marked.",
        caption=f"Sample “{verdict.headline}”, scheme “{worst}”, in the link's direction.",
    )


def _by_drawdown(frames: Mapping[str, pd.DataFrame]) -> Chart | None:
    own = frames["reactions"].dropna(subset=["loss_before"])
    if own.empty:
        return None
    shown = pd.DataFrame(
        {
            "event_id": own["event_ids"],
            "name": own["event_ids"],
            "stance": own["link"].map({"H1": "escalation", "H3": "softening"}),
            "drawdown": -own["loss_before"],
            "estimate": own["car"],
        }
    )
    title = "Reaction, and the loss since the threat before it"
    axes = plots.reaction_by_drawdown(shown, title=title)
    axes.set_xlabel("change of the index from the close before the threat to the close before the event")
    return chart(
        "reaction-by-drawdown",
        title,
        axes,
        plots.reaction_by_drawdown_data(shown),
        alt=f"Scatter of {len(shown)} sessions by prior change of the index and reaction.",
        caption="Change of the index from the last close before the latest open threat to the close before.",
    )


def _hazard(frames: Mapping[str, pd.DataFrame]) -> Chart | None:
    own = frames["hazard_by_drawdown"]
    own = own[own["sample"] == "all"]
    if own.empty:
        return None
    shown = pd.DataFrame(
        {
            "drawdown": -(own["low"] + own["high"]) / 2,
            "hazard": own["rate"],
            "low": own["ci_low"],
            "high": own["ci_high"],
            "n": own["sessions"],
            "events": own["decisions"],
        }
    )
    title = "Does softening come sooner the deeper the loss?"
    axes = plots.hazard(shown, band="90% interval", quantity="change of the index since the threat", title=title)
    return chart(
        "hazard",
        title,
        axes,
        plots.hazard_data(shown),
        alt=f"Share of sessions with a softening decision in {len(shown)} bins of the loss.",
        caption="Sessions with an open US threat, all samples; bins hold about the same number of sessions; Wilson intervals.",
    )


def _curve(frames: Mapping[str, pd.DataFrame], verdict: Verdict, link: str) -> Chart | None:
    own = frames["curve"]
    if "standardized" not in own or own.empty:
        return None
    own = own[(own["sample"] == verdict.headline) & (own["link"] == link)]
    own = own.assign(estimate=own["standardized"]).dropna(subset=["estimate"])
    if own.empty:
        return None
    title = f"{link}, {LINKS[link]}: every declared specification"
    figure = plots.specification_curve(
        own, CHOICES, quantity="standardized estimate", unit="standard errors", title=title
    )
    return chart(
        f"curve-{link}",
        title,
        figure,
        plots.specification_curve_data(own, CHOICES),
        alt=f"{len(own)} specifications by estimate, and their choices below.",
        caption=f"Sample “{verdict.headline}”; positive: in the link's direction.",
    )


def _power(frames: Mapping[str, pd.DataFrame], verdict: Verdict) -> Chart | None:
    own = frames["power"]
    own = own[(own["sample"] == verdict.headline) & own["link"].isin(["H1", "H3"])]
    if own.empty:
        return None
    shown = pd.DataFrame(
        {"test": own["link"].map(lambda link: f"{link}: {LINKS[link]}"), "effect": own["effect"], "power": own["power"]}
    )
    title = "What these data could have shown"
    axes = plots.power_curve(
        shown, effect="true mean reaction in standard deviations of an ordinary session", unit=SD, title=title
    )
    return chart(
        "power",
        title,
        axes,
        plots.power_curve_data(shown),
        alt="Power of the two reaction links against the size of the true effect.",
        caption=f"Sample “{verdict.headline}”, effects injected into the study's own series.",
    )


def _overlay(frames: Mapping[str, pd.DataFrame]) -> Chart | None:
    own = frames["overlay"]
    if own.empty or own[["first", "second"]].isna().all(axis=None):
        return None
    shown = pd.concat(
        [
            pd.DataFrame({"episode": name, "relative_day": own["day"], "level": 1 + own[column]})
            for name, column in (("April 2025", "first"), ("October 2025", "second"))
        ],
        ignore_index=True,
    )
    band = own.rename(columns={"day": "relative_day"})
    axes = plots.overlay(shown, band=band)
    return chart(
        "overlay",
        "October laid over April",
        axes,
        plots.overlay_data(shown),
        alt="The index around the April and the October threat, and the band of other threats.",
        caption=f"Band: 10th to 90th percentile of {int(own['others'].max())} other threats.",
    )


def _ladder(inputs: Inputs) -> Chart | None:
    steps = [(series, date, rate) for series, own in inputs.study.ladder.items() for date, rate in own]
    if not steps:
        return None
    rates = pd.DataFrame(steps, columns=["series", "date", "rate"])
    rates["date"] = pd.to_datetime(rates["date"])
    close = inputs.prices.frame[inputs.study.market.symbol].dropna()
    close = close[close.index >= rates["date"].min()]
    return chart(
        "tariff-ladder",
        "The ladder of tariff rates, and the index",
        plots.tariff_ladder(rates, close, level_name=inputs.study.market.symbol),
        plots.tariff_ladder_data(rates, close),
        alt=f"{len(rates)} steps of tariff rates above the level of {inputs.study.market.symbol}.",
        caption="Rates of the study file: from the date on which each was announced or came into force.",
    )
