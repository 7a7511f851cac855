"""Everything beside the three links: the race of the rivals, companions, robustness, curve, cross-section, trends.

Each part draws from a stream of its own, so that one more part never changes another's draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from eventstudy.hypothesis.links.chain import SampleVerdict
from eventstudy.hypothesis.links.decision import age_stratum
from eventstudy.hypothesis.links.evidence import Evidence, row_loss, strata_of_rows
from eventstudy.hypothesis.record.build_record import StudyRecord
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.rivals.calendar_shift import shift_chain
from eventstudy.hypothesis.rivals.h2_checks import Check
from eventstudy.hypothesis.rivals.h2_checks_run import companion_checks
from eventstudy.hypothesis.rivals.horse_race import Race, covariates, run_race
from eventstudy.hypothesis.robustness.attenuation_and_dose import (
    attenuation,
    dose_response,
    episode_paths,
    overlay,
    rate_ladder,
)
from eventstudy.hypothesis.robustness.beside_tests import (
    coincidence,
    design_table,
    full_circles,
    near_deadline,
    posteriors,
    relief_table,
    remembered,
    watch,
)
from eventstudy.hypothesis.robustness.cross_section import reactions_by_security, tells
from eventstudy.hypothesis.robustness.cycles import count_cycles, cycle_table
from eventstudy.hypothesis.robustness.group_tests import group_tests
from eventstudy.hypothesis.robustness.specification_curve import specification_curve
from eventstudy.hypothesis.robustness.variants import giveback, leave_out, reaction_variants
from eventstudy.workers import each


@dataclass(frozen=True, slots=True)
class Tested:
    """The links, tested in every sample, and what they were tested on; strata and samples by the sample's name."""

    __test__: ClassVar[bool] = False  # a test runner must not take this for a class of tests

    study: StudyRecord
    evidence: Evidence
    strata: Mapping[str, list[Stratum]]
    samples: Mapping[str, SampleVerdict]
    draws: int
    curve_draws: int
    seed: int

    @property
    def shown(self) -> tuple[str, ...]:
        """The samples that are looked into: all events, and the headline."""
        return tuple(dict.fromkeys(("all", self.study.rules.headline)))


@dataclass(frozen=True, slots=True)
class Analysis:
    """The parts by name, and races and checks by sample; the facts are single figures, for JSON."""

    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any]
    races: Mapping[str, Race]
    checks: Mapping[str, tuple[Check, ...]]


Call = tuple[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def analyse(
    tested: Tested, securities: pd.DataFrame, *, market: str, say: Callable[[str], None], executor: Any = None
) -> Analysis:
    """Run every part on the whole record and on the headline sample; `say` is told the name of each.

    `securities` are (B, S) returns on the sessions of the record, `market` is the symbol of the index.
    """
    study, evidence = tested.study, tested.evidence
    draws, curve_draws = tested.draws, tested.curve_draws
    streams = np.random.SeedSequence([tested.seed, 2]).spawn(9)
    strata = {name: tested.strata[name] for name in tested.shown}
    first, second = (np.random.default_rng(s) for s in streams[4].spawn(2))
    few, many = {"draws": curve_draws}, {"draws": draws}
    calls: list[Call] = [
        (f"the race of the rivals: {name}", _race, (tested, name, spans, stream), {})
        for (name, spans), stream in zip(strata.items(), streams[0].spawn(len(strata)), strict=True)
    ]
    calls += [
        ("variants", reaction_variants, (study, strata), {**few, "seed": streams[1]}),
        ("leave-one-out", leave_out, (study, evidence, strata), {**few, "seed": streams[2]}),
    ]
    calls += [
        (
            f"the specification curve: {name}",
            specification_curve,
            (study, evidence, spans),
            {**few, "rng": np.random.default_rng(stream)},
        )
        for (name, spans), stream in zip(strata.items(), streams[3].spawn(len(strata)), strict=True)
    ]
    calls += [
        ("attenuation", attenuation, (study, evidence), {**many, "rng": first}),
        ("the dose", dose_response, (study, evidence), {**many, "rng": second}),
    ]
    if len(securities.columns):
        calls += _cross_section(tested, securities, market=market, streams=streams[5:7])
    found = each(calls, executor, say)
    tables, facts, races, checks = _rivals({name: found[f"the race of the rivals: {name}"] for name in strata})
    cycles = cycle_table(study, evidence)
    tables["cycles"] = cycles
    tables["variants"], tables["leave_out"] = found["variants"], found["leave-one-out"]
    tables["giveback"] = giveback(study, strata)
    curves = {name: found[f"the specification curve: {name}"] for name in strata}
    tables["curve"] = _by_sample({name: curve.table for name, curve in curves.items()})
    tables["curve_summary"] = _by_sample({name: curve.summary for name, curve in curves.items()})
    tables["attenuation"], (tables["dose"], dose) = found["attenuation"], found["the dose"]
    tables["rate_ladder"] = rate_ladder(study)
    paths, pair = episode_paths(study), _pair(study)
    tables["paths"], tables["overlay"] = paths, overlay(paths, *(name for name, _ in pair))
    tables |= {name: found[words] for name, words in ACROSS.items() if words in found}
    facts |= _beside(tested, tables, streams[7])
    facts = {
        "cycles": count_cycles(cycles),
        "dose": dose,
        "overlay": dict(zip(("first", "second"), (words for _, words in pair), strict=True)),
    } | facts
    return Analysis(tables, facts, races, checks)


def _beside(tested: Tested, tables: dict[str, pd.DataFrame], seed: np.random.SeedSequence) -> dict[str, Any]:
    """Add what stands beside the tests in the second version of the definitions."""
    study, evidence = tested.study, tested.evidence
    if study.rules.version < 2:
        return {}
    tables["evidence"], watched = watch(study, evidence, seed)
    tables["design"] = design_table(tested.samples, study)
    tables["posterior"] = posteriors(tested.samples, study, evidence)
    tables["reliefs"] = relief_table(study, evidence)
    tables["macro"] = coincidence(study, tested.strata)
    circles = full_circles(study, evidence)
    tables["circles"] = circles
    return {
        "circles": {"episodes": len(circles), "whole": int(circles["circle"].sum())},
        "remembered": remembered(study, study.rules.remembered.relief),
        "evidence": watched,
        "deadline": {name: near_deadline(study, tested.strata[name]) for name in tested.shown},
        "ends": {name: f"{day:%Y-%m-%d}" for name, day in study.ends.items()},
    }


ACROSS = {
    "securities": "the cross-section",
    "tells": "the cross-section: tells",
    "groups": "the cross-section: groups",
}
"""Tables of the cross-section, and what they are called while they are made."""


def _race(
    tested: Tested, name: str, spans: list[Stratum], seed: np.random.SeedSequence
) -> tuple[Race, tuple[Check, ...], Any]:
    """Run the race, the companions of H2 and the turned calendar in one sample."""
    study, evidence, record, draws = tested.study, tested.evidence, tested.study.record, tested.draws
    rules = study.rules
    split = int(study.index.searchsorted(pd.Timestamp(rules.attenuation_split), side="right"))
    first, second, third = seed.spawn(3)
    rows = tested.samples[name].rows
    loss, bins = row_loss(record, rows, evidence), strata_of_rows(record, rows.age, rules.decision)
    coarse = age_stratum(rows.age, rules.decision.age_bins)
    talks = study.sample.talks.position
    frame = covariates(record.market, rows, loss, study.rival, talks, split=split, episodes=rules.episodes)
    acts = record.risk.within([(s.first, s.last) for s in spans]).reliefs if record.risk is not None else ()
    race = run_race(frame, rows, coarse, draws=draws, rng=np.random.default_rng(first), exact=bins, reliefs=acts)
    checks = companion_checks(study, evidence, spans, rows, loss, draws=draws, seed=second)
    shift = shift_chain(
        record,
        evidence,
        rows,
        spans,
        winsor=rules.reaction.winsor,
        bins=bins,
        draws=draws,
        rng=np.random.default_rng(third),
    )
    return race, checks, shift


def _rivals(
    found: Mapping[str, tuple[Race, tuple[Check, ...], Any]],
) -> tuple[dict[str, pd.DataFrame], dict[str, Any], dict[str, Race], dict[str, tuple[Check, ...]]]:
    """Put the races, the companions and the turned calendars of the samples together."""
    races = {name: one[0] for name, one in found.items()}
    checks = {name: one[1] for name, one in found.items()}
    shifts = {name: one[2] for name, one in found.items()}
    tables = {
        "race": _by_sample({name: race.table for name, race in races.items()}),
        "race_joint": _by_sample({name: race.joint for name, race in races.items()}),
        "companions": _check_table(checks),
        "calendar_shift": pd.DataFrame(
            [(name, *test.observed, test.statistic, test.pvalue) for name, test in shifts.items()],
            columns=["sample", "H1", "H2", "H3", "smallest", "pvalue"],
        ),
    }
    facts = {
        "favourite": {
            name: {"rival": race.favourite, "bic_margin": race.margin, "reliefs": race.reliefs}
            for name, race in races.items()
        },
        "drawdown_beside_rivals": {name: race.surviving._asdict() for name, race in races.items()},
        "calendar_shift": {name: {"smallest": t.statistic, "pvalue": t.pvalue} for name, t in shifts.items()},
    }
    return tables, facts, races, checks


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


def _pair(study: StudyRecord) -> tuple[tuple[str, str], ...]:
    """Name the two threats that are laid over one another, each by its id and in words."""
    spells, named = study.record.spells, study.rules.overlay_pair
    if named and {name for name, _ in named} <= set(spells.ids):
        return named
    if not spells.ids:
        return (("", "no threat"), ("", "no other threat"))
    ends = ((spells.ids[i], study.index[spells.start[i]]) for i in (0, -1))
    return tuple((name, f"threat of {day:%d %B %Y}") for name, day in ends)


def _cross_section(
    tested: Tested, securities: pd.DataFrame, *, market: str, streams: list[np.random.SeedSequence]
) -> list[Call]:
    study, strata, draws = tested.study, tested.strata["all"], tested.curve_draws
    record, rules = study.record, study.rules
    gainers = {symbol for group in rules.tells.gain_by_threats for symbol in rules.groups.get(group, ())}
    first, last = rules.tells.window
    windows = {"pvalue": (first, last), "p_shifted": (first - rules.tells.shift, last - rules.tells.shift)}
    links = {"H1": record.trigger, "H3": record.relief}
    sessions = {link: [study.index[p] for p in position] for link, position in links.items()}
    return [
        (
            ACROSS["securities"],
            reactions_by_security,
            (securities, record, strata, rules.reaction),
            {"window": (0, 1), "draws": draws, "seed": streams[0]},
        ),
        (
            ACROSS["tells"],
            tells,
            (securities, record, strata, rules.reaction, rules.placebos(draws)),
            {
                "windows": windows,
                "signs": {symbol: 1 if symbol in gainers else -1 for symbol in securities.columns},
                "seed": streams[1],
            },
        ),
        (ACROSS["groups"], group_tests, (study, securities, sessions), {"market": market, "window": (0, 1)}),
    ]
