"""No number in a sentence that the values do not hold: each is found in results.json, or in the study file."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

import eventstudy as es
from eventstudy.pages.formats import json_text
from eventstudy.report.build import build_document
from eventstudy.study import study_file as study_module
from eventstudy.study.output.page import result_document
from eventstudy.study.pairs.firm_file import load_study

NUMBER = re.compile(r"(?<![\w.,^-])[−+-]?\d+(?:,\d{3})*(?:\.\d+)?")
WORDS_WITH_DIGITS = re.compile(
    r"H[123]\b|S&P 500|\b[A-Z]+\d+\w*|p < 0\.001|\d{4}-\d\d-\d\d|\d{4}–\d{4}|R²|\([A-Z][a-z]+(?: and [A-Z][a-z]+)? \d{4}\)"
)

OWN = """
title = "Rates and the index"
question = "Does the index fall when rates are raised?"
calendar = "XNYS"

[catalog]
source = "events.csv"
timezone = "America/New_York"

[prices]
source = "prices.csv"
symbols = ["IDX"]

[market]
symbol = "IDX"
name = "Own index"

[windows]
event = [-4, 6]
reported = [[0, 1], [-3, -2]]
estimation = { length = 77, end = -9, minimum = 41 }
"""


def sentences(document):
    """Give everything that a page says in sentences, and the texts of its charts that are no ticks."""
    yield from document.answer
    yield from (part for fact in document.facts for part in (fact.label, fact.value, fact.note))
    for section in document.sections:
        yield from (section.heading, *section.paragraphs)
    for table in document.tables:
        yield from (table.title, table.caption)
    for chart in document.charts:
        yield from (chart.title, chart.alt, chart.caption)
        own = [text for text in chart.figure.findobj(Text) if text.get_gid() in {"title", "subtitle"}]
        yield from (text.get_text() for text in own)


def numbers_of(value):
    """Give every number of a value: numbers, and those that stand in texts."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from numbers_of(str(key))
            yield from numbers_of(item)
    elif isinstance(value, list | tuple):
        yield float(len(value))
        for item in value:
            yield from numbers_of(item)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        yield float(value)
    else:
        for found in re.findall(r"\d+(?:\.\d+)?", str(value)):
            yield float(found)


def known(document, study):
    """Give the numbers that may be said: of the results, the study file, and the data that lie beside each chart."""
    values = list(numbers_of(json.loads(json_text(document.results)))) + list(numbers_of(study.model_dump(mode="json")))
    values += [number for chart in document.charts for number in numbers_of(data_of(chart.data))]
    values += [float(len(table.frame)) for table in document.tables]
    return np.abs(np.array(values))


def data_of(frame):
    """Give the cells of a frame, and what a title may say of a column: its smallest, largest, middle, sum and share."""
    cells = json.loads(
        json_text(
            frame.assign(**{c: frame[c].astype(str) for c in frame if frame[c].dtype.kind in "OMU"}).to_dict("list")
        )
    )
    more = []
    for name in frame.select_dtypes("number"):
        column = frame[name].dropna().astype(float)
        if len(column):
            path = column.iloc[-1] / column.iloc[0] - 1 if column.iloc[0] else 0.0
            more += [column.median(), column.sum(), column.nunique(), len(column), path, *column.diff().dropna()]
    return [cells, more, len(frame)]


def unheard(document, study):
    """Give the numbers of sentences that no value rounds to, whether as it is, in percent, or as what is left of one."""
    values = known(document, study)
    values = np.concatenate(
        [values, 100 * values, np.abs(100 * (1 - values[values <= 1])), 100 * np.abs(1 - 2 * values[values <= 1])]
    )
    wrong = []
    for sentence in sentences(document):
        text = WORDS_WITH_DIGITS.sub(" ", sentence.replace("\n", " "))
        for said in NUMBER.findall(text):
            number = abs(float(said.replace(",", "").replace("−", "-")))
            digits = len(said.partition(".")[2])
            if not (np.abs(values - number) <= 0.5000001 * 10.0**-digits).any():
                wrong.append((said, sentence))
    return wrong


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    days = pd.bdate_range("2023-01-02", "2024-12-31")
    rng = np.random.default_rng(5)
    pd.DataFrame({"date": days, "IDX": 1234 * np.exp(np.cumsum(rng.normal(0, 0.011, len(days))))}).to_csv(
        folder / "prices.csv", index=False
    )
    at = days[180::43][:7]
    names = ["Raised once", "Raised twice", "Cut", "Hints", "Cut again", "Raised thrice", "More hints"]
    stance = ["escalation", "escalation", "softening", "talks", "softening", "escalation", "talks"]
    events = pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(7)],
            "announced_at": [f"{d:%Y-%m-%d} 11:00" for d in at],
            "name": names,
            "stance": stance,
        }
    )
    events.to_csv(folder / "events.csv", index=False)
    (folder / "rates.toml").write_text(OWN)
    return folder / "rates.toml"


def test_an_own_study_says_its_own_windows_and_nothing_of_another(own):
    study = load_study(own)
    document, _ = build_document(study, quick=True)
    assert unheard(document, study) == []
    text = " ".join(sentences(document))
    assert "the mean of 77 sessions that end on day −9" in text
    assert "days −4 to +6" in text
    for foreign in ("250", "10-year", "S&P", "four events", "Four events"):
        assert foreign not in text


def test_a_number_that_no_value_holds_is_found(own):
    study = load_study(own)
    document, _ = build_document(study, quick=True)
    assert unheard(replace(document, answer=(*document.answer, "It fell by 98.7654% in 3,141 days.")), study) == [
        ("98.7654", "It fell by 98.7654% in 3,141 days."),
        ("3,141", "It fell by 98.7654% in 3,141 days."),
    ]


def test_a_page_of_a_result_says_what_the_result_holds():
    """An earnings study: pairs of a firm and a day, another model, windows and level of its own."""
    days = pd.bdate_range("2022-01-03", periods=420, unit="us")
    rng = np.random.default_rng(3)
    market = rng.normal(0, 0.01, 420)
    firms = {f"F{i}": 0.8 * market + rng.normal(0, 0.02, 420) for i in range(5)}
    panel = es.ReturnPanel(pd.DataFrame({"MKT": market, **firms}, index=days))
    pairs = pd.DataFrame(
        {"event_id": [f"q{i}" for i in range(15)], "symbol": [f"F{i % 5}" for i in range(15)], "bar": days[200:410:14]}
    )
    study = es.EventStudy(
        model=es.MarketModel("MKT"),
        estimation=es.EstimationWindow(length=133, end=-7, minimum=60),
        window=(-2, 3),
        calendar=None,
    )
    result = study.fit(pairs, panel)
    document = result_document(result._fitted, title="Earnings", seed=0)
    file = SimpleNamespace(model_dump=lambda **_: {"window": [-2, 3], "estimation": [133, -139, -7, 60], "events": 15})
    assert unheard(document, file) == []
    assert "days −2 to +3" in " ".join(sentences(document))
    said = [
        line
        for line in (*result.summary().replace("\n      ", " ").splitlines(), *repr(result).splitlines())
        if "believe" not in line and not line.strip().startswith("not ")
    ]
    values = np.abs(
        np.array(
            [
                *known(document, file),
                *numbers_of(result.caar().to_dict("records")),
                *numbers_of([result.caar(w).to_dict("records") for w in ((0, 0), (0, 1))]),
            ]
        )
    )
    values = np.concatenate([values, 100 * values])
    for line in said:
        for number in NUMBER.findall(line):
            digits = len(number.partition(".")[2])
            assert (
                np.abs(values - abs(float(number.replace("−", "-").replace(",", "")))) <= 0.50001 * 10.0**-digits
            ).any(), (number, line)


@pytest.mark.slow
def test_the_flagship_under_another_level_says_its_own_numbers(tmp_path):
    (tmp_path / "strict.toml").write_text("level = 0.02\n")
    text = (Path(study_module.__file__).parent / "studies/us-china.toml").read_text("utf-8")
    head, _, tail = text.partition("[hypothesis]")
    (tmp_path / "tariffs.toml").write_text(f'{head}[hypothesis]\ndefinitions = "strict.toml"\n{tail}')
    study = load_study(tmp_path / "tariffs.toml")
    document, _ = build_document(study, quick=True)
    assert unheard(document, study) == []
    text = " ".join(sentences(document))
    assert "96% intervals" in text
    assert "90%" not in text
