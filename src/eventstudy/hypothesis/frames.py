"""What charts of the study draw, as tidy frames.

========================  ==========================================================================================
``reactions``             link, session, period, event_ids, car, sar, loss_before: one point an independent session
``hazard_by_drawdown``    sample, low, high (loss since the threat), sessions, decisions, rate, ci_low, ci_high
``placebos``              sample, link, scheme, value: the draws; ``observed`` repeats the estimate (link's direction);
                          of ``left_out`` the session or cluster whose leaving out weakens the link most
``curve``                 one row a specification, by estimate within sample and link; ``rank`` from 0
``overlay``               day, first, second, low, middle, high, others: one threat over another, band of all others
``paths``                 id, day, path: the index around each threat
``rate_ladder``           session, event_id, side, stance, rate_before, rate_after (percent)
``power``                 sample, link, effect, multiple, power: standard deviations, odds ratio (H2), or multiples of the
                          declared effects (chain); ``multiple`` is that of each
``incidence``             targets, day, relieved, implemented, open
``dose``                  session, event_id, change (points), sar, car
``links``                 sample, link, estimate, ci_low, ci_high, pvalue, power, …
========================  ==========================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from eventstudy.hypothesis.ledger import Ground, MissingData
from eventstudy.hypothesis.ledger_tests import ends_of_threats
from eventstudy.hypothesis.power import multiple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eventstudy.hypothesis.chain import SampleVerdict

__all__ = ["chart_frames"]

_BINS = 5
_LEVEL = 0.90


def chart_frames(
    ground: Ground, samples: Mapping[str, SampleVerdict], tables: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Gather the frames; those that a record cannot fill are empty."""
    shown = {name: samples[name] for name in dict.fromkeys(("all", ground.rules.headline))}
    frames = {name: tables[name] for name in ("overlay", "paths", "rate_ladder", "dose", "links")}
    frames["reactions"] = tables["events_used"][tables["events_used"]["link"] != "H2"].reset_index(drop=True)
    frames["hazard_by_drawdown"] = pd.concat([_hazard(name, s) for name, s in shown.items()], ignore_index=True)
    frames["placebos"] = pd.concat([_placebos(name, s) for name, s in shown.items()], ignore_index=True)
    frames["curve"] = _curve(tables["curve"])
    frames["power"] = pd.DataFrame(
        [
            (name, link, effect, multiple(link, power, effect), value)
            for name, sample in shown.items()
            for link, power in sample.power.items()
            for effect, value in power.curve
        ],
        columns=["sample", "link", "effect", "multiple", "power"],
    )
    frames["incidence"] = _incidence(ground)
    return frames


def _hazard(name: str, sample: SampleVerdict) -> pd.DataFrame:
    """Share of sessions at risk with a decision, by fifths of the loss; Wilson intervals."""
    test = sample.decisions
    columns = ["sample", "low", "high", "sessions", "decisions", "rate", "ci_low", "ci_high"]
    if test.day.size < _BINS:
        return pd.DataFrame(columns=columns)
    edges = np.unique(np.quantile(test.loss, np.linspace(0, 1, _BINS + 1)))
    place = np.clip(np.searchsorted(edges, test.loss, side="right") - 1, 0, len(edges) - 2)
    rows = []
    for b in range(len(edges) - 1):
        inside = place == b
        n, k = int(inside.sum()), int(test.decided[inside].sum())
        if n:
            interval = stats.binomtest(k, n).proportion_ci(_LEVEL, method="wilson")
            rows.append((name, edges[b], edges[b + 1], n, k, k / n, interval.low, interval.high))
    return pd.DataFrame(rows, columns=columns)


def _placebos(name: str, sample: SampleVerdict) -> pd.DataFrame:
    parts = []
    for link, reaction in sample.reactions.items():
        for scheme in ("permutation", "matched", "shift"):
            draws = getattr(reaction, f"null_{scheme}")
            parts.append(pd.DataFrame({"link": link, "scheme": scheme, "value": draws, "observed": reaction.estimate}))
        if reaction.left_out.size:
            observed, draws = reaction.worst_left_out()
            parts.append(pd.DataFrame({"link": link, "scheme": "left_out", "value": draws, "observed": observed}))
    test = sample.decisions
    parts.append(pd.DataFrame({"link": "H2", "scheme": "sessions", "value": test.null, "observed": test.statistic}))
    table = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
    table.insert(0, "sample", name)
    return table


def _curve(table: pd.DataFrame) -> pd.DataFrame:
    if "standardized" not in table:
        return table
    ordered = table.sort_values(["sample", "link", "standardized"], kind="stable").reset_index(drop=True)
    ordered["rank"] = ordered.groupby(["sample", "link"]).cumcount()
    return ordered


def _incidence(ground: Ground) -> pd.DataFrame:
    rows = []
    for name, everyone in (("all targets", True), ("within the scopes", False)):
        try:
            curve = ends_of_threats(ground, everyone=everyone)
        except MissingData:
            continue
        rows.append(
            pd.DataFrame(
                {
                    "targets": name,
                    "day": curve.day,
                    "relieved": curve.relieved,
                    "implemented": curve.implemented,
                    "open": curve.open,
                }
            )
        )
    return (
        pd.concat(rows, ignore_index=True)
        if rows
        else pd.DataFrame(columns=["targets", "day", "relieved", "implemented", "open"])
    )
