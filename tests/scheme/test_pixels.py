"""Encryption of pixel arrays, against the definition of the steps written out in plain loops."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from helpers import noise, subsets_of_steps
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from etcprops import (
    COMPONENT_ORDERS,
    BlockGeometry,
    EtCKey,
    InvalidParameterError,
    decrypt,
    encrypt,
    strategies,
)

Images = NDArray[np.uint8]
Tile = list[list[list[int]]]


# --- The definition, block by block: output block b is input block K1[b]; it is then transformed by
# --- K2[b], negated where K3[b], and its components put into order K4[b].


def _rotated(tile: Tile) -> Tile:
    """A quarter turn counter-clockwise: the last column becomes the first row."""
    side = len(tile)
    return [[tile[column][side - 1 - row] for column in range(side)] for row in range(side)]


def _mirrored(tile: Tile) -> Tile:
    """Left and right exchanged."""
    return [row[::-1] for row in tile]


def encrypted_by_hand(image: Images, key: EtCKey) -> Images:
    geometry, side = key.geometry, key.geometry.block
    columns = geometry.grid[1]
    pixels = image.reshape(geometry.height, geometry.width, geometry.channels)
    out = np.zeros_like(pixels)
    for b in range(geometry.n_blocks):
        source = b if key.permutation is None else int(key.permutation[b])
        top, left = side * (source // columns), side * (source % columns)
        tile: Tile = pixels[top : top + side, left : left + side].tolist()
        code = 0 if key.transforms is None else int(key.transforms[b])
        for _ in range(code % 4):
            tile = _rotated(tile)
        if code >= 4:
            tile = _mirrored(tile)
        if key.negatives is not None and key.negatives[b]:
            tile = [[[255 - x for x in pixel] for pixel in row] for row in tile]
        if key.components is not None:
            order = COMPONENT_ORDERS[int(key.components[b])]
            tile = [[[pixel[c] for c in order] for pixel in row] for row in tile]
        top, left = side * (b // columns), side * (b % columns)
        for i, row in enumerate(tile):
            for j, pixel in enumerate(row):
                out[top + i, left + j] = pixel
    return out.reshape(image.shape)


def secret_key(geometry: BlockGeometry) -> EtCKey:
    return EtCKey.from_secret(geometry, "test_pixels")


GREY = BlockGeometry(4, 6, block=2)
COLOUR = BlockGeometry(4, 6, channels=3, block=2)
GEOMETRIES = [
    BlockGeometry(rows * side, columns * side, channels=channels, block=side)
    for rows, columns, side, channels in [
        (1, 1, 1, 1),
        (1, 1, 1, 3),
        (1, 7, 1, 1),
        (2, 3, 2, 1),
        (2, 3, 2, 3),
        (3, 1, 3, 1),
        (3, 2, 3, 3),
        (2, 2, 4, 1),
        (1, 3, 5, 3),
    ]
]


# --- One step at a time, in figures


def test_quarter_turns_and_mirrors_of_one_block() -> None:
    pictures = {
        0: [[1, 2], [3, 4]],
        1: [[2, 4], [1, 3]],
        2: [[4, 3], [2, 1]],
        3: [[3, 1], [4, 2]],
        4: [[2, 1], [4, 3]],
        5: [[4, 2], [3, 1]],
        6: [[3, 4], [1, 2]],
        7: [[1, 3], [2, 4]],
    }
    image = np.array(pictures[0], dtype=np.uint8)
    geometry = BlockGeometry(2, 2, block=2)
    for code, picture in pictures.items():
        assert encrypt(image, EtCKey(geometry, transforms=[code])).tolist() == picture


def test_output_block_b_is_input_block_k1_of_b() -> None:
    image = np.array([[10, 20, 30, 40]], dtype=np.uint8)
    key = EtCKey(BlockGeometry(1, 4, block=1), permutation=[2, 0, 3, 1])
    assert encrypt(image, key).tolist() == [[30, 10, 40, 20]]
    assert decrypt(image, key).tolist() == [[20, 40, 10, 30]]


def test_negation_is_the_complement_for_all_256_levels() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    key = EtCKey(BlockGeometry(16, 16, block=16), negatives=[1])
    assert np.array_equal(encrypt(levels, key), 255 - levels)
    assert np.array_equal(encrypt(levels, key), levels ^ 255)


@pytest.mark.parametrize("code", range(6))
def test_output_component_c_is_input_component_order_of_c(code: int) -> None:
    image = np.array([[[1, 2, 3]]], dtype=np.uint8)
    key = EtCKey(BlockGeometry(1, 1, channels=3, block=1), components=[code])
    assert encrypt(image, key).ravel().tolist() == [1 + c for c in COMPONENT_ORDERS[code]]


# --- Against the loops


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_every_subset_of_the_steps_as_by_hand(geometry: BlockGeometry) -> None:
    image = noise(geometry)
    for steps in subsets_of_steps(geometry):
        key = EtCKey.from_secret(geometry, "by hand", steps=steps)
        expected = encrypted_by_hand(image, key)
        assert np.array_equal(encrypt(image, key), expected), key.to_json()
        assert np.array_equal(decrypt(expected, key), image), key.to_json()


@pytest.mark.parametrize("side", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("channels", [1, 3])
def test_all_transforms_as_by_hand(side: int, channels: int) -> None:
    geometry = BlockGeometry(2 * side, 4 * side, channels=channels, block=side)
    image = noise(geometry)
    for shift in range(8):
        key = EtCKey(geometry, transforms=np.roll(np.arange(8), shift))
        expected = encrypted_by_hand(image, key)
        assert np.array_equal(encrypt(image, key), expected)
        assert np.array_equal(decrypt(expected, key), image)


def test_every_key_of_two_grey_blocks_as_by_hand() -> None:
    geometry = BlockGeometry(4, 2, block=2)
    image = noise(geometry)
    for order in permutations(range(2)):
        for turns in product(range(8), repeat=2):
            for bits in product((0, 1), repeat=2):
                key = EtCKey(geometry, permutation=order, transforms=turns, negatives=bits)
                encrypted = encrypt(image, key)
                assert np.array_equal(encrypted, encrypted_by_hand(image, key)), key.to_json()
                assert np.array_equal(decrypt(encrypted, key), image), key.to_json()


def test_every_key_of_one_colour_block_as_by_hand() -> None:
    geometry = BlockGeometry(3, 3, channels=3, block=3)
    image = noise(geometry)
    for turn, bit, order in product(range(8), range(2), range(6)):
        key = EtCKey(geometry, transforms=[turn], negatives=[bit], components=[order])
        encrypted = encrypt(image, key)
        assert np.array_equal(encrypted, encrypted_by_hand(image, key)), key.to_json()
        assert np.array_equal(decrypt(encrypted, key), image), key.to_json()


@given(st.data())
def test_encrypt_as_by_hand(data: st.DataObject) -> None:
    key = data.draw(strategies.keys())
    image = data.draw(strategies.images(key.geometry))
    assert np.array_equal(encrypt(image, key), encrypted_by_hand(image, key))


# --- What holds for every key and every image


@given(st.data())
def test_decrypt_undoes_encrypt_and_encrypt_undoes_decrypt(data: st.DataObject) -> None:
    key = data.draw(strategies.keys())
    batch = data.draw(strategies.images(key.geometry, count=st.integers(0, 3)))
    assert np.array_equal(decrypt(encrypt(batch, key), key), batch)
    assert np.array_equal(encrypt(decrypt(batch, key), key), batch)


def _centred(images: Images) -> NDArray[np.int64]:
    """Twice the difference to mid-grey, exactly: ``2 x - 255``, as flat vectors."""
    return (2 * images.astype(np.int64) - 255).reshape(len(images), -1)


@given(st.data())
def test_distance_and_centred_inner_product_are_exact(data: st.DataObject) -> None:
    key = data.draw(strategies.keys())
    x, y = (data.draw(strategies.images(key.geometry, count=1)) for _ in range(2))
    plain = _centred(np.concatenate([x, y]))
    encrypted = _centred(encrypt(np.concatenate([x, y]), key))
    # All four inner products, of which the squared distance is made.
    assert np.array_equal(plain @ plain.T, encrypted @ encrypted.T)
    distance = np.sum((plain[0] - plain[1]) ** 2)
    assert np.sum((encrypted[0] - encrypted[1]) ** 2) == distance
    assert distance == 4 * np.sum((x.astype(np.int64) - y) ** 2)


@given(st.data())
def test_raw_inner_product_is_exact_without_negation(data: st.DataObject) -> None:
    key = data.draw(strategies.keys())
    if key.negatives is not None:
        key = EtCKey(
            key.geometry,
            permutation=key.permutation,
            transforms=key.transforms,
            components=key.components,
        )
    batch = data.draw(strategies.images(key.geometry, count=2))
    raw = batch.reshape(2, -1).astype(np.int64)
    encrypted = encrypt(batch, key).reshape(2, -1).astype(np.int64)
    assert np.array_equal(raw @ raw.T, encrypted @ encrypted.T)


def test_raw_inner_product_is_not_kept_by_negation() -> None:
    # The negative control: one pixel, two black images, 0 against 65,025.
    key = EtCKey(BlockGeometry(1, 1, block=1), negatives=[1])
    black = np.zeros((1, 1), dtype=np.uint8)
    encrypted = encrypt(black, key).astype(np.int64)
    assert int(black[0, 0]) ** 2 == 0
    assert int(encrypted[0, 0]) ** 2 == 65025


@given(st.data())
def test_levels_are_kept_up_to_negation(data: st.DataObject) -> None:
    key = data.draw(strategies.keys())
    batch = data.draw(strategies.images(key.geometry, count=1))
    plain, encrypted = np.abs(_centred(batch)), np.abs(_centred(encrypt(batch, key)))
    assert np.array_equal(np.sort(plain), np.sort(encrypted))


def test_a_wrong_key_does_not_decrypt() -> None:
    geometry = BlockGeometry(16, 16)
    image = noise(geometry)
    encrypted = encrypt(image, EtCKey.from_secret(geometry, "right"))
    assert not np.array_equal(decrypt(encrypted, EtCKey.from_secret(geometry, "wrong")), image)


# --- Batches, memory layouts, and the input that must stay as it is


@pytest.mark.parametrize("function", [encrypt, decrypt])
@pytest.mark.parametrize("geometry", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("leading", [(), (1,), (5,), (2, 3), (1, 2, 2)], ids=str)
def test_batches_are_images_one_by_one(
    function: Callable[[Images, EtCKey], Images],
    geometry: BlockGeometry,
    leading: tuple[int, ...],
) -> None:
    key = secret_key(geometry)
    batch = noise(geometry, *leading)
    out = function(batch, key)
    assert out.shape == batch.shape
    assert out.dtype == np.uint8
    for index in np.ndindex(leading):
        assert np.array_equal(out[index], function(batch[index], key))


@pytest.mark.parametrize("function", [encrypt, decrypt])
@pytest.mark.parametrize("leading", [(0,), (0, 3), (3, 0), (2, 0, 2)], ids=str)
@pytest.mark.parametrize("geometry", [GREY, COLOUR], ids=["grey", "colour"])
def test_no_images_give_no_images(
    function: Callable[[Images, EtCKey], Images],
    leading: tuple[int, ...],
    geometry: BlockGeometry,
) -> None:
    out = function(np.zeros((*leading, *geometry.shape), dtype=np.uint8), secret_key(geometry))
    assert out.shape == (*leading, *geometry.shape)
    assert out.dtype == np.uint8


@pytest.mark.parametrize("processors", [1, 3, None])
@pytest.mark.parametrize("images_per_chunk", [0, 1, 2, 3, 7, 100])
@pytest.mark.parametrize("geometry", [GREY, COLOUR], ids=["grey", "colour"])
def test_portions_and_threads_do_not_show(
    images_per_chunk: int,
    processors: int | None,
    geometry: BlockGeometry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: processors)
    monkeypatch.setattr("etcprops.scheme.pixels.FEW_CHUNKS", 2)
    key, batch = secret_key(geometry), noise(geometry, 7)
    expected = np.stack([encrypted_by_hand(image, key) for image in batch])
    monkeypatch.setattr(
        "etcprops.scheme.pixels.CHUNK_BYTES",
        images_per_chunk * geometry.n_pixels + geometry.n_pixels // 2,
    )
    assert np.array_equal(encrypt(batch, key), expected)
    assert np.array_equal(decrypt(expected, key), batch)


def _read_only(images: Images) -> Images:
    frozen = images.copy()
    frozen.flags.writeable = False
    return frozen


def _sliced(images: Images) -> Images:
    wide = np.full(tuple(2 * size + 1 for size in images.shape), 99, dtype=np.uint8)
    part = wide[tuple(slice(1, None, 2) for _ in images.shape)]
    part[...] = images
    return part


LAYOUTS: dict[str, Callable[[Images], Images]] = {
    "transposed": lambda images: np.ascontiguousarray(images.T).T,
    "fortran": np.asfortranarray,
    "reversed": lambda images: images[::-1, ::-1].copy()[::-1, ::-1],
    "sliced": _sliced,
    "read-only": _read_only,
    "broadcast": lambda images: np.broadcast_to(images[:1], images.shape),
    "channels first": lambda images: np.moveaxis(np.moveaxis(images, -1, 0).copy(), 0, -1),
    "byte offset": lambda images: np.frombuffer(
        b"x" + images.tobytes(), dtype=np.uint8, offset=1
    ).reshape(images.shape),
}


@pytest.mark.parametrize("function", [encrypt, decrypt])
@pytest.mark.parametrize("leading", [(), (3,)], ids=["image", "batch"])
@pytest.mark.parametrize("geometry", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_does_not_matter_and_inputs_stay(
    function: Callable[[Images, EtCKey], Images],
    leading: tuple[int, ...],
    geometry: BlockGeometry,
    layout: str,
) -> None:
    key = secret_key(geometry)
    images = LAYOUTS[layout](noise(geometry, *leading))
    assert images.flags.c_contiguous == (layout in {"read-only", "byte offset"})
    before = images.copy(order="C")
    out = function(images, key)
    assert np.array_equal(out, function(before, key))
    assert np.array_equal(images, before)
    assert not np.shares_memory(out, images)
    assert out.flags.c_contiguous
    assert out.flags.writeable


@pytest.mark.parametrize("function", [encrypt, decrypt])
def test_a_key_without_steps_still_gives_a_new_array(
    function: Callable[[Images, EtCKey], Images],
) -> None:
    image = noise(GREY)
    out = function(image, EtCKey(GREY))
    assert np.array_equal(out, image)
    assert not np.shares_memory(out, image)


# --- The route is worked out once for a key


@pytest.mark.parametrize(
    ("function", "worker"),
    [
        pytest.param(encrypt, "etcprops.scheme.pixels._route_of_encryption", id="encrypt"),
        pytest.param(decrypt, "etcprops.scheme.pixels._route_of_decryption", id="decrypt"),
    ],
)
def test_second_call_takes_the_kept_route(
    function: Callable[[Images, EtCKey], Images], worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = EtCKey.from_secret(COLOUR, "kept")
    batch = noise(COLOUR, 3)
    first = function(batch, key)

    def again(_key: EtCKey) -> Any:
        raise AssertionError("the route was worked out again")

    monkeypatch.setattr(worker, again)
    assert np.array_equal(function(batch, key), first)
    # An equal key is the same key.
    assert np.array_equal(function(batch, EtCKey.from_json(key.to_json())), first)
    with pytest.raises(AssertionError, match="worked out again"):
        function(batch, EtCKey.from_secret(COLOUR, "another"))


def test_results_do_not_share_the_route() -> None:
    key = secret_key(GREY)
    image = noise(GREY)
    first = encrypt(image, key)
    expected = first.copy()
    first[...] = 0
    assert np.array_equal(encrypt(image, key), expected)


def test_a_route_lives_no_longer_than_its_key() -> None:
    key = EtCKey.from_secret(GREY, "short-lived")
    image = noise(GREY)
    decrypt(encrypt(image, key), key)
    reference = weakref.ref(key)
    del key
    gc.collect()
    assert reference() is None


def test_a_refused_image_leaves_the_key_usable() -> None:
    key = EtCKey.from_secret(GREY, "refused first")
    with pytest.raises(InvalidParameterError):
        encrypt(noise(COLOUR), key)
    image = noise(GREY)
    assert np.array_equal(encrypt(image, key), encrypted_by_hand(image, key))


# --- What is refused

_GREY_WANTED = "be an array of uint8 and shape (..., 4, 6)"
_COLOUR_WANTED = "be an array of uint8 and shape (..., 4, 6, 3)"


@pytest.mark.parametrize("function", [encrypt, decrypt])
@pytest.mark.parametrize(
    ("images", "geometry", "got"),
    [
        pytest.param(
            np.zeros((4, 6)), GREY, "an array of dtype float64 and shape (4, 6).", id="float image"
        ),
        pytest.param(
            np.zeros((4, 6), np.uint16),
            GREY,
            "an array of dtype uint16 and shape (4, 6).",
            id="16-bit image",
        ),
        pytest.param(
            np.zeros((4, 6), np.int8), GREY, "an array of dtype int8 and shape (4, 6).", id="signed"
        ),
        pytest.param(
            np.zeros((4, 6), np.bool_), GREY, "an array of dtype bool and shape (4, 6).", id="bool"
        ),
        pytest.param([[0] * 6] * 4, GREY, f"{[[0] * 6] * 4} (list).", id="list"),
        pytest.param(None, GREY, "None (NoneType).", id="None"),
        pytest.param(
            Image.new("L", (4, 6)),
            GREY,
            "an array of dtype uint8 and shape (6, 4).",
            id="Pillow image of another size",
        ),
        pytest.param(
            np.zeros((6, 4), np.uint8),
            GREY,
            "an array of dtype uint8 and shape (6, 4).",
            id="height and width exchanged",
        ),
        pytest.param(
            np.zeros((8, 6), np.uint8),
            GREY,
            "an array of dtype uint8 and shape (8, 6).",
            id="key for another geometry",
        ),
        pytest.param(
            np.zeros(24, np.uint8), GREY, "an array of dtype uint8 and shape (24,).", id="flat"
        ),
        pytest.param(
            np.zeros((), np.uint8), GREY, "an array of dtype uint8 and shape ().", id="scalar"
        ),
        pytest.param(
            np.zeros((4, 6, 1), np.uint8),
            GREY,
            "an array of dtype uint8 and shape (4, 6, 1).",
            id="grey with a channel axis",
        ),
        pytest.param(
            np.zeros((4, 6, 3), np.uint8),
            GREY,
            "an array of dtype uint8 and shape (4, 6, 3).",
            id="colour image, grey key",
        ),
        pytest.param(
            np.zeros((4, 6), np.uint8),
            COLOUR,
            "an array of dtype uint8 and shape (4, 6).",
            id="grey image, colour key",
        ),
        pytest.param(
            np.zeros((4, 6, 4), np.uint8),
            COLOUR,
            "an array of dtype uint8 and shape (4, 6, 4).",
            id="RGBA image",
        ),
        pytest.param(
            np.zeros((3, 4, 6), np.uint8),
            COLOUR,
            "an array of dtype uint8 and shape (3, 4, 6).",
            id="channels first",
        ),
        pytest.param(
            np.zeros((0,), np.uint8), GREY, "an array of dtype uint8 and shape (0,).", id="empty"
        ),
        pytest.param(
            np.zeros((2, 0, 6), np.uint8),
            GREY,
            "an array of dtype uint8 and shape (2, 0, 6).",
            id="images without rows",
        ),
    ],
)
def test_bad_images(
    function: Callable[[Any, EtCKey], Images], images: Any, geometry: BlockGeometry, got: str
) -> None:
    wanted = _GREY_WANTED if geometry is GREY else _COLOUR_WANTED
    with pytest.raises(InvalidParameterError) as caught:
        function(images, secret_key(geometry))
    name = getattr(function, "__name__", "")
    shown = got if len(got) < 90 else got[:77] + "... (list)."
    assert str(caught.value) == f"The 'images' parameter of {name} must {wanted}. Got {shown}"


@pytest.mark.parametrize("function", [encrypt, decrypt])
@pytest.mark.parametrize(
    ("key", "got"),
    [
        pytest.param(None, "NoneType.", id="None"),
        pytest.param("secret", "str.", id="the secret itself"),
        pytest.param(GREY, "BlockGeometry.", id="a geometry"),
        pytest.param([0, 1], "list.", id="unhashable"),
    ],
)
def test_bad_keys(function: Callable[[Images, Any], Images], key: Any, got: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        function(noise(GREY), key)
    name = getattr(function, "__name__", "")
    assert str(caught.value) == f"The 'key' parameter of {name} must be an EtCKey. Got {got}"
