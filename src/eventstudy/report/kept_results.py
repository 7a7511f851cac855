"""Keeping a result: its tables and its provenance in one Parquet or JSON file, and joining it to what is known of firms."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from eventstudy.border import existing_file, guarded, parse_json, read_text
from eventstudy.errors import DataError, InputError
from eventstudy.pages.formats import json_text, jsonable, moment
from eventstudy.replace import write_whole
from eventstudy.study import StudyResult

_KIND = "eventstudy.result"
_VERSION = 1
_PREFIX = b"eventstudy.frame."


@dataclass(frozen=True, slots=True)
class Kept:
    """Tables of a result and where they came from.

    Attributes
    ----------
    frames : mapping of str to pandas.DataFrame
        By name. In a Parquet file the first one is the file's own table, which any tool can read.
    provenance : dict
        Versions, hashes, configuration; JSON-able.
    """

    frames: Mapping[str, pd.DataFrame]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self.frames:
            msg = f"no table {name!r} was kept; there are {list(self.frames)}"
            raise InputError(msg)
        return self.frames[name]


def save_kept(kept: Kept, path: str | Path) -> Path:
    """Write tables and their provenance to one file.

    Parameters
    ----------
    kept : Kept
        At least one table. Columns of numbers, text, truth values and moments; an index with names is kept.
    path : str or pathlib.Path
        Ends in ``.parquet`` or ``.json``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If the ending is another one, there is no table, or the file cannot be written.
    """
    path = Path(path)
    if not kept.frames:
        msg = "there is no table to keep"
        raise InputError(msg)
    if path.suffix == ".parquet":
        content = _parquet(kept)
    elif path.suffix == ".json":
        content = json_text(_document(kept), "kept").encode()
    else:
        msg = f"a result is kept as .parquet or .json, not {path.suffix!r} ({path.name})"
        raise InputError(msg)
    return write_whole(path, content)


def load_kept(path: str | Path) -> Kept:
    """Read what :func:`save_kept` wrote: the same values, dtypes and index.

    Raises
    ------
    DataError
        If the file is not there or is no kept result.
    """
    path = existing_file(path, DataError)
    with guarded(str(path), "a kept result", DataError, "write one with save_kept()"):
        if path.suffix == ".parquet":
            return _read_parquet(path)
        return _read_document(parse_json(read_text(path, DataError), str(path), DataError))


def keep_result(result: StudyResult, path: str | Path) -> Path:
    """Keep a study's result: its tables ``tidy``, ``car``, ``aar``, ``excluded``, ``events`` and its provenance.

    Parameters
    ----------
    result : StudyResult
    path : str or pathlib.Path
        Ends in ``.parquet`` or ``.json``.

    Returns
    -------
    pathlib.Path
    """
    frames = {
        "tidy": result.tidy(),
        "car": result.car(),
        "aar": result.aar(),
        "excluded": result.excluded,
        "events": result.events,
    }
    return save_kept(Kept(frames, result.provenance), path)


def join_characteristics(car: pd.DataFrame, firms: pd.DataFrame, *, on: str | Sequence[str] = "symbol") -> pd.DataFrame:
    """Put characteristics of firms beside their abnormal returns.

    Parameters
    ----------
    car : pandas.DataFrame
        ``result.car()``: one row a security-event, with its keys ``event_id`` and ``symbol``.
    firms : pandas.DataFrame
        One row a firm (``on="symbol"``), or one a firm and event (``on=["event_id", "symbol"]``), with the keys as
        columns.
    on : str or sequence of str
        The keys.

    Returns
    -------
    pandas.DataFrame
        Every row of ``car`` once, in its order, with the columns of ``firms``: missing where a firm is unknown.

    Raises
    ------
    DataError
        If a key is missing, a firm stands twice, or a column stands in both frames.

    Examples
    --------
    >>> car = pd.DataFrame({"event_id": ["a", "a"], "symbol": ["AMD", "NVDA"], "car": [-0.1, 0.2]})
    >>> firms = pd.DataFrame({"symbol": ["NVDA"], "china_share": [0.17]})
    >>> join_characteristics(car, firms)["china_share"].tolist()
    [nan, 0.17]
    """
    keys = [on] if isinstance(on, str) else list(on)
    for name, frame in (("car", car), ("firms", firms)):
        missing = [key for key in keys if key not in frame.columns]
        if missing:
            msg = f"{name} has no column {missing[0]!r} to join on; it has {list(frame.columns)}"
            raise DataError(msg)
    twice = firms.duplicated(keys)
    if twice.any():
        msg = f"firms has {firms.loc[twice, keys].iloc[0].tolist()} twice; one row for each {' and '.join(keys)}"
        raise DataError(msg)
    both = [column for column in firms.columns if column in car.columns and column not in keys]
    if both:
        msg = f"both frames have a column {both[0]!r}; rename it in firms"
        raise DataError(msg)
    return car.merge(firms, on=keys, how="left", validate="many_to_one")


def _flat(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Give the frame with its named index as columns, and their names."""
    index = [str(name) for name in frame.index.names if name is not None]
    return (frame.reset_index(), index) if index else (frame.reset_index(drop=True), [])


def _head(kept: Kept, index: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "kind": _KIND,
        "version": _VERSION,
        "provenance": jsonable(dict(kept.provenance), "provenance"),
        "index": index,
    }


def _check(head: Any) -> None:
    if not isinstance(head, dict) or head.get("kind") != _KIND or head.get("version") != _VERSION:
        msg = f"its mark is not {_KIND!r}, version {_VERSION}"
        raise ValueError(msg)


def _parquet(kept: Kept) -> bytes:
    flat = {name: _flat(frame) for name, frame in kept.frames.items()}
    first, *others = flat
    table = pa.Table.from_pandas(flat[first][0], preserve_index=False)
    head = _head(kept, {name: index for name, (_, index) in flat.items()})
    columns = {name: [str(column) for column in frame.columns] for name, (frame, _) in flat.items()}
    more = {b"eventstudy": json_text({**head, "order": list(flat), "columns": columns}, "kept").encode()}
    for name in others:
        own = pa.Table.from_pandas(flat[name][0], preserve_index=False)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, own.schema) as stream:
            stream.write_table(own)
        more[_PREFIX + name.encode()] = sink.getvalue().to_pybytes()
    target = pa.BufferOutputStream()
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **more})
    pq.write_table(table, target, write_page_checksum=True)
    content: bytes = target.getvalue().to_pybytes()
    return content


def _read_parquet(path: Path) -> Kept:
    table = pq.read_table(path, page_checksum_verification=True)
    metadata = table.schema.metadata or {}
    head = json.loads(metadata.get(b"eventstudy", b"null"))
    _check(head)
    frames: dict[str, pd.DataFrame] = {}
    for i, name in enumerate(head["order"]):
        own = table if i == 0 else pa.ipc.open_stream(metadata[_PREFIX + name.encode()]).read_all()
        if own.column_names != head.get("columns", {}).get(name, own.column_names):
            msg = f"the columns of {name!r} are not those that were kept"
            raise ValueError(msg)
        own.validate(full=True)  # damaged text is found when it is printed, else
        frame = own.to_pandas()
        frames[name] = frame.set_index(head["index"][name]) if head["index"][name] else frame
    return Kept(frames, head["provenance"])


def _document(kept: Kept) -> dict[str, Any]:
    flat = {name: _flat(frame) for name, frame in kept.frames.items()}
    frames = [
        {
            "name": name,
            "columns": [str(column) for column in frame.columns],
            "dtypes": [str(dtype) for dtype in frame.dtypes],
            "data": [[_plain(value) for value in frame.iloc[:, i].tolist()] for i in range(frame.shape[1])],
        }
        for name, (frame, _) in flat.items()
    ]
    return {**_head(kept, {name: index for name, (_, index) in flat.items()}), "frames": frames}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, pd.Timestamp) and value.tz is not None:
        return moment(value.tz_convert("UTC"))
    return value


def _read_document(document: Any) -> Kept:
    _check(document)
    frames: dict[str, pd.DataFrame] = {}
    for part in document["frames"]:
        strange = [name for name in [part["name"], *part["columns"]] if not isinstance(name, str)]
        if strange:
            msg = f"{strange[0]!r} is no name of a table or a column"
            raise ValueError(msg)
        columns = [_column(data, dtype) for data, dtype in zip(part["data"], part["dtypes"], strict=True)]
        frame = pd.concat(columns, axis=1) if columns else pd.DataFrame()
        frame.columns = pd.Index(part["columns"])
        index = document["index"][part["name"]]
        frames[part["name"]] = frame.set_index(index) if index else frame
    return Kept(frames, document["provenance"])


def _column(data: list[Any], dtype: str) -> pd.Series:
    if dtype.startswith("datetime64"):
        moments = pd.Series(pd.to_datetime(pd.Series(data, dtype="object"), utc="," in dtype, format="ISO8601"))
        named: pd.Series = moments.astype(dtype)  # type: ignore[call-overload]  # a dtype that pandas itself has named
        return named
    if dtype.startswith("float"):
        return pd.Series([float("nan") if value is None else float(value) for value in data], dtype=dtype)
    return pd.Series(data, dtype=dtype)
