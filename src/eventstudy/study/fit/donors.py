"""What the events of a call mean for donors that are studied themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventstudy._typing import Ints
from eventstudy.abnormal.models.donor_pool import DonorEvents
from eventstudy.study.aligned import Aligned
from eventstudy.study.design import Design
from eventstudy.study.fit.mask import flags_of


def donor_events(
    study: Design, aligned: Aligned, symbols: Sequence[str], symbol: Ints, position: Ints
) -> DonorEvents | None:
    """Return where the donors' own events fall; None where the model has no pool of donors.

    Shapes: symbol (N,), codes into `symbols`, and position (N,), bars of this calendar or -1, of all rows asked for.
    """
    names = pool_names(study.model)
    if not names:
        return None
    row = {name: at for at, name in enumerate(aligned.symbols)}
    place = {name: at for at, name in enumerate(names)}
    donor = np.array([place.get(name, -1) for name in symbols], dtype=np.int64)[symbol]
    own = (donor >= 0) & (position >= 0)
    where, shape = (donor[own], position[own]), (len(names), len(aligned.bars))
    begins = flags_of(where, shape, (0, 0)) if own.any() else None
    hidden = flags_of(where, shape, study.mask) if study.mask_events is True and own.any() else None
    return DonorEvents(np.array([row.get(name, -1) for name in names]), begins, hidden)


def pool_names(model: object) -> tuple[str, ...]:
    """Return the donors of a model that leaves out those with events of their own; none of any other model."""
    return tuple(getattr(model, "donors", ())) if hasattr(model, "exclude") else ()
