"""What the figures are, where they came from, and how everything was done."""

from __future__ import annotations

import pandas as pd

from eventstudy.inference.registry import TESTS
from eventstudy.pages.document import Part, Section, Table
from eventstudy.report.parts.overview import quality_chart
from eventstudy.report.parts.part import Inputs


def data_part(inputs: Inputs) -> Part:
    """Show the data quality of every symbol, and the methods with their sources."""
    quality = inputs.prices.quality.reset_index()
    if inputs.securities is not None:
        more = inputs.securities.quality.reset_index()
        quality = pd.concat([quality, more[~more["symbol"].isin(quality["symbol"])]], ignore_index=True)
    methods = pd.DataFrame(
        [(spec.name, spec.title, spec.null, "; ".join(spec.assumptions), spec.reference) for spec in TESTS.values()],
        columns=["test", "title", "null", "assumptions", "reference"],
    )
    estimation = inputs.estimation
    words = (
        f"Relative day 0 is the first session of {inputs.study.calendar} whose official close lies after the announcement. The "
        f"estimation window has {estimation.length} sessions and ends on relative day {estimation.end}; at least "
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
            Table("methods", "The tests and their sources", "", methods, open=False),
        ),
    )  # fmt: skip
