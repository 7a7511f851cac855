"""One sample's answer: the three links, the chain, and what the data could have shown. Arrays in, test results out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from eventstudy.hypothesis.decisions import (
    DecisionTest,
    Rows,
    ScoreTest,
    age_stratum,
    episode_rows,
    score_test,
    session_test,
)
from eventstudy.hypothesis.joint import chain_result
from eventstudy.hypothesis.market import Market, Scores, drawdown, scores
from eventstudy.hypothesis.power import Power, chain_power, decision_power, reaction_power
from eventstudy.hypothesis.reactions import Cells, Reaction, Stratum, match_cells, react
from eventstudy.hypothesis.resampling import pvalue
from eventstudy.hypothesis.spells import Spells, open_base
from eventstudy.inference import Alternative, TestResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eventstudy.hypothesis.definitions import Definitions

__all__ = ["Evidence", "Record", "SampleVerdict", "evaluate", "prepare"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_NULLS = {
    "H1": "after a threat the index moves as on other days",
    "H2": "while a threat is open, relief is as frequent after a loss as otherwise",
    "H3": "after formal relief the index moves as on other days",
}
_FEWEST = 2  # sessions without which nothing is compared
_SHIFTED = ("other sessions of the period stand for what would have happened without the news",)


def link_words(name: str, rules: Definitions) -> str:
    """Name a link in the words of the catalogue: ``"escalation -> selloff"``."""
    names = rules.stances
    words = {
        "H1": f"{names.trigger} -> selloff",
        "H2": f"drawdown -> {names.relief}",
        "H3": f"{names.relief} -> rally",
    }
    return words[name]


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that the three links need, on the bars.

    Attributes
    ----------
    market : Market
    busy : (B,) bool
        Sessions near any event: no estimation, no placebo.
    trigger, relief, decision : (n,) int
        Sessions of H1, of H3, and of the decider's formal reliefs.
    spells : Spells
        The decider's threats.
    """

    market: Market
    busy: Bools
    trigger: Ints
    relief: Ints
    decision: Ints
    spells: Spells


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is computed once for all samples.

    Attributes
    ----------
    scores : Scores
        Of every session, at the headline window.
    cells : Cells
    base : (B,) int
        Last close before the latest open threat; -1 where none is open.
    loss : (B,) float
        Drawdown before the session, in the version of the definitions.
    """

    scores: Scores
    cells: Cells
    base: Ints
    loss: Floats


@dataclass(frozen=True, slots=True)
class SampleVerdict:
    """The links, the chain and the power of one sample.

    Attributes
    ----------
    name : str
    links : mapping of str to TestResult
        "H1", "H2", "H3".
    chain : TestResult
        Intersection-union: its p-value is the largest of the links'.
    power : mapping of str to Power
        "H1", "H2", "H3", "chain".
    reactions : mapping of str to Reaction
        "H1", "H3", with the placebo draws.
    decisions : DecisionTest
    hazard : ScoreTest
    rows : Rows
    """

    name: str
    links: Mapping[str, TestResult]
    chain: TestResult
    power: Mapping[str, Power]
    reactions: Mapping[str, Reaction]
    decisions: DecisionTest
    hazard: ScoreTest
    rows: Rows


def prepare(record: Record, rules: Definitions) -> Evidence:
    """Compute what all samples share: scores of every session, matching states, drawdowns."""
    scored = scores(record.market, record.busy, rules, window=rules.reaction.window)
    base = open_base(record.spells, len(record.market.close))
    loss = drawdown(record.market, rules.decision.drawdown, base, rules)
    return Evidence(scored, match_cells(record.market, scored.z, record.busy, rules), base, loss)


def evaluate(
    record: Record,
    evidence: Evidence,
    strata: list[Stratum],
    rules: Definitions,
    *,
    name: str = "all",
    draws: int,
    power_draws: int,
    curves: bool = True,
    seed: np.random.SeedSequence,
) -> SampleVerdict:
    """Test the three links and the chain within `strata`.

    Parameters
    ----------
    record : Record
    evidence : Evidence
    strata : list of Stratum
        The stretches of sessions of this sample.
    rules : Definitions
    name : str
    draws, power_draws : int
    curves : bool
        False leaves out the power curve of H2, for simulations.
    seed : numpy.random.SeedSequence
        One stream is spawned for each test and for the power.
    """
    streams = [np.random.default_rng(s) for s in seed.spawn(5)]
    z, car = evidence.scores.z, evidence.scores.car
    down = react(z, car, record.trigger, strata, evidence.cells, rules, sign=-1, draws=draws, rng=streams[0])
    up = react(z, car, record.relief, strata, evidence.cells, rules, sign=1, draws=draws, rng=streams[2])
    spans = [(s.first, s.last) for s in strata]
    decided = session_test(evidence.loss, evidence.base >= 0, record.decision, spans, draws=draws, rng=streams[1])
    rows = sample_rows(record.spells, spans)
    x = row_loss(record.market, rows, evidence, rules)
    bins = age_stratum(rows.age, rules)
    hazard = score_test(x, rows.relieved, bins, draws=draws, rng=streams[4])
    links = {
        "H1": _reaction_result("H1", down, record.trigger, strata, rules),
        "H2": _decision_result(decided, hazard, rules),
        "H3": _reaction_result("H3", up, record.relief, strata, rules),
    }
    aim, level = rules.power, rules.level
    power = {
        "H1": reaction_power(down, aim.reaction, level, aim.target, curve_wanted=curves),
        "H2": decision_power(
            decided,
            hazard,
            rows,
            x,
            bins,
            aim.odds_ratio,
            level,
            aim.target,
            draws=power_draws,
            rng=streams[3],
            curve_wanted=curves,
        ),
        "H3": reaction_power(up, aim.reaction, level, aim.target, curve_wanted=curves),
    }
    # what could not be tested could not have shown anything
    power = {name: p if links[name].applicable else replace(p, power=0.0) for name, p in power.items()}
    power["chain"] = chain_power(power, aim.target)
    sessions = np.unique(np.concatenate([down.position, up.position, decided.day[decided.decided]]))
    return SampleVerdict(
        name,
        MappingProxyType(links),
        chain_result(links, sessions.size),
        MappingProxyType(power),
        MappingProxyType({"H1": down, "H3": up}),
        decided,
        hazard,
        rows,
    )


def sample_rows(spells: Spells, spans: list[tuple[int, int]]) -> Rows:
    """Episode-days of the threats that begin within the spans, each cut at the end of its span."""
    parts = [episode_rows(spells.within(first, last)) for first, last in spans or [(0, -1)]]
    offset = np.cumsum([0, *(int(p.episode.max()) + 1 if p.episode.size else 0 for p in parts)])
    return Rows(
        episode=np.concatenate([p.episode + o for p, o in zip(parts, offset, strict=False)]),
        day=np.concatenate([p.day for p in parts]),
        age=np.concatenate([p.age for p in parts]),
        relieved=np.concatenate([p.relieved for p in parts]),
        implemented=np.concatenate([p.implemented for p in parts]),
        base=np.concatenate([p.base for p in parts]),
        deadline=np.concatenate([p.deadline for p in parts]),
        group=np.concatenate([p.group for p in parts]),
    )


def row_loss(market: Market, rows: Rows, evidence: Evidence, rules: Definitions) -> Floats:
    """(R,) loss before each episode-day, each threat measured from its own base."""
    if rules.decision.drawdown not in {"threat", "scaled"}:
        return evidence.loss[rows.day]
    loss = 1.0 - market.close[rows.day - 1] / market.close[rows.base]
    if rules.decision.drawdown == "scaled" and not np.isnan(market.fear).all():
        loss = loss / (market.fear[rows.base] / 100.0 / np.sqrt(252))
    return np.asarray(loss, dtype=float)


def _reaction_result(
    name: str, reaction: Reaction, position: Ints, strata: list[Stratum], rules: Definitions
) -> TestResult:
    inside = sum(int(np.count_nonzero((position >= s.first) & (position <= s.last))) for s in strata)
    side: Alternative = "less" if name == "H1" else "greater"
    if reaction.n < _FEWEST:
        return TestResult(
            name=name,
            title=link_words(name, rules),
            null=_NULLS[name],
            alternative=side,
            n=reaction.n,
            n_clusters=reaction.n,
            unit="standardized",
            applicable=False,
            reason=(
                f"needs 2 sessions with a price and enough history, has {reaction.n} of {inside}"
                if inside
                else "no event of this sample counts for it under the definitions (stance, scope, level, actor)"
            ),
        )
    details: dict[str, Any] = {
        "p_permutation": reaction.p_permutation,
        "p_matched": reaction.p_matched,
        "p_shift": reaction.p_shift,
        "p_left_out": reaction.p_left_out,
        "p_with_all": max(reaction.p_permutation, reaction.p_matched, reaction.p_shift),
        "mean_car": float(reaction.car.mean()),
        "median_car": float(np.median(reaction.car)),
        "p_equivalence": reaction.equivalence(rules.equivalence.reaction),
        "margin": rules.equivalence.reaction,
        "smallest_margin": reaction.bound(rules.level),
        "p_wrong_sign": reaction.p_wrong,
        **reaction.companions(),
    }
    # scores are signed so that the link's direction is positive; what is reported has the market's own sign
    sign = -1.0 if name == "H1" else 1.0
    level = 1 - 2 * rules.level  # a one-sided test at the level and this interval say the same
    low, high = reaction.interval(level)
    t_low, t_high = reaction.interval_t(level)
    details["ci_t"] = (t_low, t_high) if sign > 0 else (-t_high, -t_low)
    details["median"] *= sign
    return TestResult(
        name=name,
        title=link_words(name, rules),
        null=_NULLS[name],
        statistic=sign * reaction.estimate,
        distribution=f"placebo, the strictest of permutation, matched dates, circular shift and leave-out ({len(reaction.null_permutation)} draws)",
        pvalue=reaction.pvalue,
        alternative=side,
        n=reaction.n,
        n_clusters=reaction.n,
        n_effective=float(reaction.n),
        estimate=sign * reaction.estimate,
        se=reaction.se,
        ci=(low, high) if sign > 0 else (-high, -low),
        unit="standardized",
        level=level,
        reference="Nguyen and Wolf 2023; Campbell, Lo and MacKinlay 1997, 4.4; interval from the placebos",
        assumptions=_SHIFTED,
        details=MappingProxyType(details),
    )


def _decision_result(test: DecisionTest, hazard: ScoreTest, rules: Definitions) -> TestResult:
    n = int(test.decided.sum())
    tested = [test.pvalue, hazard.pvalue]
    if n < _FEWEST or not np.isfinite(tested).all():
        return TestResult(
            name="H2",
            title=link_words("H2", rules),
            null=_NULLS["H2"],
            alternative="greater",
            n=n,
            n_clusters=n,
            applicable=False,
            reason=(
                f"{n} decision{'' if n == 1 else 's'} on {test.day.size} sessions with an open threat, {hazard.n} "
                f"threat{'' if hazard.n == 1 else 's'} that ended in relief: each comparison needs {_FEWEST} decisions and a "
                "threat that ended in relief"
            ),
        )
    unit = float(test.loss.std())
    half = np.quantile(test.null, [rules.level, 1 - rules.level]) * unit
    odds, error = hazard.slope * unit, unit / float(np.sqrt(hazard.information))
    margin = rules.equivalence.log_odds
    low, high = stats.norm.sf((odds + margin) / error), stats.norm.cdf((odds - margin) / error)
    details = {
        "p_sessions": test.pvalue,
        "p_hazard": hazard.pvalue,
        "mean_loss_decision": float(test.loss[test.decided].mean()),
        "mean_loss_other": float(test.loss[~test.decided].mean()),
        "sessions_at_risk": int(test.day.size),
        "threats_relieved": hazard.n,
        "log_odds_per_sd": odds,
        "log_odds_se": error,
        "p_equivalence": float(max(low, high)),
        "margin": margin,
        "smallest_margin": abs(odds) + float(stats.norm.ppf(1 - rules.level)) * error,
        "p_wrong_sign": max(pvalue(-test.statistic, -test.null), pvalue(-hazard.statistic, -hazard.null)),
    }
    return TestResult(
        name="H2",
        title=link_words("H2", rules),
        null=_NULLS["H2"],
        statistic=test.statistic,
        distribution="circular shift of the decisions, and permutation of reliefs among threats of equal age; the larger p",
        pvalue=max(tested),
        alternative="greater",
        n=n,
        n_clusters=n,
        n_effective=float(n),
        estimate=test.estimate,
        se=float(test.null.std() * unit),
        ci=(test.estimate - float(half[1]), test.estimate - float(half[0])),
        unit="return",
        level=1 - 2 * rules.level,
        reference="score test of the discrete hazard: Cox 1972, Mantel 1966; interval from the shifts",
        assumptions=("the hazard differs between ages, not otherwise, if the null holds",),
        details=MappingProxyType(details),
    )
