"""Ray works for a study through its own executor: the module itself, after ``ray.init()``."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra `ray` is not installed"),
]

# in a process of its own: what Ray leaves behind when it stops is not ours
SCRIPT = """
import hashlib, pathlib, sys, warnings
warnings.simplefilter("ignore")
import numpy as np, pandas as pd, ray
import eventstudy as es
from eventstudy.study.large import plan
from eventstudy.workers import spread

plan.ROWS = 1
folder = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(1)
index = pd.bdate_range("2023-01-02", periods=600, name="date")
panel = pd.DataFrame(rng.normal(0, 0.01, (600, 6)), index=index, columns=list("MABCDE"))
panel.to_parquet(folder / "panel.parquet")
events = pd.DataFrame({"event_id": range(20), "symbol": list("ABCDE") * 4, "bar": index[300:580:14]})
study = es.EventStudy(model=es.MarketModel("M"), calendar=None)
memory = study.fit(events, es.ReturnPanel(panel))
memory.to_parquet(folder / "memory")

def digests(name):
    files = sorted(path for path in (folder / name).iterdir() if path.name != "manifest.json")
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]

def refuse(number):
    raise es.InputError(f"no {number}")

ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100 << 20, log_to_driver=False)
study.fit(events, es.scan_returns(str(folder / "panel.parquet"), memory=0), executor=ray).to_parquet(folder / "out")
assert digests("out") == digests("memory")
assert study.fit(events, es.ReturnPanel(panel), executor=ray).car().equals(memory.car())
try:
    dict(spread(refuse, [(1,)], ray))
except es.InputError as error:
    assert "no 1" in str(error), error
else:
    raise AssertionError("the error of the work was lost")
print("the same")
"""


def test_ray_changes_no_byte_and_hands_on_the_errors_of_the_work(tmp_path):
    patient = {**os.environ, "RAY_raylet_start_wait_time_s": "300"}  # a busy machine
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=patient)
    assert done.stdout.strip().endswith("the same"), done.stderr[-2000:]
