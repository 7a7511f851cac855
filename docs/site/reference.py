"""One page for each public name, from the stubs that name them, and one for each command."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

import typer.main
from click import Context

from eventstudy.cli.app import app

ROOMS: Final = (
    "abnormal",
    "calendars",
    "calibration",
    "errors",
    "events",
    "hypothesis",
    "inference",
    "plots",
    "report",
    "returns",
    "study",
)
#: What is not Python, with one sentence each.
OTHERS: Final = {
    "generated/reference/commands": "every command and its options.",
    "studies": "every key of a study file.",
    "words": "what arguments, columns and flags are called.",
    "events": "columns and labels of a catalogue of events.",
    "data": "sources, files, and what is checked of prices.",
}
OWN: Final = ("generated/reference/commands", "studies", "words")  # the others of them stand in another section
MEMBERS: Final = "\n   :members:"
INHERITED: Final = (
    "\n   :inherited-members:"  # a result's tables stand in classes of their own; those of other packages stay away
)
CALL: Final = "eventstudy.study.call"  # the page of the room that can be called


def public_names(room: ModuleType) -> list[str]:
    """Return what a room offers: what its stub names, or what it defines itself."""
    named = getattr(room, "__all__", None)
    if named is None:
        own = (n for n, value in vars(room).items() if getattr(value, "__module__", "") == room.__name__)
        named = [name for name in own if not name.startswith("_")]
    return sorted((name for name in named if not inspect.ismodule(getattr(room, name))), key=str.lower)


def write_reference(into: Path) -> None:
    """Write the pages of all public names, a list for each room, and the commands."""
    folder = into / "reference"
    folder.mkdir()
    top = import_module("eventstudy")
    homes = {"eventstudy": [name for name in public_names(top) if name != "__version__"]}
    homes |= {f"eventstudy.{room}": public_names(import_module(f"eventstudy.{room}")) for room in ROOMS}
    told: dict[object, str] = {}  # what several rooms offer has one page, where it stands first
    for home, names in homes.items():
        module = import_module(home)
        again: dict[str, str] = {}
        for name in names:
            thing = getattr(module, name)
            key = thing if inspect.isclass(thing) or inspect.isfunction(thing) else name
            if key in told:
                again[name] = told[key]
            else:
                told[key] = f"{home}.{name}"
                (folder / f"{home}.{name}.rst").write_text(_page(home, name, thing), "utf-8")
        _room(folder, home, names, again)
    title = "es.study(events, prices, …)"
    (folder / f"{CALL}.rst").write_text(
        f"{title}\n{'=' * len(title)}\n\n.. autofunction:: eventstudy.study.pairs.one_call.study\n", "utf-8"
    )
    _commands(folder)
    rows = [f"| [`{home}`]({home}.md) | {_said(home)} |" for home in homes]
    table = "\n".join(["| room | what is in it |", "|---|---|", *rows])
    others = "\n".join(f"- {{doc}}`/{page}`: {said}" for page, said in OTHERS.items())
    tree = "\n".join(["```{toctree}", ":hidden:", "", CALL, *homes, *(f"/{page}" for page in OWN), "```"])
    text = (
        "# Reference\n\nEvery public name has a page. `import eventstudy as es` gives them all; "
        f"[`es.study(events, prices)`]({CALL}.rst) is a study of firms in one call.\n\n"
    )
    (folder / "index.md").write_text(f"{text}{table}\n\n## Beside Python\n\n{others}\n\n{tree}\n", "utf-8")


def _said(home: str) -> str:
    """Return the first sentence that a room says of itself."""
    return (inspect.getdoc(import_module(home)) or "").split("\n\n")[0].replace("\n", " ")


def _page(home: str, name: str, thing: object) -> str:
    """Return the page of one public name."""
    title = f"{home}.{name}".replace("eventstudy", "es", 1) if home == "eventstudy" else f"{home}.{name}"
    if inspect.isclass(thing):
        ours = all(base.__module__.startswith("eventstudy") for base in thing.__mro__[:-1])
        body = f".. autoclass:: {home}.{name}{MEMBERS}{INHERITED if ours else ''}"
    elif callable(thing):
        body = f".. autofunction:: {home}.{name}"
    else:
        body = f".. autodata:: {home}.{name}\n   :no-value:"
    return f"{title}\n{'=' * len(title)}\n\n{body}\n"


def _room(folder: Path, home: str, names: list[str], again: dict[str, str]) -> None:
    module = import_module(home)
    rows = []
    for name in names:
        first = (inspect.getdoc(getattr(module, name)) or "").split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        place = again.get(name, f"{home}.{name}")
        rows.append(f"| [`{name}`]({place}.rst) | {first if callable(getattr(module, name)) else 'a constant'} |")
    tree = "\n".join(
        ["```{toctree}", ":hidden:", "", *(f"{home}.{name}" for name in names if name not in again), "```"]
    )
    table = "\n".join(["| name | what it is |", "|---|---|", *rows])
    (folder / f"{home}.md").write_text(f"# {home}\n\n{_said(home)}\n\n{table}\n\n{tree}\n", "utf-8")


def _commands(folder: Path) -> None:
    """Write one page with every command and its options."""
    group = typer.main.get_command(app)
    parts = ["# Commands"]
    with Context(group, info_name="eventstudy") as context:
        for name in group.list_commands(context):  # type: ignore[attr-defined]  # a group of commands
            command = group.get_command(context, name)  # type: ignore[attr-defined]  # the same
            rows = [
                f"| `{' '.join(one.opts) if one.param_type_name == 'option' else one.name}` | "
                f"{(getattr(one, 'help', None) or '').split(chr(10) * 2)[0].replace(chr(10), ' ').replace('|', '/')} |"
                for one in command.params
            ]
            said = inspect.cleandoc(command.help or "").replace("\b", "")
            parts += [
                f"## eventstudy {name}",
                f"```text\n{said}\n```",
                "\n".join(["| option | what it does |", "|---|---|", *rows]),
            ]
    (folder / "commands.md").write_text("\n\n".join(parts) + "\n", "utf-8")
