"""The value that every significance test returns: what was asked, what came out, on how much, and how far to trust it."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from eventstudy.checks import word

Alternative = Literal["two-sided", "less", "greater"]


@dataclass(frozen=True, slots=True, repr=False)
class TestResult:
    """One test on one sample.

    A test that could not be done is a result too: ``applicable`` is False, ``reason`` says why, and every number is NaN.
    Whether a test that could be done *should be believed* on this sample is said by ``valid`` and ``doubts``.

    Attributes
    ----------
    name : str
        Name in ``inference.TESTS``, or of the question asked.
    null : str
        The hypothesis tested.
    statistic : float
        Value of the test statistic.
    df : float, (float, float) or None
        Degrees of freedom; None where the distribution has none.
    distribution : str
        Reference distribution under the null, in words: ``"t"``, ``"normal"``, ``"F"``, ``"binomial, exact"``,
        ``"placebo, 999 draws"``.
    pvalue : float
        For ``alternative``; from survival functions, never ``1 - cdf``.
    alternative : {"two-sided", "less", "greater"}
        The side. A test of a joint null has only ``"two-sided"``.
    n : int
        Security-events used.
    n_clusters : int
        Independent sessions among them: distinct relative days 0.
    n_effective : float
        Security-events that would carry the same information if independent, N / (1 + (N - 1) r) with r the mean residual
        correlation weighted by shared bars; NaN where the estimation windows were not kept.
    estimate, se : float
        What is estimated, and its standard error, in ``unit``.
    ci : (float, float)
        Two-sided interval at ``level``, from the same distribution as the p-value; NaN where the test has none.
    unit : str
        Of ``estimate``, ``se`` and ``ci``: ``"return"`` (decimals), ``"standardized"``, ``"rank"``, ``"share"``.
    level : float
        Coverage of ``ci``.
    title, reference : str
        Name in words; author and year.
    assumptions : tuple of str
        What the test takes for granted.
    warnings : tuple of str
        What a reader should know about this use.
    applicable : bool
        False if the test could not be done.
    reason : str
        Why not; empty if it could.
    valid : bool or None
        Whether the assumptions hold on this sample as far as it can tell (``inference.recommend``); None if not judged.
    doubts : tuple of str
        Why not.
    caveats : tuple of str
        Of the warnings, those that name what the test takes for granted and so few security-events may not show to be wrong.
    size : float
        How often the test rejected true nulls at 5 % in the calibration lab, on samples that show what this one shows.
    size_source : str
        The scenario, number of security-events and window of that measurement.
    details : mapping
        Further numbers of this test.

    Examples
    --------
    >>> print(TestResult(name="bmp", null="mean SCAR = 0", applicable=False, reason="needs 2 security-events, has 1"))
    bmp: not applicable: needs 2 security-events, has 1
    >>> print(TestResult(name="bmp", null="mean SCAR = 0", statistic=2.5, df=19, distribution="t", pvalue=0.0217, n=20,
    ...                  n_clusters=20))
    bmp: 2.500, p = 0.0217 (two-sided), t(19), n = 20 in 20 sessions; null: mean SCAR = 0
    """

    __test__: ClassVar[bool] = False  # a test runner must not take this for a class of tests

    name: str
    null: str
    statistic: float = math.nan
    df: float | tuple[float, float] | None = None
    distribution: str = ""
    pvalue: float = math.nan
    alternative: Alternative = "two-sided"
    n: int = 0
    n_clusters: int = 0
    n_effective: float = math.nan
    estimate: float = math.nan
    se: float = math.nan
    ci: tuple[float, float] = (math.nan, math.nan)
    unit: str = "return"
    level: float = 0.95
    title: str = ""
    reference: str = ""
    assumptions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    applicable: bool = True
    reason: str = ""
    valid: bool | None = None
    doubts: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    size: float = math.nan
    size_source: str = ""
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        word(self.alternative, Alternative, "alternative")

    def to_dict(self) -> dict[str, Any]:
        """Return every field as plain values but ``caveats``, which stand in ``warnings``: one row of a table, an entry of a JSON file.

        Returns
        -------
        dict
            Field name to value; ``details`` is a dict.
        """
        row = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "caveats"}
        row["details"] = dict(self.details)
        return row

    def law(self) -> str:
        """Return the reference distribution with its degrees of freedom: ``"t(19)"``.

        Returns
        -------
        str
        """
        if self.df is None:
            return self.distribution
        degrees = self.df if isinstance(self.df, tuple) else (self.df,)
        return f"{self.distribution}({', '.join(f'{d:.6g}' for d in degrees)})"

    def __str__(self) -> str:
        if not self.applicable:
            return f"{self.name}: not applicable: {self.reason}"
        sessions = f" in {self.n_clusters} session{'s' if self.n_clusters != 1 else ''}" if self.n_clusters else ""
        text = (
            f"{self.name}: {self.statistic:.3f}, p = {self.pvalue:.3g} ({self.alternative}), {self.law()}, "
            f"n = {self.n}{sessions}; null: {self.null}"
        )
        if self.valid is False:
            text += f"; doubtful here: {'; '.join(self.doubts)}"
        return text

    def __repr__(self) -> str:
        return f"TestResult({self})"

    def _repr_html_(self) -> str:
        rows = [("null", self.null)]
        if self.applicable:
            rows += [
                ("statistic", f"{self.statistic:.3f}"),
                ("distribution", self.law()),
                ("p", f"{self.pvalue:.3g} ({self.alternative})"),
                ("estimate", f"{self.estimate:.6g} (se {self.se:.3g}), {self.unit}"),
                (f"{self.level:.0%} interval", f"{self.ci[0]:.4g} to {self.ci[1]:.4g}"),
                ("n", f"{self.n} ({self.n_clusters} sessions, effective {self.n_effective:.1f})"),
            ]
        else:
            rows.append(("not applicable", self.reason))
        rows += [("size", f"{self.size:.1%} at 5 % ({self.size_source})")] if self.size_source else []
        rows += [("doubt", text) for text in self.doubts] + [("warning", text) for text in self.warnings]
        rows += [("source", self.reference)] if self.reference else []
        body = "".join(f"<tr><th>{html.escape(key)}</th><td>{html.escape(value)}</td></tr>" for key, value in rows)
        return f"<table><caption>{html.escape(self.title or self.name)}</caption>{body}</table>"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Whether a test is to be believed on a sample.

    Attributes
    ----------
    name : str
        Of the test.
    applicable : bool
        Whether it can be done.
    valid : bool
        Whether it can be done and nothing measured speaks against it.
    reasons : tuple of str
        Why not.
    caveats : tuple of str
        What it takes for granted that so few security-events may not show to be wrong, with the chance that they do.
    size, size_source : float, str
        As those of `TestResult`: a ranking, also where nothing is believed.
    """

    name: str
    applicable: bool
    valid: bool
    reasons: tuple[str, ...]
    caveats: tuple[str, ...] = ()
    size: float = math.nan
    size_source: str = ""
