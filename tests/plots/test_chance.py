import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy.errors import InputError
from eventstudy.plots import placebo, placebo_data, power_curve, power_curve_data


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


@pytest.fixture
def draws():
    return np.random.default_rng(5).normal(0, 0.01, 2000)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_bars_count_every_draw_and_those_beyond(draws, alternative):
    observed = -0.012
    middle = np.median(draws)
    expected = {
        "less": sum(d <= observed for d in draws),
        "greater": sum(d >= observed for d in draws),
        "two-sided": sum(abs(d - middle) >= abs(observed - middle) for d in draws),
    }[alternative]
    ax = placebo(draws, observed, alternative=alternative, pvalue=0.1234)
    assert sum(bar.get_height() for bar in by_gid(ax, "placebo.count")) == 2000
    assert sum(bar.get_height() for bar in by_gid(ax, "placebo.beyond")) == expected
    assert list(by_gid(ax, "placebo.observed")[0].get_xdata()) == [observed, observed]
    assert by_gid(ax, "placebo.label")[0].get_text() == "observed\n−1.20%\np = 0.123"
    words = {
        "less": "as low or lower",
        "greater": "as large or larger",
        "two-sided": "as far from their median or farther",
    }
    said = " ".join(by_gid(ax, "subtitle")[0].get_text().split())
    assert (
        said == f"mean reaction on placebo dates; n = 2,000 draws, {expected:,} of them {words[alternative]} (hatched)"
    )


def test_bins_hold_an_observed_value_far_outside_and_leave_out_what_is_no_number(draws):
    table = placebo_data([*draws, np.nan, np.inf], 0.2)
    assert table["right"].iloc[-1] == pytest.approx(0.2)
    assert table["count"].sum() == 2000
    assert len(table) <= 60


def test_one_draw_no_draw_and_wrong_input():
    assert placebo_data([1.0], 1.0)["count"].tolist() == [1]
    assert by_gid(placebo([], 0.1), "empty")
    with pytest.raises(InputError, match="alternative"):
        placebo([1.0], 0.0, alternative="both")
    with pytest.raises(InputError, match="must be a number"):
        placebo([1.0], float("nan"))
    given = Figure().subplots()
    assert placebo([1.0, 2.0], 1.5, ax=given, unit="sd", quantity="mean") is given
    assert given.get_xlabel() == "mean, sd"


POWER = pd.DataFrame(
    {
        "test": ["H2", "H1", "H1", "H2"],
        "effect": [0.0, 0.01, 0.0, 0.01],
        "power": [0.04, 0.9, 0.05, 0.5],
        "n": [5, 12, 12, 5],
    }
)


def test_power_lines_are_the_frame():
    ax = power_curve(POWER)
    np.testing.assert_array_equal(by_gid(ax, "power.line.h1")[0].get_xydata(), [[0, 0.05], [0.01, 0.9]])
    assert list(by_gid(ax, "power.level")[0].get_ydata()) == [0.05, 0.05]
    assert by_gid(ax, "subtitle")[0].get_text().startswith("Power by true effect; n = 5 to 12; level 5%")
    assert not by_gid(ax, "power.band.h1")
    styles = {by_gid(ax, f"power.line.{t}")[0].get_linestyle() for t in ("h1", "h2")}
    assert len(styles) == 2


def test_power_bands_one_line_and_nothing():
    banded = POWER.assign(low=POWER["power"] - 0.01, high=POWER["power"] + 0.01)
    assert by_gid(power_curve(banded), "power.band.h2")
    single = power_curve(POWER.iloc[:1].drop(columns=["test", "n"]))
    assert single.get_legend() is None
    assert list(power_curve_data(POWER.drop(columns="test"))["test"].unique()) == [""]
    assert by_gid(power_curve(POWER.iloc[:0]), "empty")
    with pytest.raises(InputError, match="power"):
        power_curve(POWER.drop(columns="power"))
