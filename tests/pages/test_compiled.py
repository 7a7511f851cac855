"""Tables as papers take them: LaTeX compiles within the text of an article, Word files are read back."""

import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.report import to_latex

pytestmark = pytest.mark.slow
HEAD = (
    r"\documentclass{article}\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\usepackage{booktabs,graphicx}"
    r"\begin{document}"
)


@pytest.fixture(scope="module")
def result():
    days = pd.bdate_range("2021-01-04", periods=500, unit="us")
    rng = np.random.default_rng(1)
    market = rng.normal(0, 0.01, 500)
    firms = {f"F{i}": market + rng.normal(0, 0.02, 500) for i in range(6)}
    pairs = pd.DataFrame(
        {
            "event_id": [f"q_{i} & 5 % “more”" for i in range(24)],
            "symbol": [f"F{i % 6}" for i in range(24)],
            "bar": days[280:490:9][:24],
            "beat": [i % 2 for i in range(24)],
        }
    )
    panel = es.ReturnPanel(pd.DataFrame({"M": market, **firms}, index=days))
    return es.EventStudy(model=es.MarketModel("M"), window=(-5, 5), calendar=None).fit(pairs, panel)


def tables(result):
    yield "paper", result.to_latex()
    yield "three tests", result.to_latex(tests=["sign", "kp_bmp", "skewness_adjusted"])
    yield "side by side", result.to_latex(by="beat")
    yield "below each other", result.to_latex(by="symbol")
    yield "caar", to_latex(pd.concat([result.caar(window) for window in ((0, 0), (0, 1))]))
    yield "aar", to_latex(result.aar())
    yield "car", to_latex(result.car((0, 1)))
    yield "tests", to_latex(result.tests((0, 1), seed=0))
    yield "explain", to_latex(result.explain(["beat"], (0, 1)))
    yield "compare", to_latex(result.compare((0, 1), by="beat"))
    yield "signs", to_latex(pd.DataFrame({"a_%$#{}~^\\": ["† → −1 ≥ × … “é” Pynnönen <x> ±"], "car": [np.nan]}))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine (texlive-latex-recommended)")
def test_every_table_compiles_and_fits(result, tmp_path):
    faults = {}
    for name, text in tables(result):
        (tmp_path / "t.tex").write_text(f"{HEAD}\n{text}\n\\end{{document}}\n", encoding="utf-8")
        done = subprocess.run(
            [shutil.which("pdflatex"), "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
            timeout=120,
        )
        told = done.stdout.decode("utf-8", "replace")
        wrong = re.findall(r"^! .*|^Overfull \\hbox.*", told, re.MULTILINE)
        if done.returncode or wrong:
            faults[name] = wrong
    assert faults == {}


def test_a_word_file_holds_the_table(result, tmp_path):
    docx = pytest.importorskip("docx")
    for by in (None, "beat"):
        table = result.table(by=by)
        page = docx.Document(str(result.to_docx(tmp_path / "t.docx", by=by)))
        (grid,) = page.tables
        assert [[cell.text for cell in row.cells] for row in grid.rows[1:]] == table.frame.to_numpy().tolist()
        texts = [paragraph.text for paragraph in page.paragraphs]
        assert table.title in texts
        assert table.caption in texts
