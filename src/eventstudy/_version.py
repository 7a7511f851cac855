"""The one place that holds the version, and those of the packages that a result depends on."""

from functools import cache

__version__ = "0.2.0"


def versions_of(*names: str) -> dict[str, str]:
    """Return eventstudy's version and those of the named packages that are installed."""
    found = {name: _installed(name) for name in names}
    return {"eventstudy": __version__} | {name: version for name, version in found.items() if version is not None}


@cache
def _installed(name: str) -> str | None:
    """Return the version of a package, or None where it is missing; read once, since each entry of a cache names it."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  only what is written down pays for it

    try:
        return version(name)
    except PackageNotFoundError:  # yfinance may be missing
        return None
