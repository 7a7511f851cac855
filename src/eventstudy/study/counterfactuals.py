"""What a result says of its counterfactual: its donors, placebos among them, and exact inference for one security."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from eventstudy.checks import checked
from eventstudy.study.design import part_of
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.tables import counterfactual

if TYPE_CHECKING:
    from eventstudy.inference.core.counterfactual import Counterfactual  # only those who test load it


class Counterfactuals:
    """The part of a `StudyResult` that looks at what would have happened."""

    _fitted: Fitted

    @checked()
    def counterfactual(self, window: Window | None = None) -> Counterfactual:
        """Return whether untreated securities of the panel say that the model left something out on the event dates.

        A test's size is that of a right model. Here the other securities of the panel (the donors of a model that has some), less
        those in an event window of their own, are fitted by the same model on the event dates, and what is common in their
        residuals is held against the studied mean.

        Parameters
        ----------
        window : (int, int), optional
            Relative days, both included; the event window by default.

        Returns
        -------
        Counterfactual
            ``status`` ``"holds"``, ``"withdrawn"`` with the ``reason``, or ``"unknown"`` without donors; the p-values, the bias to
            expect (``predicted``), and how often random groups of donors would be significant on the same dates. At most a
            hundred dates are looked at, whose windows share no bar.
        """
        from eventstudy.study.doubt import counterfactual_of  # noqa: PLC0415  slow to import: only those who test pay

        return counterfactual_of(self._fitted, self._window(window))

    def donors(self) -> pd.DataFrame:
        """Return one row for each session and donor of the model: what became of it, and why.

        Returns
        -------
        DataFrame
            ``session`` (of day 0), ``donor``, ``status``: ``used``, ``filled`` (up to 2 % of the estimation bars were missing and
            were filled by its factors), ``studied_here``, ``own_event`` (its own event window meets that of the date),
            ``hole_in_window``, ``holes``; ``weight``: of a mixture, mean over the securities of the date.

        Raises
        ------
        StudyError
            If the model has no donors.
        """
        return counterfactual.donors(self._fitted)

    def donor_fit(self) -> pd.DataFrame:
        """Return one row for each security-event: how its counterfactual was made from donors.

        Returns
        -------
        DataFrame
            ``donors`` used, ``left_out``, ``filled``; of latent factors ``components`` and their ``share`` of the donors' sum of
            squares; of a mixture the donors with a weight (``active``), the certificate of optimality ``gap`` (the objective is at
            most this share of the security's sum of squares above its minimum) and ``steps``.

        Raises
        ------
        StudyError
            If the model has no donors.
        """
        return counterfactual.donor_fit(self._fitted)

    @checked()
    def in_space(
        self,
        window: Window | None = None,
        *,
        statistic: Literal["t", "rmspe"] = "t",
        draws: int = 999,
        seed: int | np.random.Generator | None = None,
    ) -> pd.DataFrame:
        """Return placebos in space: each donor as if it were studied, mixed from the other donors, beside the security.

        Parameters
        ----------
        window : (int, int), optional
            Relative days, both included; the event window by default.
        statistic : {"t", "rmspe"}
            ``|CAR|/se``, or the root mean squared abnormal return of the window over that of the estimation bars (Abadie, Diamond
            and Hainmueller 2010).
        draws : int
            Donors that take part at most; more are drawn from.
        seed : int, Generator or None
            Of that draw.

        Returns
        -------
        DataFrame
            ``statistic``, ``pvalue`` = (1 + donors with as large a statistic)/(donors + 1), ``placebos``, ``poor_fit`` (the residuals
            are more than twice those usual among the donors). Exact if the security and its donors are exchangeable: match the
            pool first. No p with fewer than 19 donors, nor for ``"rmspe"`` where the fit lies outside those of the donors.

        Raises
        ------
        StudyError
            If the model is no mixture of donors.
        """
        return counterfactual.placebos_in_space(self._fitted, self._window(window), statistic, draws, seed)

    @checked()
    def conformal(
        self,
        window: Window | None = None,
        *,
        statistic: Literal["abs", "sum"] = "abs",
        permutations: Literal["block", "iid"] = "block",
        level: float = 0.95,
        seed: int | np.random.Generator | None = None,
    ) -> pd.DataFrame:
        """Return an exact test and interval for each security-event by itself, under any model.

        The effect is taken out of the event bars, the model fitted anew on the estimation and event bars together, and the
        residuals of the window compared with those of every other place (Chernozhukov, Wuethrich and Zhu 2021).

        Parameters
        ----------
        window : (int, int), optional
            Relative days, both included; the event window by default. The effect is the same on each of them.
        statistic : {"abs", "sum"}
            Mean of the absolute residuals of the window, or the absolute value of their sum.
        permutations : {"block", "iid"}
            All cyclic shifts, or random permutations (every bar for a window of one); shifts bear dependence over time.
        level : float
            Coverage of the interval.
        seed : int, Generator or None
            Of the random permutations.

        Returns
        -------
        DataFrame
            ``car``, ``pvalue`` of no effect, ``low`` and ``high`` of the CAR, ``n_bars``, ``permuted`` (residuals), ``smallest_p``. The
            interval is infinite where no p can be below 1 - level, and NaN where no constant effect fits.

        Notes
        -----
        Exact if the residuals are exchangeable and the model treats all bars alike; approximate under dependence, with
        ``"block"`` and about 250 bars or more. A variance that the event raises is an effect to it. Components of donors are those
        of the fit; a GARCH model is refitted as it is.

        Raises
        ------
        StudyError
            A word that is none of the above, a level outside (0, 1), returns over missing prices.
        """
        return counterfactual.conformal_table(self._fitted, self._window(window), statistic, permutations, level, seed)

    def _window(self, given: Window | None) -> Window:
        return part_of(self._fitted.study, given)
