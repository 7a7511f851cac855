"""Texts of others before a person sees them: nothing unseen is left, nothing seen is lost, nothing is endless."""

from __future__ import annotations

import ast
import difflib
import unicodedata
from pathlib import Path

import pytest

import eventstudy
from eventstudy.errors import InputError
from eventstudy.words import brief, nearest, stripped, visible
from hypothesis import given, strategies as st

HOSTILE = ["\x1b[2J", "\x1b]0;pwned\x07", "\x9b2J", "a\x00b", "\x7f", "\u202egnp", "\ud800", "\u2066x\u2069", "\ufeff", "\u2028", "\ufffe", "\r", "\t"]  # fmt: skip
PLAIN = ["a", "关税", "−4.8 %", "“x”", "é", "a b", "\u00a0", "👩", "[red]", "<b>", "$x$", "\\x1b"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_unseen_is_written_as_python_writes_it(text):
    shown = visible(text)
    assert all(character.isprintable() for character in shown)
    assert ast.literal_eval(f"'{shown}'") == text


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_seen_stays_as_it_is(text):
    assert visible(text) == stripped(text) == text


def test_joiners_of_letters_and_pictures_stay():
    family = "👩\u200d👧"
    assert visible(family) == family


@given(st.text())
def test_nothing_unseen_is_left_in_any_text(text):
    for shown in (visible(text), stripped(text).replace("\n", "")):
        left = {unicodedata.category(character) for character in shown if character not in "\u200c\u200d"}
        assert left.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})


def test_lines_stay_where_they_are_wanted():
    assert visible("a\n\x1bb", keep="\n") == "a\n\\x1bb"
    assert stripped("a\n\x1bb") == "a\nb"


LARGE = {"digits": 10**5000, "text": "x" * 10**6, "list": ["x" * 1000] * 1000, "table": {"a": list(range(10**5))}}


@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE)
def test_any_value_is_brief(value):
    assert 0 < len(brief(value)) <= 80
    assert "\n" not in brief(value)


def test_a_list_in_a_list_without_end_is_brief():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert len(brief(deep)) <= 80
    while deep:  # taken apart by hand: freeing it at once would be as deep
        deep = deep[0]


def test_a_message_is_visible_and_bounded_whatever_it_repeats():
    said = str(InputError(f"symbol {'x' * 10**6}\x1b[2J is not known\nsecond line; use another"))
    first, second = said.split("\n")
    assert len(first) < 5000
    assert first.startswith("symbol xxx")
    assert first.endswith("\\x1b[2J is not known")
    assert second == "second line; use another"


SOURCE = Path(eventstudy.__file__).parent
PRIVATE = (
    "likeness",
    "calendar turned",
    "none of its absence",
    "that does not draw",
    "equivalent to nothing",
    "one line in twenty",
)


def printed(path):
    """Give the texts of a module that may be printed: its strings, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    ]


@pytest.mark.slow
def test_nothing_private_is_printed():
    texts = {path: " ".join(printed(path)) for path in SOURCE.rglob("*.py")}
    texts |= {path: path.read_text("utf-8") for path in SOURCE.rglob("*.j2")}
    for path in SOURCE.rglob("*.toml"):
        lines = path.read_text("utf-8").splitlines()
        texts[path] = "\n".join(line.partition(" # ")[0] for line in lines if not line.startswith("#"))
    found = [f"{path.name}: {word}" for path, text in texts.items() for word in PRIVATE if word in text.lower()]
    assert found == []


def test_a_near_word_is_found_among_ten_thousand_and_nothing_far_is_compared(monkeypatch):
    known = [f"{first}{number:04d}" for first in "ABCDEFGHIJ" for number in range(1000)]
    compared = []
    close = difflib.get_close_matches
    monkeypatch.setattr(
        difflib, "get_close_matches", lambda word, words, **how: compared.extend(words) or close(word, words, **how)
    )
    assert nearest("C0l23", known).startswith("; did you mean 'C0")
    assert 0 < len(compared) <= len(known) / 10
    assert nearest("Z", known) == ""
