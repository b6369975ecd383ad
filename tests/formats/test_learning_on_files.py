"""Train on and ask about JPEG files alone: exact ones give the bits of plain pictures' files."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from etcprops import BlockGeometry, EtCKey, ExactKernel, ExactStandardScaler, encrypt
from etcprops.claims.checks.compressed_learning import coded_rows
from etcprops.datasets import load_digits_images
from etcprops.formats.exact_jpeg import coefficient_rows, encode_jpeg_exactly

DIGITS = load_digits_images()
IMAGES = np.kron(DIGITS.images[:60], np.ones((1, 4, 4), dtype=np.uint8))
KEY = EtCKey.from_secret(BlockGeometry(32, 32), "files alone")
HIDDEN = encrypt(IMAGES, KEY)


def decision_values(rows: NDArray[np.int32], kind: str) -> NDArray[np.float64]:
    """Train on half of the rows after exact z-scores, and ask about the other half."""
    svm = SVC(kernel=ExactKernel("linear" if kind == "linear" else "rbf"))
    model = make_pipeline(ExactStandardScaler(), svm).fit(rows[:30], DIGITS.labels[:30])
    values: NDArray[np.float64] = model.decision_function(rows[30:])
    return values


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", ["linear", "rbf"])
@pytest.mark.parametrize("quality", [50, 90])
def test_exact_files_give_the_same_bits_plain_and_encrypted(quality: int, kind: str) -> None:
    pytest.importorskip("jpeglib")
    plain, hidden = (
        coefficient_rows(encode_jpeg_exactly(image, quality=quality) for image in side)
        for side in (IMAGES, HIDDEN)
    )
    assert not np.array_equal(plain, hidden)
    assert np.array_equal(decision_values(plain, kind), decision_values(hidden, kind))


def test_files_of_libjpeg_do_not() -> None:
    plain, hidden = (coded_rows(side, 50, exact=False) for side in (IMAGES, HIDDEN))
    whole = (np.rint(1024 * side).astype(np.int32) for side in (plain, hidden))
    first, second = (decision_values(rows, "rbf") for rows in whole)
    assert not np.array_equal(first, second)
