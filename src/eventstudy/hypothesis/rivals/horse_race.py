"""The horse race of H2: which account of relief the episode-days favour, and whether the drawdown survives the others.

Rivals: a constant hazard (bluff, bargaining), the drawdown since the threat, the fear gauge, the bond market, the
rival's retaliation, the calendar of deadlines, the calendar of talks. Every covariate is known at the close before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.hypothesis.links.decision import score_test
from eventstudy.hypothesis.links.posterior import hazard_interval
from eventstudy.hypothesis.links.relief import relief_score
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.risk_sets import Relief, Rows
from eventstudy.hypothesis.record.sections import EpisodeRules
from eventstudy.hypothesis.record.threats import Spells
from eventstudy.hypothesis.rivals.firth_hazard import HazardFit, fit_hazard, likelihood_ratio

#: Name of each rival and what it says.
RIVALS: Mapping[str, str] = {
    "constant": "bluff or bargaining: relief comes at its own pace",
    "drawdown": "the selloff since the threat",
    "fading": "the selloff since the threat, until the hypothesis had a name",
    "fear": "the fear gauge",
    "yield": "the bond market: rise of the 10-year yield since the threat",
    "retaliation": "a threat of the rival is open",
    "deadline": "the announced date of effect is near",
    "talks": "talks were held or set lately",
    "target": "the threat is aimed at the rival",
}

#: What must enter beside the drawdown for it to count as surviving.
CONTROLS = ("fear", "yield", "retaliation")

_ABSENT = {"fear": "fear gauge", "yield": "yield", "retaliation": "record of retaliation"}

ALONE = [
    "rival",
    "says",
    "hazard_ratio",
    "log_se",
    "p_likelihood_ratio",
    "p_permutation",
    "bic",
    "rows",
    "reliefs",
    "weight",
]
TOGETHER = ["rival", "hazard_ratio", "log_se", "p_likelihood_ratio", "converged"]

_LEVEL = 0.9  # of the interval beside the controls

_FEWEST = 3  # reliefs for a fit that means anything


class Surviving(NamedTuple):
    """The drawdown beside the controls: one-sided p-value, and an interval of 90 % of the log odds a standard deviation."""

    pvalue: float
    reason: str = ""
    interval: tuple[float, float] = (float("nan"), float("nan"))


@dataclass(frozen=True, slots=True)
class Race:
    """Who explains relief best.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a rival: hazard ratio per standard deviation (or for 1 against 0), its standard error on the log scale,
        penalised likelihood-ratio p-value, one-sided permutation p-value, BIC, weight.
    favourite : str
        The rival with the smallest BIC; "none" if there are too few reliefs.
    margin : float
        By how much the second is worse.
    joint : pandas.DataFrame
        Drawdown, fear gauge, yield and retaliation together.
    surviving : Surviving
        The drawdown beside the controls.
    reliefs : int
        How many reliefs it was run on.
    """

    table: pd.DataFrame
    favourite: str
    margin: float
    joint: pd.DataFrame
    surviving: Surviving
    reliefs: int


def covariates(
    market: Market, rows: Rows, loss: Floats, rival: Spells, talks: Ints, *, split: int, episodes: EpisodeRules
) -> pd.DataFrame:
    """(R rows) one column a rival, each known at the close before the session.

    `loss` is that since each row's own threat, `talks` are sessions, and `split` is the first session after the
    hypothesis had a name; what it made of itself shows as a drawdown that counted before.
    """
    before = rows.day - 1
    due = rows.deadline - rows.day
    lately = np.asarray([np.any((talks < d) & (talks >= d - episodes.talks_sessions)) for d in rows.day], dtype=float)
    answered = np.asarray([np.any((rival.start < d) & (rival.last >= d)) for d in rows.day], dtype=float)
    return pd.DataFrame(
        {
            "drawdown": loss,
            "fading": np.where(rows.day < split, loss, 0.0),
            "fear": market.fear[before],
            "yield": market.rate[before] - market.rate[rows.base],
            "retaliation": answered if rows.day.size else np.zeros(0),
            "deadline": ((due >= 0) & (due <= episodes.deadline_sessions)).astype(float),
            "talks": lately if rows.day.size else np.zeros(0),
            "target": rows.group.astype(float),
        }
    )


def unexplained(y: Floats, controls: Floats) -> Floats:
    """(R,) what controls, (R,) or (R, k), leave of y by least squares with an intercept."""
    X = np.column_stack([np.ones(y.size), controls])
    return np.asarray(y - X @ np.linalg.lstsq(X, y, rcond=None)[0], dtype=float)


def surviving(
    frame: pd.DataFrame,
    rows: Rows,
    stratum: Ints,
    *,
    draws: int,
    rng: np.random.Generator,
    reliefs: Sequence[Relief] = (),
) -> Surviving:
    """Test the drawdown beside the controls: the score test of what they do not explain of it.

    The drawdown is regressed on the controls over the episode-days; its residual is permuted within ages (Freedman and
    Lane 1983), a relief of `reliefs` as one act, whose spread widens the interval too. A control without a value cannot be held fixed: then nothing is tested, and the reason says so. One that
    never varies explains nothing and is left out.
    """
    missing = [_ABSENT[name] for name in CONTROLS if frame[name].isna().all()]
    if missing and len(frame):
        return Surviving(float("nan"), f"no {' and no '.join(missing)} in these prices")
    names = [name for name in CONTROLS if frame[name].notna().any() and np.ptp(frame[name].dropna().to_numpy()) > 0]
    usable = frame[["drawdown", *names]].notna().all(axis=1).to_numpy()
    if usable.sum() <= len(names) + 2:
        return Surviving(float("nan"), f"{usable.sum()} episode-days with every control")
    controls = frame.loc[usable, names].to_numpy(dtype=float)
    residual = unexplained(frame.loc[usable, "drawdown"].to_numpy(dtype=float), controls)
    own, bins = rows.take(usable), stratum[usable]
    if reliefs:
        place = np.where(usable, np.cumsum(usable) - 1, -1)
        acts = [replace(one, rows=tuple(int(place[at]) for at in one.rows if usable[at])) for one in reliefs]
        test = relief_score(residual, own, [one for one in acts if one.rows], bins, draws=draws, rng=rng)
    else:
        test = score_test(residual, own.relieved, bins, draws=draws, rng=rng)
    if not np.isfinite(test.pvalue):
        return Surviving(test.pvalue, "no age at which some threats found relief and others not")
    spread = float(np.std(frame.loc[usable, "drawdown"]))
    inflation = max(1.0, test.spread**2 / test.information) if reliefs else 1.0
    places = np.flatnonzero(own.relieved)
    return Surviving(test.pvalue, "", hazard_interval(residual, places, bins, spread, _LEVEL, inflation))


def run_race(
    frame: pd.DataFrame,
    rows: Rows,
    bins: Ints,
    *,
    draws: int,
    rng: np.random.Generator,
    fits: bool = True,
    exact: Ints | None = None,
    reliefs: Sequence[Relief] = (),
) -> Race:
    """Fit each rival of :func:`covariates` alone, the main ones together (if `fits`), and name the favourite.

    The baseline hazard differs between `bins`; the permutations compare within `exact`, by default the same.

    BIC = -2 log likelihood + k log(reliefs): with few events, their number is the information (Volinsky and Raftery
    2000).
    """
    # a stream for each rival by its place in the list: one more never changes another's draws
    first, *others = rng.spawn(1 + len(RIVALS))
    streams = dict(zip(RIVALS, others, strict=True))
    within = bins if exact is None else exact
    beside = surviving(frame, rows, within, draws=draws, rng=first, reliefs=reliefs)
    known = frame.notna().any(axis=0)
    names = [name for name in frame.columns if known[name]]
    usable = frame[names].notna().all(axis=1).to_numpy() if names else np.ones(len(frame), dtype=bool)
    y, strata = rows.relieved[usable], bins[usable]
    events = int(y.sum())
    nothing = pd.DataFrame(columns=TOGETHER)
    if events < _FEWEST or events == y.size:
        return Race(pd.DataFrame(columns=ALONE), "none", float("nan"), nothing, beside, events)
    baseline = _baseline(strata)
    null = fit_hazard(baseline, y)
    records = [_record("constant", null, None, float("nan"), events)]
    scaled = {name: _scaled(frame.loc[usable, name].to_numpy(dtype=float)) for name in names}
    for name, x in scaled.items():
        if x is None:
            continue
        design = np.column_stack([baseline, x])
        fit = fit_hazard(design, y)
        held = fit_hazard(design, y, held=[design.shape[1] - 1])
        p = score_test(x, y, within[usable], draws=draws, rng=streams[name]).pvalue
        records.append(_record(name, fit, held, p, events))
    table = pd.DataFrame(records)
    weight = np.exp(-0.5 * (table["bic"] - table["bic"].min()))
    table["weight"] = weight / weight.sum()
    table = table.sort_values("bic", kind="stable").reset_index(drop=True)
    joint = _joint(scaled, baseline, y) if fits else nothing
    margin = float(table["bic"].iloc[1] - table["bic"].iloc[0]) if len(table) > 1 else float("nan")
    return Race(table, str(table["rival"].iloc[0]), margin, joint, beside, events)


def _baseline(strata: Ints) -> Floats:
    return np.asarray(strata[:, None] == np.unique(strata)[None, :], dtype=float)


def _scaled(x: Floats) -> Floats | None:
    """Scale to standard deviations, or 0 and 1 as they are; None for a constant."""
    if np.ptp(x) == 0:
        return None
    return x if set(np.unique(x)) <= {0.0, 1.0} else (x - x.mean()) / x.std()


def _record(name: str, fit: HazardFit, held: HazardFit | None, p: float, events: int) -> dict[str, object]:
    k = len(fit.coefficients)
    return {
        "rival": name,
        "says": RIVALS[name],
        "hazard_ratio": float(np.exp(fit.coefficients[-1])) if held else np.nan,
        "log_se": float(fit.se[-1]) if held else np.nan,
        "p_likelihood_ratio": likelihood_ratio(fit, held) if held else np.nan,
        "p_permutation": p,
        "bic": -2 * fit.loglik + k * np.log(events),
        "rows": fit.n,
        "reliefs": events,
    }


def _joint(scaled: Mapping[str, Floats | None], baseline: Floats, y: NDArray[np.bool_]) -> pd.DataFrame:
    inside = {name: x for name in ("drawdown", *CONTROLS) if (x := scaled.get(name)) is not None}
    design = np.column_stack([baseline, *inside.values()])
    full = fit_hazard(design, y)
    records = []
    for i, name in enumerate(inside):
        at = baseline.shape[1] + i
        restricted = fit_hazard(design, y, held=[at])
        records.append(
            {
                "rival": name,
                "hazard_ratio": float(np.exp(full.coefficients[at])),
                "log_se": float(full.se[at]),
                "p_likelihood_ratio": likelihood_ratio(full, restricted),
                "converged": full.converged,
            }
        )
    return pd.DataFrame(records, columns=TOGETHER)
