"""The engine on many workers: shares of the security-events, each with the part of the panel that it needs.

The number of shares depends on the study, never on the workers, and a security-event has the same bits in any share.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.engine.coordinates import Coordinates
from eventstudy.abnormal.engine.engine import estimate, prepared
from eventstudy.abnormal.engine.kernel import compiled
from eventstudy.abnormal.engine.result import AbnormalReturns
from eventstudy.workers import spread

SHARES: Final = 8

LARGEST: Final = 50_000
"""Security-events of one share at most: what a worker holds at once."""


def estimate_spread(
    executor: Any, returns: Floats, regressors: Floats | None, *, security: Ints, day0: Ints, **arguments: Any
) -> AbnormalReturns:
    """Estimate as `estimate` does, with the security-events shared out to the workers of `executor`."""
    order = np.lexsort((day0, security))
    count = min(order.size, max(SHARES, -(-order.size // LARGEST)))
    if count < 2:
        return estimate(returns, regressors, security=security, day0=day0, **arguments)
    fused = compiled(arguments.pop("kernel", "auto"), order.size)
    given = {**arguments, "kernel": "numba" if fused else "numpy"}
    shares = np.array_split(order, count)
    tasks = (_cut(returns, regressors, security[rows], day0[rows], given) for rows in shares)
    found = dict(spread(_share, tasks, executor))
    pieces = [found[at] for at in range(count)]
    whole = prepared(returns, regressors, security=security, day0=day0, **arguments)
    return _join(pieces, shares, whole)


def _cut(
    returns: Floats, regressors: Floats | None, security: Ints, day0: Ints, arguments: dict[str, Any]
) -> tuple[Floats, Floats | None, Ints, Ints, dict[str, Any]]:
    """Return the arguments of one share, with the rows of the panel that it reads."""
    needed, code = np.unique(security, return_inverse=True)
    given = dict(arguments)
    for name in ("masked", "spans"):
        if given.get(name) is not None and np.ndim(given[name]) == 2:
            given[name] = given[name][needed]
    codes = given.get("codes")
    given["codes"] = needed if codes is None else codes[needed]
    own = regressors if regressors is None or regressors.ndim == 2 else regressors[needed]
    return returns[needed], own, code, day0, given


def _share(
    returns: Floats, regressors: Floats | None, security: Ints, day0: Ints, arguments: dict[str, Any]
) -> AbnormalReturns:
    """Estimate one share; its inputs stay behind, since whoever asked has them."""
    found = estimate(returns, regressors, security=security, day0=day0, **arguments)
    bare = replace(found.inputs, returns=returns[:0], design=None, offset=None, masked=None, spans=None)
    return replace(found, inputs=bare, level=None)


def _join(pieces: list[AbnormalReturns], shares: list[Ints], whole: AbnormalReturns) -> AbnormalReturns:
    """Put the shares back in the order of the security-events."""
    back = np.empty(sum(rows.size for rows in shares), dtype=np.int64)
    back[np.concatenate(shares)] = np.arange(back.size)

    def joined(name: str) -> Any:
        return np.concatenate([getattr(piece, name) for piece in pieces])[back]

    fits = [piece.coordinates for piece in pieces]
    base = np.cumsum([0, *(len(fit.ahead) for fit in fits[:-1])])
    design = np.concatenate([fit.design + start for fit, start in zip(fits, base, strict=True)])[back]
    mix = None
    if any(fit.mix is not None for fit in fits):
        unit = np.eye(whole.inputs.columns)
        mixes = [np.broadcast_to(unit, (fit.design.size, *unit.shape)) if fit.mix is None else fit.mix for fit in fits]
        mix = np.concatenate(mixes)[back]
    names = ("ar", "sigma", "m", "df", "status", "degenerate", "suspect", "fallback")
    return replace(
        whole,
        **{name: joined(name) for name in names},
        coordinates=Coordinates(
            np.concatenate([fit.share for fit in fits])[back],
            np.concatenate([fit.ahead for fit in fits]),
            np.concatenate([fit.to_coef for fit in fits]),
            design,
            mix,
        ),
        variance=None if pieces[0].variance is None else joined("variance"),
        flat=pieces[0].flat,
    )
