"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

Workers = Annotated[int, typer.Option(help="Processes that share the work; what is written does not depend on it.")]
Scheduler = Annotated[
    Optional[str],
    typer.Option(help="Work on a Dask cluster instead: its address, such as tcp://127.0.0.1:8786."),
]
Source = Annotated[
    Optional[str],
    typer.Option(help="Where prices come from: bundled, yahoo, or the path of a .csv or .parquet file."),
]
Quick = Annotated[bool, typer.Option("--quick", help="Fewer replications, in seconds; the report says so.")]
