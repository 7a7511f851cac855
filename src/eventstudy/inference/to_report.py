"""The one rule that names the test to report of a sample: every table, page and sentence takes it from here."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.inference.beyond.average import manner
from eventstudy.inference.core.measured_size import ALPHA
from eventstudy.inference.core.result import Recommendation, TestResult
from eventstudy.inference.registry import TESTS


def in_order(sample: WindowSample, names: Iterable[str], *, last: Collection[str] = ()) -> list[str]:
    """Put tests in the order in which one of them is reported; see `reported`. Those in `last` stand behind the others."""
    own = str(manner(sample)) if sample.clock is None else ""
    n = int(np.isfinite(sample.car).sum())
    place = {name: at for at, name in enumerate(TESTS)}
    # windows share bars, or sessions are few: what takes them for independent stands behind
    shared = own == "covariance"

    def rank(name: str) -> tuple[bool, bool, bool, bool, bool, int, int]:
        spec = TESTS[name]
        alone = shared and "staggered dependence" not in spec.bears(n)
        return name in last, alone, name != own, not spec.mean, spec.draws, -len(spec.bears(n)), place[name]

    return sorted(names, key=rank)


def reported(sample: WindowSample, said: Iterable[Recommendation | TestResult]) -> str:
    """Name the test to report of a sample.

    Parameters
    ----------
    sample : WindowSample
        One tested window.
    said : iterable of Recommendation or TestResult
        What was said of its tests, by `recommend` or `run_all`.

    Returns
    -------
    str
        Of the tests to be believed first those without a caveat: where fewer than 95 % of such samples would show a doubling of the
        variance, a test that bears it is reported, though its interval may not be the one beside the mean. Of these that whose
        interval stands there (`eventstudy.inference.beyond.average`), so that interval and test agree; else (first those that
        bear overlapping windows, where there are such) one whose interval is of the mean, else one that draws nothing, else the
        one that bears most conditions, in the order of `TESTS`. Doubts about the data speak against no test alone. Where none is
        to be believed, the one whose measured size is nearest to 5 %: it is to be reported as doubtful. Empty where no test can
        be done.

    Examples
    --------
    >>> from eventstudy.inference import recommend
    >>> from eventstudy.inference.core.sample_of import sample_of
    >>> sample = sample_of(car=[0.01, 0.03, -0.01, 0.02, 0.0])
    >>> reported(sample, recommend(sample))
    'cross_sectional'
    """
    done = {one.name: one for one in said if one.applicable}
    sure = [name for name, one in done.items() if _sure(one, sample.doubts)]
    if sure:
        return in_order(sample, sure, last=[name for name in sure if done[name].caveats])[0]
    gap = {name: abs(one.size - ALPHA) for name, one in done.items() if np.isfinite(one.size)}
    return min(in_order(sample, gap), key=lambda name: gap[name], default="")


def _sure(one: Recommendation | TestResult, data: Collection[str]) -> bool:
    """Whether nothing speaks against a test but what is said of the data."""
    against = one.reasons if isinstance(one, Recommendation) else one.doubts
    return one.valid is not None and set(against) <= set(data)
