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

from eventstudy.border import is_there
from eventstudy.cli.listing import print_csv, print_frame
from eventstudy.cli.saying import note, say
from eventstudy.cli.workers import workers_for
from eventstudy.errors import DataError, InputError, NoSuchTicker, StudyError, told
from eventstudy.events.load import shipped_catalogues
from eventstudy.pages.write import check_target, read_manifest
from eventstudy.replace.files import write_whole
from eventstudy.report import Document, check_document, write_document
from eventstudy.report.build import build_document
from eventstudy.report.firms import Firms
from eventstudy.report.gate.compare import check_images, check_tolerance
from eventstudy.report.new_study import new_study
from eventstudy.report.parts.chain import verdict_of
from eventstudy.report.parts.part import Inputs, gather
from eventstudy.returns.sources.registry import is_network
from eventstudy.study.pairs.firm_file import FirmFile, firm_study, load_study
from eventstudy.words import visible

LOCAL_LACK = (NoSuchTicker, DataError)  # a local source that simply lacks a symbol has not failed


def run_study(
    study: str | FirmFile,
    *,
    out: Path,
    source: str | None,
    quick: bool,
    bars: Path | None = None,
    workers: int = 1,
    scheduler: str | None = None,
) -> int:
    """Run a study, write its report, say the answer; 3 if a source could not deliver, else 0."""
    check_target(out)  # before the work
    with _uncollected(), workers_for(workers, scheduler) as executor:
        document, inputs = _build(study, source=source, quick=quick, bars=bars, executor=executor)
        note("… drawing and writing")
        write_document(document, out)
    for line in inputs.said if isinstance(inputs, Firms) else ():
        note(line)
    asked = [f"{document.question.partition('? ')[0].rstrip('?')}?"] if "hypothesis" in document.results else []
    lines = [*asked, *document.answer[:2], *_counted(document)]
    if inputs.borrowed:
        lines.append(f"{inputs.source} does not have {', '.join(inputs.borrowed)}: taken from the bundled figures")
    for line in [*lines, f"written: {out / 'report.html'}"]:
        say(line)
    return _delivered(inputs)


def named_study(study: str | None, events: Path | None, prices: str | None, asked: dict[str, Any]) -> str | FirmFile:
    """Return the study that a command line names: a shipped one, a file, or one of firms by its options."""
    if events is None:
        given = [name for name, value in {"prices": prices, **asked}.items() if value]
        if given:
            msg = f"--{given[0].replace('_', '-')} belongs to --events, which is missing"
            raise InputError(msg)
        if study is not None and not study.strip():
            msg = "the name of the study is empty; leave it out for us-china, or name a study file"
            raise InputError(msg)
        return study or "us-china"
    if study is not None:
        msg = f"{study} is a study, and --events names another: leave out one of the two"
        raise InputError(msg)
    if prices is None:
        msg = "--events needs --prices: a .csv or .parquet file, or a source such as yahoo"
        raise InputError(msg)
    market = {"symbol": asked.pop("market"), "factors": asked.pop("factor") or [], "risk_free": asked.pop("risk_free")}
    market |= {"source": asked.pop("factors"), "holds": asked.pop("factors_hold")}
    given_prices = {"source": prices, "date_format": asked.pop("prices_date_format")}
    horizons, by = asked.pop("horizon") or (), asked.pop("by") or []
    pairs = {"source": str(events), "by": by, **asked}
    return firm_study(events.stem, pairs=pairs, prices=given_prices, market=market, horizons=horizons)


def begin_study(
    catalog: str, *, out: Path | None, timezone: str | None, calendar: str, prices: str, market: str
) -> None:
    """Write the files that begin a study of a catalogue, beside it; a file that is there is never written over."""
    files = new_study(catalog, timezone=timezone, calendar=calendar, prices=prices, market=market)
    own = catalog not in shipped_catalogues()
    folder = out if out is not None else Path(catalog).parent if own else Path()
    if own and out is not None and Path(catalog).resolve().parent != out.resolve():
        msg = f"{visible(str(out))} is not the folder of {visible(catalog)}, from which the study file takes it; copy it there first"
        raise InputError(msg)
    places = {folder / name: text for name, text in files.items()}
    there = [place for place in places if is_there(place.exists)]
    if there:
        msg = f"{visible(str(there[0]))} is there already; rename it, or name another folder: --out"
        raise InputError(msg)
    for place, text in places.items():
        write_whole(place, text.encode())
        say(f"written: {place}")
    say(f"run it: eventstudy run {next(iter(places))} --out out")


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
    study: str | FirmFile,
    *,
    against: Path,
    source: str | None,
    tolerance: float,
    update: bool,
    images: Path | None,
    quick: bool,
) -> int:
    """Run a study and compare it with an accepted folder; 1 and a table of what moved if anything did."""
    name = study if isinstance(study, str) else study.name
    check_tolerance(tolerance)  # before the work
    if read_manifest(against) is None:
        msg = f"{against} is not a folder that eventstudy run wrote; name one that is, such as gallery"
        raise InputError(msg)
    if images is not None:
        check_images(images, against)
    if update:
        check_target(against)
    with _uncollected():
        document, inputs = _build(study, source=source, quick=quick)
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
    if isinstance(study, FirmFile):
        msg = f"study {study.name} is of firms; the claims are of a study with a catalogue and [hypothesis], such as us-china"
        raise StudyError(msg)
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


def _build(
    study: str | FirmFile, *, source: str | None, quick: bool, bars: Path | None = None, executor: Any = None
) -> tuple[Document, Inputs | Firms]:
    with _stages() as stage:
        file = load_study(study) if isinstance(study, str) else study
        return build_document(file, source=source, quick=quick, bars=bars, progress=stage, executor=executor)


def _delivered(inputs: Inputs | Firms) -> int:
    remote = is_network(inputs.source)
    failed = {symbol: why for symbol, why in inputs.failures.items() if remote or not isinstance(why, LOCAL_LACK)}
    for symbol, error in sorted(failed.items()):
        note(f"eventstudy: {symbol}: {told(error)}")
    return 3 if failed else 0
