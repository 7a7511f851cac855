"""``eventstudy watch``, as the command line takes it; what it does stands beside it and is loaded when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer


def watch(
    study: Annotated[str, typer.Argument(help="The study whose evidence is watched: us-china.")] = "us-china",
    folder: Annotated[Path, typer.Option(help="What was seen so far; made if it is not there.")] = Path(
        "watch-us-china"
    ),
    source: Annotated[str, typer.Option(help="Where prices come from: yahoo, or the path of a file.")] = "yahoo",
    events: Annotated[
        Optional[Path], typer.Option(help="New events, coded by the rubric: .toml, .csv or .json.")
    ] = None,
    reliefs: Annotated[
        Optional[Path], typer.Option(help="Which episodes they relieve: CSV with relief_event, episode, whole.")
    ] = None,
    until: Annotated[Optional[str], typer.Option(help="The last day looked at, such as 2026-12-31.")] = None,
) -> None:
    """Add new sessions and events, and say how strong the evidence is; the past is never decided again."""
    from eventstudy.cli.watching import watch_study  # noqa: PLC0415  --help must not pay for pandas

    watch_study(study, folder=folder, source=source, events=events, reliefs=reliefs, until=until)
