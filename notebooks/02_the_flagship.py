# %% [markdown]
# # Do falling stocks make Washington ease tariffs on China?
#
# The commentary of 2025 says: aggressive tariff signalling → broad equity selloff → policy softening → rally. This notebook
# tests the chain link by link and jointly, and can say "not established". Definitions stand in one file; this is their second
# version, decided with the results of the first known (docs/flagship.md says what changed and why). Here we run the quick
# version (fewer replications).

# %%
import eventstudy as es

catalog = es.load_events("us-china")
prices = es.load_prices(["^GSPC", "^VIX", "UST10Y"], source="bundled")
verdict = es.SelloffForcesSoftening(seed=0, quick=True).test(catalog, prices)
verdict

# %% [markdown]
# **The first screen**: the question, the answer, the three links on all events and since May 2025, and what else one would ask.

# %%
print(verdict.summary())

# %% [markdown]
# **Every sample, every link.** The hypothesis was named on 1-2 May 2025; the headline is what came after. 2018-20 is an
# independent earlier sample; `since` is what no version of the rules had seen.

# %%
tables = verdict.tables()
tables["links"][["sample", "link", "n", "estimate", "unit", "low", "high", "pvalue", "power"]]

# %% [markdown]
# **What changed the answer**, step by step, from the first version of rules and record to this one.

# %%
steps = tables["steps"]
steps.loc[steps["sample"] == "after", ["step", "H1", "H2", "H3", "chain", "n_H1", "n_H2", "n_H3"]]

# %% [markdown]
# **The middle link** is the one that nobody had tested: does relief come to what stands deeper in loss? These are the reliefs
# that both of its tests rest on, each with the loss since the close before the threat that it relieves.

# %%
tables["reliefs"][["session", "relief", "episodes", "in_force", "whole", "loss"]]

# %%
verdict.plot.hazard()

# %% [markdown]
# **What could these data have shown?**

# %%
verdict.plot.power()

# %% [markdown]
# **Rival explanations**, one at a time, on the same pairs at risk:

# %%
tables["race"].query("sample == 'all'")[["rival", "says", "hazard_ratio", "p_permutation", "bic"]]

# %% [markdown]
# **A sceptic's posterior** stands beside the tests, never instead of them:

# %%
tables["posterior"].query("sample == 'after'")

# %% [markdown]
# **The ledger of claims** of the commentary, each judged:

# %%
tables["claims"]["verdict"].value_counts()

# %%
tables["claims"].query("verdict in ['supported', 'contradicted']")[["number", "claim", "verdict", "figure"]]
