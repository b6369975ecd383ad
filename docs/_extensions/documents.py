"""The reference of the documents, from their schemas: what writes each, its version, its fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import etcprops
from etcprops import _documents

SCHEMAS = Path(etcprops.__file__).parent / "schemas"


class Documents(SphinxDirective):
    """A table of all formats, and a section with the fields of each."""

    def run(self) -> list[nodes.Node]:
        """Return both."""
        found = {name: _schema(name) for name in sorted(_documents.VERSIONS, key=str.lower)}
        table = self.parse_text_to_nodes("\n".join(_table(found)))
        sections = "\n".join(line for name in found for line in _section(name, found[name]))
        return [*table, *self.parse_text_to_nodes(sections, allow_section_headings=True)]


def _table(found: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield from ("| format | version | what it holds | kind |", "|---|--:|---|---|")
    for name, schema in found.items():
        kind = "data" if name in _documents.DATA else "report"
        row = (f"[`{name}`](#{_anchor(name)})", _documents.VERSIONS[name], schema["title"], kind)
        yield f"| {' | '.join(map(str, row))} |"


def _section(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield from ("", f"({_anchor(name)})=", f"### {name}, version {_documents.VERSIONS[name]}")
    link = f"[Its schema](../../etcprops/schemas/{path(name).name})."
    yield from ("", f"{schema.get('description', '')} {link}", "")
    yield from ("| field | is |", "|---|---|")
    for field, what in schema["properties"].items():
        mark = "" if field in schema["required"] else " (not always there)"
        said = what.get("description", "") if isinstance(what, dict) else ""
        yield f"| `{field}`{mark} | {': '.join(filter(None, (_kind(what), said)))} |"


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(path(name).read_text("utf-8"))
    return schema


def path(name: str) -> Path:
    """Return the file of the schema of a format."""
    return SCHEMAS / f"{name.removeprefix('etcprops.')}.schema.json"


def _anchor(name: str) -> str:
    return f"document-{name.removeprefix('etcprops.').lower()}"


def _kind(what: Any) -> str:
    """Return in a word or two what a schema lets a field be."""
    what = what if isinstance(what, dict) else {}  # true: anything
    choices = [*what.get("anyOf", ()), *what.get("oneOf", ())]
    constant = [what["const"]] if "const" in what else []
    values = [json.dumps(value) for value in (*what.get("enum", ()), *constant)]
    if choices or values:
        return " or ".join([*map(_kind, choices), *(f"`{value}`" for value in values)])
    if "$ref" in what:
        file, _, name = what["$ref"].partition("#/$defs/")
        return name or f"a document `{file.removesuffix('.schema.json')}`"
    kinds = what.get("type", "anything")
    if kinds == "array" and "items" in what:
        return f"array of {_kind(what['items'])}"
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("documents", Documents)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
