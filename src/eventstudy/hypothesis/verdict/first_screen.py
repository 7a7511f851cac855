"""What a reader sees first: the question, the answer in everyday words, three cards, and what else one would ask.

Everything is made from the values, so that other values say something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from eventstudy.hypothesis.links.test_results import own_sign
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.rivals.horse_race import RIVALS
from eventstudy.hypothesis.verdict.findings import Findings
from eventstudy.inference.core.result import TestResult
from eventstudy.words import percent, pvalue_words, signed

YES, NO_SIGN, OPPOSITE, UNKNOWN = "Yes", "No sign", "The opposite", "Cannot tell"
_LINKS = ("H1", "H2", "H3")
_STRONG = 0.8


class Card(NamedTuple):
    """One link as a card: what it is, the word on all events with its figure, and small print."""

    label: str
    word: str
    figure: str
    note: str


def card_word(name: str, link: TestResult, rules: Definitions) -> str:
    """Say yes, the opposite, no sign (the declared effect is ruled out), or cannot tell."""
    if not link.applicable:
        return UNKNOWN
    if link.pvalue <= rules.alpha:
        return YES
    if link.details["p_wrong_sign"] <= rules.alpha:
        return OPPOSITE
    if name == "H2":
        return NO_SIGN if _highest_odds(link, rules) < np.log(rules.power.odds_ratio) else UNKNOWN
    reach = max(own_sign(name) * end for end in link.ci)
    return NO_SIGN if reach < rules.power.reaction else UNKNOWN


def _highest_odds(link: TestResult, rules: Definitions) -> float:
    """Give the largest log odds a standard deviation of the loss that the data leave open."""
    if "log_odds_high" in link.details:
        return float(link.details["log_odds_high"])
    reach = float(stats.norm.isf(rules.alpha)) * link.details["log_odds_se"]
    return float(link.details["log_odds_per_sd"] + reach)


def link_figure(name: str, link: TestResult) -> str:
    """Write a link's size in percent, of H2 how much lower stocks stood than on other sessions at risk."""
    if not link.applicable:
        return "no figure"
    if name == "H2":
        way = "lower" if link.estimate > 0 else "higher"
        return f"stocks stood {abs(link.estimate):.1%} {way} before it than on other days"
    return signed(link.details["mean_car"])


def cards(findings: Findings) -> tuple[Card, ...]:
    """Give the three links: the word and the figure on all events, then the headline sample, p and n small."""
    rules = findings.definitions
    words = rules.everyday
    labels = (f"{words.trigger} -> stocks fall", f"stocks fall -> {words.relief}", f"{words.relief} -> stocks rise")
    made = []
    for name, label in zip(_LINKS, labels, strict=True):
        whole, lead = findings.samples["all"].links[name], findings.lead.links[name]
        note = f"all events: {_chance(whole)}{_macro(findings, 'all', name)}; {since(findings)}: {card_word(name, lead, rules).lower()}, {link_figure(name, lead)}, {_chance(lead)}{_macro(findings, findings.headline, name)}"
        made.append(Card(label, card_word(name, whole, rules), link_figure(name, whole), note))
    return tuple(made)


def _chance(link: TestResult) -> str:
    return f"{pvalue_words(link.pvalue)}, n = {link.n_clusters}" if link.applicable else f"n = {link.n_clusters}"


def _macro(findings: Findings, sample: str, link: str) -> str:
    """Say how many sessions were days of other news."""
    table = findings._tables.get("macro", pd.DataFrame(columns=["sample", "link"]))  # noqa: SLF001  the verdict's own
    own = table[(table["sample"] == sample) & (table["link"] == link)]
    number = int(own["macro"].iloc[0]) if len(own) else 0
    return f" ({number} on a day of CPI, jobs or Fed news)" if number else ""


def since(findings: Findings) -> str:
    """Name the headline sample in everyday words."""
    return f"since {pd.Timestamp(findings.definitions.periods[findings.headline][0]):%B %Y}"


def question(findings: Findings) -> str:
    """Ask, and say of how much: threats, years, and the last day of prices and of events."""
    circles, ends = _circles(findings), findings.facts.get("ends", {})
    years = sorted({day.year for day in circles["start"]})
    spans: list[list[int]] = []
    for year in years:
        if spans and year == spans[-1][1] + 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    dated = " and ".join(f"{a}" if a == b else f"{a}-{b % 100:02d}" for a, b in spans)
    events = f"; events to {_day(ends['events'])}" if "events" in ends else ""
    words = findings.definitions
    counted = f"{len(circles)} {words.everyday.triggers}, {dated}. " if len(circles) else ""
    return f"{words.question} {counted}Prices to {_day(findings.provenance['last'])}{events}."


def _circles(findings: Findings) -> pd.DataFrame:
    """Take the episodes that began inside a period of the definitions."""
    table = findings._tables.get("circles", pd.DataFrame(columns=["start", "circle"]))  # noqa: SLF001  the verdict's own
    spans = [(pd.Timestamp(a), pd.Timestamp(b)) for a, b in findings.definitions.periods.values()]
    keep = np.asarray([any(a <= day <= b for a, b in spans) for day in table["start"]], dtype=bool)
    return table.loc[keep]


def _day(text: str) -> str:
    day = pd.Timestamp(text)
    return f"{day.day} {day:%B %Y}"


def answer(findings: Findings) -> str:
    """Answer in one sentence of everyday words."""
    rules = findings.definitions
    words = rules.everyday
    says = {
        "H1": f"stocks fall on {words.triggers}",
        "H2": f"{words.relief} comes sooner after falls",
        "H3": f"stocks rise on {words.relief}",
    }
    if findings.supported is True:
        return f"Yes: {says['H1']}, {says['H2']}, and {says['H3']}."
    found = {name: card_word(name, findings.samples["all"].links[name], rules) for name in _LINKS}
    there = [says[name] for name in _LINKS if found[name] == YES]
    parts = [f"{' and '.join(there)}"] if there else []
    lead_in = {
        NO_SIGN: "there is no sign that",
        UNKNOWN: "it cannot be told whether",
        OPPOSITE: "the opposite was found of",
    }
    for word, head in lead_in.items():
        own = [says[name] for name in _LINKS if found[name] == word]
        comma = "," if len(own) > 2 else ""
        parts += [f"{head} {f'{comma} or {head.split()[-1]} '.join(own)}"] if own else []
    head = "No" if findings.supported is False else "Not shown"
    joined = ", but ".join([parts[0], " and ".join(parts[1:])]) if len(parts) > 1 and there else " and ".join(parts)
    return f"{head}: {joined}."


def meaning(findings: Findings) -> str:
    """Say what that means: which steps of the story stand, and what the stretch that was declared to count shows."""
    rules, whole = findings.definitions, findings.samples["all"]
    found = {name: card_word(name, whole.links[name], rules) for name in _LINKS}
    lead = {name: card_word(name, findings.lead.links[name], rules) for name in _LINKS}
    step = {"H1": "first", "H2": "middle", "H3": "last"}
    stands = [step[name] for name in _LINKS if found[name] == YES]
    lacks = [step[name] for name in _LINKS if found[name] != YES]
    told = (
        "Every step of the story is there on all events"
        if not lacks
        else f"Of the story the {' and the '.join(stands)} step {'are' if len(stands) > 1 else 'is'} there, the {' and the '.join(lacks)} not"
        if stands
        else "No step of the story is there"
    )
    own = [step[name] for name in _LINKS if lead[name] == YES]
    now = (
        "all three are"
        if len(own) == len(_LINKS)
        else f"only the {' and the '.join(own)} {'are' if len(own) > 1 else 'is'}"
        if own
        else "none of them is"
    )
    weakest = findings.lead.chain.details.get("weakest", "") if findings.lead.chain.applicable else ""
    chance = f" (for all three together {pvalue_words(findings.lead.chain.pvalue)})" if weakest else ""
    began = since(findings)
    return f"{told}. {began[:1].upper()}{began[1:]}, the period declared beforehand to decide, {now}{chance}."


def case(findings: Findings) -> str:
    """Tell the case that everyone remembers, and how many went that way."""
    told, circles = findings.facts.get("remembered", {}), _circles(findings)
    whole = int(circles["circle"].sum()) if len(circles) else 0
    words = findings.definitions.everyday
    way = f"{whole} of {len(circles)} {words.triggers} went that way: a fall, {words.relief} while still lower, a rise."
    if not told:
        return f"A whole circle: {way}" if len(circles) else ""
    name = findings.definitions.remembered.name
    return f"The case everyone remembers is {name}: down {percent(-told['before'], 1)}, {words.relief}, up {percent(told['on'], 1)} in a session. {way}"


def rival(findings: Findings) -> str:
    """Name the rival that does better than the fall, with its figure."""
    best = findings.facts["favourite"]["all"]["rival"]
    due = findings.facts.get("deadline", {}).get("all", {})
    if best == "none":
        return "Rivals could not be compared: too few reliefs."
    if best == "drawdown":
        return "No rival explains relief better than the fall does."
    times = due.get("times", float("nan"))
    near = (
        f": {findings.definitions.everyday.relief} was {times:.0f} times likelier within a week of the announced date ({due['near']:.0f} of {due['reliefs']:.0f} episodes relieved)"
        if best == "deadline" and np.isfinite(times)
        else ""
    )
    name = "the deadline" if best == "deadline" else f"“{best}” ({RIVALS[best]})"
    return f"What explains {findings.definitions.everyday.relief} better is {name}{near}."


def could_see(findings: Findings) -> str:
    """Say in one sentence whether the data could have shown the chain."""
    power = findings.lead.power["chain"].power
    if not np.isfinite(power):
        return ""
    worth = "so its silence means something" if power >= _STRONG else "so its silence alone says little"
    tail = "" if findings.supported is True else f", {worth}"
    return f"Could we have seen it? If all three steps had the size declared beforehand, the test would have found them in {percent(power)} of such stretches{tail}."


def watched(findings: Findings) -> str:
    """Say the evidence so far: that which began with the definitions, never the retrospective one."""
    facts = findings.facts.get("evidence")
    if not facts:
        return ""
    odds, needed = f"{facts['watched']['chain']:.1f} : 1", f"{facts['needed']:.0f} : 1 is needed"
    if not facts["watched"]["sessions"]:
        return f"The odds for the story on new events alone are counted from {_day(facts['start'])}, after the last price here: {odds} so far; {needed}."
    return f"The odds for the story on new events alone, since {_day(facts['start'])}: {odds}; {needed}."


def beside(findings: Findings) -> tuple[str, ...]:
    """Give what else one would ask: the remembered case, the rival, the power, the evidence."""
    said = (case(findings), rival(findings), could_see(findings), watched(findings))
    return tuple(line for line in said if line)


def lines(findings: Findings) -> tuple[str, ...]:
    """Give the first screen in lines: question, answer, meaning, cards, and the rest."""
    shown = [f"{one.label}: {one.word}, {one.figure} ({one.note})." for one in cards(findings)]
    return (
        question(findings),
        answer(findings),
        meaning(findings),
        *shown,
        *beside(findings),
        *_counted(findings.claims),
    )


def _counted(claims: Sequence[object]) -> tuple[str, ...]:
    """Count the claims by their words."""
    words = [str(getattr(claim, "verdict", "")) for claim in claims]
    counts = {word: words.count(word) for word in dict.fromkeys(words)}
    told = ", ".join(f"{number} {word}" for word, number in sorted(counts.items(), key=lambda one: -one[1]))
    return (f"{len(words)} claims of the commentary: {told}.",) if words else ()
