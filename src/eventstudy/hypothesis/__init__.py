"""Does the chain hold: escalation -> selloff -> softening -> rally? Three links, tested apart and together."""

from __future__ import annotations

from eventstudy.hypothesis.definitions import Definitions, load_definitions
from eventstudy.hypothesis.flagship import SelloffForcesSoftening
from eventstudy.hypothesis.ledger import Claim
from eventstudy.hypothesis.trials import run_trials
from eventstudy.hypothesis.verdict import Falsifier, Verdict
from eventstudy.hypothesis.worlds import World, simulate_world

__all__ = [
    "Claim",
    "Definitions",
    "Falsifier",
    "SelloffForcesSoftening",
    "Verdict",
    "World",
    "load_definitions",
    "run_trials",
    "simulate_world",
]
