"""Worlds of known truth: that they are what they say, and a small trial of the machinery on them.

The full trial, 200 worlds of each kind and size, is the table in docs/flagship.md with its command.
"""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.errors import StudyError
from eventstudy.hypothesis.trials import TRUTH, run_trials
from eventstudy.hypothesis.worlds import KINDS, simulate_world

WORLDS = 40  # means of this many worlds are compared, four standard errors wide
ERRORS = 4


def reactions(world, position):
    market = world.record.market
    daily = market.fear[position - 1] / 100 / np.sqrt(252)
    return market.returns[position] / daily


@pytest.mark.parametrize(("kind", "expected"), [("bluff", 0.75), ("noise", 0.0)])
def test_threats_and_reliefs_move_the_index_as_declared(rules, kind, expected):
    down, up = [], []
    for i in range(WORLDS):
        world = simulate_world(kind, rules, np.random.default_rng([i, 7]))
        down.append(reactions(world, world.record.trigger))
        up.append(reactions(world, world.record.relief))
    for values, sign in ((np.concatenate(down), -1), (np.concatenate(up), 1)):
        error = values.std() / np.sqrt(values.size)
        assert abs(values.mean() - sign * expected) < ERRORS * error


def test_only_forced_worlds_relent_after_losses(rules):
    gap = {}
    for kind in ("forced", "bluff"):
        differences = []
        for i in range(WORLDS):
            world = simulate_world(kind, rules, np.random.default_rng([i, 8]), times=2)
            spells, close = world.record.spells, world.record.market.close
            loss = 1 - close[spells.last - 1] / close[spells.start - 1]
            relieved = spells.outcome == 0
            if relieved.any() and (~relieved).any():
                differences.append(loss[relieved].mean() - loss[~relieved].mean())
        values = np.array(differences)
        gap[kind] = values.mean(), values.std() / np.sqrt(values.size)
    assert gap["forced"][0] > ERRORS * gap["forced"][1]
    assert gap["forced"][0] > gap["bluff"][0] + ERRORS * gap["bluff"][1]


def test_a_world_is_a_consistent_record(rules):
    for kind in KINDS:
        world = simulate_world(kind, rules, np.random.default_rng(1))
        spells = world.record.spells
        assert (spells.last >= spells.start).all()
        assert spells.start.min() >= world.first
        assert spells.last.max() <= world.last
        assert set(np.unique(spells.last[spells.outcome == 0])) == set(world.record.decision)
        assert not set(world.record.trigger) & set(world.record.relief)
        assert world.record.busy[world.record.trigger].all()


def test_same_seed_same_world(rules):
    one, two = (simulate_world("forced", rules, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one.record.market.close, two.record.market.close)


def test_unknown_worlds_are_refused(rules):
    with pytest.raises(StudyError, match="not one of forced, bluff"):
        simulate_world("wishful", rules, np.random.default_rng(0))


@pytest.mark.slow
def test_a_small_trial(rules):
    table = run_trials(rules, worlds=12, times=(2,), kinds=("forced", "bluff", "noise"), draws=99).set_index("world")
    assert table.loc["forced", "supported"] > table.loc["bluff", "supported"]
    assert table.loc["forced", "favourite"] == "drawdown"
    # three of twelve would be far beyond the level even with Monte-Carlo error
    assert table.loc["bluff", "chain"] <= 2 / 12
    assert table.loc["noise", "chain"] == 0
    assert table["true_rival"].tolist() == [TRUTH[kind] for kind in table.index]
