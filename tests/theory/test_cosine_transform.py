"""The cosine transform in exact arithmetic: against floating point, fractions and other code."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.fft import dctn
from scipy.sparse import csr_array

from etcprops import EtCKey, Step
from etcprops.formats.quantization import exact_table, standard_table
from etcprops.formats.rounded_dct import rounded_dct
from etcprops.scheme.matrices import step_matrices
from etcprops.theory import cosine_transform as exact
from etcprops.theory.cosine_transform import Floor, Quantizer

POWERS = (2 * np.cos(np.pi / 16)) ** np.arange(8)
RNG = np.random.default_rng(1974)
BLOCKS = np.concatenate(
    [RNG.integers(0, high, (200, 8, 8)) * (255 // (high - 1)) for high in (256, 4, 2)]
)


def test_the_polynomials_are_the_transform() -> None:
    coefficients = np.einsum("uvijk,nij->nuvk", exact.transform(), BLOCKS) @ POWERS / exact.SCALE
    np.testing.assert_allclose(coefficients, dctn(BLOCKS, axes=(1, 2), norm="ortho"), atol=1e-9)


def test_reconstruction_is_the_inverse() -> None:
    levels = RNG.integers(-9, 10, (8, 8))
    pixels = exact.reconstructed(levels, np.full((8, 8), 3))
    forward = np.einsum("uvijk,ij->uvk", exact.transform(), pixels @ POWERS / 16 - 128)
    np.testing.assert_allclose(forward @ POWERS / exact.SCALE, 3 * levels, atol=1e-9)


@pytest.mark.parametrize("quality", [40, 75, 100])
def test_levels_are_those_of_the_encoder(quality: int) -> None:
    """Two ways to round exactly: polynomials here, doubt and integers in `formats`."""
    table = standard_table(quality)
    expected = rounded_dct(BLOCKS - 128, 1, table)
    np.testing.assert_array_equal(exact.quantized(BLOCKS, Quantizer(table)), expected)


@pytest.mark.parametrize("quality", [40, 95, 100])
def test_levels_about_mid_grey_are_those_of_the_exact_encoder(quality: int) -> None:
    table = exact_table(quality)
    expected = rounded_dct(2 * BLOCKS - 255, 2, table)
    expected[:, 0, 0] -= 4 // table[0, 0]
    got = exact.quantized(BLOCKS, Quantizer(table, middle=255))
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("away_from_zero", [-2, -1, -1, 0, 0, 1, 1, 2]),
        ("upwards", [-1, -1, 0, 0, 0, 1, 1, 2]),
        ("down", [-2, -1, -1, -1, 0, 0, 1, 1]),
    ],
)
def test_roundings(name: str, expected: list[int]) -> None:
    numbers = [Fraction(n, 12) for n in (-18, -12, -6, -4, 5, 6, 12, 18)]
    floors = np.array([(2 * number).__floor__() for number in numbers])
    twice = Floor(floors, np.array([2 * number == (2 * number).__floor__() for number in numbers]))
    assert getattr(exact, name)(twice).tolist() == expected


def test_what_looks_like_an_integer_is_decided_exactly() -> None:
    """470832 times the root of 2, which is c^4 - 4 c^2 + 2, is just below 665857, and no tie."""
    root = np.array([2, 0, -4, 0, 1, 0, 0, 0])
    one = np.eye(8, dtype=np.int64)[0]
    below = 470832 * root - 665857 * one
    assert 0 < -below @ POWERS < 1e-6
    found = exact.rounded_down(np.array([below, -below, 0 * one, -one]), np.ones(4, dtype=np.int64))
    assert found.floor.tolist() == [-1, 0, 0, -1]
    assert found.exact.tolist() == [False, False, True, True]


def test_the_proofs_hold() -> None:
    for proof in (
        exact.prove_orthonormal(),
        exact.prove_transforms_of_coefficients(),
        exact.prove_negation_of_coefficients(),
    ):
        assert proof.proved, proof.residue


def test_a_wrong_matrix_is_noticed() -> None:
    def turned_twice(key: EtCKey) -> dict[Step, csr_array]:
        steps = step_matrices(key)
        if Step.TRANSFORMS in steps:
            steps[Step.TRANSFORMS] = steps[Step.TRANSFORMS] @ steps[Step.TRANSFORMS]
        return steps

    proof = exact.prove_transforms_of_coefficients(turned_twice)
    assert proof.residue.startswith("code 1, coefficient (0, 1), pixel 0")


def test_another_offset_is_noticed() -> None:
    def doubled(key: EtCKey) -> dict[Step, csr_array]:
        return {step: 2 * matrix.astype(np.int64) for step, matrix in step_matrices(key).items()}

    assert "coefficient (0, 0), pixel 0" in exact.prove_negation_of_coefficients(doubled).residue


def test_functions_that_are_not_orthonormal_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = exact.cosines().copy()
    wrong[5, 0] += 1
    monkeypatch.setattr(exact, "cosines", lambda: wrong)
    assert exact.prove_orthonormal().residue.startswith("2 cos(5 pi / 16)")
