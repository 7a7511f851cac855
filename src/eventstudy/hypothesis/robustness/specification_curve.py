"""The multiverse: every declared specification of every link, and a permutation test of the whole curve.

The calendar is turned against the returns once for all specifications together, so that their dependence is kept
(Simonsohn, Simmons and Nelson 2020).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.hypothesis.links.evidence import Evidence, session_loss
from eventstudy.hypothesis.links.matching import winsorised
from eventstudy.hypothesis.links.placebo_draws import turned
from eventstudy.hypothesis.record.build_record import StudyRecord
from eventstudy.hypothesis.record.market import scores
from eventstudy.hypothesis.record.sample import VARIANTS, Sample
from eventstudy.hypothesis.record.sections import Drawdown, RiskSet
from eventstudy.hypothesis.record.strata import Stratum, window_text

_LINKS = (("H1", "trigger", -1.0), ("H3", "relief", 1.0))

_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Curve:
    """All specifications of one sample.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a specification: link, window, scale, variant, statistic, drawdown, at_risk, n, estimate (in the link's
        direction), standardized (by its turns), pvalue.
    summary : pandas.DataFrame
        One row a link: specifications, median standardized estimate, share in the direction, share significant, and
        the p-values of median and share for the curve as a whole.
    """

    table: pd.DataFrame
    summary: pd.DataFrame


def specification_curve(
    study: StudyRecord, evidence: Evidence, strata: Sequence[Stratum], *, draws: int, rng: np.random.Generator
) -> Curve:
    """Run every combination that the definitions name; the turns of the calendar are the same for each."""
    samples: dict[str, Sample] = {name: study.vary(VARIANTS[name]) for name in study.rules.curve.samples}
    fractions = rng.random((len(strata), draws))
    found = [
        *_reactions(study, strata, samples, fractions),
        *_decisions(study, evidence, strata, samples, fractions),
    ]
    return summarize([row for row, _ in found], [null for _, null in found], study.rules.alpha)


def _turns(length: int, fraction: Floats) -> Ints:
    return np.concatenate([[0], 1 + np.floor(fraction * max(length - 1, 1)).astype(np.int64)])


def _row(link: str, variant: str, statistic: str, n: int, **choices: str) -> dict[str, Any]:
    blank = {"window": "", "scale": "", "variant": variant, "statistic": statistic, "drawdown": "", "at_risk": ""}
    return {"link": link, **blank, **choices, "n": n}


def _reactions(
    study: StudyRecord, strata: Sequence[Stratum], samples: Mapping[str, Sample], fractions: Floats
) -> Iterator[tuple[dict[str, Any], Floats]]:
    record, rules = study.record, study.rules
    places = {
        (name, attribute): _turned_positions(getattr(sample, attribute).position, strata, fractions)
        for name, sample in samples.items()
        for _, attribute, _ in _LINKS
    }
    pool = np.unique(np.concatenate([s.pool for s in strata])) if strata else np.zeros(0, dtype=np.int64)
    for window, scale in product(rules.curve.windows, rules.curve.scales):
        z = scores(record.market, record.busy, rules.reaction, window=window, scale=scale).z
        z = winsorised(z, pool, rules.reaction.winsor)
        for name, (link, attribute, sign) in product(samples, _LINKS):
            hit = sign * z[places[name, attribute]]
            n = int(np.isfinite(hit[0]).sum())
            for statistic in rules.curve.statistics:
                value = _row_statistic(hit, statistic)
                if value is not None:
                    yield _row(link, name, statistic, n, window=window_text(window), scale=scale), value


def _turned_positions(position: Ints, strata: Sequence[Stratum], fractions: Floats) -> Ints:
    """Give (turns, n) bars of the events at each turn; turn 0 is the calendar as it was."""
    parts = []
    for stratum, fraction in zip(strata, fractions, strict=True):
        inside = position[(position >= stratum.first) & (position <= stratum.last)]
        length = stratum.last - stratum.first + 1
        parts.append(stratum.first + turned(inside - stratum.first, _turns(length, fraction), length))
    return np.concatenate(parts, axis=1) if parts else np.zeros((1, 0), dtype=np.int64)


def _row_statistic(hit: Floats, statistic: str) -> Floats | None:
    finite = np.isfinite(hit)
    if hit.shape[1] == 0 or finite[0].sum() < _FEWEST:
        return None
    if statistic == "median":
        # sorting puts what is missing last; the middle is taken among the others
        ordered, count = np.sort(hit, axis=1), finite.sum(axis=1)
        at = np.arange(len(hit))
        low, high = np.maximum((count - 1) // 2, 0), np.maximum(count // 2, 0)
        return np.asarray((ordered[at, low] + ordered[at, np.minimum(high, hit.shape[1] - 1)]) / 2, dtype=float)
    count = finite.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(finite, hit, 0.0).sum(axis=1) / count, dtype=float)


def _decisions(
    study: StudyRecord, evidence: Evidence, strata: Sequence[Stratum], samples: Mapping[str, Sample], fractions: Floats
) -> Iterator[tuple[dict[str, Any], Floats]]:
    record, rule = study.record, study.rules.decision
    for kind in study.rules.curve.drawdowns:
        loss = session_loss(record, evidence.base, kind, rule)
        for at_risk in ("threat open", "every session") if kind in {"peak", "week"} else ("threat open",):
            inside = evidence.at_risk if at_risk == "threat open" else np.ones(loss.shape, dtype=bool)
            if record.risk is None:
                for name, sample in samples.items():
                    value, n = _ring_difference(loss, inside, sample.decision.position, strata, fractions)
                    if value is not None:
                        yield _row("H2", name, "mean difference", n, drawdown=kind, at_risk=at_risk), value
                continue
            for name in study.rules.curve.risk_sets:
                value, n = _risk_difference(study, evidence, name, kind, at_risk, strata, fractions)
                if value is not None:
                    yield _row("H2", name, "mean difference", n, drawdown=kind, at_risk=at_risk), value


def _risk_difference(
    study: StudyRecord,
    evidence: Evidence,
    name: RiskSet,
    kind: Drawdown,
    at_risk: str,
    strata: Sequence[Stratum],
    fractions: Floats,
) -> tuple[Floats | None, int]:
    """Give the difference under other risk sets: the mean loss over what is open, before reliefs and otherwise."""
    risk = study.risk_sets(name)
    if risk is None or not risk.reliefs:
        return None, 0
    record = replace(study.record, risk=risk)
    loss = session_loss(record, evidence.base, kind, study.rules.decision)
    inside = np.ones(loss.shape, dtype=bool)
    if at_risk == "threat open":
        inside = np.zeros(loss.shape, dtype=bool)
        inside[risk.rows.day] = True
    return _ring_difference(loss, inside, risk.decision, strata, fractions)


def _ring_difference(
    loss: Floats, at_risk: Bools, decision: Ints, strata: Sequence[Stratum], fractions: Floats
) -> tuple[Floats | None, int]:
    """Give (turns,) mean loss at decisions less that of the other sessions at risk, decisions turned along each ring."""
    marked = np.zeros(loss.shape, dtype=bool)
    marked[decision] = True
    total, n, whole, size = np.zeros(fractions.shape[1] + 1), 0, 0.0, 0
    for stratum, fraction in zip(strata, fractions, strict=True):
        t = np.arange(stratum.first, stratum.last + 1)
        ring = t[at_risk[t] & np.isfinite(loss[t])]
        if not ring.size:
            continue
        x, marks = loss[ring], np.flatnonzero(marked[ring])
        total += x[turned(marks, _turns(ring.size, fraction), ring.size)].sum(axis=1)
        n, whole, size = n + marks.size, whole + float(x.sum()), size + ring.size
    if n < _FEWEST or n == size:
        return None, n
    return total / n - (whole - total) / (size - n), n


def summarize(rows: list[dict[str, Any]], nulls: list[Floats], alpha: float) -> Curve:
    """Summarize specifications, a row each, by their statistics under the turns: (turns,), the calendar as it was first."""
    table = pd.DataFrame(rows)
    if table.empty:
        return Curve(table, pd.DataFrame())
    drawn = np.stack(nulls)
    centre, spread = np.nanmean(drawn[:, 1:], axis=1), np.nanstd(drawn[:, 1:], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        standard = (drawn - centre[:, None]) / spread[:, None]
    # the p-value that each specification would have had at every turn: the share of turns at least as high, ties against it
    known = np.nan_to_num(drawn, nan=-np.inf)
    below = np.stack([np.searchsorted(np.sort(row), row) for row in known])
    pvalues = (drawn.shape[1] - below) / drawn.shape[1]
    table["estimate"], table["standardized"], table["pvalue"] = drawn[:, 0], standard[:, 0], pvalues[:, 0]
    records = []
    for link in ("H1", "H2", "H3"):
        mine = np.flatnonzero((table["link"] == link).to_numpy())
        if not mine.size:
            continue
        median = np.nanmedian(standard[mine], axis=0)
        share = (pvalues[mine] <= alpha).mean(axis=0)
        records.append(
            {
                "link": link,
                "specifications": int(mine.size),
                "median_standardized": float(median[0]),
                "share_in_direction": float((drawn[mine, 0] > 0).mean()),
                "share_significant": float(share[0]),
                "p_median": float(np.mean(median >= median[0])),
                "p_share": float(np.mean(share >= share[0])),
            }
        )
    return Curve(table, pd.DataFrame(records))
