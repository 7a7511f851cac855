"""What the figures are, where they came from, and how everything was done."""

from __future__ import annotations

import re

import pandas as pd

from eventstudy.inference.registry import DAILY
from eventstudy.pages.document import Part, Section, Table
from eventstudy.report.parts.overview import quality_chart
from eventstudy.report.parts.part import Inputs

DOIS = {
    "Abadie, Diamond and Hainmueller (2010": "10.1198/jasa.2009.ap08746",
    "Andersen and Bollerslev (1997": "10.1016/S0927-5398(97)00004-2",
    "Arkhangelsky, Athey, Hirshberg, Imbens and Wager (2021": "10.1257/aer.20190159",
    "Bai (2009": "10.3982/ECTA6135",
    "Barber and Lyon (1997": "10.1016/S0304-405X(96)00890-2",
    "Boehmer, Musumeci and Poulsen (1991": "10.1016/0304-405X(91)90032-F",
    "Bollerslev (1986": "10.1016/0304-4076(86)90063-1",
    "Boudt, Croux and Laurent (2011": "10.1016/j.jempfin.2010.11.005",
    "Brown and Warner (1980": "10.1016/0304-405X(80)90002-1",
    "Brown and Warner (1985": "10.1016/0304-405X(85)90042-X",
    "Bugni, Li and Li (2023": "10.3982/QE1775",
    "Cameron, Gelbach and Miller (2008": "10.1162/rest.90.3.414",
    "Cameron, Gelbach and Miller (2011": "10.1198/jbes.2010.07136",
    "Campbell, Lo and MacKinlay (1997": "10.1515/9781400830213",
    "Carhart (1997": "10.1111/j.1540-6261.1997.tb03808.x",
    "Corrado (1989": "10.1016/0304-405X(89)90064-0",
    "Corrado and Zivney (1992": "10.2307/2331331",
    "Cowan (1992": "10.1007/BF00939016",
    "Davidson and Flachaire (2008": "10.1016/j.jeconom.2008.08.003",
    "Dimson (1979": "10.1016/0304-405X(79)90013-8",
    "Efron and Tibshirani (1993": "10.1007/978-1-4899-4541-9",
    "Fama (1998": "10.1016/S0304-405X(98)00026-9",
    "Fama and French (1993": "10.1016/0304-405X(93)90023-5",
    "Fama, Fisher, Jensen and Roll (1969": "10.2307/2525569",
    "Gelbach, Helland and Klick (2013": "10.1093/aler/aht009",
    "Huber (1964": "10.1214/aoms/1177703732",
    "Karafiath (1988": "10.1111/j.1540-6288.1988.tb01273.x",
    "Kolari and Pynnönen (2010": "10.1093/rfs/hhq072",
    "Kolari and Pynnönen (2011": "10.1016/j.jempfin.2011.08.003",
    "Lamb (1995": "10.2307/253695",
    "Lee and Mykland (2008": "10.1093/rfs/hhm056",
    "Liang and Zeger (1986": "10.1093/biomet/73.1.13",
    "Liu (1988": "10.1214/aos/1176351062",
    "Lyon, Barber and Tsai (1999": "10.1111/0022-1082.00101",
    "MacKinnon, Nielsen and Webb (2023": "10.1002/jae.2969",
    "Nguyen and Wolf (2023": "10.1007/s00181-023-02530-7",
    "Patell (1976": "10.2307/2490543",
    "Scholes and Williams (1977": "10.1016/0304-405X(77)90041-1",
    "Sen (1968": "10.1080/01621459.1968.10480934",
    "Sharpe (1964": "10.1111/j.1540-6261.1964.tb02865.x",
    "Wilcoxon (1945": "10.2307/3001968",
    "Xu (2017": "10.1017/pan.2016.2",
}
"""Authors and year as the tests and models name them -> where the paper is found."""

WITHOUT_DOI = {
    "Bell and McCaffrey (2002": "Survey Methodology 28, 169-181",
    "Binder (1985": "Journal of Accounting Research 23, 370-383",
    "Conover (1999": "book: Practical Nonparametric Statistics, Wiley",
    "Fowler and Rorke (1983": "Journal of Financial Economics 12, 279-283",
    "Hall (1992": "Journal of the Royal Statistical Society B 54, 221-228",
    "Jaffe (1974": "Journal of Business 47, 410-428",
    "Kolari, Pape and Pynnönen (2018": "working paper, SSRN",
    "Luoma (2011": "working paper, University of Vaasa",
    "MacKinlay (1997": "Journal of Economic Literature 35, 13-39",
    "Mandelker (1974": "Journal of Financial Economics 1, 303-335",
    "Maynes and Rumsey (1993": "Journal of Banking and Finance 17, 145-157",
    "Pratt and Gibbons (1981": "book: Concepts of Nonparametric Theory, Springer",
    "Salkever (1976": "Journal of Econometrics 4, 393-397",
    "Schipper and Thompson (1985": "Journal of Accounting Research 23, 408-415",
}
"""Works that have no DOI, or none that could be checked here -> where they are found."""

_WORK = re.compile(r"([A-ZÅÄÖ][^\W\d_]*(?:,? (?:and )?[A-ZÅÄÖ][^\W\d_]*)*) \(([^()]*)\)")


def works(reference: str) -> list[str]:
    """Give the works of a reference as the tables above name them, in their order.

    Examples
    --------
    >>> works("Brown and Warner (1980, p. 251; 1985, eq. 4-7); Lamb (1995)")
    ['Brown and Warner (1980', 'Brown and Warner (1985', 'Lamb (1995']
    """
    return [
        f"{authors} ({year}"
        for authors, inside in _WORK.findall(reference)
        for year in re.findall(r"\b\d{4}\b", inside)
    ]


def sources(reference: str) -> str:
    """Give where each work of a reference is found: its DOI, or that it has none.

    Examples
    --------
    >>> sources("Patell (1976); Luoma (2011)")
    '10.2307/2490543; no DOI (working paper, University of Vaasa)'
    """
    found = [
        DOIS[work] if work in DOIS else f"no DOI ({WITHOUT_DOI.get(work, 'not known here')})"
        for work in works(reference)
    ]
    return "; ".join(dict.fromkeys(found))


def doi(reference: str) -> str:
    """Give the DOI of the first work of a reference that has one; empty if none has.

    Examples
    --------
    >>> doi("Patell (1976)"), doi("Luoma (2011)")
    ('10.2307/2490543', '')
    """
    return next((DOIS[work] for work in works(reference) if work in DOIS), "")


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
            (spec.name, spec.title, spec.null, "; ".join(spec.assumptions), spec.reference, sources(spec.reference))
            for spec in DAILY.values()
        ],
        columns=["test", "title", "null", "assumptions", "reference", "doi"],
    )
    return Table(
        "methods",
        "The tests and their sources",
        "doi: of each work named, in its order; what has none says what it is.",
        methods,
        open=False,
    )
