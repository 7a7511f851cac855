"""Many firms, an honest ranking: reactions shrunken towards what all of them say."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from eventstudy._typing import Floats
from eventstudy.errors import StudyError
from eventstudy.inference.beyond.shrinkage import Prior, corrected, shrink
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.tables.means import Means
from eventstudy.study.tables.returns import car

TOGETHER: Final = 0.02
"""Mean residual correlation above which firms of one date are not shrunken towards a mean of all."""

FEWEST_A_DATE: Final = 5
"""Fewer firms on a date tell no mean of that date."""


def shrunken(result: Fitted, window: Window, prior: Prior | None, cut: float | None, level: float) -> pd.DataFrame:
    """See `StudyResult.shrink`."""
    table = car(result, window, result.study.missing)
    frame = table[["event_id", "symbol", "session", "car", "se"]].copy()
    x, error = table["car"].to_numpy(dtype=float), table["se"].to_numpy(dtype=float)
    mean = _date_means(result, window, table)
    found = shrink(x - mean, error, df=table["df"].to_numpy(dtype=float), prior=prior, level=level)
    frame = frame.assign(
        shrunken=found.estimate + mean,
        sd=found.sd,
        low=found.low + mean,
        high=found.high + mean,
        wrong_sign=found.wrong_sign,
        date_mean=mean,
    )
    frame[["corrected", "corrected_low", "corrected_high"]] = _picked(x - mean, error, cut, level) + mean[:, None]
    return frame.assign(prior=found.prior, prior_mean=found.mean, prior_sd=found.spread)


def _date_means(result: Fitted, window: Window, table: pd.DataFrame) -> Floats:
    """Return the mean of each row's date, where firms of one date move together; else zeros."""
    there = table["car"].notna()
    size = table[there].groupby("session")["car"].size()
    none = np.zeros(len(table))
    if not (size > 1).any():
        return none
    together = float(SampleFacts(Means(result, once=False).sample(window)).correlation)
    if not together > TOGETHER:
        return none
    if size.min() < FEWEST_A_DATE:
        msg = (
            f"firms of one date move together (mean residual correlation {together:.2f}), and session {size.idxmin()} has {size.min()} of "
            f"them: {FEWEST_A_DATE} are needed to take out what the date did to all; leave such sessions out, or add what moves them to the model"
        )
        raise StudyError(msg)
    return np.asarray(table.groupby("session")["car"].transform("mean").to_numpy(dtype=float))


def _picked(x: Floats, error: Floats, cut: float | None, level: float) -> Floats:
    """Return the correction of those beyond the cut, or of the largest beyond the runner-up; NaN for the others."""
    found = np.full((x.size, 3), np.nan)
    size = np.where(np.isfinite(x) & (error > 0), np.abs(x), -1.0)
    if cut is None:
        order = np.argsort(-size, kind="stable")
        rows, beyond = order[:1], float(size[order[1]]) if x.size > 1 else 0.0
    else:
        rows, beyond = np.flatnonzero(size > cut), cut
    for row in rows:
        if size[row] > 0:
            found[row] = corrected(float(x[row]), float(error[row]), max(beyond, 0.0), level=level)
    return found
