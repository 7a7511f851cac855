"""What the study says: links, chain, power and the word for it, in every sample, with the tables behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.hypothesis.wording import (
    chain_sentence,
    cycle_sentence,
    detectable_sentence,
    falsifier_sentence,
    link_sentence,
    percent,
    pvalue_words,
    race_sentence,
    shift_sentence,
    typeset,
)

if TYPE_CHECKING:
    from eventstudy.hypothesis.chain import SampleVerdict
    from eventstudy.hypothesis.definitions import Definitions
    from eventstudy.hypothesis.figures import Figures
    from eventstudy.hypothesis.ledger import Claim
    from eventstudy.hypothesis.power import Power
    from eventstudy.inference import TestResult

__all__ = ["Falsifier", "Verdict", "decide", "plain"]


@dataclass(frozen=True, slots=True)
class Falsifier:
    """Something declared beforehand that would keep "supported" from being said.

    Attributes
    ----------
    link : str
        "H1", "H2" or "H3".
    text : str
        As in the definitions.
    fires : bool or None
        None where it cannot be judged on this record.
    figure : str
        The number behind it, or why it cannot be judged.
    required : bool
        It must be judged: as long as it cannot be, "supported" is not said either.
    """

    link: str
    text: str
    fires: bool | None
    figure: str
    required: bool = False

    @property
    def stands(self) -> bool:
        """Whether it keeps "supported" from being said."""
        return self.required if self.fires is None else self.fires

    def __str__(self) -> str:
        return f"{self.link} {self.text}" + (f" (cannot be judged: {self.figure})" if self.fires is None else "")


def decide(
    sample: SampleVerdict, falsifiers: tuple[Falsifier, ...], rules: Definitions
) -> tuple[bool | None, list[str]]:
    """Find the word for one sample, by the rule of the design, and why.

    True: the joint test rejects at the level, no declared falsifier fires, and those that must be judged could be. False: a
    link has the wrong sign at the level, or is equivalent to nothing at the declared margin. None: anything else.

    Returns
    -------
    supported : bool or None
    reasons : list of str
        What speaks against the chain; else the falsifiers that fire, and those that could not be judged.
    """
    against = []
    for name, link in sample.links.items():
        if not link.applicable:
            continue
        if link.details["p_wrong_sign"] <= rules.level:
            against.append(f"{name} has the wrong sign at {percent(rules.level)}")
        elif link.details["p_equivalence"] <= rules.level:
            against.append(f"{name} is equivalent to nothing at the declared margin")
    if against:
        return False, against
    reasons = [str(f) for f in falsifiers if f.fires] + [str(f) for f in falsifiers if f.fires is None]
    rejects = sample.chain.applicable and sample.chain.pvalue <= rules.level
    return (True if rejects and not any(f.stands for f in falsifiers) else None), reasons


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of the flagship study.

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

    def summary(self) -> str:
        """Give the answer in words: the headline sample first, then its links, then the other samples."""
        lead = self.samples[self.headline]
        lines = [
            f"Headline sample '{self.headline}' ({' to '.join(self.definitions.periods[self.headline])}; prices end {self.provenance['last']}).",
            chain_sentence(lead, self.reasons, self.definitions, supported=self.supported),
            falsifier_sentence(self.falsifiers),
        ]
        lines += [link_sentence(name, link, lead.power[name], self.definitions) for name, link in lead.links.items()]
        lines.append(detectable_sentence(lead.power, self.definitions.power.target))
        facts = self.facts
        for name in facts["favourite"]:
            best = facts["favourite"][name]
            beside = facts["drawdown_beside_rivals"][name]
            lines.append(
                race_sentence(
                    best["rival"], best["bic_margin"], best["reliefs"], beside["pvalue"], beside["reason"], name
                )
            )
        lines += [shift_sentence(t["smallest"], t["pvalue"], name) for name, t in facts["calendar_shift"].items()]
        lines.append(cycle_sentence(facts["cycles"]))
        for name, sample in self.samples.items():
            if name != self.headline:
                lines.append(_other(name, sample, self.definitions))
        if self.provenance.get("quick"):
            lines.append(self._quick())
        return "\n".join(lines)

    def _quick(self) -> str:
        """Say what a quick run did fewer times; it leaves no part out."""
        full, draws = self.definitions.replications, self.provenance
        return (
            f"This was a quick run, its p-values are coarse: {draws['draws']} draws in each test instead of {full.headline}, "
            f"{draws['curve_draws']} in the specification curve and the variants instead of {full.curve}, "
            f"{draws['power_draws']} for power instead of {full.power}. No part was left out."
        )

    @property
    def plot(self) -> Figures:
        """The charts of this verdict: ``verdict.plot.placebo("H1")`` and others; each gives its Axes back."""
        from eventstudy.hypothesis.figures import Figures  # noqa: PLC0415  beside its only use

        return Figures(self)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tidy tables by name; see docs/flagship.md for their columns."""
        return {name: table.copy() for name, table in self._tables.items()}

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tidy frames for charts by name; :mod:`eventstudy.hypothesis.frames` says what each holds."""
        return {name: frame.copy() for name, frame in self._frames.items()}

    def to_dict(self) -> dict[str, Any]:
        """Everything but the tables, as plain JSON values."""
        content: dict[str, Any] = plain(
            {
                "supported": self.supported,
                "reasons": list(self.reasons),
                "headline": self.headline,
                "summary": self.summary().splitlines(),
                "samples": {
                    name: {
                        "links": {key: link.to_dict() for key, link in sample.links.items()},
                        "chain": sample.chain.to_dict(),
                        "power": {
                            key: {"effect": p.effect, "power": p.power, "detectable": p.detectable}
                            for key, p in sample.power.items()
                        },
                    }
                    for name, sample in self.samples.items()
                },
                "falsifiers": [
                    {key: getattr(f, key) for key in ("link", "text", "fires", "figure", "required")}
                    for f in self.falsifiers
                ],
                "facts": dict(self.facts),
                "claims": [{key: getattr(c, key) for key in c.__dataclass_fields__} for c in self.claims],
                "definitions": {"digest": self.definitions.digest, **self.definitions.raw},
                "provenance": dict(self.provenance),
            }
        )
        return content

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        word = {True: "supported", False: "contradicted", None: "not established"}[self.supported]
        return f"Verdict(chain {word} in sample {self.headline!r})"

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(typeset(line))}</p>" for line in self.summary().splitlines())


def _other(name: str, sample: SampleVerdict, rules: Definitions) -> str:
    if not sample.chain.applicable:
        return f"Sample '{name}': the chain could not be tested; {sample.chain.reason}."
    parts = ", ".join(
        f"{key} {pvalue_words(link.pvalue)} (n = {link.n_clusters})" for key, link in sample.links.items()
    )
    word = "rejects" if sample.chain.pvalue <= rules.level else "does not reject"
    return f"Sample '{name}': {parts}; the joint test {word} at {percent(rules.level)} ({pvalue_words(sample.chain.pvalue)})."


def plain(value: Any) -> Any:
    """Turn numbers, arrays, moments and mappings into JSON values; what is missing or not finite becomes None.

    Examples
    --------
    >>> plain({"a": np.float64(1.5), "b": (np.nan, True), "c": pd.Timestamp("2025-04-03")})
    {'a': 1.5, 'b': [None, True], 'c': '2025-04-03'}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value.tz is None and value == value.normalize() else value.isoformat()
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value
