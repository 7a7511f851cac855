"""The flagship to the minute: a section from bars of one's own, beside the daily figures."""

import pandas as pd
import pytest

from eventstudy.calibration import simulate_bars
from eventstudy.errors import StudyError
from eventstudy.report.parts.minutes import minutes_part
from eventstudy.report.parts.part import gather
from eventstudy.study import load_study


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    """Prices of a made-up index over the months around 9 April 2025."""
    frame = simulate_bars(symbols=1, days=130, start="2024-11-01", event_every=10_000, seed=3).frame
    prices = (100 * frame[["MKT"]].cumsum().map(lambda x: 2.718281828**x)).rename(columns={"MKT": "SPX"})
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    prices.rename_axis("date").reset_index().to_parquet(path)
    return path


def test_the_section_has_the_exact_moments_and_both_verdicts(bars):
    part = minutes_part(gather(load_study("us-china"), None), bars)
    (section,) = part.sections
    assert section.heading == "To the minute"
    counts = part.results["minutes"]["counts"]
    assert counts["events"] > counts["inside"] > counts["exact"] > counts["studied"] > 0
    assert any("Power first" in line for line in section.paragraphs)
    assert any("circular" in line for line in section.paragraphs)
    assert any("2025-07-30" in line and "cannot be separated" in line for line in section.paragraphs)
    (line,) = [line for line in section.paragraphs if "2025-04-09 13:18" in line]
    assert "90-day pause" in line
    assert "their stances differ, so neither mean below holds them" in line
    both, each = (table.frame for table in part.tables)
    assert {"bars", "days"} <= set(both["data"])
    assert (both["detectable"] > 0).all()
    for stance, question in (("escalation", "press prices down"), ("softening", "lift them")):
        minute = pd.to_datetime(each["announced_at"], utc=True).dt.strftime("%Y-%m-%d %H:%M")
        apart = each[(each["stance"] == stance) & each["car_5"].notna() & (minute != "2025-04-09 17:18")]
        assert len(apart) < (each["stance"].eq(stance) & each["car_5"].notna()).sum()
        row = both[both["question"].str.contains(question) & (both["window"] == "5 minutes")].iloc[0]
        assert row["n"] == len(apart)
        assert row["estimate"] == pytest.approx(apart["car_5"].mean())
    pause = each.set_index("event_id").loc["2025-04-09_pause"]
    assert pd.notna(pause["car_5"])
    assert not each["precision"].isin(["approx_5min"]).any()
    for chart in part.charts:
        assert chart.draw() is not None


def test_bars_without_the_market_are_refused(bars, tmp_path):
    other = pd.read_parquet(bars).rename(columns={"SPX": "NVDA"})
    other.to_parquet(tmp_path / "other.parquet")
    with pytest.raises(StudyError, match="the bars lack the market"):
        minutes_part(gather(load_study("us-china"), None), tmp_path / "other.parquet")


def test_days_are_no_bars(tmp_path):
    days = pd.DataFrame({"date": pd.bdate_range("2025-01-02", periods=60), "SPX": range(100, 160)})
    days.to_csv(tmp_path / "days.csv", index=False)
    with pytest.raises(StudyError, match="not bars within days"):
        minutes_part(gather(load_study("us-china"), None), tmp_path / "days.csv")
