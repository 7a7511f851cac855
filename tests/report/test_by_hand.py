"""Windows, signs, units and intervals of what a report writes, derived again from the CSV files with pandas and numpy alone.

Nothing of the package is used to compute what is expected: sessions, masks, means, regressions and t-intervals are written
out below. Three studies: the flagship as it is committed, an index of one's own, and firms with their earnings.
"""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy.report.build import run_study

ROOT = Path(__file__).parents[2]
GALLERY, FIGURES = ROOT / "gallery", ROOT / "src/eventstudy/returns/figures/market.csv"
TWELVE = 5e-11  # tables keep twelve significant digits
COST = {"rtol": 1e-9, "atol": TWELVE}


def returns_of(path):
    return pd.read_csv(path, index_col=0, parse_dates=True).pct_change(fill_method=None)


def masked(dates, days):
    """Give which bars are day 0 or +1 of some event."""
    hit = np.zeros(len(days), dtype=bool)
    at = days.get_indexer(dates)
    for shift in (0, 1):
        inside = at[(at >= 0) & (at + shift < len(days))] + shift
        hit[inside] = True
    return hit


def interval(values, level=0.95):
    reach = stats.t.ppf(0.5 + level / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean() - reach, values.mean() + reach


def mean_adjusted(r, hit, at, window, estimation):
    """Give the sum over a window of returns less the mean of the usable bars of the estimation window."""
    first, last = estimation
    base = np.arange(at + first, at + last + 1)
    base = base[(base >= 0) & ~hit[base.clip(0)]]
    return sum(r[at + day] - np.nanmean(r[base]) for day in range(window[0], window[1] + 1))


def percent(value):
    return f"{100 * value:z.2f}%".replace("-", "−")  # never minus zero


def check_page(page, frame, columns):
    """Hold the cells of a table of a page to its CSV: percent where a return is shown."""
    (body,) = re.findall(rf'<table[^>]*id="{page[1]}".*?</table>', page[0], re.DOTALL)
    for _, row in frame.iterrows():
        for column in columns:
            if np.isfinite(row[column]):
                assert f">{percent(row[column])}<" in body, (page[1], column, row[column])


def _unstudied(days):
    """Give the first session of each event that is masked but has no reaction: the close of its day is at 16:00 in New York."""
    catalogue = tomllib.loads((ROOT / "src/eventstudy/events/catalogues/us-china.toml").read_text("utf-8"))["event"]
    moment = {one["id"]: pd.Timestamp(one["announced_at"]) for one in catalogue}  # local time
    for event in pd.read_csv(GALLERY / "tables/excluded.csv")["event_id"]:
        day = moment[event].normalize() + pd.Timedelta(days=int(moment[event].hour >= 16))
        yield days[days.searchsorted(day)]


def test_the_flagship_from_the_closes_and_the_dates():
    r = returns_of(FIGURES)["^GSPC"]
    events = pd.read_csv(GALLERY / "tables/events.csv", parse_dates=["session"])
    out = pd.read_csv(GALLERY / "tables/no_direction.csv", parse_dates=["session"])
    hit = masked([*events["session"], *_unstudied(r.index)], r.index)
    value = r.to_numpy()
    at = r.index.get_indexer(events["session"])
    np.testing.assert_allclose(events["return"], value[at], **COST)
    own = np.array([mean_adjusted(value, hit, one, (0, 0), (-260, -11)) for one in at])
    np.testing.assert_allclose(events["ar"], own, **COST)
    sample = events[events["in_sample"] & ~events["session"].isin(out["session"])]
    moved = set(sample.loc[sample["stance"].isin(["escalation", "softening"]), "session"])
    means = pd.read_csv(GALLERY / "tables/stance_means.csv")
    path = pd.read_csv(GALLERY / "tables/chart-caar.csv")
    for stance in means["stance"].unique():
        chosen = sample[sample["stance"] == stance]
        if stance == "talks":
            chosen = chosen[~chosen["session"].isin(moved)]
        days = r.index.get_indexer(chosen["session"].drop_duplicates())
        for _, row in means[means["stance"] == stance].iterrows():
            window = (int(row["first"]), int(row["last"]))
            inside = days[days + window[1] < len(r)]
            cars = np.array([mean_adjusted(value, hit, one, window, (-260, -11)) for one in inside])
            if len(inside) == len(days):
                assert row["caar"] == pytest.approx(cars.mean(), rel=1e-9), (stance, window)
            assert row["n"] == row["n_sessions"] == len(days)
            if row["test"] == "cross_sectional":
                np.testing.assert_allclose([row["low"], row["high"]], interval(cars), **COST)
            assert row["low"] < row["caar"] < row["high"]
        drawn = path[(path["stance"] == stance) & (path["relative_day"] <= 0)]
        for _, row in drawn.iterrows():
            window = (-10, int(row["relative_day"]))
            cars = [mean_adjusted(value, hit, one, window, (-260, -11)) for one in days]
            assert row["caar"] == pytest.approx(np.mean(cars), rel=1e-9), (stance, window)
    page = (GALLERY / "report.html").read_text("utf-8")
    check_page((page, "table-stance_means"), means, ["caar", "se", "low", "high"])


OWN = """
title = "Meetings"
calendar = "XNYS"
[catalog]
source = "meetings.toml"
[prices]
source = "prices.csv"
symbols = ["IDX"]
[market]
symbol = "IDX"
name = "Own index"
[windows]
event = [-4, 3]
reported = [[0, 0], [-1, 2]]
estimation = { length = 90, end = -8, minimum = 40 }
"""


@pytest.fixture(scope="module")
def sessions():
    """Trading days, as the closes of the package have them."""
    return pd.read_csv(FIGURES, index_col=0, parse_dates=True).index[1200:1900]


@pytest.fixture(scope="module")
def own(tmp_path_factory, sessions):
    folder = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(4)
    at, stance = np.arange(150, 690, 27), np.array(["dovish", "hawkish"] * 10)
    r = rng.normal(0, 0.01, len(sessions))
    r[at] += np.where(stance == "hawkish", -0.012, 0.01)[: len(at)]
    pd.DataFrame({"date": sessions, "IDX": 500 * np.exp(np.cumsum(r))}).to_csv(folder / "prices.csv", index=False)
    head = 'name = "bank"\ntimezone = "America/New_York"\nstances = ["hawkish", "dovish"]\nopposed = ["hawkish", "dovish"]\n'
    for i, one in enumerate(at):
        head += f'[[events]]\nid = "m{i}"\nname = "Meeting {i}"\nannounced_at = "{sessions[one]:%Y-%m-%d} 11:00"\nstance = "{stance[i]}"\n'
    (folder / "meetings.toml").write_text(head)
    (folder / "own.toml").write_text(OWN)
    run_study(folder / "own.toml", folder / "out", quick=True)
    return folder, at, stance[: len(at)]


@pytest.mark.slow
def test_an_index_of_one_s_own_from_its_closes(own, sessions):
    folder, at, stance = own
    value = returns_of(folder / "prices.csv")["IDX"].to_numpy()
    hit = masked(sessions[at], sessions)
    events = pd.read_csv(folder / "out/tables/events.csv")
    day0 = np.array([mean_adjusted(value, hit, one, (0, 0), (-97, -8)) for one in at])
    np.testing.assert_allclose(events["ar"], day0, **COST)
    means = pd.read_csv(folder / "out/tables/stance_means.csv")
    assert set(means["window"]) == {"day 0", "days −1 to +2"}
    seen = 0
    for _, row in means.iterrows():
        window = (int(row["first"]), int(row["last"]))
        cars = np.array([mean_adjusted(value, hit, one, window, (-97, -8)) for one in at[stance == row["stance"]]])
        assert row["caar"] == pytest.approx(cars.mean(), rel=1e-9)
        assert row["n"] == len(cars)
        if row["test"] == "cross_sectional":
            np.testing.assert_allclose([row["low"], row["high"]], interval(cars), **COST)
            seen += 1
    assert seen
    path = pd.read_csv(folder / "out/tables/chart-caar.csv")
    for _, row in path.iterrows():
        window = (-4, int(row["relative_day"]))
        cars = [mean_adjusted(value, hit, one, window, (-97, -8)) for one in at[stance == row["stance"]]]
        assert row["caar"] == pytest.approx(np.mean(cars), rel=1e-9)
    page = (folder / "out/report.html").read_text("utf-8")
    check_page((page, "table-stance_means"), means, ["caar", "se", "low", "high"])
    for name in ("hawkish", "dovish"):
        said = 100 * means[(means["stance"] == name) & (means["window"] == "day 0")]["caar"].iloc[0]
        assert f"{said:+.2f}% on {name} events".replace("-", "−") in page


@pytest.fixture(scope="module")
def firms(tmp_path_factory, sessions):
    folder = tmp_path_factory.mktemp("firms")
    rng = np.random.default_rng(9)
    m = rng.normal(0, 0.01, len(sessions))
    r = {f"AA{i}": 0.8 * m + rng.normal(0, 0.015, len(sessions)) for i in range(8)}
    rows = []
    for i, name in enumerate(r):
        for quarter in range(4):
            k = 300 + 90 * quarter + 5 * i
            beat = "beat" if (i + quarter) % 2 else "miss"
            r[name][k] += 0.03 if beat == "beat" else -0.03
            rows.append((name, sessions[k], beat))
    prices = pd.DataFrame({"MKT": m, **r}, index=sessions).add(1).cumprod().mul(50)
    prices.rename_axis("date").to_csv(folder / "prices.csv")
    pd.DataFrame(rows, columns=["ticker", "date", "surprise"]).to_csv(folder / "earnings.csv", index=False)
    (folder / "season.toml").write_text(
        '[pairs]\nsource = "earnings.csv"\nby = ["surprise"]\n[prices]\nsource = "prices.csv"\n[market]\nsymbol = "MKT"\n'
        "[windows]\nevent = [-3, 5]\nestimation = { length = 200, end = -6, minimum = 100 }\nhorizons = [[0, 1], [2, 5]]\n"
    )
    run_study(folder / "season.toml", folder / "out", quick=True)
    return folder


def car_by_hand(r, name, k, window, own):
    """Give the sum over a window of returns less a market model, estimated without days 0 and +1 of the firm's events."""
    base = np.array([t for t in range(k - 205, k - 5) if t > 0 and t not in own and t - 1 not in own])
    slope, level = np.polyfit(r["MKT"].to_numpy()[base], r[name].to_numpy()[base], 1)
    days = slice(k + window[0], k + window[1] + 1)
    return float((r[name].iloc[days] - level - slope * r["MKT"].iloc[days]).sum())


@pytest.mark.slow
def test_firms_and_their_earnings_from_the_prices(firms, sessions):
    r = returns_of(firms / "prices.csv")
    table = pd.read_csv(firms / "earnings.csv", parse_dates=["date"])
    table["k"] = sessions.get_indexer(table["date"])
    own = {name: set(part["k"]) for name, part in table.groupby("ticker")}

    def cars(window, rows=table):
        return np.array([car_by_hand(r, n, k, window, own[n]) for n, k in zip(rows["ticker"], rows["k"], strict=True)])

    shown = pd.read_csv(firms / "out/tables/cars.csv")
    np.testing.assert_allclose(shown["car"], cars((0, 1)), rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(pd.read_csv(firms / "out/tables/chart-each.csv")["estimate"], cars((0, 1)), rtol=1e-7)
    seen = 0
    for file, groups in (("means", [table]), ("means-by-surprise", [g for _, g in table.groupby("surprise")])):
        means = pd.read_csv(firms / f"out/tables/{file}.csv")
        for _, row in means.iterrows():
            rows = table if "group" not in means else table[table["surprise"] == row["group"]]
            value = cars((int(row["first"]), int(row["last"])), rows)
            assert row["caar"] == pytest.approx(value.mean(), rel=1e-7)
            assert row["n"] == len(value)
            if row["test"] == "cross_sectional":
                np.testing.assert_allclose([row["low"], row["high"]], interval(value), rtol=1e-7, atol=1e-10)
                seen += 1
        assert len(means) >= len(groups)
        check_page(((firms / "out/report.html").read_text("utf-8"), f"table-{file}"), means, ["caar", "low", "high"])
    assert seen
    path = pd.read_csv(firms / "out/tables/chart-by-surprise.csv")
    for _, row in path.iterrows():
        rows = table[table["surprise"] == row["group"]]
        assert row["caar"] == pytest.approx(cars((-3, int(row["relative_day"])), rows).mean(), rel=1e-7)
