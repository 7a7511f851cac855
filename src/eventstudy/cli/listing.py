"""Commands that print a table."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eventstudy.cli.saying import say
from eventstudy.events import load_events
from eventstudy.words import visible

PIPE_WIDTH = 400  # columns of a table that goes to a file or a pipe: wide enough for one line a row


LEAST = 24  # letters of a column that folds: less is no text any more


def print_frame(
    frame: pd.DataFrame, *, title: str = "", wrap: frozenset[str] = frozenset(), drop: tuple[str, ...] = ()
) -> None:
    """Print a frame of text as a table: columns fold onto more lines only where `wrap` names them.

    Where a terminal is too narrow, columns are left out, those of `drop` first, and a line says which.
    """
    terminal = sys.stdout.isatty()
    left_out: list[str] = []
    if terminal:
        frame, left_out = _fitting(frame, wrap, drop, Console().width)
    shown = _plain(title) if title else None
    table = Table(title=shown, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in frame.columns:
        table.add_column(_plain(str(column)), overflow="fold", no_wrap=column not in wrap)
    for row in frame.astype(str).itertuples(index=False):
        table.add_row(*map(_plain, row))
    if terminal:
        Console().print(table)
        if left_out:
            say(f"not shown at this width: {', '.join(left_out)}")
        return
    console = Console(width=PIPE_WIDTH, file=io.StringIO())
    console.print(table)
    for line in console.file.getvalue().splitlines():  # type: ignore[attr-defined]  # the StringIO given above
        print(line.rstrip())


def _fitting(
    frame: pd.DataFrame, wrap: frozenset[str], drop: tuple[str, ...], width: int
) -> tuple[pd.DataFrame, list[str]]:
    """Leave columns out until the others fit: none that folds gets less than its few letters."""
    whole = {str(name): int(max([len(str(name)), *frame[name].astype(str).str.len()])) for name in frame.columns}
    need = {name: min(size, LEAST) if name in wrap else size for name, size in whole.items()}
    order = [name for name in (*drop, *reversed([name for name in need if name not in wrap])) if name in need]
    left_out: list[str] = []
    for name in dict.fromkeys(order):
        if sum(need.values()) + 2 * len(need) <= width or len(need) == 1:
            break
        del need[name]
        left_out.append(name)
    return frame[list(need)], left_out


def _plain(text: str) -> Text:
    """Return what a catalogue says as a text that is never read as markup, nor by the terminal."""
    return Text(visible(text))


def print_csv(frame: pd.DataFrame) -> None:
    """Print a frame as CSV, its index left out: as the tables of a report are written, and visible on a terminal."""
    from eventstudy.pages.formats import csv_text  # noqa: PLC0415  a listing must not pay for matplotlib

    print(visible(csv_text(frame), keep="\t\n"), end="")


def list_events(source: str | Path, *, calendar: str, timezone: str | None, csv: bool, only_validate: bool) -> None:
    """Print a catalogue with its sessions, or only say that a file is sound."""
    catalog = load_events(source, timezone=timezone)
    if only_validate:
        say(f"{source}: {len(catalog)} events, no bad row")
        return
    frame = catalog.sessions(calendar)
    if csv:
        print_csv(frame.reset_index())
        return
    shown = frame.reset_index()[["session", "stance", "level", "actor", "timing", "event_id", "name"]]
    shown["session"] = frame["session"].dt.strftime("%Y-%m-%d").to_numpy()
    shown["note"] = [_note(row) for _, row in frame.iterrows()]
    shown = shown.drop(columns="note") if (shown["note"] == "").all() else shown
    print_frame(
        shown,
        title=f"{catalog.name}: {len(catalog)} events on {calendar}",
        wrap=frozenset({"name", "note"}),
        drop=("timing", "actor", "level", "event_id"),
    )


def list_tests(*, csv: bool) -> None:
    """Print every significance test with its null, its assumptions and its source."""
    from eventstudy.inference.registry import TESTS  # noqa: PLC0415  the other listings must not pay for scipy

    frame = pd.DataFrame(
        [(t.name, t.null, "; ".join(t.assumptions), t.reference) for t in TESTS.values()],
        columns=["test", "null", "assumptions", "source"],
    )
    if csv:
        print_csv(frame)
        return
    print_frame(frame, title=f"{len(frame)} tests", wrap=frozenset({"null", "assumptions", "source"}))


def _note(row: pd.Series) -> str:
    notes = []
    if row["conflict"]:
        notes.append(f"conflict with {row['conflict_with']}")
    if not row["session_certain"]:
        notes.append(f"session uncertain: {row['session_earliest']:%Y-%m-%d} or {row['session_latest']:%Y-%m-%d}")
    return "; ".join(notes)
