"""The sections of the definitions, each value with what it may be; ``definitions.toml`` says what each entry means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Statistic = Literal["mean", "median"]
Scale = Literal["fear", "ewma", "none"]
Drawdown = Literal["threat", "peak", "week", "scaled"]
SampleName = Literal[
    "main", "all targets", "formal acts", "no macro days", "no doubtful labels", "doubtful labels flipped", "every row", "words too"
]  # fmt: skip


def _rises(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if any(a >= b for a, b in pairwise(values)):
        msg = "must rise from each to the next"
        raise ValueError(msg)
    return values


def _forward(ends: tuple[Any, Any]) -> tuple[Any, Any]:
    if ends[0] > ends[1]:
        msg = f"must run forward, such as {[ends[1], ends[0]]}"
        raise ValueError(msg)
    return ends


def _a_day(text: str) -> str:
    try:
        right = date.fromisoformat(text).isoformat() == text
    except ValueError:
        right = False
    if not right:
        msg = "must be a day of the calendar, such as 2025-04-03"
        raise ValueError(msg)
    return text


def _a_day_or_month(text: str) -> str:
    _a_day(f"{text}-01" if len(text) == len("2026-02") else text)
    return text


def _a_day_or_none(text: str) -> str:
    return _a_day(text) if text else text


def _without_headline(periods: Any) -> Any:
    return (
        {name: dates for name, dates in periods.items() if name != "headline"}
        if isinstance(periods, Mapping)
        else periods
    )


def _apart(periods: Mapping[str, tuple[str, str]]) -> Mapping[str, tuple[str, str]]:
    if "all" in periods:
        msg = "must not be called 'all': that is the sample of all periods; rename it"
        raise ValueError(msg)
    for (first, (_, end)), (second, (start, _)) in pairwise(periods.items()):
        if start <= end:
            msg = f"must follow one another: {second!r} begins on {start}, before {first!r} is over on {end}"
            raise ValueError(msg)
    return periods


def _none_or_two(pair: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(pair) not in {0, 2}:
        msg = "must name two threats, each by its id and in words, or none"
        raise ValueError(msg)
    return pair


def _by_link(falsifiers: Any) -> Any:
    return {link: falsifiers[link] for link in ("h1", "h2", "h3")}


def _only(value: Any) -> AfterValidator:
    """Refuse all but one value: the study has no other way, and would pass over what is asked for in silence."""

    def check(given: Any) -> Any:
        if given != value:
            msg = f"must be {value!r}: the study knows no other"
            raise ValueError(msg)
        return given

    return AfterValidator(check)


Pair = tuple[int, int]
Window = Annotated[Pair, AfterValidator(_forward)]
Word = Annotated[str, Field(min_length=1)]
Day = Annotated[str, AfterValidator(_a_day)]
DayOrMonth = Annotated[str, AfterValidator(_a_day_or_month)]
Period = Annotated[tuple[Day, Day], AfterValidator(_forward)]
Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
MOST = 1_000_000  # draws, sessions: more is a slip of the hand, and takes days
Count = Annotated[int, Field(ge=1, le=MOST)]
Natural = Annotated[int, Field(ge=0, le=MOST)]
Periods = Annotated[
    Mapping[Word, Period], Field(min_length=1), BeforeValidator(_without_headline), AfterValidator(_apart)
]
Threats = Annotated[tuple[tuple[Word, Word], ...], AfterValidator(_none_or_two)]
FalsifierTexts = Annotated[Mapping[str, tuple[Word, ...]], BeforeValidator(_by_link)]
Version = Annotated[int, Field(ge=1, le=2)]
Scheme = Literal["permutation", "matched", "shift", "left_out"]
RiskSet = Literal["main", "older episodes too", "beyond 60 days too", "threatened alone", "words too"]
Clip = Annotated[tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(le=1)]], AfterValidator(_rises)]
Beside = Mapping[Word, Period]


class Section(BaseModel):
    """Strict: a word is no number, and no entry is passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Stances(Section):
    """What the two moves of the chain, and what is neither or both, are called in the catalogue."""

    trigger: Word
    relief: Word
    neutral: Word
    ambiguous: Word

    @property
    def links(self) -> dict[str, str]:
        """The links in these words: ``"escalation -> selloff"``."""
        return {"H1": f"{self.trigger} -> selloff", "H2": f"drawdown -> {self.relief}", "H3": f"{self.relief} -> rally"}


class SampleRules(Section):
    """Which rows of a catalogue are studied."""

    scopes: tuple[Word, ...]
    actors_dropped: tuple[Word, ...]
    lead_only: bool
    relief_levels: tuple[Word, ...]
    trigger_levels: tuple[Word, ...]
    decider: str
    rival_actor: str
    doubtful: Literal["alternative", "opposite"]
    rule_tiers: tuple[Word, ...]


class ReactionRules(Section):
    """H1 and H3: the standardized abnormal return of the index."""

    window: Window
    companions: tuple[Window, ...]
    estimation_length: Count
    estimation_end: Annotated[int, Field(lt=0)]
    estimation_minimum: Annotated[int, Field(ge=2)]
    mask: Window
    scale: Scale
    ewma_lambda: Share
    winsor: Clip
    clipped: Clip
    statistic: Statistic


class PlaceboRules(Section):
    """Dates on which nothing happened."""

    primary: Annotated[tuple[Scheme, ...], Field(min_length=1)]
    pool_before: Natural
    terciles: Annotated[tuple[str, ...], _only(("fear", "prior"))]
    prior_sessions: Count
    matched_pool: Literal["record"]
    matched_minimum: Count
    cluster_gap: Natural


class DecisionRules(Section):
    """H2: the drawdown before the decider's formal relief."""

    table: Literal["threats", "reliefs"]
    era: Annotated[str, AfterValidator(_a_day_or_none)]
    age_minimum: Count
    drawdown: Drawdown
    peak_sessions: Count
    week_sessions: Count
    age_bins: Annotated[tuple[Count, ...], AfterValidator(_rises)]
    landmark_days: Count
    ridge: Annotated[float, _only(0.5)]


class EpisodeRules(Section):
    """Threats, from the first news to relief, implementation or censoring."""

    source: Literal["shipped", "rule"]
    join: bool
    censor_days: Count
    implemented_sessions: Annotated[int, _only(10)]
    retaliation: Literal["open"]
    deadline_sessions: Natural
    talks_sessions: Natural


class SelloffRules(Section):
    """Selloffs that the news of the day ascribes to something else."""

    window: Count
    fall: Annotated[float, Field(ge=0)]
    dates: tuple[tuple[DayOrMonth, str], ...]


class EvidenceRules(Section):
    """Evidence that may be watched as it grows."""

    start: Day
    reaction_bets: tuple[Positive, ...]
    hazard_bets: tuple[Positive, ...]
    loss_unit: Positive
    fewest_scores: Count
    fewest_threats: Count
    needed: Annotated[float, Field(gt=1)]


class EverydayWords(Section):
    """What the moves are called on the first screen."""

    trigger: str
    triggers: str
    relief: str
    decider: str


class RememberedCase(Section):
    """The relief that everyone remembers."""

    relief: str
    name: str


class PosteriorRules(Section):
    """A sceptic's prior: how likely it takes an effect beyond the declared one to be."""

    chance: Annotated[float, Field(gt=0, lt=0.5)]


class Margins(Section):
    """What counts as nothing."""

    reaction: Positive
    log_odds: Positive


class PowerRules(Section):
    """The effects whose detection is asked about."""

    reaction: Positive
    odds_ratio: Annotated[float, Field(gt=1)]
    target: Share


class Replications(Section):
    """How many draws."""

    headline: Count
    curve: Count
    power: Count
    quick: Annotated[int, Field(ge=2, le=MOST)]


class CurveRules(Section):
    """The axes of the specification curve."""

    windows: tuple[Window, ...]
    scales: tuple[Scale, ...]
    samples: tuple[SampleName, ...]
    statistics: tuple[Statistic, ...]
    drawdowns: tuple[Drawdown, ...]
    risk_sets: tuple[RiskSet, ...]


class TellRules(Section):
    """Front-running: the window before, and the shift that should make it go away."""

    window: Annotated[tuple[int, Annotated[int, Field(lt=0)]], AfterValidator(_forward)]
    shift: Count
    gain_by_threats: tuple[Word, ...]


class DoseRules(Section):
    """The size of an announced change: points of the rate times the share of imports that it covers."""

    also: tuple[Word, ...]
    imports: Positive
    cover: Mapping[str, Positive]

    def share(self, event: str) -> float:
        """Share of imports covered: the announcement's own amount over all imports; all of them where it names no list."""
        return min(1.0, self.cover[event] / self.imports) if event in self.cover else 1.0


@dataclass(frozen=True, slots=True)
class Placebos:
    """How a mean reaction is held against chance: what is clipped, how it is averaged, which dates resemble its own."""

    winsor: tuple[float, float]
    primary: tuple[Scheme, ...]
    statistic: Statistic
    prior_sessions: int
    matched_minimum: int
    cluster_gap: int
    draws: int


@dataclass(frozen=True, slots=True)
class LinkRules:
    """How the links are tested, what they are called, and what counts as nothing and as enough."""

    titles: Mapping[str, str]
    alpha: float
    placebos: Placebos
    age_bins: tuple[int, ...]
    age_minimum: int
    margins: Margins
    power: PowerRules
    power_draws: int
    curves: bool
