"""One share of a study, on a worker: it reads its own columns, fits them, and writes its part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eventstudy._typing import Ints
from eventstudy.errors import DataError
from eventstudy.replace import write_whole
from eventstudy.returns.scan.scanned import ScannedPanel
from eventstudy.study.design import Design
from eventstudy.study.fit.fit import Whole, fit_study
from eventstudy.study.large.parts import part_files


@dataclass(frozen=True, slots=True)
class Share:
    """What a worker is sent.

    Attributes
    ----------
    number : int
    study : Design
    events : DataFrame
        Of the rows of the share, each with its symbol.
    rows : (n,) int
        What they are in the whole request.
    scan : ScannedPanel
        Where the returns are; not the returns.
    whole : mapping of calendar to Whole
    folder : str
        Where the part is written.
    plan : (str, int)
        The digest of the plan, and how many rows it has in all.
    """

    number: int
    study: Design
    events: pd.DataFrame
    rows: Ints
    scan: ScannedPanel
    whole: dict[str | None, Whole]
    folder: str
    plan: tuple[str, int]


def do_share(share: Share) -> str:
    """Do a share and write its files; return what is wrong with its data, or nothing."""
    try:
        panel = share.scan.load()
        fitted = fit_study(share.study, share.events, panel, whole=share.whole)
    except DataError as error:
        return str(error)
    files = part_files(fitted, np.arange(share.rows.size), share.rows, share.number, share.plan)
    put(files, Path(share.folder))
    return ""


def put(files: dict[str, Any], folder: Path) -> None:
    """Write the files of a share, its part last; each is there whole or not at all."""
    for name, content in files.items():
        write_whole(folder / name, content)
