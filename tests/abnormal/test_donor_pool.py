"""Who may stand for the studied security: control and matched portfolios, and the state of each donor of a pool by hand."""

import numpy as np
import pytest

from eventstudy.abnormal import (
    ControlPortfolio,
    DimsonSum,
    GarchMarketModel,
    LatentFactorModel,
    MatchedPortfolio,
    RobustMarketModel,
    ScholesWilliams,
    SyntheticControl,
    SyntheticDiD,
    TradeToTrade,
    estimate,
)
from eventstudy.abnormal.models.donor_pool import Donor, DonorEvents, Pool, pool_of
from eventstudy.errors import StudyError

RTOL = 1e-12  # a handful of float64 sums on both sides
NONE = np.array([], dtype=np.int64)


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (ControlPortfolio(("A", "B")), {"k": 1, "forecast": False}),
        (MatchedPortfolio({"A": "B"}), {"k": 1, "forecast": False, "symbols": ()}),
        (SyntheticControl(("A", "B")), {"k": 1, "forecast": True, "forecast_columns": ()}),
        (SyntheticDiD(("A", "B")), {"k": 1, "forecast": True, "forecast_columns": ()}),
        (LatentFactorModel(("A", "B"), components=3), {"k": 4, "forecast": True}),
        (LatentFactorModel(("A", "B")), {"k": 9, "forecast": True}),  # a criterion chooses 8 at most
        (LatentFactorModel(("A", "B"), components=0), {"k": 1, "forecast": True}),
        (RobustMarketModel("m"), {"k": 2, "forecast": True, "forecast_columns": (0, 1)}),
        (GarchMarketModel("m"), {"k": 2, "forecast": True, "forecast_columns": (0, 1), "minimum": 250, "seed": 0}),
        (TradeToTrade("m"), {"k": 2, "forecast": True, "forecast_columns": (0, 1)}),
        (ScholesWilliams("m"), {"k": 2, "forecast": True, "forecast_columns": (0, 2)}),
        (DimsonSum("m"), {"k": 4, "forecast": True, "forecast_columns": (0, 2), "n": 1}),
        (DimsonSum("m", 2), {"k": 6, "forecast": True, "forecast_columns": (0, 3)}),
    ],
)
def test_parameters_that_a_model_counts_and_columns_that_it_forecasts_with(model, named):
    assert {name: getattr(model, name) for name in named} == named
    assert not any(name in repr(model) for name in ("k=", "forecast"))
    with pytest.raises(TypeError):
        type(model)(*([("A", "B")] if hasattr(model, "donors") else ["m"]), k=3)


def test_a_control_portfolio_subtracts_a_weighted_mean_and_estimates_a_standard_deviation_only():
    rng = np.random.default_rng(1)
    stock, others = rng.normal(0, 0.01, 50), rng.normal(0, 0.01, (2, 50))
    others[1, [5, 41]] = np.nan
    for weights in ((0.25, 0.75), None):
        fitted = estimate(stock[None], others, security=np.array([0]), day0=np.array([41]), window=(-1, 2),
                          estimation=(-40, -2), model=ControlPortfolio(("A", "B"), weights), minimum=10)  # fmt: skip
        first, second = weights or (0.5, 0.5)
        gap = stock - first * others[0] - second * others[1]
        np.testing.assert_allclose(fitted.ar[0], gap[40:44], rtol=RTOL)
        estimation = np.delete(gap[1:40], 4)  # bar 5 lacks a donor
        assert (fitted.m[0], fitted.df[0]) == (38, 37)
        np.testing.assert_allclose(fitted.sigma[0], estimation.std(ddof=1), rtol=RTOL)
    assert np.isnan(fitted.ar[0]).tolist() == [False, True, False, False]


def test_a_matched_portfolio_subtracts_the_match_of_each_security():
    rng = np.random.default_rng(2)
    stocks, matches = rng.normal(0, 0.01, (2, 40)), rng.normal(0, 0.01, (2, 1, 40))
    fitted = estimate(stocks, matches, security=np.array([0, 1]), day0=np.array([31, 31]), window=(0, 2),
                      estimation=(-30, -2), model=MatchedPortfolio({"A": "X", "B": ("Y", "Z")}), minimum=10)  # fmt: skip
    np.testing.assert_allclose(fitted.ar, (stocks - matches[:, 0])[:, 31:34], rtol=RTOL)
    np.testing.assert_allclose(fitted.sigma, (stocks - matches[:, 0])[:, 1:30].std(axis=1, ddof=1), rtol=RTOL)
    assert fitted.df.tolist() == [28, 28]


def test_a_match_is_one_symbol_or_several_and_never_the_security_itself():
    model = MatchedPortfolio({"A": "X", "B": ["Y", "Z"]})
    assert (model.members("A"), model.members("B")) == (("X",), ("Y", "Z"))
    assert hash(model) == hash(MatchedPortfolio({"A": "W"}))  # the match is no part of it: a mapping has none
    assert model != MatchedPortfolio({"A": "W"})
    for match in ({"A": "A"}, {"A": ("B", "A")}, {"A": ()}):
        with pytest.raises(StudyError, match="name at least one other symbol"):
            MatchedPortfolio(match)
    with pytest.raises(StudyError, match="names no match for 'C'"):
        model.members("C")
    with pytest.raises(StudyError, match="needs the match"):
        model.split(None)


def test_weights_of_a_control_portfolio_sum_to_one_a_weight_for_each():
    assert ControlPortfolio(("A",)).weights == (1.0,)
    assert ControlPortfolio(("A", "B", "C", "D")).weights == (0.25,) * 4
    assert ControlPortfolio(("A", "B"), (1.5, -0.5)).weights == (1.5, -0.5)
    assert ControlPortfolio(("A", "B"), (0.5, 0.5 + 1e-10)).symbols == ("A", "B")
    for donors, weights in [
        ((), None),
        ((), ()),
        (("A", "B"), (1.0,)),
        (("A",), (0.5, 0.5)),
        (("A", "B"), (0.5, 0.6)),
        (("A", "B"), (0.5, 0.4)),
        (("A", "B"), (0.5, 0.5 + 1e-8)),
        (("A", "B"), (-0.5, -0.5)),
    ]:
        with pytest.raises(StudyError, match="summing to 1"):
            ControlPortfolio(donors, weights)
    with pytest.raises(StudyError, match="needs the returns of its donors"):
        ControlPortfolio(("A", "B")).split(None)


def test_what_became_of_a_donor_is_a_word_and_a_small_number():
    reasons = ["used", "filled", "studied_here", "own_event", "hole_in_window", "holes"]
    assert [Donor(number).reason for number in range(len(Donor))] == reasons


def pool(returns, exclude="overlap", row=None, begins=None):
    events = DonorEvents(np.full(len(returns), -1) if row is None else np.array(row), begins)
    return Pool(returns, np.isfinite(returns), events, exclude)


def test_holes_up_to_the_share_are_filled_and_one_more_is_too_many():
    returns = np.zeros((5, 60))
    estimation, window = np.arange(2, 52), np.arange(54, 58)  # a fiftieth of 50 bars is one
    returns[1, 2] = np.nan  # the first bar
    returns[2, [20, 51]] = np.nan  # the last bar too
    returns[3, 57] = np.nan  # the last bar of the window
    returns[4, [0, 1, 52, 53, 58, 59]] = np.nan  # bars of neither
    state = pool(returns).state(55, NONE, estimation, window, 0.02)
    assert state.tolist() == [Donor.USED, Donor.FILLED, Donor.HOLES, Donor.HOLE_IN_WINDOW, Donor.USED]
    assert pool(returns).state(55, NONE, estimation, window, 0.0).tolist()[1] == Donor.HOLES
    assert pool(returns).state(55, NONE, estimation, window, 0.04).tolist()[2] == Donor.FILLED


@pytest.mark.parametrize(("day0", "near"), [(20, range(17, 24)), (2, range(6)), (38, range(35, 40))])
def test_events_of_a_donor_count_where_their_windows_meet_that_of_the_date(day0, near):
    """A window of four bars meets another whose day 0 lies three bars off, on either side, also at the edge of the data."""
    bars = 40
    begins = np.eye(bars, dtype=bool)  # donor j has its event on bar j
    window = np.arange(max(0, day0 - 1), day0 + 3) if day0 < 38 else np.arange(36, 40)
    for exclude, out in (("overlap", near), ("ever_treated", range(bars)), ("never", ())):
        found = pool(np.zeros((bars, bars)), exclude, begins=begins).state(day0, NONE, np.arange(5), window, 0.0)
        assert np.flatnonzero(found == Donor.OWN_EVENT).tolist() == list(out)


def test_a_date_whose_window_lies_outside_the_data_meets_events_of_that_very_bar():
    begins = np.eye(9, dtype=bool)
    found = pool(np.zeros((9, 9)), begins=begins).state(4, NONE, np.arange(3), NONE, 0.0)
    assert np.flatnonzero(found).tolist() == [4]


def test_a_donor_studied_on_the_date_is_none_of_its_donors():
    rows = [-1, 4, 7, 4]
    returns = np.zeros((4, 10))
    returns[3] = np.nan
    for exclude, expected in (("overlap", [0, 2, 0, 2]), ("never", [0, 0, 0, Donor.HOLE_IN_WINDOW])):
        state = pool(returns, exclude, rows).state(5, np.array([4, 5]), np.arange(4), np.arange(5, 8), 0.02)
        assert state.tolist() == expected


def test_bars_on_which_some_donor_has_a_return():
    returns = np.array([[0.1, np.nan, np.nan], [0.2, np.nan, 0.1]])
    assert pool(returns).some.tolist() == [True, False, True]


def test_a_pool_hides_the_bars_of_the_donors_own_events_unless_they_are_never_left_out():
    series = np.array([[0.1, np.nan, 0.3], [0.1, 0.2, 0.3]])
    hidden = np.array([[True, False, False], [False, False, True]])
    events = DonorEvents(np.array([-1, -1]), None, hidden)
    own = pool_of(SyntheticControl(("A", "B")), series, events)
    assert own.there.tolist() == [[False, False, True], [True, True, False]]
    never = pool_of(SyntheticControl(("A", "B"), exclude="never"), series, events)
    assert never.there.tolist() == [[True, False, True], [True, True, True]]
    plain = pool_of(SyntheticControl(("A", "B")), series, None)
    assert plain.events.row.tolist() == [-1, -1]
    for wrong in (None, series[:1], series[0], np.zeros((3, 3))):
        with pytest.raises(StudyError, match="returns of its 2 donors"):
            pool_of(SyntheticControl(("A", "B")), wrong, None)


def test_what_is_wrong_with_the_names_is_told_with_eight_of_them_at_most():
    eight = tuple("ABCDEFGA")
    with pytest.raises(StudyError, match="donors are A, B, C, D, E, F, G, A: name two at least"):
        SyntheticControl(eight)
    with pytest.raises(StudyError, match="donors are A, B, C, D, E, F, G, A and 1 more: name one at least"):
        LatentFactorModel((*eight, "B"))
    with pytest.raises(StudyError, match="donors are none: name two at least"):
        SyntheticDiD(())
    assert SyntheticDiD("A B").symbols == ("A", "B")
    assert LatentFactorModel(("A",)).symbols == ("A",)


def test_a_model_of_more_than_six_donors_is_told_by_its_ends_and_a_digest():
    assert repr(SyntheticDiD(tuple("ABCDEF"))) == "SyntheticDiD(('A', 'B', 'C', 'D', 'E', 'F'), exclude='overlap')"
    # the digest is the first eight letters of what `printf 'A\nB\nC\nD\nE\nF\nG' | sha256sum` prints
    said = "SyntheticDiD(7 donors 'A' .. 'G', digest 679da1b7, exclude='overlap')"
    assert repr(SyntheticDiD(tuple("ABCDEFG"))) == said
