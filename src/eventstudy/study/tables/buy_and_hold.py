"""Buy-and-hold abnormal returns and their average."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._typing import Floats
from eventstudy.abnormal.buy_and_hold import After, buy_and_hold, delisted, expected_returns, growth
from eventstudy.abnormal.windows import cut
from eventstudy.errors import StudyError
from eventstudy.study.fitted import Fitted, Part
from eventstudy.study.panels import LogVolume
from eventstudy.study.rows import gather, keys, studied_rows
from eventstudy.study.tables.averages import AVERAGED, told
from eventstudy.study.tables.inside_day import refuse_inside
from eventstudy.study.tables.means import Means
from eventstudy.study.tables.regressions import Window


def bhar(result: Fitted, window: Window, benchmark: str | None, after: After) -> pd.DataFrame:
    """See `StudyResult.bhar`."""
    from scipy.special import stdtr  # noqa: PLC0415  a tenth of the import time of scipy.stats

    if isinstance(result.panel, LogVolume):
        msg = "the panel holds log volumes, and nothing is bought and held at them; use car()"
        raise StudyError(msg)
    rows = studied_rows(result)
    made = [_part_bhar(result, part, window, benchmark, after) for part in result.parts]
    value, error, count = (gather(result, [piece[at] for piece in made]) for at in range(3))
    df = gather(result, [part.abnormal.df for part in result.parts])
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.where(error > 0, value / error, np.nan)
    frame = keys(result, rows)
    return frame.assign(bhar=value, se=error, t=t, df=df, pvalue=2.0 * stdtr(df, -np.abs(t)), n_bars=count)


def _part_bhar(
    result: Fitted, part: Part, window: Window, benchmark: str | None, after: After
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    abnormal, returns = part.abnormal, part.aligned.returns
    columns = abnormal.columns(*window)
    start, length = abnormal.day0 + window[0], window[1] - window[0] + 1
    own = cut(returns, abnormal.security, start, length)
    if benchmark is None:
        expected = expected_returns(abnormal)[:, columns]
        error = abnormal.car(*window)[1] * growth(expected, log=result.panel.kind == "log")
    else:
        series = part.aligned.one(result.panel, benchmark)
        nothing = np.zeros_like(abnormal.security)
        expected = cut(series[None], nothing, start, length)
        begin, planned = abnormal.day0 + abnormal.inputs.estimation[0], abnormal.inputs.planned
        difference = cut(returns, abnormal.security, begin, planned) - cut(series[None], nothing, begin, planned)
        if abnormal.inputs.kept is not None:
            difference = difference[:, abnormal.inputs.kept]
        error = np.nanstd(difference, axis=1, ddof=1) * np.sqrt(np.maximum(np.isfinite(own).sum(axis=1), 1))
    gone = delisted(returns, abnormal.security, start, length)
    value = buy_and_hold(own, expected, gone, log=result.panel.kind == "log", after=after)
    count = np.isfinite(own).sum(axis=1)
    return value, error, count


def abhar(result: Fitted, window: Window, benchmark: str | None, after: After, level: float) -> pd.DataFrame:
    """See `StudyResult.abhar`."""
    if not result.n:
        return pd.DataFrame(columns=AVERAGED["abhar"])
    refuse_inside(result, "abhar()")
    values = bhar(result, window, benchmark, after)["bhar"].to_numpy()
    return pd.DataFrame([told(Means(result).over(window, values=values), "abhar", level)])
