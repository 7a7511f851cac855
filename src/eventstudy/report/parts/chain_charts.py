"""The charts of the hypothesis in the report: what each shows in words; the drawing is the verdict's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from eventstudy import plots
from eventstudy.hypothesis.figures import (
    CHOICES,
    curve_frame,
    declared_effects,
    drawdown_frame,
    hazard_frame,
    link_names,
    links_frame,
    overlay_frame,
    overlay_title,
    placebo_draws,
    power_frame,
)
from eventstudy.hypothesis.wording import pvalue_words
from eventstudy.report.parts.part import chart

if TYPE_CHECKING:
    from collections.abc import Callable

    from eventstudy.hypothesis import Verdict
    from eventstudy.report.document import Chart
    from eventstudy.report.parts.part import Inputs

__all__ = ["chain_charts", "link_names"]

SCHEMES = {
    "permutation": "against random dates",
    "matched": "against dates of like volatility, weekday and prior drawdown",
    "shift": "against the calendar shifted",
    "left_out": "without the session or cluster that speaks most for it, against random dates",
    "sessions": "against the decisions shifted along the sessions at risk",
}


def chain_charts(verdict: Verdict, inputs: Inputs) -> tuple[Chart, ...]:
    """Draw what the verdict rests on; a chart whose frame is empty is left out."""
    makers: tuple[Callable[[], Chart | None], ...] = (
        lambda: _links(verdict),
        lambda: _placebo(verdict, "H1"),
        lambda: _placebo(verdict, "H2"),
        lambda: _placebo(verdict, "H3"),
        lambda: _by_drawdown(verdict),
        lambda: _hazard(verdict),
        lambda: _curve(verdict, "H1"),
        lambda: _curve(verdict, "H3"),
        lambda: _power(verdict),
        lambda: _overlay(verdict),
        lambda: _ladder(inputs),
    )
    return tuple(chart for chart in (make() for make in makers) if chart is not None)


def _links(verdict: Verdict) -> Chart | None:
    shown = links_frame(verdict)
    if shown.empty:
        return None
    return chart(
        "links",
        "The two reactions, sample by sample",
        verdict.plot.links(),
        plots.forest_data(shown),
        alt=f"Mean standardized reaction with 90% interval in {len(shown)} samples and links.",
        caption="90% intervals; n counts independent sessions.",
    )


def _placebo(verdict: Verdict, link: str) -> Chart | None:
    scheme, draws, pvalue = placebo_draws(verdict, link)
    if draws.empty:
        return None
    headline = verdict.samples[verdict.headline].links[link].pvalue
    rests = (
        "the largest p of its schemes, which counts"
        if pvalue == headline
        else f"what counts is the larger p of the hazard's score test, {pvalue_words(headline)}"
    )
    return chart(
        f"placebo-{link}",
        f"{link}, {link_names(verdict)[link]}: the observed value among chance ones",
        verdict.plot.placebo(link),
        plots.placebo_data(draws["value"], float(draws["observed"].iloc[0]), alternative="greater"),
        alt=f"Histogram of {len(draws)} chance values; the observed one is marked.",
        caption=f"Sample “{verdict.headline}”, {SCHEMES[scheme]}: {rests}. To the right is what the link claims.",
    )


def _by_drawdown(verdict: Verdict) -> Chart | None:
    shown = drawdown_frame(verdict)
    if shown.empty:
        return None
    return chart(
        "reaction-by-drawdown",
        "Reaction, and the loss since the threat before it",
        verdict.plot.reaction_by_drawdown(),
        plots.reaction_by_drawdown_data(shown),
        alt=f"Scatter of {len(shown)} sessions by prior change of the index and reaction.",
        caption="Change of the index from the last close before the latest open threat to the close before.",
    )


def _hazard(verdict: Verdict) -> Chart | None:
    shown = hazard_frame(verdict)
    if shown.empty:
        return None
    return chart(
        "hazard",
        f"Does {verdict.definitions.stances.relief} come sooner the deeper the loss?",
        verdict.plot.hazard(),
        plots.hazard_data(shown),
        alt=f"Share of sessions with a decision in {len(shown)} bins of the loss.",
        caption="Sessions with an open threat of the decider, all samples; bins hold about the same number of sessions; Wilson intervals.",
    )


def _curve(verdict: Verdict, link: str) -> Chart | None:
    shown = curve_frame(verdict, link)
    if shown.empty:
        return None
    return chart(
        f"curve-{link}",
        f"{link}, {link_names(verdict)[link]}: every declared specification",
        verdict.plot.curve(link),
        plots.specification_curve_data(shown, CHOICES),
        alt=f"{len(shown)} specifications by estimate, and their choices below.",
        caption=f"Sample “{verdict.headline}”; positive: in the link's direction.",
    )


def _power(verdict: Verdict) -> Chart | None:
    shown = power_frame(verdict)
    if shown.empty:
        return None
    return chart(
        "power",
        "What these data could have shown",
        verdict.plot.power(),
        plots.power_curve_data(shown),
        alt="Power of the three links and of the chain against the size of the true effect.",
        caption=f"Sample “{verdict.headline}”, effects injected into the study's own series. Once the declared effect is {declared_effects(verdict)}.",
    )


def _overlay(verdict: Verdict) -> Chart | None:
    shown = overlay_frame(verdict)
    if shown["level"].isna().all():
        return None
    return chart(
        "overlay",
        overlay_title(verdict),
        verdict.plot.overlay(),
        plots.overlay_data(shown),
        alt=f"The index around {' and around '.join(verdict.facts['overlay'].values())}, and the band of other threats.",
        caption=f"Band: 10th to 90th percentile of {int(verdict.frames()['overlay']['others'].max())} other threats.",
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
        plots.tariff_ladder(rates, close, level_name=inputs.study.market.title),
        plots.tariff_ladder_data(rates, close),
        alt=f"{len(rates)} steps of tariff rates above the level of {inputs.study.market.symbol}.",
        caption="Rates of the study file: from the date on which each was announced or came into force.",
    )
