"""A study begun by ``eventstudy new``: the files run, and the report speaks in the stances of the catalogue only."""

from __future__ import annotations

import html
import re
import tomllib

import pandas as pd
import pytest
from typer.testing import CliRunner

import eventstudy as es
from eventstudy.cli.app import app
from eventstudy.errors import InputError, StudyError
from eventstudy.hypothesis import load_definitions
from eventstudy.report.new_study import new_study

FOREIGN = re.compile(r"escalat|soften|\btalks\b|tariff|China|trade war|us-china", re.IGNORECASE)
RUN = CliRunner()


def catalogue(folder, name, stances, *, header="", events=18, actor=""):
    """Write a catalogue whose events have the stances in turn."""
    days = pd.date_range("2018-03-06", periods=events, freq="63D")
    acts = f'\nactor = "{actor}"' if actor else ""
    rows = [
        f'[[event]]\nid = "e{at}"\nname = "Event {at}"\nannounced_at = {day:%Y-%m-%d} 10:00:00\nstance = "{stances[at % len(stances)]}"{acts}\n'
        for at, day in enumerate(days)
    ]
    words = ", ".join(f'"{word}"' for word in stances)
    text = f'name = "{name}"\ntimezone = "America/New_York"\nstances = [{words}]\n{header}\n' + "\n".join(rows)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def begin(path, *options):
    done = RUN.invoke(app, ["new", str(path), *options])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def page_text(document, folder):
    """Return everything that a run writes for people and programs, as text."""
    es.report.write_document(document, folder)
    page = (folder / "report.html").read_text("utf-8")
    bare = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
    others = [path.read_text("utf-8") for path in sorted(folder.rglob("*")) if path.suffix in {".csv", ".svg", ".json"}]
    return html.unescape(re.sub(r"<[^>]+>", " ", bare)) + "\n".join(others)


@pytest.mark.slow
def test_one_stance_gives_a_study_without_a_chain(tmp_path):
    begin(catalogue(tmp_path, "recalls", ["recall"]))
    assert not (tmp_path / "recalls-definitions.toml").exists()
    document = es.run_study(tmp_path / "recalls-study.toml", quick=True)
    assert set(document.results["market"]["stances"]) == {"recall"}
    assert FOREIGN.search(page_text(document, tmp_path / "out")) is None


@pytest.mark.slow
def test_own_stances_are_averaged_without_a_hypothesis(tmp_path):
    path = catalogue(tmp_path, "bank", ["hawkish", "dovish", "neutral"])
    begin(path)
    study = tmp_path / "bank-study.toml"
    study.write_text(study.read_text("utf-8").split("[hypothesis]")[0], encoding="utf-8")
    document = es.run_study(study, quick=True)
    assert list(document.results["market"]["stances"]) == ["dovish", "hawkish", "neutral"]
    means = next(table.frame for table in document.tables if table.name == "stance_means")
    assert list(dict.fromkeys(means["stance"])) == ["hawkish", "dovish", "neutral"]  # in the catalogue's order
    assert "on hawkish" in " ".join(document.answer)
    # by hand: the six meetings of each stance, constant mean of 250 days, day 0
    own = es.load_events(path).select(stance="hawkish")
    index = es.load_returns(["^GSPC", "^VIX"])
    result = es.EventStudy(model=es.MeanAdjusted(volatility="^VIX"), mask_events=es.load_events(path)).fit(own, index)
    hawkish = means[(means["stance"] == "hawkish") & (means["window"] == "day 0")].iloc[0]
    assert hawkish["n"] == result.n
    assert hawkish["caar"] == pytest.approx(result.caar((0, 0))["caar"].iloc[0], abs=1e-15)
    assert FOREIGN.search(page_text(document, tmp_path / "out")) is None


def test_definitions_that_name_other_stances_leave_the_chain_untested_and_say_so(tmp_path):
    begin(catalogue(tmp_path, "bank", ["hawkish", "dovish", "neutral"]))
    study = tmp_path / "bank-study.toml"
    text = study.read_text("utf-8").replace('definitions = "bank-definitions.toml"', "")
    study.write_text(text, encoding="utf-8")
    document = es.run_study(study, quick=True)
    said = " ".join(line for section in document.sections for line in section.paragraphs)
    assert "The hypothesis was not tested" in said
    assert "(hawkish, dovish, neutral)" in said
    assert "hypothesis" not in document.results
    done = RUN.invoke(app, ["claims", str(study)])
    assert isinstance(done.exception, StudyError)
    assert "eventstudy new" in str(done.exception)


@pytest.mark.slow
def test_the_chain_of_an_own_catalogue_runs_in_its_words(tmp_path):
    begin(
        catalogue(
            tmp_path, "bank", ["hawkish", "dovish", "neutral"], header='opposed = ["hawkish", "dovish"]', actor="ECB"
        )
    )
    document = es.run_study(tmp_path / "bank-study.toml", quick=True)
    assert {"hawkish", "dovish"} <= set(re.findall(r"[a-z]+", " ".join(document.answer)))
    assert FOREIGN.search(page_text(document, tmp_path / "out")) is None


@pytest.mark.slow
def test_the_shipped_fomc_begins_a_study_that_runs(tmp_path):
    begin("fomc", "--out", str(tmp_path))
    document = es.run_study(tmp_path / "fomc-study.toml", quick=True)
    assert {"hike", "cut"} <= set(re.findall(r"[a-z]+", " ".join(document.answer)))
    assert FOREIGN.search(page_text(document, tmp_path / "out")) is None


def test_definitions_hold_what_the_catalogue_holds(tmp_path):
    path = catalogue(
        tmp_path, "bank", ["neutral", "hawkish", "dovish"], header='opposed = ["hawkish", "dovish"]', actor="ECB"
    )
    files = new_study(path)
    rules = load_definitions(tomllib.loads(files["bank-definitions.toml"]))
    assert (rules.stances.trigger, rules.stances.relief, rules.stances.neutral) == ("hawkish", "dovish", "neutral")
    assert rules.sample.decider == "ECB"
    assert rules.sample.scopes == rules.sample.relief_levels == ()
    assert list(rules.periods) == ["whole"]
    assert rules.periods["whole"][0] == "2018-03-06"
    assert not rules.dose.also
    assert not rules.selloffs.dates
    assert FOREIGN.search("".join(files.values())) is None


def test_names_with_odd_characters_are_written_as_toml(tmp_path):
    path = catalogue(tmp_path, "odd", ["rate up!", "rate – down"])
    files = new_study(path)
    assert tomllib.loads(files["odd-definitions.toml"])["stances"]["relief"] == "rate – down"


def test_nothing_is_written_over(tmp_path):
    path = catalogue(tmp_path, "recalls", ["recall"])
    begin(path)
    with pytest.raises(InputError, match=r"recalls-study\.toml is there already"):
        begin(path)


def test_a_folder_that_is_not_the_catalogues_is_refused(tmp_path):
    path = catalogue(tmp_path, "recalls", ["recall"])
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(InputError, match="copy it there first"):
        begin(path, "--out", str(other))
    assert list(other.iterdir()) == []


def test_options_go_into_the_study_file(tmp_path):
    path = catalogue(tmp_path, "recalls", ["recall"])
    begin(path, "--prices", "mine.csv", "--market", "^GDAXI", "--calendar", "XETR")
    study = es.load_study(tmp_path / "recalls-study.toml")
    assert (study.prices.source, study.market.symbol, study.calendar) == ("mine.csv", "^GDAXI", "XETR")
    assert study.market.fear is None
