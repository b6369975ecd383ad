"""Pages that ask nobody else for anything: the build fails where one would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

REQUEST = re.compile(
    r"""<(?:img|script|iframe|source|video|audio|object|embed)\b[^>]*\b(?:src|data)=["'](?:https?:)?//[^>]*>
    |<link\b(?![^>]*\brel=["'](?:canonical|index|search|next|prev))[^>]*\bhref=["'](?:https?:)?//[^>]*>
    |@import\b[^;]*//|url\(\s*["']?(?:https?:)?//[^)]*\)""",
    re.VERBOSE,
)


def requests(folder: Path) -> Iterator[str]:
    """Yield what pages and styles in a folder would load from elsewhere, each with its file."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".html", ".css"}:
            for found in REQUEST.finditer(path.read_text("utf-8")):
                yield f"{path.relative_to(folder)}: {found[0][:100]}"


def check(app: Sphinx, error: Exception | None) -> None:
    """Fail if a page would load anything from elsewhere."""
    if error is None and app.builder.format == "html" and (found := [*requests(app.outdir)]):
        raise ExtensionError("\n".join(["pages load from elsewhere:", *found]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the check."""
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
