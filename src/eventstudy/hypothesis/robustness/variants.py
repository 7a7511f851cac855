"""H1 and H3 under every departure that was declared: other windows, samples, sessions; one event or cluster left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from eventstudy._typing import Ints
from eventstudy.hypothesis.links.evidence import Evidence
from eventstudy.hypothesis.links.matching import match_cells
from eventstudy.hypothesis.links.reaction import Reaction, cluster_labels, react
from eventstudy.hypothesis.record.build_record import StudyRecord
from eventstudy.hypothesis.record.market import scores
from eventstudy.hypothesis.record.sample import VARIANTS, Sample, Variant
from eventstudy.hypothesis.record.sections import Pair
from eventstudy.hypothesis.record.strata import Stratum, inside, window_text

CLIPPED = "clipped at quantiles of quiet days"  # the first version's way


def _variants() -> Iterator[tuple[str, Variant]]:
    yield from VARIANTS.items()
    for tier in "ABC":
        yield f"tier {tier}", Variant(tiers=(tier,))
    yield "scheduled", Variant(scheduled=True)
    yield "unscheduled", Variant(scheduled=False)
    yield "uncertain sessions one later", Variant(shift_uncertain=1)
    yield "uncertain sessions one earlier", Variant(shift_uncertain=-1)


def reaction_variants(
    study: StudyRecord, strata: Mapping[str, list[Stratum]], *, draws: int, seed: np.random.SeedSequence
) -> pd.DataFrame:
    """Run both reactions in every variant, window and group, in each sample.

    The table: sample, link, variant, window, n, estimate (standard deviations, the market's own sign), low, high
    (at 1 - 2 level), mean_car, share, pvalue (one-sided, the largest of the schemes).
    """
    record, rules = study.record, study.rules
    how = rules.placebos(draws)
    windows = (rules.reaction.window, *rules.reaction.companions)
    scored = {w: scores(record.market, record.busy, rules.reaction, window=w) for w in windows}
    cells = {w: match_cells(record.market, scored[w].z, record.busy, how.prior_sessions) for w in windows}
    main = study.sample
    jobs: list[tuple[str, Ints, Ints, Pair]] = []
    for name, variant in _variants():
        sample = study.vary(variant)
        jobs.append((name, sample.trigger.position, sample.relief.position, windows[0]))
    if rules.version > 1:
        jobs.append((CLIPPED, main.trigger.position, main.relief.position, windows[0]))
    jobs += [("main", main.trigger.position, main.relief.position, window) for window in windows[1:]]
    jobs += [(name, group, group, windows[0]) for name, group in _groups(main, rules.stances.neutral)]
    places = [
        (sample_name, link, name, position, sign, window)
        for sample_name in strata
        for name, trigger, relief, window in jobs
        for link, position, sign in (("H1", trigger, -1), ("H3", relief, 1))
    ]
    rows = []
    for (sample_name, link, name, position, sign, window), stream in zip(places, seed.spawn(len(places)), strict=True):
        rng = np.random.default_rng(stream)
        own = replace(how, winsor=rules.reaction.clipped) if name == CLIPPED else how
        found = react(
            scored[window], position, strata[sample_name], cells[window], own, sign=sign, rng=rng, beside=False
        )
        row = {"sample": sample_name, "link": link, "variant": name, "window": window_text(window)}
        rows.append(row | _row(found, sign, 1 - 2 * rules.alpha))
    return pd.DataFrame(rows)


def _groups(sample: Sample, neutral: str) -> Iterator[tuple[str, Ints]]:
    """Neither of the two moves, or by others: what a placebo group should show is nothing."""
    yield "words alone", sample.words.position
    yield f"{neutral} (neither)", sample.talks.position
    yield "courts", sample.courts.position


def _row(found: Reaction, sign: int, level: float) -> dict[str, Any]:
    low, high = found.interval(level)
    ends = sorted((sign * low, sign * high))
    return {
        "n": found.n,
        "estimate": sign * found.estimate,
        "low": ends[0],
        "high": ends[1],
        "mean_car": float(found.car.mean()) if found.n else np.nan,
        "share": found.share,
        "pvalue": found.pvalue,
    }


def leave_out(
    study: StudyRecord,
    evidence: Evidence,
    strata: Mapping[str, list[Stratum]],
    *,
    draws: int,
    seed: np.random.SeedSequence,
) -> pd.DataFrame:
    """Leave out each session, and each cluster of sessions, in turn.

    The table: sample, link, left_out ("session" or "cluster"), ids, n, estimate, pvalue.
    """
    how = study.rules.placebos(draws)
    rows = []
    streams = iter(seed.spawn(4 * len(strata)))
    for name, spans in strata.items():
        for link, sample, sign in (("H1", study.sample.trigger, -1), ("H3", study.sample.relief, 1)):
            held = inside(sample.position, spans)
            position = sample.position[held]
            ids = [text for text, kept in zip(sample.ids, held, strict=True) if kept]
            cluster = cluster_labels(position, how.cluster_gap)
            for kind, label in (("session", np.arange(position.size)), ("cluster", cluster)):
                stream = next(streams)
                for which in np.unique(label):
                    gone = label == which
                    if kind == "cluster" and gone.sum() < 2:
                        continue
                    # the same stream for each: what differs is the event, not the draw
                    rng = np.random.default_rng(stream)
                    stay = position[~gone]
                    found = react(evidence.scores, stay, spans, evidence.cells, how, sign=sign, rng=rng, beside=False)
                    left = " ".join(text for text, g in zip(ids, gone, strict=True) if g)
                    rows.append((name, link, kind, left, found.n, sign * found.estimate, found.pvalue))
    return pd.DataFrame(rows, columns=["sample", "link", "left_out", "ids", "n", "estimate", "pvalue"])


def giveback(study: StudyRecord, strata: Mapping[str, list[Stratum]]) -> pd.DataFrame:
    """How much of the first session's move was given back by day 5.

    The table: sample, link, n, first_session (mean AR of day 0), next_five (mean CAR of days 1 to 5), given_back
    (share).
    """
    record, rule = study.record, study.rules.reaction
    day = scores(record.market, record.busy, rule, window=(0, 0)).car
    rest = scores(record.market, record.busy, rule, window=(1, 5)).car
    rows = []
    for name, spans in strata.items():
        for link, position in (("H1", record.trigger), ("H3", record.relief)):
            held = position[inside(position, spans) & np.isfinite(day[position]) & np.isfinite(rest[position])]
            if held.size:
                first, after = float(day[held].mean()), float(rest[held].mean())
                rows.append((name, link, int(held.size), first, after, -after / first))
    return pd.DataFrame(rows, columns=["sample", "link", "n", "first_session", "next_five", "given_back"])
