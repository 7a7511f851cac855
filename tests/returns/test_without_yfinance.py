"""An installation without yfinance, and without what only yfinance brings: own data are studied, and Yahoo is refused in words.

The packages are not hidden from the import: the program starts with a folder of packages that lacks them, as after
`pip uninstall`, and with every socket closed.
"""

import json
import os
import re
import subprocess
import sys
import sysconfig
from importlib.metadata import distribution, distributions
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
CLOSED = """
import socket, sys
def refuse(*given, **more):
    raise AssertionError("something asked for the network")
socket.socket.connect = socket.getaddrinfo = refuse
"""
OWN_DATA = (
    CLOSED
    + """
import importlib, pkgutil
import numpy as np, pandas as pd
import eventstudy as es
for module in pkgutil.walk_packages(es.__path__, "eventstudy."):
    if module.name.rsplit(".", 1)[-1] not in ("__main__", "_kernel_numba", "pytest_plugin"):
        importlib.import_module(module.name)
chance = np.random.default_rng(0).normal(0, 0.01, (300, 2))
prices = pd.DataFrame(100 * np.exp(chance.cumsum(0)), pd.bdate_range("2025-01-01", periods=300), ["M", "A"])
prices.rename_axis("date").to_csv("prices.csv")
returns = es.load_returns(source="prices.csv", calendar=None)
events = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [prices.index[280]]})
result = es.EventStudy(model=es.MarketModel("M"), calendar=None, window=(-1, 1)).fit(events, returns)
assert result.car((0, 1))["car"].notna().all() and len(result.tests((0, 1)))
es.freeze(es.load_prices(source="prices.csv", calendar=None), "frozen")
try:
    es.load_prices("NVDA", "2025-04-01", "2025-04-10", source="yahoo")
except es.errors.InputError as error:
    print(error)
assert not {"yfinance", "curl_cffi", "requests"} & set(sys.modules)
"""
)


def needed(name, found=None):
    """Every installed distribution that a name needs, itself among them; extras left out."""
    found = set() if found is None else found
    try:
        wants = distribution(name).requires or []
    except ModuleNotFoundError:
        return found
    found.add(canonical(name))
    for line in wants:
        below = re.match(r"[\w.-]+", line)[0]
        if "extra ==" not in line and canonical(below) not in found:
            needed(below, found)
    return found


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def only_of_yfinance():
    """What an installation has because of yfinance alone."""
    direct = {
        re.match(r"[\w.-]+", line)[0] for line in distribution("eventstudykit").requires if "extra ==" not in line
    }
    others = set().union(*(needed(name) for name in direct - {"yfinance"}))
    return needed("yfinance") - others


@pytest.fixture(scope="module")
def slim(tmp_path_factory):
    """Return how to run a program where those packages are not installed."""
    gone = only_of_yfinance()
    assert {"yfinance", "curl-cffi", "requests"} <= gone
    files = {Path(f).parts[0] for d in distributions() if canonical(d.name) in gone for f in d.files or ()}
    site = tmp_path_factory.mktemp("site")
    for place in Path(sysconfig.get_path("purelib")).iterdir():
        if place.name not in files and place.suffix != ".pth":
            (site / place.name).symlink_to(place)
    work = tmp_path_factory.mktemp("work")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (SOURCE, site)))}

    def run(*words):
        command = [sys.executable, "-S", *words]
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run.work = work
    return run


@pytest.mark.slow
def test_own_data_are_studied_and_yahoo_is_refused_with_the_way_out(slim):
    said = slim("-W", "error", "-c", OWN_DATA)
    assert (
        said
        == "the source 'yahoo' needs the package yfinance: pip install yfinance; or name a file: source='prices.csv'\n"
    )


@pytest.mark.slow
def test_the_flagship_runs_and_its_manifest_names_no_version_of_yfinance(slim):
    run = CLOSED + "from eventstudy.cli import main; main()"
    assert "written: out/report.html" in slim("-c", run, "run", "us-china", "--quick", "--out", "out")
    assert "yfinance" not in json.loads((slim.work / "out" / "manifest.json").read_text())["versions"]
