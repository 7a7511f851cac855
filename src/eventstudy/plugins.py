"""What other packages add: models, tests, price sources and charts, each by an entry point; and who is to blame if one fails.

::

    [project.entry-points."eventstudy.models"]    a function or class that gives a model: EventStudy(model="name")
    [project.entry-points."eventstudy.tests"]     a TestSpec: in tests(), summary(), reports and the calibration lab
    [project.entry-points."eventstudy.sources"]   a class with a fetch method: load_prices(…, source="name")
    [project.entry-points."eventstudy.charts"]    a function of a StudyResult that gives a Chart: in its report
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from eventstudy.errors import EventStudyError, InstallationError
from eventstudy.words import brief

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

MODELS: Final = "eventstudy.models"
TESTS: Final = "eventstudy.tests"
SOURCES: Final = "eventstudy.sources"
CHARTS: Final = "eventstudy.charts"

WHAT: Final = {MODELS: "model", TESTS: "test", SOURCES: "price source", CHARTS: "chart"}

_homes: dict[str, EntryPoint] = {}
"""Modules that plugins came from, for what is made of them later."""


def points(group: str) -> list[EntryPoint]:
    """Return the entry points of a group, in the order of their names."""
    from importlib.metadata import entry_points  # noqa: PLC0415  slow to import: only those who look for plugins pay

    return sorted(entry_points(group=group), key=lambda point: (point.name, point.value))


def packages() -> list[str]:
    """Return the packages that add anything, by name."""
    return sorted({point.dist.name for group in WHAT for point in points(group) if point.dist is not None})


def package_of(point: EntryPoint) -> str:
    """Return the package that an entry point is of, with its version."""
    if point.dist is None:
        return f"package {point.value.split(':')[0].split('.')[0]!r}"
    return f"package {point.dist.name!r} {point.dist.version}"


def fault(point: EntryPoint, why: str) -> InstallationError:
    """Return the one line that says which package's plugin is wrong, and how."""
    msg = f"{package_of(point)}: its {WHAT.get(point.group, point.group)} {point.name!r} {' '.join(why.split())}; mend or uninstall it"
    return InstallationError(msg)


@contextmanager
def blaming(point: EntryPoint, doing: str) -> Iterator[None]:
    """Turn whatever a plugin raises, but for errors of ours, into one line that names its package."""
    try:
        yield
    except EventStudyError:
        raise
    except Exception as error:  # whatever it is, the package is to be named
        raise fault(point, f"{doing}: {type(error).__name__}: {brief(error, 300)}") from error


@contextmanager
def blaming_maker(thing: object, doing: str) -> Iterator[None]:
    """Do the same for an object that a plugin has made; nothing for one of a user's own."""
    home = _homes.get(type(thing).__module__)
    if home is None:
        yield
        return
    with blaming(home, doing):
        yield


def load(point: EntryPoint) -> Any:
    """Return what an entry point names."""
    with blaming(point, "cannot be loaded"):
        found = point.load()
    _homes[getattr(found, "__module__", point.module)] = point
    return found


def named(group: str, name: str) -> EntryPoint | None:
    """Return the entry point of a name; two packages that give one name are refused."""
    found = [point for point in points(group) if point.name == name]
    if len({package_of(point) for point in found}) > 1:
        raise fault(found[1], f"has the name of one of {package_of(found[0])}")
    return found[0] if found else None


def guarded(point: EntryPoint, function: Callable[..., Any], doing: str) -> Callable[..., Any]:
    """Return a function of a plugin whose faults name its package; an option that it does not take stays a `TypeError`."""

    @wraps(function)
    def call(*given: Any, **options: Any) -> Any:
        try:
            with blaming(point, doing):
                return function(*given, **options)
        except InstallationError as error:
            cause = error.__cause__
            if options and isinstance(cause, TypeError) and "unexpected keyword" in str(cause):
                raise cause from None
            raise

    return call
