"""Claims about learning on compressed pictures, of which a cloud holds the files alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.checks.coefficients import EXACT_STEPS
from etcprops.claims.checks.compression import WHOLE_BLOCKS, blocks_of
from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Check, Claim, Observation
from etcprops.claims.references import WALLACE_1992
from etcprops.claims.terms import EvidenceKind, Needs, Outcome, PaperSays, Scope
from etcprops.datasets import load_digits_images
from etcprops.formats import libjpeg
from etcprops.formats.coefficients import JpegCoefficients
from etcprops.formats.exact_jpeg import code_exactly, coefficient_rows, encode_jpeg_exactly
from etcprops.formats.quantization import standard_table
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey

EXACT_FILES = "files are written by the exact encoder"

SCALE = 1024.0
"""Coefficients are divided by it, a power of two, for a kernel that is not all 0 and 1."""
QUALITY = 60
DIGITS = 80


def coded_rows(images: NDArray[np.uint8], quality: int, *, exact: bool) -> NDArray[np.float64]:
    """Return the coefficients of each picture's file, as the exact encoder or libjpeg codes it."""
    if exact:
        coded = [code_exactly(image, quality=quality) for image in images]
    else:
        table = standard_table(quality)
        coded = [
            JpegCoefficients([libjpeg.coded(blocks_of(image), table)], [table]) for image in images
        ]
    return coefficient_rows(coded) / SCALE


def _large_digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return digits of 32 x 32 pixels, each pixel a square of four by four, and what they are."""
    digits = load_digits_images()
    large = np.kron(digits.images[:DIGITS], np.ones((1, 4, 4), dtype=np.uint8))
    return large, digits.labels[:DIGITS]


def _differing_bits(
    rows: tuple[NDArray[np.float64], NDArray[np.float64]], labels: NDArray[np.int64]
) -> list[str]:
    """Train SVMs and measure distances on either side; name what is not the same bits."""
    from sklearn.svm import SVC

    from etcprops.exact.distances import exact_squared_distances
    from etcprops.exact.kernels import ExactKernel

    half = len(labels) // 2
    found = []
    for kind in ("linear", "rbf"):
        kernel = ExactKernel(kind, gamma=0.01)
        values = []
        for side in rows:
            svm = SVC(kernel="precomputed").fit(kernel(side[:half]), labels[:half])
            values.append(svm.decision_function(kernel(side[half:], side[:half])))
        if not np.array_equal(*values):
            found.append(f"{np.count_nonzero(values[0] != values[1])} values of the {kind} SVM")
    plain, encrypted = (exact_squared_distances(side[half:], side[:half]) for side in rows)
    if not np.array_equal(plain, encrypted):
        found.append(f"{np.count_nonzero(plain != encrypted)} distances")
    return found


def _key(implementation: Implementation) -> EtCKey:
    return EtCKey.from_secret(BlockGeometry(32, 32), implementation.secret, steps=EXACT_STEPS)


def check_learning_on_exact_files(implementation: Implementation) -> Observation:
    """Write digits as exact JPEG files, plain and encrypted; train on and ask about files alone."""
    images, labels = _large_digits()
    encrypted = implementation.encrypt(images, _key(implementation))
    try:
        files = [
            [encode_jpeg_exactly(image, quality=QUALITY) for image in side]
            for side in (images, encrypted)
        ]
    except ModuleNotFoundError as missing:
        return Observation.skipped(Needs.JPEGLIB, str(missing))
    plain, hidden = (coefficient_rows(side) / SCALE for side in files)
    if found := _differing_bits((plain, hidden), labels):
        return Observation(False, f"{', '.join(found)} differ")
    detail = f"{DIGITS} digits of 32 x 32 pixels at quality {QUALITY}"
    return Observation(True, f"{detail}: values of linear and RBF SVMs and distances are the same")


def check_learning_through_libjpeg(implementation: Implementation) -> Observation:
    """Train on and ask about the coefficients that libjpeg writes, with its standard table."""
    images, labels = _large_digits()
    encrypted = implementation.encrypt(images, _key(implementation))
    plain, hidden = (coded_rows(side, QUALITY, exact=False) for side in (images, encrypted))
    found = _differing_bits((plain, hidden), labels)
    return Observation(not found, f"{', '.join(found)} differ" if found else "nothing differs")


COMPRESSED_LEARNING_CLAIMS = (
    Claim(
        "learning-through-exact-jpeg",
        "Trained on and asked about JPEG files alone, exact kernels of their coefficients decide "
        "by the same bits for plain and for encrypted pictures.",
        "not in the paper",
        Outcome.HOLDS_IF,
        scope=Scope.BITS_EVERYWHERE,
        paper=PaperSays.SILENT,
        hypotheses=(EXACT_FILES, WHOLE_BLOCKS),
        checks=(
            Check(check_learning_on_exact_files, EvidenceKind.END_TO_END),
            Check(check_learning_through_libjpeg, EvidenceKind.REFUTATION, without=EXACT_FILES),
        ),
        note="Of *exact-jpeg* and *same-bits*: encryption changes places and signs of "
        "coefficients, and exact kernels see neither. Through libjpeg's files, and through pixels "
        "that a decoder rounds, some decisions change: `notebooks/08_compression.ipynb`.",
        references=(WALLACE_1992,),
    ),
)
