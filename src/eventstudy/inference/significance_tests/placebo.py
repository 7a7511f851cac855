"""The permutation test on placebo dates: the same study at dates on which nothing happened."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.placebo_refit import Again
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import Statistic, mean, moments

Scheme = Literal["auto", "independent", "cluster", "shift", "matched"]

Measure = Literal["caar", "ascar", "t"]

CHUNK_EVENTS = 20_000
"""Security-events re-estimated at once: about 45 MB of estimation windows of 271 bars."""

LEAST_SHIFTS = 99
"""With fewer admissible common offsets p could not go below 1 %."""


@checked()
def permutation(
    sample: WindowSample,
    *,
    rng: np.random.Generator,
    draws: int = 999,
    scheme: Scheme = "auto",
    measure: Measure = "caar",
    groups: NDArray[np.int64] | None = None,
    level: float = 0.95,
) -> Statistic:
    """Compare the mean reaction with the same mean on placebo dates, the model re-estimated at each of them.

    Parameters
    ----------
    sample : WindowSample
        One sample, with ``refit`` and ``admissible``.
    rng : Generator
        Source of chance.
    draws : int
        Placebo studies B.
    scheme : {"auto", "independent", "cluster", "shift", "matched"}
        ``independent`` draws a date for each security-event; ``cluster`` one for each session, which keeps common
        dates common; ``shift`` moves all dates by one offset, which keeps common dates and the spacing (all admissible
        offsets are used where there are fewer than `draws`); ``matched`` is ``cluster`` within the group of the real
        date. ``auto`` is ``independent`` where no two windows overlap, else ``shift``, else ``cluster`` where fewer than
        99 offsets are admissible.
    measure : {"caar", "ascar", "t"}
        Mean CAR, mean SCAR, or the cross-sectional t.
    groups : (S, B) or (B,) int
        For ``matched``: a label of each calendar position (weekday, tercile of volatility, month); -1 matches nothing.
    level : float
        Of the interval: estimate minus the placebo quantiles.

    Returns
    -------
    Statistic
        p = (1 + #{|T*| >= |T|})/(B + 1) two-sided; one-sided likewise. ``details`` has the placebo mean, sd and percentile,
        the scheme and the number of draws.

    Raises
    ------
    StudyError
        Unknown scheme or measure; ``matched`` without groups.

    Notes
    -----
    Valid if the abnormal returns are stationary; it tests the sharp null that event days are like other days, so an
    event-induced variance alone can reject it.

    References
    ----------
    Nguyen and Wolf (2023); Brown and Warner (1985) for the placebo design.
    """
    used = np.isfinite(sample.car)
    security, day0 = sample.security[used], sample.day0[used]
    if sample.refit is None or sample.admissible is None:
        msg = "permutation: the sample carries neither refit nor admissible; take it from a study"
        raise StudyError(msg)
    dates, scheme = placebo_dates(
        security,
        day0,
        sample.admissible,
        bars=sample.relative_day.size,
        draws=draws,
        scheme=scheme,
        groups=groups,
        rng=rng,
    )
    if isinstance(dates, str):
        return _nothing(int(used.sum()), dates)
    observed = _measure(sample.car[used], sample.scar[used], measure)
    placebo = _replay(sample, security, dates, measure)
    known = placebo[np.isfinite(placebo)]
    if not np.isfinite(observed) or known.size == 0:
        return _nothing(int(used.sum()), f"the {measure} does not exist on the event dates or on any placebo date")
    return _compare(observed, known, n=int(used.sum()), scheme=scheme, measure=measure, level=level)


@checked()
def placebo_dates(
    security: Ints,
    day0: Ints,
    admissible: NDArray[np.bool_],
    *,
    bars: int,
    draws: int,
    scheme: Scheme,
    rng: np.random.Generator,
    groups: NDArray[np.int64] | None = None,
) -> tuple[Ints | str, Scheme]:
    """Draw placebo calendars: for each draw, a day 0 for each security-event.

    Parameters
    ----------
    security, day0 : (N,) int
        Codes and calendar positions of the real events.
    admissible : (S, B) bool
        Where a placebo event may be put.
    bars : int
        Length of the window: windows closer than this overlap.
    draws : int
        How many.
    scheme, groups, rng
        As in `permutation`.

    Returns
    -------
    dates : (draws, N) int or str
        Calendar positions; or why there are none.
    scheme : str
        The scheme used.

    Examples
    --------
    >>> import numpy as np
    >>> free = np.zeros((1, 10), dtype=bool)
    >>> free[0, [2, 5, 8]] = True
    >>> zero = np.zeros(1, dtype=int)
    >>> dates, used = placebo_dates(zero, zero + 4, free, bars=1, draws=4, scheme="shift", rng=np.random.default_rng(0))
    >>> dates.ravel().tolist(), used
    ([2, 5, 8], 'shift')
    """
    if scheme in ("auto", "shift"):
        offsets = _offsets(security, day0, admissible)
    if scheme == "auto":
        crowded = np.unique(day0).size < day0.size or (np.diff(np.unique(day0)) < bars).any()
        scheme = "independent" if not crowded else "shift" if offsets.size >= LEAST_SHIFTS else "cluster"
    if scheme == "shift":
        if offsets.size == 0:
            return (
                "no single shift puts every placebo event on an admissible date (scheme='cluster' keeps common dates)",
                scheme,
            )
        chosen = offsets if offsets.size <= draws else rng.choice(offsets, size=draws, replace=False)
        return day0[None, :] + np.sort(chosen)[:, None], scheme
    if scheme == "matched" and groups is None:
        msg = "permutation: scheme 'matched' needs groups, a label of each calendar position"
        raise StudyError(msg)
    units = np.arange(day0.size) if scheme == "independent" else np.unique(day0, return_inverse=True)[1]
    dates = np.empty((draws, day0.size), dtype=np.int64)
    for unit in range(int(units.max()) + 1):
        members = np.flatnonzero(units == unit)
        allowed = admissible[security[members]].all(axis=0)
        if scheme == "matched" and groups is not None:
            allowed &= _same_group(groups, security[members], day0[members[0]])
        pool = np.flatnonzero(allowed)
        if pool.size == 0:
            return (
                f"no admissible placebo date for the security-events at calendar position {int(day0[members[0]])}",
                scheme,
            )
        dates[:, members] = rng.choice(pool, size=draws)[:, None]
    return dates, scheme


def _same_group(groups: NDArray[np.int64], security: Ints, day0: int) -> NDArray[np.bool_]:
    labels = groups[security] if groups.ndim == 2 else groups[None, :]
    real = labels[:, [day0]]
    return np.asarray(((labels == real) & (real >= 0)).all(axis=0))


def _offsets(security: Ints, day0: Ints, admissible: NDArray[np.bool_]) -> Ints:
    """Return every shift, other than none, that puts all events on admissible positions."""
    length = admissible.shape[1]
    shift = np.arange(-int(day0.min()), length - int(day0.max()))
    free = np.ones(shift.size, dtype=bool)
    for code, day in set(zip(security.tolist(), day0.tolist(), strict=True)):
        free &= admissible[code, shift + day]
    return np.asarray(shift[free & (shift != 0)])


def _replay(sample: WindowSample, security: Ints, dates: Ints, measure: Measure) -> Floats:
    """Return the measure of each placebo calendar, shape (draws,)."""
    assert sample.refit is not None  # noqa: S101  the caller has said so in words; this is for the type checker
    draws, n = dates.shape
    step = max(1, CHUNK_EVENTS // n)
    out = np.empty(draws)
    for start in range(0, draws, step):
        block = dates[start : start + step]
        who, when = np.tile(security, block.shape[0]), block.ravel()
        if isinstance(sample.refit, Again):  # remembers what it has estimated
            car, scar = sample.refit.cars(who, when)
        else:
            again = sample.refit(who, when)
            car, scar = again.car, again.scar
        out[start : start + step] = _measure(car.reshape(block.shape), scar.reshape(block.shape), measure)
    return out


def _measure(car: Floats, scar: Floats, measure: Measure) -> Floats:
    if measure == "t":
        n, centre, spread = moments(car)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(centre / spread * np.sqrt(n))
    return mean(car if measure == "caar" else scar)


def _compare(observed: Floats, placebo: Floats, *, n: int, scheme: str, measure: str, level: float) -> Statistic:
    value, size = float(observed), placebo.size
    share = (
        1 + np.array([(np.abs(placebo) >= abs(value)).sum(), (placebo <= value).sum(), (placebo >= value).sum()])
    ) / (size + 1)
    centre, spread = float(placebo.mean()), float(placebo.std(ddof=1)) if size > 1 else np.nan
    tails = np.quantile(placebo, [0.5 + level / 2, 0.5 - level / 2])
    details = {
        "placebo_mean": centre,
        "placebo_sd": spread,
        "percentile": float(100 * (placebo < value).mean()),
        "scheme": scheme,
        "measure": measure,
        "draws": size,
        "resolution": 1 / (size + 1),
    }
    two, less, greater = (np.asarray(p) for p in share)
    return Statistic(
        np.asarray(value),
        two,
        less,
        greater,
        f"placebo dates ({scheme}), {size} draws",
        np.asarray(n),
        estimate=value,
        se=spread,
        low=value - tails[0],
        high=value - tails[1],
        unit={"caar": "return", "ascar": "standardized", "t": "t"}[measure],
        warnings=(f"only {size} placebo calendars: p cannot be below {1 / (size + 1):.3g}",)
        if size < LEAST_SHIFTS
        else (),
        details=details,
    )


def _nothing(n: int, reason: str) -> Statistic:
    none = np.asarray(np.nan)
    return Statistic(none, none, none, none, "", np.asarray(n), reason=reason)


def _permutation(sample: WindowSample, *, rng: np.random.Generator, **options: object) -> Statistic:
    return permutation(sample, rng=rng, **options)  # type: ignore[arg-type]  # checked inside


SPECS = (
    TestSpec(
        name="permutation",
        title="Placebo dates",
        raw=True,
        mean=True,
        null="event days are like other days",
        assumptions=("abnormal returns are stationary over the placebo dates", "no change of variance at the event"),
        reference="Nguyen and Wolf (2023); Brown and Warner (1985)",
        compute=_permutation,
        undefined="the mean CAR does not exist on the placebo dates",
        needs=("refit",),
        minimum=1,
        draws=True,
        discrete=True,
        holds_under=ALWAYS
        | {"dependence", "staggered dependence", "fat tails", "skewness", "volatility clustering", "few"},
        withdrawn=(frozenset({"staggered dependence"}),),  # shifts of one calendar within a short history are few
        exact=True,
    ),
)
