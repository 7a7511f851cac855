"""A border that makes every kind of fault on purpose, for the tests of the harness itself."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from verdict import BadText, WrongNumber

from eventstudy.errors import CatalogError, InputError


@dataclass
class Thing:
    """What the door does if it is poisoned; else it accepts."""

    act: str
    poisoned: bool = False
    truth: bool | None = True


def start(rng):
    return Thing(rng.choice(list(ACTS)))


def spell_harmless(thing, rng):
    del thing, rng


def poison(thing, rng):
    del rng
    thing.poisoned = True


MUTATIONS = (spell_harmless, poison)


class Careless(InputError):
    """An error that does not mend its own message, as ours do."""

    def __init__(self, message):
        Exception.__init__(self, message)


def _raise(error):
    raise error


def _spin():
    while True:
        pass


ACTS = {
    "accepted": lambda: None,
    "refused": lambda: _raise(InputError("file 'x': this is not a number; mend it")),
    "rows": lambda: _raise(CatalogError("x.csv: the catalogue has 1 problem\n  x.csv, line 2")),
    "foreign": lambda: {}["key"],
    "sleeps": lambda: time.sleep(60),
    "spins": _spin,
    "memory": lambda: b"x" * (1200 * 1024**2),
    "wrong": lambda: _raise(WrongNumber("1.0 came, 2.0 was written")),
    "text": lambda: _raise(BadText("a control character is printed")),
    "two lines": lambda: _raise(InputError("this is one line\nand this another")),
    "control": lambda: _raise(Careless("this holds \x1b[2J, which clears a screen")),
    "too long": lambda: _raise(Careless("x" * 6000)),
    "dies": lambda: os._exit(3),
}


def door(thing, folder):
    del folder
    if thing.poisoned:
        ACTS[thing.act]()
