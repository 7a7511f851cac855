"""The study as one call: a catalogue and prices in, a verdict out."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.hypothesis.analysis import analyse
from eventstudy.hypothesis.chain import Evidence, SampleVerdict, evaluate, prepare
from eventstudy.hypothesis.definitions import Definitions, load_definitions
from eventstudy.hypothesis.falsify import check_falsifiers
from eventstudy.hypothesis.frames import chart_frames
from eventstudy.hypothesis.ledger import Ground, claims_frame
from eventstudy.hypothesis.rulebook import judge
from eventstudy.hypothesis.setting import Setting, build_setting, strata_of
from eventstudy.hypothesis.tabulate import verdict_tables
from eventstudy.hypothesis.verdict import Verdict, decide
from eventstudy.returns import PricePanel, ReturnPanel, load_returns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from eventstudy.events import EventCatalog
    from eventstudy.hypothesis.reactions import Stratum
    from eventstudy.returns import PricePanel

#: The twelve industry portfolios that come with the package.
INDUSTRIES = (
    "NoDur", "Durbl", "Manuf", "Enrgy", "Chems", "BusEq", "Telcm", "Utils", "Shops", "Hlth", "Money", "Other",
)  # fmt: skip

__all__ = ["SelloffForcesSoftening"]


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
    >>> prices = load_prices(["^GSPC", "^VIX"], start="2016-01-04", end="2025-11-14", source="bundled")
    >>> verdict = SelloffForcesSoftening(quick=True).test(load_events("us-china"), prices)
    >>> list(verdict.samples), list(verdict.links)
    (['all', 'earlier', 'before', 'after'], ['H1', 'H2', 'H3'])
    """

    market: str = "^GSPC"
    fear: str | None = "^VIX"
    seed: int = 0
    definitions: str | Path | Mapping[str, Any] | None = None
    episodes: pd.DataFrame | None = None
    calendar: str = "XNYS"
    quick: bool = False
    progress: Callable[[str], None] | None = None

    def test(self, catalog: EventCatalog, prices: PricePanel, *, securities: ReturnPanel | None = None) -> Verdict:
        """Run the study.

        Parameters
        ----------
        catalog : EventCatalog
            The whole catalogue: which rows count is decided by the definitions.
        prices : PricePanel
            The index and its fear gauge; UST10Y if there. Further symbols enter the cross-section.
        securities : ReturnPanel, optional
            Returns for the cross-section; by default the further symbols and, beside the S&P 500, the bundled industries.

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
        setting = build_setting(
            catalog,
            prices,
            rules,
            market=self.market,
            fear=self.fear,
            calendar=self.calendar,
            episodes=self.episodes,
        )
        evidence = prepare(setting.record, rules)
        samples = self._samples(setting, evidence, rules)
        held = self._securities(setting, prices, securities)
        analysis = analyse(
            setting,
            evidence,
            samples,
            self._strata(setting, rules),
            rules,
            market=self.market,
            securities=held,
            draws=self._draws(rules),
            curve_draws=self._curve_draws(rules),
            seed=self.seed,
            say=self._say,
        )
        self._say("falsifiers")
        falsifiers = check_falsifiers(
            setting, evidence, samples, analysis, rules, draws=self._draws(rules), seed=self.seed
        )
        self._say("the ledger of claims")
        ground = Ground(setting, evidence, samples, analysis, held, rules, self._draws(rules), self.seed)
        claims = judge(ground) if rules.ledger == catalog.name else ()
        supported, reasons = decide(samples[rules.headline], falsifiers, rules)
        tables = verdict_tables(setting, evidence, samples, falsifiers, rules)
        tables |= dict(analysis.tables) | {"claims": claims_frame(claims)}
        return Verdict(
            samples=MappingProxyType(samples),
            headline=rules.headline,
            falsifiers=falsifiers,
            supported=supported,
            reasons=tuple(reasons),
            definitions=rules,
            provenance=MappingProxyType(self._provenance(catalog, prices, rules)),
            facts=MappingProxyType(dict(analysis.facts)),
            claims=claims,
            _tables=MappingProxyType(tables),
            _frames=MappingProxyType(chart_frames(ground, samples, tables)),
        )

    def _strata(self, setting: Setting, rules: Definitions) -> dict[str, list[Stratum]]:
        names = {"all": dict(rules.periods)} | {name: {name: dates} for name, dates in rules.periods.items()}
        busy = setting.record.busy
        return {name: strata_of(periods, setting.index, busy, rules) for name, periods in names.items()}

    def _samples(self, setting: Setting, evidence: Evidence, rules: Definitions) -> dict[str, SampleVerdict]:
        strata = self._strata(setting, rules)
        # one stream a sample, by place: a sample's draws do not depend on the others
        seeds = np.random.SeedSequence(self.seed).spawn(len(strata))
        verdicts = {}
        for (name, spans), seed in zip(strata.items(), seeds, strict=True):
            self._say(f"sample {name}")
            verdicts[name] = evaluate(
                setting.record,
                evidence,
                spans,
                rules,
                name=name,
                draws=self._draws(rules),
                power_draws=self._power_draws(rules),
                seed=seed,
            )
        return verdicts

    def _securities(self, setting: Setting, prices: PricePanel, securities: ReturnPanel | None) -> pd.DataFrame:
        """Take returns of other securities on the sessions of the record."""
        if securities is not None:
            return securities.frame.reindex(setting.index)
        others = ReturnPanel.from_prices(prices, kind="simple").frame.drop(columns=[self.market], errors="ignore")
        if self.market == "^GSPC":
            industries = load_returns(list(INDUSTRIES), source="bundled").frame
            others = pd.concat([others, industries.drop(columns=list(others.columns), errors="ignore")], axis=1)
        return others.reindex(setting.index)

    def _draws(self, rules: Definitions) -> int:
        return rules.replications.quick if self.quick else rules.replications.headline

    def _curve_draws(self, rules: Definitions) -> int:
        return rules.replications.quick // 2 if self.quick else rules.replications.curve

    def _power_draws(self, rules: Definitions) -> int:
        return min(rules.replications.power, rules.replications.quick) if self.quick else rules.replications.power

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
            "draws": self._draws(rules),
            "curve_draws": self._curve_draws(rules),
            "power_draws": self._power_draws(rules),
            "quick": self.quick,
        }
