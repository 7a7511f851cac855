"""Charts that show all of something at once: what became of the sample, the cross-section by session, the data by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from eventstudy import plots
from eventstudy.plots.chart import Chart, chart
from eventstudy.plots.episodes import ladder_finding
from eventstudy.plots.forest import attrition_finding
from eventstudy.plots.heatmaps import heatmap_finding
from eventstudy.report.parts.part import Inputs

SESSIONS = 30  # rows of the heat map that stay legible on one page


def attrition_chart(catalog: int, sample: int, priced: int, directed: int) -> Chart:
    """Draw what became of the events: those of the catalogue, of the study, with a reaction, and with one direction."""
    stages = pd.DataFrame(
        {
            "stage": ["in the catalogue", "in the study's sample", "with a reaction", "of one direction"],
            "n": [catalog, sample, priced, directed],
            "reason": [
                "",
                "not selected by the study file",
                "no price, or too little history",
                "news of two directions",
            ],
        }
    )
    data = plots.attrition_data(stages)
    caption = "Events; those that share a session are one observation in the means. Each one lost is in a table below."
    return chart(
        "attrition",
        "From the catalogue to the means",
        attrition_finding(data),
        plots.attrition(stages),  # its texts beside the bars leave no room on a phone
        data,
        caption=caption,
    )


def heatmap_chart(
    cars: pd.DataFrame, names: Mapping[str, str], labels: Mapping[str, str], *, group: str, said: str, caption: str
) -> Chart | None:
    """Draw the abnormal returns of a group on the sessions that moved it most; None if there is none."""
    own = cars[(cars["group"] == group) & cars["car"].notna()]
    if own.empty:
        return None
    once = own.drop_duplicates(["session", "symbol"])  # announcements of one session share its returns
    size = once.groupby("session")["car"].apply(lambda x: x.abs().mean()).sort_values(ascending=False, kind="stable")
    kept = sorted(size.index[:SESSIONS])
    rows = {session: _row(session, own.loc[own["session"] == session, "event_id"].unique(), names) for session in kept}
    frame = once[once["session"].isin(kept)].sort_values("session", kind="stable")
    frame = pd.DataFrame(
        {
            "event": frame["session"].map(rows).to_numpy(),
            "symbol": [labels.get(s, s) for s in frame["symbol"]],
            "estimate": frame["car"].to_numpy(),
        }
    )
    data = plots.heatmap_data(frame)
    return chart(
        f"heatmap-{group}",
        f"{group[:1].upper()}{group[1:]}: the {len(kept)} sessions that moved them most",
        heatmap_finding(data),
        partial(plots.heatmap, frame, quantity=f"abnormal return, {said}"),
        data,
        caption=f"Sessions with the largest mean absolute abnormal return, in the order of time. {caption}",
    )


def _row(session: pd.Timestamp, events: Sequence[str], names: Mapping[str, str]) -> str:
    name = min((names.get(event, event) for event in events), key=len)
    more = f" +{len(events) - 1}" if len(events) > 1 else ""
    return f"{session:%Y-%m-%d} {name if len(name) <= 26 else name[:25].rstrip() + '…'}{more}"


def quality_chart(frames: Sequence[pd.DataFrame]) -> Chart:
    """Draw for each symbol and year the sessions that have a figure, of those between its first and its last."""
    rows: list[tuple[str, str, int, int]] = []
    seen: set[str] = set()
    for frame in frames:
        years = frame.index.strftime("%Y") if isinstance(frame.index, pd.DatetimeIndex) else frame.index.astype(str)
        for symbol in [s for s in frame.columns if s not in seen]:
            have_any = frame[symbol].notna().to_numpy()
            inside = have_any.cumsum().astype(bool) & have_any[::-1].cumsum()[::-1].astype(bool)  # first to last figure
            there = frame[symbol].notna()[inside].groupby(years[inside]).agg(["size", "sum"])
            rows += [(str(symbol), str(year), int(n), int(have)) for year, n, have in there.itertuples()]
            seen.add(symbol)
    table = pd.DataFrame(rows, columns=["symbol", "period", "expected", "present"])
    data = plots.quality_calendar_data(table)
    missing, expected = int((table["expected"] - table["present"]).sum()), int(table["expected"].sum())
    return chart(
        "data-quality",
        f"Sessions with a figure for {len(seen)} symbols, year by year",
        f"{missing:,} of {expected:,} sessions have no figure",
        partial(plots.quality_calendar, table),
        data,
        caption="Sessions of the exchange between a symbol's first and last figure; grey: outside of these.",
    )


def ladder_chart(inputs: Inputs) -> Chart | None:
    """Draw the steps of the study file's tariff rates above the index; None if it has none."""
    steps = [(series, date, rate) for series, own in inputs.study.ladder.items() for date, rate in own]
    if not steps:
        return None
    rates = pd.DataFrame(steps, columns=["series", "date", "rate"])
    rates["date"] = pd.to_datetime(rates["date"])
    close = inputs.prices.frame[inputs.study.market.symbol].dropna()
    close = close[close.index >= rates["date"].min()]
    data = plots.tariff_ladder_data(rates, close)
    return chart(
        "tariff-ladder",
        f"Announced rates, and {inputs.study.market.title}",
        ladder_finding(data),
        partial(plots.tariff_ladder, rates, close, level_name=inputs.study.market.title),
        data,
        caption="Rates of the study file: from the date on which each was announced or came into force.",
    )
