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
from eventstudy.abnormal import AbnormalReturns
from eventstudy.abnormal.engine.coordinates import Coordinates
from eventstudy.abnormal.engine.inputs import Inputs
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.models.protocol import is_own
from eventstudy.errors import StudyError
from eventstudy.returns import ReturnPanel
from eventstudy.study.aligned import Aligned, Placed
from eventstudy.study.design import Design
from eventstudy.study.fitted import Fitted, Part
from eventstudy.study.panels import LogVolume
from eventstudy.study.request import Request
from eventstudy.study.rows import _event_ids, _symbols
from eventstudy.study.tables import marks
from eventstudy.study.tables.exclusions import excluded
from eventstudy.study.tables.returns import car

WORDS: Final = ["symbol", "flag", "session", "group", "m", "df"]
"""Columns of few values: written as a dictionary and a code."""


def file_names(share: int) -> tuple[str, str, str]:
    """Return the names of the files of a share, in the order in which they are written."""
    return f"excluded-{share:05d}.parquet", f"frame-{share:05d}.arrow", f"part-{share:05d}.parquet"


def part_files(
    result: Fitted, chosen: Ints, rows: Ints, share: int, digest: str, left: pd.DataFrame | None = None
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
    digest : str
        Of the plan.
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
    table, frame = _table(some, chosen, rows), _frame(some)
    left, out = excluded(result) if left is None else left, np.flatnonzero(result.status != Exclusion.STUDIED)
    keep = np.isin(out, chosen)
    left = left.loc[keep].reset_index(drop=True)
    left.insert(0, "row", rows[np.searchsorted(chosen, out[keep])])
    told = {
        "eventstudy": json.dumps({"plan": digest, "share": share, "rows": int(rows.size), "studied": table.num_rows})
    }
    contents = (
        _parquet(_listed(left), told),
        _stream(frame),
        _parquet(table, told),
    )
    return dict(zip(file_names(share), contents, strict=True))


def _of_part(part: Part, chosen: Ints) -> Part:
    """Return the rows of one calendar that belong to the share."""
    at = np.searchsorted(chosen, part.rows)
    keep = (
        np.flatnonzero(chosen[at.clip(0, max(0, chosen.size - 1))] == part.rows)
        if chosen.size
        else np.empty(0, np.int64)
    )
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


def _frame(result: Fitted) -> pa.Table:
    """Return what rows share, one row a calendar."""
    lines = []
    for part, wrong in zip(result.parts, marks.marks_of(result), strict=True):
        abnormal, aligned = part.abnormal, part.aligned
        fit, bars = abnormal.coordinates, len(aligned.bars)
        kept = _designs(fit)[1]
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
            "ahead": fit.ahead[kept].ravel(),
            "to_coef": fit.to_coef[kept].ravel(),
            "off": _moved_keys(off, aligned.symbols, names, bars),
        }
        for kind in marks.KINDS:
            own, common = wrong.get(kind, (np.empty(0, np.int64), np.empty(0, np.int64)))
            line[f"{kind}_own"] = _moved_keys(own, aligned.symbols, names, bars)
            line[f"{kind}_common"] = common
        lines.append((line, aligned.bars))
    columns = {
        name: pa.array(
            [line[name] for line, _ in lines], type=pa.list_(pa.float64()) if name in ("ahead", "to_coef") else None
        )
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


class StoredModel:
    """What is known of a model that was written: enough for the tables of its result."""

    def __init__(self, said: dict[str, Any]) -> None:
        self._said = said
        self.symbols = tuple(said["symbols"])
        self.k = int(said["k"])
        self.forecast = bool(said["forecast"])
        if not said["least_squares"]:
            self.forecast_columns = tuple(range(self.k))

    def split(self, series: Any) -> Any:
        """Refuse: what was written is not fitted again."""
        del series
        msg = f"{self!r} was read from a folder, where returns are not kept; fit the study again"
        raise StudyError(msg)

    def __repr__(self) -> str:
        return str(self._said["repr"])


def fitted_of(table: pa.Table, frame: pa.Table, study: Design) -> Fitted:
    """Return a part as a fitted study whose returns are not there: its tables of abnormal returns can be made."""
    groups = table["group"].to_numpy()
    names = sorted({name for line in frame["symbols"].to_pylist() for name in line})
    place = {name: at for at, name in enumerate(names)}
    texts = table["symbol"].combine_chunks().dictionary_encode()
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    code = np.array([place[name] for name in texts.dictionary.to_pylist()], dtype=np.int64)
    symbol = code[texts.indices.to_numpy()] if table.num_rows else np.empty(0, np.int64)
    event_id = table["event_id"].to_pandas().array
    n = table.num_rows
    parts, wrong = [], []
    for number, line in enumerate(frame.to_pylist()):
        rows = np.flatnonzero(groups == number)
        part, found = _group(table, frame, line, number, rows, symbol, names, study)
        parts.append(part)
        wrong.append(found)
    line = frame.slice(0, 1).to_pylist()[0]
    kind: Any = LogVolume if line["volume"] else ReturnPanel
    panel = kind(pd.DataFrame(index=parts[0].aligned.bars), kind=line["kind"], check=False, quality=pd.DataFrame())
    request = Request(event_id, None, None, None, pd.DataFrame({"event_id": event_id}))
    result = Fitted(
        study, request, panel, tuple(names), np.arange(n), symbol, np.zeros(n, dtype=np.int8), tuple(parts), {}
    )
    marks.hand_over(result, wrong)
    return result


def _group(
    table: pa.Table,
    frame: pa.Table,
    line: dict[str, Any],
    number: int,
    rows: Ints,
    symbol: Ints,
    names: list[str],
    study: Design,
) -> tuple[Part, marks.Marks]:
    bars = pd.Index(frame["bars"].chunk(0)[number].values.to_pandas())  # noqa: PD011  of Arrow
    if isinstance(bars, pd.DatetimeIndex):
        bars = pd.DatetimeIndex(bars, name="date")
    mine = {name: at for at, name in enumerate(line["symbols"])}
    own = np.array([mine.get(name, -1) for name in names], dtype=np.int64)
    security = own[symbol[rows]] if rows.size else np.empty(0, np.int64)
    length, columns = study.window[1] - study.window[0] + 1, line["columns"]

    def column(name: str, shape: tuple[int, ...] = ()) -> Any:
        held = table[name].combine_chunks()
        held = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
        values = held.flatten().to_numpy().reshape(-1, *shape) if shape else held.to_numpy(zero_copy_only=False)
        return values if rows.size == table.num_rows else values[rows]

    day0 = column("day0").astype(np.int64)
    fake = np.broadcast_to(np.nan, (max(1, len(mine)), len(bars)))
    inputs = Inputs(
        returns=fake, design=None, offset=None, security=security, day0=day0, window=study.window,
        estimation=study.estimation_window.days, minimum=line["minimum"], masked=None, k=line["k"], forecast=line["forecast"],
        columns=columns,
    )  # fmt: skip
    fit = Coordinates(
        column("share", (columns,)),
        np.array(line["ahead"], dtype=float).reshape(-1, columns, length),
        np.array(line["to_coef"], dtype=float).reshape(-1, columns, columns),
        column("design").astype(np.int64),
        column("mix", (columns, columns)) if "mix" in table.column_names else None,
    )
    status = np.zeros(rows.size, dtype=np.int8)
    abnormal = AbnormalReturns(
        ar=column("ar", (length,)), sigma=column("sigma"), m=column("m").astype(np.int64), df=column("df").astype(np.int64),
        status=status, degenerate=column("degenerate"), coordinates=fit,
        variance=column("variance", (length,)) if "variance" in table.column_names else None, flat=line["flat"],
        suspect=column("suspect"), fallback=column("fallback"), inputs=inputs, model=study.model, level=None,
    )  # fmt: skip
    off = None
    if line["off"]:
        off = np.zeros(fake.shape, dtype=bool)
        off.ravel()[line["off"]] = True
    aligned = Aligned(line["calendar"], bars, tuple(line["symbols"]), fake, None, None, line["strange"], off=off)
    labels, everything = pd.Index(bars.take(day0)), np.zeros(table.num_rows, dtype=bool)
    moved, uncertain = everything.copy(), everything.copy()
    moved[rows], uncertain[rows] = column("moved"), column("uncertain")
    position = np.full(table.num_rows, -1, dtype=np.int64)
    position[rows] = day0
    placed = Placed(position, np.zeros(table.num_rows, dtype=np.int8), labels, moved, uncertain)
    part = Part(aligned, placed, rows, abnormal, abnormal, rows, rows, np.zeros(len(bars), dtype=bool))
    found = {
        kind: (np.array(line[f"{kind}_own"], dtype=np.int64), np.array(line[f"{kind}_common"], dtype=np.int64))
        for kind in marks.KINDS
    }
    return part, {kind: both for kind, both in found.items() if both[0].size or both[1].size}
