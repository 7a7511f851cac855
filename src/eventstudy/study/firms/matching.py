"""Benchmarks from a table of characteristics: matched firms, reference portfolios, and how alike they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Floats
from eventstudy.abnormal.models.control_portfolios import MatchedPortfolio
from eventstudy.checks import checked, count
from eventstudy.errors import StudyError
from eventstudy.frames import as_pandas
from eventstudy.returns.panel import ReturnPanel
from eventstudy.words import brief, in_a_row

BAND: Final = (0.7, 1.3)
"""Market value of a control firm over that of its event firm (Barber and Lyon 1997)."""

SORTS: Final = {"size": 10, "book_to_market": 5}


@dataclass(frozen=True, eq=False)
class Matched:
    """What events are compared with.

    Attributes
    ----------
    pairs : DataFrame
        ``event_id``, ``symbol``, ``match``, ``place`` (1 is the nearest), ``distance``.
    balance : DataFrame
        One row a characteristic: means of the events, of their matches and of all candidates, ``difference`` in standard deviations
        of the events and matches, ``variance_ratio``, ``n``.
    unmatched : DataFrame
        ``event_id``, ``symbol``, ``reason``.
    """

    pairs: pd.DataFrame
    balance: pd.DataFrame
    unmatched: pd.DataFrame

    def model(self) -> MatchedPortfolio:
        """Return the model R - R of the match; a security that has other matches for another event is refused."""
        found: dict[str, tuple[str, ...]] = {}
        for (event, symbol), rows in self.pairs.groupby(["event_id", "symbol"], sort=False):
            match = tuple(rows["match"])
            if found.setdefault(str(symbol), match) != match:
                msg = f"{symbol!r} has other matches for event {event!r} than for an earlier one; study these events apart"
                raise StudyError(msg)
        if not found:
            msg = "no event has a match; see .unmatched"
            raise StudyError(msg)
        return MatchedPortfolio(found)


@checked()
def match_firms(
    events: pd.DataFrame,
    characteristics: pd.DataFrame,
    *,
    size: str = "size",
    value: str = "book_to_market",
    industry: str | None = None,
    band: tuple[float, float] = BAND,
    number: int = 1,
) -> Matched:
    """Match each event's firm with others of like size, book-to-market and perhaps industry.

    Parameters
    ----------
    events : DataFrame
        ``event_id``, ``symbol``, and ``bar`` where the table has dates.
    characteristics : DataFrame
        ``symbol`` and the characteristics; with a column ``date``, the last row of each firm before the day of the event counts.
    size, value : str
        Columns: market value (not its logarithm), and what is nearest among firms of like size.
    industry : str, optional
        Column that must be the same.
    band : (float, float)
        Size of a match over that of the event's firm.
    number : int
        Matches of each.

    Returns
    -------
    Matched
        Firms with an event of their own are no matches. ``.model()`` is what `EventStudy` takes.

    Raises
    ------
    StudyError
        A column that is missing, a firm that stands twice on one date.

    References
    ----------
    Barber and Lyon (1997): among firms with 70 to 130 % of the size, the one with the nearest book-to-market.

    Examples
    --------
    >>> table = pd.DataFrame({"symbol": list("ABCD"), "size": [10, 9, 11, 30], "book_to_market": [0.5, 0.9, 0.6, 0.5]})
    >>> match_firms(pd.DataFrame({"event_id": ["e"], "symbol": ["A"]}), table).pairs["match"].tolist()
    ['C']
    """
    wanted = [size, value, *([industry] if industry else [])]
    events = as_pandas(events, StudyError)
    table = _table(characteristics, wanted)
    _columns(events, ["event_id", "symbol", *(["bar"] if "date" in table else [])], "events")
    number = count(number, "number", least=1)
    treated = set(events["symbol"].astype(str))
    rows, gone, own_rows, match_rows, all_rows = [], [], [], [], []
    for event in events.to_dict("records"):
        symbol = str(event["symbol"])
        now = _as_of(table, event.get("bar"))
        if symbol not in now.index or now.loc[symbol, wanted].isna().any():
            gone.append((event["event_id"], symbol, "its characteristics are not known before the event"))
            continue
        own = now.loc[symbol]
        others = now[~now.index.isin(treated)].dropna(subset=wanted)
        ratio = others[size] / own[size]
        like = others[(ratio >= band[0]) & (ratio <= band[1])]
        if industry:
            like = like[like[industry] == own[industry]]
        if len(like) < number:
            gone.append(
                (
                    event["event_id"],
                    symbol,
                    f"{len(like)} firms are of like {size}{' and ' + industry if industry else ''}",
                )
            )
            continue
        distance = (like[value] - own[value]).abs().sort_values(kind="stable").iloc[:number]
        rows += [
            (event["event_id"], symbol, name, place, far) for place, (name, far) in enumerate(distance.items(), start=1)
        ]
        own_rows.append(own[[size, value]].to_numpy(dtype=float))
        match_rows.append(like.loc[distance.index, [size, value]].to_numpy(dtype=float).mean(axis=0))
        all_rows.append(others[[size, value]].to_numpy(dtype=float).mean(axis=0))
    return Matched(
        pairs=pd.DataFrame(rows, columns=["event_id", "symbol", "match", "place", "distance"]),
        balance=balance_of([size, value], own_rows, match_rows, all_rows),
        unmatched=pd.DataFrame(gone, columns=["event_id", "symbol", "reason"]),
    )


def balance_of(
    names: Sequence[str], own: Sequence[Floats], match: Sequence[Floats], every: Sequence[Floats]
) -> pd.DataFrame:
    """Return how alike events and matches are, one row a characteristic; each (n, K)."""
    a, b, c = (np.asarray(part, dtype=float).reshape(-1, len(names)) for part in (own, match, every))
    with np.errstate(invalid="ignore", divide="ignore"):
        few = len(a) < 2
        spread = [np.full(len(names), np.nan) if few else part.var(axis=0, ddof=1) for part in (a, b)]
        mean = [part.mean(axis=0) if len(part) else np.full(len(names), np.nan) for part in (a, b, c)]
        difference = (mean[0] - mean[1]) / np.sqrt((spread[0] + spread[1]) / 2)
        ratio = spread[0] / spread[1]
    columns = {"characteristic": list(names), "events": mean[0], "matches": mean[1], "candidates": mean[2]}
    return pd.DataFrame({**columns, "difference": difference, "variance_ratio": ratio, "n": len(a)})


@dataclass(frozen=True, eq=False)
class References:
    """Portfolios of like firms.

    Attributes
    ----------
    returns : ReturnPanel
        Equal-weighted returns of each portfolio, named ``size1-book_to_market3`` and so on.
    members : DataFrame
        ``date`` (of forming, where the table has dates), ``symbol``, ``portfolio``.
    """

    returns: ReturnPanel
    members: pd.DataFrame

    def model(self, events: pd.DataFrame) -> MatchedPortfolio:
        """Return the model R - R of the portfolio that each event's firm was in; fit it on ``returns.join(references.returns)``."""
        events = as_pandas(events, StudyError)
        _columns(events, ["event_id", "symbol", *(["bar"] if "date" in self.members else [])], "events")
        found: dict[str, str] = {}
        for event in events.to_dict("records"):
            symbol = str(event["symbol"])
            now = _as_of(self.members, event.get("bar"))
            if symbol not in now.index:
                msg = f"event {event['event_id']!r}: {symbol!r} is in no portfolio before it; add its characteristics, or leave it out"
                raise StudyError(msg)
            name = str(now.loc[symbol, "portfolio"])
            if found.setdefault(symbol, name) != name:
                msg = f"{symbol!r} is in {name} before event {event['event_id']!r} and in {found[symbol]} before an earlier one; study these events apart"
                raise StudyError(msg)
        return MatchedPortfolio(found)


def reference_portfolios(
    characteristics: pd.DataFrame,
    returns: ReturnPanel,
    *,
    sorts: Mapping[str, int] | None = None,
    breakpoints: Sequence[str] | None = None,
) -> References:
    """Sort firms into portfolios, one characteristic within the other, and return what these earned.

    Parameters
    ----------
    characteristics : DataFrame
        ``symbol`` and the characteristics; with a column ``date``, portfolios are formed anew on each and held from the next bar.
    returns : ReturnPanel
        Of the firms.
    sorts : mapping of str to int, optional
        Characteristic -> number of groups, in their order; by default ten of ``size``, five of ``book_to_market`` within each.
    breakpoints : sequence of str, optional
        Symbols whose quantiles part the groups, such as those of New York; by default all.

    Returns
    -------
    eventstudy.study.firms.matching.References
        A bar's mean is over the members that have a return.

    References
    ----------
    Barber and Lyon (1997); Lyon, Barber and Tsai (1999), section I.A.
    """
    chosen = dict(sorts or SORTS)
    table = _table(characteristics, list(chosen))
    for name, groups in chosen.items():
        count(groups, f"sorts[{name!r}]", least=1)
    basis = None if breakpoints is None else {str(name) for name in breakpoints}
    forms = [(None, table)] if "date" not in table else list(table.groupby("date", sort=True))
    bars = returns.frame.index
    pieces, held = [], []
    for at, (day, formed) in enumerate(forms):
        rows = formed.dropna(subset=list(chosen))
        rows = rows[rows["symbol"].isin(returns.frame.columns)]
        label = pd.Series("", index=rows.index)
        _part(rows, list(chosen.items()), basis, np.ones(len(rows), dtype=bool), label)
        member = pd.DataFrame({"symbol": rows["symbol"], "portfolio": label.str.lstrip("-")})
        held.append(member if day is None else member.assign(date=day))
        until = forms[at + 1][0] if at + 1 < len(forms) else None
        inside = np.ones(len(bars), dtype=bool) if day is None else np.asarray(bars > day)
        inside &= True if until is None else np.asarray(bars <= until)
        part = returns.frame.loc[inside]
        pieces.append(
            pd.DataFrame(
                {name: part[list(group["symbol"])].mean(axis=1) for name, group in member.groupby("portfolio")}
            )
        )
    frame = pd.concat(pieces).sort_index().reindex(bars)
    frame = frame[sorted(frame.columns)]
    panel = ReturnPanel(frame, kind=returns.kind, calendar=returns.calendar, label=returns.label, check=False)
    return References(panel, pd.concat(held, ignore_index=True))


def _part(
    rows: pd.DataFrame, left: list[tuple[str, int]], basis: set[str] | None, inside: Bools, label: pd.Series[Any]
) -> None:
    """Write the groups of one characteristic behind the label, and part each by the next."""
    if not left or not inside.any():
        return
    (name, groups), rest = left[0], left[1:]
    value = rows[name].to_numpy(dtype=float)
    told = inside if basis is None else inside & rows["symbol"].isin(basis).to_numpy()
    if not told.any():
        msg = f"no firm of breakpoints= has a {name!r} in one of the groups to be parted; name more, or sort into fewer groups"
        raise StudyError(msg)
    edges = np.quantile(value[told], np.arange(1, groups) / groups)
    group = np.searchsorted(edges, value, side="left")
    for number in range(groups):
        here = inside & (group == number)
        label[here] = label[here] + f"-{name}{number + 1}"
        _part(rows, rest, basis, here, label)


def _table(characteristics: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Return the table with symbols as text and numbers that are numbers; each firm once a date."""
    characteristics = as_pandas(characteristics, StudyError)
    _columns(characteristics, ["symbol", *wanted], "characteristics")
    dated = "date" in characteristics.columns
    table = characteristics[["symbol", *(["date"] if dated else []), *wanted]].copy()
    table["symbol"] = table["symbol"].astype(str)
    if dated:
        table["date"] = pd.to_datetime(table["date"])
    twice = table[table.duplicated(["symbol", *(["date"] if dated else [])])]
    if len(twice):
        day = f" on {twice['date'].iloc[0]:%Y-%m-%d}" if dated else ""
        msg = f"characteristics: {twice['symbol'].iloc[0]!r} stands twice{day}; keep one row, or add a column 'date'"
        raise StudyError(msg)
    return table


def _as_of(table: pd.DataFrame, day: Any) -> pd.DataFrame:
    """Return the last row of each firm before a day, by symbol."""
    if "date" in table:
        table = table[table["date"] < pd.Timestamp(day)].sort_values("date").drop_duplicates("symbol", keep="last")
    return table.set_index("symbol")


def _columns(frame: pd.DataFrame, wanted: Sequence[str], what: str) -> None:
    given: object = frame
    if not isinstance(given, pd.DataFrame):
        msg = f"{what} must be a DataFrame, not {brief(repr(frame))}"
        raise StudyError(msg)
    gone = [name for name in wanted if name not in frame.columns]
    if gone:
        msg = f"{what}: no column {gone[0]!r}; there are {in_a_row(frame.columns)}"
        raise StudyError(msg)
