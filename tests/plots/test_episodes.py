import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy.errors import InputError
from eventstudy.plots import overlay, overlay_data, tariff_ladder, tariff_ladder_data


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


LEVELS = {"April": [100.0, 98.0, 90.0, 95.0], "October": [200.0, 202.0, 196.0, 204.0]}
FRAME = pd.DataFrame(
    [
        (episode, day, level, "Liberation Day" if (episode, day) == ("April", 0) else None)
        for episode, levels in LEVELS.items()
        for day, level in zip(range(-2, 2), levels, strict=True)
    ],
    columns=["episode", "relative_day", "level", "label"],
)


def test_each_episode_starts_from_the_close_before_its_day_0():
    ax = overlay(FRAME)
    np.testing.assert_allclose(
        by_gid(ax, "overlay.line.april")[0].get_ydata(), [100 / 98 - 1, 0, 90 / 98 - 1, 95 / 98 - 1]
    )
    np.testing.assert_allclose(by_gid(ax, "overlay.line.october")[0].get_ydata()[-1], 204 / 202 - 1)
    assert " ".join(ax.get_title(loc="left").split()) == "April: lowest −8.2% on day 0; October: lowest −3.0% on day 0"
    assert [t.get_text() for t in ax.texts if str(t.get_gid()).startswith("label")] == ["Liberation Day"]


def test_an_episode_without_a_day_before_starts_from_its_first():
    tidy = overlay_data(FRAME[FRAME["relative_day"] >= 0])
    assert tidy.loc[tidy["relative_day"] == 0, "change"].tolist() == [0, 0]


def test_overlay_of_nothing_one_day_and_wrong_input():
    assert by_gid(overlay(FRAME.iloc[:0]), "empty")
    assert len(by_gid(overlay(FRAME.iloc[:1]), "overlay.line.april")[0].get_xdata()) == 1
    given = Figure().subplots()
    assert overlay(FRAME, ax=given) is given
    with pytest.raises(InputError, match="stands twice"):
        overlay(pd.concat([FRAME, FRAME.iloc[:1]]))


RATES = pd.DataFrame(
    {
        "date": ["2025-04-10", "2025-04-05", "2025-04-10"],
        "rate": [145.0, 30.0, 84.0],
        "series": ["US", "US", "China"],
        "label": ["145%", "", None],
    }
)
INDEX = pd.Series(np.arange(10.0) + 5000, index=pd.bdate_range("2025-04-03", periods=10, unit="us"))


def test_a_rate_holds_from_its_date_until_the_next():
    path = tariff_ladder_data(RATES, INDEX).set_index("date")
    assert np.isnan(path.loc["2025-04-03", "US"])
    assert path.loc["2025-04-07", "US"] == 30, "a step on a Saturday is seen on Monday"
    assert path.loc["2025-04-10", ["US", "China"]].tolist() == [145, 84]
    figure = tariff_ladder(RATES, INDEX)
    np.testing.assert_array_equal(by_gid(figure, "ladder.rate.us")[0].get_ydata(), path["US"])
    np.testing.assert_array_equal(by_gid(figure, "ladder.level")[0].get_ydata(), INDEX)
    assert [t.get_text() for t in figure.axes[0].texts if str(t.get_gid()).startswith("label")] == ["145%"]
    assert figure.axes[0].get_xlim()[0] == mdates.date2num(np.datetime64("2025-04-03"))


def test_ladder_of_one_series_of_nothing_and_wrong_input():
    one = tariff_ladder(RATES[["date", "rate"]].iloc[:1], INDEX.rename_axis("date").rename("level").reset_index())
    assert by_gid(one, "ladder.rate.rate")
    assert by_gid(tariff_ladder(RATES, INDEX.iloc[:0]), "empty")
    assert by_gid(tariff_ladder(RATES.iloc[:0], INDEX), "empty")
    with pytest.raises(InputError, match="rate"):
        tariff_ladder(RATES.drop(columns="rate"), INDEX)
