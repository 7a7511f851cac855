"""The answer in words, made from the numbers by fixed rules, so that it can be read afresh beside the tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from eventstudy.hypothesis.race import RIVALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eventstudy.hypothesis.chain import SampleVerdict
    from eventstudy.hypothesis.definitions import Definitions
    from eventstudy.hypothesis.power import Power
    from eventstudy.hypothesis.verdict import Falsifier
    from eventstudy.inference import TestResult

__all__ = [
    "chain_sentence",
    "falsifier_sentence",
    "link_sentence",
    "percent",
    "pvalue_words",
    "shift_sentence",
    "signed",
    "typeset",
]

_FEW_RELIEFS = 10
_CLEAR, _BARELY = 6.0, 2.0  # differences of BIC (Kass and Raftery 1995)
_EFFECTS = {
    "H1": "that the index fell on threats more than other days explain",
    "H2": "that relief came sooner after losses",
    "H3": "that the index rose on formal relief more than other days explain",
}


def pvalue_words(p: float) -> str:
    """Write a p-value for a sentence: three places, "< 0.001" below.

    Examples
    --------
    >>> pvalue_words(0.0123), pvalue_words(0.0005)
    ('p = 0.012', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def percent(value: float, digits: int = 0) -> str:
    """Write a share or a return as percent."""
    return "n/a" if not np.isfinite(value) else f"{value * 100:.{digits}f}%"


def typeset(line: str) -> str:
    """Write arrows and minus signs as print has them; sentences keep to what any terminal can show.

    Examples
    --------
    >>> typeset("H1 -> H3: -0.5 to +0.5")
    'H1 → H3: −0.5 to +0.5'
    """
    return re.sub(r"(?<![\w-])-(?=\d)", "−", line.replace("->", "→"))


def signed(value: float) -> str:
    """Write a return with its sign, in percent."""
    return f"{value * 100:+.2f}%"


def link_sentence(name: str, link: TestResult, power: Power, rules: Definitions) -> str:
    """Say what one link's test found: evidence, evidence of nothing, of the opposite, or none either way."""
    head = f"{name}, {link.title}: "
    if not link.applicable:
        return f"{head}could not be tested ({link.reason})."
    size = _size(name, link)
    chance = f"{pvalue_words(link.pvalue)}, n = {link.n_clusters} independent sessions"
    found = (
        f"power {percent(power.power)} against {_aim(name, rules)}{', for both tests of H2 together' if name == 'H2' else ''}"
        if np.isfinite(power.power)
        else "power not computed"
    )
    if link.pvalue <= rules.level:
        verdict = f"evidence {_EFFECTS[name]}"
    elif link.details.get("p_with_all", 1.0) <= rules.level:
        verdict = (
            f"no robust evidence {_EFFECTS[name]}: {pvalue_words(link.details['p_with_all'])} with every session, but it "
            f"rests on one session, or one cluster of sessions, without which {pvalue_words(link.details['p_left_out'])}"
        )
    elif link.details["p_wrong_sign"] <= rules.level:
        verdict = "evidence of the opposite sign"
    elif link.details["p_equivalence"] <= rules.level:
        verdict = f"evidence of no effect beyond the declared margin of {_margin(name, rules)}"
    else:
        verdict = f"no evidence {_EFFECTS[name]}, and none of its absence either"
    margin = link.details.get("smallest_margin", float("nan"))
    bound = f"; equivalent to nothing only with a margin of {_bound(name, margin)}" if np.isfinite(margin) else ""
    return f"{head}{verdict} ({size}{bound}; {chance}; {found})."


def _bound(name: str, margin: float) -> str:
    """Write the smallest margin at which the link would count as equivalent to nothing."""
    return f"an odds ratio of {np.exp(margin):.1f}" if name == "H2" else f"{margin:.2f} standard deviations"


def _size(name: str, link: TestResult) -> str:
    low, high = link.ci
    if name == "H2":
        mean = link.details
        return (
            f"against its close before the threat the index stood at {-mean['mean_loss_decision'] * 100:+.2f}% before "
            f"decisions and at {-mean['mean_loss_other'] * 100:+.2f}% before other sessions with an open threat, a loss "
            f"{abs(link.estimate) * 100:.2f} points {'larger' if link.estimate > 0 else 'smaller'}; {percent(link.level)} interval of "
            f"the difference {low * 100:+.2f} to {high * 100:+.2f}"
        )
    return (
        f"mean reaction {link.estimate:+.2f} standard deviations of an ordinary session, {percent(link.level)} interval "
        f"{low:+.2f} to {high:+.2f}; {link.details['mean_car'] * 100:+.2f}% on average"
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
    could = f"With effects of the declared size in every link, all three tests would have rejected in {percent(power)} of cases."
    joint = (
        f"joint {pvalue_words(chain.pvalue)}, the largest of the three links', {chain.details['weakest']}; that at least two of "
        f"the three hold: {pvalue_words(chain.details['p_two_of_three'])}"
    )
    if supported is True:
        return f"The record supports the chain: all three links hold at {percent(rules.level)} ({joint}) and nothing that was declared to speak against it was found. {could}"
    if supported is False:
        return f"The record speaks against the chain: {'; '.join(reasons)} ({joint}). {could}"
    weak = " A failure to establish it is weak evidence either way." if power < rules.power.target else ""
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
    """Say what the turned calendar found, and what its null is."""
    if not np.isfinite(pvalue):
        return f"The whole calendar turned, sample '{sample}': not tested, a link has no session."
    return (
        f"The whole calendar turned, sample '{sample}': the smallest of the three standardized links is {smallest:+.2f} "
        f"({pvalue_words(pvalue)}; the null is that the calendar has nothing to do with the index at all)."
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
    return f"Smallest effects found in {percent(target)} of cases: {'; '.join(parts)}."
