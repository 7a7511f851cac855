"""The flagship to the minute: exact moments inside the session on bars of the user's own, beside the daily verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy import plots
from eventstudy.abnormal import IntradayModel, MeanAdjusted
from eventstudy.calendars import timings
from eventstudy.errors import StudyError
from eventstudy.pages.document import Part, Section, Table
from eventstudy.plots.chart import chart
from eventstudy.plots.within_day.charts import clock_finding, moments_finding
from eventstudy.report.parts.part import Inputs, records
from eventstudy.returns import ReturnPanel, load_prices
from eventstudy.study import EventStudy, StudyResult
from eventstudy.words import a_few

MINUTES: Final = (5, 15, 30, 60)
TO_CLOSE: Final = "close"
EXACT: Final = ("exact_sec", "exact_min")
CIRCULAR: Final = "approx_5min"
INDEX: Final = ("SPX", "^GSPC", "SPY", "^SPX")
"""What the market may be called in a file of bars, besides the study's own name for it."""

POWER: Final = 2.8  # standard errors that are found with 80 % power at 5 %
SEED: Final = 0


def minutes_part(inputs: Inputs, bars: str | Path) -> Part:
    """Study the exact moments of the catalogue on a file of bars; `bars` is read by `load_prices`."""
    panel = bars_of(bars)
    symbol = _market(panel, inputs)
    frame = inputs.catalog.to_frame().reset_index()
    frame["timing"] = timings(pd.DatetimeIndex(frame["announced_at"].dt.tz_convert("UTC")), inputs.study.calendar)
    within = frame[frame["timing"] == "intraday"]
    exact = within[within["precision"].isin(EXACT)].assign(symbol=symbol)
    if exact.empty:
        return Part(
            sections=(Section("To the minute", ("No moment of the catalogue is exact and inside the session.",)),)
        )
    found = {name: _fitted(inputs, panel, exact, name) for name in (*MINUTES, TO_CLOSE)}
    sixty = found[60]
    each = _each(found, exact)
    together = _together(within)
    both = _side_by_side(inputs, found, exact[~exact["event_id"].isin(_opposed(together))])
    sheet = _paths(sixty, exact)
    pattern = sixty.clock_pattern()
    caption = f"{symbol}, abnormal against its mean of the last 60 event-free sessions; p against the same clock on 60 event-free sessions."
    charts = (
        chart("minutes-moments", "All exact moments inside the session", moments_finding(sheet),
              lambda **options: plots.moments(sheet, **options), sheet, caption=caption),
        chart("minutes-clock", "Volatility by time of day", clock_finding(pattern),
              lambda **options: plots.clock(pattern, **options), pattern, caption=caption),
    )  # fmt: skip
    money = {name: "percent" for name in each.columns if name.startswith("car")}
    chances = {name: "pvalue" for name in each.columns if name.startswith("p_")}
    tables = (
        Table("minutes_both", "The daily and the intraday verdict side by side", f"{caption} Estimate and interval are of returns, p of the mean in units of each moment's own volatility. "
              "`detectable`: what 80 % of studies of this size would find.", both,
              units={"estimate": "percent", "low": "percent", "high": "percent", "detectable": "percent", "pvalue": "pvalue"}, filters=("question",)),
        Table("minutes", "Each exact moment", caption, each, units=money | chances, filters=("stance",)),
    )  # fmt: skip
    section = Section(
        "To the minute",
        _words(frame, within, exact, found, together),
        charts=tuple(one.name for one in charts),
        tables=tuple(one.name for one in tables),
    )
    counts = {"events": len(frame), "inside": len(within), "exact": len(exact), "studied": sixty.n}
    results = {"counts": counts, "side_by_side": records(both), "moments": records(each)}
    return Part(sections=(section,), charts=charts, tables=tables, results={"minutes": results})


def bars_of(bars: str | Path) -> ReturnPanel:
    """Return the log returns of a file of bars within days."""
    prices = load_prices(source=str(bars), calendar=None)
    if prices.bars != "minutes":
        msg = f"{bars}: its rows are {prices.bars}, not bars within days; give a file of bars of 1 to 60 minutes"
        raise StudyError(msg)
    return ReturnPanel.from_prices(prices, kind="log", levels=())


def _market(panel: ReturnPanel, inputs: Inputs) -> str:
    """Return what the market is called in the bars."""
    names = (inputs.study.market.symbol, *INDEX)
    held = [name for name in names if name in panel.frame.columns]
    if not held:
        msg = f"the bars lack the market; name a column {' or '.join(dict.fromkeys(names))} (they have {a_few(panel.symbols)})"
        raise StudyError(msg)
    return held[0]


def _fitted(inputs: Inputs, panel: ReturnPanel, pairs: pd.DataFrame, name: int | str, **options: Any) -> StudyResult:
    """Study pairs in the window of so many minutes, or to the close; catalogue days are kept out of every past."""
    step = _step(panel)
    last = int(24 * 60 / step) if name == TO_CLOSE else max(int(name) // step, 1) - 1
    model = IntradayModel(base=MeanAdjusted(), **options)
    study = EventStudy(model=model, window=(0, last), calendar=inputs.study.calendar, mask_events=inputs.catalog)
    columns = [one for one in pairs.columns if one not in {"earliest", "latest"}]
    return study.fit(pairs[columns], panel)


def _step(panel: ReturnPanel) -> int:
    steps = np.diff(pd.DatetimeIndex(panel.frame.index).as_unit("s").asi8) // 60
    return max(int(np.median(steps)), 1)


def _p(result: StudyResult) -> pd.Series[float]:
    table = result.shift_24h()
    return table.set_index("event_id")["p_score"]


def _each(found: dict[Any, StudyResult], exact: pd.DataFrame) -> pd.DataFrame:
    """Return one row a moment: its reaction in each window, with p."""
    table = exact.set_index("event_id")[["name", "stance", "announced_at", "precision"]]
    for name, result in found.items():
        cars = result.car().set_index("event_id")["car"]
        table[f"car_{name}"], table[f"p_{name}"] = cars, _p(result)
    return table.reset_index()


def _side_by_side(inputs: Inputs, found: dict[Any, StudyResult], exact: pd.DataFrame) -> pd.DataFrame:
    """Return the means by stance, inside the day and of the same events' whole days, each with its power."""
    rows = []
    for question, stance, side in (
        ("does an escalation press prices down?", inputs.stances.trigger, "less"),
        ("does a softening lift them?", inputs.stances.relief, "greater"),
    ):
        own = exact[exact["stance"] == stance]
        if own.empty:
            continue
        for name, result in found.items():
            few = _some(result, own)
            if few is not None:
                window = "to the close" if name == TO_CLOSE else f"{name} minutes"
                rows.append(
                    {"question": question, "data": "bars", "window": window, **_mean(few, "matched_clock", side)}
                )
        daily = EventStudy(
            model=MeanAdjusted(),
            estimation=inputs.estimation,
            window=(0, 1),
            calendar=inputs.study.calendar,
            mask_events=inputs.catalog,
        )
        days = own.assign(symbol=inputs.study.market.symbol)[["event_id", "symbol", "announced_at"]]
        result = daily.fit(days, inputs.market)
        if result.n:
            rows.append(
                {"question": question, "data": "days", "window": "day 0", **_mean(result, "permutation", side, (0, 0))}
            )
    columns = ["question", "data", "window", "n", "detectable", "estimate", "low", "high", "pvalue", "test"]
    return pd.DataFrame(rows, columns=columns)


def _some(result: StudyResult, own: pd.DataFrame) -> StudyResult | None:
    """Return the result of some of its events."""
    fitted = result._fitted  # noqa: SLF001  a study of some of its rows, without estimating them again
    keep = {str(name) for name in own["event_id"]}
    parts = []
    for part in fitted.parts:
        ids = [str(fitted.request.event_id[event]) for event in fitted.event[part.rows]]
        rows = np.flatnonzero([name in keep for name in ids])
        if rows.size:
            parts.append(replace(part, rows=part.rows[rows], abnormal=part.abnormal.take(rows)))
    return StudyResult(replace(fitted, parts=tuple(parts))) if parts else None


def _mean(result: StudyResult, test: str, side: Any, window: tuple[int, int] | None = None) -> dict[str, Any]:
    told = result.test(test, window, alternative=side, seed=SEED)
    return {
        "n": told.n,
        "detectable": POWER * told.se,
        "estimate": told.estimate,
        "low": told.ci[0],
        "high": told.ci[1],
        "pvalue": told.pvalue,
        "test": test,
    }


def _paths(result: StudyResult, exact: pd.DataFrame) -> pd.DataFrame:
    """Return the paths of all moments with their bands, for the contact sheet."""
    known = exact.set_index("event_id")
    when = known["announced_at"].dt.strftime("%Y-%m-%d %H:%M")
    pieces = [
        result.moment_path(row).assign(event=known["name"][event], when=when[event])
        for row, event in enumerate(result.car()["event_id"])
    ]
    return pd.concat(pieces, ignore_index=True)


def _together(within: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the announcements that share a minute, by that minute."""
    minute = within["announced_at"].dt.strftime("%Y-%m-%d %H:%M")
    shared = within[minute.duplicated(keep=False)]
    return {str(at): own for at, own in shared.groupby(minute[shared.index])}


def _unlike(own: pd.DataFrame) -> bool:
    """Tell whether announcements of one minute differ in stance."""
    return len(set(own["stance"])) > 1


def _opposed(together: dict[str, pd.DataFrame]) -> set[str]:
    """Return the events that share a minute with one of another stance: the reaction is that of neither."""
    return {event for own in together.values() if _unlike(own) for event in own["event_id"]}


def _words(
    frame: pd.DataFrame,
    within: pd.DataFrame,
    exact: pd.DataFrame,
    found: dict[Any, StudyResult],
    together: dict[str, pd.DataFrame],
) -> tuple[str, ...]:
    """Say how few moments have a true minute, what is circular, and what cannot be separated."""
    sixty = found[60]
    few = (
        f"Power first: of {len(frame)} announcements {len(within)} fell inside the session, {len(exact)} of those have an exact minute, and "
        f"the bars hold {sixty.n} of them with a past of their own. What so few moments could show stands in the column detectable."
    )
    circular = frame[(frame["precision"] == CIRCULAR)]
    told = (
        f"{len(circular)} moments were read from the price itself; they are refused here, since a test of that price would be circular."
        if len(circular)
        else ""
    )
    shared = [
        f"{', '.join(own['name'])} ({minute}) share one moment and cannot be separated"
        + ("; their stances differ, so neither mean below holds them" if _unlike(own) else "")
        for minute, own in together.items()
    ]
    day = exact.assign(day=exact["announced_at"].dt.strftime("%Y-%m-%d"))
    cars = {name: found[name].car().set_index("event_id")["car"] for name in (5, 30)}
    sequence = [
        f"{row.name_} at {row.announced_at:%H:%M:%S}: {100 * cars[5].get(row.event_id, np.nan):+.2f} % in 5 minutes, "
        f"{100 * cars[30].get(row.event_id, np.nan):+.2f} % in 30"
        for row in day[day["day"] == "2025-10-10"].rename(columns={"name": "name_"}).itertuples()
        if row.event_id in cars[30].index
    ]
    lines = [
        few,
        told,
        ". ".join(shared) + "." if shared else "",
        f"10 October 2025: {'; '.join(sequence)}." if sequence else "",
    ]
    return tuple(line for line in lines if line)
