"""One part of a result as files, and back: the numbers of whole securities, from which every window can be told again.

``part-00000.parquet`` has one row a security-event studied, for any reader of Parquet: who, when, the abnormal returns, the CAR of the
event window with its standard error. ``frame-00000.arrow`` has what its rows share: the bars, the designs of the dates, the
bars that look wrong. ``excluded-00000.parquet`` lists the others. The part is written last: where it is, the others are.
"""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.engine.coordinates import Coordinates
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.models.protocol import is_own
from eventstudy.errors import StudyError
from eventstudy.study.fitted import Fitted, Part
from eventstudy.study.panels import LogVolume
from eventstudy.study.rows import _event_ids, _symbols
from eventstudy.study.tables import marks
from eventstudy.study.tables.exclusions import excluded
from eventstudy.study.tables.returns import car

KEPT: Final = 2_000
"""Security-events, evenly spaced among those asked for, whose estimation windows are kept: they stand for all."""

RECORD: Final = ("residual", "leverage", "design", "window_design", "mean")
"""What is kept of an estimation window; its bars follow from day 0."""

FLOATS: Final = {"ahead", "to_coef", *RECORD}

WORDS: Final = ["symbol", "flag", "session", "group", "m", "df"]
"""Columns of few values: written as a dictionary and a code."""


def file_names(share: int) -> tuple[str, str, str]:
    """Return the names of the files of a share, in the order in which they are written."""
    return f"excluded-{share:05d}.parquet", f"frame-{share:05d}.arrow", f"part-{share:05d}.parquet"


def part_files(
    result: Fitted, chosen: Ints, rows: Ints, share: int, plan: tuple[str, int], left: pd.DataFrame | None = None
) -> dict[str, bytes]:
    """Return name -> content of the files of a share.

    Parameters
    ----------
    result : Fitted
    chosen : (n,) int
        Its rows that belong to the share, ascending.
    rows : (n,) int
        What they are in the whole request.
    share : int
    plan : (str, int)
        The digest of the plan, and how many rows it has in all.
    left : DataFrame, optional
        What `excluded` gives of `result`, where it is known.
    """
    parts = [_of_part(part, chosen) for part in result.parts]
    some = Fitted(
        study=result.study,
        request=result.request,
        panel=result.panel,
        symbols=result.symbols,
        event=result.event,
        symbol=result.symbol,
        status=result.status,
        parts=tuple(part for part in parts if part.rows.size) or tuple(parts[:1]),
        merged=result.merged,
    )
    marks.hand_on(result, some)
    kept = np.isin(rows, np.linspace(0, plan[1] - 1, min(plan[1], KEPT)).astype(np.int64))
    table, frame = _table(some, chosen, rows), _frame(some, chosen[kept])
    left, out = excluded(result) if left is None else left, np.flatnonzero(result.status != Exclusion.STUDIED)
    keep = np.isin(out, chosen)
    left = left.loc[keep].reset_index(drop=True)
    left.insert(0, "row", rows[np.searchsorted(chosen, out[keep])])
    told = {
        "eventstudy": json.dumps({"plan": plan[0], "share": share, "rows": int(rows.size), "studied": table.num_rows})
    }
    contents = (
        _parquet(_listed(left), told),
        _stream(frame),
        _parquet(table, told),
    )
    return dict(zip(file_names(share), contents, strict=True))


def _of_part(part: Part, chosen: Ints) -> Part:
    """Return the rows of one calendar that belong to the share."""
    keep = np.flatnonzero(np.isin(part.rows, chosen, assume_unique=True))
    if keep.size == part.rows.size:
        return part
    return Part(
        part.aligned,
        part.placed,
        part.rows[keep],
        part.abnormal.take(keep),
        part.attempted,
        part.attempted_rows,
        part.asked,
        part.real,
    )


def _listed(left: pd.DataFrame) -> pa.Table:
    texts = {name: pa.array(left[name].astype(str), type=pa.string()) for name in ("symbol", "reason", "detail")}
    return pa.table({"row": pa.array(left["row"].to_numpy()), "event_id": ids(left["event_id"].array), **texts})


def ids(values: Any) -> Any:
    """Return event ids as an Arrow array; of several kinds they are refused."""
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        msg = f"column 'event_id' holds values of several kinds ({error}); give each event an id of one kind, such as text"
        raise StudyError(msg) from error


def _lists(values: Floats) -> Any:
    width = int(np.prod(values.shape[1:]))
    flat = pa.array(np.ascontiguousarray(values, dtype=np.float64).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, width)


def _table(result: Fitted, chosen: Ints, rows: Ints) -> pa.Table:
    """Return one row a security-event studied, in the order of the request."""
    pieces = []
    summary = car(result, result.study.window, result.study.missing)
    own = np.sort(np.concatenate([part.rows for part in result.parts]))
    for number, part in enumerate(result.parts):
        abnormal = part.abnormal
        fit, at = abnormal.coordinates, np.searchsorted(own, part.rows)
        some = part.rows
        columns: dict[str, Any] = {
            "row": pa.array(rows[np.searchsorted(chosen, some)]),
            "event_id": ids(_event_ids(result, some)),
            "symbol": pa.array(_symbols(result, some), type=pa.string()),
            "session": pa.array(part.aligned.bars.take(abnormal.day0)),
            "car": pa.array(summary["car"].to_numpy()[at]),
            "se": pa.array(summary["se"].to_numpy()[at]),
            "flag": pa.array(summary["flag"].array.take(at), type=pa.string()),
            "group": pa.array(np.full(some.size, number, dtype=np.int16)),
            "day0": pa.array(abnormal.day0.astype(np.int32)),
            "sigma": pa.array(abnormal.sigma),
            "m": pa.array(abnormal.m.astype(np.int32)),
            "df": pa.array(abnormal.df.astype(np.int32)),
            "moved": pa.array(part.placed.moved[result.event[some]]),
            "uncertain": pa.array(part.placed.uncertain[result.event[some]]),
            "degenerate": pa.array(abnormal.degenerate),
            "suspect": pa.array(abnormal.suspect),
            "fallback": pa.array(abnormal.fallback),
            "ar": _lists(abnormal.ar),
            "share": _lists(fit.share),
            "design": pa.array(_designs(fit)[0].astype(np.int32)),
        }
        if fit.mix is not None and (fit.mix != np.eye(fit.mix.shape[1])).any():
            columns["mix"] = _lists(fit.mix)
        if abnormal.variance is not None:
            columns["variance"] = _lists(abnormal.variance)
        pieces.append(pa.table(columns))
    table = pa.concat_tables(pieces, promote_options="default") if len(pieces) > 1 else pieces[0]
    return table.sort_by("row") if len(pieces) > 1 else table


def _designs(fit: Coordinates) -> tuple[Ints, Ints]:
    """Return the design of each row as a code, and the designs that the codes mean: each once, as they come."""
    used, at = np.unique(fit.design, return_inverse=True)
    first = np.full(used.size, at.size, dtype=np.int64)
    np.minimum.at(first, at, np.arange(at.size))
    place: dict[bytes, int] = {}
    kept: list[int] = []
    code = np.empty(used.size, dtype=np.int64)
    for one in np.argsort(first, kind="stable").tolist():
        number = int(used[one])
        key = fit.ahead[number].tobytes() + fit.to_coef[number].tobytes()
        if key not in place:
            place[key] = len(kept)
            kept.append(number)
        code[one] = place[key]
    return code[at], np.array(kept, dtype=np.int64)


def _frame(result: Fitted, kept: Ints) -> pa.Table:
    """Return what rows share, one row a calendar; and the estimation windows of the rows `kept`."""
    lines = []
    for part, wrong in zip(result.parts, marks.marks_of(result), strict=True):
        abnormal, aligned = part.abnormal, part.aligned
        fit, bars = abnormal.coordinates, len(aligned.bars)
        designs = _designs(fit)[1]
        names = sorted({result.symbols[at] for at in np.unique(result.symbol[part.rows]).tolist()})
        off = np.empty(0, np.int64) if aligned.off is None else np.flatnonzero(aligned.off.ravel())
        line: dict[str, Any] = {
            "calendar": aligned.calendar,
            "symbols": names,
            "strange": aligned.strange,
            "columns": fit.share.shape[1],
            "flat": abnormal.flat,
            "forecast": abnormal.inputs.forecast,
            "k": abnormal.k,
            "minimum": abnormal.inputs.minimum,
            "least_squares": not is_own(abnormal.model),
            "kind": result.panel.kind,
            "volume": isinstance(result.panel, LogVolume),
            "ahead": fit.ahead[designs].ravel(),
            "to_coef": fit.to_coef[designs].ravel(),
            "off": _moved_keys(off, aligned.symbols, names, bars),
        }
        some = np.flatnonzero(np.isin(part.rows, kept))
        record = abnormal.take(some).record(*result.study.window)
        line["kept"] = np.searchsorted(np.sort(np.concatenate([one.rows for one in result.parts])), part.rows[some])
        line |= {name: getattr(record, name).ravel() for name in RECORD}
        for kind in marks.KINDS:
            own, common = wrong.get(kind, (np.empty(0, np.int64), np.empty(0, np.int64)))
            line[f"{kind}_own"] = _moved_keys(own, aligned.symbols, names, bars)
            line[f"{kind}_common"] = common
        lines.append((line, aligned.bars))
    columns = {
        name: pa.array([line[name] for line, _ in lines], type=pa.list_(pa.float64()) if name in FLOATS else None)
        for name in lines[0][0]
    }
    labels = [pa.array(bars) for _, bars in lines]
    kind = labels[0].type
    columns["bars"] = pa.array([label.to_pylist() for label in labels], type=pa.list_(kind))
    return pa.table(columns)


def _moved_keys(keys: Ints, symbols: tuple[str, ...], names: list[str], bars: int) -> Ints:
    """Return keys security x bars + bar of other codes: those of `names`, which alone stay."""
    place = {name: at for at, name in enumerate(names)}
    code = np.array([place.get(name, -1) for name in symbols], dtype=np.int64)
    if not keys.size:
        return keys
    own = code[keys // bars]
    return np.sort((own * bars + keys % bars)[own >= 0])


def _parquet(table: pa.Table, told: dict[str, str]) -> bytes:
    sink = pa.BufferOutputStream()
    words = [name for name in WORDS if name in table.column_names]
    pq.write_table(table.replace_schema_metadata(told), sink, use_dictionary=words, write_page_checksum=True)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content
