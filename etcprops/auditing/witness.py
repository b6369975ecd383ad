"""The smallest witness: a query answered differently after training on as few images as can be.

Training images are left out as in delta debugging (Zeller and Hildebrandt 2002).
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from etcprops.auditing.comparison import compare, margins
from etcprops.auditing.harness import Candidate, Harness
from etcprops.auditing.predictions import ModelError, Predictions
from etcprops.auditing.verdict import AuditWitness

FEW = 12
"""Training images from which on each is tried alone."""


def smallest_witness(
    harness: Harness,
    candidate: Candidate,
    plain: Predictions,
    encrypted: Predictions,
    *,
    budget: float,
) -> AuditWitness | None:
    """Return a query that is answered differently, with few training images.

    The training images are halved as long as some query is still answered differently, and at the
    end left out one by one. What is left is small, not proved to be the smallest of all.

    Parameters
    ----------
    harness : Harness
        The images.
    candidate : Candidate
        The model.
    plain, encrypted : Predictions
        That differ, of all folds.
    budget : float
        Seconds, after which the witness is returned as it is.

    Returns
    -------
    AuditWitness or None
        None if no single query differs.
    """
    comparison = compare(plain, encrypted, tolerance=harness.tolerance)
    index = comparison.first_different
    if index < 0:
        return None
    asked = 0 if plain.of_training else 1
    owners = np.concatenate([fold[asked] for fold in harness.folds])
    if index >= len(owners):
        return None
    image = int(owners[index])
    training = next(fold[0] for fold in harness.folds if image in fold[asked])
    if plain.of_training or "up to" in comparison.relation:
        return _witness(harness, (plain, encrypted), index, image, training)
    end = time.perf_counter() + budget
    queries = next(fold[1] for fold in harness.folds if image in fold[1])
    answers = plain, encrypted
    shrinking = True
    while shrinking and time.perf_counter() < end:
        shrinking = False
        for fewer in _subsets(training, harness.targets, harness.seed):
            if time.perf_counter() > end:
                break
            smaller = harness.restricted(fewer, queries)
            found = _differ(smaller, candidate)
            harness.model_seconds += smaller.model_seconds
            if found is not None:
                answers, index = found
                training, image = fewer, int(queries[index])
                shrinking = True
                break
    return _witness(harness, answers, index, image, training)


def _differ(
    harness: Harness, candidate: Candidate
) -> tuple[tuple[Predictions, Predictions], int] | None:
    """Return both answers and the index of a query that is answered differently, if any."""
    try:
        plain = harness.plain_predictions(candidate)
        rows = harness.encrypted_vectors(harness.key)
        encrypted = harness.fit_and_predict(candidate, rows, seed=harness.seed)
    except ModelError:
        return None
    index = compare(plain, encrypted, tolerance=harness.tolerance).first_different
    return None if index < 0 else ((plain, encrypted), index)


def _subsets(
    training: NDArray[np.int64], targets: NDArray[np.generic] | None, seed: int
) -> Iterator[NDArray[np.int64]]:
    """Yield smaller training sets: halves, or all but one image where there are few."""
    if len(training) <= FEW:
        for i in range(len(training)):
            yield from _usable(np.delete(training, i), targets)
        return
    shuffled = np.random.default_rng(seed + len(training)).permutation(training)
    half = len(shuffled) // 2
    for part in (shuffled[:half], shuffled[half:], shuffled[: 3 * half // 2]):
        yield from _usable(np.sort(part), targets)


def _usable(
    training: NDArray[np.int64], targets: NDArray[np.generic] | None
) -> Iterator[NDArray[np.int64]]:
    """Yield the images if something can be learnt from them."""
    if len(training) and (targets is None or len(np.unique(targets[training], axis=0)) > 1):
        yield training


def _witness(
    harness: Harness, answers: tuple[Predictions, Predictions], index: int, image: int,
    training: NDArray[np.int64],
) -> AuditWitness:  # fmt: skip
    """Return the query at an index of the answers, which is one of the images."""
    plain, encrypted = (
        _show(a.decisions if a.decisions is not None else a.values, index) for a in answers
    )
    return AuditWitness(
        query=image,
        image=harness.images[image],
        encrypted=harness.encrypt(harness.images[image], harness.key),
        plain_answer=plain,
        encrypted_answer=encrypted,
        margin=float(margins(answers[0])[index]),
        training=tuple(int(i) for i in training),
    )


def _show(answers: NDArray[np.generic] | None, index: int) -> str:
    """Return one answer as text, the first numbers of it if it is long."""
    if answers is None or index >= len(answers):
        return "?"
    entry = np.atleast_1d(answers[index]).ravel()
    text = ", ".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in entry[:4].tolist())
    return text if entry.size == 1 else f"[{text}{', ...' if entry.size > 4 else ''}]"
