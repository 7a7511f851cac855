"""What to say of the tests of a sample, in a few lines: the ones to believe first, then the others and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstudy.inference.facts import SampleFacts
from eventstudy.inference.registry import TESTS, recommend, run

if TYPE_CHECKING:
    from eventstudy.abnormal.sample import WindowSample

__all__ = ["advice"]


def advice(sample: WindowSample) -> tuple[str, ...]:
    """Run the tests that are to be believed on a sample and say why the others are not, in lines of text.

    Parameters
    ----------
    sample : WindowSample
        One tested window, with its estimation windows.

    Returns
    -------
    tuple of str
        First the believable tests with their p-values (those that draw are named, not run, as they take time), then
        the reasons against the others, the tests that share a reason together. Tests that cannot be done are left out.

    Examples
    --------
    >>> from eventstudy.inference import sample_of
    >>> for line in advice(sample_of(car=[0.01, 0.03, -0.01, 0.02])):
    ...     print(line)
    believe: cross_sectional p = 0.239, clm_j1 p = 0.214, patell p = 0.218, bmp p = 0.239, ...
    not skewness_adjusted, bootstrap_t, ...: 4 security-events; it is claimed from 50 on
    """
    facts = SampleFacts(sample)
    believed, unrun, against = [], [], dict[str, list[str]]()
    for item in recommend(sample, facts=facts):
        if item.valid and TESTS[item.name].draws:
            unrun.append(item.name)
        elif item.valid:
            result = run(item.name, sample, facts=facts)
            if result.applicable:
                believed.append(f"{item.name} p = {result.pvalue:.3g}")
        elif item.applicable:
            against.setdefault("; ".join(item.reasons), []).append(item.name)
    first = "believe: " + (", ".join(believed) if believed else "no test that does not draw")
    if unrun:
        first += f"; and, if run: {', '.join(unrun)}"
    return (first, *(f"not {', '.join(names)}: {reason}" for reason, names in against.items()))
