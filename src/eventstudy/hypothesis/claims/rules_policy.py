"""Rules of the claims about policy: what the record says of rates and dates, and what markets did beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventstudy.hypothesis.claims.ledger import Finding, Ground, MissingData, Rules, Word
from eventstudy.hypothesis.claims.rules_tests import word
from eventstudy.hypothesis.links.placebo_draws import pvalue
from eventstudy.words import percent, pvalue_words, signed

RULES = Rules()

OCTOBER = "E19"  # the threat of 10 October 2025
CHINA = "E06b"  # the rates on China of April 2025


def _stretches(ground: Ground, episode: str) -> pd.DataFrame:
    if ground.study.shipped is None:
        msg = "this record has no stretches"
        raise MissingData(msg)
    own = ground.study.shipped[0]
    own = own[own["episode"] == episode]
    if own.empty:
        msg = f"the record has no episode {episode}"
        raise MissingData(msg)
    return own


@RULES.of(22)
def august_deadline(ground: Ground) -> Finding:
    """Ask whether the rates suspended at Geneva were still due in August when it was said, and how long they stayed so."""
    own, said = _stretches(ground, CHINA), pd.Timestamp("2025-06-10")
    due = own["deadline"].between(pd.Timestamp("2025-08-01"), pd.Timestamp("2025-08-31"))
    then = own[(own["state"] == "threatened") & due & (own["from_session"] <= said) & (own["to_session"] >= said)]
    if then.empty:
        return Finding("contradicted", f"no step of {CHINA} was due in August on {said:%d %B %Y}", "the record")
    last = then.iloc[-1]
    figure = f"due on {last['deadline']:%d %B %Y}, open from {last['from_session']:%d %B} to {last['to_session']:%d %B}; ended by {last['end_kind']} ({last['ended_by']})"
    stayed = last["to_session"] >= pd.Timestamp("2025-08-01")
    reason = "" if stayed else "it was gone before August"
    return Finding("supported" if stayed else "mixed", figure, f"the record, as of {said:%Y-%m-%d}", reason)


@RULES.of(36)
def carve_outs(ground: Ground) -> Finding:
    """Describe the three sessions."""
    named = ("2025-06-07_mofcom", "2025-10-12_dontworry", "2025-11-09_gallium")
    days = [f"{ground.event(name)['session']:%Y-%m-%d}" for name in named]
    figure = ", ".join(f"{day} {signed(ground.change(day))}" for day in days)
    return Finding("descriptive", f"S&P 500 {figure}", ", ".join(days), "three sessions, each with other news: no test")


@RULES.of(37)
def truce_held(ground: Ground) -> Finding:
    """Compare the rates in force from the extension to Busan with the two that the claim names."""
    own = _stretches(ground, CHINA)
    start, end = pd.Timestamp("2025-08-13"), pd.Timestamp("2025-11-09")
    inside = own[(own["from_session"] <= end) & (own["to_session"] >= start)]
    held = inside["rate_in_force"].where(inside["state"] == "threatened", inside["rate"])
    row = ground.event("2025-08-11_extension")
    figure = f"in force {'/'.join(f'{rate:.0f}' for rate in held)}% by the record's stretches; the extension of {row['announced_at']:%d %B} states {row['rate_after']:.0f}% in all; none returned to 145%"
    kept = row["rate_after"] == 30 and not (inside["state"] == "in force").any() and (held < 145).all()
    return Finding(
        "supported" if kept else "contradicted",
        figure,
        "2025-08-13 to 2025-11-09",
        "" if kept else "a rise took effect",
    )


@RULES.of(38)
def premia(ground: Ground) -> Finding:
    """Compare two months of the fear gauge; a month has no error that could be had from itself."""
    fear = pd.Series(ground.study.record.market.fear, index=ground.study.index)
    before, after = fear.loc["2025-10-10":"2025-10-31"], fear.loc["2026-01-01":"2026-01-31"]
    if before.dropna().empty or after.dropna().empty:
        msg = "no fear gauge in January 2026"
        raise MissingData(msg)
    figure = f"mean fear gauge {before.mean():.1f} from 10 to 31 October 2025, {after.mean():.1f} in January 2026"
    verdict: Word = "supported" if after.mean() < before.mean() else "contradicted"
    return Finding(verdict, figure, "2025-10-10 to 2026-01-31", "arithmetic: why it came down is not tested")


def _trend(ground: Ground, number: int, *, size: bool) -> tuple[float, float, int]:
    """Slope of the reaction, or of its size, on the order of threats in 2025-26, and its one-sided chance of being as low or high."""
    z, at = ground.evidence.scores.z, ground.study.record.trigger
    at = at[(ground.study.index[at] >= pd.Timestamp("2025-01-01")) & np.isfinite(z[at])]
    if at.size < 5:
        msg = f"{at.size} threats with a price"
        raise MissingData(msg)
    values, order = np.abs(z[at]) if size else z[at], np.arange(at.size) - (at.size - 1) / 2
    sign = -1.0 if size else 1.0  # smaller sizes, or weaker falls
    slope = float(values @ order / (order @ order))
    shuffled = ground.rng(number).permuted(np.tile(values, (ground.draws, 1)), axis=1) @ order / (order @ order)
    return slope, pvalue(sign * slope, sign * shuffled), int(at.size)


@RULES.of(39)
def anticipation(ground: Ground) -> Finding:
    """Ask whether falls on threats became weaker with their order."""
    slope, p, n = _trend(ground, 39, size=False)
    figure = f"reaction {slope:+.3f} standard deviations a threat, in their order ({pvalue_words(p)} for weaker falls), {n} sessions"
    return Finding(word(p, 1 - p, ground.rules.alpha), figure, "2025-01 to the end of the prices")


@RULES.of(49)
def fatigue(ground: Ground) -> Finding:
    """Ask whether sizes became smaller with the order of threats."""
    slope, p, n = _trend(ground, 49, size=True)
    figure = f"size of the reaction {slope:+.3f} standard deviations a threat, in their order ({pvalue_words(p)} for smaller), {n} sessions"
    return Finding(word(p, 1 - p, ground.rules.alpha), figure, "2025-01 to the end of the prices")


@RULES.of(40)
def managed_truce(ground: Ground) -> Finding:
    """Look at how the threat of 10 October ended."""
    last = _stretches(ground, OCTOBER).iloc[-1]
    in_time = last["end_kind"] == "relief" and last["to_session"] <= pd.Timestamp("2025-11-07")
    figure = (
        f"the threat of 10 October ended by {last['end_kind']} ({last['ended_by']}) on {last['to_session']:%d %B %Y}"
    )
    return Finding("supported" if in_time else "contradicted", figure, "the record")


@RULES.of(42)
def follow_through(ground: Ground) -> Finding:
    """Look at whether it was ever in force."""
    own = _stretches(ground, OCTOBER)
    took = bool((own["state"] == "in force").any())
    last = own.iloc[-1]
    figure = f"the 100% was {'in force' if took else 'never in force'}; it ended by {last['end_kind']} on {last['to_session']:%d %B %Y}, its date was {last['deadline']:%d %B}"
    return Finding("supported" if took else "contradicted", figure, "the record")


@RULES.of(41)
def shock_first(ground: Ground) -> Finding:
    """Rank the change of the index from the threat to its relief among all stretches as long."""
    own = _stretches(ground, OCTOBER).iloc[-1]
    close = ground.study.record.market.close
    start, end = ground.at(f"{own['from_session']:%Y-%m-%d}"), ground.at(f"{own['to_session']:%Y-%m-%d}")
    length = end - start
    moved = close[end - 1] / close[start - 1] - 1
    every = close[length:] / close[:-length] - 1
    rank = float(np.nanmean(every <= moved))
    figure = f"index {signed(moved)} from the close before the threat to the close before its relief, {length} sessions; {percent(rank)} of stretches as long did no better"
    alpha = ground.rules.alpha
    verdict: Word = "supported" if rank <= alpha else "contradicted" if moved > 0 else "mixed"
    return Finding(
        verdict,
        figure,
        f"{own['from_session']:%Y-%m-%d} to {own['to_session']:%Y-%m-%d}",
        "a fall, but an ordinary one" if verdict == "mixed" else "",
    )


@RULES.of(43)
def one_year(ground: Ground) -> Finding:
    """Look up to which date China's October controls are suspended."""
    row = ground.event("2025-11-07_cn_no70")
    text = str(row.get("name", ""))
    told = "10 November 2026" in text
    figure = f"{row['announced_at']:%d %B %Y}: {text}"
    return Finding("supported" if told else "contradicted", figure, "catalogue")


@RULES.of(44)
def affiliates(ground: Ground) -> Finding:
    """Look up whether the rule was relieved."""
    last = _stretches(ground, "E25")
    ended = last[last["end_kind"] == "relief"]
    figure = f"in force from {last['from_session'].iloc[0]:%d %B %Y}; {'suspended by ' + str(ended['ended_by'].iloc[0]) if len(ended) else 'not relieved'}"
    return Finding("supported" if len(ended) else "contradicted", figure, "the record")


@RULES.of(45)
def soybeans(ground: Ground) -> Finding:
    """Take the farm names that the source has."""
    names = [s for s in ("BG", "ADM", "SOYB", "DE") if s in ground.securities.columns]
    if not names:
        msg = "no prices of farm names"
        raise MissingData(msg)
    moves = {s: ground.adjusted(s, "2025-10-27") for s in names}
    rose = sum(v > 0 for v in moves.values())
    figure = ", ".join(f"{s} {signed(v)}" for s, v in moves.items()) + " beyond the market"
    verdict: Word = "supported" if rose == len(moves) else "contradicted" if not rose else "mixed"
    return Finding(verdict, figure, "2025-10-27", "some rose, some fell" if verdict == "mixed" else "")


@RULES.of(46)
def at_the_open(ground: Ground) -> Finding:
    """Say what is missing."""
    msg = f"no intraday bars (the index closed {signed(ground.change('2025-06-09'))} on 9 June)"
    raise MissingData(msg)


@RULES.of(47)
def abroad(ground: Ground) -> Finding:
    """Take the foreign indices that the source has."""
    names = [s for s in ("^N225", "^HSI", "^KS11", "^STOXX", "^GDAXI", "000300.SS") if s in ground.securities.columns]
    if not names:
        msg = "no foreign index"
        raise MissingData(msg)
    moves = {s: ground.raw(s, "2025-10-27") for s in names}
    rose = sum(v > 0 for v in moves.values())
    verdict: Word = "supported" if rose == len(moves) else "contradicted" if not rose else "mixed"
    figure = ", ".join(f"{s} {signed(v)}" for s, v in moves.items())
    return Finding(verdict, figure, "2025-10-27", "some rose, some fell" if verdict == "mixed" else "")


@RULES.of(48)
def selective(ground: Ground) -> Finding:
    """Count licences that left the control in force, among reliefs of export controls."""
    if ground.study.shipped is None:
        msg = "this record has no reliefs"
        raise MissingData(msg)
    reliefs = ground.study.shipped[1]
    kinds = ground.study.events["instrument"].reindex(reliefs["relief_event"]).to_numpy()
    own = reliefs[np.asarray([("export_control" in str(kind)) for kind in kinds]) & reliefs["counts"]]
    partial = int(own["partial"].sum())
    figure = f"{partial} of {len(own)} reliefs of export controls were partial: the control stayed"
    return Finding("descriptive", figure, "the record")


@RULES.of(50)
def after_gains(ground: Ground) -> Finding:
    """Take the companion on gains, beside the losses."""
    found = next((c for c in ground.analysis.checks["all"] if c.name == "asymmetry: gains"), None)
    if found is None or not np.isfinite(found.estimate):
        msg = "too few reliefs"
        raise MissingData(msg)
    figure = f"log odds of relief {found.estimate:+.2f} a standard deviation of gains, beside the losses ({pvalue_words(found.pvalue)}, two-sided), {found.events} episodes relieved"
    alpha = ground.rules.alpha
    verdict: Word = "mixed" if found.pvalue > alpha else "supported" if found.estimate < 0 else "contradicted"
    return Finding(verdict, figure, "2018-01 to 2020-01 and 2025 to the end of the prices")
