"""The rules of the ledger on grounds made for the purpose: each word can be reached, and only for its reason."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy.hypothesis.claims import rules_arithmetic as ledger_dates, rules_tests
from eventstudy.hypothesis.claims.ledger import Claim, Finding, MissingData, claims_frame
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


@pytest.mark.parametrize(
    ("start", "peak", "word", "said"),
    [
        (100.0, 109.0, "supported", "index -18.50% from the close before the announcement to the low, -25.23% from the peak of 19 February"),
        (97.1, 100.0, "supported", "index -16.07% from the close before the announcement to the low, -18.50% from the peak of 19 February"),
        (96.9, 100.0, "contradicted", "index -15.89% from the close before the announcement to the low, -18.50% from the peak of 19 February"),
        (102.0, 108.5, "contradicted", "index -20.10% from the close before the announcement to the low, -24.88% from the peak of 19 February"),
    ],
)  # fmt: skip
def test_eighteen_percent_within_two_points(rules, start, peak, word, said):
    closes = {"2025-02-19": peak, "2025-04-02": start, "2025-04-08": 81.5}
    closes |= {
        f"{day:%Y-%m-%d}": min(start, peak) for day in INDEX[INDEX < "2025-04-08"] if f"{day:%Y-%m-%d}" not in closes
    }
    closes["2025-06-02"] = 150.0  # what came later is no peak before it
    found = ledger_dates.fall_of_april(ground(rules, closes=closes))
    assert (found.word, found.figure) == (word, said)
    near = {100.0: True, 108.5: False}.get(peak, False)
    assert ("from the February peak" in found.reason) == (word == "contradicted" and near)


@pytest.mark.parametrize(("second", "word"), [(97.1, "supported"), (96.9, "contradicted")])
def test_almost_recovered_is_within_three_percent_on_both_days(rules, second, word):
    closes = {"2025-01-31": 300.0, "2025-02-03": 100.0, "2025-02-28": 100.0, "2025-03-03": 300.0}
    closes |= {f"{day:%Y-%m-%d}": 90.0 for day in INDEX[(INDEX > "2025-02-03") & (INDEX < "2025-02-28")]}
    closes |= {"2025-06-09": 98.5, "2025-06-10": second}
    found = ledger_dates.recovery_of_june(ground(rules, closes=closes))
    assert found.word == word
    assert found.figure == f"index -1.50% and {second - 100:.2f}% from the high of February"


@pytest.mark.parametrize(
    ("geneva", "word"), [(108.2, "contradicted"), (108.3, "contradicted"), (107.1, "supported"), (106.2, "supported"), (106.1, "contradicted")]
)  # fmt: skip
def test_a_third_is_met_within_five_points(rules, geneva, word):
    closes = {"2025-04-08": 100.0, "2025-05-09": geneva, "2025-06-09": 110.0}
    share = (110 - geneva) / 10
    found = ledger_dates.third_after_geneva(ground(rules, closes=closes))
    assert found.word == ("supported" if abs(share - 1 / 3) <= 0.05 else "contradicted") == word
    assert found.figure == f"{share * 100:.1f}% of the rise"


def test_every_foreign_index_is_asked_on_its_own_day(rules):
    """Tokyo had closed when the news came: its session is the next."""
    names = ["^STOXX", "^STOXX50E", "^GDAXI", "^HSI", "^N225", "^KS11"]
    securities = pd.DataFrame(-0.05, index=INDEX, columns=names)
    securities.loc["2025-05-12", [n for n in names if n != "^N225"]] = 0.01
    securities.loc["2025-05-13", "^N225"] = 0.02
    made = ground(rules, closes={"2025-05-12": 103.0}, securities=securities, z={"2025-05-12": 2.44})
    found = ledger_dates.rally_after_geneva(made)
    assert found.word == "supported"
    assert found.figure == (
        "S&P 500 +3.00% (+2.4 standard deviations), ^STOXX +1.00%, ^STOXX50E +1.00%, ^GDAXI +1.00%, ^HSI +1.00%, "
        "^N225 +2.00%, ^KS11 +1.00%"
    )
    fell = securities[["^HSI"]] * 0 - 0.01
    assert (
        ledger_dates.rally_after_geneva(ground(rules, closes={"2025-05-12": 97.0}, securities=fell)).word
        == "contradicted"
    )
    flat = securities[["^HSI"]] * 0
    assert ledger_dates.rally_after_geneva(ground(rules, closes={"2025-05-12": 103.0}, securities=flat)).word == "mixed"


@pytest.mark.parametrize(
    ("day", "fears", "word"),
    [
        (12, (50, 33, 32), "supported"),  # ten days are "within days"
        (13, (50, 33, 32), "mixed"),
        (13, (50, 33, 55), "contradicted"),
        (9, (50, 55, 32), "mixed"),
        (9, (50, 50, 32), "mixed"),  # no lower is not calmer
        (9, (50, 33, 50), "mixed"),
    ],
)
def test_calm_within_days(rules, day, fears, word):
    moments = pd.to_datetime(["2025-04-02 16:26", f"2025-04-{day:02d} 13:18"]).tz_localize("America/New_York")
    events = pd.DataFrame({"announced_at": moments}, index=["2025-04-02_liberation", "2025-04-09_pause"])
    told = dict(zip(("2025-04-08", "2025-04-09", "2025-04-16"), fears, strict=True))
    found = ledger_dates.pause_calmed(ground(rules, fears=told, events=events))
    assert found.word == word
    assert found.figure == (
        f"{day - 2} days; fear gauge {fears[0]:.1f} the day before, {fears[1]:.1f} at the close, {fears[2]:.1f} five sessions later"
    )


@pytest.mark.parametrize(("larger", "word"), [(0, "supported"), (4, "supported"), (5, "contradicted")])
def test_one_of_the_strongest_is_among_five(rules, larger, word):
    """So many sessions of the year rose by more; one that rose by as much does not count before it."""
    made = ground(rules)
    returns = np.zeros(len(INDEX))
    returns[0] = np.nan
    at = INDEX.get_loc(pd.Timestamp("2025-04-09"))
    returns[at], returns[5] = 0.05, 0.05
    returns[100 : 100 + larger] = 0.06
    made.study.record.market = SimpleNamespace(returns=returns)
    found = ledger_dates.strongest_session(made)
    assert found.word == word
    assert found.figure == f"index +5.00%, rank {larger + 1} of {len(INDEX) - 1} sessions"
    # the year before does not count
    index = INDEX.where(INDEX >= "2025-02-03", INDEX - pd.DateOffset(years=1))
    returns[:5] = 0.9
    made.study.index = index
    assert ledger_dates.strongest_session(made).figure.startswith(f"index +5.00%, rank {larger + 1} of")


def test_what_chips_did_is_told_beyond_the_market(rules):
    securities = pd.DataFrame(0.0, index=INDEX, columns=["NVDA", "AMD", "MRVL", "AVGO"])
    securities.loc["2025-06-09"] = [0.03, 0.02, 0.04, 0.015]
    for avgo, said in ((0.015, "all rose"), (0.01, "not all rose"), (0.005, "not all rose")):
        securities.loc["2025-06-09", "AVGO"] = avgo
        found = ledger_dates.chips_at_the_open(ground(rules, closes={"2025-06-09": 101.0}, securities=securities))
        assert found.word == "descriptive"
        assert found.figure.startswith("NVDA +2.00%, AMD +1.00%, MRVL +3.00%, AVGO ")
        assert found.reason.startswith(said)


def test_the_other_session_is_told_beside_the_news(rules):
    """Where no quiet session rose by as much, and where every one did."""
    events = pd.DataFrame({"session": [pd.Timestamp("2025-06-09")]}, index=["2025-06-06_rareearths"])
    for z, word, p in ((9.0, "supported", 1 / 181), (-9.0, "contradicted", 1.0)):
        made = ground(rules, closes={"2025-06-06": 101.0, "2025-06-09": 103.02}, events=events, z={"2025-06-09": z})
        made.evidence.cells.pool[:] = np.setdiff1d(np.arange(20, 201), [INDEX.get_loc(pd.Timestamp("2025-06-09"))])
        found = ledger_dates.rare_earth_news(made)
        assert found.word == word
        assert (
            found.figure
            == f"S&P 500 +2.00% on 09 June, p = {p:.3f} among quiet sessions; on 6 June +1.00%, before the news"
        )


@pytest.mark.parametrize(("closes", "parts"), [((100.0, 100.0), "no"), ((100.0, 100.5), "yes")])
def test_the_parts_of_the_scenario_by_their_bounds(rules, closes, parts):
    """A bounce is a rise; "about 30 %" is nearer than five points; as high as before is not off the table."""
    events = pd.DataFrame(
        {"rate_before": [130.0, 30.0], "rate_after": [130.0, 34.9], "stance": ["softening", "softening"]},
        index=["2025-10-26_kl", "2025-10-30_busan"],
    )
    made = ground(rules, events=events, closes=dict(zip(("2025-10-24", "2025-10-30"), closes, strict=True)))
    found = ledger_dates.scenario_of_november(made)
    assert f"markets bounce: {parts}" in found.figure
    assert "the 100% off the table: no" in found.figure
    assert "about 30% extended: yes" in found.figure
    assert found.word == "mixed"
    made = ground(
        rules, events=events.assign(rate_after=[130.0, 35.0], stance="escalation"), closes={"2025-10-30": closes[1]}
    )
    found = ledger_dates.scenario_of_november(made)
    assert "about 30% extended: no" in found.figure
    assert found.word == "contradicted"  # one part at most


@pytest.mark.parametrize(
    ("day", "word"), [("2025-10-24", "mixed"), ("2025-10-23", "contradicted"), ("2025-11-01", "supported"), ("2025-11-02", "mixed"),
                      ("2025-11-07", "mixed"), ("2025-11-08", "contradicted"), ("2025-10-31", "supported")]
)  # fmt: skip
def test_the_weekend_of_the_communique_and_the_week_around_it(rules, day, word):
    moment = pd.Timestamp(day, tz="UTC")
    events = pd.DataFrame(
        {"announced_at": [moment + pd.Timedelta(days=9), moment], "cluster": "b"}, index=["2025-10-30_busan", "lead"]
    )
    found = ledger_dates.apec_moment(ground(rules, events=events, closes={"2025-10-30": 101.0}))
    assert found.word == word
    assert found.figure.startswith(
        f"the decision was public on {moment:%d %B}, signed on {moment + pd.Timedelta(days=9):%d %B}; 10-27 0.00%, 10-29 0.00%, 10-30 +1.00%, 10-31 -0.99%"
    )


def test_car_makers_or_their_industry(rules):
    securities = pd.DataFrame(0.0, index=INDEX, columns=["F", "GM", "Durbl"])
    securities.loc["2025-04-04"], securities.loc["2025-10-09"] = [-0.02, -0.04, 0.09], [0.01, 0.02, 0.09]
    own = ground(rules, securities=securities)
    assert (
        ledger_dates.licensing_friction(own).figure == "F, GM beyond the market: 2025-04-04 -3.00%, 2025-10-09 +1.50%"
    )
    rest = ground(rules, securities=securities[["Durbl"]])
    assert (
        ledger_dates.licensing_friction(rest).figure == "Durbl beyond the market: 2025-04-04 +9.00%, 2025-10-09 +9.00%"
    )


def test_groups_of_october_are_means_and_two_are_enough(rules):
    securities = pd.DataFrame(0.0, index=INDEX, columns=["BG", "ADM", "USAR", "ORCL"])
    securities.loc["2025-10-27"] = [0.03, -0.01, -0.04, 0.02]
    made = ground(rules, securities=securities, closes={"2025-10-27": 100.5})
    found = ledger_dates.sectors_of_october(made)
    assert found.word == "supported"
    assert (
        found.figure
        == "beyond the market: soy +0.50% (expected up), rare earths -4.50% (expected down), TikTok +1.50% (expected up)"
    )
    assert ledger_dates.sectors_of_october(ground(rules, securities=securities[["BG", "USAR"]])).word == "supported"
    assert ledger_dates.sectors_of_october(ground(rules, securities=-securities[["BG", "USAR"]])).word == "contradicted"
    assert (
        ledger_dates.sectors_of_october(ground(rules, securities=securities[["BG", "USAR"]] * 0)).word == "contradicted"
    )
    with pytest.raises(MissingData):
        ledger_dates.sectors_of_october(ground(rules, securities=securities[["BG", "ADM"]]))


@pytest.mark.parametrize(("after", "word"), [(29.0, "supported"), (30.0, "contradicted"), (31.0, "contradicted")])
def test_the_fentanyl_rate_fell(rules, after, word):
    events = pd.DataFrame(
        {"announced_at": [pd.Timestamp("2025-10-30", tz="UTC")], "rate_before": [30.0], "rate_after": [after]},
        index=["2025-10-30_busan"],
    )
    found = ledger_dates.fentanyl(ground(rules, events=events))
    assert (found.word, found.figure) == (word, f"30% to {after:.0f}% announced on 30 October 2025")


def test_the_language_of_october_by_its_own_draws(rules):
    """Of 180 like sessions a few fell as far: the p-value is their share among the draws."""
    fear = np.full(len(INDEX), 20.0)
    at = INDEX.get_loc(pd.Timestamp("2025-10-13"))
    fear[25:35] = 20 * 0.8 ** np.arange(10)  # nine falls by a fifth
    fear[35:at] = fear[34]
    fear[at:] = fear[34] * 0.9
    made = ground(rules, fears=dict(zip(INDEX.strftime("%Y-%m-%d"), fear, strict=True)))
    found = ledger_dates.language_of_october(made)
    share = float(found.figure.split("p = ")[1])
    assert abs(share - 10 / 181) < 4 * np.sqrt(10 / 181 / 200) + 1 / 200  # and the day itself
    assert found.figure.startswith(f"2025-10-13: {fear[at] - fear[at - 1]:+.1f} points; mean fall")


@pytest.mark.parametrize(
    ("p", "applicable", "word"), [(0.05, True, "supported"), (0.051, True, "mixed"), (0.01, False, "mixed")]
)
def test_the_chain_at_the_size_of_the_tests(rules, p, applicable, word):
    headline = sample((0.5, 0.5, 0.5), p)
    headline.chain.applicable = applicable
    found = rules_tests.whole_chain(ground(rules, samples={"all": sample((0.05, 0.06, 0.2), 0.5), "after": headline}))
    assert found.word == word
    told = f"p = {p:.3f}" if applicable else "not testable"
    assert found.figure == f"all events: H1 p = 0.050, H2 p = 0.060, H3 p = 0.200; chain after 2 May 2025: {told}"
    if word == "mixed":
        assert found.reason == "no evidence for H2, H3; the chain is not established"


def test_what_speaks_against_a_link_that_could_not_be_tested_does_not_count(rules):
    headline = sample((0.5, 0.5, 0.5), 0.6, 0.01)
    for one in headline.links.values():
        one.applicable = False
    samples = {"all": sample((0.01, 0.6, 0.6), 0.5), "after": headline}
    assert rules_tests.whole_chain(ground(rules, samples=samples)).word == "mixed"
    headline.links["H3"].applicable = True
    assert rules_tests.whole_chain(ground(rules, samples=samples)).word == "contradicted"
    samples["all"].links["H1"].applicable = False
    headline.links["H3"].details["p_wrong_sign"] = 0.06
    assert rules_tests.whole_chain(ground(rules, samples=samples)).word == "not testable"


@pytest.mark.parametrize(
    ("n", "share", "p", "later", "word"),
    [
        (5, 0.82, 0.05, 0.51, "supported"),
        (5, 0.82, 0.05, 0.5, "mixed"),
        (5, 0.5, 0.06, 0.9, "contradicted"),
        (5, 0.51, 0.06, 0.9, "mixed"),
        (4, 0.82, 0.01, 0.9, None),
    ],
)
def test_a_reliable_lift_by_its_bounds(rules, n, share, p, later, word):
    whole, lead = link(0.01, share=share, p_sign=p), link(0.01, share=later)
    whole.n, lead.n = n, 3
    made = ground(
        rules, samples={"all": SimpleNamespace(links={"H3": whole}), "after": SimpleNamespace(links={"H3": lead})}
    )
    if word is None:
        with pytest.raises(MissingData, match="too few reliefs"):
            rules_tests.reliable_lift(made)
        return
    found = rules_tests.reliable_lift(made)
    assert found.word == word
    assert found.figure == f"{share:.0%} of {n} sessions up (p = {p:.3f}); after 2 May 2025 {later:.0%} of 3"
    lead.applicable = False
    assert "after 2 May 2025 n/a of 3" in rules_tests.reliable_lift(made).figure
    whole.applicable = False
    with pytest.raises(MissingData, match="too few reliefs"):
        rules_tests.reliable_lift(made)


def test_triple_digits_count_those_of_the_decider_in_scope(rules):
    days = [
        "2025-04-10",
        "2025-04-10",
        "2025-04-11",
        "2025-05-01",
        "2025-05-02",
        "2025-05-05",
        "2030-01-02",
        "2025-05-06",
    ]
    events = pd.DataFrame(
        {
            "session": pd.to_datetime(days),
            "stance": ["escalation"] * 7 + ["softening"],
            "rate_after": [100.0, 145.0, 99.9, 145.0, 145.0, 145.0, 145.0, 145.0],
            "actor": ["US", "both", "US", "China", "both", "US", "US", "US"],
            "scope": ["china"] * 5 + ["other", "china", "china"],
        },
        index=list("abcdefgh"),
    )
    facts = {"dose": {"rho_dose": -0.321, "pvalue_dose": 0.04, "n_rises": 7.0}}
    analysis = SimpleNamespace(tables={"dose": pd.DataFrame({"x": [1]})}, facts=facts, races={}, checks={})
    z = {"2025-04-10": -2.0, "2025-05-02": -1.0} | dict.fromkeys(
        ("2025-04-11", "2025-05-01", "2025-05-05", "2025-05-06"), -9.0
    )
    made = ground(rules, events=events, z=z, analysis=analysis)
    found = rules_tests.triple_digits(made)
    assert found.figure.startswith("largest fall of 2 sessions -2.0 standard deviations (p = ")
    assert found.figure.endswith("; rank correlation with the rise times cover -0.32 (p = 0.040, 7 announcements)")
    # the worst of two quiet sessions drawn without replacement
    quiet = made.evidence.scores.z[made.quiet()]
    n, below = quiet.size, int((quiet <= -2.0).sum())
    exact = 1 - (n - below) * (n - below - 1) / (n * (n - 1))
    assert abs(float(found.figure.split("p = ")[1][:5]) - exact) < 4 * np.sqrt(exact * (1 - exact) / 199) + 1 / 200
    for table, told in (
        (pd.DataFrame(), facts),
        (analysis.tables["dose"], {"dose": {"rho_dose": float("nan")}}),
        (analysis.tables["dose"], {"dose": {}}),
    ):
        bare = SimpleNamespace(tables={"dose": table}, facts=told, races={}, checks={})
        assert (
            "rank correlation" not in rules_tests.triple_digits(ground(rules, events=events, z=z, analysis=bare)).figure
        )


def test_faster_relief_is_read_off_both_tests(rules):
    mark = SimpleNamespace(name="landmark", pvalue=0.2, events=4, n=19)
    analysis = SimpleNamespace(tables={}, facts={}, races={}, checks={"all": (SimpleNamespace(name="other"), mark)})
    for p, wrong, word in ((0.05, 0.9, "supported"), (0.9, 0.05, "contradicted"), (0.06, 0.9, "mixed")):
        samples = {"all": SimpleNamespace(links={"H2": link(p, wrong)})}
        found = rules_tests.faster(ground(rules, samples=samples, analysis=analysis))
        assert found.word == word
        assert found.figure == f"H2 p = {p:.3f}; relief within 14 days on the first reaction p = 0.200 (4 of 19)"
    samples["all"].links["H2"].applicable = False
    with pytest.raises(MissingData):
        rules_tests.faster(ground(rules, samples=samples, analysis=analysis))


def test_ends_by_the_sixtieth_day_among_all_and_among_the_scopes(rules):
    """Of five threats, three of the scopes: relief is the most frequent end there and not among all."""
    rows = [("a", "US", 60, "softened"), ("a", "US", 10, "softened"), ("a", "US", 20, "implemented"),
            ("b", "US", 5, "implemented"), ("b", "US", 6, "implemented")]  # fmt: skip
    events = pd.DataFrame({"scope": ["china", "other"]}, index=["a", "b"])
    found = rules_tests.modal_outcome(ground(rules, events=events, study={"threats": threats(*rows)}))
    assert found.word == "mixed"
    assert found.figure == (
        "all targets: relief 40%, implemented 60%, open 0% of 5; China and global: relief 67%, implemented 33%, open 0% of 3, by day 60"
    )
    rows[0] = ("a", "US", 61, "softened")  # a day too late: open at the sixtieth, and as frequent as either end
    found = rules_tests.modal_outcome(ground(rules, events=events, study={"threats": threats(*rows)}))
    assert found.word == "contradicted"
    assert found.figure.endswith("China and global: relief 33%, implemented 33%, open 33% of 3, by day 60")
    with pytest.raises(MissingData, match="no threats"):
        rules_tests.modal_outcome(ground(rules, events=events, study={"threats": threats()}))


@pytest.mark.parametrize(
    ("soft", "n", "word"), [(33, 50, "supported"), (31, 50, "supported"), (30, 50, "mixed"), (20, 50, "mixed"), (19, 50, "contradicted")]
)  # fmt: skip
def test_within_six_weeks_by_its_error(rules, soft, n, word):
    rows = (
        [("a", "US", 42, "softened")] * soft
        + [("a", "US", 43, "softened")] * (n - soft - 5)
        + [("a", "US", 42, "implemented")] * 5
    )
    found = rules_tests.within_weeks(ground(rules, study={"threats": threats(*rows)}))
    share = soft / n
    error = np.sqrt(share * (1 - share) / n)
    assert abs(share - 0.5) > 1.645 * error if word != "mixed" else abs(share - 0.5) < 1.645 * error
    assert found.word == word
    assert found.figure == (
        f"relief {share:.0%} (standard error {error:.0%}), implemented 10%, open {1 - share - 0.1:.0%} of {n} threats by day 42"
    )


@pytest.mark.parametrize(
    ("retaliation", "p", "word"), [(2.5, 0.05, "supported"), (0.4, 0.96, "contradicted"), (1.1, 0.5, "mixed")]
)
def test_leverage_is_the_race_s_own_rival(rules, retaliation, p, word):
    table = pd.DataFrame(
        {
            "rival": ["drawdown", "retaliation", "fear"],
            "p_permutation": [0.3, p, 0.7],
            "hazard_ratio": [9.0, retaliation, 1.0],
        }
    )
    race = SimpleNamespace(table=table, favourite="deadline")
    analysis = SimpleNamespace(tables={}, facts={}, races={"all": race}, checks={})
    found = rules_tests.rare_earth_leverage(ground(rules, analysis=analysis))
    assert found.word == word
    assert (
        found.figure
        == f"hazard ratio while a Chinese threat is open {retaliation:.2f} (p = {p:.3f}); the race favours: deadline"
    )
    race.table = table[table["rival"] != "retaliation"]
    with pytest.raises(MissingData, match="too few reliefs"):
        rules_tests.rare_earth_leverage(ground(rules, analysis=analysis))


@pytest.mark.parametrize(
    ("call", "tesla", "p_size", "size", "word"),
    [(0.0, 0.0, 0.05, -0.5, "supported"), (0.0, 0.0, 0.05, 0.0, "mixed"), (0.0, 0.0, 0.051, -0.5, "mixed"), (0.04, 0.0, 0.2, 0.1, "contradicted")],
)  # fmt: skip
def test_a_muted_call_is_no_larger_than_nine_in_ten(rules, call, tesla, p_size, size, word):
    """Quiet sessions move by one to a hundred and eighty basis points; the rank of the move is the share of smaller ones."""
    table = pd.DataFrame({"link": ["H3", "H1"], "p_size": [0.9, p_size], "size_difference": [9.0, size]})
    analysis = SimpleNamespace(tables={"attenuation": table}, facts={}, races={}, checks={})
    returns = np.where(np.arange(len(INDEX)) % 2, 1.0, -1.0) * (np.arange(len(INDEX)) - 19) / 10000
    returns[INDEX.get_loc(pd.Timestamp("2025-06-05"))] = call
    securities = pd.DataFrame({"TSLA": tesla}, index=INDEX)
    made = ground(rules, securities=securities, analysis=analysis)
    made.study.record.market = SimpleNamespace(returns=returns)
    found = rules_tests.muted_call(made)
    assert found.word == word
    rank = np.mean(np.abs(returns[20:200]) < abs(call))
    assert f"without Tesla (weight 1.7%) {call * 100 + 0.0:+.2f}%".replace("+0.00%", "0.00%") in found.figure
    assert f"larger than {rank:.0%} of quiet sessions; sizes before and after p = {p_size:.3f}" in found.figure
    # Tesla's fall of a tenth explains 17 basis points
    made.securities["TSLA"] = -0.1
    assert f"without Tesla (weight 1.7%) {call * 100 + 0.17:+.2f}%" in rules_tests.muted_call(made).figure


@pytest.mark.parametrize("way", [1, -1])
def test_formal_relief_against_words_by_permuted_labels(rules, way):
    a, b = np.arange(30, 36), np.arange(50, 57)
    made = ground(
        rules, study={"sample": SimpleNamespace(relief=SimpleNamespace(position=a), words=SimpleNamespace(position=b))}
    )
    z = made.evidence.scores.z
    z[a], z[b] = way * np.linspace(2, 3, 6), way * np.linspace(-1, 0, 7)
    z[[a[0], b[0]]] = np.nan
    found = rules_tests.enforcement(made)
    gap = z[a[1:]].mean() - z[b[1:]].mean()
    assert found.word == ("supported" if way > 0 else "contradicted")
    head, p, tail = re.fullmatch(r"(.*) \(p = (.*)\)(.*)", found.figure).groups()
    assert (head, tail) == (f"formal relief less words {gap:+.2f} standard deviations", ", 5 and 6 sessions")
    assert abs(float(p) - (1 / 462 if way > 0 else 1.0)) < 0.02  # of 462 ways to choose five of eleven
    assert (found.reason == "") == (way > 0)
    for short in (a, b):
        kept = z[short].copy()
        z[short[:-1]] = np.nan
        with pytest.raises(MissingData, match="sessions to compare"):
            rules_tests.enforcement(made)
        z[short] = kept
    z[a[:-2]] = z[b[:-2]] = np.nan  # two of each are enough
    assert rules_tests.enforcement(made).figure.endswith("2 and 2 sessions")


@pytest.mark.parametrize(("ahead", "word"), [(0, "mixed"), (2, "mixed"), (3, "supported")])
def test_front_running_of_more_than_half_of_the_names(rules, ahead, word):
    """Four names with figures: each at a fourth of the level. Others, and one without a figure, do not count."""
    names = ["MP", "USAR", "ZIM", "ASML", "AAPL", "KLAC"]
    ps = [0.0125] * ahead + [0.013] * (4 - ahead) + [0.001, np.nan]
    table = pd.DataFrame({"symbol": names, "pvalue": ps, "z": [0.5, -0.5, -0.2, -0.1, -3.0, -2.0]})
    found = rules_tests.front_running(
        ground(rules, analysis=SimpleNamespace(tables={"tells": table}, facts={}, races={}, checks={}))
    )
    assert found.word == word
    assert (
        found.figure
        == f"{ahead} of 4 names drift ahead of the news (Bonferroni), 3 drift the other way; smallest p = {min(ps[:4]):.3f}"
    )
    assert (found.reason == "") == (ahead > 0)
    for tables in ({}, {"tells": table.iloc[4:]}, {"tells": table.iloc[:0]}):
        with pytest.raises(MissingData, match="no prices of rare-earth"):
            rules_tests.front_running(
                ground(rules, analysis=SimpleNamespace(tables=tables, facts={}, races={}, checks={}))
            )


def test_frameworks_and_concrete_terms_are_means_of_two(rules):
    closes = {"2025-06-11": 101.0, "2025-10-27": 103.0, "2025-05-12": 99.0, "2025-10-30": 99.0}
    found = rules_tests.frameworks(ground(rules, closes=closes))
    assert (found.word, found.figure) == (
        "descriptive",
        "framework +2.00% over 2 sessions; concrete -1.00% over 2 sessions",
    )


@pytest.mark.parametrize(("talks", "told"), [(5, True), (4, False)])
def test_sizes_of_talks_against_quiet_sessions(rules, talks, told):
    at = np.arange(30, 30 + talks)
    made = ground(rules, study={"sample": SimpleNamespace(talks=SimpleNamespace(position=np.append(at, 99)))})
    z = made.evidence.scores.z
    z[at], z[99] = [-6.0, 6.0, -5.0, 5.0, 8.0][:talks], np.nan
    made.evidence.cells.pool[:] = np.r_[45:99, 100:226]
    if not told:
        with pytest.raises(MissingData, match="4 talks with a price"):
            rules_tests.readouts(made)
        return
    found = rules_tests.readouts(made)
    quiet = np.abs(z[np.r_[45:99, 100:226]])
    assert found.word == "supported"
    assert found.figure.startswith("mean size 6.00 against ")
    told = float(found.figure.split("against ")[1].split()[0])
    assert abs(told - quiet.mean()) < 4 * quiet.std() / np.sqrt(5 * 199)
    assert found.figure.endswith("standard deviations on quiet sessions (p = 0.005), 5 talks")
    z[at] = 0.01
    assert rules_tests.readouts(made).word == "contradicted"


def test_the_fear_gauge_against_its_base_rate(rules):
    """Of six threats five rose, of five reliefs three fell; standing still is neither; quiet sessions rise in a third."""
    made = ground(rules)
    fear = np.cumsum(np.where(np.arange(len(INDEX)) % 3, -1.0, 1.0)) + 300.0
    trigger, relief = np.array([30, 40, 50, 60, 70, 80, 90]), np.array([35, 45, 55, 65, 75, 85])
    step = np.diff(fear, prepend=fear[0])
    step[trigger], step[relief] = [1, 1, 1, 1, 1, -1, 0], [-1, -1, -1, 1, 1, 0]
    fear = 300 + np.cumsum(step)
    made.study.record.market = SimpleNamespace(fear=fear)
    made.study.record.trigger, made.study.record.relief = trigger, relief
    made.evidence.cells.pool[:180] = [t for t in range(20, len(INDEX)) if t not in {*trigger, *relief}][:180]
    base = np.mean(step[made.quiet()] > 0)
    found = rules_tests.fuel_for_volatility(made)
    up = stats.binomtest(5, 6, base, alternative="greater").pvalue
    down = stats.binomtest(3, 5, 1 - base, alternative="greater").pvalue
    assert found.figure == (
        f"up on 5 of 6 threats (p = {up:.3f} against {base:.0%} of quiet sessions), "
        f"down on 3 of 5 reliefs (p = {down:.3f} against {1 - base:.0%})"
    )
    assert found.word == "mixed"
    assert found.reason.endswith("oftener than on quiet sessions")
    made.study.record.relief = relief[1:]
    with pytest.raises(MissingData, match="too few events with a fear gauge"):
        rules_tests.fuel_for_volatility(made)


def test_periods_in_the_record_by_their_first_and_last_sessions(rules):
    """The record begins in the second of the periods: the first holds no session of it."""
    made = ground(rules)
    split = int((INDEX <= "2025-05-02").sum())
    assert rules_tests.spans_of(made) == [(0, split - 1), (split, len(INDEX) - 1)]


@pytest.mark.parametrize("reliefs", [0, 4, 5])
def test_five_reliefs_near_the_record_are_enough(rules, reliefs):
    blank = np.zeros(60, int)
    rows = Rows(
        blank,
        np.arange(100, 160),
        np.ones(60, int),
        np.isin(np.arange(60), np.arange(0, 60, 13)[:reliefs]),
        blank > 0,
        blank + 50,
        blank,
        blank,
    )
    closes = dict(zip(INDEX.strftime("%Y-%m-%d"), 100 + np.sin(np.arange(len(INDEX))), strict=True))
    found = rules_tests.near_the_record(ground(rules, closes=closes, samples={"after": SimpleNamespace(rows=rows)}))
    assert (found.word == "not testable") == (reliefs < 5)
    if reliefs == 5:
        assert found.figure.endswith(", 5 reliefs")
    elif not reliefs:
        assert found.figure == "no relief"


def test_a_ground_gives_what_stands_on_a_day(rules):
    securities = pd.DataFrame({"NVDA": np.arange(len(INDEX)) / 1000}, index=INDEX)
    closes, fears = {"2025-01-02": 50.0, "2025-01-03": 55.0}, {"2025-01-02": 31.0, "2025-01-06": np.nan}
    made = ground(
        rules,
        closes=closes,
        fears=fears,
        securities=securities,
        z={"2025-01-02": 1.5},
        events=pd.DataFrame({"x": [1, 2]}, index=["a", "b"]),
    )
    assert (made.at("2025-01-02"), made.at("2025-01-06")) == (0, 2)
    assert (made.close("2025-01-02"), made.fear("2025-01-02"), made.z("2025-01-02")) == (50.0, 31.0, 1.5)
    assert made.change("2025-01-03") == pytest.approx(0.1)
    assert made.raw("NVDA", "2025-01-03") == 0.001
    assert made.adjusted("NVDA", "2025-01-03") == pytest.approx(0.001 - 0.1)
    assert made.event("b")["x"] == 2
    assert made.quiet().tolist() == list(range(20, 200))
    for ask in (
        lambda: made.fear("2025-01-06"),
        lambda: made.change("2025-01-02"),
    ):  # not known; no return on the first day
        with pytest.raises(MissingData, match="no value of"):
            ask()
    with pytest.raises(MissingData, match="no price on 2025-01-04"):
        made.at("2025-01-04")


def test_each_claim_has_a_stream_of_its_own(rules):
    made = ground(rules)
    for number in (4, 24):
        own = np.random.default_rng(np.random.SeedSequence([0, 3, number]))
        assert made.rng(number).random(3).tolist() == own.random(3).tolist()


def test_judged_claims_are_a_row_each():
    claim = Claim(7, "s", "g", "text", "test", "figure", "window", "mixed", "why")
    table = claims_frame((claim,))
    assert list(table.columns) == [
        "number",
        "source",
        "group",
        "claim",
        "verdict",
        "figure",
        "test",
        "window",
        "reason",
    ]
    assert table.iloc[0].tolist() == [7, "s", "g", "text", "mixed", "figure", "test", "window", "why"]
