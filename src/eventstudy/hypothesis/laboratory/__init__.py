"""Worlds whose truth is known, and what the whole machinery says of them."""

from __future__ import annotations

from eventstudy.hypothesis.laboratory.trials import run_trials
from eventstudy.hypothesis.laboratory.worlds import World, simulate_world

__all__ = ["World", "run_trials", "simulate_world"]
