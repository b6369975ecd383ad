"""Functions that are a signed permutation but for one thing: none may be called one.

``pytest --hypothesis-profile=deep tests/probing/test_probe_near_misses.py`` tries 10,000.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import pytest
from hypothesis import settings

from etcprops.probing.classification import classify
from etcprops.probing.model import Array, Encrypt, MapKind, Notes
from etcprops.probing.oracle import Oracle, Scale
from etcprops.probing.sandbox import Isolation, open_sandbox

SHAPE, SIZE = (4, 4), 16


class Flaw(StrEnum):
    """What keeps a function from being a signed permutation."""

    WRONG_PIXEL = "one wrong pixel"
    WRONG_SIGN = "one sign that hangs on whether the first pixel is bright"
    ONE_LEVEL = "one grey level of one pixel"
    BRIGHT = "only bright images"
    LATER = "only after some calls"


TRUE_KINDS = {
    Flaw.WRONG_PIXEL: {MapKind.COPY_MAP},
    # The first pixel's highest bit is XORed onto a whole pixel.
    Flaw.WRONG_SIGN: {MapKind.GF2_AFFINE},
    Flaw.ONE_LEVEL: {MapKind.PIXEL_LOCAL},
    Flaw.BRIGHT: {MapKind.DATA_DEPENDENT, MapKind.NON_LINEAR},
    Flaw.LATER: {MapKind.RANDOMISED},
}


def near_miss(flaw: Flaw, seed: int) -> Encrypt:
    """Return a random signed permutation of 4 x 4 pixels with one flaw."""
    rng = np.random.default_rng(seed)
    source, mask = rng.permutation(SIZE), rng.integers(0, 2, SIZE) * 255
    i, j = rng.choice(SIZE, 2, replace=False)
    grey, bright, calls = rng.integers(256), rng.integers(100, 240), rng.integers(1, 250)
    called = 0

    def encrypt(image: Array, _key: object) -> Array:
        nonlocal called
        called += 1
        pixels = image.reshape(-1)
        result = (pixels[source] ^ mask).astype(np.uint8)
        match flaw:
            case Flaw.WRONG_PIXEL:
                result[i] = result[j]
            case Flaw.WRONG_SIGN if pixels[0] >= 128:
                result[i] ^= 255
            case Flaw.ONE_LEVEL if pixels[source[i]] == grey:
                result[i] ^= 1
            case Flaw.BRIGHT if pixels.mean() > bright:
                result[i] ^= 1
            case Flaw.LATER if called > calls:
                result[[i, j]] = result[[j, i]]
        return result.reshape(image.shape)

    return encrypt


def verdict(encrypt: Encrypt, seed: int) -> MapKind:
    with open_sandbox(encrypt, [0], 5.0, Isolation.NONE) as sandbox:
        oracle = Oracle(sandbox, SHAPE, Scale(np.dtype(np.uint8)), Notes())
        return classify(oracle, seed).kind


@pytest.mark.sampled(3)
@pytest.mark.parametrize("flaw", Flaw)
def test_no_near_miss_gets_a_wrong_verdict(flaw: Flaw) -> None:
    examples = settings().max_examples
    # 12 cases a flaw by default, 2,000 in the profile "deep".
    cases = examples // 5 if examples <= 60 else 2 * examples // 5
    wrong = []
    for seed in range(cases):
        kind = verdict(near_miss(flaw, seed), seed)
        if kind not in TRUE_KINDS[flaw]:
            wrong.append((seed, str(kind)))
    assert not wrong, f"of {cases} seeds, these were called something else: {wrong}"


@pytest.mark.parametrize("seed", range(5))
def test_functions_without_a_flaw_pass(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source, mask = rng.permutation(SIZE), rng.integers(0, 2, SIZE) * 255

    def encrypt(image: Array, _key: object) -> Array:
        return (image.reshape(-1)[source] ^ mask).astype(np.uint8).reshape(image.shape)

    assert verdict(encrypt, seed) is MapKind.SIGNED_PERMUTATION
