"""What the three links are tested on: reactions, decisions, and the sessions to compare them with."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.hypothesis.links.decision import age_stratum, episode_rows
from eventstudy.hypothesis.links.matching import Cells, match_cells
from eventstudy.hypothesis.links.relief import exact_ages
from eventstudy.hypothesis.record.market import Market, Scores, drawdown, scores
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.risk_sets import Rows
from eventstudy.hypothesis.record.sections import DecisionRules, Drawdown, LinkRules, ReactionRules
from eventstudy.hypothesis.record.threats import Spells, open_base

_SINCE = frozenset({"threat", "scaled"})  # drawdowns that each threat has of its own


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is computed once for all samples: scores and cells of every session at the headline window, and drawdowns.

    Attributes
    ----------
    base : (B,) int
        Last close before the latest open threat; -1 where none is open.
    loss : (B,) float
        The drawdown before the session, as `drawdown` measures it; where reliefs have a table of their own, the mean
        over the episodes that are open.
    at_risk : (B,) bool
        The sessions on which relief could come.
    """

    scores: Scores
    cells: Cells
    base: Ints
    loss: Floats
    drawdown: Drawdown
    at_risk: Bools


def prepare(record: Record, reaction: ReactionRules, decision: DecisionRules, prior_sessions: int) -> Evidence:
    """Compute what all samples share: scores of every session, matching states, drawdowns."""
    scored = scores(record.market, record.busy, reaction)
    base = open_base(record.spells, len(record.market.close))
    at_risk = base >= 0
    if record.risk is not None:
        at_risk = np.zeros(base.shape, dtype=bool)
        at_risk[record.risk.rows.day] = True
    loss = session_loss(record, base, decision.drawdown, decision)
    cells = match_cells(record.market, scored.z, record.busy, prior_sessions)
    return Evidence(scored, cells, base, loss, decision.drawdown, at_risk)


def session_loss(record: Record, base: Ints, kind: Drawdown, rule: DecisionRules) -> Floats:
    """(B,) drawdown before each session, in one of its kinds; `base` as `Evidence` has it."""
    if record.risk is None or kind not in _SINCE:
        return drawdown(record.market, kind, base, rule)
    rows = record.risk.rows
    x = loss_since(record.market, rows, kind, logs=True)
    count = np.bincount(rows.day, minlength=base.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.bincount(rows.day, weights=x, minlength=base.size) / count, dtype=float)


def sample_rows(spells: Spells, spans: list[tuple[int, int]]) -> Rows:
    """Episode-days of the threats that begin within the spans, each cut at the end of its span."""
    parts = [episode_rows(spells.within(first, last)) for first, last in spans or [(0, -1)]]
    offset = np.cumsum([0, *(int(p.episode.max()) + 1 if p.episode.size else 0 for p in parts)])
    joined = {field.name: np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(Rows)}
    joined["episode"] = np.concatenate([p.episode + o for p, o in zip(parts, offset, strict=False)])
    return Rows(**joined)


def rows_of(record: Record, spans: list[tuple[int, int]]) -> Rows:
    """Episode-days of a sample: the pairs at risk inside it, or those of the threats that begin in it."""
    return sample_rows(record.spells, spans) if record.risk is None else record.risk.within(spans).rows


def strata_of_rows(record: Record, age: Ints, how: LinkRules | DecisionRules) -> Ints:
    """(R,) which pairs of a sample are compared: those of one age, exact where reliefs have a table of their own."""
    return age_stratum(age, how.age_bins) if record.risk is None else exact_ages(age, how.age_minimum)


def row_loss(record: Record, rows: Rows, evidence: Evidence) -> Floats:
    """(R,) loss before each episode-day, each threat measured from its own base."""
    if evidence.drawdown not in _SINCE:
        return evidence.loss[rows.day]
    return loss_since(record.market, rows, evidence.drawdown, logs=record.risk is not None)


def loss_since(market: Market, rows: Rows, kind: Drawdown, *, logs: bool) -> Floats:
    """(R,) loss since the last close before each threat, by closes to the session before; in logarithms or not."""
    ratio = market.close[rows.day - 1] / market.close[rows.base]
    loss = -np.log(ratio) if logs else 1.0 - ratio
    if kind == "scaled" and not np.isnan(market.fear).all():
        loss = loss / (market.fear[rows.base] / 100.0 / np.sqrt(252))
    return np.asarray(loss, dtype=float)
