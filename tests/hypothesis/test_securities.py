"""The cross-section, the drift before the news, and the trends: on made-up returns with a known answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventstudy.abnormal import MarketModel
from eventstudy.hypothesis.links.matching import match_cells
from eventstudy.hypothesis.links.reaction import react
from eventstudy.hypothesis.record.build_record import build_record
from eventstudy.hypothesis.record.market import Market, scores
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.record.threats import Spells
from eventstudy.hypothesis.robustness.attenuation_and_dose import attenuation, dose_response, episode_paths
from eventstudy.hypothesis.robustness.cross_section import (
    _placebo,
    adjusted_market,
    reactions_by_security,
    step_down,
    tells,
)
from eventstudy.hypothesis.robustness.group_tests import group_tests
from eventstudy.returns import ReturnPanel
from eventstudy.study import EstimationWindow, EventStudy

SIZE = 600
TOLERANCE = 1e-9  # sums in another order


@pytest.fixture(scope="module")
def made_up():
    """A market and five securities: one falls on threats beyond the market, one rises before threats, three do neither."""
    rng = np.random.default_rng(12)
    index = pd.bdate_range("2022-01-03", periods=SIZE).as_unit("us")
    market = 0.01 * rng.standard_normal(SIZE)
    trigger = np.arange(330, 590, 20)
    relief = np.arange(340, 590, 20)
    noise = 0.01 * rng.standard_normal((SIZE, 5))
    frame = pd.DataFrame(market[:, None] + noise, index=index, columns=["falls", "leaks", "a", "b", "c"])
    frame.iloc[trigger, 0] -= 0.03
    for day in range(1, 6):
        frame.iloc[trigger - day, 1] -= 0.006
        frame.iloc[relief - day, 1] += 0.006
    busy = np.zeros(SIZE, bool)
    for position in (trigger, relief):
        busy[position] = busy[position + 1] = True
    quiet = np.flatnonzero(~busy)
    return frame, market, busy, trigger, relief, [Stratum("s", 300, SIZE - 1, quiet[quiet >= 120])]


def record_of(market, busy, trigger, relief):
    blank = np.full(SIZE, np.nan)
    nobody = np.zeros(0, int)
    path = Market(blank, blank, blank, np.arange(SIZE) % 5, market)
    return Record(path, busy, trigger, relief, nobody, Spells(*[nobody] * 5, ()))


def drift_of(frame, rest, rules, *, signs, draws):
    market, busy, trigger, relief, strata = rest
    made, seed = record_of(market, busy, trigger, relief), np.random.SeedSequence(1)
    windows = {"pvalue": (-5, -1), "p_shifted": (-6, -2)}
    return tells(frame, made, strata, rules.reaction, rules.placebos(draws), windows=windows, signs=signs, seed=seed)


@pytest.fixture(scope="module")
def found(made_up, rules):
    frame, market, busy, trigger, relief, strata = made_up
    made = record_of(market, busy, trigger, relief)
    seed = np.random.SeedSequence(0)
    return reactions_by_security(frame, made, strata, rules.reaction, window=(0, 1), draws=499, seed=seed)


def test_the_security_that_falls_is_found_and_no_other(found):
    adjusted = found[found["adjusted"] & (found["group"] == "H1")].set_index("symbol")
    assert adjusted.loc["falls", "p_step"] < 0.05
    assert adjusted.loc["falls", "mean_car"] < -0.02
    assert (adjusted.drop(index="falls")["p_step"] > 0.01).all()  # four at random: one below 0.05 would be no wonder


def test_mean_car_by_hand(found, made_up, rules):
    frame, market, busy, trigger, _, _ = made_up
    excess = frame["falls"].to_numpy() - market
    cars = []
    for t in trigger:
        history = [excess[i] for i in range(max(0, t - 260), t - 10) if not busy[i]]
        cars.append(excess[t] + excess[t + 1] - 2 * np.mean(history))
    row = found[found["adjusted"] & (found["group"] == "H1") & (found["symbol"] == "falls")].iloc[0]
    assert row["mean_car"] == pytest.approx(np.mean(cars), abs=TOLERANCE)
    assert row["n"] == trigger.size
    path = adjusted_market(frame["falls"].to_numpy(), market, np.arange(SIZE) % 5)[1]
    z = scores(path, busy, rules.reaction, window=(0, 1), scale="ewma").z
    assert row["z"] == pytest.approx(z[trigger].mean(), abs=TOLERANCE)


def test_one_placebo_calendar_for_all(found):
    """Two columns that are the same security get the same p-values: the draws are common."""
    assert found.groupby(["group", "adjusted"])["symbol"].count().eq(5).all()


def test_the_leak_is_found_and_weakens_when_shifted(made_up, rules):
    frame, *rest = made_up
    table = drift_of(frame, rest, rules, signs={}, draws=499).set_index("symbol")
    assert table.loc["leaks", "pvalue"] < 0.01
    assert table.loc["leaks", "drift"] == pytest.approx(0.03, abs=0.012)
    assert (table.loc[["a", "b", "c"], "pvalue"] > 0.01).all()
    assert table.loc["leaks", "p_shifted"] >= table.loc["leaks", "pvalue"]


def test_the_expected_sign_is_respected(made_up, rules):
    frame, *rest = made_up
    table = drift_of(frame[["leaks"]], rest, rules, signs={"leaks": 1}, draws=199)
    assert table["pvalue"].iloc[0] > 0.9  # it drifts, but the other way


def test_a_security_that_once_moved_as_the_market_did_is_not_the_market(made_up, rules):
    """On a day long before all windows: its drift stays that beyond the market."""
    frame, market, *rest = made_up
    met = frame[["leaks"]].copy()
    met.iloc[5, 0] = market[5]
    before, after = (drift_of(one, (market, *rest), rules, signs={}, draws=9) for one in (frame[["leaks"]], met))
    assert after["drift"].iloc[0] == pytest.approx(before["drift"].iloc[0], abs=TOLERANCE)


def test_the_market_is_the_market_where_a_day_of_it_is_missing(made_up, rules):
    """It is taken raw: beyond itself it would not move at all."""
    frame, market, *rest = made_up
    holed = pd.DataFrame({"index": np.where(np.arange(SIZE) == 5, np.nan, market)}, index=frame.index)
    whole = pd.DataFrame({"index": market}, index=frame.index)
    found, expected = (drift_of(one, (market, *rest), rules, signs={}, draws=9) for one in (holed, whole))
    assert found["drift"].iloc[0] == pytest.approx(expected["drift"].iloc[0], abs=TOLERANCE)
    assert abs(found["drift"].iloc[0]) > 1e-6


def test_too_few_events_are_left_out(made_up, rules):
    frame, market, busy, _, _, strata = made_up
    made = record_of(market, busy, np.array([400, 420]), np.zeros(0, int))
    seed = np.random.SeedSequence(0)
    table = reactions_by_security(frame, made, strata, rules.reaction, window=(0, 1), draws=9, seed=seed)
    assert table.empty


@pytest.fixture(scope="module")
def study(flagship, rules):
    catalog, prices, _ = flagship
    return build_record(catalog, prices, rules, market="^GSPC", fear="^VIX", calendar="XNYS")


def test_groups_are_the_study(study, flagship):
    """The figures of a group are those of the study made by hand."""
    rng = np.random.default_rng(3)
    index = study.index
    market = study.record.market.returns
    securities = pd.DataFrame(
        market[:, None] + 0.01 * rng.standard_normal((len(index), 3)), index=index, columns=["F", "GM", "TSLA"]
    )
    days = [index[p] for p in study.record.relief[-6:]]
    table = group_tests(study, securities, {"H3": days}, market="^GSPC", window=(0, 1))
    assert table["group"].tolist() == ["autos"]
    study = EventStudy(
        model=MarketModel("^GSPC"),
        estimation=EstimationWindow(length=250, end=-11, minimum=100),
        window=(0, 1),
        calendar=None,
        mask_events=flagship[0],
    )
    pairs = pd.DataFrame(
        [(str(d), s, d) for d in days for s in securities.columns], columns=["event_id", "symbol", "bar"]
    )
    result = study.fit(pairs, ReturnPanel(securities.assign(**{"^GSPC": market})))
    assert table["p_kp_bmp"].iloc[0] == pytest.approx(result.test("kp_bmp", (0, 1)).pvalue, abs=TOLERANCE)
    assert table["mean_car"].iloc[0] == pytest.approx(result.car((0, 1))["car"].mean(), abs=TOLERANCE)
    assert table["n"].iloc[0] == 18
    assert table["p_holm"].iloc[0] == pytest.approx(table["p_kp_bmp"].iloc[0])


def test_a_group_has_two_members_and_its_p_value_is_adjusted_for_the_others(study, rules):
    rng = np.random.default_rng(4)
    index, market = study.index, study.record.market.returns
    names = ["F", "GM", "FCX", "NEM", "AAPL"]  # two groups of two, and one alone
    groups = {"autos": ("F", "GM", "TSLA"), "metals": ("FCX", "NEM"), "alone": ("AAPL", "DELL")}
    own = replace(study, rules=rules.model_copy(update={"groups": groups}))
    noise = 0.01 * rng.standard_normal((len(index), 5))
    noise[study.record.relief[-6:], 2:4] += 0.02
    securities = pd.DataFrame(market[:, None] + noise, index=index, columns=names)
    days = [index[p] for p in study.record.relief[-6:]]
    early = [index[20]]  # without a history
    links = {"H3": days, "H1": [], "early": early}
    table = group_tests(own, securities, links, market="^GSPC", window=(0, 1)).set_index(["link", "group"])
    assert table.index.tolist() == [(link, group) for link in links for group in ("autos", "metals")]
    assert table["symbols"].tolist() == [2] * 6
    told = table.loc["H3"]
    assert told["n"].tolist() == [12, 12]
    assert told["sessions"].tolist() == [6, 6]
    p = told["p_kp_bmp"].to_numpy()
    assert told["p_holm"].tolist() == [min(1.0, max(2 * p.min(), x)) if x > p.min() else min(1.0, 2 * x) for x in p]
    assert (table.loc["H1", "reason"] == "the sample has no session of this link").all()
    assert (table.loc["early", "reason"] == "no security-event with enough history").all()
    rest = table.loc[["H1", "early"]]
    assert rest[["mean_car", "p_kp_bmp", "p_holm"]].isna().all().all()
    assert (rest[["n", "sessions"]] == 0).all().all()


def test_a_group_of_two_security_events_is_tested(study):
    index, market = study.index, study.record.market.returns
    noise = 0.01 * np.random.default_rng(5).standard_normal((len(index), 2))
    securities = pd.DataFrame(market[:, None] + noise, index=index, columns=["F", "GM"])
    day = index[study.record.relief[-1]]
    table = group_tests(study, securities, {"H3": [day]}, market="^GSPC", window=(0, 1))
    assert table[["n", "sessions"]].to_numpy().tolist() == [[2, 1]]
    assert np.isfinite(table["mean_car"].iloc[0])
    securities.loc[day:, "GM"] = np.nan
    table = group_tests(study, securities, {"H3": [day]}, market="^GSPC", window=(0, 1))
    assert table["n"].iloc[0] == 1
    assert table["reason"].iloc[0] == "no security-event with enough history"


def test_paths_are_returns_since_the_close_before(study, flagship):
    close = flagship[1].frame["^GSPC"]
    paths = episode_paths(study)
    one = paths[paths["id"] == "E19"].set_index("day")["path"]
    start = close.index.get_loc(pd.Timestamp("2025-10-10"))
    for day in (-6, -1, 0, 1, 20):
        assert one[day] == pytest.approx(close.iloc[start + day] / close.iloc[start - 1] - 1, abs=TOLERANCE)


def test_attenuation_of_a_fading_reaction(study, flagship):
    """Scores that fade by construction have a slope and a difference; constant ones have neither."""
    evidence = type("Evidence", (), {})()
    n = len(study.index)
    order = np.linspace(-3, 0, n)
    for z, found in ((order**3, True), (np.random.default_rng(1).standard_normal(n), False)):
        evidence.scores = type("Scores", (), {"z": z})()
        table = attenuation(study, evidence, draws=499, rng=np.random.default_rng(0)).set_index("link")
        assert (table.loc["H1", "p_slope"] <= 0.01) == found
        assert (table.loc["H1", "p_difference"] <= 0.01) == found
    assert flagship[2] is not None


def test_dose_is_found_where_it_is(study):
    evidence = type("Evidence", (), {})()
    size = len(study.index)
    rng = np.random.default_rng(2)
    noise = rng.standard_normal(size)
    evidence.scores = type("Scores", (), {"z": noise, "car": noise / 100})()
    points, _ = dose_response(study, evidence, draws=99, rng=rng)
    steep = noise.copy()
    for row in points.itertuples():
        steep[study.index.get_loc(row.session)] = -row.change / 10
    evidence.scores = type("Scores", (), {"z": steep, "car": steep / 100})()
    _, test = dose_response(study, evidence, draws=499, rng=rng)
    assert test["rho"] == pytest.approx(-1.0)
    assert test["pvalue_rises"] < 0.01


def test_placebo_dates_are_drawn_among_known_quiet_sessions():
    """The lowest keys of those with a score; three events, and twice as many quiet sessions, are enough."""
    z = np.arange(40.0)
    z[[12, 31]] = np.nan
    strata = [Stratum("s", 30, 39, np.array([3, 5, 9, 12, 14, 20])), Stratum("t", 50, 60, np.array([20, 25]))]
    at = np.array([29, 30, 31, 35, 39])
    found = _placebo(z, at, strata, 50, np.random.default_rng(1))
    assert found[2].tolist() == [30, 35, 39]
    assert found[0] == (30 + 35 + 39) / 3
    quiet = np.array([3, 5, 9, 12, 14, 20, 25])
    keys = np.random.default_rng(1).random((50, 7))
    keys[:, 3] = 2.0
    assert found[1] == pytest.approx([quiet[np.argsort(line)[:3]].mean() for line in keys])
    z[25] = np.nan  # five are left
    assert _placebo(z, at, strata, 50, np.random.default_rng(1)) is None
    z[25], z[39] = 25.0, np.nan  # two events
    assert _placebo(z, at, strata, 50, np.random.default_rng(1)) is None
    assert _placebo(z, at, [], 50, np.random.default_rng(1)) is None


def test_p_values_of_securities_by_their_own_draws(made_up, rules):
    """One-sided raw, two-sided beyond the market; adjusted within link and kind; the same dates for all."""
    frame, market, busy, trigger, relief, strata = made_up
    made = record_of(market, busy, trigger, relief)
    table = reactions_by_security(
        frame, made, strata, rules.reaction, window=(0, 1), draws=59, seed=np.random.SeedSequence(4)
    )
    assert len(table) == 20
    weekday, streams = np.arange(SIZE) % 5, np.random.SeedSequence(4).spawn(2)
    for (link, adjusted), part in table.groupby(["group", "adjusted"]):
        position, sign = (trigger, -1) if link == "H1" else (relief, 1)
        seen, nulls = [], []
        for row in part.itertuples():
            pair = adjusted_market(frame[row.symbol].to_numpy(), market, weekday)
            z = scores(pair[int(adjusted)], busy, rules.reaction, window=(0, 1), scale="ewma").z
            mean, null, at = _placebo(z, position, strata, 59, np.random.default_rng(streams[link == "H3"]))
            seen.append(abs(mean) if adjusted else sign * mean)
            nulls.append(np.abs(null) if adjusted else sign * null)
            assert (row.n, row.z) == (at.size, pytest.approx(mean))
            assert row.pvalue == pytest.approx((1 + np.sum(nulls[-1] >= seen[-1])) / 60)
        order = np.sort(part["pvalue"].to_numpy())
        holm = np.maximum.accumulate(order * np.arange(5, 0, -1)).clip(max=1)
        assert sorted(part["p_holm"]) == pytest.approx(holm.tolist())
        assert part["p_step"].tolist() == step_down(np.array(seen), np.stack(nulls)).tolist()
    few = reactions_by_security(
        frame.iloc[:, :0], made, strata, rules.reaction, window=(0, 1), draws=9, seed=np.random.SeedSequence(4)
    )
    assert few.empty


def test_a_path_of_returns_stands_still_over_what_is_missing():
    raw, _ = adjusted_market(np.array([0.1, np.nan, -0.5]), np.zeros(3), np.arange(3))
    assert raw.close == pytest.approx([110.0, 110.0, 55.0])


def test_drift_before_both_moves_is_one_mean(made_up, rules):
    """Threats with the expected sign, reliefs with the opposite, by the numbers of their sessions; the market itself raw."""
    frame, market, busy, trigger, relief, strata = made_up
    own = frame[["leaks"]].assign(index=market)
    table = drift_of(own, (market, busy, trigger, relief, strata), rules, signs={"leaks": 1}, draws=39).set_index(
        "symbol"
    )
    how, streams = rules.placebos(39), np.random.SeedSequence(1).spawn(2)
    for (name, expected), stream in zip((("leaks", 1), ("index", -1)), streams, strict=True):
        values = own[name].to_numpy()
        path = adjusted_market(values, market, np.arange(SIZE) % 5)[0 if name == "index" else 1]
        found = {}
        for label, window in (("pvalue", (-5, -1)), ("p_shifted", (-6, -2))):
            score = scores(path, busy, rules.reaction, window=window, scale="ewma")
            cells = match_cells(path, score.z, busy, how.prior_sessions)
            parts = [
                react(score, at, strata, cells, how, sign=sign, rng=np.random.default_rng(stream))
                for at, sign in sorted(((trigger, expected), (relief, -expected)), key=lambda one: one[1])
            ]
            n = sum(part.n for part in parts)
            mean = sum(part.n * part.estimate for part in parts) / n
            nulls = [sum(part.n * part.nulls[scheme] for part in parts) / n for scheme in ("permutation", "matched")]
            found[label] = max((1 + np.sum(null >= mean - 1e-12)) / 40 for null in nulls)
        assert table.loc[name, "p_shifted"] == pytest.approx(found["p_shifted"])
        assert table.loc[name, "pvalue"] == pytest.approx(found["pvalue"])
    few = drift_of(frame[["a"]], (market, busy, trigger[:2], relief[:0], strata), rules, signs={}, draws=9)
    assert few["n"].tolist() == [2]
    assert few[["drift", "z", "pvalue", "p_shifted"]].isna().all(axis=None)
    three = drift_of(frame[["a"]], (market, busy, trigger[:2], relief[:1], strata), rules, signs={}, draws=9)
    assert three["n"].tolist() == [3]
    score = scores(
        adjusted_market(frame["a"].to_numpy(), market, np.arange(SIZE) % 5)[1],
        busy,
        rules.reaction,
        window=(-5, -1),
        scale="ewma",
    )
    held = [(trigger[0], -1), (trigger[1], -1), (relief[0], 1)]
    assert three["drift"].iloc[0] == pytest.approx(np.mean([sign * score.car[t] for t, sign in held]))
    assert np.isfinite(three["pvalue"].iloc[0])
