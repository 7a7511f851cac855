"""Complete cycles: threats after which everything happened as the chain says, and how far each came."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.hypothesis.links.evidence import Evidence
from eventstudy.hypothesis.record.build_record import StudyRecord
from eventstudy.hypothesis.record.threats import OUTCOMES, outcomes_said

COLUMNS: Final[dict[str, Any]] = {
    "id": str, "start": "datetime64[us]", "last": "datetime64[us]", "outcome": str, "first_sar": float,
    "loss_at_relief": float, "relief_sar": float, "reversal": float, "fell": bool, "complete": bool,
}  # fmt: skip


def cycle_table(study: StudyRecord, evidence: Evidence) -> pd.DataFrame:
    """Follow each threat of the decider through the chain.

    A cycle is complete if the standardized abnormal return of the first session is negative, relief follows with the
    index below the close before the threat, and that of the session of relief is positive; reversal is minus the ratio
    of the two CARs. The table has the columns `COLUMNS`, and without a threat no rows.
    """
    spells, z, car = study.record.spells, evidence.scores.z, evidence.scores.car
    close = study.record.market.close
    rows = []
    for i, name in enumerate(spells.ids):
        start, last = int(spells.start[i]), int(spells.last[i])
        relieved = spells.outcome[i] == 0
        loss = float(1 - close[last - 1] / close[start - 1]) if relieved else np.nan
        after = float(z[last]) if relieved else np.nan
        rows.append(
            {
                "id": name,
                "start": study.index[start],
                "last": study.index[last],
                "outcome": outcomes_said(study.rules.stances)[spells.outcome[i]],
                "first_sar": float(z[start]),
                "loss_at_relief": loss,
                "relief_sar": after,
                "reversal": float(-car[last] / car[start]) if relieved and car[start] < 0 else np.nan,
                "fell": bool(z[start] < 0),
                "complete": bool(relieved and z[start] < 0 and loss > 0 and after > 0),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def count_cycles(table: pd.DataFrame) -> dict[str, int]:
    """Count how many threats came how far along the chain."""
    relieved = table[~table["outcome"].isin(OUTCOMES[1:])]
    fell = relieved[relieved["fell"]]
    below = fell[fell["loss_at_relief"] > 0]
    return {
        "threats": len(table),
        "index fell first": int(table["fell"].sum()),
        "ended in relief": len(relieved),
        "relief after a fall": len(fell),
        "still below at relief": len(below),
        "complete": int(table["complete"].sum()),
    }
