"""Latent factors against statsmodels' components and regressions, brute-force leave-one-out, and loops with an SVD."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.multivariate.pca import PCA

import eventstudy as es
from eventstudy.abnormal import Exclusion, LatentFactorModel, estimate
from eventstudy.abnormal.engine import factor_fit
from eventstudy.abnormal.models import latent_factors
from eventstudy.abnormal.models.donor_pool import Donor, DonorEvents
from eventstudy.errors import StudyError

RTOL = 1e-9  # float64 on both sides; eigenvectors of a Gram matrix lose some digits of the smaller components
BY_ITERATION = 1e-8  # of a return: both sides stop when a hole moves by this
J, BARS, DAY0 = 40, 300, 270
WINDOW, ESTIMATION = (-2, 3), (-200, -11)
E = np.arange(DAY0 + ESTIMATION[0], DAY0 + ESTIMATION[1] + 1)
W = np.arange(DAY0 + WINDOW[0], DAY0 + WINDOW[1] + 1)


def world(seed=0, studied=7, factors=2, donors=J, bars=BARS):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.01, (factors, bars)) * np.array([1.0, 0.6, 0.4])[:factors, None]
    pool = rng.normal(1, 0.4, (donors, factors)) @ common + rng.normal(0, 0.01, (donors, bars))
    own = rng.normal(1, 0.4, (studied, factors)) @ common + rng.normal(0, 0.012, (studied, bars))
    return own, pool


def names(count=J):
    return tuple(f"D{number}" for number in range(count))


def run(own, pool, *, day0=DAY0, security=None, **options):
    model = {key: options.pop(key) for key in ("components", "factors", "fit", "exclude") if key in options}
    who = np.arange(len(own)) if security is None else security
    return estimate(own, pool, security=who, day0=np.broadcast_to(day0, who.shape), window=WINDOW, estimation=ESTIMATION,
                    model=LatentFactorModel(names(len(pool)), **model), **options)  # fmt: skip


def scores(pool, number, *, joint=True, everywhere=False, e=E, w=W):
    """Factors by statsmodels: of both windows, or of the estimation bars with the event bars projected."""
    block = np.vstack([pool[:, e].T, pool[:, w].T])
    block = block - (block if everywhere else block[: e.size]).mean(axis=0)
    if joint:
        both = PCA(block, ncomp=number, standardize=False, demean=False, normalize=False).factors
        return both[: e.size], both[e.size :]
    found = PCA(block[: e.size], ncomp=number, standardize=False, demean=False, normalize=False)
    return found.factors, block[e.size :] @ found.loadings


def with_constant(axes):
    return np.column_stack([np.ones(len(axes)), axes])


def by_regression(own, axes):
    ahead = with_constant(axes[1])
    for row in own:
        fit = sm.OLS(row[E], with_constant(axes[0])).fit()
        yield fit, ahead, row[W] - ahead @ fit.params


@pytest.mark.parametrize("kind", ["joint", "projected", "interactive"])
@pytest.mark.parametrize("number", [0, 1, 3])
def test_each_security_is_a_regression_on_the_components_of_statsmodels(kind, number):
    own, pool = world()
    fit = "interactive" if kind == "interactive" else "pc"
    found = run(own, pool, components=number, factors="projected" if kind == "projected" else "joint", fit=fit)
    axes = (np.zeros((E.size, 0)), np.zeros((W.size, 0)))
    if number:
        axes = scores(pool, number, joint=kind != "projected", everywhere=kind == "interactive")
    car, error, _ = found.car(*WINDOW)
    record = found.record(*WINDOW)
    for i, (ols, ahead, ar) in enumerate(by_regression(own, axes)):
        total = ahead.sum(axis=0)
        k = 1 + number
        np.testing.assert_allclose(found.ar[i], ar, rtol=RTOL, atol=1e-14)
        assert (found.df[i], found.m[i]) == (E.size - k, E.size)
        np.testing.assert_allclose(found.sigma[i] ** 2, ols.ssr / (E.size - k), rtol=RTOL)
        expected = ols.scale * (W.size + total @ ols.normalized_cov_params @ total)
        np.testing.assert_allclose([car[i], error[i] ** 2], [ar.sum(), expected], rtol=1e-8)
        np.testing.assert_allclose(record.residual[i], ols.resid, rtol=1e-8, atol=1e-12)
    assert record.design.shape == (len(own), E.size, k)


def test_interactive_effects_are_the_alternation_of_least_squares():
    own, pool = world(1, donors=20)
    block = np.vstack([pool[:, E].T, pool[:, W].T])
    rng = np.random.default_rng(0)
    factor, alpha = rng.normal(size=(len(block), 2)), np.zeros(20)
    for _ in range(500):  # Bai (2009): effects given factors, loadings given both, factors given loadings
        loading = np.linalg.lstsq(factor, block - alpha, rcond=None)[0]
        factor = np.linalg.lstsq(loading.T, (block - alpha).T, rcond=None)[0].T
        alpha = (block - factor @ loading).mean(axis=0)
    axes = factor[: E.size], factor[E.size :]
    found = run(own, pool, components=2, fit="interactive")
    for i, (_, _, ar) in enumerate(by_regression(own, axes)):
        np.testing.assert_allclose(found.ar[i], ar, atol=BY_ITERATION)


def test_cross_validation_leaves_out_one_bar_at_a_time():
    own, pool = world(2, studied=3, factors=3)
    own[1, [90, 100]] = np.nan
    factor, _ = scores(pool, 8)
    press = []
    for number in range(9):
        total = 0.0
        for row in own:
            usable = np.flatnonzero(np.isfinite(row[E]))
            x = np.column_stack([np.ones(usable.size), factor[usable, :number]])
            y = row[E][usable]
            for t in range(usable.size):
                rest = np.arange(usable.size) != t
                beta = np.linalg.lstsq(x[rest], y[rest], rcond=None)[0]
                total += (y[t] - x[t] @ beta) ** 2
        press.append(total)
    found = run(own, pool)
    assert found.pool.number.tolist() == [int(np.argmin(press))]
    assert found.pool.number[0] >= 2


def test_information_criterion_and_eigenvalue_ratio_as_printed():
    for seed in range(6):
        own, pool = world(seed, factors=3)
        block = np.vstack([pool[:, E].T, pool[:, W].T])
        block -= block[: E.size].mean(axis=0)
        t, j = block.shape
        mu = np.linalg.svd(block, compute_uv=False) ** 2 / (j * t)
        v = np.array([mu[r:].sum() for r in range(9)])
        ic = np.log(v) + np.arange(9) * (j + t) / (j * t) * np.log(min(j, t))
        ratio = np.concatenate([[mu.sum() / np.log(min(j, t))], mu])
        er = [ratio[r] / ratio[r + 1] for r in range(9)]
        assert run(own, pool, components="ic").pool.number[0] == np.argmin(ic)
        assert run(own, pool, components="er").pool.number[0] == np.argmax(er)


def test_holes_of_donors_are_filled_by_expectation_maximisation():
    own, pool = world(3)
    rng = np.random.default_rng(1)
    for donor in (0, 4, 9):
        pool[donor, rng.choice(E, 3, replace=False)] = np.nan
    pool[5, rng.choice(E, 4, replace=False)] = np.nan  # 2.1 %: too many
    pool[6, W[2]] = np.nan
    found = run(own, pool, components=2)
    state = found.pool.state[0]
    assert state[[0, 4, 9]].tolist() == [Donor.FILLED] * 3
    assert (state[5], state[6]) == (Donor.HOLES, Donor.HOLE_IN_WINDOW)
    keep = np.setdiff1d(np.arange(J), [5, 6])
    block = np.vstack([pool[keep][:, E].T, pool[keep][:, W].T])
    gone = np.isnan(block)
    full = np.where(gone, np.nanmean(block[: E.size], axis=0), block)
    for _ in range(2000):
        mean = full[: E.size].mean(axis=0)
        u, s, v = np.linalg.svd(full - mean, full_matrices=False)
        full = np.where(gone, (u[:, :2] * s[:2]) @ v[:2] + mean, full)
    factor = full - full[: E.size].mean(axis=0)
    u, _, _ = np.linalg.svd(factor, full_matrices=False)
    for i, (_, _, ar) in enumerate(by_regression(own, (u[: E.size, :2], u[E.size :, :2]))):
        np.testing.assert_allclose(found.ar[i], ar, atol=BY_ITERATION)


def test_masked_bars_are_left_out_for_all():
    own, pool = world(4)
    masked = np.zeros(BARS, dtype=bool)
    masked[E[[3, 50, 51]]] = True
    found = run(own, pool, components=2, masked=masked)
    e = np.setdiff1d(E, np.flatnonzero(masked))
    axes = scores(pool, 2, e=e)
    for i, row in enumerate(own):
        ols = sm.OLS(row[e], with_constant(axes[0])).fit()
        np.testing.assert_allclose(found.ar[i], row[W] - with_constant(axes[1]) @ ols.params, rtol=RTOL, atol=1e-14)
    assert (found.m == e.size).all()


def test_holes_of_the_studied_are_its_own():
    own, pool = world(5)
    own[2, E[::9]] = np.nan
    own[3, W[1]] = np.nan
    found = run(own, pool, components=2)
    axes = scores(pool, 2)
    there = np.isfinite(own[2, E])
    ols = sm.OLS(own[2, E][there], with_constant(axes[0])[there]).fit()
    np.testing.assert_allclose(found.ar[2], own[2, W] - with_constant(axes[1]) @ ols.params, rtol=RTOL, atol=1e-14)
    assert np.isnan(found.ar[3]).tolist() == [False, True, False, False, False, False]
    assert found.df[2] == there.sum() - 3


@pytest.mark.parametrize("exclude", ["overlap", "ever_treated", "never"])
def test_donors_with_events_of_their_own_are_left_out(exclude):
    own, pool = world(6, studied=3)
    begins = np.zeros(pool.shape, dtype=bool)
    begins[0, DAY0 + 5] = begins[1, DAY0 - 5] = begins[2, DAY0 + 6] = True
    events = DonorEvents(np.r_[np.full(J - 1, -1), 1], begins)  # the last donor is security 1
    state = run(own, pool, components=2, exclude=exclude, donors=events).pool.state[0]
    gone = {"overlap": [0, 1, J - 1], "ever_treated": [0, 1, 2, J - 1], "never": []}[exclude]
    assert np.flatnonzero(state).tolist() == gone
    found = run(own, pool, components=2, exclude=exclude, donors=events)
    alone = run(own, np.delete(pool, gone, axis=0), components=2)
    np.testing.assert_allclose(found.ar, alone.ar, rtol=RTOL, atol=1e-14)
    if gone:
        assert state[J - 1] == Donor.STUDIED_HERE


@pytest.mark.slow
def test_dates_that_share_products_agree_with_each_alone():
    own, pool = world(7, bars=420)
    rng = np.random.default_rng(2)
    pool[3, 300] = pool[8, 250] = pool[9, 120] = np.nan
    days = np.sort(rng.choice(np.arange(215, 410), 60, replace=False))
    begins = np.zeros(pool.shape, dtype=bool)
    begins[rng.integers(0, J, 30), rng.integers(200, 420, 30)] = True
    events = DonorEvents(np.full(J, -1), begins)
    who = np.tile(np.arange(len(own)), days.size)
    together = run(own, pool, security=who, day0=np.repeat(days, len(own)), components=2, donors=events)
    for at, day in enumerate(days[::7]):
        alone = run(own, pool, day0=day, components=2, donors=events)
        rows = slice(7 * at * len(own), (7 * at + 1) * len(own))
        np.testing.assert_allclose(together.ar[rows], alone.ar, atol=1e-13)
        np.testing.assert_allclose(together.ar_se()[rows], alone.ar_se(), rtol=RTOL)


def test_dates_with_different_numbers_of_components_keep_their_own_degrees_of_freedom():
    own, pool = world(8, bars=420)
    pool[:, :150] -= np.linspace(0, 2, J)[:, None] * np.sin(np.arange(150))  # a factor that only the first date sees
    own[:, :150] -= 2 * np.sin(np.arange(150))
    who, when = np.tile(np.arange(len(own)), 2), np.repeat([215, 400], len(own))
    both = run(own, pool, security=who, day0=when)
    assert both.pool.number[0] > both.pool.number[1]
    for at, day in enumerate((215, 400)):
        alone = run(own, pool, day0=day)
        rows = slice(at * len(own), (at + 1) * len(own))
        np.testing.assert_allclose(both.ar_se()[rows], alone.ar_se(), rtol=RTOL)
        np.testing.assert_allclose(both.car(*WINDOW)[1][rows], alone.car(*WINDOW)[1], rtol=RTOL)
        assert both.df[rows].tolist() == (E.size - 1 - both.pool.number[at] + np.zeros(len(own), int)).tolist()
    assert both.pool.usual() == both.pool.number[0]


def test_a_pool_that_is_too_thin_excludes_the_date():
    own, pool = world(9)
    assert (run(own, pool[:9], components=1).status == Exclusion.FEW_DONORS).all()
    assert (run(own, pool[:10], components=3).status == Exclusion.STUDIED).all()
    assert (run(own, pool[:10], components=4).status == Exclusion.FEW_DONORS).all()
    assert run(own, pool[:10], components=4).pool.number.tolist() == [-1]
    for donors, number in ((12, 4), (11, -1)):  # three donors a component, exactly, are enough
        found = run(own, pool[:donors], components=4)
        assert found.pool.number.tolist() == [number]
        assert (found.status == (Exclusion.STUDIED if number > 0 else Exclusion.FEW_DONORS)).all()
    assert np.isnan(run(own, pool[:9], components=1).car(*WINDOW)[0]).all()


@pytest.mark.parametrize(
    "given",
    [{"components": "bic"}, {"components": -1}, {"components": 2.0}, {"components": True}, {"factors": "both"}, {"fit": "ols"},
     {"exclude": "some"}, {"fit": "interactive", "factors": "projected"}, {"donors": ()}, {"donors": ("A", "A")}],
)  # fmt: skip
def test_what_is_no_model_is_refused(given):
    with pytest.raises(StudyError):
        LatentFactorModel(**{"donors": names(), **given})


@pytest.fixture(scope="module")
def panel():
    own, pool = world(10)
    index = pd.bdate_range("2023-01-02", periods=BARS)
    return pd.DataFrame(np.vstack([own, pool]).T, index=index, columns=[*"ABCDEFG", *names()])


def fit(panel, events, **options):
    study = es.EventStudy(model=LatentFactorModel(names(), **options), calendar=None, window=WINDOW,
                          estimation=es.EstimationWindow(190, -11))  # fmt: skip
    return study.fit(events, panel, symbols="all" if "symbol" not in events else None)


def test_a_donor_named_in_the_events_is_studied_and_leaves_the_pool(panel):
    day = panel.index[DAY0]
    pairs = pd.DataFrame(
        {"event_id": ["e", "e", "f"], "symbol": ["A", "D0", "D1"], "bar": [day, day, panel.index[DAY0 + 2]]}
    )
    result = fit(panel, pairs, components=2)
    assert result.car()["symbol"].tolist() == ["A", "D0", "D1"]
    state = result._fitted.parts[0].abnormal.pool.state
    assert [np.flatnonzero(row).tolist() for row in state] == [[0, 1], [0, 1]]
    rest = panel.drop(columns=["D0", "D1"])
    alone = es.EventStudy(model=LatentFactorModel(names()[2:], components=2), calendar=None, window=WINDOW,
                          estimation=es.EstimationWindow(190, -11))  # fmt: skip
    only = alone.fit(pairs[:1], rest).car()
    np.testing.assert_allclose(result.car()["car"].iloc[0], only["car"].iloc[0], rtol=RTOL)


def test_events_of_the_whole_panel_do_not_study_its_donors(panel):
    result = fit(panel, pd.DataFrame({"event_id": ["e"], "bar": [panel.index[DAY0]]}))
    assert result.car()["symbol"].tolist() == list("ABCDEFG")
    assert set(result.excluded["reason"]) == {"benchmark"}


def test_every_test_runs_and_placebo_dates_take_the_usual_number(panel):
    events = pd.DataFrame(
        {"event_id": list("abcdefg"), "symbol": list("ABCDEFG"), "bar": panel.index[[230, 270] * 3 + [250]]}
    )
    result = fit(panel, events)
    table = result.tests((0, 1), seed=1, full=True)
    assert table.set_index("name").loc["permutation", "applicable"]
    sample = result.sample((0, 1))
    again = sample.refit(sample.security, sample.day0)
    usual = result._fitted.parts[0].abnormal.pool.usual()
    np.testing.assert_allclose(again.car, fit(panel, events, components=usual).car((0, 1))["car"], rtol=RTOL)


def test_a_date_outside_the_donors_data_has_no_returns():
    own, pool = world(11)
    pool[:, W[2:]] = np.nan
    found = run(own, pool, components=2)
    assert np.isfinite(found.ar).sum(axis=1).tolist() == [2] * len(own)
    pool[:, W] = np.nan
    assert (run(own, pool, components=2).status == Exclusion.NO_RETURNS_IN_WINDOW).all()


def joint_spectrum(block, estimation):
    """Eigenvalues of donors in the columns, each less its mean over the estimation bars."""
    centred = block - block[:estimation].mean(axis=0)
    return np.linalg.svd(centred, compute_uv=False) ** 2


def by_bai_and_ng(block, estimation, most):
    """ICp2 of Bai and Ng (2002) at its least."""
    t, j = block.shape
    mu = joint_spectrum(block, estimation)
    left = np.array([mu[r:].sum() for r in range(most + 1)]) / (j * t)
    return int(np.argmin(np.log(left) + np.arange(most + 1) * (j + t) / (j * t) * np.log(min(j, t))))


@pytest.mark.parametrize("factors", [0, 1, 2])
def test_the_rank_of_what_fills_holes_is_that_of_the_donors_without(factors):
    """Where a criterion chooses, first among the donors without holes, with one component at least; then among all."""
    own, pool = world(21, factors=3)
    rng = np.random.default_rng(factors)
    pool = rng.normal(0, 0.01, pool.shape) + rng.normal(1, 0.4, (J, 3))[:, :factors] @ rng.normal(
        0, 0.012, (factors, BARS)
    )
    for donor in (1, 6, 11, 12):
        pool[donor, rng.choice(E, 3, replace=False)] = np.nan
    holed = np.isnan(pool).any(axis=1)
    both = np.r_[E, W]
    whole = pool[~holed][:, both].T
    rank = max(1, by_bai_and_ng(whole, E.size, min(8, E.size // 20, (~holed).sum() // 3)))
    block = pool[:, both].T
    gone = np.isnan(block)
    full = np.where(gone, np.nanmean(block[: E.size], axis=0), block)
    for _ in range(60):  # a dozen cells: each step leaves a small part of what the last moved
        mean = full[: E.size].mean(axis=0)
        u, s, v = np.linalg.svd(full - mean, full_matrices=False)
        full = np.where(gone, (u[:, :rank] * s[:rank]) @ v[:rank] + mean, full)
    number = by_bai_and_ng(full, E.size, min(8, E.size // 20, J // 3))
    found = run(own, pool, components="ic")
    assert found.pool.number.tolist() == [number]
    u, _, _ = np.linalg.svd(full - full[: E.size].mean(axis=0), full_matrices=False)
    mu = joint_spectrum(full, E.size)
    if number:
        assert found.pool.share[0] == pytest.approx(mu[:number].sum() / mu.sum(), rel=1e-6)
    for i, (_, _, ar) in enumerate(by_regression(own, (u[: E.size, :number], u[E.size :, :number]))):
        np.testing.assert_allclose(found.ar[i], ar, atol=10 * BY_ITERATION)


@pytest.mark.parametrize("mask", ["bars", "own"])
def test_cross_validation_reads_the_bars_that_are_estimated_on_of_those_that_have_enough(mask):
    own, pool = world(22, studied=4, factors=3)
    own[1, [90, 100]] = np.nan
    own[2, E[: E.size - 99]] = np.nan  # 99 bars: one too few, and a wild one among them
    own[2, E[-5]] = 3.0
    own[3, E[5]] = 20.0  # masked, and so wild that it would speak against every component
    masked = np.zeros((4, BARS) if mask == "own" else BARS, dtype=bool)
    masked[..., E[5]] = True
    if mask == "own":
        masked[0, E[20:24]] = True
    found = run(own, pool, masked=masked)
    hidden = np.broadcast_to(masked, (4, BARS))
    e = E if mask == "own" else np.delete(E, 5)
    factor, _ = scores(pool, 8, e=e)
    press = np.zeros(9)
    for row in (0, 1, 3):
        usable = np.flatnonzero(np.isfinite(own[row, e]) & ~hidden[row, e])
        y = own[row, e][usable]
        for number in range(9):
            x = np.column_stack([np.ones(usable.size), factor[usable, :number]])
            hat = x @ np.linalg.solve(x.T @ x, x.T)
            press[number] += (((y - hat @ y) / (1 - np.diag(hat))) ** 2).sum()
    assert found.pool.number.tolist() == [int(np.argmin(press))]
    assert found.status.tolist() == [0, 0, Exclusion.TOO_FEW_BARS, 0]


@pytest.mark.parametrize("components", ["er", "cv", "ic"])
def test_a_criterion_may_choose_the_eighth_component_and_none_beyond(components):
    rng = np.random.default_rng(25)
    for factors, chosen in ((8, 8), (7, 7)):
        common = rng.normal(0, 0.02, (factors, BARS))
        pool = rng.normal(0, 1, (60, factors)) @ common + rng.normal(0, 0.0005, (60, BARS))
        own = rng.normal(0, 1, (5, factors)) @ common + rng.normal(0, 0.0005, (5, BARS))
        found = run(own, pool, components=components)
        assert found.pool.number.tolist() == [chosen]
        assert found.pool.share[0] > 0.99


def test_dates_fitted_in_small_parts_and_on_threads_are_those_of_one_go(monkeypatch):
    own, pool = world(23, bars=420)
    pool[:, :150] -= np.linspace(0, 2, J)[:, None] * np.sin(np.arange(150))  # a factor that only the first dates see
    own[:, :150] -= 2 * np.sin(np.arange(150))
    pool[3, 300] = np.nan
    days = np.array([215, 400, 225, 380, 402, 216])
    who, when = np.tile(np.arange(3), days.size), np.repeat(days, 3)
    alone = run(own[:3], pool, security=who, day0=when)
    assert len(set(alone.pool.number.tolist())) > 1
    for name, value in (("DATES", 2), ("DATES", 4), ("THREADED_DATES", 1), ("THREADED_DATES", 2)):
        with monkeypatch.context() as patch:
            patch.setattr(factor_fit, name, value)
            other = run(own[:3], pool, security=who, day0=when)
        np.testing.assert_array_equal(other.pool.number, alone.pool.number)
        np.testing.assert_allclose(other.ar, alone.ar, rtol=RTOL, atol=1e-13)
        np.testing.assert_allclose(other.car(*WINDOW)[1], alone.car(*WINDOW)[1], rtol=RTOL)
    for at in range(0, who.size, 3):
        one = run(own[:3], pool, security=who[at : at + 3], day0=when[at : at + 3])
        np.testing.assert_allclose(alone.ar[at : at + 3], one.ar, rtol=RTOL, atol=1e-13)
    assert alone.pool.day0.tolist() == sorted(days.tolist())


def fits(number):
    dates = len(number)
    return factor_fit.FactorFit(
        np.arange(dates) * 10 + 5, np.zeros((dates, 2), dtype=np.int8), np.array(number, dtype=np.int64), np.zeros(dates),
        np.arange(dates * 12.0).reshape(dates, 4, 3), np.arange(dates * 8.0).reshape(dates, 4, 2),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "usual", "columns"),
    [
        ([2, 1, 2, 1, 3], 2, 4),
        ([1, 1, 2], 1, 3),
        ([0, 0, 3], 0, 4),
        ([-1, -1, -1, 1], 1, 2),
        ([-1, -1], 0, 1),
        ([], 0, 1),
        ([3], 3, 4),
    ],
)
def test_the_usual_number_is_the_most_frequent_and_of_equals_the_larger(number, usual, columns):
    fit = fits(number)
    assert fit.usual() == usual
    at = np.arange(len(number))[::-1]
    design, ahead = fit.columns(fit.day0[at])
    np.testing.assert_array_equal(design, fit.design[at, :columns])
    np.testing.assert_array_equal(ahead, fit.ahead[at, :columns])
    assert fit.take(np.array([0])) is fit


def test_a_pool_that_reads_too_few_bars_leaves_too_few_to_the_studied():
    own, pool = world(24)
    pool[:, E[: E.size - 100]] = np.nan  # 100 bars of the estimation window are left
    assert (run(own, pool, components=1).status == Exclusion.STUDIED).all()
    assert (run(own, pool, components=1, minimum=101).status == Exclusion.TOO_FEW_BARS).all()
    few = run(own, pool, components=1, minimum=101)
    assert few.pool.number.tolist() == [0]
    assert few.m.tolist() == [100] * len(own)
    assert run(own, pool[:9], components=1).pool.number.tolist() == [-1]
    thin = run(own, pool[:9], components=1)
    assert np.isnan([*thin.sigma, *thin.ar.ravel(), *thin.coef.ravel()]).all()
    assert not thin.degenerate.any()


def axes_of(value, total, donors=30, bars=100, rows=40):
    """A spectrum of which only the eigenvalues matter."""
    value = np.array(value)
    return latent_factors.Spectrum(np.zeros((rows, value.size)), np.zeros((3, value.size)), value, total, donors, bars)


def test_the_share_of_so_many_components_is_of_the_donors_whole_sum_of_squares():
    found = axes_of([6.0, 3.0, 0.5], 12.0)
    assert [found.share(number) for number in range(4)] == [0.0, 0.5, 0.75, 9.5 / 12]
    assert np.isnan(axes_of([0.0], 0.0).share(1))


def test_donors_are_centred_by_weights_in_their_gram_matrix():
    rng = np.random.default_rng(1)
    block = rng.normal(size=(7, 4)) + 3.0
    for everywhere, over in ((False, 5), (True, 7)):
        weight = latent_factors.means_over(5, 2, everywhere=everywhere)
        assert weight.tolist() == [1 / over] * over + [0.0] * (7 - over)
        less = block - block[:over].mean(axis=0)
        np.testing.assert_allclose(latent_factors.centred(block @ block.T, weight), less @ less.T, atol=1e-12)


def test_axes_of_both_windows_and_axes_of_the_estimation_bars_with_the_others_projected():
    rng = np.random.default_rng(2)
    block = rng.normal(size=(9, 5)) * [4, 3, 1, 1, 1]
    gram = block @ block.T
    u, s, v = np.linalg.svd(block, full_matrices=False)
    both = latent_factors.spectrum(gram, 6, 2, "joint", 5)
    np.testing.assert_allclose(both.value, s[:2] ** 2, rtol=RTOL)
    np.testing.assert_allclose(np.abs(np.vstack([both.estimation, both.window])), np.abs(u[:, :2]), atol=1e-10)
    assert (both.bars, both.donors, both.total) == (9, 5, pytest.approx((s**2).sum()))
    u, s, v = np.linalg.svd(block[:6], full_matrices=False)
    one = latent_factors.spectrum(gram, 6, 2, "projected", 5)
    np.testing.assert_allclose(one.value, s[:2] ** 2, rtol=RTOL)
    ahead = block[6:] @ v[:2].T / s[:2]
    sign = np.sign((one.estimation * u[:, :2]).sum(axis=0))
    np.testing.assert_allclose(one.estimation, u[:, :2] * sign, atol=1e-10)
    np.testing.assert_allclose(one.window, ahead * sign, atol=1e-10)
    assert (one.bars, one.donors, one.total) == (6, 5, pytest.approx((s**2).sum()))
    still = latent_factors.spectrum(np.diag([1.0, 0.0, 2.0]), 2, 2, "projected", 5)  # an axis on which nothing moves
    assert still.window.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("bars", "donors", "most"),
    [
        (1000, 1000, 8),
        (160, 1000, 8),
        (159, 1000, 7),
        (1000, 24, 8),
        (1000, 23, 7),
        (19, 1000, 0),
        (20, 1000, 1),
        (60, 6, 2),
    ],
)
def test_a_criterion_chooses_up_to_eight_a_twentieth_of_the_bars_and_a_third_of_the_donors(bars, donors, most):
    assert latent_factors.ceiling(bars, donors) == most


def test_the_information_criterion_by_hand():
    """ln V(r) + r (J + T)/(JT) ln min(J, T) with J = 4, T = 8: each component costs 0.375 ln 4 = 0.5199."""
    chosen = {  # of a total of 32, what each component takes; ln V(r) = ln of what is left, and a constant
        (12.0,): 0,  # ln(20/32) = -0.470
        (14.0,): 1,  # ln(18/32) = -0.575
        (14.0, 7.0): 1,  # ln(11/18) = -0.492
        (14.0, 8.0): 2,  # ln(10/18) = -0.588
        (12.0, 10.0): 2,  # the first does not pay, both do: ln(10/32) = -1.163 against -1.040
        (14.0, 18.0): 2,  # nothing is left
    }
    for value, number in chosen.items():
        assert latent_factors.bai_ng(axes_of(value, 32.0, 4, 8), len(value)) == number
        assert latent_factors.bai_ng(axes_of(value, 32.0, 8, 4), len(value)) == number
    assert latent_factors.bai_ng(axes_of((14.0, 8.0), 32.0, 4, 8), 1) == 1
    assert latent_factors.bai_ng(axes_of((12.0, 10.0), 32.0, 4, 8), 1) == 0
    assert latent_factors.bai_ng(axes_of((0.0, 0.0), 0.0, 4, 8), 2) == 0  # donors that do not move


def test_the_eigenvalue_ratio_by_hand():
    """mu_0 = total / ln min(J, T): with three donors or bars and a total of 32, 29.13."""
    for value, most, number in [
        ((20.0, 5.0, 4.0, 3.9), 3, 1),  # 1.46, 4, 1.25, 1.03
        ((6.0, 5.0, 4.0, 3.9), 3, 0),  # 4.85, 1.2, 1.25, 1.03
        ((20.0, 15.0, 1.0, 0.9), 3, 2),  # 1.46, 1.33, 15, 1.11
        ((20.0, 15.0, 5.0, 0.9), 3, 3),  # 1.46, 1.33, 3, 5.6
        ((20.0, 15.0, 5.0, 0.9), 2, 2),  # no more than two
        ((20.0, 15.0, 5.0, 0.9), 1, 0),
    ]:
        assert latent_factors.eigenvalue_ratio(axes_of(value, 32.0, 3, 8), most) == number
        assert latent_factors.eigenvalue_ratio(axes_of(value, 32.0, 8, 3), most) == number
    assert latent_factors.eigenvalue_ratio(axes_of((0.0, 0.0), 0.0), 1) == 0


def by_leaving_out(response, there, scores, number):
    total = 0.0
    for y, own in zip(response, there, strict=True):
        x = with_constant(scores[own, :number])
        for t in range(own.sum()):
            rest = np.arange(own.sum()) != t
            total += (y[own][t] - x[t] @ np.linalg.lstsq(x[rest], y[own][rest], rcond=None)[0]) ** 2
    return total


@pytest.mark.parametrize("seed", range(6))
def test_leave_one_out_of_securities_with_and_without_holes(seed):
    rng = np.random.default_rng(seed)
    scores = np.linalg.qr(rng.normal(size=(14, 4)))[0]
    response = rng.normal(size=(4, 4)) @ (scores * [2.0, 1.5, 1.0, 0.3]).T + rng.normal(0, 0.3, (4, 14))
    there = np.ones((4, 14), dtype=bool)
    there[1, [0, 5]] = there[2, 13] = False
    there[3, 4:] = False  # four bars: as many as parameters at most, so it has no say
    press = [by_leaving_out(response[:3], there[:3], scores, number) for number in range(4)]
    assert latent_factors.leave_one_out(response, there, scores, 3) == int(np.argmin(press))
    one, rows = latent_factors.leave_one_out, [[1], [2], [0]]
    for row in rows:
        alone = [by_leaving_out(response[row], there[row], scores, number) for number in range(3)]
        assert one(response[row], there[row], scores, 2) == int(np.argmin(alone))


def test_a_security_with_five_bars_has_a_say_among_three_components():
    """Four parameters, five bars: one degree of freedom, and its own fit decides."""
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(8, 3))
    there = np.ones((1, 8), dtype=bool)
    there[0, :3] = False
    response = (scores @ [1.0, 2.0, 3.0])[None] + 1e-6 * rng.normal(size=(1, 8))
    assert latent_factors.leave_one_out(response, there, scores, 3) == 3
    there[0, 3] = False
    assert latent_factors.leave_one_out(response, there, scores, 3) == 0


def test_who_chooses_the_number_of_a_date():
    rng = np.random.default_rng(4)
    scores = np.linalg.qr(rng.normal(size=(60, 5)))[0]
    response = (scores @ [5.0, 4.0, 3.0, 2.0, 0.0])[None] + 0.01 * rng.normal(size=(1, 60))
    there = np.ones(response.shape, dtype=bool)

    def choose(components, there=there, donors=40, value=(20.0, 15.0, 5.0, 0.9, 0.9)):
        found = latent_factors.Spectrum(scores, np.zeros((2, 5)), np.array(value), 32.0, donors, 60)
        return latent_factors.choose(LatentFactorModel(names(donors), components=components), found, response, there)

    assert choose(5) == 5
    assert choose("cv") == 3  # of 60 bars a twentieth, though four would fit better
    assert choose("cv", donors=7) == 2  # of seven donors a third
    assert choose("cv", value=(20.0,)) == 1  # no more than there are
    found = latent_factors.Spectrum(scores, np.zeros((2, 5)), np.array([20.0, 15.0, 5.0, 0.9, 0.9]), 32.0, 40, 60)
    assert choose("er") == latent_factors.eigenvalue_ratio(found, 3) == 3
    assert choose("ic") == latent_factors.bai_ng(found, 3)
    assert choose("cv", there=~there) == choose("ic")  # nobody studied has a return


def by_filling(block, missing, bars, number):
    """Stock and Watson's expectation maximisation with an SVD of all donors, bars down."""
    full = np.where(missing, np.nanmean(np.where(missing, np.nan, block)[:bars], axis=0), block)
    for _ in range(5000):
        mean = full[:bars].mean(axis=0)
        u, s, v = np.linalg.svd(full - mean, full_matrices=False)
        full = np.where(missing, (u[:, :number] * s[:number]) @ v[:number] + mean, full)
    return full


@pytest.mark.parametrize("number", [0, 1, 2])
def test_donors_with_holes_are_filled_from_the_axes_of_all(number):
    rng = np.random.default_rng(5)
    bars, window, donors = 16, 3, 9
    block = rng.normal(size=(bars + window, 2)) @ rng.normal(size=(2, donors)) + 0.2 * rng.normal(
        size=(bars + window, donors)
    )
    block += 5.0  # donors have means
    missing = np.zeros(block.shape, dtype=bool)
    missing[3, 7] = missing[10, 8] = missing[11, 8] = True
    weight = latent_factors.means_over(bars, window, everywhere=False)
    whole = block[:, :7] - block[:bars, :7].mean(axis=0)
    filled = latent_factors.fill(whole @ whole.T, block[:, 7:], missing[:, 7:], weight, number)
    expected = by_filling(block, missing, bars, max(number, 1))[:, 7:]  # no component: one fills
    np.testing.assert_allclose(filled, expected, atol=1e-6)
    np.testing.assert_array_equal(filled[~missing[:, 7:]], block[:, 7:][~missing[:, 7:]])
