"""The site of the documentation: every test, model and public name has its page; built, it is read in a real browser."""

import importlib
import json
import re
import tomllib
from collections import deque
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.inference import TESTS, recommend
from looks import serious_faults
from pages import ROOT

SITE = ROOT / "site" / "html"
MOULDS = ROOT / "docs" / "site"
LOOKED_AT = (
    "index.html",
    "learn/choose.html",
    "generated/tests/kp_bmp.html",
    "generated/reference/eventstudy.EventStudy.html",
    "generated/paper.html",
    "from/stata.html",
    "replications.html",
    "start.html",
    "generated/howto/choose-a-test.html",
    "generated/catalogues/us-china.html",
    "learn/quickstart.html",
)
PHONE = 390  # pixels
#: Tables and blocks of code that reach out of the page and stand in no box that scrolls.
CUT = """() => [...document.querySelectorAll('article table, article pre')].filter(one => {
    const wide = one.getBoundingClientRect().right > innerWidth + 1;
    const boxes = [...(function* () { for (let box = one; box; box = box.parentElement) yield box; })()];
    return wide && !boxes.some(box => ['auto', 'scroll'].includes(getComputedStyle(box).overflowX));
}).map(one => one.outerHTML.slice(0, 120))"""

#: Six questions of a reader, and a page that answers each.
ANSWERED = {
    "which test for 14 events on 3 dates": "learn/choose.html",
    "what does kp_bmp assume": "generated/tests/kp_bmp.html",
    "what arguments has EventStudy": "generated/reference/eventstudy.EventStudy.html",
    "how do I start with my own CSV": "learn/quickstart.html",
    "one firm, one lawsuit: which model": "generated/models/SyntheticControl.html",
    "how do I keep a chart from changing": "generated/howto/fail-a-build-when-a-number-moves.html",
    "I use estudy in Stata": "from/stata.html",
    "a merger with a run-up": "learn/merger.html",
    "all my firms have one event date": "generated/howto/study-firms-that-all-have-the-same-event-date.html",
    "my estimation window overlaps other events": "generated/howto/keep-other-events-out-of-the-estimation-window.html",
    "how do I cite": "learn/cite.html",
    "what is BMP": "generated/tests/bmp.html",
    "how do I run it in CI": "ci/README.html",
    "a test as a plugin": "plugins.html",
}
CLICKS = 3
FEWEST_PAGES = 60
MOST_IN_THE_BAR = 7

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


#: Samples that rows of "which test" speak of: day 0 of each event, last day of the window, factor that the model leaves out.
SAMPLES = {
    "many dates, independent": ([300 + 19 * at for at in range(60)], 1, 0.0),
    "several firms a date": (sorted(3 * [300 + 40 * at for at in range(20)]), 1, 0.5),
    "all on one date": (60 * [900], 1, 0.5),
    "14 events on 3 dates": (5 * [400] + 5 * [430] + 4 * [460], 1, 0.5),
    "one index, many dates": ([300 + 25 * at for at in range(40)], 1, None),
    "one firm, one event": ([900], 1, 0.0),
    "long windows that overlap": ([300 + 18 * at for at in range(60)], 60, 0.5),
}


@pytest.mark.parametrize("events", SAMPLES)
def test_the_tests_that_a_row_advises_are_believed_on_such_a_sample(events):
    day0, last, factor = SAMPLES[events]
    chance = np.random.default_rng(3)
    days, market = pd.bdate_range("2019-01-03", periods=1500), chance.normal(0, 0.01, 1500)
    names = ["INDEX"] * len(day0) if factor is None else [f"S{at:02d}" for at in range(len(day0))]
    others = (factor or 0.0) * chance.normal(0, 0.01, (1500, 1)) + chance.normal(0, 0.015, (1500, len(set(names))))
    panel = pd.DataFrame(np.column_stack([market, market[:, None] + others]), days, ["M", *dict.fromkeys(names)])
    pairs = pd.DataFrame({"event_id": [f"e{at}" for at in range(len(day0))], "symbol": names, "bar": days[day0]})
    model = es.MeanAdjusted() if factor is None else es.MarketModel("M")
    result = es.EventStudy(model=model, window=(0, last), calendar=None).fit(pairs, panel)
    believed = {one.name for one in recommend(result.sample((0, last))) if one.valid}
    page = (ROOT / "docs" / "learn" / "choose.md").read_text("utf-8")
    taken, avoided = re.search(rf"^\| {events} \| (.*?) \| (.*?) \|$", page, re.MULTILINE).groups()
    assert set(re.findall(r"\[`(\w+)`\]\(\.\./generated/tests", taken)) <= believed
    assert not set(re.findall(r"`(\w+)`", avoided)) & believed - {
        "patell",
        "clm_j1",
        "portfolio",
    }  # which hold if the variance did not rise


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
    pages = {path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts}
    assert pages - set(clicks) <= {"genindex.html", "py-modindex.html", "search.html"}, "no click leads there"
    for question, page in ANSWERED.items():
        assert clicks[page] <= CLICKS, f"{question}: {clicks[page]} clicks"


@built
def test_the_bar_has_few_sections_and_each_is_a_list_with_a_sentence_an_entry():
    text = (SITE / "index.html").read_text("utf-8")
    bar = re.search(r'<ul class="bd-navbar-elements.*?</ul>', text, re.DOTALL)[0]
    sections = re.findall(r'href="([^"]+)"', bar)
    assert 1 < len(sections) <= MOST_IN_THE_BAR
    assert "dropdown" not in bar
    for page in ("start.html", "learn/index.html", "generated/howto/index.html", "project.html"):
        article = re.search(r"<article.*?</article>", (SITE / page).read_text("utf-8"), re.DOTALL)[0]
        entries = re.findall(r"<li>(.*?)</li>", article, re.DOTALL)
        assert entries
        assert all(re.fullmatch(r'<p><a class="reference.*</a>: \S.*</p>', entry, re.DOTALL) for entry in entries), page


@built
def test_every_public_name_has_its_page():
    pages = {path.stem for path in (SITE / "generated" / "reference").glob("*.html")}
    names = {name for name in es.__all__ if not name.startswith("_") and not re.fullmatch("[a-z]+", name)}
    assert {f"eventstudy.{name}" for name in names} <= pages


def test_an_accented_letter_keeps_its_index_beside_it(monkeypatch):
    pytest.importorskip("sphinx", reason="the docs group is not installed here")
    monkeypatch.syspath_prepend(MOULDS)
    mathml = importlib.import_module("mathml").mathml
    tree = ET.fromstring(mathml(r"\hat\sigma_i^2 + \sum_{i=1}^{N_2} x_i"))  # noqa: S314  made in the line itself
    names = [element.tag.rpartition("}")[2] for element in tree.iter()]
    assert names.count("munderover") == 1  # the sum's limits
    assert names.count("mover") == 1
    letter = next(
        element for element in tree.iter() if element.tag.endswith("msub") and element[0].tag.endswith("mover")
    )
    assert ["".join(part.itertext()).strip()[:1] for part in letter] == ["σ", "i"]


@pytest.mark.parametrize(
    "table",
    ["mackinlay", *(pytest.param(name, marks=pytest.mark.slow) for name in ("brown_warner", "goldsmith_pinkham"))],
)
def test_a_published_table_is_met(table, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    module = importlib.import_module("replications")
    made = module.mackinlay() if table == "mackinlay" else getattr(module, table)(samples=5)
    if table == "mackinlay":
        assert (made["published"] == made["ours"]).all()
    else:  # five samples: gross faults only; the page has a hundred and ten
        assert ((made["ours"] - made["published"]).abs() < 5 * made["error"].clip(lower=0.1)).all(), made


@built
def test_no_page_needs_a_network():
    outside = re.compile(r'<(?:script|link|img)[^>]*(?:src|href)="https?://[^"]*')
    found = {path.name: outside.findall(path.read_text("utf-8")) for path in SITE.rglob("*.html")}
    assert not any(found.values()), {name: hits for name, hits in found.items() if hits}
    assert "<math" in (SITE / "learn" / "what_is_an_event_study.html").read_text("utf-8")


@built
def test_the_index_for_programs_names_pages_that_exist():
    text = (SITE / "llms.txt").read_text("utf-8")
    named = re.findall(r"\]\(([^)]+)\)", text)
    assert text.startswith("# eventstudy\n\n> ")
    assert len(named) == len(set(named))
    assert all((SITE / page).exists() for page in named)
    assert {f"generated/tests/{name}.html" for name in TESTS} | {"from/stata.html", "learn/quickstart.html"} <= set(
        named
    )


@built
@pytest.mark.browser
@pytest.mark.parametrize("page", LOOKED_AT)
def test_no_page_is_wider_than_a_phone(browser, page):
    opened = browser.new_page(viewport={"width": PHONE, "height": 800})
    opened.goto((SITE / page).as_uri())
    width = opened.evaluate("document.documentElement.scrollWidth")
    cut = opened.evaluate(CUT)
    opened.close()
    assert width <= PHONE
    assert cut == []


@built
@pytest.mark.browser
@pytest.mark.parametrize("page", LOOKED_AT)
def test_axe_finds_no_serious_fault(browser, page):
    opened = browser.new_page()
    opened.goto((SITE / page).as_uri())
    serious = serious_faults(opened)
    opened.close()
    assert serious == [], json.dumps(serious, indent=1)
