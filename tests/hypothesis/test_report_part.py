"""The hypothesis in the report: heads that people can read, units that fit, and the figures of the verdict."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pandas as pd
import pytest

from eventstudy.hypothesis.verdict.charts import declared_effects, power
from eventstudy.hypothesis.verdict.page import _table as table_of
from eventstudy.pages.formats import shown, unit_of


@pytest.fixture(scope="module")
def tables(second):
    """Give each table as the report gets it."""
    return {name: table_of(name, frame) for name, frame in second[2].tables().items()}


def test_every_table_has_a_title(tables):
    said = tomllib.loads(resources.files("eventstudy.hypothesis.verdict").joinpath("tables.toml").read_text("utf-8"))
    assert set(said["tables"]) == set(tables)
    assert {name: table.title for name, table in tables.items()} == {
        name: words["title"] for name, words in said["tables"].items()
    }


def test_the_words_of_a_table_are_of_columns_that_it_has(tables):
    said = tomllib.loads(resources.files("eventstudy.hypothesis.verdict").joinpath("tables.toml").read_text("utf-8"))
    for name, words in said["tables"].items():
        assert set(words.get("columns", {})) <= set(tables[name].frame.columns), name
    columns = {str(column) for table in tables.values() for column in table.frame.columns}
    assert set(said["columns"]) <= columns


def test_no_head_is_a_name_of_the_code(tables):
    for name, table in tables.items():
        for column in map(str, table.frame.columns):
            head = table.labels.get(column, column.replace("_", " "))
            assert not re.fullmatch(r"p [a-z ]+|ci \w+|n|n \w+|sar|car|pvalue", head) or " of " in head, (name, column)


def test_probabilities_are_shown_as_such_and_power_is_no_percentage(tables):
    for table in tables.values():
        for column in map(str, table.frame.columns):
            numbers = pd.api.types.is_numeric_dtype(table.frame[column])
            if numbers and (column == "pvalue" or column.startswith("p_")):
                assert unit_of(table, column) == "pvalue"
                assert table.labels[column].startswith("p")
    links = tables["links"]
    texts = [shown(value, unit_of(links, "power")) for value in links.frame["power"]]
    assert not any("%" in text for text in texts)
    assert shown(0.0005, "pvalue") == "< 0.001"


def test_returns_are_percent_and_scores_are_not(tables):
    for column, unit in (("car", "percent"), ("loss_before", "percent"), ("sar", "sd")):
        assert unit_of(tables["events_used"], column) == unit
    assert unit_of(tables["dose"], "dose") == "points"
    assert unit_of(tables["dose"], "cover") == "percent"


def test_the_power_chart_has_every_link_and_the_chain(flagship):
    frame = power(flagship[2]).data
    assert [text[:2] for text in frame["test"].unique()] == ["H1", "H2", "H3", "th"]
    axes = flagship[2].plot.power()
    labels = [line.get_label() for line in axes.get_lines()]
    assert sum(label in set(frame["test"]) for label in labels) == 4
    assert "0.75 standard deviations" in declared_effects(flagship[2])
    assert "odds ratio of 4" in declared_effects(flagship[2])
