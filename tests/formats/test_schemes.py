"""The three schemes: round trips, matrices, keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import EtCKey, InvalidParameterError, Step, encryption_matrix, encryption_offset
from etcprops.formats.schemes import ImageScheme

SECRET = bytes(range(32))
SCHEMES = [
    ImageScheme("grey", 4),
    ImageScheme("colour", 4),
    ImageScheme("colour", 4, shuffle=False),
    ImageScheme("grayscale", 4),
    ImageScheme("grayscale", 4, sampling="4:2:0"),
]
SIZE = (16, 24)


def picture(scheme: ImageScheme, seed: int = 0) -> NDArray[np.uint8]:
    shape = SIZE if scheme.channels == 1 else (*SIZE, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_decryption_gives_back_what_was_arranged(scheme: ImageScheme) -> None:
    image, key = picture(scheme), scheme.key(*SIZE, SECRET)
    encrypted = scheme.encrypt(image, key)
    assert encrypted.shape == scheme.geometry(*SIZE).shape
    back = scheme.decrypt(encrypted, key)
    assert np.array_equal(back, scheme.restored(scheme.arranged(image)))
    assert back.shape == image.shape
    if not scheme.rounds:
        assert np.array_equal(back, image)
    elif scheme.sampling == "4:4:4":
        assert np.abs(back.astype(int) - image).max() == 1


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_matrices_are_the_scheme_up_to_one_rounding(scheme: ImageScheme) -> None:
    image, key = picture(scheme), scheme.key(*SIZE, SECRET)
    A, a = scheme.arrangement(*SIZE)
    arranged = A @ image.ravel().astype(float) + a
    rounded = scheme.arranged(image).ravel()
    # Cb and Cr of 255.5 are cut to 255: half a level, as in rounding.
    assert np.abs(arranged - rounded).max() <= (0.5 + 1e-9 if scheme.rounds else 0)
    Q, c = encryption_matrix(key), encryption_offset(key)
    assert np.array_equal(Q @ rounded.astype(int) + c, scheme.encrypt(image, key).ravel())


@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:0"])
def test_blocks_of_the_grayscale_scheme_lie_in_one_component(sampling: str) -> None:
    """A flat picture has three flat components, so only flat blocks, whatever the key."""
    scheme = ImageScheme("grayscale", 4, sampling=sampling)
    flat = np.broadcast_to(np.array([250, 20, 90], np.uint8), (*SIZE, 3))
    encrypted = scheme.encrypt(flat, scheme.key(*SIZE, SECRET))
    tiles = encrypted.reshape(4, 4, -1, 4).swapaxes(1, 2).reshape(-1, 16)
    assert (tiles == tiles[:, :1]).all()
    assert len(np.unique(tiles)) > 3


def test_key_spaces() -> None:
    bits = {str(s): s.key(*SIZE, SECRET).key_space_bits() for s in SCHEMES}
    grey, colour, plain, full, sampled = bits.values()
    blocks = 24
    assert colour - grey == pytest.approx(blocks * np.log2(6))
    assert plain == grey
    assert full > sampled > grey
    assert SCHEMES[3].geometry(*SIZE).n_blocks == 3 * blocks
    assert SCHEMES[4].geometry(*SIZE).n_blocks == 3 * blocks // 2


def test_each_scheme_block_and_size_has_a_key_of_its_own() -> None:
    names = [
        ("grey", 8, "4:4:4", (16, 48)),
        ("grayscale", 8, "4:4:4", (16, 16)),  # the same geometry as the first
        ("grayscale", 8, "4:2:0", (16, 32)),  # and again
        ("grey", 4, "4:4:4", (16, 48)),
        ("grey", 8, "4:4:4", (48, 16)),
    ]
    keys = [ImageScheme(n, b, sampling=s).key(*size, SECRET) for n, b, s, size in names]
    assert len({key.geometry for key in keys}) == 3
    assert len(set(keys)) == len(keys)
    assert len({tuple(k.permutation.tolist()) for k in keys[:3] if k.permutation is not None}) == 3


def test_keys_are_those_of_this_version_for_ever() -> None:
    """What was encrypted must be decrypted by later versions: fixed values, written once."""
    key = ImageScheme("grey", 4).key(8, 8, SECRET)
    assert key == EtCKey.from_json(
        '{"format": "etcprops.EtCKey", "version": 1, "geometry": {"height": 8, "width": 8, '
        '"channels": 1, "block": 4}, "permutation": [0, 2, 3, 1], "transforms": [0, 0, 4, 0], '
        '"negatives": [0, 1, 0, 0], "components": null}'
    )


def test_without_the_shuffle_the_other_steps_are_the_same() -> None:
    whole, without = (s.key(*SIZE, SECRET) for s in SCHEMES[1:3])
    assert Step.COMPONENTS in whole.steps
    assert Step.COMPONENTS not in without.steps
    assert whole.transforms is not None
    assert without.transforms is not None
    assert np.array_equal(whole.transforms, without.transforms)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "gray"}, "'name' parameter of ImageScheme must be one of grey, colour"),
        ({"name": "grey", "block": 0}, "'block' parameter of ImageScheme must be an integer"),
        ({"name": "grey", "sampling": "4:2:0"}, "be 4:4:4 unless the scheme is grayscale"),
        ({"name": "grayscale", "sampling": "4:1:1"}, "be one of 4:4:4, 4:2:0"),
        ({"name": "grey", "shuffle": False}, "be True unless the scheme is colour"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_settings_that_do_not_fit_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        ImageScheme(**arguments)


def test_pictures_and_secrets_are_checked() -> None:
    scheme = ImageScheme("colour")
    with pytest.raises(InvalidParameterError, match=r"'height' parameter .* multiple of 16"):
        scheme.key(8, 16, SECRET)
    with pytest.raises(InvalidParameterError, match=r"shape \(H, W, 3\)"):
        scheme.arranged(np.zeros((16, 16), np.uint8))
    with pytest.raises(InvalidParameterError) as error:
        scheme.key(16, 16, b"hunter2")
    assert str(error.value).endswith("must be 32 bytes. Got bytes of 7.")
    assert "hunter2" not in str(error.value)
