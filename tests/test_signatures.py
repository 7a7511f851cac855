"""Every option of every public function is checked: a wrong word, level, window or number is an error of ours, never a result."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import sys
import tempfile
import types
import typing
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventstudy
from eventstudy.errors import EventStudyError
from eventstudy.hypothesis.verdict.charts import Plots
from eventstudy.inference import _OLD
from eventstudy.study import StoredResult, StudyResult
from eventstudy.study.charts import Figures

ROOMS = (
    "abnormal",
    "calibration",
    "events",
    "hypothesis",
    "hypothesis.laboratory",
    "inference",
    "plots",
    "report",
    "returns",
    "study",
)


def public():
    """Every public function and method, by the name that a user types."""
    found = {}
    places = [("eventstudy", eventstudy)]
    places += [(f"eventstudy.{room}", importlib.import_module(f"eventstudy.{room}")) for room in ROOMS]
    things = {f"{place}.{name}": getattr(room, name) for place, room in places for name in room.__all__}
    for name, home in _OLD.items():
        module = importlib.import_module(f"eventstudy.inference.{home}")
        things[f"{module.__name__}.{name}"] = getattr(module, name)
    things |= {"result.plot": Figures, "verdict.plot": Plots}
    for name, thing in things.items():
        if inspect.isclass(thing) and not issubclass(thing, BaseException):
            if not name.endswith(".plot"):
                found[id(thing)] = (name, thing)
            for key in dir(thing):
                held = getattr(thing, key, None)  # a field that a panel hands out has no value of the class
                method = inspect.unwrap(held) if callable(held) else None
                if not key.startswith("_") and str(getattr(method, "__module__", "")).startswith("eventstudy"):
                    found[id(method)] = (f"{name}.{key}", held)
        elif inspect.isfunction(thing):
            found[id(inspect.unwrap(thing))] = (name, thing)
    return sorted(found.values(), key=lambda entry: entry[0])


def place_of(function, name):
    """Where the names of an annotation live."""
    if inspect.isclass(function):
        for base in function.__mro__:
            if name in vars(base).get("__annotations__", {}) and dataclasses.is_dataclass(base):
                return vars(sys.modules[base.__module__])
        return inspect.unwrap(function.__init__).__globals__
    return inspect.unwrap(function).__globals__


def kind_of(function, parameter):
    """What a parameter takes, None left out; the text where it is a type that only type checkers import."""
    annotation = parameter.annotation
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, dict(place_of(function, parameter.name)))  # noqa: S307
        except NameError:
            return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(annotation) if part is not types.NoneType]
        return parts[0] if len(parts) == 1 else tuple(parts)
    return annotation


def has_words(kind):
    return typing.get_origin(kind) is typing.Literal or any(has_words(part) for part in typing.get_args(kind))


def parameters():
    return [
        (name, function, parameter)
        for name, function in public()
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name not in {"self", "cls"}
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


LEVELS = ("level", "alpha")


def wrong():
    """(function, parameter, a value that it must not take)."""
    cases = []
    for name, function, parameter in parameters():
        kind = kind_of(function, parameter)
        values = []
        if has_words(kind):
            values = ["nonsense", 7] if typing.get_origin(kind) is typing.Literal else [("nonsense",)]
        elif parameter.name in LEVELS and kind is float:
            values = [-1, 0, 1, 95, "0.95", float("nan")]
        elif kind == tuple[int, int] or (
            parameter.name == "window" and "Window" in str(kind) and "Sample" not in str(kind)
        ):
            values = [(1, 0), (0,), (None, 1), 3, (0, 1, 2), (0, 0.5), "01"]
        elif parameter.name == "estimation" and "EstimationWindow" in str(kind):
            values = [(-11, -250), (-250,), (None, -11), 250, "250"]
        elif kind is int or parameter.name == "seed":
            values = [2.5, "3", -1] if parameter.name == "seed" else [2.5, "3"]
        elif kind is float:
            values = ["0.1", [0.1]]
        cases += [
            pytest.param(function, parameter.name, value, id=f"{name}({parameter.name}={value!r})") for value in values
        ]
    return cases


# What a result or a record of the package itself holds: nobody hands it a value by hand, and its maker has checked it.
RECORDS = {
    "ClockRow",
    "SimulatedBars",
    "AbnormalReturns",
    "WindowSample",
    "EstimationRecord",
    "Cell",
    "Row",
    "ScannedPanel",  # `scan_returns` makes it
    "StoredResult",
    "Claim",
    "Falsifier",
    "Verdict",
    "StudyResult",
    "TestResult",
    "TestSpec",
    "Definitions",  # a model of pydantic: `load_definitions` makes it, and turns its errors into ours
    "Recommendation",
    "Comparison",
    "Moved",
    "Kept",
    "Chart",
    "Document",
    "Fact",
    "Section",
    "Table",
    "World",
    "Event",  # its rows are checked by the reader that makes a catalogue of them
    "Band",
    "CalendarPortfolio",
    "Conditions",
    "CrossSection",
    "Identification",
    "InjectedPower",
    "Statistic",
}


def plain(kind):
    """What an argument of a kind may well be."""
    if typing.get_origin(kind) is typing.Literal:
        return typing.get_args(kind)[0]
    if has_words(kind):
        return (plain(next(part for part in typing.get_args(kind) if has_words(part))),)
    if typing.get_origin(kind) is Sequence:
        return [1]
    return (0, 1) if kind == tuple[int, int] else 1


@cache
def small_result():
    rng = np.random.default_rng(0)
    index = pd.bdate_range("2024-01-01", periods=300)
    returns = pd.DataFrame(rng.normal(0, 0.01, (300, 4)), index=index, columns=list("MABC"))
    events = pd.DataFrame({"event_id": ["a", "b"], "bar": [index[200], index[260]], "size": [1.0, 2.0]})
    study = eventstudy.EventStudy(model=eventstudy.MarketModel("M"), calendar=None, estimation=(-120, -11))
    return study.fit(events, returns, symbols="all")


@cache
def small_stored():
    return small_result().to_parquet(Path(tempfile.mkdtemp()) / "result")


def held_by(owner):
    """A result where a window is checked against its study; else an object without anything, for options come first."""
    if issubclass(StudyResult, owner):
        return small_result()
    if owner is StoredResult:
        return small_stored()
    return small_result().plot if owner is Figures else object.__new__(owner)


def call(function, name, value):
    """Call with one wrong value; whatever else is needed is a plain number, for the wrong one is met first."""
    given = {}
    bound = inspect.signature(function)
    for parameter in bound.parameters.values():
        if parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            kind = kind_of(function, parameter)
            given[parameter.name] = plain(kind)
    given |= {name: value}
    ahead = [given.pop(one.name) for one in bound.parameters.values() if one.kind is one.POSITIONAL_ONLY]
    if "self" in given:
        owner = getattr(sys.modules[inspect.unwrap(function).__module__], function.__qualname__.split(".")[0])
        given["self"] = held_by(owner)
    return function(*ahead, **given)


@pytest.mark.parametrize(("function", "name", "value"), wrong())
def test_a_wrong_option_is_refused_with_its_name(function, name, value):
    if inspect.isclass(function) and function.__name__ in RECORDS:
        pytest.skip("a record")
    with pytest.raises(EventStudyError, match=name):
        call(function, name, value)


def test_the_walk_meets_what_it_should():
    names = {name for name, _ in public()}
    assert {"eventstudy.study.StudyResult.car", "eventstudy.plots.power_curve", "result.plot.caar"} <= names
    assert len(wrong()) > 300


# --------------------------------------------------------------------------------------------------- one word, one meaning

SIZES = {"level": (0.5, 1), "alpha": (0, 0.5), "target": (0.5, 1)}


def test_level_is_coverage_and_alpha_is_size():
    wrong_ones = [
        f"{name}({parameter.name}={parameter.default})"
        for name, _, parameter in parameters()
        if parameter.name in SIZES
        and isinstance(parameter.default, float)
        and not SIZES[parameter.name][0] < parameter.default < SIZES[parameter.name][1]
    ]
    assert wrong_ones == []


def test_where_to_draw_is_given_by_name():
    places = [(name, parameter) for name, _, parameter in parameters() if parameter.name in {"ax", "axes"}]
    assert len(places) > 15
    assert [name for name, parameter in places if parameter.kind is not parameter.KEYWORD_ONLY] == []


def test_chance_is_called_seed():
    words = {"random_state", "rng", "generator"}
    draws_for_its_caller = {"significance_tests", "Scenario.draw", "simulate_world", "run_trials"}
    assert [
        name
        for name, _, parameter in parameters()
        if parameter.name in words and not any(part in name for part in draws_for_its_caller)
    ] == []


@pytest.fixture(scope="module")
def result():
    return small_result()


@pytest.mark.parametrize(
    "table",
    [
        "aar",
        "caar",
        "abhar",
        "car",
        "bhar",
        "tidy",
        "tests",
        "joint",
        "diagnostics",
        "abnormal_variance",
        "explain",
        "excluded",
        "events",
    ],
)
def test_the_tables_of_a_result_speak_one_language(result, table):
    found = getattr(result, table)
    frame = found if isinstance(found, pd.DataFrame) else found(["size"]) if table == "explain" else found()
    columns = set(frame.columns)
    assert not columns & {
        "ci",
        "ci_low",
        "ci_high",
        "lower",
        "upper",
        "std_err",
        "p",
        "p_value",
        "N",
        "sessions",
        "n_obs",
    }
    for low in [name for name in columns if name == "low" or name.endswith("_low")]:
        assert f"{low.removesuffix('low')}high" in columns


def test_names_of_the_version_before_answer_with_a_warning(result):
    frame = pd.DataFrame({"effect": [0.0, 1.0], "power": [0.05, 0.9]})
    with pytest.warns(DeprecationWarning, match="it is alpha="):
        eventstudy.plots.power_curve(frame, level=0.05)
    with pytest.warns(DeprecationWarning, match="it is alpha="):
        old = eventstudy.inference.equivalence(0.001, 0.002, 0.01, level=0.95)
    assert repr(old) == repr(eventstudy.inference.equivalence(0.001, 0.002, 0.01, alpha=0.05))
    ax = eventstudy.plots.power_curve(frame)
    with pytest.warns(DeprecationWarning, match="give ax by its name"):
        assert result.plot.caar(ax) is ax


# ---------------------------------------------------------------------------------------------------------------- near misses


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda r: r.car(3), r"window=3 is not two whole relative days.*event window \(-10, 10\)"),
        (lambda r: r.car((0, 1, 2)), "two whole relative days"),
        (lambda r: r.tests((0, 1), ddof=0), "takes no 'ddof'; if it belongs to one"),
        (lambda r: r.caar((0, 1), level=95), "level=95 .*did you mean 0.95"),
        (lambda r: r.plot.heatmap(window=(1, 0)), "runs backwards"),
        (lambda _: eventstudy.EventStudy(window=5), "window=5"),
        (lambda _: eventstudy.EventStudy(estimation=250), r"EstimationWindow\(length=250"),
        (lambda _: eventstudy.EventStudy(estimation=(250, -11)), "runs backwards"),
        (lambda _: eventstudy.EventStudy(calendar=5), "calendar=5"),
        (lambda _: eventstudy.EstimationWindow(length=100, start=-250, end=-11), "240 bars, not length=100"),
        (lambda _: eventstudy.inference.power(0.01, 0.005, alternative="two sided"), "did you mean 'two-sided'"),
        (lambda _: eventstudy.inference.power("0.01", 0.005), "effect='0.01' is not a number"),
    ],
)
def test_near_misses_are_told(result, act, said):
    with pytest.raises(EventStudyError, match=said):
        act(result)


@pytest.mark.parametrize("given", [(-250, -11), [-250, -11], eventstudy.EstimationWindow(start=-250, end=-11)])
def test_an_estimation_window_may_be_its_days(given):
    study = eventstudy.EventStudy(estimation=given)
    assert (study.estimation_window.days, study.estimation_window.length) == ((-250, -11), 240)
    assert eventstudy.EstimationWindow(length=250, end=-11).days == (-260, -11)
