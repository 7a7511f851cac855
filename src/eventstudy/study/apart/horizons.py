"""Several horizons at once: the mean, the median and the share that rose, beside ordinary days of the same securities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy import checks
from eventstudy._typing import Floats
from eventstudy.abnormal.placebo_refit import Again, admissible
from eventstudy.errors import StudyError
from eventstudy.study.fitted import Fitted, Part, Window
from eventstudy.study.tables.means import Means
from eventstudy.study.tables.paths import head_of, split
from eventstudy.study.tables.returns import car
from eventstudy.study.window_sample import window_sample
from eventstudy.words import brief

if TYPE_CHECKING:
    from eventstudy.inference.core.average import Average  # only those who test load it

USUAL = ((-1, -1), (0, 0), (0, 1), (0, 5), (0, 20), (0, 60))
COLUMNS = ("first", "last", "n", "mean", "median", "positive", "base_rate", "placebo_mean", "test", "pvalue")
CLEAR = 6  # bars nearer than which no placebo date lies to an event of the security: none within five sessions
CHUNK = 200_000  # placebo security-events estimated at once
JUDGED = 20_000  # security-events above which the estimation windows are not kept to judge the tests on
DOUBTFUL = " (doubtful)"


def horizons(
    result: Fitted,
    windows: Iterable[Any],
    refit: Callable[[Window], Fitted],
    *,
    by: str | None = None,
    draws: int = 999,
    seed: Any = 0,
) -> pd.DataFrame:
    """See `StudyResult.horizons`; `refit` fits the same study with another event window."""
    asked = _asked(windows)
    begin, end = result.study.window
    beyond = [window for window in asked if not begin <= window[0] <= window[1] <= end]
    rows: list[dict[str, Any]] = []
    for window in asked:
        fitted = refit(window) if window in beyond else result
        groups = [("", fitted)] if by is None else split(fitted, by) if fitted.n else []
        own = [_row(group, window, draws, seed) for _, group in groups]
        rows += (
            own
            if by is None
            else [{head_of(by, COLUMNS): value, **row} for (value, _), row in zip(groups, own, strict=True)]
        )
    table = pd.DataFrame(rows, columns=[*([] if by is None else [head_of(by, COLUMNS)]), *COLUMNS])
    if beyond:
        table.attrs["stated"] = said_beyond(beyond, result)
    return table


def said_beyond(beyond: Sequence[Window], result: Fitted) -> str:
    """Return what is to be said of horizons that the event window does not hold."""
    return (
        f"{', '.join(map(str, beyond))} reach beyond the event window {result.study.window}: each is fitted for itself on the same estimation "
        f"window, {result.study.estimation_window.said}"
    )


def _asked(windows: Iterable[Any]) -> list[Window]:
    given: object = windows
    if isinstance(given, str) or not isinstance(given, Iterable):
        msg = f"horizons={brief(repr(given))} are no windows; give a list of them, such as [(0, 0), (0, 5)]"
        raise StudyError(msg)
    listed = list(windows)
    if not listed:
        msg = "horizons=[] names no window; give some, such as [(0, 0), (0, 5)]"
        raise StudyError(msg)
    return [checks.window(one, "horizon") for one in listed]


def _row(result: Fitted, window: Window, draws: int, seed: Any) -> dict[str, Any]:
    value = car(result, window, result.study.missing)["car"].to_numpy() if result.n else np.empty(0)
    known = value[np.isfinite(value)]
    if not known.size:
        return dict(zip(COLUMNS, (*window, 0, *([np.nan] * 5), "", np.nan), strict=True))
    mean = Means(result).over(window)
    placebo = _placebos(result, window, draws, seed)
    share, centre = (float((placebo > 0).mean()), float(placebo.mean())) if placebo.size else (np.nan, np.nan)
    named, pvalue = believed_test(result, window, mean, seed)
    cells = (
        int(mean.n),
        float(mean.mean),
        float(np.median(known)),
        float((known > 0).mean()),
        share,
        centre,
        named,
        pvalue,
    )
    return dict(zip(COLUMNS, (*window, *cells), strict=True))


def _placebos(result: Fitted, window: Window, draws: int, seed: Any) -> Floats:
    """Return the CARs of `draws` placebo dates for each security-event, drawn from the days of its own security."""
    rng = np.random.default_rng(seed)
    return np.concatenate([_of_part(result, part, window, draws, rng) for part in result.parts])


def _of_part(result: Fitted, part: Part, window: Window, draws: int, rng: np.random.Generator) -> Floats:
    abnormal = part.abnormal
    allowed = admissible(abnormal, *window, part.real, buffer=CLEAR)
    who, when = [], []
    for code in abnormal.security.tolist():
        pool = np.flatnonzero(allowed[code])
        if pool.size:
            who.append(np.full(draws, code))
            when.append(rng.choice(pool, size=draws))
    if not who:
        return np.empty(0)
    security, day0 = np.concatenate(who), np.concatenate(when)
    again = Again(abnormal, *window, result.study.missing)
    found = [again.cars(security[at : at + CHUNK], day0[at : at + CHUNK])[0] for at in range(0, security.size, CHUNK)]
    value = np.concatenate(found)
    return value[np.isfinite(value)]


def believed_test(result: Fitted, window: Window, mean: Average, seed: Any) -> tuple[str, float]:
    """Return the test to report for the mean of a window (`eventstudy.inference.reported`), and its p-value.

    Marked as doubtful where it is not to be believed, and where there are too many security-events to tell: that of the interval.
    """
    from scipy.special import stdtr  # noqa: PLC0415  slow to import: only those who test pay

    from eventstudy.inference import recommend, reported, run  # noqa: PLC0415  the same
    from eventstudy.inference.core.sample_facts import SampleFacts  # noqa: PLC0415  the same

    own = str(mean.how)
    if result.n <= JUDGED:
        sample = window_sample(result, window)
        doubted = DOUBTFUL if sample.doubts else ""  # of the data: they speak against every test alike
        sample = replace(sample, doubts=())
        facts = SampleFacts(sample)
        name = reported(sample, recommend(sample, facts=facts))
        if name:
            found = run(name, sample, facts=facts, seed=seed)
            if found.applicable:
                return name + (doubted if found.valid else DOUBTFUL), float(found.pvalue)
    with np.errstate(invalid="ignore", divide="ignore"):
        pvalue = float(2.0 * stdtr(float(mean.df), -abs(float(mean.mean) / float(mean.se))))
    return own + DOUBTFUL if own else "", pvalue
