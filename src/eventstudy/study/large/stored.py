"""A result on disk: its tables made part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.abnormal.engine.result import Missing
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.study.design import Design, EstimationWindow, part_of
from eventstudy.study.fitted import Alternative, Fitted, Window
from eventstudy.study.large import samples, sums
from eventstudy.study.large.read_parts import StoredModel, fitted_of, kept_of
from eventstudy.study.large.store import Store, opened
from eventstudy.study.rows import sessions, usual_windows, window_text
from eventstudy.study.tables import returns
from eventstudy.words import brief, signed, typeset

if TYPE_CHECKING:
    from eventstudy.inference.core.result import TestResult  # only those who test load it


@dataclass(frozen=True, eq=False, repr=False)
class StoredResult:
    """A result that `to_parquet` wrote; `open_result` opens it.

    Its tables are those of `StudyResult`. What needs the returns themselves (buy-and-hold returns, placebo dates, the estimation
    windows of more than 2,000 security-events) is not there, and each table says so.
    """

    _store: Store

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._store.folder

    @cached_property
    def study(self) -> Design:
        """The study, its model known by name alone."""
        told = self._store.manifest["study"]
        estimation = EstimationWindow(**{name: told["estimation"][name] for name in ("length", "end", "minimum")})
        mask = told["mask_events"]
        return Design(
            model=StoredModel(self._store.manifest["model"]),
            estimation=estimation,
            window=tuple(told["window"]),
            calendar=told["calendar"],
            mask_events=mask if isinstance(mask, bool) else True,
            mask=tuple(told["mask"]),
            non_session=told["non_session"],
            missing=told["missing"],
            overlap=told["overlap"],
            label=told.get("label"),
        )

    @property
    def provenance(self) -> dict[str, Any]:
        """Digests of the study, its events and the returns, and the configuration."""
        return dict(self._store.manifest)

    def parts(self) -> Iterator[Fitted]:
        """Yield the parts, each as a fitted study without its returns."""
        for share in range(self._store.shares):
            yield fitted_of(self._store.table(share), self._store.frame(share), self.study)

    def _with_kept(self) -> Iterator[tuple[Fitted, list[samples.Kept]]]:
        for share in range(self._store.shares):
            frame = self._store.frame(share)
            part = fitted_of(self._store.table(share), frame, self.study)
            yield part, kept_of(part, frame)

    @cached_property
    def n(self) -> int:
        """Security-events studied."""
        return sum(self._store.table(share, ["row"]).num_rows for share in range(self._store.shares))

    @cached_property
    def n_sessions(self) -> int:
        """Distinct sessions of relative day 0 among them."""
        found: set[Any] = set()
        for share in range(self._store.shares):
            found.update(self._store.table(share, ["session"])["session"].unique().to_pylist())
        return len(found)

    def _in_order(self, made: Any, length: int = 1) -> pd.DataFrame:
        """Return a table made of each part, its rows in the order of the request."""
        frames, rows = [], []
        for share in range(self._store.shares):
            table = self._store.table(share)
            frames.append(made(fitted_of(table, self._store.frame(share), self.study)))
            rows.append(table["row"].to_numpy())
        order = np.argsort(np.concatenate(rows), kind="stable")
        if length > 1:
            order = (order[:, None] * length + np.arange(length)).ravel()
        whole: pd.DataFrame = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
        return whole.take(order).reset_index(drop=True)

    def tidy(self) -> pd.DataFrame:
        """Return what `StudyResult.tidy` returns; of very many rows take `iter_tidy`."""
        return self._in_order(returns.tidy, self.study.window[1] - self.study.window[0] + 1)

    def iter_tidy(self) -> Iterator[pd.DataFrame]:
        """Yield the same part by part."""
        for part in self.parts():
            yield returns.tidy(part)

    @checked()
    def car(self, window: Window | None = None, *, missing: Missing | None = None) -> pd.DataFrame:
        """Return what `StudyResult.car` returns, of any window inside the event window; to the last bit."""
        within, how = part_of(self.study, window), missing or self.study.missing
        return self._in_order(lambda part: returns.car(part, within, how))

    @checked()
    def aar(self, *, level: float = 0.95) -> pd.DataFrame:
        """Return what `StudyResult.aar` returns, from sums by session; see `caar`."""
        return sums.aar(self._with_kept(), self.study, level)

    @checked()
    def caar(self, window: Window | None = None, *, level: float = 0.95) -> pd.DataFrame:
        """Return what `StudyResult.caar` returns, from sums by session.

        The mean, n and the sessions are those of all security-events. The interval is exact where the spread between sessions
        tells it (``test`` is ``cross_sectional`` or ``clustered``). Where windows overlap (``covariance``) it rests on the estimation
        windows of 2,000 security-events, evenly spaced, that the folder keeps; in memory on up to 20,000. Of one session
        (``portfolio``, ``time_series``), and with several calendars, `se` is missing, and ``why`` says so.
        """
        return sums.caar(self._with_kept(), self.study, part_of(self.study, window), level)

    @checked()
    def test(
        self,
        name: str,
        window: Window | None = None,
        *,
        alternative: Alternative = "two-sided",
        seed: int | None = None,
        **options: Any,
    ) -> TestResult:
        """Run one significance test; what the folder does not keep, placebo dates first, it says that it lacks."""
        from eventstudy import inference  # noqa: PLC0415  slow to import: only those who test pay

        found = inference.run(name, self.sample(window), alternative=alternative, seed=seed, **options)
        return self._doubting((found,), window)[0]

    @checked()
    def tests(
        self, window: Window | None = None, *, alternative: Alternative = "two-sided", level: float = 0.95, seed: int | None = None,
        full: bool = False,
    ) -> pd.DataFrame:  # fmt: skip
        """Return every test as `StudyResult.tests` does; ``why`` names what those lack that do not apply."""
        from eventstudy import inference  # noqa: PLC0415  slow to import: only those who test pay
        from eventstudy.study.tables.significance import short_first, told  # noqa: PLC0415  the same

        sample = self.sample(window)
        results = inference.run_all(sample, alternative=alternative, level=level, seed=seed)
        return short_first(told(self._doubting(results, window), inference.reported(sample, results)), full=full)

    def _doubting(self, results: Sequence[TestResult], window: Window | None) -> list[TestResult]:
        from eventstudy.study.tables.significance import doubting, placing_of  # noqa: PLC0415  slow to import

        counts = [placing_of(part, part_of(self.study, window)) for part in self.parts()]
        return doubting(results, (sum(one for one, _ in counts), sum(off for _, off in counts)), self.n, "session")

    @checked()
    def sample(self, window: Window | None = None) -> Any:
        """Return a window as the input of the tests.

        With the estimation windows where the folder keeps all of them (of 2,000 security-events asked for, or fewer).
        """
        if not self.n:
            msg = "no security-event was studied, so that there is nothing to test; result.excluded says more"
            raise StudyError(msg)
        return samples.sample(self._with_rows(), self.study, part_of(self.study, window))

    def _with_rows(self) -> Iterator[tuple[Fitted, Any, list[samples.Kept]]]:
        for share, (part, kept) in enumerate(self._with_kept()):
            yield part, self._store.table(share, ["row"])["row"].to_numpy(), kept

    @property
    def excluded(self) -> pd.DataFrame:
        """``event_id``, ``symbol``, ``reason``, ``detail`` of every security-event that is not studied."""
        frames = [self._store.excluded(share).to_pandas() for share in range(self._store.shares)]
        whole: pd.DataFrame = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
        return whole.sort_values("row", kind="stable").drop(columns="row").reset_index(drop=True)

    def summary(self) -> str:
        """Return a few lines of text: what was studied, what not, and the average reaction."""
        study, gone = self.study, self.excluded
        lines = [
            repr(self),
            f"model {study.model!r}; event window {study.window}; calendar {study.calendar or 'the index of the panel'}",
            f"estimation window {study.estimation_window.days}, at least {study.estimation_window.minimum} usable bars",
        ]
        lines += [f"excluded, {reason}: {count}" for reason, count in gone["reason"].value_counts(sort=False).items()]
        if self.n:
            lines += [self._mean(window) for window in usual_windows(study)]
        return "\n".join(lines)

    def _mean(self, window: Window) -> str:
        row = self.caar(window).iloc[0]
        known = f" [{signed(row['low'])}, {signed(row['high'])}]" if np.isfinite(row["se"]) else ""
        why = f"; {row['why']}" if row["why"] else ""
        counts = f"n = {row['n']} in {sessions(row['n_sessions'])} ({row['test']})"
        return typeset(f"CAAR {window_text(window)}: {signed(row['caar'])}{known}, {counts}{why}")

    def __repr__(self) -> str:
        gone = int(self._store.manifest["rows"]) - self.n
        return f"StoredResult: {self.n} security-events in {sessions(self.n_sessions)}, {gone} excluded, {self._store.shares} parts"


@checked()
def open_result(folder: str | Path) -> StoredResult:
    """Open a result that `StudyResult.to_parquet` or `LargeResult.to_parquet` wrote.

    Parameters
    ----------
    folder : str or pathlib.Path

    Returns
    -------
    StoredResult
        ``.car()``, ``.tidy()``, ``.aar()``, ``.caar()``, ``.tests()``, ``.excluded``, ``.summary()``, each made part by part.

    Raises
    ------
    InputError
        If it is no such folder, or parts of it are missing, cut or of another result; the message names them.

    Examples
    --------
    >>> import tempfile, numpy as np, pandas as pd
    >>> from eventstudy import EventStudy, MarketModel, ReturnPanel, open_result
    >>> rng = np.random.default_rng(0)
    >>> days = pd.bdate_range("2023-01-02", periods=400)
    >>> panel = ReturnPanel(pd.DataFrame(rng.normal(0, 0.01, (400, 3)), index=days, columns=list("MAB")))
    >>> events = pd.DataFrame({"event_id": [1, 2], "symbol": ["A", "B"], "bar": days[[350, 360]]})
    >>> result = EventStudy(model=MarketModel("M"), window=(0, 1), calendar=None).fit(events, panel)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = result.to_parquet(f"{folder}/result")
    ...     stored = open_result(f"{folder}/result")
    ...     stored, stored.car().equals(result.car())
    (StoredResult: 2 security-events in 2 sessions, 0 excluded, 1 parts, True)
    """
    try:
        place = Path(folder)
    except TypeError as fault:
        msg = f"a result is named by its folder, not by {type(folder).__name__} {brief(repr(folder))}"
        raise StudyError(msg) from fault
    return StoredResult(opened(place))
