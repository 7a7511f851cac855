"""What leaves a result to be read: its page, its tables for a paper, what is printed of it."""

import re

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import InputError, StudyError
from eventstudy.report import to_latex, to_markdown
from eventstudy.study.output.paper import _believed
from eventstudy.study.tables.summary import WIDTH, _wrapped


@pytest.fixture(scope="module")
def result():
    study = es.EventStudy(model=es.MeanAdjusted(), window=(-3, 4))
    return study.fit(es.load_events("us-china"), es.load_returns(["^GSPC"], source="bundled"))


@pytest.mark.slow
def test_one_line_to_a_page(result, tmp_path):
    page = result.report(tmp_path / "out.html", title="Mine").read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["out.html"]
    for said in ("Mine", "On average", "Each event", "What was left out", "days −3 to +4"):
        assert said in page
    assert 'href="tables/' not in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


@pytest.mark.slow
def test_a_page_of_some_sections(result, tmp_path):
    page = result.report(tmp_path / "out.html", sections=["on average"]).read_text("utf-8")
    assert "On average" in page
    assert "Each event" not in page
    with pytest.raises(InputError, match="no section 'averages'; the sections are On average"):
        result.report(tmp_path / "out.html", sections=["Averages"])
    with pytest.raises(InputError, match=r"an \.html file"):
        result.report(tmp_path / "out.pdf")


@pytest.mark.slow
def test_the_same_page_twice(result, tmp_path):
    one, two = (result.report(tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert one == two


def test_a_table_for_a_paper_by_hand(result):
    """Mean over sessions, median and share positive over security-events, the test's own numbers."""
    frame = result.table([(0, 1), (-1, 0)], tests=["sign"], by=None, stars=False).frame
    car = result.car((0, 1))
    assert frame["window"].tolist() == ["days 0 to +1", "days −1 to 0"]
    once = car.drop_duplicates("session")["car"]
    assert frame.loc[0, "mean"] == f"{100 * once.mean():.2f}%".replace("-", "−")
    assert frame.loc[0, "median"] == f"{100 * car['car'].median():.2f}%".replace("-", "−")
    assert frame.loc[0, "positive"] == f"{100 * (car['car'] > 0).mean():.0f}%"
    test = result.test("sign", (0, 1))
    doubt = "" if test.valid else "†"
    assert frame.loc[0, "sign"] == f"{test.statistic:.2f} ({test.pvalue:.3f}){doubt}".replace("-", "−")


def test_groups_stand_side_by_side_or_below_each_other(result):
    few = result.table([(0, 1)], tests=["sign"], by="tier").frame
    many = result.table([(0, 1)], tests=["sign"], by="stance").frame
    assert len(many) == result.events["stance"].nunique()
    assert list(many.columns[:2]) == ["group", "window"]
    tiers = es.load_events("us-china").to_frame()["tier"].nunique() if hasattr(es.EventCatalog, "to_frame") else None
    assert tiers is None or tiers > 2 or len(few) == 1
    part = result.car((0, 1)).merge(result.events[["event_id", "stance"]], on="event_id").query("stance == 'talks'")
    row = many.set_index("group").loc["talks"]
    assert row["positive"] == f"{100 * (part['car'] > 0).mean():.0f}%"
    assert row["n"] == str(part["session"].nunique())


def test_stars_follow_the_first_test(result):
    frame = result.table([(0, 0)], tests=["sign"], by="stance").frame.set_index("group")
    for stance, row in frame.iterrows():
        p = float(re.search(r"\((?:< )?([\d.]+)\)", row["sign"])[1])
        wanted = "***" if p < 0.01 else "**" if p < 0.05 else "*" if p < 0.1 else ""
        assert row["mean"].lstrip("−").split("%")[1] == wanted, stance


def test_opposed_stances_are_never_one_mean(result):
    """Page, table for a paper, summary and repr open with a line a stance; a single mean is asked for."""
    stances = sorted(result.events["stance"].unique())
    means = result.caar((0, 0), by="stance").set_index("stance")["caar"]
    answer = result.part().answer
    assert [line.partition(":")[0].lower() for line in answer] == stances
    for stance, line in zip(stances, answer, strict=True):
        assert f"{100 * means[stance]:+.2f}% on day 0".replace("-", "−") in line
    said = re.findall(r"^CAAR day 0, (\w+): (\S+)%", result.summary(), re.MULTILINE)
    assert said == [(stance, f"{100 * means[stance]:+.2f}".replace("-", "−")) for stance in stances]
    assert result.table([(0, 0)], tests=["sign"]).frame["group"].tolist() == stances
    assert len(result.table([(0, 0)], tests=["sign"], by=None).frame) == 1


def test_sessions_of_several_stances_are_told_and_a_way_out_of_opposed_ones(result):
    """By hand: sessions of the table of events with more than one stance."""
    table = result.car().merge(result.events[["event_id", "stance"]], on="event_id")
    both = sum(len(set(own["stance"])) > 1 for _, own in table.groupby("session"))
    (said,) = result.part().sections[0].paragraphs
    assert said.startswith(f"{both} sessions have events of more than one stance, and are in the mean of each")
    assert "catalog.without_conflicts()" in said


def test_a_summary_speaks_of_the_windows_asked_for(result):
    told = result.summary([(0, 2), (-1, 0)])
    assert re.findall(r"^CAAR (.*?), softening", told, re.MULTILINE) == ["days 0 to +2", "days −1 to 0"]
    assert "tests on days 0 to +2, softening:" in told
    assert "tests on days −1 to 0" not in told
    assert max(map(len, told.splitlines())) <= 110


def test_stars_say_what_they_are_of(result):
    """A test of the mean comes first where one is to be believed; any other is named for what it is."""
    sign = result.table([(0, 0)], tests=["sign"], by=None)
    assert "Stars: p of sign (which is no test of the mean) below" in sign.caption
    bmp = result.table([(0, 0)], tests=["bmp"], by=None)
    assert "Stars: p of bmp (of the mean in standard errors) below" in bmp.caption
    usual = result.table([(0, 0)], by=None)
    first = usual.frame.columns[4]
    tests = result.tests((0, 0), seed=0, full=True).set_index("name")
    assert (tests.loc[first, "believe"], tests.loc[first, "unit"]) == ("yes", "return")


def test_a_test_that_is_not_believed_is_marked_in_the_table(result):
    tests = result.tests((0, 0), seed=0, full=True).set_index("name")
    name = tests.index[tests["believe"] == "no"][0]
    doubted = result.table([(0, 0)], tests=[name], by=None)
    assert doubted.frame.loc[0, name].endswith("†")
    assert "†: not to be believed on this sample" in doubted.caption
    sure = result.table([(0, 0)], by=None)
    assert "†" not in sure.caption + "".join(sure.frame.iloc[0])


def test_the_table_in_each_form(result):
    latex = result.to_latex([(0, 1)], tests=["sign"], by=None)
    assert latex.startswith("\\begin{table}[htbp]")
    assert latex.count(r"\\") == 2
    assert "| days 0 to +1 |" in result.to_markdown([(0, 1)], tests=["sign"], by=None)
    assert "<td>days 0 to +1</td>" in result.to_html([(0, 1)], tests=["sign"], by=None)
    with pytest.raises(StudyError, match="no test 'ttest'"):
        result.table(tests=["ttest"])
    with pytest.raises(StudyError, match="by='firm' is no column"):
        result.table(by="firm", tests=["sign"])


def test_what_is_printed_has_a_head_and_units(result):
    lines = repr(result).splitlines()
    assert lines[0].startswith("StudyResult: ")
    assert max(map(len, lines)) <= 100
    row = next(line for line in lines if line.strip().startswith("days 0 to +1") and "softening" in line)
    mean = result.caar((0, 1), by="stance").set_index("stance").loc["softening"]
    assert f"{100 * mean['caar']:.2f}%".replace("-", "−") in row
    assert f"{100 * mean['high']:.2f}%".replace("-", "−") in row
    assert "<table" in result._repr_html_()
    assert "0.00" not in re.sub(r"[\d.−]+%", "", result._repr_html_())  # no raw decimal beside the percent


def test_tests_open_with_what_is_asked(result):
    short = result.tests((0, 1), seed=0)
    assert list(short.columns) == ["name", "statistic", "pvalue", "believe", "why", "report", "size", "counterfactual"]
    whole = result.tests((0, 1), seed=0, full=True)
    assert list(whole.columns[:5]) == list(short.columns[:5])
    assert (whole["believe"] == "yes").equals(whole["valid"] & whole["applicable"])
    doubted = whole[whole["believe"] == "no"]
    assert (doubted["why"].str.len() > 0).all()
    assert all(isinstance(text, str) for text in short["why"])


def test_percent_stands_in_a_whole_row(result):
    """A mean in percent beside its interval in decimals stood in one row of a paper's table."""
    for frame in (result.caar((0, 1)), result.aar()):
        body = to_markdown(frame).splitlines()[2]
        cells = [cell.strip() for cell in body.strip("|").split("|")]
        names = list(frame.columns)
        for name in ("caar", "se", "low", "high"):
            assert cells[names.index(name)].endswith("%"), name
    told = to_latex(result.tests((0, 1), seed=0, full=True)[["name", "estimate", "low", "high", "unit"]])
    assert " sd &" in told
    assert "nan" not in told
    assert np.isfinite(pd.DataFrame(result.caar((0, 1)))["caar"]).all()


@pytest.mark.parametrize(("push", "section", "said"), [
    (0.02, "On average", "The model of normal returns is doubtful: on this date untreated securities with the same exposures moved +"),
    (0.0, "Tests", "The model of normal returns holds as far as 30 untreated securities can tell, looked at on 1 date."),
])  # fmt: skip
def test_a_page_says_what_untreated_securities_tell_of_the_model(push, section, said):
    rng = np.random.default_rng(0)
    bars = pd.bdate_range("2023-01-02", periods=300)
    market, sector = rng.normal(0, 0.01, 300), rng.normal(0, 0.006, 300)
    sector[280] = push
    names = [f"S{number}" for number in range(40)]
    values = market[:, None] + sector[:, None] + rng.normal(0, 0.008, (300, 40))
    panel = es.ReturnPanel(pd.DataFrame(values, bars, names).assign(M=market))
    pairs = pd.DataFrame({"event_id": names[:10], "symbol": names[:10], "bar": bars[280]})
    study = es.EventStudy(model=es.MarketModel("M"), window=(0, 0), estimation=(-250, -11), calendar=None)
    result = study.fit(pairs, panel)
    part = result.part(seed=0)
    (found,) = [one for one in part.sections if one.heading == section]
    assert any(line.startswith(said) for line in found.paragraphs), found.paragraphs
    assert part.results["counterfactual"]["status"] == result.counterfactual().status


def test_lines_are_broken_between_words_alone():
    words = ["kolari-pynnonen-adjusted-boehmer-musumeci-poulsen"] * 4 + ["x" * 200, "p = 0.05"]
    lines = _wrapped([" ".join(words)])
    assert " ".join(lines).split() == " ".join(words).split()
    assert max(len(line) for line in lines if "x" not in line) <= WIDTH
    assert any("p = 0.05" in line for line in lines)


def test_a_paper_names_the_test_to_report_and_then_others_that_are_believed(result):
    table = result.tests((0, 1), full=True, seed=0).set_index("name")
    first, *rest = _believed([result._fitted], (0, 1), 0)
    assert table.loc[first, "report"] != ""
    assert len({first, *rest}) == 1 + len(rest) > 1
    assert table.loc[rest, "valid"].all()
