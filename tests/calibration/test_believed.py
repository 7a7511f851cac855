"""The advice, counted: on simulated studies and on random dates of prices; each count against a loop or a known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventstudy.calibration import Plan, calibrate_advice, calibrate_prices
from eventstudy.calibration.further_scenarios import FURTHER
from eventstudy.calibration.scenarios import Geometry
from eventstudy.cli.lab import Placebo, run_lab
from eventstudy.errors import StudyError

PLAN = Plan(tests=("bmp", "kp_bmp", "portfolio"), windows=((0, 0),), events=(12,), replications=60)
MONTE_CARLO = 3.5  # standard errors; fixed seeds


def prices(factor: float, securities: int = 40, bars: int = 700) -> pd.DataFrame:
    """Return prices that a market and a second factor move, which the market model leaves out."""
    rng = np.random.default_rng(3)
    market, other = 0.01 * rng.standard_normal((2, bars, 1))
    move = market + factor * other + 0.02 * rng.standard_normal((bars, securities))
    frame = pd.DataFrame(100 * np.exp(move.cumsum(axis=0)), columns=[f"S{at}" for at in range(securities)])
    return frame.assign(INDEX=100 * np.exp(market.cumsum(axis=0)))


def cells(rows):
    return {(row.scenario, row.test): row.cell for row in rows}


def test_on_one_date_of_correlated_prices_only_what_bears_it_is_believed():
    found = cells(calibrate_prices(prices(1.0), PLAN, market="INDEX", places=("one",)))
    everywhere = found["prices, one date", "bmp"]
    assert everywhere.replications == 60
    assert everywhere.two > 60 * (
        0.05 + MONTE_CARLO * np.sqrt(0.05 * 0.95 / 60)
    )  # correlated firms, taken as independent
    assert ("prices, one date, believed", "bmp") not in found
    for name in ("kp_bmp", "reported"):
        cell = found["prices, one date, believed", name]
        assert cell.replications >= 57
        assert cell.two <= 60 * (0.05 + MONTE_CARLO * np.sqrt(0.05 * 0.95 / 60))


def test_on_independent_prices_they_are_believed():
    found = cells(calibrate_prices(prices(0.0), PLAN, market="INDEX", places=("own",)))
    assert found["prices, dates apart, believed", "bmp"].replications >= 55
    assert ("prices, dates apart", "portfolio") not in found  # needs one date


def test_three_a_session_stand_on_consecutive_sessions():
    rows = calibrate_prices(prices(0.0), PLAN, places=("consecutive",))
    assert {row.scenario for row in rows} == {"prices, consecutive", "prices, consecutive, believed"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"market": "INDX"}, "is no column of the prices"),
        ({"places": ("two",)}, "there is no place 'two'"),
    ],
)
def test_what_prices_cannot_do_is_said(given, said):
    with pytest.raises(StudyError, match=said):
        calibrate_prices(prices(0.0), PLAN, **given)


def test_short_prices_and_scenarios_are_refused():
    for place in ("one", "own", "consecutive"):
        with pytest.raises(StudyError, match="give longer prices"):
            calibrate_prices(prices(0.0, bars=200), PLAN, places=(place,))
    with pytest.raises(StudyError, match="have no scenario"):
        calibrate_prices(prices(0.0), Plan(scenarios=("normal",)))


def test_the_command_takes_prices_of_a_file(tmp_path, capsys):
    path = tmp_path / "prices.csv"
    prices(0.0).set_axis(pd.bdate_range("2020-01-01", periods=700), axis=0).rename_axis("date").to_csv(path)
    out = tmp_path / "table.csv"
    plan = Plan(tests=("bmp",), windows=((0, 0),), events=(6,), replications=5)
    run_lab(plan, out=out, resume=None, workers=1, placebo=Placebo(path, "INDEX", ("own",)))
    assert "prices, dates apart, believed" in capsys.readouterr().out
    assert out.read_text().startswith(
        "# eventstudy calibrate --prices prices.csv --market INDEX --dates own --tests bmp"
    )
    with pytest.raises(StudyError, match="go with --prices"):
        run_lab(plan, out=None, resume=None, workers=1, placebo=Placebo(None, "INDEX", ()))
    with pytest.raises(StudyError, match="run in one process"):
        run_lab(plan, out=None, resume=None, workers=2, advice=True)


def test_the_advice_on_data_with_known_truth():
    found = cells(
        calibrate_advice(
            Plan(scenarios=("common",), tests=PLAN.tests, windows=((0, 0),), events=(30,), replications=40)
        )
    )
    assert found["common", "bmp"].replications == 40
    assert ("common, believed", "bmp") not in found
    assert found["common, believed", "kp_bmp"].replications >= 38


class TestScenarios:
    """What departs is there, measured on the draw itself."""

    geometry = Geometry()

    def drawn(self, name, n=40):
        return FURTHER[name].draw(np.random.default_rng(1), 20, n, self.geometry)

    def test_thin_trading(self):
        share = (self.drawn("thin").returns == 0).mean()
        assert share == pytest.approx(1 / 3, abs=0.01)

    def test_the_chosen_date_has_the_largest_of_the_factor(self):
        def day(name):
            drawn = self.drawn(name)
            own = drawn.returns - drawn.market
            return own.reshape(20, 40, -1).mean(axis=1)[:, self.geometry.before].mean()

        assert abs(day("left_out")) < 0.006 * MONTE_CARLO / np.sqrt(20)
        expected = 0.006 * 1.867  # the mean largest of 20 normals
        assert day("left_out_chosen") == pytest.approx(expected, abs=MONTE_CARLO * 0.006 * 0.6 / np.sqrt(20))

    @pytest.mark.parametrize(("name", "dates"), [("two_dates", 2), ("three_dates", 3)])
    def test_dates_of_equal_size_that_share_no_bar(self, name, dates):
        day0 = self.drawn(name, 60).day0
        found, size = np.unique(day0[3], return_counts=True)
        assert size.tolist() == [60 // dates] * dates
        assert np.diff(found).tolist() == [30] * (dates - 1)

    def test_three_events_in_ten_have_a_raised_variance(self):
        """Days -10 .. 10 of nine times the variance: of normal events with 21 days the sample variances part at 3."""
        drawn = self.drawn("some_raised", 200)
        own = (drawn.returns - drawn.market).reshape(20, 200, -1)[..., self.geometry.before - 10 :]
        assert own.shape[-1] == 21
        share = (own.var(axis=-1) > 3 * 0.02**2).mean()
        assert share == pytest.approx(0.3, abs=MONTE_CARLO * np.sqrt(0.3 * 0.7 / 4000))

    def test_exponential_returns_have_skewness_two(self):
        drawn = self.drawn("exponential")
        noise = (drawn.returns - drawn.market) / 0.02
        assert (noise**3).mean() / (noise**2).mean() ** 1.5 == pytest.approx(2, abs=0.15)

    def test_one_index_is_one_series(self):
        drawn = self.drawn("one_index")
        returns = drawn.returns.reshape(20, 40, -1)
        assert (returns == returns[:, :1]).all()
        assert np.ptp(drawn.day0) > 900
        assert all(np.unique(row).size > 30 for row in drawn.day0)

    def test_volatility_that_all_share(self):
        drawn = self.drawn("shared_volatility")
        size = np.abs(drawn.returns - drawn.market).reshape(20, 40, -1).mean(axis=1)
        lag = np.mean([np.corrcoef(row[1:], row[:-1])[0, 1] for row in size])
        assert lag > 0.7
        assert np.sqrt((drawn.returns - drawn.market).var()) == pytest.approx(0.02, rel=0.25)
