"""The answer in words, made from the numbers by fixed rules, so that it can be read afresh beside the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from eventstudy.hypothesis.links.chain import SampleVerdict
from eventstudy.hypothesis.links.power import Power
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.record.sections import Replications
from eventstudy.hypothesis.rivals.horse_race import RIVALS
from eventstudy.hypothesis.verdict.falsifier import Falsifier
from eventstudy.hypothesis.verdict.findings import Findings
from eventstudy.inference.core.result import TestResult
from eventstudy.words import percent, pvalue_words

_FEW_RELIEFS = 10

_CLEAR, _BARELY = 6.0, 2.0  # differences of BIC (Kass and Raftery 1995)

_EFFECTS = {
    "H1": "that the index fell on threats more than other days explain",
    "H2": "that relief came sooner after losses",
    "H3": "that the index rose on formal relief more than other days explain",
}


def link_sentence(name: str, link: TestResult, power: Power, rules: Definitions) -> str:
    """Say what one link's test found: evidence, evidence of nothing, of the opposite, or none either way."""
    head = f"{name}, {link.title}: "
    if not link.applicable:
        return f"{head}could not be tested ({link.reason})."
    both = ", by both tests of H2 together" if name == "H2" else ""
    found = (
        f"A true effect of {_aim(name, rules)} would be found in {percent(power.power)} of such samples{both}"
        if np.isfinite(power.power)
        else "Power was not computed"
    )
    if link.pvalue <= rules.alpha:
        verdict = f"evidence {_EFFECTS[name]}"
    elif link.details.get("p_with_all", 1.0) <= rules.alpha:
        verdict = (
            f"no robust evidence {_EFFECTS[name]}: {pvalue_words(link.details['p_with_all'])} with every session, but "
            f"{pvalue_words(link.details['p_left_out'])} without the session, or cluster of sessions, that speaks most for it"
        )
    elif link.details["p_wrong_sign"] <= rules.alpha:
        verdict = "evidence of the opposite sign"
    elif link.details["p_equivalence"] <= rules.alpha:
        verdict = f"evidence of no effect beyond the declared margin of {_margin(name, rules)}"
    else:
        verdict = f"no evidence {_EFFECTS[name]}, but an effect is not ruled out either"
    margin = link.details.get("smallest_margin", float("nan"))
    bound = f" A larger effect than {_bound(name, margin)} is ruled out." if np.isfinite(margin) else ""
    chance = f"{pvalue_words(link.pvalue)} in {link.n_clusters} independent sessions"
    return f"{head}{verdict}; {chance}. {_size(name, link)}.{bound} {found}."


def _bound(name: str, margin: float) -> str:
    """Write the smallest margin beyond which an effect is ruled out."""
    return f"an odds ratio of {np.exp(margin):.1f}" if name == "H2" else f"{margin:.2f} standard deviations"


def _size(name: str, link: TestResult) -> str:
    low, high = link.ci
    if name == "H2":
        mean = link.details
        return (
            f"Since the close before the threat the index had changed by {-mean['mean_loss_decision'] * 100:+.2f}% before "
            f"decisions and by {-mean['mean_loss_other'] * 100:+.2f}% before other sessions with an open threat: a loss "
            f"{abs(link.estimate) * 100:.2f} points {'larger' if link.estimate > 0 else 'smaller'}, {percent(link.level)} interval of "
            f"the difference {low * 100:+.2f} to {high * 100:+.2f}"
        )
    return (
        f"The mean reaction is {link.estimate:+.2f} standard deviations of an ordinary session, {percent(link.level)} interval "
        f"{low:+.2f} to {high:+.2f}, or {link.details['mean_car'] * 100:+.2f}%"
    )


def _aim(name: str, rules: Definitions) -> str:
    if name == "H2":
        return f"an odds ratio of {rules.power.odds_ratio:g} per standard deviation of drawdown"
    return f"{rules.power.reaction:g} standard deviations"


def _margin(name: str, rules: Definitions) -> str:
    if name == "H2":
        return f"an odds ratio of {np.exp(rules.equivalence.log_odds):.2f} per standard deviation"
    return f"{rules.equivalence.reaction:g} standard deviations"


def chain_sentence(
    sample: SampleVerdict,
    reasons: Sequence[str],
    rules: Definitions,
    *,
    supported: bool | None,
) -> str:
    """Say what the joint test found in the headline sample, and what it could have found."""
    chain, power = sample.chain, sample.power["chain"].power
    if not chain.applicable:
        return f"The chain is not established: {chain.reason}."
    could = f"If every link had the effect declared beforehand, the test would find all three in {percent(power)} of such samples."
    joint = (
        f"joint {pvalue_words(chain.pvalue)}, that of the weakest link, {chain.details['weakest']}; that at least two of the three "
        f"hold: {pvalue_words(chain.details['p_two_of_three'])}"
    )
    if supported is True:
        return f"The record supports the chain: all three links hold at {percent(rules.alpha)} ({joint}) and nothing that was declared to speak against it was found. {could}"
    if supported is False:
        return f"The record speaks against the chain: {'; '.join(reasons)} ({joint}). {could}"
    weak = " So a chain that is not established may still be there." if power < rules.power.target else ""
    return f"The chain is not established ({joint}). {could}{weak}"


def falsifier_sentence(falsifiers: Sequence[Falsifier]) -> str:
    """Say what was declared beforehand to speak against the chain and was found, and what could not be judged."""
    fired = "; ".join(str(f) for f in falsifiers if f.fires)
    unjudged = "; ".join(
        f"{f.link} {f.text} ({f.figure.removeprefix('cannot be judged: ')})" for f in falsifiers if f.fires is None
    )
    found = f"Declared beforehand to speak against the chain, and found: {fired or 'nothing'}."
    return found + (f" What could not be judged: {unjudged}." if unjudged else "")


def race_sentence(favourite: str, margin: float, reliefs: int, p_beside: float, reason: str, sample: str) -> str:
    """Say which rival the episode-days favour, how clearly, and whether the drawdown survives beside the others."""
    if favourite == "none":
        return f"Rivals, sample '{sample}': too few reliefs to compare them."
    clear = "clearly" if margin > _CLEAR else "barely" if margin < _BARELY else "moderately"
    few = " With so few reliefs this is a description, not a finding." if reliefs < _FEW_RELIEFS else ""
    survives = f"the drawdown beside fear gauge, yield and retaliation: {pvalue_words(p_beside) if np.isfinite(p_beside) else f'not tested, {reason}'}"
    return (
        f"Rivals, sample '{sample}': {reliefs} reliefs {clear} favour '{favourite}' ({RIVALS[favourite]}; BIC better by "
        f"{margin:.1f} than the next); {survives}.{few}"
    )


def shift_sentence(smallest: float, pvalue: float, sample: str) -> str:
    """Say what the events moved along the calendar show, and what the null hypothesis is."""
    if not np.isfinite(pvalue):
        return f"Events moved along the calendar, sample '{sample}': not tested, a link has no session."
    return (
        f"Events moved along the calendar, sample '{sample}': the smallest of the three standardized links is {smallest:+.2f} "
        f"({pvalue_words(pvalue)}; the null hypothesis: the dates of the events have nothing to do with the index)."
    )


def cycle_sentence(cycles: Mapping[str, int]) -> str:
    """Say how many threats went through the whole chain."""
    return (
        f"Complete cycles: {cycles['complete']} of {cycles['threats']} threats with prices (the index fell first on "
        f"{cycles['index fell first']}, {cycles['ended in relief']} ended in relief, {cycles['still below at relief']} of these "
        "after a fall and still below the close before the threat)."
    )


def detectable_sentence(power: Mapping[str, Power], target: float) -> str:
    """Say the smallest effects that the sample finds at the target rate of power."""
    parts = []
    for key in ("H1", "H3", "H2", "chain"):
        reach = power[key].detectable
        if key == "H2":
            found = f"an odds ratio of {reach:.1f}" if np.isfinite(reach) else "no odds ratio up to 30"
            parts.append(f"H2 {found} per standard deviation of drawdown")
        elif key == "chain":
            found = f"{reach:.1f} times the declared effects in every link at once (the odds ratio to that power)"
            parts.append(
                f"the chain {found if np.isfinite(reach) else 'no multiple of the declared effects that was tried'}"
            )
        else:
            found = (
                f"{reach:.2f} standard deviations" if np.isfinite(reach) else "no effect up to 2 standard deviations"
            )
            parts.append(f"{key} {found}")
    return f"Smallest effects that are found in {percent(target)} of such samples: {'; '.join(parts)}."


def scope_sentence(findings: Findings) -> str:
    """Say which sample the answer is about."""
    name = findings.headline
    dates = " to ".join(findings.definitions.periods[name])
    return f"Headline sample '{name}' ({dates}; prices end {findings.provenance['last']})."


def answer_sentence(findings: Findings) -> str:
    """Say the answer."""
    return chain_sentence(findings.lead, findings.reasons, findings.definitions, supported=findings.supported)


def link_sentences(findings: Findings) -> tuple[str, ...]:
    """Say what each link's test found in the headline sample."""
    lead, rules = findings.lead, findings.definitions
    return tuple(link_sentence(name, link, lead.power[name], rules) for name, link in lead.links.items())


def details_of_test(findings: Findings) -> tuple[str, ...]:
    """Say what stands behind the links: falsifiers, smallest effects, rivals, cycles, the other samples."""
    lead, rules, facts = findings.lead, findings.definitions, findings.facts
    lines = [falsifier_sentence(findings.falsifiers), detectable_sentence(lead.power, rules.power.target)]
    for name, best in facts["favourite"].items():
        beside = facts["drawdown_beside_rivals"][name]
        favourite = best["rival"], best["bic_margin"], best["reliefs"]
        lines.append(race_sentence(*favourite, beside["pvalue"], beside["reason"], name))
    lines += [shift_sentence(t["smallest"], t["pvalue"], name) for name, t in facts["calendar_shift"].items()]
    lines.append(cycle_sentence(facts["cycles"]))
    others = {name: sample for name, sample in findings.samples.items() if name != findings.headline}
    lines += [sample_sentence(name, sample, rules.alpha) for name, sample in others.items()]
    if findings.provenance.get("quick"):
        lines.append(quick_sentence(findings.provenance, rules.replications))
    return tuple(lines)


def sentences(findings: Findings) -> tuple[str, ...]:
    """Give the whole answer in words, a line each."""
    return (
        scope_sentence(findings),
        answer_sentence(findings),
        *link_sentences(findings),
        *details_of_test(findings),
    )


def sample_sentence(name: str, sample: SampleVerdict, alpha: float) -> str:
    """Say what another sample than the headline's shows."""
    if not sample.chain.applicable:
        return f"Sample '{name}': the chain could not be tested; {sample.chain.reason}."
    parts = ", ".join(
        f"{key} {pvalue_words(link.pvalue)} (n = {link.n_clusters})" for key, link in sample.links.items()
    )
    word = "rejects" if sample.chain.pvalue <= alpha else "does not reject"
    return f"Sample '{name}': {parts}; the joint test {word} at {percent(alpha)} ({pvalue_words(sample.chain.pvalue)})."


def quick_sentence(draws: Mapping[str, int], full: Replications) -> str:
    """Say what a quick run did fewer times; it leaves no part out."""
    return (
        f"This was a quick run, its p-values are coarse: {draws['draws']} draws in each test instead of {full.headline}, "
        f"{draws['curve_draws']} in the specification curve and the variants instead of {full.curve}, "
        f"{draws['power_draws']} for power instead of {full.power}. No part was left out."
    )
