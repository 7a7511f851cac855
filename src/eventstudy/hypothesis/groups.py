"""Groups of securities through the study itself: market model, one window, tests adjusted for cross-correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.abnormal import MarketModel
from eventstudy.hypothesis.securities import holm
from eventstudy.returns import ReturnPanel
from eventstudy.study import EstimationWindow, EventStudy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eventstudy.hypothesis.definitions import Definitions, Pair
    from eventstudy.hypothesis.setting import Setting

__all__ = ["group_tests"]

_TESTS = ("kp_bmp", "kp_patell", "grank_t")
_FEWEST = 2


def group_tests(
    setting: Setting,
    securities: pd.DataFrame,
    links: Mapping[str, Sequence[pd.Timestamp]],
    rules: Definitions,
    *,
    market: str,
    window: Pair,
) -> pd.DataFrame:
    """Test each group's mean abnormal return beyond the market, on the sessions of each link.

    Parameters
    ----------
    setting : Setting
    securities : pandas.DataFrame
        (B, S) returns.
    links : mapping of str to sequence of Timestamp
        Independent sessions of each link.
    rules : Definitions
    market : str
    window : (int, int)

    Returns
    -------
    pandas.DataFrame
        link, group, symbols, n (security-events), sessions, mean_car, and p-values of the tests that allow for
        cross-correlation (Kolari and Pynnönen 2010, 2011), two-sided; p_holm, that of kp_bmp adjusted for the groups of
        a link (Holm 1979); ``reason`` where a group could not be tested.
    """
    rule = rules.reaction
    study = EventStudy(
        model=MarketModel(market),
        estimation=EstimationWindow(
            length=rule.estimation_length, end=rule.estimation_end, minimum=rule.estimation_minimum
        ),
        window=window,
        calendar=None,
        mask_events=setting.catalog,
    )
    returns = securities.copy()
    returns[market] = setting.record.market.returns
    panel = ReturnPanel(returns)
    rows: list[dict[str, Any]] = []
    for link, sessions in links.items():
        for group, symbols in rules.groups.items():
            present = [s for s in symbols if s in securities.columns]
            if len(present) < _FEWEST:
                continue
            rows.append(
                {"link": link, "group": group, "symbols": len(present), **_row(study, panel, present, sessions, window)}
            )
    table = pd.DataFrame(rows)
    if "p_kp_bmp" in table:
        table["p_holm"] = np.nan
        for link in links:
            mine = (table["link"] == link) & table["p_kp_bmp"].notna()
            table.loc[mine, "p_holm"] = holm(table.loc[mine, "p_kp_bmp"].to_numpy(dtype=float))
    return table


def _row(
    study: EventStudy, panel: ReturnPanel, symbols: list[str], sessions: Sequence[pd.Timestamp], window: Pair
) -> dict[str, Any]:
    if not len(sessions):
        return {"n": 0, "sessions": 0, "mean_car": np.nan, "reason": "the sample has no session of this link"}
    pairs = pd.DataFrame(
        [(f"{day:%Y-%m-%d}", symbol, day) for day in sessions for symbol in symbols],
        columns=["event_id", "symbol", "bar"],
    )
    result = study.fit(pairs, panel)
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
