import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy.errors import InputError
from eventstudy.plots import coefficients, coefficients_data

TABLE = pd.DataFrame(
    {
        "term": ["const", "rise of the rate", "China's share", "$x^{"],
        "estimate": [-0.01, -0.0021, 0.0004, np.nan],
        "low": [-0.02, -0.0032, -0.0009, np.nan],
        "high": [0.0, -0.001, 0.0017, np.nan],
        "pvalue": [0.049, 0.0004, 0.53, np.nan],
        "n": 60,
        "n_clusters": 41,
        "r_squared": 0.3149,
        "errors": "cluster",
    }
)


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


def test_rows_points_and_intervals_are_the_frame_without_the_constant():
    ax = coefficients(TABLE)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["rise of the rate", "China's share", "$x^{"]
    (bars,) = by_gid(ax, "coefficients.interval")
    np.testing.assert_array_equal(bars.get_segments(), [[[-0.0032, 0], [-0.001, 0]], [[-0.0009, 1], [0.0017, 1]]])
    np.testing.assert_array_equal(by_gid(ax, "coefficients.clear")[0].get_xydata(), [[-0.0021, 0]])
    np.testing.assert_array_equal(by_gid(ax, "coefficients.dim")[0].get_xydata(), [[0.0004, 1]])
    assert [t.get_text() for t in by_gid(ax, "coefficients.value")] == [
        "−0.21%, p < 0.001",
        "0.04%, p = 0.530",
        "no figure",
    ]
    assert ax.get_ylim() == (2.6, -0.6), "the first term is on top"


def test_the_subtitle_says_n_clusters_errors_and_fit():
    said = by_gid(coefficients(TABLE), "subtitle")[0].get_text()
    assert said == "n = 60 in 41 clusters; standard errors clustered; R² = 0.31; filled: p < 0.05"
    plain = TABLE.assign(errors="HC3", n_clusters=0).drop(columns="r_squared")
    assert by_gid(coefficients(plain, alpha=0.1), "subtitle")[0].get_text() == (
        "n = 60; standard errors HC3; filled: p < 0.1"
    )
    bare = TABLE[["term", "estimate", "low", "high", "pvalue"]]
    assert by_gid(coefficients(bare), "subtitle")[0].get_text() == "filled: p < 0.05"


def test_the_constant_is_drawn_when_asked_for_and_values_carry_their_unit():
    ax = coefficients(TABLE, constant=True, unit="sd")
    assert len(ax.get_yticks()) == 4
    assert by_gid(ax, "coefficients.value")[0].get_text() == "−0.01 sd, p = 0.049"
    assert ax.get_xlabel() == "abnormal return for one unit of the term, sd"


def test_empty_one_term_given_axes_and_wrong_input():
    assert by_gid(coefficients(TABLE.iloc[:0]), "empty")
    assert by_gid(coefficients(TABLE.iloc[:1]), "empty"), "the constant alone explains nothing"
    given = Figure().subplots()
    assert coefficients(TABLE.iloc[:2], ax=given) is given
    assert coefficients_data(TABLE)["row"].tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="low"):
        coefficients(TABLE.drop(columns="low"))
