"""Intervals in the lab: each as a test of nothing, which rejects where the interval leaves the truth out or does not exist."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.inference.beyond.average import average, sessions_of
from eventstudy.inference.beyond.bands import band_around, path_of
from eventstudy.inference.beyond.common_dates import slopes
from eventstudy.inference.beyond.cross_sectional_regression import Errors, explain, usual_errors
from eventstudy.inference.beyond.date_slopes import Regression, can_be_told, dates_of
from eventstudy.inference.beyond.differences import compare_means, size_covariance, trend
from eventstudy.inference.beyond.equivalence import equivalence
from eventstudy.inference.beyond.rigobon_sack import rigobon_sack
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


def _abhar(sample: WindowSample) -> Statistic:
    return _told(average(sample, values=np.prod(1 + np.nan_to_num(sample.ar), axis=-1) - 1))


def _bhar(sample: WindowSample) -> Statistic:
    """Judge the buy-and-hold return of the first security-event of each sample, as `result.bhar` does."""
    value = np.prod(1 + np.nan_to_num(sample.ar[..., 0, :]), axis=-1) - 1
    outcome = from_t(value / sample.car_se[..., 0], sample.df[..., 0], np.ones(value.shape, dtype=np.int64))
    return _missed(outcome.p_two, outcome.p_less, outcome.p_greater, outcome.n)


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


def _band(sample: WindowSample) -> Statistic:
    """Say whether the band of each sample holds the whole path; as `caar_band`, the means of the batch at once."""
    found = path_of(sample)
    shape = sample.car.shape[:-1]
    held = np.zeros(shape)
    for at in np.ndindex(*shape):
        # its own: the error of one critical value is no size
        chance = np.random.default_rng(zlib.crc32(sample.car[at].tobytes()))
        path = [
            Average(*(np.asarray(getattr(one, name))[at] for name in Average.__dataclass_fields__)) for one in found
        ]
        band = band_around(path, _one(sample, at), level=0.95, draws=1999, seed=chance)
        held[at] = (band.low <= 0).all() and (band.high >= 0).all()
    return _missed(held, np.ones(shape), np.ones(shape), np.isfinite(sample.car).sum(axis=-1))


def _explain(sample: WindowSample) -> float:
    """Return the p-value of the slope on a characteristic that has nothing to do with the returns."""
    x = np.sin(np.arange(sample.car.size) * 2.0)
    given = (car_covariance(sample), sample.df)
    return float(explain(sample.car, {"x": x}, errors="portfolio", covariance=given).pvalue[1])


def _explain_by_session(errors: Errors) -> Callable[[WindowSample], float]:
    """Return the p-value of the slope on a characteristic that is much the same for all that share a session."""

    def compute(sample: WindowSample) -> float:
        if np.unique(sample.day0).size < 2:
            return np.nan
        x = np.sin(sample.day0 * 2.0) + 0.5 * np.sin(np.arange(sample.car.size) * 2.0)
        # a stream of its own: the error of one set of draws is no size
        chance = np.random.default_rng(zlib.crc32(sample.car.tobytes()))
        found = explain(sample.car, {"x": x}, errors=errors, cluster=sample.day0, draws=999, seed=chance)
        return float(found.pvalue[1])

    return compute


def _compare(sample: WindowSample) -> float:
    """Return the p-value of the difference of two halves, with the errors that `StudyResult.compare` takes."""
    half = (np.arange(sample.car.size) < sample.car.size // 2).astype(float)
    there = np.isfinite(sample.car)
    sessions, crossing = sessions_of(sample, there)
    asked = usual_errors(
        shared=bool(sessions < half.size), crossing=bool(crossing), sessions=int(sessions), n=half.size
    )
    x, dates = np.column_stack([np.ones(half.size), half]), dates_of(sample, there)
    if asked == "portfolio" and can_be_told(x, dates):
        one = np.ones(half.size)
        given = Regression(x=x, scale=one, weight=one, gls=False, gap=np.full((half.size, 0), np.nan))
        return float(slopes(sample, given, dates).pvalue[1])
    known = (car_covariance(sample), sample.df) if asked == "portfolio" else None
    return float(explain(sample.car, {"half": half}, errors=asked, cluster=sample.day0, covariance=known).pvalue[1])


def _compare_means(sample: WindowSample) -> float:
    half = sample.car.size // 2
    return compare_means(sample.car[:half], sample.car[half:]).pvalue


def _trend(sample: WindowSample) -> float:
    return trend(np.abs(sample.scar)).pvalue


def _trend_cluster(sample: WindowSample) -> float:
    return trend(np.abs(sample.scar), cluster=sample.day0).pvalue


def _trend_covariance(sample: WindowSample) -> float:
    return trend(np.abs(sample.scar), covariance=size_covariance(car_covariance(sample))).pvalue


def _equivalence(sample: WindowSample) -> float:
    """Return the p-value where the true effect is the margin itself, many standard errors wide."""
    found, margin = average(sample), 0.2
    return equivalence(float(found.mean) + margin, float(found.se), margin, df=float(found.df)).pvalue


def _rigobon_sack(sample: WindowSample) -> float:
    """Say whether the set has the true effect of news that are three times as large on as many days as there are events."""
    if sample.estimation is None:
        return np.nan
    news, one, other = sample.estimation.residual[:3]
    event = np.arange(news.size) < sample.car.size
    news = np.where(event, 3 * news, news)
    ends = rigobon_sack(news + one, EFFECT * news + other, event).robust_set
    return float(any(low <= EFFECT <= high for low, high in ends))


EFFECT = -1.5
"""Of the news on the asset."""

FEW_TOO: frozenset[Condition] = frozenset({"few"})

CLAIMED: dict[str, frozenset[Condition]] = {
    name: frozenset({"dependence", "staggered dependence"})
    for name in (
        "caar",
        "aar",
        "caar_weighted",
        "abhar",
        "caar_band",
        "explain",
        "equivalence",
        "compare",
        "trend_covariance",
    )
}
"""Where intervals are claimed to hold beyond normal independent data; all but the last two were declared before a measurement."""


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
            _spec("abhar", "interval of the mean buy-and-hold return", _abhar),
            _spec("bhar", "buy-and-hold return of one security-event", _bhar),
            _spec("caar_band", "band of the path", _band),
            _spec("explain", "slope on a characteristic, portfolio errors", _each(_explain)),
            _spec(
                "explain_cluster", "slope on a characteristic, CR2 by session", _each(_explain_by_session("cluster"))
            ),
            _spec("explain_wild", "the same, wild cluster bootstrap", _each(_explain_by_session("wild_cluster"))),
            _spec("compare", "difference of two means, sessions counted", _each(_compare)),
            _spec("compare_means", "difference of two means of independent events", _each(_compare_means)),
            _spec("trend_of_size", "trend of the size of reactions, independent events", _each(_trend)),
            _spec("trend_by_session", "the same, CR2 by session", _each(_trend_cluster)),
            _spec("trend_covariance", "the same, covariances of all pairs", _each(_trend_covariance)),
            _spec("equivalence", "two one-sided tests, the effect at the margin", _each(_equivalence)),
            _spec("rigobon_sack", "set of the effect of policy news", _each(_rigobon_sack)),
        )
    }
)
"""Intervals that the lab measures as it measures tests, by name."""
