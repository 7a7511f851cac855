"""The places of a module where one operator, number, bound or call can be changed, and the text that changes it."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}  # fmt: skip
_COMPARISON = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
_PAIRS = (
    ("min", "max"), ("minimum", "maximum"), ("nanmin", "nanmax"), ("argmin", "argmax"), ("any", "all"),
    ("floor", "ceil"), ("zeros", "ones"), ("zeros_like", "ones_like"), ("sf", "cdf"), ("p_less", "p_greater"),
)  # fmt: skip
_OTHER_NAME = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_OTHER_TEXT = {"left": "right", "right": "left"}  # the side of a search
_LEFT_OUT_CALLS = {"abs", "sqrt", "log", "exp", "log1p", "expm1", "fabs", "square"}
_NUMBERS = ("Floats", "Ints", "NDArray", "float", "int")  # annotations of what a kernel returns
_NO_NUMBER = {"strict", "stacklevel"}  # keywords that change no result


@dataclass(frozen=True, slots=True)
class Site:
    """One change of one module.

    Attributes
    ----------
    line : int
        Where the changed part begins.
    first, last : int
        Lines of its statement, up to the end of what changes.
    text : str
        The line of the source on which the changed part begins, stripped.
    change : str
        "original -> changed", of the smallest expression around it.
    start, stop : int
        Bytes of the source that are replaced.
    new : str
        What replaces them.
    inside : bool
        Whether a function must run for the line to run; False for what runs on import.
    """

    line: int
    first: int
    last: int
    text: str
    change: str
    start: int
    stop: int
    new: str
    inside: bool

    def apply(self, source: bytes) -> bytes:
        return source[: self.start] + self.new.encode() + source[self.stop :]


def sites(source: str) -> list[Site]:
    """Return every change, in order of the source.

    Left alone are annotations, decorators, docstrings, messages (what is raised, and `msg`), assertions and what only a
    type checker reads.

    Examples
    --------
    >>> [site.change for site in sites("def f(x):\\n    return x[1:] - 2 * x.min()\\n")]
    ['x[1:] - 2 * x.min() -> x[1:] + 2 * x.min()', '1: -> :', '1 -> 2', '2 * x.min() -> 2 / x.min()', '2 -> 3', 'min -> max']
    """
    lines = source.encode().splitlines(keepends=True)
    begin = [0]
    for line in lines:
        begin.append(begin[-1] + len(line))
    found = []
    for node, changed, statement, inside in _changes(ast.parse(source)):
        wrapped = isinstance(node, ast.expr) and not isinstance(node, ast.Slice)
        new = f"({ast.unparse(changed)})" if wrapped else ast.unparse(changed)
        shown, other = (_shown(part) for part in (node, changed))
        found.append(
            Site(
                line=node.lineno,
                first=statement.lineno,
                last=node.end_lineno or node.lineno,
                text=lines[node.lineno - 1].decode().strip(),
                change=f"{shown} -> {other}",
                start=begin[node.lineno - 1] + node.col_offset,
                stop=begin[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0),
                new=new,
                inside=inside,
            )
        )
    return sorted(found, key=lambda site: (site.start, -site.stop))


def _shown(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)


Change = tuple[ast.expr | ast.stmt, ast.AST]


def _changes(tree: ast.Module) -> Iterator[tuple[ast.expr | ast.stmt, ast.AST, ast.stmt, bool]]:
    """Give (node, what it becomes, its statement, whether a function must run for it)."""
    stack: list[tuple[ast.AST, ast.stmt | None, ast.FunctionDef | None]] = [(tree, None, None)]
    while stack:
        node, statement, function = stack.pop()
        if _is_left_alone(node):
            continue
        if isinstance(node, ast.stmt):
            statement = node
        if statement is not None:
            for old, new in _of(node, function):
                yield old, new, statement, function is not None and statement is not function
        inner = node if isinstance(node, ast.FunctionDef) else function
        stack.extend((child, statement, inner if _is_body(node, child) else function) for child in _children(node))


def _is_body(node: ast.AST, child: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and child in node.body


def _is_left_alone(node: ast.AST) -> bool:
    if isinstance(node, (ast.Raise, ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom)):
        return True
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # docstrings
    if isinstance(node, ast.keyword):
        return node.arg in _NO_NUMBER
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"msg", "__all__"}


def _children(node: ast.AST) -> Iterator[ast.AST]:
    left_out = {"annotation", "returns", "decorator_list", "type_comment", "type_params"}
    for name, value in ast.iter_fields(node):
        if name not in left_out:
            yield from (
                child for child in (value if isinstance(value, list) else [value]) if isinstance(child, ast.AST)
            )


def _of(node: ast.AST, function: ast.FunctionDef | None) -> Iterator[Change]:  # noqa: C901, PLR0912  a list of cases
    """Give the changes of this very node."""
    match node:
        case ast.BinOp() | ast.AugAssign() if type(node.op) in _ARITHMETIC:
            yield node, _with(node, op=_ARITHMETIC[type(node.op)]())
        case ast.Compare():
            for at, op in enumerate(node.ops):
                for other in _COMPARISON[type(op)]:
                    yield node, _with(node, ops=[*node.ops[:at], other(), *node.ops[at + 1 :]])
        case ast.BoolOp():
            yield node, _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.UnaryOp() if not isinstance(node.op, ast.UAdd):
            yield node, node.operand
        case ast.Constant():
            yield from ((node, ast.Constant(value)) for value in _other_constant(node.value))
        case ast.Slice():
            yield from ((node, _with(node, **{side: None})) for side in ("lower", "upper") if getattr(node, side))
        case ast.Name() if isinstance(node.ctx, ast.Load) and node.id in _OTHER_NAME:
            yield node, _with(node, id=_OTHER_NAME[node.id])
        case ast.Attribute() if node.attr in _OTHER_NAME:
            yield node, _with(node, attr=_OTHER_NAME[node.attr])
        case ast.Call() if len(node.args) == 1 and not node.keywords and _shown(node.func) in _LEFT_OUT_CALLS:
            yield node, node.args[0]
        case ast.If() | ast.IfExp() | ast.While() if isinstance(node.test, (ast.Name, ast.Attribute, ast.Call)):
            yield node.test, ast.UnaryOp(ast.Not(), node.test)
        case ast.Return() if node.value is not None and function is not None and function.returns is not None:
            if ast.unparse(function.returns).startswith(_NUMBERS):
                yield node.value, ast.BinOp(node.value, ast.Mult(), ast.Constant(0))


def _other_constant(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield value + 1
    elif isinstance(value, str) and value in _OTHER_TEXT:
        yield _OTHER_TEXT[value]


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
