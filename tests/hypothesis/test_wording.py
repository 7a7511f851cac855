"""The words: each outcome has its own sentence, and none of them claims more than the numbers."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from eventstudy.hypothesis.links.intersection_union import chain_result
from eventstudy.hypothesis.links.power import Power
from eventstudy.hypothesis.verdict.check_falsifiers import decide, required
from eventstudy.hypothesis.verdict.falsifier import Falsifier
from eventstudy.hypothesis.verdict.wording import (
    chain_sentence,
    detectable_sentence,
    falsifier_sentence,
    link_sentence,
    shift_sentence,
)
from eventstudy.inference import TestResult
from eventstudy.json_values import plain
from eventstudy.words import percent

POWER = Power(0.75, 0.6, 0.9)


def link(name="H1", *, p=0.5, wrong=0.5, same=0.5, n=10):
    details = {
        "p_wrong_sign": wrong,
        "p_equivalence": same,
        "mean_car": -0.01,
        "mean_loss_decision": 0.02,
        "mean_loss_other": 0.01,
        "median": 0.1,
    }
    return TestResult(
        name=name,
        null="",
        pvalue=p,
        estimate=-0.3,
        ci=(-0.6, 0.1),
        level=0.9,
        n=n,
        n_clusters=n,
        title=f"{name} in words",
        details=details,
    )


@pytest.mark.parametrize("name", ["H1", "H2", "H3"])
@pytest.mark.parametrize(
    ("values", "expected", "never"),
    [
        ({"p": 0.01}, "evidence that", "no evidence"),
        ({"p": 0.9, "wrong": 0.02}, "evidence of the opposite sign", "no evidence"),
        ({"p": 0.4, "same": 0.01}, "evidence of no effect beyond", "no evidence that"),
        ({"p": 0.4}, "none of its absence either", "evidence of no effect"),
    ],
)
def test_four_outcomes_four_sentences(rules, name, values, expected, never):
    text = link_sentence(name, link(name, **values), POWER, rules)
    assert expected in text
    assert never not in text
    assert "power 60%" in text
    assert "prove" not in text
    assert "10 independent sessions" in text


def test_a_link_that_could_not_be_tested_says_why(rules):
    missing = TestResult(name="H3", null="", title="H3 in words", applicable=False, reason="needs 2 sessions, has 1")
    assert (
        link_sentence("H3", missing, POWER, rules) == "H3, H3 in words: could not be tested (needs 2 sessions, has 1)."
    )


class Sample:
    def __init__(self, **links):
        self.links = {name: links.get(name, link(name)) for name in ("H1", "H2", "H3")}
        self.chain = chain_result(self.links, 20)
        self.power = dict.fromkeys(("H1", "H2", "H3", "chain"), POWER)


def all_significant():
    return Sample(**{name: link(name, p=0.01) for name in ("H1", "H2", "H3")})


def test_supported_needs_the_chain_and_no_falsifier(rules):
    sample = all_significant()
    assert decide(sample, (), rules.alpha) == (True, [])
    open_one = Falsifier("H2", "other selloffs", None, "none at risk")
    unjudged = "H2 other selloffs (cannot be judged: none at risk)"
    assert decide(sample, (open_one,), rules.alpha) == (True, [unjudged])
    fired = Falsifier("H3", "median not positive", True, "")
    assert decide(sample, (fired, open_one), rules.alpha) == (None, ["H3 median not positive", unjudged])
    # one that must be judged, and cannot be, stands in the way like one that fires
    needed = replace(open_one, required=True)
    assert decide(sample, (needed,), rules.alpha) == (None, [unjudged])
    assert decide(sample, (replace(needed, fires=False),), rules.alpha) == (True, [])


def test_what_speaks_against_it_and_what_could_not_be_judged_is_said():
    unjudged = Falsifier("H2", "beside the yield", None, "no yield in these prices")
    fired = Falsifier("H3", "median not positive", True, "")
    assert falsifier_sentence((unjudged,)) == (
        "Declared beforehand to speak against the chain, and found: nothing. "
        "What could not be judged: H2 beside the yield (no yield in these prices)."
    )
    assert "and found: H3 median not positive. What" in falsifier_sentence((fired, unjudged))
    assert falsifier_sentence((fired,)).endswith("median not positive.")


def test_the_declared_exceptions_are_the_only_ones(rules):
    every = [text for texts in rules.falsifiers.values() for text in texts]
    judged = {text: required(Falsifier("H1", text, None, ""), rules.falsifiers_open).required for text in every}
    assert [text for text, needed in judged.items() if not needed] == ["other selloffs raise nothing"]


def test_one_weak_link_leaves_it_open(rules):
    sample = Sample(H1=link("H1", p=0.001), H3=link("H3", p=0.001))
    assert decide(sample, (), rules.alpha) == (None, [])
    text = chain_sentence(sample, [], rules, supported=None)
    assert text.startswith("The chain is not established (joint p = 0.500, the largest of the three links', H2")
    assert "weak evidence either way" in text


@pytest.mark.parametrize("values", [{"wrong": 0.01}, {"same": 0.01}])
def test_a_link_against_it_is_said_to_be(rules, values):
    sample = Sample(H2=link("H2", **values))
    supported, reasons = decide(sample, (), rules.alpha)
    assert supported is False
    assert len(reasons) == 1
    assert chain_sentence(sample, reasons, rules, supported=False).startswith("The record speaks against the chain: H2")


def test_supported_in_words(rules):
    text = chain_sentence(all_significant(), [], rules, supported=True)
    assert text.startswith("The record supports the chain")
    assert "prove" not in text


def test_a_chain_with_a_missing_link_is_not_tested(rules):
    missing = TestResult(name="H3", null="", applicable=False, reason="needs 2 sessions")
    sample = Sample(H3=missing)
    assert not sample.chain.applicable
    assert decide(sample, (), rules.alpha) == (None, [])
    assert "not established: H3 could not be tested" in chain_sentence(sample, [], rules, supported=None)


def test_strong_tests_do_not_excuse_themselves(rules):
    sample = Sample()
    sample.power = dict(sample.power) | {"chain": replace(POWER, power=0.95)}
    assert "weak evidence" not in chain_sentence(sample, [], rules, supported=None)


def test_detectable_effects():
    nowhere = float("inf")
    power = {
        "H1": POWER,
        "H3": Power(0.75, 0.5, nowhere),
        "H2": Power(4.0, 0.5, nowhere),
        "chain": Power(1.0, 0.2, 1.62),
    }
    text = detectable_sentence(power, 0.8)
    assert text.startswith("Smallest effects found in 80% of cases: H1 0.90 standard deviations; ")
    assert "H3 no effect up to 2 standard deviations" in text
    assert "H2 no odds ratio up to 30" in text
    assert "the chain 1.6 times the declared effects in every link at once" in text


def test_small_words():
    assert percent(float("nan")) == "n/a"
    assert percent(0.1234, 1) == "12.3%"
    assert plain({"x": np.array([1.0, np.inf]), "y": MappingProxyType({"z": np.int64(3)})}) == {
        "x": [1.0, None],
        "y": {"z": 3},
    }


def test_the_margin_is_said_beside_the_p_value(rules):
    bounded = replace(link("H1"), details={**link("H1").details, "smallest_margin": 0.56})
    assert "equivalent to nothing only with a margin of 0.56 standard deviations" in link_sentence(
        "H1", bounded, POWER, rules
    )
    odds = replace(link("H2"), details={**link("H2").details, "smallest_margin": np.log(6.5)})
    assert "a margin of an odds ratio of 6.5" in link_sentence("H2", odds, POWER, rules)


def test_the_turned_calendar_says_what_its_null_is():
    assert "p = 0.061; the null is that the calendar has nothing to do" in shift_sentence(0.2, 0.061, "all")
    assert "not tested" in shift_sentence(float("nan"), float("nan"), "all")


def test_two_of_three_stand_beside_the_joint_test(rules):
    sample = Sample(H1=link("H1", p=0.001), H3=link("H3", p=0.002))
    text = chain_sentence(sample, [], rules, supported=None)
    assert "at least two of the three hold: p = 0.004" in text  # twice the second smallest
