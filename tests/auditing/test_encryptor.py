"""Encryption inside scikit-learn: its own checks, the same pixels as `encrypt`, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from etcprops import (
    BlockGeometry,
    EtCEncryptor,
    EtCKey,
    ExactStandardScaler,
    InvalidParameterError,
    decrypt,
    encrypt,
)
from etcprops.datasets import load_digits_images

GEOMETRY = BlockGeometry(4, 6, channels=3, block=2)
KEY = EtCKey.from_secret(GEOMETRY, "a pipeline")
IMAGES = np.random.default_rng(0).integers(0, 256, (7, *GEOMETRY.shape), dtype=np.uint8)


class OfAnySize(EtCEncryptor):
    """scikit-learn's checks bring data of many sizes, so here there is a key for each."""

    def __init__(self, key: Any = None) -> None:
        self.key = key

    def _key_for(self, n_pixels: int, caller: str) -> EtCKey:  # noqa: ARG002
        return EtCKey.from_secret(BlockGeometry(1, n_pixels, block=1), "checks")


@parametrize_with_checks([OfAnySize()])  # type: ignore[untyped-decorator]
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    if "array_api" in str(check):
        pytest.skip("takes NumPy's arrays; other libraries' are asked with SCIPY_ARRAY_API=1 alone")
    check(estimator)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
@pytest.mark.parametrize("rows", [False, True], ids=["images", "rows"])
def test_rows_are_those_of_encrypt(dtype: Any, *, rows: bool) -> None:
    flat = (len(IMAGES), -1)
    X = (IMAGES.reshape(flat) if rows else IMAGES).astype(dtype)
    encrypted = EtCEncryptor(KEY).fit_transform(X)
    assert encrypted.dtype == dtype
    assert np.array_equal(encrypted, encrypt(IMAGES, KEY).reshape(flat))
    plain = EtCEncryptor(KEY).fit(X).inverse_transform(encrypted)
    assert plain.dtype == dtype
    assert np.array_equal(plain, IMAGES.reshape(flat))
    undone = EtCEncryptor(KEY).fit(X).inverse_transform(X)
    assert np.array_equal(undone, decrypt(IMAGES, KEY).reshape(flat))


def test_a_pipeline_is_compared_with_itself_in_one_line() -> None:
    digits = load_digits_images(block=2)
    key = EtCKey.from_secret(digits.geometry, "a pipeline")
    X, y = digits.images[:300].reshape(300, -1), digits.labels[:300]
    scores = [
        cross_val_score(make_pipeline(*steps, ExactStandardScaler(), SVC()), X, y, cv=3)
        for steps in ([], [EtCEncryptor(key)])
    ]
    assert scores[0].min() > 0.5
    assert np.array_equal(*scores)


def test_features_have_names_of_their_own() -> None:
    frame = pd.DataFrame(IMAGES.reshape(7, -1)).add_prefix("pixel")
    encryptor = EtCEncryptor(KEY).set_output(transform="pandas").fit(frame)
    encrypted = encryptor.transform(frame)
    assert [*encrypted.columns[:2]] == ["etcencryptor0", "etcencryptor1"]
    assert np.array_equal(encrypted, encrypt(IMAGES, KEY).reshape(7, -1))
    with pytest.raises(ValueError, match="feature names"):
        encryptor.transform(frame.add_prefix("other"))


def test_the_key_does_not_show_and_clones_have_it() -> None:
    encryptor = EtCEncryptor(KEY)
    assert str(KEY.permutation) not in repr(encryptor)
    assert clone(encryptor).key == KEY


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "scaled": (KEY, IMAGES / 255, "pixels before any scaling. Got 0."),
    "too bright": (KEY, IMAGES.astype(int) + 200, "integers from 0 to 255"),
    "other size": (KEY, np.zeros((3, 70)), "be for images of 70 pixels. Got one for 72"),
    "other shape": (KEY, np.zeros((3, 6, 4, 3)), r"be images of shape \(4, 6, 3\), or their rows"),
    "other images": (KEY, np.zeros((3, 6, 4)), "be for images of 24 pixels. Got one for 72"),
    "no key": ("secret", IMAGES, "'key' parameter of EtCEncryptor.fit must be an EtCKey"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_encrypted_is_refused(name: str) -> None:
    key, X, message = REFUSED[name]
    with pytest.raises(InvalidParameterError, match=message):
        EtCEncryptor(key).fit(X)


def test_negative_numbers_are_refused_in_words_of_scikit_learn() -> None:
    with pytest.raises(ValueError, match="Negative values in data passed to X in EtCEnc"):
        EtCEncryptor(KEY).fit(-IMAGES.astype(int))


def test_nothing_is_learned_before_it_can_be_used() -> None:
    assert not EtCEncryptor(KEY).__sklearn_tags__().requires_fit
    with pytest.raises(InvalidParameterError, match=r"Got 256\.0\.$"):
        EtCEncryptor(KEY).fit_transform(np.full((1, 72), 256.0))


def test_the_first_number_that_is_no_pixel_is_named() -> None:
    rows = np.ones((2, 72))
    rows[1, 3:5] = 0.5, 300
    with pytest.raises(InvalidParameterError, match=r"before any scaling\. Got 0\.5\.$"):
        EtCEncryptor(KEY).fit_transform(rows)
