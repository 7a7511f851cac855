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


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"deadline": "2025-08-01"}, "supported"),
        ({"deadline": "2025-08-31"}, "supported"),
        ({"deadline": "2025-07-31"}, "contradicted"),
        ({"deadline": "2025-09-01"}, "contradicted"),
        ({"state": "in force"}, "contradicted"),
        ({"first": "2025-06-10"}, "supported"),
        ({"first": "2025-06-11"}, "contradicted"),
        ({"last": "2025-08-01"}, "supported"),
        ({"last": "2025-07-31"}, "mixed"),
        ({"last": "2025-06-10"}, "mixed"),
    ],
)
def test_the_deadline_of_august_by_its_bounds(rules, parts, word):
    told = {"state": "threatened", "deadline": "2025-08-12", "first": "2025-05-13", "last": "2025-08-12"} | parts
    row = ("E06b", told["state"], 54.0, 30.0, told["first"], told["last"], "act", "relief", told["deadline"])
    earlier = ("E06b", "threatened", 54.0, 30.0, "2025-05-12", "2025-06-30", "before", "relief", "2025-08-02")
    found = rules_policy.august_deadline(with_tables(rules, stretches(row)))
    assert found.word == word
    if word != "contradicted":
        first, last, due = (pd.Timestamp(told[key]) for key in ("first", "last", "deadline"))
        assert (found.reason == "") == (word == "supported")
        assert found.figure == f"due on {due:%d %B %Y}, open from {first:%d %B} to {last:%d %B}; ended by relief (act)"
        # of several the last is told
        assert rules_policy.august_deadline(with_tables(rules, stretches(earlier, row))).figure == found.figure


def test_licences_as_easing_are_three_sessions(rules):
    names = {
        "2025-06-07_mofcom": "2025-06-09",
        "2025-10-12_dontworry": "2025-10-13",
        "2025-11-09_gallium": "2025-11-10",
    }
    closes = {"2025-06-09": 101.0, "2025-10-13": 102.0, "2025-11-10": 98.0}
    found = rules_policy.carve_outs(
        ground(rules, closes=closes, events=events(**{n: {"day": d} for n, d in names.items()}))
    )
    assert found.figure == "S&P 500 2025-06-09 +1.00%, 2025-10-13 +2.00%, 2025-11-10 -2.00%"
    assert (found.word, found.window) == ("descriptive", "2025-06-09, 2025-10-13, 2025-11-10")


@pytest.mark.parametrize(
    ("first", "last", "state", "rate", "word"),
    [
        ("2025-08-13", "2025-10-01", "threatened", 144.0, "supported"),
        ("2025-08-13", "2025-10-01", "threatened", 145.0, "contradicted"),
        ("2025-08-01", "2025-08-12", "in force", 145.0, "supported"),  # over before the extension
        ("2025-08-01", "2025-08-13", "in force", 30.0, "contradicted"),
        ("2025-11-10", "2025-12-10", "in force", 145.0, "supported"),  # begun after it
        ("2025-11-09", "2025-12-10", "in force", 30.0, "contradicted"),
    ],
)
def test_the_truce_by_the_stretches_inside_it(rules, first, last, state, rate, word):
    own = stretches(
        ("E06b", "threatened", 54.0, 20.0, "2025-08-20", "2025-10-27", "x", "relief", "2025-11-10"),
        ("E06b", state, rate if state == "in force" else 54.0, rate, first, last, "y", "relief", "2025-11-10"),
    )
    made = with_tables(rules, own, events=events(**{"2025-08-11_extension": {"day": "2025-08-11", "rate_after": 30.0}}))
    found = rules_policy.truce_held(made)
    assert found.word == word
    inside = first <= "2025-11-09" and last >= "2025-08-13"
    assert found.figure.startswith(f"in force 20{f'/{rate:.0f}' if inside else ''}% by the record's stretches")
    other = events(**{"2025-08-11_extension": {"day": "2025-08-11", "rate_after": 31.0}})
    assert rules_policy.truce_held(with_tables(rules, own, events=other)).word == "contradicted"


def test_premia_are_means_of_two_months(rules):
    made = ground(rules)
    index = pd.bdate_range("2025-10-08", "2026-02-04").as_unit("us")
    fear = np.full(len(index), 99.0)
    fear[(index >= "2025-10-10") & (index <= "2025-10-31")] = 20.0
    fear[(index >= "2026-01-01") & (index <= "2026-01-31")] = 20.0
    made.study.index, made.study.record.market = index, SimpleNamespace(fear=fear)
    found = rules_policy.premia(made)
    assert (found.word, found.figure) == (
        "contradicted",
        "mean fear gauge 20.0 from 10 to 31 October 2025, 20.0 in January 2026",
    )
    fear[index.get_loc(pd.Timestamp("2026-01-30"))] = 19.0
    assert rules_policy.premia(made).word == "supported"
    for month in ("2025-10", "2026-01"):
        gone = np.where(index.strftime("%Y-%m") == month, np.nan, fear)
        made.study.record.market = SimpleNamespace(fear=gone)
        with pytest.raises(MissingData, match="no fear gauge"):
            rules_policy.premia(made)


@pytest.mark.parametrize("size", [False, True])
def test_the_slope_on_the_order_of_threats_by_least_squares(rules, size):
    """Those of 2024 and those without a score do not count; p by all draws of the order that were made."""
    made = ground(rules)
    index = INDEX.where(np.arange(len(INDEX)) >= 40, INDEX - pd.DateOffset(years=1))
    made.study.index = index
    at = np.array([10, 39, 40, 55, 70, 90, 120, 150])
    made.study.record.trigger = at
    z = made.evidence.scores.z
    z[at] = [9.0, -9.0, 0.5, -2.0, 1.0, np.nan, -1.5, 0.25]
    values = np.array([0.5, -2.0, 1.0, -1.5, 0.25])
    values = np.abs(values) if size else values
    rule, number = (rules_policy.fatigue, 49) if size else (rules_policy.anticipation, 39)
    found = rule(made)
    slope = np.polyfit(np.arange(5), values, 1)[0]
    orders = made.rng(number).permuted(np.tile(values, (199, 1)), axis=1)
    slopes = np.array([np.polyfit(np.arange(5), order, 1)[0] for order in orders])
    p = (1 + np.sum(slopes <= slope + 1e-9 if size else slopes >= slope - 1e-9)) / 200
    what = "size of the reaction" if size else "reaction"
    side = "smaller" if size else "weaker falls"
    assert (
        found.figure
        == f"{what} {slope:+.3f} standard deviations a threat, in their order (p = {p:.3f} for {side}), 5 sessions"
    )
    z[70] = np.nan
    with pytest.raises(MissingData, match="4 threats with a price"):
        rule(made)


@pytest.mark.parametrize(
    ("last", "kind", "word"),
    [
        ("2025-11-07", "relief", "supported"),
        ("2025-11-08", "relief", "contradicted"),
        ("2025-11-07", "taking effect", "contradicted"),
    ],
)
def test_the_truce_came_within_four_weeks(rules, last, kind, word):
    rows = [
        ("E19", "threatened", 130.0, 30.0, "2025-10-10", day, "x", how, "2025-11-01")
        for day, how in (("2025-12-01", "other"), (last, kind))
    ]
    found = rules_policy.managed_truce(with_tables(rules, stretches(*rows)))
    assert found.word == word
    assert found.figure == f"the threat of 10 October ended by {kind} (x) on {pd.Timestamp(last):%d %B %Y}"
    told = rules_policy.follow_through(with_tables(rules, stretches(*rows)))
    assert (
        told.figure
        == f"the 100% was never in force; it ended by {kind} on {pd.Timestamp(last):%d %B %Y}, its date was 01 November"
    )
    rows[0] = ("E19", "in force", *rows[0][2:])
    assert rules_policy.follow_through(with_tables(rules, stretches(*rows))).figure.startswith("the 100% was in force")


def test_the_fall_before_the_truce_is_ranked_among_stretches_as_long(rules):
    level = 100 * np.cumprod(1 + 0.01 * np.random.default_rng(4).normal(size=len(INDEX)))
    level[50] = np.nan
    a, b = INDEX.get_loc(pd.Timestamp("2025-10-10")), INDEX.get_loc(pd.Timestamp("2025-10-27"))
    own = stretches(("E19", "threatened", 130.0, 30.0, "2025-10-10", "2025-10-27", "x", "relief", "2025-11-01"))
    found = rules_policy.shock_first(with_tables(rules, own, closes=path(level)))
    moved, n = level[b - 1] / level[a - 1] - 1, b - a
    every = [level[t + n] / level[t] - 1 for t in range(len(level) - n)]
    rank = np.mean([x <= moved for x in every])
    assert found.figure == (
        f"index {moved * 100:+.2f}% from the close before the threat to the close before its relief, {n} sessions; {rank:.0%} of stretches as long did no better"
    )
    assert found.word == ("supported" if rank <= 0.05 else "contradicted" if moved > 0 else "mixed")
    flat = np.full(len(INDEX), 100.0)
    assert rules_policy.shock_first(with_tables(rules, own, closes=path(flat))).word == "mixed"  # nothing is no rise


def test_what_suspended_the_affiliates_rule(rules):
    rows = [
        ("E25", "in force", np.nan, np.nan, day, "2025-10-27", by, kind, "")
        for day, by, kind in (
            ("2025-09-29", "a", "restated"),
            ("2025-10-10", "b", "relief"),
            ("2025-10-11", "c", "relief"),
        )
    ]
    found = rules_policy.affiliates(with_tables(rules, stretches(*rows)))
    assert found.figure == "in force from 29 September 2025; suspended by b"
    assert rules_policy.affiliates(with_tables(rules, stretches(rows[0]))).figure.endswith("; not relieved")


def test_signs_of_farm_names_are_beyond_the_market_and_of_foreign_indices_raw(rules):
    securities = pd.DataFrame(0.0, index=INDEX, columns=["SOYB", "DE", "^KS11", "000300.SS"])
    securities.loc["2025-10-27"] = [0.02, 0.01, 0.005, 0.0]
    made = ground(rules, securities=securities, closes={"2025-10-27": 101.0})
    farm, far = rules_policy.soybeans(made), rules_policy.abroad(made)
    assert (farm.word, farm.figure) == (
        "mixed",
        "SOYB +1.00%, DE 0.00% beyond the market",
    )  # as much as the market is no rise
    assert (far.word, far.figure) == ("mixed", "^KS11 +0.50%, 000300.SS 0.00%")


def test_partial_reliefs_of_export_controls_are_counted(rules):
    reliefs = pd.DataFrame(
        {
            "relief_event": ["a", "b", "c", "d", "e"],
            "counts": [True, True, True, False, True],
            "partial": [True, False, True, True, True],
        }
    )
    kinds = events(
        **{
            n: {"day": "2025-06-09", "instrument": k}
            for n, k in zip(
                "abcd", ("export_control", "tariff, export_control", "tariff", "export_control"), strict=True
            )
        }
    )
    found = rules_policy.selective(with_tables(rules, stretches(), reliefs, events=kinds))
    assert (found.word, found.figure) == (
        "descriptive",
        "1 of 2 reliefs of export controls were partial: the control stayed",
    )
    with pytest.raises(MissingData, match="no reliefs"):
        rules_policy.selective(ground(rules, study={"shipped": None}))


@pytest.mark.parametrize(
    ("estimate", "p", "word"),
    [(-0.5, 0.05, "supported"), (-0.5, 0.051, "mixed"), (0.0, 0.05, "contradicted"), (np.nan, 0.01, None)],
)
def test_after_gains_at_the_size_of_the_test(rules, estimate, p, word):
    checks = (
        SimpleNamespace(name="asymmetry: losses", estimate=9.0, pvalue=0.9, events=1),
        SimpleNamespace(name="asymmetry: gains", estimate=estimate, pvalue=p, events=9),
    )
    made = ground(rules, analysis=SimpleNamespace(checks={"all": checks}, tables={}, facts={}, races={}))
    if word is None:
        with pytest.raises(MissingData, match="too few reliefs"):
            rules_policy.after_gains(made)
        return
    found = rules_policy.after_gains(made)
    assert found.word == word
    assert (
        found.figure
        == f"log odds of relief {estimate:+.2f} a standard deviation of gains, beside the losses (p = {p:.3f}, two-sided), 9 episodes relieved"
    )


def test_an_escalation_within_three_sessions_answers_one(rules):
    """On the same session, after three and after four; before an American one; not a lead; the other side's own scope."""
    rows = {
        "us": {"day": f"{INDEX[50]:%Y-%m-%d}", "actor": "US", "scope": "china"},
        "elsewhere": {"day": f"{INDEX[89]:%Y-%m-%d}", "actor": "US", "scope": "other"},
    }
    places = [49, 50, 53, 54, 90, 120, 150, 180]
    rows |= {f"c{t}": {"day": f"{INDEX[t]:%Y-%m-%d}", "actor": "China", "scope": "china"} for t in places}
    table = events(**rows).assign(stance="escalation", lead=True)
    table.loc["c180", "lead"] = False
    fear = 20 + np.random.default_rng(3).normal(size=len(INDEX))
    found = rules_tests.beijing(ground(rules, events=table, fears=path(fear)))
    assert found.figure.startswith("7 sessions of Chinese escalations, 5 not within 3 sessions of an American one")
    before = np.mean([fear[t - 1] for t in (49, 54, 90, 120, 150)])
    assert f"fear gauge before these {before:.1f}, on turned calendars" in found.figure
    turned = float(found.figure.split("turned calendars ")[1].split()[0])
    assert abs(turned - fear.mean()) < 0.3
    table.loc["c150", "lead"] = False
    few = rules_tests.beijing(ground(rules, events=table, fears=path(fear)))
    assert (few.word, few.reason) == ("not testable", "too few unprovoked ones: 4")
    table.loc["c150", "lead"] = True
    assert (
        rules_tests.beijing(ground(rules, events=table, fears=path(np.full(len(INDEX), np.nan)))).word == "not testable"
    )


def test_volatility_before_acts_and_words_by_their_own_means(rules):
    """The gauge of the day before, and the loss to it, on reliefs less on turned ones, with twice the smaller p-value."""
    at = np.array([30, 41, 67, 90, 109])
    rng = np.random.default_rng(5)
    fear, close = 20 + rng.normal(size=len(INDEX)), 100 + rng.normal(size=len(INDEX))
    fear[at - 1] += 30.0
    risk = pairs(at, 10)
    made = ground(rules, fears=path(fear), closes=path(close), study={"risk_sets": lambda _: risk})
    made = replace(made, study=SimpleNamespace(**{**vars(made.study), "record": record_of(made)}))
    made.evidence.drawdown = "threat"
    found = rules_tests.after_volatility(made)
    gap = float(found.figure.split("fear gauge ")[1].split()[0])
    assert abs(gap - 30.0) < 2.0
    assert found.word == "supported"
    split = int((INDEX <= "2025-05-02").sum())
    assert (at < split).sum() == 3  # two stretches, each with its own ring
    loss = float(found.figure.split("loss ")[1].split()[0])
    days = np.arange(20, 200)
    logs = 100 * np.log(close[10] / close[days - 1])
    expected = logs[np.isin(days, at)].mean() - (3 * logs[days < split].mean() + 2 * logs[days >= split].mean()) / 5
    assert abs(loss - expected) < 0.15
    made.study.risk_sets = lambda _: pairs(at[:4], 10)
    with pytest.raises(MissingData, match="too few reliefs"):
        rules_tests.after_volatility(made)
    blind = ground(rules, fears=path(np.full(len(INDEX), np.nan)), study={"risk_sets": lambda _: risk})
    with pytest.raises(MissingData, match="no fear gauge"):
        rules_tests.after_volatility(blind)
