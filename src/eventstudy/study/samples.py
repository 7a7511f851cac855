"""One window of a result as the tests want it: arrays, with what only some tests need."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy.abnormal.engine import estimate_again
from eventstudy.abnormal.placebo import admissible
from eventstudy.errors import StudyError
from eventstudy.study import tables

if TYPE_CHECKING:
    from eventstudy.abnormal import AbnormalReturns, WindowSample
    from eventstudy.study.result import Part, StudyResult

__all__ = ["window_sample"]

Ints = NDArray[np.int64]


def window_sample(
    result: StudyResult, window: tuple[int, int], *, estimation: bool = True, placebo: bool = True
) -> WindowSample:
    """Return the sample of `result` over `window`; see `StudyResult.sample`."""
    if not result.parts or result.n == 0:
        msg = "no security-event was studied, so that there is nothing to test; result.excluded says why"
        raise StudyError(msg)
    single = tables.one_series(result)
    keep = (estimation, placebo)
    samples = [_part_sample(result, part, window, keep, once=single) for part in result.parts]
    if len(samples) > 1:
        msg = "tests across several calendars are not built yet"
        raise StudyError(msg)
    return samples[0]


def _part_sample(
    result: StudyResult, part: Part, window: tuple[int, int], keep: tuple[bool, bool], *, once: bool
) -> WindowSample:
    missing = result.study.missing
    chosen = _observations(part.abnormal, part.abnormal.car(*window, missing)[0], once=once)
    if chosen.size == 0:
        msg = f"no security-event has a return in the window {window}, so that there is nothing to test"
        raise StudyError(msg)
    whole = chosen.size == part.rows.size
    abnormal = part.abnormal if whole else part.abnormal.take(chosen)
    sample = abnormal.sample(*window, missing, estimation=keep[0])
    if not keep[1]:
        return sample

    def refit(security: Ints, day0: Ints) -> WindowSample:
        again = estimate_again(abnormal, security, day0)
        return again.sample(*window, missing)

    return replace(sample, refit=refit, admissible=admissible(abnormal, *window, part.real))


def _observations(abnormal: AbnormalReturns, car: NDArray[np.float64], *, once: bool) -> Ints:
    """Return the rows with a return in the window; of those of one session, the first where one series is studied."""
    rows = np.flatnonzero(np.isfinite(car))
    if once:
        rows = rows[~pd.Series(abnormal.day0[rows]).duplicated().to_numpy()]
    return rows
