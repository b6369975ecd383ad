"""The Coq proofs: what counts as proved, which lies are noticed, what is said without Coq."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from etcprops import InvalidParameterError
from etcprops.claims import CLAIMS, EvidenceKind, Finding, Implementation, Outcome
from etcprops.claims.checks.formal import Proofs
from etcprops.claims.model import Check, Claim, Evidence, Observation, Scope, derive_outcome
from etcprops.claims.proofs import PROOFS, with_proofs
from etcprops.claims.runner import examine
from etcprops.theory import coq
from etcprops.theory.theorems import digest, find_theorems, modules, sources_folder, theorem

LISTED = sorted({name for line in PROOFS.values() for name in line.all_theorems})
HONEST = """
Require Import Lists.List.
Section S.
Variable A : Type.
Theorem rev_twice (l : list A) : rev (rev l) = l.
Proof. apply rev_involutive. Qed.
End S.
"""


@pytest.fixture(scope="module")
def coq_version() -> str:
    try:
        return coq.find_coq()
    except coq.CoqUnavailableError as missing:
        pytest.skip(f"needs Coq {coq.WRITTEN_FOR} with mathcomp: {missing}")


Sources = Callable[..., Path]


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """Write files of a small development, and return its folder."""

    def write(**files: str) -> Path:
        folder = tmp_path / "sources"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.v").write_text(text)
        return folder

    return write


def _work(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    return work


# --- Reading the sources


def test_listed_theorems_are_in_the_sources() -> None:
    known = find_theorems()
    assert [name for name in LISTED if name not in known] == []
    for name in LISTED:
        found = known[name]
        line = (sources_folder() / found.file).read_text().split("\n")[found.line - 1]
        assert name.split(".")[1] in line


def test_comments_hold_no_theorems_and_lines_stay(sources: Sources) -> None:
    folder = sources(A="(* Theorem no : 1 = 2. (* nested\n *) still *)\n\n" + HONEST)
    (found,) = find_theorems(folder).values()
    assert found.name == "A.rev_twice"
    assert found.line == 8
    assert found.context == ("Variable A : Type.",)
    assert found.statement == "Theorem rev_twice (l : list A) : rev (rev l) = l."
    assert found.location == "rev_twice (A.v:8)"


def test_files_come_after_those_that_they_import(sources: Sources) -> None:
    folder = sources(A="From EtC Require Import C B.", B="From EtC Require Import C.", C="")
    assert modules(folder) == ("C", "B", "A")


def test_the_hash_sees_names_and_contents(sources: Sources) -> None:
    seen = {digest(sources(A="x")), digest(sources(A="y")), digest(sources(B="x"))}
    assert len(seen) == 3


def test_a_theorem_that_is_not_there() -> None:
    with pytest.raises(InvalidParameterError, match="must be a theorem of the Coq sources"):
        theorem("Blocks.no_such_theorem")


def test_the_sources_admit_nothing() -> None:
    """Coq is asked as well; this says where to look, and runs without Coq."""
    for path in sources_folder().glob("*.v"):
        words = set(path.read_text().replace(".", " ").split())
        assert not words & {"Admitted", "admit", "Axiom", "Axioms", "Parameter", "Conjecture"}


# --- Coq's verdict


def test_the_shipped_proofs_are_accepted(coq_version: str) -> None:
    report = coq.check_proofs()
    assert report.coq == coq_version
    assert report.coqchk in {"sources", "sources and libraries"}
    assert len(report.assumptions) > 250
    assert coq.rejected(report, [*report.assumptions, *LISTED]) == {}


@pytest.mark.usefixtures("coq_version")
def test_an_honest_proof_is_accepted(sources: Sources, tmp_path: Path) -> None:
    folder = sources(
        A=HONEST, B="From EtC Require Import A.\nTheorem t : True. Proof. exact I. Qed."
    )
    report = coq.build(folder, _work(tmp_path))
    assert report.assumptions == {"A.rev_twice": "", "B.t": ""}
    assert coq.rejected(report, ["A.rev_twice"]) == {}
    assert coq.rejected(report, ["A.gone"]) == {"A.gone": "is not there"}


LIES = {
    "axiom": "Axiom lie : 1 = 2.\nTheorem t : 1 = 2.\nProof. exact lie. Qed.",
    "admitted": "Theorem t : 1 = 2.\nProof. Admitted.",
    "admit": "Theorem t : 1 = 2.\nProof. admit. Admitted.",
    "parameter": "Parameter lie : False.\nTheorem t : 1 = 2.\nProof. case lie. Qed.",
    "variable without section": "Variable lie : 1 = 2.\nTheorem t : 1 = 2.\nProof. exact lie. Qed.",
    "module type": (
        "Module Type M. Axiom lie : 1 = 2. End M.\nDeclare Module N : M.\n"
        "Theorem t : 1 = 2.\nProof. exact N.lie. Qed."
    ),
    "guard": (
        "Unset Guard Checking.\nFixpoint f (n : nat) : 1 = 2 := f n.\n"
        "Theorem t : 1 = 2.\nProof. exact (f 0). Qed."
    ),
    "classical": (
        "Require Import Classical.\nTheorem t : forall P : Prop, P \\/ ~ P.\n"
        "Proof. exact classic. Qed."
    ),
}


@pytest.mark.usefixtures("coq_version")
def test_assumptions_are_noticed_and_named(sources: Sources, tmp_path: Path) -> None:
    """One file a lie and an honest one: only the honest theorem is accepted."""
    names = {f"L{i}": text for i, text in enumerate(LIES.values())}
    work = _work(tmp_path)
    folder = sources(Honest=HONEST, **names)
    for name in [*names, "Honest"]:
        (work / f"{name}.v").write_text((folder / f"{name}.v").read_text())
        coq.compile_file(work / f"{name}.v")
    report = coq.Report("", "", "", 0, "", coq.assumptions_of(work, modules(folder)))
    bad = coq.rejected(report, report.assumptions)
    assert set(bad) == {f"{name}.t" for name in names}
    assert all(reason.startswith("assumes ") for reason in bad.values())
    assert "lie" in bad["L0.t"]


@pytest.mark.usefixtures("coq_version")
def test_what_does_not_compile_is_no_proof(sources: Sources, tmp_path: Path) -> None:
    folder = sources(A="Theorem t : 1 = 2.\nProof. reflexivity. Qed.")
    keep = tmp_path / "keep"
    for _ in range(2):
        with pytest.raises(coq.ProofError, match="Unable to unify"):
            coq.check_proofs(folder, cache_folder=keep)
    assert list(keep.iterdir()) == []  # nothing half-made is kept


@pytest.mark.usefixtures("coq_version")
def test_sources_without_theorems_prove_nothing(sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(coq.ProofError, match="no theorem"):
        coq.build(sources(A="Definition one := 1."), _work(tmp_path))


@pytest.mark.usefixtures("coq_version")
def test_coqchk_notices_a_compiled_file_that_was_changed(sources: Sources, tmp_path: Path) -> None:
    work = _work(tmp_path)
    coq.build(sources(A=HONEST), work)
    coq.check_again(["-norec", "EtC.A"], work)
    content = bytearray((work / "A.vo").read_bytes())
    content[len(content) // 2] ^= 255
    (work / "A.vo").write_bytes(content)
    with pytest.raises(coq.ProofError, match="coqchk"):
        coq.check_again(["-norec", "EtC.A"], work)


@pytest.mark.usefixtures("coq_version")
def test_what_was_checked_is_kept_until_the_sources_change(
    sources: Sources, tmp_path: Path
) -> None:
    keep = tmp_path / "keep"
    first = coq.check_proofs(sources(A=HONEST), cache_folder=keep)
    kept = coq.compiled(sources(A=HONEST), keep)
    assert coq.Report.from_json((kept / "report.json").read_text()) == first
    assert [*keep.iterdir()] == [kept]
    changed = sources(A=HONEST + "Theorem new : True. Proof. exact I. Qed.\n")
    second = coq.check_proofs(changed, cache_folder=keep)
    assert second.digest != first.digest
    assert set(second.assumptions) - set(first.assumptions) == {"A.new"}


@pytest.mark.usefixtures("coq_version")
def test_a_question_that_takes_too_long_is_an_error(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coq, "_SECONDS", 0.01)
    work = _work(tmp_path)
    (work / "A.v").write_text(sources(A=HONEST).joinpath("A.v").read_text())
    with pytest.raises(coq.ProofError, match=r"took more than 0\.01 s"):
        coq.compile_file(work / "A.v")


@pytest.mark.usefixtures("coq_version")
def test_the_command_records_what_is_proved_and_nothing_else(
    sources: Sources,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = sources(A="Theorem t : True.\nProof. exact I. Qed.")
    monkeypatch.setattr(coq, "sources_folder", lambda: folder)
    monkeypatch.setattr(coq, "default_cache", lambda: tmp_path / "keep")
    assert coq.main(["--record"]) == 0
    assert "1 theorems and lemmas, 0 with assumptions" in capsys.readouterr().out
    record = coq.read_record(folder)
    assert record.assumptions == {"A.t": ""}
    sources(A=LIES["axiom"])
    assert coq.main(["--record"]) == 1
    assert "A.t assumes A.lie : 1 = 2" in capsys.readouterr().out
    sources(A="Theorem t : 1 = 2.\nProof. reflexivity. Qed.")
    assert coq.main(["--record"]) == 1
    assert "not checked: " in capsys.readouterr().out
    with pytest.raises(coq.ProofError, match="is stale"):
        coq.read_record(folder)  # the record is still that of the honest sources


@pytest.mark.usefixtures("coq_version")
def test_a_kept_result_that_cannot_be_read_is_said(sources: Sources, tmp_path: Path) -> None:
    folder, keep = sources(A="Theorem t : True.\nProof. exact I. Qed."), tmp_path / "keep"
    report = coq.compiled(folder, keep) / "report.json"
    report.write_text("{")
    with pytest.raises(coq.ProofError, match="remove its folder"):
        coq.check_proofs(folder, cache_folder=keep)


# --- Where Coq is absent, or another


def _absent() -> coq.Report:
    raise coq.CoqUnavailableError("coqc and coqchk not found on this machine")


WITHOUT_COQ = Implementation(prove=_absent)


def _checks(kind: EvidenceKind) -> list[Check]:
    return [check for claim in CLAIMS for check in claim.checks if check.kind is kind]


def test_no_coq_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(coq.CoqUnavailableError, match="coqc and coqchk not found"):
        coq.find_coq()


def _pretend(folder: Path, version: str, *libraries: str, status: int = 0) -> None:
    """Put programs that answer like another Coq into a folder."""
    for name in libraries:
        (folder / "user-contrib" / "mathcomp" / name).mkdir(parents=True)
    script = (
        f'#!/bin/sh\ncase "$1" in\n--print-version) echo "{version} 4.14";;\n'
        f'-where) echo "{folder}";;\n*) echo "Error: no such tactic" >&2; exit {status};;\nesac\n'
    )
    for name in ("coqc", "coqchk"):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for Coq is a shell script")
def test_coq_without_mathcomp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(tmp_path, "8.16.1", "ssreflect", "fingroup")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(coq.CoqUnavailableError, match=r"without mathcomp\.algebra, "):
        coq.find_coq()


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for Coq is a shell script")
@pytest.mark.parametrize(
    ("version", "error"), [("8.20.0", coq.CoqUnavailableError), ("8.16.1", coq.ProofError)]
)
def test_another_coq_that_cannot_read_the_proofs_is_no_refutation(
    version: str,
    error: type[coq.CoqError],
    tmp_path: Path,
    sources: Sources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _pretend(tmp_path, version, *coq.LIBRARIES, status=1)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(error, match="no such tactic"):
        coq.build(sources(A=HONEST), _work(tmp_path))


def test_without_coq_the_record_is_shown_as_a_record() -> None:
    for check in _checks(EvidenceKind.MACHINE_CHECKED):
        evidence = examine(check, WITHOUT_COQ)
        assert evidence.finding is Finding.RECORDED
        assert evidence.detail.startswith(
            "recorded, not re-checked here: coqc and coqchk not found"
        )
        assert "checked with Coq 8.16" in evidence.detail


def test_a_record_supports_nothing() -> None:
    claim = Claim("c", "s", "nowhere", Outcome.HOLDS, scope=Scope.EXACT)
    for finding in (Finding.RECORDED, Finding.UNKNOWN, Finding.NOT_APPLICABLE):
        evidence = Evidence("look", "Looks.", EvidenceKind.MACHINE_CHECKED, finding, "detail")
        assert derive_outcome(claim, (evidence,)) is Outcome.PENDING


def test_the_record_is_of_these_sources_and_lists_every_theorem() -> None:
    """Write it again after a change: python -m etcprops.theory.coq --record."""
    record = coq.read_record()
    assert set(record.assumptions) == set(find_theorems())
    assert coq.rejected(record, record.assumptions) == {}
    assert record.coqchk == "sources and libraries"


def test_a_record_of_other_sources_is_stale(sources: Sources) -> None:
    folder = sources(A=HONEST)
    (folder / coq.RECORD).write_text((sources_folder() / coq.RECORD).read_text())
    with pytest.raises(coq.ProofError, match="is stale: the sources have changed"):
        coq.read_record(folder)
    implementation = replace(WITHOUT_COQ, recorded=lambda: coq.read_record(folder))
    evidence = examine(_checks(EvidenceKind.MACHINE_CHECKED)[0], implementation)
    assert evidence.finding is Finding.NOT_APPLICABLE
    assert "is stale" in evidence.detail


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "etcprops.CoqReport", "seconds": 1}'])
def test_what_is_no_record(text: str, sources: Sources) -> None:
    folder = sources(A=HONEST)
    (folder / coq.RECORD).write_text(text)
    with pytest.raises(coq.ProofError, match="no record of an earlier check"):
        coq.read_record(folder)


def test_a_record_that_lacks_a_theorem_counts_as_broken() -> None:
    record = coq.read_record()
    without = replace(record, assumptions={})
    evidence = examine(
        _checks(EvidenceKind.MACHINE_CHECKED)[0], replace(WITHOUT_COQ, recorded=lambda: without)
    )
    assert evidence.finding is Finding.NOT_APPLICABLE
    assert "is not there" in evidence.detail


def test_reports_survive_json() -> None:
    record = coq.read_record()
    assert coq.Report.from_json(record.to_json()) == record
    assert json.loads(record.to_json())["format"] == "etcprops.CoqReport"


# --- The table of proofs

WITHOUT_THEOREM = {
    "float-centring": "floating point: exhausted and asked of z3; refuted in Coq where it fails",
    "same-bits": "floating point: follows from gram-alone, and compared end to end",
    "exact-gram": "floating point: proved by hand, and checked against rational arithmetic",
    "common-key-scores": "floating point: as same-bits, and compared end to end",
    "same-on-every-machine": "floating point: proved by hand, and taken on emulated machines",
    "jpeg": "behaviour of libraries: that a codec treats its blocks one by one and alike",
    "certified-margins": "floating point: Higham's analysis by hand, and checked end to end",
}


def test_every_claim_that_holds_has_a_theorem() -> None:
    lacking = {
        claim.name
        for claim in CLAIMS
        if claim.expected in {Outcome.HOLDS, Outcome.HOLDS_IF, Outcome.IN_DISTRIBUTION}
        and not PROOFS.get(claim.name, Proofs()).theorems
    }
    assert lacking <= set(WITHOUT_THEOREM), "add their line to claims/formal.py"


def test_every_line_of_the_table_is_of_a_claim() -> None:
    assert set(PROOFS) <= {claim.name for claim in CLAIMS}


def test_pending_claims_stay_pending() -> None:
    claim = Claim("z-score", "s", "nowhere", Outcome.PENDING, scope=Scope.EXACT)
    assert with_proofs(claim) == claim


def test_a_refuting_check_is_known_as_such() -> None:
    def look(_implementation: Implementation) -> Observation:
        """Look."""
        return Observation(None, "")

    assert Check(look, EvidenceKind.REFUTATION).refuting
    assert Check(look, EvidenceKind.MACHINE_CHECKED, refutes=True).refuting
    assert not Check(look, EvidenceKind.MACHINE_CHECKED).refuting
