"""Which bars are kept out of estimation windows, by a loop over events and days."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from eventstudy.calendars import sessions
from eventstudy.study.fit.mask import masked_bars

BARS, SECURITIES = 40, 3
DAYS = sessions("XNYS", pd.Timestamp("2024-01-02"), pd.Timestamp("2024-06-28"))[:BARS]
ALIGNED = SimpleNamespace(bars=DAYS, calendar="XNYS", returns=np.zeros((SECURITIES, BARS)), zone=None, shut=None)


def by_loop(events, mask):
    """Flags of every security: a bar is one of the relative days of one of its events."""
    flags = np.zeros((SECURITIES, BARS), dtype=bool)
    for who, day in events:
        for bar in range(day + mask[0], day + mask[1] + 1):
            if 0 <= bar < BARS:
                flags[who, bar] = True
    return flags


@pytest.mark.parametrize("mask", [(0, 0), (0, 1), (-2, 3), (1, 2)])
@pytest.mark.parametrize(
    "events",
    [
        [(0, 5), (1, 5), (2, 5), (0, 20), (1, 20), (2, 20)],  # every security has the same days
        [(0, 0), (1, 0), (2, 0), (0, BARS - 1), (1, BARS - 1), (2, BARS - 1)],
        [(0, 5), (2, 5), (2, 5)],  # those that are studied have the same, one of them twice
        [(0, 5), (1, 5), (0, 20), (2, 38)],
        [(1, 7), (2, 7), (2, 9), (1, 9), (1, 39), (0, 0)],
    ],
)
def test_events_of_the_call_mask_their_own_security(events, mask):
    who, day = (np.array(column) for column in zip(*events, strict=True))
    study = SimpleNamespace(mask=mask, label=None)
    placed = SimpleNamespace(position=day)
    masked, real = masked_bars(study, ALIGNED, placed, pool=True, security=who, day0=day)
    used = sorted(set(who))  # of a security without events nothing is estimated
    np.testing.assert_array_equal(np.broadcast_to(masked, (SECURITIES, BARS))[used], by_loop(events, mask)[used])
    np.testing.assert_array_equal(np.broadcast_to(real, (SECURITIES, BARS))[used], by_loop(events, (0, 0))[used])
    same = len({tuple(sorted({d for w, d in events if w == one})) for one in used}) == 1
    assert masked.ndim == real.ndim == (1 if same else 2)
    nothing, again = masked_bars(study, ALIGNED, placed, pool=False, security=who, day0=day)
    assert nothing is None
    np.testing.assert_array_equal(again, real)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("mask", [(-(10**9), 10**9), (-(10**30), 0), (0, 10**30), (-BARS, BARS), (10**9, 10**9 + 5)])
def test_a_mask_longer_than_the_data_costs_no_more_than_the_data(mask):
    who, day = np.array([0, 1, 0, 2]), np.array([5, 5, 20, 38])
    study = SimpleNamespace(mask=mask, label=None)
    masked, _ = masked_bars(study, ALIGNED, SimpleNamespace(position=day), pool=True, security=who, day0=day)
    cut = max(mask[0], -BARS), min(mask[1], BARS)
    np.testing.assert_array_equal(masked, by_loop(list(zip(who, day, strict=True)), cut))


def test_a_catalogue_masks_its_days_for_all_and_the_call_its_own_for_placebos():
    pool = pd.DatetimeIndex([DAYS[0], DAYS[12], DAYS[39]]).tz_localize("America/New_York") + pd.Timedelta(hours=11)
    beyond = pd.DatetimeIndex(["2030-01-02 11:00"]).tz_localize("America/New_York")
    study = SimpleNamespace(mask=(-1, 1), label=None)
    placed = SimpleNamespace(position=np.array([-1, 0, 30]))
    masked, real = masked_bars(study, ALIGNED, placed, pool.append(beyond), np.array([0]), np.array([30]))
    assert np.flatnonzero(masked).tolist() == [0, 1, 11, 12, 13, 38, 39]
    assert np.flatnonzero(real).tolist() == [0, 12, 30, 39]
    alone = masked_bars(
        study, ALIGNED, SimpleNamespace(position=np.array([0])), pool[1:2], np.array([0]), np.array([0])
    )
    assert np.flatnonzero(alone[1]).tolist() == [0, 12]
