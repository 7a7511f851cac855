"""Small and broken samples: a result that says why, never a NaN without a reason; and what a result is like."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from eventstudy.errors import StudyError
from eventstudy.inference import DAILY, TESTS, TestResult, run, run_all, sample_of
from eventstudy.inference.core.sample_of import each_day
from eventstudy.inference.core.spec import CONDITIONS


def assert_told(result):
    """Either a p-value in [0, 1] with a finite statistic, or a reason in words."""
    if result.applicable:
        assert math.isfinite(result.statistic), result.name
        assert 0 <= result.pvalue <= 1, result.name
        assert result.reason == ""
    else:
        assert len(result.reason.split()) > 3, result.name
        assert math.isnan(result.pvalue)
        assert result.valid is None


def zero_variance(make_sample):
    sample = make_sample(6)
    return replace(sample, ar=np.full_like(sample.ar, 0.01), car=np.full(6, 0.03), ar_se=sample.ar_se[:1].repeat(6, 0))


def all_zero(make_sample):
    sample = make_sample(6)
    return replace(sample, ar=np.zeros_like(sample.ar), car=np.zeros(6))


def all_missing(make_sample):
    sample = make_sample(6)
    return replace(sample, ar=np.full_like(sample.ar, np.nan), car=np.full(6, np.nan), car_se=np.full(6, np.nan))


def degenerate(make_sample):
    return replace(make_sample(6), degenerate=np.ones(6, dtype=bool))


def without_extras(make_sample):
    return replace(make_sample(6), estimation=None, refit=None, admissible=None)


def on_one_date(change):
    def changed(make_sample):
        return change(lambda n: make_sample(n, dates="one"))

    changed.__name__ = f"{change.__name__}_on_one_date"
    return changed


def all_ties(make_sample):
    """Every abnormal return, past and present, is one of two values."""
    sample = make_sample(6)
    record = sample.estimation
    ar = np.where(sample.ar > 0, 0.01, -0.01)
    return replace(
        sample,
        ar=ar,
        car=ar.sum(axis=1),
        estimation=replace(record, residual=np.where(record.residual > 0, 0.01, -0.01)),
    )


def one_value(make_sample):
    """Every abnormal return, past and present, is the same."""
    sample = make_sample(6)
    ar = np.full_like(sample.ar, 0.01)
    record = replace(sample.estimation, residual=np.full_like(sample.estimation.residual, 0.01))
    return replace(sample, ar=ar, car=ar.sum(axis=1), estimation=record)


def still(make_sample, flat):
    """Prices that stand still: no residual, no return."""
    sample = make_sample(6)
    record = sample.estimation
    rows = np.arange(6) < flat
    return replace(
        sample,
        ar=np.where(rows[:, None], 0.0, sample.ar),
        car=np.where(rows, 0.0, sample.car),
        sigma=np.where(rows, 0.0, sample.sigma),
        ar_se=np.where(rows[:, None], 0.0, sample.ar_se),
        car_se=np.where(rows, 0.0, sample.car_se),
        estimation=replace(record, residual=np.where(rows[:, None], 0.0, record.residual)),
        degenerate=rows,
    )


def one_stands_still(make_sample):
    return still(make_sample, 1)


def all_but_one_stand_still(make_sample):
    return still(make_sample, 5)


def all_stand_still(make_sample):
    return still(make_sample, 6)


def one_is_left(make_sample):
    """One security-event of six has returns in the window."""
    sample = make_sample(6)
    rows = np.arange(6) > 0
    return replace(sample, ar=np.where(rows[:, None], np.nan, sample.ar), car=np.where(rows, np.nan, sample.car))


def no_past(make_sample):
    """Estimation windows without a single usable bar."""
    sample = make_sample(6)
    record = sample.estimation
    return replace(
        sample,
        estimation=replace(record, residual=np.full_like(record.residual, np.nan), leverage=record.leverage * np.nan),
    )


EACH = [
    *(zero_variance, all_zero, all_missing, degenerate, without_extras, all_ties, one_value),
    *(one_stands_still, all_but_one_stand_still, all_stand_still, one_is_left, no_past),
]
BROKEN = [*EACH, *map(on_one_date, EACH)]


@pytest.mark.parametrize("window", [(0, 0), (-1, 1), (-4, 4)])
@pytest.mark.parametrize("dates", ["one", "staggered", "apart"])
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_events(make_sample, n, dates, window):
    results = run_all(make_sample(n, dates=dates, window=window), seed=0)
    assert [r.name for r in results] == list(DAILY)
    for result in results:
        assert_told(result)
    if n == 0:
        assert {r.reason for r in results} == {"there are no security-events (N = 0)"}
    if n == 1:
        by_name = {r.name: r for r in results}
        assert by_name["single"].applicable
        assert by_name["sq"].applicable
        assert by_name["patell"].applicable
        assert by_name["cross_sectional"].reason == "needs at least 2 security-events, has 1"


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_samples(make_sample, broken):
    for result in run_all(broken(make_sample), seed=0):
        assert_told(result)


def test_what_is_said_of_broken_samples(make_sample):
    assert "no variance" in run("cross_sectional", zero_variance(make_sample)).reason
    assert run("sign", all_zero(make_sample)).reason == "every CAR is exactly zero"
    assert "none of the 6" in run("bmp", all_missing(make_sample)).reason
    assert "residual variance of all 6" in run("patell", degenerate(make_sample)).reason
    assert run("cross_sectional", degenerate(make_sample)).applicable  # they stay in unstandardised tests
    assert "estimation=True" in run("kp_bmp", without_extras(make_sample)).reason
    assert "refit" in run("permutation", without_extras(make_sample)).reason


def test_copies_on_one_date_are_collinear(make_sample):
    sample = make_sample(3, dates="one")
    record = sample.estimation
    twice = replace(
        sample,
        **{name: np.repeat(getattr(sample, name), 2, axis=0) for name in ("bar", "security", "day0", "ar", "ar_se")},
        **{name: np.repeat(getattr(sample, name), 2) for name in ("car", "car_se", "sigma", "m", "df", "degenerate")},
        estimation=replace(
            record, **{n: np.repeat(getattr(record, n), 2, axis=0) for n in record.__dataclass_fields__}
        ),
    )
    assert "copy" in run("sur_f", twice).reason


def test_the_joint_f_says_which_series_is_at_fault(make_sample):
    assert run("sur_f", on_one_date(one_stands_still)(make_sample)).reason == (
        "1 of the 6 security-events has no residual variance (a price that stands still)"
    )
    assert "6 have" in run("sur_f", on_one_date(all_stand_still)(make_sample)).reason.replace("security-events ", "")
    sample = make_sample(4, dates="one", window=(0, 1))
    ar = sample.ar.copy()
    ar[0, 0], ar[1, 1] = np.nan, np.nan
    assert "no bar of the window on which every" in run("sur_f", replace(sample, ar=ar)).reason


def test_more_securities_than_degrees_of_freedom_have_no_joint_f(make_sample):
    assert "degrees of freedom" in run("sur_f", make_sample(260, dates="one", window=(0, 0))).reason


def test_inputs_are_not_changed(make_sample):
    sample = make_sample(8, holes=0.05)
    before = {name: np.array(getattr(sample, name)) for name in ("ar", "car", "car_se", "sigma", "bar", "day0")}
    for name in before:
        getattr(sample, name).flags.writeable = False
    sample.estimation.residual.flags.writeable = False
    run_all(sample, seed=0)
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(sample, name), array)


class TestSides:
    def test_a_joint_null_has_no_side(self, make_sample):
        result = run("sur_f", make_sample(4, dates="one"), alternative="greater")
        assert "joint null" in result.reason
        assert {r.name: r for r in run_all(make_sample(4, dates="one"), alternative="greater")}["sur_f"].applicable

    @pytest.mark.parametrize("name", [s.name for s in DAILY.values() if s.sided])
    def test_sides_look_the_right_way(self, make_sample, name):
        n = 1 if "one event" in TESTS[name].needs else 16
        dates = "one" if "one date" in TESTS[name].needs else "apart"
        sample = make_sample(n, shift=0.2, window=(0, 0) if n == 1 else (0, 1), dates=dates)
        up, down = (run(name, sample, alternative=side, seed=0) for side in ("greater", "less"))
        assert up.statistic > 0
        assert up.pvalue < 0.05
        assert down.pvalue > 0.9

    def test_unknown_side(self, make_sample):
        with pytest.raises(StudyError, match="two-sided, less, greater"):
            run("bmp", make_sample(4), alternative="up")


class TestNames:
    def test_a_near_miss_is_named(self, make_sample):
        with pytest.raises(StudyError, match="did you mean 'patell'"):
            run("pattell", make_sample(4))

    def test_design_names_are_there(self):
        design = """single cross_sectional time_series portfolio patell bmp kp_patell kp_bmp corrado corrado_zivney
        grank_t grank_z sign generalized_sign wilcoxon skewness_adjusted wild_bootstrap permutation calendar_time sur_f
        sq"""
        assert set(design.split()) <= set(TESTS)

    def test_specifications_are_complete(self):
        for name, spec in TESTS.items():
            assert spec.name == name
            assert spec.null
            assert spec.assumptions
            assert re.search(r"\((1[89]|20)\d\d[),]", spec.reference), spec.reference  # a year
            assert spec.holds_under | spec.holds_with_many <= set(CONDITIONS)

    def test_each_needs_as_many_events_as_its_spread(self, make_sample):
        """One where each event brings its own variance or the sessions tell it, two for a spread, three for a skewness."""
        alone = """single clm_j1 patell kp_patell time_series portfolio sur_f permutation calendar_time panel_date sq"""
        three = {"skewness_adjusted", "bootstrap_t"}
        for name in DAILY:
            for n in (1, 2):
                reason = (
                    run(name, make_sample(n, dates="one", window=(0, 2)), draws=9, seed=0).reason
                    if TESTS[name].draws
                    else (run(name, make_sample(n, dates="one", window=(0, 2))).reason)
                )
                few = n < (1 if name in alone.split() else 3 if name in three else 2)
                assert reason.startswith("needs at least") == few, (name, n)

    def test_the_kind_of_each_follows_from_what_it_is_made_of(self):
        """Signs, flips and dates are counted; exact are those and the normal regression's; days and raw returns as METHODS has them."""
        kinds = {
            "discrete": "corrado_zivney_sign sign_gsar_t sign wilcoxon generalized_sign wild_bootstrap cluster_bootstrap permutation sq",
            "exact": "single portfolio sur_f sign wilcoxon wild_bootstrap cluster_bootstrap permutation sq",
            "days": "corrado_zivney grank_t grank_z sign_gsar_t sign wilcoxon",
            "raw": "time_series portfolio sur_f corrado permutation",
            "draws": "skewness_adjusted bootstrap_t wild_bootstrap cluster_bootstrap permutation",
        }
        for kind, names in kinds.items():
            assert {name for name, spec in DAILY.items() if getattr(spec, kind)} == set(names.split()), kind
        assert [name for name, spec in DAILY.items() if not spec.sided] == ["sur_f"]

    def test_an_interval_of_the_mean_is_about_the_mean(self, make_sample):
        for name, spec in DAILY.items():
            if "one event" in spec.needs:
                assert not spec.mean, name
                continue
            sample = make_sample(9, dates="one" if "one date" in spec.needs else "staggered", window=(0, 2))
            result = run(name, sample, **({"draws": 99} if spec.draws else {}))
            of_mean = abs(result.estimate - sample.car.mean()) < 1e-12 and np.isfinite(result.ci).all()
            assert spec.mean == of_mean, name

    def test_unknown_option(self, make_sample):
        with pytest.raises(StudyError, match=r"test 'bmp'.*ddoff"):
            run("bmp", make_sample(4), ddoff=0)


class TestResults:
    def test_confidence_interval_and_p_agree(self, make_sample):
        for name in ("cross_sectional", "bmp", "patell", "kp_bmp", "corrado", "jackknife", "panel_date"):
            sample = make_sample(16, shift=0.03)
            p = run(name, sample).pvalue
            low, high = run(name, sample, level=1 - p).ci
            edge = min(abs(low), abs(high)) / max(abs(low), abs(high))
            assert edge < 1e-6, name  # an interval at level 1 - p ends at 0

    def test_it_prints_the_same_every_time_and_as_html(self):
        result = run("bmp", sample_of(car=[0.01, 0.03, -0.01, 0.02]))
        assert str(result) == str(run("bmp", sample_of(car=[0.01, 0.03, -0.01, 0.02])))
        html = result._repr_html_()
        assert html.startswith("<table>")
        assert "Standardized cross-sectional" in html
        assert "0x" not in html
        assert "&lt;" in replace(result, null="a < b")._repr_html_()

    def test_every_field_is_plain(self, make_sample):
        for result in run_all(make_sample(6, dates="one"), seed=0):
            json.dumps(result.to_dict())

    def test_a_test_runner_leaves_it_alone(self):
        assert TestResult.__test__ is False

    def test_n_says_how_many_sessions(self, make_sample):
        assert run("bmp", make_sample(8, dates="one")).n_clusters == 1
        assert run("bmp", make_sample(8, dates="apart")).n_clusters == 8
        one, apart = (run("bmp", make_sample(8, dates=d)).n_effective for d in ("one", "apart"))
        assert one < 7
        assert apart == 8


def test_each_day_is_a_window_of_its_own(make_sample):
    """A day of a long window equals the same day of a study made for that day alone."""
    days = each_day(make_sample(9, window=(-1, 1), holes=0.05))
    for day, sample in zip((-1, 0, 1), days, strict=True):
        alone = make_sample(9, window=(day, day), holes=0.05)
        for name in ("cross_sectional", "bmp", "corrado", "grank_t", "kp_bmp", "sign"):
            np.testing.assert_allclose(run(name, sample).statistic, run(name, alone).statistic, rtol=1e-12)
    assert (
        run("permutation", days[1], seed=0).pvalue
        == run("permutation", make_sample(9, window=(0, 0), holes=0.05), seed=0).pvalue
    )


def test_the_documentation_names_every_test():
    page = (Path(__file__).parents[2] / "docs" / "tests.md").read_text(encoding="utf-8")
    for name, spec in TESTS.items():
        assert f"| `{name}` | {spec.null} |" in page, name
        assert spec.reference in page, name


@pytest.mark.parametrize("level", [0.95, 0.9, 0.5])
@pytest.mark.parametrize(("name", "law"), [("cross_sectional", stats.t(7)), ("patell", stats.norm())])
def test_intervals_are_the_quantile_of_the_law_times_the_error(make_sample, name, law, level):
    result = run(name, make_sample(8), level=level)
    half = law.ppf(0.5 + level / 2) * result.se
    np.testing.assert_allclose(result.ci, (result.estimate - half, result.estimate + half), rtol=1e-9)
    assert result.level == level
    np.testing.assert_allclose(result.estimate / result.se, result.statistic, rtol=1e-9)


@pytest.mark.parametrize(("n", "warned"), [(4, True), (5, False)])
def test_below_five_events_only_exact_tests_are_not_warned_of(make_sample, n, warned):
    text = "below 5 security-events only exact and placebo tests can be trusted"
    assert (text in run("cross_sectional", make_sample(n)).warnings) == warned
    assert text not in run("sign", make_sample(n)).warnings
    assert text not in run("permutation", make_sample(n), draws=9, seed=0).warnings


def test_a_seed_is_one_stream_for_each_test_and_a_generator_is_used_up(make_sample):
    sample = make_sample(24)
    rng = np.random.default_rng(1)
    first, second = (run("wild_bootstrap", sample, seed=rng, draws=99).pvalue for _ in range(2))
    assert first != second
    rng = np.random.default_rng(1)
    assert run("wild_bootstrap", sample, seed=rng, draws=99).pvalue == first
    assert run("wild_bootstrap", sample, draws=99).pvalue == run("wild_bootstrap", sample, seed=0, draws=99).pvalue


def test_obstacles_are_told_with_their_numbers(make_sample):
    one, apart = make_sample(3, dates="one"), make_sample(3)
    told = {
        run("cluster_bootstrap", one).reason: "needs two sessions or more; all 3 security-events share one",
        run("portfolio", apart).reason: "needs one common date; the security-events have 3 different sessions",
        run("sq", apart).reason: "tests one security-event, has 3; each event's own t stands in the table of CARs",
        run("bootstrap_t", make_sample(2)).reason: "needs at least 3 security-events, has 2",
        run(
            "corrado", replace(apart, estimation=None)
        ).reason: "needs the estimation windows, which this sample does not carry (sample(..., estimation=True))",
    }
    assert list(told) == list(told.values())
    half = replace(apart, refit=None)
    assert "needs the returns of other dates" in run("permutation", half).reason
    assert "needs the returns of other dates" in run("permutation", replace(apart, admissible=None)).reason
    with_hole = replace(one, day0=np.array([350, 350, 351]), car=np.array([0.1, 0.2, np.nan]))
    assert "all 2 security-events share one" in run("cluster_bootstrap", with_hole).reason


@pytest.mark.parametrize("word", ["both", "", "TWO-SIDED", None, ["less"]])
def test_a_side_is_one_of_three_words(make_sample, word):
    for act in (
        lambda: run("bmp", make_sample(6), alternative=word),
        lambda: run_all(make_sample(6), alternative=word),
    ):
        with pytest.raises(StudyError, match="is not one of two-sided, less, greater"):
            act()


@pytest.mark.parametrize("seed", [-1, 2.5, "3", [1], np.int64(-4)])
def test_a_seed_is_a_whole_number(make_sample, seed):
    with pytest.raises(StudyError, match=r"^seed=.* is no whole number of zero or more; pass one"):
        run_all(make_sample(6), seed=seed)


@pytest.mark.parametrize("name", [None, ["bmp"], 3])
def test_a_test_has_a_name_of_text(make_sample, name):
    with pytest.raises(StudyError, match="there is no test"):
        run(name, make_sample(6))
