"""A result taken apart: by horizon, by group, and by event where events of one security overlap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from eventstudy.checks import checked
from eventstudy.study.apart.horizons import USUAL, horizons
from eventstudy.study.design import part_of
from eventstudy.study.fitted import Errors, Fitted, Window
from eventstudy.study.request import moments_of
from eventstudy.study.tables import averages

if TYPE_CHECKING:
    from eventstudy._typing import Ints


class Apart:
    """The part of a `StudyResult` that looks at horizons, groups and single events."""

    _fitted: Fitted

    @checked()
    def compare(
        self, window: Window | None = None, *, by: str, errors: Errors | None = None, level: float = 0.95
    ) -> pd.DataFrame:
        """Return the difference of the mean CAR between the groups of a characteristic, one row a pair of groups.

        The means are those of ``caar(window, by=by)``: where one series is studied, a session is one observation of its group.

        Parameters
        ----------
        window : (int, int), optional
            Relative days, both included; the event window by default.
        by : str
            A column of the fitted events or pairs, or ``"symbol"``. Where it is missing a security-event is left out.
        errors : {"HC3", "cluster", "nonrobust", "portfolio"}, optional
            Standard errors of the difference, chosen as in `explain`: it is the coefficient of a 0/1 column.
        level : float
            Coverage of the interval.

        Returns
        -------
        DataFrame
            ``group``, ``against``, ``first``, ``last``, ``mean``, ``mean_against``, ``difference`` (of the two, decimals), ``se``, ``low``,
            ``high``, ``statistic``, ``df``, ``pvalue``, ``n``, ``n_against``, ``errors``. Of three groups or more the p-values are those
            of single comparisons: see `eventstudy.inference.adjust_pvalues`.

        Raises
        ------
        StudyError
            A name that is no column, one group alone, or numbers that make no groups.
        """
        return averages.compare(self._fitted, part_of(self._fitted.study, window), by, errors, level)

    @checked()
    def horizons(
        self,
        windows: Iterable[Window] = USUAL,
        *,
        by: str | None = None,
        draws: int = 999,
        seed: int | np.random.Generator | None = 0,
    ) -> pd.DataFrame:
        """Return one row a horizon: the mean, the median and the share that rose, beside ordinary days of the same securities.

        Parameters
        ----------
        windows : sequence of (int, int)
            Relative days, both included. One that reaches beyond the event window is fitted for itself on the same estimation
            window; ``table.attrs["stated"]`` says so.
        by : str, optional
            A column of the fitted events or pairs, or ``"symbol"``: rows for each of its values, which stand in a first column.
        draws : int
            Placebo dates for each security-event: days of its own security with a full window and enough history, none within
            five sessions of an event of that security. The model is estimated again at each.
        seed : int, Generator or None
            Of the draws.

        Returns
        -------
        DataFrame
            ``first``, ``last``, ``n``, ``mean``, ``median``, ``positive`` (share of CARs above zero), ``base_rate`` (the same share at the
            placebo dates), ``placebo_mean``, ``test`` and ``pvalue``: the test of the mean's interval where it is to be believed, else
            the one to believe that bears most; "(doubtful)" where there is none. Means and n are those of `caar`.

        References
        ----------
        Brown and Warner (1985) for placebo dates.
        """
        from eventstudy.study.fit.fit import fit_request  # noqa: PLC0415  a result loads the fit only where it fits again

        def refit(window: Window) -> Fitted:
            return fit_request(replace(self._fitted.study, window=window), self._fitted.panel, self._fitted.request)

        return horizons(self._fitted, windows, refit, by=by, draws=draws, seed=seed)

    @checked()
    def attribute(
        self,
        shape: str | Sequence[float] = "impulse",
        *,
        dose: Any = None,
        by: str | None = None,
        window: Window | None = None,
        shrink: bool = False,
        errors: Literal["nonrobust", "HAC"] = "nonrobust",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return what each event contributed, where several events of one security overlap.

        One regression a security on its estimation windows and all its event bars, a column an event: its reaction is taken to
        have a given shape, which is what tells overlapping events apart. Events of the call that could not be studied, and those
        of the catalogue that masks, are columns too.

        Parameters
        ----------
        shape : {"impulse", "flat", "decay", "path"} or sequence of float
            All on day 0, whatever the event window; equal parts; halves from day to day (1, 1/2, 1/4, …); a column for each day of
            the window, where no two events share a day; or weights of one's own from day 0 on.
        dose : str or array, optional
            A column, or a number for each row of `car`: signed doses, such as -0.25 for a cut and 0.25 for a rise. With ``by``.
        by : str, optional
            A column of labels: events of one label have one reaction for each unit of the dose.
        window : (int, int), optional
            Relative days of the shape; by default from day 0 to the end of the event window, of "path" all of it.
        shrink : bool
            Draw the reactions of each security (a unit of the dose) towards zero, as far as all of them say: for many events in few
            bars. ``car`` is then the posterior mean, ``se`` its standard deviation, and ``wrong_sign`` stands for ``pvalue``: the
            chance that the sign is wrong. The spread of the reactions is integrated over, not plugged in.
        errors : {"nonrobust", "HAC"}
            "HAC": Newey and West's, with lag 4(n/100)^(2/9), for shapes of several days.
        level : float
            Coverage of the interval.

        Returns
        -------
        DataFrame
            ``event_id``, ``symbol``, ``car``, ``se``, ``low``, ``high``, ``pvalue`` (t, exact for normal errors), ``share_left`` (what the other
            events leave of an event's own variation, 1/VIF) and ``note``: "not separable from …" where the bars do not tell events
            apart (``car`` is then that of all of them together), "nearly not separable", "depends on the shape" where impulse,
            flat and decay disagree on the sign, "too many events" for the bars (more columns than a fifth of them; `shrink` tells those).

        Raises
        ------
        StudyError
            A shape, dose or label that is none; a model that is not linear.

        References
        ----------
        Binder (1985); Salkever (1976); Newey and West (1987).
        """
        from eventstudy.study.apart.attribution import attributed  # noqa: PLC0415  few ask

        given = {"dose": dose, "by": by, "window": window, "shrink": shrink, "errors": errors, "level": level}
        return attributed(self._fitted, shape, **given, others=self._others())

    def _others(self) -> list[Ints]:
        """Return, by part, the bars of events that only the mask knows: those of a catalogue that are not in the call."""
        pool = self._fitted.study.mask_events
        if isinstance(pool, bool):
            return []
        from eventstudy.study.fit.moments import place_moments  # noqa: PLC0415  a result loads the fit only where it needs it

        table = pool.to_frame()
        table = table[~table.index.isin(np.asarray(self._fitted.request.event_id, dtype=object))]
        moments, found = moments_of(table["announced_at"]), []
        for part in self._fitted.parts:
            aligned = part.aligned
            place = (aligned.bars, aligned.calendar, self._fitted.study.label, aligned.zone, aligned.shut)
            bars = place_moments(moments, *place, strict=False).position
            found.append(np.unique(bars[bars >= 0]))
        return found

    @checked()
    def joint(self, *, by: str | None = None) -> pd.DataFrame:
        """Return one regression a security with dummies for all its events (METHODS 4.12).

        The events of a security share one path, unless they plainly go both ways: where day 0 of one is a rise and of
        another a fall, and the two surely differ (1 % over all pairs), rises, falls and those within a standard error of zero have a
        path each, and ``sign`` is "+", "-" or "0". Where their windows share too many bars for that, rises and falls have one path in the direction of the news, ``sign`` "±".

        Parameters
        ----------
        by : str, optional
            A column of the fitted events: a path for each of its labels, whatever the signs; ``sign`` is then the label.

        Returns
        -------
        DataFrame
            ``symbol``, ``relative_day``, ``ar``: the abnormal return of each relative day, shared by the events, unbiased where their
            windows overlap if reactions add up; ``se``, ``t``, ``df``, ``pvalue``, ``events``, ``sign`` ("" where all are one).
        """
        from eventstudy.study.apart.joint import joint  # noqa: PLC0415  few ask

        return joint(self._fitted, by)
