"""Small parts of the ledger: searches as checks, evidence as JSON, pictures of arrays."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import threadpoolctl
from scipy.sparse import csr_array, eye_array

from etcprops import (
    BlockGeometry,
    InvalidParameterError,
    exact_gram,
    exact_squared_distances,
    verify,
)
from etcprops._pictures import MARK
from etcprops.claims import Claim, Evidence, EvidenceKind, Finding, Implementation, Outcome
from etcprops.claims.case import Case
from etcprops.claims.checks import (
    coefficients,
    forests,
    key_conditions,
    machines,
    protection,
    statistics,
)
from etcprops.claims.checks import exact_gram as checks_of_gram
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


# --- What checks try


def test_exact_products_are_tried_with_every_number_of_slices() -> None:
    asked: list[int] = []

    def product(rows: Any, slices: int) -> Any:
        asked.append(slices)
        return exact_gram(rows, slices=slices)

    given: Any = SimpleNamespace(arithmetic=SimpleNamespace(exact_gram=product))
    assert checks_of_gram.check_exact_gram_against_rational_arithmetic(given).agrees
    assert asked == [1, 2, 3]


@pytest.mark.parametrize(("processors", "tried"), [(1, [1, 2]), (2, [1, 2]), (3, [1, 2, 3])])
def test_products_are_made_by_no_more_threads_than_processors(
    processors: int, tried: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def limits(threads: int, **_: Any) -> Any:
        asked.append(threads)
        return nullcontext()

    monkeypatch.setattr(threadpoolctl, "threadpool_limits", limits)
    monkeypatch.setattr("os.cpu_count", lambda: processors)
    given: Any = SimpleNamespace(arithmetic=SimpleNamespace(exact_gram=lambda *_: np.zeros((1, 1))))
    detail = checks_of_gram.check_exact_gram_whatever_the_threads(given).detail
    assert asked == tried
    assert f"{', '.join(map(str, tried))} threads" in detail


@pytest.mark.parametrize("sign_known", [True, False])
def test_bits_that_the_attack_leaves_are_those_of_the_frame_and_a_sign(
    monkeypatch: pytest.MonkeyPatch, *, sign_known: bool
) -> None:
    case = SimpleNamespace(
        key=SimpleNamespace(key_space_bits=lambda: 100.0), right=SimpleNamespace(direct=1.0),
        found=SimpleNamespace(recovered=True, sign_known=sign_known, seconds=1.0),
    )  # fmt: skip
    monkeypatch.setattr(protection, "_common_key", lambda _: case)
    detail = protection.check_keys_that_are_left_after_the_attack(Implementation()).detail
    assert ("but for 2 bits" in detail) is sign_known
    assert ("but for 3 bits" in detail and "one sign" in detail) is not sign_known


def test_variances_are_told_of_both_sides() -> None:
    plain, encrypted = np.array([[1, 5], [3, 5]]), np.array([[1, 5], [3, 7]])
    given: Any = SimpleNamespace(
        vectors=lambda _: (plain, encrypted), key=None, geometry=SimpleNamespace(n_pixels=2)
    )
    found = statistics.check_scale_at_full_size(given)
    assert not found.agrees
    assert found.detail == "X.var() is 1 / 2 plain, 2 encrypted"


def test_averages_are_of_whole_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    monkeypatch.setattr(
        key_conditions, "_compare_scores", lambda _, averages: taken.append(averages)
    )
    key_conditions.check_scores_after_averages_in_floats(Implementation())
    pipeline = taken[0](BlockGeometry(6, 6, block=3))
    assert pipeline.fit_transform(np.full((1, 36), 7.0)).tolist() == [[7.0] * 4]


def test_small_trees_look_at_one_feature_and_at_two(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def distribution(*_: Any, max_features: int) -> dict[str, int]:
        asked.append(max_features)
        return {}

    monkeypatch.setattr("etcprops.theory.forests.tree_distribution", distribution)
    assert forests.check_distribution_of_small_trees(Implementation()).agrees
    assert asked == [1] * 49 + [2] * 49


def test_exponentials_are_those_of_distances_over_64(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    monkeypatch.setattr(machines, "_against_the_exact", lambda *_: None)
    given: Any = SimpleNamespace(arithmetic=SimpleNamespace(exponential=lambda x: taken.append(+x)))
    machines.check_exponentials_by_numpy(given)
    z_scores = machines._z_scores()  # noqa: SLF001
    assert np.array_equal(taken[0], exact_squared_distances(z_scores) / -64)


def test_of_several_unknown_claims_one_is_guessed() -> None:
    with pytest.raises(InvalidParameterError, match="Did you mean 'int8-products'") as error:
        verify(claims=["int8-product", "common-key-score"])
    assert str(error.value).count("Did you mean") == 1
