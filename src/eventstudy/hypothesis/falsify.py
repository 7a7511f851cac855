"""The falsifiers that were declared beforehand, each judged on the headline sample."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy.hypothesis.reactions import react
from eventstudy.hypothesis.sample import Variant
from eventstudy.hypothesis.setting import Setting, strata_of
from eventstudy.hypothesis.verdict import Falsifier
from eventstudy.hypothesis.wording import percent, pvalue_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eventstudy.hypothesis.analysis import Analysis
    from eventstudy.hypothesis.chain import Evidence, SampleVerdict
    from eventstudy.hypothesis.checks import Check
    from eventstudy.hypothesis.definitions import Definitions

__all__ = ["check_falsifiers", "raises_nothing", "required", "significance"]

Ints = NDArray[np.int64]


def check_falsifiers(
    setting: Setting,
    evidence: Evidence,
    samples: Mapping[str, SampleVerdict],
    analysis: Analysis,
    rules: Definitions,
    *,
    draws: int,
    seed: int,
) -> tuple[Falsifier, ...]:
    """Judge each falsifier of the definitions; one that cannot be judged says so with None."""
    lead, everything = samples[rules.headline], samples["all"]
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence([seed, 1]).spawn(2)]

    def drop(position: Ints, periods: dict[str, tuple[str, str]], rng: np.random.Generator) -> float:
        strata = strata_of(periods, setting.index, setting.record.busy, rules)
        z, car = evidence.scores.z, evidence.scores.car
        return react(z, car, position, strata, evidence.cells, rules, sign=-1, draws=draws, rng=rng).pvalue

    headline = {rules.headline: rules.periods[rules.headline]}
    by_rule = setting.vary(Variant(tiers=rules.sample.rule_tiers)).trigger.position
    p_rule = drop(by_rule, headline, streams[0])
    worst = setting.index.get_indexer(pd.DatetimeIndex(list(rules.worst)))
    p_worst = drop(setting.record.trigger[~np.isin(setting.record.trigger, worst)], dict(rules.periods), streams[1])
    h2, h3 = lead.links["H2"], lead.links["H3"]
    beside = analysis.races[rules.headline].surviving
    found = (
        significance("H1", rules.falsifiers["h1"][0], p_rule, rules),
        _gone("H1", rules.falsifiers["h1"][1], p_worst, everything.links["H1"].pvalue, rules),
        Falsifier(
            "H2",
            rules.falsifiers["h2"][0],
            bool(h2.pvalue > rules.level or h2.estimate <= 0) if h2.applicable else None,
            f"difference {h2.estimate:+.4f}, {pvalue_words(h2.pvalue)}" if h2.applicable else h2.reason,
        ),
        significance("H2", rules.falsifiers["h2"][1], beside.pvalue, rules, beside.reason),
        raises_nothing(rules.falsifiers["h2"][2], analysis.checks[rules.headline][0], rules),
        significance("H3", rules.falsifiers["h3"][0], h3.details.get("p_matched", np.nan), rules),
        Falsifier(
            "H3",
            rules.falsifiers["h3"][1],
            bool(h3.details["median"] <= 0) if h3.applicable else None,
            f"median {h3.details['median']:+.2f}" if h3.applicable else h3.reason,
        ),
    )
    return tuple(required(f, rules) for f in found)


def required(falsifier: Falsifier, rules: Definitions) -> Falsifier:
    """Mark a falsifier that must be judged; those of the definitions' `open` list need not be."""
    return replace(falsifier, required=falsifier.text not in rules.falsifiers_open)


def significance(link: str, text: str, p: float, rules: Definitions, reason: str = "too few sessions") -> Falsifier:
    """Judge by a p-value; where there is none, leave it open and say why."""
    if not np.isfinite(p):
        return Falsifier(link, text, None, reason)
    return Falsifier(link, text, bool(p > rules.level), pvalue_words(p))


def raises_nothing(text: str, check: Check, rules: Definitions) -> Falsifier:
    """Judge the sign of the effect of other selloffs; where the sign would often be wrong by chance, leave it open."""
    if not np.isfinite(check.estimate):
        return Falsifier("H2", text, None, check.note)
    figure = f"{check.note}, {pvalue_words(check.pvalue)}"
    if check.estimate <= 0 and check.silent > rules.level:
        return Falsifier(
            "H2",
            text,
            None,
            f"{figure}; too few to tell: as few in {percent(check.silent)} of cases with the declared effect",
        )
    return Falsifier("H2", text, bool(check.estimate <= 0), figure)


def _gone(link: str, text: str, p: float, whole: float, rules: Definitions) -> Falsifier:
    """Say whether an effect that was there is not without them; one that never was has nothing to lose."""
    if not (np.isfinite(p) and np.isfinite(whole)):
        return Falsifier(link, text, None, "too few sessions")
    fires = bool(whole <= rules.level < p)
    return Falsifier(link, text, fires, f"all events {pvalue_words(whole)}, without them {pvalue_words(p)}")
