"""The ledger, judged: every claim by its rule."""

from __future__ import annotations

from eventstudy.hypothesis.claims import rules_arithmetic, rules_policy, rules_tests
from eventstudy.hypothesis.claims.ledger import (
    DESCRIBED,
    NEITHER,
    NO_DATA,
    Claim,
    Finding,
    Ground,
    MissingData,
    load_claims,
)

RULES = rules_arithmetic.RULES | rules_tests.RULES | rules_policy.RULES


def judge(ground: Ground) -> tuple[Claim, ...]:
    """Judge every claim; one whose data are missing in this source says so."""
    judged = []
    for entry in load_claims():
        number = int(entry["number"])
        try:
            found = RULES[number](ground)
        except MissingData as missing:
            found = Finding("not testable", "", "", f"{NO_DATA}: {missing}")
        usual = {"mixed": NEITHER, "descriptive": DESCRIBED}
        reason = found.reason or usual.get(found.word, "")
        source, group, text, test = (str(entry[key]) for key in ("source", "group", "text", "test"))
        judged.append(Claim(number, source, group, text, test, found.figure, found.window, found.word, reason))
    return tuple(judged)
