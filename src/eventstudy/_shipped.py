"""Files that come with the package: where one is not there, the installation is at fault, and the error says so."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from eventstudy.errors import InstallationError


def shipped(room: str, name: str) -> Traversable:
    """Return a file that comes with the package."""
    found = files(room).joinpath(*name.split("/"))
    if not found.is_file():
        msg = (
            f"{found}: this file of the package is missing, so the installation is not complete; "
            "install eventstudykit again (pip install --force-reinstall eventstudykit)"
        )
        raise InstallationError(msg)
    return found


def shipped_text(room: str, name: str) -> str:
    """Return the text of a file that comes with the package."""
    return shipped(room, name).read_text(encoding="utf-8")
