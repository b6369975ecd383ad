"""Probes the functions of one package: ``python worker.py FOLDER PACKAGE OUT.json``.

It runs in a process of its own, with a home and a working directory to be thrown away and, where
the system allows it, without a network. The process may import what is in FOLDER.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import numpy as np
from facts import as_array, facts, number_of_maps
from numpy.typing import NDArray
from sources import SOURCES
from subjects import OF_REPOSITORIES, SUBJECTS, Subject

from etcprops import probe
from etcprops.probing import AffineMap, BitMap, LocalMap, PixelMap, ProbeReport
from etcprops.scheme.signed_permutation import SignedPermutation

BUDGET = 240
"""Seconds for the probe of one function: far more than any needs, on a machine that is not busy."""


def _as_it_is(given: Any = None, **_: Any) -> Any:
    """Stand in for what wraps what it is given: progress bars, tensors."""
    return MagicMock() if given is None else given


def let_import(folder: Path, package: str) -> None:
    """Make what a package consists of, and what it needs, importable here."""
    wanted = SOURCES[package]
    for name in (f"{package}/{wanted.inside}", *wanted.needs):
        sys.path.append(str(folder / name))
    for name in wanted.unused:
        module: Any = ModuleType(name)
        module.__getattr__ = lambda _: MagicMock()
        module.__path__ = []
        module.jit = lambda **_: lambda function: function  # the same function, compiled
        module.tqdm = module.from_numpy = _as_it_is
        module.__all__ = ["tqdm"]
        sys.modules[name] = module


def examine(subject: Subject) -> tuple[ProbeReport, dict[str, Any]]:
    """Return what the probe says of a function, and the row for it."""
    report = probe(subject.encrypt, subject.shape, keys=subject.keys, budget=BUDGET)
    return report, {
        "package": subject.package,
        "version": SOURCES[subject.package].version,
        "function": subject.name,
        "exact": sum(c.exact for c in report.consequences),
        "families": len(report.consequences),
        "lossless": lossless(report),
        "report": report.to_dict(),
    }


def lossless(report: ProbeReport) -> bool | None:
    """Return whether the map that was found can be undone; None if none was found."""
    match report.map:
        case None:
            return None
        case PixelMap() | BitMap():
            return not report.map.lost.size
        case AffineMap():
            return None if report.kept is None else report.kept.geometry != "lossy"
        case LocalMap():
            ordered = np.sort(report.map.table, axis=1)
            return bool(np.all(ordered[:, 1:] != ordered[:, :-1]))
        case _:
            return True


def compare(subject: Subject, report: ProbeReport) -> dict[str, Any]:
    """Return the facts under the key that the probe describes, or the error that they end with.

    The function is called here, not in a fork of its own: threads that it starts would keep the
    probe of the next one waiting, so all probes come first.
    """
    kinds = [verdict.kind for verdict in report.key_verdicts]
    keys = subject.keys[kinds.index(report.kind) :][:1] if report.kind in kinds else ()

    def encrypt(image: NDArray[np.uint8]) -> Any:
        return subject.encrypt(image, *keys)

    try:
        told = facts(encrypt, subject.shape)
        return told._asdict() | {
            "kind": told.kind,
            "maps": number_of_maps(subject.encrypt, subject.shape, subject.keys) if keys else None,
            "map": follows(report.map, encrypt, subject.shape),
        }
    except Exception as error:  # noqa: BLE001 - it is somebody else's
        return {"error": f"{type(error).__name__}: {error}"}


def follows(
    found: Any, encrypt: Callable[[NDArray[np.uint8]], Any], shape: tuple[int, ...]
) -> bool | None:
    """Tell whether a function does to an image what the map says; None if there is no map of it."""
    image = np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)
    match found:
        case SignedPermutation() | AffineMap():
            expected = found.apply(image.ravel())
        case PixelMap():
            expected = found.matrix() @ image.ravel().astype(np.int64) + found.offset
        case _:
            return None
    return np.array_equal(as_array(encrypt(image)).ravel(), expected)


def main() -> None:
    """Probe all functions of the package."""
    folder, package, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    let_import(folder, package)
    found: list[tuple[Subject, ProbeReport, dict[str, Any]]] = []
    broken: dict[str, str] = {}
    with contextlib.redirect_stdout(sys.stderr):
        chosen = [s for s in (*SUBJECTS, *OF_REPOSITORIES) if s.package == package]
        for subject in chosen:
            try:
                found.append((subject, *examine(subject)))
            except Exception as error:  # noqa: BLE001 - the others are worth knowing all the same
                broken[f"{package}, {subject.name}"] = f"{type(error).__name__}: {error}"
        rows = [row | {"facts": compare(subject, report)} for subject, report, row in found]
    out.write_text(json.dumps({"rows": rows, "broken": broken}), encoding="utf-8")


if __name__ == "__main__":
    main()
