"""The two pictures that no study draws: the windows of an event study, and which test to take."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

BLUE, GREY, ORANGE = "#2f6f9f", "#8a8a8a", "#b35c00"
WINDOWS: Final = (
    (-250, -11, "estimation window\nthe model is fitted here", BLUE),
    (-10, 10, "event window", ORANGE),
)
#: Each question: where it stands, its text, and where "yes" and "no" lead.
QUESTIONS: Final = {
    "one": (0.0, 4, "One security-event?", "single", "date"),
    "date": (0.0, 3, "All events on one date?", "common", "share"),
    "share": (0.0, 2, "Do events share\nsessions?", "shared", "variance"),
    "variance": (0.0, 1, "Did the news raise\nthe variance, or\nmight it have?", "raised", "calm"),
}
ANSWERS: Final = {
    "single": (0.62, 4, "sq, single,\nconformal()"),
    "common": (0.62, 3, "kp_bmp; portfolio if\nthe variance did not rise"),
    "shared": (0.62, 2, "kp_bmp; short windows,\n50 events: panel_date,\ncalendar_time too"),
    "raised": (0.62, 1, "bmp, grank_t"),
    "calm": (0.0, 0, "patell, or any\nof the above"),
}


def write_pictures(into: Path) -> None:
    """Draw both into a folder of their own."""
    folder = into / "pictures"
    folder.mkdir()
    for name, draw in (("windows", _windows), ("choose", _choose)):
        figure, axes = plt.subplots(figsize=(8.5, 2.3) if name == "windows" else (5.4, 5.0), layout="constrained")
        draw(axes)
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
        plt.close(figure)


def _windows(axes: Axes) -> None:
    at = {-250: 0.0, -11: 5.0, -10: 5.6, 0: 7.5, 10: 9.4}
    for first, last, text, colour in WINDOWS:
        left, right = at[first], at[last]
        axes.barh(0, right - left, left=left, height=0.5, color=colour, alpha=0.85)
        axes.text((left + right) / 2, 0.45, text, ha="center", va="bottom", color=colour)
        axes.text(left, -0.4, str(first), ha="left", va="top")
        axes.text(right, -0.4, f"{last:+d}" if last > 0 else str(last), ha="right", va="top")
    axes.plot([at[0], at[0]], [-0.35, 0.38], color="black", linewidth=1.2)
    axes.text(at[0], -0.4, "0", ha="center", va="top")
    axes.text(at[0], -0.85, "the first session that could react", ha="center", va="top")
    axes.annotate("", xy=(10.9, -0.28), xytext=(-0.2, -0.28), arrowprops={"arrowstyle": "->", "color": GREY})
    axes.text(10.9, -0.4, "sessions", ha="right", va="top", color=GREY)
    axes.set_xlim(-0.3, 11)
    axes.set_ylim(-1.3, 1.1)
    axes.axis("off")


def _choose(axes: Axes) -> None:
    places = {name: spot[:2] for name, spot in {**QUESTIONS, **ANSWERS}.items()}
    for x, y, text, yes, no in QUESTIONS.values():
        axes.text(x, y, text, ha="center", va="center", bbox={"boxstyle": "round,pad=0.5", "fc": "white", "ec": BLUE})
        for word, target in (("yes", yes), ("no", no)):
            there = places[target]
            across = there[1] == y
            start, end = ((x + 0.33, y), (there[0] - 0.03, y)) if across else ((x, y - 0.37), (x, there[1] + 0.39))
            axes.annotate("", xy=end, xytext=start, arrowprops={"arrowstyle": "->", "color": GREY})
            beside = ((start[0] + end[0]) / 2, y + 0.1) if across else (x + 0.03, (start[1] + end[1]) / 2)
            axes.text(*beside, word, color=GREY, ha="center" if across else "left")
    for x, y, text in ANSWERS.values():
        axes.text(
            x,
            y,
            text,
            ha="left" if x else "center",
            va="center",
            bbox={"boxstyle": "round,pad=0.5", "fc": "#f3ede2", "ec": ORANGE},
        )
    axes.set_xlim(-0.36, 1.32)
    axes.set_ylim(-0.4, 4.4)
    axes.axis("off")
