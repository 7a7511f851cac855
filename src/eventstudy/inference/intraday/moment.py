"""One known moment: is there a break in level or volatility (Bugni, Li and Li 2023), and is there a jump (Lee and Mykland 2008)."""

from __future__ import annotations

from typing import Final

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import Statistic
from eventstudy.inference.intraday.clock_tests import clock_of

BARS: Final = 8  # to each side (METHODS-2 14: k of 5 to 15, fixed beforehand)
NARROW, WIDE = 5, 15


def cramer_von_mises(first: Floats, second: Floats) -> Floats:
    """Return the mean squared distance of two empirical distribution functions (..., k) at all 2k points.

    Examples
    --------
    >>> float(cramer_von_mises(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    0.375
    """
    both = np.concatenate([first, second], axis=-1)
    order = np.argsort(both, axis=-1, kind="stable")
    step = np.where(order < first.shape[-1], 1.0 / first.shape[-1], -1.0 / second.shape[-1])
    gap = np.cumsum(step, axis=-1)
    return np.asarray((gap * gap).mean(axis=-1))


@checked()
def bugni_li_li(sample: WindowSample, *, rng: np.random.Generator, bars: int = BARS, draws: int = 999) -> Statistic:
    """Test that scaled returns just before and just after a moment have one distribution, by permutation.

    Parameters
    ----------
    sample : WindowSample
        One security-event with its ``clock``.
    rng : Generator
        Of the permutations.
    bars : int
        k, bars to each side of the moment, 5 to 15: fixed before one looks.
    draws : int
        Permutations of the 2k returns.

    Returns
    -------
    Statistic
        The Cramer-von Mises distance; p = (1 + #{T* >= T})/(draws + 1). It has no side: level and volatility count alike.

    Raises
    ------
    StudyError
        k outside 5 to 15.

    References
    ----------
    Bugni, Li and Li (2023).
    """
    if not NARROW <= bars <= WIDE:
        msg = f"bars={bars} to each side of the moment; give {NARROW} to {WIDE}"
        raise StudyError(msg)
    none = np.asarray(np.nan)
    around = clock_of(sample).around[0]
    middle = around.size // 2
    before, after = around[middle - bars : middle], around[middle : middle + bars]
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        reason = f"needs {bars} bars of the session to each side of the moment"
        return Statistic(none, none, none, none, "", np.asarray(1), reason=reason)
    value = float(cramer_von_mises(before, after))
    both = np.concatenate([before, after])
    order = np.argsort(rng.random((draws, both.size)), axis=1)
    placebo = cramer_von_mises(both[order[:, :bars]], both[order[:, bars:]])
    p = (1 + int((placebo >= value * (1 - 1e-12)).sum())) / (draws + 1)
    return Statistic(
        np.asarray(value),
        np.asarray(p),
        none,
        none,
        f"permutations of {2 * bars} bars, {draws} draws",
        np.asarray(1),
        unit="distance",
        details={"bars": bars, "draws": draws},
    )


def jump_scores(past: Floats, within: Floats) -> Floats:
    """Return L_t (L,) = u_t / sqrt(mean of products |u_j u_{j-1}| of the K - 2 pairs that end before t).

    Shapes: past (K,) scaled returns before the window, the newest last; within (L,). Missing bars break a pair.

    Source: Lee and Mykland (2008, definition 1).
    """
    series = np.concatenate([past, within])
    pairs = np.abs(series[1:] * series[:-1])
    out = np.full(within.size, np.nan)
    for at in range(within.size):
        used = pairs[at + 1 : past.size + at - 1]  # K - 2 of them, up to (t-2, t-1)
        used = used[np.isfinite(used)]
        if used.size and used.mean() > 0:
            out[at] = within[at] / np.sqrt(used.mean())
    return out


def gumbel(size: float, n: int) -> float:
    """Return p of the largest of n |L|: 1 - exp(-exp(-x)), x = (|L| - C_n)/S_n.

    Source: Lee and Mykland (2008, lemma 1).

    Examples
    --------
    >>> c, n = np.sqrt(2 / np.pi), 78
    >>> root = np.sqrt(2 * np.log(n))
    >>> at = root / c - (np.log(np.pi) + np.log(np.log(n))) / (2 * c * root) + 4.6001 / (c * root)
    >>> round(gumbel(at, n), 4)
    0.01
    """
    c, root = np.sqrt(2 / np.pi), np.sqrt(2 * np.log(n))
    centre = root / c - (np.log(np.pi) + np.log(np.log(n))) / (2 * c * root)
    return float(-np.expm1(-np.exp(-(size - centre) * c * root)))


def _lee_mykland(sample: WindowSample) -> Statistic:
    clock = clock_of(sample)
    none = np.asarray(np.nan)
    scores = jump_scores(clock.past[0], clock.within[0])
    known = scores[np.isfinite(scores)]
    if not known.size:
        return Statistic(
            none, none, none, none, "", np.asarray(1), reason="no bar of the window has a past to be judged by"
        )
    largest = float(known[np.abs(known).argmax()])
    p = gumbel(abs(largest), max(clock.session_bars, 2))
    return Statistic(
        np.asarray(largest),
        np.asarray(p),
        none,
        none,
        f"largest of {clock.session_bars} bars",
        np.asarray(1),
        unit="scaled bar",
        details={"bars": clock.session_bars, "relative_bar": int(sample.relative_day[np.nanargmax(np.abs(scores))])},
    )


SPECS = (
    TestSpec(
        name="bugni_li_li",
        title="Break at a known moment",
        null="scaled returns just before and after the moment have one distribution",
        assumptions=("scaled returns near the moment are exchangeable", "one moment, k fixed beforehand"),
        reference="Bugni, Li and Li (2023)",
        compute=bugni_li_li,
        undefined="the scaled returns do not move",
        needs=("clock", "one event"),
        minimum=1,
        sided=False,
        draws=True,
        discrete=True,
        holds_under=ALWAYS
        | {"within the day", "fat tails", "skewness", "volatility clustering", "few", "event variance"},
        exact=True,
    ),
    TestSpec(
        name="lee_mykland",
        title="Jump in the window",
        null="no bar of the session is a jump",
        assumptions=(
            "normal returns, given level and pattern",
            "a search over the bars of a session: at one moment it rejects seldom",
        ),
        reference="Lee and Mykland (2008)",
        compute=_lee_mykland,
        needs=("clock", "one event"),
        minimum=1,
        sided=False,
        holds_under=ALWAYS | {"within the day", "few"},
        smallest=2,  # at a known moment its size is not the nominal one: it searches a session
    ),
)
