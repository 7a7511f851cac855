"""A chart of the verdict is one value: what is drawn, listed and placed is the same, and a new one is one function."""

from __future__ import annotations

import math
import re
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy import load_prices, plots
from eventstudy.hypothesis.rivals.cumulative_incidence import cumulative_incidence
from eventstudy.hypothesis.verdict import charts
from eventstudy.hypothesis.verdict.drawn import Drawn
from eventstudy.pages.document import Document, Part, Section
from eventstudy.plots.chart import Chart
from eventstudy.report.build import GIVE_WAY, _lean
from eventstudy.report.parts import chain
from eventstudy.words import pvalue_words


def part_of(verdict, monkeypatch):
    monkeypatch.setattr(chain, "verdict_of", lambda *_, **__: verdict)
    inputs = SimpleNamespace(speaks_of_chain=True, study=SimpleNamespace(ladder={}))
    return chain.chain_part(inputs, seed=0, quick=True, progress=None)


def test_the_report_places_the_charts_of_the_verdict(flagship, monkeypatch):
    listed = flagship[2].charts()
    placed = part_of(flagship[2], monkeypatch)
    names = [chart.name for chart in listed]
    assert names == ["links", "power", "rivals", "ends", "overlay"]  # the others are drawn when asked for
    assert [(chart.name, chart.title, chart.alt, chart.caption) for chart in placed.charts] == [
        (chart.name, chart.title, chart.alt, chart.caption) for chart in listed
    ]
    assert sorted(name for section in placed.sections for name in section.charts) == sorted(names)


def test_each_has_its_words_and_is_drawn_with_them(flagship):
    for chart in flagship[2].charts():
        assert chart.title
        assert chart.alt
        assert chart.caption
        assert not chart.data.empty
        assert isinstance(chart.figure, Figure)
        assert chart.figure is not chart.figure  # drawn anew each time it is asked for
        texts = [text.get_text() for text in chart.figure.findobj(lambda artist: hasattr(artist, "get_text"))]
        assert any(chart.title in re.sub(r"\s+", " ", text) for text in texts), chart.name
        assert chart.title in chart.alt  # a reader who cannot see it is told the finding


def test_at_most_a_dozen_charts_stand_on_the_page_of_a_hypothesis():
    """Those that give way keep their tables."""
    charts = tuple(Chart(name, name, name, Figure(), pd.DataFrame({"a": [1]})) for name in ("caar", *GIVE_WAY))
    part = Part(sections=(Section("One", charts=tuple(one.name for one in charts), tables=("t",)),), charts=charts)
    lean = _lean(part)
    assert [one.name for one in lean.charts] == ["caar"]
    assert lean.sections == (Section("One", charts=("caar",), tables=("t",)),)


def losses(findings, sample="all"):
    """Draw the losses before decisions."""
    own = findings.frame("hazard_by_drawdown")
    shown = own[own["sample"] == sample].assign(label=own["loss_from"].map("{:.3f}".format), estimate=own["rate"])
    title = f"Losses, sample {sample}"
    return Chart(
        "losses",
        title,
        alt="Rates by loss.",
        drawn=partial(plots.forest, shown, title=title),
        data=plots.forest_data(shown),
        caption="One function.",
    )


def test_a_new_chart_is_one_function_and_one_line(flagship, monkeypatch):
    """It is then drawn by the verdict, listed by it, and placed by the report, which no one touched."""
    monkeypatch.setattr(charts.Plots, "losses", Drawn(losses, [{"sample": "after"}]), raising=False)
    verdict = flagship[2]
    given = Figure().subplots()
    assert verdict.plot.losses("after", ax=given, title="Mine") is given
    assert given.get_title(loc="left") == "Mine"
    assert verdict.charts()[-1].title == "Losses, sample after"
    part = part_of(verdict, monkeypatch)
    document = Document("t", part.answer, part.results, charts=part.charts, tables=part.tables, sections=part.sections)
    assert document.charts[-1].name == "losses"
    assert "losses" in next(section.charts for section in document.sections if section.heading == "The chain in detail")


def test_a_chart_without_a_number_is_left_out(flagship, monkeypatch):
    def empty(findings):
        chart = losses(findings)
        return Chart(chart.name, chart.title, chart.alt, chart.drawn, chart.data.iloc[:0])

    monkeypatch.setattr(charts.Plots, "empty", Drawn(empty), raising=False)
    assert "losses" not in [chart.name for chart in flagship[2].charts()]


def test_the_rivals_are_drawn_in_doublings_and_read_in_times(flagship):
    verdict = flagship[2]
    race = verdict.tables()["race"]
    race = race[(race["sample"] == "all") & race["hazard_ratio"].notna()].set_index("rival")
    chart = charts.rivals(verdict)
    best = race.loc["deadline"]
    assert f"{best['hazard_ratio']:.1f} times as likely within a week" in chart.title
    row = chart.data.set_index("label").loc["date within a week"]
    half = 1.6448536269514722 * best["log_se"] / math.log(2)
    assert (row["low"], row["high"]) == pytest.approx((row["estimate"] - half, row["estimate"] + half))
    assert 2 ** row["estimate"] == pytest.approx(best["hazard_ratio"])
    axes = verdict.plot.rivals()
    ticks = dict(zip(axes.get_xticks(), (text.get_text() for text in axes.get_xticklabels()), strict=True))
    assert (ticks[-1], ticks[0], ticks[3]) == ("1/2", "1", "8")
    values = [text.get_text() for text in axes.texts if text.get_gid() == "forest.value"]
    assert values == [f"{value:.1f} times" for value in sorted(race["hazard_ratio"], reverse=True)]


def test_the_recovery_says_how_much_of_the_rise_came_when(flagship):
    """By hand from the closes: 4982.77 on 8 April 2025, 5456.90 a day later, 5659.91 before Geneva, 6005.88 on 9 June."""
    closes = load_prices(["^GSPC"], start="2025-01-02", source="bundled").frame["^GSPC"]
    index = pd.DataFrame({"session": closes.index, "level": closes.to_numpy()})
    rules = flagship[2].definitions
    own, other = (
        SimpleNamespace(definitions=rules.model_copy(update={"ledger": ledger}), frame=lambda _: index)
        for ledger in ("us-china", "")
    )
    chart = charts.recovery(own)
    rise = 6005.88 - 4982.77
    first, late = (5456.90 - 4982.77) / rise, (6005.88 - 5659.91) / rise
    assert (
        chart.title == f"{first:.0%} of the rise from 8 April to 9 June 2025 came on 9 April, {late:.0%} after Geneva"
    )
    change = chart.data.set_index("relative_day")["change"]
    assert change[[-1, 3]].tolist() == pytest.approx([0, 4982.77 / 5670.97 - 1])
    assert charts.recovery(other).data.empty  # another catalogue has no such recovery


def test_the_ends_of_threats_stand_with_their_numbers_at_risk(flagship):
    """Ten threats: three relieved on day 10, two in force on day 20, one out of sight on day 40, four open at the limit."""
    days = np.array([10.0] * 3 + [20.0] * 2 + [40.0] + [60.0] * 4)
    curve = cumulative_incidence(days, np.array([0] * 3 + [1] * 2 + [2] * 5))
    frame = pd.DataFrame(
        {name: getattr(curve, name) for name in ("day", "relieved", "implemented", "open", "at_risk")}
    ).assign(targets="within the scopes")
    made = SimpleNamespace(definitions=flagship[2].definitions, frame=lambda _: frame)
    chart = charts.ends(made)
    assert chart.title == "30 days on, 30% of 10 threats had found relief, 20% were in force"
    axes = chart.draw()
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0\n10", "15\n7", "30\n5", "45\n4", "60\n4"]
    lines = {line.get_gid(): line.get_ydata().tolist() for line in axes.lines}
    assert lines["ends.relieved"] == pytest.approx([0, 0.3, 0.3, 0.3, 0.3])
    assert lines["ends.open"] == pytest.approx([1, 0.7, 0.5, 0.5, 0.5])
    made.frame = lambda _: frame.iloc[:0]
    assert charts.ends(made).data.empty


def test_choices_by_name_and_by_place(flagship):
    plot = flagship[2].plot
    assert "placebo" in plot.placebo.__name__
    titles = [axes.get_title(loc="left") for axes in (plot.placebo("H3", "all"), plot.placebo(sample="all", link="H3"))]
    assert titles[0] == titles[1]
    assert titles[0].startswith("H3")


def test_an_axes_by_place_still_draws_and_warns(flagship):
    given = Figure().subplots()
    with pytest.warns(DeprecationWarning, match="ax by its name"):
        assert flagship[2].plot.placebo("H1", "all", given) is given


def test_levels_in_words_are_those_of_the_definitions(flagship):
    """Under another level the intervals of captions, alternative texts and legends are the ones that were computed."""
    verdict = flagship[2]
    loose = SimpleNamespace(
        definitions=verdict.definitions.model_copy(update={"alpha": 0.01}),
        frame=verdict.frame,
        link_names=verdict.link_names,
        headline=verdict.headline,
    )
    chart = charts.links(loose)
    assert "98% interval" in chart.caption
    labels = [text.get_text() for text in charts.hazard(loose).figure.findobj(lambda a: hasattr(a, "get_text"))]
    assert any("98% interval" in label for label in labels)


def test_drawn_already_takes_no_options():
    figure = Figure()
    chart = Chart("n", "t", "a", figure, pd.DataFrame())
    assert chart.figure is figure
    assert Chart("n", "t", "a", figure.subplots(), pd.DataFrame()).figure is figure


@pytest.mark.slow
def test_a_verdict_is_a_page_and_prints_its_answer(flagship, tmp_path):
    verdict = flagship[2]
    page = verdict.report(tmp_path / "v.html", sections=["Does the chain hold?"]).read_text("utf-8")
    assert "What was claimed" not in page
    assert page.count("<figure") == 4
    lines = repr(verdict).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith("Do falling stocks")
    for name, link in verdict.lead.links.items():
        row = next(line for line in lines if line.startswith(f"{name} "))
        assert pvalue_words(link.pvalue).removeprefix("p = ") in row
    assert verdict._repr_html_().count("<tr>") == 4
