"""The site of the documentation: every test, model and public name has its page; built, it is read in a real browser."""

import json
import re
import tomllib
from collections import deque
from html.parser import HTMLParser

import pytest

import eventstudy as es
from eventstudy.inference import TESTS
from looks import serious_faults
from pages import ROOT

SITE = ROOT / "site" / "html"
MOULDS = ROOT / "docs" / "site"
LOOKED_AT = (
    "index.html",
    "learn/choose.html",
    "generated/tests/kp_bmp.html",
    "generated/reference/eventstudy.EventStudy.html",
)
#: Six questions of a reader, and a page that answers each.
ANSWERED = {
    "which test for 14 events on 3 dates": "learn/choose.html",
    "what does kp_bmp assume": "generated/tests/kp_bmp.html",
    "what arguments has EventStudy": "generated/reference/eventstudy.EventStudy.html",
    "how do I start with my own CSV": "learn/quickstart.html",
    "one firm, one lawsuit: which model": "generated/models/SyntheticControl.html",
    "how do I keep a chart from changing": "generated/howto/fail-a-build-when-a-number-moves.html",
}
CLICKS = 3
FEWEST_PAGES = 60

built = pytest.mark.skipif(not (SITE / "index.html").exists(), reason="the site is not built here: make docs")


@pytest.mark.parametrize("name", TESTS)
def test_every_test_is_told_in_the_mould(name):
    told = tomllib.loads((MOULDS / "tests.toml").read_text("utf-8"))
    assert set(told[name]) == {"question", "idea", "formula", "fails"}


def test_every_model_is_told_in_the_mould():
    told = tomllib.loads((MOULDS / "models.toml").read_text("utf-8"))
    models = {name for name in es.abnormal.__all__ if hasattr(getattr(es.abnormal, name), "symbols")}
    public = {name for name in models if name in es.__all__}
    assert public <= set(told), public - set(told)


class Links(HTMLParser):
    """The addresses that a page of the site leads to."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found += [
                value for name, value in attrs if name == "href" and value and not re.match(r"[a-z]+:|#", value)
            ]


def links_of(page):
    parser = Links()
    parser.feed((SITE / page).read_text("utf-8"))
    home = (SITE / page).parent
    for link in parser.found:
        path = (home / link.partition("#")[0]).resolve()
        if path.suffix == ".html":
            yield path.relative_to(SITE.resolve()).as_posix()


@pytest.mark.slow
@built
def test_no_link_inside_is_dead_and_questions_are_three_clicks_away():
    clicks, waiting = {"index.html": 0}, deque(["index.html"])
    while waiting:
        page = waiting.popleft()
        for other in links_of(page):
            assert (SITE / other).exists(), f"{page} leads to {other}"
            if other not in clicks:
                clicks[other] = clicks[page] + 1
                waiting.append(other)
    assert len(clicks) >= FEWEST_PAGES
    for question, page in ANSWERED.items():
        assert clicks[page] <= CLICKS, f"{question}: {clicks[page]} clicks"


@built
def test_every_public_name_has_its_page():
    pages = {path.stem for path in (SITE / "generated" / "reference").glob("*.html")}
    names = {name for name in es.__all__ if not name.startswith("_") and not re.fullmatch("[a-z]+", name)}
    assert {f"eventstudy.{name}" for name in names} <= pages


@built
@pytest.mark.browser
@pytest.mark.parametrize("page", LOOKED_AT)
def test_axe_finds_no_serious_fault(browser, page):
    opened = browser.new_page()
    opened.goto((SITE / page).as_uri())
    serious = serious_faults(opened)
    opened.close()
    assert serious == [], json.dumps(serious, indent=1)
