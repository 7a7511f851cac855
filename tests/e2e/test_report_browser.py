"""The page in a real browser, from disk: no network, no error, sorts, filters, fits a phone, prints, is accessible."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from eventstudy import plots
from eventstudy.report import Chart, Document, Fact, Section, Table, write_document
from looks import serious_faults

pytestmark = pytest.mark.browser
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


def make_document():
    days = pd.bdate_range("2025-03-03", periods=40, unit="us")
    levels = pd.Series([5600.0 + 3 * (i % 7) * (-1) ** i - 12 * i for i in range(40)], index=days)
    events = pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(12)],
            "name": [f'<script>document.title="owned"</script> {i}' if i == 3 else f"Event {i}" for i in range(12)],
            "session": days[::4][:10].append(days[1:3]),
            "stance": ["escalation", "softening", "talks"] * 4,
        }
    )
    claims = pd.DataFrame(
        {
            "claim": [f"Claim {i}" for i in range(12)],
            "verdict": ["supported", "not supported", "cannot be told"] * 4,
            "figure": [0.5, -0.02, 0.1, 0.03, None, 0.2, -0.5, 0.0, 1.2, 0.04, 0.001, -0.3],
            "words": ["text " * 30] * 12,
        }
    )
    long = pd.DataFrame({"row": range(200), "value": [((i * 7919) % 200) / 10 for i in range(200)]})
    chart = Chart(
        "market", "The market", "An index that falls.", plots.market(levels, events), plots.market_data(levels, events)
    )
    other = pd.DataFrame({"relative_day": [-1, 0, 1], "caar": [0, 0.01, 0.02], "low": 0.0, "high": 0.03, "n": 5})
    second = Chart("caar", "The average path", "It rises.", plots.caar(other).figure, plots.caar_data(other))
    return Document(
        title="A study of events",
        answer=("It cannot be told.", "Two sentences more."),
        results={},
        charts=(chart, second),
        tables=(
            Table("claims", "The ledger of claims", "Twelve.", claims, {"figure": "percent"}, filters=("verdict",)),
            Table("long", "A long table", "", long, open=False),
        ),
        sections=(Section("Market", ("Text.",), charts=("market", "caar")), Section("Claims", tables=("claims",))),
        manifest={"versions": {"numpy": "2"}, "note": "x" * 500},
        command="eventstudy run us-china --out out",
        facts=tuple(Fact(f"H{i}", "−0.19 sd", "p = 0.2", tone) for i, tone in enumerate(("yes", "no", "open", ""))),
    )


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "out"
    write_document(make_document(), folder)
    alone = folder.parent / "sent by mail.html"  # the page must work without the files beside it
    shutil.copy(folder / "report.html", alone)
    return alone


@pytest.fixture
def open_file(browser):
    """Open a page as asked; hand over the page and what it asked for and complained about."""
    pages = []

    def open_page(file, viewport=None, **options):
        page = browser.new_page(viewport=viewport or DESK, **options)
        pages.append(page)
        requests, complaints = [], []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(file.as_uri())
        return page, requests, complaints

    yield open_page
    for page in pages:
        page.close()


@pytest.fixture
def opened(open_file, page_file):
    return lambda viewport=None, **options: open_file(page_file, viewport, **options)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_it_opens_from_disk_asks_for_nothing_and_complains_of_nothing(opened, viewport, scheme, page_file):
    page, requests, complaints = opened(viewport, color_scheme=scheme)
    assert [r for r in requests if r != page_file.as_uri() and not r.startswith("data:")] == []
    assert complaints == []
    assert page.title() == "A study of events", "a script in a name has not run"
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, "the page itself never scrolls sideways"


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_charts_are_visible_and_drawn(opened, viewport):
    page, _, _ = opened(viewport)
    seen = [drawing for drawing in page.query_selector_all("figure svg") if drawing.is_visible()]
    assert len(seen) == 2
    for drawing in seen:
        box = drawing.bounding_box()
        narrow = drawing.evaluate("s => s.matches('svg + svg')")  # drawn once more, for a phone
        assert box["width"] >= (300 if narrow else 500), (
            "charts stay legible; what has one drawing scrolls within its frame"
        )
        assert box["height"] > 200
        assert drawing.evaluate("s => s.getBBox().width > 100 && s.querySelectorAll('path').length > 3")
    shown = page.evaluate(
        "Array.from(document.querySelectorAll('figure svg use'), u => !!document.querySelector(u.getAttribute('href').replace(/([.:])/g, '\\\\$1')))"
    )
    assert shown
    assert all(shown), "every mark of a chart is found under the id that the page gave it"


def column(page, table, index):
    return page.evaluate(
        f"Array.from(document.querySelectorAll('#table-{table} tbody tr')).filter(r => !r.hidden).map(r => r.cells[{index}].textContent)"
    )


def test_tables_sort_by_the_number_with_mouse_and_keyboard(opened):
    page, _, _ = opened()
    head = page.locator("#table-claims thead th").nth(2)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    up = ["−50.00%", "−30.00%", "−2.00%", "0.00%", "0.10%", "3.00%", "4.00%", "10.00%", "20.00%", "50.00%", "120.00%"]
    assert column(page, "claims", 2) == [*up, "—"], "numbers by size, what is missing last"
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert column(page, "claims", 2) == [*reversed(up), "—"]


def test_claims_filter_by_verdict_and_by_words(opened):
    page, _, _ = opened()
    page.select_option("[data-for=table-claims] select", "supported")
    assert column(page, "claims", 0) == ["Claim 0", "Claim 3", "Claim 6", "Claim 9"]
    page.fill("[data-for=table-claims] [data-find]", "claim 6")
    assert column(page, "claims", 0) == ["Claim 6"]
    assert page.inner_text("[data-for=table-claims] .count") == "1 of 12 rows"
    page.fill("[data-for=table-claims] [data-find]", "")
    page.select_option("[data-for=table-claims] select", "")
    assert len(column(page, "claims", 0)) == 12


def test_everything_is_reached_by_keyboard(opened):
    page, _, _ = opened()
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(document.activeElement.closest('th') ? 'th' : document.activeElement.tagName) + '.' + document.activeElement.className"
            )
        )
    assert {"A.skip", "th.", "INPUT.", "SELECT.", "SUMMARY.", "DIV.scroll", "DIV.drawing"} <= reached


def test_it_reads_without_script(browser, page_file):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.locator("#table-claims tbody tr").count() == 12
    assert not page.locator(".tools").first.is_visible(), "tools that would do nothing are not shown"
    context.close()


def test_it_prints_with_its_charts(opened, tmp_path):
    page, _, _ = opened()
    content = page.pdf(path=str(tmp_path / "report.pdf"))
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") >= 2
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("figure svg").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_no_serious_fault(opened, viewport, scheme):
    # the page's policy forbids foreign script, also axe's: it is lifted for the examination alone
    page, _, _ = opened(viewport, color_scheme=scheme, bypass_csp=True)
    serious = serious_faults(page)
    assert serious == [], json.dumps(serious, indent=1)


def test_a_chart_wider_than_a_phone_shows_it_and_scrolls_by_keyboard(opened):
    page, _, _ = opened(PHONE)
    frame = page.locator("figure .frame").first
    inside = frame.locator(".drawing")
    page.wait_for_function("document.querySelector('figure .frame').classList.contains('right')")
    assert "left" not in frame.get_attribute("class").split()
    inside.focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('figure .frame').classList.contains('left')")
    assert inside.evaluate("d => d.scrollLeft") > 50
    desk, _, _ = opened(DESK)
    assert desk.locator("figure .frame").first.get_attribute("class").split() == ["frame"]


def test_later_rows_come_when_they_are_looked_for(opened):
    page, _, _ = opened()
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.locator("#table-long tbody tr").count() == 50
    assert page.inner_text("[data-for=table-long] .count") == "50 of 200 rows shown"
    page.fill("[data-for=table-long] [data-find]", "19.9")
    assert page.inner_text("[data-for=table-long] .count").endswith(" of 200 rows")
    assert page.locator("#table-long tbody tr").count() == 200
    page.fill("[data-for=table-long] [data-find]", "")
    assert page.inner_text("[data-for=table-long] .count") == "200 rows"


def test_a_mark_says_what_it_is_and_lights_up_with_its_others(opened):
    page, _, _ = opened()
    assert page.locator("figure svg [data-key=e1] title").first.text_content().startswith("Event 1, ")
    mark = "document.querySelector('svg [data-key=e1]').dispatchEvent(new PointerEvent('{}', {{bubbles: true}}))"
    page.evaluate(mark.format("pointerover"))
    assert page.locator("svg .lit").count() >= 1
    page.evaluate(mark.format("pointerout"))
    assert page.locator(".lit").count() == 0


def test_the_policy_stops_a_script_that_got_in(browser, page_file, tmp_path):
    """Should escaping ever fail, the browser still refuses to run what is not ours."""
    broken = tmp_path / "broken.html"
    text = page_file.read_text(encoding="utf-8")
    broken.write_text(
        text.replace("<h1>", '<script>document.title="owned"</script><img src=x onerror="document.title=1"><h1>'),
        encoding="utf-8",
    )
    page = browser.new_page()
    page.goto(Path(broken).as_uri())
    assert page.title() == "A study of events"
    page.close()


GALLERY = Path(__file__).parents[2] / "gallery" / "report.html"


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_the_gallery_opens_asks_for_nothing_and_fits(open_file, viewport):
    page, requests, complaints = open_file(GALLERY, viewport)
    assert [r for r in requests if r != GALLERY.as_uri() and not r.startswith("data:")] == []
    assert complaints == []
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, "the page itself never scrolls sideways"
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    drawings = [drawing for drawing in page.query_selector_all("figure svg") if drawing.is_visible()]
    assert len(drawings) == 12
    for drawing in drawings:
        box = drawing.bounding_box()
        assert box["width"] >= 300
        assert box["height"] > 150
    cut = page.evaluate(
        "Array.from(document.querySelectorAll('figcaption, .fact, h2, p.lead')).filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert cut == 0, "no text runs out of its box"


def test_every_table_of_the_gallery_sorts_and_filters(open_file):
    page, _, complaints = open_file(GALLERY)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    wrong = page.evaluate(
        """() => Array.from(document.querySelectorAll('table')).flatMap((table) => {
          const rows = () => Array.from(table.tBodies[0].rows).filter((row) => !row.classList.contains('none'));
          const said = [];
          const count = rows().length && Number(table.dataset.kept);
          const keyOf = (cell) => cell.dataset.key ?? (/^−?[\\d,]+(\\.\\d+)?%?$/.test(cell.textContent)
            ? cell.textContent.replace('−', '-').replace(/[,%]/g, '') : cell.textContent);
          Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
            const button = head.querySelector('button');
            if (!button) { if (count) said.push(table.id + ': no button in ' + head.textContent); return; }
            button.click();
            const keys = rows().map((row) => keyOf(row.cells[column]));
            const known = keys.filter((key) => key !== '' && key !== '—');
            const numeric = known.every((key) => !Number.isNaN(Number(key)));
            const up = known.every((key, i) => !i || (numeric ? Number(known[i - 1]) <= Number(key) : known[i - 1] <= key));
            if (!up || keys.length !== count) said.push(table.id + ': ' + head.textContent);
          });
          return said;
        })"""
    )
    assert wrong == []
    tools = page.locator(".tools:visible select")
    assert tools.count() > 5
    for i in range(tools.count()):
        select = tools.nth(i)
        column = int(select.get_attribute("data-column"))
        table = select.evaluate("s => s.closest('.tools').dataset.for")
        choice = select.locator("option").last.text_content()
        select.select_option(index=select.locator("option").count() - 1)
        shown = page.evaluate(
            "([id, column]) => Array.from(document.getElementById(id).tBodies[0].rows).filter(r => !r.hidden).map(r => r.cells[column].textContent)",
            [table, column],
        )
        assert set(shown) <= {choice}
        select.select_option(value="")
    assert complaints == []


def test_the_gallery_prints(open_file, tmp_path):
    page, _, _ = open_file(GALLERY)
    content = page.pdf(path=str(tmp_path / "gallery.pdf"))
    assert content.startswith(b"%PDF")
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("main > section > figure svg:visible").count() >= 10


@pytest.mark.parametrize(("viewport", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_axe_finds_no_serious_fault_in_the_gallery(open_file, viewport, scheme):
    page, _, _ = open_file(GALLERY, viewport, color_scheme=scheme, bypass_csp=True)
    serious = serious_faults(page)
    assert serious == [], json.dumps(serious, indent=1)
