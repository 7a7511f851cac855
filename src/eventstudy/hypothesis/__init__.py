"""Does the chain hold: escalation -> selloff -> softening -> rally? Three links, tested apart and together."""

from __future__ import annotations

from eventstudy.hypothesis.definitions import Definitions, load_definitions
from eventstudy.hypothesis.flagship import SelloffForcesSoftening
from eventstudy.hypothesis.verdict import Verdict

__all__ = ["Definitions", "SelloffForcesSoftening", "Verdict", "load_definitions"]
