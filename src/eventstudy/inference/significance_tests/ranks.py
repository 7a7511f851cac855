"""Rank tests, and signs about the median: each event's days are scored among its own, so that no distribution is assumed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.inference.core.ranking import RankPortfolio, pseudo_day, rank_portfolio, sign_portfolio
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import Statistic, from_normal, from_t, sd


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
    Corrado (1989); Corrado and Zivney (1992) for missing values; Cowan (1992) for several days.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> outcome = corrado(rng.normal(size=(30, 100)), rng.normal(1.0, size=(30, 1)))
    >>> round(float(outcome.value), 1)
    3.4
    """
    return _window_statistic(rank_portfolio(estimation, window))


def median_sign(estimation: Floats, window: Floats) -> Statistic:
    """Test that event days lie above their event's median as often as below: sqrt(L) mean(Gbar_t over W) / S(G) ~ N(0, 1).

    Parameters
    ----------
    estimation : (..., N, T) float
        Estimation-window abnormal returns.
    window : (..., N, L) float
        Those of the tested window. An event with no value leaves the test.

    Returns
    -------
    Statistic
        G = sign(AR - the event's median over both windows), so that skewed returns are no hindrance; S(G) as in
        `corrado`. ``estimate`` is the mean G, between -1 and 1.

    References
    ----------
    Corrado and Zivney (1992), the sign test; one day there, several here as Cowan (1992) does for ranks.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> outcome = median_sign(rng.normal(size=(30, 100)), rng.normal(1.0, size=(30, 1)))
    >>> round(float(outcome.value), 1)
    2.4
    """
    return _window_statistic(sign_portfolio(estimation, window), unit="sign")


def _window_statistic(portfolio: RankPortfolio, unit: str = "rank") -> Statistic:
    inside = portfolio.window
    there = np.isfinite(inside)
    bars = there.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(there, inside, 0.0).sum(axis=-1) / bars
        error = portfolio.spread / np.sqrt(bars)
        value = centre / error
    return from_normal(value, portfolio.n, estimate=centre, se=error, unit=unit)


@checked()
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
    Kolari and Pynnönen (2011), GRANK-T and GRANK-Z.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> outcome = grank(rng.normal(size=(30, 100)), rng.normal(1.0, size=30))
    >>> round(float(outcome.value), 1), float(outcome.df)
    (3.7, 99.0)
    """
    portfolio = rank_portfolio(estimation, pseudo_day(scar))
    return _grank_t_statistic(portfolio) if form == "t" else _grank_z_statistic(portfolio)


def _grank_z_statistic(portfolio: RankPortfolio) -> Statistic:
    centre, days, n = portfolio.window[..., 0], portfolio.days, portfolio.n
    with np.errstate(invalid="ignore", divide="ignore"):
        error = 1 / np.sqrt(12 * n * (days + 1) / (days - 1))
        return from_normal(centre / error, n, estimate=centre, se=error, unit="rank")


def _grank_t_statistic(portfolio: RankPortfolio, unit: str = "rank") -> Statistic:
    centre, days = portfolio.window[..., 0], portfolio.days
    with np.errstate(invalid="ignore", divide="ignore"):
        z = centre / portfolio.spread
        error = portfolio.spread * np.sqrt((days - 1 - z**2) / (days - 2))
    return from_t(centre / error, days - 2, portfolio.n, estimate=centre, se=error, unit=unit)


Ranked = Literal["window", "study"]


@checked()
def _corrado(sample: WindowSample, *, facts: SampleFacts, ranked: Ranked = "window") -> Statistic:
    window = np.where(np.isfinite(sample.car)[..., None], sample.ar, np.nan)
    past = facts.estimation
    if ranked == "study":
        if sample.study_ar is None:
            return from_normal(
                np.nan, np.asarray(0), reason="the sample does not carry the days of the study's event window"
            )
        whole = np.where(np.isfinite(sample.car)[..., None], sample.study_ar, np.nan)
        portfolio = rank_portfolio(past.record.abnormal, whole, past.day_ranks)
        at = int(sample.relative_day[0]) - sample.study_first
        return _window_statistic(replace(portfolio, window=portfolio.window[..., at : at + window.shape[-1]]))
    return _window_statistic(rank_portfolio(past.record.abnormal, window, past.day_ranks))


def _corrado_zivney(sample: WindowSample, *, facts: SampleFacts) -> Statistic:
    sar = np.where(np.isfinite(sample.scar)[..., None], sample.sar, np.nan)
    across = sd(np.swapaxes(sar, -1, -2))
    past = facts.estimation
    return _window_statistic(rank_portfolio(past.standardized, sar / across[..., None, :], past.standardized_ranks))


def _grank_t(sample: WindowSample, *, facts: SampleFacts) -> Statistic:
    del sample
    return _grank_t_statistic(facts.grank)


def _grank_z(sample: WindowSample, *, facts: SampleFacts) -> Statistic:
    del sample
    return _grank_z_statistic(facts.grank)


def _corrado_zivney_sign(sample: WindowSample, *, facts: SampleFacts) -> Statistic:
    window = np.where(np.isfinite(sample.car)[..., None], sample.ar, np.nan)
    return median_sign(facts.estimation.record.abnormal, window)


def _sign_gsar_t(sample: WindowSample, *, facts: SampleFacts) -> Statistic:
    portfolio = sign_portfolio(facts.estimation.standardized, pseudo_day(sample.scar))
    return _grank_t_statistic(portfolio, unit="sign")


_ranked = partial(TestSpec, needs=("estimation",), facts=True)

SPECS = (
    _ranked(
        name="corrado",
        title="Rank (Corrado)",
        raw=True,
        null="event days rank like other days",
        assumptions=("no change of variance at the event", "a short window", "events on one date, or independent"),
        reference="Corrado (1989); Corrado and Zivney (1992) for missing values; Cowan (1992)",
        compute=_corrado,
        undefined="the ranks have no variance",
        holds_under=ALWAYS | {"dependence", "fat tails", "skewness", "volatility clustering", "few"},
        longest=5,
        withdrawn=(frozenset({"missing"}),),
    ),
    _ranked(
        name="corrado_zivney",
        title="Rank of standardized abnormal returns (Corrado-Zivney)",
        null="event days rank like other days",
        assumptions=("symmetric abnormal returns", "a short window", "events on one date, or independent"),
        reference="Corrado and Zivney (1992), standardized rank test",
        compute=_corrado_zivney,
        undefined="the standardized abnormal returns have no variance across the security-events",
        basis="scar",
        days=True,
        holds_under=ALWAYS | {"dependence", "event variance", "volatility clustering"},
        longest=5,
        smallest=50,
        withdrawn=(frozenset({"missing"}), frozenset({"dependence"})),  # 7.7 % with two industries
    ),
    _ranked(
        name="grank_t",
        title="Generalized rank t (GRANK-T)",
        null="the window ranks like an estimation day",
        assumptions=("symmetric abnormal returns", "CARs and daily abnormal returns have one shape of distribution"),
        reference="Kolari and Pynnönen (2011), GRANK-T",
        compute=_grank_t,
        undefined="the SCARs have no variance across the security-events",
        basis="scar",
        days=True,
        holds_under=ALWAYS | {"dependence", "event variance"},
        smallest=50,
        withdrawn=(frozenset({"dependence"}),),
    ),
    _ranked(
        name="grank_z",
        title="Generalized rank z (GRANK-Z)",
        null="the window ranks like an estimation day",
        assumptions=("SCARs independent across security-events", "symmetric abnormal returns"),
        reference="Kolari and Pynnönen (2011), GRANK-Z",
        compute=_grank_z,
        undefined="the SCARs have no variance across the security-events",
        basis="scar",
        days=True,
        holds_under=ALWAYS | {"event variance"},
        smallest=50,
    ),
    _ranked(
        name="corrado_zivney_sign",
        title="Sign about the median (Corrado-Zivney)",
        null="event days lie above their event's median as often as below",
        assumptions=("a short window", "events on one date, or independent", "many of them: signs come on a lattice"),
        reference="Corrado and Zivney (1992), sign test; Cowan (1992) for several days",
        compute=_corrado_zivney_sign,
        undefined="the signs have no variance",
        discrete=True,
        holds_under=ALWAYS | {"dependence", "event variance", "fat tails", "skewness", "volatility clustering"},
        longest=5,
        smallest=50,
    ),
    _ranked(
        name="sign_gsar_t",
        title="Sign of generalized abnormal returns (SIGN-GSAR-T)",
        null="the window lies above the median of the estimation days as often as below",
        assumptions=("SCARs and daily abnormal returns have their medians in one place", "many security-events"),
        reference="Luoma (2011)",
        compute=_sign_gsar_t,
        undefined="the SCARs have no variance across the security-events",
        basis="scar",
        discrete=True,
        days=True,
        holds_under=ALWAYS | {"dependence", "event variance", "fat tails", "volatility clustering"},
        smallest=50,
    ),
)
