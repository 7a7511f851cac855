# %% [markdown]
# # Your own events, your own data
#
# An event needs four things: an id, a moment with its time zone, a name and a stance. Prices come from a CSV or Parquet file, a
# DataFrame, or a source over the network (`source="yahoo"`). This notebook makes both in memory, so it runs anywhere.

# %%
import numpy as np
import pandas as pd

import eventstudy as es

events = pd.DataFrame(
    {
        "event_id": ["guidance", "recall", "buyback"],
        "announced_at": ["2024-03-14 16:05", "2024-05-20 09:45", "2024-08-03 11:00"],  # after the close; intraday; a Saturday
        "name": ["Raised guidance", "Product recall", "Buyback announced"],
        "stance": ["softening", "escalation", "softening"],
    }
)
catalog = es.load_events(events, timezone="America/New_York")
catalog.sessions("XNYS")[["announced_at", "timing", "session"]]

# %% [markdown]
# **A mistake is named**, with its row, its column, what stands there and what should; all of them at once.

# %%
wrong = events.assign(announced_at=["2024-03-14 16:05", "2024-13-20", "2024-08-03 11:00"], stance=["softening", "escalation", "up"])
try:
    es.load_events(wrong, timezone="America/New_York")
except es.EventStudyError as error:
    print(error)

# %% [markdown]
# **Prices with a hole and a late listing.** A return over a hole is missing, never a number; the quality table says what is there.

# %%
chance = np.random.default_rng(7)
days = pd.bdate_range("2023-01-02", "2024-12-31")
market = chance.normal(0.0004, 0.009, len(days))
frame = pd.DataFrame(
    {
        "MKT": 100 * np.exp(np.cumsum(market)),
        "OLD": 50 * np.exp(np.cumsum(1.2 * market + chance.normal(0, 0.012, len(days)))),
        "NEW": 20 * np.exp(np.cumsum(0.8 * market + chance.normal(0, 0.02, len(days)))),
    },
    index=days,
)
frame.loc["2024-03-11":"2024-03-12", "OLD"] = np.nan
frame.loc[:"2024-02-01", "NEW"] = np.nan
prices = es.load_prices(source=frame)
prices.quality[["first", "last", "expected", "present", "missing", "before_first"]]

# %%
returns = es.ReturnPanel.from_prices(prices)
study = es.EventStudy(model=es.MarketModel("MKT"), window=(-5, 5), estimation=es.EstimationWindow(length=250, end=-6, minimum=100))
result = study.fit(catalog, returns)
result.car((0, 1))

# %% [markdown]
# **What could not be studied**, and why:

# %%
result.excluded

# %% [markdown]
# **One row a security-event.** A frame of pairs says which event belongs to which security; `announced_at` or the `bar` itself.

# %%
pairs = pd.DataFrame({"event_id": ["guidance", "recall"], "symbol": ["OLD", "OLD"], "bar": pd.to_datetime(["2024-03-15", "2024-05-20"])})
study.fit(pairs, returns).car((0, 1))
