"""Small parts of the ledger: searches as checks, evidence as JSON, pictures of arrays."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.sparse import csr_array, eye_array

from etcprops._pictures import MARK
from etcprops.claims import Claim, Evidence, EvidenceKind, Finding, Implementation, Outcome
from etcprops.claims.case import Case
from etcprops.claims.checks import coefficients
from etcprops.claims.checks.reductions_in_distribution import check_one_projection_of_digits
from etcprops.claims.model import Check, Observation
from etcprops.claims.pictures import TILE, drawn, example_key, pattern, step_pictures, tiles
from etcprops.claims.search import UNTIL_FOUND, search, with_search
from etcprops.claims.statements import coefficients as statements_of_coefficients
from etcprops.claims.statements import reductions as statements_of_reductions
from etcprops.claims.statements.drawn import products_of_z_scores
from etcprops.claims.terms import Needs, PaperSays, Scope, Sense

FEW = Implementation(examples=6)
CLAIM = Claim(
    "small",
    "It is.",
    "nowhere",
    Outcome.HOLDS,
    paper=PaperSays.SILENT,
    scope=Scope.EXACT,
)
OBVIOUS = "nothing is assumed"


def true(case: Case) -> None:
    """Draw a number, and say nothing of it."""
    case.integer("number", 0, 2**40)


def false(case: Case) -> None:
    """Say that an image is no image."""
    images = case.images(case.geometry(), 1)
    assert images.dtype != np.uint8, "it is one"


def false_without(case: Case) -> None:
    """Be false where the hypothesis is dropped."""
    assert case.assumes(OBVIOUS), f"it is {case.integer('number', 3, 9)}"


# --- Searches as checks


def test_what_must_be_found_is_searched_for_longer() -> None:
    (check,) = with_search(CLAIM, true).checks
    few = check.run(FEW)
    assert few.agrees
    assert 6 <= int(few.detail.split()[0]) < UNTIL_FOUND
    assert few.detail.endswith(" cases, no counterexample")
    for claim in (replace(CLAIM, expected=Outcome.FAILS), replace(CLAIM, hypotheses=(OBVIOUS,))):
        *_, last = with_search(claim, true).checks
        assert int(last.run(FEW).detail.split()[0]) >= UNTIL_FOUND


def test_a_counterexample_refutes_and_is_shown() -> None:
    (check,) = with_search(CLAIM, false).checks
    found = check.run(FEW)
    assert found.agrees is False
    assert found.detail.startswith("it is one. geometry: 1x1/1; images: [[[0]]]")
    assert [exhibit.label for exhibit in found.exhibits] == ["image 0"]


def test_each_hypothesis_is_dropped_once() -> None:
    claim = with_search(replace(CLAIM, hypotheses=(OBVIOUS,)), false_without)
    whole, dropped = claim.checks
    assert (whole.without, dropped.without) == (None, OBVIOUS)
    assert (whole.kind, dropped.kind) == (EvidenceKind.FUZZED, EvidenceKind.REFUTATION)
    assert whole.run(FEW).agrees
    assert dropped.run(FEW).detail == "it is 3. number: 3"
    fails = with_search(replace(CLAIM, expected=Outcome.FAILS), false).checks
    assert [check.kind for check in fails] == [EvidenceKind.REFUTATION]
    assert with_search(CLAIM, None) is CLAIM


@pytest.mark.parametrize("sense", Sense)
def test_searches_speak_of_distributions_where_the_checks_do(sense: Sense) -> None:
    def check_it(_implementation: Implementation) -> Observation:
        """Look."""
        return Observation(True, "seen")

    own = Check(check_it, EvidenceKind.EXACT, sense=sense)
    *_, searched = with_search(replace(CLAIM, checks=(own,)), true).checks
    assert searched.sense is sense


def test_cases_of_both_sizes_are_counted() -> None:
    tried = []

    def counted(case: Case) -> None:
        tried.append(case.largest)
        case.integer("number", 0, 2**40)

    found = search(counted, FEW, examples=6)
    assert found.cases == len(tried)
    assert len(set(tried)) == 2
    assert found.counterexample is None


# --- Evidence


def test_what_a_check_needs_is_in_the_document() -> None:
    evidence = Evidence("look", "Looks.", EvidenceKind.EXACT, Finding.SKIPPED, "not seen")
    assert evidence.to_dict()["needs"] is None
    for needs in Needs:
        assert replace(evidence, needs=needs).to_dict()["needs"] == str(needs)


# --- Pictures


def test_numbers_stand_in_the_middle_of_their_tiles() -> None:
    picture = np.asarray(tiles(np.full((2, 3), 5, dtype=np.uint8)))
    parts = [
        picture[i * TILE + 1 : (i + 1) * TILE, j * TILE + 1 : (j + 1) * TILE]
        for i, j in product(range(2), range(3))
    ]
    assert all(np.array_equal(part, parts[0]) for part in parts)
    rows, columns = np.nonzero(parts[0] == 255)
    for places in (rows, columns):
        assert abs((places.min() + places.max()) / 2 - TILE / 2) <= 2


def test_what_is_marked_is_framed() -> None:
    values = np.arange(6, dtype=np.uint8).reshape(2, 3)
    for row, column in ((0, 2), (1, 0)):
        picture = drawn(values, (row, column))
        assert picture is not None
        marked = (np.asarray(picture.convert("RGB")) == MARK).all(axis=2)
        for places, number in zip(np.nonzero(marked), (row, column), strict=True):
            middle = (places.min() + places.max()) / 2  # beside a border of a few pixels
            assert number * TILE < middle - TILE / 4 < (number + 1) * TILE


def test_each_entry_of_a_matrix_has_its_square() -> None:
    matrix = csr_array(np.array([[0, 1], [-1, 0]]))
    canvas = np.asarray(pattern(matrix, size=4)).astype(int)
    white = (canvas == 255).all(axis=2)
    assert np.array_equal(white, np.kron([[1, 0], [0, 1]], np.ones((2, 2))).astype(bool))
    assert len({tuple(colour) for colour in canvas[:2, 2:].reshape(-1, 3)}) == 1
    assert len({tuple(colour) for colour in canvas[2:, :2].reshape(-1, 3)}) == 1
    assert tuple(canvas[0, 2]) != tuple(canvas[2, 0])
    many = np.asarray(pattern(csr_array(eye_array(8)), size=4))
    assert np.array_equal((many == 255).all(axis=2), 1 - np.eye(4))


def test_the_first_pattern_is_that_of_no_step() -> None:
    size = example_key().geometry.n_pixels
    expected = pattern(csr_array(eye_array(size, format="csr")))
    assert np.array_equal(np.asarray(step_pictures()[0][2]), np.asarray(expected))
    negatives = example_key().negatives
    assert negatives is not None
    assert np.count_nonzero(negatives) == 2


# --- What experiments are made of


def test_blocks_have_the_sums_that_are_asked_for() -> None:
    for total in (0, 1, 63, 64, 65, 8160, 255 * 64):
        block = coefficients._of_sum(total)  # noqa: SLF001
        assert int(block.astype(int).sum()) == total
        assert int(np.ptp(block)) <= 1


def test_sums_on_a_half_are_found() -> None:
    blocks = [-64, -63, -32, -24, -12, -8, -4, -1, 0, 4, 12, 64]
    centred = np.zeros((8, 8 * len(blocks)), dtype=np.int64)
    centred[0, ::8] = blocks
    image = (centred + 128).astype(np.uint8)
    for step, tied in ((1, [-12, -4]), (2, [-24, -8]), (8, [-32])):
        expected = [total in tied for total in blocks]
        assert statements_of_coefficients._tied(image, step).ravel().tolist() == expected  # noqa: SLF001


def test_queries_have_no_part_in_statistics() -> None:
    rows = np.array([[0, 4], [2, 0], [7, 9]])
    found = statements_of_reductions._products(rows, np.eye(2, dtype=int), "z-score")  # noqa: SLF001
    assert found == products_of_z_scores(rows, 2)
    assert found != products_of_z_scores(rows, 3)


@pytest.mark.parametrize("deviation", [0.0, 1e-12, 0.5])
def test_projections_agree_up_to_rounding_alone(
    deviation: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcprops.reductions.gram_deviation", lambda *_: deviation)
    assert check_one_projection_of_digits(FEW).agrees is (deviation < 0.1)
