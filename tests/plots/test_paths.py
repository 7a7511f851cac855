import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy.errors import InputError
from eventstudy.plots import caar, caar_data


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


def test_lines_and_bands_are_the_frame(paths):
    ax = caar(paths)
    for stance in ("escalation", "softening"):
        own = paths[paths["stance"] == stance]
        (line,) = by_gid(ax, f"caar.line.{stance}")
        np.testing.assert_array_equal(line.get_xydata(), own[["relative_day", "caar"]])
        (band,) = by_gid(ax, f"caar.band.{stance}")
        corners = band.get_paths()[0].vertices
        assert corners[:, 1].min() == own["low"].min()
        assert corners[:, 1].max() == own["high"].max()


def test_the_event_day_and_zero_are_marked_and_lines_differ_without_colour(paths):
    ax = caar(paths)
    assert list(by_gid(ax, "caar.event")[0].get_xdata()) == [0, 0]
    assert list(by_gid(ax, "caar.zero")[0].get_ydata()) == [0, 0]
    lines = [by_gid(ax, f"caar.line.{s}")[0] for s in ("escalation", "softening")]
    assert lines[0].get_linestyle() != lines[1].get_linestyle()
    assert lines[0].get_marker() != lines[1].get_marker()


def test_the_subtitle_has_n_and_what_the_band_is(paths):
    paths.loc[paths["relative_day"] == 5, "n"] = 6
    text = by_gid(caar(paths, band="90% band"), "subtitle")[0].get_text()
    assert text == "Cumulative average abnormal return; escalation n = 6 to 9, softening n = 6 to 7; 90% band"


def test_one_path_without_stance_needs_no_legend(paths):
    one = paths[paths["stance"] == "softening"].drop(columns="stance")
    ax = caar(one)
    assert ax.get_legend() is None
    assert list(caar_data(one)["stance"].unique()) == [""]
    assert by_gid(ax, "subtitle")[0].get_text().startswith("Cumulative average abnormal return; n = 7;")


def test_simultaneous_bands_are_drawn_when_given(paths):
    wide = paths.assign(low_simultaneous=paths["low"] - 0.01, high_simultaneous=paths["high"] + 0.01)
    ax = caar(wide)
    own = wide[wide["stance"] == "escalation"]
    lower, upper = by_gid(ax, "caar.simultaneous.escalation")
    np.testing.assert_array_equal(lower.get_ydata(), own["low_simultaneous"])
    np.testing.assert_array_equal(upper.get_ydata(), own["high_simultaneous"])


def test_empty_one_day_and_missing_values(paths):
    assert by_gid(caar(paths.iloc[:0]), "empty")
    assert len(by_gid(caar(paths.iloc[[0]]), "caar.line.softening")[0].get_xdata()) == 1
    paths.loc[3, "caar"] = np.nan
    assert np.isnan(by_gid(caar(paths), "caar.line.softening")[0].get_ydata()).sum() == 1


def test_an_axes_given_is_drawn_on_and_missing_columns_are_named(paths):
    given = Figure().subplots()
    assert caar(paths, ax=given) is given
    with pytest.raises(InputError, match=r"'n'"):
        caar(paths.drop(columns="n"))
    with pytest.raises(InputError, match="needs a DataFrame"):
        caar(pd.Series([1.0]))
