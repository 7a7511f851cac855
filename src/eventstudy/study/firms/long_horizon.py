"""Long horizons told by placebo firms: what the same model shows of firms without an event is taken off, and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.windows import cut
from eventstudy.errors import StudyError
from eventstudy.inference.core.few_clusters import cr2_mean
from eventstudy.returns.tables.names import label_text
from eventstudy.study.firms.matching import balance_of
from eventstudy.study.fit.fit import fit_study
from eventstudy.study.fitted import Fitted, Part, Window
from eventstudy.study.rows import day0_labels, gather, studied_rows
from eventstudy.study.tables.buy_and_hold import bhar
from eventstudy.study.tables.returns import car

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MATCHED_BY: Final = ["runup", "volatility"]

ROWS: Final = ("naive", "mechanical", "reversion", "corrected")


@dataclass(frozen=True, eq=False)
class LongHorizon:
    """A drift, and what of it placebo firms show too.

    Attributes
    ----------
    table : DataFrame
        One row a measure (``sum`` of abnormal returns, ``log``, ``bhar``, ``calendar_time``) and part: ``naive`` (the events),
        ``mechanical`` (random firms), ``reversion`` (matched less random firms), ``corrected`` (events less matched firms);
        ``estimate``, ``se``, ``low``, ``high``, ``df``, ``pvalue``, ``n``, ``n_sessions``.
    paths : DataFrame
        ``relative_day`` and the mean sums up to it: ``events``, ``random``, ``matched``, ``corrected``.
    balance : DataFrame
        Run-up and volatility of the estimation window: events, matches, candidates, difference in standard deviations.
    pairs : DataFrame
        ``event_id``, ``symbol``, ``session``, ``random``, ``matched``, ``distance``.
    unmatched : DataFrame
        ``event_id``, ``symbol``, ``session``, ``reason``; they are in no row of the table.
    """

    table: pd.DataFrame
    paths: pd.DataFrame
    balance: pd.DataFrame
    pairs: pd.DataFrame
    unmatched: pd.DataFrame

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the mean sums of the events, of both kinds of placebo firms, and what is left."""
        if ax is None:
            from matplotlib.figure import Figure  # noqa: PLC0415  slow to import: only those who draw pay

            ax = Figure(figsize=(6.5, 4)).subplots()
        for name, style in (("events", "-"), ("random", ":"), ("matched", "--"), ("corrected", "-")):
            width = 2.2 if name == "corrected" else 1.2
            ax.plot(self.paths["relative_day"], 100 * self.paths[name], style, linewidth=width, label=name)
        ax.axhline(0.0, linewidth=0.8, color="black")
        ax.set_xlabel("relative day")
        ax.set_ylabel("mean sum of abnormal returns, %")
        ax.legend(frameon=False)
        return ax


def long_horizon_of(result: Fitted, window: Window, *, within: float, seed: int, level: float) -> LongHorizon:
    """See `StudyResult.long_horizon`."""
    rng = np.random.default_rng(seed)
    rows = studied_rows(result)
    labels = day0_labels(result, rows)
    chosen = [_placebos(result, part, window, within, rng) for part in result.parts]
    random, matched, distance, own, match, every = (gather(result, [piece[at] for piece in chosen]) for at in range(6))
    base = car(result, window, result.study.missing)
    pairs = base[["event_id", "symbol", "session"]].assign(random=random, matched=matched, distance=distance)
    found = np.array([name is not None for name in matched], dtype=bool)
    sums = {
        "events": result,
        "random": _fit(result, random, labels, found),
        "matched": _fit(result, matched, labels, found),
    }
    place = np.flatnonzero(found)
    kept = [_rows_of(fit, place.size) if name != "events" else place for name, fit in sums.items()]
    there = np.ones(place.size, dtype=bool)
    value: dict[str, dict[str, Floats]] = {}
    for (name, fit), at in zip(sums.items(), kept, strict=True):
        value[name] = {
            key: _placed(numbers, at, place.size, own=name == "events")
            for key, numbers in _measures(fit, window).items()
        }
        there &= np.isfinite(value[name]["sum"])
    gone = pairs[["event_id", "symbol", "session"]].copy()
    gone["reason"] = np.where(
        found,
        "a placebo firm has no abnormal return in the window",
        f"no firm within {within:g} standard deviations of its run-up and volatility",
    )
    left = np.ones(rows.size, dtype=bool)
    left[place[there]] = False
    if not there.any():
        msg = f"none of {rows.size} security-events has a placebo firm like it; give the panel more firms, or a larger within="
        raise StudyError(msg)
    session = pd.factorize(base["session"])[0][place][there]
    table = []
    for key in value["events"]:
        t, r, m = (value[name][key][there] for name in ("events", "random", "matched"))
        for row, x in zip(ROWS, (t, r, m - r, t - m), strict=True):
            table.append({"measure": key, "part": row, **_mean(x, session, level)})
    paths, calendar = _paths(sums, kept, place, there, window)
    table += [
        {"measure": "calendar_time", "part": row, **_series(series, level, window)} for row, series in calendar.items()
    ]
    return LongHorizon(
        table=pd.DataFrame(table),
        paths=paths,
        balance=balance_of(MATCHED_BY, own[place[there]], match[place[there]], every[place[there]]),
        pairs=pairs[~left].reset_index(drop=True),
        unmatched=gone[left].reset_index(drop=True),
    )


def _placebos(
    result: Fitted, part: Part, window: Window, within: float, rng: np.random.Generator
) -> tuple[Any, Any, Floats, Floats, Floats, Floats]:
    """Return for each row of a part its random and its matched firm, the distance, and run-up and volatility of all three."""
    abnormal, inputs = part.abnormal, part.abnormal.inputs
    frame = (part.aligned.laid or result.panel).frame
    benchmarks = set(map(label_text, result.study.model.symbols))
    names = np.array(frame.columns, dtype=object)
    benchmark = np.array([str(name) in benchmarks for name in names])
    values = frame[list(names)].reindex(part.aligned.bars).to_numpy(dtype=float).T
    code = {str(name): at for at, name in enumerate(names)}
    own = np.array([code[name] for name in part.aligned.symbols])[abnormal.security]
    n = own.size
    random, matched, distance = np.full(n, None, dtype=object), np.full(n, None, dtype=object), np.full(n, np.nan)
    mine, match, every = (np.full((n, 2), np.nan) for _ in range(3))
    span = window[1] - min(window[0], 0) + 1
    for day in np.unique(abnormal.day0):
        here = np.flatnonzero(abnormal.day0 == day)
        treated = np.unique(own[np.abs(abnormal.day0 - day) <= span])
        past = (
            values[:, day + inputs.estimation[0] : day + inputs.estimation[1] + 1]
            if day + inputs.estimation[0] >= 0
            else values[:, : max(day + inputs.estimation[1] + 1, 0)]
        )
        enough = np.isfinite(past).sum(axis=1) >= inputs.minimum
        begins = min(max(day + window[0], 0), values.shape[1] - 1)
        free = enough & np.isfinite(values[:, begins]) & ~benchmark
        free[treated] = False
        candidates = np.flatnonzero(free)
        traits = _traits(past)
        mine[here] = traits[own[here]]
        if not candidates.size:
            continue
        every[here] = traits[candidates].mean(axis=0)
        order = rng.permutation(candidates)
        drawn = order[np.arange(here.size) % order.size]
        scale = traits[np.concatenate([candidates, np.unique(own[here])])].std(axis=0, ddof=1)
        for at, other, far in closest(traits[own[here]], traits[candidates], scale, within):
            random[here[at]], matched[here[at]] = names[drawn[at]], names[candidates[other]]
            distance[here[at]], match[here[at]] = far, traits[candidates[other]]
    return random, matched, distance, mine, match, every


def _traits(past: Floats) -> Floats:
    """Return the compounded return and the standard deviation of the estimation window, (S, 2)."""
    there = np.isfinite(past)
    count = np.maximum(there.sum(axis=1), 1)
    filled = np.where(there, past, 0.0)
    mean = filled.sum(axis=1) / count
    spread = np.sqrt(np.where(there, (filled - mean[:, None]) ** 2, 0.0).sum(axis=1) / np.maximum(count - 1, 1))
    return np.column_stack([np.prod(1.0 + filled, axis=1) - 1.0, spread])


def closest(own: Floats, others: Floats, scale: Floats, within: float) -> list[tuple[int, int, float]]:
    """Return (row of own, row of others, distance), the closest pair first, each used once.

    Shapes: own (n, K), others (J, K), scale (K,). A pair must lie within `within` of each scaled characteristic.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        step = (own[:, None, :] - others[None, :, :]) / scale
    far = np.where((np.abs(step) <= within).all(axis=2), np.sqrt((step**2).sum(axis=2)), np.inf)
    used_own: Bools = np.zeros(len(own), dtype=bool)
    used_other: Bools = np.zeros(len(others), dtype=bool)
    found = []
    for flat in np.argsort(far, axis=None, kind="stable"):
        at, other = divmod(int(flat), len(others))
        if not np.isfinite(far[at, other]):
            break
        if not (used_own[at] or used_other[other]):
            used_own[at] = used_other[other] = True
            found.append((at, other, float(far[at, other])))
    return found


def _fit(result: Fitted, names: Any, labels: pd.Index, found: Bools) -> Fitted:
    """Return the same study of placebo firms at the same dates; the event ids are the places among the pairs."""
    frame = pd.DataFrame(
        {"event_id": np.arange(int(found.sum())), "symbol": [str(name) for name in names[found]], "bar": labels[found]}
    )
    if frame.empty:
        msg = "no security-event has a placebo firm like it; give the panel more firms, or a larger within="
        raise StudyError(msg)
    return fit_study(result.study, frame, result.panel)


def _rows_of(fit: Fitted, count: int) -> Ints:
    """Return where each studied row of a placebo study stands among the pairs."""
    place = np.asarray(fit.request.event_id, dtype=np.int64)[fit.event[studied_rows(fit)]]
    assert place.size <= count  # noqa: S101  a pair is asked for once
    return place


def _placed(numbers: Floats, at: Ints, count: int, *, own: bool) -> Floats:
    if own:
        return numbers[at]
    found = np.full(count, np.nan)
    found[at] = numbers
    return found


def _measures(fit: Fitted, window: Window) -> dict[str, Floats]:
    """Return sums of abnormal returns, and of simple returns their logarithms and products, each (n,)."""
    found = {"sum": car(fit, window, fit.study.missing)["car"].to_numpy(dtype=float)}
    if fit.panel.kind == "simple":
        pieces = []
        for part in fit.parts:
            abnormal = part.abnormal
            ar = abnormal.ar[:, abnormal.columns(*window)]
            own = cut(abnormal.inputs.returns, abnormal.security, abnormal.day0 + window[0], ar.shape[1])
            with np.errstate(invalid="ignore", divide="ignore"):
                step = np.log1p(own) - np.log1p(own - ar)
            there = np.isfinite(step)
            pieces.append(np.where(there.any(axis=1), np.where(there, step, 0.0).sum(axis=1), np.nan))
        found["log"] = gather(fit, pieces)
        found["bhar"] = bhar(fit, window, None, "benchmark")["bhar"].to_numpy(dtype=float)
    return found


def _mean(x: Floats, session: Ints, level: float) -> dict[str, Any]:
    """Return a mean with errors clustered by session (CR2); of one session the errors take firms for independent."""
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415  a tenth of the import time of scipy.stats

    cluster = session if np.unique(session).size > 1 else np.arange(x.size)
    error, df = (float(one) for one in cr2_mean(x, cluster))
    mean = float(np.nanmean(x))
    reach = float(stdtrit(df, 0.5 + level / 2)) * error
    return {
        "estimate": mean, "se": error, "low": mean - reach, "high": mean + reach, "df": df,
        "pvalue": float(2 * stdtr(df, -abs(mean / error))), "n": int(np.isfinite(x).sum()), "n_sessions": int(np.unique(session).size),
    }  # fmt: skip


def _paths(
    sums: dict[str, Fitted], kept: list[Ints], place: Ints, there: Bools, window: Window
) -> tuple[pd.DataFrame, dict[str, pd.Series[Any]]]:
    """Return the mean sums by relative day, and the means by session of abnormal returns, all of the same pairs."""
    length = window[1] - window[0] + 1
    ar, bar = {}, np.zeros((place.size, length), dtype=np.int64)
    for (name, fit), at in zip(sums.items(), kept, strict=True):
        rows = gather(fit, [part.abnormal.ar[:, part.abnormal.columns(*window)] for part in fit.parts])
        laid = np.full((place.size, length), np.nan)
        laid[slice(None) if name == "events" else at] = rows[at] if name == "events" else rows
        ar[name] = laid[there]
        if name == "events":
            day0 = gather(fit, [part.abnormal.day0 for part in fit.parts])[at]
            bar = day0[:, None] + np.arange(window[0], window[1] + 1)
    days = np.arange(window[0], window[1] + 1)
    path = {name: np.nan_to_num(np.nanmean(values, axis=0)).cumsum() for name, values in _quiet(ar).items()}
    frame = pd.DataFrame({"relative_day": days, **path, "corrected": path["events"] - path["matched"]})
    parts = {
        "naive": ar["events"],
        "mechanical": ar["random"],
        "reversion": ar["matched"] - ar["random"],
        "corrected": ar["events"] - ar["matched"],
    }
    flat = bar[there].ravel()
    return frame, {name: pd.Series(values.ravel()).groupby(flat).mean().dropna() for name, values in parts.items()}


def _quiet(ar: dict[str, Floats]) -> dict[str, Floats]:
    """Return abnormal returns with a zero on days that no pair has, so that their mean is one."""
    return {name: np.where(np.isfinite(values).any(axis=0), values, 0.0) for name, values in ar.items()}


def _series(series: pd.Series[Any], level: float, window: Window) -> dict[str, Any]:
    """Return the mean abnormal return of the sessions times the length of the window: the alpha of a portfolio held by the calendar."""
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415  a tenth of the import time of scipy.stats

    length, n = window[1] - window[0] + 1, len(series)
    mean = float(series.mean()) * length
    error = float(series.std(ddof=1)) / np.sqrt(n) * length if n > 1 else np.nan
    reach = float(stdtrit(n - 1, 0.5 + level / 2)) * error if n > 1 else np.nan
    p = float(2 * stdtr(n - 1, -abs(mean / error))) if n > 1 and error > 0 else np.nan
    return {
        "estimate": mean,
        "se": error,
        "low": mean - reach,
        "high": mean + reach,
        "df": n - 1,
        "pvalue": p,
        "n": n,
        "n_sessions": n,
    }
