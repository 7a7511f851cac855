"""Whether the data are long enough for a study, and hold what its model reads."""

from __future__ import annotations

import numpy as np

from eventstudy._typing import Floats
from eventstudy.errors import StudyError
from eventstudy.returns._sessions import bar_kind
from eventstudy.study.aligned import Aligned
from eventstudy.study.design import Design
from eventstudy.study.fit.donors import pool_names

OFTEN = 0.1  # share of a series below zero: rates were, in Europe, by less than SMALL
SMALL = 0.0005
DEAR = {"weeks": 0.01, "months": 0.04}
"""Half of all rates of a bar above this: no currency that is traded; but usual for percent and for rates of a year."""
DEAR_DAY = 0.002


def long_enough(study: Design, aligned: Aligned) -> None:
    """Refuse windows that no event could have."""
    have = len(aligned.bars)
    if aligned.hours is not None:
        return  # sessions are counted event by event
    lengths = {"estimation": study.estimation_window.length, "event": study.window[1] - study.window[0] + 1}
    for kind, need in lengths.items():
        if have < need:
            msg = (
                f"the {kind} window of {need} bars is longer than the data ({have} bars, {aligned.bars[0]} .. "
                f"{aligned.bars[-1]}); shorten it or load more"
            )
            raise StudyError(msg)


def _no_rate(name: str, series: Floats, source: str, kind: str) -> None:
    """Refuse for the risk-free rate a share (a rate is seldom below zero, and then by little), percent, and rates of a year."""
    known = series[np.isfinite(series)]
    if known.size and (known < 0).mean() > OFTEN and np.median(np.abs(known)) > SMALL:
        came = f" came from {source} and" if source not in ("", "given") else ""
        msg = (
            f"the risk-free rate {name!r}{came} looks like a share: {(known < 0).mean():.0%} of its returns are negative, half of them beyond "
            f"{np.median(np.abs(known)):.2%} in size; load the rate: 'bundled:RF', or panel.join(rates)"
        )
        raise StudyError(msg)
    if known.size and np.median(known) > DEAR.get(kind, DEAR_DAY):
        what = "bar" if kind not in ("sessions", "weeks", "months") else kind[:-1]
        msg = (
            f"the risk-free rate {name!r} is {np.median(known):.2%} a {what}: it looks like percent, or like a rate of a year; it is "
            "needed in decimals, for one bar: divide it"
        )
        raise StudyError(msg)


def regressors_known(study: Design, aligned: Aligned, source: str) -> None:
    """Refuse a regressor without any figure."""
    if aligned.series is None or len(aligned.series) != len(study.model.symbols):  # a match is of one security only
        return
    if pool_names(study.model):  # a donor without figures is left out, and said so
        return
    free = getattr(study.model, "risk_free", None)
    for name, series in zip(study.model.symbols, aligned.series, strict=True):
        if name == free:
            _no_rate(name, series, source, bar_kind(aligned.bars))
        if not np.isfinite(series).any():
            msg = f"{name!r}, which {study.model!r} needs, has no figure on any of the {len(aligned.bars)} bars; load it or take another"
            raise StudyError(msg)
