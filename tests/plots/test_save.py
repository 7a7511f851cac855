import os
import re
import subprocess
import sys
import textwrap
import unicodedata
import warnings
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy import plots
from eventstudy.errors import InputError
from eventstudy.plots import attrition, caar, render, render_each, save, style as style_module, styled

PROGRAM = textwrap.dedent(
    """
    import hashlib
    import numpy as np, pandas as pd
    from eventstudy import plots
    day = np.arange(-5, 6)
    frame = pd.DataFrame({"relative_day": day, "caar": day / 1000, "low": day / 1000 - .01, "high": day / 1000 + .01, "n": 4})
    figure = plots.caar(frame).figure
    print([hashlib.sha256(plots.render(figure, kind)).hexdigest() for kind in ("svg", "png", "pdf")])
    """
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_the_same_figure_is_the_same_bytes_twice(kind, paths):
    assert render(caar(paths).figure, kind) == render(caar(paths).figure, kind)


@pytest.mark.slow
def test_bytes_do_not_depend_on_hash_seed_zone_or_locale():
    surroundings = [
        {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"},
    ]
    said = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env={**os.environ, **env}, capture_output=True, text=True, check=True
        ).stdout
        for env in surroundings
    }
    assert len(said) == 1


def test_bytes_do_not_depend_on_the_last_digits_of_where_things_stand():
    """Another processor lays the same figure out with other last digits; an SVG's names come from the drawing."""

    def drawn(shift, value=3.0):
        figure = Figure(figsize=(4, 3))
        for left in (0.1234, 0.5678):
            ax = figure.add_axes((left + shift, 0.1234, 0.3456, 0.7654))
            ax.plot([1.0, 2.0, value], marker="o")
            ax.bar([0, 1], [1.0, 2.0], hatch="/")
            ax.scatter([0, 1, 2], [2.0, 1.0, 1.5])
            ax.fill_between([0, 1, 2], [0.0, 0.5, 0.2], [1.0, 1.5, 0.9])
        return render(figure, "svg")

    one = drawn(0.0)
    assert one == drawn(1e-12)
    names = re.findall(rb' id="([^"]*)"', one)
    assert len(set(names)) == len(names)
    used = re.findall(rb'(?:url\(|href=")#([^)"]*)', one)
    assert set(used) <= set(names)
    assert not set(used) & set(re.findall(rb' id="([^"]*)"', drawn(0.0, 3.5)))  # two drawings can stand on one page


def test_bytes_do_not_depend_on_the_users_settings_at_saving_time(paths):
    figure = caar(paths).figure
    plain = render(figure, "svg")
    with mpl.rc_context({"svg.fonttype": "none", "savefig.facecolor": "black", "axes.unicode_minus": False}):
        assert render(figure, "svg") == plain
        assert mpl.rcParams["svg.fonttype"] == "none", "the user's settings are theirs again"


def test_several_kinds_at_once_are_what_each_alone_is_and_leave_the_figure_as_it_came():
    figure = attrition(pd.DataFrame({"stage": ["all", "studied"], "n": [9, 4], "reason": ["", "no price"]})).figure
    engine, canvas, dpi = figure.get_layout_engine(), figure.canvas, figure.dpi
    files = render_each(figure, ("svg", "png"))
    assert files == {kind: render(figure, kind) for kind in ("svg", "png")}, "a layout of its own each time"
    assert (figure.get_layout_engine(), figure.canvas, figure.dpi) == (engine, canvas, dpi)
    assert all(ax.get_in_layout() for ax in figure.axes)
    with pytest.raises(InputError, match="not 'jpg'"):
        render_each(figure, ("svg", "jpg"))


def test_coordinates_end_at_a_hundredth_of_a_point():
    figure = Figure()
    figure.subplots().plot([0, 1 / 3], [0, 1 / 7])
    paths = " ".join(re.findall(r' d="([^"]*)"', render(figure, "svg").decode()))
    assert re.search(r"\.\d\d\b", paths)
    assert not re.search(r"\.\d{3}", paths)


def test_no_date_and_no_program_in_the_file():
    figure = Figure()
    figure.subplots().plot([1, 2])
    svg = render(figure, "svg").decode()
    assert "dc:date" not in svg
    assert "matplotlib.org" not in svg
    assert b"Software" not in render(figure, "png")


def test_save_goes_by_the_ending_and_refuses_others(tmp_path):
    figure = Figure()
    assert save(figure, tmp_path / "a.svg").read_bytes() == render(figure, "svg")
    assert save(figure, str(tmp_path / "a.PNG")).read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="'gif'"):
        save(figure, tmp_path / "a.gif")
    assert not (tmp_path / "a.gif").exists()


def test_names_in_other_scripts_do_not_warn():
    figure = Figure()
    figure.subplots().set_title("关税 tariffs")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        render(figure, "png")


@pytest.mark.parametrize("style", ["paper", "screen"])
def test_style_sheets_are_shipped_and_loadable_by_name(style):
    with matplotlib.style.context(f"eventstudy.plots.{style}"):
        assert mpl.rcParams["axes.spines.top"] is False
    before = dict(mpl.rcParams)
    with styled(style):
        assert mpl.rcParams["font.family"] == ["DejaVu Sans"]
    assert dict(mpl.rcParams) == before


def test_nothing_else_saves_figures():
    source = Path(style_module.__file__).parents[1]
    found = [p.name for p in sorted(source.rglob("*.py")) if ".savefig(" in p.read_text(encoding="utf-8")]
    assert found == ["save.py"]


def test_nothing_uses_pyplot():
    source = Path(style_module.__file__).parents[1]
    assert not [p for p in source.rglob("*.py") if "import matplotlib.pyplot" in p.read_text(encoding="utf-8")]


HOSTILE = "\x1b]0;pwned\x07 \x00\x85\x9b2J \u202egnp\u2066 \ufffe <b>&amp; ]]> --> $x^{$"


def test_a_drawing_holds_no_control_and_every_parser_opens_it():
    figure = Figure()
    ax = figure.subplots()
    ax.set_title(HOSTILE, parse_math=False)
    svg = render(figure, "svg")
    ET.fromstring(svg)  # noqa: S314  our own drawing; that it is whole is the question
    left = {character for character in svg.decode() if unicodedata.category(character) in {"Cc", "Cf"}}
    assert left <= {"\n"}


def shown(drawn) -> str:
    figure = drawn if isinstance(drawn, Figure) else drawn.figure
    svg = render(figure, "svg")
    ET.fromstring(svg)  # noqa: S314  the same
    return svg.decode()


@pytest.mark.parametrize("given", [True, False])
def test_names_are_text_in_every_place_of_a_chart(given):
    days = pd.bdate_range("2025-04-01", periods=30)
    levels = pd.Series(np.linspace(100, 90, 30), index=days)
    events = pd.DataFrame(
        {
            "event_id": ["a", "b"],
            "name": [HOSTILE, f"{HOSTILE} 2"],
            "label": [HOSTILE, f"{HOSTILE} 2"],
            "session": days[[5, 20]],
            "stance": ["escalation", HOSTILE],
            "estimate": [0.01, -0.02],
            "low": [0.0, -0.03],
            "high": [0.02, -0.01],
        }
    )
    cells = pd.DataFrame(
        {"event": ["e", HOSTILE], "symbol": [HOSTILE, "s"], "estimate": [0.1, 0.2], "low": 0.0, "high": 0.3}
    )
    ax = {"ax": Figure().subplots()} if given else {}
    drawn = [
        plots.reactions(events, title=HOSTILE, quantity=HOSTILE, subtitle=HOSTILE, **ax),
        plots.heatmap(cells, title=HOSTILE, quantity=HOSTILE),
        plots.industries(cells, title=HOSTILE, quantity=HOSTILE),
        plots.market(levels, events, level_name=HOSTILE, title=HOSTILE),
        plots.caar(
            pd.DataFrame(
                {"stance": HOSTILE, "relative_day": [0, 1], "caar": [0.0, 0.1], "low": 0.0, "high": 0.2, "n": 2}
            )
        ),
    ]
    for chart in drawn:
        assert "pwned" in shown(chart)  # the name is there, in matplotlib's comments
