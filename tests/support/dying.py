"""Tasks that kill the process that does them; a worker has to find them by their module's name."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def die_once(path: str, number: int) -> int:
    """Kill the process that does this, the first time."""
    mark = Path(path) / str(number)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(number: int) -> int:
    """Kill the process that does this."""
    os.kill(os.getpid(), signal.SIGKILL)
    return number
