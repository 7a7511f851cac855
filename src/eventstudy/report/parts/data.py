"""What the figures are, where they came from, and how everything was done."""

from __future__ import annotations

import pandas as pd

from eventstudy.inference.registry import DAILY
from eventstudy.pages.document import Part, Section, Table
from eventstudy.report.parts.overview import quality_chart
from eventstudy.report.parts.part import Inputs

DOIS = {
    "Boehmer, Musumeci and Poulsen (1991": "10.1016/0304-405X(91)90032-F",
    "Brown and Warner (1980": "10.1016/0304-405X(80)90002-1",
    "Brown and Warner (1985": "10.1016/0304-405X(85)90042-X",
    "Cameron, Gelbach and Miller (2008": "10.1162/rest.90.3.414",
    "Cameron, Gelbach and Miller (2011": "10.1198/jbes.2010.07136",
    "Campbell, Lo and MacKinlay (1997": "10.1515/9781400830213",
    "Corrado (1989": "10.1016/0304-405X(89)90064-0",
    "Corrado and Zivney (1992": "10.2307/2331331",
    "Cowan (1992": "10.1007/BF00939016",
    "Davidson and Flachaire (2008": "10.1016/j.jeconom.2008.08.003",
    "Efron and Tibshirani (1993": "10.1007/978-1-4899-4541-9",
    "Fama (1998": "10.1016/S0304-405X(98)00026-9",
    "Kolari and Pynnönen (2010": "10.1093/rfs/hhq072",
    "Kolari and Pynnönen (2011": "10.1016/j.jempfin.2011.08.003",
    "Liang and Zeger (1986": "10.1093/biomet/73.1.13",
    "Lyon, Barber and Tsai (1999": "10.1111/0022-1082.00101",
    "Patell (1976": "10.2307/2490543",
    "Wilcoxon (1945": "10.2307/3001968",
}
"""Authors and year as the tests name them -> where the paper is found."""


def doi(reference: str) -> str:
    """Give the DOI of the first work of a reference that has one here; empty if none has.

    Examples
    --------
    >>> doi("Patell (1976)"), doi("Luoma (2011)")
    ('10.2307/2490543', '')
    """
    found = sorted((reference.index(work), number) for work, number in DOIS.items() if work in reference)
    return found[0][1] if found else ""


def data_part(inputs: Inputs) -> Part:
    """Show the data quality of every symbol, and the methods with their sources."""
    quality = inputs.prices.quality.reset_index()
    if inputs.securities is not None:
        more = inputs.securities.quality.reset_index()
        quality = pd.concat([quality, more[~more["symbol"].isin(quality["symbol"])]], ignore_index=True)
    estimation = inputs.estimation
    words = (
        f"Relative day 0 is the first session of {inputs.study.calendar} whose official close lies after the announcement. The "
        f"estimation window has {estimation.length} sessions {estimation.where}; at least "
        f"{estimation.minimum} of them must be usable. Days 0 and +1 of every event of the catalogue are left out of every "
        "estimation window. A return over a hole in the data is missing, never a number. Forecast errors are exact: they "
        "hold the error of the estimated normal return."
    ).replace("-", "−")
    told = ["Each symbol against the sessions of its exchange."]
    if inputs.borrowed:
        told.append(f"{inputs.source} does not have {', '.join(inputs.borrowed)}: taken from the bundled figures.")
    frames = [inputs.prices.frame, *([inputs.securities.frame] if inputs.securities is not None else [])]
    return Part(
        charts=(quality_chart(frames),),
        sections=(
            Section("Data", tuple(told), charts=("data-quality",), tables=("data_quality",), behind=True),
            Section("Methods", (words,), tables=("methods",), behind=True),
        ),
        tables=(
            Table("data_quality", "Data quality", "expected: sessions of the exchange between the first and the last date.", quality, open=False),
            methods_table(),
        ),
    )  # fmt: skip


def methods_table() -> Table:
    """Give the table of every test with its null, its assumptions and its source."""
    methods = pd.DataFrame(
        [
            (spec.name, spec.title, spec.null, "; ".join(spec.assumptions), spec.reference, doi(spec.reference))
            for spec in DAILY.values()
        ],
        columns=["test", "title", "null", "assumptions", "reference", "doi"],
    )
    return Table(
        "methods", "The tests and their sources", "doi: of the first work named that has one.", methods, open=False
    )
