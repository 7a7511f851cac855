"""What `make release-check` goes by: which lines it runs, which Pythons it finds, what it says of an archive."""

import sys

import pytest

import release_check
from pages import ROOT

NONE = "3.999"


def test_every_console_line_of_ours_that_needs_no_network_is_run_once():
    lines = [words[1] for words in release_check.commands()]
    assert {"run", "events", "claims", "check", "tests", "calibrate"} <= set(lines)
    assert "fetch" not in lines
    assert len(release_check.commands()) == len({tuple(words) for words in release_check.commands()})


def test_an_archive_that_lacks_a_file_or_holds_a_stranger_is_refused():
    said = release_check.differences("wheel", {"a.py", "tests/t.py"}, {"a.py", "figures/market.csv"})
    assert said == [
        "the wheel lacks figures/market.csv",
        "the wheel holds tests/t.py, which git does not track or which should stay out",
    ]


def test_a_python_is_found_only_if_it_runs(tmp_path, monkeypatch):
    shim = tmp_path / f"python{NONE}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert release_check.interpreter(NONE) is None
    there = tmp_path / "pyenv" / "versions" / f"{NONE}.1" / "bin" / f"python{NONE}"
    there.parent.mkdir(parents=True)
    there.symlink_to(sys.executable)
    assert release_check.interpreter(NONE) == there


def test_a_command_that_fails_is_named_with_its_code_and_its_last_lines():
    program = "import sys; [print(i) for i in range(99)]; sys.exit('the end')"
    with pytest.raises(RuntimeError, match=r"exit code 1\n") as caught:
        release_check.run(sys.executable, "-c", program)
    assert str(caught.value).splitlines()[-2:] == ["    98", "    the end"]
    assert len(str(caught.value).splitlines()) == 1 + release_check.LAST_LINES
    assert release_check.run(sys.executable, "-c", "print('fine')") == "fine\n"


def test_nothing_that_is_shipped_is_a_link():
    """A build follows a link, and leaves out what it leads to: so a release once lacked the figures."""
    assert [
        path for name in ("src", "tests", "docs", "fixtures") for path in (ROOT / name).rglob("*") if path.is_symlink()
    ] == []
