"""200 inputs a border make no fault, and the harness sees each kind of fault when there is one."""

from collections import Counter

import pytest
from cases import BORDERS, build
from verdict import FAULTS

from fuzz import fuzz, groups_told

SEED = 20_250_403
INPUTS = 200
FAKE = 678  # among its first 22 inputs each act stands


@pytest.mark.slow
@pytest.mark.timeout(900)  # a busy machine gets four times as long for each input
@pytest.mark.parametrize("border", BORDERS)
def test_damaged_inputs_are_accepted_or_refused_in_one_clear_line(border, tmp_path):
    report = fuzz(border, SEED, INPUTS, folder=tmp_path, quiet=True)
    assert report["groups"] == [], f"{len(report['groups'])} kinds of fault\n{groups_told(report)}"
    counts = Counter(line["kind"] for line in report["lines"])
    assert counts["accepted"] >= INPUTS / 10, counts  # inputs that are all refused at the first look test nothing
    assert counts["refused"] >= INPUTS / 10 or border == "network", counts  # there one bad answer stops nobody
    if border != "command":  # some of its plain calls are refused: a cache that is empty
        assert {line["kind"] for line in report["lines"] if line["valid"]} == {"accepted"}


EXPECTED = {
    "accepted": {("accepted", "")},
    "refused": {("refused", "")},
    "rows": {("refused", "")},
    "foreign": {("foreign", "KeyError")},
    "sleeps": {("hang", "")},
    "spins": {("hang", "")},
    "memory": {("memory", "")},
    "wrong": {("wrong", "WrongNumber")},
    "text": {("message", "BadText")},
    "two lines": {("message", "too many lines")},
    "control": {("message", "control characters")},
    "too long": {("message", "too long")},
    "dies": {("crash", "exit 3")},
}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_harness_sees_every_kind_of_fault_and_what_made_it(tmp_path):
    # a slow machine needs more than a second to fill the memory that is too much
    report = fuzz("border_fake", FAKE, 22, folder=tmp_path, limit=3.0, quiet=True)
    found = {}
    for line in report["lines"]:
        case = build("border_fake", FAKE, line["number"])
        if not case.thing.poisoned:
            assert line["kind"] == "accepted"
            continue
        found.setdefault(case.thing.act, set()).add((line["kind"], line.get("type", "")))
        if line.get("keep"):
            assert [case.mutations[at] for at in line["keep"]] == ["poison"]
    assert found == EXPECTED
    assert {line["kind"] for group in report["groups"] for line in group} == set(FAULTS)
    assert f"--border border_fake --seed {FAKE} --number" in groups_told(report)


@pytest.mark.slow
def test_a_run_is_taken_up_where_it_stopped_and_gives_the_same(tmp_path):
    whole = fuzz("study-file", 3, 12, folder=tmp_path / "whole", quiet=True)
    fuzz("study-file", 3, 5, folder=tmp_path / "parts", quiet=True)
    parts = fuzz("study-file", 3, 12, folder=tmp_path / "parts", quiet=True)
    assert [line["kind"] for line in parts["lines"]] == [line["kind"] for line in whole["lines"]]
    assert [line["number"] for line in parts["lines"]] == list(range(12))


@pytest.mark.parametrize("border", BORDERS)
def test_a_number_is_one_input(border):
    for number in range(20):
        one, two = (build(border, 1, number) for _ in range(2))
        assert (one.mutations, one.failed) == (two.mutations, two.failed)
    assert any(build(border, 1, number).mutations != build(border, 2, number).mutations for number in range(9))
