"""The errors of the package, as one tree.

::

    EventStudyError                 everything that is ours
    ├── InputError (ValueError)     what was given is wrong; exit code 2
    │   ├── CatalogError            rows of an event catalogue; lists every bad row
    │   ├── DataError               prices, returns, and the files that hold them
    │   └── StudyError              windows, models, tests, and study files
    ├── InstallationError           a file of the package is missing, or a plugin is faulty; exit code 2
    ├── WorkersLost                 workers or their scheduler are gone; what is done is kept; exit code 3
    └── SourceError                 a source could not deliver; exit code 3
        ├── RateLimited             asked to slow down (``retry_after`` seconds, if said)
        ├── NoSuchTicker            the source does not know the symbol
        ├── NoDataInWindow          known, but without a bar in the dates asked for
        ├── SourceDown              the source answered with a fault of its own
        ├── Unreachable             no answer: network, name look-up, time-out
        └── BadPayload              an answer that cannot be read

A message is one line that names the thing (file, row, column, value), says what was expected, and how to mend it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final, TypeVar

from eventstudy.words import visible

E = TypeVar("E", bound=Exception)

LISTED: Final = 50  # bad rows that one message names
LONGEST: Final = 4000  # characters of one line of a message


class EventStudyError(Exception):
    """The root of every error that is ours; what a file says is made visible in its message."""

    def __init__(self, message: str = "") -> None:
        super().__init__("\n".join(_bounded(line) for line in visible(str(message), keep="\n").split("\n")))

    def __getitem__(self, part: int | slice) -> str:
        """Return a part of the message: the failures of a panel were texts in the version before."""
        warnings.warn("a failure is an error; take the text of it with str()", DeprecationWarning, stacklevel=2)
        return str(self)[part]


def _bounded(line: str) -> str:
    """Cut a line out of all measure in its middle: it names the thing at its head, and the way out at its end."""
    return line if len(line) <= LONGEST else f"{line[: LONGEST * 3 // 4]} … {line[-LONGEST // 5 :]}"


class InputError(EventStudyError, ValueError):
    """What was given is wrong: the caller can mend it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one place of a file or frame.

    Attributes
    ----------
    place : str
        Where: a file and row, an entry's id, a frame's row label.
    column : str
        The column or key; empty if the whole row is meant.
    value : str
        What stands there.
    expected : str
        What should stand there.
    """

    place: str
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.place}, column {self.column!r}" if self.column else self.place
        return f"{where}: {self.value!r} is not {self.expected}"


class CatalogError(InputError):
    """Rows of an event catalogue that cannot be read; the message lists the first of them, and counts the others.

    Attributes
    ----------
    problems : tuple of Problem
        All of them, in the order of the file; empty if the message says it all.
    """

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        self.problems = problems
        lines = [message, *(f"  {problem}" for problem in problems[:LISTED])]
        lines += [f"  and {len(problems) - LISTED:,} more"] if len(problems) > LISTED else []
        super().__init__("\n".join(lines))


class DataError(InputError):
    """Prices or returns, or the file that holds them, cannot be used as they are."""


class StudyError(InputError):
    """A window, a model, a test or a study file that cannot be used as it is."""


class InstallationError(EventStudyError):
    """A file of the package is missing or a plugin is faulty: nothing that was given is wrong, the installation is."""


class WorkersLost(EventStudyError):
    """Workers, or the scheduler that hands them their work, are gone; what was done is kept."""


class SourceError(EventStudyError):
    """A source could not deliver what was asked of it."""


class RateLimited(SourceError):
    """The source asked to slow down.

    Attributes
    ----------
    retry_after : float or None
        Seconds to wait, if the source said so.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class NoSuchTicker(SourceError):
    """The source does not know the symbol."""


class NoDataInWindow(SourceError):
    """The source knows the symbol but has no bar in the dates asked for."""


class SourceDown(SourceError):
    """The source answered with a fault of its own."""


class Unreachable(SourceError):
    """No answer came: network, name look-up or time-out."""


class BadPayload(SourceError):
    """The source answered with something that cannot be read."""


def kept(error: E) -> E:
    """Return an error to be kept: without its traceback and cause, which hold on to frames, answers and sockets."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def told(error: EventStudyError) -> str:
    """Return an error in one line: its class, where that says something, then its message."""
    return str(error) if type(error) is SourceError else f"{type(error).__name__}: {error}"


def error_told(text: str) -> EventStudyError:
    """Return the error that `told` wrote down; a text that names no class is a `SourceError`."""
    kind, _, message = text.partition(": ")
    kinds: tuple[type[EventStudyError], ...] = (DataError, SourceError, *SourceError.__subclasses__())
    known = {one.__name__: one for one in kinds}
    return known[kind](message) if kind in known else SourceError(text)
