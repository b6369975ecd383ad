"""Verdicts on small functions such as other people write, many of each kind of mistake."""

from __future__ import annotations

import io
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from etcprops import probe
from etcprops.probing import MapKind

Image = Any
Function = Callable[..., Any]
GREY, COLOUR = (8, 12), (8, 12, 3)
IDENTITY, PERMUTATION, SIGNED = MapKind.IDENTITY, MapKind.PERMUTATION, MapKind.SIGNED_PERMUTATION
COPY, AFFINE, MODULAR = MapKind.COPY_MAP, MapKind.AFFINE, MapKind.AFFINE_MODULAR
BITS, LOCAL, NON_LINEAR = MapKind.GF2_AFFINE, MapKind.PIXEL_LOCAL, MapKind.NON_LINEAR
DEPENDENT = MapKind.DATA_DEPENDENT


def permuted(image: Image, key: Any) -> Image:
    order = np.random.default_rng(key).permutation(image.size)
    return image.reshape(-1)[order].reshape(image.shape)


# --- What comes back


class Tensor:
    """A tensor whose library was built for another NumPy."""

    def __init__(self, array: Image) -> None:
        self.array = array
        self.shape = array.shape

    def __array__(self, *_arguments: Any, **_options: Any) -> Image:
        raise RuntimeError("Numpy is not available")

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def tolist(self) -> Any:
        return self.array.tolist()


class Interface:
    """An object that has the array interface and nothing else."""

    def __init__(self, array: Image) -> None:
        self.array = array
        self.__array_interface__ = array.__array_interface__


def png(image: Image) -> bytes:
    file = io.BytesIO()
    Picture.fromarray(image).save(file, "png")
    return file.getvalue()


def stream(image: Image) -> io.BytesIO:
    return io.BytesIO(png(image))


WRAPPERS: dict[str, Function] = {
    "PIL": Picture.fromarray,
    "list": lambda x: x.tolist(),
    "list of rows": list,
    "generator of rows": iter,
    "generator of pixels": lambda x: (int(pixel) for pixel in x.ravel()),
    "tuple with a number": lambda x: (x, 7),
    "tuple with text": lambda x: ("done", x),
    "tuple with a key": lambda x: (x, {"key": [1, 2, 3]}),
    "tuple with a vector": lambda x: (x, np.arange(5)),
    "object": lambda x: types.SimpleNamespace(image=x, seconds=0.1),
    "dict": lambda x: {"encrypted": x, "seconds": 0.1},
    "PIL in a tuple": lambda x: (Picture.fromarray(x), 1.0),
    "PNG": png,
    "PNG in a stream": stream,
    "raw bytes": lambda x: x.tobytes(),
    "bytearray": lambda x: bytearray(x.tobytes()),
    "interface": Interface,
    "tensor": Tensor,
    "tensor in a list": lambda x: [Tensor(x)],
    "batch": lambda x: x[None],
    "vector": lambda x: x.ravel(),
    "components first": lambda x: np.moveaxis(x, -1, 0) if x.ndim == 3 else x[None],
    "NCHW tensor": lambda x: Tensor((np.moveaxis(x, -1, 0) if x.ndim == 3 else x[None])[None]),
    "NCHW floats": lambda x: (np.moveaxis(x, -1, 0) if x.ndim == 3 else x[None])[None] / 255,
    "objects": lambda x: x.astype(object),
    "last axis of one": lambda x: x[..., None],
    "list of planes": lambda x: list(np.moveaxis(x, -1, 0)) if x.ndim == 3 else [x],
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize("shape", [GREY, COLOUR], ids=["grey", "colour"])
def test_what_comes_back_is_taken(name: str, shape: tuple[int, ...]) -> None:
    wrap = WRAPPERS[name]
    report = probe(lambda x, k: wrap(permuted(x, k)), shape, quick=True)
    assert report.kind is PERMUTATION, str(report)
    assert report.structure is not None
    assert report.out_shape == shape
    assert report.taken, "the report must say what was taken"
    assert report.to_dict()["taken"] == report.taken


WRAPS: list[tuple[Function, str]] = [
    (lambda x, _: (x, x), "[0]"),
    (lambda x, _: [x, 255 - x], "[0]"),
    (lambda x, _: {"a": x, "b": x}, "['a']"),
    (lambda _x, _k: None, "return"),
    (lambda x, _: x.sort(), "encrypt(image, key) or image"),
    (lambda _x, _k: object(), "array"),
    (lambda _x, _k: "file.png", "file"),
    (lambda _x, _k: b"no image at all", "bytes"),
    (lambda x, _: x.convert("RGB"), "Image.fromarray"),
    (lambda x, _: Picture.open(x), "Image.fromarray"),
    (lambda x, _: x.unsqueeze(0), "torch.from_numpy"),
    (lambda _x, key: key.encode(), "'encode'. It may want keys of another type: pass keys=[...]"),
    (lambda _x, key: len(key), "keys"),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("number", range(len(WRAPS)))
def test_what_cannot_be_taken_says_how_to_wrap_it(number: int) -> None:
    function, says = WRAPS[number]
    report = probe(function, (8, 8))
    assert report.kind is MapKind.NOT_IMAGE, str(report)
    assert says in report.reason
    text = str(report)
    cause = report.reason.split(". ")[0].split(", it ")[-1]
    assert text.count(cause) <= 2, "the same cause is not repeated for every shape and key"


# --- Keys


def fails_for(bad: int, function: Function) -> Function:
    def encrypt(image: Image, key: int) -> Any:
        if key == bad:
            raise ZeroDivisionError("no such key")
        return function(image, key)

    return encrypt


def rotated(image: Image, key: int) -> Image:
    return np.rot90(image, key)


KEYED: list[tuple[Function, Any, MapKind, str]] = [
    (lambda x, k: x ^ np.uint8(k), None, BITS, ""),
    (lambda x, k: x ^ np.uint8(k), [0, 1, 2], BITS, "identity"),
    (lambda x, k: x ^ np.uint8(k), [1, 0, 2], BITS, "identity"),
    (lambda x, k: x + np.uint8(k), None, MODULAR, ""),
    (lambda x, k: x + np.uint8(k), [0, 1], MODULAR, "identity"),
    (lambda x, k: x if k < 2 else x // 3, [1, 2], LOCAL, "identity"),
    (lambda x, k: x if k < 2 else x // 3, [2, 1], LOCAL, "identity"),
    (lambda x, k: x * k, [1, 3], MODULAR, "identity"),
    (lambda x, k: np.roll(x, k, axis=1), [12, 1], PERMUTATION, "identity"),
    (fails_for(0, permuted), [0, 1, 2], PERMUTATION, "ZeroDivisionError"),
    (fails_for(1, permuted), [0, 1, 2], PERMUTATION, "ZeroDivisionError"),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("number", range(len(KEYED)))
def test_every_key_is_classified(number: int) -> None:
    function, keys, kind, headline = KEYED[number]
    report = probe(function, GREY, keys=keys, quick=True)
    assert report.kind is kind, str(report)
    assert headline in str(report).splitlines()[0]
    document = report.to_dict()
    assert [entry["key"] for entry in document["keys"]] == [repr(key) for key in report.keys_given]
    assert all(entry["kind"] for entry in document["keys"])


@pytest.mark.thorough
def test_the_first_key_is_not_degenerate() -> None:
    for function in (
        lambda x, k: x ^ np.uint8(k),
        lambda x, k: np.roll(x, k, axis=None),
        lambda x, k: np.roll(x, k, axis=0),
        lambda x, k: x + np.uint8(k),
        permuted,
    ):
        report = probe(function, (16, 16), quick=True)
        assert {entry.kind for entry in report.key_verdicts} == {report.kind}
        assert report.kind is not IDENTITY


# --- Which learning is kept


def orthogonal(image: Image, _key: Any) -> Image:
    matrix = np.linalg.qr(np.random.default_rng(3).standard_normal((image.size, image.size)))[0]
    return (matrix @ image.reshape(-1).astype(float)).reshape(image.shape)


def padded(value: int, width: int = 2) -> Function:
    return lambda x, _: np.pad(x, width, constant_values=value)


def colour_matrix(image: Image, _key: Any) -> Image:
    matrix = np.array([[1, 1, 0], [1, -1, 0], [0, 0, 3]])
    return image.astype(np.int64) @ matrix.T


def hadamard(image: Image, _key: Any) -> Image:
    wide = image.astype(np.int64).reshape(-1, 2)
    return np.stack([wide[:, 0] + wide[:, 1], wide[:, 0] - wide[:, 1]], 1).reshape(image.shape)


def averaged(image: Image, _key: Any) -> Image:
    wide = image.astype(np.float64)
    return (wide + np.roll(wide, 1, axis=1)) / 2


LEARNING: list[tuple[Function, tuple[int, ...], str, float]] = [
    (padded(0), GREY, "isometry", 1),
    (padded(255), GREY, "isometry", 1),
    (padded(254), GREY, "isometry", 1),
    (padded(254), COLOUR, "isometry", 1),
    (
        lambda x, k: np.pad(permuted(x, k), ((0, 3), (1, 0)), constant_values=17),
        GREY,
        "isometry",
        1,
    ),
    (lambda x, _: x.astype(np.int64) + 9, GREY, "isometry", 1),
    (lambda x, _: x.astype(float) - 0.5, GREY, "isometry", 1),
    (lambda x, _: x.astype(np.uint16) + 300, COLOUR, "isometry", 1),
    (lambda x, _: 128 - x.astype(np.int64), GREY, "isometry", 1),
    (lambda x, _: x.astype(np.int16) - 128, GREY, "isometry", 1),
    (orthogonal, GREY, "isometry", 1),
    (hadamard, GREY, "scaled isometry", 2**0.5),
    (lambda x, _: 3.0 * x, GREY, "scaled isometry", 3),
    (lambda x, _: x / 127.5 - 1, GREY, "scaled isometry", 1 / 127.5),
    (lambda x, _: x.astype(np.uint16) * 257, GREY, "scaled isometry", 257),
    (lambda x, _: np.concatenate([x, x]), GREY, "scaled isometry", 2**0.5),
    (lambda x, _: np.stack([x] * 3, -1), GREY, "scaled isometry", 3**0.5),
    (colour_matrix, COLOUR, "injective affine", 0),
    (lambda x, _: x * np.arange(1.0, 13.0), GREY, "injective affine", 0),
    (lambda x, _: np.concatenate([x, x[:2]]), GREY, "injective affine", 0),
    (lambda x, _: np.cumsum(x.astype(np.int64), axis=1), GREY, "injective affine", 0),
    (averaged, GREY, "lossy", 0),
    (lambda x, _: x[:4], GREY, "lossy", 0),
    (lambda x, _: x.mean(axis=-1), COLOUR, "lossy", 0),
    (lambda x, _: x.astype(np.int64) - np.roll(x, 1, axis=1), GREY, "lossy", 0),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("number", range(len(LEARNING)))
def test_the_matrix_decides_which_learning_is_kept(number: int) -> None:
    function, shape, geometry, factor = LEARNING[number]
    report = probe(function, shape, keys=[1])
    assert report.kind in {COPY, AFFINE}, str(report)
    kept = report.kept
    assert kept is not None
    assert str(kept.geometry) == geometry
    if factor:
        assert kept.factor == pytest.approx(factor)
    exact = {c.family for c in report.consequences if c.exact}
    distances = "Euclidean distances on raw pixels, and k-NN on them"
    assert (distances in exact) == (geometry == "isometry")
    assert bool(exact) == (geometry != "lossy")


@pytest.mark.sampled(4)
@pytest.mark.parametrize("number", range(len(LEARNING)))
def test_consequences_are_true_of_numbers(number: int) -> None:
    """Hold what is said to be kept against encrypted noise."""
    function, shape, _, _ = LEARNING[number]
    report = probe(function, shape, keys=[1])
    rng = np.random.default_rng(0)
    plain = rng.integers(0, 256, (6, *shape), dtype=np.uint8)
    there = np.stack([np.asarray(function(x, 1)).ravel() for x in plain]).astype(float)
    here = plain.reshape(6, -1).astype(float)
    exact = {c.family: c.exact for c in report.consequences}
    inner = np.allclose(here @ here.T, there @ there.T)
    assert exact["linear and polynomial kernels on raw pixels"] == inner
    gaps = [((r[:, None] - r[None]) ** 2).sum(axis=-1) for r in (here, there)]
    assert exact["Euclidean distances on raw pixels, and k-NN on them"] == np.allclose(
        gaps[0], gaps[1]
    )
    with np.errstate(all="ignore"):
        scores = [(r - r.mean(axis=0)) / np.maximum(r.std(axis=0), 1e-9) for r in (here, there)]
    grams = [s @ s.T for s in scores]
    after = exact["linear, RBF, polynomial and sigmoid kernels after z-score"]
    assert after == np.allclose(grams[0], grams[1])
    ranks = [np.argsort(g + 1e-6 * gaps[0].max() * np.eye(6), axis=1) for g in gaps]
    if exact["order of distances: nearest neighbours, single linkage"]:
        assert np.array_equal(ranks[0], ranks[1])


# --- Reasons and classes


MASK = np.random.default_rng(6).integers(0, 256, GREY).astype(np.uint8)
BITWISE: list[tuple[str, Function, int | None]] = [
    ("x & 0xFE", lambda x: x & 0xFE, 1),
    ("x >> 4", lambda x: x >> 4, 4),
    ("x << 1", lambda x: x << 1, 1),
    ("x | 1", lambda x: x | 1, 1),
    ("x & 0xF0", lambda x: x & 0xF0, 4),
    ("threshold", lambda x: np.where(x > 127, 255, 0).astype(np.uint8), 7),
    ("threshold, bool", lambda x: x > 127, 7),
    ("parity", lambda x: x & 1, 7),
    ("mask", lambda x: x ^ MASK, 0),
    ("nibbles", lambda x: x >> 4 | x << 4, 0),
]
DTYPES = [np.uint8, np.uint16, np.int64, np.float32, np.float64]


def named(dtype: type) -> str:
    return dtype.__name__


@pytest.mark.sampled(6)  # of five types another one for each function
@pytest.mark.parametrize("dtype", DTYPES, ids=named)
@pytest.mark.parametrize(
    ("function", "lost"), [b[1:] for b in BITWISE], ids=[b[0] for b in BITWISE]
)
def test_lost_bits_are_counted_whatever_the_type(
    function: Function, lost: int | None, dtype: type
) -> None:
    report = probe(lambda x, _: function(x).astype(dtype), GREY, keys=[1])
    assert report.kind is BITS, str(report)
    assert "mixed" not in report.reason
    said = f"{96 * (lost or 0)} of 768 bits are lost" if lost else "no bit is lost"
    assert said in report.reason, report.reason


def xor_chain(image: Image) -> Image:
    return np.bitwise_xor.accumulate(image, axis=1)


def sum_chain(image: Image) -> Image:
    return np.cumsum(image, axis=1, dtype=np.uint8)


def hill(image: Image) -> Image:
    pairs = image.astype(np.int64).reshape(-1, 2)
    return (pairs @ np.array([[3, 2], [3, 5]]) % 256).reshape(image.shape)


SAME_CLASS: list[tuple[str, Function, MapKind]] = [
    ("XOR mask", lambda x: x ^ MASK, BITS),
    ("XOR chain", xor_chain, BITS),
    ("gray code", lambda x: x ^ x >> 1, BITS),
    ("sum chain", sum_chain, MODULAR),
    ("Hill", hill, MODULAR),
    ("shift", lambda x: x + np.uint8(77), MODULAR),
    ("mask added", lambda x: x + MASK, MODULAR),
    ("times 3", lambda x: x * np.uint8(3) + MASK, MODULAR),
    ("differences", lambda x: x - np.roll(x, 1, axis=1), MODULAR),
    ("third", lambda x: x // 3, LOCAL),
    ("square", lambda x: (x.astype(np.int64) ** 2 % 251).astype(np.uint8), LOCAL),
    ("reversed", lambda x: x[::-1], PERMUTATION),
    ("negated", lambda x: 255 - x[::-1], SIGNED),
]


@pytest.mark.sampled(7)  # of six types another one for each function
@pytest.mark.parametrize("dtype", [*DTYPES, np.int16], ids=named)
@pytest.mark.parametrize(
    ("function", "kind"), [s[1:] for s in SAME_CLASS], ids=[s[0] for s in SAME_CLASS]
)
def test_the_class_does_not_depend_on_the_type(
    function: Function, kind: MapKind, dtype: type
) -> None:
    report = probe(lambda x, _: function(x).astype(dtype), GREY, keys=[1])
    assert report.kind is kind, str(report)
    assert report.witness is not None or report.ok


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("function", "kind"),
    [s[1:] for s in SAME_CLASS if s[2] in {BITS, MODULAR}],
    ids=[s[0] for s in SAME_CLASS if s[2] in {BITS, MODULAR}],
)
def test_the_class_does_not_depend_on_the_scale(function: Function, kind: MapKind) -> None:
    report = probe(lambda x, _: function(x) / 255, GREY, keys=[1])
    assert report.kind is kind, str(report)
    if kind is BITS:
        signed = probe(lambda x, _: function(x).astype(np.int8), GREY, keys=[1])
        assert signed.kind is BITS, str(signed)


def normalised(image: Image, _key: Any) -> Image:
    wide = image.astype(float)
    spread = wide.max() - wide.min()
    return np.rint(255 * (wide - wide.min()) / (spread or 1)).astype(np.uint8)


def standardised(image: Image, _key: Any) -> Image:
    wide = image.astype(float)
    return (wide - wide.mean()) / (wide.std() + 1)


def softmax(image: Image, _key: Any) -> Image:
    weights = np.exp(image / 64.0)
    return weights / weights.sum()


def equalised(image: Image, _key: Any) -> Image:
    counts = np.bincount(image.ravel(), minlength=256).cumsum()
    return (counts[image] * 255 // image.size).astype(np.uint8)


def median(image: Image, _key: Any) -> Image:
    shifts = [np.roll(image, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return np.median(shifts, axis=0).astype(np.uint8)


def logistic(image: Image, _key: Any) -> Image:
    return np.tanh(image / 300 + np.roll(image, 1) / 500)


NO_SUCH_REASON: list[Function] = [
    normalised,
    standardised,
    softmax,
    equalised,
    median,
    logistic,
    lambda x, _: np.sqrt(x / 255),
    lambda x, _: np.sqrt(x / 255 + np.roll(x, 1) / 255),
    lambda x, _: xor_chain(x).astype(np.int64),
    lambda x, _: (x.astype(np.int64) * np.roll(x, 1)) % 251 % 7,
    lambda x, _: 0.01 * np.sin(x.astype(float) * np.roll(x, 1)),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("number", range(len(NO_SUCH_REASON)))
@pytest.mark.parametrize("shape", [(32, 32), (32, 32, 3)], ids=["grey", "colour"])
def test_no_jpeg_and_no_rounding_where_there_is_none(number: int, shape: tuple[int, ...]) -> None:
    report = probe(NO_SUCH_REASON[number], shape, keys=[1], quick=True)
    text = str(report)
    for reason in ("JPEG", "YCbCr", "rounding", "mixed"):
        assert reason not in text, text
    assert not report.ok


# --- Data-dependent maps and witnesses


def sorted_rows(image: Image, _key: Any) -> Image:
    return image[np.argsort(image.sum(axis=1, dtype=np.int64), kind="stable")]


def seeded_by_sum(image: Image, key: int) -> Image:
    order = np.random.default_rng([key, int(image.sum())]).permutation(image.size)
    return image.reshape(-1)[order].reshape(image.shape)


def rolled_by_content(image: Image, _key: int) -> Image:
    return np.roll(image, int(image[0, 0]) % 5)


def by_contrast(image: Image, key: int) -> Image:
    order = np.random.default_rng([key, int(np.ptp(image) < 90)]).permutation(image.size)
    return image.reshape(-1)[order].reshape(image.shape)


def by_parity(image: Image, key: int) -> Image:
    return permuted(image, key) if int(image.sum()) % 2 else permuted(image, key)[::-1]


def all_even(image: Image, key: int) -> Image:
    return permuted(image, key)[::-1] if not (image & 1).any() else permuted(image, key)


def flips_flat(image: Image, key: int) -> Image:
    return permuted(image if image.std() > 30 else 255 - image, key)


ADAPTIVE: list[tuple[Function, str]] = [
    (sorted_rows, "permutation"),
    (seeded_by_sum, "permutation"),
    (rolled_by_content, "permutation"),
    (by_contrast, "permutation"),
    (by_parity, "permutation"),
    (all_even, "permutation"),
    (flips_flat, "permutation"),
    (lambda x, _: np.sort(x, axis=1), "permutation"),
    (lambda x, _: np.sort(x.ravel()).reshape(x.shape), "permutation"),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("number", range(len(ADAPTIVE)))
def test_a_permutation_that_the_content_chooses_has_its_name_and_a_witness(number: int) -> None:
    function, says = ADAPTIVE[number]
    report = probe(function, GREY, keys=[5])
    assert report.kind is DEPENDENT, str(report)
    assert says in report.reason
    witness = report.witness
    assert witness is not None
    assert witness.outputs is not None
    assert not np.array_equal(witness.first, witness.second)
    gaps = [
        np.sort(np.abs(np.subtract(*(np.asarray(i, dtype=float).ravel() for i in pair))))
        for pair in ((witness.first, witness.second), witness.outputs)
    ]
    assert not np.array_equal(gaps[0], gaps[1])


@pytest.mark.parametrize("curve", [lambda x: x.max() - x, lambda x: x - x.min()])
def test_a_tone_curve_that_the_content_chooses_has_its_name(curve: Function) -> None:
    report = probe(lambda x, _: curve(x), GREY, keys=[5])
    assert report.kind is DEPENDENT, str(report)
    assert "a tone curve that the image chooses" in report.reason
    assert report.witness is not None


def fails_on(condition: Callable[[Image], bool], function: Function = permuted) -> Function:
    def encrypt(image: Image, key: int) -> Any:
        if condition(image):
            raise ZeroDivisionError("cannot do that")
        return function(image, key)

    return encrypt


PARTIAL: list[tuple[Callable[[Image], bool], Function, MapKind]] = [
    (lambda x: not x.any(), permuted, PERMUTATION),
    (lambda x: int(x.max()) == int(x.min()), permuted, PERMUTATION),
    (lambda x: x.min() == 255, lambda x, _: x ^ 77, BITS),
    (lambda x: x.mean() > 240, permuted, PERMUTATION),
    (lambda x: not x.any(), lambda x, _: x + np.uint8(3), MODULAR),
    (lambda x: not x.any(), lambda x, _: x // 3, LOCAL),
    (lambda x: int(x.max()) - int(x.min()) < 5, lambda x, _: 2.5 * x, AFFINE),
    (lambda x: int(x.ravel()[0]) == 17, permuted, PERMUTATION),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("number", range(len(PARTIAL)))
def test_an_image_that_fails_is_a_finding_and_no_verdict(number: int) -> None:
    condition, function, kind = PARTIAL[number]
    report = probe(fails_on(condition, function), GREY, keys=[5])
    assert report.kind is kind, str(report)
    assert any("ZeroDivisionError" in finding for finding in report.findings), report.findings


@pytest.mark.parametrize(
    "function",
    [
        lambda x, _: x * np.float32(0.1),
        lambda x, _: x.astype(np.float32) / 3 + np.roll(x, 1) / 7,
        lambda x, _: np.fft.fft2(x) / np.sqrt(x.size),
        lambda x, _: np.sqrt(x),
    ],
)
def test_a_witness_is_no_rounding(function: Function) -> None:
    witness = probe(function, GREY, keys=[1], quick=True).witness
    if witness is not None:
        assert witness.outputs is not None
        gaps = [
            np.sort(np.abs(np.subtract(*(np.asarray(i, dtype=float).ravel() for i in pair))))
            for pair in ((witness.first, witness.second), witness.outputs)
        ]
        assert gaps[0].shape != gaps[1].shape or not np.allclose(gaps[0], gaps[1], rtol=1e-5)
