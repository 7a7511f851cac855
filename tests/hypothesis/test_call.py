"""How the study is called: numbers of draws, securities, samples that are looked into, and which steps are told."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from eventstudy.events import load_events
from eventstudy.hypothesis import SelloffForcesSoftening
from eventstudy.hypothesis.analysis import ACROSS, Tested, _by_sample, _check_table, _cross_section, _pair, _rivals
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.rivals.h2_checks import Check
from eventstudy.hypothesis.steps import COLUMNS, _changed, steps_table
from eventstudy.returns import PricePanel, ReturnPanel

RULES = load_definitions()


def test_a_look_takes_fewer_draws():
    full = RULES.replications
    assert SelloffForcesSoftening()._draws(full) == {"draws": 1999, "curve_draws": 499, "power_draws": 200}
    assert SelloffForcesSoftening(quick=True)._draws(full) == {"draws": 199, "curve_draws": 99, "power_draws": 199}
    few = full.model_copy(update={"power": 50})
    assert SelloffForcesSoftening(quick=True)._draws(few)["power_draws"] == 50
    plain = SelloffForcesSoftening()
    assert (plain.market, plain.fear, plain.seed, plain.calendar, plain.quick) == ("^GSPC", "^VIX", 0, "XNYS", False)


def test_each_stage_is_said_to_whoever_asks():
    told = []
    SelloffForcesSoftening(progress=told.append)._say("links")
    SelloffForcesSoftening()._say("links")
    assert told == ["links"]


def test_further_symbols_enter_the_cross_section_and_beside_the_index_its_industries():
    index = pd.bdate_range("2024-01-02", periods=6).as_unit("us")
    frame = pd.DataFrame({"^GSPC": np.arange(6) + 100.0, "X": [1.0, 2, 4, 4, 2, 1]}, index=index)
    study = SimpleNamespace(index=index[1:])
    own = SelloffForcesSoftening()._securities(study, PricePanel(frame), None)
    assert own.index.tolist() == index[1:].tolist()
    assert own["X"].tolist() == [1.0, 1.0, 0.0, -0.5, -0.5]
    assert "^GSPC" not in own
    assert {"NoDur", "Other"} <= set(own.columns)
    abroad = SelloffForcesSoftening(market="X")._securities(study, PricePanel(frame), None)
    assert list(abroad.columns) == ["^GSPC"]
    given = ReturnPanel(pd.DataFrame({"Y": np.arange(6) / 100}, index=index))
    assert SelloffForcesSoftening()._securities(study, PricePanel(frame), given)["Y"].tolist() == [
        0.01,
        0.02,
        0.03,
        0.04,
        0.05,
    ]


def test_where_a_study_comes_from_is_told():
    index = pd.bdate_range("2024-01-02", periods=4).as_unit("us")
    prices = PricePanel(pd.DataFrame({"^GSPC": [1.0, 2.0, 3.0, np.nan], "^VIX": 15.0}, index=index))
    told = SelloffForcesSoftening(seed=3, quick=True)._provenance(load_events("us-china-v1"), prices, RULES)
    assert (told["last"], told["seed"], told["quick"], told["draws"]) == ("2024-01-04", 3, True, 199)
    assert (told["catalog"], told["market"], told["fear"]) == ("us-china-v1", "^GSPC", "^VIX")


@pytest.mark.parametrize("case", ["another catalogue", "other rules", "no early price"])
def test_steps_are_told_of_the_flagship_alone(case):
    index = pd.bdate_range("2025-11-17" if case == "no early price" else "2025-11-10", periods=9).as_unit("us")
    prices = PricePanel(pd.DataFrame({"^GSPC": np.arange(9) + 100.0, "^VIX": 15.0}, index=index))
    catalog = load_events("us-china-v1" if case == "another catalogue" else "us-china")
    rules = load_definitions({"level": 0.1}) if case == "other rules" else RULES
    table = steps_table(catalog, prices, rules, {}, 9, 0)
    assert table.empty
    assert list(table.columns) == list(COLUMNS)


def test_a_step_changes_what_is_named_and_keeps_the_rest():
    raw = {"a": {"x": 1, "y": 2}, "b": {"z": 3}, "level": 0.05}
    assert _changed(raw, {"a": {"x": 9}}) == {"a": {"x": 9, "y": 2}, "b": {"z": 3}, "level": 0.05}
    assert raw["a"]["x"] == 1


def study(ids=("E06", "E19", "E30"), pair=RULES.overlay_pair, **parts):
    index = pd.bdate_range("2025-04-01", periods=300).as_unit("us")
    spells = SimpleNamespace(ids=ids, start=np.array([2, 40, 90][: len(ids)]))
    record = SimpleNamespace(spells=spells, trigger=np.array([5, 9]), relief=np.array([7]))
    rules = RULES.model_copy(update={"overlay_pair": pair}) if pair != RULES.overlay_pair else RULES
    return SimpleNamespace(index=index, record=record, rules=rules, **parts)


def test_the_two_that_are_laid_over_one_another():
    assert _pair(study()) == (("E06", "April 2025"), ("E19", "October 2025"))
    others = study(ids=("a", "E19", "c"))  # one of them is not there: the first and the last
    days = [others.index[at] for at in (2, 90)]
    assert _pair(others) == tuple((name, f"threat of {day:%d %B %Y}") for name, day in zip("ac", days, strict=True))
    assert _pair(study(ids=())) == (("", "no threat"), ("", "no other threat"))


def test_the_cross_section_is_asked_over_two_windows_one_session_apart():
    tested = Tested(study(), SimpleNamespace(), {"all": ["stratum"], "after": []}, {}, 199, 99, 0)
    assert tested.shown == ("all", "after")
    securities = pd.DataFrame(columns=["MP", "NVDA", "GLD"])
    first, second, third = _cross_section(tested, securities, market="^GSPC", streams=["one", "two"])
    assert [call[0] for call in (first, second, third)] == list(ACROSS.values())
    assert first[3] == {"window": (0, 1), "draws": 99, "seed": "one"}
    assert second[3]["windows"] == {"pvalue": (-5, -1), "p_shifted": (-6, -2)}
    assert second[3]["signs"] == {"MP": 1, "NVDA": -1, "GLD": 1}
    assert second[3]["seed"] == "two"
    assert second[2][-1].draws == 99
    assert third[3] == {"market": "^GSPC", "window": (0, 1)}
    index = tested.study.index
    assert third[2][2] == {"H1": [index[5], index[9]], "H3": [index[7]]}
    assert first[2][2] == second[2][2] == ["stratum"]


def test_tables_of_samples_are_one_with_the_sample_first():
    one, two = pd.DataFrame({"x": [1, 2]}), pd.DataFrame({"x": [3]})
    table = _by_sample({"all": one, "none": one.iloc[:0], "after": two})
    assert table.to_numpy().tolist() == [["all", 1], ["all", 2], ["after", 3]]
    assert list(table.columns) == ["sample", "x"]
    assert table.index.tolist() == [0, 1, 2]
    assert list(_by_sample({"none": one.iloc[:0]}).columns) == ["sample"]


def test_races_companions_and_turned_calendars_are_put_side_by_side():
    check = Check("name", "why", 0.5, "odds", 0.04, "greater", 9, 2, "> 0", "note", 0.5)
    surviving = SimpleNamespace(_asdict=lambda: {"pvalue": 0.3})
    race = SimpleNamespace(
        table=pd.DataFrame({"rival": ["fear"]}),
        joint=pd.DataFrame({"j": [1]}),
        favourite="fear",
        margin=2.5,
        reliefs=7,
        surviving=surviving,
    )
    shift = SimpleNamespace(observed=(1.0, 2.0, 0.5), statistic=0.5, pvalue=0.2)
    tables, facts, races, checks = _rivals({"all": (race, (check,), shift)})
    assert (races, checks) == ({"all": race}, {"all": (check,)})
    assert tables["race"].to_numpy().tolist() == [["all", "fear"]]
    assert tables["race_joint"].to_numpy().tolist() == [["all", 1]]
    assert tables["calendar_shift"].to_numpy().tolist() == [["all", 1.0, 2.0, 0.5, 0.5, 0.2]]
    assert facts["favourite"] == {"all": {"rival": "fear", "bic_margin": 2.5, "reliefs": 7}}
    assert facts["calendar_shift"] == {"all": {"smallest": 0.5, "pvalue": 0.2}}
    assert facts["drawdown_beside_rivals"] == {"all": {"pvalue": 0.3}}
    row = _check_table(checks).iloc[0]
    assert row.tolist() == ["all", "name", "why", 0.5, "odds", 0.04, "greater", 9, 2, "> 0", "note"]
