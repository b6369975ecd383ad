"""Every page in a browser: narrow and wide, light, in the dark, and on paper.

`page_checks` has the checks; each rejects a page that is spoiled on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import page_checks as checks
import pytest
from sample_pages import PAGES

pytestmark = pytest.mark.pages
playwright = pytest.importorskip(
    "playwright.sync_api", reason="opens pages in a browser: pip install 'etcprops[pages]'"
)
for module in ("axe_playwright_python", "pypdf"):
    pytest.importorskip(module, reason="needs the extra pages: pip install 'etcprops[pages]'")

Check = Callable[[Any], list[str]]
WIDTHS: Final = {"wide": 1280, "narrow": 390}
NARROW: Final = {"viewport": {"width": WIDTHS["narrow"], "height": 800}}
STILL: Final[tuple[Check, ...]] = (
    checks.accessibility,
    checks.overflow,
    checks.pictures,
    checks.header_cells,
)
"""Checks that leave the page as it was."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = checks.find_browser()
    if path is None:
        pytest.skip("opens pages in chromium, which is not installed")
    with playwright.sync_playwright() as driver:
        # The pages are our own; in containers, where root runs the tests, there is no sandbox.
        found = driver.chromium.launch(executable_path=path, chromium_sandbox=False)
        yield found
        found.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("pages")

    def file(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            path.write_text(PAGES[name](), encoding="utf-8")
        return path

    return file


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_page_can_be_read(
    name: str, width: str, scheme: str, browser: Any, files: Callable[[str], Path]
) -> None:
    look = {"viewport": {"width": WIDTHS[width], "height": 800}, "color_scheme": scheme}
    with checks.opened(browser, files(name), **look) as (page, complaints):
        for check in STILL:
            assert check(page) == []
        if width == "wide":
            assert checks.sorting(page) == []
        assert complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_page_can_be_printed(name: str, browser: Any, files: Callable[[str], Path]) -> None:
    with checks.opened(browser, files(name), color_scheme="dark") as (page, complaints):
        page.emulate_media(media="print")
        assert checks.accessibility(page) == []
        assert checks.split_cards(page) == []
        assert complaints == []


def test_pages_that_sort_are_among_them(browser: Any, files: Callable[[str], Path]) -> None:
    for name in ("ledger", "atlas", "probe-etc"):
        with checks.opened(browser, files(name)) as (page, _):
            assert page.query_selector_all("table.sortable")


# --- Pages that are spoiled on purpose


def with_style(style: str) -> Callable[[str], str]:
    return lambda page: page.replace("</style>", f"{style}</style>")


def with_content(content: str) -> Callable[[str], str]:
    return lambda page: page.replace("</main>", f"{content}</main>")


def without(pattern: str) -> Callable[[str], str]:
    return lambda page: re.sub(pattern, "", page, flags=re.DOTALL)


def changed(old: str, new: str) -> Callable[[str], str]:
    return lambda page: page.replace(old, new)


def loading(_page: Any) -> list[str]:
    """Complain of nothing: what is wrong is seen while the page loads."""
    return []


def sorting_numbers(page: Any) -> list[str]:
    """Sort a column whose numbers are in another order if they are taken for text."""
    page.evaluate(
        """() => ["10", "9", "-1.5", "100"].forEach((text, i) => {
          document.querySelector("table.sortable").tBodies[0].rows[i].cells[5].textContent = text;
        })"""
    )
    return checks.sorting(page)


def split_tall_cards(page: Any) -> list[str]:
    """Print cards so tall that several would lie on two sheets, were it allowed."""
    page.add_style_tag(content=".statement { margin-bottom: 120px !important; }")
    return checks.split_cards(page)


DARK: Final = {"color_scheme": "dark"}
ELSEWHERE: Final = "http://127.0.0.1:9"
MUTANTS: Final[dict[str, tuple[str, Check, Callable[[str], str], dict[str, Any]]]] = {
    "faint in the light": (
        "verdict", checks.accessibility, changed("--soft: #586472", "--soft: #8a97a5"), {},
    ),
    "faint in the dark": (
        "verdict", checks.accessibility, changed("--soft: #9caab8", "--soft: #5d6a77"), DARK,
    ),
    "faint on a badge": (
        "verdict", checks.accessibility, changed("--other: #b3590b", "--other: #e0863a"), {},
    ),
    "faint and large": ("verdict", checks.accessibility, with_style("h1 { color: #888; }"), {}),
    "no language": ("verdict", checks.accessibility, changed('<html lang="en">', "<html>"), {}),
    "too wide": (
        "verdict", checks.overflow, with_content('<div style="width: 500px">wide</div>'), NARROW,
    ),
    "a table that does not scroll": (
        "reproduction", checks.overflow, changed(".scroll { overflow-x: auto; }", ""), NARROW,
    ),
    "a picture that says nothing": ("verdict", checks.pictures, without(r' alt="[^"]*"'), {}),
    "a picture that is broken": (
        "verdict", checks.pictures, changed("image/png;base64,", "image/png;base64,AAAA"), {},
    ),
    "no header cells": ("verdict", checks.header_cells, without("<thead>.*?</thead>"), {}),
    "header cells of nothing": ("verdict", checks.header_cells, changed('scope="col"', ""), {}),
    "nothing sorts": ("ledger", sorting_numbers, changed("table.sortable", "table.none"), {}),
    "numbers sorted as text": (
        "ledger", sorting_numbers, changed("Number(a) - Number(b)", "NaN"), {},
    ),
    "sorted one way": ("ledger", sorting_numbers, changed("sign * compare", "compare"), {}),
    "rows lost": (
        "ledger", sorting_numbers,
        changed("body.append(...keyed", "body.replaceChildren(...keyed.slice(1)"), {},
    ),
    "an error in a script": ("verdict", loading, with_content("<script>absent()</script>"), {}),
    "an error in the console": (
        "verdict", loading, with_content("<script>console.error('no')</script>"), {},
    ),
    "a font from elsewhere": (
        "verdict", loading, changed("<style>", f"<style>@import '{ELSEWHERE}/font.css';"), {},
    ),
    "a picture from elsewhere": (
        "verdict", loading, with_content(f'<img alt="it" src="{ELSEWHERE}/it.png">'), {},
    ),
    "cards that split": (
        "ledger", split_tall_cards,
        with_style("@media print { article { break-inside: auto; } }"), {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_spoiled_page_is_rejected(
    name: str, browser: Any, files: Callable[[str], Path], tmp_path: Path
) -> None:
    sample, check, spoil, look = MUTANTS[name]
    sound = files(sample).read_text(encoding="utf-8")
    found = []
    for number, text in enumerate((sound, spoil(sound))):
        file = tmp_path / f"{number}.html"
        file.write_text(text, encoding="utf-8")
        with checks.opened(browser, file, **look) as (page, complaints):
            found.append(check(page) + complaints)
    assert found[0] == []
    assert found[1]
