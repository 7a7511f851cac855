"""The lines that say in words what a study found."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.study.design import part_of
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.pairs.pairs import MARK
from eventstudy.study.rows import calendars, headline, own_windows, sessions, short_window, usual_windows, window_text
from eventstudy.study.tables.averages import caar
from eventstudy.study.tables.paths import split, usual_group
from eventstudy.study.window_sample import window_sample
from eventstudy.words import signed, typeset

WIDTH = 100
"""Characters of a line: what is longer goes on, indented, in the next."""

_HELD = "\u00a0=\u00a0"

ADVISED = 20_000
"""Security-events above which a summary does not keep the estimation windows to judge the tests on: `tests` does."""


def summary(result: Fitted, windows: Sequence[Window] | None = None) -> str:
    """See `StudyResult.summary`."""
    study = result.study
    lines = [
        headline(result),
        f"model {study.model!r}; event window {study.window}; calendar {study.calendar or 'the index of the panel'}",
        f"estimated on {study.estimation_words}"
        if study.estimation_words
        else f"estimation window {_estimation(result)}",
    ]
    lines[1:1] = result.request.frame.attrs.get(MARK, {}).get("said", ())
    strange = sum(part.aligned.strange for part in calendars(result))
    if strange:
        lines.append(f"{strange} rows of the panel are no sessions of the calendar and were left out")
    counts = np.bincount(result.status, minlength=len(Exclusion))
    lines += [f"excluded, {code.reason}: {counts[code]}" for code in Exclusion if code and counts[code]]
    if result.n:
        lines += _found(result, [part_of(study, window) for window in windows] if windows else None)
    return "\n".join(lines)


def _estimation(result: Fitted) -> str:
    """Say on which bars was estimated, and how many of them are needed."""
    window = result.study.estimation_window
    days = str(window.days) if window.after is None else " and ".join(map(str, window.pieces))
    return f"{days}, at least {window.minimum} usable bars{own_windows(result)}"


def _found(result: Fitted, windows: list[Window] | None) -> list[str]:
    """Say the mean of each window, and which tests to believe on the first one asked for, or on the short one.

    Stances are not put into one mean: each has its own.
    """
    from eventstudy.study.doubt import counterfactual_of  # noqa: PLC0415  slow to import: only those who test pay

    by = usual_group(result)
    groups: list[tuple[Any, Fitted]] = [("", result)] if by is None else split(result, by)
    judged = windows[0] if windows else short_window(result)
    lines = [
        _mean(group, window, f", {name}" if by else "")
        for window in windows or usual_windows(result)
        for name, group in groups
    ]
    for name, group in groups:
        lines.append(f"tests on {window_text(judged)}{f', {name}' if by else ''}:")
        lines += _wrapped(line for line in _advice(group, judged) if by is None or not line.startswith("not "))
    if by is not None:
        lines.append(f"why not the others: fit the events of one {by} alone and ask tests()")
    return [*lines, *_wrapped([f"counterfactual {counterfactual_of(result, judged).said}"], first="")]


def _mean(result: Fitted, window: Window, of: str) -> str:
    row = caar(result, window, 0.95).iloc[0]
    ends = f"[{signed(row['low'])}, {signed(row['high'])}]" if np.isfinite(row["low"]) else "[no interval]"
    doubtful = ", doubtful here" if _doubted(result, window, str(row["test"])) else ""
    return typeset(
        f"CAAR {window_text(window)}{of}: {signed(row['caar'])} {ends}, n = {row['n']} in {sessions(row['n_sessions'])} "
        f"({row['test']}{doubtful})"
    )


def _doubted(result: Fitted, window: Window, name: str) -> bool:
    """Whether the interval is of a test that is not to be believed on this sample."""
    from eventstudy import inference  # noqa: PLC0415  slow to import: only those who test pay

    if name not in inference.TESTS or result.n > ADVISED:
        return False
    found = inference.run(name, window_sample(result, window))
    return found.applicable and not found.valid


def _wrapped(lines: Iterable[str], first: str = "  ") -> list[str]:
    """Break lines that are too long, but no "p = 0.05"."""
    wide = textwrap.TextWrapper(
        WIDTH, initial_indent=first, subsequent_indent=f"{first}    ", break_long_words=False, break_on_hyphens=False
    )
    return [part.replace(_HELD, " = ") for line in lines for part in wide.wrap(line.replace(" = ", _HELD))]


def _advice(result: Fitted, window: Window) -> tuple[str, ...]:
    """Return which tests to believe on a window, and what speaks against the others."""
    if result.n > ADVISED:
        return (f"{result.n} security-events: tests() says which tests to believe",)
    from eventstudy.inference.advice import advice  # noqa: PLC0415  slow to import: only those who test pay

    return advice(window_sample(result, window))
