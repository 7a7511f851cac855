"""The report of a study of firms: its table read, its prices loaded, its result on a page."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from eventstudy.abnormal import FactorModel, MarketModel
from eventstudy.errors import EventStudyError
from eventstudy.json_values import plain
from eventstudy.pages.document import Document, Fact, Part, Section, Table
from eventstudy.pages.formats import series_digests
from eventstudy.plots.chart import Chart, chart
from eventstudy.plots.paths import caar_finding
from eventstudy.report.parts.data import methods_table
from eventstudy.report.parts.part import library_versions, records
from eventstudy.returns import ReturnPanel
from eventstudy.returns.bundled import BUNDLED
from eventstudy.returns.sources.registry import source_names
from eventstudy.study import EventStudy, StudyResult
from eventstudy.study.output.page import answer_of, means_and_tests
from eventstudy.study.pairs.firm_file import FirmFile
from eventstudy.study.pairs.one_call import (
    USUAL_MARKET,
    market_of_each,
    needed,
    refuse_abroad,
    with_prices,
)
from eventstudy.study.pairs.pairs import MARK, pairs_of
from eventstudy.study.pairs.reading import read_table

LEVEL = 0.95
SENTENCES = 3  # groups of which each has a sentence of the answer
RETURNS = ("mean", "median", "placebo_mean", "mean_against", "difference", "se", "low", "high")
SHARES = ("positive", "base_rate")


@dataclass(frozen=True, slots=True)
class Firms:
    """What a study of firms is made from.

    Attributes
    ----------
    study : FirmFile
    source : str
        Where prices came from, in a word: a named source, or a file's name without its folder.
    pairs : DataFrame
        As `load_pairs` gives them.
    panel : ReturnPanel
    result : StudyResult
    said : tuple of str
        What was taken for what.
    """

    study: FirmFile
    source: str
    pairs: pd.DataFrame
    panel: ReturnPanel
    result: StudyResult
    said: tuple[str, ...]

    @property
    def borrowed(self) -> tuple[str, ...]:
        """Symbols that the named source does not have, taken from the bundled figures."""
        if self.source == BUNDLED:
            return ()
        return tuple(symbol for symbol, where in self.panel.sources.items() if where == BUNDLED)

    @property
    def failures(self) -> Mapping[str, EventStudyError]:
        """What did not come, and why."""
        return self.panel.failures


def gather_firms(study: FirmFile, source: str | None, say: Callable[[str], None] | None = None) -> Firms:
    """Read the table, load the prices and fit the study."""
    part, market, windows = study.pairs, study.market, study.windows
    say = say or (lambda _: None)
    say("reading events")
    table = read_table(study.beside(part.source), sep=part.sep, decimal=part.decimal, encoding=part.encoding)
    pairs = pairs_of(table, **part.columns(), calendar=study.calendar)
    if market.factors:
        model: Any = FactorModel(tuple(market.factors), risk_free=market.risk_free)
    else:
        given = market_of_each(market.symbol, list(dict.fromkeys(pairs["symbol"].tolist())), study.calendar)
        model = MarketModel(given or USUAL_MARKET)
        if market.symbol is None:
            refuse_abroad(pairs, study.calendar)
    design = EventStudy(
        model=model,
        window=windows.event,
        estimation=windows.estimation.asked(),
        calendar=study.calendar,
    )
    where = source or study.beside(study.prices.source)
    say("loading prices")
    factors = None if market.source is None else study.beside(market.source)
    options = study.prices.options() if source is None else {}
    pairs, panel = with_prices(design, pairs, where, factors=factors, factors_holds=market.holds, **options)
    say("the study")
    result = design.fit(pairs, panel)
    came = where if where in source_names() else Path(where).name
    return Firms(study, came, pairs, panel, result, pairs.attrs[MARK]["said"])


def firm_document(
    study: FirmFile, *, source: str | None, quick: bool, say: Callable[[str], None]
) -> tuple[Document, Firms]:
    """Run a study of firms and say what came out."""
    inputs = gather_firms(study, source, say)
    result, seed = inputs.result, study.seed
    parts = [result.part(seed=seed)]
    if result.n:
        say("horizons")
        parts.append(_horizons(inputs, draws=99 if quick else 999))
        parts += [_groups(inputs, by) for by in study.pairs.by]
    parts.append(_data(inputs))
    results: dict[str, Any] = {"study": study.name, "said": list(inputs.said)}
    for part in parts:
        results.update(part.results)
    cars = result.car(result.plot.window(None)) if result.n else pd.DataFrame()
    results["events"] = {f"{row['event_id']} {row['symbol']}": row for row in records(cars)}
    results["excluded"] = {f"{row['event_id']} {row['symbol']}": row for row in records(result.excluded)}
    first = parts[0]
    groups = next((part for part in parts[1:] if part.answer), None)
    parts.sort(key=lambda part: part is not groups)  # what was asked of groups is shown before their pooled mean
    together = tuple(f"All together: {line[:1].lower()}{line[1:]}" for line in first.answer) if groups else first.answer
    return Document(
        title=study.title or f"Events of {Path(study.pairs.source).name}",
        answer=(*(groups.answer if groups else ()), *together),
        question=study.question,
        results=plain(results),
        charts=tuple(one for part in parts for one in part.charts),
        tables=tuple(one for part in parts for one in part.tables),
        sections=tuple(sorted((one for part in parts for one in part.sections), key=lambda one: one.behind)),
        facts=groups.facts if groups else first.facts,
        manifest=_manifest(inputs, quick=quick),
        command=_command(inputs, quick=quick),
    ), inputs


def _horizons(inputs: Firms, *, draws: int) -> Part:
    table = inputs.result.horizons(inputs.study.windows.horizons, draws=draws, seed=inputs.study.seed)
    stated = str(table.attrs.get("stated", ""))
    caption = (
        f"positive: share of CARs above zero; base_rate and placebo_mean: the same share and the mean at {draws} placebo dates for each event, "
        f"drawn from ordinary days of the same securities. test: the one to report. {stated[:1].upper()}{stated[1:]}"
    )
    shown = Table("horizons", "Horizon by horizon", caption.strip(), table, _units(table), main=tuple(table.columns))
    section = Section("Horizons", tables=("horizons",))
    key = [f"{first} {last}" for first, last in zip(table["first"], table["last"], strict=True)]
    rows = dict(zip(key, records(table), strict=True))
    return Part(sections=(section,), tables=(shown,), results={"horizons": rows})


def _units(table: pd.DataFrame) -> dict[str, str]:
    percent = dict.fromkeys((name for name in (*RETURNS, *SHARES, "caar") if name in table.columns), "percent")
    return percent | ({"pvalue": "pvalue"} if "pvalue" in table.columns else {})


def _groups(inputs: Firms, by: str) -> Part:
    """Show the groups of a characteristic: their paths, their means and the differences, by the windows of the study."""
    result = inputs.result
    begin, end = result.study.window
    asked = [
        result.plot.window(None),
        *(one for one in inputs.study.windows.horizons if begin <= one[0] <= one[1] <= end),
    ]
    windows = list(dict.fromkeys(asked))
    said: tuple[tuple[str, ...], tuple[Fact, ...]] = (), ()
    means = pd.concat([result.caar(window, by=by) for window in windows], ignore_index=True)
    means = means.set_axis(["group", *means.columns[1:]], axis=1)
    caption = "The interval is that of the test named."
    if means["group"].nunique() <= SENTENCES:
        judged, _ = means_and_tests(result._fitted, windows, by, inputs.study.seed)  # noqa: SLF001  the result of this package
        said = answer_of(judged, by)
        means = judged.drop(columns="window").rename(columns={by: "group"})
        caption = "The interval is that of the test named, the best of those to believe; believe “no”: none of these has an interval."
    name = f"by-{by}"
    path = result.plot.path(by=by)
    drawn: Chart = chart(
        name,
        f"Average cumulative abnormal return by {by}",
        caar_finding(path.rename(columns={"group": "stance"})),
        partial(result.plot.caar, by=by),
        path,
        caption="95% pointwise bands. All groups come from one fit.",
    )
    tables = [Table(f"means-{name}", f"Mean reaction by {by}", caption, means, _units(means))]
    results: dict[str, Any] = {"means": records(means)}
    if len(set(means["group"])) > 1:
        differences = pd.concat([result.compare(window, by=by) for window in windows], ignore_index=True)
        differences = differences[["first", "last", *differences.columns.difference(["first", "last"], sort=False)]]
        caption = "Each group against the next; errors as in `explain`."
        tables.append(Table(f"differences-{name}", f"Differences by {by}", caption, differences, _units(differences)))
        results["differences"] = records(differences)
    section = Section(f"By {by}", charts=(name,), tables=tuple(table.name for table in tables))
    found = {f"by {by}": results}
    return Part((section,), (drawn,), tuple(tables), found, said[1], said[0])


def _data(inputs: Firms) -> Part:
    """Say what was taken for what, and show the data and the methods."""
    quality = inputs.panel.quality
    used = [*dict.fromkeys(inputs.pairs["symbol"]), *needed(inputs.result.study.model, inputs.pairs)]
    quality = quality[quality.index.isin(used)].reset_index()
    tables = (
        Table(
            "data_quality", "Data quality", "Of the firms and of what they are measured against.", quality, open=False
        ),
        methods_table(),
    )
    sections = (
        Section("What was taken for what", inputs.said),
        Section("Data and methods", tables=("data_quality", "methods"), behind=True),
    )
    return Part(sections=sections, tables=tables)


def _manifest(inputs: Firms, *, quick: bool) -> dict[str, Any]:
    study = inputs.study
    asked = study.model_dump(mode="json")
    if study.folder is None:  # named on the command line: where a file lies is nothing of the study
        asked["pairs"]["source"], asked["prices"]["source"] = Path(study.pairs.source).name, inputs.source
    return {
        "study": asked,
        "quick": quick,
        "source": inputs.source,
        "sources": dict(sorted(inputs.panel.sources.items())),
        "inputs": {
            "pairs": _events(inputs.pairs),
            "prices": series_digests(inputs.panel.frame),
        },
        "versions": library_versions(),
    }


def _events(pairs: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return each event by its id and firm: when it was, and its characteristics, so that the gate can name what changed."""
    found: dict[str, dict[str, str]] = {}
    for row in pairs.to_dict("records"):
        event, symbol = str(row.pop("event_id")), str(row.pop("symbol"))
        when = pd.Timestamp(row.pop("bar") if "bar" in row else row.pop("announced_at"))
        cells = {str(name): str(value) for name, value in row.items()}
        said = f"{when:%Y-%m-%d}" if when.tzinfo is None else when.isoformat()
        found[event if event.startswith(f"{symbol} ") else f"{event} {symbol}"] = {**cells, "when": said}
    return found


def _command(inputs: Firms, *, quick: bool) -> str:
    """Write the command with names of files and no folders, as that of a catalogue's study; it ends in ``--out out``."""
    study, words = inputs.study, ["eventstudy", "run"]
    if study.folder is not None:
        words.append(f"{study.name}.toml")
    else:
        market, index = study.market, study.market.symbol
        each = [f"{name}={one}" for name, one in index.items()] if isinstance(index, dict) else [index]
        asked = study.windows.horizons
        options: list[tuple[str, Any]] = [
            *study.pairs.columns().items(),
            *(("market", one) for one in each),
            *(("factor", one) for one in market.factors),
            ("risk-free", market.risk_free),
            ("factors", market.source and Path(market.source).name),
            ("factors-hold", market.holds),
            ("prices-date-format", study.prices.date_format),
            *(("by", one) for one in study.pairs.by),
        ]
        words += ["--events", Path(study.pairs.source).name, "--prices", inputs.source]
        words += [
            word for name, value in options if value is not None for word in (f"--{name.replace('_', '-')}", value)
        ]
        usual = type(study.windows)().horizons
        words += [f"--horizon={first},{last}" for first, last in (asked if asked != usual else ())]
    words += ["--quick"] if quick else []
    return shlex.join([*words, "--out", "out"])
