"""Locks: one holder at a time, freed by death, true even when the lock file is removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from eventstudy.replace import LOCK_MARK, alone_in, locked

HOLDER = """
import sys, time
from pathlib import Path
from eventstudy.replace import alone_in, locked
with {how}(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("how", ["locked", "alone_in"])
def test_a_killed_holder_frees_its_lock(tmp_path, how):
    path = tmp_path / "lock" if how == "locked" else tmp_path
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(how=how), str(path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        taken = threading.Event()

        def take():
            with {"locked": locked, "alone_in": alone_in}[how](path):
                taken.set()

        waiter = threading.Thread(target=take)
        waiter.start()
        assert not taken.wait(0.2)
        holder.send_signal(signal.SIGKILL)
        assert taken.wait(10)
        waiter.join()


def test_a_lock_file_that_is_there_is_not_changed(tmp_path):
    with locked(tmp_path / "new" / "lock"):
        assert (tmp_path / "new" / "lock").read_bytes() == LOCK_MARK
    (tmp_path / "lock").write_text("of another program")
    with locked(tmp_path / "lock"):
        pass
    assert (tmp_path / "lock").read_text() == "of another program"


def test_a_link_is_no_lock(tmp_path):
    (tmp_path / "lock").symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic link"), locked(tmp_path / "lock"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_who_waited_for_a_lock_that_was_removed_takes_the_new_one(tmp_path):
    path, order = tmp_path / "lock", []

    def second():
        with locked(path):
            order.append("second")
            assert path.exists()

    with locked(path):
        waiter = threading.Thread(target=second)
        waiter.start()
        waiter.join(0.2)
        order.append("first")
        path.unlink()
    waiter.join(10)
    assert order == ["first", "second"]


def test_a_folder_that_is_not_there_cannot_be_held(tmp_path):
    with alone_in(tmp_path / "nowhere") as alone:
        assert alone is False
    with alone_in(tmp_path) as alone:
        assert alone is True
