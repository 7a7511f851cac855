"""Answers of Yahoo, the French library, FRED and Stooq, through their real readers: two symbols, one of them hostile.

Whatever the odd symbol gets, the good one must arrive, and what is kept must be readable the next time.
"""

from __future__ import annotations

import math
import urllib.request

import pandas as pd
from answers import DAYS, END, GOOD, QUICK, START, PlainAnswers, start, yahoo_session
from hostile import NUMBERS, anything, damage_tree, nested, to_json, words
from verdict import WrongNumber

from eventstudy.errors import EventStudyError

__all__ = ["MUTATIONS", "door", "start"]

LONG = 100_000  # characters of an answer that is repeated twice at most
BUILD_OPENER = urllib.request.build_opener  # the real one: the door puts its answers in front of what the package adds


def _result(thing):
    return thing.tree["chart"]["result"][0]


def tree(thing, rng):
    damage_tree(thing.tree, rng)


def put_close(thing, rng):
    indicators = _result(thing)["indicators"]
    values = rng.choice((indicators["quote"][0]["close"], indicators["adjclose"][0]["adjclose"]))
    values[rng.randrange(len(values))] = rng.choice((*NUMBERS, None, words(rng), -5.0, 0, anything(rng)))


def scale(thing, rng):
    factor = rng.choice((-1, 0, 1e300, 1e-300, 1e6))
    quote = _result(thing)["indicators"]["quote"][0]
    quote["close"] = [value * factor for value in quote["close"]]


def put_stamp(thing, rng):
    stamps = _result(thing)["timestamp"]
    at = rng.randrange(len(stamps))
    stamps[at] = rng.choice(
        (0, -1, 10**10, 10**12, 10**15, -(10**12), 2**63, None, 1.5, "x", stamps[at] + 3600, stamps[0], stamps[-1])
    )


def order_of_stamps(thing, rng):
    rng.shuffle(_result(thing)["timestamp"])


def put_meta(thing, rng):
    meta = _result(thing)["meta"]
    name = rng.choice(list(meta))
    meta[name] = rng.choice((anything(rng), "OTHER", "1wk", "JPY", "Asia/Tokyo", "Mars/Phobos", "GBp", None, ""))


def put_event(thing, rng):
    stamp = rng.choice(_result(thing)["timestamp"])
    amount = rng.choice((0.5, -1, 0, 500, 1e300, None, "x", anything(rng)))
    dividend = {"amount": amount, "date": stamp, **({"currency": "JPY"} if rng.random() < 0.3 else {})}
    split = {
        "date": stamp,
        "numerator": rng.choice((4, 0, -1, 1e300, None, "x")),
        "denominator": rng.choice((1, 0, None)),
        "splitRatio": "4:1",
    }
    _result(thing)["events"] = rng.choice(
        (
            {"dividends": {str(stamp): dividend}},
            {"splits": {str(stamp): split}},
            {"capitalGains": {str(stamp): {"amount": amount, "date": stamp}}},
            {words(rng): anything(rng)},
        )
    )


def lose_values(thing, rng):
    quote = _result(thing)["indicators"]["quote"][0]
    name = rng.choice(list(quote))
    quote[name] = rng.choice((quote[name][:-1], [], [None] * len(DAYS), quote[name] * 2))


def error_beside(thing, rng):
    thing.tree["chart"]["error"] = {"code": rng.choice(("Not Found", words(rng))), "description": words(rng)}
    if rng.random() < 0.5:
        thing.tree["chart"]["result"] = rng.choice((None, []))


def put_text(thing, rng):
    lines = thing.text.splitlines()
    at = rng.randrange(len(lines))
    cells = lines[at].split(",")
    cells[rng.randrange(len(cells))] = rng.choice(
        (words(rng), str(rng.choice(NUMBERS[:30])), "20250403", "2025-13-01", "1500-01-01", "9999-12-31", "-5")
    )
    lines[at] = ",".join(cells)
    thing.text = "\n".join(lines) + "\n"


def lines(thing, rng):
    rows = thing.text.splitlines()
    kind = rng.randrange(4)
    if kind == 0:
        rng.shuffle(rows)
    elif kind == 1:
        rows.insert(rng.randrange(len(rows)), rng.choice(rows))
    elif kind == 2:
        rows = rows[: rng.randrange(len(rows))]
    else:
        rows *= rng.choice((2, 200)) if len(thing.text) < LONG else 2  # the harness's own text counts as memory, too
    thing.text = "\n".join(rows) + "\n"


def damaged(thing, rng):
    thing.damages.append(rng.getrandbits(64))


def status(thing, rng):
    thing.status = rng.choice((200, 204, 301, 302, 400, 401, 403, 404, 418, 422, 429, 500, 502, 503, 599, 999))
    name = rng.choice(("Retry-After", "Content-Encoding", "Location", "Content-Type", "Set-Cookie"))
    thing.headers[name] = rng.choice(
        (
            "0",
            "-5",
            "nan",
            "inf",
            "1e400",
            "soon",
            "Wed, 21 Oct 2015 07:28:00 GMT",
            "gzip",
            "br",
            "/x",
            "text/html",
            "é",
            "",
        )
    )


def instead(thing, rng):
    thing.tree = None
    thing.text = rng.choice(
        (
            "",
            "null",
            "[]",
            "{}",
            "0",
            '{"chart":null}',
            '{"chart":{"result":[null]}}',
            "<html>Will be right back</html>",
            "No data",
            "Exceeded the daily hits limit",
            to_json(nested(rng)),
            str(words(rng)),
        )
    )


def much(thing, rng):
    thing.text += rng.choice((" ", "\n", "0")) * rng.choice((10_000, 3_000_000))


def probe_too(thing, rng):
    del rng
    thing.probe = True


MUTATIONS = (
    *(
        tree,
        tree,
        tree,
        put_close,
        put_close,
        put_close,
        scale,
        put_stamp,
        put_stamp,
        order_of_stamps,
        put_meta,
        put_meta,
    ),
    *(
        put_event,
        put_event,
        lose_values,
        error_beside,
        put_text,
        put_text,
        put_text,
        lines,
        damaged,
        status,
        instead,
        much,
        probe_too,
    ),
)


# ---- the door --------------------------------------------------------------------------------------------------------


def door(thing, folder):
    import eventstudy as es  # noqa: PLC0415  the child prepares itself first

    options = {
        **QUICK,
        "now": lambda: pd.Timestamp("2025-06-02 12:00", tz="UTC"),
        "cache": folder / "cache" if thing.cached else None,
    }
    if thing.source == "yahoo":
        source = es.YahooSource(session=yahoo_session(thing), **options)
    else:
        ours = urllib.request.ProxyHandler({}), PlainAnswers(thing)
        urllib.request.build_opener = lambda *handlers: BUILD_OPENER(*ours, *handlers)
        kinds = {"french": es.FrenchSource, "fred": es.FredSource, "stooq": es.StooqSource}
        more = {"datasets": ("GOOD", "odd")} if thing.source == "french" else {}
        source = kinds[thing.source](base="http://127.0.0.1:9", **more, **options)
    try:
        for _ in range(2 if thing.cached else 1):
            _check(_loaded(thing, source), thing)
        if thing.cached:
            _loaded(thing, type(source)(cache=folder / "cache", offline=True))
    except EventStudyError as fault:
        msg = f"one odd answer stops every symbol: {fault}"
        raise WrongNumber(msg) from fault


def _loaded(thing, source):
    import eventstudy as es  # noqa: PLC0415  the child prepares itself first

    if thing.returns and (thing.whole_way or thing.source != "french"):
        levels = ("ODD", "GOOD") if thing.source == "fred" else None
        return es.load_returns(["GOOD", "ODD"], START, END, source=source, levels=levels)
    if thing.whole_way:
        return es.load_prices(["GOOD", "ODD"], START, END, source=source)
    return source.fetch(["GOOD", "ODD"], pd.Timestamp(START), pd.Timestamp(END))


def _check(panel, thing):
    """Hold what came against what was sent: the good symbol whole, the odd one a price or nothing."""
    levels = getattr(panel, "levels", panel.frame)
    if not {"GOOD", "ODD"} <= {*panel.frame.columns, *levels.columns, *panel.failures} or "GOOD" in panel.failures:
        msg = f"the good symbol did not come, or one is lost: {panel.failures}"
        raise WrongNumber(msg)
    if thing.source == "yahoo" and not thing.returns and panel.frame["GOOD"].dropna().tolist() != GOOD:
        msg = "the good symbol's prices are others"
        raise WrongNumber(msg)
    if "ODD" in panel.failures:
        if thing.truth:
            msg = f"a sound answer is refused: {panel.failures['ODD'][:200]}"
            raise WrongNumber(msg)
        return
    if "ODD" in panel.frame.columns:
        _check_odd(panel.frame["ODD"].dropna(), thing)


def _check_odd(values, thing):
    lowest = -1.0 if thing.returns else 0.0
    for moment, value in values.items():
        if not math.isfinite(value) or (value <= lowest and thing.source != "fred"):
            msg = f"{value} came for ODD on {moment}, as a {'return' if thing.returns else 'price'}"
            raise WrongNumber(msg)
    if thing.truth and (thing.source == "french" or not thing.returns):
        sent, got = _sent(thing), values.tolist()
        if len(got) != len(sent) or any(abs(one - other) > 1e-9 for one, other in zip(got, sent, strict=True)):
            msg = f"{got} came, {sent} was sent"
            raise WrongNumber(msg)


def _sent(thing):
    if thing.source == "yahoo":
        return _result(thing)["indicators"]["quote"][0]["close"]
    rows = [line.split(",") for line in thing.text.splitlines() if line[:3] == "202"]
    at = {"french": 1, "fred": 1, "stooq": 4}[thing.source]
    return [float(row[at]) / (100 if thing.source == "french" else 1) for row in rows]
