"""The project's tasks, which are the sections of ``.ci/run``: ``nox -s lint`` runs one of them.

They run in the environment that is active, so they install nothing and start at once; `user` alone
makes an environment of its own, to install the package as its users do.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["tests", "lint", "proofs"]


@nox.session(venv_backend="virtualenv")
def user(session: nox.Session) -> None:
    """Install the package as a user does, and verify every claim."""
    session.install(".")
    page, document = (str(Path(session.create_tmp()) / f"ledger.{end}") for end in ("html", "json"))
    session.run("etcprops", "verify", "--html", page, "--json", document)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, but those marked ``thorough``: ``-- -m ''`` runs all."""
    session.run("pytest", "-q", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run all tests, and measure which lines and branches of the package they reach."""
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "-q", "-m", "", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
def search(session: nox.Session) -> None:
    """Search long for counterexamples to every claim, and write the report: ten minutes."""
    options = session.posargs or ["--examples", "2000"]
    with Path("docs/reference/searches.md").open("w", encoding="utf-8") as page:
        session.run("python", "-m", "etcprops.claims.searches", *options, stdout=page)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Look for bytes that take new ways through readers, 30 s each; needs the extra ``fuzz``."""
    session.run("python", "tests/fuzz/coverage_guided.py", *(session.posargs or ["30"]))


@nox.session
def machines(session: nox.Session) -> None:
    """Run tests, ledger and fingerprint as other machines would; ``-- all`` takes an hour."""
    session.run("bash", ".ci/machines", *(session.posargs or ["two"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types."""
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")


@nox.session
def mutation(session: nox.Session) -> None:
    """Break the logic bit by bit, and count what tests notice: hours; ``-- exact``: a room."""
    session.run("python", ".ci/mutation", *session.posargs)


@nox.session
def proofs(session: nox.Session) -> None:
    """Have Coq check the proofs again from nothing, and compare with what is recorded."""
    session.run("bash", ".ci/proofs")


@nox.session
def reals(session: nox.Session) -> None:
    """Have Coq check the theorems about real numbers, which stand on its axioms for these."""
    session.run("bash", ".ci/reals")


@nox.session
def extraction(session: nox.Session) -> None:
    """Extract the proved programs to OCaml, and compare them with the Python; needs OCaml."""
    session.run("bash", ".ci/extraction")


@nox.session
def notebooks(session: nox.Session) -> None:
    """Run the notebooks; needs the extra ``notebooks``."""
    options = ("-o", "addopts=", "-o", "filterwarnings=", "--nbmake", "--nbmake-timeout=300")
    session.run("pytest", "-q", *options, *(session.posargs or ["notebooks", "proofs"]))


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into ``build/docs``, from nothing, after running its tutorial again.

    Needs the extra ``docs``.
    """
    session.run("python", "docs/_scripts/session.py", "--check")
    options = ("--fail-on-warning", "--keep-going", "--fresh-env", "--quiet", "--conf-dir", "docs")
    session.run("sphinx-build", *options, *session.posargs, ".", "build/docs")


@nox.session
def subjects(session: nox.Session) -> None:
    """Probe other people's encryptions, from PyPI, in processes of their own."""
    session.run("bash", ".ci/subjects")


@nox.session
def pages(session: nox.Session) -> None:
    """Look at every page in chromium, after installing the extra ``pages``."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        session.skip("opens pages in chromium, which is not installed")
    session.run("pip", "install", "--quiet", "-e", ".[test,pages]")
    session.run("pytest", "-q", "-n0", "-m", "pages", "tests/test_pages_in_browser.py")


@nox.session
def references(session: nox.Session) -> None:
    """Run another solver of jigsaw puzzles beside the attack; ``-- DIR`` is a checkout of gaps."""
    if not session.posargs:
        session.skip("needs a checkout of github.com/nemanja-m/gaps: nox -s references -- DIR")
    session.run("bash", ".ci/references", *session.posargs)


@nox.session
def distributed(session: nox.Session) -> None:
    """Audit on a cluster of processes, after installing the extra ``distributed``."""
    session.run("bash", ".ci/distributed")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure speed, as ratios within one run; no part of ``.ci/run``, which shares its cores."""
    options = ("--benchmark-only", "-o", "addopts=")
    session.run("pytest", "tests/benchmarks", *options, *session.posargs)
