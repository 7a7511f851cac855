import pytest
from matplotlib.figure import Figure
from pandas import DataFrame

from eventstudy.errors import InputError
from eventstudy.report import Chart, Document, Section, Table
from eventstudy.report.document import safe_name


@pytest.mark.parametrize(
    "name", ["../../x", "a/b\\c", "CON", ".hidden", "-rf", "\u202eabc", "x" * 10_000, "", "关税", "a\x00b"]
)
def test_file_names_are_safe_whatever_the_text(name):
    stem = safe_name(name)
    assert 1 <= len(stem) <= 81
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    assert not stem.startswith("-")
    assert stem not in {"con", "nul"}


def chart(name):
    return Chart(name, "t", "a", Figure(), DataFrame())


def table(name):
    return Table(name, "t", "", DataFrame())


def test_two_names_for_one_file_are_an_error_not_an_overwrite():
    with pytest.raises(InputError, match="'A b' and 'a-b' would share the file name 'a-b'"):
        Document("t", (), {}, charts=(chart("A b"), chart("a-b")))
    with pytest.raises(InputError, match="would overwrite the data"):
        Document("t", (), {}, charts=(chart("x"),), tables=(table("chart-x"),))


def test_sections_must_name_what_is_there_once():
    with pytest.raises(InputError, match="does not have"):
        Document("t", (), {}, sections=(Section("s", charts=("x",)),))
    with pytest.raises(InputError, match="shown twice"):
        Document("t", (), {}, tables=(table("x"),), sections=(Section("s", tables=("x",)), Section("r", tables=("x",))))
    with pytest.raises(InputError, match="share a heading"):
        Document("t", (), {}, sections=(Section("s"), Section("s")))
