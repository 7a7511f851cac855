"""Words and values of public functions: each option gets what it is not meant to get, of a kind that people do pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from hostile import NUMBERS, day, words
from verdict import WrongNumber


@dataclass
class Call:
    """A function by name, and its options."""

    function: str
    options: dict[str, Any] = field(default_factory=dict)
    truth: Any = None


def word(*known):
    return lambda rng: rng.choice((*known, words(rng), words(rng), rng.choice(known).upper(), ""))


def number(rng):
    return rng.choice((*NUMBERS, np.int64(3), np.float64(0.5), 10, 100))


def whole(rng):
    return rng.choice((0, 1, -1, 5, 30, 40, 250, 10**6, 10**30, True, np.int64(2), 2.5, float("nan"), float("inf")))


def window(rng):
    return rng.choice(
        (
            (0, 0),
            (0, 1),
            (1, 0),
            (-2, 2),
            [0, 1],
            (0,),
            (),
            (0, 1, 2),
            (0.5, 1.5),
            (float("nan"), 1),
            (-(10**9), 10**9),
            (10**30, 10**30),
            np.array([0, 1]),
            (-60, 60),
            (True, True),
        )
    )


def date(rng):
    return rng.choice(
        (
            day(rng),
            day(rng),
            pd.Timestamp("2025-04-03"),
            pd.Timestamp("2025-04-03 10:00", tz="UTC"),
            pd.Timestamp("8550-01-01"),
            20250403,
            float("nan"),
            pd.NaT,
            np.datetime64("2025-04-03"),
            "",
            None,
        )
    )


def names(*known):
    return lambda rng: rng.choice(
        (
            [],
            list(known),
            known[0] if known else "",
            [words(rng)],
            [*known, words(rng)],
            set(known),
            (n for n in known),
            [known[0]] * 2,
            np.array(known),
        )
    )


def flag(rng):
    return rng.choice((True, False, 0, 1, "yes", "false", None, np.bool_(True)))


def seed(rng):
    return rng.choice((0, 1, -1, 10**30, 2**63, None, np.int64(4), True, np.random.default_rng(1)))


FUNCTIONS = {
    "load_prices": {
        "symbols": names("^GSPC", "^VIX"),
        "start": date,
        "end": date,
        "calendar": word("XNYS", "24/7", "XTKS"),
        "currency": word("USD", "EUR"),
        "source": word("bundled", "nonsense"),
        "calendars": lambda rng: rng.choice(({"^GSPC": words(rng)}, {}, None, {"NOPE": "XTKS"})),
    },
    "load_returns": {
        "symbols": names("^GSPC", "BusEq"),
        "start": date,
        "end": date,
        "kind": word("simple", "log"),
        "levels": names("^VIX"),
        "calendar": word("XNYS", "XHKG"),
    },
    "study": {
        "window": window,
        "mask": window,
        "calendar": word("XNYS", "XTKS"),
        "non_session": word("next", "drop"),
        "missing": word("available", "strict"),
        "overlap": word("flag", "merge"),
        "mask_events": flag,
        "length": whole,
        "end": whole,
        "minimum": whole,
    },
    "car": {"window": window, "missing": word("available", "strict", "lump")},
    "caar": {
        "window": window,
        "level": number,
        "weights": lambda rng: rng.choice(
            (
                words(rng),
                "symbol",
                [1.0],
                [1.0, 2.0, 3.0, 4.0],
                [0.0] * 4,
                [-1.0] * 4,
                [float("nan")] * 4,
                pd.Series([1.0, 2.0], index=["A", "B"]),
                None,
            )
        ),
    },
    "aar": {"level": number},
    "bhar": {"window": window, "benchmark": word("M", "A"), "after": word("benchmark", "stop")},
    "test": {
        "name": word("bmp", "patell", "corrado", "cowan"),
        "window": window,
        "alternative": word("two-sided", "less", "greater"),
        "seed": seed,
        "draws": whole,
    },
    "tests": {"window": window, "alternative": word("two-sided", "less"), "seed": seed},
    "explain": {
        "characteristics": names("size", "event_id"),
        "window": window,
        "errors": word("HC3", "cluster"),
        "cluster": word("session", "symbol"),
        "level": number,
        "standardized": flag,
    },
    "abnormal_variance": {"window": window},
    "plan": {
        "scenarios": names("normal"),
        "tests": names("bmp"),
        "windows": lambda rng: rng.choice(([window(rng)], (window(rng), window(rng)), [])),
        "events": lambda rng: rng.choice(((10,), (0,), (-1,), (), [5], (2.5,), (10**30,))),
        "replications": lambda rng: rng.choice((20, 1, 0, -1, 2.5, True)),
        "draws": whole,
        "effect": number,
        "seed": seed,
    },
    "select": {
        "stance": names("escalation"),
        "actor": names("US"),
        "since": date,
        "until": date,
        "lead": flag,
        "level": names("E1"),
        "event_id": names("2018-03-01-232"),
        "nonsense": word("x"),
    },
    "sessions": {"calendar": word("XNYS", "XTKS", "24/7")},
    "load_events": {"timezone": word("America/New_York"), "stances": names("hike", "cut")},
    "adjust": {
        "kind": word("total", "price"),
        "dividends": lambda rng: rng.choice((None, _series(rng))),
        "splits": lambda rng: rng.choice((None, _series(rng))),
    },
    "from_prices": {"kind": word("simple", "log"), "levels": names("A"), "calendar": word("XNYS", "XTKS")},
    "panel": {"kind": word("simple", "log"), "calendar": word("XNYS"), "check": flag},
    "model": {"name": word("M", "NOPE"), "n": whole},
}


def _series(rng):
    values = [rng.choice(NUMBERS[:20]) for _ in range(3)]
    return pd.Series(
        values,
        index=pd.to_datetime(["2025-03-03", rng.choice(("2025-03-04", "2025-03-03", "2030-01-01")), "2025-03-05"]),
    )


def start(rng):
    name = rng.choice(list(FUNCTIONS))
    return Call(name)


def put(thing, rng):
    known = FUNCTIONS[thing.function]
    name = rng.choice(list(known))
    thing.options[name] = known[name](rng)
    return name


MUTATIONS = (put,)


@cache
def _things():
    """Make the small study, once."""
    import border_fit  # noqa: PLC0415  the child prepares itself first

    panel = border_fit._panel()
    pairs = pd.DataFrame(
        [(f"e{at}", name, panel.index[at]) for at in (50, 58) for name in "AB"], columns=["event_id", "symbol", "bar"]
    ).assign(size=[1.0, 2.0, 4.0, 3.0])
    study = es().EventStudy(
        model=es().MarketModel("M"), window=(-2, 2), estimation=es().EstimationWindow(40, -3), calendar=None
    )
    return panel, pairs, study.fit(pairs, panel), es().load_events("us-china")


def _load(name):
    return lambda **options: getattr(es(), name)(
        **{"start": "2025-03-03", "end": "2025-04-11", "symbols": ["^GSPC"], **options}
    )


def _study(length=40, end=-3, minimum=None, model=None, **options):
    panel, pairs, *_ = _things()
    estimation = es().EstimationWindow(length, end, minimum)
    usual = {"model": model or es().MarketModel("M"), "window": (-2, 2), "calendar": None}
    es().EventStudy(**{**usual, **options, "estimation": estimation}).fit(pairs, panel).car()


def _result(name, *first):
    def call(**options):
        given = [options.pop(key, usual) for key, usual in first]
        getattr(_things()[2], name)(*given, **options)

    return call


def _plan(**options):
    from eventstudy.calibration import Plan, calibrate  # noqa: PLC0415  the child prepares itself first

    usual = {"scenarios": ("normal",), "tests": ("bmp",), "windows": ((0, 0),), "events": (10,), "replications": 20}
    plan = Plan(**{**usual, **options})
    if plan.scenarios and plan.tests and plan.replications <= 20 and max(plan.events) <= 200:  # more is slow, and meant
        calibrate(plan)


def _load_events(**options):
    row = {"id": ["a"], "name": ["A"], "announced_at": ["2025-04-02 16:26-04:00"], "stance": ["escalation"]}
    es().load_events(pd.DataFrame(row), **options)


def _adjust(**options):
    close = pd.Series([100.0, 98.0, 24.5], index=pd.to_datetime(["2025-03-03", "2025-03-04", "2025-03-05"]))
    adjusted = es().adjust_prices(close, **options)
    if not all(0 < value < float("inf") for value in adjusted):
        msg = f"adjusted closes {adjusted.tolist()} hold what is no price"
        raise WrongNumber(msg)


def _model(name="M", **options):
    _study(model=es().Dimson(name, **options))


ACTS = {
    **{name: _load(name) for name in ("load_prices", "load_returns")},
    **{name: _result(name) for name in ("car", "caar", "aar", "bhar", "tests", "abnormal_variance")},
    "test": _result("test", ("name", "bmp")),
    "explain": _result("explain", ("characteristics", ["size"])),
    "study": _study,
    "plan": _plan,
    "select": lambda **options: _things()[3].select(**options).sessions(),
    "sessions": lambda **options: _things()[3].select(since="2025-06-01").sessions(**options),
    "load_events": _load_events,
    "adjust": _adjust,
    "from_prices": lambda **options: es().ReturnPanel.from_prices((1 + _things()[0]).cumprod(), **options),
    "panel": lambda **options: es().ReturnPanel(_things()[0], **options),
    "model": _model,
}


def es():
    """Return the package, imported when the child has prepared itself."""
    import eventstudy  # noqa: PLC0415  the same

    return eventstudy


def door(thing, folder):
    del folder
    ACTS[thing.function](**thing.options)
