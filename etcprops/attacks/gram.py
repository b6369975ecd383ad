"""What inner products alone give away, whatever encryption has left them as they are.

Learning that is exactly the same on encrypted images needs their inner products to be the same, so
the cloud has the Gram matrix ``G = X X^T`` of pixels about mid-grey (or of z-scores), and with it
the images up to one orthogonal map. No key, no pixel and no label is needed for what is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from etcprops._validation import as_array, as_integer, as_number, describe, reject

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def squared_distances(gram: ArrayLike) -> NDArray[np.float64]:
    """Return squared distances between images.

    Parameters
    ----------
    gram : array_like, shape (N, N)
        Inner products of images.

    Returns
    -------
    ndarray of float64, shape (N, N)

    Raises
    ------
    InvalidParameterError
        If `gram` is no symmetric matrix of finite numbers.

    Examples
    --------
    >>> squared_distances([[1, 1], [1, 2]]).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    G = _as_gram(gram, "squared_distances")
    energy = np.diag(G)
    distances = np.maximum(energy[:, None] + energy - 2 * G, 0.0)
    np.fill_diagonal(distances, 0.0)
    return distances


def duplicates(gram: ArrayLike, *, tolerance: float = 0.0) -> NDArray[np.int64]:
    """Return pairs of images that are the same, or nearly.

    Parameters
    ----------
    gram : array_like, shape (N, N)
        Inner products of images.
    tolerance : float, default=0.0
        The largest squared distance, as a share of the mean of all. Zero finds copies where the
        inner products are exact.

    Returns
    -------
    ndarray of int64, shape (m, 2)
        The first index is the smaller.

    Raises
    ------
    InvalidParameterError
        If `gram` is no symmetric matrix of finite numbers, or `tolerance` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1, 2], [3, 4], [1, 2]])
    >>> duplicates(X @ X.T).tolist()
    [[0, 2]]
    """
    distances = squared_distances(gram)
    share = as_number(tolerance, "tolerance", "duplicates", least=0.0)
    return np.argwhere(np.triu(distances <= share * distances.mean(), k=1))


def nearest_images(gram: ArrayLike) -> NDArray[np.int64]:
    """Return of each image the nearest other: of faces, often the same person's.

    Parameters
    ----------
    gram : array_like, shape (N, N)
        Inner products of two images or more.

    Returns
    -------
    ndarray of int64, shape (N,)

    Raises
    ------
    InvalidParameterError
        If `gram` is no symmetric matrix of finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0], [1], [5], [7]])
    >>> nearest_images(X @ X.T).tolist()
    [1, 0, 3, 2]
    """
    distances = squared_distances(gram)
    np.fill_diagonal(distances, np.inf)
    return np.asarray(distances.argmin(axis=1))


def normalized(gram: ArrayLike) -> NDArray[np.float64]:
    """Return the correlations of images: inner products less their means, all of one length.

    Images of one person under other exposures come nearer. Images that are the mean of all have no
    direction; their correlations are zero.

    Parameters
    ----------
    gram : array_like, shape (N, N)
        Inner products of images.

    Returns
    -------
    ndarray of float64, shape (N, N)

    Raises
    ------
    InvalidParameterError
        If `gram` is no symmetric matrix of finite numbers.
    """
    G = _centred(_as_gram(gram, "normalized"))
    length = np.sqrt(np.maximum(np.diag(G), 0.0))
    scale = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
    return G * scale[:, None] * scale


def clusters(gram: ArrayLike, count: int) -> NDArray[np.int64]:
    """Group images, by average linkage of their distances.

    Parameters
    ----------
    gram : array_like, shape (N, N)
        Inner products of images.
    count : int
        How many groups at most.

    Returns
    -------
    ndarray of int64, shape (N,)
        The group of each image, from 0.

    Raises
    ------
    InvalidParameterError
        If `gram` is no symmetric matrix of finite numbers, or `count` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0], [1], [5], [7]])
    >>> groups = clusters(X @ X.T, 2)
    >>> bool(groups[0] == groups[1] != groups[2] == groups[3])
    True
    """
    distances = np.sqrt(squared_distances(gram))
    most = as_integer(count, "count", "clusters")
    tree = linkage(squareform(distances, checks=False), method="average")
    return fcluster(tree, most, criterion="maxclust").astype(np.int64) - 1


def links(
    energy: ArrayLike, other: ArrayLike, cross: ArrayLike, *, tolerance: float = 1e-9
) -> NDArray[np.int64]:
    """Return of each image the copy of it in another collection under the same key, or -1.

    So two sites that share a key are linked, and whoever has an image and its encryption knows
    whether it was trained with.

    Parameters
    ----------
    energy : array_like, shape (N,)
        Squared lengths of the images.
    other : array_like, shape (M,)
        Squared lengths of those of the other collection.
    cross : array_like, shape (N, M)
        Inner products.
    tolerance : float, default=1e-9
        The largest squared distance of a copy, as a share of the squared length.

    Returns
    -------
    ndarray of int64, shape (N,)

    Raises
    ------
    InvalidParameterError
        If shapes do not match, numbers are not finite, or `tolerance` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> X, Y = np.array([[1, 2], [3, 4]]), np.array([[5, 6], [1, 2], [0, 1]])
    >>> links((X**2).sum(1), (Y**2).sum(1), X @ Y.T).tolist()
    [1, -1]
    """
    caller = "links"
    product = _as_finite(cross, "cross", caller, 2)
    own, theirs = _as_finite(energy, "energy", caller, 1), _as_finite(other, "other", caller, 1)
    if product.shape != (len(own), len(theirs)) or not product.size:
        reject("cross", caller, f"have shape ({len(own)}, {len(theirs)})", describe(product))
    share = as_number(tolerance, "tolerance", caller, least=0.0)
    distances = own[:, None] + theirs - 2 * product
    best = distances.argmin(axis=1)
    return np.where(distances[np.arange(len(own)), best] <= share * own, best, -1)


def unlikeness(gram: ArrayLike) -> NDArray[np.float64]:
    """Return each image's squared distance from the mean of all, by the mean of these: outliers.

    Parameters
    ----------
    gram : array_like, shape (N, N)
        Inner products of images.

    Returns
    -------
    ndarray of float64, shape (N,)
        One on average; zeros if all images are the same.

    Raises
    ------
    InvalidParameterError
        If `gram` is no symmetric matrix of finite numbers.
    """
    energy = np.maximum(np.diag(_centred(_as_gram(gram, "unlikeness"))), 0.0)
    mean = energy.mean()
    return energy / mean if mean > 0 else energy


def embedding(gram: ArrayLike) -> NDArray[np.float64]:
    """Return vectors with these inner products: the images, up to one orthogonal map.

    Parameters
    ----------
    gram : array_like, shape (N, N)
        Inner products of images.

    Returns
    -------
    ndarray of float64, shape (N, rank)
        The longest axis first; what rounding has added to the rank is left out.

    Raises
    ------
    InvalidParameterError
        If `gram` is no symmetric matrix of finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 2.0, 2.0], [0.0, 3.0, 4.0]])
    >>> Z = embedding(X @ X.T)
    >>> Z.shape, bool(np.allclose(Z @ Z.T, X @ X.T))
    ((2, 2), True)
    """
    values, vectors = np.linalg.eigh(_as_gram(gram, "embedding"))
    kept = np.flatnonzero(values > len(values) * np.finfo(np.float64).eps * values[-1])[::-1]
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]))


def from_known_images(gram: ArrayLike, known: ArrayLike, images: ArrayLike) -> NDArray[np.float64]:
    """Return all images, from their inner products and some of them in the clear.

    Each is projected on the span of the known ones, which its inner products with them determine
    (what orthogonal Procrustes does in coordinates): exact for images in the span, hence for all
    once as many independent ones are known as the rank.

    Parameters
    ----------
    gram : array_like, shape (N, N)
        Inner products of images.
    known : array_like of int, shape (k,)
        Indices of the known ones.
    images : array_like, shape (k, n)
        These, as the inner products were taken of: about mid-grey, or z-scores.

    Returns
    -------
    ndarray of float64, shape (N, n)

    Raises
    ------
    InvalidParameterError
        If shapes do not match, or numbers are not finite.

    References
    ----------
    P. Schonemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika
    31(1), 1966.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 2.0, 2.0], [0.0, 3.0, 4.0], [1.0, 5.0, 6.0]])
    >>> from_known_images(X @ X.T, [0, 1], X[:2]).round(6).tolist()[2]
    [1.0, 5.0, 6.0]
    """
    caller = "from_known_images"
    G, plain = _as_gram(gram, caller), _as_finite(images, "images", caller, 2)
    which = as_array(known, "known", caller, "be indices of images")
    inside = which.ndim == 1 and which.dtype.kind in "iu" and len(which) == len(plain) > 0
    if not inside or which.min() < 0 or which.max() >= len(G):
        reject("known", caller, f"be {len(plain)} integers from 0 to {len(G) - 1}", describe(known))
    return np.asarray(G[:, which] @ np.linalg.pinv(G[np.ix_(which, which)], hermitian=True) @ plain)


def _as_finite(value: ArrayLike, parameter: str, caller: str, axes: int) -> NDArray[np.float64]:
    """Return `value` as finite float64 with so many axes."""
    wanted = f"be an array of finite real numbers with {axes} axes"
    array: NDArray[Any] = as_array(value, parameter, caller, wanted)
    if array.ndim != axes or array.dtype.kind not in "uif" or not np.isfinite(array).all():
        reject(parameter, caller, wanted, describe(array))
    return array.astype(np.float64)


def _as_gram(value: ArrayLike, caller: str) -> NDArray[np.float64]:
    """Return `value` as a Gram matrix of two images or more."""
    G = _as_finite(value, "gram", caller, 2)
    if len(G) < 2 or G.shape != G.T.shape or not np.allclose(G, G.T, rtol=1e-6, atol=0):
        reject("gram", caller, "be a symmetric matrix of two rows or more", describe(G))
    return G


def _centred(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return inner products of the images less their mean."""
    mean = gram.mean(axis=0)
    return np.asarray(gram - mean - mean[:, None] + mean.mean())
