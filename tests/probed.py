"""What `probe` reports of schemes of every kind, on record: a report that changes shows.

The record is ``tests/probing/reports.json``; ``python tests/probed.py`` writes it anew. What rounds
is left out: it is what the oldest machine that this one can stand in for reports otherwise.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from on_record import renew
from oracles import rng, turned
from PIL import Image as Picture

from etcprops import BlockGeometry, EtCKey, encrypt, probe

Image = NDArray[Any]
FILE: Final = Path(__file__).parent / "probing" / "reports.json"
LEVELS: Final = np.arange(256, dtype=np.uint8)
TIMES: Final = ("seconds", "own_seconds")
BY_LIBRARY: Final = {"cosine transform", "compressed"}
"""Schemes whose reports change with versions of libraries."""


class Scheme(NamedTuple):
    """A function, and how it is probed."""

    function: Callable[..., Any]
    shape: tuple[int, ...]
    options: dict[str, Any] = {}  # noqa: RUF012  # read only


def etc(shape: tuple[int, ...], **steps: Any) -> Scheme:
    """Return the encryption of this package, under keys from texts."""
    channels = shape[2] if shape[2:] else 1
    geometry = BlockGeometry(*shape[:2], channels=channels, block=4)

    def function(image: Image, key: int) -> Image:
        return encrypt(image, EtCKey.from_secret(geometry, f"key {key}", **steps))

    return Scheme(function, shape, {"keys": 4})


def ordered(image: Image, order: NDArray[np.int64]) -> Image:
    """Return values in another order, in the same shape."""
    return image.reshape(-1)[order].reshape(image.shape)


def every_value(image: Image, key: int) -> Image:
    """Move every value of every component, anywhere."""
    return ordered(image, rng(key).permutation(image.size))


def one_order(image: Image, _key: int) -> Image:
    """Move all values, whatever the key."""
    return ordered(image, rng(5).permutation(image.size))


def whole_pixels(image: Image, key: int) -> Image:
    """Move pixels with their components."""
    order = rng(key).permutation(image.shape[0] * image.shape[1])
    return image.reshape(len(order), -1)[order].reshape(image.shape)


def negated_pixels(image: Image, key: int) -> Image:
    """Negate half of the values."""
    return np.where(rng(key).random(image.shape) < 0.5, 255 - image, image)


def rows_and_columns(image: Image, key: int) -> Image:
    """Shuffle rows, then columns."""
    drawn = rng(key)
    return image[drawn.permutation(image.shape[0])][:, drawn.permutation(image.shape[1])]


def shifted_rows(image: Image, key: int) -> Image:
    """Shift each row."""
    shifts = rng(key).integers(0, image.shape[1], len(image))
    return np.stack([np.roll(row, s, axis=0) for row, s in zip(image, shifts, strict=True)])


def cat_map(image: Image, _key: int) -> Image:
    """Map places of a square linearly."""
    side = len(image)
    row, column = np.indices((side, side))
    result = np.empty_like(image)
    result[(row + column) % side, (row + 2 * column) % side] = image
    return result


def within_blocks(image: Image, key: int) -> Image:
    """Shuffle the pixels of each block of 4, blocks staying."""
    result = image.copy()
    drawn = rng(key)
    for row in range(0, len(image), 4):
        for column in range(0, image.shape[1], 4):
            piece = result[row : row + 4, column : column + 4]
            piece[...] = piece.reshape(16, -1)[drawn.permutation(16)].reshape(piece.shape)
    return result


def turned_whole(image: Image, key: int) -> Image:
    """Turn the whole picture."""
    return turned(image, key % 8)


def lossy(image: Image, _key: int) -> Image:
    """Show one pixel twice, and another nowhere."""
    result = image.copy()
    result[0, 0] = image[1, 1]
    return result


def partly_constant(image: Image, key: int) -> Image:
    """Blacken the first row, and move the rest."""
    result = image.copy()
    result[0] = 0
    result[1:] = image[1:][rng(key).permutation(len(image) - 1)]
    return result


def masked(image: Image, key: int) -> Image:
    """XOR with a mask of the key."""
    return image ^ rng(key).integers(0, 256, image.shape, dtype=np.uint8)


def added(image: Image, key: int) -> Image:
    """Add a mask modulo 256."""
    return image + rng(key).integers(0, 256, image.shape, dtype=np.uint8)


def substituted(image: Image, key: int) -> Image:
    """Put grey levels through a table."""
    return rng(key).permutation(LEVELS)[image]


def darkened(image: Image, _key: int) -> Image:
    """Change grey levels by a curve, and turn the picture round."""
    return (image.astype(np.int64) ** 2 // 255).astype(np.uint8)[::-1]


def chained(image: Image, _key: int) -> Image:
    """Add up all pixels before each, modulo 256."""
    return np.cumsum(image.reshape(-1), dtype=np.uint8).reshape(image.shape)


def nibbles(image: Image, key: int) -> Image:
    """Permute halves of bytes."""
    halves = np.stack([image & 15, image >> 4], axis=-1).reshape(-1)
    low, high = halves[rng(key).permutation(halves.size)].reshape(-1, 2).T
    return np.asarray(low | high << 4).reshape(image.shape)


def adaptive(image: Image, _key: int) -> Image:
    """Order pixels by a key from the image."""
    return ordered(image, rng(int(image.sum())).permutation(image.size))


def brightest_first(image: Image, _key: int) -> Image:
    """Sort the pixels."""
    return np.sort(image.reshape(-1)).reshape(image.shape)


def components_mixed(image: Image, _key: int) -> Image:
    """Write sums and differences of components, in floating point."""
    matrix = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])
    return np.asarray(image.astype(np.float64) @ matrix.T)


def cosine_transform(image: Image, _key: int) -> Image:
    """Return an orthonormal transform."""
    n = len(image)
    grid = (np.arange(n)[:, None] * (2 * np.arange(n) + 1)) * np.pi / (2 * n)
    matrix = np.cos(grid) * np.sqrt(np.where(np.arange(n) == 0, 1, 2) / n)[:, None]
    return np.asarray(matrix @ image.astype(np.float64) @ matrix.T)


def compressed(image: Image, _key: int) -> Image:
    """Go through JPEG."""
    file = io.BytesIO()
    Picture.fromarray(image).save(file, "jpeg", quality=75)
    return np.asarray(Picture.open(file))[:, ::-1]


def as_png(image: Image, _key: int) -> bytes:
    """Return the bytes of a file."""
    file = io.BytesIO()
    Picture.fromarray(image[::-1]).save(file, "png")
    return file.getvalue()


def some_keys_fail(image: Image, key: int) -> Image:
    """Refuse every other key."""
    if key % 2:
        raise ValueError("odd keys are reserved")
    return image[:, ::-1]


def refuses_black(image: Image, _key: int) -> Image:
    """Divide by the brightest pixel."""
    if not image.any():
        raise ZeroDivisionError("no light")
    return image[::-1]


def square_only(image: Image, _key: int) -> Image:
    """Transpose, into the same shape."""
    return image.swapaxes(0, 1).reshape(image.shape) if image.shape[0] == 8 else image[:, :, None]


def writes_into_its_input(image: Image, _key: int) -> Image:
    """Negate in place."""
    np.subtract(255, image, out=image)
    return image


def without_a_key(image: Image) -> Image:
    """Take the image alone."""
    return image[::-1].copy()


def key_comes_first(key: int, image: Image) -> Image:
    """Take the key before the image."""
    return np.roll(image, key, axis=0)


GREY, TALL, COLOUR = (8, 8), (6, 5), (8, 8, 3)
SCHEMES: Final = {
    "identity": Scheme(lambda image, _: image.copy(), TALL),
    "negation": Scheme(lambda image, _: 255 - image, TALL),
    "negation of colours": Scheme(lambda image, _: 255 - image, COLOUR),
    "negation, quickly": Scheme(lambda image, _: 255 - image, TALL, {"quick": True}),
    "mirror": Scheme(lambda image, _: image[:, ::-1].copy(), TALL),
    "quarter turn": Scheme(lambda image, _: np.rot90(image), TALL),
    "vector": Scheme(lambda image, _: image.ravel()[::-1], TALL),
    "components first": Scheme(lambda image, _: np.moveaxis(image, -1, 0), COLOUR),
    "components exchanged": Scheme(lambda image, _: image[..., ::-1].copy(), COLOUR),
    "four components": Scheme(lambda image, _: 255 - image[:, ::-1], (6, 5, 4)),
    "one component": Scheme(lambda image, _: image[::-1].copy(), (6, 5, 1)),
    "half sizes": Scheme(lambda image, _: image[::2, ::2].copy(), GREY),
    "twice the size": Scheme(lambda image, _: np.repeat(image, 2, axis=0), GREY),
    "EtC images": etc((16, 16)),
    "EtC images in colour": etc((16, 16, 3)),
    "EtC images by block scramble": etc((16, 12), steps=["permutation"]),
    "EtC images by negation": etc((16, 12), steps=["negatives"]),
    "EtC images by turns and components": etc((16, 16, 3), steps=["transforms", "components"]),
    "every value": Scheme(every_value, GREY, {"keys": 6}),
    "every value of colours": Scheme(every_value, (4, 4, 3), {"keys": 6}),
    "one order": Scheme(one_order, GREY, {"keys": 6}),
    "whole pixels": Scheme(whole_pixels, COLOUR, {"keys": 6}),
    "negated pixels": Scheme(negated_pixels, GREY, {"keys": 6}),
    "rows and columns": Scheme(rows_and_columns, GREY, {"keys": 6}),
    "shifted rows": Scheme(shifted_rows, GREY, {"keys": 6}),
    "cat map": Scheme(cat_map, GREY),
    "within blocks": Scheme(within_blocks, (16, 16), {"keys": 6}),
    "turned whole": Scheme(turned_whole, GREY, {"keys": 16}),
    "lossy": Scheme(lossy, TALL),
    "lossy colours": Scheme(lossy, (6, 5, 3)),
    "partly constant": Scheme(partly_constant, GREY, {"keys": 6}),
    "masked": Scheme(masked, GREY, {"keys": 3}),
    "added": Scheme(added, GREY, {"keys": 3}),
    "substituted": Scheme(substituted, GREY, {"keys": 3}),
    "darkened": Scheme(darkened, GREY),
    "chained": Scheme(chained, TALL),
    "nibbles": Scheme(nibbles, TALL, {"keys": 3}),
    "adaptive": Scheme(adaptive, TALL),
    "brightest first": Scheme(brightest_first, TALL),
    "components mixed": Scheme(components_mixed, (4, 4, 3)),
    "cosine transform": Scheme(cosine_transform, GREY),
    "halved": Scheme(lambda image, _: image / 2 + 3, TALL),
    "thresholds": Scheme(lambda image, _: (image > 127) * np.uint8(255), TALL),
    "compressed": Scheme(compressed, (16, 16)),
    "as PNG": Scheme(as_png, TALL),
    "a list": Scheme(lambda image, _: image[::-1].tolist(), TALL),
    "pixels one by one": Scheme(lambda image, _: (x for x in image.ravel()), TALL),
    "complex numbers": Scheme(lambda image, _: image * (1 + 2j), TALL),
    "nothing": Scheme(lambda _image, _key: None, TALL),
    "text": Scheme(lambda _image, _key: "secret", TALL),
    "no number": Scheme(lambda image, _: image * np.nan, TALL),
    "constant": Scheme(lambda image, _: np.full_like(image, 7), TALL),
    "some keys fail": Scheme(some_keys_fail, TALL, {"keys": 5}),
    "all keys fail": Scheme(some_keys_fail, TALL, {"keys": [1, 3]}),
    "refuses black": Scheme(refuses_black, TALL),
    "square only": Scheme(square_only, GREY),
    "writes into its input": Scheme(writes_into_its_input, TALL),
    "without a key": Scheme(without_a_key, TALL),
    "key comes first": Scheme(key_comes_first, TALL, {"keys": 4}),
    "words": Scheme(lambda image, _: 65535 - image, TALL, {"dtype": np.uint16}),
    "words as bytes": Scheme(
        lambda image, _: (image >> 8).astype(np.uint8), TALL, {"dtype": np.uint16}
    ),
    "singles": Scheme(lambda image, _: 1 - image[::-1], TALL, {"dtype": np.float32}),
    "doubles": Scheme(lambda image, _: image[:, ::-1], TALL, {"dtype": np.float64}),
    "doubles of bytes": Scheme(lambda image, _: image[::-1] / 255, TALL),
    "texts as keys": Scheme(
        lambda image, key: np.roll(image, len(key), axis=0), TALL, {"keys": ["a", "bc", "def"]}
    ),
}  # fmt: skip


def reported(name: str) -> dict[str, Any]:
    """Probe a scheme; return what its report says first, and a digest of all it says and shows.

    Without times, and numbers to nine digits: the last ones are the library's.
    """
    function, shape, options = SCHEMES[name]
    report = probe(function, shape, isolation="none", **options)
    document = _rounded(json.loads(report.to_json()))
    for part in TIMES:
        del document[part]
    page = report.to_html()
    shown = [
        np.asarray(Picture.open(io.BytesIO(b64decode(picture))))
        for picture in re.findall(r"data:image/png;base64,([^\"]+)", page)
    ]
    parts = [
        json.dumps(document),
        re.sub(r"[\d.]+ s\b", "some s", str(report)),
        *re.findall(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL),
        *(f"{picture.shape} {hashlib.sha256(picture.tobytes()).hexdigest()}" for picture in shown),
    ]
    said = {part: document[part] for part in ("headline", "reason", "findings", "queries")}
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return {**said, "pictures": len(shown), "digest": digest}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return value


if __name__ == "__main__":
    renew(FILE, {name: reported(name) for name in SCHEMES if name not in BY_LIBRARY})
