"""Significance tests that other packages add, by the entry point ``eventstudy.tests``, checked as they come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args

from eventstudy import plugins
from eventstudy.inference.core.spec import CONDITIONS, Need, TestSpec
from eventstudy.inference.core.statistic import Statistic

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def added_tests(own: Collection[str]) -> Mapping[str, TestSpec]:
    """Return the tests of other packages; one that has a name of `own` is refused."""
    found: dict[str, TestSpec] = {}
    for point in plugins.points(plugins.TESTS):
        spec = plugins.load(point)
        if not isinstance(spec, TestSpec):
            raise plugins.fault(point, f"is no TestSpec but {type(spec).__name__}")
        if not spec.name or spec.name in own or spec.name in found:
            raise plugins.fault(point, f"is named {spec.name!r}, as another test is")
        strange = [
            *(set(spec.needs) - set(get_args(Need))),
            *((spec.holds_under | spec.holds_with_many) - set(CONDITIONS)),
        ]
        if strange or not callable(spec.compute):
            raise plugins.fault(
                point, f"has a need or condition {strange[0]!r} that there is not" if strange else "has no compute"
            )
        found[spec.name] = replace(spec, compute=plugins.guarded(point, _answering(point, spec), "failed"))
    return MappingProxyType(found)


def _answering(point: EntryPoint, spec: TestSpec) -> Callable[..., Statistic]:
    """Return the kernel of another package's test; an answer that is no `Statistic` is its fault."""

    def compute(*given: Any, **options: Any) -> Statistic:
        found: Any = spec.compute(*given, **options)
        if not isinstance(found, Statistic):
            raise plugins.fault(point, f"gives {type(found).__name__}, not a Statistic")
        return found

    return compute
