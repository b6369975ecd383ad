"""Section 4 of the paper: one part of it is one split at one reduction ratio.

What the paper leaves open is in `choices`. Parts are independent, so they run side by side, and an
interrupted run goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from etcprops import _documents
from etcprops._validation import as_integer, describe, nearest_name, reject
from etcprops.experiments.choices import Choices, ScoreRule
from etcprops.experiments.rates import ErrorRates, error_rates
from etcprops.experiments.resumable import run_tasks
from etcprops.experiments.scenario import Client, Cloud, PlainClient
from etcprops.reductions import PAPER_RATIOS, nearest_exact, reductions_to
from etcprops.scheme.keys import EtCKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from etcprops.datasets import ImageSet

FAR_GRID: Final = np.geomspace(1e-4, 1, 81)
"""Where curves are sampled for the figures."""

SHARES: Final = np.linspace(0, 1, 101)
"""The shares of claims whose quantiles of scores are kept: the lowest score to the highest."""

PART_VERSION: Final = 3
"""Of the files in which parts are kept; others are run again."""


@dataclass(frozen=True)
class Part:
    """One split at one ratio.

    Attributes
    ----------
    ratio, split, dimension : int
        Which part it is, and the number of features after the reduction.
    genuine : int
        How many claims are true: an EER below one over them is no error of a whole query.
    eer : dict
        From condition to kernel to EER.
    accepted : dict
        From kernel to the shares accepted under key condition 2 at its EER threshold: of the right
        person with the right key, of others with their own key, with a stolen key, and of the
        right person with a wrong key.
    identical : dict
        From kernel to whether all scores under key condition 1 have the bits of the plain ones,
        and whether all decisions at the EER threshold are the same.
    curves : dict
        From condition to kernel to FRR at `FAR_GRID`.
    scores : dict
        From kernel to the quantiles, at `SHARES`, of the scores of the four cases of `accepted`.
    thresholds : dict
        From kernel to the EER threshold of key condition 2; None if it accepts nobody.
    """

    ratio: int
    split: int
    dimension: int
    genuine: int
    eer: dict[str, dict[str, float]]
    accepted: dict[str, dict[str, float]] = field(default_factory=dict)
    identical: dict[str, dict[str, bool]] = field(default_factory=dict)
    curves: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    scores: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    thresholds: dict[str, float | None] = field(default_factory=dict)


def make_reduction(data: ImageSet, choices: Choices, ratio: int, split: int) -> Any:
    """Return the reduction of a part; random ones are drawn anew for each split.

    Parameters
    ----------
    data : ImageSet
        Its geometry is used.
    choices : Choices
        Its name for the reduction.
    ratio, split : int
        The part.

    Returns
    -------
    transformer

    Raises
    ------
    InvalidParameterError
        If there is no such reduction to this dimension.
    """
    if choices.reduction == "exact":
        return nearest_exact(data.geometry, ratio)
    dimension = max(1, data.geometry.n_pixels // ratio)
    seed = 1000 * choices.seed + split
    found = reductions_to(data.geometry, dimension, seed=seed)
    if choices.reduction not in found:
        wanted = f"be 'exact' or one of {', '.join(found)} for 1/{ratio}"
        got = describe(choices.reduction) + nearest_name(choices.reduction, found)
        reject("reduction", "Choices", wanted, got)
    return found[choices.reduction]


def run_part(data: ImageSet, choices: Choices, ratio: int, split: int) -> Part:
    """Run one split at one ratio under all conditions.

    Parameters
    ----------
    data : ImageSet
        The images and whose they are.
    choices : Choices
        What the paper leaves open.
    ratio : int
        The reduction ratio's denominator.
    split : int
        Number of the split.

    Returns
    -------
    Part

    Raises
    ------
    InvalidParameterError
        If plain images are not among the conditions.
    """
    if "plain" not in choices.conditions:
        wanted = "have 'plain' among its conditions"
        reject("choices", "run_part", wanted, describe(choices.conditions))
    return Stage(data, choices, ratio, split).part()


class Stage:
    """The data of one part, divided among people, and who sends what.

    Parameters
    ----------
    data : ImageSet
        The images and whose they are.
    choices : Choices
        What the paper leaves open.
    ratio, split : int
        The part.
    """

    def __init__(self, data: ImageSet, choices: Choices, ratio: int, split: int) -> None:
        self.data, self.choices, self.ratio, self.split = data, choices, ratio, split
        training, queries = data.half_split(1000 * choices.seed + split)
        self.people = [int(person) for person in np.unique(data.labels)]
        self.training = {p: data.images[training[data.labels[training] == p]] for p in self.people}
        self.queries = {p: data.images[queries[data.labels[queries] == p]] for p in self.people}
        owners = np.repeat(self.people, [len(self.queries[p]) for p in self.people])
        self.genuine = owners[:, None] == np.array(self.people)

    def key(self, name: object) -> EtCKey:
        """Return the key of a name in this split."""
        secret = f"reproduction/{self.choices.seed}/{self.split}/{name}"
        return EtCKey.from_secret(self.data.geometry, secret)

    def cloud(self, clients: list[Client]) -> tuple[Cloud, list[NDArray[np.float64]]]:
        """Return a cloud that these clients have trained, and its scores of all their queries."""
        choices = self.choices
        reduction = make_reduction(self.data, choices, self.ratio, self.split)
        cloud = Cloud(reduction, choices.svms, normalization=choices.normalization)
        cloud.train([client.send(self.training[client.name]) for client in clients])
        scores = cloud.test([client.send(self.queries[client.name]) for client in clients])
        return cloud, self._divided(cloud, scores)

    def eer(
        self, scores: NDArray[np.float64], impostors: NDArray[np.float64], rule: ScoreRule
    ) -> float:
        """Return the EER of genuine scores against the impostors', by a score rule."""
        if rule != "per-person":
            return self.rates(scores, impostors).eer
        columns = zip(scores.T, impostors.T, self.genuine.T, strict=True)
        return float(np.mean([error_rates(s[own], i[~own]).eer for s, i, own in columns]))

    def rates(self, scores: NDArray[np.float64], impostors: NDArray[np.float64]) -> ErrorRates:
        """Return the errors with one threshold for everybody."""
        return error_rates(scores[self.genuine], impostors[~self.genuine])

    def part(self) -> Part:
        """Run the conditions one after the other."""
        conditions = self.choices.conditions
        cloud, plain = self.cloud([PlainClient(p) for p in self.people])
        genuine = int(np.count_nonzero(self.genuine))
        part = Part(self.ratio, self.split, cloud.n_features, genuine, {})
        self._note(part, "plain", plain, plain)
        if "common" in conditions:
            key = self.key("common")
            common = self.cloud([Client(p, key) for p in self.people])[1]
            self._note(part, "common", common, common)
            for svm, before, after in zip(self.choices.svms, plain, common, strict=True):
                thresholds = [self.rates(s, s).eer_threshold for s in (before, after)]
                part.identical[svm.kernel] = {
                    "scores": bool(np.array_equal(before, after)),
                    "decisions": bool(
                        np.array_equal(before >= thresholds[0], after >= thresholds[1])
                    ),
                }
        if {"own", "stolen", "wrong"} & set(conditions):
            self._own_keys(part)
        return part

    def _own_keys(self, part: Part) -> None:
        """Key condition 2 with each kind of impostor."""
        clients = [Client(p, self.key(p)) for p in self.people]
        cloud, own = self.cloud(clients)
        self._note(part, "own", own, own)
        claims = {}
        if "stolen" in self.choices.conditions:
            claims["stolen"] = self._divided(cloud, self.stolen(cloud, clients))
            self._note(part, "stolen", own, claims["stolen"])
        if "wrong" in self.choices.conditions:
            claims["wrong"] = self._divided(cloud, self.wrong(cloud))
        others = ~self.genuine
        for index, svm in enumerate(self.choices.svms):
            right = own[index][self.genuine]
            cases = {"right person, right key": right, "other person, own key": own[index][others]}
            if "stolen" in claims:
                cases["other person, stolen key"] = claims["stolen"][index][others]
            if "wrong" in claims:
                wrong = claims["wrong"][index][self.genuine]
                cases["right person, wrong key"] = wrong
                part.eer.setdefault("wrong", {})[svm.kernel] = error_rates(right, wrong).eer
            rates = self.rates(own[index], own[index])
            threshold = rates.eer_threshold
            part.thresholds[svm.kernel] = threshold if np.isfinite(threshold) else None
            part.accepted[svm.kernel] = {
                case: rates.share_accepted(scores) for case, scores in cases.items()
            }
            part.scores[svm.kernel] = {
                case: [float(f"{value:.6g}") for value in np.quantile(scores, SHARES)]
                for case, scores in cases.items()
            }

    def stolen(self, cloud: Cloud, clients: list[Client]) -> list[NDArray[np.float64]]:
        """Return, for each SVM, scores of everybody's queries under the claimed client's key.

        Column `j` is what client `j`'s SVM says of queries under client `j`'s key.
        """
        everything = np.concatenate([self.queries[p] for p in self.people])
        return _by_svm([cloud.authenticate(c.send(everything)) for c in clients])

    def wrong(self, cloud: Cloud) -> list[NDArray[np.float64]]:
        """Return, for each SVM, scores of each person's queries under a key nobody has used.

        Only genuine entries are numbers: the rest is NaN.
        """
        columns = []
        for index, person in enumerate(self.people):
            client = Client(person, self.key(f"{person}, a new key"))
            column = []
            for found in cloud.authenticate(client.send(self.queries[person])):
                values = np.full(len(self.genuine), np.nan)
                values[self.genuine[:, index]] = found
                column.append(values)
            columns.append(column)
        return _by_svm(columns)

    def _divided(
        self, cloud: Cloud, scores: list[NDArray[np.float64]]
    ) -> list[NDArray[np.float64]]:
        """Return scores as the score rule wants them."""
        if self.choices.score != "distance":
            return scores
        return [s / n for s, n in zip(scores, cloud.normal_lengths(), strict=True)]

    def _note(
        self,
        part: Part,
        condition: str,
        scores: list[NDArray[np.float64]],
        impostors: list[NDArray[np.float64]],
    ) -> None:
        """Write EER and curve of a condition down, for both kernels."""
        for svm, own, others in zip(self.choices.svms, scores, impostors, strict=True):
            part.eer.setdefault(condition, {})[svm.kernel] = self.eer(
                own, others, self.choices.score
            )
            rates = self.rates(own, others)
            curve = np.interp(FAR_GRID, rates.far, rates.frr)
            rounded = [round(float(value), 6) for value in curve]
            part.curves.setdefault(condition, {})[svm.kernel] = rounded


def _by_svm(columns: list[list[NDArray[np.float64]]]) -> list[NDArray[np.float64]]:
    """Return for each SVM the scores of all claims, a column a person."""
    return [np.stack(column, axis=1) for column in zip(*columns, strict=True)]


def fingerprint(data: ImageSet, choices: Choices) -> str:
    """Return a short name for what a part depends on, besides ratio and split."""
    digest = hashlib.sha256(json.dumps([data.name, choices.to_dict()], sort_keys=True).encode())
    digest.update(np.ascontiguousarray(data.images).data)
    digest.update(data.labels.tobytes())
    return digest.hexdigest()[:16]


def run(
    data: ImageSet,
    choices: Choices,
    *,
    ratios: Iterable[int] = PAPER_RATIOS,
    splits: int = 1,
    jobs: int = 1,
    folder: Path | None = None,
    fresh: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Part]:
    """Run all parts, those that are already in a folder excepted.

    Parameters
    ----------
    data : ImageSet
        The images and whose they are.
    choices : Choices
        What the paper leaves open.
    ratios : iterable of int, default=PAPER_RATIOS
        Denominators.
    splits : int, default=1
        How many random divisions into halves.
    jobs : int, default=1
        How many processes.
    folder : Path, optional
        Where finished parts are kept, so that an interrupted run goes on where it was.
    fresh : bool, default=False
        Whether to run again what is there.
    progress : callable, optional
        Called with the number of parts done, of all, and what was last.

    Returns
    -------
    list of Part
        By split, then by ratio.
    """
    name = fingerprint(data, choices)
    tasks = {
        f"{name}-{ratio}-{split}.json": (data, choices, ratio, split)
        for split in range(as_integer(splits, "splits", "run"))
        for ratio in ratios
    }
    return run_tasks(
        run_part,
        tasks,
        dump=lambda part: json.dumps({"version": PART_VERSION, "part": asdict(part)}),
        load=_load,
        label=lambda _data, _choices, ratio, split: f"split {split}, 1/{ratio}",
        jobs=as_integer(jobs, "jobs", "run"),
        folder=folder,
        fresh=fresh,
        progress=progress,
    )


def _load(text: str, _data: ImageSet, _choices: Choices, ratio: int, split: int) -> Part:
    """Return a part that was written before; a ValueError if it is another's."""
    document = _documents.parse(text)
    part = Part(**document["part"])
    if (document.get("version"), part.ratio, part.split) != (PART_VERSION, ratio, split):
        raise ValueError(text)
    return part
