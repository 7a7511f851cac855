"""One regression a security for all its events: rises and falls are not pooled into one path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.models.protocol import is_own
from eventstudy.abnormal.overlapping_events import joint_paths
from eventstudy.errors import StudyError
from eventstudy.study.apart.attribution import one_security
from eventstudy.study.fitted import Fitted, Part
from eventstudy.study.rows import studied_rows
from eventstudy.study.tables.inside_day import refuse_inside
from eventstudy.study.tables.paths import groups_of

JOINT = ("symbol", "relative_day", "ar", "se", "t", "df", "pvalue", "events", "sign")
SURE = 0.01
"""Size, over all pairs of events, at which a rise and a fall are taken for what they are (Bonferroni)."""


def joint(result: Fitted, by: str | None = None) -> pd.DataFrame:
    """See `StudyResult.joint`."""
    from scipy.special import stdtr  # noqa: PLC0415  a tenth of the import time of scipy.stats

    refuse_inside(result, "joint()")
    frames = []
    for part in result.parts:
        label = None if by is None else groups_of(result, by)[np.searchsorted(studied_rows(result), part.rows)]
        inputs = part.abnormal.inputs
        linear = inputs.pool is None and inputs.forecast and inputs.spans is None and not is_own(part.abnormal.model)
        if not linear or inputs.own_design:
            msg = "the joint regression is for linear models whose regressors all securities share"
            raise StudyError(msg)
        rows = inputs.design_rows()
        regressors = np.concatenate(rows) if rows else np.zeros((0, inputs.bars))
        for code in np.unique(part.abnormal.security):
            where = np.flatnonzero(part.abnormal.security == code)
            sign = _signs(part, int(code), where) if label is None else None
            groups = _grouped(part, where, label if sign is None else sign)
            response = inputs.response(np.array([code]), np.array([0]), inputs.bars)[0]
            masked = np.zeros(inputs.bars, dtype=bool)
            if inputs.masked is not None:
                masked = inputs.masked if inputs.masked.ndim == 1 else inputs.masked[code]
            place = (inputs.window, inputs.pieces, masked)
            try:
                paths = joint_paths(response, regressors, list(groups.values()), *place)
            except StudyError:
                if sign is None:
                    raise
                groups = _mirrored(part, where, sign)  # they share bars: only their directions tell them apart
                paths = joint_paths(response, regressors, list(groups.values()), *place)
            for name, path in zip(groups, paths, strict=True):
                error = np.sqrt(np.diag(path.covariance))
                t = path.gamma / error
                told = (path.gamma, error, t, path.df, 2.0 * stdtr(path.df, -np.abs(t)), path.events, name)
                cells = (part.aligned.symbols[code], part.abnormal.relative_day, *told)
                frames.append(pd.DataFrame(dict(zip(JOINT, cells, strict=True))))
    if not frames:
        return pd.DataFrame(columns=list(JOINT))
    return pd.concat(frames, ignore_index=True)


Groups = dict[str, tuple[Ints, Floats]]


def _grouped(part: Part, where: Ints, label: Any) -> Groups:
    """Return the days 0 of the events of each label, once each; of all together without labels."""
    day0 = part.abnormal.day0[where]
    if label is None:
        once = np.unique(day0)
        return {"": (once, np.ones(once.size))}
    own = label[where]
    days = {str(name): np.unique(day0[own == name]) for name in sorted(set(own), key=str)}
    return {name: (once, np.ones(once.size)) for name, once in days.items()}


def _mirrored(part: Part, where: Ints, sign: Any) -> Groups:
    """Return one group of rises and falls, the falls turned round, and one of the others."""
    day0, own = part.abnormal.day0[where], sign[where]
    once, first = np.unique(day0, return_index=True)
    turn = np.array([{"+": 1.0, "-": -1.0}.get(name, 0.0) for name in own[first]])
    groups = {"±": (once[turn != 0], turn[turn != 0]), "0": (once[turn == 0], np.ones(int((turn == 0).sum())))}
    return {name: group for name, group in groups.items() if group[0].size}


def _signs(part: Part, code: int, where: Ints) -> Any:
    """Return "+", "-" or "0" (within one standard error) for each event of a security that surely rose on one and fell on another."""
    from scipy.special import stdtr  # noqa: PLC0415  a tenth of the import time of scipy.stats

    day0, first, back = np.unique(part.abnormal.day0[where], return_index=True, return_inverse=True)
    if day0.size < 2:
        return None
    each = (np.ones(part.abnormal.day0.size), np.arange(part.abnormal.day0.size))
    found = one_security(part, code, where[first], ((0, 0), np.ones(1)), each, np.empty(0, dtype=np.int64))
    known = np.flatnonzero(np.isfinite(found.se))
    if known.size < 2:
        return None
    top, low = known[found.effect[known].argmax()], known[found.effect[known].argmin()]
    t = (found.effect[top] - found.effect[low]) / np.hypot(found.se[top], found.se[low])
    pairs = known.size * (known.size - 1) / 2
    if not found.effect[low] < 0 < found.effect[top] or 2.0 * stdtr(found.df, -t) * pairs > SURE:
        return None
    with np.errstate(invalid="ignore"):
        plain = np.abs(found.effect) > found.se
    plain[[top, low]] = True
    sign = np.where(plain, np.where(found.effect > 0, "+", "-"), "0")
    every = np.full(part.abnormal.day0.size, "0", dtype=object)
    every[where] = sign[back]
    return every
