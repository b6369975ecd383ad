"""The integer model of libjpeg, against the library; every block, coefficient and pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from jpegs import (
    TABLES,
    all_blocks,
    blocks_of_all_kinds,
    by_pillow,
    cut,
    decoded_by_pillow,
    grey,
    joined,
    photographs,
)
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, decrypt, encrypt
from etcprops import read_coefficients as read
from etcprops.formats import libjpeg
from etcprops.formats.commutation import OPERATIONS, Operation

pytest.importorskip("jpeglib", reason="needs jpeglib: pip install 'etcprops[formats]'")

Blocks = NDArray[np.uint8]
COLUMNS = 16


@pytest.fixture(scope="module")
def blocks() -> Blocks:
    kinds = [kind for _, kind in blocks_of_all_kinds(48)]
    natural = all_blocks([grey(image)[:64, :640] for image in photographs().values()])
    chosen = natural[: len(natural) // COLUMNS * COLUMNS]
    return np.concatenate([*kinds, chosen])


def differences(blocks: Blocks, table: NDArray[np.int64]) -> tuple[int, int]:
    """Count coefficients and pixels that the model has otherwise than the library."""
    file = by_pillow(joined(blocks, COLUMNS), table)
    levels = read(file).planes[0].reshape(-1, 8, 8)
    pixels = cut(decoded_by_pillow(file)).reshape(-1, 8, 8)
    return (
        int((libjpeg.coded(blocks, table) != levels).sum()),
        int((libjpeg.decoded(levels, table) != pixels).sum()),
    )


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_model_is_libjpeg(blocks: Blocks, table: NDArray[np.int64]) -> None:
    assert differences(blocks, table) == (0, 0)


def test_the_model_is_libjpeg_under_random_tables(blocks: Blocks) -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        assert differences(blocks, rng.integers(1, 256, (8, 8))) == (0, 0)


def test_division_is_libjpegs_multiplication_by_reciprocals() -> None:
    # compute_reciprocal of jcdctmgr.c, for every step and every coefficient of 16 bits.
    numbers = np.arange(1 << 15)
    for step in range(1, 256):
        divisor = 8 * step
        shift = 16 + divisor.bit_length() - 1
        reciprocal, rest = divmod(1 << shift, divisor)
        correction = divisor // 2
        if rest == 0:
            reciprocal, shift = reciprocal // 2, shift - 1
        elif rest <= divisor // 2:
            correction += 1
        else:
            reciprocal += 1
        found = ((numbers + correction) * reciprocal) >> shift
        assert np.array_equal(found, (numbers + divisor // 2) // divisor)


# --- What encryption does to a picture that goes through libjpeg


def measured(image: Blocks, table: Any, operation: Operation) -> NDArray[np.bool_]:
    """Return which pixels differ in the real codec, as blocks."""
    geometry = BlockGeometry(*image.shape)
    codes = np.full(geometry.n_blocks, operation.code)
    key = EtCKey(geometry, transforms=codes, negatives=np.full(codes.shape, operation.negated))
    plain = decoded_by_pillow(by_pillow(image, table))
    back = decrypt(decoded_by_pillow(by_pillow(encrypt(image, key), table)), key)
    return np.asarray(cut(back) != cut(plain))


@pytest.mark.parametrize("name", ["standard 50", "standard 75", "symmetrised 75", "exact 86"])
def test_every_differing_pixel_is_predicted(name: str) -> None:
    table = TABLES[name]
    image = grey(photographs()["china"])[:160, :320]
    for operation in OPERATIONS:
        predicted = libjpeg.differing_pixels(
            cut(image), table, operation.code, negated=operation.negated
        )
        assert np.array_equal(predicted, measured(image, table, operation)), operation
        assert predicted.any() == (operation not in {(0, False), (6, False)}), operation


@pytest.mark.parametrize("name", ["standard 75", "symmetrised 86", "exact 50"])
def test_only_ties_can_differ_where_no_passes_are_exchanged(blocks: Blocks, name: str) -> None:
    table = TABLES[name]
    explained = 0
    for operation in OPERATIONS:
        code, negated = operation
        if code not in libjpeg.TURNING:
            differ = libjpeg.differing_pixels(blocks, table, code, negated=negated)
            tied = libjpeg.may_differ(blocks, table, code, negated=negated)
            assert not (differ.any(axis=(1, 2)) & ~tied).any(), operation
            assert not tied.all(), operation
            explained += int(differ.any(axis=(1, 2)).sum())
    assert explained


def test_turns_differ_without_a_tie() -> None:
    image = cut(grey(photographs()["china"])[:160, :320])
    table = TABLES["symmetrised 75"]
    forward = libjpeg.forward_ties(image)
    inverse = libjpeg.inverse_ties(libjpeg.coded(image, table), table)
    tied = np.any([part.any(axis=(2, 3)) for part in (*forward, *inverse)], axis=0)
    assert (libjpeg.differing_pixels(image, table, 7).any(axis=(2, 3)) & ~tied).any()


def test_block_permutation_commutes_with_the_codec() -> None:
    image = grey(photographs()["flower"])[:160, :320]
    geometry = BlockGeometry(*image.shape)
    key = EtCKey.from_secret(geometry, "an example", steps=["permutation"])
    for table in TABLES.values():
        plain = decoded_by_pillow(by_pillow(image, table))
        encrypted = decoded_by_pillow(by_pillow(encrypt(image, key), table))
        assert np.array_equal(decrypt(encrypted, key), plain)


def test_negation_spoils_nearly_all_pixels_where_the_dc_step_does_not_divide_8() -> None:
    image = cut(grey(photographs()["china"])[:160, :320])
    share = libjpeg.differing_pixels(image, TABLES["standard 50"], 0, negated=True).mean()
    assert share > 0.9


# --- Mutants


def wrong_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = libjpeg.MATRIX.copy()
    matrix[5, 2] = 2260  # of the same cosine as 2261, in another row
    monkeypatch.setattr(libjpeg, "MATRIX", matrix)


def halves_away_from_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(numbers: NDArray[np.float64], bits: int) -> NDArray[np.float64]:
        return np.copysign(np.floor(abs(numbers) * 2.0**-bits + 0.5), numbers)

    monkeypatch.setattr(libjpeg, "_shifted", shifted)


def less_between_the_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libjpeg, "FORWARD_BITS", (10, 16))


@pytest.mark.parametrize("mutant", [wrong_constant, halves_away_from_zero, less_between_the_passes])
def test_a_wrong_model_shows(
    mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch, blocks: Blocks
) -> None:
    mutant(monkeypatch)
    assert sum(differences(blocks, TABLES["standard 100"])) > 0


# --- Bad input

PIXELS = np.zeros((1, 8, 8), dtype=np.uint8)
LEVELS = np.zeros((1, 8, 8), dtype=np.int16)
STEPS = np.full((8, 8), 16)


@pytest.mark.parametrize(
    ("call", "parameter", "caller"),
    [
        (lambda: libjpeg.forward(LEVELS), "blocks", "forward"),  # type: ignore[arg-type]
        (lambda: libjpeg.forward(PIXELS[:, :4]), "blocks", "forward"),
        (lambda: libjpeg.forward_ties(PIXELS[0, 0]), "blocks", "forward_ties"),
        (lambda: libjpeg.coded(LEVELS, STEPS), "blocks", "coded"),  # type: ignore[arg-type]
        (lambda: libjpeg.coded(PIXELS, STEPS[0]), "table", "coded"),
        (lambda: libjpeg.decoded(PIXELS, STEPS), "levels", "decoded"),  # type: ignore[arg-type]
        (lambda: libjpeg.decoded(LEVELS, 0 * STEPS), "table", "decoded"),
        (lambda: libjpeg.inverse_ties(LEVELS[0, 0], STEPS), "levels", "inverse_ties"),
        (lambda: libjpeg.differing_pixels(PIXELS, STEPS, 8), "code", "differing_pixels"),
        (lambda: libjpeg.may_differ(PIXELS, STEPS, 1), "code", "may_differ"),
        (lambda: libjpeg.may_differ(PIXELS, STEPS, 0, negated=True), "table", "may_differ"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], Any], parameter: str, caller: str) -> None:
    with pytest.raises(
        InvalidParameterError, match=f"^The '{parameter}' parameter of {caller} must"
    ):
        call()
