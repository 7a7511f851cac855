"""Trials: worlds of known truth run through the whole machinery, and what it said of them, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventstudy.checks import checked
from eventstudy.hypothesis.laboratory.worlds import KINDS, World, WorldKind, simulate_world
from eventstudy.hypothesis.links.chain import evaluate
from eventstudy.hypothesis.links.decision import age_stratum
from eventstudy.hypothesis.links.evidence import prepare, row_loss
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.rivals.h2_checks import after_selloffs
from eventstudy.hypothesis.rivals.horse_race import covariates, run_race
from eventstudy.hypothesis.verdict.check_falsifiers import decide, raises_nothing, required, significance
from eventstudy.hypothesis.verdict.falsifier import Falsifier

#: The rival that is true in each world.
TRUTH: Mapping[WorldKind, str] = {
    "forced": "drawdown",
    "bluff": "constant",
    "retaliation": "retaliation",
    "self-defeating": "fading",
    "noise": "constant",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the machinery said of one world.

    Attributes
    ----------
    rejects : (bool, bool, bool, bool)
        H1, H2, H3 and the chain, at the size of the definitions.
    supported : bool or None
    stated : float
        Power that the study stated for its chain.
    favourite : str
        Winner of the horse race.
    """

    rejects: tuple[bool, bool, bool, bool]
    supported: bool | None
    stated: float
    favourite: str


def try_world(world: World, rules: Definitions, *, draws: int, seed: np.random.SeedSequence) -> Outcome:
    """Run one world through links, chain, power, race and falsifiers."""
    first, *others = seed.spawn(3)
    for_race, for_selloffs = (np.random.default_rng(s) for s in others)
    evidence = prepare(world.record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    pool = np.arange(world.first - rules.placebo.pool_before, world.last + 1)
    stratum = Stratum("world", world.first, world.last, pool[~world.record.busy[pool]])
    how = rules.links(draws=draws, power_draws=50, curves=False)
    sample = evaluate(world.record, evidence, [stratum], how, name="world", seed=first)
    rows = sample.rows
    loss, bins = row_loss(world.record.market, rows, evidence), age_stratum(rows.age, rules.decision.age_bins)
    talks, rival = np.zeros(0, dtype=np.int64), world.rival
    frame = covariates(world.record.market, rows, loss, rival, talks, split=world.turn, episodes=rules.episodes)
    frame = frame.drop(columns=["deadline", "talks", "target"])
    race = run_race(frame, rows, bins, draws=draws, rng=for_race, fits=False)
    decided = np.zeros(world.record.busy.shape, dtype=bool)
    decided[world.record.decision] = True
    other = after_selloffs(
        evidence.base >= 0,
        decided,
        evidence.loss,
        world.selloffs,
        rules.selloffs.window,
        odds_ratio=rules.power.odds_ratio,
        rng=for_selloffs,
    )
    h3 = sample.links["H3"]
    declared, alpha = rules.falsifiers, rules.alpha
    judged = (
        significance("H2", declared["h2"][1], race.surviving.pvalue, alpha, race.surviving.reason),
        raises_nothing(declared["h2"][2], other, alpha),
        significance("H3", declared["h3"][0], h3.details.get("p_matched", np.nan), alpha),
        Falsifier("H3", declared["h3"][1], bool(h3.details["median"] <= 0) if h3.applicable else None, h3.reason),
    )
    supported, _ = decide(sample, tuple(required(f, rules.falsifiers_open) for f in judged), alpha)
    rejects = tuple(test.applicable and test.pvalue <= alpha for test in (*sample.links.values(), sample.chain))
    return Outcome(
        (bool(rejects[0]), bool(rejects[1]), bool(rejects[2]), bool(rejects[3])),
        supported,
        sample.power["chain"].power,
        race.favourite,
    )


@checked()
def run_trials(
    rules: Definitions,
    *,
    worlds: int = 200,
    times: Sequence[int] = (1, 3),
    kinds: Sequence[WorldKind] = KINDS,
    draws: int = 199,
    seed: int = 0,
) -> pd.DataFrame:
    """Count the answers over many worlds of each kind.

    Parameters
    ----------
    rules : Definitions
    worlds : int
        Of each kind and size.
    times : sequence of int
        Sizes, in multiples of the real hold-out.
    kinds : sequence of str
    draws : int
        Replications within a world.
    seed : int

    Returns
    -------
    pandas.DataFrame
        One row a kind and size: shares of rejections by link, for the chain, of "supported" and of "contradicted", the
        power that the study stated on average, the favourite of the race with its share, and the share of the rival
        that is true.
    """
    rows = []
    for size in times:
        for kind in kinds:
            outcomes = []
            for i in range(worlds):
                place = np.random.SeedSequence([seed, size, KINDS.index(kind), i])
                make, run = place.spawn(2)
                world = simulate_world(kind, rules, np.random.default_rng(make), times=size)
                outcomes.append(try_world(world, rules, draws=draws, seed=run))
            named = Counter(o.favourite for o in outcomes)
            favourite, count = named.most_common(1)[0]
            share = np.mean([o.rejects for o in outcomes], axis=0)
            rows.append(
                {
                    "world": kind,
                    "times": size,
                    "worlds": worlds,
                    "H1": share[0],
                    "H2": share[1],
                    "H3": share[2],
                    "chain": share[3],
                    "supported": np.mean([o.supported is True for o in outcomes]),
                    "contradicted": np.mean([o.supported is False for o in outcomes]),
                    "stated_power": float(np.mean([o.stated for o in outcomes])),
                    "favourite": favourite,
                    "favourite_share": count / worlds,
                    "true_rival": TRUTH[kind],
                    "true_share": named[TRUTH[kind]] / worlds,
                }
            )
    return pd.DataFrame(rows)
