"""What a result says of its firms one by one, and over long horizons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from eventstudy.checks import checked
from eventstudy.frames import with_bars
from eventstudy.study.design import part_of
from eventstudy.study.fitted import Fitted, Window

if TYPE_CHECKING:
    from eventstudy.study.firms.earnings import Earnings  # slow to import: only those who ask pay
    from eventstudy.study.firms.long_horizon import LongHorizon


class InDepth:
    """The part of a `StudyResult` that looks at firms in depth."""

    _fitted: Fitted

    @checked()
    def shrink(
        self,
        window: Window | None = None,
        *,
        prior: Literal["normal", "mixture"] | None = None,
        cut: float | None = None,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return what each reaction is likely to be, given all of them: the honest ranking of many firms.

        The largest of many CARs is large by luck as well. Empirical Bayes takes that out: each is drawn towards the others, the
        more the less certain it is.

        Parameters
        ----------
        window : (int, int), optional
            Relative days, both included; the event window by default.
        prior : {"normal", "mixture"}, optional
            What the true reactions scatter like: normal, or with heavy tails and many near zero. By default the mixture from 50
            security-events on.
        cut : float, optional
            Those with a CAR beyond it were picked: they get the correction that needs no prior. By default the largest, beyond
            the runner-up.
        level : float
            Coverage of the intervals.

        Returns
        -------
        DataFrame
            One row a security-event, as `car`: ``event_id``, ``symbol``, ``session``, ``car``, ``se``, ``shrunken`` (posterior mean),
            ``sd``, ``low``, ``high``, ``wrong_sign`` (chance that the sign is the other), ``date_mean`` (where firms of a date move
            together only what is beyond its mean is shrunken; else 0), ``corrected``, ``corrected_low``, ``corrected_high`` (of those
            picked: median-unbiased given that they were), ``prior``, ``prior_mean``, ``prior_sd``.

        Raises
        ------
        StudyError
            Fewer than 3 security-events, fewer than 10 for the mixture, or few on a date where firms move together.

        References
        ----------
        Stephens (2017); Efron (2011); Andrews, Kitagawa and McCloskey (2024) for those picked.
        """
        from eventstudy.study.firms.shrink import shrunken  # noqa: PLC0415  slow to import

        return shrunken(self._fitted, part_of(self._fitted.study, window), prior, cut, level)

    @checked()
    def earnings(
        self,
        *,
        opens: pd.DataFrame | None = None,
        closes: pd.DataFrame | None = None,
        volume: pd.DataFrame | None = None,
        by: str | None = None,
        draws: int = 999,
        seed: int = 0,
        level: float = 0.95,
    ) -> Earnings:
        """Return the tables of an earnings season; `load_earnings` makes the events.

        Parameters
        ----------
        opens, closes, volume : DataFrame, optional
            Bars x symbols. Opens and closes on one adjustment: the gap from the close before, and the move of the session, add
            up to the return of day 0.
        by : str, optional
            A column of the events, such as ``"timing"``: before the open and after the close apart, beside all.
        draws : int
            Placebo draws of the base rate, and of the bootstrap of the slope.
        seed : int
        level : float
            Coverage of the intervals.

        Returns
        -------
        Earnings
            ``.table``, one row a window as far as the event window has it, (-1), (0), (0, 1), (2, 5), (0, 5), (0, 20), (2, 60): mean with
            the interval of `caar`, median, share of rises against that of ordinary days, gap, volume, and the slope on the
            surprise; ``.events``, ``.bins``, ``.plot()``.

        Notes
        -----
        Where only the day of an announcement is known it counts in (0, 1) alone, and has no gap.
        """
        from eventstudy.study.firms.earnings import earnings_of  # noqa: PLC0415  slow to import

        asked = {"opens": with_bars(opens), "closes": with_bars(closes), "volume": with_bars(volume)}
        return earnings_of(self._fitted, **asked, by=by, draws=draws, seed=seed, level=level)

    @checked()
    def long_horizon(
        self, window: Window | None = None, *, within: float = 0.25, seed: int = 0, level: float = 0.95
    ) -> LongHorizon:
        """Return a long drift with what placebo firms drift on the same dates taken off.

        Long sums of abnormal returns drift without any event: price noise, the forecast error of the model, and firms that were
        chosen after a run-up and fall back. For each event a random firm, and one of like run-up and volatility, are studied on the
        same date with the same model and window.

        Parameters
        ----------
        window : (int, int), optional
            Relative days, both included; the event window by default.
        within : float
            Standard deviations of the run-up and of the volatility by which a match may differ.
        seed : int
            Of the random firms.
        level : float
            Coverage of the intervals.

        Returns
        -------
        LongHorizon
            ``.table``: for sums of abnormal returns, logarithms, buy-and-hold and calendar time the ``naive`` mean, the ``mechanical``
            one of random firms, the ``reversion`` of matched less random firms, and the ``corrected`` events less matched firms,
            with errors of paired differences clustered by date; ``.paths``, ``.balance``, ``.pairs``, ``.unmatched``, ``.plot()``.

        Raises
        ------
        StudyError
            If no event has a firm like it.

        Notes
        -----
        Placebo firms are the other columns of the panel, without an event of their own in the window; the closest pair is matched
        first, each firm once a date. The log charges the noisier leg sigma^2/2 a bar; price noise adds its variance to simple
        returns (Blume and Stambaugh 1983).
        """
        from eventstudy.study.firms.long_horizon import long_horizon_of  # noqa: PLC0415  slow to import

        chosen = part_of(self._fitted.study, window)
        return long_horizon_of(self._fitted, chosen, within=within, seed=seed, level=level)
