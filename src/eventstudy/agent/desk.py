"""Five calls: load, catalogue, fit, tests, report. Each gives numbers with their provenance, or refuses with the reason.

Stricter than the library on purpose. A person sees a missing cell; a program reads on. So nothing is borrowed, a sum over a
hole is no number, and a table without a number is a refusal. No call writes a file or asks over a network.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import pandas as pd

from eventstudy._version import versions_of
from eventstudy.abnormal import CAPM, FactorModel, MarketAdjusted, MarketModel, MeanAdjusted
from eventstudy.border import is_there
from eventstudy.errors import DataError, InputError, StudyError, told
from eventstudy.events import EventCatalog, load_events
from eventstudy.inference.registry import TESTS
from eventstudy.json_values import plain
from eventstudy.returns import ReturnPanel, load_returns
from eventstudy.returns.sources.registry import source_names
from eventstudy.study import EstimationWindow, EventStudy, StudyResult
from eventstudy.words import brief, in_a_row

K = TypeVar("K")
Answer = dict[str, Any]
Selection = dict[str, str | bool | list[str]]
Table = Literal["car", "caar", "aar", "abnormal", "bhar", "diagnostics", "excluded", "summary"]
ModelName = Literal["market", "market_adjusted", "mean_adjusted", "capm", "factors"]

BUNDLED: Final = "bundled"
UNIT: Final = "returns and standard errors are decimals: 0.01 is one percent"
MOST_ROWS: Final = 200
#: The column of each table without which a row says nothing.
NUMBER: Final = {"car": "car", "caar": "caar", "aar": "aar", "abnormal": "ar", "bhar": "bhar"}
TEST_COLUMNS: Final = (
    "name",
    "valid",
    "statistic",
    "df",
    "pvalue",
    "estimate",
    "se",
    "n",
    "n_clusters",
    "null",
    "doubts",
    "reason",
)


class Desk:
    """What was loaded and fitted in one conversation, by handles such as ``returns-1`` and ``result-1``.

    Examples
    --------
    >>> desk = Desk()
    >>> held = desk.load(symbols=["^GSPC", "BusEq"])["returns"]
    >>> chosen = {"event_id": "2025-04-02_liberation"}
    >>> fitted = desk.fit(returns=held, market="^GSPC", symbols=["BusEq"], select=chosen, window=(0, 1))
    >>> [round(row["car"], 4) for row in desk.report(result=fitted["result"], table="car")["rows"]]
    [0.0349]
    """

    def __init__(self) -> None:
        self._panels: dict[str, ReturnPanel] = {}
        self._results: dict[str, StudyResult] = {}
        self._number = {"returns": count(1), "result": count(1)}

    def load(
        self,
        symbols: list[str],
        *,
        source: str = BUNDLED,
        start: str | None = None,
        end: str | None = None,
        holds: Literal["prices", "returns", "percent"] | None = None,
        bundled: list[str] | None = None,
        calendar: str | None = "XNYS",
    ) -> Answer:
        """Load daily returns of symbols, and keep them under a handle.

        symbols: which, such as ["^GSPC", "BusEq"]. source: "bundled", or the path of a .csv or .parquet file or of a frozen
        folder; no network is asked. start, end: first and last day, included, as 2025-04-03. holds: what a file holds; prices, if
        nothing is said.
        bundled: symbols to take from the bundled figures beside a file. calendar: the exchange whose sessions the rows are; null:
        the rows as they are.
        Refused if a symbol is not there or has no return in these days. `missing` counts holes inside what there is.
        """
        asked = list(dict.fromkeys([*symbols, *(bundled or [])]))
        if not asked:
            msg = "symbols is empty; name at least one, such as ['^GSPC', 'BusEq']"
            raise InputError(msg)
        if source != BUNDLED and (source in source_names() or not is_there(Path(source).exists)):
            msg = (
                f"source {brief(source)!r} is no file here, and this server asks no network; give 'bundled' or the path of a file: "
                "`eventstudy fetch SYMBOL … --freeze FOLDER` makes one"
            )
            raise DataError(msg)
        options: dict[str, Any] = {} if holds is None else {"holds": holds}
        panel = load_returns(asked, start, end, source=source, calendar=calendar, **options)
        borrowed = [one for one in asked if source != BUNDLED and panel.sources.get(one) == BUNDLED]
        lacking = [one for one in asked if one not in panel.symbols or not panel.frame[one].notna().any()]
        lacking += [one for one in borrowed if one not in (bundled or []) and one not in lacking]
        if lacking:
            why = "; ".join(told(panel.failures[one]) for one in lacking if one in panel.failures)
            msg = f"{brief(source)!r} has no return of {', '.join(lacking)} in these days{': ' + why if why else ''}"
            msg += f"; the bundled figures have {', '.join(borrowed)}: ask for it with bundled=" if borrowed else ""
            raise DataError(msg)
        handle = f"returns-{next(self._number['returns'])}"
        self._panels[handle] = panel
        known = panel.frame[asked]
        rows = [
            {
                "symbol": one,
                "source": panel.sources.get(one, source),
                "first": known[one].first_valid_index(),
                "last": known[one].last_valid_index(),
                "returns": int(known[one].notna().sum()),
                "missing": int(
                    known[one].loc[known[one].first_valid_index() : known[one].last_valid_index()].isna().sum()
                ),
            }
            for one in asked
        ]
        return _answer(rows, {"returns": panel.digest, "kind": panel.kind}, returns=handle)

    def catalogue(
        self,
        events: str | list[dict[str, Any]] = "us-china",
        *,
        timezone: str | None = None,
        select: Selection | None = None,
        calendar: str = "XNYS",
        limit: int = 50,
    ) -> Answer:
        """List events with the first session that could react to each.

        events: a shipped catalogue ("us-china", "fomc"), the path of a file, or a list of events with event_id, name, announced_at
        and stance. timezone: of moments that have none. select: conditions that an event meets, each one value or a list: event_id,
        stance, level, tier, scope, actor, target, lead, scheduled, since, until (days, included). calendar: the exchange. limit: rows
        given, up to 200; `n` counts all. Refused if no event is left.
        """
        _, catalog = _selected(events, timezone, select)
        frame = catalog.sessions(calendar).reset_index()
        shown = [name for name in ("event_id", "name", "announced_at", "precision", "timing", "session", "session_certain", "stance",
                                   "actor", "target", "scope", "conflict_with") if name in frame.columns]  # fmt: skip
        rows = _records(frame[shown].head(_rows(limit)))
        data = {
            "catalogue": catalog.name,
            "events": catalog.digest,
            "selection": list(catalog.selection),
            "calendar": calendar,
        }
        return _answer(rows, data, n=len(frame))

    def fit(
        self,
        returns: str,
        *,
        events: str | list[dict[str, Any]] = "us-china",
        model: ModelName = "market",
        market: str | None = None,
        factors: list[str] | None = None,
        risk_free: str | None = None,
        symbols: list[str] | None = None,
        timezone: str | None = None,
        select: Selection | None = None,
        window: tuple[int, int] = (-10, 10),
        estimation_length: int = 250,
        estimation_end: int | None = None,
        estimation_minimum: int | None = None,
        calendar: str | None = "XNYS",
        mask_all: bool = False,
    ) -> Answer:
        """Estimate normal returns and keep the abnormal ones under a handle.

        returns: a handle of `load`. events, timezone, select: as for `catalogue`. model:
        "market" (needs market), "market_adjusted" (market), "mean_adjusted", "capm" (market, risk_free), "factors" (factors, perhaps
        risk_free). symbols: which are studied; by default all loaded. window: first and last relative day. estimation_length,
        estimation_end, estimation_minimum: bars, last relative day (by default the day before the window) and fewest usable bars.
        calendar: the exchange. mask_all: estimation windows keep clear of every event of the catalogue, not only of those selected.
        Refused if nothing could be studied. `excluded` counts, by reason, what could not.
        """
        panel = _kept(self._panels, returns, "returns", "load")
        everything, catalog = _selected(events, timezone, select)
        normal, needs = _model(model, market, factors, risk_free)
        lacking = sorted({*needs, *(symbols or [])} - set(panel.symbols))
        if lacking:
            msg = f"{returns} has no {in_a_row(lacking)}; it has {in_a_row(panel.symbols)}: load what is lacking first"
            raise StudyError(msg)
        chosen = panel if symbols is None else panel.select(list(dict.fromkeys([*symbols, *needs])))
        end = window[0] - 1 if estimation_end is None else estimation_end
        study = EventStudy(
            model=normal,
            estimation=EstimationWindow(length=estimation_length, end=end, minimum=estimation_minimum),
            window=window,
            calendar=calendar,
            mask_events=everything if mask_all else True,
            missing="strict",
        )
        result = study.fit(catalog, chosen)
        left_out = result.excluded
        studied = (
            left_out[~left_out["symbol"].isin(needs)] if symbols is None or not set(symbols) & set(needs) else left_out
        )
        if result.n == 0:
            first = studied.iloc[0] if len(studied) else left_out.iloc[0]
            msg = f"nothing could be studied: {_counted(left_out)}; the first: {first['event_id']}, {first['symbol']}: {first['detail'] or first['reason']}"
            raise StudyError(msg)
        handle = f"result-{next(self._number['result'])}"
        self._results[handle] = result
        excluded = studied.groupby("reason").size().to_dict()
        numbers = {"n": result.n, "n_sessions": result.n_sessions, "excluded": excluded}
        return _answer([numbers], _rests_on(result, panel), result=handle)

    def tests(
        self,
        result: str,
        *,
        window: tuple[int, int] | None = None,
        names: list[str] | None = None,
        alternative: Literal["two-sided", "greater", "less"] = "two-sided",
        seed: int = 0,
    ) -> Answer:
        """Run significance tests on a window; `valid` are those to believe on this sample, `doubts` say why not the others.

        result: a handle of `fit`. window: relative days inside the fitted window; by default all of it. names: tests such as
        "bmp", "kp_bmp", "cross_sectional"; by default all. alternative: of the mean. seed: of those that draw.
        Refused if a test that was named does not apply, or none does.
        """
        fitted = _kept(self._results, result, "result", "fit")
        if names is None:
            table = fitted.tests(window, alternative=alternative, seed=seed, full=True)
        else:
            made = [fitted.test(name, window, alternative=alternative, seed=seed).to_dict() for name in names]
            table = pd.DataFrame(made, columns=[*made[0]] if made else list(TEST_COLUMNS))
        table = table.assign(valid=table["valid"].eq(True))
        without = table[table["pvalue"].isna()]
        if len(without) == len(table) or (names is not None and len(without)):
            why = "; ".join(f"{row['name']}: {row['reason']}" for _, row in without.iterrows())
            msg = f"no number: {brief(why, 600)}" if why else f"names is empty; give some of {', '.join(TESTS)}"
            raise StudyError(msg)
        shown = table[[name for name in TEST_COLUMNS if name in table.columns]]
        return _answer(_records(shown), _rests_on(fitted), window=list(window or fitted.study.window))

    def report(
        self,
        result: str,
        table: Table = "caar",
        *,
        window: tuple[int, int] | None = None,
        event_id: str | None = None,
        symbol: str | None = None,
        level: float | None = None,
        limit: int = 50,
    ) -> Answer:
        """Give one table of a result.

        result: a handle of `fit`. table: "car" (each security-event, summed over the window), "caar" (their mean and interval), "aar"
        (mean of each relative day and summed up to it), "abnormal" (each security-event and day), "bhar" (buy and hold),
        "diagnostics" (of each estimation window), "excluded" (what was not studied and why), "summary" (words). window: relative
        days inside the fitted window, of car, caar and bhar. event_id, symbol: only these rows. level: of the intervals of caar and aar,
        0.95 if nothing is said. limit: rows given, up to 200; `n`
        counts all. Refused if there is no such row, or none of its numbers is there; rows without a number are in `without`.
        """
        fitted = _kept(self._results, result, "result", "fit")
        data = _rests_on(fitted)
        for argument, given, tables in (("window", window, ("car", "caar", "bhar")), ("level", level, ("caar", "aar"))):
            if given is not None and table not in tables:
                msg = f"the table {table!r} takes no {argument}; leave it out, or ask for {' or '.join(tables)}"
                raise StudyError(msg)
        if table == "summary" and event_id is None and symbol is None:
            return _answer([{"summary": fitted.summary()}], data)
        coverage = 0.95 if level is None else level
        made: dict[str, Callable[[], pd.DataFrame]] = {
            "car": lambda: fitted.car(window),
            "caar": lambda: fitted.caar(window, level=coverage),
            "aar": lambda: fitted.aar(level=coverage),
            "abnormal": fitted.tidy,
            "bhar": lambda: fitted.bhar(window),
            "diagnostics": fitted.diagnostics,
            "excluded": lambda: fitted.excluded,
            "summary": pd.DataFrame,
        }
        frame = made[table]()
        asked = {name: value for name, value in (("event_id", event_id), ("symbol", symbol)) if value is not None}
        for name, value in asked.items():
            if name not in frame.columns:
                msg = f"the table {table!r} has no rows by {name}; ask for 'car', 'abnormal', 'bhar' or 'excluded'"
                raise StudyError(msg)
            frame = frame[frame[name] == value]
        if frame.empty and table != "excluded":
            msg = f"{result} has no row of {', '.join(f'{k} {brief(v)!r}' for k, v in asked.items()) or table}{_why_not(fitted, asked)}"
            raise StudyError(msg)
        number = NUMBER.get(table)
        first, last = window or fitted.study.window
        gone = frame[number].isna() if number else pd.Series(False, frame.index)
        if "n_bars" in frame.columns:  # buy and hold, which knows no missing="strict"
            gone |= frame["n_bars"] < last - first + 1
        without = frame[gone]
        if number and len(without) == len(frame):
            msg = f"no number: a return is missing in the window for each of the {len(frame)} rows asked for{_why_not(fitted, asked)}"
            raise StudyError(msg)
        kept = frame.drop(without.index)
        named = [name for name in ("event_id", "symbol", "relative_day", "flag") if name in without.columns]
        most = _rows(limit)
        more = {"n": len(kept), "n_without": len(without), "without": _records(without[named].head(most)), "unit": UNIT}
        return _answer(_records(kept.head(most)), data, **more)


def _answer(rows: list[Any], data: Answer, **more: Any) -> Answer:
    """Put numbers and what they rest on into one answer, as JSON holds it."""
    provenance = {"versions": versions_of("numpy", "pandas", "scipy"), **data}
    return dict(plain({**more, "rows": rows, "provenance": provenance}))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _rows(limit: int) -> int:
    if not 1 <= limit <= MOST_ROWS:
        msg = f"limit={limit} is not between 1 and {MOST_ROWS}"
        raise InputError(msg)
    return limit


def _kept(shelf: dict[str, K], handle: str, kind: str, call: str) -> K:
    if handle not in shelf:
        known = f"there is {', '.join(shelf)}" if shelf else f"nothing was kept yet: call {call} first"
        msg = f"{brief(handle)!r} is no handle of {kind}; {known}"
        raise InputError(msg)
    return shelf[handle]


def _selected(
    events: str | list[dict[str, Any]], timezone: str | None, select: Selection | None
) -> tuple[EventCatalog, EventCatalog]:
    """Return a catalogue whole, and what is asked for of it."""
    if not isinstance(events, str) and not all(events):
        msg = "an event without any key; give event_id, name, announced_at and stance of each"
        raise InputError(msg)
    everything = load_events(events if isinstance(events, str) else pd.DataFrame(events), timezone=timezone)
    chosen = everything.select(**(select or {}))
    if not len(chosen):
        msg = f"no event is left by {', '.join(chosen.selection) or 'an empty list'} of {everything!r}"
        raise InputError(msg)
    return everything, chosen


def _model(
    name: ModelName, market: str | None, factors: list[str] | None, risk_free: str | None
) -> tuple[Any, list[str]]:
    """Return the model and the symbols that it needs; an argument that it does not take is refused."""
    takes = {"market": {"market"}, "market_adjusted": {"market"}, "mean_adjusted": set(), "capm": {"market", "risk_free"},
             "factors": {"factors", "risk_free"}}[name]  # fmt: skip
    words = {"market": market, "risk_free": risk_free}
    named = {key: value for key, value in words.items() if value is not None}
    given = {*named, *(() if factors is None else ("factors",))}
    optional = {"risk_free"} if name == "factors" else set()
    if given - takes or takes - optional - given:
        need = " and ".join(sorted(takes - optional)) or "none of market, factors, risk_free"
        msg = f"model {name!r} takes {need}{' and perhaps risk_free' if optional else ''}, and was given {', '.join(sorted(given)) or 'nothing'}"
        raise StudyError(msg)
    if name == "factors":
        listed = factors or []
        return FactorModel(listed, risk_free=risk_free), [*listed, *named.values()]
    kinds = {"market": MarketModel, "market_adjusted": MarketAdjusted, "mean_adjusted": MeanAdjusted, "capm": CAPM}
    return kinds[name](**named), list(named.values())


def _rests_on(result: StudyResult, panel: ReturnPanel | None = None) -> Answer:
    known = result.provenance
    return {"data": known["data"], "sources": dict((panel or result.panel).sources), "config": known["config"]}


def _counted(excluded: pd.DataFrame) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in excluded.groupby("reason").size().items())


def _why_not(result: StudyResult, asked: dict[str, str]) -> str:
    """Return why the rows asked for are not there, where the result knows."""
    frame = result.excluded
    for name, value in asked.items():
        frame = frame[frame[name] == value]
    return f": {frame.iloc[0]['detail'] or frame.iloc[0]['reason']}" if len(frame) and asked else ""
