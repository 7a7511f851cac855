"""Intervals in the lab: each as a test of nothing, which rejects where the interval leaves the truth out or does not exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.inference.beyond.average import average
from eventstudy.inference.beyond.bands import caar_band
from eventstudy.inference.beyond.cross_sectional_regression import explain
from eventstudy.inference.beyond.differences import compare_means, trend
from eventstudy.inference.core.average import Average
from eventstudy.inference.core.car_covariance import car_covariance
from eventstudy.inference.core.spec import ALWAYS, Condition, TestSpec
from eventstudy.inference.core.statistic import Statistic, from_t


def _told(found: Average) -> Statistic:
    outcome = from_t(found.mean / found.se, found.df, found.n, estimate=found.mean, se=found.se)
    return _missed(outcome.p_two, outcome.p_less, outcome.p_greater, found.n)


def _missed(two: Floats, less: Floats, greater: Floats, n: Ints) -> Statistic:
    """Return p-values as a statistic; an interval that does not exist has missed."""
    sides = [np.where(np.isfinite(side), side, 0.0) for side in (two, less, greater)]
    return Statistic(np.asarray(two), sides[0], sides[1], sides[2], "interval", np.asarray(n))


def _caar(sample: WindowSample) -> Statistic:
    return _told(average(sample))


def _caar_weighted(sample: WindowSample) -> Statistic:
    n = sample.car.shape[-1]
    return _told(average(sample, weights=np.broadcast_to(np.exp(np.linspace(-1, 1, n)), sample.car.shape)))


def _aar(sample: WindowSample) -> Statistic:
    at = int(np.argmin(np.abs(sample.relative_day)))
    return _told(average(_days(sample, slice(at, at + 1))))


def _days(sample: WindowSample, days: slice) -> WindowSample:
    record = sample.estimation
    return replace(
        sample,
        relative_day=sample.relative_day[days],
        bar=sample.bar[..., days],
        ar=sample.ar[..., days],
        ar_se=sample.ar_se[..., days],
        car=sample.ar[..., days.start],
        car_se=sample.ar_se[..., days.start],
        estimation=None if record is None else replace(record, window_design=record.window_design[..., days, :]),
    )


def _each(one: Callable[[WindowSample], float]) -> Callable[[WindowSample], Statistic]:
    """Return a statistic of a batch from the two-sided p-value of one sample."""

    def compute(sample: WindowSample) -> Statistic:
        shape = sample.car.shape[:-1]
        p = np.array([one(_one(sample, at)) for at in np.ndindex(*shape)]).reshape(shape)
        return _missed(p, np.full(shape, 1.0), np.full(shape, 1.0), np.isfinite(sample.car).sum(axis=-1))

    return compute


def _one(sample: WindowSample, at: tuple[int, ...]) -> WindowSample:
    names = ("bar", "security", "day0", "ar", "ar_se", "car", "car_se", "sigma", "m", "df")
    record = sample.estimation
    given: dict[str, Any] = {name: getattr(sample, name)[at] for name in names}
    kept = None if record is None else record.map(lambda array: array[at])
    return replace(sample, **given, estimation=kept)


def _band(sample: WindowSample) -> float:
    band = caar_band(sample, draws=999, seed=0)
    return float((band.low <= 0).all() and (band.high >= 0).all())


def _explain(sample: WindowSample) -> float:
    """Return the p-value of the slope on a characteristic that has nothing to do with the returns."""
    x = np.sin(np.arange(sample.car.size) * 2.0)
    given = (car_covariance(sample), sample.df)
    return float(explain(sample.car, {"x": x}, errors="portfolio", covariance=given).pvalue[1])


def _explain_cluster(sample: WindowSample) -> float:
    if np.unique(sample.day0).size < 2:
        return np.nan
    x = np.sin(sample.day0 * 2.0) + 0.5 * np.sin(np.arange(sample.car.size) * 2.0)
    return float(explain(sample.car, {"x": x}, errors="cluster", cluster=sample.day0).pvalue[1])


def _compare(sample: WindowSample) -> float:
    half = sample.car.size // 2
    return compare_means(sample.car[:half], sample.car[half:]).pvalue


def _trend(sample: WindowSample) -> float:
    return trend(np.abs(sample.scar)).pvalue


FEW_TOO: frozenset[Condition] = frozenset({"few"})

CLAIMED: dict[str, frozenset[Condition]] = {
    name: frozenset({"dependence", "staggered dependence"})
    for name in ("caar", "aar", "caar_weighted", "caar_band", "explain")
}
"""Where intervals are claimed to hold beyond normal independent data, declared before they were measured."""


def _spec(name: str, title: str, compute: Callable[[WindowSample], Statistic]) -> TestSpec:
    return TestSpec(
        name=name,
        title=title,
        null="the interval holds the truth",
        assumptions=(),
        reference="docs/calibration.md",
        compute=compute,
        minimum=3,
        holds_under=ALWAYS | CLAIMED.get(name, frozenset()) | FEW_TOO,
    )


INTERVALS: Mapping[str, TestSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            _spec("caar", "interval of the mean CAR", _caar),
            _spec("aar", "interval of the mean abnormal return of a day", _aar),
            _spec("caar_weighted", "interval of a weighted mean CAR", _caar_weighted),
            _spec("caar_band", "band of the path", _each(_band)),
            _spec("explain", "slope on a characteristic, portfolio errors", _each(_explain)),
            _spec("explain_cluster", "slope on a characteristic, CR2 by session", _each(_explain_cluster)),
            _spec("compare", "difference of two means", _each(_compare)),
            _spec("trend_of_size", "trend of the size of reactions", _each(_trend)),
        )
    }
)
"""Intervals that the lab measures as it measures tests, by name."""
