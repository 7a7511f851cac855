"""Each condition of a sample on either side of the limit from which it counts, on samples whose moments are exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.abnormal.window_sample import ClockRecord
from eventstudy.inference import TESTS
from eventstudy.inference.core.raised_variance import Unseen
from eventstudy.inference.core.sample_of import sample_of
from eventstudy.inference.core.spec import CONDITIONS
from eventstudy.inference.core.validity import Conditions, _error_of_skewness, caveats, judge, measure
from samples import with_residuals as sample


def noise(n, past=60, seed=0):
    return np.random.default_rng(seed).normal(size=(n, past))


class TestMissing:
    """From one bar in a hundred on: in the window, or of the planned bars of the estimation window."""

    @pytest.mark.parametrize(("gone", "told"), [(1, False), (2, True)])
    def test_in_the_window(self, gone, told):
        ar = np.full((50, 2), 0.01)
        ar[:gone, 1] = np.nan
        found = measure(sample_of(ar=ar)).present
        assert ("missing" in found) == told
        assert (
            not told or found["missing"] == "2.0% of the window and 0.0% of the estimation window are missing or masked"
        )

    @pytest.mark.parametrize(("gone", "told"), [(58, False), (62, True)])
    def test_in_the_estimation_window_on_average(self, gone, told):
        m = np.full(100, 60)
        m[0] -= 50
        m[1] -= gone - 50
        found = measure(sample(noise(100), m=m)).present
        assert ("missing" in found) == told
        assert (
            not told or found["missing"] == "0.0% of the window and 1.0% of the estimation window are missing or masked"
        )

    def test_events_without_a_return_are_not_looked_at(self):
        ar = np.full((6, 1), 0.01)
        ar[3:] = np.nan
        found = measure(sample_of(ar=ar))
        assert "missing" not in found.present
        assert (found.n, found.bars) == (3, 1)
        assert measure(sample(noise(6), m=np.array([60, 60, 60, 1, 1, 1]), ar=ar, car=ar[:, 0])).present.keys() == {
            "few"
        }

    def test_of_nobody_nothing_is_measured(self):
        found = measure(sample(noise(2), ar=np.full((2, 1), np.nan), car=np.full(2, np.nan)))
        assert dict(found.present) == {"few": "there are 0 security-events"}
        assert (found.n, found.unseen, found.days) == (0, {}, {})


def test_one_event_and_few_events():
    assert measure(sample_of(car=[0.01])).present["few"] == "there is 1 security-event"
    assert measure(sample_of(car=np.full(29, 0.01))).present["few"] == "there are 29 security-events"
    assert "few" not in measure(sample_of(car=np.full(30, 0.01))).present


def test_what_was_measured_is_said():
    assert not measure(sample_of(car=[0.01, 0.02])).measured
    found = measure(sample(noise(3), 2, doubts=("the days are unsure",)))
    assert (found.measured, found.bars, found.data) == (True, 2, ("the days are unsure",))
    inside = measure(replace(sample_of(car=[0.01, 0.02]), within_day=True))
    assert inside.present["within the day"].startswith("bars lie within days, whose volatility follows the clock")
    assert next(iter(inside.present)) == "within the day"


def with_correlation(rho, past=100):
    """Two series of exactly this correlation, a whole number of periods long."""
    bars = 2 * np.pi * np.arange(past) / past
    one, other = np.sin(3 * bars), np.sin(7 * bars)
    return np.array([one, rho * one + np.sqrt(1 - rho**2) * other])


class TestDependence:
    def limit(self, error):
        return stats.gamma.ppf(0.98, 1 / error**2, scale=error**2) - 1

    @pytest.mark.parametrize(("beside", "told"), [(1e-4, True), (-1e-4, False)])
    def test_two_on_one_date(self, beside, told):
        """(N - 1) r of independent series of 100 bars has a standard error of 1/10."""
        r = self.limit(0.1) + beside
        found = measure(sample(with_correlation(r), day0=[500, 500])).present
        assert ("dependence" in found) == told
        said = f"2 security-events in 1 session have a mean residual correlation of {r:.3g}, which makes the variance of their mean x{1 + r:.2f}"
        assert not told or found["dependence"] == said

    @pytest.mark.parametrize(("beside", "told"), [(1e-4, True), (-1e-4, False)])
    def test_two_pairs_on_two_dates(self, beside, told):
        """Two of six pairs meet: r is a third of theirs, its standard error sqrt(4 * 2/16/100) of three times r."""
        rho = self.limit(np.sqrt(0.5) / 10) + beside
        made = sample(np.vstack([with_correlation(rho)] * 2), day0=[500, 500, 900, 900])
        found = measure(made).present
        assert ("staggered dependence" in found) == told
        said = f"4 security-events in 2 sessions have a mean residual correlation of {rho / 3:.3g}"
        assert not told or found["staggered dependence"].startswith(said)

    def test_usable_bars_tell_how_sure_a_correlation_is(self):
        """Of 100 planned bars 25 in use: a standard error of 1/5."""
        for beside, told in ((1e-4, True), (-1e-4, False)):
            r = self.limit(0.2) + beside
            found = measure(sample(with_correlation(r), day0=[500, 500], m=np.array([20, 30]))).present
            assert ("dependence" in found) == told

    @pytest.mark.parametrize(("apart", "told"), [(2, True), (3, False)])
    def test_without_estimation_windows_windows_that_overlap_are_doubtful(self, apart, told):
        found = measure(sample_of(ar=np.full((3, 3), 0.01), day0=[500 + apart, 500, 900])).present
        assert ("staggered dependence" in found) == told
        said = "the windows of 3 security-events in 3 sessions overlap, and without the estimation windows their correlation is not known"
        assert not told or found["staggered dependence"] == said
        same = measure(sample_of(ar=np.full((2, 3), 0.01), day0=[500, 500])).present
        assert same["dependence"].startswith("the windows of 2 security-events in 1 session overlap")

    def test_one_event_depends_on_nobody(self):
        assert measure(sample_of(car=[0.01, np.nan], day0=[5, 5])).present.keys() == {"few"}


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ([2] * 9, "9 sessions with 2 to 2 security-events count as 9.0"),
        ([2] * 10, None),
        ([1] * 9, None),
        ([12], None),
        ([1, 2], "2 sessions with 1 to 2 security-events count as 1.5"),
        ([9, *[1] * 30], "31 sessions with 1 to 9 security-events count as 1.9"),
    ],
)
def test_sessions_that_events_share_count_by_their_effective_number(sizes, said):
    """(sum n²)²/sum n⁴: 25/17 = 1.5, 111²/6591 = 1.9."""
    day0 = np.repeat(1000 * np.arange(1, len(sizes) + 1), sizes)
    assert measure(sample_of(car=np.full(day0.size, 0.01), day0=day0)).present.get("few clusters") == said


def three_valued(share, n=2, past=50):
    """-1, 0 and 1 in no order that clusters, of which this share is not 0: the kurtosis is 1/share."""
    each = round(n * past * share / 2)
    values = np.repeat([1.0, -1.0, 0.0], [each, each, n * past - 2 * each])
    return np.random.default_rng(0).permutation(values).reshape(n, past)


class TestShape:
    @pytest.mark.parametrize(("share", "said"), [(0.26, None), (0.24, "residuals have an excess kurtosis of 1.2")])
    def test_tails_are_fat_from_an_excess_of_one_on(self, share, said):
        assert measure(sample(three_valued(share))).present.get("fat tails") == said

    def test_an_excess_of_just_one_is_not_fat(self):
        quarter = np.tile([1.0, -1.0, *[0.0] * 6], (2, 8))  # a variance of 1/4, a fourth moment of 1/4
        assert "fat tails" not in measure(sample(quarter)).present

    @pytest.mark.parametrize(("bars", "told"), [(49, False), (50, True)])
    def test_fewer_than_fifty_residuals_have_no_shape(self, bars, told):
        residual = np.zeros((1, bars))
        residual[0, ::10] = [1.0, -1.0, 1.0, -1.0, 1.0]
        assert ("fat tails" in measure(sample(residual)).present) == told

    def test_residuals_that_never_move_have_none(self):
        assert measure(sample(np.zeros((2, 50)))).present.keys() == {"few"}
        assert measure(sample(np.ones((2, 50)))).present.keys() == {"few"}

    def skewed(self, share, past=4000):
        """1 with this share, else 0: skewness (1 - 2p)/sqrt(p (1 - p))."""
        values = np.zeros(past)
        values[: round(past * share)] = 1.0
        return np.random.default_rng(1).permutation(values).reshape(4, -1), (1 - 2 * share) / np.sqrt(
            share * (1 - share)
        )

    @pytest.mark.parametrize(("share", "told"), [(0.37, True), (0.39, False), (0.63, True), (0.61, False)])
    def test_skewness_counts_from_a_half_on_either_side(self, share, told):
        residual, skewness = self.skewed(share)
        assert (abs(skewness) > 0.5) == told
        found = measure(sample(residual))
        assert ("skewness" in found.present) == ("skewness" in found.days) == told
        if told:
            z = (residual - residual.mean()) / residual.std()
            said = f"have a skewness of {skewness:.2f} (standard error {_error_of_skewness(z, skewness):.2f})"
            assert found.present["skewness"] == f"residuals {said}"
            assert found.days["skewness"] == f"residuals of single days {said}"

    @pytest.mark.parametrize(("bars", "told"), [(7, True), (8, True), (9, False)])
    def test_that_of_a_sum_falls_with_the_root_of_its_bars(self, bars, told):
        """A share of a fifth has a skewness of 0.6/0.4 = 1.5: over sqrt 9 it is just a half."""
        residual, skewness = self.skewed(0.2)
        assert skewness == pytest.approx(1.5)
        found = measure(sample(residual, bars))
        assert "skewness" in found.days
        assert ("skewness" in found.present) == told

    @pytest.mark.parametrize(("share", "graver"), [(0.2, True), (0.3, False)])
    def test_above_what_the_lab_has_its_sizes_say_nothing(self, share, graver):
        """1.5 less 1.96 standard errors of about 0.05 is above 1; 0.87 is not."""
        assert ("skewness" in measure(sample(self.skewed(share)[0])).beyond) == graver

    def test_a_skewness_within_its_error_is_none(self):
        """One wild bar: the skewness is its own doing, and its error as large."""
        residual = noise(4, 2000, seed=2)
        residual[0, 5] = 20.0
        z = (residual - residual.mean()) / residual.std()
        skewness = stats.skew(residual, axis=None)
        assert 0.5 < skewness < 1.96 * _error_of_skewness(z, skewness)
        found = measure(sample(residual))
        assert "skewness" not in {**found.present, **found.days}

    @pytest.mark.parametrize("shape", [(1, 40), (6, 40)])
    def test_the_error_of_a_skewness_is_that_of_its_influence_by_event_or_by_day(self, shape):
        z = np.random.default_rng(3).gamma(2, size=shape)
        z = (z - z.mean()) / z.std()
        skewness = stats.skew(z, axis=None)
        influence = z**3 - skewness - 3 * z - 1.5 * skewness * (z**2 - 1)
        squares = [(influence**2).sum()]
        if shape[0] > 1:
            squares += [sum(row.sum() ** 2 for row in influence), sum(day.sum() ** 2 for day in influence.T)]
        assert _error_of_skewness(z, skewness) == pytest.approx(np.sqrt(max(squares)) / z.size, rel=1e-9)
        holed = z.copy()
        holed[0, 3] = np.nan
        influence[0, 3] = 0.0
        squares = [(influence**2).sum()]
        if shape[0] > 1:
            squares += [sum(row.sum() ** 2 for row in influence), sum(day.sum() ** 2 for day in influence.T)]
        assert _error_of_skewness(holed, skewness) == pytest.approx(np.sqrt(max(squares)) / (z.size - 1), rel=1e-9)

    @pytest.mark.parametrize(("unlike", "told"), [(26, True), (27, False), (28, False)])
    def test_squares_that_follow_their_like_cluster_from_a_tenth_on(self, unlike, told):
        """Squares of 4 and 0 in one row and 0 and 4 in the other: their autocorrelation is (60 - 2 unlike)/60, here 8, 6 and 4 of 60."""
        signs = np.ones(61)
        for change in range(1, unlike + 1):
            signs[2 * change - 1 :] *= -1
        residual = np.sqrt(2 + 2 * np.array([signs, -signs])) * np.where(np.arange(61) % 2, 1.0, -1.0)
        found = measure(sample(residual)).present.get("volatility clustering")
        assert found == (f"squared residuals have an autocorrelation of {(60 - 2 * unlike) / 60:.2f}" if told else None)

    def test_a_hole_parts_neighbours_and_does_not_hide_what_clusters(self):
        signs = np.repeat([1.0, -1.0], 30)
        residual = np.sqrt(2 + 2 * np.array([signs, -signs])) * np.where(np.arange(60) % 2, 1.0, -1.0)
        residual[0, 45] = np.nan
        squares = residual**2 - np.nanmean(residual**2)
        pairs = [a * b for row in squares for a, b in zip(row[1:], row[:-1], strict=True) if np.isfinite(a * b)]
        rho = np.mean(pairs) / np.nanmean(squares**2)
        said = measure(sample(residual)).present["volatility clustering"]
        assert said == f"squared residuals have an autocorrelation of {rho:.2f}"

    def test_values_that_cancel_by_event_and_by_day_have_the_error_of_single_bars(self):
        """Each row is the one before, moved by a bar: the influences of each row and each day sum to nought."""
        values = np.array([0.0, 0.1, 0.3, 0.4, 0.2, 0.5, 4.0, 1.0])
        values = (values - values.mean()) / values.std()
        z = np.array([np.roll(values, by) for by in range(8)])
        skewness = (values**3).mean()
        influence = z**3 - skewness - 3 * z - 1.5 * skewness * (z**2 - 1)
        assert _error_of_skewness(z, skewness) == pytest.approx(np.sqrt((influence**2).sum()) / 64, rel=1e-9)


class TestRaisedVariance:
    def made(self, factor, **fields):
        """Forty events whose CARs have a variance of about 36 of the model's, which it scales itself or does not."""
        one = sample(noise(40, seed=4))
        car = 6 * np.random.default_rng(5).normal(size=40)
        error = factor * np.sqrt(1 + 1 / 60) * np.ones(40)
        return replace(one, ar=car[:, None], car=car, ar_se=error[:, None], car_se=error, **fields)

    def test_it_is_measured_on_what_the_model_says_and_beside_on_plain_returns(self):
        plain = measure(self.made(1.0))
        assert "event variance" in plain.present
        assert (plain.raw, plain.unseen) == (None, {})
        scaled = measure(self.made(6.0))
        assert "event variance" not in scaled.present
        assert "event variance" in scaled.raw.present
        assert scaled.unseen.keys() == {"event variance"}
        assert (scaled.raw.n, scaled.raw.bars, scaled.raw.raw) == (40, 1, None)

    def test_inside_the_day_it_is_measured_on_scores_of_the_clock(self):
        placebo = noise(40, 50, seed=6)
        for size, told in ((1.0, False), (6.0, True)):
            made = clocked(placebo)
            score = size * np.random.default_rng(7).normal(size=40)
            made = replace(made, clock=replace(made.clock, score=score))
            assert ("event variance" in measure(made).present) == told


def clocked(placebo):
    placebo = np.asarray(placebo, dtype=float)
    none = np.full(len(placebo), np.nan)
    record = ClockRecord(
        *(np.zeros(len(placebo)), np.arange(len(placebo)), placebo, np.zeros(placebo.shape, dtype=int), none, none),
        *(np.ones(len(placebo)), none[:, None], none[:, None], none[:, None], 78),
    )
    return replace(sample_of(car=np.zeros(len(placebo))), clock=record, within_day=True)


class TestShapeOfTheClock:
    def test_tails(self):
        for share, said in (
            (0.26, None),
            (0.24, "scores of the same clock on other days have an excess kurtosis of 1.2"),
        ):
            assert measure(clocked(three_valued(share))).present.get("fat tails") == said
        quarter = np.tile([1.0, -1.0, *[0.0] * 6], (2, 8))
        assert "fat tails" not in measure(clocked(quarter)).present

    @pytest.mark.parametrize(("share", "told"), [(0.37, True), (0.39, False), (0.63, True), (0.61, False)])
    def test_skewness(self, share, told):
        values = np.repeat([1.0, 0.0], [round(100 * share), round(100 * (1 - share))])
        skewness = (1 - 2 * share) / np.sqrt(share * (1 - share))
        said = f"scores of the same clock on other days have a skewness of {skewness:.2f}"
        assert measure(clocked(values.reshape(2, 50))).present.get("skewness") == (said if told else None)

    def test_centred_about_their_mean(self):
        """Three times 10 + (-1, 0, 1): the shape is that of the deviations."""
        found = measure(clocked(10 + 3 * three_valued(0.24))).present
        assert found["fat tails"].endswith("of 1.2")

    @pytest.mark.parametrize(("days", "told"), [(29, False), (30, True)])
    def test_thirty_scores_have_a_shape(self, days, told):
        values = np.zeros((1, 40))
        values[0, :2] = 1.0, -1.0
        values[0, days:] = np.nan
        assert ("fat tails" in measure(clocked(values)).present) == told

    def test_days_that_never_move_have_none(self):
        assert measure(clocked(np.ones((2, 40)))).present.keys() == {"within the day", "few"}


def test_conditions_stand_in_the_order_of_their_gravity():
    made = sample(np.vstack([with_correlation(0.9), with_correlation(0.9)]), day0=[500, 500, 700, 700])
    ar = made.ar.copy()
    present = list(measure(replace(made, m=np.full(4, 80), ar=ar)).present)
    assert present == sorted(present, key=list(CONDITIONS).index)
    assert {"staggered dependence", "few clusters", "missing", "few"} <= set(present)


class TestJudging:
    def conditions(self, **fields):
        return Conditions(**({"present": {}, "n": 100, "bars": 1, "measured": True} | fields))

    def test_a_test_that_scores_days_meets_those_of_days(self):
        given = self.conditions(present={"missing": "a"}, days={"skewness": "b"})
        assert given.found(replace(TESTS["bmp"], days=True)) == {"missing": "a", "skewness": "b"}
        assert given.found(replace(TESTS["bmp"], days=False)) == {"missing": "a"}

    def test_a_test_that_looks_at_plain_returns_meets_theirs(self):
        raw = self.conditions(present={"event variance": "raised"})
        given = self.conditions(raw=raw)
        assert given.of(replace(TESTS["bmp"], raw=True)) is raw
        assert given.of(replace(TESTS["bmp"], raw=False)) is given
        assert raw.of(replace(TESTS["bmp"], raw=True)) is raw

    def test_what_few_events_may_not_show_is_a_doubt_where_they_are_blind_and_else_a_caveat(self):
        plain = replace(TESTS["patell"], holds_under=frozenset(), exact=False, smallest=0)
        said = "event variance: 20 security-events would show a doubled variance in 60% of samples"
        for blind in (True, False):
            given = self.conditions(n=20, unseen={"event variance": Unseen(0.6, blind)})
            assert judge(plain, given) == (not blind, (said,) if blind else ())
            assert caveats(plain, given) == (() if blind else (said,))
            exact = replace(plain, exact=True)
            assert judge(exact, given) == (True, ())
            assert caveats(exact, given) == (said,)
            bears = replace(plain, holds_under=frozenset({"event variance"}))
            assert judge(bears, given)[1] == caveats(bears, given) == ()
        one = self.conditions(n=1, unseen={"event variance": Unseen(0.1, False)})
        assert caveats(plain, one) == (
            "event variance: 1 security-event would show a doubled variance in 10% of samples",
        )

    @pytest.mark.parametrize(
        ("smallest", "n", "said"),
        [(0, 4, "too few"), (0, 5, "event variance"), (20, 19, "too few"), (20, 20, "event variance")],
    )
    def test_of_too_few_events_that_alone_is_said(self, smallest, n, said):
        plain = replace(TESTS["patell"], holds_under=frozenset({"few"}), exact=False, smallest=smallest)
        (doubt,) = judge(plain, self.conditions(n=n, unseen={"event variance": Unseen(0.3, True)}))[1]
        assert doubt.startswith(said)

    def test_doubts_of_the_data_come_first_and_the_gravest_condition_next(self):
        plain = replace(TESTS["patell"], holds_under=frozenset(), exact=False, name="none of the lab's")
        given = self.conditions(present={"event variance": "b", "dependence": "a"}, data=("the days are unsure",))
        assert judge(plain, given) == (False, ("the days are unsure", "dependence: a", "event variance: b"))

    def test_few_events_are_said_once(self):
        plain = replace(TESTS["patell"], holds_under=frozenset(), exact=False, name="none of the lab's", smallest=0)
        given = self.conditions(present={"few": "there are 20 security-events"}, n=20)
        assert judge(plain, given)[1] == ("few: there are 20 security-events",)
        assert judge(replace(plain, smallest=30), given)[1] == ("too few: 20 security-events, where the test needs 30",)
        assert judge(replace(plain, smallest=10), given)[1] == ()

    def test_a_claim_of_the_central_limit_theorem_begins_with_fifty(self):
        claims = frozenset({"fat tails"})
        plain = replace(
            TESTS["patell"], holds_under=frozenset(), holds_with_many=claims, exact=False, name="none of the lab's"
        )
        for n, doubts in ((49, ("fat tails: x; the test bears that from 50 security-events on",)), (50, ())):
            assert judge(plain, self.conditions(present={"fat tails": "x"}, n=n))[1] == doubts

    def test_a_measured_size_counts_unless_the_sample_is_graver_than_the_lab(self):
        test = TESTS["sur_f"]
        here = {"fat tails": "x", "dependence": "y"}
        (doubt,) = [
            text for text in judge(test, self.conditions(present=here, n=30))[1] if text.startswith("fat tails")
        ]
        assert "of true nulls there in calibration" in doubt
        graver = self.conditions(present=here, n=30, beyond=frozenset({"fat tails"}))
        (doubt,) = [text for text in judge(test, graver)[1] if text.startswith("fat tails")]
        assert doubt == "fat tails: x"

    def test_withdrawn_where_all_of_a_set_are_there(self):
        lost = frozenset({"dependence", "fat tails"})
        plain = replace(TESTS["patell"], holds_under=lost, withdrawn=(lost,), exact=False)
        assert judge(plain, self.conditions(present={"dependence": "a"}))[0]
        given = self.conditions(present={"dependence": "a", "missing": "m", "fat tails": "b"})
        assert judge(replace(plain, holds_under=lost | {"missing"}), given)[1] == (
            "dependence with fat tails: a, and b; under that the test rejected too many true nulls in calibration",
        )

    def test_one_event_and_windows_that_are_too_long(self):
        plain = replace(TESTS["patell"], smallest=2, longest=5, exact=True, holds_under=frozenset({"few"}))
        assert judge(plain, self.conditions(n=1))[1] == ("too few: 1 security-event, where the test needs 2",)
        assert judge(plain, self.conditions(n=2, bars=6))[1] == (
            "too long: a window of 6 bars, where the test bears 5",
        )
        assert judge(plain, self.conditions(n=2, bars=5))[1] == ()
