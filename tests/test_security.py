"""What docs/security.md says that no other test holds: no text is run as code, and only the sources reach a network."""

import ast
import re
import socket
from pathlib import Path

import pytest

import eventstudy as es
from eventstudy.errors import EventStudyError

ROOT = Path(__file__).parents[1]
SOURCE = Path(es.__file__).parent
CODE = {"eval", "exec", "compile", "__import__"}
#: Modules that run text, load objects or start programs.
POWERFUL = {"pickle", "marshal", "shelve", "dill", "joblib", "yaml", "subprocess", "ctypes", "runpy", "code", "pty"}
CALLS = {
    "read_pickle",
    "to_pickle",
    "read_hdf",
    "system",
    "popen",
    "execv",
    "spawnv",
    "eval",
    "query",
    "import_module",
    "from_string",
}
#: Where names are turned into modules: our own stubs, and sources of installed packages.
LOADERS = {"_lazy.py": {"import_module"}, "returns/sources/registry.py": {"import_module"}}
#: Where text is run that is no data: the annotations of our own functions.
OURS = {"checks.py": {"eval"}}
#: Where a routine of SciPy's is called by its published address, which lets go of Python's lock.
ADDRESSED = {"abnormal/models/eigenvectors.py": {"ctypes", "ctypes.byref", "ctypes.c_double", "ctypes.c_int"}}
#: Where a database answers statements of our own making; what a user gives is the relation, not its text.
ASKED = {"returns/scan/relation.py": {"query"}}
NETWORK = {
    "socket",
    "ssl",
    "urllib.request",
    "http",
    "requests",
    "curl_cffi",
    "yfinance",
    "ftplib",
    "smtplib",
    "asyncio",
    "websockets",
}
SPEAKERS = ("returns/sources/", "returns/remote/")


def trees():
    return [
        (path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in sorted(SOURCE.rglob("*.py"))
    ]


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))


def called(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in CODE:
                yield node.func.id
            # re.compile is no compile
            if isinstance(node.func, ast.Attribute) and node.func.attr in CALLS:
                yield node.func.attr


@pytest.mark.slow
def test_no_module_runs_text_as_code():
    wrong = {}
    for name, tree in trees():
        found = {one for one in imported(tree) if one.partition(".")[0] in POWERFUL}
        found |= set(called(tree))
        found -= LOADERS.get(name, set()) | OURS.get(name, set()) | ASKED.get(name, set()) | ADDRESSED.get(name, set())
        if found:
            wrong[name] = found
    assert wrong == {}


@pytest.mark.slow
def test_only_the_sources_can_reach_a_network():
    wrong = {
        name: found
        for name, tree in trees()
        if not name.startswith(SPEAKERS)
        and (found := {one for one in imported(tree) if one in NETWORK or one.partition(".")[0] in NETWORK})
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1:9/prices.csv",
        "http://127.0.0.1:9/p.parquet",
        "ftp://127.0.0.1/p.csv",
        "s3://bucket/p.parquet",
        "file:///etc/hostname.csv",
    ],
)
def test_an_address_is_no_source(address, monkeypatch, tmp_path):
    def refuse(*_, **__):
        pytest.fail("something asked for the network")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for load in (
        lambda: es.load_prices(source=address),
        lambda: es.load_events(address.replace("parquet", "csv")),
        lambda: es.load_study(address),
    ):
        with pytest.raises(EventStudyError):
            load()


def test_each_line_of_the_threat_model_names_a_test_that_there_is():
    rows = re.findall(
        r"^\| (?!what|---)(.+) \| (.+) \|$", (ROOT / "docs" / "security.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) > 10
    for line, holders in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", holders)
        assert named, line
        for path, test in named:
            tree = ast.parse((ROOT / path).read_text("utf-8"))
            assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, (
                f"{path}::{test}"
            )
