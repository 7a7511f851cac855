"""Which tests to believe on this sample: its conditions measured, and held against what each test is claimed to bear.

The thresholds are conventions, named below; each measurement stands in the result, so that a reader can disagree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import ClockRecord, WindowSample
from eventstudy.inference.core.few_clusters import effective_clusters
from eventstudy.inference.core.measured_size import BY_SIZE, upheld
from eventstudy.inference.core.raised_variance import MEASURED, Unseen, find_event_variance, limit, unscaled
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.spec import CONDITIONS, FEW, FEW_SESSIONS, FEWEST, MANY, Condition, TestSpec

FAT = 1.0
"""Excess kurtosis of the standardized residuals, pooled; the normal has 0, daily stock returns 3 and more."""

SKEWED = 0.5
"""Skewness of a sum over the window: that of the pooled standardized residuals over sqrt(L); of single days: undivided."""

LAB = 1.0
"""Skewness of a day in the calibration lab: of data that are surely more skewed its sizes say nothing."""

CLUSTERED = 0.10
"""First autocorrelation of the squared standardized residuals, mean over the events."""

SURE = 1.96
"""Standard errors by which an estimated condition must stand out: one-sided 2.5 %, as a sample may be judged on two of them."""

SPARSE = 0.01
"""Share of missing or masked bars from which holes count; the lab, with 5 %, finds sizes of up to 6.1 %."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a sample is like.

    Attributes
    ----------
    present : mapping of str to str
        Condition to the measurement as a clause, the gravest first; absent conditions are not keys.
    n, bars : int
        Security-events with a CAR; bars of the window.
    measured : bool
        Whether the estimation windows were there to measure dependence, tails and skewness on.
    days : mapping of str to str
        The same of single days where a sum over the window is no longer so, for tests that score days
        (`TestSpec.days`).
    unseen : mapping of str to Unseen
        Conditions that so few security-events may not show.
    data : tuple of str
        What speaks against every test, whatever it bears: the data themselves.
    raw : Conditions or None
        The same for tests that look at returns as they are (`TestSpec.raw`), where the model scales the variance of the
        window (by an index of volatility, by GARCH); None where it does not.
    beyond : frozenset of str
        Conditions that are graver here than in the calibration lab, whose sizes then say nothing.
    """

    present: Mapping[Condition, str]
    n: int
    bars: int
    measured: bool
    days: Mapping[Condition, str] = field(default_factory=lambda: MappingProxyType({}))
    unseen: Mapping[Condition, Unseen] = field(default_factory=lambda: MappingProxyType({}))
    data: tuple[str, ...] = ()
    raw: Conditions | None = None
    beyond: frozenset[Condition] = frozenset()

    def of(self, spec: TestSpec) -> Conditions:
        """Return them as a test meets them: on unscaled returns if those are what it looks at."""
        return self.raw if spec.raw and self.raw is not None else self

    def found(self, spec: TestSpec) -> Mapping[Condition, str]:
        """Return the present conditions that a test meets: also those of single days if it scores days."""
        own = self.of(spec)
        return {**own.days, **own.present} if spec.days else own.present


def measure(sample: WindowSample, facts: SampleFacts | None = None) -> Conditions:
    """Measure in which ways a sample departs from independent, normal abnormal returns of constant variance.

    Parameters
    ----------
    sample : WindowSample
        One tested window.
    facts : SampleFacts, optional
        If they were worked out already.

    Returns
    -------
    Conditions

    Examples
    --------
    >>> from eventstudy.inference.core.sample_of import sample_of
    >>> measure(sample_of(car=[0.01, -0.02, 0.015])).present["few"]
    'there are 3 security-events'
    """
    facts = facts or SampleFacts(sample)
    used = np.isfinite(sample.car)
    n, bars = int(used.sum()), int(sample.relative_day.size)
    present: dict[Condition, str] = {}
    window = float((~np.isfinite(sample.ar[used])).mean()) if n else 0.0
    past = 0.0
    if sample.estimation is not None and n:
        past = 1 - float(sample.m[used].mean()) / sample.estimation.residual.shape[1]
    if max(window, past) > SPARSE:
        present["missing"] = f"{window:.1%} of the window and {past:.1%} of the estimation window are missing or masked"
    if sample.within_day:
        present["within the day"] = (
            "bars lie within days, whose volatility follows the clock, and the test was not measured there"
        )
    if n >= 2:
        _dependence(sample, facts, used, present)
    days: dict[Condition, str] = {}
    beyond: set[Condition] = set()
    if sample.estimation is not None and n:
        _shape(facts, used, bars, present, days, beyond)
    if sample.clock is not None and n:
        _clock_shape(sample.clock, present)
    if n < FEW:
        present["few"] = f"there {'is 1 security-event' if n == 1 else f'are {n} security-events'}"
    _few_clusters(sample, used, present)

    def told(score: Floats, raw: Conditions | None = None) -> Conditions:
        found, unseen = dict(present), dict[Condition, Unseen]()
        if n:
            find_event_variance(sample, facts, score, found, unseen)
        ordered = {condition: found[condition] for condition in CONDITIONS if condition in found}
        more = (MappingProxyType(days), MappingProxyType(unseen), sample.doubts, raw, frozenset(beyond))
        return Conditions(MappingProxyType(ordered), n, bars, sample.estimation is not None, *more)

    plain = unscaled(sample, used)
    scaled = sample.scar if sample.clock is None else sample.clock.score
    return told(scaled, None if plain is None else told(plain))


def _dependence(
    sample: WindowSample, facts: SampleFacts, used: NDArray[np.bool_], present: dict[Condition, str]
) -> None:
    length = sample.relative_day.size
    days = np.sort(sample.day0[used])
    n, sessions = days.size, np.unique(days).size
    near = np.searchsorted(days, days + length) - np.arange(n) - 1  # later events whose windows overlap
    pairs = int(near.sum())
    if not pairs:
        return
    r = float(facts.correlation)
    where = f"{n} security-events in {sessions} session{'s' if sessions > 1 else ''}"
    kind: Condition = "dependence" if sessions == 1 else "staggered dependence"
    if not np.isfinite(r):
        present[kind] = (
            f"the windows of {where} overlap, and without the estimation windows their correlation is not known"
        )
        return
    bars = max(float(sample.m[used].mean()), 1.0)
    error = np.sqrt(4 * pairs / n**2 / bars)  # of (N - 1) r, were the series independent
    if (n - 1) * r > limit(error) - 1:
        present[kind] = (
            f"{where} have a mean residual correlation of {r:.3g}, which makes the variance of their mean x{1 + (n - 1) * r:.2f}"
        )


def _few_clusters(sample: WindowSample, used: NDArray[np.bool_], present: dict[Condition, str]) -> None:
    """Count sessions by their effective number G* = (sum n²)² / sum n⁴, where security-events share them.

    Carter, Schnepel and Steigerwald (2017), with perfect correlation inside a session, the worst case.
    """
    size = np.unique(sample.day0[used], return_counts=True)[1].astype(float)
    if size.size < 2 or (size == 1).all():
        return
    effective = effective_clusters(size)
    if effective < FEW_SESSIONS:
        present["few clusters"] = (
            f"{size.size} sessions with {size.min():.0f} to {size.max():.0f} security-events count as {effective:.1f}"
        )


def _shape(
    facts: SampleFacts,
    used: NDArray[np.bool_],
    bars: int,
    present: dict[Condition, str],
    days: dict[Condition, str],
    beyond: set[Condition],
) -> None:
    rows = np.flatnonzero(used)
    z = facts.estimation.standardized[rows[:: max(1, rows.size // MEASURED)]]
    known = z[np.isfinite(z)]
    if known.size < MANY:
        return
    centred = known - known.mean()
    spread = centred.std()
    if not spread > 0:
        return
    square = centred * centred
    skewness, excess = float((square * centred).mean() / spread**3), float((square * square).mean() / spread**4 - 3)
    if excess > FAT:
        present["fat tails"] = f"residuals have an excess kurtosis of {excess:.1f}"
    if abs(skewness) > SKEWED:
        error = _error_of_skewness((z - known.mean()) / spread, skewness)
        said = f"a skewness of {skewness:.2f} (standard error {error:.2f})"
        if abs(skewness) > SURE * error:
            days["skewness"] = f"residuals of single days have {said}"
            if abs(skewness) - SURE * error > LAB:
                beyond.add("skewness")
            if abs(skewness) / np.sqrt(bars) > SKEWED:
                present["skewness"] = f"residuals have {said}"
    square = z * z - np.nanmean(z * z)
    pairs = square[:, 1:] * square[:, :-1]
    if np.isfinite(pairs).any() and np.nanmean(square**2) > 0:
        rho = float(np.nanmean(pairs) / np.nanmean(square**2))
        if rho > CLUSTERED:
            present["volatility clustering"] = f"squared residuals have an autocorrelation of {rho:.2f}"


def _error_of_skewness(z: Floats, skewness: float) -> float:
    """Return the standard error of a skewness, (N, T) standardized: by its influence, summed by event or by day.

    Bars of one date may move together, and one wild day makes a skewness: of both sums the one that doubts more.
    """
    part = np.nan_to_num(z**3 - skewness - 3 * z - 1.5 * skewness * (z**2 - 1))
    by = max(float((part.sum(axis=axis) ** 2).sum()) for axis in (0, 1)) if z.shape[0] > 1 else float((part**2).sum())
    return float(np.sqrt(max(by, float((part**2).sum()))) / np.isfinite(z).sum())


def _clock_shape(clock: ClockRecord, present: dict[Condition, str]) -> None:
    """Measure tails and skewness on the scores of the same clock times on other days."""
    known = clock.placebo[np.isfinite(clock.placebo)]
    if known.size < FEW:
        return
    centred = known - known.mean()
    square = centred * centred
    spread = float(square.mean())
    if not spread > 0:
        return
    excess, skewness = float((square * square).mean() / spread**2 - 3), float((square * centred).mean() / spread**1.5)
    if excess > FAT:
        present["fat tails"] = f"scores of the same clock on other days have an excess kurtosis of {excess:.1f}"
    if abs(skewness) > SKEWED:
        present["skewness"] = f"scores of the same clock on other days have a skewness of {skewness:.2f}"


def judge(spec: TestSpec, conditions: Conditions) -> tuple[bool, tuple[str, ...]]:
    """Say whether a test is to be believed under measured conditions, and why not.

    Parameters
    ----------
    spec : TestSpec
        The test.
    conditions : Conditions
        From `measure`.

    Returns
    -------
    valid : bool
    doubts : tuple of str
        One clause for each condition that the test is not claimed to bear, with its measurement, the gravest first.
    """
    doubts = (
        *conditions.data,
        *_unborne(spec, conditions),
        *_withdrawn(spec, conditions),
        *_out_of_range(spec, conditions),
    )
    return not doubts, doubts


def caveats(spec: TestSpec, conditions: Conditions) -> tuple[str, ...]:
    """Return what a test takes for granted that so few security-events may not show to be wrong.

    Parameters
    ----------
    spec : TestSpec
        The test.
    conditions : Conditions
        From `measure`.

    Returns
    -------
    tuple of str
        Each with the chance that such a sample shows it. Of too few security-events it is a doubt, but for an exact test.
    """
    return tuple(text for blind, text in _unseen(spec, conditions) if spec.exact or not blind)


def _unseen(spec: TestSpec, conditions: Conditions) -> Iterator[tuple[bool, str]]:
    events = f"{conditions.n} security-event{'' if conditions.n == 1 else 's'}"
    for condition, (chance, blind) in conditions.of(spec).unseen.items():
        if condition not in spec.holds_under:
            yield blind, f"{condition}: {events} would show a doubled variance in {chance:.0%} of samples"


def _unborne(spec: TestSpec, conditions: Conditions) -> Iterator[str]:
    found = conditions.found(spec)
    for condition in (known for known in CONDITIONS if known in found and known not in spec.holds_under):
        size = None
        if condition in BY_SIZE and condition not in conditions.beyond:
            size = upheld(spec.name, condition, found, conditions.n, conditions.bars, discrete=spec.discrete)
        if size is not None:
            if size:
                yield f"{condition}: {found[condition]}; {size}"
        elif condition in spec.holds_with_many:
            if conditions.n < MANY:
                yield f"{condition}: {found[condition]}; the test bears that from {MANY} security-events on"
        elif condition != "few" or not spec.smallest:  # else said below, with the number
            yield f"{condition}: {found[condition]}"
    if not spec.exact and conditions.n >= max(FEWEST, spec.smallest):
        yield from (text for blind, text in _unseen(spec, conditions) if blind)


def _withdrawn(spec: TestSpec, conditions: Conditions) -> Iterator[str]:
    present = conditions.of(spec).present
    for lost in spec.withdrawn:
        if lost <= frozenset(present):
            told = ", and ".join(text for condition, text in present.items() if condition in lost)
            name = " with ".join(condition for condition in CONDITIONS if condition in lost)
            yield f"{name}: {told}; under that the test rejected too many true nulls in calibration"


def _out_of_range(spec: TestSpec, conditions: Conditions) -> Iterator[str]:
    n = conditions.n
    events = f"{n} security-event{'' if n == 1 else 's'}"
    if n < spec.smallest:
        yield f"too few: {events}, where the test needs {spec.smallest}"
    elif n < FEWEST and not spec.exact:
        yield f"too few: {events}, where below {FEWEST} only exact and placebo tests can be trusted"
    if spec.longest is not None and conditions.bars > spec.longest:
        yield f"too long: a window of {conditions.bars} bars, where the test bears {spec.longest}"
