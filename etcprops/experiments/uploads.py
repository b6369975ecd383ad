"""What the clients' uploads give away before any model is trained: an attack beside the EERs.

The cloud of the paper holds the training images of everybody, encrypted under one key (key
condition 1) or under a key per client (key condition 2). Here it looks at them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from etcprops._validation import as_integer
from etcprops.experiments.reproduction import Stage, fingerprint
from etcprops.experiments.resumable import run_tasks
from etcprops.reductions import PAPER_RATIOS
from etcprops.scheme.pixels import encrypt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from etcprops.datasets import ImageSet
    from etcprops.experiments.choices import Choices

MOST: Final = 32
"""Images under one key that are attacked: more make it no harder."""

COMMON: Final = "common"
"""The name of the key that everybody has under key condition 1."""


@dataclass(frozen=True)
class Exposure:
    """What the encrypted training images under one key gave away.

    Attributes
    ----------
    holder : str
        Whose key it is: "common", or a person's number.
    images : int
        How many images were attacked.
    recovered : bool
        Whether the attack says that it recovered the whole.
    right : float
        Share of blocks that are in their place and orientation, from 0 to 1.
    """

    holder: str
    images: int
    recovered: bool
    right: float


@dataclass(frozen=True)
class ExposureSummary:
    """The exposures of one key condition: keys, images under each, keys recovered, blocks right."""

    condition: str
    keys: int
    images: int
    recovered: int
    right: float


def attack_upload(data: ImageSet, choices: Choices, holder: str) -> Exposure:
    """Encrypt what the holder of a key sends for training in the first split, and attack it.

    Parameters
    ----------
    data : ImageSet
        The images and whose they are.
    choices : Choices
        Their seed determines split and keys.
    holder : str
        "common", or a person's number.

    Returns
    -------
    Exposure
    """
    from etcprops.attacks import attack, compare

    stage = Stage(data, choices, PAPER_RATIOS[0], 0)
    if holder == COMMON:
        everything = np.concatenate([stage.training[person] for person in stage.people])
        key = stage.key(COMMON)
    else:
        everything, key = stage.training[int(holder)], stage.key(int(holder))
    count = min(MOST, len(everything))
    plain = everything[np.linspace(0, len(everything) - 1, count).round().astype(np.int64)]
    found = attack(encrypt(plain, key), block=data.geometry.block)
    right = compare(found.images, plain, data.geometry).direct
    return Exposure(holder, count, found.recovered, right)


def run_attacks(
    data: ImageSet,
    choices: Choices,
    *,
    jobs: int = 1,
    folder: Path | None = None,
    fresh: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Exposure]:
    """Attack the common key, and then that of each client.

    Parameters
    ----------
    data, choices
        As for `attack_upload`.
    jobs, folder, fresh, progress
        As for `etcprops.experiments.reproduction.run`.

    Returns
    -------
    list of Exposure
    """
    name = fingerprint(data, choices)
    holders = [COMMON, *map(str, np.unique(data.labels).tolist())]
    return run_tasks(
        attack_upload,
        {f"{name}-attack-{holder}.json": (data, choices, holder) for holder in holders},
        dump=lambda exposure: json.dumps(asdict(exposure)),
        load=lambda text, *_: Exposure(**json.loads(text)),
        label=lambda _data, _choices, holder: f"key of {holder}",
        jobs=as_integer(jobs, "jobs", "run_attacks"),
        folder=folder,
        fresh=fresh,
        progress=progress,
    )


def summarise(exposures: Sequence[Exposure]) -> list[ExposureSummary]:
    """Return what came out under each key condition.

    Examples
    --------
    >>> own = [Exposure("1", 32, True, 1.0), Exposure("2", 32, False, 0.5)]
    >>> summarise([Exposure("common", 32, True, 1.0), *own])[1].right
    0.75
    """
    common = [exposure for exposure in exposures if exposure.holder == COMMON]
    own = [exposure for exposure in exposures if exposure.holder != COMMON]
    named: dict[str, list[Any]] = {
        "key condition 1, one key": common,
        "key condition 2, a key each": own,
    }
    return [
        ExposureSummary(
            condition,
            len(found),
            min(e.images for e in found),
            sum(e.recovered for e in found),
            float(np.mean([e.right for e in found])),
        )
        for condition, found in named.items()
        if found
    ]
