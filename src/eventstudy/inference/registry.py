"""The registered tests, and the one way to run them: a sample in, a `TestResult` out, whatever the sample is like."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.inference.added import added_tests
from eventstudy.inference.core.measured_size import measured_size
from eventstudy.inference.core.result import Alternative, Recommendation, TestResult
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.spec import FEWEST, Need, TestSpec
from eventstudy.inference.core.statistic import Statistic, quantile
from eventstudy.inference.core.validity import Conditions, caveats, judge, measure
from eventstudy.inference.intraday import clock_tests, moment
from eventstudy.inference.significance_tests import (
    bootstrap as resampling,
    calendar_time as sessions,
    clustered as clustering,
    common_date as one_date,
    generalized_sign as cowan,
    jackknife as leave_out,
    kolari_pynnonen as correlation,
    parametric,
    placebo,
    ranks,
    sign_flips as flips,
    signs,
    single_event,
)
from eventstudy.words import brief, nearest

_FAMILIES = (
    parametric,
    one_date,
    correlation,
    ranks,
    signs,
    cowan,
    resampling,
    flips,
    leave_out,
    placebo,
    sessions,
    clustering,
    single_event,
    clock_tests,
    moment,
)

_OWN: Mapping[str, TestSpec] = MappingProxyType({spec.name: spec for family in _FAMILIES for spec in family.SPECS})


class _Registered(Mapping[str, TestSpec]):
    """The tests of this package, then those of others, which are looked for when all are asked for."""

    def __getitem__(self, name: str) -> TestSpec:
        return _OWN[name] if name in _OWN else others()[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*_OWN, *others()))

    def __len__(self) -> int:
        return len(_OWN) + len(others())


class _Daily(_Registered):
    """Those of them that do not look at the clock."""

    def __getitem__(self, name: str) -> TestSpec:
        spec = super().__getitem__(name)
        if "clock" in spec.needs:
            raise KeyError(name)
        return spec

    def __iter__(self) -> Iterator[str]:
        return (name for name in super().__iter__() if "clock" not in TESTS[name].needs)

    def __len__(self) -> int:
        return sum(1 for _ in self)


TESTS: Mapping[str, TestSpec] = _Registered()
"""Every registered test by name, in the order in which tables show them; those that other packages add stand last."""


@cache
def others() -> Mapping[str, TestSpec]:
    """Return the tests that other packages add by the entry point ``eventstudy.tests``, checked."""
    return added_tests(_OWN)


DAILY: Mapping[str, TestSpec] = _Daily()
"""Those that do not look at the clock: all that a table of days, weeks or months shows."""


def tests_of(sample: WindowSample) -> Mapping[str, TestSpec]:
    """Return the tests that a table of a sample shows: all of bars within days, else those that do not look at the clock."""
    return TESTS if sample.within_day else DAILY


@checked()
def run(
    name: str,
    sample: WindowSample,
    *,
    alternative: Alternative = "two-sided",
    level: float = 0.95,
    seed: int | np.random.Generator | None = None,
    facts: SampleFacts | None = None,
    **options: Any,
) -> TestResult:
    """Run one registered test on a sample.

    Parameters
    ----------
    name : str
        Name in `TESTS`.
    sample : WindowSample
        One tested window of a study.
    alternative : {"two-sided", "less", "greater"}
        The side.
    level : float
        Coverage of the interval.
    seed : int, Generator or None
        For tests that draw. With an int, each test has a stream of its own: its result does not depend on which other
        tests run.
    facts : SampleFacts, optional
        What was measured of the sample already, to spare doing it again.
    **options
        Conventions of the test, such as ``ddof=0``; see the function of that test.

    Returns
    -------
    TestResult
        If the test does not apply, a result with ``applicable=False`` and the reason.

    Raises
    ------
    StudyError
        Unknown name, alternative or option.

    Examples
    --------
    >>> import numpy as np
    >>> from eventstudy.inference.core.sample_of import sample_of
    >>> result = run("cross_sectional", sample_of(car=np.array([0.01, 0.03, -0.01, 0.02, 0.0])))
    >>> print(result)
    cross_sectional: 1.414, p = 0.23 (two-sided), t(4), n = 5 in 5 sessions; null: mean CAR = 0
    """
    spec = _lookup(name)
    facts = facts or SampleFacts(sample)
    result = _run(spec, sample, facts, alternative=alternative, level=level, seed=seed, options=options)
    return _judged(result, spec, measure(sample, facts))


@checked()
def run_all(
    sample: WindowSample,
    *,
    alternative: Alternative = "two-sided",
    level: float = 0.95,
    seed: int | np.random.Generator | None = None,
) -> tuple[TestResult, ...]:
    """Run every registered test on a sample, in the order of `TESTS`.

    Parameters
    ----------
    sample, alternative, level, seed
        As in `run`. A joint test, which has no side, is run two-sided.

    Returns
    -------
    tuple of TestResult
        One a test; one that does not apply says why, and one whose assumptions this sample breaks has ``valid=False``
        and the doubts.

    Examples
    --------
    >>> import numpy as np
    >>> from eventstudy.inference.core.sample_of import sample_of
    >>> results = {r.name: r for r in run_all(sample_of(car=np.array([0.01, 0.03, -0.01, 0.02])))}
    >>> results["permutation"].reason
    'needs the returns of other dates (refit and admissible), which this sample does not carry'
    """
    facts = SampleFacts(sample)
    conditions = measure(sample, facts)
    results = []
    for spec in tests_of(sample).values():
        side: Alternative = alternative if spec.sided else "two-sided"
        result = _run(spec, sample, facts, alternative=side, level=level, seed=seed, options={})
        results.append(_judged(result, spec, conditions))
    return tuple(results)


def recommend(sample: WindowSample, *, facts: SampleFacts | None = None) -> tuple[Recommendation, ...]:
    """Say which tests are to be believed on a sample, and why the others are not, without running any.

    Parameters
    ----------
    sample : WindowSample
        One tested window; with its estimation windows, or dependence, tails and skewness stay unknown.
    facts : SampleFacts, optional
        What was measured of the sample already.

    Returns
    -------
    tuple of Recommendation
        One a test, in the order of `TESTS`. That a statistic does not exist (no variance) only running it can tell.

    Examples
    --------
    >>> from eventstudy.inference.core.sample_of import sample_of
    >>> said = {r.name: r for r in recommend(sample_of(car=[0.01, 0.03, -0.01, 0.02], day0=[7, 7, 7, 7]))}
    >>> said["bmp"].valid, said["bmp"].reasons
    (False, ('dependence: the windows of 4 security-events in 1 session overlap, and without the estimation windows ...
    """
    conditions = measure(sample, facts)
    said = []
    for spec in tests_of(sample).values():
        obstacle = _obstacle(spec, sample, _used(spec, sample)[0], "two-sided")
        valid, doubts = judge(spec, conditions)
        reasons = (obstacle,) if obstacle else doubts
        told = (reasons, caveats(spec, conditions), *_size(spec, conditions))
        said.append(Recommendation(spec.name, not obstacle, valid and not obstacle, *told))
    return tuple(said)


def _judged(result: TestResult, spec: TestSpec, conditions: Conditions) -> TestResult:
    if not result.applicable:
        return result
    valid, doubts = judge(spec, conditions)
    trusted = caveats(spec, conditions)
    result = replace(result, warnings=(*result.warnings, *trusted), caveats=trusted)
    size, source = _size(spec, conditions)
    return replace(result, valid=valid, doubts=doubts, size=size, size_source=source)


def _size(spec: TestSpec, conditions: Conditions) -> tuple[float, str]:
    return measured_size(spec.name, set(conditions.found(spec)) - {"few"}, conditions.n, conditions.bars)


def _used(spec: TestSpec, sample: WindowSample) -> tuple[int, int]:
    """Return how many security-events and sessions a test sees."""
    used = np.isfinite(sample.car if spec.basis == "car" else sample.scar)
    return int(used.sum()), int(np.unique(sample.day0[used]).size)


def _lookup(name: object) -> TestSpec:
    if isinstance(name, str) and name in TESTS:
        return TESTS[name]
    msg = f"there is no test {brief(repr(name))}{nearest(name, TESTS)} The tests: {', '.join(TESTS)}"
    raise StudyError(msg)


def _run(
    spec: TestSpec,
    sample: WindowSample,
    facts: SampleFacts,
    *,
    alternative: Alternative,
    level: float,
    seed: int | np.random.Generator | None,
    options: dict[str, Any],
) -> TestResult:
    blank = TestResult(
        name=spec.name,
        null=spec.null,
        alternative=alternative,
        level=level,
        title=spec.title,
        reference=spec.reference,
        assumptions=spec.assumptions,
    )
    n, clusters = _used(spec, sample)
    blank = replace(blank, n=n, n_clusters=clusters, n_effective=facts.effective(n))
    reason = _obstacle(spec, sample, n, alternative)
    if not reason:
        extra: dict[str, Any] = {"rng": _stream(seed, spec.name)} if spec.draws else {}
        if spec.facts:
            extra["facts"] = facts
        try:
            outcome = spec.compute(sample, **extra, **options)
        except TypeError as error:
            if "unexpected keyword" not in str(error):
                raise
            msg = f"test {spec.name!r}: {str(error).split('() ')[-1]}"
            raise StudyError(msg) from error
        reason = outcome.reason or ("" if np.isfinite(outcome.value) else spec.undefined)
    if reason:
        return replace(blank, applicable=False, reason=reason)
    return _fill(blank, spec, outcome)


def _fill(blank: TestResult, spec: TestSpec, outcome: Statistic) -> TestResult:
    estimate, se = float(outcome.estimate), float(outcome.se)
    if outcome.low is None or outcome.high is None:
        half = float(quantile(outcome, blank.level)) * se
        ci = (estimate - half, estimate + half)
    else:
        ci = (float(outcome.low), float(outcome.high))
    df = outcome.df
    degrees = None if df is None else (float(df[0]), float(df[1])) if isinstance(df, tuple) else float(df)
    warnings = outcome.warnings
    if blank.n < FEWEST and not spec.exact:
        warnings = (*warnings, f"below {FEWEST} security-events only exact and placebo tests can be trusted")
    return replace(
        blank,
        statistic=float(outcome.value),
        df=degrees,
        distribution=outcome.distribution,
        pvalue=float(outcome.pvalue(blank.alternative)),
        n=int(outcome.n),
        estimate=estimate,
        se=se,
        ci=ci,
        unit=outcome.unit,
        warnings=warnings,
        details=MappingProxyType({key: _plain(value) for key, value in outcome.details.items()}),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.item() if value.ndim == 0 else tuple(value.tolist())
    return value.item() if isinstance(value, np.generic) else value


def _stream(seed: Any, name: str) -> np.random.Generator:
    if isinstance(seed, np.random.Generator):
        return seed
    words = [0 if seed is None else int(seed), zlib.crc32(name.encode())]
    return np.random.default_rng(np.random.SeedSequence(words))


def _obstacle(spec: TestSpec, sample: WindowSample, n: int, alternative: Alternative) -> str:
    """Return why the test cannot be done on this sample, or nothing."""
    if not spec.sided and alternative != "two-sided":
        return "tests a joint null, which has no side; ask for two-sided"
    if n == 0:
        return _emptiness(spec, sample)
    if n < spec.minimum:
        return f"needs at least {spec.minimum} security-events, has {n}"
    for need in spec.needs:
        reason = _missing_need(need, sample, n)
        if reason:
            return reason
    return ""


def _emptiness(spec: TestSpec, sample: WindowSample) -> str:
    if sample.car.size == 0:
        return "there are no security-events (N = 0)"
    if not np.isfinite(sample.car).any():
        return f"none of the {sample.car.size} security-events has an abnormal return in the window"
    return (
        f"the residual variance of all {sample.car.size} security-events is zero or missing"
        if spec.basis == "scar"
        else ""
    )


def _missing_need(need: Need, sample: WindowSample, n: int) -> str:
    dates = np.unique(sample.day0[np.isfinite(sample.car)]).size
    checks: dict[Need, tuple[bool, str]] = {
        "estimation": (
            sample.estimation is not None,
            "needs one estimation window an event; inside the day each session has its own"
            if sample.clock is not None
            else "needs the estimation windows, which this sample does not carry (sample(..., estimation=True))",
        ),
        "clock": (
            sample.clock is not None,
            "needs bars within days and a study with an IntradayModel",
        ),
        "refit": (
            sample.refit is not None and sample.admissible is not None,
            "needs the returns of other dates (refit and admissible), which this sample does not carry",
        ),
        "least squares": (
            sample.least_squares,
            "needs a model fitted by least squares: else the portfolio's own regression is not the mean of its members'",
        ),
        "one date": (dates == 1, f"needs one common date; the security-events have {dates} different sessions"),
        "two dates": (dates > 1, f"needs two sessions or more; all {n} security-events share one"),
        "one event": (n == 1, f"tests one security-event, has {n}; each event's own t stands in the table of CARs"),
    }
    holds, reason = checks[need]
    return "" if holds else reason
