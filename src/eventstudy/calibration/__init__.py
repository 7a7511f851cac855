"""The calibration lab: data with known truth through the real engine, and how often each test rejects.

Where each test is claimed to hold is declared in its specification (`eventstudy.inference.core.spec`); the lab only measures.
"""

from __future__ import annotations

from eventstudy.calibration.journal import Cell
from eventstudy.calibration.lab import Plan, Row, calibrate, claimed
from eventstudy.calibration.scenarios import SCENARIOS, Geometry, Scenario
from eventstudy.calibration.tables import check_table, draw_table, read_table, shipped_tables, write_table

__all__ = [
    "SCENARIOS",
    "Cell",
    "Geometry",
    "Plan",
    "Row",
    "Scenario",
    "calibrate",
    "check_table",
    "claimed",
    "draw_table",
    "read_table",
    "shipped_tables",
    "write_table",
]
