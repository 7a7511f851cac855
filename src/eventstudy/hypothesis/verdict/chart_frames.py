"""What charts of the study draw, as tidy frames.

========================  ==========================================================================================
``reactions``             link, session, period, event_ids, car, sar, loss_before: one point an independent session
``hazard_by_drawdown``    sample, loss_from, loss_to (loss since the threat), sessions, decisions, rate, low, high
``placebos``              sample, link, scheme, value: the draws; ``observed`` repeats the estimate (the market's own sign);
                          of ``left_out`` the session or cluster whose leaving out weakens the link most
``curve``                 one row a specification, by estimate within sample and link; ``rank`` from 0
``overlay``               day, first, second, low, middle, high, others: one threat over another, band of all others
``paths``                 id, day, path: the index around each threat
``rate_ladder``           session, event_id, side, stance, rate_before, rate_after (percent)
``power``                 sample, link, effect, multiple, power: standard deviations, odds ratio (H2), or multiples of the
                          declared effects (chain); ``multiple`` is that of each
``incidence``             targets, day, relieved, implemented, open, at_risk
``index``                 session, level: the closes of the record
``dose``                  session, event_id, change (points), sar, car
``links``                 sample, link, estimate, low, high, pvalue, power, …
========================  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from eventstudy.hypothesis.analysis import Tested
from eventstudy.hypothesis.links.chain import SampleVerdict
from eventstudy.hypothesis.links.power import multiple
from eventstudy.hypothesis.links.test_results import own_sign
from eventstudy.hypothesis.record.build_record import StudyRecord
from eventstudy.hypothesis.rivals.cumulative_incidence import ends_of_threats

_BINS = 5


def chart_frames(tested: Tested, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Gather the frames; those that a record cannot fill are empty."""
    level = 1 - 2 * tested.study.rules.alpha
    shown = {name: tested.samples[name] for name in tested.shown}
    power = [
        (name, link, effect, multiple(link, power, effect), value)
        for name, sample in shown.items()
        for link, power in sample.power.items()
        for effect, value in power.curve
    ]
    hazards = [_hazard(name, sample, level) for name, sample in shown.items()]
    placebos = [_placebos(name, sample) for name, sample in shown.items()]
    used = tables["events_used"]
    return {name: tables[name] for name in ("overlay", "paths", "rate_ladder", "dose", "links")} | {
        "reactions": used[used["link"] != "H2"].reset_index(drop=True),
        "hazard_by_drawdown": pd.concat(hazards, ignore_index=True),
        "placebos": pd.concat(placebos, ignore_index=True),
        "curve": _curve(tables["curve"]),
        "power": pd.DataFrame(power, columns=["sample", "link", "effect", "multiple", "power"]),
        "incidence": _incidence(tested.study),
        "index": pd.DataFrame({"session": tested.study.index, "level": tested.study.record.market.close}),
    }


def _hazard(name: str, sample: SampleVerdict, level: float) -> pd.DataFrame:
    """Share of sessions at risk with a decision, by fifths of the loss; Wilson intervals."""
    test = sample.decisions
    columns = ["sample", "loss_from", "loss_to", "sessions", "decisions", "rate", "low", "high"]
    if test.day.size < _BINS:
        return pd.DataFrame(columns=columns)
    edges = np.unique(np.quantile(test.loss, np.linspace(0, 1, _BINS + 1)))
    place = np.clip(np.searchsorted(edges, test.loss, side="right") - 1, 0, len(edges) - 2)
    rows = []
    for b in range(len(edges) - 1):
        inside = place == b
        n, k = int(inside.sum()), int(test.decided[inside].sum())
        if n:
            interval = stats.binomtest(k, n).proportion_ci(level, method="wilson")
            rows.append((name, edges[b], edges[b + 1], n, k, k / n, interval.low, interval.high))
    return pd.DataFrame(rows, columns=columns)


def _placebos(name: str, sample: SampleVerdict) -> pd.DataFrame:
    parts = []
    for link, reaction in sample.reactions.items():
        of = [(scheme, reaction.estimate, draws) for scheme, draws in reaction.nulls.items()]
        of += [("left_out", *reaction.worst_left_out())] if reaction.left_out.size else []
        way = own_sign(link)
        parts += [
            pd.DataFrame({"link": link, "scheme": scheme, "value": way * draws, "observed": way * observed})
            for scheme, observed, draws in of
        ]
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


def _incidence(study: StudyRecord) -> pd.DataFrame:
    columns = ["day", "relieved", "implemented", "open", "at_risk"]
    parts = [pd.DataFrame(columns=["targets", *columns])]
    for name, everyone in (("all targets", True), ("within the scopes", False)):
        curve = ends_of_threats(study, everyone=everyone)
        if curve.n:
            parts.append(pd.DataFrame({"targets": name, **{column: getattr(curve, column) for column in columns}}))
    return pd.concat(parts[1:] or parts, ignore_index=True)
