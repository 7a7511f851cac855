"""The table of an earnings season: reaction, drift, hit rate against ordinary days, gap, volume, and the surprise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.placebo_refit import Again, admissible
from eventstudy.errors import StudyError
from eventstudy.inference.beyond.multiple_testing import adjust_pvalues
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.rows import gather, keys, studied_rows, subset, window_text
from eventstudy.study.tables.averages import caar
from eventstudy.study.tables.returns import car
from eventstudy.words import in_a_row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WINDOWS: Final[tuple[Window, ...]] = ((-1, -1), (0, 0), (0, 1), (2, 5), (0, 5), (0, 20), (2, 60))

CLEAR: Final = 5
"""Sessions around an announcement in which no placebo lies."""

VOLUME: Final = (60, 6)
"""Sessions that tell usual volume, and how many before the announcement they end."""

FEW: Final = 30
"""Sessions below which the slope is judged by the wild cluster bootstrap."""


@dataclass(frozen=True, eq=False)
class Earnings:
    """An earnings season.

    Attributes
    ----------
    table : DataFrame
        One row a window (and group): ``n``, ``n_sessions``, ``left_out``; ``mean``, ``low``, ``high``, ``pvalue``, ``pvalue_holm``, ``test``;
        ``median``, ``median_low``, ``median_high``; ``hits``, ``hit_rate``, ``hit_low``, ``hit_high``, ``base_rate``, ``hit_pvalue``; on day
        0 ``gap``, ``session_move``, ``volume``, ``volume_sd``; ``slope``, ``slope_se``, ``slope_pvalue``.
    events : DataFrame
        One row an announcement: ``gap`` log(open_0/close_-1), ``session_move`` log(close_0/open_0), ``volume``, ``volume_sd``, ``sue``.
    bins : DataFrame
        Mean CAR of days 0 and +1 by fifth of the surprise: ``bin``, ``sue``, ``car``, ``low``, ``high``, ``n``.
    """

    table: pd.DataFrame
    events: pd.DataFrame
    bins: pd.DataFrame

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the reaction by fifth of the surprise, with 95 % intervals."""
        if ax is None:
            from matplotlib.figure import Figure  # noqa: PLC0415  slow to import: only those who draw pay

            ax = Figure(figsize=(6, 3.5)).subplots()
        reach = 100 * np.stack([self.bins["car"] - self.bins["low"], self.bins["high"] - self.bins["car"]])
        ax.errorbar(self.bins["bin"], 100 * self.bins["car"], yerr=reach, fmt="o", capsize=3)
        ax.axhline(0.0, linewidth=0.8, color="black")
        ax.set_xlabel("surprise, by fifths (1: the worst)")
        ax.set_ylabel("abnormal return, days 0 and +1, %")
        return ax


def earnings_of(
    result: Fitted,
    *,
    opens: pd.DataFrame | None,
    closes: pd.DataFrame | None,
    volume: pd.DataFrame | None,
    by: str | None,
    draws: int,
    seed: int,
    level: float,
) -> Earnings:
    """See `StudyResult.earnings`."""
    rows = studied_rows(result)
    frame = result.request.frame.iloc[result.event[rows]].reset_index(drop=True)
    events = keys(result, rows)
    events["timing"] = frame.get("timing", "")
    for name, values in _moves(result, opens, closes, volume, events["timing"].to_numpy() == "unknown").items():
        events[name] = values
    events["sue"] = _surprise(frame, events)
    groups = {"all": np.ones(rows.size, dtype=bool)}
    if by is not None:
        if by not in frame:
            msg = f"by={by!r} is no column of the fitted events; they have {in_a_row(frame.columns)}"
            raise StudyError(msg)
        groups |= {str(value): (frame[by] == value).to_numpy() for value in dict.fromkeys(frame[by].dropna())}
    begin, end = result.study.window
    asked = [window for window in WINDOWS if begin <= window[0] and window[1] <= end]
    pieces = []
    for name, inside in groups.items():
        rng = np.random.default_rng(seed)
        part = pd.DataFrame(
            [_row(result, window, inside, events, draws=draws, rng=rng, level=level) for window in asked]
        )
        part["pvalue_holm"] = adjust_pvalues(part["pvalue"]) if len(part) else []
        part.insert(0, "group", name)
        pieces.append(part)
    day = (0, 1) if begin <= 0 and end >= 1 else asked[0] if asked else (begin, end)
    return Earnings(pd.concat(pieces, ignore_index=True), events, _bins(result, day, events, level))


def _row(
    result: Fitted,
    window: Window,
    inside: Bools,
    events: pd.DataFrame,
    *,
    draws: int,
    rng: np.random.Generator,
    level: float,
) -> dict[str, Any]:
    """Return one window of one group. Where only the day is known, day 0 may be the day before the reaction: (0, 1) alone holds it."""
    from scipy.special import stdtr  # noqa: PLC0415  a tenth of the import time of scipy.stats

    known = inside if window == (0, 1) else inside & (events["timing"] != "unknown").to_numpy()
    table = car(result, window, result.study.missing)
    x = table["car"].to_numpy(dtype=float)
    used = known & np.isfinite(x)
    row: dict[str, Any] = {"window": window_text(window), "first": window[0], "last": window[1], "n": int(used.sum())}
    row |= {"n_sessions": int(table.loc[used, "session"].nunique()), "left_out": int((inside & ~used).sum())}
    if used.any():
        mean = caar(subset(result, used), window, level).iloc[0]
        with np.errstate(invalid="ignore", divide="ignore"):
            p = 2 * stdtr(mean["df"], -abs(mean["caar"] / mean["se"])) if mean["se"] > 0 else np.nan
        row |= {
            "mean": mean["caar"],
            "low": mean["low"],
            "high": mean["high"],
            "pvalue": float(p),
            "test": mean["test"],
        }
    else:
        row |= {"mean": np.nan, "low": np.nan, "high": np.nan, "pvalue": np.nan, "test": ""}
    row |= dict(zip(("median", "median_low", "median_high"), median_interval(x[used], level), strict=True))
    row |= hit_rate(x[used], level)
    base = placebo_rates(result, window, used, draws, rng)
    row |= {"base_rate": float(base.mean()) if base.size else np.nan, "hit_pvalue": _rank(row["hit_rate"], base)}
    for name in ("gap", "session_move", "volume", "volume_sd"):
        if name in events:
            row[name] = float(events.loc[used, name].mean()) if window == (0, 0) and used.any() else np.nan
    told = used & np.isfinite(events["sue"].to_numpy(dtype=float))
    codes = pd.factorize(table["session"])[0]
    row |= dict(
        zip(
            ("slope", "slope_se", "slope_pvalue"),
            surprise_slope(x[told], events["sue"].to_numpy(dtype=float)[told], codes[told], draws, rng),
            strict=True,
        )
    )
    return row


def median_interval(x: Floats, level: float) -> tuple[float, float, float]:
    """Return the median and its exact interval of order statistics; infinite where n is too small for the level."""
    from scipy.stats import binom  # noqa: PLC0415  slow to import

    if not x.size:
        return np.nan, np.nan, np.nan
    ordered = np.sort(x)
    k = int((2 * binom.cdf(np.arange(x.size), x.size, 0.5) <= 1 - level).sum())
    if k == 0:
        return float(np.median(x)), -np.inf, np.inf
    return float(np.median(x)), float(ordered[k - 1]), float(ordered[x.size - k])


def hit_rate(x: Floats, level: float) -> dict[str, Any]:
    """Return how many are positive, zeros dropped, with the interval of Clopper and Pearson (1934)."""
    from scipy.special import betaincinv  # noqa: PLC0415  a tenth of the import time of scipy.stats

    n, k = int((x != 0).sum()), int((x > 0).sum())
    tail = (1 - level) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return {"hits": k, "hit_rate": k / n if n else np.nan, "hit_low": low, "hit_high": high}


def placebo_rates(result: Fitted, window: Window, used: Bools, draws: int, rng: np.random.Generator) -> Floats:
    """Return the hit rate (B,) of the same securities at dates without an announcement within 5 sessions."""
    rows = studied_rows(result)[used]
    positive, counted = np.zeros(draws), np.zeros(draws)
    for part in result.parts:
        abnormal = part.abnormal
        free = admissible(abnormal, *window, part.real, buffer=CLEAR + 1)
        mine = np.flatnonzero(np.isin(part.rows, rows))
        some = [at for at in mine if free[abnormal.security[at]].any()]
        if not some:
            continue
        day0 = np.stack([rng.choice(np.flatnonzero(free[abnormal.security[at]]), draws) for at in some])
        security = np.broadcast_to(abnormal.security[some][:, None], day0.shape)
        found = (
            Again(abnormal, *window, result.study.missing).cars(security.ravel(), day0.ravel())[0].reshape(day0.shape)
        )
        positive += (found > 0).sum(axis=0)
        counted += (np.isfinite(found) & (found != 0)).sum(axis=0)
    return positive[counted > 0] / counted[counted > 0]


def _rank(rate: float, base: Floats) -> float:
    if not base.size or not np.isfinite(rate):
        return np.nan
    centre = base.mean()
    return float((1 + (np.abs(base - centre) >= abs(rate - centre) - 1e-12).sum()) / (base.size + 1))


def surprise_slope(
    x: Floats, sue: Floats, session: Ints, draws: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return the slope of CARs on ranks of the surprise from -1/2 to 1/2 (the top less the bottom), its error and its p-value.

    CR1 by session, t(G - 1); below 30 sessions the wild cluster bootstrap-t with the null imposed (Cameron, Gelbach and Miller 2008).
    """
    from scipy.special import stdtr  # noqa: PLC0415  a tenth of the import time of scipy.stats
    from scipy.stats import rankdata  # noqa: PLC0415  slow to import

    n = x.size
    codes = np.unique(session, return_inverse=True)[1].ravel()
    groups = int(codes.max()) + 1 if n else 0
    if n < 4 or groups < 2 or np.ptp(sue) == 0:
        return np.nan, np.nan, np.nan
    z = (rankdata(sue) - (n + 1) / 2) / (n - 1)
    square = float(z @ z)
    scale = groups / (groups - 1) * (n - 1) / (n - 2)

    def fit(y: Floats) -> tuple[float, float]:
        slope = float(z @ y) / square
        left = y - y.mean() - slope * z
        return slope, float(np.sqrt(scale * (np.bincount(codes, z * left) ** 2).sum())) / square

    slope, error = fit(x)
    if not error > 0:
        return slope, np.nan, np.nan
    if groups >= FEW:
        return slope, error, float(2 * stdtr(groups - 1, -abs(slope / error)))
    flips = rng.choice([-1.0, 1.0], (draws, groups))
    null = x - x.mean()
    found = np.array([fit(x.mean() + null * flip[codes]) for flip in flips])
    beyond = np.abs(found[:, 0] / found[:, 1]) >= abs(slope / error) * (1 - 1e-12)
    return slope, error, float((1 + beyond.sum()) / (draws + 1))


def _surprise(frame: pd.DataFrame, events: pd.DataFrame) -> pd.Series[Any]:
    """Return the surprise: a column ``sue``, else actual less consensus over the close before, else as loaded."""
    nothing = pd.Series(np.nan, index=frame.index)
    if "sue" in frame:
        return pd.to_numeric(frame["sue"], errors="coerce")
    if {"actual", "consensus"} <= set(frame) and "close_before" in events:
        found = (frame["actual"] - frame["consensus"]) / events["close_before"]
        if found.notna().any():
            return found
    for name in ("surprise", "seasonal"):
        if name in frame and frame[name].notna().any():
            return pd.to_numeric(frame[name], errors="coerce")
    return nothing


def _moves(
    result: Fitted, opens: pd.DataFrame | None, closes: pd.DataFrame | None, volume: pd.DataFrame | None, unknown: Bools
) -> dict[str, Floats]:
    """Return gap, session move, abnormal volume and the close before, each (n,)."""
    if (opens is None) != (closes is None):
        msg = "the gap and the session move need both: opens= and closes=, on one adjustment"
        raise StudyError(msg)
    found: dict[str, Floats] = {}
    if opens is not None and closes is not None:
        first, last, before = (
            _at(result, opens, [0])[:, 0],
            _at(result, closes, [0])[:, 0],
            _at(result, closes, [-1])[:, 0],
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            found["gap"] = np.where(unknown, np.nan, np.log(first / before))
            found["session_move"] = np.where(unknown, np.nan, np.log(last / first))
        found["close_before"] = before
    if volume is not None:
        length, ends = VOLUME
        log = np.log1p(_at(result, volume, [*range(-ends - length + 1, -ends + 1), 0]))
        usual, spread = np.full(len(log), np.nan), np.full(len(log), np.nan)
        enough = np.isfinite(log[:, :-1]).sum(axis=1) >= length // 2
        usual[enough], spread[enough] = (
            np.nanmean(log[enough, :-1], axis=1),
            np.nanstd(log[enough, :-1], axis=1, ddof=1),
        )
        found["volume"] = np.where(unknown, np.nan, log[:, -1] - usual)
        with np.errstate(invalid="ignore", divide="ignore"):
            found["volume_sd"] = np.where(spread > 0, found["volume"] / spread, np.nan)
    return found


def _at(result: Fitted, frame: pd.DataFrame, days: list[int]) -> Floats:
    """Return the values (n, len(days)) of a frame of bars x symbols on relative days of each security-event; NaN where there is none."""
    pieces = []
    for part in result.parts:
        bars = part.aligned.bars
        laid = frame.reindex(bars) if frame.index.isin(bars).any() else frame
        if laid is frame:
            msg = "no row of the frame is a bar of the study: give it the dates of the returns"
            raise StudyError(msg)
        names = [str(name) for name in laid.columns]
        column = np.array([names.index(name) if name in names else -1 for name in part.aligned.symbols])
        values = np.column_stack([laid.to_numpy(dtype=float), np.full(len(bars), np.nan)])
        at = part.abnormal.day0[:, None] + np.asarray(days)
        inside = (at >= 0) & (at < len(bars))
        taken = values[np.clip(at, 0, len(bars) - 1), column[part.abnormal.security][:, None]]
        pieces.append(np.where(inside, taken, np.nan))
    found: Floats = np.asarray(gather(result, pieces))
    return found


def _bins(result: Fitted, window: Window, events: pd.DataFrame, level: float) -> pd.DataFrame:
    columns = ["bin", "sue", "car", "low", "high", "n"]
    sue = events["sue"].to_numpy(dtype=float)
    x = car(result, window, result.study.missing)["car"].to_numpy(dtype=float)
    told = np.isfinite(sue) & np.isfinite(x)
    if told.sum() < 10:
        return pd.DataFrame(columns=columns)
    fifth = np.full(sue.size, -1)
    fifth[told] = pd.qcut(pd.Series(sue[told]).rank(method="first"), 5, labels=False)
    rows = []
    for number in range(5):
        here = fifth == number
        mean = caar(subset(result, here), window, level).iloc[0]
        rows.append((number + 1, sue[here].mean(), mean["caar"], mean["low"], mean["high"], int(here.sum())))
    return pd.DataFrame(rows, columns=columns)
