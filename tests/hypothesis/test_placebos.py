"""Matched placebos: what they share with their event, what is given up first, and where they are clipped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventstudy.events import load_macro_calendar
from eventstudy.hypothesis.links.matching import Cells, candidates
from eventstudy.hypothesis.links.reaction import react
from eventstudy.hypothesis.record.build_record import build_record
from eventstudy.hypothesis.record.market import Scores
from eventstudy.hypothesis.record.strata import Stratum

POOL = np.arange(100)


def cells(fear=None, macro=None, weekday=None, prior=None):
    blank = np.zeros(120, dtype=np.int64)
    return Cells(
        *(blank if part is None else np.asarray(part) for part in (fear, prior, weekday, macro)),
        POOL,
    )


def test_an_event_on_a_day_of_a_release_is_matched_with_such_days():
    macro = np.arange(120) % 4 == 0
    made = cells(macro=macro.astype(np.int64))
    with_release, without = candidates(made, np.array([108, 109]), 20)
    assert macro[with_release].all()
    assert not macro[without].any()
    assert len(with_release) == 26  # 25 of the pool and the event itself
    assert len(without) == 76


def test_beyond_the_macro_calendar_it_is_not_asked():
    macro = (np.arange(120) % 4 == 0).astype(np.int64)
    macro[110:] = -1
    (found,) = candidates(cells(macro=macro), np.array([115]), 20)
    assert len(found) == 101


def test_weekday_is_given_up_before_the_macro_calendar_and_that_before_the_fear_gauge():
    t = np.arange(120)
    made = cells(fear=t % 2, macro=(t // 2) % 2, weekday=t % 5, prior=(t // 60) % 2)
    at = np.array([118])  # prior 1: the pool's sessions 60 to 99
    sizes = {minimum: len(candidates(made, at, minimum)[0]) - 1 for minimum in (2, 5, 15, 30)}
    same = POOL[POOL >= 60]
    fear, macro, day = (same % 2 == 0), ((same // 2) % 2 == (118 // 2) % 2), (same % 5 == 118 % 5)
    assert sizes[2] == (fear & macro & day).sum()
    assert sizes[5] == (fear & macro).sum()
    assert sizes[15] == fear.sum()
    assert sizes[30] == same.size  # the prior return stays


def test_a_placebo_is_clipped_where_its_event_is(rules):
    """A stretch that is calm, in a record that is wild: no placebo of its event is wilder than the event could have been."""
    rng = np.random.default_rng(0)
    z = np.concatenate([5 * rng.standard_normal(300), rng.standard_normal(300)])
    blank = np.zeros(600, dtype=np.int64)
    span = Stratum("calm", 300, 599, np.arange(300, 600))
    made = Cells(blank, blank, blank, blank, np.arange(600))
    at = np.array([310, 350, 390, 430])
    found = react(Scores(z, z, blank, z), at, [span], made, rules.placebos(2000), sign=1, rng=rng)
    low, high = np.quantile(z[300:], rules.reaction.winsor)
    assert found.nulls["matched"].min() >= low
    assert found.nulls["matched"].max() <= high
    # clipped at the record's quantiles the means would go far beyond
    assert found.nulls["matched"].max() < np.quantile(z, rules.reaction.winsor[1]) / 2


def test_releases_are_those_of_the_calendar(flagship, rules):
    catalog, prices, _ = flagship
    study = build_record(catalog, prices, rules, market="^GSPC", fear="^VIX", calendar="XNYS")
    macro = study.record.market.macro
    table = load_macro_calendar()
    days = {day for day in table["date"] if day in study.index}
    assert set(study.index[macro == 1]) >= {d for d in days if d.year >= 2018}
    assert (macro[study.index.year < 2018] == -1).all()
    assert (macro[study.index.year >= 2018] >= 0).all()


@pytest.mark.parametrize(("calendar", "shift"), [("XNYS", 0), ("XLON", 1)])
def test_a_release_belongs_to_the_session_of_the_study_s_own_exchange(flagship, rules, calendar, shift):
    """An FOMC decision at 14:00 in New York finds London closed: its session there is the next."""
    catalog, prices, _ = flagship
    study = build_record(catalog, prices, rules, market="^GSPC", fear="^VIX", calendar=calendar)
    macro = pd.Series(study.record.market.macro, index=study.index)
    decision = study.index.get_loc("2019-07-31")
    assert macro.iloc[decision + shift] == 1
    assert macro.iloc[decision + 1 - shift] == 0
