"""Numbers that others published, and sizes that can be worked out exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eventstudy.calibration import SCENARIOS, Geometry
from eventstudy.calibration.batch import samples
from eventstudy.inference import events_needed, minimum_detectable, power
from eventstudy.inference.beyond.power import caar_se
from eventstudy.inference.significance_tests.common_date import Design, time_series
from eventstudy.inference.significance_tests.parametric import bmp, patell

PRINTED = 0.005  # two decimals are printed
MONTE_CARLO = 3  # standard errors

# MacKinlay (1997), Table 2: power of J1, two-sided 5 %; abnormal return 0.5, 1, 1.5, 2 %, sigma 2 %, then 4 %
MACKINLAY = {
    1: (0.06, 0.08, 0.12, 0.17, 0.05, 0.06, 0.07, 0.08),
    5: (0.09, 0.20, 0.39, 0.61, 0.06, 0.09, 0.13, 0.20),
    10: (0.12, 0.35, 0.66, 0.89, 0.07, 0.12, 0.22, 0.35),
    20: (0.20, 0.61, 0.92, 0.99, 0.09, 0.20, 0.39, 0.61),
    50: (0.42, 0.94, 1.00, 1.00, 0.14, 0.42, 0.76, 0.94),
    100: (0.71, 1.00, 1.00, 1.00, 0.24, 0.71, 0.96, 1.00),
}


@pytest.mark.parametrize("n", MACKINLAY)
def test_mackinlays_power_table(n):
    ours = [power(effect, caar_se(sigma, n)) for sigma in (0.02, 0.04) for effect in (0.005, 0.01, 0.015, 0.02)]
    np.testing.assert_allclose(ours, MACKINLAY[n], atol=PRINTED + 1e-9)


def test_mackinlays_sampling_interval():
    """Section 10: 50 events, 1 %, daily, weekly, monthly sigma: 0.94, 0.35, 0.12."""
    ours = [power(0.01, caar_se(0.02 * np.sqrt(days), 50)) for days in (1, 5, 22)]
    np.testing.assert_allclose(ours, [0.94, 0.35, 0.12], atol=PRINTED)


def test_detectable_effects_of_the_textbook():
    assert round(minimum_detectable(1.0), 4) == 2.8016
    assert round(minimum_detectable(1.0, target=0.9), 4) == 3.2415
    assert power(minimum_detectable(0.004, df=19), 0.004, df=19) == pytest.approx(0.8, abs=1e-9)
    assert events_needed(0.01, 0.02, bars=5, m=250) == int(np.ceil((2.8015852 * 2) ** 2 * 5.1))


@pytest.mark.parametrize(("factor", "percent"), [(1.5, 10.9), (2, 16.6), (3, 25.8)])
def test_patell_under_event_induced_variance_has_its_analytic_size(factor, percent):
    """2 (1 - Phi(1.96 / sqrt lambda)): Patell breaks, BMP does not."""
    assert 200 * stats.norm.sf(1.959964 / np.sqrt(factor)) == pytest.approx(percent, abs=0.06)
    draws = 20_000
    scar = np.sqrt(factor) * np.random.default_rng(1).standard_normal((draws, 50))
    plain = (patell(scar, np.full((draws, 50), 1e6)).p_two <= 0.05).mean()
    assert abs(plain - percent / 100) < MONTE_CARLO * np.sqrt(percent / 100 / draws) + 5e-4  # 5e-4: printed digits
    robust = (bmp(scar).p_two <= 0.05).mean()
    assert abs(robust - 0.05) < MONTE_CARLO * np.sqrt(0.05 * 0.95 / draws)


@pytest.mark.slow
def test_brown_and_warners_rejection_rates():
    """Brown and Warner (1985), Table 3: 250 samples of 50 securities, OLS market model, day 0, one-tailed 5 %.

    Their individual standard deviations average 2.53 % (Table 1) and differ: we draw them lognormal with the spread of
    Kothari and Warner (2007, Table 3), whose deciles run from 1.4 to 11.8 % about 5.3 %, a coefficient of variation of
    0.6. The test is theirs: the portfolio's own past by relative day. Rates must lie within three standard errors of
    their 250 samples.
    """
    published = {0.0: 0.044, 0.005: 0.272, 0.01: 0.804, 0.02: 0.996}
    rng, geometry, n, studies = np.random.default_rng(0), Geometry(), 50, 100
    spread = np.sqrt(np.log(1 + 0.6**2))
    found = dict.fromkeys(published, 0)
    for _ in range(10):
        sample = samples(SCENARIOS["normal"].draw(rng, studies, n, geometry), geometry, ((0, 0),))[0, 0]
        sigma = 0.0253 * np.exp(spread * rng.standard_normal((studies, n)) - spread**2 / 2)
        factor = sigma / 0.02  # the engine is linear: scaled returns have scaled residuals
        residual = sample.estimation.residual * factor[..., None]
        design = Design(sample.estimation.design[:, 0], sample.estimation.window_design[:, 0])
        for effect in published:
            car = sample.car * factor + effect
            outcome = time_series(residual, car, car[..., None], design, forecast_error=False)
            found[effect] += int((outcome.p_greater <= 0.05).sum())
    for effect, rate in published.items():
        error = np.sqrt(rate * (1 - rate) / 250)
        assert abs(found[effect] / 1000 - rate) < MONTE_CARLO * error, (effect, found[effect])
