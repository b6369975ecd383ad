"""Links to files that are no pages: each gets a page with its text, and an anchor for each line.

So ``[Blocks.v](coq/Blocks.v#L319)`` leads to the theorem here as it does in a checkout. Folders get
a page that lists their files.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound
from sphinx.application import Sphinx

LINK = re.compile(r"\]\((?!https?:|#|mailto:)([\w./-]+)(#L\d+)?\)")
HEADING = re.compile(r"\]\(#[\w-]+\)")
MARK = "https://repository.invalid/"
PAGES = (".md", ".ipynb", ".rst")
PICTURES = (".svg", ".png", ".jpg")
HIDDEN = re.compile(r"(^|/)(\.(?!ci)|__pycache__)|\.(vo|vok|vos|glob|aux)$")


def mark_links(app: Sphinx, docname: str, source: list[str]) -> None:
    """Give links to files that are no pages an address that `resolve_links` knows again."""
    folder = (app.srcdir / docname).parent

    def marked(link: re.Match[str]) -> str:
        target = (folder / link[1]).resolve()
        inside = target.exists() and target.is_relative_to(app.srcdir)
        if not inside or target.suffix in PAGES + PICTURES:
            return link[0]
        return f"]({MARK}{target.relative_to(app.srcdir).as_posix()}{link[2] or ''})"

    source[0] = LINK.sub(marked, source[0])
    if app.env.doc2path(docname).suffix == ".ipynb":  # Jupyter's names of headings keep capitals
        source[0] = HEADING.sub(lambda link: link[0].lower(), source[0])


def resolve_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Lead the links that `mark_links` made to the pages that `pages` makes."""
    for reference in doctree.findall(nodes.reference):
        path, _, line = reference.get("refuri", "").partition("#")
        if path.startswith(MARK):
            name = path.removeprefix(MARK)
            FILES.add(name)
            uri = app.builder.get_relative_uri(docname, page_name(name))
            reference["refuri"] = uri + line.replace("L", "#L-", 1)
            reference["classes"] = ["reference", "internal"]


FILES: set[str] = set()
"""Which files the pages of this build lead to."""


def page_name(path: str) -> str:
    """Return the name of the page of a file or folder, relative to the repository."""
    return f"files/{path}"


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the pages of all files that were linked to, and of the files of linked folders."""
    root = Path(app.srcdir)
    folders = {name: listed(root / name) for name in FILES if (root / name).is_dir()}
    names = FILES.union(*folders.values(), set()) - folders.keys()
    for name, entries in folders.items():
        here = Path(name).name
        names_here = [Path(entry).name for entry in entries]
        items = "\n".join(f'<li><a href="{here}/{n}.html">{n}</a></li>' for n in names_here)
        yield page_name(name), _context(name, f"<ul>\n{items}\n</ul>"), "page.html"
    for name in sorted(names):
        text = (root / name).read_text("utf-8")
        yield page_name(name), _context(name, _coloured(name, text)), "page.html"


def listed(folder: Path) -> list[str]:
    """Return the text files right in a folder, relative to the repository."""
    root = Path(__file__).parents[2]
    files = (path for path in sorted(folder.iterdir()) if path.is_file())
    names = [path.relative_to(root).as_posix() for path in files]
    return [name for name in names if not HIDDEN.search(name) and not name.endswith(PAGES)]


def _context(name: str, body: str) -> dict[str, Any]:
    title = html.escape(name)
    return {"title": title, "body": f'<section class="file"><h1>{title}</h1>{body}</section>'}


def _coloured(name: str, text: str) -> str:
    try:  # Verilog's files end as Coq's do
        by_name = get_lexer_by_name("coq") if name.endswith(".v") else None
        lexer = by_name or get_lexer_for_filename(name, text)
    except ClassNotFound:
        lexer = TextLexer()
    page: str = highlight(text, lexer, HtmlFormatter(linespans="L", cssclass="highlight"))
    return page


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the three."""
    app.connect("source-read", mark_links)
    app.connect("doctree-resolved", resolve_links)
    app.connect("html-collect-pages", pages)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
