"""The doubt about the counterfactual: what untreated securities did, on the very event dates, that the model leaves out.

A test's size is that of a right model of normal returns. Where the model lacks a factor, and the dates or the securities were
chosen along it, every test rejects too often and none can tell; donors can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal.models import latent_factors as latent
from eventstudy.abnormal.models.eigenvectors import leading

ALPHA: Final = 0.04
"""Level of the doubt, split in two where the mean and the spread over dates are both judged (METHODS-2, section 11)."""

SHARE: Final = 0.10
"""Share of the studied mean's residual variance that donors explain, above which they are heard."""

GROUPS: Final = 499
"""Random groups of donors, as many as there are securities on the date, that are tested beside."""

Status = Literal["holds", "withdrawn", "unknown"]


@dataclass(frozen=True, slots=True)
class DateResiduals:
    """The residuals of one model on one date, on the M estimation bars in use and the L bars of the window.

    Attributes
    ----------
    treated : (M,) float
        Mean residual of the securities studied on the date.
    donors, donors_window : (M, J) and (L, J) float
        Residuals of the donors, fitted on the estimation bars.
    k : int
        Mean parameters.
    factor : float
        Var(sum of L forecast errors)/sigma^2, L + 1'X*(X'X)^-1X*'1.
    securities : int
        Securities studied on the date.
    """

    treated: Floats
    donors: Floats
    donors_window: Floats
    k: int
    factor: float
    securities: int = 1


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Whether untreated securities say that the model left something out.

    Attributes
    ----------
    status : {"holds", "withdrawn", "unknown"}
    reason : str
        In words.
    pvalue_mean, pvalue_spread : float
        Of the donors' common part on the dates: its mean, and its size from three dates on; NaN where not judged.
    predicted : float
        The studied securities' part in what donors did: the bias to expect of the mean CAR.
    deviations : float
        The same in usual deviations.
    share : float
        Median share of the studied mean's residual variance that donors explain.
    first_share, first_share_if_none : float
        Share of the donors' residual variance in its first component, median over dates, and what it would be were the
        residuals independent.
    donors_z : float
        Of the equal-weighted mean of all donors' residuals on the dates.
    groups_rejected : float
        Share of random groups of donors whose mean would be significant at 5 % on these dates.
    dates, donors : int
        Dates looked at, and the median number of donors.
    """

    status: Status
    reason: str
    pvalue_mean: float = np.nan
    pvalue_spread: float = np.nan
    predicted: float = np.nan
    deviations: float = np.nan
    share: float = np.nan
    first_share: float = np.nan
    first_share_if_none: float = np.nan
    donors_z: float = np.nan
    groups_rejected: float = np.nan
    dates: int = 0
    donors: int = 0

    @property
    def said(self) -> str:
        """Status and reason as one clause, as tables print it."""
        return self.status if self.status == "holds" else f"{self.status}: {self.reason}"


@dataclass(frozen=True, slots=True)
class _Date:
    """What one date says."""

    z: float
    kurtosis: float
    total: float
    share: float
    first: float
    if_none: float
    donors_z: float
    groups: Floats


def judge_counterfactual(dates: Sequence[DateResiduals], *, seed: int = 0) -> Counterfactual:
    """Judge a model on the dates of its events by what it leaves in the residuals of donors.

    Parameters
    ----------
    dates : sequence of DateResiduals
        One a date; their windows share no bar.
    seed : int
        Of the random groups.

    Returns
    -------
    Counterfactual
        ``"withdrawn"`` if the common part of the donors, loaded as the studied mean is, was unusual on the dates (mean over dates, or
        from three dates on its size, at 4 %) and explains a tenth or more of the studied mean's residual variance.

    Notes
    -----
    Components F of the donors' residuals on both windows, one at least, by ICp2; the studied mean's residuals on F give its
    loading, c = F lambda, and z = sum_W c / sqrt(c'c/(M - k) factor), t(M - k) on one date, its sum over dates over sqrt(D)
    normal, its sum of squares chi-squared with the mean D and the variance that the kurtosis of c's sums over windows of that
    length implies (Satterthwaite): with fat tails a few wild days are no surprise. A guard against a gross fault: it has the power of the factor's draw, whatever the
    number of securities, and proves no identification.

    Examples
    --------
    >>> judge_counterfactual(()).said
    'unknown: there are no untreated securities to ask'
    """
    from scipy import special  # noqa: PLC0415  slow to import: only those who test pay

    if not dates:
        return Counterfactual("unknown", "there are no untreated securities to ask")
    rng = np.random.default_rng(seed)
    found = [_one(date, rng) for date in dates]
    z = np.array([one.z for one in found])
    root = np.sqrt(z.size)
    df = dates[0].treated.size - dates[0].k
    together = float(z.sum() / root)
    mean = float(2 * special.stdtr(df, -abs(together)) if z.size == 1 else 2 * special.ndtr(-abs(together)))
    df_spread = 2 * z.size**2 / sum(one.kurtosis - 1 for one in found)
    spread = float(special.chdtrc(df_spread, float(z @ z) * df_spread / z.size)) if z.size >= 3 else np.nan
    share = float(np.median([one.share for one in found]))
    level = ALPHA / 2 if z.size >= 3 else ALPHA
    by_size = z.size >= 3 and spread < level and not mean < level
    doubted = (mean < level or by_size) and share > SHARE
    predicted = float(np.mean([one.total for one in found]))
    groups = np.sum([one.groups for one in found], axis=0) / root
    return Counterfactual(
        status="withdrawn" if doubted else "holds",
        reason=_reason(z, predicted, share, together, by_size=by_size) if doubted else "",
        pvalue_mean=mean,
        pvalue_spread=spread,
        predicted=predicted,
        deviations=together,
        share=share,
        first_share=float(np.median([one.first for one in found])),
        first_share_if_none=float(np.median([one.if_none for one in found])),
        donors_z=float(np.sum([one.donors_z for one in found]) / root),
        groups_rejected=float((np.abs(groups) > special.ndtri(0.975)).mean()),
        dates=z.size,
        donors=int(np.median([date.donors.shape[1] for date in dates])),
    )


def _one(date: DateResiduals, rng: np.random.Generator) -> _Date:
    m, j = date.donors.shape
    both = np.vstack([date.donors, date.donors_window])
    count = max(1, min(latent.MOST, m // 20, j // 3))
    axes = latent.spectrum(both @ both.T, m, count, "joint", j)
    r = max(1, latent.bai_ng(axes, count))
    loading, *_ = np.linalg.lstsq(axes.estimation[:, :r], date.treated, rcond=None)
    common, ahead = axes.estimation[:, :r] @ loading, axes.window[:, :r] @ loading
    square = float(date.treated @ date.treated)
    size = min(date.securities, j)
    chosen = np.argsort(rng.random((GROUPS, j)), axis=1)[:, :size]
    weight = np.zeros((GROUPS, j))
    np.put_along_axis(weight, chosen, 1.0 / size, axis=1)
    own, _ = leading(date.donors @ date.donors.T if m <= j else date.donors.T @ date.donors, 1)
    groups = _score(date.donors @ weight.T, date.donors_window @ weight.T, date)
    donors = _score(date.donors.mean(axis=1)[:, None], date.donors_window.mean(axis=1)[:, None], date)
    return _Date(
        z=float(_score(common[:, None], ahead[:, None], date)[0]),
        kurtosis=_kurtosis(common, len(ahead)),
        total=float(ahead.sum()),
        share=float(common @ common) / square if square > 0 else 0.0,
        first=float(own[0] / (date.donors**2).sum()) if date.donors.any() else np.nan,
        if_none=float((1 + np.sqrt(j / m)) ** 2 / j),
        donors_z=float(donors[0]),
        groups=groups,
    )


def _kurtosis(common: Floats, length: int) -> float:
    """Return the kurtosis of sums of `length` bars, that of the normal at the least."""
    sums = np.convolve(common, np.ones(length), mode="valid")
    square = float(np.mean(sums**2))
    return max(3.0, float(np.mean(sums**4)) / square**2) if square > 0 else 3.0


def _score(estimation: Floats, window: Floats, date: DateResiduals) -> Floats:
    """Return (n,): the sum over the window of each series, (M, n) and (L, n), in its usual deviations."""
    variance = np.vecdot(estimation.T, estimation.T) / max(len(estimation) - date.k, 1) * date.factor
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(variance > 0, window.sum(axis=0) / np.sqrt(variance), 0.0)
    return found


def _reason(z: Floats, predicted: float, share: float, together: float, *, by_size: bool) -> str:
    if z.size == 1:
        moved = f"on this date untreated securities with the same exposures moved {100 * predicted:+.1f} points"
        moved += f" ({abs(together):.1f} usual deviations)"
    elif by_size:
        rms = float(np.sqrt(np.mean(z**2)))
        moved = f"on these {z.size} dates untreated securities with the same exposures moved {rms:.1f} times as far as usual"
    else:
        moved = f"on these {z.size} dates untreated securities with the same exposures moved {100 * predicted:+.1f} points on average"
        moved += f" ({abs(together):.1f} usual deviations)"
    return (
        f"{moved}, or the event reached them; {share:.0%} of the residual variance of the studied mean is common with them: use "
        "LatentFactorModel, the true factors or a SyntheticControl"
    )
