"""A study of firms on the command line: its report, and the gate that names the event, the characteristic and the price that changed."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

import eventstudy as es
from eventstudy.cli.app import app
from eventstudy.errors import InputError, StudyError
from eventstudy.report import compare_folders, run_study
from eventstudy.report.firms import gather_firms
from eventstudy.study import load_study
from eventstudy.study.pairs.firm_file import FirmFile, firm_study
from firm_files import EARNINGS, firm_prices, write_firm_files

OPTIONS = ["--prices", "prices.parquet", "--market", "^GSPC"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_firm_files(tmp_path)
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, list(words))


def study(**pairs):
    return firm_study(
        "earnings",
        pairs={"source": "earnings.csv", **pairs},
        prices={"source": "prices.parquet"},
        market={"symbol": ["^GSPC"]},
    )


def test_options_are_the_study_file(place):
    (place / "earnings.toml").write_text(
        '[pairs]\nsource = "earnings.csv"\nsymbol = "Ticker"\n[prices]\nsource = "prices.parquet"\n[market]\nsymbol = "^GSPC"\n'
    )
    one, other = load_study("earnings.toml"), study(symbol="Ticker")
    assert isinstance(one, FirmFile)
    assert one.model_dump() == other.model_dump()
    pd.testing.assert_frame_equal(gather_firms(one, None).result.tidy(), gather_firms(other, None).result.tidy())


def test_a_file_asks_for_estimation_windows_before_and_after_in_words(place):
    (place / "earnings.toml").write_text(
        '[pairs]\nsource = "earnings.csv"\n[prices]\nsource = "prices.parquet"\n[market]\nsymbol = "^GSPC"\n'
        "[windows]\nestimation = { before = [-120, -11], after = [11, 60] }\n"
    )
    found = gather_firms(load_study("earnings.toml"), None)
    asked = es.EventStudy(
        model=es.MarketModel("^GSPC"), estimation=es.EstimationWindow(before=(-120, -11), after=(11, 60))
    )
    pd.testing.assert_frame_equal(found.result.tidy(), asked.fit(found.pairs, found.panel).tidy())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[pairs]\nsource="a"\n[catalog]\nsource="b"\n[prices]\nsource="c"\n', "leave out one of the two"),
        ('[pairs]\nsource="a"\nsymbl="b"\n[prices]\nsource="c"\n', "pairs.symbl; did you mean 'symbol'"),
        ('[pairs]\n[prices]\nsource="c"\n', "pairs.source is missing"),
        ('[pairs]\nsource="a"\n', "prices is missing"),
        ('[pairs]\nsource="a"\n[prices]\nsource="c"\n[market]\nsymbol="x"\nfactors=["y"]\n', "not both"),
        ('[pairs]\nsource="a"\n[prices]\nsource="c"\n[market]\nrisk_free="y"\n', "belongs to factors"),
        ('[pairs]\nsource="a"\n[prices]\nsource="c"\n[windows]\nhorizons=[[1, 0]]\n', "runs forward"),
    ],
)
def test_a_wrong_file_is_one_line_with_the_key(place, text, words):
    (place / "s.toml").write_text(text)
    with pytest.raises(StudyError, match=r"s\.toml") as error:
        load_study("s.toml")
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--events", "earnings.csv"], "--events needs --prices"),
        (["run", "us-china", "--events", "earnings.csv", *OPTIONS], "leave out one of the two"),
        (["run", "--symbol", "Ticker"], "--symbol belongs to --events"),
        (["run", "--prices", "prices.parquet"], "--prices belongs to --events"),
        (["run", "--events", "earnings.csv", *OPTIONS, "--symbol", "Tikcer"], "did you mean 'Ticker'"),
        (["run", "--events", "earnings.csv", *OPTIONS, "--by", "baet"], "did you mean 'beat'"),
        (["run", "--events", "nowhere.csv", *OPTIONS], "does not exist"),
        (["claims", "firms.toml"], "is of firms"),
    ],
)
def test_a_wrong_command_is_one_line(place, words, said):
    (place / "firms.toml").write_text('[pairs]\nsource="earnings.csv"\n[prices]\nsource="prices.parquet"\n')
    done = run(*words)
    assert isinstance(done.exception, (InputError, StudyError)) or isinstance(done.exception.__cause__, InputError)
    assert said in str(done.exception)
    assert not (place / "out").exists()


@pytest.mark.slow
class TestGate:
    """Each run is a whole report of fourteen events."""

    @pytest.fixture
    def accepted(self, place):
        run_study(study(by=["beat"]), "accepted", quick=True)
        return place

    def moved(self, place):
        run_study(study(by=["beat"]), "now", quick=True)
        found = compare_folders(place / "accepted", place / "now")
        return {row.what: (row.old, row.new) for row in found.moved if row.kind == "input"}, found

    def test_nothing_is_nothing_and_the_command_checks_it(self, accepted):
        words = ["--events", "earnings.csv", *OPTIONS, "--by", "beat", "--quick", "--against", "accepted"]
        done = run("check", *words)
        assert done.exit_code == 0, done.output
        assert "nothing moved" in done.output
        (accepted / "earnings.csv").write_text(EARNINGS.replace("FE,04/24/2024", "FE,04/25/2024"))
        assert run("check", *words).exit_code == 1

    def test_a_changed_date_is_named(self, accepted):
        (accepted / "earnings.csv").write_text(EARNINGS.replace("FE,04/24/2024", "FE,04/25/2024"))
        inputs, found = self.moved(accepted)
        assert {what.split(".")[2] for what in inputs} == {"FE 2024-04-24", "FE 2024-04-25"}
        assert any(row.kind == "number" for row in found.moved)

    def test_a_removed_event_is_named(self, accepted):
        (accepted / "earnings.csv").write_text(EARNINGS.replace("FE,04/24/2024,Cash,BMO,1,1.1\n", ""))
        inputs, _ = self.moved(accepted)
        assert {what.split(".")[2] for what in inputs} == {"FE 2024-04-24"}
        assert {new for _, new in inputs.values()} == {"missing"}

    def test_a_changed_characteristic_is_named(self, accepted):
        (accepted / "earnings.csv").write_text(
            EARNINGS.replace("FE,04/24/2024,Cash,BMO,1,1.1", "FE,04/24/2024,Cash,BMO,0,1.1")
        )
        inputs, _ = self.moved(accepted)
        assert inputs == {"inputs.pairs.FE 2024-04-24.beat": ("1", "0")}

    def test_a_changed_price_is_named(self, accepted):
        prices = firm_prices()
        prices.loc["2024-04-25", "FE"] *= 1.01  # day 1
        prices.to_parquet(accepted / "prices.parquet")
        inputs, found = self.moved(accepted)
        assert set(inputs) == {"inputs.prices.FE"}
        assert any("FE 2024-04-24" in row.what for row in found.moved if row.kind == "number")

    def test_the_manifest_names_no_folder_and_the_command_can_be_typed_again(self, accepted):
        manifest = json.loads((accepted / "accepted" / "manifest.json").read_text())
        assert (
            manifest["command"]
            == "eventstudy run --events earnings.csv --prices prices.parquet --market '^GSPC' --by beat --quick --out out"
        )
        assert str(accepted) not in (accepted / "accepted" / "manifest.json").read_text()
        folder = accepted / "deep"
        folder.mkdir()
        far = firm_study(
            "earnings",
            pairs={"source": str(accepted / "earnings.csv"), "by": ["beat"]},
            prices={"source": str(accepted / "prices.parquet")},
            market={"symbol": ["^GSPC"]},
        )
        run_study(far, "far", quick=True)
        assert compare_folders(accepted / "accepted", accepted / "far")
