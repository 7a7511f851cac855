"""Samples of security-events for tests: several as one batch, and one from its residuals."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from eventstudy.abnormal.window_sample import EstimationRecord
from eventstudy.inference import sample_of

PER_EVENT = ("security", "day0", "bar", "ar", "ar_se", "car", "car_se", "sigma", "m", "df")


def batch_of(samples, shape=None):
    """Samples of one size as one, the leading axes those of `shape`; one axis if none is given."""
    shape = (len(samples),) if shape is None else shape

    def stacked(parts):
        return np.stack(parts).reshape(*shape, *np.shape(parts[0]))

    record = samples[0].estimation
    if record is not None:
        joined = {f.name: stacked([getattr(s.estimation, f.name) for s in samples]) for f in fields(record)}
        record = replace(record, **joined)
    per_event = {f: stacked([getattr(s, f) for s in samples]) for f in PER_EVENT}
    return replace(samples[0], **per_event, estimation=record, degenerate=None, refit=None, admissible=None)


def with_residuals(residual, bars=1, day0=None, **given):
    """A sample with these standardized residuals (sigma 1, no leverage), windows far apart unless told."""
    residual = np.asarray(residual, dtype=float)
    n, past = residual.shape
    made = sample_of(ar=np.full((n, bars), 0.01), sigma=1.0, m=past, day0=day0)
    record = EstimationRecord(
        residual,
        np.zeros((n, past)),
        made.day0[:, None] - past - 1 + np.arange(past) + 10_000,
        np.ones((n, past, 1)),
        np.ones((n, bars, 1)),
    )
    return replace(made, bar=made.bar + 10_000, estimation=record, **given)
