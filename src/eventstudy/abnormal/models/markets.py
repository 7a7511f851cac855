"""One market for all securities, or a market for each: what `market` of a model may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn, TypeAlias

from eventstudy.checks import whole
from eventstudy.errors import StudyError

SHOWN: Final = 6  # securities whose market is written out


class Markets(dict[str, str]):
    """The market of each security, by its symbol; it cannot be changed, so that it can be told from others by its hash."""

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none
        return hash(frozenset(self.items()))

    def __repr__(self) -> str:
        if len(self) <= SHOWN:
            return super().__repr__()
        names = sorted(set(self.values()))
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        return f"{{{len(self)} securities on {', '.join(map(repr, names[:SHOWN]))}{more}}}"

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        msg = "the markets of a model cannot be changed; make another model"
        raise TypeError(msg)

    __setitem__ = __delitem__ = update = pop = popitem = clear = setdefault = __ior__ = _refuse

    def __reduce__(self) -> tuple[type[Markets], tuple[dict[str, str]]]:
        return Markets, (dict(self),)


MarketName: TypeAlias = str | Mapping[str, str]
"""A symbol of the panel, or one for each security, such as ``{"A": "^GSPC", "B": "^GDAXI"}``."""


def market_of(given: MarketName) -> str | Markets:
    """Return a market as a model keeps it: a symbol, or a market for each security."""
    if not isinstance(given, Mapping) or isinstance(given, Markets):
        return given
    pairs = [(_symbol(name), _symbol(market)) for name, market in given.items()]
    strange = [
        one
        for pair, found in zip(given.items(), pairs, strict=True)
        for one, text in zip(pair, found, strict=True)
        if not text
    ]
    if strange or not pairs:
        what = f"{strange[0]!r:.80} is no symbol" if strange else "it names no security"
        msg = f"market={dict(given)!r:.200}: {what}; name the market of each security: {{'A': '^GSPC', 'B': '^GDAXI'}}"
        raise StudyError(msg)
    if len(dict(pairs)) < len(pairs):
        names = [name for name, _ in pairs]
        msg = f"market= names {next(name for name in names if names.count(name) > 1)!r} twice; keep one"
        raise StudyError(msg)
    return Markets(pairs)


def _symbol(given: object) -> str:
    """Return a symbol as text, 10001 as "10001"; nothing for what is none."""
    number = whole(given)
    return given.strip() if isinstance(given, str) else "" if number is None else str(number)


def market_symbols(market: MarketName) -> tuple[str, ...]:
    """Return the symbols that `market` names, each once.

    Examples
    --------
    >>> market_symbols("^GSPC"), market_symbols({"A": "^GSPC", "B": "^GDAXI", "C": "^GSPC"})
    (('^GSPC',), ('^GSPC', '^GDAXI'))
    """
    return tuple(dict.fromkeys(market.values())) if isinstance(market, Mapping) else (market,)
