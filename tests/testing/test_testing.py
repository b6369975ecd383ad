"""The public test helpers: what they measure, what they say, and what they refuse."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from PIL import Image
from scipy.sparse import csr_array
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier

from etcprops import (
    BlockGeometry,
    EtCKey,
    InvalidParameterError,
    SignedPermutation,
    encrypt,
    encryption_matrix,
    strategies,
)
from etcprops.testing import (
    CHECKS,
    Scheme,
    Status,
    assert_bitwise_equal,
    assert_isometry,
    assert_orthogonal,
    assert_same_decisions,
    check_scheme,
    different_decisions,
    distance_defect,
    orthogonality_defect,
    parametrize_with_checks,
)

# --- Assertions


@given(strategies.keys())
def test_encryption_matrices_are_orthogonal(key: EtCKey) -> None:
    assert_orthogonal(encryption_matrix(key))
    assert_orthogonal(SignedPermutation.from_key(key))


@given(strategies.signed_permutations())
def test_one_sign_or_place_of_many_decides(f: SignedPermutation) -> None:
    """Whatever the other entries are: doubled, or moved onto another row, it is no longer so."""
    matrix = f.matrix().toarray().astype(np.int64)
    assert_orthogonal(matrix)
    matrix[-1] *= 2
    with pytest.raises(AssertionError):
        assert_orthogonal(matrix)


def test_a_source_that_is_no_permutation_is_not_orthogonal() -> None:
    twice = SignedPermutation([0, 0, 2], [1, -1, 1])
    with pytest.raises(AssertionError, match=r"entry \(0, 0\) of Q\^T Q is 2, not 1; 2 of 9"):
        assert_orthogonal(twice)


def test_the_defect_is_where_it_belongs() -> None:
    defect = orthogonality_defect(csr_array(np.array([[1, 0, 0], [0, 1, 1], [0, 0, 1]])))
    assert np.array_equal(defect.toarray(), [[0, 0, 0], [0, 0, 1], [0, 1, 1]])
    assert defect.nnz == 3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int8, np.int64, np.float32])
def test_distances_do_not_wrap_in_any_type(dtype: Any) -> None:
    largest = 100
    plain = np.array([[0, 0], [largest, 0], [0, largest]]).astype(dtype)
    permuted = np.array([[0, 0], [0, 0], [0, largest]]).astype(dtype)
    change = -(largest**2)
    assert distance_defect(plain, permuted).tolist() == [
        [0, change, 0],
        [change, 0, change],
        [0, change, 0],
    ]
    assert_isometry(plain, plain[:, ::-1])


def test_images_are_flattened_and_shapes_may_differ() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 6), dtype=np.uint8)
    assert_isometry(images, images.reshape(3, 24)[:, ::-1])


def test_bits_are_compared() -> None:
    values = np.array([0.0, np.nan, 1.0])
    assert_bitwise_equal(values, values.copy())
    with pytest.raises(AssertionError, match=r"1 of 3 values .* \(2,\): 1.0000000000000002, not"):
        assert_bitwise_equal(np.nextafter(values, [0, 0, 2]), values)
    with pytest.raises(AssertionError, match="float32 of shape"):
        assert_bitwise_equal(values.astype(np.float32), values)
    with pytest.raises(AssertionError, match=r"shape \(2,\) is not"):
        assert_bitwise_equal(values[:2], values)


def test_decisions_are_compared_on_the_queries_alone() -> None:
    images = np.arange(0, 240, 20, dtype=np.uint8).reshape(12, 1)
    labels = np.arange(12) // 6
    training = np.arange(12) % 2 == 0
    nearest = KNeighborsClassifier(1)
    assert not different_decisions(nearest, images, 255 - images, labels, training).any()
    shuffled = np.random.default_rng(0).permutation(images)
    with pytest.raises(
        AssertionError, match=r"KNeighborsClassifier\(n_neighbors=1\) decides \d of"
    ):
        assert_same_decisions(nearest, images, shuffled, labels, training)


# --- Schemes


def identity(image: Any, _key: Any) -> Any:
    return image.copy()


def add_key(image: Any, key: int) -> Any:
    return image + np.uint8(key)


def test_the_repr_can_be_pasted() -> None:
    scheme = Scheme("s", add_key, (4, 4), [1, 2], decrypt=identity, block=2, seed=3)
    expected = "Scheme('s', add_key, shape=(4, 4), keys=[1, 2], decrypt=identity, block=2, seed=3)"
    assert repr(scheme) == expected
    again = eval(repr(scheme))  # noqa: S307  # it is our own text
    assert again == scheme


def test_results_say_what_failed_and_what_does_not_apply() -> None:
    results = {
        r.check: r for r in check_scheme(Scheme("s", add_key, (4, 4), [1]), on_fail="return")
    }
    assert list(results) == list(CHECKS)
    assert results["uses_its_key"].status is Status.NOT_APPLICABLE
    assert results["uses_its_key"].detail == "needs two keys"
    assert results["decrypts"].detail == "the scheme has no 'decrypt'"
    failed = results["preserves_distances"]
    assert failed.status is Status.FAILED
    assert "under key 1: no isometry: the squared distance of images" in failed.detail
    assert "To repeat: check_scheme_preserves_distances(Scheme('s', add_key" in failed.detail


def test_failures_are_raised_together() -> None:
    with pytest.raises(AssertionError, match=r"\d of 13 checks of 's':") as error:
        check_scheme(Scheme("s", add_key, (4, 4), [1, 2]))
    assert "loses_no_pixel: failed. under key 1" in str(error.value)


def raise_from(error: BaseException) -> Callable[[Any, Any], Any]:
    """Return an encryption that raises."""

    def encrypt(_image: Any, _key: Any) -> Any:
        raise error

    return encrypt


class Strange:
    """An image that raises when it is looked at."""

    @property
    def shape(self) -> tuple[int, ...]:
        raise RuntimeError("no shape today")


@pytest.mark.parametrize(
    ("encrypt", "told"),
    [
        (raise_from(ZeroDivisionError("x")), "raised ZeroDivisionError: x"),
        (raise_from(SystemExit(3)), "raised SystemExit: 3"),
        (raise_from(unittest.SkipTest("not me")), "raised SkipTest: not me"),
        (raise_from(pytest.fail.Exception("as pytest does")), "raised Failed: as pytest does"),
        (lambda _image, _key: Strange(), "raised RuntimeError: no shape today"),
    ],
)
def test_whatever_a_scheme_raises_is_a_failure(encrypt: Callable[..., Any], told: str) -> None:
    scheme = Scheme("s", encrypt, (4, 4), [1, 2])
    results = {r.check: r for r in check_scheme(scheme, on_fail="return")}
    first = results.pop("keeps_shape_and_dtype")
    assert first.status is Status.FAILED
    assert told in first.detail
    because = "because the scheme raises: see keeps_shape_and_dtype"
    assert {(r.status, r.detail) for r in results.values()} == {(Status.SKIPPED, because)}
    with pytest.raises(AssertionError, match="1 of 13 checks of 's'"):
        check_scheme(scheme)


def test_a_check_that_raises_is_a_failed_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(_scheme: Scheme) -> None:
        raise KeyError("no such thing")

    monkeypatch.setitem(CHECKS, "uses_its_key", check)
    results = check_scheme(Scheme("s", identity, (4, 4), [1, 2]), on_fail="return")
    (result,) = [r for r in results if r.check == "uses_its_key"]
    assert (result.status, result.detail) == (Status.FAILED, "KeyError: 'no such thing'")


def test_an_interruption_is_passed_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        check_scheme(Scheme("s", raise_from(KeyboardInterrupt()), (4, 4), [1]), on_fail="return")


def test_an_expected_failure_is_ok_and_a_stale_one_is_not() -> None:
    scheme = Scheme("s", identity, (4, 4), [1, 2])
    reasons = {"uses_its_key": "it is the identity", "is_deterministic": "once it was not"}
    results = {
        r.check: r for r in check_scheme(scheme, expected_failures=reasons, on_fail="return")
    }
    assert results["uses_its_key"].status is Status.EXPECTED_FAILURE
    assert results["uses_its_key"].detail.startswith("it is the identity: ")
    stale = results["is_deterministic"]
    assert (stale.status, stale.ok) == (Status.UNEXPECTED_PASS, False)
    assert "take it out of expected_failures: once it was not" in stale.detail


KNOWN = {"uses_its_key": "the identity has no key"}


IDENTITY = Scheme("identity", identity, (4, 4), [1, 2], decrypt=identity, block=2)


@parametrize_with_checks([IDENTITY], expected_failures=KNOWN)
def test_the_decorator_marks_expected_failures(
    scheme: Scheme, check: Callable[[Scheme], None]
) -> None:
    check(scheme)


def test_expected_failures_may_depend_on_the_scheme() -> None:
    schemes = [Scheme(name, identity, (4, 4), [1, 2]) for name in ("one", "two")]
    mark = parametrize_with_checks(
        schemes, expected_failures=lambda scheme: KNOWN if scheme.name == "two" else {}
    ).mark
    parameters = mark.args[1]
    assert len(parameters) == 2 * len(CHECKS)
    marked = [p for p in parameters if p.marks]
    assert [p.id for p in marked] == ["two-uses_its_key"]
    assert marked[0].marks[0].kwargs == {"strict": True, "reason": KNOWN["uses_its_key"]}


# --- Bad input

SCHEME = Scheme("s", identity, (4, 4), [1])
PAIR = np.zeros((2, 1), dtype=np.uint8)
DUMMY = DummyClassifier()

MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "matrix not square": (lambda: assert_orthogonal([[1, 0]]), "square matrix of integers"),
    "matrix of fractions": (lambda: assert_orthogonal([[0.5]]), "Got an entry 0.5."),
    "matrix with nan": (lambda: assert_orthogonal([[np.nan]]), "Got an entry nan."),
    "matrix of words": (lambda: assert_orthogonal([["a"]]), "square matrix of integers"),
    "matrix that could wrap": (lambda: assert_orthogonal([[2**32]]), "stay below 2^63"),
    "empty matrix": (lambda: assert_orthogonal(np.zeros((0, 0))), "Got shape (0, 0)."),
    "one image": (lambda: distance_defect(PAIR[0], PAIR[0]), "'plain' parameter of distance"),
    "no image": (lambda: distance_defect(PAIR[:0], PAIR[:0]), "at least one image"),
    "another number of images": (lambda: distance_defect(PAIR, PAIR[:1]), "hold 2 images. Got 1."),
    "fractions of a pixel": (lambda: distance_defect(PAIR + 0.5, PAIR), "Got 0.5 in row 0"),
    "nan": (lambda: distance_defect(PAIR, PAIR * np.nan), "'encrypted' parameter"),
    "too far apart": (
        lambda: distance_defect([[-65535], [65535]], PAIR),
        "differ by at most 65535. Got pixels that differ by 131070.",
    ),
    "another number of labels": (
        lambda: different_decisions(DUMMY, PAIR, PAIR, [0], [0]),
        "batch of 1 images",
    ),
    "training outside": (
        lambda: different_decisions(DUMMY, PAIR, PAIR, [0, 1], [2]),
        "index some of 2 images",
    ),
    "nothing to ask": (
        lambda: different_decisions(DUMMY, PAIR, PAIR, [0, 1], [0, 1]),
        "leave images to train on and to ask. Got an index of 2",
    ),
    "no function": (lambda: Scheme("s", "rot13", (4, 4), [1]), "'encrypt' parameter of Scheme"),  # type: ignore[arg-type]
    "two channels": (lambda: Scheme("s", identity, (4, 4, 2), [1]), "be (H, W) or (H, W, 3)"),
    "a size of zero": (lambda: Scheme("s", identity, (4, 0), [1]), "positive integer. Got 0"),
    "no key": (lambda: Scheme("s", identity, (4, 4), []), "at least one key"),
    "a key that is text": (lambda: Scheme("s", identity, (4, 4), "secret"), "sequence"),
    "block does not divide": (
        lambda: Scheme("s", identity, (4, 4), [1], block=3),
        "divide height and width of (4, 4). Got 3 (int).",
    ),
    "no scheme": (lambda: check_scheme(identity), "'scheme' parameter of check_scheme"),  # type: ignore[arg-type]
    "unknown mode": (lambda: check_scheme(SCHEME, on_fail="warn"), "'on_fail'"),  # type: ignore[arg-type]
    "unknown check": (
        lambda: check_scheme(SCHEME, expected_failures={"distances": "?"}),
        "the names are keeps_shape_and_dtype",
    ),
    "no reason": (
        lambda: check_scheme(SCHEME, expected_failures={"decrypts": " "}),
        "give a reason for each",
    ),
    "expected failures in a list": (
        lambda: check_scheme(SCHEME, expected_failures=["decrypts"]),  # type: ignore[arg-type]
        "map names of checks",
    ),
    "no schemes": (lambda: parametrize_with_checks([]), "at least one Scheme"),
    "one scheme, no list": (lambda: parametrize_with_checks(SCHEME), "at least one Scheme"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_bad_input(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidParameterError) as error:
        call()
    assert message in str(error.value)


def test_a_foreign_scheme_with_plain_functions_passes() -> None:
    """As in the README: nothing of etcprops is needed to write the scheme."""
    geometry = BlockGeometry(8, 8, block=4)

    def my_encrypt(image: Any, key: int) -> Any:
        return encrypt(image, EtCKey.from_secret(geometry, str(key)))

    results = check_scheme(Scheme("mine", my_encrypt, shape=(8, 8), keys=[1, 2, 3], block=4))
    assert all(result.ok for result in results)


WRAPPERS: dict[str, Callable[[Any], Any]] = {
    "list": lambda image: image.tolist(),
    "PIL": Image.fromarray,
    "tuple": lambda image: (image, 3),
    "components first": lambda image: np.moveaxis(image, -1, 0),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", WRAPPERS)
def test_what_a_scheme_returns_is_taken_for_an_image(name: str) -> None:
    def wrapped(image: Any, key: int) -> Any:
        order = np.random.default_rng(key).permutation(image.size)
        return WRAPPERS[name](image.reshape(-1)[order].reshape(image.shape))

    results = check_scheme(Scheme(name, wrapped, (4, 8, 3), keys=[1, 2]), on_fail="return")
    assert {r.check for r in results if not r.ok} == set()


def test_what_comes_after_a_scheme_that_returns_nonsense_is_skipped() -> None:
    scheme = Scheme("fails", lambda image, _key: image[:2], (4, 4), keys=[1, 2])
    first, *others = check_scheme(scheme, on_fail="return")
    assert (first.check, first.status) == ("keeps_shape_and_dtype", Status.FAILED)
    because = "because the scheme returns no such images: see keeps_shape_and_dtype"
    assert {(result.status, result.detail) for result in others} == {(Status.SKIPPED, because)}
    assert all(result.ok for result in others)
