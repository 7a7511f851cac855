"""The mean correlation where many windows meet, against a loop over pairs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from eventstudy.inference.core import residual_correlation

RTOL = 1e-10  # sums of some thousand products in another order


def pair_loop(residual, bar, window_bar, present):
    """Sum over pairs of Pearson's r over shared bars (30 at least) times the share of the windows that meet."""
    total, n = 0.0, len(residual)
    for i, j in itertools.combinations(range(n), 2):
        windows = [set(window_bar[k][present[k]].tolist()) for k in (i, j)]
        meet = len(windows[0] & windows[1]) / math.sqrt(len(windows[0]) * len(windows[1]))
        series = [{b: e for b, e in zip(bar[k].tolist(), residual[k], strict=True) if math.isfinite(e)} for k in (i, j)]
        shared = sorted(series[0].keys() & series[1].keys())
        if meet and len(shared) >= 30:
            total += meet * np.corrcoef([series[0][b] for b in shared], [series[1][b] for b in shared])[0, 1]
    return 2 * total / (n * (n - 1))


def events(start, bars, length, seed=0):
    """Residuals of securities that share a factor, on the bars before each window."""
    rng = np.random.default_rng(seed)
    start = np.asarray(start)
    bar = start[:, None] - bars - 3 + np.arange(bars)
    residual = rng.normal(size=bar.shape) + rng.normal(size=1000)[bar]
    return residual, bar, start[:, None] + np.arange(length), np.ones((start.size, length), dtype=bool)


@pytest.mark.parametrize("way", ["by lag", "by pairs"])
@pytest.mark.parametrize(
    ("start", "bars", "length"),
    [
        ([200, 201, 202, 203, 204, 204, 205], 60, 4),  # windows that just meet, and just do not
        ([200, 205, 209, 210, 211, 212, 219], 40, 20),  # ten bars apart the estimation windows share 30 bars, eleven 29
        ([200, 200, 200, 240, 240, 240], 50, 3),  # two dates apart
        ([212, 200, 211, 200, 201, 212], 45, 30),  # in no order
    ],
)
def test_windows_that_meet_equal_the_pair_loop(monkeypatch, way, start, bars, length):
    monkeypatch.setattr(residual_correlation, "BLOCK", {"by lag": 4, "by pairs": 50}[way])
    given = events(start, bars, length)
    found = residual_correlation.mean_correlation(*given)
    assert found == pytest.approx(pair_loop(*given), rel=RTOL, abs=1e-15)
    assert (found > 0.01) == (max(start) - min(start) < 2 * length or length == 3)


@pytest.mark.parametrize("block", [1, 2, 3, 5, 64])
def test_blocks_of_pairs_with_holes_equal_the_pair_loop(monkeypatch, block):
    monkeypatch.setattr(residual_correlation, "BLOCK", block)
    residual, bar, window_bar, present = events([200, 201, 201, 203, 203, 206, 230, 231], 45, 4)
    rng = np.random.default_rng(1)
    residual[rng.random(residual.shape) < 0.1] = np.nan
    present[rng.random(present.shape) < 0.2] = False
    present[:, 0] = True
    given = (residual, bar, window_bar, present)
    assert residual_correlation.mean_correlation(*given) == pytest.approx(pair_loop(*given), rel=RTOL)
