# %% [markdown]
# # An earnings season and a regulation date, in depth
#
# Why do firms differ, how long does it last, and which of many findings is one? The firms here are made up, so that the truth is known.

# %%
import numpy as np
import pandas as pd

import eventstudy as es
from eventstudy.calendars import sessions

chance = np.random.default_rng(8)
days = pd.DatetimeIndex(sessions("XNYS", pd.Timestamp("2020-01-02"), pd.Timestamp("2023-12-29")))
firms = [f"F{at:03d}" for at in range(120)]
exposure = pd.Series(chance.normal(size=120), index=firms)
market, hidden = chance.normal(0.0003, 0.01, len(days)), chance.normal(0, 0.006, len(days))
own = chance.normal(0, 0.015, (len(days), 120))
returns = pd.DataFrame(market[:, None] + np.outer(hidden, exposure) + own, index=days, columns=firms)
returns["MKT"] = market

# %% [markdown]
# ## A rule hits all on one date
#
# Nothing happens to these firms on the day of the rule. But firms with a large exposure move with a factor that the market model leaves
# out, on that day as on any other. HC3 takes that for a reaction; the slope's own history does not.

# %%
rule = pd.DataFrame({"event_id": "rule", "symbol": firms, "bar": days[700]})
study = es.EventStudy(model=es.MarketModel("MKT"), window=(0, 1), estimation=es.EstimationWindow(250, -11))
result = study.fit(rule, es.ReturnPanel(returns, calendar="XNYS"))
shown = ["term", "estimate", "se", "pvalue", "errors", "design_effect"]
pd.concat([result.explain({"exposure": exposure}, errors=errors)[shown].tail(1) for errors in ("HC3", None, "pre_event")])

# %%
result.explain({"exposure": exposure}, errors="HC3")["doubt"].iloc[1]

# %% [markdown]
# Weighted by what the firms have in common. It adds power where that is more than the exposure itself; here it is not:

# %%
result.explain({"exposure": exposure}, gls=True)[shown].tail(1)

# %% [markdown]
# Which firm moved most? The largest of 120 is large by luck as well:

# %%
ranking = result.shrink((0, 1))
ranking.loc[ranking["car"].abs().nlargest(5).index, ["symbol", "car", "shrunken", "low", "high", "wrong_sign", "corrected"]]

# %% [markdown]
# ## An earnings season
#
# A good surprise moves the price by up to two percent on the day, and a bit more over the next weeks.

# %%
rows = []
for at, firm in enumerate(firms[:60]):
    for quarter in range(8):
        place, surprise = 300 + 63 * quarter + at % 25, chance.normal()
        after = bool(at % 2)
        react = place + after
        returns.iloc[react, at] += 0.008 * surprise
        returns.iloc[react + 2 : react + 40, at] += 0.0002 * surprise
        rows.append((firm, days[place], "amc" if after else "bmo", 1 + 0.05 * surprise, 1.0))
calendar = pd.DataFrame(rows, columns=["ticker", "date", "time", "actual", "consensus"])
announcements = es.load_earnings(calendar)
announcements.head(3)

# %%
season = es.EventStudy(model=es.MarketModel("MKT"), window=(-1, 60), estimation=es.EstimationWindow(200, -11))
panel = es.ReturnPanel(returns, calendar="XNYS")
found = season.fit(announcements, panel).earnings(by="timing", draws=199)
found.table.query("group == 'all'")[["window", "n", "mean", "low", "high", "hit_rate", "base_rate", "slope", "slope_pvalue"]]

# %%
found.plot()

# %% [markdown]
# ## How long does it last?
#
# The drift of winners is no effect of their news. Firms of like run-up, on the same dates and with the same model, show what would have been.

# %%
dates = days[[300, 420, 540, 660]]
winners = pd.DataFrame(
    [
        (f"w{day:%Y%m%d}-{firm}", firm, day)
        for day in dates
        for firm in returns[firms].loc[:day].iloc[-250:-1].sum().nlargest(30).sample(8, random_state=1).index
    ],
    columns=["event_id", "symbol", "bar"],
)
long = es.EventStudy(model=es.MeanAdjusted(), window=(0, 120), estimation=es.EstimationWindow(250, -1), mask_events=False)
drift = long.fit(winners, es.ReturnPanel(returns[firms], calendar="XNYS")).long_horizon(within=0.5)
drift.table.query("measure == 'sum'")[["part", "estimate", "low", "high", "n"]]

# %%
drift.plot()
