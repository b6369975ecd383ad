"""What `audit` is given: images, labels and folds, refused or made fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops._validation import InvalidParameterError, as_array, describe, reject
from etcprops.auditing.harness import Fold, is_supervised
from etcprops.auditing.predictions import kind_of
from etcprops.scheme._pixels_given import Pixels, as_pixels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etcprops.scheme.keys import EtCKey


def as_images(value: Pixels, key: EtCKey, caller: str) -> NDArray[np.uint8]:
    """Return images of 8 bits and of the key's geometry; refuse anything else."""
    shape = key.geometry.shape
    images = as_pixels(value, "images", caller, "be an array of uint8, shape (N, H, W[, 3])")
    if images.dtype != np.uint8:
        reject("images", caller, "be an array of uint8", describe(images))
    if images.ndim != len(shape) + 1 or images.shape[1:] != shape:
        wanted = f"be for the images, which have the shape {images.shape[1:]}"
        reject("key", caller, wanted, f"one for {key.geometry}.")
    if len(images) < 4:
        reject("images", caller, "be at least 4: for training and queries", describe(images))
    if (images == images[:1]).all():
        reject("images", caller, "be different images", f"{len(images)} that are equal.")
    return images


def as_targets(
    model: Any, labels: ArrayLike | None, count: int, caller: str
) -> NDArray[Any] | None:  # fmt: skip
    """Return labels as an array that fits the images and the model."""
    if labels is None:
        if is_supervised(model):
            reject("labels", caller, f"be given for {type(model).__name__}", "None.")
        return None
    targets = as_array(labels, "labels", caller, f"be {count} labels")
    if targets.ndim not in (1, 2) or len(targets) != count:
        reject("labels", caller, f"be {count} labels, one an image", describe(targets))
    if kind_of(model) == "classifier" and len(np.unique(targets, axis=0)) < 2:
        got = f"{count} images of class {targets.ravel()[0]!s}."
        reject("labels", caller, "be of at least two classes", got)
    return targets


def as_folds(
    targets: NDArray[Any] | None, count: int, cv: Any, *, seed: int, by_class: bool
) -> list[Fold]:
    """Return indices of training images and queries."""
    from sklearn.model_selection import check_cv

    caller = "audit"
    if cv is None:
        rng = np.random.default_rng(seed)
        training = np.zeros(count, dtype=np.bool_)
        classes = np.zeros(count) if not by_class or targets is None else targets
        for label in np.unique(classes, axis=0):
            same = (classes == label).reshape(count, -1).all(axis=1)
            members = rng.permutation(np.flatnonzero(same))
            # Of a class of one image, training gets it.
            training[members[: max(1, len(members) // 2)]] = True
        if training.all():
            reject("labels", caller, "have a class with two images or more", "none.")
        return [(np.flatnonzero(training), np.flatnonzero(~training))]
    try:
        splitter = check_cv(cv, targets, classifier=by_class)
        rows = np.zeros((count, 1))
        indices = np.arange(count)
        folds = [(indices[a], indices[b]) for a, b in splitter.split(rows, targets)]
    except (IndexError, InvalidParameterError, TypeError, ValueError) as error:
        reject("cv", caller, "be a number of folds or a splitter for these labels", f"{error}")
    if not folds or not all(part.size for fold in folds for part in fold):
        reject("cv", caller, "give folds with images to train on and to ask", describe(cv))
    return folds
