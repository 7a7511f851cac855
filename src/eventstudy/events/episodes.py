"""What belongs to a catalogue beside its events: episodes of threats, and the calendar of macroeconomic news."""

from __future__ import annotations

import tomllib
from io import StringIO
from typing import Final

import pandas as pd

from eventstudy._shipped import shipped_text
from eventstudy.errors import CatalogError
from eventstudy.events.vocabulary import one_of

EPISODES: Final = ("us-china",)  # the catalogues that have them
_MOMENTS: Final = ("start_et", "verbal_soft_et", "formal_soft_et", "end_et")
_EPISODE_COLUMNS: Final = (
    *("id", "start_event", "target", "actor", "what", "start_et", "deadline", "verbal_soft_et", "verbal_event"),
    *("formal_soft_et", "formal_event", "end", "end_et", "outcome", "note"),
)


def load_episodes(name: str = "us-china") -> pd.DataFrame:
    """Return the episodes of a shipped catalogue: each threat from its first news to how it ended.

    Parameters
    ----------
    name : str
        The catalogue.

    Returns
    -------
    pandas.DataFrame
        One row an episode, in the order of the file: ``id``, ``start_event``, ``target``, ``actor``, ``what``,
        ``start_et``, ``deadline``, ``verbal_soft_et``, ``verbal_event``, ``formal_soft_et``, ``formal_event``,
        ``end`` (softened, implemented or censored), ``end_et``, ``outcome``, ``note``. Moments carry New York time
        (NaT: none), ``deadline`` is a naive midnight, texts are empty where nothing is stated. docs/events.md has the
        rules.

    Raises
    ------
    CatalogError
        If no episodes are shipped under that name.

    Examples
    --------
    >>> load_episodes("us-china")["end"].value_counts().to_dict()
    {'implemented': 23, 'softened': 20, 'censored': 10}
    """
    if name not in EPISODES:
        msg = f"episodes {name!r} are not {one_of(EPISODES, name)}"
        raise CatalogError(msg)
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


def load_macro_calendar() -> pd.DataFrame:
    """Return the days of FOMC decisions, CPI and employment reports of the United States, 2018 to 2025.

    Returns
    -------
    pandas.DataFrame
        One row a release, by moment: ``date`` (naive midnight), ``event`` (``FOMC decision``, ``CPI``,
        ``employment report``), ``certain`` (False for two statements without a change of the rate, which one may leave
        out), ``announced_at`` (New York time). Some days have no session: `eventstudy.calendars.first_sessions` finds
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
