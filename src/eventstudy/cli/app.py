"""``eventstudy``: its commands and its exit codes.

0 done · 1 ``check`` found a difference · 2 the input is wrong (one clear line, no traceback) · 3 a source could not
deliver (what came is kept, what is missing is listed) · 130 stopped by the user.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn, Optional

import typer

from eventstudy._version import __version__
from eventstudy.errors import EventStudyError, SourceError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Market-reaction event studies: events, abnormal returns, calibrated inference, one hypothesis tested.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Study = Annotated[str, typer.Argument(help="A study shipped with the package (us-china), or the path of a study file.")]
Source = Annotated[
    Optional[str],  # noqa: UP045  typer reads the annotation at run time on 3.11
    typer.Option(help="Where prices come from: bundled, yahoo, or the path of a .csv or .parquet file."),
]


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    try:
        app(prog_name="eventstudy")
    except SourceError as error:
        _say(str(error))
        sys.exit(3)
    except EventStudyError as error:
        _say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        _say("stopped; what was complete is kept")
        sys.exit(130)
    sys.exit(0)


def _say(message: str) -> None:
    typer.echo(f"eventstudy: {message}", err=True)


def _version(wanted: bool) -> None:  # noqa: FBT001  typer calls it with the flag's value
    if wanted:
        typer.echo(f"eventstudy {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,  # noqa: FBT002
) -> None:
    pass


@app.command()
def run(
    study: Study = "us-china",
    out: Annotated[Path, typer.Option(help="The folder to write; made anew as a whole, or left as it was.")] = Path(
        "out"
    ),
    source: Source = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer replications, in seconds; the report says so.")] = False,  # noqa: FBT002
) -> None:
    """Run a study and write its report, results, charts and tables."""
    from eventstudy.cli.running import run_study  # noqa: PLC0415  --help must not pay for pandas

    raise typer.Exit(run_study(study, out=out, source=source, quick=quick))


@app.command()
def events(
    catalog: Annotated[
        str, typer.Argument(help="A shipped catalogue, or the path of a .toml, .csv or .json file.")
    ] = "us-china",
    calendar: Annotated[str, typer.Option(help="The exchange whose sessions are wanted.")] = "XNYS",
    validate: Annotated[
        Optional[Path],  # noqa: UP045  typer reads the annotation at run time on 3.11
        typer.Option(help="Check a catalogue file of one's own and list every bad row."),
    ] = None,
    timezone: Annotated[
        Optional[str],  # noqa: UP045  typer reads the annotation at run time on 3.11
        typer.Option(help="Time zone of a file whose times have none, such as America/New_York."),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,  # noqa: FBT002
) -> None:
    """List a catalogue's events with the first session that could react to each."""
    from eventstudy.cli.listing import list_events  # noqa: PLC0415  --help must not pay for pandas

    list_events(validate or catalog, calendar=calendar, timezone=timezone, csv=csv, only_validate=validate is not None)


@app.command("tests")
def significance_tests(
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,  # noqa: FBT002
) -> None:
    """List the significance tests: null, assumptions, source."""
    from eventstudy.cli.listing import list_tests  # noqa: PLC0415  --help must not pay for pandas

    list_tests(csv=csv)
