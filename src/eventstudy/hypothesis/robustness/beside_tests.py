"""What stands beside the tests: evidence that may be watched, the worth of a significant estimate, a sceptic's posterior.

And reliefs one by one, macro releases on the same sessions, the deadline as a rival, and the case that everyone remembers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.typing import NaTType

from eventstudy.hypothesis.links.chain import SampleVerdict
from eventstudy.hypothesis.links.design_analysis import hazard_design, reaction_design
from eventstudy.hypothesis.links.e_values import (
    Evidence as Watched,
    more_needed,
    reaction_evidence,
    relief_evidence,
    weakest,
)
from eventstudy.hypothesis.links.evidence import Evidence, row_loss, strata_of_rows
from eventstudy.hypothesis.links.posterior import Posterior, hazard_posterior, reaction_posterior
from eventstudy.hypothesis.record.build_record import StudyRecord
from eventstudy.hypothesis.record.market import known_before, prior_return
from eventstudy.hypothesis.record.risk_sets import Relief
from eventstudy.hypothesis.record.strata import Stratum, inside

LINKS = ("H1", "H2", "H3", "chain")
_WEEK = 5  # sessions: within a week of the date of effect


def watched(study: StudyRecord, evidence: Evidence, first: int, pool: int) -> dict[str, Watched]:
    """Bet from position `first` on: the links and the chain; quiet sessions count from `pool` on."""
    record, rules, raw = study.record, study.rules, evidence.scores.raw
    rule = rules.evidence
    quiet = np.flatnonzero(~record.busy)
    quiet = quiet[quiet >= pool]
    fear = known_before(record.market.fear)
    fear = np.zeros(fear.shape) if np.isnan(fear).all() else fear
    found = {"H1": reaction_evidence(-raw, record.trigger, quiet, fear, first, rule)}
    if record.risk is not None:
        rows = record.risk.rows
        found["H2"] = relief_evidence(row_loss(record, rows, evidence), rows, record.risk.reliefs, first, rule)
    prior = prior_return(record.market, rules.placebo.prior_sessions)
    found["H3"] = reaction_evidence(raw, record.relief, quiet, prior, first, rule)
    return found | {"chain": weakest(found)}


def watch(study: StudyRecord, evidence: Evidence, seed: np.random.SeedSequence) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Follow the evidence: from the start of the definitions, and apart from it, in retrospect, over the headline sample.

    The table: kind ("watched" or "retrospective"), session, and the evidence to one for H1, H2, H3 and the chain.
    """
    rules, index = study.rules, study.index
    begin = pd.Timestamp(rules.periods[rules.headline][0])
    starts = {"retrospective": begin, "watched": pd.Timestamp(rules.evidence.start)}
    tables, facts = [], {"start": rules.evidence.start, "needed": rules.evidence.needed}
    for (kind, start), stream in zip(starts.items(), seed.spawn(len(starts)), strict=True):
        first = int(index.searchsorted(start))
        paths = watched(study, evidence, first, max(0, first - rules.placebo.pool_before))
        rng = np.random.default_rng(stream)
        facts[kind] = {
            "sessions": int(max(len(index) - first, 0)),
            "from": f"{start:%Y-%m-%d}",
            **{name: one.now for name, one in paths.items()},
            "highest": {name: one.highest for name, one in paths.items()},
            "more_threats": more_needed(paths["H1"].now, rules.power.reaction, rules.evidence, rng),
        }
        days = paths["chain"].day
        tables.append(
            pd.DataFrame({"kind": kind, "session": index[days]} | {name: one.at(days) for name, one in paths.items()})
        )
    return pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True), facts


def design_table(samples: Mapping[str, SampleVerdict], study: StudyRecord) -> pd.DataFrame:
    """Tabulate what a significant estimate would be worth, by sample, link and true effect."""
    rules = study.rules
    rows = []
    for name, sample in samples.items():
        designs = {
            link: reaction_design(one, rules.power.reaction, rules.alpha) for link, one in sample.reactions.items()
        }
        h2 = sample.links["H2"]
        if h2.applicable:
            designs["H2"] = hazard_design(h2.details["log_odds_se"], float(np.log(rules.power.odds_ratio)), rules.alpha)
        rows += [(name, link, *one) for link, found in sorted(designs.items()) for one in found]
    return pd.DataFrame(rows, columns=["sample", "link", "effect", "power", "wrong_sign", "overstates"])


def posteriors(samples: Mapping[str, SampleVerdict], study: StudyRecord, evidence: Evidence) -> pd.DataFrame:
    """Tabulate a sceptic's posterior by sample and link; the chain's chance is the product, between its bounds."""
    rules, record = study.rules, study.record
    margins, chance = rules.equivalence, rules.posterior.chance
    rows: list[tuple[Any, ...]] = []
    for name, sample in samples.items():
        held: dict[str, Posterior | None] = {
            link: reaction_posterior(one, rules.power.reaction, margins.reaction, chance)
            for link, one in sample.reactions.items()
        }
        own, x = sample.rows, row_loss(record, sample.rows, evidence)
        known = np.flatnonzero(own.relieved & np.isfinite(x))
        spread = float(np.nanstd(x)) if x.size else 0.0
        held["H2"] = hazard_posterior(
            np.nan_to_num(x),
            known,
            strata_of_rows(record, own.age, rules.decision),
            spread,
            float(np.log(rules.power.odds_ratio)),
            margins.log_odds,
            chance,
        )
        rows += [(name, link, *one) for link, one in sorted(held.items()) if one is not None]
        if all(held.values()):
            each = [one.above_margin for one in held.values() if one is not None]
            prior = float(np.prod([one.prior_above_margin for one in held.values() if one is not None]))
            nan = float("nan")
            low, high = max(0.0, sum(each) - 2), min(each)
            rows.append((name, "chain", nan, nan, low, high, nan, float(np.prod(each)), prior, nan))
    return pd.DataFrame(rows, columns=["sample", "link", *Posterior._fields])


def relief_table(study: StudyRecord, evidence: Evidence) -> pd.DataFrame:
    """List every relief that H2 rests on: both of its tests have these and no others.

    The table: session, relief, episodes, number, in_force (how many were), whole (of how many nothing was left), loss (mean
    log loss before it), macro (a release in the same session).
    """
    columns = ["session", "relief", "episodes", "number", "in_force", "whole", "loss", "macro"]
    risk = study.record.risk
    if risk is None:
        return pd.DataFrame(columns=columns)
    x = row_loss(study.record, risk.rows, evidence)
    macro = study.record.market.macro
    rows = []
    for one in risk.reliefs:
        at = list(one.rows)
        names = [risk.ids[e] for e in risk.rows.episode[at]]
        whole = sum((one.name, episode) in risk.whole for episode in names)
        held = int(risk.in_force[at].sum())
        release = bool(macro is not None and macro[one.day] == 1)
        day = study.index[one.day]
        rows.append((day, one.name, " ".join(names), len(names), held, whole, float(np.mean(x[at])), release))
    return pd.DataFrame(rows, columns=columns)


def coincidence(study: StudyRecord, strata: Mapping[str, Sequence[Stratum]]) -> pd.DataFrame:
    """Count how many reactions share their session with a macro release: sample, link, n, macro."""
    macro = study.record.market.macro
    rows = []
    for name, spans in strata.items():
        for link, position in (("H1", study.record.trigger), ("H3", study.record.relief)):
            own = position[inside(position, spans)]
            rows.append((name, link, int(own.size), int(np.sum(macro[own] == 1)) if macro is not None else 0))
    return pd.DataFrame(rows, columns=["sample", "link", "n", "macro"])


def near_deadline(study: StudyRecord, spans: Sequence[Stratum]) -> dict[str, float]:
    """Compare how often a pair at risk is relieved within a week of its date of effect with how often otherwise."""
    risk = study.record.risk
    if risk is None:
        return {"times": float("nan"), "near": 0.0, "reliefs": 0.0}
    rows = risk.rows.take(inside(risk.rows.day, spans))
    near = np.abs(rows.deadline - rows.day) <= _WEEK
    k, n = int(rows.relieved[near].sum()), int(near.sum())
    other, m = int(rows.relieved[~near].sum()), int((~near).sum())
    times = (k / n) / (other / m) if n and m and other else float("nan")
    return {
        "times": times,
        "near": float(k),
        "reliefs": float(k + other),
        "pairs_near": float(n),
        "pairs": float(n + m),
    }


def full_circles(study: StudyRecord, evidence: Evidence) -> pd.DataFrame:
    """Follow each episode of the decider to its first relief.

    The table: episode, start, first_sar, relieved, relief, loss (log, before that relief), relief_sar, and circle: the index
    fell first, stood lower before the relief than before the episode, and rose with the relief.
    """
    columns = ["episode", "start", "first_sar", "relieved", "relief", "session", "loss", "relief_sar", "circle"]
    risk, z = study.record.risk, evidence.scores.z
    if risk is None:
        return pd.DataFrame(columns=columns)
    x = row_loss(study.record, risk.rows, evidence)
    firsts: dict[int, tuple[Relief, int]] = {}
    for one in risk.reliefs:
        for row in one.rows:
            firsts.setdefault(int(risk.rows.episode[row]), (one, row))
    rows = []
    for episode in np.unique(risk.rows.episode):
        start = int(risk.rows.base[risk.rows.episode == episode][0]) + 1
        found = firsts.get(int(episode))
        day: pd.Timestamp | NaTType = pd.NaT
        name, loss, after = "", float("nan"), float("nan")
        if found is not None:
            name, day = found[0].name, study.index[found[0].day]
            loss, after = float(x[found[1]]), float(z[found[0].day])
        circle = bool(z[start] < 0 and loss > 0 and after > 0)
        first = (risk.ids[episode], study.index[start], float(z[start]))
        rows.append((*first, found is not None, name, day, loss, after, circle))
    return pd.DataFrame(rows, columns=columns)


def remembered(study: StudyRecord, event: str) -> dict[str, Any]:
    """Give the moves around the relief that everyone remembers: the loss before it, and the return of its session."""
    risk = study.record.risk
    one = next((relief for relief in risk.reliefs if relief.name == event), None) if risk is not None else None
    if risk is None or one is None:
        return {}
    market, base = study.record.market, int(risk.rows.base[one.rows[0]])
    return {
        "session": f"{study.index[one.day]:%Y-%m-%d}",
        "before": float(market.close[one.day - 1] / market.close[base] - 1),
        "on": float(market.returns[one.day]),
    }
