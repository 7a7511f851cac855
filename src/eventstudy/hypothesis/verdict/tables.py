"""The tables behind the verdict: which events entered with what reaction, what was left out, links by sample, placebos.

Their titles, captions, heads and units stand in ``tables.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from eventstudy._shipped import shipped_text
from eventstudy._typing import Floats
from eventstudy.hypothesis.analysis import Tested
from eventstudy.hypothesis.links.chain import SampleVerdict
from eventstudy.hypothesis.links.evidence import Evidence
from eventstudy.hypothesis.links.test_results import own_sign
from eventstudy.hypothesis.record.build_record import StudyRecord
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.verdict.falsifier import FALSE_ALARMS, Falsifier

_DETAILS = (
    "p_permutation", "p_matched", "p_shift", "p_left_out", "p_sessions", "p_hazard", "p_t", "p_wilcoxon", "p_sign",
    "p_two_of_three", "p_equivalence", "smallest_margin", "mean_car",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableWords:
    """What a table is called, and for its columns, by name, the units of their numbers and their heads."""

    title: str
    caption: str
    units: Mapping[str, str]
    labels: Mapping[str, str]


def table_words(name: str, frame: pd.DataFrame) -> TableWords:
    """Give the words of a table; one that ``tables.toml`` does not know is called by its name."""
    table, columns = _words()["tables"].get(name, {}), list(map(str, frame.columns))
    own, common = table.get("columns", {}), _words()["columns"]

    def unit(column: str) -> str:
        if "unit" in own.get(column, {}):
            return str(own[column]["unit"])
        if not pd.api.types.is_numeric_dtype(frame[column]):
            return ""
        return "pvalue" if column.startswith("p_") else common.get(column, {}).get("unit", "")

    units = {column: unit(column) for column in columns if unit(column)}
    words = {column: common.get(column, {}) | own.get(column, {}) for column in columns}
    labels = {column: said["label"] for column, said in words.items() if "label" in said}
    return TableWords(table.get("title", name.replace("_", " ")), table.get("caption", ""), units, labels)


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(shipped_text("eventstudy.hypothesis.verdict", "tables.toml"))


def verdict_tables(tested: Tested, falsifiers: Sequence[Falsifier]) -> dict[str, pd.DataFrame]:
    """All tables by name."""
    alarms = FALSE_ALARMS if tested.study.rules.digest == load_definitions().digest else {}
    return {
        "links": _links(tested.samples),
        "events_used": _used(tested.study, tested.evidence),
        "excluded": _excluded(tested.study, tested.evidence),
        "threats": tested.study.episodes,
        "placebos": _placebos(tested.samples),
        "falsifiers": pd.DataFrame(
            [(f.link, f.text, f.fires, f.required, f.figure, alarms.get(f.text, np.nan)) for f in falsifiers],
            columns=["link", "falsifier", "fires", "required", "figure", "false_alarms"],
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
                "low": test.ci[0],
                "high": test.ci[1],
                "pvalue": test.pvalue,
                "power": power.power,
                "effect": power.effect,
                "detectable": power.detectable,
                "reason": test.reason,
            }
            rows.append(row | {detail: test.details.get(detail, np.nan) for detail in _DETAILS})
    return pd.DataFrame(rows)


def _used(study: StudyRecord, evidence: Evidence) -> pd.DataFrame:
    periods = {name: (pd.Timestamp(start), pd.Timestamp(end)) for name, (start, end) in study.rules.periods.items()}
    z, car = evidence.scores.z, evidence.scores.car
    rows = []
    for link, sample in (
        ("H1", study.sample.trigger),
        ("H2", study.sample.decision),
        ("H3", study.sample.relief),
    ):
        for position, ids in zip(sample.position, sample.ids, strict=True):
            if not np.isfinite(z[position]) or (link == "H2" and not evidence.at_risk[position]):
                continue
            session = study.index[position]
            period = next((name for name, (start, end) in periods.items() if start <= session <= end), "")
            rows.append((link, session, period, ids, car[position], z[position], evidence.loss[position]))
    columns = ["link", "session", "period", "event_ids", "car", "sar", "loss_before"]
    return pd.DataFrame(rows, columns=columns)


def _excluded(study: StudyRecord, evidence: Evidence) -> pd.DataFrame:
    """Rows that enter no link, and decisions at which no threat was open."""
    account = study.sample.account
    out = account[account["reason"] != ""][["event_id", "session", "stance", "reason"]].copy()
    out.insert(0, "link", np.where(account.loc[out.index, "used"] == "H2", "H1 H3", "all"))
    extra = []
    for link, sample in (("H1", study.sample.trigger), ("H3", study.sample.relief)):
        for position, ids in zip(sample.position, sample.ids, strict=True):
            if not np.isfinite(evidence.scores.z[position]):
                extra.append((link, ids, study.index[position], "", "too little history, or no price"))
    for position, ids in zip(study.sample.decision.position, study.sample.decision.ids, strict=True):
        if not evidence.at_risk[position]:
            extra.append(("H2", ids, study.index[position], "", "no threat of the decider was open"))
    return pd.concat([out, pd.DataFrame(extra, columns=out.columns)], ignore_index=True)


def _placebos(samples: Mapping[str, SampleVerdict]) -> pd.DataFrame:
    rows = []
    for name, sample in samples.items():
        tests = [
            (link, scheme, own_sign(link) * reaction.estimate, own_sign(link) * null, reaction.pvalues[scheme])
            for link, reaction in sample.reactions.items()
            for scheme, null in reaction.nulls.items()
        ]
        decisions = sample.decisions
        tests.append(("H2", "sessions", decisions.statistic, decisions.null, decisions.pvalue))
        rows += [
            (name, link, scheme, value, *_describe(null), p) for link, scheme, value, null, p in tests if null.size
        ]
    columns = ["sample", "link", "scheme", "observed", "draws", "mean", "sd", "q05", "q95", "pvalue"]
    return pd.DataFrame(rows, columns=columns)


def _describe(null: Floats) -> tuple[int, float, float, float, float]:
    low, high = np.quantile(null, [0.05, 0.95])
    return int(null.size), float(null.mean()), float(null.std()), float(low), float(high)
