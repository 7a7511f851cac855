"""The result of a study: labels put back on the engine's numbers, tables made when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy.abnormal.status import Exclusion
from eventstudy.study import more, tables
from eventstudy.study.provenance import provenance
from eventstudy.study.samples import window_sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eventstudy.abnormal import AbnormalReturns, WindowSample
    from eventstudy.abnormal.buyhold import After
    from eventstudy.abnormal.result import Missing
    from eventstudy.inference import TestResult
    from eventstudy.returns import ReturnPanel
    from eventstudy.study.align import Aligned, Placed
    from eventstudy.study.config import EventStudy
    from eventstudy.study.figures import Figures
    from eventstudy.study.request import Request

__all__ = ["Part", "StudyResult"]

Ints = NDArray[np.int64]
Alternative = Literal["two-sided", "less", "greater"]
Errors = Literal["HC3", "cluster", "nonrobust"]
Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """The security-events of one calendar.

    Attributes
    ----------
    aligned : Aligned
    placed : Placed
        All events of the request, on this calendar.
    rows : (n,) int
        Rows of the request that are studied.
    abnormal : AbnormalReturns
        Of those rows.
    attempted : AbnormalReturns
        Of every row that the engine saw, the excluded among them.
    attempted_rows : (a,) int
        Their rows of the request.
    asked : (p,) int
        All rows of the request that belong to this calendar.
    real : (B,) or (S, B) bool
        Where real events begin, for placebo tests.
    """

    aligned: Aligned
    placed: Placed
    rows: Ints
    abnormal: AbnormalReturns
    attempted: AbnormalReturns
    attempted_rows: Ints
    asked: Ints
    real: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class StudyResult:
    """What a study found.

    Attributes
    ----------
    study : EventStudy
        The study that was fitted.
    request : Request
        The events asked for.
    panel : ReturnPanel
        The returns.
    symbols : tuple of str
        The symbols asked for.
    event, symbol : (N,) int
        Event and symbol of each security-event asked for.
    status : (N,) int8
        `Exclusion` values.
    parts : tuple of Part
        One a calendar.
    merged : mapping of int to list of int
        For each row that stands for several overlapping events, the other events.
    """

    study: EventStudy
    request: Request
    panel: ReturnPanel
    symbols: tuple[str, ...]
    event: Ints
    symbol: Ints
    status: NDArray[np.int8]
    parts: tuple[Part, ...]
    merged: dict[int, list[int]]

    @property
    def n(self) -> int:
        """Security-events studied."""
        return sum(part.rows.size for part in self.parts)

    @property
    def n_sessions(self) -> int:
        """Distinct sessions of relative day 0 among them: the independent observations."""
        return len(tables.day0_labels(self, tables.studied_rows(self)).unique())

    def tidy(self) -> pd.DataFrame:
        """Return one row for each security-event and relative day.

        Returns
        -------
        DataFrame
            ``event_id``, ``symbol``, ``relative_day``, ``session``, ``ar`` and ``se`` (decimals), ``sar``.
        """
        return tables.tidy(self)

    def car(self, window: Window | None = None, *, missing: Missing | None = None) -> pd.DataFrame:
        """Return one row for each security-event: its cumulative abnormal return over a window.

        Parameters
        ----------
        window : (int, int), optional
            Relative days, both included; the event window by default. Nothing is estimated again.
        missing : {"available", "strict"}, optional
            By default that of the study.

        Returns
        -------
        DataFrame
            ``event_id``, ``symbol``, ``session`` (of day 0), ``car``, ``se`` (its exact forecast standard error),
            ``scar``, ``t``, ``df``, ``pvalue`` (two-sided, t(df)), ``n_bars``, ``flag``.
        """
        return tables.car(self, self._window(window), missing or self.study.missing)

    def aar(self, *, level: float = 0.95) -> pd.DataFrame:
        """Return the average abnormal return of each relative day, and the average cumulated up to it."""
        return tables.aar(self, level)

    def caar(self, window: Window | None = None, *, weights: Any = None, level: float = 0.95) -> pd.DataFrame:
        """Return one row: the average cumulative abnormal return of a window and its interval.

        The interval is robust to correlation inside a session: clustered by day 0, or the exact regression of the
        portfolio where all events share it (with a model that is not least squares: the time-series test). Where one series
        is studied, a session is one observation.

        Parameters
        ----------
        window : (int, int), optional
            Relative days, both included; the event window by default.
        weights : str, Series or array, optional
            A column of the fitted pairs, a value for each symbol, or one for each row of `car`: the weighted mean, its
            variance sum w^2 V / (sum w)^2 and a normal interval, both for independent security-events.
        level : float
            Coverage of the interval.
        """
        if weights is not None:
            return more.weighted_caar(self, self._window(window), weights, level)
        return tables.caar(self, self._window(window), level)

    def bhar(
        self, window: Window | None = None, *, benchmark: str | None = None, after: After = "benchmark"
    ) -> pd.DataFrame:
        """Return the buy-and-hold abnormal return of each security-event, prod(1 + R) - prod(1 + E R).

        Parameters
        ----------
        window : (int, int), optional
            Relative days, both included; the event window by default.
        benchmark : str, optional
            A symbol of the panel; by default the normal return of the model.
        after : {"benchmark", "stop"}
            After a delisting the proceeds earn the benchmark, or both sides stop. A delisting return belongs into the
            panel, on the day of the delisting.

        Returns
        -------
        DataFrame
            ``bhar``, its rough standard error sd sqrt(L) (sd of the residuals, or of R less the benchmark over the
            estimation window), ``t``, ``df``, ``pvalue``, ``n_bars``. Sums of products are skewed: judge the mean by
            `abhar` and ``skewness_adjusted`` rather than these t.
        """
        return more.bhar(self, self._window(window), benchmark, after)

    def abhar(
        self,
        window: Window | None = None,
        *,
        benchmark: str | None = None,
        after: After = "benchmark",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return one row: the average buy-and-hold abnormal return, with an interval clustered by session."""
        return more.abhar(self.bhar(window, benchmark=benchmark, after=after), level)

    def abnormal_variance(self, window: Window | None = None) -> pd.DataFrame:
        """Return, for each relative day, whether abnormal returns are larger in size than usual (Beaver 1968).

        U = SAR^2 has mean df/(df - 2) and variance 2 df^2 (df - 1)/((df - 2)^2 (df - 4)) under F(1, df). ``u``: the mean of U
        over its expectation (1 if nothing happens); ``z``: its standard score over independent security-events;
        ``pvalue_single``: of F(1, df), where there is one.
        """
        return more.variance_ratio(self, self._window(window))

    def joint(self) -> pd.DataFrame:
        """Return one regression a security with dummies for all its events (METHODS 4.12).

        ``ar``: the abnormal return of each relative day, shared by the events, unbiased where their windows overlap if
        reactions add up; ``se``, ``t``, ``df``, ``pvalue``, ``events``.
        """
        return more.joint(self)

    def diagnostics(self) -> pd.DataFrame:
        """Return what a referee asks of each estimation window; the columns are those of `Diagnostics`."""
        return more.diagnostics(self)

    def test(
        self,
        name: str,
        window: Window | None = None,
        *,
        alternative: Alternative = "two-sided",
        seed: int | np.random.Generator | None = None,
        **options: Any,
    ) -> TestResult:
        """Run one significance test on a window; the names are those of ``eventstudy.inference.TESTS``.

        The estimation windows are always looked at, so that ``valid`` and ``doubts`` are those of `tests`.
        """
        from eventstudy import inference  # noqa: PLC0415  slow to import: only those who test pay

        needs = inference.TESTS[name].needs if name in inference.TESTS else ()
        sample = self.sample(window, placebo="refit" in needs)
        return inference.run(name, sample, alternative=alternative, seed=seed, **options)

    def tests(
        self,
        window: Window | None = None,
        *,
        alternative: Alternative = "two-sided",
        seed: int | np.random.Generator | None = None,
        **options: Any,
    ) -> pd.DataFrame:
        """Return every test on a window, one row each; ``valid`` are those to believe, the others say why not."""
        from eventstudy import inference  # noqa: PLC0415  slow to import: only those who test pay

        results = inference.run_all(self.sample(window), alternative=alternative, seed=seed, **options)
        table = pd.DataFrame([result.to_dict() for result in results])
        return table.assign(valid=table["valid"].eq(True))  # a mask; what does not apply is not valid

    def explain(
        self,
        characteristics: Sequence[str] | Mapping[str, Any],
        window: Window | None = None,
        *,
        standardized: bool = False,
        weighted: bool = False,
        errors: Errors = "HC3",
        cluster: Literal["session", "symbol"] = "session",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return the regression of the CARs of a window on characteristics of the event or the security.

        Parameters
        ----------
        characteristics : sequence of str, or mapping
            Names of columns of the fitted events or pairs, or name to values: one for each row of `car`, or a Series by
            symbol. Words become one 0/1 column for each but the first in the alphabet.
        window : (int, int), optional
            Relative days, both included; the event window by default.
        standardized : bool
            Regress SCARs in place of CARs.
        weighted : bool
            Weigh by 1/se² of the forecast (WLS).
        errors : {"HC3", "cluster", "nonrobust"}
            Standard errors; events on one date move together: ``"cluster"``.
        cluster : {"session", "symbol"}
            What is clustered by.
        level : float
            Coverage of the interval.

        Returns
        -------
        DataFrame
            One row a term, the constant first: ``term``, ``estimate``, ``se``, ``statistic``, ``pvalue``, ``ci_low``,
            ``ci_high``, ``df``, ``n``, ``n_clusters``, ``left_out``, ``r_squared``, ``errors``.

        Raises
        ------
        StudyError
            A name that is no column, values that do not fit, collinear characteristics.
        """
        from eventstudy.study.explain import explain_cars  # noqa: PLC0415  slow to import

        return explain_cars(
            self,
            characteristics,
            self._window(window),
            basis="scar" if standardized else "car",
            weighted=weighted,
            errors=errors,
            cluster=cluster,
            level=level,
        )

    def sample(self, window: Window | None = None, *, estimation: bool = True, placebo: bool = True) -> WindowSample:
        """Return a window as the input of the significance tests.

        Security-events without any return in the window are left out. Where one series is studied, events that share
        a session are one observation.

        Parameters
        ----------
        window : (int, int), optional
            Relative days, both included; the event window by default.
        estimation : bool
            Whether to keep the estimation windows: residuals, leverages and designs, N x T.
        placebo : bool
            Whether to add what placebo tests need: a refit at other dates, and where those may lie.
        """
        return window_sample(self, self._window(window), estimation=estimation, placebo=placebo)

    @cached_property
    def excluded(self) -> pd.DataFrame:
        """``event_id``, ``symbol``, ``reason``, ``detail`` of every security-event that is not studied."""
        return tables.excluded(self)

    @cached_property
    def events(self) -> pd.DataFrame:
        """What is known of the events asked for, and where they fell: one row an event and calendar."""
        return tables.events(self)

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, hashes of the data, and the configuration; no clock."""
        return provenance(self)

    @cached_property
    def plot(self) -> Figures:
        """The charts of this result: ``result.plot.caar(ax=None)`` and others; each returns its Axes."""
        from eventstudy.study.figures import Figures  # noqa: PLC0415  matplotlib is slow to import

        return Figures(self)

    def summary(self) -> str:
        """Return a few lines of text: what was studied, what not, and the average reaction."""
        return tables.summary(self)

    def __repr__(self) -> str:
        gone = int((self.status != Exclusion.STUDIED).sum())
        return f"StudyResult: {self.n} security-events in {tables.sessions(self.n_sessions)}, {gone} excluded"

    def _repr_html_(self) -> str:
        frame = self.caar()
        return f"<p>{tables.escape(repr(self))}</p>{frame.to_html(index=False)}"

    def _window(self, window: Window | None) -> Window:
        if window is None:
            return self.study.window
        first, last = window
        return int(first), int(last)
