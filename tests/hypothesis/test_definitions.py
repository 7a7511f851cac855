"""Every value of the definitions is checked: a wrong one is one error that names its section, its key, and what may stand there."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from eventstudy.errors import StudyError
from eventstudy.hypothesis import SelloffForcesSoftening, load_definitions
from eventstudy.hypothesis.record.sample import VARIANTS
from eventstudy.hypothesis.record.sections import SampleName

SHIPPED = tomllib.loads(resources.files("eventstudy.hypothesis").joinpath("definitions.toml").read_text("utf-8"))

# Words of the catalogue, of a list of symbols, or told to readers: what may stand there is not for the definitions to say.
FREE_WORDS = {
    "stances.trigger", "stances.relief", "stances.neutral", "stances.ambiguous",
    "sample.decider", "sample.rival_actor", "sample.scopes", "sample.actors_dropped", "sample.relief_levels", "sample.rule_tiers",
    "groups", "dose.also", "overlay.pair", "selloffs.dates.words", "question",
    "everyday.trigger", "everyday.triggers", "everyday.relief", "everyday.decider", "remembered.relief", "remembered.name",
}  # fmt: skip

# Numbers at whose place 5 can stand: a count, a length, a distance.
FIVE = {
    "reaction.estimation_minimum",
    "placebo.pool_before", "placebo.prior_sessions", "placebo.matched_minimum", "placebo.cluster_gap",
    "decision.age_minimum", "evidence.reaction_bets", "evidence.hazard_bets", "evidence.loss_unit",
    "evidence.fewest_scores", "evidence.fewest_threats", "evidence.needed",
    "decision.peak_sessions", "decision.week_sessions", "decision.landmark_days",
    "episodes.censor_days", "episodes.deadline_sessions", "episodes.talks_sessions", "selloffs.window", "selloffs.fall",
    "equivalence.reaction", "equivalence.log_odds", "power.reaction", "power.odds_ratio",
    "replications.headline", "replications.curve", "replications.power", "replications.quick", "tells.shift", "dose.imports", "dose.cover",
}  # fmt: skip

# Days of windows may lie before the event; -1 is one of them.
WINDOWS = {
    "reaction.window",
    "reaction.companions",
    "reaction.mask",
    "curve.windows",
    "tells.window",
    "reaction.estimation_end",
}


def leaves(value, place=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*place, key))
    elif isinstance(value, list):
        for i in {0, len(value) - 1} if value else ():  # a list is of one kind: its ends speak for it
            yield from leaves(value[i], (*place, i))
    else:
        yield place, value


LEAVES = dict(leaves(SHIPPED))
WORDS = [place for place, value in LEAVES.items() if isinstance(value, str)]
NUMBERS = [place for place, value in LEAVES.items() if isinstance(value, int | float) and not isinstance(value, bool)]
SWITCHES = [place for place, value in LEAVES.items() if isinstance(value, bool)]


def name_of(place):
    section = ".".join(str(step) for step in place[:2] if not isinstance(step, int))
    if place[0] == "selloffs" and place[-1] == 1 and len(place) == 4:
        return "selloffs.dates.words"
    return "groups" if place[0] == "groups" else section


def put(place, value):
    """The override that puts one value in one place and repeats what stands beside it."""
    top = place[0]
    if len(place) == 1:
        return {top: value}

    def changed(inner, steps):
        if not steps:
            return value
        if isinstance(inner, list):
            return [changed(item, steps[1:]) if i == steps[0] else item for i, item in enumerate(inner)]
        return {key: changed(item, steps[1:]) if key == steps[0] else item for key, item in inner.items()}

    return {top: changed(SHIPPED[top], place[1:])}


def refused(change):
    try:
        load_definitions(change)
    except StudyError as error:
        return str(error)
    return ""


def wrong_at(place, value):
    """What is said of a value in a place; it must name the section and the key."""
    said = refused(put(place, value))
    if said:
        assert "\n" not in said
        assert all(str(step) in said for step in place[:2] if not isinstance(step, int)), said
    return said


def test_the_shipped_definitions_are_as_they_were():
    assert load_definitions().digest == "6cbd6e696a16609b42e6e769f942e65ee96b2d8c964b2ca94a52ddfd335f982e"
    assert load_definitions("fomc").digest == "6c3cf0d01ffff534e21ad7dfaaefe21fb7cc0ebc581540f91c89f002b39851a8"
    assert load_definitions("us-china-v1").digest == "6d09148d5f5e0a087b95695a84dfc8a88ce44450948db3469b0d9da82f999a8d"
    assert load_definitions("allies").digest == "6f2ace4fe99c75fc6d7858ee608431afe08ed5499c755167eef65e6575c3a176"
    assert load_definitions().raw == SHIPPED
    assert (
        load_definitions(SHIPPED).digest == load_definitions(load_definitions().raw).digest == load_definitions().digest
    )


def test_no_word_but_those_of_the_catalogue_is_free():
    taken = {name_of(place) for place in WORDS if not wrong_at(place, "nonsense")}
    assert taken == FREE_WORDS


def test_no_word_is_empty_but_those_that_may_be():
    taken = {name_of(place) for place in WORDS if not wrong_at(place, "")}
    told = {"question", *(f"everyday.{word}" for word in ("trigger", "triggers", "relief", "decider"))}
    told |= {"remembered.relief", "remembered.name", "decision.era"}
    assert taken == {"ledger", "sample.decider", "sample.rival_actor", "selloffs.dates.words"} | told


def test_a_number_is_no_word_and_a_word_no_number():
    assert [place for place in WORDS if not wrong_at(place, 5)] == []
    assert [place for place in WORDS if not wrong_at(place, ["nonsense"])] == []
    assert [place for place in NUMBERS if not wrong_at(place, "0.05")] == []
    assert [place for place in NUMBERS if not wrong_at(place, True)] == []
    assert [place for place in NUMBERS if not wrong_at(place, float("nan"))] == []
    assert [place for place in NUMBERS if not wrong_at(place, float("inf"))] == []
    assert [place for place in SWITCHES if not wrong_at(place, "true")] == []
    assert [place for place in SWITCHES if not wrong_at(place, 1)] == []


def test_numbers_lie_in_their_ranges():
    five = {name_of(place) for place in NUMBERS if not wrong_at(place, 5)}
    assert five - WINDOWS - {"decision.age_bins"} == FIVE
    less = {name_of(place) for place in NUMBERS if not wrong_at(place, -1)}
    assert less <= WINDOWS
    nought = {name_of(place) for place in NUMBERS if not wrong_at(place, 0)}
    zeros = {
        "placebo.pool_before",
        "placebo.cluster_gap",
        "episodes.deadline_sessions",
        "episodes.talks_sessions",
        "selloffs.fall",
    }
    assert nought - WINDOWS == zeros | {"reaction.winsor", "reaction.clipped"}


def test_a_list_is_a_list_and_a_table_a_table():
    lists = {place[: i + 1] for place in LEAVES for i in range(len(place) - 1) if isinstance(place[i + 1], int)}
    assert len(lists) > 30
    for place in lists:
        for value in (3, "abc", {"a": 1}):
            assert wrong_at(place, value), (place, value)
    for section, content in SHIPPED.items():
        if isinstance(content, dict):
            for value in (5, "abc", [1, 2]):
                assert section in refused({section: value})


# the reproductions of the audit, and their neighbours
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reaction": {"statistic": "mode"}}, ["[reaction], statistic: 'mode' is not one of mean, median"]),
        ({"reaction": {"statistic": "medain"}}, ["did you mean 'median'?"]),
        ({"reaction": {"scale": "nonsense"}}, ["[reaction], scale: 'nonsense' is not one of fear, ewma, none"]),
        ({"decision": {"drawdown": "nonsense"}}, ["[decision], drawdown", "threat, peak, week, scaled"]),
        ({"episodes": {"source": "nonsense"}}, ["[episodes], source", "shipped, rule"]),
        ({"level": "0.05"}, ["level: '0.05' must be a valid number"]),
        ({"level": 5}, ["level: 5 must be less than 0.5"]),
        ({"periods": {"a": ["2025-01-01", "2025-12-31"]}}, ["[periods], headline"]),
        ({"periods": {"a": "2025", "headline": "a"}}, ["[periods], a: '2025' must be a list"]),
        ({"periods": {"a": ["2025-12-31", "2025-01-01"], "headline": "a"}}, ["[periods], a", "forward"]),
        ({"periods": {"a": ["2025-02-30", "2025-12-31"], "headline": "a"}}, ["2025-02-30", "a day of the calendar"]),
        ({"periods": {"a": ["20250102", "2025-12-31"], "headline": "a"}}, ["20250102", "a day of the calendar"]),
        ({"periods": {"all": ["2025-01-01", "2025-12-31"], "headline": "all"}}, ["the sample of all periods"]),
        (
            {"periods": {"a": ["2025-01-01", "2025-06-30"], "b": ["2025-06-30", "2025-12-31"], "headline": "a"}},
            ["'b' begins on 2025-06-30, before 'a' is over"],
        ),
        ({"periods": {"headline": "a"}}, ["periods", "at least 1 item"]),
        ({"reaction": 5}, ["[reaction]: 5 must be a table"]),
        ({"replications": {"headline": -5}}, ["[replications], headline: -5"]),
        ({"reaction": {"window": 3}}, ["[reaction], window: 3 must be a list"]),
        ({"reaction": {"window": [0, 1, 2]}}, ["[reaction], window", "at most 2 items"]),
        ({"reaction": {"window": [1, 0]}}, ["must run forward, such as [0, 1]"]),
        ({"reaction": {"estimation_end": -1}}, ["[reaction], estimation_end: -1 is not before the window"]),
        ({"reaction": {"estimation_minimum": 300}}, ["[reaction], estimation_minimum: 300 is more than"]),
        ({"reaction": {"winsor": [0.9, 0.1]}}, ["[reaction], winsor", "must rise"]),
        ({"decision": {"age_bins": [15, 5]}}, ["[decision], age_bins", "must rise"]),
        ({"stances": {"relief": "escalation"}}, ["[stances]: 'escalation' names two of them"]),
        ({"falsifiers": {"open": ["other selloffs loewr it"]}}, ["did you mean 'other selloffs lower it'?"]),
        ({"tells": {"gain_by_threats": ["havnes"]}}, ["[tells], gain_by_threats: 'havnes'", "did you mean 'havens'?"]),
        ({"overlay": {"pair": [["E06", "April 2025"]]}}, ["[overlay], pair", "two threats"]),
        ({"reactoin": {}}, ["'reactoin' is not one of", "did you mean 'reaction'?"]),
        ({"reaction": {"windwo": [0, 1]}}, ["[reaction]: 'windwo' is not one of", "did you mean 'window'?"]),
    ],
)
def test_what_is_wrong_is_said(change, said):
    found = refused(change)
    assert found
    assert all(part in found for part in said), found


def test_every_wrong_value_is_named_at_once():
    found = refused({"level": 5, "reaction": {"scale": "x"}, "power": {"target": 2}})
    assert all(part in found for part in ("level", "scale", "target"))


def test_a_file_is_named_with_its_values(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('[reaction]\nstatistic = "mode"\n', "utf-8")
    assert f"definitions {str(path)!r}: [reaction], statistic" in refused(path)
    path.write_text("[reaction\n", "utf-8")
    assert f"definitions {str(path)!r} cannot be read" in refused(path)
    path.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refused(path)
    path.write_text("[attenuation]\nsplit = 2025-05-02\n", "utf-8")  # a date of TOML, where the definitions have text
    assert "[attenuation], split" in refused(path)


@pytest.mark.parametrize("source", [5, ["a"], "fomcc", "", "no/such.toml"])
def test_a_source_that_is_none_is_refused(source):
    assert "cannot be read" in refused(source)
    assert "fomc" in refused("fomcc")


def test_the_study_refuses_before_it_computes(flagship):
    with pytest.raises(StudyError, match="statistic"):
        SelloffForcesSoftening(definitions={"reaction": {"statistic": "mode"}}).test(*flagship[:2])


def test_what_is_given_does_not_change_under_the_hand():
    given = {"periods": {"only": ["2018-01-02", "2020-01-31"], "headline": "only"}}
    rules = load_definitions(given)
    digest = rules.digest
    given["periods"]["only"][0] = "2019-01-01"
    assert rules.digest == digest
    assert rules.raw["periods"]["only"] == ["2018-01-02", "2020-01-31"]
    with pytest.raises(ValueError, match="frozen"):
        rules.alpha = 0.1


def test_the_samples_of_the_curve_are_the_variants():
    assert list(SampleName.__args__) == list(VARIANTS)


def test_a_message_does_not_repeat_a_book():
    for change in (
        {"reaction": {"statistic": "x" * 10**6}},
        {"x" * 10**6: 1},
        {"reaction": "x" * 10**6},
        {"level": ["x"] * 10**5},
    ):
        assert 0 < len(refused(change)) < 1000


@pytest.mark.parametrize("key", ["\n", "a\nb", "\u2028", "\x1b[2J", "k" * 9000])
def test_a_key_of_others_is_said_on_one_short_line(key):
    for change in (
        {"groups": {key: 5}},
        {key: 5},
        {"stances": {key: "x"}},
        {"groups": {f"{key}{n}": {} for n in range(200)}},
    ):
        with pytest.raises(StudyError) as caught:
            load_definitions(change)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 5000
