# %% [markdown]
# # Choosing a test
#
# Twenty-six tests, and most of them are wrong for any given sample: common dates, event-induced variance, few events, skewness.
# The toolkit says which to believe, and a calibration lab with known truth shows why.

# %%
import numpy as np
import pandas as pd

import eventstudy as es
from eventstudy.calibration import SCENARIOS, Plan, calibrate, draw_table

# %% [markdown]
# **A common date**: twelve industries on one day. Tests that take them for independent count one observation twelve times.

# %%
industries = ["NoDur", "Durbl", "Manuf", "Enrgy", "Chems", "BusEq", "Telcm", "Utils", "Shops", "Hlth", "Money", "Other"]
returns = es.load_returns(["^GSPC", *industries], source="bundled")
catalog = es.load_events("us-china")
study = es.EventStudy(model=es.MarketModel("^GSPC"), mask_events=catalog)
result = study.fit(catalog.select(event_id="2025-04-02_liberation"), returns)
result.tests((0, 1), seed=0)

# %% [markdown]
# **The lab**: data without any effect, through the real engine. A test of level 5 % should reject in 5 %.

# %%
sorted(SCENARIOS)

# %%
plan = Plan(
    scenarios=("normal", "event_variance") if "event_variance" in SCENARIOS else tuple(SCENARIOS)[:2],
    tests=("patell", "bmp", "sign"),
    windows=((0, 0),),
    events=(50,),
    replications=1000,
    seed=1,
)
rows = calibrate(plan)
print(draw_table(rows, 50, (0, 0)))

# %% [markdown]
# Patell takes the variance of the estimation window for that of the event day; where the event raises it, it rejects far too often.
# The whole tables, 10,000 replications a cell, are in the documentation.
