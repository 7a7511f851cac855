"""``eventstudy``: its commands and its exit codes.

0 done · 1 a comparison found a difference, and nothing else · 2 the input is wrong (one clear line, no traceback) ·
3 a source could not deliver (what came is kept, what is missing is listed) · 70 a fault of eventstudy (one line; with
``--debug`` the traceback) · 130 stopped by the user · 141 who read the output has gone.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, Optional

import typer
from typer.core import TyperGroup

from eventstudy._version import __version__
from eventstudy.cli.cache_app import Folder, cache
from eventstudy.cli.options import Quick, Scheduler, Source, Workers
from eventstudy.cli.saying import READER_GONE, finished, make_ready, note, say
from eventstudy.cli.study_commands import check, run
from eventstudy.cli.watch_command import watch
from eventstudy.errors import EventStudyError, SourceError, WorkersLost
from eventstudy.words import visible

FAULT: Final = 70  # EX_SOFTWARE of sysexits.h: neither the input nor a source is wrong, we are


class _HandedOnError(Exception):
    """Holds, as its cause, what typer would turn into an exit code 1 of its own, or into one without a word."""


class _Commands(TyperGroup):
    def make_context(self, *given: Any, **more: Any) -> Any:
        with _handed_on():  # --help and --version are answered here
            return super().make_context(*given, **more)

    def invoke(self, ctx: Any) -> Any:
        with _handed_on():
            try:
                return super().invoke(ctx)
            except BaseException as error:
                _show_traceback(ctx, error)
                raise


@contextmanager
def _handed_on() -> Iterator[None]:
    try:
        yield
    except (EOFError, KeyboardInterrupt, BrokenPipeError) as error:
        raise _HandedOnError from error
    except Exception as error:
        if isinstance(getattr(error, "message", None), str):  # what typer says of wrong words repeats them
            error.message = visible(error.message, keep="\n")  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    cls=_Commands,
    help="Market-reaction event studies: events, abnormal returns, calibrated inference, one hypothesis tested.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: eventstudy run us-china --out out",
)

Study = Annotated[str, typer.Argument(help="A study shipped with the package (us-china), or the path of a study file.")]


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    make_ready()
    try:
        app(prog_name="eventstudy")
    except SystemExit as stop:
        gone = isinstance(stop.__context__, BrokenPipeError)  # rich makes an exit code 1 of it
        code = READER_GONE if gone else stop.code if isinstance(stop.code, int) else 0
    except _HandedOnError as error:
        code = _ended(error.__cause__ or error)
    except BaseException as error:  # noqa: BLE001  the last one there is: each ends in its line and its code
        code = _ended(error)
    try:
        code = finished(code)
    except OSError as error:
        code = _ended(error)
    sys.exit(code)


def _ended(error: BaseException) -> int:
    """Say in one line what has happened, and return its exit code."""
    if isinstance(error, BrokenPipeError):
        return READER_GONE
    if isinstance(error, KeyboardInterrupt):
        note("eventstudy: stopped; what was complete is kept")
        return 130
    if isinstance(error, EventStudyError):
        note(f"eventstudy: {error}")
        return 3 if isinstance(error, (SourceError, WorkersLost)) else 2
    from eventstudy.border import said  # noqa: PLC0415  only who fails pays for it

    if isinstance(error, MemoryError):
        note(f"eventstudy: there is not enough memory for this ({said(error)}); ask for less, or use a larger machine")
        return FAULT
    if isinstance(error, OSError) and error.strerror:
        note(f"eventstudy: {error.filename or 'the disk'}: {error.strerror}")
        return 2
    note(f"eventstudy: this is a fault of eventstudy, please report: {type(error).__name__}: {said(error)}")
    return FAULT


def _show_traceback(ctx: Any, error: BaseException) -> None:
    """Print the traceback if it was asked for; leaving with a code, and what typer says of wrong options, have none."""
    if ctx.params.get("debug") and not hasattr(error, "exit_code"):
        note("".join(traceback.format_exception(error)).rstrip())


def _version(wanted: bool) -> None:  # noqa: FBT001  typer calls it with the flag's value
    if wanted:
        say(f"eventstudy {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of whatever goes wrong.")] = False,
) -> None:
    pass


app.command(epilog="Example: eventstudy run us-china --out out")(run)
app.command(epilog="Example: eventstudy check us-china --against gallery")(check)


@app.command(epilog="Example: eventstudy events us-china --csv")
def events(
    catalog: Annotated[
        str, typer.Argument(help="A shipped catalogue, or the path of a .toml, .csv or .json file.")
    ] = "us-china",
    calendar: Annotated[str, typer.Option(help="The exchange whose sessions are wanted.")] = "XNYS",
    validate: Annotated[
        Optional[Path],
        typer.Option(help="Check a catalogue file of one's own and list every bad row."),
    ] = None,
    timezone: Annotated[
        Optional[str],
        typer.Option(help="Time zone of a file whose times have none, such as America/New_York."),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
) -> None:
    """List a catalogue's events with the first session that could react to each."""
    from eventstudy.cli.listing import list_events  # noqa: PLC0415  --help must not pay for pandas

    list_events(validate or catalog, calendar=calendar, timezone=timezone, csv=csv, only_validate=validate is not None)


@app.command(epilog="Example: eventstudy new events.toml --prices prices.csv --market ^GDAXI --calendar XETR")
def new(
    catalog: Annotated[str, typer.Argument(help="A shipped catalogue, or the path of a .toml, .csv or .json file.")],
    out: Annotated[
        Optional[Path], typer.Option(help="The folder to write into; by default the catalogue's, or this one.")
    ] = None,
    timezone: Annotated[
        Optional[str],
        typer.Option(help="Time zone of a file whose times have none, such as America/New_York."),
    ] = None,
    calendar: Annotated[str, typer.Option(help="The exchange whose sessions count.")] = "XNYS",
    prices: Annotated[str, typer.Option(help="Where prices come from: bundled, yahoo, or a file.")] = "bundled",
    market: Annotated[str, typer.Option(help="The index that is studied.")] = "^GSPC",
) -> None:
    """Begin a study of a catalogue: write its study file and, for the chain, definitions in its own stances.

    Nothing is written over: a file of that name is refused.
    """
    from eventstudy.cli.running import begin_study  # noqa: PLC0415  --help must not pay for pandas

    begin_study(catalog, out=out, timezone=timezone, calendar=calendar, prices=prices, market=market)


@app.command(epilog="Example: eventstudy claims us-china --quick")
def claims(
    study: Study = "us-china",
    source: Source = None,
    quick: Quick = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV with test, window and reason.")] = False,
) -> None:
    """Judge the ledger of claims: one line a claim, with its verdict and its figure."""
    from eventstudy.cli.running import judge_claims  # noqa: PLC0415  --help must not pay for pandas

    judge_claims(study, source=source, quick=quick, csv=csv)


@app.command("tests", epilog="Example: eventstudy tests")
def significance_tests(
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
) -> None:
    """List the significance tests: null, assumptions, source."""
    from eventstudy.cli.listing import list_tests  # noqa: PLC0415  --help must not pay for pandas

    list_tests(csv=csv)


@app.command(epilog="Example: eventstudy fetch NVDA AMD ^GSPC --start 2024-06-03")
def fetch(
    symbols: Annotated[list[str], typer.Argument(help="Symbols, such as NVDA AMD ^GSPC.")],
    start: Annotated[Optional[str], typer.Option(help="First day, such as 2024-06-03.")] = None,
    end: Annotated[Optional[str], typer.Option(help="Last day, included.")] = None,
    source: Annotated[str, typer.Option(help="yahoo, french, fred or stooq.")] = "yahoo",
    offline: Annotated[bool, typer.Option("--offline", help="Only what the cache has; ask nobody.")] = False,
    folder: Folder = None,
    freeze: Annotated[
        Optional[Path],
        typer.Option(help="Write the panel with its checksums here, to be read back with --source."),
    ] = None,
) -> None:
    """Fill the cache with what it lacks, and say of each symbol what came and what is missing."""
    from eventstudy.cli.fetching import fetch_symbols  # noqa: PLC0415  --help must not pay for pandas

    raise typer.Exit(
        fetch_symbols(symbols, start=start, end=end, source=source, offline=offline, folder=folder, frozen=freeze)
    )


app.add_typer(cache, name="cache")
app.command(epilog="Example: eventstudy watch us-china --source yahoo --events new.toml")(watch)


@app.command(epilog="Example: eventstudy calibrate --tests bmp,sign --events 50 --replications 200")
def calibrate(
    *,
    scenario: Annotated[
        Optional[list[str]], typer.Option(help="A scenario, or several with commas; may be given again. All, if none.")
    ] = None,
    tests: Annotated[
        Optional[list[str]],
        typer.Option(help="A test, or several with commas; may be given again. All that do not draw, if none."),
    ] = None,
    events: Annotated[
        Optional[list[int]], typer.Option(help="Security-events a study: 10, 50 and 200, if none.")
    ] = None,
    window: Annotated[
        Optional[list[str]], typer.Option(help="A window, such as 0,0 or -1,1; may be given again.")
    ] = None,
    replications: Annotated[int, typer.Option(help="Simulated studies a cell.")] = 1000,
    draws: Annotated[int, typer.Option(help="Draws of a test that resamples.")] = 199,
    effect: Annotated[
        float, typer.Option(help="Abnormal return of day 0, a decimal; 0 measures size, else power.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Root of all chance.")] = 0,
    workers: Workers = 1,
    scheduler: Scheduler = None,
    out: Annotated[Optional[Path], typer.Option(help="Write the table here, as CSV with its command.")] = None,
    resume: Annotated[Optional[Path], typer.Option(help="A journal of finished work, read and appended to.")] = None,
    advice: Annotated[
        bool,
        typer.Option("--advice", help="Count also the studies on which a test is believed, and the test reported."),
    ] = False,
    prices: Annotated[
        Optional[Path],
        typer.Option(help="Prices of your own (.csv, .parquet): random dates of them in place of scenarios."),
    ] = None,
    market: Annotated[
        Optional[str], typer.Option(help="With --prices: the symbol of the market; the mean of all, if none.")
    ] = None,
    dates: Annotated[
        Optional[list[str]],
        typer.Option(help="With --prices: one (date for all), own (dates), consecutive; may be given again."),
    ] = None,
) -> None:
    """Measure size or power of tests on data with known truth, or sizes on random dates of prices of your own."""
    from eventstudy.calibration import Plan  # noqa: PLC0415  --help must not pay for pandas
    from eventstudy.cli.lab import Placebo, run_lab, window_of  # noqa: PLC0415  the same

    usual = Plan()
    plan = Plan(
        scenarios=tuple(name.strip() for text in scenario or () for name in text.split(",")),
        tests=tuple(name.strip() for text in tests or () for name in text.split(",")),
        events=tuple(events) if events else usual.events,
        windows=tuple(window_of(text) for text in window) if window else usual.windows,
        replications=replications,
        draws=draws,
        effect=effect,
        seed=seed,
    )
    placebo = None
    if prices is not None or market is not None or dates:
        placebo = Placebo(prices, market, tuple(name.strip() for text in dates or () for name in text.split(",")))
    run_lab(plan, out=out, resume=resume, workers=workers, scheduler=scheduler, placebo=placebo, advice=advice)


@app.command(epilog="Example: eventstudy mcp --skill")
def mcp(
    *,
    skill: Annotated[
        bool, typer.Option("--skill", help="Print SKILL.md, what an agent reads first, and leave.")
    ] = False,
) -> None:
    r"""Serve five calls to an agent over standard input and output: load, catalogue, fit, tests, report.

    Each gives numbers with their provenance, or refuses. Needs the extra: pip install 'eventstudykit\[mcp]'.
    """
    from eventstudy.agent.server import build_server, skill_text  # noqa: PLC0415  --help must not pay for pandas

    if skill:
        print(skill_text(), end="")
        return
    build_server().run()
