"""The tables behind the verdict: which events entered with what reaction, what was left out, links by sample, placebos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eventstudy.hypothesis.chain import Evidence, SampleVerdict
    from eventstudy.hypothesis.definitions import Definitions
    from eventstudy.hypothesis.setting import Setting
    from eventstudy.hypothesis.verdict import Falsifier

__all__ = ["verdict_tables"]


def verdict_tables(
    setting: Setting,
    evidence: Evidence,
    samples: Mapping[str, SampleVerdict],
    falsifiers: tuple[Falsifier, ...],
    rules: Definitions,
) -> dict[str, pd.DataFrame]:
    """All tables by name."""
    return {
        "links": _links(samples),
        "events_used": _used(setting, evidence, rules),
        "excluded": _excluded(setting, evidence),
        "threats": setting.episodes,
        "placebos": _placebos(samples),
        "falsifiers": pd.DataFrame(
            [(f.link, f.text, f.fires, f.required, f.figure) for f in falsifiers],
            columns=["link", "falsifier", "fires", "required", "figure"],
        ),
    }


def _links(samples: Mapping[str, SampleVerdict]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for name, sample in samples.items():
        for key, test in [*sample.links.items(), ("chain", sample.chain)]:
            power = sample.power[key]
            row = {
                "sample": name,
                "link": key,
                "n": test.n_clusters,
                "estimate": test.estimate,
                "unit": test.unit,
                "ci_low": test.ci[0],
                "ci_high": test.ci[1],
                "pvalue": test.pvalue,
                "power": power.power,
                "effect": power.effect,
                "detectable": power.detectable,
                "reason": test.reason,
            }
            for p in (
                "p_permutation",
                "p_matched",
                "p_shift",
                "p_left_out",
                "p_sessions",
                "p_hazard",
                "p_t",
                "p_wilcoxon",
                "p_sign",
                "p_two_of_three",
            ):
                row[p] = test.details.get(p, np.nan)
            row["p_equivalence"] = test.details.get("p_equivalence", np.nan)
            row["smallest_margin"] = test.details.get("smallest_margin", np.nan)
            row["mean_car"] = test.details.get("mean_car", np.nan)
            rows.append(row)
    return pd.DataFrame(rows)


def _period(session: pd.Timestamp, rules: Definitions) -> str:
    for name, (start, end) in rules.periods.items():
        if pd.Timestamp(start) <= session <= pd.Timestamp(end):
            return name
    return ""


def _used(setting: Setting, evidence: Evidence, rules: Definitions) -> pd.DataFrame:
    rows = []
    for link, sample in (
        ("H1", setting.sample.trigger),
        ("H2", setting.sample.decision),
        ("H3", setting.sample.relief),
    ):
        for position, ids in zip(sample.position, sample.ids, strict=True):
            session = setting.index[position]
            at_risk = evidence.base[position] >= 0
            if not np.isfinite(evidence.scores.z[position]) or (link == "H2" and not at_risk):
                continue
            rows.append(
                {
                    "link": link,
                    "session": session,
                    "period": _period(session, rules),
                    "event_ids": ids,
                    "car": evidence.scores.car[position],
                    "sar": evidence.scores.z[position],
                    "loss_before": evidence.loss[position],
                }
            )
    columns = ["link", "session", "period", "event_ids", "car", "sar", "loss_before"]
    return pd.DataFrame(rows, columns=columns)


def _excluded(setting: Setting, evidence: Evidence) -> pd.DataFrame:
    """Rows that enter no link, and decisions at which no threat was open."""
    account = setting.sample.account
    out = account[account["reason"] != ""][["event_id", "session", "stance", "reason"]].copy()
    out.insert(0, "link", np.where(account.loc[out.index, "used"] == "H2", "H1 H3", "all"))
    extra = []
    for link, sample in (("H1", setting.sample.trigger), ("H3", setting.sample.relief)):
        for position, ids in zip(sample.position, sample.ids, strict=True):
            if not np.isfinite(evidence.scores.z[position]):
                extra.append((link, ids, setting.index[position], "", "too little history, or no price"))
    for position, ids in zip(setting.sample.decision.position, setting.sample.decision.ids, strict=True):
        if evidence.base[position] < 0:
            extra.append(("H2", ids, setting.index[position], "", "no threat of the decider was open"))
    return pd.concat([out, pd.DataFrame(extra, columns=out.columns)], ignore_index=True)


def _placebos(samples: Mapping[str, SampleVerdict]) -> pd.DataFrame:
    rows = []
    for name, sample in samples.items():
        for link, reaction in sample.reactions.items():
            for scheme in ("permutation", "matched", "shift"):
                null = getattr(reaction, f"null_{scheme}")
                if null.size:
                    rows.append(
                        (name, link, scheme, reaction.estimate, *_describe(null), getattr(reaction, f"p_{scheme}"))
                    )
        null = sample.decisions.null
        if null.size:
            rows.append((name, "H2", "sessions", sample.decisions.statistic, *_describe(null), sample.decisions.pvalue))
    columns = ["sample", "link", "scheme", "observed", "draws", "mean", "sd", "q05", "q95", "pvalue"]
    return pd.DataFrame(rows, columns=columns)


def _describe(null: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[int, float, float, float, float]:
    low, high = np.quantile(null, [0.05, 0.95])
    return int(null.size), float(null.mean()), float(null.std()), float(low), float(high)
