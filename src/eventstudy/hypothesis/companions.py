"""The companions of H2 on one sample: which data each takes, and a stream of its own by its name.

Adding one never changes another's draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from eventstudy.hypothesis.checks import (
    Check,
    after_selloffs,
    asymmetry,
    implementation,
    landmark,
    macro_news,
    selloff_sessions,
)
from eventstudy.hypothesis.decisions import Rows, age_stratum, episode_rows, score_test, session_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventstudy.hypothesis.chain import Evidence
    from eventstudy.hypothesis.definitions import Definitions
    from eventstudy.hypothesis.reactions import Stratum
    from eventstudy.hypothesis.setting import Setting

__all__ = ["companion_checks"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def companion_checks(
    setting: Setting,
    evidence: Evidence,
    spans: Sequence[Stratum],
    rows: Rows,
    loss: Floats,
    rules: Definitions,
    *,
    draws: int,
    seed: np.random.SeedSequence,
) -> tuple[Check, ...]:
    """Run every companion within `spans`; the first is that of the selloffs by other news.

    Parameters
    ----------
    setting : Setting
    evidence : Evidence
    spans : sequence of Stratum
    rows : Rows
        Episode-days of the sample.
    loss : (R,) float
        Before each of them.
    rules : Definitions
    draws : int
    seed : numpy.random.SeedSequence
    """

    def own(name: str) -> np.random.Generator:
        return np.random.default_rng(
            np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, crc32(name.encode())))
        )

    record = setting.record
    inside = np.zeros(record.busy.shape, dtype=bool)
    for s in spans:
        inside[s.first : s.last + 1] = True
    at_risk = inside & (evidence.base >= 0)
    decided = np.zeros(inside.shape, dtype=bool)
    decided[record.decision] = True
    falls = selloff_sessions(setting.index, evidence.scores.z, record.busy, rules)
    window = rules.selloffs.window
    threats = record.spells.take(inside[record.spells.start])
    days = np.where(
        threats.outcome == 0, (setting.index[threats.last] - setting.index[threats.start]).days.to_numpy(), np.inf
    )
    return (
        after_selloffs(
            at_risk,
            decided,
            evidence.loss,
            falls[inside[falls]],
            window,
            odds_ratio=rules.power.odds_ratio,
            rng=own("other selloffs"),
        ),
        macro_news(record.market, at_risk, decided, window),
        *asymmetry(loss, rows, rules, draws=draws, rng=own("asymmetry")),
        implementation(loss, rows, rules, draws=draws, rng=own("competing end")),
        landmark(threats, evidence.scores.z, days, rules.decision.landmark_days, draws=draws, rng=own("landmark")),
        _courts(setting, evidence, spans, draws, own("courts")),
        _rival(setting, inside, rules, draws, own("rival")),
    )


def _courts(
    setting: Setting, evidence: Evidence, spans: Sequence[Stratum], draws: int, rng: np.random.Generator
) -> Check:
    """Test relief by those who are not said to watch the index."""
    test = session_test(
        evidence.loss,
        evidence.base >= 0,
        setting.sample.courts.position,
        [(s.first, s.last) for s in spans],
        draws=draws,
        rng=rng,
    )
    question = "do rulings fall after losses? (courts are not said to watch the index)"
    n, events = int(test.day.size), int(test.decided.sum())
    return Check("control: courts", question, test.statistic, "SD of loss", test.pvalue, "greater", n, events, "= 0")


def _rival(setting: Setting, inside: Bools, rules: Definitions, draws: int, rng: np.random.Generator) -> Check:
    """Test relief by the other side, which is not said to watch this index."""
    rows = episode_rows(setting.rival.take(inside[setting.rival.start]))
    close = setting.record.market.close
    loss = 1.0 - close[rows.day - 1] / close[rows.base]
    test = score_test(loss, rows.relieved, age_stratum(rows.age, rules), draws=draws, rng=rng)
    unit = float(np.nanstd(loss)) if loss.size else float("nan")
    question = "does the rival relent after losses of this index?"
    return Check(
        "control: the rival",
        question,
        test.slope * unit,
        "log odds per SD",
        test.pvalue,
        "greater",
        int(loss.size),
        test.n,
        "less than the decider",
    )
