"""Sources on the network: retries, workers, and what the cache already has."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Answer to the class that sources of other packages are made from."""
    if name != "RemoteSource":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from eventstudy.returns.remote.remote import RemoteSource  # noqa: PLC0415  the rooms within import this package first

    return RemoteSource
