"""One page for each test and each model, in one mould: what is declared in the code, what was measured, what comes out."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import matplotlib.pyplot as plt
from site_code import block, output

from eventstudy.calibration import Row, read_table
from eventstudy.inference import TESTS, TestSpec
from eventstudy.report.parts.data import doi, sources, works

HERE = Path(__file__).parent
TABLES = HERE.parents[1] / "src" / "eventstudy" / "calibration" / "tables"
SIZES: Final = ("analytic_5", "analytic", "analytic_200", "resampling")
BAND: Final = (0.04, 0.06)  # what a size of 5 % may be and still be called right
PICTURED: Final = ((0, 0), (-10, 10))
SHORT: Final = "The shortest and the longest window measured, 10,000 samples a cell (tests that draw: 1,000)."
NEEDS: Final = {
    "estimation": "the estimation window's abnormal returns",
    "refit": "returns outside the windows, to refit the model on",
    "least squares": "a model fitted by least squares",
    "one date": "one common date",
    "two dates": "two dates or more",
    "one event": "one security-event",
    "clock": "bars within days, studied by `IntradayModel`",
}
SETUP: Final = """\
import eventstudy as es

returns = es.load_returns(["^GSPC", "BusEq", "Durbl", "Enrgy", "Hlth", "Utils"], source="bundled")
events = es.load_events("us-china").select(stance="escalation", actor="US", since="2025-01-01"){more}
study = es.EventStudy(model=es.MarketModel("^GSPC"), window=(-5, 5), calendar="XNYS")
"""
ONE_DATE: Final = '\none = events.select(since="2025-04-02", until="2025-04-03")'
INSIDE: Final = """\
import eventstudy as es

made = es.calibration.simulate_bars(symbols=2, days=150, event_every=45, seed=2)  # bars with known truth; real ones are yours
study = es.EventStudy(model=es.IntradayModel(base=es.MarketModel("MKT")), window=(0, 2), calendar="XNYS")
result = study.fit(made.events{one}, es.ReturnPanel(made.frame, kind="log"))
"""
MODELS: Final = {
    "MeanAdjusted": "es.MeanAdjusted()",
    "MarketAdjusted": 'es.MarketAdjusted("^GSPC")',
    "MarketModel": 'es.MarketModel("^GSPC")',
    "CAPM": 'es.CAPM("^GSPC", risk_free="RF")',
    "FactorModel": 'es.FactorModel(("Mkt-RF", "SMB", "HML"), risk_free="RF")',
    "ScholesWilliams": 'es.ScholesWilliams("^GSPC")',
    "Dimson": 'es.Dimson("^GSPC")',
    "DimsonSum": 'es.DimsonSum("^GSPC")',
    "TradeToTrade": 'es.TradeToTrade("^GSPC")',
    "GarchMarketModel": 'es.GarchMarketModel("^GSPC")',
    "RobustMarketModel": 'es.RobustMarketModel("^GSPC")',
    "MatchedPortfolio": 'es.MatchedPortfolio({"BusEq": "Telcm", "Durbl": "Manuf", "Enrgy": "Chems"})',
    "ControlPortfolio": "es.ControlPortfolio(PEERS)",
    "SyntheticControl": "es.SyntheticControl(PEERS)",
    "SyntheticDiD": "es.SyntheticDiD(PEERS)",
    "LatentFactorModel": "es.LatentFactorModel(PEERS)",
    "IntradayModel": 'es.IntradayModel(base=es.MarketModel("MKT"))',
}
THIN: Final = """\
import eventstudy as es
import numpy as np

prices = es.load_prices(["^GSPC"], source="bundled").frame
chance = np.random.default_rng(0)
thin = prices["^GSPC"] * np.exp(chance.normal(0, 0.02, len(prices)).cumsum())  # the market and noise
thin[chance.random(len(thin)) < 0.2] = np.nan  # it does not trade on a fifth of the days
returns = es.lumped_returns(es.PricePanel(prices.assign(THIN=thin)))
events = es.load_events("us-china").select(stance="escalation", actor="US", since="2025-04-01", until="2025-05-31")
study = es.EventStudy(model=es.TradeToTrade("^GSPC"), window=(-5, 5), calendar="XNYS")
result = study.fit(events, returns, symbols=["THIN"])
result.car((0, 1))[["event_id", "symbol", "car", "se", "t", "pvalue"]].head(4)
"""
MODEL_CODE: Final = """\
import eventstudy as es

{peers}returns = es.load_returns({symbols}, source="bundled")
events = es.load_events("us-china").select(stance="escalation", actor="US", since="2025-04-01", until="2025-05-31")
study = es.EventStudy(model={model}, window=(-5, 5), calendar="XNYS")
result = study.fit(events, returns{only})
result.car((0, 1))[["event_id", "symbol", "car", "se", "t", "pvalue"]].head(4)
"""


def mould(name: str) -> dict[str, dict[str, str]]:
    """Return what a TOML file beside this module says of each test or model."""
    return tomllib.loads((HERE / f"{name}.toml").read_text("utf-8"))


def test_page(spec: TestSpec, said: Mapping[str, str], rows: list[Row], pictures: Path) -> str:
    """Return the page of one test."""
    lines = [f"# {spec.title}", f'`result.test("{spec.name}", (0, 1))`', f"**{said['question']}**", said["idea"]]
    lines += ["## Null and statistic", f"The null hypothesis: {spec.null}.", f"$$\n{said['formula']}\n$$"]
    needed = [NEEDS[need] for need in spec.needs]
    taken = [f"- {one[0].upper()}{one[1:]}." for one in spec.assumptions]
    lines += ["## What it takes for granted", "\n".join(taken)]
    lines += [f"It needs {' and '.join(needed)}." if needed else "It needs no estimation window."]
    lines += [f"It works from {spec.minimum} security-event{'s' if spec.minimum > 1 else ''} on."]
    lines += ["## When it fails", said["fails"], *_measured(spec, rows, pictures)]
    lines += ["## Example", *_example(spec), "## Source", f"{spec.reference}.", _link(spec.reference)]
    return "\n\n".join(line for line in lines if line) + "\n"


def _measured(spec: TestSpec, rows: list[Row], pictures: Path) -> list[str]:
    """Return the sizes that the calibration lab found for a test: a picture and a table."""
    own = [row for row in rows if row.test == spec.name and (row.first, row.last) in PICTURED]
    if not own:
        return [
            "## Measured size",
            "The daily tables of the lab do not hold this test. What was measured of it stands in [tests](../../tests.md).",
        ]
    _draw(own, pictures / f"{spec.name}.svg")
    numbers = sorted({row.n for row in own})
    head = ["scenario", *(f"N = {n}, {(row_first, row_last)}" for n in numbers for row_first, row_last in PICTURED)]
    cells = {(row.scenario, row.n, (row.first, row.last)): row for row in own}
    body = []
    for scenario in dict.fromkeys(row.scenario for row in own):
        found = [cells.get((scenario, n, window)) for n in numbers for window in PICTURED]
        body.append([scenario.replace("_", " "), *(_cell(row) for row in found)])
    table = "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body])
    told = "How often the test rejects at 5 % where the null holds. **Bold**: outside of 4 to 6 %."
    return ["## Measured size", told, SHORT, f"![Sizes of {spec.name} by scenario](pictures/{spec.name}.svg)", table]


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    text = f"{row.rate:.1%}"
    return text if BAND[0] <= row.rate <= BAND[1] else f"**{text}**"


def _draw(rows: list[Row], path: Path) -> None:
    """Draw the sizes of one test, one mark a scenario, number of events and window."""
    scenarios = list(dict.fromkeys(row.scenario for row in rows))
    figure, axes = plt.subplots(figsize=(7, 0.24 * len(scenarios) + 1.2), layout="constrained")
    axes.axvspan(*BAND, color="0.88")
    for window, mark in zip(PICTURED, "os", strict=True):
        own = [row for row in rows if (row.first, row.last) == window]
        axes.scatter(
            [min(row.rate, 0.3) for row in own],
            [scenarios.index(row.scenario) for row in own],
            s=[12 + 10 * len(str(row.n)) for row in own],
            marker=mark,
            alpha=0.7,
            label=f"window {window}",
        )
    axes.set_yticks(range(len(scenarios)), [name.replace("_", " ") for name in scenarios])
    axes.invert_yaxis()
    axes.set_xlim(0, 0.31)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("share rejected at 5 % (grey: 4 to 6 %; right edge: 30 % and more)")
    figure.legend(loc="outside upper right", ncols=2, fontsize="small", frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _example(spec: TestSpec) -> list[str]:
    one = "one date" in spec.needs or "one event" in spec.needs
    symbols = ', symbols=["Durbl"]' if "one event" in spec.needs else ""
    fitted = "one" if one else "events"
    code = SETUP.format(more=ONE_DATE if one else "") + f"result = study.fit({fitted}, returns{symbols})\n"
    draws = ", draws=199" if spec.draws else ""
    window = "(0, 1)"
    if "clock" in spec.needs:
        code, window = INSIDE.format(one=".head(1)" if "one event" in spec.needs else ""), "(0, 2)"
    code += f'print(result.test("{spec.name}", {window}{draws}))\n'
    return [block(code), output(code)]


def _place(work: str) -> str:
    """Return where a work is found: a link to its DOI, or the words of who has none."""
    where = sources(f"{work})")
    return where if where.startswith("no DOI") else f"[doi:{where}](https://doi.org/{where})"


def _link(reference: str) -> str:
    found = doi(reference)
    return f"[doi:{found}](https://doi.org/{found})" if found else ""


def model_page(name: str, said: Mapping[str, str]) -> str:
    """Return the page of one model of normal returns."""
    call = MODELS[name]
    peers = 'PEERS = ["NoDur", "Manuf", "Chems", "Telcm", "Shops", "Money", "Other"]\n' if "PEERS" in call else ""
    shown = ["BusEq", "Durbl", "Enrgy"]
    extra = {
        "CAPM": ["^GSPC", "RF"],
        "FactorModel": ["Mkt-RF", "SMB", "HML", "RF"],
        "MatchedPortfolio": ["Telcm", "Manuf", "Chems"],
    }
    symbols = [*shown, *extra.get(name, ["^GSPC"] if "GSPC" in call else [])]
    listed = (f"{shown}"[:-1] + ", *PEERS]" if peers else str(symbols)).replace("'", '"')
    only = f", symbols={shown}".replace("'", '"')
    code = MODEL_CODE.format(peers=peers, symbols=listed, model=call, only=only)
    if name == "TradeToTrade":  # its returns run over missing prices
        code = THIN
    if name == "IntradayModel":
        code = (
            f'{INSIDE.format(one="")}result.car((0, 2))[["event_id", "symbol", "car", "se", "t", "pvalue"]].head(4)\n'
        )
    lines = [f"# {name}", f"`es.EventStudy(model={call}, …)`", f"**{said['question']}**", said["idea"]]
    lines += ["## Formula", f"$$\n{said['formula']}\n$$", "## When it fails", said["fails"]]
    lines += ["## Example", block(code), output(code)]
    lines += ["## Source", *(f"- {work}): {_place(work)}" for work in works(said["source"]))]
    lines += ["## Reference", f"```{{eval-rst}}\n.. autoclass:: eventstudy.{name}\n   :noindex:\n```"]
    return "\n\n".join(lines) + "\n"


def write_moulds(into: Path) -> None:
    """Write the pages of all tests and models, and the two pages that list them."""
    rows = [row for path in sorted(TABLES.glob("*.csv")) if path.stem in SIZES for row in read_table(path)[1]]
    pictures = into / "tests" / "pictures"
    pictures.mkdir(parents=True)
    (into / "models").mkdir()
    told = mould("tests")
    for name, spec in TESTS.items():
        (into / "tests" / f"{name}.md").write_text(test_page(spec, told[name], rows, pictures), "utf-8")
    listed = [f"| [`{name}`]({name}.md) | {told[name]['question']} | {spec.null} |" for name, spec in TESTS.items()]
    _list(into / "tests" / "index.md", "Significance tests", ("test", "question", "null"), listed, TESTS)
    models = mould("models")
    for name in models:
        (into / "models" / f"{name}.md").write_text(model_page(name, models[name]), "utf-8")
    listed = [f"| [`es.{name}`]({name}.md) | {said['question']} |" for name, said in models.items()]
    _list(into / "models" / "index.md", "Models of normal returns", ("model", "question"), listed, models)


def _list(path: Path, title: str, head: tuple[str, ...], rows: list[str], names: Mapping[str, object]) -> None:
    table = "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *rows])
    tree = "\n".join(["```{toctree}", ":hidden:", "", *names, "```"])
    path.write_text(f"# {title}\n\n{table}\n\n{tree}\n", "utf-8")
