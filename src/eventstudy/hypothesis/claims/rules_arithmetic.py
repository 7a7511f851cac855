"""Rules of the claims about dates, rates and the path of the index: arithmetic on closes and on the catalogue."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventstudy.hypothesis.claims.ledger import Finding, Ground, MissingData, Rules, Word
from eventstudy.hypothesis.links.matching import candidates
from eventstudy.hypothesis.links.placebo_draws import matched_draws, pvalue
from eventstudy.words import percent, pvalue_words, signed

RULES = Rules()

_ENERGY, _FARM = ("coal", "lng", "crude", "oil", "energy"), ("farm", "agri", "soy")
_NEARLY = 0.02  # a stated percentage is met within two points
_ALMOST = 0.03  # "almost recovered": within three percent
_STRONGEST = 5  # "one of the strongest": among the five largest
_SOON = 10  # "within days"


def both_ways(word: Word) -> str:
    """Say why arithmetic alone ends as mixed."""
    return "the figures point both ways" if word == "mixed" else ""


@RULES.of(10)
def fall_of_april(ground: Ground) -> Finding:
    """Judge the 18% from the close that the claim dates it from."""
    low, start = ground.close("2025-04-08"), ground.close("2025-04-02")
    close = pd.Series(ground.study.record.market.close, index=ground.study.index)
    peak = float(close.loc["2025-01-01":"2025-04-08"].max())
    since, whole = low / start - 1, low / peak - 1
    figure = f"index {signed(since)} from the close before the announcement to the low, {signed(whole)} from the peak of {close.loc['2025-01-01':'2025-04-08'].idxmax():%d %B}"
    if abs(since + 0.18) <= _NEARLY:
        return Finding("supported", figure, "2025-04-02 to 2025-04-08")
    reason = (
        "the figure is that from the February peak, not from the announcement" if abs(whole + 0.18) <= _NEARLY else ""
    )
    return Finding("contradicted", figure, "2025-04-02 to 2025-04-08", reason)


@RULES.of(11)
def recovery_of_june(ground: Ground) -> Finding:
    """Judge "almost" by three percent."""
    close = pd.Series(ground.study.record.market.close, index=ground.study.index)
    peak = float(close.loc["2025-02-01":"2025-02-28"].max())
    gaps = [ground.close(day) / peak - 1 for day in ("2025-06-09", "2025-06-10")]
    figure = f"index {signed(gaps[0])} and {signed(gaps[1])} from the high of February"
    return Finding("supported" if min(gaps) >= -_ALMOST else "contradicted", figure, "2025-06-09, 2025-06-10")


@RULES.of(12)
def third_after_geneva(ground: Ground) -> Finding:
    """Judge a third within five points."""
    end, geneva, low = (ground.close(day) for day in ("2025-06-09", "2025-05-09", "2025-04-08"))
    share = (end - geneva) / (end - low)
    near = abs(share - 1 / 3) <= 0.05
    return Finding(
        "supported" if near else "contradicted", f"{percent(share, 1)} of the rise", "2025-04-08 to 2025-06-09"
    )


@RULES.of(13)
def rally_after_geneva(ground: Ground) -> Finding:
    """Ask of every foreign index that the source has; the claim is about the world."""
    own = ground.change("2025-05-12")
    foreign = {
        "^STOXX": "2025-05-12",
        "^STOXX50E": "2025-05-12",
        "^GDAXI": "2025-05-12",
        "^HSI": "2025-05-12",
        "^N225": "2025-05-13",
        "^KS11": "2025-05-12",
    }
    found = {s: ground.raw(s, day) for s, day in foreign.items() if s in ground.securities.columns}
    figure = f"S&P 500 {signed(own)} ({ground.z('2025-05-12'):+.1f} standard deviations)"
    if not found:
        return Finding(
            "not testable", figure, "2025-05-12", "not testable with this source: no foreign index; the S&P 500 rose"
        )
    figure += "".join(f", {s} {signed(v)}" for s, v in found.items())
    rose = np.mean([v > 0 for v in [own, *found.values()]])
    word: Word = "supported" if rose == 1 else "contradicted" if rose == 0 else "mixed"
    return Finding(word, figure, "2025-05-12, 2025-05-13", both_ways(word))


@RULES.of(14)
def pause_calmed(ground: Ground) -> Finding:
    """Judge "within days" by ten, and "calmed" by the fear gauge at the close and five sessions later."""
    told = [ground.event(name)["announced_at"].date() for name in ("2025-04-02_liberation", "2025-04-09_pause")]
    days = (told[1] - told[0]).days
    before, then, later = (ground.fear(day) for day in ("2025-04-08", "2025-04-09", "2025-04-16"))
    figure = (
        f"{days} days; fear gauge {before:.1f} the day before, {then:.1f} at the close, {later:.1f} five sessions later"
    )
    calm = then < before and later < before
    word: Word = "supported" if calm and days <= _SOON else "mixed" if calm or days <= _SOON else "contradicted"
    return Finding(word, figure, "2025-04-02 to 2025-04-16", both_ways(word))


@RULES.of(15)
def strongest_session(ground: Ground) -> Finding:
    """Rank the session among those of the year."""
    year = np.asarray(ground.study.index.year == 2025)
    returns = ground.study.record.market.returns[year & np.isfinite(ground.study.record.market.returns)]
    rank = int((returns > ground.change("2025-04-09")).sum()) + 1
    figure = f"index {signed(ground.change('2025-04-09'))}, rank {rank} of {returns.size} sessions"
    return Finding("supported" if rank <= _STRONGEST else "contradicted", figure, "2025 to the end of the prices")


@RULES.of(16)
def april_rates(ground: Ground) -> Finding:
    """Look up when 145% became 30%."""
    row = ground.event("2025-05-12_geneva")
    figure = f"{row['rate_before']:.0f}% to {row['rate_after']:.0f}% announced on {row['announced_at']:%d %B %Y}"
    right = (row["rate_before"], row["rate_after"]) == (145.0, 30.0)
    april = row["announced_at"].month == 4
    word: Word = "supported" if right and april else "mixed" if right else "contradicted"
    return Finding(word, figure, "catalogue", "" if april else "the rates are right, the month is not")


@RULES.of(17)
def chips_at_the_open(ground: Ground) -> Finding:
    """Daily figures only: the claim is about the first half hour."""
    names = ("NVDA", "AMD", "MRVL", "AVGO")
    moves = {s: ground.adjusted(s, "2025-06-09") for s in names}
    figure = ", ".join(f"{s} {signed(v)}" for s, v in moves.items()) + " beyond the market, close to close"
    all_rose = all(v > 0 for v in moves.values())
    reason = f"{'all' if all_rose else 'not all'} rose beyond the market by the close; the first half hour needs intraday bars"
    return Finding("descriptive", figure, "2025-06-09", reason)


@RULES.of(18)
def rare_earth_news(ground: Ground) -> Finding:
    """Take the session that could react: the news came on the evening of Friday 6 June, so 9 June."""
    session = ground.event("2025-06-06_rareearths")["session"]
    day = f"{session:%Y-%m-%d}"
    z, t = ground.evidence.scores.z, ground.at(day)
    quiet = z[ground.quiet()]
    p = pvalue(float(z[t]), quiet[np.isfinite(quiet)])
    figure = f"S&P 500 {signed(ground.change(day))} on {session:%d %B}, {pvalue_words(p)} among quiet sessions; on 6 June {signed(ground.change('2025-06-06'))}, before the news"
    verdict: Word = (
        "supported" if p <= ground.rules.alpha else "contradicted" if 1 - p <= ground.rules.alpha else "mixed"
    )
    reason = (
        "the rise of 6 June came before the news, on the day of the employment report; that of 9 June is an ordinary session's"
        if verdict == "mixed"
        else ""
    )
    return Finding(verdict, figure, day, reason)


@RULES.of(19)
def london_talks(ground: Ground) -> Finding:
    """Compare two moments of the catalogue."""
    call, talks = (ground.event(name)["announced_at"] for name in ("2025-06-05_xicall", "2025-06-09_london_start"))
    days = (talks.date() - call.date()).days
    hour = talks.tz_convert("Europe/London")
    figure = f"{days} days; {hour:%H:%M} in London ({ground.event('2025-06-09_london_start')['precision']})"
    return Finding(
        "supported" if days == 4 and hour.hour == 13 else "mixed" if days == 4 else "contradicted", figure, "catalogue"
    )


@RULES.of(23)
def scenario_of_november(ground: Ground) -> Finding:
    """Score the base case in four parts."""
    kl, busan = ground.event("2025-10-26_kl"), ground.event("2025-10-30_busan")
    bounce = ground.close("2025-10-30") / ground.close("2025-10-24") - 1
    parts = {
        "the 100% off the table": kl["rate_after"] < kl["rate_before"],
        "China's controls eased": busan["stance"] == ground.rules.stances.relief,
        "about 30% extended": abs(float(busan["rate_after"]) - 30.0) < 5.0,
        "markets bounce": bounce > 0,
    }
    hits = sum(bool(v) for v in parts.values())
    told = "; ".join(f"{name}: {'yes' if ok else 'no'}" for name, ok in parts.items())
    figure = f"{hits} of {len(parts)} parts ({told}; rate {busan['rate_after']:.0f}%; index {signed(bounce)} from 24 to 30 October)"
    word: Word = "supported" if hits == len(parts) else "contradicted" if hits <= 1 else "mixed"
    return Finding(
        word, figure, "2025-10-24 to 2025-10-30", "the controls were suspended for a year, more than narrowed licensing"
    )


@RULES.of(29)
def apec_moment(ground: Ground) -> Finding:
    """Compare the moment of the decision with that of the communiqué."""
    row = ground.event("2025-10-30_busan")
    events = ground.study.events
    first = events.loc[events["cluster"] == row["cluster"], "announced_at"].min()
    reactions = ", ".join(
        f"{day[5:]} {signed(ground.change(day))}" for day in ("2025-10-27", "2025-10-29", "2025-10-30", "2025-10-31")
    )
    figure = f"the decision was public on {first:%d %B}, signed on {row['announced_at']:%d %B}; {reactions}"
    communique = pd.Timestamp("2025-10-31", tz=first.tz)
    inside = communique <= first < communique + pd.Timedelta(days=2)
    near = abs(first - communique) <= pd.Timedelta(days=7)
    verdict: Word = "supported" if inside else "mixed" if near else "contradicted"
    reason = "the right week, but the decision was public before the communiqué" if verdict == "mixed" else ""
    return Finding(verdict, figure, "2025-10-27 to 2025-10-31", reason)


@RULES.of(28)
def licensing_friction(ground: Ground) -> Finding:
    """Car makers where the source has them, else the industry of durables; two notices are two events."""
    names = [s for s in ("F", "GM", "TSLA") if s in ground.securities.columns] or ["Durbl"]
    moves = {day: float(np.mean([ground.adjusted(s, day) for s in names])) for day in ("2025-04-04", "2025-10-09")}
    figure = f"{', '.join(names)} beyond the market: " + ", ".join(f"{day} {signed(v)}" for day, v in moves.items())
    reason = "two events, the first of them on the day of other tariffs: no test"
    return Finding("descriptive", figure, "2025-04-04, 2025-10-09", reason)


@RULES.of(30)
def sectors_of_october(ground: Ground) -> Finding:
    """Score the sign of each group that the source has."""
    groups = {
        "soy": (("BG", "ADM"), 1),
        "rare earths": (("MP", "USAR", "REMX"), -1),
        "chips": (("NVDA", "AMD", "AVGO"), 1),
        "TikTok": (("ORCL",), 1),
    }
    found = {}
    for name, (symbols, sign) in groups.items():
        present = [s for s in symbols if s in ground.securities.columns]
        if present:
            found[name] = (float(np.mean([ground.adjusted(s, "2025-10-27") for s in present])), sign)
    if len(found) < 2:
        msg = "no prices of soy, rare-earth, chip or TikTok names"
        raise MissingData(msg)
    right = [np.sign(move) == sign for move, sign in found.values()]
    figure = ", ".join(
        f"{name} {signed(move)} (expected {'up' if sign > 0 else 'down'})" for name, (move, sign) in found.items()
    )
    word: Word = "supported" if all(right) else "contradicted" if not any(right) else "mixed"
    return Finding(word, f"beyond the market: {figure}", "2025-10-27", both_ways(word))


@RULES.of(31)
def fentanyl(ground: Ground) -> Finding:
    """Look up the rates."""
    row = ground.event("2025-10-30_busan")
    figure = f"{row['rate_before']:.0f}% to {row['rate_after']:.0f}% announced on {row['announced_at']:%d %B %Y}"
    return Finding("supported" if row["rate_after"] < row["rate_before"] else "contradicted", figure, "catalogue")


@RULES.of(32)
def march_retaliation(ground: Ground) -> Finding:
    """Tell the two notices apart."""
    february, march = ground.event("2025-02-04_cn_retal"), ground.event("2025-03-04_cn_retal")
    figure = f"{february['announced_at']:%d %B}: {february['name']}; {march['announced_at']:%d %B}: {march['name']}"
    named = [any(w in f"{march['name']} {march['summary']}".lower() for w in words) for words in (_ENERGY, _FARM)]
    word: Word = "supported" if all(named) else "mixed" if any(named) else "contradicted"
    reason = "March's list names farm goods; energy was on February's" if word == "mixed" else ""
    return Finding(word, figure, "catalogue", reason)


@RULES.of(33)
def shares_of_rare_earths(ground: Ground) -> Finding:
    """Say that nothing here can speak to it: a fact of geology and industry."""
    del ground
    msg = "a background fact (IEA, USGS); neither prices nor announcements speak to it"
    raise MissingData(msg)


@RULES.of(24)
def language_of_october(ground: Ground) -> Finding:
    """Judge the change of the fear gauge on 13 October among quiet sessions in a like state; the 17th followed another selloff."""
    fear = ground.study.record.market.fear
    steps = np.full(fear.shape, np.nan)
    steps[1:] = np.log(fear[1:] / fear[:-1])
    days = ("2025-10-13",)
    moves = [ground.fear(day) - float(fear[ground.at(day) - 1]) for day in days]
    at = np.asarray([ground.at(day) for day in days])
    both = float(steps[at].mean())
    # a fall of the gauge after a rise needs no news: the placebos are in the same state, as those of the reactions
    like = candidates(ground.evidence.cells, at, ground.rules.placebo.matched_minimum)
    like = [cell[np.isfinite(steps[cell])] for cell in like]
    draws = steps[matched_draws(like, ground.draws, ground.rng(24))].mean(axis=1)
    p = pvalue(-both, -draws)
    figure = (
        ", ".join(f"{day}: {move:+.1f} points" for day, move in zip(days, moves, strict=True))
        + f"; mean fall {pvalue_words(p)}"
    )
    if all(m < 0 for m in moves) and p <= ground.rules.alpha:
        return Finding(
            "supported",
            figure,
            "2025-10-13",
            "the fear gauge only, against sessions in a like state; credit spreads are not in this source",
        )
    fell = moves[0] < 0
    reason = "it fell no more than on sessions in a like state" if fell else ""
    return Finding("mixed" if fell else "contradicted", figure, "2025-10-13", reason)
