"""Published tables, each beside what this package gives for its design.

    python docs/replications.py mackinlay
    python docs/replications.py brown-warner --samples 250
    python docs/replications.py goldsmith-pinkham --samples 50
    python docs/replications.py sizes --samples 1000

Each prints one table of docs/replications.md: the published cell, ours, and the Monte-Carlo error of the difference. The samples are those of
the papers unless said otherwise; the numbers depend on the seed and the samples alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from eventstudy.abnormal import (
    ControlPortfolio,
    FactorModel,
    LatentFactorModel,
    MarketAdjusted,
    MarketModel,
    MeanAdjusted,
    estimate,
)
from eventstudy.abnormal.models.protocol import Model
from eventstudy.inference import power, run
from eventstudy.inference.beyond.power import caar_se
from eventstudy.inference.significance_tests.common_date import Design, time_series

Floats = NDArray[np.float64]

# MacKinlay (1997), Table 2: power of J1 at two-sided 5 %, by the number of events; abnormal return 0.5 to 2 %, sigma 2 %, then 4 %
EFFECTS, SIGMAS = (0.005, 0.01, 0.015, 0.02), (0.02, 0.04)
POWER = {
    1: (0.06, 0.08, 0.12, 0.17, 0.05, 0.06, 0.07, 0.08),
    5: (0.09, 0.20, 0.39, 0.61, 0.06, 0.09, 0.13, 0.20),
    10: (0.12, 0.35, 0.66, 0.89, 0.07, 0.12, 0.22, 0.35),
    20: (0.20, 0.61, 0.92, 0.99, 0.09, 0.20, 0.39, 0.61),
    50: (0.42, 0.94, 1.00, 1.00, 0.14, 0.42, 0.76, 0.94),
    100: (0.71, 1.00, 1.00, 1.00, 0.24, 0.71, 0.96, 1.00),
}

# Brown and Warner (1985), Table 3: share of 250 samples of 50 securities that reject at one-tailed 5 % on day 0, in percent
LEVELS = (0.0, 0.005, 0.01, 0.02)
REJECTED = {
    "mean adjusted": (6.4, 25.2, 75.6, 99.6),
    "market adjusted": (4.8, 26.0, 79.6, 99.6),
    "OLS market model": (4.4, 27.2, 80.4, 99.6),
}
THEIRS = 250  # samples
NOISE, SPREAD, INDEX = 0.0253, 0.6, 0.008
"""Residual standard deviation of a day (their Table 1), its coefficient of variation over firms (Kothari and Warner 2007, Table 3), the index's."""

# Goldsmith-Pinkham and Lyu (2025), Table 1: bias of the effect on the treated day, in points; assignment, then timing at random or selected
BIAS = {
    ("random", "random"): (0.01, -0.07, 0.00, 0.02),
    ("selected", "random"): (0.04, -0.04, 0.02, 0.03),
    ("random", "selected"): (0.00, 2.71, 0.00, 0.01),
    ("selected", "selected"): (-0.52, 2.26, 0.01, -0.01),
}
FIRMS, BEFORE, DAYS, TREATED, EFFECT = 500, 239, 250, 0.1, 0.03
MARKET, SIZE, TAILS = 0.0107, 0.0059, 3.6
"""Daily standard deviations of the factors, and the degrees of freedom of their t, which put the largest size return of 250 days at 2.7 points."""


def mackinlay() -> pd.DataFrame:
    """Return the power of J1, cell by cell: a formula, so that every printed digit must agree."""
    rows = [
        {
            "events": n,
            "sigma %": 100 * sigma,
            "effect %": 100 * effect,
            "published": f"{cell:.2f}",
            "ours": f"{power(effect, caar_se(sigma, n)):.2f}",
        }
        for n, cells in POWER.items()
        for (sigma, effect), cell in zip(((s, e) for s in SIGMAS for e in EFFECTS), cells, strict=True)
    ]
    return pd.DataFrame(rows)


def brown_warner(samples: int = THEIRS, seed: int = 0) -> pd.DataFrame:
    """Return how often a sample of 50 securities with dates of their own rejects: their test, the portfolio's own past by relative day."""
    models: dict[str, Model] = {
        "mean adjusted": MeanAdjusted(), "market adjusted": MarketAdjusted("M"), "OLS market model": MarketModel("M"),
    }  # fmt: skip
    found = {name: np.zeros(len(LEVELS)) for name in models}
    shape = np.sqrt(np.log(1 + SPREAD**2))
    for at in range(samples):
        draw = np.random.default_rng([seed, at])
        index = draw.normal(0.0005, INDEX, 1500)
        sigma = NOISE * np.exp(shape * draw.standard_normal(50) - shape**2 / 2)
        returns = draw.normal(1.0, 0.3, 50)[:, None] * index + sigma[:, None] * draw.standard_normal((50, 1500))
        dates = draw.integers(250, 1494, 50)
        for name, model in models.items():
            found[name] += _rejects(returns, index, dates, model)
    rows = []
    for name, counts in found.items():
        for level, published, count in zip(LEVELS, REJECTED[name], counts, strict=True):
            share = published / 100
            error = 100 * np.sqrt(share * (1 - share) * (1 / THEIRS + 1 / samples))
            rows.append(
                {
                    "model": name,
                    "effect %": 100 * level,
                    "published": published,
                    "ours": 100 * count / samples,
                    "error": error,
                }
            )
    return pd.DataFrame(rows)


def _rejects(returns: Floats, index: Floats, dates: NDArray[np.int64], model: Model) -> Floats:
    """Return for each effect whether their test rejects."""
    series = None if isinstance(model, MeanAdjusted) else index[None]
    who = np.arange(len(returns))
    fitted = estimate(returns, series, security=who, day0=dates, window=(0, 0), estimation=(-244, -6), model=model)
    sample = fitted.sample(0, 0, estimation=True)
    assert sample.estimation is not None  # noqa: S101  asked for in the line above
    residual = sample.estimation.residual[None]
    design = Design(
        np.ones((1, residual.shape[-1], 1)), np.ones((1, 1, 1))
    )  # not used: no forecast error in their test
    rejected = []
    for level in LEVELS:
        car = sample.car[None] + level
        told = time_series(residual, car, car[..., None], design, forecast_error=False)
        rejected.append(float(told.p_greater[0] <= 0.05))
    return np.array(rejected)


def goldsmith_pinkham(samples: int = 50, seed: int = 0) -> pd.DataFrame:
    """Return the bias of four estimators in four designs, in points."""
    names = ("simple means", "CAPM", "both factors", "components (gsynth)")
    rows = []
    for (assignment, timing), cells in BIAS.items():
        draws = [
            _errors(np.random.default_rng([seed, at]), selected=assignment == "selected", timed=timing == "selected")
            for at in range(samples)
        ]
        found = 100 * np.array(draws)
        for name, published, own in zip(names, cells, found.T, strict=True):
            error = own.std(ddof=1) * np.sqrt(1 / samples + 1 / 50)
            rows.append(
                {
                    "assignment": assignment,
                    "timing": timing,
                    "estimator": name,
                    "published": published,
                    "ours": own.mean(),
                    "error": error,
                }
            )
    return pd.DataFrame(rows)


def _errors(draw: np.random.Generator, *, selected: bool, timed: bool) -> list[float]:
    """Return the error of each estimator in one sample."""
    factors = draw.standard_t(TAILS, (2, BEFORE + DAYS)) * np.array([[MARKET], [SIZE]]) / np.sqrt(TAILS / (TAILS - 2))
    loading = draw.normal(1.0, 0.3, (FIRMS, 2))
    returns = loading @ factors + draw.normal(0, np.hypot(MARKET, SIZE), (FIRMS, BEFORE + DAYS))
    chance = 1 / (1 + TREATED ** -(loading[:, 1] / loading[:, 1].mean())) if selected else np.full(FIRMS, TREATED)
    treated = draw.random(FIRMS) < chance
    day = BEFORE + (int(factors[1, BEFORE:].argmax()) if timed else 0)
    returns[treated, day] += EFFECT
    own, pool = returns[treated], returns[~treated]
    donors = tuple(f"D{number}" for number in range(len(pool)))
    models: tuple[tuple[Model, Floats], ...] = (
        (ControlPortfolio(donors), pool), (MarketModel("M"), factors[:1]), (FactorModel(("M", "S")), factors), (LatentFactorModel(donors), pool),
    )  # fmt: skip
    errors = []
    for model, series in models:
        fitted = estimate(
            own,
            series,
            security=np.arange(len(own)),
            day0=np.full(len(own), day),
            window=(0, 0),
            estimation=(-BEFORE, -1),
            model=model,
        )
        errors.append(float(np.nanmean(fitted.car(0, 0)[0])) - EFFECT)
    return errors


# Kolari and Pynnönen (2010), eq. 5 and 9, one common date: securities, mean correlation. Boehmer, Musumeci and Poulsen (1991): variance on day 0
CLUSTERED, RAISED = ((50, 0.02), (100, 0.02), (50, 0.05), (100, 0.10)), (1.0, 1.5, 2.0, 3.0)


def sizes(samples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Return how often tests reject a true null of 5 %, beside the size that the papers' variances imply, in percent."""
    rows = []
    designs = [(n, r, 1.0, ("patell", "bmp", "kp_patell", "kp_bmp")) for n, r in CLUSTERED]
    designs += [(50, 0.0, raised, ("patell", "bmp")) for raised in RAISED]
    for n, r, raised, tests in designs:
        rejected = np.mean(
            [_outcomes(np.random.default_rng([seed, at]), n, r, raised, tests) for at in range(samples)], axis=0
        )
        for test, share in zip(tests, rejected, strict=True):
            implied = implied_size(test, n, r, raised)
            error = 100 * np.sqrt(implied * (1 - implied) / samples)
            cell = {"securities": n, "correlation": r, "variance": raised, "test": test}
            rows.append(cell | {"published": 100 * implied, "ours": 100 * share, "error": error})
    return pd.DataFrame(rows)


def implied_size(test: str, n: int, r: float, raised: float) -> float:
    """Return the size in large samples: Patell's mean has variance 1 + (n - 1) r, BMP's is divided by 1 - r, the corrected hold."""
    if test.startswith("kp_"):
        return 0.05
    if test == "patell":
        return float(2 * stats.norm.sf(stats.norm.isf(0.025) / np.sqrt(raised * (1 + (n - 1) * r))))
    return float(2 * stats.t.sf(stats.t.isf(0.025, n - 1) / np.sqrt((1 + (n - 1) * r) / (1 - r)), n - 1))


def _outcomes(draw: np.random.Generator, n: int, r: float, raised: float, tests: tuple[str, ...]) -> list[float]:
    """Return whether each test rejects in one sample: one common date where there is a correlation, else dates of their own."""
    bars, factor = 700, draw.standard_normal(700)
    market = draw.normal(0, INDEX, bars)
    noise = NOISE * (np.sqrt(r) * factor + np.sqrt(1 - r) * draw.standard_normal((n, bars)))
    dates = np.full(n, 690) if r else draw.choice(np.arange(260, 695), n, replace=False)
    noise[np.arange(n), dates] *= np.sqrt(raised)
    returns = draw.normal(1.0, 0.3, n)[:, None] * market + noise
    fitted = estimate(
        returns,
        market[None],
        security=np.arange(n),
        day0=dates,
        window=(0, 0),
        estimation=(-250, -11),
        model=MarketModel("M"),
    )
    sample = fitted.sample(0, 0, estimation=True)
    return [float(run(test, sample).pvalue <= 0.05) for test in tests]


TABLES: dict[str, Callable[..., pd.DataFrame]] = {
    "mackinlay": mackinlay,
    "brown-warner": brown_warner,
    "goldsmith-pinkham": goldsmith_pinkham,
    "sizes": sizes,
}


def said(table: pd.DataFrame) -> Iterator[str]:
    """Give the lines of a table."""
    yield from table.to_string(index=False, float_format="{:.2f}".format).splitlines()
    if "error" in table:
        away = (
            (table["ours"] - table["published"]) / table["error"].clip(lower=0.4 if "model" in table else 0.01)
        ).abs()
        yield f"largest difference: {away.max():.1f} standard errors; beyond 2: {(away > 2).sum()} of {len(table)} cells"
    else:
        yield f"cells that differ: {(table['published'] != table['ours']).sum()} of {len(table)}"


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=tuple(TABLES))
    parser.add_argument("--samples", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    options = (
        {}
        if given.table == "mackinlay"
        else {"seed": given.seed} | ({"samples": given.samples} if given.samples else {})
    )
    print("\n".join(said(TABLES[given.table](**options))))


if __name__ == "__main__":
    main()
