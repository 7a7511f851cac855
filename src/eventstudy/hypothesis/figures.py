"""The charts of a verdict: its frames in the form that each chart asks for, and the drawing of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from eventstudy.hypothesis.verdict import Verdict

__all__ = [
    "CHOICES",
    "Figures",
    "curve_frame",
    "declared_effects",
    "drawdown_frame",
    "hazard_frame",
    "link_names",
    "links_frame",
    "overlay_frame",
    "overlay_title",
    "placebo_draws",
    "power_frame",
]

SD = "sd"  # standard deviations of an ordinary session; axes say so in words
CHOICES = ["window", "scale", "variant", "statistic"]
_REACTION = "mean reaction in standard deviations of an ordinary session"


def link_names(verdict: Verdict) -> dict[str, str]:
    """Name the links in the words of the catalogue."""
    words = verdict.definitions.stances
    return {"H1": f"{words.trigger} → selloff", "H2": f"drawdown → {words.relief}", "H3": f"{words.relief} → rally"}


def _long_names(verdict: Verdict) -> dict[str, str]:
    return {link: f"{link}: {name}" for link, name in link_names(verdict).items()}


def links_frame(verdict: Verdict) -> pd.DataFrame:
    """Give the two reactions, sample by sample: group, label, estimate, low, high, n."""
    own = verdict.frames()["links"]
    own = own[own["link"].isin(["H1", "H3"]) & own["estimate"].notna()]
    return pd.DataFrame(
        {
            "group": own["link"].map(_long_names(verdict)),
            "label": "sample " + own["sample"],
            "estimate": own["estimate"],
            "low": own["ci_low"],
            "high": own["ci_high"],
            "n": own["n"],
        }
    ).sort_values("group", kind="stable", ignore_index=True)


def placebo_draws(verdict: Verdict, link: str, sample: str | None = None) -> tuple[str, pd.DataFrame, float]:
    """Give the scheme with draws whose p-value is the largest, its draws, and its p-value.

    Of H1 and H3 this is the headline's; that of H2 may rest on the hazard's score test, whose draws are not kept.

    Returns
    -------
    scheme : str
        Empty if there are no draws, or the test does not apply.
    draws : pandas.DataFrame
        ``value`` and ``observed``.
    pvalue : float
    """
    sample = sample or verdict.headline
    own = verdict.frames()["placebos"]
    own = own[(own["sample"] == sample) & (own["link"] == link)]
    test = verdict.samples[sample].links[link]
    if own.empty or not test.applicable:
        return "", own.iloc[:0], float("nan")
    schemes = {str(name): part for name, part in own.groupby("scheme", sort=False)}
    worst = max(schemes, key=lambda name: test.details[f"p_{name}"])
    return worst, schemes[worst], float(test.details[f"p_{worst}"])


def drawdown_frame(verdict: Verdict) -> pd.DataFrame:
    """Give each session's reaction and the change of the index since the threat before it."""
    own = verdict.frames()["reactions"].dropna(subset=["loss_before"])
    words = verdict.definitions.stances
    return pd.DataFrame(
        {
            "event_id": own["event_ids"],
            "name": own["event_ids"],
            "stance": own["link"].map({"H1": words.trigger, "H3": words.relief}),
            "drawdown": -own["loss_before"],
            "estimate": own["car"],
        }
    )


def hazard_frame(verdict: Verdict, sample: str = "all") -> pd.DataFrame:
    """Give the share of sessions with a decision, by bins of the change since the threat."""
    own = verdict.frames()["hazard_by_drawdown"]
    own = own[own["sample"] == sample]
    return pd.DataFrame(
        {
            "drawdown": -(own["low"] + own["high"]) / 2,
            "hazard": own["rate"],
            "low": own["ci_low"],
            "high": own["ci_high"],
            "n": own["sessions"],
            "events": own["decisions"],
        }
    )


def curve_frame(verdict: Verdict, link: str, sample: str | None = None) -> pd.DataFrame:
    """Give every specification of a link that has a standardized estimate, with its choices."""
    own = verdict.frames()["curve"]
    columns = ["estimate", "pvalue", *CHOICES]
    if "standardized" not in own or own.empty:
        return pd.DataFrame({column: pd.Series(dtype=float) for column in columns})
    own = own[(own["sample"] == (sample or verdict.headline)) & (own["link"] == link)]
    return own.assign(estimate=own["standardized"]).dropna(subset=["estimate"])


def power_frame(verdict: Verdict, sample: str | None = None) -> pd.DataFrame:
    """Give the power of the links and of the chain, by multiples of the declared effects."""
    own = verdict.frames()["power"]
    own = own[own["sample"] == (sample or verdict.headline)]
    names = {**_long_names(verdict), "chain": "the chain: all three links"}
    return pd.DataFrame({"test": own["link"].map(names), "effect": own["multiple"], "power": own["power"]})


def declared_effects(verdict: Verdict) -> str:
    """Say in words what a multiple of one stands for."""
    aim = verdict.definitions.power
    return (
        f"{aim.reaction:g} standard deviations of an ordinary session (H1, H3), an odds ratio of {aim.odds_ratio:g} per standard "
        "deviation of drawdown (H2; a multiple is a power of it)"
    )


def overlay_frame(verdict: Verdict) -> pd.DataFrame:
    """Give the index around the two threats that the definitions name, one row a threat and day."""
    own = verdict.frames()["overlay"]
    return pd.concat(
        [
            pd.DataFrame({"episode": name, "relative_day": own["day"], "level": 1 + own[column]})
            for column, name in verdict.facts["overlay"].items()
        ],
        ignore_index=True,
    )


def overlay_title(verdict: Verdict) -> str:
    """Name the two threats."""
    words = verdict.facts["overlay"]
    return f"The index: {words['second']} laid over {words['first']}"


class Figures:
    """Charts of one verdict; each takes ``ax=None`` and returns the Axes, ``curve`` a Figure.

    Parameters
    ----------
    verdict : Verdict
    """

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict

    def links(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the two reactions with their intervals, sample by sample."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        options = {"title": "The two reactions, sample by sample", "quantity": _REACTION, "unit": SD, **options}
        axes: Axes = plots.forest(links_frame(self._verdict), ax=ax, **options)
        return axes

    def placebo(self, link: str = "H1", sample: str | None = None, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw a link's observed value among chance ones, in the scheme with the largest p-value."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        _, draws, pvalue = placebo_draws(self._verdict, link, sample)
        quantity = "loss before decisions less that on other days at risk, standardized" if link == "H2" else _REACTION
        title = f"{link}, {link_names(self._verdict)[link]}: the observed value among chance ones"
        observed = float(draws["observed"].iloc[0]) if len(draws) else 0.0
        options = {"title": title, "quantity": quantity, "unit": SD, "alternative": "greater", **options}
        axes: Axes = plots.placebo(draws["value"], observed, pvalue=pvalue, ax=ax, **options)
        return axes

    def reaction_by_drawdown(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw each session's reaction against the change of the index since the threat before it."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        options = {"title": "Reaction, and the loss since the threat before it", **options}
        axes: Axes = plots.reaction_by_drawdown(drawdown_frame(self._verdict), ax=ax, **options)
        axes.set_xlabel("change of the index from the close before the threat to the close before the event")
        return axes

    def hazard(self, sample: str = "all", ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the chance of a decision in a session, by the change of the index since the threat."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        title = f"Does {self._verdict.definitions.stances.relief} come sooner the deeper the loss?"
        options = {
            "title": title,
            "band": "90% interval",
            "quantity": "change of the index since the threat",
            **options,
        }
        axes: Axes = plots.hazard(hazard_frame(self._verdict, sample), ax=ax, **options)
        return axes

    def curve(self, link: str = "H1", sample: str | None = None, **options: Any) -> Figure:
        """Draw every declared specification of a link; a composite, so it gives a Figure."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        title = f"{link}, {link_names(self._verdict)[link]}: every declared specification"
        options = {"title": title, "quantity": "standardized estimate", "unit": "standard errors", **options}
        return plots.specification_curve(curve_frame(self._verdict, link, sample), CHOICES, **options)

    def power(self, sample: str | None = None, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw what these data could have shown: power by the size of the true effect."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        words = {"effect": "true effect", "unit": "multiples of the declared one"}
        options = {"title": "What these data could have shown", **words, **options}
        axes: Axes = plots.power_curve(power_frame(self._verdict, sample), ax=ax, **options)
        return axes

    def overlay(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the index around one threat over that around another, with the band of all others."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        band = self._verdict.frames()["overlay"].rename(columns={"day": "relative_day"})
        options = {"title": overlay_title(self._verdict), **options}
        axes: Axes = plots.overlay(overlay_frame(self._verdict), band=band, ax=ax, **options)
        return axes
