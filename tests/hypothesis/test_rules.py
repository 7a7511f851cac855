"""The rules of the ledger on grounds made for the purpose: each word can be reached, and only for its reason."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from eventstudy.hypothesis.claims import rules_arithmetic as ledger_dates, rules_tests
from eventstudy.hypothesis.claims.ledger import Finding, MissingData
from eventstudy.hypothesis.links.decision import Rows
from eventstudy.hypothesis.rivals.cumulative_incidence import cumulative_incidence
from made_ground import INDEX, ground, link


@pytest.mark.parametrize(
    ("closes", "word"),
    [
        ({"2025-02-19": 108.5, "2025-04-02": 100, "2025-04-08": 88}, "contradicted"),
        ({"2025-02-19": 108.5, "2025-04-02": 100, "2025-04-08": 82.5}, "supported"),
        ({"2025-04-02": 100, "2025-04-08": 99}, "contradicted"),
    ],
)
def test_fall_of_april(rules, closes, word):
    found = ledger_dates.fall_of_april(ground(rules, closes=closes))
    assert found.word == word
    assert ("February" in found.reason) == (closes.get("2025-02-19") is not None and word == "contradicted")


@pytest.mark.parametrize(("level", "word"), [(98.0, "supported"), (96.0, "contradicted")])
def test_recovery(rules, level, word):
    closes = {"2025-02-19": 100.0, "2025-06-09": level, "2025-06-10": level}
    assert ledger_dates.recovery_of_june(ground(rules, closes=closes)).word == word


@pytest.mark.parametrize(("geneva", "word"), [(106.7, "supported"), (103.0, "contradicted")])
def test_third(rules, geneva, word):
    closes = {"2025-04-08": 100.0, "2025-05-09": geneva, "2025-06-09": 110.0}
    assert ledger_dates.third_after_geneva(ground(rules, closes=closes)).word == word


@pytest.mark.parametrize(("foreign", "word"), [(None, "not testable"), (0.02, "supported"), (-0.02, "mixed")])
def test_rally_of_the_world(rules, foreign, word):
    securities = pd.DataFrame(index=INDEX)
    if foreign is not None:
        securities["^HSI"] = foreign
    found = ledger_dates.rally_after_geneva(ground(rules, closes={"2025-05-12": 103.0}, securities=securities))
    assert found.word == word


@pytest.mark.parametrize(
    ("fears", "word"),
    [
        ({"2025-04-08": 50, "2025-04-09": 33, "2025-04-16": 32}, "supported"),
        ({"2025-04-08": 50, "2025-04-09": 33, "2025-04-16": 55}, "mixed"),
    ],
)
def test_pause(rules, fears, word):
    moments = pd.to_datetime(["2025-04-02 16:26", "2025-04-09 13:18"]).tz_localize("America/New_York")
    events = pd.DataFrame({"announced_at": moments}, index=["2025-04-02_liberation", "2025-04-09_pause"])
    assert ledger_dates.pause_calmed(ground(rules, fears=fears, events=events)).word == word


@pytest.mark.parametrize(("rise", "word"), [(110.0, "supported"), (100.01, "contradicted")])
def test_rank_of_the_year(rules, rise, word):
    rng = np.random.default_rng(1)
    closes = dict(
        zip(INDEX[:60].strftime("%Y-%m-%d"), 100 * np.cumprod(1 + 0.01 * rng.standard_normal(60)), strict=True)
    )
    before = closes["2025-03-26"]
    closes |= {"2025-04-08": before, "2025-04-09": before * rise / 100}
    for day in INDEX[(INDEX > "2025-03-26") & (INDEX < "2025-04-08")].strftime("%Y-%m-%d"):
        closes[day] = before
    for day in INDEX[INDEX > "2025-04-09"].strftime("%Y-%m-%d"):
        closes[day] = before * rise / 100
    assert ledger_dates.strongest_session(ground(rules, closes=closes)).word == word


@pytest.mark.parametrize(
    ("month", "after", "word"), [(4, 30.0, "supported"), (5, 30.0, "mixed"), (5, 80.0, "contradicted")]
)
def test_april_rates(rules, month, after, word):
    events = pd.DataFrame(
        {"announced_at": [pd.Timestamp(2025, month, 12, tz="UTC")], "rate_before": [145.0], "rate_after": [after]},
        index=["2025-05-12_geneva"],
    )
    assert ledger_dates.april_rates(ground(rules, events=events)).word == word


def test_talks_in_london(rules):
    def at(hour, day=9):
        moments = pd.DatetimeIndex([pd.Timestamp("2025-06-05 08:45"), pd.Timestamp(2025, 6, day, hour)]).tz_localize(
            "America/New_York"
        )
        events = pd.DataFrame(
            {"announced_at": moments, "precision": "exact_min"}, index=["2025-06-05_xicall", "2025-06-09_london_start"]
        )
        return ledger_dates.london_talks(ground(rules, events=events)).word

    assert at(8) == "supported"  # 08:00 in New York is 13:00 in London
    assert at(10) == "mixed"
    assert at(8, day=11) == "contradicted"


@pytest.mark.parametrize(("moves", "word"), [(16, "supported"), (24, "contradicted"), (19.95, "mixed")])
def test_language(rules, moves, word):
    fears = {"2025-10-13": moves}
    rng = np.random.default_rng(2)
    calm = dict(zip(INDEX[:150].strftime("%Y-%m-%d"), 20 + 0.2 * rng.standard_normal(150), strict=True))
    assert ledger_dates.language_of_october(ground(rules, fears=calm | fears)).word == word


def test_a_fall_of_the_gauge_is_held_against_like_days(rules):
    """Where the gauge falls as far on every session in the same state, its fall on the day says nothing."""
    fear, days = np.full(len(INDEX), 20.0), INDEX.get_indexer(pd.to_datetime(["2025-10-13", "2025-10-17"]))
    alike = np.concatenate([np.array([60, 120]), days])
    fear[alike] = 16.0
    made = ground(rules, fears=dict(zip(INDEX.strftime("%Y-%m-%d"), fear, strict=True)))
    assert ledger_dates.language_of_october(made).word == "supported"  # most quiet sessions: no change
    made.evidence.cells.prior[alike] = 1
    assert ledger_dates.language_of_october(made).word == "mixed"


@pytest.mark.parametrize(
    ("rates", "eased", "close", "hits"),
    [((130, 30, 30), True, 103.0, 4), ((130, 30, 20), True, 103.0, 3), ((30, 130, 20), False, 97.0, 0)],
)
def test_scenario_is_scored_part_by_part(rules, rates, eased, close, hits):
    events = pd.DataFrame(
        {
            "rate_before": [float(rates[0]), 30.0],
            "rate_after": [float(rates[1]), float(rates[2])],
            "stance": ["softening", "softening" if eased else "escalation"],
        },
        index=["2025-10-26_kl", "2025-10-30_busan"],
    )
    found = ledger_dates.scenario_of_november(ground(rules, events=events, closes={"2025-10-30": close}))
    assert found.figure.startswith(f"{hits} of 4 parts")
    assert found.word == {4: "supported", 3: "mixed", 0: "contradicted"}[hits]


def test_signs_of_october(rules):
    securities = pd.DataFrame(0.0, index=INDEX, columns=["BG", "MP", "NVDA"])
    securities.loc["2025-10-27"] = [0.02, -0.05, 0.01]
    assert ledger_dates.sectors_of_october(ground(rules, securities=securities)).word == "supported"
    securities.loc["2025-10-27", "BG"] = -0.02
    assert ledger_dates.sectors_of_october(ground(rules, securities=securities)).word == "mixed"
    with pytest.raises(MissingData, match="no prices of soy"):
        ledger_dates.sectors_of_october(ground(rules))


@pytest.mark.parametrize(
    ("p", "wrong", "word"), [(0.01, 0.9, "supported"), (0.9, 0.01, "contradicted"), (0.5, 0.5, "mixed")]
)
def test_word_of_a_test(p, wrong, word):
    assert rules_tests.word(p, wrong, 0.05) == word


def sample(ps, chain, wrong=0.5):
    links = {name: link(p, wrong) for name, p in zip(("H1", "H2", "H3"), ps, strict=True)}
    return SimpleNamespace(links=links, chain=SimpleNamespace(applicable=True, pvalue=chain))


@pytest.mark.parametrize(
    ("everything", "chain", "wrong", "word"),
    [
        ((0.01, 0.01, 0.01), 0.02, 0.5, "supported"),
        ((0.01, 0.60, 0.01), 0.60, 0.5, "mixed"),
        ((0.01, 0.60, 0.01), 0.60, 0.01, "contradicted"),
        ((0.30, 0.60, 0.40), 0.60, 0.5, "not testable"),
    ],
)
def test_the_chain_as_a_claim(rules, everything, chain, wrong, word):
    samples = {"all": sample(everything, 0.5), "after": sample((0.5, 0.5, 0.5), chain, wrong)}
    assert rules_tests.whole_chain(ground(rules, samples=samples)).word == word


@pytest.mark.parametrize(
    ("share", "p", "later", "word"),
    [
        (0.82, 0.006, 0.8, "supported"),
        (0.82, 0.006, 0.5, "mixed"),
        (0.45, 0.7, 0.5, "contradicted"),
        (0.6, 0.2, 0.8, "mixed"),
    ],
)
def test_reliable_lift(rules, share, p, later, word):
    samples = {
        "all": SimpleNamespace(links={"H3": link(0.01, share=share, p_sign=p)}),
        "after": SimpleNamespace(links={"H3": link(0.01, share=later)}),
    }
    assert rules_tests.reliable_lift(ground(rules, samples=samples)).word == word


def threats(*rows):
    frame = pd.DataFrame(rows, columns=["start_event", "actor", "days", "end"])
    frame["start_et"] = pd.Timestamp("2025-01-06", tz="UTC")
    frame["end_et"] = frame["start_et"] + pd.to_timedelta(frame["days"], unit="D")
    return frame


@pytest.mark.parametrize(
    ("ends", "word"),
    [
        (("softened", "softened", "implemented"), "supported"),
        (("implemented", "implemented", "softened"), "contradicted"),
    ],
)
def test_modal_outcome(rules, ends, word):
    table = threats(*(("a", "US", 5, end) for end in ends))
    events = pd.DataFrame({"scope": ["china"]}, index=["a"])
    found = rules_tests.modal_outcome(ground(rules, events=events, study={"threats": table}))
    assert found.word == word


@pytest.mark.parametrize(("soft", "word"), [(58, "supported"), (2, "contradicted"), (30, "mixed")])
def test_within_weeks(rules, soft, word):
    rows = [("a", "US", 10, "softened")] * soft + [("a", "US", 59, "implemented")] * (60 - soft)
    found = rules_tests.within_weeks(ground(rules, study={"threats": threats(*rows)}))
    assert found.word == word


def test_too_few_reliefs_near_the_record(rules):
    blank = np.zeros(40, int)
    rows = Rows(blank, np.arange(100, 140), np.ones(40, int), np.arange(40) < 3, blank > 0, blank + 50, blank, blank)
    found = rules_tests.near_the_record(ground(rules, samples={"after": SimpleNamespace(rows=rows)}))
    assert found.word == "not testable"
    assert "too few events: 3" in found.reason


@pytest.mark.parametrize(
    ("call", "tesla", "p_size", "size", "word"),
    [
        (0.001, 0.0, 0.01, -0.5, "supported"),
        (0.001, 0.0, 0.6, -0.1, "mixed"),
        (0.05, 0.0, 0.6, 0.1, "contradicted"),
        (-0.00238, -0.14, 0.01, -0.5, "supported"),  # the whole fall is Tesla's
        (0.05, 0.0, 0.01, -0.5, "mixed"),
    ],
)
def test_muted(rules, call, tesla, p_size, size, word):
    table = pd.DataFrame({"link": ["H1"], "p_size": [p_size], "size_difference": [size]})
    analysis = SimpleNamespace(tables={"attenuation": table}, facts={}, races={}, checks={})
    rng = np.random.default_rng(1)
    closes = {
        f"{day:%Y-%m-%d}": value
        for day, value in zip(INDEX, 100 * np.cumprod(1 + 0.01 * rng.normal(size=len(INDEX))), strict=True)
    }
    closes["2025-06-05"] = closes["2025-06-04"] * (1 + call)
    securities = pd.DataFrame({"TSLA": 0.0}, index=INDEX)
    securities.loc["2025-06-05", "TSLA"] = tesla
    assert rules_tests.muted_call(ground(rules, closes=closes, securities=securities, analysis=analysis)).word == word
    assert rules_tests.muted_call(ground(rules, closes=closes, analysis=analysis)).word == "not testable"


@pytest.mark.parametrize(
    ("up", "down", "word"), [(10, 10, "supported"), (10, 5, "mixed"), (9, 8, "mixed"), (1, 1, "contradicted")]
)
def test_fuel(rules, up, down, word):
    """Of ten threats and ten reliefs so many moved the gauge as claimed; on quiet sessions it is even."""
    trigger, relief = np.arange(20, 120, 10), np.arange(25, 125, 10)
    level = 20 + np.cumsum(np.where(np.arange(len(INDEX)) % 2, 0.1, -0.1))
    level[trigger] = level[trigger - 1] + np.where(np.arange(10) < up, 0.05, -0.05)
    level[relief] = level[relief - 1] - np.where(np.arange(10) < down, 0.05, -0.05)
    fears = {f"{day:%Y-%m-%d}": value for day, value in zip(INDEX, level, strict=True)}
    made = ground(rules, fears=fears)
    made.study.record.trigger, made.study.record.relief = trigger, relief
    assert rules_tests.fuel_for_volatility(made).word == word


@pytest.mark.parametrize(
    ("ps", "word"), [((0.001, 0.001), "supported"), ((0.001, 0.9), "mixed"), ((0.9, 0.9), "mixed")]
)
def test_front_running(rules, ps, word):
    table = pd.DataFrame({"symbol": ["MP", "USAR"], "pvalue": ps, "z": [0.5, 0.5]})
    analysis = SimpleNamespace(tables={"tells": table}, facts={}, races={}, checks={})
    assert rules_tests.front_running(ground(rules, analysis=analysis)).word == word


def test_missing_things_are_named(rules):
    made = ground(rules)
    for ask, text in (
        (lambda: made.close("2019-01-02"), "no price on 2019-01-02"),
        (lambda: made.event("none"), "no event none"),
        (lambda: made.adjusted("NVDA", "2025-06-09"), "no prices of NVDA"),
    ):
        with pytest.raises(MissingData, match=text):
            ask()


def test_a_finding_has_no_reason_unless_given():
    assert Finding("supported", "figure", "window").reason == ""


def test_incidence_of_nothing():
    assert cumulative_incidence(np.zeros(0), np.zeros(0, int)).at(10) == (0.0, 0.0, 1.0)
