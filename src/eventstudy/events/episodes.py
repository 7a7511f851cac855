"""What belongs to a catalogue beside its events: episodes of threats, and the calendar of macroeconomic news."""

from __future__ import annotations

import tomllib
from io import StringIO
from typing import Final

import pandas as pd

from eventstudy._shipped import shipped_text
from eventstudy.errors import CatalogError
from eventstudy.events.vocabulary import one_of
from eventstudy.words import brief

EPISODES: Final = ("us-china", "us-china-v1")  # the catalogues that have them
STRETCHES: Final = ("us-china",)  # those whose episodes are cut into stretches, with reliefs
_ENDS: Final = {"us-china": "2026-08-20"}  # the last day that a record was looked through for
_MACRO_ENDS: Final = "2026-08-20"
_MOMENTS: Final = ("start_et", "in_force_et", "verbal_soft_et", "formal_soft_et", "end_et")
_EPISODE_COLUMNS: Final = (
    *("id", "start_event", "target", "actor", "what", "start_et", "deadline", "in_force_et"),
    *("verbal_soft_et", "verbal_event", "formal_soft_et", "formal_event", "end", "end_et", "state_at_end"),
    *("outcome", "note"),
)
_TABLE_MOMENTS: Final = ("from_et", "to_et", "relief_et", "chain_lead_et")
_DAYS: Final = ("start_first_session", "from_session", "to_session", "deadline", "relief_session", "own_session")
_FLAGS: Final = ("open_only", "relief_lead", "chain_formal", "chain_us", "partial", "counts")


def load_episodes(name: str = "us-china") -> pd.DataFrame:
    """Return the episodes of a shipped catalogue: each threat from its first news to how it ended.

    Parameters
    ----------
    name : str
        The catalogue; ``"us-china-v1"`` is the first version of the record.

    Returns
    -------
    pandas.DataFrame
        One row an episode, in the order of the file: ``id``, ``start_event``, ``target``, ``actor``, ``what``,
        ``start_et``, ``deadline``, ``in_force_et``, ``verbal_soft_et``, ``verbal_event``, ``formal_soft_et``,
        ``formal_event``, ``end`` (softened, implemented or censored), ``end_et``, ``state_at_end``, ``outcome``,
        ``note``. Moments carry New York time (NaT: none), ``deadline`` is a naive midnight, texts are empty where
        nothing is stated. docs/events.md has the rules.

    Raises
    ------
    CatalogError
        If no episodes are shipped under that name.

    Examples
    --------
    >>> load_episodes("us-china")["end"].value_counts().to_dict()
    {'implemented': 31, 'censored': 28, 'softened': 25}
    """
    _known(name, EPISODES, "episodes")
    content = tomllib.loads(shipped_text("eventstudy.events", f"catalogues/episodes/{name}.toml"))
    columns: dict[str, object] = {}
    for column in _EPISODE_COLUMNS:
        values = [episode.get(column) for episode in content["episode"]]
        if column in _MOMENTS:
            columns[column] = pd.DatetimeIndex(values, dtype="datetime64[us]").tz_localize(content["timezone"])
        elif column == "deadline":
            columns[column] = pd.DatetimeIndex(values, dtype="datetime64[us]")
        else:
            columns[column] = pd.array(["" if value is None else value for value in values], dtype="str")
    return pd.DataFrame(columns)


def load_stretches(name: str = "us-china") -> pd.DataFrame:
    """Return the stretches of the episodes of a shipped catalogue: from when to when each was threatened or in force.

    Parameters
    ----------
    name : str
        The catalogue.

    Returns
    -------
    pandas.DataFrame
        One row a stretch, in the order of the episodes: ``episode``, ``actor``, ``target``, ``scope``,
        ``start_event``, ``start_first_session``, ``state`` (threatened or in force), ``rate`` (percent), ``from_et``,
        ``to_et`` (New York time), ``from_session``, ``to_session`` (New York sessions, both included; NaT where the
        stretch lies between two), ``ended_by``, ``end_kind``, ``deadline``, ``rate_in_force``, ``restated_by``,
        ``open_only`` (beyond the limit of 60 days), ``note``. docs/events.md has the rules.

    Raises
    ------
    CatalogError
        If no stretches are shipped under that name.

    Examples
    --------
    >>> load_stretches("us-china")["state"].value_counts().to_dict()
    {'threatened': 131, 'in force': 58}
    """
    _known(name, STRETCHES, "stretches")
    return _table(f"{name}-stretches")


def load_reliefs(name: str = "us-china") -> pd.DataFrame:
    """Return the reliefs of a shipped catalogue: each softening with the episodes that it relieves.

    Parameters
    ----------
    name : str
        The catalogue.

    Returns
    -------
    pandas.DataFrame
        One row a softening and episode, by moment: ``relief_event``, ``relief_cluster`` (the chain of news that is
        one relief), ``relief_lead``, ``chain_lead_event``, ``relief_session`` (of the lead of its chain),
        ``own_session``, ``actor``, ``scope``, ``stance``, ``level``, ``formal_or_words``, ``chain_formal``,
        ``episode``, ``measure``, ``measure_actor``, ``start_event``, ``start_first_session``, ``state``, ``partial``,
        ``counts`` (true once for each chain and episode), ``note``, ``relief_et``, ``chain_lead_et``, ``chain_us``
        (a formal row of the chain is by the US, alone or jointly), ``open_only``. docs/events.md has the rules.

    Raises
    ------
    CatalogError
        If no reliefs are shipped under that name.

    Examples
    --------
    >>> reliefs = load_reliefs("us-china")
    >>> reliefs.loc[reliefs["relief_cluster"] == "2025-04-09_pause", "episode"].tolist()
    ['E06']
    """
    _known(name, STRETCHES, "reliefs")
    return _table(f"{name}-reliefs")


def record_ends(name: str) -> dict[str, pd.Timestamp]:
    """Return the last day of each table of a shipped record: beyond it nothing is known, which is not "nothing happened".

    Parameters
    ----------
    name : str
        The catalogue.

    Returns
    -------
    dict of str to pandas.Timestamp
        ``events`` and ``episodes`` where the catalogue states its end, and ``macro calendar``.

    Examples
    --------
    >>> record_ends("us-china")["events"]
    Timestamp('2026-08-20 00:00:00')
    """
    own = {key: pd.Timestamp(_ENDS[name]) for key in ("events", "episodes") if name in _ENDS}
    return own | {"macro calendar": pd.Timestamp(_MACRO_ENDS)}


def _known(name: object, known: tuple[str, ...], what: str) -> None:
    if not isinstance(name, str) or name not in known:
        msg = f"{what} {brief(repr(name))} are not {one_of(known, str(name))}"
        raise CatalogError(msg)


def _table(name: str) -> pd.DataFrame:
    """Read a table beside the episodes: moments in New York time, days as naive midnights, flags, the rest texts."""
    text = shipped_text("eventstudy.events", f"catalogues/episodes/{name}.csv")
    frame = pd.read_csv(StringIO(text), comment="#", dtype="str", keep_default_na=False)
    for column in frame.columns:
        if column in _TABLE_MOMENTS:
            frame[column] = pd.DatetimeIndex(frame[column], dtype="datetime64[us]").tz_localize("America/New_York")
        elif column in _DAYS:
            frame[column] = pd.DatetimeIndex(frame[column], dtype="datetime64[us]")
        elif column in _FLAGS:
            frame[column] = frame[column] == "1"
        elif column in {"rate", "rate_in_force"}:
            frame[column] = pd.to_numeric(frame[column], errors="coerce")
    return frame


def load_macro_calendar() -> pd.DataFrame:
    """Return the days of FOMC decisions, CPI and employment reports of the United States, January 2018 to 20 August 2026.

    Returns
    -------
    pandas.DataFrame
        One row a release, by moment: ``date`` (naive midnight), ``event`` (``FOMC decision``, ``CPI``,
        ``employment report``), ``certain`` (False for two statements without a change of the rate, which one may leave
        out, and for days that are not confirmed), ``announced_at`` (New York time). Some days have no session: `eventstudy.calendars.first_sessions` finds
        the first that could react.

    Examples
    --------
    >>> calendar = load_macro_calendar()
    >>> calendar.loc[calendar["date"] == "2020-03-15", ["event", "announced_at"]].values.tolist()
    [['FOMC decision', Timestamp('2020-03-15 17:00:00-0400', tz='America/New_York')]]
    """
    text = shipped_text("eventstudy.events", "catalogues/macro_calendar.csv")
    frame = pd.read_csv(StringIO(text), comment="#", dtype={"event": "str"})
    moments = pd.DatetimeIndex(frame["announced_at"].to_numpy(), dtype="datetime64[us]")
    return pd.DataFrame(
        {
            "date": moments.normalize(),
            "event": frame["event"],
            "certain": frame["certain"].astype(bool),
            "announced_at": moments.tz_localize("America/New_York"),
        }
    )
