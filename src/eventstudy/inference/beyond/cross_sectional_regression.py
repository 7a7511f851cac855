"""Explaining CARs: their regression on characteristics of the security or the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from eventstudy._typing import Floats, Ints
from eventstudy.checks import checked, level as check_level
from eventstudy.errors import StudyError
from eventstudy.inference.core.few_clusters import cr2, effective_clusters, rests_on_one
from eventstudy.inference.core.spec import FEW_SESSIONS
from eventstudy.inference.core.wild_cluster import Wild, wild_cluster
from eventstudy.words import in_a_row

Errors = Literal["HC3", "cluster", "wild_cluster", "nonrobust", "portfolio"]

MANY_SESSIONS = 30
"""Sessions from which clusters of them tell the errors."""

LEAST_WILD = 6
"""Fewer clusters than this are too few for the wild bootstrap as well: of a characteristic that varies within them, with correlation
0.3, it rejected 22 % of true nulls with two, 16 with three, 10 with four, 7 with five and six, 4.5 with eight (200 samples each)."""

MOST_PAIRS = 5_000
"""Security-events of which the covariances of all pairs are still held."""


@dataclass(frozen=True, slots=True)
class CrossSection:
    """A cross-sectional regression of CARs.

    Attributes
    ----------
    names : tuple of str
        The constant first, then the characteristics.
    coefficient, se, statistic, pvalue, low, high : (p,) float
        In the unit of the CAR per unit of the characteristic; two-sided p and interval.
    level : float
        Of the interval.
    n, n_clusters, left_out : int
        Security-events used; clusters (0 if not clustered); left out for a missing value.
    r_squared : float
    df : (p,) float
        Degrees of freedom of t: n - p; with clusters those of Bell and McCaffrey, a coefficient each; NaN where p is counted.
    errors : str
        Kind of the standard errors.
    note : str
        Whether clusters are too few for them, or one alone determines a coefficient (its errors are NaN). Empty if neither.
    drawn : str
        With ``"wild_cluster"``: what was drawn.
    """

    names: tuple[str, ...]
    coefficient: Floats
    se: Floats
    statistic: Floats
    pvalue: Floats
    low: Floats
    high: Floats
    level: float
    n: int
    n_clusters: int
    left_out: int
    r_squared: float
    df: Floats
    errors: str
    note: str = ""
    drawn: str = ""

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict a coefficient: the rows of a table, the data of a chart.

        Returns
        -------
        list of dict
            ``term``, ``estimate``, ``se``, ``statistic``, ``pvalue``, ``low``, ``high``, ``n``.
        """
        columns = {
            "estimate": self.coefficient,
            "se": self.se,
            "statistic": self.statistic,
            "pvalue": self.pvalue,
            "low": self.low,
            "high": self.high,
            "df": self.df,
        }
        return [
            {"term": name, **{key: float(values[at]) for key, values in columns.items()}, "n": self.n}
            for at, name in enumerate(self.names)
        ]


def usual_errors(*, shared: bool, crossing: bool, sessions: int, n: int) -> Literal["HC3", "cluster", "portfolio"]:
    """Return the errors that are taken by default: do events share sessions, do windows of different sessions share bars."""
    if not (shared or crossing):
        return "HC3"
    return "cluster" if sessions >= MANY_SESSIONS and not (crossing and n <= MOST_PAIRS) else "portfolio"


def as_columns(name: str, values: ArrayLike) -> dict[str, Floats]:
    """Return a characteristic as numbers; words as one 0/1 column for each but the first in the alphabet."""
    given = np.asarray(values)
    if given.dtype.kind in "biuf":
        return {name: given.astype(float)}
    cells = given.astype(object).ravel()
    missing = np.array([cell is None or str(cell) in ("", "nan", "<NA>", "NaT") for cell in cells], dtype=bool)
    words = np.array(["" if gone else str(value) for value, gone in zip(cells, missing, strict=True)])
    try:
        return {name: np.array([np.nan if gone else float(word) for word, gone in zip(words, missing, strict=True)])}
    except ValueError:
        pass
    known = sorted(set(words[~missing].tolist()))
    if given.ndim != 1 or given.dtype.kind not in "OUT":
        msg = f"{name!r} holds {given.dtype} values of shape {given.shape}: one number or word a security-event"
        raise StudyError(msg)
    if len(known) < 2:
        msg = f"{name!r} is {known[0] if known else 'nothing'!r} for every security-event, which explains no difference; leave it out"
        raise StudyError(msg)
    return {f"{name}={word}": np.where(missing, np.nan, (words == word).astype(float)) for word in known[1:]}


@checked()
def explain(
    car: ArrayLike,
    characteristics: Mapping[str, ArrayLike],
    *,
    errors: Errors = "HC3",
    cluster: ArrayLike | None = None,
    car_se: ArrayLike | None = None,
    covariance: tuple[ArrayLike, ArrayLike] | None = None,
    level: float = 0.95,
    draws: int = 9999,
    seed: int | np.random.Generator | None = 0,
) -> CrossSection:
    """Regress CARs (or SCARs) on characteristics, with a constant, through statsmodels.

    Parameters
    ----------
    car : (N,) float
        Cumulative abnormal returns; rows with a missing value anywhere are left out and counted.
    characteristics : mapping of str to (N,) float or text
        Name to values: size, exposure, surprise, 0/1 for a group. Words become one 0/1 column for each but the first in
        the alphabet, ``industry=tech``.
    errors : {"HC3", "cluster", "wild_cluster", "portfolio", "nonrobust"}
        Standard errors. CARs have unlike variances, so plain ones are wrong. ``"HC3"``: events that are independent.
        ``"cluster"``: events that share a session (or a firm) move together, others do not; CR2, with the degrees of freedom
        of Bell and McCaffrey. ``"wild_cluster"``: the same where clusters are few or unlike; the restricted wild cluster
        bootstrap-t (`wild_cluster`), with the jackknife's standard errors. ``"portfolio"``: windows of different
        sessions share bars, or all events are on one date.
    cluster : (N,) int, optional
        For ``"cluster"`` and ``"wild_cluster"``: membership. ``note`` of the result says where clusters count as fewer than ten.
    covariance : ((N, N) float, (N,) float), optional
        For ``"portfolio"``: covariances of the CARs told by the estimation windows (`car_covariance`), and M - k. Each
        coefficient is the CAR of a portfolio w'CAR, with variance w'Vw; t with the mean M - k, exact on one date.
    car_se : (N,) float, optional
        Forecast standard errors of the CARs: weights them by 1 / se² (WLS).
    level : float
        Of the intervals.
    draws, seed
        Of the wild cluster bootstrap.

    Returns
    -------
    CrossSection

    Raises
    ------
    StudyError
        Lengths that do not fit, too few rows, collinear characteristics, clustering without `cluster`.

    References
    ----------
    MacKinlay (1997), section 9; Long and Ervin (2000) for HC3; Karafiath (1994) for WLS; Bell and
    McCaffrey (2002), Pustejovsky and Tipton (2018) for clusters; MacKinnon, Nielsen and Webb (2023) for few of them; Sefcik
    and Thompson (1986) for portfolios.

    Examples
    --------
    >>> import numpy as np
    >>> size = np.arange(10.0)
    >>> noise = 0.001 * np.array([1, -1, 2, 0, -2, 1, 0, -1, 1, -1])
    >>> found = explain(0.01 + 0.002 * size + noise, {"size": size})
    >>> found.names, found.coefficient.round(4).tolist(), found.n
    (('const', 'size'), [0.0104, 0.0019], 10)
    """
    check_level(level)
    import statsmodels.api as sm  # noqa: PLC0415  takes a second; only this function needs it

    _check_given(errors, cluster, covariance)
    y = np.asarray(car, dtype=float)
    columns: dict[str, Floats] = {}
    for name, values in characteristics.items():
        columns |= as_columns(name, values)
    for name, values in [*columns.items(), *([("car_se", np.asarray(car_se))] if car_se is not None else [])]:
        if values.shape != y.shape:
            msg = f"{name!r} has shape {values.shape}, the CARs {y.shape}: one value a security-event"
            raise StudyError(msg)
    x = np.column_stack([np.ones(y.size), *columns.values()])
    weight = np.ones(y.size) if car_se is None else 1 / np.asarray(car_se, dtype=float) ** 2
    used = np.isfinite(y) & np.isfinite(x).all(axis=1) & np.isfinite(weight)
    n, p = int(used.sum()), x.shape[1]
    if n <= p:
        msg = f"{n} security-events with all values cannot determine {p} coefficients"
        raise StudyError(msg)
    if np.linalg.matrix_rank(x[used]) < p:
        msg = f"the characteristics {in_a_row(columns)} are collinear (or constant) over the {n} security-events used"
        raise StudyError(msg)
    model = sm.WLS(y[used], x[used], weights=weight[used])
    fit = model.fit(cov_type=errors) if errors in ("HC3", "nonrobust") else model.fit()
    coefficient, groups, df, note = np.asarray(fit.params), 0, np.asarray(float(n - p)), ""
    counted: Wild | None = None
    if errors in ("cluster", "wild_cluster"):
        code = np.unique(np.asarray(cluster)[used], return_inverse=True)[1]
        groups = int(code.max()) + 1
        if groups < 2:
            msg = "clustered errors need at least two clusters"
            raise StudyError(msg)
        left = model.wendog - model.wexog @ coefficient
        if errors == "cluster":
            error, df = cr2(model.wexog, left, code)
        else:
            chance = np.random.default_rng(seed)
            counted = wild_cluster(model.wexog, coefficient, left, code, rng=chance, draws=draws, level=level)
            alone = rests_on_one(model.wexog, code)
            error, df = np.where(alone, np.nan, counted.se), np.asarray(np.nan)
        note = _doubt(np.bincount(code), counted, np.array(["const", *columns])[np.isnan(error)].tolist())
    elif covariance is not None and errors == "portfolio":
        form = np.linalg.pinv(model.wexog) * np.sqrt(weight[used])
        among = np.asarray(covariance[0], dtype=float)[np.ix_(used, used)]
        error = np.sqrt(np.maximum(np.einsum("pi,ij,pj->p", form, among, form), 0.0))
        df = np.asarray(np.asarray(covariance[1], dtype=float)[used].mean())
    else:
        error = np.asarray(fit.bse)
    df = np.broadcast_to(df, error.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic, explained = coefficient / error, float(fit.rsquared)
    pvalue, low, high = _judged(coefficient, error, df, level) if counted is None else counted.judged(error)
    return CrossSection(
        names=("const", *columns),
        coefficient=coefficient,
        se=error,
        statistic=statistic,
        pvalue=pvalue,
        low=low,
        high=high,
        level=level,
        n=n,
        n_clusters=groups,
        left_out=int(y.size - n),
        r_squared=explained,
        df=df,
        errors=errors,
        note=note,
        drawn="" if counted is None else counted.said(groups),
    )


def _judged(coefficient: Floats, error: Floats, df: Floats, level: float) -> tuple[Floats, Floats, Floats]:
    """Return p-values and intervals by Student's t."""
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.abs(coefficient / error)
    reach = special.stdtrit(df, 0.5 + level / 2) * error
    return 2 * special.stdtr(df, -size), coefficient - reach, coefficient + reach


def _doubt(sizes: Ints, counted: Wild | None, alone: list[str]) -> str:
    """Say which coefficients one cluster alone determines, and that clusters are too few or too unlike."""
    told = [f"one cluster alone determines {', '.join(alone)}, and no spread tells its error"] if alone else []
    if counted is not None:
        few = f"of {sizes.size} clusters even the wild bootstrap rejects too often" if sizes.size < LEAST_WILD else ""
    else:
        effective = effective_clusters(sizes)
        count = f"{sizes.size} clusters of {sizes.min()} to {sizes.max()} security-events count as {effective:.1f}"
        few = "" if effective >= FEW_SESSIONS else f"{count}: see errors='wild_cluster' beside"
    return "; ".join([*told, *([few] if few else [])])


def _check_given(errors: str, cluster: object, covariance: object) -> None:
    if errors in ("cluster", "wild_cluster") and cluster is None:
        msg = "clustered errors need cluster: a membership for each security-event, such as its session"
        raise StudyError(msg)
    if errors == "portfolio" and covariance is None:
        msg = "portfolio errors need covariance: that of the CARs, and their degrees of freedom"
        raise StudyError(msg)
