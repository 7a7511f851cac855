"""A study of one's own, begun: the study file of a catalogue and, for the chain, definitions in its words."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pandas as pd

from eventstudy.errors import StudyError
from eventstudy.events import EventCatalog, load_events
from eventstudy.events.load import shipped_catalogues
from eventstudy.events.toml import texts_as_toml
from eventstudy.hypothesis import load_definitions
from eventstudy.words import visible

NOBODY = frozenset({"", "none", "both", "court"})  # no actor who could decide
FEAR = "^VIX"  # the expected volatility of ^GSPC, where the source is known to have it
AFTER = pd.Timedelta(days=90)  # of prices that belong to the period of the last event

STUDY = """\
# A study of the catalogue {catalog}, begun by `eventstudy new`; docs/studies.md names every key.
# Run it:      eventstudy run {name}.toml --out out
# Compare it:  eventstudy check {name}.toml --against out

title = {title}
calendar = {calendar}

[catalog]
source = {source}{timezone}

[prices]
source = {prices}           # or "yahoo", or a file: .csv, .parquet
symbols = {symbols}

[market]
symbol = {market}{fear}

[windows]
event = [-10, 10]
reported = [[0, 0], [0, 1], [0, 5]]
"""

CHAIN = """
[hypothesis]                # the chain {trigger} -> selloff -> {relief} -> rally; leave the table away and it is not tested
seed = 0
definitions = {definitions}
"""

NO_CHAIN = """
# No [hypothesis]: the chain needs two stances, of which one brings the other about, and the catalogue has {count}.
"""

DEFINITIONS = """\
# What differs from the definitions that ship, for the catalogue {catalog}: begun by `eventstudy new` from what the catalogue holds.
# Read each line before the first result, and change nothing after it.

ledger = ""                 # the ledger of claims is about another catalogue

[stances]
trigger = {trigger}         # the move that is said to make the market fall{guessed}
relief = {relief}           # the move that is said to follow the fall
neutral = {neutral}
ambiguous = {ambiguous}

[sample]
scopes = []                 # all
relief_levels = []          # all
decider = {decider}         # whose relief the chain is about: who acts most often
rival_actor = {rival}
rule_tiers = {tiers}

[periods]                   # dates, both included
whole = {period}
headline = "whole"

[episodes]
source = "rule"             # {trigger_word} opens a threat, {relief_word} ends it
join = true                 # one opened while another is open belongs to that
censor_days = 60            # calendar days that a threat stands open at most

[selloffs]
dates = []                  # days on which the market fell for other reasons: ["2023-03-13", "regional banks"]

[tells]
gain_by_threats = []

[dose]
also = []
cover = {{}}

[overlay]
pair = []

[attenuation]
split = {split}

[falsifiers]
worst = []

[groups]                    # of the cross-section: name = [symbols]
"""


def new_study(
    catalog: str | Path,
    *,
    timezone: str | None = None,
    calendar: str = "XNYS",
    prices: str = "bundled",
    market: str = "^GSPC",
    name: str | None = None,
) -> dict[str, str]:
    """Return the files that begin a study of a catalogue, by name: the study and, for the chain, its definitions.

    Parameters
    ----------
    catalog : str or pathlib.Path
        A shipped name, or the path of a file.
    timezone : str, optional
        Of a file whose times have none.
    calendar, prices, market : str
        The exchange, where prices come from, and the index.
    name : str, optional
        Of the study; by default the catalogue's, with "-study" behind it where that is the name of its file.

    Raises
    ------
    eventstudy.errors.EventStudyError
        If the catalogue cannot be read or is empty.

    Examples
    --------
    >>> sorted(new_study("fomc"))
    ['fomc-definitions.toml', 'fomc-study.toml']
    >>> load_definitions(tomllib.loads(new_study("fomc")["fomc-definitions.toml"])).stances.relief
    'cut'
    """
    events = load_events(catalog, timezone=timezone)
    if not len(events):
        msg = f"catalogue {events.name!r} is empty: there is nothing to study"
        raise StudyError(msg)
    stem = name or f"{Path(catalog).stem}-study"
    shipped = str(catalog) in shipped_catalogues()
    gauge = [FEAR] if market == "^GSPC" and prices in ("bundled", "yahoo") else []
    given = {
        "catalog": visible(events.name),
        "name": visible(stem),
        "title": _text(f"The market and the events of {events.name}"),
        "calendar": _text(calendar),
        "source": _text(str(catalog) if shipped else Path(catalog).name),
        "timezone": "" if timezone is None else f"\ntimezone = {_text(timezone)}",
        "prices": _text(prices),
        "symbols": texts_as_toml([market, *gauge]),
        "market": _text(market),
        "fear": f"\nfear = {_text(FEAR)}               # its expected volatility" if gauge else "",
    }
    study, moves = STUDY.format(**given), _moves(events)
    if moves is None:
        return {f"{stem}.toml": study + NO_CHAIN.format(count=len(events.vocabulary.stances))}
    file = f"{stem.removesuffix('-study')}-definitions.toml"
    trigger, relief = moves
    study += CHAIN.format(trigger=visible(trigger), relief=visible(relief), definitions=_text(file))
    definitions = _definitions(events, trigger, relief)
    load_definitions(tomllib.loads(definitions))  # what we write is what we read
    return {f"{stem}.toml": study, file: definitions}


def _moves(events: EventCatalog) -> tuple[str, str] | None:
    """Return the two moves of the chain: the stances that are opposed, else the first two; None where there is one."""
    words = events.vocabulary
    moves = words.opposed or words.stances[:2]
    return (moves[0], moves[1]) if len(moves) == 2 else None


def _definitions(events: EventCatalog, trigger: str, relief: str) -> str:
    words = events.vocabulary
    others = [one for one in words.stances if one not in (trigger, relief)]
    held = {event.stance for event in events}
    neutral = next((one for one in others if one in held), others[0] if others else "other")
    ambiguous = next((one for one in others if one == "mixed" and one != neutral), "no such stance")
    actors = Counter(event.actor for event in events if event.actor not in NOBODY)
    ranked = [actor for actor, _ in actors.most_common()]
    decider = words.principal or (ranked[0] if ranked else "")
    rival = next((actor for actor in ranked if actor != decider), "nobody")
    days = pd.DatetimeIndex([event.announced_at.tz_localize(None).normalize() for event in events]).sort_values()
    period = [f"{day:%Y-%m-%d}" for day in (days[0], days[-1] + AFTER)]
    return DEFINITIONS.format(
        catalog=visible(events.name),
        trigger=_text(trigger),
        relief=_text(relief),
        trigger_word=visible(trigger),
        relief_word=visible(relief),
        guessed="" if words.opposed else "; the catalogue names no opposed stances: the first two are taken",
        neutral=_text(neutral),
        ambiguous=_text(ambiguous),
        decider=_text(decider),
        rival=_text(rival),
        tiers=texts_as_toml(sorted({event.tier for event in events if event.tier}) or ["A"]),
        period=texts_as_toml(period),
        split=_text(f"{days[len(days) // 2]:%Y-%m-%d}"),
    )


def _text(value: str) -> str:
    """Return a text as TOML writes it."""
    return texts_as_toml([value])[1:-1]
