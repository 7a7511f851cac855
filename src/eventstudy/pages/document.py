"""What a report says, as plain values: charts, tables, sections, results. Writing it is the next module's work."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from eventstudy.errors import InputError
from eventstudy.plots.chart import Chart

if TYPE_CHECKING:
    import pandas as pd

#: How a column of numbers is shown to a person; files keep the number itself.
UNITS: Mapping[str, str] = {
    "percent": "a decimal, shown times 100 with two places and the sign %",
    "bp": "a decimal, shown in basis points (times 10,000) with one place",
    "pvalue": "a probability, shown with three places, '< 0.001' below",
    "count": "a whole number",
    "number": "a number, shown with three significant digits, whole from 100 on and with four decimals at most",
    "text": "shown as it is",
}

_NAME_LIMIT = 80

_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


def safe_name(name: str) -> str:
    """Make a file name's stem of any text: lower-case ASCII letters, digits, ``-`` and ``_``, at most 80 long.

    Parameters
    ----------
    name : str
        Any text, from a catalogue perhaps, with separators, marks, or nothing readable at all.

    Returns
    -------
    str
        Never empty, never a reserved device name, never starting with a dot or a dash.

    Examples
    --------
    >>> safe_name("../../etc/passwd"), safe_name("CAAR by stance"), safe_name("关税")
    ('etc-passwd', 'caar-by-stance', 'unnamed')
    """
    ascii_text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    stem = re.sub(r"[^a-z0-9_]+", "-", ascii_text)[:_NAME_LIMIT].strip("-") or "unnamed"
    return f"{stem}_" if stem in _RESERVED else stem


@dataclass(frozen=True, slots=True)
class Table:
    """One table: a frame whose columns are all shown, the index left out.

    Attributes
    ----------
    name : str
        The stem of its file; see :func:`safe_name`.
    title, caption : str
        One line above; small print below.
    frame : pandas.DataFrame
        Columns of text, numbers or moments. Put the index into columns first.
    units : mapping of str to str
        Column -> a key of :data:`UNITS`; other texts are units of their own, shown in the head of the column
        (``"days"``); ``"@unit"``: each row has the unit that its column ``unit`` says. Columns not named are shown by
        their dtype.
    filters : tuple of str
        Columns that get a drop-down in the page (the verdict of a claim, the stance of an event).
    labels : mapping of str to str
        Column -> head of the column in the page. Without one, the column's name with spaces for underscores.
    open : bool
        Shown unfolded in the page. Long tables are better folded.
    main : tuple of str
        Columns shown at first, eight at most; the others behind a button. By default the first eight.
    """

    name: str
    title: str
    caption: str
    frame: pd.DataFrame
    units: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    open: bool = True
    main: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of the answer, shown as a card: a link of the chain, a headline number.

    Attributes
    ----------
    label, value, note : str
        What it is; the figure or word, with its unit; its interval, test and n in one line.
    tone : str
        ``"yes"``, ``"no"``, ``"open"`` (cannot be told) or ``""``. Shown as a word and a mark too, not by colour alone.
    """

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what is said under it, and the charts and tables shown there, in this order.

    Attributes
    ----------
    heading : str
        Unique in the document.
    paragraphs : tuple of str
        Plain text; everything is escaped.
    charts, tables : tuple of str
        Names of the document's charts and tables; each is shown in at most one section.
    facts : tuple of Fact
        Cards after the paragraphs.
    behind : bool
        Shown at the end and folded: methods, and tables that few look up.
    """

    heading: str
    paragraphs: tuple[str, ...] = ()
    charts: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What one part adds to a report: its sections with their charts and tables, results, cards and sentences."""

    sections: tuple[Section, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    answer: tuple[str, ...] = ()
    question: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report as values; :func:`eventstudy.report.write_document` writes it.

    Attributes
    ----------
    title : str
    answer : tuple of str
        Paragraphs, the answer in the first one.
    results : dict
        What a program reads: JSON-able, NaN allowed (written as null). Keys become text and are sorted.
    charts : tuple of Chart
    tables : tuple of Table
    sections : tuple of Section
        Charts and tables that no section names are shown at the end, under "More charts" and "More tables".
    manifest : dict
        Versions, data hashes, configuration, seed. No clock reading, no path of a machine.
    command : str
        What made the report, ready to be typed again.
    facts : tuple of Fact
        Cards below the answer: the findings with their figures.
    question : str
        What was asked, in one sentence under the title.

    Raises
    ------
    InputError
        If two charts or two tables would be written to the same file, or a section names what is not there.
    """

    title: str
    answer: tuple[str, ...]
    results: dict[str, Any]
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    sections: tuple[Section, ...] = ()
    manifest: dict[str, Any] = field(default_factory=dict)
    command: str = ""
    facts: tuple[Fact, ...] = ()
    question: str = ""

    def __post_init__(self) -> None:
        charts = _stems("chart", [chart.name for chart in self.charts])
        tables = _stems("table", [table.name for table in self.tables])
        both = sorted({f"chart-{stem}" for stem in charts.values()} & set(tables.values()))
        if both:
            msg = f"table {both[0]!r} would overwrite the data of the chart of that name; rename the table"
            raise InputError(msg)
        headings = [section.heading for section in self.sections]
        if len(set(headings)) < len(headings):
            msg = f"two sections share a heading; they are {headings}"
            raise InputError(msg)
        for kind, known, named in (
            ("chart", charts, [name for section in self.sections for name in section.charts]),
            ("table", tables, [name for section in self.sections for name in section.tables]),
        ):
            for name in named:
                if name not in known:
                    msg = f"a section shows {kind} {name!r}, which the document does not have; it has {sorted(known)}"
                    raise InputError(msg)
                if named.count(name) > 1:
                    msg = f"{kind} {name!r} is shown twice; show it in one section"
                    raise InputError(msg)


def only(document: Document, headings: Sequence[str]) -> Document:
    """Give a document with some of its sections, in its own order, and what they show."""
    wanted = {str(heading).lower() for heading in headings}
    known = {section.heading.lower(): section.heading for section in document.sections}
    strange = sorted(wanted - known.keys())
    if strange:
        msg = f"there is no section {strange[0]!r}; the sections are {', '.join(known.values())}"
        raise InputError(msg)
    sections = tuple(section for section in document.sections if section.heading.lower() in wanted)
    names = {name for section in sections for name in (*section.charts, *section.tables)}
    return replace(
        document,
        sections=sections,
        charts=tuple(chart for chart in document.charts if chart.name in names),
        tables=tuple(table for table in document.tables if table.name in names),
    )


def _stems(kind: str, names: Iterable[str]) -> dict[str, str]:
    """Name -> file stem; two names with one stem are an error, since one file would overwrite the other."""
    stems: dict[str, str] = {}
    seen: dict[str, str] = {}
    for name in names:
        stem = safe_name(name)
        if stem in seen:
            msg = f"{kind} names {seen[stem]!r} and {name!r} would share the file name {stem!r}; rename one"
            raise InputError(msg)
        seen[stem] = name
        stems[name] = stem
    return stems
