"""Diagrams of which theorem stands on which, as lists of links that need no script.

On GitHub and in editors the same source is drawn by Mermaid.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

NODE = re.compile(r'^ +(\w+)\["(.+)"\]$')
ARROW = re.compile(r"^ +(\w+) --> (\w+)$")


class Diagram(SphinxDirective):
    """A flowchart as `etcprops.claims.diagrams` writes it: each node, and where its arrows lead."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return a list that can be opened, a line for each node that stands on another."""
        labels = {found[1]: found[2] for line in self.content if (found := NODE.match(line))}
        below: dict[str, list[str]] = {}
        for line in self.content:
            if found := ARROW.match(line):
                below.setdefault(found[1], []).append(found[2])
        if not below:
            return []
        rows = []
        for name, others in below.items():
            names = ", ".join(_named(labels[other]) for other in others)
            rows.append(f"<li><b>{_named(labels[name])}</b>: {names}</li>")
        summary = "<summary>The diagram, in words: what stands on what</summary>"
        text = "\n".join([f'<details class="diagram">{summary}<ul>', *rows])
        return [nodes.raw("", f"{text}\n</ul></details>", format="html")]


def _named(label: str) -> str:
    """Return a label, with the number that some have in parentheses."""
    name, _, count = label.partition("<br>")
    return f"<code>{name}</code>" + (f" ({count})" if count else "")


def setup(app: Sphinx) -> dict[str, bool]:
    """Take ``mermaid`` blocks."""
    app.add_directive("mermaid", Diagram)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
