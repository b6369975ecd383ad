"""The plugin of pytest: one failure for what raises, the page, JUnit, and no cost unused."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from etcprops.testing import CHECKS

pytest_plugins = "pytester"

SCHEMES = """
import pytest
from etcprops.testing import Scheme, parametrize_with_checks

def negate(image, key):
    return 255 - image if key else image

def halve(image, key):
    return image // 2 + key

def broken(image, key):
    raise RuntimeError("no key today")

SCHEMES = [Scheme(f.__name__, f, (8, 8), keys=[0, 1]) for f in FUNCTIONS]

@parametrize_with_checks(SCHEMES, expected_failures=EXPECTED)
def test_scheme(scheme, check):
    check(scheme)
"""
MODEL = """
import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier
from etcprops import EtCKey, BlockGeometry

rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (40, 4, 4), dtype=np.uint8)
LABELS = np.arange(40) % 2
KEY = EtCKey.from_secret(BlockGeometry(4, 4, block=2), "a test")
QUICK = {"runs": 0, "protection": False, "budget": 0.5}

def test_neighbours(etcprops_audit):
    etcprops_audit(KNeighborsClassifier(1), IMAGES, LABELS, KEY, **QUICK)

def test_tree(etcprops_audit):
    etcprops_audit(DecisionTreeClassifier(random_state=0), IMAGES, LABELS, KEY, **QUICK)

def test_accepted(etcprops_audit):
    tree = DecisionTreeClassifier(random_state=0)
    etcprops_audit(tree, IMAGES, LABELS, KEY, accept=["different"], **QUICK)

def test_one_answer(etcprops_audit):
    etcprops_audit(DummyClassifier(), IMAGES, LABELS, KEY, **QUICK)

def test_one_answer_accepted(etcprops_audit):
    accept = ["bitwise-identical"]
    etcprops_audit(DummyClassifier(), IMAGES, LABELS, KEY, accept=accept, **QUICK)
"""


def suite(functions: str, expected: str = "{}") -> str:
    """Return a test module for some of the schemes."""
    return SCHEMES.replace("FUNCTIONS", f"({functions},)").replace("EXPECTED", expected)


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest in this process, with warnings as errors."""
    return pytester.runpytest_inprocess("-W", "error", "-p", "no:randomly", *options)


OTHERS = len(CHECKS) - 1


def test_a_scheme_that_raises_is_one_failure(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(suite("broken"))
    result = run(pytester, "-rs")
    result.assert_outcomes(failed=1, skipped=OTHERS)
    result.stdout.fnmatch_lines(
        ["*broken-keeps_shape_and_dtype*", "*because the scheme raises: see keeps_shape_and_dtype"]
    )
    assert "RuntimeError: no key today" in result.stdout.str()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("options", [("-k", "decrypts or distances"), ("-p", "no:etcprops")])
def test_nothing_is_skipped_for_a_check_that_does_not_run(
    pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    pytester.makepyfile(suite("broken"))
    assert run(pytester, *options).parseoutcomes()["failed"] >= 1
    assert run(pytester, *options, "-k", "distances").parseoutcomes()["failed"] == 1


def test_one_broken_scheme_does_not_silence_another(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(suite("broken, halve"))
    found = run(pytester, "-k", "keeps_shape or distances").parseoutcomes()
    assert found == {"failed": 2, "passed": 1, "skipped": 1, "deselected": 2 * len(CHECKS) - 4}


def test_the_page_shows_every_check_and_the_pixels(pytester: pytest.Pytester) -> None:
    reasons = '{"loses_no_pixel": "it halves", "uses_its_key": "long mended"}'
    pytester.makepyfile(
        test_schemes=suite("negate, halve", f"lambda s: {reasons} if s.name == 'halve' else {{}}")
    )
    pytester.makepyfile(test_models=MODEL)
    result = run(pytester, "--etcprops-html", "page.html", "--junitxml", "junit.xml")
    result.stdout.fnmatch_lines([f"*{2 * len(CHECKS) + 5} checks, shown in page.html*"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    page = Path(pytester.path, "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert all(page.count(f"<td>{name}</td>") == 2 for name in CHECKS)
    for outcome in ("passed", "failed", "not-applicable", "expected-failure", "unexpected-pass",
                    "bitwise-identical", "different"):  # fmt: skip
        assert re.search(rf'class="badge [\w-]+">{outcome}<', page), outcome
    assert "image 0, encrypted" in page
    assert "under key 0: no isometry: the squared distance of images" in page
    assert "Query " in page
    assert page.count("data:image/png;base64,") >= 10
    check_junit(Path(pytester.path, "junit.xml"))


def check_junit(path: Path) -> None:
    """Look for what each test says of scheme, check and witness."""
    cases = {
        case.get("name"): {p.get("name"): p.get("value") or "" for p in case.iter("property")}
        for case in ET.parse(path).iter("testcase")  # noqa: S314  # pytest wrote it
    }
    passed = cases["test_scheme[negate-preserves_distances]"]
    assert passed == {"etcprops_scheme": "negate", "etcprops_check": "preserves_distances"}
    failed = cases["test_scheme[halve-preserves_distances]"]
    assert "no isometry" in failed["etcprops_witness"]
    assert cases["test_tree"]["etcprops_outcome"] == "different"
    assert cases["test_tree"]["etcprops_model"].startswith("DecisionTreeClassifier")


@pytest.mark.thorough
def test_two_processes_write_one_page(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_one=suite("negate"), test_two=suite("broken"))
    result = run(pytester, "-n2", "-k", "shape or key or alone", "--etcprops-html", "page.html")
    result.assert_outcomes(passed=3, failed=1, skipped=2)
    page = Path(pytester.path, "page.html").read_text(encoding="utf-8")
    assert page.count("<td>uses_its_key</td>") == 2
    assert page.count("because the scheme raises") == 2


def test_a_page_without_schemes_says_so(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    assert run(pytester, "--etcprops-html", "page.html").ret == pytest.ExitCode.OK
    assert "Nothing was under test" in Path(pytester.path, "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["no-such-folder/page.html", "."])
def test_a_page_that_cannot_be_written_is_a_usage_error(
    pytester: pytest.Pytester, name: str
) -> None:
    result = run(pytester, "--etcprops-html", name)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--etcprops-html must be a file in an existing folder*"])


def test_a_model_that_differs_fails_its_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(MODEL)
    result = run(pytester)
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(["*DecisionTreeClassifier(random_state=0): different"])
    remedy = "Take other images or labels, or accept=['bitwise-identical']."
    assert remedy in result.stdout.str()
    assert "etcprops/testing" not in result.stdout.str()


def test_where_it_is_not_used_nothing_is_imported(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_nothing_is_loaded():\n"
        "    loaded = {name for name in sys.modules if name.startswith('etcprops')}\n"
        "    assert loaded == {'etcprops', 'etcprops._pytest_plugin'}, loaded\n"
        "    assert not {'numpy', 'scipy', 'sklearn', 'PIL', 'jinja2'} & set(sys.modules)\n"
    )
    command = (sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:hypothesispytest")
    done = subprocess.run(  # noqa: S603
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_project_declares_the_plugin() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    declared = tomllib.loads(text)["project"]["entry-points"]
    assert declared == {"pytest11": {"etcprops": "etcprops._pytest_plugin"}}
