"""What a study says of its counterfactual: donors used and left out, placebos among them, conformal intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from eventstudy.abnormal.engine.factor_fit import FactorFit
from eventstudy.abnormal.engine.mixture_fit import MixtureFit
from eventstudy.abnormal.in_space import InSpace, in_space
from eventstudy.abnormal.joint_refit import joint_refit
from eventstudy.abnormal.models.donor_pool import Donor
from eventstudy.errors import StudyError
from eventstudy.study.fitted import Fitted, Part, Window
from eventstudy.study.rows import gather, keys, studied_rows

if TYPE_CHECKING:
    from eventstudy.inference.beyond import conformal  # only those who test load it

Statistic = Literal["t", "rmspe"]

FEWEST_PLACEBOS = 19
"""Donors below which no p-value can be 5 %."""


def donors(result: Fitted) -> pd.DataFrame:
    """See `StudyResult.donors`."""
    frames = []
    for part in result.parts:
        fit = _pool(result, part)
        names = np.array(result.study.model.symbols, dtype=object)
        reasons = np.array([code.reason for code in Donor], dtype=object)
        weights = _weights(fit, part, len(names))
        frames.append(
            pd.DataFrame(
                {
                    "session": part.aligned.bars.take(fit.day0).repeat(len(names)),
                    "donor": np.tile(names, fit.day0.size),
                    "status": reasons[fit.state.ravel()],
                    "weight": weights.ravel(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _weights(fit: FactorFit | MixtureFit, part: Part, count: int) -> Any:
    """Return (D, J): the mean weight of each donor over the securities of the date; NaN where a model has none."""
    if isinstance(fit, FactorFit):
        return np.full((fit.day0.size, count), np.nan)
    frame = pd.DataFrame(part.abnormal.coef).groupby(part.abnormal.day0).mean()
    return frame.reindex(fit.day0).to_numpy()


def donor_fit(result: Fitted) -> pd.DataFrame:
    """See `StudyResult.donor_fit`."""
    pieces = []
    for part in result.parts:
        fit = _pool(result, part)
        at = np.searchsorted(fit.day0, part.abnormal.day0)
        used = (fit.state <= Donor.FILLED).sum(axis=1)
        facts = {
            "donors": used[at],
            "left_out": fit.state.shape[1] - used[at],
            "filled": (fit.state == 1).sum(axis=1)[at],
        }
        if isinstance(fit, FactorFit):
            facts |= {"components": fit.number[at], "share": fit.share[at]}
        else:
            known = [one.weights for one in fit.found if one is not None]
            facts["active"] = np.array([one.donor.size for one in known], dtype=np.int64)
            facts["gap"] = np.array([one.gap / one.size if one.size else 0.0 for one in known])
            facts["steps"] = np.array([one.steps for one in known], dtype=np.int64)
        pieces.append(facts)
    frame = keys(result, studied_rows(result))
    return frame.assign(**{name: gather(result, [piece[name] for piece in pieces]) for name in pieces[0]})


def _pool(result: Fitted, part: Part) -> FactorFit | MixtureFit:
    if part.abnormal.pool is None:
        msg = (
            f"{type(result.study.model).__name__} has no pool of donors; LatentFactorModel, SyntheticControl and "
            "SyntheticDiD have"
        )
        raise StudyError(msg)
    return part.abnormal.pool


def placebos_in_space(
    result: Fitted, window: Window, statistic: Statistic, draws: int, seed: int | np.random.Generator | None
) -> pd.DataFrame:
    """See `StudyResult.in_space`."""
    rng = np.random.default_rng(seed)
    pieces = []
    for part in result.parts:
        if not isinstance(_pool(result, part), MixtureFit):
            msg = "in-space placebos are for mixtures of donors: SyntheticControl and SyntheticDiD"
            raise StudyError(msg)
        found_of = [in_space(part.abnormal, row, *window, draws, rng) for row in range(part.rows.size)]
        table = np.array([judged_in_space(one, statistic) for one in found_of])
        pieces.append(table.reshape(part.rows.size, 4))
    found = gather(result, pieces)
    names = ("statistic", "pvalue", "placebos", "poor_fit")
    frame = keys(result, studied_rows(result)).assign(**dict(zip(names, found.T, strict=True)))
    return frame.assign(placebos=frame["placebos"].astype(np.int64), poor_fit=frame["poor_fit"].eq(1.0))


def judged_in_space(found: InSpace | None, statistic: Statistic) -> tuple[float, float, float, float]:
    """Return the statistic, its p-value among the donors, how many they are, and whether the fit is poor."""
    if found is None:
        return np.nan, np.nan, 0, np.nan
    poor = found.rmse > 2 * np.median(found.placebo_rmse)
    value, others = (found.t, found.placebo_t) if statistic == "t" else (found.ratio, found.placebo_ratio)
    others = others[np.isfinite(others)]
    outside = statistic == "rmspe" and not found.placebo_rmse.min() <= found.rmse <= found.placebo_rmse.max()
    if outside or others.size < FEWEST_PLACEBOS:
        return value, np.nan, others.size, float(poor)
    return value, (1 + (others >= value).sum()) / (others.size + 1), others.size, float(poor)


def conformal_table(
    result: Fitted,
    window: Window,
    statistic: conformal.Score,
    permutations: conformal.Permutations,
    level: float,
    seed: int | np.random.Generator | None,
) -> pd.DataFrame:
    """See `StudyResult.conformal`."""
    rng = np.random.default_rng(seed)
    pieces = []
    for part in result.parts:
        if part.abnormal.inputs.spans is not None:
            msg = "returns over missing prices have unequal variances, which no permutation bears; fit plain returns"
            raise StudyError(msg)
        rows = [
            _one_conformal(part, row, window, (statistic, permutations, level), rng) for row in range(part.rows.size)
        ]
        pieces.append(np.array(rows).reshape(part.rows.size, 6))
    found = gather(result, pieces)
    names = ("pvalue", "low", "high", "n_bars", "permuted", "smallest_p")
    frame = keys(result, studied_rows(result))
    frame["car"] = gather(result, [part.abnormal.car(*window, result.study.missing)[0] for part in result.parts])
    frame = frame.assign(**dict(zip(names, found.T, strict=True)))
    return frame.assign(n_bars=frame["n_bars"].astype(np.int64), permuted=frame["permuted"].astype(np.int64))


def _one_conformal(
    part: Part,
    row: int,
    window: Window,
    how: tuple[conformal.Score, conformal.Permutations, float],
    rng: np.random.Generator,
) -> tuple[float, float, float, int, int, float]:
    """Return p, the ends of the interval of the CAR, the bars of the window, the bars permuted, and the smallest p."""
    from eventstudy.inference.beyond import conformal  # noqa: PLC0415  slow to import: only those who ask pay

    score, permutations, level = how
    columns = part.abnormal.columns(*window)
    ar = part.abnormal.ar[row, columns]
    if not np.isfinite(ar).any():
        return np.nan, np.nan, np.nan, 0, 0, np.nan
    refit = joint_refit(part.abnormal, row, *window)
    start = refit.residual(0.0)
    choice = conformal.groups(start.size, refit.length, permutations, rng)
    if refit.linear:
        found = conformal.linear_conformal(start, start - refit.residual(1.0), choice, score=score, level=level)
    else:
        found = conformal.by_search(refit.residual, choice, float(np.nanmean(ar)), score=score, level=level)
    low, high = refit.length * found.low, refit.length * found.high
    return found.pvalue, low, high, refit.length, found.bars, found.smallest
