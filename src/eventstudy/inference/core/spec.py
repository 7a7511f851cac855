"""What a test is, as a value: its name, its null, what it needs, and under which conditions it is claimed to hold.

The conditions are declared here, from the assumptions of each test's paper, before any calibration table is made. The
recommendation (`recommend`) and the calibration lab read the same declaration, so a claim cannot differ between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from eventstudy.checks import checked
from eventstudy.inference.core.statistic import Statistic

Condition = Literal[
    "within the day",
    "dependence",
    "staggered dependence",
    "few clusters",
    "event variance",
    "fat tails",
    "skewness",
    "volatility clustering",
    "missing",
    "few",
]
"""A way in which data depart from independent, identical, normal abnormal returns."""

CONDITIONS: dict[Condition, str] = {
    "within the day": "bars lie within days, whose volatility follows the clock",
    "dependence": "security-events share one date and their abnormal returns are correlated",
    "staggered dependence": "event windows overlap in calendar time without coinciding, and abnormal returns are correlated",
    "few clusters": "security-events share sessions that are few or of unequal size: they count as fewer than 10",
    "event variance": "the event raises the variance of abnormal returns",
    "fat tails": "abnormal returns have fatter tails than the normal",
    "skewness": "abnormal returns are skewed",
    "volatility clustering": "the variance of abnormal returns moves over time",
    "missing": "returns are missing in the estimation or the event window",
    "few": "there are fewer than 30 security-events",
}
"""The conditions in words, the gravest first: by how far sizes go astray in the calibration tables."""

Need = Literal["estimation", "refit", "least squares", "one date", "two dates", "one event", "clock"]
"""Something a sample must have beyond a number of security-events."""

FEW = 30
"""Below this many security-events a sample is "few"."""

FEWEST = 5
"""Below this many security-events only exact and placebo tests can be trusted; the lab's tables begin with it."""

MANY = 50
"""From this many security-events on, claims by the central limit theorem are made."""

ALWAYS: frozenset[Condition] = frozenset({"missing", "few clusters"})
"""Every test of this package uses the bars that are there, with the variance that belongs to them; and only those that
take the spread between sessions as their standard error need many sessions."""

FEW_SESSIONS = 10
"""Below this effective number of sessions the spread between them does not tell their variance."""


@dataclass(frozen=True, slots=True)
class TestSpec:
    """A registered test.

    Attributes
    ----------
    name, title : str
        Name for ``run``; name in words.
    null : str
        The hypothesis tested.
    assumptions : tuple of str
        What it takes for granted.
    reference : str
        Author, year; an equation or section where it was checked.
    compute : callable
        ``compute(sample, **options) -> Statistic`` on a sample or a batch of samples; ``rng`` is passed if it draws.
    undefined : str
        Why the statistic can fail to exist on a sample that has all it needs.
    needs : tuple of str
        What the sample must have.
    minimum : int
        Least number of security-events.
    basis : {"car", "scar"}
        Which cumulative abnormal return must be finite for a security-event to count.
    sided : bool
        Whether one-sided alternatives exist.
    draws : bool
        Whether it resamples.
    discrete : bool
        Whether its p-values come on a lattice, so that its size may lie below the nominal level.
    holds_under : frozenset of str
        Conditions under which its size is claimed; "missing" is claimed for all.
    holds_with_many : frozenset of str
        Conditions under which it is claimed from `MANY` security-events on, by the central limit theorem.
    longest : int or None
        Longest window, in bars, for which the claim is made; None: any.
    smallest : int
        Fewest security-events for which the claim is made.
    withdrawn : tuple of frozenset of str
        Sets of conditions under which the calibration lab found the claim wrong (docs/calibration.md). The claim above
        stands as it was made; the recommendation heeds the withdrawal.
    exact : bool
        Whether its p-values are exact for any number of security-events, given its assumptions.
    days : bool
        Whether it compares the window with single days, or counts on symmetry, so that the skewness of a day matters
        however long the window.
    raw : bool
        Whether it sets the returns of the window against others as they are, also where the model scales their variance.
    mean : bool
        Whether its interval is one of the mean CAR itself.
    facts : bool
        Whether ``compute`` is passed the measured properties of the sample (``facts=``), which cost time once.
    """

    __test__: ClassVar[bool] = False  # a test runner must not take this for a class of tests

    name: str
    title: str
    null: str
    assumptions: tuple[str, ...]
    reference: str
    compute: Callable[..., Statistic]
    undefined: str = "the abnormal returns have no variance across the security-events"
    needs: tuple[Need, ...] = ()
    minimum: int = 2
    basis: Literal["car", "scar"] = "car"
    sided: bool = True
    draws: bool = False
    discrete: bool = False
    holds_under: frozenset[Condition] = ALWAYS
    holds_with_many: frozenset[Condition] = frozenset()
    longest: int | None = None
    smallest: int = 0
    withdrawn: tuple[frozenset[Condition], ...] = ()
    exact: bool = False
    days: bool = False
    raw: bool = False
    mean: bool = False
    facts: bool = False

    @checked()
    def bears(self, n: int) -> frozenset[Condition]:
        """Return the conditions under which the size is claimed for n security-events, less those withdrawn.

        Parameters
        ----------
        n : int
            Security-events.

        Returns
        -------
        frozenset of str
        """
        claimed = self.holds_under | (self.holds_with_many if n >= MANY else frozenset())
        return claimed - frozenset().union(*self.withdrawn)

    @checked()
    def holds(self, conditions: frozenset[Condition], n: int, bars: int) -> bool:
        """Return whether the size of the test is claimed under conditions, for n security-events and a window of bars.

        Parameters
        ----------
        conditions : frozenset of str
            How the data depart from the ideal.
        n, bars : int
            Security-events; bars of the window.

        Returns
        -------
        bool
        """
        allowed = self.holds_under | (self.holds_with_many if n >= MANY else frozenset())
        short = self.longest is None or bars <= self.longest
        return conditions <= allowed and short and n >= self.smallest
