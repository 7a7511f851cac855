"""What to say of the tests of a sample, in a few lines: the ones to believe first, then the others and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eventstudy.inference.facts import SampleFacts
from eventstudy.inference.registry import TESTS, recommend, run
from eventstudy.inference.statistic import coarse

if TYPE_CHECKING:
    from eventstudy.abnormal.sample import WindowSample

__all__ = ["advice"]


FIRST = 3
"""Tests named first."""


def advice(sample: WindowSample) -> tuple[str, ...]:
    """Run the tests that are to be believed on a sample and say why the others are not, in lines of text.

    Parameters
    ----------
    sample : WindowSample
        One tested window, with its estimation windows.

    Returns
    -------
    tuple of str
        First the believable tests that bear most (their assumptions are the weakest), then the other believable ones,
        with their p-values (those that draw are named, not run, as they take time), then the gravest reason against
        the others, the tests that share it together. Tests that cannot be done are left out.

    Examples
    --------
    >>> from eventstudy.inference import sample_of
    >>> for line in advice(sample_of(car=[0.01, 0.03, -0.01, 0.02, 0.0])):
    ...     print(line)
    believe first: cross_sectional p = 0.23, bmp p = 0.23, jackknife p = 0.23
    believe also: clm_j1 p = 0.266, patell p = 0.271, sign p = 0.625, wilcoxon p = 0.375
    believe, if run: wild_bootstrap, cluster_bootstrap
    not skewness_adjusted, bootstrap_t, calendar_time, ...: too few: 5 security-events, where the test needs 50
    """
    facts = SampleFacts(sample)
    believed, unrun, against = dict[str, str](), [], dict[str, list[str]]()
    for item in recommend(sample, facts=facts):
        if item.valid and TESTS[item.name].draws:
            unrun.append(item.name)
        elif item.valid:
            result = run(item.name, sample, facts=facts)
            if result.applicable:
                believed[item.name] = f"{item.name} p = {result.pvalue:.3g}"
        elif item.applicable:
            against.setdefault(item.reasons[0], []).append(item.name)
    n = int(np.isfinite(sample.car).sum())

    def rank(name: str) -> tuple[bool, int]:
        """Those that can reach 5 % before those that cannot; then by how much they bear; ties in table order."""
        return TESTS[name].discrete and bool(coarse(n, "signs")), -len(TESTS[name].bears(n))

    first = sorted(believed, key=rank)[:FIRST]
    also = [text for name, text in believed.items() if name not in first]
    lines = ["believe first: " + (", ".join(believed[name] for name in first) or "no test that does not draw")]
    lines += [f"believe also: {', '.join(also)}"] if also else []
    lines += [f"believe, if run: {', '.join(unrun)}"] if unrun else []
    return (*lines, *(f"not {', '.join(names)}: {reason}" for reason, names in against.items()))
