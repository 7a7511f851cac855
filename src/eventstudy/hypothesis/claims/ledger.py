"""The ledger of claims: each with its figure, its test, the window it used, and a word for the outcome.

A claim ends as ``supported``, ``contradicted``, ``mixed`` (the figures point both ways, or the test rejects neither the
claim nor its opposite), ``descriptive`` (a figure, and no test of that claim) or ``not testable`` (no data in this source,
too few events, not a statement that prices or the catalogue can speak to).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._shipped import shipped_text
from eventstudy._typing import Floats
from eventstudy.hypothesis.analysis import Analysis
from eventstudy.hypothesis.links.chain import SampleVerdict
from eventstudy.hypothesis.links.evidence import Evidence
from eventstudy.hypothesis.record.build_record import StudyRecord
from eventstudy.hypothesis.record.definitions import Definitions

Word = Literal["supported", "contradicted", "mixed", "descriptive", "not testable"]

WORDS: tuple[Word, ...] = ("supported", "contradicted", "mixed", "descriptive", "not testable")

DESCRIBED = "no test of this claim: the figure describes"

NO_DATA = "not testable with this source"

NEITHER = "the test rejects neither the claim nor its opposite"


class Finding(NamedTuple):
    """What a rule returns: the word, the figure in words, the dates or window used, and why where it needs saying."""

    word: Word
    figure: str
    window: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One entry of the ledger, judged."""

    number: int
    source: str
    group: str
    text: str
    test: str
    figure: str
    window: str
    verdict: Word
    reason: str


class MissingData(Exception):
    """A rule asked for a price or an event that this source does not have."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the rules may look at.

    Attributes
    ----------
    study, evidence, samples, analysis
        The study so far.
    securities : pandas.DataFrame
        (B, S) returns of other securities.
    draws, seed : int
    """

    study: StudyRecord
    evidence: Evidence
    samples: Mapping[str, SampleVerdict]
    analysis: Analysis
    securities: pd.DataFrame
    draws: int
    seed: int

    @property
    def rules(self) -> Definitions:
        """The definitions by which the record was made."""
        return self.study.rules

    def at(self, day: str) -> int:
        """Position of a session; a date that is none in this record is missing data."""
        position = int(self.study.index.get_indexer(pd.DatetimeIndex([day]))[0])
        if position < 0:
            msg = f"no price on {day}"
            raise MissingData(msg)
        return position

    def close(self, day: str) -> float:
        """Close of the index."""
        return self._value(self.study.record.market.close, day, "the index")

    def fear(self, day: str) -> float:
        """Close of the fear gauge."""
        return self._value(self.study.record.market.fear, day, "the fear gauge")

    def change(self, day: str) -> float:
        """Return of the index in a session, decimals."""
        return self._value(self.study.record.market.returns, day, "the index")

    def z(self, day: str) -> float:
        """Standardized abnormal return of a session."""
        return self._value(self.evidence.scores.z, day, "the index")

    def _value(self, values: Floats, day: str, what: str) -> float:
        value = float(values[self.at(day)])
        if not np.isfinite(value):
            msg = f"no value of {what} on {day}"
            raise MissingData(msg)
        return value

    def event(self, name: str) -> pd.Series:
        """Take a row of the catalogue."""
        if name not in self.study.events.index:
            msg = f"the catalogue has no event {name}"
            raise MissingData(msg)
        row: pd.Series = self.study.events.loc[name]  # type: ignore[assignment]  # ids are unique: a row, no table
        return row

    def raw(self, symbol: str, day: str) -> float:
        """Return of a security in a session."""
        if symbol not in self.securities.columns:
            msg = f"no prices of {symbol}"
            raise MissingData(msg)
        return self._value(self.securities[symbol].to_numpy(dtype=float), day, symbol)

    def adjusted(self, symbol: str, day: str) -> float:
        """Market-adjusted return of a security in a session."""
        return self.raw(symbol, day) - self.change(day)

    def quiet(self) -> NDArray[np.int64]:
        """Placebo sessions of the whole record that have a score."""
        return self.evidence.cells.pool

    def rng(self, number: int) -> np.random.Generator:
        """Give a stream of its own to each claim."""
        return np.random.default_rng(np.random.SeedSequence([self.seed, 3, number]))


Rule = Callable[[Ground], Finding]


class Rules(dict[int, Rule]):
    """Rules by the number of their claim."""

    def of(self, number: int) -> Callable[[Rule], Rule]:
        """Enter a rule for the claim of that number."""

        def enter(rule: Rule) -> Rule:
            self[number] = rule
            return rule

        return enter


def load_claims() -> list[dict[str, str | int]]:
    """Read the ledger's entries, not yet judged.

    Examples
    --------
    >>> len(load_claims()), load_claims()[11]["text"]
    (50, 'one third of the uptrend occurred after the Geneva talks')
    """
    text = shipped_text("eventstudy.hypothesis", "claims.toml")
    return list(tomllib.loads(text)["claim"])


def claims_frame(claims: tuple[Claim, ...]) -> pd.DataFrame:
    """Tabulate judged claims, one row a claim."""
    columns = ["number", "source", "group", "claim", "verdict", "figure", "test", "window", "reason"]
    rows = [(c.number, c.source, c.group, c.text, c.verdict, c.figure, c.test, c.window, c.reason) for c in claims]
    return pd.DataFrame(rows, columns=columns)
