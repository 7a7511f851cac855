"""Build the release, install it as a stranger would, and do what the README says (`make release-check`).

The sdist is built from the checkout, the wheel from the sdist. For each Python that is found, and for the newest and the
lowest dependencies that are declared, an empty environment gets the wheel, and the blocks of README.md and docs/howto.md run
in an empty folder, without a network: the Python ones with every warning an error, and each console line that is ours. Then
the extras are installed, and each is used once; and the quick start runs once more with yfinance uninstalled. One line a leg; the
exit code is 1 if one fails. With DIST=FOLDER in the environment the two archives are kept there.

    python release_check.py [3.11 3.12 ...]     by default every Python that pyproject.toml names
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from pages import ROOT, blocks

TOOLS = Path(sys.executable).parent  # uv, twine and check-wheel-contents stand beside this Python
PAGES = ("README.md", "docs/howto.md")
NEEDS_NETWORK = {"fetch"}
SERVES = {"mcp"}  # waits for an agent
RESOLUTIONS = ("highest", "lowest-direct")
NOT_IN_SDIST = (".ci/", ".gitattributes", ".github/", ".pre-commit-config.yaml", "conda/", "gallery/")
BESIDE_THE_PACKAGE = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
CLOSED = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
LAST_LINES = 25  # of a command that failed

#: Files that lines of the pages read and a user has.
PREPARE = """\
import eventstudy as es
es.load_prices(source="bundled").frame.to_parquet("market.parquet")
open("my-events.csv", "w").write("event_id,announced_at,name,stance\\na,2024-03-14 16:05-04:00,A,softening\\n")
"""
#: The numbers are those of the committed gallery, whatever the versions; pictures are compared only under the same ones.
NUMBERS = f"""\
from eventstudy.report import compare_folders
moved = [item for item in compare_folders({str(ROOT / "gallery")!r}, "out").moved if item.kind != "chart"]
assert not moved, moved[:10]
"""
#: Each extra, used once: garch, fast, dask, xlsx, mcp.
EXTRAS = """\
import distributed
import numpy as np
import eventstudy as es
from eventstudy import report
from eventstudy.abnormal import MarketModel, estimate

events = es.load_events("us-china").select(stance="escalation", since="2025-06-01")
returns = es.load_returns(["^GSPC", "BusEq", "Enrgy"], source="bundled")
study = es.EventStudy(model=es.MarketModel("^GSPC"), window=(-1, 1))
plain = study.fit(events, returns).car((0, 1))
assert len(plain)
assert es.EventStudy(model=es.GarchMarketModel("^GSPC"), window=(-1, 1)).fit(events, returns).car((0, 1))["car"].notna().any()
cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None)
with cluster, distributed.Client(cluster) as client:
    assert study.fit(events, returns, executor=client).car((0, 1)).equals(plain)
chance = np.random.default_rng(0).normal(0, 0.01, (3, 300))
one, other = (
    estimate(chance[1:], chance[:1], security=np.array([0, 1]), day0=np.array([280, 290]), window=(-1, 1),
             estimation=(-250, -11), model=MarketModel("m"), kernel=kernel)
    for kernel in ("numpy", "numba")
)
np.testing.assert_allclose(one.ar, other.ar, rtol=1e-9)
report.write_xlsx([plain], "cars.xlsx")

import asyncio
from mcp import Client
from eventstudy.agent.server import build_server

async def ask():
    async with Client(build_server()) as client:
        return await client.list_tools()

assert len(asyncio.run(ask()).tools) == 5
"""


class Leg(NamedTuple):
    """One Python with one resolution of the dependencies."""

    version: str
    python: Path
    resolution: str


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(*words: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Run a command and return what it writes; one that fails ends the leg with its last lines."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        last = "\n".join(f"    {line}" for line in done.stdout.splitlines()[-LAST_LINES:])
        msg = f"{shlex.join(str(word) for word in words)}: exit code {done.returncode}\n{last}"
        raise RuntimeError(msg)
    return done.stdout


def build(into: Path) -> tuple[Path, Path]:
    """Build the sdist, and the wheel from it, and check what is in them."""
    run(TOOLS / "uv", "build", "-q", "--out-dir", into, ROOT)
    (sdist,), (wheel,) = into.glob("*.tar.gz"), into.glob("*.whl")
    run(TOOLS / "twine", "check", "--strict", sdist, wheel)
    run(TOOLS / "check-wheel-contents", wheel)
    with tarfile.open(sdist) as archive:
        links = [member.name for member in archive if not member.isfile()]
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if ".dist-info/" not in name}
        beside = {name.partition(".dist-info/")[2] for name in packed.namelist()} - {""}
    tracked = set(run("git", "ls-files").splitlines())
    wanted = {name for name in tracked if not name.startswith(NOT_IN_SDIST)}
    package = {name.removeprefix("src/") for name in tracked if name.startswith("src/")}
    wrong = [
        *(f"the sdist holds {name}, which is no plain file" for name in links),
        *differences("sdist", in_sdist, wanted | {"PKG-INFO"}),
        *differences("wheel", names, package),
        *differences("wheel's dist-info", beside, BESIDE_THE_PACKAGE),
    ]
    if wrong:
        raise RuntimeError("\n".join(wrong))
    return sdist, wheel


def differences(what: str, there: set[str], wanted: set[str]) -> list[str]:
    """Say which files an archive lacks, and which it should not hold."""
    lacks = [f"the {what} lacks {name}" for name in sorted(wanted - there)]
    return lacks + [
        f"the {what} holds {name}, which git does not track or which should stay out" for name in sorted(there - wanted)
    ]


def interpreter(version: str) -> Path | None:
    """Return a Python of this version that runs: on the path, or among those of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [*map(Path, os.get_exec_path()), *sorted(pyenv.glob(f"versions/{version}.*/bin"))]
    for found in (folder / f"python{version}" for folder in folders):
        # a shim of pyenv is there for versions that are not switched on, and fails
        if (
            found.is_file()
            and subprocess.run([found, "-c", "import ssl"], capture_output=True, check=False).returncode == 0
        ):
            return found
    return None


def commands() -> list[list[str]]:
    """Return the console lines of the pages that are ours and need no network, each once."""
    lines = [line[2:] for page in PAGES for block in blocks(page, "console") for line in block.splitlines()]
    ours = [tuple(shlex.split(line, comments=True)) for line in lines if line.startswith("eventstudy ")]
    return [list(words) for words in dict.fromkeys(ours) if words[1] not in NEEDS_NETWORK | SERVES]


def walk(leg: Leg, wheel: Path, scratch: Path) -> str:
    """Install the wheel into an empty environment, do what the pages say, and return what went wrong, if anything did."""
    start, wrong = time.monotonic(), ""
    try:
        _walk(leg, wheel, scratch)
    except RuntimeError as error:
        wrong = f"Python {leg.version}, {leg.resolution}: {error}"
    word = "FAILED" if wrong else "ok"
    say(f"Python {leg.version}  {leg.resolution:<13}  {word:<6}  {time.monotonic() - start:.0f} s")
    return wrong


def _walk(leg: Leg, wheel: Path, scratch: Path) -> None:
    home = scratch / f"{leg.version}-{leg.resolution}"
    work, venv = home / "work", home / "venv"
    work.mkdir(parents=True)
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EVENTSTUDY", "XDG_"))
    }
    inside = {
        **inherited, **CLOSED, "HOME": str(home), "MPLBACKEND": "Agg", "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
    }  # fmt: skip
    run(TOOLS / "uv", "venv", "-q", "--python", leg.python, venv)

    def install(extra: str, *declared: str | Path) -> None:
        # "direct" are the requirements that are named: those of a wheel count only if its pyproject.toml names them
        named = declared if leg.resolution == "lowest-direct" else ()
        how = ("--python", venv / "bin" / "python", "--resolution", leg.resolution)
        run(TOOLS / "uv", "pip", "install", "-q", *how, f"eventstudykit{extra} @ {wheel.as_uri()}", *named)

    def python(name: str, program: str, *options: str) -> None:
        (work / name).write_text(program, encoding="utf-8")
        run(venv / "bin" / "python", *options, name, cwd=work, env=inside)

    install("", "-r", ROOT / "pyproject.toml")
    made = (ROOT / "tests" / "support" / "firm_files.py").read_text("utf-8")
    python("firm_files.py", f"{made}\n\nwrite_firm_files(Path())\n")  # what a reader has on disk
    for page in PAGES:
        python(f"{Path(page).stem.lower()}.py", "\n".join(blocks(page, "python")), "-W", "error")
    python("prepare.py", PREPARE)
    for words in commands():
        run(venv / "bin" / words[0], *words[1:], cwd=work, env=inside)
        if (work / "out").exists() and not (work / "gallery").exists():  # the first report, on the bundled figures
            python("same_numbers.py", NUMBERS)
            shutil.copytree(work / "out", work / "gallery")  # the pages compare with a folder of this name
    install("[all]", "-r", ROOT / "pyproject.toml", "--all-extras")
    python("extras.py", EXTRAS)
    run(
        TOOLS / "uv", "pip", "uninstall", "-q", "--python", venv / "bin" / "python", "yfinance", "curl-cffi", "requests"
    )
    python("quickstart.py", "\n".join(blocks("README.md", "python")), "-W", "error")


def check(versions: list[str], scratch: Path) -> bool:
    """Build, walk every leg and say what came of it; return whether all went well."""
    start = time.monotonic()
    sdist, wheel = build(scratch / "dist")
    if os.environ.get("DIST"):
        kept = Path(os.environ["DIST"])
        kept.mkdir(parents=True, exist_ok=True)
        for archive in (sdist, wheel):
            shutil.copy2(archive, kept / archive.name)
    sizes = ", ".join(f"{path.name} {path.stat().st_size / 1e6:.2f} MB" for path in (sdist, wheel))
    say(f"built and complete: {sizes}, {time.monotonic() - start:.0f} s")
    found = {version: interpreter(version) for version in versions}
    legs = [Leg(version, python, how) for version, python in found.items() if python for how in RESOLUTIONS]
    for version in (version for version, python in found.items() if not python):
        say(f"Python {version}  not on this machine: not checked")
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        failures = [wrong for wrong in pool.map(lambda leg: walk(leg, wheel, scratch), legs) if wrong]
    for wrong in failures:
        say(f"\n{wrong}")
    return bool(legs) and not failures


def main() -> int:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    versions = sys.argv[1:] or [name for text in declared if (name := text.rpartition(" ")[2]).startswith("3.")]
    with tempfile.TemporaryDirectory(prefix="eventstudy-release-", ignore_cleanup_errors=True) as scratch:
        try:
            return 0 if check(versions, Path(scratch)) else 1
        except RuntimeError as error:
            say(f"the release cannot be built: {error}")
            return 1


if __name__ == "__main__":
    sys.exit(main())
