"""A part of a report, and the inputs that all parts share."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventstudy import plugins
from eventstudy._version import versions_of
from eventstudy.border import is_there
from eventstudy.errors import DataError, EventStudyError, NoDataInWindow, NoSuchTicker, SourceError, StudyError, told
from eventstudy.events import EventCatalog, load_events
from eventstudy.hypothesis import Definitions, load_definitions
from eventstudy.hypothesis.record.sections import Stances
from eventstudy.json_values import plain
from eventstudy.returns import PricePanel, ReturnPanel, load_prices, load_returns
from eventstudy.returns.sources.registry import source_names
from eventstudy.study import EstimationWindow
from eventstudy.study.study_file import StudyFile
from eventstudy.words import in_a_row

if TYPE_CHECKING:
    import pandas as pd

BUNDLED = "bundled"
LEVEL = 0.95  # of every interval of the market and the cross-section


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a study is made from.

    Attributes
    ----------
    study : StudyFile
    source : str
        Where prices came from, in a word: "bundled", "yahoo", or a file's name without its folder.
    catalog : EventCatalog
        The whole catalogue: the mask of every estimation window.
    sample : EventCatalog
        The selection that is studied.
    prices : PricePanel
        The market index and the levels.
    market : ReturnPanel
        The index's returns, with the levels beside them.
    securities : ReturnPanel or None
        The cross-section with its benchmark; None if the study has none, or the source nothing of it.
    definitions : Definitions
        Of the hypothesis; the shipped ones where the study file names no others.
    """

    study: StudyFile
    source: str
    catalog: EventCatalog
    sample: EventCatalog
    prices: PricePanel
    market: ReturnPanel
    securities: ReturnPanel | None
    definitions: Definitions

    def sample_sessions(self) -> tuple[pd.DataFrame, pd.Series[bool]]:
        """Give the sample's sessions, and which rows stand on a session of two directions.

        Such a session carries a trigger and a relief, or an announcement that does both: no single reaction can be read
        from it.
        """
        sessions = self.sample.sessions(self.study.calendar)
        ambiguous = self.stances.ambiguous if self.speaks_of_chain else None
        mixed = sessions.groupby("session")["stance"].transform(lambda s: (s == ambiguous).any())
        return sessions, sessions["conflict"] | mixed

    @property
    def borrowed(self) -> tuple[str, ...]:
        """Symbols that the named source does not have, taken from the bundled figures."""
        if self.source == BUNDLED:
            return ()
        sources = {**self.prices.sources, **(self.securities.sources if self.securities else {})}
        return tuple(symbol for symbol, where in sources.items() if where == BUNDLED)

    @property
    def failures(self) -> Mapping[str, EventStudyError]:
        """What did not come, and why."""
        return {**self.prices.failures, **(self.securities.failures if self.securities else {})}

    @property
    def stances(self) -> Stances:
        """What the two moves of the chain, and the others, are called in the catalogue."""
        return self.definitions.stances

    @property
    def speaks_of_chain(self) -> bool:
        """Whether the two moves of the chain are stances of the catalogue; else it speaks in stances of its own."""
        return {self.stances.trigger, self.stances.relief} <= set(self.catalog.vocabulary.stances)

    @property
    def moves(self) -> tuple[str, ...]:
        """The stances that point in a direction: news of two of them on one session is news of none."""
        words = self.stances
        return (words.trigger, words.relief) if self.speaks_of_chain else self.catalog.vocabulary.opposed

    @property
    def averaged(self) -> tuple[str, ...]:
        """The stances whose mean reaction is shown, in order: every one but an announcement that does both."""
        words, known = self.stances, self.catalog.vocabulary.stances
        first = (words.trigger, words.relief, words.neutral) if self.speaks_of_chain else ()
        others = (one for one in known if not self.speaks_of_chain or one != words.ambiguous)
        return tuple(dict.fromkeys((*first, *others)))

    @property
    def estimation(self) -> EstimationWindow:
        """The estimation window of the study file."""
        return self.study.windows.estimation.asked()


def gather(study: StudyFile, source: str | None, say: Callable[[str], None] | None = None) -> Inputs:
    """Load what a study needs: its catalogue, the market, and the securities that the source has."""
    where = source or study.beside(study.prices.source)
    catalog = load_events(study.beside(study.catalog.source), timezone=study.catalog.timezone)
    sample = catalog.select(**study.catalog.selection())
    if not len(sample):
        msg = (
            f"study {study.name}: the selection {study.catalog.selection()} leaves no event of {study.catalog.source!r}"
        )
        raise StudyError(msg)
    start, end = study.prices.start, study.prices.end
    progress = _progress(where, say)
    prices = load_prices(study.prices.symbols, start, end, source=where, calendar=study.calendar, **progress)
    if study.market.symbol not in prices.frame.columns:
        error = prices.failures.get(study.market.symbol)
        reason = "it is not among the symbols of the study file" if error is None else told(error)
        msg = f"study {study.name}: no price of the market index {study.market.symbol}: {reason}"
        wrong = error is None or isinstance(error, (NoSuchTicker, NoDataInWindow, DataError))
        raise (StudyError if wrong else SourceError)(msg)  # a source that is down is not an input that is wrong
    inputs = Inputs(
        study=study,
        source=where if where in source_names() else Path(where).name,
        catalog=catalog,
        sample=sample,
        prices=prices,
        market=ReturnPanel.from_prices(prices),
        securities=_securities(study, where, progress),
        definitions=load_definitions(_definitions(study)),
    )
    symbols = {*prices.sources, *(inputs.securities.sources if inputs.securities else {})}
    if symbols == set(inputs.borrowed):
        msg = (
            f"{where}: has none of the symbols of study {study.name} ({in_a_row(study.prices.symbols)}, …), so all would come "
            "from the bundled figures; check the names of its columns, or leave out the source"
        )
        raise StudyError(msg)
    return inputs


def _definitions(study: StudyFile) -> str | None:
    named = study.hypothesis.definitions if study.hypothesis else None
    return None if named is None else study.beside(named)


def _progress(source: str, say: Callable[[str], None] | None) -> dict[str, Any]:
    """Return the option by which a file tells how far it is read; other sources have none."""
    if say is None or not Path(source).suffix or is_there(Path(source).is_dir):
        return {}
    return {"progress": lambda done, _total, name, _state: say(f"reading {name}: {done:,} rows")}


def _securities(study: StudyFile, source: str, progress: dict[str, Any]) -> ReturnPanel | None:
    if study.cross_section is None:
        return None
    wanted = [study.cross_section.benchmark, *(s for group in study.cross_section.groups.values() for s in group)]
    return load_returns(
        wanted, study.prices.start, study.prices.end, source=source, calendar=study.calendar, **progress
    )


LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "exchange_calendars", "yfinance", "pyarrow")


def library_versions() -> dict[str, str]:
    """Return the versions of Python, of eventstudy and of the packages that a result depends on, those that add to it too."""
    return {
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        **versions_of(*LIBRARIES, *plugins.packages()),
    }


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a frame's rows as plain values, for results.json."""
    return [plain(row) for row in frame.to_dict("records")]


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Give each key its name, with the key behind it where two keys share one.

    Examples
    --------
    >>> told_apart({"a": "Tariffs", "b": "Truce", "c": "Tariffs"})
    {'a': 'Tariffs (a)', 'b': 'Truce', 'c': 'Tariffs (c)'}
    """
    times = Counter(names.values())
    return {key: f"{name} ({key})" if times[name] > 1 else name for key, name in names.items()}
