"""Files of prices and returns: CSV and TSV, wide and long, compressed, Parquet. What comes must stand in the file."""

from __future__ import annotations

import contextlib
import csv

import pandas as pd
from hostile import FILE_NAMES, NUMBERS, PACKINGS, anything, day, words
from price_table import IDENTIFIERS, SYMBOLS, compare, facts_of, start, written

__all__ = ["MUTATIONS", "door", "start"]


def spell_date_name(thing, rng):
    at = next(at for at, name in enumerate(thing.header) if name.lower() in {"date", "timestamp", "datetime"})
    thing.header[at] = rng.choice(("Date", "DATE", "timestamp", "datetime"))


def spell_order_of_rows(thing, rng):
    rng.shuffle(thing.rows)


def spell_newlines(thing, rng):
    thing.style["newline"] = rng.choice(("\r\n", "\n"))
    thing.style["bom"] = rng.random() < 0.5


def spell_quotes(thing, rng):
    thing.style["quoting"] = rng.choice((csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC, csv.QUOTE_MINIMAL))


def spell_separator(thing, rng):
    thing.options["sep"] = thing.style["delimiter"] = rng.choice((";", "|", "\t"))


def spell_tabs(thing, rng):
    thing.ending, thing.style["delimiter"] = rng.choice((".tsv", ".tab")), "\t"
    thing.options.pop("sep", None)


def spell_decimal_comma(thing, rng):
    del rng
    if thing.style.get("decimal"):
        return
    thing.options["decimal"] = thing.style["decimal"] = ","
    thing.options["sep"] = thing.style["delimiter"] = ";"


def spell_packed(thing, rng):
    thing.packing = rng.choice(PACKINGS)


def spell_parquet(thing, rng):
    thing.ending, thing.packing = ".parquet", ""
    thing.style["parquet"] = rng.choice(("text", "numbers", "dates"))


def spell_blank_end(thing, rng):
    thing.style["tail"] = "\n" * rng.randrange(1, 4)


def spell_hole(thing, rng):
    row = rng.choice(thing.rows)
    row[-1] = rng.choice(("", "NA", "NaN", "null", "#N/A"))


def spell_other_layout(thing, rng):
    """A wide table as a long one: what it says stays."""
    if thing.long:
        return
    symbols = thing.header[1:]
    thing.rows = [[row[0], name, row[1 + at]] for row in thing.rows for at, name in enumerate(symbols)]
    thing.header = [thing.header[0], rng.choice(IDENTIFIERS), "return" if thing.returns else "close"]
    thing.long = True


# ---- damage ----------------------------------------------------------------------------------------------------------


def put_value(thing, rng):
    row = rng.choice(thing.rows)
    row[-1] = rng.choice((str(rng.choice(NUMBERS[:30])), words(rng), str(-abs(float(rng.randrange(1, 99))))))


def put_cell(thing, rng):
    row = rng.choice(thing.rows)
    row[rng.randrange(len(row))] = words(rng)


def put_date(thing, rng):
    rng.choice(thing.rows)[0] = day(rng)


def dates_of_one_form(thing, rng):
    form = rng.choice(
        ("%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%Y/%m/%d", "%d %b %Y", "%Y-%m-%d 16:00", "%Y-%m-%dT16:00:00-04:00", "%s")
    )
    for row in thing.rows:
        row[0] = pd.Timestamp(row[0]).strftime(form)
    if rng.random() < 0.5:
        thing.options["date_format"] = form
    if rng.random() < 0.3:
        thing.options["timezone"] = rng.choice(("America/New_York", "Mars/Phobos", words(rng)))


def put_symbol(thing, rng):
    if thing.long:
        rng.choice(thing.rows)[1] = rng.choice((*SYMBOLS, "", " ", "AAA ", "nan", "10001.0", words(rng)))
    else:
        thing.header[rng.randrange(1, len(thing.header))] = rng.choice(
            (*SYMBOLS, "", "AAA ", "date", "symbol", words(rng))
        )


def whole_numbers_as_symbols(thing, rng):
    if thing.long:
        names = rng.choice(
            (
                ("0005", "5"),
                ("10001", "10002"),
                ("000001", "600519"),
                ("10001.0", "10002.0"),
                ("1E5", "100000"),
                ("TRUE", "1"),
            )
        )
        for row in thing.rows:
            row[1] = names[len(row[1]) % 2]
        if rng.random() < 0.3:
            rng.choice(thing.rows)[1] = ""


def put_header(thing, rng):
    thing.header[rng.randrange(len(thing.header))] = rng.choice(
        (words(rng), "date", "permno", "cusip", "id", "figi", "secid", "volume", "open")
    )
    thing.facts = False  # what a column of another name is meant to be, nobody can say


def add_column(thing, rng):
    name = rng.choice(("volume", "open", "name", "currency", "id", "note", "Unnamed: 0", "", words(rng)))
    thing.header.append(name)
    for row in thing.rows:
        row.append(rng.choice((words(rng), "1", "", "2025-01-01", "x")))
    thing.facts = not thing.long and thing.facts


def drop_column(thing, rng):
    at = rng.randrange(len(thing.header))
    del thing.header[at]
    for row in thing.rows:
        del row[at]
    thing.facts = False


def ragged(thing, rng):
    row = rng.choice(thing.rows)
    row[:] = row[:-1] if rng.random() < 0.4 else [*row, rng.choice(("", "1", words(rng)))]
    thing.facts = False


def trailing_commas(thing, rng):
    for row in thing.rows:
        row.append("")
    if rng.random() < 0.5:
        thing.header.append("")


def double_row(thing, rng):
    row = list(rng.choice(thing.rows))
    row[-1] = rng.choice((row[-1], "17.5"))
    thing.rows.append(row)


def blank_row(thing, rng):
    thing.rows.insert(rng.randrange(len(thing.rows) + 1), rng.choice(([], [""] * len(thing.header), [" "])))


def no_rows(thing, rng):
    del thing.rows[rng.choice((0, 1)) :]


def shift_scale(thing, rng):
    factor = rng.choice((100, 1e6, 1e300, 1e-300, 0, -1))
    for row in thing.rows:
        row[-1] = repr(float(row[-1]) * factor)


def option(thing, rng):
    name = rng.choice(
        (
            "holds",
            "date_column",
            "symbol_column",
            "column",
            "date_format",
            "timezone",
            "levels",
            "invalid",
            "check",
            "sep",
            "decimal",
            "thousands",
            "encoding",
            "nonsense",
        )
    )
    value = rng.choice(
        (
            words(rng),
            *thing.header,
            "prices",
            "returns",
            "percent",
            "missing",
            "raise",
            ",",
            ".",
            ";",
            "utf-16",
            "latin-1",
            None,
            [words(rng)],
            "%d.%m.%Y",
        )
    )
    thing.options[name] = value
    thing.facts = name in {"timezone", "check"} and thing.facts


def damaged(thing, rng):
    thing.damages.append(rng.getrandbits(64))
    thing.facts = False


def damaged_packing(thing, rng):
    thing.packing = rng.choice((".gz", ".bz2", ".xz", ".zip", ".zst"))
    damaged(thing, rng)


def damaged_parquet(thing, rng):
    spell_parquet(thing, rng)
    damaged(thing, rng)


def two_in_a_zip(thing, rng):
    thing.packing, thing.style["members"] = ".zip", rng.choice((("__MACOSX/x",), ("other.csv",), ("../x.csv",), ()))


def wrong_ending(thing, rng):
    thing.ending = rng.choice((".csv", ".tsv", ".parquet", ".pq", ".txt", "", ".xlsx", ".CSV", ".json"))
    thing.packing = rng.choice(("", ".gz", ".bz2", ".xz", ".zip", ".zst", ".GZ", ".lz4"))
    thing.style["unpacked"] = rng.random() < 0.5
    thing.facts = False


def file_name(thing, rng):
    thing.stem = rng.choice(FILE_NAMES)


def many_columns(thing, rng):
    if not thing.long and len(thing.rows) < 20 and rng.random() < 0.15:
        count = rng.choice((300, 3000))
        thing.header += [f"C{at}" for at in range(count)]
        thing.rows = [row + ["10.5"] * count for row in thing.rows]


def many_rows(thing, rng):
    if not thing.long and len(thing.header) < 20 and rng.random() < 0.15:
        days = pd.date_range("2000-01-03", periods=rng.choice((300, 3000))).strftime("%Y-%m-%d")
        thing.rows = [[one, *["10.5"] * (len(thing.header) - 1)] for one in days]


def instead(thing, rng):
    thing.style["instead"] = str(anything(rng))
    thing.facts = False


def double_header(thing, rng):
    thing.style["two"] = [
        rng.choice(("Price", "Ticker", words(rng))),
        *(rng.choice(("Close", "Open", words(rng))) for _ in thing.header[1:]),
    ]
    thing.facts = False


MUTATIONS = (
    *(spell_date_name, spell_order_of_rows, spell_newlines, spell_quotes, spell_separator, spell_tabs, spell_decimal_comma),
    *(spell_packed, spell_parquet, spell_blank_end, spell_hole, spell_other_layout),
    *(put_value, put_value, put_cell, put_cell, put_date, put_date, dates_of_one_form, put_symbol, put_symbol, put_header),
    *(whole_numbers_as_symbols, add_column, drop_column, ragged, trailing_commas, double_row, blank_row, no_rows, shift_scale),
    *(option, option, damaged, damaged, damaged_packing, damaged_packing, damaged_parquet, damaged_parquet, two_in_a_zip, wrong_ending, file_name, many_columns, many_rows, instead),
    double_header,
)  # fmt: skip


def door(thing, folder):
    import eventstudy as es  # noqa: PLC0415  the child prepares itself first

    path = folder / f"{thing.stem}{thing.ending}{thing.packing}"
    with contextlib.suppress(OSError, ValueError):  # no system has such a file; the name is tried all the same
        path.write_bytes(written(thing))
    facts = facts_of(thing) if thing.facts or thing.truth else None
    if thing.returns:
        panel = es.load_returns(source=path, **thing.options)
        if facts is not None:
            levels = list(panel.levels.columns)
            compare(
                panel.frame,
                {key: value for key, value in facts.items() if key[1] not in levels},
                whole=bool(thing.truth),
            )
    else:
        panel = es.load_prices(source=path, **thing.options)
        if facts is not None:
            compare(panel.frame, facts, whole=bool(thing.truth))
    repr(panel)
    panel._repr_html_()
