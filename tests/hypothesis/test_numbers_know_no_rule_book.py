"""The functions of numbers take the values they use: none takes the whole definitions, none more than eight values."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import eventstudy.hypothesis

ROOM = Path(eventstudy.hypothesis.__file__).parent
NUMBERS = ("links", "rivals", "robustness")
MOST = 8


def functions(*rooms):
    for room in rooms:
        for path in sorted((ROOM / room).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                    yield f"{room}/{path.name}: {node.name}", [a for a in arguments if a.arg not in {"self", "cls"}]


@pytest.mark.parametrize("room", NUMBERS)
def test_no_number_takes_the_whole_definitions(room):
    found = dict(functions(room))
    assert len(found) > 5
    taken = {name: [ast.unparse(a.annotation) for a in arguments if a.annotation] for name, arguments in found.items()}
    assert {name for name, kinds in taken.items() if any("Definitions" in kind for kind in kinds)} == set()


def test_no_function_takes_more_than_one_can_see():
    rooms = [path.name for path in ROOM.iterdir() if (path / "__init__.py").exists()]
    many = {name: len(arguments) for name, arguments in functions(*rooms, ".") if len(arguments) > MOST}
    assert many == {}
