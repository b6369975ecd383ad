"""Whether a model decides the same on plain and on encrypted images, query by query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops._validation import as_array, describe, reject
from etcprops.scheme._pixels_given import Pixels, as_pixels
from etcprops.testing.assertions import DifferenceError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def different_decisions(
    estimator: Any, plain: Pixels, encrypted: Pixels, labels: ArrayLike, training: ArrayLike
) -> NDArray[np.bool_]:
    """Fit on plain and on encrypted images, and tell which queries are decided differently.

    Parameters
    ----------
    estimator : scikit-learn estimator with ``predict``
        Cloned for each fit, so give it a fixed ``random_state`` where it has one. Normalization
        belongs into it, as a pipeline.
    plain, encrypted : array_like, shape (N, ...)
        The images and their encryption; flattened.
    labels : array_like, shape (N,)
        What to learn; numbers below 2^63 in magnitude.
    training : array_like of int or bool
        Index of the training images; the others are the queries.

    Returns
    -------
    ndarray of bool, shape (number of queries,)
        Where the two predictions differ.

    Raises
    ------
    InvalidParameterError
        If the numbers of images and labels differ, or nothing is left to train on or to ask.
    ValueError, TypeError
        From the estimator, if it cannot learn from these.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> images = np.array([[0], [10], [200], [210], [20], [190]], dtype=np.uint8)
    >>> nearest = KNeighborsClassifier(1)
    >>> different_decisions(nearest, images, 255 - images, [0, 0, 1, 1, 0, 1], [0, 1, 2, 3])
    array([False, False])
    """
    before, after = decisions(
        estimator, plain, encrypted, labels, training, caller="different_decisions"
    )
    return np.asarray(before != after)


def decisions(
    estimator: Any,
    plain: Pixels,
    encrypted: Pixels,
    labels: ArrayLike,
    training: ArrayLike,
    *,
    caller: str,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return what an estimator answers the queries, plain and encrypted; errors name the caller."""
    from sklearn.base import clone

    answers = as_array(labels, "labels", caller, "be an array, one label an image")
    largest = float(np.abs(answers).max(initial=0)) if answers.dtype.kind == "f" else 0.0
    if not largest < 2.0**63:
        reject("labels", caller, "be finite, and of magnitude below 2^63", f"{largest:g}.")
    batches = []
    for value, name in ((plain, "plain"), (encrypted, "encrypted")):
        batch = as_pixels(value, name, caller, "be a batch of images")
        if batch.ndim < 2 or batch.shape[:1] != answers.shape:
            wanted = f"be a batch of {answers.size} images, one a label"
            reject(name, caller, wanted, describe(batch))
        batches.append(batch.reshape(len(batch), -1))
    chosen = np.zeros(len(answers), dtype=np.bool_)
    if not all(hasattr(estimator, name) for name in ("get_params", "fit", "predict")):
        reject("estimator", caller, "be an estimator with predict", describe(estimator))
    try:
        chosen[as_array(training, "training", caller, "index images")] = True
    except IndexError:
        wanted = f"index some of {len(answers)} images"
        reject("training", caller, wanted, describe(training))
    if chosen.all() or not chosen.any():
        got = f"an index of {np.count_nonzero(chosen)} of them."
        reject("training", caller, "leave images to train on and to ask", got)
    before, after = (
        np.asarray(clone(estimator).fit(batch[chosen], answers[chosen]).predict(batch[~chosen]))
        for batch in batches
    )
    return before, after


def assert_same_decisions(
    estimator: Any, plain: Pixels, encrypted: Pixels, labels: ArrayLike, training: ArrayLike
) -> None:
    """Assert that an estimator decides every query the same on plain and on encrypted images.

    Parameters
    ----------
    estimator, plain, encrypted, labels, training
        As for `different_decisions`.

    Raises
    ------
    DifferenceError
        An AssertionError, if a decision differs; the message counts them and names the first query.
    InvalidParameterError, ValueError, TypeError
        As `different_decisions`; or if all queries get one answer, which they would also get if
        the images were lost.

    Examples
    --------
    A tree's threshold lies in the middle, and ``<=`` sends it to one side:

    >>> from sklearn.tree import DecisionTreeClassifier
    >>> images = np.array([[0], [2], [1]], dtype=np.uint8)
    >>> assert_same_decisions(DecisionTreeClassifier(), images, 255 - images, [0, 1, 0], [0, 1])
    Traceback (most recent call last):
        ...
    etcprops.testing.assertions.DifferenceError: DecisionTreeClassifier() decides 1 of 1
    queries differently, first query 0
    """
    caller = "assert_same_decisions"
    answers = decisions(estimator, plain, encrypted, labels, training, caller=caller)
    raise_if_different(estimator, *answers)
    if same_answer(answers[0]):
        wanted = "decide some queries otherwise than others; take other images or labels"
        reject("estimator", caller, wanted, f"one answer for all of {len(answers[0])}.")


def raise_if_different(estimator: Any, plain: NDArray[Any], encrypted: NDArray[Any]) -> None:
    """Raise the `DifferenceError` that counts the answers that differ, if any does."""
    different = np.asarray(plain != encrypted)
    if different.any():
        name = " ".join(repr(estimator).split())  # pipelines take several lines
        first = int(different.reshape(len(different), -1).any(axis=1).argmax())
        raise DifferenceError(
            f"{name} decides {np.count_nonzero(different)} of {different.size} queries "
            f"differently, first query {first}",
            (first,),
        )


def same_answer(answers: NDArray[Any]) -> bool:
    """Whether all queries get one answer, so that nothing about them could show."""
    return bool((answers == answers[:1]).all())
