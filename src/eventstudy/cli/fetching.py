"""``eventstudy fetch`` and ``eventstudy cache``: what a source delivered, kept for the next run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from eventstudy.cli.listing import print_frame
from eventstudy.cli.saying import note, say
from eventstudy.errors import told
from eventstudy.returns import cache_clear, cache_entries, cache_verify, fetch, freeze
from eventstudy.returns.sources.frozen import check_frozen
from eventstudy.words import visible

HANDFUL = 5  # symbols; a bar is shown above


def fetch_symbols(
    symbols: list[str],
    *,
    start: str | None,
    end: str | None,
    source: str,
    offline: bool,
    folder: Path | None,
    frozen: Path | None,
) -> int:
    """Fill the cache, say what came and what is missing; 3 if anything is."""
    if frozen is not None:
        check_frozen(frozen, cache=folder)  # before the work
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    options: dict[str, Any] = {"offline": True} if offline else {}
    with Progress(*columns, console=console, disable=len(symbols) <= HANDFUL or not console.is_terminal) as bar:
        task = bar.add_task("fetching", total=len(symbols))

        def said(done: int, total: int, symbol: str, outcome: str) -> None:
            bar.update(task, completed=done, total=total, description=visible(symbol))
            if len(symbols) > HANDFUL and not console.is_terminal:
                note(f"… {done}/{total} {symbol}: {outcome}")

        panel = fetch(symbols, start, end, source=source, cache=folder or True, progress=said, **options)
    if panel.quality.shape[0]:
        print_frame(panel.quality.reset_index(), wrap=frozenset({"missing_dates"}))
    if frozen is not None:
        say(f"frozen: {freeze(panel, frozen)}; read it back with --source")
    for symbol, error in sorted(panel.failures.items()):
        note(f"eventstudy: {symbol}: {told(error)}")
    return 3 if panel.failures else 0


def list_entries(folder: Path | None) -> None:
    """Print what the cache holds."""
    frame = cache_entries(folder)
    print_frame(frame, title=f"{len(frame)} entries")


def verify(folder: Path | None, source: str | None) -> int:
    """Check every entry's checksum, and with a source by how much returns changed since; 3 if damaged, 1 if revised."""
    frame = cache_verify(folder, source=source)
    print_frame(frame, title=f"{len(frame)} entries")
    states = set(frame["state"])
    return 3 if "damaged" in states else 1 if "revised" in states else 0


def clear(folder: Path | None, symbols: list[str] | None) -> None:
    """Remove entries; all of them if no symbol is named."""
    say(f"removed {cache_clear(folder, symbols=symbols or None)} entries")
