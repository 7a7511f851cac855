"""One announcement: what was said, by whom, when it was first public, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

import pandas as pd

from eventstudy.calendars import FIRST_YEAR, LAST_YEAR, known_years
from eventstudy.errors import CatalogError
from eventstudy.events.vocabulary import DATE_ONLY, HALF_WIDTHS, PRECISIONS, one_of
from eventstudy.words import visible


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One announcement, as data. The session that could react is derived by a calendar and never stored.

    Attributes
    ----------
    id : str
        Unique within a catalogue; a date and a word by custom.
    name : str
        The headline.
    announced_at : pandas.Timestamp
        First public moment, with its time zone.
    stance : str
        The direction of the text: escalation, softening, talks or mixed, or a word that the catalogue declares.
    precision : str
        ``exact_sec``, ``exact_min``, ``approx_5min``, ``approx_30min``, ``approx_hour`` or ``date_only``. Left out, it
        is read from the moment: midnight is a date only, a whole minute is exact to the minute.
    earliest, latest : pandas.Timestamp or None
        Bounds that a source states (after the close; office hours of a ministry). They replace what `precision` leaves
        open on their side.
    level : str
        How decided the matter is: ``E1``-``E3``, ``S1``-``S3``, or empty.
    tier : str
        ``A`` formal act, ``B`` statement that names tariff, target and a rate or a delay, ``C`` other, or empty.
    actor, target, scope, instrument : str
        Who acted, on whom, how wide, by what means. Several are joined by ``+``.
    cluster : str
        The decision that the news belongs to; its own id if left out.
    lead : bool
        Whether this is the earliest credible public news of its cluster.
    scheduled : bool
        Whether the moment was known in advance.
    doubtful : bool
        Whether another careful coder could choose another stance or level.
    alternative : str
        For a doubtful row the one other label that a careful coder could choose: a stance, with its level if it has
        one (``softening S2``), or ``leave out``.
    rate_before, rate_after : float or None
        Headline rate on the target, in percent, where the announcement states one.
    effective_date : datetime.date or None
        Stated date of effect.
    confound : str
        Other news of the same session.
    summary, source, confidence : str
        What the text says, where that is from, and how sure it is.
    symbol : str
        The security that the event is about, where a catalogue has one firm a row: it is studied on that alone.

    Raises
    ------
    CatalogError
        If the moment has no time zone, the precision is not a known word, or the bounds do not hold the moment.

    Examples
    --------
    >>> import pandas as pd
    >>> pause = Event(id="pause", name="90-day pause", stance="mixed",
    ...               announced_at=pd.Timestamp("2025-04-09 13:18:40", tz="America/New_York"))
    >>> pause
    Event('pause', 2025-04-09 13:18:40-04:00, mixed: 90-day pause)
    >>> pause.precision, pause.cluster
    ('exact_sec', 'pause')
    """

    id: str
    name: str
    announced_at: pd.Timestamp
    stance: str
    precision: str = ""
    earliest: pd.Timestamp | None = None
    latest: pd.Timestamp | None = None
    actor: str = ""
    target: str = ""
    scope: str = ""
    instrument: str = ""
    level: str = ""
    tier: str = ""
    cluster: str = ""
    lead: bool = True
    scheduled: bool = False
    doubtful: bool = False
    alternative: str = ""
    rate_before: float | None = None
    rate_after: float | None = None
    effective_date: date | None = None
    confound: str = ""
    summary: str = ""
    source: str = ""
    confidence: str = ""
    symbol: str = ""

    def __post_init__(self) -> None:
        for key in ("announced_at", "earliest", "latest"):
            if key == "announced_at" or getattr(self, key) is not None:
                _check_moment(self.id, key, getattr(self, key))
        if not self.precision:
            object.__setattr__(self, "precision", guess_precision(self.announced_at))
        for key in ("rate_before", "rate_after"):
            if getattr(self, key) == 0:
                object.__setattr__(self, key, 0.0)  # minus zero is zero, in every format
        if not self.cluster:
            object.__setattr__(self, "cluster", self.id)
        if self.precision not in PRECISIONS:
            msg = f"event {self.id!r}: precision {self.precision!r} is not {one_of(PRECISIONS, self.precision)}"
            raise CatalogError(msg)
        low, high = self.interval
        if not low <= self.announced_at <= high:
            msg = f"event {self.id!r}: announced_at {self.announced_at} does not lie between {low} and {high}"
            raise CatalogError(msg)

    def __repr__(self) -> str:
        name = self.name if len(self.name) <= 60 else f"{self.name[:59]}…"
        return f"Event({self.id!r}, {self.announced_at}, {visible(f'{self.stance}: {name}')})"

    @property
    def interval(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """The earliest and the latest moment that the precision and the stated bounds leave open."""
        if self.precision == DATE_ONLY:
            low, high = day_of(self.announced_at)
        else:
            half = HALF_WIDTHS[self.precision]
            low = high = self.announced_at
            if half:  # most moments are exact, and adding nothing to a moment takes as long as reading it
                low, high = self.announced_at - half, self.announced_at + half
        return (low if self.earliest is None else self.earliest, high if self.latest is None else self.latest)


def _check_moment(event: str, key: str, moment: object) -> None:
    if not isinstance(moment, pd.Timestamp) or moment.tz is None:
        msg = f"event {event!r}: {key} {moment!r} is not a pandas.Timestamp with a time zone"
        raise CatalogError(msg)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        msg = f"event {event!r}: {key} {moment} is not of the years {known_years()}"
        raise CatalogError(msg)


def guess_precision(moment: pd.Timestamp) -> str:
    """Return the precision that a moment shows by itself: midnight is a date, a whole minute is exact to the minute."""
    clock = moment.time()  # not floor or normalize, which fail on an hour that the clocks doubled
    if clock == time.min:
        return DATE_ONLY
    return "exact_sec" if clock.second or clock.microsecond else "exact_min"


def day_of(moment: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last microsecond of the local day that holds `moment`."""
    naive = moment.tz_localize(None).normalize()
    first, following = (
        # a day whose midnight is skipped or doubled by a clock change starts at its first existing moment
        day.tz_localize(moment.tz, ambiguous=True, nonexistent="shift_forward")
        for day in (naive, naive + pd.Timedelta(days=1))
    )
    return first, following - pd.Timedelta(microseconds=1)
