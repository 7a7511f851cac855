"""What was found, as values: the links in every sample, the falsifiers, the tables, and the word for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from eventstudy.hypothesis.claims.ledger import Claim
from eventstudy.hypothesis.links.chain import SampleVerdict
from eventstudy.hypothesis.links.power import Power
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.verdict.falsifier import Falsifier
from eventstudy.inference.core.result import TestResult
from eventstudy.words import typeset


@dataclass(frozen=True, slots=True)
class Findings:
    """The answer of the flagship study, as values.

    Attributes
    ----------
    samples : mapping of str to SampleVerdict
        "all" and the periods of the definitions; each has ``.links``, ``.chain``, ``.power``.
    headline : str
        The sample whose verdict counts.
    falsifiers : tuple of Falsifier
    supported : bool or None
        True, False, or None: these data cannot tell.
    reasons : tuple of str
        Why, where the word is False; else the falsifiers that fire, and those that could not be judged.
    definitions : Definitions
    provenance : mapping
        Digests, symbols, seed, replications, and whether the run was a quick one.
    facts : mapping
        Single figures of the parts beside the links: cycles, favourite of the race, calendar shift, dose.
    claims : tuple of Claim
        The ledger, judged.
    """

    samples: Mapping[str, SampleVerdict]
    headline: str
    falsifiers: tuple[Falsifier, ...]
    supported: bool | None
    reasons: tuple[str, ...]
    definitions: Definitions
    provenance: Mapping[str, Any]
    facts: Mapping[str, Any]
    claims: tuple[Claim, ...]
    _tables: Mapping[str, pd.DataFrame]
    _frames: Mapping[str, pd.DataFrame]

    @property
    def lead(self) -> SampleVerdict:
        """The headline sample."""
        return self.samples[self.headline]

    @property
    def links(self) -> Mapping[str, TestResult]:
        """The three links on all events passed."""
        return self.samples["all"].links

    @property
    def chain(self) -> TestResult:
        """The joint test on all events passed."""
        return self.samples["all"].chain

    @property
    def power(self) -> Mapping[str, Power]:
        """What all events passed could have shown; the headline sample's is ``samples[headline].power``."""
        return self.samples["all"].power

    @property
    def word(self) -> str:
        """The answer in a word or two."""
        return {True: "supported", False: "contradicted", None: "not established"}[self.supported]

    @property
    def link_names(self) -> dict[str, str]:
        """The links in the words of the catalogue."""
        return {link: typeset(words) for link, words in self.definitions.stances.links.items()}

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tidy tables by name; see docs/flagship.md for their columns."""
        return {name: table.copy() for name, table in self._tables.items()}

    def frame(self, name: str) -> pd.DataFrame:
        """One of the frames."""
        return self._frames[name].copy()

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tidy frames for charts by name; :mod:`eventstudy.hypothesis.verdict.chart_frames` says what each holds."""
        return {name: self.frame(name) for name in self._frames}


def interval_level(findings: Findings) -> float:
    """Return the level of the intervals: a one-sided test at the level of the definitions says the same."""
    return 1 - 2 * findings.definitions.alpha
