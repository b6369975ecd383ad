"""Biometric verification (the paper's section 3.1): clients hold keys, the cloud reaches none.

A client encrypts and sends; what it sends is pixels and a name. The cloud reduces, normalizes,
trains an SVM for each client, and answers queries with scores. No object of the cloud refers to
a key, which the tests verify by following every reference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops._validation import InvalidParameterError, as_choice, describe, reject
from etcprops.exact.statistics import PixelStatistics
from etcprops.experiments.choices import NORMALIZATIONS, SVM, Normalization
from etcprops.experiments.svm import (
    InnerProducts,
    OneVsRestSVMs,
    fit_one_vs_rest,
    query_products,
    training_products,
)
from etcprops.scheme.keys import EtCKey, check_key
from etcprops.scheme.pixels import encrypt

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Client:
    """Someone with images and a key; the key stays here.

    Parameters
    ----------
    name : int
        Who it is, for the cloud.
    key : EtCKey
        The secret. Under key condition 1 that of everybody, under key condition 2 one's own.

    Examples
    --------
    >>> from etcprops import BlockGeometry
    >>> geometry = BlockGeometry(8, 8, block=4)
    >>> alice = Client(1, EtCKey.from_secret(geometry, "alice"))
    >>> alice.send(np.zeros((2, 8, 8), dtype=np.uint8))
    EncryptedImages(2 of (8, 8), sender=1)
    """

    def __init__(self, name: int, key: EtCKey) -> None:
        self.name = name
        self._key = check_key(key, "Client")

    def send(self, images: NDArray[np.uint8], *, claiming: int | None = None) -> EncryptedImages:
        """Encrypt images and say whose they are.

        Parameters
        ----------
        images : ndarray of uint8, shape (N, H, W[, 3])
            Plain images.
        claiming : int, optional
            Another's name, for an impostor's lie.

        Returns
        -------
        EncryptedImages
        """
        name = self.name if claiming is None else claiming
        return EncryptedImages(encrypt(images, self._key), name)


class PlainClient(Client):
    """Someone who sends images as they are: the paper's column "not encrypted"."""

    def __init__(self, name: int) -> None:
        self.name = name

    def send(self, images: NDArray[np.uint8], *, claiming: int | None = None) -> EncryptedImages:
        """Send a copy of the images and say whose they are.

        Parameters
        ----------
        images : ndarray of uint8, shape (N, H, W[, 3])
            Plain images.
        claiming : int, optional
            As for `Client.send`.

        Returns
        -------
        EncryptedImages
            Of plain pixels.
        """
        return EncryptedImages(images.copy(), self.name if claiming is None else claiming)


class EncryptedImages:
    """What travels: pixels and a name, nothing else.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (N, H, W[, 3])
        Encrypted images.
    sender : int
        The name that the sender gives.
    """

    __slots__ = ("pixels", "sender")

    def __init__(self, pixels: NDArray[np.uint8], sender: int) -> None:
        self.pixels = pixels
        self.sender = sender

    def __repr__(self) -> str:
        count, *shape = self.pixels.shape
        return f"EncryptedImages({count} of {tuple(shape)}, sender={self.sender})"


@dataclass(frozen=True)
class _Trained:
    """What the cloud keeps of the training images."""

    rows: NDArray[np.float64]
    products: InnerProducts
    people: NDArray[np.int64]
    models: dict[SVM, OneVsRestSVMs]
    statistics: dict[int, _Scale]


class Cloud:
    """The provider: reduces, normalizes, trains one SVM a client, and scores queries.

    Parameters
    ----------
    reduction : transformer
        With `fit` and `transform` on flat pixels, such as those of :mod:`etcprops.reductions`.
    svms : sequence of SVM
        What is trained; several share the inner products.
    normalization : {"pooled", "per-client", "mid-grey"}, default="pooled"
        z-score after the reduction, with the statistics of all training images or of those of
        the sender; or the reduction of pixels less 127.5, all features divided by their common
        root mean square, which no key changes if the reduction is equivariant.
    max_iter : int, default=-1
        How many steps of libsvm one person's SVM may take, -1 for no bound. SVMs that need
        more for anybody are given up: see `trained`.

    Raises
    ------
    InvalidParameterError
        If there are no SVMs, or the normalization has another name.

    Notes
    -----
    Where reduced pixels are integers, z-scores and inner products are computed so that the order
    and the signs of features do not show in a single bit.

    Examples
    --------
    >>> from etcprops import BlockGeometry
    >>> from etcprops.reductions import BlockMean
    >>> geometry = BlockGeometry(8, 8, block=4)
    >>> images = np.random.default_rng(0).integers(0, 256, (2, 4, 8, 8), dtype=np.uint8)
    >>> clients = [Client(n, EtCKey.from_secret(geometry, f"secret {n}")) for n in range(2)]
    >>> cloud = Cloud(BlockMean(geometry, cell=2), [SVM("linear")])
    >>> cloud.train([client.send(images[client.name, :3]) for client in clients])
    >>> cloud.test([client.send(images[client.name, 3:]) for client in clients])[0].shape
    (2, 2)
    """

    def __init__(
        self,
        reduction: Any,
        svms: Sequence[SVM],
        *,
        normalization: Normalization = "pooled",
        max_iter: int = -1,
    ) -> None:
        if not svms:
            reject("svms", "Cloud", "hold at least one SVM", describe(svms))
        as_choice(normalization, NORMALIZATIONS, "normalization", "Cloud")
        self.reduction = reduction
        self.svms = tuple(svms)
        self.normalization = normalization
        self.max_iter = max_iter
        self._trained: _Trained | None = None
        self._grey = np.zeros(0)

    @property
    def people(self) -> NDArray[np.int64]:
        """The names of the clients, ascending, as in the columns of scores."""
        return self._ready().people

    @property
    def trained(self) -> tuple[SVM, ...]:
        """Those of `svms` that have been trained: all, if `max_iter` does not bound them."""
        return tuple(self._ready().models)

    @property
    def n_features(self) -> int:
        """How many features reduced vectors have."""
        return self._ready().products.features

    def train(self, submissions: Sequence[EncryptedImages]) -> None:
        """Train an SVM for each client on what all have sent.

        Parameters
        ----------
        submissions : sequence of EncryptedImages
            From at least two clients.

        Raises
        ------
        InvalidParameterError
            If they are from fewer.
        """
        names = [submission.sender for submission in submissions]
        people = np.unique(np.array(names, dtype=np.int64))
        if len(people) < 2:
            wanted = "come from at least two clients"
            reject("submissions", "Cloud.train", wanted, f"{len(people)}.")
        pixels = np.concatenate([_flat(s.pixels) for s in submissions])
        labels = np.repeat(names, [len(s.pixels) for s in submissions]).astype(np.int64)
        reduced = self.reduction.fit(pixels).transform(pixels)
        if self.normalization == "mid-grey":
            # What the reduction makes of mid-grey, exactly: half of black and white together.
            black, white = np.zeros((1, pixels.shape[1]), np.uint8), np.full_like(pixels[:1], 255)
            ends = [self.reduction.transform(end) for end in (black, white)]
            self._grey = (ends[0] + ends[1])[0] / 2
        statistics = {
            int(person): self._scale(
                reduced[labels == person] if self.normalization == "per-client" else reduced
            )
            for person in (people if self.normalization == "per-client" else people[:1])
        }
        if self.normalization != "per-client":
            statistics = dict.fromkeys((int(p) for p in people), statistics[int(people[0])])
        rows = np.empty(reduced.shape)
        for person in people:
            mine = labels == person
            rows[mine] = statistics[int(person)].apply(reduced[mine])
        exact = reduced.dtype.kind == "i"
        products = training_products(rows, exact=exact)
        from sklearn.exceptions import ConvergenceWarning

        models = {}
        for svm in self.svms:
            kernel = products.kernel(svm)
            with suppress(ConvergenceWarning):
                models[svm] = fit_one_vs_rest(kernel, labels, people, svm.C, max_iter=self.max_iter)
        self._trained = _Trained(rows, products, people, models, statistics)

    def test(self, queries: Sequence[EncryptedImages]) -> list[NDArray[np.float64]]:
        """Score queries for every client.

        Parameters
        ----------
        queries : sequence of EncryptedImages
            The senders' names are believed: they choose the statistics of ``"per-client"``.

        Returns
        -------
        list of ndarray of float64, shape (m, p)
            For each of `trained` the score of every query, in order, for each of `people`.

        Raises
        ------
        InvalidParameterError
            If nothing has been trained, or a sender is unknown.
        """
        trained = self._ready()
        reduced = [self._reduce(query, "Cloud.test") for query in queries]
        rows = np.concatenate(
            [trained.statistics[q.sender].apply(r) for q, r in zip(queries, reduced, strict=True)]
        )
        exact = all(r.dtype.kind == "i" for r in reduced)
        products = query_products(rows, trained.rows, trained.products, exact=exact)
        return [models.scores(products.kernel(m)) for m, models in trained.models.items()]

    def authenticate(self, query: EncryptedImages) -> list[NDArray[np.float64]]:
        """Score queries for the client whose name they carry, and for nobody else.

        The numbers are those of `test` up to rounding, sooner: only the support vectors of one
        SVM take part, and inner products are left to BLAS.

        Parameters
        ----------
        query : EncryptedImages
            Who sent them is a claim.

        Returns
        -------
        list of ndarray of float64, shape (m,)
            For each of `trained`.

        Raises
        ------
        InvalidParameterError
            As `test`.
        """
        trained = self._ready()
        rows = trained.statistics[query.sender].apply(self._reduce(query, "Cloud.authenticate"))
        index = int(np.searchsorted(trained.people, query.sender))
        squares = np.vecdot(rows, rows)
        scores = []
        for svm, models in trained.models.items():
            support = np.flatnonzero(models.weights[:, index])
            products = InnerProducts(
                rows @ trained.rows[support].T,
                squares,
                trained.products.squares[support],
                rows.shape[1],
            )
            weights = models.weights[support, index]
            scores.append(products.kernel(svm) @ weights + models.intercepts[index])
        return scores

    def normal_lengths(self) -> list[NDArray[np.float64]]:
        """Return for each of `trained` the lengths of the clients' normal vectors, shape (p,)."""
        return [models.norms for models in self._ready().models.values()]

    def _reduce(self, query: EncryptedImages, caller: str) -> NDArray[Any]:
        """Return reduced pixels of somebody who is known."""
        if query.sender not in self._ready().statistics:
            reject("queries", caller, "come from known clients", describe(query.sender))
        return np.asarray(self.reduction.transform(_flat(query.pixels)))

    def _scale(self, reduced: NDArray[Any]) -> _Scale:
        """Return how reduced vectors are normalized, learnt from training vectors."""
        if self.normalization == "mid-grey":
            # Twice the features less mid-grey: integers where the features are, and so their sum.
            doubled = 2 * reduced - (2 * self._grey).astype(reduced.dtype)
            return _Scale(self._grey, math.sqrt(_mean_square(doubled) / 4) or 1.0)
        if reduced.dtype.kind == "i":
            return _Scale(exact=PixelStatistics(reduced))
        deviation = reduced.std(axis=0)
        return _Scale(reduced.mean(axis=0), np.where(deviation > 0, deviation, 1.0))

    def _ready(self) -> _Trained:
        """Return what was trained, or say that nothing was."""
        if self._trained is None:
            message = "Cloud.test needs a trained cloud: call Cloud.train first."
            raise InvalidParameterError(message)
        return self._trained


@dataclass(frozen=True)
class _Scale:
    """A normalization: exact z-scores of integers, or an offset and a divisor."""

    offset: NDArray[np.float64] | float = 0.0
    divisor: NDArray[np.float64] | float = 1.0
    exact: PixelStatistics | None = None

    def apply(self, reduced: NDArray[Any]) -> NDArray[np.float64]:
        """Return normalized vectors."""
        if self.exact is not None:
            return self.exact.z_score(reduced)
        return np.asarray((reduced - self.offset) / self.divisor)


def _mean_square(values: NDArray[Any]) -> float:
    """Return the mean of squares; of integers rounded once, whatever their order and size."""
    if values.dtype.kind != "i":
        return float(np.vdot(values, values)) / values.size
    statistics = PixelStatistics(values)
    sums, spreads = (
        int(numbers.astype(object).sum())
        for numbers in (statistics.total.astype(object) ** 2, statistics.variance_numerator)
    )
    return float((sums + spreads) / (statistics.count * values.size))


def _flat(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return images as rows."""
    return images.reshape(len(images), -1)
