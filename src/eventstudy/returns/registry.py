"""From what a caller names a source by to the source itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.errors import DataError
from eventstudy.returns.bundled import BUNDLED
from eventstudy.returns.sources import BundledSource, PriceSource

if TYPE_CHECKING:
    import os

__all__ = ["resolve"]


def resolve(
    source: str | os.PathLike[str] | pd.DataFrame | PriceSource, options: dict[str, Any]
) -> PriceSource | BundledSource:
    """Return the source that `source` names, made with `options`."""
    if isinstance(source, str) and source == BUNDLED:
        return BundledSource()
    if not isinstance(source, (str, Path, pd.DataFrame)) and isinstance(source, PriceSource):
        return source
    msg = f"source {source!r} is not known"
    raise DataError(msg)
