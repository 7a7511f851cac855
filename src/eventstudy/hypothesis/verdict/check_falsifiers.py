"""The falsifiers that were declared beforehand, each judged on the headline sample, and the word that they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from eventstudy._typing import Ints
from eventstudy.hypothesis.analysis import Analysis, Tested
from eventstudy.hypothesis.links.chain import SampleVerdict
from eventstudy.hypothesis.links.reaction import react
from eventstudy.hypothesis.record.sample import Variant
from eventstudy.hypothesis.rivals.h2_checks import Check
from eventstudy.hypothesis.verdict.falsifier import Falsifier
from eventstudy.hypothesis.verdict.speak_against import by_reaction, headline_falsifiers
from eventstudy.words import percent, pvalue_words


def check_falsifiers(tested: Tested, analysis: Analysis) -> tuple[Falsifier, ...]:
    """Judge each falsifier of the definitions on the headline sample; one that cannot be judged says so with None."""
    study, evidence, rules = tested.study, tested.evidence, tested.study.rules
    lead, everything, alpha = tested.samples[rules.headline], tested.samples["all"], rules.alpha
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence([tested.seed, 1]).spawn(2)]
    how = rules.placebos(tested.draws)

    def drop(position: Ints, sample: str, rng: np.random.Generator) -> float:
        strata = tested.strata[sample]
        return react(evidence.scores, position, strata, evidence.cells, how, sign=-1, rng=rng).pvalue

    if rules.version > 1:
        return _second(tested, analysis, streams)
    by_rule = study.vary(Variant(tiers=rules.sample.rule_tiers)).trigger.position
    p_rule = drop(by_rule, rules.headline, streams[0])
    worst = study.index.get_indexer(pd.DatetimeIndex(list(rules.worst)))
    p_worst = drop(study.record.trigger[~np.isin(study.record.trigger, worst)], "all", streams[1])
    h2, h3 = lead.links["H2"], lead.links["H3"]
    beside = analysis.races[rules.headline].surviving
    found = (
        significance("H1", rules.falsifiers["h1"][0], p_rule, alpha),
        gone("H1", rules.falsifiers["h1"][1], p_worst, everything.links["H1"].pvalue, alpha),
        Falsifier(
            "H2",
            rules.falsifiers["h2"][0],
            bool(h2.pvalue > alpha or h2.estimate <= 0) if h2.applicable else None,
            f"difference {h2.estimate:+.4f}, {pvalue_words(h2.pvalue)}" if h2.applicable else h2.reason,
        ),
        significance("H2", rules.falsifiers["h2"][1], beside.pvalue, alpha, beside.reason),
        raises_nothing(rules.falsifiers["h2"][2], analysis.checks[rules.headline][0], alpha),
        significance("H3", rules.falsifiers["h3"][0], h3.details.get("p_matched", np.nan), alpha),
        Falsifier(
            "H3",
            rules.falsifiers["h3"][1],
            bool(h3.details["median"] <= 0) if h3.applicable else None,
            f"median {h3.details['median']:+.2f}" if h3.applicable else h3.reason,
        ),
    )
    return tuple(required(f, rules.falsifiers_open) for f in found)


def _second(tested: Tested, analysis: Analysis, streams: Sequence[np.random.Generator]) -> tuple[Falsifier, ...]:
    """Judge those of the second version: they fire where the data speak against."""
    study, evidence, rules = tested.study, tested.evidence, tested.study.rules
    how, lead = rules.placebos(tested.draws), rules.headline
    worst = study.index.get_indexer(pd.DatetimeIndex(list(rules.worst)))
    by_rule = study.vary(Variant(tiers=rules.sample.rule_tiers)).trigger.position
    without = study.record.trigger[~np.isin(study.record.trigger, worst)]
    found = [
        by_reaction(
            "H1",
            text,
            react(evidence.scores, position, tested.strata[sample], evidence.cells, how, sign=-1, rng=rng),
            rules,
        )
        for text, position, sample, rng in zip(
            rules.falsifiers["h1"], (by_rule, without), (lead, "all"), streams, strict=True
        )
    ]
    beside, selloffs = analysis.races[lead].surviving, analysis.checks[lead][0]
    found += headline_falsifiers(tested.samples[lead], beside, selloffs, rules)
    return tuple(required(f, rules.falsifiers_open) for f in found)


def required(falsifier: Falsifier, may_stay_open: Sequence[str]) -> Falsifier:
    """Mark a falsifier that must be judged: any but those that may stay open."""
    return replace(falsifier, required=falsifier.text not in may_stay_open)


def significance(link: str, text: str, p: float, alpha: float, reason: str = "too few sessions") -> Falsifier:
    """Judge by a p-value; where there is none, leave it open and say why."""
    if not np.isfinite(p):
        return Falsifier(link, text, None, reason)
    return Falsifier(link, text, bool(p > alpha), pvalue_words(p))


def raises_nothing(text: str, check: Check, alpha: float) -> Falsifier:
    """Judge the sign of the effect of other selloffs; where the sign would often be wrong by chance, leave it open."""
    if not np.isfinite(check.estimate):
        return Falsifier("H2", text, None, check.note)
    figure = f"{check.note}, {pvalue_words(check.pvalue)}"
    if check.estimate <= 0 and check.silent > alpha:
        return Falsifier(
            "H2",
            text,
            None,
            f"{figure}; too few to tell: as few in {percent(check.silent)} of cases with the declared effect",
        )
    return Falsifier("H2", text, bool(check.estimate <= 0), figure)


def gone(link: str, text: str, p: float, whole: float, alpha: float) -> Falsifier:
    """Say whether an effect that was there is not without them; one that never was has nothing to lose."""
    if not (np.isfinite(p) and np.isfinite(whole)):
        return Falsifier(link, text, None, "too few sessions")
    fires = bool(whole <= alpha < p)
    return Falsifier(link, text, fires, f"all events {pvalue_words(whole)}, without them {pvalue_words(p)}")


def decide(sample: SampleVerdict, falsifiers: Sequence[Falsifier], alpha: float) -> tuple[bool | None, list[str]]:
    """Find the word for one sample, by the rule of the design, and why.

    True: the joint test rejects at its size, no declared falsifier fires, and those that must be judged could be.
    False: a link has the wrong sign at that size, or is equivalent to nothing at the declared margin. None: anything
    else. The reasons are what speaks against the chain; else the falsifiers that fire, and those that could not be
    judged.
    """
    against = []
    for name, link in sample.links.items():
        if not link.applicable:
            continue
        if link.details["p_wrong_sign"] <= alpha:
            against.append(f"{name} has the wrong sign at {percent(alpha)}")
        elif link.details["p_equivalence"] <= alpha:
            against.append(f"{name} has no effect beyond the declared margin")
    if against:
        return False, against
    reasons = [str(f) for f in falsifiers if f.fires] + [str(f) for f in falsifiers if f.fires is None]
    rejects = sample.chain.applicable and sample.chain.pvalue <= alpha
    return (True if rejects and not any(f.stands for f in falsifiers) else None), reasons
