"""Event windows of one security that overlap: keep the first, or take a chain of them for one event."""

from __future__ import annotations

import numpy as np

from eventstudy._typing import Ints


def first_of_overlaps(security: Ints, day0: Ints, length: int) -> Ints:
    """Return, for each security-event, the one that displaces it; itself if it is kept.

    In time order, a security-event is kept if its window shares no bar with that of the last one kept of its security.

    Shapes: security, day0 (N,).

    Examples
    --------
    >>> import numpy as np
    >>> first_of_overlaps(np.zeros(3, dtype=int), np.array([0, 3, 6]), 5)
    array([0, 0, 2])
    """
    return _walk(security, day0, length, chain=False)


def heads_of_chains(security: Ints, day0: Ints, length: int) -> Ints:
    """Return, for each security-event, the first of the chain of overlapping windows that it belongs to.

    Examples
    --------
    >>> import numpy as np
    >>> heads_of_chains(np.zeros(3, dtype=int), np.array([0, 3, 6]), 5)
    array([0, 0, 0])
    """
    return _walk(security, day0, length, chain=True)


def _walk(security: Ints, day0: Ints, length: int, *, chain: bool) -> Ints:
    order = np.lexsort((np.arange(day0.size), day0, security))
    head = np.arange(day0.size)
    kept = before = -1
    for at in order.tolist():
        if kept >= 0 and security[at] == security[kept] and day0[at] - day0[before if chain else kept] < length:
            head[at] = kept
        else:
            kept = at
        before = at
    return head
