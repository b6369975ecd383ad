"""The ledger: how outcomes follow from evidence, and what comes out for the real encryption."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import experiments
import numpy as np
import on_record
import pytest

from etcprops import BlockGeometry, InvalidParameterError, verify
from etcprops.claims import (
    CLAIMS,
    Claim,
    Evidence,
    EvidenceKind,
    Finding,
    Implementation,
    Outcome,
    Row,
)
from etcprops.claims.model import Check, Exhibit, Ledger, Observation, derive_outcome
from etcprops.claims.runner import examine, run
from etcprops.claims.terms import PaperSays, Scope, Sense
from etcprops.datasets import load_digits_images
from etcprops.theory.smt import available


def evidence(finding: Finding, without: str | None = None, sense: Sense = Sense.PATH) -> Evidence:
    return Evidence(
        "a check", "Looks.", EvidenceKind.EXACT, finding, "detail", without=without, sense=sense
    )


def of_distribution(finding: Finding, without: str | None = None) -> Evidence:
    return evidence(finding, without, Sense.DISTRIBUTION)


PLAIN = Claim(
    "plain", "It is so.", "nowhere", Outcome.HOLDS, paper=PaperSays.SILENT, scope=Scope.EXACT
)
CONDITIONAL = Claim(
    "conditional",
    "It is so.",
    "nowhere",
    Outcome.HOLDS_IF,
    paper=PaperSays.SILENT,
    scope=Scope.EXACT,
    hypotheses=("h", "k"),
)
S, R, N, X = Finding.SUPPORTS, Finding.REFUTES, Finding.NOT_APPLICABLE, Finding.RAISED

DERIVATIONS = {
    "no evidence": (PLAIN, [], Outcome.PENDING),
    "not applicable alone": (PLAIN, [evidence(N)], Outcome.PENDING),
    "support": (PLAIN, [evidence(S), evidence(N)], Outcome.HOLDS),
    "one counterexample among much support": (
        PLAIN,
        [evidence(S), evidence(S), evidence(R)],
        Outcome.FAILS,
    ),
    "an exception is no support": (PLAIN, [evidence(S), evidence(X)], Outcome.PENDING),
    "both hypotheses necessary": (
        CONDITIONAL,
        [evidence(S), evidence(R, "h"), evidence(R, "k")],
        Outcome.HOLDS_IF,
    ),
    "one hypothesis not shown necessary": (
        CONDITIONAL,
        [evidence(S), evidence(R, "h"), evidence(S, "k")],
        Outcome.PENDING,
    ),
    "necessity without support": (
        CONDITIONAL,
        [evidence(R, "h"), evidence(R, "k")],
        Outcome.PENDING,
    ),
    "fails under all hypotheses": (
        CONDITIONAL,
        [evidence(R), evidence(R, "h"), evidence(R, "k")],
        Outcome.FAILS,
    ),
    "equal in distribution, but not path by path": (
        PLAIN,
        [of_distribution(S), of_distribution(N), evidence(R)],
        Outcome.IN_DISTRIBUTION,
    ),
    "equal in distribution and path by path": (
        PLAIN,
        [of_distribution(S), evidence(S)],
        Outcome.HOLDS,
    ),
    "equal in distribution, paths not looked at": (
        PLAIN,
        [of_distribution(S), evidence(N)],
        Outcome.PENDING,
    ),
    "another distribution": (
        PLAIN,
        [of_distribution(S), of_distribution(R), evidence(R)],
        Outcome.FAILS,
    ),
    "another distribution on one path that agrees": (
        PLAIN,
        [of_distribution(R), evidence(S)],
        Outcome.FAILS,
    ),
    "only paths differ, no distribution": (
        PLAIN,
        [of_distribution(N), evidence(R)],
        Outcome.PENDING,
    ),
    "no distribution compared": (PLAIN, [evidence(R)], Outcome.FAILS),
    "in distribution under hypotheses": (
        CONDITIONAL,
        [of_distribution(S), evidence(R), of_distribution(R, "h"), evidence(R, "k")],
        Outcome.IN_DISTRIBUTION,
    ),
    "in distribution, a hypothesis not shown necessary": (
        CONDITIONAL,
        [of_distribution(S), evidence(R), of_distribution(R, "h"), of_distribution(S, "k")],
        Outcome.PENDING,
    ),
    "an exception while distributions are compared": (
        PLAIN,
        [of_distribution(S), of_distribution(X), evidence(R)],
        Outcome.PENDING,
    ),
}


@pytest.mark.parametrize(("claim", "found", "outcome"), DERIVATIONS.values(), ids=DERIVATIONS)
def test_outcomes_follow_from_evidence(
    claim: Claim, found: list[Evidence], outcome: Outcome
) -> None:
    assert derive_outcome(claim, tuple(found)) is outcome


def test_a_row_that_surprises_says_why() -> None:
    row = Row(PLAIN, (evidence(S), evidence(R)))
    assert not row.ok
    assert row.surprise == "expected holds, found fails. a check (refutes: detail)"
    assert Row(PLAIN, (evidence(S),)).surprise == ""
    in_distribution = replace(PLAIN, expected=Outcome.IN_DISTRIBUTION)
    assert Row(in_distribution, (of_distribution(S), evidence(R))).surprise == ""
    row = Row(in_distribution, (of_distribution(R), evidence(R)))
    assert row.surprise == "expected in-distribution, found fails. a check (refutes: detail)"
    row = Row(in_distribution, (of_distribution(S), evidence(S)))
    assert row.surprise == "expected in-distribution, found holds. a check (supports: detail)"


class Noticing(Implementation):
    """Notices whether a check asks for its geometry, or for the key or the images of that size."""

    noticed: ClassVar[bool] = False

    def __getattribute__(self, name: str) -> Any:
        if name in {"geometry", "key", "images"}:
            type(self).noticed = True
        return super().__getattribute__(name)


CHECKS = [check for claim in CLAIMS for check in claim.checks]
RECORD = on_record.read(experiments.FILE)["checks"]
NAMES = [f"{claim.name}: {check.name}" for claim in CLAIMS for check in claim.checks]
GEOMETRIES = BlockGeometry(6, 9, block=3), BlockGeometry(1, 1, block=1)


@pytest.fixture(scope="module")
def sound(request: pytest.FixtureRequest) -> Implementation:
    """The real encryption; what takes time in other processes begins, as in a run of the ledger."""
    implementation = Noticing()
    calls = [item.callspec for item in request.session.items if hasattr(item, "callspec")]
    for check in (call.params.get("check") for call in calls):
        if isinstance(check, Check) and check.ahead is not None:
            check.ahead(implementation)
    return implementation


@pytest.fixture(scope="module")
def others() -> list[Implementation]:
    return [Implementation(geometry, b"another") for geometry in GEOMETRIES]


FoundBy = Callable[[Check], tuple[Evidence, dict[str, str], bool]]


@pytest.fixture(scope="module")
def found_by(sound: Implementation) -> FoundBy:
    """What a check finds, once, what is on record of it, and whether it asks for the geometry."""

    @cache
    def found_by(check: Check) -> tuple[Evidence, dict[str, str], bool]:
        Noticing.noticed = False
        implementation = sound if check.ahead is not None else Noticing()  # which has made nothing
        found, noted = experiments.noted(check, implementation)
        return found, noted, Noticing.noticed

    return found_by


LONG = {"attack on single images"}


def or_thorough(value: Any, checks: Iterable[Check]) -> Any:
    """Leave what takes long, here or in other processes, to the thorough run."""
    long = any(check.ahead is not None or check.name in LONG for check in checks)
    return pytest.param(value, marks=pytest.mark.thorough) if long else value


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    "check",
    [or_thorough(check, claim.checks) for claim in CLAIMS for check in claim.checks],
    ids=NAMES,
)
def test_no_check_accuses_the_sound_encryption(
    check: Check, found_by: FoundBy, request: pytest.FixtureRequest
) -> None:
    """Row by row others might outvote it; tests/meta has what each check must notice."""
    found, noted, _ = found_by(check)
    usual = Finding.REFUTES if check.refuting else Finding.SUPPORTS
    without_solver = check.kind is EvidenceKind.SMT and not available()
    needs_more = check.name.endswith(("on given images", "of all sums with a solver"))
    if without_solver or needs_more:
        usual = Finding.SKIPPED
    if "not re-checked here" in found.authority:
        usual = Finding.RECORDED
    assert found.finding is usual, found.detail
    assert found.decides or usual in {Finding.SKIPPED, Finding.RECORDED}
    recorded = RECORD.get(request.node.callspec.id, {})
    assert noted | recorded == noted, "python tests/experiments.py records it anew"


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    "claim",
    [or_thorough(claim, claim.checks) for claim in CLAIMS],
    ids=[claim.name for claim in CLAIMS],
)
def test_the_claim_comes_out_as_expected(
    claim: Claim, found_by: FoundBy, others: list[Implementation]
) -> None:
    """Of any geometry. Most checks draw their own or have none, and would find the same again."""
    found = [found_by(check) for check in claim.checks]
    row = Row(claim, tuple(evidence for evidence, _, _ in found))
    assert row.surprise == ""
    assert row.ok
    if row.outcome is Outcome.FAILS:  # the row has a counterexample, with figures
        refuting = [e.detail for e in row.evidence if e.finding is Finding.REFUTES]
        assert refuting
        assert all(re.search(r"\d", detail) for detail in refuting)
    for implementation in others:
        again = tuple(
            examine(check, implementation) if noticed else evidence
            for check, (evidence, _, noticed) in zip(claim.checks, found, strict=True)
        )
        assert Row(claim, again).surprise == ""


def test_checks_at_full_size_ask_for_the_geometry(found_by: FoundBy) -> None:
    """Or they would not be tried at others above."""
    by_name = dict(zip(NAMES, CHECKS, strict=True))
    assert found_by(by_name["z-score: z score at full size"])[2]
    assert not found_by(by_name["z-score: z score with symbols"])[2]


def test_claims_are_well_formed() -> None:
    names = [claim.name for claim in CLAIMS]
    assert len(set(names)) == len(names)
    for claim in CLAIMS:
        dropped = {check.without for check in claim.checks if check.without is not None}
        assert dropped == set(claim.hypotheses), claim.name
        for check in claim.checks:
            assert check.summary.endswith("."), check.name
        kinds = {(check.name, check.without) for check in claim.checks}
        assert len(kinds) == len(claim.checks), claim.name


def test_json_has_every_row_and_every_exhibit() -> None:
    names = ["raw-inner-products", "z-score"]  # in the order of the ledger, whatever is asked
    ledger = verify(claims=reversed(names))
    assert ledger.ok
    document = json.loads(ledger.to_json())
    assert [row["claim"] for row in document["rows"]] == names
    found = ledger.rows[0].evidence[0]
    assert document["rows"][0]["evidence"][0]["exhibits"] == {
        e.label: e.values.tolist() for e in found.exhibits
    }
    assert found.exhibits
    assert document["about"]["geometry"] == BlockGeometry(192, 160, channels=3).to_dict()


def test_an_exception_in_a_check_is_a_finding_and_not_ok() -> None:
    def check_badly(_implementation: Implementation) -> Observation:
        """Raise."""
        raise RuntimeError("out of order")

    claim = Claim(
        "c",
        "s",
        "nowhere",
        Outcome.HOLDS,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        checks=(Check(check_badly, EvidenceKind.EXACT),),
    )
    row = run(Implementation(), (claim,)).rows[0]
    assert row.evidence[0].finding is Finding.RAISED
    assert row.evidence[0].detail == "RuntimeError: out of order"
    assert not row.ok


def test_progress_is_reported_before_each_check_and_at_the_end() -> None:
    calls: list[tuple[int, int, str]] = []
    verify(
        BlockGeometry(8, 8),
        claims=["decryption-inverts"],
        progress=lambda done, total, label: calls.append((done, total, label)),
    )
    assert [call[:2] for call in calls] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert calls[0][2] == "decryption-inverts: decryption at full size"


@pytest.mark.thorough
def test_given_images_are_used() -> None:
    digits = load_digits_images()
    ledger = verify(claims=["svm-and-k-nn"], data=digits)
    found = {e.check: e for e in ledger.rows[0].evidence}
    assert found["decisions on given images"].finding is Finding.SUPPORTS


@pytest.mark.thorough
def test_decisions_on_extended_yale_b(yale_path: Path) -> None:
    """Two images of 30,720 pixels would do for a crash; ten subjects are enough for decisions."""
    from etcprops.datasets import load_extended_yale_b

    data = load_extended_yale_b(yale_path)
    chosen = np.isin(data.labels, np.unique(data.labels)[:6])
    part = type(data)(data.name, data.images[chosen], data.labels[chosen], data.geometry)
    ledger = verify(claims=["svm-and-k-nn"], data=part)
    found = {e.check: e for e in ledger.rows[0].evidence}
    assert found["decisions on given images"].finding is Finding.SUPPORTS


MISTAKES = {
    "unknown claim": ({"claims": ["z"]}, "'claims' parameter of verify must hold names of claims"),
    "no claim": ({"claims": []}, "Got none"),
    "a string of claims": ({"claims": "z-score"}, "be a collection of names"),
    "no geometry": ({"geometry": (8, 8)}, "'geometry' parameter of verify must be a BlockGeometry"),
    "empty secret": ({"secret": b""}, "'secret' parameter"),
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.values(), ids=MISTAKES)
def test_bad_input(options: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidParameterError) as error:
        verify(**options)  # type: ignore[arg-type]
    assert message in str(error.value)


def test_the_page_shows_rows_pictures_and_surprises() -> None:
    shown = Evidence(
        "look",
        "Looks.",
        EvidenceKind.REFUTATION,
        Finding.REFUTES,
        "a < b & c",
        exhibits=(Exhibit("pixels", np.array([[0, 255]], dtype=np.uint8)),),
    )
    ledger = Ledger((Row(PLAIN, (shown,)),), run(Implementation(), ()).about)
    page = ledger.to_html()
    assert "a &lt; b &amp; c" in page
    assert "<figcaption>pixels</figcaption>" in page
    assert "expected holds, found fails" in page
    in_a_notebook = ledger._repr_html_()
    assert "<html" not in in_a_notebook
    assert "fails, not as expected" in in_a_notebook
