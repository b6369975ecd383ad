"""What is asked of every page in a browser: each check returns its complaints."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
CONTRAST: Final = 4.5
"""Of text with what is behind it, of whatever size."""
PAPER: Final = {"width": 680, "height": 1009}
"""What a sheet of A4 has between margins of 15 mm, in CSS pixels."""


def find_browser() -> str | None:
    """Return the path of a chromium that is installed, None if there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@contextmanager
def opened(browser: Any, file: Path, **look: Any) -> Iterator[tuple[Any, list[str]]]:
    """Open a page; yield it with what it logs as an error, and what it asks of others."""
    page = browser.new_page(**look)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "console",
        lambda said: complaints.append(f"console: {said.text}") if said.type == "error" else None,
    )
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith("data:") or asked.url == file.as_uri()
            else complaints.append(f"asks for {asked.url}")
        ),
    )
    try:
        page.goto(file.as_uri())
        yield page, complaints
    finally:
        page.close()


def accessibility(page: Any) -> list[str]:
    """Run axe-core: contrast, names of controls, structure of tables, and what else it knows."""
    from axe_playwright_python.base import AXE_SCRIPT

    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(
        """async contrast => {
          const expected = {normal: {expected: contrast}, large: {expected: contrast}};
          axe.configure({checks: [{id: "color-contrast", options: {contrastRatio: expected}}]});
          return await axe.run({resultTypes: ["violations"]});
        }""",
        CONTRAST,
    )
    return [
        f"{violation['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def overflow(page: Any) -> list[str]:
    """Find what makes the page wider than the window; boxes that scroll may have wide content."""
    found: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
          [...document.body.querySelectorAll("*")]
            .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
            .map(e => "too wide: " + e.outerHTML.slice(0, 120)).slice(0, 3)"""
    )
    return found


def pictures(page: Any) -> list[str]:
    """Find pictures that are not there, or say nothing to who cannot see them."""
    found: list[str] = page.evaluate(
        """() => [...document.images]
          .filter(i => !i.alt.trim() || !i.complete || !i.naturalWidth)
          .map(i => `picture without text, or broken: ${i.alt}`)"""
    )
    return found


def header_cells(page: Any) -> list[str]:
    """Find tables with cells of which no header says what they are."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("table")].flatMap(table => {
          const bad = [...table.querySelectorAll("th")].filter(th => !th.scope);
          const head = table.tHead !== null && !table.tHead.querySelector("td");
          const rows = [...table.rows].filter(row => row.parentElement !== table.tHead);
          const named = rows.every(row => row.cells[0].matches("th[scope=row]"));
          return head || named ? bad.map(th => `no scope: ${th.outerHTML}`)
            : [`no header cells: ${table.outerHTML.slice(0, 120)}`];
        })"""
    )
    return found


def sorting(page: Any) -> list[str]:
    """Click the headers of all tables that sort, twice, and look whether they do."""
    complaints = []
    for table in page.query_selector_all("table.sortable"):
        rows = set(_column(table, 0))
        for number, head in enumerate(table.query_selector_all("thead th")):
            for sign, order in ((1, "ascending"), (-1, "descending")):
                head.query_selector("button").click()
                name = f"column {head.inner_text()!r}, {order}"
                if head.get_attribute("aria-sort") != order:
                    complaints.append(f"{name}: not said")
                values = [value for value in _column(table, number) if value]
                if not _in_order(values, sign):
                    complaints.append(f"{name}: {values}")
        if set(_column(table, 0)) != rows:
            complaints.append("rows are lost")
    return complaints


def _column(table: Any, number: int) -> list[str]:
    """Return what the cells of a column are sorted by."""
    found: list[str] = table.evaluate(
        """(table, i) => [...table.tBodies[0].rows]
          .map(row => row.cells[i].dataset.sort ?? row.cells[i].textContent.trim())""",
        number,
    )
    return found


def _in_order(values: list[str], sign: int) -> bool:
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        # In which order a browser puts hyphens and digits is its own affair: initials have to do.
        letters = [value[0].casefold() for value in values if value[0].isalpha()]
        return letters == sorted(letters, reverse=sign < 0)
    return all(sign * (second - first) >= 0 for first, second in pairwise(numbers))


def split_cards(page: Any) -> list[str]:
    """Print the page, and find cards, figures and rows that lie on two sheets and need not."""
    from pypdf import PdfReader

    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    cards: list[str] = page.evaluate(
        """height => {
          const mark = (where, text) => {
            const span = document.createElement("span");
            span.textContent = text; span.style.cssText = "font-size: 1px; line-height: 0";
            return span;
          };
          const cards = [...document.querySelectorAll("article, figure, tbody tr")]
            .filter(card => card.offsetHeight && card.offsetHeight < 0.8 * height);
          cards.forEach((card, i) => {
            const [first, last] = card.cells ? [card.cells[0], card.cells[card.cells.length - 1]]
              : [card, card];
            first.prepend(mark(first, ` [${i}a] `)); last.append(mark(last, ` [${i}z] `));
          });
          return cards.map(card => card.outerHTML.slice(0, 80));
        }""",
        PAPER["height"],
    )
    margin = dict.fromkeys(("top", "bottom", "left", "right"), "15mm")
    sheets = PdfReader(io.BytesIO(page.pdf(format="A4", margin=margin))).pages
    texts = ["".join(sheet.extract_text().split()) for sheet in sheets]
    complaints = []
    for number, card in enumerate(cards):
        ends = [{i for i, text in enumerate(texts) if f"[{number}{end}]" in text} for end in "az"]
        if not ends[0] or ends[0] != ends[1]:
            complaints.append(f"on sheets {ends[0]} to {ends[1]}: {card}")
    return complaints
