"""The plugin of pytest, its entry point: ``--etcprops-html``, and one failure for what raises.

Every run of pytest loads it where the package is installed. So it imports nothing of the package,
and does nothing, before a test has imported `etcprops.testing` or asks for the fixture.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from etcprops.auditing import Verdict
    from etcprops.testing.session import Row, Session

OPTION = "--etcprops-html"
SESSION: pytest.StashKey[Session] = pytest.StashKey()
PAGE: pytest.StashKey[Path] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("etcprops").addoption(
        OPTION,
        metavar="FILE",
        default=None,
        help="write one page on all schemes and models under test: each check, its outcome, and "
        "the pixels that show it",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a page that cannot be written before the work rather than after it."""
    if given := config.getoption(OPTION):
        path = Path(given)
        if path.is_dir() or not path.parent.is_dir():
            raise pytest.UsageError(f"{OPTION} must be a file in an existing folder, not {given}")
        if not hasattr(config, "workerinput"):  # a worker of pytest-xdist has no page to write
            config.pluginmanager.register(_Page(path), "etcprops-page")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for schemes, if anything here can have made one."""
    if "etcprops.testing" in sys.modules:
        from etcprops.testing.session import Session

        session.config.stash[SESSION] = Session(session.items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Skip a check of a scheme that raises, if the check that says so runs, too."""
    if SESSION in item.config.stash:
        item.config.stash[SESSION].before(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a report carry what the page shows."""
    report = yield
    if SESSION in item.config.stash:
        draw = bool(item.config.getoption(OPTION))
        rows = item.config.stash[SESSION].rows(item, call, report, draw=draw)
        vars(report)["etcprops"] = rows  # pytest sends what else a report has to other processes
    return report


@pytest.fixture
def etcprops_audit(request: pytest.FixtureRequest) -> Callable[..., Verdict]:
    """Audit a model as etcprops.audit does; fail unless its answers are the same when encrypted.

    It fails, too, if they are all one answer: nothing about them could show.

    ``etcprops_audit(model, images, labels, key, accept=("equal-in-distribution",), **options)``
    """
    from etcprops.testing.session import audited

    return audited(request.node)


class _Page:
    """Gathers what reports carry, also those of other processes, and writes the page."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Row] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Gather."""
        self.rows += getattr(report, "etcprops", ())

    def pytest_sessionfinish(self) -> None:
        """Write."""
        from etcprops._files import write_whole
        from etcprops.testing.page import render

        write_whole(self.path, render(self.rows))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say where it is."""
        terminalreporter.write_line(f"etcprops: {len(self.rows)} checks, shown in {self.path}")
