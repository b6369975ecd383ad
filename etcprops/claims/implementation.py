"""What is put under test: an implementation of the encryption, a geometry, a key, images.

Checks see the implementation only through this object, so a broken one can be put in its place:
that is how the checks themselves are tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import reject
from etcprops.exact.gram import exact_gram
from etcprops.reproducibility import Fingerprint, Machine, fingerprints_of, machines
from etcprops.scheme import matrices, pixels
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import ALL, EtCKey, Step
from etcprops.theory import coq

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from etcprops.datasets import ImageSet
    from etcprops.exact._memory import Products

DEFAULT_GEOMETRY = BlockGeometry(192, 160, channels=3)
"""The paper's image size, in colour, so that all four steps take part."""

DEFAULT_SECRET = "etcprops verify"  # noqa: S105  # public: only so that runs repeat
"""The secret of the key under which checks run at full size."""

EXAMPLES, DEEP_EXAMPLES = 8, 2000
"""Cases that a search tries while somebody waits, and where time does not matter."""


def _z_score_in_floats(X: NDArray[Any]) -> NDArray[np.float64]:
    from sklearn.preprocessing import StandardScaler

    return np.asarray(StandardScaler().fit_transform(X))


def _exact_gram(z: NDArray[np.float64], slices: int) -> NDArray[np.float64]:
    return exact_gram(z, slices=slices)


def _eigenvectors(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.eigh(matrix)[1]


def _fingerprints(kinds: Iterable[Machine]) -> dict[str, Fingerprint]:
    return fingerprints_of(kinds, spare=1)  # for the checks that run meanwhile


def _add(arrays: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.asarray(sum(arrays))


@dataclass(frozen=True)
class Arithmetic:
    """The floating-point and small-integer operations that claims about rounding speak of.

    Parameters
    ----------
    negate : callable
        The negative-positive transform of pixels of any dtype.
    centre : callable
        From pixels, their sum and their number to deviations from the mean.
    z_score : callable
        From pixels, shape (N, n), to z-scores.
    gram : callable
        From vectors, shape (N, n), to all their inner products.
    exact_gram : callable
        From vectors and a number of slices to all their inner products, whatever the order of the
        features.
    cross_product : callable
        From a matrix ``Q`` to ``Q.T @ Q``.
    exponential : callable
        From an array to its exponentials.
    eigenvectors : callable
        From a symmetric matrix to its eigenvectors, by ascending eigenvalue.
    add : callable
        From arrays to their sum, added in the order in which they come.
    """

    negate: Callable[[Any], Any] = lambda x: 255 - x
    centre: Callable[[Any, Any, int], Any] = lambda x, total, count: x - total / count
    z_score: Callable[[NDArray[Any]], NDArray[np.float64]] = _z_score_in_floats
    gram: Callable[[NDArray[np.float64]], NDArray[np.float64]] = lambda z: z @ z.T
    exact_gram: Callable[[NDArray[np.float64], int], NDArray[np.float64]] = _exact_gram
    cross_product: Callable[[csr_array], csr_array] = lambda Q: Q.T @ Q
    exponential: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.exp
    eigenvectors: Callable[[NDArray[np.float64]], NDArray[np.float64]] = _eigenvectors
    add: Callable[[list[NDArray[np.float64]]], NDArray[np.float64]] = _add


@dataclass(frozen=True)
class Implementation:
    """The implementation of the encryption under test, and what it is tested on.

    Parameters
    ----------
    geometry : BlockGeometry
        Size of the images for the checks at full size.
    secret : bytes or str
        Their key is derived from it.
    data : ImageSet, optional
        Real images for the end-to-end checks, besides scikit-learn's digits.
    encrypt, decrypt : callable
        The implementation on pixels.
    step_matrices : callable
        The implementation as matrices, from a key to the matrix of each of its steps.
    arithmetic : Arithmetic
        The operations that claims about rounding speak of.
    rotate_and_invert : callable
        Rotation and inversion as two separate choices: from a block, a number of quarter turns and
        the axes along which it is then inverted.
    prove, recorded : callable
        Check the Coq proofs of a folder, and read the record of an earlier check; each returns a
        `coq.Report`.
    fingerprints : callable
        From some machines to their fingerprints by name.
    deep : bool
        Whether to ask the solver what takes it a minute, too, and all machines for a fingerprint.
    examples : int
        Cases that each search for a counterexample tries.
    """

    geometry: BlockGeometry = DEFAULT_GEOMETRY
    secret: bytes | str = field(default=DEFAULT_SECRET, repr=False)
    data: ImageSet | None = None
    encrypt: Callable[[NDArray[np.uint8], EtCKey], NDArray[np.uint8]] = pixels.encrypt
    decrypt: Callable[[NDArray[np.uint8], EtCKey], NDArray[np.uint8]] = pixels.decrypt
    step_matrices: Callable[[EtCKey], dict[Step, csr_array]] = matrices.step_matrices
    arithmetic: Arithmetic = Arithmetic()
    rotate_and_invert: Callable[[NDArray[np.uint8], int, tuple[int, ...]], NDArray[np.uint8]] = (
        lambda block, turns, axes: np.flip(np.rot90(block, turns), axes)
    )
    prove: Callable[[Path], coq.Report] = coq.check_proofs
    recorded: Callable[[Path], coq.Report] = coq.read_record
    fingerprints: Callable[[Iterable[Machine]], dict[str, Fingerprint]] = _fingerprints
    deep: bool = False
    examples: int = EXAMPLES

    @cached_property
    def key(self) -> EtCKey:
        """The key with all steps."""
        return self.key_with(ALL)

    def key_with(self, steps: frozenset[Step]) -> EtCKey:
        """Return the key with some of its steps, as far as the geometry has them."""
        if self.geometry.channels == 1 and isinstance(steps, frozenset) and steps != ALL:
            steps -= {Step.COMPONENTS}
        return EtCKey.from_secret(self.geometry, self.secret, steps=steps)

    @property
    def given(self) -> ImageSet | None:
        """The real images, on which a broken encryption would show; None if there are none.

        Raises
        ------
        InvalidParameterError
            If whatever became of them would be the same: because the images to learn from are of
            one class, or one and the same, or no picture has two grey levels.
        """
        if self.data is not None:
            training, _ = self.data.half_split(0)
            images, labels = self.data.images[training], self.data.labels[training]
            pixels = images.reshape(len(images), self.data.geometry.n_pixels)
            if len(np.unique(labels)) < 2:
                got = f"{len(np.unique(labels))} of them."
                reject("data", "verify", "have two classes with two images or more", got)
            if (pixels == pixels[:1]).all():
                reject("data", "verify", "have different images", f"{len(images)} that are equal.")
            if (pixels == pixels[:, :1]).all():
                got = f"{len(images)} of one grey level each."
                reject("data", "verify", "have pictures of more than one grey level", got)
        return self.data

    @cached_property
    def _fingerprints(self) -> Future[dict[str, Fingerprint]]:
        kinds = machines()
        with_thread = ThreadPoolExecutor(1)
        taken = with_thread.submit(self.fingerprints, kinds if self.deep else (kinds[0], kinds[-1]))
        with_thread.shutdown(wait=False)
        return taken

    def take_fingerprints(self) -> None:
        """Begin to take the fingerprints, in processes that go on while other checks run."""
        _ = self._fingerprints

    @property
    def fingerprints_taken(self) -> dict[str, Fingerprint]:
        """Fingerprints of this machine and of those that it stands in for, by name."""
        return self._fingerprints.result()

    @cached_property
    def _prover(self) -> tuple[ThreadPoolExecutor, dict[Path, Future[coq.Report]]]:
        return ThreadPoolExecutor(1), {}

    def proved(self, folder: Path) -> Future[coq.Report]:
        """Have Coq check the proofs of a folder, once, while other checks run."""
        prover, begun = self._prover
        if folder not in begun:
            begun[folder] = prover.submit(self.prove, folder)
        return begun[folder]

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """Five images of the geometry: noise, a gradient, black, white, black and white.

        Returns
        -------
        ndarray of uint8, shape (5, H, W[, 3])
        """
        shape = self.geometry.shape
        rng = np.random.default_rng(20190904)
        gradient = np.arange(self.geometry.n_pixels).reshape(shape) % 256
        black = np.zeros(shape)
        noise = rng.integers(0, 256, shape)
        pictures = [noise, gradient, black, black + 255, 255 * rng.integers(0, 2, shape)]
        return np.stack(pictures).astype(np.uint8)

    @cached_property
    def exact_products(self) -> Products:
        """Exact products of rows, for checks that give the same rows to several models."""
        return {}

    def vectors(self, key: EtCKey) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the five images and their encryption as flat vectors, int64, shape (5, n)."""
        encrypted = self.encrypt(self.images, key)
        return flat(self.images), flat(encrypted)


def flat(images: NDArray[Any]) -> NDArray[np.int64]:
    """Return a batch of images as int64 vectors, shape (N, n)."""
    return images.reshape(len(images), -1).astype(np.int64)
