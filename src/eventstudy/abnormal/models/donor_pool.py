"""A pool of donors on one date: who of them may stand for what would have happened, and why the others may not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.models.protocol import Split
from eventstudy.errors import StudyError
from eventstudy.words import a_few

Exclude = Literal["overlap", "ever_treated", "never"]

HOLES: Final = 0.02
"""Share of the estimation bars that a donor may lack and still be used, its holes filled (METHODS-2, section 8)."""


class Donor(IntEnum):
    """What became of a donor on a date; `USED` and `FILLED` take part.

    Examples
    --------
    >>> Donor.OWN_EVENT.reason
    'own_event'
    """

    USED = 0
    FILLED = 1
    STUDIED_HERE = 2
    OWN_EVENT = 3
    HOLE_IN_WINDOW = 4
    HOLES = 5

    @property
    def reason(self) -> str:
        """The word that tables print."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class DonorEvents:
    """What happened to the donors themselves.

    Attributes
    ----------
    row : (J,) int
        Row of each donor among the securities that may be studied; -1 if it is none of them.
    begins : (J, B) bool or None
        Where relative day 0 of an event of the donor's own falls.
    hidden : (J, B) bool or None
        Bars that an event of the donor's own takes out of estimation windows.
    """

    row: Ints
    begins: Bools | None = None
    hidden: Bools | None = None


@dataclass(frozen=True)
class Pool:
    """The donors of a study.

    Attributes
    ----------
    returns : (J, B) float
        Decimals; not finite where missing.
    there : (J, B) bool
        Where a donor has a return that no event of its own spoils.
    events : DonorEvents
    exclude : {"overlap", "ever_treated", "never"}
    """

    returns: Floats
    there: Bools
    events: DonorEvents
    exclude: Exclude

    @cached_property
    def some(self) -> Bools:
        """(B,) bars on which some donor has a return."""
        return np.asarray(self.there.any(axis=0))

    def state(self, day0: int, studied: Ints, estimation: Ints, window: Ints, holes: float) -> NDArray[np.int8]:
        """Return (J,): the `Donor` value of each donor for an event at bar `day0` that `studied` share.

        Shapes: estimation (M,), window (L,), bars of the panel; `holes` is the share of `estimation` that may be missing.
        """
        there = self.there
        missing = estimation.size - there[:, estimation].sum(axis=1)
        state = np.where(missing > 0, Donor.FILLED, Donor.USED).astype(np.int8)
        state[missing > holes * estimation.size] = Donor.HOLES
        state[~there[:, window].all(axis=1)] = Donor.HOLE_IN_WINDOW
        if self.exclude == "never":
            return state
        begins = self.events.begins
        if begins is not None:
            length = int(window[-1] - window[0]) + 1 if window.size else 1
            near = slice(None) if self.exclude == "ever_treated" else slice(max(0, day0 - length + 1), day0 + length)
            state[begins[:, near].any(axis=1)] = Donor.OWN_EVENT
        state[np.isin(self.events.row, studied)] = Donor.STUDIED_HERE
        return state


def pool_of(model: Any, series: Floats | None, events: DonorEvents | None) -> Pool:
    """Return the pool of a model from the returns of its donors, (J, B).

    Raises
    ------
    StudyError
        If there is not one series a donor.
    """
    count = len(model.donors)
    if series is None or series.ndim != 2 or len(series) != count:
        given = 0 if series is None else len(series)
        msg = f"{type(model).__name__} needs the returns of its {count} donors, {given} given: regressors=(J, B)"
        raise StudyError(msg)
    known = DonorEvents(np.full(count, -1)) if events is None else events
    there = np.isfinite(series)
    if known.hidden is not None and model.exclude != "never":
        there &= ~known.hidden
    return Pool(series, there, known, model.exclude)


def named(donors: Sequence[str] | str, least: int) -> tuple[str, ...]:
    """Return the symbols of a pool, each once.

    Raises
    ------
    StudyError
        If there are fewer than `least`, or one stands twice.
    """
    names = tuple(donors.split() if isinstance(donors, str) else (str(name) for name in donors))
    if len(names) < least or len(set(names)) < len(names):
        few = {1: "one", 2: "two"}.get(least, str(least))
        msg = f"donors are {a_few(names) or 'none'}: name {few} at least, each once"
        raise StudyError(msg)
    return names


SHOWN: Final = 6
"""Donors up to which a model names them all."""


def described(model: Any) -> str:
    """Return a model in words: a large pool by its first and last donors, its number and a digest of the names."""
    names = tuple(model.donors)
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:8]
    shown = (
        repr(names) if len(names) <= SHOWN else f"{len(names)} donors {names[0]!r} .. {names[-1]!r}, digest {digest}"
    )
    rest = [f"{one.name}={getattr(model, one.name)!r}" for one in fields(model) if one.name != "donors"]
    return f"{type(model).__name__}({', '.join([shown, *rest])})"


def no_rows(series: Floats | None) -> Split:
    """Return the split of a model with donors: they are neither regressors nor taken from the return as they are."""
    del series
    return None, None
