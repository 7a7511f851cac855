"""Everything beside the three links: the race of the rivals, companions, robustness, curve, cross-section, trends.

Each part draws from a stream of its own, so that one more part never changes another's draws.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy.hypothesis.chain import row_loss
from eventstudy.hypothesis.companions import companion_checks
from eventstudy.hypothesis.curve import specification_curve
from eventstudy.hypothesis.cycles import count_cycles, cycle_table
from eventstudy.hypothesis.groups import group_tests
from eventstudy.hypothesis.race import Race, covariates, run_race
from eventstudy.hypothesis.robustness import giveback, leave_out, reaction_variants
from eventstudy.hypothesis.securities import reactions_by_security, tells
from eventstudy.hypothesis.shift import ShiftTest, shift_chain
from eventstudy.hypothesis.trends import attenuation, dose_response, episode_paths, overlay, rate_ladder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from eventstudy.hypothesis.chain import Evidence, SampleVerdict
    from eventstudy.hypothesis.checks import Check
    from eventstudy.hypothesis.definitions import Definitions
    from eventstudy.hypothesis.reactions import Stratum
    from eventstudy.hypothesis.setting import Setting

__all__ = ["Analysis", "analyse"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Analysis:
    """The parts by name.

    Attributes
    ----------
    tables : mapping of str to DataFrame
    facts : mapping of str to plain values
        Single figures, for JSON.
    races : mapping of str to Race
        By sample.
    checks : mapping of str to tuple of Check
        By sample.
    shifts : mapping of str to ShiftTest
        By sample.
    """

    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any]
    races: Mapping[str, Race]
    checks: Mapping[str, tuple[Check, ...]]
    shifts: Mapping[str, ShiftTest] = field(default_factory=dict)


def analyse(
    setting: Setting,
    evidence: Evidence,
    samples: Mapping[str, SampleVerdict],
    strata: dict[str, list[Stratum]],
    rules: Definitions,
    *,
    market: str,
    securities: pd.DataFrame | None,
    draws: int,
    curve_draws: int,
    seed: int,
    say: Callable[[str], None],
) -> Analysis:
    """Run every part on the whole record and on the headline sample.

    Parameters
    ----------
    setting, evidence, samples, strata
        What the links were tested on.
    rules : Definitions
    market : str
        Symbol of the index.
    securities : pandas.DataFrame or None
        (B, S) returns of other securities on the sessions of the record.
    draws, curve_draws : int
    seed : int
    say : callable
        Told the name of each part.
    """
    streams = np.random.SeedSequence([seed, 2]).spawn(9)
    chosen = {name: strata[name] for name in ("all", rules.headline)}
    tables: dict[str, pd.DataFrame] = {}
    say("the race of the rivals")
    races, checks, shifts = {}, {}, {}
    for (name, spans), stream in zip(chosen.items(), streams[0].spawn(len(chosen)), strict=True):
        seeds = stream.spawn(3)
        rows, loss = samples[name].rows, row_loss(setting.record.market, samples[name].rows, evidence, rules)
        split = int(setting.index.searchsorted(pd.Timestamp(rules.attenuation_split), side="right"))
        frame = covariates(
            setting.record.market, rows, loss, setting.rival, setting.sample.talks.position, rules, split=split
        )
        races[name] = run_race(frame, rows, rules, draws=draws, rng=np.random.default_rng(seeds[0]))
        checks[name] = companion_checks(setting, evidence, spans, rows, loss, rules, draws=draws, seed=seeds[1])
        shifts[name] = shift_chain(
            setting.record, evidence, rows, spans, rules, draws=draws, rng=np.random.default_rng(seeds[2])
        )
    tables["race"] = _by_sample({name: race.table for name, race in races.items()})
    tables["race_joint"] = _by_sample({name: race.joint for name, race in races.items()})
    tables["companions"] = _check_table(checks)
    tables["calendar_shift"] = pd.DataFrame(
        [(name, *test.observed, test.statistic, test.pvalue) for name, test in shifts.items()],
        columns=["sample", "H1", "H2", "H3", "smallest", "pvalue"],
    )
    cycles = cycle_table(setting, evidence)
    tables["cycles"] = cycles
    say("variants and leave-one-out")
    tables["variants"] = reaction_variants(setting, chosen, rules, draws=curve_draws, seed=streams[1])
    tables["leave_out"] = leave_out(setting, evidence, chosen, rules, draws=curve_draws, seed=streams[2])
    tables["giveback"] = giveback(setting, rules, chosen)
    say("the specification curve")
    curves = {
        name: specification_curve(setting, evidence, spans, rules, draws=curve_draws, rng=np.random.default_rng(stream))
        for (name, spans), stream in zip(chosen.items(), streams[3].spawn(len(chosen)), strict=True)
    }
    tables["curve"] = _by_sample({name: curve.table for name, curve in curves.items()})
    tables["curve_summary"] = _by_sample({name: curve.summary for name, curve in curves.items()})
    first, second = (np.random.default_rng(s) for s in streams[4].spawn(2))
    tables["attenuation"] = attenuation(setting, evidence, rules, draws=draws, rng=first)
    tables["dose"], dose = dose_response(setting, evidence, rules, draws=draws, rng=second)
    tables["rate_ladder"] = rate_ladder(setting, rules)
    paths, pair = episode_paths(setting), _pair(setting, rules)
    tables["paths"], tables["overlay"] = paths, overlay(paths, *(name for name, _ in pair))
    if securities is not None and len(securities.columns):
        say("the cross-section")
        tables |= _cross_section(
            setting, securities, strata, rules, symbol=market, draws=curve_draws, streams=streams[5:7]
        )
    facts = {
        "cycles": count_cycles(cycles),
        "dose": dose,
        "overlay": dict(zip(("first", "second"), (words for _, words in pair), strict=True)),
        "favourite": {
            name: {"rival": race.favourite, "bic_margin": race.margin, "reliefs": race.reliefs}
            for name, race in races.items()
        },
        "drawdown_beside_rivals": {name: race.surviving._asdict() for name, race in races.items()},
        "calendar_shift": {name: {"smallest": t.statistic, "pvalue": t.pvalue} for name, t in shifts.items()},
    }
    return Analysis(tables, facts, races, checks, shifts)


def _check_table(checks: Mapping[str, tuple[Check, ...]]) -> pd.DataFrame:
    columns = ["name", "question", "estimate", "unit", "pvalue", "alternative", "n", "events", "expected", "note"]
    rows = [(name, *(getattr(c, column) for column in columns)) for name, group in checks.items() for c in group]
    return pd.DataFrame(rows, columns=["sample", *columns])


def _by_sample(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    filled = [frame.assign(sample=name) for name, frame in parts.items() if len(frame)]
    if not filled:
        return pd.DataFrame(columns=["sample"])
    table = pd.concat(filled, ignore_index=True)
    return table[["sample", *(c for c in table.columns if c != "sample")]]


def _pair(setting: Setting, rules: Definitions) -> tuple[tuple[str, str], ...]:
    """Name the two threats that are laid over one another, each by its id and in words."""
    spells, named = setting.record.spells, rules.overlay_pair
    if named and {name for name, _ in named} <= set(spells.ids):
        return named
    if not spells.ids:
        return (("", "no threat"), ("", "no other threat"))
    ends = ((spells.ids[i], setting.index[spells.start[i]]) for i in (0, -1))
    return tuple((name, f"threat of {day:%d %B %Y}") for name, day in ends)


def _cross_section(
    setting: Setting,
    securities: pd.DataFrame,
    strata: dict[str, list[Stratum]],
    rules: Definitions,
    *,
    symbol: str,
    draws: int,
    streams: list[np.random.SeedSequence],
) -> dict[str, pd.DataFrame]:
    record = setting.record
    market = record.market.returns
    groups = {"H1": (record.trigger, -1), "H3": (record.relief, 1)}
    table = reactions_by_security(
        securities, market, record.busy, groups, strata["all"], rules, window=(0, 1), draws=draws, seed=streams[0]
    )
    gainers = {symbol for group in rules.tells.gain_by_threats for symbol in rules.groups.get(group, ())}
    signs = {symbol: 1 if symbol in gainers else -1 for symbol in securities.columns}
    drift = tells(
        securities,
        market,
        record.busy,
        record.trigger,
        record.relief,
        strata["all"],
        rules,
        signs=signs,
        draws=draws,
        seed=streams[1],
    )
    links = {
        "H1": [setting.index[p] for p in record.trigger],
        "H3": [setting.index[p] for p in record.relief],
    }
    groups_table = group_tests(setting, securities, links, rules, market=symbol, window=(0, 1))
    return {"securities": table, "tells": drift, "groups": groups_table}
