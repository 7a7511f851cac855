# %% [markdown]
# # Inside the day
#
# Bars with known truth: volatility follows the clock, levels move from day to day, and every 20th session has a jump of 2 %.

# %%
import eventstudy as es

made = es.calibration.simulate_bars(symbols=2, days=200, event_every=40, seed=1)
made.events

# %% [markdown]
# The model measures each bar by its clock time and by the level of its day. Its estimation window is the last 60 event-free sessions.

# %%
study = es.EventStudy(
    model=es.IntradayModel(base=es.MarketModel("MKT"), periodic="robust", days=60), window=(0, 5), calendar="XNYS"
)
result = study.fit(made.events, es.ReturnPanel(made.frame, kind="log"))
result.car()[["event_id", "symbol", "session", "car", "se", "n_bars", "flag"]]

# %%
result.excluded

# %% [markdown]
# Volatility by time of day, as estimated:

# %%
result.plot.clock()

# %% [markdown]
# One moment, with the band of the same clock on other days:

# %%
result.plot.moment(0)

# %% [markdown]
# No daily test is believed on bars within days; those of the clock are.

# %%
one = study.fit(made.events.iloc[[2]], es.ReturnPanel(made.frame, kind="log"))
table = one.tests(seed=0)
table.loc[table["believe"] != "", ["name", "pvalue", "believe", "why"]]

# %% [markdown]
# The same clock a session earlier and later, and how fast the price adjusted:

# %%
result.shift_24h()

# %%
result.speed()
