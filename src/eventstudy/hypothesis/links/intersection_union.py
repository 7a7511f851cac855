"""The links together: the intersection-union test, and how many of the nulls are false."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from eventstudy.inference.core.result import TestResult


def chain_result(links: Mapping[str, TestResult], sessions: int) -> TestResult:
    """Intersection-union test of the chain (Berger 1982): the p-value is the largest of the links'.

    `sessions` are the distinct ones behind the links: one of relief can serve H2 and H3.
    """
    missing = [name for name, link in links.items() if not link.applicable]
    null = "at least one link of the chain is absent"
    if missing:
        return TestResult(
            name="chain",
            title="the chain",
            null=null,
            alternative="greater",
            applicable=False,
            reason=f"{', '.join(missing)} could not be tested: {links[missing[0]].reason}",
        )
    values = {name: link.pvalue for name, link in links.items()}
    weakest = max(values, key=lambda name: values[name])
    return TestResult(
        name="chain",
        title="the chain",
        null=null,
        statistic=values[weakest],
        distribution="intersection-union, the largest p-value of the links",
        pvalue=values[weakest],
        alternative="greater",
        n=sum(link.n for link in links.values()),
        n_clusters=sessions,
        unit="share",
        reference="Berger 1982; partial conjunction: Benjamini and Heller 2008",
        assumptions=("each link's test holds its level",),
        details=MappingProxyType({"weakest": weakest, "p_two_of_three": partial_conjunction(list(values.values()), 2)}),
    )


def partial_conjunction(pvalues: list[float], at_least: int) -> float:
    """P-value of "fewer than `at_least` of the nulls are false" (Benjamini and Heller 2008, Bonferroni form).

    (n - u + 1) times the u-th smallest p-value, valid under any dependence.

    Examples
    --------
    >>> partial_conjunction([0.01, 0.02, 0.9], 2)
    0.04
    """
    ordered = sorted(pvalues)
    return float(min(1.0, (len(ordered) - at_least + 1) * ordered[at_least - 1]))
