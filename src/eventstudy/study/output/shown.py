"""What a result looks like where it is printed: a header block, and the average of some windows with its units."""

from __future__ import annotations

import pandas as pd

from eventstudy.pages.document import Table
from eventstudy.pages.formats import text_lines
from eventstudy.study.fitted import Fitted
from eventstudy.study.rows import headline, own_windows, usual_windows, window_text
from eventstudy.study.tables.averages import caar
from eventstudy.study.tables.paths import usual_group

LEVEL = 0.95
OWN_INTERVALS = "intervals are those of caar(); report() shows those of the best test to believe"


def header(result: Fitted) -> list[tuple[str, str]]:
    """Return what was studied, in names and values."""
    study = result.study
    return [
        ("model", repr(study.model)),
        ("event window", window_text(study.window)),
        ("estimation window", study.estimation_words or study.estimation_window.described + own_windows(result)),
        ("calendar", str(study.calendar or "the index of the panel")),
    ]


def means(result: Fitted) -> Table:
    """Return the average of the usual windows, with its interval; a row a stance where there are several."""
    by = usual_group(result) if result.n else None
    rows = [caar(result, window, LEVEL, by=by).assign(window=window_text(window)) for window in usual_windows(result)]
    first = [] if by is None else [by]
    frame = pd.concat(rows, ignore_index=True)[
        ["window", *first, "caar", "se", "low", "high", "n", "n_sessions", "test"]
    ]
    labels = {
        "caar": "CAAR",
        "low": f"{100 * LEVEL:g}% from",
        "high": "to",
        "n_sessions": "sessions",
        "test": "interval of",
    }
    return Table("means", "", "", frame, dict.fromkeys(("caar", "se", "low", "high"), "percent"), labels=labels)


def text(result: Fitted) -> str:
    """Write the header block and the table in lines of text."""
    lines = [headline(result), *(f"  {name:<18} {value}" for name, value in header(result))]
    if not result.n:
        return "\n".join(lines)
    return "\n".join([*lines, *(f"  {line}" for line in text_lines(means(result))), f"  {OWN_INTERVALS}"])
