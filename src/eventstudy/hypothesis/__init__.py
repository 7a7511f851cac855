"""Does the chain hold: escalation -> selloff -> softening -> rally? Three links, tested apart and together."""

from __future__ import annotations

from typing import Any
from warnings import warn

from eventstudy.hypothesis.claims.ledger import Claim
from eventstudy.hypothesis.flagship import SelloffForcesSoftening
from eventstudy.hypothesis.record.definitions import Definitions, load_definitions
from eventstudy.hypothesis.verdict.falsifier import Falsifier
from eventstudy.hypothesis.verdict.verdict import Verdict

__all__ = ["Claim", "Definitions", "Falsifier", "SelloffForcesSoftening", "Verdict", "load_definitions"]

_MOVED = frozenset({"World", "run_trials", "simulate_world"})  # to the laboratory


def __getattr__(name: str) -> Any:
    if name not in _MOVED:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from eventstudy.hypothesis import laboratory  # noqa: PLC0415  few want it

    warn(f"import {name} from eventstudy.hypothesis.laboratory", DeprecationWarning, stacklevel=2)
    return getattr(laboratory, name)
