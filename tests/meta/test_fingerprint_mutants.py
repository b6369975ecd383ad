"""Mutation testing: what differs between machines must show in the fingerprint of some machine.

The defects are put in place in new processes, as this machine and as the oldest that it can stand
in for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from scipy.linalg import eigh

from etcprops.exact import _elementary, kernels
from etcprops.reductions import gram_pca
from etcprops.reproducibility import Fingerprint, Machine, oldest_machine
from etcprops.reproducibility.fingerprints import fingerprint_of_some

Patch = Callable[..., None]


def numpys_exponential(patch: Patch) -> None:
    patch(_elementary, "exp", lambda values: np.exp(values, out=values))


def numpys_tangent(patch: Patch) -> None:
    patch(_elementary, "tanh", lambda values: np.tanh(values, out=values))


def gamma_of_the_variance_of_all_entries(patch: Patch) -> None:
    patch(kernels, "scale_gamma", lambda X: 1.0 / (X.shape[1] * X.var()))


def lapacks_eigenvectors(patch: Patch) -> None:
    def eigenpairs(matrix: Any, count: int, above: float) -> tuple[Any, Any]:
        values, vectors = eigh(matrix)
        kept = min(count, int((values > above).sum()))
        return values[: -kept - 1 : -1], vectors[:, : -kept - 1 : -1]

    patch(gram_pca, "eigenpairs", eigenpairs)


def sums_by_blas(patch: Patch) -> None:
    patch(kernels, "exact_gram", lambda X, Y=None, **_: X @ (X if Y is None else Y).T)


# What each changes, and what ordinary libraries compute in the same way.
DEFECTS = {
    numpys_exponential: ("rbf kernel", "exponentials by NumPy"),
    numpys_tangent: ("sigmoid kernel", "exponentials by NumPy"),
    gamma_of_the_variance_of_all_entries: ("poly kernel of queries", "products by BLAS"),
    lapacks_eigenvectors: ("principal components", "eigenvectors by LAPACK"),
    sums_by_blas: ("linear kernel", "products by BLAS"),
}


def main() -> None:
    """Print the fingerprints of a twelfth of the digits: as it should be, then with each defect."""
    taken = [fingerprint_of_some(12, lambda *_: None).to_json()]
    for defect in DEFECTS:
        with pytest.MonkeyPatch.context() as patch:
            defect(patch.setattr)
            taken.append(fingerprint_of_some(12, lambda *_: None).to_json())
    print(json.dumps(taken))  # noqa: T201


def taken_on(kind: Machine) -> list[Fingerprint]:
    """Return what a new process prints that stands in for a machine."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, __file__],
        env={**os.environ, "OMP_NUM_THREADS": "1", **kind.variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Fingerprint.from_json(text) for text in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def taken() -> tuple[list[Fingerprint], ...]:
    """Fingerprints without and with defects on this machine and on the oldest."""
    with ThreadPoolExecutor() as pool:
        return tuple(pool.map(taken_on, [Machine("this machine"), oldest_machine()]))


@pytest.mark.thorough
def test_without_a_defect_nothing_differs(taken: tuple[list[Fingerprint], ...]) -> None:
    assert taken[0][0].differences(taken[1][0]) == []


@pytest.mark.thorough
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_the_fingerprint_notices(defect: Patch, taken: tuple[list[Fingerprint], ...]) -> None:
    """On neither machine it is right; no value would do for both, or for plain and encrypted."""
    part, control = DEFECTS[defect]
    (right, *bad), (right_there, *bad_there) = taken
    number = list(DEFECTS).index(defect)
    here, there = bad[number], bad_there[number]
    assert part in here.differences(right)
    assert part in there.differences(right_there)
    if right.controls[control] == right_there.controls[control]:
        pytest.skip(f"{control}: the same bits on all machines that this one can stand in for")
    assert part in here.differences(there) or f"{part}, key 1" in here.parts


if __name__ == "__main__":
    main()
