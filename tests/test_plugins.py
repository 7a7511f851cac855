"""What other packages add: docs/plugins.md installed as a package, in tests(), summary(), report and lab; and faulty ones."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import eventstudy as es
from eventstudy import plugins
from eventstudy.calibration.lab import Plan, calibrate
from eventstudy.errors import EventStudyError, InstallationError
from eventstudy.inference import registry
from eventstudy.inference.core.spec import CONDITIONS
from eventstudy.report.parts.part import library_versions
from pages import ROOT, blocks

GROUPS = {"models": "acme_median", "tests": "acme_trimmed", "sources": "acme", "charts": "acme_spread"}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a module with entry points as a package of its own."""

    def do(code, points, package="acme-events"):
        module = package.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code, encoding="utf-8")
        told = tmp_path / f"{module}-1.0.dist-info"
        told.mkdir()
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
        lines = [f"[eventstudy.{group}]\n{name} = {module}:{value}\n" for group, name, value in points]
        (told / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        registry.others.cache_clear()

    yield do
    registry.others.cache_clear()
    for name in [name for name in sys.modules if name.startswith(("acme", "faulty"))]:
        del sys.modules[name]


def documented():
    return "\n\n".join(blocks("docs/plugins.md", "python"))


ALL = (
    ("models", "acme_median", "Median"),
    ("tests", "acme_trimmed", "TRIMMED"),
    ("sources", "acme", "Acme"),
    ("charts", "acme_spread", "spread"),
)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(0.001, 0.01, (400, 12)), columns=[f"S{at}" for at in range(12)])
    pairs = pd.DataFrame(
        {"event_id": [f"e{at}" for at in range(12)], "symbol": frame.columns, "bar": range(280, 400, 10)}
    )
    return pairs, es.ReturnPanel(frame)


SMALL = {"window": (0, 1), "estimation": es.EstimationWindow(200, -11), "calendar": None}


def test_each_example_is_short():
    for block in blocks("docs/plugins.md", "python"):
        assert len(block.splitlines()) < 40


def test_the_page_has_the_words_of_conditions_and_a_pyproject_that_names_the_module():
    page = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    assert dict(re.findall(r"^\| `([a-z ]+)` \| (.+) \|$", page, re.MULTILINE)) == dict(CONDITIONS)
    told = tomllib.loads(blocks("docs/plugins.md", "toml")[0])
    assert told["build-system"]["build-backend"] == "setuptools.build_meta"
    values = {value for points in told["project"]["entry-points"].values() for value in points.values()}
    assert {value.partition(":")[0] for value in values} == set(told["tool"]["setuptools"]["py-modules"])


def test_a_manifest_names_the_packages_that_add_to_a_study(install):
    assert plugins.packages() == []
    install("def spread(result):\n    return None\n", [("charts", "acme_spread", "spread")])
    assert plugins.packages() == ["acme-events"]
    assert library_versions()["acme-events"] == "1.0"


@pytest.mark.slow
def test_they_are_everywhere(install, data, tmp_path):
    install(documented(), ALL)
    result = es.EventStudy(model="acme_median", **SMALL).fit(*data)
    frame = data[1].frame
    first = frame["S0"].iloc[280 - 210 : 280 - 10]
    assert result.car().loc[0, "car"] == pytest.approx(frame["S0"].iloc[280:282].sum() - 2 * first.median())
    assert "Median()" in result.summary()
    table = result.tests(full=True).set_index("name")
    car = result.car()["car"].to_numpy()
    expected = yuen(car)
    assert table.loc["acme_trimmed", "estimate"] == pytest.approx(stats.trim_mean(car, 0.1))
    assert table.loc["acme_trimmed", "statistic"] == pytest.approx(expected)
    assert table.loc["acme_trimmed", "believe"] in ("yes", "no")
    assert "acme_trimmed" in result.summary()
    assert result.test("acme_trimmed").statistic == pytest.approx(expected)
    page = result.report(tmp_path / "out.html").read_text()
    assert "acme_trimmed" in page
    assert "From other packages" in page
    assert "Half of the events are below" in page
    assert "acme_trimmed" in result.table(tests=["acme_trimmed"]).frame.to_string()
    panel = es.load_prices(["A", "GONE"], "2024-01-02", "2024-02-01", source="acme")
    assert list(panel.frame.columns) == ["A"]
    assert "acme does not have 'GONE'" in str(panel.failures["GONE"])


def yuen(x):
    x = np.sort(x)
    cut = len(x) // 10
    kept = x[cut : len(x) - cut]
    winsorized = np.clip(x, kept[0], kept[-1])
    h = len(kept)
    return kept.mean() / np.sqrt((len(x) - 1) * winsorized.var(ddof=1) / (h * (h - 1)))


def test_the_lab_measures_the_test(install):
    install(documented(), ALL)
    plan = Plan(tests=("acme_trimmed",), scenarios=("normal",), windows=((0, 0),), events=(50,), replications=1000)
    found = calibrate(plan)
    assert "acme_trimmed" in str(found)


FAULTS = {
    "no module": ("import nothing_of_that_name\n", "tests", "X", "cannot be loaded: ModuleNotFoundError"),
    "no name": ("", "tests", "X", "cannot be loaded: AttributeError"),
    "no spec": ("X = 3\n", "tests", "X", "is no TestSpec but int"),
    "a name taken": (documented().replace('"acme_trimmed"', '"bmp"'), "tests", "TRIMMED", "is named 'bmp', as another"),
    "no condition": (documented().replace('"fat tails"', '"fat tail"'), "tests", "TRIMMED", "'fat tail' that there is not"),
    "raises": (documented().replace("cut = n // 10", "cut = n / zero"), "tests", "TRIMMED", "failed: NameError"),
    "no statistic": (documented().replace("return from_t(", "return ("), "tests", "TRIMMED", "failed: SyntaxError"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_test_ends_in_one_line_that_names_the_package(install, data, name):
    code, group, value, said = FAULTS[name]
    install(code, [(group, "odd", value)], package="faulty-one")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        with pytest.raises(InstallationError, match=r"package 'faulty-one' 1\.0: its test 'odd'") as told:
            es.EventStudy(model=es.MeanAdjusted(), **SMALL).fit(*data).tests()
    assert "\n" not in str(told.value)
    assert said.split(": ")[-1] in str(told.value)
    assert es.EventStudy(model=es.MeanAdjusted(), **SMALL).fit(*data).test("bmp").applicable  # ours run all the same


def test_a_faulty_model_source_and_chart_name_their_package(install, data, tmp_path):
    code = (
        "class M:\n    symbols, k, forecast = (), 1, True\n    def split(self, series): return 1 / 0\n"
        "class S:\n    name = 's'\n    def fetch(self, *given): return {}['x']\n"
        "class N: pass\n"
        "def chart(result): return result.nothing\n"
    )
    points = [("models", "odd", "M"), ("models", "none", "N"), ("sources", "odd", "S"), ("sources", "none", "N")]
    install(code, [*points, ("charts", "odd", "chart")], package="faulty-two")
    named = "package 'faulty-two' 1.0: its "
    with pytest.raises(InstallationError, match=f"{named}model 'odd' failed: ZeroDivisionError"):
        es.EventStudy(model="odd", **SMALL).fit(*data)
    with pytest.raises(InstallationError, match=f"{named}model 'none' is no normal-return model"):
        es.EventStudy(model="none", **SMALL)
    with pytest.raises(InstallationError, match=f"{named}price source 'odd' failed: KeyError"):
        es.load_prices(["A"], source="odd")
    with pytest.raises(InstallationError, match=f"{named}price source 'none' has no method fetch"):
        es.load_prices(["A"], source="none")
    result = es.EventStudy(model=es.MeanAdjusted(), **SMALL).fit(*data)
    with pytest.raises(InstallationError, match=f"{named}chart 'odd' failed: AttributeError"):
        result.report(tmp_path / "out.html")
    assert not (tmp_path / "out.html").exists()


def test_an_error_of_ours_and_an_unknown_name_stay_what_they_are(install, data):
    with pytest.raises(EventStudyError, match="model='nobody' is no normal-return model"):
        es.EventStudy(model="nobody", **SMALL)
    install(documented(), ALL)
    with pytest.raises(EventStudyError, match="'acme_median'"):
        es.EventStudy(model="acme_medium", **SMALL)
    with pytest.raises(EventStudyError, match="no_such"):
        es.EventStudy(model=es.MeanAdjusted(), **SMALL).fit(*data).test("acme_trimmed", no_such=1)
    assert plugins.named(plugins.MODELS, "acme_median").dist.name == "acme-events"
