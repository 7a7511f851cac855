"""The rules of the ledger that rest on a test: their figures by hand, their words on either side of each limit."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from eventstudy.hypothesis.claims import rules_arithmetic as ledger_dates, rules_tests
from eventstudy.hypothesis.claims.ledger import Claim, Finding, MissingData, Rules, claims_frame
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.rivals import cumulative_incidence
from made_ground import INDEX, ground, link

MC = 4  # standard errors of a p-value from 199 draws


def race(fear, drawdown, *, reliefs=9, **more):
    """The race of all events, with p-values and hazard ratios by rival."""
    rows = {"fear": fear, "drawdown": drawdown, **more}
    table = pd.DataFrame(
        [(name, p, ratio, reliefs) for name, (p, ratio) in rows.items()],
        columns=["rival", "p_permutation", "hazard_ratio", "reliefs"],
    )
    return SimpleNamespace(
        races={"all": SimpleNamespace(table=table, favourite="fear")}, facts={}, tables={}, checks={}
    )


@pytest.mark.parametrize(("p", "word"), [(0.05, "supported"), (0.06, "mixed"), (0.96, "contradicted")])
def test_the_rival_while_a_threat_is_open(rules, p, word):
    analysis = race((0.5, 1.0), (0.5, 1.0), retaliation=(p, 2.5))
    found = rules_tests.rare_earth_leverage(ground(rules, analysis=analysis))
    assert found.word == word
    assert "threat is open 2.50 (p = " in found.figure
    assert found.figure.endswith("the race favours: fear")
    with pytest.raises(MissingData, match="too few reliefs"):
        rules_tests.rare_earth_leverage(ground(rules, analysis=race((0.5, 1.0), (0.5, 1.0))))


@pytest.mark.parametrize(
    ("p", "wrong", "word"), [(0.04, 0.9, "supported"), (0.9, 0.04, "contradicted"), (0.5, 0.5, "mixed")]
)
def test_faster(rules, p, wrong, word):
    mark = SimpleNamespace(name="landmark", pvalue=0.2, events=3, n=11)
    analysis = SimpleNamespace(checks={"all": [SimpleNamespace(name="other"), mark]}, facts={}, tables={}, races={})
    samples = {"all": SimpleNamespace(links={"H2": link(p, wrong)})}
    found = rules_tests.faster(ground(rules, analysis=analysis, samples=samples))
    assert found.word == word
    assert found.figure.endswith("(3 of 11)")
    samples["all"].links["H2"].applicable = False
    with pytest.raises(MissingData):
        rules_tests.faster(ground(rules, analysis=analysis, samples=samples))


def scored(made, values):
    made.evidence.scores.z[:] = values
    return made


@pytest.mark.parametrize(("gap", "words"), [(0.0, {"mixed"}), (3.0, {"supported"}), (-3.0, {"contradicted"})])
def test_formal_acts_against_words(rules, gap, words):
    relief, said = np.array([10, 30, 50, 70, 90]), np.array([20, 40, 60, 80])
    rng = np.random.default_rng(1)
    z = rng.standard_normal(len(INDEX))
    z[relief] += gap
    z[[50, 80]] = np.nan  # without a price: in neither group
    made = scored(ground(rules), z)
    made.study.sample.relief, made.study.sample.words = (SimpleNamespace(position=p) for p in (relief, said))
    found = rules_tests.enforcement(made)
    a, b = z[[10, 30, 70, 90]], z[[20, 40, 60]]
    assert f"less words {a.mean() - b.mean():+.2f} standard deviations" in found.figure
    assert found.figure.endswith("4 and 3 sessions")
    assert found.word in words
    both = np.concatenate([a, b])
    every = [np.mean(both[list(c)]) - np.mean(np.delete(both, c)) for c in itertools.combinations(range(7), 4)]
    exact = np.mean(np.array(every) >= a.mean() - b.mean() - 1e-12)
    _, p, *_ = rules_tests._difference(made, relief, said, 21)
    assert abs(p - exact) < MC * np.sqrt(exact * (1 - exact) / 199) + 1 / 200
    assert bool(found.reason) == (p > 0.05)


@pytest.mark.parametrize(("one", "two"), [(1, 3), (3, 1), (0, 0)])
def test_two_sessions_of_each_are_compared_and_no_fewer(rules, one, two):
    made = ground(rules)
    with pytest.raises(MissingData, match=f"{one} and {two} sessions to compare"):
        rules_tests._difference(made, np.arange(one) + 5, np.arange(two) + 50, 1)
    assert rules_tests._difference(made, np.array([5, 6]), np.array([50, 51]), 1)[2:] == (2, 2)


def escalations(days, **changed):
    frame = pd.DataFrame({"session": pd.DatetimeIndex(days), "actor": "China", "stance": "escalation", "lead": True})
    for column, value in changed.items():
        frame[column] = value
    return frame


@pytest.mark.parametrize(("size", "word"), [(4.0, "supported"), (0.01, "contradicted"), (0.8, "mixed")])
def test_talks_are_held_against_quiet_sessions_by_size(rules, size, word):
    z = np.random.default_rng(2).standard_normal(len(INDEX))
    talks = np.array([5, 6, 7, 8, 9, 10])
    z[talks] = size * np.array([1, -1, 1, -1, 1, np.nan])
    made = scored(ground(rules), z)
    made.study.sample.talks = SimpleNamespace(position=talks)
    found = rules_tests.readouts(made)
    assert found.word == word
    quiet = np.abs(z[made.evidence.cells.pool]).mean()
    assert found.figure.startswith(f"mean size {size:.2f} against ")
    assert abs(float(found.figure.split("against ")[1].split(" ")[0]) - quiet) < 0.1
    assert found.figure.endswith("5 talks")
    made.study.sample.talks = SimpleNamespace(position=talks[1:])
    with pytest.raises(MissingData, match="4 talks with a price"):
        rules_tests.readouts(made)


@pytest.mark.parametrize(("n", "enough"), [(4, False), (5, True)])
def test_five_reliefs_carry_a_sign_rate(rules, n, enough):
    samples = {name: SimpleNamespace(links={"H3": link(0.01, share=0.8, p_sign=0.01)}) for name in ("all", "after")}
    samples["all"].links["H3"].n = n
    made = ground(rules, samples=samples)
    if enough:
        assert rules_tests.reliable_lift(made).word == "supported"
        return
    with pytest.raises(MissingData, match="too few reliefs"):
        rules_tests.reliable_lift(made)


def test_ends_of_threats_are_those_of_the_decider_in_the_scopes(rules):
    table = pd.DataFrame(
        [
            ("a", "US", 5, "softened"),
            ("b", "US", 8, "implemented"),
            ("a", "both", 9, "censored"),
            ("a", "China", 2, "softened"),
        ],
        columns=["start_event", "actor", "days", "end"],
    )
    table["start_et"] = pd.Timestamp("2025-01-06", tz="UTC")
    table["end_et"] = table["start_et"] + pd.to_timedelta(table["days"], unit="D")
    events = pd.DataFrame({"scope": ["china", "other"]}, index=["a", "b"])
    made = ground(rules, events=events, study={"threats": table})
    everyone = cumulative_incidence.ends_of_threats(made.study, everyone=True)
    assert (everyone.n, everyone.day.tolist()) == (3, [5.0, 8.0, 9.0])
    assert everyone.at(8.0) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    inside = cumulative_incidence.ends_of_threats(made.study, everyone=False)
    assert (inside.n, inside.day.tolist()) == (2, [5.0, 9.0])
    assert inside.at(100.0) == pytest.approx((0.5, 0.0, 0.5))
    made.study.threats = table.iloc[3:]
    with pytest.raises(MissingData, match="no threats"):
        rules_tests._ends(made, everyone=True)


@pytest.mark.parametrize(("near", "word"), [(True, "supported"), (False, "contradicted")])
def test_relief_near_the_record(rules, near, word):
    """Reliefs on the sessions farthest from the record, or nearest to it."""
    closes = {f"{day:%Y-%m-%d}": 100 - 0.1 * at for at, day in enumerate(INDEX[100:140])}
    day = np.arange(101, 140)
    relieved = (day >= 133) if near else (day < 108)
    blank = np.zeros(day.size, int)
    rows = SimpleNamespace(day=day, relieved=relieved, age=np.ones(day.size, int), base=blank)
    found = rules_tests.near_the_record(ground(rules, closes=closes, samples={"after": SimpleNamespace(rows=rows)}))
    assert found.word == word
    assert found.figure.endswith(f"{relieved.sum()} reliefs")


@pytest.mark.parametrize(("change", "word"), [(-5.0, "supported"), (0.0, "contradicted"), (5.0, "contradicted")])
def test_a_rate_that_fell(rules, change, word):
    events = pd.DataFrame(
        {"rate_before": [20.0], "rate_after": [20.0 + change], "announced_at": [pd.Timestamp("2025-10-30", tz="UTC")]},
        index=["2025-10-30_busan"],
    )
    found = ledger_dates.fentanyl(ground(rules, events=events))
    assert (found.word, found.figure) == (word, f"20% to {20 + change:.0f}% announced on 30 October 2025")


def test_frameworks_are_described_by_their_means(rules):
    closes = {"2025-06-11": 101.0, "2025-10-27": 103.0, "2025-05-12": 110.0, "2025-10-30": 98.0}
    found = rules_tests.frameworks(ground(rules, closes=closes))
    assert found.word == "descriptive"
    # the index goes back to 100 after each of those days: 1 % and 3 %; 10 % and -2 %
    assert found.figure == "framework +2.00% over 2 sessions; concrete +4.00% over 2 sessions"


@pytest.mark.parametrize(("names", "told"), [(("F", "GM"), "F, GM"), ((), "Durbl")])
def test_car_makers_or_the_industry_of_durables(rules, names, told):
    securities = pd.DataFrame(0.0, index=INDEX, columns=[*names, "Durbl"])
    for at, name in enumerate(names or ("Durbl",)):
        securities.loc["2025-04-04", name], securities.loc["2025-10-09", name] = 0.02 + 0.02 * at, -0.01 - 0.01 * at
    found = ledger_dates.licensing_friction(ground(rules, securities=securities, closes={"2025-04-04": 101.0}))
    first, second = (0.03, -0.015) if names else (0.02, -0.01)
    assert (
        found.figure
        == f"{told} beyond the market: 2025-04-04 {100 * (first - 0.01):+.2f}%, 2025-10-09 {100 * second:+.2f}%"
    )


def test_a_ground_gives_the_value_of_its_day_and_says_what_it_has_not():
    index = INDEX
    first, other, gone = "2025-01-02", "2025-04-04", "2025-04-07"
    securities = pd.DataFrame({"A": 0.0}, index=index)
    securities.loc[other, "A"], securities.loc[gone, "A"] = 0.04, np.nan
    events = pd.DataFrame({"stance": ["softening"]}, index=["known"])
    own = ground(
        load_definitions(), closes={other: 101.0, gone: np.nan}, fears={other: 35.0, gone: np.nan}, z={other: -2.5},
        securities=securities, events=events,
    )  # fmt: skip
    assert [own.at(day) for day in (first, "2025-01-03", f"{index[-1]:%Y-%m-%d}")] == [0, 1, len(index) - 1]
    assert (own.close(first), own.close(other)) == (100.0, 101.0)
    assert (own.fear(first), own.fear(other), own.z(other)) == (20.0, 35.0, -2.5)
    assert own.change(other) == pytest.approx(0.01)
    assert own.raw("A", other) == 0.04
    assert own.adjusted("A", other) == pytest.approx(0.03)  # beyond the index
    assert own.event("known")["stance"] == "softening"
    assert own.quiet().tolist() == list(range(20, 200))
    for ask, said in (
        (lambda: own.close("2025-01-04"), "no price on 2025-01-04"),  # a Saturday
        (lambda: own.close(gone), f"no value of the index on {gone}"),
        (lambda: own.change(gone), f"no value of the index on {gone}"),
        (lambda: own.fear(gone), f"no value of the fear gauge on {gone}"),
        (lambda: own.raw("A", gone), f"no value of A on {gone}"),
        (lambda: own.raw("B", other), "no prices of B"),
        (lambda: own.event("unknown"), "the catalogue has no event unknown"),
    ):
        with pytest.raises(MissingData) as told:
            ask()
        assert str(told.value) == said


def test_each_claim_draws_from_a_stream_of_its_own():
    """The same again for the same claim, another for each other claim, and none that another part of the study has."""
    own = ground(load_definitions())
    other = replace(own, seed=1)
    first = [own.rng(number).random() for number in range(1, 51)]
    assert first == [own.rng(number).random() for number in range(1, 51)]
    parts = [np.random.SeedSequence([0, 1]), np.random.SeedSequence([0, 2])]  # the falsifiers' and the analysis's
    parts += [np.random.SeedSequence([0, 4, number]) for number in range(6)]  # those of the steps
    elsewhere = [np.random.default_rng(seed).random() for seed in parts]
    drawn = [*first, *elsewhere, *(other.rng(number).random() for number in range(1, 51))]
    assert len(set(drawn)) == len(drawn)


def test_claims_are_a_table_of_one_row_each():
    claims = tuple(
        Claim(number, f"source {number}", "group", "text", "test", "figure", "window", "mixed", f"why {number}")
        for number in (3, 1)
    )
    table = claims_frame(claims)
    assert table.iloc[0].to_dict() == {
        "number": 3, "source": "source 3", "group": "group", "claim": "text", "verdict": "mixed", "figure": "figure",
        "test": "test", "window": "window", "reason": "why 3",
    }  # fmt: skip
    assert table["number"].tolist() == [3, 1]
    assert list(claims_frame(()).columns) == list(table.columns)


def test_a_rule_is_entered_under_its_number_and_stays_what_it_was():
    rules = Rules()

    def rule(own):
        del own
        return Finding("mixed", "figure", "window")

    assert rules.of(7)(rule) is rule
    assert rules == {7: rule}
    assert rule(None).reason == ""
