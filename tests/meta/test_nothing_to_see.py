"""Where nothing could go wrong, no check passes: it refuses, says that it cannot tell, or rejects.

Empty data, images that are equal or of one grey level, one class, one image, one key, sides that
are broken alike, no numbers, a key that is not used, an encryption that does nothing. What a check
of the ledger, of `testing`, `audit` or `probe` would also say of a broken encryption, it must not
say there.
"""

from __future__ import annotations

import unittest
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, audit, decrypt, encrypt, probe
from etcprops.auditing import AuditOutcome, Verdict
from etcprops.auditing.verdict import DEGENERATE, NO_NUMBER, UNCHANGED
from etcprops.claims import CLAIMS, Finding, Implementation, verify
from etcprops.claims.model import Check
from etcprops.claims.runner import examine
from etcprops.datasets import ImageSet, load_digits_images
from etcprops.probing import MapKind
from etcprops.scheme.keys import Step
from etcprops.scheme.matrices import step_matrices
from etcprops.testing import (
    CHECKS,
    Scheme,
    Status,
    assert_bitwise_equal,
    assert_isometry,
    assert_same_decisions,
)

Images = NDArray[np.uint8]
DIGITS = load_digits_images(block=2)
KEY = EtCKey.from_secret(DIGITS.geometry, "nothing to see")
IMAGES, LABELS = DIGITS.images[:80], DIGITS.labels[:80]
NEAREST = KNeighborsClassifier(1)


def identity(image: Images, _key: Any) -> Images:
    return image.copy()


def blackened(image: Images, _key: Any) -> Images:
    return np.zeros_like(image)


# --- The ledger: data that are given

EQUAL = np.repeat(IMAGES[:1], len(IMAGES), axis=0)
CONSTANT = np.broadcast_to(np.arange(80, dtype=np.uint8)[:, None, None], IMAGES.shape).copy()

UNFIT: dict[str, tuple[Images, NDArray[np.int64], str]] = {
    "no image": (IMAGES[:0], LABELS[:0], "two classes with two images or more. Got 0 of them."),
    "one image": (IMAGES[:1], LABELS[:1], "two classes with two images or more. Got 0 of them."),
    "one class": (IMAGES, LABELS * 0, "two classes with two images or more. Got 1 of them."),
    "one image a class": (IMAGES[:10], np.arange(10), "two images or more. Got 0 of them."),
    "equal images": (EQUAL, LABELS, "have different images. Got "),
    "black images": (IMAGES * 0, LABELS, "have different images. Got "),
    "images of one grey level": (CONSTANT, LABELS, "more than one grey level. Got "),
}
OF_DATA = [
    check for claim in CLAIMS for check in claim.checks if check.name.endswith("given images")
]


def given(images: Images, labels: NDArray[np.int64]) -> ImageSet:
    return ImageSet("some images", images, labels, DIGITS.geometry)


@pytest.mark.parametrize(("images", "labels", "told"), UNFIT.values(), ids=UNFIT)
def test_data_on_which_nothing_could_show_are_refused(
    images: Images, labels: NDArray[np.int64], told: str
) -> None:
    with pytest.raises(InvalidParameterError, match="'data' parameter of verify") as error:
        verify(claims=["sixteen-codes"], data=given(images, labels))
    assert told in str(error.value)
    for check in OF_DATA:
        evidence = examine(check, Implementation(data=given(images, labels)))
        assert evidence.finding is Finding.RAISED, check.name
        assert told in evidence.detail


def half_of_the_levels(images: Images, key: EtCKey) -> Images:
    """Merge grey levels, and forget where pixels are: neither learning nor an attack is left."""
    rng = np.random.default_rng(int(images.astype(np.int64).sum()) + key.geometry.n_pixels)
    return rng.permuted(encrypt(images, key) // 64, axis=-1)


LEAST: dict[str, tuple[Images, NDArray[np.int64]]] = {
    "two classes of two images": (IMAGES[[0, 1, 10, 11]], np.array([0, 1, 0, 1])),
    "half of them equal": (np.concatenate([EQUAL[:20], IMAGES[20:]]), LABELS % 2),
    "one of several grey levels": (np.concatenate([IMAGES[:1], CONSTANT[1:]]), np.arange(80) % 2),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("check", OF_DATA, ids=lambda check: check.name.replace(" ", "-"))
@pytest.mark.parametrize("case", LEAST)
def test_on_little_data_a_check_is_not_as_usual_or_rejects(check: Check, case: str) -> None:
    data = given(*LEAST[case])
    usual = Finding.REFUTES if check.refuting else Finding.SUPPORTS
    found = [
        examine(check, Implementation(data=data, encrypt=scheme)).finding
        for scheme in (encrypt, half_of_the_levels)
    ]
    assert found != [usual, usual]


# --- The ledger: both sides broken alike


def through(change: Callable[[EtCKey], EtCKey]) -> Implementation:
    """Return an implementation of which all three parts take another key than they are given."""
    return Implementation(
        BlockGeometry(16, 24, channels=3, block=4),
        encrypt=lambda images, key: encrypt(images, change(key)),
        decrypt=lambda images, key: decrypt(images, change(key)),
        step_matrices=lambda key: step_matrices(change(key)),
    )


def ignoring(step: Step) -> Callable[[EtCKey], EtCKey]:
    """Return what takes the same values of a step whatever the key has."""

    def change(key: EtCKey) -> EtCKey:
        fields = {str(s): getattr(key, s) for s in Step}
        if fields[str(step)] is not None:
            same = EtCKey.from_secret(key.geometry, "always the same", steps=[step])
            fields[str(step)] = getattr(same, step)
        return EtCKey(key.geometry, **fields)

    return change


def merging(key: EtCKey) -> EtCKey:
    """Take transform 7 for 3."""
    if key.transforms is None:
        return key
    fields = {str(s): getattr(key, s) for s in Step}
    return EtCKey(
        key.geometry, **fields | {"transforms": np.where(key.transforms == 7, 3, key.transforms)}
    )


ALIKE: dict[str, tuple[Implementation, str]] = {
    "nothing is done": (
        replace(through(merging), encrypt=identity, decrypt=identity, step_matrices=lambda _: {}),
        "search of eight transforms",
    ),
    "all is lost": (
        replace(through(merging), encrypt=blackened, decrypt=blackened),
        "decryption at full size",
    ),
    "two codes are one": (through(merging), "transforms with symbols"),
    **{
        f"{step} ignored": (through(ignoring(step)), "inner products under all keys")
        for step in Step
        if step is not Step.COMPONENTS
    },
    "components ignored": (through(ignoring(Step.COMPONENTS)), "search of eight transforms"),
}


@pytest.mark.parametrize(("implementation", "name"), ALIKE.values(), ids=ALIKE)
def test_encryption_inverse_and_matrices_that_are_broken_alike_are_rejected(
    implementation: Implementation, name: str
) -> None:
    """They agree with one another; another check sees what is wrong."""
    check = next(check for claim in CLAIMS for check in claim.checks if check.name == name)
    usual = Finding.REFUTES if check.refuting else Finding.SUPPORTS
    assert examine(check, replace(implementation, examples=30)).finding not in {
        usual,
        Finding.RAISED,
    }


# --- Assertions of etcprops.testing

ROWS = np.array([[0, 7], [3, 3], [9, 1]], dtype=np.uint8)
NAN = np.full(3, np.nan)
HALF = np.arange(80) < 40

REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "distances of one image": (
        lambda: assert_isometry(ROWS[:1], ROWS[1:2]),
        "two different images",
    ),
    "distances of equal images": (
        lambda: assert_isometry(ROWS[[0, 0]], ROWS[[1, 1]]),
        "two different images at least. Got 2 of which no two differ.",
    ),
    "bits of nothing": (lambda: assert_bitwise_equal([], []), "hold a number at least"),
    "bits of no number": (lambda: assert_bitwise_equal(NAN, NAN), "hold a number at least"),
    "decisions of one class": (
        lambda: assert_same_decisions(NEAREST, IMAGES, 0 * IMAGES, 0 * LABELS, HALF),
        "decide some queries otherwise than others",
    ),
    "decisions on equal images": (
        lambda: assert_same_decisions(NEAREST, EQUAL, EQUAL, LABELS, HALF),
        "decide some queries otherwise than others",
    ),
    "decisions of a model without eyes": (
        lambda: assert_same_decisions(DummyClassifier(), IMAGES, 0 * IMAGES, LABELS, HALF),
        "Got one answer for all of 40.",
    ),
    "one decision": (
        lambda: assert_same_decisions(NEAREST, IMAGES, 255 - IMAGES, LABELS, np.arange(80) > 0),
        "Got one answer for all of 1.",
    ),
}


@pytest.mark.parametrize(("call", "told"), REFUSED.values(), ids=REFUSED)
def test_an_assertion_that_nothing_could_fail_is_refused(
    call: Callable[[], object], told: str
) -> None:
    with pytest.raises(InvalidParameterError) as error:
        call()
    assert told in str(error.value)


# --- Schemes of which little can be seen

PIXEL: tuple[int, ...] = (1, 1)


def negated(image: Images, key: int) -> Images:
    return 255 - image if key else image.copy()


def scheme(function: Any, shape: tuple[int, ...] = (4, 4), **options: Any) -> Scheme:
    given: dict[str, Any] = {"keys": [0, 1], "block": 2, **options}
    return Scheme("s", function, shape, **given)


LITTLE: dict[str, tuple[Scheme, str, Status]] = {
    "one key that does nothing": (scheme(identity, keys=[1]), "uses_its_key", Status.FAILED),
    "both ways do nothing": (
        scheme(identity, keys=[1], decrypt=identity),
        "uses_its_key",
        Status.FAILED,
    ),
    "a key that is ignored": (scheme(identity), "uses_its_key", Status.FAILED),
    "one key": (scheme(negated, keys=[1]), "uses_its_key", Status.NOT_APPLICABLE),
    "blocks of one pixel": (
        scheme(negated, block=1),
        "keeps_blocks_together",
        Status.NOT_APPLICABLE,
    ),
    "no block size": (scheme(negated, block=None), "keeps_blocks_together", Status.NOT_APPLICABLE),
    "no way back": (scheme(negated), "decrypts", Status.NOT_APPLICABLE),
    "both ways lose all": (scheme(blackened, decrypt=blackened), "decrypts", Status.FAILED),
}


def rejected(name: str, given: Scheme) -> bool:
    try:
        CHECKS[name](given)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(("given", "name", "status"), LITTLE.values(), ids=LITTLE)
def test_a_scheme_of_which_little_can_be_seen(given: Scheme, name: str, status: Status) -> None:
    if status is Status.NOT_APPLICABLE:
        with pytest.raises(unittest.SkipTest):
            CHECKS[name](given)
    else:
        assert rejected(name, given)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("shape", [PIXEL, (1, 1, 3), (2, 1), (2, 2)], ids=str)
@pytest.mark.parametrize("name", CHECKS)
def test_on_the_smallest_images_each_check_tells_a_sound_scheme_from_broken_ones(
    name: str, shape: tuple[int, ...]
) -> None:
    """What passes for the sound one must be such that one of these does not."""

    def in_place(image: Images, key: int) -> Images:
        image += np.uint8(key)
        return image

    def growing(image: Images, key: int) -> Images:
        calls.append(key)
        return image + np.uint8(len(calls))

    calls: list[int] = []
    broken = (
        lambda image, _key: image[:0],
        in_place,
        growing,
        blackened,
        lambda image, key: image // 2 + np.uint8(key),
        lambda image, key: negated(image, key) ^ np.uint8(image.max()),
        lambda image, key: negated(image, key) * (np.indices(image.shape).sum(0) % 2).astype("u1"),
    )
    options = {"block": shape[0] if shape[0] == shape[1] else 1, "decrypt": negated}
    with suppress(unittest.SkipTest):
        CHECKS[name](scheme(negated, shape, **options))
        wrong = (scheme(f, shape, **options | {"decrypt": blackened}) for f in broken)
        assert any(rejected(name, one) for one in wrong)


def test_where_all_is_decided_alike_decisions_are_no_evidence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = np.zeros(40)
    monkeypatch.setattr("etcprops.testing.checks.decisions", lambda *_, **__: (one, one))
    with pytest.raises(unittest.SkipTest, match=r"images of shape \(4, 4\) are all decided alike"):
        CHECKS["keeps_decisions"](scheme(negated))


# --- Audits


class NoNumber(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Learn nothing, and answer so."""

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> NoNumber:  # noqa: ARG002
        self.fitted_ = True
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[np.float64]:
        return np.full(len(X), np.nan)


def looked_at(
    estimator: Any = NEAREST,
    images: Images = IMAGES,
    labels: Any = LABELS,
    key: EtCKey = KEY,
    **options: Any,
) -> Verdict:
    return audit(estimator, images, labels, key, protection=False, **options)


WITHOUT_EFFECT = EtCKey(DIGITS.geometry, negatives=[0] * DIGITS.geometry.n_blocks)
MOVING = EtCKey.from_secret(DIGITS.geometry, "moves", steps=["permutation"])

NOT_APPLICABLE: dict[str, tuple[Callable[[], Verdict], str]] = {
    "no encryption": (lambda: looked_at(encrypt=identity), UNCHANGED),
    "a key without steps": (lambda: looked_at(key=EtCKey(DIGITS.geometry)), UNCHANGED),
    "a key without effect": (lambda: looked_at(key=WITHOUT_EFFECT), UNCHANGED),
    "images without an order": (lambda: looked_at(images=CONSTANT, key=MOVING), UNCHANGED),
    "answers that are no numbers": (lambda: looked_at(NoNumber()), NO_NUMBER),
}


@pytest.mark.parametrize(("call", "told"), NOT_APPLICABLE.values(), ids=NOT_APPLICABLE)
def test_an_audit_of_nothing_is_not_applicable(call: Callable[[], Verdict], told: str) -> None:
    verdict = call()
    assert verdict.outcome is AuditOutcome.NOT_APPLICABLE
    assert verdict.conditions[0] == told
    assert ": take " in told or ": see " in told


def to_black(X: NDArray[Any]) -> NDArray[Any]:
    """Lose everything, on either side."""
    return 0 * X


ONE_ANSWER: dict[str, Callable[[], Verdict]] = {
    "a model without eyes": lambda: looked_at(DummyClassifier()),
    "both pipelines lose all": lambda: looked_at(preprocessing=FunctionTransformer(to_black)),
    "one query": lambda: looked_at(cv=[(np.arange(79), np.arange(79, 80))]),
    "one cluster": lambda: looked_at(KMeans(1, n_init=1), labels=None),
}


@pytest.mark.parametrize("call", ONE_ANSWER.values(), ids=ONE_ANSWER)
def test_an_audit_of_one_answer_says_so(call: Callable[[], Verdict]) -> None:
    verdict = call()
    assert verdict.degenerate
    assert DEGENERATE in verdict.conditions
    assert DEGENERATE in str(verdict)


REFUSED_BY_AUDIT: dict[str, tuple[Callable[[], Verdict], str]] = {
    "no image": (lambda: looked_at(images=IMAGES[:0], labels=LABELS[:0]), "at least 4"),
    "one image": (lambda: looked_at(images=IMAGES[:1], labels=LABELS[:1]), "at least 4"),
    "equal images": (lambda: looked_at(images=EQUAL), "be different images. Got 80 that"),
    "one class": (lambda: looked_at(labels=0 * LABELS), "at least two classes"),
    "one image a class": (
        lambda: looked_at(images=IMAGES[:8], labels=np.arange(8)),
        "have a class with two images or more",
    ),
}


@pytest.mark.parametrize(("call", "told"), REFUSED_BY_AUDIT.values(), ids=REFUSED_BY_AUDIT)
def test_an_audit_on_which_nothing_hangs_is_refused(call: Callable[[], Verdict], told: str) -> None:
    with pytest.raises(InvalidParameterError) as error:
        call()
    assert told in str(error.value)


def test_an_audit_says_where_the_key_is_not_used() -> None:
    """What is learnt is the same all the same: that is no longer said without a word."""
    fixed = EtCKey.from_secret(DIGITS.geometry, "for everybody")
    ignoring_it = looked_at(encrypt=lambda images, _key: encrypt(images, fixed))
    text = "the encryption gives the same images under 8 other keys"
    assert text in ignoring_it.conditions
    using_it = looked_at(encrypt=lambda images, key: 255 - encrypt(images, key))
    assert text not in using_it.conditions


def test_an_audit_of_a_side_that_is_lost_is_different() -> None:
    assert looked_at(encrypt=blackened, explain=False).outcome is AuditOutcome.DIFFERENT


# --- Probes


def flipped(image: Images, _key: int) -> Images:
    return image[::-1]


def without_key(image: Images) -> Images:
    return image[::-1]


IGNORED = "The key is not used: 4 keys give one and the same map."
PROBED: dict[str, tuple[Any, tuple[int, ...], MapKind, str]] = {
    "no encryption": (identity, (4, 4), MapKind.IDENTITY, "Every pixel stays where it is"),
    "no encryption of a pixel": (identity, PIXEL, MapKind.IDENTITY, "The key may go unused"),
    "a key that is ignored": (flipped, (8, 4), MapKind.PERMUTATION, "The key may go unused"),
    "all is lost": (blackened, (4, 4), MapKind.COPY_MAP, IGNORED),
    "a pixel is lost": (blackened, PIXEL, MapKind.COPY_MAP, "1 of 1 inputs is lost"),
    "no key": (without_key, (4, 4), MapKind.PERMUTATION, "It takes no key."),
}


@pytest.mark.parametrize(("function", "shape", "kind", "told"), PROBED.values(), ids=PROBED)
def test_a_probe_of_nothing_says_so(
    function: Any, shape: tuple[int, ...], kind: MapKind, told: str
) -> None:
    report = probe(function, shape, quick=True)
    assert report.kind is kind
    assert told in str(report)
    assert report.key_audit is None or report.key_audit.keys_used is False


def test_a_probe_of_one_key_does_not_say_that_it_is_used() -> None:
    report = probe(negated, (4, 4), keys=[1], quick=True)
    assert report.key_audit is not None
    assert report.key_audit.keys_used is None
