"""A search for the choices, of those that the paper leaves open, that come nearest to its values.

A grid search over reductions, normalizations, score rules and kernel parameters. Inner products are
taken once for all SVMs, and SVMs are trained once for all score rules. What is found was fitted to
the paper on the splits of the search; only other splits can confirm it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from ranking import OWN_KEYS, Candidate, Trial, rank

from etcprops.experiments.choices import (
    NORMALIZATIONS,
    SCORE_RULES,
    SVM,
    Choices,
    Normalization,
)
from etcprops.experiments.rates import error_rates
from etcprops.experiments.reproduction import Stage, fingerprint, make_reduction
from etcprops.experiments.resumable import run_tasks
from etcprops.experiments.scenario import Client, Cloud, PlainClient
from etcprops.reductions import PAPER_RATIOS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from etcprops.datasets import ImageSet

    Scores = NDArray[np.float64]
    SVMs = tuple[SVM, ...]

REDUCTIONS: Final = (
    "random-pixels",
    "grid-sampling",
    "mean-pooling",
    "gaussian-projection",
    "sparse-projection",
    "exact",
    "gram-pca",
)

SVMS: Final = (
    *(SVM("linear", C=c) for c in (1e-5, 1e-4, 0.001, 0.01, 0.03, 0.05, 0.1, 0.3, 1.0, 10.0)),
    *(SVM("rbf", C=c, gamma=g) for g in (0.1, 0.3, 1.0, 3.0) for c in (0.1, 1.0, 10.0, 100.0)),
    *(
        SVM("rbf", C=c, gamma=g, gamma_rule="fixed")
        for g in (1e-5, 2e-5, 3e-5, 5e-5, 7e-5, 1e-4, 1.2e-4, 1.5e-4, 2e-4, 1e-3)
        for c in (0.1, 0.3, 1.0, 2.0, 3.0, 10.0, 100.0)
    ),
)
"""10 linear SVMs and 86 with RBF kernels, of which 16 have a gamma that follows the ratio."""

MAX_ITER: Final = 20_000
"""Steps that libsvm may take for one person's SVM: ten times as many as ordinary ones need.

z-scores of each client's own statistics leave people with a common mean, hard to tell apart by a
plane: linear SVMs with a C of 0.03 or more need hundreds of thousands then."""


def try_svms(
    data: ImageSet,
    choices: Choices,
    ratio: int,
    split: int,
    svms: tuple[SVM, ...] = SVMS,
) -> list[Trial]:
    """Return the trials of all SVMs and score rules for one part.

    Parameters
    ----------
    data : ImageSet
        The images and whose they are.
    choices : Choices
        Reduction, normalization, conditions and seed are used. Key condition 1 is none of a
        search: it has the plain column's values.
    ratio, split : int
        The part.
    svms : tuple of SVM, default=SVMS
        What to train.

    Returns
    -------
    list of Trial
        None of SVMs that do not converge within `MAX_ITER`.
    """
    stage = Stage(data, choices, ratio, split)

    resolution = 1 / int(np.count_nonzero(stage.genuine))

    def trials(
        cloud: Cloud, condition: str, own: list[Scores], impostors: list[Scores]
    ) -> Iterator[Trial]:
        rows = zip(cloud.trained, own, impostors, cloud.normal_lengths(), strict=True)
        for (svm, right, others, length), rule in product(rows, SCORE_RULES):
            unit = np.maximum(length, np.finfo(float).tiny) if rule == "distance" else 1.0
            if condition == "wrong":
                same = stage.genuine
                eer = error_rates((right / unit)[same], (others / unit)[same]).eer
            else:
                eer = stage.eer(right / unit, others / unit, rule)
            names = (choices.reduction, choices.normalization, rule)
            yield Trial(*names, svm, condition, ratio, split, eer, resolution)

    def ask(clients: list[Client]) -> tuple[Cloud, list[Scores]]:
        reduction = make_reduction(data, choices, ratio, split)
        normalization = choices.normalization
        cloud = Cloud(reduction, svms, normalization=normalization, max_iter=MAX_ITER)
        cloud.train([client.send(stage.training[client.name]) for client in clients])
        return cloud, cloud.test([client.send(stage.queries[client.name]) for client in clients])

    found: list[Trial] = []
    if "plain" in choices.conditions:
        cloud, plain = ask([PlainClient(p) for p in stage.people])
        found += trials(cloud, "plain", plain, plain)
    if set(choices.conditions) & set(OWN_KEYS):
        clients = [Client(p, stage.key(p)) for p in stage.people]
        cloud, own = ask(clients)
        found += trials(cloud, "own", own, own)
        if "stolen" in choices.conditions:
            found += trials(cloud, "stolen", own, stage.stolen(cloud, clients))
        if "wrong" in choices.conditions:
            found += trials(cloud, "wrong", own, stage.wrong(cloud))
    return found


def search(
    data: ImageSet,
    tries: Iterable[tuple[Choices, SVMs]],
    *,
    splits: int = 2,
    jobs: int = 1,
    folder: Path | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Trial]:
    """Try SVMs under several choices.

    Parameters
    ----------
    data : ImageSet
        The images and whose they are.
    tries : iterable of (Choices, tuple of SVM)
        Of choices, reduction, normalization, conditions and seed are used.
    splits : int, default=2
        How many random divisions into halves.
    jobs : int, default=1
        How many processes.
    folder : Path, optional
        Where finished parts are kept, so that an interrupted search goes on where it was.
    progress : callable, optional
        Called with the number of parts done, of all, and what was last.

    Returns
    -------
    list of Trial

    Raises
    ------
    InvalidParameterError
        If there is no such reduction.
    """

    def name(choices: Choices, svms: SVMs) -> str:
        settings = hashlib.sha256(repr((svms, MAX_ITER)).encode()).hexdigest()[:8]
        return f"search-{fingerprint(data, choices)}-{settings}"

    named = [(name(*one), *one) for one in tries]
    tasks = {
        f"{stem}-{ratio}-{split}.json": (data, choices, ratio, split, svms)
        for split in range(splits)
        for stem, choices, svms in named
        for ratio in PAPER_RATIOS
    }
    found = run_tasks(
        try_svms,
        tasks,
        dump=lambda trials: json.dumps([asdict(trial) for trial in trials]),
        load=_load,
        label=lambda _data, c, ratio, *_: f"{c.reduction}, {c.normalization}, 1/{ratio}",
        jobs=jobs,
        folder=folder,
        progress=progress,
    )
    return [trial for trials in found for trial in trials]


def _load(text: str, *_: object) -> list[Trial]:
    """Return trials that were written before."""
    entries = json.loads(text)
    return [Trial(**{**entry, "svm": SVM(**entry["svm"])}) for entry in entries]


def search_choices(
    data: ImageSet,
    choices: Choices,
    *,
    reductions: Iterable[str] = REDUCTIONS,
    normalizations: Iterable[Normalization] = NORMALIZATIONS,
    splits: int = 2,
    jobs: int = 1,
    folder: Path | None = None,
    svms: SVMs = SVMS,
    closest: int = 3,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Candidate]:
    """Rank reductions, normalizations, score rules and SVMs by their nearness to the paper.

    All are tried on plain images, since the distance is to the "not encrypted" columns. The closest
    SVMs of each reduction and normalization are tried with a key per client and all kinds of
    impostors then.

    Parameters
    ----------
    data : ImageSet
        The images and whose they are.
    choices : Choices
        Its seed is used.
    reductions, normalizations : iterable of str
        What is tried with each other.
    splits, jobs, folder, progress
        As in `search`.
    svms : tuple of SVM, default=SVMS
        What to train.
    closest : int, default=3
        How many SVMs of each kernel and score rule are tried under key condition 2.

    Returns
    -------
    list of Candidate
        The nearest first.
    """
    options: dict[str, Any] = {"splits": splits, "jobs": jobs, "folder": folder}
    fronts = list(product(normalizations, reductions))
    sets = [
        replace(choices, reduction=r, normalization=n, conditions=("plain",)) for n, r in fronts
    ]

    def half(number: int) -> Callable[[int, int, str], None] | None:
        """Report one of both halves as part of the whole."""
        if progress is None:
            return None
        label = ("plain", "own keys")[number]
        return lambda done, of, last: progress(number * of + done, 2 * of, f"{label}: {last}")

    tries = [(c, svms) for c in sets]
    trials = search(data, tries, **options, progress=half(0))
    ranked = rank(trials)
    again = []
    for c in sets:
        near = {
            candidate.svm
            for kernel, rule in product(("linear", "rbf"), SCORE_RULES)
            for candidate in [
                x
                for x in ranked
                if x.setting == (c.reduction, c.normalization, rule) and x.svm.kernel == kernel
            ][:closest]
        }
        ordered = tuple(svm for svm in svms if svm in near)
        again.append((replace(c, conditions=OWN_KEYS), ordered))
    return rank([*trials, *search(data, again, **options, progress=half(1))])
