"""Which counterfactual for which question: Table 1 of arXiv 2511.15123, six designs, and how often the doubt speaks, by simulation.

    python docs/counterfactual_tables.py table1 --samples 1500
    python docs/counterfactual_tables.py designs --samples 500
    python docs/counterfactual_tables.py doubts --samples 500

Each prints the rows of one table of docs/counterfactual.md. The numbers depend on the seed and the samples alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from eventstudy import EventStudy, ReturnPanel
from eventstudy.abnormal import (
    FactorModel,
    LatentFactorModel,
    MarketModel,
    MeanAdjusted,
    SyntheticControl,
    SyntheticDiD,
    estimate,
)
from eventstudy.abnormal.models.protocol import Model
from eventstudy.inference.core.counterfactual import Counterfactual, DateResiduals, judge_counterfactual
from eventstudy.inference.registry import run

Floats = NDArray[np.float64]

BARS = 240
"""Estimation bars (Goldsmith-Pinkham and Lyu, Table 1)."""

DAYS = 235
"""Days of which the one with the largest size factor is chosen."""

EFFECT = 0.03

MARKET, SIZE = 0.010, 0.00573
"""Daily standard deviations of the two factors; the mean of the largest of 235 draws of the second is 1.6 points."""


@dataclass(frozen=True)
class World:
    """One sample: returns of securities and factors, who is studied, and the day.

    Attributes
    ----------
    returns : (S, B) float
    factors : (2, B) float
    treated : (S,) bool
    day : int
    """

    returns: Floats
    factors: Floats
    treated: NDArray[np.bool_]
    day: int

    @property
    def pool(self) -> Floats:
        """The returns of the untreated."""
        return self.returns[~self.treated]


def two_factors(rng: np.random.Generator, *, chosen: bool, selected: bool, securities: int = 300) -> World:
    """Draw the design of Table 1.

    Loadings on both factors are N(1, 0.3^2), the residual variance of a security is its systematic variance. Treated with
    probability 1/(1 + 10^(b/mean b)), b the loading on the second factor (`selected`), or with the same mean probability.
    The day is that of the largest second factor of 235 (`chosen`), or any of them.
    """
    bars = BARS + DAYS
    factors = rng.normal(size=(2, bars)) * np.array([[MARKET], [SIZE]])
    loading = rng.normal(1.0, 0.3, (securities, 2))
    noise = np.sqrt(loading**2 @ np.array([MARKET**2, SIZE**2]))
    returns = loading @ factors + rng.normal(size=(securities, bars)) * noise[:, None]
    chance = 1 / (1 + 10 ** (loading[:, 1] / loading[:, 1].mean()))
    treated = rng.random(securities) < (chance if selected else chance.mean())
    if treated.sum() < 5:
        treated[rng.choice(securities, 5, replace=False)] = True
    day = BARS + (int(factors[1, BARS:].argmax()) if chosen else int(rng.integers(DAYS)))
    return World(returns, factors, treated, day)


def models(pool: int, *, thin: bool = False) -> dict[str, tuple[Model, Callable[[World], Floats | None]]]:
    """Return the rows of the table: a model, and the series that it reads in a world."""
    names = tuple(f"D{number}" for number in range(pool))
    rows: dict[str, tuple[Model, Callable[[World], Floats | None]]] = {
        "market model": (MarketModel("M"), lambda world: world.factors[:1]),
        "true factors": (FactorModel(("M", "S")), lambda world: world.factors),
        "components, cv": (LatentFactorModel(names), lambda world: world.pool),
        "components, ic": (LatentFactorModel(names, components="ic"), lambda world: world.pool),
        "3 components": (LatentFactorModel(names, components=3), lambda world: world.pool),
        "3, projected": (LatentFactorModel(names, components=3, factors="projected"), lambda world: world.pool),
        "3, interactive": (LatentFactorModel(names, components=3, fit="interactive"), lambda world: world.pool),
        "8 components": (LatentFactorModel(names, components=8), lambda world: world.pool),
        "synthetic control": (SyntheticControl(names), lambda world: world.pool),
    }
    if thin:
        rows.pop("8 components")
    return rows


def doubt(world: World, residual: Floats, x: Floats, ahead: Floats) -> Counterfactual:
    """Judge a linear model on the day by the untreated; x (k, M) and ahead (k, 1) are its columns."""
    e, w = slice(world.day - BARS, world.day), slice(world.day, world.day + 1)
    beta = np.linalg.lstsq(x.T, world.pool[:, e].T, rcond=None)[0]
    before, after = world.pool[:, e].T - x.T @ beta, world.pool[:, w].T - ahead.T @ beta
    factor = 1 + float(ahead[:, 0] @ np.linalg.solve(x @ x.T, ahead[:, 0]))
    date = DateResiduals(residual.mean(axis=0), before, after, len(x), factor, int(world.treated.sum()))
    return judge_counterfactual([date])


def one_sample(world: World, name: str) -> tuple[float, float, float, float, int]:
    """Return the CAAR, whether `kp_bmp` and `portfolio` reject at 5 %, whether the doubt withdraws, and the components."""
    model, read = models(int((~world.treated).sum()))[name]
    series = read(world)
    own = world.returns[world.treated]
    who = np.arange(len(own))
    fitted = estimate(own, series, security=who, day0=np.full(who.size, world.day), window=(0, 0),
                      estimation=(-BARS, -1), model=model)  # fmt: skip
    sample = fitted.sample(0, 0, estimation=True)
    kp, portfolio = (run(test, sample) for test in ("kp_bmp", "portfolio"))
    assert sample.estimation is not None  # noqa: S101  asked for in the line above
    judged = None
    if not isinstance(model, SyntheticControl):
        record = sample.estimation
        judged = doubt(world, record.residual, record.design[0].T, record.window_design[0].T)
    number = int(fitted.pool.number[0]) if isinstance(model, LatentFactorModel) and fitted.pool is not None else 0
    return (
        float(np.nanmean(fitted.car(0, 0)[0])),
        float(kp.pvalue <= 0.05),
        float(portfolio.pvalue <= 0.05) if portfolio.applicable else np.nan,
        np.nan if judged is None else float(judged.status == "withdrawn"),
        number,
    )


DESIGNS = ((True, True), (True, False), (False, True), (False, False))


def table1(
    samples: int, seed: int = 0, rows: tuple[str, ...] = (), designs: tuple[tuple[bool, bool], ...] = DESIGNS
) -> Iterator[dict[str, object]]:
    """Return the cells of Table 1's design, one row a model, day (chosen or not) and selection (on loadings or not)."""
    for chosen, selected in designs:
        for name in rows or tuple(models(100)):
            found = np.array(
                [one_sample(two_factors(np.random.default_rng([seed, at]), chosen=chosen, selected=selected), name)
                 for at in range(samples)]
            )  # fmt: skip
            yield {
                "day": "chosen" if chosen else "random",
                "firms": "selected" if selected else "random",
                "model": name,
                "bias": 100 * found[:, 0].mean(),
                "kp_bmp": 100 * np.nanmean(found[:, 1]),
                "portfolio": 100 * found[:, 2].mean(),
                "withdrawn": 100 * found[:, 3].mean(),
                "components": found[:, 4].mean(),
                "samples": samples,
            }


def single(rng: np.random.Generator, *, index: bool) -> World:
    """Draw one security: an index beside twelve foreign ones that share a world factor, or a firm of Table 1 on any day."""
    if not index:
        world = two_factors(rng, chosen=False, selected=False)
        world.treated[:] = np.arange(world.treated.size) == 0
        return world
    factors = rng.normal(0, MARKET, (2, BARS + DAYS)) * np.array([[1.0], [0.4]])
    loading = np.column_stack([rng.normal(0.9, 0.15, 13), rng.normal(0, 0.5, 13)])
    returns = loading @ factors + rng.normal(0, 0.006, (13, BARS + DAYS))
    return World(
        returns, np.vstack([returns[1:].mean(axis=0), factors[1]]), np.arange(13) == 0, BARS + int(rng.integers(DAYS))
    )


def policy_day(rng: np.random.Generator) -> World:
    """Draw a day on which every security reacts: there is nobody untreated, though donors are named."""
    world = two_factors(rng, chosen=False, selected=False)
    world.returns[:, world.day] += EFFECT
    return World(world.returns, world.factors + EFFECT * (np.arange(world.factors.shape[1]) == world.day) * [[1], [0]],
                 world.treated, world.day)  # fmt: skip


SIX: dict[str, Callable[[np.random.Generator], World]] = {
    "index, any day": lambda rng: single(rng, index=True),
    "one firm, any day": lambda rng: single(rng, index=False),
    "policy day that hits all (effect 3)": policy_day,
    "day chosen by a factor": lambda rng: two_factors(rng, chosen=True, selected=False),
    "day and loadings chosen": lambda rng: two_factors(rng, chosen=True, selected=True),
    "the same, 20 donors": lambda rng: two_factors(rng, chosen=True, selected=True, securities=25),
}


def designs(samples: int, seed: int = 0) -> Iterator[dict[str, object]]:
    """Return bias and size of each counterfactual in six designs; one security is judged by its own t, several by `kp_bmp`."""
    for design, draw in SIX.items():
        names = ("mean adjusted", "market model", "components", "synthetic control", "synthetic DiD")
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        for at in range(samples):
            world = draw(np.random.default_rng([seed, at]))
            donors = tuple(f"D{number}" for number in range(len(world.pool)))
            rows: tuple[tuple[Model, Floats | None], ...] = (
                (MeanAdjusted(), None),
                (MarketModel("M"), world.factors[:1]),
                (LatentFactorModel(donors), world.pool),
                (SyntheticControl(donors), world.pool),
                (SyntheticDiD(donors), world.pool),
            )
            truth = EFFECT if draw is policy_day else 0.0
            for name, (model, series) in zip(names, rows, strict=True):
                found[name].append(_estimate(world, model, series, truth))
        for name, cells in found.items():
            bias, rejected = np.array(cells).T
            yield {
                "design": design,
                "model": name,
                "bias": 100 * bias.mean(),
                "size": 100 * np.nanmean(rejected),
                "samples": samples,
            }


def _estimate(world: World, model: Model, series: Floats | None, truth: float) -> tuple[float, float]:
    """Return the error of the mean abnormal return, and whether the truth is rejected at 5 %."""
    own = world.returns[world.treated].copy()
    own[:, world.day] -= truth  # under the null that the effect is what it is
    fitted = estimate(own, series, security=np.arange(len(own)), day0=np.full(len(own), world.day), window=(0, 0),
                      estimation=(-BARS, -1), model=model)  # fmt: skip
    car, error, _ = fitted.car(0, 0)
    if len(own) == 1:
        return float(car[0]), float(2 * special.stdtr(fitted.df[0], -abs(car[0] / error[0])) <= 0.05)
    return float(np.nanmean(car)), float(run("kp_bmp", fitted.sample(0, 0, estimation=True)).pvalue <= 0.05)


DATES: dict[str, tuple[int, bool]] = {
    "one random date": (1, False), "five": (5, False), "twenty": (20, False), "twenty on which the left-out factor was high": (20, True),
}  # fmt: skip


def doubts(samples: int, seed: int = 0) -> Iterator[dict[str, object]]:
    """Return how often a study of the market model is withdrawn: 300 securities of Table 1's design, sixty events (thirty on one date)."""
    bars = 800
    index = pd.bdate_range("2015-01-01", periods=bars)
    names = [f"S{number}" for number in range(300)]
    study = EventStudy(model=MarketModel("M"), window=(0, 0), estimation=(-251, -2), calendar=None)
    for label, (many, high) in DATES.items():
        withdrawn = 0
        for at in range(samples):
            rng = np.random.default_rng([seed, at])
            factors = rng.normal(size=(2, bars)) * np.array([[MARKET], [SIZE]])
            loading = rng.normal(1.0, 0.3, (300, 2))
            noise = np.sqrt(loading**2 @ np.array([MARKET**2, SIZE**2]))
            returns = loading @ factors + rng.normal(size=(300, bars)) * noise[:, None]
            panel = ReturnPanel(pd.DataFrame(returns.T, index, names).assign(M=factors[0]))
            days = np.flatnonzero(factors[1] > 0) if high else np.arange(bars)
            days = rng.choice(days[(days >= 265) & (days < bars - 5)], many, replace=False)
            who = [
                (name, day)
                for day in days
                for name in rng.choice(names, 30 if many == 1 else 60 // many, replace=False)
            ]
            pairs = pd.DataFrame(
                {"event_id": range(len(who)), "symbol": [one for one, _ in who], "bar": [index[day] for _, day in who]}
            )
            withdrawn += study.fit(pairs, panel).counterfactual().status == "withdrawn"
        yield {"dates": label, "withdrawn": 100 * withdrawn / samples, "samples": samples}


def said(rows: Iterator[dict[str, object]]) -> None:
    """Print rows as a Markdown table, each as it comes."""
    for at, row in enumerate(rows):
        if not at:
            sys.stdout.write(f"| {' | '.join(row)} |\n|{'---|' * len(row)}\n")
        cells = [f"{value:.2f}" if isinstance(value, float) else str(value) for value in row.values()]
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
        sys.stdout.flush()


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("table1", "designs", "doubts"))
    parser.add_argument("--samples", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    said({"table1": table1, "designs": designs, "doubts": doubts}[given.table](given.samples, given.seed))


if __name__ == "__main__":
    main()
