"""Whether the advice holds on data with known truth: each test on the studies where it is believed, and the one reported."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable

import numpy as np

from eventstudy.calibration.batch import single_samples
from eventstudy.calibration.believed import count_study, rows_of
from eventstudy.calibration.lab import HISTORY, KNOWN, RESAMPLING_UNIT, Plan, Row, Tally
from eventstudy.calibration.scenarios import SCENARIOS, Geometry
from eventstudy.checks import checked


@checked()
def calibrate_advice(plan: Plan, *, progress: Callable[[int, int], None] | None = None) -> tuple[Row, ...]:
    """Count how often tests reject on the simulated studies on which `eventstudy.inference.recommend` believes them.

    Parameters
    ----------
    plan : Plan
        As in `calibrate`; each study is judged alone, which takes some hundredths of a second.
    progress : callable, optional
        ``progress(done, total)`` after every batch of studies.

    Returns
    -------
    tuple of Row
        Under the name of a scenario each test on all studies; with ``, believed`` on those where it is believed, and
        ``reported``: the test that `eventstudy.inference.reported` names, on the studies where it names one to believe.

    Examples
    --------
    >>> plan = Plan(scenarios=("common",), tests=("bmp", "kp_bmp"), windows=((0, 0),), events=(30,), replications=20)
    >>> [(row.scenario, row.test, row.cell.replications) for row in calibrate_advice(plan)]  # bmp is never believed there
    [('common', 'bmp', 20), ('common', 'kp_bmp', 20), ('common, believed', 'kp_bmp', 20), ('common, believed', 'reported', 20)]
    """
    counts: Tally = Counter()
    geometry, done = Geometry(history=HISTORY), 0
    scenarios = plan.scenarios or tuple(SCENARIOS)
    total = len(scenarios) * len(plan.events) * plan.replications
    for name in scenarios:
        for n in plan.events:
            for low in range(0, plan.replications, RESAMPLING_UNIT):
                studies = min(RESAMPLING_UNIT, plan.replications - low)
                seed = np.random.SeedSequence([plan.seed, zlib.crc32(name.encode()), n, low])
                drawn = KNOWN[name].draw(np.random.default_rng(seed), studies, n, geometry)
                for window in plan.windows:
                    for study in single_samples(drawn, geometry, window, plan.effect):
                        chance = seed.spawn(1)[0]
                        count_study(counts, (name, n, window), study, plan.specs(), draws=plan.draws, seed=chance)
                done += studies
                if progress:
                    progress(done, total)
    return tuple(rows_of(plan, scenarios, counts))
