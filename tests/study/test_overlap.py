"""Which event gives way to which, by a walk through the calendar of each security."""

import numpy as np
import pytest

from eventstudy.study.fit.overlap import first_of_overlaps, heads_of_chains


@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("seed", range(5))
def test_events_give_way_to_the_last_that_was_kept(length, seed):
    rng = np.random.default_rng(seed)
    security, day0 = rng.integers(0, 3, 25), rng.integers(0, 40, 25)
    first, chain = list(range(25)), list(range(25))
    for who in range(3):
        own = sorted((int(day0[i]), i) for i in range(25) if security[i] == who)
        kept = head = last = None
        for day, i in own:
            if kept is not None and day < day0[kept] + length:
                first[i] = kept
            else:
                kept = i
            if head is not None and day < last + length:
                chain[i] = head
            else:
                head = i
            last = day
    assert first_of_overlaps(security, day0, length).tolist() == first
    assert heads_of_chains(security, day0, length).tolist() == chain


def test_nothing_overlaps_nothing():
    nothing = np.zeros(0, dtype=np.int64)
    assert first_of_overlaps(nothing, nothing, 3).size == heads_of_chains(nothing, nothing, 3).size == 0
