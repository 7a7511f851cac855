"""A loop of statsmodels regressions with `get_prediction`'s variance: what everybody writes first, and the reference."""

from __future__ import annotations

import sys

import numpy as np
import statsmodels.api as sm
from world import END, FIRST, LAST, LENGTH, world

from report import best_of, say


def main(events: int, times: int) -> None:
    made = world(1000, 6300, events)
    market = sm.add_constant(made.factors[0])

    def call() -> tuple[list[float], list[float]]:
        car, se = [], []
        for s, d in zip(made.security, made.day0, strict=True):
            at = slice(d + END - LENGTH + 1, d + END + 1)
            ahead = market[d + FIRST : d + LAST + 1]
            fit = sm.OLS(made.returns[s, at], market[at]).fit()
            total = ahead.sum(axis=0)
            car.append((made.returns[s, d + FIRST : d + LAST + 1] - ahead @ fit.params).sum())
            se.append(np.sqrt(fit.scale * len(ahead) + total @ fit.cov_params() @ total))
        return car, se

    seconds, (car, se) = best_of(call, times)
    say("statsmodels loop", "whole call", events, seconds, car, se)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
