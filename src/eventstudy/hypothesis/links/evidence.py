"""What the three links are tested on: reactions, decisions, and the sessions to compare them with."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.hypothesis.links.decision import Rows, episode_rows
from eventstudy.hypothesis.links.matching import Cells, match_cells
from eventstudy.hypothesis.record.market import Market, Scores, drawdown, scores
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.sections import DecisionRules, Drawdown, ReactionRules
from eventstudy.hypothesis.record.threats import Spells, open_base


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is computed once for all samples: scores and cells of every session at the headline window, and drawdowns.

    Attributes
    ----------
    base : (B,) int
        Last close before the latest open threat; -1 where none is open.
    loss : (B,) float
        The drawdown before the session, as `drawdown` measures it.
    """

    scores: Scores
    cells: Cells
    base: Ints
    loss: Floats
    drawdown: Drawdown


def prepare(record: Record, reaction: ReactionRules, decision: DecisionRules, prior_sessions: int) -> Evidence:
    """Compute what all samples share: scores of every session, matching states, drawdowns."""
    scored = scores(record.market, record.busy, reaction)
    base = open_base(record.spells, len(record.market.close))
    loss = drawdown(record.market, decision.drawdown, base, decision)
    cells = match_cells(record.market, scored.z, record.busy, prior_sessions)
    return Evidence(scored, cells, base, loss, decision.drawdown)


def sample_rows(spells: Spells, spans: list[tuple[int, int]]) -> Rows:
    """Episode-days of the threats that begin within the spans, each cut at the end of its span."""
    parts = [episode_rows(spells.within(first, last)) for first, last in spans or [(0, -1)]]
    offset = np.cumsum([0, *(int(p.episode.max()) + 1 if p.episode.size else 0 for p in parts)])
    joined = {field.name: np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(Rows)}
    joined["episode"] = np.concatenate([p.episode + o for p, o in zip(parts, offset, strict=False)])
    return Rows(**joined)


def row_loss(market: Market, rows: Rows, evidence: Evidence) -> Floats:
    """(R,) loss before each episode-day, each threat measured from its own base."""
    if evidence.drawdown not in {"threat", "scaled"}:
        return evidence.loss[rows.day]
    loss = 1.0 - market.close[rows.day - 1] / market.close[rows.base]
    if evidence.drawdown == "scaled" and not np.isnan(market.fear).all():
        loss = loss / (market.fear[rows.base] / 100.0 / np.sqrt(252))
    return np.asarray(loss, dtype=float)
