# %% [markdown]
# # Does a selloff force softening?
#
# The commentary of 2025 says: aggressive tariff signalling → broad equity selloff → policy softening → rally. This notebook
# tests the chain link by link and jointly, and can say "not established". Definitions were fixed in one file before any
# result was computed; here we run the quick version (fewer replications).

# %%
import eventstudy as es
from eventstudy import plots

catalog = es.load_events("us-china")
prices = es.load_prices(["^GSPC", "^VIX", "UST10Y"], source="bundled")
verdict = es.SelloffForcesSoftening(seed=0, quick=True).test(catalog, prices)
print(verdict.summary())

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
tables["links"][["sample", "link", "n", "estimate", "unit", "ci_low", "ci_high", "pvalue", "power"]]

# %% [markdown]
# **What could these data have shown?** With six independent reliefs, a failure to establish is weak evidence either way.

# %%
frames = verdict.frames()
power = frames["power"].query("sample == 'after' and link != 'H2'").rename(columns={"link": "test"})
plots.power_curve(power, effect="true mean reaction", unit="sd");

# %% [markdown]
# **The middle link** is the one that nobody had tested: is the loss since the threat larger before softening than on other
# days with an open threat?

# %%
bins = frames["hazard_by_drawdown"].query("sample == 'all'")
plots.hazard(
    bins.assign(drawdown=-(bins["low"] + bins["high"]) / 2, hazard=bins["rate"], n=bins["sessions"], events=bins["decisions"])
    .drop(columns=["low", "high"])
    .rename(columns={"ci_low": "low", "ci_high": "high"}),
    band="90% interval",
    quantity="change of the index since the threat",
);

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
