"""The Coq proofs: what counts as proved, which lies are noticed, what is said without Coq."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from bisect import bisect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from helpers import Run, command_line

from etcprops import InvalidParameterError
from etcprops.claims import CLAIMS, EvidenceKind, Finding, Implementation, Outcome, runner
from etcprops.claims.checks.formal import Proofs, checked
from etcprops.claims.model import Check, Claim, Evidence, Observation, derive_outcome
from etcprops.claims.proofs import PROOFS, with_proofs
from etcprops.claims.runner import examine
from etcprops.claims.terms import Needs, PaperSays, Scope
from etcprops.theory import coq, coq_programs
from etcprops.theory.coq_report import Origin
from etcprops.theory.dependence import theorem_graph
from etcprops.theory.theorems import (
    allowed_axioms,
    digest,
    find_theorems,
    modules,
    reals_folder,
    sources_folder,
    taken_on_trust,
    theorem,
)

OVER_REALS = sorted({name for line in PROOFS.values() for name in line.over_reals})
run = pytest.fixture(command_line)
LISTED = sorted(
    {name for line in PROOFS.values() for name in line.all_theorems}.difference(OVER_REALS)
)
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
        return coq_programs.find_coq()
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
    names = [*LISTED, *OVER_REALS]
    assert [name for name in names if name not in known] == []
    for name in names:
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
    assert taken_on_trust(sources_folder()) == {}
    assert taken_on_trust(reals_folder()) == {}


def test_only_theorems_over_the_reals_may_assume_something_and_only_this() -> None:
    assert allowed_axioms(sources_folder()) == {}
    assert sorted(allowed_axioms(reals_folder())) == [
        "ClassicalDedekindReals.sig_forall_dec",
        "ClassicalDedekindReals.sig_not_dec",
        "Classical_Prop.classic",
        "FunctionalExtensionality.functional_extensionality_dep",
    ]


# --- Coq's verdict


def test_the_shipped_proofs_are_accepted(coq_version: str) -> None:
    try:
        report = coq.check_proofs()
    except coq.CoqUnavailableError as missing:
        pytest.skip(f"needs compiled proofs: {missing}")
    assert report.coq == coq_version
    assert set(report.assumptions) == set(find_theorems(sources_folder()))
    assert coq.rejected(report, [*report.assumptions, *LISTED]) == {}


@pytest.mark.thorough
@pytest.mark.usefixtures("coq_version")
def test_the_proofs_over_the_reals_stand_on_their_axioms() -> None:
    folder = reals_folder()
    try:
        report = coq.check_proofs(folder)
    except coq.CoqUnavailableError as missing:
        pytest.skip(f"needs Flocq: {missing}")
    assert set(report.assumptions) == set(find_theorems(folder)) > set(OVER_REALS)
    assert report.axioms == allowed_axioms(folder)
    assert coq.rejected(report, report.assumptions, allowed_axioms(folder)) == {}
    assert set(coq.rejected(report, OVER_REALS)) == set(OVER_REALS)


@pytest.mark.usefixtures("coq_version")
def test_an_honest_proof_is_accepted(sources: Sources, tmp_path: Path) -> None:
    folder = sources(
        A=HONEST, B="From EtC Require Import A.\nTheorem t : True. Proof. exact I. Qed."
    )
    report = coq.build(folder, _work(tmp_path))
    assert report.assumptions == {"A.rev_twice": (), "B.t": ()}
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
        coq_programs.compile_file(work / f"{name}.v")
    found = coq_programs.assumptions_of(work, folder)
    assert {theorem for theorem, assumed in found.items() if assumed} == {f"{n}.t" for n in names}
    assert found["L0.t"] == {"L0.lie": "1 = 2"}


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


@pytest.mark.thorough
@pytest.mark.usefixtures("coq_version")
def test_coqchk_notices_a_compiled_file_that_was_changed(sources: Sources, tmp_path: Path) -> None:
    work = _work(tmp_path)
    coq.build(sources(A=HONEST), work)
    coq_programs.check_again(["-norec", "EtC.A"], work)
    content = bytearray((work / "A.vo").read_bytes())
    content[len(content) // 2] ^= 255
    (work / "A.vo").write_bytes(content)
    with pytest.raises(coq.ProofError, match="coqchk"):
        coq_programs.check_again(["-norec", "EtC.A"], work)


@pytest.mark.thorough
@pytest.mark.usefixtures("coq_version")
def test_what_was_checked_is_kept_until_the_sources_change(
    sources: Sources, tmp_path: Path
) -> None:
    keep = tmp_path / "keep"
    first = coq.check_proofs(sources(A=HONEST), cache_folder=keep)
    assert first.source.startswith("compiled now with Coq")
    kept = coq.compiled(sources(A=HONEST), keep)
    assert coq.Report.from_json((kept / "report.json").read_text()) == first
    assert [*keep.iterdir()] == [kept]
    changed = sources(A=HONEST + "Theorem new : True. Proof. exact I. Qed.\n")
    second = coq.check_proofs(changed, cache_folder=keep)
    assert second.digest != first.digest
    assert set(second.assumptions) - set(first.assumptions) == {"A.new"}


def _once_more(folder: Path, keep: Path) -> coq.Report:
    """Check sources with what is kept of them, as another run of the program would."""
    again = keep.with_name(f"{keep.name}-again")
    shutil.copytree(keep, again)
    return coq.check_proofs(folder, cache_folder=again)


def _forge(keep: Path, **changes: object) -> Path:
    """Change fields of the one report that is kept, and return its folder."""
    (path,) = keep.glob("coq-*/report.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path.parent


@pytest.mark.thorough
@pytest.mark.usefixtures("coq_version")
def test_compiled_earlier_is_not_compiled_now(sources: Sources, tmp_path: Path) -> None:
    folder, keep = sources(A="Theorem t : True.\nProof. exact I. Qed."), tmp_path / "keep"
    now = coq.check_proofs(folder, cache_folder=keep)
    earlier = _once_more(folder, keep)
    assert earlier == now
    assert (now.origin, earlier.origin) == (Origin.NOW, Origin.KEPT)
    assert "compiled now" in now.source
    assert earlier.source.startswith(f"compiled on {now.checked} on this machine")
    assert "now with" not in earlier.source
    assert coq.check_proofs(folder, cache_folder=keep, fresh=True).origin is Origin.NOW


@pytest.mark.sampled(2)
@pytest.mark.usefixtures("coq_version")
@pytest.mark.parametrize("what", ["admitted", "axiom"])
def test_a_forged_report_makes_nothing_proved(what: str, sources: Sources, tmp_path: Path) -> None:
    """The report is of the right sources and says that nothing is assumed; Coq is asked again."""
    folder, keep = sources(A=LIES[what]), tmp_path / "keep"
    found = coq.check_proofs(folder, cache_folder=keep)
    assert list(coq.rejected(found, ["A.t"])) == ["A.t"]
    _forge(keep, assumptions={"A.t": [], "A.false": []}, axioms={})
    again = _once_more(folder, keep)
    assert again.origin is Origin.KEPT
    assert coq.rejected(again, ["A.t", "A.false"]) == {
        **coq.rejected(found, ["A.t"]),
        "A.false": "is not there",
    }


@pytest.mark.sampled(5)
@pytest.mark.usefixtures("coq_version")
@pytest.mark.parametrize(
    "broken",
    ["no compiled file", "cut off", "others can write it", "other sources", "report unreadable"],
)
def test_what_cannot_be_believed_is_compiled_again(
    broken: str, sources: Sources, tmp_path: Path
) -> None:
    folder, keep = sources(A="Theorem t : True.\nProof. exact I. Qed."), tmp_path / "keep"
    coq.check_proofs(folder, cache_folder=keep)
    kept = _forge(keep)
    if broken == "no compiled file":
        (kept / "A.vo").unlink()
    elif broken == "cut off":
        (kept / "A.vo").write_bytes((kept / "A.vo").read_bytes()[:-100])
    elif broken == "others can write it":
        if os.name != "posix":
            pytest.skip("no such permissions here")
        kept.chmod(0o777)
    elif broken == "other sources":
        _forge(keep, digest="0" * 64)
    else:
        (kept / "report.json").write_text("{")
    assert _once_more(folder, keep).origin is Origin.NOW


@pytest.mark.thorough
@pytest.mark.usefixtures("coq_version")
def test_compiled_files_of_other_sources_are_noticed(sources: Sources, tmp_path: Path) -> None:
    """Here the same theorem proved of another definition: by their hash, or by the record's."""
    text = "Definition one := 1.\nTheorem t : one = {}.\nProof. reflexivity. Qed."
    folder, keep = sources(A=text.format(1)), tmp_path / "keep"
    honest = coq.check_proofs(folder, cache_folder=keep)
    kept = _forge(keep)
    (kept / "A.v").write_text(text.format("one"))
    coq_programs.compile_file(kept / "A.v")
    assert _once_more(folder, keep).origin is Origin.NOW
    shutil.rmtree(tmp_path / "keep-again")
    _forge(keep, files={"A.vo": hashlib.sha256((kept / "A.vo").read_bytes()).hexdigest()})
    (folder / coq.RECORD).write_text(honest.to_json())
    assert _once_more(folder, keep).files == honest.files


@pytest.mark.thorough
@pytest.mark.usefixtures("coq_version")
def test_other_libraries_are_another_place(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, keep = sources(A="Theorem t : True.\nProof. exact I. Qed."), tmp_path / "keep"
    first = coq.compiled(folder, keep)
    assert set(coq.Report.from_json((first / "report.json").read_text()).libraries) == {"Coq"}
    monkeypatch.setattr(coq, "libraries", lambda _folder: {"Coq": "0" * 16})
    assert coq.compiled(folder, tmp_path / "another").name != first.name


@pytest.mark.usefixtures("coq_version")
def test_a_question_that_takes_too_long_is_an_error(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coq_programs, "_SECONDS", 0.01)
    work = _work(tmp_path)
    (work / "A.v").write_text(sources(A=HONEST).joinpath("A.v").read_text())
    with pytest.raises(coq.ProofError, match=r"took more than 0\.01 s"):
        coq_programs.compile_file(work / "A.v")


@pytest.mark.thorough
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
    assert "1 theorems and lemmas, 0 rejected; the others assume nothing. Compiled now" in (
        capsys.readouterr().out
    )
    record = coq.read_record(folder)
    assert record.assumptions == {"A.t": ()}
    sources(A=LIES["axiom"])
    assert coq.main(["--record"]) == 1
    assert "A.t assumes A.lie : 1 = 2" in capsys.readouterr().out
    sources(A="Theorem t : 1 = 2.\nProof. reflexivity. Qed.")
    assert coq.main(["--record"]) == 1
    assert "not checked: " in capsys.readouterr().out
    with pytest.raises(coq.ProofError, match="is stale"):
        coq.read_record(folder)  # the record is still that of the honest sources


# --- Which theorem stands on which


def _references(compiled: Path, folder: Path) -> dict[str, set[str]]:
    """Return the theorems that each theorem names, as Coq noted while it compiled."""
    theorems = find_theorems(folder)
    found: dict[str, set[str]] = {name: set() for name in theorems}
    for module in modules(folder):
        text = (compiled / f"{module}.glob").read_text()
        begun = re.findall(r"^(?!R|binder|not|sec)\w+ (\d+):\d+ \S+ (\S+)$", text, re.MULTILINE)
        places = sorted((int(place), f"{module}.{name}") for place, name in begun)
        for place, file, name in re.findall(
            r"^R(\d+):\d+ EtC\.(\w+) \S+ (\S+) thm$", text, re.MULTILINE
        ):
            within = places[bisect([p for p, _ in places], int(place)) - 1][1]
            if within in theorems:
                found[within] |= {f"{file}.{name}"} & theorems.keys() - {within}
    return found


@pytest.mark.sampled(2)
@pytest.mark.usefixtures("coq_version")
@pytest.mark.parametrize("folder", [sources_folder(), reals_folder()], ids=["coq", "reals"])
def test_the_graph_is_that_of_coq_s_own_references(folder: Path) -> None:
    try:
        noted = _references(coq.compiled(folder), folder)
    except coq.CoqUnavailableError as missing:
        pytest.skip(str(missing))
    assert sum(map(len, noted.values())) > len(noted)
    graph = theorem_graph()
    assert {name: graph[name] for name in noted} == noted


# --- Where Coq is absent, or another


def _absent(_folder: Path) -> coq.Report:
    raise coq.CoqUnavailableError("coqc and coqchk not found on this machine")


WITHOUT_COQ = Implementation(prove=_absent)


def _checks(kind: EvidenceKind) -> list[Check]:
    return [check for claim in CLAIMS for check in claim.checks if check.kind is kind]


def test_fresh_reaches_coq(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    asked = []

    def ask(_folder: Path, *, fresh: bool) -> coq.Report:
        asked.append(fresh)
        raise coq.CoqUnavailableError("absent")

    monkeypatch.setattr(runner, "check_proofs", ask)
    run("verify", "--claims", "sixteen-codes", "--fresh")
    run("verify", "--claims", "sixteen-codes")
    assert asked == [True, False]


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
    _pretend(tmp_path, version, *coq_programs.MATHCOMP, status=1)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(error, match="no such tactic"):
        coq.build(sources(A=HONEST), _work(tmp_path))


@pytest.mark.thorough
def test_without_coq_the_record_is_shown_as_a_record() -> None:
    for check in _checks(EvidenceKind.MACHINE_CHECKED):
        evidence = examine(check, WITHOUT_COQ)
        assert evidence.finding is Finding.RECORDED
        assert "recorded, not re-checked here: coqc and coqchk not found" in evidence.authority
        assert "as recorded, with Coq 8.16" in evidence.authority
        assert evidence.needs is Needs.COQ


def test_a_record_supports_nothing() -> None:
    claim = Claim("c", "s", "nowhere", Outcome.HOLDS, paper=PaperSays.SILENT, scope=Scope.EXACT)
    for finding in (Finding.RECORDED, Finding.UNKNOWN, Finding.SKIPPED, Finding.NOT_APPLICABLE):
        evidence = Evidence("look", "Looks.", EvidenceKind.MACHINE_CHECKED, finding, "detail")
        assert derive_outcome(claim, (evidence,)) is Outcome.PENDING


def test_the_record_is_of_these_sources_and_lists_every_theorem() -> None:
    """Write it again after a change: python -m etcprops.theory.coq --record."""
    for folder in (sources_folder(), reals_folder()):
        record = coq.read_record(folder)
        assert set(record.assumptions) == set(find_theorems(folder))
        assert set(record.files) == {f"{name}.vo" for name in modules(folder)}
        assert coq.rejected(record, record.assumptions, allowed_axioms(folder)) == {}
        assert record.coqchk == "sources and libraries"


def test_a_record_of_other_sources_is_stale(sources: Sources) -> None:
    folder = sources(A=HONEST)
    (folder / coq.RECORD).write_text((sources_folder() / coq.RECORD).read_text())
    with pytest.raises(coq.ProofError, match="is stale: the sources have changed"):
        coq.read_record(folder)
    implementation = replace(WITHOUT_COQ, recorded=lambda _folder: coq.read_record(folder))
    evidence = examine(_checks(EvidenceKind.MACHINE_CHECKED)[0], implementation)
    assert evidence.finding is Finding.SKIPPED
    assert "is stale" in evidence.detail


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "etcprops.CoqReport", "seconds": 1}'])
def test_what_is_no_record(text: str, sources: Sources) -> None:
    folder = sources(A=HONEST)
    (folder / coq.RECORD).write_text(text)
    with pytest.raises(coq.ProofError, match="no record of an earlier check"):
        coq.read_record(folder)


def test_a_forged_record_makes_nothing_proved(sources: Sources) -> None:
    """Neither of sources that admit what they state, nor of theorems that they do not state."""
    forged = replace(coq.read_record(), assumptions={"A.t": ()})
    for text, reason in {
        "Theorem t : False.\nProof. Admitted.": r"take something on trust: Admitted in A\.v",
        "Theorem u : True.\nProof. exact I. Qed.": "other theorems than the sources state",
    }.items():
        folder = sources(A=text)
        record = replace(forged, digest=digest(folder))
        (folder / coq.RECORD).write_text(record.to_json())
        with pytest.raises(coq.ProofError, match=reason):
            coq.read_record(folder)


def test_a_report_of_a_theorem_that_the_sources_do_not_state_is_refused() -> None:
    name = "Blocks.no_such_theorem"
    forged = replace(coq.read_record(), assumptions={name: ()})
    claim = Claim("c", "s", "nowhere", Outcome.HOLDS, paper=PaperSays.SILENT, scope=Scope.EXACT)
    (check,) = checked(claim, Proofs((name,))).checks
    evidence = examine(check, Implementation(prove=lambda _folder: forged))
    assert evidence.finding is Finding.RAISED
    assert "is not stated in the sources" in evidence.detail


def _given(report: coq.Report, _folder: Path) -> coq.Report:
    return report


def test_axioms_are_shown_and_others_refused() -> None:
    """The same name with another statement is another axiom."""
    allowed = allowed_axioms(reals_folder())
    (check,) = checked(
        Claim("c", "s", "nowhere", Outcome.HOLDS, paper=PaperSays.SILENT, scope=Scope.EXACT),
        Proofs(over_reals=tuple(OVER_REALS)),
    ).checks
    report = replace(
        coq.read_record(reals_folder()),
        axioms=allowed,
        assumptions=dict.fromkeys(OVER_REALS, tuple(allowed)),
    )
    evidence = examine(check, Implementation(prove=lambda _folder: report))
    assert evidence.finding is Finding.SUPPORTS
    assert evidence.label == "machine-checked on 4 axioms"
    assert set(evidence.to_dict()["axioms"]) == set(allowed)
    assert all(axiom in evidence.detail for axiom in allowed)
    for axioms, assumed in (
        (allowed | {"Classical_Prop.classic": "False"}, tuple(allowed)),
        (allowed | {"A.lie": "1 = 2"}, (*allowed, "A.lie")),
        (allowed, (*allowed, "f is assumed to be guarded.")),
    ):
        false = replace(report, axioms=axioms, assumptions=dict.fromkeys(OVER_REALS, assumed))
        evidence = examine(check, Implementation(prove=partial(_given, false)))
        assert evidence.finding is Finding.RAISED


def test_a_record_that_lacks_a_theorem_counts_as_broken() -> None:
    record = coq.read_record()
    without = replace(record, assumptions={})
    evidence = examine(
        _checks(EvidenceKind.MACHINE_CHECKED)[0],
        replace(WITHOUT_COQ, recorded=lambda _folder: without),
    )
    assert evidence.finding is Finding.SKIPPED
    assert "is not there" in evidence.detail


def test_reports_survive_json() -> None:
    record = coq.read_record()
    assert coq.Report.from_json(record.to_json()) == record
    assert json.loads(record.to_json())["format"] == "etcprops.CoqReport"


# --- The table of proofs


def test_every_line_of_the_table_is_of_a_claim() -> None:
    assert set(PROOFS) <= {claim.name for claim in CLAIMS}


def test_pending_claims_stay_pending() -> None:
    claim = Claim(
        "z-score", "s", "nowhere", Outcome.PENDING, paper=PaperSays.SILENT, scope=Scope.EXACT
    )
    assert with_proofs(claim) == claim


def test_a_refuting_check_is_known_as_such() -> None:
    def look(_implementation: Implementation) -> Observation:
        """Look."""
        return Observation(None, "")

    assert Check(look, EvidenceKind.REFUTATION).refuting
    assert Check(look, EvidenceKind.MACHINE_CHECKED, refutes=True).refuting
    assert not Check(look, EvidenceKind.MACHINE_CHECKED).refuting
