"""Ours with donors: latent factors by the date, synthetic controls of any pool, conformal inference."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from world import donors_world

from eventstudy import EstimationWindow, EventStudy, LatentFactorModel, SyntheticControl
from eventstudy.abnormal import estimate
from eventstudy.abnormal.models.simplex import simplex_weights
from report import best_of, say


def names(count: int) -> tuple[str, ...]:
    """Return the symbols of a pool."""
    return tuple(f"D{number}" for number in range(count))


def latent(times: int) -> None:
    """Fit labelled frames: 500 donors, 200 securities on each of 200 dates."""
    own, pool = donors_world(500, 1000, studied=200)
    frame = pd.DataFrame(np.vstack([own, pool]).T, index=pd.bdate_range("2015-01-01", periods=1000),
                         columns=[*(f"S{number}" for number in range(200)), *names(500)])  # fmt: skip
    days = np.sort(np.random.default_rng(1).choice(np.arange(270, 980), 200, replace=False))
    pairs = pd.DataFrame({"event_id": np.repeat(np.arange(200), 200), "symbol": [f"S{number}" for number in range(200)] * 200,
                          "bar": frame.index[np.repeat(days, 200)]})  # fmt: skip
    for components in ("cv", 5):
        study = EventStudy(model=LatentFactorModel(names(500), components=components), calendar=None, mask_events=False)
        seconds, car = best_of(lambda study=study: study.fit(pairs, frame).car(), times)
        say("ours", f"latent factors, {components}", len(pairs), seconds, car["car"], car["se"])


def synthetic(donors: int, times: int) -> None:
    """Mix one security of so many donors over 250 bars, and say the objective."""
    own, pool = donors_world(donors, 250)
    y, d = own[0] - own[0].mean(), pool - pool.mean(axis=1, keepdims=True)
    seconds, found = best_of(lambda: simplex_weights(y, d), times)
    rest = y - found.weight @ d[found.donor]
    say("ours", f"synthetic control, {donors} donors", 1, seconds, [rest @ rest], [found.gap / found.size])


def thousand(times: int) -> None:
    """Mix a thousand securities of one date, each of five thousand donors."""
    own, pool = donors_world(5000, 262, studied=1000)
    model = SyntheticControl(names(5000))
    seconds, _ = best_of(lambda: estimate(own, pool, security=np.arange(1000), day0=np.full(1000, 255), window=(0, 4),
                                          estimation=(-250, -1), model=model), times)  # fmt: skip
    say("ours", "1,000 synthetic controls of 5,000 donors", 1000, seconds)


def conformal(times: int) -> None:
    """Find the exact interval of one security: 2,000 donors, 250 bars, a window of five."""
    own, pool = donors_world(2000, 262)
    frame = pd.DataFrame(
        np.vstack([own, pool]).T, index=pd.bdate_range("2023-01-02", periods=262), columns=["A", *names(2000)]
    )
    pairs = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [frame.index[255]]})
    study = EventStudy(
        model=SyntheticControl(names(2000)), calendar=None, window=(0, 4), estimation=EstimationWindow(250, -1)
    )
    result = study.fit(pairs, frame)
    seconds, table = best_of(result.conformal, times)
    say("ours", "conformal interval, 2,000 donors", 1, seconds, table["low"], table["high"])


def main() -> None:
    """Run one case, or all."""
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    cases = {
        "latent": lambda: latent(times),
        "synthetic-100": lambda: synthetic(100, times),
        "synthetic-500": lambda: synthetic(500, times),
        "synthetic-10000": lambda: synthetic(10_000, times),
        "thousand": lambda: thousand(1),
        "conformal": lambda: conformal(times),
    }
    for case in [sys.argv[1]] if sys.argv[1] != "all" else cases:
        cases[case]()


if __name__ == "__main__":
    main()
