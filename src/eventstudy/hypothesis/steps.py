"""What changed the answer, step by step: from the first version's rules and record to those of the second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.events import EventCatalog, load_events
from eventstudy.hypothesis.links.chain import evaluate
from eventstudy.hypothesis.links.evidence import prepare
from eventstudy.hypothesis.record.build_record import build_record
from eventstudy.hypothesis.record.definitions import FIRST, Definitions, load_definitions
from eventstudy.hypothesis.record.strata import strata_of
from eventstudy.returns import PricePanel

FIRST_END = "2025-11-14"  # the last price of the first version
COLUMNS = (
    *("step", "rules", "events", "prices_to", "sample", "H1", "H2", "H3", "chain", "n_H1", "n_H2", "n_H3"),
    *("mean_H1", "loss_H2", "mean_H3"),
)
_POWER = 2  # draws: the power of a step is not told


def steps_table(
    catalog: EventCatalog, prices: PricePanel, rules: Definitions, options: Mapping[str, Any], draws: int, seed: int
) -> pd.DataFrame:
    """Give the links' p-values after each step, in the headline sample and on all events; empty for other rules or records.

    Each step changes one thing and keeps those before it. The last is the study itself. The mean reactions are abnormal
    returns, the loss is that before reliefs beyond other sessions at risk.
    """
    if (
        catalog.name != "us-china"
        or rules.digest != load_definitions().digest
        or len(prices.frame.loc[:FIRST_END]) == 0
    ):
        return pd.DataFrame(columns=list(COLUMNS))
    first = load_definitions(FIRST)
    one_test = load_definitions(_changed(first.raw, {"placebo": {"primary": ["permutation"]}}))
    raw = load_definitions(_changed(one_test.raw, {"reaction": {"winsor": [0.0, 1.0]}}))
    old = prices.frame.loc[:FIRST_END]
    start = load_events(FIRST)
    walked = [
        ("the first version: its rules, its record", first, start, old),
        ("the record coded anew, to the same day", first, catalog, old),
        (f"prices and events to {prices.frame.index[-1]:%d %B %Y}", first, catalog, prices.frame),
        ("one test a link in place of the largest of four", one_test, catalog, prices.frame),
        ("nothing clipped", raw, catalog, prices.frame),
        ("H2 on one table of reliefs, threatened or in force", rules, catalog, prices.frame),
    ]
    rows: list[tuple[Any, ...]] = []
    for number, (what, own, events, frame) in enumerate(walked):
        found = _answers(events, frame, own, options, draws, np.random.SeedSequence([seed, 4, number]))
        rows += [(what, f"version {own.version}", events.name, f"{frame.index[-1]:%Y-%m-%d}", *row) for row in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _changed(raw: Mapping[str, Any], change: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {key: {**value, **change[key]} if key in change else value for key, value in raw.items()}


def _answers(
    catalog: EventCatalog,
    frame: pd.DataFrame,
    rules: Definitions,
    options: Mapping[str, Any],
    draws: int,
    seed: np.random.SeedSequence,
) -> list[tuple[Any, ...]]:
    study = build_record(catalog, PricePanel(frame), rules, **options)
    evidence = prepare(study.record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    how = rules.links(draws=draws, power_draws=_POWER, curves=False)
    periods = {rules.headline: {rules.headline: rules.periods[rules.headline]}, "all": rules.periods}
    rows = []
    for (name, span), stream in zip(periods.items(), seed.spawn(len(periods)), strict=True):
        strata = strata_of(span, study.index, study.record.busy, rules.placebo.pool_before)
        sample = evaluate(study.record, evidence, strata, how, name=name, seed=stream)
        links = sample.links
        n = [links[key].n_clusters for key in ("H1", "H2", "H3")]
        means = [links[key].details.get("mean_car", links[key].estimate) for key in ("H1", "H2", "H3")]
        rows.append((name, *(links[key].pvalue for key in ("H1", "H2", "H3")), sample.chain.pvalue, *n, *means))
    return rows
