"""Cumulative incidence of relief and of implementation: competing ends of a threat (Aalen and Johansen 1978)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventstudy._typing import Floats, Ints
from eventstudy.hypothesis.record.build_record import StudyRecord
from eventstudy.hypothesis.record.threats import OUTCOMES


@dataclass(frozen=True, slots=True)
class Incidence:
    """Curves of one group of threats.

    Attributes
    ----------
    day : (T,) float
        Calendar days from the threat at which one ended or was last seen, ascending.
    relieved, implemented : (T,) float
        Share that had ended so by then.
    open : (T,) float
        Share still open (Kaplan and Meier 1958, all ends together).
    at_risk : (T,) float
        How many were open until then.
    n : int
    """

    day: Floats
    relieved: Floats
    implemented: Floats
    open: Floats
    at_risk: Floats
    n: int

    def at(self, day: float) -> tuple[float, float, float]:
        """Shares relieved, implemented and open by `day`."""
        place = int(np.searchsorted(self.day, day, side="right")) - 1
        if place < 0:
            return 0.0, 0.0, 1.0
        return float(self.relieved[place]), float(self.implemented[place]), float(self.open[place])


def cumulative_incidence(days: Floats, outcome: Ints) -> Incidence:
    """Estimate the curves from (E,) days from threat to end, and how each ended: 0 relieved, 1 implemented, 2 censored.

    Examples
    --------
    >>> curve = cumulative_incidence(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 1, 2, 0]))
    >>> curve.at(2.5), curve.at(4.0)
    ((0.25, 0.25, 0.5), (0.75, 0.25, 0.0))
    """
    times = np.unique(days)
    left, relieved, implemented = 1.0, 0.0, 0.0
    rows = []
    for t in times:
        at_risk = np.count_nonzero(days >= t)
        soft = np.count_nonzero((days == t) & (outcome == 0))
        hard = np.count_nonzero((days == t) & (outcome == 1))
        relieved += left * soft / at_risk
        implemented += left * hard / at_risk
        left *= 1 - (soft + hard) / at_risk
        rows.append((t, relieved, implemented, left, at_risk))
    columns = np.array(rows, dtype=float).reshape(-1, 5).T
    return Incidence(columns[0], columns[1], columns[2], columns[3], columns[4], int(days.size))


def ends_of_threats(study: StudyRecord, *, everyone: bool) -> Incidence:
    """Curves of the decider's threats, in the scopes or aimed at anyone, in calendar days; no price is needed."""
    table, sample = study.threats, study.rules.sample
    mine = table["actor"].isin([sample.decider, "both"])
    if not everyone:
        mine &= table["start_event"].map(study.events["scope"]).isin(sample.scopes)
    rows = table[mine]
    days = (pd.DatetimeIndex(rows["end_et"]) - pd.DatetimeIndex(rows["start_et"])).total_seconds().to_numpy() / 86400
    code = np.asarray(rows["end"].map({name: i for i, name in enumerate(OUTCOMES)})).astype(np.int64)
    return cumulative_incidence(np.asarray(days, dtype=float), code)
