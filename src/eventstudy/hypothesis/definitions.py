"""The definitions of the study as typed values, read from one file that was fixed before any result.

The file is TOML. The one that ships, ``definitions.toml``, holds the flagship's; a study of another catalogue names its
own, which overrides the entries it mentions. The digest covers the resolved values, so that any change shows.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from eventstudy._shipped import shipped_text
from eventstudy.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Definitions", "load_definitions"]

EXAMPLES: Final = ("fomc",)  # definitions that are shipped beside those of the flagship
Pair = tuple[int, int]
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
    scale: str
    ewma_lambda: float
    winsor: tuple[float, float]
    statistic: str


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

    drawdown: str
    peak_sessions: int
    week_sessions: int
    age_bins: tuple[int, ...]
    landmark_days: int
    ridge: float


@dataclass(frozen=True, slots=True)
class EpisodeRules:
    """Threats, from the first news to relief, implementation or censoring."""

    source: str
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
    scales: tuple[str, ...]
    samples: tuple[str, ...]
    statistics: tuple[str, ...]
    drawdowns: tuple[str, ...]


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
    text = shipped_text("eventstudy.hypothesis", "definitions.toml")
    shipped = tomllib.loads(text)
    raw = _override(shipped, _content(source), "definitions")
    periods = {name: tuple(dates) for name, dates in raw["periods"].items() if name != "headline"}
    headline = raw["periods"]["headline"]
    if headline not in periods:
        msg = f"definitions: the headline period {headline!r} is not one of {', '.join(periods)}"
        raise StudyError(msg)
    return Definitions(
        version=raw["version"],
        ledger=raw["ledger"],
        level=raw["level"],
        stances=_build(Stances, raw["stances"]),
        sample=_build(SampleRules, raw["sample"]),
        periods=periods,
        headline=headline,
        reaction=_build(ReactionRules, raw["reaction"]),
        placebo=_build(PlaceboRules, raw["placebo"]),
        decision=_build(DecisionRules, raw["decision"]),
        episodes=_build(EpisodeRules, raw["episodes"]),
        selloffs=_build(SelloffRules, raw["selloffs"]),
        equivalence=_build(Margins, raw["equivalence"]),
        power=_build(PowerRules, raw["power"]),
        replications=_build(Replications, raw["replications"]),
        curve=_build(CurveRules, raw["curve"]),
        tells=_build(TellRules, raw["tells"]),
        groups={name: tuple(symbols) for name, symbols in raw["groups"].items()},
        dose=_build(DoseRules, raw["dose"]),
        overlay_pair=_frozen(raw["overlay"]["pair"]),
        attenuation_split=raw["attenuation"]["split"],
        worst=tuple(raw["falsifiers"]["worst"]),
        falsifiers_open=tuple(raw["falsifiers"]["open"]),
        falsifiers={link: tuple(raw["falsifiers"][link]) for link in ("h1", "h2", "h3")},
        raw=raw,
    )


def _content(source: str | Path | Mapping[str, Any] | None) -> Mapping[str, Any]:
    if source is None:
        return {}
    if not isinstance(source, str | Path):
        return source
    if source in EXAMPLES:
        return tomllib.loads(shipped_text("eventstudy.hypothesis", f"examples/{source}.toml"))
    try:
        return tomllib.loads(Path(source).read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        msg = f"definitions {str(source)!r} cannot be read: {error}"
        raise StudyError(msg) from error


def _override(base: Mapping[str, Any], change: Mapping[str, Any], place: str) -> dict[str, Any]:
    unknown = sorted(set(change) - set(base))
    if unknown:
        msg = f"{place}: {unknown[0]!r} is not one of {', '.join(base)}"
        raise StudyError(msg)
    merged = dict(base)
    for key, value in change.items():
        whole = key in {"periods", "groups", "cover"} or not isinstance(base[key], dict)
        merged[key] = value if whole else _override(base[key], value, f"{place}, [{key}]")
    return merged


def _build(cls: type[_T], values: Mapping[str, Any]) -> _T:
    names = [f.name for f in fields(cls)]  # type: ignore[arg-type]  # each is a dataclass of this module
    return cls(**{name: _frozen(values[name]) for name in names})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
