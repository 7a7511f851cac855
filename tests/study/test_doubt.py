"""Which untreated securities are asked about a date, and what they are fitted on: by loops and least squares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

import eventstudy as es
from eventstudy.abnormal.models.latent_factors import FEWEST_DONORS
from eventstudy.study.doubt import MIXED, MOST_DATES, _apart, _date, _mean, _untreated

RTOL = 1e-9  # least squares twice
CLOSE = 1e-6  # two solvers of the same program
BARS, NAMES = 130, [f"S{at:02d}" for at in range(40)]


def world(seed=0, names=NAMES):
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, BARS)
    values = market[:, None] * rng.uniform(0.5, 1.5, len(names)) + rng.normal(0, 0.01, (BARS, len(names)))
    return pd.DataFrame(np.column_stack([market, values]), columns=["M", *names])


def fit(frame, rows, model=None, window=(-1, 2), estimation=None, *, mask=False):
    events = pd.DataFrame(rows, columns=["event_id", "symbol", "bar"])
    study = es.EventStudy(
        model=model or es.MarketModel("M"), window=window, calendar=None, mask_events=mask,
        estimation=estimation or es.EstimationWindow(40, end=-3, minimum=30),
    )  # fmt: skip
    return study.fit(events, frame)._fitted


@pytest.mark.parametrize("window", [(0, 0), (0, 2), (-3, 1), (2, 3)])
def test_dates_looked_at_share_no_bar_and_are_the_first_of_each_chain(window):
    rng = np.random.default_rng(3)
    day0 = rng.choice(np.arange(40, 200), 60)
    kept = []
    for day in sorted(set(day0.tolist())):
        bars = set(range(day + window[0], day + window[1] + 1))
        if all(not bars & set(range(one + window[0], one + window[1] + 1)) for one in kept):
            kept.append(day)
    assert _apart(day0, window).tolist() == kept


@pytest.mark.parametrize("count", [99, 100, 101, 299])
def test_of_very_many_dates_evenly_spaced_ones_are_looked_at(count):
    found = _apart(np.arange(count) * 5 + 7, (0, 4))
    assert MOST_DATES == 100  # as the method's documentation says
    at = [round(place * (count - 1) / 99) for place in range(100)] if count >= 100 else list(range(count))
    assert found.tolist() == [5 * one + 7 for one in at]


def test_an_event_of_its_own_takes_a_security_out_and_benchmarks_are_none():
    """Only where it was studied: an event without enough history, or beyond the data, marks nothing."""
    frame = world()
    frame.loc[:75, "S05"] = np.nan
    rows = [
        ("a", "S00", 80),
        ("b", "S03", 90),
        ("c", "S00", 0),
        ("d", "S05", 80),
        ("e", "S04", 500),
        ("f", "no such", 80),
    ]
    fitted = fit(frame, rows)
    part = fitted.parts[0]
    free = pd.DataFrame(_untreated(fitted, part).T, columns=part.aligned.symbols)
    assert free.shape == (BARS, 41)
    assert not free["M"].any()
    for name, days in {"S00": [80], "S03": [90], "S04": [], "S05": [], "S39": []}.items():
        assert np.flatnonzero(~free[name]).tolist() == days


def test_an_event_of_the_first_symbol_on_the_first_bar_is_one():
    frame = world()[[*NAMES, "M"]]
    fitted = fit(
        frame, [("a", "S00", 0), ("b", "S01", 80)], es.MarketAdjusted("M"), (0, 1), es.EstimationWindow(after=(3, 42))
    )
    part = fitted.parts[0]
    free = _untreated(fitted, part)
    assert not free[part.aligned.symbols.index("S00"), 0]
    assert (~free[:40]).sum() == 2


def test_a_model_with_donors_asks_its_own_and_one_with_markets_leaves_all_of_them_out():
    frame = world()
    fitted = fit(frame, [("a", "S00", 80)], es.LatentFactorModel(NAMES[10:30]))
    part = fitted.parts[0]
    free = dict(zip(part.aligned.symbols, _untreated(fitted, part).any(axis=1), strict=True))
    assert {name for name, yes in free.items() if yes} == set(NAMES[10:30])
    own = fit(frame, [("a", "S00", 80), ("b", "S01", 80)], es.MarketModel({"S00": "M", "S01": "S02"}))
    for part in own.parts:
        free = dict(zip(part.aligned.symbols, _untreated(own, part).any(axis=1), strict=True))
        assert not any(free.get(name, False) for name in ("M", "S02"))


CASES = {
    "plain": {},
    "days of another event are left out": {"mask": True},
    "two pieces": {"estimation": es.EstimationWindow(before=(-40, -3), after=(4, 13), minimum=30)},
    "the market is missing": {"missing": [70, 101]},
    "market-adjusted": {"model": es.MarketAdjusted("M")},
    "market-adjusted, and the market is missing": {"model": es.MarketAdjusted("M"), "missing": [70, 101]},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("window", [(-1, 2), (0, 1), (1, 1)])
def test_donors_of_a_date_are_fitted_as_the_studied_are(case, window):
    """Donors: those with all returns on the bars in use, and no event whose window meets that of the date."""
    given = dict(CASES[case])
    frame = world()
    frame.loc[given.pop("missing", []), "M"] = np.nan
    frame.loc[75, "S30"] = np.nan  # a hole in the estimation window
    frame.loc[100 + window[0], "S31"] = np.nan  # and in the tested one
    frame.loc[[90, 91], "S32"] = np.nan  # the days of another event
    frame.loc[104, "S33"] = np.nan  # beyond the window
    frame.loc[80, "S01"] = np.nan  # of the studied: their mean is of those that are there
    other = [("c", "S00", 90), ("d", "S01", 90)] if given.get("mask") else [("c", "S02", 90)]
    fitted = fit(frame, [("a", "S00", 100), ("b", "S01", 100), *other], **given)
    part, length = fitted.parts[0], window[1] - window[0] + 1
    free = _untreated(fitted, part)
    near = {"S10": 100 - length, "S11": 100 - length + 1, "S12": 100 + length - 1, "S13": 100 + length}
    for name, bar in near.items():
        free[part.aligned.symbols.index(name), bar] = False
    found = _date(part, 100, window, free)

    pieces = [(60, 97), (104, 113)] if case == "two pieces" else [(58, 97)]
    e = [bar for first, last in pieces for bar in range(first, last + 1)]
    hidden = {90, 91} if given.get("mask") else set()
    e = [bar for bar in e if bar not in hidden and np.isfinite(frame.loc[bar, "M"])]
    w = [bar for bar in range(100 + window[0], 100 + window[1] + 1) if np.isfinite(frame.loc[bar, "M"])]
    if not w:
        assert found is None
        return
    out = {"S00", "S01", "S11", "S12"}
    donors = [name for name in NAMES if name not in out and frame.loc[e + w, name].notna().all()]
    assert ("S32" in donors) == bool(hidden)
    if case == "two pieces":
        assert "S33" not in donors
    adjusted = isinstance(given.get("model"), es.MarketAdjusted)
    minus = frame["M"].to_numpy()[:, None] if adjusted else 0.0
    values = pd.DataFrame(frame[NAMES].to_numpy() - minus, columns=NAMES)
    x = np.column_stack([np.ones(BARS), frame["M"]])[:, : 1 if adjusted else 2]
    beta = np.linalg.lstsq(x[e], values.loc[e, donors], rcond=None)[0]
    ahead = values.loc[w, donors].to_numpy() - (0.0 if adjusted else x[w] @ beta)
    total = x[w].sum(axis=0)
    factor = len(w) + (0.0 if adjusted else total @ np.linalg.solve(x[e].T @ x[e], total))
    np.testing.assert_allclose(found.donors, values.loc[e, donors] - x[e] @ beta, atol=1e-15)
    np.testing.assert_allclose(found.donors_window, ahead, atol=1e-15)
    assert found.factor == pytest.approx(factor, rel=RTOL)
    assert (found.k, found.securities) == (1 if adjusted else 2, 2)
    own = []
    for name in ("S00", "S01"):
        there = [bar for bar in e if np.isfinite(values.loc[bar, name])]
        b = np.linalg.lstsq(x[there], values.loc[there, name], rcond=None)[0]
        own.append(values.loc[e, name].to_numpy() - x[e] @ b)
    np.testing.assert_allclose(found.treated, np.nanmean(own, axis=0), atol=1e-15)


def test_a_bar_without_any_of_the_studied_has_a_mean_of_nought():
    residual = np.array([[1.0, np.nan, np.nan, 2.0], [3.0, 5.0, np.nan, np.nan]])
    assert _mean(residual).tolist() == [2.0, 5.0, 0.0, 2.0]


@pytest.mark.parametrize("count", [FEWEST_DONORS - 1, FEWEST_DONORS])
def test_a_date_wants_as_many_donors_as_components_do(count):
    names = NAMES[: count + 1]
    fitted = fit(world(names=names), [("a", "S00", 100)])
    part = fitted.parts[0]
    found = _date(part, 100, (0, 1), _untreated(fitted, part))
    assert (found is not None) == (count == FEWEST_DONORS)
    if found is not None:
        assert found.donors.shape == (40, count)


def test_an_event_on_the_first_bar_of_all_keeps_its_security_from_being_a_donor_near_it():
    fitted = fit(world(), [("a", "S00", 1)], window=(0, 2), estimation=es.EstimationWindow(after=(3, 42)))
    part = fitted.parts[0]
    free = _untreated(fitted, part)
    assert _date(part, 1, (0, 2), free).donors.shape[1] == 39
    free[part.aligned.symbols.index("S20"), 0] = False
    assert _date(part, 1, (0, 2), free).donors.shape[1] == 38


def test_why_nobody_can_be_asked():
    frame = world(names=NAMES[: FEWEST_DONORS + 1])
    rows = [("a", "S00", 100), ("b", "S01", 100)]

    def said(model, rows=rows):
        events = pd.DataFrame(rows, columns=["event_id", "symbol", "bar"])
        study = es.EventStudy(model=model, window=(0, 1), calendar=None, estimation=es.EstimationWindow(40, end=-3))
        found = study.fit(events, frame).counterfactual()
        assert found.status == "unknown"
        return found.reason

    assert said(es.MarketModel("M")).startswith(f"fewer than {FEWEST_DONORS} untreated securities of the panel")
    assert "each security has regressors of its own" in said(es.MatchedPortfolio({"S00": "S05", "S01": ["S06", "S07"]}))
    assert (
        said(es.MarketModel("M"), [("a", "no such", 100), ("b", "S00", 3)])
        == "there are no untreated securities to ask"
    )


def mixed(stock, others, before, after):
    """One unit mixed from the others: residuals, forecast errors, free parameters and what the estimate adds to the variance."""
    y = stock[before] - stock[before].mean()
    d = others[:, before] - others[:, before].mean(axis=1, keepdims=True)
    scale = np.sqrt(((d - y) ** 2).mean())
    weight, _ = nnls(np.vstack([(d - y).T / scale, np.ones(len(d))]), np.append(np.zeros(len(before)), 1.0))
    chosen = np.flatnonzero(weight > 1e-9)
    base, rest = others[chosen[0]], others[chosen[1:]] - others[chosen[0]]
    x, ahead = (np.vstack([np.ones(len(at)), rest[:, at]]).T for at in (before, after))
    beta = np.linalg.lstsq(x, (stock - base)[before], rcond=None)[0]
    total = ahead.sum(axis=0)
    return ((stock - base)[before] - x @ beta, (stock - base)[after] - ahead @ beta, chosen.size,
            total @ np.linalg.solve(x.T @ x, total))  # fmt: skip


@pytest.mark.parametrize("window", [(0, 2), (0, 1), (2, 2)])
def test_donors_of_a_mixture_are_each_mixed_from_the_others(window):
    frame, count = world(5), 16
    donors = NAMES[2 : 2 + count]
    fitted = fit(frame, [("a", "S00", 100), ("b", "S01", 100)], es.SyntheticControl(donors), (0, 2))
    part = fitted.parts[0]
    found = _date(part, 100, window, _untreated(fitted, part))
    before, after = list(range(58, 98)), list(range(100 + window[0], 100 + window[1] + 1))
    others = frame[donors].to_numpy().T
    each = [mixed(others[j], np.delete(others, j, axis=0), before, after) for j in range(count)]
    np.testing.assert_allclose(found.donors, np.column_stack([one[0] for one in each]), atol=CLOSE)
    np.testing.assert_allclose(found.donors_window, np.column_stack([one[1] for one in each]), atol=CLOSE)
    assert found.k == int(np.median([one[2] for one in each]))
    assert found.factor == pytest.approx(len(after) + np.median([one[3] for one in each]), rel=1e-5)
    own = [mixed(frame[name].to_numpy(), others, before, after)[0] for name in ("S00", "S01")]
    np.testing.assert_allclose(found.treated, np.mean(own, axis=0), atol=CLOSE)
    assert found.securities == 2


@pytest.mark.parametrize("count", [FEWEST_DONORS, FEWEST_DONORS + 1])
def test_a_mixture_wants_one_donor_more_for_each_is_mixed_from_the_others(count):
    fitted = fit(world(), [("a", "S00", 100)], es.SyntheticControl(NAMES[1 : 1 + count]), (0, 1))
    part = fitted.parts[0]
    found = _date(part, 100, (0, 1), _untreated(fitted, part))
    assert (found is not None) == (count == FEWEST_DONORS + 1)
    if found is not None:
        assert found.donors.shape[1] == count


def test_of_very_many_donors_of_a_mixture_some_are_mixed():
    names = [f"S{at:02d}" for at in range(75)]
    fitted = fit(world(names=names), [("a", "S00", 100)], es.SyntheticControl(names[1:]), (0, 1))
    part = fitted.parts[0]
    assert MIXED == 60
    assert _date(part, 100, (0, 1), _untreated(fitted, part)).donors.shape[1] == 60


def test_components_of_a_date_are_what_the_donors_of_a_factor_model_are_fitted_on():
    """Without the components that another date has and this one lacks: the design is its own."""
    frame = world(7)
    fitted = fit(frame, [("a", "S00", 100)], es.LatentFactorModel(NAMES[5:]))
    part = fitted.parts[0]
    found = _date(part, 100, (0, 1), _untreated(fitted, part))
    design, ahead = (one[0] for one in part.abnormal.pool.columns(np.array([100])))
    k = 1 + int(part.abnormal.pool.number[0])
    assert found.k == k == len(design)
    values = frame[NAMES[5:]].to_numpy()
    beta = np.linalg.lstsq(design.T, values[58:98], rcond=None)[0]
    np.testing.assert_allclose(found.donors, values[58:98] - design.T @ beta, atol=1e-12)
    np.testing.assert_allclose(found.donors_window, values[100:102] - ahead[:, 1:3].T @ beta, atol=1e-12)
