"""Rules of the claims that need a test: the chain, the size of reactions, the fear gauge, the time to relief."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventstudy._typing import Ints
from eventstudy.hypothesis.claims.ledger import Finding, Ground, MissingData, Rules, Word
from eventstudy.hypothesis.links.decision import age_stratum, score_test
from eventstudy.hypothesis.links.placebo_draws import differences, draw_without, pvalue, rotation_sums, rotations
from eventstudy.hypothesis.record.market import drawdown
from eventstudy.hypothesis.rivals.cumulative_incidence import Incidence, ends_of_threats
from eventstudy.inference.families.signs import sign
from eventstudy.words import percent, pvalue_words

RULES = Rules()

_FEW = 5  # fewer events cannot carry a test

_SIX_WEEKS = 42

_ORDINARY = 0.9  # a move is muted unless larger than nine in ten quiet sessions

_WHOLE = "2018-01 to 2020-01 and 2025 to the end of the prices"

_AFTER = "from 3 May 2025 to the end of the prices"


def word(p: float, p_wrong: float, alpha: float) -> Word:
    """Choose the word of a one-sided test and its mirror."""
    return "supported" if p <= alpha else "contradicted" if p_wrong <= alpha else "mixed"


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
    """Look at the fear gauge and the drawdown, each alone, in the race on all events."""
    table = ground.analysis.races["all"].table.set_index("rival")
    if not {"fear", "drawdown"} <= set(table.index):
        msg = "too few reliefs, or no fear gauge"
        raise MissingData(msg)
    ps = [_number(table, name, "p_permutation") for name in ("fear", "drawdown")]
    ratios = [_number(table, name, "hazard_ratio") for name in ("fear", "drawdown")]
    figure = f"hazard ratio per SD: fear gauge {ratios[0]:.2f} ({pvalue_words(ps[0])}), drawdown {ratios[1]:.2f} ({pvalue_words(ps[1])}), {int(table['reliefs'].iloc[0])} reliefs"
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
def dose(ground: Ground) -> Finding:
    """Take rises alone, times cover: among all rows the direction would stand in for the size."""
    found = ground.analysis.facts["dose"]
    if not np.isfinite(found["rho_dose"]):
        msg = "too few announcements with rates"
        raise MissingData(msg)
    p = found["pvalue_dose"]
    figure = (
        f"rank correlation of reaction and rise times cover {found['rho_dose']:+.2f} ({pvalue_words(p)}), of reaction and rise "
        f"alone {found['rho_rises']:+.2f} ({pvalue_words(found['pvalue_rises'])}), {int(found['n_rises'])} announcements"
    )
    return Finding(
        word(p, 1 - p, ground.rules.alpha), figure, _WHOLE, "rates on China only; cover as the announcement names it"
    )


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
    bins = age_stratum(rows.age, decision.age_bins)
    test = score_test(loss, rows.relieved, bins, draws=ground.draws, rng=ground.rng(7))
    figure = (
        f"distance from the record and relief: {pvalue_words(test.pvalue)}, {test.n} reliefs" if test.n else "no relief"
    )
    if test.n < _FEW:
        return Finding("not testable", figure, _AFTER, f"too few events: {test.n} threats ended in relief")
    return Finding(word(test.pvalue, 1 - test.pvalue, ground.rules.alpha), figure, _AFTER)


@RULES.of(8)
def beijing(ground: Ground) -> Finding:
    """Test the implication: the rival's escalations come when the fear gauge is low."""
    events, index = ground.study.events, ground.study.index
    mine = events[
        (events["actor"] == ground.rules.sample.rival_actor)
        & (events["stance"] == ground.rules.stances.trigger)
        & events["lead"]
    ]
    position = np.unique(index.get_indexer(pd.DatetimeIndex(mine["session"])))
    low = np.full(len(index), np.nan)
    low[1:] = -ground.study.record.market.fear[:-1]
    spans = [
        (int(index.searchsorted(pd.Timestamp(a))), int(index.searchsorted(pd.Timestamp(b), side="right")) - 1)
        for a, b in ground.rules.periods.values()
    ]
    spans = [(a, b) for a, b in spans if b >= a]
    inside = [position[(position >= a) & (position <= b)] for a, b in spans]
    n = sum(p.size for p in inside)
    if n < _FEW or not np.isfinite(low).any():
        msg = "too few escalations of the rival, or no fear gauge"
        raise MissingData(msg)
    parts = [rotation_sums(low, p, a, b) for p, (a, b) in zip(inside, spans, strict=True)]
    null = rotations(parts, ground.draws, ground.rng(8))
    observed = sum(float(s[0]) for s, _ in parts) / sum(float(c[0]) for _, c in parts)
    p = pvalue(observed, null)
    figure = f"mean fear gauge the day before {-observed:.1f}, on turned calendars {-float(null.mean()):.1f} ({pvalue_words(p)} for lower), {n} sessions"
    return Finding(
        word(p, pvalue(-observed, -null), ground.rules.alpha),
        figure,
        _WHOLE,
        "the implication alone: what Beijing believes is not observed, and its escalations answer those that raise the gauge",
    )


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
    """Judge "muted" by the size of the reaction among quiet sessions, "fatigue" by sizes before and after."""
    z = abs(ground.z("2025-06-05"))
    quiet = np.abs(ground.evidence.scores.z[ground.quiet()])
    rank = float(np.mean(quiet < z))
    trend = ground.analysis.tables["attenuation"].set_index("link")
    if "p_size" not in trend.columns:
        msg = "too few threats before or after"
        raise MissingData(msg)
    p = _number(trend, "H1", "p_size")
    figure = f"|reaction| {z:.2f} standard deviations, larger than {percent(rank)} of quiet sessions; sizes before and after 2 May {pvalue_words(p)}"
    # an ordinary session's move is what no reaction looks like
    muted, fatigue = rank < _ORDINARY, bool(p <= ground.rules.alpha and _number(trend, "H1", "size_difference") < 0)
    verdict: Word = "supported" if muted and fatigue else "mixed" if muted or fatigue else "contradicted"
    reason = (
        ""
        if verdict == "supported"
        else "an ordinary session's size"
        if not muted
        else "muted, but no evidence that reactions became smaller"
    )
    return Finding(verdict, figure, "2025-06-05; 2025", reason)


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
    return Finding("not testable", figure, "London, Kuala Lumpur; Geneva, Busan", "two of each; descriptive only")


@RULES.of(27)
def fuel_for_volatility(ground: Ground) -> Finding:
    """Count the sign of the change of the fear gauge."""
    fear, record = ground.study.record.market.fear, ground.study.record
    step = np.full(fear.shape, np.nan)
    step[1:] = fear[1:] - fear[:-1]
    up, down = step[record.trigger], step[record.relief]
    up, down = up[np.isfinite(up) & (up != 0)], down[np.isfinite(down) & (down != 0)]
    if min(up.size, down.size) < _FEW:
        msg = "too few events with a fear gauge"
        raise MissingData(msg)
    rise, fall = int((up > 0).sum()), int((down < 0).sum())
    p = [float(sign(up).p_greater), float(sign(-down).p_greater)]
    figure = f"up on {rise} of {up.size} threats ({pvalue_words(p[0])}), down on {fall} of {down.size} reliefs ({pvalue_words(p[1])})"
    held = [x <= ground.rules.alpha for x in p]
    right = min(rise / up.size, fall / down.size) > 0.5
    verdict: Word = "supported" if all(held) else "mixed" if any(held) or right else "contradicted"
    reason = (
        "one of the two holds by the sign test" if any(held) else "both more often than not, neither by the sign test"
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
