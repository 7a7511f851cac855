"""Other programs on the same panel: their figures as they printed them, and the option that makes ours equal, or the rule that rebuilds theirs.

The figures in `peers.csv` were made by running each program, in the version named, on `foreign_panel.py`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from foreign_panel import ESTIMATION, WINDOW, events, panel
from scipy import stats

import eventstudy as es

CLOSE = 1e-12  # the same sums in another order
PEERS = pd.read_csv(Path(__file__).with_name("peers.csv"))
PAGE = (Path(__file__).parents[2] / "docs" / "tests.md").read_text(encoding="utf-8")
STATSPAI, PYTHON = "StatsPAI 1.40.2", "eventstudy 0.1a12"


@cache
def ours(case):
    model = es.MeanAdjusted() if case == "constant_mean" else es.MarketModel("M")
    study = es.EventStudy(model=model, window=WINDOW, estimation=ESTIMATION, calendar=None, mask_events=False)
    return study.fit(events(common=case == "one date"), panel())


def theirs(program, case, quantity):
    chosen = PEERS[(PEERS["program"] == program) & (PEERS["case"] == case) & (PEERS["quantity"] == quantity)]
    assert len(chosen)
    return chosen.set_index("key")["value"]


@pytest.mark.parametrize("case", ["one date", "two dates"])
@pytest.mark.parametrize("quantity", ["car", "se", "pvalue"])
def test_statspai_security_by_security(case, quantity):
    found = ours(case).car(WINDOW).set_index("symbol")[quantity]
    np.testing.assert_allclose(found, theirs(STATSPAI, case, quantity), rtol=0, atol=CLOSE)


@pytest.mark.parametrize("case", ["one date", "two dates"])
def test_statspai_day_by_day(case):
    np.testing.assert_allclose(ours(case).aar()["aar"], theirs(STATSPAI, case, "aar"), rtol=0, atol=CLOSE)


# their test, ours, the option that makes the two equal; on two dates they correlate firms whose windows share no bar
SAME = [
    ("cross_sectional", "cross_sectional", {}, ("one date", "two dates")),
    ("patell", "patell", {}, ("one date", "two dates")),
    ("bmp", "bmp", {"normal": True}, ("one date", "two dates")),
    ("adj_patell", "kp_patell", {"floor": False}, ("one date",)),
    ("kp", "kp_bmp", {"floor": False, "normal": True}, ("one date",)),
]


@pytest.mark.parametrize(("their_name", "name", "options", "cases"), SAME)
def test_statspai_tests_are_ours_with_an_option(their_name, name, options, cases):
    for case in cases:
        found = ours(case).test(name, WINDOW, **options)
        expected = [theirs(STATSPAI, case, quantity)[their_name] for quantity in ("statistic", "p")]
        np.testing.assert_allclose([found.statistic, found.pvalue], expected, rtol=0, atol=CLOSE)


def test_statspai_signed_ranks_are_normal_where_ours_are_exact():
    found = ours("one date").test("wilcoxon", WINDOW)
    assert found.statistic == pytest.approx(theirs(STATSPAI, "one date", "statistic")["sign_rank"], abs=CLOSE)
    assert theirs(STATSPAI, "one date", "p")["sign_rank"] == pytest.approx(2 * stats.norm.sf(found.statistic), abs=CLOSE)  # fmt: skip
    car = ours("one date").car(WINDOW)["car"]
    assert found.pvalue == pytest.approx(stats.wilcoxon(car, method="exact").pvalue, abs=CLOSE)


@pytest.mark.parametrize("case", ["market_model", "constant_mean"])
def test_python_eventstudy_returns(case):
    np.testing.assert_allclose(ours(case).car(WINDOW)["car"], theirs(PYTHON, case, "car"), rtol=0, atol=CLOSE)
    table = ours(case).aar()
    np.testing.assert_allclose(table["aar"], theirs(PYTHON, case, "aar"), rtol=0, atol=CLOSE)
    np.testing.assert_allclose(table["caar"], theirs(PYTHON, case, "caar"), rtol=0, atol=CLOSE)


@pytest.mark.parametrize("last", range(WINDOW[0], WINDOW[1] + 1))
def test_python_eventstudy_t_of_the_mean_is_ours_with_three_options(last):
    found = ours("market_model").test("clm_j1", (WINDOW[0], last), forecast_error=False, divisor="m", student=True)
    expected = [theirs(PYTHON, "market_model", quantity)[str(last)] for quantity in ("t of caar", "p of caar")]
    np.testing.assert_allclose([found.statistic, found.pvalue], expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("last", range(WINDOW[0], WINDOW[1] + 1))
def test_python_eventstudy_constant_mean_takes_the_event_into_its_variance(last):
    """Its variance is that of the estimation window, the gap and the event window together: what is tested makes its own error larger."""
    returns, length = panel(), last - WINDOW[0] + 1
    spread = []
    for row in events().itertuples():
        at = returns.index.get_loc(row.bar)
        own = returns[row.symbol].to_numpy()[at + ESTIMATION[0] : at + WINDOW[1] + 1]
        known = own[: ESTIMATION[1] - ESTIMATION[0] + 1]
        spread.append(length * np.var(own - known.mean()))
    mean = ours("constant_mean").car((WINDOW[0], last))["car"].mean()
    assert theirs(PYTHON, "constant_mean", "t of caar")[str(last)] == pytest.approx(mean / np.sqrt(np.sum(spread)) * len(spread), abs=CLOSE)  # fmt: skip


def test_the_table_of_the_docs_holds_these_figures():
    """Each row: program, case, their name, their number, our number, the option."""
    lines = re.findall(
        r"^\| (?:StatsPAI|`eventstudy`).*\|$", PAGE.partition("## The same panel in other programs")[2], re.MULTILINE
    )
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len(rows) >= 8
    for program, case, name, their, our, call in rows:
        key = STATSPAI if program == "StatsPAI" else PYTHON
        quantity = "statistic" if key == STATSPAI else "t of caar"
        assert float(their) == pytest.approx(theirs(key, case, quantity)[name], abs=5e-6)
        made = re.match(r"`test\((.*)\)`", call)
        if made:
            given = eval(f"dict(name={made[1]})")  # noqa: S307  of our own page
            window = WINDOW if key == STATSPAI else (WINDOW[0], int(name))
            assert float(our) == pytest.approx(ours(case).test(given.pop("name"), window, **given).statistic, abs=5e-6)
