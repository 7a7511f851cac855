"""Damage to pandas frames: what columns, labels, dtypes and cells can be, beyond what anyone means them to be."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions

import numpy as np
import pandas as pd
from hostile import NUMBERS, TEXTS, day, scalar, words

DTYPES = (
    *(
        "bool",
        "boolean",
        "complex128",
        "timedelta64[ns]",
        "datetime64[ns]",
        "datetime64[us]",
        "datetime64[s]",
        "category",
    ),
    *(
        "str",
        "object",
        "string[pyarrow]",
        "Int64",
        "Float64",
        "float32",
        "float16",
        "int64",
        "int8",
        "uint8",
        "Sparse[float]",
    ),
    *("double[pyarrow]", "int64[pyarrow]", "timestamp[us][pyarrow]", "bytes", "longdouble"),
)


def odd(rng):
    """Return a Python or numpy object that some cell may hold."""
    return rng.choice(
        (
            lambda: scalar(rng),
            lambda: rng.choice(NUMBERS),
            lambda: words(rng),
            lambda: day(rng),
            lambda: rng.choice(
                (None, pd.NA, pd.NaT, np.nan, np.inf, -np.inf, np.float16(1), np.int8(3), np.bool_(True))
            ),
            lambda: rng.choice(
                (b"1.5", b"\xff", [1.0], [], {}, {"a": 1}, (1, 2), {1}, np.array([1.0, 2.0]), 1 + 2j, object)
            ),
            lambda: rng.choice(
                (decimal.Decimal("1.5"), decimal.Decimal("NaN"), fractions.Fraction(1, 3), range(3), len)
            ),
            lambda: rng.choice((dt.date(2025, 4, 3), dt.datetime(2025, 4, 3), dt.timedelta(1), dt.time(1))),  # noqa: DTZ001  naive is meant
            lambda: rng.choice((pd.Timestamp("2025-04-03"), pd.Timestamp("2025-04-03 16:00", tz="Asia/Tokyo"))),
            lambda: rng.choice(
                (pd.Period("2025-04", "M"), pd.Interval(0, 1), pd.Timedelta("1D"), np.datetime64("8550-01-01"))
            ),
        )
    )()


def label(rng):
    """Return what a column may be called."""
    return rng.choice(
        (
            words(rng),
            rng.choice(TEXTS),
            None,
            np.nan,
            pd.NaT,
            0,
            1,
            1.5,
            True,
            (1, 2),
            b"x",
            pd.Timestamp("2025-04-03"),
            dt.date(2025, 1, 1),
        )
    )


def _place(frame, rng):
    return rng.randrange(frame.shape[0]), rng.randrange(frame.shape[1])


def put_object(frame, rng):
    row, column = _place(frame, rng)
    values = frame.iloc[:, column].astype(object).tolist()
    values[row] = odd(rng)
    return _with(frame, column, pd.Series(values, index=frame.index, dtype=object))


def put_number(frame, rng):
    row, column = _place(frame, rng)
    values = frame.iloc[:, column].tolist()
    values[row] = rng.choice(NUMBERS)
    return _with(frame, column, pd.Series(values, index=frame.index))


def put_column(frame, rng):
    values = [odd(rng)] * len(frame) if rng.random() < 0.5 else [odd(rng) for _ in range(len(frame))]
    made = frame.copy()
    made[words(rng) if rng.random() < 0.5 else label(rng)] = pd.Series(
        values, index=frame.index, dtype=object
    ).infer_objects()
    return made


def _with(frame, column, values):
    made = [frame.iloc[:, at] if at != column else values for at in range(frame.shape[1])]
    return (
        pd.concat([one.reset_index(drop=True) for one in made], axis=1, keys=range(len(made)))
        .set_axis(frame.columns, axis=1)
        .set_axis(frame.index)
    )


def cast_column(frame, rng):
    column = rng.randrange(frame.shape[1])
    return _with(frame, column, _cast(frame.iloc[:, column], rng.choice(DTYPES)))


def cast_all(frame, rng):
    kind = rng.choice(DTYPES)
    return frame if any(_crashes(frame.iloc[:, at], kind) for at in range(frame.shape[1])) else frame.astype(kind)


def _cast(values, kind):
    return values if _crashes(values, kind) else values.astype(kind)


def _crashes(values, kind):
    """Whether pandas and pyarrow end the process when they cast: bytes to a type of Arrow do."""
    return "pyarrow" in kind and any(isinstance(one, bytes) for one in values)


def name_column(frame, rng):
    names = list(frame.columns)
    names[rng.randrange(len(names))] = label(rng)
    return frame.set_axis(
        pd.Index(names, dtype=object) if rng.random() < 0.5 else pd.Index(names, tupleize_cols=False), axis=1
    )


def double_column(frame, rng):
    column = rng.randrange(frame.shape[1])
    return pd.concat([frame, frame.iloc[:, [column]]], axis=1)


def double_row(frame, rng):
    row = rng.randrange(len(frame))
    return (
        pd.concat([frame, frame.iloc[[row]]])
        if rng.random() < 0.5
        else pd.concat([frame.iloc[: row + 1], frame.iloc[row:]])
    )


def levels_of_columns(frame, rng):
    made = frame.copy()
    names = rng.choice((None, ["Price", "Ticker"], ["Ticker", "Price"], [None, 1]))
    first = rng.choice(("Close", "Adj Close", "x", words(rng)))
    pairs = [(first, name) if rng.random() < 0.8 else (name, first) for name in frame.columns]
    made.columns = pd.MultiIndex.from_tuples(pairs, names=names)
    return made


def levels_of_rows(frame, rng):
    made = frame.copy()
    second = rng.choice((list(range(len(frame))), ["A"] * len(frame), [odd(rng) for _ in range(len(frame))]))
    arrays = [frame.index, second] if rng.random() < 0.5 else [second, frame.index]
    made.index = pd.MultiIndex.from_arrays(arrays, names=rng.choice((None, ["date", "symbol"], ["event_id", "symbol"])))
    return made


def empty(frame, rng):
    return rng.choice(
        (frame.iloc[:0], frame.iloc[:, :0], pd.DataFrame(), frame.iloc[:1], frame.iloc[:, :1], frame * np.nan)
    )


def name_index(frame, rng):
    return frame.rename_axis(index=label(rng)) if rng.random() < 0.7 else frame.rename_axis(columns=label(rng))


def order_rows(frame, rng):
    return frame.iloc[::-1] if rng.random() < 0.5 else frame.iloc[rng.sample(range(len(frame)), len(frame))]


def put_index(frame, rng):
    labels = frame.index.tolist()
    labels[rng.randrange(len(labels))] = rng.choice(
        (odd(rng), day(rng), pd.NaT, labels[0], dt.datetime(8550, 1, 1, tzinfo=dt.UTC), dt.date(1500, 1, 1))
    )
    return frame.set_axis(
        pd.Index(labels, dtype=object) if rng.random() < 0.5 else pd.Index(labels, tupleize_cols=False)
    )


def year_of_index(frame, rng):
    year = rng.choice((1, 1500, 1650, 1677, 1800, 1899, 1960, 2035, 2105, 2262, 2925, 8550, 9999))
    values = frame.index.to_numpy().astype("datetime64[us]").copy()
    at = rng.choice((0, -1, len(values) // 2))
    values[at] = np.datetime64(f"{year:04d}-04-03", "us")
    return frame.set_axis(pd.DatetimeIndex(values))


def other_index(frame, rng):
    size = len(frame)
    made = rng.choice(
        (
            lambda: pd.RangeIndex(size),
            lambda: pd.Index(np.arange(size) * 1.5),
            lambda: pd.Index([f"{stamp:%Y-%m-%d}" for stamp in frame.index]),
            lambda: pd.Index([int(f"{stamp:%Y%m%d}") for stamp in frame.index]),
            lambda: pd.Index([stamp.date() for stamp in frame.index], dtype=object),
            lambda: frame.index.tz_localize(rng.choice(("UTC", "America/New_York", "Asia/Tokyo"))),
            lambda: (frame.index + pd.Timedelta(hours=rng.choice((9, 16)))).tz_localize("America/New_York"),
            lambda: frame.index + pd.Timedelta(hours=16),
            lambda: pd.PeriodIndex(frame.index, freq=rng.choice(("D", "M", "W"))),
            lambda: frame.index.as_unit(rng.choice(("s", "ms", "ns"))),
            lambda: pd.CategoricalIndex(frame.index),
            lambda: pd.TimedeltaIndex(np.arange(size), unit="D"),
            lambda: pd.IntervalIndex.from_breaks(range(size + 1)),
            lambda: pd.Index([odd(rng) for _ in range(size)], dtype=object),
            lambda: pd.date_range("1600-01-01", periods=size, freq="YE", unit="s"),
            lambda: pd.date_range("2025-04-03 09:30", periods=size, freq="min", tz="America/New_York"),
            lambda: pd.Index([stamp.timestamp() for stamp in frame.index]),
            lambda: pd.Index([True, False] * size)[:size],
        )
    )()
    return frame.set_axis(made)


def index_to_column(frame, rng):
    made = frame.reset_index()
    return made.rename(columns={made.columns[0]: rng.choice(("date", "Date", "time", "day", "when", "Unnamed: 0", ""))})


def turned(frame, rng):
    del rng
    return frame.T


def wide(frame, rng):
    if rng.random() < 0.9:
        return frame
    count = rng.choice((300, 3000))
    return pd.DataFrame(1.0, index=frame.index, columns=[f"C{at}" for at in range(count)])


def not_a_frame(frame, rng):
    return rng.choice(
        (frame.iloc[:, 0], frame.to_numpy(), frame.to_dict("list"), frame.to_dict("records"), None, [], 5, frame.index)
    )


def flags(frame, rng):
    made = frame.copy()
    made.attrs = {"catalog": scalar(rng), words(rng): scalar(rng)}
    return made.set_flags(allows_duplicate_labels=rng.random() < 0.7)


DAMAGES = (
    *(
        put_object,
        put_object,
        put_number,
        put_number,
        put_column,
        cast_column,
        cast_column,
        cast_all,
        name_column,
        name_column,
    ),
    *(
        double_column,
        double_row,
        levels_of_columns,
        levels_of_rows,
        empty,
        name_index,
        order_rows,
        put_index,
        put_index,
    ),
    *(year_of_index, other_index, other_index, index_to_column, turned, wide, flags, not_a_frame),
)
