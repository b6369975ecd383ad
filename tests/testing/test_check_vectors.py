"""`check_vectors` passes the package, names mistakes, and survives what functions do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cipher_mutants import ENCRYPTION, Array, Key, etc_key, ours
from PIL import Image

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, decrypt
from etcprops.formats.schemes import ImageScheme
from etcprops.testing import VectorsReport, check_vectors


def derive(secret: bytes, sizes: dict[str, int]) -> EtCKey:
    return EtCKey.from_secret(BlockGeometry(**sizes), secret)


def restored(image: Array, key: Key) -> Array:
    return decrypt(image, etc_key(key))


def of_decryption(function: Callable[..., Any]) -> VectorsReport:
    """Check where there are fewer tests."""
    return check_vectors(decrypt=function, on_fail="return")


def report_of(encrypt: Callable[..., Any]) -> VectorsReport:
    return check_vectors(encrypt, on_fail="return")


def test_the_package_passes_every_test() -> None:
    def arranged(picture: Array, key: Key) -> Array:
        scheme = ImageScheme("grayscale", key["block"], sampling=key["sampling"])
        return scheme.encrypt(picture, etc_key(key))

    report = check_vectors(ours, decrypt=restored, derive=derive, grayscale=arranged)
    assert report.ok
    assert sum(report.tests.values()) >= 3500
    assert str(report) == (
        f"{sum(report.tests.values())} tests passed: etc_encryption, etc_malformed, "
        "etc_decryption, etc_key_derivation, etc_grayscale."
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "flag",
    [
        "BlocksNotScrambled",
        "BlockNumbersInBytes",
        "ReturnsTheImage",  # gives what many others do where there is one step
    ],
)
def test_a_mistake_is_named_alone(flag: str) -> None:
    def mutant(image: Array, key: Key) -> Array:
        etc_key(key).geometry.n_pixels  # noqa: B018  # refuses what the package refuses
        return ENCRYPTION[flag](image.reshape(etc_key(key).geometry.shape), key)

    report = report_of(mutant)
    (mistake,) = report.mistakes
    assert mistake.flag == flag
    assert mistake.whole
    assert mistake.matched >= 2
    assert report.unexplained == 0
    assert f"{flag}, on all {mistake.shown} inputs that show it:" in str(report)


def test_of_two_mistakes_each_is_named() -> None:
    def twofold(image: Array, key: Key) -> Array:
        encrypted = ENCRYPTION["ColumnMajorBlocks"](image, key)
        marked = ENCRYPTION["ColumnMajorBlocks"](np.zeros_like(image), key) == 255
        added: Array = np.add(encrypted, marked, dtype=np.uint8)
        return added

    report = report_of(twofold)
    assert {m.flag for m in report.mistakes[:2]} == {"ColumnMajorBlocks", "NegatesFrom256"}
    assert not any(mistake.whole for mistake in report.mistakes)
    assert report.unexplained > 0
    assert f"On {report.unexplained} inputs no known mistake gives what came." in str(report)


def test_what_is_accepted_wrongly_is_named() -> None:
    def lenient(image: Array, key: Key) -> Array:
        if key["transforms"]:
            key["transforms"] = [t % 8 if isinstance(t, int) else t for t in key["transforms"]]
        return ours(image, key)

    (mistake,) = report_of(lenient).mistakes
    assert mistake.flag == "CodesWrap"
    assert not mistake.whole  # it does so with transforms, and not with orders of components
    assert mistake.effect.startswith("Something else than was asked for")


def test_mistakes_of_decryption_and_derivation_are_named() -> None:
    def forwards(image: Array, key: Key) -> Array:
        return ours(image, key)

    def short(secret: bytes, sizes: dict[str, int]) -> dict[str, Any]:
        key = derive(secret[:4], sizes)
        return {
            step: getattr(key, step)
            for step in ("permutation", "transforms", "negatives", "components")
        }

    report = check_vectors(decrypt=forwards, derive=short, on_fail="return")
    assert [m.flag for m in report.mistakes] == ["EncryptsForDecrypts", "SecretFirst32Bits"]
    assert {failure.file for failure in report.failures} == {"etc_decryption", "etc_key_derivation"}
    assert report.tests.keys() == {"etc_decryption", "etc_key_derivation"}


def test_shared_flags_say_what_breaks_an_implementation() -> None:
    def square(image: Array, key: Key) -> Array:
        if key["height"] != key["width"]:
            raise RuntimeError("only squares")
        return restored(image, key)

    report = of_decryption(square)
    assert report.shared_flags == ["NotSquare"]
    assert report.mistakes == ()
    assert "raised RuntimeError: only squares" in str(report)
    assert "All that failed is flagged NotSquare." in str(report)


@pytest.mark.parametrize(
    ("convert", "told"),
    [
        (np.ndarray.tolist, ""),
        (Image.fromarray, ""),
        (lambda image: (image, "the key"), ""),
        (lambda image: image.astype(float), ""),
        (lambda image: image / 255, "returned an array of dtype float64"),
        (lambda image: image.astype(int) + 256, "with values that are no bytes"),
        (lambda _: "text", "returned str, which is no answer"),
        (lambda _: None, "returned None"),
        (lambda image: image[:1, :1], " bytes instead of "),
    ],
    ids=["list", "PIL", "tuple", "floats", "shares", "too large", "text", "None", "a pixel"],
)
def test_what_comes_back_is_taken_where_it_is_an_image(
    convert: Callable[[Array], Any], told: str
) -> None:
    report = of_decryption(lambda image, key: convert(restored(image, key)))
    if told:
        assert not report.ok
        assert any(told in failure.detail for failure in report.failures)
    else:
        assert report.ok, str(report)


def test_what_a_function_does_to_its_arguments_does_no_harm() -> None:
    def careless(image: Array, key: Key) -> Array:
        decrypted = restored(image, key)
        image[...] = 7
        for sequence in key.values():
            if isinstance(sequence, list):
                sequence.clear()
        return decrypted

    assert of_decryption(careless).ok


def test_a_failure_raises_unless_it_is_returned() -> None:
    with pytest.raises(AssertionError, match=r"(?s)tests failed.*ReturnsTheEncr.*First: etc_decr"):
        check_vectors(decrypt=lambda image, _: image)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {},
            r"'encrypt' parameter of check_vectors must be given, or decrypt, derive or grayscale",
        ),
        ({"encrypt": 3}, r"'encrypt' .* must be a function\. Got 3"),
        ({"derive": "f"}, r"'derive' .* must be a function"),
        ({"encrypt": ours, "on_fail": "ignore"}, r"'on_fail' .* must be one of raise, return"),
    ],
    ids=["nothing", "a number", "text", "on_fail"],
)
def test_bad_calls_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidParameterError, match=said):
        check_vectors(**given)
