"""Spreadsheets and the files of other programs, as far as pandas reads them; of the rest, what to do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Final

import pandas as pd

from eventstudy.border import file_name, guarded
from eventstudy.dates import WRITTEN
from eventstudy.errors import DataError
from eventstudy.returns.tables.headers import refuse_labels, two_rows
from eventstudy.returns.tables.names import label_text
from eventstudy.returns.tables.options import TableOptions

EXCEL: Final = (".xlsx", ".xlsm", ".xls")
READ: Final = (*EXCEL, ".dta", ".feather")
#: Endings that are not read, and what to do with such a file.
UNREAD: Final = {
    ".ods": "pass the frame: source=pandas.read_excel(path, engine='odf')",
    ".sas7bdat": "pass the frame: source=pandas.read_sas(path)",
    ".xpt": "pass the frame: source=pandas.read_sas(path)",
    ".sav": "pass the frame: source=pandas.read_spss(path)",
    ".json": "pass the frame: source=pandas.read_json(path)",
    ".jsonl": "pass the frame: source=pandas.read_json(path, lines=True)",
    ".h5": "pass the frame: source=pandas.read_hdf(path)",
    ".hdf5": "pass the frame: source=pandas.read_hdf(path)",
    ".orc": "pass the frame: source=pandas.read_orc(path)",
    ".pkl": "load it in your own program and pass the frame: source=frame",
    ".rds": "write it from R as CSV or Parquet",
    ".rdata": "write it from R as CSV or Parquet",
    ".mat": "write it from Matlab as CSV",
    ".html": "pass the frame: source=pandas.read_html(path)[0]",
}
SOUGHT: Final = 30  # rows of a sheet within which the first date is looked for
WAY_OUT: Final = "pass the frame: source=pandas.{reader}(…)"


def read_workbook(path: Path, options: TableOptions, largest: int) -> tuple[pd.DataFrame, int | None]:
    """Return the table of a file that pandas reads, and the number of its first row where rows have numbers."""
    name, ending = file_name(path), path.suffix.lower()
    if path.stat().st_size > largest:
        msg = f"{name}: more than {largest / 1024**3:.3g} GB; raise the bound: largest="
        raise DataError(msg)
    if ending in EXCEL:
        return _excel(path, name, options)
    reader = "read_stata" if ending == ".dta" else "read_feather"
    given: dict[str, Any] = {"convert_categoricals": False} if ending == ".dta" else {}
    with guarded(name, ending[1:].capitalize(), DataError, f"check the file, or {WAY_OUT.format(reader=reader)}"):
        return pd.DataFrame(getattr(pd, reader)(path, **given)), None


def _excel(path: Path, name: str, options: TableOptions) -> tuple[pd.DataFrame, int]:
    way = f"check the file, or {WAY_OUT.format(reader='read_excel')}"
    with guarded(name, "an Excel workbook", DataError, way):
        try:
            sheets = pd.read_excel(
                path, sheet_name=None, header=None, dtype=object, keep_default_na=False, na_values=[""]
            )
        except ImportError as fault:
            msg = f"{name}: Excel files need openpyxl: pip install 'eventstudykit[xlsx]', or save the sheet as CSV"
            raise DataError(msg) from fault
    filled = {title: sheet.dropna(how="all") for title, sheet in sheets.items()}
    titles = [title for title, sheet in filled.items() if len(sheet)]
    if len(titles) != 1:
        what = f"{len(titles)} sheets ({', '.join(map(str, titles[:4]))})" if titles else "no sheet with a cell"
        msg = f"{name}: the workbook has {what}; one is needed: source=pandas.read_excel(path, sheet_name=…)"
        raise DataError(msg)
    sheet = sheets[titles[0]].loc[: filled[titles[0]].index[-1]]
    above = _titles(sheet)
    sheet = sheet.iloc[above:]
    head = [[label_text(cell) for cell in row] for row in sheet.iloc[:4].itertuples(index=False)]
    double = two_rows(head, options, name)
    positions, labels, first = double or (list(range(len(head[0]))), head[0], 2)
    refuse_labels(labels, f"{name}, row {above + 1}")
    table = sheet.iloc[first - 1 :, positions].set_axis(labels, axis=1).reset_index(drop=True)
    return table.infer_objects(), above + first


def _titles(sheet: pd.DataFrame) -> int:
    """Return how many rows above the names are no part of the table: a title, dates asked for, a blank row.

    The names are the row above the first date, and the row above that where it has cells, too.
    """
    dated = [isinstance(cell, dt.date) or bool(WRITTEN.fullmatch(label_text(cell))) for cell in sheet.iloc[:SOUGHT, 0]]
    first = dated.index(True) if True in dated else 0
    filled = sheet.iloc[:first].notna().sum(axis=1).tolist()
    top = first - 2 if first > 1 and filled[first - 2] > 1 else first - 1
    return top if top > 0 and filled[top - 1] < 2 and filled[first - 1] > 1 else 0
