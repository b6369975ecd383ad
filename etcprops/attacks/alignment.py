"""What a secret orthogonal map of all pixels gives away to one who has images of the same kind.

A dense orthogonal map mixes all pixels, so no two of them are neighbours any more. It keeps the
shape of the cloud of images, though: principal components of encrypted images are those of plain
ones, turned, in the same order of variance, and their signs show in the third moments. A public
set of the same distribution tells what each component looks like (Chen and Liu 2005; Giannella,
Liu, Kargupta 2009). No pair of a plain image and its encryption is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.linalg import orthogonal_procrustes

from etcprops._validation import as_array, as_integer, describe, reject

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_LARGEST: Final = 1e75
"""Cubes of larger numbers, summed, may not be doubles."""


@dataclass(frozen=True)
class Alignment:
    """Images as a public set suggests them.

    Attributes
    ----------
    images : ndarray of float64, shape (N, n)
        The estimates, in the units of the public images.
    components : int
        How many principal components they are made of.
    likeness : float
        Mean over components of one less the distance between the distributions of the scores of
        encrypted and public images, in standard deviations. Low for sets of two kinds; high is no
        proof that the estimates are right.
    """

    images: Floats
    components: int
    likeness: float


def align(
    encrypted: ArrayLike, public: ArrayLike, *, components: int = 40, rounds: int = 10
) -> Alignment:
    """Estimate images from their orthogonal encryption and a public set of the same kind.

    Principal components are matched in the order of their variances, with the sign under which
    their third moments agree. Then each image and the public one nearest to it are
    taken for a pair, where both choose each other, and scores are turned onto each other
    (iterated closest points, by orthogonal Procrustes).

    Parameters
    ----------
    encrypted : array_like, shape (N, n)
        Encrypted images, ``x @ Q`` for one secret orthogonal `Q`.
    public : array_like, shape (M, n)
        Plain images of the same distribution, in the same units.
    components : int, default=40
        How many principal components are looked at; fewer where there are fewer images.
    rounds : int, default=10
        How often pairs are chosen anew; none leaves the components as they were matched.

    Returns
    -------
    Alignment

    Raises
    ------
    InvalidParameterError
        If arrays are not two-dimensional and finite with as many columns, or have fewer than three
        rows.

    References
    ----------
    K. Chen, L. Liu, "Privacy preserving data classification with rotation perturbation", ICDM
    2005. C. Giannella, K. Liu, H. Kargupta, "Breaching Euclidean distance-preserving data
    perturbation using few known inputs", arXiv:0911.2942.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> plain = rng.exponential(size=(400, 3)) * [9, 3, 1]
    >>> Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    >>> found = align(plain[:200] @ Q, plain[200:], components=3)
    >>> bool(np.abs(found.images - plain[:200]).mean() < 0.5 * plain.std())
    True
    """
    caller = "align"
    secret, known = _as_rows(encrypted, "encrypted", caller), _as_rows(public, "public", caller)
    if secret.shape[1] != known.shape[1]:
        wanted = f"have {secret.shape[1]} columns, as 'encrypted' has"
        reject("public", caller, wanted, describe(known))
    count = min(as_integer(components, "components", caller), len(secret) - 1, len(known) - 1)
    scores, _ = _principal(secret, min(count, secret.shape[1]))
    models, axes = _principal(known, scores.shape[1])
    start = turned = scores * np.where(skewness(scores) * skewness(models) < 0, -1, 1)
    for _ in range(as_integer(rounds, "rounds", caller, least=0)):
        pairs = _mutual(turned, models)
        if len(pairs[0]) < scores.shape[1]:
            break
        turned = start @ orthogonal_procrustes(start[pairs[0]], models[pairs[1]])[0]
    likeness = float(1 - _gap(turned, models).mean())
    return Alignment(turned @ axes + known.mean(axis=0), len(axes), likeness)


def _as_rows(value: ArrayLike, parameter: str, caller: str) -> Floats:
    """Return `value` as float64 rows, three at least."""
    wanted = "be an array of finite real numbers of shape (N, n), with three rows or more"
    array: NDArray[Any] = as_array(value, parameter, caller, wanted)
    good = array.ndim == 2 and len(array) >= 3 and array.shape[1] > 0
    if not good or array.dtype.kind not in "uif" or not np.isfinite(array).all():
        reject(parameter, caller, wanted, describe(array))
    if (largest := np.abs(array.astype(np.float64)).max()) > _LARGEST:
        reject(parameter, caller, f"be of a magnitude up to {_LARGEST:g}", f"{largest:g}.")
    return array.astype(np.float64)


def _principal(rows: Floats, count: int) -> tuple[Floats, Floats]:
    """Return scores, shape (N, count), and axes, shape (count, n), the largest variance first."""
    centred = rows - rows.mean(axis=0)
    if len(rows) <= rows.shape[1]:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        lengths = np.sqrt(np.maximum(values[::-1][:count], 0))
        scores = vectors[:, ::-1][:, :count] * lengths
        axes = scores.T @ centred / np.maximum(np.square(lengths), 1e-300)[:, None]
        return scores, axes
    axes = np.linalg.eigh(centred.T @ centred)[1].T[::-1][:count]
    return centred @ axes.T, axes


def skewness(scores: Floats) -> Floats:
    """Return the third moment of each component, whose mean is zero."""
    return np.asarray((scores**3).mean(axis=0))


def _gap(scores: Floats, models: Floats) -> Floats:
    """Return for each component the mean distance between quantiles, in standard deviations."""
    levels = (np.arange(100) + 0.5) / 100
    apart = np.abs(np.quantile(scores, levels, axis=0) - np.quantile(models, levels, axis=0))
    return np.asarray(apart.mean(axis=0) / np.maximum(models.std(axis=0), 1e-300))


def _mutual(a: Floats, b: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of the one and of the other that are nearest to each other."""
    distances = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T
    nearest, back = distances.argmin(axis=1), distances.argmin(axis=0)
    mine = np.flatnonzero(back[nearest] == np.arange(len(a)))
    return mine, nearest[mine]
