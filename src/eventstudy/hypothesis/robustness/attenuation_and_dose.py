"""Whether the reaction faded, whether it grew with the dose, and what the path of one episode says about another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from eventstudy._typing import Bools, Floats
from eventstudy.hypothesis.links.evidence import Evidence
from eventstudy.hypothesis.links.placebo_draws import differences, draw_without, pvalue
from eventstudy.hypothesis.record.build_record import StudyRecord

_BEFORE, _AFTER = 5, 30  # sessions of an episode's path

_FEWEST, _DIFFERENT = 5, 2  # points, and different doses among them, that a rank correlation needs


def attenuation(study: StudyRecord, evidence: Evidence, *, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """Compare reactions before and after the hypothesis had a name, and against their order, in 2025.

    The table: link, n_before, n_after, before, after (means, standard deviations), difference, p_difference (two-sided,
    labels permuted), size_difference and p_size (the same for absolute reactions), slope (per event), p_slope.
    """
    rules = study.rules
    split = int(study.index.searchsorted(pd.Timestamp(rules.attenuation_split), side="right"))
    begin = int(study.index.searchsorted(pd.Timestamp(rules.periods["before"][0]))) if "before" in rules.periods else 0
    rows = []
    for link, position in (("H1", study.record.trigger), ("H3", study.record.relief)):
        p = position[(position >= begin) & np.isfinite(evidence.scores.z[position])]
        z, late = evidence.scores.z[p], p >= split
        row: dict[str, Any] = {"link": link, "n_before": int((~late).sum()), "n_after": int(late.sum())}
        if row["n_before"] >= 2 and row["n_after"] >= 2:
            row |= {"before": float(z[~late].mean()), "after": float(z[late].mean())}
            row["difference"], row["p_difference"] = _split_test(z, late, draws, rng)
            row["size_difference"], row["p_size"] = _split_test(np.abs(z), late, draws, rng)
            order = np.arange(z.size, dtype=float)
            fit = stats.linregress(order, z)
            shuffled = z[draw_without(np.arange(z.size), z.size, draws, rng)]
            slopes = (shuffled - z.mean()) @ (order - order.mean()) / np.sum((order - order.mean()) ** 2)
            row |= {"slope": float(fit.slope), "p_slope": pvalue(abs(float(fit.slope)), np.abs(slopes))}
        rows.append(row)
    return pd.DataFrame(rows)


def _split_test(x: Floats, late: Bools, draws: int, rng: np.random.Generator) -> tuple[float, float]:
    null = differences(x, int(late.sum()), draws, rng)
    observed = float(x[late].mean() - x[~late].mean())
    return observed, pvalue(abs(observed), np.abs(null))


def dose_response(
    study: StudyRecord, evidence: Evidence, *, draws: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Relate the reaction to the announced change of the rate on the rival.

    Only acts of the decider on the rival that state both rates: the rates of product tariffs, and of acts on many
    countries, cover trade that neither the catalogue nor the definitions measure.

    The points: event_id, session, change (percentage points), cover (share of imports), dose (change times cover), sar,
    car. The test: n, rho (Spearman, of the change), pvalue (one-sided: a larger rise, a lower return; by permutation);
    the same among rises alone (n_rises, rho_rises, pvalue_rises), where direction cannot stand in for size; and among
    rises by change times cover (rho_dose, pvalue_dose).
    """
    rules = study.rules
    events = study.events
    rates = events["rate_after"] - events["rate_before"]
    # a leak may state no rate: then the change is that of the first row of its chain that does
    change = rates.fillna(rates.groupby([events["cluster"], events["stance"]]).transform("first"))
    on_rival = events["target"].map(lambda names: rules.sample.rival_actor.lower() in str(names).split("+"))
    mine = (
        events["actor"].isin([rules.sample.decider, "both"])
        & (on_rival | events.index.isin(rules.dose.also))
        & change.notna()
        & events["lead"]
    )
    position = study.index.get_indexer(pd.DatetimeIndex(events.loc[mine, "session"]))
    keep = position >= 0
    points = pd.DataFrame(
        {
            "event_id": events.index[mine][keep],
            "session": events.loc[mine, "session"].to_numpy()[keep],
            "change": change[mine].to_numpy(dtype=float)[keep],
            "dose": [c * rules.dose.share(str(name)) for name, c in change[mine][keep].items()],
            "sar": evidence.scores.z[position[keep]],
            "car": evidence.scores.car[position[keep]],
        }
    ).dropna()
    # one observation a session: changes of one session are summed
    points = points.groupby("session", as_index=False).agg(
        event_id=("event_id", " ".join),
        change=("change", "sum"),
        dose=("dose", "sum"),
        sar=("sar", "first"),
        car=("car", "first"),
    )
    points.insert(3, "cover", points["dose"] / points["change"].where(points["change"] != 0))
    every, alone, covered = rng.spawn(3)
    rises = points[points["change"] > 0]
    found = {"n": float(len(points)), "n_rises": float(len(rises))} | _spearman(points, "change", draws, every)
    for size, name, stream in (("change", "rises", alone), ("dose", "dose", covered)):
        found |= {f"{key}_{name}": value for key, value in _spearman(rises, size, draws, stream).items()}
    return points, found


def _spearman(points: pd.DataFrame, size: str, draws: int, rng: np.random.Generator) -> dict[str, float]:
    if len(points) < _FEWEST or points[size].nunique() < _DIFFERENT:
        return {"rho": float("nan"), "pvalue": float("nan")}
    x, y = stats.rankdata(points[size]), stats.rankdata(points["sar"])
    rho = float(np.corrcoef(x, y)[0, 1])
    shuffled = y[draw_without(np.arange(y.size), y.size, draws, rng)]
    null = (shuffled - y.mean()) @ (x - x.mean()) / (y.size * x.std() * y.std())
    return {"rho": rho, "pvalue": pvalue(-rho, -null)}


def episode_paths(study: StudyRecord) -> pd.DataFrame:
    """Lay the path of the index around each threat of the decider.

    The table: id, day (sessions from the first that could react), path (return since the close before the threat).
    """
    close = study.record.market.close
    rows = []
    for name, start in zip(study.record.spells.ids, study.record.spells.start, strict=True):
        for day in range(-_BEFORE - 1, _AFTER + 1):
            t = int(start) + day
            if 0 <= t < close.size:
                rows.append((name, day, float(close[t] / close[start - 1] - 1)))
    return pd.DataFrame(rows, columns=["id", "day", "path"])


def overlay(paths: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Lay the path of threat `second` over that of `first`, with the band of all others.

    The table: day, first, second, low, middle, high (10th, 50th, 90th percentile of the others), others (how many).
    """
    wide = paths.pivot_table(index="day", columns="id", values="path")
    others = wide.drop(columns=[name for name in (first, second) if name in wide])
    blank = pd.Series(np.nan, index=wide.index)
    band = (
        others.quantile([0.1, 0.5, 0.9], axis=1).T
        if others.shape[1]
        else pd.DataFrame(np.nan, index=wide.index, columns=[0.1, 0.5, 0.9])
    )
    return pd.DataFrame(
        {
            "day": wide.index,
            "first": wide.get(first, blank).to_numpy(),
            "second": wide.get(second, blank).to_numpy(),
            "low": band[0.1].to_numpy(),
            "middle": band[0.5].to_numpy(),
            "high": band[0.9].to_numpy(),
            "others": others.notna().sum(axis=1).to_numpy(),
        }
    )


def rate_ladder(study: StudyRecord) -> pd.DataFrame:
    """List the announced headline rates on the two sides, in order: rate_before and rate_after in percent."""
    sample = study.rules.sample
    events = study.events
    rival = sample.rival_actor
    on_rival = events["actor"].isin([sample.decider, "both"]) & (events["target"] == rival.lower())
    on_decider = (events["actor"] == rival) & (events["target"] == sample.decider.lower())
    stated = events["rate_after"].notna() & (on_rival | on_decider) & (events["instrument"] != "export_control")
    table = events.loc[stated, ["session", "stance", "rate_before", "rate_after"]].copy()
    table.insert(1, "side", np.where(on_rival[stated], "decider", "rival"))
    return table.reset_index().sort_values(["session", "event_id"], kind="stable").reset_index(drop=True)
