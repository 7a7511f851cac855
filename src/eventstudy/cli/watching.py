"""``eventstudy watch``: the evidence of the flagship as it grows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from eventstudy.cli.listing import print_frame
from eventstudy.cli.saying import note, say
from eventstudy.errors import StudyError
from eventstudy.hypothesis.watching import RECORD, watch


def watch_study(
    study: str, *, folder: Path, source: str, events: Path | None, reliefs: Path | None, until: str | None
) -> None:
    """Append what is new, say what is odd, and print the evidence and the deadlines ahead."""
    if study != RECORD:
        msg = f"study {study!r} cannot be watched; only {RECORD} has a record with definitions that say when watching begins"
        raise StudyError(msg)
    found = watch(folder, source=source, events=events, reliefs=reliefs, until=until)
    for line in found.notes:
        note(f"… {line}")
    say(found.sentence())
    if len(found.deadlines):
        rates = ["" if pd.isna(rate) else f"{rate:g} %" for rate in found.deadlines["rate"]]
        days = found.deadlines["deadline"].dt.strftime("%Y-%m-%d")
        print_frame(found.deadlines.assign(deadline=days, rate=rates), title="dated steps ahead")
