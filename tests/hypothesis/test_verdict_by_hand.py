"""Words, falsifiers, frames and charts of a verdict from figures that are written out here."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy.hypothesis.links.decision import DecisionTest
from eventstudy.hypothesis.links.intersection_union import chain_result
from eventstudy.hypothesis.links.matching import match_cells
from eventstudy.hypothesis.links.power import Power
from eventstudy.hypothesis.links.reaction import Reaction, react
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import scores
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.rivals.h2_checks import Check
from eventstudy.hypothesis.rivals.horse_race import Surviving
from eventstudy.hypothesis.verdict import first_screen as screen, questions
from eventstudy.hypothesis.verdict.chart_frames import _curve, _hazard, _placebos, chart_frames
from eventstudy.hypothesis.verdict.check_falsifiers import check_falsifiers, decide, raises_nothing, significance
from eventstudy.hypothesis.verdict.speak_against import (
    by_interval,
    by_median,
    by_odds,
    by_reaction,
    by_selloffs,
    headline_falsifiers,
)
from eventstudy.inference import TestResult
from eventstudy.words import pvalue_words

NAN = float("nan")
ROUNDED = 1e-12  # sums of a few numbers
POWER = Power(0.75, 0.6, 0.9)
DECLARED = 0.75  # standard deviations, of a reaction
LINKS = ("H1", "H2", "H3")


def link(name, *, p=0.5, wrong=0.5, same=0.5, ci=(-2.0, 2.0), estimate=0.3, n=10, **details):
    told = {"p_wrong_sign": wrong, "p_equivalence": same, "mean_car": -0.01, "log_odds_high": 9.0, **details}
    return TestResult(
        name=name, null="", pvalue=p, estimate=estimate, ci=ci, level=0.9, n=n, n_clusters=n, details=told
    )


def missing(name, reason="too few"):
    return TestResult(name=name, null="", applicable=False, reason=reason, n_clusters=1)


def sample(**links):
    held = {name: links.get(name, link(name)) for name in LINKS}
    power = dict.fromkeys((*LINKS, "chain"), POWER)
    return SimpleNamespace(links=held, chain=chain_result(held, 20), power=power)


CIRCLES = pd.DataFrame(
    {
        "start": pd.to_datetime(
            [
                "2017-06-01",
                "2018-01-02",
                "2019-05-05",
                "2020-01-31",
                "2022-02-02",
                "2025-01-02",
                "2025-05-03",
                "2027-01-01",
            ]
        ),
        "circle": [True, True, False, False, True, True, False, True],
    }
)


def findings(rules, *, whole=None, lead=None, supported=None, facts=None, **more):
    """Hold the values that the first screen is made of."""
    samples = {"all": whole or sample(), rules.headline: lead or sample()}
    given = {
        "samples": samples,
        "lead": samples[rules.headline],
        "headline": rules.headline,
        "definitions": rules,
        "supported": supported,
        "facts": facts or {},
        "provenance": {"last": "2025-11-14"},
        "claims": (),
        "_tables": {},
    }
    return SimpleNamespace(**(given | more))


def test_a_card_says_yes_at_the_level_itself_then_the_opposite_then_what_is_left_open(rules):
    for name in LINKS:
        assert screen.card_word(name, missing(name), rules) == "Cannot tell"
        assert screen.card_word(name, link(name, p=rules.alpha), rules) == "Yes"
        assert screen.card_word(name, link(name, p=0.051, wrong=rules.alpha), rules) == "The opposite"
        assert screen.card_word(name, link(name, p=0.051, wrong=0.051), rules) == "Cannot tell"
        assert screen.card_word(name, link(name, p=0.01, wrong=0.01), rules) == "Yes"
    # H1 falls: its declared effect is one down; H3 one up
    assert screen.card_word("H1", link("H1", ci=(-0.74, 9.0)), rules) == "No sign"
    assert screen.card_word("H1", link("H1", ci=(-0.75, 0.0)), rules) == "Cannot tell"
    assert screen.card_word("H3", link("H3", ci=(-9.0, 0.74)), rules) == "No sign"
    assert screen.card_word("H3", link("H3", ci=(-9.0, 0.75)), rules) == "Cannot tell"
    declared = math.log(rules.power.odds_ratio)
    assert screen.card_word("H2", link("H2", log_odds_high=declared - 1e-9), rules) == "No sign"
    assert screen.card_word("H2", link("H2", log_odds_high=declared), rules) == "Cannot tell"


def test_without_an_interval_of_the_odds_it_is_made_of_the_standard_error(rules):
    declared, se = math.log(rules.power.odds_ratio), 0.4
    reach = 1.6448536269514722 * se
    for shift, word in ((-1e-6, "No sign"), (1e-6, "Cannot tell")):
        details = {"p_wrong_sign": 0.5, "log_odds_per_sd": declared - reach + shift, "log_odds_se": se}
        one = TestResult(name="H2", null="", pvalue=0.5, estimate=0.1, ci=(0.0, 1.0), level=0.9, details=details)
        assert screen.card_word("H2", one, rules) == word


def test_the_figure_of_a_link_is_its_return_or_how_far_stocks_stood():
    assert screen.link_figure("H1", link("H1", mean_car=-0.0123)) == "-1.23%"
    assert (
        screen.link_figure("H2", link("H2", estimate=0.0216)) == "stocks stood 2.2% lower before it than on other days"
    )
    assert screen.link_figure("H2", link("H2", estimate=-0.0216)).startswith("stocks stood 2.2% higher")
    assert screen.link_figure("H2", link("H2", estimate=0.0)).startswith("stocks stood 0.0% higher")
    assert screen.link_figure("H3", missing("H3")) == "no figure"


def test_cards_hold_both_samples_with_their_counts_and_days_of_other_news(rules):
    macro = pd.DataFrame({"sample": ["all", "after", "all"], "link": ["H1", "H1", "H3"], "macro": [4, 1, 0]})
    whole, lead = sample(H1=link("H1", p=0.02, n=31)), sample(H1=link("H1", p=0.0004, n=7), H2=missing("H2"))
    made = screen.cards(findings(rules, whole=whole, lead=lead, _tables={"macro": macro}))
    assert [card.label for card in made] == ["threat -> stocks fall", "stocks fall -> relief", "relief -> stocks rise"]
    assert (made[0].word, made[0].figure) == ("Yes", "-1.00%")
    assert made[0].note == (
        "all events: p = 0.020, n = 31 (4 on a day of CPI, jobs or Fed news); "
        "since May 2025: yes, -1.00%, p < 0.001, n = 7 (1 on a day of CPI, jobs or Fed news)"
    )
    assert made[1].note.endswith("since May 2025: cannot tell, no figure, n = 1")
    assert "news" not in made[2].note
    plain = screen.cards(findings(rules, whole=whole, lead=lead))
    assert "news" not in plain[0].note


def test_the_question_counts_the_threats_inside_the_periods_and_joins_years_in_a_row(rules):
    made = findings(rules, _tables={"circles": CIRCLES}, facts={"ends": {"events": "2025-10-30"}})
    assert screen.question(made) == (
        f"{rules.question} 5 tariff threats, 2018-20 and 2025. Prices to 14 November 2025; events to 30 October 2025."
    )
    gap = CIRCLES.iloc[[1, 3, 5]]
    assert " 3 tariff threats, 2018 and 2020 and 2025. Prices to" in screen.question(
        findings(rules, _tables={"circles": gap})
    )
    assert screen.question(findings(rules)) == f"{rules.question} Prices to 14 November 2025."


def test_the_answer_names_what_is_there_and_what_is_not(rules):
    falls, sooner, rises = "stocks fall on tariff threats", "relief comes sooner after falls", "stocks rise on relief"
    no_sign = {"H1": link("H1", ci=(-0.1, 0.1)), "H2": link("H2", log_odds_high=0.0), "H3": link("H3", ci=(-0.1, 0.1))}
    yes = {name: link(name, p=0.01) for name in LINKS}
    opposite = {name: link(name, wrong=0.01) for name in LINKS}
    cases = [
        ({}, None, f"Not shown: it cannot be told whether {falls}, or whether {sooner}, or whether {rises}."),
        (no_sign, None, f"Not shown: there is no sign that {falls}, or that {sooner}, or that {rises}."),
        (no_sign | {"H3": link("H3")}, False,
         f"No: there is no sign that {falls} or that {sooner} and it cannot be told whether {rises}."),
        (yes | {"H2": link("H2")}, None, f"Not shown: {falls} and {rises}, but it cannot be told whether {sooner}."),
        ({"H1": yes["H1"], "H2": no_sign["H2"], "H3": opposite["H3"]}, False,
         f"No: {falls}, but there is no sign that {sooner} and the opposite was found of {rises}."),
        (yes, None, f"Not shown: {falls} and {sooner} and {rises}."),
        (yes, True, f"Yes: {falls}, {sooner}, and {rises}."),
    ]  # fmt: skip
    for links, supported, expected in cases:
        assert screen.answer(findings(rules, whole=sample(**links), supported=supported)) == expected


def test_what_it_means_step_by_step(rules):
    yes = {name: link(name, p=0.01) for name in LINKS}
    said = "Since May 2025, the period declared beforehand to decide, "
    cases = [
        (yes, yes, f"Every step of the story is there on all events. {said}all three are (for all three together p = 0.010)."),
        ({"H1": yes["H1"]}, {}, ("Of the story the first step is there, the middle and the last not. "
         f"{said}none of them is (for all three together p = 0.500).")),
        ({"H1": yes["H1"], "H3": yes["H3"]}, {"H2": yes["H2"]},
         (f"Of the story the first and the last step are there, the middle not. {said}only the middle is"
         " (for all three together p = 0.500).")),
        ({}, {"H1": yes["H1"], "H2": yes["H2"]}, (f"No step of the story is there. {said}only the first and the middle are"
         " (for all three together p = 0.500).")),
        ({}, {"H3": missing("H3")}, f"No step of the story is there. {said}none of them is."),
    ]  # fmt: skip
    for whole, lead, expected in cases:
        assert screen.meaning(findings(rules, whole=sample(**whole), lead=sample(**lead))) == expected


def test_the_case_everyone_remembers_and_how_many_went_that_way(rules):
    tables = {"circles": CIRCLES}
    way = "2 of 5 tariff threats went that way: a fall, relief while still lower, a rise."
    facts = {"remembered": {"before": -0.1213, "on": 0.0952}}
    assert screen.case(findings(rules, _tables=tables, facts=facts)) == (
        f"The case everyone remembers is 9 April 2025: down 12.1%, relief, up 9.5% in a session. {way}"
    )
    assert screen.case(findings(rules, _tables=tables)) == f"A whole circle: {way}"
    assert screen.case(findings(rules)) == ""
    assert screen.case(findings(rules, facts=facts)).endswith(
        "0 of 0 tariff threats went that way: a fall, relief while still lower, a rise."
    )


def test_the_rival_that_does_better(rules):
    def said(best, **due):
        facts = {"favourite": {"all": {"rival": best}}}
        return screen.rival(findings(rules, facts=facts | ({"deadline": {"all": due}} if due else {})))

    assert said("none") == "Rivals could not be compared: too few reliefs."
    assert said("drawdown") == "No rival explains relief better than the fall does."
    assert said("fear") == "What explains relief better is “fear” (the fear gauge)."
    assert said("fear", times=3.0, near=1, reliefs=2) == said("fear")
    assert said("deadline") == "What explains relief better is the deadline."
    assert said("deadline", times=NAN, near=1, reliefs=2) == said("deadline")
    assert said("deadline", times=3.4, near=5, reliefs=9) == (
        "What explains relief better is the deadline: relief was 3 times likelier within a week of the announced date "
        "(5 of 9 episodes relieved)."
    )


@pytest.mark.parametrize(
    ("power", "supported", "tail"),
    [
        (0.8, None, "80% of such stretches, so its silence means something."),
        (0.79, None, "79% of such stretches, so its silence alone says little."),
        (0.9, True, "90% of such stretches."),
        (0.9, False, "90% of such stretches, so its silence means something."),
    ],
)
def test_whether_it_could_have_been_seen(rules, power, supported, tail):
    lead = sample()
    lead.power["chain"] = Power(1.0, power, 1.0)
    assert screen.could_see(findings(rules, lead=lead, supported=supported)).endswith(tail)
    lead.power["chain"] = Power(1.0, NAN, 1.0)
    assert screen.could_see(findings(rules, lead=lead)) == ""


def test_the_odds_on_new_events_alone(rules):
    def said(sessions):
        watched = {"chain": 1.26, "sessions": sessions}
        return screen.watched(
            findings(rules, facts={"evidence": {"watched": watched, "needed": 20.4, "start": "2025-11-20"}})
        )

    assert said(0) == (
        "The odds for the story on new events alone are counted from 20 November 2025, after the last price here: "
        "1.3 : 1 so far; 20 : 1 is needed."
    )
    assert said(3) == "The odds for the story on new events alone, since 20 November 2025: 1.3 : 1; 20 : 1 is needed."
    assert screen.watched(findings(rules)) == ""


def test_claims_are_counted_by_word_the_most_frequent_first(rules):
    claims = [
        SimpleNamespace(verdict=word) for word in ("open", "wrong", "supported", "supported", "wrong", "supported")
    ]
    facts = {"favourite": {"all": {"rival": "none"}}}
    told = screen.lines(findings(rules, claims=claims, facts=facts))
    assert told[-1] == "6 claims of the commentary: 3 supported, 2 wrong, 1 open."
    assert told[3].startswith("threat -> stocks fall: Cannot tell, -1.00% (all events: ")
    assert len(told) == 3 + 3 + 2 + 1  # question, answer, meaning; cards; rival and power; claims
    assert len(screen.lines(findings(rules, facts=facts))) == 8


def test_an_interval_fires_below_the_declared_effect_and_clears_above_zero():
    def judged(low, high, **more):
        return by_interval("H1", "text", (low, high), 0.75, **more)

    assert judged(-1.0, 0.7499).fires is True
    assert judged(0.1, 0.74).fires is True
    assert judged(0.01, 0.75).fires is False
    assert judged(0.0, 0.75).fires is None
    assert judged(-0.1, 2.0).fires is None
    assert judged(-0.1, 2.0).figure == "interval -0.10 to +2.00 sd, declared 0.75: both fit"
    told = judged(-0.1, 2.0, power=0.42, unit="points").figure
    assert (
        told
        == "interval -0.10 to +2.00 points, declared 0.75: both fit; the declared effect would be found in 42% of such samples"
    )
    for hole in ((NAN, 1.0), (0.0, NAN)):
        assert (judged(*hole).fires, judged(*hole).figure) == (None, "too few sessions")


def test_odds_are_judged_on_the_scale_of_their_logarithm(rules):
    declared = round(math.log(rules.power.odds_ratio), 2)
    assert by_odds("text", (-1.0, declared - 0.01), rules).fires is True
    assert by_odds("text", (0.1, declared), rules).fires is False
    told = by_odds("text", (-0.2, 3.0), rules)
    assert told.fires is None
    assert f"log odds a standard deviation, declared {declared:g}" in told.figure
    assert by_odds("text", (NAN, 1.0), rules).figure == "too few reliefs"
    assert by_odds("text", (NAN, 1.0), rules, "no yield").figure == "no yield"


def check(estimate, p=0.5, silent=0.5):
    return Check("other selloffs", "?", estimate, "", p, "greater", 5, 1, "> 0", "1 of 5", silent)


def test_other_selloffs_fire_where_relief_is_rarer_and_chance_would_not_hide_it():
    cases = [
        (check(0.0, silent=0.05), True),
        (check(-0.1, p=0.01, silent=0.05), True),
        (check(0.0, silent=0.051), None),
        (check(0.1, p=0.05, silent=0.01), False),
        (check(0.1, p=0.051, silent=0.01), None),
    ]
    for one, fires in cases:
        assert by_selloffs("text", one, 0.05).fires is fires
    assert by_selloffs("text", check(0.1), 0.05).figure == "1 of 5, p = 0.500; too few to tell"
    assert by_selloffs("text", check(NAN), 0.05).figure == "1 of 5"
    first = [(check(0.0, silent=0.05), True), (check(0.0, silent=0.051), None), (check(1e-9, silent=0.9), False)]
    for one, fires in first:
        assert raises_nothing("text", one, 0.05).fires is fires
    assert raises_nothing("text", check(0.0, silent=0.31), 0.05).figure == (
        "1 of 5, p = 0.500; too few to tell: as few in 31% of cases with the declared effect"
    )
    assert raises_nothing("text", check(NAN), 0.05).fires is None


def test_a_p_value_at_the_level_is_significant():
    assert significance("H1", "text", 0.05, 0.05).fires is False
    assert significance("H1", "text", 0.0501, 0.05).fires is True
    assert significance("H1", "text", NAN, 0.05).figure == "too few sessions"


def reaction(score, **more):
    score = np.asarray(score, dtype=float)
    return Reaction(np.arange(score.size), score, score / 100, float(score.mean()) if score.size else NAN, **more)


def test_a_median_is_judged_by_signs_against_the_declared_effect(rules):
    low = reaction([0.1] * 9 + [DECLARED])  # 9 of 10 below; at the declared effect is not below
    found = by_median("text", low, link("H3", median=0.1, p_sign=0.5), rules)
    assert found.fires is True
    assert found.figure == f"median +0.10; 9 of 10 sessions below 0.75 sd, p = {11 / 1024:.3f}"
    edge = reaction([0.1] * 8 + [0.8] * 2)  # 56 of 1024: not significant
    assert by_median("text", edge, link("H3", median=0.1, p_sign=0.05), rules).fires is False
    assert by_median("text", edge, link("H3", median=0.1, p_sign=0.051), rules).fires is None
    told = by_median("text", edge, missing("H3", "needs two"), rules)
    assert (told.fires, told.figure) == (None, "needs two")


def test_a_reaction_is_judged_by_the_interval_of_its_primary_test(rules):
    null = np.linspace(-0.3, 0.3, 199)
    for score, fires in (([0.2] * 6, True), ([0.9] * 6, False)):
        one = reaction(score, nulls={"permutation": null}, primary=("permutation",), drawn=np.tile(null[:, None], 6))
        one = reaction(score, nulls={"permutation": null}, primary=("permutation",), drawn=one.drawn,
                       low=np.full(6, -5.0), high=np.full(6, 5.0))  # fmt: skip
        assert by_reaction("H1", "text", one, rules).fires is fires
        reach = np.sort(null)[::-1][9]  # the tenth largest of 199: p = 10/200
        told = f"interval {one.estimate - reach:+.2f} to {one.estimate + reach:+.2f} sd, declared 0.75"
        assert by_reaction("H1", "text", one, rules).figure.startswith(told)
    nothing = by_reaction("H1", "text", reaction([]), rules)
    assert (nothing.fires, nothing.figure) == (None, "too few sessions")


def test_those_of_one_sample_take_their_figures_from_their_own_places(rules):
    matched = np.linspace(-0.5, 0.5, 199)
    odds = link("H2", log_odds_low=0.2, log_odds_high=2.0)
    held = SimpleNamespace(
        links={"H2": odds, "H3": link("H3", median=0.9, p_sign=0.01)},
        reactions={"H3": reaction([0.9] * 6, nulls={"matched": matched})},
        power={"H3": Power(0.75, 0.42, 1.0)},
    )
    beside = Surviving(0.5, "", (-1.0, 0.4))
    found = headline_falsifiers(held, beside, check(0.1, p=0.01), rules)
    assert [one.link for one in found] == ["H2", "H2", "H2", "H3", "H3"]
    assert [one.text for one in found] == [*rules.falsifiers["h2"], *rules.falsifiers["h3"]]
    assert [one.fires for one in found] == [False, True, False, False, False]
    reach = np.sort(matched)[::-1][9]
    assert found[3].figure == f"interval {0.9 - reach:+.2f} to {0.9 + reach:+.2f} sd, declared 0.75"
    held.reactions["H3"] = reaction([0.3] * 6, nulls={"matched": matched})
    told = headline_falsifiers(held, beside, check(0.1), rules)[3].figure
    assert told.endswith("both fit; the declared effect would be found in 42% of such samples")
    held.reactions["H3"] = reaction([0.3] * 6)
    held.links["H2"] = missing("H2", "no relief")
    found = headline_falsifiers(held, Surviving(NAN, "no yield"), check(0.1), rules)
    assert [one.figure for one in (found[0], found[1], found[3])] == ["no relief", "no yield", "too few sessions"]


def test_the_word_is_decided_at_the_level_itself(rules):
    alpha = rules.alpha
    yes = {name: link(name, p=alpha) for name in LINKS}
    assert decide(sample(**yes), (), alpha) == (True, [])
    assert decide(sample(**yes | {"H1": link("H1", p=alpha + 1e-9)}), (), alpha) == (None, [])
    wrong, same = link("H1", wrong=alpha), link("H2", same=alpha)
    assert decide(sample(H1=wrong, H2=same), (), alpha) == (
        False, ["H1 has the wrong sign at 5%", "H2 has no effect beyond the declared margin"]
    )  # fmt: skip
    over = alpha + 1e-9
    assert decide(sample(H1=link("H1", wrong=over, same=over)), (), alpha) == (None, [])
    assert decide(sample(H1=link("H1", wrong=alpha, same=alpha)), (), alpha)[1] == ["H1 has the wrong sign at 5%"]


def decisions(loss, decided, null=()):
    day = np.arange(len(loss))
    return DecisionTest(
        day,
        np.asarray(decided, dtype=bool),
        np.asarray(loss, dtype=float),
        NAN,
        0.5,
        NAN,
        np.asarray(null, float),
        day * 0,
    )


def test_decisions_by_fifths_of_the_loss():
    loss, decided = np.arange(10.0) / 100, np.arange(10) % 3 == 0
    test = decisions(loss[::-1], decided[::-1])
    table = _hazard("s", SimpleNamespace(decisions=test), 0.9)
    edges = np.linspace(0, 0.09, 6)
    assert table["loss_from"].tolist() == pytest.approx(edges[:-1].tolist())
    assert table["loss_to"].tolist() == pytest.approx(edges[1:].tolist())
    assert table["sessions"].tolist() == [2] * 5
    assert table["decisions"].tolist() == [1, 1, 0, 1, 1]  # losses 0, 3, 6, 9
    z = stats.norm.isf(0.05)
    for row in table.itertuples():
        share, n = row.decisions / 2, 2
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        assert (row.rate, row.low, row.high) == pytest.approx(
            (share, max(centre - half, 0), min(centre + half, 1)), abs=1e-9
        )
    tied = _hazard("s", SimpleNamespace(decisions=decisions([0.0] * 7 + [1.0], [True] + [False] * 7)), 0.9)
    assert tied["sessions"].sum() == 8
    five = decisions([0.1, 0.2, 0.3, 0.4, 0.5], [True, False, False, False, False])
    assert _hazard("s", SimpleNamespace(decisions=five), 0.9)["sessions"].tolist() == [1] * 5
    four = decisions([0.1, 0.2, 0.3, 0.4], [True, False, False, False])
    assert _hazard("s", SimpleNamespace(decisions=four), 0.9).empty


def test_placebos_have_the_sign_of_the_market():
    draws = np.array([0.1, -0.2, 0.3])
    down = reaction([0.4, 0.6], nulls={"permutation": draws}, left_out=np.array([0.6, 0.4]),
                    null_left_out=np.array([[0.5, 0.5], [0.7, 0.9]]))  # fmt: skip
    up = reaction([0.4, 0.6], nulls={"permutation": draws})
    held = SimpleNamespace(reactions={"H1": down, "H3": up}, decisions=decisions([0.1], [True], [1.0, 2.0]))
    table = _placebos("s", held)
    assert set(table["sample"]) == {"s"}
    groups = dict(iter(table.groupby(["link", "scheme"])))
    assert list(groups) == [("H1", "left_out"), ("H1", "permutation"), ("H2", "sessions"), ("H3", "permutation")]
    assert groups["H1", "permutation"]["value"].tolist() == [-0.1, 0.2, -0.3]
    assert set(groups["H1", "permutation"]["observed"]) == {-0.5}
    assert groups["H3", "permutation"]["value"].tolist() == [0.1, -0.2, 0.3]
    assert set(groups["H3", "permutation"]["observed"]) == {0.5}
    assert groups["H2", "sessions"]["value"].tolist() == [1.0, 2.0]
    assert set(groups["H2", "sessions"]["observed"]) == {0.5}
    observed, own = down.worst_left_out()
    assert groups["H1", "left_out"]["value"].tolist() == (-own).tolist()
    assert set(groups["H1", "left_out"]["observed"]) == {-observed}
    bare = _placebos("s", SimpleNamespace(reactions={}, decisions=decisions([0.1], [True])))
    assert len(bare) == 0
    assert next(iter(bare.columns)) == "sample"


def test_specifications_are_ranked_from_nought_within_sample_and_link():
    table = pd.DataFrame(
        {"sample": ["b", "a", "a", "a"], "link": ["H1", "H1", "H1", "H3"], "standardized": [0.0, 2.0, -1.0, 5.0]}
    )
    found = _curve(table)
    assert found["standardized"].tolist() == [-1.0, 2.0, 5.0, 0.0]
    assert found["rank"].tolist() == [0, 1, 0, 0]
    assert found.index.tolist() == [0, 1, 2, 3]
    bare = pd.DataFrame({"sample": []})
    assert _curve(bare) is bare


def test_frames_hold_the_samples_that_are_shown(rules):
    table = pd.DataFrame(
        {
            "start_event": ["a"], "actor": ["US"], "start_et": pd.to_datetime(["2025-01-01"]),
            "end_et": pd.to_datetime(["2025-01-05"]), "end": ["softened"],
        }
    )  # fmt: skip
    study = SimpleNamespace(
        rules=rules,
        threats=table,
        events=pd.DataFrame({"scope": ["other"]}, index=["a"]),
        index=pd.bdate_range("2025-01-01", periods=3),
        record=SimpleNamespace(market=SimpleNamespace(close=np.array([1.0, 2.0, 3.0]))),
    )
    test = decisions(np.arange(10.0), np.arange(10) % 2 == 0, [0.5])
    power = {"H1": Power(0.75, 0.6, 0.9, ((1.5, 0.8),)), "H2": Power(4.0, 0.5, 5.0, ((2.0, 0.3),))}
    held = SimpleNamespace(reactions={}, decisions=test, power=power)
    tested = SimpleNamespace(study=study, samples={"x": held, "y": held, "z": held}, shown=("x", "z"))
    tables = {
        name: pd.DataFrame({"own": [name]}) for name in ("overlay", "paths", "rate_ladder", "dose", "links", "curve")
    }
    tables["events_used"] = pd.DataFrame({"link": ["H1", "H2", "H3"], "car": [1.0, 2.0, 3.0]})
    frames = chart_frames(tested, tables)
    assert frames["reactions"]["link"].tolist() == ["H1", "H3"]
    assert frames["reactions"].to_dict("list") == {"link": ["H1", "H3"], "car": [1.0, 3.0]}
    assert frames["reactions"].index.tolist() == [0, 1]
    assert frames["hazard_by_drawdown"].index.tolist() == list(range(10))
    assert frames["placebos"].index.tolist() == [0, 1]
    assert list(dict.fromkeys(frames["hazard_by_drawdown"]["sample"])) == ["x", "z"]
    assert len(frames["hazard_by_drawdown"]) == 10
    first = frames["hazard_by_drawdown"].iloc[0]
    wide = stats.binomtest(int(first["decisions"]), int(first["sessions"])).proportion_ci(0.9, method="wilson")
    assert (first["low"], first["high"]) == pytest.approx((wide.low, wide.high))  # one-sided at 5 %
    assert frames["power"].to_numpy().tolist()[:2] == [["x", "H1", 1.5, 2.0, 0.8], ["x", "H2", 2.0, 0.5, 0.3]]
    assert len(frames["power"]) == 4
    assert frames["placebos"]["value"].tolist() == [0.5, 0.5]
    assert frames["incidence"][["targets", "day", "relieved", "at_risk"]].to_numpy().tolist() == [
        ["all targets", 4.0, 1.0, 1.0]
    ]
    assert frames["index"]["level"].tolist() == [1.0, 2.0, 3.0]
    study.events = pd.DataFrame({"scope": list(rules.sample.scopes[:1])}, index=["a"])
    assert chart_frames(tested, tables)["incidence"]["targets"].tolist() == ["all targets", "within the scopes"]
    study.threats = table.iloc[:0]
    assert chart_frames(tested, tables)["incidence"].empty
    assert chart_frames(tested, tables)["incidence"].columns.tolist()[0] == "targets"


def race(rules, rows, **more):
    table = pd.DataFrame(rows, columns=["sample", "rival", "hazard_ratio", "log_se", "reliefs"])
    return SimpleNamespace(definitions=rules, tables=lambda: {"race": table}, **more)


def test_rivals_are_told_in_doublings(rules):
    rows = [
        ("all", "constant", NAN, NAN, 12),
        ("all", "drawdown", 0.5, 0.2, 12),
        ("all", "deadline", 4.0, 0.3, 12),
        ("after", "fear", 9.0, 0.1, 5),
    ]
    chart = questions.rivals(race(rules, rows))
    assert (
        chart.title == "Relief is 4.0 times as likely within a week of the announced date, 0.5 times with stocks lower"
    )
    data = chart.data.set_index("label")
    assert list(data.index) == ["date within a week", "stocks lower"]
    assert data["estimate"].tolist() == pytest.approx([2.0, -1.0])
    half = 1.6448536269514722 * np.array([0.3, 0.2]) / math.log(2)
    assert data["low"].tolist() == pytest.approx((np.array([2.0, -1.0]) - half).tolist())
    assert data["high"].tolist() == pytest.approx((np.array([2.0, -1.0]) + half).tolist())
    assert chart.caption.endswith("Sample “all”, 12 episodes relieved.")
    assert "90% intervals" in chart.caption
    axes = chart.draw()
    told = {tick: text.get_text() for tick, text in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)}
    assert {2.0: "4", 0.0: "1", -1.0: "1/2"}.items() <= told.items()
    assert all(tick == round(tick) for tick in told)
    assert [text.get_text() for text in axes.texts if text.get_gid() == "forest.value"] == ["4.0 times", "0.5 times"]
    other = questions.rivals(race(rules, rows), "after")
    assert other.title == "No rival was fitted"
    assert questions.rivals(race(rules, rows), "none").caption.endswith("0 episodes relieved.")


DAYS = pd.bdate_range("2025-03-20", "2025-06-20")


def risen(rules, levels, days=DAYS):
    index = pd.DataFrame({"session": days, "level": levels})
    return SimpleNamespace(definitions=rules.model_copy(update={"ledger": "us-china"}), frame=lambda _: index)


def test_the_recovery_is_in_shares_of_the_rise(rules):
    level = pd.Series(200.0, index=DAYS)
    level["2025-04-08"], level["2025-04-09"] = 100.0, 130.0
    level["2025-05-09"], level["2025-05-12"], level["2025-06-09"] = 160.0, 190.0, 180.0
    level["2025-04-02"] = 150.0
    level["2025-03-26":"2025-04-01"] = [151.0, 152.0, 153.0, 154.0, 155.0]  # the week before
    chart = questions.recovery(risen(rules, level.to_numpy()))
    # of a rise of 80: 30 on the day of the pause, 20 from the close before Geneva on
    assert chart.title == "38% of the rise from 8 April to 9 June 2025 came on 9 April, 25% after Geneva"
    data = chart.data
    since = len(DAYS[(DAYS >= "2025-04-02") & (DAYS <= "2025-06-09")])
    assert data["relative_day"].tolist() == list(range(-6, since - 1))
    assert data.set_index("relative_day")["change"][[-1, 3, 4]].tolist() == pytest.approx([0.0, -1 / 3, 130 / 150 - 1])
    week = data.set_index("relative_day")["level"][[-6, -5, -4, -3, -2, -1]]
    assert week.tolist() == [151.0, 152.0, 153.0, 154.0, 155.0, 150.0]
    named = data[data["label"] != ""].set_index("relative_day")["label"]
    assert named.to_dict() == {3: "8 April: lowest", 4: "9 April: pause", 27: "12 May: Geneva", 47: "9 June"}
    short = DAYS[DAYS < "2025-06-09"]
    assert questions.recovery(risen(rules, np.ones(len(short)), short)).data.empty


def test_ends_are_told_at_half_the_limit_and_open_threats_below_the_days(rules):
    limit = rules.episodes.censor_days  # sixty
    frame = pd.DataFrame(
        {
            "targets": "within the scopes", "day": [30.0, 31.0, 45.0, 60.0], "relieved": [0.25, 0.5, 0.5, 0.5],
            "implemented": [0.125, 0.125, 0.25, 0.25], "open": [0.625, 0.375, 0.25, 0.25], "at_risk": [8.0, 5.0, 3.0, 2.0],
        }
    )  # fmt: skip
    made = SimpleNamespace(definitions=rules, frame=lambda _: frame)
    chart = questions.ends(made)
    assert chart.title == f"{limit // 2} days on, 25% of 8 threats had found relief, 12% were in force"
    axes = chart.draw()
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0\n8", "15\n8", "30\n8", "45\n3", "60\n2"]
    assert (axes.get_xlim(), axes.get_ylim()) == ((0.0, 60.0), (0.0, 1.0))
    drawn = {line.get_gid(): line for line in axes.lines}
    assert drawn["ends.open"].get_xdata().tolist() == [0, 30, 31, 45, 60]
    assert drawn["ends.open"].get_ydata().tolist() == [1.0, 0.625, 0.375, 0.25, 0.25]
    assert drawn["ends.implemented"].get_ydata().tolist() == [0.0, 0.125, 0.125, 0.25, 0.25]
    late = frame.assign(day=[31.0, 32.0, 45.0, 50.0])
    made.frame = lambda _: late
    chart = questions.ends(made)
    assert chart.title == f"{limit // 2} days on, 0% of 8 threats had found relief, 0% were in force"
    assert chart.draw().get_xticklabels()[-1].get_text() == "60\n0"
    assert questions.ends(made, "all targets").title == "No threat ended"


WORST = ("2025-04-03", "2025-04-04")


def judged(rules, market, *, h2=None, h3=None, beside=None, selloffs=None):
    """Judge the falsifiers on a made-up record; return them with what the two reactions of H1 should be."""
    busy = np.zeros(market.close.size, dtype=bool)
    scored = scores(market, busy, rules.reaction, window=(0, 0))
    cells = match_cells(market, scored.z, busy, rules.placebo.prior_sessions)
    lead = [Stratum("lead", 500, 690, np.arange(450, 691))]
    whole = [Stratum("whole", 400, 690, np.arange(380, 691))]
    days = pd.bdate_range(end="2025-06-30", periods=market.close.size)
    worst = days.get_indexer(pd.DatetimeIndex(WORST))
    assert (worst > 600).all()
    by_rule, trigger = np.array([505, 540, 580, 620, 660]), np.sort([410, 450, 520, 560, 600, *worst])
    study = SimpleNamespace(
        rules=rules,
        index=days,
        record=SimpleNamespace(trigger=trigger),
        vary=lambda variant: SimpleNamespace(
            trigger=SimpleNamespace(position=by_rule if variant.tiers == rules.sample.rule_tiers else trigger)
        ),
    )
    third = h3 or link("H3", median=0.2, p_matched=0.01, p_sign=0.01)
    up = reaction([0.9] * 6, nulls={"matched": np.linspace(-0.5, 0.5, 199)})
    held = SimpleNamespace(
        links={"H2": h2 or link("H2", p=0.01, log_odds_low=0.2, log_odds_high=2.0), "H3": third},
        reactions={"H3": up},
        power={"H3": POWER},
    )
    tested = SimpleNamespace(
        study=study,
        evidence=SimpleNamespace(scores=scored, cells=cells),
        samples={rules.headline: held, "all": SimpleNamespace(links={"H1": link("H1", p=0.02)})},
        strata={rules.headline: lead, "all": whole},
        seed=7,
        draws=199,
    )
    analysis = SimpleNamespace(
        races={rules.headline: SimpleNamespace(surviving=beside or Surviving(0.03, "", (0.1, 2.0)))},
        checks={rules.headline: [selloffs or check(0.1, p=0.01), None]},
    )
    found = check_falsifiers(tested, analysis)
    first, second = np.random.SeedSequence([7, 1]).spawn(2)
    expected = [
        react(scored, position, strata, cells, rules.placebos(199), sign=-1, rng=np.random.default_rng(stream))
        for position, strata, stream in (
            (by_rule, lead, first),
            (np.setdiff1d(trigger, worst), whole, second),
        )
    ]
    return found, expected


def test_falsifiers_of_the_first_version_are_judged_in_their_own_places(rules, market):
    found, (by_rule, without) = judged(rules, market)
    assert [one.link for one in found] == ["H1", "H1", "H2", "H2", "H2", "H3", "H3"]
    assert [one.text for one in found] == [text for name in ("h1", "h2", "h3") for text in rules.falsifiers[name]]
    assert [one.required for one in found] == [one.text not in rules.falsifiers_open for one in found]
    assert found[0].figure == pvalue_words(by_rule.pvalue)
    assert found[0].fires is bool(by_rule.pvalue > rules.alpha)
    assert found[1].figure == f"all events p = 0.020, without them {pvalue_words(without.pvalue)}"
    assert found[2].figure == "difference +0.3000, p = 0.010"
    assert found[3].figure == "p = 0.030"
    assert found[5].figure == "p = 0.010"
    assert found[6].figure == "median +0.20"
    assert [one.fires for one in found[2:]] == [False] * 5


def test_falsifiers_of_the_first_version_at_their_limits(rules, market):
    alpha = rules.alpha
    for second, fires in (
        (link("H2", p=alpha, estimate=0.1), False),
        (link("H2", p=alpha + 1e-9, estimate=0.1), True),
        (link("H2", p=0.01, estimate=0.0), True),
        (link("H2", p=0.01, estimate=-0.1), True),
        (missing("H2", "no relief"), None),
    ):
        one = judged(rules, market, h2=second)[0][2]
        assert one.fires is fires
    assert one.figure == "no relief"
    for median, fires in ((0.0, True), (-0.1, True), (0.01, False)):
        found = judged(rules, market, h3=link("H3", median=median, p_matched=alpha))[0]
        assert [one.fires for one in found[5:]] == [False, fires]
    found = judged(rules, market, h3=missing("H3", "none there"), beside=Surviving(NAN, "no yield"))[0]
    assert [one.figure for one in (found[3], found[5], found[6])] == ["no yield", "too few sessions", "none there"]
    assert [one.fires for one in (found[3], found[5], found[6])] == [None] * 3
    assert judged(rules, market, selloffs=check(-0.1, silent=0.01))[0][4].fires is True


def test_falsifiers_of_the_second_version_are_judged_by_intervals(market):
    rules = load_definitions()
    assert rules.version > 1
    rules = rules.model_copy(update={"worst": WORST})
    found, (by_rule, without) = judged(rules, market)
    assert [one.text for one in found] == [text for name in ("h1", "h2", "h3") for text in rules.falsifiers[name]]
    for one, own in zip(found[:2], (by_rule, without), strict=True):
        low, high = own.interval(1 - 2 * rules.alpha)
        assert one.link == "H1"
        assert one.figure.startswith(f"interval {low:+.2f} to {high:+.2f} sd, declared {rules.power.reaction:g}")
    assert [one.required for one in found] == [one.text not in rules.falsifiers_open for one in found]
