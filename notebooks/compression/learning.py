"""Learning on compressed images: what JPEG does to inner products and decisions.

Plain against encrypted, each compressed; and what an exact encoder leaves of that: nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from etcprops import (
    EtCKey,
    ExactKernel,
    encrypt,
    exact_squared_distances,
)
from etcprops.datasets import ImageSet, load_digits_images
from etcprops.experiments.common_key import compare_decisions
from etcprops.formats.deviation import gram_deviation_bound, libjpeg_errors
from etcprops.formats.exact_jpeg import code_exactly, coefficient_rows
from etcprops.formats.quantization import standard_table
from etcprops.scheme.geometry import BlockGeometry

Pixels = NDArray[np.uint8]

QUALITIES: Final = (95, 90, 85, 75, 70, 60, 50)
MODELS: Final = ("linear SVM", "RBF SVM", "k-NN")
ENLARGED: Final = 4
"""Digits of 8 x 8 pixels are one block of JPEG, which leaves nothing to scramble: enlarged, they
are 16 blocks. By cubic interpolation, for squares of one level are no picture's."""
SCALE: Final = 128.0
COMPARED: Final = 200
"""Images whose inner products are compared."""


@dataclass(frozen=True)
class Change:
    """What differs between compressed plain and compressed encrypted images.

    Attributes
    ----------
    data, coding : str
        The images; "libjpeg" or "exact".
    quality : int
        Of JPEG.
    gram : float
        Largest change of an inner product at mid-grey between the two, by the largest of all.
    bound : float
        What the quantization steps allow, by the same: `gram_deviation_bound` of both.
    model : str
        The classifier.
    changed : float
        Share of queries that are decided otherwise.
    same_bits : bool
        Whether all decision values, of k-NN all distances, are the same bits.
    plain, encrypted, uncompressed : float
        Share of queries decided right, trained and asked on such images.
    """

    data: str
    coding: str
    quality: int
    gram: float
    bound: float
    model: str
    changed: float
    same_bits: bool
    plain: float
    encrypted: float
    uncompressed: float


def large_digits() -> ImageSet:
    """Return scikit-learn's digits, enlarged to 32 x 32 pixels."""
    digits = load_digits_images()
    side = ENLARGED * digits.geometry.height
    images = [
        np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))
        for image in digits.images
    ]
    geometry = BlockGeometry(side, side, block=8)
    return ImageSet(f"digits {side} x {side}", np.stack(images), digits.labels, geometry)


def through_jpeg(images: Pixels, quality: int) -> Pixels:
    """Compress and decompress every image with Pillow."""
    decoded = np.empty_like(images)
    for index, image in enumerate(images):
        file = BytesIO()
        Image.fromarray(image).save(file, "jpeg", quality=quality)
        decoded[index] = np.asarray(Image.open(file))
    return decoded


def changes(
    data: ImageSet, qualities: tuple[int, ...] = QUALITIES, exact: tuple[int, ...] = QUALITIES
) -> Iterator[Change]:
    """Compare compressed plain with compressed encrypted images, some qualities exactly too."""
    key = EtCKey.from_secret(data.geometry, "learning on compressed images")
    hidden = encrypt(data.images, key)
    baseline = {c.name: c.accuracy_plain for c in compare_decisions(data, key, models=MODELS)}
    some = np.linspace(0, len(hidden) - 1, min(COMPARED, len(hidden))).astype(np.int64)
    for quality in qualities:
        plain, encrypted = (through_jpeg(images, quality) for images in (data.images, hidden))
        grams = [_gram(images[some]) for images in (plain, encrypted)]
        largest = float(np.abs(grams[0]).max())
        table = standard_table(quality)
        bound = max_bound((data.images[some], hidden[some]), table)
        moved = float(np.abs(grams[0] - grams[1]).max())
        coded = replace(data, images=plain)
        for found in compare_decisions(
            coded, key, encrypt=lambda *_, encrypted=encrypted: encrypted, models=MODELS
        ):
            yield Change(
                data.name, "libjpeg", quality, moved / largest, bound / largest, found.name,
                found.n_different / found.n_queries, False, found.accuracy_plain,
                found.accuracy_encrypted, baseline[found.name],
            )  # fmt: skip
        if quality in exact:
            rows = tuple(exact_rows(images, quality) for images in (data.images, hidden))
            yield from _exact_changes(data, quality, rows, baseline)


def _exact_changes(
    data: ImageSet,
    quality: int,
    rows: tuple[NDArray[np.int32], ...],
    baseline: dict[str, float],
) -> Iterator[Change]:
    """Train and ask on the coefficients of exact files alone, plain and encrypted."""
    train, query = data.half_split(0)
    grams = [part @ part.T for part in (r[:COMPARED].astype(np.int64) for r in rows)]
    moved = float(np.abs(grams[0] - grams[1]).max() / np.abs(grams[0]).max())
    for model in MODELS:
        plain, encrypted = (decide(model, r[train], data.labels[train], r[query]) for r in rows)
        answers = [labels for labels, _ in (plain, encrypted)]
        right = [float(np.mean(labels == data.labels[query])) for labels in answers]
        yield Change(
            data.name, "exact", quality, moved, 0.0, model,
            float(np.mean(answers[0] != answers[1])), plain[1] == encrypted[1], *right,
            baseline[model],
        )  # fmt: skip


def decide(
    model: str, training: NDArray[np.int32], labels: NDArray[np.int64], queries: NDArray[np.int32]
) -> tuple[NDArray[np.int64], bytes]:
    """Return decisions on queries, and the bits of the values behind them.

    Coefficients of all frequencies on one scale have the inner products of pixels at mid-grey.
    """
    known, asked = training / SCALE, queries / SCALE  # a power of two: nothing is rounded
    if model == "k-NN":
        distances = exact_squared_distances(asked, known)
        own = exact_squared_distances(known)
        neighbours = KNeighborsClassifier(metric="precomputed").fit(own, labels)
        return neighbours.predict(distances), distances.tobytes()
    squares = int((training.astype(np.int64) ** 2).sum()) / SCALE**2
    gamma = len(training) / squares
    kernel = ExactKernel("linear" if model == "linear SVM" else "rbf", gamma=gamma)
    classifier = SVC(kernel="precomputed").fit(kernel(known), labels)
    cross = kernel(asked, known)
    return classifier.predict(cross), classifier.decision_function(cross).tobytes()


def max_bound(sides: tuple[Pixels, Pixels], table: NDArray[np.int64]) -> float:
    """Return how far the inner products of plain and of encrypted images may be apart at most."""
    bounds = [gram_deviation_bound(images, table, libjpeg_errors(table)) for images in sides]
    return float(sum(bounds).max())


def _gram(images: Pixels) -> NDArray[np.float64]:
    """Return all inner products at mid-grey."""
    rows = images.reshape(len(images), -1) - 127.5
    return rows @ rows.T


def exact_rows(images: Pixels, quality: int) -> NDArray[np.int32]:
    """Return the coefficients that exact files of these images have, as features."""
    return coefficient_rows(code_exactly(image, quality=quality) for image in images)
