"""Groups of securities through the events itself: market model, one window, tests adjusted for cross-correlation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.abnormal import MarketModel
from eventstudy.hypothesis.record.build_record import StudyRecord
from eventstudy.hypothesis.record.sections import Pair
from eventstudy.inference.beyond.multiple_testing import adjust_pvalues
from eventstudy.returns import ReturnPanel
from eventstudy.study import EstimationWindow, EventStudy

_TESTS = ("kp_bmp", "kp_patell", "grank_t")
_FEWEST = 2


def group_tests(
    study: StudyRecord,
    securities: pd.DataFrame,
    links: Mapping[str, Sequence[pd.Timestamp]],
    *,
    market: str,
    window: Pair,
) -> pd.DataFrame:
    """Test each group's mean abnormal return beyond the market, on the sessions of each link.

    `securities` are (B, S) returns. The table: link, group, symbols, n (security-events), sessions, mean_car, and
    p-values of the tests that allow for cross-correlation (Kolari and Pynnönen 2010, 2011), two-sided; p_holm, that of
    kp_bmp adjusted for the groups of a link (Holm 1979); ``reason`` where a group could not be tested.
    """
    rule = study.rules.reaction
    events = EventStudy(
        model=MarketModel(market),
        estimation=EstimationWindow(
            length=rule.estimation_length, end=rule.estimation_end, minimum=rule.estimation_minimum
        ),
        window=window,
        calendar=None,
        mask_events=study.catalog,
    )
    returns = securities.copy()
    returns[market] = study.record.market.returns
    panel = ReturnPanel(returns)
    rows: list[dict[str, Any]] = []
    for link, sessions in links.items():
        for group, symbols in study.rules.groups.items():
            present = [s for s in symbols if s in securities.columns]
            if len(present) < _FEWEST:
                continue
            rows.append(
                {
                    "link": link,
                    "group": group,
                    "symbols": len(present),
                    **_row(events, panel, present, sessions, window),
                }
            )
    table = pd.DataFrame(rows)
    if "p_kp_bmp" in table:
        table["p_holm"] = table.groupby("link")["p_kp_bmp"].transform(adjust_pvalues)
    return table


def _row(
    events: EventStudy, panel: ReturnPanel, symbols: list[str], sessions: Sequence[pd.Timestamp], window: Pair
) -> dict[str, Any]:
    if not len(sessions):
        return {"n": 0, "sessions": 0, "mean_car": np.nan, "reason": "the sample has no session of this link"}
    pairs = pd.DataFrame(
        [(f"{day:%Y-%m-%d}", symbol, day) for day in sessions for symbol in symbols],
        columns=["event_id", "symbol", "bar"],
    )
    result = events.fit(pairs, panel)
    cars = result.car(window)["car"].dropna()
    if len(cars) < _FEWEST:
        return {"n": len(cars), "sessions": 0, "mean_car": np.nan, "reason": "no security-event with enough history"}
    tests = {name: result.test(name, window) for name in _TESTS}
    first = tests["kp_bmp"]
    return {
        "n": first.n,
        "sessions": first.n_clusters,
        "mean_car": float(cars.mean()),
        **{f"p_{name}": test.pvalue for name, test in tests.items()},
        "correlation": first.details.get("correlation", np.nan),
        "reason": first.reason,
    }
