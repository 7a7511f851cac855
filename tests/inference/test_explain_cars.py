"""The regression of CARs: its characteristics, its usual errors, and every kind of error by matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventstudy.errors import StudyError
from eventstudy.inference.beyond.cross_sectional_regression import as_columns, explain, usual_errors

RTOL = 1e-9  # the same regression in another order


@pytest.fixture
def data():
    rng = np.random.default_rng(2)
    size, chip = rng.normal(size=24), (rng.random(24) < 0.5).astype(float)
    return 0.01 * size - 0.02 * chip + rng.normal(0, 0.02, 24), {"size": size, "chip": chip}


@pytest.mark.parametrize(
    ("shared", "crossing", "sessions", "n", "errors"),
    [
        (False, False, 40, 40, "HC3"),
        (True, False, 30, 90, "cluster"),
        (True, False, 29, 90, "portfolio"),
        (True, True, 100, 5000, "portfolio"),
        (True, True, 100, 5001, "cluster"),  # too many for the covariances of all pairs
        (False, True, 100, 5001, "cluster"),
        (False, True, 40, 40, "portfolio"),
        (True, False, 30, 5001, "cluster"),
        (True, True, 29, 5001, "portfolio"),
    ],
)
def test_the_usual_errors(shared, crossing, sessions, n, errors):
    assert usual_errors(shared=shared, crossing=crossing, sessions=sessions, n=n) == errors


class TestColumns:
    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([True, False], [1.0, 0.0]),
            ([3, 4], [3.0, 4.0]),
            (np.array([2.5, np.nan]), [2.5, np.nan]),
            (np.array([7, 8], dtype=np.uint8), [7.0, 8.0]),
            (["1.5", "", "-2"], [1.5, np.nan, -2.0]),
            (np.array([1, None, "3"], dtype=object), [1.0, np.nan, 3.0]),
            (["nan", "4", "<NA>", "NaT"], [np.nan, 4.0, np.nan, np.nan]),
        ],
    )
    def test_numbers(self, values, expected):
        (found,) = as_columns("x", values).items()
        assert found[0] == "x"
        np.testing.assert_array_equal(found[1], expected)

    def test_words_are_columns_of_all_but_the_first_in_the_alphabet(self):
        found = as_columns("kind", ["talks", "relief", None, "threat", "talks"])
        assert list(found) == ["kind=talks", "kind=threat"]
        np.testing.assert_array_equal(found["kind=talks"], [1.0, 0.0, np.nan, 0.0, 1.0])
        np.testing.assert_array_equal(found["kind=threat"], [0.0, 0.0, np.nan, 1.0, 0.0])
        assert list(as_columns("side", np.array(["b", "a"]))) == ["side=b"]

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            (["a", "a", ""], "is 'a' for every security-event"),
            (np.array([["a", "b"], ["b", "a"]]), r"shape \(2, 2\): one number or word a security-event"),
            (np.array(["2024-01-02", "2024-01-03"], dtype="datetime64[D]"), "holds datetime64"),
        ],
    )
    def test_what_is_neither(self, values, words):
        with pytest.raises(StudyError, match=words):
            as_columns("kind", values)


class TestErrors:
    @staticmethod
    def design(columns):
        return np.column_stack([np.ones(24), *columns.values()])

    @pytest.mark.parametrize("level", [0.95, 0.8])
    @pytest.mark.parametrize("errors", ["HC3", "nonrobust"])
    def test_statsmodels_has_the_same_table(self, data, errors, level):
        y, columns = data
        se = np.random.default_rng(3).uniform(0.01, 0.03, 24)
        found = explain(y, columns, errors=errors, car_se=se, **({} if level == 0.95 else {"level": level}))
        fit = sm.WLS(y, self.design(columns), weights=se**-2.0).fit(cov_type=errors, use_t=True)
        for name, expected in {
            "coefficient": fit.params, "se": fit.bse, "statistic": fit.tvalues, "pvalue": fit.pvalues,
            "low": fit.conf_int(1 - level)[:, 0], "high": fit.conf_int(1 - level)[:, 1],
        }.items():  # fmt: skip
            np.testing.assert_allclose(getattr(found, name), expected, rtol=RTOL)
        assert found.r_squared == pytest.approx(fit.rsquared)
        assert found.df.tolist() == [21.0] * 3
        assert (found.names, found.level, found.errors) == (("const", "size", "chip"), level, errors)
        assert (found.n, found.n_clusters, found.left_out, found.note, found.drawn) == (24, 0, 0, "", "")
        rows = found.rows()
        assert [row["term"] for row in rows] == ["const", "size", "chip"]
        assert [row["estimate"] for row in rows] == found.coefficient.tolist()
        assert [row["high"] for row in rows] == found.high.tolist()
        assert {row["n"] for row in rows} == {24}

    def test_the_usual_ones_are_hc3_and_covariances_are_for_portfolios_only(self, data):
        y, columns = data
        plain, given = explain(y, columns), explain(y, columns, covariance=(np.eye(24), np.ones(24)))
        np.testing.assert_array_equal(plain.se, given.se)
        np.testing.assert_allclose(plain.se, sm.OLS(y, self.design(columns)).fit(cov_type="HC3").bse, rtol=RTOL)

    @pytest.mark.parametrize("weighted", [False, True])
    def test_a_coefficient_is_the_car_of_a_portfolio(self, data, weighted):
        """w'Vw with w a row of (X'WX)^-1 X'W, by a double loop; t with the mean M - k of the events used."""
        y, columns = data
        y[4] = np.nan
        used = np.delete(np.arange(24), 4)
        rng = np.random.default_rng(4)
        root, df = 0.01 * rng.normal(size=(24, 40)), rng.integers(90, 200, 24).astype(float)
        v, se = root @ root.T, rng.uniform(0.01, 0.03, 24) if weighted else np.ones(24)
        given = {"car_se": se} if weighted else {}
        found = explain(y, columns, errors="portfolio", covariance=(v, df), level=0.9, **given)
        x, w = self.design(columns)[used], np.diag(se[used] ** -2.0)
        form = np.linalg.inv(x.T @ w @ x) @ x.T @ w
        np.testing.assert_allclose(found.coefficient, form @ y[used], rtol=RTOL)
        error = np.array(
            [
                math.sqrt(sum(row[i] * row[j] * v[used[i], used[j]] for i in range(23) for j in range(23)))
                for row in form
            ]
        )
        np.testing.assert_allclose(found.se, error, rtol=RTOL)
        np.testing.assert_allclose(found.df, df[used].mean(), rtol=RTOL)
        np.testing.assert_allclose(
            found.pvalue, 2 * stats.t.sf(np.abs(form @ y[used]) / error, df[used].mean()), rtol=1e-8
        )
        np.testing.assert_allclose(
            found.high - found.coefficient, stats.t.ppf(0.95, df[used].mean()) * error, rtol=1e-8
        )
        assert (found.n, found.left_out) == (23, 1)

    def test_a_variance_that_rounding_makes_negative_is_none(self, data):
        y, columns = data
        found = explain(y, columns, errors="portfolio", covariance=(-1e-20 * np.eye(24), np.full(24, 98.0)))
        assert found.se.tolist() == [0.0] * 3

    def test_rows_with_anything_missing_are_left_out(self, data):
        y, columns = data
        y[0], columns["size"][1], se = np.inf, np.nan, np.full(24, 0.02)
        se[2] = np.nan
        found = explain(y, columns, car_se=se)
        assert (found.n, found.left_out) == (21, 3)
        told = sm.OLS(y[3:], self.design(columns)[3:]).fit().params
        np.testing.assert_allclose(found.coefficient, told, rtol=RTOL)

    def test_one_event_more_than_coefficients_is_enough(self, data):
        y, columns = data
        few = {name: values[:4] for name, values in columns.items()}
        few["chip"] = np.array([0.0, 1.0, 1.0, 0.0])
        assert explain(y[:4], few, errors="nonrobust").df.tolist() == [1.0] * 3
        with pytest.raises(StudyError, match="3 security-events with all values cannot determine 3 coefficients"):
            explain(y[:3], {name: values[:3] for name, values in few.items()})

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"errors": "cluster"}, "need cluster"),
            ({"errors": "wild_cluster"}, "need cluster"),
            ({"errors": "portfolio"}, "need covariance"),
            ({"errors": "cluster", "cluster": np.zeros(24)}, "at least two clusters"),
            ({"car_se": np.ones(3)}, "'car_se' has shape"),
            ({"level": 1.0}, "level"),
        ],
    )
    def test_what_cannot_be_told_is_said(self, data, options, words):
        with pytest.raises(StudyError, match=words):
            explain(*data, **options)


class TestClusters:
    @pytest.mark.parametrize(("clusters", "few"), [(2, True), (9, True), (10, False), (12, False)])
    def test_fewer_than_ten_are_said(self, clusters, few):
        """Equal ones count as many as they are; two are enough to have an error at all."""
        rng = np.random.default_rng(5)
        y, x, code = rng.normal(size=60), rng.normal(size=60), np.arange(60) % clusters
        found = explain(y, {"x": x}, errors="cluster", cluster=code * 7 + 3)
        assert found.n_clusters == clusters
        assert np.isfinite(found.se).all()
        sizes = np.bincount(code)
        expected = f"{clusters} clusters of {sizes.min()} to {sizes.max()} security-events count as {clusters}.0"
        assert found.note.startswith(expected if clusters != 9 else "9 clusters of 6 to 7") == few
        assert found.note == "" or few

    @pytest.mark.parametrize(("clusters", "few"), [(5, True), (6, False)])
    def test_five_are_too_few_for_the_wild_bootstrap(self, clusters, few):
        rng = np.random.default_rng(6)
        y, x, code = rng.normal(size=30), rng.normal(size=30), np.arange(30) % clusters
        found = explain(y, {"x": x}, errors="wild_cluster", cluster=code)
        assert found.note == ("of 5 clusters even the wild bootstrap rejects too often" if few else "")
        assert np.isnan(found.df).all()

    def test_what_one_cluster_alone_determines_has_no_error(self):
        rng = np.random.default_rng(7)
        y, x, code = rng.normal(size=60), rng.normal(size=60), np.arange(60) % 12
        columns = {"x": x, "own": (code == 3).astype(float)}
        for errors in ("cluster", "wild_cluster"):
            found = explain(y, columns, errors=errors, cluster=code, draws=99)
            assert found.note == "one cluster alone determines own, and no spread tells its error"
            assert np.isnan(found.se).tolist() == [False, False, True]
            assert np.isnan(found.pvalue).tolist() == [False, False, True]

    def test_only_the_clusters_of_events_used_count(self):
        rng = np.random.default_rng(8)
        y, x, code = rng.normal(size=60), rng.normal(size=60), np.arange(60) % 12
        y[code == 5] = np.nan
        found, told = (explain(a, {"x": b}, errors="cluster", cluster=c) for a, b, c in (
            (y, x, code), (y[code != 5], x[code != 5], code[code != 5])))  # fmt: skip
        assert found.n_clusters == told.n_clusters == 11
        np.testing.assert_array_equal(found.se, told.se)

    def test_draws_and_seed(self):
        rng = np.random.default_rng(9)
        y, x, code = rng.normal(size=60), rng.normal(size=60), np.arange(60) % 20
        asked = {"errors": "wild_cluster", "cluster": code}
        usual, told = explain(y, {"x": x}, **asked), explain(y, {"x": x}, **asked, draws=9999, seed=0)
        assert (usual.pvalue.tolist(), usual.low.tolist()) == (told.pvalue.tolist(), told.low.tolist())
        assert usual.drawn.startswith("9,999 draws")
        assert explain(y, {"x": x}, **asked, draws=99, seed=1).pvalue[1] != usual.pvalue[1]
        narrow = explain(y, {"x": x}, **asked, level=0.6)
        assert ((usual.low < narrow.low) & (narrow.high < usual.high)).all()
