"""The links' numbers as test results: the null, the p-value and the words for it."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy import stats

from eventstudy._typing import Floats, Ints
from eventstudy.hypothesis.links.decision import DecisionTest, ScoreTest
from eventstudy.hypothesis.links.placebo_draws import limits, pvalue
from eventstudy.hypothesis.links.posterior import hazard_interval
from eventstudy.hypothesis.links.reaction import SCHEMES, Reaction
from eventstudy.hypothesis.record.risk_sets import Rows
from eventstudy.hypothesis.record.sections import LinkRules
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.inference.beyond.equivalence import equivalence
from eventstudy.inference.core.result import Alternative, TestResult
from eventstudy.inference.significance_tests.signs import sign, wilcoxon

_NULLS = {
    "H1": "after a threat the index moves as on other days",
    "H2": "while a threat is open, relief is as frequent after a loss as otherwise",
    "H3": "after formal relief the index moves as on other days",
}

_SCHEME_WORDS = {
    "permutation": "permutation",
    "matched": "matched dates",
    "shift": "circular shift",
    "left_out": "leave-out",
}

_FEWEST = 2  # sessions without which nothing is compared

_SHIFTED = ("other sessions of the period stand for what would have happened without the news",)


def own_sign(link: str) -> float:
    """Give the sign that turns a link's score, positive in the link's direction, into the market's own.

    Tables, charts and sentences have the market's own sign: H1 says that it falls.
    """
    return -1.0 if link == "H1" else 1.0


def reaction_result(
    name: str, reaction: Reaction, position: Ints, strata: Sequence[Stratum], how: LinkRules
) -> TestResult:
    """Say what the test of a reaction found; `position` are all its sessions, with or without a score."""
    side: Alternative = "less" if name == "H1" else "greater"
    n = reaction.n
    known: dict[str, Any] = {"name": name, "title": how.titles[name], "null": _NULLS[name], "alternative": side}
    known |= {"n": n, "n_clusters": n, "unit": "standardized"}
    if n < _FEWEST:
        inside = sum(int(np.count_nonzero((position >= s.first) & (position <= s.last))) for s in strata)
        reason = (
            f"needs 2 sessions with a price and enough history, has {n} of {inside}"
            if inside
            else "no event of this sample counts for it under the definitions (stance, scope, level, actor)"
        )
        return TestResult(**known, applicable=False, reason=reason)
    way = own_sign(name)
    margin, estimate, se = how.margins.reaction, reaction.estimate, reaction.se
    nothing = equivalence(estimate, se if se > 0 else float("nan"), margin, df=n - 1, alpha=how.alpha)
    details = {
        **{f"p_{scheme}": p for scheme, p in reaction.pvalues.items()},
        "left_out": way * reaction.worst_left_out()[0] if reaction.left_out.size else float("nan"),
        "p_with_all": max(reaction.pvalues[scheme] for scheme in SCHEMES),
        "mean_car": float(reaction.car.mean()),
        "median_car": float(np.median(reaction.car)),
        "p_equivalence": nothing.pvalue,
        "margin": margin,
        "smallest_margin": nothing.details.get("smallest_margin", float("nan")),
        "p_wrong_sign": reaction.p_wrong,
        "median": way * float(np.median(reaction.score)),
        "share": reaction.share,
        "p_t": float(stats.t.sf(estimate / se, n - 1)) if se > 0 else float("nan"),
        "p_wilcoxon": float(wilcoxon(reaction.score).p_greater),
        "p_sign": float(sign(reaction.score).p_greater),
        "ci_t": _turned(nothing.ci, way),
    }
    level = 1 - 2 * how.alpha  # a one-sided test at the level and this interval say the same
    draws = len(reaction.nulls["permutation"])
    return TestResult(
        **known,
        statistic=way * estimate,
        distribution=(
            f"permutation within the sample ({draws} draws)"
            if reaction.primary == ("permutation",)
            else f"placebo, the strictest of {', '.join(_SCHEME_WORDS[name] for name in reaction.primary)} ({draws} draws)"
        ),
        pvalue=reaction.pvalue,
        n_effective=float(n),
        estimate=way * estimate,
        se=se,
        ci=_turned(reaction.interval(level), way),
        level=level,
        reference="Nguyen and Wolf 2023; Campbell, Lo and MacKinlay 1997, 4.4; interval from the placebos",
        assumptions=_SHIFTED,
        details=MappingProxyType(details),
    )


def _turned(interval: tuple[float, float], way: float) -> tuple[float, float]:
    low, high = interval
    return (low, high) if way > 0 else (-high, -low)


def decision_result(test: DecisionTest, hazard: ScoreTest, how: LinkRules) -> TestResult:
    """Say what the two tests of H2 found."""
    n = int(test.decided.sum())
    tested = [test.pvalue, hazard.pvalue]
    known: dict[str, Any] = {"name": "H2", "title": how.titles["H2"], "null": _NULLS["H2"], "alternative": "greater"}
    known |= {"n": n, "n_clusters": n}
    if n < _FEWEST or not np.isfinite(tested).all():
        reason = (
            f"{n} decision{'' if n == 1 else 's'} on {test.day.size} sessions with an open threat, {hazard.n} "
            f"threat{'' if hazard.n == 1 else 's'} that ended in relief: each comparison needs {_FEWEST} decisions and a "
            "threat that ended in relief"
        )
        return TestResult(**known, applicable=False, reason=reason)
    unit = float(test.loss.std())
    half = np.quantile(test.null, [how.alpha, 1 - how.alpha]) * unit
    odds, error = hazard.slope * unit, unit / float(np.sqrt(hazard.information))
    nothing = equivalence(odds, error if error > 0 else float("nan"), how.margins.log_odds, alpha=how.alpha)
    details = {
        "p_sessions": test.pvalue,
        "p_hazard": hazard.pvalue,
        "mean_loss_decision": float(test.loss[test.decided].mean()),
        "mean_loss_other": float(test.loss[~test.decided].mean()),
        "sessions_at_risk": int(test.day.size),
        "threats_relieved": hazard.n,
        "log_odds_per_sd": odds,
        "log_odds_se": error,
        "p_equivalence": nothing.pvalue,
        "margin": how.margins.log_odds,
        "smallest_margin": nothing.details["smallest_margin"],
        "p_wrong_sign": max(pvalue(-test.statistic, -test.null), pvalue(-hazard.statistic, -hazard.null)),
    }
    return TestResult(
        **known,
        statistic=test.statistic,
        distribution="circular shift of the decisions, and permutation of reliefs among threats of equal age; the larger p",
        pvalue=max(tested),
        n_effective=float(n),
        estimate=test.estimate,
        se=float(test.null.std() * unit),
        ci=(test.estimate - float(half[1]), test.estimate - float(half[0])),
        unit="return",
        level=1 - 2 * how.alpha,
        reference="score test of the discrete hazard: Cox 1972, Mantel 1966; interval from the shifts",
        assumptions=("the hazard differs between ages, not otherwise, if the null holds",),
        details=MappingProxyType(details),
    )


def relief_result(
    test: DecisionTest, hazard: ScoreTest, rows: Rows, x: Floats, stratum: Ints, how: LinkRules
) -> TestResult:
    """Say what the two tests of H2 found, both on the same reliefs and pairs.

    The interval is the hull of the two tests' own: it leaves out zero exactly when the larger p-value is at most the size.
    """
    n = int(np.unique(rows.day[rows.relieved]).size)
    pairs = int(rows.relieved.sum())
    known: dict[str, Any] = {"name": "H2", "title": how.titles["H2"], "null": _NULLS["H2"], "alternative": "greater"}
    known |= {"n": n, "n_clusters": n}
    if n < _FEWEST or not np.isfinite([test.pvalue, hazard.pvalue]).all():
        reason = (
            f"{n} session{'' if n == 1 else 's'} with a relief of what was at risk, {pairs} episode{'' if pairs == 1 else 's'} relieved "
            f"on {test.day.size} sessions at risk: each comparison needs {_FEWEST} of them, and others of equal age that were not"
        )
        return TestResult(**known, applicable=False, reason=reason)
    level = 1 - 2 * how.alpha
    unit = hazard.spread / hazard.n  # of the score, as a mean excess of loss a relieved pair
    excess = hazard.statistic * unit
    by_shift = limits(test.statistic, test.null, level)
    by_score = limits(hazard.statistic, hazard.null, level)
    low = min(by_shift[0] * test.spread, by_score[0] * unit)
    high = max(by_shift[1] * test.spread, by_score[1] * unit)
    odds, error = hazard.slope * test.spread, test.spread * hazard.spread / hazard.information
    nothing = equivalence(odds, error if error > 0 else float("nan"), how.margins.log_odds, alpha=how.alpha)
    inflation = hazard.spread**2 / hazard.information
    by_odds = hazard_interval(x, np.flatnonzero(rows.relieved), stratum, test.spread, level, max(1.0, inflation))
    details = {
        "p_sessions": test.pvalue,
        "p_hazard": hazard.pvalue,
        "mean_loss_decision": test.before,
        "mean_loss_other": test.before - test.estimate,
        "excess_hazard": excess,
        "sessions_at_risk": int(test.day.size),
        "pairs_at_risk": int(rows.day.size),
        "threats_relieved": pairs,
        "spread": test.spread,
        "log_odds_per_sd": odds,
        "log_odds_se": error,
        "log_odds_low": by_odds[0],
        "log_odds_high": by_odds[1],
        "p_equivalence": nothing.pvalue,
        "margin": how.margins.log_odds,
        "smallest_margin": max(abs(end) for end in by_odds),
        "p_wrong_sign": max(pvalue(-test.statistic, -test.null), pvalue(-hazard.statistic, -hazard.null)),
    }
    return TestResult(
        **known,
        statistic=test.statistic,
        distribution="circular shift of the reliefs, and permutation of reliefs among pairs of equal age; the larger p",
        pvalue=max(test.pvalue, hazard.pvalue),
        n_effective=float(n),
        estimate=test.estimate,
        se=float(test.null.std() * test.spread),
        ci=(low, high),
        unit="return",
        level=level,
        reference="score test of the discrete hazard: Cox 1972, Mantel 1966; interval: the hull of both tests' own",
        assumptions=("the hazard differs between ages, not otherwise, if the null holds",),
        details=MappingProxyType(details),
    )
