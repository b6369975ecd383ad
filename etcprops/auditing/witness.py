"""The smallest witness: a query answered differently after training on as few images as can be."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from etcprops.auditing.answers import Answers, ModelError
from etcprops.auditing.bench import Bench, Candidate
from etcprops.auditing.comparison import compare, margins
from etcprops.auditing.verdict import Witness

FEW = 12
"""Training images from which on each is tried alone."""


def smallest_witness(
    bench: Bench, candidate: Candidate, plain: Answers, encrypted: Answers, *, budget: float
) -> Witness | None:
    """Return a query that is answered differently, with few training images.

    The training images are halved as long as some query is still answered differently, and at the
    end left out one by one. What is left is small, not proved to be the smallest of all.

    Parameters
    ----------
    bench : Bench
        The images.
    candidate : Candidate
        The model.
    plain, encrypted : Answers
        That differ, of all folds.
    budget : float
        Seconds, after which the witness is returned as it is.

    Returns
    -------
    Witness or None
        None if no single query differs.
    """
    comparison = compare(plain, encrypted, tolerance=bench.tolerance)
    place = comparison.first_different
    if place < 0:
        return None
    asked = 0 if plain.of_training else 1
    owners = np.concatenate([fold[asked] for fold in bench.folds])
    if place >= len(owners):
        return None
    image = int(owners[place])
    training = next(fold[0] for fold in bench.folds if image in fold[asked])
    if plain.of_training or "up to" in comparison.relation:
        return _witness(bench, (plain, encrypted), place, image, training)
    end = time.perf_counter() + budget
    queries = next(fold[1] for fold in bench.folds if image in fold[1])
    answers = plain, encrypted
    shrinking = True
    while shrinking and time.perf_counter() < end:
        shrinking = False
        for fewer in _subsets(training, bench.targets, bench.seed):
            if time.perf_counter() > end:
                break
            smaller = bench.restricted(fewer, queries)
            found = _differ(smaller, candidate)
            bench.model_seconds += smaller.model_seconds
            if found is not None:
                answers, place = found
                training, image = fewer, int(queries[place])
                shrinking = True
                break
    return _witness(bench, answers, place, image, training)


def _differ(bench: Bench, candidate: Candidate) -> tuple[tuple[Answers, Answers], int] | None:
    """Return both answers and the place of a query that is answered differently, if any."""
    try:
        plain = bench.plain_answers(candidate)
        rows = bench.encrypted_vectors(bench.key)
        encrypted = bench.answers(candidate, rows, seed=bench.seed)
    except ModelError:
        return None
    place = compare(plain, encrypted, tolerance=bench.tolerance).first_different
    return None if place < 0 else ((plain, encrypted), place)


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
    bench: Bench, answers: tuple[Answers, Answers], place: int, image: int,
    training: NDArray[np.int64],
) -> Witness:  # fmt: skip
    """Return the query at a place of the answers, which is one of the images."""
    plain, encrypted = (
        _show(a.decisions if a.decisions is not None else a.values, place) for a in answers
    )
    return Witness(
        query=image,
        image=bench.images[image],
        encrypted=bench.encrypt(bench.images[image], bench.key),
        plain_answer=plain,
        encrypted_answer=encrypted,
        margin=float(margins(answers[0])[place]),
        training=tuple(int(i) for i in training),
    )


def _show(answers: NDArray[np.generic] | None, place: int) -> str:
    """Return one answer as text, the first numbers of it if it is long."""
    if answers is None or place >= len(answers):
        return "?"
    entry = np.atleast_1d(answers[place]).ravel()
    text = ", ".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in entry[:4].tolist())
    return text if entry.size == 1 else f"[{text}{', ...' if entry.size > 4 else ''}]"
