"""H1 and H3 under every departure that was declared: other windows, samples, sessions; one event or cluster left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy.hypothesis.market import scores
from eventstudy.hypothesis.reactions import Reaction, Stratum, match_cells, react
from eventstudy.hypothesis.sample import VARIANTS, Sample, Variant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from eventstudy.hypothesis.chain import Evidence
    from eventstudy.hypothesis.definitions import Definitions, Pair
    from eventstudy.hypothesis.setting import Setting

__all__ = ["giveback", "leave_out", "reaction_variants"]

Ints = NDArray[np.int64]


def _variants() -> Iterator[tuple[str, Variant]]:
    yield from VARIANTS.items()
    for tier in "ABC":
        yield f"tier {tier}", Variant(tiers=(tier,))
    yield "scheduled", Variant(scheduled=True)
    yield "unscheduled", Variant(scheduled=False)
    yield "uncertain sessions one later", Variant(shift_uncertain=1)
    yield "uncertain sessions one earlier", Variant(shift_uncertain=-1)


def reaction_variants(
    setting: Setting, strata: dict[str, list[Stratum]], rules: Definitions, *, draws: int, seed: np.random.SeedSequence
) -> pd.DataFrame:
    """Run both reactions in every variant, window and group, in each sample.

    Returns
    -------
    pandas.DataFrame
        sample, link, variant, window, n, estimate (standard deviations, the market's own sign), ci_low, ci_high (at
        1 - 2 level), mean_car, pvalue (one-sided, the largest of the schemes).
    """
    record = setting.record
    windows = (rules.reaction.window, *rules.reaction.companions)
    scored = {w: scores(record.market, record.busy, rules, window=w) for w in windows}
    cells = {w: match_cells(record.market, scored[w].z, record.busy, rules) for w in windows}
    jobs: list[tuple[str, str, Ints, int, Pair]] = []
    main = setting.sample
    for name, variant in _variants():
        sample = setting.vary(variant)
        jobs += [
            ("H1", name, sample.trigger.position, -1, windows[0]),
            ("H3", name, sample.relief.position, 1, windows[0]),
        ]
    for window in windows[1:]:
        jobs += [("H1", "main", main.trigger.position, -1, window), ("H3", "main", main.relief.position, 1, window)]
    for name, group in _groups(main):
        jobs += [("H1", name, group, -1, windows[0]), ("H3", name, group, 1, windows[0])]
    rows = []
    for place, stream in zip(
        ((s, *job) for s in strata for job in jobs), seed.spawn(len(jobs) * len(strata)), strict=True
    ):
        sample_name, link, name, position, sign, window = place
        found = react(
            scored[window].z,
            scored[window].car,
            position,
            strata[sample_name],
            cells[window],
            rules,
            sign=sign,
            draws=draws,
            rng=np.random.default_rng(stream),
        )
        rows.append(
            {"sample": sample_name, "link": link, "variant": name, "window": _text(window), **_row(found, sign, rules)}
        )
    return pd.DataFrame(rows)


def _groups(sample: Sample) -> Iterator[tuple[str, Ints]]:
    """Neither of the two moves, or by others: what a placebo group should show is nothing."""
    yield "words alone", sample.words.position
    yield "talks (neither)", sample.talks.position
    yield "courts", sample.courts.position


def _row(found: Reaction, sign: int, rules: Definitions) -> dict[str, Any]:
    low, high = found.interval(1 - 2 * rules.level)
    ends = sorted((sign * low, sign * high))
    return {
        "n": found.n,
        "estimate": sign * found.estimate,
        "ci_low": ends[0],
        "ci_high": ends[1],
        "mean_car": float(found.car.mean()) if found.n else np.nan,
        "share": found.share,
        "pvalue": found.pvalue,
    }


def _text(window: Pair) -> str:
    return f"({window[0]}, {window[1]})"


def leave_out(
    setting: Setting,
    evidence: Evidence,
    strata: dict[str, list[Stratum]],
    rules: Definitions,
    *,
    draws: int,
    seed: np.random.SeedSequence,
) -> pd.DataFrame:
    """Leave out each session, and each cluster of sessions, in turn.

    Returns
    -------
    pandas.DataFrame
        sample, link, left_out ("session" or "cluster"), ids, n, estimate, pvalue.
    """
    rows = []
    streams = iter(seed.spawn(4 * len(strata)))
    for name, spans in strata.items():
        for link, sample, sign in (("H1", setting.sample.trigger, -1), ("H3", setting.sample.relief, 1)):
            inside = np.zeros(len(sample.position), dtype=bool)
            for s in spans:
                inside |= (sample.position >= s.first) & (sample.position <= s.last)
            position = sample.position[inside]
            ids = [text for text, kept in zip(sample.ids, inside, strict=True) if kept]
            cluster = (
                np.cumsum(np.concatenate([[0], np.diff(position) > rules.placebo.cluster_gap]))
                if position.size
                else position
            )
            for kind, label in (("session", np.arange(position.size)), ("cluster", cluster)):
                stream = next(streams)
                for which in np.unique(label):
                    gone = label == which
                    if kind == "cluster" and gone.sum() < 2:
                        continue
                    # the same stream for each: what differs is the event, not the draw
                    found = react(
                        evidence.scores.z,
                        evidence.scores.car,
                        position[~gone],
                        spans,
                        evidence.cells,
                        rules,
                        sign=sign,
                        draws=draws,
                        rng=np.random.default_rng(stream),
                    )
                    left = " ".join(text for text, g in zip(ids, gone, strict=True) if g)
                    rows.append((name, link, kind, left, found.n, sign * found.estimate, found.pvalue))
    return pd.DataFrame(rows, columns=["sample", "link", "left_out", "ids", "n", "estimate", "pvalue"])


def giveback(setting: Setting, rules: Definitions, strata: dict[str, list[Stratum]]) -> pd.DataFrame:
    """How much of the first session's move was given back by day 5.

    Returns
    -------
    pandas.DataFrame
        sample, link, n, first (mean AR of day 0), after (mean CAR of days 1 to 5), share given back.
    """
    record = setting.record
    day = scores(record.market, record.busy, rules, window=(0, 0)).car
    rest = scores(record.market, record.busy, rules, window=(1, 5)).car
    rows = []
    for name, spans in strata.items():
        for link, position in (("H1", record.trigger), ("H3", record.relief)):
            inside = np.concatenate(
                [position[(position >= s.first) & (position <= s.last)] for s in spans] or [position[:0]]
            )
            inside = inside[np.isfinite(day[inside]) & np.isfinite(rest[inside])]
            if inside.size:
                first, after = float(day[inside].mean()), float(rest[inside].mean())
                rows.append((name, link, int(inside.size), first, after, -after / first))
    return pd.DataFrame(rows, columns=["sample", "link", "n", "first_session", "next_five", "given_back"])
