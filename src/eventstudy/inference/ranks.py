"""Rank tests: each event's days are ranked among its own, so that no distribution need be assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy.inference.ranking import RankPortfolio, grank_portfolio, rank_portfolio
from eventstudy.inference.spec import ALWAYS, TestSpec
from eventstudy.inference.statistic import Statistic, from_normal, from_t, sd

if TYPE_CHECKING:
    from eventstudy.abnormal.sample import WindowSample
    from eventstudy.inference.facts import SampleFacts

__all__ = ["SPECS", "corrado", "grank"]

Floats = NDArray[np.float64]


def corrado(estimation: Floats, window: Floats) -> Statistic:
    """Test that event days have no unusual ranks: sqrt(L) mean(Ubar_t over W) / S ~ N(0, 1).

    Parameters
    ----------
    estimation : (..., N, T) float
        Estimation-window abnormal returns (or standardized ones).
    window : (..., N, L) float
        Those of the tested window, ranked together with the estimation window. An event with no value leaves the test.

    Returns
    -------
    Statistic
        ``estimate`` is the mean score, between -1/2 and 1/2; NaN for no variance of scores.

    References
    ----------
    Corrado (1989), eq. 5-7; Corrado and Zivney (1992), eq. 6-9 for missing values; Cowan (1992) for several days.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> outcome = corrado(rng.normal(size=(30, 100)), rng.normal(1.0, size=(30, 1)))
    >>> round(float(outcome.value), 1)
    3.4
    """
    return _corrado_statistic(rank_portfolio(estimation, window))


def _corrado_statistic(portfolio: RankPortfolio) -> Statistic:
    inside = portfolio.window
    there = np.isfinite(inside)
    bars = there.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(there, inside, 0.0).sum(axis=-1) / bars
        error = portfolio.spread / np.sqrt(bars)
        value = centre / error
    return from_normal(value, portfolio.n, estimate=centre, se=error, unit="rank")


def grank(estimation: Floats, scar: Floats, *, form: Literal["t", "z"] = "t") -> Statistic:
    """Test the rank of the whole window, as one pseudo-day, among the estimation days (GRANK).

    Parameters
    ----------
    estimation : (..., N, T) float
        Standardized estimation residuals (`standardized_residuals`).
    scar : (..., N) float
        SCARs; divided here by their cross-sectional standard deviation.
    form : {"t", "z"}
        GRANK-T, t(T - 2), whose scale is that of the portfolio of ranks, or GRANK-Z, standard normal, which assumes
        independence across events.

    Returns
    -------
    Statistic
        T counts the days with any value, the pseudo-day included. NaN where the SCARs have no variance.

    References
    ----------
    Kolari and Pynnönen (2011), eq. 8-20.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> outcome = grank(rng.normal(size=(30, 100)), rng.normal(1.0, size=30))
    >>> round(float(outcome.value), 1), float(outcome.df)
    (3.7, 99.0)
    """
    return _grank_statistic(grank_portfolio(estimation, scar), form)


def _grank_statistic(portfolio: RankPortfolio, form: Literal["t", "z"]) -> Statistic:
    centre, spread, days, n = portfolio.window[..., 0], portfolio.spread, portfolio.days, portfolio.n
    with np.errstate(invalid="ignore", divide="ignore"):
        if form == "z":
            error = 1 / np.sqrt(12 * n * (days + 1) / (days - 1))
            return from_normal(centre / error, n, estimate=centre, se=error, unit="rank")
        z = centre / spread
        value = z * np.sqrt((days - 2) / (days - 1 - z**2))
    return from_t(value, days - 2, n, estimate=centre, se=centre / np.where(value == 0, np.nan, value), unit="rank")


def _corrado(sample: WindowSample, *, facts: SampleFacts) -> Statistic:
    window = np.where(np.isfinite(sample.car)[..., None], sample.ar, np.nan)
    past = facts.estimation
    return _corrado_statistic(rank_portfolio(past.record.residual, window, past.residual_ranks))


def _corrado_zivney(sample: WindowSample, *, facts: SampleFacts) -> Statistic:
    sar = np.where(np.isfinite(sample.scar)[..., None], sample.sar, np.nan)
    across = sd(np.swapaxes(sar, -1, -2))
    past = facts.estimation
    return _corrado_statistic(rank_portfolio(past.standardized, sar / across[..., None, :], past.standardized_ranks))


def _grank_t(sample: WindowSample, *, facts: SampleFacts) -> Statistic:
    del sample
    return _grank_statistic(facts.grank, "t")


def _grank_z(sample: WindowSample, *, facts: SampleFacts) -> Statistic:
    del sample
    return _grank_statistic(facts.grank, "z")


SPECS = (
    TestSpec(
        name="corrado",
        title="Rank (Corrado)",
        null="event days rank like other days",
        assumptions=("no change of variance at the event", "a short window", "events on one date, or independent"),
        reference="Corrado (1989), eq. 5-7; Corrado and Zivney (1992), eq. 6-9; Cowan (1992)",
        compute=_corrado,
        undefined="the ranks have no variance",
        needs=("estimation",),
        facts=True,
        holds_under=ALWAYS | {"dependence", "fat tails", "skewness", "volatility clustering", "few"},
        longest=5,
        withdrawn=(frozenset({"missing"}),),
    ),
    TestSpec(
        name="corrado_zivney",
        title="Rank of standardized abnormal returns (Corrado-Zivney)",
        null="event days rank like other days",
        assumptions=("symmetric abnormal returns", "a short window", "events on one date, or independent"),
        reference="Corrado and Zivney (1992), T3",
        compute=_corrado_zivney,
        undefined="the standardized abnormal returns have no variance across the security-events",
        needs=("estimation",),
        facts=True,
        basis="scar",
        holds_under=ALWAYS | {"dependence", "event variance", "volatility clustering"},
        longest=5,
        smallest=50,
        withdrawn=(frozenset({"missing"}), frozenset({"dependence", "event variance"})),
    ),
    TestSpec(
        name="grank_t",
        title="Generalized rank t (GRANK-T)",
        null="the window ranks like an estimation day",
        assumptions=("symmetric abnormal returns", "CARs and daily abnormal returns have one shape of distribution"),
        reference="Kolari and Pynnönen (2011), eq. 8-15",
        compute=_grank_t,
        undefined="the SCARs have no variance across the security-events",
        needs=("estimation",),
        facts=True,
        basis="scar",
        holds_under=ALWAYS | {"dependence", "event variance"},
        smallest=50,
        withdrawn=(frozenset({"dependence"}),),
    ),
    TestSpec(
        name="grank_z",
        title="Generalized rank z (GRANK-Z)",
        null="the window ranks like an estimation day",
        assumptions=("SCARs independent across security-events", "symmetric abnormal returns"),
        reference="Kolari and Pynnönen (2011), eq. 20",
        compute=_grank_z,
        undefined="the SCARs have no variance across the security-events",
        needs=("estimation",),
        facts=True,
        basis="scar",
        holds_under=ALWAYS | {"event variance"},
        smallest=50,
    ),
)
