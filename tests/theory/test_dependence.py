"""The graph of theorems; theory/test_coq.py compares it with what Coq notes."""

from __future__ import annotations

from pathlib import Path

from etcprops.theory.dependence import (
    all_below,
    contracted,
    essential,
    file_graph,
    graph_of,
    theorem_graph,
)
from etcprops.theory.theorems import find_theorems, modules, reals_folder, sources_folder

DIAMOND = {"a": {"b", "c", "d"}, "b": {"d"}, "c": {"d"}, "d": {"e"}, "e": frozenset[str]()}


def test_every_theorem_is_there_and_nothing_goes_round() -> None:
    graph = theorem_graph()
    assert set(graph) == set(find_theorems())
    assert not [name for name, below in graph.items() if name in all_below(graph, below)]


def test_files_use_what_they_import() -> None:
    graph = file_graph()
    assert set(graph) == {*modules(sources_folder()), *modules(reals_folder())}
    assert "SignedPermutation" in graph["Normalization"]
    assert graph["SignedPermutation"] == set()
    over_reals = modules(reals_folder())
    assert all(name in over_reals or "Flocq" in name for name in all_below(graph, over_reals))


def test_names_in_comments_of_other_files_and_of_later_theorems_are_none(tmp_path: Path) -> None:
    (tmp_path / "A.v").write_text(
        "Theorem one : True. (* two *) Proof. exact I. Qed.\n"
        "Theorem two : True. Proof. exact one. Qed.\n"
    )
    (tmp_path / "B.v").write_text("Theorem one : True. Proof. exact two. Qed.\n")
    (tmp_path / "C.v").write_text(
        "From EtC Require Import A.\n"
        "Theorem three : True. Proof. exact one. Qed.\nDefinition d := two.\n"
        "Theorem one : True. Proof. exact B.one. Qed.\n"
        "Theorem four : True. Proof. exact one. Qed.\n"
    )
    assert graph_of(tmp_path) == {
        "A.one": set(),
        "A.two": {"A.one"},
        "B.one": set(),
        "C.three": {"A.one"},
        "C.one": {"B.one"},
        "C.four": {"C.one"},
    }


def test_what_follows_from_longer_ways_is_left_out() -> None:
    assert essential(DIAMOND) == DIAMOND | {"a": {"b", "c"}}


def test_what_is_between_is_contracted() -> None:
    assert contracted(DIAMOND, ["a", "d"]) == {"a": {"d"}, "d": set()}
    assert contracted(DIAMOND, ["a", "b", "e"]) == {"a": {"b", "e"}, "b": {"e"}, "e": set()}
