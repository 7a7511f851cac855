"""Study files of others: each odd value is one StudyError with the file and the key, or a study that runs."""

from __future__ import annotations

import tomllib
import typing

import pytest
from pydantic import BaseModel

import eventstudy as es
from eventstudy.errors import InputError, StudyError
from eventstudy.hypothesis import load_definitions
from eventstudy.report import write_document
from eventstudy.report.build import build_document
from eventstudy.study.pairs.firm_file import load_study
from eventstudy.study.study_file import StudyFile

SMALL = {
    "title": '"T"',
    "catalog": 'source = "events.csv"',
    "prices": 'source = "bundled"\nsymbols = ["^GSPC", "^VIX"]\nstart = "2023-06-01"',
    "market": 'symbol = "^GSPC"\nfear = "^VIX"',
    "windows": "event = [-2, 2]\nreported = [[0, 0]]\nestimation = { length = 60, minimum = 30 }",
}
EVENTS = {
    "a": "a,Tariffs,2025-04-02 16:26-04:00,escalation",
    "b": "b,Truce,2025-04-09 13:18-04:00,softening",
    "c": "c,Call,2025-05-12 03:00-04:00,talks",
    "d": "d,Tariffs,2025-10-10 11:00-04:00,escalation",
    "mixed": "m,Both,2025-04-02 16:26-04:00,mixed",
    "also": "e,Relief,2025-04-02 16:27-04:00,softening",
    "early": "f,Early,2010-04-02 16:26-04:00,escalation",
    "late": "g,Late,2028-04-02 16:26-04:00,escalation",
}
CROSS = 'benchmark = "^GSPC"\nevents = ["a", "b"]\ngroups = { industries = ["NoDur", "BusEq"], rest = ["Money"] }'


def write(folder, events="abcd", **parts):
    rows = [EVENTS[name] for name in events]
    (folder / "events.csv").write_text("\n".join(["event_id,name,announced_at,stance", *rows, ""]))
    parts = SMALL | parts
    text = "".join(f"[{name}]\n{lines}\n" for name, lines in parts.items() if name != "title")
    path = folder / "study.toml"
    path.write_text(f"title = {parts['title']}\n{text}", encoding="utf-8")
    return path


WRONG = {
    "windows.reported": ("windows", "event = [-2, 2]\nreported = []"),
    "reported.0": ("windows", "reported = [[1, 0]]"),
    "event.1": ("windows", "event = [-5, 50000000]"),
    "event.0": ("windows", f"event = [0x{'f' * 6000}, 1]"),
    "not [0, 9]": ("windows", "event = [-2, 2]\nreported = [[0, 9]]"),
    "days 0 and +1": ("windows", "event = [2, 5]\nreported = [[2, 3]]"),
    "estimation.length": ("windows", "estimation = { length = true }"),
    "estimation.minimum": ("windows", "estimation = { minimum = 1e300 }"),
    "before=(-20, 12) and after=(11, 20) overlap": ("windows", "estimation = { before = [-20, 12], after = [11, 20] }"),
    "before and after, or length and end": ("windows", "estimation = { length = 60, after = [11, 20] }"),
    "estimation.end": ("windows", f"estimation = {{ end = -{'9' * 30} }}"),
    "hypothesis.seed": ("hypothesis", "seed = -1"),
    "ladder.x.0.0": ("ladder", 'x = [["then", 1.0]]'),
    "ladder.x.0.1": ("ladder", 'x = [["2025-01-01", inf]]'),
    "prices.start": ("prices", 'symbols = ["^GSPC"]\nstart = "1600-01-01"'),
    "prices.end": ("prices", 'symbols = ["^GSPC"]\nend = "-1"'),
    "catalog.since": ("catalog", 'source = "us-china"\nsince = "9999-12-31"'),
    "catalog.until": ("catalog", 'source = "us-china"\nuntil = "0000-00-00"'),
    "cross_section.window": ("cross_section", 'benchmark = "^GSPC"\nwindow = [0, 9]'),
    "cross_section.groups.a": ("cross_section", 'benchmark = "^GSPC"\ngroups = { a = 1 }'),
    "no key market.k0": ("market", 'symbol = "^GSPC"\n' + "\n".join(f"k{i} = 1" for i in range(2000))),
    "no key folder": ("title", '"T"\nfolder = "/"'),
    "nested too deeply": ("ladder", f"x = {'[' * 5000}{']' * 5000}"),
    "4300 digits": ("hypothesis", f"seed = {'9' * 5000}"),
}


@pytest.mark.parametrize("said", WRONG)
def test_an_odd_value_is_refused_with_its_file_and_key(tmp_path, said):
    part, lines = WRONG[said]
    with pytest.raises(StudyError) as caught:
        load_study(write(tmp_path, **{part: lines}))
    assert "study.toml" in str(caught.value)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 5000


@pytest.mark.parametrize(
    ("lines", "expected", "told"),
    [
        ("{ length = 60 }", es.EstimationWindow(60), {"length": 60, "end": -11, "minimum": 30}),
        ("{ after = [11, 120] }", es.EstimationWindow(after=(11, 120)), {"before": None, "after": [11, 120], "minimum": 44}),
        (
            "{ before = [-250, -11], after = [11, 120], minimum = 50 }",
            es.EstimationWindow(before=(-250, -11), after=(11, 120), minimum=50),
            {"before": [-250, -11], "after": [11, 120], "minimum": 50},
        ),
    ],
)  # fmt: skip
def test_an_estimation_window_after_or_around_the_event_is_asked_for_in_words(tmp_path, lines, expected, told):
    part = load_study(write(tmp_path, windows=f"event = [-2, 2]\nreported = [[0, 0]]\nestimation = {lines}")).windows
    assert part.estimation.asked() == expected
    assert part.model_dump(mode="json")["estimation"] == told


@pytest.mark.parametrize(
    "content", [b"\xff\xfet\0", b"title = '\xe9'", b"title = '\0'", b"a" * 100_000, b"a." * 100_000 + b"a=1", b""]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=r"study\.toml"):
        load_study(path)


@pytest.mark.parametrize("source", ["x" * 5000, "a\0b.toml", ".", "us-chin", 3, None, b"x"])
def test_a_study_that_is_not_there_is_one_error(source):
    with pytest.raises(StudyError) as caught:
        load_study(source)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", ["x" * 5000, "a\\u0000b", "."])
@pytest.mark.parametrize("part", ["catalog", "hypothesis"])
def test_nor_is_what_it_names(tmp_path, name, part):
    lines = {
        "catalog": f'source = "{name}"',
        "hypothesis": f'definitions = "{name}"',
    }
    with pytest.raises(InputError) as caught:
        build_document(load_study(write(tmp_path, **{part: lines[part]})), quick=True)
    assert len(str(caught.value)) < 1500


def lists(model: type[BaseModel], place: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the keys of a model whose value is a list or a table."""
    found = []
    for name, field in model.model_fields.items():
        for kind in (field.annotation, *typing.get_args(field.annotation)):
            if isinstance(kind, type) and not typing.get_origin(kind) and issubclass(kind, BaseModel):
                found += lists(kind, (*place, name))
            elif typing.get_origin(kind) in {list, dict}:
                found.append((*place, name))
    return found


LISTS = lists(StudyFile)


def test_the_lists_of_the_schema_are_found():
    assert {("windows", "reported"), ("prices", "symbols"), ("ladder",), ("cross_section", "groups")} <= set(LISTS)
    assert len(LISTS) >= 11


@pytest.mark.slow
@pytest.mark.parametrize("key", LISTS, ids=".".join)
def test_each_list_may_be_empty_or_is_refused_by_name(tmp_path, key):
    path = write(tmp_path, cross_section=CROSS, ladder='x = [["2025-01-01", 10.0]]')
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    place = content
    for part in key[:-1]:
        place = place[part]
    kind = typing.get_origin(type_of(key))
    place[key[-1]] = {} if kind is dict else []
    path.write_text(toml(content), encoding="utf-8")
    try:
        document, _ = build_document(load_study(path), quick=True)
    except InputError as error:
        assert key[-1] in str(error)  # noqa: PT017  either is right
        return
    assert document.answer


def type_of(key):
    model = StudyFile
    for part in key[:-1]:
        kinds = (model.model_fields[part].annotation, *typing.get_args(model.model_fields[part].annotation))
        model = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    kinds = (model.model_fields[key[-1]].annotation, *typing.get_args(model.model_fields[key[-1]].annotation))
    return next(kind for kind in kinds if typing.get_origin(kind) in {list, dict})


def toml(value) -> str:
    plain = {key: item for key, item in value.items() if not isinstance(item, dict)}
    tables = {key: item for key, item in value.items() if isinstance(item, dict)}
    lines = [f"{key} = {inline(item)}" for key, item in plain.items()]
    return "\n".join([*lines, *(f"[{key}]\n" + "\n".join(f"{k} = {inline(v)}" for k, v in item.items()) for key, item in tables.items())])  # fmt: skip


def inline(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {inline(item)}' for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


ODD = {
    "one event": {"events": "a"},
    "one event that does both": {"events": ["mixed"]},
    "one session of two directions": {"events": ["a", "also"]},
    "talks alone": {"events": "c"},
    "before the prices": {"events": ["early"]},
    "after the prices": {"events": ["late"]},
    "around the prices": {"events": ["early", "late"]},
    "a window around the event": {"windows": "event = [-2, 2]\nreported = [[0, 0]]\nestimation = { before = [-60, -3], after = [3, 60] }"},
    "another window": {"windows": "event = [-2, 2]\nreported = [[-1, 1]]\nestimation = { length = 60, minimum = 30 }"},
    "one window twice": {"windows": "event = [-2, 2]\nreported = [[0, 0], [0, 0]]\nestimation = { length = 60, minimum = 30 }"},
    "no fear gauge": {"market": 'symbol = "^GSPC"'},
    "labels of no event": {"market": 'symbol = "^GSPC"\nlabels = { z = "Z" }'},
    "no securities named": {"cross_section": 'benchmark = "^GSPC"'},
    "no security there": {"cross_section": 'benchmark = "^GSPC"\nevents = ["a"]\ngroups = { x = ["ZZZ"] }'},
    "an empty group": {"cross_section": 'benchmark = "^GSPC"\nevents = ["a"]\ngroups = { x = [], y = ["Money"] }'},
    "events of no name": {"cross_section": CROSS.replace('"a", "b"', '"zz"')},
    "events of one name": {"cross_section": CROSS.replace('"a", "b"', '"a", "d"')},
    "labels of one name": {"cross_section": f'{CROSS}\nlabels = {{ NoDur = "Q", BusEq = "Q" }}'},
    "the benchmark in a group": {"cross_section": CROSS.replace("NoDur", "^GSPC")},
}  # fmt: skip


QUICK = {"one event that does both", "no security there", "another window"}


@pytest.mark.parametrize("odd", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ODD])
def test_odd_and_legal_studies_run(tmp_path, odd):
    document, _ = build_document(load_study(write(tmp_path, **ODD[odd])), quick=True)
    assert document.answer[0].endswith(".")
    assert ": ." not in document.answer[0]


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD)
def test_they_are_written_too(tmp_path, odd):
    document, _ = build_document(load_study(write(tmp_path, hypothesis="seed = 1", **ODD[odd])), quick=True)
    write_document(document, tmp_path / "out")
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000


@pytest.mark.slow
def test_the_page_says_which_windows_before_and_after_were_pooled(tmp_path):
    document, _ = build_document(load_study(write(tmp_path, **ODD["a window around the event"])), quick=True)
    assert any("116 sessions on days −60 to −3 and +3 to +60, pooled" in chart.caption for chart in document.charts)
    assert any(
        "on days −60 to −3 and +3 to +60, pooled; at least 46 of them" in line
        for section in document.sections
        for line in section.paragraphs
    )


@pytest.mark.slow
def test_events_of_one_name_are_told_apart(tmp_path):
    document, _ = build_document(load_study(write(tmp_path, **ODD["events of one name"])), quick=True)
    (table,) = [table for table in document.tables if table.name == "securities"]
    assert set(table.frame["event"]) == {"Tariffs (a)", "Tariffs (d)"}


DEFINITIONS = {
    "level": ({"level": "x"}, "level"),
    "share": ({"level": 2.0}, "level: 2.0 must be less than 0.5"),
    "flag": ({"sample": {"lead_only": 1}}, "[sample], lead_only: 1 must be"),
    "digits": ({"version": 10**5000}, "version"),
    "no table": ({"periods": 3}, "[periods]: 3 must be a table"),
    "no section": ({"reaction": 5}, "[reaction]: 5 must be a table"),
    "days": ({"periods": {"a": ["x", "2025-01-01"], "headline": "a"}}, "'x' must be a day of the calendar"),
    "backwards": ({"periods": {"a": ["2025-01-02", "2024-01-02"], "headline": "a"}}, "[periods], a: ["),
    "half": ({"periods": {"a": ["2025-01-02"], "headline": "a"}}, "[periods], a, entry 2: there is none"),
    "number": ({"reaction": {"window": 5}}, "[reaction], window: 5 must be a list"),
    "window": ({"reaction": {"window": [1, 0]}}, "[1, 0] must run forward"),
    "word": (
        {"reaction": {"scale": "fera"}},
        "[reaction], scale: 'fera' is not one of fear, ewma, none; did you mean 'fear'?",
    ),
    "variant": ({"curve": {"samples": ["x"]}}, "[curve], samples, entry 1: 'x' is not one of main"),
    "group": ({"groups": {"a": 3}}, "[groups], a: 3 must be a list"),
    "many": ({"replications": {"headline": 10**50}}, "[replications], headline"),
    "none": ({"replications": {"quick": 0}}, "[replications], quick: 0 must be"),
    "nan": ({"power": {"target": float("nan")}}, "[power], target: nan must be"),
    "month": ({"selloffs": {"dates": [["2025-13", "x"]]}}, "'2025-13' must be a day of the calendar"),
    "winsor": ({"reaction": {"winsor": [0.9, 0.1]}}, "winsor"),
    "unknown": ({"x" * 5000: 1}, "is not one of"),
}


@pytest.mark.parametrize("case", DEFINITIONS)
def test_definitions_that_cannot_be_meant_are_refused_by_key(case):
    change, said = DEFINITIONS[case]
    with pytest.raises(StudyError) as caught:
        load_definitions(change)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "content", ["level = 'x'", "level = ", f"x = {'[' * 5000}", "\0", "[reaction]\nwindow = 1979-05-27"]
)
def test_a_file_of_definitions_is_named(tmp_path, content):
    path = tmp_path / "own.toml"
    path.write_text(content)
    with pytest.raises(StudyError, match=r"own\.toml"):
        load_definitions(path)
