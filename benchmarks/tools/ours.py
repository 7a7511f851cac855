"""Ours: the kernel on arrays, the whole call on labelled frames, and the memory bandwidth that bounds both."""

from __future__ import annotations

import sys

import numba
import numpy as np
import pandas as pd
from world import END, FIRST, LAST, LENGTH, World, world

from eventstudy import EstimationWindow, EventStudy, MarketModel, ReturnPanel
from eventstudy.abnormal import FactorModel, estimate
from report import best_of, say

WINDOWS = {"window": (FIRST, LAST), "estimation": (END - LENGTH + 1, END)}


def kernel(case: str, made: World, model: object, kind: str, times: int) -> None:
    """AR, SAR, CAR, SCAR and Var(CAR) of every security-event, arrays in, arrays out."""
    series = made.factors[: len(model.symbols)]

    def call() -> tuple[np.ndarray, ...]:
        fitted = estimate(
            made.returns, series, security=made.security, day0=made.day0, model=model, kernel=kind, **WINDOWS
        )
        car, se, _ = fitted.car(FIRST, LAST)
        return fitted.ar, fitted.sar(), car, se, car / se

    call()  # compiles, and warms the caches
    seconds, out = best_of(call, times)
    say(f"ours, {kind}", case, made.day0.size, seconds, out[2], out[3])


def whole(case: str, made: World, times: int, *, dates_only: bool = False, mask: bool = True) -> None:
    """`fit` and `car` on labelled frames."""
    index = pd.DatetimeIndex(made.dates)
    frame = pd.DataFrame(made.returns.T, index=index, columns=made.names).assign(M=made.factors[0])
    panel = ReturnPanel(frame.copy())
    events = pd.DataFrame({"bar": index[made.day0]})
    if dates_only:  # each date is one event for every security of the panel
        events = events.drop_duplicates(ignore_index=True)
    else:
        events["symbol"] = np.asarray(made.names, dtype=object)[made.security]
    events["event_id"] = [f"e{number}" for number in range(len(events))]
    study = EventStudy(
        model=MarketModel("M"), calendar=None, mask_events=mask, window=(FIRST, LAST),
        estimation=EstimationWindow(LENGTH, END),
    )  # fmt: skip

    def call() -> pd.DataFrame:
        return study.fit(events, panel).car((FIRST, LAST))

    call()
    seconds, table = best_of(call, times)
    say("ours, whole", case, len(table), seconds, table["car"], table["se"])


def bandwidth(case: str, made: World) -> None:
    """How fast this machine reads the windows and writes the outputs, with nothing computed: numba, all threads."""

    @numba.njit(parallel=True, fastmath={"reassoc", "nsz"})
    def touch(returns, security, day0, out):  # noqa: ANN001, ANN202
        for i in numba.prange(security.size):
            row, begin = returns[security[i]], day0[i] - 260
            total = 0.0
            for t in range(271):
                total += row[begin + t]
            for t in range(out.shape[1]):
                out[i, t] = total

    out = np.zeros((made.day0.size, 2 * (LAST - FIRST + 1) + 3))
    touch(made.returns, made.security, made.day0, out)
    seconds, _ = best_of(lambda: touch(made.returns, made.security, made.day0, out), 3)
    say("memory", case, made.day0.size, seconds)


def main(part: str, times: int) -> None:
    """Run one part; each has a process of its own, so that the peak memory is its own."""
    market, four = MarketModel("m"), FactorModel(("a", "b", "c", "d"))
    parts = {
        "whole-1e3": lambda: whole("1,000 pairs", world(1000, 6300, 1000), 5 * times, mask=False),
        "whole-1e3-masked": lambda: whole("1,000 pairs, masked", world(1000, 6300, 1000), 5 * times),
        "whole-1e5": lambda: whole("100 events x 1,000", world(1000, 6300, 100_000, common=True), times, dates_only=True),
        "whole-1e6": lambda: whole("1,000 events x 1,000", world(1000, 6300, 1_000_000, common=True), times, dates_only=True),
        "whole-1e5-pairs": lambda: whole("100,000 pairs", world(1000, 6300, 100_000), times, mask=False),
        "numpy": lambda: kernel("1,000 events x 1,000", world(1000, 6300, 1_000_000, common=True), market, "numpy", times),
        "numba": lambda: kernel("1,000 events x 1,000", world(1000, 6300, 1_000_000, common=True), market, "numba", times),
        "numpy-four": lambda: kernel("1,000 x 1,000, 4 factors", world(1000, 6300, 1_000_000, common=True), four, "numpy", times),
        "numpy-holes": lambda: kernel("1,000 x 1,000, 2 % holes", world(1000, 6300, 1_000_000, common=True, holes=0.02), market, "numpy", times),
        "numpy-wide": lambda: kernel("1e6 pairs, 5,000 x 6,300", world(5000, 6300, 1_000_000), market, "numpy", times),
        "numba-wide": lambda: kernel("1e6 pairs, 5,000 x 6,300", world(5000, 6300, 1_000_000), market, "numba", times),
        "memory": lambda: bandwidth("1e6 pairs, 5,000 x 6,300", world(5000, 6300, 1_000_000)),
        "memory-common": lambda: bandwidth("1,000 events x 1,000", world(1000, 6300, 1_000_000, common=True)),
    }  # fmt: skip
    parts[part]()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
