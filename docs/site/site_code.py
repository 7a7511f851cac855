"""Code of a page: shown, and run when the site is built, so that what stands under it came out of it."""

from __future__ import annotations

import ast
import contextlib
import io

import pandas as pd


def block(code: str) -> str:
    """Return a fenced block of Python."""
    return f"```python\n{code.rstrip()}\n```"


def run(code: str, names: dict[str, object] | None = None) -> tuple[str, object]:
    """Run a block by itself or after others whose names are handed over; return what it prints, and the value of its last line."""
    printed = io.StringIO()
    names = {} if names is None else names
    names.setdefault("__name__", "__main__")
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<page>", "exec"), names)  # noqa: S102  our own page
        value = eval(compile(ast.Expression(last.value), "<page>", "eval"), names) if last else None  # noqa: S307  the same
    return printed.getvalue(), value


def output(code: str, names: dict[str, object] | None = None) -> str:
    """Return what a block prints and the value of its last line, as a fenced block; nothing where there is neither."""
    with pd.option_context("display.width", 160, "display.max_columns", 20):
        text, value = run(code, names)
        text += "" if value is None else repr(value)
    return f"```text\n{text.rstrip()}\n```" if text.strip() else ""
