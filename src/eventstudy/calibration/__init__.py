"""The calibration lab: data with known truth through the real engine, and how often each test rejects.

Where each test is claimed to hold is declared in its specification (`eventstudy.inference.core.spec`); the lab only measures.
"""

from __future__ import annotations

from eventstudy.calibration.advice_lab import calibrate_advice
from eventstudy.calibration.bars import SimulatedBars, simulate_bars
from eventstudy.calibration.clock_lab import ClockPlan, ClockRow, calibrate_clock
from eventstudy.calibration.journal import Cell
from eventstudy.calibration.lab import Plan, Row, calibrate, claimed
from eventstudy.calibration.placebo_prices import calibrate_prices
from eventstudy.calibration.scenarios import SCENARIOS, Geometry, Scenario
from eventstudy.calibration.tables import check_table, draw_table, read_table, shipped_tables, write_table

__all__ = [
    "SCENARIOS",
    "Cell",
    "ClockPlan",
    "ClockRow",
    "Geometry",
    "Plan",
    "Row",
    "Scenario",
    "SimulatedBars",
    "calibrate",
    "calibrate_advice",
    "calibrate_clock",
    "calibrate_prices",
    "check_table",
    "claimed",
    "draw_table",
    "read_table",
    "shipped_tables",
    "simulate_bars",
    "write_table",
]
