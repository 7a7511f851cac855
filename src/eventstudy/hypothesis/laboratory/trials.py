"""Trials: worlds of known truth run through the whole machinery, and what it said of them, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.checks import checked
from eventstudy.hypothesis.laboratory.worlds import KINDS, World, WorldKind, simulate_world
from eventstudy.hypothesis.links.chain import evaluate
from eventstudy.hypothesis.links.decision import age_stratum
from eventstudy.hypothesis.links.e_values import reaction_evidence, relief_evidence, weakest
from eventstudy.hypothesis.links.evidence import Evidence, prepare, row_loss, strata_of_rows
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.record.market import known_before, prior_return
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.rivals.h2_checks import after_selloffs
from eventstudy.hypothesis.rivals.horse_race import covariates, run_race, surviving
from eventstudy.hypothesis.verdict.check_falsifiers import decide, required
from eventstudy.hypothesis.verdict.speak_against import by_reaction, headline_falsifiers

#: The rival that is true in each world.
TRUTH: Mapping[WorldKind, str] = {
    "forced": "drawdown",
    "bluff": "constant",
    "retaliation": "retaliation",
    "self-defeating": "fading",
    "noise": "constant",
}

FALSIFIERS = ("h1_rule", "h2_sample", "h2_beside", "h2_selloffs", "h3_matched", "h3_median")


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
        Winner of the horse race; empty where it was not run.
    fires : tuple of bool
        Falsifier by falsifier, as `FALSIFIERS` names them; empty where links and evidence alone were run.
    watched : (bool, bool, bool, bool)
        H1, H2, H3 and the chain: whether the evidence ever came to what is needed.
    """

    rejects: tuple[bool, bool, bool, bool]
    supported: bool | None
    stated: float
    favourite: str
    fires: tuple[bool, ...]
    watched: tuple[bool, bool, bool, bool]


def try_world(
    world: World,
    rules: Definitions,
    *,
    draws: int,
    seed: np.random.SeedSequence,
    raced: bool = True,
    judged: bool = True,
) -> Outcome:
    """Run one world through links, chain, power, falsifiers and evidence; the fits of the race take longest.

    Unless it is `judged`, links and evidence alone: they come out the same.
    """
    first, *others = seed.spawn(3)
    for_race, for_selloffs = (np.random.default_rng(s) for s in others)
    evidence = prepare(world.record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    pool = np.arange(world.first - rules.placebo.pool_before, world.last + 1)
    stratum = Stratum("world", world.first, world.last, pool[~world.record.busy[pool]])
    how = rules.links(draws=draws, power_draws=50 if judged else 1, curves=False)
    sample = evaluate(world.record, evidence, [stratum], how, name="world", seed=first)
    alpha = rules.alpha
    h1, h2, h3, chain = (
        bool(test.applicable and test.pvalue <= alpha) for test in (*sample.links.values(), sample.chain)
    )
    if not judged:
        return Outcome((h1, h2, h3, chain), None, float("nan"), "", (), _watched(world, evidence, rules))
    rows = sample.rows
    loss, bins = row_loss(world.record, rows, evidence), strata_of_rows(world.record, rows.age, rules.decision)
    talks, rival = np.zeros(0, dtype=np.int64), world.rival
    frame = covariates(world.record.market, rows, loss, rival, talks, split=world.turn, episodes=rules.episodes)
    frame = frame.drop(columns=["deadline", "talks", "target"])
    coarse = age_stratum(rows.age, rules.decision.age_bins)
    acts = world.risk.within([(world.first, world.last)]).reliefs
    if raced:
        race = run_race(frame, rows, coarse, draws=draws, rng=for_race, fits=False, exact=bins, reliefs=acts)
        favourite, beside = race.favourite, race.surviving
    else:
        favourite, beside = "", surviving(frame, rows, bins, draws=draws, rng=for_race.spawn(1)[0], reliefs=acts)
    decided = np.zeros(world.record.busy.shape, dtype=bool)
    decided[world.record.decision] = True
    other = after_selloffs(
        evidence.at_risk,
        decided,
        evidence.loss,
        world.selloffs,
        rules.selloffs.window,
        odds_ratio=rules.power.odds_ratio,
        rng=for_selloffs,
    )
    found = (
        by_reaction("H1", rules.falsifiers["h1"][0], sample.reactions["H1"], rules),
        *headline_falsifiers(sample, beside, other, rules),
    )
    supported, _ = decide(sample, tuple(required(f, rules.falsifiers_open) for f in found), alpha)
    return Outcome(
        (h1, h2, h3, chain),
        supported,
        sample.power["chain"].power,
        favourite,
        tuple(bool(f.fires) for f in found),
        _watched(world, evidence, rules),
    )


def _watched(world: World, evidence: Evidence, rules: Definitions) -> tuple[bool, bool, bool, bool]:
    """Whether the evidence for each link and for the chain ever came to what is needed, looked at after every session."""
    record, rule, raw = world.record, rules.evidence, evidence.scores.raw
    quiet = np.flatnonzero(~record.busy)
    quiet = quiet[(quiet >= world.first - rules.placebo.pool_before) & (quiet <= world.last)]
    fear, prior = known_before(record.market.fear), prior_return(record.market, rules.placebo.prior_sessions)
    risk = world.risk
    loss = row_loss(record, risk.rows, evidence)
    links = {
        "H1": reaction_evidence(-raw, record.trigger, quiet, fear, world.first, rule),
        "H2": relief_evidence(loss, risk.rows, risk.reliefs, world.first, rule),
        "H3": reaction_evidence(raw, record.relief, quiet, prior, world.first, rule),
    }
    h1, h2, h3, chain = (one.highest >= rule.needed for one in (*links.values(), weakest(links)))
    return h1, h2, h3, chain


def trial(
    kind: WorldKind,
    rules: Definitions,
    *,
    times: int,
    number: int,
    draws: int,
    seed: int,
    raced: bool = True,
    judged: bool = True,
) -> Outcome:
    """Make the world of that number and run it: each has streams of its own."""
    make, run = np.random.SeedSequence([seed, times, KINDS.index(kind), number]).spawn(2)
    world = simulate_world(kind, rules, np.random.default_rng(make), times=times)
    return try_world(world, rules, draws=draws, seed=run, raced=raced, judged=judged)


def tally(kind: WorldKind, times: int, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Count the answers of worlds of one kind and size."""
    share = np.mean([o.rejects for o in outcomes], axis=0)
    watched = np.mean([o.watched for o in outcomes], axis=0)
    whole = [o for o in outcomes if o.fires]
    fires = np.mean([o.fires for o in whole], axis=0)
    named = Counter(o.favourite for o in outcomes if o.favourite)
    favourite, count = named.most_common(1)[0]
    return {
        "world": kind,
        "times": times,
        "worlds": len(outcomes),
        "judged": len(whole),
        **dict(zip(("H1", "H2", "H3", "chain"), share, strict=True)),
        "supported": np.mean([o.supported is True for o in whole]),
        "contradicted": np.mean([o.supported is False for o in whole]),
        "stated_power": float(np.mean([o.stated for o in whole])),
        "raced": named.total(),
        "favourite": favourite,
        "favourite_share": count / named.total(),
        "true_rival": TRUTH[kind],
        "true_share": named[TRUTH[kind]] / named.total(),
        **{f"e_{name}": value for name, value in zip(("H1", "H2", "H3", "chain"), watched, strict=True)},
        **{f"fires_{name}": value for name, value in zip(FALSIFIERS, fires, strict=True)},
    }


@checked()
def run_trials(
    rules: Definitions,
    *,
    worlds: int = 200,
    times: Sequence[int] = (1, 3),
    kinds: Sequence[WorldKind] = KINDS,
    draws: int = 199,
    seed: int = 0,
    raced: int = 50,
) -> pd.DataFrame:
    """Count the answers over many worlds of each kind.

    Parameters
    ----------
    rules : Definitions
    worlds : int
        Of each kind and size.
    times : sequence of int
        Sizes, in multiples of the real headline sample.
    kinds : sequence of str
    draws : int
        Replications within a world.
    seed : int
    raced : int
        Worlds of each kind and size in which the rivals race too; that takes longest.

    Returns
    -------
    pandas.DataFrame
        One row a kind and size: shares of rejections by link, for the chain, of "supported" and of "contradicted", the
        power that the study stated on average, the favourite of the race with its share, the share of the rival
        that is true, how often evidence watched after every session ever came to what is needed (``e_``), and how often
        each falsifier fired (``fires_``).
    """
    return pd.DataFrame(
        [
            tally(
                kind,
                size,
                [
                    trial(kind, rules, times=size, number=i, draws=draws, seed=seed, raced=i < max(raced, 1))
                    for i in range(worlds)
                ],
            )
            for size in times
            for kind in kinds
        ]
    )
