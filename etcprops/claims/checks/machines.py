"""Claims about machines: results that are the same doubles wherever they are computed.

The fingerprint and the machines that this one can stand in for are in `etcprops.reproducibility`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Check, Claim, Observation
from etcprops.claims.references import IEEE_754, OGITA_AISHIMA_2018, OZAKI_2012, ZIV_1991
from etcprops.claims.terms import EvidenceKind, Outcome, PaperSays, Scope
from etcprops.datasets import load_digits_images
from etcprops.exact.statistics import PixelStatistics
from etcprops.reproducibility import shipped_fingerprint

SUMS = "inner products are added without rounding, as exact_gram does"
FUNCTIONS = "exponentials and tangents are correctly rounded, as ExactKernel's are"
VECTORS = "eigenvectors are rounded from what the matrix alone determines, as GramPCA's are"


def check_fingerprint_on_emulated_machines(implementation: Implementation) -> Observation:
    """Compare the fingerprints of this machine and of others it can stand in for with the shipped.

    That is this machine and the oldest; with ``--deep`` all of them.
    """
    shipped = shipped_fingerprint()
    differing = {
        name: there.differences(shipped)
        for name, there in implementation.fingerprints_taken.items()
    }
    bad = [f"{name}: {', '.join(parts)} differ" for name, parts in differing.items() if parts]
    if bad:
        return Observation(False, "; ".join(bad))
    about = f"SHA-256 {shipped.digest[:16]}... of {len(shipped.parts)} arrays of digits"
    return Observation(True, f"{about}, as shipped, on {', '.join(differing)}")


def _against_the_exact(
    implementation: Implementation, name: str, exact: NDArray[Any], ordinary: NDArray[Any]
) -> Observation:
    """Observe whether a library's values are the exact ones, and on which machines they differ.

    A machine with a better library gives the exact ones, so a difference is one between machines.
    """
    different = int(np.count_nonzero(exact != ordinary))
    taken = implementation.fingerprints_taken
    kinds = {there.controls.get(name) for there in taken.values()}
    seen = f"{len(kinds)} kinds of bits on {', '.join(taken)}"
    what = f"{name}: {different} of {exact.size} values are not the exact ones; {seen}"
    return Observation(different == 0 and len(kinds) == 1, what)


def _z_scores() -> NDArray[np.float64]:
    """Return z-scores of a sixth of the digits."""
    vectors = load_digits_images().images[::6].reshape(-1, 64)
    return PixelStatistics(vectors).z_score(vectors)


def check_products_by_blas(implementation: Implementation) -> Observation:
    """Compare inner products of z-scores of digits with those added without rounding."""
    from etcprops.exact.gram import exact_gram

    z = _z_scores()
    return _against_the_exact(
        implementation,
        "products by BLAS",
        exact_gram(z, slices=4),
        implementation.arithmetic.gram(z),
    )


def check_exponentials_by_numpy(implementation: Implementation) -> Observation:
    """Compare RBF kernels of digits with NumPy's exponential and the correctly rounded one."""
    from etcprops.exact import _elementary
    from etcprops.exact.distances import exact_squared_distances

    exact = exact_squared_distances(_z_scores()) / -64
    ordinary = implementation.arithmetic.exponential(exact)
    _elementary.exp(exact)
    return _against_the_exact(implementation, "exponentials by NumPy", exact, ordinary)


def check_eigenvectors_by_lapack(implementation: Implementation) -> Observation:
    """Compare LAPACK's leading eigenvectors of a Gram matrix of digits with the rounded ones."""
    from etcprops.exact._eigenpairs import eigenpairs
    from etcprops.exact.gram import exact_gram

    matrix = exact_gram(_z_scores())
    _, exact = eigenpairs(matrix, 5)
    ordinary = implementation.arithmetic.eigenvectors(matrix)[:, :-6:-1]
    largest = np.abs(ordinary).argmax(axis=0)
    ordinary = ordinary * np.sign(ordinary[largest, np.arange(5)])
    return _against_the_exact(implementation, "eigenvectors by LAPACK", exact, ordinary)


MACHINE_CLAIMS = (
    Claim(
        "same-on-every-machine",
        "z-scores, kernels and principal components are the same on every machine, to the last "
        "bit, and decision values and labels of SVMs on every x86-64 machine.",
        "the paper does not speak of it; what two parties compute need not agree otherwise",
        Outcome.HOLDS_IF,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_EVERYWHERE,
        hypotheses=(SUMS, FUNCTIONS, VECTORS),
        checks=(
            Check(
                check_fingerprint_on_emulated_machines,
                EvidenceKind.END_TO_END,
                ahead=Implementation.take_fingerprints,
            ),
            Check(check_products_by_blas, EvidenceKind.REFUTATION, without=SUMS),
            Check(check_exponentials_by_numpy, EvidenceKind.REFUTATION, without=FUNCTIONS),
            Check(check_eigenvectors_by_lapack, EvidenceKind.REFUTATION, without=VECTORS),
        ),
        note="Proof of all but support vector machines and trees: IEEE 754 rounds + - "
        "* / and square roots in one way, each is an operation of its own on arrays, and what is "
        "added in an order that the machine chooses is added without rounding. libsvm and the "
        "trees are other people's code: that they agree is seen, not proved. On arm64 libsvm's "
        "compiler fuses multiplications and additions: decision values differ in the last bits, "
        "and labels may where the exact decision value is zero.",
        references=(IEEE_754, OZAKI_2012, ZIV_1991, OGITA_AISHIMA_2018),
    ),
)
