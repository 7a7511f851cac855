"""Where the works that tests name are found: each has its DOI, or says that it has none."""

import re
import tomllib
from pathlib import Path
from urllib.parse import urlparse

import pytest

from eventstudy.inference.registry import TESTS
from eventstudy.pages.page import _doi
from eventstudy.report.parts.data import DOIS, WITHOUT_DOI, methods_table, sources, works

YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@pytest.mark.parametrize("name", [name for name in TESTS if not name.startswith("acme")])
def test_every_work_of_every_test_is_found(name):
    reference = TESTS[name].reference
    named = works(reference)
    assert len(named) == len(YEAR.findall(reference)), "no year without its authors"
    assert [work for work in named if work not in DOIS and work not in WITHOUT_DOI] == []
    assert "not known here" not in sources(reference)


def test_dois_are_addresses_and_of_one_work_each():
    assert len(set(DOIS.values())) == len(DOIS)
    assert set(DOIS).isdisjoint(WITHOUT_DOI)
    for work, number in DOIS.items():
        (shown,) = _doi(number)
        assert urlparse(shown[1]).path == f"/{number}", work


def test_the_table_of_methods_links_each_doi_of_a_cell():
    cells = methods_table().frame.set_index("test")["doi"]
    assert all(cells)
    assert _doi(cells["calendar_time"])[-1] == (
        "10.1016/S0304-405X(98)00026-9",
        "https://doi.org/10.1016/S0304-405X(98)00026-9",
    )
    assert [bool(address) for _, address in _doi(cells["calendar_time"])] == [False, False, True]
    assert _doi(cells["sign"]) == []


def test_each_model_has_a_source_and_each_work_is_found():
    told = tomllib.loads((Path(__file__).parents[2] / "docs" / "site" / "models.toml").read_text("utf-8"))
    for name, said in told.items():
        found = works(said["source"])
        assert found, name
        assert [work for work in found if work not in DOIS and work not in WITHOUT_DOI] == [], name
