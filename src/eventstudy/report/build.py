"""The report of a study, put together from its parts: what is said is decided here, writing it is another room's work."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from eventstudy import plugins
from eventstudy.json_values import plain
from eventstudy.pages.document import Document, Part
from eventstudy.pages.formats import series_digests
from eventstudy.pages.write import check_target, write_document
from eventstudy.report.firms import Firms, firm_document
from eventstudy.report.parts.chain import chain_part
from eventstudy.report.parts.data import data_part
from eventstudy.report.parts.market import market_part, market_study
from eventstudy.report.parts.minutes import minutes_part
from eventstudy.report.parts.part import Inputs, gather, library_versions
from eventstudy.report.parts.securities import securities_part
from eventstudy.study.output.added import added_part
from eventstudy.study.pairs.firm_file import FirmFile, load_study
from eventstudy.study.study_file import StudyFile

GIVE_WAY = ("attrition", "data-quality", "heatmap-industries")
"""Charts that a page with a hypothesis leaves to their tables: more than a dozen are not looked at."""


def build_document(
    study: StudyFile | FirmFile,
    *,
    source: str | None = None,
    quick: bool = False,
    bars: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
    executor: Any = None,
) -> tuple[Document, Inputs | Firms]:
    """Run a study and say what came out."""
    say = progress or (lambda _: None)
    if isinstance(study, FirmFile):
        return firm_document(study, source=source, quick=quick, say=say)
    say("loading events and prices")
    inputs = gather(study, source, say)
    seed = study.hypothesis.seed if study.hypothesis else 0
    say("the market and its events")
    parts = [market_part(inputs, seed=seed)]
    if study.hypothesis is not None:
        say("the hypothesis")
        parts.append(chain_part(inputs, seed=seed, quick=quick, progress=progress, executor=executor))
    say("the cross-section")
    parts += [securities_part(inputs), *_added(inputs)]
    if bars is not None:
        say("to the minute")
        parts.append(minutes_part(inputs, bars))
    parts.append(data_part(inputs))
    if study.hypothesis is not None:
        parts = [_lean(part) for part in parts]
    document = _document(inputs, parts, quick=quick)
    if bars is not None:
        document = replace(document, command=f"{document.command} --bars {shlex.quote(Path(bars).name)}")
    return document, inputs


def _lean(part: Part) -> Part:
    """Take the charts that give way out of a part."""
    sections = (
        replace(own, charts=tuple(name for name in own.charts if name not in GIVE_WAY)) for own in part.sections
    )
    return replace(
        part, charts=tuple(chart for chart in part.charts if chart.name not in GIVE_WAY), sections=tuple(sections)
    )


def _added(inputs: Inputs) -> list[Part]:
    """Return the charts that other packages make of the market's result, if there are any."""
    if not plugins.points(plugins.CHARTS):
        return []
    panel = inputs.market.select([inputs.study.market.symbol])
    part = added_part(market_study(inputs).fit(inputs.catalog, panel))
    return [] if part is None else [part]


def run_study(
    study: str | Path | StudyFile | FirmFile,
    out: str | Path | None = None,
    *,
    source: str | None = None,
    quick: bool = False,
    bars: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
    executor: Any = None,
) -> Document:
    """Run a study file, as ``eventstudy run`` does.

    Parameters
    ----------
    study : str, pathlib.Path, StudyFile or FirmFile
        A shipped name, such as ``"us-china"``, the path of a study file, or what `load_study` gave.
    out : str or pathlib.Path, optional
        A folder for the report: new, empty, or that of an earlier report. None writes nothing.
    source : str, optional
        Where prices come from instead of the study file's source.
    quick : bool
        Fewer replications; the report says so.
    bars : str or pathlib.Path, optional
        A file of bars within days that holds the market: a section to the minute is added.
    progress : callable, optional
        Called with a word at each stage.
    executor : Executor, distributed.Client, or the module ray, optional
        Where the parts of the hypothesis are worked out; the report is the same with any.

    Returns
    -------
    Document
        ``.answer``, ``.results``, ``.tables`` and ``.charts``.

    Raises
    ------
    EventStudyError
        If the catalogue or the prices cannot be used, or the folder holds what no report wrote.

    Examples
    --------
    >>> from eventstudy import run_study
    >>> document = run_study("us-china", quick=True)  # doctest: +SKIP
    >>> document.answer  # doctest: +SKIP
    """
    if out is not None:
        check_target(Path(out))  # before the work
    file = study if isinstance(study, (StudyFile, FirmFile)) else load_study(study)
    document, _ = build_document(file, source=source, quick=quick, bars=bars, progress=progress, executor=executor)
    if out is not None:
        write_document(document, out)
    return document


def _document(inputs: Inputs, parts: list[Part], *, quick: bool) -> Document:
    results: dict[str, Any] = {"study": inputs.study.name}
    for part in parts:
        results.update(part.results)
    spoken = [part for part in parts if part.answer]
    first = [part for part in spoken if "hypothesis" in part.results] or spoken[
        :1
    ]  # two sentences; the rest stands in its section
    return Document(
        title=inputs.study.title,
        answer=tuple(line for part in first for line in part.answer),
        question=next((part.question for part in first if part.question), inputs.study.question),
        results=plain(results),
        charts=tuple(chart for part in parts for chart in part.charts),
        tables=tuple(table for part in parts for table in part.tables),
        sections=tuple(section for part in parts for section in part.sections),
        facts=tuple(fact for part in [*first, *(p for p in parts if p not in first)] for fact in part.facts),
        manifest=_manifest(inputs, quick=quick),
        command=_command(inputs, quick=quick),
    )


def _manifest(inputs: Inputs, *, quick: bool) -> dict[str, Any]:
    securities = inputs.securities
    return {
        "study": inputs.study.model_dump(mode="json"),
        "quick": quick,
        "source": inputs.source,
        "sources": dict(sorted({**inputs.prices.sources, **(securities.sources if securities else {})}.items())),
        "inputs": {
            "catalog": inputs.catalog.digest,
            "prices": series_digests(inputs.prices.frame),
            "securities": series_digests(securities.frame) if securities else {},
        },
        "versions": library_versions(),
    }


def _command(inputs: Inputs, *, quick: bool) -> str:
    """Write the command with names of files and no folders: the same study is the same bytes wherever it lies.

    For that reason it ends in ``--out out``, whatever folder was asked for.
    """
    study = inputs.study
    own = f"{study.name}.toml"
    words = ["eventstudy", "run", own if study.folder is not None and (study.folder / own).is_file() else study.name]
    words += [] if inputs.source == study.prices.source else ["--source", inputs.source]
    words += ["--quick"] if quick else []
    return shlex.join([*words, "--out", "out"])
