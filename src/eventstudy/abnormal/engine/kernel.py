"""When the compiled loop stands in for numpy: the extra is there and the study so large that it pays."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import Final, Literal

from eventstudy.errors import StudyError

Kernel = Literal["auto", "numpy", "numba"]

WORTHWHILE: Final = 200_000
"""Security-events from which on the compiled loop is used: with fewer, numpy is done before numba is imported."""


@lru_cache(maxsize=1)
def _installed() -> bool:
    return find_spec("numba") is not None


def compiled(kernel: Kernel, security_events: int) -> bool:
    """Return whether the compiled loop is to be used.

    The two differ in the last digit, and each gives a security-event the same bits whatever is studied with it; the
    choice depends on the size of the whole study, never on how it is cut into shares.

    Examples
    --------
    >>> compiled("numpy", 10**9), compiled("auto", 10)
    (False, False)
    """
    if kernel == "numba" and not _installed():
        msg = "kernel='numba' needs the package numba: pip install 'eventstudykit[fast]'"
        raise StudyError(msg)
    return kernel == "numba" or (kernel == "auto" and security_events >= WORTHWHILE and _installed())
