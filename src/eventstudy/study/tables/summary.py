"""The lines that say in words what a study found."""

from __future__ import annotations

import numpy as np

from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.study.fitted import Fitted
from eventstudy.study.pairs.pairs import MARK
from eventstudy.study.rows import calendars, headline, own_windows, sessions
from eventstudy.study.tables.averages import caar
from eventstudy.study.window_sample import window_sample


def summary(result: Fitted) -> str:
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
        from eventstudy.study.doubt import counterfactual_of  # noqa: PLC0415  slow to import: only those who test pay

        row, advice = caar(result, study.window, 0.95).iloc[0], _advice(result)
        against = any(line.startswith("not ") and row["test"] in line.split(":")[0] for line in advice)
        lines.append(
            f"CAAR {study.window}: {100 * row['caar']:.2f}% [{100 * row['low']:.2f}, {100 * row['high']:.2f}], "
            f"n = {row['n']} in {sessions(row['n_sessions'])} ({row['test']}{', doubtful here' if against else ''})"
        )
        lines += advice
        lines.append(f"counterfactual {counterfactual_of(result, study.window).said}")
    return "\n".join(lines)


def _estimation(result: Fitted) -> str:
    """Say on which bars was estimated, and how many of them are needed."""
    window = result.study.estimation_window
    days = str(window.days) if window.after is None else " and ".join(map(str, window.pieces))
    return f"{days}, at least {window.minimum} usable bars{own_windows(result)}"


ADVISED = 20_000
"""Security-events above which a summary does not keep the estimation windows to judge the tests on: `tests` does."""


def _advice(result: Fitted) -> tuple[str, ...]:
    """Return which tests to believe on the event window, and what speaks against the others."""
    if result.n > ADVISED:
        return (f"{result.n} security-events: tests() says which tests to believe",)
    from eventstudy.inference.advice import advice  # noqa: PLC0415  slow to import: only those who test pay

    return advice(window_sample(result, result.study.window))
