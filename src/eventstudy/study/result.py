"""The result of a study: labels put back on the engine's numbers, tables made when asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from eventstudy.abnormal import WindowSample
from eventstudy.abnormal.buy_and_hold import After
from eventstudy.abnormal.engine.result import Missing
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.returns import ReturnPanel
from eventstudy.study.apart.apart import Apart
from eventstudy.study.charts import Figures
from eventstudy.study.counterfactuals import Counterfactuals
from eventstudy.study.design import Design
from eventstudy.study.firms.in_depth import InDepth
from eventstudy.study.fitted import Alternative, Errors, Fitted, Window
from eventstudy.study.output.written import Written
from eventstudy.study.provenance import provenance
from eventstudy.study.rows import n_sessions
from eventstudy.study.tables import averages, buy_and_hold, exclusions, inside_day, regressions, returns, summary
from eventstudy.study.tables.significance import all_tests, one_test, short_first
from eventstudy.study.window_sample import window_sample

if TYPE_CHECKING:
    from eventstudy.inference.core.result import TestResult  # only those who test load it


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult(Counterfactuals, Apart, InDepth, Written):
    """What a study found; `EventStudy.fit` makes it.

    Attributes
    ----------
    study : EventStudy
        The study that was fitted.
    panel : ReturnPanel
        The returns.
    symbols : tuple of str
        The symbols asked for.
    """

    _fitted: Fitted

    @property
    def study(self) -> Design:
        """The study that was fitted."""
        return self._fitted.study

    @property
    def panel(self) -> ReturnPanel:
        """The returns."""
        return self._fitted.panel

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols asked for."""
        return self._fitted.symbols

    @property
    def n(self) -> int:
        """Security-events studied."""
        return self._fitted.n

    @property
    def n_sessions(self) -> int:
        """Distinct sessions of relative day 0 among them: the independent observations."""
        return n_sessions(self._fitted)

    def tidy(self) -> pd.DataFrame:
        """Return one row for each security-event and relative day.

        Returns
        -------
        DataFrame
            ``event_id``, ``symbol``, ``relative_day``, ``session``, ``ar`` and ``se`` (decimals), ``sar``.
        """
        return returns.tidy(self._fitted)

    @checked()
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
        return returns.car(self._fitted, self._window(window), missing or self.study.missing)

    @checked()
    def aar(self, *, level: float = 0.95) -> pd.DataFrame:
        """Return the average abnormal return of each relative day, and the average cumulated up to it."""
        return averages.aar(self._fitted, level)

    @checked()
    def caar(
        self, window: Window | None = None, *, weights: Any = None, by: str | None = None, level: float = 0.95
    ) -> pd.DataFrame:
        """Return one row: the average cumulative abnormal return of a window and its interval.

        The column ``test`` names what the interval is: ``cross_sectional`` (each event on a session of its own, no windows
        that share a bar), ``clustered`` (many sessions; CR2 errors, Bell-McCaffrey degrees of freedom), ``portfolio`` (one
        session: the portfolio's own regression; ``time_series`` with a model that is not least squares), or
        ``covariance`` (windows that overlap, few or unequal sessions, weights: the covariances of all pairs over the bars
        that they share, told by the estimation windows and scaled to the spread of the window). Where one series is
        studied, a session is one observation. Which test to report is said where all are judged: by `tests`, column ``report``.

        Parameters
        ----------
        window : (int, int), optional
            Relative days, both included; the event window by default.
        weights : str, Series or array, optional
            A column of the fitted pairs, a value for each symbol, or one for each row of `car`: the weighted mean, with the
            variance w'Vw of the covariances of all pairs.
        by : str, optional
            A column of the fitted events or pairs, or ``"symbol"``: a row for each of its values, which stand in a first column of
            that name. All come from the one fit: the abnormal return of an event is the same with and without groups.
        level : float
            Coverage of the interval.
        """
        return averages.caar(self._fitted, self._window(window), level, weights, by)

    @checked()
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
            ``bhar``, its standard error, ``t``, ``df``, ``pvalue``, ``n_bars``. With the model as benchmark the error is
            that of `car` times the growth of the normal return (delta method), so that the estimation error enters; with
            a symbol it is sd sqrt(L), sd of R less the benchmark over the estimation window. Products are skewed: judge
            the mean by `abhar` and ``skewness_adjusted`` rather than these t.
        """
        return buy_and_hold.bhar(self._fitted, self._window(window), benchmark, after)

    @checked()
    def abhar(
        self,
        window: Window | None = None,
        *,
        benchmark: str | None = None,
        after: After = "benchmark",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return one row: the average buy-and-hold abnormal return, with an interval as that of `caar`."""
        return buy_and_hold.abhar(self._fitted, self._window(window), benchmark, after, level)

    @checked()
    def abnormal_variance(self, window: Window | None = None) -> pd.DataFrame:
        """Return, for each relative day, whether abnormal returns are larger in size than usual (Beaver 1968).

        U = SAR^2 has mean df/(df - 2) and variance 2 df^2 (df - 1)/((df - 2)^2 (df - 4)) under F(1, df). ``u``: the mean of U
        over its expectation (1 if nothing happens); ``z``: its standard score over independent security-events;
        ``pvalue_single``: of F(1, df), where there is one.
        """
        return regressions.variance_ratio(self._fitted, self._window(window))

    @checked()
    def speed(self, window: Window | None = None, *, level: float = 0.95) -> pd.DataFrame:
        """Return how fast each security-event adjusted, inside the day: minutes to half of the move.

        Parameters
        ----------
        window : (int, int), optional
            Begins with bar 0, the bar of the moment; the event window by default.
        level : float
            Of the interval, and of the test that the move must pass.

        Returns
        -------
        DataFrame
            ``total``, ``pvalue`` (same clock on other days), ``minutes`` to the begin of the first bar from which the path stays
            beyond half of its total (NaN unless the total passes), ``low`` and ``high`` (the path with the noise of other
            days), ``at_once``: what noise would show of a reaction that is complete in its first bar.
        """
        return inside_day.speed(self._fitted, self._window(window), level)

    @checked()
    def reversal(self, first: Window, later: Window, *, level: float = 0.95) -> pd.DataFrame:
        """Return which share of the mean move of `first` was taken back in `later`, inside the day.

        Returns
        -------
        DataFrame
            ``first`` and ``later`` (mean CARs), ``ratio`` = -later/first, ``low`` and ``high``: Fieller's interval (infinite where
            the first move does not differ from 0; ``set`` says the set).
        """
        return inside_day.reversal(self._fitted, self._window(first), self._window(later), level)

    @checked()
    def shift_24h(self, window: Window | None = None) -> pd.DataFrame:
        """Return the score of each security-event, and the same a session earlier and later where those are free; each with its p-value."""
        return inside_day.shift_24h(self._fitted, self._window(window))

    @checked()
    def moment_path(self, row: int = 0, *, level: float = 0.95) -> pd.DataFrame:
        """Return the cumulated abnormal return of one row of `car` by bar, with the band of the same clock on other days."""
        return inside_day.paths(self._fitted, row, self.study.window, level)

    def clock_pattern(self) -> pd.DataFrame:
        """Return volatility by clock time, mean square 1: the mean pattern of the studied events of each security."""
        return inside_day.clock_pattern(self._fitted)

    def diagnostics(self) -> pd.DataFrame:
        """Return what a referee asks of each estimation window; the columns are those of `Diagnostics`."""
        return regressions.diagnostics(self._fitted)

    @checked()
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
        return one_test(self._fitted, name, self._window(window), alternative=alternative, seed=seed, **options)

    @checked()
    def tests(
        self,
        window: Window | None = None,
        *,
        alternative: Alternative = "two-sided",
        level: float = 0.95,
        seed: int | np.random.Generator | None = None,
        full: bool = False,
        **options: Any,
    ) -> pd.DataFrame:
        """Return every test on a window, one row each: ``name``, ``statistic``, ``pvalue``, ``believe`` and ``why``.

        ``believe`` is "yes" for those whose claims hold on this sample, "no" for the others, empty for what does not apply;
        ``why`` says why not. ``full=True`` adds all that a `TestResult` holds, ``valid`` and ``unit`` among it.
        ``counterfactual`` speaks of the model, whatever the test: see `counterfactual`.
        """
        if options:
            name = next(iter(options))
            groups = "fit each group by itself, or compare() two of them"
            way = groups if name == "by" else f"if it belongs to one: result.test(name, {name}=…)"
            msg = f"tests() runs every test as it is and takes no {name!r}; {way}"
            raise StudyError(msg)
        asked: dict[str, Any] = {"alternative": alternative, "level": level, "seed": seed}
        table = all_tests(self._fitted, self._window(window), **asked)
        table = table.assign(counterfactual=self.counterfactual(window).said)
        return short_first(table, full=full)

    @checked()
    def explain(
        self,
        characteristics: Sequence[str] | Mapping[str, Any],
        window: Window | None = None,
        *,
        standardized: bool = False,
        weighted: bool = False,
        errors: Errors | None = None,
        cluster: Literal["session", "symbol"] = "session",
        level: float = 0.95,
        gls: bool = False,
        draws: int = 9999,
        seed: int | np.random.Generator | None = 0,
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
        errors : {"HC3", "cluster", "wild_cluster", "nonrobust", "portfolio", "long_run", "pre_event", "scaled", "split"}, optional
            Standard errors. Events that share a session move together. By default ``"HC3"`` where no windows share a bar,
            ``"cluster"`` (CR2) from 30 sessions on. Else each coefficient is the CAR of a portfolio, judged by what the same
            portfolio did before the event, so that a factor that was left out does not pass for a reaction: ``"portfolio"``
            on one bar, t(M - k); ``"long_run"`` on more, with its autocovariances; ``"scaled"`` by the level of volatility
            known before where squares are autocorrelated; ``"pre_event"`` its rank among the windows before; ``"split"``
            where the event raised the variance. Several dates: fixed effects of dates, if each determines the slopes.
            ``"wild_cluster"``: the restricted wild cluster bootstrap-t, for few clusters that do not move with one another.
        cluster : {"session", "symbol"}
            What is clustered by.
        level : float
            Coverage of the interval.
        gls : bool
            Weigh by the principal components of the firms' history (cross-fit), for power where firms move together.
        draws, seed
            Of the wild cluster bootstrap.

        Returns
        -------
        DataFrame
            One row a term, the constant first: ``term``, ``estimate``, ``se``, ``statistic``, ``pvalue``, ``low``,
            ``high``, ``df``, ``n``, ``n_clusters``, ``left_out``, ``r_squared``, ``errors``, ``doubt``, ``unit`` of the
            estimate (for one unit of the characteristic), ``pvalue_pre_event`` (the rank, beside), ``pvalue_joint`` (F of all
            slopes, one date), ``design_effect`` (variance of the slope over what independent firms would give).

        Raises
        ------
        StudyError
            A name that is no column, values that do not fit, collinear characteristics.
        """
        from eventstudy.study.tables.explain import explain_cars  # noqa: PLC0415  slow to import

        return explain_cars(
            self._fitted, characteristics, self._window(window), basis="scar" if standardized else "car", weighted=weighted,
            errors=errors, cluster=cluster, level=level, gls=gls, draws=draws, seed=seed,
        )  # fmt: skip

    @checked()
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
        return window_sample(self._fitted, self._window(window), estimation=estimation, placebo=placebo)

    @property
    def excluded(self) -> pd.DataFrame:
        """``event_id``, ``symbol``, ``reason``, ``detail`` of every security-event that is not studied."""
        return self._excluded.copy()

    @property
    def events(self) -> pd.DataFrame:
        """What is known of the events asked for, and where they fell: one row an event and calendar."""
        return self._events.copy()

    @cached_property
    def _excluded(self) -> pd.DataFrame:
        return exclusions.excluded(self._fitted)

    @cached_property
    def _events(self) -> pd.DataFrame:
        return exclusions.events(self._fitted)

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, hashes of the data, and the configuration; no clock."""
        return provenance(self._fitted)

    @cached_property
    def plot(self) -> Figures:
        """The charts of this result: ``result.plot.caar(ax=None)`` and others; each returns its Axes."""
        return Figures(self._fitted)

    @checked()
    def summary(self, windows: Sequence[Window] | None = None) -> str:
        """Return lines of text: what was studied, what not, the mean of each window (a line a stance), the tests to believe.

        ``windows``: a line each, and the tests of the first; by default day 0, days 0 and +1 (with the tests), the event window.
        """
        return summary.summary(self._fitted, windows)
