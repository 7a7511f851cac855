"""What holds for the whole test session: no network, one thread for linear algebra, no window, no file outside it.

pytest-socket does not see libcurl, so the guard is one that libcurl respects: a proxy that does not exist.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

# The environment is set when this file is imported: before numpy starts its threads and before anyone opens a connection.
sys.path.insert(0, str(Path(__file__).parent / "support"))  # servers and helpers that several rooms use
SCRATCH = tempfile.mkdtemp(prefix="eventstudy-tests-")
os.environ.update(
    {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "OMP_NUM_THREADS": "1",  # the same sums in the same order, so the same last bits
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
        "XDG_CACHE_HOME": SCRATCH,  # where platformdirs puts the price cache, and yfinance its own
        "EVENTSTUDY_CACHE_DIR": str(Path(SCRATCH) / "eventstudy"),
    }
)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real prices for testing at width, or skip where there is none."""
    place = os.environ.get("EVENTSTUDY_TEST_DATA")
    if not place or not Path(place).is_dir():
        pytest.skip("EVENTSTUDY_TEST_DATA names no folder of real prices on this machine")
    return Path(place)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case of bytes by its argument: an archive holds the second in which it was made, and workers must agree."""
    return argname if isinstance(val, bytes) else None


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    import shutil  # noqa: PLC0415  once, at the end

    shutil.rmtree(SCRATCH, ignore_errors=True)
