"""What a result looks like where it is printed: a header block, and the average of some windows with its units."""

from __future__ import annotations

import pandas as pd

from eventstudy.pages.document import Table
from eventstudy.pages.formats import text_lines
from eventstudy.study.fitted import Fitted
from eventstudy.study.output.page import usual_windows
from eventstudy.study.rows import headline, own_windows, window_text
from eventstudy.study.tables.averages import caar

LEVEL = 0.95


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
    """Return the average of the usual windows, with its interval."""
    rows = [caar(result, window, LEVEL).assign(window=window_text(window)) for window in usual_windows(result)]
    frame = pd.concat(rows, ignore_index=True)[["window", "caar", "se", "low", "high", "n", "n_sessions", "test"]]
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
    return "\n".join([*lines, *(f"  {line}" for line in text_lines(means(result)))])
