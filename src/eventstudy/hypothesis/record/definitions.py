"""The definitions of the study as checked values, read from one file that was fixed before any result.

The file is TOML. The one that ships, ``definitions.toml``, holds the flagship's and says what each entry means; a study
of another catalogue names its own, which overrides the entries it mentions. Every value is checked: a word that the
study does not know would otherwise compute something else. The digest covers the resolved values, so that any change
shows.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from warnings import warn

from pydantic import AliasPath, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from eventstudy._shipped import shipped_text
from eventstudy.border import existing_file, parse_toml, read_text
from eventstudy.checks import checked, not_one_of, words_of
from eventstudy.errors import StudyError
from eventstudy.hypothesis.record.sections import (
    Beside,
    CurveRules,
    Day,
    DecisionRules,
    DoseRules,
    EpisodeRules,
    EverydayWords,
    EvidenceRules,
    FalsifierTexts,
    LinkRules,
    Margins,
    Periods,
    PlaceboRules,
    Placebos,
    PosteriorRules,
    PowerRules,
    ReactionRules,
    RememberedCase,
    Replications,
    SampleRules,
    SelloffRules,
    Stances,
    Statistic,
    TellRules,
    Threats,
    Version,
    Word,
)
from eventstudy.words import brief, nearest

FIRST = "us-china-v1"
EXAMPLES = ("allies", "fomc", FIRST)  # definitions that ship beside those of the flagship
_LONGEST = 200  # characters of a value that a message repeats, and of a word whose like is looked for


class Definitions(BaseModel):
    """Everything that was decided before a result was seen.

    Attributes
    ----------
    alpha : float
        Size of the tests of every link and of the chain.
    periods : mapping of str to (str, str)
        Names and dates, both included, in order.
    beside : mapping of str to (str, str)
        Samples shown beside the headline; they may lie within a period.
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

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)

    version: Version
    ledger: Literal["us-china", ""]
    question: str
    everyday: EverydayWords
    remembered: RememberedCase
    alpha: Annotated[float, Field(gt=0, lt=0.5, validation_alias="level")]  # the file was fixed with that word
    stances: Stances
    sample: SampleRules
    periods: Periods
    headline: Annotated[str, Field(validation_alias=AliasPath("periods", "headline"))]
    beside: Beside
    reaction: ReactionRules
    placebo: PlaceboRules
    decision: DecisionRules
    episodes: EpisodeRules
    selloffs: SelloffRules
    evidence: EvidenceRules
    posterior: PosteriorRules
    equivalence: Margins
    power: PowerRules
    replications: Replications
    curve: CurveRules
    tells: TellRules
    groups: Mapping[Word, tuple[Word, ...]]
    dose: DoseRules
    overlay_pair: Annotated[Threats, Field(validation_alias=AliasPath("overlay", "pair"))]
    attenuation_split: Annotated[Day, Field(validation_alias=AliasPath("attenuation", "split"))]
    worst: Annotated[tuple[Day, ...], Field(validation_alias=AliasPath("falsifiers", "worst"))]
    falsifiers_open: Annotated[tuple[Word, ...], Field(validation_alias=AliasPath("falsifiers", "open"))]
    falsifiers: FalsifierTexts
    raw: Mapping[str, Any]

    @property
    def level(self) -> float:
        """The name of `alpha` in the version before."""
        warn("level is the coverage of an interval; the size of the tests is alpha", DeprecationWarning, stacklevel=2)
        return self.alpha

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the resolved definitions."""
        text = json.dumps(self.raw, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @checked()
    def placebos(self, draws: int, statistic: Statistic | None = None) -> Placebos:
        """Give the rules by which `draws` placebos of a reaction are made, and averaged as `statistic` says."""
        return Placebos(
            winsor=self.reaction.winsor,
            primary=self.placebo.primary,
            statistic=statistic or self.reaction.statistic,
            prior_sessions=self.placebo.prior_sessions,
            matched_minimum=self.placebo.matched_minimum,
            cluster_gap=self.placebo.cluster_gap,
            draws=draws,
        )

    @checked()
    def links(self, *, draws: int, power_draws: int, curves: bool = True) -> LinkRules:
        """Give the rules of the three links; without `curves` the power is that of the declared effects alone."""
        return LinkRules(
            titles=self.stances.links,
            alpha=self.alpha,
            placebos=self.placebos(draws),
            age_bins=self.decision.age_bins,
            age_minimum=self.decision.age_minimum,
            margins=self.equivalence,
            power=self.power,
            power_draws=power_draws,
            curves=curves,
        )


def load_definitions(source: str | Path | Mapping[str, Any] | None = None) -> Definitions:
    """Read the definitions: those that ship, with the entries that `source` overrides.

    Parameters
    ----------
    source : path, mapping or None
        A TOML file, its content, or the name of an example that ships (``"fomc"``, ``"allies"``, or ``"us-china-v1"``,
        the first version of the flagship's), that names only what differs. ``[periods]`` is replaced as a whole.

    Raises
    ------
    eventstudy.errors.StudyError
        If the file cannot be read, names a section or an entry that does not exist, or holds a value that the study
        cannot use; every wrong value is named at once.
    """
    shipped = _shipped()
    place = (
        "definitions" if source is None or isinstance(source, Mapping) else f"definitions {brief(source, _LONGEST)!r}"
    )
    change = _content(source)
    raw = _override(shipped, change, place)
    try:
        rules = Definitions(**_copied(raw, tuple), raw=_copied(raw, list))
    except ValidationError as error:
        msg = f"{place}: {'; '.join(_said(problem) for problem in error.errors())}"
        raise StudyError(msg) from error
    wrong = _disagreements(rules, change, shipped if rules.version > 1 else _example(FIRST))
    if wrong:
        msg = f"{place}: {'; '.join(wrong)}"
        raise StudyError(msg)
    return rules


@cache
def _shipped() -> dict[str, Any]:
    return tomllib.loads(shipped_text("eventstudy.hypothesis", "definitions.toml"))


@cache
def _example(name: str) -> dict[str, Any]:
    return tomllib.loads(shipped_text("eventstudy.hypothesis", f"examples/{name}.toml"))


def _content(source: Any) -> Mapping[str, Any]:
    if source is None:
        return {}
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, str | Path):
        msg = f"definitions: {_shown(source)} cannot be read; give a TOML file, its content, or the name of an example"
        raise StudyError(msg)
    if str(source) in EXAMPLES:
        return _example(str(source))
    try:
        text = read_text(existing_file(source, StudyError), StudyError)
        return parse_toml(text, str(source), StudyError)
    except StudyError as error:
        way_out = nearest(str(source), EXAMPLES) or f" (the examples that ship: {', '.join(EXAMPLES)})"
        msg = f"definitions {brief(source, _LONGEST)!r} cannot be read: {error}{way_out}"
        raise StudyError(msg) from error


def _override(base: Mapping[str, Any], change: Mapping[str, Any], place: str) -> dict[str, Any]:
    unknown = next((key for key in change if key not in base), None)
    if unknown is not None:
        msg = f"{place}: {not_one_of(unknown, base)}"
        raise StudyError(msg)
    merged = dict(base)
    for key, value in change.items():
        inside = f"{place}: [{key}]"
        if isinstance(base[key], dict) and not isinstance(value, Mapping):
            msg = f"{inside}: {_shown(value)} must be a table; write it under [{key}], an entry a line"
            raise StudyError(msg)
        whole = key in {"periods", "beside", "groups", "cover"} or not isinstance(base[key], dict)
        merged[key] = value if whole else _override(base[key], value, inside)
    if merged.get("periods") != base.get("periods") and "beside" in base and "beside" not in change:
        merged["beside"] = {}  # those that ship lie in the periods that ship
    if any(merged.get(key) != base.get(key) for key in ("stances", "sample")) and "stances" in base:
        # the words that ship are about the catalogue that ships
        trigger, relief = merged["stances"]["trigger"], merged["stances"]["relief"]
        words = {
            "trigger": trigger,
            "triggers": f"{trigger} events",
            "relief": relief,
            "decider": merged["sample"]["decider"],
        }
        merged["everyday"] = words | dict(change.get("everyday", {}))
        merged["question"] = change.get("question", f"Do falls of the index after {trigger} bring {relief}?")
        merged["remembered"] = change.get("remembered", {"relief": "", "name": ""})
    return merged


def _copied(value: Any, listed: type[list[Any] | tuple[Any, ...]]) -> Any:
    """Copy a value with its lists as `listed`, so that it does not change under the hand of who gave it."""
    if isinstance(value, Mapping):
        return {key: _copied(item, listed) for key, item in value.items()}
    return listed(_copied(item, listed) for item in value) if isinstance(value, list | tuple) else value


def _said(problem: ErrorDetails) -> str:
    """Say one problem: section, key, value, what it may be, and the nearest word."""
    section, *rest = (
        f"entry {step + 1}" if isinstance(step, int) else brief(step, _LONGEST) for step in problem["loc"]
    )
    place = ", ".join([f"[{section}]", *rest]) if rest else section
    if problem["type"] == "missing":
        return f"{place}: there is none; give one"
    value = _shown(problem["input"])
    if problem["type"] == "literal_error":
        return f"{place}: {not_one_of(problem['input'], words_of(problem))}"
    if problem["type"] in {"tuple_type", "dict_type", "mapping_type"}:
        return f"{place}: {value} must be a {'list' if problem['type'] == 'tuple_type' else 'table'}"
    needed = re.sub(r"^(Value error,|\w+ should)", "", problem["msg"]).strip().replace(" after validation", "")
    return f"{place}: {value} {needed if needed.startswith(('must', 'is')) else f'must {needed}'}"


def _shown(value: Any) -> str:
    try:
        text = repr(list(value) if isinstance(value, tuple) else value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits, lists in lists without end
        return brief(value)
    return brief(text, _LONGEST)


def _disagreements(rules: Definitions, change: Mapping[str, Any], shipped: Mapping[str, Any]) -> list[str]:
    """Name entries that are right by themselves and wrong beside another."""
    found = []
    if rules.headline not in rules.periods:
        found.append(f"[periods]: the headline period {not_one_of(rules.headline, rules.periods)}")
    if double := set(rules.beside) & {"all", *rules.periods}:
        found.append(f"[beside]: {min(double)!r} is the name of another sample; rename it")
    names = list(rules.stances.model_dump().values())
    found += [f"[stances]: {name!r} names two of them" for name in sorted(set(names)) if names.count(name) > 1]
    reaction, tells = rules.reaction, rules.tells
    if reaction.estimation_minimum > reaction.estimation_length:
        least, most = reaction.estimation_minimum, reaction.estimation_length
        found.append(f"[reaction], estimation_minimum: {least} is more than the estimation_length, {most}")
    before = (tells.window[0] - tells.shift, tells.window[1])
    for window in (reaction.window, *reaction.companions, *rules.curve.windows, before):
        if window[0] <= reaction.estimation_end:
            last = reaction.estimation_end
            found.append(f"[reaction], estimation_end: {last} is not before the window {list(window)}; end it earlier")
            break
    for link, texts in rules.falsifiers.items():
        judged = shipped["falsifiers"][link]
        if list(texts) != judged:
            found.append(f"[falsifiers], {link}: {_shown(list(texts))} must be {judged}: the study judges no others")
    known = [text for texts in rules.falsifiers.values() for text in texts]
    found += _strangers("[falsifiers], open", rules.falsifiers_open, known)
    # groups are replaced as a whole: those that ship as gaining by threats need not be among one's own
    if "gain_by_threats" in change.get("tells", {}):
        found += _strangers("[tells], gain_by_threats", tells.gain_by_threats, list(rules.groups))
    return found


def _strangers(place: str, words: Sequence[str], known: Sequence[str]) -> list[str]:
    strange = [word for word in words if word not in known]
    return [f"{place}: {not_one_of(word, known)}" for word in strange]
