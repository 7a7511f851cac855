"""A result written for readers: a page, a table for a paper, and what is printed of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.checks import checked, word
from eventstudy.errors import StudyError
from eventstudy.frames import to_arrow, to_polars
from eventstudy.study.charts import AUTO
from eventstudy.study.design import part_of
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.rows import headline, usual_windows
from eventstudy.study.tables.paths import usual_group

if TYPE_CHECKING:
    from eventstudy.study.large.stored import StoredResult  # only those who write load it

if TYPE_CHECKING:
    from eventstudy.pages.document import Part  # only those who write load it


class Written:
    """What a result is written as; the page and the tables load when they are asked for."""

    _fitted: Fitted

    def report(
        self, path: str | Path, *, title: str = "Event study", sections: Sequence[str] | None = None, seed: int = 0
    ) -> Path:
        """Write one page: the answer, the charts, and behind them the tables; no file beside it, no network.

        Parameters
        ----------
        path : str or pathlib.Path
            An .html file; one of that name is replaced.
        title : str
        sections : sequence of str, optional
            Of "On average", "Each event", "Tests", "What was left out", and "From other packages" where charts are added by
            some; all by default.
        seed : int
            Of the tests that draw.
        """
        from eventstudy.pages.write import write_page  # noqa: PLC0415  slow to import: only those who write pay
        from eventstudy.study.output.added import added_part  # noqa: PLC0415  the same
        from eventstudy.study.output.page import result_document  # noqa: PLC0415  the same

        return write_page(result_document(self._fitted, title=title, seed=seed, more=added_part(self)), path, sections)

    def part(self, *, seed: int = 0) -> Part:
        """Return what the result adds to a report, as `eventstudy.pages.document.Part`; ``seed`` is of the tests that draw."""
        from eventstudy.study.output.page import result_part  # noqa: PLC0415  slow to import

        return result_part(self._fitted, seed=seed)

    @checked()
    def to_parquet(self, folder: str | Path, *, resume: bool = True) -> StoredResult:
        """Write the result as Parquet, part by part; `eventstudy.open_result` opens it.

        Parameters
        ----------
        folder : str or pathlib.Path
            New, empty, or one that holds parts of the same result: those are kept.
        resume : bool
            False: what the folder holds is replaced.

        Returns
        -------
        StoredResult

        Raises
        ------
        InputError
            If the folder holds anything else, or cannot be written.
        """
        from eventstudy.study.large.large import write_result  # noqa: PLC0415  slow to import: only those who write pay

        return write_result(self._fitted, Path(folder), resume=resume)

    def table(
        self,
        windows: Sequence[Window] | None = None,
        *,
        tests: Sequence[str] | None = None,
        by: str | None = AUTO,
        stars: bool = True,
        title: str = "Average abnormal returns around the event",
        seed: int = 0,
    ) -> Any:
        """Return the table that `to_latex`, `to_markdown`, `to_html` and `to_docx` write.

        Parameters
        ----------
        windows : sequence of (int, int), optional
            A row each; by default day 0, days 0 and +1, and the event window.
        tests : sequence of str, optional
            A column each, statistic and p-value; by default two of those to believe on the first window, the first of
            them of the mean where there is one. A dagger marks what is not to be believed.
        by : str, optional
            A column of the fitted events, or ``"symbol"``: its groups stand side by side. By default the stances where there
            are several; None averages over all.
        stars : bool
            Mark the mean by the p-value of the first test.
        title : str
        seed : int
            Of the tests that draw.
        """
        from eventstudy.study.output.paper import paper_table  # noqa: PLC0415  slow to import: only those who write pay

        chosen = [part_of(self._fitted.study, window) for window in windows] if windows else usual_windows(self._fitted)
        group = usual_group(self._fitted) if by == AUTO and self._fitted.n else None if by == AUTO else by
        return paper_table(self._fitted, windows=chosen, tests=tests, by=group, stars=stars, title=title, seed=seed)

    def to_latex(self, windows: Sequence[Window] | None = None, **asked: Any) -> str:
        """Return the table for a paper in LaTeX (booktabs); options as `table`."""
        from eventstudy.pages.latex_markdown_xlsx import to_latex  # noqa: PLC0415  slow to import

        return to_latex(self.table(windows, **asked))

    def to_markdown(self, windows: Sequence[Window] | None = None, **asked: Any) -> str:
        """Return the table for a paper in Markdown; options as `table`."""
        from eventstudy.pages.latex_markdown_xlsx import to_markdown  # noqa: PLC0415  slow to import

        return to_markdown(self.table(windows, **asked))

    def to_html(self, windows: Sequence[Window] | None = None, **asked: Any) -> str:
        """Return the table for a paper as an HTML table; options as `table`."""
        from eventstudy.pages.latex_markdown_xlsx import to_html  # noqa: PLC0415  slow to import

        return to_html(self.table(windows, **asked))

    def to_docx(self, path: str | Path, windows: Sequence[Window] | None = None, **asked: Any) -> Path:
        """Write the table for a paper as a Word document (``pip install 'eventstudykit[docx]'``); options as `table`."""
        from eventstudy.pages.latex_markdown_xlsx import write_docx  # noqa: PLC0415  slow to import

        try:
            os.fspath(path)
        except TypeError as fault:
            msg = "to_docx writes a file; give its path first: to_docx('table.docx', [(0, 0), (0, 1)])"
            raise StudyError(msg) from fault
        return write_docx(self.table(windows, **asked), path)

    def to_arrow(self, table: str = "tidy", *given: Any, **asked: Any) -> Any:
        """Return a table of this result as a pyarrow Table; what is missing is null.

        Parameters
        ----------
        table : str
            Which: ``"tidy"``, ``"car"``, ``"aar"``, ``"caar"``, ``"tests"``, ``"excluded"``, … What follows is passed on:
            ``result.to_arrow("car", (0, 1))`` is ``result.car((0, 1))``.
        """
        return to_arrow(self._named(table, *given, **asked))

    def to_polars(self, table: str = "tidy", *given: Any, **asked: Any) -> Any:
        """Return a table of this result as a polars DataFrame; as `to_arrow`."""
        return to_polars(self._named(table, *given, **asked))

    def _named(self, table: str, *given: Any, **asked: Any) -> pd.DataFrame:
        """Return the table of that name."""
        names = [name for name in dir(self) if not name.startswith(("_", "to_")) and name not in {"plot", "report"}]
        word(table, names, "table")
        found = getattr(self, table)
        found = found(*given, **asked) if callable(found) else found
        if not isinstance(found, pd.DataFrame):
            msg = f"table={table!r} is no table of a result; name one, such as 'tidy', 'car', 'aar', 'caar' or 'tests'"
            raise StudyError(msg)
        return found

    def __repr__(self) -> str:
        from eventstudy.study.output.shown import text  # noqa: PLC0415  slow to import: only those who look pay

        return text(self._fitted)

    def _repr_html_(self) -> str:
        from eventstudy.pages.latex_markdown_xlsx import to_html  # noqa: PLC0415  the same
        from eventstudy.study.output.shown import OWN_INTERVALS, header, means  # noqa: PLC0415  slow to import: only those who look pay

        lines = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in header(self._fitted)
        )
        return f"<p>{escape(headline(self._fitted))}</p><table>{lines}</table>{to_html(means(self._fitted))}<p><small>{escape(OWN_INTERVALS)}</small></p>"
