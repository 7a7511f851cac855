"""Rules of the second version's claims: each is fed data that must flip its word."""

from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tests.support.made_ground import INDEX, ground

from eventstudy.hypothesis.claims import rules_arithmetic, rules_policy, rules_tests
from eventstudy.hypothesis.claims.judge import RULES
from eventstudy.hypothesis.claims.ledger import MissingData, load_claims
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.risk_sets import Relief, RiskSets, Rows

NEW_YORK = "America/New_York"


def stretches(*rows):
    names = [
        "episode",
        "state",
        "rate",
        "rate_in_force",
        "from_session",
        "to_session",
        "ended_by",
        "end_kind",
        "deadline",
    ]
    table = pd.DataFrame(rows, columns=names)
    for column in ("from_session", "to_session", "deadline"):
        table[column] = pd.to_datetime(table[column])
    return table


def with_tables(rules, own, reliefs=None, **parts):
    return ground(rules, study={"shipped": (own, reliefs if reliefs is not None else pd.DataFrame())}, **parts)


def events(**rows):
    """One row an event: announced_at and session from its day, and what else is given."""
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame["announced_at"] = pd.to_datetime(frame["day"]).dt.tz_localize(NEW_YORK) + pd.Timedelta(hours=10)
    frame["session"] = pd.to_datetime(frame["day"])
    return frame


def path(value):
    return {f"{day:%Y-%m-%d}": level for day, level in zip(INDEX, value, strict=True)}


def test_every_claim_has_a_rule():
    assert sorted(RULES) == [entry["number"] for entry in load_claims()] == list(range(1, 51))


@pytest.mark.parametrize(
    ("after", "state", "word"),
    [(30, "threatened", "supported"), (145, "threatened", "contradicted"), (30, "in force", "contradicted")],
)
def test_the_truce_held(rules, after, state, word):
    own = stretches(("E06b", state, 54.0, 30.0, "2025-08-13", "2025-10-27", "x", "relief", "2025-11-10"))
    made = with_tables(
        rules, own, events=events(**{"2025-08-11_extension": {"day": "2025-08-11", "rate_after": after}})
    )
    assert rules_policy.truce_held(made).word == word


@pytest.mark.parametrize(
    ("kind", "last", "state", "truce", "through"),
    [
        ("relief", "2025-10-27", "threatened", "supported", "contradicted"),
        ("relief", "2025-11-14", "threatened", "contradicted", "contradicted"),
        ("taking effect", "2025-10-31", "in force", "contradicted", "supported"),
    ],
)
def test_the_threat_of_october(rules, kind, last, state, truce, through):
    own = stretches(("E19", state, 130.0, 30.0, "2025-10-10", last, "x", kind, "2025-11-01"))
    made = with_tables(rules, own)
    assert rules_policy.managed_truce(made).word == truce
    assert rules_policy.follow_through(made).word == through


@pytest.mark.parametrize(("moved", "word"), [(-0.4, "supported"), (0.02, "contradicted"), (-0.001, "mixed")])
def test_a_shock_first(rules, moved, word):
    rng = np.random.default_rng(0)
    level = 100 * np.cumprod(1 + 0.01 * rng.normal(size=len(INDEX)))
    a, b = INDEX.get_loc(pd.Timestamp("2025-10-10")), INDEX.get_loc(pd.Timestamp("2025-10-27"))
    level[a:b] = level[a - 1] * (1 + np.linspace(0, moved, b - a))
    own = stretches(("E19", "threatened", 130.0, 30.0, "2025-10-10", "2025-10-27", "x", "relief", "2025-11-01"))
    assert rules_policy.shock_first(with_tables(rules, own, closes=path(level))).word == word


@pytest.mark.parametrize(
    ("name", "word"), [("suspended to 10 November 2026", "supported"), ("suspended to 10 May 2026", "contradicted")]
)
def test_one_year(rules, name, word):
    made = ground(rules, events=events(**{"2025-11-07_cn_no70": {"day": "2025-11-07", "name": name}}))
    assert rules_policy.one_year(made).word == word


@pytest.mark.parametrize(("kind", "word"), [("relief", "supported"), ("end of the record", "contradicted")])
def test_affiliates(rules, kind, word):
    own = stretches(("E25", "in force", np.nan, np.nan, "2025-09-29", "2025-10-27", "x", kind, ""))
    assert rules_policy.affiliates(with_tables(rules, own)).word == word


@pytest.mark.parametrize(
    ("up", "word"), [((0.02, 0.01), "supported"), ((0.02, -0.01), "mixed"), ((-0.02, -0.01), "contradicted")]
)
def test_farm_names_and_foreign_indices(rules, up, word):
    for names, rule in ((("BG", "ADM"), rules_policy.soybeans), (("^N225", "^HSI"), rules_policy.abroad)):
        securities = pd.DataFrame(0.0, index=INDEX, columns=list(names))
        securities.loc["2025-10-27"] = up
        assert rule(ground(rules, securities=securities)).word == word
        with pytest.raises(MissingData):
            rule(ground(rules))


@pytest.mark.parametrize(
    ("slope", "falls", "sizes"),
    [(1, "supported", "supported"), (-1, "contradicted", "contradicted"), (0, "mixed", "mixed")],
)
def test_fatigue_and_anticipation(rules, slope, falls, sizes):
    """Falls that become weaker with every threat, or deeper, or neither."""
    trigger = np.arange(20, 160, 7)
    made = ground(rules)
    noise = np.random.default_rng(2).normal(size=trigger.size) * 0.3
    made.evidence.scores.z[trigger] = -5 + slope * 0.2 * np.arange(trigger.size) + noise
    made.study.record.trigger = trigger
    assert rules_policy.anticipation(made).word == falls
    assert rules_policy.fatigue(made).word == sizes


@pytest.mark.parametrize(
    ("estimate", "p", "word"), [(-0.5, 0.01, "supported"), (0.5, 0.01, "contradicted"), (-0.5, 0.4, "mixed")]
)
def test_after_gains(rules, estimate, p, word):
    check = SimpleNamespace(name="asymmetry: gains", estimate=estimate, pvalue=p, events=9)
    analysis = SimpleNamespace(checks={"all": (check,)}, tables={}, facts={}, races={})
    assert rules_policy.after_gains(ground(rules, analysis=analysis)).word == word


@pytest.mark.parametrize(("fall", "word"), [(-9.0, "supported"), (-0.1, "mixed"), (6.0, "contradicted")])
def test_triple_digits(rules, fall, word):
    table = events(
        a={"day": "2025-04-10", "stance": "escalation", "rate_after": 145.0, "actor": "US", "scope": "china"}
    )
    analysis = SimpleNamespace(tables={"dose": pd.DataFrame()}, facts={"dose": {}}, checks={}, races={})
    made = ground(rules, events=table, z={"2025-04-10": fall}, analysis=analysis)
    assert rules_tests.triple_digits(made).word == word
    with pytest.raises(MissingData, match="no move to a triple-digit rate"):
        rules_tests.triple_digits(ground(rules, events=table.assign(rate_after=54.0), analysis=analysis))


@pytest.mark.parametrize(("fear", "word"), [(12.0, "supported"), (60.0, "contradicted"), (None, "mixed")])
def test_unprovoked_escalations(rules, fear, word):
    """Six Chinese escalations that answer nothing: the gauge low before them, high, or as ever; a seventh answers and is left out."""
    level = 20 + np.random.default_rng(3).normal(size=len(INDEX))
    at = np.arange(30, 210, 30)
    level[at - 1] = level[at - 1] if fear is None else fear
    rows = {f"c{i}": {"day": f"{INDEX[t]:%Y-%m-%d}", "actor": "China", "scope": "china"} for i, t in enumerate(at)}
    rows["us"] = {"day": f"{INDEX[12]:%Y-%m-%d}", "actor": "US", "scope": "china"}
    rows["answer"] = {"day": f"{INDEX[14]:%Y-%m-%d}", "actor": "China", "scope": "china"}
    table = events(**rows).assign(stance="escalation", lead=True)
    found = rules_tests.beijing(ground(rules, events=table, fears=path(level)))
    assert found.word == word
    assert found.figure.startswith("7 sessions of Chinese escalations, 6 not within 3")


@pytest.mark.parametrize(("z", "word"), [(6.0, "supported"), (-6.0, "contradicted"), (0.1, "mixed")])
def test_rare_earth_news_is_of_the_ninth(rules, z, word):
    table = events(**{"2025-06-06_rareearths": {"day": "2025-06-09"}})
    assert rules_arithmetic.rare_earth_news(ground(rules, events=table, z={"2025-06-09": z})).word == word


@pytest.mark.parametrize(
    ("first", "word"), [("2025-10-31", "supported"), ("2025-10-27", "mixed"), ("2025-09-01", "contradicted")]
)
def test_the_moment_of_apec(rules, first, word):
    table = events(
        **{
            "2025-10-30_busan": {"day": max(first, "2025-10-30"), "cluster": "b"},
            "lead": {"day": first, "cluster": "b"},
        }
    )
    assert rules_arithmetic.apec_moment(ground(rules, events=table)).word == word


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("10-15% on crude oil and farm goods", "supported"),
        ("10-15% on farm goods", "mixed"),
        ("25 firms", "contradicted"),
    ],
)
def test_the_lists_of_march(rules, name, word):
    rows = {
        n: {"day": d, "name": name, "summary": ""}
        for n, d in (("2025-02-04_cn_retal", "2025-02-04"), ("2025-03-04_cn_retal", "2025-03-04"))
    }
    assert rules_arithmetic.march_retaliation(ground(rules, events=events(**rows))).word == word


def test_premia_need_january(rules):
    with pytest.raises(MissingData, match="no fear gauge in January 2026"):
        rules_policy.premia(ground(rules))


@pytest.mark.parametrize(("later", "word"), [(15.0, "supported"), (30.0, "contradicted")])
def test_premia(rules, later, word):
    made = ground(rules)
    index = pd.bdate_range("2025-10-01", "2026-01-30").as_unit("us")
    fear = np.where(index < pd.Timestamp("2026-01-01"), 20.0, later)
    made.study.index, made.study.record.market = index, SimpleNamespace(fear=fear)
    assert rules_policy.premia(made).word == word


@pytest.mark.parametrize(
    ("until", "deadline", "word"),
    [
        ("2025-08-12", "2025-08-12", "supported"),
        ("2025-07-15", "2025-08-12", "mixed"),
        ("2025-06-05", "2025-08-12", "contradicted"),
        ("2025-08-12", "2025-07-09", "contradicted"),
    ],
)
def test_the_deadline_of_august(rules, until, deadline, word):
    own = stretches(("E06b", "threatened", 54.0, 30.0, "2025-05-13", until, "x", "relief", deadline))
    assert rules_policy.august_deadline(with_tables(rules, own)).word == word
    with pytest.raises(MissingData, match="no episode E06b"):
        rules_policy.august_deadline(with_tables(rules, own.assign(episode="E19")))


def pairs(relieved, base):
    """One episode open from session 20 to 199, from a close of its own, relieved in part on the days given."""
    day = np.arange(20, 200)
    blank, marks = np.zeros(day.size, np.int64), np.isin(day, relieved)
    rows = Rows(blank, day, day - base, marks, np.zeros(day.size, bool), np.full(day.size, base), blank, blank)
    reliefs = tuple(Relief(int(t), f"r{t}", (int(t) - 20,)) for t in relieved)
    return RiskSets(rows, reliefs, ("E",), np.zeros(day.size, bool), frozenset(), pd.DataFrame())


@pytest.mark.parametrize(
    ("before", "word"), [((40.0, 80.0), "supported"), ((10.0, 120.0), "contradicted"), (None, "mixed")]
)
def test_words_and_acts_after_volatility(rules, before, word):
    """Reliefs on the days after the highest gauge and the lowest closes, after the opposite, and on any day."""
    at = np.array([30, 41, 67, 90, 109, 140, 156, 187])  # at unlike distances: no turn meets them all again
    rng = np.random.default_rng(5)
    fear, close = 20 + rng.normal(size=len(INDEX)), 100 + rng.normal(size=len(INDEX))
    if before is not None:
        fear[at - 1], close[at - 1] = before
    risk = pairs(at, 10)
    made = ground(rules, fears=path(fear), closes=path(close), study={"risk_sets": lambda _: risk})
    made = replace(made, study=SimpleNamespace(**{**vars(made.study), "record": record_of(made)}))
    made.evidence.drawdown = "threat"
    found = rules_tests.after_volatility(made)
    assert found.word == word
    assert found.figure.startswith("before 8 reliefs in acts or words")
    made.study.risk_sets = lambda _: pairs(at[:4], 10)
    with pytest.raises(MissingData, match="too few reliefs"):
        rules_tests.after_volatility(made)


def record_of(made):
    """A whole record about the market that was made: the rule changes its risk sets."""
    none = np.zeros(0, dtype=np.int64)
    blank = {field.name: none for field in fields(Record)}
    return Record(**{**blank, "market": made.study.record.market})


def test_two_claims_no_figure_here_can_speak_to(rules):
    """The only ones: mines and plants are no prices, and the figures are daily closes. The ledger says so, with no word of its own."""
    with pytest.raises(MissingData, match="neither prices nor announcements"):
        rules_arithmetic.shares_of_rare_earths(ground(rules))
    with pytest.raises(MissingData, match=r"no intraday bars \(the index closed \+5.00% on 9 June\)"):
        rules_policy.at_the_open(ground(rules, closes={"2025-06-09": 105.0}))
