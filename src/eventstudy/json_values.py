"""Values as JSON holds them: no numpy, no dates, no NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def plain(value: Any) -> Any:
    """Turn numbers, arrays, moments and mappings into JSON values; what is missing or not finite becomes None.

    Examples
    --------
    >>> plain({"a": np.float64(1.5), "b": (np.nan, True), "c": pd.Timestamp("2025-04-03")})
    {'a': 1.5, 'b': [None, True], 'c': '2025-04-03'}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value.tz is None and value == value.normalize() else value.isoformat()
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value
