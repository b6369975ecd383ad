"""What the clients' uploads give away before any model is trained: an attack beside the EERs.

The cloud of the paper holds the training images of everybody, encrypted under one key (key
condition 1) or under a key per client (key condition 2). Here it looks at them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from etcprops import _documents
from etcprops._validation import as_integer
from etcprops.attacks.exposure import Exposure, expose
from etcprops.experiments.reproduction import Stage, fingerprint
from etcprops.experiments.resumable import run_tasks
from etcprops.reductions import PAPER_RATIOS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from etcprops.datasets import ImageSet
    from etcprops.experiments.choices import Choices

UPLOAD_VERSION: Final = 1
"""Of the kept results; to be raised when the attack finds something else."""

COMMON: Final = "common"
"""The name of the key that everybody has under key condition 1."""


@dataclass(frozen=True)
class Upload(Exposure):
    """What the encrypted training images under one key gave away.

    Attributes
    ----------
    holder : str
        Whose key it is: "common", or a person's number.
    """

    holder: str


@dataclass(frozen=True)
class ExposureSummary:
    """The exposures of one key condition: keys, images under each, keys recovered, blocks right."""

    condition: str
    keys: int
    images: int
    recovered: int
    right: float


def attack_upload(data: ImageSet, choices: Choices, holder: str) -> Upload:
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
    Upload
    """
    stage = Stage(data, choices, PAPER_RATIOS[0], 0)
    if holder == COMMON:
        everything = np.concatenate([stage.training[person] for person in stage.people])
        key = stage.key(COMMON)
    else:
        everything, key = stage.training[int(holder)], stage.key(int(holder))
    return Upload(**asdict(expose(everything, key)), holder=holder)


def run_attacks(
    data: ImageSet,
    choices: Choices,
    *,
    jobs: int = 1,
    folder: Path | None = None,
    fresh: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Upload]:
    """Attack the common key, and then that of each client.

    Parameters
    ----------
    data, choices
        As for `attack_upload`.
    jobs, folder, fresh, progress
        As for `etcprops.experiments.reproduction.run`.

    Returns
    -------
    list of Upload
    """
    name = fingerprint(data, choices)
    holders = [COMMON, *map(str, np.unique(data.labels).tolist())]
    return run_tasks(
        attack_upload,
        {f"{name}-attack-{holder}.json": (data, choices, holder) for holder in holders},
        dump=lambda upload: json.dumps({"version": UPLOAD_VERSION, "upload": asdict(upload)}),
        load=_load,
        label=lambda _data, _choices, holder: f"key of {holder}",
        jobs=as_integer(jobs, "jobs", "run_attacks"),
        folder=folder,
        fresh=fresh,
        progress=progress,
    )


def _load(text: str, _data: ImageSet, _choices: Choices, holder: str) -> Upload:
    """Return what was kept; a ValueError if it is another's, or of another attack."""
    document = _documents.parse(text)
    upload = Upload(**document["upload"])
    if (document.get("version"), upload.holder) != (UPLOAD_VERSION, holder):
        raise ValueError(text)
    return upload


def summarise(uploads: Sequence[Upload]) -> list[ExposureSummary]:
    """Return what came out under each key condition.

    Examples
    --------
    >>> own = [Upload(32, True, 1.0, "1"), Upload(32, False, 0.5, "2")]
    >>> summarise([Upload(32, True, 1.0, "common"), *own])[1].right
    0.75
    """
    common = [upload for upload in uploads if upload.holder == COMMON]
    own = [upload for upload in uploads if upload.holder != COMMON]
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
