"""Draw the rooms and what each imports, from the imports themselves: `python docs/design_picture.py` writes docs/design.md."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "eventstudy"
PAGE = ROOT / "docs" / "design.md"
BEGIN, END = "<!-- rooms, drawn by docs/design_picture.py -->\n", "<!-- end of the rooms -->\n"


def imported(path: Path) -> set[str]:
    """Return the first-party modules that a file imports, annotations and functions counted."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("eventstudy"):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(parts: tuple[str, ...], depth: int) -> str:
    """Return the room of a module at a depth of folders."""
    return "/".join(parts[:depth])


def lines(inside: str = "") -> list[str]:
    """Return one line a room: its files, and the rooms that it imports; `inside` names the room that is opened."""
    folder, depth = SOURCE / inside, len(Path(inside).parts) + 1
    rooms: dict[str, tuple[int, set[str]]] = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if parts[-1] in {"__init__", "__main__"} and len(parts) == depth:
            continue
        name = room_of(parts, depth)
        targets = {room_of(tuple(one.split(".")[1:]), depth) for one in imported(path)}
        count, known = rooms.get(name, (0, set()))
        rooms[name] = (count + 1, known | targets)
    drawn = []
    for name, (count, targets) in sorted(rooms.items(), key=lambda item: (len(item[1][1] & set(rooms)), item[0])):
        below = ", ".join(sorted(one.removeprefix(f"{inside}/") for one in targets & set(rooms) - {name}))
        drawn.append(f"{name.removeprefix(f'{inside}/'):<22} {count:>3}   {below}".rstrip())
    return drawn


def picture() -> str:
    """Return the block of docs/design.md."""
    opened = ("abnormal", "inference", "returns", "study", "hypothesis", "report")
    parts = ["```text", "room                 files   imports", *lines()]
    for room in opened:
        parts += ["", f"{room}/", *lines(room)]
    return "\n".join([*parts, "```", ""])


def main() -> None:
    """Write the block."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(before + BEGIN + picture() + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
