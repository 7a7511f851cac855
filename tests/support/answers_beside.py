"""The answers to questions.json, computed beside: from the files themselves, with pandas and statsmodels, nothing of ours."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from pages import ROOT

SOURCE = ROOT / "src" / "eventstudy"
CLOSE = pd.Timedelta(hours=16)  # of New York; none of the events asked about falls on a half day


def entries(catalogue: str) -> list[dict]:
    return tomllib.loads((SOURCE / "events" / "catalogues" / f"{catalogue}.toml").read_text("utf-8"))["event"]


def count(catalogue: str, stance: str | None = None, year: int = 0) -> int:
    """Count the entries of a stance, from a year on."""
    kept = [one for one in entries(catalogue) if stance in (None, one["stance"])]
    return sum(pd.Timestamp(one["announced_at"]).year >= year for one in kept)


def prices_of(name: str) -> pd.DataFrame:
    return pd.read_csv(SOURCE / "returns" / "figures" / name, index_col=0, parse_dates=True)


def returns() -> pd.DataFrame:
    """Give decimal returns of all symbols on the sessions of the exchange, and ACME's where its file lies here."""
    frame = prices_of("market.csv")[["^GSPC"]].pct_change()
    frame = frame.join(prices_of("industries.csv") / 100).join(prices_of("factors.csv") / 100)
    if Path("prices.csv").exists():
        frame = frame.join(pd.read_csv("prices.csv", index_col=0, parse_dates=True).pct_change(fill_method=None))
    return frame


def day0(moment: pd.Timestamp, sessions: pd.DatetimeIndex) -> int:
    """Give the place of the first session that could react: the day itself before the close, else the next one."""
    day = moment.normalize()
    at = int(sessions.searchsorted(day))
    return at + 1 if at < len(sessions) and sessions[at] == day and moment - day >= CLOSE else at


def moment(catalogue: str, event_id: str) -> pd.Timestamp:
    return next(pd.Timestamp(one["announced_at"]) for one in entries(catalogue) if one["id"] == event_id)


def session(when: str, catalogue: str = "us-china") -> str:
    at = pd.Timestamp(when) if when[:1].isdigit() and " " in when else moment(catalogue, when)
    sessions = returns().index
    return f"{sessions[day0(at, sessions)]:%Y-%m-%d}"


def span(symbol: str, what: str) -> object:
    """Give how many returns a symbol has, or the first or last session with one."""
    known = returns()[symbol].dropna()
    return len(known) if what == "count" else f"{known.index[0 if what == 'first' else -1]:%Y-%m-%d}"


def studied(model: str, symbol: str, places: list[int], window: tuple[int, int]) -> list[dict]:
    """Estimate each event by least squares on the 250 sessions before the window, days 0 and +1 of all the events left out."""
    frame = returns()
    free = frame["RF"] if model in ("capm", "factors") else 0.0
    regressors = {
        "market": frame[["^GSPC"]],
        "mean_adjusted": frame[[]],
        "capm": frame[["^GSPC"]].sub(free, axis=0),
        "factors": frame[["Mkt-RF", "SMB", "HML"]],
    }[model]
    y, design = frame[symbol] - free, sm.add_constant(regressors, has_constant="add")
    busy = {place + more for place in places for more in (0, 1)}
    found = []
    for place in places:
        first = max(place + window[0] - 250, 0)
        rows = [one for one in range(first, place + window[0]) if one not in busy]
        rows = [one for one in rows if np.isfinite(y.iloc[one]) and np.isfinite(design.iloc[one]).all()]
        asked = list(range(place + window[0], place + window[1] + 1))
        if len(rows) < 100 or asked[-1] >= len(frame) or not np.isfinite(y.iloc[asked]).all():
            continue
        fit = sm.OLS(y.iloc[rows], design.iloc[rows]).fit()
        outside, inside = design.iloc[asked], np.linalg.inv(design.iloc[rows].T @ design.iloc[rows])
        expected = outside @ fit.params
        spread = fit.mse_resid * (np.eye(len(asked)) + outside.to_numpy() @ inside @ outside.to_numpy().T)
        plain = expected + (frame["RF"].iloc[asked] if model in ("capm", "factors") else 0.0)
        found.append({
            "ar": (y.iloc[asked] - expected).to_numpy(), "var": spread, "df": fit.df_resid,
            "bhar": (1 + frame[symbol].iloc[asked]).prod() - (1 + plain).prod(),
        })  # fmt: skip
    return found


def one(
    what: str, model: str, symbol: str, event: str, window: tuple[int, int], part: tuple[int, int] | None = None
) -> float:
    """Give a number of one security-event, over a part of its window."""
    at = pd.Timestamp(event) if " " in event else moment("us-china", event)
    frame = returns()
    place = day0(at, frame.index)
    first, last = part or window
    if model == "market_adjusted":
        asked = frame.iloc[place + first : place + last + 1]
        return float((asked[symbol] - asked["^GSPC"]).sum())
    (found,) = studied(model, symbol, [place], window)
    chosen = slice(first - window[0], last - window[0] + 1)
    car, se = found["ar"][chosen].sum(), np.sqrt(found["var"][chosen, chosen].sum())
    values = {
        "car": car,
        "se": se,
        "t": car / se,
        "pvalue": 2 * stats.t.sf(abs(car / se), found["df"]),
        "bhar": found["bhar"],
    }
    return float(values[what])


def fomc_after(last: str) -> float:
    """Give how many of the committee's decisions had their first session after a day."""
    sessions = returns().index
    places = [day0(pd.Timestamp(one["announced_at"]), sessions) for one in entries("fomc")]
    return float(sum(place == len(sessions) or sessions[place] > pd.Timestamp(last) for place in places))


def fomc(what: str, day: int = 0) -> float:
    """Give a number of the S&P 500 around the committee's decisions, against its own mean, window (-1, 1)."""
    sessions = returns().index
    places = [day0(pd.Timestamp(one["announced_at"]), sessions) for one in entries("fomc")]
    found = studied("mean_adjusted", "^GSPC", places, (-1, 1))
    ar = np.array([one["ar"][day + 1] for one in found])
    var = np.array([one["var"][day + 1, day + 1] for one in found])
    df = np.array([one["df"] for one in found])
    return float({
        "n": len(ar),
        "mean": ar.mean(),
        "cross_sectional": stats.ttest_1samp(ar, 0.0).statistic,
        "patell": (ar / np.sqrt(var)).sum() / np.sqrt((df / (df - 2)).sum()),
        "clm_j1": ar.sum() / np.sqrt(var.sum()),
    }[what])  # fmt: skip
