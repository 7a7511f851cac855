"""``eventstudy run`` and ``eventstudy check``: a study from its file to its report."""

from __future__ import annotations

import atexit
import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from eventstudy.cli.listing import print_csv, print_frame
from eventstudy.cli.saying import note, say
from eventstudy.cli.workers import workers_for
from eventstudy.errors import DataError, InputError, NoSuchTicker, told
from eventstudy.pages.write import check_target, read_manifest
from eventstudy.report import Document, check_document, write_document
from eventstudy.report.build import build_document
from eventstudy.report.gate.compare import check_images, check_tolerance
from eventstudy.report.parts.chain import verdict_of
from eventstudy.report.parts.part import Inputs, gather
from eventstudy.returns.sources.registry import is_network
from eventstudy.study.study_file import load_study
from eventstudy.words import visible

LOCAL_LACK = (NoSuchTicker, DataError)  # a local source that simply lacks a symbol has not failed


def run_study(
    name: str, *, out: Path, source: str | None, quick: bool, workers: int = 1, scheduler: str | None = None
) -> int:
    """Run a study, write its report, say the answer; 3 if a source could not deliver, else 0."""
    check_target(out)  # before the work
    with _uncollected(), workers_for(workers, scheduler) as executor:
        document, inputs = _build(name, source=source, quick=quick, executor=executor)
        note("… drawing and writing")
        write_document(document, out)
    lines = [*document.answer[:2], *_counted(document)]
    if inputs.borrowed:
        lines.append(f"{inputs.source} does not have {', '.join(inputs.borrowed)}: taken from the bundled figures")
    for line in [*lines, f"written: {out / 'report.html'}, with results.json, charts and tables beside it"]:
        say(line)
    return _delivered(inputs)


def _counted(document: Document) -> list[str]:
    """Say in a line how the claims of the ledger fared, where there is one."""
    claims = document.results.get("hypothesis", {}).get("claims", [])
    counts = Counter(claim["verdict"] for claim in claims)
    return (
        [f"{len(claims)} claims: " + ", ".join(f"{count} {word}" for word, count in counts.most_common())]
        if claims
        else []
    )


def check_study(
    name: str, *, against: Path, source: str | None, tolerance: float, update: bool, images: Path | None, quick: bool
) -> int:
    """Run a study and compare it with an accepted folder; 1 and a table of what moved if anything did."""
    check_tolerance(tolerance)  # before the work
    if read_manifest(against) is None:
        msg = f"{against} is not a folder that eventstudy run wrote; name one that is, such as gallery"
        raise InputError(msg)
    if images is not None:
        check_images(images, against)
    if update:
        check_target(against)
    with _uncollected():
        document, inputs = _build(name, source=source, quick=quick)
        note("… drawing and comparing")
        found = check_document(document, against, tolerance=tolerance, images=images)
    for line in found.notes:
        say(line)
    if found:
        say(f"{name}: nothing moved against {against}")
        return _delivered(inputs)
    print_frame(
        found.frame,
        title=f"{name}: {len(found.moved)} difference{'s' if len(found.moved) > 1 else ''} against {against}",
        wrap=frozenset({"old", "new", "difference"}),
    )
    if images is not None and images.exists():
        say(f"side-by-side pictures of the charts that moved: {images}")
    if update:
        write_document(document, against)
        say(f"accepted: {against} is written anew")
        return _delivered(inputs)
    say("to accept this, run the same command with --update")
    return 1


def judge_claims(name: str, *, source: str | None, quick: bool, csv: bool) -> None:
    """Run the hypothesis and print its ledger: the verdict word, the claim, the figure."""
    study = load_study(name)
    seed = study.hypothesis.seed if study.hypothesis else 0
    with _stages() as stage:
        inputs = gather(study, source, stage)
        verdict = verdict_of(inputs, seed=seed, quick=quick, progress=stage)
    ledger = verdict.tables()["claims"]
    if csv:
        print_csv(ledger)
        return
    shown = ledger[["number", "verdict", "claim", "figure"]]
    counts = ", ".join(f"{count} {word}" for word, count in ledger["verdict"].value_counts().items())
    print_frame(shown, title=f"{len(ledger)} claims: {counts}", wrap=frozenset({"claim", "figure"}))


@contextmanager
def _stages() -> Iterator[Callable[[str], None]]:
    """Say each stage: as a changing line on a terminal, a line each elsewhere."""
    console = Console(stderr=True)
    with console.status("starting") as status:

        def at(stage: str) -> None:
            status.update(Text(visible(stage)))
            if not console.is_terminal:
                note(f"… {stage}")

        yield at


@contextmanager
def _uncollected() -> Iterator[None]:
    """Do without the collector of cyclic garbage: it takes a tenth of a run, and frees nothing that matters."""
    collecting = gc.isenabled()
    gc.disable()
    atexit.register(gc.freeze)  # nor is all that was made to be searched on the way out
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _build(name: str, *, source: str | None, quick: bool, executor: Any = None) -> tuple[Document, Inputs]:
    with _stages() as stage:
        return build_document(load_study(name), source=source, quick=quick, progress=stage, executor=executor)


def _delivered(inputs: Inputs) -> int:
    failures = {**inputs.prices.failures, **(inputs.securities.failures if inputs.securities else {})}
    remote = is_network(inputs.source)
    failed = {symbol: why for symbol, why in failures.items() if remote or not isinstance(why, LOCAL_LACK)}
    for symbol, error in sorted(failed.items()):
        note(f"eventstudy: {symbol}: {told(error)}")
    return 3 if failed else 0
