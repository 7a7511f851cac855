"""Every option of every public function is checked: a wrong word, level, window or number is an error of ours, never a result."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import sys
import types
import typing

import numpy as np
import pytest

import eventstudy
from eventstudy.errors import EventStudyError
from eventstudy.hypothesis.verdict.charts import Plots
from eventstudy.inference import _OLD
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
                method = inspect.unwrap(getattr(thing, key)) if callable(getattr(thing, key)) else None
                if not key.startswith("_") and str(getattr(method, "__module__", "")).startswith("eventstudy"):
                    found[id(method)] = (f"{name}.{key}", getattr(thing, key))
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
    "AbnormalReturns",
    "WindowSample",
    "EstimationRecord",
    "Cell",
    "Row",
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
            given[parameter.name] = (
                typing.get_args(kind)[0] if has_words(kind) else (0, 1) if kind == tuple[int, int] else 1
            )
    given |= {name: value}
    ahead = [given.pop(one.name) for one in bound.parameters.values() if one.kind is one.POSITIONAL_ONLY]
    if "self" in given:
        owner = getattr(sys.modules[inspect.unwrap(function).__module__], function.__qualname__.split(".")[0])
        given["self"] = object.__new__(owner)
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
    assert np.ndim(LEVELS) == 1
