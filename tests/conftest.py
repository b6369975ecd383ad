"""Settings shared by all tests: Hypothesis profiles, and where Extended Yale B is."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from threadpoolctl import threadpool_limits

from etcprops._files import user_cache
from etcprops.theory import coq, coq_programs
from etcprops.theory.theorems import reals_folder, sources_folder

collect_ignore = ["fuzz/coverage_guided.py"]  # a program, which needs atheris

DEFAULT_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "CroppedYale.zip"

# Every profile is spelled out in full: where the variable CI is set, Hypothesis gives newly
# registered profiles other defaults.
_COMMON: dict[str, Any] = {
    "database": None,
    "deadline": None,
    "print_blob": True,
    "report_multiple_bugs": False,
    "stateful_step_count": 20,
    "backend": "hypothesis",
    "phases": (Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
    "suppress_health_check": (HealthCheck.too_slow,),
    "verbosity": Verbosity.normal,
}
settings.register_profile("quick", **_COMMON, max_examples=20, derandomize=True)
settings.register_profile("ci", **_COMMON, max_examples=60, derandomize=True)
settings.register_profile("dev", **_COMMON, max_examples=60, derandomize=False)
settings.register_profile("deep", **_COMMON, max_examples=5000, derandomize=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--yale",
        type=Path,
        default=None,
        metavar="PATH",
        help="Extended Yale Face Database B, cropped: the zip or the unpacked folder",
    )
    parser.addoption(
        "--gaps",
        type=Path,
        default=None,
        metavar="DIR",
        help="a checkout of github.com/nemanja-m/gaps, another solver of jigsaw puzzles",
    )
    parser.addoption(
        "--subjects",
        type=Path,
        default=None,
        metavar="FILE",
        help="what python notebooks/other_encryptions FILE wrote",
    )
    parser.addoption(
        "--distributed",
        action="store_true",
        help="run the tests that start a dask cluster; slow",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--hypothesis-profile") is None:
        # Deterministic by default; --hypothesis-profile=dev or deep looks further.
        settings.load_profile("quick" if _is_quick(config) else "ci")
    _leave_the_users_cache_alone(config)
    _compile_once(config)


def _is_quick(config: pytest.Config) -> bool:
    """Tell whether `addopts` leaves the tests out that are marked ``thorough``."""
    return bool(config.getoption("markexpr") == "not thorough")


@pytest.hookimpl(tryfirst=True)  # before pytest looks at -m
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the cases of a test that is ``sampled(n)`` as ``thorough``, but the first of each n."""
    seen: Counter[str] = Counter()
    for item in items:
        if (sampled := item.get_closest_marker("sampled")) is not None:
            test = item.nodeid.split("[")[0]
            if seen[test] % sampled.args[0]:
                item.add_marker("thorough")
            seen[test] += 1


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if _is_quick(config):
        terminalreporter.write_line("Without what is marked thorough; all tests: pytest -q -m ''")


def _compile_once(config: pytest.Config) -> None:
    """Keep compiled modules in pytest's cache if they are not wanted beside their sources.

    Otherwise each of the many processes of a run would compile them all again: seconds each time.
    """
    if sys.dont_write_bytecode and "PYTHONDONTWRITEBYTECODE" in os.environ:
        del os.environ["PYTHONDONTWRITEBYTECODE"]
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(Path(config.rootpath) / ".pytest_cache" / "compiled")
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix


def _leave_the_users_cache_alone(config: pytest.Config) -> None:
    """Keep what this package caches beside pytest's cache, for programs that tests start too.

    Proofs that the user has compiled are seen there, since compiling them takes minutes.
    """
    theirs = user_cache()
    here = Path(config.rootpath) / ".pytest_cache" / "xdg"
    ours = here / "etcprops"
    ours.mkdir(parents=True, exist_ok=True)
    if theirs != ours:  # in a worker of pytest-xdist the variable is set already
        os.environ["XDG_CACHE_HOME"] = str(here)
        for link in ours.glob("coq-*"):
            if not link.exists():  # what it led to is gone
                link.unlink(missing_ok=True)
        for report in theirs.glob("coq-*/report.json"):
            with suppress(OSError):  # there already, or no links here
                (ours / report.parent.name).symlink_to(report.parent)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep BLAS and OpenMP to one thread: on small arrays several mostly wait for one another.

    On a busy machine they wait for minutes.
    """
    for library in ("scipy.linalg", "sklearn.svm"):  # load their BLAS and OpenMP, to be limited
        importlib.import_module(library)
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session", autouse=True)
def _measured_processes_end_by_themselves() -> Iterator[None]:
    """Where coverage is measured, give a forked process a moment to write down what it reached."""
    measured = "coverage" in sys.modules and sys.modules["coverage"].Coverage.current() is not None
    if not measured:
        yield
        return
    kill = BaseProcess.kill

    def wait_and_kill(process: BaseProcess) -> None:
        process.join(1)
        kill(process)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseProcess, "kill", wait_and_kill)
        yield


@pytest.fixture(scope="session", autouse=True)
def _ask_coq_once(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Let the processes of one run share what Coq says of the shipped proofs: it takes it long."""
    if not hasattr(pytestconfig, "workerinput") or importlib.util.find_spec("fcntl") is None:
        yield
        return
    import fcntl

    ours, place = tmp_path_factory.getbasetemp(), tmp_path_factory.getbasetemp().parent
    assert ours.name.startswith("popen-"), "a folder of this process in that of the run"
    ask = coq_programs.assumptions_of

    def shared(compiled: Path, folder: Path) -> Any:
        if folder not in {sources_folder(), reals_folder()}:
            return ask(compiled, folder)
        with (place / f"{compiled.name}.json").open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            if text := file.read():
                return json.loads(text)
            answer = ask(compiled, folder)
            file.write(json.dumps(answer))
            return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coq, "assumptions_of", shared)
        yield


@pytest.fixture(scope="session", autouse=True)
def _proofs_are_compiled_by_those_who_have_time(pytestconfig: pytest.Config) -> Iterator[None]:
    """Take proofs as where Coq is absent, in a quick run, if they were never compiled here."""
    build, shipped = coq.build, {sources_folder(), reals_folder()}

    def build_others(folder: Path, *arguments: Any, **options: Any) -> Any:
        if folder in shipped:
            raise coq.CoqUnavailableError(
                "not compiled yet, which takes minutes: python -m etcprops.theory.coq"
            )
        return build(folder, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        if _is_quick(pytestconfig):
            patch.setattr(coq, "build", build_others)
        yield


@pytest.fixture(scope="session")
def yale_path(pytestconfig: pytest.Config) -> Path:
    """Where the user's own copy of Extended Yale B is; the tests that need it skip without it."""
    path: Path | None = pytestconfig.getoption("--yale")
    if path is not None:
        return path
    if DEFAULT_DATA.exists():
        return DEFAULT_DATA
    pytest.skip("needs Extended Yale B, which is not part of this package: pytest --yale PATH")
