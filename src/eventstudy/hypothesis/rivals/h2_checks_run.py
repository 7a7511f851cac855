"""The companions of H2 on one sample: which data each takes, and a stream of its own by its name.

Adding one never changes another's draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from eventstudy._typing import Bools, Floats
from eventstudy.hypothesis.links.decision import age_stratum, episode_rows, score_test, session_test
from eventstudy.hypothesis.links.evidence import Evidence, strata_of_rows
from eventstudy.hypothesis.record.build_record import StudyRecord
from eventstudy.hypothesis.record.risk_sets import Rows
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.rivals.h2_checks import (
    Check,
    after_selloffs,
    asymmetry,
    implementation,
    landmark,
    macro_news,
    selloff_sessions,
    spread_of,
)


def companion_checks(
    study: StudyRecord,
    evidence: Evidence,
    spans: Sequence[Stratum],
    rows: Rows,
    loss: Floats,
    *,
    draws: int,
    seed: np.random.SeedSequence,
) -> tuple[Check, ...]:
    """Run every companion within `spans`; the first is that of the selloffs by other news.

    `rows` are the episode-days of the sample, and `loss`, (R,), that before each of them.
    """

    def own(name: str) -> np.random.Generator:
        return np.random.default_rng(
            np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, crc32(name.encode())))
        )

    record = study.record
    inside = np.zeros(record.busy.shape, dtype=bool)
    for s in spans:
        inside[s.first : s.last + 1] = True
    at_risk = inside & evidence.at_risk
    decided = np.zeros(inside.shape, dtype=bool)
    decided[record.decision] = True
    rules, z = study.rules, evidence.scores.z
    falls = selloff_sessions(study.index, z, record.busy, rules.selloffs.dates, rules.selloffs.fall)
    threats = record.spells.take(inside[record.spells.start])
    days = np.where(
        threats.outcome == 0, (study.index[threats.last] - study.index[threats.start]).days.to_numpy(), np.inf
    )
    bins = strata_of_rows(record, rows.age, rules.decision)
    return (
        after_selloffs(
            at_risk,
            decided,
            evidence.loss,
            falls[inside[falls]],
            rules.selloffs.window,
            odds_ratio=rules.power.odds_ratio,
            rng=own("other selloffs"),
        ),
        macro_news(record.market, at_risk, decided, rules.selloffs.window),
        *asymmetry(loss, rows, bins, draws=draws, rng=own("asymmetry")),
        implementation(loss, rows, bins, draws=draws, rng=own("competing end")),
        landmark(threats, z, days, rules.decision.landmark_days, draws=draws, rng=own("landmark")),
        _courts(study, evidence, spans, draws, own("courts")),
        _rival(study, inside, draws, own("rival")),
    )


def _courts(
    study: StudyRecord, evidence: Evidence, spans: Sequence[Stratum], draws: int, rng: np.random.Generator
) -> Check:
    """Test relief by those who are not said to watch the index."""
    strata, rulings = [(s.first, s.last) for s in spans], study.sample.courts.position
    test = session_test(evidence.loss, evidence.at_risk, rulings, strata, draws=draws, rng=rng)
    question = "do rulings fall after losses? (courts are not said to watch the index)"
    n, events = int(test.day.size), int(test.decided.sum())
    return Check("control: courts", question, test.statistic, "SD of loss", test.pvalue, "greater", n, events, "= 0")


def _rival(study: StudyRecord, inside: Bools, draws: int, rng: np.random.Generator) -> Check:
    """Test relief by the other side, which is not said to watch this index."""
    rows = episode_rows(study.rival.take(inside[study.rival.start]))
    close = study.record.market.close
    loss = 1.0 - close[rows.day - 1] / close[rows.base]
    bins = age_stratum(rows.age, study.rules.decision.age_bins)
    test = score_test(loss, rows.relieved, bins, draws=draws, rng=rng)
    name, question = "control: the rival", "does the rival relent after losses of this index?"
    estimate, expected = test.slope * spread_of(loss), "less than the decider"
    return Check(name, question, estimate, "log odds per SD", test.pvalue, "greater", int(loss.size), test.n, expected)
