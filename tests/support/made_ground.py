"""A ground for the rules of the ledger, made for the purpose: everything flat but for what is named."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from eventstudy.hypothesis.claims.ledger import Ground
from eventstudy.hypothesis.links.matching import Cells
from eventstudy.hypothesis.record.market import Market

INDEX = pd.bdate_range("2025-01-02", "2025-11-14").as_unit("us")


def ground(rules, *, closes=None, fears=None, events=None, securities=None, **parts):
    """A ground whose index and fear gauge are flat but for the days that are named."""
    close = pd.Series(100.0, index=INDEX)
    fear = pd.Series(20.0, index=INDEX)
    for day, value in (closes or {}).items():
        close[day] = value
    for day, value in (fears or {}).items():
        fear[day] = value
    market = Market(close.to_numpy(), fear.to_numpy(), np.full(len(INDEX), 4.0), np.asarray(INDEX.day_of_week))
    z = np.zeros(len(INDEX))
    for day, value in parts.pop("z", {}).items():
        z[INDEX.get_loc(pd.Timestamp(day))] = value
    noise = np.random.default_rng(0).standard_normal(len(INDEX))
    z = np.where(z == 0, noise, z)
    study = SimpleNamespace(
        rules=rules,
        index=INDEX,
        record=SimpleNamespace(market=market, trigger=np.zeros(0, int), relief=np.zeros(0, int), risk=None),
        events=events if events is not None else pd.DataFrame(),
        sample=SimpleNamespace(),
        employment=np.arange(5, 200, 6),
        threats=pd.DataFrame(),
    )
    for name, value in parts.pop("study", {}).items():
        setattr(study, name, value)
    evidence = SimpleNamespace(
        scores=SimpleNamespace(z=z, car=z / 100),
        cells=Cells(*np.zeros((4, len(INDEX)), int), np.arange(20, 200)),
        base=np.full(len(INDEX), -1),
    )
    return Ground(
        study=study,
        evidence=evidence,
        samples=parts.get("samples", {}),
        analysis=parts.get("analysis", SimpleNamespace(facts={}, tables={}, races={}, checks={})),
        securities=securities if securities is not None else pd.DataFrame(index=INDEX),
        draws=199,
        seed=0,
    )


def link(p, wrong=0.5, **details):
    return SimpleNamespace(applicable=True, pvalue=p, n=17, reason="", details={"p_wrong_sign": wrong, **details})
