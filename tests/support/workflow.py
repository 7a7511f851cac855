"""A GitHub workflow's steps, run on this machine as the runner would: the same shells, the same files for outputs and summary.

What needs the service itself (`uses:`) is named and passed over. Expressions are looked up, never guessed: one that was not given
is a KeyError.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from pages import ROOT

FOLDER = ROOT / ".github" / "workflows"
SHELLS = {None: ("bash", "-e"), "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail")}


class Done(NamedTuple):
    """What came of a job: whether it failed, which steps ran, what the steps printed."""

    failed: bool
    ran: list[str]
    printed: str


def load(path: Path) -> dict[str, Any]:
    """Read a workflow; YAML 1.1 takes its key `on` for True."""
    text = yaml.safe_load(path.read_text("utf-8"))
    return {("on" if key is True else key): value for key, value in text.items()}


def said(text: str, known: dict[str, str]) -> str:
    """Put values in place of the expressions of a text."""
    return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: known[found[1]], text)


def holds(condition: str | None, known: dict[str, str], *, failed: bool) -> bool:
    """Judge the `if:` of a step: terms joined by `&&`, each `failure()`, a name, or a comparison with a text."""
    terms = (condition or "").split(" && ") if condition else []
    if not any(term == "failure()" for term in terms) and failed:
        return False
    for term in terms:
        name, _, value = term.partition(" == ")
        true = failed if term == "failure()" else known[name] == (value.strip("'") if value else "true")
        if not true:
            return False
    return True


def run_job(job: dict[str, Any], work: Path, known: dict[str, str], env: dict[str, str], skip: set[str]) -> Done:
    """Run the steps of a job in a folder; steps named in `skip`, and those of other actions, only count as run."""
    known, failed, ran, printed = dict(known), False, [], []
    scratch = work.parent / "runner"
    scratch.mkdir(exist_ok=True)
    job_env = {name: said(value, known) for name, value in job.get("env", {}).items()}
    for step in job["steps"]:
        if not holds(step.get("if"), known, failed=failed):
            continue
        ran.append(step.get("name") or step.get("uses"))
        if "uses" in step or step.get("name") in skip:
            continue
        files = {"GITHUB_OUTPUT": scratch / "output", "GITHUB_STEP_SUMMARY": scratch / "summary.md"}
        files["GITHUB_OUTPUT"].write_text("")
        own = {name: said(str(value), known) for name, value in step.get("env", {}).items()}
        script = scratch / "step.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            [*SHELLS[step.get("shell")], script],
            cwd=work,
            env={**os.environ, **env, **job_env, **own, **{name: str(path) for name, path in files.items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        printed.append(done.stdout)
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        known.update({f"steps.{step.get('id')}.outputs.{name}": value for name, value in outputs.items()})
        failed = failed or (done.returncode != 0 and not step.get("continue-on-error"))
    return Done(failed, ran, "".join(printed))
