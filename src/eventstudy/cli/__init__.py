"""The command line: thin, one function a command, everything heavy imported only when a command runs."""

from eventstudy.cli.app import main

__all__ = ["main"]
