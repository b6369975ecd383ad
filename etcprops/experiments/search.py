"""A search for the choices, of those that the paper leaves open, that come nearest to its values.

A grid over reductions, normalisations, score rules and kernel parameters. Inner products are taken
once for all machines, and machines are trained once for all score rules.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from etcprops.experiments.choices import RATIOS, SCORE_RULES, Choices
from etcprops.experiments.machines import Machine
from etcprops.experiments.paper import PAPER_EER
from etcprops.experiments.rates import error_rates
from etcprops.experiments.reproduction import (
    Stage,
    fingerprint,
    make_reduction,
    write_whole,
)
from etcprops.experiments.scenario import Client, Cloud, PlainClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from etcprops.experiments.datasets import ImageSet

PENALTIES: Final = (0.1, 1.0, 10.0, 100.0)

MACHINES: Final = (
    *(Machine("linear", C=c) for c in (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)),
    *(Machine("rbf", C=c, gamma=g) for g in (0.1, 0.3, 1.0, 3.0) for c in PENALTIES),
    *(
        Machine("rbf", C=c, gamma=g, gamma_rule="fixed")
        for g in (2e-5, 3e-5, 4.5e-5, 7e-5, 1e-4, 1.5e-4)
        for c in PENALTIES
    ),
)
"""7 linear machines and 40 with RBF kernels, of which 16 have a gamma that follows the ratio."""


@dataclass(frozen=True)
class Trial:
    """One machine under one set of choices, one split and one ratio.

    Attributes
    ----------
    reduction, normalization, score : str
        As in `Choices`.
    machine : Machine
        Kernel and parameters.
    condition : str
        ``"plain"``, or key condition 2 with ``"own"`` keys or the right person's ``"wrong"`` key.
    ratio, split : int
        The part.
    eer : float
        What came out.
    """

    reduction: str
    normalization: str
    score: str
    machine: Machine
    condition: str
    ratio: int
    split: int
    eer: float


@dataclass(frozen=True)
class Candidate:
    """A set of choices for one kernel, with its EERs averaged over splits.

    Attributes
    ----------
    reduction, normalization, score : str
        As in `Choices`.
    machine : Machine
        Kernel and parameters.
    eer : dict
        From condition to ratio to mean EER.
    distance : float
        Root mean square of ``log(EER / paper's EER)`` over the paper's "not encrypted" column:
        0.1 means that they differ by 10 % typically.
    """

    reduction: str
    normalization: str
    score: str
    machine: Machine
    eer: dict[str, dict[int, float]]
    distance: float

    @property
    def encrypted_not_above(self) -> int:
        """At how many ratios the own-key EER is not above the paper's "encrypted" column."""
        paper = PAPER_EER[self.machine.kernel, "own"]
        return sum(self.eer["own"][ratio] <= value for ratio, value in paper.items())


def try_machines(
    data: ImageSet,
    choices: Choices,
    ratio: int,
    split: int,
    machines: tuple[Machine, ...] = MACHINES,
) -> list[Trial]:
    """Return the trials of all machines and score rules for one part.

    Parameters
    ----------
    data : ImageSet
        The images and whose they are.
    choices : Choices
        Reduction, normalisation and seed are used.
    ratio, split : int
        The part.
    machines : tuple of Machine, default=MACHINES
        What to train.

    Returns
    -------
    list of Trial
    """
    stage = Stage(data, choices, ratio, split)
    trials: list[Trial] = []
    for condition in ("plain", "own"):
        clients: list[Client] = (
            [PlainClient(p) for p in stage.people]
            if condition == "plain"
            else [Client(p, stage.key(p)) for p in stage.people]
        )
        reduction = make_reduction(data, choices, ratio, split)
        cloud = Cloud(reduction, machines, normalization=choices.normalization)
        cloud.train([client.send(stage.training[client.name]) for client in clients])
        scores = cloud.test([client.send(stage.queries[client.name]) for client in clients])
        wrong = stage.wrong(cloud) if condition == "own" else scores
        lengths = cloud.normal_lengths()
        for machine, own, other, length in zip(machines, scores, wrong, lengths, strict=True):
            for rule in SCORE_RULES:
                unit = np.maximum(length, np.finfo(float).tiny) if rule == "distance" else 1.0
                trial = Trial(
                    choices.reduction,
                    choices.normalization,
                    rule,
                    machine,
                    condition,
                    ratio,
                    split,
                    stage.eer(own / unit, own / unit, rule),
                )
                trials.append(trial)
                if condition == "own":
                    right, new = (own / unit)[stage.genuine], (other / unit)[stage.genuine]
                    rate = error_rates(right, new).eer
                    trials.append(replace(trial, condition="wrong", eer=rate))
    return trials


def search(
    data: ImageSet,
    choices: Iterable[Choices],
    *,
    splits: int = 2,
    jobs: int = 1,
    folder: Path | None = None,
    machines: tuple[Machine, ...] = MACHINES,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Trial]:
    """Try all machines for several choices of reduction and normalisation.

    Parameters
    ----------
    data : ImageSet
        The images and whose they are.
    choices : iterable of Choices
        Reduction, normalisation and seed of each are used.
    splits : int, default=2
        How many random divisions into halves.
    jobs : int, default=1
        How many processes.
    folder : Path, optional
        Where finished parts are kept, so that an interrupted search goes on where it was.
    machines : tuple of Machine, default=MACHINES
        What to train.
    progress : callable, optional
        Called with the number of parts done, of all, and what was last.

    Returns
    -------
    list of Trial
    """
    from joblib import Parallel, delayed

    sets = list(choices)
    wanted = [(c, r, s) for s in range(splits) for c in sets for r in RATIOS]
    grid = hashlib.sha256(repr(machines).encode()).hexdigest()[:8]
    names = {c: f"{fingerprint(data, c)}-{grid}" for c in {c for c, _, _ in wanted}}

    def path(place: tuple[Choices, int, int]) -> Path | None:
        c, ratio, split = place
        return None if folder is None else folder / f"search-{names[c]}-{ratio}-{split}.json"

    def one(place: tuple[Choices, int, int]) -> tuple[tuple[Choices, int, int], list[Trial]]:
        return place, try_machines(data, *place, machines)

    found: list[Trial] = []
    missing = []
    for place in wanted:
        file = path(place)
        if file is not None and file.is_file():
            found += [_trial(entry) for entry in json.loads(file.read_text(encoding="utf-8"))]
        else:
            missing.append(place)
    workers = min(jobs, len(missing) or 1)
    with Parallel(n_jobs=workers, return_as="generator_unordered") as parallel:
        for done, (place, trials) in enumerate(parallel(delayed(one)(p) for p in missing), start=1):
            file = path(place)
            if file is not None:
                write_whole(file, json.dumps([asdict(trial) for trial in trials]))
            found += trials
            if progress is not None:
                label = f"{place[0].reduction}, 1/{place[1]}"
                progress(len(wanted) - len(missing) + done, len(wanted), label)
    return found


def _trial(entry: dict[str, Any]) -> Trial:
    return Trial(**{**entry, "machine": Machine(**entry["machine"])})


def rank(trials: Iterable[Trial]) -> list[Candidate]:
    """Return all candidates with the paper's ratios, the nearest first.

    Parameters
    ----------
    trials : iterable of Trial
        From `search`.

    Returns
    -------
    list of Candidate
    """
    values: dict[Any, dict[tuple[str, int], list[float]]] = defaultdict(lambda: defaultdict(list))
    for t in trials:
        key = (t.reduction, t.normalization, t.score, t.machine)
        values[key][t.condition, t.ratio].append(t.eer)
    candidates = []
    for (reduction, normalization, score, machine), cells in values.items():
        eer: dict[str, dict[int, float]] = defaultdict(dict)
        for (condition, ratio), rates in cells.items():
            eer[condition][ratio] = float(np.mean(rates))
        paper = PAPER_EER[machine.kernel, "plain"]
        if set(paper) <= set(eer["plain"]):
            squares = [log_ratio(eer["plain"][r], value) ** 2 for r, value in paper.items()]
            distance = math.sqrt(np.mean(squares))
            candidates.append(
                Candidate(reduction, normalization, score, machine, dict(eer), distance)
            )
    return sorted(candidates, key=lambda candidate: candidate.distance)


def ranking_csv(candidates: Iterable[Candidate]) -> str:
    """Return one line a candidate: choices, distance, EERs of the "not encrypted" column."""
    heads = "reduction,normalization,score,kernel,C,gamma,gamma_rule,distance,encrypted_not_above"
    lines = [",".join([heads, *(f"plain_{ratio}" for ratio in RATIOS)])]
    for c in candidates:
        m = c.machine
        wide = (m.gamma, m.gamma_rule) if m.kernel == "rbf" else ("", "")
        row = (c.reduction, c.normalization, c.score, m.kernel, m.C, *wide, c.distance)
        rates = (c.eer["plain"][ratio] for ratio in RATIOS)
        lines.append(",".join(map(str, (*row, c.encrypted_not_above, *rates))))
    return "\n".join(lines) + "\n"


def log_ratio(found: float, paper: float) -> float:
    """Return ``log(found / paper)``; an EER of zero counts as one of 1e-5, below any of a count."""
    return math.log(max(found, 1e-5) / paper)
