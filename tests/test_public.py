"""The public names, and what importing them costs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import cloudpickle
import pytest

import eventstudy


def test_all_names_are_exported_and_resolve():
    for name in eventstudy.__all__:
        assert getattr(eventstudy, name) is not None


@pytest.mark.parametrize("room", ["abnormal", "inference", "report", "returns", "study"])
def test_every_name_of_a_room_resolves(room):
    there = getattr(eventstudy, room)
    assert there.__all__
    for name in there.__all__:
        assert getattr(there, name) is not None


@pytest.mark.slow
def test_the_rooms_answer_from_the_package():
    code = "import eventstudy as es; es.errors.RateLimited, es.plots.caar, es.inference.TESTS, es.report.run_study, es.calendars.sessions"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_of_the_version_before_answers_with_a_warning():
    with pytest.warns(DeprecationWarning, match="import it from eventstudy.inference.significance_tests.parametric"):
        assert eventstudy.inference.bmp is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        eventstudy.nonsense  # noqa: B018


def modules_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_the_package_imports_nothing_heavy():
    assert (
        modules_after("import eventstudy") & {"pandas", "numpy", "scipy", "matplotlib", "statsmodels", "yfinance"}
        == set()
    )


def test_help_imports_no_pandas():
    code = "import runpy, sys\nsys.argv = ['eventstudy', '--help']\ntry: runpy.run_module('eventstudy', run_name='__main__')\nexcept SystemExit: pass"
    assert modules_after(code) & {"pandas", "numpy", "scipy", "matplotlib", "statsmodels", "yfinance"} == set()


@pytest.mark.parametrize("name", ["", ".study", ".inference", ".plots", ".report", ".errors", ".hypothesis"])
def test_work_that_names_a_room_travels_to_another_process(name):
    """As notebooks have it: Dask, Ray and joblib send a function with the modules that it names."""
    room = importlib.import_module(f"eventstudy{name}")
    sent = cloudpickle.dumps(lambda: room.__name__)
    asked = [sys.executable, "-c", "import pickle, sys; print(pickle.load(sys.stdin.buffer)())"]
    found = subprocess.run(asked, input=sent, capture_output=True, check=True)
    assert found.stdout.decode().strip() == f"eventstudy{name}"
