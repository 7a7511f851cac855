"""``eventstudy calibrate``: how often tests reject on data with known truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from eventstudy.calibration import Plan, Row, calibrate, calibrate_advice, calibrate_prices, check_table, write_table
from eventstudy.cli.listing import print_frame
from eventstudy.cli.saying import note
from eventstudy.cli.workers import workers_for
from eventstudy.errors import InputError, StudyError
from eventstudy.replace import same_place
from eventstudy.returns.load import load_prices
from eventstudy.words import brief


@dataclass(frozen=True, slots=True)
class Placebo:
    """Prices in place of scenarios: their file, the symbol of their market, where placebo events stand."""

    prices: Path | None
    market: str | None
    dates: tuple[str, ...]

    def sizes(self, plan: Plan, progress: Callable[[int, int], None]) -> tuple[Row, ...]:
        """Count on random dates of the prices."""
        if self.prices is None:
            msg = "--market and --dates go with --prices FILE"
            raise StudyError(msg)
        frame = load_prices(self.prices, calendar=None).frame
        places = {"places": self.dates} if self.dates else {}
        return calibrate_prices(frame, plan, market=self.market, progress=progress, **places)


def run_lab(
    plan: Plan,
    *,
    out: Path | None,
    resume: Path | None,
    workers: int,
    scheduler: str | None = None,
    placebo: Placebo | None = None,
    advice: bool = False,
) -> None:
    """Run a plan with a bar, print the rates, and write the table if a file is named."""
    if (placebo is not None or advice) and (resume is not None or workers > 1 or scheduler is not None):
        msg = "--prices and --advice run in one process and keep no journal: leave --resume, --workers and --scheduler out"
        raise StudyError(msg)
    if out is not None:
        check_table(out)  # before the work
        if resume is not None and same_place(out, resume):
            msg = f"--out and --resume are both {out}; name two files"
            raise InputError(msg)
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = not console.is_terminal
    with workers_for(workers, scheduler) as executor, Progress(*columns, console=console, disable=shown) as bar:
        task = bar.add_task("calibrating")

        def said(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if not console.is_terminal and (done == total or done % max(1, total // 10) == 0):
                note(f"… {done} of {total} units")

        if placebo is None and advice:
            rows = calibrate_advice(plan, progress=said)
        elif placebo is None:
            rows = calibrate(plan, resume=resume, executor=executor, progress=said)
        else:
            rows = placebo.sizes(plan, said)
    frame = pd.DataFrame(
        {
            "scenario": [row.scenario for row in rows],
            "n": [row.n for row in rows],
            "window": [f"({row.first}, {row.last})" for row in rows],
            "test": [row.test for row in rows],
            "studies": [row.cell.replications for row in rows],
            "rejects": [f"{row.rate:.1%} ± {row.error:.1%}" for row in rows],
            "claimed": ["yes" if row.claimed else "" for row in rows],
            "held": [("yes" if row.held else "no") if row.claimed else "" for row in rows],
        }
    )
    what = "power" if plan.effect else "size"
    print_frame(frame, title=f"{what} at 5 %, {plan.replications} replications a cell")
    if out is not None:
        write_table(out, rows, _command(plan, placebo, advice=advice))


def _command(plan: Plan, placebo: Placebo | None, *, advice: bool) -> str:
    words = ["eventstudy calibrate", *(["--advice"] if advice else [])]
    if placebo is not None:  # the name of the file, not where it lies
        words += [f"--prices {placebo.prices.name if placebo.prices else ''}"]
        words += [f"--market {placebo.market}"] if placebo.market else []
        words += [f"--dates {name}" for name in placebo.dates]
    for option, values in (("scenario", plan.scenarios), ("tests", plan.tests), ("events", plan.events)):
        words += [f"--{option} {value}" for value in values]
    words += [f"--window {first},{last}" for first, last in plan.windows]
    words += [
        f"--replications {plan.replications}",
        f"--draws {plan.draws}",
        f"--effect {plan.effect:g}",
        f"--seed {plan.seed}",
    ]
    return " ".join(words)


def window_of(text: str) -> tuple[int, int]:
    """Return the relative days of a window as it is written."""
    first, _, last = text.partition(",")
    try:
        return int(first), int(last or first)
    except ValueError:
        msg = f"window {brief(text)!r} is not two relative days; write it as 0,1 or as -1,1"
        raise StudyError(msg) from None
