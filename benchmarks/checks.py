"""What the checks of the doors cost: a study of 1e5 security-events with them and without, in turns in one process.

python benchmarks/checks.py             from a panel, and from a frame; the median of nine pairs
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from world import END, FIRST, LAST, LENGTH, world

from eventstudy import EstimationWindow, EventStudy, MarketModel, ReturnPanel

PAIRS = 9
LEFT_OUT = {
    "eventstudy.returns.panel.check_fields": lambda *_: None,
    "eventstudy.returns.panel.refuse_bars": lambda *_, **__: None,
    "eventstudy.returns.panel.plausible_returns": lambda frame, **_: (frame, {}),
    "eventstudy.returns.panel.refuse_no_name": lambda *_: None,
    "eventstudy.returns._given.refuse_dates": lambda *_: None,
    "eventstudy.returns._given.refuse_unhashable": lambda *_: None,
    "eventstudy.returns._given.refuse_naive": lambda *_: None,
    "eventstudy.study.fit.fit.refuse_lost_zeros": lambda *_: None,
    "eventstudy.study.fit.fit.refuse_misfit": lambda *_, **__: None,
    "eventstudy.study.fit.fit.regressors_known": lambda *_: None,
    "eventstudy.study.fit.fit.long_enough": lambda *_: None,
    "eventstudy.study.fit.align._days_only": lambda *_: None,
    "eventstudy.study.request.refuse_timing": lambda *_: None,
    "eventstudy.study.request.security_column": lambda *_, **__: "symbol",
    "eventstudy.study.tables.returns.flags_of": lambda result, _: [{} for _ in result.parts],
}
"""The checks that look at data, and what stands in their place when they are left out."""


@contextmanager
def without_checks() -> Iterator[None]:
    """Leave the checks out."""
    patches = [patch(name, stub) for name, stub in LEFT_OUT.items()]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def ratio(call: Callable[[], object], pairs: int = PAIRS) -> tuple[float, float, float]:
    """Return the median of the ratios with : without, and the median seconds of each, over pairs whose order changes."""
    found: dict[bool, list[float]] = {True: [], False: []}
    call()
    for pair in range(pairs):
        for checked in (True, False) if pair % 2 else (False, True):
            if checked:
                began = time.process_time()
                call()
                found[True].append(time.process_time() - began)
            else:
                with without_checks():
                    began = time.process_time()
                    call()
                    found[False].append(time.process_time() - began)
    ratios = [one / other for one, other in zip(found[True], found[False], strict=True)]
    return statistics.median(ratios), statistics.median(found[True]), statistics.median(found[False])


def main() -> None:
    """Measure, and print a line each."""
    made = world(1000, 6300, 100_000)
    index = pd.DatetimeIndex(made.dates)
    frame = pd.DataFrame(made.returns.T, index=index, columns=made.names).assign(M=made.factors[0])
    panel = ReturnPanel(frame)
    events = pd.DataFrame({"bar": index[made.day0], "symbol": np.asarray(made.names, dtype=object)[made.security]})
    events["event_id"] = [f"e{number}" for number in range(len(events))]
    study = EventStudy(
        model=MarketModel("M"), calendar=None, window=(FIRST, LAST), estimation=EstimationWindow(LENGTH, END)
    )
    for name, returns in {"from a panel": panel, "from a frame": frame}.items():
        share, with_them, without = ratio(lambda returns=returns: study.fit(events, returns).car((FIRST, LAST)))
        print(f"{name}: {share - 1:+.1%} ({with_them:.3f} s with the checks, {without:.3f} s without; processor time)")


if __name__ == "__main__":
    main()
