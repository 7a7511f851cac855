"""Falsifiers of the second version: one fires where the data speak against the declared effect, and is silent where they do not."""

from __future__ import annotations

import numpy as np
from scipy import stats

from eventstudy.hypothesis.links.chain import SampleVerdict
from eventstudy.hypothesis.links.placebo_draws import limits
from eventstudy.hypothesis.links.power import Aim, reaction_power
from eventstudy.hypothesis.links.reaction import Reaction
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.rivals.h2_checks import Check
from eventstudy.hypothesis.rivals.horse_race import Surviving
from eventstudy.hypothesis.verdict.falsifier import Falsifier
from eventstudy.inference.core.result import TestResult
from eventstudy.words import percent, pvalue_words


def by_interval(
    link: str,
    text: str,
    interval: tuple[float, float],
    declared: float,
    *,
    power: float = float("nan"),
    unit: str = "sd",
) -> Falsifier:
    """Fire where the interval, in the link's direction, leaves out the declared effect; silent where it holds zero as well."""
    low, high = interval
    if np.isnan(interval).any():
        return Falsifier(link, text, None, "too few sessions")
    figure = f"interval {low:+.2f} to {high:+.2f} {unit}, declared {declared:g}"
    if high < declared:
        return Falsifier(link, text, True, figure)
    if low > 0:
        return Falsifier(link, text, False, figure)
    found = f"; the declared effect would be found in {percent(power)} of such samples" if np.isfinite(power) else ""
    return Falsifier(link, text, None, f"{figure}: both fit{found}")


def by_reaction(link: str, text: str, reaction: Reaction, rules: Definitions) -> Falsifier:
    """Judge a reaction by the interval of its primary test."""
    aim = Aim(rules.power.reaction, rules.alpha, rules.power.target, curve=False)
    power = reaction_power(reaction, aim).power if reaction.n else float("nan")
    return by_interval(link, text, reaction.interval(1 - 2 * rules.alpha), rules.power.reaction, power=power)


def by_odds(text: str, interval: tuple[float, float], rules: Definitions, reason: str = "") -> Falsifier:
    """Judge log odds of relief a standard deviation of the loss."""
    if np.isnan(interval).any():
        return Falsifier("H2", text, None, reason or "too few reliefs")
    declared = round(float(np.log(rules.power.odds_ratio)), 2)
    return by_interval("H2", text, interval, declared, unit="log odds a standard deviation")


def by_selloffs(text: str, check: Check, alpha: float) -> Falsifier:
    """Judge other selloffs: relief is rarer after them than the declared effect would leave it by chance."""
    if not np.isfinite(check.estimate):
        return Falsifier("H2", text, None, check.note)
    figure = f"{check.note}, {pvalue_words(check.pvalue)}"
    if check.estimate <= 0 and check.silent <= alpha:
        return Falsifier("H2", text, True, figure)
    if check.pvalue <= alpha:
        return Falsifier("H2", text, False, figure)
    return Falsifier("H2", text, None, f"{figure}; too few to tell")


def by_median(text: str, reaction: Reaction, link: TestResult, rules: Definitions) -> Falsifier:
    """Judge the median of H3 by signs: significantly more than half of the sessions moved less than declared."""
    if not link.applicable:
        return Falsifier("H3", text, None, link.reason)
    declared = rules.power.reaction
    less = int((reaction.score < declared).sum())
    p = float(stats.binomtest(less, reaction.n, alternative="greater").pvalue)
    figure = f"median {link.details['median']:+.2f}; {less} of {reaction.n} sessions below {declared:g} sd, {pvalue_words(p)}"
    if p <= rules.alpha:
        return Falsifier("H3", text, True, figure)
    return Falsifier("H3", text, False if link.details["p_sign"] <= rules.alpha else None, figure)


def headline_falsifiers(
    sample: SampleVerdict, beside: Surviving, selloffs: Check, rules: Definitions
) -> tuple[Falsifier, ...]:
    """Judge those of H2 and H3, which rest on one sample alone."""
    h2, h3, up = sample.links["H2"], sample.links["H3"], sample.reactions["H3"]
    declared, level = rules.falsifiers, 1 - 2 * rules.alpha
    matched = up.nulls.get("matched", np.zeros(0))
    nan = float("nan")
    odds = (h2.details["log_odds_low"], h2.details["log_odds_high"]) if h2.applicable else (nan, nan)
    return (
        by_odds(declared["h2"][0], odds, rules, h2.reason),
        by_odds(declared["h2"][1], beside.interval, rules, beside.reason),
        by_selloffs(declared["h2"][2], selloffs, rules.alpha),
        by_interval(
            "H3",
            declared["h3"][0],
            limits(up.estimate, matched, level) if matched.size else (nan, nan),
            rules.power.reaction,
            power=sample.power["H3"].power,
        ),
        by_median(declared["h3"][1], up, h3, rules),
    )
