# %% [markdown]
# # Does a selloff force softening?
#
# The commentary of 2025 says: aggressive tariff signalling → broad equity selloff → policy softening → rally. This notebook
# tests the chain link by link and jointly, and can say "not established". Definitions were fixed in one file before any
# result was computed; here we run the quick version (fewer replications).

# %%
import eventstudy as es

catalog = es.load_events("us-china")
prices = es.load_prices(["^GSPC", "^VIX", "UST10Y"], source="bundled")
verdict = es.SelloffForcesSoftening(seed=0, quick=True).test(catalog, prices)
verdict

# %% [markdown]
# **The word** is True, False, or None: these data cannot tell.

# %%
print(verdict.supported)
verdict.links["H1"]

# %% [markdown]
# **Every sample, every link.** The hypothesis was named on 1-2 May 2025; the headline is what came after. 2018-20 is an
# independent earlier sample.

# %%
tables = verdict.tables()
tables["links"][["sample", "link", "n", "estimate", "unit", "low", "high", "pvalue", "power"]]

# %% [markdown]
# **What could these data have shown?** With six independent reliefs, a chain that is not established may still be there.

# %%
verdict.plot.power()

# %% [markdown]
# **The middle link** is the one that nobody had tested: is the loss since the threat larger before softening than on other
# days with an open threat?

# %%
verdict.plot.hazard()

# %% [markdown]
# **Rival explanations**, one at a time, on the same days at risk:

# %%
tables["race"].query("sample == 'all'")[["rival", "says", "hazard_ratio", "p_permutation", "bic"]]

# %% [markdown]
# **The ledger of claims** of the commentary, each judged:

# %%
tables["claims"]["verdict"].value_counts()

# %%
tables["claims"].query("verdict in ['supported', 'contradicted']")[["number", "claim", "verdict", "figure"]]
