"""The one place that holds the version, and those of the packages that a result depends on."""

__version__ = "0.2.0"


def versions_of(*names: str) -> dict[str, str]:
    """Return eventstudy's version and those of the named packages that are installed."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  only what is written down pays for it

    found = {"eventstudy": __version__}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # yfinance may be missing
            continue
    return found
