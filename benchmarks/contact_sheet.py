"""Every chart of events at 1, 3, 60 and 1,000 events and 200 securities, in five styles and three widths, on one sheet.

    python benchmarks/contact_sheet.py --out FOLDER           the sheets as PNG, and a table of seconds, inches and texts that meet
    python benchmarks/contact_sheet.py --out FOLDER --all     every style at every size and width

What is drawn is made up; names are 40 characters long. Look at the sheets: a table cannot tell what is ugly.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib import style as mpl_style
from matplotlib.figure import Figure
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/support"))
from eventstudy import plots
from texts import collisions

if TYPE_CHECKING:
    from collections.abc import Callable

OWN, FOREIGN = ("screen", "paper"), ("default", "dark_background", "ggplot")
WIDTHS = (3.4, 6.5, 10.0)
SIZES = ((1, 1), (3, 1), (60, 1), (1000, 1), (4, 200), (1000, 200))
STANCES = ("escalation", "softening", "talks")
DPI = 60


def name_of(at: int) -> str:
    """Give a name of 40 characters."""
    return f"{at:04d} tariffs announced on many products"[:40].ljust(40, "x")


def cars(events: int, securities: int) -> pd.DataFrame:
    """Give one row for each event and security."""
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2015-01-02", periods=events)
    at = np.repeat(np.arange(events), securities)
    estimate = rng.standard_t(4, at.size) * 0.02
    return pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in at],
            "event": [name_of(i) for i in at],
            "name": [name_of(i) for i in at],
            "symbol": np.tile([f"S{i:03d}" for i in range(securities)], events),
            "label": np.tile([f"S{i:03d}" for i in range(securities)], events)
            if securities > 1
            else [name_of(i) for i in at],
            "stance": [STANCES[i % 3] for i in at],
            "group": [STANCES[i % 3] for i in at],
            "session": days[at],
            "estimate": estimate,
            "low": estimate - 0.03,
            "high": estimate + 0.03,
        }
    )


def path(events: int) -> pd.DataFrame:
    """Give the mean path of up to three stances."""
    rng = np.random.default_rng(1)
    parts = []
    for stance in STANCES[: min(events, 3)]:
        caar = np.cumsum(rng.normal(0, 0.004, 21))
        reach = 0.02 * np.sqrt(np.arange(1, 22)) / np.sqrt(max(events / 3, 1))
        own = {"stance": stance, "relative_day": np.arange(-10, 11), "caar": caar, "low": caar - reach}
        parts.append(pd.DataFrame(own | {"high": caar + reach, "n": max(events // 3, 1)}))
    return pd.concat(parts, ignore_index=True)


def charts(events: int, securities: int) -> dict[str, Callable[..., Any]]:
    """Give the charts of a sample, each as a function of its options."""
    frame, mean = cars(events, securities), path(events * securities)
    quantity = "abnormal return, days 0 to +1"
    found: dict[str, Callable[..., Any]] = {
        "caar": lambda **asked: plots.caar(mean, band="95% pointwise band", **asked),
        "reactions": lambda **asked: plots.reactions(frame, quantity=quantity, **asked),
        "forest": lambda **asked: plots.forest(frame, quantity=quantity, **asked),
        "heatmap": lambda **asked: plots.heatmap(frame, quantity=quantity, **asked),
    }
    if securities > 1:
        found["industries"] = lambda **asked: plots.industries(frame, quantity=quantity, **asked)
    return found


def drawn(draw: Callable[..., Any], style: str, width: float) -> Figure:
    """Draw in one of our styles with a figure of our own, or into an Axes of somebody else's."""
    if style in OWN:
        made = draw(style=style, figsize=(width, None))
        return made if isinstance(made, Figure) else made.figure
    with mpl_style.context(style):
        figure = Figure(figsize=(width, 0.62 * width), layout="constrained")
        draw(ax=figure.subplots())
    return figure


def grid(events: int) -> Figure:
    """Draw four charts into a two by two grid of somebody else's."""
    made = charts(events, 1)
    figure = Figure(figsize=(10.0, 7.5), layout="constrained")
    for ax, name in zip(figure.subplots(2, 2).flat, ("caar", "reactions", "forest", "heatmap"), strict=True):
        made[name](ax=ax)
    return figure


def wanted(*, everything: bool) -> list[tuple[int, int, str, float]]:
    """Give the sizes with their styles and widths."""
    every = [(*size, style, width) for size in SIZES for style in (*OWN, *FOREIGN) for width in WIDTHS]
    return (
        every if everything else [one for one in every if one[2] == "screen" or (one[3] == 6.5 and one[0] in {3, 60})]
    )


def mosaic(pictures: list[Image.Image], into: Path, *, height: int = 420, across: int = 1800) -> None:
    """Put pictures beside and below each other, all of one height."""
    small = [one.resize((max(1, round(one.width * height / one.height)), height)) for one in pictures]
    rows: list[list[Image.Image]] = [[]]
    for one in small:
        if rows[-1] and sum(other.width for other in rows[-1]) + one.width > across:
            rows.append([])
        rows[-1].append(one)
    page = Image.new("RGB", (max(sum(one.width for one in row) for row in rows), height * len(rows)), "white")
    for at, row in enumerate(rows):
        left = 0
        for one in row:
            page.paste(one, (left, at * height))
            left += one.width
    page.save(into)


def main() -> None:
    """Draw, measure, and write a sheet a size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--all", action="store_true", dest="everything")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    print("| chart | events x securities | style | seconds | inches | texts that meet |\n|---|---|---|---|---|---|")
    jobs = [
        (f"{name}-{events}x{securities}-{style}-{width:g}", name, f"{events:,} x {securities}", style, lambda draw=draw, style=style, width=width: drawn(draw, style, width))
        for events, securities, style, width in wanted(everything=asked.everything)
        for name, draw in charts(events, securities).items()
        if not (name == "industries" and style in FOREIGN)  # a composite has a figure of its own
    ]  # fmt: skip
    jobs += [
        (f"grid-{events}", "2 x 2", f"{events:,} x 1", "default", lambda events=events: grid(events))
        for events in (3, 60, 1000)
    ]
    sheets: dict[str, list[Image.Image]] = {}
    slow = tall = 0
    for stem, name, size, style, make in jobs:
        start = time.perf_counter()
        figure = make()
        raw = io.BytesIO()
        figure.savefig(raw, format="png", dpi=DPI)
        seconds = time.perf_counter() - start
        width, height = figure.get_size_inches()
        slow, tall = slow + (seconds >= 5), tall + (max(width, height) > 24)
        met = collisions(figure)
        print(f"| {name} | {size} | {style} | {seconds:.1f} | {width:.1f} x {height:.1f} | {len(met)} |", flush=True)
        for one in met[:3]:
            print(f"    {stem}: {one}", file=sys.stderr)
        picture = Image.open(io.BytesIO(raw.getvalue()))
        picture.save(asked.out / f"{stem}.png")
        sheets.setdefault(stem.split("-")[1] if name != "2 x 2" else "grid", []).append(picture)
    for key, pictures in sheets.items():
        mosaic(pictures, asked.out / f"sheet-{key}.png")
    print(f"\n{len(jobs)} charts; {slow} took five seconds or more; {tall} have a side over 24 inches.")


if __name__ == "__main__":
    main()
