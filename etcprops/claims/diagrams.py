"""Which theorem stands on which, drawn as Mermaid diagrams, which GitHub and many editors show."""

from __future__ import annotations

from collections.abc import Mapping

from etcprops.claims.checks.formal import Proofs
from etcprops.theory.dependence import (
    Graph,
    all_below,
    contracted,
    essential,
    file_graph,
    theorem_graph,
)
from etcprops.theory.theorems import find_theorems


def diagram_of_files() -> str:
    r"""Return the diagram of the files: an arrow leads from a file to one whose theorems it uses.

    Examples
    --------
    >>> print(*diagram_of_files().splitlines()[:2], sep="\n")
    ```mermaid
    flowchart LR
    """
    graph = file_graph()
    count = dict.fromkeys(graph, 0)
    for theorem in find_theorems():
        count[theorem.partition(".")[0]] += 1
    labels = {file: f"{file}<br>{count[file]}" for file in graph}
    return _diagram("LR", _nodes(labels), essential(graph))


def diagram_of_claim(proofs: Proofs) -> str:
    """Return the diagram of a claim: its theorems, and those on which they stand, by file.

    Lemmas are left out; what is reached through them is joined directly.
    """
    cited = proofs.all_theorems
    known = find_theorems()
    main = {name for name, found in known.items() if not found.statement.startswith("Lemma")}
    whole = contracted(theorem_graph(), main | set(cited))
    below = all_below(whole, cited)
    graph = essential({name: whole[name] for name in below})
    files: dict[str, dict[str, str]] = {}
    for name in sorted(below):
        file, _, short = name.partition(".")
        files.setdefault(file, {})[name] = short
    lines: list[str] = []
    for file, labels in files.items():
        lines += [f"  subgraph {file}", *(f"  {line}" for line in _nodes(labels)), "  end"]
    lines += ["  classDef cited stroke-width:3px", f"  class {','.join(map(_id, cited))} cited"]
    return _diagram("LR", lines, graph)


def _diagram(direction: str, nodes: list[str], graph: Graph) -> str:
    arrows = [f"  {_id(a)} --> {_id(b)}" for a in sorted(graph) for b in sorted(graph[a])]
    return "\n".join(["```mermaid", f"flowchart {direction}", *nodes, *arrows, "```"])


def _nodes(labels: Mapping[str, str]) -> list[str]:
    return [f'  {_id(name)}["{label}"]' for name, label in labels.items()]


def _id(name: str) -> str:
    """Return a name that Mermaid takes: no dots and quotes, and none of its own words."""
    return "n_" + name.replace(".", "_").replace("'", "_prime")
