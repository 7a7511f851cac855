"""Threads and compiled loops are for large studies; here large is made small, and no bit may change."""

import os
import threading
from importlib.util import find_spec

import numpy as np
import pytest

from eventstudy.abnormal import MarketModel, estimate
from eventstudy.abnormal.engine import chunks


def test_threads_change_no_bit(monkeypatch):
    rng = np.random.default_rng(3)
    market = rng.normal(0, 0.01, 600)
    returns = market + rng.normal(0, 0.02, (50, 600))
    returns[rng.random(returns.shape) < 0.01] = np.nan
    security, day0 = rng.integers(0, 50, 5000), rng.integers(100, 590, 5000)

    def run():
        return estimate(returns, market[None], security=security, day0=day0, window=(0, 5), estimation=(-90, -1),
                        model=MarketModel("m"), minimum=60, chunk=64)  # fmt: skip

    alone = run()
    monkeypatch.setattr(chunks, "THREADED", 1)
    monkeypatch.setattr(chunks, "THREADS", 4)
    together = run()
    for name in ("ar", "sigma", "m", "status"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(together, name))
    for name in ("share", "mix"):
        np.testing.assert_array_equal(getattr(alone.coordinates, name), getattr(together.coordinates, name))


def test_each_chunk_begins_where_the_last_ended_and_the_rest_is_the_last():
    for size, chunk, begins in ((10, 4, [0, 4, 8]), (8, 4, [0, 4]), (0, 4, []), (3, 4, [0])):
        done = []
        chunks.each_chunk(done.append, size, chunk)
        assert done == begins


@pytest.mark.parametrize(("size", "threads"), [(29, False), (30, True), (31, True)])
def test_threads_are_taken_from_a_size_on_and_do_every_chunk_once(monkeypatch, size, threads):
    monkeypatch.setattr(chunks, "THREADED", 30)
    done, mine = [], threading.get_ident()
    chunks.each_chunk(lambda low: done.append((low, threading.get_ident() == mine)), size, 7)
    assert sorted(low for low, _ in done) == list(range(0, size, 7))
    assert {here for _, here in done} == {not threads}


def test_what_a_thread_raises_is_raised():
    def fail(item):
        raise ValueError(item)

    for threads in (False, True):
        with pytest.raises(ValueError, match="3"):
            chunks.spread_out(fail, range(3, 4), threads=threads)


def test_there_are_no_more_threads_than_processors_or_four():
    assert min(4, os.cpu_count()) == chunks.THREADS


@pytest.mark.skipif(find_spec("threadpoolctl") is None, reason="the extra `fast` is not installed")
def test_linear_algebra_is_held_to_one_thread_of_its_own_and_let_go():
    from threadpoolctl import threadpool_info  # noqa: PLC0415  an extra

    def threads():
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    before = threads()
    with chunks.blas_on_one_thread():
        assert set(threads()) == {1}
    assert threads() == before


def test_without_what_holds_linear_algebra_nothing_is_held(monkeypatch):
    monkeypatch.setattr(chunks, "find_spec", lambda _: None)
    assert chunks.blas_on_one_thread() is None
