"""One fingerprint of all decisions: the same on every machine, or the package is not exact there.

A fixed set of exact pipelines is run on scikit-learn's digits, plain and under three keys, and
every array that comes out is hashed. What came out where the package was made is shipped with it.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

from etcprops import _documents
from etcprops._about import versions
from etcprops._validation import as_function, as_integer, describe, reject
from etcprops.datasets import ImageSet, load_digits_images
from etcprops.scheme.keys import EtCKey
from etcprops.scheme.pixels import encrypt

if TYPE_CHECKING:
    from etcprops.exact.kernels import Kind

    Arrays = Iterator[tuple[str, NDArray[Any]]]
    Side = tuple[NDArray[np.float64], NDArray[np.float64]]  # training rows and queries

KERNELS: Final[tuple[Kind, ...]] = ("linear", "rbf", "poly", "sigmoid")
MOST_THREADS: Final = 1024
SHIPPED: Final = "fingerprint.json"


@dataclass(frozen=True)
class Fingerprint:
    """Hashes of what the exact pipelines gave.

    Attributes
    ----------
    parts : mapping of str to str
        SHA-256 of each array: its type, its shape and its bytes.
    by_libsvm : mapping of str to str
        The same of decision values and labels, which libsvm adds up: one product after the other,
        but where its compiler fuses multiplications and additions. It does on arm64, not on x86-64.
    controls : mapping of str to str
        The same of arrays that ordinary libraries computed. They may differ from machine to
        machine and are compared with nothing that is shipped.
    about : mapping of str to str
        The machine and the versions of libraries.
    """

    parts: Mapping[str, str]
    by_libsvm: Mapping[str, str] = field(default_factory=dict)
    controls: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def fuses(self) -> bool:
        """Whether libsvm may fuse multiplications and additions: no x86-64."""
        return not self.about.get("machine", "").lower().endswith(("x86_64", "amd64"))

    @property
    def digest(self) -> str:
        """SHA-256 of all parts but libsvm's: one line for every machine."""
        lines = (f"{name} {part}\n" for name, part in sorted(self.parts.items()))
        return hashlib.sha256("".join(lines).encode("utf-8", "backslashreplace")).hexdigest()

    def differences(self, other: Fingerprint) -> list[str]:
        """Return the names of parts that are not the same in both, libsvm's where none fuses.

        Raises
        ------
        InvalidParameterError
            If `other` is no fingerprint.
        """
        if not isinstance(other, Fingerprint):
            reject("other", "Fingerprint.differences", "be a Fingerprint", describe(other))
        mine, theirs = dict(self.parts), dict(other.parts)
        if not self.fuses and not other.fuses:
            mine, theirs = {**mine, **self.by_libsvm}, {**theirs, **other.by_libsvm}
        return [name for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]

    def to_json(self) -> str:
        """Return it as a JSON document.

        Examples
        --------
        >>> Fingerprint.from_json(Fingerprint({"a": "0"}).to_json()).parts
        {'a': '0'}
        """
        content = {
            "digest": self.digest,
            "about": dict(self.about),
            "parts": dict(self.parts),
            "by_libsvm": dict(self.by_libsvm),
            "controls": dict(self.controls),
        }
        return _documents.write("etcprops.Fingerprint", content)

    @classmethod
    def from_json(cls, text: str) -> Fingerprint:
        """Return the fingerprint of a document that `to_json` made.

        Raises
        ------
        InvalidParameterError
            If the text is no such document, or lacks a part of it.
        """
        document = _documents.read(text, "etcprops.Fingerprint", "Fingerprint.from_json")
        names = [field.name for field in fields(cls)]
        if lacking := [name for name in names if not isinstance(document.get(name), dict)]:
            wanted = f"have {', '.join(names)}, each an object"
            reject("text", "Fingerprint.from_json", wanted, f"no {lacking[0]}.")
        texts = [value for name in names for value in document[name].values()]
        if wrong := [value for value in texts if not isinstance(value, str)]:
            reject("text", "Fingerprint.from_json", "hold nothing but text", describe(wrong[0]))
        return cls(*(document[name] for name in names))


def shipped_fingerprint() -> Fingerprint:
    """Return the fingerprint that every machine should have.

    Examples
    --------
    >>> len(shipped_fingerprint().digest)
    64
    """
    return Fingerprint.from_json(files(__package__).joinpath(SHIPPED).read_text("utf-8"))


def fingerprint(
    *, threads: int = 1, progress: Callable[[int, int, str], None] | None = None
) -> Fingerprint:
    """Run the exact pipelines on this machine, and hash what comes out.

    Of a third of the digits one half trains and the other is asked: z-scores, the four exact
    kernels of these and of pixels that are z-scored on the way, distances of pixels (by onnxruntime
    as well, where it is installed), decision values and labels of support vector machines with the
    first kernels, principal components of the Gram matrix, and a random forest on these. Encrypted
    images must give the arrays of the plain ones: each that does not is a part of its own.

    Parameters
    ----------
    threads : int, default=1
        How many threads BLAS and OpenMP may use. The number must not show; on small matrices one
        is fastest.
    progress : callable, optional
        Called with the number of image sets done, of all, and the name of the next.

    Returns
    -------
    Fingerprint

    Examples
    --------
    >>> here = fingerprint()
    >>> here.differences(shipped_fingerprint())
    []
    """
    import scipy.linalg  # noqa: F401  # loads its BLAS, so that it is limited below

    threads = as_integer(threads, "threads", "fingerprint", 1, MOST_THREADS)
    as_function(progress, "progress", "fingerprint")
    with threadpool_limits(threads):
        return fingerprint_of_some(3, progress or (lambda *_: None))


def fingerprint_of_some(every: int, progress: Callable[[int, int, str], None]) -> Fingerprint:
    """Return the fingerprint of each so-manieth of the digits; that of every third is shipped."""
    digits = load_digits_images()
    some = ImageSet(digits.name, digits.images[::every], digits.labels[::every], digits.geometry)
    sides = {"plain": some.images}
    for number in (1, 2, 3):
        key = EtCKey.from_secret(some.geometry, f"etcprops fingerprint, {number}")
        sides[f"key {number}"] = encrypt(some.images, key)
    parts: dict[str, str] = {}
    controls: dict[str, str] = {}
    for done, (name, images) in enumerate(sides.items()):
        progress(done, len(sides), name)
        rows = _z_scores(some, images)
        parts[f"pixels, {name}"] = hash_of(images)
        parts[f"z-scores, {name}"] = hash_of(np.concatenate(rows))
        for what, array in (*_exact_arrays(some, rows), *_arrays_of_pixels(some, images)):
            part = hash_of(array)
            if parts.setdefault(what, part) != part:
                parts[f"{what}, {name}"] = part
        if not controls:
            controls = {what: hash_of(array) for what, array in _ordinary_arrays(rows)}
    by_libsvm = {
        name: parts.pop(name)
        for name in sorted(parts)
        if name.split(",")[0].endswith(("values by SVM", "labels by SVM"))
    }
    return Fingerprint(parts, by_libsvm, controls, _about())


def _z_scores(data: ImageSet, images: NDArray[np.uint8]) -> Side:
    """Return exact z-scores of both halves, by the statistics of the first."""
    from etcprops.exact.scaler import ExactStandardScaler

    training, queries = data.half_split(0)
    vectors = images.reshape(len(images), -1)
    scaler = ExactStandardScaler().fit(vectors[training])
    return scaler.transform(vectors[training]), scaler.transform(vectors[queries])


def _exact_arrays(data: ImageSet, rows: Side) -> Arrays:
    """Yield what the exact pipelines compute."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.svm import SVC

    from etcprops.exact.kernels import ExactKernel
    from etcprops.reductions import GramPCA

    training, queries = rows
    labels = data.labels[data.half_split(0)[0]]
    for kind in KERNELS:
        kernel = ExactKernel(kind)
        yield f"{kind} kernel", np.hstack([kernel(training, queries), kernel(training)])
        # The scaler was not fitted on these: features have means, whose signs the key changes.
        yield f"{kind} kernel of queries", kernel(queries)
        machine = SVC(kernel=kernel, decision_function_shape="ovo").fit(training, labels)
        yield f"{kind} decision values by SVM", machine.decision_function(queries)
        yield f"{kind} labels by SVM", machine.predict(queries)
    components = GramPCA(20).fit(training)
    yield "eigenvalues", components.eigenvalues_
    scores = [components.transform(part) for part in rows]
    yield "principal components", np.concatenate(scores)
    forest = RandomForestClassifier(10, random_state=0).fit(scores[0], labels)
    yield "forest probabilities", forest.predict_proba(scores[1])


def _arrays_of_pixels(data: ImageSet, images: NDArray[np.uint8]) -> Arrays:
    """Yield what the exact pipelines compute straight from pixels."""
    from etcprops.exact import _bytewise
    from etcprops.exact._pixel_products import pixel_distances
    from etcprops.exact.kernels import ExactKernel
    from etcprops.exact.standardized import standardized_gram

    vectors = images.reshape(len(images), -1)
    training, queries = (vectors[half] for half in data.half_split(0))
    for kind in KERNELS:
        kernel = ExactKernel(kind, standardize=True)
        yield f"{kind} kernel of pixels", np.vstack([kernel(queries, training), kernel(training)])
    yield "products of z-scores, one slice", standardized_gram(queries, training, slices=1)
    for multiply in dict.fromkeys((None, _bytewise.installed())):
        distances = [pixel_distances(rows, multiply) for rows in ([queries, training], [training])]
        yield "squared distances of pixels", np.vstack(distances)


def _ordinary_arrays(rows: Side) -> Arrays:
    """Yield what ordinary libraries compute instead."""
    from etcprops.exact.distances import exact_squared_distances

    training, _ = rows
    products = training @ training.T
    yield "products by BLAS", products
    yield "exponentials by NumPy", np.exp(exact_squared_distances(training) / -64)
    yield "eigenvectors by LAPACK", np.linalg.eigh(products)[1]


def hash_of(array: NDArray[Any]) -> str:
    """Return the SHA-256 of an array's type, shape and bytes, the lowest byte first."""
    same_everywhere = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    head = f"{array.dtype.kind}{array.dtype.itemsize} {array.shape}".encode()
    return hashlib.sha256(head + same_everywhere.tobytes()).hexdigest()


def _about() -> dict[str, str]:
    """Return what is known of the machine and its libraries."""
    blas = {
        f"{pool['internal_api']} {pool['version']} for {pool.get('architecture', 'any')}, "
        f"{pool['num_threads']} threads"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    }
    baseline, found = processor_features()
    return {
        "machine": f"{platform.system()} {platform.machine()}",
        **versions(),
        "simd": " ".join([*baseline, *found]),
        "blas": "; ".join(sorted(blas)),
    }


def processor_features() -> tuple[list[str], list[str]]:
    """Return what this NumPy takes every processor to have, and what it found besides."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    return simd["baseline"], simd.get("found", [])
