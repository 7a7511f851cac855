"""A Dask client is an executor like any other."""

import numpy as np
import pandas as pd
import pytest

import eventstudy as es

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what a cluster warns of when it closes is not ours
def test_a_dask_client_changes_no_bit():
    rng = np.random.default_rng(1)
    index = pd.bdate_range("2023-01-02", periods=600)
    panel = es.ReturnPanel(pd.DataFrame(rng.normal(0, 0.01, (600, 6)), index=index, columns=list("MABCDE")))
    events = pd.DataFrame({"event_id": range(20), "symbol": list("ABCDE") * 4, "bar": index[300:580:14]})
    study = es.EventStudy(model=es.MarketModel("M"), calendar=None)
    alone = study.fit(events, panel).car()
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        for pool in (client, client.get_executor()):
            pd.testing.assert_frame_equal(alone, study.fit(events, panel, executor=pool).car(), check_exact=True)
