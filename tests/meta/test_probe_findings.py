"""Mutation testing: each class that a probe can give, and each sentence that it can say of one.

The sentences are read from the sources, so that none can be added for which there is no function
that calls it forth.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from sentences import GAP, sentences

import etcprops.probing
from etcprops import BlockGeometry, EtCKey, encrypt, probe
from etcprops.probing import MapKind
from etcprops.probing.budget import FULL, Progress
from etcprops.probing.linearity import Sums
from etcprops.probing.model import Notes
from etcprops.probing.residuals import how_non_linear
from etcprops.probing.runner import InterruptedProbeError

Image = NDArray[Any]
SOURCES = Path(etcprops.probing.__file__).parent

OTHER_MODULES: Final = {
    **dict.fromkeys(("page", "pictures"), "what a page says, which test_probe_page reads"),
    **dict.fromkeys(
        ("checker", "drift"), "certificates: test_probe_certificates has their mutants"
    ),
    "consequences": "what the ledger says of a class, which test_probing compares with it",
    "budget": "the words of other sentences",
    "gates": "what is not as it was expected, which test_gates has",
    "model": "what a verdict consists of",
    "sandbox": "why there is no image: test_probing has functions of each kind",
    "returns": "what is taken for an image: test_foreign has what libraries return",
    **dict.fromkeys(
        ("structure", "wording", "within", "axes", "arrangement", "shifts", "draws"),
        "what a map looks like, of which test_descriptions and test_even_schedules have many",
    ),
}
"""Modules of which sentences are no findings, and where they are tested."""

UNREACHED: Final = {
    "Nothing was asked.": "the verdict before the first call",
    f"{GAP} before the class was known under any key.": "Ctrl-C between two calls, not in one",
}
"""Sentences that no function calls forth, and why."""


@dataclass(frozen=True)
class Mutant:
    """A function under a probe, and what must be said of it.

    Parameters
    ----------
    function : callable
        An encryption that is none, or has a defect.
    kind : MapKind
        Its class.
    says : str
        Parts of sentences, divided by bars.
    shape : tuple of int
        Of the images.
    options : dict
        For `probe`.
    """

    function: Callable[..., Any]
    kind: MapKind
    says: str = ""
    shape: tuple[int, ...] = (4, 4)
    options: dict[str, Any] = field(default_factory=dict)


def drawn(*parts: int) -> np.random.Generator:
    return np.random.default_rng(parts)


def shuffled(image: Image, *parts: int) -> Image:
    """Permute all values in an order that hangs on some numbers."""
    order = drawn(*parts).permutation(image.size)
    return np.asarray(image.reshape(-1)[order].reshape(image.shape))


def total(image: Image) -> int:
    return int(image.astype(np.int64).sum())


def times(matrix: list[list[int]]) -> Callable[[Image, int], Image]:
    """Return what multiplies each row of an image with a matrix."""
    return lambda image, _key: image.astype(np.int64) @ np.array(matrix)


def hadamard(image: Image, _key: int) -> Image:
    signs = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    return np.asarray(0.5 * (image.astype(np.float64) @ signs) + 3)


def flipped(image: Image, _key: int) -> Image:
    return image[::-1]


def slowly(image: Image, _key: int) -> Image:
    time.sleep(0.02)
    return image[::-1]


def in_place(image: Image, _key: int) -> Image:
    image[:] = image[::-1]
    print("done")  # noqa: T201
    return image


def for_ever(_image: Image, _key: int) -> Image:
    while True:
        pass


def of_another_shape(image: Image, _key: int) -> Image:
    return image if image.any() else image[:2]


def fails_for_the_brightest(image: Image, _key: int) -> Image:
    if image.max() > 250:
        raise ValueError("too bright")
    return image


def ycbcr(image: Image, _key: int) -> Image:
    return np.asarray(Picture.fromarray(image).convert("YCbCr").convert("RGB"))[::-1]


def jpeg(image: Image, _key: int) -> Image:
    file = BytesIO()
    Picture.fromarray(image).save(file, "jpeg", quality=75)
    return np.asarray(Picture.open(file))[:, ::-1]


def variance_key(image: Image, key: int) -> Image:
    mask = drawn(key, int(image.var() * 1000)).integers(0, 256, image.shape, dtype=np.uint8)
    return image ^ mask


def nibbles(image: Image, key: int) -> Image:
    halves = np.stack([image & 15, image >> 4], axis=-1).reshape(-1)
    low, high = halves[drawn(key).permutation(halves.size)].reshape(-1, 2).T
    return np.asarray(low | high << 4).reshape(image.shape)


def few_moved(image: Image, key: int) -> Image:
    """Exchange 20 values of all, in any order."""
    order = np.arange(image.size)
    chosen = drawn(key).choice(image.size, 20, replace=False)
    order[chosen] = chosen[drawn(key, 1).permutation(20)]
    return np.asarray(image.reshape(-1)[order].reshape(image.shape))


def cat_map(image: Image, key: int) -> Image:
    """Take the value at a linear map of the place, of which a key draws one number."""
    y, x = np.mgrid[: len(image), : len(image)]
    a = key % len(image)
    return np.asarray(image[(a * x + (a + 1) * y) % len(image), (x + y) % len(image)])


def three_cuts(image: Image, key: int) -> Image:
    """Exchange four stretches of pixels of any length."""
    cuts = np.sort(drawn(key).choice(np.arange(1, image.size), 3, replace=False))
    parts = np.split(image.reshape(-1), cuts)
    return np.concatenate([parts[n] for n in drawn(key, 1).permutation(4)]).reshape(image.shape)


def each_block_shuffled(image: Image, key: int) -> Image:
    """Permute all values of each block of 4 x 4 colours: no pixel keeps its components."""
    tiles = image.reshape(2, 4, 2, 4, 3).swapaxes(1, 2).reshape(4, 48)
    mixed = drawn(key).permuted(tiles, axis=1)
    return mixed.reshape(2, 2, 4, 4, 3).swapaxes(1, 2).reshape(image.shape)


def rows_in_two_orders(image: Image, key: int) -> Image:
    """Shuffle each row by one of two orders."""
    return np.stack([shuffled(row, key, number % 2) for number, row in enumerate(image)])


def multiplied_places(image: Image, key: int) -> Image:
    """Take pixel (2 k + 1) n modulo their number: for k = 0 all stay."""
    return image.reshape(-1)[(2 * key + 1) * np.arange(image.size) % image.size].reshape(
        image.shape
    )


def block_scheme(
    **draw: Callable[[np.random.Generator, int], Any],
) -> Callable[[Image, int], Image]:
    """Return EtC in blocks of 4 x 4 of which steps are drawn like that."""

    def encryption(image: Image, key: int) -> Image:
        geometry = BlockGeometry(*image.shape[:2], block=4)
        rng = drawn(key, 99)
        codes = {step: np.asarray(of(rng, geometry.n_blocks)) for step, of in draw.items()}
        return encrypt(image, EtCKey(geometry, **codes))

    return encryption


def permuted(rng: np.random.Generator, blocks: int) -> Any:
    return rng.permutation(blocks)


def half_negated(rng: np.random.Generator, blocks: int) -> Any:
    return rng.permutation(blocks) < blocks // 2


def same_negated(_rng: np.random.Generator, blocks: int) -> Any:
    return drawn(0).integers(0, 2, blocks)


def noisy(image: Image, _key: int) -> Image:
    return image ^ np.random.default_rng().integers(0, 2, image.shape, dtype=np.uint8)


QUICK: Final = {"quick": True}
MUTANTS: dict[str, Mutant] = {
    "nothing": Mutant(
        lambda image, _key: image,
        MapKind.IDENTITY,
        "Every pixel stays where it is|The key may go unused: ",
    ),
    "rows moved": Mutant(
        lambda image, key: image[drawn(key).permutation(len(image))],
        MapKind.PERMUTATION,
        "Every pixel is shown once, as it is: ",
        (8, 4),
    ),
    "all negated under some keys": Mutant(
        lambda image, key: 255 - image if key else image,
        MapKind.SIGNED_PERMUTATION,
        "Every pixel is shown once, |The verdict is not the same for all keys: | (independent "
        "bits)| under ",
        options={"keys": 2},
    ),
    "halved": Mutant(
        lambda image, _key: image // 2,
        MapKind.GF2_AFFINE,
        "The key is not used: |: linear over bits, not over grey levels; |Every bit of the result "
        "is one bit of the image|keeps the absolute differences of two images",
    ),
    "times three": Mutant(
        lambda image, key: image * np.uint8(3) + np.uint8(key % 256),
        MapKind.AFFINE_MODULAR,
        "Distances of grey levels are not kept, for results wrap around.",
    ),
    "modulo 251": Mutant(
        lambda image, _key: ((image.astype(np.int64) * 3 + 5) % 251).astype(np.uint8),
        MapKind.AFFINE_RESIDUE,
        "Grey levels that differ by |The images are 0 and ",
    ),
    "floats modulo 251": Mutant(
        lambda image, _key: 3 * np.rint(65536 * image) % 251,
        MapKind.NON_LINEAR,
        "Sums of images are kept modulo ",
        options={"dtype": np.float64},
    ),
    "a mask": Mutant(
        lambda image, key: image ^ drawn(key).integers(0, 256, image.shape, dtype=np.uint8),
        MapKind.GF2_AFFINE,
        "Pixels stay whole and are XORed with a mask",
    ),
    "nibbles moved": Mutant(
        nibbles, MapKind.GF2_AFFINE, "Halves of bytes (nibbles) move on their own"
    ),
    "times 129": Mutant(
        lambda image, _key: image * np.uint8(129),
        MapKind.GF2_AFFINE,
        "bits of the result are XORs of several bits of the image|affine modulo 256 as well.",
    ),
    "masked and shifted down": Mutant(
        lambda image, key: (
            (image.astype(np.int16) ^ drawn(key).integers(0, 256, image.shape)) - 256
        ),
        MapKind.GF2_AFFINE,
        "their bits are those of two's complement.",
    ),
    "squared": Mutant(
        lambda image, _key: (image.astype(np.int64) ** 2 // 255).astype(np.uint8),
        MapKind.PIXEL_LOCAL,
        "but follow another curve.| of 256 grey levels become the same as another.",
    ),
    "squared, in haste": Mutant(
        lambda image, _key: (image.astype(np.int64) ** 2 // 255).astype(np.uint8),
        MapKind.PIXEL_LOCAL,
        "Every pixel of the result depends on one input pixel alone, and is not linear in it.",
        options=QUICK,
    ),
    "a row twice": Mutant(
        lambda image, _key: np.concatenate([image[:1], image[:-1]]),
        MapKind.COPY_MAP,
        "Every pixel of the result shows one input pixel|images that differ only in what is lost "
        "become the same.|; their encryptions are the same.",
    ),
    "a constant pixel": Mutant(
        lambda image, _key: np.where(np.arange(16).reshape(4, 4) == 3, 7, image).astype(np.uint8),
        MapKind.COPY_MAP,
        "Shape",
    ),
    "sums of neighbours": Mutant(
        times([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
        MapKind.AFFINE,
        "Injective: no image is lost, but distances change.|Images of type ",
    ),
    "three sums": Mutant(
        lambda image, _key: image.astype(np.int64)[:, :3] + image[:, 1:],
        MapKind.AFFINE,
        "Images of shape ",
    ),
    "sums and differences": Mutant(
        times([[1, 1, 0, 0], [1, -1, 0, 0], [0, 0, 1, 1], [0, 0, 1, -1]]),
        MapKind.AFFINE,
        "A scaled isometry",
    ),
    "an orthogonal matrix and 3": Mutant(
        hadamard, MapKind.AFFINE, "An isometry|distances are kept; inner products are not"
    ),
    "many sums": Mutant(
        lambda image, _key: image.astype(np.int64) + np.roll(image, 1, 0),
        MapKind.AFFINE,
        "Distances change; whether images are lost is not known.",
        (40, 40),
        QUICK,
    ),
    "divided by 255": Mutant(
        lambda image, _key: image / 255.0, MapKind.IDENTITY, "; here it is multiplied by it."
    ),
    "noise": Mutant(
        noisy,
        MapKind.RANDOMISED,
        "The same image and key gave two different results|The result differs from call to call|"
        "The same image gave ",
    ),
    "a mask of the mean": Mutant(
        lambda image, _key: image ^ np.uint8(int(image.mean())),
        MapKind.DATA_DEPENDENT,
        "every image keeps its histogram up to the names of the grey levels",
    ),
    "an order of the sum": Mutant(
        lambda image, _key: shuffled(image, total(image)),
        MapKind.DATA_DEPENDENT,
        "a permutation that the content of the image chooses",
    ),
    "bright ones negated": Mutant(
        lambda image, _key: 255 - image if image.mean() > 127 else image,
        MapKind.DATA_DEPENDENT,
        "a signed permutation that the content of the image chooses",
    ),
    "a mask of the variance": Mutant(
        variance_key, MapKind.DATA_DEPENDENT, "swapping two pixels changes at most ", (8, 8)
    ),
    "products of neighbours": Mutant(
        lambda image, _key: (image.astype(np.int64) * np.roll(image, 1, 1) // 255).astype(np.uint8),
        MapKind.DATA_DEPENDENT,
        "the map read off the chosen images explains ",
    ),
    "YCbCr and back": Mutant(
        ycbcr,
        MapKind.NON_LINEAR,
        "Sums are not kept: |: affine but for rounding.|It is affine up to rounding",
        (4, 4, 3),
    ),
    "JPEG": Mutant(jpeg, MapKind.NON_LINEAR, " stands in it: the DCT coefficients of ", (16, 16)),
    "JPEG, in haste": Mutant(
        jpeg,
        MapKind.NON_LINEAR,
        "Images that are flat in 8 x 8 tiles are encrypted almost linearly|departures that few "
        "images show, small witnesses",
        (16, 16),
        QUICK,
    ),
    "None": Mutant(lambda _image, _key: None, MapKind.NOT_IMAGE, "For |Under none of "),
    "none of the brightest": Mutant(
        fails_for_the_brightest, MapKind.IDENTITY, "Not every image is encrypted: "
    ),
    "of another shape": Mutant(of_another_shape, MapKind.IDENTITY, " for one image and "),
    "into its input": Mutant(
        in_place,
        MapKind.PERMUTATION,
        "It modifies its input: pass it a copy.|It prints.|Too few keys to test the ",
    ),
    "a pair": Mutant(
        lambda image, _key: (image, "x"), MapKind.IDENTITY, "What was taken for the image: "
    ),
    "without a key": Mutant(lambda image: image[::-1], MapKind.PERMUTATION, "It takes no key."),
    "with a key as third": Mutant(
        lambda image, rounds=2, key=0: image[:: rounds // -2],  # noqa: ARG005
        MapKind.PERMUTATION,
        "The key is passed as ",
    ),
    "with a default": Mutant(
        lambda image, flip=True: image[:: -1 if flip else 1],
        MapKind.PERMUTATION,
        "', is left at ",
    ),
    "with a number of rounds": Mutant(
        lambda image, rounds: image[:: -1 if rounds else 1],
        MapKind.PERMUTATION,
        "' and is given the key. ",
    ),
    "without a limit": Mutant(
        flipped,
        MapKind.PERMUTATION,
        "It was called without a time limit",
        options={"isolation": "none", **QUICK},
    ),
    "without an end": Mutant(
        for_ever,
        MapKind.NOT_IMAGE,
        "If it does return when it is called by hand",
        options={"time_limit": 0.05},
    ),
    "with no time": Mutant(
        slowly,
        MapKind.UNDECIDED,
        " under this key, before its class was known",
        options={"budget": 1e-6},
    ),
    "a shift": Mutant(
        lambda image, key: np.roll(image.reshape(-1), key).reshape(image.shape),
        MapKind.PERMUTATION,
        "Of what is drawn unevenly, |Not uniform: ",
        (16, 16),
        {"keys": 12, **QUICK},
    ),
    "one order": Mutant(
        lambda image, _key: shuffled(image, 1),
        MapKind.PERMUTATION,
        "The maps of all keys commute, as powers of one do",
        (8, 8),
        QUICK,
    ),
    "places multiplied": Mutant(
        multiplied_places,
        MapKind.PERMUTATION,
        " under every key: one draw.",
        (8, 8),
        {"keys": 12, **QUICK},
    ),
    "rows in two orders": Mutant(
        rows_in_two_orders, MapKind.PERMUTATION, ": of ", (8, 8), {"keys": 6, **QUICK}
    ),
    "nothing moved by one key": Mutant(
        lambda image, key: shuffled(image, key) if key else image,
        MapKind.PERMUTATION,
        " moves nothing: no even draw; ",
        (8, 8),
        {"keys": 12, **QUICK},
    ),
    "few pixels moved": Mutant(
        few_moved,
        MapKind.PERMUTATION,
        " in place, of which an even draw leaves one on average",
        (8, 8),
        {"keys": 12, **QUICK},
    ),
    "a cat map": Mutant(
        cat_map, MapKind.PERMUTATION, " never change with the key.", (8, 8), {"keys": 20, **QUICK}
    ),
    "three cuts": Mutant(
        three_cuts,
        MapKind.PERMUTATION,
        "; whether it is drawn evenly was not tested.",
        (8, 8),
        {"keys": 6, **QUICK},
    ),
    "values of each block": Mutant(
        each_block_shuffled,
        MapKind.PERMUTATION,
        "Whether what happens inside the ",
        (8, 8, 3),
        {"keys": 24, **QUICK},
    ),
    "half of the blocks negated": Mutant(
        block_scheme(negatives=half_negated),
        MapKind.SIGNED_PERMUTATION,
        "Exactly half of the ",
        (16, 16),
        {"keys": 8, **QUICK},
    ),
    "one element of D4": Mutant(
        block_scheme(permutation=permuted, transforms=lambda rng, n: np.full(n, rng.integers(8))),
        MapKind.PERMUTATION,
        " of an image: ",
        (16, 16),
        {"keys": 8, **QUICK},
    ),
    "the same blocks negated": Mutant(
        block_scheme(permutation=permuted, negatives=same_negated),
        MapKind.SIGNED_PERMUTATION,
        " does not depend on the key.",
        (16, 16),
        {"keys": 12, **QUICK},
    ),
    "few keys": Mutant(
        lambda image, key: shuffled(image, key % 4),
        MapKind.PERMUTATION,
        " keys give ",
        (8, 8),
        {"keys": 12, **QUICK},
    ),
}


def texts(found: Any) -> Iterator[str]:
    """Yield every text in a document."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        for value in found.values():
            yield from texts(value)
    elif isinstance(found, list):
        for value in found:
            yield from texts(value)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_the_probe_says_what_is_wrong(mutant: Mutant) -> None:
    report = probe(mutant.function, mutant.shape, **mutant.options)
    assert report.kind is mutant.kind, str(report)
    said = "\n".join([str(report), *texts(report.to_dict())])
    assert [part for part in mutant.says.split("|") if part.lower() not in said.lower()] == []


def test_of_many_curves_some_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etcprops.probing.local.TABLE_PIXELS", 8)
    report = probe(MUTANTS["squared"].function, (4, 4))
    assert report.kind is MapKind.PIXEL_LOCAL
    assert report.reason.endswith(SAMPLED.replace(GAP, "8", 1).replace(GAP, "16"))


def test_what_an_interruption_leaves_out_is_said() -> None:
    """Wherever it comes: of the first images under a key, or of those that confirm its map."""
    said = []
    for last in range(1, 8):

        def stop(at: Progress, last: int = last) -> None:
            if at.calls >= last:
                raise KeyboardInterrupt

        with pytest.raises(InterruptedProbeError) as stopped:
            probe(flipped, (4, 4), keys=1, progress=stop)
        said.append(str(stopped.value.report))
    assert "before its class was known" in said[0]
    assert any(UNCONFIRMED in text for text in said)
    assert all("not looked at: " in text or "before its class" in text for text in said)


class NoOracle:
    """Stands for a function that is not asked."""

    notes = Notes()


def test_sums_that_no_image_showed_are_not_said_to_be_kept() -> None:
    sums = Sums(0.0, 0, np.inf, -np.inf, True, 0)
    assert how_non_linear(NoOracle(), np.random.default_rng(0), sums, FULL) == UNCOMPARED  # type: ignore[arg-type]


FEW: Final = 5
"""Letters of a sentence that says something by itself."""
SAMPLED: Final = f"Sampled: {GAP} of {GAP} pixels."
UNCONFIRMED: Final = "departures that few images show: the map was not confirmed further"
UNCOMPARED: Final = "Sums of images could not be compared, for images failed."


def test_every_class_has_a_mutant() -> None:
    assert {mutant.kind for mutant in MUTANTS.values()} == set(MapKind)


def test_every_sentence_has_a_mutant_that_calls_it_forth() -> None:
    """Also those of modules that come later."""
    said = [part for mutant in MUTANTS.values() for part in mutant.says.split("|") if part]
    known = {*UNREACHED, SAMPLED, UNCOMPARED, UNCONFIRMED}
    mute, found = [], set()
    for path in sorted(SOURCES.glob("*.py")):
        if path.stem not in OTHER_MODULES:
            for sentence in sentences(path):
                if len(re.findall(r"\w", sentence)) < FEW:
                    continue  # made of what is filled in
                parts = {part for part in said if part.strip() in sentence}
                found |= parts
                if not parts and sentence not in known:
                    mute.append(f"{path.stem}: {sentence}")
    assert mute == []
    assert set(said) - found == set()


def test_the_lists_of_what_is_left_out_are_not_out_of_date() -> None:
    modules = {path.stem for path in SOURCES.glob("*.py")}
    assert set(OTHER_MODULES) <= modules
    rest = (path for path in SOURCES.glob("*.py") if path.stem not in OTHER_MODULES)
    there = {sentence for path in rest for sentence in sentences(path)}
    assert {*UNREACHED, SAMPLED, UNCOMPARED, UNCONFIRMED} <= there
