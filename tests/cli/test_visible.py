"""What a file says is text, wherever the command line prints it: no order to the terminal, no markup, no formula."""

from __future__ import annotations

import csv
import io
import sys

import pandas as pd
import pytest
from rich.console import Console

from eventstudy.cli import fetching, listing, main
from eventstudy.errors import NoSuchTicker

ORDERS = {
    "clear": "\x1b[2J\x1b[31mred",
    "title": "\x1b]0;pwned\x07",
    "link": "\x1b]8;;http://evil.example\x07here\x1b]8;;\x07",
    "c1": "\x9b2J\x85\x90q",
    "bell": "\x07\x08\x7f\x00",
    "turned": "\u202egnp.exe\u2066\u200f",
    "ends": "one\rtwo\u2028three\x0bfour",
}
MARKUP = ["[/b]", "[red]x", "[link=http://evil.example]x[/link]", "[bold", "\\[b]"]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["eventstudy", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    monkeypatch.chdir(tmp_path)
    return command


def write(path, names, stance="escalation"):
    rows = [{"id": f"e{i}{name}", "name": name, "announced_at": f"2025-04-{i + 1:02} 10:00", "timezone": "UTC", "stance": stance, "actor": name} for i, name in enumerate(names)]  # fmt: skip
    pd.DataFrame(rows).to_csv(path, index=False, lineterminator="\n", quoting=csv.QUOTE_ALL)


def clean(text: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize("more", [(), ("--csv",)])
def test_no_order_of_a_catalogue_reaches_the_terminal(run, tmp_path, more):
    write(tmp_path / "evil.csv", ORDERS.values())
    code, out, err = run("events", "evil.csv", *more)
    assert (code, err) == (0, "")
    assert clean(out)
    assert "\\x1b[2J\\x1b[31mred" in out
    assert "\\u202egnp.exe" in out


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_nor_does_one_in_an_error(run, tmp_path, order):
    write(tmp_path / "evil.csv", [order], stance=f"up{order}")
    code, out, err = run("events", "--validate", "evil.csv")
    assert code == 2
    assert clean(out + err)
    code, out, err = run("events", f"{order.replace(chr(0), '')}.csv")
    assert code == 2
    assert clean(out + err)
    code, out, err = run("run", f"{order}.toml", "--out", "x")
    assert code == 2
    assert clean(out + err)


@pytest.mark.parametrize("name", MARKUP)
def test_markup_is_text_in_titles_and_cells(run, tmp_path, name):
    write(tmp_path / "evil.csv", [name])
    text = (tmp_path / "evil.csv").read_text()
    (tmp_path / "evil.toml").write_text(f"name = '{name}'\n[[event]]\nid = 'a'\nname = '{name}'\nannounced_at = 2025-04-02T10:00:00Z\nstance = 'talks'\n")  # fmt: skip
    assert name in text
    code, out, _ = run("events", "evil.toml")
    assert code == 0
    assert out.startswith(f"{name}: 1 events on XNYS\n")
    assert out.count(name) == 2


def test_heads_of_columns_are_text_too(capsys):
    listing.print_frame(pd.DataFrame({"[/b]\x1b[2J": ["[red]"]}), title="[/i]\x07")
    assert capsys.readouterr().out.split() == ["[/i]\\x07", "[/b]\\x1b[2J", "[red]"]


def test_on_a_terminal_colours_are_ours_alone(monkeypatch):
    shown = io.StringIO()
    shown.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(listing, "Console", lambda **_: Console(file=shown, force_terminal=True, width=200, color_system=None))  # fmt: skip
    listing.print_frame(pd.DataFrame({"name": list(ORDERS.values())}), title="\x1b[2J")
    text = shown.getvalue()
    assert "\\x1b[2J" in text
    assert "\x1b[2J" not in text
    assert "\x1b]" not in text


FORMULAS = ['=HYPERLINK("http://evil.example")', "@SUM(A1)", "+1+cmd|'/C calc'!A0", "-2+3", " =1", "\u202e=1", "＝1"]


def test_no_cell_of_a_printed_csv_is_a_formula(run, tmp_path):
    write(tmp_path / "evil.csv", FORMULAS)
    code, out, _ = run("events", "evil.csv", "--csv")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["name"].startswith("'") for row in rows] == [True] * len(FORMULAS)
    assert not [cell for row in rows for cell in row.values() if cell.strip()[:1] in set("=+-@＝")]


@pytest.mark.parametrize("symbol", ["[/b]", "\x1b]0;x\x07"])
def test_symbols_are_text_in_progress_and_failures(capsys, monkeypatch, symbol):
    def fetched(symbols, *_, progress, **__):
        for done, name in enumerate(symbols, start=1):
            progress(done, len(symbols), name, f"no {name}")
        panel = type(
            "Panel", (), {"quality": pd.DataFrame(), "failures": {name: NoSuchTicker(f"no {name}") for name in symbols}}
        )
        return panel()

    monkeypatch.setattr(fetching, "fetch", fetched)
    options = {"start": None, "end": None, "source": "yahoo", "offline": False, "folder": None, "frozen": None}
    assert fetching.fetch_symbols([f"{symbol}{i}" for i in range(9)], **options) == 3
    said = capsys.readouterr()
    assert clean(said.out + said.err)
    assert said.err.count("no ") == 18


@pytest.mark.parametrize(
    "words",
    [
        *(
            ["--seed", "-1"],
            ["--events", "1" + "0" * 50],
            ["--events", "0"],
            ["--events", "10^50"],
            ["--workers", "-3"],
        ),
        *(
            ["--workers", "0"],
            ["--workers", "100000"],
            ["--window", "0,99999999999999999999"],
            ["--window", f"0,{'9' * 5000}"],
        ),
        *(
            ["--window", "1,0"],
            ["--window", "a"],
            ["--replications", "9" * 30],
            ["--replications", "-1"],
            ["--draws", "9" * 30],
        ),
        *(
            ["--effect", "nan"],
            ["--effect", "inf"],
            ["--seed", "9" * 5000],
            ["--scenario", "x"],
            ["--tests", "\x1b[2J"],
        ),
    ],
    ids=lambda words: " ".join(words)[:30].encode("ascii", "backslashreplace").decode(),
)
def test_options_of_the_lab_that_cannot_be_meant_are_refused(run, words):
    code, out, err = run("calibrate", *words)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert len(err) < 1500


def test_a_tolerance_that_is_none_is_refused_before_the_work(run):
    for tolerance in ("nan", "-1"):
        code, _, err = run("check", "us-china", "--against", "nowhere", "--tolerance", tolerance)
        assert code == 2
        assert "tolerance must be 0 or more" in err


@pytest.mark.parametrize(
    "words", [["--end", "-1"], ["--start", "1600-01-01"], ["--end", "9999-12-31"], ["--start", "x"]]
)
def test_dates_that_no_calendar_has_are_refused(run, words, tmp_path):
    code, _, err = run("fetch", "AAPL", "--offline", "--cache", str(tmp_path), *words)
    assert code in {2, 3}
    assert "Traceback" not in err
    assert "fault of eventstudy" not in err


@pytest.mark.parametrize("order", [*ORDERS.values(), "\ud800"], ids=[*ORDERS, "half"])
@pytest.mark.parametrize("place", ["argument", "option", "command", "value"])
def test_no_order_among_the_words_of_a_call_reaches_the_terminal(run, order, place):
    calls = {
        "argument": ("check", "us-china", "--against", "x", order),
        "option": ("check", "us-china", f"--{order}"),
        "command": (order,),
        "value": ("calibrate", "--replications", order),
    }
    code, out, err = run(*calls[place])
    assert code == 2
    assert clean(out)
    assert clean(err)
    assert err.strip()
