"""``eventstudy run``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console

from eventstudy.report import write_document
from eventstudy.report.build import build_document
from eventstudy.study.files import load_study

if TYPE_CHECKING:
    from pathlib import Path

    from eventstudy.report.parts.part import Inputs

__all__ = ["run_study"]

DELIVERED_OR_UNKNOWN = ("NoSuchTicker", "DataError")  # a local source that simply lacks a symbol has not failed


def run_study(name: str, *, out: Path, source: str | None, quick: bool) -> int:
    """Run a study, write its report, say the answer; 3 if a source could not deliver, else 0."""
    study = load_study(name)
    console = Console(stderr=True)
    with console.status("starting") as status:

        def say(stage: str) -> None:
            status.update(stage)
            if not console.is_terminal:
                print(f"… {stage}", file=sys.stderr, flush=True)

        document, inputs = build_document(study, source=source, quick=quick, progress=say)
        say("writing")
        write_document(document, out)
    for line in document.answer:
        print(line)
    print(f"\nwritten: {out / 'report.html'}, with results.json, charts/, tables/ and manifest.json beside it")
    return _delivered(inputs)


def _delivered(inputs: Inputs) -> int:
    remote = inputs.source == "yahoo"
    failures = {**inputs.prices.failures, **(inputs.securities.failures if inputs.securities else {})}
    failed = {s: why for s, why in failures.items() if remote or not why.startswith(DELIVERED_OR_UNKNOWN)}
    for symbol, why in sorted(failed.items()):
        print(f"eventstudy: {symbol}: {why}", file=sys.stderr)
    return 3 if failed else 0
