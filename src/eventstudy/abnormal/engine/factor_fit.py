"""Security-events fitted on the latent factors of their dates: the factors once a date, the rest as any regression."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.engine.chunks import blas_on_one_thread, spread_out
from eventstudy.abnormal.engine.draft import Draft
from eventstudy.abnormal.engine.grams import Bars, bars_of_date, grams, runs_of_dates
from eventstudy.abnormal.engine.inputs import Inputs
from eventstudy.abnormal.engine.linear import Block, by_date, fit_block
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.models import latent_factors as latent
from eventstudy.abnormal.models.donor_pool import HOLES, Donor, Pool
from eventstudy.abnormal.orthonormal import orthonormal

DATES: Final = 128
"""Dates whose factors are fitted in one go."""

THREADED_DATES: Final = 8
"""Dates of a run from which on threads share them; each writes rows of its own."""


@dataclass(frozen=True, slots=True)
class FactorFit:
    """The latent factors of D dates.

    Attributes
    ----------
    day0 : (D,) int
        Bar of relative day 0, ascending.
    state : (D, J) int8
        `Donor` values.
    number : (D,) int
        Components; -1 where there are too few donors.
    share : (D,) float
        Share of the donors' sum of squares that the components have.
    design : (D, k, T) float
        The constant and the components on the estimation bars; zero where a bar is not used or there is no component.
    ahead : (D, k, L) float
        The same on the event bars; NaN where no donor has a return.
    """

    day0: Ints
    state: NDArray[np.int8]
    number: Ints
    share: Floats
    design: Floats
    ahead: Floats

    def take(self, rows: Ints) -> FactorFit:
        """Return itself: it belongs to dates, not to the security-events `rows`."""
        del rows
        return self

    def usual(self) -> int:
        """Return the number of components most often chosen, the larger of equals: what placebo dates are fitted with."""
        known = self.number[self.number >= 0]
        return int(known.max(initial=0) - np.bincount(known, minlength=1)[::-1].argmax())

    def columns(self, day0: Ints) -> tuple[Floats, Floats]:
        """Return the (n, k, T) and (n, k, L) columns at `day0` (n,), without components that no date has."""
        k = 1 + int(self.number.max(initial=0))
        at = np.searchsorted(self.day0, day0)
        return self.design[at, :k], self.ahead[at, :k]


def estimate_factors(inputs: Inputs, model: latent.LatentFactorModel, out: Draft, chunk: int) -> FactorFit:
    """Fit every security-event of `inputs` on the components of its date's donors and write it into `out`."""
    order = by_date(inputs.day0)
    rows = np.arange(inputs.day0.size) if order is None else order
    dates, start = np.unique(inputs.day0[rows], return_index=True)
    groups = np.split(rows, start[1:]) if dates.size else []
    pool = inputs.pool
    assert pool is not None  # noqa: S101  the engine makes one for every model with donors
    fit = FactorFit(
        dates,
        np.zeros((dates.size, len(pool.returns)), dtype=np.int8),
        np.full(dates.size, -1),
        np.full(dates.size, np.nan),
        np.zeros((dates.size, inputs.columns, inputs.planned)),
        np.full((dates.size, inputs.columns, inputs.length), np.nan),
    )
    for low in range(0, dates.size, DATES):
        part = slice(low, min(low + DATES, dates.size))
        _find(inputs, model, pool, fit, part, groups)
        _fit(inputs, out, chunk, fit, part, groups)
    return fit


def _find(
    inputs: Inputs, model: latent.LatentFactorModel, pool: Pool, fit: FactorFit, part: slice, groups: list[Ints]
) -> None:
    """Find the components of the dates `part` and write them into `fit`."""
    bars = [bars_of_date(inputs, pool, int(day)) for day in fit.day0[part]]
    for at, one in zip(range(part.start, part.stop), bars, strict=True):
        fit.state[at] = pool.state(one.day0, inputs.security[groups[at]], one.estimation, one.window, HOLES)
    for low, high in runs_of_dates(bars):
        states = fit.state[part.start + low : part.start + high]
        made = grams(pool, bars[low:high], states)

        def find(at: int, low: int = low, made: Callable[[int], Floats] = made) -> None:
            place = part.start + low + at
            _one_date(inputs, model, pool, fit, place, (bars[low + at], made(at), groups[place]))

        alone = blas_on_one_thread() if high - low >= THREADED_DATES else None
        with alone or nullcontext():
            spread_out(find, range(high - low), threads=alone is not None)


def _one_date(
    inputs: Inputs, model: Any, pool: Pool, fit: FactorFit, place: int, given: tuple[Bars, Floats, Ints]
) -> None:
    """Find the components of one date from the Gram matrix of its donors without holes."""
    bars, gram, rows = given
    state = fit.state[place]
    m, many = bars.estimation.size, int((state <= Donor.FILLED).sum())
    fit.design[place, 0, bars.place] = 1.0
    fit.ahead[place, 0, bars.window_place] = 1.0
    if many < latent.FEWEST_DONORS or m < inputs.minimum:
        fit.number[place] = -1 if many < latent.FEWEST_DONORS else 0
        return
    weight = latent.means_over(m, bars.window.size, everywhere=model.fit == "interactive")
    complete = latent.centred(gram, weight)
    count = min(model.most + 1 if isinstance(model.components, str) else model.most, many - 1, m - 1)
    if count < 1 or not bars.window.size:
        fit.number[place] = 0
        return
    holed = np.flatnonzero(state == Donor.FILLED)
    if holed.size:
        complete += _filled(model, pool, (complete, bars, weight), holed, many - holed.size)
    found = latent.spectrum(complete, m, count, model.factors, many)
    response, there = np.zeros((0, m)), np.zeros((0, m), dtype=bool)
    if model.components == "cv":
        response = inputs.response(inputs.security[rows], inputs.day0[rows] + inputs.estimation[0], inputs.planned)
        there = np.isfinite(response) & inputs.unmasked_at(
            inputs.security[rows], inputs.day0[rows] + inputs.estimation[0], inputs.planned
        )
        response, there = response[:, bars.place], there[:, bars.place]
        enough = there.sum(axis=1) >= inputs.minimum
        response, there = np.where(there, response, 0.0)[enough], there[enough]
    number = latent.choose(model, found, response, there)
    if many < 3 * number:
        return
    fit.number[place], fit.share[place] = number, found.share(number)
    fit.design[place, 1 : 1 + number, bars.place] = found.estimation[:, :number]
    fit.ahead[place, 1 : 1 + number, bars.window_place] = found.window[:, :number]


def _filled(model: Any, pool: Pool, known: tuple[Floats, Bars, Floats], holed: Ints, whole: int) -> Floats:
    """Return what the donors `holed`, their holes filled, add to the centred Gram matrix."""
    complete, bars, weight = known
    at = np.concatenate([bars.estimation, bars.window])
    values, missing = pool.returns[np.ix_(holed, at)].T, ~pool.there[np.ix_(holed, at)].T
    values = np.where(missing, 0.0, values)
    number = model.components
    if isinstance(number, str):
        most = latent.ceiling(bars.estimation.size, whole)
        number = 1
        if most:
            number = latent.bai_ng(latent.spectrum(complete, bars.estimation.size, most, "joint", whole), most)
    filled = latent.fill(complete, values, missing, weight, number)
    moved = filled - weight @ filled
    product: Floats = moved @ moved.T
    return product


def _fit(inputs: Inputs, out: Draft, chunk: int, fit: FactorFit, part: slice, groups: list[Ints]) -> None:
    """Fit the security-events of the dates `part`, dates with as many components together."""
    number = fit.number[part]
    for r in np.unique(number).tolist():
        places = part.start + np.flatnonzero(number == r)
        k = 1 + max(r, 0)
        design, ahead = fit.design[places, :k], fit.ahead[places, :k]
        usable = design[:, 0] > 0
        whole = bool(usable.all())
        basis = orthonormal(design.copy(), ahead.copy(), whole=whole)
        count, valid = usable.sum(axis=1), usable.astype(np.float64)
        block = Block(basis, valid, count, whole, bool(basis.full_rank.all()), out.add_basis(basis))
        rows = np.concatenate([groups[at] for at in places])
        which = np.repeat(np.arange(places.size), [groups[at].size for at in places])
        fit_block(replace(inputs, k=k, columns=k), rows, which, block, out, chunk)
        if r < 0:
            out.status[rows], out.ar[rows] = Exclusion.FEW_DONORS, np.nan
            out.sigma[rows] = out.share[rows] = np.nan
            out.degenerate[rows] = False
