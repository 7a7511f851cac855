# %% [markdown]
# # Firms: from a CSV to the table for the paper
#
# Nine in ten event studies are of firms: a table of tickers and dates, some prices, one chart, one table. This notebook makes both files
# up, so that it runs anywhere; with your own, begin at the third cell.

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import eventstudy as es

folder = Path(tempfile.mkdtemp())
chance = np.random.default_rng(7)
days = es.calendars.sessions("XNYS", pd.Timestamp("2022-01-03"), pd.Timestamp("2024-12-31"))
market = chance.normal(0.0004, 0.009, len(days))
firms = [f"F{at:02d}" for at in range(40)]
moves = pd.DataFrame({"^GSPC": market} | {firm: market + chance.normal(0, 0.015, len(days)) for firm in firms}, index=days)

# %% [markdown]
# The table is as messy as such tables are: dates month first, timing in words, a blank behind a ticker, a column of one's own. A firm
# that beats the forecast rises by 2 % on the first session that can react, one that misses falls by 2 %.

# %%
rows = []
for firm in firms:
    for at in sorted(chance.choice(np.arange(300, len(days) - 70, 65), 2, replace=False)):
        when, beat = chance.choice(["AMC", "bmo"]), bool(chance.random() > 0.4)
        moves.loc[days[at + (when == "AMC")], firm] += 0.02 if beat else -0.02
        rows.append((f"{firm} ", f"{days[at]:%m/%d/%Y}", when, "beat" if beat else "miss", round(chance.normal(), 2)))
pd.DataFrame(rows, columns=["Ticker", "Event Date", "When", "result", "surprise"]).to_csv(folder / "earnings.csv", index=False)
(100 * (1 + moves).cumprod()).to_parquet(folder / "prices.parquet")

# %% [markdown]
# **One call.** Three lines say what was taken for what.

# %%
result = es.study(folder / "earnings.csv", folder / "prices.parquet", market="^GSPC")

# %% [markdown]
# **The answer at once**: beside the mean the median and the share that rose, and the same two on ordinary days of the same firms. Horizons
# that reach beyond the event window are fitted for themselves, on the same estimation window.

# %%
horizons = result.horizons([(-1, -1), (0, 0), (0, 1), (0, 5), (0, 20), (0, 60)])
horizons.round(4)

# %%
horizons.attrs["stated"]

# %% [markdown]
# **Groups** come from the one fit, so that the abnormal return of an event is the same with and without them. Averaged over all firms
# the two kinds of news hide each other.

# %%
result.caar((0, 1), by="result").round(4)

# %%
result.compare((0, 1), by="result").round(4)

# %%
result.plot.caar(by="result")

# %% [markdown]
# **The table for the paper**: windows by mean, median, share positive and the tests to believe; also `to_latex`, `to_html` and `to_docx`.

# %%
print(result.to_markdown([(0, 0), (0, 1), (-10, 10)], by="result"))

# %% [markdown]
# **Overlapping news.** Two announcements of one firm two days apart share returns; each CAR holds the other's news. One regression tells
# them apart, where the bars do.

# %%
first = days[400]
moves.loc[first, "F00"] += 0.05
moves.loc[days[402], "F00"] -= 0.04
news = pd.DataFrame({"event_id": ["order", "recall"], "symbol": "F00", "bar": [first, days[402]]})
overlapping = es.EventStudy(model=es.MarketModel("^GSPC")).fit(news, es.ReturnPanel(moves))
overlapping.car((0, 3))[["event_id", "car", "flag"]].round(4)

# %%
overlapping.attribute().round(4)

# %% [markdown]
# **The gate.** The same study as a file, run and accepted; then one event is taken out, and the gate names it.

# %%
study = folder / "earnings.toml"
study.write_text('[pairs]\nsource = "earnings.csv"\n[prices]\nsource = "prices.parquet"\n[market]\nsymbol = "^GSPC"\n')
es.run_study(study, folder / "accepted", quick=True)
table = pd.read_csv(folder / "earnings.csv")
table.drop(index=3).to_csv(folder / "earnings.csv", index=False)
es.run_study(study, folder / "now", quick=True)
moved = es.report.compare_folders(folder / "accepted", folder / "now")
moved.frame.query("kind == 'input'")[["what", "old", "difference"]]
