"""Charts drawn by a second process are the same charts, and none is lost when it fails."""

import subprocess
import sys
import threading

import pytest
from matplotlib.figure import Figure

from eventstudy.pages import render_charts as drawing
from eventstudy.plots import render_each


def figures(count):
    made = []
    for number in range(count):
        figure = Figure(layout="constrained")
        figure.subplots().plot(range(number + 2))
        made.append(figure)
    return made


def makers(count):
    return [lambda figure=figure: figure for figure in figures(count)]


def test_a_narrow_figure_that_does_not_fit_is_nothing():
    wide, fits, none = drawing.draw_all(makers(1), [*makers(1), lambda: None])
    assert set(wide) == {"svg", "png"}
    assert set(fits) == {"svg"}
    assert none == {}


@pytest.mark.slow
def test_each_figure_has_its_own_bytes_in_its_own_place(monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # pytest-xdist has threads of its own
    monkeypatch.setattr(drawing.os, "cpu_count", lambda: 2)
    drawn = drawing.draw_all(makers(drawing.FEW + 2))
    assert drawn == [render_each(figure) for figure in figures(drawing.FEW + 2)]
    assert len({one["svg"] for one in drawn}) == drawing.FEW + 2


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux draws in a second process")
def test_what_a_killed_helper_leaves_is_drawn_here():
    script = """
import os
from matplotlib.figure import Figure
from eventstudy.pages import render_charts as drawing

def fails(here, there, figures):
    os.kill(os.getpid(), 9)

drawing._send, drawing.os.cpu_count = fails, lambda: 2
made = [Figure for _ in range(drawing.FEW + 3)]
print(len(drawing.draw_all(made)), all(one["png"] for one in drawing.draw_all(made)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(drawing.FEW + 3), "True"]


def test_with_other_threads_nothing_is_copied(monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    monkeypatch.setattr(drawing.multiprocessing, "get_context", lambda _: pytest.fail("a process was copied"))
    assert len(drawing.draw_all(makers(drawing.FEW + 1))) == drawing.FEW + 1
