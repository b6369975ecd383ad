"""Key condition 1: the same models trained on plain and on encrypted images, decision by decision.

The paper's experiment (section 4.2.1) with scikit-learn's classifiers. Nothing here tunes a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from etcprops._validation import as_choice, describe, reject
from etcprops.datasets import ImageSet
from etcprops.exact.statistics import PixelStatistics, centre_mid_grey
from etcprops.scheme import pixels
from etcprops.scheme.keys import EtCKey, check_key

Preprocessing = Literal["z-score", "mid-grey"] | None
Encryption = Callable[[NDArray[np.uint8], EtCKey], NDArray[np.uint8]]

MODELS: Final = {
    "linear SVM": "linear",
    "RBF SVM": "rbf",
    "polynomial SVM": "poly",
    "k-NN": None,
}
"""The paper's models, and the kernel of each."""

MANY_FEATURES: Final = 4096
"""From here on models get kernel matrices, from one BLAS product, instead of vectors."""


@dataclass(frozen=True)
class DecisionComparison:
    """One model's decisions on plain and on encrypted queries.

    Attributes
    ----------
    name : str
        The model.
    n_queries, n_different : int
        Number of queries, and of those that were decided differently.
    largest_difference : float
        Between decision values, plain and encrypted; NaN for models that have none.
    largest_value : float
        Largest magnitude of a decision value, plain; NaN for models that have none.
    accuracy_plain, accuracy_encrypted : float
        Share of queries decided right.
    """

    name: str
    n_queries: int
    n_different: int
    largest_difference: float
    largest_value: float
    accuracy_plain: float
    accuracy_encrypted: float

    @property
    def identical(self) -> bool:
        """Whether every query is decided the same."""
        return self.n_different == 0


@dataclass(frozen=True)
class _Halves:
    """Training and query vectors after preprocessing."""

    training: NDArray[np.float64]
    queries: NDArray[np.float64]


def compare_decisions(
    data: ImageSet,
    key: EtCKey,
    *,
    encrypt: Encryption = pixels.encrypt,
    preprocessing: Preprocessing = "z-score",
    models: Iterable[str] = tuple(MODELS),
    seed: int = 0,
) -> list[DecisionComparison]:
    """Train on plain and on encrypted images, and compare the decisions on all queries.

    Parameters
    ----------
    data : ImageSet
        Half of each class is for training, the other half are the queries.
    key : EtCKey
        The common key.
    encrypt : callable, optional
        The encryption; by default that of `etcprops`.
    preprocessing : {"z-score", "mid-grey"} or None, default="z-score"
        The z-score is fitted on the training half, plain and encrypted each on its own. The gamma
        of kernels is scikit-learn's ``"scale"``, ``1 / (n X.var())``; at mid-grey, where that is
        not invariant, the mean square of the training half stands in for the variance.
    models : iterable of str
        Names from `MODELS`; by default all.
    seed : int, default=0
        Of the division into halves.

    Returns
    -------
    list of DecisionComparison
        One a model.

    Raises
    ------
    InvalidParameterError
        If the key is for another geometry, or a model or preprocessing is unknown.

    Examples
    --------
    >>> from etcprops.datasets import load_digits_images
    >>> digits = load_digits_images()
    >>> key = EtCKey.from_secret(digits.geometry, "an example")
    >>> (linear,) = compare_decisions(digits, key, models=["linear SVM"])
    >>> linear.identical, linear.n_queries, linear.largest_difference < 1e-9
    (True, 901, True)
    """
    caller = "compare_decisions"
    names = list(models)
    unknown = [name for name in names if name not in MODELS]
    if unknown or not names:
        reject("models", caller, f"hold names from {', '.join(MODELS)}", describe(unknown))
    if preprocessing is not None:
        as_choice(preprocessing, ("z-score", "mid-grey"), "preprocessing", caller, "None")
    if check_key(key, caller).geometry != data.geometry:
        reject("key", caller, f"be for {data.geometry}", f"one for {key.geometry}.")
    train, query = data.half_split(seed)

    def decide(images: NDArray[np.uint8]) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        halves = _preprocess(images, train, query, preprocessing)
        spread = (
            np.mean(halves.training**2) if preprocessing == "mid-grey" else halves.training.var()
        )
        gamma = float(1 / (halves.training.shape[1] * spread))
        if halves.training.shape[1] < MANY_FEATURES:
            return [_decide_on_vectors(n, halves, data.labels[train], gamma) for n in names]
        return _decide_on_kernels(names, halves, data.labels[train], gamma)

    # One after the other: vectors of large images are not in memory twice.
    plain = decide(data.images)
    encrypted = decide(encrypt(data.images, key))
    truth = data.labels[query]
    return [
        DecisionComparison(
            name,
            len(query),
            int(np.count_nonzero(labels != encrypted_labels)),
            float(abs(values - encrypted_values).max()),
            float(abs(values).max()),
            float(np.mean(labels == truth)),
            float(np.mean(encrypted_labels == truth)),
        )
        for name, (labels, values), (encrypted_labels, encrypted_values) in zip(
            names, plain, encrypted, strict=True
        )
    ]


def _preprocess(
    images: NDArray[np.uint8],
    train: NDArray[np.int64],
    query: NDArray[np.int64],
    preprocessing: Preprocessing,
) -> _Halves:
    """Return both halves as vectors, normalized by the training half."""
    vectors = images.reshape(len(images), -1)
    if preprocessing == "z-score":
        statistics = PixelStatistics(vectors[train])
        return _Halves(statistics.z_score(vectors[train]), statistics.z_score(vectors[query]))
    if preprocessing == "mid-grey":
        return _Halves(centre_mid_grey(vectors[train]), centre_mid_grey(vectors[query]))
    return _Halves(vectors[train].astype(np.float64), vectors[query].astype(np.float64))


def _decide_on_vectors(
    name: str, halves: _Halves, labels: NDArray[np.int64], gamma: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return labels and decision values of the queries; k-NN has no values."""
    kernel = MODELS[name]
    if kernel is None:
        neighbours = KNeighborsClassifier(algorithm="brute").fit(halves.training, labels)
        return neighbours.predict(halves.queries), np.full(1, np.nan)
    svm = SVC(kernel=kernel, gamma=gamma).fit(halves.training, labels)
    return svm.predict(halves.queries), svm.decision_function(halves.queries)


def _decide_on_kernels(
    names: list[str], halves: _Halves, labels: NDArray[np.int64], gamma: float
) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Return the same from kernel matrices: libsvm would add up each inner product many times."""
    training, queries = halves.training, halves.queries
    own, cross = training @ training.T, queries @ training.T
    squares, query_squares = np.diagonal(own), np.vecdot(queries, queries)
    own_distances = np.maximum(squares[:, None] + squares - 2 * own, 0.0)
    np.fill_diagonal(own_distances, 0.0)
    distances = np.maximum(query_squares[:, None] + squares - 2 * cross, 0.0)
    matrices = {
        "linear": (own, cross),
        "rbf": (np.exp(-gamma * own_distances), np.exp(-gamma * distances)),
        "poly": ((gamma * own) ** 3, (gamma * cross) ** 3),
    }
    results = []
    for name in names:
        kernel = MODELS[name]
        if kernel is None:
            neighbours = KNeighborsClassifier(metric="precomputed").fit(own_distances, labels)
            results.append((neighbours.predict(distances), np.full(1, np.nan)))
        else:
            of_training, of_queries = matrices[kernel]
            svm = SVC(kernel="precomputed").fit(of_training, labels)
            decisions = svm.predict(of_queries), svm.decision_function(of_queries)
            results.append(decisions)
    return results
