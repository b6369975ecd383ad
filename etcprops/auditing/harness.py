"""Where models are tried: images, their split, and keys; every fit is a fresh clone.

A `Candidate` is a model with its preprocessing. `Harness.compare` fits it on plain and on encrypted
images and compares; answers on plain images are kept, since every key is compared with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline

from etcprops._validation import describe, reject
from etcprops.auditing.comparison import compare
from etcprops.auditing.predictions import (
    ModelError,
    Predictions,
    fit_and_predict,
    kind_of,
    seeded,
    unseeded,
)
from etcprops.auditing.preprocessing import PREPROCESSINGS
from etcprops.auditing.verdict import Comparison, Verdict
from etcprops.scheme import pixels
from etcprops.scheme._pixels_given import as_pixels
from etcprops.scheme.keys import EtCKey

Encryption = Callable[[NDArray[np.uint8], EtCKey], NDArray[np.uint8]]
Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True)
class Candidate:
    """A model and what is done to pixels before it.

    Attributes
    ----------
    preprocessing : tuple of transformers
        What is done to pixels, in order; may be empty.
    estimator : estimator
        The model.
    """

    preprocessing: tuple[Any, ...]
    estimator: Any

    @classmethod
    def of(cls, estimator: Any, preprocessing: Any) -> Candidate:
        """Take a pipeline apart; `preprocessing`, a transformer or None, comes first."""
        steps = [s for _, s in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
        before = [s for s in (preprocessing, *steps[:-1]) if s is not None and s != "passthrough"]
        return cls(tuple(before), steps[-1])

    def build(self, seed: int) -> Any:
        """Return fresh clones as one estimator."""
        if not self.preprocessing:
            return seeded(self.estimator, seed)
        return seeded(make_pipeline(*self.preprocessing, self.estimator), seed)

    def with_open_seeds(self) -> Candidate:
        """Return it with every ``random_state`` left to `build`, also those that were fixed."""
        return Candidate(
            tuple(unseeded(step) for step in self.preprocessing), unseeded(self.estimator)
        )

    def fixed_seeds(self) -> str:
        """Return in words which ``random_state`` are numbers already, empty if none is."""
        named = [
            f"{name}={value}"
            for part in (*self.preprocessing, self.estimator)
            for name, value in part.get_params(deep=True).items()
            if name.rpartition("__")[2] == "random_state" and value is not None
        ]
        return ", ".join(dict.fromkeys(named))

    def with_parameters(self, **parameters: Any) -> Candidate:
        """Return it with other parameters of the model."""
        return replace(self, estimator=clone(self.estimator).set_params(**parameters))

    def with_preprocessing(self, *transformers: Any) -> Candidate:
        """Return it with another preprocessing."""
        return replace(self, preprocessing=tuple(t for t in transformers if t is not None))

    def with_named_preprocessing(self, name: str) -> Candidate:
        """Return it with the preprocessing of that name."""
        return self.with_preprocessing(PREPROCESSINGS[name]())


@dataclass
class Watch:
    """What somebody who waits for an audit is told, and what is left if nobody waits any longer.

    Attributes
    ----------
    progress : callable
        Called before each fit with the number of fits made, None for that of all, and what it is
        for.
    stage : str
        What fits are for now.
    fits : int
        How many were made.
    verdict : Verdict or None
        What is known already.
    """

    progress: Callable[[int, int | None, str], None]
    stage: str = "fitting on plain images"
    fits: int = 0
    verdict: Verdict | None = None

    def enter(self, stage: str) -> None:
        """Begin with something else."""
        self.stage = stage
        self.progress(self.fits, None, stage)

    def count(self) -> None:
        """Take note of a fit."""
        self.progress(self.fits, None, self.stage)
        self.fits += 1


@dataclass
class Harness:
    """Images with their labels, folds, key and encryption.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, H, W) or (N, H, W, 3)
        All images.
    targets : ndarray of shape (N,) or (N, outputs), or None
        What to learn.
    folds : list of (training, queries)
        Indices; answers of all folds are put together.
    key : EtCKey
        The common key.
    seed : int
        For every ``random_state`` that is None.
    tolerance : float
        See `compare`.
    encrypt : callable
        The encryption.
    watch : Watch
        Who is told of fits.
    """

    images: NDArray[np.uint8]
    targets: NDArray[Any] | None
    folds: list[Fold]
    key: EtCKey
    seed: int
    tolerance: float
    encrypt: Encryption = pixels.encrypt
    watch: Watch = field(default_factory=lambda: Watch(lambda _done, _total, _stage: None))
    model_seconds: float = 0.0
    started: float = field(default_factory=time.perf_counter)
    _kept: tuple[Candidate, int, Predictions] | None = None
    _encrypted: tuple[EtCKey, NDArray[np.float64]] | None = None

    @property
    def plain_vectors(self) -> NDArray[np.float64]:
        """Plain images as vectors."""
        return vectors(self.images)

    def encrypted_vectors(self, key: EtCKey) -> NDArray[np.float64]:
        """Encrypted images as vectors; those of the last key are kept."""
        if self._encrypted is None or self._encrypted[0] != key:
            self._encrypted = key, vectors(_taken(self.encrypt(self.images, key), self.images))
        return self._encrypted[1]

    def fit_and_predict(
        self, candidate: Candidate, rows: NDArray[Any], *, seed: int
    ) -> Predictions:
        """Fit and predict in every fold; raises `ModelError`."""
        parts = []
        for training, queries in self.folds:
            targets = None if self.targets is None else self.targets[training]
            self.watch.count()
            start = time.perf_counter()
            try:
                part = fit_and_predict(
                    candidate.build(seed), rows[training], targets, rows[queries], seed=seed
                )
            finally:
                self.model_seconds += time.perf_counter() - start
            parts.append(part)
        return _joined(parts)

    def plain_predictions(self, candidate: Candidate) -> Predictions:
        """Return the answers on plain images; those of the last candidate are kept."""
        if self._kept is None or self._kept[0] is not candidate or self._kept[1] != self.seed:
            predictions = self.fit_and_predict(candidate, self.plain_vectors, seed=self.seed)
            self._kept = candidate, self.seed, predictions
        return self._kept[2]

    def compare(self, candidate: Candidate, key: EtCKey | None = None) -> Comparison:
        """Compare a candidate on plain and on encrypted images.

        Parameters
        ----------
        candidate : Candidate
            What to fit, twice.
        key : EtCKey, optional
            Instead of the harness's own.

        Returns
        -------
        Comparison
            With a `failure` if the model could be fitted on plain images only.

        Raises
        ------
        ModelError
            If it cannot be fitted on plain images.
        """
        return self.compare_rows(candidate, self.encrypted_vectors(key or self.key))

    def compare_rows(self, candidate: Candidate, rows: NDArray[Any]) -> Comparison:
        """Compare a candidate on plain images and on other rows, as `compare`."""
        plain = self.plain_predictions(candidate)
        try:
            encrypted = self.fit_and_predict(candidate, rows, seed=self.seed)
        except ModelError as error:
            size = len(np.asarray(plain.values if plain.decisions is None else plain.decisions))
            failure = f"fits plain images, and on encrypted ones raises {error}"
            return Comparison(size, size, False, np.nan, 0.0, failure=failure)
        return compare(plain, encrypted, tolerance=self.tolerance)

    def restricted(self, training: NDArray[np.int64], queries: NDArray[np.int64]) -> Harness:
        """Return a harness with one fold of these training images and queries."""
        return replace(
            self, folds=[(training, queries)], _kept=None, _encrypted=self._encrypted,
            model_seconds=0.0,
        )  # fmt: skip


def _taken(encrypted: Any, images: NDArray[np.uint8]) -> NDArray[Any]:
    """Return what an encryption made of images, if that is images."""
    wanted = f"return {len(images)} images for as many, numbers of any shape"
    found = as_pixels(encrypted, "encrypt", "audit", wanted)
    if found.shape[:1] != images.shape[:1] or not found.size or found.dtype.kind not in "biuf":
        reject("encrypt", "audit", wanted, describe(found))
    return found


def vectors(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return images as vectors of doubles."""
    return images.reshape(len(images), -1).astype(np.float64)


def is_supervised(estimator: Any) -> bool:
    """Whether an estimator needs labels."""
    if kind_of(estimator) in {"classifier", "regressor"}:
        return True
    tags = getattr(estimator, "__sklearn_tags__", None)
    return bool(tags is not None and tags().target_tags.required)


def _joined(parts: list[Predictions]) -> Predictions:
    """Put the answers of all folds together."""
    if len(parts) == 1:
        return parts[0]

    def join(arrays: list[NDArray[Any] | None]) -> NDArray[Any] | None:
        present = [a for a in arrays if a is not None]
        same = len(present) == len(arrays) and len({a.shape[1:] for a in present}) == 1
        return np.concatenate(present) if same else None

    return replace(
        parts[0],
        decisions=join([p.decisions for p in parts]),
        values=join([p.values for p in parts]),
        pairs=join([p.pairs for p in parts]),
        seconds=sum(p.seconds for p in parts),
        warnings=tuple(dict.fromkeys(w for p in parts for w in p.warnings)),
    )
