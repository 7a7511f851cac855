"""A Dask client is an executor like any other, whatever becomes of its workers and its scheduler."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.study.large import plan

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")

# what a cluster warns of when it closes is not ours
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(1)
    index = pd.bdate_range("2023-01-02", periods=600, name="date")
    return pd.DataFrame(rng.normal(0, 0.01, (600, 6)), index=index, columns=list("MABCDE"))


@pytest.fixture(scope="module")
def events(panel):
    return pd.DataFrame({"event_id": range(20), "symbol": list("ABCDE") * 4, "bar": panel.index[300:580:14]})


STUDY = es.EventStudy(model=es.MarketModel("M"), calendar=None)


@pytest.fixture
def want(panel, events, tmp_path, monkeypatch):
    """The files of the study, made in memory; in shares of one security."""
    monkeypatch.setattr(plan, "ROWS", 1)
    STUDY.fit(events, es.ReturnPanel(panel)).to_parquet(tmp_path / "memory")
    panel.to_parquet(tmp_path / "panel.parquet")
    return digests(tmp_path / "memory")


def digests(folder):
    files = sorted(path for path in folder.iterdir() if path.name != "manifest.json")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def written(events, tmp_path, name, executor):
    STUDY.fit(events, es.scan_returns(str(tmp_path / "panel.parquet"), memory=0)).to_parquet(
        tmp_path / name, executor=executor
    )
    return digests(tmp_path / name)


def test_a_dask_client_changes_no_bit(panel, events):
    alone = STUDY.fit(events, es.ReturnPanel(panel)).car()
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        for pool in (client, client.get_executor()):
            found = STUDY.fit(events, es.ReturnPanel(panel), executor=pool).car()
            pd.testing.assert_frame_equal(alone, found, check_exact=True)


def test_processes_of_a_local_cluster_read_their_own_shares(events, tmp_path, want):
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        assert written(events, tmp_path, "out", client) == want


@contextmanager
def started(*words):
    """A program of Dask on loopback."""
    command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:], "--no-dashboard"]
    program = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield program
    finally:
        program.kill()
        program.wait()


@contextmanager
def by_hand(port, folder):
    worker = ("worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1", "--local-directory", str(folder))
    with (
        started("scheduler", "--host", "127.0.0.1", "--port", str(port)) as scheduler,
        started(*worker) as one,
        started(*worker) as other,
    ):
        yield scheduler, one, other


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_a_worker_that_is_killed_costs_time_and_no_byte(events, tmp_path, want, port):
    with by_hand(port, tmp_path), distributed.Client(f"tcp://127.0.0.1:{port}", timeout=120) as client:
        client.wait_for_workers(2, timeout=240)
        assert written(events, tmp_path, "first", client) == want
        victim = next(iter(client.run(os.getpid).values()))
        thread = threading.Timer(0.2, os.kill, (victim, signal.SIGKILL))
        thread.start()
        for turn in range(3):
            assert written(events, tmp_path, f"out{turn}", client) == want
        thread.join()


def test_a_scheduler_that_starts_again_on_its_port_is_waited_for(events, tmp_path, want, port):
    over = threading.Event()

    def again(old):
        time.sleep(0.3)
        for program in old:
            program.kill()
            program.wait()
        with by_hand(port, tmp_path):
            over.wait(300)

    with by_hand(port, tmp_path) as old, distributed.Client(f"tcp://127.0.0.1:{port}", timeout=120) as client:
        client.wait_for_workers(2, timeout=240)
        thread = threading.Thread(target=again, args=(old,))
        thread.start()
        try:
            for turn in range(3):
                assert written(events, tmp_path, f"out{turn}", client) == want
        finally:
            over.set()
            thread.join()
