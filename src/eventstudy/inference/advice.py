"""What to say of the tests of a sample, in a few lines: the ones to believe first, then the others and why not."""

from __future__ import annotations

import numpy as np

from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.statistic import coarse
from eventstudy.inference.registry import TESTS, recommend, run
from eventstudy.inference.to_report import reported

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
        First the test to report (`eventstudy.inference.reported`), then the believable tests that bear most (their assumptions are
        the weakest), then the other believable ones,
        with their p-values (those that draw are named, not run, as they take time), then those that take for
        granted what so few security-events may not show to be wrong, then the gravest reason against the others, the
        tests that share it together. Tests that cannot be done are left out.

    Examples
    --------
    >>> from eventstudy.inference.core.sample_of import sample_of
    >>> for line in advice(sample_of(car=[0.01, 0.03, -0.01, 0.02, 0.0])):
    ...     print(line)
    report: cross_sectional p = 0.23 (one to be believed)
    believe first: cross_sectional p = 0.23, bmp p = 0.23, jackknife p = 0.23
    believe also: sign p = 0.625, wilcoxon p = 0.375
    believe, if run: wild_bootstrap, cluster_bootstrap
    not clm_j1, patell: event variance: 5 security-events would show a doubled variance in 24% of samples
    not skewness_adjusted, calendar_time, ...: too few: 5 security-events, where the test needs 50
    not bootstrap_t: too few: 5 security-events, where the test needs 20
    """
    facts = SampleFacts(sample)
    sure, unrun = dict[str, str](), list[str]()
    unless, against = dict[str, list[str]](), dict[str, list[str]]()
    said = recommend(sample, facts=facts)
    for item in said:
        if item.applicable and not item.valid:
            against.setdefault(item.reasons[0], []).append(item.name)
        if not item.valid:
            continue
        if TESTS[item.name].draws:
            text = item.name
        else:
            result = run(item.name, sample, facts=facts)
            text = f"{item.name} p = {result.pvalue:.3g}" if result.applicable else ""
        if item.caveats and text:
            unless.setdefault(item.caveats[0], []).append(text)
        elif TESTS[item.name].draws:
            unrun.append(text)
        elif text:
            sure[item.name] = text
    n = int(np.isfinite(sample.car).sum())

    def rank(name: str) -> tuple[bool, int]:
        """Those that can reach 5 % before those that cannot; then by how much they bear; ties in table order."""
        return TESTS[name].discrete and bool(coarse(n, "signs")), -len(TESTS[name].bears(n))

    first = sorted(sure, key=rank)[:FIRST]
    also = [text for name, text in sure.items() if name not in first]
    report, sound = reported(sample, said), {item.name for item in said if item.valid}
    lines = [f"report: {_told(report, sample, facts, doubtful=report not in sound)}"] if report else []
    lines += ["believe first: " + (", ".join(sure[name] for name in first) or "none of those without random draws")]
    lines += [f"believe also: {', '.join(also)}"] if also else []
    lines += [f"believe, if run: {', '.join(unrun)}"] if unrun else []
    lines += [f"believe on trust ({reason}): {', '.join(texts)}" for reason, texts in unless.items()]
    return (*lines, *(f"not {', '.join(names)}: {reason}" for reason, names in against.items()))


def _told(name: str, sample: WindowSample, facts: SampleFacts, *, doubtful: bool) -> str:
    """Say the p-value of the test to report; of one that draws, how to run it."""
    doubt = f" ({'doubtful: none is' if doubtful else 'one'} to be believed)"
    if TESTS[name].draws:
        return f'{name}, which draws: test("{name}", window){doubt}'
    return f"{name} p = {run(name, sample, facts=facts).pvalue:.3g}{doubt}"
