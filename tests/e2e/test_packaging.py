"""The files around the package say the same: versions, requirements, Pythons, licences."""

import ast
import importlib.util
import re
import tomllib

import pytest
import yaml

import eventstudy as es
import licences
from pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONDA_NAMES = {"matplotlib": "matplotlib-base"}
here = pytest.mark.skipif(not (ROOT / "conda").exists(), reason="the sdist is without the recipe")


def names(lines):
    return {re.match(r"[\w.-]+", line)[0]: line[len(re.match(r"[\w.-]+", line)[0]) :].strip() for line in lines}


def test_the_version_is_the_same_everywhere():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["version"] == es.__version__


@here
def test_the_recipe_needs_what_the_project_needs():
    recipe = yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text("utf-8"))
    assert recipe["context"]["version"] == es.__version__
    wanted = {CONDA_NAMES.get(name, name): bound for name, bound in names(PROJECT["dependencies"]).items()}
    assert names(recipe["requirements"]["run"]) == wanted | {"python": PROJECT["requires-python"]}


def test_nox_knows_every_python_that_is_declared():
    text = (ROOT / "noxfile.py").read_text("utf-8")
    pythons = ast.literal_eval(re.search(r"^PYTHONS = (.+)$", text, re.MULTILINE)[1])
    declared = {line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python ::" in line}
    assert declared <= set(pythons)


def test_no_address_is_made_up():
    assert "urls" not in PROJECT
    for name in ("pyproject.toml", "CITATION.cff", "SECURITY.md", "docs/install.md"):
        assert not re.findall(r"https?://\S+", (ROOT / name).read_text("utf-8")), name


BY_ITSELF = {"ray"}  # 200 MB, for who has a cluster of it


@pytest.mark.parametrize("extra", sorted(set(PROJECT["optional-dependencies"]) - {"all"}))
def test_every_extra_is_on_the_page_and_in_all(extra):
    assert f"| `{extra}` |" in (ROOT / "docs" / "install.md").read_text("utf-8")
    assert (extra in PROJECT["optional-dependencies"]["all"][0]) == (extra not in BY_ITSELF)


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("MIT", []),
        ("Apache-2.0 OR BSD-3-Clause", []),
        ("GPL-3.0-only OR MIT", []),
        ("MIT AND GPL-3.0-only", ["GPL-3.0-only"]),
        ("BSD-2-Clause AND Apache-2.0 WITH LLVM-exception", []),
        ("unknown", ["unknown"]),
    ],
)
def test_a_licence_that_nobody_agreed_to_is_refused(licence, refused):
    assert licences.refused(licence) == refused


def test_the_list_of_licences_has_every_locked_package_and_every_bundled_figure():
    page = (ROOT / "docs" / "licences.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| ([\w.-]+) \| (\S+) \|", page, re.MULTILINE))
    for name, (version, _) in licences.locked("run.lock").items():
        assert listed.get(name) == version, f"{name}: run `make licences`"
    assert licences.extras() - BY_ITSELF <= set(listed)
    for path in (ROOT / "src" / "eventstudy" / "returns" / "figures").glob("*.csv"):
        assert f"`returns/figures/{path.name}`" in page


@pytest.mark.slow
def test_the_page_for_users_of_0_1_names_every_old_name():
    spec = importlib.util.spec_from_file_location("changes_page", ROOT / "docs" / "changes_page.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    page = (ROOT / "docs" / "changes-0.2.md").read_text("utf-8")
    assert len(maker.moved()) > 40
    assert maker.renamed()
    for old, _ in (*maker.moved(), *maker.renamed()):
        assert f"`{old}`" in page, f"{old}: run `make changes`"
    assert len(maker.bullets().splitlines()) > 10
