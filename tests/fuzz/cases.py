"""Inputs by number: a border, a seed and a number always give the same one, and so does any part of its mutations.

A border is a module with `start(rng)`, which returns a valid thing; `MUTATIONS`, functions `(thing, rng)` that change it
in place and may return a word that tells which of several things they did; and `door(thing, folder)`, which takes it
through the real entrance. A mutation whose name begins with
``spell_`` leaves what the thing says as it is; after any other one `thing.truth` is None.
"""

from __future__ import annotations

import importlib
import random
from dataclasses import dataclass
from typing import Any

BORDERS = {
    "catalogue": "border_catalogue",
    "event-frame": "border_event_frame",
    "price-file": "border_price_file",
    "price-frame": "border_price_frame",
    "fit": "border_fit",
    "study-file": "border_study_file",
    "network": "border_network",
    "store": "border_store",
    "kept": "border_kept",
    "command": "border_command",
    "option": "border_option",
}
COUNTS = (0, 1, 1, 1, 1, 2, 2, 3, 4, 6)  # mutations of one input


@dataclass
class Case:
    """One input: the thing, and which mutations made it."""

    thing: Any
    mutations: list[str]
    failed: list[str]


def border_of(name):
    """Return the module of a border."""
    return importlib.import_module(BORDERS.get(name, name))


def build(name, seed, number, keep=None):
    """Make one input; `keep` names the mutations (by place) that are applied, None: all."""
    border = border_of(name)
    rng = random.Random(f"{name}:{seed}:{number}")
    thing = border.start(rng)
    case = Case(thing, [], [])
    for place in range(rng.choice(COUNTS)):
        own = random.Random(f"{name}:{seed}:{number}:{place}")
        mutation = own.choice(border.MUTATIONS)
        case.mutations.append(mutation.__name__)
        if keep is not None and place not in keep:
            continue
        try:
            name_of_part = mutation(thing, own)
        except Exception as error:  # noqa: BLE001  it does not fit what an earlier one has made
            case.failed.append(f"{mutation.__name__}: {error!r}")
            thing.truth = None
        else:
            if name_of_part:
                case.mutations[-1] += f" {name_of_part}"
            if not mutation.__name__.startswith("spell_"):
                thing.truth = None
    return case
