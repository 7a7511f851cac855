"""``eventstudy cache``: what sources delivered, listed, verified and cleared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

Folder = Annotated[
    Optional[Path],
    typer.Option("--cache", help="The cache's folder; by default the user's."),
]

cache = typer.Typer(
    help="What sources delivered, kept for the next run.", no_args_is_help=True, epilog="Example: eventstudy cache list"
)


@cache.command("list", epilog="Example: eventstudy cache list")
def list_entries(folder: Folder = None) -> None:
    """List what the cache holds."""
    from eventstudy.cli import fetching  # noqa: PLC0415  --help must not pay for pandas

    fetching.list_entries(folder)


@cache.command(epilog="Example: eventstudy cache verify --source yahoo")
def verify(
    folder: Folder = None,
    source: Annotated[
        Optional[str], typer.Option(help="Ask this source again: by how much have returns changed?")
    ] = None,
) -> None:
    """Check every entry's checksum; exit 3 if one is damaged, 1 if the source has revised one."""
    from eventstudy.cli import fetching  # noqa: PLC0415  --help must not pay for pandas

    raise typer.Exit(fetching.verify(folder, source))


@cache.command(epilog="Example: eventstudy cache clear NVDA")
def clear(
    symbols: Annotated[Optional[list[str]], typer.Argument(help="Only these symbols.")] = None,
    folder: Folder = None,
) -> None:
    """Remove entries: those of some symbols, or all."""
    from eventstudy.cli import fetching  # noqa: PLC0415  --help must not pay for pandas

    fetching.clear(folder, symbols)
