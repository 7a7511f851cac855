"""Rules of the claims that need a test: the chain, the size of reactions, the fear gauge, the time to relief."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from eventstudy._typing import Ints
from eventstudy.hypothesis.claims.ledger import Finding, Ground, MissingData, Rules, Word
from eventstudy.hypothesis.links.decision import score_test
from eventstudy.hypothesis.links.evidence import row_loss, strata_of_rows
from eventstudy.hypothesis.links.placebo_draws import differences, draw_without, pvalue, rotation_sums, rotations
from eventstudy.hypothesis.links.relief import relief_shift
from eventstudy.hypothesis.record.market import drawdown
from eventstudy.hypothesis.rivals.cumulative_incidence import Incidence, ends_of_threats
from eventstudy.words import percent, pvalue_words, signed

RULES = Rules()

_FEW = 5  # fewer events cannot carry a test

_SIX_WEEKS = 42

_ORDINARY = 0.9  # a move is muted unless larger than nine in ten quiet sessions

_WHOLE = "2018-01 to 2020-01 and 2025 to the end of the prices"

_TRIPLE = 100.0  # percent

_ANSWERED = 3  # sessions within which an escalation answers one

_TESLA = 0.017  # share of the index, June 2025 (S&P Dow Jones, from memory)

_AFTER = "from 3 May 2025 to the end of the prices"


def word(p: float, p_wrong: float, alpha: float) -> Word:
    """Choose the word of a one-sided test and its mirror."""
    return "supported" if p <= alpha else "contradicted" if p_wrong <= alpha else "mixed"


def spans_of(ground: Ground) -> list[tuple[int, int]]:
    """Give the first and last position of each period that the record holds."""
    index = ground.study.index
    spans = [
        (int(index.searchsorted(pd.Timestamp(a))), int(index.searchsorted(pd.Timestamp(b), side="right")) - 1)
        for a, b in ground.rules.periods.values()
    ]
    return [(a, b) for a, b in spans if b >= a]


def _number(table: pd.DataFrame, row: str, column: str) -> float:
    return float(table[column].to_numpy(dtype=float)[table.index.get_loc(row)])


@RULES.of(1)
def whole_chain(ground: Ground) -> Finding:
    """Take the verdict of the study: the headline sample, and which links hold on all events."""
    alpha = ground.rules.alpha
    lead, everything = ground.samples[ground.rules.headline], ground.samples["all"]
    told = ", ".join(f"{k} {pvalue_words(v.pvalue)}" for k, v in everything.links.items())
    chain = pvalue_words(lead.chain.pvalue) if lead.chain.applicable else "not testable"
    figure = f"all events: {told}; chain after 2 May 2025: {chain}"
    holds = [v.applicable and v.pvalue <= alpha for v in everything.links.values()]
    against = [v.applicable and v.details["p_wrong_sign"] <= alpha for v in lead.links.values()]
    if lead.chain.applicable and lead.chain.pvalue <= alpha:
        return Finding("supported", figure, _AFTER)
    if any(against):
        return Finding("contradicted", figure, _AFTER)
    missing = ", ".join(k for k, ok in zip(everything.links, holds, strict=True) if not ok)
    return Finding(
        "mixed" if any(holds) else "not testable",
        figure,
        f"{_WHOLE}; {_AFTER}",
        f"no evidence for {missing}; the chain is not established",
    )


@RULES.of(2)
def after_volatility(ground: Ground) -> Finding:
    """Look at words and acts together: fear gauge and drawdown before reliefs of either kind, each by itself."""
    risk = ground.study.risk_sets("words too") or ground.study.record.risk
    if risk is None or len(risk.reliefs) < _FEW:
        msg = "too few reliefs, or no table of them"
        raise MissingData(msg)
    fear = np.full(ground.study.record.market.fear.shape, np.nan)
    fear[1:] = ground.study.record.market.fear[:-1]
    if not np.isfinite(fear).any():
        msg = "no fear gauge"
        raise MissingData(msg)
    record = replace(ground.study.record, risk=risk)
    sides = {"fear gauge": fear[risk.rows.day], "drawdown": row_loss(record, risk.rows, ground.evidence)}
    spans = spans_of(ground)
    inside = risk.within(spans)
    keep = np.zeros(risk.rows.day.shape, dtype=bool)
    for a, b in spans:
        keep |= (risk.rows.day >= a) & (risk.rows.day <= b)
    first, second = ground.rng(2).spawn(2)
    found = {
        name: relief_shift(inside.rows, x[keep], inside.reliefs, spans, draws=ground.draws, rng=rng)
        for (name, x), rng in zip(sides.items(), (first, second), strict=True)
    }
    ps = [test.pvalue for test in found.values()]
    figure = (
        f"before {len(inside.reliefs)} reliefs in acts or words: fear gauge {found['fear gauge'].estimate:+.1f} points beyond other "
        f"sessions at risk ({pvalue_words(ps[0])}), loss {100 * found['drawdown'].estimate:+.1f} points ({pvalue_words(ps[1])})"
    )
    # two looks, one claim: Bonferroni
    low, high = min(1.0, 2 * min(ps)), min(1.0, 2 * min(1 - p for p in ps))
    return Finding(word(low, high, ground.rules.alpha), figure, _WHOLE)


@RULES.of(3)
def reliable_lift(ground: Ground) -> Finding:
    """Ask for a sign rate, in all events and in the headline sample."""
    link, lead = ground.samples["all"].links["H3"], ground.samples[ground.rules.headline].links["H3"]
    if not link.applicable or link.n < _FEW:
        msg = "too few reliefs"
        raise MissingData(msg)
    share, p = link.details["share"], link.details["p_sign"]
    later = lead.details["share"] if lead.applicable else float("nan")
    figure = (
        f"{percent(share)} of {link.n} sessions up ({pvalue_words(p)}); after 2 May 2025 {percent(later)} of {lead.n}"
    )
    if p <= ground.rules.alpha and later > 0.5:
        return Finding("supported", figure, _WHOLE)
    if share <= 0.5:
        return Finding("contradicted", figure, _WHOLE)
    return Finding("mixed", figure, f"{_WHOLE}; {_AFTER}", "a lift on average; not reliable in the hold-out")


@RULES.of(4)
def triple_digits(ground: Ground) -> Finding:
    """Ask what "can" says: whether moves to triple-digit rates on China brought a fall beyond those of quiet sessions."""
    points, z = ground.analysis.tables["dose"], ground.evidence.scores.z
    events = ground.study.events
    high = events[
        (events["stance"] == ground.rules.stances.trigger)
        & (events["rate_after"] >= _TRIPLE)
        & events["actor"].isin([ground.rules.sample.decider, "both"])
        & events["scope"].isin(ground.rules.sample.scopes)
    ]
    at = np.unique(ground.study.index.get_indexer(pd.DatetimeIndex(high["session"])))
    at = at[(at >= 0) & np.isfinite(z[np.maximum(at, 0)])]
    if not at.size:
        msg = "no move to a triple-digit rate with a price"
        raise MissingData(msg)
    quiet = z[ground.quiet()]
    worst = float(z[at].min())
    # the least of as many quiet sessions: the largest fall is looked for among all of them
    null = quiet[draw_without(np.arange(quiet.size), at.size, ground.draws, ground.rng(4))].min(axis=1)
    p = pvalue(-worst, -null)
    found = ground.analysis.facts["dose"]
    beside = (
        f"; rank correlation with the rise times cover {found['rho_dose']:+.2f} ({pvalue_words(found['pvalue_dose'])}, {int(found['n_rises'])} announcements)"
        if len(points) and np.isfinite(found.get("rho_dose", np.nan))
        else ""
    )
    figure = f"largest fall of {at.size} sessions {worst:+.1f} standard deviations ({pvalue_words(p)} against the worst of as many quiet ones){beside}"
    return Finding(word(p, 1 - p, ground.rules.alpha), figure, _WHOLE)


@RULES.of(5)
def faster(ground: Ground) -> Finding:
    """Take H2 on all events and the landmark beside it."""
    link = ground.samples["all"].links["H2"]
    mark = next(c for c in ground.analysis.checks["all"] if c.name == "landmark")
    if not link.applicable:
        msg = link.reason
        raise MissingData(msg)
    figure = f"H2 {pvalue_words(link.pvalue)}; relief within {ground.rules.decision.landmark_days} days on the first reaction {pvalue_words(mark.pvalue)} ({mark.events} of {mark.n})"
    return Finding(word(link.pvalue, link.details["p_wrong_sign"], ground.rules.alpha), figure, _WHOLE)


def _ends(ground: Ground, *, everyone: bool) -> Incidence:
    curve = ends_of_threats(ground.study, everyone=everyone)
    if not curve.n:
        msg = "no threats"
        raise MissingData(msg)
    return curve


@RULES.of(6)
def modal_outcome(ground: Ground) -> Finding:
    """Compare the two ends at sixty days, for all targets and for the scopes."""
    limit = float(ground.rules.episodes.censor_days)
    words, parts = [], []
    for name, everyone in (("all targets", True), ("China and global", False)):
        curve = _ends(ground, everyone=everyone)
        soft, hard, still = curve.at(limit)
        parts.append(f"{name}: relief {percent(soft)}, implemented {percent(hard)}, open {percent(still)} of {curve.n}")
        words.append(soft > hard and soft > still)
    verdict: Word = "supported" if all(words) else "mixed" if any(words) else "contradicted"
    reason = "the most frequent end among one group of threats, not among the other" if verdict == "mixed" else ""
    return Finding(verdict, "; ".join(parts) + f", by day {limit:.0f}", "threats of 2018-19 and 2025-26", reason)


@RULES.of(7)
def near_the_record(ground: Ground) -> Finding:
    """Ask whether relief is rarer near the record, after the hypothesis had a name."""
    rows = ground.samples[ground.rules.headline].rows
    decision = ground.rules.decision
    loss = drawdown(ground.study.record.market, "peak", ground.evidence.base, decision)[rows.day]
    bins = strata_of_rows(ground.study.record, rows.age, decision)
    test = score_test(loss, rows.relieved, bins, draws=ground.draws, rng=ground.rng(7))
    figure = (
        f"distance from the record and relief: {pvalue_words(test.pvalue)}, {test.n} reliefs" if test.n else "no relief"
    )
    if test.n < _FEW:
        return Finding("not testable", figure, _AFTER, f"too few events: {test.n} threats ended in relief")
    return Finding(word(test.pvalue, 1 - test.pvalue, ground.rules.alpha), figure, _AFTER)


@RULES.of(8)
def beijing(ground: Ground) -> Finding:
    """Count China's escalations that no American one preceded by three sessions: only those could be timed by the market."""
    events, index, rules = ground.study.events, ground.study.index, ground.rules
    leads = events[(events["stance"] == rules.stances.trigger) & events["lead"]]
    place = pd.Series(index.get_indexer(pd.DatetimeIndex(leads["session"])), index=leads.index)
    theirs = np.unique(place[(leads["actor"] == rules.sample.rival_actor) & (place >= 0)])
    ours = np.unique(
        place[leads["actor"].isin([rules.sample.decider, "both"]) & leads["scope"].isin(rules.sample.scopes)]
    )
    alone = np.asarray([t for t in theirs if not np.any((ours <= t) & (ours >= t - _ANSWERED))], dtype=np.int64)
    fear = np.full(len(index), np.nan)
    fear[1:] = ground.study.record.market.fear[:-1]
    spans = spans_of(ground)
    inside = [alone[(alone >= a) & (alone <= b)] for a, b in spans]
    n = sum(p.size for p in inside)
    head = f"{theirs.size} sessions of Chinese escalations, {n} not within {_ANSWERED} sessions of an American one"
    if n < _FEW or not np.isfinite(fear).any():
        return Finding("not testable", head, _WHOLE, f"too few unprovoked ones: {n}")
    parts = [rotation_sums(-fear, p, a, b) for p, (a, b) in zip(inside, spans, strict=True)]
    null = rotations(parts, ground.draws, ground.rng(8))
    observed = sum(float(s[0]) for s, _ in parts) / sum(float(c[0]) for _, c in parts)
    p = pvalue(observed, null)
    figure = f"{head}; fear gauge before these {-observed:.1f}, on turned calendars {-float(null.mean()):.1f} ({pvalue_words(p)} for lower)"
    reason = "the implication alone: what Beijing believes is not observed"
    return Finding(word(p, pvalue(-observed, -null), rules.alpha), figure, _WHOLE, reason)


@RULES.of(9)
def rare_earth_leverage(ground: Ground) -> Finding:
    """Read the horse race."""
    table = ground.analysis.races["all"].table.set_index("rival")
    if "retaliation" not in table.index:
        msg = "too few reliefs"
        raise MissingData(msg)
    p = _number(table, "retaliation", "p_permutation")
    ratio = _number(table, "retaliation", "hazard_ratio")
    favourite = ground.analysis.races["all"].favourite
    figure = (
        f"hazard ratio while a Chinese threat is open {ratio:.2f} ({pvalue_words(p)}); the race favours: {favourite}"
    )
    return Finding(word(p, 1 - p, ground.rules.alpha), figure, _WHOLE, "October 2025 alone is one episode")


@RULES.of(20)
def muted_call(ground: Ground) -> Finding:
    """Judge the session of the call without Tesla's own fall, where its price is known; else it cannot be told apart."""
    day = "2025-06-05"
    trend = ground.analysis.tables["attenuation"].set_index("link")
    p = _number(trend, "H1", "p_size") if "p_size" in trend.columns else float("nan")
    moved = ground.change(day)
    figure = f"S&P 500 {signed(moved)}"
    reason = "Tesla's own news fell on the same session, and its price is not in this source"
    if "TSLA" not in ground.securities.columns:
        return Finding("not testable", figure, day, reason)
    without = moved - _TESLA * ground.raw("TSLA", day)
    quiet = np.abs(ground.study.record.market.returns[ground.quiet()])
    rank = float(np.mean(quiet < abs(without)))
    figure += f", without Tesla (weight {percent(_TESLA, 1)}) {signed(without)}, larger than {percent(rank)} of quiet sessions; sizes before and after {pvalue_words(p)}"
    muted = rank < _ORDINARY
    fatigue = bool(p <= ground.rules.alpha and _number(trend, "H1", "size_difference") < 0)
    verdict: Word = "supported" if muted and fatigue else "mixed" if muted or fatigue else "contradicted"
    return Finding(
        verdict,
        figure,
        f"{day}; 2025",
        "muted, but no evidence that reactions became smaller" if verdict == "mixed" else "",
    )


def _difference(ground: Ground, first: Ints, second: Ints, number: int) -> tuple[float, float, int, int]:
    """Mean score of the first less that of the second, and its one-sided p-value by permuted labels."""
    z = ground.evidence.scores.z
    a, b = z[first], z[second]
    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    both = np.concatenate([a, b])
    if a.size < 2 or b.size < 2:
        msg = f"{a.size} and {b.size} sessions to compare"
        raise MissingData(msg)
    null = differences(both, a.size, ground.draws, ground.rng(number))
    observed = float(a.mean() - b.mean())
    return observed, pvalue(observed, null), int(a.size), int(b.size)


@RULES.of(21)
def enforcement(ground: Ground) -> Finding:
    """Compare formal relief with words."""
    sample = ground.study.sample
    gap, p, n, m = _difference(ground, sample.relief.position, sample.words.position, 21)
    figure = f"formal relief less words {gap:+.2f} standard deviations ({pvalue_words(p)}), {n} and {m} sessions"
    reason = "no evidence that formal acts moved the index more than words" if p > ground.rules.alpha else ""
    return Finding(word(p, 1 - p, ground.rules.alpha), figure, _WHOLE, reason)


@RULES.of(25)
def front_running(ground: Ground) -> Finding:
    """Take the drift of the names that the claim lists, where the source has them."""
    names = ("MP", "USAR", "REMX", "BDRY", "ZIM", "ASML", "AMAT", "LRCX", "KLAC")
    table = ground.analysis.tables.get("tells", pd.DataFrame(columns=["symbol"]))
    mine = table[table["symbol"].isin(names)].dropna(subset=["pvalue"]) if len(table) else table
    if not len(mine):
        msg = "no prices of rare-earth, freight or chip-equipment names"
        raise MissingData(msg)
    ahead = mine[mine["pvalue"] * len(mine) <= ground.rules.alpha]
    opposite = int((mine["z"] < 0).sum())
    figure = f"{len(ahead)} of {len(mine)} names drift ahead of the news (Bonferroni), {opposite} drift the other way; smallest {pvalue_words(float(mine['pvalue'].min()))}"
    verdict: Word = "supported" if len(ahead) > len(mine) / 2 else "mixed"
    reason = "" if len(ahead) else "no evidence of front-running beyond chance, which is not evidence against it"
    return Finding(verdict, figure, "sessions -5 to -1 before the news", reason)


@RULES.of(26)
def frameworks(ground: Ground) -> Finding:
    """Describe: there are too few of either."""
    named = {"framework": ("2025-06-11", "2025-10-27"), "concrete": ("2025-05-12", "2025-10-30")}
    means = {name: float(np.mean([ground.change(d) for d in days])) for name, days in named.items()}
    figure = "; ".join(f"{name} {m * 100:+.2f}% over {len(named[name])} sessions" for name, m in means.items())
    return Finding("descriptive", figure, "London, Kuala Lumpur; Geneva, Busan", "two of each: too few for a test")


@RULES.of(27)
def fuel_for_volatility(ground: Ground) -> Finding:
    """Count rises of the fear gauge on threats and falls on reliefs, against its base rates on quiet sessions."""
    fear, record = ground.study.record.market.fear, ground.study.record
    step = np.full(fear.shape, np.nan)
    step[1:] = fear[1:] - fear[:-1]
    up, down, quiet = (step[at] for at in (record.trigger, record.relief, ground.quiet()))
    up, down, quiet = (x[np.isfinite(x) & (x != 0)] for x in (up, down, quiet))
    if min(up.size, down.size, quiet.size) < _FEW:
        msg = "too few events with a fear gauge"
        raise MissingData(msg)
    rise, fall, base = int((up > 0).sum()), int((down < 0).sum()), float((quiet > 0).mean())
    p = [
        float(stats.binomtest(rise, up.size, base, alternative="greater").pvalue),
        float(stats.binomtest(fall, down.size, 1 - base, alternative="greater").pvalue),
    ]
    figure = f"up on {rise} of {up.size} threats ({pvalue_words(p[0])} against {percent(base)} of quiet sessions), down on {fall} of {down.size} reliefs ({pvalue_words(p[1])} against {percent(1 - base)})"
    held = [x <= ground.rules.alpha for x in p]
    against = [rise / up.size < base, fall / down.size < 1 - base]
    every = rise == up.size and fall == down.size
    verdict: Word = "supported" if every else "mixed" if any(held) or not all(against) else "contradicted"
    reason = "not at every one, as “any” says" + (
        "; oftener than on quiet sessions" if any(held) else "; no oftener, by the test, than on quiet sessions"
    )
    return Finding(verdict, figure, _WHOLE, reason if verdict == "mixed" else "")


@RULES.of(34)
def readouts(ground: Ground) -> Finding:
    """Compare the size of reactions to talks with quiet sessions."""
    z = np.abs(ground.evidence.scores.z[ground.study.sample.talks.position])
    z = z[np.isfinite(z)]
    if z.size < _FEW:
        msg = f"{z.size} talks with a price"
        raise MissingData(msg)
    quiet = np.abs(ground.evidence.scores.z[ground.quiet()])
    null = quiet[draw_without(np.arange(quiet.size), z.size, ground.draws, ground.rng(34))].mean(axis=1)
    p = pvalue(float(z.mean()), null)
    figure = f"mean size {z.mean():.2f} against {null.mean():.2f} standard deviations on quiet sessions ({pvalue_words(p)}), {z.size} talks"
    return Finding(word(p, 1 - p, ground.rules.alpha), figure, _WHOLE)


@RULES.of(35)
def within_weeks(ground: Ground) -> Finding:
    """Ask how many threats had ended in relief after six weeks."""
    curve = _ends(ground, everyone=True)
    soft, hard, still = curve.at(_SIX_WEEKS)
    spread = float(np.sqrt(soft * (1 - soft) / curve.n))
    figure = f"relief {percent(soft)} (standard error {percent(spread)}), implemented {percent(hard)}, open {percent(still)} of {curve.n} threats by day {_SIX_WEEKS}"
    if soft - 1.645 * spread > 0.5:
        return Finding("supported", figure, "threats of 2018-19 and 2025-26, all targets")
    if soft + 1.645 * spread < 0.5:
        return Finding("contradicted", figure, "threats of 2018-19 and 2025-26, all targets")
    return Finding("mixed", figure, "threats of 2018-19 and 2025-26, all targets", "about as often as not")
