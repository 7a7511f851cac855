"""The definitions of the study as typed values, read from one file that was fixed before any result.

The file is TOML. The one that ships, ``definitions.toml``, holds the flagship's; a study of another catalogue names its
own, which overrides the entries it mentions. The digest covers the resolved values, so that any change shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from eventstudy._shipped import shipped_text
from eventstudy.border import existing_file, parse_toml, read_text
from eventstudy.errors import StudyError
from eventstudy.events.moments import parse_date
from eventstudy.hypothesis.kinds import checked
from eventstudy.words import brief

__all__ = ["Definitions", "load_definitions"]

EXAMPLES: Final = ("fomc",)  # definitions that are shipped beside those of the flagship
Pair = tuple[int, int]
Words = tuple[str, ...]
Scale = Literal["fear", "ewma", "none"]
Statistic = Literal["mean", "median"]
Drawdown = Literal["threat", "peak", "week", "scaled"]
SampleName = Literal[
    "main",
    "all targets",
    "formal acts",
    "no macro days",
    "no doubtful labels",
    "doubtful labels flipped",
    "every row",
    "words too",
]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Stances:
    """What the two moves of the chain, and what is neither or both, are called in the catalogue."""

    trigger: str
    relief: str
    neutral: str
    ambiguous: str


@dataclass(frozen=True, slots=True)
class SampleRules:
    """Which rows of a catalogue are studied."""

    scopes: tuple[str, ...]
    actors_dropped: tuple[str, ...]
    lead_only: bool
    relief_levels: tuple[str, ...]
    trigger_levels: tuple[str, ...]
    decider: str
    rival_actor: str
    rule_tiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReactionRules:
    """H1 and H3: the standardized abnormal return of the index."""

    window: Pair
    companions: tuple[Pair, ...]
    estimation_length: int
    estimation_end: int
    estimation_minimum: int
    mask: Pair
    scale: Scale
    ewma_lambda: float
    winsor: tuple[float, float]
    statistic: Statistic


@dataclass(frozen=True, slots=True)
class PlaceboRules:
    """Dates on which nothing happened."""

    pool_before: int
    terciles: tuple[str, ...]
    prior_sessions: int
    matched_pool: str
    matched_minimum: int
    cluster_gap: int


@dataclass(frozen=True, slots=True)
class DecisionRules:
    """H2: the drawdown before the decider's formal relief."""

    drawdown: Drawdown
    peak_sessions: int
    week_sessions: int
    age_bins: tuple[int, ...]
    landmark_days: int
    ridge: float


@dataclass(frozen=True, slots=True)
class EpisodeRules:
    """Threats, from the first news to relief, implementation or censoring."""

    source: Literal["shipped", "rule"]
    join: bool
    censor_days: int
    implemented_sessions: int
    retaliation: str
    deadline_sessions: int
    talks_sessions: int


@dataclass(frozen=True, slots=True)
class SelloffRules:
    """Selloffs that the news of the day ascribes to something else."""

    window: int
    fall: float
    dates: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Margins:
    """What counts as nothing."""

    reaction: float
    log_odds: float


@dataclass(frozen=True, slots=True)
class PowerRules:
    """The effects whose detection is asked about."""

    reaction: float
    odds_ratio: float
    target: float


@dataclass(frozen=True, slots=True)
class Replications:
    """How many draws."""

    headline: int
    curve: int
    power: int
    quick: int


@dataclass(frozen=True, slots=True)
class CurveRules:
    """The axes of the specification curve."""

    windows: tuple[Pair, ...]
    scales: tuple[Scale, ...]
    samples: tuple[SampleName, ...]
    statistics: tuple[Statistic, ...]
    drawdowns: tuple[Drawdown, ...]


@dataclass(frozen=True, slots=True)
class TellRules:
    """Front-running: the window before, and the shift that should make it go away."""

    window: Pair
    shift: int
    gain_by_threats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoseRules:
    """The size of an announced change: points of the rate times the share of imports that it covers."""

    also: tuple[str, ...]
    imports: float
    cover: Mapping[str, float]

    def share(self, event: str) -> float:
        """Share of imports covered: the announcement's own amount over all imports; all of them where it names no list."""
        return min(1.0, self.cover[event] / self.imports) if event in self.cover else 1.0


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything that was decided before a result was seen.

    Attributes
    ----------
    level : float
        Of every link and of the chain.
    periods : mapping of str to (str, str)
        Names and dates, both included, in order.
    headline : str
        The period whose verdict counts.
    falsifiers : mapping of str to tuple of str
        What keeps "supported" from being said.
    raw : mapping
        The resolved file, for the report.

    Examples
    --------
    >>> rules = load_definitions()
    >>> rules.reaction.window, rules.headline, rules.periods["before"][1]
    ((0, 0), 'after', '2025-05-02')
    """

    version: int
    ledger: str
    level: float
    stances: Stances
    sample: SampleRules
    periods: Mapping[str, tuple[str, str]]
    headline: str
    reaction: ReactionRules
    placebo: PlaceboRules
    decision: DecisionRules
    episodes: EpisodeRules
    selloffs: SelloffRules
    equivalence: Margins
    power: PowerRules
    replications: Replications
    curve: CurveRules
    tells: TellRules
    groups: Mapping[str, tuple[str, ...]]
    dose: DoseRules
    overlay_pair: tuple[tuple[str, str], ...]
    attenuation_split: str
    worst: tuple[str, ...]
    falsifiers_open: tuple[str, ...]
    falsifiers: Mapping[str, tuple[str, ...]]
    raw: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the resolved definitions."""
        text = json.dumps(self.raw, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def load_definitions(source: str | Path | Mapping[str, Any] | None = None) -> Definitions:
    """Read the definitions: those that ship, with the entries that `source` overrides.

    Parameters
    ----------
    source : path, mapping or None
        A TOML file, its content, or the name of an example that ships (``"fomc"``), that names only what differs.
        ``[periods]`` is replaced as a whole.

    Raises
    ------
    eventstudy.errors.StudyError
        If the file cannot be read, or names a section or an entry that does not exist.
    """
    content = _content(source)
    try:
        return _resolved(content)
    except StudyError as error:
        if isinstance(source, str | Path):
            msg = f"{brief(source, 300)}: {error}"
            raise StudyError(msg) from error
        raise


def _resolved(change: Mapping[str, Any]) -> Definitions:
    text = shipped_text("eventstudy.hypothesis", "definitions.toml")
    raw = _override(parse_toml(text, "definitions.toml", StudyError), change, "definitions")
    periods = {name: dates for name, dates in raw["periods"].items() if name != "headline"}
    headline = raw["periods"].get("headline")
    if not isinstance(headline, str) or headline not in periods:
        msg = f"definitions: the headline period {brief(headline)!r} is not one of {', '.join(map(brief, periods))}"
        raise StudyError(msg)
    fails = {link: raw["falsifiers"][link] for link in ("h1", "h2", "h3")}
    made = Definitions(
        version=checked(int, raw["version"], "version"),
        ledger=checked(str, raw["ledger"], "ledger"),
        level=checked(float, raw["level"], "level"),
        stances=_build(Stances, raw, "stances"),
        sample=_build(SampleRules, raw, "sample"),
        periods=checked(dict[str, tuple[str, str]], periods, "periods"),
        headline=headline,
        reaction=_build(ReactionRules, raw, "reaction"),
        placebo=_build(PlaceboRules, raw, "placebo"),
        decision=_build(DecisionRules, raw, "decision"),
        episodes=_build(EpisodeRules, raw, "episodes"),
        selloffs=_build(SelloffRules, raw, "selloffs"),
        equivalence=_build(Margins, raw, "equivalence"),
        power=_build(PowerRules, raw, "power"),
        replications=_build(Replications, raw, "replications"),
        curve=_build(CurveRules, raw, "curve"),
        tells=_build(TellRules, raw, "tells"),
        groups=checked(dict[str, Words], raw["groups"], "groups"),
        dose=_build(DoseRules, raw, "dose"),
        overlay_pair=checked(tuple[tuple[str, str], ...], raw["overlay"]["pair"], "overlay.pair"),
        attenuation_split=checked(str, raw["attenuation"]["split"], "attenuation.split"),
        worst=checked(Words, raw["falsifiers"]["worst"], "falsifiers.worst"),
        falsifiers_open=checked(Words, raw["falsifiers"]["open"], "falsifiers.open"),
        falsifiers=checked(dict[str, Words], fails, "falsifiers"),
        raw=raw,
    )
    _check_ranges(made)
    return made


def _content(source: Any) -> Mapping[str, Any]:
    if source is None:
        return {}
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, str | Path):
        msg = f"definitions are a file, its content or the name of an example, not {type(source).__name__} {brief(source)}"
        raise StudyError(msg)
    if source in EXAMPLES:
        text = shipped_text("eventstudy.hypothesis", f"examples/{source}.toml")
        return parse_toml(text, f"{source}.toml", StudyError)
    try:
        path = existing_file(source, StudyError)
    except StudyError as error:
        msg = f"definitions {brief(source)!r} cannot be read: {error}"
        raise StudyError(msg) from error
    return parse_toml(read_text(path, StudyError), str(path), StudyError)


def _override(base: Mapping[str, Any], change: Any, place: str) -> dict[str, Any]:
    if not isinstance(change, Mapping):
        msg = f"{place}: {brief(change)!r} is not a table of {', '.join(base)}"
        raise StudyError(msg)
    unknown = sorted(str(key) for key in set(change) - set(base))
    if unknown:
        msg = f"{place}: {brief(unknown[0])!r} is not one of {', '.join(base)}"
        raise StudyError(msg)
    merged = dict(base)
    for key, value in change.items():
        whole = key in {"periods", "groups", "cover"}
        if whole and not isinstance(value, Mapping):
            msg = f"{place}, [{key}]: {brief(value)!r} is not a table"
            raise StudyError(msg)
        inner = isinstance(base[key], dict) and not whole
        merged[key] = _override(base[key], value, f"{place}, [{key}]") if inner else value
    return merged


def _build(cls: type[_T], raw: Mapping[str, Any], section: str) -> _T:
    names = [f.name for f in fields(cls)]  # type: ignore[arg-type]  # each is a dataclass of this module
    made: _T = checked(cls, {name: raw[section][name] for name in names}, section)
    return made


def _check_ranges(rules: Definitions) -> None:
    """Refuse what can be read and cannot be meant: a window that runs back, a share above one, a day that is none."""
    reaction, runs = rules.reaction, rules.replications
    windows = (reaction.window, *reaction.companions, reaction.mask, *rules.curve.windows, rules.tells.window)
    shares = (rules.level, rules.power.target, reaction.ewma_lambda)
    counts = (
        reaction.estimation_length,
        reaction.estimation_minimum,
        runs.headline,
        runs.curve,
        runs.power,
        runs.quick,
    )
    low, high = reaction.winsor
    days = [day for dates in rules.periods.values() for day in dates]
    wrong = [
        *(f"window {list(w)} runs back; write it as {[w[1], w[0]]}" for w in windows if w[0] > w[1]),
        *(
            f"{share} is not between 0 and 1 (level, power.target, reaction.ewma_lambda)"
            for share in shares
            if not 0 < share < 1
        ),
        *(f"{count} is not at least 1 (estimation window, replications)" for count in counts if count < 1),
        *([] if 0 <= low < high <= 1 else [f"winsor {[low, high]} is not two shares in order, such as [0.01, 0.99]"]),
        *(
            f"{day!r} is not a date such as 2025-04-02"
            for day in (*days, rules.attenuation_split, *rules.worst)
            if not _is_day(day)
        ),
    ]
    wrong = wrong or [f"period {name!r} ends before it begins" for name, (a, b) in rules.periods.items() if a > b]
    wrong += [
        f"selloffs.dates: {day!r} is no date and no month"
        for day, _ in rules.selloffs.dates
        if not _is_day(day) and not _is_day(f"{day}-01")
    ]
    if wrong:
        msg = f"definitions: {'; '.join(wrong)}"
        raise StudyError(msg)


def _is_day(text: str) -> bool:
    try:
        parse_date(text)
    except ValueError:
        return False
    return True
