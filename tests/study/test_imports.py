"""What a small study costs to import: no source of prices, no network, no charts, no tests."""

import subprocess
import sys

import pytest

SMALL_STUDY = """
import sys
import numpy as np, pandas as pd
from eventstudy import EstimationWindow, EventStudy, MarketModel, ReturnPanel
frame = pd.DataFrame(np.sin(np.arange(240.0)).reshape(80, 3) / 100, columns=list("MAB"))
events = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [70]})
study = EventStudy(model=MarketModel("M"), calendar=None, window=(0, 1), estimation=EstimationWindow(60, -1))
assert len(study.fit(events, ReturnPanel(frame)).car((0, 1))) == 1
print(*sys.modules)
"""
NOT_NEEDED = {
    "ssl",
    "urllib.request",
    "yfinance",
    "matplotlib",
    "statsmodels",
    "scipy.stats",
    "scipy.optimize",
    "numba",
    "exchange_calendars",
    "eventstudy.returns.sources.yahoo",
    "eventstudy.inference",
    "eventstudy.abnormal.models.garch",
}
RESOLVE = """
import types
import eventstudy.returns.load, eventstudy.returns
wrong = [n for n in eventstudy.returns.__all__ if isinstance(getattr(eventstudy.returns, n), types.ModuleType)]
assert not wrong, wrong
assert dir(eventstudy.returns) == sorted(eventstudy.returns.__all__)
"""


def fresh(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.slow
def test_a_small_study_imports_only_what_it_uses():
    assert set(fresh(SMALL_STUDY)) & NOT_NEEDED == set()


@pytest.mark.slow
def test_no_lazy_name_of_returns_is_hidden_by_a_module_of_the_same_name():
    fresh(RESOLVE)
