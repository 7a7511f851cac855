"""Three kills a command; `make kills` has sixty."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parents[1] / "support"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL and fork")]


@pytest.mark.parametrize("command", ["run", "check", "freeze", "fetch", "calibrate", "clear"])
def test_killed_at_random_moments_nothing_is_lost_and_the_next_run_ends_right(command):
    environment = {**os.environ, "PYTHONPATH": str(SUPPORT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, str(SUPPORT / "kills.py"), "--kills", "3", "--seed", "7", command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{command:<10} 3 kills (" in done.stdout
    assert " 0 while writing" not in done.stdout
