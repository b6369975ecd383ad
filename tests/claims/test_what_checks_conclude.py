"""What checks of the ledger conclude from what their parts find; the parts are stubs."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers import returning
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey
from etcprops.claims import Implementation, runner
from etcprops.claims.checks import (
    audited,
    compression,
    estimators,
    exact_gram,
    exactness,
    forests,
    formal,
    key_conditions,
    machines,
    protection,
    reductions_in_distribution,
    solver,
    statistics,
)
from etcprops.claims.implementation import Arithmetic
from etcprops.claims.model import Observation, kind_label
from etcprops.claims.pictures import photograph
from etcprops.claims.terms import EvidenceKind
from etcprops.datasets import ImageSet
from etcprops.theory import coq, smt
from etcprops.theory.theorems import sources_folder

Images = NDArray[Any]
Patch = pytest.MonkeyPatch
SMALL = BlockGeometry(8, 8, block=4)


def same(images: Images, _: EtCKey) -> Images:
    return images


def under(encrypt: Callable[[Images, EtCKey], Images] = same) -> Implementation:
    return Implementation(SMALL, encrypt=encrypt)


def given(count: int = 100) -> ImageSet:
    """Return images of which each is of its own grey level."""
    levels = np.arange(count, dtype=np.uint8)
    images = np.broadcast_to(levels[:, None, None], (count, 8, 8)).copy()
    images[:, 0, 0] += 100
    return ImageSet("given", images, np.arange(count) % 2, SMALL)


# --- One model, client or SVM that differs is enough


def test_one_audited_model_that_decides_otherwise_is_enough(monkeypatch: Patch) -> None:
    found = [SimpleNamespace(decisions_identical=answer) for answer in (False, True)]
    verdicts = [SimpleNamespace(comparison=f, outcome="-", conditions=()) for f in found]
    monkeypatch.setattr("etcprops.auditing.audit", returning(*verdicts))
    assert not audited._audit(under(), {"first": None, "second": None}).agrees


@pytest.mark.parametrize("first", [True, False])
def test_one_client_whose_key_is_recovered_is_enough(monkeypatch: Patch, first: bool) -> None:  # noqa: FBT001
    attacks = [
        SimpleNamespace(recovered=r, outcome="-", images=np.zeros(1)) for r in (first, False)
    ]
    monkeypatch.setattr(protection, "attack", returning(*attacks))
    monkeypatch.setattr(protection, "compare", lambda *_: "-")
    found = protection.check_keys_of_clients_from_their_images(under())
    assert found.agrees is not first


def enrolled(other_key: float, stranger: float) -> dict[str, float]:
    return {
        "same person, same key": 0.8,
        "other person, own key": 0.0,
        "same person, other key": other_key,
        "other person, same key": stranger,
    }


def in_four_cases(
    monkeypatch: Patch, *scores: dict[str, float], eer: float = 0.2, n_genuine: float = np.inf
) -> Observation:
    """Let the two SVMs have these shares accepted, in place of scores."""
    rates = SimpleNamespace(eer=eer, n_genuine=n_genuine, share_accepted=lambda share: share)
    monkeypatch.setattr("etcprops.experiments.rates.error_rates", lambda *_: rates)
    plain = [enrolled(0.0, 0.0)] * 2
    monkeypatch.setattr(key_conditions, "_enrolled", returning(plain, list(scores)))
    return key_conditions.check_queries_in_four_cases(Implementation(encrypt=same))


def test_one_svm_that_lets_strangers_in_is_enough(monkeypatch: Patch) -> None:
    assert in_four_cases(monkeypatch, enrolled(0.0, 0.2), enrolled(0.0, 0.1)).agrees
    assert not in_four_cases(monkeypatch, enrolled(0.0, 0.3), enrolled(0.0, 0.1)).agrees


def test_half_as_many_with_any_key_are_as_good_as_all(monkeypatch: Patch) -> None:
    half, fewer = (in_four_cases(monkeypatch, *[enrolled(x, 0.0)] * 2) for x in (0.4, 0.39))
    assert half.agrees is None
    assert "keys are not told apart" in half.detail
    assert fewer.agrees is False


def test_a_limit_of_one_half_tells_no_people_apart(monkeypatch: Patch) -> None:
    found = in_four_cases(monkeypatch, *[enrolled(0.0, 0.0)] * 2, eer=0.5)
    assert found.agrees is None
    assert "people are not told apart" in found.detail


def test_some_operation_under_which_pixels_differ_is_enough(monkeypatch: Patch) -> None:
    """Also counted: pixels that the model of libjpeg does not explain."""
    image = np.zeros((8, 16), np.uint8)
    pictures = [image.copy() for _ in range(3)]
    pictures[0][0, :2] = pictures[1][0, :3] = 1
    pairs = [(pictures[0], image), (pictures[1], pictures[1]), (image, image)]
    monkeypatch.setattr(compression, "OPERATIONS", {"a": [(0, 0)], "b": [(0, 0), (0, 0)]})
    monkeypatch.setattr(compression, "grey_photograph", lambda: image)
    monkeypatch.setattr(compression, "_in_both_orders", returning(*pairs))
    as_they_are = SimpleNamespace(coded=lambda x, _: x, decoded=lambda x, _: x)
    monkeypatch.setattr(compression, "libjpeg", as_they_are)
    found = compression.check_pixels_of_all_operations_through_libjpeg(under())
    assert not found.agrees
    assert "gives all but 5 of its pixels" in found.detail


# --- Tolerances are not reached


def compared(monkeypatch: Patch, images: Images, answers: Callable[..., Any]) -> Observation:
    digits = SimpleNamespace(
        images=images, labels=np.zeros(len(images), int), geometry=BlockGeometry(1, 2, block=1)
    )
    monkeypatch.setattr(estimators, "load_digits_images", lambda: digits)
    fitted = SimpleNamespace(fit=lambda *_: None)
    models: Any = {"-": (lambda: fitted, answers)}
    return estimators._compare(under(), models, normalize=True)


def test_what_is_constant_in_training_is_left_out(monkeypatch: Patch) -> None:
    images = np.full((160, 1, 2), 7, np.uint8)
    images[100:, 0, 0] = 9  # constant in training alone
    images[::2, 0, 1] = 8
    seen: list[Any] = []

    def answers(_: Any, queries: Any) -> Any:
        seen.append(queries)
        return np.ones(1)

    assert compared(monkeypatch, images, answers).agrees
    assert not seen[0][:, 0].any()
    assert np.unique(seen[0][:, 1]).tolist() == [-1, 1]


def test_estimators_differ_where_the_tolerance_is_reached(monkeypatch: Patch) -> None:
    images = np.zeros((160, 1, 2), np.uint8)
    for off, agrees in ((estimators.TOLERANCE, False), (estimators.TOLERANCE / 2, True)):
        answers = returning(np.array([0.0, 1.0]), np.array([off, 1.0]))
        assert compared(monkeypatch, images, answers).agrees is agrees


class Lasso:
    """Predicts what it is told."""

    answers: Iterator[Any] = iter(())

    def __init__(self, **_: Any) -> None:
        pass

    def fit(self, *_: Any) -> Lasso:
        return self

    def predict(self, _: Any) -> NDArray[np.float64]:
        return np.array(next(self.answers))


LASSOS = (estimators.check_lasso_with_two_equal_pixels, estimators.check_lasso_under_a_rotation)


@pytest.mark.parametrize("check", LASSOS)
@pytest.mark.parametrize(
    ("answers", "agrees"),
    [
        (([0.0], [estimators.TOLERANCE]), False),
        (([0.5], [-0.5]), False),
        (([0.5], [0.5 + estimators.TOLERANCE / 4]), True),
    ],
)
def test_lassos_differ_where_the_tolerance_is_reached(
    monkeypatch: Patch,
    check: Any,
    answers: Any,
    agrees: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(Lasso, "answers", iter(answers))
    monkeypatch.setattr("sklearn.linear_model.Lasso", Lasso)
    assert check(under()).agrees is agrees


def test_answers_of_a_rotated_lasso_are_shown_in_four_places(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Lasso, "answers", iter([[0.123456], [0.654321]]))
    monkeypatch.setattr("sklearn.linear_model.Lasso", Lasso)
    assert "answers [0.1235], rotated [0.6543]" in LASSOS[1](under()).detail


def test_components_differ_where_the_tolerance_is_reached() -> None:
    about = estimators.TOLERANCE / 127
    near = [about, *np.nextafter(about, [0, 1]).tolist()]
    small = next(x for x in near if 127 * x == estimators.TOLERANCE)
    axes = returning(np.zeros((2, 2)), np.full((2, 2), [0.0, small]))
    implementation = replace(under(), arithmetic=Arithmetic(eigenvectors=axes))
    found = estimators.check_components_of_equal_variance(implementation)
    assert found.agrees is False


def test_a_projection_differs_where_the_tolerance_is_reached(monkeypatch: Patch) -> None:
    for off, agrees in ((1e-9, False), (9e-10, True)):
        monkeypatch.setattr("etcprops.reductions.gram_deviation", lambda *_, off=off: off)
        found = reductions_in_distribution.check_one_projection_of_digits(under())
        assert found.agrees is agrees


def test_single_images_are_right_by_chance_below_that_of_chance(monkeypatch: Patch) -> None:
    found = SimpleNamespace(recovered=False, images=np.zeros(1))
    monkeypatch.setattr(protection, "_across_people", lambda _: np.zeros((2, 8, 8), np.uint8))
    monkeypatch.setattr(protection, "attack", lambda *_, **__: found)
    for right, agrees in ((protection.CHANCE, False), (protection.CHANCE / 2, True)):
        monkeypatch.setattr(protection, "compare", lambda *_, r=right: SimpleNamespace(direct=r))
        assert protection._one_by_one(under(), SMALL).agrees is agrees


def test_an_exact_gram_matrix_must_keep_its_bound(monkeypatch: Patch) -> None:
    """Among its rows are two that cancel but for the last bits."""
    seen: list[Any] = []

    def gram(rows: Any, _slices: int) -> Any:
        seen.append(rows)
        return 2.5 * rows @ rows.T

    monkeypatch.setattr(
        "etcprops.exact.gram.gram_error_bound", lambda rows, **_: abs(rows @ rows.T)
    )
    arithmetic = Arithmetic(exact_gram=gram)
    found = exact_gram.check_exact_gram_against_rational_arithmetic(
        replace(under(), arithmetic=arithmetic)
    )
    assert found.agrees is False
    rest = seen[0][2] + seen[0][0, ::-1]
    assert (rest != 0).any()
    assert abs(rest).max() < 1e-14


def scales(monkeypatch: Patch, *variances: float, after: float = 0.0) -> Observation:
    """Let z-scores have these variances, and kernels an entry 0 that is another afterwards."""
    z = [np.array([[1.0, -1.0]]) * v**0.5 for v in variances]
    scores = SimpleNamespace(z_score=returning(*z))
    monkeypatch.setattr(statistics, "PixelStatistics", lambda _: scores)
    entries = itertools.cycle([[1.0, 0.0], [1.0, after]])
    for name in ("linear", "rbf", "polynomial", "sigmoid"):
        kernel = f"sklearn.metrics.pairwise.{name}_kernel"
        monkeypatch.setattr(kernel, lambda *_, **__: np.array(next(entries)))
    return statistics.check_kernels_on_digits(under())


def test_kernels_differ_where_the_tolerance_is_reached(monkeypatch: Patch) -> None:
    assert scales(monkeypatch, 1.0, 1.0).agrees
    assert scales(monkeypatch, 1.0, 1.0, after=1e-13).agrees
    assert scales(monkeypatch, 1.0, 1.0, after=1e-12).agrees is False
    assert scales(monkeypatch, 1.0, 1.0, after=0.5).agrees is False


def test_scales_differ_by_a_part_of_the_plain_one(monkeypatch: Patch) -> None:
    found = scales(monkeypatch, 4.0, 16.0)
    assert not found.agrees
    assert found.detail.endswith("difference 7.5e-01")


def test_fractions_that_differ_are_told_of() -> None:
    implementation = under(lambda images, _: images // 2)
    found = statistics.check_gram_terms_at_full_size(implementation)
    assert found.detail.startswith("the fractions differ: 15 pairs")
    sound = statistics.check_gram_terms_at_full_size(Implementation(SMALL))
    assert sound.detail.startswith("15 pairs")


# --- What is asked


def test_forests_agree_up_to_the_margin(monkeypatch: Patch) -> None:
    decisions = np.zeros((2, 2), np.int64)
    monkeypatch.setattr(forests, "_decisions", lambda *_: [[decisions] * 2] * 2)
    monkeypatch.setattr("etcprops.auditing.two_sample.permutation_p_value", lambda *_, **__: 1.0)
    for share, agrees in ((forests.MARGIN, True), (forests.MARGIN + 0.01, None)):
        monkeypatch.setattr(
            "etcprops.auditing.equivalence.excluded_mixture", lambda *_, share=share: share
        )
        assert forests.check_distribution_of_forests_on_digits(under()).agrees is agrees


def test_a_theorem_that_no_source_states_is_not_proved(monkeypatch: Patch) -> None:
    monkeypatch.setattr(coq, "rejected", lambda *_: {})
    report: Any = None
    with pytest.raises(coq.ProofError, match="no_such_theorem is not stated in the sources"):
        formal._insist(report, ("no_such_theorem",), sources_folder())


def test_libraries_must_be_exact_and_alike_on_all_machines() -> None:
    values = np.arange(3.0)
    for kinds, other, agrees in (("aa", 0.0, True), ("ab", 0.0, False), ("aa", 1.0, False)):
        taken = {str(i): SimpleNamespace(controls={"sum": kind}) for i, kind in enumerate(kinds)}
        implementation: Any = SimpleNamespace(fingerprints_taken=taken)
        found = machines._against_the_exact(implementation, "sum", values, values + other)
        assert found.agrees is agrees


def test_images_that_are_given_are_attacked_from_first_to_last(monkeypatch: Patch) -> None:
    attacked: list[Images] = []

    def attack(images: Images, **_: Any) -> Any:
        attacked.append(images)
        return SimpleNamespace(recovered=False, outcome="-", images=images)

    monkeypatch.setattr(protection, "attack", attack)
    monkeypatch.setattr(protection, "compare", lambda *_: "-")
    protection.check_attack_on_given_images(replace(under(), data=given()))
    levels = attacked[0][:, 1, 1]
    assert len(levels) == 32
    assert (levels[0], levels[-1]) == (0, 99)
    assert set(np.diff(levels.astype(int))) == {3, 4}


def test_bits_of_given_images_are_compared_under_three_keys(monkeypatch: Patch) -> None:
    monkeypatch.setattr(exactness, "_bits_of_decisions", lambda _i, _d, keys: keys)
    monkeypatch.setattr(exactness, "_bits_after", lambda *arguments: arguments)
    implementation = Implementation(data=given(), secret=b"\xff\x00")
    keys: Any = exactness.check_bits_of_decisions_on_given_images(implementation)
    assert len({key.to_json() for key in keys}) == 3
    after: Any = exactness.check_forest_after_gram_pca_on_given_images(implementation)
    assert [type(model).__name__ for model in after[3]] == ["RandomForestClassifier"]
    assert [key.to_json() for key in after[4]] == [key.to_json() for key in keys]


def test_pairs_of_pixels_are_single_rows() -> None:
    (first, *_) = reductions_in_distribution._pairs_of_pixels([(1, -1)])
    assert first.tolist() == [[1, -1, 0, 0, 0, 0, 0, 0]]


def answer(text: str, *, proved: bool | None) -> smt.Answer:
    return smt.Answer(text, proved, {}, "", 0.0)


def test_the_first_answer_that_is_no_proof_is_told(monkeypatch: Patch) -> None:
    monkeypatch.setattr(smt, "available", lambda: True)
    proof, unknown = answer("first", proved=True), answer("second", proved=None)
    found = solver._observe(lambda: proof, lambda: unknown)
    assert found.agrees is None
    assert found.detail == str(unknown) != str(proof)
    assert solver._observe(lambda: unknown).detail == str(unknown)


def test_sums_of_2_4_8_and_16_images_are_asked_about(monkeypatch: Patch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(solver, "_centring", lambda _: lambda count, **_: asked.append(count))
    monkeypatch.setattr(solver, "_observe", lambda *questions: [ask() for ask in questions])
    solver.check_centring_of_all_sums_with_a_solver(replace(under(), deep=True))
    assert asked == [2, 4, 8, 16]


def test_no_axioms_are_not_told_of() -> None:
    assert kind_label(EvidenceKind.MACHINE_CHECKED, 0) == "machine-checked"


def test_the_photograph_is_of_whole_blocks() -> None:
    assert photograph().shape == photograph((999, 999)).shape == (192, 288, 3)


def test_a_run_tells_its_data_and_how_long_it_took(monkeypatch: Patch) -> None:
    times = itertools.count(10.0, 1.2345)
    monkeypatch.setattr(time, "perf_counter", lambda: next(times))
    about = runner.run(Implementation(SMALL, data=given()), ()).about
    assert about["data"] == "given"
    assert about["seconds"] == 1.2
    assert runner.run(Implementation(SMALL), ()).about["data"] is None
