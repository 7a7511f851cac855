# %% [markdown]
# # What would have happened
#
# Three questions that a market model answers badly: a policy day picked because the market was wild, one firm and a lawsuit,
# and a pool that is too thin. All data here are made up, so that the truth is known.

# %%
import numpy as np
import pandas as pd

import eventstudy as es

chance = np.random.default_rng(7)
bars, firms, day = 320, 160, 300
index = pd.bdate_range("2023-01-02", periods=bars)
market, size = chance.normal(0, 0.010, bars), chance.normal(0, 0.006, bars)
loading = chance.normal(1, 0.3, (firms, 2))
noise = chance.normal(0, 0.012, (firms, bars))

# %% [markdown]
# ## One policy day
#
# Small firms did well on the day that everybody asks about. Forty firms were exposed to the policy; it did nothing to them.

# %%
size[day] = 0.017
names = [f"F{i:03d}" for i in range(firms)]
frame = pd.DataFrame((loading @ np.vstack([market, size]) + noise).T, index=index, columns=names).assign(MKT=market)
pairs = pd.DataFrame({"event_id": "policy", "symbol": names[:40], "bar": index[day]})

study = es.EventStudy(model=es.MarketModel("MKT"), calendar=None, window=(0, 1), estimation=es.EstimationWindow(240, -2))
naive = study.fit(pairs, frame)
print(naive.test("kp_bmp", (0, 0)))
print(naive.counterfactual((0, 0)).said)

# %% [markdown]
# The test is sure, and the doubt says that untreated firms moved alike. Components of those firms need no name for the factor.

# %%
donors = es.suggest_donors(frame, pairs, leave_out=["MKT"])
study = es.EventStudy(model=es.LatentFactorModel(donors), calendar=None, window=(0, 1), estimation=es.EstimationWindow(240, -2))
result = study.fit(pairs, frame)
print(result.donor_fit()[["donors", "left_out", "components", "share"]].iloc[0])
print(result.test("kp_bmp", (0, 0)))
print(result.counterfactual((0, 0)).said)

# %% [markdown]
# ## One firm and a lawsuit
#
# One security, one day: no average over firms to lean on. The effect is -6 %. A synthetic control with its certificate, placebos in
# space, and an exact interval.

# %%
frame.loc[index[day], "F000"] -= 0.06
one = pd.DataFrame({"event_id": ["lawsuit"], "symbol": ["F000"], "bar": [index[day]]})
study = es.EventStudy(model=es.SyntheticControl(names[1:]), calendar=None, window=(0, 1), estimation=es.EstimationWindow(240, -2))
firm = study.fit(one, frame)
print(firm.donor_fit()[["donors", "active", "gap"]])
print(firm.in_space((0, 0)))
print(firm.conformal((0, 0))[["car", "pvalue", "low", "high", "smallest_p"]])

# %% [markdown]
# ## A thin pool
#
# Nine donors give no factors: the date is excluded, and the reason is said. A synthetic control still stands, with less to hold it.

# %%
thin = es.EventStudy(model=es.LatentFactorModel(names[1:10]), calendar=None, window=(0, 1), estimation=es.EstimationWindow(240, -2))
print(thin.fit(one, frame).excluded[["reason", "detail"]].to_string())

few = es.EventStudy(model=es.SyntheticControl(names[1:10]), calendar=None, window=(0, 1), estimation=es.EstimationWindow(240, -2))
print(few.fit(one, frame).in_space((0, 0))[["statistic", "pvalue", "placebos"]])
print(few.fit(one, frame).conformal((0, 0))[["car", "low", "high"]])
