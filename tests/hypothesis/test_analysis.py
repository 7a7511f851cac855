"""The tables and frames of the whole study: they agree with the links, with one another, and with what they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventstudy.hypothesis.verdict import chart_frames as frames_module
from eventstudy.hypothesis.verdict.wording import cycle_sentence, race_sentence
from eventstudy.returns import load_returns
from eventstudy.words import pvalue_words

TOLERANCE = 1e-9  # the same number through two tables


@pytest.fixture(scope="module")
def tables(flagship):
    return flagship[2].tables()


@pytest.mark.parametrize("link", ["H1", "H3"])
@pytest.mark.parametrize("name", ["all", "after"])
def test_the_main_variant_is_the_link(flagship, tables, name, link):
    row = (
        tables["variants"]
        .query("sample == @name and link == @link and variant == 'main' and window == '(0, 0)'")
        .iloc[0]
    )
    test = flagship[2].samples[name].links[link]
    assert row["n"] == test.n_clusters
    assert row["estimate"] == pytest.approx(test.estimate, abs=TOLERANCE)


@pytest.mark.parametrize("link", ["H1", "H3"])
def test_the_main_specification_is_the_link(flagship, tables, link):
    spec = (
        tables["curve"]
        .query(
            "sample == 'after' and link == @link and window == '(0, 0)' and scale == 'fear' and variant == 'main' and statistic == 'mean'"
        )
        .iloc[0]
    )
    test = flagship[2].samples["after"].links[link]
    sign = -1 if link == "H1" else 1
    assert spec["n"] == test.n_clusters
    assert spec["estimate"] == pytest.approx(sign * test.estimate, abs=TOLERANCE)


def test_h2_specification_is_the_link(flagship, tables):
    spec = (
        tables["curve"]
        .query("sample == 'after' and link == 'H2' and drawdown == 'threat' and variant == 'main'")
        .iloc[0]
    )
    assert spec["estimate"] == pytest.approx(flagship[2].samples["after"].links["H2"].estimate, abs=TOLERANCE)


def test_curve_summary_counts_the_curve(tables):
    for row in tables["curve_summary"].itertuples():
        mine = tables["curve"].query("sample == @row.sample and link == @row.link")
        assert row.specifications == len(mine)
        assert row.median_standardized == pytest.approx(mine["standardized"].median(), abs=TOLERANCE)
        assert row.share_significant == pytest.approx((mine["pvalue"] <= 0.05).mean(), abs=TOLERANCE)
        assert row.share_in_direction == pytest.approx((mine["estimate"] > 0).mean(), abs=TOLERANCE)


def test_every_declared_specification_is_there(tables, rules):
    axes = rules.curve
    full = len(axes.windows) * len(axes.scales) * len(axes.samples) * len(axes.statistics)
    assert (tables["curve"].query("sample == 'all'")["link"] == "H1").sum() == full


def test_leaving_out_a_session_leaves_the_mean_of_the_others(tables):
    used = tables["events_used"].query("link == 'H3' and period == 'after'")
    rows = tables["leave_out"].query("sample == 'after' and link == 'H3' and left_out == 'session'")
    assert len(rows) == len(used)
    for row in rows.itertuples():
        assert row.n == len(used) - 1
        rest = used[used["event_ids"] != row.ids]["sar"]
        # the table's scores are not clipped; a mean of five moves by little
        assert row.estimate == pytest.approx(rest.mean(), abs=0.25)


@pytest.mark.parametrize("name", ["all", "after"])
@pytest.mark.parametrize("link", ["H1", "H3"])
def test_clusters_that_are_left_out_are_sessions_near_one_another(flagship, tables, rules, link, name):
    index = flagship[1].frame.index
    used = tables["events_used"]
    used = used[(used["link"] == link) & (used["period"].eq(name) | (name == "all"))]
    at = [index.get_loc(day) for day in used["session"]]
    clusters = [[0]]
    for i in range(1, len(at)):  # chains: each within five sessions of the one before
        if at[i] - at[i - 1] <= rules.placebo.cluster_gap:
            clusters[-1].append(i)
        else:
            clusters.append([i])
    expected = [[used["event_ids"].iloc[i] for i in c] for c in clusters if len(c) > 1]
    rows = tables["leave_out"]
    rows = rows[(rows[["sample", "link", "left_out"]] == [name, link, "cluster"]).all(axis=1)]
    assert [" ".join(ids) for ids in expected] == rows["ids"].tolist()
    assert rows["n"].tolist() == [len(at) - len(c) for c in clusters if len(c) > 1]


def test_giveback_from_the_closes(flagship, tables):
    close = flagship[1].frame["^GSPC"]
    row = tables["giveback"].query("sample == 'after' and link == 'H3'").iloc[0]
    used = tables["events_used"].query("link == 'H3' and period == 'after'")
    at = [close.index.get_loc(day) for day in used["session"]]
    at = [t for t in at if t + 5 < len(close)]
    raw = np.mean([close.iloc[t + 5] / close.iloc[t] - 1 for t in at])
    assert row["n"] == len(at)
    # simple sum less the constant mean against a compounded raw return: a few basis points apart
    assert row["next_five"] == pytest.approx(raw, abs=0.006)
    assert row["given_back"] == pytest.approx(-row["next_five"] / row["first_session"], abs=TOLERANCE)


def test_attenuation_means(tables):
    used = tables["events_used"].query("link == 'H1'")
    row = tables["attenuation"].set_index("link").loc["H1"]
    assert row["before"] == pytest.approx(used.query("period == 'before'")["sar"].mean(), abs=TOLERANCE)
    assert row["after"] == pytest.approx(used.query("period == 'after'")["sar"].mean(), abs=TOLERANCE)
    assert row["difference"] == pytest.approx(row["after"] - row["before"], abs=TOLERANCE)


def test_overlay_is_the_index(flagship, tables):
    close = flagship[1].frame["^GSPC"]
    table = tables["overlay"].set_index("day")
    assert table.loc[0, "first"] == pytest.approx(close["2025-04-03"] / close["2025-04-02"] - 1, abs=TOLERANCE)
    assert table.loc[0, "second"] == pytest.approx(close["2025-10-10"] / close["2025-10-09"] - 1, abs=TOLERANCE)
    inside = table.dropna()
    assert ((inside["low"] <= inside["middle"]) & (inside["middle"] <= inside["high"])).all()


def test_securities_by_hand(tables):
    """One industry's mean market-adjusted return over days 0 and 1 of the reliefs, from the bundled figures."""
    returns = load_returns(["^GSPC", "BusEq"], source="bundled").frame
    used = tables["events_used"].query("link == 'H3' and period != 'earlier'")
    excess = returns["BusEq"] - returns["^GSPC"]
    sums = [excess.iloc[[excess.index.get_loc(day), excess.index.get_loc(day) + 1]].sum() for day in used["session"]]
    row = tables["securities"].query("group == 'H3' and symbol == 'BusEq' and adjusted").iloc[0]
    assert row["n"] == len(sums)
    # the study takes out each security's own mean of the market-adjusted return as well: basis points
    assert row["mean_car"] == pytest.approx(np.mean(sums), abs=0.002)


def test_adjusted_pvalues_are_no_smaller(tables):
    table = tables["securities"]
    assert (table["p_holm"] >= table["pvalue"] - TOLERANCE).all()
    assert (table["p_step"] >= table["pvalue"] - TOLERANCE).all()


def test_hazard_frame_counts_every_decision(flagship):
    frame = flagship[2].frames()["hazard_by_drawdown"]
    for name in ("all", "after"):
        test = flagship[2].samples[name].decisions
        mine = frame[frame["sample"] == name]
        assert mine["decisions"].sum() == test.decided.sum()
        assert mine["sessions"].sum() == test.day.size
        assert ((mine["low"] <= mine["rate"]) & (mine["rate"] <= mine["high"])).all()


def test_frames_are_documented_and_tidy(flagship):
    frames = flagship[2].frames()
    for name, frame in frames.items():
        assert f"``{name}``" in frames_module.__doc__
        assert isinstance(frame, pd.DataFrame)
        assert frame.columns.is_unique
    placebo = frames["placebos"].query("sample == 'after' and link == 'H1' and scheme == 'permutation'")
    p = (1 + (placebo["value"] >= placebo["observed"] - 1e-12).sum()) / (len(placebo) + 1)
    assert p == pytest.approx(flagship[2].samples["after"].links["H1"].details["p_permutation"])


def test_power_curve_rises(flagship):
    frame = flagship[2].frames()["power"]
    for (_, link), part in frame.groupby(["sample", "link"]):
        # two binomial errors of 200 draws for H2; the others use the same draws throughout
        slack = 0.1 if link == "H2" else 0.0
        assert (part["power"].diff().dropna() >= -slack).all()


def test_tables_are_copies(flagship):
    table = flagship[2].tables()["links"]
    table.loc[:, "pvalue"] = 0.0
    assert flagship[2].tables()["links"]["pvalue"].max() > 0


def test_rate_ladder_is_the_catalogue(tables):
    ladder = tables["rate_ladder"].set_index("event_id")
    assert ladder.loc["2025-05-12_geneva", ["rate_before", "rate_after"]].tolist() == [145.0, 30.0]
    assert ladder.loc["2025-04-04_cn34", "side"] == "rival"


def test_words():
    assert pvalue_words(0.0005) == pvalue_words(0.0009) == "p < 0.001"
    assert pvalue_words(0.001) == "p = 0.001"
    assert "too few reliefs" in race_sentence("none", float("nan"), 0, float("nan"), "", "after")
    assert "not a finding" in race_sentence("deadline", 7.0, 4, 0.5, "", "after")
    assert "clearly" in race_sentence("drawdown", 7.0, 30, 0.01, "", "all")
    untested = race_sentence("drawdown", 7.0, 30, float("nan"), "no yield in these prices", "all")
    assert "not tested, no yield in these prices" in untested
    counts = {
        "threats": 9,
        "index fell first": 5,
        "ended in relief": 4,
        "relief after a fall": 3,
        "still below at relief": 2,
        "complete": 1,
    }
    assert cycle_sentence(counts).startswith("Complete cycles: 1 of 9 threats")
