"""A relation of DuckDB as a panel: the same questions, asked in SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from eventstudy.border import guarded
from eventstudy.errors import DataError
from eventstudy.returns.scan.blocks import Block, days_of, floats, symbols_of
from eventstudy.returns.scan.parquet import Columns, columns_of
from eventstudy.returns.tables.options import TableOptions

PLACE: Final = "the relation"
WAY_OUT: Final = "mend the query"


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation, looked at; `PanelFile` says what the attributes are."""

    relation: Any = field(repr=False)
    digest: str
    columns: Columns
    keys: dict[str, Any]

    @property
    def place(self) -> str:
        """Its name, for messages."""
        return PLACE

    @property
    def symbols(self) -> list[str]:
        """The symbols that it holds."""
        return list(self.columns.wide) if self.columns.symbol is None else list(self.keys)

    def read(self, symbols: Sequence[str], options: TableOptions) -> Iterator[Block]:
        """Yield the numbers of some of its symbols."""
        import pyarrow as pa  # noqa: PLC0415  slow to import

        date, columns = self.columns.date, self.columns
        wide = [name for name in symbols if name in columns.wide]
        with guarded(PLACE, "a table", DataError, WAY_OUT):
            if wide:
                named = ", ".join(_quoted(columns.wide[name]) for name in wide)
                distinct = "" if columns.symbol is None else "distinct "
                table = _asked(self.relation, f"select {distinct}{_quoted(date)}, {named} from panel")  # noqa: S608  names are quoted, keys are the relation's own
                codes, days = days_of(table[date], PLACE, date, options)
                for name in wide:
                    values = floats(table[columns.wide[name]], PLACE, columns.wide[name])
                    yield Block(PLACE, days.take(codes), (name,), values[:, None])
            keys = [self.keys[name] for name in symbols if name in self.keys]
            if keys:
                symbol, value = str(columns.symbol), str(columns.value)
                named = ", ".join(_quoted(name) for name in (date, symbol, value))
                listed = ", ".join(_written(key) for key in keys)
                table = _asked(self.relation, f"select {named} from panel where {_quoted(symbol)} in ({listed})")  # noqa: S608  the same
                if isinstance(table, pa.Table) and table.num_rows:
                    code, names, _ = symbols_of(table[symbol], PLACE, symbol)
                    codes, days = days_of(table[date], PLACE, date, options)
                    yield Block(PLACE, days.take(codes), tuple(names), floats(table[value], PLACE, value), code)


def is_relation(source: object) -> bool:
    """Say whether a source is a relation of DuckDB."""
    return type(source).__name__ == "DuckDBPyRelation"


def look_into(relation: Any, options: TableOptions) -> tuple[Relation, pd.DatetimeIndex]:
    """Look at a relation: its columns, its days and its symbols."""
    columns = columns_of(relation.columns, options, PLACE)
    with guarded(PLACE, "a table", DataError, WAY_OUT):
        date = columns.date
        table = _asked(relation, f"select distinct {_quoted(date)} from panel order by 1")  # noqa: S608  the same
        if not table.num_rows:
            msg = f"{PLACE}: there is no row in it; {WAY_OUT}"
            raise DataError(msg)
        _, days = days_of(table[date], PLACE, date, options)
        keys: dict[str, Any] = {}
        if columns.symbol is not None:
            found = _asked(relation, f"select distinct {_quoted(columns.symbol)} from panel order by 1")  # noqa: S608  the same
            _, names, raw = symbols_of(found[columns.symbol], PLACE, columns.symbol)
            keys = dict(zip(names, raw, strict=True))
        marks = relation.query("panel", "select count(*), bit_xor(hash(panel)) from panel").fetchall()
    digest = hashlib.sha256(f"{relation.columns} {marks}".encode()).hexdigest()
    return Relation(relation, digest, columns, keys), days


def _asked(relation: Any, sql: str) -> Any:
    return relation.query("panel", sql).to_arrow_table()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _written(key: Any) -> str:
    return str(key) if isinstance(key, int) else "'" + str(key).replace("'", "''") + "'"
