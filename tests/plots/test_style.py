from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy import plots
from eventstudy.plots.labels import arrange
from eventstudy.plots.style import STANCES, all_named, clean, mark_of, named, percent, percent_axis, slug


def grey(color):
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_every_stance_differs_in_marker_and_line():
    marks = list(STANCES.values())
    assert len({m.marker for m in marks}) == len({m.line for m in marks}) == len(marks) == 4


@pytest.mark.parametrize("mark", STANCES.values(), ids=STANCES)
def test_every_colour_is_dark_enough_on_white_for_small_text(mark):
    channels = [int(mark.color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert 1.05 / (luminance + 0.05) >= 4.5, "WCAG 2.1, contrast of text"


def test_other_groups_have_marks_by_their_place():
    assert mark_of("b", among=["a", "b"]) != mark_of("a", among=["a", "b"])


def test_percent_ticks_have_the_places_they_need():
    ax = Figure().subplots()
    ax.set_ylim(-0.004, 0.004)
    percent_axis(ax.yaxis)
    ax.set_yticks([-0.0025, 0.0, 0.0025])
    ax.figure.draw_without_rendering()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["−0.25%", "0.00%", "0.25%"]


def test_no_negative_zero():
    assert percent(-0.00001) == "0.0%"


@pytest.mark.parametrize("text", ["\u202eevil", "a\x00b", "\u200fx", "tab\there"])
def test_labels_hold_no_marks(text):
    assert clean(text).isprintable()


def test_ids_are_plain():
    assert slug('"><script>') == "script"
    assert slug("关税") == "x"


def test_arrange_leaves_out_what_does_not_fit_and_keeps_the_important():
    flags = arrange([50.0, 50.0, 50.0], [40.0] * 3, bounds=(0, 100), levels=1)
    assert [flag.index for flag in flags] == [0, 1], "one to each side, no room for a third"
    assert {flag.side for flag in flags} == {1, -1}
    assert arrange([50.0], [200.0], bounds=(0, 100), levels=3) == []


def test_all_names_are_there_once():
    assert len(plots.__all__) == len(set(plots.__all__))
    assert all(hasattr(plots, name) for name in plots.__all__)


def _draw(style):
    frame = pd.DataFrame({"relative_day": [-1, 0, 1], "caar": [0.0, 0.01, 0.02], "low": -0.01, "high": 0.04, "n": 3})
    return plots.caar(frame, style=style).figure


def test_paper_is_smaller_than_screen():
    paper, screen = _draw("paper"), _draw("screen")
    assert paper.get_size_inches()[0] == 6.5
    assert paper.axes[0].title.get_fontsize() < screen.axes[0].title.get_fontsize()


@pytest.mark.slow
def test_threads_do_not_draw_under_each_others_style():
    alone = {style: plots.render(_draw(style), "svg") for style in ("paper", "screen")}
    with ThreadPoolExecutor(4) as pool:
        wanted = ["paper", "screen"] * 6
        drawn = list(pool.map(lambda style: plots.render(_draw(style), "svg"), wanted))
    assert drawn == [alone[style] for style in wanted]


def test_names_that_would_be_cut_alike_are_told_apart_by_their_ends():
    names = [f"Consolidated International Industries {letter} plc" for letter in "ABCDEFGH"]
    for limit in (12, 14, 20, 30):
        short = all_named([*names, "Union Pacific"], limit)
        assert len(set(short)) == len(short)
        assert max(map(len, short)) <= limit
    assert all_named(names, 60) == names
    assert all_named(["A long name that stands alone"], 10) == [named("A long name that stands alone", 10)]
