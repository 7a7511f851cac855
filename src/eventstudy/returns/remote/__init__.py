"""Sources on the network: retries, workers, and what the cache already has."""

from typing import Any

from eventstudy._lazy import with_old_names


def _unknown(name: str) -> Any:
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


__getattr__ = with_old_names(__name__, _unknown, {"RemoteSource": "remote"})
