# %% [markdown]
# # A first study: the tariff war and the US market, in ten cells
#
# Events feed returns, returns feed abnormal returns, and tests say whether what is left is more than noise.
# Everything here runs offline, on the figures that the package ships.

# %%
import eventstudy as es

catalog = es.load_events("us-china")
catalog

# %% [markdown]
# **When could the market react?** Each announcement has a minute; the exchange calendar says which session could react first.
# Liberation Day came after the close of 2 April, so its session is the 3rd; the 100 % threat of Friday evening, 10 October 2025,
# met its first session on Monday, together with the softening of Sunday: a conflict. `catalog.without_conflicts()` leaves such events out.

# %%
sample = catalog.select(scope=["china", "global"], actor=["US", "China", "court"])
sessions = sample.sessions("XNYS")
sessions.loc[
    ["2025-04-02_liberation", "2025-04-09_pause", "2025-05-12_geneva", "2025-10-10_100pct", "2025-10-26_kl"],
    ["announced_at", "timing", "session", "conflict", "conflict_with"],
]

# %%
prices = es.load_prices(["^GSPC", "^VIX", "UST10Y"], source="bundled")
returns = es.ReturnPanel.from_prices(prices)  # the levels ^VIX and UST10Y stay levels
returns.frame.loc[["2025-04-03", "2025-04-09", "2025-05-12", "2025-10-27"], "^GSPC"].map("{:+.2%}".format)

# %% [markdown]
# **What was more than expected?** An index has no benchmark but itself: a constant mean, with the variance that the VIX stated at
# the last close before. The whole catalogue masks the estimation windows, so that a selection never changes a reaction.

# %%
study = es.EventStudy(model=es.MeanAdjusted(volatility="^VIX"), mask_events=catalog)
softening = study.fit(sample.select(stance="softening"), returns)
softening.car((0, 1)).sort_values("car").tail(5)

# %%
softening.caar((0, 1))

# %% [markdown]
# **Is it more than noise?** Every test that applies, and why the others do not.

# %%
softening.tests((0, 1), seed=0)

# %%
softening.plot.caar()

# %% [markdown]
# **Across industries**, against the market:

# %%
industries = es.load_returns(["^GSPC", "BusEq", "Durbl", "Enrgy", "Utils", "Money"], source="bundled")
across = es.EventStudy(model=es.MarketModel("^GSPC"), mask_events=catalog).fit(catalog.select(since="2025-04-01", stance="softening"), industries)
across.car((0, 0)).groupby("symbol")["car"].describe()

# %% [markdown]
# **Does the chain hold?** Escalation → selloff → softening → rally, link by link and jointly.

# %%
verdict = es.SelloffForcesSoftening(market="^GSPC", fear="^VIX", seed=0, quick=True).test(catalog, prices)
print(verdict.summary())

# %%
softening.excluded  # nothing is dropped in silence
