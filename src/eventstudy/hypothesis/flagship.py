"""The study as one call: a catalogue and prices in, a verdict out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.checks import check_fields
from eventstudy.events import EventCatalog
from eventstudy.hypothesis.analysis import Tested, analyse
from eventstudy.hypothesis.claims.judge import judge
from eventstudy.hypothesis.claims.ledger import Claim, Ground, claims_frame
from eventstudy.hypothesis.links.chain import evaluate
from eventstudy.hypothesis.links.evidence import prepare
from eventstudy.hypothesis.record.build_record import StudyRecord, build_record
from eventstudy.hypothesis.record.definitions import Definitions, load_definitions
from eventstudy.hypothesis.record.sections import Replications
from eventstudy.hypothesis.record.strata import strata_of
from eventstudy.hypothesis.steps import steps_table
from eventstudy.hypothesis.verdict.chart_frames import chart_frames
from eventstudy.hypothesis.verdict.check_falsifiers import check_falsifiers, decide
from eventstudy.hypothesis.verdict.tables import verdict_tables
from eventstudy.hypothesis.verdict.verdict import Verdict
from eventstudy.returns import PricePanel, ReturnPanel, load_returns
from eventstudy.returns.bundled import INDUSTRIES
from eventstudy.workers import each


@dataclass(frozen=True, slots=True)
class SelloffForcesSoftening:
    """Does a selloff force softening? Threat -> selloff -> relief -> rally, tested link by link and jointly.

    Parameters
    ----------
    market : str, default "^GSPC"
        The index that is said to fall and to force.
    fear : str or None, default "^VIX"
        Its fear gauge, for the scale of an ordinary session; None: an exponentially weighted variance.
    seed : int, default 0
        Of every draw.
    definitions : path or mapping, optional
        What differs from the shipped definitions, for another catalogue.
    episodes : pandas.DataFrame, optional
        Threats of another catalogue; by default the shipped ones, else by rule.
    calendar : str, default "XNYS"
    quick : bool, default False
        Fewer replications, for a look.
    progress : callable, optional
        Called with a word at each stage.

    Examples
    --------
    >>> from eventstudy.events import load_events
    >>> from eventstudy.returns import load_prices
    >>> prices = load_prices(["^GSPC", "^VIX"], start="2016-01-04", source="bundled")
    >>> verdict = SelloffForcesSoftening(quick=True).test(load_events("us-china"), prices)
    >>> list(verdict.samples), list(verdict.links)
    (['all', 'earlier', 'before', 'after', 'since'], ['H1', 'H2', 'H3'])
    """

    market: str = "^GSPC"
    fear: str | None = "^VIX"
    seed: int = 0
    definitions: str | Path | Mapping[str, Any] | None = None
    episodes: pd.DataFrame | None = None
    calendar: str = "XNYS"
    quick: bool = False
    progress: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    def test(
        self,
        catalog: EventCatalog,
        prices: PricePanel,
        *,
        securities: ReturnPanel | None = None,
        executor: Any = None,
    ) -> Verdict:
        """Run the study.

        Parameters
        ----------
        catalog : EventCatalog
            The whole catalogue: which rows count is decided by the definitions.
        prices : PricePanel
            The index and its fear gauge; UST10Y if there. Further symbols enter the cross-section.
        securities : ReturnPanel, optional
            Returns for the cross-section; by default the further symbols and, beside the S&P 500, the bundled industries.
        executor : Executor, distributed.Client, or the module ray, optional
            Where samples and parts are worked out. Each draws from a stream of its own: the verdict is the same with any.

        Returns
        -------
        Verdict

        Raises
        ------
        eventstudy.errors.DataError
            If a symbol is missing.
        eventstudy.errors.StudyError
            If the catalogue is empty or the definitions cannot be read.
        """
        rules = load_definitions(self.definitions)
        study = build_record(
            catalog,
            prices,
            rules,
            market=self.market,
            fear=self.fear,
            calendar=self.calendar,
            episodes=self.episodes,
        )
        tested = self._test(study, executor)
        held = self._securities(study, prices, securities)
        analysis = analyse(tested, held, market=self.market, say=self._say, executor=executor)
        self._say("falsifiers")
        falsifiers = check_falsifiers(tested, analysis)
        self._say("the ledger of claims")
        claims: tuple[Claim, ...] = ()
        if rules.ledger == catalog.name:
            claims = judge(Ground(study, tested.evidence, tested.samples, analysis, held, tested.draws, self.seed))
        tables = verdict_tables(tested, falsifiers) | dict(analysis.tables) | {"claims": claims_frame(claims)}
        self._say("what changed the answer")
        options = {"market": self.market, "fear": self.fear, "calendar": self.calendar}
        tables["steps"] = steps_table(catalog, prices, rules, options, tested.curve_draws, self.seed)
        supported, reasons = decide(tested.samples[rules.headline], falsifiers, rules.alpha)
        return Verdict(
            samples=MappingProxyType(dict(tested.samples)),
            headline=rules.headline,
            falsifiers=falsifiers,
            supported=supported,
            reasons=tuple(reasons),
            definitions=rules,
            provenance=MappingProxyType(self._provenance(catalog, prices, rules)),
            facts=MappingProxyType(dict(analysis.facts)),
            claims=claims,
            _tables=MappingProxyType(tables),
            _frames=MappingProxyType(chart_frames(tested, tables)),
        )

    def _test(self, study: StudyRecord, executor: Any) -> Tested:
        """Test the links in every sample."""
        rules, index, busy = study.rules, study.index, study.record.busy
        evidence = prepare(study.record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
        spans = {"all": rules.periods} | {name: {name: dates} for name, dates in rules.periods.items()}
        spans |= {name: {name: dates} for name, dates in rules.beside.items()}
        strata = {name: strata_of(span, index, busy, rules.placebo.pool_before) for name, span in spans.items()}
        draws = self._draws(rules.replications)
        how = rules.links(draws=draws["draws"], power_draws=draws["power_draws"])
        # one stream a sample, by place: a sample's draws do not depend on the others
        seeds = np.random.SeedSequence(self.seed).spawn(len(strata))
        calls = (
            (f"sample {name}", evaluate, (study.record, evidence, own, how), {"name": name, "seed": seed})
            for (name, own), seed in zip(strata.items(), seeds, strict=True)
        )
        samples = dict(zip(strata, each(calls, executor, self._say).values(), strict=True))
        return Tested(study, evidence, strata, samples, draws["draws"], draws["curve_draws"], self.seed)

    def _securities(self, study: StudyRecord, prices: PricePanel, securities: ReturnPanel | None) -> pd.DataFrame:
        """Take returns of other securities on the sessions of the record."""
        if securities is not None:
            return securities.frame.reindex(study.index)
        others = ReturnPanel.from_prices(prices, kind="simple").frame.drop(columns=[self.market], errors="ignore")
        if self.market == "^GSPC":
            industries = load_returns(list(INDUSTRIES), source="bundled").frame
            others = pd.concat([others, industries.drop(columns=list(others.columns), errors="ignore")], axis=1)
        return others.reindex(study.index)

    def _draws(self, full: Replications) -> dict[str, int]:
        if not self.quick:
            return {"draws": full.headline, "curve_draws": full.curve, "power_draws": full.power}
        return {"draws": full.quick, "curve_draws": full.quick // 2, "power_draws": min(full.power, full.quick)}

    def _say(self, stage: str) -> None:
        if self.progress is not None:
            self.progress(stage)

    def _provenance(self, catalog: EventCatalog, prices: PricePanel, rules: Definitions) -> dict[str, Any]:
        return {
            "catalog": catalog.name,
            "catalog_digest": catalog.digest,
            "prices_digest": prices.digest,
            "definitions_digest": rules.digest,
            "market": self.market,
            "fear": self.fear,
            "last": f"{prices.frame[self.market].dropna().index.max():%Y-%m-%d}",
            "seed": self.seed,
            **self._draws(rules.replications),
            "quick": self.quick,
        }
