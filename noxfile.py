"""Sessions over Pythons and versions: ``nox -l`` lists them, ``nox -s tests-3.12`` runs one.

The everyday checks are the Makefile's, on one Python and the locked versions. These are the legs beside it. A Python that is not
on the machine is left out, and nox says so.
"""

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
QUICK = ("-m", "not slow and not browser")

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["tests", "lowest"]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the quick tests on the locked versions."""
    session.install("-r", "requirements/dev.lock")
    session.install("--no-deps", "-e", ".")
    session.run("pytest", "-n", "auto", *QUICK, *session.posargs)


@nox.session(python=PYTHONS[0], venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """Run the quick tests on the lowest versions that pyproject.toml declares."""
    session.install("--resolution", "lowest-direct", "-e", ".[all]", "--group", "test")
    session.run("pytest", "-n", "auto", *QUICK, *session.posargs)


@nox.session(python=PYTHONS[0])
def slim(session: nox.Session) -> None:
    """Study own data where yfinance, and what only it brings, is not installed."""
    session.install("-r", "requirements/dev.lock")
    session.install("--no-deps", "-e", ".")
    session.run("pytest", "tests/returns/test_without_yfinance.py", *session.posargs)
