# %% [markdown]
# # A thousand events
#
# One batched regression, with the exact forecast variance: a thousand events on a hundred securities take a moment.

# %%
import time

import numpy as np
import pandas as pd

import eventstudy as es

chance = np.random.default_rng(0)
bars, securities, events = 2500, 100, 1000
market = chance.normal(0, 0.01, bars)
frame = pd.DataFrame(
    {"MKT": market} | {f"S{i:03d}": chance.uniform(0.5, 1.5) * market + chance.normal(0, 0.02, bars) for i in range(securities)},
    index=pd.bdate_range("2015-01-01", periods=bars),
)
bar = frame.index[chance.integers(300, bars - 20, events)]
pairs = pd.DataFrame({"event_id": [f"e{i}" for i in range(events)], "bar": bar}).merge(
    pd.DataFrame({"symbol": [f"S{i:03d}" for i in range(securities)]}), how="cross"
)
len(pairs)

# %%
study = es.EventStudy(model=es.MarketModel("MKT"), calendar=None, mask_events=False)
start = time.perf_counter()
result = study.fit(pairs, es.ReturnPanel(frame))
car = result.car((0, 1))
print(f"{len(car) / (time.perf_counter() - start):,.0f} security-events a second, labels and all")

# %% [markdown]
# Every number is the one that a regression would give, event by event:

# %%
import statsmodels.api as sm

row = car.iloc[12_345]
day0 = frame.index.get_loc(row["session"])
before = slice(day0 - 260, day0 - 10)
fit = sm.OLS(frame[row["symbol"]].iloc[before], sm.add_constant(frame["MKT"].iloc[before])).fit()
window = slice(day0, day0 + 2)
expected = frame[row["symbol"]].iloc[window] - fit.predict(sm.add_constant(frame["MKT"].iloc[window]))
row["car"], expected.sum()

# %%
result.caar((0, 1))
