"""Which securities of a panel may be donors: untreated, liquid and complete."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, overload

import numpy as np
import pandas as pd

from eventstudy.abnormal.models.donor_pool import HOLES
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.frames import as_pandas
from eventstudy.returns import PricePanel, ReturnPanel
from eventstudy.returns._given import of_frame
from eventstudy.returns.tables.names import label_text, label_texts
from eventstudy.words import brief, in_a_row


@overload
def suggest_donors(
    returns: ReturnPanel | pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    leave_out: Collection[str] = ...,
    holes: float = ...,
    still: float = ...,
    why: Literal[False] = ...,
) -> tuple[str, ...]: ...


@overload
def suggest_donors(
    returns: ReturnPanel | pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    leave_out: Collection[str] = ...,
    holes: float = ...,
    still: float = ...,
    why: Literal[True],
) -> pd.DataFrame: ...


@checked()
def suggest_donors(
    returns: ReturnPanel | pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    leave_out: Collection[str] = (),
    holes: float = HOLES,
    still: float = 0.10,
    why: bool = False,
) -> tuple[str, ...] | pd.DataFrame:
    """Return the symbols of a panel that may stand for what would have happened: untreated, liquid, complete.

    Parameters
    ----------
    returns : ReturnPanel or DataFrame
        Bars x symbols, decimals.
    pairs : DataFrame
        The pairs to be studied, with a column ``symbol``: none of them is suggested.
    leave_out : collection of str
        Other symbols that are no donors: indices, factors, competitors and suppliers whom the event reaches.
    holes : float
        Share of returns that may be missing.
    still : float
        Share of returns that may be exactly zero: a price that does not move has no loadings to learn.
    why : bool
        Whether to return a table of all symbols with the reason instead.

    Returns
    -------
    tuple of str, or DataFrame
        The donors in the order of the panel; with ``why`` one row a symbol: ``symbol``, ``missing``, ``still`` (shares), ``reason``,
        empty for the suggested.

    Raises
    ------
    StudyError
        No column ``symbol``, a name in `leave_out` that the panel does not hold, or no candidate left.

    Examples
    --------
    >>> import pandas as pd
    >>> panel = pd.DataFrame({"A": [0.01, 0.02, -0.01], "B": [0.0, 0.0, 0.01], "C": [0.01, -0.02, 0.01], "M": [0.02, 0.01, 0.0]})
    >>> suggest_donors(panel, pd.DataFrame({"event_id": ["e"], "symbol": ["A"]}), leave_out=["M"])
    ('C',)
    """
    frame = of_frame(ReturnPanel.from_prices(returns) if isinstance(returns, PricePanel) else returns, "returns")
    given: object = as_pandas(pairs, StudyError)
    if not isinstance(given, pd.DataFrame):
        msg = (
            f"pairs={brief(repr(pairs))} is no DataFrame; give one with a column 'symbol', the securities to be studied"
        )
        raise StudyError(msg)
    pairs = given
    if "symbol" not in pairs.columns:
        msg = f"pairs need a column 'symbol', the securities to be studied; the frame has {in_a_row(pairs.columns)}"
        raise StudyError(msg)
    names = label_texts(frame.columns)
    unknown = [name for name in leave_out if name not in names]
    if unknown:
        msg = f"leave_out= names {unknown[0]!r}, which the panel does not hold"
        raise StudyError(msg)
    values = frame.to_numpy(dtype=np.float64)
    there = np.isfinite(values)
    missing = (~there).mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        idle = np.where(there, values == 0, False).sum(axis=0) / there.sum(axis=0)
    treated = {label_text(name) for name in pairs["symbol"].tolist()}
    first: dict[bytes, str] = {}
    reasons = []
    for at, name in enumerate(names):
        own = first.setdefault(values[:, at].tobytes(), name)
        reasons.append(_reason(name, (treated, set(leave_out)), (missing[at], holes), (idle[at], still), own))
    table = pd.DataFrame({"symbol": names, "missing": missing, "still": idle, "reason": reasons})
    if why:
        return table
    kept = tuple(table.loc[table["reason"] == "", "symbol"].tolist())
    if not kept:
        counts = table["reason"].value_counts().to_dict()
        told = ", ".join(f"{count} {reason}" for reason, count in counts.items())
        msg = f"no symbol of the panel may be a donor ({told}); load securities that the events do not reach"
        raise StudyError(msg)
    return kept


def _reason(
    name: str, groups: tuple[set[str], set[str]], holes: tuple[float, float], idle: tuple[float, float], same: str
) -> str:
    """Return why a symbol is not suggested; nothing if it is."""
    if name in groups[0]:
        return "studied"
    if name in groups[1]:
        return "left out"
    if holes[0] > holes[1]:
        return "missing returns"
    if not idle[0] <= idle[1]:
        return "a price that does not move"
    return "" if same == name else f"a copy of {same}"
