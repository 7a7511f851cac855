"""Shares of the security-events for many workers: how many, how large, and what each takes with it."""

import numpy as np
import pytest

from eventstudy.abnormal import MarketModel, estimate
from eventstudy.abnormal.engine import parallel as spread

BARS, SECURITIES, EVENTS = 200, 7, 30


class Worker:
    """An executor that works at once, and keeps what it was given."""

    def __init__(self):
        self.given = []

    def submit(self, work, *arguments):
        self.given.append(arguments)
        found = work(*arguments)
        return type("Done", (), {"result": lambda _: found})()


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    market = rng.normal(0, 0.01, (SECURITIES, 1, BARS))  # a market of its own for each
    returns = market[:, 0] + rng.normal(0, 0.02, (SECURITIES, BARS))
    returns[2, 100:105] = np.nan  # one security has holes, the others' shares none
    return returns, market, rng.integers(0, SECURITIES, EVENTS), rng.integers(90, 190, EVENTS)


def study(panel, masked=None, *, own=False, worker=None):
    returns, market, security, day0 = panel
    regressors = market if own else market[0]
    options = {"window": (0, 2), "estimation": (-80, -1), "model": MarketModel("m"), "minimum": 30, "masked": masked}
    if worker is None:
        return estimate(returns, regressors, security=security, day0=day0, **options)
    return spread.estimate_spread(worker, returns, regressors, security=security, day0=day0, **options)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("mask", ["none", "bars", "own"])
def test_shares_change_no_bit(panel, own, mask):
    rng = np.random.default_rng(1)
    masked = {"none": None, "bars": rng.random(BARS) < 0.1, "own": rng.random((SECURITIES, BARS)) < 0.1}[mask]
    alone, shared = study(panel, masked, own=own), study(panel, masked, own=own, worker=Worker())
    if masked is not None:
        assert (alone.m < study(panel, own=own).m).all()  # the mask takes bars from every event
    for name in ("ar", "sigma", "m", "df", "status", "coef"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(shared, name))
    np.testing.assert_array_equal(alone.ar_se(), shared.ar_se())


@pytest.mark.parametrize(
    ("events", "largest", "shares"),
    [(30, 50_000, 8), (5, 50_000, 5), (2, 50_000, 2), (1, 50_000, 0), (30, 3, 10), (29, 3, 10), (31, 3, 11)],
)
def test_there_are_eight_shares_or_as_many_as_keep_them_small(panel, monkeypatch, events, largest, shares):
    monkeypatch.setattr(spread, "LARGEST", largest)
    returns, market, security, day0 = panel
    many = (returns, market, np.resize(security, events), np.resize(day0, events))
    worker = Worker()
    study(many, worker=worker)
    sizes = [len(given[3]) for given in worker.given]
    assert len(sizes) == shares
    assert sum(sizes) == (events if shares else 0)
    assert max(sizes, default=0) - min(sizes, default=0) <= 1
    for given in worker.given:  # the rows of the panel that it reads, no others
        assert len(given[0]) == len(np.unique(given[2]))
