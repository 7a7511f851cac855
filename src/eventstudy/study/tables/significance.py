"""The significance tests on one window of a result."""

from __future__ import annotations

from typing import Any

import numpy as np

from eventstudy.inference import TestResult
from eventstudy.study.fitted import Alternative, Fitted, Window
from eventstudy.study.window_sample import window_sample


def one_test(
    result: Fitted,
    name: str,
    window: Window,
    *,
    alternative: Alternative = "two-sided",
    seed: int | np.random.Generator | None = None,
    **options: Any,
) -> TestResult:
    """See `StudyResult.test`."""
    from eventstudy import inference  # noqa: PLC0415  slow to import: only those who test pay

    needs = inference.TESTS[name].needs if name in inference.TESTS else ()
    sample = window_sample(result, window, placebo="refit" in needs, empty=True)
    return inference.run(name, sample, alternative=alternative, seed=seed, **options)
