"""Samples made by the real engine: complete and ragged, on one date, apart and staggered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventstudy.abnormal import MarketModel, estimate

BARS = 420


@pytest.fixture
def make_sample():
    """Return make(n, holes=, dates=, window=, seed=, repeat=) -> WindowSample with everything a test may ask for."""

    def make(n, *, holes=0.0, dates="apart", window=(0, 2), seed=0, repeat=False, shift=0.0, gap=10):
        rng = np.random.default_rng(seed)
        market = rng.normal(0, 0.01, BARS)
        common = rng.normal(0, 0.01, BARS)
        scale = rng.uniform(0.5, 2.0, (n, 1))
        returns = rng.normal(0, 0.02, (n, BARS)) * scale + market * rng.uniform(0.5, 1.5, (n, 1)) + common
        day0 = {
            "one": np.full(n, 350),
            "apart": 290 + np.arange(n) * (110 // max(n, 1)),
            "staggered": rng.integers(340, 352, n),
        }[dates]
        returns[np.arange(n), day0] += shift
        if holes:
            returns[rng.random(returns.shape) < holes] = np.nan
        security = np.arange(n) // 2 if repeat else np.arange(n)
        keep = {"window": window, "estimation": (-gap - 250, -gap - 1), "model": MarketModel("m"), "minimum": 100}
        fitted = estimate(returns, market[None], security=security, day0=day0, **keep)

        def refit(who, when):
            return estimate(returns, market[None], security=who, day0=when, **keep).sample(*window)

        free = np.zeros(returns.shape, dtype=bool)
        free[:, 262:330] = True
        return replace(fitted.sample(*window, estimation=True), refit=refit, admissible=free)

    return make


@pytest.fixture
def cr2_matrices():
    """Return f(x, y, cluster) -> se, df: CR2 and Satterthwaite's df from the N x N definitions of Bell and McCaffrey (2002)."""

    def told(x, y, cluster):
        n, p = x.shape
        inverse = np.linalg.inv(x.T @ x)
        off = np.eye(n) - x @ inverse @ x.T
        forms = np.zeros((p, np.unique(cluster).size, n))
        for g, code in enumerate(np.unique(cluster)):
            at = np.flatnonzero(cluster == code)
            value, vector = np.linalg.eigh(off[np.ix_(at, at)])
            keep = value > 1e-10
            root = (vector[:, keep] / np.sqrt(value[keep])) @ vector[:, keep].T
            forms[:, g] = (inverse @ x[at].T @ root) @ off[at]
        inner = forms @ forms.swapaxes(1, 2)
        df = np.trace(inner, axis1=1, axis2=2) ** 2 / (inner**2).sum(axis=(1, 2))
        return np.sqrt(((forms @ y) ** 2).sum(axis=1)), df

    return told


@pytest.fixture(params=["complete", "ragged"])
def holes(request):
    return {"complete": 0.0, "ragged": 0.06}[request.param]
