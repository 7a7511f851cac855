"""The ledger with all its rules: they are entered when their modules are read, so judge from here."""

from __future__ import annotations

from eventstudy.hypothesis import ledger_dates, ledger_tests
from eventstudy.hypothesis.ledger import judge

__all__ = ["judge", "ledger_dates", "ledger_tests"]
