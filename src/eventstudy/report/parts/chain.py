"""The hypothesis: what the verdict says, link by link, with the figures behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from eventstudy.hypothesis import SelloffForcesSoftening
from eventstudy.hypothesis.wording import pvalue_words, typeset
from eventstudy.report.document import Fact, Section, Table
from eventstudy.report.parts.chain_charts import chain_charts, link_names
from eventstudy.report.parts.part import Part

if TYPE_CHECKING:
    from collections.abc import Callable

    from eventstudy.hypothesis import Verdict
    from eventstudy.inference import TestResult
    from eventstudy.report.parts.part import Inputs

__all__ = ["chain_part", "verdict_of"]

TITLES = {  # of the verdict's tables; a table without a title here is shown under its name
    "links": "The links, sample by sample",
    "events_used": "Sessions that entered each link",
    "excluded": "Announcements that entered no link",
    "threats": "Threats, from the first news to relief, implementation or censoring",
    "placebos": "Placebo draws",
    "falsifiers": "What was declared beforehand to stand in the way",
    "race": "Rival explanations of relief, one at a time",
    "race_joint": "Rival explanations together",
    "companions": "Companion tests of the middle link",
    "calendar_shift": "The whole calendar shifted: the smallest of the three standardized links",
    "cycles": "Threat by threat: did the cycle complete?",
    "variants": "Variants of the sample and the window",
    "leave_out": "Each session, and each cluster, left out in turn",
    "giveback": "What the next five sessions gave back",
    "curve": "Every declared specification",
    "curve_summary": "The specification curve as a whole, against shifted calendars",
    "attenuation": "Reactions before and after the hypothesis had a name",
    "dose": "Reaction and announced change of rates",
    "rate_ladder": "Announced rates",
    "paths": "The index around each threat",
    "overlay": "One threat laid over another, with all others",
    "securities": "Which securities fell on threats and rose on relief",
    "groups": "Groups of securities beyond the market",
    "tells": "Drift before announcements, signed by what came",
    "claims": "The ledger of claims",
}
LEDGER = "chain_claims"
ILLUSTRATIONS = ("overlay", "tariff-ladder")
CLAIMED = (
    "Each claim with the figure, the test and the window behind its verdict: supported, contradicted, mixed, or not testable "
    "with the reason. Several of these tests are exploratory, and one in twenty would reject by chance."
)
LIKE = "Paths laid over each other illustrate; they test nothing."
UNITS = {  # what a column holds; one that begins with "p_" is a p-value
    "pvalue": "pvalue",
    "car": "percent",
    "mean_car": "percent",
    "loss_before": "percent",
    "loss_at_relief": "percent",
    "first_session": "percent",
    "next_five": "percent",
    "drift": "percent",
    "path": "percent",
    "first": "percent",
    "second": "percent",
    "low": "percent",
    "middle": "percent",
    "high": "percent",
    "share": "percent",
    "share_in_direction": "percent",
    "share_significant": "percent",
    "weight": "percent",
    "cover": "percent",
    "change": "points",
    "dose": "points",
    "rate_before": "% of value",
    "rate_after": "% of value",
    "sar": "sd",
    "first_sar": "sd",
    "relief_sar": "sd",
    "z": "sd",
    "n": "count",
}
LABELS = {  # heads of columns, where a name alone does not say it
    "n": "sessions",
    "ci_low": "interval from",
    "ci_high": "interval to",
    "pvalue": "p, headline",
    "p_permutation": "p, permutation",
    "p_matched": "p, matched placebos",
    "p_shift": "p, calendar shifted",
    "p_left_out": "p, worst session or cluster left out",
    "p_sessions": "p, decisions shifted along the sessions at risk",
    "p_hazard": "p, score test of the hazard",
    "p_t": "p, t-test",
    "p_wilcoxon": "p, Wilcoxon",
    "p_sign": "p, sign test",
    "p_equivalence": "p, equivalence",
    "p_two_of_three": "p, at least two of three links",
    "p_likelihood_ratio": "p, likelihood ratio",
    "p_holm": "p, Holm",
    "p_step": "p, step-down",
    "p_shifted": "p, one session earlier",
    "p_difference": "p, difference",
    "p_size": "p, difference of sizes",
    "p_slope": "p, trend",
    "p_median": "p, median of the curve",
    "p_share": "p, share of the curve",
    "p_kp_bmp": "p, Kolari-Pynnönen BMP",
    "p_kp_patell": "p, Kolari-Pynnönen Patell",
    "p_grank_t": "p, generalised rank",
    "power": "power at the declared effect (1 = certain)",
    "effect": "declared effect (sd; odds ratio for H2; 1 for the chain)",
    "detectable": "smallest effect found at the target power (same unit; multiples for the chain)",
    "smallest_margin": "smallest margin of equivalence",
    "mean_car": "mean abnormal return",
    "car": "abnormal return",
    "sar": "standardized abnormal return",
    "loss_before": "loss since the threat",
    "loss_at_relief": "loss since the threat at relief",
    "first_sar": "first reaction",
    "relief_sar": "reaction to relief",
    "reversal": "reaction to relief over first reaction, sign turned",
    "next_five": "next five sessions",
    "given_back": "share given back",
    "change": "change of the rate",
    "cover": "share of imports covered",
    "dose": "change times cover",
    "hazard_ratio": "hazard ratio (per SD, or 1 against 0)",
    "log_se": "standard error of its logarithm",
    "bic": "BIC",
    "fires": "fires",
    "required": "must be judged",
    "n_before": "sessions before",
    "n_after": "sessions after",
    "size_difference": "difference of sizes",
    "first": "first threat",
    "second": "second threat",
    "low": "10th percentile of the others",
    "middle": "median of the others",
    "high": "90th percentile of the others",
}
OWN_LABELS = {  # where a table's column means something of its own
    "companions": {"n": "sessions or threats", "pvalue": "p", "events": "reliefs"},
    "curve": {"pvalue": "p, calendar shifted"},
    "placebos": {"pvalue": "p, this scheme", "sd": "sd of the draws", "mean": "mean of the draws", "q05": "5% of the draws", "q95": "95% of the draws"},
    "calendar_shift": {"pvalue": "p of the smallest"},
    "race": {"p_permutation": "p, permutation within ages (one-sided)", "rows": "episode-days"},
    "securities": {"pvalue": "p, placebo dates", "n": "sessions", "group": "link", "z": "mean standardized reaction"},
    "groups": {"n": "security-events"},
    "tells": {"pvalue": "p, headline", "n": "events", "drift": "mean signed return before", "z": "standardized"},
    "attenuation": {"before": "mean before, sd", "after": "mean after, sd", "slope": "trend an event, sd"},
}  # fmt: skip
OWN_UNITS = {"giveback": {"given_back": "percent"}, "links": {"estimate": "in the unit of its row"}}
CAPTIONS = {
    "links": (
        "Estimates in their row's unit: standardized reactions (H1, H3), difference of losses as a decimal (H2). The headline p is the largest "
        "of a link's tests; a permutation p is never below 1 over the draws and one. Power is the share of simulated records of this "
        "study with the declared effect in which the headline p rejects: for H2 by both its tests, for the chain by all links."
    ),
    "falsifiers": "“—”: cannot be judged on these figures, and why. One that must be judged stands in the way like one that fires.",
    "companions": "Exploratory. What the chain predicts stands under “expected”.",
    "overlay": "Sessions from the first that could react; returns since the close before. The chart names the two threats.",
    "dose": "Acts of the decider on the rival that state both rates; cover as the announcement names it, all imports where it names no list.",
    "race": "A description where reliefs are few: the smallest BIC is the favourite.",
}


def verdict_of(inputs: Inputs, *, seed: int, quick: bool, progress: Callable[[str], None] | None) -> Verdict:
    """Test the hypothesis on a study's inputs."""
    hypothesis = SelloffForcesSoftening(
        market=inputs.study.market.symbol,
        fear=inputs.study.market.fear,
        seed=seed,
        definitions=inputs.definitions.raw if inputs.study.hypothesis and inputs.study.hypothesis.definitions else None,
        calendar=inputs.study.calendar,
        quick=quick,
        progress=progress,
    )
    return hypothesis.test(inputs.catalog, inputs.prices, securities=inputs.securities)


def chain_part(inputs: Inputs, *, seed: int, quick: bool, progress: Callable[[str], None] | None) -> Part:
    """Test the hypothesis and say what came out."""
    verdict = verdict_of(inputs, seed=seed, quick=quick, progress=progress)
    charts = chain_charts(verdict, inputs)
    tables = tuple(
        Table(
            f"chain_{name}",
            TITLES.get(name, name.replace("_", " ")),
            CAPTIONS.get(name, ""),
            frame,
            units=_units(name, frame),
            labels={c: label for c, label in (LABELS | OWN_LABELS.get(name, {})).items() if c in frame.columns},
            filters=tuple(column for column in ("link", "sample", "group", "verdict") if column in frame.columns),
            open=name in {"links", "claims"},
        )
        for name, frame in verdict.tables().items()
    )
    lines = tuple(typeset(line) for line in verdict.summary().splitlines())
    chain = Section(
        "Does the chain hold?",
        lines[2:],  # the first two are the answer
        charts=tuple(chart.name for chart in charts if chart.name not in ILLUSTRATIONS),
        tables=tuple(table.name for table in tables if table.name != LEDGER),
    )
    ledger = Section("What was claimed", (CLAIMED,), tables=(LEDGER,))
    likeness = Section("Likenesses", (LIKE,), charts=tuple(c.name for c in charts if c.name in ILLUSTRATIONS))
    return Part(
        sections=tuple(part for part in (chain, ledger, likeness) if part.charts or part.tables),
        charts=charts,
        tables=tables,
        results={"hypothesis": verdict.to_dict()},
        facts=_facts(verdict),
        answer=(lines[1], lines[0]),
    )


def _units(name: str, frame: pd.DataFrame) -> dict[str, str]:
    numbers = [str(c) for c in frame.columns if pd.api.types.is_numeric_dtype(frame[c])]
    found = {c: "pvalue" if c.startswith("p_") else UNITS[c] for c in numbers if c.startswith("p_") or c in UNITS}
    return found | {c: unit for c, unit in OWN_UNITS.get(name, {}).items() if c in frame.columns}


def _facts(verdict: Verdict) -> tuple[Fact, ...]:
    lead = verdict.samples[verdict.headline]
    links = link_names(verdict)
    facts = [_fact(f"{name}: {links[name]}", link, verdict.definitions.level) for name, link in lead.links.items()]
    word = {True: "supported", False: "contradicted", None: "not established"}[verdict.supported]
    tone = {True: "yes", False: "no", None: "open"}[verdict.supported]
    note = f"sample “{verdict.headline}”; {pvalue_words(lead.chain.pvalue) if lead.chain.applicable else lead.chain.reason}"
    return (*facts, Fact("The chain: all three links", word, note, tone))


def _fact(label: str, link: TestResult, level: float) -> Fact:
    if not link.applicable:
        return Fact(label, "not testable", link.reason, "open")
    figure = f"{link.estimate * 100:+.2f} points" if link.unit == "return" else f"{link.estimate:+.2f} sd"
    return Fact(
        label,
        figure.replace("-", "−"),
        f"{pvalue_words(link.pvalue)}, n = {link.n_clusters} sessions",
        "yes" if link.pvalue <= level else "open",
    )
