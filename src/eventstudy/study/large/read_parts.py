"""Parts on disk as fitted studies again, whose returns are not there: their tables of abnormal returns can be made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from eventstudy._typing import Ints
from eventstudy.abnormal import AbnormalReturns
from eventstudy.abnormal.engine.coordinates import Coordinates
from eventstudy.abnormal.engine.inputs import Inputs
from eventstudy.abnormal.window_sample import EstimationRecord
from eventstudy.abnormal.windows import bars_of
from eventstudy.errors import StudyError
from eventstudy.returns import ReturnPanel
from eventstudy.study.aligned import Aligned, Placed
from eventstudy.study.design import Design
from eventstudy.study.fitted import Fitted, Part
from eventstudy.study.large.parts import RECORD
from eventstudy.study.panels import LogVolume
from eventstudy.study.request import Request
from eventstudy.study.tables import marks


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


def kept_of(result: Fitted, frame: pa.Table) -> list[tuple[AbnormalReturns, EstimationRecord]]:
    """Return, for each calendar of a part that `fitted_of` gave, the security-events whose estimation windows are kept."""
    found = []
    length, planned = result.study.window[1] - result.study.window[0] + 1, result.study.estimation_window.length
    for number, part in enumerate(result.parts):
        line = frame.select(["kept", "k", *RECORD]).slice(number, 1)
        held = {
            name: line[name].chunk(0)[0].values.to_numpy(zero_copy_only=False)  # noqa: PD011  of Arrow
            for name in ("kept", *RECORD)
        }
        if not held["kept"].size:  # without a row there is no telling how wide their designs are
            continue
        at, k = np.searchsorted(part.rows, held["kept"]), -1
        abnormal = part.abnormal.take(at)
        record = EstimationRecord(
            held["residual"].reshape(at.size, planned),
            held["leverage"].reshape(at.size, planned),
            bars_of(abnormal.day0, *abnormal.inputs.estimation, len(part.aligned.bars)),
            held["design"].reshape(at.size, planned, k),
            held["window_design"].reshape(at.size, length, k),
            held["mean"],
        )
        found.append((abnormal, record))
    return found


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
