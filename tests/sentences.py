"""What the package can say: sentences as they stand in the sources, with gaps for figures."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

GAP = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for what is filled in."""

SHORT, LONG = 10, 60
"""Characters of a sentence at least, and from which on any text is taken for one."""


def sentences(path: Path) -> Iterator[str]:
    """Yield the sentences in a module: texts that begin as one and end as one, no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {node for outer in ast.walk(tree) for node in _no_sentences(outer)}
    for node in ast.walk(tree):
        if node not in inside and (text := _text(node)) and _is_sentence(text):
            yield text.strip()


def _no_sentences(outer: ast.AST) -> Iterator[ast.AST]:
    """Yield what is a part of a text, a docstring, a representation, or raised for a caller."""
    if isinstance(outer, ast.JoinedStr):
        yield from (node for node in ast.walk(outer) if node is not outer)
    if isinstance(outer, ast.Expr) and isinstance(outer.value, ast.Constant):
        yield outer.value
    called = getattr(outer.func, "id", "") if isinstance(outer, ast.Call) else ""
    shown = isinstance(outer, ast.FunctionDef) and outer.name == "__repr__"
    if shown or called in {"reject", "AssertionError", "InvalidParameterError"}:
        yield from ast.walk(outer)


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (str(v.value) if isinstance(v, ast.Constant) else GAP for v in node.values)
        return "".join(parts)
    return ""


def _is_sentence(text: str) -> bool:
    stripped = text.strip()
    whole = stripped[:1].isupper() or stripped.startswith(GAP)
    ended = whole and len(stripped) >= SHORT and stripped.endswith((".", GAP, ")"))
    return " " in stripped and (ended or len(stripped) >= LONG)
