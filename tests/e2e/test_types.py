"""Users' own scripts pass the type checkers: mypy, and pyright as an editor runs it (basedpyright in its standard mode)."""

import json
import subprocess
import sys

import pytest

from pages import blocks

pytestmark = pytest.mark.slow

PAGES = {"readme": "README.md", "howto": "docs/howto.md"}
WRONG = """
import eventstudy as es

es.nonexistent
es.EventStudy(window=(0, 1), no_such_option=3)
es.load_prices("^GSPC").no_such_table
"""


def pyright(folder, scripts):
    for name, code in scripts.items():
        (folder / name).write_text(code)
    (folder / "pyrightconfig.json").write_text(json.dumps({"include": ["."], "typeCheckingMode": "standard"}))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [one["message"] for one in json.loads(done.stdout)["generalDiagnostics"] if one["severity"] == "error"]


def test_users_scripts_are_clean_for_both(tmp_path):
    scripts = {f"{name}.py": "\n".join(blocks(page, "python")) for name, page in PAGES.items()}
    assert pyright(tmp_path, scripts) == []
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--disable-error-code=import-untyped",
        "--config-file=",
        *scripts,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_what_is_not_there_is_an_error_in_an_editor(tmp_path):
    found = "\n".join(pyright(tmp_path, {"script.py": WRONG}))
    for name in ("nonexistent", "no_such_option", "no_such_table"):
        assert f'"{name}"' in found
