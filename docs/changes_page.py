"""Write docs/changes-0.2.md: what users of 0.1 must know, from the old names in the code and from CHANGELOG.md (`make changes`)."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "eventstudy"
PAGE = ROOT / "docs" / "changes-0.2.md"
SECTION = "## 0.2.0 (2026-11-30)\n"
HEAD = """\
# What changed for users of 0.1

Made by `make changes` from the code and the changelog. Old names and arguments still answer in 0.2, each with a `DeprecationWarning`
that says what is meant now; they go in 0.3. To find them all in a program of yours:

```console
$ python -W error::DeprecationWarning your_program.py
```
"""


def moved() -> list[tuple[str, str]]:
    """Return the names that have a new place, old and new, as the packages themselves know them."""
    found = []
    for path in sorted(SOURCE.rglob("__init__.py")):
        if "with_old_names(" in path.read_text("utf-8"):
            package = ".".join(("eventstudy", *path.parent.relative_to(SOURCE).parts))
            old = importlib.import_module(package)._OLD  # noqa: SLF001  the table of old names
            found += [(f"{package}.{name}", f"{package}.{place}.{name}") for name, place in sorted(old.items())]
    return found


def renamed() -> list[tuple[str, str]]:
    """Return the arguments that have a new name, old and new, as the decorators say."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            for one in node.decorator_list:
                if isinstance(one, ast.Call) and getattr(one.func, "id", "") == "renamed":
                    for word in one.keywords:
                        turned = isinstance(word.value, ast.Tuple)
                        new = ast.literal_eval(word.value.elts[0] if isinstance(word.value, ast.Tuple) else word.value)
                        note = " (another scale; the old value is turned for you)" if turned else ""
                        found.append((f"{node.name}({word.arg}=)", f"{node.name}({new}=){note}"))
    return sorted(found)


def bullets() -> str:
    """Return the changes as the changelog tells them."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    return text.partition(SECTION)[2].partition("\n## ")[0].strip()


def page() -> str:
    """Return the page."""
    lines = [f"| `{old}` | {new if '(' in new and ' ' in new else f'`{new}`'} |" for old, new in (*moved(), *renamed())]
    table = "\n".join(["| 0.1 | 0.2 |", "|---|---|", *lines])
    return f"{HEAD}\n## Names\n\n{table}\n\n## Behaviour and figures\n\n{bullets()}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
