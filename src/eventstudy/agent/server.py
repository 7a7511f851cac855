"""``eventstudy mcp``: the calls of a `Desk` as tools of the Model Context Protocol, over standard input and output."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from eventstudy._shipped import shipped_text
from eventstudy._version import __version__
from eventstudy.agent.desk import Desk
from eventstudy.border import said
from eventstudy.errors import EventStudyError, InputError, told

CALLS = ("load", "catalogue", "fit", "tests", "report")


def skill_text() -> str:
    """Return SKILL.md: what a program that acts for a person reads first."""
    return shipped_text("eventstudy.agent", "SKILL.md")


def build_server() -> Any:
    """Return a server with the five calls on a desk of its own; a refusal of ours is an error that the caller can read."""
    try:
        from mcp.server.mcpserver import MCPServer  # noqa: PLC0415  an extra
        from mcp.server.mcpserver.exceptions import ToolError  # noqa: PLC0415  the same
        from mcp.types import ToolAnnotations  # noqa: PLC0415  the same
    except ImportError as error:
        msg = "eventstudy mcp needs the official SDK, version 2: pip install 'eventstudykit[mcp]'"
        raise InputError(msg) from error

    def refusing(call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def answer(**arguments: Any) -> Any:
            try:
                return call(**arguments)
            except EventStudyError as error:
                refusal = f"refused: {told(error)}"
                raise ToolError(refusal) from None
            except Exception as error:
                fault = f"this is a fault of eventstudy, please report: {type(error).__name__}: {said(error)}"
                raise ToolError(fault) from error

        return answer

    server = MCPServer("eventstudy", version=__version__, instructions=skill_text(), log_level="ERROR")
    desk = Desk()
    for name in CALLS:
        kind = ToolAnnotations(read_only_hint=True, open_world_hint=False, idempotent_hint=name not in ("load", "fit"))
        server.add_tool(refusing(getattr(desk, name)), name=name, annotations=kind)
    return server
