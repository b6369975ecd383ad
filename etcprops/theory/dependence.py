"""Which theorem stands on which: read off the proofs in the Coq sources, as a graph.

A theorem stands on those that its statement and its proof name. Nothing here runs Coq; where it is,
the tests compare the graph with the references that Coq notes while it compiles (``.glob`` files).
What a tactic finds without being told, such as a hint, is in neither, nor what a definition needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from typing import Final

from etcprops.theory.theorems import (
    dependencies,
    find_theorems,
    modules,
    reals_folder,
    sources_folder,
    without_comments,
)

Graph = Mapping[str, AbstractSet[str]]

_NOTHING: Final[frozenset[str]] = frozenset()
_WORD = re.compile(r"[\w']+(?:\.[\w']+)*")
_END = re.compile(r"\b(?:Qed|Defined)\.")


def theorem_graph() -> Graph:
    """Return for each theorem and lemma of the shipped sources those that it names.

    Returns
    -------
    dict of str to frozenset of str

    Examples
    --------
    >>> sorted(theorem_graph()["Normalization.zscore_gram"])
    ['Normalization.zscore_encrypt', 'SignedPermutation.orthogonal_gram',
     'SignedPermutation.sp_matrix_orthogonal']
    """
    return {**graph_of(sources_folder()), **graph_of(reals_folder())}


def file_graph() -> Graph:
    """Return for each file of the shipped sources the files whose theorems its theorems name."""
    found: dict[str, set[str]] = {}
    for name, used in theorem_graph().items():
        file = name.partition(".")[0]
        found.setdefault(file, set()).update(other.partition(".")[0] for other in used)
    return {file: frozenset(used - {file}) for file, used in found.items()}


def all_below(graph: Graph, names: Iterable[str]) -> frozenset[str]:
    """Return what some nodes stand on, directly or not, themselves among it.

    Examples
    --------
    >>> sorted(all_below({"a": {"b"}, "b": {"c"}, "c": frozenset(), "d": {"c"}}, ["a"]))
    ['a', 'b', 'c']
    """
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += graph[name]
    return frozenset(found)


def essential(graph: Graph) -> Graph:
    """Return a graph without the arrows that a longer way between the same nodes makes superfluous.

    Examples
    --------
    >>> essential({"a": {"b", "c"}, "b": {"c"}, "c": frozenset()})["a"]
    frozenset({'b'})
    """
    return {
        name: frozenset(
            other
            for other in below
            if not any(other in all_below(graph, [between]) for between in below - {other})
        )
        for name, below in graph.items()
    }


def contracted(graph: Graph, kept: Iterable[str]) -> Graph:
    """Return the graph of some nodes, joined where a way leads through none of the others.

    Examples
    --------
    >>> contracted({"a": {"b"}, "b": {"c"}, "c": frozenset()}, ["a", "c"])["a"]
    frozenset({'c'})
    """
    nodes = frozenset(kept)
    stopped = {name: _NOTHING if name in nodes else below for name, below in graph.items()}
    return {name: all_below(stopped, graph[name]) & nodes for name in sorted(nodes)}


@cache
def graph_of(folder: Path) -> dict[str, frozenset[str]]:
    """Return the graph of the theorems of one folder."""
    theorems = find_theorems(folder)
    imports = dependencies(folder)
    own: dict[str, dict[str, str]] = {name: {} for name in modules(folder)}
    for name in theorems:
        file, _, short = name.partition(".")
        own[file][short] = name
    found: dict[str, frozenset[str]] = {}
    for file, theorems_here in own.items():
        visible = {k: v for other in sorted(imports[file]) for k, v in own[other].items()}
        visible |= {f"{other}.{k}": v for other in own for k, v in own[other].items()}
        lines = without_comments((folder / f"{file}.v").read_text()).split("\n")
        for (
            short,
            name,
        ) in theorems_here.items():  # in the order of the file: none names a later one
            body = "\n".join(lines[theorems[name].line - 1 :]).partition(short)[2]
            end = _END.search(body)
            words = set(_WORD.findall(body[: end.end() if end else None]))
            found[name] = frozenset(visible[word] for word in words & set(visible)) - {name}
            visible[short] = name
    return found
