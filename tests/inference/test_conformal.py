"""Conformal tests against loops: every refit by another solver, every permutation written out, ends found by halving."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import nnls

import eventstudy as es
from eventstudy.errors import StudyError
from eventstudy.inference.beyond.conformal import by_search, groups, linear_conformal

ENDS = 1e-8  # of a return: where the search stops
ESTIMATION, DAY0, BARS = 100, 120, 140


def shifts(residual, length, score):
    """p by brute force: every cyclic shift of the residuals, the window at their end."""
    size = residual.size
    own = [np.abs(residual[-length:]).mean() if score == "abs" else abs(residual[-length:].sum())]
    count = 0
    for shift in range(size):
        rolled = np.roll(residual, shift)[-length:]
        value = np.abs(rolled).mean() if score == "abs" else abs(rolled.sum())
        count += value >= own[0] - 1e-12 * np.abs(residual).max()
    return count / size


def panel(seed=0, donors=6):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.01, BARS)
    columns = {"M": common, "A": 0.001 + 1.2 * common + rng.standard_t(4, BARS) * 0.01}
    columns |= {f"D{i}": rng.uniform(0.5, 1.5) * common + rng.normal(0, 0.01, BARS) for i in range(donors)}
    return pd.DataFrame(columns, index=pd.bdate_range("2024-01-01", periods=BARS))


def fit(model, frame, window=(0, 4)):
    events = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [frame.index[DAY0]]})
    study = es.EventStudy(model=model, calendar=None, window=window, mask_events=False,
                          estimation=es.EstimationWindow(ESTIMATION, -3))  # fmt: skip
    return study.fit(events, frame)


def joint(frame, length):
    at = np.r_[DAY0 - 3 - ESTIMATION + 1 : DAY0 - 2, DAY0 : DAY0 + length]
    effect = np.r_[np.zeros(ESTIMATION), np.ones(length)]
    return frame.iloc[at], effect


@pytest.mark.slow
@pytest.mark.parametrize("score", ["abs", "sum"])
@pytest.mark.parametrize("length", [1, 5])
def test_the_market_model_is_refitted_on_all_bars(score, length):
    for seed in range(5):
        frame = panel(seed)
        row = fit(es.MarketModel("M"), frame).conformal((0, length - 1), statistic=score).iloc[0]
        both, effect = joint(frame, length)
        x = sm.add_constant(both["M"].to_numpy())

        y = both["A"].to_numpy()

        def residual(theta, y=y, effect=effect, x=x):
            return sm.OLS(y - theta * effect, x).fit().resid

        assert row["pvalue"] == pytest.approx(shifts(residual(0.0), length, score), abs=1e-12)
        assert row["permuted"] == ESTIMATION + length
        inside = row["car"] / length
        for end, sign in ((row["low"], -1), (row["high"], 1)):
            kept, gone = inside, inside + sign
            while abs(gone - kept) > 1e-11:
                middle = (kept + gone) / 2
                kept, gone = (middle, gone) if shifts(residual(middle), length, score) > 0.05 else (kept, middle)
            assert end == pytest.approx(length * kept, abs=length * ENDS)


def test_search_and_closed_form_are_the_same_interval():
    rng = np.random.default_rng(1)
    for _ in range(40):
        x = np.column_stack([np.ones(105), rng.normal(size=105)])
        hat = np.eye(105) - x @ np.linalg.pinv(x)
        effect = np.r_[np.zeros(100), np.ones(5)]
        residual, moved = hat @ rng.standard_t(3, 105), hat @ effect
        choice = groups(105, 5, "block")
        closed = linear_conformal(residual, moved, choice, score="sum")
        centre = residual[-5:].sum() / moved[-5:].sum()
        found = by_search(lambda theta, u=residual, m=moved: u - theta * m, choice, centre, score="sum")
        np.testing.assert_allclose([found.low, found.high], [closed.low, closed.high], atol=ENDS)
        assert found.pvalue == closed.pvalue


def weights(stock, others):
    scale = np.sqrt(((others - stock) ** 2).mean())
    found, _ = nnls(np.vstack([(others - stock).T / scale, np.ones(len(others))]), np.append(np.zeros(stock.size), 1.0))
    return found / found.sum()


def test_a_synthetic_control_is_refitted_for_every_effect():
    frame = panel(3)
    names = [f"D{i}" for i in range(6)]
    row = fit(es.SyntheticControl(names), frame).conformal((0, 1)).iloc[0]
    both, effect = joint(frame, 2)
    others = both[names].to_numpy().T
    others = others - others.mean(axis=1, keepdims=True)

    def residual(theta):
        y = both["A"].to_numpy() - theta * effect
        y = y - y.mean()
        return y - weights(y, others) @ others

    assert row["pvalue"] == pytest.approx(shifts(residual(0.0), 2, "abs"), abs=1e-12)
    for end in (row["low"], row["high"]):
        step = 1e-6 * np.sign(end - row["car"])
        assert shifts(residual(end / 2 - step), 2, "abs") > 0.05 >= shifts(residual(end / 2 + step), 2, "abs")


@pytest.mark.parametrize(
    "model",
    [es.MeanAdjusted(), es.MarketAdjusted("M"), es.ControlPortfolio(("D0", "D1")), es.RobustMarketModel("M"),
     es.ScholesWilliams("M"), es.LatentFactorModel([f"D{i}" for i in range(12)]), es.SyntheticDiD(("D0", "D1", "D2"))],
)  # fmt: skip
def test_every_model_has_its_interval(model):
    frame = panel(4, donors=12)
    frame.loc[frame.index[DAY0], "A"] += 0.2
    row = fit(model, frame).conformal((0, 0)).iloc[0]
    assert row["pvalue"] == pytest.approx(1 / row["permuted"])
    assert row["low"] < row["car"] + 0.01
    assert 0.1 < row["low"] < row["high"] < 0.3


def test_latent_factors_are_those_of_both_windows():
    names = [f"D{i}" for i in range(12)]
    frame = panel(5, donors=12)
    row = (
        fit(es.LatentFactorModel(names, components=1), frame, window=(0, 2)).conformal((0, 2), statistic="sum").iloc[0]
    )
    both, _ = joint(frame, 3)
    block = both[names].to_numpy()
    block = block - block[:ESTIMATION].mean(axis=0)
    u, s, _ = np.linalg.svd(block, full_matrices=False)
    residual = sm.OLS(both["A"].to_numpy(), sm.add_constant(u[:, 0] * s[0])).fit().resid
    assert row["pvalue"] == pytest.approx(shifts(residual, 3, "sum"), abs=1e-12)


def test_no_interval_is_made_up():
    frame = panel(6)
    result = fit(es.MarketModel("M"), frame)
    wide = result.conformal((0, 4), level=0.9999).iloc[0]
    assert (wide["low"], wide["high"]) == (-np.inf, np.inf)
    frame.loc[frame.index[DAY0 : DAY0 + 4 : 3], "A"] += [0.5, -0.5]  # no constant effect makes these bars usual
    row = fit(es.MarketModel("M"), frame).conformal((0, 4)).iloc[0]
    assert np.isnan([row["low"], row["high"]]).all()
    assert row["pvalue"] < 0.05


def test_random_permutations_list_every_bar_for_one_and_draw_for_more():
    assert np.array_equal(np.sort(groups(20, 1, "iid").place[:, 0]), np.arange(20))
    drawn = groups(20, 3, "iid", np.random.default_rng(0), draws=50).place
    assert drawn.shape == (51, 3)
    assert drawn[0].tolist() == [17, 18, 19]
    result = fit(es.MarketModel("M"), panel(7))
    one, other = (result.conformal((0, 2), permutations="iid", seed=3)["pvalue"].iloc[0] for _ in range(2))
    assert one == other


@pytest.mark.parametrize("wrong", [{"statistic": "max"}, {"permutations": "all"}, {"level": 1.0}])
def test_words_that_are_none_are_refused(wrong):
    with pytest.raises(StudyError):
        fit(es.MarketModel("M"), panel()).conformal((0, 0), **wrong)


@pytest.mark.parametrize("score", ["abs", "sum"])
def test_its_size_is_exact_under_independence(score):
    rng = np.random.default_rng(8)
    x = np.column_stack([np.ones(105), rng.normal(size=105)])
    hat = np.eye(105) - x @ np.linalg.pinv(x)
    choice = groups(105, 5, "block")
    p = np.array([choice.pvalue(row, score) for row in rng.standard_t(4, (4000, 105)) @ hat])
    assert abs((p <= 0.05).mean() - 0.0476) < 3 * np.sqrt(0.05 * 0.95 / 4000)  # 5 of 105


class TestByHand:
    """Windows of few bars, every number written out."""

    def test_the_shifts_of_five_residuals(self):
        assert groups(5, 2, "block").place.tolist() == [[3, 4], [4, 0], [0, 1], [1, 2], [2, 3]]
        assert groups(4, 1, "iid").place.tolist() == [[3], [0], [1], [2]]
        assert groups(3, 3, "block").place.tolist() == [[0, 1, 2], [1, 2, 0], [2, 0, 1]]

    def test_random_groups_hold_each_bar_at_most_once_and_are_those_of_seed_nought(self):
        one = groups(12, 3, "iid", draws=40).place
        assert one.shape == (41, 3)
        assert all(len(set(row)) == 3 for row in one.tolist())
        assert set(one.ravel().tolist()) == set(range(12))
        np.testing.assert_array_equal(one, groups(12, 3, "iid", np.random.default_rng(0), draws=40).place)
        assert len(groups(3, 2, "iid").place) == 10_000  # the window itself and 9,999 draws

    def test_ties_count_and_what_is_a_little_less_does_not(self):
        residual = np.array([3.0, -3.0, 1.0, 3.0 - 1e-9, 3.0])
        choice = groups(5, 1, "block")
        assert choice.pvalue(residual, "abs") == 3 / 5
        rounded = residual + np.array([0.0, 0.0, 0.0, 0.0, 1e-12])  # a tie but for rounding
        assert choice.pvalue(rounded, "abs") == 3 / 5
        large = np.r_[residual[:4], 1e4, 3.0]  # rounding is judged by the largest of all residuals
        large[3] = 3.0 - 5e-9
        assert groups(6, 1, "block").pvalue(large, "abs") == 5 / 6

    def test_scores_of_a_window_of_two(self):
        residual = np.array([1.0, -2.0, 4.0])
        choice = groups(3, 2, "block")  # (1, 2), (2, 0), (0, 1)
        assert choice.scores(residual, "abs").tolist() == [3.0, 2.5, 1.5]
        assert choice.scores(residual, "sum").tolist() == [2.0, 5.0, 1.0]

    @pytest.mark.parametrize("score", ["abs", "sum"])
    def test_one_bar_against_four_that_do_not_move(self, score):
        """The effect is kept while |6 - theta| is at most the second largest of 1, 2, 3, 4; at three of five bars at 40 %."""
        residual, moved = np.array([1.0, -2.0, 3.0, -4.0, 6.0]), np.array([0.0, 0.0, 0.0, 0.0, 1.0])
        choice = groups(5, 1, "block")
        found = linear_conformal(residual, moved, choice, score=score, level=0.8)
        assert (found.pvalue, found.bars, found.smallest) == (0.2, 5, 0.2)
        assert (found.low, found.high) == pytest.approx((2.0, 10.0), abs=ENDS)  # as large as the largest of the others
        wide = linear_conformal(residual, moved, choice, score=score, level=0.6)
        assert (wide.low, wide.high) == pytest.approx((3.0, 9.0), abs=ENDS)
        none = linear_conformal(residual, moved, choice, score=score, level=0.81)  # no p is below 19 %
        assert (none.low, none.high, none.pvalue, none.bars, none.smallest) == (-np.inf, np.inf, 0.2, 5, 0.2)
        assert linear_conformal(
            np.zeros(19) + residual[0], np.eye(19)[18], groups(19, 1, "block"), score=score
        ).low == (-np.inf)  # the usual level is 95 %: nineteen bars are too few

    @pytest.mark.parametrize("score", ["abs", "sum"])
    def test_twenty_bars_are_just_enough_for_the_usual_level(self, score):
        residual = np.r_[np.linspace(-2.0, 2.0, 19), 9.0]
        found = linear_conformal(residual, np.eye(20)[19], groups(20, 1, "block"), score=score)
        assert (found.low, found.high, found.smallest) == (pytest.approx(7.0), pytest.approx(11.0), 0.05)

    def test_groups_that_move_as_the_window_does_bound_nothing(self):
        """u(theta) = u - theta m is alike in all groups: no theta is better than another."""
        residual = np.array([0.0, 0.0, 0.0, 1.0])
        found = linear_conformal(residual, np.ones(4), groups(4, 1, "block"), score="sum", level=0.5)
        assert (found.low, found.high) == (-np.inf, np.inf) or found.low <= 1.0 <= found.high

    def test_a_search_that_finds_no_end_or_no_effect_says_so(self):
        choice = groups(4, 1, "block")
        usual = np.array([1.0, -1.0, 1.0, -1.0])
        found = by_search(lambda _: usual, choice, 0.0, level=0.75)
        assert (found.pvalue, found.low, found.high, found.bars, found.smallest) == (1.0, -np.inf, np.inf, 4, 0.25)
        odd = np.array([1.0, -1.0, 1.0, -7.0])
        gone = by_search(lambda _: odd, choice, 0.0, level=0.75)
        assert (gone.pvalue, gone.bars, gone.smallest) == (0.25, 4, 0.25)
        assert np.isnan([gone.low, gone.high]).all()

    def test_p_is_that_of_no_effect_and_the_search_begins_at_the_best(self):
        def residual(theta):
            return np.array([0.1, -0.1, 0.05, 0.0]) + np.array([0.0, 0.0, 0.0, 5.0 - theta])

        found = by_search(residual, groups(4, 1, "block"), 5.0, level=0.75)
        assert found.pvalue == 0.25
        assert (found.low, found.high) == pytest.approx((4.9, 5.1), abs=ENDS)
        still = by_search(lambda theta: np.array([0.0, 0.0, 0.0, -theta]), groups(4, 1, "block"), 0.0, level=0.75)
        assert (still.pvalue, still.low, still.high) == (
            1.0,
            pytest.approx(0.0, abs=ENDS),
            pytest.approx(0.0, abs=ENDS),
        )

    def test_the_best_effect_of_the_mean_size_is_that_of_least_squares(self):
        """Bars that the effect leaves as they are do not tell it: u @ m / m @ m is the middle of the search."""
        residual, moved = np.array([0.5, -0.5, 0.2, 3.0, 5.0]), np.array([0.0, 0.0, 0.0, 1.0, 2.0])
        found = linear_conformal(residual, moved, groups(5, 2, "block"), level=0.8)
        centre = (3.0 + 10.0) / 5
        assert found.low < centre < found.high

    def test_p_does_not_depend_on_the_unit(self):
        residual, choice = np.array([3.0, -3.0, 1.0, 2.9, 3.0]), groups(5, 1, "block")
        assert [choice.pvalue(unit * residual, "abs") for unit in (1.0, 1e-13, 1e13)] == [3 / 5] * 3
        assert choice.pvalue(np.zeros(5), "abs") == 1.0

    def test_the_search_steps_by_the_size_of_the_residuals_and_doubles(self):
        """Effects that are kept lie apart: steps of 8 and 16 meet them at 8 and 24, and 56 is beyond."""

        def residual(theta):
            kept = any(low <= abs(theta) <= low + 2 for low in (-1, 7, 23))
            return np.array([8.0, -8.0, 8.0, -8.0 if kept else -30.0])

        found = by_search(residual, groups(4, 1, "block"), 0.0, level=0.75)
        assert (found.low, found.high) == pytest.approx((-25.0, 25.0), abs=ENDS)
